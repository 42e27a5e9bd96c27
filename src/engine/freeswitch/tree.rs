//! The merged text as FreeSWITCH's own parser takes it: laxer than XML in some places (raw `&`,
//! unquoted and repeated attributes, missing quotes), stricter in others (`--` in a comment).
//! After switch_xml_parse_str of switch_xml.c; every outcome was observed on 1.11.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// No node.
const NONE: u32 = u32::MAX;

/// A range of the merged text, kept small.
type Span = (u32, u32);

/// An element. There may be hundreds of thousands: it holds nothing that follows from the rest.
struct Node {
    /// Behind its name, which starts behind `<`.
    name_end: u32,
    /// `<` to behind `>`.
    open: Span,
    /// Behind its closing tag; the end of `open` where it closes itself.
    end: u32,
    /// Its first attribute; they end where those of the next element start.
    attributes: u32,
    parent: u32,
    /// The next child of its parent; its own first child is the element behind it.
    next: u32,
}

impl Node {
    fn name(&self) -> Range<usize> {
        range((self.open.0 + 1, self.name_end))
    }
}

/// An attribute.
pub struct Attribute {
    name: Span,
    value: Span,
    quoted: bool,
}

/// Why the parser gives up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// As the engine words it.
    pub message: String,
    /// Where in the merged text.
    pub at: usize,
    /// The element still open there, if one is: where it starts.
    pub open: Option<usize>,
}

/// All elements of the merged text.
#[derive(Default)]
pub struct Tree {
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    entities: HashMap<Vec<u8>, Vec<u8>>,
    /// Where parsing stopped, if it did: then the elements are those before.
    pub broken: Option<Broken>,
    /// A document type that says more than which entities there are: attributes may come from it.
    pub declares: Option<usize>,
}

fn range(span: Span) -> Range<usize> {
    span.0 as usize..span.1 as usize
}

impl Tree {
    /// Parses a merged text.
    pub fn parse(text: &[u8]) -> Self {
        let mut parser = Parser { text, at: 0, tree: Self::default(), current: NONE, last: Vec::new(), closed: false };
        let broken = parser.run().err();
        let mut tree = parser.tree;
        tree.broken = broken;
        tree
    }

    /// The outermost element.
    pub fn root(&self) -> Option<u32> {
        (!self.nodes.is_empty()).then_some(0)
    }

    /// Its name.
    pub fn name(&self, node: u32) -> Range<usize> {
        self.nodes[node as usize].name()
    }

    /// Its opening tag.
    pub fn open(&self, node: u32) -> Range<usize> {
        range(self.nodes[node as usize].open)
    }

    /// The whole element.
    pub fn span(&self, node: u32) -> Range<usize> {
        let node = &self.nodes[node as usize];
        node.open.0 as usize..node.end as usize
    }

    /// Whether it closes itself.
    pub fn is_closed_at_once(&self, node: u32) -> bool {
        let node = &self.nodes[node as usize];
        node.end == node.open.1
    }

    /// The element around it.
    pub fn parent(&self, node: u32) -> Option<u32> {
        Some(self.nodes[node as usize].parent).filter(|parent| *parent != NONE)
    }

    /// Its children, in order.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> {
        let some = |index: u32| (index != NONE).then_some(index);
        let first = self.nodes.get(node as usize + 1).filter(|behind| behind.parent == node).map(|_| node + 1);
        std::iter::successors(first, move |at| some(self.nodes[*at as usize].next))
    }

    /// Its children of one name (case matters), in order.
    pub fn named<'t>(&'t self, text: &'t [u8], node: u32, name: &'t str) -> impl Iterator<Item = u32> + 't {
        self.children(node).filter(move |child| &text[self.name(*child)] == name.as_bytes())
    }

    /// Its first child of a name: often the only one that counts.
    pub fn child(&self, text: &[u8], node: u32, name: &str) -> Option<u32> {
        self.named(text, node, name).next()
    }

    /// Its attributes as they are written: name, value, and whether the value stands in quotes.
    pub fn attributes(&self, node: u32) -> impl Iterator<Item = (Range<usize>, Range<usize>, bool)> {
        let start = self.nodes[node as usize].attributes as usize;
        let end = self.nodes.get(node as usize + 1).map_or(self.attributes.len(), |behind| behind.attributes as usize);
        self.attributes[start..end]
            .iter()
            .map(|attribute| (range(attribute.name), range(attribute.value), attribute.quoted))
    }

    /// The span of an attribute's value; of two of one name the first counts.
    pub fn attribute(&self, text: &[u8], node: u32, name: &str) -> Option<Range<usize>> {
        let mut attributes = self.attributes(node);
        attributes.find(|(own, ..)| &text[own.clone()] == name.as_bytes()).map(|(_, value, _)| value)
    }

    /// An attribute's value; empty where there is none.
    pub fn value<'t>(&self, text: &'t [u8], node: u32, name: &str) -> Cow<'t, [u8]> {
        self.attribute(text, node, name).map_or(Cow::Borrowed(b""), |span| self.decoded(&text[span]))
    }

    /// A value with its entities resolved; line ends and tabs become blanks.
    pub fn decoded<'t>(&self, raw: &'t [u8]) -> Cow<'t, [u8]> {
        if !raw.iter().any(|b| matches!(b, b'&' | b'\t'..=b'\r')) {
            return Cow::Borrowed(raw);
        }
        let mut out = Vec::with_capacity(raw.len());
        let mut at = 0;
        while at < raw.len() {
            match raw[at] {
                b'&' => {
                    let entity = raw[at..].iter().position(|b| *b == b';').map(|end| &raw[at + 1..at + end]);
                    if let Some((name, bytes)) = entity.and_then(|name| Some((name, self.entity(name)?))) {
                        out.extend_from_slice(&bytes);
                        at += name.len() + 2;
                        continue;
                    }
                    out.push(b'&');
                }
                b'\r' if raw.get(at + 1) == Some(&b'\n') => {}
                b'\t'..=b'\r' => out.push(b' '),
                byte => out.push(byte),
            }
            at += 1;
        }
        Cow::Owned(out)
    }

    fn entity(&self, name: &[u8]) -> Option<Vec<u8>> {
        let known: &[u8] = match name {
            b"amp" => b"&",
            b"lt" => b"<",
            b"gt" => b">",
            b"quot" => b"\"",
            b"apos" => b"'",
            _ => return self.entities.get(name).cloned().or_else(|| character(name)),
        };
        Some(known.to_vec())
    }
}

/// A numeric reference; zero is none.
fn character(name: &[u8]) -> Option<Vec<u8>> {
    let digits = std::str::from_utf8(name.strip_prefix(b"#")?).ok()?;
    let code = match digits.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    let character = char::from_u32(code.ok().filter(|code| *code != 0)?)?;
    Some(character.to_string().into_bytes())
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    tree: Tree,
    /// The innermost open element.
    current: u32,
    /// The last child so far of each open element.
    last: Vec<u32>,
    /// Whether the outermost element is closed.
    closed: bool,
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// What is skipped behind a name or a value: vertical tab and form feed as well (isspace).
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> Span {
        let start = self.at;
        let rest = &self.text[start..];
        self.at += rest.iter().position(|b| !wanted(*b)).unwrap_or(rest.len());
        (start as u32, self.at as u32)
    }

    fn find(&self, wanted: &[u8], from: usize) -> Option<usize> {
        super::line::find(self.text, wanted, from.min(self.text.len()))
    }

    fn broken<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Broken> {
        let open = (self.current != NONE).then(|| self.tree.nodes[self.current as usize].open.0 as usize);
        Err(Broken { message: message.into(), at, open })
    }

    fn run(&mut self) -> Result<(), Broken> {
        loop {
            self.skip(|b| b != b'<');
            let start = self.at;
            if start == self.text.len() {
                break;
            }
            self.at += 1;
            match self.peek() {
                Some(b) if b.is_ascii_alphabetic() || b == b'_' || b == b':' || b >= 0x80 => {
                    let known = self.tree.attributes.len();
                    if let Err(broken) = self.open(start) {
                        // They would be taken for those of the element before.
                        self.tree.attributes.truncate(known);
                        return Err(broken);
                    }
                }
                Some(b'/') => self.close(start)?,
                Some(b'?') => match self.find(b"?>", self.at) {
                    Some(end) => self.at = end + 2,
                    None => return self.broken(start, "unclosed <?"),
                },
                Some(b'!') => self.declaration(start)?,
                _ => return self.broken(start, "unexpected <"),
            }
        }
        match self.tree.nodes.get(self.current as usize) {
            Some(node) => {
                let name = String::from_utf8_lossy(&self.text[node.name()]).into_owned();
                self.broken(node.open.0 as usize, format!("unclosed tag <{name}>"))
            }
            None if self.tree.nodes.is_empty() => self.broken(0, "root tag missing"),
            None => Ok(()),
        }
    }

    fn open(&mut self, start: usize) -> Result<(), Broken> {
        if self.closed {
            return self.broken(start, "markup outside of root element");
        }
        let name = self.skip(|b| !is_blank(b) && b != b'/' && b != b'>');
        self.skip(is_space);
        let first = self.tree.attributes.len() as u32;
        while self.peek().is_some_and(|b| b != b'/' && b != b'>') {
            let name = self.skip(|b| !is_blank(b) && !matches!(b, b'=' | b'/' | b'>'));
            let mut attribute = Attribute { name, value: (name.1, name.1), quoted: false };
            if self.peek().is_some_and(|b| b == b'=' || is_blank(b)) {
                self.skip(|b| b == b'=' || is_blank(b));
                if let Some(quote @ (b'"' | b'\'')) = self.peek() {
                    self.at += 1;
                    attribute.value = self.skip(|b| b != quote);
                    attribute.quoted = true;
                    if self.peek().is_none() {
                        return self.broken(start, format!("missing {}", char::from(quote)));
                    }
                    self.at += 1;
                }
            }
            self.tree.attributes.push(attribute);
            self.skip(is_space);
        }
        let itself = self.peek() == Some(b'/');
        self.at += usize::from(itself);
        if self.peek() != Some(b'>') {
            return self.broken(start, "missing >");
        }
        self.at += 1;
        let index = self.tree.nodes.len() as u32;
        let (parent, end) = (self.current, self.at as u32);
        let (name_end, open, attributes) = (name.1, (start as u32, end), first);
        self.tree.nodes.push(Node { name_end, open, end, attributes, parent, next: NONE });
        if let Some(last) = self.last.last_mut() {
            match std::mem::replace(last, index) {
                NONE => {}
                before => self.tree.nodes[before as usize].next = index,
            }
        }
        match itself {
            true => self.closed = parent == NONE,
            false => {
                self.current = index;
                self.last.push(NONE);
            }
        }
        Ok(())
    }

    fn close(&mut self, start: usize) -> Result<(), Broken> {
        self.at += 1;
        let name = self.skip(|b| !is_blank(b) && b != b'>');
        let Some(byte) = self.peek() else { return self.broken(start, "missing >") };
        let name = &self.text[range(name)];
        if self.current == NONE || self.text[self.tree.nodes[self.current as usize].name()] != *name {
            return self.broken(start, format!("unexpected closing tag </{}>", String::from_utf8_lossy(name)));
        }
        if is_blank(byte) {
            self.skip(is_blank);
        }
        self.at = (self.at + 1).min(self.text.len());
        let node = &mut self.tree.nodes[self.current as usize];
        node.end = self.at as u32;
        self.current = node.parent;
        self.last.pop();
        self.closed = self.current == NONE;
        Ok(())
    }

    fn declaration(&mut self, start: usize) -> Result<(), Broken> {
        let rest = &self.text[self.at..];
        if rest.starts_with(b"!--") {
            match self.find(b"--", self.at + 3) {
                Some(end) if self.text.get(end + 2) == Some(&b'>') => self.at = end + 3,
                _ => return self.broken(start, "unclosed <!--"),
            }
        } else if rest.starts_with(b"![CDATA[") {
            match self.find(b"]]>", self.at) {
                Some(end) => self.at = end + 3,
                None => return self.broken(start, "unclosed <![CDATA["),
            }
        } else if rest.starts_with(b"!DOCTYPE") {
            let stop = rest.iter().position(|b| matches!(b, b'[' | b'>'));
            let subset = stop.is_some_and(|at| rest[at] == b'[');
            let end = match subset {
                true => self.find(b"]", self.at).and_then(|at| self.find(b">", at)),
                false => stop.map(|at| self.at + at),
            };
            let Some(end) = end else { return self.broken(start, "unclosed <!DOCTYPE") };
            self.entities(start..end);
            self.at = end + 1;
        } else {
            return self.broken(start, "unexpected <");
        }
        Ok(())
    }

    /// Keeps `<!ENTITY name "value">` of a document type: they hold for the whole merged text.
    fn entities(&mut self, subset: Range<usize>) {
        const WORD: &[u8] = b"<!ENTITY";
        let text = &self.text[subset.clone()];
        if super::line::find(text, b"<!ATTLIST", 0).is_some() || text.contains(&b'%') {
            self.tree.declares.get_or_insert(subset.start);
        }
        let mut at = 0;
        while let Some(found) = super::line::find(text, WORD, at) {
            at = found + WORD.len();
            let rest = text[at..].trim_ascii_start();
            let Some(gap) = rest.iter().position(|b| is_blank(*b)) else { return };
            let value = rest[gap..].trim_ascii_start();
            let Some(quote) = value.first().filter(|b| matches!(b, b'"' | b'\'')) else { continue };
            let Some(end) = value[1..].iter().position(|b| b == quote) else { return };
            let decoded = self.tree.decoded(&value[1..=end]).into_owned();
            self.tree.entities.entry(rest[..gap].to_vec()).or_insert(decoded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Result<String, String> {
        let text = format!("<users>{text}</users>");
        let tree = Tree::parse(text.as_bytes());
        if let Some(broken) = &tree.broken {
            return Err(broken.message.clone());
        }
        let bytes = text.as_bytes();
        let user = tree.child(bytes, 0, "user").ok_or("no user")?;
        let params = tree.child(bytes, user, "params").ok_or("no params")?;
        let named =
            tree.named(bytes, params, "param").filter(|p| tree.value(bytes, *p, "name") == b"password".as_slice());
        let value = named.last().map(|param| tree.value(bytes, param, "value").into_owned());
        Ok(String::from_utf8(value.ok_or("no password")?).unwrap())
    }

    fn with(param: &str) -> Result<String, String> {
        password(&format!("<user id='2200'><params>{param}</params></user>"))
    }

    #[test]
    fn values_are_read_as_observed() {
        for (param, value) in [
            ("<param name=\"password\" value=\"s3cret\"/>", "s3cret"),
            ("<param name='password' value='a\"b'/>", "a\"b"),
            ("<param\n\tname = \"password\"\n  value =\n \"x\"\n/>", "x"),
            ("<param value=\"swapped\" name=\"password\"/>", "swapped"),
            ("<param name=\"password\" value=\"a&amp;b&lt;c&gt;d&quot;e&apos;f&#65;&#x42;\"/>", "a&b<c>d\"e'fAB"),
            ("<param name=\"password\" value=\"a&b &nbsp; x>y\"/>", "a&b &nbsp; x>y"),
            ("<param name=\"password\" value=\"a<b\"/>", "a<b"),
            ("<param name=\"password\" value=\"a&#0;b\"/>", "a&#0;b"),
            ("<param name=\"password\" value=\"a\tb\"/>", "a b"),
            ("<param name=\"password\" value=\"a\r\nb\"/>", "a b"),
            ("<param name=\"password\" value=\"a&#9;b\"/>", "a\tb"),
            ("<param name=\"password\" value=\" ab \"/>", " ab "),
            ("<param name=\"password\" value=\"a\" ></param>", "a"),
            ("<param name=\"password\" value=\"first\" value=\"second\"/>", "first"),
            ("<!-- <param name=\"password\" value=\"old\"/> --><param name=\"password\" value=\"new\"/>", "new"),
            ("<param name=\"password\" value=\"x/>\n<param name=\"vm-password\" value=\"1\"/>", "x/> <param name="),
            ("<param name=\"password\">secret</param>", ""),
            ("<param name=\"password\" VALUE=\"secret\"/>", ""),
            ("<param name=\"password\" value=secret />", ""),
        ] {
            assert_eq!(with(param).as_deref(), Ok(value), "{param}");
        }
        for param in [
            "<param NAME='password' value='x'/>",
            "<Param name='password' value='x'/>",
            "<param name=' password ' value='x'/>",
        ] {
            assert_eq!(with(param), Err("no password".into()), "{param}");
        }
        assert_eq!(password("<user id='1'><Params><param name='password'/></Params></user>"), Err("no params".into()));
    }

    #[test]
    fn entities_of_a_document_type_hold_everywhere() {
        let text = "<!DOCTYPE user [\n<!ENTITY pw \"entpw\">\n]>\n<user><params><param name='password' value='&pw;'/></params></user>";
        assert_eq!(password(text).as_deref(), Ok("entpw"));
    }

    #[test]
    fn what_it_refuses_it_refuses_in_its_words() {
        for (text, message) in [
            ("<user><params></user>", "unexpected closing tag </user>"),
            ("<user></User>", "unexpected closing tag </User>"),
            ("<user></user></user>", "unexpected closing tag </user>"),
            ("<user><params><param name='x'></params></user>", "unexpected closing tag </params>"),
            ("<user><!-- a -- b --></user>", "unclosed <!--"),
            ("<user><!-- oops</user>", "unclosed <!--"),
            ("<user>< params/></user>", "unexpected <"),
            ("<user><9x/></user>", "unexpected <"),
            ("<user><![CDATA[ x </user>", "unclosed <![CDATA["),
        ] {
            assert_eq!(password(text), Err(message.to_owned()), "{text}");
        }
        assert_eq!(Tree::parse(b"<a/><b/>").broken.unwrap().message, "markup outside of root element");
        assert_eq!(Tree::parse(b"hello").broken.unwrap().message, "root tag missing");
        assert_eq!(Tree::parse(b"<a><b></b>").broken.unwrap().message, "unclosed tag <a>");
    }

    #[test]
    fn junk_cdata_and_quotes_in_comments_are_fine() {
        let text = "hello<user><!-- a > b \"q' --><vcard><![CDATA[<x> & </user>]]></vcard><?foo bar?>\
                    <params><param name='password' value='k'/></params></user>junk]]>";
        assert_eq!(password(text).as_deref(), Ok("k"));
    }
}
