//! Takes one change out of a text that others have changed since, line by line.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffTag};

/// Comparing very different texts stops looking for the smallest difference after this.
const PATIENCE: Duration = Duration::from_secs(2);

/// A run of lines of the base, and what stands there instead.
#[derive(Clone, PartialEq, Eq)]
struct Hunk<'a> {
    /// Lines of the base; empty for an insertion.
    base: Range<usize>,
    lines: Vec<&'a [u8]>,
}

/// What `ours` and `theirs` both make of `base`: each line that only one of them changed is as that
/// one has it. None where both changed the same lines, or put something at the same place, unless
/// they did the same.
pub fn merge(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    if ours == base || ours == theirs {
        return Some(theirs.to_vec());
    }
    if theirs == base {
        return Some(ours.to_vec());
    }
    let lines = lines(base);
    let (ours, theirs) = (hunks(&lines, ours), hunks(&lines, theirs));
    let mut all: Vec<Hunk> = Vec::with_capacity(ours.len() + theirs.len());
    for hunk in &ours {
        if theirs.iter().any(|other| hunk != other && touch(&hunk.base, &other.base)) {
            return None;
        }
        all.push(hunk.clone());
    }
    all.extend(theirs.into_iter().filter(|hunk| !ours.contains(hunk)));
    all.sort_by_key(|hunk| (hunk.base.start, hunk.base.end));
    let mut out = Vec::new();
    let mut at = 0;
    for hunk in all {
        out.extend_from_slice(&lines[at..hunk.base.start].concat());
        out.extend_from_slice(&hunk.lines.concat());
        at = hunk.base.end;
    }
    out.extend_from_slice(&lines[at..].concat());
    Some(out)
}

/// Whether two changes are about the same lines. What only borders on the other does not, but two
/// insertions at one place have no order.
fn touch(a: &Range<usize>, b: &Range<usize>) -> bool {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => a.start == b.start,
        (true, false) => b.start < a.start && a.start < b.end,
        (false, true) => a.start < b.start && b.start < a.end,
        (false, false) => a.start < b.end && b.start < a.end,
    }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

fn hunks<'a>(base: &[&'a [u8]], text: &'a [u8]) -> Vec<Hunk<'a>> {
    let new = lines(text);
    let deadline = Instant::now() + PATIENCE;
    let ops = similar::capture_diff_slices_deadline(Algorithm::Myers, base, &new, Some(deadline));
    let mut out: Vec<Hunk> = Vec::new();
    for op in ops.iter().filter(|op| op.tag() != DiffTag::Equal) {
        let (base, lines) = (op.old_range(), new[op.new_range()].to_vec());
        match out.last_mut() {
            // A deletion and an insertion at one place are one change.
            Some(last) if last.base.end == base.start => {
                last.base.end = base.end;
                last.lines.extend(lines);
            }
            _ => out.push(Hunk { base, lines }),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str) -> Option<String> {
        merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()).map(|out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_others_changed_elsewhere_stays() {
        let added = "a\nb\n[1002]\nx\n";
        assert_eq!(merged(added, "a\nb\n[1002]\nx\n[1003]\ny\n", "a\nb\n").unwrap(), "a\nb\n[1003]\ny\n");
        assert_eq!(merged(added, "A\nb\n[1002]\nx\n", "a\nb\n").unwrap(), "A\nb\n");
        assert_eq!(merged("a\nold\n", "a\nold\nlast", "a\nnew\n").unwrap(), "a\nnew\nlast");
        assert_eq!(merged(added, "a\nb\n", "a\nb\n").unwrap(), "a\nb\n", "somebody took it back himself");
    }

    #[test]
    fn the_same_lines_changed_otherwise_are_refused() {
        assert_eq!(merged("a\nb\nc\n", "a\nB\nc\n", "a\nbb\nc\n"), None);
        assert_eq!(merged("a\nb\nc\n", "a\nB\nc\n", "a\nc\n"), None, "an edit inside what would go");
        assert_eq!(merged("a\nb\nc\n", "a\nb\nnew\nc\n", "a\nd\n"), None, "an insertion inside what would go");
        assert_eq!(merged("a\nb\n", "a\nx\nb\n", "a\ny\nb\n"), None, "two insertions at one place");
    }

    proptest! {
        #[test]
        fn changes_far_apart_never_meet(head in "([ab]\n){0,6}", tail in "([ab]\n){0,6}", new in "([xy]\n){0,4}", other in "([xy]\n){1,4}") {
            let parting = "=1\n=2\n=3\n";
            let base = format!("{head}old\n{parting}{tail}");
            let ours = format!("{head}old\n{parting}{tail}{other}");
            let theirs = format!("{head}{new}{parting}{tail}");
            prop_assert_eq!(merged(&base, &ours, &theirs).unwrap(), format!("{head}{new}{parting}{tail}{other}"));
            prop_assert_eq!(merged(&base, &theirs, &ours).unwrap(), format!("{head}{new}{parting}{tail}{other}"));
        }
    }
}
