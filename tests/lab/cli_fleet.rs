//! Several running engines at once, of both kinds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::engine::Lab;
use crate::files::tree;
use crate::freeswitch::FreeSwitch;
use crate::office::{Gate, Office, example, wait_for};
use crate::program::{Answer, Program, Running};

/// An Asterisk of each release, and a FreeSWITCH.
struct Fleet {
    offices: Vec<Office>,
    freeswitch: FreeSwitch,
    program: Program,
}

impl Fleet {
    /// None where there are no two engines to be had.
    fn start() -> Option<Self> {
        let releases = Lab::engines();
        if releases.len() < 2 {
            return None;
        }
        let start = |release| {
            let config = example();
            let lab = crate::engine::base();
            for name in ["modules.conf", "logger.conf"] {
                std::fs::copy(lab.path().join(name), config.path().join(name)).unwrap();
            }
            Gate::build(config.path());
            Office::start(release, config)
        };
        let offices: Vec<Office> = releases.iter().map(start).collect();
        let freeswitch = FreeSwitch::start();
        let mut inventory = String::new();
        for office in &offices {
            let (major, folder) = (office.asterisk.borrow().major(), office.folder().display());
            inventory.push_str(&format!("[pbx a{major}]\naddress = asterisk:{folder}\ngroups = lab\n\n"));
        }
        inventory.push_str(&format!("[pbx fs]\naddress = freeswitch:{}\ngroups = lab\n", freeswitch.conf().display()));
        let program = Program::with_inventory(&inventory);
        let state = program.home().join("state").display().to_string();
        let program = program.env("SIPCTL_STATE", &state).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        Some(Self { offices, freeswitch, program })
    }

    fn run(&self, args: &[&str]) -> Answer {
        self.program.run(args)
    }

    fn trees(&self) -> Vec<BTreeMap<PathBuf, Vec<u8>>> {
        let asterisk = self.offices.iter().map(|office| tree(office.folder()));
        asterisk.chain([tree(&self.freeswitch.conf())]).collect()
    }

    /// Which of the Asterisks hold an endpoint.
    fn holds(&self, number: &str) -> Vec<bool> {
        self.offices.iter().map(|office| office.has("endpoint", number)).collect()
    }
}

fn exits(document: &Value) -> Vec<u64> {
    document["results"].as_array().unwrap().iter().map(|result| result["exit"].as_u64().unwrap()).collect()
}

fn error<'d>(document: &'d Value, pbx: &str) -> &'d str {
    let errors = document["errors"].as_array().unwrap();
    errors.iter().find(|error| error["pbx"] == pbx).and_then(|error| error["message"].as_str()).unwrap_or_default()
}

#[test]
fn engines_of_both_kinds_in_one_run() {
    let Some(mut fleet) = Fleet::start() else { return };
    let before = fleet.trees();
    let document = fleet.run(&["--all", "ext", "add", "1500", "-o", "json", "--passwords", "-"]).fails(0, "").json();
    for result in document["results"].as_array().unwrap() {
        assert_eq!(result["proof"]["status"], "proved", "{result:#}");
        assert!(result["passwords"]["1500"].is_string());
    }
    assert_eq!(fleet.holds("1500"), [true, true]);
    let list = fleet.run(&["--group", "lab", "ext", "list", "1500", "-o", "csv"]).fails(0, "").stdout;
    let named: Vec<&str> = list.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(named, ["a22", "a16", "fs"]);
    let reloaded = fleet.run(&["--all", "reload", "--yes", "-o", "json"]).fails(0, "").json();
    assert_eq!(exits(&reloaded), [0, 0, 0]);

    // One of them is down: it says so, the others go on.
    fleet.freeswitch.kill();
    let document = fleet.run(&["--all", "ext", "rm", "1500", "--yes", "-o", "json"]).fails(9, "fs").json();
    assert_eq!(exits(&document), [0, 0, 7]);
    fleet.freeswitch.restart();
    fleet.run(&["--all", "ext", "rm", "1500", "--yes", "--if-present"]).fails(0, "");
    assert_eq!(fleet.trees(), before);
    assert_eq!(fleet.holds("1500"), [false, false]);
}

#[test]
fn where_one_engine_refuses_all_are_back_with_atomic() {
    let Some(fleet) = Fleet::start() else { return };
    let before = fleet.trees();
    // An option Asterisk 22 has and 16 has not: only the engine says so.
    let add = ["ext", "add", "1500", "--set", "endpoint.tenantid=x", "--no-validate", "-o", "json"];
    let asterisk = ["--pbx", "a22", "--pbx", "a16"];
    let document = fleet.run(&[&add[..], &asterisk, &["--atomic"]].concat()).fails(6, "").json();
    assert_eq!(exits(&document), [6, 6], "{document:#}");
    assert!(error(&document, "a22").contains("a16 failed (--atomic)"), "{document:#}");
    assert!(error(&document, "a22").contains("the old files are back and live"), "{document:#}");
    assert_eq!(fleet.trees(), before);
    assert_eq!(fleet.holds("1500"), [false, false]);

    // Behind a canary that is refused nothing follows; in the other order one stays.
    let canary = ["--pbx", "a16", "--pbx", "a22", "--canary", "1"];
    let document = fleet.run(&[&add[..], &canary].concat()).fails(9, "").json();
    assert_eq!(exits(&document), [6, 1]);
    assert!(error(&document, "a22").starts_with("not started: a16 was not proved"), "{document:#}");
    assert_eq!(fleet.trees(), before);
    let document = fleet.run(&[&add[..], &asterisk].concat()).fails(9, "").json();
    assert_eq!(exits(&document), [0, 6]);
    assert_eq!(fleet.holds("1500"), [true, false]);
}

#[test]
fn a_signal_finishes_or_puts_back_each_and_begins_no_other() {
    let Some(fleet) = Fleet::start() else { return };
    let before = fleet.trees();
    let interrupted = |more: &[&str]| {
        let gate = Gate::close(&fleet.offices[0]);
        let args = [&["--all", "ext", "add", "1500", "-o", "json", "--jobs", "1"], more].concat();
        let run = Running::start(fleet.program.command(&args));
        gate.wait();
        kill_process(Pid::from_child(&run.0), Signal::INT).unwrap();
        gate.open();
        run.end(b"")
    };
    // The first is in its reload; the others have not begun.
    let answer = interrupted(&[]);
    assert_eq!(answer.code, 130, "{}", answer.stderr);
    let document = answer.json();
    assert_eq!(exits(&document), [130, 130, 130]);
    assert!(error(&document, "a22").contains("the old files are back and live"), "{document:#}");
    assert_eq!(error(&document, "fs"), "not started: interrupted");
    assert_eq!((fleet.trees(), fleet.holds("1500")), (before.clone(), vec![false, false]));
    // All as one: what was switched everywhere is back everywhere.
    let answer = interrupted(&["--atomic"]);
    assert_eq!((answer.code, exits(&answer.json())), (130, vec![130, 130, 130]), "{}", answer.stderr);
    assert_eq!((fleet.trees(), fleet.holds("1500")), (before.clone(), vec![false, false]));

    // One is proved, one is under way: it says which is which.
    let gate = Gate::close(&fleet.offices[0]);
    let run = Running::start(fleet.program.command(&["--all", "ext", "add", "1500", "-o", "json"]));
    gate.wait();
    wait_for("the other", || {
        fleet.offices[1].has("endpoint", "1500") && !fleet.offices[1].folder().join(".sipctl").exists()
    });
    kill_process(Pid::from_child(&run.0), Signal::TERM).unwrap();
    gate.open();
    let answer = run.end(b"");
    assert_eq!(answer.code, 9, "{}", answer.stderr);
    assert_eq!(exits(&answer.json())[..2], [130, 0]);
    assert_eq!(fleet.holds("1500"), [false, true]);
}

#[test]
fn after_a_kill_in_an_atomic_change_each_comes_back_by_itself() {
    let Some(fleet) = Fleet::start() else { return };
    let before = fleet.trees();
    let gate = Gate::close(&fleet.offices[0]);
    let mut run = Running::start(fleet.program.command(&["--all", "ext", "add", "1500", "--atomic"]));
    gate.wait();
    run.0.kill().unwrap();
    run.0.wait().unwrap();
    gate.open();
    assert!(fleet.offices.iter().all(|office| office.text("pjsip.conf").contains("1500")));
    let document = fleet.run(&["--all", "ext", "set", "1001", "--name", "x", "--dry-run", "-o", "json"]).json();
    assert!(
        document["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(|result| crate::office::codes(result).contains(&"open-change"))
    );
    fleet.run(&["--all", "ext", "add", "1501"]).fails(0, "has been taken back");
    fleet.run(&["--all", "ext", "rm", "1501", "--yes"]).fails(0, "");
    assert_eq!((fleet.trees(), fleet.holds("1500")), (before, vec![false, false]));
}

/// The checks of one PBX: name and status.
fn checks(answer: &Answer, pbx: usize) -> BTreeMap<String, String> {
    let document = answer.json();
    let checks = document["results"][pbx]["checks"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    checks.iter().map(|check| (text(&check["check"]), text(&check["status"]))).collect()
}

#[test]
fn a_check_finds_what_a_change_would() {
    let Some(mut fleet) = Fleet::start() else { return };
    let before = fleet.trees();
    let good = fleet.run(&["pbx", "check", "-o", "json"]).fails(0, "");
    for pbx in 0..3 {
        let checks = checks(&good, pbx);
        assert_eq!(checks.len(), 11, "{checks:?}");
        assert!(checks.values().all(|status| status == "ok"), "{checks:?}");
    }
    assert!(fleet.run(&["pbx", "check", "a22"]).fails(0, "").stdout.contains("the control socket"));

    fleet.freeswitch.kill();
    let answer = fleet.run(&["pbx", "check", "fs", "-o", "json"]).fails(5, "console");
    assert_eq!(checks(&answer, 0)["console"], "fail");
    assert!(!checks(&answer, 0).contains_key("reload"));
    assert!(fleet.run(&["pbx", "check", "fs", "--offline"]).fails(0, "").stdout.contains("flock"));
    // Findings on one and none on the other are findings, not a half success.
    assert_eq!(fleet.run(&["pbx", "check", "fs", "a22", "-o", "json"]).code, 5);

    let office = &fleet.offices[0];
    std::fs::create_dir(office.folder().join(".sipctl.lock")).unwrap();
    std::fs::write(
        office.folder().join(".sipctl.lock/holder"),
        "{\"pid\":1,\"boot\":\"b\",\"space\":\"s\",\"host\":\"elsewhere\"}",
    )
    .unwrap();
    let answer = fleet.run(&["pbx", "check", "a22", "-o", "json"]).fails(5, "lock");
    assert_eq!(checks(&answer, 0)["lock"], "warn");
    assert!(answer.stdout.contains("process 1 on elsewhere"), "{}", answer.stdout);
    std::fs::remove_dir_all(office.folder().join(".sipctl.lock")).unwrap();

    let other = fleet.program.home().join("other");
    crate::files::copy(office.folder(), &{
        std::fs::create_dir(&other).unwrap();
        other.clone()
    });
    let address = format!("asterisk:{}", other.display());
    let answer = fleet.run(&["pbx", "check", &address, "-o", "json"]).fails(5, "reads");
    assert_eq!(checks(&answer, 0)["reads"], "fail");
    fleet.run(&["pbx", "check", "asterisk:/nowhere", "-o", "json"]).fails(5, "folder");
    fleet.run(&["pbx", "check", "nobody"]).fails(3, "nobody");
    assert_eq!(fleet.trees()[..2], before[..2], "nothing is left of a check");
}

#[test]
fn a_check_by_somebody_without_rights_names_each_and_its_remedy() {
    let Some(fleet) = Fleet::start() else { return };
    let office = &fleet.offices[0];
    let (folder, file) = (office.folder(), office.folder().join("rtp.conf"));
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    mode(folder, 0o755);
    mode(&file, 0o600);
    mode(fleet.program.home(), 0o755);
    let inner = fleet.program.command(&["pbx", "check", "a22", "-o", "json"]);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(inner.get_program()).args(inner.get_args());
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let answer = Running::start(command).end(b"");
    assert_eq!(answer.code, 5, "{}", answer.stderr);
    let checks = checks(&answer, 0);
    assert_eq!((checks["read"].as_str(), checks["write"].as_str()), ("warn", "fail"), "{}", answer.stdout);
    assert_eq!((checks["console"].as_str(), checks["history"].as_str()), ("fail", "warn"), "{}", answer.stdout);
    let document = answer.json();
    for check in document["results"][0]["checks"].as_array().unwrap() {
        assert!(check["status"] == "ok" || check["hint"].is_string(), "{check}");
    }
    assert!(answer.stdout.contains("rtp.conf"));
}

#[test]
fn files_here_and_engine_there_is_said_and_not_checked() {
    Office::each(|office| {
        // Its pjsip.conf is a link to the one here, so it is not this folder that it reads.
        let here = office.home().join("here");
        std::fs::create_dir(&here).unwrap();
        crate::files::copy(office.folder(), &here);
        for name in ["pjsip.conf", "pjsip_templates.conf"] {
            std::fs::remove_file(office.folder().join(name)).unwrap();
            std::os::unix::fs::symlink(here.join(name), office.folder().join(name)).unwrap();
        }
        office.ask("core reload");
        let inventory = office.home().join(".config/sipctl/sipctl.ini");
        let say = |more: &str| {
            std::fs::write(&inventory, format!("[pbx lab]\naddress = asterisk:{}\n{more}", here.display())).unwrap();
        };
        say("");
        office.run(&["ext", "add", "1500"]).fails(11, "not");
        say(&format!("console = asterisk:{}\n", office.folder().display()));
        office.proved(&["ext", "add", "1500"]);
        assert!(office.has("endpoint", "1500"));
        let said = office.run(&["ext", "show", "1500", "-v"]).fails(0, "").stdout;
        assert!(said.contains("not registered"), "{said}");
        let reads = office.run(&["pbx", "check"]).fails(0, "").stdout;
        assert!(reads.contains("elsewhere, as console = says"), "{reads}");
        office.proved(&["ext", "rm", "1500", "--yes"]);
        let said = office.run(&["ext", "set", "1001", "--name", "x", "--dry-run", "-v"]).fails(0, "").stderr;
        assert!(said.contains(&format!("reads {}; ours is {}", office.folder().display(), here.display())), "{said}");
    });
}
