//! The flags for the fields both engines share, and `--set`, `--add`, `--unset`.

use clap::{Args, ValueEnum};

use crate::error::{Error, Result};
use crate::extension::{Fields, Setting, Want, fill_in, is_password, is_structure};

/// The words an option's name may start with.
const OBJECTS: [&str; 7] = ["endpoint", "auth", "aor", "identify", "param", "variable", "attr"];

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// Flags for the shared fields. An empty text clears the field; `{number}` is filled in.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Fields")]
pub struct FieldArgs {
    /// Caller id name
    #[arg(long, visible_alias = "name", value_name = "NAME")]
    cid_name: Option<String>,
    /// Caller id number
    #[arg(long, value_name = "NUMBER")]
    cid_number: Option<String>,
    /// Caller id name of calls to the outside (FreeSWITCH)
    #[arg(long, value_name = "NAME")]
    outbound_cid_name: Option<String>,
    /// Caller id number of calls to the outside (FreeSWITCH)
    #[arg(long, value_name = "NUMBER")]
    outbound_cid_number: Option<String>,
    /// The context its calls start in
    #[arg(long, value_name = "CONTEXT")]
    context: Option<String>,
    /// Codecs in order of preference, as in g722,ulaw (Asterisk)
    #[arg(long, value_name = "LIST")]
    codecs: Option<String>,
    /// Transport (Asterisk)
    #[arg(long, value_name = "TRANSPORT")]
    transport: Option<String>,
    /// Set it up for browsers, or take that back with --webrtc=no
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_name = "yes|no")]
    webrtc: Option<YesNo>,
    /// How many phones may register at once
    #[arg(long, value_name = "NUMBER")]
    max_contacts: Option<String>,
    /// Voicemail box
    #[arg(long, value_name = "BOX")]
    mailbox: Option<String>,
    /// Call groups it belongs to
    #[arg(long, value_name = "GROUPS")]
    call_group: Option<String>,
    /// Call groups it may pick up (Asterisk)
    #[arg(long, value_name = "GROUPS")]
    pickup_group: Option<String>,
    /// Classes of numbers it may call (FreeSWITCH)
    #[arg(long, value_name = "CLASSES")]
    toll_allow: Option<String>,
    /// Account code of its call records
    #[arg(long, value_name = "CODE")]
    accountcode: Option<String>,
    /// Language of prompts
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Addresses it is known by instead of a password
    #[arg(long, value_name = "ADDRESSES")]
    ip: Option<String>,
    /// Networks it may come from
    #[arg(long, value_name = "NETWORKS")]
    permit: Option<String>,
    /// Free text
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Set an option of the engine, as in endpoint.direct_media=yes (repeatable)
    ///
    /// The option's name starts with endpoint, auth, aor or identify on Asterisk, with param,
    /// variable or attr on FreeSWITCH. It replaces every value the option has.
    #[arg(long, value_name = "OBJECT.OPTION=VALUE")]
    set: Vec<String>,
    /// Add a value to a repeated option, as in endpoint.permit=10.0.0.0/8 (repeatable)
    #[arg(long, value_name = "OBJECT.OPTION=VALUE")]
    add: Vec<String>,
    /// Remove an option, or one of its values (repeatable)
    #[arg(long, value_name = "OBJECT.OPTION[=VALUE]")]
    unset: Vec<String>,
    #[arg(long, hide = true)]
    voicemail_pin: Option<String>,
    #[arg(long, hide = true)]
    email: Option<String>,
}

impl FieldArgs {
    /// Whether it is a device known by its address.
    pub fn has_ip(&self) -> bool {
        self.ip.as_ref().is_some_and(|ip| !ip.is_empty())
    }

    /// Refuses what no engine could take.
    pub fn check(&self) -> Result<()> {
        if self.voicemail_pin.is_some() || self.email.is_some() {
            return Err(Error::not_yet("voicemail settings"));
        }
        let fields = self.fields("");
        let texts = crate::output::field::all(&fields).map(|(name, text)| (name.to_owned(), text));
        let settings = self.settings("")?.into_iter().filter_map(|setting| {
            let name = format!("{}.{}", setting.object, setting.option);
            match setting.want {
                Want::Set(text) | Want::Add(text) | Want::Unset(Some(text)) => Some((name, text)),
                Want::Unset(None) => None,
            }
        });
        for (name, text) in texts.chain(settings) {
            if text.chars().any(char::is_control) {
                return Err(Error::usage(format!(
                    "the value of {name} holds a line break or another control character"
                )));
            }
        }
        Ok(())
    }

    /// The fields for one extension.
    pub fn fields(&self, number: &str) -> Fields {
        let fill = |text: &Option<String>| text.as_deref().map(|text| fill_in(text, number));
        let codecs = |text: &String| {
            text.split([',', ' ']).filter(|codec| !codec.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        Fields {
            cid_name: fill(&self.cid_name),
            cid_number: fill(&self.cid_number),
            outbound_cid_name: fill(&self.outbound_cid_name),
            outbound_cid_number: fill(&self.outbound_cid_number),
            context: fill(&self.context),
            codecs: self.codecs.as_ref().map(codecs),
            transport: fill(&self.transport),
            webrtc: self.webrtc.map(|webrtc| webrtc == YesNo::Yes),
            max_contacts: fill(&self.max_contacts),
            mailbox: fill(&self.mailbox),
            call_group: fill(&self.call_group),
            pickup_group: fill(&self.pickup_group),
            toll_allow: fill(&self.toll_allow),
            accountcode: fill(&self.accountcode),
            language: fill(&self.language),
            ip: fill(&self.ip),
            permit: fill(&self.permit),
            description: fill(&self.description),
            enabled: None,
        }
    }

    /// The settings for one extension.
    pub fn settings(&self, number: &str) -> Result<Vec<Setting>> {
        let mut out = Vec::new();
        for text in &self.set {
            out.push(setting(text, number, "--set", |value| value.map(Want::Set))?);
        }
        for text in &self.add {
            out.push(setting(text, number, "--add", |value| value.map(Want::Add))?);
        }
        for text in &self.unset {
            out.push(setting(text, number, "--unset", |value| Some(Want::Unset(value)))?);
        }
        Ok(out)
    }
}

/// Reads `OBJECT.OPTION[=VALUE]`. The value may be a secret by mistake, so errors leave it out.
fn setting(text: &str, number: &str, flag: &str, want: impl Fn(Option<String>) -> Option<Want>) -> Result<Setting> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim(), Some(fill_in(value, number))),
        None => (text.trim(), None),
    };
    let Some((object, option)) = name.split_once('.').filter(|(_, option)| !option.is_empty()) else {
        return Err(Error::usage(format!("{flag} {name}: the name needs its object in front"))
            .hint(format!("write for instance: {flag} endpoint.{name}=...")));
    };
    if !OBJECTS.contains(&object) {
        return Err(Error::usage(format!("{flag} {name}: there is no object `{object}`"))
            .hint(format!("objects are {}", OBJECTS.join(", "))));
    }
    if option.contains(|c: char| c.is_whitespace() || c.is_control() || "[];=<>\"".contains(c)) {
        return Err(Error::usage(format!("{flag} {object}: {option:?} cannot be the name of an option")));
    }
    let lower = option.to_ascii_lowercase();
    if is_password(object, &lower) {
        return Err(Error::usage(format!("{flag} {name}: a password is not given as an argument"))
            .hint("use: sipctl ext passwd EXT --prompt, --password-stdin or --password-file FILE"));
    }
    if is_structure(object, &lower) {
        return Err(Error::usage(format!("{flag} {name}: this option holds the extension together"))
            .hint("use: sipctl ext renumber OLD NEW, or ext rm and ext add"));
    }
    match want(value) {
        Some(want) => Ok(Setting { object: object.to_owned(), option: option.to_owned(), want }),
        None => Err(Error::usage(format!("{flag} {name}: the value is missing"))
            .hint(format!("write: {flag} {name}=VALUE; to remove it: --unset {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(set: &[&str]) -> FieldArgs {
        FieldArgs { set: set.iter().map(|text| (*text).to_owned()).collect(), ..FieldArgs::default() }
    }

    #[test]
    fn settings_fill_in_the_number_and_keep_the_value() {
        let settings = args(&["endpoint.set_var=A=b {number}"]).settings("1002").unwrap();
        assert_eq!(settings[0].option, "set_var");
        assert_eq!(settings[0].want, Want::Set("A=b 1002".to_owned()));
    }

    #[test]
    fn secrets_and_structure_are_refused_without_showing_the_value() {
        for text in [
            "auth.password=hunter2",
            "param.a1-hash=hunter2",
            "param.vm-a1-hash=hunter2",
            "endpoint.type=hunter2",
            "x=hunter2",
            "foo.x=hunter2",
        ] {
            let error = args(&[text]).check().unwrap_err();
            assert!(!format!("{error} {:?}", error.hints).contains("hunter2"), "{error}");
        }
        assert!(args(&["endpoint.context=a\nb"]).check().is_err());
        assert!(args(&["endpoint.context="]).check().is_ok());
    }
}
