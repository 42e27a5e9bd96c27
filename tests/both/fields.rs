//! Every shared field by itself: added with, shown, set to something else, cleared.

use serde_json::{Value, json};

use crate::house::House;

/// A shared field: its flag, its key in the document, a value and another one.
pub type Row = (&'static str, &'static str, &'static str, &'static str);

/// The fields both engines have, but for those that decide how a phone logs in.
pub const FIELDS: [Row; 10] = [
    ("--cid-name", "cid_name", "Front <Desk> & Co", "접수 \"데스크\""),
    ("--cid-number", "cid_number", "0711", "0712"),
    ("--context", "context", "guests", "internal"),
    ("--max-contacts", "max_contacts", "3", "1"),
    ("--mailbox", "mailbox", "1002@default", "77@default"),
    ("--call-group", "call_group", "office", "office,sales"),
    ("--accountcode", "accountcode", "4711", "it's <4712>"),
    ("--language", "language", "ko", "de"),
    ("--permit", "permit", "10.1.0.0/16", "10.1.2.3"),
    ("--description", "description", "third floor, left; by the window", "gone"),
];

/// What 1002 is when it is added without anything said.
fn plain() -> Value {
    json!({
        "number": "1002", "kind": "phone", "context": "internal", "max_contacts": "1",
        "enabled": true, "secret": "clear", "password": "One-Password",
    })
}

fn with(key: &str, value: &str) -> Value {
    let mut shown = plain();
    shown[key] = value.into();
    shown
}

#[test]
fn a_field_added_set_and_cleared_is_shown_alike() {
    for (flag, key, first, second) in FIELDS {
        for house in House::both() {
            let add = ["ext", "add", "1002", "--password-stdin", flag, first];
            house.run(&add).fails(0, "");
            assert_eq!(shown(&house, key), with(key, first), "{flag} {first}");
            house.run(&["ext", "set", "1002", flag, second]).fails(0, "");
            assert_eq!(shown(&house, key), with(key, second), "{flag} {second}");
            let before = house.tree();
            let again = house.run(&["ext", "set", "1002", flag, second]).fails(0, "").json();
            assert_eq!((&again["results"][0]["changed"], house.tree()), (&json!(false), before), "{flag} {second}");
            if key == "context" {
                house.run(&["ext", "set", "1002", flag, ""]).fails(2, "not cleared");
                continue;
            }
            house.run(&["ext", "set", "1002", flag, ""]).fails(0, "");
            let mut cleared = plain();
            cleared.as_object_mut().unwrap().remove(key);
            assert_eq!(shown(&house, key), cleared, "{flag} ''");
        }
    }
}

/// What is shown of 1002. Asterisk keeps name and number in one option, and completes a name.
#[track_caller]
fn shown(house: &House, key: &str) -> Value {
    let mut shown = house.show("1002");
    if key == "cid_name" {
        let number = shown.as_object_mut().unwrap().remove("cid_number");
        assert!(number.is_none_or(|number| number == "1002"));
    }
    shown
}

#[test]
fn a_field_set_by_add_goes_with_rm() {
    for house in House::both() {
        let before = house.tree();
        let mut add = vec!["ext", "add", "1002", "--password-stdin"];
        add.extend(FIELDS.iter().flat_map(|(flag, _, value, _)| [*flag, *value]));
        house.run(&add).fails(0, "");
        let mut wanted = plain();
        for (_, key, value, _) in FIELDS {
            wanted[key] = value.into();
        }
        assert_eq!(house.show("1002"), wanted);
        house.run(&["ext", "rm", "1002", "--yes"]).fails(0, "");
        assert_eq!(house.tree(), before);
    }
}

#[test]
fn a_device_known_by_its_address_is_shown_alike() {
    for house in House::both() {
        let before = house.tree();
        house.run(&["ext", "add", "1002", "--ip", "10.1.2.3,10.2.0.0/16"]).fails(0, "");
        let shown = house.show("1002");
        assert_eq!((&shown["kind"], &shown["secret"]), (&json!("ip-phone"), &json!("none")));
        assert_eq!(shown["ip"], "10.1.2.3,10.2.0.0/16");
        house.run(&["ext", "set", "1002", "--ip", "192.0.2.7"]).fails(0, "");
        assert_eq!(house.show("1002")["ip"], "192.0.2.7");
        house.run(&["ext", "rm", "1002", "--yes"]).fails(0, "");
        assert_eq!(house.tree(), before);
    }
}

#[test]
fn a_password_is_stored_as_asked() {
    for house in House::both() {
        house.run(&["ext", "add", "1002", "--password-stdin", "--digest"]).fails(0, "");
        let shown = house.show("1002");
        assert_eq!((&shown["secret"], shown.get("password")), (&json!("digest"), None));
        house.run(&["ext", "passwd", "1002", "--password-stdin", "--yes"]).fails(0, "");
        assert_eq!(house.show("1002"), plain());
        house.run(&["ext", "passwd", "1002", "--password-stdin", "--digest", "--yes"]).fails(0, "");
        assert_eq!(house.show("1002")["secret"], "digest");
        let masked = house.run(&["ext", "show", "1001"]).fails(0, "");
        assert!(!masked.stdout.contains("first-1001"), "{}", masked.stdout);
    }
}

#[test]
fn what_one_engine_lacks_is_wrong_usage_there() {
    let [asterisk, freeswitch] = House::both();
    for (house, flags) in [
        (&asterisk, &[["--toll-allow", "local"], ["--outbound-cid-name", "x"], ["--outbound-cid-number", "1"]]),
        (&freeswitch, &[["--codecs", "ulaw"], ["--transport", "udp"], ["--pickup-group", "1"]]),
    ] {
        for [flag, value] in flags {
            let before = house.tree();
            house.run(&["ext", "set", "1001", flag, value]).fails(2, &format!("nothing for {flag}"));
            assert_eq!(house.tree(), before);
        }
    }
}
