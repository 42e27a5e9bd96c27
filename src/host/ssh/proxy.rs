//! Connections that a program makes: ProxyJump by the machine's ssh, ProxyCommand by /bin/sh as ssh
//! does it. The program's standard input and output are one end of a socket pair.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::config::Settings;
use super::tail::Tail;
use crate::error::{Error, Result};

/// How long the last words of a program are waited for.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// A program that carries the connection; it ends when the socket does.
pub(super) struct Helper {
    child: Child,
    said: Arc<Mutex<Tail>>,
    listener: Option<JoinHandle<()>>,
}

impl Helper {
    /// The last lines of its standard error; for when it failed: its last words may come a moment
    /// after it closed the connection.
    pub fn complaint(&self) -> String {
        let until = Instant::now() + LAST_WORDS;
        while self.listener.as_ref().is_some_and(|listener| !listener.is_finished()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.said.lock().unwrap_or_else(PoisonError::into_inner).lines()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // A ProxyCommand is a shell with children: its whole group goes, and it may be deaf.
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let end = |signal| group.map(|group| kill_process_group(group, signal));
        let _ = end(Signal::TERM);
        let until = Instant::now() + LAST_WORDS;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() >= until {
                let _ = end(Signal::KILL);
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Starts a program and gives the socket to what it connects to.
pub(super) fn start(mut program: Command) -> io::Result<(OwnedFd, Helper)> {
    let (ours, theirs) = UnixStream::pair()?;
    let theirs = OwnedFd::from(theirs);
    let mut child = program
        .stdin(Stdio::from(theirs.try_clone()?))
        .stdout(Stdio::from(theirs))
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    // The command holds the other end of the pair as long as it lives.
    drop(program);
    let said = Arc::new(Mutex::new(Tail::default()));
    let listener = child.stderr.take().map(|mut pipe| {
        let said = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                said.lock().unwrap_or_else(PoisonError::into_inner).add(&buffer[..length]);
            }
        })
    });
    Ok((OwnedFd::from(ours), Helper { child, said, listener }))
}

/// `exec COMMAND` in the shell of ssh's choice.
pub(super) fn by_command(command: &str) -> Command {
    let mut program = Command::new("/bin/sh");
    program.arg("-c").arg(format!("exec {command}"));
    program
}

/// `ssh -W` through the last of the jump hosts, which is reached by those before it.
pub(super) fn by_jump(ssh: Option<&Path>, jumps: &str, to: &Settings, accept: bool) -> Result<Command> {
    let ssh = ssh.ok_or_else(|| {
        Error::usage(format!("{} is behind {jumps}, and jumping is done by ssh, which is not here", to.name))
            .hint("install ssh (openssh-client)")
    })?;
    let (before, last) = match jumps.rsplit_once(',') {
        Some((before, last)) => (Some(before), last.trim()),
        None => (None, jumps.trim()),
    };
    let odd = || Error::usage(format!("ProxyJump {jumps} of {} in the ssh_config is odd", to.name));
    let mut program = Command::new(ssh);
    let checking = if accept { "StrictHostKeyChecking=accept-new" } else { "StrictHostKeyChecking=yes" };
    program.args(["-o", "BatchMode=yes", "-o", checking]);
    if let Some(before) = before {
        if before.starts_with('-') {
            return Err(odd());
        }
        program.arg("-J").arg(before);
    }
    program.arg("-W").arg(format!("[{}]:{}", to.host, to.port));
    if last.starts_with("ssh://") {
        program.arg("--").arg(last);
        return Ok(program);
    }
    let (user, host) = match last.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, last),
    };
    let (host, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match host.split_once(':') {
            Some((_, rest)) if rest.contains(':') => (host, None),
            Some((host, port)) => (host, Some(port)),
            None => (host, None),
        },
    };
    if host.is_empty() || host.starts_with('-') || user.is_some_and(|user| user.is_empty() || user.starts_with('-')) {
        return Err(odd());
    }
    if let Some(port) = port {
        program.arg("-p").arg(port.parse::<u16>().map_err(|_| odd())?.to_string());
    }
    if let Some(user) = user {
        program.arg("-l").arg(user);
    }
    program.arg("--").arg(host);
    Ok(program)
}
