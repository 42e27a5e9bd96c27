//! A power cut at every moment of a change: what was not synced is lost. A run is recorded call by
//! call and played onto a model of the tree that knows what is durable; whatever would be left
//! after each call is laid out again, and the next run must find it wholly old or wholly new. Renames,
//! links and removals last once their folder is synced; a new file lasts once it is synced itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::crash::{self, drive, driver};
use crate::standin::{Lab, code, codes, set};

const CALLS: &str =
    "openat,write,pwrite64,ftruncate,rename,link,linkat,unlink,unlinkat,mkdir,rmdir,fsync,fdatasync,syncfs";

/// A file: what it holds, and what of that is on the disk.
#[derive(Clone, Default)]
struct Inode {
    now: Vec<u8>,
    synced: Option<Vec<u8>>,
}

type Names = BTreeMap<PathBuf, usize>;

/// The tree below a root, as it is and as a power cut would leave it.
#[derive(Clone, Default)]
struct Model {
    inodes: Vec<Inode>,
    names: Names,
    durable: Names,
    folders: BTreeSet<PathBuf>,
    durable_folders: BTreeSet<PathBuf>,
    /// What there was in the beginning.
    first: Names,
    /// What new files were first called: the journal says what they were.
    born: BTreeMap<PathBuf, usize>,
}

/// What of that which was not synced reaches the disk all the same.
#[derive(Clone, Copy, Debug)]
enum Luck {
    Nothing,
    /// Names do, their bytes do not.
    Names,
    /// The names in the folder of the configuration only.
    Configuration,
}

impl Model {
    fn of(root: &Path) -> Self {
        let mut model = Self::default();
        let mut todo = vec![root.to_owned()];
        let mut known = BTreeMap::new();
        while let Some(folder) = todo.pop() {
            model.folders.insert(folder.clone());
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    todo.push(path);
                    continue;
                }
                let at = *known.entry(fs::metadata(&path).unwrap().ino()).or_insert_with(|| {
                    let bytes = fs::read(&path).unwrap();
                    model.inodes.push(Inode { now: bytes.clone(), synced: Some(bytes) });
                    model.inodes.len() - 1
                });
                model.names.insert(path, at);
            }
        }
        model.durable = model.names.clone();
        model.first = model.names.clone();
        model.durable_folders = model.folders.clone();
        model
    }

    /// Plays one call that succeeded.
    fn play(&mut self, call: &str, paths: &[PathBuf], bytes: &[u8], rest: &str) {
        let inode = paths.first().and_then(|path| self.names.get(path).copied());
        match (call, inode) {
            ("openat", None) if rest.contains("O_CREAT") => {
                self.inodes.push(Inode::default());
                self.names.insert(paths[0].clone(), self.inodes.len() - 1);
                self.born.insert(paths[0].clone(), self.inodes.len() - 1);
            }
            ("openat", Some(at)) if rest.contains("O_TRUNC") => self.inodes[at].now.clear(),
            ("write", Some(at)) => self.inodes[at].now.extend_from_slice(bytes),
            ("pwrite64", Some(at)) => {
                let now = &mut self.inodes[at].now;
                now.resize(now.len().max(bytes.len()), 0);
                now[..bytes.len()].copy_from_slice(bytes);
            }
            ("ftruncate", Some(at)) => {
                let length = rest.rsplit(", ").next().unwrap().parse().unwrap();
                self.inodes[at].now.truncate(length);
            }
            ("fsync" | "fdatasync", Some(at)) => {
                if self.inodes[at].synced.is_none() {
                    // A new file brings its name and its new folders along (ext4, xfs, btrfs).
                    self.durable.insert(paths[0].clone(), at);
                    self.durable_folders.extend(paths[0].ancestors().skip(1).map(Path::to_owned));
                }
                self.inodes[at].synced = Some(self.inodes[at].now.clone());
            }
            ("fsync" | "fdatasync", None) if self.folders.contains(&paths[0]) => self.sync_names(&paths[0]),
            ("syncfs", _) => {
                self.inodes.iter_mut().for_each(|inode| inode.synced = Some(inode.now.clone()));
                self.durable = self.names.clone();
                self.durable_folders = self.folders.clone();
            }
            ("rename", Some(at)) => {
                self.names.remove(&paths[0]);
                self.names.insert(paths[1].clone(), at);
            }
            ("rename", None) => {
                // A folder with what is in it: its files and names are durable where they were.
                let moved = |path: &PathBuf| path.strip_prefix(&paths[0]).map(|rest| paths[1].join(rest)).ok();
                let again = |names: &Names| -> Names {
                    names.iter().map(|(path, at)| (moved(path).unwrap_or_else(|| path.clone()), *at)).collect()
                };
                (self.names, self.durable) = (again(&self.names), again(&self.durable));
                self.folders = self.folders.iter().map(|path| moved(path).unwrap_or_else(|| path.clone())).collect();
            }
            ("link" | "linkat", Some(at)) => _ = self.names.insert(paths[1].clone(), at),
            ("unlink" | "unlinkat", Some(_)) => _ = self.names.remove(&paths[0]),
            ("mkdir", _) => _ = self.folders.insert(paths[0].clone()),
            ("rmdir" | "unlinkat", None) => _ = self.folders.remove(&paths[0]),
            _ => {}
        }
    }

    /// Whether what is on the disk of a file holds a text.
    fn holds(&self, path: &Path, text: &[u8]) -> bool {
        let synced = self.names.get(path).and_then(|at| self.inodes[*at].synced.as_ref());
        path.ends_with("journal") && synced.is_some_and(|bytes| bytes.windows(text.len()).any(|part| part == text))
    }

    fn sync_names(&mut self, folder: &Path) {
        let here = |path: &PathBuf| path.parent() == Some(folder);
        self.durable.retain(|path, _| !here(path));
        self.durable.extend(self.names.iter().filter(|(path, _)| here(path)).map(|(path, at)| (path.clone(), *at)));
        self.durable_folders.retain(|path| !here(path));
        self.durable_folders.extend(self.folders.iter().filter(|path| here(path)).cloned());
    }

    /// Lays out what is left after a power cut now.
    fn lay_out(&self, root: &Path, luck: Luck, home: &Path) {
        let lucky = |path: &Path| match luck {
            Luck::Nothing => false,
            Luck::Names => true,
            Luck::Configuration => path.parent() == Some(home),
        };
        let mut folders: BTreeSet<&PathBuf> = self.durable_folders.iter().filter(|path| !lucky(path)).collect();
        folders.extend(self.folders.iter().filter(|path| lucky(path)));
        let mut names: Names =
            self.durable.iter().filter(|(path, _)| !lucky(path)).map(|(path, at)| (path.clone(), *at)).collect();
        names.extend(self.names.iter().filter(|(path, _)| lucky(path)).map(|(path, at)| (path.clone(), *at)));
        for entry in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { fs::remove_dir_all(entry).unwrap() } else { fs::remove_file(entry).unwrap() }
        }
        for folder in folders.iter().filter(|folder| folder.starts_with(root) && *folder != &root) {
            // One whose own folder was lost is lost as well.
            let _ = fs::create_dir(folder);
        }
        let mut made: BTreeMap<usize, PathBuf> = BTreeMap::new();
        for (path, at) in &names {
            if !path.parent().unwrap().is_dir() {
                continue;
            }
            match made.get(at) {
                Some(first) => fs::hard_link(first, path).unwrap(),
                None => {
                    fs::write(path, self.inodes[*at].synced.clone().unwrap_or_default()).unwrap();
                    made.insert(*at, path.clone());
                }
            }
        }
        self.stamp(home, &made);
    }

    /// The files laid out are others than those of the run: the journal has to say what they are now.
    fn stamp(&self, home: &Path, made: &BTreeMap<usize, PathBuf>) {
        let journal = home.join(".sipctl/journal");
        let Ok(text) = fs::read_to_string(&journal) else { return };
        let stamp = |at: Option<&usize>| match at.and_then(|at| made.get(at)) {
            Some(path) => {
                let meta = fs::metadata(path).unwrap();
                json!({"inode": meta.ino(), "size": meta.size(), "mtime": [meta.mtime(), meta.mtime_nsec()]})
            }
            None => json!({"inode": 1, "size": 1, "mtime": [1, 1]}),
        };
        let mut temps: Vec<PathBuf> = Vec::new();
        let lines = text.split_inclusive('\n').map(|line| {
            let Ok(mut value) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
            if let Some(files) = value.pointer_mut("/open/files").and_then(Value::as_array_mut) {
                for file in files {
                    temps.push(file["temp"].as_str().unwrap_or_default().into());
                    if file["was"].is_object() {
                        file["was"] = stamp(self.first.get(Path::new(file["path"].as_str().unwrap())));
                    }
                }
            }
            if let Some(stamps) = value.get_mut("switching").and_then(Value::as_array_mut) {
                for (one, temp) in stamps.iter_mut().zip(&temps).filter(|(one, _)| one.is_object()) {
                    *one = stamp(self.born.get(temp));
                }
            }
            format!("{value}\n")
        });
        fs::write(&journal, lines.collect::<String>()).unwrap();
    }
}

/// The calls of one run that succeeded: name, the paths it is about, the bytes, its arguments.
fn record(lab: &Lab, what: &str) -> Vec<(String, Vec<PathBuf>, Vec<u8>, String)> {
    let (drive, log) = (drive(&lab.root, what), lab.root.with_extension("strace"));
    let status = Command::new("strace")
        .args(["-f", "-y", "-qq", "-s", "1000000", "-o", log.to_str().unwrap(), "-e", &format!("trace={CALLS}")])
        .arg(driver())
        .args(drive.get_args())
        .envs(drive.get_envs().filter_map(|(k, v)| Some((k, v?))))
        .output()
        .expect("strace is installed")
        .status;
    assert!(status.success());
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    assert!(!text.contains("<unfinished"), "a call was torn apart");
    let root = lab.root.to_str().unwrap().to_owned();
    text.lines()
        .filter(|line| line.contains(&root) && !line.contains(" = -1 "))
        .filter_map(|line| parse(line, &root))
        .collect()
}

fn parse(line: &str, root: &str) -> Option<(String, Vec<PathBuf>, Vec<u8>, String)> {
    let (_, line) = line.split_once(' ')?;
    let (call, rest) = line.trim().split_once('(')?;
    let (arguments, _) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let mut paths = Vec::new();
    let mut bytes = Vec::new();
    let inside = |path: &str| path.starts_with(root).then(|| PathBuf::from(path));
    if matches!(call, "write" | "pwrite64" | "ftruncate" | "fsync" | "fdatasync" | "syncfs") {
        let (_, named) = arguments.split_once('<')?;
        let (path, more) = named.split_once('>')?;
        // A temporary that was renamed meanwhile is not written to any more.
        paths.push(inside(path)?);
        if let Some((_, text)) = more.split_once('"') {
            bytes = unescaped(text.rsplit_once('"')?.0);
        }
    } else {
        paths.extend(arguments.split('"').skip(1).step_by(2).filter_map(inside));
    }
    (!paths.is_empty()).then(|| (call.to_owned(), paths, bytes, arguments.to_owned()))
}

/// What strace made of bytes.
fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut chars = text.bytes().peekable();
    while let Some(byte) = chars.next() {
        match (byte, chars.peek().copied()) {
            (b'\\', Some(next)) => {
                chars.next();
                out.push(match next {
                    b'n' => b'\n',
                    b't' => b'\t',
                    other => other,
                });
            }
            _ => out.push(byte),
        }
    }
    out
}

fn prepared() -> Lab {
    let lab = Lab::new();
    fs::write(lab.folder().join("9002.conf"), "9002=old\n").unwrap();
    lab.engine.start(&lab.folder());
    lab
}

fn cut(what: &str, before: impl Fn(&Lab)) {
    let lab = prepared();
    before(&lab);
    let old = lab.tree();
    let start = Model::of(&lab.root);
    let calls = record(&lab, what);
    let new = lab.tree();
    let (mut back, mut on) = (0, 0);
    for luck in [Luck::Nothing, Luck::Names, Luck::Configuration] {
        let mut model = start.clone();
        // From then on it must not be lost any more.
        let mut promised = false;
        for (at, (call, paths, bytes, rest)) in calls.iter().enumerate() {
            model.play(call, paths, bytes, rest);
            promised |= call.starts_with('f') && model.holds(&paths[0], b"\"proved\"");
            model.lay_out(&lab.root, luck, &lab.folder());
            // The machine comes up again, and the engine with it.
            let _ = fs::create_dir(lab.root.join("state"));
            lab.engine.start(&lab.folder());
            let said = format!("{what}: a cut after call {at} ({call} {paths:?}), {luck:?}");
            let outcome = lab.change(vec![set("5000", "next")]);
            assert_eq!(code(&outcome), 0, "{said}: {:?}", outcome.error.map(|e| e.line()));
            assert!(!codes(&outcome).contains("drift"), "{said}: {:?}", outcome.warnings);
            let mut tree = lab.tree();
            // What never became durable beside the files may stay where no journal tells of it.
            let main = tree.get_mut("main.conf").unwrap();
            *main = main.strip_suffix("5000=next\n").unwrap_or_else(|| panic!("{said}: {main}")).to_owned();
            assert!(tree == old && !promised || tree == new, "{said}: {tree:?}");
            back += usize::from(tree == old);
            on += usize::from(tree == new);
        }
    }
    assert!(back > 30 && on > 10, "{back} back, {on} on");
}

#[test]
fn a_power_cut_in_an_undo_leaves_it_wholly_done_or_not_at_all() {
    cut("undo", |lab| assert_eq!(code(&lab.change(crash::many())), 0));
}

#[test]
fn a_power_cut_leaves_it_wholly_old_or_wholly_new() {
    cut("many", |_| ());
}
