//! `ext add`.

use std::path::PathBuf;

use clap::Args;

use crate::commands::App;
use crate::commands::change::{Change, ChangeArgs};
use crate::commands::fields::FieldArgs;
use crate::commands::password::{Keys, PasswordArgs};
use crate::engine::Estate;
use crate::error::{Code, Error, Result};
use crate::extension::{Edit, Ext, NewExtension};
use crate::inventory::Pbx;
use crate::selection::{self, Selection, collapse};

/// Add extensions, in the style of their neighbours
///
/// Settings that are not named are taken from --like or --template, the inventory, and the
/// neighbouring extensions. A password is generated unless one is given, and shown once. If one of
/// the extensions exists already, none is added.
#[derive(Args, Debug)]
pub struct AddArgs {
    /// Ids or ranges
    #[arg(required = true, value_name = "EXT")]
    ext: Vec<Selection>,
    /// Skip those that exist already
    #[arg(long)]
    if_absent: bool,
    /// Take the settings of this extension
    #[arg(long, value_name = "EXT")]
    like: Option<Selection>,
    /// Use these templates for endpoint, auth and AOR
    #[arg(long, value_name = "ENDPOINT[,AUTH,AOR]", value_delimiter = ',', conflicts_with = "like")]
    template: Vec<String>,
    /// Write into this file of the configuration
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The domain it is to stand in (FreeSWITCH)
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    #[command(flatten)]
    fields: FieldArgs,
    #[command(flatten)]
    passwords: PasswordArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &AddArgs) -> Result<u8> {
    if let Some(half) = args.ext.iter().find(|ext| ext.is_half_a_range()) {
        return Err(Error::usage(format!("{half} is neither a number nor a range"))
            .hint("a range names its first and its last number: 1000-1009"));
    }
    let wanted = selection::members(&args.ext)?;
    args.fields.check()?;
    let like = match &args.like {
        Some(Selection::One(ext)) => Some(ext.clone()),
        Some(range) => return Err(Error::usage(format!("--like takes one extension, not {range}"))),
        None => None,
    };
    if args.fields.has_ip() && args.passwords.any() {
        return Err(Error::usage("a device known by its address (--ip) has no password"));
    }
    let mut change = Change::new(app, &args.change);
    if !args.fields.has_ip() {
        let keys = Keys::new(app, &args.passwords, &args.ext, args.change.dry_run)?;
        keys.check_owners(|number| args.ext.iter().any(|ext| ext.contains(number)))?;
        change.keys = Some(keys);
    }
    change.passwords_asked = args.passwords.into_report();
    change.mentions = like.is_some();
    change.run(&|pbx, estate, mut keys| {
        let mut edits = Vec::new();
        for ext in absent(args, pbx, &wanted, estate)? {
            let password = match &mut keys {
                Some(keys) => keys.of(pbx, &ext)?,
                None => None,
            };
            let new = NewExtension {
                domain: args.domain.clone(),
                fields: args.fields.fields(&ext.number),
                defaults: pbx.defaults.clone(),
                settings: args.fields.settings(&ext.number)?,
                password,
                digest: args.passwords.digest(),
                like: like.clone(),
                template: match args.template.is_empty() && like.is_none() {
                    true => pbx.template.clone(),
                    false => args.template.clone(),
                },
                file: args.file.clone(),
            };
            edits.push(Edit::Create(ext, Box::new(new)));
        }
        Ok(edits)
    })
}

/// Those that are not there yet, each in its domain.
fn absent(args: &AddArgs, pbx: &Pbx, wanted: &[Ext], estate: &dyn Estate) -> Result<Vec<Ext>> {
    wanted.iter().try_for_each(|ext| selection::has_domain(ext, estate))?;
    let known = wanted.first().is_some_and(|ext| estate.domains(ext).is_some());
    let domain = args.domain.as_ref().or(pbx.domain.as_ref().filter(|_| known));
    let placed =
        wanted.iter().map(|ext| Ext { number: ext.number.clone(), domain: ext.domain.as_ref().or(domain).cloned() });
    let (there, absent): (Vec<Ext>, Vec<Ext>) = placed.partition(|ext| estate.has(ext));
    if there.is_empty() || args.if_absent {
        return Ok(absent);
    }
    let numbers: Vec<String> = there.iter().map(Ext::to_string).collect();
    let exist = if there.len() == 1 { "exists" } else { "exist" };
    let error = Error::new(Code::Exists, format!("{} {exist} already; nothing is added", collapse(&numbers)));
    let place = there.first().and_then(|ext| estate.find(ext)).map(|found| found.source);
    Err(Error { place, ..error }.hint("--if-absent skips those that exist; ext set changes them"))
}
