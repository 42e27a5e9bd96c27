//! Where passwords come from and where those made in this run go.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{App, files};
use crate::error::{Code, Error, Result};
use crate::extension::{Ext, Passwords};
use crate::inventory::Pbx;
use crate::output::prompt;
use crate::secret::Secret;
use crate::selection::Selection;

/// More than this is no password file.
const LARGEST_FILE: usize = 64 << 20;

/// Flags for passwords. Without one of the first three a password is generated.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Passwords")]
pub struct PasswordArgs {
    /// Type the password, twice
    #[arg(long, group = "given")]
    prompt: bool,
    /// Read the password from standard input
    ///
    /// One line, without its line end; for several extensions one line for each: NUMBER:PASSWORD.
    #[arg(long, group = "given")]
    password_stdin: bool,
    /// Read the password from a file; the same form as on standard input
    #[arg(long, group = "given", value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Store only the hash of the password
    #[arg(long)]
    digest: bool,
    /// Where passwords made in this run go: `-` into the report, FILE (new, 0600) as CSV
    #[arg(long, value_name = "-|FILE")]
    passwords: Option<PathBuf>,
    /// The same generated password on every PBX
    #[arg(long)]
    same_password: bool,
    /// Recognised only to say why it is not there.
    #[arg(long, hide = true, num_args = 0..=1, default_missing_value = "")]
    password: Option<String>,
}

impl PasswordArgs {
    /// Nothing but generated passwords.
    pub fn generated(passwords: Option<PathBuf>, same_password: bool) -> Self {
        Self { passwords, same_password, ..Self::default() }
    }

    /// `--digest`.
    pub fn digest(&self) -> bool {
        self.digest
    }

    /// Whether `--passwords -` asks for them in the report.
    pub fn into_report(&self) -> bool {
        self.passwords.as_deref() == Some(Path::new("-"))
    }

    /// Whether any of the flags is there.
    pub fn any(&self) -> bool {
        self.prompt || self.password_stdin || self.password_file.is_some() || self.digest || self.same_password
    }
}

enum Given {
    /// Made here.
    Generated,
    /// One for the only extension.
    One(Secret),
    /// One for each.
    Each(BTreeMap<String, Secret>),
    /// A dry run makes and asks for none.
    Unknown,
}

/// Where a generated password is shown.
enum Shown {
    Report,
    File(PasswordFile),
    Nowhere,
}

/// The passwords of one run.
pub struct Keys {
    given: Given,
    shown: Shown,
    same: bool,
    /// The PBXes, in order, and the length a password has that is the same on all of them.
    pbxes: Vec<String>,
    length: usize,
    /// Made in this run, by PBX name.
    made: BTreeMap<String, Passwords>,
}

impl Keys {
    /// Reads what is given, once, before any PBX is touched.
    pub fn new(app: &App, args: &PasswordArgs, selections: &[Selection], dry_run: bool) -> Result<Self> {
        if args.password.is_some() {
            return Err(Error::usage("a password is never an argument: everybody on the machine can read those")
                .hint("use --prompt, --password-stdin or --password-file FILE"));
        }
        let given = Given::read(app, args, selections, dry_run)?;
        let shown = match args.passwords.as_deref() {
            Some(path) if path == Path::new("-") && app.out.names_only() => {
                return Err(Error::usage("-o name has no place for passwords")
                    .hint("use -o csv or -o json, or --passwords FILE"));
            }
            Some(path) if path == Path::new("-") => Shown::Report,
            Some(path) if path.symlink_metadata().is_ok() => {
                return Err(Error::new(Code::Exists, format!("{} exists already", path.display()))
                    .hint("--passwords makes a new file; name another one"));
            }
            Some(path) => Shown::File(PasswordFile { path: path.to_owned(), file: None, rows: Vec::new() }),
            None if app.out.shows_passwords() => Shown::Report,
            None => Shown::Nowhere,
        };
        if args.digest && matches!(given, Given::Generated) && matches!(shown, Shown::Nowhere) {
            return Err(Error::usage("with --digest a generated password could never be read again")
                .hint("add --passwords - or --passwords FILE, or give one with --password-stdin"));
        }
        Ok(Self { given, shown, same: args.same_password, pbxes: Vec::new(), length: 0, made: BTreeMap::new() })
    }

    /// Tells which PBXes there are: whichever of them is first to ask, all come out the same.
    pub fn chosen(&mut self, pbxes: &[Pbx]) {
        self.pbxes = pbxes.iter().map(|pbx| pbx.name.clone()).collect();
        self.length = pbxes.iter().map(|pbx| pbx.password_length).max().unwrap_or(0);
    }

    /// Refuses a password that is given for nobody.
    pub fn check_owners(&self, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let Given::Each(each) = &self.given else { return Ok(()) };
        let strangers: Vec<String> = each.keys().filter(|number| !wanted(number)).cloned().collect();
        match strangers.is_empty() {
            true => Ok(()),
            false => Err(Error::usage(format!(
                "passwords are given for extensions not named: {}",
                crate::selection::collapse(&strangers)
            ))),
        }
    }

    /// The password of an extension on a PBX; none in a dry run.
    pub fn of(&mut self, pbx: &Pbx, ext: &Ext) -> Result<Option<Secret>> {
        match &self.given {
            Given::Unknown => Ok(None),
            Given::One(secret) => Ok(Some(secret.clone())),
            Given::Each(each) => {
                match each.get(&ext.number).or_else(|| each.get(&ext.to_string())) {
                    Some(secret) => Ok(Some(secret.clone())),
                    None => Err(Error::usage(format!("no password is given for {ext}"))
                        .hint(format!("add a line {ext}:PASSWORD"))),
                }
            }
            Given::Generated => {
                let known = match self.same {
                    true => self.made.values().find_map(|made| made.get(ext)),
                    false => self.made.get(&pbx.name).and_then(|made| made.get(ext)),
                };
                let secret = match known {
                    Some(secret) => secret.clone(),
                    None => Secret::generate(if self.same { self.length } else { pbx.password_length })?,
                };
                self.made.entry(pbx.name.clone()).or_default().insert(ext.clone(), secret.clone());
                Ok(Some(secret))
            }
        }
    }

    /// Writes the file of `--passwords`, before the PBX is touched.
    pub fn save(&mut self, pbx: &Pbx, numbers: &[String]) -> Result<()> {
        let Shown::File(file) = &mut self.shown else { return Ok(()) };
        let made = self.made.get(&pbx.name).into_iter().flatten();
        let rows = made.filter(|(ext, _)| numbers.contains(&ext.number));
        file.rows.retain(|(name, ..)| *name != pbx.name);
        file.rows.extend(rows.map(|(ext, secret)| (pbx.name.clone(), ext.to_string(), secret.clone())));
        let order = |name: &String| self.pbxes.iter().position(|pbx| pbx == name);
        file.rows.sort_by_key(|(name, ..)| order(name));
        file.write()
    }

    /// Takes the passwords of a PBX back whose change was put back.
    pub fn forget(&mut self, pbx: &Pbx) {
        if !self.same {
            self.made.remove(&pbx.name);
        }
        if let Shown::File(file) = &mut self.shown {
            file.rows.retain(|(name, ..)| *name != pbx.name);
            file.shrink();
        }
    }

    /// What the report of a PBX says of the passwords made: themselves, or where they are.
    pub fn report(
        &self,
        pbx: &Pbx,
        asked: bool,
        done: &[String],
    ) -> (Option<BTreeMap<String, String>>, Option<String>) {
        let done: BTreeSet<&String> = done.iter().collect();
        let made = self.made.get(&pbx.name).into_iter().flatten();
        let made: Vec<(&Ext, &Secret)> = made.filter(|(ext, _)| done.contains(&ext.number)).collect();
        match &self.shown {
            Shown::Report if asked || !made.is_empty() => {
                let text = |secret: &Secret| String::from_utf8_lossy(secret.reveal()).into_owned();
                (Some(made.into_iter().map(|(ext, secret)| (ext.to_string(), text(secret))).collect()), None)
            }
            Shown::File(file) if !made.is_empty() => (None, Some(format!("in {} (0600)", file.path.display()))),
            Shown::Nowhere => {
                let note = made.first().map(|(ext, _)| {
                    format!("generated and not shown; see it with: sipctl ext show {} --reveal", ext.word())
                });
                (None, note)
            }
            _ => (None, None),
        }
    }
}

impl Given {
    fn read(app: &App, args: &PasswordArgs, selections: &[Selection], dry_run: bool) -> Result<Self> {
        let single = match selections {
            [Selection::One(ext)] => Some(ext),
            _ => None,
        };
        let text = if args.prompt {
            let Some(ext) = single else {
                return Err(Error::usage("--prompt takes one extension at a time")
                    .hint("for several use --password-file with lines NUMBER:PASSWORD"));
            };
            if dry_run {
                return Ok(Self::Unknown);
            }
            if !prompt::possible() {
                return Err(
                    Error::usage("--prompt needs a terminal").hint("use --password-stdin or --password-file FILE")
                );
            }
            return Ok(Self::One(checked(
                app.out.password(&format!("New password of {ext}"), &app.cancel)?,
                "the password typed",
            )?));
        } else if args.password_stdin {
            files::stdin(&app.cancel, LARGEST_FILE)?
        } else if let Some(path) = &args.password_file {
            files::read(&app.cancel, path, LARGEST_FILE)?
        } else {
            return Ok(if dry_run { Self::Unknown } else { Self::Generated });
        };
        // What some editors write in front is no part of a password.
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
        let text = text.strip_suffix(b"\n").map_or(text, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if single.is_some() {
            return Ok(Self::One(checked(Secret::new(text), "the password")?));
        }
        let mut each = BTreeMap::new();
        for (line, nth) in text.split(|byte| *byte == b'\n').zip(1..) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(colon) = line.iter().position(|byte| *byte == b':') else {
                return Err(Error::usage(format!("line {nth} of the passwords is not NUMBER:PASSWORD")));
            };
            let Ok(number) = std::str::from_utf8(&line[..colon]) else {
                return Err(Error::usage(format!("line {nth} of the passwords does not start with a number")));
            };
            let secret = checked(Secret::new(&line[colon + 1..]), &format!("the password on line {nth}"))?;
            if each.insert(number.trim().to_owned(), secret).is_some() {
                return Err(Error::usage(format!("line {nth} of the passwords names {} again", number.trim())));
            }
        }
        Ok(Self::Each(each))
    }
}

/// Refuses a password that the files of no engine can hold; the engine of each PBX judges the rest.
pub fn checked(secret: Secret, what: &str) -> Result<Secret> {
    let bytes = secret.reveal();
    let why = if bytes.is_empty() {
        "is empty"
    } else if bytes.contains(&0) {
        "holds a NUL byte"
    } else if bytes.contains(&b'\r') || bytes.contains(&b'\n') {
        "holds a line break"
    } else {
        return Ok(secret);
    };
    Err(Error::usage(format!("{what} {why}")))
}

/// The file of `--passwords FILE`.
struct PasswordFile {
    path: PathBuf,
    file: Option<File>,
    /// PBX, extension, password.
    rows: Vec<(String, String, Secret)>,
}

impl PasswordFile {
    fn write(&mut self) -> Result<()> {
        if self.file.is_none() {
            let new = File::options().write(true).create_new(true).mode(0o600).open(&self.path);
            self.file = Some(new.map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    Error::new(Code::Exists, format!("{} exists already", self.path.display()))
                }
                _ => Error::failed(format!("cannot make {}", self.path.display())).because(error),
            })?);
        }
        let text = self.csv();
        let Some(file) = &mut self.file else { return Ok(()) };
        // Never empty in between: other PBXes may have these passwords already.
        file.write_all_at(&text, 0)
            .and_then(|()| file.set_len(text.len() as u64))
            .and_then(|()| file.sync_all())
            .map_err(|error| Error::failed(format!("cannot write {}", self.path.display())).because(error))
    }

    /// Without the rows of a change that was put back; an empty file goes.
    fn shrink(&mut self) {
        if self.file.is_none() {
            return;
        }
        if self.rows.is_empty() {
            self.file = None;
            let _ = std::fs::remove_file(&self.path);
        } else {
            let _ = self.write();
        }
    }

    /// `number,password`, with a third column where there are several PBXes.
    fn csv(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let several = self.rows.iter().any(|(pbx, ..)| *pbx != self.rows[0].0);
        let mut csv = csv::Writer::from_writer(Vec::new());
        let mut row = |cells: [&[u8]; 3]| {
            let cells = if several { &cells[..] } else { &cells[..2] };
            let _ = csv.write_record(cells);
        };
        row([b"number", b"password", b"pbx"]);
        for (pbx, ext, secret) in &self.rows {
            row([ext.as_bytes(), secret.reveal(), pbx.as_bytes()]);
        }
        zeroize::Zeroizing::new(csv.into_inner().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_no_file_can_hold_is_refused_without_showing_it() {
        for bytes in [&b""[..], b"a\0b", b"hunter2\r", b"a\nb"] {
            let error = checked(Secret::new(bytes), "the password").unwrap_err();
            assert_eq!(error.code, Code::Usage);
            assert!(!error.line().contains("hunter2"));
        }
        assert!(checked(Secret::new("s3cret;with--;odd \"chars\""), "it").is_ok());
    }

    #[test]
    fn the_file_is_private_and_goes_when_the_change_is_put_back() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.csv");
        let mut file = PasswordFile { path: path.clone(), file: None, rows: Vec::new() };
        file.rows.push(("a".into(), "1002".into(), Secret::new("x,\"y")));
        file.write().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "number,password\n1002,\"x,\"\"y\"\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        file.rows.push(("b".into(), "1002".into(), Secret::new("z")));
        file.write().unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().contains("1002,z,b"));
        file.rows.clear();
        file.shrink();
        assert!(!path.exists());
    }
}
