//! `sipctl pbx`: the PBXes sipctl knows.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};

use super::{App, Limits, Open, engine_silent};
use crate::change::ReloadPolicy;
use crate::cx::Cx;
use crate::error::Result;
use crate::host::Client;
use crate::inventory::{Choice, Pbx, on_this_machine};
use crate::output::document::{Body, Document, PbxShown};

mod check;
mod edit;

/// Verbs for PBXes.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "what --help says of a command stands at its arguments")]
pub enum PbxCommand {
    /// List the PBXes of the inventory, else those found on this machine
    List,
    Show(ShowArgs),
    Add(Box<edit::AddArgs>),
    Rm(edit::RmArgs),
    Check(check::CheckArgs),
}

/// Show what sipctl knows of a PBX, and whether its engine answers
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// Name or address [default: as --pbx]
    #[arg(value_name = "NAME|ADDRESS")]
    name: Option<String>,
    /// Do not ask the running engine
    #[arg(long)]
    offline: bool,
}

/// Runs a verb; the exit code.
pub fn run(app: &App, command: PbxCommand) -> Result<u8> {
    match command {
        PbxCommand::List => list(app),
        PbxCommand::Show(args) => show(app, args),
        PbxCommand::Add(args) => edit::add(app, &args),
        PbxCommand::Rm(args) => edit::rm(app, &args),
        PbxCommand::Check(args) => check::run(app, &args),
    }
}

/// The chosen ones, else all of the inventory, else those of this machine.
fn listed(app: &App) -> Result<Vec<Pbx>> {
    let mut listed = all(app)?;
    listed.iter_mut().for_each(|pbx| app.reach(pbx));
    Ok(listed)
}

fn all(app: &App) -> Result<Vec<Pbx>> {
    let inventory = app.inventory()?;
    let global = &app.global;
    let choice = Choice { pbx: global.pbx.clone(), groups: global.group.clone(), all: global.all, usual: None };
    if !choice.pbx.is_empty() || !choice.groups.is_empty() || choice.all {
        return inventory.choose(&choice, false);
    }
    if !inventory.pbxes.is_empty() {
        return Ok(inventory.pbxes);
    }
    let found = on_this_machine().iter().map(ToString::to_string).collect::<Vec<_>>();
    match found.is_empty() {
        true => Ok(Vec::new()),
        false => inventory.choose(&Choice { pbx: found, ..Choice::default() }, false),
    }
}

fn list(app: &App) -> Result<u8> {
    let mut document = Document::default();
    match listed(app) {
        Ok(pbxes) => pbxes.iter().for_each(|pbx| document.add(&pbx.name, Body::Pbx(Box::new(shown(pbx))), None)),
        Err(error) => {
            app.out.error(None, &error, super::own_line(&error).as_deref());
            document.fail(&error);
        }
    }
    Ok(app.print(&document))
}

fn show(app: &App, args: ShowArgs) -> Result<u8> {
    let chosen = match &args.name {
        None => app.choose(false),
        Some(name) => app.named(std::slice::from_ref(name)),
    };
    app.each_of(chosen, |pbx| {
        let cx = app.cx(pbx, Limits::default());
        let mut shown = PbxShown { defaults: Some(defaults(pbx)), ..shown(pbx) };
        let error = look(&cx, pbx, args.offline, &mut shown).err();
        (Body::Pbx(Box::new(shown)), error)
    })
}

/// Reads the files and asks the engine who it is.
fn look(cx: &Cx, pbx: &Pbx, offline: bool, shown: &mut PbxShown) -> Result<()> {
    let open = Open::new(cx, pbx)?;
    let estate = open.engine.load(cx, open.host.as_ref(), &open.folder, false)?;
    shown.extension_count = Some(estate.extensions().iter().filter(|found| found.kind.is_extension()).count());
    shown.warnings = open.warnings(cx, estate.as_ref());
    if !offline {
        match open.console(cx) {
            Ok((_, live)) => shown.version = Some(live.version),
            Err(error) => shown.warnings.push(engine_silent(&error)),
        }
    }
    Ok(())
}

fn shown(pbx: &Pbx) -> PbxShown {
    PbxShown {
        engine: pbx.address.kind.name(),
        address: pbx.address.to_string(),
        console: pbx.console.as_ref().map(ToString::to_string),
        groups: pbx.groups.clone(),
        protected: pbx.protected,
        source: pbx.place.clone(),
        defaults: None,
        extension_count: None,
        version: None,
        warnings: Vec::new(),
        changed: None,
    }
}

/// The keys of the inventory that count here, as they would be written.
fn defaults(pbx: &Pbx) -> BTreeMap<&'static str, String> {
    let reload = match pbx.reload {
        ReloadPolicy::Full => "full",
        ReloadPolicy::Narrow => "narrow",
        ReloadPolicy::None => "none",
    };
    let mut out: BTreeMap<&'static str, String> = crate::output::field::all(&pbx.defaults).collect();
    out.insert("reload", reload.to_owned());
    out.insert("password-length", pbx.password_length.to_string());
    out.extend(pbx.domain.clone().map(|domain| ("domain", domain)));
    out.extend(pbx.address.sudo.as_ref().map(|user| ("sudo", user.clone())));
    if pbx.access.client == Client::System {
        out.insert("ssh-client", "system".to_owned());
    }
    out.extend(pbx.access.password_file.as_ref().map(|file| ("ssh-password-file", file.display().to_string())));
    out.extend(pbx.root.as_ref().map(|root| ("root", root.display().to_string())));
    if !pbx.template.is_empty() {
        out.insert("template", pbx.template.join(","));
    }
    out
}
