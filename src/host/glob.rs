//! The patterns of glob(3), matched alike wherever the names come from.

/// Whether a part of a pattern is more than a name.
pub(super) fn is_pattern(part: &str) -> bool {
    part.contains(['*', '?', '[', '\\'])
}

/// Matches one name against one part of a pattern; a leading dot must be written.
pub(super) struct Matcher(glob::Pattern);

impl Matcher {
    /// None where the part is no valid pattern: then it is a name.
    pub(super) fn new(part: &str) -> Option<Self> {
        if !is_pattern(part) {
            return None;
        }
        glob::Pattern::new(&dialect(part)).ok().map(Self)
    }

    /// Whether a name matches.
    pub(super) fn matches(&self, name: &str) -> bool {
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
        self.0.matches_with(name, options)
    }
}

/// `a{b,c{d,e}}` as `ab`, `acd`, `ace`; braces that do not close are letters.
pub(super) fn braces(pattern: &str) -> Vec<String> {
    let Some(open) = pattern.find('{') else { return vec![pattern.to_owned()] };
    let (mut depth, mut from, mut parts) = (0, open + 1, Vec::new());
    for (at, byte) in pattern.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b',' if depth == 1 => {
                parts.push(&pattern[from..at]);
                from = at + 1;
            }
            b'}' if depth == 1 => {
                parts.push(&pattern[from..at]);
                let (head, tail) = (&pattern[..open], &pattern[at + 1..]);
                return parts.into_iter().flat_map(|part| braces(&format!("{head}{part}{tail}"))).collect();
            }
            b'}' => depth -= 1,
            _ => {}
        }
    }
    vec![pattern.to_owned()]
}

/// glob(3) in the words of the `glob` crate, which gives `**` and `[^` a meaning of its own and
/// knows no backslash.
fn dialect(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' if out.ends_with('*') => {}
            '^' if out.ends_with('[') => out.push('!'),
            '\\' => match chars.next() {
                Some(next) => out.push_str(&glob::Pattern::escape(next.encode_utf8(&mut [0; 4]))),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_nest_and_may_stay_open() {
        assert_eq!(braces("a{b,c{d,e}}f{1,2}"), ["abf1", "abf2", "acdf1", "acdf2", "acef1", "acef2"]);
        assert_eq!(braces("a{b,c"), ["a{b,c"]);
    }
}
