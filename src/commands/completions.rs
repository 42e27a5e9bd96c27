//! `sipctl completions`.

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use super::App;
use crate::cli::{Cli, Global};
use crate::error::Result;

/// Print the completion script of a shell
///
/// For bash: sipctl completions bash > ~/.local/share/bash-completion/completions/sipctl
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs it.
pub fn run(app: &App, args: &CompletionsArgs) -> Result<u8> {
    app.out.text(&script(args.shell)).map(|()| 0)
}

/// The completion script of a shell.
pub fn script(shell: Shell) -> String {
    // A script would offer hidden commands as well.
    let (mut out, all) = (Vec::new(), Cli::command());
    let shown = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let root = Command::new("sipctl").version(env!("CARGO_PKG_VERSION")).disable_help_subcommand(true);
    clap_complete::generate(shell, &mut Global::augment_args(root).subcommands(shown), "sipctl", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
