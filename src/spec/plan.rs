//! What is different on a PBX, and the edits that make it as the list says. Pure: `diff` shows the
//! differences, `apply` carries the edits out, and there is one only where the other is.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::{ASTERISK, FREESWITCH, Key, List, Problem, Row};
use crate::address::Kind;
use crate::engine::{Engine, Estate, Warning};
use crate::error::Result;
use crate::extension::by_name::{self, FIELDS, value};
use crate::extension::{Edit, Ext, Extension, Fields, NewExtension, Setting, ShownSetting, Want};
use crate::inventory::Pbx;
use crate::secret::{Algorithm, Secret};

/// What is wanted of a list besides itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Delete what the list owns and does not name.
    pub prune: bool,
    /// Mark those that exist as the list's.
    pub adopt: bool,
}

/// The PBX it is applied to.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// Its entry in the inventory.
    pub pbx: &'a Pbx,
    /// Its engine.
    pub engine: &'static dyn Engine,
}

/// One extension that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What `apply` would do: `create`, `update`, `passwd`, `enable`, `disable`, `delete`; or
    /// `not-live`, of files against the running engine.
    pub action: String,
    /// The extension.
    pub number: String,
    /// Its domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Changed>,
}

/// One field or option that differs. Of a password neither side is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// `cid_name`, `endpoint.direct_media`, `password`, `list`.
    pub field: String,
    /// What is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub have: Option<String>,
    /// What should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub want: Option<String>,
}

impl Changed {
    fn new(field: impl Into<String>, have: Option<String>, want: Option<String>) -> Self {
        Self { field: field.into(), have, want }
    }
}

/// What there is to do on one PBX.
#[derive(Debug, Default)]
pub struct Planned {
    /// The edits; none where nothing is different.
    pub edits: Vec<Edit>,
    /// What is different, in the order of the edits.
    pub differences: Vec<Difference>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// Extensions that would be deleted.
    pub deleted: usize,
    /// Extensions there are now.
    pub there: usize,
}

/// Where passwords come from that are not in the list: made, or read from where it says.
pub type Keys<'k> = dyn FnMut(&Ext, &Key) -> Result<Option<Secret>> + 'k;

impl Row {
    /// Whether it is meant for a PBX.
    pub fn is_for(&self, pbx: &Pbx) -> bool {
        self.pbx.is_empty() || self.pbx.iter().any(|name| names(name, pbx))
    }
}

/// Whether a name of a list means a PBX: its own, one of its groups, or its address.
pub fn names(name: &str, pbx: &Pbx) -> bool {
    pbx.name == name || pbx.groups.iter().any(|group| group == name) || pbx.address.to_string() == name
}

/// Which fields of a list an engine cannot take.
pub fn lacking(list: &List, site: Site) -> Vec<Warning> {
    let mut left: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in list.rows.iter().filter(|row| row.is_for(site.pbx)) {
        let named = |name: &&&str| match **name {
            "domain" => row.ext.domain.is_some(),
            name => value(row.fields(site.pbx.address.kind), name).is_some_and(|text| !text.is_empty()),
        };
        for name in site.engine.lacks().iter().filter(named) {
            left.entry(name).or_default().push(row.ext.number.clone());
        }
    }
    left.into_iter()
        .map(|(name, numbers)| {
            let who = crate::selection::collapse(&numbers);
            let message = format!("{name} of {who} is left out: {} has nothing for it", site.engine.name());
            Warning::new("lacking", message)
        })
        .collect()
}

/// Compares a list with what is there.
pub fn plan(
    list: &List,
    site: Site,
    estate: &dyn Estate,
    wish: Wish,
    keys: &mut Keys,
) -> std::result::Result<Planned, Vec<Problem>> {
    let there = estate.extensions();
    let mut work = Work { site, estate, mark: list.name.as_deref(), wish, planned: Planned::default(), keys };
    // A phone counts before a pointer of its name.
    let (phones, others): (Vec<&Extension>, Vec<&Extension>) =
        there.iter().partition(|found| found.kind.is_extension());
    let known: HashMap<(&str, Option<&str>), &Extension> =
        others.iter().chain(&phones).map(|found| ((found.number.as_str(), found.domain.as_deref()), *found)).collect();
    let mut named: HashSet<(String, Option<String>)> = HashSet::new();
    let mut problems = Vec::new();
    for row in list.rows.iter().filter(|row| row.is_for(site.pbx)) {
        let ext = work.placed(row);
        let found = match known.get(&(ext.number.as_str(), ext.domain.as_deref())) {
            Some(found) => Some(Cow::Borrowed(*found)),
            None => estate.find(&ext).map(Cow::Owned),
        };
        let place = match &found {
            Some(found) => (found.number.to_ascii_lowercase(), found.domain.clone()),
            None => (ext.number.to_ascii_lowercase(), ext.domain.clone()),
        };
        if !named.insert(place) {
            problems.push(Problem::new(row.at, format!("{ext} is listed twice for {}", site.pbx.name)));
            continue;
        }
        let done = match found {
            Some(found) if !found.kind.is_extension() => {
                let kind = found.kind.name();
                Err(Problem::new(row.at, format!("{ext} is no extension there, its kind is {kind}")))
            }
            Some(found) => work.existing(row, &ext, &found),
            None => work.new_one(row, ext),
        };
        problems.extend(done.err());
    }
    if wish.prune {
        let owned = |found: &Extension| {
            let by_number = list.owns.iter().any(|owns| owns.contains(&found.number));
            by_number || (list.name.is_some() && found.list == list.name)
        };
        for found in phones.iter().filter(|found| owned(found)) {
            if !named.contains(&(found.number.to_ascii_lowercase(), found.domain.clone())) {
                let ext = work.exactly(found);
                work.planned.deleted += 1;
                work.push(&ext, "delete", Vec::new(), Edit::Delete(ext.clone()));
            }
        }
    }
    work.planned.there = phones.len();
    match problems.is_empty() {
        true => Ok(work.planned),
        false => Err(problems),
    }
}

struct Work<'w, 'k> {
    site: Site<'w>,
    estate: &'w dyn Estate,
    mark: Option<&'w str>,
    wish: Wish,
    planned: Planned,
    keys: &'w mut Keys<'k>,
}

impl Work<'_, '_> {
    /// Which extension a row means here.
    fn placed(&self, row: &Row) -> Ext {
        let domain = match self.site.engine.lacks().contains(&"domain") {
            true => None,
            false => row.ext.domain.clone().or_else(|| self.site.pbx.domain.clone()),
        };
        Ext { number: row.ext.number.clone(), domain }
    }

    fn exactly(&self, found: &Extension) -> Ext {
        Ext { number: found.number.clone(), domain: found.domain.clone() }
    }

    fn push(&mut self, ext: &Ext, action: &str, fields: Vec<Changed>, edit: Edit) {
        let (number, domain) = (ext.number.clone(), ext.domain.clone());
        self.planned.differences.push(Difference { action: action.to_owned(), number, domain, fields });
        self.planned.edits.push(edit);
    }

    /// The options of a list that this engine has.
    fn settings<'r>(&self, row: &'r Row) -> impl Iterator<Item = &'r Setting> + use<'r> {
        let objects = match self.site.pbx.address.kind {
            Kind::Asterisk => &ASTERISK[..],
            Kind::FreeSwitch => &FREESWITCH[..],
        };
        row.settings.iter().filter(move |setting| objects.contains(&setting.object.as_str()))
    }

    fn mark_setting(&self) -> Option<Setting> {
        let (object, option) = self.site.engine.mark();
        let want = Want::Set(self.mark?.to_owned());
        Some(Setting { object: object.to_owned(), option: option.to_owned(), want })
    }

    /// What the engine can be told.
    fn takes(&self, name: &str) -> bool {
        // Every user of FreeSWITCH can register from a browser.
        let every_user_has = name == "webrtc" && self.site.pbx.address.kind == Kind::FreeSwitch;
        !every_user_has && !self.site.engine.lacks().contains(&name)
    }

    fn new_one(&mut self, row: &Row, ext: Ext) -> std::result::Result<(), Problem> {
        if self.estate.has(&ext) {
            return Err(Problem::new(row.at, format!("{ext} is taken by something that is no extension")));
        }
        let named = row.fields(self.site.pbx.address.kind);
        let mut fields = named.clone();
        for name in FIELDS.into_iter().filter(|name| !self.takes(name)) {
            by_name::forget(name, &mut fields);
        }
        if fields.enabled == Some(true) {
            fields.enabled = None;
        }
        let by_address = fields.ip.as_ref().is_some_and(|ip| !ip.is_empty());
        let password = match &row.key {
            _ if by_address => None,
            Key::Keep => {
                return Err(Problem::new(row.at, format!("{ext} does not exist, so it has no password to keep"))
                    .hint("write password: generate"));
            }
            Key::Given(secret) => Some(secret.clone()),
            key => (self.keys)(&ext, key).map_err(|error| Problem::new(row.at, error.line()))?,
        };
        self.fits(row, &ext, password.as_ref())?;
        let digest = password.as_ref().is_some_and(Secret::is_hashed);
        let engine = usize::from(self.site.pbx.address.kind == Kind::FreeSwitch);
        let mut settings: Vec<Setting> = self.settings(row).cloned().collect();
        settings.extend(self.mark_setting());
        // What is cleared is not taken from the neighbours, and nothing to see.
        let said = by_name::all(&fields).filter(|(_, text)| !text.is_empty());
        let mut changed: Vec<Changed> = said.map(|(name, text)| Changed::new(name, None, Some(text))).collect();
        changed.extend(settings.iter().filter_map(|setting| match &setting.want {
            Want::Set(text) | Want::Add(text) => {
                Some(Changed::new(format!("{}.{}", setting.object, setting.option), None, Some(text.clone())))
            }
            Want::Unset(_) => None,
        }));
        let new = NewExtension {
            domain: None,
            fields,
            defaults: self.site.pbx.defaults.clone(),
            settings,
            password,
            digest,
            like: None,
            template: if row.template.is_empty() || engine == 1 {
                self.site.pbx.template.clone()
            } else {
                row.template.clone()
            },
            file: row.file[engine].clone(),
        };
        let edit = Edit::Create(ext.clone(), Box::new(new));
        self.push(&ext, "create", changed, edit);
        Ok(())
    }

    fn existing(&mut self, row: &Row, ext: &Ext, found: &Extension) -> std::result::Result<(), Problem> {
        let mut changed = Vec::new();
        let mut fields = Fields::default();
        let mut enabled = None;
        let named = row.fields(self.site.pbx.address.kind);
        for name in FIELDS.into_iter().filter(|name| self.takes(name)) {
            let Some(want) = value(named, name) else { continue };
            let have = value(&found.fields, name);
            if same(name, have.as_deref(), &want) {
                continue;
            }
            changed.push(Changed::new(name, have, Some(want).filter(|want| !want.is_empty())));
            match name {
                "enabled" => enabled = named.enabled,
                _ => by_name::copy(name, named, &mut fields),
            }
        }
        let mut settings = Vec::new();
        if self.settings(row).next().is_some() {
            let have = self.estate.settings(ext, false);
            for setting in self.settings(row) {
                if let Some(difference) = differs(setting, &have) {
                    changed.push(difference);
                    settings.push(setting.clone());
                }
            }
        }
        let other = found.list.as_deref().filter(|list| Some(*list) != self.mark);
        if let (Some(mark), true) = (self.mark_setting(), self.wish.adopt && found.list.as_deref() != self.mark) {
            changed.push(Changed::new("list", found.list.clone(), self.mark.map(str::to_owned)));
            settings.push(mark);
        } else if let (Some(other), Some(_)) = (other, self.mark) {
            let message = format!("it belongs to the list {other}; --adopt takes it over");
            self.planned.warnings.push(Warning::new("other-list", message).number(&ext.number).at(&found.source));
        }
        let toggled = changed.iter().position(|changed| changed.field == "enabled").map(|at| changed.remove(at));
        // What is to be disabled is changed first, and what is enabled again after that.
        if !changed.is_empty() {
            let edit = Edit::Set { ext: ext.clone(), fields: Box::new(fields), settings };
            self.push(ext, "update", changed, edit);
        }
        self.password(row, ext)?;
        match (toggled, enabled) {
            (Some(field), Some(true)) => self.push(ext, "enable", vec![field], Edit::Enable(ext.clone())),
            (Some(field), Some(false)) => self.push(ext, "disable", vec![field], Edit::Disable(ext.clone())),
            _ => {}
        }
        Ok(())
    }

    /// Refuses a digest that the engine has no use for.
    fn fits(&self, row: &Row, ext: &Ext, secret: Option<&Secret>) -> std::result::Result<(), Problem> {
        let known = secret.map(Secret::algorithms).unwrap_or_default();
        if self.site.pbx.address.kind == Kind::Asterisk || known.is_empty() || known.contains(&Algorithm::Md5) {
            return Ok(());
        }
        let known = known.into_iter().map(Algorithm::name).collect::<Vec<_>>().join(" and ");
        let message =
            format!("of the password of {ext} only the {known} digest is known, and FreeSWITCH stores MD5 ones");
        Err(Problem::new(row.at, message).hint("give the password itself, or a new one: password: generate"))
    }

    /// A password that is named and is another one.
    fn password(&mut self, row: &Row, ext: &Ext) -> std::result::Result<(), Problem> {
        let secret = match &row.key {
            Key::Unsaid | Key::Generate | Key::Keep => return Ok(()),
            Key::Given(secret) => Some(secret.clone()),
            key => (self.keys)(ext, key).map_err(|error| Problem::new(row.at, error.line()))?,
        };
        let Some(secret) = secret else { return Ok(()) };
        if self.estate.credential(ext, None).is_some_and(|have| have.matches(&secret)) {
            return Ok(());
        }
        self.fits(row, ext, Some(&secret))?;
        let digest = secret.is_hashed();
        let edit = Edit::Password { ext: ext.clone(), secret: Some(secret), digest, shared: false };
        self.push(ext, "passwd", vec![Changed::new("password", None, None)], edit);
        Ok(())
    }
}

/// Whether a field means the same to a person and to the engine.
pub fn same(name: &str, have: Option<&str>, want: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    match (name, have) {
        ("webrtc", have) => (have == Some("yes")) == (want == "yes"),
        (name, Some(have)) if super::read::LISTS.contains(&name) => words(have) == words(want),
        (_, Some(have)) => have == want,
        (_, None) => want.is_empty(),
    }
}

/// Whether an option is not as wanted.
fn differs(setting: &Setting, have: &[ShownSetting]) -> Option<Changed> {
    let named =
        |shown: &&ShownSetting| shown.section == setting.object && shown.option.eq_ignore_ascii_case(&setting.option);
    let values: Vec<&str> = have.iter().filter(named).map(|shown| &*shown.value).collect();
    let (differs, want) = match &setting.want {
        Want::Set(want) if want.is_empty() => (values.iter().any(|value| !value.is_empty()), Some(want)),
        Want::Set(want) => (values.last() != Some(&want.as_str()), Some(want)),
        Want::Add(want) => (!values.contains(&want.as_str()), Some(want)),
        Want::Unset(None) => (!values.is_empty(), None),
        Want::Unset(Some(value)) => (values.contains(&value.as_str()), None),
    };
    let have = (!values.is_empty()).then(|| values.join(", "));
    differs.then(|| Changed::new(format!("{}.{}", setting.object, setting.option), have, want.cloned()))
}

/// Two PBXes by the fields both have; `have` is of the first, `want` of the second.
pub fn against(one: (Site, &[Extension]), other: (Site, &[Extension])) -> Vec<Difference> {
    let domains = |site: Site| !site.engine.lacks().contains(&"domain");
    let both_have_domains = domains(one.0) && domains(other.0);
    let key = |found: &Extension| (found.number.clone(), found.domain.clone().filter(|_| both_have_domains));
    let phones = |list: &[Extension]| -> BTreeMap<(String, Option<String>), Fields> {
        let phones = list.iter().filter(|found| found.kind.is_extension());
        phones.map(|found| (key(found), found.fields.clone())).collect()
    };
    let (ours, theirs) = (phones(one.1), phones(other.1));
    let lacked = |name: &str| {
        let lacks = |site: Site| {
            site.engine.lacks().contains(&name) || (name == "webrtc" && site.pbx.address.kind == Kind::FreeSwitch)
        };
        lacks(one.0) || lacks(other.0)
    };
    let mut out = Vec::new();
    for key in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let (action, fields) = match (ours.get(key), theirs.get(key)) {
            (Some(_), None) => ("delete", Vec::new()),
            (None, Some(theirs)) => {
                let named = by_name::all(theirs).filter(|(name, _)| !lacked(name) && *name != "enabled");
                ("create", named.map(|(name, text)| Changed::new(name, None, Some(text))).collect())
            }
            (ours, theirs) => {
                let side = |fields: Option<&Fields>, name: &str| fields.and_then(|fields| value(fields, name));
                // Without a caller id number the called see the extension's own.
                let seen = |name: &str, value: &Option<String>| match (name, value) {
                    ("cid_number", None) => Some(key.0.clone()),
                    _ => value.clone(),
                };
                let alike = |name: &str, have: &Option<String>, want: &Option<String>| {
                    same(name, seen(name, have).as_deref(), seen(name, want).as_deref().unwrap_or_default())
                };
                let fields: Vec<Changed> = FIELDS
                    .into_iter()
                    .filter(|name| !lacked(name))
                    .map(|name| (name, side(ours, name), side(theirs, name)))
                    .filter(|(name, have, want)| !alike(name, have, want))
                    .map(|(name, have, want)| Changed::new(name, have, want))
                    .collect();
                if fields.is_empty() {
                    continue;
                }
                ("update", fields)
            }
        };
        let (number, domain) = key.clone();
        out.push(Difference { action: action.to_owned(), number, domain, fields });
    }
    out.sort_by(|a, b| crate::extension::order(&a.number, &b.number));
    out
}
