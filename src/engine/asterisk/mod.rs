//! Asterisk: pjsip.conf and pjsip_wizard.conf, the control socket and `asterisk -rx`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cx::Cx;
use crate::engine::{Engine, Opening, Reader};
use crate::error::{Place, Result};
use crate::host::{Content, Host, Want};
use crate::text::asterisk_conf::{Carry, Document};
use crate::wire::event_socket::Login;

pub mod config;
pub mod console;
mod draft;
mod dress;
pub mod estate;
mod fields;
pub use fields::LIST;
mod layout;
mod mask;
mod mentions;
pub mod objects;
pub mod options;
mod parts;
mod plan;
mod proofs;
mod stores;

/// Asterisk 16 to 22 with chan_pjsip.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asterisk;

impl Engine for Asterisk {
    fn name(&self) -> &'static str {
        "asterisk"
    }

    fn lacks(&self) -> &'static [&'static str] {
        &["domain", "outbound_cid_name", "outbound_cid_number", "toll_allow"]
    }

    fn object(&self) -> &'static str {
        "endpoint"
    }

    fn usual_folder(&self) -> &'static Path {
        Path::new("/etc/asterisk")
    }

    fn reads(&self, folder: &Path, reader: Reader) -> Vec<Want> {
        match reader {
            Reader::Load { mentions } => {
                let mut wants = estate::wants(folder);
                wants.extend(mentions.then(|| mentions::wants(folder)).into_iter().flatten());
                wants
            }
            Reader::Console => vec![Want::File(folder.join(console::CONFIG))],
            Reader::Live => Vec::new(),
            Reader::Pending => vec![Want::Folder(folder.to_owned())],
        }
    }

    fn load(&self, cx: &Cx, host: &dyn Host, folder: &Path, mentions: bool) -> Result<Box<dyn crate::engine::Estate>> {
        Ok(Box::new(estate::Estate::load(cx, host, folder, mentions)?))
    }

    fn opening<'h>(&self, cx: &Cx, host: &'h dyn Host, folder: &Path, _: Option<&Login>) -> Result<Opening<'h>> {
        console::opening(cx, host, folder)
    }

    fn secrets(&self, bytes: &Arc<[u8]>) -> Vec<std::ops::Range<usize>> {
        let (doc, _) = Document::parse(Arc::clone(bytes), Carry::default());
        mask::secrets(&doc, 0..bytes.len())
    }

    fn pending(&self, cx: &Cx, host: &dyn Host, folder: &Path, read: i64, ours: &[PathBuf]) -> Result<Vec<Place>> {
        let found = host.read(cx, &[Want::Folder(folder.to_owned())])?;
        // The engine counts whole seconds; a file of the very second of the reload is taken as read.
        let newer = found.into_iter().flatten().filter(|file| match &file.content {
            Content::There { meta, .. } => !meta.folder && meta.mtime.0 > read,
            Content::Missing | Content::Unreadable(_) => false,
        });
        let named = newer.filter(|file| is_configuration(&file.path) && !ours.contains(&file.path));
        Ok(named.map(|file| Place::new(file.path, 0)).collect())
    }
}

/// Whether a file of the folder is one a module would read.
fn is_configuration(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let extension = path.extension().is_some_and(|end| ["conf", "ael", "lua"].iter().any(|known| end == *known));
    !hidden && extension
}
