//! Files a person names: read to their end, or written whole. A pipe that nobody serves is waited for
//! until a signal comes.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::cx::Cancel;
use crate::error::{Code, Error, Result};

/// How long a wait goes on before it is asked whether a signal came.
const TICK: Duration = Duration::from_millis(100);

/// Reads a file, or standard input where it is `-`; more than `most` bytes are refused.
pub fn read(cancel: &Cancel, path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>> {
    if path == Path::new("-") {
        return stdin(cancel, most);
    }
    let file = opened(OpenOptions::new().read(true), path);
    to_end(cancel, file.map_err(|error| Error::io("read", path, error))?.as_fd(), path, most)
}

/// Reads standard input; more than `most` bytes are refused.
pub fn stdin(cancel: &Cancel, most: usize) -> Result<Zeroizing<Vec<u8>>> {
    to_end(cancel, io::stdin().as_fd(), Path::new("standard input"), most)
}

/// Opens it at once: opening a pipe would wait for its other end, whatever signal comes.
fn opened(how: &mut OpenOptions, path: &Path) -> io::Result<File> {
    how.custom_flags(OFlags::NONBLOCK.bits() as i32).open(path)
}

/// That a signal came before anything was done.
pub fn interrupted() -> Error {
    Error::new(Code::Interrupted, "interrupted; nothing is changed")
}

fn to_end(cancel: &Cancel, input: BorrowedFd, name: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |error: Errno| Error::io("read", name, error.into());
    let tick = Timespec { tv_sec: 0, tv_nsec: TICK.as_nanos() as i64 };
    let mut out = Zeroizing::new(Vec::new());
    let mut part = Zeroizing::new([0u8; 1 << 16]);
    loop {
        if cancel.is_set() {
            return Err(interrupted());
        }
        match poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&tick)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Err(error) => return Err(failed(error)),
            Ok(_) => {}
        }
        match rustix::io::read(input, &mut *part) {
            Ok(0) => return Ok(out),
            Ok(count) => out.extend_from_slice(&part[..count]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(failed(error)),
        }
        if out.len() > most {
            return Err(Error::usage(format!("{} has more than {} MiB", name.display(), most >> 20)));
        }
    }
}

/// Writes a file beside and renames it, so that nobody sees half of it. A pipe or a device is written to,
/// and a name that points to a file stays one; where none but the owner may read it, it must be a file.
pub fn write(cancel: &Cancel, path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let path = match path.metadata() {
        Ok(meta) if !meta.is_file() && mode & 0o077 == 0 => {
            return Err(Error::usage(format!("{} is no file", path.display())).hint("passwords go into a file"));
        }
        Ok(meta) if !meta.is_file() => return write_to(cancel, path, bytes),
        Ok(_) => &path.canonicalize().map_err(|error| Error::io("write", path, error))?,
        Err(_) => path,
    };
    let name = path.file_name().ok_or_else(|| Error::usage(format!("{} is no file", path.display())))?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(beside);
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        Error::io("write", path, error)
    })
}

/// Writes into what is there, once somebody reads it.
fn write_to(cancel: &Cancel, path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: io::Error| Error::io("write", path, error);
    let mut to = loop {
        match opened(OpenOptions::new().write(true), path) {
            Ok(file) => break file,
            Err(error) if error.raw_os_error() != Some(Errno::NXIO.raw_os_error()) => return Err(failed(error)),
            Err(_) if cancel.is_set() => return Err(interrupted()),
            Err(_) => thread::sleep(TICK),
        }
    };
    fcntl_setfl(&to, OFlags::empty()).map_err(|error| failed(error.into()))?;
    to.write_all(bytes).map_err(failed)
}
