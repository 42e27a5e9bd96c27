//! `sipctl recover`.

use std::time::Duration;

use clap::Args;

use super::change::duration;
use super::{App, Limits, Open};
use crate::change::{self, Options};
use crate::cx::Cx;
use crate::error::Error;
use crate::error::Result;
use crate::inventory::Pbx;
use crate::output::document::{Body, Changed};

/// Put right what an interrupted change left open
///
/// The next change does so by itself; this does nothing else. A change whose proof was complete is
/// finished, any other is taken back, and the engine is asked whether it holds the old state. With
/// nothing open it ends with 0.
#[derive(Args, Debug)]
pub struct RecoverArgs {
    /// Files only: no engine is asked or reloaded
    #[arg(long)]
    offline: bool,
    /// How long to wait for the lock and for a reload under way [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    wait: Option<Duration>,
    /// Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

/// Runs it.
pub fn run(app: &App, args: &RecoverArgs) -> Result<u8> {
    app.each(true, |pbx| {
        let cx = app.cx(pbx, Limits { timeout: args.timeout, wait: args.wait });
        match one(&cx, pbx, args.offline) {
            Ok(done) => done,
            Err(error) => (Body::Change(Box::default()), Some(error)),
        }
    })
}

fn one(cx: &Cx, pbx: &Pbx, offline: bool) -> Result<(Body, Option<Error>)> {
    let open = Open::new(cx, pbx)?;
    let options = Options { offline, ..Options::default() };
    let outcome = change::recover(cx, &open.target(pbx, offline)?, &options);
    let report = Changed::new(&outcome, false, false);
    Ok((Body::Change(Box::new(report)), outcome.error))
}
