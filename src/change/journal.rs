//! The journal of an open change: what recovery needs, and nothing that must be guessed.
//!
//! `.sipctl/journal` in the configuration folder holds one JSON object a line, each with `"v":1` and
//! durable before the next step. No secret is in it: a proof of one is a salted hash.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::{Aftercare, Done, Proof, Reload};
use crate::error::{Code, Error, Result};
use crate::host::Meta;

/// The version of every line but [`Record::Waiting`], which is newer.
const VERSION: u64 = 1;
/// The newest version this program writes and understands.
const NEWEST: u64 = 2;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The first line: written before anything else is made.
    Open(Box<Opened>),
    /// From here on files may be new; what the temporaries are, in the order of the files. After
    /// [`Record::Proved`]: it goes back all the same, with the other PBXes of one change.
    Switching(Vec<Option<Stamp>>),
    /// The new state is proved and goes back all the same, unless somebody confirms it in time. Until
    /// then every other change is refused.
    Waiting(Box<Waiting>),
    /// The commit point: recovery finishes instead of going back.
    Proved,
}

/// What the first line says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Who opened it, as `user@client`.
    pub who: String,
    /// The files it changes.
    pub files: Vec<Entry>,
    /// How to make files live.
    pub reload: Reload,
    /// What must be true of it once the old files are live.
    pub prove_old: Vec<Proof>,
    /// Where it is to be confirmed: what the names of its marker and its script end with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirm: Option<String>,
}

/// What a change that waits to be confirmed needs to be kept by somebody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// When it began to wait, by the host's clock.
    pub since: i64,
    /// When it goes back.
    pub until: i64,
    /// What `-m` said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
    /// The files as people know them.
    pub paths: Vec<PathBuf>,
    /// What was done for which extension.
    pub done: Vec<Done>,
    /// What follows once it is confirmed.
    pub aftercare: Vec<Aftercare>,
    /// The changes of the history that it takes back.
    #[serde(default)]
    pub undo: Vec<u64>,
}

/// One file of a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The file itself, symbolic links resolved.
    pub path: PathBuf,
    /// How it is changed.
    pub how: How,
    /// Where its new bytes wait.
    pub temp: Option<PathBuf>,
    /// Where the old file is kept: its inode, for [`How::InPlace`] a copy.
    pub old: Option<PathBuf>,
    /// What the old file is.
    pub was: Option<Stamp>,
}

/// How a file is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is new.
    Create,
    /// A new inode takes its name.
    Replace,
    /// Its bytes are written over: it has other names, is mounted somewhere, or may have an access
    /// control list that nobody there sees.
    InPlace,
    /// It goes.
    Delete,
}

/// Tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Inode number.
    pub inode: u64,
    /// Size in bytes.
    pub size: u64,
    /// Modification time.
    pub mtime: (i64, u32),
}

impl From<&Meta> for Stamp {
    fn from(meta: &Meta) -> Self {
        Self { inode: meta.id.1, size: meta.size, mtime: meta.mtime }
    }
}

#[derive(Serialize, Deserialize)]
struct Line<R> {
    v: u64,
    #[serde(flatten)]
    record: R,
}

/// [`Record::Open`] of what somebody else holds: it may be large.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum First<'a> {
    Open(&'a Opened),
}

/// The first line.
pub fn first(opened: &Opened) -> Result<Vec<u8>> {
    written(First::Open(opened), VERSION)
}

/// A record as a line.
pub fn line(record: Record) -> Result<Vec<u8>> {
    let version = if matches!(record, Record::Waiting(_)) { NEWEST } else { VERSION };
    written(record, version)
}

/// What stands before and behind the stamps of [`Record::Switching`].
pub fn switching() -> Result<(String, String)> {
    let empty = line(Record::Switching(Vec::new()))?;
    let text = String::from_utf8_lossy(&empty).into_owned();
    let split = text.split_once("[]").map(|(before, after)| (format!("{before}["), format!("]{after}")));
    split.ok_or_else(|| Error::failed("cannot keep a journal of this change"))
}

fn written(record: impl Serialize, v: u64) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Line { v, record })
        .map_err(|e| Error::failed("cannot keep a journal of this change").because(e))?;
    line.push(b'\n');
    Ok(line)
}

/// What the newest of these says that files became.
pub fn switched(records: &[Record]) -> Option<&Vec<Option<Stamp>>> {
    records.iter().rev().find_map(|record| match record {
        Record::Switching(stamps) => Some(stamps),
        _ => None,
    })
}

/// The records of a journal. A last line that is torn was never relied upon and is left out; a
/// newer version, or a line that makes no sense, needs a person.
pub fn parse(bytes: &[u8]) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for line in bytes.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n")) {
        match serde_json::from_slice::<Line<Record>>(line) {
            Ok(Line { v: VERSION..=NEWEST, record }) => records.push(record),
            _ => return Err(unknown(line)),
        }
    }
    Ok(records)
}

fn unknown(line: &[u8]) -> Error {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    match serde_json::from_slice::<Version>(line) {
        Ok(Version { v }) if v > NEWEST => {
            let message = format!("a change was left open by a newer sipctl (its journal is version {v})");
            Error::new(Code::NeedsPerson, message).hint("finish it with that newer sipctl: sipctl recover")
        }
        _ => Error::new(Code::NeedsPerson, "a change was left open and its journal makes no sense"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Record {
        let entry = Entry {
            path: "/etc/asterisk/pjsip.conf".into(),
            how: How::Replace,
            temp: Some("/etc/asterisk/.pjsip.conf.sipctl-1.new".into()),
            old: Some("/etc/asterisk/.sipctl/0.old".into()),
            was: Some(Stamp { inode: 7, size: 8, mtime: (9, 10) }),
        };
        Record::Open(Box::new(Opened {
            who: "root@pbx".into(),
            files: vec![entry],
            reload: Reload::default(),
            prove_old: vec![],
            confirm: None,
        }))
    }

    #[test]
    fn a_journal_reads_as_it_was_written_and_a_torn_end_is_nothing() {
        let records = [opened(), Record::Switching(vec![None]), Record::Proved];
        let text: Vec<u8> = records.iter().flat_map(|r| line(r.clone()).unwrap()).collect();
        let Record::Open(opened) = &records[0] else { unreachable!() };
        assert!(text.starts_with(&first(opened).unwrap()));
        assert_eq!(parse(&text).unwrap(), records);
        assert!(text.split(|b| *b == b'\n').filter(|l| !l.is_empty()).all(|l| l.starts_with(br#"{"v":1,"#)));
        for cut in 0..text.len() {
            let whole = text[..cut].iter().filter(|b| **b == b'\n').count();
            assert_eq!(parse(&text[..cut]).unwrap(), records[..whole]);
        }
    }

    #[test]
    fn a_newer_journal_is_named_and_not_guessed_at() {
        let newer = [line(opened()).unwrap(), b"{\"v\":3,\"moved\":true}\n".to_vec()].concat();
        let error = parse(&newer).unwrap_err();
        assert_eq!(error.code, Code::NeedsPerson);
        assert!(error.message.contains("version 3"), "{}", error.message);
        assert_eq!(parse(b"nonsense\n").unwrap_err().code, Code::NeedsPerson);
    }
}
