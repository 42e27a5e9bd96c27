//! From edits to a plan: splices, then a second reading of what they would make. Nothing but what
//! was asked for may be different in it, and that difference is what the engine is asked about.
//! Pure: no file, no socket.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::directory::{Part, User};
use super::draft::Draft;
use super::estate::{Estate, Reading};
use super::fields::Wanted;
use super::{layout, proofs};
use crate::engine::{Aftercare, Done, Live, Plan, PlanOptions, Reload, Warning, refuse, suggest};
use crate::error::{Code, Error, Result};
use crate::extension::{Edit, Ext, Want, order};
use crate::text::xml;

pub use crate::engine::moves::Changes;

mod create;
mod disable;
mod dress;
pub mod files;
mod password;
mod remove;
mod renumber;
mod set;

/// The reload people know; it alone makes the directory live.
const RELOAD: &str = "reloadxml";
/// What makes `cidr` live.
const RELOAD_ACL: &str = "reloadacl";
/// Where a call of a user without `user_context` starts (the profiles of the vanilla configuration).
const USUAL_CONTEXT: &str = "public";

/// What every kind of edit looks things up in.
pub struct Room<'e> {
    /// The configuration as it is.
    pub estate: &'e Estate,
    live: Option<&'e Live>,
    options: &'e PlanOptions,
    sorted: OnceCell<Vec<&'e User>>,
    included: OnceCell<HashMap<PathBuf, bool>>,
    contexts: OnceCell<Option<BTreeSet<String>>>,
}

impl<'e> Room<'e> {
    fn new(estate: &'e Estate, live: Option<&'e Live>, options: &'e PlanOptions) -> Self {
        let (sorted, included, contexts) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { estate, live, options, sorted, included, contexts }
    }

    /// The reading everything is planned against.
    pub fn reading(&self) -> &'e Reading {
        &self.estate.reading
    }

    /// The user an EXT means: one, found under his own id, and a phone.
    pub fn user(&self, ext: &Ext) -> Result<&'e User> {
        let reading = self.reading();
        let user = match self.estate.users(ext).as_slice() {
            [] => {
                let names = self.sorted().iter().map(|user| user.id.clone());
                return Err(refuse::no_such_extension(ext, suggest::nearest(&ext.number, names).as_deref()));
            }
            [one] => *one,
            several => {
                let domains = several.iter().map(|user| reading.directory.domains[user.domain].name.clone());
                return Err(refuse::several_domains(ext, &domains.collect::<Vec<_>>()));
            }
        };
        if !user.id.eq_ignore_ascii_case(&ext.number) {
            return Err(Error::new(Code::NotFound, format!("{ext} is only another name of the user {}", user.id))
                .at(reading.doc.place(user.node))
                .hint(format!("name him {}", user.id)));
        }
        refuse::must_be_extension(ext, reading.kind(user), || reading.doc.place(user.node))?;
        Ok(user)
    }

    /// The domain a new extension is to stand in.
    pub fn domain(&self, ext: &Ext) -> Result<usize> {
        let domains = &self.reading().directory.domains;
        let names = || domains.iter().map(|domain| domain.name.clone()).collect::<Vec<_>>().join(", ");
        match (self.estate.domains(ext).as_slice(), &ext.domain) {
            ([one], _) => Ok(*one),
            (_, Some(domain)) if !domains.is_empty() => {
                Err(Error::usage(format!("there is no domain {domain}")).hint(format!("there are: {}", names())))
            }
            ([], _) => Err(Error::failed("there is no domain in the directory")
                .hint("FreeSWITCH finds users only inside <domain> in the section directory")),
            _ => Err(Error::usage(format!("there are several domains for {}", ext.number))
                .hint(format!("name one with --domain: {}", names()))),
        }
    }

    /// The domain's name for a digest.
    pub fn realm(&self, domain: usize) -> Result<&'e str> {
        self.reading().domain_name(domain, self.live).ok_or_else(|| {
            Error::failed("the name of the domain is known only to the running engine")
                .at(self.reading().doc.place(self.reading().directory.domains[domain].node))
                .hint("a digest needs it: run without --offline")
        })
    }

    /// Every user found under his id, in number order.
    pub fn sorted(&self) -> &[&'e User] {
        self.sorted.get_or_init(|| {
            let directory = &self.reading().directory;
            let found = (0..directory.users.len()).filter(|at| directory.is_found(*at));
            let mut users: Vec<&User> = found.map(|at| &directory.users[at]).collect();
            users.sort_by(|a, b| order(&a.id, &b.id));
            users
        })
    }

    /// Whether a new file would be read.
    pub fn is_included(&self, path: &Path) -> bool {
        self.estate.snapshot.is_included(path)
    }

    /// Whether a file is part of the configuration.
    pub fn is_there(&self, path: &Path) -> bool {
        let files = || self.reading().doc.merged.files.iter().map(|file| (file.path.clone(), true)).collect();
        self.included.get_or_init(files).contains_key(path)
    }

    /// The contexts of the dialplan.
    pub fn contexts(&self) -> Option<&BTreeSet<String>> {
        self.contexts.get_or_init(|| self.estate.contexts()).as_ref()
    }

    /// Refuses a context the dialplan does not have, with the near names.
    pub fn check(&self, wanted: &[Wanted], number: &str, warnings: &mut Vec<Warning>) -> Result<()> {
        let value = |part: Part, option: &str| {
            let mut named = wanted.iter().filter(|want| want.part == part && want.option == option);
            named.find_map(|wanted| match &wanted.want {
                Want::Set(value) => Some(value),
                _ => None,
            })
        };
        for Wanted { part, option, want } in wanted {
            let (Want::Set(text) | Want::Add(text)) = want else { continue };
            if let Some(why) = layout::cannot_hold(text.as_bytes()) {
                return Err(Error::usage(format!("{}.{option} cannot be stored like this: {why}", part.name())));
            }
        }
        if let Some(most) = value(Part::Param, "max-registrations-per-extension") {
            let message =
                format!("more than one registration ({most}) also needs multiple-registrations in the SIP profile");
            warnings.push(Warning::new("profile", message).number(number));
        }
        if value(Part::Attr, "cidr").is_some() && !self.estate.lists_users() {
            let message = "calls from its address are let in only where a list of acl.conf.xml has \
                           <node type=\"allow\" domain=...> and the SIP profile applies that list (apply-inbound-acl)";
            warnings.push(Warning::new("profile", message).number(number));
        }
        if self.options.no_validate {
            return Ok(());
        }
        let cleared = |wanted: &&Wanted| {
            wanted.part == Part::Variable && wanted.option == "user_context" && matches!(wanted.want, Want::Unset(_))
        };
        if wanted.iter().any(|wanted| cleared(&wanted)) {
            return Err(Error::usage("a context is not cleared: calls would start in one that is meant for others")
                .hint("name another one, or insist with --no-validate"));
        }
        let most = value(Part::Param, "max-registrations-per-extension");
        if let Some(most) = most.filter(|most| most.is_empty() || !most.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(Error::usage(format!("{most} is no number of registrations"))
                .hint("--no-validate writes it all the same"));
        }
        let Some(context) = value(Part::Variable, "user_context") else { return Ok(()) };
        let Some(contexts) = self.contexts().filter(|contexts| !contexts.contains(context)) else { return Ok(()) };
        Err(refuse::unknown_name("context", context, "the dialplan", contexts.iter().cloned()))
    }
}

/// Turns edits into a plan.
pub fn plan(estate: &Estate, live: Option<&Live>, edits: &[Edit], options: &PlanOptions) -> Result<Plan> {
    estate.stores.refuse()?;
    if let Some(error) = estate.rejected() {
        return Err(error);
    }
    let room = Room::new(estate, live, options);
    let mut draft = Draft::new(&estate.reading);
    all_new(&room, edits)?;
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by(|a, b| order(&a.ext().number, &b.ext().number));
    let mut moving = BTreeSet::new();
    for edit in &sorted {
        if let Edit::Renumber { old, .. } = edit {
            moving.extend(remove::own_file(&draft, room.user(old)?)?);
        }
    }
    let leaving = |path: &Path| moving.contains(path);
    for edit in &sorted {
        let planned = match edit {
            Edit::Create(ext, new) => create::create(&room, &mut draft, ext, new),
            Edit::Password { ext, secret, digest, shared: _ } => {
                password::password(&room, &mut draft, ext, secret.as_ref(), *digest)
            }
            Edit::Set { ext, fields, settings } => set::set(&room, &mut draft, ext, fields, settings),
            Edit::Delete(ext) => remove::remove(&room, &mut draft, ext),
            Edit::Disable(ext) => disable::disable(&room, &mut draft, ext),
            Edit::Enable(ext) => disable::enable(&room, &mut draft, ext),
            Edit::Renumber { old, new } => renumber::renumber(&room, &mut draft, old, new, &leaving),
        };
        planned.map_err(|error| refuse::one_of(edits, edit, error))?;
    }
    finish(&room, draft, edits)
}

/// Every new number must be free, all that are not being named at once.
fn all_new(room: &Room, edits: &[Edit]) -> Result<()> {
    let leaving = edits.iter().filter_map(|edit| match edit {
        Edit::Renumber { old, .. } => Some(old.number.to_ascii_lowercase()),
        _ => None,
    });
    let leaving: BTreeSet<String> = leaving.collect();
    let mut taken = Vec::new();
    let mut seen = BTreeSet::new();
    for edit in edits {
        let new = match edit {
            Edit::Create(ext, _) => ext,
            Edit::Renumber { new, .. } => new,
            _ => continue,
        };
        if !seen.insert((new.domain.clone(), new.number.to_ascii_lowercase())) {
            return Err(Error::usage(format!("{new} is named twice")));
        }
        if !leaving.contains(&new.number.to_ascii_lowercase()) && crate::engine::Estate::has(room.estate, new) {
            taken.push(new.clone());
        }
    }
    refuse::taken(&taken, |one| room.estate.user(one).map(|user| room.reading().doc.place(user.node)))
}

/// Reads the outcome back, refuses what nobody asked for, and asks the engine about the rest.
fn finish(room: &Room, mut draft: Draft, edits: &[Edit]) -> Result<Plan> {
    let changes = draft.changes()?;
    let mut plan = Plan { warnings: std::mem::take(&mut draft.warnings), ..Plan::default() };
    let before = room.reading();
    if changes.is_empty() {
        let users = edits.iter().filter_map(|edit| room.estate.user(edit.ext()));
        plan.prove_new = users.flat_map(|user| proofs::of_user(before, user, room.live)).collect();
        return Ok(plan);
    }
    let after = room.estate.with(&changes)?;
    not_refused(&after)?;
    proofs::nothing_else(before, &after, &draft.allowed)?;
    took_effect(&draft, &after, edits, room)?;
    for (domain, id) in draft.allowed.keys() {
        for reading in [before, &after] {
            if let Some(user) = reading.user(*domain, id) {
                second_opinion(reading, user)?;
            }
        }
    }
    questions(before, &after, &draft.allowed, room.live, &mut plan)?;
    plan.files = draft.file_changes(&changes);
    plan.aftercare = aftercare(room, &draft, edits);
    plan.dial = edits.iter().filter_map(|edit| dialled(room, edit, &after)).collect();
    remove::say_empty_includes(before, &after, &changes, &mut plan.warnings);
    let touched: BTreeSet<&String> = draft.allowed.values().collect();
    let done = edits.iter().map(|edit| done(room, edit, &after));
    plan.done = done.filter(|done| touched.contains(&done.number)).collect();
    Ok(plan)
}

/// Refuses files that the engine itself would refuse.
fn not_refused(after: &Reading) -> Result<()> {
    let Some(error) = after.broken() else { return Ok(()) };
    let message = format!("after this change FreeSWITCH would refuse its files: {}", error.message);
    Err(Error { message, ..error }.hint("nothing was written"))
}

/// The reload and the questions about users who differ.
fn questions(
    before: &Reading,
    after: &Reading,
    users: &proofs::Allowed,
    live: Option<&Live>,
    plan: &mut Plan,
) -> Result<()> {
    let mut cidr = false;
    let mut flush = Vec::new();
    for ((domain, id), number) in users {
        let (old, new) = (before.user(*domain, id), after.user(*domain, id));
        let (mut x, mut y) = proofs::of_change((before, old), (after, new), number, live)?;
        plan.prove_new.append(&mut x);
        plan.prove_old.append(&mut y);
        let networks = |reading: &Reading, user: Option<&User>| {
            user.map(|user| reading.doc.value(user.node, "cidr").into_owned()).filter(|v| !v.is_empty())
        };
        cidr |= networks(before, old) != networks(after, new);
        if let Some(user) = old.filter(|user| !before.doc.value(user.node, "cacheable").is_empty()) {
            flush.extend(flush_commands(before, user, live));
        }
    }
    plan.reload = Reload { narrow: vec![RELOAD.to_owned()], only_narrow: false };
    plan.reload.narrow.extend(cidr.then(|| RELOAD_ACL.to_owned()));
    plan.reload.narrow.extend(flush);
    Ok(())
}

/// Empties the cache of a user marked `cacheable`, who is kept under each name he was looked up by:
/// `reloadxml` does not (observed on 1.11).
fn flush_commands(reading: &Reading, user: &User, live: Option<&Live>) -> Vec<String> {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:+*#[]".contains(&b));
    let names = reading.addresses(user, live);
    let names = names.iter().filter_map(|name| name.rsplit_once('@'));
    let plain = names.filter(|(name, domain)| plain(name) && plain(domain));
    plain.map(|(name, domain)| format!("xml_flush_cache id {name} {domain}")).collect()
}

/// What was asked for must be what the engine would find.
fn took_effect(draft: &Draft, after: &Reading, edits: &[Edit], room: &Room) -> Result<()> {
    for want in &draft.expected {
        let Some(user) = after.user(want.domain, &want.number) else { continue };
        let setting = after.directory.setting(&after.doc, user, want.part, &want.name);
        let have = setting.as_ref().map(|setting| setting.value.to_vec()).filter(|value| !value.is_empty());
        if have != want.value.clone().filter(|value| !value.is_empty()) {
            let place = setting.map_or(user.node, |setting| setting.node);
            let name = format!("{}.{}", want.part.name(), want.name);
            return Err(Error::failed(format!("{name} of {} would still be decided here", want.number))
                .at(after.doc.place(place))
                .hint("change this line by hand first; nothing was written"));
        }
    }
    for edit in edits {
        let (ext, stays) = match edit {
            Edit::Create(ext, _) | Edit::Renumber { new: ext, .. } => (ext, true),
            Edit::Delete(ext) => (ext, false),
            _ => continue,
        };
        let domain = match edit {
            Edit::Renumber { old, .. } => room.user(old)?.domain,
            Edit::Delete(ext) => room.user(ext)?.domain,
            _ => room.domain(ext)?,
        };
        match after.user(domain, &ext.number) {
            Some(user) if stays && user.id == ext.number && !user.is_pointer() => {}
            Some(user) if stays => {
                let what = if user.is_pointer() { "a pointer" } else { "another user" };
                return Err(Error::new(Code::Exists, format!("{what} comes first and would hide {ext}"))
                    .at(after.doc.place(user.node))
                    .hint("choose another file with --file, or mend this by hand (nothing was written)"));
            }
            None if stays => {
                return Err(Error::failed(format!("FreeSWITCH would not find {ext} at this place"))
                    .hint("choose another file with --file (nothing was written)"));
            }
            Some(user) => {
                return Err(Error::failed(format!("without this {ext} another user would be found under it"))
                    .at(after.doc.place(user.node))
                    .hint("remove that one by hand first; nothing was written"));
            }
            None => {}
        }
    }
    Ok(())
}

/// XML by the book must see the same elements and attributes in a user's bytes as the engine does:
/// where the two disagree (an unquoted value, a missing quote) nothing is changed.
fn second_opinion(reading: &Reading, user: &User) -> Result<()> {
    let doc = &reading.doc;
    // A user with directives inside is text of several files; those are not XML of one.
    let Some((file, span)) = doc.merged.source(doc.tree.span(user.node)) else { return Ok(()) };
    let bytes = &doc.merged.files[file as usize].bytes[span.clone()];
    let refuse = |at: usize, why: &str| {
        Err(Error::failed(format!("FreeSWITCH and the XML standard read this differently: {why}"))
            .at(doc.merged.files[file as usize].place(span.start + at))
            .hint("mend this line first; nothing was written"))
    };
    let book = match xml::elements(bytes) {
        Ok(elements) => elements,
        Err((at, why)) => return refuse(at.min(bytes.len()), &why),
    };
    let mut book = book.into_iter();
    let mut todo = vec![user.node];
    while let Some(node) = todo.pop() {
        let at = todo.len();
        todo.extend(doc.tree.children(node));
        todo[at..].reverse();
        let Some(element) = book.next() else { return refuse(0, "an element is missing") };
        let own = doc.tree.attributes(node).map(|(name, value, quoted)| {
            let value = doc.merged.between(value).filter(|_| quoted).map(|(_, value)| value);
            (doc.merged.text[name].to_vec(), value)
        });
        let theirs = element.attributes.iter().map(|(name, value)| {
            (bytes[name.clone()].to_vec(), Some(span.start + value.start..span.start + value.end))
        });
        if bytes[element.name.clone()] != *doc.name(node) || !own.eq(theirs) {
            return refuse(element.name.start, "the attributes of this element");
        }
    }
    match book.next() {
        None => Ok(()),
        Some(element) => refuse(element.name.start, "this element"),
    }
}

/// What follows after proof: what the edits need, and what `--kick` and `--hangup` ask for.
fn aftercare(room: &Room, draft: &Draft, edits: &[Edit]) -> Vec<Aftercare> {
    let mut out = draft.aftercare.clone();
    for edit in edits {
        let Some(user) = room.estate.user(edit.ext()) else { continue };
        // Who is gone is registered no more.
        let kick = room.options.kick || matches!(edit, Edit::Delete(_));
        for id in room.reading().addresses(user, room.live) {
            out.extend(kick.then(|| Aftercare::Kick { id: id.clone() }));
            out.extend(room.options.hangup.then_some(Aftercare::Hangup { id }));
        }
    }
    let mut seen = BTreeSet::new();
    out.retain(|act| seen.insert(act.clone()));
    out
}

/// A number that is new, with the context that should be able to dial it.
fn dialled(room: &Room, edit: &Edit, after: &Reading) -> Option<(String, String)> {
    let (ext, domain) = match edit {
        Edit::Create(ext, _) => (ext, room.domain(ext).ok()?),
        Edit::Renumber { old, new } => (new, room.user(old).ok()?.domain),
        _ => return None,
    };
    let context = after.value(after.user(domain, &ext.number)?, Part::Variable, "user_context");
    let context = context.map_or_else(|| USUAL_CONTEXT.to_owned(), |c| String::from_utf8_lossy(&c).into_owned());
    Some((ext.number.clone(), context))
}

fn done(room: &Room, edit: &Edit, after: &Reading) -> Done {
    let at = match edit {
        Edit::Create(ext, _) => room.domain(ext).ok(),
        _ => room.user(edit.ext()).ok().map(|user| user.domain),
    };
    let domain = at.and_then(|domain| after.domain_name(domain, room.live)).map(str::to_owned);
    Done::of(edit, domain)
}
