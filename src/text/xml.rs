//! XML by the book: where its elements and attributes stand, and how text is written as a value.
//!
//! The engine that reads a file may be laxer than the book. This reading is the second opinion: a
//! file is changed only where both see the same elements.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element's opening tag: the spans of its name and of its attributes' names and values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: Range<usize>,
    /// Name and value (without quotes) of each attribute, repeated ones too.
    pub attributes: Vec<(Range<usize>, Range<usize>)>,
}

/// The elements of a text in order; it may have several roots. A text that is no XML gives where
/// and why.
pub fn elements(text: &[u8]) -> Result<Vec<Element>, (usize, String)> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let skipped = if text.starts_with(BOM) { BOM.len() } else { 0 };
    let copy = utf8(&text[skipped..]);
    let mut reader = Reader::from_str(&copy);
    reader.config_mut().allow_dangling_amp = true;
    let span = |part: &str| {
        let start = skipped + (part.as_ptr() as usize - copy.as_ptr() as usize);
        start..start + part.len()
    };
    let mut out = Vec::new();
    let mut depth = 0usize;
    loop {
        let at = skipped + reader.buffer_position() as usize;
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                depth += 1;
                out.push(element(&tag, span).map_err(|why| (at, why))?);
            }
            Ok(Event::Empty(tag)) => out.push(element(&tag, span).map_err(|why| (at, why))?),
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) if depth > 0 => return Err((at, "an element is not closed".to_owned())),
            Ok(Event::Eof) => return Ok(out),
            Ok(_) => {}
            Err(error) => return Err((skipped + reader.error_position() as usize, error.to_string())),
        }
    }
}

fn element(tag: &BytesStart, span: impl Fn(&str) -> Range<usize>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        attributes.push((span(attribute.key.as_ref()), span(&attribute.value)));
    }
    Ok(Element { name: span(tag.name().as_ref()), attributes })
}

/// A copy of the same length in which every byte that is no UTF-8 is a question mark.
fn utf8(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '?'));
    }
    out
}

/// Text as the value of an attribute: it reads back as these bytes between either kind of quote.
pub fn escape(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for byte in value {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&apos;"),
            b'\t' | b'\n' | b'\r' => out.extend_from_slice(format!("&#{byte};").as_bytes()),
            byte => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &[u8]) -> Result<Vec<String>, usize> {
        let part = |range: &Range<usize>| text[range.clone()].escape_ascii().to_string();
        let show = |element: Element| {
            let attributes = element.attributes.iter().map(|(name, value)| format!(" {}={}", part(name), part(value)));
            part(&element.name) + &attributes.collect::<String>()
        };
        elements(text).map(|all| all.into_iter().map(show).collect()).map_err(|(at, _)| at)
    }

    #[test]
    fn spans_are_those_of_the_bytes() {
        let text = b"\xef\xbb\xbf<?xml version='1.0'?>\r\n<a x = '1'\r\n y=\"\xe9&\" x='2'/><!-- \xff --><b>m & n<![CDATA[<c>]]></b>";
        assert_eq!(shown(text).unwrap(), ["a x=1 y=\\xe9& x=2", "b"]);
    }

    #[test]
    fn what_is_no_xml_says_where() {
        assert_eq!(shown(b"<a><b></a>"), Err(6));
        assert_eq!(shown(b"<a><b></b>"), Err(10));
        assert!(shown(b"<a id=2200/>").is_err());
        assert!(shown(b"<a id=\"x/>\n<b c=\"d\"/>").is_err());
    }

    #[test]
    fn text_is_escaped_for_either_quote() {
        assert_eq!(escape(b"a&b<c>\"'\t\n-->"), b"a&amp;b&lt;c&gt;&quot;&apos;&#9;&#10;--&gt;");
    }
}
