//! What was changed, by whom, when, and how it was before: one folder a PBX, one folder a change,
//! with plain copies of the files and a `meta.json`. Only changes that stayed are kept. Many new files
//! lie in one: to go back by hand they are removed, and nobody copies them.
//!
//! The folders are 0700: configuration files hold passwords. `meta.json` holds none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Options, Target};
use crate::cx::Cx;
use crate::engine::{Done, Estate, FileChange, Plan};
use crate::error::{Error, Result};
use crate::host::{Content, Host, Meta, Step, Want};
use crate::secret::hex;

/// The form that is written where every copy is a file of its own.
const VERSION: u32 = 1;
/// The newest form that is written and understood.
pub(super) const NEWEST: u32 = 2;
/// From this many new files on they are kept as one.
const MANY: usize = 8;
/// Its name.
const TOGETHER: &str = "new.after";
/// The file that tells of a change, beside the copies.
pub(super) const META: &str = "meta.json";
/// So many bytes of copies are read at once.
const AT_ONCE: usize = 8 << 20;
/// How many changes of a PBX are kept.
const KEPT: usize = 100;
/// What may stand in a file name as it is.
const SAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'@');

/// `meta.json` of one change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Version of this form.
    pub v: u32,
    /// Its id: a counter that orders the changes of a PBX.
    pub id: u64,
    /// When (RFC 3339, UTC).
    pub when: String,
    /// By whom and from where, as `user@client`.
    pub who: String,
    /// What `-m` said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
    /// The PBX, as reports call it.
    pub pbx: String,
    /// Its engine.
    pub engine: String,
    /// Its configuration folder.
    pub folder: PathBuf,
    /// The machine or container that is on, as the one who made the change called it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub machine: Option<String>,
    /// Whether the engine was made to read it.
    pub live: bool,
    /// What was done for which extension.
    pub done: Vec<Done>,
    /// The files that were changed.
    pub files: Vec<Kept>,
    /// SHA-256 of every file of the estate after the change.
    pub estate: BTreeMap<PathBuf, String>,
    /// The changes it took back.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub undo: Vec<u64>,
}

/// One changed file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// The file.
    pub path: PathBuf,
    /// Name of its copy from before, beside `meta.json`; none for a new file.
    pub before: Option<String>,
    /// Name of its copy from after; none for a file that went.
    pub after: Option<String>,
    /// Where in that copy its bytes are, if it holds several new files: offset and length.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub part: Option<(usize, usize)>,
    /// Owner, group and permission bits before.
    pub owner: Option<(u32, u32, u32)>,
}

impl Entry {
    /// Whether it is a change of this PBX, found in one of its history folders: two inventories can call
    /// two PBXes the same, and on the client those of all machines lie side by side.
    pub(super) fn is_of(&self, target: &Target, root: &Path) -> bool {
        let elsewhere = self.machine.as_ref().is_some_and(|machine| *machine != target.machine);
        let near = target.near.as_deref() == Some(root);
        self.folder == target.folder && self.engine == target.engine.name() && !(near && elsewhere)
    }
}

/// The folder of a PBX below a history folder.
pub fn home(root: &Path, pbx: &str) -> PathBuf {
    let name = utf8_percent_encode(pbx, SAFE).to_string();
    // A leading dot would hide it, and `..` would leave the folder.
    let name = if name.starts_with('.') { name.replacen('.', "%2E", 1) } else { name };
    root.join(name)
}

/// Keeps a change; its id. Tried in each history folder in turn.
pub(super) fn keep(
    cx: &Cx,
    target: &Target,
    options: &Options,
    plan: &Plan,
    estate: &dyn Estate,
    live: bool,
) -> Result<String> {
    let mut entry = entry(target, options, plan, estate, live);
    let mut error = Error::failed("no folder is given for the history");
    for root in &target.history {
        match keep_in(cx, target, root, &mut entry, plan) {
            Ok(()) => return Ok(entry.id.to_string()),
            Err(e) => error = e,
        }
    }
    Err(error)
}

fn entry(target: &Target, options: &Options, plan: &Plan, estate: &dyn Estate, live: bool) -> Entry {
    let (seconds, nanos) = target.keeper.clock();
    let now = UNIX_EPOCH + Duration::new(seconds.try_into().unwrap_or(0), nanos);
    let files = kept(&plan.files);
    Entry {
        v: if files.iter().any(|file| file.part.is_some()) { NEWEST } else { VERSION },
        id: 0,
        when: humantime::format_rfc3339_seconds(now).to_string(),
        who: target.who.clone(),
        message: options.message.clone(),
        pbx: target.name.clone(),
        engine: target.engine.name().to_owned(),
        folder: target.folder.clone(),
        machine: Some(target.machine.clone()),
        live,
        done: plan.done.clone(),
        files,
        estate: hashes(estate, plan),
        undo: plan.undo.clone(),
    }
}

/// The steps that keep a change where [`look`] found room for it, and its id.
pub(super) fn steps(
    target: &Target,
    options: &Options,
    plan: &Plan,
    estate: &dyn Estate,
    live: bool,
    room: Room,
) -> Result<(String, Vec<Step>)> {
    let mut entry = entry(target, options, plan, estate, live);
    let steps = room.steps(&mut entry, plan)?;
    Ok((entry.id.to_string(), steps))
}

/// Takes from these steps those that give the change its name.
pub(super) fn unnamed(steps: &mut Vec<Step>) -> Vec<Step> {
    let at = steps.iter().position(|step| matches!(step, Step::Rename { .. }));
    steps.split_off(at.unwrap_or(steps.len()))
}

/// Removes what [`unnamed`] steps would have named.
pub(super) fn clear(cx: &Cx, host: &dyn Host, named: &[Step]) {
    let new = named.iter().find_map(|step| match step {
        Step::Rename { from, .. } => Some(from.clone()),
        _ => None,
    });
    // Half an entry is none; a later change would clear it away as well.
    if let Ok(steps) = removal(cx, host, new.into_iter().collect()) {
        let _ = host.act(cx, &steps);
    }
}

/// What [`may_keep`] and [`names`] read.
pub(super) fn looks(root: &Path, home: &Path) -> [Want; 4] {
    let [home_is, root_is] = [home, root].map(|path| Want::Meta(path.to_owned()));
    [Want::Folder(home.to_owned()), home_is, root_is, Want::Meta(root.parent().unwrap_or(root).to_owned())]
}

/// Whether whoever works there may write to the history of a PBX, as far as that can be told from what
/// its folders are.
pub(super) fn may_keep(cx: &Cx, host: &dyn Host, root: &Path, home: &Path) -> Option<bool> {
    let [_, wants @ ..] = looks(root, home);
    let found = host.read(cx, &wants).ok()?.into_iter().flatten();
    let mut there = found.filter(|file| !matches!(file.content, Content::Missing));
    let Content::There { meta, .. } = there.next()?.content else { return Some(false) };
    match host.user() {
        0 => Some(true),
        user if user == meta.uid => Some(meta.mode & 0o200 != 0),
        // His groups are not known.
        _ if meta.mode & 0o022 == 0 => Some(false),
        _ => None,
    }
}

/// What tells that these steps were carried out: a file, and what is in it.
pub(super) fn written(id: &str, steps: &[Step]) -> Option<(PathBuf, Arc<[u8]>)> {
    steps.iter().find_map(|step| match step {
        Step::Create { path, bytes, .. } if path.ends_with(META) => {
            let home = path.parent()?.parent()?;
            Some((home.join(id).join(META), bytes.clone()))
        }
        _ => None,
    })
}

fn kept(files: &[FileChange]) -> Vec<Kept> {
    let together = files.iter().filter(|change| change.before.is_none()).count() >= MANY;
    let mut end = 0;
    let mut one = |(number, change): (usize, &FileChange)| {
        let name = change.path.file_name().unwrap_or_default().to_string_lossy();
        let part = change.after.as_ref().filter(|_| together && change.before.is_none()).map(|bytes| {
            end += bytes.len();
            (end - bytes.len(), bytes.len())
        });
        let after = if part.is_some() { TOGETHER.to_owned() } else { format!("{number}-{name}.after") };
        Kept {
            path: change.path.clone(),
            before: change.before.as_ref().map(|_| format!("{number}-{name}.before")),
            after: change.after.as_ref().map(|_| after),
            part,
            owner: change.before.as_ref().map(|(_, meta)| (meta.uid, meta.gid, meta.mode)),
        }
    };
    files.iter().enumerate().map(&mut one).collect()
}

fn hashes(estate: &dyn Estate, plan: &Plan) -> BTreeMap<PathBuf, String> {
    let changed: BTreeMap<&Path, &FileChange> = plan.files.iter().map(|f| (f.path.as_path(), f)).collect();
    let files = estate.files().into_iter().map(|(path, bytes, _)| (path, bytes));
    let unchanged = files.filter(|(path, _)| !changed.contains_key(path));
    let after = changed.iter().filter_map(|(path, file)| Some((*path, file.after.as_ref()?)));
    unchanged.chain(after).map(|(path, bytes)| (path.to_owned(), sha256(bytes))).collect()
}

/// Lower-case hex of SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn keep_in(cx: &Cx, target: &Target, root: &Path, entry: &mut Entry, plan: &Plan) -> Result<()> {
    let home = home(root, &target.name);
    let there = names(cx, target.keeper, &home)?;
    let room = look(cx, target.keeper, home, &there, plan)?;
    let steps = room.steps(entry, plan)?;
    target.keeper.act(cx, &steps).map_err(|stopped| {
        clear(cx, target.keeper, &steps);
        stopped.error
    })
}

/// Where a change will be kept.
pub(super) struct Room {
    home: PathBuf,
    id: u64,
    /// What makes the room.
    removal: Vec<Step>,
    /// For each file with a past, the copy of it that is there already.
    same: Vec<Option<PathBuf>>,
}

/// The changes of a PBX by their names, and the folders that go for a new one.
fn sorted(home: &Path, there: &[String]) -> (Vec<u64>, Vec<PathBuf>) {
    let mut ids: Vec<u64> = there.iter().filter_map(|name| name.parse().ok()).collect();
    ids.sort_unstable();
    let stale = there.iter().filter(|name| name.starts_with('.') && name.ends_with(".new")).cloned();
    let old = ids.iter().take((ids.len() + 1).saturating_sub(KEPT)).map(u64::to_string);
    let gone = old.chain(stale).map(|name| home.join(name)).collect();
    (ids, gone)
}

/// What [`look`] will most probably read, where `there` are the [`names`] of a PBX.
pub(super) fn wants(home: &Path, there: &[String], plan: &Plan) -> Vec<Want> {
    let (ids, gone) = sorted(home, there);
    let mut wants: Vec<Want> = gone.into_iter().map(Want::Folder).collect();
    if let Some(last) = ids.last().map(|last| home.join(last.to_string())) {
        let copies = kept(&plan.files).into_iter().filter(|kept| kept.before.is_some());
        let copies = copies.filter_map(|kept| Some(Want::File(last.join(kept.after?))));
        wants.extend(copies);
        wants.push(Want::Folder(last));
    }
    wants
}

/// Looks what must go for a new change, and what of it is there already.
pub(super) fn look(cx: &Cx, host: &dyn Host, home: PathBuf, there: &[String], plan: &Plan) -> Result<Room> {
    let (ids, gone) = sorted(&home, there);
    let removal = removal(cx, host, gone)?;
    let last = ids.last().map(|last| home.join(last.to_string()));
    let same = last.map_or(Ok(Vec::new()), |last| left(cx, host, last, plan))?;
    Ok(Room { home, id: ids.last().map_or(1, |last| last + 1), removal, same })
}

impl Room {
    fn steps(self, entry: &mut Entry, plan: &Plan) -> Result<Vec<Step>> {
        // What it is called until it is whole.
        let (new, home) = (self.home.join(format!(".{}.new", self.id)), self.home);
        entry.id = self.id;
        let done = home.join(entry.id.to_string());
        let mut parents: Vec<&Path> = home.ancestors().filter(|p| !p.as_os_str().is_empty()).collect();
        parents.reverse();
        let mut steps: Vec<Step> =
            parents.iter().map(|p| Step::MakeFolder { path: (*p).to_owned(), mode: 0o700 }).collect();
        steps.extend(self.removal);
        steps.push(Step::MakeFolder { path: new.clone(), mode: 0o700 });
        let text =
            serde_json::to_vec_pretty(&entry).map_err(|e| Error::failed("cannot write the history").because(e))?;
        let file = |name: &str, bytes: &Arc<[u8]>| Step::Create {
            path: new.join(name),
            bytes: bytes.clone(),
            like: None,
            mode: 0o600,
        };
        let mut together = Vec::new();
        let mut same = self.same.into_iter();
        for (kept, change) in entry.files.iter().zip(&plan.files) {
            let before = kept.before.as_ref().zip(change.before.as_ref());
            steps.extend(before.map(|(name, (bytes, _))| match same.next().flatten() {
                Some(from) => Step::Link { from, to: new.join(name) },
                None => file(name, bytes),
            }));
            match (kept.after.as_ref().zip(change.after.as_ref()), kept.part) {
                (Some((_, bytes)), Some(_)) => together.extend_from_slice(bytes),
                (after, _) => steps.extend(after.map(|(name, bytes)| file(name, bytes))),
            }
        }
        if !together.is_empty() {
            steps.push(file(TOGETHER, &together.into()));
        }
        steps.push(file(META, &text.into()));
        // The names in it first: a folder that outlives a power cut must not do so empty.
        steps.push(Step::SyncFolder { path: new.clone() });
        steps.push(Step::Rename { from: new.clone(), to: done });
        steps.push(Step::SyncFolder { path: home.clone() });
        if entry.id == 1 {
            let above = parents.iter().rev().skip(1).take(2);
            steps.extend(above.map(|path| Step::SyncFolder { path: (*path).to_owned() }));
        }
        Ok(steps)
    }
}

/// For each file with a past what the change before this one left of it, if that is just what it
/// was now: it need not be written again. Nobody writes to what is in the history.
fn left(cx: &Cx, host: &dyn Host, last: PathBuf, plan: &Plan) -> Result<Vec<Option<PathBuf>>> {
    let mut known: BTreeMap<(String, u64), PathBuf> = BTreeMap::new();
    for file in host.read(cx, &[Want::Folder(last)])?.into_iter().flatten() {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.split_once('-').and_then(|(_, name)| name.strip_suffix(".after"));
        if let (Some(name), Content::There { meta, .. }) = (name, &file.content) {
            known.insert((name.to_owned(), meta.size), file.path.clone());
        }
    }
    let past = plan.files.iter().filter_map(|change| Some((&change.path, &change.before.as_ref()?.0)));
    let past = past.map(|(path, bytes)| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (known.get(&(name, bytes.len() as u64)), bytes)
    });
    let past: Vec<(Option<&PathBuf>, &Arc<[u8]>)> = past.collect();
    let (mut same, mut rest) = (Vec::with_capacity(past.len()), &past[..]);
    while !rest.is_empty() {
        // Many in one exchange, but they can be large.
        let mut size = 0;
        let fits = rest.iter().take_while(|(_, bytes)| {
            size += bytes.len();
            size <= AT_ONCE
        });
        let (now, later) = rest.split_at(fits.count().max(1));
        let wants: Vec<Want> = now.iter().filter_map(|(copy, _)| Some(Want::File((*copy)?.clone()))).collect();
        let mut found = host.read(cx, &wants)?.into_iter();
        same.extend(now.iter().map(|(copy, bytes)| {
            let copy = (*copy)?;
            let found = found.next().and_then(|files| files.into_iter().next());
            let same = matches!(found?.content, Content::There { bytes: kept, .. } if kept == **bytes);
            same.then(|| copy.clone())
        }));
        rest = later;
    }
    Ok(same)
}

/// The steps that remove folders with the files in them.
fn removal(cx: &Cx, host: &dyn Host, folders: Vec<PathBuf>) -> Result<Vec<Step>> {
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let wants: Vec<Want> = folders.iter().cloned().map(Want::Folder).collect();
    let found = host.read(cx, &wants)?;
    Ok(folders
        .into_iter()
        .zip(found)
        .flat_map(|(folder, files)| {
            let files = files.into_iter().filter(|f| matches!(f.content, Content::There { .. }));
            files.map(|f| Step::Remove { path: f.path }).chain([Step::RemoveFolder { path: folder }])
        })
        .collect())
}

pub(super) fn names(cx: &Cx, host: &dyn Host, folder: &Path) -> Result<Vec<String>> {
    let found = host.read(cx, &[Want::Folder(folder.to_owned())])?.into_iter().flatten();
    let there = found.filter(|file| matches!(file.content, Content::There { .. }));
    Ok(there.filter_map(|file| Some(file.path.file_name()?.to_str()?.to_owned())).collect())
}

/// The newest changes that were kept and not made live, newest first.
pub(super) fn not_live(cx: &Cx, target: &Target) -> Vec<Entry> {
    let mut entries = Vec::new();
    for root in &target.history {
        let home = home(root, &target.name);
        let names = names(cx, target.keeper, &home).unwrap_or_default();
        let ids = names.iter().filter_map(|name| name.parse::<u64>().ok());
        let wants: Vec<Want> = ids.map(|id| Want::File(home.join(id.to_string()).join(META))).collect();
        let found = target.keeper.read(cx, &wants).unwrap_or_default().into_iter().flatten();
        entries.extend(found.filter_map(|file| match file.content {
            Content::There { bytes, .. } => {
                serde_json::from_slice(&bytes).ok().filter(|e: &Entry| e.is_of(target, root))
            }
            _ => None,
        }));
    }
    entries.retain(|entry| !entry.live);
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    entries
}

/// The change in which sipctl itself, without a reload, made a file what it is now.
pub(super) fn own<'e>(entries: &'e [Entry], files: &[(&Path, &Arc<[u8]>, &Meta)], path: &Path) -> Option<&'e Entry> {
    let candidate = entries.iter().find(|entry| entry.files.iter().any(|file| file.path == path))?;
    let (_, bytes, _) = files.iter().find(|(file, ..)| *file == path)?;
    (candidate.estate.get(path)? == &sha256(bytes)).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_pbx_stays_inside_the_history() {
        let at = |name| home(Path::new("/h"), name).to_string_lossy().into_owned();
        assert_eq!(at("seoul"), "/h/seoul");
        assert_eq!(at("asterisk:/etc/asterisk"), "/h/asterisk%3A%2Fetc%2Fasterisk");
        assert_eq!(at(".."), "/h/%2E.");
    }
}
