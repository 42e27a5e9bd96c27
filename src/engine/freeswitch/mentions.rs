//! The files that may mention an extension's number: all but those its users stand in.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::estate::Reading;
use super::mask::{self, MASK};
use crate::engine::mentions::Mentions;

/// Every file without a user.
pub fn of(reading: &Reading) -> Mentions {
    let merged = &reading.doc.merged;
    let origin = |node: u32| merged.origin(reading.doc.tree.open(node).start);
    let of_users: BTreeSet<u32> =
        reading.directory.users.iter().filter_map(|user| Some(origin(user.node)?.0)).collect();
    let files = merged.files.iter().enumerate().filter(|(file, _)| !of_users.contains(&(*file as u32)));
    let texts = files.map(|(_, file)| (file.path.clone(), Arc::clone(&file.bytes)));
    Mentions::new(texts.collect(), shown)
}

/// The line as it may be shown; a line that is a comment mentions nothing.
fn shown(_: &Path, line: &[u8]) -> String {
    let text = line.trim_ascii();
    if text.starts_with(b"<!--") {
        return String::new();
    }
    let mut out = String::new();
    let mut at = 0;
    for span in mask::secrets(text, 0..text.len()) {
        out.push_str(&String::from_utf8_lossy(&text[at..span.start]));
        out.push_str(MASK);
        at = span.end;
    }
    out + &String::from_utf8_lossy(&text[at..])
}
