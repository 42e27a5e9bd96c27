//! Endpoints the engine holds that no file of ours defines: realtime, astdb, another file.

use super::answers::{eval, result, word};
use super::link::Link;
use crate::cx::Cx;
use crate::engine::asterisk::fields::caller_id;
use crate::error::{Place, Result};
use crate::extension::{Ext, Extension, Fields, Kind, SecretKind};

/// What is asked of each one.
const FIELDS: [&str; 4] = ["context", "callerid", "auth", "mailboxes"];

/// Every endpoint.
pub fn held(link: &mut Link, cx: &Cx) -> Result<Vec<Ext>> {
    let listed = link.ask(cx, &["pjsip list endpoints".to_owned()])?.remove(0);
    Ok(listed.lines().filter_map(id).map(|number| Ext { number, domain: None }).collect())
}

/// Every endpoint that is not among `known`; `store` and `place` say where they live.
pub fn endpoints(link: &mut Link, cx: &Cx, known: &[String], store: &str, place: &Place) -> Result<Vec<Extension>> {
    let held = held(link, cx)?.into_iter().map(|ext| ext.number);
    let ids: Vec<String> = held.filter(|id| !known.contains(id)).collect();
    let question = |id: &String, field: &str| eval(&format!("AST_SORCERY(res_pjsip,endpoint,{id},{field})"));
    let questions: Vec<String> =
        ids.iter().flat_map(|id| FIELDS.iter().map(move |field| question(id, field))).collect();
    let answers = link.ask(cx, &questions)?;
    let extension = |(id, answers): (&String, &[String])| {
        let field = |n: usize| result(&answers[n]).filter(|text| !text.is_empty()).map(str::to_owned);
        let (cid_name, cid_number) = field(1).map_or((None, None), |text| caller_id(&text));
        Extension {
            number: id.clone(),
            domain: None,
            kind: if field(2).is_some() { Kind::Phone } else { Kind::Other },
            fields: Fields { cid_name, cid_number, context: field(0), mailbox: field(3), ..Fields::default() },
            // Not asked: a password stays where it is.
            secret: if field(2).is_some() { SecretKind::Inherited } else { SecretKind::None },
            source: place.clone(),
            managed: Some(store.to_owned()),
            list: None,
        }
    };
    Ok(ids.iter().zip(answers.chunks(FIELDS.len())).map(extension).collect())
}

/// The id on a line ` Endpoint:  1002/1002    Not in use    0 of inf` (the part behind `/` is the
/// caller id number); none for the head of the table and for an id that was cut.
fn id(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("Endpoint:")?.trim_start();
    let name = rest.split("  ").next()?.trim();
    let name = name.split('/').next()?;
    (!name.is_empty() && !name.starts_with('<') && word(name) == name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_the_table() {
        assert_eq!(id(" Endpoint:  1002/1002                 Not in use    0 of inf").as_deref(), Some("1002"));
        assert_eq!(id(" Endpoint:  bob                 Unavailable    0 of inf").as_deref(), Some("bob"));
        assert_eq!(id(" Endpoint:  <Endpoint/CID.....>  <State.....>  <Channels.>"), None);
        assert_eq!(id("Objects found: 2"), None);
    }
}
