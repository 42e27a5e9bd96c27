//! A lossless document of one file in Asterisk's configuration grammar: the original bytes and,
//! for each line, what the engine makes of it. It exists so that a file is changed by splices and
//! never written anew; what lines mean together (templates, includes) is not its business.
//!
//! Every rule is that of `config_text_file_load` and `process_text_line` in Asterisk's
//! `main/config.c`, the same in 16.28 and 22.10, and was observed on both.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

mod escape;
mod parse;
#[cfg(test)]
mod tests;

pub use escape::{escape_name, escape_value};
use parse::MARK;

/// The longest line the engine reads, without its line feed; longer ones it skips whole
/// (`char buf[8192]` in `config_text_file_load`).
pub const MAX_LINE: usize = 8190;

/// The longest section name; the engine cuts the rest off (`char name[80]` in `struct ast_category`).
pub const MAX_NAME: usize = 79;

/// What the engine carries from one file of a glob to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// Nesting depth of block comments; negative after a stray `--;`.
    pub depth: i32,
    /// Whether a file of this glob was read before: only the first one loses its byte order mark.
    pub later: bool,
}

/// One file: its bytes and its lines. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Document {
    bytes: Arc<[u8]>,
    tables: Arc<Tables>,
}

/// What [`Document::parse`] found.
#[derive(Debug, Default)]
struct Tables {
    lines: Vec<Line>,
    /// Options of all sections, one after the other.
    options: Vec<Text>,
    /// Decoded texts, one after the other; for each one, in order, its start in the file and its
    /// end in here.
    decoded: Vec<u8>,
    decoded_at: Vec<(u32, u32)>,
    /// The lines from which on another comment depth holds.
    depths: Vec<(u32, i32)>,
    /// Comment depth after the last line, and the line on which it last left zero.
    end_depth: i32,
    left_zero: Option<u32>,
}

/// A text in a file, as the engine sees it: a span of the file, or one of which the engine drops
/// bytes (`\;`, a block comment in the middle). Packed, for there are two a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed(2))]
pub struct Text {
    start: u32,
    /// Length in the file, which no line exceeds, and whether the text is decoded.
    length: u16,
}

/// The bit of [`Text::length`] that says the text is not its span byte for byte.
const DECODED: u16 = 1 << 15;

impl Text {
    /// Whether the span in the file is the text byte for byte.
    pub fn is_verbatim(&self) -> bool {
        self.length & DECODED == 0
    }
}

/// A line as the engine counts them: up to a line feed (a line of more than 8191 bytes with a NUL
/// byte in it the engine reads and counts in pieces).
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed(2))]
pub struct Line {
    start: u32,
    /// What the engine makes of it.
    pub content: Content,
}

/// What the engine makes of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing, not even a comment.
    Blank,
    /// Only comment: a line comment, or a line inside a block comment.
    Comment,
    /// A section header.
    Section(Section),
    /// A setting.
    Key(Key),
    /// An include or `#exec`.
    Directive(Directive),
    /// The engine warns and skips the line.
    Ignored(Why),
    /// The engine gives up the file here.
    Fatal(Why),
    /// Swallowed by a stray `--;` above: the engine reads the line as comment.
    Dead,
}

/// `[name](options)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed(2))]
pub struct Section {
    /// The name, not cut to [`MAX_NAME`].
    pub name: Text,
    options: u32,
    options_len: u16,
    /// The offset after `]`, or after `)` where there are options.
    pub bracket: u32,
}

/// `name = value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name, never empty, without the backslash that may protect its first byte.
    pub name: Text,
    /// How it is set.
    pub op: Op,
    /// The value. Where it is empty, its span is the place after the delimiter. After `+=` it
    /// begins with the blanks that follow, for they count when the value is joined to another.
    pub value: Text,
}

/// The delimiter of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Equals,
    /// `=>`
    Arrow,
    /// `+=`: joined to the value of the last setting of the same name in the section.
    Append,
}

/// `#include path` and the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Which.
    pub kind: DirectiveKind,
    /// The path or command without its quotes; `""` is empty.
    pub argument: Text,
}

/// The directives the engine knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectiveKind {
    /// `#include`: giving up the file when there is nothing to include.
    Include,
    /// `#tryinclude`: the same, but nothing to include is fine.
    TryInclude,
    /// `#exec`: includes what a program prints, if asterisk.conf allows it.
    Exec,
}

/// Why the engine skips a line, gives up a file, or would not read a text back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// Not a section, not a directive, and no `=`.
    NoEquals,
    /// Nothing in front of `=`.
    NoName,
    /// `#` and a word the engine does not know.
    UnknownDirective,
    /// A directive without a path or command.
    NoArgument,
    /// More than [`MAX_LINE`] bytes, or a name of more than [`MAX_NAME`].
    TooLong,
    /// A byte order mark in a file that is not the first of its glob hides the section behind it.
    LateMark,
    /// `[` without `]`.
    NoBracket,
    /// `(` without `)`.
    NoParenthesis,
    /// A backslash at the head of a line with a blank, nothing or a byte over 127 behind it (where
    /// `char` is signed, as on x86).
    BadEscape,
    /// More than 128 block comments within each other; the engine never gets past that place.
    TooManyComments,
    /// A file of 4 GiB or more.
    TooBig,
    /// A control character that cannot be written.
    Control,
    /// A blank at the head or the end, which the engine takes off.
    EdgeBlank,
    /// No section name.
    Empty,
    /// A `]` in a section name.
    Bracket,
    /// A block comment begins or ends in the middle of the value.
    Comment,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::NoEquals => "the line has no '='",
            Why::NoName => "there is no name in front of '='",
            Why::UnknownDirective => "the engine knows #include, #tryinclude and #exec only",
            Why::NoArgument => "the directive names nothing",
            Why::TooLong => "it is too long",
            Why::LateMark => "a byte order mark stands in front of it, in a file that is not the first of its glob",
            Why::NoBracket => "there is no closing ']'",
            Why::NoParenthesis => "there is no closing ')'",
            Why::BadEscape => "the backslash at its head protects nothing",
            Why::TooManyComments => "more than 128 block comments stand within each other",
            Why::TooBig => "the file is larger than 4 GiB",
            Why::Control => "it has a control character",
            Why::EdgeBlank => "it begins or ends with a blank",
            Why::Empty => "it is empty",
            Why::Bracket => "it has a ']'",
            Why::Comment => "a block comment begins or ends in the middle of it",
        })
    }
}

/// How a physical line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// A line feed.
    Lf,
    /// Carriage return and line feed.
    CrLf,
    /// Nothing: the last line of a file without a final line feed.
    None,
}

impl LineEnd {
    /// Its bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            LineEnd::Lf => b"\n",
            LineEnd::CrLf => b"\r\n",
            LineEnd::None => b"",
        }
    }
}

impl Document {
    /// Reads a file as the engine does, in linear time and never failing: what the engine cannot
    /// read is a line of its own kind. Returns what the next file of the same glob starts with.
    pub fn parse(bytes: Arc<[u8]>, carry: Carry) -> (Document, Carry) {
        let tables = parse::parse(&bytes, carry);
        let carry = Carry { depth: tables.end_depth, later: true };
        (Document { bytes, tables: Arc::new(tables) }, carry)
    }

    /// The file.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// Its lines; their spans tile the bytes.
    pub fn lines(&self) -> &[Line] {
        &self.tables.lines
    }

    /// The whole line with its line end.
    pub fn span(&self, line: usize) -> Range<usize> {
        let lines = &self.tables.lines;
        let end = lines.get(line + 1).map_or(self.bytes.len(), |next| next.start as usize);
        lines[line].start as usize..end
    }

    /// The same without the byte order mark of a first line, which belongs to the file: what edits
    /// take out, write again or put something in front of.
    pub fn line(&self, line: usize) -> Range<usize> {
        let span = self.span(line);
        match line == 0 && self.bytes.starts_with(MARK) {
            true => span.start + MARK.len()..span.end,
            false => span,
        }
    }

    /// How a line ends.
    pub fn line_end(&self, line: usize) -> LineEnd {
        match &self.bytes[self.span(line)] {
            [.., b'\r', b'\n'] => LineEnd::CrLf,
            [.., b'\n'] => LineEnd::Lf,
            _ => LineEnd::None,
        }
    }

    /// The line without its line end.
    pub fn body(&self, line: usize) -> Range<usize> {
        let span = self.span(line);
        span.start..span.end - self.line_end(line).bytes().len()
    }

    /// The text as the engine sees it.
    pub fn text(&self, text: &Text) -> &[u8] {
        if text.is_verbatim() {
            return &self.bytes[self.raw(text)];
        }
        let table = &self.tables.decoded_at;
        let n = table.partition_point(|(start, _)| *start < text.start);
        let start = if n == 0 { 0 } else { table[n - 1].1 };
        &self.tables.decoded[start as usize..table[n].1 as usize]
    }

    /// From the first to the last byte of a text in the file, with the backslash of a `\;` at its
    /// head: what a new text, escaped, takes the place of.
    pub fn raw(&self, text: &Text) -> Range<usize> {
        let start = text.start as usize;
        start..start + usize::from(text.length & !DECODED)
    }

    /// What stands between the parentheses of a header, split at commas and not trimmed: none
    /// without parentheses, one empty text for `()`.
    pub fn options(&self, section: &Section) -> &[Text] {
        let start = section.options as usize;
        &self.tables.options[start..start + usize::from(section.options_len)]
    }

    /// Depth of block comments at the end: above 0 the file ends inside one, below 0 a stray `--;`
    /// swallowed the rest. What is appended then is dead.
    pub fn end_depth(&self) -> i32 {
        self.tables.end_depth
    }

    /// Depth of block comments at the start of a line.
    pub fn depth(&self, line: usize) -> i32 {
        let depths = &self.tables.depths;
        let after = depths.partition_point(|(from, _)| *from as usize <= line);
        depths[..after].last().map_or(0, |(_, depth)| *depth)
    }

    /// Where [`end_depth`](Self::end_depth) is not 0: the line that opened the comment or holds
    /// the stray `--;`; none when that was in an earlier file of the glob.
    pub fn left_open_at(&self) -> Option<usize> {
        self.tables.left_zero.filter(|_| self.tables.end_depth != 0).map(|line| line as usize)
    }

    /// The line a byte stands on, as an index into [`lines`](Self::lines).
    pub fn line_of(&self, offset: usize) -> usize {
        self.tables.lines.partition_point(|line| line.start as usize <= offset).saturating_sub(1)
    }

    /// The comment on a line: the whole of a comment line, else from the `;` behind the last text
    /// of a header, setting or directive to the end of the line without trailing blanks.
    pub fn comment(&self, line: usize) -> Option<Range<usize>> {
        let body = self.body(line);
        let from = match self.tables.lines[line].content {
            Content::Comment => body.start,
            Content::Section(section) => section.bracket as usize,
            Content::Key(key) => self.raw(&key.value).end,
            Content::Directive(directive) => self.raw(&directive.argument).end,
            Content::Blank | Content::Ignored(_) | Content::Fatal(_) | Content::Dead => return None,
        };
        let bytes = &self.bytes[..body.end];
        let start = match self.tables.lines[line].content {
            Content::Comment => (from..body.end).find(|&at| bytes[at] > 32)?,
            _ => (from..body.end).find(|&at| bytes[at] == b';' && bytes[at - 1] != b'\\')?,
        };
        if bytes[from..start].ends_with(b"--") {
            return None; // a stray `--;` behind a header is no comment
        }
        let end = (start..body.end).rfind(|&at| bytes[at] > 32)? + 1;
        Some(start..end)
    }
}
