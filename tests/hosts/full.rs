//! Disks that are full or may only be read.

use std::process::Command;

use crate::program::{Answer, Program, Running};
use crate::shells::missing;

/// Runs the program where a folder with the example is a file system of its own, in this state.
fn run(state: &str, sudo: &str, args: &[&str]) -> (Answer, String) {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    let program = Program::with_inventory(&format!("[pbx lab]\naddress = asterisk:{at}{sudo}\n"))
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let inner = program.command(args);
    let script = format!(
        "mount -t tmpfs -o size=128k none {at} && cp -r {}/examples/asterisk/. {at} && cd {at} || exit 99\n\
         {state} 2>/dev/null\nexec \"$0\" \"$@\"",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &script]).arg(inner.get_program()).args(inner.get_args());
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    (Running::start(command).end(b""), at)
}

#[test]
fn a_disk_that_is_full_or_may_only_be_read_is_said_with_what_to_look_at() {
    if !rustix::process::geteuid().is_root() {
        return missing("only root can mount");
    }
    for (state, why, hint) in [
        ("dd if=/dev/zero of=fill bs=1k", "No space left on device", "df -h"),
        ("mount -o remount,ro .", "Read-only file system", "findmnt -T"),
    ] {
        for sudo in ["", "?sudo"] {
            let (answer, at) = run(state, sudo, &["ext", "add", "1500", "--offline"]);
            let answer = answer.fails(1, why);
            assert!(answer.stderr.contains(&format!("{hint} {at}\n")), "{}", answer.stderr);
            let (answer, at) = run(state, sudo, &["pbx", "check", "lab", "-o", "json"]);
            let checks = answer.json()["results"][0]["checks"].clone();
            let write = checks.as_array().unwrap().iter().find(|check| check["check"] == "write").cloned().unwrap();
            assert_eq!(write["status"], "fail", "{write:#}");
            assert!(write.to_string().contains(why) && write.to_string().contains(&at), "{write:#}");
        }
    }
}
