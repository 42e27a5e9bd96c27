//! A plan in the making: splices against the files as they were read, new files, files that go,
//! and which objects may differ afterwards.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Config;
use super::estate::Estate;
use super::layout::{self, KeyStyle, Piece};
use super::mask;
use super::objects::{Dialect, Object, Type};
use crate::engine::moves::{Changes, Moves};
use crate::engine::{Aftercare, FileChange, Warning};
use crate::error::{Error, Place, Result};
use crate::text::asterisk_conf::{Carry, Content, Document, Why, escape_value};
use crate::text::splice::{self, Splice};

/// A file of the estate: which configuration, which file in it.
pub type FileId = (Dialect, u32);

/// A plan in the making.
pub struct Draft<'e> {
    /// The configuration as it is.
    pub estate: &'e Estate,
    splices: BTreeMap<FileId, Vec<Splice>>,
    /// Files that come, go or change their name.
    pub moves: Moves,
    /// Settings to append below a line, so that several edits of one section keep their order.
    appended: BTreeMap<(FileId, u32), Vec<Vec<u8>>>,
    /// Objects that may differ afterwards, by type and id, with the extension they belong to.
    allowed: BTreeMap<Type, HashMap<Vec<u8>, Arc<str>>>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// What follows after proof.
    pub aftercare: Vec<Aftercare>,
}

impl<'e> Draft<'e> {
    /// Nothing changed yet.
    pub fn new(estate: &'e Estate) -> Self {
        Self {
            estate,
            splices: BTreeMap::new(),
            moves: Moves::default(),
            appended: BTreeMap::new(),
            allowed: BTreeMap::new(),
            warnings: Vec::new(),
            aftercare: Vec::new(),
        }
    }

    /// The configuration of a dialect.
    pub fn config(&self, dialect: Dialect) -> &'e Config {
        self.estate.configs.get(dialect).expect("a file of this configuration was named")
    }

    /// A document of the estate.
    pub fn doc(&self, file: FileId) -> &'e Document {
        layout::doc(self.config(file.0), file.1)
    }

    /// Where a line stands.
    pub fn place(&self, file: FileId, line: u32) -> Place {
        Place::new(&self.config(file.0).files[file.1 as usize].path, line + 1)
    }

    /// Lets an object differ.
    pub fn allow(&mut self, kind: Type, id: impl Into<Vec<u8>>, number: &str) {
        self.allowed.entry(kind).or_default().insert(id.into(), number.into());
    }

    /// Whose object may differ.
    pub fn owner(&self, kind: Type, id: &[u8]) -> Option<&str> {
        Some(self.allowed.get(&kind)?.get(id)?)
    }

    /// The extensions whose objects may differ.
    pub fn touched(&self) -> HashSet<&str> {
        self.allowed.values().flat_map(HashMap::values).map(|number| &**number).collect()
    }

    /// Records a splice.
    pub fn splice(&mut self, file: FileId, splice: Splice) {
        self.splices.entry(file).or_default().push(splice);
    }

    /// Whether something goes in at an offset already.
    pub fn inserts_at(&self, file: FileId, at: usize) -> bool {
        self.splices.get(&file).is_some_and(|splices| splices.iter().any(|s| s.span == (at..at) && !s.text.is_empty()))
    }

    /// Puts another value into a setting line, touching nothing else of it.
    pub fn set_value(&mut self, file: FileId, line: u32, value: &[u8]) -> Result<()> {
        let doc = self.doc(file);
        let Content::Key(key) = &doc.lines()[line as usize].content else {
            return Err(Error::failed("no setting stands here").at(self.place(file, line)));
        };
        let splice = doc.set_value(key, value).map_err(|why| {
            let name = String::from_utf8_lossy(doc.text(&key.name)).into_owned();
            unwritable(&name, why).at(self.place(file, line))
        })?;
        self.splice(file, splice);
        Ok(())
    }

    /// Takes whole lines out, the range being of line indexes; a last line without a line end
    /// takes the line end before it along.
    pub fn remove_lines(&mut self, file: FileId, lines: std::ops::RangeInclusive<u32>) {
        let doc = self.doc(file);
        let span = doc.line(*lines.start() as usize).start..doc.line(*lines.end() as usize).end;
        self.splice(file, Splice::remove(span));
    }

    /// Appends a setting below the last one of a piece, in the dress of the piece.
    pub fn append(&mut self, dialect: Dialect, piece: &Piece, name: &str, value: &[u8]) -> Result<()> {
        let file = (dialect, piece.file);
        let line = KeyStyle::of(self.doc(file), piece).line(name, &escape(value, name)?);
        self.appended.entry((file, piece.last)).or_default().push(line);
        Ok(())
    }

    /// The last piece of an object, where its effective settings end.
    pub fn last_piece(&self, object: Object) -> Result<Piece> {
        let (mut pieces, _) = layout::pieces(&self.estate.configs, object);
        pieces.pop().ok_or_else(|| Error::failed(format!("{} has no section", self.estate.configs.id_text(object))))
    }

    /// Turns appended settings into insertions behind their line.
    fn settle(&mut self) {
        for ((file, line), lines) in std::mem::take(&mut self.appended) {
            let doc = self.doc(file);
            let span = doc.line(line as usize);
            let end = layout::line_end(doc, line);
            let mut text = Vec::new();
            let glued = !doc.bytes()[span.clone()].ends_with(b"\n");
            for line in lines {
                match glued {
                    true => text.extend_from_slice(&[end, &line].concat()),
                    false => text.extend_from_slice(&[&line, end].concat()),
                }
            }
            self.splice(file, Splice::insert(span.end, text));
        }
    }

    /// The new bytes of every file that changes; `None` for one that goes.
    pub fn changes(&mut self) -> Changes {
        self.settle();
        let mut out = self.moves.left();
        for ((dialect, file), splices) in &self.splices {
            let source = &self.config(*dialect).files[*file as usize];
            if self.moves.is_removed(&source.path) {
                continue;
            }
            let before = source.doc.bytes();
            let mut splices = at_the_head(&source.doc, splice::merged(splices.clone()));
            let mut after = splice::pieces(before, &mut splices);
            keep_missing_newline(before, &mut after);
            self.moves.put(&source.path, before, splice::join(&after), &mut out);
        }
        self.moves.finish(&mut out);
        out
    }

    /// The changes as the change room carries them out, secrets marked on both sides.
    pub fn file_changes(&self, changes: &Changes) -> Vec<FileChange> {
        let find = |path: &Path| {
            let configs = [&self.estate.configs.pjsip, &self.estate.configs.wizard].into_iter().flatten();
            configs.flat_map(|config| &config.files).find(|file| file.path == path)
        };
        let change = |change: (&PathBuf, &Option<Arc<[u8]>>)| {
            let source = find(change.0);
            let before = source.map(|file| (Arc::clone(file.doc.bytes()), file.meta.clone()));
            self.moves.change(change, before, |[_, new], [x, y]| {
                let doc = source.map(|file| &file.doc);
                let after = secrets_after(doc, x.start, new, y);
                [doc.map(|doc| mask::secrets(doc, x)).unwrap_or_default(), after]
            })
        };
        changes.iter().map(change).collect()
    }
}

fn unwritable(name: &str, why: Why) -> Error {
    Error::usage(format!("{name} cannot be written so that Asterisk reads it back: {why}"))
}

/// Escapes a value, naming the option and never the value in the error.
pub fn escape(value: &[u8], name: &str) -> Result<Vec<u8>> {
    escape_value(value).map_err(|why| unwritable(name, why))
}

/// The secrets in a window of a new text. Up to the window, which starts at the offset `same` of both,
/// it is that of `old`; so its comments are as deep there.
fn secrets_after(old: Option<&Document>, same: usize, new: &[u8], window: Range<usize>) -> Vec<Range<usize>> {
    // Behind a line feed a line starts, whatever stands before it.
    let from = new[..same].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let to = new[window.end..].iter().position(|byte| *byte == b'\n').map_or(new.len(), |at| window.end + at + 1);
    let carry = match old {
        Some(old) if from > 0 => Carry { depth: old.depth(old.line_of(from)), later: true },
        _ => Carry::default(),
    };
    let (part, _) = Document::parse(Arc::from(&new[from..to]), carry);
    let secrets = mask::secrets(&part, window.start - from..window.end - from);
    secrets.into_iter().map(|secret| secret.start + from..secret.end + from).collect()
}

/// Sections taken out at the head of a file take the blank line behind them along: that is the one
/// that parted them from what follows.
fn at_the_head(doc: &Document, mut splices: Vec<Splice>) -> Vec<Splice> {
    let head = doc.lines().first().map_or(0, |_| doc.line(0).start);
    if let Some(first) = splices.first_mut().filter(|s| s.span.start == head && s.text.is_empty() && !s.span.is_empty())
    {
        let line = doc.line_of(first.span.end);
        let blank = first.span.end < doc.bytes().len() && matches!(doc.lines()[line].content, Content::Blank);
        if blank && doc.line(line).start == first.span.end {
            first.span.end = doc.line(line).end;
        }
    }
    splices
}

/// A missing last newline stays missing, and a present one present.
fn keep_missing_newline(before: &[u8], after: &mut [&[u8]]) {
    if before.is_empty() || before.ends_with(b"\n") {
        return;
    }
    if take_end(after, b'\n') {
        take_end(after, b'\r');
    }
}

/// Takes the last byte off, if it is this one.
fn take_end(pieces: &mut [&[u8]], byte: u8) -> bool {
    let Some(last) = pieces.iter_mut().rfind(|piece| !piece.is_empty()) else { return false };
    let rest = last.strip_suffix(&[byte]);
    if let Some(rest) = rest {
        *last = rest;
    }
    rest.is_some()
}
