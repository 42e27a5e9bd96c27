//! `sipctl history`: what was changed, and what changed without sipctl.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{App, Limits, Open};
use crate::change::past::{self, Kept, Outside};
use crate::cx::Cx;
use crate::error::Result;
use crate::inventory::Pbx;
use crate::output::diff::FileDiff;
use crate::output::document::{Body, Copy, PastChange, PastShown};

/// Show what was changed: when, by whom, why, and what changed without sipctl
///
/// Every change that stayed is kept on the PBX's host, the newest 100 of them, with plain copies of its
/// files. A line `outside sipctl` names the files that somebody else has changed in between. See also:
/// sipctl help history.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryArgs {
    #[command(subcommand)]
    command: Option<HistoryCommand>,
}

/// What there is besides the list.
#[derive(Debug, Subcommand)]
enum HistoryCommand {
    /// Show one change with its masked diff, and where its copies lie
    Show {
        /// The id, as `sipctl history` shows it
        #[arg(value_name = "ID", value_parser = id)]
        id: u64,
    },
}

/// The id of a change, for clap.
pub fn id(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write the number of a change, as sipctl history shows it".to_owned())
}

/// Runs it.
pub fn run(app: &App, args: &HistoryArgs) -> Result<u8> {
    app.each(false, |pbx| {
        let cx = app.cx(pbx, Limits::default());
        let mut shown = PastShown::default();
        let looked = match &args.command {
            None => list(&cx, pbx, &mut shown),
            Some(HistoryCommand::Show { id }) => show(&cx, pbx, *id, &mut shown),
        };
        (Body::Past(Box::new(shown)), looked.err())
    })
}

fn list(cx: &Cx, pbx: &Pbx, shown: &mut PastShown) -> Result<()> {
    let open = Open::new(cx, pbx)?;
    let target = open.target(pbx, true)?;
    let past = past::read(cx, &target)?;
    let estate = open.engine.load(cx, open.host.as_ref(), &open.folder, false)?;
    shown.warnings.extend(past.warnings());
    shown.warnings.extend(crate::change::open_change(cx, open.host.as_ref(), &open.folder));
    let mut outside = past.outside(cx, &target, estate.as_ref())?;
    for kept in &past.kept {
        let here = outside.iter().position(|outside| outside.before == Some(kept.entry.id));
        shown.history.extend(here.map(|at| strange(outside.remove(at))));
        shown.history.push(entry(kept));
    }
    shown.history.extend(outside.into_iter().map(strange));
    Ok(())
}

fn show(cx: &Cx, pbx: &Pbx, id: u64, shown: &mut PastShown) -> Result<()> {
    let open = Open::new(cx, pbx)?;
    let target = open.target(pbx, true)?;
    let past = past::read(cx, &target)?;
    let kept = past.find(id)?;
    let text = past::changes(cx, &target, kept)?.iter().map(|change| FileDiff::new(change).text).collect();
    let copies = kept.entry.files.iter().map(|file| {
        let at = |name: &Option<String>| name.as_ref().map(|name| kept.folder.join(name));
        Copy { path: file.path.clone(), before: at(&file.before), after: at(&file.after), part: file.part }
    });
    shown.history.push(PastChange { copies: Some(copies.collect()), diff: Some(text), ..entry(kept) });
    Ok(())
}

fn entry(kept: &Kept) -> PastChange {
    let entry = kept.entry.clone();
    PastChange {
        id: Some(entry.id.to_string()),
        local: local(&entry.when),
        when: entry.when,
        who: Some(entry.who),
        message: entry.message,
        outside: false,
        live: Some(entry.live),
        changes: entry.done,
        undo: entry.undo.iter().map(u64::to_string).collect(),
        files: entry.files.into_iter().map(|file| file.path).collect(),
        ..PastChange::default()
    }
}

fn strange(outside: Outside) -> PastChange {
    let local = local(&outside.when);
    PastChange {
        local: if outside.before.is_some() { format!("before {local}") } else { local },
        when: outside.when,
        outside: true,
        files: outside.files,
        ..PastChange::default()
    }
}

/// A time of the history as the clock on the wall shows it.
fn local(when: &str) -> String {
    match when.parse::<Timestamp>() {
        Ok(time) => time.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => when.to_owned(),
    }
}
