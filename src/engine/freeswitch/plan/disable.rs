//! Stopping a user and letting him go on: what `disable` writes, `enable` takes out again, byte
//! for byte.

use super::super::directory::{Part, User, own};
use super::super::draft::{Draft, not_plain};
use super::super::fields::{self, DISABLED, STOPPED};
use super::super::layout::{self, Opened};
use super::Room;
use crate::error::{Error, Result};
use crate::extension::Ext;
use crate::text::splice::Splice;

fn word(opened: Opened) -> &'static str {
    match opened {
        Opened::No => "params",
        Opened::Block => "opened-block",
        Opened::New => "new-block",
        Opened::User => "opened-user",
    }
}

/// An error about a mark that does not say what stands there.
fn changed(room: &Room, user: &User) -> Error {
    Error::usage(format!("what disables {} was changed by hand", user.id))
        .at(room.reading().doc.place(user.node))
        .hint(format!("take sip-forbid-register, auth-acl and {DISABLED} out by hand"))
}

/// Plans `disable`.
pub fn disable(room: &Room, draft: &mut Draft, ext: &Ext) -> Result<()> {
    let user = room.user(ext)?;
    let doc = &room.reading().doc;
    if room.reading().is_disabled(user) {
        let stopped = fields::read(&room.reading().directory, doc, user).enabled == Some(false);
        return if stopped { Ok(()) } else { Err(changed(room, user)) };
    }
    draft.allow(user.domain, &user.id, &user.id);
    let options = STOPPED.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let addition = layout::Addition { part: Part::Param, options: &options, gone: &[] };
    let (splices, opened) = layout::add(doc, user.node, &[addition]).ok_or_else(|| not_plain(doc.place(user.node)))?;
    draft.append(user, Part::Attr, DISABLED, word(opened).as_bytes())?;
    let (file, _) = draft.element(user.node)?;
    for splice in splices {
        draft.splice(file, splice);
    }
    for (name, value) in STOPPED {
        draft.expect(user, Part::Param, name, Some(value.as_bytes()));
    }
    Ok(())
}

/// Plans `enable`.
pub fn enable(room: &Room, draft: &mut Draft, ext: &Ext) -> Result<()> {
    let user = room.user(ext)?;
    let reading = room.reading();
    let doc = &reading.doc;
    let params = own(doc, user.node, Part::Param, true);
    let Some(mark) = reading.directory.setting(doc, user, Part::Attr, DISABLED) else {
        let forbidden = params.iter().find(|param| param.name.eq_ignore_ascii_case(STOPPED[0].0.as_bytes()));
        return match forbidden.filter(|param| param.value.eq_ignore_ascii_case(b"true")) {
            Some(param) => Err(Error::usage(format!("{ext} was forbidden by hand, not by sipctl"))
                .at(doc.place(param.node))
                .hint("take that line out by hand if it is not wanted")),
            None => Ok(()),
        };
    };
    let changed = || changed(room, user);
    let ours = &params[params.len().saturating_sub(STOPPED.len())..];
    let as_written =
        ours.iter().map(|param| (&*param.name, &*param.value)).eq(STOPPED.map(|(a, b)| (a.as_bytes(), b.as_bytes())));
    let Some(block) = doc.child(user.node, "params").filter(|_| as_written) else { return Err(changed()) };
    draft.allow(user.domain, &user.id, &user.id);
    let (file, span) = draft.attribute(user, DISABLED)?;
    draft.splice(file, Splice::remove(span));
    let tag = |node: u32| Ok::<_, Error>(doc.merged.ends(doc.tree.open(node)).ok_or_else(changed)?.1);
    let splice = match &*mark.value {
        b"params" | b"new-block" => {
            let (around, first, last) = match &*mark.value {
                b"params" => (block, ours[0].node, ours[1].node),
                _ => (user.node, block, block),
            };
            let before = doc.tree.children(around).take_while(|child| *child != first).last();
            let bytes = draft.bytes(file);
            let taken = |node: u32| Ok::<_, Error>(layout::taken(bytes, draft.element(node)?.1, false));
            match before.map(|before| draft.element(before)) {
                Some(Ok((own, before))) if own == file => Splice::remove(before.end..draft.element(last)?.1.end),
                // What stands before comes from another file, at least in part: these are whole lines of their own.
                Some(_) => Splice::remove(taken(first)?.start..taken(last)?.end),
                None => Splice::remove(tag(around)?.end..draft.element(last)?.1.end),
            }
        }
        b"opened-block" => Splice::replace(tag(block)?.end - 1..draft.element(block)?.1.end, b"/>"),
        b"opened-user" => Splice::replace(tag(user.node)?.end - 1..draft.element(user.node)?.1.end, b"/>"),
        _ => return Err(changed()),
    };
    draft.splice(file, splice);
    Ok(())
}
