//! `ext enable`.

use clap::Args;

use crate::commands::App;
use crate::commands::change::{Change, ChangeArgs};
use crate::error::Result;
use crate::extension::Edit;
use crate::selection::{self, Selection};

/// Let disabled extensions register and call again
///
/// Removes exactly what `ext disable` wrote. A deny written by hand is not touched.
#[derive(Args, Debug)]
pub struct EnableArgs {
    /// Ids or ranges
    #[arg(required = true, value_name = "EXT")]
    ext: Vec<Selection>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &EnableArgs) -> Result<u8> {
    selection::members(&args.ext)?;
    Change::new(app, &args.change).run(&|_, estate, _| {
        let there = selection::existing(&args.ext, estate, false)?;
        Ok(there.into_iter().map(Edit::Enable).collect())
    })
}
