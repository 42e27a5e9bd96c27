//! Lists of extensions: a whole PBX as a file.
//!
//! YAML, JSON and CSV are read into one tree that knows where everything stands ([`node`]), the tree
//! into a [`List`] ([`read`](mod@read)); [`plan`] says what is different on a PBX and which edits
//! make it so; [`write`](mod@write) turns what is there into such a list; [`import`](mod@import) makes one
//! of what other programs export. Nothing here opens a file, asks an engine or prints.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::address::Kind;
use crate::error::{Error, Place};
use crate::extension::{Ext, Fields, Setting};
use crate::secret::Secret;
use crate::selection::Selection;

pub mod import;
pub mod node;
pub mod plan;
pub mod read;
pub mod table;
pub mod write;
mod yaml;

/// Objects of Asterisk whose options a list may set.
pub const ASTERISK: [&str; 4] = ["endpoint", "auth", "aor", "identify"];
/// The same of FreeSWITCH.
pub const FREESWITCH: [&str; 3] = ["param", "variable", "attr"];
/// As many mistakes of a file are told.
pub const MOST_PROBLEMS: usize = 100;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// YAML 1.2.
    Yaml,
    /// JSON.
    Json,
    /// A table with a header line.
    Csv,
}

impl Form {
    /// By the name of the file, else by how the text starts.
    pub fn of(path: &Path, text: &[u8]) -> Self {
        let ends = path.extension().and_then(|ends| ends.to_str()).unwrap_or_default().to_ascii_lowercase();
        match ends.as_str() {
            "yaml" | "yml" => Self::Yaml,
            "json" => Self::Json,
            "csv" | "tsv" => Self::Csv,
            _ => {
                let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
                let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
                let ends = first.strip_prefix(b"number").map(|rest| rest.first().copied());
                match ends {
                    _ if text.trim_ascii_start().starts_with(b"{") => Self::Json,
                    Some(None | Some(b',' | b';' | b'\t')) => Self::Csv,
                    _ => Self::Yaml,
                }
            }
        }
    }
}

/// Something wrong in a list, or worth saying of it. Its message holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Problem {
    /// One about a place of the text.
    pub fn new(at: node::At, message: impl Into<String>) -> Self {
        Self { line: at.line, column: at.column, message: message.into(), hint: None }
    }

    /// Says what to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As an error about a file.
    pub fn error(&self, file: &Path) -> Error {
        let message = format!("column {}: {}", self.column, self.message);
        let error = Error::usage(message).at(Place::new(file, self.line));
        match &self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Where the password of an extension comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Key {
    /// Nothing is said: one that is there is kept, a new extension gets a generated one.
    #[default]
    Unsaid,
    /// `generate`: likewise.
    Generate,
    /// `keep`: there must be one.
    Keep,
    /// `file:PATH`: a file with one line, or CSV `number,password`.
    File(PathBuf),
    /// `env:NAME`.
    Env(String),
    /// `clear:…`, or anything else; and `digest:…`, of which only the hash is known.
    Given(Secret),
}

/// One extension of a list, with the defaults of the list and its number filled in.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which one.
    pub ext: Ext,
    /// PBXes and groups it is meant for; none: all of the list.
    pub pbx: Vec<String>,
    /// The fields that are named, for Asterisk and for FreeSWITCH; mostly they are the same.
    pub fields: [Arc<Fields>; 2],
    /// Options of one engine or the other.
    pub settings: Arc<Vec<Setting>>,
    /// Its password.
    pub key: Key,
    /// Templates of a new one (Asterisk).
    pub template: Vec<String>,
    /// The file of a new one, by engine: Asterisk, FreeSWITCH.
    pub file: [Option<PathBuf>; 2],
    /// Where it stands.
    pub at: node::At,
}

impl Row {
    /// The fields that are named for an engine.
    pub fn fields(&self, kind: Kind) -> &Fields {
        &self.fields[usize::from(kind == Kind::FreeSwitch)]
    }
}

/// A list of extensions.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Its name, which extensions made by it carry.
    pub name: Option<String>,
    /// PBXes and groups it is for; none: whichever is chosen.
    pub pbx: Vec<String>,
    /// Numbers of which nobody else has any.
    pub owns: Vec<Selection>,
    /// The extensions, in the order of the file.
    pub rows: Vec<Row>,
    /// What is worth saying.
    pub warnings: Vec<Problem>,
}

impl List {
    /// Every PBX and group that is named.
    pub fn targets(&self) -> Vec<&str> {
        let mut out: Vec<&str> = self.pbx.iter().map(String::as_str).collect();
        if out.is_empty() && self.rows.iter().all(|row| !row.pbx.is_empty()) {
            out = self.rows.iter().flat_map(|row| &row.pbx).map(String::as_str).collect();
        }
        let mut seen = std::collections::BTreeSet::new();
        out.retain(|name| seen.insert(*name));
        out
    }
}
