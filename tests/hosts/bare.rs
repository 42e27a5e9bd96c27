//! Whole changes on hosts that have nothing but busybox, and not all of it.

use std::fs;

use sipctl::host::local::Local;

use crate::shells::{bare, far};
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
            trees.push(lab.tree());
        }
        assert_eq!(trees[0], trees[1], "{lacking:?}");
    }
}
