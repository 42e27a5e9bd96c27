//! `ext notify`.

use clap::Args;

use crate::commands::App;
use crate::commands::aftercare;
use crate::commands::change::ChangeArgs;
use crate::engine::Aftercare;
use crate::error::Result;
use crate::selection::Selection;

/// Ask the phones of extensions to fetch their settings
///
/// Sends Event: check-sync to every registered phone. No file changes.
#[derive(Args, Debug)]
pub struct NotifyArgs {
    /// Ids or ranges
    #[arg(required = true, value_name = "EXT")]
    ext: Vec<Selection>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &NotifyArgs) -> Result<u8> {
    aftercare::run(app, &args.change, &args.ext, "notify", |id| Aftercare::Notify { id })
}
