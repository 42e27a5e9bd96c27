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
    /// Whether it is the HA1 of a password nobody here knows.
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

    /// The HA1 (MD5, 32 hex digits) of a password that stays unknown: [`Secret::ha1`] answers it,
    /// whatever user and realm, and it can be stored as a digest only.
    pub fn of_ha1(hex: &str) -> Option<Self> {
        let hex = hex.strip_prefix("MD5:").unwrap_or(hex).to_ascii_lowercase();
        let fits = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self { bytes: Zeroizing::new(hex.into_bytes()), hashed: true })
    }

    /// Whether only the hash is known.
    pub fn is_hashed(&self) -> bool {
        self.hashed
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

    /// HA1 of RFC 2617 3.2.2.2: lower-case hex of `hash(user:realm:password)`.
    pub fn ha1(&self, algorithm: Algorithm, user: &str, realm: &str) -> String {
        if self.hashed && algorithm == Algorithm::Md5 {
            return String::from_utf8_lossy(&self.bytes).into_owned();
        }
        algorithm.hex(&[user.as_bytes(), b":", realm.as_bytes(), b":", &self.bytes])
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
    /// Only its HA1, in hex.
    Digest(Algorithm, Secret),
}

impl Credential {
    /// Whether a phone that has this password (or a hash made from it) could use it.
    pub fn matches(&self, secret: &Secret) -> bool {
        let same = |algorithm: Algorithm, given: &Secret, hex: &[u8]| {
            let realm = self.realm.as_deref();
            let hash = |realm: &str| given.ha1(algorithm, &self.user, realm);
            (realm.is_some() || given.hashed) && hash(realm.unwrap_or_default()).as_bytes().eq_ignore_ascii_case(hex)
        };
        match &self.stored {
            Stored::Clear(clear) if !secret.hashed => clear.reveal() == secret.reveal(),
            Stored::Clear(clear) => same(Algorithm::Md5, clear, secret.reveal()),
            Stored::Digest(algorithm, hash) => same(*algorithm, secret, hash.reveal()),
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
        assert_eq!(secret.ha1(Algorithm::Md5, "Mufasa", "testrealm@host.com"), "939e7578ed9e3c518a452acee763bce9");
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }
}
