//! Carries out steps in order, each durable before the next one of another kind begins.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, syncfs, utimensat};

use super::super::{Meta, Step, Stopped};
use super::like::{self, Model};
use super::sync_folder;
use crate::error::{Code, Error, Result, shell_word};

/// From this many new files in a row on, one sync of the file system is cheaper than one a file.
pub(in super::super) const MANY: usize = 8;

/// Files are compared in parts of this size.
const PART: usize = 1 << 16;

/// Carries out all steps, or stops at the first that fails.
pub(super) fn all(steps: &[Step]) -> Result<(), Stopped> {
    let created = |step: &Step| matches!(step, Step::Create { .. });
    let mut done = 0;
    for run in steps.chunk_by(|a, b| created(a) && created(b)) {
        let together = run.len() >= MANY;
        let mut model = None;
        for step in run {
            one(step, &mut model, !together).map_err(|error| Stopped { done, error })?;
            done += 1;
        }
        if let (true, Some(Step::Create { path, .. })) = (together, run.last()) {
            sync_all(path).map_err(|error| Stopped { done: done - run.len(), error })?;
        }
    }
    Ok(())
}

fn sync_all(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|file| Ok(syncfs(&file)?));
    synced.map_err(|e| failed("write", path, e))
}

/// One step; `model` is what the last new file was made like.
fn one(step: &Step, model: &mut Option<Model>, sync: bool) -> Result<()> {
    match step {
        Step::MakeFolder { path, mode } => make_folder(path, *mode).map_err(|e| failed("make", path, e)),
        Step::Create { path, bytes, like, mode } => {
            if let Some(like) = like
                && model.as_ref().is_none_or(|model| !model.is(like))
            {
                *model = Some(Model::of(like)?);
            }
            create(path, bytes, model.as_ref().filter(|_| like.is_some()), *mode, sync)
        }
        Step::Append { path, bytes } => append(path, bytes).map_err(|e| failed("write", path, e)),
        Step::Stamps { path, before, of, after } => {
            let stamps = of.iter().map(|file| file.as_deref().map_or(Ok("null".to_owned()), stamp));
            let stamps = stamps.collect::<io::Result<Vec<_>>>();
            let stamps = stamps.and_then(|all| append(path, format!("{before}{}{after}", all.join(",")).as_bytes()));
            stamps.map_err(|e| failed("write", path, e))
        }
        Step::Expect { path, was, bytes } => expect(path, was.as_ref(), bytes),
        Step::Link { from, to } => link(from, to),
        Step::Rename { from, to } => rename(from, to).map_err(|e| failed("replace", to, e)),
        Step::InPlace { path, bytes } => in_place(path, bytes).map_err(|e| failed("write", path, e)),
        Step::Remove { path } => gone(fs::remove_file(path)).map_err(|e| failed("remove", path, e)),
        Step::RemoveFolder { path } => gone(fs::remove_dir(path)).map_err(|e| failed("remove", path, e)),
        Step::Touch { path } => touch(path).map_err(|e| failed("touch", path, e)),
        Step::SyncFolder { path } => sync_folder(path).map_err(|e| failed("sync", path, e)),
    }
}

/// A step that fails is [`Code::Failed`] even where something is missing: 3 is for what was asked for.
pub(in super::super) fn failed(doing: &str, path: &Path, error: io::Error) -> Error {
    // What is made for a change is gone when this is read.
    let ours = |path: &&Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".sipctl"));
    let there = path.ancestors().skip(1).find(|path| !ours(path)).unwrap_or(path);
    let there = shell_word(&there.to_string_lossy());
    let hint = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(format!("make room: df -h {there}")),
        ErrorKind::ReadOnlyFilesystem => Some(format!("see how it is mounted: findmnt -T {there}")),
        ErrorKind::PermissionDenied => {
            let user = "run this as root, or as the user the engine runs as";
            Some(
                match error.raw_os_error() == Some(rustix::io::Errno::PERM.raw_os_error())
                    && rustix::process::geteuid().is_root()
                {
                    true => format!("see whether it is immutable: lsattr {}", shell_word(&path.to_string_lossy())),
                    false => user.to_owned(),
                },
            )
        }
        _ => None,
    };
    let error = Error::failed(format!("cannot {doing} {}", path.display())).because(error);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    match DirBuilder::new().mode(mode).create(path) {
        // The umask may have taken bits away.
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(mode)),
        Err(_) if path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

fn create(path: &Path, bytes: &[u8], like: Option<&Model>, mode: u32, sync: bool) -> Result<()> {
    // Nobody else may read it before it has its final owner and mode.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| failed("create", path, e))?;
    let mut fill = || -> Result<()> {
        let io = |e| failed("write", path, e);
        match like {
            Some(model) => like::make(&file, path, model)?,
            None => file.set_permissions(Permissions::from_mode(mode)).map_err(io)?,
        }
        file.write_all(bytes).map_err(io)?;
        if sync { file.sync_all().map_err(io) } else { Ok(()) }
    };
    fill().inspect_err(|_| {
        // The first error is the one to tell.
        let _ = fs::remove_file(path);
    })
}

fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// What a file is at this moment, see [`Step::Stamps`].
fn stamp(path: &Path) -> io::Result<String> {
    let meta = fs::metadata(path)?;
    let (inode, size, seconds, nanos) = (meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec());
    Ok(format!("{{\"inode\":{inode},\"size\":{size},\"mtime\":[{seconds},{nanos}]}}"))
}

/// Whether the file still is what was read: the same inode, untouched, with the same bytes.
fn expect(path: &Path, was: Option<&Meta>, bytes: &[u8]) -> Result<()> {
    let same = match (fs::metadata(path), was) {
        (Err(error), None) if error.kind() == ErrorKind::NotFound => true,
        (Ok(now), Some(was)) => {
            (now.dev(), now.ino()) == was.id
                && now.size() == was.size
                && (now.mtime(), now.mtime_nsec()) == (was.mtime.0, i64::from(was.mtime.1))
                && holds(path, bytes).map_err(|e| failed("read", path, e))?
        }
        (Err(error), _) if error.kind() != ErrorKind::NotFound => return Err(failed("read", path, error)),
        _ => false,
    };
    if same { Ok(()) } else { Err(changed(path)) }
}

/// The error of a file that is not what was read any more.
pub(in super::super) fn changed(path: &Path) -> Error {
    let message = format!("{} was changed by somebody else between reading and writing", path.display());
    Error::new(Code::Retry, message).hint("nothing is changed; run the same command again")
}

/// Whether a file holds these bytes and no more.
fn holds(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut part = vec![0; PART];
    for wanted in bytes.chunks(PART) {
        let found = &mut part[..wanted.len()];
        match file.read_exact(found) {
            Ok(()) if *found == *wanted => {}
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error),
            _ => return Ok(false),
        }
    }
    Ok(file.read(&mut part)? == 0)
}

fn link(from: &Path, to: &Path) -> Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => {
            Err(failed("link", to, error))
        }
        // Another file system, one without links, or one where only the owner may make them.
        Err(_) => {
            let bytes = fs::read(from).map_err(|e| failed("read", from, e))?;
            create(to, &bytes, Some(&Model::of(from)?), 0o600, true)
        }
    }
}

/// Renames; from another mount it copies beside the new name first.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            let name = to.file_name().unwrap_or_default().to_string_lossy();
            let beside = to.with_file_name(format!(".{name}.sipctl-{}", std::process::id()));
            let bytes = fs::read(from)?;
            let model = Model::of(from).map_err(io::Error::other)?;
            create(&beside, &bytes, Some(&model), 0o600, true).map_err(io::Error::other)?;
            fs::rename(&beside, to).inspect_err(|_| {
                let _ = fs::remove_file(&beside);
            })?;
            fs::remove_file(from)
        }
        other => other,
    }
}

fn in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The path is a resolved one: a link in its place now is somebody else's, and leads elsewhere.
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().write(true).custom_flags(flags).open(path)?;
    file.write_all_at(bytes, 0)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn touch(path: &Path) -> io::Result<()> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
    };
    Ok(utimensat(CWD, path, &times, AtFlags::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(path: &Path) -> Meta {
        let want = super::super::super::Want::Meta(path.to_owned());
        let files = super::super::read::Reader::default().answer(&want);
        match &files[0].content {
            super::super::super::Content::There { meta, .. } => meta.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn expect_sees_other_bytes_another_inode_and_another_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let expect = |was: &Meta| {
            let bytes = b"old".as_slice().into();
            one(&Step::Expect { path: path.clone(), was: Some(was.clone()), bytes }, &mut None, true)
        };
        fs::write(&path, "old").unwrap();
        let was = meta(&path);
        expect(&was).unwrap();

        // Other bytes behind the same length and time, as rsync -t would leave them.
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, "new").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_eq!(expect(&was).unwrap_err().code, Code::Retry);

        fs::write(&path, "old").unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(time - std::time::Duration::from_secs(1))
            .unwrap();
        assert_eq!(expect(&was).unwrap_err().code, Code::Retry);

        fs::copy(&path, folder.path().join("g")).unwrap();
        fs::rename(folder.path().join("g"), &path).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_eq!(expect(&was).unwrap_err().code, Code::Retry);

        let absent = Step::Expect { path, was: None, bytes: b"".as_slice().into() };
        assert_eq!(one(&absent, &mut None, true).unwrap_err().code, Code::Retry);
    }

    #[test]
    fn a_batch_stops_where_it_fails_and_says_how_far_it_came() {
        let folder = tempfile::tempdir().unwrap();
        let create = |name: &str| Step::Create {
            path: folder.path().join(name),
            bytes: b"x".as_slice().into(),
            like: None,
            mode: 0o600,
        };
        fs::write(folder.path().join("there"), "").unwrap();
        let stopped = all(&[create("a"), create("b"), create("there"), create("c")]).unwrap_err();
        assert_eq!((stopped.done, stopped.error.code), (2, Code::Failed));
        assert!(folder.path().join("b").exists() && !folder.path().join("c").exists());
    }

    #[test]
    fn in_place_keeps_the_inode_and_cuts_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "a long old text").unwrap();
        let before = meta(&path).id;
        let bytes = b"short".as_slice().into();
        one(&Step::InPlace { path: path.clone(), bytes }, &mut None, true).unwrap();
        assert_eq!((fs::read(&path).unwrap(), meta(&path).id), (b"short".to_vec(), before));

        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(one(&Step::InPlace { path: link, bytes: b"led astray".as_slice().into() }, &mut None, true).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }
}
