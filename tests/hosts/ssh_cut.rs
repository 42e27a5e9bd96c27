//! The link cut at every packet and at many bytes, with delays, and what an exchange costs.

use std::time::Duration;

use sipctl::address::Ssh as Location;
use sipctl::cx::{Cx, Silent};
use sipctl::error::Code;
use sipctl::host::Access;
use sipctl::host::link::{Link, Transport};
use sipctl::host::ssh::Ssh;

use crate::proxy::{Cut, Proxy, READABLE};
use crate::sshd::{Sshd, answers, here, me};

/// A server whose packets the proxy can tell apart, known by an alias.
pub fn server() -> Sshd {
    server_with("")
}

/// The same with more settings.
pub fn server_with(settings: &str) -> Sshd {
    named(Sshd::with(&format!("{READABLE}\n{settings}"), &["ed25519"]))
}

/// The same whose /var/lib is its own.
pub fn server_with_own_state() -> Sshd {
    named(Sshd::with_own_state(READABLE))
}

fn named(server: Sshd) -> Sshd {
    server.known(&format!("pbx {}\n", server.host_key("ed25519")));
    server.config("HostKeyAlias pbx");
    server
}

/// A way to it that goes through the proxy.
pub fn through(proxy: &Proxy, server: &Sshd) -> Ssh {
    let to = Location { user: Some(me()), host: "127.0.0.1".into(), port: Some(proxy.port) };
    Ssh::new(&to, &Access::default(), server.machine())
}

/// Impatient enough for a link that falls silent.
fn cx() -> Cx<'static> {
    let mut cx = Cx::new(&Silent);
    cx.timeouts.connect = Duration::from_secs(20);
    cx
}

/// Asks a shell for a line; whether the whole answer came.
fn ask(link: &mut dyn Link, quiet: Duration) -> bool {
    let (mut out, mut into) = (b"echo one; echo two >&2; echo three\n".to_vec(), Vec::new());
    while !into.ends_with(b"three\n") {
        let before = (out.len(), into.len());
        match link.pump(&mut out, &mut into, quiet) {
            Ok(true) if before != (out.len(), into.len()) => {}
            // Silence, the end or an error: nothing more comes.
            _ => return false,
        }
    }
    assert_eq!(into, b"one\nthree\n");
    true
}

/// Opens a shell and asks it once; how far it came.
fn run(proxy: &Proxy, server: &Sshd, cx: &Cx, quiet: Duration) -> bool {
    match through(proxy, server).shell(cx) {
        Ok(mut link) => ask(&mut *link, quiet),
        Err(error) => {
            assert_eq!(error.code, Code::Unreachable, "{error}");
            false
        }
    }
}

#[test]
fn a_cut_at_any_packet_is_an_end_and_never_a_wait() {
    if !here() {
        return;
    }
    let server = server();
    let proxy = Proxy::to(server.port, Duration::ZERO);
    let (cx, quiet) = (cx(), Duration::from_secs(20));
    assert!(run(&proxy, &server, &cx, quiet));
    let whole = proxy.counts().packets;
    assert!((20..200).contains(&whole), "{whole}");
    let mut came = 0;
    for packets in 0..whole {
        proxy.cut(Cut::Packets(packets), false);
        came += usize::from(run(&proxy, &server, &cx, quiet));
    }
    // The last packets of all only say goodbye.
    assert!(came <= 8, "{came} of {whole}");
    proxy.cut(Cut::Never, false);
    answers(&through(&proxy, &server));
}

#[test]
fn a_cut_in_the_middle_of_a_packet_is_an_end_as_well() {
    if !here() {
        return;
    }
    let server = server();
    let proxy = Proxy::to(server.port, Duration::ZERO);
    let (cx, quiet) = (cx(), Duration::from_secs(20));
    assert!(run(&proxy, &server, &cx, quiet));
    let whole = proxy.counts().bytes;
    // Offsets spread by a seed.
    let mut at = 12345usize;
    for _ in 0..25 {
        at = (at * 1_103_515_245 + 12345) % (whole - 800);
        proxy.cut(Cut::Bytes(at), false);
        assert!(!run(&proxy, &server, &cx, quiet), "{at} of {whole}");
    }
}

#[test]
fn a_link_that_falls_silent_is_given_up_in_time() {
    if !here() {
        return;
    }
    let server = server();
    let proxy = Proxy::to(server.port, Duration::ZERO);
    let mut cx = cx();
    cx.timeouts.connect = Duration::from_millis(500);
    for packets in [0, 1, 3, 6, 9, 12, 16, 20] {
        proxy.cut(Cut::Packets(packets), true);
        assert!(!run(&proxy, &server, &cx, Duration::from_millis(500)), "{packets}");
    }
}

#[test]
fn an_exchange_is_one_turn() {
    if !here() {
        return;
    }
    let server = server();
    let proxy = Proxy::to(server.port, Duration::from_millis(5));
    let transport = through(&proxy, &server);
    let quiet = Duration::from_secs(20);
    let _first = transport.shell(&cx()).unwrap();
    // Version, algorithms, keys, service, methods, key, signature, channel, command.
    let login = proxy.counts().turns;
    assert!(login <= 9, "{login}");
    proxy.cut(Cut::Never, false);
    let mut link = transport.shell(&cx()).unwrap();
    let opened = proxy.counts().turns;
    assert!(opened <= 2, "{opened}");
    proxy.cut(Cut::Never, false);
    for _ in 0..5 {
        assert!(ask(&mut *link, quiet));
    }
    let asked = proxy.counts().turns;
    // A window that grows may be one more.
    assert!((5..=7).contains(&asked), "{asked}");
}
