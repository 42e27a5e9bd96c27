//! The host of a PBX: one connection a run, whoever asks for it.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::Pbx;
use crate::cx::Cx;
use crate::error::{Code, Error, Result};
use crate::host::local::Local;
use crate::host::parted::Parted;
use crate::host::rooted::Rooted;
use crate::host::{Content, Host, Want};
use crate::pool::lock;

/// The host of a PBX as it is, kept open for the run. Copies of a PBX share it.
#[derive(Clone, Default)]
pub struct Link(Arc<Mutex<Option<Arc<dyn Host>>>>);

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if lock(&self.0).is_some() { "open" } else { "closed" })
    }
}

impl Pbx {
    /// The host as it is.
    pub fn host(&self) -> Result<Arc<dyn Host>> {
        let mut open = lock(&self.link.0);
        match &*open {
            Some(host) => Ok(Arc::clone(host)),
            None => {
                let host: Arc<dyn Host> = Arc::from(crate::host::open(&self.address, &self.access)?);
                Ok(Arc::clone(open.insert(host)))
            }
        }
    }

    /// The host as the inventory says it is to be seen: from `root`, with the engine at `console`.
    pub fn seen(&self, cx: &Cx) -> Result<Arc<dyn Host>> {
        let mut host = self.host()?;
        if let Some(root) = &self.root {
            let found = host.read(cx, &[Want::Meta(root.clone())])?;
            let real = match found.first().and_then(|files| files.first()).map(|file| &file.content) {
                Some(Content::There { meta, .. }) if meta.folder => meta.real.clone(),
                _ => return Err(Error::new(Code::NotFound, format!("no folder {} (root)", root.display()))),
            };
            host = Arc::new(Rooted::new(host, real));
        }
        if let Some(console) = &self.console {
            let engine: Arc<dyn Host> = match console.is_plain_local() {
                true => Arc::new(Local),
                false => Arc::from(crate::host::open(console, &self.access)?),
            };
            host = Arc::new(Parted { files: host, engine, folder: console.folder.clone() });
        }
        Ok(host)
    }

    /// Lets go of the host.
    pub fn release(&self) {
        *lock(&self.link.0) = None;
    }
}
