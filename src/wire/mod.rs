//! Blocking clients over any [`Stream`](crate::host::Stream): they speak a protocol and know
//! nothing of what is asked. How a conversation ended early is typed, because a change must tell an
//! engine that is down from one that runs but is silent.

use std::fmt;
use std::time::Duration;

use crate::error::{Code, Error};

pub mod control_socket;
pub mod event_socket;
mod talk;

/// Why a conversation with an engine ended early: the cause of a [`Code::Unreachable`] error.
#[derive(Debug)]
pub enum Broken {
    /// It closed the connection: it was stopped, or died.
    Closed,
    /// It holds the connection but said nothing for this long: it hangs, or is far too busy.
    Silent(Duration),
    /// The connection failed.
    Failed(std::io::Error),
    /// It answers in another way than this protocol.
    Foreign,
    /// It does not take the password, or knows no such user.
    Login,
    /// It does not talk to the address the connection comes from.
    Rejected,
}

impl Broken {
    /// The way the conversation ended that led to this error, if that is what it is about.
    pub fn of(error: &Error) -> Option<&Self> {
        error.cause.as_ref()?.downcast_ref()
    }

    /// The error for people.
    pub(crate) fn error(self) -> Error {
        let message = match &self {
            Self::Silent(_) => "the engine runs but does not answer",
            Self::Closed | Self::Failed(_) => "lost the connection to the engine",
            Self::Foreign => "cannot talk to the engine",
            Self::Login | Self::Rejected => "the engine runs but does not let us in",
        };
        Error::new(Code::Unreachable, message).because(self)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("it closed the connection"),
            Self::Silent(waited) => write!(f, "no answer within {} s", waited.as_secs_f64()),
            Self::Failed(error) => error.fmt(f),
            Self::Foreign => f.write_str("what listens there speaks another protocol"),
            Self::Login => f.write_str("it refuses the password"),
            Self::Rejected => f.write_str("its access list refuses our address"),
        }
    }
}

impl std::error::Error for Broken {}
