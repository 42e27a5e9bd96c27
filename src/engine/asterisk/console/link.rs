//! The way to the running Asterisk: its control socket, else `asterisk -rx`, one process a question.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::answers::no_such_command;
use super::settings;
use crate::cx::Cx;
use crate::engine::ahead::Ahead;
use crate::error::{Code, Error, Result};
use crate::host::{Command, Content, Host, Output, Socket, Stream, Want};
use crate::wire::Broken;
use crate::wire::control_socket::{ControlSocket, can_be_asked, plain};

/// Compiled-in run directories: what builds from source and packages use.
const RUN_FOLDERS: [&str; 2] = ["/var/run/asterisk", "/run/asterisk"];

/// An Asterisk that answered once. A connection that was lost is made again at the next question.
pub struct Link<'h> {
    host: &'h dyn Host,
    folder: PathBuf,
    way: Way,
    socket: Option<ControlSocket>,
    ahead: Ahead<String>,
}

enum Way {
    Socket(PathBuf),
    Program { config: Option<PathBuf> },
}

/// Where an Asterisk may be reached, as its files say.
pub struct Sockets {
    folder: PathBuf,
    config: Option<PathBuf>,
    candidates: Vec<PathBuf>,
    /// Why asterisk.conf, which may name another place, could not be read.
    unread: Option<Error>,
}

impl Sockets {
    /// Reads the asterisk.conf of a folder.
    pub fn read(cx: &Cx, host: &dyn Host, folder: &Path) -> Result<Self> {
        let config = folder.join(super::CONFIG);
        let found = host.read(cx, &[Want::File(config.clone())])?.into_iter().flatten().next();
        let mut unread = None;
        let (config, own) = match found.map(|file| file.content) {
            Some(Content::There { bytes, .. }) => {
                let sections = settings::sections(&String::from_utf8_lossy(&bytes));
                (Some(config), settings::value(&sections, "directories", "astrundir").map(PathBuf::from))
            }
            Some(Content::Unreadable(why)) => {
                unread = Some(Error { code: Code::Unreachable, ..Error::unreadable(&config, &why) });
                (None, None)
            }
            _ => (None, None),
        };
        let candidates = match own {
            Some(own) => vec![own],
            None => RUN_FOLDERS.map(PathBuf::from).to_vec(),
        };
        Ok(Self { folder: folder.to_owned(), config, candidates, unread })
    }
}

impl<'h> Link<'h> {
    /// Finds out how an Asterisk can be asked; `first` are the questions that come next.
    pub fn open(cx: &Cx, host: &'h dyn Host, sockets: Sockets, first: Vec<String>) -> Result<Self> {
        let Sockets { folder, config, candidates, unread } = sockets;
        let mut reason = None;
        for run in &candidates {
            let path = run.join("asterisk.ctl");
            match host.connect(cx, &Socket::Unix(path.clone())) {
                Ok(stream) => {
                    cx.events.detail(&format!("control socket {}", path.display()));
                    let (socket, answers) = greet(cx, host, &path, stream, &first)?;
                    let (way, socket) = (Way::Socket(path), Some(socket));
                    return Ok(Self { host, folder, way, socket, ahead: Ahead::with(first, answers) });
                }
                Err(error) => {
                    // The first reason counts, unless a later place says more than "not there".
                    let missing = error.kind() == ErrorKind::NotFound;
                    if reason.is_none() || !missing {
                        reason = Some((error, path));
                    }
                }
            }
        }
        cx.check()?;
        let way = Way::Program { config };
        let mut link = Self { host, folder, way, socket: None, ahead: Ahead::default() };
        link.foresee(first);
        match link.ask(cx, &READY.map(str::to_owned)) {
            Ok(answers) if is_ready(&answers) => Ok(link),
            Ok(_) => Err(starting()),
            Err(error) if error.code == Code::Interrupted => Err(error),
            Err(_) if unread.is_some() => Err(unread.map(advice).unwrap_or_else(starting)),
            Err(error) => Err(match reason {
                // Where sockets cannot be reached at all, what the program says counts.
                Some((why, path)) if why.kind() != ErrorKind::Unsupported => unreachable(why, &path),
                _ if error.code == Code::NotFound => advice(Error { code: Code::Unreachable, ..error }),
                _ => error,
            }),
        }
    }

    /// How it is reached, for people.
    pub fn name(&self) -> String {
        match &self.way {
            Way::Socket(path) => format!("the control socket {}", path.display()),
            Way::Program { config: Some(config) } => format!("asterisk -C {} -rx", config.display()),
            Way::Program { config: None } => "asterisk -rx".to_owned(),
        }
    }

    /// The host it runs on.
    pub fn host(&self) -> &'h dyn Host {
        self.host
    }

    /// The configuration folder it was opened for.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The programs that ask these questions in our place.
    pub fn by_hand(&self, cx: &Cx, questions: &[String]) -> Result<Vec<Command>> {
        let config = self.folder.join(super::CONFIG);
        let config = match &self.way {
            Way::Program { config } => config.clone(),
            Way::Socket(_) => {
                let found = self.host.read(cx, &[Want::Meta(config.clone())])?.into_iter().flatten().next();
                found.filter(|file| matches!(file.content, Content::There { .. })).map(|_| config)
            }
        };
        let outputs = self.host.run(cx, &[remote(config.as_deref(), "core show version")])?;
        outputs.iter().try_for_each(|output| answer(output).map(|_| ()))?;
        Ok(questions.iter().map(|question| remote(config.as_deref(), question)).collect())
    }

    /// Asks a batch; one answer for each question.
    pub fn ask(&mut self, cx: &Cx, questions: &[String]) -> Result<Vec<String>> {
        self.ask_patiently(cx, questions, cx.timeouts.question)
    }

    /// Asks one question that takes its time.
    pub fn one(&mut self, cx: &Cx, question: &str, patience: Duration) -> Result<String> {
        let answers = self.ask_patiently(cx, &[question.to_owned()], patience)?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    /// Says what is asked next: where the way is long, it goes along with what is asked before.
    pub fn foresee(&mut self, mut questions: Vec<String>) {
        questions.retain(|question| self.host.is_far() && can_be_asked(question));
        self.ahead.foresee(questions);
    }

    /// Asks a batch of which one takes its time.
    pub fn ask_patiently(&mut self, cx: &Cx, questions: &[String], patience: Duration) -> Result<Vec<String>> {
        let mut ahead = std::mem::take(&mut self.ahead);
        let answers = ahead.ask(questions, |questions| self.exchange(cx, questions, patience));
        self.ahead = ahead;
        answers
    }

    fn exchange(&mut self, cx: &Cx, questions: &[String], patience: Duration) -> Result<Vec<String>> {
        for question in questions {
            cx.events.detail(question);
        }
        match &self.way {
            Way::Socket(path) => {
                let mut socket = match self.socket.take() {
                    Some(socket) => socket,
                    None => {
                        let stream = self.host.connect(cx, &Socket::Unix(path.clone()));
                        greet(cx, self.host, path, stream.map_err(|e| unreachable(e, path))?, &[])?.0
                    }
                };
                // After an error its answers would be out of step: it is kept only when all is well.
                let answers = socket.ask(cx, questions, patience)?;
                self.socket = Some(socket);
                Ok(answers)
            }
            Way::Program { config } => {
                let commands: Vec<Command> = questions.iter().map(|q| remote(config.as_deref(), q)).collect();
                let mut cx = cx.clone();
                cx.timeouts.question = patience;
                let outputs = self.host.run(&cx, &commands)?;
                outputs.iter().map(answer).collect()
            }
        }
    }
}

/// What a daemon is asked to see whether it has started. One that has not listens already, does not
/// know its commands yet, and may close the connection; the first of these waits, and the second is
/// added last of all (main/asterisk.c; observed on 16.28 and 22.10).
const READY: [&str; 2] = ["core waitfullybooted", "core show version"];

fn is_ready(answers: &[String]) -> bool {
    !answers.iter().any(|answer| no_such_command(answer))
}

fn starting() -> Error {
    advice(Error::new(Code::Unreachable, "Asterisk is still starting"))
}

/// Waits until a daemon that was connected to has started, on new connections if need be; with its
/// answers to the first questions.
fn greet(
    cx: &Cx,
    host: &dyn Host,
    path: &Path,
    stream: Box<dyn Stream>,
    first: &[String],
) -> Result<(ControlSocket, Vec<String>)> {
    let until = cx.deadline(cx.timeouts.connect);
    first.iter().for_each(|question| cx.events.detail(question));
    let asked = [&READY.map(str::to_owned)[..], first].concat();
    let ready = |stream| {
        let mut socket = ControlSocket::open(cx, stream)?;
        let mut answers = socket.ask(cx, &asked, cx.timeouts.connect)?;
        let first = answers.split_off(READY.len());
        Ok(is_ready(&answers).then_some((socket, first)))
    };
    let mut connected = Ok(stream);
    loop {
        let last = match connected.map(ready) {
            Ok(Ok(Some(socket))) => return Ok(socket),
            Ok(Ok(None)) => starting(),
            Ok(Err(error)) if !matches!(Broken::of(&error), Some(Broken::Closed)) => return Err(advised(error, path)),
            Ok(Err(error)) => advised(error, path),
            Err(error) => unreachable(error, path),
        };
        if Instant::now() >= until {
            return Err(last);
        }
        std::thread::sleep(Duration::from_millis(50));
        connected = host.connect(cx, &Socket::Unix(path.to_owned()));
    }
}

/// `asterisk -rx`; `-C` because it finds a daemon only by the run directory of its own configuration.
fn remote(config: Option<&Path>, question: &str) -> Command {
    let mut args = Vec::new();
    if let Some(config) = config {
        args.extend(["-C".to_owned(), config.display().to_string()]);
    }
    args.extend(["-rx".to_owned(), question.to_owned()]);
    Command { program: "asterisk".to_owned(), args, stdin: Vec::new() }
}

/// Its exit code says only whether a daemon was there (observed on 16.28 and 22.10).
fn answer(output: &Output) -> Result<String> {
    match output.status {
        Some(0) => Ok(plain(&output.stdout)),
        _ => {
            let said = plain(&output.stderr);
            let said = said.lines().find(|l| !l.trim().is_empty()).unwrap_or("it says nothing").to_owned();
            Err(advice(
                Error::new(Code::Unreachable, "asterisk -rx reaches no Asterisk").because(anyhow::anyhow!(said)),
            ))
        }
    }
}

fn unreachable(why: std::io::Error, path: &Path) -> Error {
    let path = path.display();
    let error = match why.kind() {
        ErrorKind::PermissionDenied => {
            Error::new(Code::Unreachable, format!("not allowed to talk to Asterisk ({path})"))
                .hint("run it as root or as the user asterisk")
        }
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
            Error::new(Code::Unreachable, format!("Asterisk is not running ({path})"))
        }
        _ => Error::new(Code::Unreachable, format!("cannot reach Asterisk ({path})")),
    };
    advice(error.because(why))
}

fn advised(mut error: Error, path: &Path) -> Error {
    if error.code == Code::Unreachable {
        error.message = format!("{} ({})", error.message, path.display());
        return advice(error);
    }
    error
}

fn advice(error: Error) -> Error {
    error.hint("to change only the files: --offline")
}
