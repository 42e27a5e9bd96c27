//! What a private key file is, before it is handed to libssh2, whose errors do not say.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD as BASE64, Engine};

use super::known::kind_of;

/// A private key file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// No such file; the usual keys need not exist.
    Missing,
    /// Not to be used; why.
    Unusable(String),
    /// A key; its public half where the file or the one beside it shows it.
    Usable {
        /// Whether a passphrase is needed.
        encrypted: bool,
        /// The public half, as ssh sends it.
        public: Option<Vec<u8>>,
    },
}

/// Looks at a key file.
pub(super) fn look(file: &Path) -> Key {
    let meta = match std::fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Key::Missing,
        Err(error) => return Key::Unusable(error.to_string()),
        Ok(meta) => meta,
    };
    if meta.uid() == rustix::process::getuid().as_raw() && meta.mode() & 0o077 != 0 {
        return Key::Unusable("others can read or change it (chmod 600)".to_owned());
    }
    match std::fs::read_to_string(file) {
        Ok(text) => read(&text, beside(file)),
        Err(error) => Key::Unusable(error.to_string()),
    }
}

/// The public half in `FILE.pub`, or in FILE itself (an agent holds the private one).
pub(super) fn beside(file: &Path) -> Option<Vec<u8>> {
    let mut name = file.as_os_str().to_owned();
    name.push(".pub");
    [PathBuf::from(name), file.to_owned()].iter().find_map(|file| public(&std::fs::read_to_string(file).ok()?))
}

fn public(text: &str) -> Option<Vec<u8>> {
    let mut words = text.split_ascii_whitespace();
    let (kind, key) = (words.next()?, BASE64.decode(words.next()?).ok()?);
    (kind_of(&key)? == kind).then_some(key)
}

fn read(text: &str, public: Option<Vec<u8>>) -> Key {
    if let Some(own) = self::public(text) {
        return Key::Unusable(match kind_of(&own) {
            Some(kind) => format!("it is a public key ({kind}) that the agent does not hold"),
            None => "it is a public key".to_owned(),
        });
    }
    let body = |word: &str| {
        let start = text.find(&format!("-----BEGIN {word}-----"))?;
        let rest = text[start..].split_once('\n')?.1;
        Some(rest.split_once("-----END").map_or(rest, |(body, _)| body))
    };
    if let Some(body) = body("OPENSSH PRIVATE KEY") {
        let packed: String = body.split_ascii_whitespace().collect();
        let Some((cipher, own)) = BASE64.decode(packed).ok().as_deref().and_then(openssh) else {
            return Key::Unusable("it is damaged".to_owned());
        };
        if kind_of(&own).is_some_and(|kind| kind.starts_with("sk-")) {
            return Key::Unusable("it is on a security key, which only the machine's ssh can use".to_owned());
        }
        return Key::Usable { encrypted: cipher != "none", public: Some(own) };
    }
    let encrypted = body("ENCRYPTED PRIVATE KEY").is_some() || text.contains("Proc-Type: 4,ENCRYPTED");
    match encrypted || text.contains("PRIVATE KEY-----") {
        true => Key::Usable { encrypted, public },
        false => Key::Unusable("it is no private key".to_owned()),
    }
}

/// The cipher and the public half of an OpenSSH key (PROTOCOL.key).
fn openssh(bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let mut string = || {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let end = 4usize.checked_add(length)?;
        let part = rest.get(4..end)?.to_vec();
        rest = rest.get(end..)?;
        Some(part)
    };
    let (cipher, _kdf, _options) = (string()?, string()?, string()?);
    rest = rest.get(4..)?;
    let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
    let public = rest.get(4..4usize.checked_add(length)?)?.to_vec();
    Some((String::from_utf8(cipher).ok()?, public))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_key_is_said() {
        let unusable = |text: &str| matches!(read(text, None), Key::Unusable(_));
        assert!(unusable("") && unusable("hello\n"));
        assert!(unusable("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"));
        assert_eq!(look(Path::new("/nowhere/key")), Key::Missing);
    }

    #[test]
    fn pem_says_whether_it_is_encrypted() {
        let pem = |head: &str, extra: &str| format!("-----BEGIN {head}-----\n{extra}AAAA\n-----END {head}-----\n");
        for (text, encrypted) in [
            (pem("RSA PRIVATE KEY", ""), false),
            (pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n"), true),
            (pem("ENCRYPTED PRIVATE KEY", ""), true),
            (pem("PRIVATE KEY", ""), false),
            (pem("EC PRIVATE KEY", ""), false),
        ] {
            assert_eq!(read(&text, None), Key::Usable { encrypted, public: None }, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = openssh(&bytes);
            let _ = openssh(&[b"openssh-key-v1\0", &bytes[..]].concat());
            let text = BASE64.encode(&bytes);
            let _ = read(&format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{text}\n-----END"), None);
        }
    }
}
