//! What becomes of a change that a crash or a lost link left open: without a `proved` line its old
//! state comes back, with one its cleanup is finished.

use std::path::Path;

use super::confirm;
use super::journal::{self, Record, Waiting};
use super::open::{Open, private};
use super::run::Run;
use super::{Options, Outcome, ReloadPolicy, Target};
use crate::cx::Cx;
use crate::engine::{Console, LEFT_LOGIN, Verdict, Warning};
use crate::error::{Code, Error, Place, Result};
use crate::host::{Content, File, Host, Meta, Step, Want};

/// What [`open_change`] reads.
pub fn opens(folder: &Path) -> [Want; 1] {
    [Want::Meta(private(folder))]
}

/// For commands that only read: says that a change is open.
pub fn open_change(cx: &Cx, host: &dyn Host, folder: &Path) -> Option<Warning> {
    let private = private(folder);
    let found = host.read(cx, &opens(folder)).ok()?;
    if matches!(found.first()?.first()?.content, Content::Missing) {
        return None;
    }
    let message =
        "a change is open here: under way, waiting for sipctl confirm, or interrupted; the next change puts it right";
    Some(Warning::new("open-change", message).at(&Place::new(private, 0)))
}

/// What a journal says, if one is there.
pub(super) enum Found<'a> {
    Nothing,
    /// A folder whose journal has no first line: nothing was switched.
    Empty,
    Change {
        open: Box<Open<'a>>,
        proved: bool,
        /// Whether it is to be confirmed.
        waiting: Option<Box<Waiting>>,
    },
}

/// What must be read to know whether a change is open.
pub(super) fn wants(folder: &Path) -> [Want; 3] {
    let private = private(folder);
    [Want::Meta(folder.to_owned()), Want::Meta(private.clone()), Want::File(private.join("journal"))]
}

pub(super) fn find<'a>(host: &'a dyn Host, folder: &'a Path, found: Vec<Vec<File>>) -> Result<Found<'a>> {
    let private = private(folder);
    let mut found = found.into_iter().flatten().map(|file| file.content);
    let home = found.next();
    match (home, found.next()) {
        (_, None | Some(Content::Missing)) => return Ok(Found::Nothing),
        (Some(Content::There { meta: home, .. }), Some(Content::There { meta, .. })) => {
            if !meta.folder {
                return Err(foreign(&private, "is no folder"));
            }
            if meta.real != home.real.join(".sipctl") {
                return Err(foreign(&private, &format!("leads to {}", meta.real.display())));
            }
            ours(host, &private, &meta)?;
        }
        _ => return Err(foreign(&private, "cannot be looked at")),
    }
    let bytes = match found.next() {
        Some(Content::There { bytes, meta }) => {
            ours(host, &private.join("journal"), &meta)?;
            bytes
        }
        Some(Content::Unreadable(why)) => {
            let error = Error::failed("cannot read the journal of a change that was left open");
            return Err(error.at(Place::new(private.join("journal"), 0)).because(anyhow::anyhow!(why)));
        }
        Some(Content::Missing) | None => return Ok(Found::Empty),
    };
    let records = journal::parse(&bytes).map_err(|error| {
        let hint = format!("when the files are as you want them: rm -r {}", private.display());
        error.at(Place::new(private.join("journal"), 0)).hint(hint)
    })?;
    let (mut opened, mut new, mut proved, mut waits) = (None, None, false, None);
    for record in records {
        match record {
            Record::Open(first) => opened = Some(first),
            // After its proof it says that the proof counts no more.
            Record::Switching(stamps) => (new, proved) = (Some(stamps), false),
            Record::Waiting(waiting) => waits = Some(waiting),
            Record::Proved => proved = true,
        }
    }
    Ok(match opened {
        Some(opened) => {
            let opened = *opened;
            let open = Box::new(Open { host, folder, opened, new, switching: false, renamed: false });
            Found::Change { open, proved, waiting: waits }
        }
        None => Found::Empty,
    })
}

/// Whoever may write to the folder could leave a journal there that has us replace or remove files
/// he may not touch himself: only what root or we ourselves have made is believed.
fn ours(host: &dyn Host, path: &Path, meta: &Meta) -> Result<()> {
    match meta.uid == 0 || meta.uid == host.user() {
        true => Ok(()),
        false => Err(foreign(path, &format!("belongs to user {}", meta.uid))
            .hint(format!("if that user's sipctl was interrupted, run it once more as that user: setpriv --reuid={} --clear-groups sipctl reload", meta.uid))),
    }
}

fn foreign(path: &Path, why: &str) -> Error {
    let folder = if path.ends_with("journal") { path.parent().unwrap_or(path) } else { path };
    Error::new(Code::NeedsPerson, format!("an open change is found here that is not sipctl's own: it {why}"))
        .at(Place::new(path, 0))
        .hint(format!(
            "when the files are as you want them: rm -r {}",
            crate::error::shell_word(&folder.to_string_lossy())
        ))
}

/// Whether a change could start here; for a dry run, which leaves an open one alone.
pub(super) fn look(cx: &Cx, target: &Target) -> Result<Option<Warning>> {
    let found = target.host.read(cx, &wants(&target.folder))?;
    match find(target.host, &target.folder, found)? {
        Found::Nothing => Ok(None),
        Found::Change { open, proved: false, waiting: Some(waiting) }
            if !confirm::is_over(cx, target, &open.opened, &waiting)? =>
        {
            Err(confirm::still_waits(target, &open.opened.who, &waiting))
        }
        Found::Empty | Found::Change { .. } => Ok(open_change(cx, target.host, &target.folder)),
    }
}

/// Puts right what a run before left open. Called under the lock, with what was found under it of
/// [`wants`].
pub(super) fn recover(
    cx: &Cx,
    target: &Target,
    found: Vec<Vec<File>>,
    console: Option<&mut (dyn Console + '_)>,
) -> Result<Option<Warning>> {
    // Half a recovery would be a second crash.
    let calm = cx.uncancellable();
    let (open, proved, waiting) = match find(target.host, &target.folder, found)? {
        Found::Nothing => return Ok(None),
        Found::Empty => {
            sweep(&calm, target)?;
            let message = "a change that was interrupted before it began has been cleared away";
            return Ok(Some(Warning::new("recovered", message)));
        }
        Found::Change { open, proved, waiting } => (open, proved, waiting),
    };
    let who = open.opened.who.clone();
    if proved {
        open.close(&calm)?;
        let message = format!("a change of {who} that was interrupted after its proof has been finished");
        return Ok(Some(Warning::new("recovered", message)));
    }
    if let Some(waiting) = &waiting
        && !confirm::is_over(&calm, target, &open.opened, waiting)?
    {
        return Err(confirm::still_waits(target, &who, waiting));
    }
    open.put_back(&calm)?;
    let live = if open.new.is_some() { make_live(cx, target, &open, console) } else { String::new() };
    open.close(&calm)?;
    let what = if waiting.is_some() { "a change that nobody confirmed, of" } else { "an interrupted change of" };
    let message = format!("{what} {who} has been taken back{live}");
    Ok(Some(Warning::new("recovered", message)))
}

/// Has the engine read the old files; says how that went. It stops nothing: the change that comes
/// asks the engine itself.
fn make_live(cx: &Cx, target: &Target, open: &Open, console: Option<&mut (dyn Console + '_)>) -> String {
    let (Some(console), false) = (console, target.reload == ReloadPolicy::None) else {
        return "; the engine was not asked to reload".to_owned();
    };
    let reloaded = console.reload(cx, &open.opened.reload);
    let verdicts = reloaded.and_then(|reloaded| console.prove(cx, &open.opened.prove_old, &reloaded.log));
    match verdicts {
        Ok(verdicts) if verdicts.iter().any(|v| matches!(v, Verdict::Failed { .. })) => {
            "; the engine still differs from the old files".to_owned()
        }
        Ok(_) => " and the old state is live".to_owned(),
        Err(error) => format!("; the engine could not be asked to reload ({})", error.line()),
    }
}

/// Removes a private folder in which no change had begun.
fn sweep(cx: &Cx, target: &Target) -> Result<()> {
    let private = private(&target.folder);
    let found = target.host.read(cx, &[Want::Folder(private.clone())])?;
    let made = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let watched = ["waiting-", "expired-", "confirmed-", "watchdog-"].iter().any(|start| name.starts_with(start));
        watched || name.ends_with(".old") || ["journal", ".gitignore", LEFT_LOGIN].contains(&&*name)
    };
    let left = found.into_iter().flatten().map(|file| file.path).filter(|path| made(path));
    let mut steps: Vec<Step> = left.map(|path| Step::Remove { path }).collect();
    steps.push(Step::RemoveFolder { path: private });
    target.host.act(cx, &steps).map_err(|stopped| stopped.error)
}

/// Does nothing but put right what was left open.
pub fn recover_only(cx: &Cx, target: &Target, options: &Options) -> Outcome {
    let mut run = Run::new(cx, target, options);
    let ended = match run.connect() {
        // The old files serve without it: it will start on them.
        Err(error) if error.code == Code::Unreachable => {
            run.console = None;
            run.say([Warning::new("engine-silent", error.line())]);
            run.lock()
        }
        connected => connected.and_then(|()| run.lock()),
    };
    run.outcome.changed = run.outcome.warnings.iter().any(|warning| warning.code == "recovered");
    run.end(ended)
}
