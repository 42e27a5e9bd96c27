//! The files of an estate as a host of their own: what a plan would write is read back through it
//! before anything is written, by the same reader that read the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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
        Snapshot { answers: self.answers.into_inner().unwrap_or_else(PoisonError::into_inner) }
    }
}

/// What was read, to be read again, with some files other than they were.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    answers: Answers,
}

impl Snapshot {
    /// The same files, with those of `changes` replaced (`Some`), new, or gone (`None`).
    #[must_use]
    pub fn with(&self, changes: &BTreeMap<PathBuf, Option<Arc<[u8]>>>) -> Self {
        let mut answers = self.answers.clone();
        for (key, files) in &mut answers {
            let sample = files.iter().find_map(|file| match &file.content {
                Content::There { meta, .. } => Some(meta.clone()),
                _ => None,
            });
            for file in files.iter_mut() {
                if let Some(bytes) = changes.get(&file.path) {
                    replace(file, bytes.clone());
                }
            }
            if let (Key::Glob(pattern), Some(meta)) = (key, sample) {
                let new = |path: &&PathBuf| matches(pattern, path) && !files.iter().any(|file| file.path == **path);
                let added: Vec<File> = changes
                    .iter()
                    .filter_map(|(path, bytes)| Some((path, bytes.as_ref()?)))
                    .filter(|(path, _)| new(path))
                    .map(|(path, bytes)| {
                        let meta = Meta { real: path.clone(), id: (0, 0), ..meta.clone() };
                        let content = Content::There { bytes: Arc::clone(bytes), meta };
                        File { path: path.clone(), content }
                    })
                    .collect();
                files.retain(|file| !matches!(file.content, Content::Missing));
                files.extend(added);
                files.sort_by(|a, b| a.path.cmp(&b.path));
            }
        }
        Self { answers }
    }

    /// Whether a glob include of the estate matches a path.
    pub fn is_included(&self, path: &Path) -> bool {
        self.answers.keys().any(|key| matches!(key, Key::Glob(pattern) if matches(pattern, path)))
    }
}

/// Whether a glob pattern matches a path; wildcards match no `/` and no leading dot.
fn matches(pattern: &Path, path: &Path) -> bool {
    let options =
        glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
    let pattern = pattern.to_string_lossy();
    glob::Pattern::new(&pattern).is_ok_and(|pattern| pattern.matches_path_with(path, options))
}

fn replace(file: &mut File, bytes: Option<Arc<[u8]>>) {
    match (bytes, &mut file.content) {
        (Some(new), Content::There { bytes, .. }) => *bytes = new,
        (None, content) => *content = Content::Missing,
        (Some(_), _) => {}
    }
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
            .map(|want| match (self.answers.get(&Key::of(want)), want) {
                (Some(answer), _) => answer.clone(),
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
