//! An extension's fields by their JSON names.

use super::Fields;

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

/// The fields that are set.
pub fn all(fields: &Fields) -> impl Iterator<Item = (&'static str, String)> {
    FIELDS.into_iter().filter_map(|name| value(fields, name).map(|text| (name, text)))
}

/// A field that can be written.
pub enum Slot<'f> {
    /// A text.
    Text(&'f mut Option<String>),
    /// Yes or no.
    Flag(&'f mut Option<bool>),
    /// The codecs.
    Codecs(&'f mut Option<Vec<String>>),
}

/// A field by its JSON name, for writing.
pub fn slot<'f>(fields: &'f mut Fields, name: &str) -> Option<Slot<'f>> {
    Some(Slot::Text(match name {
        "codecs" => return Some(Slot::Codecs(&mut fields.codecs)),
        "webrtc" => return Some(Slot::Flag(&mut fields.webrtc)),
        "enabled" => return Some(Slot::Flag(&mut fields.enabled)),
        "cid_name" => &mut fields.cid_name,
        "cid_number" => &mut fields.cid_number,
        "outbound_cid_name" => &mut fields.outbound_cid_name,
        "outbound_cid_number" => &mut fields.outbound_cid_number,
        "context" => &mut fields.context,
        "transport" => &mut fields.transport,
        "max_contacts" => &mut fields.max_contacts,
        "mailbox" => &mut fields.mailbox,
        "call_group" => &mut fields.call_group,
        "pickup_group" => &mut fields.pickup_group,
        "toll_allow" => &mut fields.toll_allow,
        "accountcode" => &mut fields.accountcode,
        "language" => &mut fields.language,
        "ip" => &mut fields.ip,
        "permit" => &mut fields.permit,
        "description" => &mut fields.description,
        _ => return None,
    }))
}

/// Copies a field.
pub fn copy(name: &str, from: &Fields, to: &mut Fields) {
    match slot(to, name) {
        Some(Slot::Text(to)) => *to = value(from, name),
        Some(Slot::Flag(to)) => *to = if name == "webrtc" { from.webrtc } else { from.enabled },
        Some(Slot::Codecs(to)) => to.clone_from(&from.codecs),
        None => {}
    }
}

/// Clears what is set.
pub fn forget(name: &str, fields: &mut Fields) {
    copy(name, &Fields::default(), fields);
}
