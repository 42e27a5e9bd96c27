//! FreeSWITCH: the static XML directory, the Event Socket and `fs_cli -x`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cx::Cx;
use crate::engine::{Engine, Opening, Reader};
use crate::error::{Place, Result};
use crate::host::{Host, Want};
use crate::wire::event_socket::Login;

pub mod console;
mod directory;
mod draft;
mod estate;
mod fields;
mod layout;
mod line;
mod mask;
mod mentions;
mod merged;
mod plan;
mod proofs;
mod stores;
#[cfg(test)]
mod tests;
mod tree;

/// FreeSWITCH 1.6 to 1.11 with its users in XML files.
#[derive(Clone, Copy, Debug, Default)]
pub struct FreeSwitch;

impl Engine for FreeSwitch {
    fn name(&self) -> &'static str {
        "freeswitch"
    }

    fn lacks(&self) -> &'static [&'static str] {
        &["codecs", "transport", "pickup_group"]
    }

    fn mark(&self) -> (&'static str, &'static str) {
        ("attr", fields::LIST)
    }

    fn object(&self) -> &'static str {
        "user"
    }

    fn usual_folder(&self) -> &'static Path {
        Path::new("/etc/freeswitch")
    }

    fn reads(&self, folder: &Path, reader: Reader) -> Vec<Want> {
        match reader {
            Reader::Load { .. } => estate::wants(folder),
            Reader::Console => console::wants(folder),
            Reader::Live => console::since(folder),
            Reader::Pending => Vec::new(),
        }
    }

    fn load(&self, cx: &Cx, host: &dyn Host, folder: &Path, mentions: bool) -> Result<Box<dyn crate::engine::Estate>> {
        Ok(Box::new(estate::Estate::load(cx, host, folder, mentions)?))
    }

    fn opening<'h>(&self, cx: &Cx, host: &'h dyn Host, folder: &Path, login: Option<&Login>) -> Result<Opening<'h>> {
        console::opening(cx, host, folder, login)
    }

    fn secrets(&self, bytes: &Arc<[u8]>) -> Vec<std::ops::Range<usize>> {
        mask::secrets(bytes, 0..bytes.len())
    }

    /// All that a reload reads is in the estate.
    fn pending(&self, _: &Cx, _: &dyn Host, _: &Path, _: i64, _: &[PathBuf]) -> Result<Vec<Place>> {
        Ok(Vec::new())
    }
}
