//! A run killed before each system call that alters the world, and the run after it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::standin::{Lab, code, codes, delete, set, values};

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

/// How many files the large change touches.
const LARGE_FILES: usize = 10_000;

/// Of the files that are there half are replaced and half go, between each two of them a new one comes.
fn huge() -> Vec<sipctl::extension::Edit> {
    let one = |n| match (n % 4, format!("9{n:04}")) {
        (0, number) => set(&number, "a longer text"),
        (2, number) => delete(&number),
        (_, number) => set(&number, "new"),
    };
    (0..LARGE_FILES).map(one).collect()
}

/// How many calls of each kind a run of `what` makes.
fn count<const N: usize>(lab: &Lab, what: &str, calls: [&str; N]) -> [usize; N] {
    let (drive, log) = (drive(&lab.root, what), lab.root.with_extension("strace"));
    let output = Command::new("strace")
        .args(["--seccomp-bpf", "-f", "-qq", "-o", log.to_str().unwrap(), "-e", &format!("trace={}", calls.join(","))])
        .arg(driver())
        .args(drive.get_args())
        .envs(drive.get_envs().filter_map(|(k, v)| Some((k, v?))))
        .output()
        .expect("strace is installed");
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stdout));
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    calls.map(|call| text.lines().filter(|line| line.contains(&format!(" {call}("))).count())
}

/// The calls of the large change before which it is killed, and at how many points of each.
const LARGE: [(&str, usize); 9] = [
    ("openat", 12),
    ("write", 8),
    ("linkat", 4),
    ("rename", 12),
    ("unlink", 6),
    ("rmdir", 1),
    ("fsync", 3),
    ("fdatasync", 3),
    ("syncfs", 1),
];

/// The PBX of the large change. A kill leaves all that was written, be it in memory only.
fn large() -> Lab {
    let memory = Path::new("/dev/shm");
    let lab = if memory.is_dir() { Lab::below(memory) } else { Lab::new() };
    for n in (0..LARGE_FILES).step_by(2) {
        fs::write(lab.folder().join(format!("9{n:04}.conf")), format!("9{n:04}=old\n")).unwrap();
    }
    lab.engine.start(&lab.folder());
    lab
}

#[test]
fn ten_thousand_files_killed_at_fifty_points_are_wholly_old_or_new() {
    let (old, new) = {
        let lab = large();
        let old = lab.tree();
        let changed = lab.change(huge());
        assert_eq!(code(&changed), 0, "{:?}", changed.error);
        (old, lab.tree())
    };
    let same = old.iter().filter(|(name, text)| new.get(*name) == Some(text)).count();
    assert_eq!((old.len() - same, new.len() - same), (LARGE_FILES / 2, LARGE_FILES * 3 / 4));
    let seed = std::env::var("SIPCTL_TEST_SEED").map_or_else(|_| now(), |seed| seed.parse().unwrap());
    let mut points = Vec::new();
    let counts = count(&large(), "huge", LARGE.map(|(call, _)| call));
    for ((call, wanted), all) in LARGE.into_iter().zip(counts) {
        // One somewhere in each of so many equal parts.
        let part = |nth: usize| all * nth / wanted;
        let within = |nth: usize| part(nth) + spread(seed, points.len() + nth) % (part(nth + 1) - part(nth)).max(1);
        let sampled: Vec<_> = (0..wanted).map(within).map(|at| (call, 1 + at, all)).collect();
        points.extend(sampled);
    }
    assert_eq!(points.len(), 50);
    let (back, on) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let points = Mutex::new(points.into_iter());
    let kill = killer();
    let work = || {
        while let Some((call, nth, all)) = { points.lock().unwrap().next() } {
            let lab = large();
            let at = format!("killed before {call} number {nth} of {all}, SIPCTL_TEST_SEED={seed}");
            let drive = drive(&lab.root, "huge");
            let mut command = Command::new(&kill);
            command.args([call, &nth.to_string()]).arg(drive.get_program()).args(drive.get_args());
            let ended = command.envs(drive.get_envs().filter_map(|(k, v)| Some((k, v?)))).output().unwrap();
            let said = || String::from_utf8_lossy(&[&ended.stdout[..], &ended.stderr].concat()).into_owned();
            assert_eq!(ended.status.code(), Some(137), "not {at}: {}", said());
            let next = lab.change(vec![set("5000", "next")]);
            assert_eq!(code(&next), 0, "{at}: {:?} {:?}", next.error, next.warnings);
            assert!(!codes(&next).contains("drift"), "{at}: {:?}", next.warnings);
            let mut tree = lab.tree();
            assert_eq!(
                lab.engine.running(),
                values(tree.values().map(String::as_str).collect::<String>().as_bytes()),
                "{at}"
            );
            let main = tree.get_mut("main.conf").unwrap();
            *main = main.strip_suffix("5000=next\n").unwrap_or_else(|| panic!("{at}: {main}")).to_owned();
            let other = |side: &BTreeMap<String, String>| {
                let names = tree.keys().chain(side.keys()).filter(|name| tree.get(*name) != side.get(*name));
                names.take(3).cloned().collect::<Vec<_>>()
            };
            assert!(
                tree == old || tree == new,
                "{at}: {} files; not old: {:?}, not new: {:?}",
                tree.len(),
                other(&old),
                other(&new)
            );
            let side = if tree == old { &back } else { &on };
            side.fetch_add(1, Ordering::SeqCst);
        }
    };
    thread::scope(|scope| (0..2).for_each(|_| _ = scope.spawn(work)));
    let (back, on) = (back.into_inner(), on.into_inner());
    assert!(back > 10 && on > 5, "{back} back, {on} on, SIPCTL_TEST_SEED={seed}");
}

/// `kill.c`: strace slows down every call where it injects something.
fn killer() -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kill");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/change/kill.c");
    let built = Command::new("cc").args(["-O2", "-o"]).arg(&program).arg(source).status().expect("cc is installed");
    assert!(built.success());
    program
}

fn now() -> usize {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos() as usize
}

/// The `nth` number of a seed (a step of SplitMix64).
fn spread(seed: usize, nth: usize) -> usize {
    let mut z = (seed as u64).wrapping_add((nth as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as usize
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
