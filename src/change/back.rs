//! The way back: old files, reload, and what the engine says about them.

use std::io::ErrorKind;

use super::Status;
use super::open::{Fate, Open};
use super::proof::{sum, worst};
use super::run::Run;
use crate::engine::Warning;
use crate::error::{Code, Error, Result};
use crate::wire::Broken;

/// Brings the old state back after `error`; the error to end with.
pub(super) fn put_back(run: &mut Run, open: &Open, mut error: Error) -> Error {
    // It runs to its end although a signal came: half way back is nowhere.
    let calm = run.cx.uncancellable();
    calm.events.progress("putting the old files back");
    if run.target.host.is_far() && open.fate(&calm).is_ok_and(|fate| fate == Fate::Elsewhere) {
        // Whether the commit point was reached before, that run has seen.
        run.outcome.changed = run.committed;
        if !run.committed {
            error.message.push_str("; another run has put the old files back meanwhile");
            return error;
        }
        let message = format!("{}; another run has kept this change or taken it back meanwhile", error.line());
        let hint = format!("what has become of it: sipctl history --pbx {}", run.target.name);
        return Error::new(Code::NeedsPerson, message).hint(hint);
    }
    if run.committed {
        // Another PBX could not be proved: whoever finds this journal must not finish it.
        let _ = open.unproved(&calm);
    }
    if let Err(stuck) = open.put_back(&calm) {
        run.outcome.changed = true;
        if error.code == Code::NeedsPerson && stuck.message == error.message {
            // The host is left; that says all.
            return error;
        }
        let why = error.line();
        if stuck.code == Code::Unreachable {
            let message = format!("{why}; the old files could not be put back ({})", stuck.line());
            let hint = format!(
                "the change is open there; to take it back or finish it: sipctl reload --pbx {}",
                run.target.name
            );
            return Error { message, cause: None, ..stuck }.hint(hint);
        }
        return Error { message: format!("{why}; and {}", stuck.message), ..stuck };
    }
    run.outcome.changed = false;
    let confirmed = if run.reloading { confirm(run, open) } else { Ok(()) };
    if let Err(left) = open.close(&calm) {
        let message = format!("the old files are back, the journal could not be removed: {}", left.line());
        run.say([Warning::new("open-change", message)]);
    }
    match confirmed {
        Ok(()) if run.reloading => error.message.push_str("; the old files are back and live"),
        Ok(()) => {}
        Err(worse) => {
            error.message = format!("{}; the old files are back, but {}", error.message, worse.line());
            error.code = worse.code;
            error.hints.extend(worse.hints);
        }
    }
    error
}

/// Whether the engine confirms the old state: 7 when it is down, 8 when it runs and does not.
fn confirm(run: &mut Run, open: &Open) -> Result<()> {
    // The connection that failed may be why we are here.
    run.console = None;
    let answered = ask(run, open);
    match answered {
        Err(error) if error.code != Code::NeedsPerson && error.code != Code::Unreachable => {
            // It took the question and failed: has it gone meanwhile?
            run.console = None;
            match open_console(run) {
                Err(gone) if gone.code == Code::Unreachable => Err(gone),
                _ => Err(silent(run, &error)),
            }
        }
        other => other,
    }
}

fn ask(run: &mut Run, open: &Open) -> Result<()> {
    open_console(run)?;
    let calm = run.cx.uncancellable();
    let Some(console) = &mut run.console else { return Ok(()) };
    // Whatever it is called, a failure of these is not the engine being down: that is looked at next.
    let failed = |error: Error| Error { code: Code::Failed, ..error };
    let log = match console.reload(&calm, &open.opened.reload) {
        // What it said of the new files as well does not tell against the old ones.
        Ok(reloaded) => {
            let before = run.outcome.reload.as_ref().map(|reload| &reload.log[..]).unwrap_or_default();
            reloaded.log.into_iter().filter(|line| !before.contains(line)).collect()
        }
        // Somebody else's does not end; what it has not read yet are the old files.
        Err(error) if error.code == Code::Retry => Vec::new(),
        Err(error) => return Err(failed(error)),
    };
    if run.options.no_proof {
        return Ok(());
    }
    let proofs = &open.opened.prove_old;
    let report = sum(proofs, console.prove(&calm, proofs, &log).map_err(failed)?);
    if report.status != Status::Failed {
        return Ok(());
    }
    let message = format!("the engine does not hold their state: {}", worst(&report));
    Err(Error::new(Code::NeedsPerson, message).hint(by_hand(run)))
}

fn open_console(run: &mut Run) -> Result<()> {
    let calm = run.cx.uncancellable();
    match run.target.console(&calm) {
        Ok(console) => {
            run.console = Some(console);
            Ok(())
        }
        Err(error) if hung(&error) => Err(silent(run, &error)),
        Err(error) => {
            let message = format!("the engine is down and will start with them ({})", error.line());
            Err(Error::new(Code::Unreachable, message))
        }
    }
}

fn silent(run: &Run, error: &Error) -> Error {
    let message = format!("the engine runs and does not confirm them ({})", error.line());
    Error::new(Code::NeedsPerson, message).hint(by_hand(run))
}

fn by_hand(run: &Run) -> String {
    format!("once it answers, make it read the old files: sipctl reload --pbx {}", run.target.name)
}

/// Whether a console that did not open has somebody behind it who does not answer.
fn hung(error: &Error) -> bool {
    if matches!(Broken::of(error), Some(Broken::Silent(_))) {
        return true;
    }
    let causes = error.cause.iter().flat_map(|cause| cause.chain());
    let mut io = causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.any(|e| matches!(e.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock))
}
