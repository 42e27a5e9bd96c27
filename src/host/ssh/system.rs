//! The machine's own ssh, for what libssh2 does not know: SHA-1, security keys, GSSAPI,
//! certificates, and whatever else an ssh_config may ask for.

use std::io::{self, Error as IoError, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::SHELL;
use super::config::{Machine, destination};
use super::proxy::{self, Helper};
use crate::address::Ssh as Location;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::host::link::{Link, Transport};
use crate::host::process::Process;
use crate::host::{Access, Socket, Stream};

/// How often a waiting call looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);

/// A host reached with the machine's ssh.
pub struct System {
    to: Location,
    accept: bool,
    ssh: PathBuf,
}

impl System {
    /// The way to a host; nothing is started before something is wanted.
    pub fn new(to: &Location, access: &Access, machine: &Machine) -> Result<Self> {
        let ssh = machine.ssh.clone().ok_or_else(|| {
            Error::usage(format!("`ssh-client = system` is set for {}, and there is no ssh here", to.host))
                .hint("install ssh (openssh-client)")
        })?;
        if access.password_file.is_some() {
            return Err(Error::usage("the machine's ssh takes no password from a file")
                .hint("use a key, or leave out --ssh-password-file or `ssh-client = system`"));
        }
        Ok(Self { to: to.clone(), accept: access.accept_new_host_key, ssh })
    }

    /// Nothing is asked, forwarded or run but what is said here, and host keys are checked at least
    /// as strictly as sipctl does it.
    fn args(&self, cx: &Cx, more: &[String]) -> Vec<String> {
        let checking = if self.accept { "accept-new" } else { "yes" };
        let seconds = cx.timeouts.connect.as_secs().max(1);
        let mut args = vec!["-T".to_owned()];
        for option in [
            "BatchMode=yes",
            &format!("StrictHostKeyChecking={checking}"),
            &format!("ConnectTimeout={seconds}"),
            "ClearAllForwardings=yes",
            "ForwardAgent=no",
            "ForwardX11=no",
            "PermitLocalCommand=no",
            "RemoteCommand=none",
            "StdinNull=no",
            "ForkAfterAuthentication=no",
            "EscapeChar=none",
        ] {
            args.extend(["-o".to_owned(), option.to_owned()]);
        }
        args.extend_from_slice(more);
        args.extend(destination(&self.to));
        args
    }
}

impl Transport for System {
    fn name(&self) -> String {
        format!("ssh {}", self.to)
    }

    fn shell(&self, cx: &Cx) -> Result<Box<dyn Link>> {
        cx.check()?;
        cx.events.progress(&format!("connecting to {}", self.to.host));
        cx.events.detail(&format!("{} to {}", self.ssh.display(), self.to));
        let mut args = self.args(cx, &[]);
        args.push(SHELL.to_owned());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        match Process::start(&self.ssh.to_string_lossy(), &args) {
            Ok(process) => Ok(Box::new(process)),
            Err(error) => Err(Error::io("run", &self.ssh, error)),
        }
    }

    /// By `-W`, which knows TCP only. Nothing says that it is connected: what is connected to here
    /// (Event Socket, AMI) greets, and that is waited for.
    fn connect(&self, cx: &Cx, socket: &Socket) -> io::Result<Box<dyn Stream>> {
        let Socket::Tcp(host, port) = socket else { return Err(ErrorKind::Unsupported.into()) };
        let mut program = Command::new(&self.ssh);
        program.args(self.args(cx, &["-W".to_owned(), format!("[{host}]:{port}")]));
        let (socket, helper) = proxy::start(program)?;
        let stream = UnixStream::from(socket);
        let deadline = cx.deadline(cx.timeouts.connect);
        loop {
            cx.check().map_err(|error| IoError::new(ErrorKind::Interrupted, error))?;
            let left = deadline.saturating_duration_since(std::time::Instant::now()).min(LOOK);
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            let slice = Timespec { tv_sec: 0, tv_nsec: i64::from(left.subsec_nanos()) };
            if let Ok(1..) = poll(&mut [PollFd::new(&stream, PollFlags::IN)], Some(&slice)) {
                break;
            }
        }
        if rustix::net::recv(&stream, &mut [0u8; 1][..], rustix::net::RecvFlags::PEEK)?.0 == 0 {
            return Err(IoError::new(ErrorKind::Unsupported, helper.complaint()));
        }
        let mut piped = Piped { stream, _helper: helper };
        piped.set_timeout(cx.timeouts.question)?;
        Ok(Box::new(piped))
    }
}

/// A connection that ssh carries.
struct Piped {
    stream: UnixStream,
    _helper: Helper,
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Piped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Piped {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.stream.set_timeout(timeout)
    }
}
