//! Runs programs without a shell, in a process group of their own that ends with the wait for it.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command as Program, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::super::process::{waitless, waits};
use super::super::{Command, Output};
use crate::cx::Cx;
use crate::error::{Code, Error, Result};

/// How often a waiting call looks whether it should stop.
const LOOK: Duration = Duration::from_millis(20);
/// As much of one stream is read before other things are looked at.
const GULP: usize = 1 << 20;

/// Runs one program to its end. It may be silent for `cx.timeouts.question`.
pub(super) fn one(cx: &Cx, command: &Command) -> Result<Output> {
    cx.check()?;
    let mut child = Program::new(&command.program)
        .args(&command.args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| {
            let code = if error.kind() == ErrorKind::NotFound { Code::NotFound } else { Code::Failed };
            Error::new(code, format!("cannot run {}", command.program)).because(error)
        })?;
    let ended = talk(cx, command, &mut child);
    if ended.is_err() {
        kill(&mut child);
    }
    ended
}

/// Feeds it and listens until it has ended. What it said is in the pipes by then, however late this
/// looks; a child that it left behind may keep them open, and is not waited for.
fn talk(cx: &Cx, command: &Command, child: &mut Child) -> Result<Output> {
    let broken = |error| Error::failed(format!("cannot talk to {}", command.program)).because(error);
    let mut pipes = Pipes::of(child).map_err(broken)?;
    let mut output = Output { status: None, stdout: Vec::new(), stderr: Vec::new() };
    let (mut unsent, mut heard) = (&command.stdin[..], Instant::now());
    let mut pause = Duration::from_micros(100);
    loop {
        let status = exited(command, child)?;
        if pipes.pass(&mut unsent, &mut output).map_err(broken)? {
            heard = Instant::now();
        }
        if let Some(status) = status {
            return Ok(Output { status: status.code(), ..output });
        }
        cx.check()?;
        silent(cx, command, heard)?;
        if pipes.stdout.is_some() || pipes.stderr.is_some() {
            pipes.wait();
        } else {
            thread::sleep(pause);
            pause = (pause * 2).min(LOOK);
        }
    }
}

/// Its ends of the pipes, as long as they are open.
struct Pipes {
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

impl Pipes {
    fn of(child: &mut Child) -> io::Result<Self> {
        let pipes = Self { stdin: child.stdin.take(), stdout: child.stdout.take(), stderr: child.stderr.take() };
        pipes.stdin.iter().try_for_each(waitless)?;
        pipes.stdout.iter().try_for_each(waitless)?;
        pipes.stderr.iter().try_for_each(waitless)?;
        Ok(pipes)
    }

    /// Moves what can be moved without waiting; whether the program said something.
    fn pass(&mut self, unsent: &mut &[u8], output: &mut Output) -> io::Result<bool> {
        while let Some(stdin) = self.stdin.as_mut().filter(|_| !unsent.is_empty()) {
            match stdin.write(unsent) {
                Ok(sent) => *unsent = &unsent[sent..],
                Err(error) if waits(&error) => break,
                // A program that reads nothing closes the pipe: its answer says what it made of that.
                Err(_) => *unsent = &[],
            }
        }
        if unsent.is_empty() {
            self.stdin = None;
        }
        Ok(take(&mut self.stdout, &mut output.stdout)? | take(&mut self.stderr, &mut output.stderr)?)
    }

    fn wait(&self) {
        let mut fds = Vec::with_capacity(3);
        fds.extend(self.stdout.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        fds.extend(self.stderr.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        fds.extend(self.stdin.as_ref().map(|fd| PollFd::new(fd, PollFlags::OUT)));
        // An interrupted wait is a short one: the caller looks again anyway.
        let _ = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK.subsec_nanos()) }));
    }
}

/// What is in a pipe; whether something was.
fn take(pipe: &mut Option<impl Read>, into: &mut Vec<u8>) -> io::Result<bool> {
    let (before, mut buffer) = (into.len(), [0; 1 << 14]);
    while let Some(open) = pipe.as_mut().filter(|_| into.len() < before + GULP) {
        match open.read(&mut buffer) {
            Ok(0) => *pipe = None,
            Ok(length) => into.extend_from_slice(&buffer[..length]),
            Err(error) if waits(&error) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(into.len() > before)
}

fn exited(command: &Command, child: &mut Child) -> Result<Option<std::process::ExitStatus>> {
    child.try_wait().map_err(|e| Error::failed(format!("cannot wait for {}", command.program)).because(e))
}

fn silent(cx: &Cx, command: &Command, heard: Instant) -> Result<()> {
    let limit = cx.timeouts.question;
    if heard.elapsed() < limit {
        return Ok(());
    }
    let message = format!("{} gave no answer within {}", command.program, humantime::format_duration(limit));
    Err(Error::new(Code::Unreachable, message).hint("allow more time with: --timeout"))
}

fn kill(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself meanwhile.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::Silent;
    use std::sync::atomic::Ordering;

    fn sh(script: &str, stdin: &[u8]) -> Command {
        Command { program: "sh".into(), args: vec!["-c".into(), script.into()], stdin: stdin.into() }
    }

    #[test]
    fn both_streams_are_drained_however_long() {
        let cx = Cx::new(&Silent);
        let script = "cat; head -c 300000 /dev/zero >&2; exit 3";
        let output = one(&cx, &sh(script, &[b'x'; 300_000])).unwrap();
        assert_eq!((output.status, output.stdout.len(), output.stderr.len()), (Some(3), 300_000, 300_000));
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let mut cx = Cx::new(&Silent);
        cx.timeouts.question = Duration::from_millis(100);
        let error = one(&cx, &sh("sleep 31.4159 & sleep 31.4159", b"")).unwrap_err();
        assert_eq!(error.code, Code::Unreachable);
        let left = one(&Cx::new(&Silent), &sh("pgrep -f '^sleep 31.415[9]'", b"")).unwrap();
        assert_eq!(String::from_utf8_lossy(&left.stdout), "");
    }

    #[test]
    fn a_signal_ends_the_wait() {
        let cx = Cx::new(&Silent);
        let flag = cx.cancel.flag();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            flag.store(true, Ordering::SeqCst);
        });
        assert_eq!(one(&cx, &sh("sleep 20", b"")).unwrap_err().code, Code::Interrupted);
    }

    #[test]
    fn what_a_program_said_last_is_heard_after_its_end() {
        // On a busy machine the first look may come long after its end.
        let command = sh("", b"");
        let mut child = Program::new("sh")
            .args(["-c", "printf 'last words'; printf '%060000d' 0 >&2"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Waiting would close its input.
        while child.try_wait().unwrap().is_none() {
            thread::sleep(LOOK);
        }
        let output = talk(&Cx::new(&Silent), &command, &mut child).unwrap();
        assert_eq!((output.stdout, output.stderr.len(), output.status), (b"last words".to_vec(), 60_000, Some(0)));
    }

    #[test]
    fn what_leaves_a_child_behind_is_not_waited_for() {
        let start = Instant::now();
        let output = one(&Cx::new(&Silent), &sh("sleep 5 & echo done", b"")).unwrap();
        assert_eq!((output.stdout, output.status), (b"done\n".to_vec(), Some(0)));
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}
