//! A host that is reached only through a shell: over SSH, through sudo, in a container. Nothing is
//! installed there; a POSIX shell with coreutils or busybox is enough.
//!
//! Every method is one exchange with the agent, a shell program that is sent at login. The command
//! that starts it is constant; programs, arguments and data follow on its standard input.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::link::Transport;
use super::{Command, File, Guard, Host, Locked, Output, Socket, Step, Stopped, Stream, Want};
use crate::cx::Cx;
use crate::error::{Code, Error, Result};

mod act;
mod ahead;
mod errno;
mod lock;
mod mounts;
mod quote;
mod read;
mod run;
mod session;
pub mod through;

use ahead::Ahead;
use session::{BEAT, Part, Patience, Request, Session, Tools};

/// A host behind a shell.
pub struct Far {
    transport: Box<dyn Transport>,
    state: Arc<Mutex<State>>,
    container: bool,
    ahead: Ahead,
    /// Dropping it ends the thread that keeps the agent awake.
    awake: Mutex<Option<Sender<()>>>,
}

/// What there is of the connection.
#[derive(Default)]
struct State {
    session: Option<Session>,
    /// What the last login found.
    tools: Tools,
    ahead: i128,
    /// The locks held there: the file descriptor of the agent, the folder.
    locks: Vec<(u8, PathBuf)>,
    /// Whether the last exchange ended with the connection.
    lost: bool,
    /// The answer to `/proc/self/mountinfo` of the last read.
    mounts: Vec<u8>,
}

impl Far {
    /// A host behind `transport`, which is not used before something is asked.
    pub fn new(transport: Box<dyn Transport>) -> Self {
        Self { transport, state: Arc::default(), container: false, ahead: Ahead::default(), awake: Mutex::new(None) }
    }

    /// The same, where what is on no volume goes with the next image.
    pub fn in_container(transport: Box<dyn Transport>) -> Self {
        Self { container: true, ..Self::new(transport) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One exchange. A connection that was lost while nothing was under way is made again; one that
    /// is lost meanwhile is an error, and the next exchange tries again.
    fn ask(&self, cx: &Cx, patience: Patience, request: &Request) -> Result<Vec<Part>> {
        let mut state = self.state();
        state.lost = false;
        self.connected(cx, &mut state)?;
        asked(&mut state, cx, patience, request)
    }

    /// One exchange that alters nothing: that the connection was lost before may show only now.
    fn look(&self, cx: &Cx, patience: Patience, request: &Request) -> Result<Vec<Part>> {
        let first = self.ask(cx, patience, request);
        let state = self.state();
        match first {
            Err(_) if state.lost && state.locks.is_empty() => {
                drop(state);
                self.ask(cx, patience, request)
            }
            other => other,
        }
    }

    /// Logs in where there is no living connection; takes again the locks that went with the last one.
    fn connected(&self, cx: &Cx, state: &mut State) -> Result<()> {
        if let Some(session) = &mut state.session {
            if session.look() {
                return Ok(());
            }
            state.session = None;
            if !state.locks.is_empty() {
                let message = format!("lost the connection to {}", self.transport.name());
                return Err(Error::new(Code::Unreachable, message));
            }
        }
        let name = self.transport.name();
        if cx.cancel.is_urgent() {
            return Err(session::left(&name));
        }
        cx.events.progress(&format!("connecting to {name}"));
        let session = Session::login(cx, self.transport.shell(cx)?, &name)?;
        cx.events.detail(&format!("logged in: {name}"));
        state.tools = session.tools.clone();
        state.ahead = session.ahead;
        state.session = Some(session);
        state.lost = false;
        self.keep_awake();
        for (fd, folder) in state.locks.clone() {
            lock::again(cx, state, fd, &folder)?;
        }
        Ok(())
    }

    /// Tells the agent regularly that we are still here, also while nobody asks anything.
    fn keep_awake(&self) {
        let mut awake = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        if awake.is_some() {
            return;
        }
        let (sender, ended) = channel();
        let state = Arc::downgrade(&self.state);
        std::thread::spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(BEAT / 2) {
                let Some(state) = state.upgrade() else { return };
                // Whoever has it is in an exchange, which does the same.
                if let Ok(mut state) = state.try_lock()
                    && let Some(session) = &mut state.session
                {
                    session.beat();
                    session.look();
                }
            }
        });
        *awake = Some(sender);
    }
}

/// One exchange on the connection there is; it is given up when it fails.
fn asked(state: &mut State, cx: &Cx, patience: Patience, request: &Request) -> Result<Vec<Part>> {
    let Some(session) = &mut state.session else {
        return Err(Error::new(Code::Unreachable, "there is no connection"));
    };
    let answer = session.ask(cx, patience, request);
    state.lost = !session.is_open();
    // The rest of an answer that nobody waits for any more is passed over by the next exchange; but a
    // program that runs must end.
    let kept = answer.as_ref().is_err_and(|error| error.code == Code::Interrupted) && !patience.ends;
    if answer.is_err() && !kept {
        state.session = None;
    }
    answer
}

impl Host for Far {
    fn read(&self, cx: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        cx.check()?;
        for want in wants {
            cx.events.detail(&format!("read {}", want.path().display()));
        }
        self.ahead.read(wants, |wants| read::all(self, cx, wants))
    }

    fn foresee(&self, wants: &[Want]) {
        self.ahead.foresee(wants);
    }

    fn is_far(&self) -> bool {
        true
    }

    fn act(&self, cx: &Cx, steps: &[Step]) -> Result<(), Stopped> {
        if steps.is_empty() {
            return Ok(());
        }
        match self.act_and_read(cx, steps, &[]) {
            Err(stopped) if stopped.done < steps.len() => Err(stopped),
            // What was only taken along may fail.
            _ => Ok(()),
        }
    }

    fn run(&self, cx: &Cx, commands: &[Command]) -> Result<Vec<Output>> {
        run::all(self, cx, commands)
    }

    fn connect(&self, cx: &Cx, socket: &Socket) -> std::io::Result<Box<dyn Stream>> {
        self.transport.connect(cx, socket)
    }

    fn lock(&self, cx: &Cx, folder: &Path) -> Result<Box<dyn Guard>> {
        Ok(self.lock_and_read(cx, folder, &[])?.0)
    }

    fn act_and_read(&self, cx: &Cx, steps: &[Step], wants: &[Want]) -> Result<Vec<Vec<File>>, Stopped> {
        Ok(self.ahead.with(wants, |wants| Ok(((), act::and_read(self, cx, steps, wants)?)))?.1)
    }

    fn lock_and_read(&self, cx: &Cx, folder: &Path, wants: &[Want]) -> Result<Locked> {
        self.ahead.with(wants, |wants| lock::take(self, cx, folder, wants))
    }

    fn clear(&self, _: &Cx, paths: &[PathBuf]) {
        self.ahead.forget();
        if let Some(session) = self.state().session.as_mut().filter(|_| !paths.is_empty()) {
            let script = paths.iter().flat_map(|path| act::removal(path)).collect();
            session.tell(&Request { script, data: Vec::new() });
        }
    }

    fn clock(&self) -> (i64, u32) {
        let now = session::now() + self.state().ahead;
        let (seconds, nanos) = (now.div_euclid(1_000_000_000), now.rem_euclid(1_000_000_000));
        (i64::try_from(seconds).unwrap_or(0), u32::try_from(nanos).unwrap_or(0))
    }

    fn user(&self) -> u32 {
        self.state().tools.user
    }

    fn sees_lists(&self) -> bool {
        self.state().tools.lists
    }

    fn ephemeral(&self, folder: &Path) -> bool {
        self.container && mounts::in_layers(&self.state().mounts, folder)
    }
}

/// The cause of an answer that makes no sense.
#[derive(Debug)]
struct Confused;

impl std::fmt::Display for Confused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("something else is printed into its answers")
    }
}

impl std::error::Error for Confused {}

/// The error of an answer that makes no sense.
fn confused() -> Error {
    Error::new(Code::Unreachable, "the shell there does not answer as it should")
        .because(Confused)
        .hint("what does its login start that prints now and then? see ~/.profile, ~/.bashrc there")
}
