//! Runs programs without a shell, in a process group of their own that ends with the wait for it.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command as Program, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::super::{Command, Output};
use crate::cx::Cx;
use crate::error::{Code, Error, Result};

/// How often a waiting call looks whether it should stop.
const LOOK: Duration = Duration::from_millis(20);
/// How long the last words of a program that has ended may take; only a child it left behind makes
/// this wait.
const LAST_WORDS: Duration = Duration::from_millis(500);

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
    let (sender, chunks) = channel();
    if let Some(mut stdin) = child.stdin.take() {
        let bytes = command.stdin.clone();
        // A program that reads nothing closes the pipe: its answer says what it made of that.
        thread::spawn(move || stdin.write_all(&bytes));
    }
    drain(child.stdout.take(), false, sender.clone());
    drain(child.stderr.take(), true, sender);
    let ended = collect(cx, command, &mut child, &chunks);
    if ended.is_err() {
        kill(&mut child);
    }
    ended
}

fn drain(pipe: Option<impl Read + Send + 'static>, error: bool, chunks: Sender<(bool, Vec<u8>)>) {
    let Some(mut pipe) = pipe else { return };
    thread::spawn(move || {
        let mut buffer = [0; 1 << 14];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            if chunks.send((error, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
}

fn collect(cx: &Cx, command: &Command, child: &mut Child, chunks: &Receiver<(bool, Vec<u8>)>) -> Result<Output> {
    let mut output = Output { status: None, stdout: Vec::new(), stderr: Vec::new() };
    let mut heard = Instant::now();
    let mut status = None;
    let mut closed = false;
    // What it said before it ended may still be in the pipes, and a child of it may keep them open.
    while !closed {
        cx.check()?;
        match chunks.recv_timeout(if status.is_none() { LOOK } else { LAST_WORDS }) {
            Ok((error, mut bytes)) => {
                heard = Instant::now();
                if error { &mut output.stderr } else { &mut output.stdout }.append(&mut bytes);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => closed = true,
            Err(RecvTimeoutError::Timeout) if status.is_some() => break,
            Err(RecvTimeoutError::Timeout) => status = exited(command, child)?,
        }
        silent(cx, command, heard)?;
    }
    let mut pause = Duration::from_micros(100);
    while status.is_none() {
        status = exited(command, child)?;
        if status.is_none() {
            cx.check()?;
            silent(cx, command, heard)?;
            thread::sleep(pause);
            pause = (pause * 2).min(LOOK);
        }
    }
    output.status = status.and_then(|status| status.code());
    Ok(output)
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
        let command = sh("exit 0", b"");
        let mut child = Program::new("true").spawn().unwrap();
        child.wait().unwrap();
        let (sender, chunks) = channel();
        // On a busy machine the thread that reads the pipe comes late.
        thread::spawn(move || {
            thread::sleep(LOOK * 3);
            sender.send((false, b"last words".to_vec()))
        });
        let output = collect(&Cx::new(&Silent), &command, &mut child, &chunks).unwrap();
        assert_eq!((output.stdout, output.status), (b"last words".to_vec(), Some(0)));
    }

    #[test]
    fn what_leaves_a_child_behind_is_not_waited_for() {
        let start = Instant::now();
        let output = one(&Cx::new(&Silent), &sh("sleep 5 & echo done", b"")).unwrap();
        assert_eq!((output.stdout, output.status), (b"done\n".to_vec(), Some(0)));
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}
