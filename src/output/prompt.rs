//! Questions to a person; only where standard input is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Output;
use crate::cx::Cancel;
use crate::error::{Code, Error, Result};
use crate::secret::Secret;

/// Whether somebody is there to ask.
pub fn possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

impl Output {
    /// Asks yes or no; the answer is no unless the person types `y`.
    pub fn confirm(&self, question: &str) -> Result<()> {
        let question = super::diff::printable(question);
        let answer = self.ask(|| dialoguer::Confirm::new().with_prompt(question).default(false).interact())?;
        match answer {
            true => Ok(()),
            false => Err(Error::failed("not confirmed; nothing is changed")),
        }
    }

    /// Lets a person type a password twice.
    pub fn password(&self, what: &str) -> Result<Secret> {
        let prompt = dialoguer::Password::new()
            .with_prompt(super::diff::printable(what))
            .with_confirmation("The same again", "These differ; once more");
        self.ask(|| prompt.interact()).map(|typed| Secret::new(typed.into_bytes()))
    }

    /// Waits for Enter until then; false as well when somebody breaks off, or nobody can type any more.
    pub fn enter(&self, text: &str, until: Instant, cancel: &Cancel) -> bool {
        self.events.asking(|| {
            let _ = writeln!(io::stderr().lock(), "{}", super::diff::printable(text));
            let stdin = io::stdin();
            while Instant::now() < until && !cancel.is_set() {
                let look = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
                let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
                if poll(&mut fds, Some(&look)).is_ok_and(|ready| ready > 0) {
                    return stdin.read_line(&mut String::new()).is_ok_and(|length| length > 0);
                }
            }
            false
        })
    }

    fn ask<T>(&self, prompt: impl FnOnce() -> dialoguer::Result<T>) -> Result<T> {
        self.events.asking(prompt).map_err(failed)
    }
}

/// Why a question has no answer.
pub(super) fn failed(error: dialoguer::Error) -> Error {
    let dialoguer::Error::IO(error) = error;
    // dialoguer leaves the cursor hidden when it is interrupted.
    let _ = writeln!(io::stderr().lock(), "\u{1b}[?25h");
    match error.kind() {
        io::ErrorKind::Interrupted => Error::new(Code::Interrupted, "interrupted; nothing is changed"),
        _ => Error::failed("cannot ask").because(error),
    }
}
