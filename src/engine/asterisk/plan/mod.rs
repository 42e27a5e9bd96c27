//! From edits to a plan: splices, then a second reading of what they would make. Nothing but what
//! was asked for may be different in it, and that difference is what the engine is asked about.
//! Pure: no file, no socket.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::config::Config;
use super::draft::Draft;
use super::estate::{DIALECTS, Estate, Outcome};
use super::fields::Wanted;
use super::layout;
use super::mask;
use super::objects::{Configs, Dialect, Object, Objects, Type};
use super::options::{self, Check, Version};
use super::parts::Parts;
use super::proofs;
use crate::engine::suggest;
use crate::engine::{Aftercare, Done, Live, Plan, PlanOptions, Reload, Warning, refuse};
use crate::error::{Error, Place, Result};
use crate::extension::{Edit, Ext, Want, order};
use crate::secret::{Algorithm, Secret};

mod create;
mod custom;
pub mod files;
mod password;
mod remove;
mod renumber;
mod section;
mod set;

use password::Challenge;

/// The narrowest reload that makes pjsip.conf and pjsip_wizard.conf live.
pub const RELOAD: &str = "module reload res_pjsip.so";

/// What every kind of edit looks things up in.
pub struct Room<'e> {
    /// The configuration as it is.
    pub estate: &'e Estate,
    live: Option<&'e Live>,
    version: Option<Version>,
    options: &'e PlanOptions,
    endpoints: OnceCell<Vec<Object>>,
    outbound: OnceCell<HashSet<Vec<u8>>>,
    /// What new extensions will be challenged with, where that is known already.
    challenges: HashMap<String, Challenge>,
}

impl<'e> Room<'e> {
    fn new(estate: &'e Estate, live: Option<&'e Live>, options: &'e PlanOptions) -> Self {
        let version = live.and_then(|live| Version::parse(&live.version));
        Self {
            estate,
            live,
            version,
            options,
            endpoints: OnceCell::new(),
            outbound: OnceCell::new(),
            challenges: HashMap::new(),
        }
    }

    /// The objects of an extension that must be there and be a phone.
    pub fn extension(&self, number: &str) -> Result<Parts> {
        let ext = Ext { number: number.to_owned(), domain: None };
        let Some(parts) = self.estate.parts(number) else {
            let names = self.endpoints().iter().map(|endpoint| self.estate.configs.id_text(*endpoint));
            return Err(refuse::no_such_extension(&ext, suggest::nearest(number, names).as_deref()));
        };
        refuse::must_be_extension(&ext, parts.kind(&self.estate.configs), || self.header(parts.endpoint))?;
        Ok(parts)
    }

    /// Every endpoint in number order.
    pub fn endpoints(&self) -> &[Object] {
        self.endpoints.get_or_init(|| self.estate.endpoints())
    }

    /// Where an object's first header stands.
    pub fn header(&self, object: Object) -> Place {
        self.estate.configs.of(object).place(self.estate.configs.category(object).header)
    }

    /// Whether an endpoint or registration answers challenges with this auth.
    pub fn is_outbound_auth(&self, auth: Object) -> bool {
        if auth.kind != Type::Auth {
            return false;
        }
        let outbound = self.outbound.get_or_init(|| {
            let (configs, objects) = (&self.estate.configs, &self.estate.objects);
            let users = objects.of(Type::Endpoint).iter().chain(objects.of(Type::Registration));
            // Nearly no endpoint names one; this keeps the list from being made for each.
            let named = users.filter(|user| configs.last(**user, "outbound_auth").is_some());
            named.flat_map(|user| configs.list(*user, "outbound_auth")).map(<[u8]>::to_vec).collect()
        });
        outbound.contains(&*self.estate.configs.id(auth))
    }

    /// How the running version stores a digest of these algorithms; by what the files show where it cannot
    /// be asked.
    pub fn digest_form(&self, algorithms: &[Algorithm]) -> password::DigestForm {
        let shown = || {
            if algorithms != [Algorithm::Md5] {
                return true;
            }
            let auths = self.estate.objects.of(Type::Auth);
            auths.iter().any(|auth| self.estate.configs.text(*auth, "password_digest").is_some())
        };
        match self.version.is_none() && shown() {
            true => password::DigestForm::PasswordDigest,
            false => password::DigestForm::of(self.version.as_ref()),
        }
    }

    /// What the phone of a new extension is challenged with, as far as that is known.
    pub fn challenge(&self, number: &str, secret: &Secret) -> Challenge {
        self.challenges.get(number).cloned().unwrap_or_else(|| Challenge {
            realm: self.default_realm(),
            algorithms: if secret.is_hashed() { secret.algorithms() } else { vec![Algorithm::Md5] },
        })
    }

    /// What holds for all.
    fn global(&self) -> Option<Object> {
        self.estate.objects.of(Type::Global).first().copied()
    }

    /// The realm of an auth that names none.
    pub fn default_realm(&self) -> String {
        let realm = self.global().and_then(|global| self.estate.configs.text(global, "default_realm"));
        realm.or_else(|| self.live.and_then(|live| live.realm.clone())).unwrap_or_else(|| "asterisk".to_owned())
    }

    /// Refuses a context that no file defines, with the near names.
    pub fn check_context(&self, context: &str) -> Result<()> {
        let Some(contexts) = &self.estate.contexts else { return Ok(()) };
        if self.options.no_validate || contexts.contains(context) {
            return Ok(());
        }
        if context.is_empty() {
            return Err(Error::usage("a context is not cleared: calls would start in one that is meant for others")
                .hint("name another one, or take its line out with --unset endpoint.context"));
        }
        Err(refuse::unknown_name("context", context, "extensions.conf", contexts.iter().cloned()))
    }

    /// Refuses a transport that is not there, with the near names: Asterisk would take it without a word
    /// and call nobody (observed on 16.28 and 22.10).
    fn check_transport(&self, transport: &str) -> Result<()> {
        let elsewhere = self.estate.stores.others.iter().any(|store| store.kind == Type::Transport);
        let configs = &self.estate.configs;
        let names = self.estate.objects.of(Type::Transport).iter().map(|object| configs.id_text(*object));
        if transport.is_empty() || elsewhere || names.clone().any(|name| name == transport) {
            return Ok(());
        }
        Err(refuse::unknown_name("transport", transport, "pjsip.conf", names)
            .hint("--no-validate writes it all the same; Asterisk decides then"))
    }

    fn category(&self, name: &str) -> Option<(&Config, &super::config::Category)> {
        let config = self.estate.configs.get(Dialect::Pjsip)?;
        let found = config.categories.iter().find(|c| config.name(c).eq_ignore_ascii_case(name.as_bytes()))?;
        Some((config, found))
    }

    /// Refuses a template that is not there, with the near names.
    pub fn check_template(&self, name: &str) -> Result<()> {
        if name.is_empty() || self.category(name).is_some() {
            return Ok(());
        }
        let templates: Vec<String> = match self.estate.configs.get(Dialect::Pjsip) {
            Some(config) => {
                let templates = config.categories.iter().filter(|category| category.template);
                templates.map(|category| String::from_utf8_lossy(config.name(category)).into_owned()).collect()
            }
            None => Vec::new(),
        };
        let error = Error::usage(format!("there is no template {name}"));
        Err(match suggest::nearest(name, templates.iter().cloned()) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None if templates.is_empty() => error.hint("there are no templates here"),
            None => error.hint(format!("there are: {}", templates.join(", "))),
        })
    }

    /// What a template says about an option.
    pub fn template_value(&self, name: &str, option: &str) -> Option<Vec<u8>> {
        let (config, category) = self.category(name)?;
        let mut vars = category.vars.iter().rev();
        let var = vars.find(|var| config.key(var).eq_ignore_ascii_case(option.as_bytes()))?;
        Some(config.value(var).to_vec())
    }

    /// The context of a new extension that has no neighbour: what was asked, what the only context
    /// of the dialplan is called, else the engine's default.
    pub fn usual_context(&self, wish: &create::Wish) -> Result<String> {
        if let Some(context) = &wish.context {
            return Ok(context.clone());
        }
        match &self.estate.contexts {
            None => Ok("default".to_owned()),
            Some(contexts) if contexts.len() == 1 => Ok(contexts.iter().next().cloned().unwrap_or_default()),
            Some(contexts) if contexts.contains("internal") => Ok("internal".to_owned()),
            Some(contexts) if contexts.is_empty() => Ok("default".to_owned()),
            Some(contexts) => Err(Error::usage(format!("no neighbour shows which context {} belongs to", wish.number))
                .hint(format!(
                    "name it with --context; there are: {}",
                    contexts.iter().cloned().collect::<Vec<_>>().join(", ")
                ))),
        }
    }

    /// The file new sections go to without a neighbour.
    pub fn main_file(&self) -> Option<PathBuf> {
        let config = DIALECTS.iter().find_map(|dialect| self.estate.configs.get(*dialect))?;
        config.files.first().map(|file| file.path.clone())
    }

    /// The line end a file uses.
    pub fn line_end_of(&self, path: &Path) -> &'static [u8] {
        let configs = [&self.estate.configs.pjsip, &self.estate.configs.wizard].into_iter().flatten();
        let file = configs.flat_map(|config| &config.files).find(|file| file.path == path);
        file.filter(|file| !file.doc.lines().is_empty()).map_or(b"\n", |file| layout::line_end(&file.doc, 0))
    }

    /// Checks option names and values against the running version and sipctl's own table.
    pub fn check(&self, wanted: &[Wanted], number: &str, warnings: &mut Vec<Warning>) -> Result<()> {
        if self.options.no_validate {
            return Ok(());
        }
        let none = BTreeSet::new();
        for want in wanted {
            let object = want.object.name();
            let value = match &want.want {
                Want::Set(value) | Want::Add(value) => value.as_str(),
                Want::Unset(_) => continue,
            };
            let known = self.live.and_then(|live| live.options.get(object)).unwrap_or(&none);
            let name = format!("{object}.{}", want.option);
            match (want.object, want.option.to_ascii_lowercase().as_str()) {
                (Type::Endpoint, "context") => self.check_context(value)?,
                (Type::Endpoint, "transport") => self.check_transport(value)?,
                (Type::Endpoint, "outbound_auth") if !value.is_empty() => {
                    return Err(Error::usage(format!("{name} makes a trunk of it, and sipctl changes phones only")));
                }
                _ => {}
            }
            match options::check(object, &want.option, value, self.version.as_ref(), known) {
                Check::Fine => {}
                Check::UnknownToUs => warnings.push(
                    Warning::new(
                        "unknown-option",
                        format!("{name} is known to this Asterisk, not to sipctl: its value is not checked"),
                    )
                    .number(number),
                ),
                Check::NoSuchOption { near } => {
                    let error = Error::usage(format!("Asterisk has no option {name}"));
                    return Err(match near.first() {
                        Some(near) => error.hint(format!("did you mean {near}?")),
                        None => error.hint("--no-validate writes it all the same; Asterisk decides then"),
                    });
                }
                Check::NotInVersion { since } => {
                    return Err(Error::usage(format!("{name} came with Asterisk {since}"))
                        .hint("--no-validate writes it all the same; Asterisk decides then"));
                }
                Check::BadValue { why } => {
                    let value = if mask::is_secret(want.option.as_bytes()) { mask::MASK } else { value };
                    return Err(Error::usage(format!("{name} cannot be `{value}`: write {why}"))
                        .hint("--no-validate writes it all the same; Asterisk decides then"));
                }
            }
        }
        Ok(())
    }
}

/// Turns edits into a plan.
pub fn plan(estate: &Estate, live: Option<&Live>, edits: &[Edit], options: &PlanOptions) -> Result<Plan> {
    let mut room = Room::new(estate, live, options);
    let first = edits.first().map(|edit| edit.ext().number.clone()).unwrap_or_default();
    if let Some(draft) = custom::plan(&room, edits)? {
        return finish(&room, draft, edits);
    }
    estate.stores.refuse(&first)?;
    if let Some(error) = estate.rejected() {
        return Err(error);
    }
    all_new(&room, edits)?;
    let mut draft = drafted(&room, edits)?;
    room.challenges = challenges(&room, &mut draft, edits)?;
    if !room.challenges.is_empty() {
        draft = drafted(&room, edits)?;
    }
    finish(&room, draft, edits)
}

/// What new extensions with a digest will be challenged with, where that is not what was thought: their
/// auths are made like their neighbours', which may name a realm or algorithms, or leave it to a template.
fn challenges(room: &Room, draft: &mut Draft, edits: &[Edit]) -> Result<HashMap<String, Challenge>> {
    let with_digest = |edit: &Edit| match edit {
        Edit::Create(ext, new) if new.digest => Some((ext.number.clone(), new.password.clone()?)),
        _ => None,
    };
    let new: Vec<(String, Secret)> = edits.iter().filter_map(with_digest).collect();
    if new.is_empty() {
        return Ok(HashMap::new());
    }
    let Outcome { configs, objects, .. } = room.estate.with(&draft.changes())?;
    let asked = |(number, secret): (String, Secret)| {
        let endpoint = objects.find(&configs, Type::Endpoint, number.as_bytes())?;
        let auth = *Parts::of(&configs, &objects, endpoint).auths.first()?;
        let asked = Challenge::of(room, &configs, auth);
        (asked != room.challenge(&number, &secret)).then_some((number, asked))
    };
    Ok(new.into_iter().filter_map(asked).collect())
}

/// The files as the edits make them.
fn drafted<'e>(room: &Room<'e>, edits: &[Edit]) -> Result<Draft<'e>> {
    let mut draft = Draft::new(room.estate);
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by(|a, b| order(&a.ext().number, &b.ext().number));
    for edit in &sorted {
        let number = &edit.ext().number;
        let planned = match edit {
            Edit::Create(_, new) => create::create(room, &mut draft, number, new),
            Edit::Password { .. } => password::password(room, &mut draft, edit),
            Edit::Set { fields, settings, .. } => set::set(room, &mut draft, number, fields, settings),
            Edit::Delete(_) => remove::remove(room, &mut draft, number),
            Edit::Disable(_) => set::disable(room, &mut draft, number),
            Edit::Enable(_) => set::enable(room, &mut draft, number),
            Edit::Renumber { .. } => Ok(()),
        };
        planned.map_err(|error| refuse::one_of(edits, edit, error))?;
    }
    let pairs: Vec<(String, String)> = sorted
        .iter()
        .filter_map(|edit| match edit {
            Edit::Renumber { old, new } => Some((old.number.clone(), new.number.clone())),
            _ => None,
        })
        .collect();
    if !pairs.is_empty() {
        renumber::renumber(room, &mut draft, &pairs)?;
    }
    Ok(draft)
}

/// Every new number must be free, all that are not being named at once.
fn all_new(room: &Room, edits: &[Edit]) -> Result<()> {
    let leaving: BTreeSet<&str> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::Renumber { old, .. } => Some(old.number.as_str()),
            _ => None,
        })
        .collect();
    let mut taken = Vec::new();
    let mut seen = BTreeSet::new();
    for edit in edits {
        let new = match edit {
            Edit::Create(ext, _) => &ext.number,
            Edit::Renumber { new, .. } => &new.number,
            _ => continue,
        };
        if new.contains(',') || new.trim() != new {
            return Err(Error::usage(format!("{new:?} is no number: auth= and aors= could not name it")));
        }
        if !seen.insert(new) {
            return Err(Error::usage(format!("{new} is named twice")));
        }
        let ext = Ext { number: new.clone(), domain: None };
        if crate::engine::Estate::has(room.estate, &ext) && !leaving.contains(new.as_str()) {
            taken.push(ext);
        }
    }
    refuse::taken(&taken, |one| {
        let kinds = [Type::Endpoint, Type::Auth, Type::Aor];
        let id = one.number.as_bytes();
        let object = kinds.iter().find_map(|kind| room.estate.objects.find(&room.estate.configs, *kind, id));
        object.map(|object| room.header(object))
    })
}

/// Reads the outcome back, refuses what nobody asked for, and asks the engine about the rest.
fn finish(room: &Room, mut draft: Draft, edits: &[Edit]) -> Result<Plan> {
    let changes = draft.changes();
    let mut plan = Plan { warnings: std::mem::take(&mut draft.warnings), ..Plan::default() };
    plan.aftercare = aftercare(room, edits);
    if changes.is_empty() {
        plan.prove_new = unchanged(room, edits);
        return Ok(plan);
    }
    let Outcome { before, configs, objects } = room.estate.with(&changes)?;
    if let Some(problem) = new_problem(&room.estate.configs, &configs) {
        return Err(problem);
    }
    let before = (&room.estate.configs, before.as_ref().unwrap_or(&room.estate.objects));
    let difference = proofs::difference(before, (&configs, &objects), &|kind, id| draft.owner(kind, id))?;
    for (kind, id) in &difference.objects {
        if draft.owner(*kind, id).is_none() {
            let name = String::from_utf8_lossy(id);
            return Err(Error::failed(format!(
                "this would also change {} {name}, which nobody asked for",
                kind.name()
            ))
            .hint("the way these files refer to each other makes it so; nothing was written"));
        }
    }
    let missing = edits.iter().find_map(|edit| match edit {
        Edit::Create(ext, _) => objects.find(&configs, Type::Endpoint, ext.number.as_bytes()).is_none().then_some(ext),
        _ => None,
    });
    if let Some(ext) = missing {
        return Err(Error::failed(format!("Asterisk would not read the sections of {ext} at this place"))
            .hint("choose another file with --file (nothing was written)"));
    }
    for edit in edits {
        password::fits_still(room, (&configs, &objects), edits, edit)
            .map_err(|error| refuse::one_of(edits, edit, error))?;
    }
    plan.prove_new = difference.new;
    plan.prove_old = difference.old;
    plan.files = draft.file_changes(&changes);
    plan.reload = Reload { narrow: vec![RELOAD.to_owned()], only_narrow: false };
    plan.aftercare.splice(0..0, std::mem::take(&mut draft.aftercare));
    plan.dial = edits.iter().filter_map(|edit| dial(&configs, &objects, edit)).collect();
    let touched = draft.touched();
    let done = edits.iter().map(|edit| Done::of(edit, None));
    plan.done = done.filter(|done| touched.contains(done.number.as_str())).collect();
    Ok(plan)
}

/// What `--kick` and `--hangup` want of the extensions that are there now.
fn aftercare(room: &Room, edits: &[Edit]) -> Vec<Aftercare> {
    let mut out = Vec::new();
    for edit in edits.iter().filter(|_| room.options.kick || room.options.hangup) {
        let Some(parts) = room.estate.parts(&edit.ext().number) else { continue };
        let id = |object: &Object| room.estate.configs.id_text(*object);
        // Deleting sees to that itself: an AOR may serve others.
        if room.options.kick && !matches!(edit, Edit::Delete(_)) {
            out.extend(parts.aors.iter().map(|aor| Aftercare::Kick { id: id(aor) }));
        }
        if room.options.hangup {
            out.push(Aftercare::Hangup { id: id(&parts.endpoint) });
        }
    }
    out
}

/// The number and context of an extension that comes to be.
fn dial(configs: &Configs, objects: &Objects, edit: &Edit) -> Option<(String, String)> {
    let (Edit::Create(Ext { number, .. }, _) | Edit::Renumber { new: Ext { number, .. }, .. }) = edit else {
        return None;
    };
    let endpoint = objects.find(configs, Type::Endpoint, number.as_bytes())?;
    let context = configs.text(endpoint, "context").unwrap_or_else(|| "default".to_owned());
    Some((number.clone(), context))
}

/// Something the engine would reject or lose that it does not reject or lose now.
fn new_problem(before: &Configs, after: &Configs) -> Option<Error> {
    for dialect in DIALECTS {
        let (Some(before), Some(after)) = (before.get(dialect), after.get(dialect)) else { continue };
        let new = after.problems.iter().find(|p| !before.problems.iter().any(|q| q.cause == p.cause));
        if let Some(problem) = new {
            return Some(
                Error::failed(format!("after this change Asterisk would complain: {problem}"))
                    .at(problem.place.clone())
                    .hint("nothing was written"),
            );
        }
    }
    None
}

/// What to ask when there is nothing to change.
fn unchanged(room: &Room, edits: &[Edit]) -> Vec<crate::engine::Proof> {
    let objects = edits.iter().filter_map(|edit| {
        let number = edit.ext().number.clone();
        let parts = room.estate.parts(&number)?;
        Some(parts.objects().map(|object| (number.clone(), object)).collect::<Vec<_>>())
    });
    proofs::of_objects(&room.estate.configs, objects.flatten(), room.live)
}
