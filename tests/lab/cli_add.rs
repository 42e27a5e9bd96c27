//! Extensions of every make, added by the built program and proved on the engine.

use std::path::Path;

use crate::engine::append;
use crate::office::Office;

#[test]
fn like_and_template_carry_over_what_phones_need() {
    Office::each(|office| {
        let original = office.tree();
        let like = ["ext", "add", "2005", "--like", "2002", "--password-stdin"];
        office.proved_with(&like, b"like-2002");
        assert!(office.text("pjsip_templates.conf").contains("[2005](desk)"));
        let template = ["ext", "add", "1002", "--template", "desk,desk-auth,desk-aor", "--password-stdin"];
        office.proved_with(&template, b"templated");
        assert!(office.ask("pjsip show endpoint 1002").contains("g722"));
        assert_eq!(office.phone("2005", "like-2002").register(), 200);
        assert_eq!(office.phone("1002", "templated").register(), 200);
        office.proved(&["ext", "rm", "2005", "1002", "--yes"]);
        assert_eq!(office.tree(), original);
    });
}

#[test]
fn web_phones_and_devices_known_by_their_address_are_taken() {
    Office::each(|office| {
        let original = office.tree();
        office.proved(&["ext", "add", "1002", "--webrtc"]);
        assert!(office.ask("pjsip show endpoint 1002").contains("webrtc"));
        office.proved(&["ext", "add", "1003", "--ip", "127.0.0.1"]);
        // It calls without any password, from its address.
        let mut device = office.phone("1003", "none at all");
        assert_ne!(device.invite("1000"), 401);
        assert_eq!(office.done(&["ext", "show", "1003"])["extensions"][0]["kind"], "ip-phone");
        office.proved(&["ext", "rm", "1002-1003", "--yes"]);
        assert_eq!(office.tree(), original);
    });
}

#[test]
fn wizard_extensions_are_added_changed_and_removed() {
    let prepare = |folder: &Path| {
        append(folder, "modules.conf", "load=res_pjsip_config_wizard.so\n");
        let wizard = "[3001]\ntype=wizard\naccepts_auth=yes\naccepts_registrations=yes\n\
                      inbound_auth/username=3001\ninbound_auth/password=wizard-3001\n\
                      aor/max_contacts=1\naor/remove_existing=yes\nendpoint/context=internal\nendpoint/allow=!all,ulaw\n";
        std::fs::write(folder.join("pjsip_wizard.conf"), wizard).unwrap();
    };
    Office::each_with(prepare, |office| {
        let original = office.tree();
        assert_eq!(office.phone("3001", "wizard-3001").register(), 200);
        office.proved_with(&["ext", "add", "3002", "--password-stdin"], b"first");
        assert!(office.text("pjsip_wizard.conf").contains("[3002]"));
        assert_eq!(office.phone("3002", "first").register(), 200);
        office.proved(&["ext", "set", "3002", "--name", "Wizard"]);
        assert!(office.ask("pjsip show endpoint 3002").contains("Wizard"));
        office.proved_with(&["ext", "passwd", "3002", "--password-stdin", "--yes"], b"second");
        assert_eq!(office.phone("3002", "first").register(), 401);
        assert_eq!(office.phone("3002", "second").register(), 200);
        office.proved(&["ext", "rm", "3002", "--yes"]);
        assert!(!office.has("endpoint", "3002"));
        assert_eq!(office.tree(), original);
    });
}

#[test]
fn neighbours_that_differ_leave_no_phone_without_codecs_or_registrations() {
    Office::each(|office| {
        office.proved(&["ext", "add", "1002", "--webrtc"]);
        office.proved_with(&["ext", "add", "1003", "--password-stdin"], b"third");
        assert_eq!(office.phone("1003", "third").register(), 200);
        let shown = office.done(&["ext", "show", "1003"]);
        assert!(!shown["extensions"][0]["codecs"].as_array().unwrap().is_empty(), "{shown:#}");
    });
}
