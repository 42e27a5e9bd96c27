//! A secret is a type: it cannot be printed, formatted or serialised.

use std::fmt;

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512_256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Letters and digits without look-alikes (no 0 O 1 l I).
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// What stands for a secret where options are shown.
pub const MASK: &str = "********";

/// A password in memory; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    /// Whether it is the HA1s of a password nobody here knows, as `password_digest` writes them.
    hashed: bool,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Digest algorithms of SIP credentials (RFC 2617, RFC 8760).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// MD5.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512/256.
    Sha512_256,
}

impl Algorithm {
    /// The name as RFC 8760 and Asterisk's `password_digest` write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// By its name, without regard to case.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256, Self::Sha512_256].into_iter().find(|a| a.name().eq_ignore_ascii_case(name))
    }

    /// Lower-case hex of the hash of `parts`, joined by nothing.
    pub fn hex(self, parts: &[&[u8]]) -> String {
        fn run<D: Digest>(parts: &[&[u8]]) -> String {
            let mut hash = D::new();
            for part in parts {
                hash.update(part);
            }
            hex(&hash.finalize())
        }
        match self {
            Self::Md5 => run::<Md5>(parts),
            Self::Sha256 => run::<Sha256>(parts),
            Self::Sha512_256 => run::<Sha512_256>(parts),
        }
    }
}

impl Secret {
    /// Takes the bytes of a password as they are.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: Zeroizing::new(bytes.into()), hashed: false }
    }

    /// The HA1s of a password that stays unknown, as in `SHA-256:HEX` (MD5 where no algorithm is named),
    /// several with commas: [`Secret::ha1`] answers them, whatever user and realm, and it can be stored as a
    /// digest only.
    pub fn of_digests(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() + 4));
        let mut seen = Vec::new();
        for one in text.split(',').map(str::trim) {
            let (name, hex) = one.split_once(':').unwrap_or(("MD5", one));
            let algorithm = Algorithm::by_name(name.trim()).filter(|algorithm| !seen.contains(algorithm))?;
            let hex = hex.trim();
            if hex.len() != algorithm.hex(&[]).len() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return None;
            }
            bytes.extend_from_slice(if seen.is_empty() { b"" } else { b"," });
            bytes.extend_from_slice(algorithm.name().as_bytes());
            bytes.push(b':');
            bytes.extend(hex.bytes().map(|byte| byte.to_ascii_lowercase()));
            seen.push(algorithm);
        }
        Some(Self { bytes, hashed: true })
    }

    /// Whether only digests are known.
    pub fn is_hashed(&self) -> bool {
        self.hashed
    }

    /// The digests that are known, where only they are.
    fn digests(&self) -> impl Iterator<Item = (Algorithm, &str)> {
        let text = std::str::from_utf8(&self.bytes).ok().filter(|_| self.hashed).unwrap_or_default();
        text.split(',').filter_map(|one| {
            let (name, hex) = one.split_once(':')?;
            Some((Algorithm::by_name(name)?, hex))
        })
    }

    /// The algorithms of the digests that are known, where only they are.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        self.digests().map(|(algorithm, _)| algorithm).collect()
    }

    /// A new password of `length` characters from the operating system's random source.
    pub fn generate(length: usize) -> Result<Self> {
        let mut out = Zeroizing::new(Vec::with_capacity(length));
        let fair = 256 - 256 % ALPHABET.len();
        let mut pool = Zeroizing::new([0u8; 64]);
        while out.len() < length {
            getrandom::fill(&mut *pool).map_err(|e| {
                Error::failed("the operating system gives no random bytes").because(anyhow::anyhow!("{e}"))
            })?;
            let wanted = length - out.len();
            out.extend(
                pool.iter()
                    .filter(|b| usize::from(**b) < fair)
                    .take(wanted)
                    .map(|b| ALPHABET[usize::from(*b) % ALPHABET.len()]),
            );
        }
        Ok(Self { bytes: out, hashed: false })
    }

    /// The bytes: for writing them to the PBX, and for showing a generated password once.
    pub fn reveal(&self) -> &[u8] {
        &self.bytes
    }

    /// HA1 of RFC 2617 3.2.2.2: lower-case hex of `hash(user:realm:password)`. Refused where only
    /// digests of other algorithms are known.
    pub fn ha1(&self, algorithm: Algorithm, user: &str, realm: &str) -> Result<String> {
        if !self.hashed {
            return Ok(algorithm.hex(&[user.as_bytes(), b":", realm.as_bytes(), b":", &self.bytes]));
        }
        let known = self.digests().find(|(known, _)| *known == algorithm);
        known.map(|(_, hex)| hex.to_owned()).ok_or_else(|| {
            let known = self.algorithms().into_iter().map(Algorithm::name).collect::<Vec<_>>().join(" and ");
            let needed = algorithm.name();
            Error::usage(format!("of the password of {user} only the {known} digest is known, and {needed} is needed"))
                .hint("give the password itself, or a new one")
        })
    }

    /// Lower-case hex of MD5(`salt:password`): a password as a question that does not show it.
    pub fn salted(&self, salt: &str) -> String {
        Algorithm::Md5.hex(&[salt.as_bytes(), b":", &self.bytes])
    }
}

/// A credential as it is stored.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The name a phone registers with.
    pub user: String,
    /// The realm it is challenged with, where that is known.
    pub realm: Option<String>,
    /// Itself.
    pub stored: Stored,
}

/// How a credential is stored.
#[derive(Clone, Debug)]
pub enum Stored {
    /// In clear.
    Clear(Secret),
    /// Only its HA1s.
    Digest(Secret),
}

impl Credential {
    /// Whether a phone that has this password (or a hash made from it) could use it.
    pub fn matches(&self, secret: &Secret) -> bool {
        // Those both know must be the same, and one must be there.
        let same = |given: &Secret, digests: &Secret| {
            let realm = self.realm.as_deref().or(given.hashed.then_some(""));
            let made = |algorithm| given.ha1(algorithm, &self.user, realm?).ok();
            let mut both = digests.digests().filter_map(|(algorithm, hex)| Some((made(algorithm)?, hex))).peekable();
            both.peek().is_some() && both.all(|(made, hex)| made == hex)
        };
        match &self.stored {
            Stored::Clear(clear) if !secret.hashed => clear.reveal() == secret.reveal(),
            Stored::Clear(clear) => same(clear, secret),
            Stored::Digest(digests) => same(secret, digests),
        }
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A random salt of 16 hex digits for [`Secret::salted`].
pub fn salt() -> Result<String> {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::failed("the operating system gives no random bytes").because(anyhow::anyhow!("{e}")))?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_long_enough_and_has_no_look_alikes() {
        let secret = Secret::generate(200).unwrap();
        assert_eq!(secret.reveal().len(), 200);
        assert!(secret.reveal().iter().all(|b| b.is_ascii_alphanumeric() && !b"0O1lI".contains(b)));
    }

    #[test]
    fn ha1_is_the_example_of_rfc_2617() {
        let secret = Secret::new("Circle Of Life");
        assert_eq!(
            secret.ha1(Algorithm::Md5, "Mufasa", "testrealm@host.com").unwrap(),
            "939e7578ed9e3c518a452acee763bce9"
        );
    }

    #[test]
    fn of_digests_only_those_that_are_known_are_answered() {
        let clear = Secret::new("Circle Of Life");
        let [md5, sha] = [Algorithm::Md5, Algorithm::Sha256].map(|a| clear.ha1(a, "Mufasa", "there").unwrap());
        let both = Secret::of_digests(&format!("{}, sha-256:{sha}", md5.to_uppercase())).unwrap();
        assert_eq!(both.reveal(), format!("MD5:{md5},SHA-256:{sha}").as_bytes());
        assert_eq!(both.ha1(Algorithm::Sha256, "", "").unwrap(), sha);
        let one = Secret::of_digests(&format!("SHA-256:{sha}")).unwrap();
        let refused = one.ha1(Algorithm::Md5, "Mufasa", "there").unwrap_err().message;
        assert!(refused.contains("SHA-256 digest") && refused.contains("MD5 is needed"), "{refused}");
        for wrong in ["", "x", &md5[1..], &format!("SHA-256:{md5}"), &format!("{md5},{md5}"), &format!("{md5},")] {
            assert!(Secret::of_digests(wrong).is_none(), "{wrong}");
        }
        let stored = |stored| Credential { user: "Mufasa".to_owned(), realm: Some("there".to_owned()), stored };
        assert!(
            stored(Stored::Digest(one.clone())).matches(&clear) && stored(Stored::Clear(clear.clone())).matches(&one)
        );
        assert!(
            stored(Stored::Digest(both.clone())).matches(&one)
                && !stored(Stored::Digest(one)).matches(&Secret::new("x"))
        );
        let other = Secret::of_digests(&format!("{},SHA-256:{sha}", "0".repeat(32))).unwrap();
        assert!(!stored(Stored::Digest(both.clone())).matches(&other), "one of two is another");
        assert!(!stored(Stored::Digest(both)).matches(&Secret::of_digests(&"0".repeat(32)).unwrap()));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }
}
