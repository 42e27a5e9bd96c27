//! From nothing to a session of the right host: the connection, the handshake, the host key, the login.

use std::io::{Error as IoError, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::config::{Family, Machine, Proxy, Settings};
use super::live::{Live, Stop, code, code_of};
use super::proxy::{self, Helper};
use super::{auth, hostkey};
use crate::cx::Cx;
use crate::error::{Code, Error, Result};
use crate::host::{Access, local};

/// How often a waiting call looks whether it should stop.
const LOOK: Duration = Duration::from_millis(20);

/// Opens a session and logs in.
pub(super) fn open(cx: &Cx, machine: &Machine, settings: &Settings, access: &Access) -> Result<Live> {
    cx.check()?;
    let within = settings.connect.map_or(cx.timeouts.connect, |set| set.min(cx.timeouts.connect));
    let deadline = cx.deadline(within);
    let known = hostkey::known(settings)?;
    let (socket, helper) = match &settings.proxy {
        Proxy::None => (tcp(cx, settings, deadline)?, None),
        Proxy::Jump(jumps) => {
            cx.events.detail(&format!("ssh to {} by {jumps}", settings.name));
            let program = proxy::by_jump(machine.ssh.as_deref(), jumps, settings, access.accept_new_host_key)?;
            helped(settings, proxy::start(program))?
        }
        Proxy::Command(command) => {
            cx.events.detail(&format!("ssh to {} by its ProxyCommand", settings.name));
            helped(settings, proxy::start(proxy::by_command(command)))?
        }
    };
    let live =
        Live::new(socket, helper).map_err(|error| unreachable(settings, "cannot start a session").because(error))?;
    hostkey::prefer(&live.session, settings, &known)
        .map_err(|error| unreachable(settings, "cannot start a session").because(anyhow::anyhow!("{error}")))?;
    let mut session = live.session.clone();
    live.until(cx, deadline, || session.handshake()).map_err(|stop| no_handshake(settings, &live, stop))?;
    hostkey::check(&live.session, settings, &known, access.accept_new_host_key)?;
    auth::login(cx, &live, settings, access.password_file.as_deref())?;
    Ok(live)
}

/// An error that says where.
pub(super) fn unreachable(settings: &Settings, what: &str) -> Error {
    Error::new(Code::Unreachable, format!("{what} ({} port {})", settings.host, settings.port))
}

fn helped(settings: &Settings, started: std::io::Result<(OwnedFd, Helper)>) -> Result<(OwnedFd, Option<Helper>)> {
    match started {
        Ok((socket, helper)) => Ok((socket, Some(helper))),
        Err(error) => Err(unreachable(settings, "cannot start the program that connects").because(error)),
    }
}

/// A name may take long to look up, and nothing stops that: it is done aside.
fn tcp(cx: &Cx, settings: &Settings, deadline: Instant) -> Result<OwnedFd> {
    let (sender, answer) = channel();
    let (host, port, family) = (settings.host.clone(), settings.port, settings.family);
    std::thread::spawn(move || sender.send(connect(&host, port, family, deadline)));
    let error = loop {
        cx.check()?;
        if Instant::now() >= deadline {
            break IoError::from(ErrorKind::TimedOut);
        }
        match answer.recv_timeout(LOOK) {
            Ok(Ok(stream)) => return Ok(OwnedFd::from(stream)),
            Ok(Err(error)) => break error,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break IoError::other("the lookup of its name broke off"),
        }
    };
    let late = error.kind() == ErrorKind::TimedOut;
    let error = unreachable(settings, &format!("cannot connect to {}", settings.name)).because(error);
    Err(match late {
        true => error.hint("allow more time with: --timeout"),
        false => error.hint(format!("see what it says: {}", settings.by_hand())),
    })
}

fn connect(host: &str, port: u16, family: Family, deadline: Instant) -> std::io::Result<TcpStream> {
    let fits = |address: &SocketAddr| match family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    };
    local::connect::tcp((host, port).to_socket_addrs()?.filter(fits), deadline)
}

fn no_handshake(settings: &Settings, live: &Live, stop: Stop) -> Error {
    let name = &settings.name;
    let said = live.complaint();
    let error = match stop {
        Stop::Interrupted => return Error::new(Code::Interrupted, "interrupted"),
        Stop::Late => unreachable(settings, &format!("{name} does not answer as an ssh server"))
            .hint("allow more time with: --timeout"),
        Stop::Ssh(error) => match code_of(&error) {
            code::KEX_FAILURE | code::KEY_EXCHANGE_FAILURE | code::UNSUPPORTED | code::ALGO_UNSUPPORTED => {
                unreachable(settings, &format!("{name} and sipctl's own ssh have no way of encryption in common"))
                    .hint("an old server offers only SHA-1; the machine's ssh may be told to accept that:")
                    .hint("write `ssh-client = system` for this PBX in the inventory")
            }
            _ => unreachable(settings, &format!("{name} closed the connection before it was an ssh session"))
                .because(anyhow::anyhow!("{}", error.message())),
        },
    };
    match said.is_empty() {
        true => error,
        false => error.hint(format!("what connects to it said: {}", said.replace('\n', " / "))),
    }
}
