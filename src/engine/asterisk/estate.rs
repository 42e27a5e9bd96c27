//! The configuration of one Asterisk, read at one moment, as Asterisk would make of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::{Config, Part, Severity};
use super::console::log;
use super::fields;
use super::objects::{Configs, Dialect, Object, Objects, Type};
use super::parts::Parts;
use super::stores::Stores;
use crate::cx::Cx;
use crate::engine::mentions::Mentions;
use crate::engine::snapshot::{Recorder, Snapshot};
use crate::engine::{self, Done, FileChange, Live, Plan, PlanOptions, Proof, Warning};
use crate::error::{Error, Place, Result};
use crate::extension::{self, Edit, Ext, Extension, ShownSetting};
use crate::host::{Content, Host, Meta, Want};
use crate::secret::{Credential, Secret, Stored};

/// The configuration files of one Asterisk with their meaning.
pub struct Estate {
    /// The folder they stand in.
    pub folder: PathBuf,
    /// What was read, for reading again with changes.
    pub snapshot: Snapshot,
    /// pjsip.conf and pjsip_wizard.conf.
    pub configs: Configs,
    /// What their sections are.
    pub objects: Objects,
    /// Where else objects may live.
    pub stores: Stores,
    /// The contexts extensions.conf defines; `None` where contexts may come from elsewhere too.
    pub contexts: Option<BTreeSet<String>>,
    /// Where numbers are mentioned; read only when asked.
    pub mentions: Option<Mentions>,
}

/// What changed files make of a configuration: all of it, or the part that may be different.
pub struct Outcome {
    /// The objects of that part as they are; none where everything was read.
    pub before: Option<Objects>,
    /// The sections as they would be.
    pub configs: Configs,
    /// The objects they make.
    pub objects: Objects,
}

/// The files every reading starts with.
const FILES: [&str; 7] = [
    "pjsip.conf",
    "pjsip_wizard.conf",
    "sorcery.conf",
    "extconfig.conf",
    "extensions.conf",
    "extensions.ael",
    "extensions.lua",
];

/// The same as questions to a host.
pub fn wants(folder: &Path) -> Vec<Want> {
    FILES.iter().map(|name| Want::File(folder.join(name))).collect()
}

impl Estate {
    /// Reads the configuration in `folder`.
    pub fn load(cx: &Cx, host: &dyn Host, folder: &Path, mentions: bool) -> Result<Self> {
        let recorder = Recorder::new(host);
        // One exchange for what is nearly always wanted; includes cost one a level.
        recorder.read(cx, &wants(folder))?;
        let configs = Configs {
            pjsip: Config::load(cx, &recorder, folder, "pjsip.conf")?,
            wizard: Config::load(cx, &recorder, folder, "pjsip_wizard.conf")?,
        };
        let objects = Objects::new(&configs);
        let mut stores = Stores::read(cx, &recorder, folder, objects.of(Type::Endpoint).is_empty())?;
        let files = [&configs.pjsip, &configs.wizard].into_iter().flatten().flat_map(|config| &config.files);
        stores.look_for_generator(files.map(|file| (file.path.as_path(), &file.doc.bytes()[..])));
        if configs.pjsip.is_none() && configs.wizard.is_none() && stores.chan_sip.is_none() && stores.others.is_empty()
        {
            return Err(Error::new(crate::error::Code::NotFound, "no pjsip.conf here")
                .at(Place::new(folder.join("pjsip.conf"), 0))
                .hint("name the folder Asterisk reads: --pbx asterisk:/FOLDER"));
        }
        let contexts = contexts(cx, &recorder, folder)?;
        let mentions = match mentions {
            true => Some(super::mentions::read(cx, host, folder)?),
            false => None,
        };
        let snapshot = recorder.finish();
        Ok(Self { folder: folder.to_owned(), snapshot, configs, objects, stores, contexts, mentions })
    }

    /// What some other files make of the configuration.
    pub fn with(&self, changes: &BTreeMap<PathBuf, Option<Arc<[u8]>>>) -> Result<Outcome> {
        match self.with_part(changes) {
            Some(outcome) => Ok(outcome),
            None => self.with_all(changes),
        }
    }

    /// The same, everything read again.
    pub fn with_all(&self, changes: &BTreeMap<PathBuf, Option<Arc<[u8]>>>) -> Result<Outcome> {
        let snapshot = self.snapshot.with(changes);
        let cx = Cx::new(&crate::cx::Silent);
        let configs = Configs {
            pjsip: Config::load(&cx, &snapshot, &self.folder, "pjsip.conf")?,
            wizard: Config::load(&cx, &snapshot, &self.folder, "pjsip_wizard.conf")?,
        };
        let objects = Objects::new(&configs);
        Ok(Outcome { before: None, configs, objects })
    }

    /// The same, only what one changed file touches read again; none where that does not tell.
    fn with_part(&self, changes: &BTreeMap<PathBuf, Option<Arc<[u8]>>>) -> Option<Outcome> {
        let (path, new) = changes.first_key_value().filter(|_| changes.len() == 1)?;
        let all = DIALECTS.iter().filter_map(|dialect| Some((*dialect, self.configs.get(*dialect)?)));
        let mut places = all.flat_map(|(dialect, config)| {
            let files = config.files.iter().enumerate().filter(|(_, file)| file.path == *path);
            files.map(move |(index, _)| (dialect, config, index as u32))
        });
        let (dialect, config, file) = places.next()?;
        if places.next().is_some() {
            return None;
        }
        let Part { before, after } = config.part(file, new.as_ref()?)?;
        let before = Objects::part(&self.configs, dialect, before);
        let mut configs = Configs::default();
        match dialect {
            Dialect::Pjsip => configs.pjsip = Some(after),
            Dialect::Wizard => configs.wizard = Some(after),
        }
        let objects = Objects::new(&configs);
        // One of the same name elsewhere decides with them which one counts.
        let alone = |(configs, object): (&Configs, &Object)| {
            let id = configs.id(*object);
            let all = self.objects.with_id(&self.configs, object.kind, &id).len();
            all == before.with_id(&self.configs, object.kind, &id).len()
        };
        let both = before.all().iter().map(|object| (&self.configs, object));
        let alone = both.chain(objects.all().iter().map(|object| (&configs, object))).all(alone);
        alone.then_some(Outcome { before: Some(before), configs, objects })
    }

    /// Whether the engine does not look for endpoints in these files at all (sorcery.conf).
    fn unused(&self) -> bool {
        self.stores.not_in_file.contains(&Type::Endpoint)
    }

    /// The objects of an extension.
    pub fn parts(&self, number: &str) -> Option<Parts> {
        if self.unused() {
            return None;
        }
        let endpoint = self.objects.find(&self.configs, Type::Endpoint, number.as_bytes())?;
        Some(Parts::of(&self.configs, &self.objects, endpoint))
    }

    /// Every endpoint, in number order.
    pub fn endpoints(&self) -> Vec<Object> {
        if self.unused() {
            return Vec::new();
        }
        let mut endpoints: Vec<Object> = Vec::new();
        for endpoint in self.objects.of(Type::Endpoint) {
            let repeated = endpoints.last().is_some_and(|last| self.configs.id(*last) == self.configs.id(*endpoint));
            if !repeated {
                endpoints.push(*endpoint);
            }
        }
        endpoints.sort_by_cached_key(|endpoint| OrderKey(self.configs.id_text(*endpoint)));
        endpoints
    }

    /// One extension as lists show it.
    pub fn extension(&self, parts: &Parts) -> Extension {
        let config = self.configs.of(parts.endpoint);
        let first = parts.objects().filter(|o| o.dialect == parts.endpoint.dialect);
        let header = first.map(|o| self.configs.category(o).header).min();
        Extension {
            number: self.configs.id_text(parts.endpoint),
            domain: None,
            kind: parts.kind(&self.configs),
            fields: fields::read(&self.configs, parts),
            secret: parts.secret(&self.configs),
            source: config.place(header.unwrap_or(self.configs.category(parts.endpoint).header)),
            managed: None,
            list: self.configs.text(parts.endpoint, fields::LIST),
        }
    }

    /// What the engine itself would reject, with its place: a change on top of it is refused.
    pub fn rejected(&self) -> Option<Error> {
        for config in [&self.configs.pjsip, &self.configs.wizard].into_iter().flatten() {
            if let Some(problem) = config.problems.iter().find(|p| p.severity == Severity::Rejected) {
                return Some(
                    Error::failed(problem.to_string())
                        .at(problem.place.clone())
                        .hint("Asterisk rejects the whole file as it is; mend this line first (nothing was written)"),
                );
            }
        }
        twice(&self.configs, &self.objects)
    }

    /// The realm an auth challenges with: its own, else the global one, else `asterisk`.
    pub fn realm(&self, auth: Object) -> String {
        let global = || {
            let global = self.objects.of(Type::Global).first()?;
            self.configs.text(*global, "default_realm")
        };
        let own = self.configs.text(auth, "realm").filter(|realm| !realm.is_empty());
        own.or_else(global).unwrap_or_else(|| "asterisk".to_owned())
    }
}

#[derive(PartialEq, Eq)]
struct OrderKey(String);

impl Ord for OrderKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        extension::order(&self.0, &other.0)
    }
}

impl PartialOrd for OrderKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The contexts of extensions.conf; `None` when AEL, Lua or a database may define others, or when
/// there is no extensions.conf.
fn contexts(cx: &Cx, host: &dyn Host, folder: &Path) -> Result<Option<BTreeSet<String>>> {
    let others = ["extensions.ael", "extensions.lua"].map(|name| Want::File(folder.join(name)));
    let found = host.read(cx, &others)?;
    if found.iter().flatten().any(|file| matches!(file.content, Content::There { .. })) {
        return Ok(None);
    }
    // Without it contexts are not checked; who may not read it may still change phones.
    let Ok(Some(config)) = Config::load(cx, host, folder, "extensions.conf") else { return Ok(None) };
    let names = config.categories.iter().filter(|category| !category.template);
    let names = names.map(|category| String::from_utf8_lossy(config.name(category)).into_owned());
    Ok(Some(names.filter(|name| name != "general" && name != "globals").collect()))
}

impl engine::Estate for Estate {
    fn files(&self) -> Vec<(&Path, &Arc<[u8]>, &Meta)> {
        let mut seen = BTreeSet::new();
        let configs = [&self.configs.pjsip, &self.configs.wizard].into_iter().flatten();
        configs
            .flat_map(|config| &config.files)
            .filter(|file| seen.insert(file.path.clone()))
            .map(|file| (file.path.as_path(), file.doc.bytes(), &file.meta))
            .collect()
    }

    fn extensions(&self) -> Vec<Extension> {
        let endpoints = self.endpoints().into_iter();
        endpoints.map(|endpoint| self.extension(&Parts::of(&self.configs, &self.objects, endpoint))).collect()
    }

    fn find(&self, ext: &Ext) -> Option<Extension> {
        self.parts(&ext.number).map(|parts| self.extension(&parts))
    }

    fn has(&self, ext: &Ext) -> bool {
        let id = ext.number.as_bytes();
        [Type::Endpoint, Type::Auth, Type::Aor].iter().any(|kind| self.objects.find(&self.configs, *kind, id).is_some())
    }

    fn settings(&self, ext: &Ext, reveal: bool) -> Vec<ShownSetting<'_>> {
        let Some(parts) = self.parts(&ext.number) else { return Vec::new() };
        let mut out = Vec::new();
        for object in parts.objects() {
            let config = self.configs.of(object);
            for (name, value, var) in self.configs.options(object) {
                out.push(ShownSetting {
                    section: object.kind.name(),
                    option: String::from_utf8_lossy(name),
                    value: match super::mask::is_secret(name) && !reveal {
                        true => super::mask::MASK.into(),
                        false => String::from_utf8_lossy(value),
                    },
                    file: config.files[var.at.file as usize].path.as_path().into(),
                    line: var.at.line + 1,
                    inherited: var.inherited,
                });
            }
        }
        out
    }

    fn elsewhere(&self) -> Option<(String, Place)> {
        let store = self.stores.others.iter().find(|store| store.kind == Type::Endpoint)?;
        Some((format!("{} {}", store.wizard, store.data).trim().to_owned(), store.place.clone()))
    }

    fn registers_as(&self, ext: &Ext, _: Option<&Live>) -> Vec<String> {
        let Some(parts) = self.parts(&ext.number) else { return Vec::new() };
        parts.aors.iter().map(|aor| self.configs.id_text(*aor)).collect()
    }

    fn password(&self, ext: &Ext) -> Option<Secret> {
        let parts = self.parts(&ext.number)?;
        let auth = *parts.auths.last()?;
        let value = self.configs.last(auth, "password").filter(|value| !value.is_empty())?;
        Some(Secret::new(value))
    }

    fn credential(&self, ext: &Ext, live: Option<&Live>) -> Option<Credential> {
        let parts = self.parts(&ext.number)?;
        let auth = *parts.auths.last()?;
        let text = |option: &str| self.configs.text(auth, option).filter(|value| !value.is_empty());
        let own = self.configs.text(auth, "realm").filter(|realm| !realm.is_empty());
        let realm = own.or_else(|| live.and_then(|live| live.realm.clone())).unwrap_or_else(|| self.realm(auth));
        let md5 = text("auth_type").is_some_and(|kind| kind.eq_ignore_ascii_case("md5"));
        let digests = text("password_digest").or_else(|| text("md5_cred").filter(|_| md5));
        // A digest counts even where a password stands beside it.
        let stored = match (digests, self.password(ext)) {
            (None, Some(clear)) => Stored::Clear(clear),
            (digests, _) => Stored::Digest(Secret::of_digests(&digests.or_else(|| text("md5_cred"))?)?),
        };
        let user = text("username").unwrap_or_else(|| ext.number.clone());
        Some(Credential { user, realm: Some(realm), stored })
    }

    fn warnings(&self) -> Vec<Warning> {
        let mut out = self.stores.warnings();
        for config in [&self.configs.pjsip, &self.configs.wizard].into_iter().flatten() {
            for problem in &config.problems {
                out.push(Warning::new("broken-elsewhere", problem.to_string()).at(&problem.place));
            }
        }
        out
    }

    fn broken(&self, log: &[String], proofs: &[Proof]) -> Vec<Warning> {
        let mut out = Vec::new();
        for (kind, id) in log::refused(log) {
            let object = self.objects.find(&self.configs, Type::by_name(kind.as_bytes()), id.as_bytes());
            let Some(object) = object.filter(|_| !proofs.iter().any(|p| p.object == kind && *p.id == *id)) else {
                continue;
            };
            let why = log::blame(log, kind, id).unwrap_or_default();
            let message = format!(
                "not of this change: Asterisk refuses the {kind} {id} as it stands here ({why}); what it has of it is lost at its next start"
            );
            let header = self.configs.category(object).header;
            // The log gives a line without its file, so the option it names is looked up.
            let mut options = self.configs.options(object);
            let named = |name: &[u8]| {
                let name = String::from_utf8_lossy(name);
                [format!("Error parsing {name}="), format!("named '{name}'")].iter().any(|part| why.contains(part))
            };
            let at = options.find(|(name, ..)| named(name)).map_or(header, |(.., var)| var.at);
            out.push(Warning::new("broken-elsewhere", message).number(id).at(&self.configs.of(object).place(at)));
        }
        out
    }

    fn loses(&self) -> Option<Error> {
        let configs = [&self.configs.pjsip, &self.configs.wizard].into_iter().flatten();
        let problem = configs.flat_map(|config| &config.problems).find(|p| p.severity == Severity::Lost)?;
        let error = Error::failed(problem.to_string()).at(problem.place.clone());
        Some(error.hint("this is not live yet, and a reload would make it so: mend it first (nothing was written)"))
    }

    fn plan(&self, live: Option<&Live>, edits: &[Edit], options: &PlanOptions) -> Result<Plan> {
        super::plan::plan(self, live, edits, options)
    }

    fn plan_files(
        &self,
        _: Option<&Live>,
        files: &[FileChange],
        done: &[Done],
        undone: &[Vec<FileChange>],
    ) -> Result<Plan> {
        super::plan::files::files(self, files, done, undone)
    }

    fn proofs(&self, live: Option<&Live>) -> Vec<Proof> {
        let objects = self.endpoints().into_iter().flat_map(|endpoint| {
            let parts = Parts::of(&self.configs, &self.objects, endpoint);
            let number = self.configs.id_text(endpoint);
            parts.objects().map(move |object| (number.clone(), object)).collect::<Vec<_>>()
        });
        super::proofs::of_objects(&self.configs, objects, live)
    }
}

/// Two sections where the engine takes one.
pub fn twice(configs: &Configs, objects: &Objects) -> Option<Error> {
    let duplicate = objects.twice(configs)?;
    let place = |object: Object| configs.of(object).place(configs.category(object).header);
    let (kind, id) = (duplicate[0].kind.name(), configs.id_text(duplicate[0]));
    let message = format!("there are two sections {id} of type {kind}; the other is at {}", place(duplicate[0]));
    Some(Error::failed(message).at(place(duplicate[1])).hint(format!(
        "Asterisk takes no {kind} of this configuration while there are two (at its next start none at all); remove one (nothing was written)"
    )))
}

/// The dialects in the order their files are read.
pub const DIALECTS: [Dialect; 2] = [Dialect::Pjsip, Dialect::Wizard];
