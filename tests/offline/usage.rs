//! Wrong usage, not-yet answers and help.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::program::{Answer, Program, Running};
use crate::terminal::wait_for_handlers;

#[test]
fn wrong_usage_is_2_and_prints_no_document() {
    for args in [
        &["ext", "add"][..],
        &["ext", "add", "10]", "-o", "json"],
        &["ext", "add", "1000-99", "-o", "json"],
        &["ext", "add", "1000-1005", "1003", "-o", "json"],
        &["ext", "rm", "1002", "-o", "json"],
        &["ext", "set", "1002", "-o", "json"],
        &["ext", "set", "1002", "--set", "rtp_symmetric=yes", "-o", "json"],
        &["ext", "add", "1002", "--digest", "-o", "json"],
        &["ext", "add", "1002", "--passwords", "-", "-o", "name"],
        &["ext", "add", "1002", "--prompt", "-o", "json"],
        &["ext", "renumber", "1000-1009", "1100-1105", "--yes", "-o", "json"],
        &["ext", "list", "nofield=x", "-o", "json"],
        &["ext", "show", "1000-1002", "-o", "json"],
        &["reload", "--offline", "-o", "json"],
        &["help", "nonsense"],
        &["nonsense"],
    ] {
        let answer = Program::new().run(args);
        assert_eq!(answer.code, 2, "{args:?}: {}", answer.stderr);
        assert_eq!(answer.stdout, "", "{args:?}");
        assert!(answer.stderr.starts_with("error") || answer.stderr.contains("Usage:"), "{args:?}: {}", answer.stderr);
    }
}

#[test]
fn what_comes_later_says_so() {
    for command in ["check", "audit", "why 1000 --dial 1001", "probe register"] {
        let words: Vec<&str> = command.split(' ').collect();
        Program::new().run(&words).fails(2, "not yet");
    }
}

#[test]
fn every_overlapping_number_is_named() {
    Program::new().run(&["ext", "add", "1000-1010", "1009-1012", "1000"]).fails(2, "1000, 1009, 1010");
}

#[test]
fn off_a_terminal_dangerous_verbs_need_yes() {
    for args in [
        &["ext", "rm", "1002"][..],
        &["ext", "disable", "1002"],
        &["ext", "renumber", "1002", "1003"],
        &["ext", "passwd", "1002"],
    ] {
        Program::new().run(args).fails(2, "--yes");
    }
}

#[test]
fn a_password_is_never_taken_from_the_arguments_nor_repeated() {
    for args in [
        &["ext", "passwd", "1002", "--yes", "--password=hunter2"][..],
        &["ext", "passwd", "1002", "--yes", "--password", "hunter2"],
        &["ext", "add", "1002", "--set", "auth.password=hunter2"],
        &["ext", "set", "1002", "--add", "auth.md5_cred=hunter2"],
        &["ext", "set", "1002", "--set", "endpoint.auth=hunter2"],
    ] {
        let answer = Program::new().run(args);
        assert_eq!(answer.code, 2, "{}", answer.stderr);
        assert!(!answer.stderr.contains("hunter2"), "{}", answer.stderr);
    }
}

#[test]
fn bad_passwords_are_refused_before_anything_else() {
    for stdin in [&b""[..], b"\n", b"a\0b\n", b"hunter2\nmore\n"] {
        let args = ["ext", "passwd", "1002", "--yes", "--password-stdin"];
        let answer = Program::new().run_with(&args, stdin).fails(2, "the password");
        assert!(!answer.stderr.contains("hunter2"));
    }
    let several = ["ext", "passwd", "1002-1003", "--yes", "--password-stdin"];
    Program::new().run_with(&several, b"1002:a\nhunter2\n").fails(2, "line 2");
    Program::new().run_with(&several, b"1002:a\n1009:b\n").fails(2, "1009");
    Program::new().run_with(&several, b"1002:a\n1002:b\n").fails(2, "again");
}

#[test]
fn an_existing_passwords_file_is_4_and_stays() {
    let program = Program::new();
    std::fs::write(program.home().join("p.csv"), "mine").unwrap();
    let answer = program.run(&["ext", "add", "1002", "--passwords", "p.csv", "-o", "json"]).fails(4, "exists already");
    assert_eq!(answer.json()["errors"][0]["exit"], 4);
    assert_eq!(std::fs::read(program.home().join("p.csv")).unwrap(), b"mine");
}

#[test]
fn help_explains_commands_and_topics() {
    let program = Program::new();
    for topic in ["exit-codes", "addresses", "ssh", "fields", "inventory", "passwords", "proof", "json", "environment"]
    {
        let answer = program.run(&["help", topic]);
        assert_eq!(answer.code, 0);
        assert!(answer.stdout.lines().count() > 8, "{topic}");
        assert!(program.run(&["help"]).stdout.contains(topic));
    }
    assert!(program.run(&["help", "ext", "create"]).stdout.contains("--if-absent"));
    for alias in ["create", "new"] {
        assert_eq!(program.run(&["ext", alias, "--help"]).code, 0);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for args in [&["help", "exit-codes"][..], &["pbx", "list", "-o", "json"], &["completions", "bash"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_sipctl"))
            .args(args)
            .env_clear()
            .env("HOME", "/nonexistent")
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn a_full_disk_is_said() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sipctl"))
        .args(["pbx", "list", "-o", "json"])
        .env_clear()
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
}

#[test]
fn a_change_whose_report_cannot_be_printed_is_said_to_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let conf = folder.path().join("pjsip.conf");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/asterisk/pjsip.conf"), &conf).unwrap();
    std::fs::write(folder.path().join("pjsip_templates.conf"), "").unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let pbx = format!("asterisk:{}", folder.path().display());
    let fails = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sipctl"))
            .args(args)
            .args(["--offline", "--pbx", &pbx])
            .env_clear()
            .env("SIPCTL_STATE", folder.path().join("state"))
            .stdout(full.try_clone().unwrap())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = fails(&["ext", "set", "1000", "--name", "Bob"]);
    assert_eq!(code, Some(8), "{said}");
    assert!(said.contains("the change is done") && !said.contains("nothing is changed"), "{said}");
    assert!(std::fs::read_to_string(conf).unwrap().contains("\"Bob\" <1000>"));
    let (code, said) = fails(&["ext", "add", "1002-1004", "--passwords", "-", "-o", "json"]);
    assert_eq!(code, Some(8), "{said}");
    assert!(said.contains(&format!("sipctl ext passwd 1002-1004 --pbx {pbx}")), "{said}");
}

#[test]
fn a_flag_before_its_verb_is_told_where_it_belongs() {
    for args in [&["--dry-run", "ext", "add", "1002"][..], &["ext", "--offline", "rm", "1002"]] {
        let answer = Program::new().run(args).fails(2, "after the verb");
        assert!(answer.stderr.contains(args.iter().find(|arg| arg.starts_with("--")).unwrap()));
    }
    for args in [&["--nosuch", "ext", "list"][..], &["ext", "list", "--dry-run"]] {
        let answer = Program::new().run(args).fails(2, "unexpected argument");
        assert!(!answer.stderr.contains("after the verb"), "{}", answer.stderr);
    }
}

#[test]
fn what_to_type_next_names_the_pbx_that_was_named() {
    let address = concat!("asterisk:", env!("CARGO_MANIFEST_DIR"), "/examples/asterisk");
    let show = ["ext", "show", "9999", "--offline", "-o", "json"];
    let named = Program::new().run(&[&show[..], &["--pbx", address]].concat());
    let hint = |answer: &Answer| answer.json()["errors"][0]["hint"].as_str().unwrap().to_owned();
    assert!(hint(&named).ends_with(&format!(": sipctl ext list --pbx {address}")), "{}", named.stdout);
    let usual = Program::new().env("SIPCTL_PBX", address).run(&show);
    assert!(hint(&usual).ends_with(": sipctl ext list"), "{}", usual.stdout);
}

#[test]
fn a_pipe_that_nobody_serves_does_not_hold_a_signal_up() {
    let program = Program::new();
    let made = Command::new("mkfifo").arg(program.home().join("pipe")).status().unwrap();
    assert!(made.success());
    std::fs::write(program.home().join("list.yaml"), "extensions: [{number: 1700, password: 'file:pipe'}]\n").unwrap();
    let address = concat!("asterisk:", env!("CARGO_MANIFEST_DIR"), "/examples/asterisk");
    for (words, opens) in [
        ("ext passwd 1002 --yes --password-file pipe", true),
        ("ext passwd 1002 --yes --password-stdin", false),
        ("apply -f pipe --offline --dry-run", true),
        ("apply -f - --offline --dry-run", false),
        ("apply -f list.yaml --offline --dry-run", true),
        ("diff -f - --offline", false),
        ("import pipe", true),
        ("import -", false),
        ("export --to pipe", false),
    ] {
        let mut command = program.command(&words.split(' ').collect::<Vec<_>>());
        command.env("SIPCTL_PBX", address);
        let mut running = Running::start(command);
        wait_for_handlers(&running);
        // It may be opened long after that.
        let open = || {
            let fds = std::fs::read_dir(format!("/proc/{}/fd", running.0.id())).unwrap();
            fds.flatten().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to.ends_with("pipe")))
        };
        let end = Instant::now() + Duration::from_secs(60);
        while opens && !open() {
            assert!(Instant::now() < end, "{words} never opens the pipe");
            std::thread::sleep(Duration::from_millis(5));
        }
        kill_process(Pid::from_child(&running.0), Signal::TERM).unwrap();
        // Its standard input stays open.
        let end = Instant::now() + Duration::from_secs(60);
        while running.0.try_wait().unwrap().is_none() {
            if Instant::now() > end {
                running.0.kill().unwrap();
                panic!("{words} waits on");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let output = running.0.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(130) && said.contains("interrupted"), "{words}: {said}");
    }
}

#[test]
fn what_was_almost_typed_is_named() {
    for (words, said) in [
        ("add 1002", "'ext add'"),
        ("list", "'ext list'"),
        ("delete 1002", "'ext delete'"),
        ("exit-codes", "'help exit-codes'"),
        ("help ext ad", "sipctl help"),
        ("--pbx /etc/asterisk ext list", "asterisk:/etc/asterisk"),
        ("ext add 1000-", "1000-1009"),
        ("ext add 1000..1009", "1000-1009"),
        ("ext add 1000\u{2013}1009", "1000-1009"),
        ("ext add 100-1099", "sip:100-1099"),
        ("undo abc", "sipctl history"),
        ("undo 1h", "sipctl undo --since 1h"),
        ("history show abc", "sipctl history"),
        ("ext rm 1000 --yes --max-change many", "a number from 1 on"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let answer = Program::new().run(&words);
        assert!(matches!(answer.code, 2 | 3) && answer.stderr.contains(said), "{words:?}: {}", answer.stderr);
    }
    assert!(!Program::new().run(&["help", "ext", "ad"]).stderr.contains("ssh"));
    assert_eq!(
        Program::new().run(&["--pbx", "", "ext", "list"]).stderr.lines().next(),
        Some("error: no PBX is called ``")
    );
}

#[test]
fn a_value_that_is_refused_is_in_the_message() {
    let pbx = concat!("asterisk:", env!("CARGO_MANIFEST_DIR"), "/examples/asterisk");
    for (flag, value, said) in [
        ("--set", "endpoint.direct_media=maybe", "endpoint.direct_media cannot be `maybe`: write yes or no"),
        ("--codecs", "ulow", "endpoint.allow cannot be `ulow`: write codecs the engine knows (did you mean ulaw?)"),
        ("--max-contacts", "many", "aor.max_contacts cannot be `many`: write a whole number"),
    ] {
        Program::new().run(&["--pbx", pbx, "ext", "set", "1000", flag, value, "--offline", "--dry-run"]).fails(2, said);
    }
}

/// The program without root's right to read everything, with a copy of the example of which it may not read a file.
fn without(file: &str, args: &[&str]) -> Answer {
    let program = Program::new();
    let folder = program.home().join("asterisk");
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/asterisk");
    assert!(Command::new("cp").arg("-r").arg(from).arg(&folder).status().unwrap().success());
    std::fs::write(folder.join("asterisk.conf"), "[directories]\nastrundir => /nowhere\n").unwrap();
    std::fs::set_permissions(folder.join(file), Permissions::from_mode(0o000)).unwrap();
    let pbx = format!("asterisk:{}", folder.display());
    let inner = program.command(args);
    let mut command = Command::new(inner.get_program());
    if rustix::process::getuid().is_root() {
        command = Command::new("setpriv");
        command.args(["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]);
        command.arg(inner.get_program());
    }
    command.args(args).args(["--pbx", &pbx]).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", "/usr/bin:/bin");
    Running::start(command).end(b"")
}

#[test]
fn who_may_not_read_is_told_so_and_what_helps() {
    for (file, args, code) in [
        ("pjsip.conf", &["ext", "list"][..], 1),
        ("pjsip_templates.conf", &["ext", "show", "1000"], 1),
        // Where the engine would be reached stands in a file that cannot be read: it may well be running.
        ("asterisk.conf", &["ext", "add", "1002"], 7),
    ] {
        let answer = without(file, args).fails(code, &format!("{file}: Permission denied"));
        assert!(answer.stderr.contains("run this as root"), "{}", answer.stderr);
        assert!(!answer.stderr.contains("is not running"), "{}", answer.stderr);
    }
}
