//! `sipctl ext`: the verbs for extensions.

use clap::Subcommand;

use super::App;
use crate::error::Result;

pub mod add;
pub mod copy;
pub mod disable;
pub mod enable;
pub mod kick;
pub mod list;
pub mod notify;
pub mod passwd;
pub mod renumber;
pub mod rm;
pub mod set;
pub mod show;

/// The verbs for extensions.
///
/// EXT is an id (1002, 1001-mobile), a range (1000-1099), ID@DOMAIN where an id exists in several
/// domains, or something pasted from a log (sip:1004@host;tag=x, PJSIP/1004-0000a1).
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "what --help says of a command stands at its arguments")]
pub enum ExtCommand {
    #[command(visible_aliases = ["create", "new"])]
    Add(Box<add::AddArgs>),
    #[command(visible_alias = "reset")]
    Passwd(passwd::PasswdArgs),
    Set(Box<set::SetArgs>),
    #[command(visible_alias = "rename")]
    Renumber(renumber::RenumberArgs),
    #[command(visible_aliases = ["delete", "del"])]
    Rm(rm::RmArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Disable(disable::DisableArgs),
    Enable(enable::EnableArgs),
    Kick(kick::KickArgs),
    Notify(notify::NotifyArgs),
    Copy(copy::CopyArgs),
    Move(copy::MoveArgs),
}

/// Runs a verb; the exit code.
pub fn run(app: &App, command: ExtCommand) -> Result<u8> {
    match command {
        ExtCommand::Add(args) => add::run(app, &args),
        ExtCommand::Passwd(args) => passwd::run(app, &args),
        ExtCommand::Set(args) => set::run(app, &args),
        ExtCommand::Renumber(args) => renumber::run(app, &args),
        ExtCommand::Rm(args) => rm::run(app, &args),
        ExtCommand::List(args) => list::run(app, &args),
        ExtCommand::Show(args) => show::run(app, &args),
        ExtCommand::Disable(args) => disable::run(app, &args),
        ExtCommand::Enable(args) => enable::run(app, &args),
        ExtCommand::Kick(args) => kick::run(app, &args),
        ExtCommand::Notify(args) => notify::run(app, &args),
        ExtCommand::Copy(args) => copy::copy(app, &args),
        ExtCommand::Move(args) => copy::run_move(app, &args),
    }
}
