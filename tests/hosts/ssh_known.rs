//! Host keys are always checked.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use sipctl::host::Access;

use crate::sshd::{Sshd, answers, here, refused, run};

fn accepting() -> Access {
    Access { accept_new_host_key: true, ..Access::default() }
}

/// The fingerprint as ssh-keygen prints it.
fn fingerprint(server: &Sshd, kind: &str) -> String {
    let file = server.at(&format!("host_{kind}.pub"));
    run("ssh-keygen", &["-l", "-f", file.to_str().unwrap()]).split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn an_unknown_key_is_refused_until_it_is_accepted() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    fs::remove_file(server.at("home/.ssh/known_hosts")).unwrap();
    let error = refused(&server.transport());
    assert!(error.starts_with(&format!("7 the host key of [127.0.0.1]:{} is not known", server.port)), "{error}");
    assert!(error.contains(&fingerprint(&server, "ed25519")) && error.contains("--accept-new-host-key"), "{error}");
    assert!(!server.at("home/.ssh/known_hosts").exists());
    assert!(!server.log().contains("Accepted"), "nothing is sent to a host nobody knows");
    answers(&server.transport_with(&accepting()));
    let file = server.at("home/.ssh/known_hosts");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let line = format!("[127.0.0.1]:{} {}\n", server.port, server.host_key("ed25519"));
    assert_eq!(fs::read_to_string(&file).unwrap(), line);
    // ssh itself believes the line.
    let wrapper = server.at("ssh");
    let port = server.port.to_string();
    run(wrapper.to_str().unwrap(), &["-o", "BatchMode=yes", "-p", &port, "127.0.0.1", "true"]);
    // Known now, and nothing is added twice.
    answers(&server.transport());
    answers(&server.transport_with(&accepting()));
    assert_eq!(fs::read_to_string(&file).unwrap(), line);
}

#[test]
fn a_new_line_joins_no_other_and_is_hashed_where_ssh_would() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    server.known("other ssh-ed25519 AAAA");
    server.config("HashKnownHosts yes");
    answers(&server.transport_with(&accepting()));
    let text = fs::read_to_string(server.at("home/.ssh/known_hosts")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "other ssh-ed25519 AAAA");
    assert!(lines[1].starts_with("|1|") && lines.len() == 2 && !text.contains("127.0.0.1"), "{text}");
    answers(&server.transport());
}

#[test]
fn a_changed_key_is_refused_whatever_is_said() {
    if !here() {
        return;
    }
    let (server, other) = (Sshd::start(), Sshd::start());
    let line = format!("[127.0.0.1]:{} {}\n", server.port, other.host_key("ed25519"));
    server.known(&format!("# a comment\n{line}"));
    for access in [Access::default(), accepting()] {
        let error = server.refused(&access);
        assert!(
            error.starts_with("7 ") && error.contains("known_hosts:2: ") && error.contains("has changed"),
            "{error}"
        );
        assert!(error.contains(&fingerprint(&server, "ed25519")), "{error}");
    }
    assert_eq!(fs::read_to_string(server.at("home/.ssh/known_hosts")).unwrap(), format!("# a comment\n{line}"));
}

#[test]
fn a_host_known_by_one_type_of_key_is_asked_for_it() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    for kind in ["rsa", "ecdsa", "ed25519"] {
        server.know(&server.host_key(kind));
        answers(&server.transport());
    }
    // Nor does one that no longer offers it count as new.
    let bare = Sshd::with("", &["ed25519"]);
    bare.know(&server.host_key("rsa"));
    let error = bare.refused(&accepting());
    assert!(error.contains("known by a key of type ssh-rsa") && error.contains("known_hosts:1"), "{error}");
}

#[test]
fn what_known_hosts_can_say_is_understood() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let (key, port) = (server.host_key("ed25519"), server.port);
    for hosts in ["[127.0.0.*]:*", "other,[127.0.0.1]:*", "127.0.0.1", "*", "!other,*"] {
        server.known(&format!("junk\n{hosts} {key}\n"));
        answers(&server.transport());
    }
    for hosts in ["!127.0.0.1,![127.0.0.1]:*,*", "localhost", "[127.0.0.1]:1"] {
        server.known(&format!("{hosts} {key}\n"));
        assert!(refused(&server.transport()).contains("is not known"), "{hosts}");
    }
    // Hashed by ssh-keygen.
    server.know(&key);
    run("ssh-keygen", &["-q", "-H", "-f", server.at("home/.ssh/known_hosts").to_str().unwrap()]);
    assert!(!fs::read_to_string(server.at("home/.ssh/known_hosts")).unwrap().contains("127"));
    answers(&server.transport());
    // Several files, of the user and of the machine.
    for file in ["more_known", "global_known"] {
        server.known("");
        fs::write(server.at("home/.ssh").join(file), format!("[127.0.0.1]:{port} {key}\n")).unwrap();
        answers(&server.transport());
        fs::remove_file(server.at("home/.ssh").join(file)).unwrap();
    }
    // Revoked anywhere is revoked.
    server.know(&key);
    fs::write(server.at("home/.ssh/global_known"), format!("@revoked * {key}\n")).unwrap();
    let error = server.refused(&accepting());
    assert!(error.contains("global_known:1: ") && error.contains("revoked"), "{error}");
    fs::remove_file(server.at("home/.ssh/global_known")).unwrap();
    let list = server.at("revoked");
    fs::write(&list, format!("{key} stolen\n")).unwrap();
    server.config(&format!("RevokedHostKeys {}", list.display()));
    let error = server.refused(&accepting());
    assert!(error.contains("revoked:1: ") && error.contains("revoked"), "{error}");
    run("ssh-keygen", &["-q", "-k", "-f", list.to_str().unwrap(), server.at("host_rsa.pub").to_str().unwrap()]);
    assert!(refused(&server.transport()).contains("ssh-client = system"));
    fs::remove_file(&list).unwrap();
    assert!(refused(&server.transport()).contains("RevokedHostKeys"), "without the list nobody is believed");
    server.config("");
    // An authority is no key.
    fs::write(server.at("home/.ssh/global_known"), format!("@cert-authority * {key}\n")).unwrap();
    server.known("");
    let error = refused(&server.transport());
    assert!(error.contains("is not known") && error.contains("checks no certificates"), "{error}");
    // Under another name.
    server.known(&format!("alias {key}\n"));
    server.config("HostKeyAlias alias\nStrictHostKeyChecking no");
    answers(&server.transport());
    server.config("StrictHostKeyChecking no");
    assert!(refused(&server.transport()).contains("is not known"), "never weaker than ours");
}
