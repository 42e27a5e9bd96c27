//! How users are laid out in their files: lines, indentation, what goes when an element goes, and
//! how one more option is written in the dress of those before it.

use std::ops::Range;

use super::directory::{Document, Part};
use crate::engine::number::find;
use crate::text::splice::Splice;
use crate::text::{splice, xml};

/// A value as it is written between quotes, so that neither the parser nor the preprocessor makes
/// anything else of it (every form observed on 1.11).
pub fn escape(value: &[u8]) -> Vec<u8> {
    const WORD: &[u8] = b"x-pre-process";
    let mut out: Vec<u8> = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        let rest = &value[at..];
        match rest[0] {
            b'$' if rest.starts_with(b"${") && at > 0 && value[at - 1] == b'$' => out.extend_from_slice(b"&#36;"),
            byte if rest.get(..WORD.len()).is_some_and(|head| head.eq_ignore_ascii_case(WORD)) => {
                out.extend_from_slice(format!("&#{byte};").as_bytes());
            }
            byte => out.extend(xml::escape(&[byte])),
        }
        at += 1;
    }
    out
}

/// Why no way of writing brings a value through the engine. It copies a user before it uses him; in
/// the copy it encodes nothing behind `<!`, and leaves out bytes that are no UTF-8 with the one that
/// follows (switch_xml.c switch_xml_ampencode; observed on 1.11).
pub fn cannot_hold(value: &[u8]) -> Option<&'static str> {
    if std::str::from_utf8(value).is_err() {
        return Some("FreeSWITCH loses bytes that are no UTF-8");
    }
    if value.iter().any(|b| matches!(b, b'\x0b' | b'\x0c')) {
        return Some("FreeSWITCH makes a blank of a vertical tab or a form feed");
    }
    let open = super::line::find(value, b"<!", 0)?;
    let spoilt = |byte: &u8| matches!(byte, b'"' | b'&' | b'\t' | b'\n' | b'\r');
    value[open..].iter().any(spoilt).then_some("FreeSWITCH loses quotes, & and tabs that stand behind <!")
}

/// Whether only blanks stand on the line before an offset.
pub fn starts_line(bytes: &[u8], at: usize) -> bool {
    bytes[line_start(bytes, at)..at].iter().all(|b| matches!(b, b' ' | b'\t'))
}

/// Whether only blanks stand on the line behind an offset.
pub fn ends_line(bytes: &[u8], at: usize) -> bool {
    let rest = bytes[at..].iter().find(|b| !matches!(b, b' ' | b'\t'));
    rest.is_none_or(|b| matches!(b, b'\n' | b'\r'))
}

/// Where the line of an offset starts; a byte order mark is no part of it.
pub fn line_start(bytes: &[u8], at: usize) -> usize {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let first = if bytes[..at].starts_with(MARK) { MARK.len() } else { 0 };
    bytes[..at].iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(first, |end| end + 1)
}

/// The blanks before an offset on its line.
pub fn indent(bytes: &[u8], at: usize) -> &[u8] {
    let line = &bytes[line_start(bytes, at)..at];
    let blanks = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    &line[..blanks]
}

/// The line end a file uses around an offset.
pub fn line_end(bytes: &[u8], at: usize) -> &'static [u8] {
    let behind = bytes[at..].iter().position(|b| matches!(b, b'\n' | b'\r')).map(|end| at + end);
    let first = || bytes.iter().position(|b| matches!(b, b'\n' | b'\r'));
    match behind.or_else(first) {
        Some(end) if bytes[end..].starts_with(b"\r\n") => b"\r\n",
        Some(end) if bytes[end] == b'\r' => b"\r",
        _ => b"\n",
    }
}

fn skip_line_end(bytes: &[u8], at: usize) -> usize {
    match &bytes[at..] {
        [b'\r', b'\n', ..] => at + 2,
        [b'\r' | b'\n', ..] => at + 1,
        _ => at,
    }
}

/// What goes with an element: its whole lines where it stands alone on them, and where `apart` the
/// blank line before; else the element alone.
pub fn taken(bytes: &[u8], span: Range<usize>, apart: bool) -> Range<usize> {
    let blanks = bytes[span.end..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let end = span.end + blanks;
    let next = skip_line_end(bytes, end);
    let alone = starts_line(bytes, span.start) && (next > end || end == bytes.len());
    if !alone {
        return span;
    }
    let mut start = line_start(bytes, span.start);
    if apart
        && let Some(above) = line_above(bytes, start)
        && bytes[above..start].trim_ascii().is_empty()
    {
        start = above;
    }
    start..next
}

/// A removal of all to the end of a file takes the line end before it where the file had none at its
/// end: a missing one stays missing.
pub fn keep_unended(bytes: &[u8], removal: &mut Splice) {
    let unended = !bytes.ends_with(b"\n") && !bytes.ends_with(b"\r");
    if unended && removal.text.is_empty() && removal.span.end == bytes.len() {
        removal.span.start = match &bytes[..removal.span.start] {
            [head @ .., b'\r', b'\n'] | [head @ .., b'\r' | b'\n'] => head.len(),
            whole => whole.len(),
        };
    }
}

/// Where the line above a line start starts.
pub fn line_above(bytes: &[u8], start: usize) -> Option<usize> {
    let end = match &bytes[..start] {
        [.., b'\r', b'\n'] => start - 2,
        [.., b'\r' | b'\n'] => start - 1,
        _ => return None,
    };
    Some(line_start(bytes, end))
}

/// The comment that stands alone on the line directly above an offset, if it names the number.
pub fn own_comment(bytes: &[u8], at: usize, number: &str) -> Option<Range<usize>> {
    if !starts_line(bytes, at) {
        return None;
    }
    let start = line_start(bytes, at);
    let above = line_above(bytes, start)?;
    let lead = bytes[above..start].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let line = bytes[above..start].trim_ascii();
    let whole = line.starts_with(b"<!--")
        && !line.starts_with(b"<!--#")
        && super::line::find(line, b"-->", 0) == line.len().checked_sub(3);
    let first = above + lead;
    (whole && find(line, number.as_bytes(), 0).is_some()).then(|| first..first + line.len())
}

/// The comments of a file, directives in comments left out. What looks like one inside a tag is none.
pub fn comments(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(start) = super::line::find(bytes, b"<", at) {
        let tag = &bytes[start..];
        at = start + 1;
        if tag.starts_with(b"<!--") {
            let end = super::line::find(tag, b"-->", 0).map_or(bytes.len(), |end| start + end + 3);
            if !tag.starts_with(b"<!--#") {
                out.push(start..end);
            }
            at = end;
        } else if tag.get(1).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b':') || *b >= 0x80) {
            at = tag_end(bytes, at);
        }
    }
    out
}

/// Where a tag that is open at an offset ends; quotes may hold its bracket.
fn tag_end(bytes: &[u8], mut at: usize) -> usize {
    let mut quote = None;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match (quote, byte) {
            (None, b'>') => break,
            (None, b'"' | b'\'') if bytes[..at - 1].trim_ascii_end().ends_with(b"=") => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    at
}

/// What stands in a file besides some elements, comments and `<include>` lines left out: nothing
/// that means anything, if the users are all there is.
pub fn is_hollow(bytes: &[u8], without: Range<usize>) -> bool {
    let rest = [&bytes[..without.start], &bytes[without.end..]].concat();
    let mut at = 0;
    let rest = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&rest);
    while let Some(open) = super::line::find(rest, b"<", at) {
        let tag = &rest[open..];
        let end = if tag.starts_with(b"<!--") && !tag.starts_with(b"<!--#") {
            super::line::find(tag, b"-->", 4).map(|end| end + 3)
        } else if tag.starts_with(b"<?") {
            super::line::find(tag, b"?>", 2).map(|end| end + 2)
        } else {
            [b"<include>".as_slice(), b"</include>"].iter().find(|own| tag.starts_with(own)).map(|own| own.len())
        };
        match end {
            Some(end) => at = open + end,
            None => return false,
        }
    }
    true
}

/// A param or variable in the dress of another one.
fn like(doc: &Document, file: u32, node: u32, bytes: &[u8], name: &str, value: &[u8]) -> Option<Vec<u8>> {
    let merged = &doc.merged;
    let (own, span) = merged.source(doc.tree.span(node)).filter(|(own, _)| *own == file)?;
    debug_assert_eq!(own, file);
    let mut splices = Vec::new();
    for (wanted, text) in [("name", name.as_bytes()), ("value", value)] {
        let attribute = doc.tree.attributes(node).find(|(name, ..)| merged.text[name.clone()] == *wanted.as_bytes());
        let (_, range, _) = attribute.filter(|(.., quoted)| *quoted)?;
        let (_, at) = merged.between(range)?;
        splices.push(Splice::replace(at.start - span.start..at.end - span.start, escape(text)));
    }
    let others = doc.tree.attributes(node).count() > 2;
    (!others).then(|| splice::apply(&bytes[span.clone()], splices))
}

/// A param or variable in plain dress.
pub fn plain(part: Part, name: &str, value: &[u8]) -> Vec<u8> {
    let (_, element) = part.block();
    let name = escape(name.as_bytes());
    [b"<", element.as_bytes(), b" name=\"", &name, b"\" value=\"", &escape(value), b"\"/>"].concat()
}

/// What was added to hold a first option, so that it can be taken out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// Nothing: there was a block.
    No,
    /// A block that closed itself was opened.
    Block,
    /// A block was added.
    New,
    /// The user, who closed himself, was opened for a block.
    User,
}

/// Names and values, in the order they are written.
pub type Options = Vec<(String, Vec<u8>)>;

/// One part's new options of a user.
pub struct Addition<'a> {
    /// Params or variables.
    pub part: Part,
    /// Names and values.
    pub options: &'a [(String, Vec<u8>)],
    /// Elements that go in the same change: nothing is put behind them.
    pub gone: &'a [u32],
}

/// Writes options behind those a user has. `None` where his block does not stand in this file.
pub fn add(doc: &Document, user: u32, additions: &[Addition]) -> Option<(Vec<Splice>, Opened)> {
    let merged = &doc.merged;
    let (file, element) = merged.ends(doc.tree.span(user))?;
    let bytes = &merged.files[file as usize].bytes;
    let end = line_end(bytes, element.start);
    let outer = indent(bytes, element.start);
    let unit: &[u8] = if outer.starts_with(b"\t") { b"\t" } else { b"  " };
    let here = |range: Range<usize>| merged.ends(range).filter(|(own, _)| *own == file).map(|(_, span)| span);
    let mut out = Vec::new();
    let mut opened = Opened::No;
    let mut blocks: Vec<u8> = Vec::new();
    for addition in additions.iter().filter(|addition| !addition.options.is_empty()) {
        let (block, _) = addition.part.block();
        let Some(node) = doc.child(user, block) else {
            let inner = children_indent(doc, user, file).unwrap_or_else(|| [outer, unit].concat());
            blocks.extend([end, &inner, b"<", block.as_bytes(), b">"].concat());
            for (name, value) in addition.options {
                blocks.extend([end, &inner, unit, &plain(addition.part, name, value)].concat());
            }
            blocks.extend([end, &inner, b"</", block.as_bytes(), b">"].concat());
            continue;
        };
        let tag = here(doc.tree.open(node))?;
        let level = indent(bytes, tag.start).to_vec();
        let inner = children_indent(doc, node, file).unwrap_or_else(|| [&level, unit].concat());
        let last = doc.tree.children(node).filter(|child| !addition.gone.contains(child)).last();
        if last.is_some_and(|child| here(doc.tree.span(child)).is_none()) {
            out.push(before_closing(bytes, here(doc.tree.span(node))?, &inner, end, addition));
            continue;
        }
        let last = last.and_then(|child| Some((child, here(doc.tree.span(child))?)));
        let mut text = Vec::new();
        let broken = last.as_ref().is_none_or(|(_, span)| starts_line(bytes, span.start));
        for (name, value) in addition.options {
            if broken {
                text.extend([end, &inner].concat());
            }
            let dressed = last.as_ref().and_then(|(child, _)| like(doc, file, *child, bytes, name, value));
            text.extend(dressed.unwrap_or_else(|| plain(addition.part, name, value)));
        }
        match last {
            Some((_, span)) => out.push(Splice::insert(span.end, text)),
            None if doc.tree.is_closed_at_once(node) => {
                let close = [b">", text.as_slice(), end, &level, b"</", block.as_bytes(), b">"].concat();
                out.push(Splice::replace(tag.end - 2..tag.end, close));
                opened = Opened::Block;
            }
            None => out.push(Splice::insert(tag.end, text)),
        }
    }
    if !blocks.is_empty() {
        let tag = here(doc.tree.open(user))?;
        if doc.tree.is_closed_at_once(user) {
            let close = [b">", blocks.as_slice(), end, outer, b"</", doc.name(user), b">"].concat();
            out.push(Splice::replace(tag.end - 2..tag.end, close));
            opened = Opened::User;
        } else {
            let at = match doc.tree.children(user).last() {
                Some(child) => here(doc.tree.span(child))?.end,
                None => tag.end,
            };
            out.push(Splice::insert(at, blocks));
            opened = Opened::New;
        }
    }
    Some((out, opened))
}

/// Options as the last of a block whose last element comes from another file: the directive that
/// brings it stands somewhere before the closing tag.
fn before_closing(bytes: &[u8], block: Range<usize>, inner: &[u8], end: &[u8], addition: &Addition) -> Splice {
    let close = bytes[..block.end].windows(2).rposition(|w| w == b"</").unwrap_or(block.end);
    let plain = addition.options.iter().map(|(name, value)| plain(addition.part, name, value));
    match starts_line(bytes, close) {
        true => {
            let lines = plain.flat_map(|option| [inner, &option, end].concat());
            Splice::insert(line_start(bytes, close), lines.collect::<Vec<u8>>())
        }
        false => Splice::insert(close, plain.flatten().collect::<Vec<u8>>()),
    }
}

/// How deep the children of an element stand, where they start lines.
fn children_indent(doc: &Document, node: u32, file: u32) -> Option<Vec<u8>> {
    let bytes = &doc.merged.files[file as usize].bytes;
    let spans = doc.tree.children(node).filter_map(|child| doc.merged.ends(doc.tree.span(child)));
    let mut starts = spans.filter(|(own, _)| *own == file).map(|(_, span)| span.start);
    starts.find(|start| starts_line(bytes, *start)).map(|start| indent(bytes, start).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_text() {
        for (value, written) in [
            ("a$${x}b", "a$&#36;{x}b"),
            ("$$${x}", "$$&#36;{x}"),
            ("${x} $", "${x} $"),
            ("x-pre-PROCESS", "&#120;-pre-PROCESS"),
            ("<?<!--#-->]]>", "&lt;?&lt;!--#--&gt;]]&gt;"),
            ("a\nb\"'&", "a&#10;b&quot;&apos;&amp;"),
        ] {
            assert_eq!(String::from_utf8(escape(value.as_bytes())).unwrap(), written);
        }
    }

    #[test]
    fn what_no_writing_brings_through_is_known() {
        for value in ["a<!b", "<!--x-->", "a&<!b", "\"<!", "< !\"", "a\tb"] {
            assert!(cannot_hold(value.as_bytes()).is_none(), "{value}");
        }
        assert!(cannot_hold(b"caf\xe9").is_some());
        for value in ["a<!b\"", "<!&amp;", "<!--\n", "a\x0bb", "\x0c"] {
            assert!(cannot_hold(value.as_bytes()).is_some(), "{value}");
        }
    }

    #[test]
    fn an_element_alone_on_its_lines_takes_them_along() {
        let text = b"<a>\n\n  <b/> \r\n<c/><d/>\n</a>";
        let find = |what: &[u8]| {
            let at = super::super::line::find(text, what, 0).unwrap();
            at..at + what.len()
        };
        assert_eq!(taken(text, find(b"<b/>"), true), 4..14);
        assert_eq!(taken(text, find(b"<b/>"), false), 5..14);
        assert_eq!(taken(text, find(b"<c/>"), true), find(b"<c/>"));
    }

    #[test]
    fn a_file_is_hollow_when_only_wrapping_is_left() {
        let text = b"<?xml version='1.0'?>\n<include>\n<!-- <user/> -->\nX\n</include>\n";
        let at = super::super::line::find(text, b"X", 0).unwrap();
        assert!(is_hollow(text, at..at + 1));
        assert!(!is_hollow(b"<include><user/></include>", 0..0));
        assert!(!is_hollow(b"<!--#set \"a=b\"-->", 0..0));
    }
}
