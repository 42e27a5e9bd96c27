//! `sipctl reload`.

use clap::Args;

use super::change::ChangeArgs;
use super::{App, Open};
use crate::change::{ProofReport, Status};
use crate::cx::Cx;
use crate::engine::{Expect, Reload, Verdict, Warning};
use crate::error::{Code, Error, Place, Result};
use crate::extension::Ext;
use crate::inventory::Pbx;
use crate::output::document::{Body, Changed, ProofShown, ReloadShown};
use crate::output::prompt;

/// Reload the engine and prove that it holds what the files say
///
/// Does the full reload. Configuration files that were edited since the last reload become live; on a
/// terminal they are named first, elsewhere --yes is needed for them.
#[derive(Args, Debug)]
pub struct ReloadArgs {
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &ReloadArgs) -> Result<u8> {
    let args = &args.change;
    if args.offline || args.no_reload {
        return Err(
            Error::usage("a reload without the running engine is nothing").hint("leave --offline and --no-reload out")
        );
    }
    app.each(true, |pbx| {
        let mut report = Changed::default();
        let cx = app.cx(pbx, args.limits());
        let error = on(app, &cx, pbx, args, &mut report).err();
        (Body::Change(Box::new(report)), error)
    })
}

fn on(app: &App, cx: &Cx, pbx: &Pbx, args: &ChangeArgs, report: &mut Changed) -> Result<()> {
    let open = Open::new(cx, pbx)?;
    let host = open.host.as_ref();
    let _guard = match args.dry_run {
        true => None,
        false => Some(host.lock(cx, &open.folder)?),
    };
    let estate = open.engine.load(cx, host, &open.folder, false)?;
    report.warnings = estate.warnings();
    let (mut console, live) = open.console(cx)?;
    let pending = open.engine.pending(cx, host, &open.folder, &live, &[])?;
    for place in &pending {
        report.warnings.push(Warning::new("pending-edits", "edited since the last reload").at(place));
    }
    if args.strict && !pending.is_empty() {
        return Err(Error::failed(format!("edited since the last reload: {}", names(&pending)))
            .hint("leave --strict out to make these edits live"));
    }
    if args.dry_run {
        report.dry_run = Some(true);
        return Ok(());
    }
    if !pending.is_empty() && !args.yes {
        if !prompt::possible() {
            return Err(Error::usage(format!("edited since the last reload: {}", names(&pending)))
                .hint("add --yes to make these edits live"));
        }
        app.out.confirm(&format!("Reload {} and make live: {}?", pbx.name, names(&pending)))?;
    }
    cx.events.progress("reloading");
    let reloaded = console.reload(cx, &Reload::default())?;
    report.reload = Some(ReloadShown { command: reloaded.command.clone(), seconds: reloaded.took.as_secs_f64() });
    if args.no_proof {
        return Ok(());
    }
    cx.events.progress("asking the engine");
    let proofs = estate.proofs(Some(&live));
    let verdicts = console.prove(cx, &proofs, &reloaded.log)?;
    let proof = judge(proofs, verdicts);
    report.proof = ProofShown::new(&proof);
    match proof.status {
        Status::Failed => Err(refused(&proof, |number| estate.find(&ext(number)).map(|found| found.source))),
        Status::Unproved if args.strict => Err(Error::new(Code::Refused, "not everything could be proved")),
        Status::Unproved => {
            report.warnings.push(Warning::new("unproved", "not everything could be proved"));
            Ok(())
        }
        Status::Proved | Status::Skipped => Ok(()),
    }
}

fn ext(number: &str) -> Ext {
    Ext { number: number.to_owned(), domain: None }
}

/// Sums verdicts up.
fn judge(proofs: Vec<crate::engine::Proof>, verdicts: Vec<Verdict>) -> ProofReport {
    let mut report = ProofReport { status: Status::Proved, checks: proofs.len(), ..ProofReport::default() };
    for (proof, verdict) in proofs.into_iter().zip(verdicts) {
        match &verdict {
            Verdict::Proved => continue,
            Verdict::Indirect => {
                report.indirect += 1;
                continue;
            }
            Verdict::Failed { .. } => report.status = Status::Failed,
            Verdict::Unproved { .. } if report.status == Status::Proved => report.status = Status::Unproved,
            Verdict::Unproved { .. } => {}
        }
        report.failed.push((proof, verdict));
    }
    report
}

/// The error for the first thing the engine holds otherwise.
fn refused(proof: &ProofReport, source: impl Fn(&str) -> Option<Place>) -> Error {
    let failed = proof.failed.iter().filter_map(|(proof, verdict)| match verdict {
        Verdict::Failed { why } => Some((proof, why)),
        _ => None,
    });
    let count = failed.clone().count();
    let mut message = "the engine does not hold what the files say".to_owned();
    let mut place = None;
    if let Some((proof, why)) = failed.clone().next() {
        let field = match &proof.expect {
            Expect::Field { name, .. } | Expect::Secret { name, .. } => format!(" {name}"),
            Expect::Present | Expect::Absent => String::new(),
        };
        message = format!("{message}: {} {}{field}: {why}", proof.object, proof.id);
        place = source(&proof.number);
    }
    if count > 1 {
        message = format!("{message} (and {} more)", count - 1);
    }
    Error { place, ..Error::new(Code::Refused, message) }
        .hint("what the engine refuses stays as it was until the file is put right")
}

fn names(places: &[Place]) -> String {
    places.iter().map(Place::to_string).collect::<Vec<_>>().join(", ")
}
