//! Files with other bytes, whoever wrote them (an undo): what they come to, and what to ask.

use super::{Changes, not_refused, questions, remove};
use crate::engine::freeswitch::estate::Estate;
use crate::engine::freeswitch::proofs;
use crate::engine::{Aftercare, FileChange, Live, Plan};
use crate::error::Result;

/// The plan of these files, without the files themselves.
pub fn files(estate: &Estate, live: Option<&Live>, files: &[FileChange]) -> Result<Plan> {
    let changes: Changes = files.iter().map(|file| (file.path.clone(), file.after.clone())).collect();
    let before = &estate.reading;
    let after = estate.with(&changes)?;
    not_refused(&after)?;
    let differing = proofs::differing(before, &after);
    proofs::nothing_else(before, &after, &differing)?;
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
