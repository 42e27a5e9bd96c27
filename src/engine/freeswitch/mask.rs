//! Where secrets stand in directory files, comments included: nothing leaves through a diff, a list
//! or an error without passing here.

use std::ops::Range;

/// What is shown instead of a secret.
pub use crate::secret::MASK;

/// Words that make a name the name of a secret.
const WORDS: [&str; 6] = ["password", "passwd", "secret", "a1-hash", "-pass", "a1_hash"];

/// Whether a param, variable or attribute of this name holds a secret.
pub fn is_secret(name: &[u8]) -> bool {
    !name.eq_ignore_ascii_case(b"allow-empty-password") && behind_word(name).is_some_and(|end| end == name.len())
}

/// The offset behind the last word that announces a secret.
fn behind_word(text: &[u8]) -> Option<usize> {
    // Every one of them has an s.
    let at = memchr::memchr2_iter(b's', b'S', text);
    let ends = at.flat_map(|at| {
        WORDS.iter().filter_map(move |word| {
            let start = at.checked_sub(word.find('s')?)?;
            let end = start + word.len();
            text.get(start..end)?.eq_ignore_ascii_case(word.as_bytes()).then_some(end)
        })
    });
    ends.max()
}

/// The secrets in the lines of a file that touch `window`, as sorted byte ranges.
pub fn secrets(bytes: &[u8], window: Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let start = bytes[..window.start].iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |at| at + 1);
    let mut at = start;
    while at < window.end {
        let tag = bytes[at] == b'<' && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic);
        at = match tag {
            true => in_tag(bytes, at + 1, &mut out),
            false => in_text(bytes, at, &mut out),
        };
    }
    out
}

/// Secrets among the attributes of a tag, and the text directly behind a tag that names one.
fn in_tag(bytes: &[u8], from: usize, out: &mut Vec<Range<usize>>) -> usize {
    let mut attributes: Vec<(&[u8], Range<usize>)> = Vec::new();
    let mut at = from;
    let mut name = at..at;
    while at < bytes.len() && bytes[at] != b'>' {
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                let end = bytes[at + 1..].iter().position(|b| *b == quote).map_or(bytes.len(), |end| at + 1 + end);
                attributes.push((&bytes[name.clone()], at + 1..end));
                at = end;
            }
            b'=' | b' ' | b'\t' | b'\r' | b'\n' | b'/' => {}
            _ => {
                let end =
                    bytes[at..].iter().position(|b| b" \t\r\n=/>\"'".contains(b)).map_or(bytes.len(), |end| at + end);
                name = at..end;
                at = end - 1;
            }
        }
        at += 1;
    }
    let end = (at + 1).min(bytes.len());
    let named =
        attributes.iter().any(|(name, value)| name.eq_ignore_ascii_case(b"name") && is_secret(&bytes[value.clone()]));
    for (name, value) in attributes {
        if (named && name.eq_ignore_ascii_case(b"value")) || is_secret(name) {
            out.push(value);
        } else if let Some(equals) = bytes[value.clone()].iter().position(|b| *b == b'=')
            && is_secret(bytes[value.start..value.start + equals].trim_ascii())
        {
            out.push(value.start + equals + 1..value.end);
        }
    }
    if named { behind_secret(bytes, end, out) } else { end }
}

/// What follows a secret on its line may be its predecessor: as text, or in a comment.
fn behind_secret(bytes: &[u8], from: usize, out: &mut Vec<Range<usize>>) -> usize {
    let rest = &bytes[from..];
    let line = &rest[..rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len())];
    let start = line.len() - line.trim_ascii_start().len();
    let (start, stop) = match line[start..].strip_prefix(b"<!--") {
        Some(_) => (start + 4, b"-->".as_slice()),
        None => (start, b"<".as_slice()),
    };
    let end = super::line::find(line, stop, start).unwrap_or(line.len());
    let end = super::line::find(&line[..end], b"-->", start).unwrap_or(end);
    if !line[start..end].trim_ascii().is_empty() {
        out.push(from + start..from + end);
    }
    from + end
}

/// Secrets in what is no tag: the rest of a line behind a word that announces one.
fn in_text(bytes: &[u8], from: usize, out: &mut Vec<Range<usize>>) -> usize {
    let rest = &bytes[from + 1..];
    let end = from + 1 + rest.iter().position(|b| matches!(b, b'<' | b'\n' | b'\r')).unwrap_or(rest.len());
    let end = super::line::find(&bytes[..end], b"-->", from + 1).unwrap_or(end);
    if let Some(word) = behind_word(&bytes[from..end]) {
        let start = from + word;
        let skip = bytes[start..end].iter().take_while(|b| b" \t=>:+\"'".contains(b)).count();
        if start + skip < end {
            out.push(start + skip..end);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        for span in secrets(text.as_bytes(), 0..text.len()) {
            out.push_str(&text[at..span.start]);
            out.push('*');
            at = span.end;
        }
        out + &text[at..]
    }

    #[test]
    fn secrets_are_found_wherever_they_stand() {
        for (text, shown) in [
            ("<param name=\"password\" value=\"x\"/> <b c='d'/>", "<param name=\"password\" value=\"*\"/> <b c='d'/>"),
            ("<param value='x' name='vm-Password'/>", "<param value='*' name='vm-Password'/>"),
            ("<param\n name =\n 'a1-hash'\n value\n= 'x'/>", "<param\n name =\n 'a1-hash'\n value\n= '*'/>"),
            ("<!-- <param name=\"password\" value=\"old\"/> -->", "<!-- <param name=\"password\" value=\"*\"/> -->"),
            ("<!-- the password was: x y -->", "<!-- the password *-->"),
            ("<param name='password' value='x'/> <!-- was y -->\n", "<param name='password' value='*'/> <!--*-->\n"),
            (
                "<X-PRE-PROCESS cmd=\"set\" data=\"default_password=1234\"/>",
                "<X-PRE-PROCESS cmd=\"set\" data=\"default_password=*\"/>",
            ),
            ("<param name=\"password\">x</param>", "<param name=\"password\">*</param>"),
            ("<param name=\"password\" value=\"x/>\n<param name=\"q\"/>", "<param name=\"password\" value=\"*\"q\"/>"),
            (
                "<param name=\"allow-empty-password\" value=\"false\"/>",
                "<param name=\"allow-empty-password\" value=\"false\"/>",
            ),
            ("<param name=\"user\" value=\"x\"/>", "<param name=\"user\" value=\"x\"/>"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }
}
