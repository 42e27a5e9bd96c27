//! Changes that wait to be confirmed on hosts of every kind: in time, not in time, and with nobody left
//! who could say so.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sipctl::error::Code;

use crate::files::tree;
use crate::fleet::{Fleet, each};
use crate::office::{Gate, wait_for};
use crate::program::Running;
use crate::proxy::Cut;
use crate::shells::{self, bare};
use crate::standin::{Lab, set};

/// Over SSH and sudo, in a container, over SSH.
const FAR: [&str; 6] = ["--pbx", "sudo", "--pbx", "box", "--pbx", "fs"];

impl Fleet {
    fn far(&self, args: &[&str]) -> Vec<String> {
        FAR.iter().chain(args).map(|arg| (*arg).to_owned()).collect()
    }

    fn on_far(&self, args: &[&str], code: i32) -> Value {
        let args = self.far(&[args, &["-o", "json"]].concat());
        self.run(&args.iter().map(String::as_str).collect::<Vec<_>>()).fails(code, "").json()
    }
}

/// Whether nothing of a change lies about in a folder, and no script for it, as the host sees it, runs.
fn is_settled(folder: &Path, there: &Path) -> bool {
    let script = there.join(".sipctl/watchdog-").display().to_string();
    let mut processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let runs = processes
        .any(|at| std::fs::read(at.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(&script)));
    !runs && !folder.join(".sipctl").exists()
}

/// Waits until all is over everywhere.
#[track_caller]
fn settle(fleet: &Fleet) {
    let conf = fleet.freeswitch.conf();
    let far = fleet.far.folder();
    for (folder, there) in [(far, far), (fleet.container.config.path(), Path::new("/etc/pbx")), (&conf, &conf)] {
        wait_for("the script's end", || is_settled(folder, there));
    }
}

#[test]
fn it_is_kept_where_it_is_confirmed_in_time_and_goes_back_by_itself_elsewhere() {
    let Some(fleet) = Fleet::start("c") else { return };
    let before = fleet.trees();
    let document = fleet.on_far(&["ext", "add", "1500", "--confirm", "10m"], 0);
    assert_eq!(each(&document, "/proof/status"), ["proved"; 3], "{document:#}");
    assert!(each(&document, "/confirm_until").iter().all(Value::is_string), "{document:#}");
    assert_eq!(fleet.live("1500"), [false, true, true, true]);
    let other = fleet.on_far(&["ext", "add", "1501"], 10);
    assert!(other["errors"][0]["message"].as_str().unwrap().contains("waits here to be confirmed"), "{other:#}");
    let kept = fleet.on_far(&["confirm"], 0);
    assert!(each(&kept, "/id").iter().all(Value::is_string), "{kept:#}");
    settle(&fleet);
    assert_eq!(fleet.live("1500"), [false, true, true, true]);
    fleet.on_far(&["confirm"], 3);
    fleet.on_far(&["ext", "rm", "1500", "--yes"], 0);
    assert_eq!(fleet.trees(), before);

    fleet.on_far(&["ext", "add", "1500", "--confirm", "3s"], 0);
    settle(&fleet);
    assert_eq!(fleet.trees(), before);
    assert_eq!(fleet.live("1500"), [false; 4]);
}

#[test]
fn with_sipctl_killed_or_its_link_cut_it_goes_back_at_once() {
    let Some(fleet) = Fleet::start("k") else { return };
    let before = tree(fleet.far.folder());
    for killed in [true, false] {
        let gate = Gate::close(&fleet.far);
        let add = ["--pbx", "sudo", "ext", "add", "1500", "--confirm", "10m"];
        let mut run = Running::start(fleet.program.command(&add));
        gate.wait();
        assert!(fleet.far.text("pjsip.conf").contains("1500"));
        if killed {
            run.0.kill().unwrap();
            run.0.wait().unwrap();
        } else {
            fleet.proxy.cut(Cut::Packets(0), false);
            run.end(b"").fails(7, "sipctl reload --pbx sudo");
            fleet.proxy.cut(Cut::Never, false);
        }
        gate.open();
        wait_for("the old files", || is_settled(fleet.far.folder(), fleet.far.folder()));
        assert_eq!(tree(fleet.far.folder()), before, "{killed}");
        wait_for("the engine", || !fleet.far.has("endpoint", "1500"));
    }
}

#[test]
fn a_host_where_nothing_can_stay_is_refused_before_anything_is_written() {
    // This busybox has no flock.
    let Some(shell) = bare(&[]) else { return };
    let mut lab = Lab::new();
    lab.engine.start(&lab.folder());
    let before = lab.tree();
    lab.host = Box::new(shells::far(&shell));
    lab.options.confirm = Some(Duration::from_secs(60));
    let error = lab.change(vec![set("1001", "new")]).error.unwrap();
    assert!(error.code == Code::Usage && error.message.contains("lacks flock"), "{error:?}");
    assert_eq!(lab.tree(), before);
}
