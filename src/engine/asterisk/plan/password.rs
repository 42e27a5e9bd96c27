//! A new password that counts: on every version the one credential the engine would look at.

use super::super::draft::Draft;
use super::super::objects::{Configs, Object, Objects, Type};
use super::super::options::Version;
use super::super::parts::Parts;
use super::Room;
use super::set::{append, single};
use crate::engine::Estate;
use crate::error::{Error, Result};
use crate::extension::{Edit, Setting};
use crate::secret::{Algorithm, Secret, Stored};

/// How a version stores a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestForm {
    /// `password_digest=ALG:hex` (20.12, 21.7, 22.2 and later).
    PasswordDigest,
    /// `auth_type=md5` with `md5_cred=hex`.
    Md5Cred,
}

impl DigestForm {
    /// What a version understands; `md5_cred` is understood by all.
    pub fn of(version: Option<&Version>) -> Self {
        match version {
            Some(v)
                if (v.major, v.minor) >= (22, 2)
                    || (v.major == 21 && v.minor >= 7)
                    || (v.major == 20 && v.minor >= 12) =>
            {
                Self::PasswordDigest
            }
            _ => Self::Md5Cred,
        }
    }
}

/// Plans `passwd`.
pub fn password(room: &Room, draft: &mut Draft, edit: &Edit) -> Result<()> {
    let Edit::Password { ext, secret, digest, shared } = edit else { return Ok(()) };
    let number = &ext.number;
    let parts = room.extension(number)?;
    let auth = auth_of(room, &parts, number)?;
    let id = room.estate.configs.id(auth).into_owned();
    let users = room.estate.objects.users(&room.estate.configs, Type::Auth, &id);
    if (users > 1 || room.is_outbound_auth(auth)) && !shared {
        let message = format!("auth {} serves {users} extensions", room.estate.configs.id_text(auth));
        return Err(Error::usage(message).at(room.header(auth)).hint("--shared resets the password of them all"));
    }
    draft.allow(Type::Auth, id, number);
    // A dry run that would generate a password plans with one that is thrown away.
    let secret = match secret {
        Some(secret) => secret.clone(),
        None => Secret::generate(24)?,
    };
    check(&secret)?;
    match digest {
        true => store_digest(room, draft, auth, &secret),
        false => store_clear(room, draft, auth, &secret),
    }
}

/// The auth a phone of this extension answers: the only one, else the one named or used by its
/// number.
fn auth_of(room: &Room, parts: &Parts, number: &str) -> Result<Object> {
    let configs = &room.estate.configs;
    match parts.auths.as_slice() {
        [one] => Ok(*one),
        [] => {
            let message = match configs.list(parts.endpoint, "auth").next() {
                Some(name) => format!("{number} names auth {}, which does not exist", String::from_utf8_lossy(name)),
                None => format!("{number} has no auth: it is known by its address, or anybody may register"),
            };
            Err(Error::usage(message).at(room.header(parts.endpoint)))
        }
        several => {
            let mine = |auth: &&Object| configs.text(**auth, "username").as_deref() == Some(number);
            let mut own = several.iter().filter(mine);
            match (own.next(), own.next()) {
                (Some(auth), None) => Ok(*auth),
                _ => Err(Error::usage(format!("{number} has several auths, and it is not clear which is its phone's"))
                    .at(room.header(parts.endpoint))),
            }
        }
    }
}

/// What Asterisk cannot hold as a password.
pub fn check(secret: &Secret) -> Result<()> {
    let bytes = secret.reveal();
    let why = match bytes {
        [] => Some("it is empty"),
        _ if bytes.len() > 900 => Some("it has more than 900 bytes, which Asterisk cannot be asked about"),
        _ if bytes.iter().any(|b| b"\0\r\n".contains(b)) => Some("it holds a line break or NUL"),
        _ if bytes.first().is_some_and(|b| *b <= b' ') || bytes.last().is_some_and(|b| *b <= b' ') => {
            Some("it begins or ends with a blank, which Asterisk cuts off")
        }
        _ => None,
    };
    match why {
        Some(why) => Err(Error::usage(format!("the password cannot be stored: {why}"))),
        None => Ok(()),
    }
}

fn store_clear(room: &Room, draft: &mut Draft, auth: Object, secret: &Secret) -> Result<()> {
    let configs = &room.estate.configs;
    for option in ["md5_cred", "password_digest"] {
        clear(room, draft, auth, option)?;
    }
    let kind = configs.text(auth, "auth_type").unwrap_or_default();
    if kind.eq_ignore_ascii_case("md5") {
        single(room, draft, auth, "auth_type", "userpass")?;
    }
    put(draft, room, auth, "password", secret.reveal())
}

fn store_digest(room: &Room, draft: &mut Draft, auth: Object, secret: &Secret) -> Result<()> {
    let configs = &room.estate.configs;
    let Some(user) = configs.text(auth, "username") else {
        return Err(Error::usage("a digest needs a username, and this auth has none").at(room.header(auth)));
    };
    let Challenge { realm, algorithms } = Challenge::of(room, configs, auth);
    clear(room, draft, auth, "password")?;
    match room.digest_form(&algorithms) {
        DigestForm::PasswordDigest => {
            clear(room, draft, auth, "md5_cred")?;
            if configs.text(auth, "auth_type").is_some_and(|kind| kind.eq_ignore_ascii_case("md5")) {
                single(room, draft, auth, "auth_type", "digest")?;
            }
            let digests = digests(secret, &algorithms, &user, &realm).map_err(|error| error.at(room.header(auth)))?;
            put(draft, room, auth, "password_digest", digests.as_bytes())
        }
        DigestForm::Md5Cred => {
            clear(room, draft, auth, "password_digest")?;
            single(room, draft, auth, "auth_type", "md5")?;
            let digest = digest(secret, Algorithm::Md5, &user, &realm).map_err(|error| error.at(room.header(auth)))?;
            put(draft, room, auth, "md5_cred", digest.as_bytes())
        }
    }
}

/// The value of `password_digest`.
pub fn digests(secret: &Secret, algorithms: &[Algorithm], user: &str, realm: &str) -> Result<String> {
    let one = |a: &Algorithm| Ok(format!("{}:{}", a.name(), digest(secret, *a, user, realm)?));
    Ok(algorithms.iter().map(one).collect::<Result<Vec<_>>>()?.join(","))
}

/// One digest of a secret.
pub fn digest(secret: &Secret, algorithm: Algorithm, user: &str, realm: &str) -> Result<String> {
    secret.ha1(algorithm, user, realm).map_err(|error| {
        let known = secret.algorithms().into_iter().map(Algorithm::name).collect::<Vec<_>>().join(",");
        error.hint(format!("or let its auth want no other: auth.supported_algorithms_uas={known} and _uac={known}"))
    })
}

/// The algorithms Asterisk wants a digest of: those it challenges phones with, and those it would answer
/// another's challenge with; where its auth does not say them the global ones, else MD5.
fn algorithms(room: &Room, configs: &Configs, auth: Object) -> Vec<Algorithm> {
    fn named(configs: &Configs, object: Object, option: &str) -> Vec<Algorithm> {
        let names = configs.list(object, option);
        names.filter_map(|name| Algorithm::by_name(&String::from_utf8_lossy(name))).collect()
    }
    let mut out = Vec::new();
    for side in ["uas", "uac"] {
        let mut known = named(configs, auth, &format!("supported_algorithms_{side}"));
        if let (true, Some(global)) = (known.is_empty(), room.global()) {
            known = named(&room.estate.configs, global, &format!("default_auth_algorithms_{side}"));
        }
        if known.is_empty() {
            known.push(Algorithm::Md5);
        }
        known.retain(|algorithm| !out.contains(algorithm));
        out.extend(known);
    }
    out
}

/// What the phone of an auth is challenged with: a digest holds for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The realm.
    pub realm: String,
    /// The algorithms.
    pub algorithms: Vec<Algorithm>,
}

impl Challenge {
    /// That of an auth as it is, or will be.
    pub fn of(room: &Room, configs: &Configs, auth: Object) -> Self {
        let realm = configs.text(auth, "realm").filter(|realm| !realm.is_empty());
        Self { realm: realm.unwrap_or_else(|| room.default_realm()), algorithms: algorithms(room, configs, auth) }
    }
}

/// Refuses another realm for a digest that stays: no phone could use it any more, and no proof would tell.
pub fn fits_still(room: &Room, (configs, objects): (&Configs, &Objects), edits: &[Edit], edit: &Edit) -> Result<()> {
    let Edit::Set { ext, settings, .. } = edit else { return Ok(()) };
    let realm = |setting: &Setting| setting.object == "auth" && setting.option.eq_ignore_ascii_case("realm");
    let anew = |other: &Edit| matches!(other, Edit::Password { ext: of, .. } if of == ext);
    let stored = || room.estate.credential(ext, room.live).map(|credential| credential.stored);
    if !settings.iter().any(realm) || !matches!(stored(), Some(Stored::Digest(_))) || edits.iter().any(anew) {
        return Ok(());
    }
    let asked = |configs: &Configs, auth: Object| Challenge::of(room, configs, auth).realm;
    let auth = room.estate.parts(&ext.number).and_then(|parts| parts.auths.last().copied());
    let differs = auth.and_then(|auth| {
        // Only what the change touches is there.
        let touched = objects.find(configs, Type::Auth, &room.estate.configs.id(auth))?;
        let was = asked(&room.estate.configs, auth);
        (asked(configs, touched) != was).then_some(was)
    });
    match differs {
        None => Ok(()),
        Some(was) => Err(Error::usage(format!(
            "only a digest of the password of {ext} is known, and it holds for the realm {was}"
        ))
        .hint(format!("give it a new password first, in clear: sipctl ext passwd {}", ext.word()))),
    }
}

/// Makes a credential count for nothing: own lines go, an inherited one is emptied.
fn clear(room: &Room, draft: &mut Draft, auth: Object, option: &str) -> Result<()> {
    let configs = &room.estate.configs;
    let mut inherited = false;
    for (value, var) in configs.values(auth, option) {
        match var.inherited {
            true => inherited |= !value.is_empty(),
            false => draft.remove_lines((auth.dialect, var.at.file), var.at.line..=var.at.line),
        }
    }
    match inherited {
        true => append(draft, auth, option, b""),
        false => Ok(()),
    }
}

/// Sets a credential: on its own last line where there is one, else on a new one. The value is
/// written even if it is the same.
fn put(draft: &mut Draft, room: &Room, auth: Object, option: &str, value: &[u8]) -> Result<()> {
    let last = room.estate.configs.values(auth, option).last();
    match last {
        Some((have, _)) if have == value => Ok(()),
        Some((_, var)) if !var.inherited => draft.set_value((auth.dialect, var.at.file), var.at.line, value),
        _ => append(draft, auth, option, value),
    }
}
