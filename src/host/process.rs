//! A shell behind the pipes of a child process.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process_group};

use super::link::{Link, Transport};
use super::{Socket, Stream, local};
use crate::cx::Cx;
use crate::error::{Error, Result};

/// As much is kept of what a process says on its standard error.
const COMPLAINT: usize = 4096;
/// As many of its last lines are told.
const LINES: usize = 3;
/// As much is read before somebody looks at it: what prints without end must not be read without end.
const GULP: usize = 1 << 20;
/// How long a process may take to end after its input has.
const FAREWELL: Duration = Duration::from_millis(500);

/// A child process as a link. Its group is killed when it does not end by itself.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    error: Option<ChildStderr>,
    said: VecDeque<u8>,
}

impl Process {
    /// Starts `program` in a process group of its own.
    pub fn start(program: &str, args: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let process = Self {
            input: child.stdin.take(),
            output: child.stdout.take(),
            error: child.stderr.take(),
            child,
            said: VecDeque::new(),
        };
        if let (Some(input), Some(output), Some(error)) = (&process.input, &process.output, &process.error) {
            waitless(input)?;
            waitless(output)?;
            waitless(error)?;
        }
        Ok(process)
    }

    fn send(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        let Some(input) = self.input.as_mut().filter(|_| !out.is_empty()) else { return Ok(false) };
        match input.write(out) {
            Ok(sent) => {
                out.drain(..sent);
                Ok(sent > 0)
            }
            Err(error) if waits(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn listen(&mut self, into: &mut Vec<u8>) -> io::Result<bool> {
        let mut buffer = [0; 1 << 16];
        let (mut moved, full) = (false, into.len() + GULP);
        while let Some(output) = self.output.as_mut().filter(|_| into.len() < full) {
            match output.read(&mut buffer) {
                Ok(0) => self.output = None,
                Ok(length) => into.extend_from_slice(&buffer[..length]),
                Err(error) if waits(&error) => break,
                Err(error) => return Err(error),
            }
            moved = true;
        }
        Ok(moved)
    }

    fn overhear(&mut self) {
        let mut buffer = [0; 1 << 12];
        for _ in 0..GULP / buffer.len() {
            let Some(error) = &mut self.error else { break };
            match error.read(&mut buffer) {
                Ok(0) => self.error = None,
                Ok(length) => {
                    self.said.extend(&buffer[..length]);
                    let excess = self.said.len().saturating_sub(COMPLAINT);
                    self.said.drain(..excess);
                }
                Err(error) if waits(&error) => break,
                Err(_) => self.error = None,
            }
        }
    }

    fn wait(&self, sending: bool, wait: Duration) -> io::Result<()> {
        let mut fds = Vec::with_capacity(3);
        fds.extend(self.output.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        fds.extend(self.error.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        fds.extend(self.input.as_ref().filter(|_| sending).map(|fd| PollFd::new(fd, PollFlags::OUT)));
        let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
        match poll(&mut fds, Some(&wait)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Link for Process {
    fn pump(&mut self, out: &mut Vec<u8>, into: &mut Vec<u8>, wait: Duration) -> io::Result<bool> {
        for turn in [true, false] {
            self.overhear();
            let heard = self.listen(into)?;
            // What it said before it closed its input is worth more than that it did.
            let sent = match self.send(out) {
                Err(error) if !heard => return if self.output.is_none() { Ok(false) } else { Err(error) },
                sent => sent.unwrap_or(true),
            };
            if self.output.is_none() {
                return Ok(false);
            }
            if heard || sent || wait.is_zero() {
                break;
            }
            if turn {
                self.wait(!out.is_empty(), wait)?;
            }
        }
        Ok(true)
    }

    fn complaint(&mut self) -> String {
        if self.output.is_none() && self.error.is_some() {
            // Its last words may come a moment later.
            let _ = self.wait(false, FAREWELL);
        }
        self.overhear();
        words(self.said.make_contiguous())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        let until = std::time::Instant::now() + FAREWELL;
        while matches!(self.child.try_wait(), Ok(None)) {
            if std::time::Instant::now() >= until {
                if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
                    // It may have ended by itself meanwhile.
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The last lines of what was said on a standard error, fit for a message.
pub fn words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines = text.lines().map(|line| line.replace(char::is_control, " "));
    let lines: Vec<String> = lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("; ")
}

/// Makes reads and writes answer that they would wait, instead of waiting.
pub(super) fn waitless(fd: &impl AsFd) -> io::Result<()> {
    let flags = fcntl_getfl(fd)?;
    Ok(fcntl_setfl(fd, flags | OFlags::NONBLOCK)?)
}

/// Whether there is nothing to move now.
pub(in crate::host) fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// A shell on this machine: what sudo and containers start from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Here;

impl Transport for Here {
    fn name(&self) -> String {
        "this machine".to_owned()
    }

    fn shell(&self, _cx: &Cx) -> Result<Box<dyn Link>> {
        match Process::start("/bin/sh", &[]) {
            Ok(process) => Ok(Box::new(process)),
            Err(error) => Err(Error::failed("cannot start /bin/sh").because(error)),
        }
    }

    fn connect(&self, cx: &Cx, socket: &Socket) -> io::Result<Box<dyn Stream>> {
        local::connect::open(cx, socket)
    }
}
