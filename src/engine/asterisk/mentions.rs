//! Where else a number is mentioned: hints, dialplan, queues, voicemail, features. sipctl changes
//! none of these; it says where they are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cx::Cx;
use crate::engine::Warning;
use crate::error::{Place, Result};
use crate::host::{Content, Host, Want};

/// Files of the folder that may mention extensions.
const FILES: [&str; 11] = [
    "extensions*.conf",
    "extensions*.ael",
    "queues*.conf",
    "voicemail*.conf",
    "confbridge*.conf",
    "followme*.conf",
    "agents*.conf",
    "pjsip_notify.conf",
    "phoneprov*.conf",
    "users*.conf",
    "res_parking*.conf",
];

/// No more than this many places are listed for one number.
const MOST: usize = 20;

/// The texts to look through.
#[derive(Debug, Default)]
pub struct Mentions {
    files: Vec<(PathBuf, Arc<[u8]>)>,
}

impl Mentions {
    /// Reads the files in one exchange; unreadable ones are passed over.
    pub fn read(cx: &Cx, host: &dyn Host, folder: &Path) -> Result<Self> {
        let wants: Vec<Want> = FILES.iter().map(|name| Want::Glob(folder.join(name))).collect();
        let found = host.read(cx, &wants)?.into_iter().flatten();
        let files = found.filter_map(|file| match file.content {
            Content::There { bytes, .. } => Some((file.path, bytes)),
            Content::Missing | Content::Unreadable(_) => None,
        });
        Ok(Self { files: files.collect() })
    }

    /// A warning for every line that mentions the number, outside comments.
    pub fn of(&self, number: &str) -> Vec<Warning> {
        let mut out = Vec::new();
        for (path, bytes) in &self.files {
            for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
                let text = line.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
                if find(text, number.as_bytes(), 0).is_none() {
                    continue;
                }
                if out.len() == MOST {
                    let more = format!("{number} is mentioned in more places than these {MOST}");
                    out.push(Warning::new("mentioned", more).number(number));
                    return out;
                }
                let message = format!("{number} is still mentioned: {}", shown(path, text));
                out.push(Warning::new("mentioned", message).number(number).at(&Place::new(path, index as u32 + 1)));
            }
        }
        out
    }
}

/// The line as it may be shown: of a voicemail box not the PIN.
fn shown(path: &Path, text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let voicemail = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("voicemail"));
    match (voicemail, text.split_once('=')) {
        (true, Some((name, value))) => {
            let rest = value.split_once(',').map_or("", |(_, rest)| rest);
            format!("{}=> {},{rest}", name.trim_end(), super::mask::MASK)
        }
        _ => text.into_owned(),
    }
}

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
    while let Some(found) = text.get(at..)?.windows(number.len()).position(|window| window == number) {
        let (start, end) = (at + found, at + found + number.len());
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
