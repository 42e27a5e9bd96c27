//! Fetches a file and all it includes, each level of includes in one exchange with the host.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::cx::Cx;
use crate::error::Result;
use crate::host::{self, Host, Meta, Want};
use crate::text::asterisk_conf::{Carry, Content, DirectiveKind, Document};

/// The engine's paths have 255 bytes (`char fn[256]` in `config_text_file_load`).
const MAX_PATH: usize = 255;

/// Whether the engine's glob(3) (`GLOB_NOMAGIC | GLOB_BRACE`) treats a path as a pattern.
pub(super) fn is_glob(argument: &[u8]) -> bool {
    argument.iter().any(|byte| b"*?[{\\".contains(byte))
}

/// The path an include means: relative to the configuration folder, never to the including file.
pub(super) fn resolve(folder: &Path, argument: &[u8]) -> PathBuf {
    let path = folder.join(OsStr::from_bytes(argument));
    match path.as_os_str().as_bytes() {
        long if long.len() > MAX_PATH => PathBuf::from(OsStr::from_bytes(&long[..MAX_PATH])),
        _ => path,
    }
}

/// One file found for a path or pattern.
pub(super) enum Found {
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Its lines.
        doc: Document,
        /// What it is.
        meta: Meta,
    },
    /// A thing we may not read, but the engine might.
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

/// What was found for every path and pattern, whether the engine comes to read it or not.
#[derive(Default)]
pub(super) struct Sources(HashMap<PathBuf, Vec<Found>>);

impl Sources {
    /// Fetches the main file, then level by level what the files name.
    pub fn read(cx: &Cx, host: &dyn Host, folder: &Path, main: &str) -> Result<Sources> {
        let mut sources = HashMap::new();
        let mut wants = vec![Want::File(resolve(folder, main.as_bytes()))];
        while !wants.is_empty() {
            let answers = host.read(cx, &wants)?;
            let mut next = Vec::new();
            for (want, files) in wants.into_iter().zip(answers) {
                let (Want::File(path) | Want::Glob(path) | Want::Meta(path) | Want::Folder(path)) = want;
                let group = group(files);
                for found in &group {
                    if let Found::File { doc, .. } = found {
                        next.extend(includes(doc, folder));
                    }
                }
                sources.insert(path, group);
            }
            let mut asked = std::collections::HashSet::new();
            next.retain(|(path, _)| !sources.contains_key(path) && asked.insert(path.clone()));
            wants =
                next.into_iter().map(|(path, glob)| if glob { Want::Glob(path) } else { Want::File(path) }).collect();
        }
        Ok(Sources(sources))
    }

    /// What was found for a path or pattern.
    pub fn found(&self, path: &Path) -> &[Found] {
        self.0.get(path).map_or(&[], Vec::as_slice)
    }
}

/// The files of one path or pattern; folders and what is missing are passed over, as the engine
/// does. Comment state runs through all of them.
fn group(files: Vec<host::File>) -> Vec<Found> {
    let mut carry = Carry::default();
    let mut group = Vec::new();
    for host::File { path, content } in files {
        match content {
            host::Content::There { bytes, meta } if !meta.folder && path.as_os_str().len() <= MAX_PATH => {
                let (doc, next) = Document::parse(bytes, carry);
                carry = next;
                group.push(Found::File { path, doc, meta });
            }
            host::Content::There { .. } | host::Content::Missing => {}
            host::Content::Unreadable(why) => group.push(Found::Unreadable { path, why }),
        }
    }
    group
}

/// What a file includes, up to where the engine surely gives it up.
fn includes<'a>(doc: &'a Document, folder: &'a Path) -> impl Iterator<Item = (PathBuf, bool)> + 'a {
    doc.lines().iter().take_while(|line| !matches!(line.content, Content::Fatal(_))).filter_map(move |line| match line
        .content
    {
        Content::Directive(directive) if directive.kind != DirectiveKind::Exec => {
            let argument = doc.text(&directive.argument);
            Some((resolve(folder, argument), is_glob(argument)))
        }
        _ => None,
    })
}
