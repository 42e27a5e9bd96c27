//! Reloading, and knowing that it happened.
//!
//! `reloadxml` answers `+OK [...]` whatever came of it; only the exact text is success. It is
//! synchronous: when the answer is there, the new tree is in force (observed on 1.11).

use std::fmt;
use std::time::Instant;

use super::answers::text;
use super::link::{Link, refused};
use crate::cx::Cx;
use crate::engine::{Reload, Reloaded};
use crate::error::{Code, Error, Result};
use crate::wire::event_socket::Answer;

const RELOAD: &str = "reloadxml";
const SUCCESS: &str = "+OK [Success]";

/// Why the engine kept its old tree: the cause of a [`Code::Refused`] error.
#[derive(Debug)]
pub struct Refusal {
    /// The line of the merged text where it gave up, as it counts them: too small by the number of
    /// line breaks inside attribute values before it (observed on 1.11).
    pub line: Option<u32>,
    /// What it said.
    pub why: String,
}

impl Refusal {
    /// The refusal an error is about, if it is about one.
    pub fn of(error: &Error) -> Option<&Self> {
        error.cause.as_ref()?.downcast_ref()
    }

    /// `+OK [[error near line 7058]: unexpected closing tag </user>]`, or the same behind `-ERR`.
    fn read(answer: &str) -> Self {
        let said = answer.trim().trim_start_matches("+OK").trim_start_matches("-ERR").trim_start();
        let said = said.strip_prefix('[').and_then(|s| s.strip_suffix(']')).unwrap_or(said);
        let near = said.strip_prefix("[error near line ").and_then(|s| s.split_once("]: "));
        match near.and_then(|(line, why)| Some((line.parse().ok()?, why))) {
            Some((line, why)) => Self { line: Some(line), why: why.to_owned() },
            None => Self { line: None, why: said.to_owned() },
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} (near line {line} of the merged text)", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for Refusal {}

/// Refuses what this login may not ask for, before anything is written.
pub fn may(link: &Link, wanted: &Reload) -> Result<()> {
    let denied = |command: &&str| !link.may(command.split(' ').next().unwrap_or_default());
    match commands(wanted).into_iter().find(denied) {
        None => Ok(()),
        Some(command) => Err(refused(command, &Answer::Denied)),
    }
}

/// The commands of a reload, in their order.
pub fn commands(wanted: &Reload) -> Vec<&str> {
    let others = wanted.narrow.iter().map(String::as_str).filter(|command| *command != RELOAD);
    std::iter::once(RELOAD).chain(others).collect()
}

/// Reloads the tree, then whatever else a plan wants in its order: `reloadacl`, `xml_flush_cache id
/// N DOMAIN` for a user that is cached, `sofia profile NAME rescan`.
pub fn reload(link: &mut Link, cx: &Cx, wanted: &Reload) -> Result<Reloaded> {
    let start = Instant::now();
    let commands: Vec<String> = commands(wanted).into_iter().map(str::to_owned).collect();
    let mut log = Vec::new();
    // Where the way is long they go together: what follows a refused one does no harm.
    for commands in commands.chunks(if link.host().is_far() { commands.len() } else { 1 }) {
        let (answers, heard) = link.listening(cx, commands, cx.timeouts.reload)?;
        commands.iter().zip(&answers).try_for_each(|(command, answer)| judge(command, answer))?;
        log.extend(heard.iter().filter_map(|line| skipped(line)));
    }
    log.dedup();
    Ok(Reloaded { command: commands.join(", "), took: start.elapsed(), log })
}

/// What is worth keeping of a line of the log: that a file was skipped, which a reload calls a
/// success. Any other line may be anybody's, and hold anything.
fn skipped(line: &str) -> Option<String> {
    let words = ["Couldn't open ", "Error including "];
    words.iter().find_map(|word| line.find(word)).map(|at| line[at..].to_owned())
}

fn judge(command: &str, answer: &Answer) -> Result<()> {
    if *answer == Answer::Denied {
        return Err(refused(command, answer));
    }
    let said = text(answer);
    let said = said.trim();
    let good = match command {
        RELOAD => said == SUCCESS,
        // `sofia profile X rescan` reloads the tree as well, and says so on a line of its own.
        _ => said.lines().any(|line| line.starts_with("+OK")) && !bad_tree(said),
    };
    match good {
        true => Ok(()),
        false => {
            let error = Error::new(Code::Refused, format!("the engine refused `{command}`"));
            Err(error.because(Refusal::read(said)))
        }
    }
}

fn bad_tree(said: &str) -> bool {
    said.starts_with("-ERR") || said.lines().any(|l| l.starts_with("Reload XML [") && l != "Reload XML [Success]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(command: &str, said: &str) -> Result<()> {
        judge(command, &Answer::Said(said.as_bytes().to_vec()))
    }

    #[test]
    fn only_the_exact_text_is_success() {
        assert!(judged(RELOAD, "+OK [Success]\n").is_ok());
        for bad in ["+OK [[error near line 7058]: unexpected closing tag </user>]\n", "+OK\n", "", "+OK [Success] x"] {
            assert_eq!(judged(RELOAD, bad).unwrap_err().code, Code::Refused, "{bad}");
        }
        assert!(judged("reloadacl", "+OK acl reloaded\n").is_ok());
        assert!(judged("xml_flush_cache id 1 d", "+OK cleared 0 entries\n").is_ok());
        assert!(judged("sofia profile external rescan", "Reload XML [Success]\n+OK scan complete\n").is_ok());
        assert!(
            judged("sofia profile external rescan", "Reload XML [[error near line 3]: x]\n+OK scan complete\n")
                .is_err()
        );
        assert!(judged("sofia profile nosuch rescan", "Invalid Profile [nosuch]\n").is_err());
    }

    #[test]
    fn the_line_of_the_merged_text_is_handed_on() {
        for said in [
            "+OK [[error near line 7058]: unexpected closing tag </user>]\n",
            "-ERR [[error near line 7058]: unexpected closing tag </user>]\n",
        ] {
            let error = judged(RELOAD, said).unwrap_err();
            let refusal = Refusal::of(&error).unwrap();
            assert_eq!((refusal.line, refusal.why.as_str()), (Some(7058), "unexpected closing tag </user>"));
            assert!(error.line().contains("unexpected closing tag </user> (near line 7058"), "{error}");
        }
        let error = judged(RELOAD, "+OK [Cannot Open log directory or XML Root!]\n").unwrap_err();
        assert_eq!(Refusal::of(&error).unwrap().why, "Cannot Open log directory or XML Root!");
        assert_eq!(judge(RELOAD, &Answer::Denied).unwrap_err().code, Code::Unreachable);
    }
}
