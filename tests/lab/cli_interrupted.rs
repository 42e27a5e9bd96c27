//! Runs that are stopped by a signal, killed, disturbed by an editor, out of room or out of rights,
//! and many at once.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use crate::engine::append;
use crate::office::{Gate, Office, codes, wait_for};
use crate::program::Running;

const ADD: [&str; 3] = ["ext", "add", "1002"];
const SIGNALS: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];

/// A run whose every call of these system calls is held up for a second before it begins.
fn slow(office: &Office, calls: &str, args: &[&str]) -> Running {
    let (trace, inject) = (format!("trace={calls}"), format!("inject={calls}:delay_enter=1000000"));
    office.below(&["strace", "-D", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject], args)
}

fn journal_says(office: &Office, text: &str) -> bool {
    std::fs::read_to_string(office.folder().join(".sipctl/journal")).is_ok_and(|journal| journal.contains(text))
}

fn send(run: &Running, signal: Signal) {
    kill_process(Pid::from_child(&run.0), signal).unwrap();
}

#[test]
fn a_signal_in_the_reload_brings_the_old_state_back() {
    Office::each_with(Gate::build, |office| {
        let before = office.tree();
        for signal in SIGNALS {
            let gate = Gate::close(office);
            // Whoever runs the tests may ignore signals (nohup does), and what is ignored at the start stays so.
            let run = office.below(&["env", "--default-signal"], &ADD);
            gate.wait();
            send(&run, signal);
            gate.open();
            run.end(b"").fails(130, "the old files are back and live");
            assert_eq!(office.tree(), before, "{signal:?}");
            assert!(office.has("endpoint", "1001") && !office.has("endpoint", "1002"), "{signal:?}");
        }
        office.proved(&ADD);
    });
}

#[test]
fn a_signal_before_the_switch_leaves_everything_as_it_was() {
    Office::each(|office| {
        let before = office.tree();
        for (calls, said) in [("link,linkat", "open"), ("rename,renameat,renameat2", "switching")] {
            let run = slow(office, calls, &ADD);
            wait_for(said, || journal_says(office, said));
            send(&run, Signal::TERM);
            run.end(b"").fails(130, "interrupted");
            assert_eq!(office.tree(), before, "{said}");
            assert!(!office.has("endpoint", "1002"));
        }
        // While it waits for a password.
        let mut run = office.begin(&["ext", "passwd", "1001", "--password-stdin", "--yes"]);
        let status = format!("/proc/{}/status", run.0.id());
        // Its handlers stand once it waits: SigCgt holds them.
        wait_for("handlers", || std::fs::read_to_string(&status).is_ok_and(|text| caught(&text)));
        send(&run, Signal::INT);
        // Waiting for a child closes its input first: it must stay open.
        let input = run.0.stdin.take();
        assert_eq!(run.0.wait().unwrap().code(), Some(130));
        drop(input);
        assert_eq!(office.tree(), before);
    });
}

/// Whether SIGINT is caught.
fn caught(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 0b10 != 0)
}

#[test]
fn a_signal_after_the_proof_changes_nothing_any_more() {
    Office::each(|office| {
        let run = slow(office, "unlink,unlinkat", &ADD);
        wait_for("proof", || journal_says(office, "proved\""));
        send(&run, Signal::INT);
        run.end(b"").fails(0, "");
        assert!(office.has("endpoint", "1002") && !office.folder().join(".sipctl").exists());
    });
}

#[test]
fn after_a_kill_the_next_run_takes_the_half_change_back() {
    Office::each_with(Gate::build, |office| {
        let before = office.tree();
        let gate = Gate::close(office);
        let mut run = office.begin(&ADD);
        gate.wait();
        run.0.kill().unwrap();
        run.0.wait().unwrap();
        gate.open();
        assert!(office.text("pjsip.conf").contains("1002"));
        assert_eq!(codes(&office.done(&["ext", "list"])), ["open-change"]);
        let dry = office.done(&["ext", "add", "1003", "--dry-run"]);
        assert!(codes(&dry).contains(&"open-change"), "{dry:#}");

        let result = office.proved(&["ext", "add", "1003"]);
        assert!(codes(&result).contains(&"recovered"), "{result:#}");
        assert!(!office.has("endpoint", "1002") && office.has("endpoint", "1003"));
        office.proved(&["ext", "rm", "1003", "--yes"]);
        assert_eq!(office.tree(), before);
    });
}

#[test]
fn the_journal_of_a_newer_sipctl_is_8_and_left_alone() {
    Office::each(|office| {
        let private = office.folder().join(".sipctl");
        std::fs::create_dir(&private).unwrap();
        std::fs::write(private.join("journal"), "{\"v\":9,\"open\":{}}\n").unwrap();
        office.refused(&ADD, 8, "version 9");
        assert!(!office.has("endpoint", "1002"));
    });
}

#[test]
fn an_editor_between_reading_and_writing_wins() {
    Office::each(|office| {
        for replaces in [false, true] {
            let run = slow(office, "link,linkat", &ADD);
            wait_for("journal", || journal_says(office, "open"));
            append(office.folder(), "pjsip.conf", "\n; by hand\n");
            let file = office.folder().join("pjsip.conf");
            if replaces {
                // As vim and sed -i do.
                let other = file.with_extension("new");
                std::fs::copy(&file, &other).unwrap();
                std::fs::rename(other, &file).unwrap();
            }
            let edited = office.text("pjsip.conf");
            run.end(b"").fails(10, "pjsip.conf");
            assert_eq!(office.text("pjsip.conf"), edited);
            assert!(!office.has("endpoint", "1002") && !office.folder().join(".sipctl").exists());
            let left = office.tree().into_keys().filter(|path| path.to_string_lossy().contains("sipctl")).count();
            assert_eq!(left, 0, "nothing is left beside");
        }
        office.proved(&ADD);
        assert!(office.text("pjsip.conf").ends_with("\n; by hand\n"));
    });
}

#[test]
fn fifty_at_once_all_succeed() {
    Office::each(|office| {
        let before = office.tree();
        for (first, count) in [(3000, 20), (4000, 50)] {
            let add = |n: i32| office.begin(&["ext", "add", &n.to_string(), "--context", "internal"]);
            let runs: Vec<Running> = (first..first + count).map(add).collect();
            for run in runs {
                run.end(b"").fails(0, "");
            }
            for n in first..first + count {
                assert!(office.has("endpoint", &n.to_string()), "{n}");
            }
        }
        office.proved(&["ext", "rm", "3000-3019", "4000-4049", "--yes", "--max-change", "70"]);
        assert_eq!(office.tree(), before);
    });
}

/// Runs the program where the folder is mounted anew by a script.
fn mounted(office: &Office, script: &str, code: i32, part: &str) {
    let script = format!("cd {}; {script}", office.folder().display());
    let before = office.tree();
    office.below(&["unshare", "-m", "sh", "-ec", &script], &ADD).end(b"").fails(code, part);
    assert_eq!(office.tree(), before);
    assert!(!office.has("endpoint", "1002"));
}

#[test]
fn without_room_or_right_to_write_it_is_1_and_nothing_is_left() {
    Office::each(|office| {
        let full = "kept=$(mktemp -d); cp -a . $kept; mount -t tmpfs -o size=64k none \"$PWD\"; cd \"$PWD\"
            cp -a $kept/. .; rm -r $kept; dd if=/dev/zero of=big bs=512 count=999 2>/dev/null || true
            code=0; \"$0\" \"$@\" || code=$?; [ ! -e .sipctl ]; ! grep -q 1002 pjsip.conf; exit $code";
        mounted(office, full, 1, "No space left");
        let read_only = "mount --bind . \"$PWD\"; mount -o remount,ro,bind \"$PWD\"; cd \"$PWD\"; exec \"$0\" \"$@\"";
        mounted(office, read_only, 1, "Read-only file system");
    });
}

#[test]
fn a_file_that_cannot_be_read_is_1_and_named() {
    Office::each(|office| {
        let file = office.folder().join("pjsip_templates.conf");
        std::os::unix::fs::chown(&file, Some(65534), Some(65534)).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let before = office.tree();
        let no_root = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"];
        let answer = office.below(&no_root, &ADD).end(b"").fails(1, "pjsip_templates.conf");
        assert!(answer.stderr.contains("Permission denied"), "{}", answer.stderr);
        assert_eq!(office.tree(), before);
        assert!(Path::new(&file).exists() && !office.has("endpoint", "1002"));
    });
}
