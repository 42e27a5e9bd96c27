//! `ext rm`.

use clap::Args;

use crate::commands::App;
use crate::commands::change::{AfterArgs, Change, ChangeArgs, Danger, LimitArgs};
use crate::error::Result;
use crate::extension::Edit;
use crate::selection::{self, Selection};

/// Delete extensions
///
/// Takes what serves only this extension, and drops its registrations once that is proved. What else
/// mentions the number is listed with file and line. On a terminal it asks first, saying whom it
/// hits; elsewhere it needs --yes.
#[derive(Args, Debug)]
#[command(mut_arg("kick", |kick| kick.hide(true)))]
pub struct RmArgs {
    /// Ids or ranges
    #[arg(required = true, value_name = "EXT")]
    ext: Vec<Selection>,
    /// Skip those that do not exist
    #[arg(long)]
    if_present: bool,
    #[command(flatten)]
    after: AfterArgs,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it. Registrations are always dropped, so `--kick` is only accepted.
pub fn run(app: &App, args: &RmArgs) -> Result<u8> {
    selection::members(&args.ext)?;
    let mut change = Change::new(app, &args.change);
    change.danger = Some(Danger::new("Delete", args.limit.max_change));
    change.after = AfterArgs { kick: true, ..args.after };
    change.mentions = true;
    change.run(&|_, estate, _| {
        let there = selection::existing(&args.ext, estate, args.if_present)?;
        Ok(there.into_iter().map(Edit::Delete).collect())
    })
}
