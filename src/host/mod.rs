//! The machine or container a PBX runs on: its files, programs and sockets. Knows no telephony.
//!
//! Every method is one exchange that takes a batch, so that the same code costs few round trips
//! when the host is far away.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use self::far::Far;
use self::link::Transport;
use crate::address::{Address, Location};
use crate::cx::Cx;
use crate::error::{Error, Result};

pub mod container;
pub mod far;
mod glob;
pub mod link;
pub mod local;
mod lock;
pub mod parted;
pub mod process;
pub mod rooted;
pub mod ssh;
pub mod sudo;

/// What a file is besides its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The path with symbolic links resolved: what a change replaces.
    pub real: PathBuf,
    /// Device and inode number.
    pub id: (u64, u64),
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
    /// Number of hard links.
    pub links: u64,
    /// Size in bytes.
    pub size: u64,
    /// Modification time: seconds and nanoseconds since 1970.
    pub mtime: (i64, u32),
    /// Whether it is a directory.
    pub folder: bool,
    /// Whether the file itself is a mount point (a bind-mounted file cannot be renamed over).
    pub mounted: bool,
}

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// A file with its bytes.
    File(PathBuf),
    /// The files a glob(3) pattern matches (`* ? [] {a,b}`; a leading dot must be written), with
    /// their bytes, in byte order.
    Glob(PathBuf),
    /// What a path is, without its bytes.
    Meta(PathBuf),
    /// What everything directly in a folder is, without bytes, in byte order.
    Folder(PathBuf),
}

impl Want {
    /// What it is about.
    pub fn path(&self) -> &Path {
        let (Self::File(path) | Self::Glob(path) | Self::Meta(path) | Self::Folder(path)) = self;
        path
    }
}

/// What was read for one path.
#[derive(Clone, Debug)]
pub struct File {
    /// The path as it was asked for, or as the glob found it.
    pub path: PathBuf,
    /// What is there.
    pub content: Content,
}

/// What is at a path.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing.
    Missing,
    /// Something that cannot be read; the reason as the system words it.
    Unreadable(String),
    /// A file with its bytes, or a thing that was only looked at (no bytes).
    There {
        /// The bytes; empty where only [`Want::Meta`] or [`Want::Folder`] was asked.
        bytes: Arc<[u8]>,
        /// What it is.
        meta: Meta,
    },
}

/// One act of a batch. A batch is carried out in order and stops at the first failure.
#[derive(Clone, Debug)]
pub enum Step {
    /// Makes a folder; it is fine if it is there already.
    MakeFolder {
        /// Where.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// Creates a new file (it must not exist) and fsyncs it.
    Create {
        /// Where.
        path: PathBuf,
        /// Its bytes.
        bytes: Arc<[u8]>,
        /// Takes owner, mode, ACL and label of this file; a thing that cannot be kept is an error
        /// that names the command which would do it.
        like: Option<PathBuf>,
        /// Permission bits where `like` is none.
        mode: u32,
    },
    /// Appends to a file (created 0600 if missing) and fsyncs it.
    Append {
        /// Where.
        path: PathBuf,
        /// What.
        bytes: Vec<u8>,
    },
    /// Appends to a file, like [`Step::Append`], what other files are at this moment: `before`, for
    /// each file `{"inode":1,"size":2,"mtime":[3,4]}` or for none `null`, with commas between, `after`.
    Stamps {
        /// Where.
        path: PathBuf,
        /// Stands before them.
        before: String,
        /// The files.
        of: Vec<Option<PathBuf>>,
        /// Stands behind them.
        after: String,
    },
    /// Fails with [`Code::Retry`](crate::error::Code::Retry) unless the file still is what was read.
    Expect {
        /// The file.
        path: PathBuf,
        /// What was read: `None` for a file that must not exist.
        was: Option<Meta>,
        /// The bytes that were read.
        bytes: Arc<[u8]>,
    },
    /// Hard-links `from` as `to`; a copy with the same owner and mode where the file system cannot.
    Link {
        /// The file.
        from: PathBuf,
        /// The new name.
        to: PathBuf,
    },
    /// Renames, replacing what is there.
    Rename {
        /// The old name.
        from: PathBuf,
        /// The new name.
        to: PathBuf,
    },
    /// Writes over the file in place, keeping its inode: one pwrite, then truncate, then fsync.
    InPlace {
        /// The file.
        path: PathBuf,
        /// Its new bytes.
        bytes: Arc<[u8]>,
    },
    /// Removes a file; it is fine if it is gone already.
    Remove {
        /// Which.
        path: PathBuf,
    },
    /// Removes an empty folder; it is fine if it is gone already.
    RemoveFolder {
        /// Which.
        path: PathBuf,
    },
    /// Sets the modification time to now.
    Touch {
        /// Which.
        path: PathBuf,
    },
    /// Makes renames and links in a folder durable.
    SyncFolder {
        /// Which.
        path: PathBuf,
    },
}

impl Step {
    /// What it is about; of two names the one it makes.
    pub fn path(&self) -> &Path {
        match self {
            Self::MakeFolder { path, .. }
            | Self::Create { path, .. }
            | Self::Append { path, .. }
            | Self::Stamps { path, .. }
            | Self::Expect { path, .. }
            | Self::InPlace { path, .. }
            | Self::Remove { path }
            | Self::RemoveFolder { path }
            | Self::Touch { path }
            | Self::SyncFolder { path }
            | Self::Link { to: path, .. }
            | Self::Rename { to: path, .. } => path,
        }
    }
}

/// A batch that stopped.
#[derive(Debug)]
pub struct Stopped {
    /// How many steps were carried out.
    pub done: usize,
    /// Why the next one was not.
    pub error: Error,
}

/// A program to run, without a shell.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program.
    pub program: String,
    /// Its arguments; never a secret.
    pub args: Vec<String>,
    /// What it reads on standard input.
    pub stdin: Vec<u8>,
}

/// What a program answered.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its exit code; `None` when a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// A Unix stream socket.
    Unix(PathBuf),
    /// A TCP port, as the host sees it.
    Tcp(String, u16),
}

/// A connection to a socket of the host.
pub trait Stream: Read + Write + Send {
    /// Sets how long one `read` or `write` may block.
    fn set_timeout(&mut self, timeout: Duration) -> std::io::Result<()>;
}

/// Holds the lock of a configuration folder until dropped.
pub trait Guard: Send {
    /// Whether somebody else held it first; where that is not known, only the time it took can tell.
    fn waited(&self) -> Option<bool> {
        None
    }
}

/// A lock, and what was read under it.
pub type Locked = (Box<dyn Guard>, Vec<Vec<File>>);

/// A machine or container.
pub trait Host: Send + Sync {
    /// Reads files; one answer for each want, in order. A path that cannot be read is an answer,
    /// not an error.
    fn read(&self, cx: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>>;

    /// Says what will be read next: the exchange before that takes it along where the host is far away.
    fn foresee(&self, _wants: &[Want]) {}

    /// Whether an exchange takes its time, so that fewer of them are worth more work. What is read of a
    /// file there tells of its mounts as well.
    fn is_far(&self) -> bool {
        false
    }

    /// Carries out steps in order.
    fn act(&self, cx: &Cx, steps: &[Step]) -> Result<(), Stopped>;

    /// Runs programs one after the other; a program that cannot be started is an error.
    fn run(&self, cx: &Cx, commands: &[Command]) -> Result<Vec<Output>>;

    /// Connects to a socket of the host.
    fn connect(&self, cx: &Cx, socket: &Socket) -> std::io::Result<Box<dyn Stream>>;

    /// Takes the lock of a folder, waiting up to `cx.timeouts.wait`;
    /// [`Code::Retry`](crate::error::Code::Retry) when somebody holds it for longer.
    fn lock(&self, cx: &Cx, folder: &Path) -> Result<Box<dyn Guard>>;

    /// [`Host::act`], then [`Host::read`]: one exchange where the host is far away.
    fn act_and_read(&self, cx: &Cx, steps: &[Step], wants: &[Want]) -> Result<Vec<Vec<File>>, Stopped> {
        self.act(cx, steps)?;
        self.read(cx, wants).map_err(|error| Stopped { done: steps.len(), error })
    }

    /// [`Host::lock`], then [`Host::read`]: one exchange where the host is far away.
    fn lock_and_read(&self, cx: &Cx, folder: &Path, wants: &[Want]) -> Result<Locked> {
        let guard = self.lock(cx, folder)?;
        let found = self.read(cx, wants)?;
        Ok((guard, found))
    }

    /// Removes files of no use any more, at once or with what comes next; one that stays is only said.
    fn clear(&self, cx: &Cx, paths: &[PathBuf]) {
        let steps: Vec<Step> = paths.iter().map(|path| Step::Remove { path: path.clone() }).collect();
        if let Err(stopped) = self.act(cx, &steps) {
            cx.events.detail(&format!("a file stays behind: {}", stopped.error));
        }
    }

    /// The host's clock: seconds and nanoseconds since 1970.
    fn clock(&self) -> (i64, u32);

    /// Where the running engine is, if not here: its host, and the folder as it sees it there.
    fn engine(&self) -> Option<(&dyn Host, &Path)> {
        None
    }

    /// Whether a process that is left behind sees the files under the names they have here.
    fn stays(&self) -> bool {
        true
    }

    /// Starts a shell script of the host as a process that outlives this program, its terminal and
    /// the way to the host.
    fn leave_behind(&self, cx: &Cx, script: &Path) -> Result<()> {
        const START: &str = "setsid sh \"$0\" </dev/null >/dev/null 2>&1 &";
        let args = ["-c".to_owned(), START.to_owned(), script.display().to_string()];
        let command = Command { program: "sh".to_owned(), args: args.to_vec(), stdin: Vec::new() };
        match self.run(cx, &[command])?.first() {
            Some(output) if output.status == Some(0) => Ok(()),
            _ => Err(Error::failed("no process can be left behind on the host")),
        }
    }

    /// The user id that works there: what was made by it, or by root, was made by sipctl itself.
    fn user(&self) -> u32 {
        0
    }

    /// Whether it would be noticed that a file has an access control list or a label; else only the
    /// file itself keeps them.
    fn sees_lists(&self) -> bool {
        true
    }

    /// Whether what is changed in a folder (without symbolic links) goes with the container it is in,
    /// as far as the last read tells.
    fn ephemeral(&self, _folder: &Path) -> bool {
        false
    }
}

/// Who speaks SSH.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Client {
    /// sipctl itself.
    #[default]
    Builtin,
    /// The `ssh` of this machine, for servers and keys that sipctl itself cannot.
    System,
}

/// How a host may be reached.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Who speaks SSH.
    pub client: Client,
    /// Whether the key of a host that is not known yet is accepted.
    pub accept_new_host_key: bool,
    /// A file with the password of the login.
    pub password_file: Option<PathBuf>,
}

/// Opens the host an address is on. Where that is behind a shell, nothing is sent before something
/// is asked.
pub fn open(address: &Address, access: &Access) -> Result<Box<dyn Host>> {
    if address.is_plain_local() {
        return Ok(Box::new(local::Local));
    }
    let (on, inside) = match &address.location {
        Location::Local => (None, None),
        Location::Ssh(ssh) => (Some(ssh), None),
        Location::Container { runtime, name, on } => (on.as_ref(), Some((*runtime, name))),
    };
    let way: Box<dyn Transport> = match on {
        None => Box::new(process::Here),
        Some(to) => ssh::to(to, access)?,
    };
    // Who may enter a container is decided outside of it.
    let way: Box<dyn Transport> = match &address.sudo {
        Some(user) => Box::new(sudo::Sudo::new(way, user)),
        None => way,
    };
    Ok(Box::new(match inside {
        Some((runtime, name)) => Far::in_container(Box::new(container::Container::new(way, runtime, name))),
        None => Far::new(way),
    }))
}
