//! `diff`: a list against the files, the files against the running engine, one PBX against another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Args;

use super::change::duration;
use super::lists::{self, Loaded, Vault, WishArgs};
use super::{App, Limits, Open, apply};
use crate::cx::Cx;
use crate::engine::{Console, Estate, Expect, PlanOptions, Proof, Verdict, Warning};
use crate::error::{Error, Result};
use crate::extension::{Ext, Kind};
use crate::inventory::Pbx;
use crate::output::diff::FileDiff;
use crate::output::document::{Body, Differing};
use crate::pool::lock;
use crate::spec::plan::{self, Changed, Difference, Site};

/// Show what differs: files and the running engine, a list and the files, two PBXes
///
/// Without -f and --against the running engine is asked for everything the files say: what somebody
/// edited and never reloaded is shown. Ends with 0 where nothing differs and with 5 where something
/// does. Changes nothing.
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// Compare with this list; `-` is standard input
    #[arg(short, long, value_name = "FILE", value_parser = lists::file_arg, value_hint = lists::HINT)]
    file: Option<PathBuf>,
    /// Compare with this PBX, by the fields both engines have
    #[arg(long, value_name = "NAME|ADDRESS", conflicts_with = "file")]
    against: Option<String>,
    #[command(flatten)]
    wish: WishArgs,
    /// Show the masked diff of the files that apply would write
    #[arg(long, requires = "file")]
    diff: bool,
    /// Do not ask the running engine
    #[arg(long)]
    offline: bool,
    /// Limit for each exchange with the engine [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

/// Runs it.
pub fn run(app: &App, args: &DiffArgs) -> Result<u8> {
    let limits = Limits { timeout: args.timeout, wait: None };
    let report = |done: Result<Differing>| match done {
        Ok(differing) => (Body::Differences(Box::new(differing)), None),
        Err(error) => (Body::Differences(Box::default()), Some(error)),
    };
    if let Some(file) = &args.file {
        let loaded = Loaded::read(app, file)?;
        let wish = args.wish.wish(&loaded.list)?;
        let app = &loaded.targeted(app)?;
        let vault = Mutex::new(Vault::new(file));
        return app.each(false, |pbx| report(list(app, &app.cx(pbx, limits), pbx, &loaded, &vault, wish, args)));
    }
    if args.wish.prune || args.wish.adopt {
        return Err(Error::usage("--prune and --adopt are about a list").hint("name it with -f FILE"));
    }
    match &args.against {
        Some(name) => {
            let other = app.named(std::slice::from_ref(name))?.remove(0);
            let (engine, theirs) = extensions(&app.cx(&other, limits), &other)?;
            let other_site = Site { pbx: &other, engine };
            app.each(false, |pbx| {
                let differing = extensions(&app.cx(pbx, limits), pbx).map(|(engine, ours)| Differing {
                    differences: plan::against((Site { pbx, engine }, &ours), (other_site, &theirs)),
                    sides: [pbx.name.clone(), other.name.clone()],
                    ..Differing::default()
                });
                report(differing)
            })
        }
        None if args.offline => {
            Err(Error::usage("files are compared with the running engine, and --offline asks none")
                .hint("compare with a list: -f FILE, or with a PBX: --against NAME"))
        }
        None => app.each(false, |pbx| report(live(&app.cx(pbx, limits), pbx))),
    }
}

fn extensions(cx: &Cx, pbx: &Pbx) -> Result<(&'static dyn crate::engine::Engine, Vec<crate::extension::Extension>)> {
    let open = Open::to_read(cx, pbx)?;
    let estate = open.engine.load(cx, open.host.as_ref(), &open.folder, false)?;
    Ok((open.engine, estate.extensions()))
}

fn list(
    app: &App,
    cx: &Cx,
    pbx: &Pbx,
    loaded: &Loaded,
    vault: &Mutex<Vault>,
    wish: plan::Wish,
    args: &DiffArgs,
) -> Result<Differing> {
    let open = Open::to_read(cx, pbx)?;
    let estate = open.engine.load(cx, open.host.as_ref(), &open.folder, false)?;
    let mut warnings = open.warnings(cx, estate.as_ref());
    let planned = apply::planned(app, loaded, &mut lock(vault), pbx, estate.as_ref(), wish, None)?;
    warnings.extend(planned.warnings);
    warnings.extend(plan::lacking(&loaded.list, Site { pbx, engine: open.engine }));
    let diff = match args.diff {
        true => {
            let live = if args.offline { None } else { open.console(cx).ok().map(|(_, live)| live) };
            let plan = estate.plan(live.as_ref(), &planned.edits, &PlanOptions::default())?;
            Some(plan.files.iter().map(|file| FileDiff::new(file).text).collect())
        }
        false => None,
    };
    let sides = ["IS".to_owned(), "SHOULD BE".to_owned()];
    Ok(Differing { differences: planned.differences, warnings, diff, sides })
}

/// What the running engine holds otherwise than the files say.
fn live(cx: &Cx, pbx: &Pbx) -> Result<Differing> {
    let open = Open::to_read(cx, pbx)?;
    let (mut console, live) = open.console(cx)?;
    let read = live.last_read(open.host.as_ref(), Instant::now());
    let estate = open.engine.load(cx, open.host.as_ref(), &open.folder, false)?;
    let mut warnings = open.warnings(cx, estate.as_ref());
    let pending = read.map(|read| open.engine.pending(cx, open.host.as_ref(), &open.folder, read, &[]));
    let pending = pending.and_then(Result::ok).unwrap_or_default();
    warnings.extend(
        pending.iter().map(|place| {
            Warning::new("pending-edits", "edited since the engine last read its configuration").at(place)
        }),
    );
    let proofs = estate.proofs(Some(&live));
    let verdicts = console.prove(cx, &proofs, &[])?;
    let mut found: BTreeMap<&str, BTreeSet<[String; 3]>> = BTreeMap::new();
    let mut unproved = 0;
    for (proof, verdict) in proofs.iter().zip(&verdicts) {
        match verdict {
            Verdict::Failed { why, holds } => {
                found.entry(&proof.number).or_default().insert(said(proof, holds.as_ref().unwrap_or(why)));
            }
            Verdict::Unproved { .. } => unproved += 1,
            Verdict::Proved | Verdict::Indirect => {}
        }
    }
    if unproved > 0 {
        warnings.push(Warning::new(
            "unproved",
            format!("the engine could not be asked {unproved} of {} questions", proofs.len()),
        ));
    }
    let mut differences: Vec<Difference> = found
        .into_iter()
        .map(|(number, fields)| {
            let fields = fields.into_iter().map(|[field, have, want]| Changed {
                field,
                have: Some(have).filter(|have| !have.is_empty()),
                want: Some(want).filter(|want| !want.is_empty()),
            });
            Difference {
                action: "not-live".to_owned(),
                number: number.to_owned(),
                domain: None,
                fields: fields.collect(),
            }
        })
        .collect();
    match left_over(cx, &open, console.as_mut(), estate.as_ref()) {
        Ok(gone) => differences.extend(gone),
        Err(error) => {
            let message = format!("who is still live but gone from the files could not be asked: {}", error.line());
            warnings.push(Warning::new("unproved", message));
        }
    }
    differences.sort_by(|a, b| crate::extension::order(&a.number, &b.number));
    let sides = ["RUNNING".to_owned(), "FILES".to_owned()];
    Ok(Differing { differences, warnings, diff: None, sides })
}

/// The field of a proof, what the engine holds or says of it, and what the files say.
fn said(proof: &Proof, running: &str) -> [String; 3] {
    let (field, want) = match &proof.expect {
        Expect::Present => (proof.object.to_string(), "present".to_owned()),
        Expect::Absent => (proof.object.to_string(), "absent".to_owned()),
        Expect::Field { name, values } => (format!("{}.{name}", proof.object), values.join(", ")),
        Expect::Secret { name, .. } => (format!("{}.{name}", proof.object), String::new()),
    };
    [field, running.to_owned(), want]
}

/// Extensions the engine still holds although the files have them no more.
fn left_over(cx: &Cx, open: &Open, console: &mut dyn Console, estate: &dyn Estate) -> Result<Vec<Difference>> {
    if estate.elsewhere().is_some() {
        return Ok(Vec::new());
    }
    let here = |ext: &Ext| estate.find(ext).filter(|found| found.kind != Kind::Pointer);
    // The name of a domain may be one only the engine knows.
    let unnamed = |ext: &Ext| here(&Ext { domain: None, ..ext.clone() }).is_some_and(|found| found.domain.is_none());
    let in_files = |ext: &Ext| here(ext).is_some() || (ext.domain.is_some() && unnamed(ext));
    let gone = console.held(cx)?.into_iter().filter(|ext| !in_files(ext));
    let field = Changed {
        field: open.engine.object().to_owned(),
        have: Some("present".to_owned()),
        want: Some("absent".to_owned()),
    };
    Ok(gone
        .map(|ext| Difference {
            action: "not-live".to_owned(),
            number: ext.number,
            domain: ext.domain,
            fields: vec![field.clone()],
        })
        .collect())
}
