//! `sipctl completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::App;
use crate::cli::Cli;
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
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sipctl", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
