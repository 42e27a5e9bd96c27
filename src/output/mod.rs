//! The only room that prints: documents as table, JSON, YAML, CSV or names on standard output;
//! errors, warnings, progress and prompts on standard error.
#![allow(clippy::print_stderr)]

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use clap::ValueEnum;

use crate::engine::Warning;
use crate::error::{Code, Error, Place, Result};
use crate::selection::collapse;

pub mod diff;
pub mod document;
pub mod field;
mod flat;
mod past;
mod progress;
pub mod prompt;
mod snippet;
mod table;

use document::Document;
pub use past::shortened;
pub use progress::Progress;

/// How a document is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// The JSON document of sipctl-json(7).
    Json,
    /// The same as YAML.
    Yaml,
    /// One line for each extension, with a header line.
    Csv,
    /// One EXT a line.
    Name,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    fn on(self, terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}

/// Where and how this run prints.
pub struct Output {
    format: Format,
    color: Color,
    /// Progress and details; handed to the rooms below.
    pub events: Progress,
}

impl Output {
    /// Prints in this format; `verbose` shows details.
    pub fn new(format: Format, color: Color, verbose: bool) -> Self {
        Self { format, color, events: Progress::new(verbose) }
    }

    /// Prints the same way.
    pub fn again(&self) -> Self {
        Self { format: self.format, color: self.color, events: self.events.again() }
    }

    /// Whether passwords made in this run are shown without being asked for.
    pub fn shows_passwords(&self) -> bool {
        self.format == Format::Table && io::stdout().is_terminal()
    }

    /// Whether names are all that is printed.
    pub fn names_only(&self) -> bool {
        self.format == Format::Name
    }

    /// Prints a document. Where only the reader went away the error has no message: whether that
    /// matters depends on what is lost.
    pub fn document(&self, document: &Document) -> Result<()> {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let mut out = BufWriter::with_capacity(1 << 16, stdout.lock());
        let written = match self.format {
            Format::Table => {
                let width = terminal.then(width).flatten();
                table::write(&mut out, document, width, self.color.on(terminal))
            }
            // Programs get every byte; a terminal is not to be steered by them.
            _ if terminal => {
                let mut text = Vec::new();
                self.data(&mut text, document).and_then(|()| out.write_all(on_terminal(&text).as_bytes()))
            }
            _ => self.data(&mut out, document),
        };
        written.and_then(|()| out.flush()).map_err(cannot_print)
    }

    /// Writes a document for programs.
    fn data(&self, out: &mut impl Write, document: &Document) -> io::Result<()> {
        match self.format {
            Format::Json => {
                serde_json::to_writer(&mut *out, document).map_err(io::Error::from)?;
                out.write_all(b"\n")
            }
            Format::Csv => flat::csv(out, document),
            Format::Name => flat::names(out, document),
            Format::Yaml | Format::Table => yaml_serde::to_writer(out, document).map_err(yaml_error),
        }
    }

    /// Prints a text: help, completions, a list. A reader that went away is no error.
    pub fn text(&self, text: &str) -> Result<()> {
        let mut out = io::stdout().lock();
        let shown = if out.is_terminal() { on_terminal(text.as_bytes()) } else { text.to_owned() };
        match out.write_all(shown.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(cannot_print(error)),
            _ => Ok(()),
        }
    }

    /// Prints an error; `line` is the text of the line it is about.
    pub fn error(&self, pbx: Option<&str>, error: &Error, line: Option<&str>) {
        let text = snippet::render(pbx, error, line, self.color.on(io::stderr().is_terminal()));
        self.stderr(&text);
    }

    /// Prints the warnings of a PBX.
    pub fn warnings(&self, pbx: Option<&str>, warnings: &[Warning]) {
        let bold = self.color.on(io::stderr().is_terminal());
        let word = if bold { "\u{1b}[1;33mwarning\u{1b}[0m" } else { "warning" };
        let pbx = pbx.map(|pbx| format!("{pbx}: ")).unwrap_or_default();
        for line in told(warnings) {
            self.stderr(&format!("{word}: {}", diff::printable(&format!("{pbx}{line}"))));
        }
    }

    /// Writes a line to standard error, whatever becomes of it.
    fn stderr(&self, text: &str) {
        self.events.pause(|| {
            let _ = writeln!(io::stderr().lock(), "{text}");
        });
    }
}

/// Of many warnings that say the same of one extension each, only the first is told in full.
const MANY: usize = 4;

/// The lines of warnings; of many of one kind the first, and of which others it is true.
fn told(warnings: &[Warning]) -> Vec<String> {
    let kind = |warning: &Warning| {
        let number = warning.number.as_deref()?;
        Some((warning.code.clone(), warning.message.replace(number, ""), warning.file.clone(), warning.line))
    };
    let mut kinds: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for warning in warnings {
        kinds.entry(kind(warning)).or_default().extend(warning.number.as_deref());
    }
    let mut lines = Vec::new();
    for warning in warnings {
        let alike = kinds.get_mut(&kind(warning)).filter(|numbers| numbers.len() >= MANY || numbers.is_empty());
        let others: Vec<String> = match alike {
            // Only an extension's warning has numbers: an empty list was told.
            Some(numbers) if numbers.is_empty() && warning.number.is_some() => continue,
            Some(numbers) => std::mem::take(numbers).into_iter().skip(1).map(str::to_owned).collect(),
            None => Vec::new(),
        };
        let place = warning.file.as_ref().map(|file| Place::new(file, warning.line.unwrap_or(0)));
        let mut parts: Vec<String> = place.iter().map(Place::to_string).collect();
        parts.extend(warning.number.clone());
        parts.push(format!("{} [{}]", warning.message, warning.code));
        lines.push(parts.join(": "));
        if !others.is_empty() {
            lines.push(format!("{}: the same [{}]", collapse(&others), warning.code));
        }
    }
    lines
}

/// A text for a terminal: no control character but the ends of its lines.
fn on_terminal(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => diff::printable(line) + "\n",
            None => diff::printable(line),
        })
        .collect()
}

/// The text of a line of a file of this machine.
pub fn line_of(file: &Path, line: u32) -> Option<String> {
    let bytes = std::fs::read(file).ok()?;
    nth_line(&bytes, line)
}

/// The text of a line, counted from 1.
pub fn nth_line(bytes: &[u8], line: u32) -> Option<String> {
    let line = bytes.split(|byte| *byte == b'\n').nth(line.checked_sub(1)? as usize)?;
    Some(String::from_utf8_lossy(line).into_owned())
}

fn yaml_error(error: yaml_serde::Error) -> io::Error {
    io::Error::other(error)
}

/// [`Code::Failed`]; without a message when only the reader went away.
fn cannot_print(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::new(Code::Failed, String::new()),
        _ => Error::failed("cannot write to standard output").because(error),
    }
}

fn width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_true_of_many_is_told_once() {
        let deaf = |number: &str| Warning::new("not-dialable", format!("nobody can call {number}")).number(number);
        let few: Vec<Warning> = ["1000", "1001", "1002"].map(deaf).to_vec();
        assert_eq!(told(&few).len(), 3);
        let other = Warning::new("drift", "other files wait for a reload");
        let many = [few, vec![other.clone(), deaf("1003"), other, deaf("2000")]].concat();
        assert_eq!(
            told(&many),
            [
                "1000: nobody can call 1000 [not-dialable]",
                "1001-1003, 2000: the same [not-dialable]",
                "other files wait for a reload [drift]",
                "other files wait for a reload [drift]",
            ]
        );
    }

    #[test]
    fn a_terminal_is_not_steered_by_what_a_file_holds() {
        assert_eq!(on_terminal(b"1000\n10\x1b[2J\r\n"), "1000\n10\u{fffd}[2J\u{fffd}\n");
        assert_eq!(on_terminal("\u{202e}0001 \u{5e9}\u{200f}".as_bytes()), "\u{fffd}0001 \u{5e9}\u{200f}");
    }
}
