//! `ext copy` and `ext move`.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;

use crate::address::Kind as Engines;
use crate::change::Status;
use crate::commands::change::{Change, ChangeArgs, LimitArgs};
use crate::commands::{App, Open};
use crate::engine::{Engine, Estate, Live};
use crate::error::{Code, Error, Result, shell_word};
use crate::extension::by_name::{Slot, slot, value};
use crate::extension::{Edit, Ext, Extension, Kind, SecretKind, Setting, Want};
use crate::inventory::Pbx;
use crate::output::document::{Body, Document};
use crate::output::prompt;
use crate::secret::Stored;
use crate::selection::{self, Selection, collapse};
use crate::spec::plan::{self, Site, Wish};
use crate::spec::write::{self, With};
use crate::spec::{Key, List, Row, node};

/// Make the same extensions on another PBX, passwords too
///
/// The shared fields go along, and between two of one engine every option of their own; on Asterisk also
/// what templates say, where the other PBX has none that say the same. A password
/// that is stored in clear goes along unseen; one of which only a digest is stored goes where the
/// other PBX challenges with the same realm.
#[derive(Args, Debug)]
pub struct CopyArgs {
    /// Ids or ranges
    #[arg(required = true, value_name = "EXT")]
    ext: Vec<Selection>,
    /// The PBX they go to
    #[arg(long, value_name = "NAME|ADDRESS")]
    to: String,
    /// Another value there, as in context=internal:default (repeatable)
    #[arg(long, value_name = "FIELD=FROM:TO", value_parser = mapping)]
    map: Vec<Mapping>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Make the same extensions on another PBX, passwords too, and delete them here
///
/// Nothing is deleted here unless the engine there has proved that it holds them.
#[derive(Args, Debug)]
pub struct MoveArgs {
    #[command(flatten)]
    copy: CopyArgs,
    #[command(flatten)]
    limit: LimitArgs,
}

/// One value for another.
#[derive(Clone, Debug)]
struct Mapping {
    field: String,
    from: String,
    to: String,
}

fn mapping(text: &str) -> std::result::Result<Mapping, String> {
    let wrong = || "write FIELD=FROM:TO, as in context=internal:default".to_owned();
    let (field, values) = text.split_once('=').ok_or_else(wrong)?;
    let (from, to) = values.split_once(':').ok_or_else(wrong)?;
    let field = field.replace('-', "_");
    match slot(&mut Default::default(), &field) {
        Some(Slot::Text(_)) => Ok(Mapping { field, from: from.to_owned(), to: to.to_owned() }),
        _ => Err(format!("there is no field {field} with one text")),
    }
}

/// Runs `copy`.
pub fn copy(app: &App, args: &CopyArgs) -> Result<u8> {
    go(app, args, None)
}

/// Runs `move`.
pub fn run_move(app: &App, args: &MoveArgs) -> Result<u8> {
    let change = &args.copy.change;
    if change.no_proof || change.no_reload {
        return Err(Error::usage("nothing is deleted here before it is proved there")
            .hint("leave --no-proof and --no-reload out, or use: sipctl ext copy"));
    }
    go(app, &args.copy, Some(&args.limit))
}

fn go(app: &App, args: &CopyArgs, moving: Option<&LimitArgs>) -> Result<u8> {
    selection::members(&args.ext)?;
    let here = match app.choose(moving.is_some())?.as_slice() {
        [one] => one.clone(),
        _ => return Err(Error::usage("extensions are copied from one PBX").hint("name it with --pbx")),
    };
    let there = app.named(std::slice::from_ref(&args.to))?.remove(0);
    if here.address == there.address {
        return Err(Error::usage(format!("{} is both where they are and where they go", here.name)));
    }
    let carried = Carried::read(app, args, &here, &there)?;
    let numbers: Vec<String> = carried.list.rows.iter().map(|row| row.ext.number.clone()).collect();
    if let Some(limit) = moving {
        consent(app, &args.change, limit, &numbers, [&here, &there])?;
    }
    let mut document = Document::default();
    let mut report = |pbx: &Pbx, (body, error): (Body, Option<Error>)| {
        app.out.events.clear();
        app.out.warnings(Some(&pbx.name), body.warnings());
        if let Some(error) = &error {
            app.out.error(Some(&pbx.name), error, None);
        }
        let status = match &body {
            Body::Change(change) => change.proof.status,
            _ => Status::Failed,
        };
        document.add(&pbx.name, body, error.as_ref());
        (error.is_none(), status)
    };
    let (done, status) =
        report(&there, Change::new(app, &args.change).one(&there, &|pbx, estate, _| carried.edits(pbx, estate)));
    let proved = status == Status::Proved || args.change.offline || args.change.dry_run;
    if moving.is_some() && done && proved {
        let asked = ChangeArgs { yes: true, ..args.change.clone() };
        let mut change = Change::new(app, &asked);
        (change.after.kick, change.mentions) = (true, true);
        let gone = carried.here.clone();
        report(&here, change.one(&here, &|_, _, _| Ok(gone.iter().cloned().map(Edit::Delete).collect())));
    } else if moving.is_some() && done {
        let error =
            Error::failed(format!("{} holds them, but that could not be proved: nothing is deleted here", there.name))
                .hint(format!(
                    "look there, then: sipctl ext rm {}",
                    collapse(&numbers.iter().map(|n| shell_word(n)).collect::<Vec<_>>()).replace(',', "")
                ));
        report(&here, (Body::Change(Box::default()), Some(error)));
    }
    Ok(app.print(&document))
}

/// Asks before anything is done: a move deletes.
fn consent(
    app: &App,
    args: &ChangeArgs,
    limit: &LimitArgs,
    numbers: &[String],
    [here, there]: [&Pbx; 2],
) -> Result<()> {
    if args.dry_run {
        return Ok(());
    }
    let most = limit.max_change.unwrap_or(10);
    if numbers.len() > most {
        return Err(Error::usage(format!("this would move {} extensions", numbers.len()))
            .hint(format!("if that is meant, say --max-change {}", numbers.len())));
    }
    if args.yes {
        return Ok(());
    }
    if !prompt::possible() {
        return Err(Error::usage("move needs a yes, and there is no terminal to ask")
            .hint("add --yes; --dry-run shows what would happen"));
    }
    let question = format!("Move {} from {} to {}?", collapse(numbers), here.name, there.name);
    app.out.confirm(&question)
}

/// What goes along.
struct Carried {
    list: List,
    here: Vec<Ext>,
}

impl Carried {
    fn read(app: &App, args: &CopyArgs, here: &Pbx, there: &Pbx) -> Result<Self> {
        let cx = app.cx(here, args.change.limits());
        let open = Open::to_read(&cx, here)?;
        let estate = open.engine.load(&cx, open.host.as_ref(), &open.folder, false)?;
        let live = (!args.change.offline).then(|| open.console(&cx).ok()).flatten().map(|(_, live)| live);
        let realm = Realm::of(app, args, there)?;
        let same_engine = here.address.kind == there.address.kind;
        let mut carried = Self { list: List::default(), here: Vec::new() };
        for ext in selection::existing(&args.ext, estate.as_ref(), false)? {
            let Some(found) = estate.find(&ext) else { continue };
            let mut row = Row {
                ext: Ext { number: found.number.clone(), domain: None },
                pbx: Vec::new(),
                fields: Default::default(),
                settings: if same_engine {
                    settings(here, open.engine, estate.as_ref(), &found).into()
                } else {
                    Arc::default()
                },
                key: Key::Unsaid,
                template: Vec::new(),
                file: [None, None],
                at: node::At::default(),
            };
            let mut fields = found.fields.clone();
            for mapping in &args.map {
                if value(&fields, &mapping.field).as_ref() == Some(&mapping.from)
                    && let Some(Slot::Text(slot)) = slot(&mut fields, &mapping.field)
                {
                    *slot = Some(mapping.to.clone());
                }
            }
            let fields = Arc::new(fields);
            row.fields = [Arc::clone(&fields), fields];
            // A realm of its own goes along.
            let own = row
                .settings
                .iter()
                .find(|setting| setting.object == "auth" && setting.option.eq_ignore_ascii_case("realm"));
            let theirs = own.map_or(realm.name.as_deref(), |own| match &own.want {
                Want::Set(realm) => Some(realm),
                _ => None,
            });
            row.key = key(&found, estate.as_ref(), live.as_ref(), theirs)?;
            carried.list.rows.push(row);
            carried.here.push(ext);
        }
        Ok(carried)
    }

    /// The new extensions there; none may exist.
    fn edits(&self, pbx: &Pbx, estate: &dyn Estate) -> Result<Vec<Edit>> {
        let placed = |row: &Row| Ext { number: row.ext.number.clone(), domain: pbx.domain.clone() };
        let taken: Vec<String> =
            self.list.rows.iter().map(placed).filter(|ext| estate.has(ext)).map(|ext| ext.number).collect();
        if !taken.is_empty() {
            return Err(Error::new(Code::Exists, format!("on {} there is already: {}", pbx.name, collapse(&taken)))
                .hint("nothing is copied; renumber them here, or remove them there"));
        }
        let site = Site { pbx, engine: crate::engine::of(pbx.address.kind)? };
        let mut none = |_: &Ext, _: &Key| Ok(None);
        let planned = plan::plan(&self.list, site, estate, Wish::default(), &mut none).map_err(|problems| {
            Error::usage(problems.first().map(|problem| problem.message.clone()).unwrap_or_default())
        })?;
        Ok(planned.edits)
    }
}

/// Its options, between two of one engine.
fn settings(pbx: &Pbx, engine: &'static dyn Engine, estate: &dyn Estate, found: &Extension) -> Vec<Setting> {
    // Templates are somewhere else there; domains are the PBX's own.
    let with = With { secrets: false, inherited: pbx.address.kind == Engines::Asterisk };
    let entry = write::entry(Site { pbx, engine }, estate, found, with, &mut Vec::new());
    let one = |(name, want): (&String, Want)| {
        let (object, option) = name.split_once('.')?;
        Some(Setting { object: object.to_owned(), option: option.to_owned(), want })
    };
    let blocks = [&entry.asterisk, &entry.freeswitch];
    let set = blocks.iter().flat_map(|block| block.set.iter().map(|(name, value)| (name, Want::Set(value.clone()))));
    let add = blocks.iter().flat_map(|block| {
        block.add.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, Want::Add(value.clone()))))
    });
    set.chain(add).filter_map(one).collect()
}

/// The password of one as the other PBX can take it.
fn key(found: &Extension, estate: &dyn Estate, live: Option<&Live>, theirs: Option<&str>) -> Result<Key> {
    if found.kind == Kind::IpPhone {
        return Ok(Key::Unsaid);
    }
    let ext = Ext { number: found.number.clone(), domain: found.domain.clone() };
    let refuse = |why: String| {
        Error::usage(format!("the password of {ext} cannot go along: {why}"))
            .at(found.source.clone())
            .hint(format!("give it a new one first (sipctl ext passwd {}), or make it there with ext add", ext.word()))
    };
    if matches!(found.secret, SecretKind::None | SecretKind::Open) {
        return Err(refuse("there is none".to_owned()));
    }
    let Some(credential) = estate.credential(&ext, live) else {
        return Err(refuse("it is not in these files".to_owned()));
    };
    let digests = match credential.stored {
        Stored::Clear(secret) => return Ok(Key::Given(secret)),
        Stored::Digest(digests) => digests,
    };
    if credential.user != found.number {
        return Err(refuse(format!("its digest is of the name {}", credential.user)));
    }
    match (credential.realm.as_deref(), theirs) {
        (Some(ours), Some(theirs)) if ours == theirs => Ok(Key::Given(digests)),
        (ours, theirs) => {
            let named = |realm: Option<&str>| realm.map_or("unknown".to_owned(), |realm| format!("{realm:?}"));
            Err(refuse(format!(
                "only a digest is stored, whose realm is {}, and there it is {}",
                named(ours),
                named(theirs)
            )))
        }
    }
}

/// The realm new extensions of a PBX are challenged with, where it is known.
struct Realm {
    name: Option<String>,
}

impl Realm {
    fn of(app: &App, args: &CopyArgs, pbx: &Pbx) -> Result<Self> {
        let cx = app.cx(pbx, args.change.limits());
        let open = Open::to_read(&cx, pbx)?;
        let estate = open.engine.load(&cx, open.host.as_ref(), &open.folder, false)?;
        let live = (!args.change.offline).then(|| open.console(&cx).ok()).flatten().map(|(_, live)| live);
        // What those who are there are challenged with, where they agree.
        let realms: BTreeMap<String, ()> = estate
            .extensions()
            .iter()
            .filter(|found| found.kind == Kind::Phone)
            .filter_map(|found| {
                let ext = Ext { number: found.number.clone(), domain: found.domain.clone() };
                estate.credential(&ext, live.as_ref())?.realm.map(|realm| (realm, ()))
            })
            .collect();
        let only = (realms.len() == 1).then(|| realms.into_keys().next()).flatten();
        Ok(Self { name: pbx.domain.clone().or(only).or_else(|| live.and_then(|live| live.realm)) })
    }
}
