//! Every kind of Step, here and there, on twin folders.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sipctl::cx::{Cx, Silent};
use sipctl::host::far::Far;
use sipctl::host::local::Local;
use sipctl::host::{Content, Host, Meta, Step, Want};

use crate::office::wait_for;
use crate::shells::{all, far, plain_mv, shell};
use crate::wire::Wired;

/// A folder to work on, with names for what is in it.
struct Twin {
    _temp: tempfile::TempDir,
    path: PathBuf,
}

impl Twin {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().canonicalize().unwrap();
        fs::write(path.join("old"), "old text").unwrap();
        fs::set_permissions(path.join("old"), fs::Permissions::from_mode(0o640)).unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(path.join("old"), Some(12345), Some(54321)).unwrap();
        }
        fs::write(path.join("other"), "other").unwrap();
        fs::create_dir(path.join("folder")).unwrap();
        fs::write(path.join("folder/in it"), "x").unwrap();
        std::os::unix::fs::symlink("old", path.join("link")).unwrap();
        Self { _temp: temp, path }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn tree(&self) -> BTreeMap<PathBuf, String> {
        let mut out = BTreeMap::new();
        look(&self.path, &self.path, &mut out);
        out
    }

    fn meta(&self, name: &str) -> Meta {
        let found = Local.read(&Cx::new(&Silent), &[Want::Meta(self.at(name))]).unwrap();
        match &found[0][0].content {
            Content::There { meta, .. } => meta.clone(),
            other => panic!("{other:?}"),
        }
    }
}

fn look(root: &Path, folder: &Path, out: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, meta) = (entry.path(), entry.path().symlink_metadata().unwrap());
        let bytes = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        let told = format!(
            "{:o} {}:{} {} {}",
            meta.mode(),
            meta.uid(),
            meta.gid(),
            if meta.is_dir() { 0 } else { meta.nlink() },
            bytes.escape_ascii()
        );
        out.insert(path.strip_prefix(root).unwrap().to_owned(), told);
        if meta.is_dir() {
            look(root, &path, out);
        }
    }
}

type Batch = fn(&Twin) -> Vec<Step>;

fn create(path: PathBuf, bytes: &[u8], like: Option<PathBuf>) -> Step {
    Step::Create { path, bytes: bytes.into(), like, mode: 0o604 }
}

/// Batches with what they show.
fn batches() -> Vec<(&'static str, Batch)> {
    vec![
        ("a new file of all bytes", |t| {
            vec![create(t.at("new"), &(0..=255).collect::<Vec<u8>>(), None), create(t.at("empty"), b"", None)]
        }),
        ("a new file like another", |t| vec![create(t.at("new"), b"new", Some(t.at("old")))]),
        ("a file that is there", |t| vec![create(t.at("old"), b"new", None), create(t.at("never"), b"", None)]),
        ("a link that is there", |t| vec![create(t.at("link"), b"new", None)]),
        ("no folder for it", |t| vec![create(t.at("none/new"), b"new", None)]),
        ("no model", |t| vec![create(t.at("new"), b"new", Some(t.at("none")))]),
        ("many files, one of them there", |t| {
            let mut steps: Vec<Step> = (0..12).map(|n| create(t.at(&format!("n{n}")), b"n", None)).collect();
            steps.insert(10, create(t.at("old"), b"n", None));
            steps
        }),
        ("folders", |t| {
            vec![
                Step::MakeFolder { path: t.at("made"), mode: 0o711 },
                Step::MakeFolder { path: t.at("made"), mode: 0o700 },
                Step::MakeFolder { path: t.at("folder"), mode: 0o700 },
                Step::RemoveFolder { path: t.at("gone") },
                Step::SyncFolder { path: t.at("made") },
                Step::RemoveFolder { path: t.at("folder") },
            ]
        }),
        ("a folder on a file", |t| vec![Step::MakeFolder { path: t.at("old"), mode: 0o700 }]),
        ("appended", |t| {
            vec![
                Step::Append { path: t.at("old"), bytes: b"\0\xff".to_vec() },
                Step::Append { path: t.at("new"), bytes: b"first".to_vec() },
                Step::Append { path: t.at("none/new"), bytes: b"first".to_vec() },
            ]
        }),
        ("expected and so", |t| {
            vec![
                Step::Expect { path: t.at("old"), was: Some(t.meta("old")), bytes: b"old text".as_slice().into() },
                Step::Expect { path: t.at("none"), was: None, bytes: [].into() },
                Step::Remove { path: t.at("other") },
            ]
        }),
        ("expected other bytes", |t| {
            vec![Step::Expect { path: t.at("old"), was: Some(t.meta("old")), bytes: b"old texT".as_slice().into() }]
        }),
        ("expected another inode", |t| {
            let was = Meta { id: (t.meta("old").id.0, 1), ..t.meta("old") };
            vec![Step::Expect { path: t.at("old"), was: Some(was), bytes: b"old text".as_slice().into() }]
        }),
        ("expected another moment", |t| {
            let (seconds, nanos) = t.meta("old").mtime;
            let was = Meta { mtime: (seconds, (nanos + 1) % 1_000_000_000), ..t.meta("old") };
            vec![Step::Expect { path: t.at("old"), was: Some(was), bytes: b"old text".as_slice().into() }]
        }),
        ("expected nothing", |t| vec![Step::Expect { path: t.at("old"), was: None, bytes: [].into() }]),
        ("expected what is gone", |t| {
            let was = t.meta("old");
            let path = t.at("gone");
            vec![Step::Expect { path, was: Some(was), bytes: b"old text".as_slice().into() }]
        }),
        ("linked", |t| vec![Step::Link { from: t.at("old"), to: t.at("folder/twin") }]),
        ("linked to what is there", |t| vec![Step::Link { from: t.at("old"), to: t.at("other") }]),
        ("linked to a folder", |t| vec![Step::Link { from: t.at("old"), to: t.at("folder") }]),
        ("linked from nothing", |t| vec![Step::Link { from: t.at("none"), to: t.at("new") }]),
        ("renamed", |t| {
            vec![
                Step::Rename { from: t.at("old"), to: t.at("other") },
                Step::Rename { from: t.at("other"), to: t.at("folder/new") },
                Step::Rename { from: t.at("folder"), to: t.at("folder 2") },
            ]
        }),
        ("renamed over an empty folder", |t| {
            vec![
                Step::MakeFolder { path: t.at("empty"), mode: 0o755 },
                Step::Rename { from: t.at("folder"), to: t.at("empty") },
            ]
        }),
        ("renamed over a folder with something in it", |t| {
            vec![
                Step::MakeFolder { path: t.at("made"), mode: 0o755 },
                Step::Rename { from: t.at("made"), to: t.at("folder") },
            ]
        }),
        ("renamed over a link", |t| vec![Step::Rename { from: t.at("other"), to: t.at("link") }]),
        ("renamed over a folder", |t| vec![Step::Rename { from: t.at("old"), to: t.at("folder") }]),
        ("renamed from nothing", |t| vec![Step::Rename { from: t.at("none"), to: t.at("other") }]),
        ("written in place", |t| {
            vec![
                Step::Link { from: t.at("old"), to: t.at("twin") },
                Step::InPlace { path: t.at("old"), bytes: b"new".as_slice().into() },
                Step::InPlace { path: t.at("other"), bytes: vec![b'x'; 200_000].into() },
                Step::InPlace { path: t.at("folder/in it"), bytes: [].into() },
            ]
        }),
        ("written in place through a link", |t| {
            vec![Step::InPlace { path: t.at("link"), bytes: b"new".as_slice().into() }]
        }),
        ("written in place where nothing is", |t| {
            vec![Step::InPlace { path: t.at("none"), bytes: b"new".as_slice().into() }]
        }),
        ("removed", |t| {
            vec![
                Step::Remove { path: t.at("link") },
                Step::Remove { path: t.at("none") },
                Step::Remove { path: t.at("folder") },
            ]
        }),
        ("touched", |t| vec![Step::Touch { path: t.at("old") }, Step::Touch { path: t.at("none") }]),
        ("hostile names", |t| {
            let name = "-n 'a\"$(id)`id`\\\n*?[x]!\u{1}\u{7f}\u{81} ~%s;&|";
            vec![
                create(t.at(name), b"x", Some(t.at("old"))),
                Step::Append { path: t.at(name), bytes: b"y".to_vec() },
                Step::Link { from: t.at(name), to: t.at("-rf") },
                Step::Rename { from: t.at(name), to: t.at("$HOME") },
                Step::InPlace { path: t.at("$HOME"), bytes: b"in place".as_slice().into() },
                Step::Touch { path: t.at("-rf") },
            ]
        }),
    ]
}

#[test]
fn what_is_done_there_is_what_is_done_here() {
    let cx = Cx::new(&Silent);
    for (name, shell) in all().into_iter().chain([("plain mv".to_owned(), plain_mv())]) {
        let far = far(&shell);
        for (what, batch) in batches() {
            let (here, there) = (Twin::new(), Twin::new());
            let result = |twin: &Twin, host: &dyn Host| match host.act(&cx, &batch(twin)) {
                Ok(()) => "done".to_owned(),
                Err(stopped) => {
                    let error = stopped.error;
                    let said = format!("{} {:?} {} {:?}", stopped.done, error.code, error.line(), error.hints);
                    said.replace(twin.path.to_str().unwrap(), "DIR")
                }
            };
            let (one, two) = (result(&here, &Local), result(&there, &far));
            assert_eq!(one, two, "{name}: {what}");
            assert_eq!(here.tree(), there.tree(), "{name}: {what}");
        }
    }
}

#[test]
fn a_long_batch_is_heard_of_before_its_end() {
    let (cx, twin) = (Cx::new(&Silent), Twin::new());
    let wired = Wired::new(shell(&["/bin/sh"]));
    let (log, far) = (wired.log.clone(), Far::new(Box::new(wired)));
    far.read(&cx, &[Want::Meta(twin.at("old"))]).unwrap();
    let lines = || log.lock().unwrap().lines;
    let before = lines();
    // It stops at a pipe that nobody reads yet.
    let pipe = twin.at("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut steps = vec![Step::Touch { path: twin.at("old") }; 150];
    steps.push(Step::Append { path: pipe.clone(), bytes: b"x".to_vec() });
    std::thread::scope(|scope| {
        let batch = scope.spawn(|| far.act(&cx, &steps));
        // One that says where it begins is two.
        wait_for("a sign of life", || lines() > before + 2);
        assert!(!batch.is_finished());
        assert_eq!(fs::read(&pipe).unwrap(), b"x");
        // A pipe has no disk to be synced to.
        assert_eq!(batch.join().unwrap().unwrap_err().done, 150);
    });
}

#[test]
fn nothing_is_moved_into_a_folder_behind_a_link() {
    for (name, shell) in all().into_iter().chain([("plain mv".to_owned(), plain_mv())]) {
        let twin = Twin::new();
        std::os::unix::fs::symlink("folder", twin.at("way")).unwrap();
        let done = far(&shell).act(&Cx::new(&Silent), &[Step::Rename { from: twin.at("old"), to: twin.at("way") }]);
        assert_eq!(fs::read_dir(twin.at("folder")).unwrap().count(), 1, "{name}");
        let moved = fs::read_to_string(twin.at("way")).ok();
        assert_eq!(moved.as_deref(), done.is_ok().then_some("old text"), "{name}");
        assert!(done.is_ok() || twin.at("old").exists(), "{name}");
    }
}

/// The journal is the same file, whoever writes it: also where a moment begins with zeros.
#[test]
fn stamps_are_the_same_bytes_here_and_there() {
    let (cx, twin) = (Cx::new(&Silent), Twin::new());
    let moments = [(7, 0), (7, 5), (1_700_000_000, 70_000_001), (1_700_000_000, 999_999_999), (-3, 120_000_000)];
    let names = ["a b", "-n 'a\"$(id)`id`\\\n*?[x]!\u{1}\u{7f}\u{81} ~%s;&|", "-rf", "1.5", "empty"];
    for (name, (seconds, nanos)) in names.into_iter().zip(moments) {
        fs::write(twin.at(name), &name.as_bytes()[..name.len() % 5]).unwrap();
        let (tv_sec, tv_nsec) = (seconds, nanos);
        let moment = rustix::fs::Timespec { tv_sec, tv_nsec };
        let times = rustix::fs::Timestamps { last_access: moment, last_modification: moment };
        rustix::fs::utimensat(rustix::fs::CWD, twin.at(name), &times, rustix::fs::AtFlags::empty()).unwrap();
    }
    let odd = names.iter().map(|name| Some(twin.at(name))).chain([None, Some(twin.at("link"))]);
    let many = (0..2000).map(|n| Some(twin.at(names[n % names.len()])));
    let missing = [Some(twin.at("old")), Some(twin.at("none"))].into_iter();
    for of in [odd.collect(), many.collect(), missing.collect(), Vec::new()] {
        let stamped = |path: &Path, host: &dyn Host| {
            let (before, after) = ("{\"a'$b%s\":[".to_owned(), "]}\n".to_owned());
            let step = Step::Stamps { path: path.to_owned(), before, of: Vec::clone(&of), after };
            let said = host.act(&cx, &[step]).map_err(|stopped| format!("{} {}", stopped.done, stopped.error.line()));
            let text = fs::read_to_string(path).unwrap_or_default();
            let _ = fs::remove_file(path);
            (said, text)
        };
        let here = stamped(&twin.at("journal"), &Local);
        for (name, shell) in all() {
            assert_eq!(stamped(&twin.at("journal"), &far(&shell)), here, "{name}");
        }
    }
}
