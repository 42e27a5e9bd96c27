//! Runs programs there, one after the other, in one exchange.

use super::super::{Command, Output};
use super::quote::word;
use super::{Far, Part, Patience, Request};
use crate::cx::Cx;
use crate::error::{Code, Error, Result};

pub(super) fn all(far: &Far, cx: &Cx, commands: &[Command]) -> Result<Vec<Output>> {
    cx.check()?;
    if commands.is_empty() {
        return Ok(Vec::new());
    }
    let mut request = Request::default();
    for command in commands {
        request.script.extend(format!("run {}", command.stdin.len()).into_bytes());
        for argument in std::iter::once(&command.program).chain(&command.args) {
            request.script.push(b' ');
            request.script.extend(word(argument.as_bytes()));
        }
        request.script.push(b'\n');
        request.data.extend_from_slice(&command.stdin);
    }
    let patience = Patience { silent: cx.timeouts.question, cancel: true, ends: true };
    let parts = far.ask(cx, patience, &request)?;
    commands.iter().zip(parts.chunks(2)).map(|(command, parts)| output(command, parts)).collect()
}

fn output(command: &Command, parts: &[Part]) -> Result<Output> {
    let [out, error] = parts else { return Err(super::confused()) };
    let mut words = out.words.trim_start_matches('|').split_whitespace();
    let (status, size) = (words.next().unwrap_or_default(), words.next());
    // Its login may go on printing; not every dd counts.
    if size.and_then(|size| size.parse().ok()).is_some_and(|size: usize| size != out.bytes.len()) {
        return Err(super::confused());
    }
    match status {
        "missing" => {
            let error = std::io::Error::from(rustix::io::Errno::NOENT);
            Err(Error::new(Code::NotFound, format!("cannot run {}", command.program)).because(error))
        }
        status => Ok(Output {
            // Shells say 128 and its number for a signal.
            status: status.parse().ok().filter(|status| !(129..160).contains(status)),
            stdout: out.bytes.clone(),
            stderr: error.bytes.clone(),
        }),
    }
}
