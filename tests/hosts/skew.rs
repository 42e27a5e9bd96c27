//! Hosts whose clock is hours off: what is older than what is told by their own.

use std::fs::File;
use std::time::{Duration, SystemTime};

use crate::engine::Lab;
use crate::files::tree;
use crate::office::{Office, codes, example, script_at};
use crate::program::Program;
use crate::ssh_cut::server_with;
use crate::sshd::{here, me};

/// The time there.
fn there(hours: i64) -> SystemTime {
    let apart = Duration::from_secs(hours.unsigned_abs() * 3600);
    if hours < 0 { SystemTime::now() - apart } else { SystemTime::now() + apart }
}

fn stamp(office: &Office, name: &str, time: SystemTime) {
    File::options().append(true).open(office.folder().join(name)).unwrap().set_modified(time).unwrap();
}

#[test]
fn a_clock_that_is_hours_off_is_the_one_that_counts_there() {
    let Some(release) = Lab::engines().into_iter().next().filter(|_| here()) else { return };
    let bin = tempfile::tempdir().unwrap();
    for hours in [-5, 5] {
        let office = Office::start(&release, example());
        script_at(&bin.path().join("date"), &format!("#!/bin/sh\nexec /bin/date -d '{hours:+} hours' \"$@\"\n"));
        let path = format!("{}:{}", bin.path().display(), office.asterisk.borrow().bin().display());
        let server = server_with(&format!("SetEnv PATH={path}:/usr/sbin:/usr/bin:/sbin:/bin"));
        let address = format!("asterisk+ssh://{}@127.0.0.1:{}{}", me(), server.port, office.folder().display());
        let program = Program::with_inventory(&format!("[pbx far]\naddress = {address}\n"));
        let state = program.home().join("state").display().to_string();
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", server.folder.path().display());
        let program = program.env("SIPCTL_STATE", &state).env("PATH", &path);
        // What is written there has the time of this machine: it gets the one it would have.
        let done = |args: &[&str], last: SystemTime| {
            for name in tree(office.folder()).into_keys() {
                stamp(&office, name.to_str().unwrap(), there(hours) - Duration::from_secs(3600));
            }
            stamp(&office, "pjsip.conf", last);
            program.run(&[args, &["-o", "json"]].concat()).fails(0, "").json()["results"][0].clone()
        };
        let (before, after) = (there(hours) - Duration::from_secs(3600), there(hours) + Duration::from_secs(3600));
        let added = done(&["ext", "add", "1700", "--confirm", "10m"], before);
        assert!(!codes(&added).contains(&"pending-edits"), "{hours}: {added:#}");
        // Who has ten minutes reads them from his own clock.
        let until = humantime::parse_rfc3339(added["confirm_until"].as_str().unwrap()).unwrap();
        let left = until.duration_since(SystemTime::now()).unwrap();
        assert!(left < Duration::from_secs(3600), "{hours}: {left:?}");
        done(&["confirm"], before);
        let set = done(&["ext", "set", "1700", "--name", "Door"], after);
        assert!(codes(&set).contains(&"pending-edits"), "{hours}: {set:#}");
        // Made within the last minutes, whatever it is there by now.
        let history = program.run(&["history", "-o", "json"]).fails(0, "").json();
        let undone = done(&["undo", "--since", "30m", "--yes", "--with-secrets", "--dry-run"], before);
        assert_eq!(undone["files"][0]["added"], 0, "{hours}: {undone:#} {history:#}");
        assert!(undone["files"][0]["removed"].as_u64() > Some(10), "{hours}: {undone:#} {history:#}");
    }
}
