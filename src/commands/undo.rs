//! `sipctl undo`.

use std::time::Duration;

use clap::Args;
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};

use super::change::{ChangeArgs, LimitArgs, check_limit_of};
use super::{App, fleet};
use crate::change::fleet::Task;
use crate::change::undo::{self, Wanted};
use crate::change::{Gate, Outcome, Seen, past};
use crate::engine::{Contact, Estate, FileChange, Plan};
use crate::error::{Error, Result};
use crate::extension::Edit;
use crate::inventory::{Pbx, parse_duration};
use crate::output::diff::FileDiff;
use crate::output::document::{Body, Changed};
use crate::output::prompt;

/// Take back the newest change, another one, or all since a time
///
/// The files get the bytes they had before. Where somebody has changed other lines since, only our own
/// lines are taken back; where he has changed the same lines, nothing is done and his diff is shown.
/// It is a change like any other: reloaded, proved, put back where it fails, kept in the history, and
/// undone by its own id. Without an id each run goes one change further back.
#[derive(Args, Debug)]
pub struct UndoArgs {
    /// The id of a change, as `sipctl history` shows it
    #[arg(value_name = "ID", value_parser = id, conflicts_with = "since")]
    id: Option<u64>,
    /// Everything since this time: 22:00, 2026-11-25T22:00, or 2h (ago)
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
    /// Let passwords come back that were in force before
    #[arg(long)]
    with_secrets: bool,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// From when on.
#[derive(Clone, Debug)]
enum Since {
    /// A moment as the history writes it.
    At(String),
    /// So long before now, whatever the clock there says.
    Ago(Duration),
}

impl Since {
    /// As the history of a PBX has it: that is written by the clock of its host.
    fn by(&self, clock: i64) -> String {
        match self {
            Self::At(then) => then.clone(),
            Self::Ago(ago) => past::time(clock.saturating_sub_unsigned(ago.as_secs())),
        }
    }
}

fn id(text: &str) -> Result<u64, String> {
    super::history::id(text).map_err(|error| match since(text) {
        Ok(_) => format!("a time stands behind --since: sipctl undo --since {text}"),
        Err(_) => error,
    })
}

fn since(text: &str) -> Result<Since, String> {
    if let Some(ago) = parse_duration(text) {
        return Ok(Since::Ago(ago));
    }
    let now = ZonedDateTime::now();
    match since_at(text, &now) {
        None => Err("write a time such as 22:00, 2026-11-25T22:00 or 2h".to_owned()),
        Some(then) if then > past::time(now.timestamp().as_second()) => Err(format!("{then} is still to come")),
        Some(then) => Ok(Since::At(then)),
    }
}

fn since_at(text: &str, now: &ZonedDateTime) -> Option<String> {
    let then: Timestamp = if let Ok(time) = text.parse::<Timestamp>() {
        time
    } else if let Ok(time) = text.parse::<DateTime>() {
        shown(time, now.time_zone())?
    } else {
        let time: Time = text.parse().ok()?;
        let (date, zone) = (now.date(), now.time_zone());
        // A time that is still to come was yesterday.
        let today = shown(date.to_datetime(time), zone).filter(|today| *today <= now.timestamp());
        today.or_else(|| shown(date.yesterday().ok()?.to_datetime(time), zone))?
    };
    Some(past::time(then.as_second()))
}

/// When a clock on the wall showed this: the first time, where it did so twice; where it left that time
/// out, when it jumped.
fn shown(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    let then = ambiguous.earlier().ok()?;
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => Some(zone.following(then).next()?.timestamp()),
        _ => Some(then),
    }
}

/// Runs it.
pub fn run(app: &App, args: &UndoArgs) -> Result<u8> {
    let change = &args.change;
    if !change.yes && !change.dry_run && !prompt::possible() {
        return Err(Error::usage("undo needs a yes, and there is no terminal to ask")
            .hint("add --yes; --dry-run shows what would happen"));
    }
    app.on(app.choose(true), |chosen| {
        let gate = |pbx| UndoGate { app, args, pbx, clashes: Vec::new() };
        let mut gates: Vec<UndoGate> = chosen.iter().map(gate).collect();
        let tasks = gates.iter_mut().map(|gate| Task::Change(gate)).collect();
        let outcomes = fleet::drive(app, change, &change.options(), chosen, tasks);
        gates.into_iter().zip(outcomes).map(|(gate, outcome)| gate.report(outcome)).collect()
    })
}

/// The gate of an undo on one PBX.
struct UndoGate<'g> {
    app: &'g App,
    args: &'g UndoArgs,
    pbx: &'g Pbx,
    /// What somebody else has made of the files since.
    clashes: Vec<FileChange>,
}

impl UndoGate<'_> {
    fn report(self, outcome: Outcome) -> (Body, Option<Error>) {
        let mut report = Changed::new(&outcome, self.args.change.dry_run, self.args.change.diff);
        if !self.clashes.is_empty() {
            report.human_diff = self.clashes.iter().map(|change| FileDiff::new(change).text).collect();
            report.diff = Some(report.human_diff.clone());
        }
        (Body::Change(Box::new(report)), outcome.error)
    }
}

impl Gate for UndoGate<'_> {
    fn edits(&mut self, _: &dyn Estate) -> Result<Vec<Edit>> {
        Ok(Vec::new())
    }

    fn plan(&mut self, ground: &Seen) -> Result<Plan> {
        let Seen { cx, target, estate, live, .. } = *ground;
        let wanted = match (self.args.id, &self.args.since) {
            (Some(id), _) => Wanted::Id(id),
            (None, Some(since)) => Wanted::Since(since.by(target.keeper.clock().0)),
            (None, None) => Wanted::Newest,
        };
        let plan = undo::plan(cx, target, estate, live, &wanted).map_err(|clash| {
            self.clashes = clash.files;
            clash.error
        })?;
        if self.args.change.dry_run {
            return Ok(plan);
        }
        check_limit_of("take back changes of", self.args.limit.max_change, plan.done.len(), &self.pbx.name)?;
        let asks = self.wants_preview();
        if undo::brings_secrets(&plan.files) && !self.args.with_secrets && !asks {
            return Err(Error::usage("an old password would come back")
                .hint("if that is meant, say --with-secrets; ext passwd gives new ones"));
        }
        Ok(plan)
    }

    fn wants_preview(&self) -> bool {
        !self.args.change.yes && !self.args.change.dry_run
    }

    fn confirm(&mut self, plan: &Plan, _: &dyn Estate, _: &[Contact]) -> Result<()> {
        let ids: Vec<String> = plan.undo.iter().map(u64::to_string).collect();
        let what = if ids.len() == 1 { "change" } else { "changes" };
        let secrets = match undo::brings_secrets(&plan.files) && !self.args.with_secrets {
            true => "; an old password comes back",
            false => "",
        };
        let names: Vec<String> = plan.done.iter().map(|done| format!("{} {}", done.action, done.number)).collect();
        let names = crate::output::shortened(&names, 5);
        let ids = crate::selection::collapse(&ids);
        let question = format!("Take back {what} {ids} ({names}{secrets}) on {}?", self.pbx.name);
        self.app.out.confirm(&question)
    }

    fn before_write(&mut self, _: &Plan) -> Result<()> {
        Ok(())
    }

    fn put_back(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_of_the_clock_on_the_wall() {
        let now: ZonedDateTime = "2026-11-25T21:30:00+09:00[Asia/Seoul]".parse().unwrap();
        let at = |text: &str| since_at(text, &now);
        assert_eq!(at("21:00").as_deref(), Some("2026-11-25T12:00:00Z"));
        assert_eq!(at("22:00").as_deref(), Some("2026-11-24T13:00:00Z"), "it was yesterday");
        assert_eq!(at("2026-11-20T22:00").as_deref(), Some("2026-11-20T13:00:00Z"));
        assert_eq!(at("2026-11-20T22:00:00Z").as_deref(), Some("2026-11-20T22:00:00Z"));
        assert_eq!(at("soon"), None);
    }

    #[test]
    fn so_long_ago_is_so_long_before_the_clock_there() {
        assert_eq!(since("2h").unwrap().by(1_700_000_000), "2023-11-14T20:13:20Z");
        assert_eq!(since("2020-01-01T00:00:00Z").unwrap().by(1_700_000_000), "2020-01-01T00:00:00Z");
        assert_eq!(since("1000000years").unwrap().by(1_700_000_000), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn the_nights_on_which_the_clock_is_changed() {
        let at = |now: &str, text| since_at(text, &now.parse().unwrap()).unwrap();
        // It goes from 02:00 to 03:00, at 01:00 in UTC.
        for now in ["2026-03-29T03:10+02:00[Europe/Berlin]", "2026-03-30T02:10+02:00[Europe/Berlin]"] {
            assert_eq!(at(now, "02:30"), "2026-03-29T01:00:00Z");
        }
        assert_eq!(at("2026-03-29T03:10+02:00[Europe/Berlin]", "22:00"), "2026-03-28T21:00:00Z");
        // It shows 02:00 to 03:00 twice, first until 01:00 in UTC.
        for now in ["2026-10-25T02:10+01:00[Europe/Berlin]", "2026-10-25T04:00+01:00[Europe/Berlin]"] {
            assert_eq!(at(now, "02:30"), "2026-10-25T00:30:00Z");
        }
        assert_eq!(at("2026-10-25T02:10+02:00[Europe/Berlin]", "02:30"), "2026-10-24T00:30:00Z");
        assert_eq!(at("2026-10-25T22:00+01:00[Europe/Berlin]", "2026-10-25T02:30:00"), "2026-10-25T00:30:00Z");
    }
}
