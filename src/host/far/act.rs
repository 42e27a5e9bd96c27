//! Carries out steps there: one script, one exchange. What can fail has the words it has here.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::super::local::act::{MANY, changed, failed};
use super::super::local::like::lost;
use super::super::{File, Meta, Step, Stopped, Want};
use super::quote::word;
use super::read::{self, Reading, is_confused};
use super::{Far, Part, Patience, Request, errno};
use crate::cx::Cx;
use crate::error::{Error, Result};

/// Disks may take their time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Carries out steps, and reads when all are done.
pub(super) fn and_read(far: &Far, cx: &Cx, steps: &[Step], wants: &[Want]) -> Result<Vec<Vec<File>>, Stopped> {
    let nothing = |error| Stopped { done: 0, error };
    let sums = {
        let mut state = far.state();
        far.connected(cx, &mut state).map_err(nothing)?;
        state.tools.sums
    };
    let mut request = script(steps, sums);
    request.script.extend_from_slice(b"acted\n");
    let reading = (!wants.is_empty()).then(|| Reading::new(wants));
    request.script.extend(reading.iter().flat_map(Reading::script));
    // Half a batch is what recovery is for: it runs to its end although a signal came.
    let patience = Patience { silent: PATIENCE.max(cx.timeouts.question), cancel: false, ends: false };
    let mut parts = far.ask(cx, patience, &request).map_err(nothing)?;
    let acted = parts.iter().position(|part| part.words.starts_with("acted "));
    let mut seen = parts.split_off(acted.map_or(parts.len(), |at| at + 1));
    let done = parts.last().and_then(|part| part.words.strip_prefix("acted ")?.parse().ok()).unwrap_or(0);
    if let Some(step) = steps.get(done) {
        return Err(Stopped { done, error: reason(step, &parts) });
    }
    let Some(reading) = reading else { return Ok(Vec::new()) };
    seen.pop();
    let found = match reading.answer(far, cx, seen) {
        Err(error) if is_confused(&error) => read::all(far, cx, wants),
        other => other,
    };
    found.map_err(|error| Stopped { done, error })
}

fn script(steps: &[Step], sums: bool) -> Request {
    let mut request = Request::default();
    let created = |step: &Step| matches!(step, Step::Create { .. });
    for run in steps.chunk_by(|a, b| created(a) && created(b)) {
        for step in run {
            one(&mut request, step, sums);
        }
        let paths: Vec<&Path> = run
            .iter()
            .filter_map(|step| match step {
                Step::Create { path, .. }
                | Step::Append { path, .. }
                | Step::Stamps { path, .. }
                | Step::InPlace { path, .. } => Some(&**path),
                _ => None,
            })
            .collect();
        match paths.last() {
            None => {}
            Some(last) if paths.len() >= MANY => line(&mut request, format!("w {} many", paths.len()), &[last], ""),
            Some(_) => line(&mut request, format!("w {} durable", paths.len()), &paths, ""),
        }
    }
    request
}

fn one(request: &mut Request, step: &Step, sums: bool) {
    let mut data: &[u8] = &[];
    let octal = |mode: &u32| format!("{mode:o}");
    let (function, paths, rest): (&str, Vec<&Path>, String) = match step {
        Step::MakeFolder { path, mode } => ("folder_made", vec![path], octal(mode)),
        Step::Create { path, bytes, like, mode } => {
            data = bytes;
            let like = like.as_deref().map(|like| word(like.as_os_str().as_bytes())).unwrap_or_else(|| word(b""));
            let mut line = [b"s create ", &word(path.as_os_str().as_bytes())[..], b" "].concat();
            line.extend(format!("{mode:o} ").into_bytes());
            line.extend(like);
            line.extend(format!(" {}\n", data.len()).into_bytes());
            request.script.extend(line);
            request.data.extend_from_slice(data);
            return;
        }
        Step::Append { path, bytes } => {
            data = bytes;
            ("append", vec![path], data.len().to_string())
        }
        Step::Stamps { path, before, of, after } => {
            let texts = [before.as_bytes(), after.as_bytes()].map(word);
            let files = of.iter().map(|file| word(file.as_deref().unwrap_or(Path::new("")).as_os_str().as_bytes()));
            let words: Vec<Vec<u8>> = texts.into_iter().chain(files).collect();
            request.script.extend([b"s stamps ", &word(path.as_os_str().as_bytes())[..], b" "].concat());
            request.script.extend([&words.join(&b' ')[..], b"\n"].concat());
            return;
        }
        Step::Expect { path, was: None, .. } => ("absent", vec![path], String::new()),
        Step::Expect { path, was: Some(was), bytes } => {
            let sum = if sums {
                Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
            } else {
                data = bytes;
                String::new()
            };
            ("still", vec![path], format!("{} '{sum}' {}", stamp(was), data.len()))
        }
        Step::Link { from, to } => ("linked", vec![from, to], String::new()),
        Step::Rename { from, to } => ("moved", vec![from, to], String::new()),
        Step::InPlace { path, bytes } => {
            data = bytes;
            ("in_place", vec![path], data.len().to_string())
        }
        Step::Remove { path } => ("removed", vec![path], String::new()),
        Step::RemoveFolder { path } => ("folder_removed", vec![path], String::new()),
        Step::Touch { path } => ("touched", vec![path], String::new()),
        Step::SyncFolder { path } => ("durable", vec![path], String::new()),
    };
    line(request, format!("s {function}"), &paths, &rest);
    request.data.extend_from_slice(data);
}

/// Removes a file, whatever was done before.
pub(super) fn removal(path: &Path) -> Vec<u8> {
    [b"removed ", &word(path.as_os_str().as_bytes())[..], b"\n"].concat()
}

fn line(request: &mut Request, function: String, paths: &[&Path], rest: &str) {
    request.script.extend(function.into_bytes());
    for path in paths {
        request.script.push(b' ');
        request.script.extend(word(path.as_os_str().as_bytes()));
    }
    request.script.extend(format!(" {rest}\n").into_bytes());
}

fn stamp(was: &Meta) -> String {
    format!("'{} {} {} {}' {:09}", was.id.0, was.id.1, was.size, was.mtime.0, was.mtime.1)
}

/// Why a step was not done.
fn reason(step: &Step, parts: &[Part]) -> Error {
    let said: Vec<u8> = parts.iter().flat_map(|part| part.bytes.iter().copied()).collect();
    let why = errno::of(&said);
    let says = |words: &str| parts.iter().any(|part| part.words == words);
    let told = parts.iter().find_map(|part| part.words.strip_prefix("lost "));
    if let (true, Some((model, _))) = (says("model"), models(step)) {
        return Error::io("look at", model, why);
    }
    if let (Some(told), Some((model, path))) = (told, models(step)) {
        let (from, to) = (model.display(), path.display());
        let (what, command) = match told.split_once(' ').unwrap_or((told, "")) {
            ("owner", owner) => (format!("the owner {owner}"), format!("chown {owner} {to}")),
            ("mode", mode) => ("the mode".to_owned(), format!("chmod {mode} {to}")),
            ("acl", _) => ("the access control list".to_owned(), format!("getfacl {from} | setfacl --set-file=- {to}")),
            ("label", _) => ("the security label".to_owned(), format!("chcon --reference={from} {to}")),
            _ => ("an extended attribute".to_owned(), format!("cp --attributes-only --preserve=all {from} {to}")),
        };
        return lost(&what, model, why, command);
    }
    let (doing, path) = match step {
        Step::Expect { path, .. } if says("changed") => return changed(path),
        Step::Expect { path, .. } => ("read", path),
        Step::MakeFolder { path, .. } => ("make", path),
        Step::Create { path, .. } if says("creating") => ("create", path),
        Step::Create { path, .. }
        | Step::Append { path, .. }
        | Step::Stamps { path, .. }
        | Step::InPlace { path, .. } => ("write", path),
        Step::Link { to, .. } => ("link", to),
        Step::Rename { to, .. } => ("replace", to),
        Step::Remove { path } | Step::RemoveFolder { path } => ("remove", path),
        Step::Touch { path } => ("touch", path),
        Step::SyncFolder { path } => ("sync", path),
    };
    failed(doing, path, why)
}

fn models(step: &Step) -> Option<(&Path, &Path)> {
    match step {
        Step::Create { path, like: Some(like), .. } => Some((like, path)),
        Step::Link { from, to } | Step::Rename { from, to } => Some((from, to)),
        _ => None,
    }
}
