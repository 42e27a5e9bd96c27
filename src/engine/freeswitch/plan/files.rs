//! Files with other bytes, whoever wrote them (an undo): what they come to, and what to ask.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::{not_refused, questions, remove};
use crate::engine::freeswitch::directory::User;
use crate::engine::freeswitch::estate::{Estate, Reading};
use crate::engine::freeswitch::proofs::{self, Allowed};
use crate::engine::{Aftercare, FileChange, Live, Plan, refuse};
use crate::error::{Code, Error, Result};

/// The plan of these files, without the files themselves.
pub fn files(estate: &Estate, live: Option<&Live>, files: &[FileChange], undone: &[Vec<FileChange>]) -> Result<Plan> {
    let [_, changes] = FileChange::sides(files);
    let before = &estate.reading;
    let after = estate.with(&changes)?;
    let read = [before, &after].into_iter().flat_map(|reading| &reading.doc.merged.files);
    let read: BTreeSet<&Path> = read.map(|file| file.path.as_path()).collect();
    refuse::unread(files, |path| read.contains(path))?;
    not_refused(&after)?;
    let differing = proofs::differing(before, &after);
    proofs::nothing_else(before, &after, &differing)?;
    no_second(before, &after, &differing)?;
    if !undone.is_empty() {
        only_theirs(estate, &named(before, &differing).chain(named(&after, &differing)).collect(), undone)?;
    }
    let mut plan = Plan::default();
    questions(before, &after, &differing, live, &mut plan)?;
    for (domain, id) in differing.keys() {
        if let (Some(user), None) = (before.user(*domain, id), after.user(*domain, id)) {
            plan.aftercare.extend(before.addresses(user, live).into_iter().map(|id| Aftercare::Kick { id }));
        }
    }
    remove::say_empty_includes(before, &after, &changes, &mut plan.warnings);
    Ok(plan)
}

/// Refuses a user who comes back where somebody has created him anew: one of them would be hidden.
fn no_second(before: &Reading, after: &Reading, differing: &Allowed) -> Result<()> {
    fn all(reading: &Reading) -> HashMap<(usize, String), Vec<&User>> {
        let mut all: HashMap<_, Vec<&User>> = HashMap::new();
        for user in reading.directory.users.iter().filter(|user| !user.is_pointer()) {
            all.entry((user.domain, user.id.to_ascii_lowercase())).or_default().push(user);
        }
        all
    }
    let (old, new) = (all(before), all(after));
    for key in differing.keys() {
        let (Some(there), Some(then)) = (old.get(key), new.get(key)) else { continue };
        if then.len() > there.len() {
            return Err(Error::new(Code::Exists, format!("somebody has created {} since", there[0].id))
                .at(before.doc.place(there[0].node))
                .hint("remove that one first (nothing was written)"));
        }
    }
    Ok(())
}

/// Where lines were merged: refuses users whom none of these changes touched.
fn only_theirs(estate: &Estate, differing: &BTreeSet<(String, String)>, undone: &[Vec<FileChange>]) -> Result<()> {
    let mut touched = BTreeSet::new();
    for change in undone {
        let [before, after] = FileChange::sides(change);
        let (before, after) = (estate.with(&before)?, estate.with(&after)?);
        let users = proofs::differing(&before, &after);
        touched.extend(named(&before, &users).chain(named(&after, &users)));
    }
    match differing.difference(&touched).next() {
        Some((_, id)) => Err(refuse::not_theirs(&format!("the user {id}"))),
        None => Ok(()),
    }
}

/// Users by the name of their domain and their id: domains are counted anew in each reading.
fn named(reading: &Reading, users: &Allowed) -> impl Iterator<Item = (String, String)> {
    let domains = &reading.directory.domains;
    users.keys().filter_map(|(domain, id)| Some((domains.get(*domain)?.name.clone(), id.clone())))
}
