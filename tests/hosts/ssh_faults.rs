//! Servers that are not there, not what they should be, or gone in the middle.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sipctl::address::Ssh as Location;
use sipctl::cx::{Cx, Silent};
use sipctl::host::Access;
use sipctl::host::link::{Link, Transport};
use sipctl::host::ssh::Ssh;

use crate::sshd::{Sshd, answers, cx, free_port, here, refused, talk, told};

/// A way to a port of this machine.
fn to(server: &Sshd, port: u16) -> Ssh {
    Ssh::new(&Location { port: Some(port), ..server.location() }, &Access::default(), server.machine())
}

/// A server on a port of its own that does this with everyone who comes.
fn odd(act: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(|stream| act(stream.unwrap())));
    port
}

#[test]
fn a_host_that_is_down_or_no_ssh_server_is_unreachable() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let down = refused(&to(&server, free_port()));
    assert!(down.starts_with("7 cannot connect to 127.0.0.1") && down.contains("refused"), "{down}");
    for (port, said) in [
        (odd(drop), "closed the connection"),
        (odd(|mut stream| drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"))), "closed the connection"),
        (
            odd(|mut stream| {
                let _ = stream.write_all(b"SSH-2.0-Odd_1.0\r\n");
                // The client's first packets, then the end.
                let _ = stream.read(&mut [0; 4096]);
            }),
            "port",
        ),
    ] {
        let error = refused(&to(&server, port));
        assert!(error.starts_with("7 ") && error.contains(said), "{error}");
    }
    let nowhere = Location { host: "no-such-host.invalid".into(), ..server.location() };
    let error = refused(&Ssh::new(&nowhere, &Access::default(), server.machine()));
    assert!(error.starts_with("7 cannot connect to no-such-host.invalid"), "{error}");
}

#[test]
fn a_silent_server_is_given_up() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let port = odd(|stream| {
        std::thread::spawn(move || {
            let mut stream = stream;
            while let Ok(1..) = stream.read(&mut [0; 1024]) {}
        });
    });
    let mut cx = Cx::new(&Silent);
    cx.timeouts.connect = Duration::from_millis(300);
    let error = told(&to(&server, port).shell(&cx).err().unwrap());
    assert!(
        error.starts_with("7 127.0.0.1 does not answer as an ssh server") && error.contains("--timeout"),
        "{error}"
    );
    // A signal is heard while waiting.
    cx.timeouts.connect = Duration::from_secs(600);
    let flag = cx.cancel.flag();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        flag.store(true, Ordering::SeqCst);
    });
    assert!(told(&to(&server, port).shell(&cx).err().unwrap()).starts_with("130 "));
}

#[test]
fn both_output_streams_and_the_input_can_be_full_at_once() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let transport = server.transport();
    let mut link = transport.shell(&cx()).unwrap();
    let said = talk(&mut *link, "head -c 4000000 /dev/zero >&2; echo done; exit\n");
    assert_eq!(said, b"done\n");
    let mut link = transport.shell(&cx()).unwrap();
    let script = format!("tee /dev/stderr <<'END'\n{}\nEND\nexit\n", "x".repeat(4_000_000));
    assert_eq!(talk(&mut *link, &script).len(), 4_000_001);
}

/// Pumps until the link ends; whether it ended with an error.
fn drained(link: &mut dyn Link) -> bool {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        assert!(Instant::now() < deadline, "the end of the link is not noticed");
        match link.pump(&mut Vec::new(), &mut Vec::new(), Duration::from_millis(200)) {
            Ok(true) => {}
            Ok(false) => return false,
            Err(_) => return true,
        }
    }
}

#[test]
fn a_link_that_dies_is_noticed_and_the_next_shell_connects_anew() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let transport = server.transport();
    let mut link = transport.shell(&cx()).unwrap();
    let mut into = Vec::new();
    // The shell's parent is the sshd of this session.
    let mut out = b"echo $PPID; sleep 60\n".to_vec();
    while !into.ends_with(b"\n") {
        assert!(link.pump(&mut out, &mut into, Duration::from_secs(5)).unwrap());
    }
    let parent = String::from_utf8(into).unwrap();
    crate::sshd::run("kill", &["-KILL", parent.trim()]);
    assert!(drained(&mut *link));
    answers(&transport);
}

#[test]
fn a_shell_that_is_dropped_ends() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let transport = server.transport();
    let (mine, other) = (server.at("ended"), transport.shell(&cx()).unwrap());
    let mut link = transport.shell(&cx()).unwrap();
    let mut out = format!("trap 'touch {}' EXIT; echo up\n", mine.display()).into_bytes();
    let mut into = Vec::new();
    while into != b"up\n" {
        assert!(link.pump(&mut out, &mut into, Duration::from_secs(5)).unwrap());
    }
    drop(link);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !mine.exists() {
        assert!(Instant::now() < deadline, "the shell is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop((transport, other));
    let deadline = Instant::now() + Duration::from_secs(20);
    while !server.log().contains("disconnected by user") && !server.log().contains("Received disconnect") {
        assert!(Instant::now() < deadline, "{}", server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}
