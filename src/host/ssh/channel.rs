//! What runs over a session: the shell, and connections to sockets of the host.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ssh2::Channel;

use super::live::{Live, Stop, code, code_of};
use super::tail::Tail;
use crate::host::Stream;
use crate::host::link::Link;

/// How much is read at once.
const CHUNK: usize = 1 << 15;
/// How many of these before somebody looks at it: what prints without end must not be read without end.
const GULP: usize = 32;

/// The shell.
pub(super) struct Shell {
    // Before `live`: a channel ends before its session.
    channel: Channel,
    live: Arc<Live>,
    said: Tail,
}

impl Shell {
    /// A shell that was started on this channel.
    pub fn new(live: Arc<Live>, channel: Channel) -> Self {
        Self { channel, live, said: Tail::default() }
    }

    /// What is there of one stream; whether something was, and whether it is over.
    fn take(&mut self, stream: i32, mut into: impl FnMut(&[u8])) -> io::Result<(bool, bool)> {
        let mut reader = self.channel.stream(stream);
        let mut buffer = [0; CHUNK];
        let mut moved = false;
        for _ in 0..GULP {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok((moved, true)),
                Ok(length) => {
                    moved = true;
                    into(&buffer[..length]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok((moved, false)),
                Err(error) => return Err(error),
            }
        }
        Ok((moved, false))
    }

    fn step(&mut self, out: &mut Vec<u8>, into: &mut Vec<u8>) -> io::Result<(bool, bool)> {
        let mut sent = 0;
        while sent < out.len() {
            match self.channel.write(&out[sent..]) {
                Ok(0) => break,
                Ok(length) => sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // What the other side said before it closed is still to be read.
                Err(_) if self.channel.eof() => break,
                Err(error) => return Err(error),
            }
        }
        out.drain(..sent);
        // Both streams are drained: a full window of either would stop the other.
        let mut said = std::mem::take(&mut self.said);
        let complained = self.take(1, |bytes| said.add(bytes));
        self.said = said;
        complained?;
        let (moved, over) = self.take(0, |bytes| into.extend_from_slice(bytes))?;
        Ok((moved || sent > 0, over && self.channel.eof()))
    }
}

impl Link for Shell {
    fn pump(&mut self, out: &mut Vec<u8>, into: &mut Vec<u8>, wait: Duration) -> io::Result<bool> {
        let deadline = Instant::now() + wait;
        loop {
            let (moved, over) = self.step(out, into).inspect_err(|_| self.live.give_up())?;
            if over {
                return Ok(false);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if moved || left.is_zero() {
                return Ok(true);
            }
            self.live.wait(left);
        }
    }

    fn complaint(&mut self) -> String {
        let own = self.said.lines();
        if own.is_empty() { self.live.complaint() } else { own }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // Closing waits for an answer elsewhere; that the input is over is said here.
        let _ = self.channel.send_eof();
        let _ = self.channel.close();
    }
}

/// A connection to a socket of the host.
pub(super) struct Forwarded {
    channel: Channel,
    live: Arc<Live>,
    timeout: Duration,
}

impl Forwarded {
    /// A connection that was opened on this channel.
    pub fn new(live: Arc<Live>, channel: Channel, timeout: Duration) -> Self {
        Self { channel, live, timeout }
    }

    fn until<T>(&mut self, mut call: impl FnMut(&mut Channel) -> io::Result<T>) -> io::Result<T> {
        let deadline = Instant::now() + self.timeout;
        loop {
            match call(&mut self.channel) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                other => return other,
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            self.live.wait(left);
        }
    }
}

impl Read for Forwarded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.until(|channel| channel.read(buffer))
    }
}

impl Write for Forwarded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        self.until(|channel| match channel.write(bytes) {
            Ok(0) => Err(ErrorKind::WouldBlock.into()),
            other => other,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Forwarded {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.timeout = timeout;
        Ok(())
    }
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        let _ = self.channel.close();
    }
}

/// Why a server opened no connection, as an error of the system. For a Unix socket it has one answer
/// for what is missing and for what it may not open: then it is `Unsupported`, and the caller takes
/// another way, which says more.
pub(super) fn refusal(stop: Stop, unix: bool) -> io::Error {
    match stop {
        Stop::Late => io::Error::new(ErrorKind::TimedOut, "the ssh server did not answer"),
        Stop::Interrupted => ErrorKind::Interrupted.into(),
        Stop::Ssh(error) if code_of(&error) == code::CHANNEL_FAILURE => {
            let (kind, why) = match error.message().contains("connect failed") {
                true if unix => (ErrorKind::Unsupported, "the ssh server does not connect to it"),
                true => (ErrorKind::ConnectionRefused, "nobody listens there"),
                false => (ErrorKind::Unsupported, "the ssh server forwards no connections"),
            };
            io::Error::new(kind, why)
        }
        Stop::Ssh(error) => error.into(),
    }
}
