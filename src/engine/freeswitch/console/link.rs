//! The way to the running FreeSWITCH: its Event Socket, else `fs_cli -x`, one process a question.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::answers::{line, text, value};
use super::settings::Settings;
use crate::cx::Cx;
use crate::engine::LEFT_LOGIN;
use crate::engine::ahead::Ahead;
use crate::error::{Code, Error, Result};
use crate::host::{Command, Host, Output, Step, Stream};
use crate::secret;
use crate::wire::Broken;
use crate::wire::event_socket::{Answer, EventSocket, Login, can_be_asked, commands};

/// A FreeSWITCH that answered once. A connection that was lost is made again at the next question.
pub struct Link<'h> {
    host: &'h dyn Host,
    settings: Settings,
    way: Way,
    ahead: Ahead<Answer>,
}

enum Way {
    Socket {
        login: Login,
        socket: Option<EventSocket>,
    },
    /// `untold`: the login has rights of its own, and may not ask which.
    Program {
        home: Option<PathBuf>,
        allowed: Option<Vec<String>>,
        untold: bool,
    },
}

impl<'h> Link<'h> {
    /// Finds out how the FreeSWITCH of these settings can be asked, as `login` or else with the
    /// password of its own configuration; `first` are the questions that come next.
    pub fn open(
        cx: &Cx,
        host: &'h dyn Host,
        settings: Settings,
        login: Option<&Login>,
        first: Vec<String>,
    ) -> Result<Self> {
        let own = || Some(Login { user: None, password: settings.password.clone()? });
        let given = login.is_some();
        let login = login.cloned().or_else(own);
        let why = match &login {
            Some(login) => {
                match host.connect(cx, &settings.socket()) {
                    Ok(stream) => match greet(cx, stream, login, &settings, &first) {
                        Ok((socket, answers)) => {
                            cx.events.detail(&format!("Event Socket {}", settings.place()));
                            let way = Way::Socket { login: login.clone(), socket: Some(socket) };
                            return Ok(Self { host, settings, way, ahead: Ahead::with(first, answers) });
                        }
                        // Somebody's own fs_cli configuration may know the password; it is not asked
                        // where we are told who to be.
                        Err(error) if !given && matches!(Broken::of(&error), Some(Broken::Login)) => error,
                        Err(error) => return Err(error),
                    },
                    Err(error) => unreachable(error, &settings),
                }
            }
            None => {
                advice(Error::new(Code::Unreachable, "the configuration does not tell the Event Socket's password"))
            }
        };
        cx.check()?;
        let refused = matches!(Broken::of(&why), Some(Broken::Login));
        let home = match &login {
            Some(login) if !refused => home(cx, host, &settings, login)?,
            _ => None,
        };
        if given && home.is_none() {
            return Err(why);
        }
        let way = Way::Program { home, allowed: None, untold: false };
        let mut link = Self { host, settings, way, ahead: Ahead::default() };
        match link.ask(cx, &["version".to_owned()]) {
            Ok(_) => {}
            Err(error) if error.code == Code::Interrupted => return Err(error),
            Err(_) => return Err(why),
        }
        // fs_cli does not print what the daemon says of a restricted login; the directory may tell.
        if let Some(user) = login.as_ref().and_then(|login| login.user.as_ref()) {
            let list = link.one(cx, &format!("user_data {user} param esl-allowed-api"))?;
            if let Way::Program { allowed, untold, .. } = &mut link.way {
                *untold = list == Answer::Denied;
                *allowed = value(&list).map(|list| commands(&String::from_utf8_lossy(list)));
            }
        }
        Ok(link)
    }

    /// How it is reached, for people.
    pub fn name(&self) -> String {
        match &self.way {
            Way::Socket { .. } => format!("the Event Socket {}", self.settings.place()),
            Way::Program { .. } => "fs_cli -x".to_owned(),
        }
    }

    /// The host it runs on.
    pub fn host(&self) -> &'h dyn Host {
        self.host
    }

    /// Whether this login may use a command, as far as that is known before it is asked.
    pub fn may(&self, command: &str) -> bool {
        match &self.way {
            Way::Socket { socket: Some(EventSocket { allowed: Some(allowed), .. }), .. }
            | Way::Program { allowed: Some(allowed), .. } => allowed.iter().any(|one| one == command),
            _ => true,
        }
    }

    /// Whether only trying a command shows that this login may use it.
    pub fn rights_unknown(&self) -> bool {
        matches!(self.way, Way::Program { untold: true, .. })
    }

    /// The programs that ask these questions in our place; the login they need lies in `folder`.
    pub fn by_hand(&self, cx: &Cx, questions: &[&str], folder: &Path) -> Result<Vec<Command>> {
        let login = match &self.way {
            Way::Socket { login, .. } => login,
            // It works with what that user has, and so will they.
            Way::Program { home: None, .. } => {
                return Ok(questions.iter().map(|question| remote(None, question, cx.timeouts.reload)).collect());
            }
            Way::Program { home: Some(_), .. } => {
                return Err(Error::failed("the Event Socket cannot be reached directly"));
            }
        };
        let Some(text) = login_text(&self.settings, login) else {
            return Err(Error::failed(
                "fs_cli cannot be told this password: blanks at its ends, # and ; are the reason",
            ));
        };
        let step = Step::Create { path: folder.join(CONFIG), bytes: text.into(), like: None, mode: 0o600 };
        self.host.act(cx, &[step]).map_err(|stopped| stopped.error)?;
        let outputs = self.host.run(cx, &[remote(Some(folder), "version", cx.timeouts.question)])?;
        outputs.iter().try_for_each(|output| said(output, cx.timeouts.question).map(|_| ()))?;
        Ok(questions.iter().map(|question| remote(Some(folder), question, cx.timeouts.reload)).collect())
    }

    /// Asks a batch; one answer for each question.
    pub fn ask(&mut self, cx: &Cx, questions: &[String]) -> Result<Vec<Answer>> {
        self.ask_patiently(cx, questions, cx.timeouts.question)
    }

    /// Asks one question.
    pub fn one(&mut self, cx: &Cx, question: &str) -> Result<Answer> {
        self.patiently(cx, question, cx.timeouts.question)
    }

    /// Asks what takes its time, with what was logged as an error meanwhile, where that can be heard.
    pub fn listening(
        &mut self,
        cx: &Cx,
        questions: &[String],
        patience: Duration,
    ) -> Result<(Vec<Answer>, Vec<String>)> {
        if let Way::Program { .. } = self.way {
            return Ok((self.ask_patiently(cx, questions, patience)?, Vec::new()));
        }
        let (mut ahead, mut log) = (std::mem::take(&mut self.ahead), Vec::new());
        let answers = ahead.ask(questions, |questions| {
            questions.iter().for_each(|question| cx.events.detail(question));
            let (answers, heard) = self.on_socket(cx, |socket| socket.ask_listening(cx, questions, patience))?;
            log = heard;
            Ok(answers)
        });
        self.ahead = ahead;
        Ok((answers?, log))
    }

    /// Says what is asked next: where the way is long, it goes along with what is asked before.
    pub fn foresee(&mut self, mut questions: Vec<String>) {
        questions.retain(|question| self.host.is_far() && can_be_asked(question));
        self.ahead.foresee(questions);
    }

    fn patiently(&mut self, cx: &Cx, question: &str, patience: Duration) -> Result<Answer> {
        let answers = self.ask_patiently(cx, &[question.to_owned()], patience)?;
        Ok(answers.into_iter().next().unwrap_or(Answer::Said(Vec::new())))
    }

    fn ask_patiently(&mut self, cx: &Cx, questions: &[String], patience: Duration) -> Result<Vec<Answer>> {
        let mut ahead = std::mem::take(&mut self.ahead);
        let answers = ahead.ask(questions, |questions| self.exchange(cx, questions, patience));
        self.ahead = ahead;
        answers
    }

    fn exchange(&mut self, cx: &Cx, questions: &[String], patience: Duration) -> Result<Vec<Answer>> {
        for question in questions {
            cx.events.detail(question);
        }
        match &self.way {
            Way::Socket { .. } => self.on_socket(cx, |socket| socket.ask(cx, questions, patience)),
            Way::Program { home, .. } => {
                let commands: Vec<Command> = questions.iter().map(|q| remote(home.as_deref(), q, patience)).collect();
                let mut cx = cx.clone();
                // fs_cli gives up by itself; only one that hangs as well is killed.
                cx.timeouts.question = patience + Duration::from_secs(1);
                self.host.run(&cx, &commands)?.iter().map(|output| said(output, patience)).collect()
            }
        }
    }

    /// Works on the connection, a new one where it was lost.
    fn on_socket<T>(&mut self, cx: &Cx, work: impl FnOnce(&mut EventSocket) -> Result<T>) -> Result<T> {
        let Way::Socket { login, socket } = &mut self.way else {
            return Err(Error::failed("there is no Event Socket here"));
        };
        let mut open = match socket.take() {
            Some(open) => open,
            None => {
                let stream = self.host.connect(cx, &self.settings.socket());
                greet(cx, stream.map_err(|e| unreachable(e, &self.settings))?, login, &self.settings, &[])?.0
            }
        };
        // After an error its answers would be out of step: it is kept only when all is well.
        let done = work(&mut open)?;
        *socket = Some(open);
        Ok(done)
    }
}

impl Drop for Link<'_> {
    fn drop(&mut self) {
        if let Way::Program { home: Some(home), .. } = &self.way {
            let steps = [Step::Remove { path: home.join(CONFIG) }, Step::RemoveFolder { path: home.clone() }];
            // A folder only its owner can read stays behind where even that fails.
            let _ = self.host.act(&Cx::new(&crate::cx::Silent), &steps);
        }
    }
}

/// Logs in on a new connection; with the answers to the first questions.
fn greet(
    cx: &Cx,
    stream: Box<dyn Stream>,
    login: &Login,
    settings: &Settings,
    first: &[String],
) -> Result<(EventSocket, Vec<Answer>)> {
    EventSocket::open(cx, stream, login, first).map_err(|mut error| {
        if error.code != Code::Unreachable {
            return error;
        }
        error.message = format!("{} (Event Socket {})", error.message, settings.place());
        let error = match Broken::of(&error) {
            Some(Broken::Login) if login.user.is_some() => error.hint(
                "event-socket-user and event-socket-password-file of the inventory are not a user of its \
                 directory with this esl-password",
            ),
            Some(Broken::Login) => error.hint(
                "the password in autoload_configs/event_socket.conf.xml is not the one it runs with; \
                 if it was edited: fs_cli -x 'reload mod_event_socket'",
            ),
            Some(Broken::Rejected) => error.hint("apply-inbound-acl in autoload_configs/event_socket.conf.xml decides"),
            _ => error,
        };
        advice(error)
    })
}

const CONFIG: &str = LEFT_LOGIN;

/// Address and password as fs_cli reads them. None where they cannot be written into such a file: `#`
/// and `;` begin a comment there, and blanks at the ends are lost (esl_config.c,
/// `esl_config_next_pair`).
fn login_text(settings: &Settings, login: &Login) -> Option<Vec<u8>> {
    let bytes = login.password.reveal();
    let odd = |b: &u8| b.is_ascii_control() || matches!(b, b'#' | b';');
    if bytes.iter().any(odd) || bytes.trim_ascii() != bytes {
        return None;
    }
    let user = login.user.as_ref().map(|user| format!("user => {user}\n")).unwrap_or_default();
    let mut text =
        format!("[default]\nhost => {}\nport => {}\n{user}password => ", settings.host, settings.port).into_bytes();
    text.extend_from_slice(bytes);
    text.push(b'\n');
    Some(text)
}

/// A private home folder with the address and the password, which no argument list may show; none
/// where fs_cli cannot be told them.
fn home(cx: &Cx, host: &dyn Host, settings: &Settings, login: &Login) -> Result<Option<PathBuf>> {
    let Some(text) = login_text(settings, login) else { return Ok(None) };
    let folder = PathBuf::from(format!("/tmp/sipctl-{}", secret::salt()?));
    let steps = [
        Step::MakeFolder { path: folder.clone(), mode: 0o700 },
        Step::Create { path: folder.join(CONFIG), bytes: text.into(), like: None, mode: 0o600 },
    ];
    host.act(cx, &steps).map_err(|stopped| stopped.error)?;
    Ok(Some(folder))
}

/// `fs_cli -x`. It waits for ever without `-t`.
fn remote(home: Option<&Path>, question: &str, patience: Duration) -> Command {
    let wait = patience.as_millis().to_string();
    let fs_cli = ["fs_cli", "-t", &wait, "-x", question].map(str::to_owned);
    let (program, args) = match home {
        Some(home) => ("env".to_owned(), std::iter::once(format!("HOME={}", home.display())).chain(fs_cli).collect()),
        None => (fs_cli[0].clone(), fs_cli[1..].to_vec()),
    };
    Command { program, args, stdin: Vec::new() }
}

/// Its exit code says only whether a daemon was there; it prints one line break too many (observed
/// on 1.11).
fn said(output: &Output, patience: Duration) -> Result<Answer> {
    let out = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
    match output.status {
        Some(0) if out.starts_with(b"Error:  permission denied!") => Ok(Answer::Denied),
        Some(0) => Ok(Answer::Said(out.to_vec())),
        Some(254) => Err(advice(Broken::Silent(patience).error())),
        _ => {
            let said = Answer::Said([output.stderr.as_slice(), out].concat());
            let error = Error::new(Code::Unreachable, "fs_cli reaches no FreeSWITCH");
            Err(advice(error.because(anyhow::anyhow!(line(&said)))))
        }
    }
}

fn unreachable(why: std::io::Error, settings: &Settings) -> Error {
    let message = match why.kind() {
        ErrorKind::ConnectionRefused => {
            format!("FreeSWITCH is not running, or its Event Socket is not loaded ({})", settings.place())
        }
        _ => format!("cannot reach the Event Socket of FreeSWITCH ({})", settings.place()),
    };
    advice(Error::new(Code::Unreachable, message).because(why))
}

fn advice(error: Error) -> Error {
    error.hint("to change only the files: --offline")
}

/// Every command of the API that sipctl uses.
const COMMANDS: &str = "version,global_getvar,reloadxml,reloadacl,xml_flush_cache,find_user_xml,user_exists,\
                        user_data,xml_locate,regex,sofia,show,uuid_kill";

/// An error about a question this login may not ask, or that the engine does not know.
pub fn refused(question: &str, answer: &Answer) -> Error {
    match answer {
        Answer::Denied => {
            let command = question.split(' ').next().unwrap_or_default();
            let error = Error::new(Code::Unreachable, format!("this login may not use the api command {command}"));
            advice(error.hint(format!(
                "its user in the directory needs {command} in <param name=\"esl-allowed-api\" value=\"...\"/>; \
                 all that sipctl uses: {COMMANDS}"
            )))
        }
        Answer::Said(_) => Error::failed(format!("the engine refused `{question}`: {}", text(answer).trim())),
    }
}
