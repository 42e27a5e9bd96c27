//! The command tree and the flags every command has.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueHint};

use crate::commands::{
    apply, completions, confirm, diff, edit, export, ext, generate, help, history, import, pbx, recover, reload, undo,
};
use crate::output::{Color, Format};

/// Administers the extensions of Asterisk and FreeSWITCH: lossless, reloaded, proved
///
/// sipctl changes the configuration files of a PBX as a careful person would: only the lines of the
/// extension it was asked about, in the style of the file, with a backup, a reload and a question to
/// the running engine whether the change is live. What cannot be proved is put back.
#[derive(Debug, Parser)]
#[command(name = "sipctl", version, disable_help_subcommand = true, max_term_width = 100, propagate_version = false)]
#[command(
    after_help = "More: sipctl help TOPIC (exit-codes, addresses, ssh, fields, lists, inventory, passwords, proof, history, json, environment)"
)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Common options")]
pub struct Global {
    /// Work on this PBX (repeatable)
    ///
    /// A name of the inventory or an address such as asterisk:/etc/asterisk; see: sipctl help
    /// addresses. Without it SIPCTL_PBX counts, else the only PBX of the inventory or this machine.
    #[arg(long, global = true, value_name = "NAME|ADDRESS")]
    pub pbx: Vec<String>,
    /// Work on every PBX of this group (repeatable)
    #[arg(long, global = true, value_name = "NAME")]
    pub group: Vec<String>,
    /// Work on every PBX of the inventory
    #[arg(long, global = true)]
    pub all: bool,
    /// Work on as many PBXes at a time
    #[arg(long, global = true, value_name = "N", default_value_t = 16, value_parser = jobs)]
    pub jobs: usize,
    /// Accept the key of a host that is not known yet, and remember it
    #[arg(long, global = true)]
    pub accept_new_host_key: bool,
    /// Read the password of an SSH login from this file
    #[arg(long, global = true, value_name = "FILE")]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from), value_hint = ValueHint::FilePath)]
    pub ssh_password_file: Option<PathBuf>,
    /// Read this inventory
    #[arg(long, global = true, value_name = "FILE", env = "SIPCTL_CONFIG", hide_env_values = true)]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from), value_hint = ValueHint::AnyPath)]
    pub config: Option<PathBuf>,
    /// How to print
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// Show every file read, question asked and exchange made, secrets masked
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

impl Cli {
    /// The command line of this process; ends it where that is none.
    pub fn read() -> Self {
        Self::try_parse().unwrap_or_else(|mut error| {
            if let Some(tip) = behind_the_verb(&error) {
                error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
            }
            if let Some(longer) = with_its_noun(&error) {
                error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![longer]));
            }
            error.exit()
        })
    }
}

/// The command of a verb or topic that is given alone: `ext add` for `add`.
fn with_its_noun(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    match Cli::command().find_subcommand("ext")?.find_subcommand(word) {
        Some(_) => Some(format!("ext {word}")),
        None => help::topic(word).map(|_| format!("help {word}")),
    }
}

/// What to say of a flag that stands before the verb it belongs to.
fn behind_the_verb(error: &clap::Error) -> Option<String> {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(flag))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    // What is still to come in the usage is the verb.
    let usage = error.get(ContextKind::Usage)?.to_string();
    let knows = |command: &clap::Command| command.get_arguments().any(|arg| arg.get_long() == flag.strip_prefix("--"));
    let verbs = usage.ends_with("<COMMAND>") && any_command(&Cli::command(), &knows);
    verbs.then(|| format!("write {flag} after the verb, as in: sipctl ext set 1002 --name Reception {flag}"))
}

fn any_command(command: &clap::Command, holds: &dyn Fn(&clap::Command) -> bool) -> bool {
    command.get_subcommands().any(|below| holds(below) || any_command(below, holds))
}

/// A number of things, for clap.
pub fn jobs(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "write a number from 1 on".to_owned())
}

/// The commands.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "what --help says of a command stands at its arguments")]
pub enum Command {
    /// Add, change, delete and show extensions
    #[command(subcommand)]
    Ext(Box<ext::ExtCommand>),
    Apply(apply::ApplyArgs),
    Diff(diff::DiffArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Edit(edit::EditArgs),
    /// Reload the engine and prove that it holds what the files say
    Reload(reload::ReloadArgs),
    History(history::HistoryArgs),
    Undo(Box<undo::UndoArgs>),
    Confirm(confirm::ConfirmArgs),
    Recover(recover::RecoverArgs),
    /// Show the PBXes sipctl knows
    #[command(subcommand)]
    Pbx(pbx::PbxCommand),
    /// Print the completion script of a shell
    Completions(completions::CompletionsArgs),
    /// Explain a command or a topic
    Help(help::HelpArgs),
    #[command(hide = true, subcommand)]
    Generate(generate::GenerateCommand),
    #[command(hide = true)]
    Check(NotYet),
    #[command(hide = true)]
    Audit(NotYet),
    #[command(hide = true)]
    Why(NotYet),
    #[command(hide = true)]
    Probe(NotYet),
}

/// A command that is recognised but not built yet.
#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub struct NotYet {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    args: Vec<String>,
}
