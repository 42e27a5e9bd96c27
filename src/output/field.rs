//! What lists show of an extension, by its JSON name: for CSV, for people and for filters.

use crate::extension::Extension;
pub use crate::extension::by_name::{FIELDS, all, value, yes};

/// Whether there is such a field.
pub fn is_known(name: &str) -> bool {
    FIELDS.contains(&name) || ["number", "domain", "kind", "secret", "file", "managed", "list"].contains(&name)
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
        "list" => extension.list.clone(),
        name => value(&extension.fields, name),
    }
}
