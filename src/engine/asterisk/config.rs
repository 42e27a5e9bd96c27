//! What Asterisk makes of a configuration file and everything it includes: sections in order, with
//! their settings after templates, `(+)` and `+=`, each one with its file and line. It exists so
//! that an edit lands where it counts. What a setting means is not its business.
//!
//! The rules are those of `main/config.c`, the same in 16.28 and 22.10, and were observed on both.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::cx::Cx;
use crate::error::{Place, Result};
use crate::host::{Host, Meta};
use crate::text::asterisk_conf::{Content, Document, Key, MAX_NAME, Op, Text};

mod matching;
mod merge;
mod part;
mod problem;
mod read;

#[cfg(test)]
mod tests;

pub use part::Part;
pub use problem::{Cause, Problem, Severity};

/// A configuration file with all it includes, as the engine reads it.
#[derive(Debug, Default)]
pub struct Config {
    /// Every reading of a file, in the order the engine opens them: a file included twice is here
    /// twice. The first is the main file.
    pub files: Vec<SourceFile>,
    /// The sections, templates too, in the order the engine keeps them.
    pub categories: Vec<Category>,
    /// What the engine would complain about, in the order it meets it.
    pub problems: Vec<Problem>,
    headers: Vec<Header>,
    joined: Vec<Joined>,
}

/// A file the engine reads.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as people know it.
    pub path: PathBuf,
    /// Its bytes and lines.
    pub doc: Document,
    /// What it is besides its bytes.
    pub meta: Meta,
    /// The line that includes it; none for the main file.
    pub included_by: Option<At>,
    /// The same line if it names a glob.
    pub glob: Option<At>,
    /// The line at which the engine gives up the file.
    pub stopped: Option<u32>,
}

/// A line of one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// Index into [`Config::files`].
    pub file: u32,
    /// Line, counted from 0.
    pub line: u32,
}

/// A section after `(+)`: what the engine calls a category.
#[derive(Clone, Debug)]
pub struct Category {
    /// Whether it is a template, which nobody sees but those who inherit from it.
    pub template: bool,
    /// Its first header.
    pub header: At,
    /// The headers that add to it with `(+)`.
    pub additions: Vec<At>,
    /// The categories it copied settings from, in order.
    pub bases: Vec<u32>,
    /// Its settings in the engine's order.
    pub vars: Vec<Var>,
}

impl Category {
    /// A header that contributes: 0 is the first one, the others are additions.
    pub fn piece(&self, piece: u32) -> At {
        match piece {
            0 => self.header,
            n => self.additions[n as usize - 1],
        }
    }
}

/// A setting of a category.
#[derive(Clone, Copy, Debug)]
pub struct Var {
    /// Where its line stands; for an inherited one, in the base.
    pub at: At,
    /// Which header of its category it stands under, or which one inherited it. It may stand in
    /// another file than that header, at the head of an include.
    pub piece: u32,
    /// Whether it came by copy from a base.
    pub inherited: bool,
    /// 0, or one more than the place in the table of joined values.
    joined: u32,
}

/// The outcome of `+=`.
#[derive(Debug)]
struct Joined {
    value: Vec<u8>,
    /// The line with its name.
    name: At,
    parts: Vec<At>,
}

/// A header in the order the engine meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Where it stands.
    pub at: At,
    /// The category it opens or adds to, an index into [`Config::categories`].
    pub category: u32,
    /// Which of its headers it is ([`Category::piece`]).
    pub piece: u32,
}

/// The lines of a header's own section, in the file of the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLines {
    /// Index into [`Config::files`].
    pub file: u32,
    /// From the header through the last setting. Comments, blank lines and even includes may stand
    /// between; those behind the last setting are left out.
    pub lines: Range<u32>,
    /// Where the next header or the end of the file is.
    pub end: u32,
}

impl Config {
    /// Reads `main` in `folder` with everything it includes, one exchange with the host for each
    /// level of includes; none if the file is missing. What the engine would not take is a
    /// [`Problem`]; a file that cannot be read is an error.
    pub fn load(cx: &Cx, host: &dyn Host, folder: &Path, main: &str) -> Result<Option<Config>> {
        let sources = read::Sources::read(cx, host, folder, main)?;
        merge::merge(cx, folder, main, &sources)
    }

    /// Why the engine rejects all of it, if so; `categories` then goes as far as it got.
    pub fn rejected(&self) -> Option<&Problem> {
        self.problems.iter().find(|problem| problem.severity == Severity::Rejected)
    }

    /// The name of a category, cut to [`MAX_NAME`] bytes as the engine does.
    pub fn name(&self, category: &Category) -> &[u8] {
        match self.content(category.header) {
            Content::Section(section) => {
                let name = self.text(category.header, &section.name);
                &name[..name.len().min(MAX_NAME)]
            }
            other => unreachable!("a header is a section line, not {other:?}"),
        }
    }

    /// The name of a setting.
    pub fn key(&self, var: &Var) -> &[u8] {
        let at = self.joining(var).map_or(var.at, |joined| joined.name);
        self.text(at, &self.key_line(at).name)
    }

    /// The value of a setting.
    pub fn value(&self, var: &Var) -> &[u8] {
        if let Some(joined) = self.joining(var) {
            return &joined.value;
        }
        let key = self.key_line(var.at);
        let value = self.text(var.at, &key.value);
        // `+=` with nothing to join to sets the value, without the blanks it would keep
        if key.op == Op::Append { value.strip_start() } else { value }
    }

    /// The lines whose values make up the value of a setting: more than one after `+=`.
    pub fn parts<'a>(&'a self, var: &'a Var) -> &'a [At] {
        self.joining(var).map_or(std::slice::from_ref(&var.at), |joined| &joined.parts)
    }

    /// The document of a place.
    pub fn doc(&self, at: At) -> &Document {
        &self.files[at.file as usize].doc
    }

    /// The setting on a line that is one.
    pub fn key_line(&self, at: At) -> Key {
        match self.content(at) {
            Content::Key(key) => key,
            other => unreachable!("a setting stands on a line that is one, not {other:?}"),
        }
    }

    /// The place in words, its line counted from 1.
    pub fn place(&self, at: At) -> Place {
        Place::new(&self.files[at.file as usize].path, at.line + 1)
    }

    /// Every header in the order the engine meets them: what a `(+)` sees is what stands before it.
    pub fn reading_order(&self) -> &[Header] {
        &self.headers
    }

    /// The lines of one header of a category.
    pub fn own_lines(&self, category: &Category, piece: u32) -> OwnLines {
        let header = category.piece(piece);
        let lines = self.doc(header).lines();
        let body = lines.iter().enumerate().skip(header.line as usize + 1);
        let mut last = header.line as usize;
        let mut end = lines.len();
        for (n, line) in body {
            match line.content {
                Content::Section(_) => {
                    end = n;
                    break;
                }
                Content::Key(_) => last = n,
                _ => {}
            }
        }
        OwnLines { file: header.file, lines: header.line..last as u32 + 1, end: end as u32 }
    }

    fn content(&self, at: At) -> Content {
        self.doc(at).lines()[at.line as usize].content
    }

    fn text(&self, at: At, text: &Text) -> &[u8] {
        self.doc(at).text(text)
    }

    fn joining(&self, var: &Var) -> Option<&Joined> {
        (var.joined > 0).then(|| &self.joined[var.joined as usize - 1])
    }
}

/// The engine's idea of a blank is any byte under 33 (`ast_strip`).
trait Strip {
    fn strip_start(&self) -> &Self;
    fn strip(&self) -> &Self;
}

impl Strip for [u8] {
    fn strip_start(&self) -> &Self {
        &self[self.iter().position(|byte| *byte > 32).unwrap_or(self.len())..]
    }

    fn strip(&self) -> &Self {
        self[..self.iter().rposition(|byte| *byte > 32).map_or(0, |last| last + 1)].strip_start()
    }
}
