//! Takes the lock of a configuration folder of this machine.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::super::Guard;
use super::super::lock::{Holder, STAND_IN, Wait};
use crate::cx::Cx;
use crate::error::{Error, Result};

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
    let made = fs::write(own.join("holder"), serde_json::to_vec(&me())?).and_then(|()| fs::rename(&own, path));
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
    let holder = Holder::read(&bytes);
    if !holder.dead(&me(), there) {
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

fn me() -> Holder {
    let line = |path| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    Holder {
        pid: std::process::id(),
        boot: line("/proc/sys/kernel/random/boot_id"),
        space: space.to_string_lossy().into_owned(),
        host: line("/proc/sys/kernel/hostname"),
    }
}

fn there(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::Silent;
    use crate::error::Code;
    use std::time::Duration;

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
        leave(&Holder { pid: gone.id(), ..me() });
        drop(exclusive(&mut Wait::new(&cx, folder.path()), &path).unwrap());
        leave(&Holder { boot: "before".into(), ..me() });
        drop(take(&cx, folder.path()).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        leave(&Holder { boot: "before".into(), host: "another".into(), ..me() });
        assert_eq!(take(&cx, folder.path()).err().map(|e| e.code), Some(Code::Retry));
    }
}
