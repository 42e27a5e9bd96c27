//! Where else a number is mentioned: dialplan, hints, queues, voicemail. sipctl changes none of
//! these; it says where they are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Warning;
use super::number::find;
use crate::error::Place;

/// No more than this many places are listed for one number.
const MOST: usize = 20;

/// The texts to look through.
#[derive(Debug)]
pub struct Mentions {
    files: Vec<(PathBuf, Arc<[u8]>)>,
    shown: fn(&Path, &[u8]) -> String,
}

impl Mentions {
    /// Looks through these files; `shown` is a line as it may be shown, without comment and secret.
    pub fn new(files: Vec<(PathBuf, Arc<[u8]>)>, shown: fn(&Path, &[u8]) -> String) -> Self {
        Self { files, shown }
    }

    /// A warning for every line that mentions the number.
    pub fn of(&self, number: &str) -> Vec<Warning> {
        let mut out = Vec::new();
        for (path, bytes) in &self.files {
            for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
                if find(line, number.as_bytes(), 0).is_none() {
                    continue;
                }
                let text = (self.shown)(path, line);
                if find(text.as_bytes(), number.as_bytes(), 0).is_none() {
                    continue;
                }
                if out.len() == MOST {
                    let more = format!("{number} is mentioned in more places than these {MOST}");
                    out.push(Warning::new("mentioned", more).number(number));
                    return out;
                }
                let message = format!("{number} is still mentioned: {text}");
                out.push(Warning::new("mentioned", message).number(number).at(&Place::new(path, index as u32 + 1)));
            }
        }
        out
    }
}
