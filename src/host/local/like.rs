//! Gives a new file the owner, mode, access control list and label of another one.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{fgetxattr, fremovexattr, fsetxattr, getxattr, listxattr};
use rustix::io::Errno;

use crate::error::{Error, Result};

const ACL: &str = "system.posix_acl_access";
const LABEL: &str = "security.selinux";

/// What other files take from one.
pub(super) struct Model {
    path: PathBuf,
    meta: Metadata,
    /// The extended attributes that are kept, an ACL and a label among them.
    attributes: Vec<(String, Vec<u8>)>,
}

impl Model {
    /// Looks at a file.
    pub(super) fn of(path: &Path) -> Result<Self> {
        let looked = |e| Error::io("look at", path, e);
        let extended = |e: Errno| looked(e.into());
        let meta = fs::metadata(path).map_err(looked)?;
        let names = names(|buffer| listxattr(path, buffer)).map_err(extended)?;
        let attributes = names.into_iter().filter(|name| kept(name)).map(|name| {
            let value = value(|buffer| getxattr(path, &name, buffer)).map_err(extended)?;
            Ok((name, value))
        });
        Ok(Self { path: path.to_owned(), meta, attributes: attributes.collect::<Result<_>>()? })
    }

    /// Whether it is this file.
    pub(super) fn is(&self, path: &Path) -> bool {
        self.path == path
    }
}

/// Makes `file`, just created as `path`, like a model. What cannot be kept is an error that names
/// the command which would do it.
pub(super) fn make(file: &File, path: &Path, model: &Model) -> Result<()> {
    let Model { path: model, meta: want, attributes } = model;
    let have = file.metadata().map_err(|e| Error::io("look at", path, e))?;
    if (have.uid(), have.gid()) != (want.uid(), want.gid()) {
        // A new file is ours already: only what differs needs a right we may not have.
        let uid = (have.uid() != want.uid()).then_some(want.uid());
        let gid = (have.gid() != want.gid()).then_some(want.gid());
        fchown(file, uid, gid).map_err(|e| {
            let owner = format!("{}:{}", want.uid(), want.gid());
            lost(&format!("the owner {owner}"), model, e, format!("chown {owner} {}", path.display()))
        })?;
    }
    // An ACL holds the mode as well, so it comes after it; a new file may have inherited one.
    let mode = want.mode() & 0o7777;
    if !attributes.iter().any(|(name, _)| name == ACL) {
        match fremovexattr(file, ACL) {
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => {}
            Err(e) => {
                return Err(lost("no access control list", model, e.into(), format!("setfacl -b {}", path.display())));
            }
        }
    }
    file.set_permissions(Permissions::from_mode(mode))
        .map_err(|e| lost("the mode", model, e, format!("chmod {mode:o} {}", path.display())))?;
    for (name, value) in attributes {
        if self::value(|buffer| fgetxattr(file, name, buffer)).is_ok_and(|has| has == *value) {
            continue;
        }
        fsetxattr(file, name, value, rustix::fs::XattrFlags::empty()).map_err(|e| {
            let (from, to) = (model.display(), path.display());
            let (what, command) = match name.as_str() {
                ACL => ("the access control list", format!("getfacl {from} | setfacl --set-file=- {to}")),
                LABEL => ("the security label", format!("chcon --reference={from} {to}")),
                _ => ("an extended attribute", format!("setfattr -n {name} -v VALUE {to}")),
            };
            lost(what, model, e.into(), command)
        })?;
    }
    Ok(())
}

fn kept(name: &str) -> bool {
    name == ACL || name == LABEL || name.starts_with("user.")
}

/// The error of a thing that a new version of a file cannot keep.
pub(in super::super) fn lost(what: &str, model: &Path, error: io::Error, command: String) -> Error {
    Error::failed(format!("a new version of {} cannot keep {what}", model.display()))
        .because(error)
        .hint(format!("run this as root, or as a user who may do: {command}"))
}

/// The names of extended attributes; none where the file system has none.
fn names(list: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> rustix::io::Result<Vec<String>> {
    let bytes = match value(list) {
        Err(Errno::NOTSUP) => return Ok(Vec::new()),
        other => other?,
    };
    Ok(bytes.split(|b| *b == 0).filter(|n| !n.is_empty()).map(|n| String::from_utf8_lossy(n).into_owned()).collect())
}

/// Asks with a buffer that grows until it is large enough.
fn value(ask: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> rustix::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 256];
    loop {
        match ask(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            // The kernel keeps no more than 64 KiB in one attribute.
            Err(Errno::RANGE) if buffer.len() < 1 << 16 => buffer.resize(buffer.len() * 16, 0),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mode_and_attributes_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (model, path) = (folder.path().join("model"), folder.path().join("new"));
        fs::write(&model, "").unwrap();
        fs::set_permissions(&model, Permissions::from_mode(0o640)).unwrap();
        let big = vec![b'x'; 2000];
        let supported = rustix::fs::setxattr(&model, "user.note", &big, rustix::fs::XattrFlags::empty()).is_ok();
        let file = File::create(&path).unwrap();
        make(&file, &path, &Model::of(&model).unwrap()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        let kept = value(|buffer| fgetxattr(&file, "user.note", buffer));
        assert_eq!(kept.ok(), supported.then_some(big));
    }
}
