//! This machine as a host, with the `asterisk` program of one engine.

use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use sipctl::cx::Cx;
use sipctl::error::{Error, Result};
use sipctl::host::{Command, Content, File, Guard, Host, Meta, Output, Socket, Step, Stopped, Stream, Want};

/// What the console needs of a host, with ways to spoil it.
pub struct LabHost {
    /// The folder of the `asterisk` program.
    pub bin: PathBuf,
    /// What connecting to a socket fails with.
    pub refuse: Option<ErrorKind>,
    /// A file name part whose files cannot be read.
    pub unreadable: Option<&'static str>,
}

impl LabHost {
    pub fn new(bin: &Path) -> Self {
        Self { bin: bin.to_owned(), refuse: None, unreadable: None }
    }
}

struct Unix(UnixStream);

impl Read for Unix {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        self.0.read(buffer)
    }
}

impl Write for Unix {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> IoResult<()> {
        self.0.flush()
    }
}

impl Stream for Unix {
    fn set_timeout(&mut self, timeout: Duration) -> IoResult<()> {
        self.0.set_read_timeout(Some(timeout))?;
        self.0.set_write_timeout(Some(timeout))
    }
}

impl Host for LabHost {
    fn read(&self, _: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        let files = |want: &Want| match want {
            Want::Glob(pattern) => {
                glob::glob(pattern.to_str().unwrap()).unwrap().map(|p| self.file(&p.unwrap())).collect()
            }
            Want::File(path) | Want::Meta(path) | Want::Folder(path) => vec![self.file(path)],
        };
        Ok(wants.iter().map(files).collect())
    }

    fn act(&self, _: &Cx, steps: &[Step]) -> Result<(), Stopped> {
        for (done, step) in steps.iter().enumerate() {
            let Step::Remove { path } = step else {
                return Err(Stopped { done, error: Error::failed("the lab's host only removes files") });
            };
            match std::fs::remove_file(path) {
                Err(e) if e.kind() != ErrorKind::NotFound => {
                    return Err(Stopped { done, error: Error::io("remove", path, e) });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn run(&self, _: &Cx, commands: &[Command]) -> Result<Vec<Output>> {
        let run = |command: &Command| {
            let program = self.bin.join(&command.program);
            let output = std::process::Command::new(&program).args(&command.args).stdin(Stdio::null()).output();
            let output = output.map_err(|e| Error::io("run", &program, e))?;
            Ok(Output { status: output.status.code(), stdout: output.stdout, stderr: output.stderr })
        };
        commands.iter().map(run).collect()
    }

    fn connect(&self, _: &Cx, socket: &Socket) -> IoResult<Box<dyn Stream>> {
        match (self.refuse, socket) {
            (Some(kind), _) => Err(kind.into()),
            (None, Socket::Unix(path)) => Ok(Box::new(Unix(UnixStream::connect(path)?))),
            (None, Socket::Tcp(..)) => Err(IoError::from(ErrorKind::Unsupported)),
        }
    }

    fn lock(&self, _: &Cx, _: &Path) -> Result<Box<dyn Guard>> {
        Err(Error::failed("the lab's host has no locks"))
    }

    fn clock(&self) -> (i64, u32) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        (now.as_secs() as i64, now.subsec_nanos())
    }
}

impl LabHost {
    fn file(&self, path: &Path) -> File {
        let spoiled = self.unreadable.is_some_and(|part| path.to_string_lossy().contains(part));
        let content = match (spoiled, std::fs::read(path), std::fs::metadata(path)) {
            (true, ..) => Content::Unreadable("Permission denied".to_owned()),
            (_, Ok(bytes), Ok(meta)) => Content::There { bytes: bytes.into(), meta: self.meta(path, &meta) },
            (_, Err(e), _) if e.kind() == ErrorKind::NotFound => Content::Missing,
            (_, Err(e), _) | (_, _, Err(e)) => Content::Unreadable(e.to_string()),
        };
        File { path: path.to_owned(), content }
    }

    fn meta(&self, path: &Path, meta: &std::fs::Metadata) -> Meta {
        Meta {
            real: path.to_owned(),
            id: (meta.dev(), meta.ino()),
            uid: meta.uid(),
            gid: meta.gid(),
            mode: meta.mode() & 0o7777,
            links: meta.nlink(),
            size: meta.size(),
            mtime: (meta.mtime(), meta.mtime_nsec() as u32),
            folder: meta.is_dir(),
            mounted: false,
        }
    }
}
