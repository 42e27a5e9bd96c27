//! A new password that counts, for this user only.

use super::super::directory::{Part, User, own};
use super::super::draft::{Draft, not_plain};
use super::super::layout::{cannot_hold, escape};
use super::Room;
use super::set::value_of;
use crate::engine::Warning;
use crate::error::{Error, Result};
use crate::extension::Ext;
use crate::secret::{Algorithm, Secret};
use crate::text::splice::Splice;

/// Plans `passwd`.
pub fn password(room: &Room, draft: &mut Draft, ext: &Ext, secret: Option<&Secret>, digest: bool) -> Result<()> {
    let user = room.user(ext)?;
    // A dry run that would generate a password plans with one that is thrown away.
    let secret = match secret {
        Some(secret) => secret.clone(),
        None => Secret::generate(24)?,
    };
    check(&secret)?;
    draft.allow(user.domain, &user.id, &user.id);
    voicemail(room, draft, user, &secret)?;
    match digest {
        true => store_digest(room, draft, user, &secret),
        false => store_clear(room, draft, user, &secret),
    }
}

/// A line of the merged text may be a megabyte; no phone takes a password near that.
const LONGEST: usize = 64 << 10;

/// Refuses what no XML file can hold.
pub fn check(secret: &Secret) -> Result<()> {
    match secret.reveal() {
        [] => Err(Error::usage("the password is empty: any password would register then")),
        bytes if bytes.contains(&0) => Err(Error::usage("the password holds a NUL byte")),
        bytes if bytes.len() > LONGEST => Err(Error::usage("the password has more than 65536 bytes")),
        bytes => match cannot_hold(bytes) {
            Some(why) => Err(Error::usage(format!("this password cannot be stored: {why}"))),
            None => Ok(()),
        },
    }
}

/// What a digest means for phones, to be said whenever one is written.
pub fn digest_warning(number: &str, realm: &str) -> Warning {
    let message = format!(
        "only phones that register to exactly {realm} can use this digest; one that names the server otherwise gets 403"
    );
    Warning::new("digest-realm", message).number(number)
}

fn store_clear(room: &Room, draft: &mut Draft, user: &User, secret: &Secret) -> Result<()> {
    let reading = room.reading();
    let hash = reading.directory.setting(&reading.doc, user, Part::Param, "a1-hash");
    if let Some(hash) = hash.filter(|hash| !hash.own) {
        return Err(Error::usage("an a1-hash of the group or domain decides, even over a password")
            .at(reading.doc.place(hash.node))
            .hint("take it out there, or use --digest"));
    }
    value_of(room, draft, user, Part::Param, "password", secret.reveal())?;
    draft.expect(user, Part::Param, "password", Some(secret.reveal()));
    for hash in named(room, user, "a1-hash") {
        draft.remove(hash)?;
    }
    Ok(())
}

fn store_digest(room: &Room, draft: &mut Draft, user: &User, secret: &Secret) -> Result<()> {
    let reading = room.reading();
    let realm = room.realm(user.domain)?;
    let hash = secret.ha1(Algorithm::Md5, &user.id, realm)?.into_bytes();
    draft.warnings.push(digest_warning(&user.id, realm));
    draft.expect(user, Part::Param, "a1-hash", Some(&hash));
    let mut passwords = named(room, user, "password");
    let have = reading.directory.setting(&reading.doc, user, Part::Param, "a1-hash").is_some_and(|hash| hash.own);
    match passwords.pop().filter(|_| !have) {
        // The line of the password becomes that of its hash.
        Some(last) => {
            let doc = &reading.doc;
            for (name, value) in [("name", &b"a1-hash"[..]), ("value", &hash)] {
                let span = doc.tree.attribute(&doc.merged.text, last, name);
                let Some((file, span)) = span.and_then(|span| doc.merged.between(span)) else {
                    return Err(not_plain(doc.place(last)));
                };
                draft.splice(file, Splice::replace(span, escape(value)));
            }
        }
        None => value_of(room, draft, user, Part::Param, "a1-hash", &hash)?,
    }
    let left = if have { named(room, user, "password") } else { passwords };
    left.into_iter().try_for_each(|password| draft.remove(password))
}

/// A hash of the old password for voicemail becomes one of the new; any other PIN is his own.
fn voicemail(room: &Room, draft: &mut Draft, user: &User, secret: &Secret) -> Result<()> {
    let reading = room.reading();
    let Some(hash) = reading.value(user, Part::Param, "vm-a1-hash") else { return Ok(()) };
    let old = reading.value(user, Part::Param, "password").map(Secret::new);
    let of_old = |realm: &str| Some(old.as_ref()?.ha1(Algorithm::Md5, &user.id, realm).ok()?.into_bytes());
    let same = reading.value(user, Part::Param, "a1-hash").is_some_and(|sip| sip == hash);
    match room.realm(user.domain) {
        Ok(realm) if same || of_old(realm).as_ref() == Some(&hash) => {
            let new = secret.ha1(Algorithm::Md5, &user.id, realm)?;
            value_of(room, draft, user, Part::Param, "vm-a1-hash", new.as_bytes())
        }
        Err(_) if same => named(room, user, "vm-a1-hash").into_iter().try_for_each(|node| draft.remove(node)),
        _ => Ok(()),
    }
}

/// The user's own params of a name.
pub fn named(room: &Room, user: &User, name: &str) -> Vec<u32> {
    let params = own(&room.reading().doc, user.node, Part::Param, true).into_iter();
    params.filter(|param| param.name.eq_ignore_ascii_case(name.as_bytes())).map(|param| param.node).collect()
}
