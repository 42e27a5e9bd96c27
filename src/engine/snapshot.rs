//! The files of an estate as a host of their own: what a plan would write is read back through it
//! before anything is written, by the same reader that read the disk.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::host::{Command, Content, File, Guard, Host, Meta, Output, Socket, Step, Stopped, Stream, Want};

/// Passes reads on to a host, each question once, and remembers the answers.
pub struct Recorder<'h> {
    host: &'h dyn Host,
    answers: Mutex<Answers>,
}

type Answers = BTreeMap<Key, Vec<File>>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Path(PathBuf),
    Glob(PathBuf),
}

impl Key {
    fn of(want: &Want) -> Self {
        match want {
            Want::Glob(pattern) => Self::Glob(pattern.clone()),
            Want::File(path) | Want::Meta(path) | Want::Folder(path) => Self::Path(path.clone()),
        }
    }
}

impl<'h> Recorder<'h> {
    /// Records what is read from `host`.
    pub fn new(host: &'h dyn Host) -> Self {
        Self { host, answers: Mutex::default() }
    }

    /// What was recorded.
    pub fn finish(self) -> Snapshot {
        let answers = self.answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        Snapshot { answers: Arc::new(answers), ..Snapshot::default() }
    }
}

/// What was read, to be read again, with some files other than they were.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    answers: Arc<Answers>,
    changes: Changes,
    /// Those of the globs among the questions.
    patterns: OnceLock<Vec<Pattern>>,
}

/// Files that are replaced (`Some`), new, or gone (`None`).
type Changes = BTreeMap<PathBuf, Option<Arc<[u8]>>>;

impl Snapshot {
    /// The same files, with those of `changes` replaced (`Some`), new, or gone (`None`).
    #[must_use]
    pub fn with(&self, changes: &Changes) -> Self {
        let mut all = self.changes.clone();
        all.append(&mut changes.clone());
        Self { answers: Arc::clone(&self.answers), changes: all, patterns: OnceLock::new() }
    }

    /// What a question is answered now.
    fn answer(&self, key: &Key, files: &[File]) -> Vec<File> {
        let altered = |file: &File| match self.changes.get(&file.path) {
            None => file.clone(),
            Some(bytes) => replaced(file, bytes.as_ref()),
        };
        let mut out: Vec<File> = files.iter().map(altered).collect();
        let Key::Glob(pattern) = key else { return out };
        let meta = |file: &File| match &file.content {
            Content::There { meta, .. } => Some(meta.clone()),
            _ => None,
        };
        // A glob that matched nothing so far takes any file for a sample.
        let any = || self.answers.values().flatten().find_map(meta);
        let (Some(meta), Some(pattern)) = (files.iter().find_map(meta).or_else(any), Pattern::new(pattern)) else {
            return out;
        };
        let there: HashSet<&OsStr> = files.iter().map(|file| file.path.as_os_str()).collect();
        let new = self.changes.iter().filter_map(|(path, bytes)| Some((path, bytes.as_ref()?)));
        let new = new.filter(|(path, _)| pattern.matches(path) && !there.contains(path.as_os_str()));
        out.extend(new.map(|(path, bytes)| {
            let meta = Meta { real: path.clone(), id: (0, 0), ..meta.clone() };
            File { path: path.clone(), content: Content::There { bytes: Arc::clone(bytes), meta } }
        }));
        out.retain(|file| !matches!(file.content, Content::Missing));
        out.sort_by(|a, b| a.path.cmp(&b.path));
        out
    }

    /// Whether a glob include of the estate matches a path.
    pub fn is_included(&self, path: &Path) -> bool {
        let globs = self.answers.keys().filter_map(|key| match key {
            Key::Glob(pattern) => Pattern::new(pattern),
            Key::Path(_) => None,
        });
        self.patterns.get_or_init(|| globs.collect()).iter().any(|pattern| pattern.matches(path))
    }
}

/// A glob pattern; wildcards match no `/` and no leading dot.
#[derive(Clone, Debug)]
struct Pattern(glob::Pattern);

impl Pattern {
    fn new(pattern: &Path) -> Option<Self> {
        glob::Pattern::new(&pattern.to_string_lossy()).ok().map(Self)
    }

    fn matches(&self, path: &Path) -> bool {
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        self.0.matches_path_with(path, options)
    }
}

fn replaced(file: &File, bytes: Option<&Arc<[u8]>>) -> File {
    let content = match (bytes, &file.content) {
        (Some(bytes), Content::There { meta, .. }) => Content::There { bytes: Arc::clone(bytes), meta: meta.clone() },
        (Some(_), other) => other.clone(),
        (None, _) => Content::Missing,
    };
    File { path: file.path.clone(), content }
}

impl Host for Recorder<'_> {
    fn read(&self, cx: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        let mut book = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<Want> = wants.iter().filter(|want| !book.contains_key(&Key::of(want))).cloned().collect();
        if !new.is_empty() {
            let answers = self.host.read(cx, &new)?;
            book.extend(new.iter().map(Key::of).zip(answers));
        }
        Ok(wants.iter().map(|want| book.get(&Key::of(want)).cloned().unwrap_or_default()).collect())
    }

    fn is_far(&self) -> bool {
        self.host.is_far()
    }

    fn act(&self, cx: &Cx, steps: &[Step]) -> Result<(), Stopped> {
        self.host.act(cx, steps)
    }

    fn run(&self, cx: &Cx, commands: &[Command]) -> Result<Vec<Output>> {
        self.host.run(cx, commands)
    }

    fn connect(&self, cx: &Cx, socket: &Socket) -> std::io::Result<Box<dyn Stream>> {
        self.host.connect(cx, socket)
    }

    fn lock(&self, cx: &Cx, folder: &Path) -> Result<Box<dyn Guard>> {
        self.host.lock(cx, folder)
    }

    fn clock(&self) -> (i64, u32) {
        self.host.clock()
    }
}

impl Host for Snapshot {
    fn read(&self, _: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        let missing = |path: &PathBuf| vec![File { path: path.clone(), content: Content::Missing }];
        Ok(wants
            .iter()
            .map(|want| match (self.answers.get_key_value(&Key::of(want)), want) {
                (Some((key, files)), _) => self.answer(key, files),
                (None, Want::Glob(_)) => Vec::new(),
                (None, Want::File(path) | Want::Meta(path) | Want::Folder(path)) => missing(path),
            })
            .collect())
    }

    fn act(&self, _: &Cx, _: &[Step]) -> Result<(), Stopped> {
        Err(Stopped { done: 0, error: read_only() })
    }

    fn run(&self, _: &Cx, _: &[Command]) -> Result<Vec<Output>> {
        Err(read_only())
    }

    fn connect(&self, _: &Cx, _: &Socket) -> std::io::Result<Box<dyn Stream>> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn lock(&self, _: &Cx, _: &Path) -> Result<Box<dyn Guard>> {
        Err(read_only())
    }

    fn clock(&self) -> (i64, u32) {
        (0, 0)
    }
}

fn read_only() -> Error {
    Error::failed("a snapshot can only be read")
}
