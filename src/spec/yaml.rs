//! YAML (and with it JSON) into a tree. Depth and size are limited, and what anchors multiply is
//! counted, so that a small text cannot become a large one.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::Problem;
use super::node::{At, Node, Value};

/// Lists are flat.
const DEEPEST: usize = 16;
/// So much may be repeated by anchors, besides as much as the text has bytes.
const MOST_REPEATED: usize = 100_000;

/// What is open: a list, or a map with the key that waits for its value.
enum Open {
    List(Vec<Node>),
    Map(Vec<(Node, Node)>, Option<Node>),
}

/// Reads one document.
pub fn read(text: &str) -> Result<Node, Vec<Problem>> {
    let joined;
    // JSON writes what is beyond the first 65,536 characters as two escapes, which YAML does not know.
    let text = match text.contains("\\ud") || text.contains("\\uD") {
        true => {
            joined = without_pairs(text);
            joined.as_str()
        }
        false => text,
    };
    let mut stack: Vec<(At, usize, Open)> = Vec::new();
    let mut anchors: HashMap<usize, (Node, usize)> = HashMap::new();
    let (mut root, mut documents, mut repeated) = (None, 0, 0);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            let at = At { line: marker.line() as u32, column: marker.col() as u32 + 1 };
            vec![Problem::new(at, error.info().to_owned())]
        })?;
        let at = At { line: span.start.line() as u32, column: span.start.col() as u32 + 1 };
        let refuse = |message: &str| Err(vec![Problem::new(at, message)]);
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => (Node::text(at, text, style == ScalarStyle::Plain), anchor),
            Event::Alias(anchor) => {
                let Some((node, size)) = anchors.get(&anchor) else {
                    return refuse("this name stands for something that is not complete yet");
                };
                repeated += size;
                if repeated > MOST_REPEATED + text.len() {
                    return refuse("anchors repeat too much here");
                }
                (node.clone(), 0)
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) if stack.len() == DEEPEST => {
                let _ = anchor;
                return refuse("this is nested too deeply");
            }
            Event::SequenceStart(anchor, _) => {
                stack.push((at, anchor, Open::List(Vec::new())));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                stack.push((at, anchor, Open::Map(Vec::new(), None)));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some((at, anchor, open)) = stack.pop() else { continue };
                let value = match open {
                    Open::List(nodes) => Value::List(nodes),
                    Open::Map(pairs, _) => Value::Map(pairs),
                };
                (Node { at, value }, anchor)
            }
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return refuse("a second document starts here; a list is one");
                }
                continue;
            }
            _ => continue,
        };
        if anchor > 0 {
            anchors.insert(anchor, (node.clone(), size(&node)));
        }
        match stack.last_mut() {
            None => root = Some(node),
            Some((_, _, Open::List(nodes))) => nodes.push(node),
            Some((_, _, Open::Map(pairs, key))) => match key.take() {
                None => *key = Some(node),
                Some(key) => pairs.push((key, node)),
            },
        }
    }
    root.ok_or_else(|| vec![Problem::new(At { line: 1, column: 1 }, "the list is empty")])
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Text { .. } => 0,
        Value::List(nodes) => nodes.iter().map(size).sum(),
        Value::Map(pairs) => pairs.iter().map(|(key, value)| size(key) + size(value)).sum(),
    }
}

/// `\ud83d\ude00` as the character it is.
fn without_pairs(text: &str) -> String {
    let unit = |at: usize| u16::from_str_radix(text.get(at + 2..at + 6)?, 16).ok();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find("\\u") {
        let start = at + found;
        let escaped = text[..start].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
        let pair = match (unit(start), text.get(start + 6..start + 8)) {
            (Some(first @ 0xd800..=0xdbff), Some("\\u")) if !escaped => {
                unit(start + 6).and_then(|second| char::decode_utf16([first, second]).next()?.ok())
            }
            _ => None,
        };
        out.push_str(&text[at..start]);
        match pair {
            Some(pair) => {
                out.push(pair);
                at = start + 12;
            }
            None => {
                out.push_str("\\u");
                at = start + 2;
            }
        }
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_text() {
        let node = read("name: x\nextensions:\n  - number: 1001\n    cid_name: \"A\"\n").unwrap();
        let Value::Map(pairs) = &node.value else { panic!() };
        let Value::List(rows) = &pairs[1].1.value else { panic!() };
        let Value::Map(fields) = &rows[0].value else { panic!() };
        assert_eq!(fields[1].0.at, At { line: 4, column: 5 });
        assert_eq!(fields[1].1.at, At { line: 4, column: 15 });
    }

    #[test]
    fn a_bomb_is_refused() {
        let mut text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (name, of) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f")] {
            let ten = vec![format!("*{of}"); 10].join(",");
            text.push_str(&format!("{name}: &{name} [{ten}]\n"));
        }
        assert_eq!(read(&text).err().unwrap()[0].message, "anchors repeat too much here");
        let deep = format!("a: {}{}", "[".repeat(40), "]".repeat(40));
        assert_eq!(read(&deep).err().unwrap()[0].message, "this is nested too deeply");
    }

    #[test]
    fn what_a_long_list_repeats_is_no_bomb() {
        let rows: String = (0..40_000).map(|n| format!("- {{number: \"{n:05}\", asterisk: *a}}\n")).collect();
        assert!(read(&format!("- &a {{set: {{endpoint.direct_media: no}}}}\n{rows}")).is_ok());
    }

    #[test]
    fn the_pairs_of_json_become_characters() {
        assert_eq!(without_pairs(r#""\ud83d\ude00 \\ud83d \u00e9""#), "\"😀 \\\\ud83d \\u00e9\"");
    }
}
