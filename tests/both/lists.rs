//! Lists of extensions: what one says is so after it was applied, and what one engine exports the other
//! takes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::house::House;

/// A list by the name of a house's own file.
fn file(house: &House, text: &str) -> String {
    let path = house.home().join("list.yaml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Applies a list; what it says is so then, and applied again it changes nothing.
#[track_caller]
fn applied(house: &House, text: &str) {
    let list = file(house, text);
    house.run(&["apply", "-f", &list, "--yes"]).fails(0, "");
    let before = house.tree();
    let again = house.run(&["diff", "-f", &list]);
    assert_eq!(again.code, 0, "{}", again.stdout);
    let again = house.run(&["apply", "-f", &list, "--yes"]).fails(0, "").json();
    assert_eq!((&again["results"][0]["changed"], house.tree()), (&json!(false), before));
}

#[test]
fn what_a_list_clears_a_new_extension_does_not_take_from_its_neighbours() {
    for house in House::both() {
        let habits = ["--call-group", "office", "--language", "ko", "--mailbox", "1"];
        house.run(&[&["ext", "set", "1001", "1003"][..], &habits].concat()).fails(0, "");
        applied(
            &house,
            "extensions:\n- number: 1002\n  call_group: ''\n  language: ''\n  mailbox: ''\n  asterisk:\n    \
             unset: [aor.remove_existing]\n  freeswitch:\n    unset: [param.max-registrations-per-extension]\n",
        );
        let shown = house.show("1002");
        for field in ["call_group", "language", "mailbox"] {
            assert_eq!(shown.get(field), None, "{shown:#}");
        }
    }
}

/// Extensions with odd values in every field that both engines have.
fn odd() -> Value {
    json!([
        {
            "number": "1002", "cid_name": "a, \"b\"; 'c' <d> & {e} #1", "cid_number": "+82*#0711", "context": "guests",
            "max_contacts": "7", "mailbox": "007@other-box", "call_group": "front desk,b", "accountcode": "0042: yes",
            "language": "pt_BR", "permit": "10.1.2.3,2001:db8::/32", "description": "- not a list: [or] {map}; 좋다",
            "enabled": false,
        },
        { "number": "01004", "cid_name": "yes", "accountcode": "1e3", "description": "null", "mailbox": "0x10" },
        { "number": "bob-5", "context": "internal", "description": "$${var} ${x} %20 $1", "ip": "192.0.2.7,198.51.100.0/24" },
        { "number": "1006", "cid_name": "  ", "language": "ko", "max_contacts": "1" },
    ])
}

/// What a list says of its extensions, its defaults filled in, without what is an engine's own.
fn exported(house: &House) -> BTreeMap<String, Map<String, Value>> {
    let list = sipctl::spec::read::read(&house.export(&[]), sipctl::spec::Form::Yaml).unwrap();
    let of = |row: &sipctl::spec::Row| {
        let fields = serde_json::to_value(row.fields(house.kind())).unwrap();
        let mut fields = fields.as_object().unwrap().clone();
        fields.retain(|name, _| !["codecs", "transport", "webrtc"].contains(&name.as_str()));
        // Asterisk completes a name with the extension's own number, which callers see on either engine.
        fields.retain(|name, value| name != "cid_number" || *value != row.ext.number);
        (row.ext.number.clone(), fields)
    };
    list.rows.iter().map(of).collect()
}

#[test]
fn an_export_of_one_engine_keeps_every_shared_field_on_the_other() {
    for from in 0..2 {
        let houses = House::both();
        let (here, there) = (&houses[from], &houses[1 - from]);
        let list = json!({ "extensions": odd() }).to_string();
        applied(here, &list);
        applied(there, &here.export(&[]));
        assert_eq!(exported(there), exported(here));
        for one in odd().as_array().unwrap() {
            let kept = &exported(there)[one["number"].as_str().unwrap()];
            for (name, value) in one.as_object().unwrap().iter().filter(|(name, _)| *name != "number") {
                assert_eq!(kept.get(name), Some(value), "{name} of {one}");
            }
        }
    }
}

#[test]
fn two_pbxes_with_one_list_do_not_differ() {
    let houses = House::both();
    for house in &houses {
        applied(house, &json!({ "extensions": odd() }).to_string());
    }
    let differs = houses[0].against(&houses[1]);
    assert_eq!(differs["results"][0]["differences"], json!([]), "{differs:#}");
    houses[1].run(&["ext", "set", "1006", "--cid-number", "7"]).fails(0, "");
    let differs = houses[0].against(&houses[1]);
    assert_eq!(
        differs["results"][0]["differences"][0]["fields"],
        json!([{"field": "cid_number", "have": "1006", "want": "7"}])
    );
}

#[test]
fn a_new_extension_with_networks_of_its_own_can_start_disabled() {
    for neighbours in ["", "10.0.0.0/8"] {
        for house in House::both() {
            house.run(&["ext", "set", "1001", "1003", "--permit", neighbours]).fails(0, "");
            let before = house.tree();
            let list = |enabled: &str| {
                let row = "number: 1002, permit: '10.1.2.3,10.2.0.0/16', password: 'clear:One', enabled: ";
                format!("extensions:\n- {{{row}{enabled}}}\n")
            };
            applied(&house, &list("yes"));
            let enabled = house.tree();
            house.run(&["ext", "rm", "1002", "--yes"]).fails(0, "");
            assert_eq!(house.tree(), before);
            applied(&house, &list("no"));
            let shown = house.show("1002");
            assert_eq!((&shown["enabled"], &shown["permit"]), (&json!(false), &json!("10.1.2.3,10.2.0.0/16")));
            house.run(&["ext", "enable", "1002"]).fails(0, "");
            assert_eq!(house.tree(), enabled);
        }
    }
}

#[test]
fn what_keeps_strangers_out_is_taken_from_a_disabled_neighbour_too() {
    let [house, _] = House::both();
    house.run(&["ext", "set", "1001", "1003", "--permit", "10.0.0.0/8"]).fails(0, "");
    house.run(&["ext", "add", "1002", "--password-stdin"]).fails(0, "");
    let wanted = house.tree();
    house.run(&["ext", "rm", "1002", "--yes"]).fails(0, "");
    house.run(&["ext", "disable", "1001", "1003", "--yes"]).fails(0, "");
    house.run(&["ext", "add", "1002", "--password-stdin"]).fails(0, "");
    house.run(&["ext", "enable", "1001", "1003"]).fails(0, "");
    assert!(house.tree() == wanted, "its networks are others");
}
