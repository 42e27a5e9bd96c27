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
use super::{live, log};
use crate::cx::Cx;
use crate::engine::{Reload, Reloaded};
use crate::error::{Code, Error, Result};
use crate::host::{Command, Content, Want};
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

const RESTLESS: &str = "its log does not come to rest, or lacks the line of the reload";

/// Prints the file $0 once it holds the line $1 and has not grown between two of at most $2 looks.
const AT_REST: &str = "n=0 was=
while [ $n -lt $2 ]; do
now=$(wc -c <\"$0\") || exit 3
if [ \"$now\" = \"$was\" ] && grep -qF -- \"$1\" \"$0\"; then exec cat -- \"$0\"; fi
was=$now n=$((n + 1))
sleep 0.05 2>/dev/null || sleep 1
done
exit 4";

/// What says that another reload is under way; the second, that the engine is still starting.
pub const BUSY: [&str; 2] = ["already in progress", "request queued"];

/// The commands of a reload, in their order.
pub fn commands(wanted: &Reload) -> Vec<String> {
    let narrow = if wanted.narrow.is_empty() { vec![WATCHED.to_owned()] } else { wanted.narrow.clone() };
    let full = !wanted.only_narrow || wanted.narrow.is_empty();
    narrow.into_iter().chain(full.then(|| FULL.to_owned())).collect()
}

/// Reloads; with it, why the log is not known if it is not. `known` are the folders for logs, `next`
/// the questions that follow.
pub fn reload(
    link: &mut Link,
    cx: &Cx,
    wanted: &Reload,
    known: Option<&[PathBuf]>,
    next: &[String],
) -> Result<(Reloaded, Option<String>)> {
    let start = Instant::now();
    link.foresee(Vec::new());
    let folders = match known {
        Some(folders) => folders.to_vec(),
        None => live::folders(&link.one(cx, live::SETTINGS, cx.timeouts.question)?),
    };
    let full = !wanted.only_narrow || wanted.narrow.is_empty();
    let watched = if wanted.narrow.is_empty() { vec![WATCHED.to_owned()] } else { wanted.narrow.clone() };

    tidy(link, cx, &folders)?;
    let until = cx.deadline(cx.timeouts.wait);
    let log = watch(link, cx, &watched, &folders, Rest { full, next, until })?;
    let command = if full { FULL.to_owned() } else { watched.join(", ") };
    let (log, blind) = match log {
        Ok(log) => (log, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    Ok((Reloaded { command, took: start.elapsed(), log }, blind))
}

type Log = std::result::Result<Vec<String>, String>;

/// What follows the watched part of a reload.
#[derive(Clone, Copy)]
struct Rest<'r> {
    /// Whether a full reload comes after it.
    full: bool,
    /// The questions that come last.
    next: &'r [String],
    /// When to give up.
    until: Instant,
}

/// The watched part of a reload and what follows it: what was logged, or why that is not known.
fn watch(link: &mut Link, cx: &Cx, commands: &[String], folders: &[PathBuf], rest: Rest) -> Result<Log> {
    for (channel, add) in Channel::candidates(folders)? {
        // Where it cannot be added they ran unwatched, and do so once more.
        let questions = [&[add], commands].concat();
        let said = link.ask_patiently(cx, &questions, cx.timeouts.reload);
        let reloaded = said.and_then(|said| {
            let mut pairs = commands.iter().zip(said.iter().skip(1));
            let mut all = || pairs.try_for_each(|(command, said)| narrow(link, cx, command, said, rest.until));
            said.first().is_some_and(|said| added(said)).then(&mut all).transpose()
        });
        let log = match &reloaded {
            Ok(None) => continue,
            Ok(Some(())) => channel.read(link, cx, commands),
            Err(_) => Ok(Vec::new()),
        };
        let was_there = channel.end(link, cx, reloaded.map(drop), rest)?;
        return match was_there || Instant::now() > rest.until {
            true => Ok(log),
            // Somebody's full reload in between freed the channel: nobody watched.
            false => watch(link, cx, commands, folders, rest),
        };
    }
    for command in commands {
        let said = link.one(cx, command, cx.timeouts.reload)?;
        narrow(link, cx, command, &said, rest.until)?;
    }
    if rest.full {
        while !ran(link, cx)? {
            wait(cx, rest.until)?;
        }
    }
    Ok(Err("the engine could not add a log channel".to_owned()))
}

/// What was said to the reload of a module, which is repeated while another one is under way.
fn narrow(link: &mut Link, cx: &Cx, command: &str, said: &str, until: Instant) -> Result<()> {
    let mut said = said.trim().to_owned();
    while BUSY.iter().any(|busy| said.contains(busy)) {
        wait(cx, until)?;
        said = link.one(cx, command, cx.timeouts.reload)?.trim().to_owned();
    }
    let refused = said.starts_with("No such command ") || said.starts_with("Failed to ");
    let unsuccessful = command.starts_with("module reload ") && !said.contains("successfully");
    if refused || unsuccessful {
        let line = said.lines().next().unwrap_or("it says nothing");
        return Err(Error::new(Code::Refused, format!("the engine refused `{command}`: {line}")));
    }
    Ok(())
}

/// A full reload that no channel tells about: the engine's clock must do, which counts whole seconds.
fn ran(link: &mut Link, cx: &Cx) -> Result<bool> {
    let start = Instant::now();
    link.one(cx, FULL, cx.timeouts.reload)?;
    let uptime = link.one(cx, "core show uptime seconds", cx.timeouts.question)?;
    let ago = labelled(&uptime, "Last reload:").and_then(|s| s.parse().ok()).unwrap_or(u64::MAX);
    Ok(ago <= start.elapsed().as_secs() + 1)
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

/// A log channel of our own: its file.
struct Channel(PathBuf);

impl Channel {
    /// What could be added, with the command that does it.
    fn candidates(folders: &[PathBuf]) -> Result<Vec<(Self, String)>> {
        let name = format!("{OURS}{}.log", secret::salt()?);
        let paths = folders.iter().map(|folder| folder.join(&name));
        let commands = paths.map(|path| {
            let command = addition(&path);
            (Self(path), command)
        });
        Ok(commands.filter(|(_, command)| can_be_asked(command)).collect())
    }

    /// Removes the channel, and has the full reload run between that and another one like it: a full
    /// reload frees it. Whether the engine still had the first.
    fn around(&self, link: &mut Link, cx: &Cx, rest: Rest) -> Result<bool> {
        let (add, remove) = (addition(&self.0), removal(&self.0));
        let questions = [remove.clone(), add, FULL.to_owned(), remove];
        let mut was_there = None;
        loop {
            link.foresee(rest.next.to_vec());
            let answers = link.ask_patiently(cx, &questions, cx.timeouts.reload)?;
            let [first, second, _, last] = &answers[..] else { return Ok(false) };
            let was_there = *was_there.get_or_insert(removed(first));
            let read = match added(second) {
                true => !removed(last),
                false => {
                    // What was answered was answered before the reload that counts.
                    link.foresee(Vec::new());
                    ran(link, cx)?
                }
            };
            if read {
                return Ok(was_there);
            }
            wait(cx, rest.until)?;
        }
    }

    /// What it holds, once it has come to rest: the engine logs from a thread of its own. Where
    /// res_pjsip was reloaded, the line it writes on every reload has to be there first.
    fn read(&self, link: &Link, cx: &Cx, commands: &[String]) -> Log {
        let pjsip = commands.iter().any(|command| command == WATCHED);
        if link.host().is_far() {
            return self.read_there(link, cx, pjsip);
        }
        let path = self.0.display();
        let start = Instant::now();
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
            // Once all may be there the next look is taken when it can tell.
            let pause = if begun { CALM.saturating_sub(since.elapsed()) } else { LOOK };
            std::thread::sleep(pause);
        }
        Err(RESTLESS.to_owned())
    }

    /// The same in one exchange: the host looks for itself.
    fn read_there(&self, link: &Link, cx: &Cx, pjsip: bool) -> Log {
        let line = if pjsip { log::RELOAD_LINE } else { "" };
        // It must not be silent for longer than an answer may take.
        let looks = (cx.timeouts.question.as_millis() / 100).min(100).to_string();
        let args = ["-c", AT_REST, &self.0.display().to_string(), line, &looks].map(str::to_owned);
        let command = Command { program: "sh".to_owned(), args: args.to_vec(), stdin: Vec::new() };
        let output = link.host().run(cx, &[command]).map_err(|e| e.line())?.pop();
        match output.map(|output| (output.status, output)) {
            Some((Some(0), output)) => Ok(log::lines(&output.stdout)),
            Some((Some(4), _)) | None => Err(RESTLESS.to_owned()),
            Some((_, output)) => {
                Err(format!("its log cannot be read: {}", String::from_utf8_lossy(&output.stderr).trim()))
            }
        }
    }

    /// Removes the channel and its file, also after a signal, with what follows a reload that went
    /// well; whether the engine still had it. A daemon that is gone took it along, and after one that
    /// hangs the next reload removes it.
    fn end(&self, link: &mut Link, cx: &Cx, done: Result<()>, rest: Rest) -> Result<bool> {
        let (calm, ours) = (cx.uncancellable(), std::slice::from_ref(&self.0));
        let ended = done.and_then(|()| match rest.full {
            true => self.around(link, cx, rest),
            false => {
                link.foresee(rest.next.to_vec());
                Ok(remove(link, &calm, ours)? == 1)
            }
        });
        match &ended {
            Ok(_) if rest.full => link.host().clear(cx, ours),
            Err(error) if Broken::of(error).is_none() => _ = remove(link, &calm, ours),
            _ => {}
        }
        ended
    }
}

/// What [`tidy`] reads.
pub fn left_behind(folders: &[PathBuf]) -> Vec<Want> {
    folders.iter().map(|folder| Want::Glob(folder.join(format!("{OURS}*.log")))).collect()
}

/// Removes what runs left behind that were killed. `logger show channels` cuts names after 35 bytes
/// (observed on 16.28 and 22.10), so the files have to tell.
fn tidy(link: &mut Link, cx: &Cx, folders: &[PathBuf]) -> Result<()> {
    let found = link.host().read(cx, &left_behind(folders))?;
    let left: Vec<PathBuf> = found.into_iter().flatten().map(|file| file.path).collect();
    remove(link, cx, &left).map(|_| ())
}

/// Removes channels and their files; how many of the channels the engine had.
fn remove(link: &mut Link, cx: &Cx, paths: &[PathBuf]) -> Result<usize> {
    let commands: Vec<String> = paths.iter().map(|path| removal(path)).collect();
    let answers = link.ask(cx, &commands);
    link.host().clear(cx, paths);
    Ok(answers?.iter().filter(|answer| removed(answer)).count())
}

fn addition(path: &Path) -> String {
    format!("logger add channel {} error,warning,notice", word(&path.display().to_string()))
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
