//! Takes changes back: the old bytes where nobody was here since, else only our own lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::Target;
use super::past::{self, Kept, Past};
use crate::cx::Cx;
use crate::engine::{Done, Estate, FileChange, Live, Plan, Warning};
use crate::error::{Code, Error, Place, Result};
use crate::host::{Content, Meta, Want};
use crate::text::merge::merge;

type Bytes = Arc<[u8]>;
/// A change, a file of it, what it left there and what that is now.
type Since = (u64, PathBuf, Option<Bytes>, Option<Bytes>);

/// What is to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The newest change that still stands.
    Newest,
    /// This one.
    Id(u64),
    /// Everything since then (RFC 3339, UTC).
    Since(String),
}

/// A change of somebody else's is in the way.
pub struct Clash {
    /// What to say.
    pub error: Error,
    /// What became of each file since.
    pub files: Vec<FileChange>,
}

impl From<Error> for Clash {
    fn from(error: Error) -> Self {
        Self { error, files: Vec::new() }
    }
}

/// Plans it.
pub fn plan(
    cx: &Cx,
    target: &Target,
    estate: &dyn Estate,
    live: Option<&Live>,
    wanted: &Wanted,
) -> Result<Plan, Clash> {
    let past = past::read(cx, target)?;
    let mut chosen = choose(&past, wanted)?;
    let by = gone(&past.kept, |_| true);
    let by = chosen.first().filter(|_| matches!(wanted, Wanted::Id(_))).and_then(|kept| by.get(&kept.entry.id));
    if by.is_some() {
        chosen.clear();
    }
    let (files, merged) = files(cx, target, &chosen)?;
    let done: Vec<Done> = taken_back(&chosen);
    let undone = chosen.iter().filter(|_| merged).map(|kept| past::changes(cx, target, kept));
    let undone = undone.collect::<Result<Vec<_>>>()?;
    let mut plan = estate.plan_files(live, &files, &done, &undone)?;
    plan.warnings.extend(forgotten(&past, wanted));
    if files.is_empty() {
        plan.warnings.push(Warning::new("history", nothing(wanted, by, &chosen)));
    } else {
        plan.done = done;
        plan.undo = chosen.iter().map(|kept| kept.entry.id).collect();
        plan.files = files;
    }
    Ok(plan)
}

/// Where all since a time is wanted, and the history begins only later.
fn forgotten(past: &Past, wanted: &Wanted) -> Option<Warning> {
    let Wanted::Since(when) = wanted else { return None };
    let first = &past.kept.first()?.entry;
    let known = |id: u64| past.strange.contains_key(&id) || past.foreign.contains_key(&id);
    (first.when >= *when && !(1..first.id).all(known)).then(|| {
        let message = format!("what was changed before change {} ({}) is not kept, and stays", first.id, first.when);
        Warning::new("history", message)
    })
}

/// Why there is nothing to do.
fn nothing(wanted: &Wanted, by: Option<&u64>, chosen: &[&Kept]) -> String {
    match (wanted, by, chosen) {
        (Wanted::Id(id), Some(by), _) => {
            format!("change {id} was taken back already, by change {by}; to bring it back: sipctl undo {by}")
        }
        (Wanted::Since(when), _, []) => format!("no change that stands is kept since {when}"),
        _ => {
            let ids: Vec<String> = chosen.iter().map(|kept| kept.entry.id.to_string()).collect();
            format!("nothing is left of change {}; to take back an older one, name it: sipctl undo ID", ids.join(", "))
        }
    }
}

/// What was taken back, and by which of those that count; one that was taken back itself does not.
fn gone(past: &[Kept], counts: impl Fn(&Kept) -> bool) -> BTreeMap<u64, u64> {
    let mut gone = BTreeMap::new();
    for kept in past.iter().rev() {
        if counts(kept) && !gone.contains_key(&kept.entry.id) {
            gone.extend(kept.entry.undo.iter().map(|id| (*id, kept.entry.id)));
        }
    }
    gone
}

/// The changes that stand, newest first: one that was taken back, and what took it back, do not.
fn standing(past: &[Kept]) -> Vec<&Kept> {
    let here: BTreeSet<u64> = past.iter().map(|kept| kept.entry.id).collect();
    let whole = |kept: &Kept| !kept.entry.undo.is_empty() && kept.entry.undo.iter().all(|id| here.contains(id));
    let gone = gone(past, whole);
    past.iter().rev().filter(|kept| !whole(kept) && !gone.contains_key(&kept.entry.id)).collect()
}

fn choose<'p>(past: &'p Past, wanted: &Wanted) -> Result<Vec<&'p Kept>> {
    let unknown = |from: u64| match past.strange.range(from..).next_back() {
        None => Ok(()),
        Some((id, why)) => Err(Error::new(Code::NeedsPerson, format!("change {id} cannot be read: {why}"))
            .hint("nothing is changed; name an older one to take back only that: sipctl undo ID")),
    };
    match wanted {
        Wanted::Id(id) => Ok(vec![past.find(*id)?]),
        Wanted::Newest => {
            let gone = gone(&past.kept, |_| true);
            // What brings something back is undone only by its id.
            let stands = |kept: &&Kept| kept.entry.undo.is_empty() && !gone.contains_key(&kept.entry.id);
            let newest = past.kept.iter().rev().find(stands);
            unknown(newest.map_or(0, |kept| kept.entry.id))?;
            match newest {
                Some(newest) => Ok(vec![newest]),
                None => {
                    let error = Error::new(Code::NotFound, "there is no change to take back");
                    let elsewhere = past.elsewhere().map(|warning| warning.message);
                    Err(elsewhere.into_iter().fold(error, Error::hint).hint("see what there is: sipctl history"))
                }
            }
        }
        Wanted::Since(when) => {
            let first = past.kept.partition_point(|kept| kept.entry.when < *when);
            // How old one is that is not understood only its neighbours tell.
            let older = first.checked_sub(1).and_then(|at| past.kept.get(at));
            unknown(older.map_or(0, |kept| kept.entry.id))?;
            Ok(standing(&past.kept[first..]))
        }
    }
}

/// What is done by taking these back.
fn taken_back(chosen: &[&Kept]) -> Vec<Done> {
    let mut out: Vec<Done> = Vec::new();
    for done in chosen.iter().flat_map(|kept| kept.entry.done.iter().rev()) {
        let action = match done.action.as_str() {
            "create" => "delete",
            "delete" => "create",
            "enable" => "disable",
            "disable" => "enable",
            other => other,
        };
        let mut back = Done { action: action.to_owned(), ..done.clone() };
        if let Some(was) = back.was.take() {
            back.was = Some(std::mem::replace(&mut back.number, was));
        }
        if !out.contains(&back) {
            out.push(back);
        }
    }
    out
}

/// The files as they will be, from the newest change back to the oldest; and whether lines of somebody
/// else's stay in one.
fn files(cx: &Cx, target: &Target, chosen: &[&Kept]) -> Result<(Vec<FileChange>, bool), Clash> {
    let paths: BTreeSet<&PathBuf> = chosen.iter().flat_map(|kept| kept.entry.files.iter().map(|f| &f.path)).collect();
    let wants: Vec<Want> = paths.iter().map(|path| Want::File((*path).clone())).collect();
    let mut now: BTreeMap<PathBuf, Option<(Bytes, Meta)>> = BTreeMap::new();
    for (path, found) in paths.into_iter().zip(target.host.read(cx, &wants)?) {
        let there = match found.into_iter().next().map(|file| file.content) {
            Some(Content::There { bytes, meta }) => Some((bytes, meta)),
            Some(Content::Unreadable(why)) => {
                return Err(Error::failed(format!("cannot read {}: {why}", path.display())).into());
            }
            _ => None,
        };
        now.insert(path.clone(), there);
    }
    let mut back: BTreeMap<PathBuf, Option<Bytes>> =
        now.iter().map(|(path, there)| (path.clone(), there.as_ref().map(|(bytes, _)| Arc::clone(bytes)))).collect();
    let mut owners = BTreeMap::new();
    // What each was before the oldest of them.
    let mut first = BTreeMap::new();
    let mut clashes: Vec<Since> = Vec::new();
    let mut mixed = false;
    for kept in chosen {
        for (file, sides) in kept.entry.files.iter().zip(past::copies(cx, target, kept)?) {
            owners.insert(file.path.clone(), file.owner);
            first.insert(file.path.clone(), sides.before.clone());
            let Some(is) = back.get_mut(&file.path) else { continue };
            match (&sides.before, &*is, &sides.after) {
                _ if *is == sides.after => *is = sides.before,
                _ if *is == sides.before => {}
                (Some(before), Some(ours), Some(after)) => match merge(after, ours, before) {
                    Some(merged) => {
                        mixed = true;
                        *is = Some(merged.into());
                    }
                    None => clashes.push((kept.entry.id, file.path.clone(), sides.after, is.clone())),
                },
                _ => clashes.push((kept.entry.id, file.path.clone(), sides.after, is.clone())),
            }
        }
    }
    // What is again as it was, whatever became of it meanwhile, stays.
    for (path, there) in &now {
        let there = there.as_ref().map(|(bytes, _)| bytes);
        if let Some(was) = first.get(path).filter(|was| was.as_ref() == there) {
            back.insert(path.clone(), was.clone());
            clashes.retain(|(_, clash, ..)| clash != path);
        }
    }
    if let Some((id, path, ..)) = clashes.first() {
        let later = chosen.iter().rev().find(|kept| kept.entry.id > *id).map(|kept| &kept.entry.when);
        let error = Error::failed(format!("somebody has changed since what change {id} left here; nothing is changed"))
            .at(Place::new(path, 0))
            .hint(format!("the diff shows what was changed since; see what it did: sipctl history show {id}"))
            .hint("change these lines by hand, or take back later changes first");
        let error = later.into_iter().fold(error, |error, when| {
            error.hint(format!("what is newer can be taken back without it: sipctl undo --since {when}"))
        });
        let file = |(_, path, left, is): Since| {
            let left = left.map(|bytes| (bytes, Meta::default()));
            past::change(target, path, left, is)
        };
        return Err(Clash { error, files: clashes.into_iter().map(file).collect() });
    }
    let changed = now.into_iter().filter_map(|(path, there)| {
        let after = back.remove(&path)?;
        if there.as_ref().map(|(bytes, _)| bytes) == after.as_ref() {
            return None;
        }
        let comes = there.is_none();
        let mut change = past::change(target, path, there, after);
        change.owner = owners.get(&change.path).copied().flatten().filter(|_| comes);
        Some(change)
    });
    Ok((changed.collect(), mixed))
}

/// Whether a password comes back that is nowhere in these files now.
pub fn brings_secrets(files: &[FileChange]) -> bool {
    fn all<'f>(bytes: Option<&'f Arc<[u8]>>, spans: &'f [std::ops::Range<usize>]) -> impl Iterator<Item = &'f [u8]> {
        spans.iter().filter_map(move |span| bytes?.get(span.clone())).filter(|secret| !secret.is_empty())
    }
    let now: BTreeSet<&[u8]> =
        files.iter().flat_map(|file| all(file.before.as_ref().map(|(bytes, _)| bytes), &file.secrets_before)).collect();
    files.iter().flat_map(|file| all(file.after.as_ref(), &file.secrets_after)).any(|secret| !now.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::history::Entry;

    fn past(undos: &[&[u64]]) -> Vec<Kept> {
        let kept = |(at, undo): (usize, &&[u64])| {
            let text = format!(
                r#"{{"v":1,"id":{},"when":"2026-01-0{}T00:00:00Z","who":"","pbx":"","engine":"","folder":"/","live":true,
                    "done":[],"files":[],"estate":{{}},"undo":{undo:?}}}"#,
                at + 1,
                at + 1
            );
            Kept { entry: serde_json::from_str::<Entry>(&text).unwrap(), folder: PathBuf::new() }
        };
        undos.iter().enumerate().map(kept).collect()
    }

    fn ids(kept: Vec<&Kept>) -> Vec<u64> {
        kept.into_iter().map(|kept| kept.entry.id).collect()
    }

    #[test]
    fn what_was_taken_back_stands_no_more_until_that_is_taken_back() {
        assert_eq!(ids(standing(&past(&[&[], &[], &[2]]))), [1]);
        assert_eq!(ids(standing(&past(&[&[], &[], &[2], &[3]]))), [2, 1]);
        assert_eq!(ids(standing(&past(&[&[], &[], &[2], &[1]]))), [0u64; 0]);
        assert_eq!(ids(standing(&past(&[&[], &[], &[2]])[1..])), [0u64; 0]);
        assert_eq!(ids(standing(&past(&[&[], &[], &[2]])[2..])), [3], "it took back what is older");
    }

    #[test]
    fn an_undo_counts_also_when_the_oldest_it_took_back_is_forgotten() {
        let past = Past { kept: past(&[&[], &[], &[], &[3, 2, 1]])[1..].to_vec(), ..Past::default() };
        assert_eq!(choose(&past, &Wanted::Newest).err().map(|e| e.code), Some(Code::NotFound));
        assert_eq!(gone(&past.kept, |_| true).into_keys().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn a_history_that_begins_too_late_is_said() {
        let kept = past(&[&[], &[], &[]]);
        let late = Past { kept: kept[1..].to_vec(), ..Past::default() };
        let since = |when: &str| Wanted::Since(format!("2026-01-0{when}T00:00:00Z"));
        let message = forgotten(&late, &since("1")).unwrap().message;
        assert!(message.contains("before change 2 (2026-01-02T00:00:00Z)"), "{message}");
        assert_eq!(forgotten(&late, &since("3")), None);
        assert_eq!(forgotten(&late, &Wanted::Newest), None);
        assert_eq!(forgotten(&Past { kept, ..Past::default() }, &since("1")), None);
    }

    #[test]
    fn the_newest_is_no_undo_and_since_counts_every_one() {
        let past = Past { kept: past(&[&[], &[], &[1]]), ..Past::default() };
        assert_eq!(ids(choose(&past, &Wanted::Newest).unwrap()), [2]);
        assert_eq!(ids(choose(&past, &Wanted::Since("2026-01-02T00:00:00Z".into())).unwrap()), [3, 2]);
        assert_eq!(choose(&past, &Wanted::Id(9)).err().map(|e| e.code), Some(Code::NotFound));
        let strange = Past { strange: [(4, "newer".to_owned())].into(), ..past };
        assert_eq!(choose(&strange, &Wanted::Newest).err().map(|e| e.code), Some(Code::NeedsPerson));
    }
}
