//! SSH: one session a PBX and a run, as `ssh host` would open it. Knows how to get a shell and how
//! to reach a socket there, and nothing of what is said through them.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use self::channel::{Forwarded, Shell, refusal};
use self::config::{Machine, Settings};
use self::live::{Live, Stop};
pub use self::system::System;
use super::link::{Link, Transport};
use super::{Access, Client, Socket, Stream};
use crate::address::Ssh as Location;
use crate::cx::Cx;
use crate::error::{Code, Error, Result};

mod auth;
mod channel;
pub mod config;
mod dial;
mod hostkey;
mod key;
mod known;
mod live;
mod parser;
mod password;
mod pattern;
mod proxy;
mod system;
mod tail;

/// What is run there, whatever the login shell is.
const SHELL: &str = "exec /bin/sh";

/// The way to a host by the client that `access` names.
pub fn to(to: &Location, access: &Access) -> Result<Box<dyn Transport>> {
    let machine = Machine::this();
    Ok(match access.client {
        Client::Builtin => Box::new(Ssh::new(to, access, machine)),
        Client::System => Box::new(System::new(to, access, &machine)?),
    })
}

/// A host reached with sipctl's own ssh.
pub struct Ssh {
    to: Location,
    access: Access,
    machine: Machine,
    open: Mutex<Option<(Arc<Live>, Settings)>>,
}

impl Ssh {
    /// The way to a host; nothing is opened before something is wanted.
    pub fn new(to: &Location, access: &Access, machine: Machine) -> Self {
        Self { to: to.clone(), access: access.clone(), machine, open: Mutex::new(None) }
    }

    /// The session, opened if need be.
    fn live(&self, cx: &Cx) -> Result<(Arc<Live>, Settings)> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((live, settings)) = &*open
            && !live.is_broken()
        {
            return Ok((Arc::clone(live), settings.clone()));
        }
        *open = None;
        cx.events.progress(&format!("connecting to {}", self.to.host));
        let settings = Settings::of(cx, &self.machine, &self.to)?;
        cx.events.detail(&format!("ssh to {}@{} port {}", settings.user, settings.host, settings.port));
        let live = Arc::new(dial::open(cx, &self.machine, &settings, &self.access)?);
        *open = Some((Arc::clone(&live), settings.clone()));
        Ok((live, settings))
    }
}

impl Transport for Ssh {
    fn name(&self) -> String {
        format!("ssh {}", self.to)
    }

    fn shell(&self, cx: &Cx) -> Result<Box<dyn Link>> {
        let (live, settings) = self.live(cx)?;
        let deadline = cx.deadline(cx.timeouts.connect);
        let started = live.open(cx, deadline, || live.session.channel_session()).and_then(|mut channel| {
            live.until(cx, deadline, || channel.exec(SHELL))?;
            Ok(channel)
        });
        match started {
            Ok(channel) => Ok(Box::new(Shell::new(Arc::clone(&live), channel))),
            Err(Stop::Interrupted) => Err(Error::new(Code::Interrupted, "interrupted")),
            Err(Stop::Late) => Err(dial::unreachable(&settings, &format!("{} starts no shell", settings.name))
                .hint("allow more time with: --timeout")),
            Err(Stop::Ssh(error)) => Err(dial::unreachable(&settings, &format!("{} starts no shell", settings.name))
                .because(anyhow::anyhow!("{}", error.message()))
                .hint(format!("see what it says: {} true", settings.by_hand()))),
        }
    }

    fn connect(&self, cx: &Cx, socket: &Socket) -> io::Result<Box<dyn Stream>> {
        let (live, _) = self.live(cx).map_err(io::Error::other)?;
        let deadline = cx.deadline(cx.timeouts.connect);
        let (opened, unix) = match socket {
            Socket::Tcp(host, port) => {
                (live.open(cx, deadline, || live.session.channel_direct_tcpip(host, *port, None)), false)
            }
            Socket::Unix(path) => {
                let path = path.to_str().ok_or(io::ErrorKind::Unsupported)?;
                (live.open(cx, deadline, || live.session.channel_direct_streamlocal(path, None)), true)
            }
        };
        match opened {
            Ok(channel) => Ok(Box::new(Forwarded::new(live, channel, cx.timeouts.question))),
            Err(stop) => Err(refusal(stop, unix)),
        }
    }
}
