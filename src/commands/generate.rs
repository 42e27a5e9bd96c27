//! Hidden: writes the manual pages and completion scripts that are kept in the source tree.

use std::path::{Path, PathBuf};

use clap::{CommandFactory, Subcommand, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use super::completions::script;
use super::help::TOPICS;
use crate::cli::Cli;
use crate::error::{Error, Result};

/// Writes files of the source tree.
#[derive(Debug, Subcommand)]
pub enum GenerateCommand {
    /// Write the manual pages
    Man {
        /// The folder
        dir: PathBuf,
    },
    /// Write the completion scripts
    Completions {
        /// The folder
        dir: PathBuf,
    },
}

/// Topics that have a page of their own: topic, page, section.
const PAGES: [(&str, &str, &str); 5] = [
    ("inventory", "sipctl.ini", "5"),
    ("json", "sipctl-json", "7"),
    ("fields", "sipctl-fields", "7"),
    ("ssh", "sipctl-ssh", "7"),
    ("lists", "sipctl-lists", "5"),
];

/// What stands at the foot of a page.
const SOURCE: &str = concat!("sipctl ", env!("CARGO_PKG_VERSION"));

/// Runs it.
pub fn run(command: &GenerateCommand) -> Result<u8> {
    match command {
        GenerateCommand::Man { dir } => {
            let mut root = Cli::command();
            root.build();
            commands(dir, &root)?;
            for (topic, page, section) in PAGES {
                let found = TOPICS.iter().find(|known| known.name == topic);
                let Some(topic) = found else { continue };
                let text = format!(
                    ".TH {page} {section} \"\" \"{SOURCE}\"\n.SH NAME\n{page} \\- {}\n{}",
                    escape(topic.about),
                    roff(topic.text)
                );
                write(dir, &format!("{page}.{section}"), text.as_bytes())?;
            }
        }
        GenerateCommand::Completions { dir } => {
            for shell in Shell::value_variants() {
                let name = match shell {
                    Shell::Bash => "sipctl.bash",
                    Shell::Zsh => "_sipctl",
                    Shell::Fish => "sipctl.fish",
                    Shell::Elvish => "sipctl.elv",
                    Shell::PowerShell => "_sipctl.ps1",
                    _ => continue,
                };
                write(dir, name, script(*shell).as_bytes())?;
            }
        }
    }
    Ok(0)
}

/// A page for the command and for each of its visible subcommands.
fn commands(dir: &Path, command: &clap::Command) -> Result<()> {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        commands(dir, sub)?;
    }
    let man = Man::new(command.clone()).source(SOURCE);
    let mut page = Vec::new();
    man.render(&mut page).map_err(|error| Error::failed("cannot make a manual page").because(error))?;
    if command.get_name() == "sipctl" {
        let topics = TOPICS.iter().filter(|topic| !PAGES.iter().any(|(own, ..)| *own == topic.name));
        for topic in topics {
            page.extend_from_slice(roff(topic.text).as_bytes());
        }
        page.extend_from_slice(
            b".SH SEE ALSO\nsipctl.ini(5), sipctl\\-lists(5), sipctl\\-json(7), sipctl\\-fields(7), sipctl\\-ssh(7)\n",
        );
    }
    write(dir, &man.get_filename(), &page)
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = dir.join(name);
    std::fs::write(&path, bytes).map_err(|error| Error::io("write", &path, error))
}

/// A topic's text as roff: capitals are headings, indented lines stay as they are.
fn roff(text: &str) -> String {
    let mut out = String::new();
    let mut literal = false;
    for line in text.lines() {
        let indented = line.starts_with("    ");
        if indented != literal && !(literal && line.is_empty()) {
            out.push_str(if indented { ".nf\n" } else { ".fi\n" });
            literal = indented;
        }
        if line.is_empty() {
            out.push_str(if literal { "\n" } else { ".PP\n" });
        } else if !indented && !line.contains(|c: char| c.is_lowercase()) {
            out.push_str(&format!(".SH {}\n", escape(line)));
        } else {
            out.push_str(&format!("{}\n", escape(line)));
        }
    }
    if literal {
        out.push_str(".fi\n");
    }
    out
}

/// A line that roff prints as it is.
fn escape(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line,
    }
}
