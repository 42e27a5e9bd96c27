//! The words for an extension: its number, its fields, and what is wanted of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::secret::Secret;

pub mod by_name;

/// What a section or user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Registers with a password.
    Phone,
    /// A device known by its address, without a password.
    IpPhone,
    /// A connection to another PBX or carrier.
    Trunk,
    /// A directory entry that points to a user elsewhere (FreeSWITCH).
    Pointer,
    /// Anything else.
    Other,
}

impl Kind {
    /// Only phones are extensions: changing verbs touch no other kind.
    pub fn is_extension(self) -> bool {
        matches!(self, Self::Phone | Self::IpPhone)
    }

    /// The word used in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::IpPhone => "ip-phone",
            Self::Trunk => "trunk",
            Self::Pointer => "pointer",
            Self::Other => "other",
        }
    }
}

/// How the password is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// In clear.
    Clear,
    /// As a digest only.
    Digest,
    /// In a template, group or domain.
    Inherited,
    /// There is none.
    None,
    /// Any password registers.
    Open,
}

impl SecretKind {
    /// The word used in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Digest => "digest",
            Self::Inherited => "inherited",
            Self::None => "none",
            Self::Open => "open",
        }
    }
}

/// The fields both engines share (the table in sipctl-fields(7)). As part of an edit `None` means
/// "leave it" and an empty text or list means "clear it".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct Fields {
    /// Caller id name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cid_name: Option<String>,
    /// Caller id number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cid_number: Option<String>,
    /// Caller id name of calls to the outside (FreeSWITCH).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_cid_name: Option<String>,
    /// Caller id number of calls to the outside (FreeSWITCH).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_cid_number: Option<String>,
    /// The context calls of this extension start in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Codecs in order of preference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codecs: Option<Vec<String>>,
    /// Transport (Asterisk).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Whether it is set up for browsers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webrtc: Option<bool>,
    /// How many phones may register at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_contacts: Option<String>,
    /// Voicemail box.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
    /// Call groups it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_group: Option<String>,
    /// Call groups it may pick up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pickup_group: Option<String>,
    /// Classes of numbers it may call (FreeSWITCH).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toll_allow: Option<String>,
    /// Account code of its call records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accountcode: Option<String>,
    /// Language of prompts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Addresses it is known by instead of a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Networks it may come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permit: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it may register and call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// What to do with one option that is no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `endpoint`, `auth`, `aor`, `identify` (Asterisk); `param`, `variable`, `attr` (FreeSWITCH).
    pub object: String,
    /// The option's name.
    pub option: String,
    /// What is wanted.
    pub want: Want,
}

/// What is wanted of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// `--set`: this value instead of all there are.
    Set(String),
    /// `--add`: one more value of a repeated option.
    Add(String),
    /// `--unset`: this value, or every value, gone.
    Unset(Option<String>),
}

/// Which extension: a number and, where a number exists in several domains, the domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ext {
    /// The id a phone registers as.
    pub number: String,
    /// The domain (FreeSWITCH).
    pub domain: Option<String>,
}

impl Ext {
    /// As a shell takes it for one word, for commands in hints.
    pub fn word(&self) -> String {
        crate::error::shell_word(&self.to_string())
    }
}

impl std::fmt::Display for Ext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.number)?;
        match &self.domain {
            Some(domain) => write!(f, "@{domain}"),
            None => Ok(()),
        }
    }
}

/// How a new extension is to look.
#[derive(Clone, Debug, Default)]
pub struct NewExtension {
    /// `--domain`.
    pub domain: Option<String>,
    /// The fields the person named.
    pub fields: Fields,
    /// Fields the inventory names, used where neither the person nor `--like`/`--template` says.
    pub defaults: Fields,
    /// `--set`, `--add`, `--unset`.
    pub settings: Vec<Setting>,
    /// Its password; none for a device known by its address, and for a dry run.
    pub password: Option<Secret>,
    /// Store only the digest.
    pub digest: bool,
    /// `--like`.
    pub like: Option<Ext>,
    /// `--template ENDPOINT[,AUTH,AOR]`, or the inventory's.
    pub template: Vec<String>,
    /// `--file`.
    pub file: Option<PathBuf>,
}

/// What is wanted for one extension. Commands make edits and nothing else.
#[derive(Clone, Debug)]
pub enum Edit {
    /// A new extension.
    Create(Ext, Box<NewExtension>),
    /// A new password that counts.
    Password {
        /// Whose.
        ext: Ext,
        /// The new password; none in a dry run that would generate one.
        secret: Option<Secret>,
        /// Store only the digest.
        digest: bool,
        /// Allow an auth that serves several extensions.
        shared: bool,
    },
    /// Other fields or options.
    Set {
        /// Whose.
        ext: Ext,
        /// The fields to change.
        fields: Box<Fields>,
        /// `--set`, `--add`, `--unset`.
        settings: Vec<Setting>,
    },
    /// Another number for the same extension.
    Renumber {
        /// The old one.
        old: Ext,
        /// The new one.
        new: Ext,
    },
    /// Gone.
    Delete(Ext),
    /// Stopped from registering and calling, everything kept.
    Disable(Ext),
    /// Allowed again.
    Enable(Ext),
}

impl Edit {
    /// The extension it is about (the old number of a renumbering).
    pub fn ext(&self) -> &Ext {
        match self {
            Self::Create(ext, _) | Self::Delete(ext) | Self::Disable(ext) | Self::Enable(ext) => ext,
            Self::Password { ext, .. } | Self::Set { ext, .. } => ext,
            Self::Renumber { old, .. } => old,
        }
    }
}

/// One extension as the engine would make of the files.
#[derive(Clone, Debug, Serialize)]
pub struct Extension {
    /// The id a phone registers as.
    pub number: String,
    /// The domain it stands in (FreeSWITCH).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// The shared fields.
    #[serde(flatten)]
    pub fields: Fields,
    /// How its password is stored.
    pub secret: SecretKind,
    /// Where its first section or its user element starts.
    pub source: crate::error::Place,
    /// The store it lives in, where that is not a file sipctl edits ("realtime ps_endpoints").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<String>,
    /// The name of the list that made it or took it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
}

/// One effective option of an extension, for `ext show`.
#[derive(Clone, Debug, Serialize)]
pub struct ShownSetting<'e> {
    /// `endpoint`, `auth`, `aor`, `identify`; `param`, `variable`, `attr`.
    pub section: &'static str,
    /// Its name.
    pub option: Cow<'e, str>,
    /// Its value; a secret is shown as `********`.
    pub value: Cow<'e, str>,
    /// The file it stands in.
    pub file: Cow<'e, Path>,
    /// The line it stands on.
    pub line: u32,
    /// Whether a template, group or domain gives it.
    #[serde(skip)]
    pub inherited: bool,
}

impl ShownSetting<'_> {
    /// The same apart from the files it was read from.
    pub fn into_owned(self) -> ShownSetting<'static> {
        ShownSetting {
            option: self.option.into_owned().into(),
            value: self.value.into_owned().into(),
            file: self.file.into_owned().into(),
            ..self
        }
    }
}

/// Whether an option of this name, in lower case, is a password of a phone: those have a verb of their own.
pub fn is_password(object: &str, option: &str) -> bool {
    const PASSWORDS: [&str; 6] = ["password", "md5_cred", "password_digest", "secret", "a1-hash", "vm-a1-hash"];
    object != "variable" && PASSWORDS.contains(&option)
}

/// Whether an option of this name, in lower case, holds an extension together.
pub fn is_structure(object: &str, option: &str) -> bool {
    object != "variable" && ["type", "auth", "aors", "username", "id"].contains(&option)
}

/// What stands for the number in texts given for several extensions, and what stands for that text itself.
const NUMBER: [&str; 2] = ["{number}", "{{number}}"];

/// Values of `{number}` in texts given for several extensions.
pub fn fill_in(text: &str, number: &str) -> String {
    // Lists are long, and few texts have it.
    if !text.contains('{') {
        return text.to_owned();
    }
    text.split(NUMBER[1]).map(|part| part.replace(NUMBER[0], number)).collect::<Vec<_>>().join(NUMBER[0])
}

/// A text that [`fill_in`] makes this one.
pub fn not_filled_in(text: &str) -> String {
    text.replace(NUMBER[0], NUMBER[1])
}

/// Orders ids as people do: digits by value, everything else by bytes.
pub fn order(a: &str, b: &str) -> std::cmp::Ordering {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    match (digits(a), digits(b)) {
        (true, true) => {
            let (x, y) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            (x.len(), x, a).cmp(&(y.len(), y, b))
        }
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

/// Passwords that were generated in a run, by extension.
pub type Passwords = BTreeMap<Ext, Secret>;
