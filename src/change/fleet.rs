//! Many changes at once: side by side, with a canary, with an end after so many failures, or all of
//! them as one. What one PBX goes through is what it goes through alone.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::reload::{self, Consent};
use super::run::Run;
use super::{Gate, Options, Outcome, Status, Target};
use crate::cx::{Cancel, Cx};
use crate::error::{Code, Error, Place, Result};
use crate::pool::{lock, side_by_side};

/// How a fleet is worked on.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// As many PBXes at a time.
    pub jobs: usize,
    /// The rest begins only once the first so many were proved.
    pub canary: Option<usize>,
    /// None begins any more once so many have failed.
    pub max_fail: Option<usize>,
    /// All or none.
    pub atomic: bool,
}

/// What is to be done on one PBX.
pub enum Task<'a> {
    /// A change.
    Change(&'a mut (dyn Gate + Send)),
    /// A full reload; with `first` the person is asked before any PBX is touched.
    Reload {
        /// What he has to say about pending edits.
        consent: Consent<'a>,
        /// Whether there is somebody to ask.
        first: bool,
    },
}

/// One PBX of a fleet.
pub struct Job<'a, 't> {
    /// What reports call it.
    pub name: String,
    /// Its address: locks are taken in this order, so that two fleets never wait for each other.
    pub order: String,
    /// For the calls on it.
    pub cx: &'a Cx<'a>,
    /// The flags of the command.
    pub options: &'a Options,
    /// Opens it, when its turn comes.
    pub open: Box<dyn FnOnce() -> Result<&'a Target<'a>> + Send + 'a>,
    /// What to do.
    pub task: Task<'t>,
}

/// Does all jobs; one outcome each, in their order.
pub fn run(jobs: Vec<Job>, rules: &Rules, cancel: &Cancel) -> Vec<Outcome> {
    let members: Vec<Mutex<Member>> = jobs.into_iter().map(|job| Mutex::new(Member::new(job))).collect();
    match rules.atomic {
        true => as_one(&members, rules.jobs, cancel),
        false => one_by_one(&members, rules, cancel),
    }
    let members = members.into_iter().map(|member| member.into_inner().unwrap_or_else(|e| e.into_inner()));
    members.map(Member::end).collect()
}

/// How one PBX came out, for those that come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// As it should be.
    Proved,
    /// It stays, but a canary it is not.
    Unproved,
    /// It failed.
    Failed,
}

/// Does `work` for each of the names, as the rules and the signals let it; `failed` is how many are
/// known to fail before any begins. What was not started has the error that says why.
pub fn in_turn<T: Send>(
    names: &[&str],
    rules: &Rules,
    cancel: &Cancel,
    failed: usize,
    work: impl Fn(usize) -> (T, Turn) + Sync,
) -> Vec<Result<T>> {
    let failures = AtomicUsize::new(failed);
    let begin = |_| !cancel.is_set() && rules.max_fail.is_none_or(|most| failures.load(Ordering::SeqCst) < most);
    let counted = |at: usize| {
        let (done, turn) = work(at);
        failures.fetch_add(usize::from(turn == Turn::Failed), Ordering::SeqCst);
        (done, turn)
    };
    let first = rules.canary.unwrap_or(0).min(names.len());
    let mut done = side_by_side(rules.jobs, first, begin, counted);
    let bad = done.iter().position(|done| !matches!(done, Some((_, Turn::Proved))));
    let rest = if bad.is_some() { 0 } else { names.len() - first };
    done.extend(side_by_side(rules.jobs, rest, begin, |at| counted(first + at)));
    let why = match (bad, rules.max_fail) {
        _ if cancel.is_set() => Error::new(Code::Interrupted, "not started: interrupted"),
        (Some(bad), _) => Error::failed(format!("not started: {} was not proved (--canary {first})", names[bad])),
        (_, most) => Error::failed(format!("not started: --max-fail {} is reached", most.unwrap_or(0))),
    };
    let not_started = || Err(Error::new(why.code, why.message.clone()));
    let done = done.into_iter().map(|done| done.map_or_else(not_started, |(done, _)| Ok(done)));
    let mut done: Vec<Result<T>> = done.collect();
    done.extend((done.len()..names.len()).map(|_| not_started()));
    done
}

/// Each for itself.
fn one_by_one(members: &[Mutex<Member>], rules: &Rules, cancel: &Cancel) {
    if members.iter().any(|member| lock(member).asks()) {
        side_by_side(rules.jobs, members.len(), |_| true, |at| lock(&members[at]).step(Member::begin));
        questions(members, cancel);
    }
    let names: Vec<String> = members.iter().map(|member| lock(member).job.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let failed = members.iter().filter(|member| lock(member).failed.is_some()).count();
    let done = in_turn(&names, rules, cancel, failed, |at| {
        let mut member = lock(&members[at]);
        let known = member.failed.is_some();
        member.step(Member::carry_out);
        let turn = match (&member.failed, member.proved()) {
            // It has been counted.
            (Some(_), _) if known => Turn::Unproved,
            (Some(_), _) => Turn::Failed,
            (None, true) => Turn::Proved,
            (None, false) => Turn::Unproved,
        };
        ((), turn)
    });
    for (member, done) in members.iter().zip(done) {
        if let Err(why) = done {
            lock(member).failed.get_or_insert(why);
        }
    }
}

/// All or none: every step is taken everywhere before the next is taken anywhere.
fn as_one(members: &[Mutex<Member>], jobs: usize, cancel: &Cancel) {
    let everywhere = |step: Step| {
        side_by_side(jobs, members.len(), |_| true, |at| lock(&members[at]).step(step));
        members.iter().all(|member| lock(member).failed.is_none())
    };
    let ready = everywhere(|member| member.begin())
        && questions(members, cancel)
        && hold_all(members)
        && everywhere(|member| member.change(|run, gate| run.prepare(gate)))
        && everywhere(|member| member.change(|run, gate| run.stage(gate)))
        && everywhere(|member| member.change(|run, _| run.switch()))
        && everywhere(|member| member.change(|run, _| run.prove_new()))
        && everywhere(|member| member.change(|run, _| run.commit()));
    if ready {
        everywhere(|member| {
            member.change(|run, _| {
                run.keep();
                Ok(())
            })
        });
        return;
    }
    let cause = members.iter().map(lock).find_map(|member| {
        let error = member.failed.as_ref()?;
        Some((error.code, member.job.name.clone()))
    });
    let Some((code, name)) = cause else { return };
    side_by_side(
        jobs,
        members.len(),
        |_| true,
        |at| {
            let mut member = lock(&members[at]);
            // What ends the whole is told once, where it happened; it is why the others end, too.
            let companion = || Error::new(code, format!("nothing is changed here, for {name} failed (--atomic)"));
            let error = member.failed.take().unwrap_or_else(companion);
            member.abandon(error);
            member.job.cx.events.done();
        },
    );
}

/// Asks the person about every PBX, in order; whether all may go on. Who breaks off is asked no more,
/// and none begins.
fn questions(members: &[Mutex<Member>], cancel: &Cancel) -> bool {
    for member in members {
        let mut member = lock(member);
        let known = member.failed.is_some();
        member.step(|member| member.job.cx.check().and_then(|()| member.question()));
        if !known && member.failed.as_ref().is_some_and(|error| error.code == Code::Interrupted) {
            cancel.flag().store(true, Ordering::SeqCst);
        }
    }
    members.iter().all(|member| lock(member).failed.is_none())
}

/// Takes every lock, in the order of the addresses; none more once one is not to be had.
fn hold_all(members: &[Mutex<Member>]) -> bool {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|at| lock(&members[*at]).job.order.clone());
    let mut held: Vec<(String, &Path)> = Vec::new();
    order.into_iter().all(|at| {
        let mut member = lock(&members[at]);
        member.step(|member| member.change(|run, _| run.hold()));
        let Some(folder) = member.run.as_ref().map(|run| run.target.folder.as_path()) else { return false };
        if let Some(error) = member.failed.as_mut().filter(|error| error.code == Code::Retry)
            && let Some((other, _)) = held.iter().find(|(_, held)| *held == folder)
        {
            error.hints.insert(0, format!("perhaps {other} is the same folder under another address: name it once"));
        }
        held.push((member.job.name.clone(), folder));
        member.failed.is_none()
    })
}

type Step = fn(&mut Member) -> Result<()>;

/// A job under way.
struct Member<'a, 't> {
    job: JobUnderWay<'a, 't>,
    run: Option<Run<'a>>,
    /// Pending edits the person has said yes to, for a reload.
    agreed: Option<Vec<Place>>,
    /// Why it goes on no more.
    failed: Option<Error>,
}

/// A job whose way to open is used once.
struct JobUnderWay<'a, 't> {
    name: String,
    order: String,
    cx: &'a Cx<'a>,
    options: &'a Options,
    open: Option<Box<dyn FnOnce() -> Result<&'a Target<'a>> + Send + 'a>>,
    task: Task<'t>,
}

impl<'a, 't> Member<'a, 't> {
    fn new(job: Job<'a, 't>) -> Self {
        let Job { name, order, cx, options, open, task } = job;
        let job = JobUnderWay { name, order, cx, options, open: Some(open), task };
        Self { job, run: None, agreed: None, failed: None }
    }

    /// Whether a person must be asked before any PBX is touched.
    fn asks(&self) -> bool {
        match &self.job.task {
            Task::Change(gate) => gate.wants_preview() && !self.job.options.dry_run,
            Task::Reload { first, .. } => *first && !self.job.options.dry_run,
        }
    }

    /// Takes a step, unless one before has failed.
    fn step(&mut self, step: impl FnOnce(&mut Self) -> Result<()>) {
        if self.failed.is_none() {
            self.failed = step(self).err();
            self.job.cx.events.done();
        }
    }

    /// Opens it, and looks at what there is.
    fn begin(&mut self) -> Result<()> {
        let Some(open) = self.job.open.take() else { return Ok(()) };
        let run = self.run.insert(Run::new(self.job.cx, open()?, self.job.options));
        match &mut self.job.task {
            Task::Change(gate) => run.begin(*gate),
            Task::Reload { first, .. } => {
                run.connect()?;
                if *first {
                    self.agreed = Some(reload::pending(run)?);
                }
                Ok(())
            }
        }
    }

    fn question(&mut self) -> Result<()> {
        let Some(run) = &mut self.run else { return Ok(()) };
        match &mut self.job.task {
            Task::Change(gate) => run.question(*gate),
            Task::Reload { consent, .. } => match self.agreed.as_deref() {
                Some(pending) if !pending.is_empty() => consent(pending),
                _ => Ok(()),
            },
        }
    }

    /// Does it, from wherever it stands to its end.
    fn carry_out(&mut self) -> Result<()> {
        if self.run.is_none() {
            self.begin()?;
            self.question()?;
        }
        let Some(run) = &mut self.run else { return Ok(()) };
        let done = match &mut self.job.task {
            Task::Change(gate) => run.carry_out(*gate),
            Task::Reload { consent, .. } => reload::go(run, self.agreed.as_deref().unwrap_or_default(), *consent),
        };
        // The next run waits for this lock, not for the other PBXes.
        run.guard = None;
        done
    }

    /// A step of a change among others.
    fn change(&mut self, step: impl FnOnce(&mut Run, &mut dyn Gate) -> Result<()>) -> Result<()> {
        match (&mut self.run, &mut self.job.task) {
            (Some(run), Task::Change(gate)) => step(run, *gate),
            _ => Ok(()),
        }
    }

    /// Puts back what there is to put back.
    fn abandon(&mut self, error: Error) {
        let error = match (&mut self.run, &mut self.job.task) {
            (Some(run), Task::Change(gate)) => run.put_back(*gate, error),
            _ => error,
        };
        self.failed = Some(error);
    }

    /// Whether the rest may follow.
    fn proved(&self) -> bool {
        let status = self.run.as_ref().map(|run| run.outcome.proof.status);
        self.failed.is_none() && matches!(status, Some(Status::Proved | Status::Skipped))
    }

    fn end(self) -> Outcome {
        let ended = self.failed.map_or(Ok(()), Err);
        match self.run {
            Some(run) => run.end(ended),
            None => Outcome { error: ended.err(), ..Outcome::default() },
        }
    }
}
