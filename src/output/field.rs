//! An extension's fields by their JSON names, as text: for CSV, for people and for filters.

use crate::extension::{Extension, Fields};

/// The fields by their JSON names, in the order they are shown.
pub const FIELDS: [&str; 19] = [
    "cid_name",
    "cid_number",
    "outbound_cid_name",
    "outbound_cid_number",
    "context",
    "codecs",
    "transport",
    "webrtc",
    "max_contacts",
    "mailbox",
    "call_group",
    "pickup_group",
    "toll_allow",
    "accountcode",
    "language",
    "ip",
    "permit",
    "description",
    "enabled",
];

/// A field by its JSON name, as text.
pub fn value(fields: &Fields, name: &str) -> Option<String> {
    let flag = |value: Option<bool>| value.map(|value| yes(value).to_owned());
    match name {
        "cid_name" => fields.cid_name.clone(),
        "cid_number" => fields.cid_number.clone(),
        "outbound_cid_name" => fields.outbound_cid_name.clone(),
        "outbound_cid_number" => fields.outbound_cid_number.clone(),
        "context" => fields.context.clone(),
        "codecs" => fields.codecs.as_ref().map(|codecs| codecs.join(" ")),
        "transport" => fields.transport.clone(),
        "webrtc" => flag(fields.webrtc),
        "max_contacts" => fields.max_contacts.clone(),
        "mailbox" => fields.mailbox.clone(),
        "call_group" => fields.call_group.clone(),
        "pickup_group" => fields.pickup_group.clone(),
        "toll_allow" => fields.toll_allow.clone(),
        "accountcode" => fields.accountcode.clone(),
        "language" => fields.language.clone(),
        "ip" => fields.ip.clone(),
        "permit" => fields.permit.clone(),
        "description" => fields.description.clone(),
        "enabled" => flag(fields.enabled),
        _ => None,
    }
}

/// A truth for people and spreadsheets.
pub fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// Whether there is such a field.
pub fn is_known(name: &str) -> bool {
    FIELDS.contains(&name) || ["number", "domain", "kind", "secret", "file", "managed"].contains(&name)
}

/// A field of an extension, or something else a list shows of it.
pub fn of(extension: &Extension, name: &str) -> Option<String> {
    match name {
        "number" => Some(extension.number.clone()),
        "domain" => extension.domain.clone(),
        "kind" => Some(extension.kind.name().to_owned()),
        "secret" => Some(extension.secret.name().to_owned()),
        "file" => Some(extension.source.file.display().to_string()),
        "managed" => extension.managed.clone(),
        name => value(&extension.fields, name),
    }
}

/// The fields that are set.
pub fn all(fields: &Fields) -> impl Iterator<Item = (&'static str, String)> {
    FIELDS.into_iter().filter_map(|name| value(fields, name).map(|text| (name, text)))
}
