//! The files of a plan that come, go or change their name, and what a change makes of each file.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::FileChange;
use crate::host::Meta;
use crate::text::splice;

/// The new bytes of every file that changes by path; `None` for one that goes.
pub type Changes = BTreeMap<PathBuf, Option<Arc<[u8]>>>;

/// Files that come, go or change their name.
#[derive(Debug, Default)]
pub struct Moves {
    /// By their bytes: there may be many, and paths compare slowly.
    created: BTreeMap<OsString, (Arc<[u8]>, PathBuf)>,
    removed: BTreeSet<PathBuf>,
    moved: BTreeMap<PathBuf, PathBuf>,
}

impl Moves {
    /// Records a new file that takes owner and mode of another.
    pub fn create(&mut self, path: PathBuf, bytes: Vec<u8>, like: &Path) {
        self.created.insert(path.into(), (bytes.into(), like.to_owned()));
    }

    /// Records that a file, with what becomes of its bytes, goes to another name.
    pub fn rename(&mut self, from: &Path, to: &Path) {
        self.moved.insert(from.to_owned(), to.to_owned());
    }

    /// Records that a file goes.
    pub fn remove(&mut self, path: &Path) {
        self.removed.insert(path.to_owned());
    }

    /// Whether a file goes.
    pub fn is_removed(&self, path: &Path) -> bool {
        self.removed.contains(path)
    }

    /// Adds a file that was read, with its bytes now and then.
    pub fn put(&self, path: &Path, before: &[u8], after: Arc<[u8]>, changes: &mut Changes) {
        if let Some(to) = self.moved.get(path) {
            changes.insert(to.clone(), Some(after));
        } else if after[..] != before[..] {
            changes.insert(path.to_owned(), Some(after));
        }
    }

    /// What the names alone do: old ones are gone before anything else is put in.
    pub fn left(&self) -> Changes {
        self.moved.keys().map(|path| (path.clone(), None)).collect()
    }

    /// Adds new files and those that go.
    pub fn finish(&self, changes: &mut Changes) {
        let created = self.created.iter().map(|(path, (bytes, _))| (path.into(), Some(Arc::clone(bytes))));
        // One by one each would be looked up among the others.
        changes.append(&mut created.collect());
        for path in &self.removed {
            changes.entry(path.clone()).or_insert(None);
        }
    }

    /// One file as the change room carries it out. `secrets` finds them in the windows in which the
    /// old and the new text differ.
    pub fn change(
        &self,
        (path, after): (&PathBuf, &Option<Arc<[u8]>>),
        before: Option<(Arc<[u8]>, Meta)>,
        secrets: impl FnOnce([&[u8]; 2], [Range<usize>; 2]) -> [Vec<Range<usize>>; 2],
    ) -> FileChange {
        let (old, new) = (before.as_ref().map(|b| &b.0[..]).unwrap_or_default(), after.as_deref().unwrap_or_default());
        let (x, y) = splice::windows(old, new);
        let [secrets_before, secrets_after] = secrets([old, new], [x, y]);
        let renamed = || self.moved.iter().find(|(_, to)| *to == path).map(|(from, _)| from.clone());
        let like = self.created.get(path.as_os_str()).map(|(_, like)| like.clone()).or_else(renamed);
        FileChange {
            path: path.clone(),
            secrets_before,
            secrets_after,
            before,
            after: after.clone(),
            like,
            owner: None,
        }
    }
}
