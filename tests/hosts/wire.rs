//! A link that counts how often the direction turns, and is cut where a test says.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sipctl::cx::Cx;
use sipctl::error::{Code, Error, Result};
use sipctl::host::link::{Link, Transport};
use sipctl::host::{Socket, Stream};

use crate::shells::Shell;

/// How much of a request still arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrives {
    Nothing,
    Half,
    /// All of it; only the answer is lost.
    All,
}

/// What happens on the wire.
#[derive(Default)]
pub struct Log {
    /// How often something was sent after something had been heard.
    pub turns: usize,
    pub logins: usize,
    /// How many line ends came.
    pub lines: usize,
    /// The turn to cut at.
    pub cut: Option<(usize, Arrives)>,
    /// Nothing passes any more, and nobody is told.
    pub frozen: bool,
    /// How many logins there may be.
    pub most: Option<usize>,
    /// What happens before the second login.
    pub meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

/// A way to a shell over such a wire.
#[derive(Clone)]
pub struct Wired {
    pub shell: Shell,
    pub log: Arc<Mutex<Log>>,
}

impl Wired {
    pub fn new(shell: Shell) -> Self {
        Self { shell, log: Arc::default() }
    }
}

impl Transport for Wired {
    fn name(&self) -> String {
        "the wire".into()
    }

    fn shell(&self, cx: &Cx) -> Result<Box<dyn Link>> {
        let mut log = self.log.lock().unwrap();
        if log.most.is_some_and(|most| log.logins >= most) {
            return Err(Error::new(Code::Unreachable, "the wire is cut"));
        }
        if log.logins > 0
            && let Some(meanwhile) = log.meanwhile.take()
        {
            meanwhile();
        }
        log.logins += 1;
        Ok(Box::new(Wire { inner: Some(self.shell.shell(cx)?), log: Arc::clone(&self.log), sending: false }))
    }

    fn connect(&self, _: &Cx, _: &Socket) -> io::Result<Box<dyn Stream>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

struct Wire {
    inner: Option<Box<dyn Link>>,
    log: Arc<Mutex<Log>>,
    sending: bool,
}

impl Link for Wire {
    fn pump(&mut self, out: &mut Vec<u8>, into: &mut Vec<u8>, wait: Duration) -> io::Result<bool> {
        let Some(inner) = &mut self.inner else { return Ok(false) };
        if self.log.lock().unwrap().frozen {
            std::thread::sleep(wait);
            return Ok(true);
        }
        if !out.is_empty() && !self.sending && *out != b"q\n" && !out.ends_with(b"unlock 9") {
            self.sending = true;
            let mut log = self.log.lock().unwrap();
            log.turns += 1;
            if let Some((turn, arrives)) = log.cut
                && turn == log.turns
            {
                match arrives {
                    Arrives::Nothing => {}
                    Arrives::Half => drop(inner.pump(&mut out[..out.len() / 2].to_vec(), &mut Vec::new(), wait)),
                    Arrives::All => {
                        // The answer came when nothing more does.
                        let (mut heard, mut quiet) = (Vec::new(), Instant::now());
                        while quiet.elapsed() < Duration::from_millis(150) {
                            let before = heard.len();
                            inner.pump(out, &mut heard, Duration::from_millis(20))?;
                            if heard.len() != before {
                                quiet = Instant::now();
                            }
                        }
                    }
                }
                self.inner = None;
                return Ok(false);
            }
        }
        let before = into.len();
        let open = inner.pump(out, into, wait)?;
        self.sending &= into.len() == before;
        self.log.lock().unwrap().lines += into[before..].iter().filter(|b| **b == b'\n').count();
        Ok(open)
    }

    fn complaint(&mut self) -> String {
        self.inner.as_mut().map(|inner| inner.complaint()).unwrap_or_default()
    }
}
