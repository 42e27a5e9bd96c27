//! `ext kick`.

use clap::Args;

use crate::commands::App;
use crate::commands::aftercare;
use crate::commands::change::ChangeArgs;
use crate::engine::Aftercare;
use crate::error::Result;
use crate::selection::Selection;

/// Drop the registrations of extensions
///
/// No file changes. A phone that knows its password comes back by itself.
#[derive(Args, Debug)]
pub struct KickArgs {
    /// Ids or ranges
    #[arg(required = true, value_name = "EXT")]
    ext: Vec<Selection>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &KickArgs) -> Result<u8> {
    aftercare::run(app, &args.change, &args.ext, "kick", |id| Aftercare::Kick { id })
}
