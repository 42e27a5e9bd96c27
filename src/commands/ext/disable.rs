//! `ext disable`.

use clap::Args;

use crate::commands::App;
use crate::commands::change::{AfterArgs, Change, ChangeArgs, Danger, LimitArgs};
use crate::error::Result;
use crate::extension::Edit;
use crate::selection::{self, Selection};

/// Stop extensions from registering and calling, everything kept
///
/// `ext enable` gives back the same bytes. On a terminal it asks first, saying whom it hits; elsewhere
/// it needs --yes.
#[derive(Args, Debug)]
pub struct DisableArgs {
    /// Ids or ranges
    #[arg(required = true, value_name = "EXT")]
    ext: Vec<Selection>,
    #[command(flatten)]
    after: AfterArgs,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &DisableArgs) -> Result<u8> {
    selection::members(&args.ext)?;
    let mut change = Change::new(app, &args.change);
    change.danger = Some(Danger::new("Disable", args.limit.max_change));
    change.after = args.after;
    change.run(&|_, estate, _| {
        let there = selection::existing(&args.ext, estate, false)?;
        Ok(there.into_iter().map(Edit::Disable).collect())
    })
}
