//! What the commands that read a list share: the file, its mistakes, the PBXes it is for, and the
//! passwords it points to.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::password::{Keys, checked};
use super::{App, files};
use crate::address::Address;
use crate::engine::Warning;
use crate::error::{Code, Error, Place, Result};
use crate::extension::Ext;
use crate::inventory::Pbx;
use crate::secret::Secret;
use crate::spec::{self, Form, Key, List, Problem, node, plan};

/// More than this is no list.
pub const LARGEST: usize = 256 << 20;

/// Flags of the commands that take a list.
#[derive(Args, Clone, Debug, Default)]
pub struct WishArgs {
    /// Delete what the list owns and does not name
    ///
    /// It owns the numbers under `owns:`, and what an earlier apply of a list of this name created or
    /// adopted.
    #[arg(long)]
    pub prune: bool,
    /// Mark extensions that exist already as this list's
    #[arg(long)]
    pub adopt: bool,
}

impl WishArgs {
    /// As the plan takes it; refuses what the list cannot give.
    pub fn wish(&self, list: &List) -> Result<plan::Wish> {
        if self.adopt && list.name.is_none() {
            return Err(Error::usage("--adopt needs a name in the list").hint("write for instance: name: office"));
        }
        if self.prune && list.name.is_none() && list.owns.is_empty() {
            return Err(Error::usage("--prune needs to know what the list owns")
                .hint("write owns: 1000-1999 or name: office into the list"));
        }
        Ok(plan::Wish { prune: self.prune, adopt: self.adopt })
    }
}

/// A list and where it came from.
pub struct Loaded {
    /// Itself.
    pub list: List,
    /// Its file.
    pub file: PathBuf,
    /// How that is written.
    form: Form,
}

/// `-f FILE` for clap.
pub fn file_arg(text: &str) -> std::result::Result<PathBuf, String> {
    match text.is_empty() {
        true => Err("name a file, or - for standard input".to_owned()),
        false => Ok(PathBuf::from(text)),
    }
}

/// How paths are completed.
pub const HINT: ValueHint = ValueHint::FilePath;

impl Loaded {
    /// Reads a list; every mistake in it is told.
    pub fn read(app: &App, path: &Path) -> Result<Self> {
        let bytes = files::read(&app.cancel, path, LARGEST)?;
        let form = Form::of(path, &bytes);
        let file = if path == Path::new("-") { PathBuf::from("standard input") } else { path.to_owned() };
        Self::parse(app, &bytes, form, file)
    }

    /// The same of bytes that were read already.
    pub fn parse(app: &App, bytes: &[u8], form: Form, file: PathBuf) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
            let problem = Problem::new(node::At { line, column: 1 }, "a list is written in UTF-8");
            let problem = problem.hint("sipctl import reads others");
            tell(app, &file, form, &String::from_utf8_lossy(bytes), &[problem])
        })?;
        let list = match spec::read::read(text, form) {
            Ok(list) => list,
            Err(problems) => return Err(tell(app, &file, form, text, &problems)),
        };
        let warnings: Vec<Warning> = list
            .warnings
            .iter()
            .map(|problem| Warning::new("list", problem.message.clone()).at(&Place::new(&file, problem.line)))
            .collect();
        app.out.warnings(None, &warnings);
        Ok(Self { list, file, form })
    }

    /// The same program, working on the PBXes the list names unless the command line does.
    pub fn targeted(&self, app: &App) -> Result<App> {
        let mut global = app.global.clone();
        if global.pbx.is_empty() && global.group.is_empty() && !global.all {
            let inventory = app.inventory()?;
            for name in self.list.targets() {
                let group = inventory.pbxes.iter().any(|pbx| pbx.groups.iter().any(|group| group == name));
                let called = Address::looks_like(name) || inventory.pbxes.iter().any(|pbx| pbx.name == name);
                match group && !called {
                    true => global.group.push(name.to_owned()),
                    false => global.pbx.push(name.to_owned()),
                }
            }
        }
        Ok(App { global, out: app.out.again(), cancel: app.cancel.clone() })
    }

    /// Refuses a PBX the list is not for.
    pub fn check_target(&self, pbx: &Pbx) -> Result<()> {
        let named = &self.list.pbx;
        match named.is_empty() || named.iter().any(|name| plan::names(name, pbx)) {
            true => Ok(()),
            false => Err(Error::usage(format!("the list {} is not for {}", self.file.display(), pbx.name))
                .hint(format!("it says pbx: {}", named.join(", ")))),
        }
    }

    /// What differs on a PBX, as one error where the list cannot be applied there.
    pub fn failed(&self, problems: &[Problem]) -> Error {
        let Some(first) = problems.first() else { return Error::failed("nothing is wrong") };
        let mut error = first.error(&self.file);
        error.message = match self.form {
            // A row of a table may hold a password in any column: it is named and not shown.
            Form::Csv => format!("{}: {}", Place::new(&self.file, first.line), first.message),
            _ => first.message.clone(),
        };
        error.place = error.place.filter(|_| self.form != Form::Csv);
        for more in problems.iter().skip(1).take(9) {
            error.message.push_str(&format!("; line {}: {}", more.line, more.message));
        }
        if problems.len() > 10 {
            error.message.push_str(&format!("; and {} more", problems.len() - 10));
        }
        error
    }
}

/// Tells every mistake but the sum, which is the error.
pub fn tell(app: &App, file: &Path, form: Form, text: &str, problems: &[Problem]) -> Error {
    for problem in problems {
        // A row of a table may hold a password in any column.
        let line = (form != Form::Csv).then(|| text.lines().nth(problem.line.saturating_sub(1) as usize)).flatten();
        app.out.error(None, &problem.error(file), line);
    }
    let count = match problems.len() {
        1 => "one mistake".to_owned(),
        spec::MOST_PROBLEMS => format!("the first {} mistakes", spec::MOST_PROBLEMS),
        many => format!("{many} mistakes"),
    };
    Error::usage(format!("{count} in {}; nothing is done", file.display())).hint("see: sipctl help lists")
}

/// Passwords in one file.
enum Kept {
    One(Secret),
    Each(BTreeMap<String, Secret>),
}

/// The passwords a list points to, read when they are needed.
pub struct Vault {
    folder: PathBuf,
    files: BTreeMap<PathBuf, Kept>,
}

impl Vault {
    /// Paths are looked up beside the list.
    pub fn new(list: &Path) -> Self {
        Self { folder: list.parent().map(Path::to_owned).unwrap_or_default(), files: BTreeMap::new() }
    }

    /// The password of an extension: made, or from where the list says.
    pub fn get(
        &mut self,
        app: &App,
        pbx: &Pbx,
        ext: &Ext,
        key: &Key,
        keys: Option<&mut Keys>,
    ) -> Result<Option<Secret>> {
        match key {
            Key::Given(secret) => Ok(Some(secret.clone())),
            Key::Env(name) => {
                let value = std::env::var_os(name).filter(|value| !value.is_empty());
                let value = value.ok_or_else(|| Error::usage(format!("the variable {name} is not set")))?;
                let bytes = std::os::unix::ffi::OsStringExt::into_vec(value);
                checked(Secret::new(bytes), &format!("the password in {name}")).map(Some)
            }
            Key::File(path) => self.in_file(app, ext, path).map(Some),
            Key::Unsaid | Key::Generate | Key::Keep => match keys {
                Some(keys) => keys.of(pbx, ext),
                None => Ok(None),
            },
        }
    }

    fn in_file(&mut self, app: &App, ext: &Ext, path: &Path) -> Result<Secret> {
        let path = self.folder.join(path);
        if !self.files.contains_key(&path) {
            let kept = read(&path, &files::read(&app.cancel, &path, LARGEST)?)?;
            let open = path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
            if open {
                let message = "others of this machine can read these passwords; chmod 600 keeps them out";
                app.out.warnings(None, &[Warning::new("readable", message).at(&Place::new(&path, 0))]);
            }
            self.files.insert(path.clone(), kept);
        }
        let found = match &self.files[&path] {
            Kept::One(secret) => Some(secret),
            Kept::Each(each) => each.get(&ext.to_string()).or_else(|| each.get(&ext.number)),
        };
        found.cloned().ok_or_else(|| Error::usage(format!("{} has no password of {ext}", path.display())))
    }
}

/// One line, or a table `number,password`.
fn read(path: &Path, bytes: &[u8]) -> Result<Kept> {
    // What some editors write in front is no part of a password.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let body = body.strip_suffix(b"\r").unwrap_or(body);
    if !body.contains(&b'\n') {
        return checked(Secret::new(body), &format!("the password in {}", path.display())).map(Kept::One);
    }
    let wrong = |line: u32, why: &str| Err(Error::usage(why.to_owned()).at(Place::new(path, line)));
    let mut reader = csv::Reader::from_reader(bytes);
    let column = |reader: &mut csv::Reader<&[u8]>, wanted: &str| -> Option<usize> {
        reader.byte_headers().ok()?.iter().position(|name| name.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    let (Some(number), Some(password)) = (column(&mut reader, "number"), column(&mut reader, "password")) else {
        return wrong(1, "a file of several passwords is CSV with the header number,password");
    };
    let mut each = BTreeMap::new();
    for record in reader.into_byte_records() {
        let Ok(record) = record else { return wrong(0, "a row has too few or too many cells") };
        let line = spec::table::line_of(bytes, record.position());
        let owner = String::from_utf8_lossy(record.get(number).unwrap_or_default()).trim().to_owned();
        let secret =
            checked(Secret::new(record.get(password).unwrap_or_default()), &format!("the password on line {line}"))?;
        if each.insert(owner, secret).is_some() {
            return wrong(line, "this number has a password already");
        }
    }
    Ok(Kept::Each(each))
}

/// Deletions a list may make without `--max-change`: up to ten, and up to one in twenty.
pub fn check_deletions(planned: &plan::Planned, limit: Option<usize>, pbx: &str) -> Result<()> {
    let allowed = limit.unwrap_or_else(|| (planned.there / 20).clamp(1, 10));
    if planned.deleted <= allowed {
        return Ok(());
    }
    let (deleted, there) = (planned.deleted, planned.there);
    Err(Error::new(Code::Usage, format!("this would delete {deleted} of {there} extensions on {pbx}"))
        .hint(format!("if that is meant, say --max-change {deleted}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deletions_have_two_limits() {
        let planned = |deleted, there| plan::Planned { deleted, there, ..plan::Planned::default() };
        for (deleted, there, limit, fine) in [
            (1, 3, None, true),
            (2, 20, None, false),
            (5, 100, None, true),
            (6, 100, None, false),
            (10, 10_000, None, true),
            (11, 10_000, None, false),
            (11, 10_000, Some(11), true),
        ] {
            assert_eq!(check_deletions(&planned(deleted, there), limit, "x").is_ok(), fine, "{deleted} of {there}");
        }
    }

    #[test]
    fn password_files_are_one_line_or_a_table() {
        let write = |text: &str| read(Path::new("p"), text.as_bytes());
        assert!(matches!(write("a,b\n"), Ok(Kept::One(secret)) if secret.reveal() == b"a,b"));
        assert!(matches!(write("\u{feff}a,b\r\n"), Ok(Kept::One(secret)) if secret.reveal() == b"a,b"));
        assert!(matches!(write("\u{feff}number,password\r\n1001,x\r\n"), Ok(Kept::Each(_))));
        let Ok(Kept::Each(each)) = write("number,password\n1001,\"x,\"\"y\"\n") else { panic!() };
        assert_eq!(each["1001"].reveal(), b"x,\"y");
        let twice = "number,password\r\n1001,hunter2\r\n1001,hunter2\r\n";
        assert_eq!(write(twice).err().and_then(|error| error.place).map(|place| place.line), Some(3));
        for text in ["1001,hunter2\n1002,hunter2\n", twice, ""] {
            assert!(!format!("{:?}", write(text).err().expect("refused")).contains("hunter2"));
        }
    }
}
