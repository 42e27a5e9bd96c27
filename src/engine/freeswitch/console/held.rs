//! The users the engine holds: by its own tree, not by the files.

use super::answers::{no_such_command, text};
use super::directory::Domain;
use super::link::Link;
use super::xml::Element;
use crate::cx::Cx;
use crate::error::{Code, Error, Result};
use crate::extension::Ext;
use crate::wire::event_socket::Answer;

/// The question; its answer has every password in clear.
const SECTION: &str = "xml_locate directory";

/// Every user who can be found.
pub fn held(link: &mut Link, cx: &Cx) -> Result<Vec<Ext>> {
    let answer = link.one(cx, SECTION)?;
    let Answer::Said(bytes) = &answer else {
        return Err(Error::new(Code::Unreachable, "this login may not use the api command xml_locate")
            .hint("its user's esl-allowed-api must name it"));
    };
    let document = Element::read(bytes);
    let Some(section) = document.first("section") else {
        return match text(&answer).starts_with("can't find anything") {
            true => Ok(Vec::new()),
            false if no_such_command(&answer) => {
                Err(Error::new(Code::Unreachable, "mod_commands is not loaded, so the engine cannot be asked"))
            }
            false => Err(Error::failed(format!("the engine's answer to {SECTION} makes no sense"))),
        };
    };
    let mut names: Vec<String> = Vec::new();
    let mut out = Vec::new();
    for element in section.all("domain") {
        let name = element.text_of("name").unwrap_or_default();
        // Of two domains of one name the first counts.
        if names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            continue;
        }
        let users = Domain::new(element).ids().into_iter();
        out.extend(users.map(|number| Ext { number, domain: Some(name.clone()) }));
        names.push(name);
    }
    Ok(out)
}
