//! The local machine: its files, programs and sockets, and the lock of a configuration folder.

use std::fs::File as StdFile;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Command, File, Guard, Host, Output, Socket, Step, Stopped, Stream, Want};
use crate::cx::Cx;
use crate::error::Result;

pub(super) mod act;
pub(super) mod connect;
pub(super) mod like;
mod lock;
pub(super) mod read;
mod run;

/// The machine this program runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

impl Host for Local {
    fn read(&self, cx: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        let mut reader = read::Reader::default();
        wants
            .iter()
            .map(|want| {
                cx.check()?;
                let (Want::File(path) | Want::Glob(path) | Want::Meta(path) | Want::Folder(path)) = want;
                cx.events.detail(&format!("read {}", path.display()));
                Ok(reader.answer(want))
            })
            .collect()
    }

    fn act(&self, _cx: &Cx, steps: &[Step]) -> Result<(), Stopped> {
        act::all(steps)
    }

    fn run(&self, cx: &Cx, commands: &[Command]) -> Result<Vec<Output>> {
        commands.iter().map(|command| run::one(cx, command)).collect()
    }

    fn connect(&self, cx: &Cx, socket: &Socket) -> std::io::Result<Box<dyn Stream>> {
        connect::open(cx, socket)
    }

    fn lock(&self, cx: &Cx, folder: &Path) -> Result<Box<dyn Guard>> {
        lock::take(cx, folder)
    }

    fn clock(&self) -> (i64, u32) {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => (since.as_secs().cast_signed(), since.subsec_nanos()),
            Err(_) => (0, 0),
        }
    }

    fn user(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }
}

/// Makes the names in a folder durable. File systems that cannot sync a folder say so with EINVAL.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    match StdFile::open(path)?.sync_all() {
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}
