//! What phones notice: passwords, numbers, registrations and calls, changed by the built program.

use std::path::Path;

use crate::engine::append;
use crate::office::{Office, codes, example_password};

const NOBODY: [&str; 0] = [];

/// Who is registered as a number.
fn contacts(office: &Office, number: &str) -> Vec<String> {
    let shown = office.done(&["ext", "show", number]);
    let contacts = shown["extensions"][0]["contacts"].as_array().unwrap();
    contacts.iter().map(|contact| contact["uri"].as_str().unwrap().to_owned()).collect()
}

/// A number that answers.
fn with_an_echo(folder: &Path) {
    append(folder, "extensions.conf", "\n[internal](+)\nexten => 100,1,Answer()\n same => n,Echo()\n");
}

#[test]
fn after_passwd_only_the_new_password_registers() {
    Office::each(|office| {
        let mut old = office.registered("1001");
        let args = ["ext", "passwd", "1001", "--password-stdin", "--yes", "--kick"];
        let result = office.proved_with(&args, b"new-one\n");
        assert_eq!(codes(&result), NOBODY);
        assert!(office.text("pjsip.conf").contains("password=new-one ; told to Bob on paper\n"));
        assert_eq!(contacts(office, "1001"), NOBODY);
        assert_eq!(old.register(), 401);
        assert_eq!(office.phone("1001", "new-one").register(), 200);

        // Without --kick whoever is registered stays so.
        let phone = office.registered("1000");
        office.proved(&["ext", "passwd", "1000", "--yes"]);
        assert_eq!(contacts(office, "1000"), [phone.contact()]);
    });
}

#[test]
fn disabled_nothing_gets_in_although_the_password_is_right() {
    Office::each_with(with_an_echo, |office| {
        let mut phone = office.registered("1001");
        assert_eq!(phone.invite("100"), 200);
        let before = office.tree();
        office.proved(&["ext", "disable", "1001", "--kick", "--yes"]);
        assert_eq!(contacts(office, "1001"), NOBODY);
        assert_eq!(office.done(&["ext", "show", "1001"])["extensions"][0]["enabled"], false);
        for phone in [&mut phone, &mut office.phone("1001", &example_password("1001"))] {
            assert_eq!((phone.register(), phone.invite("100")), (401, 401));
        }
        let again = office.proved(&["ext", "disable", "1001", "--yes"]);
        assert_eq!(again["changed"], false);

        office.proved(&["ext", "enable", "1001"]);
        assert_eq!(office.tree(), before);
        assert_eq!((phone.register(), phone.invite("100")), (200, 200));
        assert_eq!(office.proved(&["ext", "enable", "1001"])["changed"], false);
    });
}

#[test]
fn kick_and_notify_reach_who_is_registered_and_nobody_else() {
    Office::each(|office| {
        for verb in ["kick", "notify"] {
            let result = office.done(&["ext", verb, "1000-1001"]);
            assert_eq!((&result["changed"], &result["changes"]), (&false.into(), &serde_json::json!([])));
        }
        let (mut phone, other) = (office.registered("1001"), office.registered("1000"));
        let result = office.done(&["ext", "notify", "1001", "2001"]);
        assert_eq!(result["changes"], serde_json::json!([{"action": "notify", "number": "1001"}]));
        assert_eq!(phone.hears("NOTIFY").unwrap().header("Event"), Some("check-sync"));
        // Who is not told is not said to be asked.
        std::fs::remove_file(office.folder().join("pjsip_notify.conf")).unwrap();
        let result = office.done(&["ext", "notify", "1001"]);
        assert_eq!((&result["changed"], &result["changes"]), (&false.into(), &serde_json::json!([])), "{result:#}");
        assert_eq!(result["warnings"][0]["code"], "aftercare");

        let dry = office.done(&["ext", "kick", "1001", "--dry-run"]);
        assert_eq!((&dry["dry_run"], contacts(office, "1001").len()), (&true.into(), 1));
        let result = office.done(&["ext", "kick", "1001"]);
        assert_eq!(result["changes"], serde_json::json!([{"action": "kick", "number": "1001"}]));
        assert_eq!((contacts(office, "1001"), contacts(office, "1000")), (vec![], vec![other.contact()]));
        office.refused(&["ext", "kick", "1999"], 3, "1999");
        office.refused(&["ext", "notify", "1900-1999"], 3, "19");
    });
}

#[test]
fn hangup_ends_the_calls_of_the_one_that_is_hit() {
    Office::each_with(with_an_echo, |office| {
        let (mut hit, mut other) = (office.registered("1000"), office.registered("1001"));
        assert_eq!((hit.invite("100"), other.invite("100")), (200, 200));
        office.proved(&["ext", "passwd", "1000", "--yes", "--hangup"]);
        assert!(hit.hears("BYE").is_some());
        let channels = office.ask("core show channels concise");
        assert!(channels.contains("PJSIP/1001-"), "{channels}");

        office.proved(&["ext", "rm", "1001", "--yes", "--hangup"]);
        assert!(other.hears("BYE").is_some());
    });
}

#[test]
fn rm_drops_registrations_and_add_those_that_were_left_over() {
    Office::each(|office| {
        let mut phone = office.registered("1001");
        office.proved(&["ext", "rm", "1001", "--yes"]);
        assert!(!office.ask("database show registrar").contains("1001"));
        assert_eq!(phone.register(), 401);

        // Somebody deleted 1000 by hand, its phone stayed registered; the number is given out again.
        office.registered("1000");
        let text = office.text("pjsip.conf");
        let (head, rest) = text.split_once("; ---------- agent 1000").unwrap();
        let (_, tail) = rest.split_once("; desk phones").unwrap();
        std::fs::write(office.folder().join("pjsip.conf"), format!("{head}; desk phones{tail}")).unwrap();
        office.ask("core reload");
        assert!(office.ask("database show registrar").contains("1000"));
        office.proved(&["ext", "add", "1000"]);
        assert!(!office.ask("database show registrar").contains("1000"));
    });
}

#[test]
fn renumbered_the_phone_registers_as_new_and_not_as_old() {
    Office::each(|office| {
        let phone = office.registered("1001");
        append(office.folder(), "extensions.conf", "\n[hints]\nexten => 1001,hint,PJSIP/1001\n");
        office.ask("core reload");
        let result = office.proved(&["ext", "renumber", "1001", "1005", "--yes"]);
        assert!(codes(&result).contains(&"mentioned"), "{result:#}");
        let change = serde_json::json!([{"action": "renumber", "number": "1005", "was": "1001"}]);
        assert_eq!(result["changes"], change);
        assert!(!office.ask("database show registrar").contains(&phone.contact()));
        assert_eq!(office.phone("1001", &example_password("1001")).register(), 401);
        assert_eq!(office.phone("1005", &example_password("1001")).register(), 200);
        office.refused(&["ext", "renumber", "1005", "1000", "--yes"], 4, "1000");
        // Ranges that overlap, in one plan.
        office.proved(&["ext", "renumber", "2001-2002", "2002-2003", "--yes"]);
        assert_eq!(office.phone("2003", &example_password("2002")).register(), 200);
        assert_eq!(office.phone("2002", &example_password("2001")).register(), 200);
        assert!(!office.has("endpoint", "2001"));
    });
}

#[test]
fn only_a_digest_is_stored_and_the_phone_registers() {
    Office::each(|office| {
        let stored = match office.asterisk.borrow().major() {
            22 => "password_digest",
            _ => "md5_cred",
        };
        let args = ["ext", "passwd", "1001", "--digest", "--password-stdin", "--yes"];
        office.proved_with(&args, b"only hashed");
        let text = office.text("pjsip.conf");
        assert!(text.contains(stored) && !text.contains("only hashed"), "{text}");
        assert_eq!(office.phone("1001", "only hashed").register(), 200);
        assert_eq!(office.phone("1001", &example_password("1001")).register(), 401);
        assert_eq!(office.done(&["ext", "show", "1001"])["extensions"][0]["secret"], "digest");
        office.refused(&["ext", "renumber", "1001", "1005", "--yes"], 2, "digest");
        office.proved_with(&["ext", "passwd", "1001", "--password-stdin", "--yes"], b"clear again");
        assert_eq!(office.phone("1001", "clear again").register(), 200);
        assert_eq!(office.phone("1001", "only hashed").register(), 401);

        let result = office.proved(&["ext", "add", "1002", "--digest", "--passwords", "-"]);
        let password = result["passwords"]["1002"].as_str().unwrap();
        assert_eq!(office.phone("1002", password).register(), 200);
        assert!(!office.text("pjsip.conf").contains(password));
        // A realm of its own, and another algorithm where there is one.
        let mut own = vec!["auth.realm=office.example"];
        own.extend((stored == "password_digest").then_some("auth.supported_algorithms_uas=SHA-256"));
        for (number, set) in ["1006", "1007"].into_iter().zip(own) {
            let result = office.proved(&["ext", "add", number, "--digest", "--set", set, "--passwords", "-"]);
            let password = result["passwords"][number].as_str().unwrap();
            assert_eq!(office.phone(number, password).register(), 200, "{set}");
            assert_eq!(office.phone(number, "another").register(), 401, "{set}");
        }
        // What all phones are asked for where their auth says nothing.
        if stored == "password_digest" {
            append(
                office.folder(),
                "pjsip.conf",
                "\n[global]\ntype=global\ndefault_auth_algorithms_uas=SHA-256\ndefault_auth_algorithms_uac=SHA-256\n",
            );
            office.ask("core reload");
            let result = office.proved(&["ext", "add", "1008", "--digest", "--passwords", "-"]);
            let password = result["passwords"]["1008"].as_str().unwrap();
            assert_eq!(office.phone("1008", password).register(), 200);
            office.proved_with(&args, b"hashed again");
            assert_eq!(office.phone("1001", "hashed again").register(), 200);
        }
        // A digest that nobody could ever read again is not made.
        office.refused(&["ext", "add", "1003", "--digest"], 2, "--passwords");
    });
}
