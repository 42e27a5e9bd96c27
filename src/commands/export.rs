//! `export`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{App, Limits, Open, files, lists};
use crate::engine::Warning;
use crate::error::{Error, Result};
use crate::extension::Extension;
use crate::inventory::Pbx;
use crate::output::Format;
use crate::selection::{self, Selection};
use crate::spec::Form;
use crate::spec::plan::Site;
use crate::spec::write::{self, Entry, File, With};

/// Write the extensions of PBXes as a list that apply, diff and edit take
///
/// YAML unless -o json or -o csv is said. Passwords stay out of it: applied to the same PBX it keeps
/// them, applied to another it makes new ones.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Ids or ranges; all without one
    #[arg(value_name = "EXT")]
    ext: Vec<Selection>,
    /// Write to this file; an existing one is replaced
    #[arg(long, value_name = "FILE", value_parser = lists::file_arg, value_hint = lists::HINT)]
    to: Option<PathBuf>,
    /// Put passwords into the file (0600) named with --to
    #[arg(long)]
    with_secrets: bool,
    /// Write what templates, groups and domains give an extension as well
    ///
    /// For a PBX that has none of them: what is applied there behaves the same. Where they are there, what
    /// they say already is not written again.
    #[arg(long)]
    inherited: bool,
}

/// Runs it.
pub fn run(app: &App, args: &ExportArgs) -> Result<u8> {
    let form = match app.global.output {
        Format::Table | Format::Yaml => Form::Yaml,
        Format::Json => Form::Json,
        Format::Csv => Form::Csv,
        Format::Name => return Err(Error::usage("a list is more than names").hint("sipctl ext list -o name has those")),
    };
    let to = args.to.as_deref().filter(|path| *path != Path::new("-"));
    if args.with_secrets && to.is_none() {
        return Err(Error::usage("passwords are never printed").hint("name a file for them: --to FILE"));
    }
    let chosen = app.choose(false)?;
    let mut file = File::default();
    for pbx in &chosen {
        let (mut entries, warnings) =
            on(app, pbx, &args.ext, With { secrets: args.with_secrets, inherited: args.inherited })?;
        app.out.warnings((chosen.len() > 1).then_some(pbx.name.as_str()), &warnings);
        if chosen.len() > 1 {
            entries.iter_mut().for_each(|entry| entry.pbx = Some(pbx.name.clone()));
        }
        file.extensions.extend(entries);
    }
    if form != Form::Csv {
        file.share();
    }
    let text = file.text(form).map_err(|why| Error::failed(format!("cannot write the list: {why}")))?;
    match to {
        Some(path) => files::write(&app.cancel, path, text.as_bytes(), if args.with_secrets { 0o600 } else { 0o666 })?,
        None => app.out.text(&text)?,
    }
    Ok(0)
}

/// The entries of a PBX.
fn on(app: &App, pbx: &Pbx, ext: &[Selection], with: With) -> Result<(Vec<Entry>, Vec<Warning>)> {
    let cx = app.cx(pbx, Limits::default());
    let open = Open::to_read(&cx, pbx)?;
    let estate = open.engine.load(&cx, open.host.as_ref(), &open.folder, false)?;
    let mut warnings = open.warnings(&cx, estate.as_ref());
    let mut found: Vec<Extension> = match ext.is_empty() {
        true => estate.extensions(),
        false => selection::existing(ext, estate.as_ref(), false)?.iter().filter_map(|ext| estate.find(ext)).collect(),
    };
    found.retain(|found| found.kind.is_extension());
    let site = Site { pbx, engine: open.engine };
    let first = found.first().and_then(|found| found.domain.clone());
    let several = estate.extensions().iter().any(|found| found.kind.is_extension() && found.domain != first);
    let mut entries = Vec::with_capacity(found.len());
    for found in &found {
        let mut entry = write::entry(site, estate.as_ref(), found, with, &mut warnings);
        entry.domain = found.domain.clone().filter(|_| several);
        entries.push(entry);
    }
    Ok((entries, warnings))
}
