//! A run killed before each system call that alters the world, and the run after it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::standin::{Lab, code, codes, delete, set};

/// Names the folder of the PBX a child process works on.
const ROOT: &str = "SIPCTL_TEST_ROOT";
/// What it adds; or `many`, for a change of several files, `huge`, `undo` or `confirm`.
const NUMBER: &str = "SIPCTL_TEST_NUMBER";

/// This very program: a child runs only [`child`].
pub fn driver() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// A process that makes one change.
pub fn drive(root: &Path, number: &str) -> Command {
    let mut command = Command::new(driver());
    command.args(["crash::child", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(ROOT, root).env(NUMBER, number);
    command
}

/// The child process; as a test of its own there is nothing to do.
#[test]
fn child() {
    let (Some(root), Ok(number)) = (std::env::var_os(ROOT), std::env::var(NUMBER)) else { return };
    let mut lab = Lab::at(root.into());
    lab.options.message = Some("a child".into());
    let outcome = match number.as_str() {
        "many" => lab.change(many()),
        "huge" => lab.change(huge()),
        "undo" => lab.undo(),
        "confirm" => {
            lab.options.confirm = Some(std::time::Duration::from_secs(1));
            lab.change(vec![set("1001", "new"), set("9002", "new"), delete("9001")])
        }
        _ => lab.change(vec![set(&number, "new")]),
    };
    let said = format!("exit {}: {:?} {:?}", code(&outcome), outcome.error.as_ref().map(|e| e.line()), codes(&outcome));
    let said = said.replace("Some(\"", "").replace("\")", "");
    assert_eq!(code(&outcome), 0, "{said}");
    // Shown by the test harness of the child, read by its parent.
    fs::write("/proc/self/fd/1", format!("{said}\n")).unwrap();
}

/// A replaced file, one written in place, a new one and one that goes.
pub fn many() -> Vec<sipctl::extension::Edit> {
    vec![set("1001", "a longer text"), set("9001", "new"), set("9003", "new"), delete("9002")]
}

/// 10,000 new files.
fn huge() -> Vec<sipctl::extension::Edit> {
    (0..10_000).map(|n| set(&format!("9{n:04}"), "new")).collect()
}

/// How many calls of a kind a run makes.
fn count(lab: &Lab, what: &str, call: &str) -> usize {
    let (drive, log) = (drive(&lab.root, what), lab.root.with_extension("strace"));
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o", log.to_str().unwrap(), "-e", &format!("trace={call}")])
        .arg(driver())
        .args(drive.get_args())
        .envs(drive.get_envs().filter_map(|(k, v)| Some((k, v?))))
        .output()
        .expect("strace is installed");
    assert!(output.status.success());
    let calls = fs::read_to_string(&log).unwrap().lines().count();
    fs::remove_file(&log).unwrap();
    calls
}

#[test]
#[ignore = "takes minutes: cargo test --release --test change -- --ignored"]
fn ten_thousand_files_killed_at_fifty_points_are_wholly_old_or_new() {
    let (old, new) = {
        let lab = Lab::new();
        let old = lab.tree();
        assert_eq!(code(&lab.change(huge())), 0);
        (old, lab.tree())
    };
    assert_eq!(new.len(), old.len() + 10_000);
    let (mut back, mut on) = (0, 0);
    for call in ["openat", "write", "rename", "unlink,unlinkat", "fsync,fdatasync,syncfs"] {
        let all = count(&Lab::new(), "huge", call);
        for point in 0..10 {
            let lab = Lab::new();
            let nth = 1 + all * point / 10;
            assert!(killed(&lab, "huge", call, nth) || call.contains("sync"), "{call} {nth} of {all}");
            let mut next = lab.change(vec![set("5000", "next")]);
            assert_eq!(code(&next), 0, "{call} {nth}: {:?}", next.error.take());
            assert!(!codes(&next).contains("drift"), "{call} {nth}");
            let mut tree = lab.tree();
            let main = tree.get_mut("main.conf").unwrap();
            *main = main.strip_suffix("5000=next\n").unwrap().to_owned();
            assert!(tree == old || tree == new, "killed before {call} number {nth} of {all}: {} files", tree.len());
            back += usize::from(tree == old);
            on += usize::from(tree == new);
        }
    }
    assert!(back > 10 && on > 5, "{back} back, {on} on");
}

fn prepared() -> Lab {
    let lab = Lab::new();
    fs::write(lab.folder().join("9002.conf"), "9002=old\n").unwrap();
    fs::hard_link(lab.folder().join("9001.conf"), lab.root.join("twin")).unwrap();
    lab.engine.start(&lab.folder());
    lab
}

/// Kills a run of `what` before the `nth` call of `call`; whether it was killed.
pub fn killed(lab: &Lab, what: &str, call: &str, nth: usize) -> bool {
    let drive = drive(&lab.root, what);
    let status = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:signal=KILL:when={nth}")])
        .arg(driver())
        .args(drive.get_args())
        .envs(drive.get_envs().filter_map(|(k, v)| Some((k, v?))))
        .output()
        .expect("strace is installed")
        .status;
    !status.success()
}

#[test]
fn killed_anywhere_the_next_run_finds_it_wholly_old_or_wholly_new() {
    sweep("many", prepared, 30);
}

#[test]
fn an_undo_killed_anywhere_is_wholly_done_or_not_at_all() {
    let changed = || {
        let lab = prepared();
        assert_eq!(code(&lab.change(many())), 0);
        lab
    };
    sweep("undo", changed, 30);
}

/// Kills a run of `what` before each call that alters the world, with a run after each.
fn sweep(what: &str, prepared: impl Fn() -> Lab, least: usize) {
    let (old, new) = {
        let lab = prepared();
        let old = lab.tree();
        assert_eq!(code(&if what == "undo" { lab.undo() } else { lab.change(many()) }), 0);
        (old, lab.tree())
    };
    let calls = [
        "openat",
        "mkdir",
        "rename",
        "link,linkat",
        "unlink,unlinkat",
        "rmdir",
        "write",
        "pwrite64",
        "ftruncate",
        "fsync",
        "fdatasync",
        "fchmod",
        "chmod,fchmodat",
    ];
    let (mut kills, mut taken_back, mut finished) = (0, 0, 0);
    for call in calls {
        for nth in 1.. {
            let lab = prepared();
            if !killed(&lab, what, call, nth) {
                assert_eq!(lab.tree(), new, "{call} {nth}");
                break;
            }
            kills += 1;
            let at = format!("killed before {call} number {nth}");
            // Every other time the run that recovers is killed as well, while it cleans up.
            if kills % 2 == 0 {
                killed(&lab, what, "unlink,unlinkat", 1 + kills / 2 % 4);
            }
            // Something else is changed by the next run, which recovers first.
            let outcome = lab.change(vec![set("5000", "next")]);
            assert_eq!(code(&outcome), 0, "{at}: {:?}", outcome.error);
            assert!(!codes(&outcome).contains("drift"), "{at}: {:?}", outcome.warnings);
            let mut tree = lab.tree();
            let main = tree.get_mut("main.conf").unwrap();
            *main = main.strip_suffix("5000=next\n").unwrap_or_else(|| panic!("{at}: {main}")).to_owned();
            assert!(tree == old || tree == new, "{at}: {tree:?}");
            assert_eq!(fs::read_to_string(lab.root.join("twin")).unwrap(), tree["9001.conf"], "{at}");
            taken_back += usize::from(tree == old);
            finished += usize::from(tree == new);
            let history = fs::read_dir(lab.root.join("history/lab")).unwrap();
            assert!(history.flatten().all(|e| !e.file_name().to_string_lossy().starts_with('.')), "{at}");
        }
    }
    assert!(kills > least && taken_back > least / 2 && finished > 5, "{kills} kills, {taken_back} back, {finished} on");
}
