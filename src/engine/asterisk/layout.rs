//! How the sections of an extension stand in their files: which lines are whose.

use super::config::{Config, Var};
use super::objects::{Configs, Object};
use crate::engine::number::find;
use crate::text::asterisk_conf::{Content, Document};

/// One section header with the settings under it. An object has several where `(+)` adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Index of the file in its configuration.
    pub file: u32,
    /// The header's line.
    pub header: u32,
    /// The line of the last setting; the header's own where there is none.
    pub last: u32,
    /// The lines of its settings, in order.
    pub keys: Vec<u32>,
}

/// The pieces of an object in reading order, and the setting lines that stand under no header of
/// it in their own file (a file that starts with settings continues the section before it).
pub fn pieces(configs: &Configs, object: Object) -> (Vec<Piece>, Vec<(u32, u32)>) {
    let category = configs.category(object);
    let headers = std::iter::once(&category.header).chain(&category.additions);
    let mut pieces: Vec<Piece> =
        headers.map(|at| Piece { file: at.file, header: at.line, last: at.line, keys: Vec::new() }).collect();
    let mut loose = Vec::new();
    for var in category.vars.iter().filter(|var| !var.inherited) {
        let (file, line) = (var.at.file, var.at.line);
        let above = pieces.iter_mut().filter(|piece| piece.file == file && piece.header < line);
        match above.max_by_key(|piece| piece.header) {
            Some(piece) => {
                piece.last = piece.last.max(line);
                piece.keys.push(line);
            }
            None => loose.push((file, line)),
        }
    }
    for piece in &mut pieces {
        piece.keys.sort_unstable();
        piece.keys.dedup();
    }
    (pieces, loose)
}

/// The document a piece stands in.
pub fn doc(config: &Config, file: u32) -> &Document {
    &config.files[file as usize].doc
}

/// Whether a line is blank.
pub fn is_blank(doc: &Document, line: u32) -> bool {
    matches!(doc.lines()[line as usize].content, Content::Blank)
}

/// Whether a line holds a line comment and nothing else (no block comment).
pub fn is_line_comment(doc: &Document, line: u32) -> bool {
    let text = doc.bytes()[doc.line(line as usize)].trim_ascii();
    matches!(doc.lines()[line as usize].content, Content::Comment)
        && text.starts_with(b";")
        && (!text.starts_with(b";--") || text.starts_with(b";---"))
        && doc.depth(line as usize) == 0
}

/// The comment line that belongs to an extension: directly above a header, naming its number.
pub fn own_comment(doc: &Document, header: u32, number: &str) -> Option<u32> {
    let above = header.checked_sub(1)?;
    let text = &doc.bytes()[doc.line(above as usize)];
    (is_line_comment(doc, above) && find(text, number.as_bytes(), 0).is_some()).then_some(above)
}

/// The line end of a line: LF, CRLF, or that of the file's first line where it has none.
pub fn line_end(doc: &Document, line: u32) -> &'static [u8] {
    let of = |line: usize| {
        let text = &doc.bytes()[doc.line(line)];
        match text {
            [.., b'\r', b'\n'] => Some(b"\r\n".as_slice()),
            [.., b'\n'] => Some(b"\n".as_slice()),
            _ => None,
        }
    };
    of(line as usize).or_else(|| (!doc.lines().is_empty()).then(|| of(0)).flatten()).unwrap_or(b"\n")
}

/// Whether the last line of a document has no line end.
pub fn lacks_last_newline(doc: &Document) -> bool {
    !doc.bytes().is_empty() && !doc.bytes().ends_with(b"\n")
}

/// The offset behind a piece and the comments that hang on its last setting: those directly below
/// it with a blank line or the end of the file behind them.
pub fn end_of(doc: &Document, piece: &Piece) -> usize {
    let lines = doc.lines().len() as u32;
    let mut line = piece.last + 1;
    while line < lines && is_line_comment(doc, line) {
        line += 1;
    }
    let hangs = line == lines || is_blank(doc, line);
    let last = if hangs { line - 1 } else { piece.last };
    doc.line(last as usize).end
}

/// What a new setting line of a piece looks like: indentation, what stands before and behind the
/// `=`, taken from its last setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStyle {
    indent: Vec<u8>,
    between: Vec<u8>,
    /// Column of the `=` where the settings are aligned by padding.
    aligned: Option<usize>,
}

impl Default for KeyStyle {
    fn default() -> Self {
        Self { indent: Vec::new(), between: b"=".to_vec(), aligned: None }
    }
}

impl KeyStyle {
    /// From the settings of a piece; from the nearest setting above where it has none.
    pub fn of(doc: &Document, piece: &Piece) -> Self {
        let mut style = Self::default();
        let is_key = |line: &u32| matches!(doc.lines()[*line as usize].content, Content::Key(_));
        let Some(line) = piece.keys.last().copied().or_else(|| (0..piece.header).rev().find(is_key)) else {
            return style;
        };
        let Content::Key(key) = &doc.lines()[line as usize].content else { return style };
        let (name, value) = (doc.raw(&key.name), doc.raw(&key.value));
        let start = doc.line(line as usize).start;
        style.indent = doc.bytes()[start..name.start].to_vec();
        let between = &doc.bytes()[name.end..value.start.max(name.end)];
        if value.is_empty() || between.contains(&b'+') || between.contains(&b';') {
            return style;
        }
        let pad = between.iter().take_while(|b| b.is_ascii_whitespace()).count();
        if pad > 1 && !between.contains(&b'\t') {
            style.aligned = Some(name.len() + pad);
        }
        style.between = between.to_vec();
        style
    }

    /// A line without its end; `value` is escaped already.
    pub fn line(&self, name: &str, value: &[u8]) -> Vec<u8> {
        let mut out = self.indent.clone();
        out.extend_from_slice(name.as_bytes());
        let behind = self.between.trim_ascii_start();
        match self.aligned {
            Some(column) => {
                out.resize(out.len() + column.saturating_sub(name.len()).max(1), b' ');
                out.extend_from_slice(behind);
            }
            None => out.extend_from_slice(&self.between),
        }
        out.extend_from_slice(value);
        out
    }
}

/// The bytes of a setting's line from its start to its value, with a new value and without what
/// followed it (comment, line end).
pub fn with_value(doc: &Document, line: u32, value: &[u8]) -> Vec<u8> {
    let Content::Key(key) = &doc.lines()[line as usize].content else { return Vec::new() };
    let start = doc.line(line as usize).start;
    let raw = doc.raw(&key.value);
    let mut out = doc.bytes()[start..raw.start].to_vec();
    out.extend_from_slice(value);
    out
}

/// The variable of an object that stands on a line.
pub fn var_at(configs: &Configs, object: Object, file: u32, line: u32) -> Option<&Var> {
    let vars = &configs.category(object).vars;
    vars.iter().find(|var| !var.inherited && var.at.file == file && var.at.line == line)
}
