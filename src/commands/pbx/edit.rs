//! `pbx add` and `pbx rm`: the inventory file, edited.

use clap::Args;

use super::shown;
use crate::address::Address;
use crate::commands::App;
use crate::cx::{Cx, Timeouts};
use crate::error::{Error, Result};
use crate::inventory::{self, Inventory, Pbx};
use crate::output::document::{Body, Document, PbxShown};

/// Name a PBX in the inventory
///
/// Writes a section at the end of the inventory and touches nothing else in it. Without an inventory
/// one is made, at the first place `sipctl help inventory` names. The PBX itself is not touched; try
/// it with: sipctl pbx check NAME.
#[derive(Args, Debug)]
pub struct AddArgs {
    /// What to call it
    #[arg(value_name = "NAME")]
    name: String,
    /// Where it is; see: sipctl help addresses
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Groups it belongs to
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    groups: Vec<String>,
    /// Work there through sudo, as this user (yes: root)
    #[arg(long, value_name = "USER")]
    sudo: Option<String>,
    /// Where its engine runs, if not where its files are
    #[arg(long, value_name = "ADDRESS")]
    console: Option<String>,
    /// Look absolute include paths up under this folder
    #[arg(long, value_name = "DIR")]
    root: Option<String>,
    /// Context of new extensions
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Templates of new extensions
    #[arg(long, value_name = "ENDPOINT[,AUTH,AOR]")]
    template: Option<String>,
    /// Transport of new extensions
    #[arg(long, value_name = "NAME")]
    transport: Option<String>,
    /// Domain of new extensions (FreeSWITCH)
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// How it reloads: core reload, narrow or none
    #[arg(long, value_name = "HOW")]
    reload: Option<String>,
    /// A change must name it with --pbx
    #[arg(long)]
    protected: bool,
    /// Any key of the inventory
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Take PBXes out of the inventory
///
/// Only their sections go; the PBXes themselves are not touched.
#[derive(Args, Debug)]
pub struct RmArgs {
    /// Their names
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

impl AddArgs {
    /// The keys, as they will be written.
    fn keys(&self) -> Result<Vec<(String, String)>> {
        let address = Address::parse(&self.address)?;
        // What depends on where one stands is written as what it means here.
        let path = self.address.split_once(':').map_or("", |(_, rest)| rest);
        let address = if path.starts_with(['.', '~']) { address.to_string() } else { self.address.clone() };
        let groups = (!self.groups.is_empty()).then(|| self.groups.join(", "));
        let known = [
            ("address", Some(address)),
            ("sudo", self.sudo.clone()),
            ("groups", groups),
            ("console", self.console.clone()),
            ("root", self.root.clone()),
            ("context", self.context.clone()),
            ("template", self.template.clone()),
            ("transport", self.transport.clone()),
            ("domain", self.domain.clone()),
            ("reload", self.reload.clone()),
            ("protected", self.protected.then(|| "yes".to_owned())),
        ];
        let mut keys: Vec<(String, String)> =
            known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        for set in &self.set {
            let Some((key, value)) = set.split_once('=') else {
                return Err(Error::usage(format!("`--set {set}` is not KEY=VALUE")));
            };
            let (key, value) = (key.trim(), value.trim());
            if keys.iter().any(|(known, _)| known == key) {
                return Err(Error::usage(format!("`{key}` is given twice")));
            }
            keys.push((key.to_owned(), value.to_owned()));
        }
        Ok(keys)
    }
}

/// Runs `pbx add`.
pub fn add(app: &App, args: &AddArgs) -> Result<u8> {
    let keys = args.keys()?;
    let path = file(app)?;
    inventory::rewrite(&cx(app), &path, |text| inventory::add(&path, text, &args.name, &keys))?;
    let now = Inventory::load(Some(&path))?;
    Ok(app.print(&document(now.pbxes.iter().filter(|pbx| pbx.name == args.name))))
}

/// Runs `pbx rm`.
pub fn rm(app: &App, args: &RmArgs) -> Result<u8> {
    let path = file(app)?;
    let before = match path.exists() {
        true => Inventory::load(Some(&path))?,
        false => Inventory::default(),
    };
    let all =
        |text: &str| args.names.iter().try_fold(text.to_owned(), |text, name| inventory::remove(&path, &text, name));
    inventory::rewrite(&cx(app), &path, all)?;
    Ok(app.print(&document(before.pbxes.iter().filter(|pbx| args.names.contains(&pbx.name)))))
}

fn document<'p>(pbxes: impl Iterator<Item = &'p Pbx>) -> Document {
    let mut document = Document::default();
    for pbx in pbxes {
        let shown = PbxShown { changed: Some(true), ..shown(pbx) };
        document.add(&pbx.name, Body::Pbx(Box::new(shown)), None);
    }
    document
}

/// The inventory to edit.
fn file(app: &App) -> Result<std::path::PathBuf> {
    let named = app.global.config.as_deref().filter(|path| !path.as_os_str().is_empty());
    Inventory::file(named)
}

fn cx(app: &App) -> Cx<'_> {
    Cx { cancel: app.cancel.clone(), timeouts: Timeouts::default(), events: &app.out.events }
}
