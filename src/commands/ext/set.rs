//! `ext set`.

use clap::Args;

use crate::commands::App;
use crate::commands::change::{Change, ChangeArgs};
use crate::commands::fields::FieldArgs;
use crate::error::{Error, Result};
use crate::extension::{Edit, Fields};
use crate::selection::{self, Selection};

/// Change fields and options of extensions
///
/// Only what is named is touched. What comes from a template is overridden in the extension's own
/// section. {number} in a value is the extension's number.
#[derive(Args, Debug)]
pub struct SetArgs {
    /// Ids or ranges
    #[arg(required = true, value_name = "EXT")]
    ext: Vec<Selection>,
    #[command(flatten)]
    fields: FieldArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &SetArgs) -> Result<u8> {
    selection::members(&args.ext)?;
    args.fields.check()?;
    if args.fields.fields("") == Fields::default() && args.fields.settings("")?.is_empty() {
        return Err(Error::usage("nothing is named that should be set")
            .hint("for instance: sipctl ext set 1002 --name Reception; see: sipctl help fields"));
    }
    Change::new(app, &args.change).run(&|_, estate, _| {
        selection::existing(&args.ext, estate, false)?
            .into_iter()
            .map(|ext| {
                let fields = Box::new(args.fields.fields(&ext.number));
                let settings = args.fields.settings(&ext.number)?;
                Ok(Edit::Set { ext, fields, settings })
            })
            .collect()
    })
}
