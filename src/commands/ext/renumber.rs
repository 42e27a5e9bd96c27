//! `ext renumber`.

use std::collections::BTreeSet;

use clap::Args;

use crate::commands::App;
use crate::commands::change::{Change, ChangeArgs, Danger, LimitArgs};
use crate::engine::Estate;
use crate::error::{Code, Error, Result};
use crate::extension::{Edit, Ext};
use crate::selection::{self, Selection, collapse};

/// Give an extension another number, everything else kept
///
/// Two ranges of equal length renumber one to one, in one plan with one reload; they may overlap.
/// What else mentions the old number is listed with file and line.
#[derive(Args, Debug)]
pub struct RenumberArgs {
    /// The old number or range
    old: Selection,
    /// The new number or range
    new: Selection,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &RenumberArgs) -> Result<u8> {
    let (old, new) = (args.old.members(), args.new.members());
    if old.len() != new.len() {
        return Err(Error::usage(format!(
            "{} names {} numbers and {} names {}",
            args.old,
            old.len(),
            args.new,
            new.len()
        ))
        .hint("both must name equally many"));
    }
    if args.old == args.new {
        return Err(Error::usage("the old and the new number are the same"));
    }
    let mut change = Change::new(app, &args.change);
    change.danger = Some(Danger::new("Renumber", args.limit.max_change));
    change.mentions = true;
    change.run(&|_, estate, _| {
        let there = args.old.existing(estate)?;
        new.iter().try_for_each(|ext| selection::has_domain(ext, estate))?;
        let pairs: Vec<(Ext, Ext)> = old
            .iter()
            .zip(&new)
            .filter(|(old, _)| there.contains(old))
            .map(|(old, new)| {
                // It stays in its domain: another one may have the new number.
                let own = old.domain.clone().or_else(|| estate.find(old)?.domain);
                let domain = new.domain.clone().or_else(|| own.clone());
                (Ext { number: old.number.clone(), domain: own }, Ext { number: new.number.clone(), domain })
            })
            .collect();
        check_free(&pairs, estate)?;
        Ok(pairs.into_iter().map(|(old, new)| Edit::Renumber { old, new }).collect())
    })
}

/// A new number must be free, or become free by this very change.
fn check_free(pairs: &[(Ext, Ext)], estate: &dyn Estate) -> Result<()> {
    let leaving: BTreeSet<&Ext> = pairs.iter().map(|(old, _)| old).collect();
    let taken: Vec<&Ext> =
        pairs.iter().map(|(_, new)| new).filter(|new| !leaving.contains(new) && estate.has(new)).collect();
    let Some(first) = taken.first() else { return Ok(()) };
    let numbers: Vec<String> = taken.iter().map(|ext| ext.to_string()).collect();
    let place = estate.find(first).map(|found| found.source);
    let error = Error::new(Code::Exists, format!("already taken: {}; nothing is renumbered", collapse(&numbers)));
    Err(Error { place, ..error })
}
