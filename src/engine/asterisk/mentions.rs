//! The files that may mention an extension's number.

use std::path::Path;

use super::mask::MASK;
use crate::cx::Cx;
use crate::engine::mentions::Mentions;
use crate::error::Result;
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

/// The same as questions to a host.
pub fn wants(folder: &Path) -> Vec<Want> {
    FILES.iter().map(|name| Want::Glob(folder.join(name))).collect()
}

/// Reads the files in one exchange; unreadable ones are passed over.
pub fn read(cx: &Cx, host: &dyn Host, folder: &Path) -> Result<Mentions> {
    let found = host.read(cx, &wants(folder))?.into_iter().flatten();
    let files = found.filter_map(|file| match file.content {
        Content::There { bytes, .. } => Some((file.path, bytes)),
        Content::Missing | Content::Unreadable(_) => None,
    });
    Ok(Mentions::new(files.collect(), shown))
}

/// The line as it may be shown: without its comment, of a voicemail box not the PIN.
fn shown(path: &Path, line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.split(|b| *b == b';').next().unwrap_or_default().trim_ascii());
    let voicemail = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("voicemail"));
    match (voicemail, text.split_once('=')) {
        (true, Some((name, value))) => {
            let rest = value.split_once(',').map_or("", |(_, rest)| rest);
            format!("{}=> {MASK},{rest}", name.trim_end())
        }
        _ => text.into_owned(),
    }
}
