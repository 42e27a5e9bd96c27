//! Reloading, and knowing that it happened.
//!
//! The engine reports success whatever it dropped, and `core reload` does nothing at all, without a
//! word, while another reload runs. So: a log channel of our own, `module reload res_pjsip.so`
//! inside it (that one says when another reload is under way), then `core reload` with a second
//! channel: a full reload frees every added channel (observed on 16.28 and 22.10), so the channel
//! being gone is the proof that one ran after our files were in place.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::answers::{labelled, word};
use super::link::Link;
use super::log;
use crate::cx::Cx;
use crate::engine::{Reload, Reloaded};
use crate::error::{Code, Error, Result};
use crate::host::{Content, Step, Want};
use crate::secret;
use crate::wire::Broken;
use crate::wire::control_socket::can_be_asked;

const FULL: &str = "core reload";
const WATCHED: &str = "module reload res_pjsip.so";
/// What the files of our log channels begin with.
const OURS: &str = "sipctl-";
/// A log that did not grow for so long has come to rest.
const CALM: Duration = Duration::from_millis(45);
/// How often it is looked at before.
const LOOK: Duration = Duration::from_millis(15);

/// What says that another reload is under way; the second, that the engine is still starting.
pub const BUSY: [&str; 2] = ["already in progress", "request queued"];

/// The commands of a reload, in their order.
pub fn commands(wanted: &Reload) -> Vec<String> {
    let narrow = if wanted.narrow.is_empty() { vec![WATCHED.to_owned()] } else { wanted.narrow.clone() };
    let full = !wanted.only_narrow || wanted.narrow.is_empty();
    narrow.into_iter().chain(full.then(|| FULL.to_owned())).collect()
}

/// Reloads; with it, why the log is not known if it is not.
pub fn reload(link: &mut Link, cx: &Cx, wanted: &Reload) -> Result<(Reloaded, Option<String>)> {
    let start = Instant::now();
    let folders = folders(link, cx)?;
    let full = !wanted.only_narrow || wanted.narrow.is_empty();
    let watched = if wanted.narrow.is_empty() { vec![WATCHED.to_owned()] } else { wanted.narrow.clone() };

    tidy(link, cx, &folders)?;
    let until = cx.deadline(cx.timeouts.wait);
    let log = watch(link, cx, &watched, &folders, until)?;
    if full {
        whole(link, cx, &folders, until)?;
    }
    let command = if full { FULL.to_owned() } else { watched.join(", ") };
    let (log, blind) = match log {
        Ok(log) => (log, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    Ok((Reloaded { command, took: start.elapsed(), log }, blind))
}

type Log = std::result::Result<Vec<String>, String>;

/// The watched part of a reload: what was logged, or why that is not known.
fn watch(link: &mut Link, cx: &Cx, commands: &[String], folders: &[PathBuf], until: Instant) -> Result<Log> {
    let Some(channel) = Channel::open(link, cx, folders)? else {
        for command in commands {
            narrow(link, cx, command, until)?;
        }
        return Ok(Err("the engine could not add a log channel".to_owned()));
    };
    let reloaded = commands.iter().try_for_each(|command| narrow(link, cx, command, until));
    let log = if reloaded.is_ok() { channel.read(link, cx, commands) } else { Ok(Vec::new()) };
    let was_there = channel.close_after(link, cx, &reloaded)?;
    reloaded?;
    match was_there || Instant::now() > until {
        true => Ok(log),
        // Somebody's full reload in between freed the channel: nobody watched.
        false => watch(link, cx, commands, folders, until),
    }
}

/// One reload of a module, repeated while another one is under way.
fn narrow(link: &mut Link, cx: &Cx, command: &str, until: Instant) -> Result<()> {
    loop {
        let answer = link.one(cx, command, cx.timeouts.reload)?;
        let said = answer.trim();
        if BUSY.iter().any(|busy| said.contains(busy)) {
            wait(cx, until)?;
            continue;
        }
        let refused = said.starts_with("No such command ") || said.starts_with("Failed to ");
        let unsuccessful = command.starts_with("module reload ") && !said.contains("successfully");
        if refused || unsuccessful {
            let line = said.lines().next().unwrap_or("it says nothing");
            return Err(Error::new(Code::Refused, format!("the engine refused `{command}`: {line}")));
        }
        return Ok(());
    }
}

/// A full reload, repeated until one ran.
fn whole(link: &mut Link, cx: &Cx, folders: &[PathBuf], until: Instant) -> Result<()> {
    loop {
        let start = Instant::now();
        let ran = match Channel::around(link, cx, folders)? {
            Some(freed) => freed,
            // Without a channel the engine's clock must do; it counts whole seconds.
            None => {
                link.one(cx, FULL, cx.timeouts.reload)?;
                let uptime = link.one(cx, "core show uptime seconds", cx.timeouts.question)?;
                let ago = labelled(&uptime, "Last reload:").and_then(|s| s.parse().ok()).unwrap_or(u64::MAX);
                ago <= start.elapsed().as_secs() + 1
            }
        };
        if ran {
            return Ok(());
        }
        wait(cx, until)?;
    }
}

fn wait(cx: &Cx, until: Instant) -> Result<()> {
    cx.check()?;
    if Instant::now() >= until {
        return Err(Error::new(Code::Retry, "somebody else's reload does not end").hint("try again, or raise --wait"));
    }
    cx.events.progress("waiting for a reload under way");
    std::thread::sleep(Duration::from_millis(50));
    Ok(())
}

/// Where the engine may write a file that we can read.
fn folders(link: &mut Link, cx: &Cx) -> Result<Vec<PathBuf>> {
    let settings = link.one(cx, "core show settings", cx.timeouts.question)?;
    let folder = |label| labelled(&settings, label).filter(|f| !f.contains(' ')).map(PathBuf::from);
    let spool = folder("Spool directory:").map(|spool| spool.join("tmp"));
    Ok(folder("Log directory:").into_iter().chain(spool).collect())
}

/// A log channel of our own: its file.
struct Channel(PathBuf);

impl Channel {
    /// Adds one, where the engine can.
    fn open(link: &mut Link, cx: &Cx, folders: &[PathBuf]) -> Result<Option<Self>> {
        for (channel, command) in Self::candidates(folders)? {
            if added(&link.one(cx, &command, cx.timeouts.question)?) {
                return Ok(Some(channel));
            }
        }
        Ok(None)
    }

    /// What could be added, with the command that does it.
    fn candidates(folders: &[PathBuf]) -> Result<Vec<(Self, String)>> {
        let name = format!("{OURS}{}.log", secret::salt()?);
        let paths = folders.iter().map(|folder| folder.join(&name));
        let commands = paths.map(|path| {
            let command = format!("logger add channel {} error,warning,notice", word(&path.display().to_string()));
            (Self(path), command)
        });
        Ok(commands.filter(|(_, command)| can_be_asked(command)).collect())
    }

    /// A full reload with a channel around it, in one exchange; whether that freed the channel. None
    /// where the engine can add none.
    fn around(link: &mut Link, cx: &Cx, folders: &[PathBuf]) -> Result<Option<bool>> {
        for (channel, add) in Self::candidates(folders)? {
            let remove = removal(&channel.0);
            let answers = link.ask_patiently(cx, &[add, FULL.to_owned(), remove], cx.timeouts.reload);
            let answers = match answers {
                Ok(answers) => answers,
                Err(error) => {
                    let failed = Err(error);
                    channel.close_after(link, cx, &failed)?;
                    return failed.map(|()| None);
                }
            };
            clear(link, cx, std::slice::from_ref(&channel.0));
            if let [first, _, last] = &answers[..]
                && added(first)
            {
                return Ok(Some(!removed(last)));
            }
        }
        Ok(None)
    }

    /// What it holds, once it has come to rest: the engine logs from a thread of its own. Where
    /// res_pjsip was reloaded, the line it writes on every reload has to be there first.
    fn read(&self, link: &Link, cx: &Cx, commands: &[String]) -> Log {
        let path = self.0.display();
        let start = Instant::now();
        let pjsip = commands.iter().any(|command| command == WATCHED);
        let (mut size, mut since) = (0, start);
        while start.elapsed() < Duration::from_secs(5) {
            let found = link.host().read(cx, &[Want::File(self.0.clone())]).map_err(|e| e.line())?;
            let bytes = match found.into_iter().flatten().next().map(|file| file.content) {
                Some(Content::There { bytes, .. }) => bytes,
                Some(Content::Unreadable(why)) => return Err(format!("its log {path} cannot be read: {why}")),
                _ => return Err(format!("its log {path} is not there for us")),
            };
            if bytes.len() != size {
                (size, since) = (bytes.len(), Instant::now());
            }
            let begun = !pjsip || log::has_reload_line(&bytes);
            if begun && since.elapsed() >= CALM {
                return Ok(log::lines(&bytes));
            }
            // Each look is an exchange: once all may be there the next one is made when it can tell.
            let pause = if begun { CALM.saturating_sub(since.elapsed()) } else { LOOK };
            std::thread::sleep(pause);
        }
        Err("its log does not come to rest, or lacks the line of the reload".to_owned())
    }

    /// Removes the channel and its file, also after a signal; whether the engine still had it. A
    /// daemon that is gone took it along, and after one that hangs the next reload removes it.
    fn close_after(&self, link: &mut Link, cx: &Cx, done: &Result<()>) -> Result<bool> {
        match done.as_ref().is_err_and(|e| Broken::of(e).is_some()) {
            true => Ok(true),
            false => Ok(remove(link, &cx.uncancellable(), std::slice::from_ref(&self.0))? == 1),
        }
    }
}

/// Removes what runs left behind that were killed. `logger show channels` cuts names after 35 bytes
/// (observed on 16.28 and 22.10), so the files have to tell.
fn tidy(link: &mut Link, cx: &Cx, folders: &[PathBuf]) -> Result<()> {
    let wants: Vec<Want> = folders.iter().map(|folder| Want::Glob(folder.join(format!("{OURS}*.log")))).collect();
    let left: Vec<PathBuf> = link.host().read(cx, &wants)?.into_iter().flatten().map(|file| file.path).collect();
    remove(link, cx, &left).map(|_| ())
}

/// Removes channels and their files; how many of the channels the engine had.
fn remove(link: &mut Link, cx: &Cx, paths: &[PathBuf]) -> Result<usize> {
    let commands: Vec<String> = paths.iter().map(|path| removal(path)).collect();
    let answers = link.ask(cx, &commands);
    clear(link, cx, paths);
    Ok(answers?.iter().filter(|answer| removed(answer)).count())
}

fn removal(path: &Path) -> String {
    format!("logger remove channel {}", word(&path.display().to_string()))
}

/// Whether the engine had the channel it was to remove.
fn removed(answer: &str) -> bool {
    answer.contains("Removed dynamic logger channel")
}

/// Adding one says nothing where it works; a line of something else may come in between.
fn added(answer: &str) -> bool {
    !["Unable to create", "No such command", "Usage:", "failed."].iter().any(|no| answer.contains(no))
}

/// Removes files of channels.
fn clear(link: &Link, cx: &Cx, paths: &[PathBuf]) {
    let steps: Vec<Step> = paths.iter().map(|path| Step::Remove { path: path.clone() }).collect();
    if let Err(stopped) = link.host().act(cx, &steps) {
        cx.events.detail(&format!("a log file stays behind: {}", stopped.error));
    }
}
