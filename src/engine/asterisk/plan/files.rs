//! Files with other bytes, whoever wrote them (an undo): what they come to, and what to ask.

use super::{RELOAD, new_problem};
use crate::engine::asterisk::estate::{Estate, Outcome};
use crate::engine::asterisk::objects::Type;
use crate::engine::asterisk::proofs;
use crate::engine::{Aftercare, Done, FileChange, Plan, Reload};
use crate::error::Result;

/// The plan of these files, without the files themselves.
pub fn files(estate: &Estate, files: &[FileChange], done: &[Done]) -> Result<Plan> {
    let changes = files.iter().map(|file| (file.path.clone(), file.after.clone())).collect();
    let Outcome { before, configs, objects } = estate.with(&changes)?;
    if let Some(problem) = new_problem(&estate.configs, &configs) {
        return Err(problem);
    }
    // The house style decides how an auth is called; its name holds the number.
    let numbers = done.iter().flat_map(|done| [Some(&done.number), done.was.as_ref()]).flatten();
    let numbers: Vec<&String> = numbers.collect();
    let owner = |_: Type, id: &[u8]| {
        let id = String::from_utf8_lossy(id);
        let named = numbers.iter().filter(|number| id.contains(number.as_str()));
        named.max_by_key(|number| number.len()).map(|number| (*number).clone())
    };
    let old = before.as_ref().unwrap_or(&estate.objects);
    let difference = proofs::difference((&estate.configs, old), (&configs, &objects), &owner)?;
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
