//! Hosts made of two: files here and the engine there, or a history that may lie on this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Command, File, Guard, Host, Locked, Output, Socket, Step, Stopped, Stream, Want};
use crate::cx::Cx;
use crate::error::Result;

/// A host whose files are read by an engine that runs on another: `console =` of the inventory.
pub struct Parted {
    /// Where the files are.
    pub files: Arc<dyn Host>,
    /// Where the engine runs.
    pub engine: Arc<dyn Host>,
    /// The configuration folder as it is seen there.
    pub folder: PathBuf,
}

impl Host for Parted {
    fn read(&self, cx: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        self.files.read(cx, wants)
    }

    fn foresee(&self, wants: &[Want]) {
        self.files.foresee(wants);
    }

    fn is_far(&self) -> bool {
        self.files.is_far()
    }

    fn act(&self, cx: &Cx, steps: &[Step]) -> Result<(), Stopped> {
        self.files.act(cx, steps)
    }

    fn run(&self, cx: &Cx, commands: &[Command]) -> Result<Vec<Output>> {
        self.files.run(cx, commands)
    }

    fn connect(&self, cx: &Cx, socket: &Socket) -> std::io::Result<Box<dyn Stream>> {
        self.files.connect(cx, socket)
    }

    fn lock(&self, cx: &Cx, folder: &Path) -> Result<Box<dyn Guard>> {
        self.files.lock(cx, folder)
    }

    fn clock(&self) -> (i64, u32) {
        self.files.clock()
    }

    fn user(&self) -> u32 {
        self.files.user()
    }

    fn act_and_read(&self, cx: &Cx, steps: &[Step], wants: &[Want]) -> Result<Vec<Vec<File>>, Stopped> {
        self.files.act_and_read(cx, steps, wants)
    }

    fn lock_and_read(&self, cx: &Cx, folder: &Path, wants: &[Want]) -> Result<Locked> {
        self.files.lock_and_read(cx, folder, wants)
    }

    fn sees_lists(&self) -> bool {
        self.files.sees_lists()
    }

    fn ephemeral(&self, folder: &Path) -> bool {
        self.files.ephemeral(folder)
    }

    fn engine(&self) -> Option<(&dyn Host, &Path)> {
        Some((self.engine.as_ref(), &self.folder))
    }
}

/// A host on which one folder is one of another host: the history of a PBX is kept beside it, or
/// in the state folder of whoever changes it.
pub struct Grafted {
    /// The host.
    pub host: Arc<dyn Host>,
    /// The folder that is another's.
    pub folder: PathBuf,
    /// Whose it is.
    pub other: Arc<dyn Host>,
}

impl Grafted {
    fn is_other(&self, path: &Path) -> bool {
        path.starts_with(&self.folder)
    }

    fn of(&self, path: &Path) -> &dyn Host {
        match self.is_other(path) {
            true => self.other.as_ref(),
            false => self.host.as_ref(),
        }
    }
}

impl Host for Grafted {
    fn read(&self, cx: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        // What belongs together is asked together; most often all of it does.
        let runs = wants.chunk_by(|a, b| self.is_other(a.path()) == self.is_other(b.path()));
        let mut found = Vec::new();
        for run in runs {
            found.extend(run.first().map_or(self.host.as_ref(), |want| self.of(want.path())).read(cx, run)?);
        }
        Ok(found)
    }

    fn foresee(&self, wants: &[Want]) {
        let far: Vec<Want> = wants.iter().filter(|want| !self.is_other(want.path())).cloned().collect();
        self.host.foresee(&far);
    }

    fn is_far(&self) -> bool {
        self.host.is_far()
    }

    /// A batch that touches the folder is wholly about it: its other steps make the way there.
    fn act(&self, cx: &Cx, steps: &[Step]) -> Result<(), Stopped> {
        let path = steps.iter().map(Step::path).find(|path| path.starts_with(&self.folder));
        path.map_or(self.host.as_ref(), |path| self.of(path)).act(cx, steps)
    }

    fn run(&self, cx: &Cx, commands: &[Command]) -> Result<Vec<Output>> {
        self.host.run(cx, commands)
    }

    fn connect(&self, cx: &Cx, socket: &Socket) -> std::io::Result<Box<dyn Stream>> {
        self.host.connect(cx, socket)
    }

    fn lock(&self, cx: &Cx, folder: &Path) -> Result<Box<dyn Guard>> {
        self.of(folder).lock(cx, folder)
    }

    fn act_and_read(&self, cx: &Cx, steps: &[Step], wants: &[Want]) -> Result<Vec<Vec<File>>, Stopped> {
        if steps.iter().map(Step::path).chain(wants.iter().map(Want::path)).any(|path| self.is_other(path)) {
            self.act(cx, steps)?;
            return self.read(cx, wants).map_err(|error| Stopped { done: steps.len(), error });
        }
        self.host.act_and_read(cx, steps, wants)
    }

    fn lock_and_read(&self, cx: &Cx, folder: &Path, wants: &[Want]) -> Result<Locked> {
        if std::iter::once(folder).chain(wants.iter().map(Want::path)).any(|path| self.is_other(path)) {
            let guard = self.lock(cx, folder)?;
            return Ok((guard, self.read(cx, wants)?));
        }
        self.host.lock_and_read(cx, folder, wants)
    }

    fn clock(&self) -> (i64, u32) {
        self.host.clock()
    }

    fn user(&self) -> u32 {
        self.host.user()
    }

    fn sees_lists(&self) -> bool {
        self.host.sees_lists()
    }

    fn ephemeral(&self, folder: &Path) -> bool {
        self.of(folder).ephemeral(folder)
    }

    fn engine(&self) -> Option<(&dyn Host, &Path)> {
        self.host.engine()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::Silent;
    use crate::host::Content;
    use crate::host::local::Local;
    use crate::host::rooted::Rooted;

    #[test]
    fn a_batch_goes_to_the_host_whose_folder_it_is_about() {
        let temp = tempfile::tempdir().unwrap();
        let (far, near) = (temp.path().join("far"), temp.path().join("near"));
        std::fs::create_dir_all(far.join("var")).unwrap();
        let host = Arc::new(Rooted::new(Arc::new(Local), far.clone()));
        let grafted = Grafted { host, folder: near.join("state"), other: Arc::new(Local) };
        let cx = Cx::new(&Silent);
        let make = |path: &Path| Step::MakeFolder { path: path.to_owned(), mode: 0o700 };
        grafted.act(&cx, &[make(&near), make(&near.join("state")), make(&near.join("state/a"))]).unwrap();
        grafted.act(&cx, &[make(Path::new("/var/b"))]).unwrap();
        assert!(near.join("state/a").is_dir() && far.join("var/b").is_dir());
        let wants = [Path::new("/var/b"), &near.join("state/a"), Path::new("/var/c")];
        let found = grafted.read(&cx, &wants.map(|path| Want::Meta(path.to_owned()))).unwrap();
        let there: Vec<bool> = found.iter().map(|f| matches!(f[0].content, Content::There { .. })).collect();
        assert_eq!(there, [true, true, false]);
    }

    /// A host that says which of its calls are made.
    struct Told(std::sync::Mutex<Vec<&'static str>>);

    impl Told {
        fn call(&self, name: &'static str) {
            self.0.lock().unwrap().push(name);
        }
    }

    impl Host for Told {
        fn read(&self, _: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
            self.call("read");
            Ok(wants.iter().map(|_| Vec::new()).collect())
        }

        fn act(&self, _: &Cx, _: &[Step]) -> Result<(), Stopped> {
            self.call("act");
            Ok(())
        }

        fn run(&self, _: &Cx, _: &[Command]) -> Result<Vec<Output>> {
            Ok(Vec::new())
        }

        fn connect(&self, _: &Cx, _: &Socket) -> std::io::Result<Box<dyn Stream>> {
            Err(std::io::ErrorKind::Unsupported.into())
        }

        fn lock(&self, _: &Cx, _: &Path) -> Result<Box<dyn Guard>> {
            Err(crate::error::Error::failed("no lock"))
        }

        fn act_and_read(&self, _: &Cx, _: &[Step], _: &[Want]) -> Result<Vec<Vec<File>>, Stopped> {
            self.call("act_and_read");
            Ok(Vec::new())
        }

        fn lock_and_read(&self, _: &Cx, _: &Path, _: &[Want]) -> Result<Locked> {
            self.call("lock_and_read");
            Err(crate::error::Error::failed("no lock"))
        }

        fn clock(&self) -> (i64, u32) {
            (0, 0)
        }

        fn ephemeral(&self, _: &Path) -> bool {
            true
        }
    }

    #[test]
    fn one_exchange_stays_one_where_only_one_host_is_asked() {
        let told = Arc::new(Told(std::sync::Mutex::default()));
        let host: Arc<dyn Host> = Arc::clone(&told) as _;
        let temp = tempfile::tempdir().unwrap();
        let grafted = Grafted { host, folder: temp.path().join("state"), other: Arc::new(Local) };
        let cx = Cx::new(&Silent);
        let touch = |path: &Path| [Step::Touch { path: path.to_owned() }];
        let (far, near) = (Path::new("/etc/a"), temp.path().join("state/a"));
        let meta = |path: &Path| [Want::Meta(path.to_owned())];
        grafted.act_and_read(&cx, &touch(far), &meta(far)).unwrap();
        grafted.act_and_read(&cx, &touch(far), &meta(&near)).unwrap();
        assert!(grafted.lock_and_read(&cx, far, &meta(far)).is_err());
        assert_eq!(*told.0.lock().unwrap(), ["act_and_read", "act", "lock_and_read"]);
        assert!(grafted.ephemeral(far) && !grafted.ephemeral(&near));
    }
}
