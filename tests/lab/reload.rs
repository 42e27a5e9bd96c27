//! Reloads: that they happen, that one of somebody else's is waited for, and what is left behind.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use sipctl::engine::asterisk::console;
use sipctl::engine::{Reload, Verdict};
use sipctl::error::Code;

use crate::engine::{Asterisk, Lab, append, base, cx, edit, field, narrow, prove, why};

fn leftovers(asterisk: &Asterisk) -> Vec<String> {
    let files = std::fs::read_dir(asterisk.logs()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let channels = asterisk.ask("logger show channels");
    files
        .filter(|f| f.starts_with("sipctl-"))
        .chain(channels.lines().filter(|l| l.contains("sipctl-")).map(str::to_owned))
        .collect()
}

#[test]
fn a_full_reload_makes_everything_live_and_a_narrow_one_only_its_own() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        append(config.path(), "extensions.conf", "\n[new]\nexten => 1,1,NoOp()\n");
        edit(config.path(), "pjsip.conf", "callerid=\"Alice\"", "accountcode=a1\ncallerid=\"Alice\"");
        let proofs = [field("endpoint", "1001", "accountcode", &["a1"])];

        let (reloaded, verdicts) = prove(&mut *console, &narrow(), &proofs);
        assert_eq!((reloaded.command.as_str(), verdicts), ("module reload res_pjsip.so", vec![Verdict::Proved]));
        assert!(asterisk.ask("dialplan show new").contains("There is no existence"));

        let (reloaded, _) = prove(&mut *console, &Reload::default(), &proofs);
        assert_eq!(reloaded.command, "core reload");
        assert!(reloaded.log.is_empty() && reloaded.took > Duration::ZERO, "{reloaded:?}");
        assert!(asterisk.ask("dialplan show new").contains("NoOp"));
        assert!(console.live(&cx()).unwrap().since_reload.unwrap() <= Duration::from_secs(1));
        assert!(leftovers(&asterisk).is_empty(), "{:?}", leftovers(&asterisk));

        let refused = Reload { narrow: vec!["module reload res_nothing.so".to_owned()], only_narrow: true };
        assert_eq!(console.reload(&cx(), &refused).unwrap_err().code, Code::Refused);
        assert!(leftovers(&asterisk).is_empty());
    }
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let left = asterisk.logs().join("sipctl-0123456789abcdef.log");
        asterisk.ask(&format!("logger add channel {} error", left.display()));
        assert_eq!(leftovers(&asterisk).len(), 2);
        let host = asterisk.host();
        console::open(&cx(), &host, config.path()).unwrap().reload(&cx(), &narrow()).unwrap();
        assert!(leftovers(&asterisk).is_empty(), "{:?}", leftovers(&asterisk));
    }
}

#[test]
fn without_its_log_what_cannot_be_read_back_is_unproved() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let mut host = asterisk.host();
        host.unreadable = Some("sipctl-");
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let proofs =
            [field("endpoint", "1002", "set_var", &["FLOOR=2"]), field("endpoint", "1002", "context", &["internal"])];
        for reload in [narrow(), Reload::default()] {
            let (reloaded, verdicts) = prove(&mut *console, &reload, &proofs);
            assert!(reloaded.log.is_empty());
            assert!(why(&verdicts[0]).contains("log"), "{verdicts:?}");
            assert_eq!(verdicts[1], Verdict::Proved);
        }

        // And where the engine can write no log at all.
        std::fs::remove_dir_all(asterisk.logs()).unwrap();
        let spool = asterisk.logs().parent().unwrap().join("spool/tmp");
        std::fs::remove_dir_all(spool).unwrap();
        let (_, verdicts) = prove(&mut *console, &Reload::default(), &proofs);
        assert!(why(&verdicts[0]).contains("log channel"), "{verdicts:?}");
        assert_eq!(verdicts[1], Verdict::Proved);
    }
}

/// Opening it for writing succeeds once the engine reads it.
fn reached(gate: &Path) -> File {
    std::fs::OpenOptions::new().write(true).open(gate).unwrap()
}

/// That a full reload ran is told by a second log channel; where that cannot be added, by its clock.
#[test]
fn a_full_reload_is_seen_also_where_only_the_first_log_channel_can_be_added() {
    for release in Lab::engines() {
        let config = base();
        let gate = config.path().join("gate");
        assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
        // Root may write to any file.
        let asterisk = Asterisk::start_as(&release, config.path(), Some(65534));
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let dialplan = config.path().join("extensions.conf");
        let before = std::fs::read_to_string(&dialplan).unwrap();
        append(config.path(), "extensions.conf", &format!("\n#exec /bin/cat {}\n", gate.display()));
        edit(config.path(), "pjsip.conf", "callerid=\"Alice\"", "accountcode=a1\ncallerid=\"Alice\"");
        let both = Reload { narrow: vec!["module reload pbx_config.so".to_owned()], only_narrow: false };
        let proofs = [field("endpoint", "1001", "accountcode", &["a1"])];
        std::thread::scope(|scope| {
            let ours = scope.spawn(|| prove(&mut *console, &both, &proofs));
            let open = reached(&gate);
            let logs = std::fs::read_dir(asterisk.logs()).unwrap().map(|entry| entry.unwrap().path());
            let logs: Vec<_> = logs.filter(|log| log.to_string_lossy().contains("/sipctl-")).collect();
            assert_eq!(logs.len(), 1);
            std::fs::set_permissions(&logs[0], Permissions::from_mode(0o400)).unwrap();
            std::fs::write(&dialplan, before).unwrap();
            drop(open);
            let (reloaded, verdicts) = ours.join().unwrap();
            assert_eq!((reloaded.command.as_str(), verdicts), ("core reload", vec![Verdict::Proved]));
        });
        assert!(leftovers(&asterisk).is_empty(), "{:?}", leftovers(&asterisk));
    }
}

#[test]
fn somebody_elses_reload_is_waited_for() {
    for release in Lab::engines() {
        let config = base();
        // An #exec that reads a pipe holds a reload of the dialplan for as long as we like.
        let gate = config.path().join("gate");
        let made = std::process::Command::new("mkfifo").arg(&gate).status().unwrap();
        assert!(made.success());
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let dialplan = config.path().join("extensions.conf");
        let before = std::fs::read_to_string(&dialplan).unwrap();
        append(config.path(), "extensions.conf", &format!("\n#exec /bin/cat {}\n", gate.display()));

        std::thread::scope(|scope| {
            let theirs = scope.spawn(|| asterisk.ask("module reload pbx_config.so"));
            let open = reached(&gate);
            let mut brief = cx();
            brief.timeouts.wait = Duration::from_millis(200);
            let error = console.reload(&brief, &narrow()).unwrap_err();
            assert_eq!(error.code, Code::Retry, "{error}");

            // A full reload says nothing when it does nothing; that is noticed too.
            let blunt = Reload { narrow: vec!["core show version".to_owned()], only_narrow: false };
            let error = console.reload(&brief, &blunt).unwrap_err();
            assert_eq!(error.code, Code::Retry, "{error}");

            let start = Instant::now();
            let ending = scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                // Ours is not to read the pipe once more.
                std::fs::write(&dialplan, before).unwrap();
                drop(open);
            });
            console.reload(&cx(), &blunt).unwrap();
            assert!(start.elapsed() >= Duration::from_millis(250));
            ending.join().unwrap();
            theirs.join().unwrap();
        });
        assert!(leftovers(&asterisk).is_empty(), "{:?}", leftovers(&asterisk));
    }
}

#[test]
fn a_stranger_on_the_socket_is_no_asterisk() {
    let folder = crate::engine::folder();
    std::fs::write(
        folder.path().join("asterisk.conf"),
        format!("[directories]\nastrundir={}\n", folder.path().display()),
    )
    .unwrap();
    let listener = UnixListener::bind(folder.path().join("asterisk.ctl")).unwrap();
    let stranger = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"220 hello\n").unwrap();
    });
    let host = crate::host::LabHost::new(folder.path());
    let error = console::open(&cx(), &host, folder.path()).err().unwrap();
    assert_eq!(error.code, Code::Unreachable);
    assert!(error.line().contains("another protocol"), "{error}");
    stranger.join().unwrap();
}
