//! The built program on several PBXes, files alone: order, exit codes, one document, passwords.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sipctl::cx::{Cx, Silent};
use sipctl::host::{Host, local::Local};

use crate::files::{copy, tree};
use crate::program::{Answer, Program};

/// So many copies of the example, `p0`, `p1`, ...
struct Files {
    program: Program,
    count: usize,
}

impl Files {
    fn new(count: usize) -> Self {
        let program = Program::with_inventory("");
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/asterisk");
        let mut inventory = String::new();
        for at in 0..count {
            let folder = program.home().join(format!("p{at}"));
            std::fs::create_dir(&folder).unwrap();
            copy(&example, &folder);
            inventory.push_str(&format!("[pbx p{at}]\naddress = asterisk:{}\n", folder.display()));
        }
        std::fs::write(program.home().join(".config/sipctl/sipctl.ini"), inventory).unwrap();
        let state = program.home().join("state").display().to_string();
        Self { program: program.env("SIPCTL_STATE", &state), count }
    }

    fn folder(&self, at: usize) -> PathBuf {
        self.program.home().join(format!("p{at}"))
    }

    fn run(&self, args: &[&str]) -> Answer {
        self.program.run(&[args, &["--all", "--offline"]].concat())
    }

    fn trees(&self) -> Vec<BTreeMap<PathBuf, Vec<u8>>> {
        (0..self.count).map(|at| tree(&self.folder(at))).collect()
    }

    fn password(&self, at: usize, number: &str) -> String {
        let pbx = format!("p{at}");
        let answer = self.program.run(&["ext", "show", number, "--reveal", "--offline", "--pbx", &pbx, "-o", "json"]);
        answer.json()["results"][0]["extensions"][0]["password"].as_str().unwrap_or_default().to_owned()
    }
}

fn names(document: &Value) -> Vec<&str> {
    document["results"].as_array().unwrap().iter().map(|result| result["pbx"].as_str().unwrap()).collect()
}

fn exits(document: &Value) -> Vec<u64> {
    document["results"].as_array().unwrap().iter().map(|result| result["exit"].as_u64().unwrap()).collect()
}

#[test]
fn twenty_in_their_order_and_back_again() {
    let files = Files::new(20);
    let before = files.trees();
    let document =
        files.run(&["ext", "add", "1500", "--jobs", "4", "-o", "json", "--passwords", "-"]).fails(0, "").json();
    assert_eq!(names(&document), (0..20).map(|at| format!("p{at}")).collect::<Vec<_>>());
    for at in 0..20 {
        let shown = document["results"][at]["passwords"]["1500"].as_str().unwrap();
        assert_eq!(files.password(at, "1500"), shown);
    }
    let list = files.run(&["ext", "list", "1500", "--jobs", "3", "-o", "name"]).fails(0, "");
    assert_eq!(list.stdout, "1500\n".repeat(20));
    files.run(&["ext", "rm", "1500", "--yes", "--jobs", "7"]).fails(0, "");
    assert_eq!(files.trees(), before);
}

#[test]
fn some_fail_and_each_says_which_it_is() {
    let files = Files::new(5);
    std::fs::remove_dir_all(files.folder(1)).unwrap();
    std::fs::write(files.folder(2).join("pjsip.conf"), "[1500]\ntype = endpoint\n").unwrap();
    let guard = Local.lock(&Cx::new(&Silent), &files.folder(3)).unwrap();
    let answer = files.run(&["ext", "add", "1500", "--wait", "100ms", "-o", "json"]);
    drop(guard);
    assert_eq!(answer.code, 9, "{}", answer.stderr);
    let document = answer.json();
    assert_eq!(exits(&document), [0, 3, 4, 10, 0]);
    let failed: Vec<_> =
        document["errors"].as_array().unwrap().iter().map(|e| (e["pbx"].clone(), e["exit"].clone())).collect();
    assert_eq!(failed, [("p1".into(), 3.into()), ("p2".into(), 4.into()), ("p3".into(), 10.into())]);
    for line in answer.stderr.lines().filter(|line| line.starts_with("error") || line.starts_with("warning")) {
        assert!(line.contains(": p"), "{line}");
    }
    // All of them in the same way: that code.
    let same = files.program.run(&["ext", "set", "7777", "--name", "x", "--offline", "--pbx", "p0", "--pbx", "p4"]);
    assert_eq!(same.code, 3);
}

#[test]
fn the_same_password_is_the_same_and_as_long_as_the_longest() {
    let files = Files::new(6);
    let inventory = files.program.home().join(".config/sipctl/sipctl.ini");
    let text = std::fs::read_to_string(&inventory).unwrap();
    std::fs::write(&inventory, text + "password-length = 40\n").unwrap();
    files.run(&["ext", "add", "1500-1502", "--same-password"]).fails(0, "");
    for number in ["1500", "1501", "1502"] {
        let passwords: Vec<String> = (0..6).map(|at| files.password(at, number)).collect();
        assert!(passwords.iter().all(|one| *one == passwords[0]), "{number}");
        assert_eq!(passwords[0].len(), 40);
    }
    files.run(&["ext", "passwd", "1500", "--yes"]).fails(0, "");
    let mut passwords: Vec<String> = (0..6).map(|at| files.password(at, "1500")).collect();
    passwords.sort();
    passwords.dedup();
    assert_eq!(passwords.len(), 6);
}

#[test]
fn the_passwords_file_holds_what_succeeded_in_order_and_goes_when_nothing_did() {
    let files = Files::new(4);
    let csv = files.program.home().join("new.csv");
    let path = csv.to_str().unwrap();
    std::fs::write(files.folder(1).join("pjsip.conf"), "[1500]\ntype = endpoint\n").unwrap();
    assert_eq!(files.run(&["ext", "add", "1500", "--passwords", path]).code, 9);
    let text = std::fs::read_to_string(&csv).unwrap();
    let wanted: String = [0, 2, 3].map(|at| format!("1500,{},p{at}\n", files.password(at, "1500"))).concat();
    assert_eq!(text, format!("number,password,pbx\n{wanted}"));
    // Everybody has it now: nothing succeeds, and no file is made.
    let again = files.program.home().join("again.csv");
    assert_eq!(files.run(&["ext", "add", "1500", "--passwords", again.to_str().unwrap()]).code, 4);
    assert!(!again.exists());
    assert_eq!(files.run(&["ext", "add", "1600", "--passwords", path]).code, 4);
    assert_eq!(files.program.run(&["ext", "list", "1600", "--pbx", "p0", "-o", "name"]).stdout, "");
}

#[test]
fn canary_max_fail_and_atomic_on_the_command_line() {
    let files = Files::new(4);
    std::fs::write(files.folder(0).join("pjsip.conf"), "[1500]\ntype = endpoint\n").unwrap();
    let before = files.trees();
    for (args, wanted) in [
        (&["--canary", "1"][..], [4, 1, 1, 1]),
        (&["--max-fail", "1", "--jobs", "1"], [4, 1, 1, 1]),
        (&["--atomic"], [4, 4, 4, 4]),
    ] {
        let answer = files.run(&[&["ext", "add", "1500", "-o", "json"], args].concat());
        let document = answer.json();
        assert_eq!(exits(&document), wanted, "{args:?}");
        assert_eq!(answer.code, if wanted == [4; 4] { 4 } else { 9 });
        assert!(document["results"].as_array().unwrap().iter().all(|result| result["changed"] == false));
        assert_eq!(files.trees(), before, "{args:?}");
        if !args.contains(&"--atomic") {
            let message = document["errors"][3]["message"].as_str().unwrap();
            assert!(message.starts_with("not started: "), "{message}");
        }
    }
    files.run(&["ext", "add", "1500", "--atomic", "--canary", "1"]).fails(2, "--canary");
    files.run(&["ext", "add", "1500", "--jobs", "0"]).fails(2, "from 1 on");
    files.program.run(&["ext", "kick", "1500", "--all", "--atomic"]).fails(2, "--atomic");
    assert_eq!(files.run(&["ext", "add", "1600", "--atomic"]).code, 0);
}
