//! What every far host comes down to: a `/bin/sh` somewhere, spoken to through its standard input and
//! output, whether ssh, sudo or a container's `exec` started it.

use std::io;
use std::time::Duration;

use super::{Socket, Stream};
use crate::cx::Cx;
use crate::error::Result;

/// A shell that runs on the host. Dropping it closes its standard input, which ends it.
pub trait Link: Send {
    /// Moves bytes both ways until something moved or `wait` is over: takes what could be sent off
    /// the front of `out`, appends what came to `into`. Both at once, so that neither side can block
    /// the other. `false` once the other side has closed its output and everything of it was read.
    fn pump(&mut self, out: &mut Vec<u8>, into: &mut Vec<u8>, wait: Duration) -> io::Result<bool>;

    /// The last lines that came on standard error (a banner, a refusal), without control characters.
    fn complaint(&mut self) -> String;
}

/// A way to a host.
pub trait Transport: Send + Sync {
    /// For people: `ssh admin@pbx1:2222`.
    fn name(&self) -> String;

    /// Starts a shell there. The command that starts it is constant; everything that varies is sent
    /// to its standard input.
    fn shell(&self, cx: &Cx) -> Result<Box<dyn Link>>;

    /// Connects to a socket of the host; [`io::ErrorKind::Unsupported`] where this way cannot.
    fn connect(&self, cx: &Cx, socket: &Socket) -> io::Result<Box<dyn Stream>>;
}
