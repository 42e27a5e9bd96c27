//! `apply`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use clap::Args;

use super::change::{Change, ChangeArgs, Danger, LimitArgs};
use super::lists::{self, Loaded, Vault, WishArgs};
use super::password::{Keys, PasswordArgs};
use super::{App, files};
use crate::engine::{Estate, Warning};
use crate::error::Result;
use crate::extension::Edit;
use crate::inventory::Pbx;
use crate::pool::lock;
use crate::spec::plan::{self, Planned, Site};

/// Make PBXes as a list says: one plan, one write a file, one reload, everything proved
///
/// Only what differs is changed; where nothing does, nothing is written and nothing reloaded. New
/// extensions get generated passwords unless the list says where theirs are. See: sipctl help lists
#[derive(Args, Debug)]
pub struct ApplyArgs {
    /// The list: YAML, JSON or CSV; `-` is standard input
    #[arg(short, long, value_name = "FILE", value_parser = lists::file_arg, value_hint = lists::HINT)]
    file: PathBuf,
    #[command(flatten)]
    wish: WishArgs,
    /// Where passwords made in this run go: `-` into the report, FILE (new, 0600) as CSV
    #[arg(long, value_name = "-|FILE", help_heading = "Passwords")]
    passwords: Option<PathBuf>,
    /// The same generated password on every PBX
    #[arg(long, help_heading = "Passwords")]
    same_password: bool,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &ApplyArgs) -> Result<u8> {
    let loaded = Loaded::read(app, &args.file)?;
    let wish = args.wish.wish(&loaded.list)?;
    let app = &loaded.targeted(app)?;
    let given = PasswordArgs::generated(args.passwords.clone(), args.same_password);
    let mut change = Change::new(app, &args.change);
    change.keys = Some(Keys::new(app, &given, &[], args.change.dry_run)?);
    change.passwords_asked = given.into_report();
    change.danger = Some(Danger::of_list(args.limit.max_change));
    change.mentions = args.wish.prune;
    let said: Mutex<BTreeMap<String, Vec<Warning>>> = Mutex::default();
    let notes = |pbx: &Pbx| {
        let said = lock(&said).remove(&pbx.name).unwrap_or_default();
        let lacking =
            crate::engine::of(pbx.address.kind).map(|engine| plan::lacking(&loaded.list, Site { pbx, engine }));
        said.into_iter().chain(lacking.unwrap_or_default()).collect()
    };
    change.notes = Some(&notes);
    let vault = Mutex::new(Vault::new(&args.file));
    change.run(&|pbx, estate, keys| {
        let planned = planned(app, &loaded, &mut lock(&vault), pbx, estate, wish, keys)?;
        if !args.change.dry_run {
            lists::check_deletions(&planned, args.limit.max_change, &pbx.name)?;
        }
        lock(&said).insert(pbx.name.clone(), planned.warnings);
        Ok(planned.edits)
    })
}

/// What there is to do on a PBX.
pub fn planned(
    app: &App,
    loaded: &Loaded,
    vault: &mut Vault,
    pbx: &Pbx,
    estate: &dyn Estate,
    wish: plan::Wish,
    mut keys: Option<&mut Keys>,
) -> Result<Planned> {
    loaded.check_target(pbx)?;
    let site = Site { pbx, engine: crate::engine::of(pbx.address.kind)? };
    let mut password = |ext: &_, key: &_| vault.get(app, pbx, ext, key, keys.as_deref_mut());
    plan::plan(&loaded.list, site, estate, wish, &mut password).map_err(|problems| match app.cancel.is_set() {
        // That the wait for a password was broken off is no mistake of the list.
        true => files::interrupted(),
        false => loaded.failed(&problems),
    })
}

/// Whether an edit hits somebody: it is asked about first.
pub fn hits(edit: &Edit) -> bool {
    matches!(edit, Edit::Delete(_) | Edit::Password { .. } | Edit::Disable(_))
}
