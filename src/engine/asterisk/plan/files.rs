//! Files with other bytes, whoever wrote them (an undo): what they come to, and what to ask.

use std::collections::BTreeSet;
use std::path::Path;

use super::{RELOAD, new_problem};
use crate::engine::asterisk::estate::{Estate, Outcome, twice};
use crate::engine::asterisk::objects::Type;
use crate::engine::asterisk::proofs;
use crate::engine::{Aftercare, Done, FileChange, Plan, Reload, refuse};
use crate::error::{Error, Result};

/// The plan of these files, without the files themselves.
pub fn files(estate: &Estate, files: &[FileChange], done: &[Done], undone: &[Vec<FileChange>]) -> Result<Plan> {
    let [_, changes] = FileChange::sides(files);
    let Outcome { before, configs, objects } = estate.with(&changes)?;
    if let Some(problem) = new_problem(&estate.configs, &configs) {
        return Err(problem);
    }
    let read = [&estate.configs, &configs].into_iter().flat_map(|configs| [&configs.pjsip, &configs.wizard]);
    let read: BTreeSet<&Path> = read.flatten().flat_map(|c| &c.files).map(|file| file.path.as_path()).collect();
    refuse::unread(files, |path| read.contains(path))?;
    if let (None, Some(two)) = (twice(&estate.configs, &estate.objects), twice(&configs, &objects)) {
        return Err(Error { message: format!("after this {}", two.message), ..two });
    }
    // The house style decides how an auth is called; its name holds the number.
    let numbers = done.iter().flat_map(|done| [Some(&done.number), done.was.as_ref()]).flatten();
    let numbers: Vec<&String> = numbers.collect();
    let owner = |_: Type, id: &[u8]| {
        let id = String::from_utf8_lossy(id);
        let named = numbers.iter().filter(|number| id.contains(number.as_str()));
        named.max_by_key(|number| number.len()).map(|number| number.as_str())
    };
    let old = before.as_ref().unwrap_or(&estate.objects);
    let difference = proofs::difference((&estate.configs, old), (&configs, &objects), &owner)?;
    if !undone.is_empty() {
        let touched = touched(estate, undone)?;
        if let Some((kind, id)) = difference.objects.iter().find(|object| !touched.contains(object)) {
            return Err(refuse::not_theirs(&format!("{} {}", kind.name(), String::from_utf8_lossy(id))));
        }
    }
    let gone = difference.objects.iter().filter(|(kind, id)| {
        *kind == Type::Aor
            && old.find(&estate.configs, Type::Aor, id).is_some()
            && objects.find(&configs, Type::Aor, id).is_none()
    });
    Ok(Plan {
        aftercare: gone.map(|(_, id)| Aftercare::Kick { id: String::from_utf8_lossy(id).into_owned() }).collect(),
        prove_new: difference.new,
        prove_old: difference.old,
        reload: Reload { narrow: vec![RELOAD.to_owned()], only_narrow: false },
        ..Plan::default()
    })
}

/// What these changes touched.
fn touched(estate: &Estate, undone: &[Vec<FileChange>]) -> Result<BTreeSet<(Type, Vec<u8>)>> {
    let nobody = |_: Type, _: &[u8]| None;
    let mut out = BTreeSet::new();
    for change in undone {
        let [before, after] = FileChange::sides(change);
        let (before, after) = (estate.with_all(&before)?, estate.with_all(&after)?);
        let sides = ((&before.configs, &before.objects), (&after.configs, &after.objects));
        out.extend(proofs::difference(sides.0, sides.1, &nobody)?.objects);
    }
    Ok(out)
}
