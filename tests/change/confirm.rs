//! Changes that wait to be confirmed: in time, not in time, and by whom they go back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sipctl::change::{Outcome, Target, confirm, recover};
use sipctl::cx::{Cx, Silent};

use crate::crash::killed;
use crate::standin::{Handle, Lab, Mood, code, codes, delete, set};

/// A PBX on which the next change has so many seconds to be confirmed.
fn waiting(seconds: u64) -> Lab {
    let mut lab = Lab::new();
    lab.options.confirm = Some(Duration::from_secs(seconds));
    lab.options.message = Some("careful".into());
    lab
}

fn on<T>(lab: &Lab, act: impl FnOnce(&Cx, &Target) -> T) -> T {
    let engine = Handle(lab.engine.clone());
    act(&Cx::new(&Silent), &lab.target(&engine))
}

fn confirmed(lab: &Lab) -> Outcome {
    on(lab, |cx, target| confirm(cx, target, &Default::default()))
}

fn made(lab: &Lab) -> Outcome {
    let outcome = lab.change(vec![set("1001", "new"), set("9002", "new"), delete("9001")]);
    assert_eq!((code(&outcome), outcome.changed), (0, true), "{:?}", outcome.error);
    outcome
}

fn wait_for(what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < until, "waiting for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn private(lab: &Lab) -> PathBuf {
    lab.folder().join(".sipctl")
}

/// The scripts that were left behind in a folder.
fn watchdogs(folder: &Path) -> Vec<Pid> {
    let name = folder.join(".sipctl/watchdog-").display().to_string();
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let pids = pids.filter(|pid| {
        fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(&name))
    });
    pids.filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

#[test]
fn not_confirmed_it_goes_back_by_itself_and_other_changes_wait_for_that() {
    let lab = waiting(2);
    let before = lab.tree();
    let outcome = made(&lab);
    assert!(outcome.waiting.is_some() && outcome.id.is_none());
    assert_eq!(lab.text("main.conf"), "1001=new\n");
    let other = lab.change(vec![set("5000", "x")]);
    assert_eq!(code(&other), 10, "{:?}", other.error);
    assert!(other.error.unwrap().hints.iter().any(|hint| hint.contains("sipctl confirm")));
    assert_eq!(code(&on(&lab, |cx, target| recover(cx, target, &lab.options))), 10);
    wait_for("the old state", || !private(&lab).exists());
    assert_eq!(lab.tree(), before);
    assert_eq!(lab.engine.running()["1001"], "old");
    assert!(!lab.root.join("history").exists());
    assert_eq!(code(&confirmed(&lab)), 3);
    assert!(watchdogs(&lab.folder()).is_empty());
}

#[test]
fn confirmed_in_time_it_stays_and_is_in_the_history() {
    let lab = waiting(2);
    made(&lab);
    let outcome = confirmed(&lab);
    assert_eq!((code(&outcome), outcome.id.as_deref()), (0, Some("1")), "{:?} {:?}", outcome.error, outcome.warnings);
    let tree = lab.tree();
    assert_eq!(tree.keys().collect::<Vec<_>>(), ["9002.conf", "main.conf"]);
    let kept = lab.root.join("history/lab/1");
    assert_eq!(fs::read_to_string(kept.join("2-main.conf.before")).unwrap(), "1001=old\n");
    assert_eq!(fs::read_to_string(kept.join("2-main.conf.after")).unwrap(), "1001=new\n");
    assert_eq!(fs::read_to_string(kept.join("0-9001.conf.before")).unwrap(), "9001=old\n");
    let meta = fs::read_to_string(kept.join("meta.json")).unwrap();
    assert!(meta.contains("\"careful\"") && meta.contains("\"update\""), "{meta}");
    assert_eq!(lab.engine.kicks.load(std::sync::atomic::Ordering::SeqCst), 3, "aftercare follows");
    wait_for("the script's end", || watchdogs(&lab.folder()).is_empty());
    assert_eq!(lab.tree(), tree);
}

/// Its time is over, and the script gone.
fn end_the_wait(lab: &Lab) {
    for pid in watchdogs(&lab.folder()) {
        kill_process(pid, Signal::KILL).unwrap();
    }
    assert_eq!(code(&lab.change(vec![set("5000", "x")])), 10, "its time is not over");
    let journal = private(lab).join("journal");
    let text = fs::read_to_string(&journal).unwrap();
    let (head, tail) = text.split_once("\"until\":").unwrap();
    let (_, rest) = tail.split_once(',').unwrap();
    fs::write(&journal, format!("{head}\"until\":1,{rest}")).unwrap();
}

#[test]
fn after_its_time_the_next_run_takes_it_back_where_the_script_is_gone() {
    let lab = waiting(3600);
    let before = lab.tree();
    made(&lab);
    end_the_wait(&lab);
    assert_eq!((code(&confirmed(&lab)), lab.tree()), (1, before), "too late");
    assert_eq!(lab.engine.running()["1001"], "old");
}

#[test]
fn half_of_the_way_back_is_not_taken_for_an_edit() {
    let lab = waiting(3600);
    let before = lab.tree();
    fs::hard_link(lab.folder().join("main.conf"), lab.root.join("twin")).unwrap();
    assert_eq!(code(&lab.change(vec![set("1001", "longer than it was")])), 0);
    end_the_wait(&lab);
    assert!(killed(&lab, "many", "ftruncate", 1), "a run that takes it back");
    assert_eq!(lab.text("main.conf"), "1001=old\ner than it was\n");
    assert_eq!((code(&confirmed(&lab)), lab.tree()), (1, before));
}

#[test]
fn what_somebody_edited_meanwhile_is_left_for_a_person() {
    for in_place in [false, true] {
        for watched in [true, false] {
            let lab = waiting(if watched { 3 } else { 3600 });
            let main = lab.folder().join("main.conf");
            if in_place {
                fs::hard_link(&main, lab.root.join("twin")).unwrap();
            }
            made(&lab);
            if watched {
                // It must have seen the file first.
                let rests = |pid: &Pid| {
                    let children = format!("/proc/{pid}/task/{pid}/children", pid = pid.as_raw_nonzero());
                    let child = fs::read_to_string(children).unwrap_or_default();
                    fs::read_to_string(format!("/proc/{}/comm", child.trim())).is_ok_and(|name| name == "sleep\n")
                };
                wait_for("the script", || watchdogs(&lab.folder()).iter().any(rests));
            } else {
                end_the_wait(&lab);
            }
            if in_place {
                fs::write(&main, "1001=mine, all mine\n").unwrap();
            } else {
                fs::write(lab.folder().join("edited"), "1001=mine, all mine\n").unwrap();
                fs::rename(lab.folder().join("edited"), &main).unwrap();
            }
            wait_for("the script's end", || watchdogs(&lab.folder()).is_empty());
            let at = format!("in place {in_place}, watched {watched}");
            assert_eq!(lab.text("main.conf"), "1001=mine, all mine\n", "{at}");
            let outcome = lab.change(vec![set("5000", "x")]);
            assert_eq!((code(&outcome), lab.text("main.conf").as_str()), (8, "1001=mine, all mine\n"), "{at}");
        }
    }
}

#[test]
fn a_refusal_goes_back_at_once_and_leaves_nothing() {
    let lab = waiting(3600);
    let before = lab.tree();
    lab.mood(Mood::Refuses);
    let outcome = lab.change(vec![set("1001", "new")]);
    assert_eq!((code(&outcome), lab.tree()), (6, before));
    wait_for("the script's end", || watchdogs(&lab.folder()).is_empty());
}

#[test]
fn where_nobody_reloads_it_is_refused_before_anything_is_written() {
    let mut lab = waiting(60);
    lab.options.no_reload = true;
    let outcome = lab.change(vec![set("1001", "new")]);
    assert_eq!((code(&outcome), lab.text("main.conf").as_str()), (2, "1001=old\n"));
    assert!(!private(&lab).exists());
}

#[test]
fn killed_anywhere_it_goes_back_without_another_run() {
    let mut kills = 0;
    for call in ["rename", "fdatasync", "fsync"] {
        for nth in 1.. {
            let lab = Lab::new();
            let before = lab.tree();
            if !killed(&lab, "confirm", call, nth) {
                // strace has waited for the script as well.
                wait_for("the old state", || !private(&lab).exists());
                assert_eq!(lab.tree(), before);
                break;
            }
            kills += 1;
            // Before the script was there nothing had been switched; from then on it sees to it. (It does not
            // make these calls itself more than once a process: only sipctl is killed.)
            wait_for("the script's end", || watchdogs(&lab.folder()).is_empty());
            let tree = lab.tree();
            let files = |tree: &std::collections::BTreeMap<String, String>| {
                tree.iter()
                    .filter(|(name, _)| !name.starts_with('.'))
                    .map(|(n, t)| (n.clone(), t.clone()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(files(&tree), files(&before), "killed before {call} number {nth}");
            let next = lab.change(vec![set("5000", "next")]);
            assert_eq!((code(&next), codes(&next).contains("drift")), (0, false), "{call} {nth}: {:?}", next.error);
            assert_eq!(lab.text("main.conf"), "1001=old\n5000=next\n");
            assert!(!private(&lab).exists(), "{call} {nth}");
        }
    }
    assert!(kills > 5, "{kills}");
}
