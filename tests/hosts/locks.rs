//! The lock there and the lock here are the same one.

use std::fs;
use std::time::Duration;

use sipctl::cx::{Cx, Silent};
use sipctl::error::Code;
use sipctl::host::far::Far;
use sipctl::host::local::Local;
use sipctl::host::{Command, Host};

use crate::shells::{all, far, plain_mv, shell, with};
use crate::wire::Wired;

fn impatient() -> Cx<'static> {
    let mut cx = Cx::new(&Silent);
    cx.timeouts.wait = Duration::from_millis(250);
    cx
}

/// Each of two hosts waits for the other.
fn exclude(one: &dyn Host, two: &dyn Host, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (cx, path) = (impatient(), folder.path());
    for (a, b) in [(one, two), (two, one), (one, one), (two, two)] {
        let held = a.lock(&cx, path).unwrap();
        let refused = b.lock(&cx, path).err().unwrap();
        assert_eq!(refused.code, Code::Retry, "{name}: {refused:?}");
        drop(held);
        drop(b.lock(&cx, path).unwrap());
    }
    assert_eq!(fs::read_dir(path).unwrap().count(), 0);
}

#[test]
fn it_excludes_local_runs_and_others() {
    for (name, shell) in all() {
        exclude(&Local, &far(&shell), &name);
    }
}

#[test]
fn without_flock_the_exclusive_folder_stands_in() {
    let far = far(&with("flock", "echo 'flock: 9: No locks available' >&2; exit 1"));
    let folder = tempfile::tempdir().unwrap();
    let (cx, path) = (impatient(), folder.path());
    let held = far.lock(&cx, path).unwrap();
    let holder = fs::read_to_string(path.join(".sipctl.lock/holder")).unwrap();
    assert!(holder.contains("\"boot\":\""), "{holder}");
    assert_eq!(Local.lock(&cx, path).err().unwrap().code, Code::Retry);
    assert_eq!(far.lock(&cx, path).err().unwrap().code, Code::Retry);
    drop(held);
    drop(Local.lock(&cx, path).unwrap());
    assert_eq!(fs::read_dir(path).unwrap().count(), 0);

    // What a process that is gone has left is taken away.
    for host in [&far as &dyn Host, &Local] {
        std::mem::forget(far.lock(&cx, path).unwrap());
        let file = path.join(".sipctl.lock/holder");
        let holder = fs::read_to_string(&file).unwrap();
        let from = holder.find(':').unwrap() + 1;
        let to = holder.find(',').unwrap();
        fs::write(&file, format!("{}4194305{}", &holder[..from], &holder[to..])).unwrap();
        drop(host.lock(&cx, path).unwrap());
        assert_eq!(fs::read_dir(path).unwrap().count(), 0);
    }
}

#[test]
fn the_exclusive_folder_stands_in_also_with_a_mv_that_moves_into_folders() {
    let far = || far(&plain_mv().and("flock", "echo 'flock: 9: No locks available' >&2; exit 1"));
    exclude(&far(), &far(), "plain mv");
    let folder = tempfile::tempdir().unwrap();
    let mut cx = impatient();
    cx.timeouts.wait = Duration::from_secs(60);
    // One at a time, of many that come and go.
    let count = folder.path().join("count");
    fs::write(&count, "0").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let host = far();
                for _ in 0..5 {
                    let held = host.lock(&cx, folder.path()).unwrap();
                    let now: u32 = fs::read_to_string(&count).unwrap().parse().unwrap();
                    std::thread::sleep(Duration::from_millis(5));
                    fs::write(&count, (now + 1).to_string()).unwrap();
                    drop(held);
                }
            });
        }
    });
    assert_eq!(fs::read_to_string(&count).unwrap(), "20");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_is_not_there_cannot_be_locked() {
    for (name, shell) in all() {
        let (cx, path) = (impatient(), std::path::Path::new("/nonexistent/folder"));
        let (here, there) = (Local.lock(&cx, path).err().unwrap(), far(&shell).lock(&cx, path).err().unwrap());
        assert_eq!((here.code, here.line()), (there.code, there.line()), "{name}");
    }
}

#[test]
fn it_goes_with_the_link() {
    for (name, shell) in all() {
        let folder = tempfile::tempdir().unwrap();
        let mut cx = impatient();
        let far = far(&shell);
        std::mem::forget(far.lock(&cx, folder.path()).unwrap());
        assert_eq!(Local.lock(&cx, folder.path()).err().unwrap().code, Code::Retry);
        drop(far);
        cx.timeouts.wait = Duration::from_secs(20);
        assert!(Local.lock(&cx, folder.path()).is_ok(), "{name}");
    }
}

#[test]
fn a_lock_outlives_silence_and_not_a_frozen_link() {
    let (kept, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cx = impatient();
    let (awake, lost) = (Wired::new(shell(&["/bin/sh"])), Wired::new(shell(&["/bin/sh"])));
    let (one, two) = (Far::new(Box::new(awake)), Far::new(Box::new(lost.clone())));
    let guard = one.lock(&cx, kept.path()).unwrap();
    let _lost = two.lock(&cx, left.path()).unwrap();
    let slept = Command {
        program: "sh".into(),
        args: vec!["-c".into(), "sleep 300 >/dev/null 2>&1 & echo $!".into()],
        stdin: vec![],
    };
    let slept = two.run(&cx, &[slept]).unwrap().remove(0);
    lost.log.lock().unwrap().frozen = true;

    let mut patient = impatient();
    patient.timeouts.wait = Duration::from_secs(60);
    drop(Local.lock(&patient, left.path()).unwrap());
    let child = String::from_utf8(slept.stdout).unwrap();
    // Where nobody waits for orphans, what is left of one is a zombie.
    let left = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    assert!(left.is_empty() || left.contains(") Z "), "what it started is still there: {left}");
    // Meanwhile the other one was told regularly that somebody is there.
    assert_eq!(Local.lock(&cx, kept.path()).err().unwrap().code, Code::Retry);
    one.read(&cx, &[]).unwrap();
    drop(guard);
    drop(Local.lock(&cx, kept.path()).unwrap());
}
