//! A host that makes trouble: other people at the same files, no room, no rights, many at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sipctl::change::open_change;
use sipctl::cx::{Cx, Silent};
use sipctl::host::local::Local;

use crate::crash::{drive, driver};
use crate::standin::{Lab, Moment, Mood, code, codes, set};

#[test]
fn an_edit_between_reading_and_writing_is_10_and_survives() {
    let lab = Lab::new();
    let path = lab.folder().join("main.conf");
    lab.hook(move |moment| {
        if moment == Moment::Loaded {
            fs::write(&path, "1001=hers\n").unwrap();
        }
    });
    let outcome = lab.change(vec![set("1001", "new"), set("9001", "new")]);
    assert_eq!((code(&outcome), outcome.changed), (10, false));
    assert_eq!((lab.text("main.conf"), lab.text("9001.conf")), ("1001=hers\n".into(), "9001=old\n".into()));
    assert_eq!(lab.tree().len(), 2);
    // The same for a file that should be new.
    let path = lab.folder().join("9002.conf");
    lab.hook(move |moment| {
        if moment == Moment::Loaded {
            fs::write(&path, "9002=hers\n").unwrap();
        }
    });
    assert_eq!(code(&lab.change(vec![set("9002", "new")])), 10);
    assert_eq!(lab.text("9002.conf"), "9002=hers\n");
}

/// Where the lock went with the link, and came back with it, another run has been here.
#[test]
fn a_change_of_another_run_that_is_open_by_now_is_left_alone() {
    for confirm in [None, Some(std::time::Duration::from_secs(60))] {
        let mut lab = Lab::new();
        lab.options.confirm = confirm;
        let folder = lab.folder();
        lab.hook(move |moment| {
            if moment == Moment::Loaded {
                fs::create_dir(folder.join(".sipctl")).unwrap();
                fs::write(folder.join(".sipctl/journal"), "theirs\n").unwrap();
            }
        });
        let outcome = lab.change(vec![set("1001", "new")]);
        assert_eq!(code(&outcome), 10, "{:?}", outcome.error);
        assert_eq!(lab.text(".sipctl/journal"), "theirs\n");
        assert_eq!(
            (lab.text("main.conf"), fs::read_dir(lab.folder().join(".sipctl")).unwrap().count()),
            ("1001=old\n".into(), 1)
        );
    }
}

#[test]
fn an_edit_during_the_reload_is_not_overwritten_by_going_back() {
    for (in_place, way) in [(false, "mv "), (true, "cp ")] {
        let lab = Lab::new();
        lab.mood(Mood::Refuses);
        let path = lab.folder().join("main.conf");
        if in_place {
            fs::hard_link(&path, lab.root.join("twin")).unwrap();
        }
        lab.hook(move |moment| {
            if moment == Moment::Reloading {
                fs::write(&path, "1001=hers, in a hurry\n").unwrap();
            }
        });
        let hers = ("1001=hers, in a hurry\n".to_owned(), "9001=old\n".to_owned());
        let outcome = lab.change(vec![set("1001", "new"), set("9001", "new")]);
        assert_eq!((code(&outcome), lab.text("main.conf"), lab.text("9001.conf")), (8, hers.0.clone(), hers.1.clone()));
        let error = outcome.error.unwrap();
        // Nor by whoever comes next.
        *lab.engine.hook.lock().unwrap() = None;
        assert_eq!((code(&lab.change(vec![set("1001", "new")])), lab.text("main.conf")), (8, hers.0));
        let way_out = error.hints.iter().find(|hint| hint.contains(way)).unwrap();
        let command = way_out.split_once(way).unwrap().1;
        assert!(Command::new("sh").args(["-c", &format!("{way}{command}")]).status().unwrap().success());
        assert_eq!(lab.text("main.conf"), "1001=old\n");
        assert!(open_change(&Cx::new(&Silent), &Local, &lab.folder()).is_some());
        // The person has put it right: the next change finds nothing left to do for that one.
        lab.mood(Mood::Good);
        let outcome = lab.change(vec![set("1001", "new")]);
        assert_eq!((code(&outcome), codes(&outcome).contains("recovered")), (0, true), "{:?}", outcome.error);
        assert_eq!(lab.tree().len(), 2);
    }
}

#[test]
fn a_newer_journal_is_8_and_untouched() {
    let lab = Lab::new();
    let private = lab.folder().join(".sipctl");
    fs::create_dir(&private).unwrap();
    fs::write(private.join("journal"), "{\"v\":7,\"open\":{}}\n").unwrap();
    let outcome = lab.change(vec![set("1001", "new")]);
    assert_eq!(code(&outcome), 8);
    assert!(outcome.error.unwrap().message.contains("version 7"));
    assert!(private.join("journal").exists());
    assert_eq!(lab.text("main.conf"), "1001=old\n");
}

#[test]
fn what_sipctl_did_not_leave_itself_is_8_and_not_obeyed() {
    // Who may write to the folder could point it at somebody else's files.
    let lab = Lab::new();
    let (private, other) = (lab.folder().join(".sipctl"), lab.root.join("other"));
    fs::create_dir(&other).unwrap();
    fs::write(other.join("precious"), "kept").unwrap();
    std::os::unix::fs::symlink(&other, &private).unwrap();
    let outcome = lab.change(vec![set("1001", "new")]);
    assert_eq!(code(&outcome), 8);
    assert_eq!((fs::read_dir(&other).unwrap().count(), lab.text("main.conf")), (1, "1001=old\n".into()));
    fs::remove_file(&private).unwrap();

    if !rustix_root() {
        return;
    }
    // A journal of his own that would have us remove what he may not.
    let precious = other.join("precious");
    let journal = format!(
        concat!(
            r#"{{"v":1,"open":{{"who":"x","files":[{{"path":{path:?},"how":"create","temp":{path:?},"#,
            r#""old":null,"was":null}}],"reload":{{"narrow":[],"only_narrow":false}},"#,
            r#""prove_new":[],"prove_old":[]}}}}"#,
            "\n",
            r#"{{"v":1,"switching":[null]}}"#,
            "\n",
            r#"{{"v":1,"proved":null}}"#,
            "\n"
        ),
        path = precious
    );
    fs::create_dir(&private).unwrap();
    fs::write(private.join("journal"), journal).unwrap();
    for theirs in [private.join("journal"), private.clone()] {
        std::os::unix::fs::chown(&theirs, Some(1234), None).unwrap();
        let outcome = lab.change(vec![set("1001", "new")]);
        assert_eq!(code(&outcome), 8, "{:?}", codes(&outcome));
        let error = outcome.error.unwrap();
        assert!(error.message.contains("user 1234"), "{}", error.message);
        assert!(precious.exists());
        std::os::unix::fs::chown(&theirs, Some(0), None).unwrap();
    }
}

#[test]
fn history_takes_the_next_folder_or_does_without_and_keeps_a_hundred() {
    let mut lab = Lab::new();
    fs::write(lab.root.join("file"), "").unwrap();
    lab.history = vec![lab.root.join("file"), lab.root.join("second")];
    for round in 0..103 {
        let outcome = lab.change(vec![set("1001", &round.to_string())]);
        assert_eq!((code(&outcome), outcome.id), (0, Some((round + 1).to_string())));
    }
    let kept = fs::read_dir(lab.root.join("second/lab")).unwrap().count();
    assert_eq!(kept, 100);
    assert!(!lab.root.join("second/lab/3").exists() && lab.root.join("second/lab/4").exists());
    lab.history.pop();
    let outcome = lab.change(vec![set("1001", "last")]);
    assert_eq!((code(&outcome), outcome.id.is_none(), codes(&outcome).contains("no-history")), (0, true, true));
}

#[test]
fn owner_and_mode_stay() {
    let lab = Lab::new();
    let main = lab.folder().join("main.conf");
    fs::set_permissions(&main, fs::Permissions::from_mode(0o640)).unwrap();
    let root = rustix_root();
    if root {
        std::os::unix::fs::chown(&main, Some(1234), Some(2345)).unwrap();
    }
    assert_eq!(code(&lab.change(vec![set("1001", "new")])), 0);
    let meta = fs::metadata(&main).unwrap();
    assert_eq!(meta.permissions().mode() & 0o7777, 0o640);
    if root {
        use std::os::unix::fs::MetadataExt;
        assert_eq!((meta.uid(), meta.gid()), (1234, 2345));
    }
}

#[test]
fn twenty_at_once_all_succeed() {
    let lab = Lab::new();
    let start = |n: u32| drive(&lab.root, &format!("{}", 2000 + n)).stdout(Stdio::null()).spawn().unwrap();
    let runs: Vec<Child> = (0..20).map(start).collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success());
    }
    let text = lab.text("main.conf");
    assert_eq!(text.lines().count(), 21, "{text}");
    assert_eq!(lab.engine.running().len(), 22);
    assert_eq!(lab.tree().len(), 2);
    assert_eq!(fs::read_dir(lab.root.join("history/lab")).unwrap().count(), 20);
}

/// Mounts need root and a mount namespace of one's own; elsewhere there is nothing to try.
fn in_namespace(lab: &Lab, script: &str) -> Option<(i32, String)> {
    let ready = Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|out| out.status.success());
    if !ready {
        return None;
    }
    let drive = drive(&lab.root, "2000");
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-ec", script, driver().to_str()?]).args(drive.get_args());
    command.envs(drive.get_envs().filter_map(|(k, v)| Some((k, v?))));
    let output = command.current_dir(lab.folder()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Some((output.status.code()?, said + &String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn without_room_nothing_is_changed_or_left() {
    // From no room at all to almost enough: it ends at another step each time.
    let mut failed = 0;
    for pages in 0..12 {
        let lab = Lab::new();
        let script = format!(
            "cp -a . ../keep; mount -t tmpfs -o size=64k,nr_inodes=64 none \"$PWD\"; cd \"$PWD\"; cp -a ../keep/. .
             dd if=/dev/zero of=.big bs=4096 count=16 2>/dev/null || true
             truncate -s -$(({pages} * 4096)) .big
             code=0; \"$0\" \"$@\" || code=$?; rm .big; echo; ls -A; cat main.conf; exit $code"
        );
        let Some((code, said)) = in_namespace(&lab, &script) else { return };
        let listed: Vec<&str> = said.lines().filter(|l| *l == "main.conf" || l.starts_with('.')).collect();
        assert_eq!(listed, ["main.conf"], "{pages}: {said}");
        let new = said.contains("2000=new");
        assert!(said.contains("1001=old") && matches!((code, new), (0, true) | (101, false)), "{pages}: {code} {said}");
        failed += usize::from(code != 0);
    }
    assert!((1..12).contains(&failed), "{failed} of 12 failed");
}

#[test]
fn a_read_only_folder_is_1() {
    let lab = Lab::new();
    let script = "mount --bind . \"$PWD\"; mount -o remount,ro,bind \"$PWD\"; cd \"$PWD\"; \"$0\" \"$@\"";
    let Some((code, said)) = in_namespace(&lab, script) else { return };
    assert_eq!(code, 101, "{said}");
    assert!(said.contains("exit 1: cannot make") && said.contains(".sipctl"), "{said}");
    assert_eq!(lab.tree().len(), 2);
}

#[test]
fn a_bind_mounted_file_is_written_in_place() {
    let lab = Lab::new();
    let script = "cp main.conf ../source; mount --bind ../source main.conf; \"$0\" \"$@\"";
    let Some((code, said)) = in_namespace(&lab, script) else { return };
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("in-place"), "{said}");
    assert_eq!(fs::read_to_string(lab.root.join("source")).unwrap(), "1001=old\n2000=new\n");
    assert_eq!(lab.text("main.conf"), "1001=old\n");
    assert_eq!(lab.tree().len(), 2);
}

fn rustix_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(Path::new("/proc/self")).is_ok_and(|meta| meta.uid() == 0)
}
