//! `sipctl confirm`, and the wait for Enter that does the same.

use std::time::{Duration, Instant};

use clap::Args;

use super::change::duration;
use super::{App, Limits, Open};
use crate::change::{self, Options, Outcome, Target};
use crate::cx::Cx;
use crate::error::{Code, Error, Result};
use crate::inventory::Pbx;
use crate::output::document::{Body, Changed};

/// After its time a change that nobody confirmed is given as long to go back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keep the change that waits to be confirmed
///
/// A change made with --confirm goes back by itself when its time is over. This keeps it. Where nothing
/// waits (any more) it ends with 3.
#[derive(Args, Debug)]
pub struct ConfirmArgs {
    /// How long to wait for the lock [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    wait: Option<Duration>,
    /// Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

/// Runs it.
pub fn run(app: &App, args: &ConfirmArgs) -> Result<u8> {
    app.each(true, |pbx| {
        let cx = app.cx(pbx, Limits { timeout: args.timeout, wait: args.wait });
        match one(&cx, pbx) {
            Ok(done) => done,
            Err(error) => (Body::Change(Box::default()), Some(error)),
        }
    })
}

fn one(cx: &Cx, pbx: &Pbx) -> Result<(Body, Option<Error>)> {
    let open = Open::new(cx, pbx)?;
    let outcome = change::confirm(cx, &open.target(pbx, false)?, &Options::default());
    let report = Changed::new(&outcome, false, false);
    Ok((Body::Change(Box::new(report)), outcome.error))
}

/// On a terminal waits for Enter, and keeps what waits to be confirmed; tells what became of it.
pub fn on_terminal(app: &App, after: Duration, waiting: &mut [(&mut Outcome, &Cx, &Target)]) {
    let until = Instant::now() + after;
    let names: Vec<&str> = waiting.iter().map(|(_, _, target)| target.name.as_str()).collect();
    let text = format!(
        "Live on {}. Press Enter within {} to keep it; else it goes back by itself.",
        names.join(", "),
        humantime::format_duration(after)
    );
    let entered = app.out.enter(&text, until, &app.cancel);
    for (outcome, cx, target) in waiting {
        let calm = cx.uncancellable();
        if entered {
            let kept = change::confirm(&calm, target, &Options::default());
            outcome.id = kept.id;
            outcome.warnings.extend(kept.warnings);
            outcome.error = kept.error;
        } else if Instant::now() >= until {
            let settled = change::settled(&calm, target, &outcome.plan, Instant::now() + PATIENCE);
            outcome.error = (!settled).then(|| {
                Error::new(Code::Failed, "nobody confirmed it in time: the old files are back")
                    .hint("see what the engine holds: sipctl recover")
            });
        } else {
            continue;
        }
        outcome.waiting = None;
        outcome.changed &= outcome.error.is_none();
    }
}
