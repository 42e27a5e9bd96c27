//! The inventory file is written as a PBX's files are: beside, durable, renamed, owner and mode kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::text;
use crate::cx::Cx;
use crate::error::{Code, Error, Place, Result};
use crate::host::local::Local;
use crate::host::{Content, Host, Meta, Step, Want};
use crate::secret::salt;

/// Puts what `edit` makes of the text into the file, which need not be there yet, while nobody else
/// edits it.
pub fn rewrite(cx: &Cx, path: &Path, edit: impl Fn(&str) -> Result<String>) -> Result<()> {
    // What is refused leaves no folder behind.
    let (before, _) = read(cx, path)?;
    edit(text(path, &before)?)?;
    let (folder_mode, mode) = if path.starts_with("/etc") { (0o755, 0o644) } else { (0o700, 0o600) };
    let mut parents: Vec<&Path> = path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()).collect();
    parents.reverse();
    let missing = parents.iter().filter(|p| !p.exists());
    let steps: Vec<Step> = missing.map(|p| Step::MakeFolder { path: (*p).to_owned(), mode: folder_mode }).collect();
    act(cx, &steps)?;

    let folder = |path: &Path| path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let at = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let _guard = Local.lock(cx, &folder(&at))?;
    let (before, was) = read(cx, &at)?;
    let after: Arc<[u8]> = edit(text(path, &before)?)?.into_bytes().into();
    let expect = Step::Expect { path: at.clone(), was: was.clone(), bytes: before };
    if was.as_ref().is_some_and(|meta| meta.links > 1 || meta.mounted) {
        return act(cx, &[expect, Step::InPlace { path: at, bytes: after }]);
    }
    let temp = beside(&at)?;
    let like = was.map(|_| at.clone());
    let steps = [
        Step::Create { path: temp.clone(), bytes: after, like, mode },
        expect,
        Step::Rename { from: temp.clone(), to: at.clone() },
        Step::SyncFolder { path: folder(&at) },
    ];
    act(cx, &steps).inspect_err(|_| {
        let _ = act(cx, &[Step::Remove { path: temp }]);
    })
}

fn act(cx: &Cx, steps: &[Step]) -> Result<()> {
    Local.act(cx, steps).map_err(|stopped| stopped.error)
}

fn beside(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(path.with_file_name(format!(".{name}.sipctl-{}.new", salt()?)))
}

fn read(cx: &Cx, path: &Path) -> Result<(Arc<[u8]>, Option<Meta>)> {
    let found = Local.read(cx, &[Want::File(path.to_owned())])?.into_iter().flatten().next();
    match found.map(|file| file.content) {
        Some(Content::There { meta, .. }) if meta.folder => {
            Err(Error::new(Code::Failed, "the inventory is a folder").at(Place::new(path, 0)))
        }
        Some(Content::There { bytes, meta }) => Ok((bytes, Some(meta))),
        Some(Content::Unreadable(why)) => {
            Err(Error::failed(format!("cannot read the inventory {}: {why}", path.display())))
        }
        Some(Content::Missing) | None => Ok(([].into(), None)),
    }
}
