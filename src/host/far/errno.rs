//! What programs and shells say on standard error, as the errors the system meant.

use std::io;

use rustix::io::Errno;

use super::super::process;

/// The words of the C libraries (GNU, musl) and shells, in the C locale, for an error.
const WORDS: &[(&str, Errno)] = &[
    ("Permission denied", Errno::ACCESS),
    ("No such file or directory", Errno::NOENT),
    ("No such file", Errno::NOENT),
    ("Directory nonexistent", Errno::NOENT),
    ("nonexistent directory", Errno::NOENT),
    ("File exists", Errno::EXIST),
    ("cannot overwrite existing file", Errno::EXIST),
    ("Not a directory", Errno::NOTDIR),
    ("Is a directory", Errno::ISDIR),
    ("Directory not empty", Errno::NOTEMPTY),
    ("Operation not permitted", Errno::PERM),
    ("Operation not supported", Errno::OPNOTSUPP),
    ("Not supported", Errno::OPNOTSUPP),
    ("No space left on device", Errno::NOSPC),
    ("Disk quota exceeded", Errno::DQUOT),
    ("Quota exceeded", Errno::DQUOT),
    ("Read-only file system", Errno::ROFS),
    ("Input/output error", Errno::IO),
    ("I/O error", Errno::IO),
    ("Device or resource busy", Errno::BUSY),
    ("Resource busy", Errno::BUSY),
    ("Text file busy", Errno::TXTBSY),
    ("Too many levels of symbolic links", Errno::LOOP),
    ("Symbolic link loop", Errno::LOOP),
    ("Invalid cross-device link", Errno::XDEV),
    ("Cross-device link", Errno::XDEV),
    ("File name too long", Errno::NAMETOOLONG),
    ("Filename too long", Errno::NAMETOOLONG),
    ("File too large", Errno::FBIG),
    ("Stale file handle", Errno::STALE),
    ("Too many open files", Errno::MFILE),
    ("Invalid argument", Errno::INVAL),
];

/// The error behind what was said; its own words where they are no known ones.
pub(super) fn of(said: &[u8]) -> io::Error {
    let text = String::from_utf8_lossy(said);
    let known = text.lines().rev().find_map(one);
    known.map_or_else(|| io::Error::other(other(said)), io::Error::from)
}

/// The error one line tells.
pub(super) fn one(line: &str) -> Option<Errno> {
    let last = line.rsplit(": ").next()?.trim();
    // busybox's rm: 'NAME' is a directory
    let last = if last.ends_with("' is a directory") { "Is a directory" } else { last };
    WORDS.iter().find(|(words, _)| last.eq_ignore_ascii_case(words)).map(|(_, errno)| *errno)
}

fn other(said: &[u8]) -> String {
    let said = process::words(said);
    if said.is_empty() { "it failed without a word".to_owned() } else { said }
}
