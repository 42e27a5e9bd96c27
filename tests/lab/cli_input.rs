//! Bad and odd input: refused before anything is written, or taken and proved.

use crate::engine::edit;
use crate::office::{Office, codes};

#[test]
fn ids_that_no_section_can_hold_are_2() {
    Office::each(|office| {
        for id in ["10]2", "10;2", "10 02", "10\n02", &"1".repeat(80), "", "10[2"] {
            office.refused(&["ext", "add", id], 2, "");
            office.refused(&["ext", "renumber", "1001", id, "--yes"], 2, "");
        }
        office.refused(&["ext", "add", "1100-1110", "1105-1106", "1110"], 2, "1105, 1106, 1110");
        office.refused(&["ext", "add", "1000-1003"], 4, "1000");
        assert!(!office.has("endpoint", "1100"));
        // The house names an auth after its number, and that name must fit as well.
        office.refused(&["ext", "add", &"1".repeat(79)], 2, "too long");
        let longest = "1".repeat(74);
        office.proved(&["ext", "add", &longest]);
    });
}

#[test]
fn odd_passwords_register_or_are_refused() {
    let longest = "p".repeat(900);
    let odd = [
        "a;b",
        "a--;b",
        ";--",
        ">arrow",
        "=>x",
        "\"quoted\"",
        "it's",
        "back\\slash\\",
        "a\\;b",
        "#include x",
        "[x](y)",
        "${VAR}$[1+1]",
        "비밀번호",
        "a,b|c",
        "tab\tinside",
        &longest,
    ];
    Office::each(|office| {
        let set = ["ext", "passwd", "1001", "--password-stdin", "--yes"];
        for password in odd {
            office.proved_with(&set, password.as_bytes());
            assert_eq!(office.phone("1001", password).register(), 200, "{password}");
            let shown = office.done(&["ext", "show", "1001", "--reveal"]);
            assert_eq!(shown["extensions"][0]["password"], password);
        }
        for bad in [&b"a\0b"[..], &[b'x'; 8000], b" blank", b"line\r\nline", b""] {
            office.refused_with(&set, bad, 2, "the password");
        }
        assert_eq!(office.phone("1001", &longest).register(), 200);
    });
}

#[test]
fn odd_names_are_proved_and_shown_as_given() {
    let names = [
        "O'Brien",
        "a;b",
        "--;",
        ";--",
        "a, b",
        "Ł 접수 مكتب 🙂",
        "50%",
        "a\\b",
        "[x]",
        "<x>",
        "a \"b\" c",
        "\"",
        "x<y",
    ];
    Office::each(|office| {
        for name in names {
            let answer = office.run(&["ext", "set", "1001", &format!("--name={name}"), "-o", "json"]);
            let result = answer.fails(0, "").json()["results"][0].clone();
            assert_eq!(result["proof"]["status"], "proved", "{name}: {result:#}");
            let shown = office.done(&["ext", "show", "1001"]);
            assert_eq!(shown["extensions"][0]["cid_name"], name);
        }
        office.refused(&["ext", "set", "1001", "--name", "a\nb"], 2, "");
    });
}

#[test]
fn a_configuration_the_engine_would_reject_is_1_with_its_line() {
    let cases = [
        ("a stray closer", "; ---------- agent 1000", "--;\n; ---------- agent 1000", "inside a block comment"),
        ("a duplicate", "[1001]\ntype=aor", "[1000]\ntype=aor", "two sections 1000 of type aor"),
        ("an unknown template", "[1001]\ntype=aor", "[1001](nobody)\ntype=aor", "nobody"),
        ("a missing include", "#include pjsip_templates.conf", "#include gone.conf", "gone.conf"),
        ("a broken header", "[1001]\ntype=aor", "[1001\ntype=aor", "]"),
    ];
    Office::each(|office| {
        let good = office.text("pjsip.conf");
        for (what, from, to, words) in cases {
            edit(office.folder(), "pjsip.conf", from, to);
            let answer = office.run(&["ext", "add", "1002"]);
            let broken = good.replacen(from, to, 1);
            assert_eq!((answer.code, office.text("pjsip.conf") == broken), (1, true), "{what}: {}", answer.stderr);
            assert!(
                answer.stderr.contains("pjsip.conf:") && answer.stderr.contains(words),
                "{what}: {}",
                answer.stderr
            );
            assert!(office.has("endpoint", "1001") && !office.has("endpoint", "1002"), "{what}");
            std::fs::write(office.folder().join("pjsip.conf"), &good).unwrap();
        }
        // Above an open comment the file lives; below it nothing is there to be changed.
        edit(office.folder(), "pjsip.conf", "; ---------- agent 1001", ";-- ---------- agent 1001");
        office.refused(&["ext", "set", "1001", "--name", "Bob"], 3, "no end");
        assert_eq!(codes(&office.done(&["ext", "list"])), ["broken-elsewhere"]);
        // The engine has not read that yet; our reload must not be what takes 1001 away.
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(3);
        let file = std::fs::File::options().append(true).open(office.folder().join("pjsip.conf")).unwrap();
        file.set_modified(later).unwrap();
        office.refused(&["ext", "add", "1002"], 1, "would make it so");
        assert!(office.has("endpoint", "1001") && !office.has("endpoint", "1002"));
        std::fs::write(office.folder().join("pjsip.conf"), &good).unwrap();

        office.refused(&["ext", "add", "1002", "--context", "intern"], 2, "internal");
        office.refused(&["ext", "add", "1002", "--template", "desc"], 2, "desk");
        office.refused(&["ext", "set", "1001", "--set", "endpoint.rtp-symmetric=yes"], 2, "rtp_symmetric");
        office.refused(&["ext", "set", "1001", "--set", "endpoint.dtmf_mode=foo"], 2, "dtmf_mode");
    });
}

#[test]
fn endpoints_of_another_store_are_listed_and_left_to_it() {
    let elsewhere = |folder: &std::path::Path| {
        std::fs::write(folder.join("sorcery.conf"), "[res_pjsip]\nendpoint=config,others.conf\n").unwrap();
        std::fs::write(folder.join("others.conf"), "[7001]\ncontext=internal\ncallerid=\"Far\" <7001>\n").unwrap();
    };
    Office::each_with(elsewhere, |office| {
        // The endpoints of pjsip.conf are none to this engine.
        assert!(office.has("endpoint", "7001") && !office.has("endpoint", "1000"));
        let listed = office.done(&["ext", "list", "--kind", "all"]);
        let all = listed["extensions"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{listed:#}");
        assert_eq!((&all[0]["number"], &all[0]["cid_name"]), (&"7001".into(), &"Far".into()));
        assert!(all[0]["managed"].as_str().unwrap().contains("others.conf"), "{listed:#}");
        office.refused(&["ext", "set", "7001", "--name", "Near"], 11, "others.conf");
        office.refused(&["ext", "set", "1000", "--name", "Near"], 11, "sorcery.conf:2");
        office.refused(&["ext", "add", "1002"], 11, "others.conf");
    });
}
