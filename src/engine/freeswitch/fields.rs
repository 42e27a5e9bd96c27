//! The shared fields and the attributes, params and variables that hold them: both directions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::directory::{Directory, Document, Part, User, last};
use crate::error::{Error, Result};
use crate::extension::{Fields, Setting, Want};

/// Set on a user that sipctl disabled; it says what `enable` takes out again.
pub const DISABLED: &str = "sipctl-disabled";
/// The list of extensions he came from.
pub const LIST: &str = "sipctl-list";
/// A network nobody is in: as `auth-acl` it answers 403 to everybody (observed on 1.11).
pub const NOBODY: &str = "255.255.255.255/32";
/// What stops a user: both answer 403, the second to INVITE as well (observed on 1.11).
pub const STOPPED: [(&str, &str); 2] = [("sip-forbid-register", "true"), ("auth-acl", NOBODY)];

/// What one option of a user is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it is.
    pub part: Part,
    /// Its name.
    pub option: String,
    /// What is wanted.
    pub want: Want,
}

/// A field's place: the options of users that are fields by name.
type Row<'f> = (Part, &'static str, &'f mut Option<String>);

/// The fields that are simply one option.
fn table(fields: &mut Fields) -> [Row<'_>; 12] {
    use Part::{Attr, Param, Variable};
    [
        (Variable, "effective_caller_id_name", &mut fields.cid_name),
        (Variable, "effective_caller_id_number", &mut fields.cid_number),
        (Variable, "outbound_caller_id_name", &mut fields.outbound_cid_name),
        (Variable, "outbound_caller_id_number", &mut fields.outbound_cid_number),
        (Variable, "user_context", &mut fields.context),
        (Param, "max-registrations-per-extension", &mut fields.max_contacts),
        (Attr, "mailbox", &mut fields.mailbox),
        (Variable, "callgroup", &mut fields.call_group),
        (Variable, "toll_allow", &mut fields.toll_allow),
        (Variable, "accountcode", &mut fields.accountcode),
        (Variable, "default_language", &mut fields.language),
        (Variable, "description", &mut fields.description),
    ]
}

/// The fields of a user as the engine would make of the files.
pub fn read(directory: &Directory, doc: &Document, user: &User) -> Fields {
    let settings = [Part::Param, Part::Variable, Part::Attr].map(|part| directory.settings(doc, user, part));
    let text = |part: Part, name: &str| {
        let setting = last(&settings[part as usize], name)?;
        (!setting.value.is_empty()).then(|| String::from_utf8_lossy(&setting.value).into_owned())
    };
    let mut fields = Fields::default();
    for (part, option, field) in table(&mut fields) {
        *field = text(part, option);
    }
    // The mark alone keeps nobody out: its params may have been taken away by hand.
    let param = |name: &str| last(&settings[Part::Param as usize], name).map(|setting| &*setting.value);
    let disabled = last(&settings[Part::Attr as usize], DISABLED).is_some()
        && STOPPED.iter().all(|(name, value)| param(name) == Some(value.as_bytes()));
    let permit = match disabled {
        // What it is once sipctl's own two params are gone again.
        true => last(&directory.params_without_last(doc, user, 2), "auth-acl").map(|setting| setting.value.to_vec()),
        false => last(&settings[Part::Param as usize], "auth-acl").map(|setting| setting.value.to_vec()),
    };
    fields.ip = text(Part::Attr, "cidr").map(|networks| shown(&networks));
    let permit = permit.filter(|networks| !networks.is_empty());
    fields.permit = permit.map(|networks| shown(&String::from_utf8_lossy(&networks)));
    fields.enabled = Some(!disabled);
    fields
}

/// What the named fields mean as options.
pub fn wanted(fields: &Fields) -> Result<Vec<Wanted>> {
    let lacking = [
        ("--codecs", fields.codecs.is_some(), "the SIP profile"),
        ("--transport", fields.transport.is_some(), "the SIP profile"),
        ("--pickup-group", fields.pickup_group.is_some(), "the dialplan"),
    ];
    if let Some((flag, _, decides)) = lacking.iter().find(|(_, named, _)| *named) {
        return Err(Error::usage(format!("FreeSWITCH has nothing for {flag} of a user"))
            .hint(format!("it is decided by {decides} there")));
    }
    if fields.webrtc == Some(false) {
        return Err(Error::usage("every FreeSWITCH user can register from a browser; it cannot be taken from one"));
    }
    let mut fields = fields.clone();
    let ip = fields.ip.take().map(|ip| networks("--ip", &ip)).transpose()?;
    let permit = match fields.permit.take() {
        // The name of a list of acl.conf; FreeSWITCH takes one alone.
        Some(name) if !name.contains(['/', ',', ':']) && name.parse::<IpAddr>().is_err() => Some(name),
        other => other.map(|permit| networks("--permit", &permit)).transpose()?,
    };
    let others = [(Part::Attr, "cidr", ip), (Part::Param, "auth-acl", permit)];
    let plain = table(&mut fields).map(|(part, option, value)| (part, option, value.take()));
    let named = plain.into_iter().chain(others).filter_map(|(part, option, value)| Some((part, option, value?)));
    let wanted = named.map(|(part, option, value)| {
        let want = if value.is_empty() { Want::Unset(None) } else { Want::Set(value) };
        Wanted { part, option: option.to_owned(), want }
    });
    Ok(wanted.collect())
}

/// Networks as FreeSWITCH reads them: a bare address is none to it, and a blank spoils what follows
/// (switch_utils.c, `switch_parse_cidr`).
fn networks(flag: &str, text: &str) -> Result<String> {
    let network = |one: &str| {
        let (address, bits) = one.split_once('/').map_or((one, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most: u8 = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok()).filter(|bits| *bits <= most)?;
        Some(format!("{address}/{bits}"))
    };
    let items = text.split(',').map(str::trim).filter(|one| !one.is_empty());
    let read = items.map(|one| {
        let wrong = || Error::usage(format!("{flag} {one}: FreeSWITCH takes addresses and networks here"));
        network(one).ok_or_else(|| wrong().hint("for instance 10.1.2.3 or 10.1.0.0/16, separated by commas"))
    });
    Ok(read.collect::<Result<Vec<_>>>()?.join(","))
}

/// The same for people: one address is written without its mask.
fn shown(networks: &str) -> String {
    let bare = |one: &str| match one.rsplit_once('/') {
        Some((ip, "32")) if ip.parse::<Ipv4Addr>().is_ok() => ip.to_owned(),
        Some((ip, "128")) if ip.parse::<Ipv6Addr>().is_ok() => ip.to_owned(),
        _ => one.to_owned(),
    };
    networks.split(',').map(bare).collect::<Vec<_>>().join(",")
}

/// Turns `--set`, `--unset` into options, refusing what other verbs are for.
pub fn settings(settings: &[Setting]) -> Result<Vec<Wanted>> {
    let mut out = Vec::new();
    for setting in settings {
        let Some(part) = Part::by_name(&setting.object) else {
            return Err(Error::usage(format!("FreeSWITCH has no {}.{}", setting.object, setting.option))
                .hint("the prefixes are param, variable and attr"));
        };
        let lower = setting.option.to_ascii_lowercase();
        let verb = match (part, lower.as_str()) {
            (Part::Param, "password" | "a1-hash") => Some("sipctl ext passwd"),
            (Part::Attr, "id") => Some("sipctl ext renumber"),
            (Part::Attr, "type") => Some("sipctl ext add or rm"),
            (Part::Attr, DISABLED) => Some("sipctl ext disable or enable"),
            _ => None,
        };
        if let Some(verb) = verb {
            return Err(Error::usage(format!("{}.{} is not set by hand", setting.object, setting.option))
                .hint(format!("use {verb}")));
        }
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"_-.:".contains(&b);
        if part == Part::Attr && !(lower.starts_with(|c: char| c.is_ascii_alphabetic()) && lower.bytes().all(is_name)) {
            return Err(Error::usage(format!("{} cannot be the name of an attribute", setting.option)));
        }
        if let Want::Add(value) = &setting.want {
            return Err(Error::usage(format!(
                "{} takes one value; no option of a FreeSWITCH user repeats",
                setting.option
            ))
            .hint(format!("use --set {}.{}={value}", setting.object, setting.option)));
        }
        out.push(Wanted { part, option: setting.option.clone(), want: setting.want.clone() });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_verbs_are_for_is_refused() {
        let set = |name: &str, want: Want| {
            let (object, option) = name.split_once('.').unwrap();
            settings(&[Setting { object: object.into(), option: option.into(), want }])
        };
        for name in ["param.Password", "param.a1-hash", "attr.id", "attr.type", "endpoint.context", "attr.a b"] {
            assert!(set(name, Want::Set("x".into())).is_err(), "{name}");
        }
        assert!(set("param.vm-email", Want::Add("x".into())).is_err());
        assert!(set("param.vm-mailto", Want::Set("x".into())).is_ok());
    }

    #[test]
    fn an_address_is_written_as_a_network() {
        for (text, written) in [
            ("10.1.2.3", "10.1.2.3/32"),
            ("10.0.0.0/8, 10.1.2.3", "10.0.0.0/8,10.1.2.3/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("", ""),
        ] {
            assert_eq!(networks("--ip", text).unwrap(), written);
            assert_eq!(shown(written), text.replace(", ", ","));
        }
        for bad in ["phone.example", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "10.1.2", "10.0.0.0/8,lan"] {
            assert!(networks("--ip", bad).is_err(), "{bad}");
        }
        let permit = |text: &str| wanted(&Fields { permit: Some(text.into()), ..Fields::default() });
        let value = |text: &str| permit(text).unwrap().remove(0).want;
        assert_eq!(value("lan"), Want::Set("lan".into()));
        assert_eq!(value("10.1.2.3"), Want::Set("10.1.2.3/32".into()));
        assert_eq!(value(""), Want::Unset(None));
        assert!(permit("lan,10.0.0.0/8").is_err());
        assert_eq!((shown("2001:db8::/32"), shown("lan")), ("2001:db8::/32".to_owned(), "lan".to_owned()));
    }

    #[test]
    fn a_field_without_a_place_is_refused() {
        assert!(wanted(&Fields { transport: Some("udp".into()), ..Fields::default() }).is_err());
        assert!(wanted(&Fields { webrtc: Some(true), ..Fields::default() }).unwrap().is_empty());
        let cleared = wanted(&Fields { ip: Some(String::new()), ..Fields::default() }).unwrap();
        assert_eq!(cleared, [Wanted { part: Part::Attr, option: "cidr".into(), want: Want::Unset(None) }]);
    }
}
