//! One conversation with the agent, the shell program that works on the far side: login, requests
//! framed by their length, answers framed by a nonce that nothing else there can know.

use std::io::{Error as IoError, ErrorKind};
use std::time::{Duration, Instant};

use super::super::link::Link;
use super::super::lock::Holder;
use super::super::process::words;
use crate::cx::Cx;
use crate::error::{Code, Error, Result};
use crate::secret::salt;

const AGENT: &str = include_str!("agent.sh");
/// How often the agent is told that somebody is still here; it ends when three are missing.
pub(super) const BEAT: Duration = Duration::from_secs(10);
/// How long one look at the link may take before other things are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// As much may be printed before the agent says hello.
const GREETING: usize = 1 << 20;
/// As much may one answer be.
const ANSWER: usize = 256 << 20;
/// What a part of an answer takes besides its bytes.
const PART: usize = 64;
/// As often the time a silent link has: what never is silent must come to an end, too.
const WHOLE: u32 = 3;
/// What an answer brings at this rate or faster, in bytes a second, gives it more time.
const SLOWEST: u64 = 1024;

/// What the host is and has.
#[derive(Clone, Debug, Default)]
pub(super) struct Tools {
    /// The user that works there.
    pub user: u32,
    /// Whether there is a flock.
    pub flock: bool,
    /// Whether there is a sha256sum.
    pub sums: bool,
    /// Whether an access control list of a file would be noticed.
    pub lists: bool,
    /// Who would hold a stand-in for flock.
    pub me: Holder,
}

/// A part of an answer: bytes, and the words of the line that ends them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Part {
    pub bytes: Vec<u8>,
    pub words: String,
}

/// What is asked of the agent: calls of its functions, and the data they take.
#[derive(Clone, Default)]
pub(super) struct Request {
    pub script: Vec<u8>,
    pub data: Vec<u8>,
}

/// How one exchange may end early.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// How long the link may be silent.
    pub silent: Duration,
    /// Whether a signal ends it.
    pub cancel: bool,
    /// Whether what is under way there must end with it.
    pub ends: bool,
}

/// An agent that said hello.
pub(super) struct Session {
    link: Box<dyn Link>,
    name: String,
    nonce: String,
    number: u64,
    inbox: Vec<u8>,
    out: Vec<u8>,
    beaten: Instant,
    open: bool,
    greeted: bool,
    /// Whether an answer has not come to its end: what is under way there must not outlive the link.
    busy: bool,
    /// What the look at login found.
    pub tools: Tools,
    /// The clock there minus ours, in nanoseconds.
    pub ahead: i128,
}

impl Session {
    /// Starts the agent in a shell.
    pub(super) fn login(cx: &Cx, link: Box<dyn Link>, name: &str) -> Result<Self> {
        let nonce = format!("{}{}", salt()?, salt()?);
        let mut session = Self {
            link,
            name: name.to_owned(),
            out: format!("N={nonce}\n").into_bytes(),
            nonce,
            number: 0,
            inbox: Vec::new(),
            beaten: Instant::now(),
            open: true,
            greeted: false,
            busy: false,
            tools: Tools::default(),
            ahead: 0,
        };
        let sent = AGENT.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        session.out.extend(sent.flat_map(|line| [line.as_bytes(), b"\n"]).flatten());
        let patience = Patience { silent: cx.timeouts.connect, cancel: true, ends: true };
        session.until(cx, patience, " hello")?;
        let look = session.until(cx, patience, " ready")?;
        session.greeted = true;
        let arrived = now();
        let mut words = look.split(|b| *b == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        let mut next = || words.next().unwrap_or_default();
        let (user, clock, stats) = (next(), next(), next());
        if stats.is_empty() {
            let message = format!("{name} has no usable stat (coreutils or busybox)");
            return Err(Error::failed(message).hint("install coreutils there"));
        }
        session.tools.user = user.parse().unwrap_or(u32::MAX);
        session.tools.flock = !next().is_empty();
        session.tools.sums = !next().is_empty();
        session.tools.lists = !next().is_empty();
        session.tools.me = Holder { pid: next().parse().unwrap_or(0), space: next(), boot: next(), host: next() };
        session.ahead = nanoseconds(&clock).map_or(0, |there| there - arrived);
        Ok(session)
    }

    /// Sends a request whose answer nobody waits for: the next exchange passes over it.
    pub(super) fn tell(&mut self, request: &Request) {
        self.send(request);
        self.look();
    }

    fn send(&mut self, request: &Request) {
        self.number += 1;
        let header = format!("{} {} {}\n", self.number, request.script.len(), request.data.len());
        self.out.extend_from_slice(header.as_bytes());
        self.out.extend_from_slice(&request.script);
        self.out.extend_from_slice(&request.data);
    }

    /// Sends a request and waits for its whole answer.
    pub(super) fn ask(&mut self, cx: &Cx, patience: Patience, request: &Request) -> Result<Vec<Part>> {
        self.send(request);
        self.busy = true;
        // What comes before it is the end of an answer nobody waited for, or somebody's noise.
        self.until(cx, patience, &format!(" < {}", self.number))?;
        let mut parts = Vec::new();
        let mut size = 0;
        loop {
            let bytes = self.until(cx, patience, " ")?;
            let end = self.inbox.iter().position(|b| *b == b'\n').unwrap_or(self.inbox.len());
            let words = String::from_utf8_lossy(&self.inbox[..end]).into_owned();
            self.inbox.drain(..(end + 1).min(self.inbox.len()));
            size += bytes.len() + words.len() + PART;
            if size > ANSWER {
                return Err(self.endless());
            }
            let last = words.strip_prefix(&format!("> {}", self.number)).map(|done| done.trim().to_owned());
            match last {
                Some(done) => {
                    self.busy = false;
                    parts.push(Part { bytes, words: done });
                    return Ok(parts);
                }
                None => parts.push(Part { bytes, words }),
            }
        }
    }

    /// Tells the agent that we are still here, when it is time to.
    pub(super) fn beat(&mut self) {
        if self.beaten.elapsed() >= BEAT {
            self.beaten = Instant::now();
            self.out.extend_from_slice(b"b\n");
        }
    }

    /// Moves what can be moved without waiting; whether the other side is still there.
    pub(super) fn look(&mut self) -> bool {
        self.open = self.open && self.link.pump(&mut self.out, &mut self.inbox, Duration::ZERO).unwrap_or(false);
        self.open
    }

    /// Whether the other side was still there when it was last looked at.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// What comes before the next line that starts with the nonce and `words`; both are taken. With
    /// a single blank the rest of the line is left, else it is taken as well.
    fn until(&mut self, cx: &Cx, patience: Patience, words: &str) -> Result<Vec<u8>> {
        let mark = match words {
            " " => format!("\n{} ", self.nonce),
            words => format!("\n{}{words}\n", self.nonce),
        };
        let begun = Instant::now();
        let mut heard = begun;
        let (mut from, mut moved) = (0, 0);
        loop {
            if let Some(at) = find(&self.inbox[from..], mark.as_bytes()).map(|at| at + from) {
                let after = at + mark.len();
                // The whole line must be there.
                if words != " " || self.inbox[after..].contains(&b'\n') {
                    let mut bytes: Vec<u8> = self.inbox.drain(..after).collect();
                    bytes.truncate(at);
                    return Ok(bytes);
                }
            }
            from = self.inbox.len().saturating_sub(mark.len() + 200);
            if !self.open {
                return Err(self.dead(None));
            }
            if self.inbox.len() > if self.greeted { ANSWER } else { GREETING } {
                return Err(self.endless());
            }
            if patience.cancel {
                cx.check()?;
            }
            if cx.cancel.is_urgent() {
                return Err(self.left());
            }
            // That a beat could be sent says nothing of the other side.
            let requested = !self.out.is_empty();
            self.beat();
            let before = (self.inbox.len(), self.out.len());
            match self.link.pump(&mut self.out, &mut self.inbox, LOOK) {
                Ok(open) => self.open = open,
                Err(error) => {
                    self.open = false;
                    return Err(self.dead(Some(error)));
                }
            }
            if self.inbox.len() != before.0 || (requested && self.out.len() != before.1) {
                heard = Instant::now();
            }
            moved += (self.inbox.len() - before.0) + before.1.saturating_sub(self.out.len());
            let worth = if self.greeted { Duration::from_secs(moved as u64 / SLOWEST) } else { Duration::ZERO };
            let whole = patience.silent * WHOLE + worth;
            if heard.elapsed() >= patience.silent || begun.elapsed() >= whole {
                let (what, limit) = match heard.elapsed() >= patience.silent {
                    true => ("no answer", patience.silent),
                    false => ("no whole answer", whole),
                };
                let message = format!("{} gave {what} within {}", self.name, humantime::format_duration(limit));
                return Err(Error::new(Code::Unreachable, message).hint("allow more time with: --timeout"));
            }
        }
    }

    /// What comes now is of no use any more.
    fn endless(&mut self) -> Error {
        self.open = false;
        Error::new(Code::Unreachable, format!("{} prints without end", self.name))
            .hint("what does its login start that prints now and then? see ~/.profile, ~/.bashrc there")
    }

    /// Somebody could not wait for what is under way there.
    fn left(&mut self) -> Error {
        self.open = false;
        left(&self.name)
    }

    fn dead(&mut self, error: Option<IoError>) -> Error {
        let mut said = self.link.complaint();
        let mut what = "lost the connection to";
        if !self.greeted {
            // A login that is not for shells says so on either stream.
            let printed = words(&self.inbox);
            let lines = [said, printed].into_iter().filter(|text| !text.is_empty());
            said = lines.collect::<Vec<_>>().join("; ");
            what = "no shell stays open on";
        }
        let lost = Error::new(Code::Unreachable, format!("{what} {}", self.name));
        match (said.is_empty(), error) {
            (false, _) => lost.because(anyhow::anyhow!(said)),
            (true, Some(error)) if error.kind() != ErrorKind::BrokenPipe => lost.because(error),
            _ => lost,
        }
    }
}

/// The error of leaving a host at the second interrupt.
pub(super) fn left(name: &str) -> Error {
    let message = format!("left at the second interrupt: what is under way on {name} may still be done, or not");
    Error::new(Code::NeedsPerson, message).hint("see what is open there, and put it right: sipctl recover")
}

impl Drop for Session {
    fn drop(&mut self) {
        // The end of its input ends it as well, only less politely, and all that runs there with it.
        if self.out.is_empty() && !self.busy {
            self.out.extend_from_slice(b"q\n");
            let _ = self.link.pump(&mut self.out, &mut self.inbox, Duration::ZERO);
        }
    }
}

/// Nanoseconds since 1970 on this machine.
pub(super) fn now() -> i128 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos().cast_signed())
}

/// `SECONDS.NANOSECONDS`; some programs leave the fraction as they found it.
fn nanoseconds(text: &str) -> Option<i128> {
    let (seconds, fraction) = text.split_once('.')?;
    let seconds: i64 = seconds.parse().ok()?;
    Some(i128::from(seconds) * 1_000_000_000 + fraction.parse::<u32>().map_or(0, i128::from))
}

/// Where a text stands that starts with a line break.
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|b| *b == b'\n') {
        if text[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}
