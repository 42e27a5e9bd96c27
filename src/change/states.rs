//! The states of a change: begun, prepared, staged, switched, proved; then kept, or put back. Whoever
//! drives it, alone or beside others, takes it from one to the next in this order; after an error
//! there is only [`Run::put_back`].

use std::sync::Arc;

use super::open::{Open, no_links};
use super::proof::differs;
use super::run::{Ground, Run};
use super::{Gate, ReloadPolicy, Status, back};
use crate::engine::{FileChange, Plan, Warning};
use crate::error::{Error, Place, Result};
use crate::host::Step;
use crate::pool::both;

impl<'a> Run<'a> {
    /// The whole way of one change beside no other.
    pub(super) fn go(&mut self, gate: &mut dyn Gate) -> Result<()> {
        self.begin(gate)?;
        self.question(gate)?;
        self.carry_out(gate)
    }

    /// Opens the console; looks at what there is, where a person must be asked.
    pub(super) fn begin(&mut self, gate: &mut dyn Gate) -> Result<()> {
        let asks = gate.wants_preview() && !self.options.dry_run;
        // Where the way is long it is opened while the lock is waited for.
        if !asks && !self.options.dry_run && !self.options.offline && self.target.host.is_far() {
            self.unopened = true;
            return Ok(());
        }
        self.connect()?;
        if asks {
            self.preview = Some(self.plan(gate)?);
        }
        Ok(())
    }

    /// Asks the person about what was seen.
    pub(super) fn question(&mut self, gate: &mut dyn Gate) -> Result<()> {
        if let Some((estate, plan)) = self.preview.take() {
            self.confirm(gate, &plan, &*estate)?;
            self.shown = Some(plan);
        }
        Ok(())
    }

    /// From the lock to the end.
    pub(super) fn carry_out(&mut self, gate: &mut dyn Gate) -> Result<()> {
        self.whole = true;
        let proved = self
            .prepare(gate)
            .and_then(|()| self.stage(gate))
            .and_then(|()| self.switch())
            .and_then(|()| self.prove_new())
            .and_then(|()| self.commit());
        match proved {
            Ok(()) => {
                self.keep();
                Ok(())
            }
            Err(error) => Err(self.put_back(gate, error)),
        }
    }

    /// Takes the lock, unless it is held already.
    pub(super) fn hold(&mut self) -> Result<()> {
        if self.guard.is_none() {
            self.lock()?;
            if self.shown.is_some() {
                self.ask()?;
            }
        }
        Ok(())
    }

    /// Locks, reads and plans, until the plan is what the person said yes to; then looks whether
    /// the engine lets it begin.
    pub(super) fn prepare(&mut self, gate: &mut dyn Gate) -> Result<()> {
        let (estate, plan) = loop {
            self.hold()?;
            let (estate, plan) = self.plan(gate)?;
            if self.shown.as_ref().is_none_or(|shown| same(shown, &plan)) {
                break (estate, plan);
            }
            // Nobody else waits while a person reads.
            self.guard = None;
            self.confirm(gate, &plan, &*estate)?;
            self.shown = Some(plan);
        };
        let mut ground = Ground { estate, plan, prove_old: Vec::new() };
        self.say(std::mem::take(&mut ground.plan.warnings));
        let may_begin = self.may_begin(&mut ground);
        self.ground = Some(ground);
        may_begin
    }

    fn may_begin(&mut self, ground: &mut Ground) -> Result<()> {
        if ground.plan.files.is_empty() {
            return self.nothing_to_do(&ground.plan);
        }
        self.say(self.ephemeral(&ground.plan));
        self.say(self.unseen(&ground.plan));
        self.whole &= self.options.confirm.is_none() && ground.plan.files.iter().all(|file| file.owner.is_none());
        ground.prove_old = match self.drifts_later() {
            true => ground.plan.prove_old.clone(),
            false => self.drift(&ground.plan)?,
        };
        ground.plan.reload.only_narrow |= self.target.reload == ReloadPolicy::Narrow;
        ground.plan.reload.only_narrow |= self.pending(ground)?;
        self.refuse(&["drift", "pending-edits", "unproved"])?;
        self.may_wait()?;
        if let (true, Some(console)) = (self.reloads(), &self.console) {
            console.may_reload(&ground.plan.reload)?;
        }
        if self.options.dry_run {
            no_links(self.cx, (self.target.host, &self.target.folder), None, &ground.plan.files)?;
            self.outcome.changed = true;
            return self.dialable(&ground.plan);
        }
        if let (true, Some(console)) = (self.reloads(), &mut self.console) {
            console.try_reload(self.cx, &ground.plan.reload)?;
        }
        Ok(())
    }

    /// Whether what differs already is asked along with the switch, and refuses nothing.
    fn drifts_later(&self) -> bool {
        self.whole && self.target.host.is_far() && !self.options.strict && !self.options.dry_run
    }

    /// Writes everything beside the files. A plan without files, and a dry run, stay here.
    pub(super) fn stage(&mut self, gate: &mut dyn Gate) -> Result<()> {
        let Some(ground) = self.ground.as_mut().filter(|ground| !ground.plan.files.is_empty()) else { return Ok(()) };
        if self.options.dry_run {
            return Ok(());
        }
        self.cx.check()?;
        self.cx.events.progress("writing");
        gate.before_write(&ground.plan)?;
        self.told = true;
        // From here on the journal holds them: there may be very many.
        let prove_old = std::mem::take(&mut ground.prove_old);
        let place = (self.target.host, self.target.folder.as_path());
        let confirm = self.options.confirm.is_some();
        let (open, steps) = Open::begin(self.cx, place, &self.target.who, &ground.plan, prove_old, confirm)?;
        // Where all are, that is said once.
        let in_place = open.written_in_place().filter(|_| self.target.host.sees_lists()).map(|path| {
            let message = format!("{} has other names or is mounted: it is written in place", path.display());
            Warning::new("in-place", message).at(&Place::new(path, 0))
        });
        let in_place = in_place.collect::<Vec<_>>();
        if self.whole {
            self.say(in_place);
            return self.switch_with(open, steps);
        }
        open.stage(self.cx, &steps, &ground.plan.files)?;
        self.open = Some(open);
        self.say(in_place);
        self.watch()
    }

    /// Makes the new files the files, unless that is done.
    pub(super) fn switch(&mut self) -> Result<()> {
        match self.open.take() {
            Some(open) if !self.whole => self.switch_with(open, Vec::new()),
            open => {
                self.open = open;
                Ok(())
            }
        }
    }

    /// The same, with the steps that come before it.
    fn switch_with(&mut self, mut open: Open<'a>, before: Vec<Step>) -> Result<()> {
        let later = self.drifts_later() && self.proves();
        self.foresee_proof();
        let Some(ground) = self.ground.take() else { return Ok(()) };
        let (cx, plan) = (self.cx, &ground.plan);
        let console = self.console.as_mut().filter(|_| later);
        let drift = || console.map(|console| console.prove(cx, &plan.prove_old, &[]));
        let (drift, switched) = both(later, drift, || cx.check().and_then(|()| open.switch(cx, before, &plan.files)));
        self.outcome.changed = switched.is_ok();
        let switched = switched.and(drift.transpose()).and_then(|verdicts| match verdicts {
            Some(verdicts) if verdicts.iter().any(differs) && self.holds(&plan.prove_new)? => Ok(()),
            Some(verdicts) => {
                open.opened.prove_old = self.drifted(plan, verdicts);
                Ok(())
            }
            None => Ok(()),
        });
        // What failed with nothing left is not to be put back.
        self.open = Some(open).filter(|open| !self.whole || open.switching);
        self.ground = Some(ground);
        self.make_room();
        switched
    }

    /// Has the engine read them, and asks it.
    pub(super) fn prove_new(&mut self) -> Result<()> {
        let Some(ground) = self.ground.take() else { return Ok(()) };
        let open = self.open.take();
        let proved = match &open {
            Some(open) => self.cx.check().and_then(|()| self.make_live(&open.opened, &ground)),
            None => Ok(()),
        };
        (self.open, self.ground) = (open, Some(ground));
        proved
    }

    /// The commit point: from here on the change is kept, unless it is one with others that are not.
    pub(super) fn commit(&mut self) -> Result<()> {
        if self.open.is_none() {
            return Ok(());
        }
        self.cx.check()?;
        if self.options.confirm.is_some() {
            return self.wait();
        }
        if self.conclude()? {
            return Ok(());
        }
        let Some(open) = &self.open else { return Ok(()) };
        // Even where it fails the line may be there.
        self.committed = true;
        open.proved(self.cx)
    }

    /// Ends a change that is proved, or that had nothing to do.
    pub(super) fn keep(&mut self) {
        let Some(ground) = self.ground.take() else { return };
        match self.open.take() {
            Some(_) if self.outcome.waiting.is_some() => self.leave_waiting(&ground),
            Some(open) => self.finish(&open, &ground),
            None if self.options.dry_run || !ground.plan.files.is_empty() => {}
            None if self.outcome.proof.status == Status::Proved => self.aftercare(&ground.plan),
            None => {}
        }
        self.ground = Some(ground);
    }

    /// Brings the old state back after `error`, wherever the change had come to; the error to end with.
    pub(super) fn put_back(&mut self, gate: &mut dyn Gate, error: Error) -> Error {
        let error = match self.open.take() {
            Some(open) => back::put_back(self, &open, error),
            None => error,
        };
        if std::mem::take(&mut self.told) && !self.outcome.changed {
            gate.put_back();
        }
        error
    }
}

/// Whether a plan does what the person was shown. (Salts of proofs differ each time.)
fn same(shown: &Plan, plan: &Plan) -> bool {
    fn before(file: &FileChange) -> Option<&Arc<[u8]>> {
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
