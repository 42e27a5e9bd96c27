//! What is mounted there.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::super::local::read::unescape;

/// File systems that containers have their images in: what is written there goes with the container.
const LAYERS: [&[u8]; 5] = [b"overlay", b"fuse.fuse-overlayfs", b"aufs", b"btrfs", b"zfs"];

/// The same where they are folders of another file system, as docker and podman call them.
const FOLDERS: &[u8] = b"/vfs/dir/";

/// A line of mountinfo.
pub(super) struct Mount<'a> {
    /// Where it is seen.
    pub point: PathBuf,
    /// What of its file system is seen there.
    root: &'a [u8],
    /// The type of its file system.
    kind: &'a [u8],
}

/// Everything that is mounted.
pub(super) fn all(mountinfo: &[u8]) -> impl Iterator<Item = Mount<'_>> {
    mountinfo.split(|b| *b == b'\n').filter_map(|line| {
        // 36 35 98:0 /root/in/its/file/system /mount/point options optional... - type source ...
        let mut fields = line.split(|b| *b == b' ');
        let root = fields.nth(3)?;
        let point = OsString::from_vec(unescape(fields.next()?)).into();
        let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
        Some(Mount { point, root, kind })
    })
}

/// Whether a folder of a container is on no volume.
pub(super) fn in_layers(mountinfo: &[u8], folder: &Path) -> bool {
    let over = all(mountinfo).filter(|mount| folder.starts_with(&mount.point));
    // Of two on the same point the later one is seen.
    let nearest = over.max_by_key(|mount| mount.point.components().count());
    nearest.filter(|mount| mount.point == Path::new("/")).is_some_and(|mount| {
        LAYERS.contains(&mount.kind) || mount.root.windows(FOLDERS.len()).any(|part| part == FOLDERS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_told_from_the_image() {
        let info = b"1 0 0:50 / / rw,relatime - overlay overlay rw,lowerdir=x\n\
            2 1 254:0 /var/x /etc/my\\040pbx rw shared:1 master:2 - ext4 /dev/vda rw\n\
            3 1 0:51 / /proc rw - proc proc rw\n";
        let at = |path| in_layers(info, Path::new(path));
        assert_eq!(
            [at("/etc/asterisk"), at("/etc/my pbx"), at("/etc/my pbx/sub"), at("/proc")],
            [true, false, false, false]
        );
        assert!(!in_layers(b"1 0 254:0 / / rw - ext4 /dev/vda rw\n", Path::new("/etc")));
        let vfs = b"1 0 254:0 /var/lib/docker/vfs/dir/a2b3 / rw - ext4 /dev/vda rw\n";
        assert!(in_layers(vfs, Path::new("/etc")));
        assert!(!in_layers(b"", Path::new("/etc")));
    }
}
