//! The same user under another number: his id, his file, pointers to him, and what held the old
//! number.

use std::path::Path;

use super::super::directory::{Part, Setting, User};
use super::super::draft::{Draft, not_plain};
use super::super::estate::PARTS;
use super::super::layout;
use super::{Room, remove};
use crate::engine::number::{find, replace};
use crate::engine::{Aftercare, Warning};
use crate::error::{Code, Error, Result};
use crate::extension::Ext;
use crate::secret::{Algorithm, Secret};
use crate::text::splice::Splice;

/// What follows the number where it is the number.
const FOLLOWING: [(Part, &str); 6] = [
    (Part::Attr, "mailbox"),
    (Part::Param, "vm-password"),
    (Part::Variable, "accountcode"),
    (Part::Variable, "effective_caller_id_number"),
    (Part::Variable, "outbound_caller_id_number"),
    (Part::Variable, "presence_id"),
];

/// Plans `renumber`; `leaving` tells the files that are renumbered in the same change.
pub fn renumber(room: &Room, draft: &mut Draft, old: &Ext, new: &Ext, leaving: &dyn Fn(&Path) -> bool) -> Result<()> {
    let user = room.user(old)?;
    let reading = room.reading();
    if new.domain.is_some() && !room.estate.domains(new).contains(&user.domain) {
        return Err(Error::usage(format!("{old} does not stand in the domain of {new}"))
            .hint("an extension keeps its domain when it is renumbered"));
    }
    let to = new.number.as_str();
    for id in [user.id.as_str(), to] {
        draft.allow(user.domain, id, to);
    }
    let (file, span) = draft.element(user.node)?;
    if let Some(path) = remove::own_file(draft, user)? {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let name = replace(name, user.id.as_bytes(), to.as_bytes());
        let target = path.with_file_name(String::from_utf8_lossy(&name).as_ref());
        if room.is_there(&target) && !leaving(&target) {
            return Err(Error::new(Code::Exists, format!("{} exists already", target.display()))
                .hint("move it away first; nothing was written"));
        }
        draft.moves.rename(&path, &target);
    }
    if let Some(comment) = layout::own_comment(draft.bytes(file), span.start, &user.id) {
        let text = replace(&draft.bytes(file)[comment.clone()], user.id.as_bytes(), to.as_bytes());
        draft.splice(file, Splice::replace(comment, text));
    }
    for user in std::iter::once(user).chain(remove::pointers(room, user)) {
        let id = reading.directory.setting(&reading.doc, user, Part::Attr, "id");
        draft.set_value(&id.ok_or_else(|| not_plain(reading.doc.place(user.node)))?, to.as_bytes())?;
    }
    let own = |part: Part| {
        let settings = reading.directory.settings(&reading.doc, user, part);
        settings.into_iter().filter(|setting| setting.own).collect::<Vec<Setting>>()
    };
    for setting in PARTS.into_iter().flat_map(own) {
        let follows = FOLLOWING
            .iter()
            .any(|(part, name)| *part == setting.part && setting.name.eq_ignore_ascii_case(name.as_bytes()));
        if follows && *setting.value == *user.id.as_bytes() {
            draft.set_value(&setting, to.as_bytes())?;
        } else if setting.name.eq_ignore_ascii_case(b"effective_caller_id_name")
            && find(&setting.value, user.id.as_bytes(), 0).is_some()
        {
            let message = format!("the caller id name still says {}", user.id);
            draft.warnings.push(Warning::new("mentioned", message).number(to).at(&reading.doc.place(setting.node)));
        }
    }
    hashes(room, draft, user, to)?;
    // Phones that use his other name go on.
    draft.aftercare.push(Aftercare::Kick { id: reading.address(user, room.live) });
    if let Some(mentions) = &room.estate.mentions {
        draft.warnings.extend(mentions.of(&user.id));
    }
    Ok(())
}

/// Hashes hold the number: they are made anew from the clear password, or the change is refused.
fn hashes(room: &Room, draft: &mut Draft, user: &User, to: &str) -> Result<()> {
    let reading = room.reading();
    for (name, clear) in [("a1-hash", "password"), ("vm-a1-hash", "vm-password")] {
        let Some(hash) = reading.directory.setting(&reading.doc, user, Part::Param, name) else { continue };
        if hash.value.is_empty() || !hash.own {
            continue;
        }
        let realm = room.realm(user.domain)?;
        let clear = [clear, "password"].into_iter().filter_map(|name| reading.value(user, Part::Param, name));
        let made = |secret: &Secret| {
            secret.ha1(Algorithm::Md5, &user.id, realm).is_ok_and(|made| made.as_bytes() == &*hash.value)
        };
        let Some(secret) = clear.map(Secret::new).find(made) else {
            return Err(Error::usage(format!(
                "the {name} of {} cannot be made for {to} without its password",
                user.id
            ))
            .at(reading.doc.place(hash.node))
            .hint(format!("give it a new password first: sipctl ext passwd {}", crate::error::shell_word(&user.id))));
        };
        draft.set_value(&hash, secret.ha1(Algorithm::Md5, to, realm)?.as_bytes())?;
    }
    Ok(())
}
