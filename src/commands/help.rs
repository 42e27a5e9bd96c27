//! `sipctl help`: commands as `--help` explains them, and topics that no single command owns. The
//! same texts make the manual pages.

use clap::{Args, CommandFactory};

use super::App;
use crate::cli::Cli;
use crate::error::{Error, Result};

/// A topic: its name, one line about it, its text.
pub struct Topic {
    /// What to type.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// The text. Lines in capitals are headings; indented lines stay as they are.
    pub text: &'static str,
}

macro_rules! topic {
    ($name:literal, $about:literal) => {
        Topic { name: $name, about: $about, text: include_str!(concat!("topics/", $name, ".txt")) }
    };
}

/// Every topic.
pub const TOPICS: [Topic; 11] = [
    topic!("exit-codes", "what each exit code means"),
    topic!("addresses", "how a PBX and an extension are named"),
    topic!("ssh", "how a PBX on another machine is reached"),
    topic!("fields", "the fields of an extension and what they are in the files"),
    topic!("lists", "a whole PBX as a file: apply, diff, export, import"),
    topic!("inventory", "the file that names your PBXes"),
    topic!("passwords", "where passwords come from and where they are shown"),
    topic!("proof", "how sipctl knows that a change is live"),
    topic!("history", "what is kept of each change, and how it is taken back"),
    topic!("json", "the document every command prints with -o json"),
    topic!("environment", "environment variables and files"),
];

/// Explain a command or a topic
#[derive(Args, Debug)]
pub struct HelpArgs {
    /// A topic (exit-codes, addresses, ...) or a command (ext add)
    #[arg(value_name = "TOPIC|COMMAND")]
    words: Vec<String>,
}

/// Runs it.
pub fn run(app: &App, args: &HelpArgs) -> Result<u8> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let text = match &words[..] {
        [] => overview(),
        [name] if topic(name).is_some() => topic(name).map(|topic| topic.text.to_owned()).unwrap_or_default(),
        path => command(path)?,
    };
    app.out.text(&text).map(|()| 0)
}

/// The topic of this name.
pub fn topic(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

fn overview() -> String {
    let mut text = Cli::command().render_long_help().to_string();
    text.push_str("\nTopics:\n");
    for topic in &TOPICS {
        text.push_str(&format!("  {:<12} {}\n", topic.name, topic.about));
    }
    text
}

fn command(path: &[&str]) -> Result<String> {
    let mut root = Cli::command();
    root.build();
    let mut at = &mut root;
    for word in path {
        let Some(next) = at.find_subcommand_mut(word).filter(|command| !command.is_hide_set()) else {
            let near = TOPICS.iter().find(|topic| strsim::osa_distance(topic.name, word) <= word.len() / 3);
            let error = Error::usage(format!("no command or topic `{}`", path.join(" ")));
            return Err(match near {
                Some(topic) => error.hint(format!("did you mean {}?", topic.name)),
                None => error.hint("commands and topics are listed by: sipctl help"),
            });
        };
        at = next;
    }
    Ok(at.render_long_help().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn commands_are_found_by_alias_too() {
        assert_eq!(command(&["ext", "add"]).unwrap(), command(&["ext", "create"]).unwrap());
        assert!(command(&["generate"]).is_err());
    }
}
