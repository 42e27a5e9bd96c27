//! Sums up what the engine answered.

use std::collections::BTreeMap;

use super::{ProofReport, Status};
use crate::engine::{Proof, Verdict, Warning};

/// The report of one round of questions.
pub(super) fn sum(proofs: &[Proof], verdicts: Vec<Verdict>) -> ProofReport {
    let mut report = ProofReport { status: Status::Proved, checks: proofs.len(), ..ProofReport::default() };
    // A question without an answer is one the engine could not be asked.
    let missing = Verdict::Unproved { why: "the engine gave no answer".to_owned() };
    let answers = verdicts.into_iter().chain(std::iter::repeat(missing));
    for (proof, verdict) in proofs.iter().zip(answers) {
        match verdict {
            Verdict::Proved => continue,
            Verdict::Indirect => {
                report.indirect += 1;
                continue;
            }
            Verdict::Unproved { .. } if report.status == Status::Proved => report.status = Status::Unproved,
            Verdict::Unproved { .. } => {}
            Verdict::Failed { .. } => report.status = Status::Failed,
        }
        report.failed.push((proof.clone(), verdict));
    }
    report
}

/// What is wrong, for a message: the first of the worst, and how many more there are.
pub(super) fn worst(report: &ProofReport) -> String {
    let failed = |verdict: &Verdict| matches!(verdict, Verdict::Failed { .. });
    let any = report.failed.iter().any(|(_, verdict)| failed(verdict));
    let mut bad = report.failed.iter().filter(|(_, verdict)| !any || failed(verdict));
    let first = bad.next().map(|(proof, verdict)| format!("{} {}: {}", proof.object, proof.id, why(verdict)));
    match (first, bad.count()) {
        (None, _) => "nothing".to_owned(),
        (Some(first), 0) => first,
        (Some(first), more) => format!("{first} (and {more} more)"),
    }
}

/// One warning an extension about verdicts that `picked` takes.
pub(super) fn warnings(report: &ProofReport, code: &str, text: &str, picked: fn(&Verdict) -> bool) -> Vec<Warning> {
    let mut numbers: BTreeMap<&str, Vec<(&Proof, &Verdict)>> = BTreeMap::new();
    for (proof, verdict) in report.failed.iter().filter(|(_, verdict)| picked(verdict)) {
        numbers.entry(&proof.number).or_default().push((proof, verdict));
    }
    let warning = |(number, all): (&str, Vec<(&Proof, &Verdict)>)| {
        let (proof, verdict) = all.first()?;
        let more = if all.len() > 1 { format!(" (and {} more)", all.len() - 1) } else { String::new() };
        let message = format!("{text}: {} {}: {}{more}", proof.object, proof.id, why(verdict));
        Some(Warning::new(code, message).number(number))
    };
    numbers.into_iter().filter_map(warning).collect()
}

/// Whether the engine holds something else.
pub(super) fn differs(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Failed { .. })
}

fn why(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Unproved { why } | Verdict::Failed { why, .. } => why,
        Verdict::Proved | Verdict::Indirect => "as it should be",
    }
}
