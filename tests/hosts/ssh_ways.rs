//! Ways through other hosts, connections to sockets there, and the machine's own ssh.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use sipctl::address::Ssh as Location;
use sipctl::host::link::Transport;
use sipctl::host::ssh::config::Machine;
use sipctl::host::ssh::{Ssh, System};
use sipctl::host::{Access, Socket};

use crate::sshd::{Sshd, answers, cx, free_port, here, me, refused, talk};

/// A way to `target`, which only the client's configuration knows.
fn named(machine: Machine) -> Ssh {
    Ssh::new(&Location { user: None, host: "target".into(), port: None }, &Access::default(), machine)
}

#[test]
fn a_host_behind_jump_hosts_is_reached() {
    if !here() {
        return;
    }
    let (target, jump, far_jump) = (Sshd::start(), Sshd::start(), Sshd::start());
    for server in [&jump, &far_jump] {
        server.authorize(&target.at("home/.ssh/id_ed25519.pub"));
    }
    let lines: String = [&target, &jump, &far_jump]
        .iter()
        .map(|server| format!("[127.0.0.1]:{} {}\n", server.port, server.host_key("ed25519")))
        .collect();
    target.known(&lines);
    let config = |jumps: &str| {
        let (port, me) = (target.port, me());
        target.config(&format!("Host target\nHostName 127.0.0.1\nPort {port}\nUser {me}\n{jumps}\n"));
    };
    let transport = named(target.machine());
    config(&format!("ProxyJump {}@127.0.0.1:{}", me(), jump.port));
    answers(&transport);
    assert!(jump.log().contains("Accepted publickey"));
    config(&format!("ProxyJump 127.0.0.1:{},{}@127.0.0.1:{}", far_jump.port, me(), jump.port));
    answers(&named(target.machine()));
    assert!(far_jump.log().contains("Accepted publickey"));
    config(&format!("ProxyCommand {} -p {} -W %h:%p 127.0.0.1", target.at("ssh").display(), jump.port));
    answers(&named(target.machine()));
    // The jump host's key is checked as well, and what it says is told.
    target.known(lines.lines().next().unwrap());
    config(&format!("ProxyJump 127.0.0.1:{}", jump.port));
    let error = refused(&named(target.machine()));
    assert!(error.starts_with("7 ") && error.contains("Host key verification failed"), "{error}");
}

#[test]
fn a_command_that_connects_may_fail() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    server.config("Host target\nProxyCommand sh -c 'echo no way to %h >&2; exit 1'\n");
    let error = refused(&named(server.machine()));
    assert!(error.starts_with("7 target closed the connection"), "{error}");
    assert!(error.contains("no way to target"), "{error}");
    // Without an ssh a jump cannot be made, and that is said.
    server.config("Host target\nProxyJump 127.0.0.1\n");
    let error = refused(&named(Machine { ssh: None, ..server.machine() }));
    assert!(error.starts_with("2 ") && error.contains("install ssh"), "{error}");
}

#[test]
fn without_an_ssh_its_configuration_is_read() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let bare = || Machine { ssh: None, ..server.machine() };
    server.config(&format!("Host target\nHostName 127.0.0.1\nPort {}\n", server.port));
    answers(&named(bare()));
    server.config(&format!("Match host target\nHostName 127.0.0.1\nPort {}\n", server.port));
    answers(&named(server.machine()));
    let error = refused(&named(bare()));
    assert!(error.starts_with("2 ") && error.contains("config:1: ") && error.contains("install ssh"), "{error}");
}

/// A server that says `hello` to everyone and repeats what it is told.
fn echo<S: Read + Write>(mut stream: S) {
    stream.write_all(b"hello").unwrap();
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        stream.write_all(&buffer[..length]).unwrap();
    }
}

fn speaks(transport: &dyn Transport, socket: &Socket) {
    let mut stream = transport.connect(&cx(), socket).unwrap();
    let mut hello = [0; 5];
    stream.read_exact(&mut hello).unwrap();
    let sent: Vec<u8> = (0..200_000u32).flat_map(u32::to_be_bytes).collect();
    // Less than the buffers of the way hold, then the rest.
    for chunk in sent.chunks(50_000) {
        stream.write_all(chunk).unwrap();
        let mut back = vec![0; chunk.len()];
        stream.read_exact(&mut back).unwrap();
        assert!(back == chunk);
    }
    assert_eq!(&hello, b"hello");
    stream.set_timeout(Duration::from_millis(50)).unwrap();
    let late = stream.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(late.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock), "{late:?}");
}

/// A TCP port and a Unix socket of such a server.
fn echoes(folder: &Path) -> [Socket; 2] {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    std::thread::spawn(move || tcp.incoming().for_each(|stream| echo(stream.unwrap())));
    let path = folder.join("socket");
    let unix = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || unix.incoming().for_each(|stream| echo(stream.unwrap())));
    [Socket::Tcp("127.0.0.1".into(), port), Socket::Unix(path)]
}

#[test]
fn sockets_of_the_host_are_reached_over_the_same_session() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let transport = server.transport();
    let mut link = transport.shell(&cx()).unwrap();
    for socket in echoes(server.folder.path()) {
        speaks(&transport, &socket);
    }
    // The shell is still there, also while a connection is open and busy.
    let [tcp, _] = echoes(&server.at("home"));
    let _open = transport.connect(&cx(), &tcp).unwrap();
    assert_eq!(talk(&mut *link, "echo works; exit\n"), b"works\n");
    assert_eq!(server.log().matches("Accepted publickey").count(), 1);
    let nobody = Socket::Tcp("127.0.0.1".into(), free_port());
    assert_eq!(transport.connect(&cx(), &nobody).err().unwrap().kind(), ErrorKind::ConnectionRefused);
    let missing = Socket::Unix("/nowhere/socket".into());
    assert_eq!(transport.connect(&cx(), &missing).err().unwrap().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_server_that_forwards_nothing_says_so() {
    if !here() {
        return;
    }
    for settings in ["AllowTcpForwarding no\nAllowStreamLocalForwarding no", "DisableForwarding yes"] {
        let server = Sshd::with(settings, &["ed25519"]);
        let transport = server.transport();
        for socket in echoes(server.folder.path()) {
            let error = transport.connect(&cx(), &socket).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{socket:?}");
        }
        answers(&transport);
        let system = System::new(&server.location(), &Access::default(), &server.machine()).unwrap();
        let error = system.connect(&cx(), &echoes(&server.at("home"))[0]).err().unwrap();
        assert!(error.kind() == ErrorKind::Unsupported, "{error:?}");
    }
}

#[test]
fn the_machines_ssh_does_the_same() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let with = |access: &Access| System::new(&server.location(), access, &server.machine()).unwrap();
    let system = with(&Access::default());
    answers(&system);
    let [tcp, unix] = echoes(server.folder.path());
    speaks(&system, &tcp);
    assert_eq!(system.connect(&cx(), &unix).err().unwrap().kind(), ErrorKind::Unsupported);
    // It checks host keys, whatever its configuration says.
    server.known("");
    server.config("StrictHostKeyChecking no");
    let mut link = system.shell(&cx()).unwrap();
    assert_eq!(talk(&mut *link, "echo works; exit\n"), b"");
    assert!(link.complaint().contains("Host key verification failed"), "{}", link.complaint());
    answers(&with(&Access { accept_new_host_key: true, ..Access::default() }));
    answers(&system);
    let password = Access { password_file: Some("/p".into()), ..Access::default() };
    assert!(System::new(&server.location(), &password, &server.machine()).is_err());
    assert!(System::new(&server.location(), &Access::default(), &Machine { ssh: None, ..server.machine() }).is_err());
}

#[test]
fn an_old_server_needs_the_machines_ssh() {
    if !here() {
        return;
    }
    for (settings, client) in [
        ("HostKeyAlgorithms ssh-rsa", "HostKeyAlgorithms ssh-rsa"),
        ("KexAlgorithms diffie-hellman-group14-sha1", "KexAlgorithms +diffie-hellman-group14-sha1"),
    ] {
        let server = Sshd::with(settings, &["rsa"]);
        let error = refused(&server.transport());
        assert!(error.starts_with("7 ") && error.contains("ssh-client = system"), "{error}");
        let system = System::new(&server.location(), &Access::default(), &server.machine()).unwrap();
        server.config(client);
        answers(&system);
    }
}
