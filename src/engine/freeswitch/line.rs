//! One line as the preprocessor sees it (switch_xml.c preprocess(); observed on 1.11).

/// A line of a file: it ends behind LF or behind CR.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it starts.
    pub start: usize,
    /// Where the next one starts.
    pub end: usize,
    /// Whether it is simply copied when no block comment is open.
    pub plain: bool,
}

impl Line {
    /// Where its content ends: a NUL byte loses the rest of the line.
    pub fn content_end(&self, bytes: &[u8]) -> usize {
        let nul = bytes[self.start..self.end].iter().position(|b| *b == 0);
        nul.map_or(self.end, |at| self.start + at)
    }
}

/// Texts that drop the line they stand on.
const DROPPING: [&[u8]; 3] = [b"<include>", b"</include>", b"<?"];
/// The word of a directive, in any case.
const WORD: &[u8] = b"x-pre-process";

/// The line that starts at an offset.
pub fn scan(bytes: &[u8], start: usize) -> Line {
    let mut plain = true;
    let mut at = start;
    while at < bytes.len() {
        let rest = &bytes[at..];
        match rest[0] {
            b'\n' | b'\r' => return Line { start, end: at + 1, plain },
            0 => plain = false,
            b'$' => plain &= !rest.starts_with(b"$${"),
            b'<' => plain &= !(DROPPING.iter().any(|text| rest.starts_with(text)) || rest.starts_with(b"<!--#")),
            b'x' | b'X' => plain &= !starts_with_word(rest),
            _ => {}
        }
        at += 1;
    }
    Line { start, end: at, plain }
}

fn starts_with_word(text: &[u8]) -> bool {
    text.get(..WORD.len()).is_some_and(|head| head.eq_ignore_ascii_case(WORD))
}

/// Where a text stands, at or behind `from`.
pub fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    Some(from + text.get(from..)?.windows(wanted.len()).position(|window| window == wanted)?)
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
    DROPPING.iter().any(|wanted| find(text, wanted, 0).is_some())
}

/// A directive: command and data.
type Directive<'a> = (&'a [u8], &'a [u8]);

/// The directive on a line. `Some(None)`: the line holds the word, is dropped, and does nothing.
pub fn directive(text: &[u8]) -> Option<Option<Directive<'_>>> {
    let at = text.windows(WORD.len()).position(|window| window.eq_ignore_ascii_case(WORD))?;
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
    use super::*;

    #[test]
    fn a_line_ends_at_either_and_is_plain_unless_it_holds_something() {
        assert_eq!(scan(b"a\r\nb", 0), Line { start: 0, end: 2, plain: true });
        assert_eq!(scan(b"a\r\nb", 2), Line { start: 2, end: 3, plain: true });
        for text in ["<include>", "a </include> b", "<?xml", "$${x}", "<!--#x", "X-Pre-Process", "\0"] {
            assert!(!scan(text.as_bytes(), 0).plain, "{text}");
        }
        for text in ["<include x='1'>", "<INCLUDE>", "${x}", "<!-- # -->", "X-NO-PRE-PROCESS", "<user>"] {
            assert!(scan(text.as_bytes(), 0).plain, "{text}");
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
