//! How a text is written so that the engine reads the same bytes back.

use super::{Carry, Document, Key, MAX_LINE, MAX_NAME, Op, Why};
use crate::text::splice::Splice;

impl Document {
    /// Gives a setting of this file another value and leaves its comment alone. Refused where the old
    /// value holds what opens or closes a block comment for the lines below.
    pub fn set_value(&self, key: &Key, value: &[u8]) -> Result<Splice, Why> {
        let mut text = escape_value(value)?;
        if key.op == Op::Append && text.first() == Some(&b' ') {
            text.remove(0); // `+=>` is no delimiter, and the blank would count
        }
        let raw = self.raw(&key.value);
        if self.bytes.get(raw.end) == Some(&b';') && (value.ends_with(b"\\") || value.ends_with(b"--")) {
            text.push(b' '); // or the comment would be an escaped `;` or the end of a block
        }
        if raw.start > 0 && self.bytes[raw.start - 1] == b';' && value.starts_with(b"--") {
            if key.op == Op::Append {
                return Err(Why::EdgeBlank); // it would count
            }
            text.insert(0, b' '); // or the end of a block would open another
        }
        let span = self.span(self.line_of(raw.start));
        let line_feed = usize::from(self.bytes[..span.end].ends_with(b"\n"));
        let piece = line_feed == 0 && span.end < self.bytes.len(); // its end is where 8191 bytes are
        if piece || span.len() - line_feed - raw.len() + text.len() > MAX_LINE {
            return Err(Why::TooLong);
        }
        let splice = Splice::replace(raw, text);
        match self.keeps_depth(key, &splice) {
            true => Ok(splice),
            false => Err(Why::Comment),
        }
    }

    /// Whether the lines below stay as live as they are: a comment in the middle of the old value may
    /// have opened or closed a block.
    fn keeps_depth(&self, key: &Key, splice: &Splice) -> bool {
        let line = self.line_of(self.raw(&key.name).start);
        let span = self.span(line);
        let Splice { span: old, text } = splice;
        let new = [&self.bytes[span.start..old.start], text, &self.bytes[old.end..span.end]].concat();
        let carry = Carry { depth: self.depth(line), later: line > 0 };
        let after = if line + 1 < self.lines().len() { self.depth(line + 1) } else { self.end_depth() };
        Document::parse(new.into(), carry).0.end_depth() == after
    }
}

/// Writes a value so that the engine reads the same bytes back.
///
/// It goes behind `=` or `=>`, with or without blanks. A `;` becomes `\;` (only the backslash
/// directly before it is eaten, so `\;` becomes `\\;`); a leading `>` gets a blank in front, for
/// `=>` is a delimiter. Put a blank between a value and a comment, for `\;` and `--;` are none
/// ([`Document::set_value`] sees to it). The line must not come to more than [`MAX_LINE`] bytes;
/// this only refuses a value that cannot fit behind a name of one byte.
pub fn escape_value(value: &[u8]) -> Result<Vec<u8>, Why> {
    if value.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
        return Err(Why::Control);
    }
    if value.first().is_some_and(|byte| *byte < 33) || value.last().is_some_and(|byte| *byte < 33) {
        return Err(Why::EdgeBlank);
    }
    let mut out = Vec::with_capacity(value.len() + 1);
    if value.first() == Some(&b'>') {
        out.push(b' ');
    }
    escape_semicolons(value, &mut out);
    if out.len() + 2 > MAX_LINE {
        return Err(Why::TooLong);
    }
    Ok(out)
}

/// Writes a section name, the part between `[` and `]`, so that the engine reads the same bytes
/// back.
pub fn escape_name(name: &[u8]) -> Result<Vec<u8>, Why> {
    if name.is_empty() {
        return Err(Why::Empty);
    }
    if name.len() > MAX_NAME {
        return Err(Why::TooLong);
    }
    if name.contains(&b']') {
        return Err(Why::Bracket);
    }
    if name[0] == b' ' || name[name.len() - 1] == b' ' {
        return Err(Why::EdgeBlank);
    }
    if name.iter().any(|byte| *byte < 32 || *byte == 127) {
        return Err(Why::Control);
    }
    let mut out = Vec::with_capacity(name.len());
    escape_semicolons(name, &mut out);
    Ok(out)
}

fn escape_semicolons(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        if *byte == b';' {
            out.push(b'\\');
        }
        out.push(*byte);
    }
}
