//! A whole PBX as a file, on two engines at once: Asterisk, and FreeSWITCH or its stand-in.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::engine::edit;
use crate::files::tree;
use crate::freeswitch::FreeSwitch;
use crate::office::Office;
use crate::program::Program;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/extensions.yaml");

/// The two PBXes and a program that knows both.
struct Pair<'o> {
    office: &'o Office,
    switch: FreeSwitch,
    program: Program,
}

impl<'o> Pair<'o> {
    fn each(act: impl Fn(&Pair)) {
        Office::each(|office| act(&Pair::new(office)));
    }

    fn new(office: &'o Office) -> Self {
        let switch = FreeSwitch::start();
        let (asterisk, freeswitch) = (office.folder().display(), switch.conf());
        let inventory = format!(
            "[pbx lab]\naddress = asterisk:{asterisk}\n[pbx switch]\naddress = freeswitch:{}\n",
            freeswitch.display()
        );
        let program = Program::with_inventory(&inventory);
        let own = freeswitch.with_file_name("bin");
        let bin = office.asterisk.borrow().bin();
        let path = format!("{}:{}:/usr/sbin:/usr/bin:/sbin:/bin", own.display(), bin.display());
        let state = program.home().join("state").display().to_string();
        Self { office, switch, program: program.env("PATH", &path).env("SIPCTL_STATE", &state) }
    }

    /// Runs what must end with this code; its results.
    #[track_caller]
    fn run(&self, code: i32, args: &[&str]) -> Value {
        let answer = self.program.run(&[args, &["-o", "json"]].concat()).fails(code, "");
        answer.json()["results"].clone()
    }

    fn folders(&self) -> [std::path::PathBuf; 2] {
        [self.office.folder().to_owned(), self.switch.conf()]
    }

    /// When each file was written last.
    fn times(&self) -> Vec<(std::path::PathBuf, SystemTime)> {
        let files = self.folders().into_iter().flat_map(|folder| {
            let names: Vec<_> = tree(&folder).into_keys().collect();
            names.into_iter().map(move |name| folder.join(name))
        });
        files.map(|path| (path.clone(), path.metadata().unwrap().modified().unwrap())).collect()
    }
}

/// What every result has under a key.
fn all<'v>(results: &'v Value, key: &str) -> Vec<&'v Value> {
    results.as_array().unwrap().iter().map(|result| &result[key]).collect()
}

#[test]
fn one_list_makes_two_proved_pbxes_and_applied_again_touches_nothing() {
    Pair::each(|pair| {
        let applied = pair.run(0, &["apply", "-f", EXAMPLE, "--all"]);
        for result in applied.as_array().unwrap() {
            assert_eq!(result["changed"], true, "{result:#}");
            assert_eq!(result["changes"].as_array().unwrap().len(), 12);
            assert_eq!((&result["proof"]["status"], &result["proof"]["failed"]), (&json!("proved"), &json!([])));
        }
        // The shared fields are the same on both; the context is called otherwise on purpose.
        let differs = pair.run(5, &["diff", "--pbx", "lab", "--against", "switch"]);
        for one in differs[0]["differences"].as_array().unwrap() {
            if one["number"].as_str().unwrap().starts_with("11") {
                assert_eq!(all(&one["fields"], "field"), [&json!("context")], "{one:#}");
            }
        }
        let before = pair.times();
        let again = pair.run(0, &["apply", "-f", EXAMPLE, "--all"]);
        assert_eq!(all(&again, "changed"), [&json!(false); 2], "{again:#}");
        assert_eq!(all(&again, "reload"), [&Value::Null; 2]);
        assert_eq!(pair.times(), before);
        pair.run(0, &["diff", "-f", EXAMPLE, "--all"]);
        pair.run(0, &["diff", "--all"]);
    });
}

#[test]
fn an_edit_by_hand_is_named_and_said_not_to_be_live() {
    Pair::each(|pair| {
        pair.run(0, &["apply", "-f", EXAMPLE, "--all"]);
        edit(pair.office.folder(), "pjsip.conf", "\"Agent 1110\"", "\"Nobody\"");
        let user = pair.switch.conf().join("directory/default/1110.xml");
        let text = std::fs::read_to_string(&user).unwrap();
        std::fs::write(&user, text.replace("Agent 1110", "Nobody")).unwrap();
        let differs = pair.run(5, &["diff", "-f", EXAMPLE, "--all"]);
        for result in differs.as_array().unwrap() {
            let fields = json!([{"field": "cid_name", "have": "Nobody", "want": "Agent 1110"}]);
            let differences = result["differences"].as_array().unwrap();
            assert_eq!((differences.len(), &differences[0]["fields"]), (1, &fields), "{result:#}");
        }
        let live = pair.run(5, &["diff", "--all"]);
        for (result, field) in live.as_array().unwrap().iter().zip(["callerid", "effective_caller_id_name"]) {
            let one = &result["differences"][0];
            assert_eq!((&one["number"], &one["action"]), (&json!("1110"), &json!("not-live")), "{result:#}");
            let of = |key: &str| one["fields"][0][key].as_str().unwrap().to_owned();
            assert!(of("field").ends_with(field), "{one:#}");
            let name = |key: &str| of(key).replace("\"", "").replace(" <1110>", "");
            assert_eq!([name("have"), name("want")], ["Agent 1110", "Nobody"], "{one:#}");
        }
        pair.run(0, &["reload", "--all", "--yes"]);
        pair.run(0, &["diff", "--all"]);
    });
}

#[test]
fn what_was_taken_out_by_hand_is_said_to_be_live_still() {
    Pair::each(|pair| {
        pair.run(0, &["diff", "--all"]);
        pair.run(0, &["ext", "rm", "1001", "--all", "--yes", "--offline"]);
        let live = pair.run(5, &["diff", "--all"]);
        for (result, object) in live.as_array().unwrap().iter().zip(["endpoint", "user"]) {
            let gone = json!([{"field": object, "have": "present", "want": "absent"}]);
            let differences = result["differences"].as_array().unwrap();
            assert_eq!((differences.len(), &differences[0]["number"]), (1, &json!("1001")), "{result:#}");
            assert_eq!((&differences[0]["action"], &differences[0]["fields"]), (&json!("not-live"), &gone));
        }
        pair.run(0, &["reload", "--all", "--yes"]);
        pair.run(0, &["diff", "--all"]);
    });
}

#[test]
fn a_list_with_one_bad_row_changes_nothing_anywhere() {
    Pair::each(|pair| {
        let before: Vec<_> = pair.folders().iter().map(|folder| tree(folder)).collect();
        let list = pair.program.home().join("bad.yaml");
        let row = "{number: 1160, asterisk: {set: {endpoint.dtmf_mode: foo}}, freeswitch: {context: nowhere}}";
        std::fs::write(&list, format!("extensions:\n- {{number: 1100-1159}}\n- {row}\n")).unwrap();
        pair.run(2, &["apply", "-f", list.to_str().unwrap(), "--all"]);
        // What only the engine refuses is put back, all of it.
        pair.run(6, &["apply", "-f", list.to_str().unwrap(), "--pbx", "lab", "--no-validate"]);
        let after: Vec<_> = pair.folders().iter().map(|folder| tree(folder)).collect();
        assert!(after == before, "something was written");
        assert!(!pair.office.has("endpoint", "1100"));
    });
}

#[test]
fn a_copy_lets_the_same_phone_register_on_the_other_engine() {
    Pair::each(|pair| {
        let add = ["ext", "add", "1160", "--pbx", "switch", "--password-stdin", "-o", "json"];
        pair.program.run_with(&add, b"one;phone \"two\" engines\n").fails(0, "");
        let copy = ["ext", "copy", "1160", "--pbx", "switch", "--to", "lab", "--map", "context=default:internal"];
        let answer = pair.program.run(&[&copy[..], &["-o", "json", "--diff"]].concat()).fails(0, "");
        assert_eq!(answer.json()["results"][0]["proof"]["status"], "proved");
        assert!(!(answer.stdout + &answer.stderr).contains("engines"), "the password is shown");
        assert_eq!(pair.office.phone("1160", "one;phone \"two\" engines").register(), 200);
        pair.run(4, &copy);

        // Back again under way: gone here only once it is proved there.
        pair.run(0, &["ext", "rm", "1160", "--pbx", "switch", "--yes"]);
        let back =
            ["ext", "move", "1160", "--pbx", "lab", "--to", "switch", "--map", "context=internal:default", "--yes"];
        let moved = pair.run(0, &back);
        assert_eq!(all(&moved, "pbx"), [&json!("switch"), &json!("lab")], "{moved:#}");
        assert!(!pair.office.has("endpoint", "1160"));
        pair.run(0, &["diff", "--all"]);
    });
}

#[test]
fn a_move_that_cannot_be_proved_there_leaves_here_alone() {
    Pair::each(|pair| {
        let mut pair = Pair::new(pair.office);
        let before = tree(pair.office.folder());
        pair.switch.kill();
        let args =
            ["ext", "move", "1001", "--pbx", "lab", "--to", "switch", "--map", "context=internal:default", "--yes"];
        pair.run(7, &args);
        assert!(tree(pair.office.folder()) == before, "something was deleted");
        assert!(pair.office.has("endpoint", "1001"));
    });
}
