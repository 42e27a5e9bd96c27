//! Reads the history: what was changed here, and what changed without sipctl.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;

use super::Target;
use super::history::{self, Entry, NEWEST, home, names, sha256};
use crate::cx::Cx;
use crate::engine::{Estate, FileChange, Warning};
use crate::error::{Code, Error, Place, Result, shell_word};
use crate::host::local::Local;
use crate::host::{Content, File, Host, Meta, Want};

/// One change, and the folder its copies lie in.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What is known of it.
    pub entry: Entry,
    /// Where `meta.json` and the copies are.
    pub folder: PathBuf,
}

/// What was kept, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The changes.
    pub kept: Vec<Kept>,
    /// Entries this version does not understand: their ids and why.
    pub strange: BTreeMap<u64, String>,
    /// Those of another PBX of the same name: their ids, and where that is.
    pub(super) foreign: BTreeMap<u64, String>,
    /// Where there is nothing under this name: other names with changes of the same folder, and the
    /// command that makes it this one's.
    pub(super) renamed: Vec<(String, String)>,
}

/// Files that differ from what sipctl last saw of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// When, as far as the files tell; else when it was noticed at the latest.
    pub when: String,
    /// The change that found it so; none where it is news.
    pub before: Option<u64>,
    /// Which.
    pub files: Vec<PathBuf>,
}

/// Every change of a PBX that is still kept.
pub fn read(cx: &Cx, target: &Target) -> Result<Past> {
    let mut past = Past::default();
    let mut seen = BTreeSet::new();
    for root in &target.history {
        let home = home(root, &target.name);
        let ids = names(cx, target.keeper, &home)?.into_iter().filter_map(|name| name.parse::<u64>().ok());
        // An id counts in the first folder that has it: that is where the next one is kept.
        let ids: Vec<u64> = ids.filter(|id| seen.insert(*id)).collect();
        let wants: Vec<Want> = ids.iter().map(|id| Want::File(home.join(id.to_string()).join(history::META))).collect();
        for (id, file) in ids.iter().zip(target.keeper.read(cx, &wants)?.into_iter().flatten()) {
            let entry = match &file.content {
                Content::There { bytes, .. } => understood(bytes),
                Content::Unreadable(why) => Err(why.clone()),
                Content::Missing => Err("its meta.json is missing".to_owned()),
            };
            match entry {
                Ok(entry) if !entry.is_of(target, root) => _ = past.foreign.insert(*id, place(&entry, target)),
                Ok(entry) => past.kept.push(Kept { entry, folder: home.join(id.to_string()) }),
                Err(why) => _ = past.strange.insert(*id, why),
            }
        }
    }
    past.kept.sort_by_key(|kept| kept.entry.id);
    if seen.is_empty() {
        past.renamed = renamed(cx, target)?;
    }
    Ok(past)
}

/// Where the PBX of the same name is.
fn place(entry: &Entry, target: &Target) -> String {
    let folder = entry.folder.display();
    match entry.machine.as_ref().filter(|machine| **machine != target.machine) {
        Some(machine) => format!("{folder} on {machine}"),
        None => folder.to_string(),
    }
}

/// Other names under which the same folder has a past.
fn renamed(cx: &Cx, target: &Target) -> Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    for root in &target.history {
        let homes: Vec<PathBuf> = names(cx, target.keeper, root)?.iter().map(|name| root.join(name)).collect();
        let wants: Vec<Want> = homes.iter().cloned().map(Want::Folder).collect();
        let ids = |files: Vec<File>| {
            files.iter().filter_map(|file| file.path.file_name()?.to_str()?.parse::<u64>().ok()).max()
        };
        let found = target.keeper.read(cx, &wants)?.into_iter().map(ids);
        let newest: Vec<(PathBuf, u64)> =
            homes.into_iter().zip(found).filter_map(|(home, id)| Some((home, id?))).collect();
        let metas = newest.iter().map(|(home, id)| Want::File(home.join(id.to_string()).join("meta.json")));
        let found = target.keeper.read(cx, &metas.collect::<Vec<_>>())?.into_iter().flatten();
        for ((old, _), file) in newest.iter().zip(found) {
            let Content::There { bytes, .. } = &file.content else { continue };
            let Ok(entry) = understood(bytes) else { continue };
            if entry.is_of(target, root) {
                let word = |path: &Path| shell_word(&path.to_string_lossy());
                out.push((entry.pbx, format!("mv {} {}", word(old), word(&home(root, &target.name)))));
            }
        }
    }
    Ok(out)
}

fn understood(bytes: &[u8]) -> Result<Entry, String> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    match serde_json::from_slice::<Version>(bytes) {
        Ok(Version { v }) if v > NEWEST => Err(format!("it was kept by a newer sipctl (version {v})")),
        _ => serde_json::from_slice(bytes).map_err(|error| format!("its meta.json makes no sense ({error})")),
    }
}

impl Past {
    /// The change with this id.
    pub fn find(&self, id: u64) -> Result<&Kept> {
        if let Some(kept) = self.kept.iter().find(|kept| kept.entry.id == id) {
            return Ok(kept);
        }
        if let Some(place) = self.foreign.get(&id) {
            let message = format!("change {id} is one of {place}, a PBX of the same name");
            return Err(Error::new(Code::NotFound, message).hint("give one of them another name in the inventory"));
        }
        Err(match self.strange.get(&id) {
            Some(why) => Error::new(Code::NeedsPerson, format!("change {id} cannot be read: {why}")),
            None => Error::new(Code::NotFound, format!("no change {id} in the history"))
                .hint("see what there is: sipctl history"),
        })
    }

    /// What is not shown, for people.
    pub fn warnings(&self) -> Vec<Warning> {
        let warning = |(id, why): (&u64, &String)| Warning::new("history", format!("change {id} is not shown: {why}"));
        let foreign = self.foreign.values().collect::<BTreeSet<_>>().into_iter().map(|place| {
            let message = format!("the changes of {place}, a PBX of the same name, are not shown");
            Warning::new("history", message)
        });
        self.strange.iter().map(warning).chain(foreign).chain(self.elsewhere()).collect()
    }

    /// Where the past may be that is not found under this name.
    pub fn elsewhere(&self) -> Option<Warning> {
        let (name, command) = self.renamed.first()?;
        let message = format!(
            "nothing is kept under this name, but changes of the same folder under {name}; if that is this PBX: {command}"
        );
        Some(Warning::new("history", message))
    }

    /// What changed without sipctl: before each change, and since the last one. (After an entry that
    /// is not understood nothing can be said.)
    pub fn outside(&self, cx: &Cx, target: &Target, estate: &dyn Estate) -> Result<Vec<Outside>> {
        let mut out = Vec::new();
        for pair in self.kept.windows(2) {
            let [earlier, later] = pair else { continue };
            let (from, to) = (earlier.entry.id, later.entry.id);
            if self.strange.keys().any(|id| (from..to).contains(id)) {
                continue;
            }
            let files = before(cx, target, earlier, later)?;
            if !files.is_empty() {
                out.push(Outside { when: later.entry.when.clone(), before: Some(to), files });
            }
        }
        let newest = self.kept.last().filter(|last| self.strange.keys().all(|id| *id < last.entry.id));
        out.extend(newest.and_then(|last| since(&last.entry, estate)));
        Ok(out)
    }
}

/// The files that were not, when a change began, what the one before it had left.
fn before(cx: &Cx, target: &Target, earlier: &Kept, later: &Kept) -> Result<Vec<PathBuf>> {
    let changed: BTreeSet<&PathBuf> = later.entry.files.iter().map(|file| &file.path).collect();
    let (was, is) = (&earlier.entry.estate, &later.entry.estate);
    let known = was.keys().chain(is.keys()).collect::<BTreeSet<_>>();
    let mut out: BTreeSet<PathBuf> =
        known.into_iter().filter(|path| !changed.contains(*path) && was.get(*path) != is.get(*path)).cloned().collect();
    // A copy that is a link to what the change before left needs no look inside.
    let folders = [&earlier.folder, &later.folder].map(|folder| Want::Folder(folder.clone()));
    let mut metas = target.keeper.read(cx, &folders)?.into_iter().flatten().filter_map(|file| match file.content {
        Content::There { meta, .. } => Some((file.path, meta.id)),
        _ => None,
    });
    let ids: BTreeMap<PathBuf, (u64, u64)> = metas.by_ref().collect();
    for file in &later.entry.files {
        let left = earlier.entry.files.iter().find(|other| other.path == file.path);
        let left = left.and_then(|left| ids.get(&earlier.folder.join(left.after.as_ref()?)));
        let copy = file.before.as_ref().map(|name| later.folder.join(name));
        if left.is_some() && copy.as_ref().and_then(|copy| ids.get(copy)) == left {
            continue;
        }
        let found = match copy {
            Some(copy) => bytes(cx, target, &copy)?.map(|bytes| sha256(&bytes)),
            None => None,
        };
        if found.as_ref() != was.get(&file.path) {
            out.insert(file.path.clone());
        }
    }
    Ok(out.into_iter().collect())
}

/// What differs now from what the newest change left.
fn since(last: &Entry, estate: &dyn Estate) -> Option<Outside> {
    let files = estate.files();
    let now: BTreeMap<&Path, (&Arc<[u8]>, &Meta)> = files.into_iter().map(|(p, b, m)| (p, (b, m))).collect();
    let mut out: BTreeSet<PathBuf> =
        last.estate.keys().filter(|path| !now.contains_key(path.as_path())).cloned().collect();
    let mut when = None;
    for (path, (bytes, meta)) in now {
        if last.estate.get(path) != Some(&sha256(bytes)) {
            out.insert(path.to_owned());
            when = when.max(Some(meta.mtime.0));
        }
    }
    let when = when.map_or_else(|| last.when.clone(), time);
    (!out.is_empty()).then(|| Outside { when, before: None, files: out.into_iter().collect() })
}

/// Seconds since 1970 as the history writes them.
pub fn time(seconds: i64) -> String {
    let then = UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap_or(0));
    humantime::format_rfc3339_seconds(then).to_string()
}

/// A moment by the clock of a host, as the clock here shows it.
pub(super) fn here(host: &dyn Host, seconds: i64) -> String {
    time(seconds - (host.clock().0 - Local.clock().0))
}

/// The bytes of a copy.
fn bytes(cx: &Cx, target: &Target, path: &Path) -> Result<Option<Arc<[u8]>>> {
    let found = target.keeper.read(cx, &[Want::File(path.to_owned())])?.into_iter().flatten().next();
    match found.map(|file| file.content) {
        Some(Content::There { bytes, .. }) => Ok(Some(bytes)),
        Some(Content::Unreadable(why)) => Err(Error::unreadable(path, &why)),
        _ => Ok(None),
    }
}

/// What a file was and became.
pub(super) struct Sides {
    pub(super) before: Option<Arc<[u8]>>,
    pub(super) after: Option<Arc<[u8]>>,
}

/// The copies of a change, in the order of its files.
pub(super) fn copies(cx: &Cx, target: &Target, kept: &Kept) -> Result<Vec<Sides>> {
    let missing = |name: &str| {
        let message = format!("the copies of change {} are not complete", kept.entry.id);
        Error::failed(message).at(Place::new(kept.folder.join(name), 0))
    };
    let copy = |name: &str| bytes(cx, target, &kept.folder.join(name))?.ok_or_else(|| missing(name));
    // There is one such copy, and it is read once.
    let whole = kept.entry.files.iter().find_map(|file| file.part.and(file.after.as_deref())).map(copy).transpose()?;
    let side = |file: &history::Kept| {
        let after = match (&file.after, file.part, &whole) {
            (None, ..) => None,
            (Some(name), Some((at, length)), Some(whole)) => {
                let part = at.checked_add(length).and_then(|end| whole.get(at..end));
                Some(Arc::from(part.ok_or_else(|| missing(name))?))
            }
            (Some(name), ..) => Some(copy(name)?),
        };
        Ok(Sides { before: file.before.as_deref().map(copy).transpose()?, after })
    };
    kept.entry.files.iter().map(side).collect()
}

/// What a change did to each file, for a masked diff.
pub fn changes(cx: &Cx, target: &Target, kept: &Kept) -> Result<Vec<FileChange>> {
    let sides = copies(cx, target, kept)?;
    Ok(kept
        .entry
        .files
        .iter()
        .zip(sides)
        .map(|(file, sides)| {
            let meta = sides.before.is_some().then(Meta::default);
            change(target, file.path.clone(), sides.before.zip(meta), sides.after)
        })
        .collect())
}

/// A change of a file with its secrets marked.
pub(super) fn change(
    target: &Target,
    path: PathBuf,
    before: Option<(Arc<[u8]>, Meta)>,
    after: Option<Arc<[u8]>>,
) -> FileChange {
    let secrets = |bytes: Option<&Arc<[u8]>>| bytes.map(|bytes| target.engine.secrets(bytes)).unwrap_or_default();
    let secrets_before = secrets(before.as_ref().map(|(bytes, _)| bytes));
    let secrets_after = secrets(after.as_ref());
    FileChange { path, before, after, secrets_before, secrets_after, like: None, owner: None }
}
