//! What went wrong, for the person who reads it at night: what, where, why, what to type next.

use std::fmt;
use std::path::{Path, PathBuf};

/// Result of everything in this crate that can fail towards a person.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The exit codes of sipctl (man page sipctl(1), EXIT STATUS).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// Failed; nothing is changed, or all was put back.
    Failed = 1,
    /// Wrong usage or bad input.
    Usage = 2,
    /// No such extension, PBX or file.
    NotFound = 3,
    /// Already exists.
    Exists = 4,
    /// Differences or findings.
    Findings = 5,
    /// The engine refused the change or proof failed; the old state is back and live.
    Refused = 6,
    /// The PBX cannot be reached, or refused the login.
    Unreachable = 7,
    /// Needs a person: files and engine may disagree.
    NeedsPerson = 8,
    /// Several PBXes: some succeeded, some did not.
    Partly = 9,
    /// Changed under us, or locked for longer than the wait: safe to retry.
    Retry = 10,
    /// Managed elsewhere.
    Elsewhere = 11,
    /// Interrupted before proof was complete; the old state is back.
    Interrupted = 130,
}

/// A line of a file, counted from 1; line 0 means the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Place {
    /// Path on the PBX's host.
    pub file: PathBuf,
    /// Line, counted from 1; 0 for the whole file.
    pub line: u32,
}

impl Place {
    /// A line of a file.
    pub fn new(file: impl Into<PathBuf>, line: u32) -> Self {
        Self { file: file.into(), line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.file.display()),
            n => write!(f, "{}:{n}", self.file.display()),
        }
    }
}

/// An error with its exit code, its place, its cause and the hints that help on.
///
/// Messages are lower case without a final stop. No message, hint or cause may hold a secret.
#[derive(Debug)]
pub struct Error {
    /// The exit code it ends the work on this PBX with.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// Where, if a file is to blame.
    pub place: Option<Place>,
    /// Why, from below.
    pub cause: Option<anyhow::Error>,
    /// What to type or do next.
    pub hints: Vec<String>,
}

impl Error {
    /// An error with an exit code and a message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), place: None, cause: None, hints: Vec::new() }
    }

    /// [`Code::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Recognised, but not built yet: [`Code::Usage`].
    pub fn not_yet(what: impl fmt::Display) -> Self {
        Self::usage(format!("{what}: not yet in this version of sipctl"))
    }

    /// [`Code::Failed`].
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Code::Failed, message)
    }

    /// An I/O error about a path: missing is [`Code::NotFound`], everything else [`Code::Failed`].
    pub fn io(doing: &str, path: &Path, error: std::io::Error) -> Self {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => Code::NotFound,
            _ => Code::Failed,
        };
        Self::new(code, format!("cannot {doing} {}", path.display())).because(error)
    }

    /// Something is there and cannot be read; [`Code::Failed`].
    pub fn unreadable(path: &Path, why: &str) -> Self {
        let error = Self::failed(format!("cannot read {}: {why}", path.display()));
        match why.to_lowercase().contains("permission denied") {
            true => {
                error.hint("run this as root, or as the user the engine runs as; ?sudo at the end of the address does")
            }
            false => error,
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The whole message on one line: place, message, causes (hints left out).
    pub fn line(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause:#}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// A name as a shell takes it for one word: what a hint says to type must do just that.
pub fn shell_word(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:/@+=%".contains(c);
    match !name.is_empty() && name.chars().all(plain) {
        true => name.to_owned(),
        false => format!("'{}'", name.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_shell_takes_any_name_for_one_word() {
        for name in ["1002", "", "a'b$(id)", "a b;c\"d`e`", "'", "\\", "하나", "*", "~root"] {
            let line = format!("printf '[%s]' {}", shell_word(name));
            let output = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("[{name}]"), "{line}");
        }
    }
}
