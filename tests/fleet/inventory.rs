//! `pbx add` and `pbx rm`: the inventory file, edited by the built program.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use sipctl::inventory::{Inventory, add, remove};

use crate::program::Program;

fn file(program: &Program) -> PathBuf {
    program.home().join(".config/sipctl/sipctl.ini")
}

#[test]
fn the_first_pbx_makes_the_inventory_and_the_last_leaves_an_empty_one() {
    let program = Program::new();
    let args = ["pbx", "add", "seoul", "asterisk:/nowhere", "--groups", "korea,production", "--sudo", "asterisk"];
    let args =
        [&args[..], &["--context", "internal", "--protected", "--set", "timeout-reload=2min", "-o", "json"]].concat();
    let document = program.run(&args).fails(0, "").json();
    assert_eq!((&document["results"][0]["pbx"], &document["results"][0]["changed"]), (&"seoul".into(), &true.into()));
    assert_eq!(document["results"][0]["address"], "asterisk:/nowhere?sudo=asterisk");
    let text = std::fs::read_to_string(file(&program)).unwrap();
    let wanted = "[pbx seoul]\naddress        = asterisk:/nowhere\nsudo           = asterisk\n\
                  groups         = korea, production\ncontext        = internal\nprotected      = yes\n\
                  timeout-reload = 2min\n";
    assert_eq!(text, wanted);
    assert_eq!(file(&program).metadata().unwrap().mode() & 0o777, 0o600);
    program.run(&["pbx", "rm", "seoul"]).fails(0, "");
    assert_eq!(std::fs::read(file(&program)).unwrap(), b"");
    let left: Vec<_> = std::fs::read_dir(file(&program).parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn what_is_refused_changes_nothing() {
    let program = Program::new();
    program.run(&["pbx", "rm", "seoul"]).fails(3, "seoul");
    program.run(&["pbx", "add", "a b", "asterisk:/nowhere"]).fails(2, "name of a PBX");
    program.run(&["pbx", "add", "a", "kamailio:/nowhere"]).fails(2, "neither asterisk nor freeswitch");
    program.run(&["pbx", "add", "a", "asterisk:/nowhere", "--set", "colour=red"]).fails(2, "unknown key");
    program.run(&["pbx", "add", "a", "asterisk:/nowhere", "--set", "colour"]).fails(2, "KEY=VALUE");
    program.run(&["pbx", "add", "a", "asterisk:/nowhere", "--context", "x\ny"]).fails(2, "control character");
    program.run(&["pbx", "add", "a", "asterisk:/nowhere", "--context", "x ; y"]).fails(2, "read as something else");
    assert!(!program.home().join(".config").exists());

    let text = "[pbx a]\naddress = asterisk:/nowhere\n";
    let program = Program::with_inventory(text);
    let answer = program.run(&["pbx", "add", "a", "asterisk:/other", "-o", "json"]).fails(4, "sipctl.ini:1");
    assert_eq!(answer.json()["errors"][0]["exit"], 4);
    assert_eq!(std::fs::read_to_string(file(&program)).unwrap(), text);
    let program = Program::with_inventory("[pbx a]\ncolour = red\naddress = asterisk:/a\n");
    program.run(&["pbx", "add", "b", "asterisk:/b"]).fails(2, "sipctl.ini:2");
}

#[test]
fn mode_and_owner_stay_links_are_followed_and_the_inode_of_several_names_too() {
    let program = Program::with_inventory("; mine\n[pbx a]\naddress = asterisk:/a\n");
    let (link, real) = (file(&program), program.home().join("real.ini"));
    std::fs::rename(&link, &real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    std::fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).unwrap();
    program.run(&["pbx", "add", "b", "asterisk:/b"]).fails(0, "");
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(real.metadata().unwrap().mode() & 0o777, 0o640);
    let twin = program.home().join("twin.ini");
    std::fs::hard_link(&real, &twin).unwrap();
    program.run(&["pbx", "rm", "b"]).fails(0, "");
    assert_eq!(std::fs::read_to_string(&twin).unwrap(), "; mine\n[pbx a]\naddress = asterisk:/a\n");
}

#[test]
fn twenty_at_once_are_all_there() {
    let program = Program::with_inventory("");
    let add = |n: usize| {
        crate::program::Running::start(program.command(&[
            "pbx",
            "add",
            &format!("p{n}"),
            &format!("asterisk:/nowhere/{n}"),
        ]))
    };
    let runs: Vec<_> = (0..20).map(add).collect();
    runs.into_iter().for_each(|run| {
        run.end(b"").fails(0, "");
    });
    assert_eq!(program.run(&["pbx", "list", "-o", "name"]).stdout.lines().count(), 20);
}

#[test]
fn a_relative_address_is_written_as_what_it_means() {
    let program = Program::new();
    program.run(&["pbx", "add", "a", "asterisk:./conf"]).fails(0, "");
    let address = program.run(&["pbx", "list", "-o", "json"]).json()["results"][0]["address"].clone();
    assert_eq!(address, format!("asterisk:{}/conf", program.home().display()));
}

/// A piece of an inventory as people write them.
fn piece() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(""),
        Just("  "),
        Just("; a comment"),
        Just("# new, soon"),
        Just(";[pbx new]"),
        Just("\tgroups=a ,b ; why"),
        Just("context   =   internal"),
        Just("protected = yes"),
        Just("address = asterisk:/nowhere"),
        Just("[pbx one]"),
        Just("[ pbx two ]"),
        Just("[defaults]"),
        Just("password-length=30"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn add_then_rm_is_the_identity(
        pieces in prop::collection::vec((piece(), any::<bool>()), 0..12),
        (bom, last) in any::<(bool, bool)>(),
        whole in any::<bool>(),
    ) {
        let mut text = String::from(if bom { "\u{feff}" } else { "" });
        // Most heaps of lines are no inventory; one with its sections first often is.
        if whole {
            text.push_str("[pbx zero]\naddress = freeswitch:/nowhere\n");
        }
        for (piece, crlf) in &pieces {
            text.push_str(piece);
            text.push_str(if *crlf { "\r\n" } else { "\n" });
        }
        if last {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        let path = Path::new("/i.ini");
        let keys = [("address", "asterisk:/n"), ("sudo", "yes")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        match (Inventory::parse(path, &text), add(path, &text, "new", &keys)) {
            (Err(_), added) => prop_assert!(added.is_err()),
            (Ok(before), added) => {
                let added = added.unwrap();
                prop_assert!(added.starts_with(&text));
                let now = Inventory::parse(path, &added).unwrap();
                prop_assert_eq!(now.pbxes.len(), before.pbxes.len() + 1);
                prop_assert_eq!(remove(path, &added, "new").unwrap(), text);
            }
        }
    }
}
