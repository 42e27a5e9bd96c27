//! The console as such: finding it, what it says of the engine, what happens when the engine goes.

use std::io::ErrorKind;
use std::time::Duration;

use sipctl::engine::asterisk::console;
use sipctl::engine::{Expect, Reload, Verdict};
use sipctl::error::Code;
use sipctl::wire::Broken;

use crate::engine::{Asterisk, Lab, base, cx, field, folder, proof, secret};

#[test]
fn live_says_version_folder_options_and_realm() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        assert!(console.name().contains("asterisk.ctl"), "{}", console.name());
        let live = console.live(&cx()).unwrap();
        assert!(live.version.starts_with(&format!("{}.", release.major)), "{}", live.version);
        assert!(live.version.bytes().all(|b| b == b'.' || b.is_ascii_digit()), "{}", live.version);
        assert_eq!(live.folder, config.path());
        assert!(live.since_reload.unwrap() < Duration::from_secs(30));
        assert_eq!(live.realm.as_deref(), Some("asterisk"));
        assert!(live.cannot.is_empty(), "{:?}", live.cannot);
        for (object, option) in
            [("endpoint", "named_pickup_group"), ("auth", "md5_cred"), ("aor", "max_contacts"), ("identify", "match")]
        {
            assert!(live.options[object].contains(option), "{object}: {:?}", live.options[object]);
        }
        assert_eq!(live.options["auth"].contains("password_digest"), release.major >= 20);
        assert!(live.options["endpoint"].len() > 100);
    }
}

#[test]
fn an_engine_that_is_silent_after_a_reload_is_given_its_time() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut cx = cx();
        let mut console = console::open(&cx, &host, config.path()).unwrap();
        console.reload(&cx, &Reload::default()).unwrap();
        (cx.timeouts.question, cx.timeouts.reload) = (Duration::from_millis(200), Duration::from_secs(60));
        asterisk.hang();
        let proved = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_secs(1));
                asterisk.go_on();
            });
            console.prove(&cx, &[proof("endpoint", "1001", Expect::Present)], &[])
        });
        assert_eq!(proved.unwrap(), [Verdict::Proved]);
    }
}

#[test]
fn the_socket_and_rx_give_equal_answers() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut without = asterisk.host();
        without.refuse = Some(ErrorKind::NotFound);
        let mut socket = console::open(&cx(), &host, config.path()).unwrap();
        let mut program = console::open(&cx(), &without, config.path()).unwrap();
        assert!(program.name().contains("-rx"), "{}", program.name());

        let (a, b) = (socket.live(&cx()).unwrap(), program.live(&cx()).unwrap());
        assert_eq!((a.version, a.folder, a.realm), (b.version, b.folder, b.realm));
        // On a busy machine -rx may lose a line.
        let (all, most) = (&a.options["endpoint"], &b.options["endpoint"]);
        assert!(most.is_subset(all) && most.len() + 3 >= all.len(), "{:?}", all.difference(most));
        let proofs = [
            proof("endpoint", "1001", Expect::Present),
            proof("endpoint", "1009", Expect::Absent),
            proof("endpoint", "1009", Expect::Present),
            field("endpoint", "1002", "context", &["internal"]),
            field("endpoint", "1002", "context", &["elsewhere"]),
            field("endpoint", "1002", "set_var", &["FLOOR=2"]),
            secret("auth", "1002-auth", "password", Some("bob;secret")),
            secret("auth", "1002-auth", "password", Some("other")),
            secret("auth", "1002-auth", "md5_cred", None),
        ];
        let verdicts = socket.prove(&cx(), &proofs, &[]).unwrap();
        assert_eq!(verdicts, program.prove(&cx(), &proofs, &[]).unwrap());
        let good = |n: usize| matches!(verdicts[n], Verdict::Proved | Verdict::Indirect);
        assert_eq!((0..9).filter(|n| good(*n)).collect::<Vec<_>>(), [0, 1, 3, 5, 6, 8], "{verdicts:?}");

        let reloaded = program.reload(&cx(), &Reload::default()).unwrap();
        assert_eq!((reloaded.command.as_str(), reloaded.log.len()), ("core reload", 0), "{:?}", reloaded.log);
    }
}

#[test]
fn without_a_daemon_it_is_unreachable_and_says_why() {
    for release in Lab::engines() {
        let config = base();
        let mut asterisk = Asterisk::start(&release, config.path());
        asterisk.kill();
        let mut host = asterisk.host();
        for (refuse, words) in [
            (None, "is not running"),
            (Some(ErrorKind::PermissionDenied), "not allowed"),
            (Some(ErrorKind::NotFound), "is not running"),
        ] {
            host.refuse = refuse;
            let error = console::open(&cx(), &host, config.path()).err().unwrap();
            assert_eq!(error.code, Code::Unreachable);
            assert!(error.message.contains(words), "{error}");
            assert!(error.hints.iter().any(|h| h.contains("--offline")), "{:?}", error.hints);
        }
        // A folder of no engine: neither a socket nor a program answers.
        let empty = folder();
        host.bin = empty.path().to_owned();
        assert_eq!(console::open(&cx(), &host, empty.path()).err().unwrap().code, Code::Unreachable);
    }
}

#[test]
fn a_hung_daemon_is_silent_and_a_killed_one_is_gone() {
    for release in Lab::engines() {
        let config = base();
        let mut asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let mut brief = cx();
        brief.timeouts.connect = Duration::from_millis(200);
        brief.timeouts.question = Duration::from_millis(200);
        brief.timeouts.reload = Duration::from_millis(200);

        asterisk.hang();
        for error in [
            console::open(&brief, &host, config.path()).err().unwrap(),
            console.live(&brief).err().unwrap(),
            console.reload(&brief, &Reload::default()).err().unwrap(),
        ] {
            assert_eq!(error.code, Code::Unreachable);
            assert!(matches!(Broken::of(&error), Some(Broken::Silent(_))), "{error}");
        }
        asterisk.go_on();
        assert!(console.live(&cx()).is_ok(), "it goes on where the engine does");

        // Killed in the middle of a long batch.
        let proofs: Vec<_> = (0..20_000).map(|n| proof("endpoint", &n.to_string(), Expect::Absent)).collect();
        let killed = std::thread::scope(|scope| {
            let asking = scope.spawn(|| console.prove(&cx(), &proofs, &[]));
            std::thread::sleep(Duration::from_millis(100));
            asterisk.kill();
            asking.join().unwrap()
        });
        let error = killed.unwrap_err();
        assert!(matches!(Broken::of(&error), Some(Broken::Closed)), "{error}");
        let error = console.live(&cx()).unwrap_err();
        assert!(error.message.contains("is not running"), "{error}");

        asterisk.restart();
        let proofs = [proof("endpoint", "1001", Expect::Present)];
        assert_eq!(console.prove(&cx(), &proofs, &[]).unwrap(), [Verdict::Proved]);
    }
}
