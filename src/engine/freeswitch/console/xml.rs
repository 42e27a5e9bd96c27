//! Reading XML: what FreeSWITCH prints of its own tree, and the one file that says how it is reached.
//!
//! Small and forgiving, in the way of its own parser (switch_xml.c): names are case-sensitive, a raw
//! `&` stands for itself, a file need not have one root. What is written back is never read by this.

use std::borrow::Cow;

/// One element, as it stands in the text.
#[derive(Debug, Default)]
pub struct Element<'a> {
    /// Its name; empty for the document itself.
    pub name: &'a [u8],
    /// Attributes with their raw values.
    attributes: Vec<(&'a [u8], &'a [u8])>,
    /// The raw text before its first child.
    raw: &'a [u8],
    /// The elements in it.
    pub children: Vec<Self>,
}

/// What of an element is bytes that mean nothing else.
const NAME_ENDS: &[u8] = b" \t\r\n/>";

impl<'a> Element<'a> {
    /// The document; what cannot be read of it is left out.
    pub fn read(text: &'a [u8]) -> Self {
        let mut open = vec![Self::default()];
        let mut rest = text;
        while let Some(at) = rest.iter().position(|b| *b == b'<') {
            if let Some(last) = open.last_mut()
                && last.children.is_empty()
                && last.raw.is_empty()
            {
                last.raw = &rest[..at];
            }
            rest = &rest[at..];
            let skip = |end: &[u8]| rest.windows(end.len()).position(|w| w == end).map(|n| n + end.len());
            if rest.starts_with(b"<!--") {
                rest = &rest[skip(b"-->").unwrap_or(rest.len())..];
            } else if rest.starts_with(b"<![CDATA[") {
                rest = &rest[skip(b"]]>").unwrap_or(rest.len())..];
            } else if rest.starts_with(b"<?") || rest.starts_with(b"<!") || rest.len() < 2 {
                rest = &rest[skip(b">").unwrap_or(rest.len())..];
            } else if rest.starts_with(b"</") {
                let end = skip(b">").unwrap_or(rest.len());
                if open.len() > 1 {
                    close(&mut open);
                }
                rest = &rest[end..];
            } else {
                let (element, empty, after) = tag(&rest[1..]);
                open.push(element);
                if empty {
                    close(&mut open);
                }
                rest = after;
            }
        }
        while open.len() > 1 {
            close(&mut open);
        }
        open.pop().unwrap_or_default()
    }

    /// The value of an attribute; of two, the first.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let found = self.attributes.iter().find(|(key, _)| *key == name.as_bytes());
        found.map(|(_, raw)| decoded(raw))
    }

    /// The value of an attribute as text.
    pub fn text_of(&self, name: &str) -> Option<String> {
        self.attribute(name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Its own text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&decoded(self.raw)).into_owned()
    }

    /// Its children of a name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name.as_bytes())
    }

    /// Its first child of a name.
    pub fn first(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name.as_bytes())
    }

    /// Every element of a name below it, in order.
    pub fn below(&self, name: &str) -> Vec<&Self> {
        let mut out = Vec::new();
        for child in &self.children {
            if child.name == name.as_bytes() {
                out.push(child);
            }
            out.extend(child.below(name));
        }
        out
    }
}

fn close(open: &mut Vec<Element>) {
    if let Some(done) = open.pop()
        && let Some(last) = open.last_mut()
    {
        last.children.push(done);
    }
}

/// An opening tag behind its `<`: the element, whether it is closed as well, and what follows.
fn tag(text: &[u8]) -> (Element<'_>, bool, &[u8]) {
    let (name, mut rest) = split(text, |b| NAME_ENDS.contains(b));
    let mut element = Element { name, ..Element::default() };
    loop {
        rest = rest.trim_ascii_start();
        match rest {
            [] => return (element, true, rest),
            [b'>', after @ ..] => return (element, false, after),
            [b'/', b'>', after @ ..] => return (element, true, after),
            [b'/', after @ ..] => rest = after,
            _ => {
                let (key, after) = split(rest, |b| *b == b'=' || NAME_ENDS.contains(b));
                rest = after.trim_ascii_start();
                let [b'=', after @ ..] = rest else {
                    // Neither a name nor its value: never stand still.
                    rest = if key.is_empty() { &rest[1..] } else { rest };
                    continue;
                };
                rest = after.trim_ascii_start();
                if let [quote @ (b'"' | b'\''), after @ ..] = rest {
                    let (value, after) = split(after, |b| b == quote);
                    element.attributes.push((key, value));
                    rest = after.get(1..).unwrap_or_default();
                }
            }
        }
    }
}

fn split(text: &[u8], end: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(end).unwrap_or(text.len()))
}

/// With its entities put in; an unknown one stands for itself.
fn decoded(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'&') {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|b| *b == b'&') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let end = rest.iter().take(12).position(|b| *b == b';');
        match end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
            Some((end, c)) => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[end + 1..];
            }
            None => {
                out.push(b'&');
                rest = &rest[1..];
            }
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

fn entity(name: &[u8]) -> Option<char> {
    Some(match name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', number @ ..] => {
            let number = std::str::from_utf8(number).ok()?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok().filter(|code| *code > 0)?)?
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_with_what_stands_around_it() {
        let text =
            b"<?xml version='1.0'?><!-- <user id='no'/> -->\n<domain name=\"d\"><users>\n<user id = '1' x='a\"b'/>\
                     <user id=\"2\"><params></params>junk</user></users></domain>";
        let document = Element::read(text);
        let users = document.below("user");
        assert_eq!(users.len(), 2);
        assert_eq!(users[0].text_of("x").as_deref(), Some("a\"b"));
        assert!(users[1].first("params").is_some() && users[0].first("params").is_none());
        assert_eq!(document.first("domain").unwrap().all("users").count(), 1);
    }

    #[test]
    fn entities_are_put_in_and_unknown_ones_stay() {
        let document = Element::read(
            b"<p v=\"a&amp;b&lt;c&gt;d&quot;e'f&#65;&#x42; &nbsp; & &#0; &#10;\">&quot;&quot; &lt;sip:x&gt;</p>",
        );
        let p = document.first("p").unwrap();
        assert_eq!(p.text_of("v").unwrap(), "a&b<c>d\"e'fAB &nbsp; & &#0; \n");
        assert_eq!(p.text(), "\"\" <sip:x>");
    }

    #[test]
    fn whatever_is_broken_ends() {
        for text in [
            "<a b=\"c",
            "<a b",
            "<a =>",
            "<",
            "<!--",
            "</a></b>",
            "<a><b>",
            "<a / b/>",
            "<a 'x'>",
            "<![CDATA[",
            "<a b=c/>",
        ] {
            let _ = Element::read(text.as_bytes());
        }
        assert_eq!(Element::read(b"<a><b>").below("b").len(), 1);
    }
}
