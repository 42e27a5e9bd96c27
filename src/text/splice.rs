//! Byte splices: the only way a configuration file is ever changed.

use std::ops::Range;

/// Replaces the bytes of `span` by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The bytes that go, as offsets into the original; empty for an insertion.
    pub span: Range<usize>,
    /// The bytes that come.
    pub text: Vec<u8>,
}

impl Splice {
    /// Inserts before the byte at `at`.
    pub fn insert(at: usize, text: impl Into<Vec<u8>>) -> Self {
        Self { span: at..at, text: text.into() }
    }

    /// Takes bytes out.
    pub fn remove(span: Range<usize>) -> Self {
        Self { span, text: Vec::new() }
    }

    /// Puts other bytes in the place of `span`.
    pub fn replace(span: Range<usize>, text: impl Into<Vec<u8>>) -> Self {
        Self { span, text: text.into() }
    }
}

/// Applies splices to `original`.
///
/// The order given does not matter but for insertions at one place, which keep it. Splices that
/// overlap are a programming error and panic.
pub fn apply(original: &[u8], mut splices: Vec<Splice>) -> Vec<u8> {
    splices.sort_by_key(|s| (s.span.start, s.span.end));
    let grown: usize = splices.iter().map(|s| s.text.len()).sum();
    let mut out = Vec::with_capacity(original.len() + grown);
    let mut at = 0;
    for splice in splices {
        assert!(splice.span.start >= at, "overlapping splices at {}", splice.span.start);
        out.extend_from_slice(&original[at..splice.span.start]);
        out.extend_from_slice(&splice.text);
        at = splice.span.end;
    }
    out.extend_from_slice(&original[at..]);
    out
}

/// Joins removals that touch, so that none overlaps.
pub fn merged(mut splices: Vec<Splice>) -> Vec<Splice> {
    splices.sort_by_key(|s| (s.span.start, s.span.end));
    let mut out: Vec<Splice> = Vec::with_capacity(splices.len());
    for splice in splices {
        match out.last_mut() {
            Some(last) if last.text.is_empty() && splice.text.is_empty() && splice.span.start <= last.span.end => {
                last.span.end = last.span.end.max(splice.span.end);
            }
            _ => out.push(splice),
        }
    }
    out
}

/// The parts of two texts that a diff of their changed lines shows: what differs, with some
/// thousand bytes around it for its context lines.
pub fn windows(old: &[u8], new: &[u8]) -> (Range<usize>, Range<usize>) {
    const AROUND: usize = 32 * 1024;
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let window = |len: usize| head.saturating_sub(AROUND)..(len - tail + AROUND).min(len);
    (window(old.len()), window(new.len()))
}
