//! One change at a time in a configuration folder: flock(2) on the folder itself, and, where the
//! file system has none, an exclusive folder `.sipctl.lock/` in it that every run honours.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::super::Guard;
use crate::cx::Cx;
use crate::error::{Code, Error, Result};

/// The stand-in for flock.
const STAND_IN: &str = ".sipctl.lock";
/// The longest pause between two tries: a crowd waits, so it must be short.
const PAUSE: Duration = Duration::from_millis(10);

/// The lock goes when the open folder does.
struct Flock {
    _folder: File,
}

impl Guard for Flock {}

/// The exclusive folder goes when this does.
struct Exclusive {
    path: PathBuf,
}

impl Guard for Exclusive {}

impl Drop for Exclusive {
    fn drop(&mut self) {
        // A folder that stays is found stale by the next run: our process is gone by then.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Takes the lock of `folder`, waiting for up to `cx.timeouts.wait`.
pub(super) fn take(cx: &Cx, folder: &Path) -> Result<Box<dyn Guard>> {
    let open = File::open(folder).map_err(|e| Error::io("open", folder, e))?;
    let stand_in = folder.join(STAND_IN);
    let mut wait = Wait::new(cx, folder);
    loop {
        match open.try_lock() {
            Ok(()) => {
                // Somebody whose view of this folder has no flock may be at work.
                while let Some(holder) = held(&stand_in) {
                    wait.pause(Some(&holder))?;
                }
                return Ok(Box::new(Flock { _folder: open }));
            }
            Err(TryLockError::WouldBlock) => wait.pause(None)?,
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => cx.check()?,
            Err(TryLockError::Error(_)) => return exclusive(&mut wait, &stand_in),
        }
    }
}

fn exclusive(wait: &mut Wait, path: &Path) -> Result<Box<dyn Guard>> {
    loop {
        match make(path) {
            Ok(true) => return Ok(Box::new(Exclusive { path: path.to_owned() })),
            Ok(false) => {
                if let Some(holder) = held(path) {
                    wait.pause(Some(&holder))?;
                }
            }
            Err(error) => return Err(Error::failed(format!("cannot make {}", path.display())).because(error)),
        }
    }
}

/// Makes the exclusive folder with its holder in it, at one moment; false when somebody has it.
fn make(path: &Path) -> io::Result<bool> {
    let own = path.with_file_name(format!("{STAND_IN}-{}", std::process::id()));
    fs::create_dir(&own)?;
    let made = fs::write(own.join("holder"), serde_json::to_vec(&Holder::me())?).and_then(|()| fs::rename(&own, path));
    match made {
        Ok(()) => Ok(true),
        Err(error) => {
            fs::remove_dir_all(&own)?;
            match error.kind() {
                ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists => Ok(false),
                _ => Err(error),
            }
        }
    }
}

/// Who holds the exclusive folder, if anybody: what a dead process left is taken away.
fn held(path: &Path) -> Option<Holder> {
    let bytes = fs::read(path.join("holder")).ok()?;
    // What cannot be understood comes from a newer version, which may be alive.
    let holder: Holder = serde_json::from_slice(&bytes).unwrap_or_default();
    if !holder.dead(&Holder::me()) {
        return Some(holder);
    }
    // Of several who found it stale one moves it away; what he moved must be what was stale.
    let aside = path.with_file_name(format!("{STAND_IN}-stale-{}", std::process::id()));
    if fs::rename(path, &aside).is_ok() {
        if fs::read(aside.join("holder")).is_ok_and(|now| now == bytes) {
            let _ = fs::remove_dir_all(&aside);
        } else {
            let _ = fs::rename(&aside, path);
        }
    }
    None
}

/// Who made an exclusive folder: enough to know, on the same machine, that he is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    /// The boot of the machine.
    boot: String,
    /// The namespace the pid counts in.
    space: String,
    /// The machine's name.
    host: String,
}

impl Holder {
    fn me() -> Self {
        let line = |path| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        Self {
            pid: std::process::id(),
            boot: line("/proc/sys/kernel/random/boot_id"),
            space: space.to_string_lossy().into_owned(),
            host: line("/proc/sys/kernel/hostname"),
        }
    }

    fn dead(&self, me: &Self) -> bool {
        let rebooted = self.boot != me.boot;
        let ended = self.space == me.space && !Path::new("/proc").join(self.pid.to_string()).exists();
        self.host == me.host && !self.boot.is_empty() && (rebooted || ended)
    }
}

/// Waits with growing pauses, says so once, and gives up in time.
struct Wait<'a> {
    cx: &'a Cx<'a>,
    folder: &'a Path,
    until: Instant,
    pause: Duration,
}

impl<'a> Wait<'a> {
    fn new(cx: &'a Cx<'a>, folder: &'a Path) -> Self {
        Self { cx, folder, until: cx.deadline(cx.timeouts.wait), pause: Duration::ZERO }
    }

    fn pause(&mut self, holder: Option<&Holder>) -> Result<()> {
        self.cx.check()?;
        let folder = self.folder.display();
        if Instant::now() >= self.until {
            let limit = humantime::format_duration(self.cx.timeouts.wait);
            let error = Error::new(Code::Retry, format!("somebody else has been changing {folder} for {limit}"));
            return Err(match holder {
                Some(holder) => error.hint(format!(
                    "process {} on {} holds it; if that is gone: rm -r {folder}/{STAND_IN}",
                    holder.pid, holder.host
                )),
                None => error.hint(format!("see who: fuser -v {folder}")).hint("wait longer with: --wait 2m"),
            });
        }
        if self.pause.is_zero() {
            self.cx.events.progress(&format!("waiting: somebody else is changing {folder}"));
        }
        self.pause = (self.pause * 2).clamp(Duration::from_millis(1), PAUSE);
        thread::sleep(self.pause);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::Silent;

    fn impatient() -> Cx<'static> {
        let mut cx = Cx::new(&Silent);
        cx.timeouts.wait = Duration::from_millis(60);
        cx
    }

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let cx = impatient();
        let first = take(&cx, folder.path()).unwrap();
        assert_eq!(take(&cx, folder.path()).err().map(|e| e.code), Some(Code::Retry));
        drop(first);
        take(&cx, folder.path()).unwrap();
    }

    #[test]
    fn the_stand_in_is_honoured_and_found_stale() {
        let folder = tempfile::tempdir().unwrap();
        let (cx, path) = (impatient(), folder.path().join(STAND_IN));
        let held = exclusive(&mut Wait::new(&cx, folder.path()), &path).unwrap();
        assert_eq!(take(&cx, folder.path()).err().map(|e| e.code), Some(Code::Retry));
        assert_eq!(exclusive(&mut Wait::new(&cx, folder.path()), &path).err().map(|e| e.code), Some(Code::Retry));
        drop(held);
        take(&cx, folder.path()).unwrap();

        let mut gone = std::process::Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let leave = |holder: &Holder| {
            fs::create_dir(&path).unwrap();
            fs::write(path.join("holder"), serde_json::to_vec(holder).unwrap()).unwrap();
        };
        leave(&Holder { pid: gone.id(), ..Holder::me() });
        drop(exclusive(&mut Wait::new(&cx, folder.path()), &path).unwrap());
        leave(&Holder { boot: "before".into(), ..Holder::me() });
        drop(take(&cx, folder.path()).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        leave(&Holder { boot: "before".into(), host: "another".into(), ..Holder::me() });
        assert_eq!(take(&cx, folder.path()).err().map(|e| e.code), Some(Code::Retry));
    }
}
