//! Whether the host is who it should be: always checked, before anything secret is sent.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use ssh2::{MethodType, Session};

use super::config::Settings;
use super::known::{self, Known, Verdict};
use crate::error::{Code, Error, Place, Result};

/// Types of host keys in the order of ssh, with the methods that use them. Certificates are not
/// asked for: a host that has one has a plain key as well.
const METHODS: [(&str, &str); 5] = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("ssh-rsa", "rsa-sha2-512,rsa-sha2-256"),
];

/// Everything the known_hosts files of a host say. A file that cannot be read could hide a revoked
/// key, so only a missing one is nothing.
pub(super) fn known(settings: &Settings) -> Result<Known> {
    let mut known = Known::default();
    for file in settings.user_known.iter().chain(&settings.global_known) {
        match std::fs::read(file) {
            Ok(bytes) => known.add(file, &bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::new(Code::Unreachable, Error::io("read", file, error).line())),
        }
    }
    if let Some(file) = &settings.revoked {
        // As ssh has it: without the list nobody is believed.
        let cannot = |error| Error::new(Code::Unreachable, Error::io("read RevokedHostKeys", file, error).line());
        let bytes = std::fs::read(file).map_err(cannot)?;
        if bytes.starts_with(b"SSHKRL\n") {
            return Err(Error::new(Code::Unreachable, "sipctl cannot read RevokedHostKeys in this form (KRL)")
                .at(Place::new(file, 0))
                .hint("the machine's ssh can: write `ssh-client = system` for it in the inventory"));
        }
        known.revoke(file, &bytes);
    }
    Ok(known)
}

/// Asks for the types of keys first that the host is known by: one it has besides must not read as
/// a changed one.
pub(super) fn prefer(session: &Session, settings: &Settings, known: &Known) -> Result<(), ssh2::Error> {
    let names: Vec<&str> = settings.known_as.iter().map(String::as_str).collect();
    let kinds = known.kinds(&names);
    let mut methods = METHODS;
    methods.sort_by_key(|(kind, _)| !kinds.iter().any(|known| known == kind));
    session.method_pref(MethodType::HostKey, &methods.map(|(_, method)| method).join(","))
}

/// Believes the host, or says why not and what to type.
pub(super) fn check(session: &Session, settings: &Settings, known: &Known, accept: bool) -> Result<()> {
    match session.host_key() {
        Some((key, _)) => judge(key, settings, known, accept),
        None => Err(Error::new(Code::Unreachable, format!("{} shows no host key", settings.name))),
    }
}

fn judge(key: &[u8], settings: &Settings, known: &Known, accept: bool) -> Result<()> {
    let names: Vec<&str> = settings.known_as.iter().map(String::as_str).collect();
    let name = names.first().copied().unwrap_or_default();
    let kind = known::kind_of(key).unwrap_or("odd");
    let shown = format!("{kind} {}", known::fingerprint(key));
    let refuse = |message: String| Err(Error::new(Code::Unreachable, message));
    match known.judge(&names, key) {
        Verdict::Known => Ok(()),
        Verdict::Revoked(place) => refuse(format!("{name} shows a key that is revoked ({shown})"))
            .map_err(|error| error.at(place).hint("somebody may have stolen the key of this host: ask who runs it")),
        Verdict::Changed(place) => refuse(format!("the host key of {name} has changed: it shows {shown}")).map_err(|error| {
            error
                .at(place.clone())
                .hint("somebody may be listening in; ask who runs the host whether it has a new key")
                .hint(format!("if it has: take line {} out of {} and try again", place.line, place.file.display()))
        }),
        Verdict::OtherType(place, old) => {
            refuse(format!("{name} is known by a key of type {old}, but shows only {shown}")).map_err(|error| {
                error
                    .at(place.clone())
                    .hint("somebody may be listening in; ask who runs the host whether this key is its own")
                    .hint(format!("if it is: take line {} out of {} and try again", place.line, place.file.display()))
            })
        }
        Verdict::Unknown | Verdict::OnlyAuthority(_) if accept => keep(settings, name, key),
        Verdict::OnlyAuthority(place) => {
            refuse(format!("the host key of {name} is not known ({shown})")).map_err(|error| {
                error
                    .hint(format!("{place} knows an authority for it, but sipctl checks no certificates of hosts"))
                    .hint("if the key is right: repeat the command with --accept-new-host-key, or write ssh-client = system")
            })
        }
        Verdict::Unknown => refuse(format!("the host key of {name} is not known ({shown})")).map_err(|error| {
            error.hint("if that is its fingerprint, accept the key: repeat the command with --accept-new-host-key")
        }),
    }
}

/// Appends the key to the user's file.
fn keep(settings: &Settings, name: &str, key: &[u8]) -> Result<()> {
    let Some(file) = settings.user_known.first() else {
        return Err(Error::new(Code::Unreachable, format!("there is no file to keep the key of {name} in"))
            .hint("UserKnownHostsFile in the ssh_config is none"));
    };
    let mut salt = [0; 20];
    if settings.hash_known {
        getrandom::fill(&mut salt).map_err(|error| {
            Error::failed("the operating system gives no random bytes").because(anyhow::anyhow!("{error}"))
        })?;
    }
    let line = known::line(name, key, settings.hash_known.then_some(&salt));
    let cannot = |error| Error::new(Code::Unreachable, Error::io("write", file, error).line());
    let (mut open, before) = open(file).map_err(cannot)?;
    // Another run may have kept a key meanwhile: this one, or one that this one would betray.
    let mut now = Known::default();
    now.add(file, &before);
    match now.judge(&[name], key) {
        Verdict::Unknown | Verdict::OnlyAuthority(_) => append(&mut open, &before, &line).map_err(cannot),
        _ => judge(key, settings, &now, false),
    }
}

/// Opens the file and what is in it, and keeps other runs from adding to it. What cannot be locked
/// (/dev/null) holds nothing.
fn open(file: &Path) -> std::io::Result<(File, Vec<u8>)> {
    if let Some(folder) = file.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file: File = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file)?;
    let _ = file.lock();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok((file, bytes))
}

/// Adds a line, which a last one without an end must not join.
fn append(file: &mut File, before: &[u8], line: &str) -> std::io::Result<()> {
    let whole = before.last().is_none_or(|last| *last == b'\n');
    file.write_all(if whole { line.to_owned() } else { format!("\n{line}") }.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::config::Machine;
    use super::*;
    use crate::address::Ssh;
    use crate::cx::{Cx, Silent};

    /// As an ed25519 key looks on the wire.
    fn key(byte: u8) -> Vec<u8> {
        let head = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32]].concat();
        [head, vec![byte; 32]].concat()
    }

    fn settings(file: &Path) -> Settings {
        let machine = Machine { ssh: None, home: "/nowhere".into(), agent: None, user: Some("me".into()) };
        let to = Ssh { user: None, host: "pbx".into(), port: Some(22) };
        let settings = Settings::of(&Cx::new(&Silent), &machine, &to).unwrap();
        Settings { user_known: vec![file.to_owned()], known_as: vec!["pbx".into()], hash_known: false, ..settings }
    }

    #[test]
    fn a_line_is_added_whatever_stands_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/known_hosts");
        let accept = |byte: u8, known: &Known| judge(&key(byte), &settings(&file), known, true);
        accept(1, &Known::default()).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::write(&file, "no end").unwrap();
        accept(1, &Known::default()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("no end\n{}", known::line("pbx", &key(1), None)));
        judge(&key(1), &settings(Path::new("/dev/null")), &Known::default(), true).unwrap();
    }

    #[test]
    fn a_key_that_another_run_kept_meanwhile_is_kept_once_and_betrayed_never() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_hosts");
        // Read before the other run wrote.
        let early = Known::default();
        judge(&key(1), &settings(&file), &early, true).unwrap();
        let kept = std::fs::read(&file).unwrap();
        judge(&key(1), &settings(&file), &early, true).unwrap();
        let error = judge(&key(2), &settings(&file), &early, true).unwrap_err();
        assert!(error.message.contains("has changed"), "{}", error.message);
        assert_eq!(std::fs::read(&file).unwrap(), kept);
    }
}
