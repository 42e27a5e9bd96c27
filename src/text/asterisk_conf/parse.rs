//! One pass over a file: cut it into lines, take the comments out, look at what is left.

use std::ops::Range;

use super::{Carry, Content, DECODED, Directive, DirectiveKind, Key, Line, MAX_LINE, Op, Section, Tables, Text, Why};

pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// What one `fgets` of the engine takes at most.
const CHUNK: usize = MAX_LINE + 1;

/// `MAX_NESTED_COMMENTS`.
const MAX_DEPTH: i32 = 128;

/// A file line by line.
pub(super) fn parse(bytes: &[u8], carry: Carry) -> Tables {
    let mut tables = Tables { depths: vec![(0, carry.depth)], end_depth: carry.depth, ..Tables::default() };
    if u32::try_from(bytes.len()).is_err() {
        tables.lines.push(Line { start: 0, content: Content::Fatal(Why::TooBig) });
        return tables;
    }
    // In pieces of which the count fits a byte, many are counted at a time.
    let feeds = |piece: &[u8]| usize::from(piece.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>());
    tables.lines.reserve_exact(bytes.chunks(255).map(feeds).sum::<usize>() + 1);
    let mut reader = Reader { bytes, nul: bytes.contains(&0), tables, scratch: Scratch::default() };
    let mut at = 0;
    while at < bytes.len() {
        at = reader.line(at, !carry.later && at == 0);
    }
    reader.tables.decoded.shrink_to_fit();
    reader.tables.decoded_at.shrink_to_fit();
    reader.tables.options.shrink_to_fit();
    reader.tables
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// Whether there is a NUL anywhere.
    nul: bool,
    tables: Tables,
    scratch: Scratch,
}

/// A line while its comments are taken out: its bytes, and the offset each of them came from; for
/// an escaped `;`, that of its backslash.
#[derive(Default)]
struct Scratch {
    bytes: Vec<u8>,
    from: Vec<u32>,
}

/// What is left of a line without its comments.
struct Uncommented {
    /// Its live part; none when nothing on the line was ever outside a block comment.
    live: Option<Range<usize>>,
    /// The depth after the line.
    depth: i32,
    /// Whether the depth left zero on the line.
    left_zero: bool,
}

/// A line without comments and edge blanks.
#[derive(Clone, Copy)]
struct View<'a, O> {
    bytes: &'a [u8],
    origin: O,
}

/// Where in the file the bytes of a line came from.
trait Origin: Copy {
    /// Of the bytes from one on.
    fn behind(self, start: usize) -> Self;
    /// The offset of a byte.
    fn offset(self, index: usize) -> u32;
    /// How many bytes it is long there: an escaped one is two.
    fn width(self, index: usize, byte: u8) -> u32;
}

/// Bytes in one piece, from an offset on; nearly all lines are so, and it costs nothing.
#[derive(Clone, Copy)]
struct Piece(u32);

impl Origin for Piece {
    fn behind(self, start: usize) -> Self {
        Self(self.0 + start as u32)
    }

    fn offset(self, index: usize) -> u32 {
        self.0 + index as u32
    }

    fn width(self, _: usize, _: u8) -> u32 {
        1
    }
}

/// Bytes in several pieces: the offset of each one, and the file.
#[derive(Clone, Copy)]
struct Pieces<'a>(&'a [u32], &'a [u8]);

impl Origin for Pieces<'_> {
    fn behind(self, start: usize) -> Self {
        Self(&self.0[start..], self.1)
    }

    fn offset(self, index: usize) -> u32 {
        self.0[index]
    }

    fn width(self, index: usize, byte: u8) -> u32 {
        1 + u32::from(self.1[self.0[index] as usize] != byte)
    }
}

fn trim(bytes: &[u8]) -> Range<usize> {
    let start = bytes.iter().position(|byte| *byte > 32).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| *byte > 32).map_or(start, |last| last + 1);
    start..end
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.iter().position(|byte| *byte == 0).map_or(bytes, |end| &bytes[..end])
}

impl Reader<'_> {
    /// Reads the line at `at`; returns where the next one starts.
    fn line(&mut self, at: usize, strip_mark: bool) -> usize {
        let rest = &self.bytes[at..];
        let mark = rest.iter().position(|byte| matches!(byte, b'\n' | b';')).unwrap_or(rest.len());
        let mut first_semicolon = usize::MAX;
        let mut end = mark;
        if rest.get(mark) == Some(&b';') {
            first_semicolon = mark;
            end += rest[mark..].iter().position(|byte| *byte == b'\n').unwrap_or(rest.len() - mark);
        }
        let mut length = rest.len().min(end + 1);
        if length > MAX_LINE && rest[length - 1] != b'\n' || length > CHUNK {
            let chunk = &rest[..CHUNK.min(length)];
            if !chunk.contains(&0) && chunk.len() == CHUNK {
                let content = match self.tables.end_depth {
                    0 => Content::Ignored(Why::TooLong),
                    1.. => Content::Comment,
                    _ => Content::Dead,
                };
                self.tables.lines.push(Line { start: at as u32, content });
                return at + CHUNK + skipped(&rest[CHUNK..]);
            }
            length = chunk.len();
        }
        let mut start = at;
        let mut line = &rest[..length];
        if self.nul {
            line = until_nul(line);
        }
        if strip_mark && line.starts_with(MARK) {
            line = &line[MARK.len()..];
            start += MARK.len();
            first_semicolon = first_semicolon.saturating_sub(MARK.len());
        }
        let content = self.content(start as u32, line, first_semicolon.min(line.len()));
        self.tables.lines.push(Line { start: at as u32, content });
        at + length
    }

    /// Takes the comments out of a line and looks at the rest.
    fn content(&mut self, start: u32, line: &[u8], semicolon: usize) -> Content {
        let before = self.tables.end_depth;
        let tables = &mut self.tables;
        let looked = if semicolon == line.len() {
            (before == 0).then(|| look(tables, View { bytes: line, origin: Piece(start) }))
        } else if before == 0 && is_line_comment(line, semicolon) {
            Some(look(tables, View { bytes: &line[..semicolon], origin: Piece(start) }))
        } else {
            self.scratch.load(line, start);
            let Some(Uncommented { live, depth, left_zero }) = self.scratch.uncomment(before) else {
                return Content::Fatal(Why::TooManyComments);
            };
            if depth != before {
                tables.depths.push((tables.lines.len() as u32 + 1, depth));
            }
            tables.end_depth = depth;
            if left_zero {
                tables.left_zero = Some(tables.lines.len() as u32);
            }
            live.map(|live| {
                let origin = Pieces(&self.scratch.from[live.clone()], self.bytes);
                look(tables, View { bytes: &self.scratch.bytes[live], origin })
            })
        };
        match looked {
            Some(Some(content)) => content,
            None if before < 0 => Content::Dead,
            None => Content::Comment,
            Some(None) if before == 0 && trim(line).is_empty() => Content::Blank,
            Some(None) => Content::Comment,
        }
    }
}

/// How far the engine skips after the first 8191 bytes of an over-long line: pieces of 8191 bytes
/// up to one that is shorter, has a NUL or ends in a line feed.
fn skipped(rest: &[u8]) -> usize {
    let mut at = 0;
    while at < rest.len() {
        let piece = &rest[at..rest.len().min(at + CHUNK)];
        let end = piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |lf| lf + 1);
        at += end;
        if end != CHUNK || piece[end - 1] == b'\n' || piece.contains(&0) {
            break;
        }
    }
    at
}

/// Whether the first `;` of a live line starts an ordinary comment: it is not `\;`, not `;--`
/// without a third dash, and not `--;`.
fn is_line_comment(line: &[u8], at: usize) -> bool {
    let opens = line[at + 1..].starts_with(b"--") && line.get(at + 3) != Some(&b'-');
    !opens && !line[..at].ends_with(b"\\") && !line[..at].ends_with(b"--")
}

impl Scratch {
    fn load(&mut self, line: &[u8], start: u32) {
        self.bytes.clear();
        self.bytes.extend_from_slice(line);
        self.bytes.push(0);
        self.from.clear();
        self.from.extend(start..=start + line.len() as u32);
    }

    /// The end of the string that starts at `at`, as C sees it.
    fn end(&self, at: usize) -> usize {
        at + self.bytes[at..].iter().position(|byte| *byte == 0).unwrap_or(0)
    }

    /// Moves the string at `from` down to `to`.
    fn pull(&mut self, from: usize, to: usize) {
        let end = self.end(from);
        self.bytes.copy_within(from..=end, to);
        self.from.copy_within(from..=end, to);
    }

    /// The comment loop of `config_text_file_load`, step by step; none where it never ends.
    fn uncomment(&mut self, mut depth: i32) -> Option<Uncommented> {
        let mut new = 0;
        let mut left_zero = false;
        let mut live = (depth == 0).then_some(0);
        while let Some(at) = self.bytes[new..self.end(new)].iter().position(|byte| *byte == b';').map(|i| new + i) {
            let after = &self.bytes[at + 1..];
            if at > new && self.bytes[at - 1] == b'\\' {
                let backslash = self.from[at - 1];
                self.pull(at, at - 1);
                self.from[at - 1] = backslash;
                new = at;
            } else if after.starts_with(b"--") && after[2] != b'-' {
                if depth >= MAX_DEPTH {
                    return None;
                }
                left_zero |= depth == 0;
                self.bytes[at] = 0;
                new = at + 3;
                depth += 1;
            } else if at >= new + 2 && &self.bytes[at - 2..at] == b"--" {
                left_zero |= depth == 0;
                depth -= 1;
                new = at + 1;
                if depth == 0 {
                    match live {
                        None => live = Some(new),
                        Some(start) => {
                            let end = self.end(start);
                            self.pull(new, end);
                            new = end;
                        }
                    }
                }
            } else if depth == 0 {
                self.bytes[at] = 0;
                new = at;
            } else {
                new = at + 1;
            }
        }
        Some(Uncommented { live: live.map(|start| start..self.end(start)), depth, left_zero })
    }
}

/// `process_text_line`: what a line without comments is; none if nothing is left of it.
fn look<O: Origin>(tables: &mut Tables, view: View<'_, O>) -> Option<Content> {
    let view = view.part(trim(view.bytes));
    Some(match view.bytes.first()? {
        b'[' => section(tables, view).map_or_else(Content::Fatal, Content::Section),
        b'#' => directive(tables, view).map_or_else(Content::Ignored, Content::Directive),
        _ => key(tables, view),
    })
}

fn section<O: Origin>(tables: &mut Tables, view: View<'_, O>) -> Result<Section, Why> {
    let find = |from: usize, byte| view.bytes[from..].iter().position(|b| *b == byte).map(|i| from + i);
    let close = find(0, b']').ok_or(Why::NoBracket)?;
    let name = view.text(tables, 1..close);
    let options = tables.options.len() as u32;
    let mut end = close;
    if view.bytes.get(close + 1) == Some(&b'(') {
        end = find(close + 2, b')').ok_or(Why::NoParenthesis)?;
        let mut at = close + 2;
        for option in view.bytes[at..end].split(|byte| *byte == b',') {
            let text = view.text(tables, at..at + option.len());
            tables.options.push(text);
            at += option.len() + 1;
        }
    }
    let options_len = (tables.options.len() as u32 - options) as u16; // at most one a byte of the line
    Ok(Section { name, options, options_len, bracket: view.end(end) })
}

fn directive<O: Origin>(tables: &mut Tables, view: View<'_, O>) -> Result<Directive, Why> {
    // `*c > 32` of a signed char: a byte over 127 ends the word, too
    let word = view.bytes[1..].iter().position(|byte| !(33..128).contains(byte)).map_or(view.bytes.len(), |i| i + 1);
    let kind = match &view.bytes[1..word] {
        name if name.eq_ignore_ascii_case(b"include") => DirectiveKind::Include,
        name if name.eq_ignore_ascii_case(b"tryinclude") => DirectiveKind::TryInclude,
        name if name.eq_ignore_ascii_case(b"exec") => DirectiveKind::Exec,
        _ => return Err(Why::UnknownDirective),
    };
    let rest = view.bytes.get(word + 1..).unwrap_or_default();
    let trimmed = trim(rest);
    if trimmed.is_empty() {
        return Err(Why::NoArgument);
    }
    let mut argument = word + 1 + trimmed.start..word + 1 + trimmed.end;
    let quote = match view.bytes[argument.start] {
        b'"' => Some(b'"'),
        b'<' => Some(b'>'),
        _ => None,
    };
    if quote == Some(view.bytes[argument.end - 1]) {
        argument.start += 1;
        argument.end = argument.start.max(argument.end - 1);
    }
    Ok(Directive { kind, argument: view.text(tables, argument) })
}

fn key<O: Origin>(tables: &mut Tables, view: View<'_, O>) -> Content {
    let escaped = view.bytes[0] == b'\\';
    let head = usize::from(escaped);
    if escaped && !view.bytes.get(1).is_some_and(|byte| (33..128).contains(byte)) {
        return Content::Fatal(Why::BadEscape);
    }
    // the byte a backslash protects is not looked at, be it `=`
    let from = head * 2;
    let Some(equals) = view.bytes[from..].iter().position(|byte| *byte == b'=').map(|i| from + i) else {
        let mark = view.bytes.starts_with(MARK);
        return Content::Ignored(if mark { Why::LateMark } else { Why::NoEquals });
    };
    let (op, name_end, value) = if equals > from && view.bytes[equals - 1] == b'+' {
        (Op::Append, equals - 1, equals + 1)
    } else if view.bytes.get(equals + 1) == Some(&b'>') {
        (Op::Arrow, equals, equals + 2)
    } else {
        (Op::Equals, equals, equals + 1)
    };
    let name = trim(&view.bytes[head..name_end]);
    if name.is_empty() {
        return Content::Ignored(Why::NoName);
    }
    let mut span = value..view.bytes.len();
    if op != Op::Append {
        span.start += trim(&view.bytes[value..]).start;
    }
    let name = view.text(tables, head + name.start..head + name.end);
    Content::Key(Key { name, op, value: view.text(tables, span) })
}

impl<O: Origin> View<'_, O> {
    fn part(self, range: Range<usize>) -> Self {
        Self { origin: self.origin.behind(range.start), bytes: &self.bytes[range] }
    }

    /// The offset behind a byte.
    fn end(&self, index: usize) -> u32 {
        self.origin.offset(index) + self.origin.width(index, self.bytes[index])
    }

    /// Notes a text; an empty one stands behind the byte before it.
    fn text(&self, tables: &mut Tables, range: Range<usize>) -> Text {
        if range.is_empty() {
            return Text { start: self.end(range.start - 1), length: 0 };
        }
        let start = self.origin.offset(range.start);
        let mut length = (self.end(range.end - 1) - start) as u16; // at most a line
        if usize::from(length) != range.len() {
            tables.decoded.extend_from_slice(&self.bytes[range]);
            tables.decoded_at.push((start, tables.decoded.len() as u32));
            length |= DECODED;
        }
        Text { start, length }
    }
}
