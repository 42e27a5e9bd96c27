//! A shell on a real sshd.

use crate::sshd::{Sshd, answers, cx, here, talk};
use sipctl::host::link::Transport;

#[test]
fn a_shell_echoes_both_ways() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let transport = server.transport();
    answers(&transport);
    // A second shell shares the session.
    let mut link = transport.shell(&cx()).unwrap();
    let body = "x".repeat(300_000);
    let said = talk(&mut *link, &format!("cat <<'END'\n{body}\nEND\necho to whom >&2\nexit\n"));
    assert_eq!(said.len(), body.len() + 1);
    assert_eq!(link.complaint(), "to whom");
    assert_eq!(server.log().matches("Accepted publickey").count(), 1);
}
