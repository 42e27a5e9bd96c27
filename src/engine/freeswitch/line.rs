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

/// The part of a line before its first variable: the only part looked at for texts that drop it.
pub fn before_variable(raw: &[u8]) -> &[u8] {
    match find(raw, b"$${", 0) {
        Some(open) if raw[open..].contains(&b'}') => &raw[..open],
        _ => raw,
    }
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
    let rest = &text[at + WORD.len()..];
    let parsed = quoted(rest, b"cmd").and_then(|(command, rest)| Some((command, quoted(rest, b"data")?.0)));
    Some(parsed)
}

/// The value in double quotes of `name = "value"`, and what follows.
fn quoted<'a>(text: &'a [u8], name: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let rest = text[find(text, name, 0)? + name.len()..].trim_ascii_start();
    let rest = rest.strip_prefix(b"=")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().position(|b| *b == b'"')?;
    Some((&rest[..end], &rest[end + 1..]))
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
        assert!(!drops(before_variable(b"value=\"$${pw}\"/></include>")));
        assert!(drops(before_variable(b"</include> $${pw}")));
        assert!(drops(before_variable(b"$${open </include>")));
    }

    #[test]
    fn a_directive_needs_double_quotes_on_its_line() {
        let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let set = |text: &str| directive(text.as_bytes()).map(|found| found.map(|(a, b)| [shown(a), shown(b)]));
        let pair = |a: &str, b: &str| Some(Some([a.to_owned(), b.to_owned()]));
        assert_eq!(set("  <X-PRE-PROCESS cmd=\"set\" data=\"a=b\"/>"), pair("set", "a=b"));
        assert_eq!(set("<!-- <x-pre-process  cmd = \"set\"  data = \"a = b\" /> -->"), pair("set", "a = b"));
        assert_eq!(set("<X-PRE-PROCESS cmd='set' data='a=b'/>"), Some(None));
        assert_eq!(set("no X-PRE-PROCESS cmd=\"set\" data=\"a=b\""), Some(None));
        assert_eq!(set("<X-NO-PRE-PROCESS cmd=\"set\" data=\"a=b\"/>"), None);
    }
}
