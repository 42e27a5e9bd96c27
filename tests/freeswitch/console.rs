//! The console as such: finding it, what it says of the engine, reloading, what happens when it goes.

use std::io::ErrorKind;
use std::time::Duration;

use sipctl::engine::freeswitch::console::{self, Refusal};
use sipctl::engine::{Expect, Reload};
use sipctl::error::Code;
use sipctl::host::local::Local;
use sipctl::host::{Host, Socket};
use sipctl::secret::Secret;
use sipctl::wire::Broken;
use sipctl::wire::event_socket::{Answer, EventSocket, Login};

use crate::engine::{FreeSwitch, cx, field, good, is_stand_in, proof, secret, user, why};

#[test]
fn live_says_version_folder_domain_and_when_it_read() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut console = engine.console(&host);
    assert!(console.name().contains("Event Socket 127.0.0.1:"), "{}", console.name());
    let live = console.live(&cx()).unwrap();
    assert!(live.version.starts_with("1."), "{}", live.version);
    assert_eq!(live.folder, engine.conf().canonicalize().unwrap());
    assert_eq!(live.realm.as_deref(), Some("pbx.example.org"));
    assert!(live.since_reload.unwrap() < Duration::from_secs(30));
    assert!(live.cannot.is_empty(), "{:?}", live.cannot);
}

#[test]
fn the_socket_and_fs_cli_give_equal_answers() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut without = engine.host();
    without.refuse = Some(ErrorKind::Unsupported);
    let mut socket = engine.console(&host);
    let mut program = engine.console(&without);
    assert_eq!(program.name(), "fs_cli -x");
    let (a, b) = (socket.live(&cx()).unwrap(), program.live(&cx()).unwrap());
    assert_eq!((a.version, a.folder, a.realm), (b.version, b.folder, b.realm));
    let proofs = [
        proof("1000", Expect::Present),
        proof("1009", Expect::Present),
        proof("1009", Expect::Absent),
        field("1000", "var:toll_allow", &["domestic,international,local"]),
        field("1000", "var:toll_allow", &["local"]),
        secret("1000", "param:password", Some("Zx81-kq")),
        secret("1000", "param:password", Some("1234")),
        secret("1002", "param:password", Some("a&b<c>d\"e'fA")),
    ];
    let verdicts = socket.prove(&cx(), &proofs, &[]).unwrap();
    assert_eq!(verdicts, program.prove(&cx(), &proofs, &[]).unwrap());
    assert_eq!(good(&verdicts), [0, 2, 3, 5, 7], "{verdicts:?}");
    assert_eq!(program.reload(&cx(), &Reload::default()).unwrap().command, "reloadxml");
    // The private configuration goes with the console.
    let ours = || {
        std::fs::read_dir("/tmp")
            .unwrap()
            .filter(|e| {
                let path = e.as_ref().unwrap().path().join(".fs_cli_conf");
                std::fs::read_to_string(path)
                    .is_ok_and(|t| t.contains(&socket.name().rsplit(':').next().unwrap().to_owned()))
            })
            .count()
    };
    let own = ours();
    drop(program);
    assert_eq!(ours() + 1, own);
}

#[test]
fn a_broken_file_is_refused_with_its_line_and_the_old_tree_stays() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut console = engine.console(&host);
    engine.write("directory/default/1003.xml", "<include>\n<user id=\"1003\">\n<params>\n</user>\n</include>\n");
    for reload in [Reload::default(), Reload { narrow: vec!["reloadacl".to_owned()], only_narrow: true }] {
        let error = console.reload(&cx(), &reload).unwrap_err();
        assert_eq!(error.code, Code::Refused);
        let refusal = Refusal::of(&error).unwrap();
        assert_eq!(refusal.why, "unexpected closing tag </user>");
        assert!(refusal.line.unwrap() > 20, "{refusal:?}");
    }
    let old = console.prove(&cx(), &[proof("1000", Expect::Present), proof("1003", Expect::Absent)], &[]).unwrap();
    assert_eq!(good(&old), [0, 1]);
    engine.write("directory/default/1003.xml", &user("1003", "new", ""));
    let narrow = ["reloadacl", "xml_flush_cache id 1003 pbx.example.org"].map(str::to_owned).to_vec();
    let reloaded = console.reload(&cx(), &Reload { narrow, only_narrow: false }).unwrap();
    assert_eq!(reloaded.command, "reloadxml, reloadacl, xml_flush_cache id 1003 pbx.example.org");
    let new = console.prove(&cx(), &[secret("1003", "param:password", Some("new"))], &[]).unwrap();
    assert_eq!(good(&new), [0]);
}

#[test]
fn down_a_wrong_password_and_an_access_list_are_told_apart() {
    let mut engine = FreeSwitch::start();
    let host = engine.host();
    let file = "autoload_configs/event_socket.conf.xml";
    let right = std::fs::read_to_string(engine.conf().join(file)).unwrap();
    engine.write(file, &right.replace("$${esl_password}", "edited-later"));
    let error = console::open(&cx(), &host, &engine.conf(), None).err().unwrap();
    assert!(error.line().contains("refuses the password") && !format!("{error:?}").contains("edited-later"), "{error}");
    assert!(matches!(Broken::of(&error), Some(Broken::Login)), "{error}");
    engine.write(file, &right);

    let acl = |conf: &std::path::Path| {
        let path = conf.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let open = text.replace("<!--", "").replace("-->", "");
        std::fs::write(&path, open).unwrap();
    };
    let rude = FreeSwitch::start_with(acl);
    let error = console::open(&cx(), &rude.host(), &rude.conf(), None).err().unwrap();
    assert!(matches!(Broken::of(&error), Some(Broken::Rejected)), "{error}");
    assert!(error.hints.iter().any(|hint| hint.contains("apply-inbound-acl")));

    engine.kill();
    let error = console::open(&cx(), &host, &engine.conf(), None).err().unwrap();
    assert!(error.message.contains("is not running"), "{error}");
    assert!(error.hints.iter().any(|hint| hint.contains("--offline")));
    assert_eq!(error.code, Code::Unreachable);
}

#[test]
fn a_hung_daemon_is_silent_and_a_killed_one_is_gone() {
    let mut engine = FreeSwitch::start();
    let host = engine.host();
    let mut console = engine.console(&host);
    let mut brief = cx();
    brief.timeouts.connect = Duration::from_millis(200);
    brief.timeouts.question = Duration::from_millis(200);
    brief.timeouts.reload = Duration::from_millis(200);
    engine.hang();
    for error in [
        console::open(&brief, &host, &engine.conf(), None).err().unwrap(),
        console.live(&brief).unwrap_err(),
        console.reload(&brief, &Reload::default()).unwrap_err(),
    ] {
        assert!(matches!(Broken::of(&error), Some(Broken::Silent(_))), "{error}");
    }
    engine.go_on();
    assert!(console.live(&cx()).is_ok(), "it goes on where the engine does");
    engine.kill();
    assert!(matches!(Broken::of(&console.live(&cx()).unwrap_err()), Some(Broken::Closed)));
    assert!(console.live(&cx()).unwrap_err().message.contains("is not running"));
    engine.restart();
    assert_eq!(good(&console.prove(&cx(), &[proof("1000", Expect::Present)], &[]).unwrap()), [0]);
}

#[test]
fn a_restricted_login_is_told_what_it_may() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let console = engine.console(&host);
    let port = console.name().rsplit(':').next().unwrap().parse().unwrap();
    let open = |password: &str| {
        let login = Login { user: Some("sipctl@pbx.example.org".to_owned()), password: Secret::new(password) };
        let stream = Local.connect(&cx(), &Socket::Tcp("127.0.0.1".to_owned(), port)).unwrap();
        EventSocket::open(&cx(), stream, &login, &["user_exists id 1000 pbx.example.org".to_owned()])
    };
    assert!(matches!(Broken::of(&open("wrong").err().unwrap()), Some(Broken::Login)));
    let (mut socket, first) = open("opsecret").unwrap();
    assert_eq!(first, [Answer::Said(b"true".to_vec())]);
    assert_eq!(socket.allowed.as_deref().unwrap(), ["reloadxml", "user_exists", "status"]);
    let questions = ["version", "user_exists id 1000 pbx.example.org"].map(str::to_owned);
    let answers = socket.ask(&cx(), &questions, Duration::from_secs(5)).unwrap();
    assert_eq!(answers, [Answer::Denied, Answer::Said(b"true".to_vec())]);
}

/// A user of the directory that may use these commands, and his login.
fn restricted(engine: &FreeSwitch, allowed: &str) -> Login {
    let user = format!(
        "<include>\n<user id=\"op\">\n<params>\n<param name=\"password\" value=\"phone\"/>\n\
         <param name=\"esl-password\" value=\"op-s3cret\"/>\n{allowed}\n</params>\n</user>\n</include>\n"
    );
    engine.write("directory/default/op.xml", &user);
    assert_eq!(engine.ask("reloadxml"), "+OK [Success]\n");
    Login { user: Some("op@pbx.example.org".to_owned()), password: Secret::new("op-s3cret") }
}

fn may(list: &str) -> String {
    format!("<param name=\"esl-allowed-api\" value=\"{list}\"/>")
}

#[test]
fn a_restricted_login_works_on_both_ways_and_says_what_it_lacks() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut without = engine.host();
    without.refuse = Some(ErrorKind::Unsupported);
    let login = restricted(&engine, &may("version,global_getvar,reloadxml,user_exists"));
    let gone = [proof("1009", Expect::Absent), proof("1000", Expect::Present)];
    for host in [&host, &without] {
        let mut console = console::open(&cx(), host, &engine.conf(), Some(&login)).unwrap();
        assert_eq!(console.live(&cx()).unwrap().folder, engine.conf().canonicalize().unwrap());
        console.may_reload(&Reload::default()).unwrap();
        console.reload(&cx(), &Reload::default()).unwrap();
        let verdicts = console.prove(&cx(), &gone, &[]).unwrap();
        assert_eq!(good(&verdicts), [0]);
        assert!(why(&verdicts[1]).contains("api command find_user_xml"), "{verdicts:?}");
    }
    let mut console = console::open(&cx(), &host, &engine.conf(), Some(&login)).unwrap();
    for (reload, lacks) in [
        (Reload { narrow: vec!["xml_flush_cache id 1 d".to_owned()], only_narrow: false }, "xml_flush_cache"),
        (Reload { narrow: vec!["reloadacl".to_owned()], only_narrow: true }, "reloadacl"),
    ] {
        let error = console.may_reload(&reload).unwrap_err();
        assert_eq!(error.code, Code::Unreachable);
        assert!(error.message.contains(lacks), "{error}");
        assert!(error.hints[0].contains("esl-allowed-api") && error.hints[0].contains("find_user_xml"), "{error}");
    }
    // fs_cli is not told the list; where the login may ask for it, it is known before anything is tried.
    let login = restricted(&engine, &may("version,global_getvar,user_data"));
    let program = console::open(&cx(), &without, &engine.conf(), Some(&login)).unwrap();
    assert!(program.may_reload(&Reload::default()).unwrap_err().message.contains("reloadxml"));
    // Without a list he may use everything.
    let login = restricted(&engine, "");
    assert!(console.live(&cx()).is_ok());
    let mut console = console::open(&cx(), &host, &engine.conf(), Some(&login)).unwrap();
    assert!(console.live(&cx()).unwrap().cannot.is_empty());
    assert_eq!(good(&console.prove(&cx(), &gone, &[]).unwrap()), [0, 1]);
    let wrong = Login { password: Secret::new("wr0ng"), ..login };
    for host in [&host, &without] {
        let error = console::open(&cx(), host, &engine.conf(), Some(&wrong)).err().unwrap();
        assert_eq!(error.code, Code::Unreachable);
        assert!(!format!("{error:?}").contains("wr0ng"));
    }
}

#[test]
fn a_socket_on_one_address_only_is_reached_there() {
    let file = "autoload_configs/event_socket.conf.xml";
    for (ip, vars) in [("127.0.0.7", ""), ("$${local_ip_v4}", "127.0.0.8")] {
        if !vars.is_empty() && !is_stand_in() {
            continue;
        }
        let engine = FreeSwitch::start_at(if vars.is_empty() { ip } else { vars }, |conf| {
            let path = conf.join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replace("value=\"::\"", &format!("value=\"{ip}\""))).unwrap();
        });
        let host = engine.host();
        let mut console = engine.console(&host);
        assert!(console.name().contains("127.0.0.7") || console.name().contains("127.0.0.8"), "{}", console.name());
        assert!(console.live(&cx()).is_ok());
    }
}
