//! One connection that is open: the wait for its socket, with our own deadlines. libssh2 never
//! blocks and never sends keepalives: both break long silent commands.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::Shutdown;
use ssh2::{BlockDirections, ErrorCode, Session};

use super::proxy::Helper;
use crate::cx::Cx;

/// A wait looks at least this often whether it should stop, and whether another channel's wait took
/// its bytes off the socket.
const LOOK: Duration = Duration::from_millis(10);

/// Codes of libssh2 that this room tells apart (libssh2.h).
pub(super) mod code {
    /// No common algorithm, or the exchange broke off.
    pub const KEX_FAILURE: i32 = -5;
    /// Likewise.
    pub const KEY_EXCHANGE_FAILURE: i32 = -8;
    /// A key file that cannot be read, or not with this passphrase.
    pub const FILE: i32 = -16;
    /// The server said no.
    pub const REFUSED: i32 = -18;
    /// The agent cannot sign with this key.
    pub const AGENT: i32 = -42;
    /// No to a signature, though not to the key: it may want a password as well.
    pub const UNVERIFIED: i32 = -19;
    /// A passphrase that does not open the key.
    pub const KEYFILE: i32 = -48;
    /// The server refused to open a channel.
    pub const CHANNEL_FAILURE: i32 = -21;
    /// Asked to sign with something it cannot.
    pub const UNSUPPORTED: i32 = -33;
    /// Would block.
    pub const AGAIN: i32 = -37;
    /// No algorithm for it.
    pub const ALGO_UNSUPPORTED: i32 = -51;
}

/// The code of an error of the session.
pub(super) fn code_of(error: &ssh2::Error) -> i32 {
    match error.code() {
        ErrorCode::Session(code) | ErrorCode::SFTP(code) => code,
    }
}

/// Why an exchange did not come to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// libssh2 says why.
    Ssh(ssh2::Error),
    /// No answer in time.
    Late,
    /// A signal came.
    Interrupted,
}

/// The connection. Its session is shared by everything that runs over it.
pub(super) struct Live {
    pub session: Session,
    socket: OwnedFd,
    helper: Option<Helper>,
    /// libssh2 opens one channel at a time.
    opening: Mutex<()>,
    broken: AtomicBool,
}

impl Live {
    /// A session over a socket, before the handshake.
    pub fn new(socket: OwnedFd, helper: Option<Helper>) -> io::Result<Self> {
        let mut session = Session::new()?;
        session.set_tcp_stream(socket.try_clone()?);
        session.set_blocking(false);
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(Self { session, socket, helper, opening: Mutex::new(()), broken: AtomicBool::new(false) })
    }

    /// Repeats a call until it no longer would block.
    pub fn until<T>(
        &self,
        cx: &Cx,
        deadline: Instant,
        mut call: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<T, Stop> {
        loop {
            match call() {
                Err(error) if code_of(&error) == code::AGAIN => {}
                Err(error) => return Err(Stop::Ssh(error)),
                Ok(value) => return Ok(value),
            }
            if cx.cancel.is_set() {
                return Err(Stop::Interrupted);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Stop::Late);
            }
            self.wait(left);
        }
    }

    /// Opens a channel; one that was given up half open makes the connection unusable.
    pub fn open<T>(&self, cx: &Cx, deadline: Instant, call: impl FnMut() -> Result<T, ssh2::Error>) -> Result<T, Stop> {
        let _one = self.opening.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let opened = self.until(cx, deadline, call);
        if matches!(opened, Err(Stop::Late | Stop::Interrupted)) {
            self.give_up();
        }
        opened
    }

    /// Waits until the socket has something to read, or takes something where libssh2 has something
    /// to send.
    pub fn wait(&self, left: Duration) {
        let mut flags = PollFlags::IN;
        if matches!(self.session.block_directions(), BlockDirections::Outbound | BlockDirections::Both) {
            flags |= PollFlags::OUT;
        }
        let slice = left.min(LOOK);
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(slice.subsec_nanos()) };
        // An interrupted wait is a short one: the caller looks again anyway.
        let _ = poll(&mut [PollFd::new(&self.socket, flags)], Some(&timeout));
    }

    /// Whether the connection can no longer be used.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::SeqCst)
    }

    /// Never to be used again.
    pub fn give_up(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    /// Gives up while a call on the session is under way elsewhere: whoever touches it would wait for that.
    pub fn abandoned(&self, why: Stop) -> Stop {
        self.give_up();
        why
    }

    /// What the command that connects said, if one does.
    pub fn complaint(&self) -> String {
        self.helper.as_ref().map(Helper::complaint).unwrap_or_default()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if !self.is_broken() {
            let _ = self.session.disconnect(None, "done", None);
        }
        // libssh2 frees its channels only once it knows that nobody answers any more.
        let _ = rustix::net::shutdown(&self.socket, Shutdown::Both);
    }
}
