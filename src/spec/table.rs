//! CSV into the same tree: the columns are the keys of an extension, options of an engine are
//! columns such as `endpoint.direct_media`, an empty cell says nothing.

use super::node::{At, Node, Value};
use super::{ASTERISK, Problem};

/// Keys and what they stand for.
type Pairs = Vec<(Node, Node)>;

/// The line a row of a table stands on: that of its first byte. What the reader says is the line it had come
/// to, which is the one before where lines end in CR LF, and that of the first blank line before the row.
pub fn line_of(text: &[u8], position: Option<&csv::Position>) -> u32 {
    let Some(position) = position else { return 0 };
    let ahead = text.get(position.byte() as usize..).unwrap_or_default();
    let ends = ahead.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() as u32 + ends.filter(|byte| **byte == b'\n').count() as u32
}

/// How many cells there are up to the last that holds something.
pub fn filled(record: &csv::StringRecord) -> usize {
    record.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()).last().map_or(0, |(last, _)| last + 1)
}

/// Reads a table with a header line.
pub fn read(text: &str) -> Result<Node, Vec<Problem>> {
    let first = text.lines().find(|line| !line.trim_matches([',', ';', '\t', ' ']).is_empty()).unwrap_or_default();
    let delimiter = match first.contains(',') {
        true => b',',
        false if first.contains(';') => b';',
        false if first.contains('\t') => b'\t',
        false => b',',
    };
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut header: Vec<String> = Vec::new();
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                let at = At { line: line_of(text.as_bytes(), error.position()), column: 1 };
                problems.push(Problem::new(at, "this row cannot be read"));
                continue;
            }
        }
        // Spreadsheets write rows and columns that hold nothing.
        let cells = filled(&record);
        if cells == 0 {
            continue;
        }
        let line = line_of(text.as_bytes(), record.position());
        if header.is_empty() {
            header = record.iter().take(cells).map(|name| name.trim().to_ascii_lowercase()).collect();
            for (nth, name) in
                header.iter().enumerate().filter(|(nth, name)| !name.is_empty() && header[..*nth].contains(name))
            {
                let at = At { line, column: nth as u32 + 1 };
                problems.push(Problem::new(at, format!("the column {name} is there twice")));
            }
            continue;
        }
        if record.len() < header.len() || cells > header.len() {
            let cells = cells.max(header.len().min(record.len()));
            let message = format!("this row has {cells} cells, the header {}", header.len());
            problems.push(Problem::new(At { line, column: 1 }, message));
            continue;
        }
        rows.push(row(&header, &record, line));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let top = At { line: 1, column: 1 };
    let rows = Node { at: top, value: Value::List(rows) };
    Ok(Node { at: top, value: Value::Map(vec![(Node::text(top, "extensions", true), rows)]) })
}

fn row(header: &[String], record: &csv::StringRecord, line: u32) -> Node {
    let mut pairs = Vec::with_capacity(header.len());
    let mut engines: [[Pairs; 2]; 2] = Default::default();
    for (nth, (name, cell)) in header.iter().zip(record).enumerate() {
        let at = At { line, column: nth as u32 + 1 };
        if cell.is_empty() {
            continue;
        }
        let key = Node::text(at, name.as_str(), false);
        let Some((object, _)) = name.split_once('.') else {
            pairs.push((key, Node::text(at, cell, false)));
            continue;
        };
        let [set, add] = &mut engines[usize::from(!ASTERISK.contains(&object))];
        match cell.contains('\n') {
            false => set.push((key, Node::text(at, cell, false))),
            true => {
                let values = cell.lines().map(|value| Node::text(at, value, false)).collect();
                add.push((key, Node { at, value: Value::List(values) }));
            }
        }
    }
    for (engine, [set, add]) in ["asterisk", "freeswitch"].into_iter().zip(engines) {
        let at = At { line, column: 1 };
        let part = |name: &str, pairs: Pairs| {
            (!pairs.is_empty()).then(|| (Node::text(at, name, false), Node { at, value: Value::Map(pairs) }))
        };
        let block: Pairs = [part("set", set), part("add", add)].into_iter().flatten().collect();
        pairs.extend(part(engine, block));
    }
    Node { at: At { line, column: 1 }, value: Value::Map(pairs) }
}
