//! The control socket of Asterisk (astrundir/asterisk.ctl), what `asterisk -rx` uses.
//!
//! On connect the daemon says `host/pid/version`. A command is its text and one NUL; its output
//! comes back without any frame. So every question is followed by a command nobody has, a marker
//! with a random name, and its answer ends where the daemon says that it does not know the marker
//! (main/cli.c, `ast_cli_command_full`; observed on 16.28 and 22.10). Questions are pipelined: many
//! go out in one write, and their answers come back in order.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::host::Stream;
use crate::secret;
use crate::wire::Broken;

/// Longest command the daemon takes; longer ones it ignores without a word (observed on 16.28 and
/// 22.10).
pub const LONGEST: usize = 496;
/// Questions in flight at once, and their bytes: small enough for the buffers of a Unix socket.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 48 * 1024;
/// The banner is a host name, a number and a version.
const BANNER: usize = 4 * 1024;
/// More than the largest answer there is: the records of a million phones.
const ANSWER: usize = 512 * 1024 * 1024;
/// What talks without an end gets this many times the patience that silence gets.
const TALK: u32 = 10;
/// How long one read or write may block, so that a signal is noticed.
const TICK: Duration = Duration::from_millis(50);

/// A connection to a running Asterisk.
pub struct ControlSocket {
    stream: Box<dyn Stream>,
    /// Version as the daemon says it (`22.10.1+dfsg`).
    pub version: String,
    /// Process id of the daemon: another one after a restart.
    pub pid: String,
    marker: String,
    asked: u64,
    unread: Vec<u8>,
}

impl ControlSocket {
    /// Waits for the banner for up to `cx.timeouts.connect`.
    pub fn open(cx: &Cx, stream: Box<dyn Stream>) -> Result<Self> {
        let marker = format!("sipctl-{}", secret::salt()?);
        let mut socket =
            Self { stream, version: String::new(), pid: String::new(), marker, asked: 0, unread: Vec::new() };
        socket.stream.set_timeout(TICK).map_err(|e| Broken::Failed(e).error())?;
        let mut pace = Pace::new(cx, cx.timeouts.connect);
        let end = loop {
            if let Some(end) = find(&socket.unread, b"\n") {
                break end;
            }
            if socket.unread.len() > BANNER {
                return Err(Broken::Foreign.error());
            }
            socket.receive(&mut pace)?;
        };
        let banner = String::from_utf8_lossy(&socket.unread[..end]).into_owned();
        socket.unread.drain(..=end);
        // A version may hold a slash (`certified/18.9-cert5`), a host name cannot.
        let mut parts = banner.splitn(3, '/').skip(1);
        match (parts.next(), parts.next()) {
            (Some(pid), Some(version)) if pid.bytes().all(|b| b.is_ascii_digit()) => {
                (socket.pid, socket.version) = (pid.to_owned(), version.to_owned());
                Ok(socket)
            }
            _ => Err(Broken::Foreign.error()),
        }
    }

    /// Asks and waits for every answer, in order, without colours. Gives up once nothing at all was
    /// said for `patience`, or one answer does not end. After an error the connection is of no more use.
    pub fn ask(&mut self, cx: &Cx, questions: &[String], patience: Duration) -> Result<Vec<String>> {
        if let Some(bad) = questions.iter().find(|q| !can_be_asked(q)) {
            let start: String = bad.chars().take(40).collect();
            return Err(Error::failed(format!(
                "a question the control socket cannot take ({} bytes): {start}",
                bad.len()
            )));
        }
        let mut answers = Vec::with_capacity(questions.len());
        let mut left = questions;
        while !left.is_empty() {
            let mut bytes = 0;
            let fits = |q: &&String| {
                bytes += q.len() + self.marker.len() + 24;
                bytes <= BATCH_BYTES
            };
            let count = left.iter().take(BATCH).take_while(fits).count().max(1);
            let (now, later) = left.split_at(count);
            self.batch(cx, now, patience, &mut answers)?;
            left = later;
        }
        Ok(answers)
    }

    fn batch(&mut self, cx: &Cx, questions: &[String], patience: Duration, answers: &mut Vec<String>) -> Result<()> {
        let mut out = Vec::new();
        for (n, question) in (self.asked..).zip(questions) {
            out.extend_from_slice(format!("{question}\0{}-{n}\0", self.marker).as_bytes());
        }
        let mut pace = Pace::new(cx, patience);
        let mut written = 0;
        let mut scanned = 0;
        let last = self.asked + questions.len() as u64;
        while self.asked < last {
            let mark = format!("No such command '{}-{}'", self.marker, self.asked);
            // The line of the marker goes on with words of no interest.
            let found = find(&self.unread[scanned..], mark.as_bytes()).map(|at| scanned + at);
            let end = found.and_then(|at| Some((at, at + find(&self.unread[at..], b"\n")?)));
            if let Some((at, end)) = end {
                answers.push(plain(&self.unread[..at]));
                self.unread.drain(..=end);
                self.asked += 1;
                scanned = 0;
                pace.answered();
                continue;
            }
            if self.unread.len() > ANSWER {
                return Err(Broken::Foreign.error());
            }
            scanned = found.unwrap_or(self.unread.len().saturating_sub(mark.len()));
            if written < out.len() {
                match self.stream.write(&out[written..]) {
                    Ok(0) => return Err(Broken::Closed.error()),
                    Ok(n) => {
                        written += n;
                        pace.moved();
                        continue;
                    }
                    // Its buffers are full: it wants its answers read first.
                    Err(e) if is_tick(&e) => {}
                    Err(e) => return Err(lost(e)),
                }
            }
            self.receive(&mut pace)?;
        }
        Ok(())
    }

    /// Reads what is there, or waits one tick.
    fn receive(&mut self, pace: &mut Pace) -> Result<()> {
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
}

/// Whether the daemon takes this as one command.
pub fn can_be_asked(question: &str) -> bool {
    !question.trim().is_empty() && question.len() <= LONGEST && !question.contains(['\0', '\n'])
}

/// How long nothing has moved, and how long the answer under way has taken.
struct Pace<'c, 'e> {
    cx: &'c Cx<'e>,
    patience: Duration,
    last: Instant,
    began: Instant,
}

impl<'c, 'e> Pace<'c, 'e> {
    fn new(cx: &'c Cx<'e>, patience: Duration) -> Self {
        Self { cx, patience, last: Instant::now(), began: Instant::now() }
    }

    fn answered(&mut self) {
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

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
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

/// The text without `ESC[...m`, which a daemon started on a colour terminal sends to everybody.
pub fn plain(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte == 0x1b && rest.peek() == Some(&b'[') {
            let _ = rest.by_ref().skip(1).find(|b| (0x40..=0x7e).contains(b));
        } else {
            out.push(byte);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io::{Read, Result as IoResult, Write};

    use super::*;
    use crate::cx::Silent;
    use crate::error::Code;

    /// A daemon in memory: answers each command by a function, in pieces of `piece` bytes.
    struct Daemon {
        answer: fn(&str) -> Option<String>,
        heard: Vec<u8>,
        say: VecDeque<u8>,
        piece: usize,
        dead: bool,
    }

    impl Daemon {
        fn boxed(answer: fn(&str) -> Option<String>, piece: usize) -> Box<dyn Stream> {
            let say = b"host/42/22.10.1+dfsg\n".iter().copied().collect();
            Box::new(Self { answer, heard: Vec::new(), say, piece, dead: false })
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

    /// Says a banner, then the same byte for ever.
    struct Babbler(VecDeque<u8>);

    impl Read for Babbler {
        fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
            std::thread::sleep(Duration::from_millis(1));
            buffer[0] = self.0.pop_front().unwrap_or(b'a');
            Ok(1)
        }
    }

    impl Write for Babbler {
        fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> IoResult<()> {
            Ok(())
        }
    }

    impl Stream for Babbler {
        fn set_timeout(&mut self, _: Duration) -> IoResult<()> {
            Ok(())
        }
    }

    #[test]
    fn one_who_talks_without_an_end_is_given_up() {
        let mut cx = Cx::new(&Silent);
        cx.timeouts.connect = Duration::from_millis(20);
        let open = |say: &[u8]| ControlSocket::open(&cx, Box::new(Babbler(say.iter().copied().collect())));
        assert_eq!(open(b"").err().map(|error| error.code), Some(Code::Unreachable));
        let mut socket = open(b"host/42/22\n").unwrap();
        let error = socket.ask(&cx, &["core show uptime".to_owned()], Duration::from_millis(20)).unwrap_err();
        assert!(matches!(Broken::of(&error), Some(Broken::Silent(_))), "{error}");
    }

    impl Write for Daemon {
        fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
            let n = bytes.len().min(1000);
            self.heard.extend_from_slice(&bytes[..n]);
            while let Some(end) = self.heard.iter().position(|b| *b == 0) {
                let command: Vec<u8> = self.heard.drain(..=end).take(end).collect();
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

    fn unknown(command: &str) -> String {
        format!("No such command '{command}' (type 'core show help {command}' for other possible commands)\n")
    }

    fn answer(command: &str) -> Option<String> {
        Some(match command {
            "looks like it" => "No such command 'sipctl-0000000000000000-0'\nNo such command 'sipctl-".to_owned(),
            "colours" => "\x1b[1;35mred\x1b[0m plain\n".to_owned(),
            "silence" => String::new(),
            "die" => return None,
            echo if echo.starts_with("echo") => format!("{echo}\n"),
            other => unknown(other),
        })
    }

    fn cx() -> Cx<'static> {
        let mut cx = Cx::new(&Silent);
        cx.timeouts.connect = Duration::from_millis(50);
        cx
    }

    fn ask(questions: &[&str], piece: usize) -> Result<Vec<String>> {
        let questions: Vec<String> = questions.iter().map(|q| (*q).to_owned()).collect();
        let mut socket = ControlSocket::open(&cx(), Daemon::boxed(answer, piece))?;
        socket.ask(&cx(), &questions, Duration::from_millis(50))
    }

    #[test]
    fn answers_come_back_in_order_whatever_the_pieces() {
        let questions: Vec<String> = (0..450).map(|n| format!("echo {n}{}", "x".repeat(n))).collect();
        let asked: Vec<&str> = questions.iter().map(|q| &q[..q.len().min(400)]).collect();
        for piece in [1, 7, 64 * 1024] {
            let answers = ask(&asked, piece).unwrap();
            assert!(answers.iter().zip(&asked).all(|(a, q)| *a == format!("{q}\n")));
            assert_eq!(answers.len(), 450);
        }
    }

    #[test]
    fn what_resembles_the_marker_is_an_answer_and_colours_go() {
        let answers = ask(&["looks like it", "colours", "silence", "nonsense"], 3).unwrap();
        assert_eq!(answers[0], "No such command 'sipctl-0000000000000000-0'\nNo such command 'sipctl-");
        assert_eq!(answers[1], "red plain\n");
        assert_eq!(answers[2], "");
        assert_eq!(answers[3], unknown("nonsense"));
    }

    #[test]
    fn a_daemon_that_dies_midway_is_closed_and_one_that_hangs_is_silent() {
        let error = ask(&["echo 1", "die", "echo 2"], 100).unwrap_err();
        assert_eq!(error.code, Code::Unreachable);
        assert!(matches!(Broken::of(&error), Some(Broken::Closed)), "{error}");

        let mut socket = ControlSocket::open(&cx(), Daemon::boxed(|_| Some(String::new()), 100)).unwrap();
        let error = socket.ask(&cx(), &["echo".to_owned()], Duration::from_millis(30)).unwrap_err();
        assert!(matches!(Broken::of(&error), Some(Broken::Silent(_))), "{error}");
    }

    #[test]
    fn the_banner_gives_pid_and_version() {
        let socket = ControlSocket::open(&cx(), Daemon::boxed(answer, 5)).unwrap();
        assert_eq!((socket.pid.as_str(), socket.version.as_str()), ("42", "22.10.1+dfsg"));
    }

    #[test]
    fn too_long_a_question_is_refused_before_anything_is_said() {
        assert!(ask(&[&"x".repeat(LONGEST)], 100).is_ok());
        let error = ask(&["echo 1", &"x".repeat(LONGEST + 1)], 100).unwrap_err();
        assert_eq!(error.code, Code::Failed);
        assert!(ask(&["a\0b"], 100).is_err() && ask(&[" "], 100).is_err());
    }

    #[test]
    fn a_signal_ends_the_wait() {
        let cx = cx();
        let mut socket = ControlSocket::open(&cx, Daemon::boxed(|_| Some(String::new()), 100)).unwrap();
        cx.cancel.flag().store(true, std::sync::atomic::Ordering::SeqCst);
        let error = socket.ask(&cx, &["echo".to_owned()], Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.code, Code::Interrupted);
    }
}
