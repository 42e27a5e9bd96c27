//! One line as the preprocessor sees it (switch_xml.c preprocess(); observed on 1.11).

use memchr::{memchr, memchr_iter, memchr2, memchr3_iter, memrchr2};

pub use crate::text::find;

/// A line of a file: it ends behind LF or behind CR.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it starts.
    pub start: usize,
    /// Where the next one starts.
    pub end: usize,
}

impl Line {
    /// The line that starts at an offset.
    pub fn at(bytes: &[u8], start: usize) -> Self {
        let end = memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |end| start + end + 1);
        Self { start, end }
    }

    /// Where its content ends: a NUL byte loses the rest of the line.
    pub fn content_end(&self, bytes: &[u8]) -> usize {
        memchr(0, &bytes[self.start..self.end]).map_or(self.end, |at| self.start + at)
    }
}

/// Texts that drop the line they stand on.
const DROPPING: [&[u8]; 3] = [b"<include>", b"</include>", b"<?"];
/// The word of a directive, in any case.
const WORD: &[u8] = b"x-pre-process";

/// Where the lines end, from the one that starts at an offset, that are simply copied.
pub fn plain(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start..];
    let special = |at: &usize| match rest[*at] {
        b'$' => rest[*at..].starts_with(b"$${"),
        b'<' => drops_at(&rest[*at..]) || rest[*at..].starts_with(b"<!--#"),
        _ => is_word_around(rest, *at),
    };
    let end = memchr3_iter(b'$', b'<', WORD[1], rest).find(special).unwrap_or(rest.len());
    let end = memchr(0, &rest[..end]).unwrap_or(end);
    match end == rest.len() {
        true => bytes.len(),
        false => start + memrchr2(b'\n', b'\r', &rest[..end]).map_or(0, |before| before + 1),
    }
}

fn drops_at(rest: &[u8]) -> bool {
    DROPPING.iter().any(|text| rest.starts_with(text))
}

/// Whether the word stands around its second letter, which is rarer than its first.
fn is_word_around(text: &[u8], second: usize) -> bool {
    let start = second.checked_sub(1);
    start.and_then(|start| text.get(start..start + WORD.len())).is_some_and(|word| word.eq_ignore_ascii_case(WORD))
}

/// Where the brace that opens at an offset is closed, others inside it closed first.
pub fn closing_brace(text: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What is still seen of a line once its variables are filled in: filling in cuts it at the first
/// one. Only here are texts looked for that drop the line.
pub fn seen(raw: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some(open) = find(raw, b"$${", at) {
        match closing_brace(raw, open + 2) {
            Some(close) => return &raw[..close],
            None => at = open + 1,
        }
    }
    raw
}

/// Whether a text drops its line.
pub fn drops(text: &[u8]) -> bool {
    memchr_iter(b'<', text).any(|at| drops_at(&text[at..]))
}

/// A directive: command and data.
type Directive<'a> = (&'a [u8], &'a [u8]);

/// The directive on a line. `Some(None)`: the line holds the word, is dropped, and does nothing.
pub fn directive(text: &[u8]) -> Option<Option<Directive<'_>>> {
    let at = memchr_iter(WORD[1], text).find(|second| is_word_around(text, *second))? - 1;
    if at == 0 || text[at - 1] != b'<' {
        return Some(None);
    }
    let rest = &text[at..];
    let rest = find(rest, b"/>", 0).map_or(rest, |end| &rest[..end + 2]);
    let parsed = quoted(rest, b"cmd").and_then(|(command, rest)| Some((command, quoted(rest?, b"data")?.0)));
    Some(parsed)
}

/// What stands between the next double quotes behind the next `=` behind a word in any case, and
/// what follows; without a second quote all the rest, and then nothing follows.
fn quoted<'a>(text: &'a [u8], name: &[u8]) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let rest = &text[position(text, name)?..];
    let rest = &rest[find(rest, b"=", 0)?..];
    let rest = &rest[find(rest, b"\"", 0)? + 1..];
    Some(match rest.iter().position(|b| *b == b'"') {
        Some(end) => (&rest[..end], Some(&rest[end + 1..])),
        None => (rest, None),
    })
}

/// Where a text stands, in any case.
fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted))
}

/// `name=value`: blanks around the `=` do not count, those at the ends do.
pub fn assignment(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = data.iter().position(|b| *b == b'=')?;
    let (mut name, mut value) = (&data[..at], &data[at + 1..]);
    while let Some(shorter) = name.strip_suffix(b" ") {
        name = shorter;
    }
    while let Some(shorter) = value.strip_prefix(b" ") {
        value = shorter;
    }
    Some((name, value))
}

/// Word and data of `<!--#word data`: what stands in the first pair of quotes, else all of it.
pub fn block(command: &[u8]) -> (&[u8], Option<&[u8]>) {
    let end = command.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(command.len());
    let command = &command[..end];
    let Some(gap) = command.iter().position(|b| *b == b' ') else { return (command, None) };
    let (word, data) = (&command[..gap], &command[gap + 1..]);
    let open = data.iter().position(|b| *b == b'"').map(|open| &data[open + 1..]);
    let inside = open.and_then(|rest| Some(&rest[..rest.iter().position(|b| *b == b'"')?]));
    (word, Some(inside.unwrap_or(data)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_are_plain_together_as_they_are_alone(parts in prop::collection::vec(
            prop::sample::select(vec!["\n", "\r\n", "\r", "\0", "$", "$${", "x", "x-pre-process", "X-PRE-process", "-",
                "<include>", "</include>", "<?", "<!--#", "<!--", "<user>", "a", " "]), 0..20)) {
            let text = parts.concat().into_bytes();
            let mut at = 0;
            while at < text.len() {
                let copied = plain(&text, at);
                let mut lines = Vec::new();
                while at < text.len() && lines.last() != Some(&false) {
                    let line = Line::at(&text, at);
                    lines.push(is_plain(&text[at..line.end]));
                    at = line.end;
                    prop_assert_eq!(lines.last() == Some(&true), at <= copied);
                }
            }
        }
    }

    fn is_plain(line: &[u8]) -> bool {
        let lower = line.to_ascii_lowercase();
        let has = |text: &[u8]| line.windows(text.len()).any(|window| window == text);
        let texts: [&[u8]; 6] = [b"<include>", b"</include>", b"<?", b"<!--#", b"$${", b"\0"];
        !texts.into_iter().any(has) && !lower.windows(WORD.len()).any(|window| window == WORD)
    }

    #[test]
    fn a_line_ends_at_either_and_is_plain_unless_it_holds_something() {
        assert_eq!(Line::at(b"a\r\nb", 0), Line { start: 0, end: 2 });
        assert_eq!(Line::at(b"a\r\nb", 2), Line { start: 2, end: 3 });
        for text in ["<include>", "a </include> b", "<?xml", "$${x}", "<!--#x", "X-Pre-Process", "\0"] {
            assert_eq!(plain(text.as_bytes(), 0), 0, "{text}");
        }
        for text in ["<include x='1'>", "<INCLUDE>", "${x}", "<!-- # -->", "X-NO-PRE-PROCESS", "<user>"] {
            assert_eq!(plain(text.as_bytes(), 0), text.len(), "{text}");
        }
    }

    #[test]
    fn only_the_part_before_a_variable_drops_the_line() {
        assert!(!drops(seen(b"value=\"$${pw}\"/></include>")));
        assert!(drops(seen(b"</include> $${pw}")));
        assert!(drops(seen(b"$${open </include>")));
        assert_eq!(seen(b"a$${b{c}d}e$${f}"), b"a$${b{c}d");
        assert_eq!(seen(b"a$${b{c} $${d}"), b"a$${b{c} $${d");
    }

    #[test]
    fn a_directive_takes_what_stands_in_double_quotes_on_its_line() {
        let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let set = |text: &str| directive(text.as_bytes()).map(|found| found.map(|(a, b)| [shown(a), shown(b)]));
        let pair = |a: &str, b: &str| Some(Some([a.to_owned(), b.to_owned()]));
        assert_eq!(set("  <X-PRE-PROCESS cmd=\"set\" data=\"a=b\"/>"), pair("set", "a=b"));
        assert_eq!(set("<!-- <x-pre-process  CMD = \"set\"  Data = \"a = b\" /> -->"), pair("set", "a = b"));
        assert_eq!(set("<X-PRE-PROCESS cmd='set' data='a=b'/>"), Some(None));
        assert_eq!(set("<X-PRE-PROCESS cmd='set' data=\"a=b\"/>"), Some(None));
        assert_eq!(set("no X-PRE-PROCESS cmd=\"set\" data=\"a=b\""), Some(None));
        assert_eq!(set("<X-NO-PRE-PROCESS cmd=\"set\" data=\"a=b\"/>"), None);
        // Without its second quote the value ends where the element does.
        assert_eq!(set("<X-PRE-PROCESS cmd=\"set\" data=\"a=b/> c"), pair("set", "a=b/>"));
        assert_eq!(set("<X-PRE-PROCESS cmd=\"set\" data=\"a=b/>c\"/>"), pair("set", "a=b/>"));
    }

    #[test]
    fn an_assignment_and_a_block_are_taken_apart() {
        assert_eq!(assignment(b" a  =  b "), Some((&b" a"[..], &b"b "[..])));
        assert_eq!(assignment(b"a"), None);
        assert_eq!(block(b"set \"a=b\" c"), (&b"set"[..], Some(&b"a=b"[..])));
        assert_eq!(block(b"set \"a=b\n"), (&b"set"[..], Some(&b"\"a=b"[..])));
        assert_eq!(block(b"comment\n"), (&b"comment"[..], None));
    }
}
