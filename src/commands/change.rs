//! What all changing verbs share: the common flags, the questions to the person, and the way from
//! a verb's edits to the report.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use clap::Args;

use super::password::Keys;
use super::{App, Limits, Open, fleet};
use crate::change::fleet::{Rules, Task};
use crate::change::{Gate, Options, Outcome, Target};
use crate::engine::{Contact, Done, Estate, Plan, PlanOptions, Warning};
use crate::error::{Code, Error, Result};
use crate::extension::Edit;
use crate::inventory::{Pbx, parse_duration};
use crate::output::document::{Body, Changed};
use crate::output::prompt;
use crate::pool::lock;

/// The verb of a list.
const LIST: &str = "Change";
/// More extensions than this need `--max-change`.
const USUAL_LIMIT: usize = 10;
/// As many extensions are named in a question.
const NAMED: usize = 5;

/// A time for clap.
pub fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a time such as 30s or 2min".to_owned())
}

/// A time in which somebody can react, for clap.
fn patience(text: &str) -> Result<Duration, String> {
    let fits = |time: &Duration| (1..=86_400).contains(&time.as_secs());
    duration(text).ok().filter(fits).ok_or_else(|| "write a time from 1s to 24h, such as 60s".to_owned())
}

/// Flags of every changing command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Change")]
pub struct ChangeArgs {
    /// Do everything but write; print the diff
    ///
    /// Secrets are masked, no password is made, no lock is taken and no person is asked. It ends with 0
    /// only where the real run would start.
    #[arg(long)]
    pub dry_run: bool,
    /// Put the masked diff into JSON and YAML as well
    #[arg(long)]
    pub diff: bool,
    /// Write, but do not reload the engine
    #[arg(long)]
    pub no_reload: bool,
    /// Reload, but do not ask the engine whether it took the change
    #[arg(long)]
    pub no_proof: bool,
    /// Files only: no engine is asked, reloaded or proved
    #[arg(long)]
    pub offline: bool,
    /// Skip sipctl's own check of option names and values
    #[arg(long)]
    pub no_validate: bool,
    /// Treat the warnings unproved, drift and pending-edits as failures
    #[arg(long)]
    pub strict: bool,
    /// How long to wait for the lock and for a reload under way [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub wait: Option<Duration>,
    /// Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Why, for the history
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Of several PBXes begin with the first N, and go on only if they were proved
    #[arg(long, value_name = "N", value_parser = crate::cli::jobs)]
    pub canary: Option<usize>,
    /// Of several PBXes begin no more once N have failed
    #[arg(long, value_name = "N", value_parser = crate::cli::jobs)]
    pub max_fail: Option<usize>,
    /// Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time
    ///
    /// For changes that may cut you off. A small shell script on the host puts the old files back and
    /// has the engine reload, whatever became of the terminal, the link and sipctl; after a restart of
    /// the host the next change or `sipctl recover` does so. Until then other changes are refused (10).
    #[arg(long, value_name = "TIME", value_parser = patience, conflicts_with_all = ["offline", "no_reload", "atomic"])]
    pub confirm: Option<Duration>,
    /// All PBXes or none: where one cannot be proved, all are put back
    #[arg(long, conflicts_with_all = ["canary", "max_fail"])]
    pub atomic: bool,
}

impl ChangeArgs {
    /// The flags as the change room takes them.
    pub fn options(&self) -> Options {
        Options {
            dry_run: self.dry_run,
            no_reload: self.no_reload,
            no_proof: self.no_proof,
            offline: self.offline,
            strict: self.strict,
            message: self.message.clone(),
            confirm: self.confirm,
            ..Options::default()
        }
    }

    /// How several PBXes are worked on.
    pub fn rules(&self, app: &App) -> Rules {
        let Self { canary, max_fail, atomic, .. } = *self;
        Rules { jobs: app.global.jobs, canary, max_fail, atomic }
    }

    /// For a verb that cannot be taken back.
    pub fn never_atomic(&self, verb: &str) -> Result<()> {
        if self.confirm.is_some() {
            return Err(Error::usage(format!("{verb} cannot be taken back, so it cannot wait to be confirmed")));
        }
        match self.atomic {
            true => Err(Error::usage(format!("{verb} cannot be taken back, so it cannot be --atomic"))
                .hint("--canary N and --max-fail N stop before it has gone everywhere")),
            false => Ok(()),
        }
    }

    /// `--timeout` and `--wait`.
    pub fn limits(&self) -> Limits {
        Limits { timeout: self.timeout, wait: self.wait }
    }
}

/// The limit of verbs that hit people.
#[derive(Args, Clone, Debug, Default)]
pub struct LimitArgs {
    /// Allow a change of up to this many extensions on one PBX [default: 10]
    #[arg(long, value_name = "N", value_parser = crate::cli::jobs, help_heading = "Change")]
    pub max_change: Option<usize>,
}

/// What happens to phones that are there, after proof.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct AfterArgs {
    /// Drop its registrations afterwards
    #[arg(long)]
    pub kick: bool,
    /// End its calls afterwards
    #[arg(long)]
    pub hangup: bool,
}

/// A verb that hits people: it asks first.
pub struct Danger {
    /// `Reset`, `Delete`, `Disable`, `Renumber`.
    pub verb: &'static str,
    /// `--max-change`.
    pub limit: Option<usize>,
    /// Which of its edits hit somebody.
    pub hits: fn(&Edit) -> bool,
}

impl Danger {
    /// A verb that hits everybody it names.
    pub fn new(verb: &'static str, limit: Option<usize>) -> Self {
        Self { verb, limit, hits: |_| true }
    }

    /// A list, which may delete, reset and disable besides.
    pub fn of_list(limit: Option<usize>) -> Self {
        Self { verb: LIST, limit, hits: super::apply::hits }
    }

    /// Whether it cannot be carried out without a yes.
    fn needs_yes(&self, args: &ChangeArgs) -> Result<()> {
        if args.yes || args.dry_run || prompt::possible() {
            return Ok(());
        }
        let what = if self.verb == LIST { "a list that deletes, resets or disables" } else { self.verb };
        Err(Error::usage(format!("{} needs a yes, and there is no terminal to ask", what.to_lowercase()))
            .hint("add --yes; --dry-run shows what would happen"))
    }
}

/// One run of a changing verb.
pub struct Change<'a> {
    /// The program.
    pub app: &'a App,
    /// The common flags.
    pub args: &'a ChangeArgs,
    /// Whether it asks first.
    pub danger: Option<Danger>,
    /// The passwords, of verbs that set some.
    pub keys: Option<Keys>,
    /// `--passwords -` was said.
    pub passwords_asked: bool,
    /// `--kick` and `--hangup`.
    pub after: AfterArgs,
    /// Whether other files may mention the numbers.
    pub mentions: bool,
    /// What is worth saying of a PBX besides.
    pub notes: Option<&'a Notes<'a>>,
}

/// What is worth saying of a PBX, whatever is changed there.
pub type Notes<'n> = dyn Fn(&Pbx) -> Vec<Warning> + Sync + 'n;

/// Turns what is there into edits; the verb's own part.
pub type Edits<'e> = dyn Fn(&Pbx, &dyn Estate, Option<&mut Keys>) -> Result<Vec<Edit>> + Sync + 'e;

impl<'a> Change<'a> {
    /// A change that asks nothing and sets no password.
    pub fn new(app: &'a App, args: &'a ChangeArgs) -> Self {
        Self {
            app,
            args,
            danger: None,
            keys: None,
            passwords_asked: false,
            after: AfterArgs::default(),
            mentions: false,
            notes: None,
        }
    }

    /// Carries the change out on every chosen PBX; the exit code.
    pub fn run(self, edits: &Edits) -> Result<u8> {
        let app = self.app;
        if let Some(danger) = self.danger.as_ref().filter(|danger| danger.verb != LIST) {
            danger.needs_yes(self.args)?;
        }
        app.on(app.choose(true), |chosen| self.reports(chosen, edits))
    }

    /// The same on this PBX alone, whatever is chosen.
    pub fn run_on(self, pbx: &Pbx, edits: &Edits) -> Result<u8> {
        let app = self.app;
        app.on(Ok(vec![pbx.clone()]), |chosen| self.reports(chosen, edits))
    }

    /// The same on this PBX alone, without a document.
    pub fn one(self, pbx: &Pbx, edits: &Edits) -> (Body, Option<Error>) {
        let mut reports = self.reports(std::slice::from_ref(pbx), edits);
        reports.pop().unwrap_or_else(|| (Body::Change(Box::default()), None))
    }

    /// Carries the change out on these PBXes; the report of each.
    pub fn reports(mut self, chosen: &[Pbx], edits: &Edits) -> Vec<(Body, Option<Error>)> {
        let (app, args) = (self.app, self.args);
        let keys = self.keys.take().map(Mutex::new);
        let plan = PlanOptions { no_validate: args.no_validate, kick: self.after.kick, hangup: self.after.hangup };
        let options = Options { plan, mentions: self.mentions, ..args.options() };
        if let Some(keys) = &keys {
            lock(keys).chosen(chosen);
        }
        let gate = |pbx| VerbGate { change: &self, keys: keys.as_ref(), pbx, edits };
        let mut gates: Vec<VerbGate> = chosen.iter().map(gate).collect();
        let tasks = gates.iter_mut().map(|gate| Task::Change(gate)).collect();
        let outcomes = fleet::drive(app, args, &options, chosen, tasks);
        chosen.iter().zip(outcomes).map(|(pbx, outcome)| self.report(pbx, keys.as_ref(), outcome)).collect()
    }

    fn report(&self, pbx: &Pbx, keys: Option<&Mutex<Keys>>, mut outcome: Outcome) -> (Body, Option<Error>) {
        outcome.warnings.extend(self.notes.map(|notes| notes(pbx)).unwrap_or_default());
        let mut report = Changed::new(&outcome, self.args.dry_run, self.args.diff);
        if let Some(keys) = keys
            && outcome.error.as_ref().is_none_or(|error| error.code == Code::NeedsPerson)
        {
            let numbers: Vec<String> = report.changes.iter().map(|done| done.number.clone()).collect();
            let (passwords, note) = lock(keys).report(pbx, self.passwords_asked, &numbers);
            report.passwords = passwords;
            report.password_note = note.map(|note| self.app.command_at(&pbx.name, &note));
        }
        (Body::Change(Box::new(report)), outcome.error)
    }
}

impl Open {
    /// The PBX as the change room knows it.
    pub fn target(&self, pbx: &Pbx, offline: bool) -> Result<Target<'_>> {
        let history = history_folders();
        let near = state_folder();
        Ok(Target {
            name: pbx.name.clone(),
            together: self.plain && self.host.is_far() && history.first() != near.as_ref(),
            host: self.host.as_ref(),
            engine: self.engine,
            folder: self.folder.clone(),
            machine: pbx.address.machine(),
            login: if offline { None } else { self.login()? },
            reload: pbx.reload,
            history,
            near,
            keeper: self.keeper.as_ref(),
            who: who(),
        })
    }
}

/// The gate of a verb on one PBX.
struct VerbGate<'g, 'a, 'e> {
    change: &'g Change<'a>,
    keys: Option<&'g Mutex<Keys>>,
    pbx: &'g Pbx,
    edits: &'g Edits<'e>,
}

impl Gate for VerbGate<'_, '_, '_> {
    fn edits(&mut self, estate: &dyn Estate) -> Result<Vec<Edit>> {
        let mut keys = self.keys.map(lock);
        let edits = (self.edits)(self.pbx, estate, keys.as_deref_mut())?;
        if let Some(danger) = self.change.danger.as_ref().filter(|_| !self.change.args.dry_run) {
            let hit = edits.iter().filter(|edit| (danger.hits)(edit)).count();
            if hit > 0 {
                check_limit(danger, hit, &self.pbx.name)?;
                danger.needs_yes(self.change.args)?;
            }
        }
        Ok(edits)
    }

    fn wants_preview(&self) -> bool {
        // A list that may hit nobody asks only where somebody can answer.
        let asks = self.change.danger.as_ref().is_some_and(|danger| danger.verb != LIST || prompt::possible());
        asks && !self.change.args.yes && !self.change.args.dry_run
    }

    fn confirm(&mut self, plan: &Plan, estate: &dyn Estate, contacts: &[Contact]) -> Result<()> {
        match &self.change.danger {
            Some(danger) if danger.verb == LIST => {
                for (verb, action) in [("Delete", "delete"), ("Reset", "passwd"), ("Disable", "disable")] {
                    let done = plan.done.iter().filter(|done| done.action == action).cloned().collect::<Vec<_>>();
                    if !done.is_empty() {
                        self.change.app.out.confirm(&question(verb, &self.pbx.name, &done, estate, contacts))?;
                    }
                }
                Ok(())
            }
            Some(danger) if !plan.done.is_empty() => {
                self.change.app.out.confirm(&question(danger.verb, &self.pbx.name, &plan.done, estate, contacts))
            }
            _ => Ok(()),
        }
    }

    fn before_write(&mut self, plan: &Plan) -> Result<()> {
        let numbers: Vec<String> = plan.done.iter().map(|done| done.number.clone()).collect();
        match self.keys.map(lock) {
            Some(mut keys) => keys.save(self.pbx, &numbers).inspect_err(|_| keys.forget(self.pbx)),
            None => Ok(()),
        }
    }

    fn put_back(&mut self) {
        if let Some(mut keys) = self.keys.map(lock) {
            keys.forget(self.pbx);
        }
    }
}

/// Refuses to hit more extensions than the person expects.
fn check_limit(danger: &Danger, count: usize, pbx: &str) -> Result<()> {
    check_limit_of(&danger.verb.to_lowercase(), danger.limit, count, pbx)
}

/// The same for what is no such verb.
pub(super) fn check_limit_of(verb: &str, limit: Option<usize>, count: usize, pbx: &str) -> Result<()> {
    if count <= limit.unwrap_or(USUAL_LIMIT) {
        return Ok(());
    }
    Err(Error::usage(format!("this would {verb} {count} extensions on {pbx}"))
        .hint(format!("if that is meant, say --max-change {count}")))
}

/// `Reset 1002 (Reception, registered from 10.1.2.7) on seoul?`
fn question(verb: &str, pbx: &str, all: &[Done], estate: &dyn Estate, contacts: &[Contact]) -> String {
    let mut who = Vec::new();
    for done in all.iter().take(NAMED) {
        let number = done.was.as_ref().unwrap_or(&done.number);
        let ext = crate::extension::Ext { number: number.clone(), domain: done.domain.clone() };
        let mut about: Vec<String> = estate.find(&ext).and_then(|found| found.fields.cid_name).into_iter().collect();
        about.extend(contacts.iter().filter(|contact| contact.number == *number).take(2).map(|contact| {
            let from = contact.address.as_ref().unwrap_or(&contact.uri);
            format!("registered from {from}")
        }));
        let to = done.was.as_ref().map(|_| format!(" to {}", done.number)).unwrap_or_default();
        who.push(match about.is_empty() {
            true => format!("{number}{to}"),
            false => format!("{number}{to} ({})", about.join(", ")),
        });
    }
    let count = all.len();
    match count.checked_sub(NAMED) {
        None | Some(0) => format!("{verb} {} on {pbx}?", who.join(", ")),
        Some(more) => format!("{verb} {count} extensions on {pbx}: {} and {more} more?", who.join(", ")),
    }
}

/// Where the history may lie, best first.
pub fn history_folders() -> Vec<PathBuf> {
    match named("SIPCTL_STATE") {
        Some(folder) => vec![folder],
        None => [Some(PathBuf::from("/var/lib/sipctl")), state_folder()].into_iter().flatten().collect(),
    }
}

/// The folder for it that is always one of this machine.
pub fn state_folder() -> Option<PathBuf> {
    named("SIPCTL_STATE").or_else(|| {
        let state = named("XDG_STATE_HOME").or_else(|| named("HOME").map(|home| home.join(".local/state")));
        state.map(|state| state.join("sipctl"))
    })
}

fn named(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Who makes the change: `user@client`.
fn who() -> String {
    let user = ["SUDO_USER", "LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
    let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    let system = rustix::system::uname();
    format!("{user}@{}", system.nodename().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_ten_need_a_number() {
        let danger = |limit| Danger::new("Delete", limit);
        assert!(check_limit(&danger(None), 10, "seoul").is_ok());
        let error = check_limit(&danger(None), 11, "seoul").unwrap_err();
        assert_eq!((error.code, error.hints[0].contains("--max-change 11")), (Code::Usage, true));
        assert!(check_limit(&danger(Some(20)), 20, "seoul").is_ok());
        assert!(check_limit(&danger(Some(2)), 3, "seoul").is_err());
    }
}
