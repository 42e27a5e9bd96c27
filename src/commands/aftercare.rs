//! `ext kick` and `ext notify`: acts on the running engine that change no file.

use super::change::ChangeArgs;
use super::{App, Open};
use crate::change::fleet::{Turn, in_turn};
use crate::cx::Cx;
use crate::engine::{Aftercare, Done, Warning};
use crate::error::{Error, Result};
use crate::inventory::Pbx;
use crate::output::document::{Body, Changed};
use crate::selection::{self, Selection};

/// Does `act` to everything the registered ones of the extensions register as; the exit code.
pub fn run(
    app: &App,
    args: &ChangeArgs,
    selections: &[Selection],
    action: &str,
    act: fn(String) -> Aftercare,
) -> Result<u8> {
    selection::members(selections)?;
    if args.offline {
        return Err(
            Error::usage(format!("{action} is something only the running engine can do")).hint("leave --offline out")
        );
    }
    args.never_atomic(action)?;
    app.on(app.choose(true), |chosen| {
        let names: Vec<&str> = chosen.iter().map(|pbx| pbx.name.as_str()).collect();
        let done = in_turn(&names, &args.rules(app), &app.cancel, 0, |at| {
            let cx = app.cx(&chosen[at], args.limits());
            let done = on(&cx, &chosen[at], selections, act, args.dry_run);
            cx.events.done();
            let turn = if done.is_ok() { Turn::Proved } else { Turn::Failed };
            (done, turn)
        });
        done.into_iter().map(|done| report(done.and_then(|done| done), action, args)).collect()
    })
}

fn report(done: Result<Touched>, action: &str, args: &ChangeArgs) -> (Body, Option<Error>) {
    let mut report = Changed::default();
    let error = match done {
        Ok((numbers, warnings)) => {
            report.changed = !numbers.is_empty() && !args.dry_run;
            report.dry_run = args.dry_run.then_some(true);
            report.changes = numbers
                .into_iter()
                .map(|(number, domain)| Done { action: action.to_owned(), number, domain, was: None })
                .collect();
            report.warnings = warnings;
            None
        }
        Err(error) => Some(error),
    };
    (Body::Change(Box::new(report)), error)
}

type Touched = (Vec<(String, Option<String>)>, Vec<Warning>);

fn on(cx: &Cx, pbx: &Pbx, selections: &[Selection], act: fn(String) -> Aftercare, dry_run: bool) -> Result<Touched> {
    let open = Open::new(cx, pbx)?;
    let estate = open.engine.load(cx, open.host.as_ref(), &open.folder, false)?;
    let wanted = selection::existing(selections, estate.as_ref(), false)?;
    let (mut console, live) = open.console(cx)?;
    let named: Vec<_> = wanted.into_iter().map(|ext| (estate.registers_as(&ext, Some(&live)), ext)).collect();
    let ids: Vec<String> = named.iter().flat_map(|(ids, _)| ids.clone()).collect();
    let contacts = console.registered(cx, &ids)?;
    let (ids, mut registered): (Vec<_>, Vec<_>) =
        named.into_iter().filter(|(ids, _)| contacts.iter().any(|contact| contact.is_of(ids))).unzip();
    let acts: Vec<Aftercare> = ids.into_iter().flatten().map(act).collect();
    let mut warnings = Vec::new();
    if !acts.is_empty() && !dry_run {
        let (done, failed) = console.aftercare(cx, &acts)?;
        warnings = failed;
        if done == 0 {
            registered.clear();
        }
    }
    Ok((registered.into_iter().map(|ext| (ext.number, ext.domain)).collect(), warnings))
}
