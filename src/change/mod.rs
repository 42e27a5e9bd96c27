//! A change and its states: locked and planned, staged, switched and reloaded, proved; then kept,
//! or put back. Knows no engine by name.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::cx::Cx;
use crate::engine::{
    Console, Contact, Engine, Estate, Live, Opening, Plan, PlanOptions, Proof, Reloaded, Verdict, Warning,
};
use crate::error::{Error, Result};
use crate::extension::Edit;
use crate::host::Host;
use crate::wire::event_socket::Login;

mod back;
mod conclude;
mod confirm;
pub mod fleet;
pub mod history;
pub mod journal;
mod open;
pub mod past;
mod proof;
mod recover;
mod reload;
mod run;
mod states;
pub mod undo;
mod watchdog;

pub use confirm::{confirm, settled};
pub use recover::{open_change, opens, recover_only as recover};
pub use reload::{Consent, reload};

/// The PBX a change happens to.
pub struct Target<'a> {
    /// Its inventory name, else its address: what reports and the history call it.
    pub name: String,
    /// Where its files are.
    pub host: &'a dyn Host,
    /// Which engine it is.
    pub engine: &'a dyn Engine,
    /// Its configuration folder.
    pub folder: PathBuf,
    /// Who to be on its console, where the inventory says so.
    pub login: Option<Login>,
    /// What `reload =` of the inventory says.
    pub reload: ReloadPolicy,
    /// Where the history lies (`/var/lib/sipctl`, or the client's state folder).
    pub history: Vec<PathBuf>,
    /// The one of these that is on this machine, however far away the host is: it holds the changes of
    /// PBXes of several machines.
    pub near: Option<PathBuf>,
    /// Which machine or container the files are on.
    pub machine: String,
    /// The host those folders are on: not seen from a `root`, or copies would go into an image.
    pub keeper: &'a dyn Host,
    /// Whether files and the first folder of the history are on one far host under their own names,
    /// so that one exchange can write to both.
    pub together: bool,
    /// Who changes it, as `user@client`.
    pub who: String,
}

impl<'a> Target<'a> {
    /// Opens the console of its engine, which may run somewhere else than the files are.
    fn console(&self, cx: &Cx) -> Result<Box<dyn Console + 'a>> {
        self.opening(cx)?(cx)
    }

    /// What opens it.
    fn opening(&self, cx: &Cx) -> Result<Opening<'a>> {
        let (host, folder) = self.host.engine().unwrap_or((self.host, &self.folder));
        self.engine.opening(cx, host, folder, self.login.as_ref())
    }
}

/// What `reload =` of the inventory says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReloadPolicy {
    /// Everything (`core reload`, `reloadxml`); narrow when somebody's edits are pending.
    #[default]
    Full,
    /// Always the narrowest.
    Narrow,
    /// Never.
    None,
}

/// The common flags of every changing command.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--dry-run`.
    pub dry_run: bool,
    /// `--no-reload`.
    pub no_reload: bool,
    /// `--no-proof`.
    pub no_proof: bool,
    /// `--offline`.
    pub offline: bool,
    /// `--strict`.
    pub strict: bool,
    /// `-m`.
    pub message: Option<String>,
    /// `--confirm`: how long the new state waits for somebody to say that it is good.
    pub confirm: Option<Duration>,
    /// What planning needs.
    pub plan: PlanOptions,
    /// Whether planning needs the files that may mention a number.
    pub mentions: bool,
}

/// What a plan is made from.
pub struct Seen<'s> {
    /// For calls on host and keeper.
    pub cx: &'s Cx<'s>,
    /// The PBX.
    pub target: &'s Target<'s>,
    /// Its files.
    pub estate: &'s dyn Estate,
    /// Its engine, where it is asked.
    pub live: Option<&'s Live>,
    /// How planning is to treat things.
    pub options: &'s PlanOptions,
}

/// What the command does around a change.
pub trait Gate {
    /// The edits wanted, given what is there. Called for the preview and again under the lock.
    fn edits(&mut self, estate: &dyn Estate) -> Result<Vec<Edit>>;

    /// The plan of these edits; what is no edit plans for itself.
    fn plan(&mut self, ground: &Seen) -> Result<Plan> {
        let edits = self.edits(ground.estate)?;
        ground.estate.plan(ground.live, &edits, ground.options)
    }

    /// Whether [`Gate::confirm`] must be asked on a preview before the lock is taken.
    fn wants_preview(&self) -> bool;

    /// Asks the person; an error stops with nothing changed.
    fn confirm(&mut self, plan: &Plan, estate: &dyn Estate, contacts: &[Contact]) -> Result<()>;

    /// The last moment before anything is written (limits, the passwords file).
    fn before_write(&mut self, plan: &Plan) -> Result<()>;

    /// Everything was put back.
    fn put_back(&mut self);
}

/// How proof came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every question got the one right answer.
    Proved,
    /// The engine holds something else, or logged an error about it.
    Failed,
    /// Something could not be asked, or was answered in a form sipctl does not know.
    Unproved,
    /// Nothing was asked.
    #[default]
    Skipped,
}

/// Proof as it is reported.
#[derive(Clone, Debug, Default)]
pub struct ProofReport {
    /// The sum of it.
    pub status: Status,
    /// How many questions.
    pub checks: usize,
    /// How many of them the engine could only answer indirectly.
    pub indirect: usize,
    /// The ones that failed or stayed unproved.
    pub failed: Vec<(Proof, Verdict)>,
}

/// How a change ended.
#[derive(Default)]
pub struct Outcome {
    /// Whether files are different now (or would be, in a dry run).
    pub changed: bool,
    /// Its id in the history, for undo.
    pub id: Option<String>,
    /// Until when it waits to be confirmed (RFC 3339, UTC).
    pub waiting: Option<String>,
    /// What was planned and, unless it was a dry run or was put back, done.
    pub plan: Plan,
    /// The reload, unless skipped.
    pub reload: Option<Reloaded>,
    /// The proof.
    pub proof: ProofReport,
    /// All warnings, of the estate, the plan, the engine and the change itself.
    pub warnings: Vec<Warning>,
    /// Why it failed; everything is back unless the code says otherwise.
    pub error: Option<Error>,
}

/// Carries out one change on one PBX.
pub fn run(cx: &Cx, target: &Target, options: &Options, gate: &mut dyn Gate) -> Outcome {
    let mut run = run::Run::new(cx, target, options);
    let ended = run.go(gate);
    run.end(ended)
}
