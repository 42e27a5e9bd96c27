//! A full reload without a change: everything in the files becomes live, and is proved.

use super::run::Run;
use super::{Options, Outcome, Status, Target};
use crate::cx::Cx;
use crate::engine::{Proof, Reload, Warning};
use crate::error::{Code, Error, Place, Result};

/// What the person has to say about edits that the reload would make live, theirs or a colleague's.
pub type Consent<'c> = &'c mut (dyn FnMut(&[Place]) -> Result<()> + Send);

/// Reloads the engine and asks it for everything the files say.
pub fn reload(cx: &Cx, target: &Target, options: &Options, consent: Consent) -> Outcome {
    let mut run = Run::new(cx, target, options);
    let ended = run.connect().and_then(|()| go(&mut run, &[], consent));
    run.end(ended)
}

/// What was edited since the last reload.
pub(super) fn pending(run: &Run) -> Result<Vec<Place>> {
    let Target { engine, host, folder, .. } = run.target;
    let Some(live) = &run.live else { return Ok(Vec::new()) };
    let estate = engine.load(run.cx, *host, folder, false)?;
    run.edited(live, &*estate, &[])
}

/// From the lock to the end; `agreed` are the edits the person has said yes to.
pub(super) fn go(run: &mut Run, agreed: &[Place], consent: Consent) -> Result<()> {
    run.lock()?;
    let Target { engine, host, folder, .. } = run.target;
    let estate = engine.load(run.cx, *host, folder, false)?;
    run.say(estate.warnings());
    let (Some(live), Some(_)) = (&run.live, &run.console) else { return Ok(()) };
    let pending = run.edited(live, &*estate, &[])?;
    let proofs = estate.proofs(Some(live));
    run.say(pending.iter().map(|place| Warning::new("pending-edits", "edited since the last reload").at(place)));
    run.refuse(&["pending-edits"])?;
    if let Some(console) = &run.console {
        console.may_reload(&Reload::default())?;
    }
    if run.options.dry_run {
        return Ok(());
    }
    if pending.iter().any(|place| !agreed.contains(place)) {
        consent(&pending)?;
    }
    run.reload(&Reload::default())?;
    let asked: &[Proof] = if run.options.no_proof { &[] } else { &proofs };
    let problem = run.prove(asked, "the engine does not hold what the files say")?;
    if run.outcome.proof.status == Status::Failed {
        let number = run.outcome.proof.failed.first().map(|(proof, _)| proof.number.to_string()).unwrap_or_default();
        let ext = crate::extension::Ext { number, domain: None };
        let place = estate.find(&ext).map(|found| found.source);
        let error = problem.unwrap_or_else(|| Error::new(Code::Refused, "the engine does not hold what the files say"));
        return Err(
            Error { place, ..error }.hint("what the engine refuses stays as it was until the file is put right")
        );
    }
    problem.map_or(Ok(()), Err)
}
