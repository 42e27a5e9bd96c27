//! What is fuzzed: each target takes any bytes and panics where a promise is broken.

mod freeswitch;

pub use freeswitch::freeswitch;
use sipctl::text::asterisk_conf::{Carry, Content, Document, Text, escape_name};
use sipctl::text::splice::apply;

/// The document of Asterisk's grammar: lines tile the file, texts lie on their line in order, and a
/// value put in the place of another is read back with everything else as it was. The first byte
/// chooses what is carried in from the file before.
pub fn asterisk_conf(data: &[u8]) {
    let Some((first, text)) = data.split_first() else {
        return;
    };
    let carry = match first {
        b'0'..=b'2' => Carry { depth: i32::from(*first) - i32::from(b'1'), later: true },
        _ => Carry::default(),
    };
    let (doc, _) = Document::parse(text.into(), carry);
    let mut at = 0;
    for (n, line) in doc.lines().iter().enumerate() {
        let span = doc.span(n);
        assert!(span.start == at && span.end > at, "lines tile the file");
        at = span.end;
        let mut from = span.start;
        for text in texts(&doc, &line.content) {
            let raw = doc.raw(&text);
            assert!(raw.start >= from && raw.end <= span.end, "texts stand in order on their line");
            from = raw.end;
        }
        if let Some(comment) = doc.comment(n) {
            assert!(comment.start >= span.start && comment.end <= span.end && !comment.is_empty());
        }
        assert_eq!(doc.line_of(span.start), n);
    }
    assert_eq!(at, text.len());
    replaced(&doc, carry, text);
}

/// Gives the first setting a value made from the data.
fn replaced(doc: &Document, carry: Carry, text: &[u8]) {
    let wanted = &text[text.len() - text.len().min(20)..];
    let setting = doc.lines().iter().enumerate().find_map(|(n, line)| match line.content {
        // a value with a stray `--;` in it decides about the lines below
        Content::Key(key) if !doc.text(&key.value).contains(&b';') => Some((n, key)),
        _ => None,
    });
    let Some((n, key)) = setting else {
        return;
    };
    let Ok(splice) = doc.set_value(&key, wanted) else {
        return;
    };
    let after = apply(text, vec![splice]);
    let (again, _) = Document::parse(after.into(), carry);
    let Content::Key(read) = again.lines()[n].content else {
        panic!("a setting stays one");
    };
    assert_eq!(again.text(&read.name), doc.text(&key.name));
    assert_eq!(again.text(&read.value), wanted);
    assert_eq!(again.lines().len(), doc.lines().len());
    assert_eq!(again.end_depth(), doc.end_depth());
    if let Ok(name) = escape_name(wanted) {
        let (header, _) = Document::parse([b"[", &name[..], b"]\n"].concat().into(), Carry::default());
        assert!(matches!(header.lines()[0].content, Content::Section(s) if header.text(&s.name) == wanted));
    }
}

fn texts(doc: &Document, content: &Content) -> Vec<Text> {
    match content {
        Content::Section(section) => [&[section.name], doc.options(section)].concat(),
        Content::Key(key) => vec![key.name, key.value],
        Content::Directive(directive) => vec![directive.argument],
        _ => Vec::new(),
    }
}
