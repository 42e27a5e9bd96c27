//! The Event Socket of FreeSWITCH (mod_event_socket), what `fs_cli` uses.
//!
//! A frame is a block of header lines, an empty line, and as many bytes as its Content-Length says.
//! On connect the daemon asks for the login, or turns the address away. A question is `api COMMAND`
//! and an empty line; plain `api` runs one command and knows neither `;;` nor console aliases, which
//! only `console_execute: true` would ask for (mod_event_socket.c, `parse_command`). Questions are
//! pipelined: many go out in one write, and their answers come back in order.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::Broken;
use super::talk::{self, Pace, Talk, find};
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::host::Stream;
use crate::secret::Secret;

/// Longest command: what `fs_cli -x` cuts nothing off (observed on 1.11), so that both ways take the
/// same.
pub const LONGEST: usize = 1023;
/// Longest block of headers; no frame we ask for has one near it.
const HEADERS: usize = 64 * 1024;

/// Who we are.
#[derive(Clone, Debug)]
pub struct Login {
    /// A user of the directory (`sipctl@example.org`), where it is not the password of the socket.
    pub user: Option<String>,
    /// The password.
    pub password: Secret,
}

/// What came back for one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its output; an empty one comes as `-ERR no reply`.
    Said(Vec<u8>),
    /// This login may not use this command.
    Denied,
}

impl Default for Answer {
    fn default() -> Self {
        Self::Said(Vec::new())
    }
}

/// A connection to a running FreeSWITCH.
pub struct EventSocket {
    talk: Talk,
    /// The commands a restricted login may use; none where it may use all.
    pub allowed: Option<Vec<String>>,
    /// Lines of the log that came since they were last taken.
    log: Vec<String>,
    /// Whether it is still told what is logged: the next question ends that.
    listens: bool,
}

/// How long the log must say nothing to be complete: a thread of the daemon brings it.
const CALM: Duration = Duration::from_millis(100);

struct Frame {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Frame {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

impl EventSocket {
    /// Logs in, within `cx.timeouts.connect`, and asks the first questions with it.
    pub fn open(cx: &Cx, stream: Box<dyn Stream>, login: &Login, first: &[String]) -> Result<(Self, Vec<Answer>)> {
        let mut socket = Self { talk: Talk::new(stream)?, allowed: None, log: Vec::new(), listens: false };
        let mut pace = Pace::new(cx, cx.timeouts.connect);
        if socket.frame(&mut pace)?.header("Content-Type") != "auth/request" {
            return Err(Broken::Foreign.error());
        }
        let mut out = Zeroizing::new(Vec::new());
        match &login.user {
            Some(user) => out.extend_from_slice(format!("userauth {user}:").as_bytes()),
            None => out.extend_from_slice(b"auth "),
        }
        out.extend_from_slice(login.password.reveal());
        if out.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0)) {
            return Err(Broken::Login.error().hint("a login of the Event Socket holds no line break"));
        }
        let (reply, answers) = socket.exchange(cx, &out, first, cx.timeouts.connect)?;
        let reply = reply.ok_or_else(|| Broken::Foreign.error())?;
        if !reply.header("Reply-Text").starts_with("+OK") {
            return Err(Broken::Login.error());
        }
        let list = reply.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case("Allowed-API"));
        // A list without a limit is `all`; a long one is cut at 511 bytes with its name
        // (mod_event_socket.c, `parse_command`).
        let whole = |list: &&String| *list != "all" && "Allowed-API: ".len() + list.len() < 510;
        socket.allowed = list.map(|(_, list)| list).filter(whole).map(|list| commands(list));
        Ok((socket, answers))
    }

    /// Asks, and listens to what the daemon logs as an error meanwhile. A login that may not listen
    /// hears nothing.
    pub fn ask_listening(
        &mut self,
        cx: &Cx,
        questions: &[String],
        patience: Duration,
    ) -> Result<(Vec<Answer>, Vec<String>)> {
        let (reply, answers) = self.exchange(cx, b"log 3", questions, patience)?;
        self.listens = reply.is_some_and(|reply| reply.header("Reply-Text").starts_with("+OK"));
        if self.listens {
            let (mut heard, mut since) = (self.log.len(), Instant::now());
            while since.elapsed() < CALM {
                self.talk.receive(&mut Pace::new(cx, CALM.max(patience)))?;
                self.next()?;
                if self.log.len() > heard {
                    (heard, since) = (self.log.len(), Instant::now());
                }
            }
        }
        Ok((answers, std::mem::take(&mut self.log)))
    }

    /// Asks and waits for every answer, in order. Gives up once nothing at all was said for
    /// `patience`. After an error the connection is of no more use.
    pub fn ask(&mut self, cx: &Cx, questions: &[String], patience: Duration) -> Result<Vec<Answer>> {
        // What waits in the queue of the log is thrown away with this.
        let command: &[u8] = if std::mem::take(&mut self.listens) { b"nolog" } else { b"" };
        let (_, answers) = self.exchange(cx, command, questions, patience)?;
        self.log.clear();
        Ok(answers)
    }

    /// A command of the socket itself, unless it is empty, and then questions; the reply to that, and
    /// the answers to these. Where the reply is a refusal there may be none of these.
    fn exchange(
        &mut self,
        cx: &Cx,
        command: &[u8],
        questions: &[String],
        patience: Duration,
    ) -> Result<(Option<Frame>, Vec<Answer>)> {
        if let Some(bad) = questions.iter().find(|q| !can_be_asked(q)) {
            let start: String = bad.chars().take(40).collect();
            return Err(Error::failed(format!(
                "a question the Event Socket cannot take ({} bytes): {start:?}",
                bad.len()
            )));
        }
        let mut out = Zeroizing::new(Vec::new());
        if !command.is_empty() {
            out.extend_from_slice(command);
            out.extend_from_slice(b"\n\n");
        }
        let mut waits = !command.is_empty();
        let mut reply = None;
        let mut answers = Vec::with_capacity(questions.len());
        let mut left = questions;
        while !left.is_empty() || waits {
            let count = talk::batch(left.iter().map(|q| q.len() + "api \n\n".len())).min(left.len());
            let (now, later) = left.split_at(count);
            now.iter().for_each(|q| out.extend_from_slice(format!("api {q}\n\n").as_bytes()));
            let mut pace = Pace::new(cx, patience);
            let mut written = 0;
            let all = answers.len() + now.len();
            while answers.len() < all || waits {
                match self.next()? {
                    Some(frame) if waits && frame.header("Content-Type") == "command/reply" => {
                        waits = false;
                        // Who is not let in is told no more.
                        if frame.header("Reply-Text") == "-ERR invalid" {
                            return Ok((Some(frame), answers));
                        }
                        reply = Some(frame);
                    }
                    Some(frame) => answers.extend(answer(frame)),
                    None if self.talk.send(&out, &mut written, &mut pace)? => {}
                    None => self.talk.receive(&mut pace)?,
                }
            }
            out.clear();
            left = later;
        }
        Ok((reply, answers))
    }

    /// The next frame, waited for.
    fn frame(&mut self, pace: &mut Pace) -> Result<Frame> {
        loop {
            match self.next()? {
                Some(frame) => return Ok(frame),
                None => self.talk.receive(pace)?,
            }
        }
    }

    /// The next frame but for the log, if it has come wholly.
    fn next(&mut self) -> Result<Option<Frame>> {
        loop {
            match self.any()? {
                Some(frame) if frame.header("Content-Type") == "log/data" => {
                    self.log.push(String::from_utf8_lossy(&frame.body).trim_end().to_owned());
                }
                other => return Ok(other),
            }
        }
    }

    /// The next frame of any kind if it has come wholly.
    fn any(&mut self) -> Result<Option<Frame>> {
        let unread = &mut self.talk.unread;
        let Some(end) = find(unread, b"\n\n") else {
            return if unread.len() > HEADERS { Err(Broken::Foreign.error()) } else { Ok(None) };
        };
        let block = String::from_utf8_lossy(&unread[..end]);
        let mut headers = Vec::new();
        for line in block.lines() {
            let Some((name, value)) = line.split_once(':') else { return Err(Broken::Foreign.error()) };
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let mut frame = Frame { headers, body: Vec::new() };
        let length = match frame.header("Content-Length") {
            "" => 0,
            text => text.parse::<usize>().map_err(|_| Broken::Foreign.error())?,
        };
        let start = end + 2;
        let Some(stop) = start.checked_add(length) else { return Err(Broken::Foreign.error()) };
        if unread.len() < stop {
            return Ok(None);
        }
        frame.body = unread[start..stop].to_vec();
        unread.drain(..stop);
        match frame.header("Content-Type") {
            "text/rude-rejection" => Err(Broken::Rejected.error()),
            "text/disconnect-notice" => Err(Broken::Closed.error()),
            _ => Ok(Some(frame)),
        }
    }
}

/// The commands of an `esl-allowed-api`, split as the daemon splits them: at blanks where it has one,
/// else at commas.
pub fn commands(list: &str) -> Vec<String> {
    list.split(if list.contains(' ') { ' ' } else { ',' }).map(str::to_owned).collect()
}

/// What a frame says about the command it answers; nothing where it is an event.
fn answer(frame: Frame) -> Option<Answer> {
    match frame.header("Content-Type") {
        "api/response" => Some(Answer::Said(frame.body)),
        "command/reply" if frame.header("Reply-Text") == "-ERR permission denied" => Some(Answer::Denied),
        "command/reply" => Some(Answer::Said(frame.header("Reply-Text").as_bytes().to_vec())),
        _ => None,
    }
}

/// Whether this is one command, whole, on either way: a line break would begin another one on the
/// socket, and `;;` does in `fs_cli`.
pub fn can_be_asked(question: &str) -> bool {
    !question.trim().is_empty()
        && question.len() <= LONGEST
        && !question.contains(['\0', '\n', '\r'])
        && !question.contains(";;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::Silent;
    use crate::error::Code;
    use crate::wire::talk::fake::Daemon;

    const GREETING: &str = "Content-Type: auth/request\n\n";

    const GOODBYE: &str = "Content-Type: text/disconnect-notice\nContent-Length: 67\n\nDisconnected, goodbye.\n\
                           See you at ClueCon! http://www.cluecon.com/\n";

    fn reply(text: &str) -> String {
        format!("Content-Type: command/reply\nReply-Text: {text}\n\n")
    }

    fn response(text: &str) -> String {
        format!("Content-Type: api/response\nContent-Length: {}\n\n{text}", text.len())
    }

    fn logged(text: &str) -> String {
        format!("Content-Type: log/data\nContent-Length: {}\nLog-Level: 3\n\n{text}\n", text.len() + 1)
    }

    /// The answers as recorded from 1.11.
    fn answer(command: &str) -> Option<String> {
        Some(match command {
            "auth ClueCon" => reply("+OK accepted"),
            "userauth sipctl@127.0.0.1:opsecret" => reply(
                "+OK accepted\nAllowed-Events: RELOADXML\nAllowed-API: reloadxml,user_exists,status\nAllowed-LOG: false",
            ),
            "userauth all@d:x" => reply("+OK accepted\nAllowed-Events: all\nAllowed-API: all\nAllowed-LOG: true"),
            "userauth long@d:x" => reply(&format!("+OK accepted\nAllowed-API: {}Allowed-LOG: true", "a,".repeat(249))),
            auth if auth.contains("auth ") => reply("-ERR invalid") + GOODBYE,
            "api reloadxml" => response("+OK [Success]\n"),
            "api frames" => response("x\n\nContent-Type: api/response\nContent-Length: 3\n\n+OK"),
            "api fsctl shutdown" => reply("-ERR permission denied"),
            "log 3" => reply("+OK log level 3 [3]"),
            "nolog" => reply("+OK no longer logging"),
            "api noisy" => format!("{}{}{}", logged("one"), response("done"), logged("two")),
            "api event" => format!("Content-Type: log/data\nContent-Length: 2\n\nhi{}", response("after")),
            "api die" => return None,
            "api bye" => GOODBYE.to_owned(),
            "api hang" => " ".to_owned(),
            echo => response(&format!("{}\n", &echo["api ".len()..])),
        })
    }

    fn daemon(greeting: &str, piece: usize) -> Box<dyn Stream> {
        Daemon::boxed(greeting, "\n\n", answer, piece)
    }

    fn cx() -> Cx<'static> {
        let mut cx = Cx::new(&Silent);
        cx.timeouts.connect = Duration::from_secs(60);
        cx
    }

    fn login(user: Option<&str>, password: &str) -> Login {
        Login { user: user.map(str::to_owned), password: Secret::new(password) }
    }

    fn ask(questions: &[&str], piece: usize) -> Result<Vec<Answer>> {
        let questions: Vec<String> = questions.iter().map(|q| (*q).to_owned()).collect();
        let mut socket = EventSocket::open(&cx(), daemon(GREETING, piece), &login(None, "ClueCon"), &[])?.0;
        let hangs = questions.iter().any(|question| question == "hang");
        let patience = if hangs { Duration::from_millis(50) } else { Duration::from_secs(60) };
        socket.ask(&cx(), &questions, patience)
    }

    fn said(text: &str) -> Answer {
        Answer::Said(text.as_bytes().to_vec())
    }

    fn broken(error: &Error) -> &Broken {
        assert_eq!(error.code, Code::Unreachable);
        Broken::of(error).unwrap()
    }

    #[test]
    fn answers_come_back_in_order_whatever_the_pieces() {
        let questions: Vec<String> = (0..450).map(|n| format!("echo {n}{}", "x".repeat(n))).collect();
        let asked: Vec<&str> = questions.iter().map(String::as_str).collect();
        for piece in [1, 7, 64 * 1024] {
            let answers = ask(&asked, piece).unwrap();
            assert!(answers.iter().zip(&asked).all(|(a, q)| *a == said(&format!("{q}\n"))));
            assert_eq!(answers.len(), 450);
        }
    }

    #[test]
    fn a_body_ends_where_its_length_says_and_events_are_no_answers() {
        let answers = ask(&["frames", "reloadxml", "event", "fsctl shutdown"], 3).unwrap();
        let inner = "x\n\nContent-Type: api/response\nContent-Length: 3\n\n+OK";
        assert_eq!(answers, [said(inner), said("+OK [Success]\n"), said("after"), Answer::Denied]);
    }

    #[test]
    fn what_is_logged_meanwhile_is_heard() {
        let mut socket = EventSocket::open(&cx(), daemon(GREETING, 7), &login(None, "ClueCon"), &[]).unwrap().0;
        let mut ask = |questions: &[&str]| {
            let questions: Vec<String> = questions.iter().map(|q| (*q).to_owned()).collect();
            socket.ask_listening(&cx(), &questions, Duration::from_secs(60)).unwrap()
        };
        let both = vec!["one".to_owned(), "two".to_owned()];
        assert_eq!(ask(&["noisy", "echo 1"]), (vec![said("done"), said("echo 1\n")], both));
        assert_eq!(ask(&["reloadxml"]), (vec![said("+OK [Success]\n")], Vec::new()));
        let answers = socket.ask(&cx(), &["noisy".to_owned(), "frames".to_owned()], Duration::from_secs(60)).unwrap();
        assert_eq!(answers[0], said("done"), "what is logged after it listens no more is not an answer");
    }

    #[test]
    fn a_login_may_be_restricted_or_refused() {
        let open = |login: &Login| {
            EventSocket::open(&cx(), daemon(GREETING, 5), login, &["reloadxml".to_owned()]).map(|(socket, answers)| {
                assert_eq!(answers, [said("+OK [Success]\n")]);
                socket
            })
        };
        assert_eq!(open(&login(None, "ClueCon")).unwrap().allowed, None);
        let restricted = open(&login(Some("sipctl@127.0.0.1"), "opsecret")).unwrap();
        assert_eq!(restricted.allowed.unwrap(), ["reloadxml", "user_exists", "status"]);
        assert_eq!(open(&login(Some("all@d"), "x")).unwrap().allowed, None);
        assert_eq!(open(&login(Some("long@d"), "x")).unwrap().allowed, None, "its end is not seen");
        for (user, password) in [(None, "wrong"), (Some("sipctl@127.0.0.1"), "wrong"), (None, "ClueCon\n\napi die")] {
            let error = open(&login(user, password)).err().unwrap();
            assert!(matches!(broken(&error), Broken::Login), "{error}");
            assert!(!format!("{error:?}").contains("wrong"));
        }
    }

    #[test]
    fn a_list_of_commands_is_split_as_the_daemon_does() {
        assert_eq!(commands("reloadxml,status"), ["reloadxml", "status"]);
        assert_eq!(commands("reloadxml status"), ["reloadxml", "status"]);
        assert_eq!(commands("reloadxml, status"), ["reloadxml,", "status"], "reloadxml is not in it");
    }

    #[test]
    fn an_address_that_is_turned_away_is_told_from_a_wrong_protocol() {
        let mut cx = cx();
        // What says nothing is given up at once.
        cx.timeouts.connect = Duration::from_millis(50);
        let open = |text: &str| EventSocket::open(&cx, daemon(text, 9), &login(None, "ClueCon"), &[]).err().unwrap();
        let rude = "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n";
        assert!(matches!(broken(&open(&format!("{rude}{GOODBYE}"))), Broken::Rejected));
        assert!(matches!(broken(&open("SSH-2.0-OpenSSH_9.2\n\n")), Broken::Foreign));
        assert!(matches!(broken(&open("Content-Type: auth/request\nContent-Length: x\n\n")), Broken::Foreign));
        assert!(matches!(broken(&open("")), Broken::Silent(_)));
    }

    #[test]
    fn a_daemon_that_goes_is_closed_and_one_that_hangs_is_silent() {
        for (question, closed) in [("die", true), ("bye", true), ("hang", false)] {
            let error = ask(&["echo 1", question, "echo 2"], 100).unwrap_err();
            match broken(&error) {
                Broken::Closed => assert!(closed, "{question}"),
                Broken::Silent(_) => assert!(!closed, "{question}"),
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn what_would_be_another_command_is_refused_before_anything_is_said() {
        assert!(ask(&[&"x".repeat(LONGEST)], 100).is_ok());
        for bad in [&"x".repeat(LONGEST + 1), "a\n\nexit", "a\rb", "a\0b", "version;;shutdown", " "] {
            assert_eq!(ask(&["echo 1", bad], 100).unwrap_err().code, Code::Failed, "{bad:?}");
        }
    }

    #[test]
    fn a_signal_ends_the_wait() {
        let cx = cx();
        let mut socket = EventSocket::open(&cx, daemon(GREETING, 100), &login(None, "ClueCon"), &[]).unwrap().0;
        cx.cancel.flag().store(true, std::sync::atomic::Ordering::SeqCst);
        let error = socket.ask(&cx, &["hang".to_owned()], Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.code, Code::Interrupted);
    }
}
