//! Where secrets stand in configuration text, comments included: nothing leaves through a diff or
//! an error without passing here.

use std::ops::Range;

use crate::text::asterisk_conf::{Content, Document};

/// What is shown instead of a secret.
pub use crate::secret::MASK;

const OPTIONS: [&str; 9] = [
    "password",
    "md5_cred",
    "password_digest",
    "secret",
    "oauth_clientid",
    "oauth_secret",
    "refresh_token",
    "remotesecret",
    "md5secret",
];

/// Words after which the rest of a comment is taken for a secret.
const WORDS: [&str; 5] = ["password", "passwd", "secret", "md5_cred", "md5cred"];

/// Whether an option of this name (without a wizard's prefix) holds a secret.
pub fn is_secret(name: &[u8]) -> bool {
    let name = name.rsplit(|b| *b == b'/').next().unwrap_or(name);
    OPTIONS.iter().any(|option| name.eq_ignore_ascii_case(option.as_bytes()))
}

/// The secrets on the lines of a document that touch `window`, as sorted byte ranges.
pub fn secrets(doc: &Document, window: Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let first = doc.line_of(window.start);
    for (index, line) in doc.lines().iter().enumerate().skip(first) {
        let span = doc.span(index);
        if span.start > window.end {
            break;
        }
        let text = &doc.bytes()[span.clone()];
        let end = span.start + text.trim_ascii_end().len();
        let start = match &line.content {
            Content::Key(key) if is_secret(doc.text(&key.name)) => Some(doc.raw(&key.value).start),
            Content::Blank => None,
            _ => word_in_comment(text).map(|at| span.start + at),
        };
        // Whatever follows on the line of a secret may be its predecessor ("; was ...").
        if let Some(start) = start.filter(|start| *start < end) {
            out.push(start..end);
        }
    }
    out
}

/// The offset just behind a word that announces a secret, in the comment of a line or, where the
/// line has no meaning to the engine, anywhere on it.
fn word_in_comment(line: &[u8]) -> Option<usize> {
    let here = |at: usize| {
        let fits = |word: &&&str| line[at..].get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word.as_bytes()));
        // No other letter starts one of them.
        let starts = matches!(line[at], b'p' | b'P' | b's' | b'S' | b'm' | b'M');
        WORDS.iter().filter(|_| starts).find(fits).map(|word| at + word.len())
    };
    let at = (0..line.len()).find_map(here)?;
    let rest = &line[at..];
    let skip = rest.iter().take_while(|b| b" \t=>:+".contains(b)).count();
    Some(at + skip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::asterisk_conf::Carry;

    #[test]
    fn a_word_in_a_comment_announces_a_secret_in_any_case() {
        for (text, secret) in [
            ("; old Password: x y\n", Some("x y")),
            ("; passwd=x ; md5_cred=y\n", Some("x ; md5_cred=y")),
            ("[a] ; MD5Cred => x\n", Some("x")),
            ("no equals, the secret x\n", Some("x")),
            ("; passphrase: x\n", None),
            ("; its password\n", None),
            ("; p", None),
        ] {
            let (doc, _) = Document::parse(text.as_bytes().into(), Carry::default());
            let found = secrets(&doc, 0..text.len());
            let found: Vec<&str> = found.into_iter().map(|span| &text[span]).collect();
            assert_eq!(found, secret.into_iter().collect::<Vec<_>>(), "{text}");
        }
    }
}
