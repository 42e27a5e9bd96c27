//! The patterns of ssh: `*` and `?`, lists of them, and `!` for those that are not meant.

/// Whether a pattern matches the whole text, without regard to the case of ASCII letters.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last `*` does not fit: one character further.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || c.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((at, from)) => {
                    *from += 1;
                    (p, t) = (*at + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// Whether one of the patterns matches and none of those after a `!` does.
pub fn any<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern, text) => return false,
            Some(_) => {}
            None => found |= matches(pattern, text),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_marks_and_negation() {
        assert!(matches("*.lab", "PBX.lab"));
        assert!(matches("pbx?", "pbx1") && !matches("pbx?", "pbx"));
        assert!(matches("*a*b*", "xxaxxbxx") && !matches("*a*b", "xxaxxbxx"));
        assert!(matches("[10.0.0.*]:22", "[10.0.0.7]:22"));
        assert!(any(["*.lab", "!old.lab"], "new.lab") && !any(["*.lab", "!old.lab"], "old.lab"));
        assert!(!any(["!old.lab"], "new.lab"));
    }

    #[test]
    fn many_stars_do_not_take_forever() {
        assert!(!matches(&"*a".repeat(30), &"a".repeat(29)));
        assert!(!matches(&format!("{}b", "*a".repeat(40)), &"a".repeat(2000)));
    }
}
