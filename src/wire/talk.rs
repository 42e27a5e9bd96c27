//! A conversation over a stream: what was read ahead, and how long nothing has moved. Every protocol
//! here is spoken in ticks, so that a signal is noticed and a full buffer on one side never stops
//! the other.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::Broken;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::host::Stream;

/// How long one read or write may block.
const TICK: Duration = Duration::from_millis(50);

/// What talks without an end gets this many times the patience that silence gets.
const TALK: u32 = 10;

/// A stream with what it has said so far.
pub(super) struct Talk {
    stream: Box<dyn Stream>,
    /// What came and nobody has taken yet.
    pub unread: Vec<u8>,
}

impl Talk {
    pub fn new(mut stream: Box<dyn Stream>) -> Result<Self> {
        stream.set_timeout(TICK).map_err(|e| Broken::Failed(e).error())?;
        Ok(Self { stream, unread: Vec::new() })
    }

    /// Reads what is there, or waits one tick.
    pub fn receive(&mut self, pace: &mut Pace) -> Result<()> {
        pace.cx.check()?;
        let mut buffer = [0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(Broken::Closed.error()),
            Ok(n) => {
                self.unread.extend_from_slice(&buffer[..n]);
                pace.moved();
                pace.check()
            }
            Err(e) if is_tick(&e) => pace.check(),
            Err(e) => Err(lost(e)),
        }
    }

    /// Writes on from `written`; false where the other side wants its answers read first.
    pub fn send(&mut self, out: &[u8], written: &mut usize, pace: &mut Pace) -> Result<bool> {
        if *written == out.len() {
            return Ok(false);
        }
        match self.stream.write(&out[*written..]) {
            Ok(0) => Err(Broken::Closed.error()),
            Ok(n) => {
                *written += n;
                pace.moved();
                Ok(true)
            }
            Err(e) if is_tick(&e) => Ok(false),
            Err(e) => Err(lost(e)),
        }
    }
}

/// How long nothing has moved, and how long the answer under way has taken.
pub(super) struct Pace<'c, 'e> {
    cx: &'c Cx<'e>,
    patience: Duration,
    last: Instant,
    began: Instant,
}

impl<'c, 'e> Pace<'c, 'e> {
    pub fn new(cx: &'c Cx<'e>, patience: Duration) -> Self {
        Self { cx, patience, last: Instant::now(), began: Instant::now() }
    }

    /// An answer is complete; the next one has its own time.
    pub fn answered(&mut self) {
        self.began = Instant::now();
    }

    fn moved(&mut self) {
        self.last = Instant::now();
    }

    fn check(&self) -> Result<()> {
        let endless = self.began.elapsed() >= self.patience.saturating_mul(TALK);
        match endless || self.last.elapsed() >= self.patience {
            true => Err(Broken::Silent(self.patience).error()),
            false => Ok(()),
        }
    }
}

fn is_tick(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn lost(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Broken::Closed.error(),
        _ => Broken::Failed(error).error(),
    }
}

/// How many questions, counted by the bytes each takes on the way, go out in one batch: few enough
/// for the buffers of a socket.
pub(super) fn batch(sizes: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0;
    let fits = |size: &usize| {
        bytes += size;
        bytes <= 48 * 1024
    };
    sizes.take(200).take_while(fits).count().max(1)
}

/// Where `needle` begins.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|b| *b == first) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
pub(super) mod fake {
    //! A daemon in memory.

    use std::collections::VecDeque;
    use std::io::{ErrorKind, Read, Result as IoResult, Write};
    use std::time::Duration;

    use super::find;
    use crate::host::Stream;

    /// Answers each command by a function, in pieces of `piece` bytes; no answer, and it is dead.
    pub struct Daemon {
        answer: fn(&str) -> Option<String>,
        /// What ends a command.
        end: &'static str,
        heard: Vec<u8>,
        say: VecDeque<u8>,
        piece: usize,
        dead: bool,
    }

    impl Daemon {
        pub fn boxed(
            greeting: &str,
            end: &'static str,
            answer: fn(&str) -> Option<String>,
            piece: usize,
        ) -> Box<dyn Stream> {
            Box::new(Self { answer, end, heard: Vec::new(), say: greeting.bytes().collect(), piece, dead: false })
        }
    }

    impl Read for Daemon {
        fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
            if self.say.is_empty() && !self.dead {
                std::thread::sleep(Duration::from_millis(1));
                return Err(ErrorKind::WouldBlock.into());
            }
            let n = self.piece.min(self.say.len()).min(buffer.len());
            for (to, from) in buffer.iter_mut().zip(self.say.drain(..n)) {
                *to = from;
            }
            Ok(n)
        }
    }

    impl Write for Daemon {
        fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
            let n = bytes.len().min(1000);
            self.heard.extend_from_slice(&bytes[..n]);
            while let Some(end) = find(&self.heard, self.end.as_bytes()) {
                let command: Vec<u8> = self.heard.drain(..end + self.end.len()).take(end).collect();
                let command = String::from_utf8(command).unwrap();
                match (self.answer)(&command) {
                    Some(text) if !self.dead => self.say.extend(text.as_bytes()),
                    _ => self.dead = true,
                }
            }
            Ok(n)
        }

        fn flush(&mut self) -> IoResult<()> {
            Ok(())
        }
    }

    impl Stream for Daemon {
        fn set_timeout(&mut self, _: Duration) -> IoResult<()> {
            Ok(())
        }
    }
}
