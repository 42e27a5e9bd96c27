//! Reads files, globs and folders. What cannot be read is an answer, never a failure of the batch.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, OFlags, Statx, StatxAttributes, StatxFlags, makedev, statx};
use rustix::io::Errno;

use super::super::glob::{Matcher, braces};
use super::super::{Content, File, Meta, Want};

/// Up to this size a file is read with one call.
const SMALL: usize = 1 << 16;

/// Answers one batch; remembers the folders it has resolved and who else has files mounted.
#[derive(Default)]
pub(super) struct Reader {
    folders: HashMap<OsString, PathBuf>,
    mounted: Option<Vec<(u64, u64)>>,
    /// What small files are read into: one byte larger than any, so that their end is seen.
    room: Vec<u8>,
}

impl Reader {
    /// The files of one want.
    pub(super) fn answer(&mut self, want: &Want) -> Vec<File> {
        match want {
            Want::File(path) => vec![self.file(path.clone())],
            Want::Glob(pattern) => glob(pattern).into_iter().map(|path| self.file(path)).collect(),
            Want::Meta(path) => {
                let mut content = self.look(path);
                if let Content::There { meta, .. } = &mut content {
                    meta.mounted |= !meta.folder && self.mounted_elsewhere(meta.id);
                }
                vec![File { path: path.clone(), content }]
            }
            Want::Folder(path) => match names(path) {
                Ok(names) => names
                    .into_iter()
                    .map(|path| {
                        let content = self.look(&path);
                        File { path, content }
                    })
                    .collect(),
                Err(error) => vec![File { path: path.clone(), content: unread(&error) }],
            },
        }
    }

    fn file(&mut self, path: PathBuf) -> File {
        let content = self.bytes(&path).unwrap_or_else(|error| unread(&error));
        File { path, content }
    }

    /// Opens, looks, reads and closes: a directory may be ten thousand files.
    fn bytes(&mut self, path: &Path) -> io::Result<Content> {
        let open = |more: OFlags| {
            // Not waiting for a writer, should it be a named pipe.
            let flags = (OFlags::NONBLOCK | more).bits().cast_signed();
            fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
        };
        let (mut file, link) = match open(OFlags::NOFOLLOW) {
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => (open(OFlags::empty())?, true),
            other => (other?, false),
        };
        let (kind, mut meta) = seen(&file, Path::new(""), AtFlags::EMPTY_PATH, || file.metadata())?;
        if kind != FileType::RegularFile {
            return Ok(Content::Unreadable("not a regular file".into()));
        }
        let size = usize::try_from(meta.size).unwrap_or(0);
        let bytes = match size < SMALL {
            true => self.small(&mut file, size)?,
            false => whole(&mut file, size)?,
        };
        meta.real = self.real(path, link)?;
        Ok(Content::There { bytes, meta })
    }

    /// The bytes of a file that seems to have `size` of them, fewer than there is room for: where
    /// just so many come, that was its end.
    fn small(&mut self, file: &mut fs::File, size: usize) -> io::Result<Arc<[u8]>> {
        self.room.resize(SMALL, 0);
        match file.read(&mut self.room) {
            Ok(read) if read == size => Ok(Arc::from(&self.room[..size])),
            Ok(read) => Ok([&self.room[..read], &whole(file, 0)?].concat().into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => whole(file, size),
            Err(error) => Err(error),
        }
    }

    fn look(&mut self, path: &Path) -> Content {
        let look = |flags| match flags {
            AtFlags::SYMLINK_NOFOLLOW => seen(CWD, path, flags, || fs::symlink_metadata(path)),
            _ => seen(CWD, path, flags, || fs::metadata(path)),
        };
        let found = look(AtFlags::SYMLINK_NOFOLLOW).and_then(|(kind, meta)| match kind {
            FileType::Symlink => Ok((look(AtFlags::empty())?.1, true)),
            _ => Ok((meta, false)),
        });
        match found.and_then(|(meta, link)| Ok(Meta { real: self.real(path, link)?, ..meta })) {
            Ok(meta) => Content::There { bytes: Arc::from([]), meta },
            Err(error) => unread(&error),
        }
    }

    /// The path without symbolic links; a folder is resolved once for all its files.
    fn real(&mut self, path: &Path, link: bool) -> io::Result<PathBuf> {
        let (Some(parent), Some(name), false) = (path.parent(), path.file_name(), link) else {
            return fs::canonicalize(path);
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        if let Some(known) = self.folders.get(parent.as_os_str()) {
            return Ok(known.join(name));
        }
        let known = fs::canonicalize(parent)?;
        let real = known.join(name);
        self.folders.insert(parent.as_os_str().to_owned(), known);
        Ok(real)
    }

    /// Whether a container or another mount namespace has this very file bind-mounted: renaming
    /// over it here would leave the old one there.
    fn mounted_elsewhere(&mut self, id: (u64, u64)) -> bool {
        self.mounted.get_or_insert_with(mounted_files).contains(&id)
    }
}

/// The bytes of a file that seems to have `size` of them, without a second copy where it has.
fn whole(file: &mut impl Read, size: usize) -> io::Result<Arc<[u8]>> {
    let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, size).collect();
    let room = Arc::get_mut(&mut bytes).expect("nobody else has it yet");
    let mut filled = 0;
    while filled < size {
        match file.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut more = Vec::new();
    file.read_to_end(&mut more)?;
    match filled == size && more.is_empty() {
        true => Ok(bytes),
        false => Ok([&bytes[..filled], &more].concat().into()),
    }
}

/// What an error makes of a path that was asked for.
pub(in super::super) fn unread(error: &io::Error) -> Content {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Content::Missing,
        _ => Content::Unreadable(error.to_string()),
    }
}

/// What a file is, in one call. A kernel without it, or before 5.8, does not say what is mounted;
/// then the rename itself will (EBUSY).
fn seen(
    at: impl AsFd,
    path: &Path,
    flags: AtFlags,
    older: impl FnOnce() -> io::Result<Metadata>,
) -> io::Result<(FileType, Meta)> {
    match statx(at, path, flags, StatxFlags::BASIC_STATS) {
        Ok(found) => Ok((FileType::from_raw_mode(found.stx_mode.into()), newer_meta(&found))),
        Err(Errno::NOSYS | Errno::PERM) => {
            let found = older()?;
            Ok((FileType::from_raw_mode(found.mode()), older_meta(&found)))
        }
        Err(error) => Err(error.into()),
    }
}

fn newer_meta(found: &Statx) -> Meta {
    Meta {
        real: PathBuf::new(),
        id: (makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino),
        uid: found.stx_uid,
        gid: found.stx_gid,
        mode: u32::from(found.stx_mode) & 0o7777,
        links: found.stx_nlink.into(),
        size: found.stx_size,
        mtime: (found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec),
        folder: FileType::from_raw_mode(found.stx_mode.into()) == FileType::Directory,
        mounted: found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
    }
}

fn older_meta(found: &Metadata) -> Meta {
    Meta {
        real: PathBuf::new(),
        id: (found.dev(), found.ino()),
        uid: found.uid(),
        gid: found.gid(),
        mode: found.mode() & 0o7777,
        links: found.nlink(),
        size: found.size(),
        mtime: (found.mtime(), u32::try_from(found.mtime_nsec()).unwrap_or(0)),
        folder: found.is_dir(),
        mounted: false,
    }
}

/// Device and inode of every file mounted as a single file, in every mount namespace we may look into.
fn mounted_files() -> Vec<(u64, u64)> {
    let mut namespaces = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes.filter(|p| p.file_name().as_bytes().iter().all(u8::is_ascii_digit)) {
        let process = process.path();
        let Ok(namespace) = fs::read_link(process.join("ns/mnt")) else { continue };
        if !namespaces.insert(namespace) {
            continue;
        }
        let mounts = fs::read(process.join("mountinfo")).unwrap_or_default();
        for line in mounts.split(|b| *b == b'\n') {
            // 36 35 98:0 /root/in/its/file/system /mount/point ...
            let mut fields = line.split(|b| *b == b' ').skip(3);
            let (Some(root), Some(point)) = (fields.next(), fields.next()) else { continue };
            if root == b"/" {
                continue;
            }
            let point = unescape(point);
            let point = point.strip_prefix(b"/").unwrap_or(&point);
            let seen = process.join("root").join(OsStr::from_bytes(point));
            if let Ok(meta) =
                fs::metadata(&seen).and_then(|m| if m.is_file() { Ok(m) } else { Err(ErrorKind::Other.into()) })
            {
                found.push((meta.dev(), meta.ino()));
            }
        }
    }
    found
}

/// Undoes the `\040` of mountinfo.
pub(in super::super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let octal = tail.get(..3).filter(|d| first == b'\\' && d.iter().all(|b| (b'0'..=b'7').contains(b)));
        match octal {
            Some(digits) => {
                out.push(digits.iter().fold(0u8, |sum, d| sum.wrapping_mul(8).wrapping_add(d - b'0')));
                rest = &tail[3..];
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

/// What stands directly in a folder, in byte order.
fn names(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    Ok(paths)
}

/// The paths a pattern matches: as glob(3) does, one brace alternative after the other, each in byte order.
fn glob(pattern: &Path) -> Vec<PathBuf> {
    let Some(pattern) = pattern.to_str() else { return Vec::new() };
    let mut all = Vec::new();
    for alternative in braces(pattern) {
        let root = if alternative.starts_with('/') { "/" } else { "" };
        let mut paths = vec![PathBuf::from(root)];
        for part in alternative.split('/').filter(|part| !part.is_empty()) {
            paths = paths.iter().flat_map(|folder| children(folder, part)).collect();
        }
        paths.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
        all.append(&mut paths);
    }
    all
}

/// What in a folder matches one part of a pattern. (The walker of the `glob` crate loses names with
/// a leading dot and panics at names that are not UTF-8; its matching is sound.)
fn children(folder: &Path, part: &str) -> Vec<PathBuf> {
    let Some(pattern) = Matcher::new(part) else {
        let path = folder.join(part);
        return if fs::symlink_metadata(&path).is_ok() { vec![path] } else { Vec::new() };
    };
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let names = fs::read_dir(here).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter(|name| pattern.matches(&name.to_string_lossy())).map(|name| folder.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &Path, pattern: &str) -> Vec<String> {
        let paths = glob(&folder.join(pattern));
        paths.iter().map(|p| p.strip_prefix(folder).unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn globs_are_those_of_the_c_library() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.conf", "a.conf", "Z.conf", "d.CONF", ".hidden.conf", "c.txt", "a*.x", "ab.x", "d/x"] {
            fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
            fs::write(folder.path().join(name), "").unwrap();
        }
        let here = |pattern| found(folder.path(), pattern);
        assert_eq!(here("*.conf"), ["Z.conf", "a.conf", "b.conf"]);
        assert_eq!(here("**.conf"), ["Z.conf", "a.conf", "b.conf"]);
        assert_eq!(here(".h*"), [".hidden.conf"]);
        assert_eq!(here("{c.txt,[ab].conf}"), ["c.txt", "a.conf", "b.conf"]);
        assert_eq!(here("[^aZ].conf"), ["b.conf"]);
        assert_eq!(here("a\\*.x"), ["a*.x"]);
        assert_eq!(here("?/x"), ["d/x"]);
        assert_eq!(here("{none,nothing}"), [""; 0]);
        fs::write(folder.path().join(OsStr::from_bytes(b"caf\xe9.conf")), "").unwrap();
        assert_eq!(glob(&folder.path().join("c*.conf")).len(), 1);
    }

    #[test]
    fn a_file_is_the_same_by_either_call_and_at_any_size() {
        let folder = tempfile::tempdir().unwrap();
        let mut reader = Reader::default();
        for size in [0, 1, SMALL - 1, SMALL, SMALL + 1] {
            let path = folder.path().join("f");
            fs::write(&path, vec![b'x'; size]).unwrap();
            let Content::There { bytes, mut meta } = reader.bytes(&path).unwrap() else { panic!("unread") };
            assert_eq!(bytes.len(), size);
            let Content::There { meta: looked, .. } = reader.look(&path) else { panic!("unseen") };
            assert_eq!(meta, looked);
            meta.real = PathBuf::new();
            assert_eq!(meta, older_meta(&fs::metadata(&path).unwrap()));
        }
        // A file may grow or shrink while it is read.
        let path = folder.path().join("f");
        for (size, said) in [(10, 5), (5, 10), (SMALL + 9, 5)] {
            fs::write(&path, vec![b'x'; size]).unwrap();
            assert_eq!(reader.small(&mut fs::File::open(&path).unwrap(), said).unwrap().len(), size);
        }
        let Content::There { bytes, meta } = reader.bytes(Path::new("/proc/self/stat")).unwrap() else { panic!() };
        assert!(meta.size == 0 && !bytes.is_empty());
    }

    #[test]
    fn links_are_followed_and_what_is_no_file_is_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real"), "text").unwrap();
        std::os::unix::fs::symlink("real", at("link")).unwrap();
        std::os::unix::fs::symlink("gone", at("dangling")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        let mut reader = Reader::default();
        let Content::There { bytes, meta } = reader.file(at("link")).content else { panic!("unread") };
        assert_eq!((&*bytes, meta.real, meta.links), (&b"text"[..], fs::canonicalize(at("real")).unwrap(), 1));
        assert!(matches!(reader.file(at("dangling")).content, Content::Missing));
        assert!(matches!(reader.file(at("real/below")).content, Content::Missing));
        assert!(matches!(reader.file(at("folder")).content, Content::Unreadable(_)));
        let listed = reader.answer(&Want::Folder(folder.path().to_owned()));
        let names: Vec<_> = listed.iter().map(|f| f.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["dangling", "folder", "link", "real"]);
    }
}
