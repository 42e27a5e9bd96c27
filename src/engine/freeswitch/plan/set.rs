//! Other fields and options: only what was named changes; what comes from group or domain is
//! overridden in the user's own block.

use super::super::directory::{Part, User};
use super::super::draft::Draft;
use super::super::fields::{self, Wanted};
use super::Room;
use crate::error::{Error, Result};
use crate::extension::{Ext, Fields, Setting, Want};

/// Plans `set`.
pub fn set(room: &Room, draft: &mut Draft, ext: &Ext, fields: &Fields, settings: &[Setting]) -> Result<()> {
    let user = room.user(ext)?;
    if fields.enabled.is_some() {
        return Err(
            Error::usage("an extension is not enabled or disabled by set").hint("use sipctl ext enable or disable")
        );
    }
    let mut wanted = fields::wanted(fields)?;
    wanted.extend(fields::settings(settings)?);
    if room.reading().is_disabled(user)
        && wanted.iter().any(|want| ["auth-acl", "sip-forbid-register"].contains(&want.option.as_str()))
    {
        return Err(Error::usage(format!("{ext} is disabled")).hint(format!("first: sipctl ext enable {}", ext.word())));
    }
    room.check(&wanted, &ext.number, &mut draft.warnings)?;
    for (at, want) in wanted.iter().enumerate() {
        let again = wanted[at + 1..].iter().any(|w| w.part == want.part && w.option.eq_ignore_ascii_case(&want.option));
        if !again {
            option(room, draft, user, want)?;
        }
    }
    Ok(())
}

fn option(room: &Room, draft: &mut Draft, user: &User, wanted: &Wanted) -> Result<()> {
    let Wanted { part, option, want } = wanted;
    let have = room.reading().directory.setting(&room.reading().doc, user, *part, option);
    match want {
        Want::Set(value) | Want::Add(value) => value_of(room, draft, user, *part, option, value.as_bytes()),
        Want::Unset(value) => match have {
            None => Ok(()),
            Some(have) if value.as_ref().is_some_and(|value| *have.value != *value.as_bytes()) => Ok(()),
            Some(_) => unset(room, draft, user, *part, option),
        },
    }
}

/// Gives an option a value: in the last line of the user's own that has it, else in a new one.
pub fn value_of(room: &Room, draft: &mut Draft, user: &User, part: Part, option: &str, value: &[u8]) -> Result<()> {
    let reading = room.reading();
    let have = reading.directory.setting(&reading.doc, user, part, option);
    if have.as_ref().is_some_and(|have| *have.value == *value && have.own) {
        let span = have.as_ref().and_then(|have| have.span.clone());
        // The same text by way of a variable is not this user's own.
        if span.is_none_or(|span| reading.doc.merged.is_verbatim(span)) {
            return Ok(());
        }
    }
    draft.allow(user.domain, &user.id, &user.id);
    draft.expect(user, part, option, Some(value));
    match have.filter(|have| have.own) {
        Some(have) => draft.set_value(&have, value),
        None => draft.append(user, part, option, value),
    }
}

/// Takes an option out of the user's own block; where group or domain have it too, it gets an
/// empty value instead.
pub fn unset(room: &Room, draft: &mut Draft, user: &User, part: Part, option: &str) -> Result<()> {
    let reading = room.reading();
    draft.allow(user.domain, &user.id, &user.id);
    draft.expect(user, part, option, None);
    if part == Part::Attr {
        let (file, span) = draft.attribute(user, option)?;
        draft.splice(file, crate::text::splice::Splice::remove(span));
        return Ok(());
    }
    let inherited = inherits(room, user, part, option);
    let own: Vec<_> = super::super::directory::own(&reading.doc, user.node, part, true)
        .into_iter()
        .filter(|setting| setting.name.eq_ignore_ascii_case(option.as_bytes()))
        .collect();
    match (own.last(), inherited) {
        (Some(last), true) => draft.set_value(last, b""),
        (None, true) => draft.append(user, part, option, b""),
        (_, false) => own.iter().try_for_each(|setting| draft.remove(setting.node)),
    }
}

/// Whether group or domain say something about an option of their users.
pub fn inherits(room: &Room, user: &User, part: Part, option: &str) -> bool {
    let reading = room.reading();
    let around = [user.group, Some(reading.directory.domains[user.domain].node)].into_iter().flatten();
    let mut others = around.flat_map(|node| super::super::directory::own(&reading.doc, node, part, false));
    others.any(|setting| setting.name.eq_ignore_ascii_case(option.as_bytes()) && !setting.value.is_empty())
}
