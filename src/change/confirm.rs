//! A change that goes back by itself unless somebody says that it is good: it waits with its journal
//! open, watched by a script on the host. One of the two takes the marker: who confirms, or the
//! script; a later run does it where the script is gone.

use std::time::{Duration, Instant};

use super::history;
use super::journal::{self, How, Opened, Record, Waiting};
use super::open::{Open, private};
use super::past;
use super::recover::{self, Found};
use super::run::{Ground, Run};
use super::watchdog;
use super::{Options, Outcome, Target};
use crate::cx::Cx;
use crate::engine::{FileChange, Plan, Warning};
use crate::error::{Code, Error, Result};
use crate::host::{Command, Content, Meta, Step, Want};

/// The script is given as long to act before somebody else does.
const GRACE: i64 = 5;
/// What it needs of the host, and whether the lock of the folder is one it can take.
const NEEDS: &str = "for p in flock setsid stat grep mv cmp sleep sync; do command -v $p >/dev/null || { echo $p; exit 3; }; done; \
                     flock -n \"$0\" true; [ $? -le 1 ] || { echo 'a lock on this file system'; exit 3; }";

impl Run<'_> {
    /// Refuses `--confirm` where nobody could put the old state back.
    pub(super) fn may_wait(&self) -> Result<()> {
        if self.options.confirm.is_none() {
            return Ok(());
        }
        let refuse = |why: &str| Err(unkept(why));
        let Target { host, folder, .. } = self.target;
        if !self.reloads() {
            return refuse("the engine is not made to read the change");
        }
        if host.engine().is_some() || !host.stays() {
            return refuse("no process can stay beside these files that reaches their engine");
        }
        let args = ["-c".to_owned(), NEEDS.to_owned(), folder.display().to_string()];
        let command = Command { program: "sh".to_owned(), args: args.to_vec(), stdin: Vec::new() };
        match host.run(self.cx, &[command])?.first() {
            Some(output) if output.status == Some(0) => Ok(()),
            Some(output) => refuse(&format!("the host lacks {}", String::from_utf8_lossy(&output.stdout).trim())),
            None => refuse("the host runs nothing"),
        }
    }

    /// Leaves the script behind, before anything is switched.
    pub(super) fn watch(&mut self) -> Result<()> {
        let (Some(open), Some(after), Some(console)) = (&self.open, self.options.confirm, &mut self.console) else {
            return Ok(());
        };
        let Some(token) = &open.opened.confirm else { return Ok(()) };
        let (host, folder) = (self.target.host, self.target.folder.as_path());
        let reload =
            console.by_hand(self.cx, &open.opened.reload, &private(folder)).map_err(|error| match error.code {
                Code::Interrupted => error,
                _ => unkept(&error.line()),
            })?;
        let script = watchdog::script(folder, token, &open.opened, &open.staged(self.cx)?, &reload, after.as_secs())?;
        let (marker, path) = (watchdog::marker(folder, token), watchdog::script_at(folder, token));
        let file = |path: &std::path::Path, bytes: &[u8]| Step::Create {
            path: path.to_owned(),
            bytes: bytes.into(),
            like: None,
            mode: 0o600,
        };
        let steps = [file(&marker, b""), file(&path, script.as_bytes()), Step::SyncFolder { path: private(folder) }];
        host.act(self.cx, &steps).map_err(|stopped| stopped.error)?;
        host.leave_behind(self.cx, &path)
    }

    /// From here on it waits: the script's time runs as soon as the lock is free.
    pub(super) fn wait(&mut self) -> Result<()> {
        let (Some(open), Some(ground), Some(after)) = (&self.open, &self.ground, self.options.confirm) else {
            return Ok(());
        };
        let since = self.target.host.clock().0;
        let until = since + i64::try_from(after.as_secs()).unwrap_or(0);
        let plan = &ground.plan;
        let waiting = Waiting {
            since,
            until,
            message: self.options.message.clone(),
            paths: plan.files.iter().map(|file| file.path.clone()).collect(),
            done: plan.done.clone(),
            aftercare: plan.aftercare.clone(),
            undo: plan.undo.clone(),
        };
        open.note(self.cx, Record::Waiting(Box::new(waiting)))?;
        self.outcome.waiting = Some(past::here(self.target.host, until));
        Ok(())
    }

    /// Ends what waits to be confirmed: nothing is kept or removed yet.
    pub(super) fn leave_waiting(&mut self, ground: &Ground) {
        // What cannot be said now stops nothing.
        let _ = self.dialable(&ground.plan);
    }
}

/// The error where nobody could put the old state back.
fn unkept(why: &str) -> Error {
    Error::usage(format!("--confirm cannot be kept here: {why}"))
        .hint("nothing is changed; without --confirm it can be")
}

/// Whether a change that waits may still be confirmed; an error where it is too early to take it back.
pub(super) fn is_over(cx: &Cx, target: &Target, opened: &Opened, waiting: &Waiting) -> Result<bool> {
    let Some(token) = &opened.confirm else { return Ok(true) };
    let marker = watchdog::marker(&target.folder, token);
    let found = target.host.read(cx, &[Want::Meta(marker)])?.into_iter().flatten().next();
    if !found.is_some_and(|file| matches!(file.content, Content::There { .. })) {
        return Ok(true);
    }
    let now = target.host.clock().0;
    // A clock that was set back tells nothing; the script counts for itself.
    Ok(now >= waiting.until + GRACE || now < waiting.since - GRACE)
}

/// The error of a run that must not disturb it.
pub(super) fn still_waits(target: &Target, who: &str, waiting: &Waiting) -> Error {
    let until = past::here(target.host, waiting.until);
    Error::new(Code::Retry, format!("a change of {who} waits here to be confirmed until {until}"))
        .hint("keep it: sipctl confirm")
        .hint("or wait until it has gone back by itself")
}

/// Keeps the change that waits.
pub fn confirm(cx: &Cx, target: &Target, options: &Options) -> Outcome {
    let mut run = Run::new(cx, target, options);
    let ended = keep(&mut run);
    run.end(ended)
}

fn keep(run: &mut Run) -> Result<()> {
    let Target { host, folder, .. } = run.target;
    let (guard, found) = host.lock_and_read(run.cx, folder, &recover::wants(folder))?;
    let calm = run.cx.uncancellable();
    let (open, waiting) = match recover::find(*host, folder, found)? {
        Found::Change { open, proved: false, waiting: Some(waiting) } => (open, waiting),
        _ => {
            return Err(Error::new(Code::NotFound, "no change waits here to be confirmed")
                .hint("it was confirmed already, or has gone back by itself: sipctl history"));
        }
    };
    if is_over(&calm, run.target, &open.opened, &waiting)? {
        drop(guard);
        run.connect()?;
        run.lock()?;
        return Err(Error::failed("confirmed too late: the old state is back"));
    }
    let Some(token) = &open.opened.confirm else { return Ok(()) };
    let claim = [
        Step::Rename { from: watchdog::marker(folder, token), to: watchdog::confirmed(folder, token) },
        Step::Append { path: private(folder).join("journal"), bytes: journal::line(Record::Proved)? },
    ];
    host.act(&calm, &claim).map_err(|stopped| stopped.error)?;
    run.outcome.changed = true;
    let kept = plan(&calm, run.target, &open, &waiting).and_then(|plan| {
        let estate = run.target.engine.load(&calm, *host, folder, false)?;
        let options = Options { message: waiting.message.clone(), ..Options::default() };
        let id = history::keep(&calm, run.target, &options, &plan, &*estate, true)?;
        Ok((id, plan, estate))
    });
    match kept {
        Ok((id, plan, estate)) => {
            run.outcome.id = Some(id);
            run.ground = Some(Ground { estate, plan, prove_old: Vec::new() });
        }
        Err(error) => {
            run.say([Warning::new("no-history", format!("the change is not in the history: {}", error.line()))]);
        }
    }
    if let Err(error) = open.close(&calm) {
        let message = format!("the change is done, its journal could not be removed: {}", error.line());
        run.say([Warning::new("open-change", message)]);
    }
    drop(guard);
    if !waiting.aftercare.is_empty() {
        match run.connect() {
            Ok(()) => run.aftercare(&Plan { aftercare: waiting.aftercare.clone(), ..Plan::default() }),
            Err(error) => run.say([Warning::new("aftercare", error.line())]),
        }
    }
    Ok(())
}

/// The change as it was planned, read from what lies there.
fn plan(cx: &Cx, target: &Target, open: &Open, waiting: &Waiting) -> Result<Plan> {
    let mut files = Vec::new();
    for (entry, path) in open.opened.files.iter().zip(&waiting.paths) {
        let read = |path: &std::path::Path| -> Result<Option<(std::sync::Arc<[u8]>, Meta)>> {
            let found = target.host.read(cx, &[Want::File(path.to_owned())])?.into_iter().flatten().next();
            Ok(match found.map(|file| file.content) {
                Some(Content::There { bytes, meta }) => Some((bytes, meta)),
                _ => None,
            })
        };
        let before = match &entry.old {
            Some(old) => read(old)?,
            None => None,
        };
        let after = if entry.how == How::Delete { None } else { read(&entry.path)?.map(|(bytes, _)| bytes) };
        files.push(past::change(target, path.clone(), before, after));
    }
    let files: Vec<FileChange> = files;
    Ok(Plan { files, done: waiting.done.clone(), undo: waiting.undo.clone(), ..Plan::default() })
}

/// Waits until the change of a plan waits no more; whether it was kept.
pub fn settled(cx: &Cx, target: &Target, made: &Plan, until: Instant) -> bool {
    let open = || {
        let found = target.host.read(cx, &[Want::Meta(private(&target.folder).join("journal"))]);
        let found = found.unwrap_or_default().into_iter().flatten().next();
        found.is_some_and(|file| matches!(file.content, Content::There { .. }))
    };
    while open() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    let wants: Vec<Want> = made.files.iter().map(|file| Want::File(file.path.clone())).collect();
    let found = target.host.read(cx, &wants).unwrap_or_default().into_iter().flatten();
    let now = found.map(|file| match file.content {
        Content::There { bytes, .. } => Some(bytes),
        _ => None,
    });
    !open() && now.eq(made.files.iter().map(|file| file.after.clone()))
}
