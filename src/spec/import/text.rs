//! Bytes of unknown origin as text, and what spreadsheets do to numbers.

use encoding_rs::{EUC_KR, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{At, Problem};

/// The text, and the encoding it was in. `named` is an encoding the person knows. Half a character is a
/// mistake: it could be part of a password.
pub fn decode(bytes: &[u8], named: Option<&'static Encoding>) -> Result<(String, &'static str), Problem> {
    let encoding = named.unwrap_or_else(|| guess(bytes));
    let (text, used, broken) = encoding.decode(bytes);
    // What the web calls EUC-KR is the larger CP949.
    let name = if used == EUC_KR { "CP949" } else { used.name() };
    if broken {
        let before = text.split('\u{fffd}').next().unwrap_or_default();
        let at = At { line: before.matches('\n').count() as u32 + 1, column: 1 };
        return Err(Problem::new(at, format!("this line holds bytes that are no {name}"))
            .hint("say how the file is written: --encoding NAME"));
    }
    Ok((text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned(), name))
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    // Without a mark: every second byte of ordinary text is nothing.
    let head = &bytes[..bytes.len().min(512)];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    if head.len() > 3 && zeros(1) * 5 > head.len() {
        return UTF_16LE;
    }
    if head.len() > 3 && zeros(0) * 5 > head.len() {
        return UTF_16BE;
    }
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    match EUC_KR.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(_) => EUC_KR,
        None => WINDOWS_1252,
    }
}

/// The line by which a spreadsheet is told what parts the cells.
pub const SAYS_DELIMITER: &str = "sep=";

/// What parts the cells: what the first line says, or has most of outside quotes.
pub fn delimiter(text: &str) -> u8 {
    if let Some(said) = text.strip_prefix(SAYS_DELIMITER).and_then(|rest| rest.bytes().next()) {
        return said;
    }
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    let best = counts.iter().rev().max_by_key(|(_, count)| *count);
    best.filter(|(_, count)| *count > 0).map_or(b',', |(delimiter, _)| *delimiter)
}

/// A cell without what made a spreadsheet leave it alone: `="0100"`.
pub fn bare(cell: &str) -> &str {
    cell.strip_prefix("=\"").and_then(|cell| cell.strip_suffix('"')).unwrap_or(cell)
}

/// Whether a cell says yes.
pub fn is_yes(cell: &str) -> bool {
    matches!(cell.to_ascii_lowercase().as_str(), "1" | "yes" | "true" | "on")
}

/// What becomes of long numbers.
pub const POWER: &str = "a power of ten";

/// What becomes of others.
pub const DECIMAL: &str = "a decimal number";

/// What a spreadsheet made of a number, in words.
pub fn damage(cell: &str) -> Option<&'static str> {
    let bytes = cell.as_bytes();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((mantissa, exponent)) = cell.split_once(['E', 'e']) {
        let exponent = exponent.strip_prefix(['+', '-']);
        let mantissa = mantissa.replace(['.', ','], "");
        if exponent.is_some_and(digits) && digits(&mantissa) {
            return Some(POWER);
        }
    }
    if let Some((whole, rest)) = cell.split_once(['.', ',']).filter(|(whole, _)| digits(whole)) {
        if rest.bytes().all(|byte| byte == b'0') && !rest.is_empty() {
            return Some(DECIMAL);
        }
        if rest.len() == 3 && digits(rest) && whole.len() <= 3 {
            return Some("thousands with a separator");
        }
    }
    let parts: Vec<&str> = cell.split(['-', '/', '.', ' ']).filter(|part| !part.is_empty()).collect();
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = |part: &&str| part.get(..3).is_some_and(|start| MONTHS.contains(&start.to_ascii_lowercase().as_str()));
    let named = (2..=3).contains(&parts.len()) && parts.iter().filter(|part| month(part)).count() == 1;
    let numeric = parts.len() == 3 && parts.iter().all(|part| digits(part)) && cell.contains(['-', '/', '.']);
    if (named && parts.iter().any(|part| digits(part))) || numeric || cell.contains('월') {
        return Some("a date");
    }
    matches!(bytes, [b'#', ..]).then_some("an error")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_whatever_they_are_written_in() {
        let text = "number,name\n1001,접수\n";
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let cp949 = EUC_KR.encode(text).0.into_owned();
        let with_mark = format!("\u{feff}{text}").into_bytes();
        for (bytes, name) in [
            (text.as_bytes(), "UTF-8"),
            (&with_mark, "UTF-8"),
            (&utf16, "UTF-16LE"),
            (&utf16[2..], "UTF-16LE"),
            (&cp949, "CP949"),
        ] {
            assert_eq!(decode(bytes, None), Ok((text.to_owned(), name)));
        }
        assert_eq!(decode(b"Caf\xe9,x", None).unwrap().0, "Café,x");
        for (bytes, named) in
            [(&b"\xef\xbb\xbfa\nb\xff"[..], None), (b"a\n\xb0", Some(EUC_KR)), (&utf16[..utf16.len() - 1], None)]
        {
            assert!(decode(bytes, named).is_err_and(|problem| problem.line > 1), "{bytes:?}");
        }
    }

    #[test]
    fn damage_is_known_and_numbers_are_not() {
        for cell in [
            "1E+03",
            "1.00E+03",
            "1000.0",
            "1,000",
            "Mar-03",
            "3-Mar-2024",
            "2024-03-01",
            "03/01/2024",
            "#REF!",
            "3월 1일",
        ] {
            assert!(damage(cell).is_some(), "{cell}");
        }
        for cell in ["1000", "0100", "1001-mobile", "bob", "1e3x", "2-1", "march", "+821012345678"] {
            assert!(damage(cell).is_none(), "{cell}");
        }
    }

    #[test]
    fn what_parts_cells_is_what_the_header_has_most_of() {
        assert_eq!(delimiter("a;b;\"c,d,e,f\"\n1,2,3,4,5"), b';');
        assert_eq!(delimiter("a\tb\n"), b'\t');
        assert_eq!(delimiter("a\n"), b',');
    }
}
