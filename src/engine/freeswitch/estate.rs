//! The configuration of one FreeSWITCH, read at one moment, as FreeSWITCH would make of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::console;
use super::directory::{Directory, Document, Part, User};
use super::fields;
use super::mask::{self, MASK};
use super::merged::{MAIN, Merged};
use super::stores::Stores;
use crate::cx::Cx;
use crate::engine::mentions::Mentions;
use crate::engine::snapshot::{Recorder, Snapshot};
use crate::engine::{self, Done, FileChange, Live, Plan, PlanOptions, Proof, Warning};
use crate::error::{Error, Place, Result};
use crate::extension::{Edit, Ext, Extension, Kind, SecretKind, ShownSetting, order};
use crate::host::{Host, Meta, Want};
use crate::secret::{Credential, Secret, Stored};

/// The parts of a user, in the order they are shown.
pub const PARTS: [Part; 3] = [Part::Attr, Part::Param, Part::Variable];

/// One reading of the files.
pub struct Reading {
    /// The merged text.
    pub doc: Document,
    /// Its directory.
    pub directory: Directory,
}

impl Reading {
    fn load(cx: &Cx, host: &dyn Host, folder: &Path) -> Result<Self> {
        let doc = Document::new(Merged::load(cx, host, folder)?);
        let directory = Directory::new(&doc);
        Ok(Self { doc, directory })
    }

    /// The user found under a name.
    pub fn user(&self, domain: usize, name: &str) -> Option<&User> {
        self.directory.find(domain, name).map(|at| &self.directory.users[at])
    }

    /// The value of a user's setting; empty counts as none.
    pub fn value(&self, user: &User, part: Part, name: &str) -> Option<Vec<u8>> {
        let setting = self.directory.setting(&self.doc, user, part, name)?;
        Some(setting.value.into_owned()).filter(|value| !value.is_empty())
    }

    /// The domain's name: of the files where they say it, else as the running engine says.
    pub fn domain_name<'a>(&'a self, domain: usize, live: Option<&'a Live>) -> Option<&'a str> {
        let domain = &self.directory.domains[domain];
        match domain.known {
            true => Some(&domain.name),
            false => live.and_then(|live| live.realm.as_deref()),
        }
    }

    /// How the engine names a user: `number@domain`.
    pub fn address(&self, user: &User, live: Option<&Live>) -> String {
        match self.domain_name(user.domain, live) {
            Some(domain) => format!("{}@{domain}", user.id),
            None => user.id.clone(),
        }
    }

    /// Every name he answers to; a phone may register under each.
    pub fn addresses(&self, user: &User, live: Option<&Live>) -> Vec<String> {
        let alias = user.alias.as_ref().filter(|alias| !alias.eq_ignore_ascii_case(&user.id));
        let alias = alias.map(|alias| User { id: alias.clone(), ..user.clone() });
        std::iter::once(user).chain(&alias).map(|user| self.address(user, live)).collect()
    }

    /// How his password is stored.
    pub fn secret(&self, user: &User) -> SecretKind {
        if user.is_pointer() {
            return SecretKind::None;
        }
        let setting = |name: &str| self.directory.setting(&self.doc, user, Part::Param, name);
        if let Some(hash) = setting("a1-hash") {
            return if hash.value.is_empty() { SecretKind::None } else { SecretKind::Digest };
        }
        let says =
            |name: &str, word: &str| setting(name).is_some_and(|s| s.value.eq_ignore_ascii_case(word.as_bytes()));
        match setting("password").filter(|password| !password.value.is_empty()) {
            Some(password) => {
                let here = password.span.filter(|_| password.own);
                match here.is_some_and(|span| self.doc.merged.is_verbatim(span)) {
                    true => SecretKind::Clear,
                    false => SecretKind::Inherited,
                }
            }
            None if says("allow-empty-password", "false") || says("sip-forbid-register", "true") => SecretKind::None,
            None => SecretKind::Open,
        }
    }

    /// What a user is.
    pub fn kind(&self, user: &User) -> Kind {
        let gateways = self.doc.child(user.node, "gateways");
        if user.is_pointer() {
            Kind::Pointer
        } else if user.kind.is_some() || user.id.is_empty() {
            Kind::Other
        } else if gateways.is_some_and(|gateways| self.doc.child(gateways, "gateway").is_some()) {
            Kind::Trunk
        } else {
            let stored = matches!(self.secret(user), SecretKind::None | SecretKind::Open);
            match stored && !self.doc.value(user.node, "cidr").is_empty() {
                true => Kind::IpPhone,
                false => Kind::Phone,
            }
        }
    }

    /// Whether sipctl disabled him.
    pub fn is_disabled(&self, user: &User) -> bool {
        self.doc.tree.attribute(&self.doc.merged.text, user.node, fields::DISABLED).is_some()
    }

    /// What FreeSWITCH would refuse, with the file whose fault it is.
    pub fn broken(&self) -> Option<Error> {
        let broken = self.doc.tree.broken.as_ref()?;
        let merged = &self.doc.merged;
        let depth = |at: usize| merged.origin(at).map_or(0, |(file, _)| merged.files[file as usize].depth);
        // A tag left open is noticed only behind its file, in the one that includes it.
        let open = broken.open.filter(|open| depth(*open) > depth(broken.at));
        let message = match open {
            Some(_) => format!("this element is not closed ({})", broken.message),
            None => broken.message.clone(),
        };
        Some(Error::failed(message).at(merged.place(open.unwrap_or(broken.at))))
    }
}

/// The configuration files of one FreeSWITCH with their meaning.
pub struct Estate {
    folder: PathBuf,
    /// What was read, for reading again with changes.
    pub snapshot: Snapshot,
    /// What it means.
    pub reading: Reading,
    /// Who else answers for it.
    pub stores: Stores,
    /// Where numbers are mentioned; only when asked.
    pub mentions: Option<Mentions>,
}

/// What the stock configuration includes (conf/vanilla of 1.10): whoever has it reads all in one
/// exchange, others one more for each level of includes.
const USUAL: [&str; 9] = [
    "vars.xml",
    "autoload_configs/*.xml",
    "dialplan/*.xml",
    "chatplan/*.xml",
    "directory/*.xml",
    "autoload_configs/../sip_profiles/*.xml",
    "dialplan/default/*.xml",
    "dialplan/public/*.xml",
    "directory/default/*.xml",
];

/// What is read first.
pub fn wants(folder: &Path) -> Vec<Want> {
    let usual = USUAL.iter().map(|pattern| Want::Glob(folder.join(pattern)));
    [Want::File(folder.join(MAIN)), Stores::want()].into_iter().chain(usual).collect()
}

impl Estate {
    /// Reads the configuration in `folder`.
    pub fn load(cx: &Cx, host: &dyn Host, folder: &Path, mentions: bool) -> Result<Self> {
        let recorder = Recorder::new(host);
        let reading = Reading::load(cx, &recorder, folder)?;
        let snapshot = recorder.finish();
        let stores = Stores::read(cx, host, &reading.doc)?;
        let mentions = mentions.then(|| super::mentions::of(&reading));
        Ok(Self { folder: folder.to_owned(), snapshot, reading, stores, mentions })
    }

    /// The folder it stands in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The same configuration with some files other than they are.
    pub fn with(&self, changes: &BTreeMap<PathBuf, Option<Arc<[u8]>>>) -> Result<Reading> {
        Reading::load(&Cx::new(&crate::cx::Silent), &self.snapshot.with(changes), &self.folder)
    }

    /// The domains an EXT may be in.
    pub fn domains(&self, ext: &Ext) -> Vec<usize> {
        let directory = &self.reading.directory;
        match &ext.domain {
            None => (0..directory.domains.len()).collect(),
            Some(name) => match (directory.domain_named(name), directory.domains.as_slice()) {
                (Some(domain), _) => vec![domain],
                // The only domain, whose name the files do not say, is the one meant.
                (None, [only]) if !only.known => vec![0],
                (None, _) => Vec::new(),
            },
        }
    }

    /// The users an EXT may mean: one in each domain that has it. A pointer is nobody where another
    /// domain has a user.
    pub fn users(&self, ext: &Ext) -> Vec<&User> {
        let users = self.domains(ext).into_iter().filter_map(|domain| self.reading.user(domain, &ext.number));
        let mut users: Vec<&User> = users.collect();
        if users.iter().any(|user| !user.is_pointer()) {
            users.retain(|user| !user.is_pointer());
        }
        users
    }

    /// The user an EXT means.
    pub fn user(&self, ext: &Ext) -> Option<&User> {
        self.users(ext).first().copied()
    }

    /// One extension as lists show it.
    pub fn extension(&self, user: &User) -> Extension {
        let Reading { doc, directory } = &self.reading;
        Extension {
            number: user.id.clone(),
            domain: Some(&directory.domains[user.domain])
                .filter(|domain| domain.known)
                .map(|domain| domain.name.clone()),
            kind: self.reading.kind(user),
            fields: match user.is_pointer() {
                true => Default::default(),
                false => fields::read(directory, doc, user),
            },
            secret: self.reading.secret(user),
            source: doc.place(user.node),
            managed: None,
            list: directory
                .setting(doc, user, Part::Attr, fields::LIST)
                .map(|mark| String::from_utf8_lossy(&mark.value).into_owned()),
        }
    }

    /// What the engine itself would reject, or what hides the directory from sipctl: a change on
    /// top of it is refused.
    pub fn rejected(&self) -> Option<Error> {
        if let Some(error) = self.reading.broken() {
            return Some(error.hint(
                "FreeSWITCH takes no change while this is so, and does not start; mend this line first (nothing was written)",
            ));
        }
        if let Some(at) = self.reading.doc.tree.declares {
            let place = self.reading.doc.merged.place(at);
            return Some(
                Error::failed(
                    "this document type declares more than entities; sipctl cannot tell what follows from it",
                )
                .at(place)
                .hint("nothing was written"),
            );
        }
        let blind = self.reading.doc.merged.problems.iter().find(|problem| problem.blind)?;
        Some(Error::failed(blind.message.clone()).at(blind.place.clone()).hint("nothing was written"))
    }

    /// Whether a list of acl.conf takes the networks of users in.
    pub fn lists_users(&self) -> bool {
        let doc = &self.reading.doc;
        let Some(configuration) = doc.section("configuration") else { return false };
        let mut all = doc.named(configuration, "configuration");
        let acl = all.find(|node| doc.value(*node, "name").eq_ignore_ascii_case(b"acl.conf"));
        let lists = acl.and_then(|acl| doc.child(acl, "network-lists"));
        let mut lists = lists.into_iter().flat_map(|lists| doc.named(lists, "list"));
        lists.any(|list| doc.named(list, "node").any(|node| !doc.value(node, "domain").is_empty()))
    }

    /// The contexts of the dialplan; `None` where they may come from elsewhere too.
    pub fn contexts(&self) -> Option<BTreeSet<String>> {
        let doc = &self.reading.doc;
        if self.stores.dialplan.is_some() || doc.tree.broken.is_some() {
            return None;
        }
        let contexts: BTreeSet<String> =
            doc.named(doc.section("dialplan")?, "context").map(|context| doc.text(context, "name")).collect();
        (!contexts.is_empty()).then_some(contexts)
    }
}

impl engine::Estate for Estate {
    fn files(&self) -> Vec<(&Path, &Arc<[u8]>, &Meta)> {
        let files = self.reading.doc.merged.files.iter();
        files.map(|file| (file.path.as_path(), &file.bytes, &file.meta)).collect()
    }

    fn extensions(&self) -> Vec<Extension> {
        let directory = &self.reading.directory;
        let users = directory.users.iter().enumerate();
        let listed = users.filter(|(at, user)| user.is_pointer() || directory.is_found(*at));
        let mut out: Vec<Extension> = listed.map(|(_, user)| self.extension(user)).collect();
        out.sort_by(|a, b| order(&a.number, &b.number));
        out
    }

    fn find(&self, ext: &Ext) -> Option<Extension> {
        self.user(ext).map(|user| self.extension(user))
    }

    fn domains(&self, ext: &Ext) -> Option<Vec<String>> {
        let domain = |user: &&User| self.reading.directory.domains[user.domain].name.clone();
        Some(self.users(ext).iter().map(domain).collect())
    }

    fn has(&self, ext: &Ext) -> bool {
        let users = &self.reading.directory.users;
        self.users(ext).into_iter().any(|found| {
            let called = |user: &User| {
                [Some(&user.id), user.alias.as_ref()].into_iter().flatten().any(|n| n.eq_ignore_ascii_case(&ext.number))
            };
            let real = |user: &User| user.domain == found.domain && !user.is_pointer() && called(user);
            !found.is_pointer() || users.iter().any(real)
        })
    }

    fn settings(&self, ext: &Ext, reveal: bool) -> Vec<ShownSetting<'_>> {
        let Some(user) = self.user(ext) else { return Vec::new() };
        let Reading { doc, directory } = &self.reading;
        let mut out = Vec::new();
        for setting in PARTS.iter().flat_map(|part| directory.settings(doc, user, *part)) {
            let place = doc.merged.place(setting.span.map_or(doc.tree.open(setting.node).start, |span| span.start));
            out.push(ShownSetting {
                section: setting.part.name(),
                option: String::from_utf8_lossy(&setting.name).into_owned().into(),
                value: match mask::is_secret(&setting.name) && !reveal {
                    true => MASK.into(),
                    false => String::from_utf8_lossy(&setting.value).into_owned().into(),
                },
                file: place.file.into(),
                line: place.line,
                inherited: !setting.own,
            });
        }
        out
    }

    fn locate(&self, refusal: &Error) -> Option<Place> {
        self.reading.doc.merged.place_of_line(console::Refusal::of(refusal)?.line?)
    }

    fn registers_as(&self, ext: &Ext, live: Option<&Live>) -> Vec<String> {
        self.user(ext).map(|user| self.reading.addresses(user, live)).unwrap_or_default()
    }

    fn password(&self, ext: &Ext) -> Option<Secret> {
        let user = self.user(ext)?;
        let stored = self.reading.secret(user);
        let value = self.reading.value(user, Part::Param, "password")?;
        matches!(stored, SecretKind::Clear | SecretKind::Inherited).then(|| Secret::new(value))
    }

    fn credential(&self, ext: &Ext, live: Option<&Live>) -> Option<Credential> {
        let user = self.user(ext)?;
        let realm = self.reading.domain_name(user.domain, live).map(str::to_owned);
        let stored = match self.reading.value(user, Part::Param, "a1-hash") {
            Some(hash) => Stored::Digest(Secret::of_digests(&String::from_utf8_lossy(&hash))?),
            None => Stored::Clear(self.password(ext)?),
        };
        Some(Credential { user: user.id.clone(), realm, stored })
    }

    fn warnings(&self) -> Vec<Warning> {
        let Reading { doc, directory } = &self.reading;
        let elsewhere = |message: String| Warning::new("broken-elsewhere", message);
        let mut out: Vec<Warning> =
            doc.merged.problems.iter().map(|problem| elsewhere(problem.message.clone()).at(&problem.place)).collect();
        if let Some(error) = self.reading.broken() {
            let warning = elsewhere(format!("FreeSWITCH refuses these files: {}", error.message));
            out.push(match &error.place {
                Some(place) => warning.at(place),
                None => warning,
            });
        }
        for (at, user) in directory.users.iter().enumerate().filter(|(_, user)| !user.is_pointer()) {
            if let Some(other) = directory.find(user.domain, &user.id).filter(|other| *other != at) {
                let by = doc.place(directory.users[other].node);
                let message = format!("this user {} is never found: {by} comes first", user.id);
                out.push(elsewhere(message).number(&user.id).at(&doc.place(user.node)));
            }
        }
        if let Some(store) = &self.stores.directory {
            let message = format!("{} answers for the directory before these files do", store.name);
            out.push(elsewhere(message).at(&store.place));
        }
        out
    }

    fn plan(&self, live: Option<&Live>, edits: &[Edit], options: &PlanOptions) -> Result<Plan> {
        super::plan::plan(self, live, edits, options)
    }

    fn plan_files(
        &self,
        live: Option<&Live>,
        files: &[FileChange],
        _: &[Done],
        undone: &[Vec<FileChange>],
    ) -> Result<Plan> {
        super::plan::files::files(self, live, files, undone)
    }

    fn proofs(&self, live: Option<&Live>) -> Vec<Proof> {
        let directory = &self.reading.directory;
        let users = (0..directory.users.len()).filter(|at| directory.is_found(*at)).map(|at| &directory.users[at]);
        let phones = users.filter(|user| self.reading.kind(user).is_extension());
        phones.flat_map(|user| super::proofs::of_user(&self.reading, user, live)).collect()
    }
}
