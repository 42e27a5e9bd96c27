//! What stays on the host while a change waits to be confirmed: a small POSIX shell script that puts
//! the old files back in time, whatever became of the terminal, the link and sipctl.
//!
//! It holds the lock of the folder while it decides, as every run does. As long as the change is
//! under way it waits for that lock; when it gets it and the change does not wait to be confirmed,
//! whoever made it is gone, and it goes back at once. No secret is in it or in its arguments.

use std::path::{Path, PathBuf};

use super::journal::{self, Entry, How, Opened, Record, Stamp};
use super::open::private;
use crate::engine::ByHand;
use crate::error::{Error, Result, shell_word};
use crate::host::Command;

/// As often a reload is tried while somebody else's is under way, once a second.
const TRIES: u32 = 60;
/// As often, in seconds, it looks whether somebody has decided: then it has nothing to stay for.
const LOOK: u32 = 5;

/// The file that is there as long as nobody has decided.
pub(super) fn marker(folder: &Path, token: &str) -> PathBuf {
    private(folder).join(format!("waiting-{token}"))
}

/// What the marker becomes when nobody confirmed in time.
pub(super) fn expired(folder: &Path, token: &str) -> PathBuf {
    private(folder).join(format!("expired-{token}"))
}

/// What the marker becomes when somebody did.
pub(super) fn confirmed(folder: &Path, token: &str) -> PathBuf {
    private(folder).join(format!("confirmed-{token}"))
}

/// The script itself.
pub(super) fn script_at(folder: &Path, token: &str) -> PathBuf {
    private(folder).join(format!("watchdog-{token}"))
}

/// The script for a change that has `seconds` once it waits.
pub(super) fn script(
    folder: &Path,
    token: &str,
    opened: &Opened,
    new: &[Option<Stamp>],
    reload: &ByHand,
    seconds: u64,
) -> Result<String> {
    let private = private(folder);
    let (mut see, mut look, mut act, mut clean) = (String::new(), String::new(), String::new(), String::new());
    if opened.files.iter().any(|entry| entry.how == How::InPlace) {
        // Whoever finds one of them half written must not take it for somebody else's.
        let line = journal::line(Record::Switching(new.to_vec()))?;
        let line = shell_word(String::from_utf8_lossy(&line).trim_end());
        act.push_str(&format!("printf '%s\\n' {line} >>\"$journal\" || stuck\n"));
    }
    for (number, (entry, new)) in opened.files.iter().zip(new).enumerate() {
        if entry.how == How::InPlace {
            see.push_str(&format!("s{number}=$(stat -c '%i %s %Y' {})\n", word(&entry.path)?));
        }
        look.push_str(&ours(number, entry, *new)?);
        act.push_str(&back(entry, *new)?);
        for path in [&entry.temp, &entry.old].into_iter().flatten() {
            clean.push_str(&format!("rm -f {}\n", word(path)?));
        }
    }
    let mut commands = String::new();
    for Command { program, args, .. } in &reload.commands {
        let words: Vec<String> = std::iter::once(program).chain(args).map(|text| shell_word(text)).collect();
        commands.push_str(&format!("again {} || stuck\n", words.join(" ")));
    }
    let busy: String = reload.busy.iter().map(|text| format!("*{}*|", shell_word(text))).collect();
    Ok(format!(
        "# sipctl: the old files come back unless the change is confirmed\n\
         trap '' HUP INT QUIT TERM\n\
         f={folder}\nmarker={marker}\njournal={journal}\n\
         hold() {{ exec 9<\"$f\" && flock 9; }}\n\
         is() {{ [ \"$(stat -c '%i %s %Y' \"$1\" 2>/dev/null)\" = \"$2\" ]; }}\n\
         inode() {{ [ \"$(stat -c %i \"$1\" 2>/dev/null)\" = \"$2\" ]; }}\n\
         stuck() {{ exit 1; }}\n\
         again() {{\n\
         n=0\n\
         while [ $n -lt {TRIES} ]; do\n\
         if said=$(\"$@\" </dev/null 2>&1 9<&-); then case $said in {busy}'sipctl waits') ;; *) return 0 ;; esac; fi\n\
         n=$((n + 1))\nsleep 1\n\
         done\nreturn 1\n}}\n\
         hold || exit 1\n\
         [ -e \"$marker\" ] || exit 0\n\
         if grep -q '\"waiting\":{{' \"$journal\"; then\n\
         {see}exec 9<&-\nleft={seconds}\n\
         while [ $left -gt 0 ]; do\n\
         n=$((left < {LOOK} ? left : {LOOK}))\nsleep $n\nleft=$((left - n))\n\
         [ -e \"$marker\" ] || exit 0\n\
         done\nhold || exit 1\n\
         [ -e \"$marker\" ] || exit 0\n\
         fi\n\
         mv \"$marker\" {expired} || exit 0\n\
         {look}{act}sync\n{commands}{clean}\
         rm -f {expired} {own} {conf} {ignore}\nrm -f \"$journal\"\nrmdir {private}\n",
        folder = word(folder)?,
        marker = word(&marker(folder, token))?,
        expired = word(&expired(folder, token))?,
        own = word(&script_at(folder, token))?,
        journal = word(&private.join("journal"))?,
        conf = word(&private.join(crate::engine::LEFT_LOGIN))?,
        ignore = word(&private.join(".gitignore"))?,
        private = word(&private)?,
    ))
}

/// Stops where a file is neither what it was nor what we made of it: that needs a person. What we made
/// of one that is written in place it has seen when it began to wait.
fn ours(number: usize, entry: &Entry, new: Option<Stamp>) -> Result<String> {
    let path = word(&entry.path)?;
    if let (How::InPlace, Some(old)) = (entry.how, &entry.old) {
        let old = word(old)?;
        return Ok(format!("[ -z \"$s{number}\" ] || is {path} \"$s{number}\" || cmp -s {old} {path} || stuck\n"));
    }
    let is = new.map(|new| format!("is {path} '{} {} {}'", new.inode, new.size, new.mtime.0));
    let was = entry.was.map(|was| format!("inode {path} {}", was.inode));
    let either = [is, was].into_iter().flatten().chain([format!("[ ! -e {path} ]")]).collect::<Vec<_>>().join(" || ");
    Ok(format!("{either} || stuck\n"))
}

fn back(entry: &Entry, new: Option<Stamp>) -> Result<String> {
    let path = word(&entry.path)?;
    let Some(old) = &entry.old else { return Ok(format!("rm -f {path} || stuck\n")) };
    let old = word(old)?;
    if entry.how == How::InPlace {
        return Ok(format!("if [ -e {old} ]; then cat {old} >{path} || stuck; fi\n"));
    }
    // Before the switch both are one file, which mv refuses to move.
    let mut text =
        format!("if [ -e {old} ]; then mv -f {old} {path} 2>/dev/null || cmp -s {old} {path} || stuck; fi\n");
    // An engine that looks at size and time only would take it for the new one still.
    if new.zip(entry.was).is_some_and(|(new, was)| (new.size, new.mtime) == (was.size, was.mtime)) {
        text.push_str(&format!("touch {path}\n"));
    }
    Ok(text)
}

fn word(path: &Path) -> Result<String> {
    match path.to_str() {
        Some(text) => Ok(shell_word(text)),
        None => Err(Error::failed(format!("{} has a name that no script can hold", path.display()))
            .hint("nothing is changed; without --confirm it can be")),
    }
}
