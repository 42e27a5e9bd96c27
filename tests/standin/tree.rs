//! The parser and printer: forgiving where FreeSWITCH forgives, and with its words where it does not
//! (switch_xml.c, `switch_xml_parse_str`, `switch_xml_toxml`).

use std::fmt::Write;

#[derive(Clone, Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Self>,
}

impl Element {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn first(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// As it is printed: never self-closing.
    pub fn print(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        let _ = write!(out, "{indent}<{}", self.name);
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}=\"{}\"", encoded(value));
        }
        out.push('>');
        if self.children.is_empty() {
            out.push_str(&encoded(self.text.trim()));
        } else {
            out.push('\n');
            self.children.iter().for_each(|child| child.write(out, depth + 1));
            out.push_str(&indent);
        }
        let _ = writeln!(out, "</{}>", self.name);
    }
}

fn encoded(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#xA;"),
            '\t' => out.push_str("&#x9;"),
            c => out.push(c),
        }
    }
    out
}

/// What becomes a blank in a value.
const SPACES: [char; 5] = ['\t', '\n', '\u{b}', '\u{c}', '\r'];

pub fn decoded(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        rest = after;
        let code = |number: &str| match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        };
        let known = after.split_once(';').and_then(|(name, after)| {
            let c = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                name => char::from_u32(code(name.strip_prefix('#')?)?).filter(|c| *c != '\0')?,
            };
            Some((c, after))
        });
        match known {
            Some((c, after)) => {
                out.push_str(&crate::text(c.encode_utf8(&mut [0; 4]).as_bytes()));
                rest = after;
            }
            None => out.push('&'),
        }
    }
    out + rest
}

struct Parser<'a> {
    all: &'a str,
    at: usize,
    /// Line breaks inside attribute values: the parser has made blanks of them before it counts.
    lost: usize,
}

/// The document, or the text of the first error.
pub fn parse(text: &str) -> Result<Element, String> {
    let mut parser = Parser { all: text, at: 0, lost: 0 };
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    while let Some(found) = parser.rest().find('<') {
        if let Some(last) = open.last_mut()
            && last.children.is_empty()
        {
            last.text.push_str(&decoded(&parser.rest()[..found]));
        }
        parser.at += found;
        let rest = parser.rest();
        if let Some(inner) = rest.strip_prefix("<!--") {
            let end = inner.find("--").filter(|end| inner[*end..].starts_with("-->"));
            let Some(end) = end else { return Err(parser.error("unclosed <!--")) };
            parser.at += 4 + end + 3;
        } else if let Some(inner) = rest.strip_prefix("<![CDATA[") {
            let Some(end) = inner.find("]]>") else { return Err(parser.error("unclosed <![CDATA[")) };
            if let Some(last) = open.last_mut() {
                last.text.push_str(&inner[..end]);
            }
            parser.at += 9 + end + 3;
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            parser.at += rest.find('>').map_or(rest.len(), |end| end + 1);
        } else if let Some(inner) = rest.strip_prefix("</") {
            let name = &inner[..inner.find([' ', '\t', '\n', '>']).unwrap_or(inner.len())];
            let done = open.pop().filter(|last| last.name == name);
            let Some(done) = done else { return Err(parser.error(&format!("unexpected closing tag </{name}>"))) };
            parser.at += rest.find('>').map_or(rest.len(), |end| end + 1);
            keep(done, &mut open, &mut root);
        } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':' || !c.is_ascii()) {
            let (element, empty) = parser.tag()?;
            match empty {
                true => keep(element, &mut open, &mut root),
                false => open.push(element),
            }
        } else {
            return Err(parser.error("unexpected <"));
        }
    }
    match (open.last(), root) {
        (Some(last), _) => Err(parser.error(&format!("unclosed tag <{}>", last.name))),
        (None, Some(root)) => Ok(root),
        (None, None) => Err(parser.error("root tag missing")),
    }
}

fn keep(done: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(last) => last.children.push(done),
        None => _ = root.get_or_insert(done),
    }
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.all[self.at..]
    }

    fn error(&self, what: &str) -> String {
        let line = self.all[..self.at].matches('\n').count() + 1 - self.lost;
        format!("[error near line {line}]: {what}").chars().take(127).collect()
    }

    fn tag(&mut self) -> Result<(Element, bool), String> {
        let rest = &self.rest()[1..];
        let end = rest.find([' ', '\t', '\n', '/', '>']).unwrap_or(rest.len());
        let mut element = Element { name: rest[..end].to_owned(), ..Element::default() };
        self.at += 1 + end;
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let rest = self.rest();
            if rest.starts_with("/>") {
                self.at += 2;
                return Ok((element, true));
            }
            if rest.starts_with('>') {
                self.at += 1;
                return Ok((element, false));
            }
            if rest.is_empty() || rest.starts_with('/') {
                return Err(self.error("missing >"));
            }
            let end = rest.find([' ', '\t', '\n', '=', '/', '>']).unwrap_or(rest.len());
            let name = rest[..end].to_owned();
            self.at += end.max(1);
            let rest = self.rest().trim_start();
            let Some(after) = rest.strip_prefix('=').map(str::trim_start) else { continue };
            let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                // No quotes: the value is empty, and its text is another attribute.
                element.attributes.push((name, String::new()));
                self.at = self.all.len() - after.len();
                continue;
            };
            self.at = self.all.len() - after.len() + 1;
            let Some(end) = self.rest().find(quote) else { return Err(self.error("missing \"")) };
            let raw = &self.rest()[..end];
            self.lost += raw.matches('\n').count();
            element.attributes.push((name, decoded(&raw.replace("\r\n", "\n").replace(SPACES, " "))));
            self.at += end + 1;
        }
    }
}
