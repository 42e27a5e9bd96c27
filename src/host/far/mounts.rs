//! What is mounted there.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::super::local::read::unescape;

/// File systems that containers have their images in: what is written there goes with the container.
const LAYERS: [&[u8]; 5] = [b"overlay", b"fuse.fuse-overlayfs", b"aufs", b"btrfs", b"zfs"];

/// Every mount point of a mountinfo, with the type of its file system.
pub(super) fn points(mountinfo: &[u8]) -> impl Iterator<Item = (PathBuf, &[u8])> {
    mountinfo.split(|b| *b == b'\n').filter_map(|line| {
        // 36 35 98:0 /root/in/its/file/system /mount/point options optional... - type source ...
        let mut fields = line.split(|b| *b == b' ');
        let point = OsString::from_vec(unescape(fields.nth(4)?));
        let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
        Some((point.into(), kind))
    })
}

/// Whether a folder of a container is on no volume.
pub(super) fn in_layers(mountinfo: &[u8], folder: &Path) -> bool {
    let over = points(mountinfo).filter(|(point, _)| folder.starts_with(point));
    // Of two on the same point the later one is seen.
    let nearest = over.max_by_key(|(point, _)| point.components().count());
    nearest.is_some_and(|(point, kind)| point == Path::new("/") && LAYERS.contains(&kind))
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
        assert!(!in_layers(b"", Path::new("/etc")));
    }
}
