//! Bytes as words of a shell script. This is the only place where one is made of the other.

use super::super::glob::is_pattern;

/// One word that is exactly these bytes, for every shell of the POSIX family.
pub(super) fn word(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    out.push(b'\'');
    for byte in bytes.iter().filter(|byte| **byte != 0) {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            byte => out.push(*byte),
        }
    }
    out.push(b'\'');
    out
}

/// A word that the shell expands to at least the paths a pattern matches. What it finds is matched
/// once more here, so each wildcard may be the widest one.
pub(super) fn pattern(pattern: &str) -> Vec<u8> {
    let parts = pattern.split('/').map(|part| if is_pattern(part) { wide(part) } else { word(part.as_bytes()) });
    parts.collect::<Vec<_>>().join(&b'/')
}

fn wide(part: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut chars = part.char_indices();
    let literal = |out: &mut Vec<u8>, c: char| out.extend(word(c.encode_utf8(&mut [0; 4]).as_bytes()));
    while let Some((at, c)) = chars.next() {
        match c {
            '*' | '?' => out.push(b'*'),
            '[' => match closed(&part[at..]) {
                Some(length) => {
                    out.push(b'*');
                    while chars.as_str().len() > part.len() - at - length {
                        chars.next();
                    }
                }
                None => literal(&mut out, c),
            },
            '\\' => match chars.next() {
                Some((_, next)) => literal(&mut out, next),
                None => literal(&mut out, c),
            },
            c => literal(&mut out, c),
        }
    }
    out
}

/// How long the bracket expression is that a text starts with, if it is one.
fn closed(text: &str) -> Option<usize> {
    let inside = text[1..].trim_start_matches(['!', '^']);
    let skipped = text.len() - inside.len();
    // A `]` that comes first is one of its characters.
    let first = inside.chars().next()?.len_utf8();
    Some(skipped + first + inside[first..].find(']')? + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_bare_and_all_else_is_quoted() {
        let at = |text: &str| String::from_utf8(pattern(text)).unwrap();
        assert_eq!(at("/etc/a b/*.conf"), "''/'etc'/'a b'/*'.''c''o''n''f'");
        assert_eq!(at("/x/[a-c]?'"), "''/'x'/**''\\'''");
        assert_eq!(at("/x/[]a]\\*"), "''/'x'/*'*'");
        assert_eq!(at("/x/*[a"), "''/'x'/*'[''a'");
    }
}
