//! Lossless documents: the original bytes plus spans, changed by splices. Knows no telephony.

pub mod asterisk_conf;
pub mod merge;
pub mod splice;
pub mod xml;

/// Where a text stands, at or behind `from`.
pub fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let starts = memchr::memchr_iter(*wanted.first()?, rest);
    starts.into_iter().find(|at| rest[*at..].starts_with(wanted)).map(|at| from + at)
}
