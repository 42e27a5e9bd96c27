//! The shared fields and the options that hold them: both directions of the table in cli.md's
//! terms, for pjsip.conf and pjsip_wizard.conf alike.

use super::mask::is_secret;
use super::objects::{Configs, Type, is_yes};
use super::options;
use super::parts::Parts;
use crate::error::{Error, Result};
use crate::extension::{Fields, Setting, Want};

/// Set on an endpoint that sipctl disabled; any `@` option is kept by sorcery and readable.
pub const DISABLED: &str = "@sipctl_disabled";
/// The list of extensions it came from.
pub const LIST: &str = "@sipctl_list";
/// Free text of an extension.
pub const DESCRIPTION: &str = "@description";
/// The networks that hold everybody, in the two families.
pub const EVERYBODY: [&str; 2] = ["0.0.0.0/0.0.0.0", "::/0"];

/// What one option of one object is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which object of the extension.
    pub object: Type,
    /// The option.
    pub option: String,
    /// What is wanted.
    pub want: Want,
}

impl Wanted {
    fn set(object: Type, option: &str, value: impl Into<String>) -> Self {
        Self { object, option: option.to_owned(), want: Want::Set(value.into()) }
    }

    fn add(object: Type, option: &str, value: impl Into<String>) -> Self {
        Self { object, option: option.to_owned(), want: Want::Add(value.into()) }
    }

    fn unset(object: Type, option: &str) -> Self {
        Self { object, option: option.to_owned(), want: Want::Unset(None) }
    }
}

/// The fields of an extension as the engine would make of its sections.
pub fn read(configs: &Configs, parts: &Parts) -> Fields {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let endpoint: Vec<(&[u8], &[u8])> = configs.options(parts.endpoint).map(|(name, value, _)| (name, value)).collect();
    let last = |option: &str| {
        let mut options = endpoint.iter().rev();
        options.find(|(name, _)| name.eq_ignore_ascii_case(option.as_bytes())).map(|(_, value)| *value)
    };
    let one = |option: &str| last(option).filter(|value| !value.is_empty()).map(text);
    let (cid_name, cid_number) = last("callerid").map_or((None, None), |value| caller_id(&text(value)));
    let joined = |values: Vec<String>| (!values.is_empty()).then(|| values.join(","));
    let codecs = codecs(endpoint.iter().copied());
    let matches = parts.identifies.iter().flat_map(|identify| configs.values(*identify, "match"));
    let permits = endpoint.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"permit"));
    Fields {
        cid_name,
        cid_number,
        context: one("context"),
        codecs: (!codecs.is_empty()).then_some(codecs),
        transport: one("transport"),
        webrtc: last("webrtc").map(is_yes),
        max_contacts: parts.aors.first().and_then(|aor| configs.text(*aor, "max_contacts")),
        mailbox: one("mailboxes"),
        call_group: one("named_call_group").or_else(|| one("call_group")),
        pickup_group: one("named_pickup_group").or_else(|| one("pickup_group")),
        accountcode: one("accountcode"),
        language: one("language"),
        ip: joined(matches.map(|(value, _)| text(value)).collect()),
        permit: joined(permits.map(|(_, value)| text(value)).collect()),
        description: one(DESCRIPTION),
        enabled: Some(!last(DISABLED).is_some_and(is_yes)),
        outbound_cid_name: None,
        outbound_cid_number: None,
        toll_allow: None,
    }
}

/// The last options of an endpoint that is disabled: nobody is let in, whatever was permitted before.
pub const STOPPED: [(&str, &str); 3] = [("deny", EVERYBODY[0]), ("deny", EVERYBODY[1]), (DISABLED, "yes")];

/// Whether sipctl disabled it.
pub fn is_disabled(configs: &Configs, parts: &Parts) -> bool {
    configs.last(parts.endpoint, DISABLED).is_some_and(is_yes)
}

/// Name and number of a caller id, where they are not empty.
pub fn caller_id(value: &str) -> (Option<String>, Option<String>) {
    let (name, number) = options::caller_id(value);
    let some = |text: String| (!text.is_empty()).then_some(text);
    (some(name), some(number))
}

/// Writes a caller id so that the engine reads the same name and number back.
fn write_caller_id(name: &str, number: &str) -> Result<String> {
    let text = match (name, number) {
        ("", "") => return Ok(String::new()),
        ("", number) => format!("<{number}>"),
        (name, "") => options::caller_id_answer(name, "0").trim_end_matches(" <0>").to_owned(),
        (name, number) => options::caller_id_answer(name, number),
    };
    match options::caller_id(&text) == (name.to_owned(), number.to_owned()) {
        true => Ok(text),
        false => Err(Error::usage(format!("Asterisk would not read this caller id back: {name:?} {number:?}"))
            .hint("take blanks at the ends out of the name, and everything but digits, * # + out of the number")),
    }
}

/// The codecs that `allow` and `disallow` lines leave, in order (main/format_cap.c).
pub fn codecs<'a>(options: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<String> {
    let mut have: Vec<String> = Vec::new();
    for (name, value) in options {
        let allow = match name {
            _ if name.eq_ignore_ascii_case(b"allow") => true,
            _ if name.eq_ignore_ascii_case(b"disallow") => false,
            _ => continue,
        };
        for item in String::from_utf8_lossy(value).split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (allow, codec) = match item.strip_prefix('!') {
                Some(codec) => (!allow, codec.trim()),
                None => (allow, item),
            };
            if codec.eq_ignore_ascii_case("all") {
                have.clear();
            }
            match allow {
                true if !have.iter().any(|c| c.eq_ignore_ascii_case(codec)) => have.push(codec.to_owned()),
                true => {}
                false => have.retain(|c| !c.eq_ignore_ascii_case(codec)),
            }
        }
    }
    have
}

/// What the named fields mean as options. `had` is what the extension has now (nothing for a new
/// one): half a caller id keeps its other half.
pub fn wanted(fields: &Fields, number: &str, had: &Fields) -> Result<Vec<Wanted>> {
    use Type::{Aor, Endpoint};
    let mut out = Vec::new();
    let lacking = [
        ("outbound-cid-name", &fields.outbound_cid_name),
        ("outbound-cid-number", &fields.outbound_cid_number),
        ("toll-allow", &fields.toll_allow),
    ];
    if let Some((flag, _)) = lacking.iter().find(|(_, value)| value.is_some()) {
        return Err(Error::usage(format!("Asterisk has nothing for --{flag}")));
    }
    if fields.cid_name.is_some() || fields.cid_number.is_some() {
        let name = fields.cid_name.as_deref().or(had.cid_name.as_deref()).unwrap_or_default();
        // An id such as bob-2 would not be read back as a caller id number.
        let own = if write_caller_id(name, number).is_ok() { number } else { "" };
        let number = fields.cid_number.as_deref().or(had.cid_number.as_deref()).unwrap_or(own);
        let cleared = fields.cid_name.as_deref() == Some("") && fields.cid_number.is_none() && had.cid_number.is_none();
        let text = if cleared { String::new() } else { write_caller_id(name, number)? };
        out.push(match text.is_empty() {
            true => Wanted::unset(Endpoint, "callerid"),
            false => Wanted::set(Endpoint, "callerid", text),
        });
    }
    let mut plain = |object, option: &str, value: &Option<String>| match value.as_deref() {
        None => {}
        Some("") => out.push(Wanted::unset(object, option)),
        Some(value) => out.push(Wanted::set(object, option, value)),
    };
    plain(Endpoint, "context", &fields.context);
    plain(Endpoint, "transport", &fields.transport);
    plain(Aor, "max_contacts", &fields.max_contacts);
    plain(Endpoint, "mailboxes", &fields.mailbox);
    plain(Endpoint, "named_call_group", &fields.call_group);
    plain(Endpoint, "named_pickup_group", &fields.pickup_group);
    plain(Endpoint, "accountcode", &fields.accountcode);
    plain(Endpoint, "language", &fields.language);
    plain(Endpoint, DESCRIPTION, &fields.description);
    if let Some(codecs) = &fields.codecs {
        if codecs.is_empty() {
            return Err(Error::usage("an endpoint without codecs cannot talk; name at least one"));
        }
        out.push(Wanted::set(Endpoint, "disallow", "all"));
        out.push(Wanted::set(Endpoint, "allow", codecs.join(",")));
    }
    match fields.webrtc {
        Some(true) => {
            out.push(Wanted::set(Endpoint, "webrtc", "yes"));
            if fields.codecs.is_none() && !had.codecs.iter().flatten().any(|codec| codec == "opus") {
                let mut codecs = vec!["opus".to_owned()];
                codecs.extend(had.codecs.clone().unwrap_or_else(|| vec!["ulaw".to_owned()]));
                out.push(Wanted::set(Endpoint, "disallow", "all"));
                out.push(Wanted::set(Endpoint, "allow", codecs.join(",")));
            }
            if fields.max_contacts.is_none() && had.webrtc != Some(true) {
                out.push(Wanted::set(Aor, "max_contacts", "5"));
                out.push(Wanted::set(Aor, "remove_existing", "yes"));
            }
        }
        Some(false) => out.push(Wanted::unset(Endpoint, "webrtc")),
        None => {}
    }
    if let Some(permit) = &fields.permit {
        permitted(permit, &mut out);
    }
    if let Some(ip) = &fields.ip {
        out.push(Wanted::unset(Type::Identify, "match"));
        for address in ip.split(',').map(str::trim).filter(|address| !address.is_empty()) {
            out.push(Wanted::add(Type::Identify, "match", address));
        }
    }
    Ok(out)
}

fn permitted(permit: &str, out: &mut Vec<Wanted>) {
    let networks: Vec<&str> = permit.split(',').map(str::trim).filter(|network| !network.is_empty()).collect();
    for (deny, allow) in [("deny", "permit"), ("contact_deny", "contact_permit")] {
        out.push(Wanted::unset(Type::Endpoint, deny));
        out.push(Wanted::unset(Type::Endpoint, allow));
        if networks.is_empty() {
            continue;
        }
        for everybody in EVERYBODY {
            out.push(Wanted::add(Type::Endpoint, deny, everybody));
        }
        for network in &networks {
            out.push(Wanted::add(Type::Endpoint, allow, *network));
        }
    }
}

/// Turns `--set`, `--add`, `--unset` into options, refusing what other verbs are for.
pub fn settings(settings: &[Setting]) -> Result<Vec<Wanted>> {
    let mut out = Vec::new();
    for setting in settings {
        let object = match setting.object.as_str() {
            "endpoint" => Type::Endpoint,
            "auth" => Type::Auth,
            "aor" => Type::Aor,
            "identify" => Type::Identify,
            other => {
                return Err(Error::usage(format!("Asterisk has no {other}.{}", setting.option))
                    .hint("the prefixes are endpoint, auth, aor and identify"));
            }
        };
        let option = setting.option.to_ascii_lowercase();
        let verb = match (object, option.as_str()) {
            // On whatever object: a secret has no place on a command line.
            _ if is_secret(option.as_bytes()) => Some("sipctl ext passwd"),
            (Type::Auth, "username") | (_, "id") => Some("sipctl ext renumber"),
            (_, "type") | (Type::Endpoint, "auth" | "aors") => Some("sipctl ext add or rm"),
            _ => None,
        };
        if let Some(verb) = verb {
            return Err(
                Error::usage(format!("{}.{option} is not set by hand", setting.object)).hint(format!("use {verb}"))
            );
        }
        let known = option.starts_with('@');
        let option = if known { setting.option.clone() } else { option };
        out.push(Wanted { object, option, want: setting.want.clone() });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caller_ids_are_split_as_the_engine_does() {
        let split = |text| {
            let (name, number) = caller_id(text);
            (name.unwrap_or_default(), number.unwrap_or_default())
        };
        let pair = |name: &str, number: &str| (name.to_owned(), number.to_owned());
        assert_eq!(split("\"Bob, Jr\" <1002>"), pair("Bob, Jr", "1002"));
        assert_eq!(split("Bob <1002"), pair("Bob", "1002"));
        assert_eq!(split("<1002>"), pair("", "1002"));
        assert_eq!(split("1002"), pair("", "1002"));
        assert_eq!(split("Bob"), pair("Bob", ""));
        assert_eq!(split("접수 데스크 <1002>"), pair("접수 데스크", "1002"));
    }

    #[test]
    fn any_name_is_written_so_that_it_reads_back() {
        for name in ["Bob", "A \"B\" C", "x < y > z", "back\\slash", "1002", "접수 데스크", "a;b"] {
            let text = write_caller_id(name, "1002").unwrap();
            assert_eq!(caller_id(&text), (Some(name.to_owned()), Some("1002".to_owned())), "{text}");
        }
        assert!(write_caller_id("Bob", "10<02").is_err());
    }

    #[test]
    fn codec_lines_are_applied_in_order() {
        let run = |lines: &[(&str, &str)]| codecs(lines.iter().map(|(k, v)| (k.as_bytes(), v.as_bytes())));
        assert_eq!(run(&[("allow", "ulaw"), ("disallow", "all"), ("allow", "alaw")]), ["alaw"]);
        assert_eq!(run(&[("allow", "!all,ulaw, alaw")]), ["ulaw", "alaw"]);
        assert_eq!(run(&[("allow", "ulaw,alaw"), ("disallow", "ulaw")]), ["alaw"]);
    }

    #[test]
    fn half_a_caller_id_keeps_its_other_half() {
        let had = Fields { cid_number: Some("1002".into()), cid_name: Some("Bob".into()), ..Fields::default() };
        let fields = Fields { cid_name: Some("Reception".into()), ..Fields::default() };
        let wanted = wanted(&fields, "1002", &had).unwrap();
        assert_eq!(wanted, [Wanted::set(Type::Endpoint, "callerid", "\"Reception\" <1002>")]);
    }

    #[test]
    fn an_id_that_is_no_number_is_no_caller_id_number() {
        let fields = Fields { cid_name: Some("Bob".into()), ..Fields::default() };
        let wanted = wanted(&fields, "bob-2", &Fields::default()).unwrap();
        assert_eq!(wanted, [Wanted::set(Type::Endpoint, "callerid", "\"Bob\"")]);
    }

    #[test]
    fn what_other_verbs_are_for_is_refused() {
        for option in
            ["auth.password", "auth.md5_cred", "endpoint.password", "endpoint.type", "endpoint.aors", "auth.username"]
        {
            let (object, option) = option.split_once('.').unwrap();
            let setting = Setting { object: object.into(), option: option.into(), want: Want::Set("x".into()) };
            assert!(settings(&[setting]).is_err(), "{option}");
        }
    }
}
