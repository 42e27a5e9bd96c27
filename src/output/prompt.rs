//! Questions to a person; only where standard input is a terminal.

use std::io::{self, IsTerminal, Stdin, Write};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::Output;
use crate::cx::Cancel;
use crate::error::{Code, Error, Result};
use crate::secret::Secret;

/// Whether somebody is there to ask.
pub fn possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

impl Output {
    /// Asks yes or no; the answer is no unless the person types `y` or `yes`.
    pub fn confirm(&self, question: &str) -> Result<()> {
        let question = format!("{} [y/N]", super::diff::printable(question));
        // Not dialoguer::Confirm, to which `nay` is a yes.
        let answer = self.events.asking(|| {
            forget_typed();
            dialoguer::Input::<String>::new().with_prompt(question).allow_empty(true).interact_text()
        });
        match answer.map_err(failed)?.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Error::failed("not confirmed; nothing is changed")),
        }
    }

    /// Lets a person type a password twice.
    pub fn password(&self, what: &str, cancel: &Cancel) -> Result<Secret> {
        self.events.asking(|| {
            loop {
                let typed = hidden(what, cancel)?;
                if typed.reveal().is_empty() {
                    continue;
                }
                if hidden("The same again", cancel)?.reveal() == typed.reveal() {
                    return Ok(typed);
                }
                let _ = writeln!(io::stderr().lock(), "These differ; once more");
            }
        })
    }

    /// Waits for Enter until then; false as well when somebody breaks off, or nobody can type any more.
    pub fn enter(&self, text: &str, until: Instant, cancel: &Cancel) -> bool {
        self.events.asking(|| {
            forget_typed();
            let _ = writeln!(io::stderr().lock(), "{}", super::diff::printable(text));
            let stdin = io::stdin();
            while Instant::now() < until && !cancel.is_set() {
                if typed(&stdin) {
                    return stdin.read_line(&mut String::new()).is_ok_and(|length| length > 0);
                }
            }
            false
        })
    }
}

/// What was typed before a question is no answer to it.
fn forget_typed() {
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

/// Looks for a moment whether somebody has typed a line.
fn typed(stdin: &Stdin) -> bool {
    let look = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    poll(&mut [PollFd::new(stdin, PollFlags::IN)], Some(&look)).is_ok_and(|ready| ready > 0)
}

/// Lets a person type a line that is not shown. A signal ends it at once.
pub(super) fn hidden(question: &str, cancel: &Cancel) -> Result<Secret> {
    let cannot = |error: io::Error| Error::failed("cannot ask").because(error);
    let stdin = io::stdin();
    let usual = tcgetattr(&stdin).map_err(|error| cannot(error.into()))?;
    let mut quiet = usual.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Now, &quiet).map_err(|error| cannot(error.into()))?;
    forget_typed();
    let _ = write!(io::stderr().lock(), "{}: ", super::diff::printable(question));
    let mut line = Zeroizing::new(String::new());
    let read = loop {
        if cancel.is_set() {
            break Err(Error::new(Code::Interrupted, "interrupted; nothing is changed"));
        }
        if typed(&stdin) {
            break stdin.read_line(&mut line).map_err(cannot);
        }
    };
    let _ = tcsetattr(&stdin, OptionalActions::Now, &usual);
    let _ = writeln!(io::stderr().lock());
    match read? {
        0 => Err(Error::failed("cannot ask: nobody can type any more")),
        _ => Ok(Secret::new(line.trim_end_matches(['\n', '\r']).as_bytes())),
    }
}

/// Why a question has no answer.
fn failed(error: dialoguer::Error) -> Error {
    let dialoguer::Error::IO(error) = error;
    let _ = writeln!(io::stderr().lock());
    match error.kind() {
        io::ErrorKind::Interrupted => Error::new(Code::Interrupted, "interrupted; nothing is changed"),
        _ => Error::failed("cannot ask").because(error),
    }
}
