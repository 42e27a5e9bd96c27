//! The way of one change from the console to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::open::Open;
use super::proof::{differs, sum, warnings, worst};
use super::{Gate, Options, Outcome, ReloadPolicy, Status, Target, back, history, recover};
use crate::cx::Cx;
use crate::engine::{Console, Done, Estate, Live, Plan, Proof, Reload, Warning};
use crate::error::{Code, Error, Place, Result};
use crate::extension::Ext;
use crate::host::{Content, Guard, Meta, Want};

/// Getting the lock took this long: somebody else was at work, and what the engine said is old.
const STALE: Duration = Duration::from_millis(20);

/// One change under way.
pub(super) struct Run<'a> {
    pub(super) cx: &'a Cx<'a>,
    pub(super) target: &'a Target<'a>,
    pub(super) options: &'a Options,
    pub(super) outcome: Outcome,
    pub(super) console: Option<Box<dyn Console + 'a>>,
    pub(super) live: Option<Live>,
    /// The host's clock when `live` was asked.
    asked: (i64, u32),
    /// Whether a reload was begun: the engine may hold the new state, however it ended.
    pub(super) reloading: bool,
}

/// What a change starts from, read under the lock.
struct Ground {
    estate: Box<dyn Estate>,
    plan: Plan,
    _guard: Option<Box<dyn Guard>>,
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
            asked: (0, 0),
            reloading: false,
        }
    }

    /// Carries the change out. The outcome has everything but the error.
    pub(super) fn go(&mut self, gate: &mut dyn Gate) -> Result<()> {
        self.connect()?;
        let mut ground = if self.options.dry_run { self.look(gate)? } else { self.prepare(gate)? };
        self.say(std::mem::take(&mut ground.plan.warnings));
        let done = self.carry_out(&mut ground, gate);
        self.outcome.plan = ground.plan;
        done
    }

    fn carry_out(&mut self, ground: &mut Ground, gate: &mut dyn Gate) -> Result<()> {
        if ground.plan.files.is_empty() {
            return self.nothing_to_do(&ground.plan);
        }
        let prove_old = self.drift(&ground.plan)?;
        ground.plan.reload.only_narrow |= self.target.reload == ReloadPolicy::Narrow;
        ground.plan.reload.only_narrow |= self.pending(ground)?;
        self.refuse(&["drift", "pending-edits", "unproved"])?;
        if let (true, Some(console)) = (self.reloads(), &self.console) {
            console.may_reload(&ground.plan.reload)?;
        }
        if self.options.dry_run {
            self.outcome.changed = true;
            return self.dialable(&ground.plan);
        }
        self.cx.check()?;
        gate.before_write(&ground.plan)?;
        let written = self.write(ground, prove_old);
        if written.is_err() && !self.outcome.changed {
            gate.put_back();
        }
        written
    }

    /// Whether the engine is made to read what is written.
    pub(super) fn reloads(&self) -> bool {
        self.console.is_some() && !self.options.no_reload && self.target.reload != ReloadPolicy::None
    }

    fn proves(&self) -> bool {
        self.reloads() && !self.options.no_proof
    }

    pub(super) fn say(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        for warning in warnings {
            if !self.outcome.warnings.contains(&warning) {
                self.outcome.warnings.push(warning);
            }
        }
    }

    /// With `--strict`, some warnings are refusals.
    pub(super) fn refuse(&self, codes: &[&str]) -> Result<()> {
        let refused = self.outcome.warnings.iter().find(|w| codes.contains(&w.code.as_str()));
        match refused.filter(|_| self.options.strict) {
            None => Ok(()),
            Some(warning) => Err(Error::failed(format!("{} (--strict): {}", warning.code, warning.message))
                .hint("nothing is changed; without --strict this is a warning")),
        }
    }

    /// Opens the console before anything is written, and makes sure that its engine reads our files.
    pub(super) fn connect(&mut self) -> Result<()> {
        if self.options.offline {
            return Ok(());
        }
        let opened = self.target.console(self.cx).and_then(|console| {
            self.console = Some(console);
            self.ask()
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

    fn ask(&mut self) -> Result<()> {
        let Some(console) = &mut self.console else { return Ok(()) };
        self.asked = self.target.host.clock();
        let live = console.live(self.cx)?;
        let (ours, theirs) = (&self.target.folder, &live.folder);
        if theirs.as_os_str().is_empty() {
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
        self.live = Some(live);
        Ok(())
    }

    /// For a dry run: no lock, no recovery, no question.
    fn look(&mut self, gate: &mut dyn Gate) -> Result<Ground> {
        let _guard = self.lock()?;
        let (estate, plan) = self.plan(gate)?;
        Ok(Ground { estate, plan, _guard })
    }

    /// Asks the person on a preview, then locks, recovers, reads and plans; until both are the same.
    fn prepare(&mut self, gate: &mut dyn Gate) -> Result<Ground> {
        let mut shown = None;
        if gate.wants_preview() {
            let (estate, plan) = self.plan(gate)?;
            self.confirm(gate, &plan, &*estate)?;
            shown = Some(plan);
        }
        loop {
            let guard = self.lock()?;
            if shown.is_some() {
                self.ask()?;
            }
            let (estate, plan) = self.plan(gate)?;
            if shown.as_ref().is_none_or(|shown| same(shown, &plan)) {
                return Ok(Ground { estate, plan, _guard: guard });
            }
            // Nobody else waits while a person reads.
            drop(guard);
            self.confirm(gate, &plan, &*estate)?;
            shown = Some(plan);
        }
    }

    /// Takes the lock and puts right what a run before left open; none in a dry run.
    pub(super) fn lock(&mut self) -> Result<Option<Box<dyn Guard>>> {
        if self.options.dry_run {
            let open = recover::look(self.cx, self.target)?;
            self.say(open);
            return Ok(None);
        }
        let waiting = Instant::now();
        let guard = self.target.host.lock(self.cx, &self.target.folder)?;
        if waiting.elapsed() > STALE {
            self.ask()?;
        }
        let recovered = recover::recover(self.cx, self.target, self.console.as_deref_mut())?;
        self.say(recovered);
        Ok(Some(guard))
    }

    fn plan(&mut self, gate: &mut dyn Gate) -> Result<(Box<dyn Estate>, Plan)> {
        let Target { engine, host, folder, .. } = self.target;
        let estate = engine.load(self.cx, *host, folder, self.options.mentions)?;
        // First, for they may be why an edit cannot be made.
        self.say(estate.warnings());
        let edits = gate.edits(&*estate)?;
        let plan = estate.plan(self.live.as_ref(), &edits, &self.options.plan)?;
        self.cx.check()?;
        Ok((estate, plan))
    }

    fn confirm(&mut self, gate: &mut dyn Gate, plan: &Plan, estate: &dyn Estate) -> Result<()> {
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

    /// The files are as wanted: is the engine?
    fn nothing_to_do(&mut self, plan: &Plan) -> Result<()> {
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
        self.refuse(&["drift"])?;
        if self.outcome.proof.status == Status::Proved && !self.options.dry_run {
            self.aftercare(plan);
        }
        Ok(())
    }

    /// What already differs before the change: said, and not held against the old state when it must
    /// come back. What is left of the old proofs.
    fn drift(&mut self, plan: &Plan) -> Result<Vec<Proof>> {
        let (true, Some(console)) = (self.proves(), &mut self.console) else { return Ok(plan.prove_old.clone()) };
        let verdicts = console.prove(self.cx, &plan.prove_old, &[])?;
        let fit = plan.prove_old.iter().zip(&verdicts).filter(|(_, verdict)| !differs(verdict));
        let fit = fit.map(|(proof, _)| proof.clone()).collect();
        let report = sum(&plan.prove_old, verdicts);
        self.say(warnings(&report, "drift", "the engine already differed from the files before this", differs));
        Ok(fit)
    }

    /// Files edited since the last reload: of the estate, and of other modules but for `ours`.
    pub(super) fn edited(&self, live: &Live, estate: &dyn Estate, ours: &[PathBuf]) -> Result<Vec<Place>> {
        let Target { engine, host, folder, .. } = self.target;
        let mut places = engine.pending(self.cx, *host, folder, live, ours)?;
        let Some(since) = live.since_reload else { return Ok(places) };
        // Engines give the time of a reload in whole seconds; an edit within that one is not seen.
        let reloaded = self.asked.0 - i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        let newer = estate.files().into_iter().filter(|(_, _, meta)| meta.mtime.0 > reloaded + 1);
        let known: BTreeSet<PathBuf> = places.iter().map(|place| place.file.clone()).collect();
        let more = newer.filter(|(path, ..)| !known.contains(*path)).map(|(path, ..)| Place::new(path, 0));
        places.extend(more);
        Ok(places)
    }

    /// Whether a full reload would make live what somebody has edited and not yet reloaded.
    fn pending(&mut self, ground: &Ground) -> Result<bool> {
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
                None => "was edited after the last reload and is not live yet".to_owned(),
            };
            Warning::new("pending-edits", format!("{} {message}", place.file.display())).at(&place)
        }));
        Ok(true)
    }

    /// Everything that alters files. Outside the commit point each failure goes back.
    fn write(&mut self, ground: &Ground, prove_old: Vec<Proof>) -> Result<()> {
        let (Target { host, folder, who, .. }, plan) = (self.target, &ground.plan);
        let mut open = Open::stage(self.cx, (*host, folder), who, plan, prove_old)?;
        let in_place = open.written_in_place().map(|path| {
            let message = format!("{} has other names or is mounted: it is written in place", path.display());
            Warning::new("in-place", message).at(&Place::new(path, 0))
        });
        self.say(in_place.collect::<Vec<_>>());
        let switched = self.cx.check().and_then(|()| open.switch(self.cx, &plan.files));
        if let Err(error) = switched {
            return Err(back::put_back(self, &open, error));
        }
        self.outcome.changed = true;
        let made_live = self.cx.check().and_then(|()| self.make_live(plan));
        let proved = made_live.and_then(|()| self.cx.check()).and_then(|()| open.proved(self.cx));
        if let Err(error) = proved {
            return Err(back::put_back(self, &open, error));
        }
        self.finish(&open, ground)
    }

    fn make_live(&mut self, plan: &Plan) -> Result<()> {
        if !self.reloads() {
            return Ok(());
        }
        self.reloading = true;
        self.reload(&plan.reload)?;
        let proofs: &[Proof] = if self.proves() { &plan.prove_new } else { &[] };
        if let Some(error) = self.prove(proofs, "the engine did not take the change")? {
            return Err(error);
        }
        let broken = self.broken(proofs)?;
        self.say(broken);
        Ok(())
    }

    /// What else the engine refused. The files are read anew: this change has moved lines.
    fn broken(&self, proofs: &[Proof]) -> Result<Vec<Warning>> {
        let Some(reloaded) = self.outcome.reload.as_ref().filter(|reloaded| !reloaded.log.is_empty()) else {
            return Ok(Vec::new());
        };
        let Target { engine, host, folder, .. } = self.target;
        Ok(engine.load(self.cx, *host, folder, false)?.broken(&reloaded.log, proofs))
    }

    /// Has the engine read its files.
    pub(super) fn reload(&mut self, reload: &Reload) -> Result<()> {
        let Some(console) = &mut self.console else { return Ok(()) };
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

    /// After the commit point: nothing goes back any more, and a signal changes nothing.
    fn finish(&mut self, open: &Open, ground: &Ground) -> Result<()> {
        let calm = self.cx.uncancellable();
        let (target, plan) = (self.target, &ground.plan);
        match history::keep(&calm, target, self.options, plan, &*ground.estate, self.reloads()) {
            Ok(id) => self.outcome.id = Some(id),
            Err(error) => {
                let message = format!("the change is not in the history: {}", error.line());
                self.say([Warning::new("no-history", message)]);
            }
        }
        if let Err(error) = open.close(&calm) {
            let message = format!("the change is done, its journal could not be removed: {}", error.line());
            self.say([Warning::new("open-change", message)]);
        }
        if self.reloads() {
            self.aftercare(plan);
            // What cannot be said now stops nothing.
            let _ = self.dialable(plan);
        }
        Ok(())
    }

    fn aftercare(&mut self, plan: &Plan) {
        let Some(console) = self.console.as_mut().filter(|_| !plan.aftercare.is_empty()) else { return };
        match console.aftercare(&self.cx.uncancellable(), &plan.aftercare) {
            Ok((_, warnings)) => self.say(warnings),
            Err(error) => self.say([Warning::new("aftercare", error.line())]),
        }
    }

    fn dialable(&mut self, plan: &Plan) -> Result<()> {
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

fn meta(content: &Content) -> Option<&Meta> {
    match content {
        Content::There { meta, .. } => Some(meta),
        _ => None,
    }
}

/// Whether a plan does what the person was shown. (Salts of proofs differ each time.)
fn same(shown: &Plan, plan: &Plan) -> bool {
    fn before(file: &crate::engine::FileChange) -> Option<&Arc<[u8]>> {
        file.before.as_ref().map(|(bytes, _)| bytes)
    }
    shown.done == plan.done
        && shown.aftercare == plan.aftercare
        && shown.files.len() == plan.files.len()
        && shown
            .files
            .iter()
            .zip(&plan.files)
            .all(|(a, b)| a.path == b.path && a.after == b.after && before(a) == before(b))
}
