//! Who is registered: the registrar's own records.
//!
//! Registrations live in astdb, not in the configuration: a new password or a removed extension
//! leaves them standing until they expire (observed on 16.28 and 22.10).

use std::collections::BTreeSet;

use serde::Deserialize;

use super::link::Link;
use crate::cx::Cx;
use crate::engine::Contact;
use crate::error::Result;

/// One record `/registrar/contact/AOR;@HASH: {json}`.
pub struct Record {
    /// The AOR.
    pub aor: String,
    /// The key below `registrar` that removes it.
    pub key: String,
    /// What it says.
    pub said: Said,
}

/// The fields of a record that people ask for; numbers come as text.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Said {
    uri: String,
    user_agent: String,
    expiration_time: String,
    via_addr: String,
    via_port: String,
}

/// The question for [`records`].
pub const RECORDS: &str = "database show registrar";

/// Every record there is.
pub fn records(link: &mut Link, cx: &Cx) -> Result<Vec<Record>> {
    let answer = link.one(cx, RECORDS, cx.timeouts.question)?;
    Ok(answer.lines().filter_map(record).collect())
}

fn record(line: &str) -> Option<Record> {
    let (key, json) = line.strip_prefix("/registrar/")?.split_once(": {")?;
    let key = key.trim_end();
    let (aor, _) = key.strip_prefix("contact/")?.rsplit_once(";@")?;
    let said = serde_json::from_str(&format!("{{{json}")).unwrap_or_default();
    Some(Record { aor: aor.to_owned(), key: key.to_owned(), said })
}

/// Who is registered, of these extensions (all when empty).
pub fn contacts(link: &mut Link, cx: &Cx, numbers: &[String]) -> Result<Vec<Contact>> {
    let wanted: BTreeSet<&str> = numbers.iter().map(String::as_str).collect();
    let now = link.host().clock().0;
    let all = records(link, cx)?.into_iter().filter(|r| wanted.is_empty() || wanted.contains(r.aor.as_str()));
    let some = |text: String| (!text.is_empty()).then_some(text);
    Ok(all
        .map(|Record { aor, said, .. }| Contact {
            id: aor.clone(),
            number: aor,
            // Sorcery writes a semicolon as ^3B.
            uri: said.uri.replace("^3B", ";"),
            user_agent: some(said.user_agent),
            expires: said.expiration_time.parse().ok().map(|at: i64| at - now),
            address: some(said.via_addr).map(|address| match said.via_port.as_str() {
                "" | "0" => address,
                port if address.contains(':') => format!("[{address}]:{port}"),
                port => format!("{address}:{port}"),
            }),
        })
        // The engine looks for expired ones only now and then.
        .filter(|contact| contact.expires.is_none_or(|left| left > 0))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read() {
        let line = "/registrar/contact/a;b;@02a75780: {\"via_addr\":\"::1\",\"uri\":\"sip:1001@h^3Btransport=tcp\",\"x\":\"{\"}";
        let record = record(line).unwrap();
        assert_eq!((record.aor.as_str(), record.key.as_str()), ("a;b", "contact/a;b;@02a75780"));
        assert_eq!(record.said.via_addr, "::1");
        assert!(super::record("3 results found.").is_none());
        assert!(super::record("/registrar/other/1: {}").is_none());
    }
}
