//! What the engine holds, few users and many; and which numbers can be dialled.

use sipctl::engine::{Expect, Reload, Verdict};

use crate::engine::{FreeSwitch, cx, field, good, proof, secret, user, why};

#[test]
fn fields_of_a_user_and_what_he_inherits() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut console = engine.console(&host);
    let proofs = [
        field("1002", "attr:mailbox", &["77"]),
        field("1002", "attr:cidr", &[]),
        field("1002", "var:record_stereo", &["true"]),
        field(
            "1002",
            "param:DIAL-string",
            &["{presence_id=${dialed_user}@${dialed_domain}}${sofia_contact(*/${dialed_user}@${dialed_domain})}"],
        ),
        field("1002", "var:accountcode", &["1002"]),
        secret("1002", "param:a1-hash", None),
        secret("1002", "param:password", None),
        secret("1002", "param:password", Some("first")),
    ];
    let verdicts = console.prove(&cx(), &proofs, &[]).unwrap();
    assert_eq!(good(&verdicts), [0, 1, 2, 3, 5], "{verdicts:?}");
    assert!(why(&verdicts[4]).contains("accountcode of 1002@pbx.example.org is not there"), "{verdicts:?}");
    assert!(verdicts.iter().all(|verdict| !why(verdict).contains("first") && !why(verdict).contains("a&b")));
}

#[test]
fn a_user_who_is_gone_leaves_no_pointer_alias_or_cache() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut console = engine.console(&host);
    let folder = engine.conf().join("directory/default");
    engine.write("directory/default/1005.xml", &user("boss", "b", " number-alias=\"1009\""));
    engine.write("directory/default/1006.xml", &user("1006", "old", " cacheable=\"true\""));
    console.reload(&cx(), &Reload::default()).unwrap();
    let cached = secret("1006", "param:password", Some("old"));
    assert_eq!(good(&console.prove(&cx(), std::slice::from_ref(&cached), &[]).unwrap()), [0]);

    for number in ["1000", "1001", "1006"] {
        std::fs::remove_file(folder.join(format!("{number}.xml"))).unwrap();
    }
    console.reload(&cx(), &Reload::default()).unwrap();
    let gone = ["1000", "1001", "1006", "1009"].map(|number| proof(number, Expect::Absent));
    let verdicts = console.prove(&cx(), &gone, &[]).unwrap();
    assert_eq!(good(&verdicts), [0], "{verdicts:?}");
    assert!(why(&verdicts[1]).contains("pointer"), "{verdicts:?}");
    assert!(why(&verdicts[2]).contains("still has user 1006"), "{verdicts:?}");
    assert!(why(&verdicts[3]).contains("user boss answers"), "{verdicts:?}");
    let alone = console.prove(&cx(), &[proof("1001", Expect::Present), proof("1009", Expect::Present)], &[]).unwrap();
    assert!(good(&alone).is_empty() && why(&alone[0]).contains("pointer"), "{alone:?}");

    let flush = vec!["xml_flush_cache id 1006 pbx.example.org".to_owned()];
    console.reload(&cx(), &Reload { narrow: flush, only_narrow: false }).unwrap();
    assert_eq!(good(&console.prove(&cx(), &gone[2..3], &[]).unwrap()), [0]);
}

#[test]
fn many_users_are_proved_by_one_question_and_cross_checked() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut console = engine.console(&host);
    let numbers: Vec<String> = (3000..3300).map(|n| n.to_string()).collect();
    for number in &numbers {
        engine.write(&format!("directory/default/{number}.xml"), &user(number, &format!("pw{number}"), ""));
    }
    engine.write("directory/default/3100.xml", &user("3100", "other", ""));
    engine.write("directory/default/3200.xml", &user("3200", "cached", " cacheable=\"true\""));
    console.reload(&cx(), &Reload::default()).unwrap();
    // Looked up once, he is cached; the file then says something else.
    engine.ask("user_data 3200@pbx.example.org param password");
    engine.write("directory/default/3200.xml", &user("3200", "pw3200", " cacheable=\"true\""));
    std::fs::remove_file(engine.conf().join("directory/default/3250.xml")).unwrap();
    console.reload(&cx(), &Reload::default()).unwrap();

    let proofs: Vec<_> =
        numbers.iter().map(|number| secret(number, "param:password", Some(&format!("pw{number}")))).collect();
    let log = ["Couldn't open /x/directory/default/3250.xml (Permission denied)".to_owned()];
    let verdicts = console.prove(&cx(), &proofs, &log).unwrap();
    let bad: Vec<(usize, &str)> =
        verdicts.iter().enumerate().filter(|(_, v)| **v != Verdict::Proved).map(|(n, v)| (n, why(v))).collect();
    assert_eq!(bad.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [100, 200, 250], "{bad:?}");
    assert!(bad[2].1.contains("no user 3250@pbx.example.org; it logged: Couldn't open"), "{bad:?}");

    // The first is cached with what the tree no longer says, though nothing in the tree says cached.
    engine.write("directory/default/3000.xml", &user("3000", "stale", " cacheable=\"true\""));
    console.reload(&cx(), &Reload::default()).unwrap();
    engine.ask("user_data 3000@pbx.example.org param password");
    engine.write("directory/default/3000.xml", &user("3000", "pw3000", ""));
    console.reload(&cx(), &Reload::default()).unwrap();
    let verdicts = console.prove(&cx(), &proofs, &[]).unwrap();
    assert!(why(&verdicts[0]).contains("user_data says otherwise"), "{:?}", verdicts[0]);
}

#[test]
fn a_file_the_daemon_cannot_read_is_said() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut console = engine.console(&host);
    std::os::unix::fs::symlink("/nonexistent", engine.conf().join("directory/default/1007.xml")).unwrap();
    let reloaded = console.reload(&cx(), &Reload::default()).unwrap();
    assert_eq!(reloaded.log.len(), 1, "{:?}", reloaded.log);
    let verdicts = console.prove(&cx(), &[proof("1007", Expect::Present)], &reloaded.log).unwrap();
    assert!(why(&verdicts[0]).contains("1007.xml (No such file or directory)"), "{verdicts:?}");
    assert!(console.reload(&cx(), &Reload::default()).unwrap().log.len() == 1);
}

#[test]
fn what_cannot_be_asked_is_unproved() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut console = engine.console(&host);
    let mut odd = [proof("1000", Expect::Present), proof("1000", Expect::Present), proof("1000", Expect::Present)];
    odd[0].id = "1000".into();
    odd[1].id = "10 00@pbx.example.org;;version".into();
    odd[2].object = "endpoint".into();
    let verdicts = console.prove(&cx(), &odd, &[]).unwrap();
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Unproved { .. })), "{verdicts:?}");
    let elsewhere = sipctl::engine::Proof { id: "1000@wrong.domain".into(), ..proof("1000", Expect::Present) };
    assert!(matches!(console.prove(&cx(), &[elsewhere], &[]).unwrap()[0], Verdict::Failed { .. }));
}

#[test]
fn what_takes_a_number_is_said() {
    let engine = FreeSwitch::start();
    let host = engine.host();
    let mut console = engine.console(&host);
    let ask = [
        ("1019", "default"),
        ("1019", "public"),
        ("9977", "default"),
        ("1020", "default"),
        ("2000", "default"),
        ("3001", "default"),
        ("1020", "public"),
        ("1019", "nosuch"),
    ];
    let pairs: Vec<_> = ask.iter().map(|(n, c)| ((*n).to_owned(), (*c).to_owned())).collect();
    let warnings = console.dialable(&cx(), &pairs).unwrap();
    let codes: Vec<_> = warnings.iter().map(|w| (w.number.as_deref().unwrap(), w.code.as_str())).collect();
    assert_eq!(
        codes,
        [
            ("1020", "not-dialable"),
            ("2000", "taken"),
            ("3001", "undecided"),
            ("1020", "not-dialable"),
            ("1019", "not-dialable"),
        ],
        "{warnings:?}"
    );
    assert!(warnings[0].message.contains("acknowledge_call") && warnings[1].message.contains("group_dial_sales"));
    assert!(warnings[4].message.contains("nosuch is not in the dialplan"));
}
