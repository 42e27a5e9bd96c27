//! Each way a change can end, its exit code, and what it leaves.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sipctl::change::{Outcome, ReloadPolicy, Status, past};
use sipctl::cx::{Cx, Silent};
use sipctl::engine::Engine;

use crate::standin::{Handle, Lab, Moment, Mood, Person, code, codes, delete, set};

fn old_tree() -> BTreeMap<String, String> {
    [("main.conf", "1001=old\n"), ("9001.conf", "9001=old\n")].map(|(n, t)| (n.to_owned(), t.to_owned())).into()
}

/// Ends with this code, with the tree and the inode of before, without history, and says so to the gate.
fn goes_back(lab: &Lab, want: u8) -> Outcome {
    let inode = fs::metadata(lab.folder().join("main.conf")).unwrap().ino();
    let edits = vec![set("1001", "new"), set("9002", "new"), delete("9001")];
    let mut person = Person { edits, ..Person::default() };
    let outcome = lab.change_by(&Cx::new(&Silent), &mut person);
    assert_eq!((code(&outcome), outcome.changed, person.backs), (want, false, 1), "{:?}", outcome.error);
    assert_eq!(lab.tree(), old_tree());
    assert_eq!(fs::metadata(lab.folder().join("main.conf")).unwrap().ino(), inode);
    assert!(outcome.id.is_none() && !lab.root.join("history").exists());
    outcome
}

#[test]
fn proved_stays_and_is_kept_in_the_history() {
    let mut lab = Lab::new();
    lab.options.message = Some("as asked".into());
    let outcome = lab.change(vec![set("1001", "new"), set("9002", "new"), delete("9001")]);
    assert_eq!((code(&outcome), outcome.changed), (0, true), "{:?}", outcome.error);
    assert_eq!(outcome.proof.status, Status::Proved);
    assert_eq!(outcome.proof.checks, 3);
    let tree = lab.tree();
    assert_eq!(tree.keys().collect::<Vec<_>>(), ["9002.conf", "main.conf"]);
    assert_eq!(tree["main.conf"], "1001=new\n");
    assert_eq!(lab.engine.running().keys().collect::<Vec<_>>(), ["1001", "9002"]);
    assert_eq!(lab.engine.kicks.load(Ordering::SeqCst), 3);
    assert!(codes(&outcome).contains("not-dialable"));

    assert_eq!(outcome.id.as_deref(), Some("1"));
    let kept = lab.root.join("history/lab/1");
    assert_eq!(fs::metadata(&kept).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(kept.join("meta.json")).unwrap().mode() & 0o777, 0o600);
    let meta: serde_json::Value = serde_json::from_slice(&fs::read(kept.join("meta.json")).unwrap()).unwrap();
    assert_eq!((&meta["message"], &meta["live"]), (&"as asked".into(), &true.into()));
    assert_eq!(fs::read_to_string(kept.join("2-main.conf.before")).unwrap(), "1001=old\n");
    assert_eq!(fs::read_to_string(kept.join("2-main.conf.after")).unwrap(), "1001=new\n");
    assert_eq!(meta["estate"].as_object().unwrap().len(), 2);

    let second = lab.change(vec![set("1001", "newer")]);
    assert_eq!(second.id.as_deref(), Some("2"));
    let inode = |name: &str| fs::metadata(lab.root.join("history/lab").join(name)).unwrap().ino();
    assert_eq!(
        inode("2/0-main.conf.before"),
        inode("1/2-main.conf.after"),
        "what is there already is not written again"
    );
    assert_eq!(fs::read_to_string(lab.root.join("history/lab/2/0-main.conf.before")).unwrap(), "1001=new\n");

    fs::write(lab.folder().join("main.conf"), "1001=odd\n").unwrap();
    lab.change(vec![set("1001", "last")]);
    assert_eq!(fs::read_to_string(lab.root.join("history/lab/3/0-main.conf.before")).unwrap(), "1001=odd\n");
    assert_eq!(fs::read_to_string(lab.root.join("history/lab/2/0-main.conf.after")).unwrap(), "1001=newer\n");
}

#[test]
fn many_new_files_are_kept_in_one_and_can_be_taken_back() {
    let lab = Lab::new();
    let old = lab.tree();
    let edits = (0..9).map(|n| set(&format!("900{n}"), &format!("new {n}"))).chain([set("1001", "new")]);
    assert_eq!(code(&lab.change(edits.collect())), 0);
    let new = lab.tree();
    let kept = lab.root.join("history/lab/1");
    let names = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    // What was there before is kept as it was, and by itself.
    let alone = ["1-9001.conf", "9-main.conf"].map(|name| [format!("{name}.after"), format!("{name}.before")]);
    assert_eq!(names, [alone.concat(), vec!["meta.json".into(), "new.after".into()]].concat());
    let text = fs::read_to_string(kept.join("new.after")).unwrap();
    assert_eq!(text, (0..9).filter(|n| *n != 1).map(|n| format!("900{n}=new {n}\n")).collect::<String>());
    let meta = fs::read_to_string(kept.join("meta.json")).unwrap();
    assert!(meta.starts_with("{\n  \"v\": 2,"), "an older sipctl leaves it alone: {meta}");

    let engine = Handle(lab.engine.clone());
    let target = lab.target(&engine);
    let cx = Cx::new(&Silent);
    let past = past::read(&cx, &target).unwrap();
    for change in past::changes(&cx, &target, &past.kept[0]).unwrap() {
        let name = change.path.file_name().unwrap().to_str().unwrap();
        assert_eq!(change.after.as_deref(), Some(new[name].as_bytes()), "{name}");
        assert_eq!(change.before.as_ref().map(|(bytes, _)| &**bytes), old.get(name).map(String::as_bytes), "{name}");
    }
    let estate = engine.load(&cx, &*lab.host, &lab.folder(), false).unwrap();
    assert_eq!(past.outside(&cx, &target, &*estate).unwrap(), []);

    let undone = lab.undo();
    assert_eq!((code(&undone), lab.tree()), (0, old.clone()), "{:?}", undone.error);
    fs::remove_dir_all(lab.root.join("history/lab/2")).unwrap();
    fs::write(lab.folder().join("9004.conf"), "9004=by hand\n").unwrap();
    let clash = lab.undo();
    assert_eq!(code(&clash), 1, "what somebody wrote there since is not removed");
    assert_eq!(lab.text("9004.conf"), "9004=by hand\n");
    fs::remove_file(kept.join("new.after")).unwrap();
    let error = lab.undo().error.unwrap();
    assert!(error.message.contains("copies of change 1 are not complete"), "{error}");
}

#[test]
fn refused_goes_back_and_is_6() {
    let lab = Lab::new();
    lab.mood(Mood::Refuses);
    let outcome = goes_back(&lab, 6);
    assert_eq!(outcome.proof.status, Status::Failed);
    assert_eq!(lab.engine.kicks.load(Ordering::SeqCst), 0);
    let error = outcome.error.unwrap();
    assert!(error.message.contains("old files are back and live"), "{error}");
    assert!(error.hints.iter().any(|hint| hint.contains("ERROR: no")), "{:?}", error.hints);
}

#[test]
fn an_engine_that_stumbles_is_6_one_that_dies_7_one_that_hangs_or_disagrees_8() {
    for (mood, want) in [(Mood::Stumbles, 6), (Mood::Dies, 7), (Mood::Hangs, 8), (Mood::Disagrees, 8)] {
        let lab = Lab::new();
        lab.mood(mood);
        goes_back(&lab, want);
    }
}

#[test]
fn an_engine_that_is_down_is_7_before_anything_is_written() {
    let mut lab = Lab::new();
    lab.mood(Mood::Down);
    let mut person = Person { edits: vec![set("1001", "new")], ..Person::default() };
    let outcome = lab.change_by(&Cx::new(&Silent), &mut person);
    assert_eq!((code(&outcome), person.writes), (7, 0));
    assert!(outcome.error.unwrap().hints.iter().any(|hint| hint.contains("--offline")));

    lab.options.dry_run = true;
    let outcome = lab.change(vec![set("1001", "new")]);
    assert_eq!((code(&outcome), outcome.changed), (0, true));
    assert!(codes(&outcome).contains("engine-silent"));
    assert_eq!(lab.tree(), old_tree());

    lab.options.dry_run = false;
    lab.options.offline = true;
    let outcome = lab.change(vec![set("1001", "new")]);
    assert_eq!((code(&outcome), outcome.proof.status), (0, Status::Skipped));
    assert_eq!(lab.text("main.conf"), "1001=new\n");
}

#[test]
fn unproved_stays_with_a_warning_and_is_6_when_strict() {
    let lab = Lab::new();
    lab.mood(Mood::Mute);
    let outcome = lab.change(vec![set("1001", "new")]);
    assert_eq!((code(&outcome), outcome.proof.status), (0, Status::Unproved));
    assert!(codes(&outcome).contains("unproved"));
    assert_eq!(lab.text("main.conf"), "1001=new\n");

    let mut lab = Lab::new();
    lab.mood(Mood::Mute);
    lab.options.strict = true;
    goes_back(&lab, 6);
}

#[test]
fn drift_is_said_not_held_against_a_put_back_and_refused_when_strict() {
    let mut lab = Lab::new();
    fs::write(lab.engine.state.join("live"), "1001=strange\n9001=old\n").unwrap();
    lab.mood(Mood::Refuses);
    assert!(codes(&goes_back(&lab, 6)).contains("drift"));
    lab.options.strict = true;
    let mut person = Person { edits: vec![set("1001", "new")], ..Person::default() };
    let outcome = lab.change_by(&Cx::new(&Silent), &mut person);
    assert_eq!((code(&outcome), person.writes), (1, 0));
}

#[test]
fn nothing_to_do_writes_and_reloads_nothing_but_asks() {
    let mut lab = Lab::new();
    let outcome = lab.change(vec![set("1001", "old")]);
    assert_eq!((code(&outcome), outcome.changed, outcome.proof.status), (0, false, Status::Proved));
    fs::write(lab.engine.state.join("live"), "1001=strange\n").unwrap();
    let outcome = lab.change(vec![set("1001", "old")]);
    assert_eq!((code(&outcome), codes(&outcome).contains("drift")), (0, true));
    assert_eq!(lab.engine.reloads.load(Ordering::SeqCst), 0);
    lab.options.strict = true;
    assert_eq!(code(&lab.change(vec![set("1001", "old")])), 1);
}

#[test]
fn a_dry_run_changes_nothing_and_asks_no_one() {
    let mut lab = Lab::new();
    lab.options.dry_run = true;
    let mut person = Person { edits: vec![set("1001", "new")], preview: true, ..Person::default() };
    let outcome = lab.change_by(&Cx::new(&Silent), &mut person);
    assert_eq!((code(&outcome), outcome.changed, outcome.plan.files.len()), (0, true, 1));
    assert_eq!((person.asked.len(), person.writes), (0, 0));
    assert!(codes(&outcome).contains("not-dialable"));
    assert_eq!(lab.tree(), old_tree());
}

#[test]
fn without_reload_it_is_skipped_and_known_as_our_own_later() {
    let mut lab = Lab::new();
    lab.options.no_reload = true;
    let outcome = lab.change(vec![set("1001", "new")]);
    assert_eq!((code(&outcome), outcome.proof.status), (0, Status::Skipped));
    assert!(outcome.reload.is_none() && outcome.id.is_some());
    assert_eq!(lab.engine.running()["1001"], "old");
    assert_eq!(lab.engine.kicks.load(Ordering::SeqCst), 0);

    lab.options.no_reload = false;
    *lab.engine.since_reload.lock().unwrap() = Some(Duration::from_secs(3600));
    let outcome = lab.change(vec![set("1001", "newer")]);
    let mut pending = outcome.warnings.iter().filter(|w| w.code == "pending-edits");
    let pending = pending.find(|w| w.file.as_ref().is_some_and(|file| file.ends_with("main.conf"))).unwrap();
    assert!(pending.message.contains("change 1 of sipctl itself"), "{}", pending.message);
    assert_eq!(lab.engine.running()["1001"], "newer");

    lab.reload = ReloadPolicy::None;
    assert_eq!(lab.change(vec![set("1001", "newest")]).proof.status, Status::Skipped);
    assert_eq!(lab.engine.running()["1001"], "newer");
}

#[test]
fn without_proof_the_reload_is_enough() {
    let mut lab = Lab::new();
    lab.options.no_proof = true;
    lab.mood(Mood::Refuses);
    let outcome = lab.change(vec![set("1001", "new")]);
    assert_eq!((code(&outcome), outcome.proof.status), (0, Status::Skipped));
    assert_eq!(outcome.reload.unwrap().command, "reload");
    assert_eq!(lab.text("main.conf"), "1001=new\n");
}

#[test]
fn pending_edits_narrow_the_reload_and_are_refused_when_strict() {
    let mut lab = Lab::new();
    *lab.engine.since_reload.lock().unwrap() = Some(Duration::ZERO);
    lab.engine.pending.lock().unwrap().push("/etc/queues.conf".into());
    let outcome = lab.change(vec![set("1001", "new")]);
    assert!(codes(&outcome).contains("pending-edits"));
    assert_eq!(lab.engine.narrow.load(Ordering::SeqCst), 1);
    lab.options.strict = true;
    assert_eq!(code(&lab.change(vec![set("1001", "newer")])), 1);
    assert_eq!(lab.text("main.conf"), "1001=new\n");
}

#[test]
fn a_signal_goes_back_until_proof_is_complete_and_changes_nothing_after() {
    for moment in [Moment::Loaded, Moment::Reloading, Moment::Proving, Moment::Aftercare] {
        let lab = Lab::new();
        let cx = Cx::new(&Silent);
        let flag = cx.cancel.flag();
        let reloads = lab.engine.clone();
        lab.hook(move |now| {
            // Of the two rounds of questions the one after the reload.
            let late = now != Moment::Proving || reloads.reloads.load(Ordering::SeqCst) == 1;
            if now == moment && late {
                flag.store(true, Ordering::SeqCst);
            }
        });
        let outcome = lab.change_by(&cx, &mut Person { edits: vec![set("1001", "new")], ..Person::default() });
        if moment == Moment::Aftercare {
            assert_eq!((code(&outcome), outcome.changed), (0, true));
            assert_eq!(lab.text("main.conf"), "1001=new\n");
        } else {
            assert_eq!((code(&outcome), outcome.changed), (130, false), "{moment:?}");
            assert_eq!(lab.tree(), old_tree(), "{moment:?}");
            assert_eq!(lab.engine.running()["1001"], "old", "{moment:?}");
        }
    }
}

#[test]
fn the_preview_is_confirmed_and_again_when_the_plan_became_another() {
    let lab = Lab::new();
    let mut person = Person { edits: vec![set("1001", "new")], preview: true, ..Person::default() };
    assert_eq!(code(&lab.change_by(&Cx::new(&Silent), &mut person)), 0);
    assert_eq!(person.asked, [["sip:1001@192.0.2.1"]]);

    let (path, mut loads) = (lab.folder().join("main.conf"), 0);
    lab.hook(move |moment| {
        loads += usize::from(moment == Moment::Loaded);
        if moment == Moment::Loaded && loads == 1 {
            fs::write(&path, "1001=new\n1005=colleague\n").unwrap();
        }
    });
    let mut person = Person { edits: vec![set("1001", "third")], preview: true, ..Person::default() };
    assert_eq!(code(&lab.change_by(&Cx::new(&Silent), &mut person)), 0);
    assert_eq!(person.asked.len(), 2);
    assert_eq!(lab.text("main.conf"), "1005=colleague\n1001=third\n");

    let mut person = Person { edits: vec![set("1001", "no")], preview: true, refuses: true, ..Person::default() };
    assert_eq!((code(&lab.change_by(&Cx::new(&Silent), &mut person)), person.writes), (1, 0));
}

#[test]
fn another_folder_is_11_and_the_same_one_under_another_name_is_not() {
    let lab = Lab::new();
    std::os::unix::fs::symlink(lab.folder(), lab.root.join("link")).unwrap();
    *lab.engine.reads.lock().unwrap() = lab.root.join("link");
    assert_eq!(code(&lab.change(vec![set("1001", "new")])), 0);
    *lab.engine.reads.lock().unwrap() = lab.root.join("state");
    assert_eq!(code(&lab.change(vec![set("1001", "newer")])), 11);
    assert_eq!(lab.text("main.conf"), "1001=new\n");
}

#[test]
fn files_with_several_names_are_written_in_place_and_links_followed() {
    for mood in [Mood::Good, Mood::Refuses] {
        let lab = Lab::new();
        let (main, twin) = (lab.folder().join("main.conf"), lab.root.join("twin"));
        fs::hard_link(&main, &twin).unwrap();
        fs::rename(lab.folder().join("9001.conf"), lab.root.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("../elsewhere", lab.folder().join("9001.conf")).unwrap();
        lab.mood(mood);
        let outcome = lab.change(vec![set("1001", "a much longer text"), set("9001", "new")]);
        assert!(codes(&outcome).contains("in-place"));
        let want =
            if mood == Mood::Good { ["1001=a much longer text\n", "9001=new\n"] } else { ["1001=old\n", "9001=old\n"] };
        assert_eq!(code(&outcome), if mood == Mood::Good { 0 } else { 6 });
        assert_eq!([fs::read_to_string(&twin).unwrap(), lab.text("9001.conf")], want);
        assert_eq!(lab.text("main.conf"), want[0]);
        assert!(fs::symlink_metadata(lab.folder().join("9001.conf")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(lab.root.join("elsewhere")).unwrap(), want[1]);
        let left: Vec<_> = fs::read_dir(&lab.root).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
    }
}
