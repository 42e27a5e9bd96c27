//! An engine that is down, hangs, dies, reloads, refuses or reads other files, and edits of others.

use crate::engine::{append, edit, folder};
use crate::files::copy;
use crate::office::{Gate, Office, codes, wait_for};

const ADD: [&str; 3] = ["ext", "add", "1002"];

/// The engine holds the old state, and the files are those of before.
#[track_caller]
fn is_old(office: &Office) {
    assert!(
        office.has("endpoint", "1001") && !office.has("endpoint", "1002"),
        "{}",
        office.ask("pjsip show endpoints")
    );
    assert!(!office.text("pjsip.conf").contains("1002") && !office.folder().join(".sipctl").exists());
}

#[test]
fn a_daemon_that_is_down_is_7_and_nothing_is_written() {
    Office::each(|office| {
        office.asterisk.borrow_mut().kill();
        for args in [&ADD[..], &["ext", "rm", "1001", "--yes"], &["ext", "kick", "1001"], &["reload"]] {
            let answer = office.refused(args, 7, "is not running");
            assert!(answer.stderr.contains("--offline"), "{}", answer.stderr);
        }
        // A dry run and the files alone do without.
        let dry = office.done(&["ext", "add", "1002", "--dry-run"]);
        assert_eq!(codes(&dry), ["engine-silent"]);
        assert_eq!(office.done(&["ext", "add", "1002", "--offline"])["proof"]["status"], "skipped");
        office.restart();
        assert!(office.has("endpoint", "1002"));
    });
}

#[test]
fn a_daemon_that_hangs_from_the_start_is_7() {
    Office::each(|office| {
        office.asterisk.borrow().hang();
        office.refused(&["ext", "add", "1002", "--timeout", "1s"], 7, "no answer");
        office.asterisk.borrow().go_on();
        is_old(office);
    });
}

#[test]
fn a_daemon_that_hangs_in_the_reload_is_8_with_the_old_files_back() {
    Office::each_with(Gate::build, |office| {
        let gate = Gate::close(office);
        let run = office.begin(&["ext", "add", "1002", "--timeout", "2s"]);
        gate.wait();
        office.asterisk.borrow().hang();
        let answer = run.end(b"").fails(8, "sipctl reload");
        assert!(answer.stderr.contains("the old files are back"), "{}", answer.stderr);
        assert!(!office.text("pjsip.conf").contains("1002"));
        gate.open();
        office.asterisk.borrow().go_on();
        office.proved(&["reload", "--yes"]);
        is_old(office);
    });
}

#[test]
fn a_daemon_that_is_killed_in_the_reload_is_7_and_starts_on_the_old_files() {
    Office::each_with(Gate::build, |office| {
        let gate = Gate::close(office);
        let run = office.begin(&ADD);
        gate.wait();
        office.asterisk.borrow_mut().kill();
        // A program it had started holds its socket for as long as it runs.
        gate.open();
        let answer = run.end(b"").fails(7, "the engine is down and will start with them");
        assert!(answer.stderr.contains("the old files are back"), "{}", answer.stderr);
        office.restart();
        is_old(office);
    });
}

#[test]
fn a_daemon_that_is_restarted_in_the_reload_ends_with_the_old_state() {
    Office::each_with(Gate::build, |office| {
        let gate = Gate::close(office);
        let run = office.begin(&ADD);
        gate.wait();
        gate.open();
        // Whether it is up again by the time it is asked is a matter of luck.
        office.restart();
        let answer = run.end(b"");
        assert!([0, 6, 7].contains(&answer.code), "{}: {}", answer.code, answer.stderr);
        if answer.code == 0 {
            assert!(office.has("endpoint", "1002") && office.text("pjsip.conf").contains("1002"));
        } else {
            is_old(office);
        }
    });
}

#[test]
fn the_daemon_of_another_folder_is_11() {
    Office::each(|office| {
        let other = folder();
        copy(office.folder(), other.path());
        let address = format!("asterisk:{}", other.path().display());
        for args in [&ADD[..], &["ext", "kick", "1001"], &["reload"]] {
            let place = office.folder().display().to_string();
            office.refused(&[args, &["--pbx", &address]].concat(), 11, &place);
        }
        assert!(!std::fs::read_to_string(other.path().join("pjsip.conf")).unwrap().contains("1002"));
        is_old(office);
    });
}

#[test]
fn somebody_elses_reload_is_waited_for_or_10() {
    Office::each_with(Gate::build, |office| {
        let gate = Gate::close(office);
        std::thread::scope(|scope| {
            let socket = office.asterisk.borrow().host();
            let path = office.asterisk.borrow().socket();
            let theirs = scope.spawn(move || crate::engine::ask(&socket, &path, "module reload pbx_config.so"));
            gate.wait();
            office.refused(&["ext", "add", "1002", "--wait", "200ms"], 10, "the old files are back and live");
            is_old(office);
            let run = office.begin(&ADD);
            wait_for("the switch", || office.text("pjsip.conf").contains("1002"));
            gate.open();
            run.end(b"").fails(0, "");
            theirs.join().unwrap();
        });
        assert!(office.has("endpoint", "1002"));
    });
}

#[test]
fn half_edits_of_a_colleague_are_named_and_not_made_live() {
    Office::each(|office| {
        append(office.folder(), "extensions.conf", "\n[half]\nexten => 1,1,NoOp()\n");
        office.make_newer("extensions.conf");
        let refused = office.refused(&["ext", "add", "1002", "--strict"], 1, "pending-edits");
        assert!(refused.stderr.contains("extensions.conf"), "{}", refused.stderr);
        let result = office.proved(&ADD);
        assert_eq!(codes(&result), ["pending-edits"]);
        assert!(result["warnings"][0]["file"].as_str().unwrap().ends_with("/extensions.conf"));
        assert_eq!(result["reload"]["command"], "module reload res_pjsip.so");
        assert!(office.ask("dialplan show half").contains("There is no existence"));

        office.refused(&["reload"], 2, "--yes");
        assert_eq!(codes(&office.proved(&["reload", "--yes"])), ["pending-edits"]);
        assert!(office.ask("dialplan show half").contains("NoOp"));
    });
}

#[test]
fn a_change_without_reload_is_known_as_our_own_later() {
    Office::each(|office| {
        let result = office.done(&["ext", "add", "1002", "--no-reload"]);
        assert_eq!((&result["reload"], &result["proof"]["status"]), (&().into(), &"skipped".into()));
        assert!(!office.has("endpoint", "1002"));
        office.make_newer("pjsip.conf");
        let result = office.proved(&["ext", "add", "1003"]);
        let message = result["warnings"][0]["message"].as_str().unwrap();
        assert!(message.contains("change 1 of sipctl itself"), "{message}");
        assert!(office.has("endpoint", "1002") && office.has("endpoint", "1003"));
    });
}

#[test]
fn what_the_engine_already_holds_otherwise_is_drift() {
    Office::each(|office| {
        edit(
            office.folder(),
            "pjsip.conf",
            "[1001]\ntype=endpoint\n",
            "[1001]\ntype=endpoint\ncallerid=By hand <1001>\n",
        );
        let set = ["ext", "set", "1001", "--name", "Bob"];
        let refused = [&set[..], &["--strict"]].concat();
        office.refused(&refused, 1, "drift");
        let result = office.proved(&set);
        assert!(codes(&result).contains(&"drift"), "{result:#}");

        // Nothing to change, but the engine is behind.
        edit(office.folder(), "pjsip.conf", "\"Bob\"", "\"Rob\"");
        let result = office.done(&["ext", "set", "1001", "--name", "Rob"]);
        assert_eq!((&result["changed"], codes(&result)), (&false.into(), vec!["drift"]));
    });
}

#[test]
fn a_section_that_was_broken_before_is_said_as_not_ours() {
    Office::each(|office| {
        edit(office.folder(), "pjsip.conf", "aors=1001\ndirect_media=no", "aors=1001\ndirect_media=no\ndtmf_mode=foo");
        let line = office.text("pjsip.conf").lines().position(|l| l == "dtmf_mode=foo").unwrap() + 1;
        let result = office.proved(&["ext", "add", "0999"]);
        let shift = result["files"][0]["added"].as_u64().unwrap();
        let broken = result["warnings"].as_array().unwrap().iter().find(|w| w["code"] == "broken-elsewhere").unwrap();
        assert_eq!((&broken["number"], broken["line"].as_u64()), (&"1001".into(), Some(line as u64 + shift)));
        let message = broken["message"].as_str().unwrap();
        assert!(message.contains("dtmf_mode=foo") && message.contains("next start"), "{message}");
        assert!(office.has("endpoint", "1001"), "until then it has the old one");

        let answer = office.refused(&["reload", "--yes"], 6, "dtmf_mode=foo");
        assert!(answer.stderr.contains("pjsip.conf:"), "{}", answer.stderr);
        // Its own change is refused for it, and mends nothing behind its back.
        office.refused(&["ext", "set", "1001", "--name", "Bob"], 6, "dtmf_mode=foo");
        office.proved(&["ext", "set", "1001", "--unset", "endpoint.dtmf_mode"]);
    });
}

#[test]
fn numbers_that_cannot_be_called_are_said() {
    Office::each(|office| {
        let result = office.proved(&["ext", "add", "3001"]);
        assert_eq!((codes(&result), &result["warnings"][0]["number"]), (vec!["not-dialable"], &"3001".into()));
        assert_eq!(codes(&office.proved(&["ext", "add", "1002"])), [""; 0]);
    });
}
