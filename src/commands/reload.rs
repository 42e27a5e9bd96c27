//! `sipctl reload`.

use clap::Args;

use super::change::ChangeArgs;
use super::{App, fleet};
use crate::change::Outcome;
use crate::change::fleet::Task;
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
    args.never_atomic("a reload")?;
    let first = !args.yes && prompt::possible();
    app.on(app.choose(true), |chosen| {
        let mut consents: Vec<_> = chosen.iter().map(|pbx| consent(app, pbx, args)).collect();
        let tasks = consents.iter_mut().map(|consent| Task::Reload { consent, first }).collect();
        let outcomes = fleet::drive(app, args, &args.options(), chosen, tasks);
        let report = |outcome: Outcome| {
            let report = Changed::new(&outcome, args.dry_run, args.diff);
            (Body::Change(Box::new(report)), outcome.error)
        };
        outcomes.into_iter().map(report).collect()
    })
}

/// What there is to say about pending edits.
fn consent<'a>(app: &'a App, pbx: &'a Pbx, args: &'a ChangeArgs) -> impl FnMut(&[Place]) -> Result<()> + Send + 'a {
    move |pending| {
        let names = pending.iter().map(Place::to_string).collect::<Vec<_>>().join(", ");
        if args.yes {
            return Ok(());
        }
        if !prompt::possible() {
            return Err(Error::usage(format!("edited since the last reload: {names}"))
                .hint("add --yes to make these edits live"));
        }
        app.out.confirm(&format!("Reload {} and make live: {names}?", pbx.name))
    }
}
