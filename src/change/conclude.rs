//! The end of a change: the commit point, the history, the journal closed; far away in one exchange.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Target;
use super::history;
use super::journal::Record;
use super::open::{Fate, Open};
use super::run::{Ground, Run};
use crate::cx::Cx;
use crate::engine::Warning;
use crate::error::{Code, Error, Result};
use crate::host::{Content, Host, Stopped, Want};
use crate::pool::both;

/// What of its end was looked at, or done, before it came there.
#[derive(Default)]
pub(super) struct Ending {
    /// The folder of the history, and what is in it.
    past: Option<(PathBuf, Vec<String>)>,
    /// Where the change will be, and whether that is on this machine.
    room: Option<history::Room>,
    near: bool,
    /// Whether its journal is removed.
    closed: bool,
    /// Whether it was asked who can be called.
    dialed: bool,
}

impl Run<'_> {
    /// The first folder of the history and this PBX's in it, where its host is the files'.
    pub(super) fn first_home(&self) -> Option<(PathBuf, PathBuf)> {
        let root = self.target.history.first().filter(|_| self.target.together && self.whole)?;
        Some((root.clone(), history::home(root, &self.target.name)))
    }

    /// What is in the folder of the history the change will surely be kept in, where there is one.
    pub(super) fn look_at_past(&mut self) {
        if !self.whole || !self.target.host.is_far() {
            return;
        }
        let Target { keeper, name, near, history: roots, .. } = self.target;
        let kept_near = |at: usize| roots.get(at).filter(|root| Some(*root) == near.as_ref());
        let (near, home) = match self.first_home() {
            Some((root, home)) => match history::may_keep(self.cx, *keeper, &root, &home) {
                Some(true) => (None, Some(home)),
                Some(false) => (kept_near(1), None),
                None => (None, None),
            },
            None => (kept_near(0), None),
        };
        self.ending.near = near.is_some();
        let Some(home) = near.map(|root| history::home(root, name)).or(home) else { return };
        let there = history::names(self.cx, *keeper, &home);
        self.ending.past = there.ok().map(|there| (home, there));
    }

    /// What is read, and asked, once the files are switched.
    pub(super) fn foresee_proof(&mut self) {
        let Some(ground) = &self.ground else { return };
        if let (true, Some(console)) = (self.reloads() && self.target.host.is_far(), &mut self.console) {
            console.foresee(&ground.plan);
        }
        if let Some((home, there)) = &self.ending.past {
            self.target.keeper.foresee(&history::wants(home, there, &ground.plan));
        }
    }

    /// Where the change will be kept: read along with the switch.
    pub(super) fn make_room(&mut self) {
        let (Some((home, there)), Some(ground)) = (self.ending.past.take(), &self.ground) else { return };
        self.ending.room = history::look(self.cx, self.target.keeper, home, &there, &ground.plan).ok();
    }

    /// The commit point and what follows it, in one exchange; whether it could be.
    pub(super) fn conclude(&mut self) -> Result<bool> {
        let (Some(room), Some(open), Some(ground)) = (self.ending.room.take(), &self.open, &self.ground) else {
            return Ok(false);
        };
        let (target, plan, live) = (self.target, &ground.plan, self.reloads());
        let Ok((id, mut history)) = history::steps(target, self.options, plan, &*ground.estate, live, room) else {
            return Ok(false);
        };
        let calm = self.cx.uncancellable();
        // On this machine it is written before the commit point, and gets its name after it.
        let named = match self.ending.near {
            true => history::unnamed(&mut history),
            false => Vec::new(),
        };
        if self.ending.near && target.keeper.act(&calm, &std::mem::take(&mut history)).is_err() {
            return Ok(false);
        }
        let (kept, entry) = (1 + history.len(), history::written(&id, &history));
        let steps = [vec![open.noting(Record::Proved)?], history, open.closing()].concat();
        // Even where it fails the line may be there.
        self.committed = true;
        let console = self.console.as_mut().filter(|_| live && !plan.dial.is_empty());
        self.ending.dialed = console.is_some();
        let dialable = || console.map(|console| console.dialable(&calm, &plan.dial));
        let (dialable, acted) = both(self.ending.dialed, dialable, || target.host.act(&calm, &steps));
        let near = self.ending.near.then(|| id.clone());
        let ended = match acted {
            Ok(()) => {
                (self.outcome.id, self.ending.closed) = (Some(id), true);
                Ok(())
            }
            Err(Stopped { error, .. }) if error.code == Code::Unreachable => self.look_back(&calm, id, entry, error),
            Err(Stopped { done: 0, error }) => Err(error),
            // The rest is done once more, and what fails is said.
            Err(Stopped { done, .. }) if done < kept => Ok(()),
            Err(_) => {
                self.outcome.id = Some(id);
                Ok(())
            }
        };
        match near {
            // Where that fails it is tried once more, and said.
            Some(id) if ended.is_ok() => self.outcome.id = target.keeper.act(&calm, &named).is_ok().then_some(id),
            Some(_) => history::clear(&calm, target.keeper, &named),
            None => {}
        }
        ended?;
        // What cannot be said now stops nothing.
        self.say(dialable.and_then(Result::ok).unwrap_or_default());
        Ok(true)
    }

    /// How far it came when the link was lost; the error of that where it came not to the commit
    /// point, or nobody knows.
    fn look_back(&mut self, calm: &Cx, id: String, entry: Option<(PathBuf, Arc<[u8]>)>, error: Error) -> Result<()> {
        let (Some(open), Some(ground)) = (&self.open, &self.ground) else { return Err(error) };
        let holds = |host: &dyn Host, path: &Path, wanted: Option<&Arc<[u8]>>| {
            let found = host.read(calm, &[Want::File(path.to_owned())]);
            let found = found.ok().and_then(|found| found.into_iter().flatten().next());
            match (wanted, found.map(|file| file.content)) {
                (Some(wanted), Some(Content::There { bytes, .. })) => bytes == *wanted,
                (None, Some(Content::Missing)) => true,
                _ => false,
            }
        };
        let Ok(fate) = open.fate(calm) else { return Err(error) };
        let kept = entry.is_some_and(|(path, bytes)| holds(self.target.keeper, &path, Some(&bytes)));
        let mut files = ground.plan.files.iter();
        let stays = kept || files.all(|file| holds(self.target.host, &file.path, file.after.as_ref()));
        if fate == Fate::Open || (fate == Fate::Elsewhere && !stays) {
            return Err(error);
        }
        self.ending.closed = fate == Fate::Elsewhere;
        self.outcome.id = kept.then_some(id);
        Ok(())
    }

    /// After the commit point: nothing goes back any more, and a signal changes nothing.
    pub(super) fn finish(&mut self, open: &Open, ground: &Ground) {
        let calm = self.cx.uncancellable();
        let (target, plan) = (self.target, &ground.plan);
        if self.outcome.id.is_none() {
            match history::keep(&calm, target, self.options, plan, &*ground.estate, self.reloads()) {
                Ok(id) => self.outcome.id = Some(id),
                Err(error) => {
                    let message = format!("the change is not in the history: {}", error.line());
                    self.say([Warning::new("no-history", message)]);
                }
            }
        }
        let soon = self.reloads() && target.host.is_far() && !self.ending.dialed && !plan.dial.is_empty();
        let console = self.console.as_mut().filter(|_| soon);
        self.ending.dialed |= console.is_some();
        let dialable = || console.map(|console| console.dialable(&calm, &plan.dial));
        let close = || if self.ending.closed { Ok(()) } else { open.close(&calm) };
        let (dialable, closed) = both(soon, dialable, close);
        if let Err(error) = closed {
            let message = format!("the change is done, its journal could not be removed: {}", error.line());
            self.say([Warning::new("open-change", message)]);
        }
        self.say(dialable.and_then(Result::ok).unwrap_or_default());
        if self.reloads() {
            self.aftercare(plan);
            if !self.ending.dialed {
                // What cannot be said now stops nothing.
                let _ = self.dialable(plan);
            }
        }
    }
}
