//! Reloading, and knowing that it happened.
//!
//! The engine reports success whatever it dropped, and `core reload` does nothing at all, without a
//! word, while another reload runs. So: a log channel of our own, `module reload res_pjsip.so`
//! inside it (that one says when another reload is under way), then `core reload`. A full reload
//! frees every added log channel (observed on 16.28 and 22.10): our channel being gone is the proof
//! that a full reload ran after our files were in place.

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

const FULL: &str = "core reload";
const WATCHED: &str = "module reload res_pjsip.so";
/// What the names of our log channels begin with.
const OURS: &str = "sipctl-";

/// Reloads; with it, why the log is not known if it is not.
pub fn reload(link: &mut Link, cx: &Cx, wanted: &Reload) -> Result<(Reloaded, Option<String>)> {
    let start = Instant::now();
    link.one(cx, "core waitfullybooted", cx.timeouts.reload)?;
    let folders = folders(link, cx)?;
    let full = !wanted.only_narrow || wanted.narrow.is_empty();
    let watched = if wanted.narrow.is_empty() { vec![WATCHED.to_owned()] } else { wanted.narrow.clone() };

    let mut channel = Channel::open(link, cx, &folders)?;
    let done = watch(link, cx, &watched, full, &mut channel, &folders);
    // Nothing of ours stays behind. A daemon that died took its channels along; for one that hangs the
    // next reload removes what is left.
    let silent = done.as_ref().is_err_and(|e| Broken::of(e).is_some());
    let tidied = if silent { Ok(()) } else { channel.close(link, &cx.uncancellable()) };
    let log = done?;
    tidied?;

    let command = if full { FULL.to_owned() } else { watched.join(", ") };
    let (log, blind) = match log {
        Ok(log) => (log, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    Ok((Reloaded { command, took: start.elapsed(), log }, blind))
}

type Log = std::result::Result<Vec<String>, String>;

fn watch(
    link: &mut Link,
    cx: &Cx,
    commands: &[String],
    full: bool,
    channel: &mut Channel,
    folders: &[PathBuf],
) -> Result<Log> {
    let until = cx.deadline(cx.timeouts.wait);
    loop {
        for command in commands {
            narrow(link, cx, command, until)?;
        }
        // Somebody's full reload in between freed the channel: nobody watched.
        if channel.path.is_none() || channel.is_there(link, cx)? || Instant::now() > until {
            break;
        }
        channel.close(link, cx)?;
        *channel = Channel::open(link, cx, folders)?;
    }
    let log = channel.read(link, cx);
    if full {
        whole(link, cx, channel, until)?;
    }
    Ok(log)
}

/// One reload of a module, repeated while another one is under way.
fn narrow(link: &mut Link, cx: &Cx, command: &str, until: Instant) -> Result<()> {
    loop {
        let answer = link.one(cx, command, cx.timeouts.reload)?;
        let said = answer.trim();
        if said.contains("already in progress") {
            wait(cx, until)?;
            continue;
        }
        let refused = [
            "No such ",
            "does not support reload",
            "reported a reload failure",
            "was not properly initialized",
            "Failed to ",
        ];
        if refused.iter().any(|words| said.contains(words)) {
            let line = said.lines().next().unwrap_or_default();
            return Err(Error::new(Code::Refused, format!("the engine refused `{command}`: {line}")));
        }
        return Ok(());
    }
}

/// A full reload, repeated until one ran.
fn whole(link: &mut Link, cx: &Cx, channel: &Channel, until: Instant) -> Result<()> {
    loop {
        let start = Instant::now();
        link.one(cx, FULL, cx.timeouts.reload)?;
        let ran = match &channel.path {
            Some(_) => !channel.is_there(link, cx)?,
            // Without a channel the engine's clock must do; it counts whole seconds.
            None => {
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

/// A log channel of our own.
struct Channel {
    /// Its file; none where the engine could not make one.
    path: Option<PathBuf>,
}

impl Channel {
    /// Adds one, after removing what a run that was killed left behind.
    fn open(link: &mut Link, cx: &Cx, folders: &[PathBuf]) -> Result<Self> {
        let left = listed(link, cx)?;
        if !left.is_empty() {
            remove(link, cx, &left)?;
        }
        let name = format!("{OURS}{}.log", secret::salt()?);
        for folder in folders {
            let path = folder.join(&name);
            let channel = path.display().to_string();
            let answer = link.one(
                cx,
                &format!("logger add channel {} error,warning,notice", word(&channel)),
                cx.timeouts.question,
            )?;
            let opened = Self { path: Some(path) };
            if answer.trim().is_empty() && opened.is_there(link, cx)? {
                return Ok(opened);
            }
        }
        Ok(Self { path: None })
    }

    fn is_there(&self, link: &mut Link, cx: &Cx) -> Result<bool> {
        let listed = listed(link, cx)?;
        Ok(self.path.as_ref().is_some_and(|path| listed.contains(path)))
    }

    /// What it holds; the engine logs from a thread of its own, so once it has come to rest.
    fn read(&self, link: &Link, cx: &Cx) -> Log {
        let Some(path) = &self.path else {
            return Err("the engine could not add a log channel".to_owned());
        };
        let mut before: Option<usize> = None;
        for _ in 0..20 {
            let found = link.host().read(cx, &[Want::File(path.clone())]).map_err(|e| e.line())?;
            match found.into_iter().flatten().next().map(|file| file.content) {
                Some(Content::There { bytes, .. }) => {
                    // The first line, the version, comes with the first message.
                    if before == Some(bytes.len()) {
                        return Ok(log::lines(&bytes));
                    }
                    before = Some(bytes.len());
                }
                Some(Content::Unreadable(why)) => {
                    return Err(format!("its log {} cannot be read: {why}", path.display()));
                }
                _ => return Err(format!("its log {} is not there for us", path.display())),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("its log does not come to rest".to_owned())
    }

    fn close(&self, link: &mut Link, cx: &Cx) -> Result<()> {
        match &self.path {
            Some(path) => remove(link, cx, std::slice::from_ref(path)),
            None => Ok(()),
        }
    }
}

/// Our channels that the engine has now.
fn listed(link: &mut Link, cx: &Cx) -> Result<Vec<PathBuf>> {
    let answer = link.one(cx, "logger show channels", cx.timeouts.question)?;
    let ours = |path: &&Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(OURS));
    let first = answer.lines().filter_map(|line| line.split_whitespace().next()).map(Path::new);
    Ok(first.filter(ours).map(Path::to_owned).collect())
}

/// Removes channels (one that is gone already is fine) and their files.
fn remove(link: &mut Link, cx: &Cx, paths: &[PathBuf]) -> Result<()> {
    let commands: Vec<String> =
        paths.iter().map(|path| format!("logger remove channel {}", word(&path.display().to_string()))).collect();
    let removed = link.ask(cx, &commands);
    let steps: Vec<Step> = paths.iter().map(|path| Step::Remove { path: path.clone() }).collect();
    if let Err(stopped) = link.host().act(cx, &steps) {
        cx.events.detail(&format!("a log file stays behind: {}", stopped.error));
    }
    removed.map(|_| ())
}
