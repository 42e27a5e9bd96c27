//! Changes over a wire that is cut: the host has the old files or the new ones, and the next run
//! finds out which and finishes or takes back.

use std::fs;

use sipctl::host::far::Far;

use crate::office::wait_for;
use crate::shells::shell;
use crate::standin::{Lab, Moment, Mood, code, codes, delete, set};
use crate::wire::{Arrives, Wired};

/// A replaced file, one written in place, a new one and one that goes.
fn many() -> Vec<sipctl::extension::Edit> {
    vec![set("1001", "a longer text"), set("9001", "new"), set("9003", "new"), delete("9002")]
}

fn prepared() -> (Lab, Wired) {
    let mut lab = Lab::new();
    fs::write(lab.folder().join("9002.conf"), "9002=old\n").unwrap();
    fs::hard_link(lab.folder().join("9001.conf"), lab.root.join("twin")).unwrap();
    lab.engine.start(&lab.folder());
    let wired = Wired::new(shell(&["/bin/sh"]));
    lab.host = Box::new(Far::new(Box::new(wired.clone())));
    (lab, wired)
}

#[test]
fn a_change_there_is_a_change_here() {
    let (far, _) = prepared();
    let (mut here, _) = prepared();
    here.host = Box::new(sipctl::host::local::Local);
    for lab in [&far, &here] {
        let outcome = lab.change(many());
        assert_eq!(code(&outcome), 0, "{:?}", outcome.error);
    }
    assert_eq!(far.tree(), here.tree());
}

#[test]
fn what_this_side_cannot_keep_stops_nothing() {
    let (mut lab, _wired) = prepared();
    lab.near = true;
    // What would be cleared away cannot be.
    let odd = lab.root.join("history/lab/.7.new/not ours");
    fs::create_dir_all(&odd).unwrap();
    let outcome = lab.change(many());
    assert_eq!((code(&outcome), outcome.id.as_deref()), (0, None), "{:?}", outcome.error);
    assert!(codes(&outcome).contains("no-history"), "{:?}", outcome.warnings);
    assert_eq!(lab.text("main.conf"), "1001=a longer text\n");
    assert!(!lab.folder().join(".sipctl").exists());
    fs::remove_dir(&odd).unwrap();
    let outcome = lab.change(vec![set("1001", "newer")]);
    assert_eq!((code(&outcome), outcome.id.as_deref()), (0, Some("1")), "{:?}", outcome.warnings);
    let names: Vec<_> = fs::read_dir(lab.root.join("history/lab")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["1"]);
}

#[test]
fn cut_anywhere_it_is_old_or_new_and_the_next_run_puts_it_right() {
    [false, true].into_iter().for_each(cut_anywhere);
}

fn cut_anywhere(near: bool) {
    let (old, new, turns) = {
        let (mut lab, wired) = prepared();
        lab.near = near;
        let old = lab.tree();
        assert_eq!(code(&lab.change(many())), 0);
        (old, lab.tree(), wired.log.lock().unwrap().turns)
    };
    let (mut taken_back, mut finished) = (0, 0);
    for arrives in [Arrives::Nothing, Arrives::Half, Arrives::All] {
        for turn in 1..=turns {
            let (mut lab, wired) = prepared();
            lab.near = near;
            {
                let mut log = wired.log.lock().unwrap();
                log.cut = Some((turn, arrives));
                log.most = Some(1);
            }
            let outcome = lab.change(many());
            let at = format!("cut at turn {turn}, {arrives:?} arrives, near {near}");
            // What is not known to have stayed is not in the history.
            let kept = || fs::read_dir(lab.root.join("history/lab")).map_or(0, Iterator::count);
            assert!(!near || kept() == usize::from(code(&outcome) == 0), "{at}: {} kept", kept());
            // After the commit point the change is done, whatever becomes of its cleanup.
            assert!([0, 7, 8].contains(&code(&outcome)), "{at}: {:?}", outcome.error);
            lab.host = Box::new(Far::new(Box::new(Wired::new(shell(&["/bin/sh"])))));
            let next = lab.change(vec![set("5000", "next")]);
            assert_eq!(code(&next), 0, "{at}: {:?}", next.error);
            assert!(!codes(&next).contains("drift"), "{at}: {:?}", next.warnings);
            let mut tree = lab.tree();
            let main = tree.get_mut("main.conf").unwrap();
            *main = main.strip_suffix("5000=next\n").unwrap_or_else(|| panic!("{at}: {main}")).to_owned();
            assert!(tree == old || tree == new, "{at}: {tree:?}");
            assert_eq!(fs::read_to_string(lab.root.join("twin")).unwrap(), tree["9001.conf"], "{at}");
            assert!(code(&outcome) != 0 || tree == new, "{at}");
            taken_back += usize::from(tree == old);
            finished += usize::from(tree == new);
        }
    }
    assert!(taken_back > 10 && finished > 0, "{taken_back} back, {finished} on");
}

#[test]
fn a_link_that_comes_back_puts_the_old_state_back_at_once() {
    let turns = {
        let (lab, wired) = prepared();
        assert_eq!(code(&lab.change(many())), 0);
        wired.log.lock().unwrap().turns
    };
    let mut put_back = 0;
    for turn in 2..=turns {
        let (lab, wired) = prepared();
        let (old, running) = (lab.tree(), lab.engine.running());
        {
            let mut log = wired.log.lock().unwrap();
            log.cut = Some((turn, Arrives::All));
            log.most = Some(2);
        }
        let outcome = lab.change(many());
        let at = format!("cut at turn {turn}: {:?} {:?}", outcome.error, outcome.warnings);
        if code(&outcome) == 0 {
            continue;
        }
        assert!([6, 7].contains(&code(&outcome)), "{at}");
        if !outcome.changed {
            assert_eq!((lab.tree(), lab.engine.running()), (old, running), "{at}");
            put_back += 1;
        }
    }
    assert!(put_back > 2, "{put_back} put back");
}

/// The engine of the stand-in is asked without a turn, and reads its files with one.
#[test]
fn a_change_takes_few_turns() {
    let (lab, wired) = prepared();
    assert_eq!(code(&lab.change(vec![set("1001", "new")])), 0);
    // Login; lock and all that is read; stage and switch; the engine's own reading; proved, history
    // and close.
    let turns = || std::mem::take(&mut wired.log.lock().unwrap().turns);
    assert_eq!(turns(), 5);
    // However many files there are, and whatever the change before left of them. Without the login.
    let files = || (0..20).map(|n| format!("90{n:02}"));
    for text in ["old", "new"] {
        assert_eq!(code(&lab.change(files().map(|number| set(&number, text)).collect())), 0);
        turns();
    }
    assert_eq!(code(&lab.change(files().map(|number| delete(&number)).collect())), 0);
    assert!(turns() <= 6);
}

/// What differs already is asked while the files are switched: somebody else's reload may come first.
#[test]
fn what_somebody_else_made_live_meanwhile_did_not_differ_before() {
    // Nor is it forgotten to ask for the old state when that comes back.
    for (mood, ended) in [(Mood::Good, 0), (Mood::Disagrees, 8)] {
        let (lab, _) = prepared();
        let (engine, folder, mut asked) = (lab.engine.clone(), lab.folder(), false);
        lab.mood(mood);
        lab.hook(move |moment| {
            if moment == Moment::Proving && !std::mem::replace(&mut asked, true) {
                wait_for("the switch", || {
                    fs::read_to_string(folder.join("main.conf")).is_ok_and(|text| text.contains("longer"))
                        && !folder.join("9002.conf").exists()
                });
                engine.start(&folder);
            }
        });
        let outcome = lab.change(many());
        assert_eq!(code(&outcome), ended, "{:?}", outcome.error);
        assert!(!codes(&outcome).contains("drift"), "{:?}", outcome.warnings);
    }
}

/// The lock is lost with the link. Another run that waited for it puts right what it finds, and makes a
/// change of its own under the same number, before the first is back.
#[test]
fn what_another_run_has_taken_back_meanwhile_is_not_claimed_nor_touched() {
    let turns = {
        let (lab, wired) = prepared();
        assert_eq!(code(&lab.change(many())), 0);
        wired.log.lock().unwrap().turns
    };
    let (mut undone, mut done) = (0, 0);
    for arrives in [Arrives::Nothing, Arrives::All] {
        for turn in 3..=turns {
            let (lab, wired) = prepared();
            let root = lab.root.clone();
            let theirs = std::sync::Arc::new(std::sync::Mutex::new(None));
            {
                let mut log = wired.log.lock().unwrap();
                log.cut = Some((turn, arrives));
                let theirs = std::sync::Arc::clone(&theirs);
                log.meanwhile = Some(Box::new(move || {
                    let other = Lab::at(root);
                    let outcome = other.change(vec![set("5000", "theirs"), set("9001", "theirs")]);
                    assert_eq!(code(&outcome), 0, "{:?}", outcome.error);
                    // One more is under way: it was killed.
                    fs::create_dir(other.folder().join(".sipctl")).unwrap();
                    fs::write(other.folder().join(".sipctl/journal"), "theirs\n").unwrap();
                    fs::hard_link(other.folder().join("main.conf"), other.folder().join(".sipctl/0.old")).unwrap();
                    *theirs.lock().unwrap() = Some((outcome.id, other.tree()));
                }));
            }
            let outcome = lab.change(many());
            let theirs = theirs.lock().unwrap().take();
            let at = format!("cut at turn {turn}, {arrives:?} arrives: {:?} {:?}", outcome.error, outcome.warnings);
            let Some((id, tree)) = theirs else { panic!("nobody came: {at}") };
            assert_eq!(lab.tree(), tree, "{at}");
            assert!(lab.folder().join(".sipctl/0.old").exists(), "{at}");
            // With the commit point under way the other may have seen it or not.
            if code(&outcome) == 8 {
                assert!(turn == turns && outcome.id.is_none(), "{at}");
                continue;
            }
            let ours = tree["main.conf"].contains("a longer text");
            assert_eq!(outcome.changed, ours, "{at}");
            assert_eq!(code(&outcome) == 0, ours, "{at}");
            assert!(outcome.id.is_none() || (ours && outcome.id != id), "{at}: {:?}", outcome.id);
            if ours { done += 1 } else { undone += 1 }
        }
    }
    assert!(undone > 2, "{undone} undone, {done} done");
}
