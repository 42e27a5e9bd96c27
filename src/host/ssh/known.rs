//! What known_hosts files say of a host. Pure: no file is opened here.
//!
//! libssh2's own reader lets @revoked keys pass, knows no patterns and gives up on a bad line.

use std::path::Path;

use base64::prelude::{BASE64_STANDARD as BASE64, BASE64_STANDARD_NO_PAD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::pattern;
use crate::error::Place;

/// What stands before a line's hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    None,
    Revoked,
    Authority,
}

/// One line with a key.
#[derive(Clone, Debug)]
struct Entry {
    marker: Marker,
    hosts: String,
    kind: String,
    key: Vec<u8>,
    place: Place,
}

impl Entry {
    /// Reads a line; nothing for comments and for what is no such line.
    fn read(line: &str, place: Place) -> Option<Self> {
        let mut words = line.split_ascii_whitespace().peekable();
        let marker = match *words.peek()? {
            "@revoked" => Marker::Revoked,
            "@cert-authority" => Marker::Authority,
            word if word.starts_with(['@', '#']) => return None,
            _ => Marker::None,
        };
        if marker != Marker::None {
            words.next();
        }
        let (hosts, kind) = (words.next()?.to_owned(), words.next()?.to_owned());
        let key = BASE64.decode(words.next()?).ok()?;
        (kind_of(&key)? == kind).then_some(Self { marker, hosts, kind, key, place })
    }

    fn is_about(&self, name: &str) -> bool {
        match self.hosts.strip_prefix("|1|") {
            Some(hashed) => is_hash_of(hashed, name),
            None => pattern::any(self.hosts.split(','), name),
        }
    }
}

/// `salt|hash`, both base64, of HMAC-SHA1.
fn is_hash_of(hashed: &str, name: &str) -> bool {
    let Some((salt, hash)) = hashed.split_once('|') else { return false };
    let (Ok(salt), Ok(hash)) = (BASE64.decode(salt), BASE64.decode(hash)) else { return false };
    hash_name(&salt, name).as_slice() == hash
}

fn hash_name(salt: &[u8], name: &str) -> Vec<u8> {
    match Hmac::<Sha1>::new_from_slice(salt) {
        Ok(mut mac) => {
            mac.update(name.to_ascii_lowercase().as_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => Vec::new(),
    }
}

/// The type a key says it is of.
pub fn kind_of(key: &[u8]) -> Option<&str> {
    let length = u32::from_be_bytes(*key.first_chunk()?) as usize;
    std::str::from_utf8(key.get(4..4usize.checked_add(length)?)?).ok()
}

/// As ssh shows it: `SHA256:…`.
pub fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(Sha256::digest(key)))
}

/// What is known of a key a host showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the host's.
    Known,
    /// Nobody knows the host.
    Unknown,
    /// Only the authority that certifies the host's keys is known, which plain keys do not show.
    OnlyAuthority(Place),
    /// The host has another key of this type.
    Changed(Place),
    /// The host is known by a key of another type, which it does not offer.
    OtherType(Place, String),
    /// The key is revoked.
    Revoked(Place),
}

/// Everything that known_hosts files say.
#[derive(Debug, Default)]
pub struct Known(Vec<Entry>);

impl Known {
    /// Adds the lines of a file; those that say nothing are skipped.
    pub fn add(&mut self, file: &Path, bytes: &[u8]) {
        let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
        self.0.extend(lines.filter_map(|(line, number)| {
            Entry::read(std::str::from_utf8(line).ok()?.trim_end_matches('\r'), Place::new(file, number))
        }));
    }

    /// Adds the keys of a list of revoked ones: a public key a line.
    pub fn revoke(&mut self, file: &Path, bytes: &[u8]) {
        let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
        self.0.extend(lines.filter_map(|(line, number)| {
            let line = format!("@revoked * {}", std::str::from_utf8(line).ok()?.trim());
            Entry::read(&line, Place::new(file, number))
        }));
    }

    fn about<'a>(&'a self, name: &'a str, marker: Marker) -> impl Iterator<Item = &'a Entry> {
        self.0.iter().filter(move |entry| entry.marker == marker && entry.is_about(name))
    }

    /// The types of keys a host is known by.
    pub fn kinds(&self, names: &[&str]) -> Vec<String> {
        let mut kinds = Vec::new();
        for entry in names.iter().flat_map(|name| self.about(name, Marker::None)) {
            if !kinds.contains(&entry.kind) {
                kinds.push(entry.kind.clone());
            }
        }
        kinds
    }

    /// Judges the key of a host. The first name is the one that counts; under the others only the
    /// same key is looked for (`[host]:port` is also believed if `host` has this key).
    pub fn judge(&self, names: &[&str], key: &[u8]) -> Verdict {
        let kind = kind_of(key).unwrap_or_default();
        for name in names {
            if let Some(entry) = self.about(name, Marker::Revoked).find(|entry| entry.key == key) {
                return Verdict::Revoked(entry.place.clone());
            }
        }
        if names.iter().any(|name| self.about(name, Marker::None).any(|entry| entry.key == key)) {
            return Verdict::Known;
        }
        let Some(name) = names.first() else { return Verdict::Unknown };
        if let Some(entry) = self.about(name, Marker::None).find(|entry| entry.kind == kind) {
            return Verdict::Changed(entry.place.clone());
        }
        if let Some(entry) = self.about(name, Marker::None).next() {
            return Verdict::OtherType(entry.place.clone(), entry.kind.clone());
        }
        match self.about(name, Marker::Authority).next() {
            Some(entry) => Verdict::OnlyAuthority(entry.place.clone()),
            None => Verdict::Unknown,
        }
    }
}

/// The line that makes a key known; with a salt the name is hidden.
pub fn line(name: &str, key: &[u8], salt: Option<&[u8]>) -> String {
    let name = match salt {
        Some(salt) => format!("|1|{}|{}", BASE64.encode(salt), BASE64.encode(hash_name(salt, name))),
        None => name.to_ascii_lowercase(),
    };
    format!("{name} {} {}\n", kind_of(key).unwrap_or_default(), BASE64.encode(key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RED: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIEJHSxLq8ciZlhLZSsoJHlOpzl8ABEKvTbzRwTmbEgxP";
    const BLUE: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIGLn/Pxbf93bkEDpHa5rsVXr5oxDOnEq5T3eTQKgLkvy";
    /// `ssh-rsa` and a number; enough to be of another type.
    const RSA: &str = "AAAAB3NzaC1yc2EAAAADAQAB";

    fn key(text: &str) -> Vec<u8> {
        BASE64.decode(text).unwrap()
    }

    fn judge(file: &str, names: &[&str], shown: &str) -> Verdict {
        let mut known = Known::default();
        known.add(Path::new("/k"), file.as_bytes());
        known.judge(names, &key(shown))
    }

    #[test]
    fn names_lists_patterns_and_ports() {
        for (hosts, name, known) in [
            ("pbx", "pbx", true),
            ("PBX", "pbx", true),
            ("a,pbx,b", "pbx", true),
            ("*.lab", "pbx.lab", true),
            ("*.lab,!pbx.lab", "pbx.lab", false),
            ("pb?", "pbx", true),
            ("pbx", "[pbx]:2222", false),
            ("[pbx]:2222", "[pbx]:2222", true),
            ("[*.lab]:*", "[pbx.lab]:2222", true),
            ("10.0.0.*", "10.0.0.7", true),
            ("other", "pbx", false),
        ] {
            let verdict = judge(&format!("{hosts} ssh-ed25519 {RED} comment\n"), &[name], RED);
            assert_eq!(verdict, if known { Verdict::Known } else { Verdict::Unknown }, "{hosts} {name}");
        }
    }

    #[test]
    fn a_key_without_port_is_believed_but_not_held_against_the_host() {
        let file = format!("pbx ssh-ed25519 {RED}\n");
        assert_eq!(judge(&file, &["[pbx]:2222", "pbx"], RED), Verdict::Known);
        assert_eq!(judge(&file, &["[pbx]:2222", "pbx"], BLUE), Verdict::Unknown);
    }

    #[test]
    fn hashed_names_are_those_of_ssh_keygen() {
        // `ssh-keygen -H` of the line `pbx.lab ssh-ed25519 …`, and of `[pbx.lab]:2222`.
        for (hash, name) in HASHED {
            let file = format!("{hash} ssh-ed25519 {RED}\n");
            assert_eq!(judge(&file, &[name], RED), Verdict::Known, "{name}");
            assert_eq!(judge(&file, &[name], BLUE), Verdict::Changed(Place::new("/k", 1)), "{name}");
            assert_eq!(judge(&file, &["other"], RED), Verdict::Unknown, "{name}");
        }
    }

    const HASHED: [(&str, &str); 2] = [
        ("|1|hgVf2wNLNLEvGjLle6NP4Ue2mQ4=|YCVy1AqQvCzZN93s44sk6ZuyILQ=", "pbx.lab"),
        ("|1|1wlan7BTcF2t0fd5Ow7GzttYHQk=|FJ54WaQa8hW1VVVXnnV/FloQoZ0=", "[pbx.lab]:2222"),
    ];

    #[test]
    fn a_line_we_write_is_one_we_read() {
        for salt in [None, Some(&b"12345678901234567890"[..])] {
            let file = line("[Pbx.lab]:2222", &key(RED), salt);
            assert_eq!(judge(&file, &["[pbx.lab]:2222"], RED), Verdict::Known, "{file}");
        }
        assert!(!line("pbx", &key(RED), Some(b"x")).contains("pbx"));
    }

    #[test]
    fn another_key_is_a_changed_one_and_its_line_is_named() {
        let file = format!("# mine\n\npbx ssh-ed25519 {BLUE}\n");
        assert_eq!(judge(&file, &["pbx"], RED), Verdict::Changed(Place::new("/k", 3)));
        // A host may have several.
        assert_eq!(judge(&format!("{file}pbx ssh-ed25519 {RED}\n"), &["pbx"], RED), Verdict::Known);
    }

    #[test]
    fn a_host_known_by_another_type_is_not_new() {
        let file = format!("pbx ssh-rsa {RSA}\n");
        assert_eq!(judge(&file, &["pbx"], RED), Verdict::OtherType(Place::new("/k", 1), "ssh-rsa".into()));
    }

    #[test]
    fn revoked_beats_known() {
        let file = format!("pbx ssh-ed25519 {RED}\n@revoked * ssh-ed25519 {RED}\n");
        assert_eq!(judge(&file, &["pbx"], RED), Verdict::Revoked(Place::new("/k", 2)));
        assert_eq!(judge(&format!("@revoked pbx ssh-ed25519 {BLUE}\n"), &["pbx"], RED), Verdict::Unknown);
    }

    #[test]
    fn a_list_of_revoked_keys_beats_known_as_well() {
        let mut known = Known::default();
        known.add(Path::new("/k"), format!("pbx ssh-ed25519 {RED}\n").as_bytes());
        known.revoke(Path::new("/r"), format!("# stolen\nssh-ed25519 {RED} me@pbx\n").as_bytes());
        assert_eq!(known.judge(&["pbx"], &key(RED)), Verdict::Revoked(Place::new("/r", 2)));
    }

    #[test]
    fn an_authority_is_no_key_of_the_host() {
        let file = format!("@cert-authority *.lab ssh-ed25519 {RED}\n");
        assert_eq!(judge(&file, &["pbx.lab"], RED), Verdict::OnlyAuthority(Place::new("/k", 1)));
        assert_eq!(judge(&file, &["pbx"], RED), Verdict::Unknown);
    }

    #[test]
    fn bad_lines_are_skipped() {
        let bad = "pbx\npbx ssh-ed25519\npbx ssh-ed25519 !!!\npbx 1024 35 12345\n@odd pbx ssh-ed25519 AAAA\n|1|x ssh-ed25519 AA==\n";
        let mixed = format!("pbx ssh-rsa {RED}\n");
        assert_eq!(judge(&format!("{bad}{mixed}"), &["pbx"], RED), Verdict::Unknown);
        assert_eq!(judge(&format!("{bad}\u{ff}\r\npbx ssh-ed25519 {RED}\r\n"), &["pbx"], RED), Verdict::Known);
    }

    #[test]
    fn known_types_are_listed_once() {
        let mut known = Known::default();
        known.add(Path::new("/a"), format!("pbx ssh-rsa {RSA}\n").as_bytes());
        known.add(Path::new("/b"), format!("pbx,x ssh-ed25519 {RED}\n* ssh-ed25519 {BLUE}\n").as_bytes());
        assert_eq!(known.kinds(&["pbx"]), ["ssh-rsa", "ssh-ed25519"]);
        assert_eq!(known.kinds(&["x", "pbx"]), ["ssh-ed25519", "ssh-rsa"]);
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "[@#|,!*? a-zA-Z0-9+/=\\[\\]:\t\r\n\u{e9}]{0,80}", name in ".{0,20}") {
            let mut known = Known::default();
            known.add(Path::new("/k"), line.as_bytes());
            let _ = known.judge(&[&name], &key(RED));
            let _ = known.kinds(&[&name]);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let mut known = Known::default();
            known.add(Path::new("/k"), &bytes);
            let _ = known.judge(&["pbx"], &bytes);
            let _ = kind_of(&bytes);
        }
    }
}
