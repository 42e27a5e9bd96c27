//! Masked unified diffs: the only way bytes of a PBX's file reach a person.
//!
//! Lines are compared as they are and shown masked, so a new password still shows as a changed
//! line, and neither side shows the password.

use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, DiffTag};

use crate::engine::FileChange;
use crate::text::splice;

/// What stands for a secret.
pub const MASK: &str = "********";
/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;
/// Comparing very different texts stops looking for the smallest diff after this.
const PATIENCE: Duration = Duration::from_millis(500);

/// How one file changes.
pub struct FileDiff {
    /// The file.
    pub path: PathBuf,
    /// Lines that come.
    pub added: usize,
    /// Lines that go.
    pub removed: usize,
    /// The masked unified diff, with its two header lines; empty when nothing changes.
    pub text: String,
}

/// A file's bytes in lines, with the secrets in them.
struct Side<'a> {
    bytes: &'a [u8],
    secrets: &'a [Range<usize>],
    /// Where the part that is compared starts and ends.
    part: Range<usize>,
}

impl<'a> Side<'a> {
    fn lines(&self) -> Vec<&'a [u8]> {
        self.bytes[self.part.clone()].split_inclusive(|byte| *byte == b'\n').collect()
    }

    /// Adds the line that starts at `offset`, masked, without its line end.
    fn masked(&self, offset: usize, line: &[u8], out: &mut String) {
        let end = offset + line.len();
        let start = out.len();
        let mut at = offset;
        let first = self.secrets.partition_point(|secret| secret.end <= offset);
        for secret in self.secrets[first..].iter().take_while(|secret| secret.start < end) {
            if secret.start > at {
                push(out, &self.bytes[at..secret.start]);
            }
            if !secret.is_empty() {
                out.push_str(MASK);
            }
            at = secret.end.min(end).max(at);
        }
        push(out, &self.bytes[at..end]);
        out.truncate(start + out[start..].trim_end_matches(['\r', '\n']).len());
        // Nearly every line is plain, which bytes tell faster than characters.
        let plain = out.as_bytes()[start..].iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
        if !plain && out[start..].contains(steers) {
            let shown = printable(&out[start..]);
            out.replace_range(start.., &shown);
        }
    }
}

/// Adds bytes that are mostly UTF-8.
fn push(out: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => out.push_str(text),
        Err(_) => out.push_str(&String::from_utf8_lossy(bytes)),
    }
}

/// Control characters, and those that turn the direction of what follows (UAX #9).
fn steers(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text without what steers, so that a file cannot steer the terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

impl FileDiff {
    /// Compares the two sides of a change.
    pub fn new(change: &FileChange) -> Self {
        let before = change.before.as_ref().map_or(&[][..], |(bytes, _)| bytes);
        let after = change.after.as_deref().unwrap_or_default();
        let (prefix, suffix) = common(before, after);
        let old = Side { bytes: before, secrets: &change.secrets_before, part: prefix..before.len() - suffix };
        let new = Side { bytes: after, secrets: &change.secrets_after, part: prefix..after.len() - suffix };
        let skipped = before[..prefix].iter().filter(|byte| **byte == b'\n').count();
        let (olds, news) = (old.lines(), new.lines());
        let deadline = Instant::now() + PATIENCE;
        let ops = similar::capture_diff_slices_deadline(Algorithm::Myers, &olds, &news, Some(deadline));
        let (mut added, mut removed) = (0, 0);
        for op in ops.iter().filter(|op| op.tag() != DiffTag::Equal) {
            added += op.new_range().len();
            removed += op.old_range().len();
        }
        let mut text = String::new();
        if added + removed > 0 {
            let name = printable(&change.path.display().to_string());
            let (from, to) = match (&change.before, &change.after) {
                (None, _) => ("/dev/null".to_owned(), name),
                (_, None) => (name, "/dev/null".to_owned()),
                _ => (name.clone(), name),
            };
            text = format!("--- {from}\n+++ {to}\n");
            let offsets = |lines: &[&[u8]]| {
                let start = |at: &mut usize, line: &&[u8]| {
                    *at += line.len();
                    Some(*at - line.len())
                };
                lines.iter().scan(prefix, start).collect::<Vec<_>>()
            };
            let sides = [(&old, &olds, offsets(&olds)), (&new, &news, offsets(&news))];
            for group in similar::group_diff_ops(ops, CONTEXT) {
                hunk(&mut text, &group, &sides, skipped);
            }
        }
        Self { path: change.path.clone(), added, removed, text }
    }
}

/// One side: its bytes, its lines and where each starts.
type Lined<'s, 'b> = (&'s Side<'b>, &'s Vec<&'b [u8]>, Vec<usize>);

fn hunk(out: &mut String, group: &[DiffOp], sides: &[Lined; 2], skipped: usize) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let span = |range: Range<usize>| {
        let start = range.start + skipped + usize::from(!range.is_empty());
        match range.len() {
            1 => format!("{start}"),
            count => format!("{start},{count}"),
        }
    };
    let old = first.old_range().start..last.old_range().end;
    let new = first.new_range().start..last.new_range().end;
    out.push_str(&format!("@@ -{} +{} @@\n", span(old), span(new)));
    let mut put = |sign: char, side: usize, range: Range<usize>| {
        let (side, lines, offsets) = &sides[side];
        for at in range {
            out.push(sign);
            side.masked(offsets[at], lines[at], out);
            out.push('\n');
            if !lines[at].ends_with(b"\n") {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    };
    for op in group {
        match op.tag() {
            DiffTag::Equal => put(' ', 0, op.old_range()),
            _ => {
                put('-', 0, op.old_range());
                put('+', 1, op.new_range());
            }
        }
    }
}

/// How many bytes both start and end with, in whole lines, leaving the context lines in.
fn common(a: &[u8], b: &[u8]) -> (usize, usize) {
    let (prefix, suffix) = splice::common(a, b);
    let mut prefix = a[..prefix].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut suffix = match a[a.len() - suffix..].iter().position(|byte| *byte == b'\n') {
        Some(at) => suffix - at - 1,
        None => 0,
    };
    for _ in 0..CONTEXT {
        prefix = a[..prefix.saturating_sub(1)].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let tail = &a[a.len() - suffix..];
        suffix -= tail.iter().position(|byte| *byte == b'\n').map_or(suffix, |at| at + 1);
    }
    (prefix, suffix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn diff(before: &[u8], after: &[u8], secrets: [&[u8]; 2]) -> FileDiff {
        let spans = |text: &[u8], secret: &[u8]| -> Vec<Range<usize>> {
            (0..text.len())
                .filter(|at| !secret.is_empty() && text[*at..].starts_with(secret))
                .map(|at| at..at + secret.len())
                .collect()
        };
        let meta = crate::host::Meta {
            real: "/p".into(),
            id: (0, 0),
            uid: 0,
            gid: 0,
            mode: 0,
            links: 1,
            size: 0,
            mtime: (0, 0),
            folder: false,
            mounted: false,
        };
        FileDiff::new(&FileChange {
            path: "/p".into(),
            before: Some((Arc::from(before), meta)),
            after: Some(Arc::from(after)),
            secrets_before: spans(before, secrets[0]),
            secrets_after: spans(after, secrets[1]),
            like: None,
            owner: None,
        })
    }

    #[test]
    fn a_new_password_is_a_changed_line_that_shows_neither() {
        let diff = diff(b"a\npassword=old1 ; old1\nb\n", b"a\npassword=new22 ; x\nb\n", [b"old1", b"new22"]);
        assert_eq!(
            diff.text,
            "--- /p\n+++ /p\n@@ -1,3 +1,3 @@\n a\n-password=******** ; ********\n+password=******** ; x\n b\n"
        );
        assert_eq!((diff.added, diff.removed), (1, 1));
    }

    #[test]
    fn only_what_is_around_the_change_is_shown() {
        let before: String = (1..=100).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 50\n", "line 50\nnew\n");
        let diff = diff(before.as_bytes(), after.as_bytes(), [b"", b""]);
        assert_eq!(
            diff.text,
            "--- /p\n+++ /p\n@@ -48,6 +48,7 @@\n line 48\n line 49\n line 50\n+new\n line 51\n line 52\n line 53\n"
        );
    }

    #[test]
    fn a_missing_last_newline_odd_bytes_and_escapes_are_said() {
        let diff = diff(b"x\xe9\x1b[31m", b"x\xe9\x1b[31m\ny\n", [b"", b""]);
        assert_eq!(
            diff.text,
            "--- /p\n+++ /p\n@@ -1 +1,2 @@\n-x\u{fffd}\u{fffd}[31m\n\\ No newline at end of file\n+x\u{fffd}\u{fffd}[31m\n+y\n"
        );
    }

    #[test]
    fn a_secret_over_several_lines_is_masked_on_each() {
        let diff = diff(b"", b"p=ab\ncd;\n", [b"", b"ab\ncd"]);
        assert_eq!(diff.text, "--- /p\n+++ /p\n@@ -0,0 +1,2 @@\n+p=********\n+********;\n");
    }
}
