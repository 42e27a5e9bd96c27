//! stand-in until merged
#![allow(missing_docs)]
use std::collections::BTreeSet;
pub struct OptionInfo {
    pub repeated: bool,
    pub kind: Kind,
}
#[derive(Clone, Copy)]
pub enum Kind {
    Bool,
    Text,
}
impl Kind {
    pub fn may_be_empty(self) -> bool {
        true
    }
}
pub struct Version {
    pub major: u32,
    pub minor: u32,
}
impl Version {
    pub fn parse(_: &str) -> Option<Self> {
        None
    }
}
pub fn find(_o: &str, n: &str) -> Option<OptionInfo> {
    ["set_var", "match", "contact", "permit", "deny", "contact_permit", "contact_deny"]
        .contains(&n)
        .then_some(OptionInfo { repeated: true, kind: Kind::Text })
}
pub enum Check {
    Fine,
    UnknownToUs,
    NoSuchOption { near: Vec<String> },
    NotInVersion { since: String },
    BadValue { why: String },
}
pub fn check(_: &str, _: &str, _: &str, _: Option<&Version>, _: &BTreeSet<String>) -> Check {
    Check::Fine
}
