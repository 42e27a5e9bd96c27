//! The filters of `(+name=value&name=value)`: pairs of extended regular expressions, unanchored
//! (`does_category_match`).

use regex_lite::Regex;

use super::{Category, Config, Strip};

/// Which categories of a name are meant.
pub(super) struct Filter {
    /// No filter at all: any but a template.
    plain: bool,
    tests: Vec<Test>,
}

enum Test {
    /// `TEMPLATES=include`: templates, too.
    Include,
    /// `TEMPLATES=restrict`: templates only.
    Restrict,
    /// Some setting fits both.
    Setting(Regex, Regex),
    /// Never fits: no `=`, an expression that does not compile, an unknown word for templates.
    Never,
}

impl Filter {
    /// Everything of the name, templates too: where a section inherits from.
    pub fn any() -> Self {
        Self { plain: false, tests: vec![Test::Include] }
    }

    /// A filter as it is written.
    pub fn new(text: &[u8], separator: u8) -> Self {
        let mut tests = Vec::new();
        let mut rest = Some(text);
        while let Some(mut pair) = strsep(&mut rest, separator).map(Some) {
            let name = strsep(&mut pair, b'=').unwrap_or_default();
            let value = strsep(&mut pair, b'=');
            tests.push(match (name, value) {
                (_, None) => Test::Never,
                (b"TEMPLATES", Some(word)) if word.eq_ignore_ascii_case(b"include") => Test::Include,
                (b"TEMPLATES", Some(word)) if word.eq_ignore_ascii_case(b"restrict") => Test::Restrict,
                (b"TEMPLATES", Some(_)) => Test::Never,
                (name, Some(value)) => match (extended(name), extended(value)) {
                    (Some(name), Some(value)) => Test::Setting(name, value),
                    _ => Test::Never,
                },
            });
        }
        Self { plain: text.is_empty(), tests }
    }

    /// Whether a category passes.
    pub fn fits(&self, config: &Config, category: &Category) -> bool {
        if self.plain {
            return !category.template;
        }
        let mut templates = false;
        let all = self.tests.iter().all(|test| match test {
            Test::Include => {
                templates = true;
                true
            }
            Test::Restrict => {
                templates = true;
                category.template
            }
            Test::Setting(name, value) => category.vars.iter().any(|var| {
                name.is_match(&String::from_utf8_lossy(config.key(var)))
                    && value.is_match(&String::from_utf8_lossy(config.value(var)))
            }),
            Test::Never => false,
        });
        all && (templates || !category.template)
    }
}

/// `ast_strsep` with `AST_STRSEP_STRIP`: the part up to a separator outside quotes, then without
/// blanks and without quotes around it. An empty rest is one last empty part.
fn strsep<'a>(rest: &mut Option<&'a [u8]>, separator: u8) -> Option<&'a [u8]> {
    let text = rest.take()?;
    let mut quotes: Vec<u8> = Vec::new();
    let mut at = 0;
    let mut part = text;
    while at < text.len() {
        if text[at] == b'\\' {
            at += 2;
        }
        let Some(byte) = text.get(at).copied() else {
            break;
        };
        if matches!(byte, b'\'' | b'"') {
            if quotes.last() == Some(&byte) {
                quotes.pop();
            } else if quotes.len() == 7 {
                return None;
            } else {
                quotes.push(byte);
            }
        }
        if byte == separator && quotes.is_empty() {
            part = &text[..at];
            *rest = Some(&text[at + 1..]);
            break;
        }
        at += 1;
    }
    let part = part.strip();
    Some(match part {
        [b'\'' | b'"'] => b"",
        [first @ (b'\'' | b'"'), inner @ .., last] if first == last => inner,
        _ => part,
    })
}

/// Compiles an extended regular expression of POSIX as glibc does. It never has a group: a header's
/// parentheses end at the first `)`. Bytes over 127 depend on the engine's locale (22 takes them as
/// UTF-8, 16 one by one); here they are UTF-8.
fn extended(pattern: &[u8]) -> Option<Regex> {
    let pattern = String::from_utf8_lossy(pattern);
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut at_start = true;
    while let Some(c) = chars.next() {
        match c {
            '*' | '+' | '?' if at_start => return None, // nothing to repeat
            '\\' => match chars.next()? {
                c @ ('w' | 'W' | 's' | 'S' | 'b' | 'B') => out.extend(['\\', c]),
                '<' | '>' => out.push_str("\\b"),
                c if c.is_ascii_digit() => return None,
                c => literal(c, &mut out),
            },
            '[' => bracket(&mut chars, &mut out)?,
            c => out.push(c),
        }
        at_start = matches!(c, '|' | '(');
    }
    Regex::new(&out).ok()
}

/// A bracket expression: a backslash is nothing special in it, and a leading `]` is itself.
fn bracket(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    if let Some(c) = chars.next_if_eq(&']') {
        literal(c, out);
    }
    loop {
        match chars.next()? {
            ']' => break,
            '[' if chars.next_if_eq(&':').is_some() => {
                out.push_str("[:");
                out.extend(chars.by_ref().take_while(|c| *c != ']'));
                out.push(']');
            }
            c => {
                literal(c, out);
                let mut ahead = chars.clone();
                if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
                    chars.next();
                    out.push('-');
                    literal(chars.next()?, out);
                }
            }
        }
    }
    out.push(']');
    Some(())
}

fn literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(c);
}
