//! A host whose absolute paths are looked up under a folder: a checkout, an image being built.
//!
//! Only files move; programs and sockets are those of the host itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Command, File, Guard, Host, Locked, Output, Socket, Step, Stopped, Stream, Want};
use crate::cx::Cx;
use crate::error::Result;

/// A host seen from a folder of it.
pub struct Rooted {
    host: Arc<dyn Host>,
    root: PathBuf,
}

impl Rooted {
    /// Looks every path that is not under `root` (without symbolic links) up under it.
    pub fn new(host: Arc<dyn Host>, root: PathBuf) -> Self {
        Self { host, root }
    }

    fn under(&self, path: &Path) -> PathBuf {
        match (path.starts_with(&self.root), path.strip_prefix("/")) {
            (false, Ok(rest)) => self.root.join(rest),
            _ => path.to_owned(),
        }
    }

    fn wants(&self, wants: &[Want]) -> Vec<Want> {
        let moved = wants.iter().map(|want| match want {
            Want::File(path) => Want::File(self.under(path)),
            Want::Glob(path) => Want::Glob(self.under(path)),
            Want::Meta(path) => Want::Meta(self.under(path)),
            Want::Folder(path) => Want::Folder(self.under(path)),
        });
        moved.collect()
    }

    fn step(&self, step: &Step) -> Step {
        let mut step = step.clone();
        match &mut step {
            Step::MakeFolder { path, .. }
            | Step::Append { path, .. }
            | Step::Expect { path, .. }
            | Step::InPlace { path, .. }
            | Step::Remove { path }
            | Step::RemoveFolder { path }
            | Step::Touch { path }
            | Step::SyncFolder { path } => *path = self.under(path),
            Step::Create { path, like, .. } => {
                *path = self.under(path);
                *like = like.as_deref().map(|like| self.under(like));
            }
            Step::Stamps { path, of, .. } => {
                *path = self.under(path);
                of.iter_mut().flatten().for_each(|file| *file = self.under(file));
            }
            Step::Link { from, to } | Step::Rename { from, to } => {
                *from = self.under(from);
                *to = self.under(to);
            }
        }
        step
    }
}

/// What was read, under the names it was asked for by.
fn named(wants: &[Want], mut found: Vec<Vec<File>>) -> Vec<Vec<File>> {
    for (want, files) in wants.iter().zip(&mut found) {
        if let (Want::File(path) | Want::Meta(path), [file]) = (want, &mut files[..]) {
            file.path.clone_from(path);
        }
    }
    found
}

impl Host for Rooted {
    fn read(&self, cx: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        let found = self.host.read(cx, &self.wants(wants))?;
        Ok(named(wants, found))
    }

    fn foresee(&self, wants: &[Want]) {
        self.host.foresee(&self.wants(wants));
    }

    fn is_far(&self) -> bool {
        self.host.is_far()
    }

    fn act(&self, cx: &Cx, steps: &[Step]) -> Result<(), Stopped> {
        let steps: Vec<Step> = steps.iter().map(|step| self.step(step)).collect();
        self.host.act(cx, &steps)
    }

    fn run(&self, cx: &Cx, commands: &[Command]) -> Result<Vec<Output>> {
        self.host.run(cx, commands)
    }

    fn connect(&self, cx: &Cx, socket: &Socket) -> std::io::Result<Box<dyn Stream>> {
        self.host.connect(cx, socket)
    }

    fn lock(&self, cx: &Cx, folder: &Path) -> Result<Box<dyn Guard>> {
        self.host.lock(cx, &self.under(folder))
    }

    fn act_and_read(&self, cx: &Cx, steps: &[Step], wants: &[Want]) -> Result<Vec<Vec<File>>, Stopped> {
        let steps: Vec<Step> = steps.iter().map(|step| self.step(step)).collect();
        let found = self.host.act_and_read(cx, &steps, &self.wants(wants))?;
        Ok(named(wants, found))
    }

    fn lock_and_read(&self, cx: &Cx, folder: &Path, wants: &[Want]) -> Result<Locked> {
        let (guard, found) = self.host.lock_and_read(cx, &self.under(folder), &self.wants(wants))?;
        Ok((guard, named(wants, found)))
    }

    fn clock(&self) -> (i64, u32) {
        self.host.clock()
    }

    fn stays(&self) -> bool {
        false
    }

    fn user(&self) -> u32 {
        self.host.user()
    }

    fn sees_lists(&self) -> bool {
        self.host.sees_lists()
    }

    fn ephemeral(&self, folder: &Path) -> bool {
        self.host.ephemeral(&self.under(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::Silent;
    use crate::host::{Content, local::Local};

    #[test]
    fn an_absolute_path_is_read_and_written_under_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("etc")).unwrap();
        std::fs::write(root.join("etc/a.conf"), "x").unwrap();
        let host = Rooted::new(Arc::new(Local), root.clone());
        let cx = Cx::new(&Silent);
        for path in [PathBuf::from("/etc/a.conf"), root.join("etc/a.conf")] {
            let found = host.read(&cx, &[Want::File(path.clone())]).unwrap();
            assert_eq!(found[0][0].path, path);
            assert!(matches!(&found[0][0].content, Content::There { bytes, .. } if &bytes[..] == b"x"));
        }
        let (from, to) = (PathBuf::from("/etc/a.conf"), PathBuf::from("/etc/b.conf"));
        host.act(&cx, &[Step::Rename { from, to }]).unwrap();
        assert!(root.join("etc/b.conf").exists());
    }
}
