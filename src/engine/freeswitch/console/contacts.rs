//! Who is registered: what each SIP profile holds.
//!
//! `show registrations` is a table of the core that a flush does not clean; the profiles' own
//! records are what calls go to (observed on 1.11). A new password or a removed user leaves them
//! standing until they expire.

use std::collections::BTreeSet;

use super::answers::{no_such_command, text};
use super::link::{Link, refused};
use super::xml::Element;
use crate::cx::Cx;
use crate::engine::Contact;
use crate::error::Result;
use crate::wire::event_socket::Answer;

/// One registration.
pub struct Registration {
    /// The profile that holds it.
    pub profile: String,
    /// What the phone registered as: `user@host`.
    pub id: String,
    contact: Contact,
}

/// The question for [`profiles`].
pub const PROFILES: &str = "sofia status";

/// The profiles there are; none where no SIP module is loaded.
pub fn profiles(link: &mut Link, cx: &Cx) -> Result<Vec<String>> {
    let question = PROFILES;
    let answer = link.one(cx, question)?;
    if answer == Answer::Denied {
        return Err(refused(question, &answer));
    }
    if no_such_command(&answer) {
        return Ok(Vec::new());
    }
    Ok(text(&answer).lines().filter_map(profile).collect())
}

/// `                internal\tprofile\tsip:mod_sofia@127.0.0.1:26060\tRUNNING (2)`
fn profile(line: &str) -> Option<String> {
    let mut columns = line.split('\t').map(str::trim);
    let (name, kind) = (columns.next()?, columns.next()?);
    (kind == "profile").then(|| name.to_owned())
}

/// Every registration of every profile.
pub fn registrations(link: &mut Link, cx: &Cx, profiles: &[String]) -> Result<Vec<Registration>> {
    let questions: Vec<String> = profiles.iter().map(|name| format!("sofia xmlstatus profile {name} reg")).collect();
    let answers = link.ask(cx, &questions)?;
    let mut out = Vec::new();
    for ((profile, question), answer) in profiles.iter().zip(&questions).zip(&answers) {
        let Answer::Said(bytes) = answer else { return Err(refused(question, answer)) };
        let document = Element::read(bytes);
        out.extend(document.below("registration").iter().filter_map(|one| registration(profile, one)));
    }
    Ok(out)
}

fn registration(profile: &str, element: &Element) -> Option<Registration> {
    let field = |name: &str| element.first(name).map(Element::text).filter(|text| !text.is_empty());
    let id = field("user")?;
    let number = id.rsplit_once('@').map_or(id.as_str(), |(user, _)| user).to_owned();
    let contact = field("contact").unwrap_or_default();
    let uri =
        contact.split_once('<').and_then(|(_, rest)| rest.rsplit_once('>')).map_or(contact.as_str(), |(uri, _)| uri);
    let expires = field("status").and_then(|s| s.split_once("expsecs(")?.1.split_once(')')?.0.parse().ok());
    let address = field("network-ip").map(|ip| match field("network-port") {
        Some(port) if ip.contains(':') => format!("[{ip}]:{port}"),
        Some(port) => format!("{ip}:{port}"),
        None => ip,
    });
    let contact = Contact { id: id.clone(), number, uri: uri.to_owned(), user_agent: field("agent"), expires, address };
    Some(Registration { profile: profile.to_owned(), id, contact })
}

/// Who is registered, of these extensions (`1002`, or `1002@domain`; all when empty).
pub fn contacts(link: &mut Link, cx: &Cx, numbers: &[String]) -> Result<Vec<Contact>> {
    let wanted: BTreeSet<String> = numbers.iter().map(|n| n.to_ascii_lowercase()).collect();
    let profiles = profiles(link, cx)?;
    let all = registrations(link, cx, &profiles)?.into_iter();
    let theirs = all.filter(|one| {
        // Ids are found without regard to case, and kept as the phone writes them.
        let names = [&one.contact.number, &one.id].map(|name| name.to_ascii_lowercase());
        wanted.is_empty() || names.iter().any(|name| wanted.contains(name))
    });
    Ok(theirs.map(|one| one.contact).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_profiles_are_profiles() {
        let table = "                     Name\t   Type\t                                      Data\tState\n=====\n\
                     \x20               127.0.0.1\t  alias\t                                  internal\tALIASED\n\
                     \x20                external\tprofile\t             sip:mod_sofia@127.0.0.1:26080\tRUNNING (0)\n\
                     \x20   external::example.com\tgateway\t                   sip:joeuser@example.com\tNOREG\n\
                     \x20                internal\tprofile\t             sip:mod_sofia@127.0.0.1:26060\tRUNNING (2)\n=====\n\
                     2 profiles 1 alias\n";
        assert_eq!(table.lines().filter_map(profile).collect::<Vec<_>>(), ["external", "internal"]);
    }

    #[test]
    fn a_registration_is_read() {
        let answer = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profile>\n  <registrations>\n    <registration>\n\
             <call-id>b2103187@t</call-id>\n<user>2200@127.0.0.1</user>\n\
             <contact>&quot;&quot; &lt;sip:2200@127.0.0.1:47369;transport=tcp&gt;</contact>\n<agent>probe/1</agent>\n\
             <status>Registered(UDP)(unknown) exp(2026-11-21 01:38:48) expsecs(330)</status>\n\
             <network-ip>::1</network-ip>\n<network-port>47369</network-port>\n</registration></registrations></profile>";
        let document = Element::read(answer.as_bytes());
        let one = registration("internal", document.below("registration")[0]).unwrap();
        assert_eq!((one.id.as_str(), one.contact.number.as_str()), ("2200@127.0.0.1", "2200"));
        assert_eq!(one.contact.uri, "sip:2200@127.0.0.1:47369;transport=tcp");
        assert_eq!((one.contact.expires, one.contact.address.as_deref()), (Some(330), Some("[::1]:47369")));
    }
}
