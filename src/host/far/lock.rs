//! The lock of a folder there: flock by the program of that name, the agent holds it; else the
//! exclusive folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::super::lock::{Holder, STAND_IN, Wait};
use super::super::{Guard, Locked, Want};
use super::quote::word;
use super::read::{self, Reading, is_confused};
use super::{Far, Part, Patience, Request, State, asked};
use crate::cx::{Cx, Silent};
use crate::error::{Error, Result};

/// The agent's file descriptors for locks.
const SLOTS: std::ops::RangeInclusive<u8> = 7..=9;
/// How many tries one exchange makes, a hundredth of a second apart.
const TRIES: u32 = 20;
/// What it says where it took more than one.
const LATE: &str = "locked late";

/// Holds a lock there.
struct Held {
    state: Weak<Mutex<State>>,
    what: What,
    /// Whether somebody else had it first.
    waited: Option<bool>,
}

enum What {
    Flock(u8),
    StandIn(PathBuf),
}

impl Guard for Held {
    fn waited(&self) -> Option<bool> {
        self.waited
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // With the host its agent has gone, and the lock with that.
        let Some(state) = self.state.upgrade() else { return };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        // Where this fails the agent is gone, or will be; an exclusive folder is found stale then.
        match &self.what {
            What::Flock(fd) => {
                state.locks.retain(|(held, _)| held != fd);
                let script = format!("unlock {fd}").into_bytes();
                if let Some(session) = &mut state.session {
                    session.tell(&Request { script, data: Vec::new() });
                }
            }
            What::StandIn(path) => {
                let (cx, script) = (Cx::new(&Silent), call("gone", &[path]));
                let _ = asked(&mut state, &cx, patience(&cx), &Request { script, data: Vec::new() });
            }
        }
    }
}

/// Takes the lock; with it what is read at once.
pub(super) fn take(far: &Far, cx: &Cx, folder: &Path, wants: &[Want]) -> Result<Locked> {
    let (mut wait, mut waited) = (Wait::new(cx, folder), false);
    let reading = Reading::new(wants);
    loop {
        let mut state = far.state();
        far.connected(cx, &mut state)?;
        if !state.tools.flock {
            return Ok((stand_in(far, cx, state, folder, wait)?, read::all(far, cx, wants)?));
        }
        let free = SLOTS.rev().find(|fd| state.locks.iter().all(|(held, _)| held != fd));
        let Some(fd) = free else { return Err(Error::failed("too many locks are held there")) };
        let then = [call("holder", &[&folder.join(STAND_IN)]), b"\n".to_vec(), reading.script()].concat();
        let mut parts = flock(cx, &mut state, fd, folder, (tries(&wait), &then))?;
        let mut seen = parts.split_off(1);
        match parts[0].words.as_str() {
            how @ ("locked" | LATE) => {
                waited |= how == LATE;
                state.locks.push((fd, folder.to_owned()));
                let what = What::Flock(fd);
                let mut held = Held { state: Arc::downgrade(&far.state), what, waited: Some(waited) };
                seen.pop();
                if seen.is_empty() || !seen.remove(0).bytes.is_empty() {
                    // Somebody whose view of this folder has no flock may be at work.
                    while let Some(holder) = holder(cx, &mut state, folder)? {
                        held.waited = Some(true);
                        wait.pause(Some(&holder))?;
                    }
                    drop(state);
                    return Ok((Box::new(held), read::all(far, cx, wants)?));
                }
                drop(state);
                let found = match reading.answer(far, cx, seen) {
                    Err(error) if is_confused(&error) => read::all(far, cx, wants)?,
                    other => other?,
                };
                return Ok((Box::new(held), found));
            }
            "busy" => {
                drop(state);
                waited = true;
                wait.pause(None)?;
            }
            _ => return Ok((stand_in(far, cx, state, folder, wait)?, read::all(far, cx, wants)?)),
        }
    }
}

/// Takes a lock once more, on a new connection.
pub(super) fn again(cx: &Cx, state: &mut State, fd: u8, folder: &Path) -> Result<()> {
    let mut wait = Wait::new(cx, folder);
    while !matches!(flock(cx, state, fd, folder, (tries(&wait), b""))?[0].words.as_str(), "locked" | LATE) {
        wait.pause(None)?;
    }
    Ok(())
}

fn tries(wait: &Wait) -> u32 {
    TRIES.min(u32::try_from(wait.left().as_millis() / 10).unwrap_or(TRIES)).max(1)
}

/// Tries to lock, and asks for more where that succeeds.
fn flock(cx: &Cx, state: &mut State, fd: u8, folder: &Path, (tries, then): (u32, &[u8])) -> Result<Vec<Part>> {
    let lock = [format!("lock {fd} ").as_bytes(), &word(bytes(folder)), format!(" {tries}\n").as_bytes()].concat();
    let script = match then {
        [] => lock,
        then => [&lock, &b"[ -z \"$locked\" ] || {\n"[..], then, b"}\n"].concat(),
    };
    let parts = asked(state, cx, patience(cx), &Request { script, data: Vec::new() })?;
    let [Part { words, bytes: said }, _, ..] = &parts[..] else { return Err(super::confused()) };
    if words == "failed" {
        return Err(Error::io("open", folder, super::errno::of(said)));
    }
    Ok(parts)
}

fn stand_in<'f>(
    far: &'f Far,
    cx: &Cx,
    mut state: MutexGuard<'f, State>,
    folder: &Path,
    mut wait: Wait,
) -> Result<Box<dyn Guard>> {
    let path = folder.join(STAND_IN);
    loop {
        let me = state.tools.me.clone();
        let own = folder.join(format!("{STAND_IN}-{}", me.pid));
        let data = serde_json::to_vec(&me).map_err(|e| Error::failed("cannot lock").because(e))?;
        let mut script = call("stand_in", &[&own, &path]);
        script.extend(format!(" {}\n", data.len()).into_bytes());
        let parts = asked(&mut state, cx, patience(cx), &Request { script, data })?;
        let [Part { words, bytes: said }, ..] = &parts[..] else { return Err(super::confused()) };
        match words.as_str() {
            "locked" => {
                let held = Held { state: Arc::downgrade(&far.state), what: What::StandIn(path), waited: None };
                return Ok(Box::new(held));
            }
            "busy" => {
                let holder = holder(cx, &mut state, folder)?;
                drop(state);
                if let Some(holder) = holder {
                    wait.pause(Some(&holder))?;
                }
                state = far.state();
                far.connected(cx, &mut state)?;
            }
            _ => {
                let error = Error::failed(format!("cannot make {}", path.display()));
                return Err(error.because(super::errno::of(said)));
            }
        }
    }
}

/// Who holds the exclusive folder, if anybody: what a dead process left is taken away.
fn holder(cx: &Cx, state: &mut State, folder: &Path) -> Result<Option<Holder>> {
    let path = folder.join(STAND_IN);
    let request = Request { script: call("holder", &[&path]), data: Vec::new() };
    let found = asked(state, cx, patience(cx), &request)?.into_iter().next().unwrap_or_default().bytes;
    if found.is_empty() {
        return Ok(None);
    }
    let holder = Holder::read(&found);
    let script = format!("alive {}", holder.pid).into_bytes();
    let answer = asked(state, cx, patience(cx), &Request { script, data: Vec::new() })?;
    let there = answer.first().is_some_and(|part| part.words == "yes");
    if !holder.dead(&state.tools.me, |_| there) {
        return Ok(Some(holder));
    }
    let aside = folder.join(format!("{STAND_IN}-stale-{}", state.tools.me.pid));
    let mut script = call("stale", &[&path, &aside]);
    script.extend(format!(" {}\n", found.len()).into_bytes());
    asked(state, cx, patience(cx), &Request { script, data: found })?;
    Ok(None)
}

fn call(function: &str, paths: &[&Path]) -> Vec<u8> {
    let mut script = function.as_bytes().to_vec();
    for path in paths {
        script.push(b' ');
        script.extend(word(bytes(path)));
    }
    script
}

fn bytes(path: &Path) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())
}

fn patience(cx: &Cx) -> Patience {
    Patience { silent: cx.timeouts.question, cancel: true, ends: false }
}
