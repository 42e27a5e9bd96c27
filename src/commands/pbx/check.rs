//! `pbx check`: tries everything a change would need, without changing anything.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::commands::change::{duration, history_folders, state_folder};
use crate::commands::{App, Limits, Open};
use crate::cx::Cx;
use crate::engine::{Estate, Live, Reload};
use crate::error::{Code, Error, Result};
use crate::host::{Content, File, Host, Step, Want};
use crate::inventory::Pbx;
use crate::output::document::{Body, Check, Checked, Grade};
use crate::secret::salt;

/// Clocks further apart than this are worth a word.
const SKEW: Duration = Duration::from_secs(5);
/// The lock is waited for so long.
const PATIENCE: Duration = Duration::from_secs(3);
/// As many names stand in a message.
const NAMED: usize = 5;

/// Try everything a change would need
///
/// Login, folder, files, lock, history, console, the folder the engine reads, the right to reload, the
/// clock. Nothing is changed: an empty file whose name starts with a dot is made in the folder and
/// removed. Each thing that fails is named with its remedy. Ends with 0, 5 (findings) or 7 (not reached).
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Names or addresses [default: as --pbx, else every PBX of the inventory]
    #[arg(value_name = "NAME|ADDRESS")]
    names: Vec<String>,
    /// Do not ask the running engine
    #[arg(long)]
    offline: bool,
    /// Limit for opening a console and a question [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

/// Runs it.
pub fn run(app: &App, args: &CheckArgs) -> Result<u8> {
    let chosen = match args.names.is_empty() {
        true => super::listed(app),
        false => app.named(&args.names),
    };
    if chosen.as_ref().is_ok_and(Vec::is_empty) {
        return Err(Error::usage("there is no PBX to check").hint("name one: sipctl pbx check asterisk:/etc/asterisk"));
    }
    app.each_of(chosen, |pbx| {
        let limits = Limits { timeout: args.timeout, wait: Some(PATIENCE) };
        let mut tried = Tried::default();
        let error = tried.all(&app.cx(pbx, limits), pbx, args.offline).err();
        let error = error.or_else(|| tried.summary());
        (Body::Check(tried.0), error)
    })
}

/// What was tried so far.
#[derive(Default)]
struct Tried(Checked);

impl Tried {
    fn say(&mut self, check: &'static str, grade: Grade, message: impl Into<String>, hints: &[String]) {
        let hint = (!hints.is_empty()).then(|| hints.join("; "));
        self.0.checks.push(Check { check, status: grade, message: message.into(), hint });
    }

    fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.say(check, Grade::Ok, message, &[]);
    }

    fn fail(&mut self, check: &'static str, error: &Error) {
        self.say(check, Grade::Fail, error.line(), &error.hints);
    }

    /// Everything, in an order in which nothing is asked that cannot be answered any more. Only what
    /// makes the rest senseless is an error.
    fn all(&mut self, cx: &Cx, pbx: &Pbx, offline: bool) -> Result<()> {
        cx.check()?;
        let open = match Open::new(cx, pbx) {
            Ok(open) => open,
            Err(error) if matches!(error.code, Code::NotFound | Code::Failed) => {
                self.ok("login", reached(pbx));
                self.fail("folder", &error);
                return Ok(());
            }
            Err(error) => {
                self.fail("login", &error);
                return Err(error);
            }
        };
        self.ok("login", reached(pbx));
        self.ok("folder", open.folder.display().to_string());
        let estate = self.files(cx, &open)?;
        self.lock_and_write(cx, &open, pbx, estate.as_deref())?;
        self.history(cx, &open, pbx);
        self.clock(open.host.as_ref());
        match offline {
            true => Ok(()),
            false => self.engine(cx, &open),
        }
    }

    /// Whether every file can be read, and makes sense.
    fn files(&mut self, cx: &Cx, open: &Open) -> Result<Option<Box<dyn Estate>>> {
        let all = ["*", "*/*", "*/*/*"].map(|pattern| Want::Glob(open.folder.join(pattern)));
        let found = open.host.read(cx, &all)?.into_iter().flatten();
        let mut unreadable: Vec<(PathBuf, String)> = found
            .filter_map(|file| match file.content {
                Content::Unreadable(why) => Some((file.path, why)),
                _ => None,
            })
            .collect();
        // A folder has no bytes.
        let metas = unreadable.iter().map(|(path, _)| Want::Meta(path.clone())).collect::<Vec<_>>();
        let mut metas = open.host.read(cx, &metas)?.into_iter().flatten();
        let folder = |file: File| matches!(file.content, Content::There { meta, .. } if meta.folder);
        unreadable.retain(|_| !metas.next().is_some_and(folder));
        match open.engine.load(cx, open.host.as_ref(), &open.folder, true) {
            Err(error) if error.code == Code::Interrupted => Err(error),
            Err(error) => {
                self.fail("read", &error);
                Ok(None)
            }
            Ok(estate) => {
                let files = estate.files().len();
                match unreadable.first() {
                    None => self.ok("read", format!("{files} files")),
                    Some((path, why)) => {
                        let names: Vec<String> =
                            unreadable.iter().take(NAMED).map(|(path, _)| path.display().to_string()).collect();
                        let more = unreadable.len().saturating_sub(NAMED);
                        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                        let message = format!("cannot read {}{more}: {why}", names.join(", "));
                        let hint =
                            format!("let this user read it, or work as one who may (sudo): ls -l {}", path.display());
                        self.say("read", Grade::Warn, message, &[hint]);
                    }
                }
                self.0.warnings = open.warnings(cx, estate.as_ref());
                Ok(Some(estate))
            }
        }
    }

    /// Takes the lock, and makes and removes a file under it.
    fn lock_and_write(&mut self, cx: &Cx, open: &Open, pbx: &Pbx, estate: Option<&dyn Estate>) -> Result<()> {
        let (host, folder) = (open.host.as_ref(), open.folder.as_path());
        let _guard = match host.lock(cx, folder) {
            Ok(guard) => guard,
            Err(error) if error.code == Code::Interrupted => return Err(error),
            Err(error) => {
                let grade = if error.code == Code::Retry { Grade::Warn } else { Grade::Fail };
                self.say("lock", grade, error.line(), &error.hints);
                return Ok(());
            }
        };
        let stand_in = host.read(cx, &[Want::Meta(folder.join(".sipctl.lock"))])?;
        let stand_in = stand_in.iter().flatten().any(|file| matches!(file.content, Content::There { .. }));
        self.ok("lock", if stand_in { "by a folder of its own: there is no flock here" } else { "flock" });

        let path = folder.join(format!(".sipctl-check-{}", salt()?));
        // Owner, mode, ACL and label of the file most changes are about must be kept, too.
        let main = folder.join(pbx.address.kind.main_file());
        let there = estate.is_some_and(|estate| estate.files().into_iter().any(|(path, ..)| path == main.as_path()));
        let like = there.then_some(main);
        // As much as a change may write first: a full disk takes a name, but no bytes.
        let bytes = [b'\n'; 4096].into();
        let made = host.act(cx, &[Step::Create { path: path.clone(), bytes, like, mode: 0o600 }]);
        let removed = host.act(&cx.uncancellable(), &[Step::Remove { path }]);
        match made.and(removed) {
            Ok(()) => self.ok("write", "a file can be made here, and its owner and mode kept"),
            Err(stopped) => {
                let mut error = stopped.error;
                if error.hints.is_empty() {
                    let folder = folder.display();
                    error = error.hint(format!(
                        "work as a user who may write there (sudo = USER in the inventory, or ?sudo=USER): ls -ld {folder}"
                    ));
                }
                self.fail("write", &error);
            }
        }
        Ok(())
    }

    /// Where a change would be remembered.
    fn history(&mut self, cx: &Cx, open: &Open, pbx: &Pbx) {
        let folders = history_folders();
        let mut why = None;
        for (at, folder) in folders.iter().enumerate() {
            match try_history(cx, open.keeper.as_ref(), folder) {
                Ok(()) => {
                    let here = state_folder().is_some_and(|state| state == *folder) && !pbx.address.is_plain_local();
                    let place = if here { " on this machine" } else { "" };
                    let message = format!("{}{place}", folder.display());
                    match folders.first().filter(|_| at > 0) {
                        None => self.ok("history", message),
                        Some(first) => {
                            let hint = format!("where others look for it is {}: make that writable", first.display());
                            self.say("history", Grade::Ok, message, &[hint]);
                        }
                    }
                    return;
                }
                Err(error) => why = Some(error),
            }
        }
        let why = why.map_or_else(|| "no folder is known for it".to_owned(), |error| error.line());
        let hint = "name a folder you may write to: SIPCTL_STATE=DIR".to_owned();
        self.say("history", Grade::Warn, format!("changes would not be remembered: {why}"), &[hint]);
    }

    /// What edits are pending is told from times: of the engine, of files.
    fn clock(&mut self, host: &dyn Host) {
        let (seconds, nanos) = host.clock();
        let there = Duration::new(seconds.try_into().unwrap_or(0), nanos);
        let here = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let apart = there.abs_diff(here);
        match apart > SKEW {
            false => self.ok("clock", "as here"),
            true => {
                let way = if there > here { "ahead of" } else { "behind" };
                let message = format!("its clock is {} s {way} the one here", apart.as_secs());
                self.say("clock", Grade::Warn, message, &["set both by NTP: timedatectl set-ntp true".to_owned()]);
            }
        }
    }

    /// The running engine.
    fn engine(&mut self, cx: &Cx, open: &Open) -> Result<()> {
        let elsewhere = open.host.engine();
        let (host, folder) = elsewhere.unwrap_or((open.host.as_ref(), &open.folder));
        let asked = open.login().and_then(|login| {
            let mut console = open.engine.console(cx, host, folder, login.as_ref())?;
            let live = console.live(cx)?;
            Ok((console, live))
        });
        let (console, live) = match asked {
            Err(error) if error.code == Code::Interrupted => return Err(error),
            Err(mut error) => {
                // Who is not let in, or may not read a password, is told already what helps.
                if error.code == Code::Unreachable && error.hints.len() < 2 {
                    error.hints.insert(0, format!("see whether it runs: systemctl status {}", open.engine.name()));
                }
                self.fail("console", &error);
                return Ok(());
            }
            Ok(asked) => asked,
        };
        let engine = open.engine.name();
        self.ok("console", format!("{engine} {} by {}", live.version, console.name()));
        self.folder_of(cx, open, &live)?;
        match live.cannot.first() {
            None => self.ok("proof", "it can be asked everything"),
            Some(first) => self.say("proof", Grade::Warn, format!("it cannot be asked {first}"), &[]),
        }
        match (console.may_reload(&Reload::default()), &live.risk) {
            (Err(error), _) => self.fail("reload", &error),
            (Ok(()), None) => self.ok("reload", "this login may"),
            (Ok(()), Some(risk)) => self.say("reload", Grade::Warn, risk.clone(), &[]),
        }
        Ok(())
    }

    fn folder_of(&mut self, cx: &Cx, open: &Open, live: &Live) -> Result<()> {
        let (theirs, ours) = (live.folder.display(), open.folder.display());
        if open.host.engine().is_some() {
            self.ok("reads", format!("{theirs} (elsewhere, as console = says)"));
        } else if open.is_ours(cx, live)? {
            self.ok("reads", theirs.to_string());
        } else {
            let hint =
                format!("name what it reads, {}:{theirs}, or change these files with --offline", open.engine.name());
            self.say("reads", Grade::Fail, format!("the running engine reads {theirs}, not {ours}"), &[hint]);
        }
        Ok(())
    }

    /// The error of a PBX with findings.
    fn summary(&self) -> Option<Error> {
        let bad: Vec<&str> =
            self.0.checks.iter().filter(|check| check.status != Grade::Ok).map(|check| check.check).collect();
        (!bad.is_empty()).then(|| Error::new(Code::Findings, format!("not as it should be: {}", bad.join(", "))))
    }
}

fn reached(pbx: &Pbx) -> String {
    match pbx.address.is_plain_local() {
        true => "this machine".to_owned(),
        false => pbx.address.to_string(),
    }
}

/// Makes and removes a folder where the history lies, or would.
fn try_history(cx: &Cx, keeper: &dyn Host, folder: &Path) -> Result<()> {
    let wants: Vec<Want> = folder.ancestors().map(|path| Want::Meta(path.to_owned())).collect();
    let found = keeper.read(cx, &wants)?.into_iter().flatten();
    let there = found.filter(|file| !matches!(file.content, Content::Missing)).map(|file| file.path).next();
    let probe = there.as_deref().unwrap_or(folder).join(format!(".sipctl-check-{}", salt()?));
    let made = keeper.act(cx, &[Step::MakeFolder { path: probe.clone(), mode: 0o700 }]);
    let cleared = keeper.act(&cx.uncancellable(), &[Step::RemoveFolder { path: probe }]);
    made.and(cleared).map_err(|stopped| stopped.error)
}
