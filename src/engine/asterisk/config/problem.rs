//! What the engine would complain about, in words that say what it does then. No sentence holds a
//! value, for it may be a secret.

use std::fmt;
use std::path::PathBuf;

use crate::error::Place;
use crate::text::asterisk_conf::Why;

/// How much the engine loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It says something, or skips one line.
    Warned,
    /// It loses the rest of a file, and says so in its log only.
    Lost,
    /// It rejects the whole configuration and keeps what it had; at its start it has nothing.
    Rejected,
}

/// Something the engine would complain about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What it is.
    pub cause: Cause,
}

/// What the engine complains about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The line itself.
    Line(Why),
    /// A setting before any section.
    NoSection,
    /// A header inherits from a section that does not stand before it.
    NoBase(String),
    /// `(+)` without a section to add to.
    NoTarget(String),
    /// A section inherits from itself, which never ends.
    Endless(String),
    /// `#include` of nothing.
    NothingToInclude(String),
    /// Includes nested deeper than ten.
    TooDeep,
    /// `#exec`, which is never run here.
    Exec,
    /// A file read before.
    Twice(PathBuf),
    /// A block comment without an end.
    OpenComment,
    /// A `--;` outside a block comment.
    StrayCloser,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Line(why) => write!(f, "{why}"),
            Cause::NoSection => f.write_str("there is no section above this line"),
            Cause::NoBase(name) => write!(f, "there is no section [{name}] above to inherit from"),
            Cause::NoTarget(name) => write!(f, "there is no fitting section [{name}] above to add to"),
            Cause::Endless(name) => write!(f, "[{name}] inherits from itself, which never ends"),
            Cause::NothingToInclude(path) => write!(f, "there is no file {path} to include"),
            Cause::TooDeep => f.write_str("includes are nested deeper than ten"),
            Cause::Exec => f.write_str("#exec includes what a program prints, and sipctl does not run it"),
            Cause::Twice(path) => write!(f, "{} is included a second time", path.display()),
            Cause::OpenComment => f.write_str("the block comment ';--' opened here has no end"),
            Cause::StrayCloser => f.write_str("'--;' stands here outside a block comment"),
        }
    }
}

impl fmt::Display for Problem {
    /// One sentence: what it is, and what Asterisk does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let then = match (self.severity, &self.cause) {
            (Severity::Rejected, _) => "Asterisk rejects the whole configuration",
            (Severity::Lost, Cause::OpenComment | Cause::StrayCloser) => {
                "Asterisk reads everything below as comment, to the end of the file"
            }
            (Severity::Lost, _) => "Asterisk drops the rest of this file and later files of the same glob",
            (_, Cause::Twice(_)) => "Asterisk loads everything in it twice",
            (_, Cause::Exec) => "what it adds is unknown",
            (_, Cause::TooDeep) => "Asterisk does not read the file",
            (Severity::Warned, _) => "Asterisk skips the line",
        };
        write!(f, "{}; {then}", self.cause)
    }
}
