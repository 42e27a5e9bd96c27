//! Whether the engine's answer means what the file says.

/// How an answer compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// It means the same.
    Same,
    /// It means something else.
    Different,
    /// It may mean the same, spelled in a way that is not known.
    Unknown,
    /// The engine does not read this option back.
    Unreadable,
}

/// Compares the values of a file with the answer of AST_SORCERY (observed on 16.28 and 22.10:
/// set_var, permit, deny and their like read back empty).
pub fn same(_object: &str, name: &str, values: &[String], answer: &str, _version: &str) -> Sameness {
    const UNREADABLE: [&str; 6] = ["set_var", "permit", "deny", "contact_permit", "contact_deny", "match"];
    let truth = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "y" | "t" | "1" | "on" => Some(true),
        "no" | "false" | "n" | "f" | "0" | "off" => Some(false),
        _ => None,
    };
    match values {
        _ if UNREADABLE.contains(&name) && answer.is_empty() => Sameness::Unreadable,
        [] if answer.is_empty() => Sameness::Same,
        [] => Sameness::Unknown,
        [.., last] if last == answer => Sameness::Same,
        [.., last] => match (truth(last), truth(answer)) {
            (Some(a), Some(b)) if a == b => Sameness::Same,
            (Some(_), Some(_)) => Sameness::Different,
            _ if matches!(name, "context" | "aors" | "auth" | "username" | "accountcode" | "max_contacts")
                || name.starts_with('@') =>
            {
                Sameness::Different
            }
            _ => Sameness::Unknown,
        },
    }
}
