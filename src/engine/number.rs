//! Numbers in texts: where one stands for itself, and another in its place.

/// The next place at or behind `from` where a number stands for itself: digits not beside other
/// digits, anything else not beside letters or digits.
pub fn find(text: &[u8], number: &[u8], from: usize) -> Option<usize> {
    if number.is_empty() {
        return None;
    }
    let digits = number.iter().all(u8::is_ascii_digit);
    let joins = |byte: Option<&u8>| {
        byte.is_some_and(|b| if digits { b.is_ascii_digit() } else { b.is_ascii_alphanumeric() || *b >= 0x80 })
    };
    let mut at = from;
    while let Some(start) = crate::text::find(text, number, at) {
        let end = start + number.len();
        if !joins(start.checked_sub(1).and_then(|i| text.get(i))) && !joins(text.get(end)) {
            return Some(start);
        }
        at = start + 1;
    }
    None
}

/// Replaces a number by another wherever it stands for itself.
pub fn replace(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + new.len());
    let mut at = 0;
    while let Some(start) = find(text, old, at) {
        out.extend_from_slice(&text[at..start]);
        out.extend_from_slice(new);
        at = start + old.len();
    }
    out.extend_from_slice(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_where_it_stands_for_itself() {
        assert_eq!(find(b"PJSIP/1001&PJSIP/1002", b"1002", 0), Some(17));
        assert_eq!(find(b"auth1002", b"1002", 0), Some(4));
        assert_eq!(find(b"11002, 10021", b"1002", 0), None);
        assert_eq!(find(b"bobby bob", b"bob", 0), Some(6));
    }

    #[test]
    fn it_is_replaced_everywhere() {
        assert_eq!(replace(b"1001-auth, 11001, x1001", b"1001", b"1002"), b"1002-auth, 11001, x1002");
    }
}
