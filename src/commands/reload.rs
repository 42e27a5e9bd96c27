//! `sipctl reload`.

use clap::Args;

use super::change::ChangeArgs;
use super::{App, Open};
use crate::change::{self, Outcome};
use crate::error::{Error, Place, Result};
use crate::inventory::Pbx;
use crate::output::document::{Body, Changed};
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
        let outcome = on(app, pbx, args);
        let report = Changed::new(&outcome, args.dry_run, args.diff);
        (Body::Change(Box::new(report)), outcome.error)
    })
}

fn on(app: &App, pbx: &Pbx, args: &ChangeArgs) -> Outcome {
    let cx = app.cx(pbx, args.limits());
    let open = match Open::new(&cx, pbx) {
        Ok(open) => open,
        Err(error) => return Outcome { error: Some(error), ..Outcome::default() },
    };
    let mut consent = |pending: &[Place]| {
        let names = pending.iter().map(Place::to_string).collect::<Vec<_>>().join(", ");
        if args.yes {
            return Ok(());
        }
        if !prompt::possible() {
            return Err(Error::usage(format!("edited since the last reload: {names}"))
                .hint("add --yes to make these edits live"));
        }
        app.out.confirm(&format!("Reload {} and make live: {names}?", pbx.name))
    };
    let target = match open.target(pbx, false) {
        Ok(target) => target,
        Err(error) => return Outcome { error: Some(error), ..Outcome::default() },
    };
    change::reload(&cx, &target, &args.options(), &mut consent)
}
