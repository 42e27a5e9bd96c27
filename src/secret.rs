//! A secret is a type: it cannot be printed, formatted or serialised.

use std::fmt;

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512_256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Letters and digits without look-alikes (no 0 O 1 l I).
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// A password in memory; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

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
        Self(Zeroizing::new(bytes.into()))
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
        Ok(Self(out))
    }

    /// The bytes: for writing them to the PBX, and for showing a generated password once.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// HA1 of RFC 2617 3.2.2.2: lower-case hex of `hash(user:realm:password)`.
    pub fn ha1(&self, algorithm: Algorithm, user: &str, realm: &str) -> String {
        algorithm.hex(&[user.as_bytes(), b":", realm.as_bytes(), b":", &self.0])
    }

    /// Lower-case hex of MD5(`salt:password`): a password as a question that does not show it.
    pub fn salted(&self, salt: &str) -> String {
        Algorithm::Md5.hex(&[salt.as_bytes(), b":", &self.0])
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
