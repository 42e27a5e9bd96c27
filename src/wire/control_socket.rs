//! The control socket of Asterisk (astrundir/asterisk.ctl), what `asterisk -rx` uses.
//!
//! On connect the daemon says `host/pid/version`. A command is its text and one NUL; its output
//! comes back without any frame. So every question is followed by a command nobody has, a marker
//! with a random name, and its answer ends where the daemon says that it does not know the marker
//! (main/cli.c, `ast_cli_command_full`; observed on 16.28 and 22.10). Questions are pipelined: many
//! go out in one write, and their answers come back in order.

use std::time::Duration;

use super::Broken;
use super::talk::{self, Pace, Talk, find};
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::host::Stream;
use crate::secret;

/// Longest command the daemon takes; longer ones it ignores without a word (observed on 16.28 and
/// 22.10).
pub const LONGEST: usize = 496;
/// The banner is a host name, a number and a version.
const BANNER: usize = 4 * 1024;
/// More than the largest answer there is: the records of a million phones.
const ANSWER: usize = 512 * 1024 * 1024;

/// A connection to a running Asterisk.
pub struct ControlSocket {
    talk: Talk,
    /// Version as the daemon says it (`22.10.1+dfsg`).
    pub version: String,
    /// Process id of the daemon: another one after a restart.
    pub pid: String,
    marker: String,
    asked: u64,
}

impl ControlSocket {
    /// Waits for the banner for up to `cx.timeouts.connect`.
    pub fn open(cx: &Cx, stream: Box<dyn Stream>) -> Result<Self> {
        let marker = format!("sipctl-{}", secret::salt()?);
        let talk = Talk::new(stream)?;
        let mut socket = Self { talk, version: String::new(), pid: String::new(), marker, asked: 0 };
        let mut pace = Pace::new(cx, cx.timeouts.connect);
        let end = loop {
            if let Some(end) = find(&socket.talk.unread, b"\n") {
                break end;
            }
            if socket.talk.unread.len() > BANNER {
                return Err(Broken::Foreign.error());
            }
            socket.talk.receive(&mut pace)?;
        };
        let banner = String::from_utf8_lossy(&socket.talk.unread[..end]).into_owned();
        socket.talk.unread.drain(..=end);
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
    /// said for `patience`. After an error the connection is of no more use.
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
            let count = talk::batch(left.iter().map(|q| q.len() + self.marker.len() + 24));
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
            let found = find(&self.talk.unread[scanned..], mark.as_bytes()).map(|at| scanned + at);
            let end = found.and_then(|at| Some((at, at + find(&self.talk.unread[at..], b"\n")?)));
            if let Some((at, end)) = end {
                answers.push(plain(&self.talk.unread[..at]));
                self.talk.unread.drain(..=end);
                self.asked += 1;
                scanned = 0;
                pace.answered();
                continue;
            }
            if self.talk.unread.len() > ANSWER {
                return Err(Broken::Foreign.error());
            }
            scanned = found.unwrap_or(self.talk.unread.len().saturating_sub(mark.len()));
            if !self.talk.send(&out, &mut written, &mut pace)? {
                self.talk.receive(&mut pace)?;
            }
        }
        Ok(())
    }
}

/// Whether the daemon takes this as one command.
pub fn can_be_asked(question: &str) -> bool {
    !question.trim().is_empty() && question.len() <= LONGEST && !question.contains(['\0', '\n'])
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
    use std::time::Duration;

    use super::*;
    use crate::cx::Silent;
    use crate::error::Code;
    use crate::wire::talk::fake::Daemon;

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

    fn daemon(answer: fn(&str) -> Option<String>, piece: usize) -> Box<dyn Stream> {
        Daemon::boxed("host/42/22.10.1+dfsg\n", "\0", answer, piece)
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
        cx.timeouts.connect = Duration::from_secs(60);
        cx
    }

    fn ask(questions: &[&str], piece: usize) -> Result<Vec<String>> {
        let questions: Vec<String> = questions.iter().map(|q| (*q).to_owned()).collect();
        let mut socket = ControlSocket::open(&cx(), daemon(answer, piece))?;
        socket.ask(&cx(), &questions, Duration::from_secs(60))
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

        let mut socket = ControlSocket::open(&cx(), daemon(|_| Some(String::new()), 100)).unwrap();
        let error = socket.ask(&cx(), &["echo".to_owned()], Duration::from_millis(30)).unwrap_err();
        assert!(matches!(Broken::of(&error), Some(Broken::Silent(_))), "{error}");
    }

    #[test]
    fn the_banner_gives_pid_and_version() {
        let socket = ControlSocket::open(&cx(), daemon(answer, 5)).unwrap();
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
        let mut socket = ControlSocket::open(&cx, daemon(|_| Some(String::new()), 100)).unwrap();
        cx.cancel.flag().store(true, std::sync::atomic::Ordering::SeqCst);
        let error = socket.ask(&cx, &["echo".to_owned()], Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.code, Code::Interrupted);
    }
}
