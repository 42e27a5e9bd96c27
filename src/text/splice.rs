//! Byte splices: the only way a configuration file is ever changed.

use std::ops::Range;
use std::sync::Arc;

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
    pieces(original, &mut splices).concat()
}

/// Whether two of them touch the same bytes, so that [`apply`] could not say what comes of it.
pub fn overlap(splices: &[Splice]) -> bool {
    let mut spans: Vec<_> = splices.iter().map(|splice| (splice.span.start, splice.span.end)).collect();
    spans.sort_unstable();
    spans.windows(2).any(|pair| pair[1].0 < pair[0].1)
}

/// What [`apply`] makes, in pieces of the original and of the splices.
pub fn pieces<'a>(original: &'a [u8], splices: &'a mut [Splice]) -> Vec<&'a [u8]> {
    splices.sort_by_key(|s| (s.span.start, s.span.end));
    let mut out = Vec::with_capacity(2 * splices.len() + 1);
    let mut at = 0;
    for splice in splices.iter() {
        assert!(splice.span.start >= at, "overlapping splices at {}", splice.span.start);
        out.extend([&original[at..splice.span.start], &splice.text]);
        at = splice.span.end;
    }
    out.push(&original[at..]);
    out
}

/// Joins pieces where they will stay: a file can be large, and a second copy of it, too.
pub fn join(pieces: &[&[u8]]) -> Arc<[u8]> {
    let mut out: Arc<[u8]> = std::iter::repeat_n(0, pieces.iter().map(|piece| piece.len()).sum()).collect();
    let mut room = Arc::get_mut(&mut out).expect("nobody else has it yet");
    for piece in pieces {
        let (here, behind) = room.split_at_mut(piece.len());
        here.copy_from_slice(piece);
        room = behind;
    }
    out
}

/// How many bytes two texts both start with, and how many of the others they both end with.
pub fn common(a: &[u8], b: &[u8]) -> (usize, usize) {
    const STEP: usize = 64;
    // Whole steps first: equal ones are told at the speed of memory.
    let steps = a.chunks_exact(STEP).zip(b.chunks_exact(STEP)).take_while(|(x, y)| x == y).count();
    let head = steps * STEP;
    let head = head + a[head..].iter().zip(&b[head..]).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let steps = a.rchunks_exact(STEP).zip(b.rchunks_exact(STEP)).take_while(|(x, y)| x == y).count();
    let tail = steps * STEP;
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    let tail = tail + a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    (head, tail)
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
    let (head, tail) = common(old, new);
    let window = |len: usize| head.saturating_sub(AROUND)..(len - tail + AROUND).min(len);
    (window(old.len()), window(new.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_two_texts_share_is_all_they_share(text in "[ab]{0,300}", from in 0..300usize, len in 0..9usize, new in "[ab]{0,90}") {
            let (from, to) = (from.min(text.len()), (from + len).min(text.len()));
            let other = apply(text.as_bytes(), vec![Splice::replace(from..to, new)]);
            let (a, b) = (text.as_bytes(), &other[..]);
            let (head, tail) = common(a, b);
            prop_assert_eq!(&a[..head], &b[..head]);
            prop_assert_eq!(&a[a.len() - tail..], &b[b.len() - tail..]);
            let (a, b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
            prop_assert!(a.is_empty() || b.is_empty() || a[0] != b[0] && a[a.len() - 1] != b[b.len() - 1]);
        }
    }
}
