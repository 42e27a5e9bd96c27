//! Whole changes on hosts that have nothing but busybox, and not all of it.

use std::fs;

use sipctl::host::local::Local;

use crate::dress::{acl, set_acl};
use crate::shells::{bare, far, missing};
use crate::standin::{Lab, Mood, code, codes, delete, set};

#[test]
fn a_change_needs_nothing_but_busybox_and_not_all_of_that() {
    for lacking in [&[][..], &["sha256sum"], &["cmp"], &["head"], &["readlink"], &["id", "wc"]] {
        let Some(shell) = bare(lacking) else { return };
        let mut trees = Vec::new();
        for there in [false, true] {
            let mut lab = Lab::new();
            fs::write(lab.folder().join("9002.conf"), "9002=old\n").unwrap();
            fs::hard_link(lab.folder().join("9001.conf"), lab.root.join("twin")).unwrap();
            lab.engine.start(&lab.folder());
            lab.host = if there { Box::new(far(&shell)) } else { Box::new(Local) };
            let edits = || vec![set("1001", "a longer text"), set("9001", "new"), set("9003", "new"), delete("9002")];
            let before = lab.tree();
            lab.mood(Mood::Refuses);
            let refused = lab.change(edits());
            assert_eq!((code(&refused), lab.tree()), (6, before), "{lacking:?} {:?}", refused.error);
            lab.mood(Mood::Good);
            let done = lab.change(edits());
            assert_eq!(code(&done), 0, "{lacking:?} {:?}", done.error);
            // Its ls does not show that a file has an access control list.
            assert_eq!(codes(&done).contains("unseen-acl"), there, "{lacking:?}");
            assert_eq!(codes(&done).contains("in-place"), !there, "{lacking:?}");
            trees.push(lab.tree());
        }
        assert_eq!(trees[0], trees[1], "{lacking:?}");
    }
}

#[test]
fn a_list_that_nothing_there_shows_is_not_lost() {
    let Some(shell) = bare(&[]) else { return };
    let mut lab = Lab::new();
    let (main, gone) = (lab.folder().join("main.conf"), lab.folder().join("9001.conf"));
    if ![&main, &gone].into_iter().all(|file| set_acl(&["-m", "u:12345:r,g:54321:rw"], file)) {
        return missing("no setfacl, or a file system without lists");
    }
    let before = (acl(&main), acl(&gone));
    lab.host = Box::new(far(&shell));
    for (mood, ended) in [(Mood::Refuses, 6), (Mood::Good, 0)] {
        lab.mood(mood);
        let outcome = lab.change(vec![set("1001", "a longer text"), delete("9001")]);
        assert_eq!(code(&outcome), ended, "{:?}", outcome.error);
        assert_eq!(acl(&main), before.0, "{mood:?}");
        assert_eq!(gone.exists(), ended == 6);
        assert!(!gone.exists() || acl(&gone) == before.1);
    }
}
