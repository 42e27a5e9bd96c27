//! One change: what it knows, and what it asks of host and engine on its way.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::conclude::Ending;
use super::journal::Opened;
use super::open::Open;
use super::proof::{differs, sum, warnings, worst};
use super::{Gate, Options, Outcome, ReloadPolicy, Seen, Status, Target, history, recover};
use crate::cx::Cx;
use crate::engine::{Console, Done, Estate, FileChange, Live, Opening, Plan, Proof, Reader, Reload, Verdict, Warning};
use crate::error::{Code, Error, Place, Result};
use crate::extension::Ext;
use crate::host::{Content, Guard, Meta, Want};
use crate::pool::both;

/// Getting the lock took this long: somebody else was at work, and what the engine said is old. Where
/// the way there is long the lock itself tells.
const STALE: Duration = Duration::from_millis(20);

/// One change under way. Its states are in [`states`](super::states).
pub(super) struct Run<'a> {
    pub(super) cx: &'a Cx<'a>,
    pub(super) target: &'a Target<'a>,
    pub(super) options: &'a Options,
    pub(super) outcome: Outcome,
    pub(super) console: Option<Box<dyn Console + 'a>>,
    pub(super) live: Option<Live>,
    /// When `live` was said.
    asked: Instant,
    /// Whether a reload was begun: the engine may hold the new state, however it ended.
    pub(super) reloading: bool,
    /// Held while the change is under way.
    pub(super) guard: Option<Box<dyn Guard>>,
    /// What a person is to be asked about.
    pub(super) preview: Option<(Box<dyn Estate>, Plan)>,
    /// What he has said yes to.
    pub(super) shown: Option<Plan>,
    /// What it starts from, once prepared.
    pub(super) ground: Option<Ground>,
    /// What is on disk, once staged.
    pub(super) open: Option<Open<'a>>,
    /// Whether the command was told that it begins.
    pub(super) told: bool,
    /// Whether its journal says that it is proved.
    pub(super) committed: bool,
    /// Whether nothing waits for others between its states, so that one exchange can do several.
    pub(super) whole: bool,
    /// Whether the console is still to be opened, with the lock.
    pub(super) unopened: bool,
    /// What is known of its end already.
    pub(super) ending: Ending,
}

/// What a change starts from, read under the lock.
pub(super) struct Ground {
    pub(super) estate: Box<dyn Estate>,
    pub(super) plan: Plan,
    /// What must be true of the engine once the old files are back.
    pub(super) prove_old: Vec<Proof>,
}

impl<'a> Run<'a> {
    pub(super) fn new(cx: &'a Cx<'a>, target: &'a Target<'a>, options: &'a Options) -> Self {
        Self {
            cx,
            target,
            options,
            outcome: Outcome::default(),
            console: None,
            live: None,
            asked: Instant::now(),
            reloading: false,
            guard: None,
            preview: None,
            shown: None,
            ground: None,
            open: None,
            told: false,
            committed: false,
            whole: false,
            unopened: false,
            ending: Ending::default(),
        }
    }

    /// How it ended.
    pub(super) fn end(mut self, ended: Result<()>) -> Outcome {
        self.outcome.plan = self.ground.map(|ground| ground.plan).unwrap_or_default();
        self.outcome.error = ended.err();
        self.outcome
    }

    /// Whether the engine is made to read what is written.
    pub(super) fn reloads(&self) -> bool {
        self.console.is_some() && !self.options.no_reload && self.target.reload != ReloadPolicy::None
    }

    pub(super) fn proves(&self) -> bool {
        self.reloads() && !self.options.no_proof
    }

    pub(super) fn say(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        let said = &mut self.outcome.warnings;
        said.extend(warnings);
        // There may be one for each of many thousand extensions.
        let mut known = HashSet::new();
        said.retain(|warning| known.insert(warning.clone()));
    }

    /// With `--strict`, some warnings are refusals.
    pub(super) fn refuse(&self, codes: &[&str]) -> Result<()> {
        let refused = self.outcome.warnings.iter().find(|w| codes.contains(&w.code.as_str()));
        match refused.filter(|_| self.options.strict) {
            None => Ok(()),
            Some(warning) => {
                let place = warning.file.as_ref().map(|file| Place::new(file, warning.line.unwrap_or(0)));
                let error = Error::failed(format!("{} (--strict): {}", warning.code, warning.message))
                    .hint("nothing is changed; without --strict this is a warning");
                Err(Error { place, ..error })
            }
        }
    }

    /// Opens the console before anything is written, and makes sure that its engine reads our files.
    pub(super) fn connect(&mut self) -> Result<()> {
        if self.options.offline {
            return Ok(());
        }
        self.cx.events.progress("asking the engine");
        let opened = opened(self.cx, self.target.opening(self.cx));
        self.connected(opened)
    }

    fn connected(&mut self, opened: Answered<'a>) -> Result<()> {
        let opened = opened.and_then(|(console, live, asked)| {
            self.console = Some(console);
            self.heed(live, asked)
        });
        match opened {
            // A dry run does without, and says so.
            Err(error) if self.options.dry_run && error.code == Code::Unreachable => {
                self.console = None;
                self.say([Warning::new("engine-silent", error.line())]);
                Ok(())
            }
            Err(error) if error.code == Code::Unreachable && !error.hints.iter().any(|h| h.contains("--offline")) => {
                Err(error.hint("to change the files without the engine: --offline"))
            }
            other => other,
        }
    }

    pub(super) fn ask(&mut self) -> Result<()> {
        match &mut self.console {
            Some(console) => console.live(self.cx).and_then(|live| self.heed(live, Instant::now())),
            None => Ok(()),
        }
    }

    /// What the engine said of itself, which must be the one that reads our files.
    fn heed(&mut self, live: Live, asked: Instant) -> Result<()> {
        let Some(console) = &self.console else { return Ok(()) };
        let (ours, theirs) = (&self.target.folder, &live.folder);
        if self.target.host.engine().is_some() {
            // It sees the folder under another path, if it is this one at all: who says `console =` knows.
            self.cx.events.detail(&format!(
                "{} reads {}; ours is {}",
                console.name(),
                theirs.display(),
                ours.display()
            ));
        } else if theirs.as_os_str().is_empty() {
            let warning = Warning::new("unproved", "the engine does not say which folder it reads");
            self.say([warning]);
        } else if theirs != ours {
            let wants = [Want::Meta(ours.clone()), Want::Meta(theirs.clone())];
            let found = self.target.host.read(self.cx, &wants)?;
            let metas: Vec<Option<&Meta>> = found.iter().flatten().map(|file| meta(&file.content)).collect();
            let same = matches!(&metas[..], [Some(a), Some(b)] if a.real == b.real || a.id == b.id);
            if !same {
                let engine = self.target.engine.name();
                let message = format!("the running {engine} reads {}, not {}", theirs.display(), ours.display());
                return Err(Error::new(Code::Elsewhere, message)
                    .hint(format!("to change what it reads: --pbx {engine}:{}", theirs.display()))
                    .hint(format!("to change {} all the same: --offline", ours.display())));
            }
        }
        if let Some(risk) = live.risk.as_ref().filter(|_| self.reloads()) {
            let warning = Warning::new("reload-risk", risk.clone());
            self.say([warning]);
        }
        (self.live, self.asked) = (Some(live), asked);
        Ok(())
    }

    /// What is read under the lock, whatever it says.
    fn foresee(&self) {
        let Target { engine, host, folder, .. } = self.target;
        let mut wants = engine.reads(folder, Reader::Load { mentions: self.options.mentions });
        if !self.options.offline && !self.options.no_reload {
            wants.extend([Reader::Live, Reader::Pending].into_iter().flat_map(|reader| engine.reads(folder, reader)));
        }
        wants.push(Want::Meta(folder.clone()));
        host.foresee(&wants);
        if let Some((root, home)) = self.first_home() {
            self.target.keeper.foresee(&history::looks(&root, &home));
        }
    }

    /// Takes the lock and puts right what a run before left open; none in a dry run.
    pub(super) fn lock(&mut self) -> Result<()> {
        if self.options.dry_run {
            let open = recover::look(self.cx, self.target)?;
            self.say(open);
            return Ok(());
        }
        let waiting = Instant::now();
        let Target { host, folder, .. } = self.target;
        let opening = std::mem::take(&mut self.unopened).then(|| {
            self.cx.events.progress("asking the engine");
            self.target.opening(self.cx)
        });
        self.foresee();
        let (cx, wants) = (self.cx, recover::wants(folder));
        let at_once = opening.is_some();
        let open = || opening.map(|opening| opened(cx, opening));
        let (opened, locked) = both(at_once, open, || host.lock_and_read(cx, folder, &wants));
        opened.map_or(Ok(()), |opened| self.connected(opened))?;
        let (guard, found) = locked?;
        let stale = guard.waited().unwrap_or_else(|| waiting.elapsed() > STALE);
        self.guard = Some(guard);
        if stale {
            self.ask()?;
        }
        let recovered = recover::recover(self.cx, self.target, found, self.console.as_deref_mut())?;
        self.say(recovered);
        self.look_at_past();
        Ok(())
    }

    pub(super) fn plan(&mut self, gate: &mut dyn Gate) -> Result<(Box<dyn Estate>, Plan)> {
        let Target { engine, host, folder, .. } = self.target;
        let estate = engine.load(self.cx, *host, folder, self.options.mentions)?;
        // First, for they may be why an edit cannot be made.
        self.say(estate.warnings());
        let (cx, live, options) = (self.cx, self.live.as_ref(), &self.options.plan);
        let plan = gate.plan(&Seen { cx, target: self.target, estate: &*estate, live, options })?;
        self.cx.check()?;
        Ok((estate, plan))
    }

    pub(super) fn confirm(&mut self, gate: &mut dyn Gate, plan: &Plan, estate: &dyn Estate) -> Result<()> {
        if plan.files.is_empty() {
            return Ok(());
        }
        let of = |done: &Done| {
            let ext = Ext { number: done.was.as_ref().unwrap_or(&done.number).clone(), domain: done.domain.clone() };
            (estate.registers_as(&ext, self.live.as_ref()), ext.number)
        };
        let owners = plan.done.iter().map(of);
        let owners: BTreeMap<String, String> =
            owners.flat_map(|(ids, number)| ids.into_iter().map(move |id| (id, number.clone()))).collect();
        let ids: Vec<String> = owners.keys().cloned().collect();
        let mut contacts = match &mut self.console {
            Some(console) => console.registered(self.cx, &ids).unwrap_or_else(|error| {
                self.cx.events.detail(&format!("who is registered is not known: {}", error.line()));
                Vec::new()
            }),
            None => Vec::new(),
        };
        for contact in &mut contacts {
            if let Some(number) = owners.get(&contact.id) {
                contact.number.clone_from(number);
            }
        }
        gate.confirm(plan, estate, &contacts)
    }

    /// Folders of a container whose changes do not outlive it.
    pub(super) fn ephemeral(&self, plan: &Plan) -> Vec<Warning> {
        let real =
            |file: &FileChange| file.before.as_ref().map_or_else(|| file.path.clone(), |(_, meta)| meta.real.clone());
        let folders = plan.files.iter().filter_map(|file| Some(real(file).parent()?.to_owned()));
        let folders: BTreeSet<PathBuf> = folders.filter(|folder| self.target.host.ephemeral(folder)).collect();
        let warning = |folder: PathBuf| {
            let message = format!(
                "{} is on no volume of its container: this is lost when the container is made anew",
                folder.display()
            );
            Warning::new("ephemeral", message).at(&Place::new(folder, 0))
        };
        folders.into_iter().map(warning).collect()
    }

    /// That nobody there sees what a new file would have to keep.
    pub(super) fn unseen(&self, plan: &Plan) -> Option<Warning> {
        let keeps = |file: &&FileChange| file.after.is_some() && (file.before.is_some() || file.like.is_some());
        let file = plan.files.iter().find(keeps).filter(|_| !self.target.host.sees_lists())?;
        let message = "no program on the host shows access control lists: files are written in place, which keeps \
                       theirs, and a new one gets none (getfacl and setfacl come with the package acl)";
        Some(Warning::new("unseen-acl", message).at(&Place::new(&file.path, 0)))
    }

    /// The files are as wanted: is the engine?
    pub(super) fn nothing_to_do(&mut self, plan: &Plan) -> Result<()> {
        if !self.proves() {
            return Ok(());
        }
        if let Some(console) = &mut self.console {
            let verdicts = console.prove(self.cx, &plan.prove_new, &[])?;
            let mut report = sum(&plan.prove_new, verdicts);
            let drift = warnings(&report, "drift", "the files are as wanted, the engine differs from them", differs);
            // Nothing was tried, so nothing failed.
            if report.status == Status::Failed {
                report.status = Status::Unproved;
            }
            self.outcome.proof = report;
            self.say(drift);
        }
        self.refuse(&["drift"])
    }

    /// What already differs before the change: said, and not held against the old state when it must
    /// come back. What is left of the old proofs.
    pub(super) fn drift(&mut self, plan: &Plan) -> Result<Vec<Proof>> {
        let (true, Some(console)) = (self.proves(), &mut self.console) else { return Ok(plan.prove_old.clone()) };
        let verdicts = console.prove(self.cx, &plan.prove_old, &[])?;
        Ok(self.drifted(plan, verdicts))
    }

    /// What of the old proofs is left by these verdicts.
    pub(super) fn drifted(&mut self, plan: &Plan, verdicts: Vec<Verdict>) -> Vec<Proof> {
        let fit = plan.prove_old.iter().zip(&verdicts).filter(|(_, verdict)| !differs(verdict));
        let fit = fit.map(|(proof, _)| proof.clone()).collect();
        let report = sum(&plan.prove_old, verdicts);
        self.say(warnings(&report, "drift", "the engine already differed from the files before this", differs));
        fit
    }

    /// Whether the engine holds the new state before we made it: then somebody else's reload did, and what
    /// it held before nobody knows.
    pub(super) fn holds(&mut self, new: &[Proof]) -> Result<bool> {
        let (Some(console), false) = (&mut self.console, new.is_empty()) else { return Ok(false) };
        Ok(!console.prove(self.cx, new, &[])?.iter().any(differs))
    }

    /// Files edited since the last reload: of the estate, and of other modules but for `ours`.
    pub(super) fn edited(&self, live: &Live, estate: &dyn Estate, ours: &[PathBuf]) -> Result<Vec<Place>> {
        let Target { engine, host, folder, .. } = self.target;
        let Some(reloaded) = live.last_read(*host, self.asked) else { return Ok(Vec::new()) };
        let mut places = engine.pending(self.cx, *host, folder, reloaded, ours)?;
        // Engines give the time of a reload in whole seconds; an edit within that one is not seen.
        let newer = estate.files().into_iter().filter(|(_, _, meta)| meta.mtime.0 > reloaded + 1);
        let known: BTreeSet<PathBuf> = places.iter().map(|place| place.file.clone()).collect();
        let more = newer.filter(|(path, ..)| !known.contains(*path)).map(|(path, ..)| Place::new(path, 0));
        places.extend(more);
        Ok(places)
    }

    /// Whether a full reload would make live what somebody has edited and not yet reloaded.
    pub(super) fn pending(&mut self, ground: &Ground) -> Result<bool> {
        let (true, Some(live)) = (self.reloads(), &self.live) else { return Ok(false) };
        let ours: Vec<_> = ground.plan.files.iter().map(|file| file.path.clone()).collect();
        let places = self.edited(live, &*ground.estate, &ours)?;
        if places.is_empty() {
            return Ok(false);
        }
        let edited = |error: &Error| error.place.as_ref().is_some_and(|at| places.iter().any(|p| p.file == at.file));
        if let Some(loss) = ground.estate.loses().filter(edited) {
            return Err(loss);
        }
        let (own, files) = (history::not_live(self.cx, self.target), ground.estate.files());
        self.say(places.into_iter().map(|place| {
            let message = match history::own(&own, &files, &place.file) {
                Some(entry) => format!("holds change {} of sipctl itself, made with --no-reload", entry.id),
                None => "edited after the last reload, and not live yet".to_owned(),
            };
            Warning::new("pending-edits", message).at(&place)
        }));
        Ok(true)
    }

    pub(super) fn make_live(&mut self, opened: &Opened, ground: &Ground) -> Result<()> {
        if !self.reloads() {
            return Ok(());
        }
        self.reloading = true;
        self.reload(&opened.reload)?;
        let proofs: &[Proof] = if self.proves() { &ground.plan.prove_new } else { &[] };
        if let Some(error) = self.prove(proofs, "the engine did not take the change")? {
            return Err(error);
        }
        let broken = self.broken(&*ground.estate, proofs)?;
        self.say(broken);
        Ok(())
    }

    /// What else the engine refused. Where there is any the files are read anew: this change has moved
    /// lines.
    fn broken(&self, before: &dyn Estate, proofs: &[Proof]) -> Result<Vec<Warning>> {
        let log = self.outcome.reload.as_ref().map(|reloaded| &reloaded.log[..]).unwrap_or_default();
        if before.broken(log, proofs).is_empty() {
            return Ok(Vec::new());
        }
        let Target { engine, host, folder, .. } = self.target;
        Ok(engine.load(self.cx, *host, folder, false)?.broken(log, proofs))
    }

    /// Has the engine read its files.
    pub(super) fn reload(&mut self, reload: &Reload) -> Result<()> {
        let Some(console) = &mut self.console else { return Ok(()) };
        self.cx.events.progress("reloading");
        match console.reload(self.cx, reload) {
            Ok(reloaded) => {
                self.outcome.reload = Some(reloaded);
                Ok(())
            }
            Err(error) => Err(self.located(refused(error))),
        }
    }

    /// A refusal with its place: the engine names it in terms of what it made of all files.
    fn located(&self, error: Error) -> Error {
        let Target { engine, host, folder, .. } = self.target;
        let load = || engine.load(&self.cx.uncancellable(), *host, folder, false).ok();
        let place = error.place.clone().or_else(|| load()?.locate(&error));
        Error { place, ..error }
    }

    /// Asks the engine; the error that makes its answers a failure, if they are one. Without
    /// questions proof is skipped.
    pub(super) fn prove(&mut self, proofs: &[Proof], failed: &str) -> Result<Option<Error>> {
        let (Some(console), false) = (&mut self.console, proofs.is_empty()) else { return Ok(None) };
        let log = self.outcome.reload.as_ref().map(|reloaded| reloaded.log.as_slice()).unwrap_or_default();
        self.cx.events.progress("asking the engine what it holds");
        let verdicts = console.prove(self.cx, proofs, log).map_err(refused)?;
        let report = sum(proofs, verdicts);
        let message = match report.status {
            Status::Failed => Some(failed),
            Status::Unproved if self.options.strict => Some("the change could not be proved (--strict)"),
            _ => None,
        };
        let error = message.map(|message| {
            let error = Error::new(Code::Refused, format!("{message}: {}", worst(&report)));
            log.iter().take(5).fold(error, |error, line| error.hint(format!("it logged: {line}")))
        });
        let unproved = warnings(&report, "unproved", "the engine cannot say whether it took this", |_| true);
        self.outcome.proof = report;
        if error.is_none() {
            self.say(unproved);
        }
        Ok(error)
    }

    pub(super) fn aftercare(&mut self, plan: &Plan) {
        let Some(console) = self.console.as_mut().filter(|_| !plan.aftercare.is_empty()) else { return };
        match console.aftercare(&self.cx.uncancellable(), &plan.aftercare) {
            Ok((_, warnings)) => self.say(warnings),
            Err(error) => self.say([Warning::new("aftercare", error.line())]),
        }
    }

    pub(super) fn dialable(&mut self, plan: &Plan) -> Result<()> {
        if let Some(console) = self.console.as_mut().filter(|_| !plan.dial.is_empty()) {
            let calm = self.cx.uncancellable();
            let cx = if self.options.dry_run { self.cx } else { &calm };
            let found = console.dialable(cx, &plan.dial)?;
            self.say(found);
        }
        Ok(())
    }
}

/// The engine's failure to reload or answer is a refusal, unless we were asked to stop or it is
/// busy with somebody else's reload.
fn refused(mut error: Error) -> Error {
    if !matches!(error.code, Code::Interrupted | Code::Retry) {
        error.code = Code::Refused;
    }
    error
}

/// A console, and what its engine said of itself, and when.
type Answered<'a> = Result<(Box<dyn Console + 'a>, Live, Instant)>;

fn opened<'a>(cx: &Cx, opening: Result<Opening<'a>>) -> Answered<'a> {
    let mut console = opening?(cx)?;
    let live = console.live(cx)?;
    Ok((console, live, Instant::now()))
}

fn meta(content: &Content) -> Option<&Meta> {
    match content {
        Content::There { meta, .. } => Some(meta),
        _ => None,
    }
}
