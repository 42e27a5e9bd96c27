//! From what is there to a list that would make it so again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::plan::Site;
use super::{ASTERISK, FREESWITCH, Form};
use crate::address::Kind;
use crate::engine::{Estate, Warning};
use crate::extension::by_name::{self, FIELDS, Slot, slot, value};
use crate::extension::{Ext, Extension, Fields, SecretKind, not_filled_in};
use crate::secret::{MASK, Stored};

/// Options that are a shared field, the extension's own structure, or sipctl's.
const COVERED: [&str; 41] = [
    "endpoint.type",
    "endpoint.auth",
    "endpoint.aors",
    "endpoint.callerid",
    "endpoint.context",
    "endpoint.allow",
    "endpoint.disallow",
    "endpoint.transport",
    "endpoint.webrtc",
    "endpoint.mailboxes",
    "endpoint.named_call_group",
    "endpoint.named_pickup_group",
    "endpoint.accountcode",
    "endpoint.language",
    "endpoint.permit",
    "endpoint.deny",
    "endpoint.contact_permit",
    "endpoint.contact_deny",
    "endpoint.@description",
    "endpoint.@sipctl_disabled",
    "endpoint.@sipctl_list",
    "auth.type",
    "auth.username",
    "auth.auth_type",
    "aor.type",
    "aor.max_contacts",
    "identify.type",
    "identify.endpoint",
    "identify.match",
    "param.max-registrations-per-extension",
    "param.auth-acl",
    "variable.effective_caller_id_name",
    "variable.effective_caller_id_number",
    "variable.outbound_caller_id_name",
    "variable.outbound_caller_id_number",
    "variable.user_context",
    "variable.callgroup",
    "variable.toll_allow",
    "variable.accountcode",
    "variable.default_language",
    "variable.description",
];
/// The same of a user's attributes and of what forbids him to register.
const COVERED_TOO: [&str; 8] = [
    "attr.id",
    "attr.type",
    "attr.mailbox",
    "attr.cidr",
    "attr.sipctl-disabled",
    "attr.sipctl-list",
    "param.sip-forbid-register",
    "param.allow-empty-password",
];
/// Fields that stand once, under `defaults`, where all extensions share them.
const SHARED: [&str; 6] = ["context", "codecs", "transport", "language", "max_contacts", "toll_allow"];
/// With fewer extensions nothing is moved to `defaults`.
const FEW: usize = 3;

/// A list as it is written.
#[derive(Default, Serialize)]
pub struct File {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What all its extensions share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Entry>,
    /// The extensions.
    pub extensions: Vec<Entry>,
}

/// One extension as it is written.
#[derive(Clone, Default, Serialize)]
pub struct Entry {
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its domain, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The PBX it stands on, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pbx: Option<String>,
    /// The shared fields.
    #[serde(flatten)]
    pub fields: Fields,
    /// Where its password comes from, or itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// What only Asterisk has.
    #[serde(skip_serializing_if = "Block::is_empty")]
    pub asterisk: Block,
    /// What only FreeSWITCH has.
    #[serde(skip_serializing_if = "Block::is_empty")]
    pub freeswitch: Block,
}

/// What only one engine has.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Block {
    /// Options with one value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Options with several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, Vec<String>>,
}

impl Block {
    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty()
    }
}

/// What an entry holds besides what stands in the extension itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct With {
    /// Its password.
    pub secrets: bool,
    /// Options that templates, the group and the domain give it.
    pub inherited: bool,
}

/// An extension as an entry.
pub fn entry(site: Site, estate: &dyn Estate, found: &Extension, with: With, warnings: &mut Vec<Warning>) -> Entry {
    let ext = Ext { number: found.number.clone(), domain: found.domain.clone() };
    let mut fields = found.fields.clone();
    if fields.enabled == Some(true) {
        fields.enabled = None;
    }
    if fields.webrtc == Some(false) {
        fields.webrtc = None;
    }
    let mut entry = Entry { number: Some(found.number.clone()), fields, ..Entry::default() };
    if with.secrets && found.secret != SecretKind::None && found.secret != SecretKind::Open {
        entry.password = password(estate, &ext);
        if entry.password.is_none() {
            let message = "its password cannot be carried by a list, and stays out of it";
            warnings.push(Warning::new("list", message).number(&found.number).at(&found.source));
        }
    }
    let block = block(estate, &ext, with.inherited);
    match site.pbx.address.kind {
        Kind::Asterisk => entry.asterisk = block,
        Kind::FreeSwitch => entry.freeswitch = block,
    }
    entry
}

fn password(estate: &dyn Estate, ext: &Ext) -> Option<String> {
    match estate.credential(ext, None)?.stored {
        Stored::Clear(secret) => Some(format!("clear:{}", std::str::from_utf8(secret.reveal()).ok()?)),
        Stored::Digest(digests) => {
            let text = std::str::from_utf8(digests.reveal()).ok()?;
            let alone = text.strip_prefix("MD5:").filter(|hex| !hex.contains(','));
            Some(format!("digest:{}", alone.unwrap_or(text)))
        }
    }
}

/// The options of an extension that are no field.
fn block(estate: &dyn Estate, ext: &Ext, inherited: bool) -> Block {
    let mut block = Block::default();
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for shown in estate.settings(ext, false) {
        let name = format!("{}.{}", shown.section, shown.option);
        let lower = name.to_ascii_lowercase();
        let odd = shown.option.contains(|c: char| c.is_whitespace() || c.is_control() || "[];=<>\"&'".contains(c));
        let covered = COVERED.contains(&lower.as_str()) || COVERED_TOO.contains(&lower.as_str());
        let secret = shown.value == MASK;
        if (shown.inherited && !inherited) || covered || secret || odd || shown.value.chars().any(char::is_control) {
            continue;
        }
        if !ASTERISK.contains(&shown.section) && !FREESWITCH.contains(&shown.section) {
            continue;
        }
        values.entry(name).or_default().push(shown.value.into_owned());
    }
    for (name, mut values) in values {
        // Options of FreeSWITCH do not repeat: the last counts.
        if values.len() == 1 || !is_asterisk(&name) {
            block.set.insert(name, values.pop().unwrap_or_default());
        } else {
            block.add.insert(name, values);
        }
    }
    block
}

fn is_asterisk(name: &str) -> bool {
    name.split_once('.').is_some_and(|(object, _)| ASTERISK.contains(&object))
}

impl Entry {
    /// Lets its texts stand as they are where a list would fill in the number.
    fn literal(&mut self) {
        let fields = FIELDS.into_iter().filter(|name| value(&self.fields, name).is_some_and(|text| text.contains('{')));
        for name in fields.collect::<Vec<_>>() {
            if let Some(Slot::Text(Some(text))) = slot(&mut self.fields, name) {
                *text = not_filled_in(text);
            }
        }
        for block in [&mut self.asterisk, &mut self.freeswitch] {
            let texts = block.set.values_mut().chain(block.add.values_mut().flatten());
            texts.for_each(|text| *text = not_filled_in(text));
        }
    }
}

impl File {
    /// Moves what all extensions share to `defaults`.
    pub fn share(&mut self) {
        if self.extensions.len() < FEW {
            return;
        }
        let mut defaults = Entry::default();
        for name in SHARED {
            let first = value(&self.extensions[0].fields, name);
            if first.is_some() && self.extensions.iter().all(|entry| value(&entry.fields, name) == first) {
                by_name::copy(name, &self.extensions[0].fields.clone(), &mut defaults.fields);
                self.extensions.iter_mut().for_each(|entry| by_name::forget(name, &mut entry.fields));
            }
        }
        let sides: [fn(&mut Entry) -> &mut Block; 2] = [|entry| &mut entry.asterisk, |entry| &mut entry.freeswitch];
        for side in sides {
            let first = side(&mut self.extensions[0]).set.clone();
            for (name, value) in first {
                if self.extensions.iter_mut().all(|entry| side(entry).set.get(&name) == Some(&value)) {
                    self.extensions.iter_mut().for_each(|entry| drop(side(entry).set.remove(&name)));
                    side(&mut defaults).set.insert(name, value);
                }
            }
        }
        let nothing =
            defaults.fields == Fields::default() && defaults.asterisk.is_empty() && defaults.freeswitch.is_empty();
        self.defaults = (!nothing).then_some(defaults);
    }

    /// The text of the list.
    pub fn text(mut self, form: Form) -> Result<String, String> {
        self.defaults.iter_mut().chain(&mut self.extensions).for_each(Entry::literal);
        match form {
            Form::Yaml => {
                let body = yaml_serde::to_string(&self).map_err(|error| error.to_string())?;
                Ok(format!("# see: sipctl help lists\n{body}"))
            }
            Form::Json => {
                serde_json::to_string_pretty(&self).map(|text| text + "\n").map_err(|error| error.to_string())
            }
            Form::Csv => self.csv().map_err(|error| error.to_string()),
        }
    }

    /// A table; it has no place for `defaults`.
    fn csv(&self) -> std::io::Result<String> {
        let mut options: BTreeSet<&String> = BTreeSet::new();
        for block in self.extensions.iter().flat_map(|entry| [&entry.asterisk, &entry.freeswitch]) {
            options.extend(block.set.keys().chain(block.add.keys()));
        }
        let has = |name: &str| {
            self.extensions.iter().any(|entry| match name {
                "domain" => entry.domain.is_some(),
                "pbx" => entry.pbx.is_some(),
                "password" => entry.password.is_some(),
                name => value(&entry.fields, name).is_some(),
            })
        };
        let named = ["domain", "pbx"].into_iter().chain(FIELDS).chain(["password"]);
        let columns: Vec<&str> = named.filter(|name| has(name)).collect();
        let mut csv = csv::Writer::from_writer(Vec::new());
        let header =
            ["number"].into_iter().chain(columns.iter().copied()).chain(options.iter().map(|name| name.as_str()));
        csv.write_record(header)?;
        for entry in &self.extensions {
            csv.write_field(entry.number.as_deref().unwrap_or_default())?;
            for name in &columns {
                csv.write_field(match *name {
                    "domain" => entry.domain.clone().unwrap_or_default(),
                    "pbx" => entry.pbx.clone().unwrap_or_default(),
                    "password" => entry.password.clone().unwrap_or_default(),
                    name => value(&entry.fields, name).unwrap_or_default(),
                })?;
            }
            for name in &options {
                let block = if is_asterisk(name) { &entry.asterisk } else { &entry.freeswitch };
                let one = block.set.get(*name).cloned();
                // A line break at the end says that this is one of several, even where it is alone.
                let several = || block.add.get(*name).map(|values| values.join("\n") + "\n");
                csv.write_field(one.or_else(several).unwrap_or_default())?;
            }
            csv.write_record(None::<&[u8]>)?;
        }
        let bytes = csv.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
        String::from_utf8(bytes).map_err(std::io::Error::other)
    }
}
