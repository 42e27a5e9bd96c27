//! `ext passwd`.

use clap::Args;

use crate::commands::App;
use crate::commands::change::{AfterArgs, Change, ChangeArgs, Danger, LimitArgs};
use crate::commands::password::{Keys, PasswordArgs};
use crate::error::Result;
use crate::extension::Edit;
use crate::selection::{self, Selection};

/// Give extensions a new password, the one that counts
///
/// A password is generated unless one is given, and shown once. On a terminal it asks first, saying
/// whom it hits; elsewhere it needs --yes.
#[derive(Args, Debug)]
pub struct PasswdArgs {
    /// Ids or ranges
    #[arg(required = true, value_name = "EXT")]
    ext: Vec<Selection>,
    /// Allow an auth section that serves several extensions
    #[arg(long)]
    shared: bool,
    #[command(flatten)]
    after: AfterArgs,
    #[command(flatten)]
    passwords: PasswordArgs,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &PasswdArgs) -> Result<u8> {
    selection::members(&args.ext)?;
    let keys = Keys::new(app, &args.passwords, &args.ext, args.change.dry_run)?;
    keys.check_owners(|number| args.ext.iter().any(|ext| ext.contains(number)))?;
    let mut change = Change::new(app, &args.change);
    change.keys = Some(keys);
    change.passwords_asked = args.passwords.into_report();
    change.danger = Some(Danger::new("Reset", args.limit.max_change));
    change.after = args.after;
    change.run(&|pbx, estate, mut keys| {
        let mut edits = Vec::new();
        for ext in selection::existing(&args.ext, estate, false)? {
            let secret = match &mut keys {
                Some(keys) => keys.of(pbx, &ext)?,
                None => None,
            };
            edits.push(Edit::Password { ext, secret, digest: args.passwords.digest(), shared: args.shared });
        }
        Ok(edits)
    })
}
