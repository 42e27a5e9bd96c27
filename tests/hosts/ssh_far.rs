//! Whole commands on a host that is reached over SSH.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sipctl::error::Code;
use sipctl::extension::Edit;
use sipctl::host::far::Far;
use sipctl::host::local::Local;
use sipctl::host::{Command as Program, Content, Host, Want};

use crate::office::{script_at, wait_for};
use crate::program::Running;
use crate::proxy::{Counts, Cut, Proxy};
use crate::ssh_cut::{server, through};
use crate::sshd::{Sshd, cx, here, me};
use crate::standin::{Lab, code, codes, delete, set};

#[test]
fn a_far_host_works_over_both_clients() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let file = server.at("file");
    fs::write(&file, "text").unwrap();
    let access = sipctl::host::Access::default();
    let system = sipctl::host::ssh::System::new(&server.location(), &access, &server.machine()).unwrap();
    for host in [Far::new(Box::new(server.transport())), Far::new(Box::new(system))] {
        let read = host.read(&cx(), &[Want::File(file.clone())]).unwrap();
        let Content::There { bytes, .. } = &read[0][0].content else { panic!("{read:?}") };
        assert_eq!(&bytes[..], b"text");
        let cat = Program { program: "cat".into(), args: vec![], stdin: vec![b'x'; 3_000_000] };
        assert_eq!(host.run(&cx(), &[cat]).unwrap()[0].stdout.len(), 3_000_000);
        let _lock = host.lock(&cx(), server.folder.path()).unwrap();
    }
}

/// The program in the client's home.
fn program(server: &Sshd, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sipctl"));
    command.args(args).env_clear().env("PATH", server.path()).env("HOME", server.at("home"));
    command.env("SIPCTL_STATE", server.at("state"));
    command
}

/// Runs it; its code, what it printed and what it said.
fn sipctl(server: &Sshd, args: &[&str]) -> (i32, String, String) {
    let output = program(server, args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// A server with a copy of the example; its folder, and its pjsip.conf as it was.
fn served() -> Option<(Sshd, PathBuf, Vec<u8>)> {
    here().then(|| {
        let server = Sshd::start();
        let etc = server.at("etc");
        copy(Path::new("examples/asterisk"), &etc);
        let before = fs::read(etc.join("pjsip.conf")).unwrap();
        (server, etc, before)
    })
}

#[test]
fn extensions_are_listed_added_and_removed_over_ssh() {
    let Some((server, etc, before)) = served() else { return };
    let pbx = format!("asterisk+ssh://{}@127.0.0.1:{}{}", me(), server.port, etc.display());
    let far = |args: &[&str]| sipctl(&server, &[&["--pbx", &pbx][..], args].concat());
    let local = format!("asterisk:{}", etc.display());
    let here = |args: &[&str]| sipctl(&server, &[&["--pbx", &local][..], args].concat());
    let (code, list, said) = far(&["ext", "list", "-o", "csv"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(list.replace(&pbx, &local), here(&["ext", "list", "-o", "csv"]).1);
    let (code, _, said) = far(&["ext", "add", "1500", "--offline", "-o", "json", "--passwords", "-"]);
    assert_eq!(code, 0, "{said}");
    assert!(fs::read_to_string(etc.join("pjsip.conf")).unwrap().contains("[1500]"));
    let (code, _, said) = far(&["ext", "rm", "1500", "--offline", "--yes"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(fs::read(etc.join("pjsip.conf")).unwrap(), before);
    if !["/usr/sbin", "/usr/local/sbin", "/sbin"].iter().any(|at| Path::new(at).join("asterisk").exists()) {
        let (code, _, said) = far(&["ext", "add", "1500"]);
        assert!(code == 7 && said.contains("cannot run asterisk") && said.contains("--offline"), "{code} {said}");
    }
    if me() == "root" {
        let nobody = pbx.replace("root@", "nobody@");
        let (code, _, said) = sipctl(&server, &["--pbx", &nobody, "ext", "list"]);
        assert!(code == 7 && said.contains("This account is currently not available"), "{code} {said}");
    }
    server.known("");
    let (code, _, said) = far(&["ext", "list"]);
    assert!(code == 7 && said.contains("--accept-new-host-key"), "{code} {said}");
    // The machine's ssh is asked the same way, once the inventory says so.
    let inventory = server.at("sipctl.ini");
    fs::write(&inventory, format!("[pbx old]\naddress = {pbx}\nssh-client = system\n")).unwrap();
    let old = |args: &[&str]| sipctl(&server, &[&["--config", inventory.to_str().unwrap()][..], args].concat());
    let (code, _, said) = old(&["ext", "list"]);
    assert!(code == 7 && said.contains("Host key verification failed"), "{code} {said}");
    let (code, _, said) = far(&["--accept-new-host-key", "ext", "list"]);
    assert_eq!(code, 0, "{said}");
    let (code, names, said) = old(&["ext", "list", "-o", "name"]);
    assert!(code == 0 && names.starts_with("1000\n"), "{code} {names} {said}");
}

#[test]
fn of_two_machines_with_a_pbx_of_one_name_each_has_its_own_past() {
    let Some((server, etc, before)) = served() else { return };
    let on = |machine: &str, args: &[&str]| {
        let inventory = server.at(machine);
        let address = format!("asterisk+ssh://{}@{machine}:{}{}", me(), server.port, etc.display());
        fs::write(&inventory, format!("[pbx office]\naddress = {address}\n")).unwrap();
        let config = ["--config", inventory.to_str().unwrap(), "--accept-new-host-key"];
        sipctl(&server, &[&config[..], args].concat())
    };
    let (code, _, said) = on("127.0.0.1", &["ext", "add", "1500", "--offline"]);
    assert_eq!(code, 0, "{said}");
    let (code, _, said) = on("localhost", &["undo", "--yes", "--offline"]);
    assert!(code == 3 && said.contains("there is no change to take back"), "{code} {said}");
    let (code, _, said) = on("localhost", &["history"]);
    assert!(code == 0 && said.contains(&format!("on 127.0.0.1:{}", server.port)), "{code} {said}");
    let (code, _, said) = on("127.0.0.1", &["undo", "--yes", "--offline"]);
    assert_eq!((code, fs::read(etc.join("pjsip.conf")).unwrap()), (0, before), "{said}");
}

/// A replaced file, one written in place, a new one and one that goes.
fn many() -> Vec<Edit> {
    vec![set("1001", "a longer text"), set("9001", "new"), set("9003", "new"), delete("9002")]
}

/// A PBX behind the proxy.
fn prepared(server: &Sshd, proxy: &Proxy) -> Lab {
    let mut lab = Lab::new();
    fs::write(lab.folder().join("9002.conf"), "9002=old\n").unwrap();
    fs::hard_link(lab.folder().join("9001.conf"), lab.root.join("twin")).unwrap();
    lab.engine.start(&lab.folder());
    lab.host = Box::new(Far::new(Box::new(through(proxy, server))));
    lab
}

/// Makes the change with the link cut, then another one over a link that holds. Whether the first
/// one is there in the end.
fn cut(server: &Sshd, proxy: &Proxy, cut: Cut, silent: bool, states: &[BTreeMap<String, String>; 2]) -> bool {
    proxy.cut(Cut::Never, false);
    let mut lab = prepared(server, proxy);
    proxy.cut(cut, silent);
    let outcome = lab.change(many());
    let at = format!("{cut:?}");
    // After the commit point the change is done, whatever becomes of its cleanup.
    assert!([0, 7, 8].contains(&code(&outcome)), "{at}: {:?}", outcome.error);
    lab.host = Box::new(Far::new(Box::new(server.transport())));
    let next = lab.change(vec![set("5000", "next")]);
    assert_eq!(code(&next), 0, "{at}: {:?}", next.error);
    assert!(!codes(&next).contains("drift"), "{at}: {:?}", next.warnings);
    let mut tree = lab.tree();
    let main = tree.get_mut("main.conf").unwrap();
    *main = main.strip_suffix("5000=next\n").unwrap_or_else(|| panic!("{at}: {main}")).to_owned();
    assert!(states.contains(&tree), "{at}: {tree:?}");
    assert_eq!(fs::read_to_string(lab.root.join("twin")).unwrap(), tree["9001.conf"], "{at}");
    assert!(code(&outcome) != 0 || tree == states[1], "{at}");
    tree == states[1]
}

/// The state before and after, and what passes meanwhile.
fn whole(server: &Sshd, proxy: &Proxy) -> ([BTreeMap<String, String>; 2], Counts) {
    let lab = prepared(server, proxy);
    let old = lab.tree();
    let outcome = lab.change(many());
    assert_eq!(code(&outcome), 0, "{:?}", outcome.error);
    ([old, lab.tree()], proxy.counts())
}

#[test]
fn cut_at_every_packet_it_is_old_or_new_and_the_next_run_puts_it_right() {
    if !here() {
        return;
    }
    let server = server();
    let proxy = Proxy::to(server.port, Duration::ZERO);
    let (states, _) = whole(&server, &proxy);
    let mut old = 0;
    // How many packets a change takes is another number each time: the sweep is over where nothing
    // was left to cut.
    for at in 0.. {
        let new = cut(&server, &proxy, Cut::Packets(at), false, &states);
        if !proxy.has_cut() {
            assert!(new, "nothing was cut within {at} packets");
            break;
        }
        old += usize::from(!new);
    }
    assert!(old > 20, "{old}");
}

#[test]
fn cut_at_any_byte_it_is_old_or_new_and_the_next_run_puts_it_right() {
    if !here() {
        return;
    }
    let server = server();
    let proxy = Proxy::to(server.port, Duration::ZERO);
    let (states, counts) = whole(&server, &proxy);
    let (mut at, mut new) = (20_250_101usize, 0);
    for _ in 0..100 {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        new += usize::from(cut(&server, &proxy, Cut::Bytes((at >> 33) % counts.bytes), false, &states));
    }
    assert!(new < 100, "{new}");
}

#[test]
fn a_link_that_falls_silent_leaves_no_lock_for_long() {
    if !here() {
        return;
    }
    let server = server();
    let proxy = Proxy::to(server.port, Duration::ZERO);
    let (states, counts) = whole(&server, &proxy);
    // The next run waits for the lock for 30 s at most.
    cut(&server, &proxy, Cut::Packets(counts.packets * 2 / 3), true, &states);
}

#[test]
fn what_is_given_up_there_ends_with_its_lock() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let far = Far::new(Box::new(server.transport()));
    let mut cx = cx();
    let held = far.lock(&cx, server.folder.path()).unwrap();
    cx.timeouts.question = Duration::from_secs(2);
    let endless = Program { program: "sleep".into(), args: vec!["300".into()], stdin: Vec::new() };
    assert_eq!(far.run(&cx, &[endless]).unwrap_err().code, Code::Unreachable);
    // The connection is still there, and nobody says that the lock is not wanted any more.
    std::mem::forget(held);
    cx.timeouts.wait = Duration::from_secs(20);
    Local.lock(&cx, server.folder.path()).map(drop).unwrap();
}

#[test]
fn a_second_interrupt_leaves_a_host_that_hangs_and_says_what_is_not_known() {
    if !here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (stuck, started) = (folder.path().join("sync"), folder.path().join("started"));
    let script = format!(
        "#!/bin/sh\n[ \"$1\" != -- ] || {{ : >{}; exec sleep 600; }}\nexec /bin/sync \"$@\"\n",
        started.display()
    );
    script_at(&stuck, &script);
    let server = Sshd::with(&format!("SetEnv PATH={}:/usr/bin:/bin", folder.path().display()), &["ed25519"]);
    let etc = server.at("etc");
    copy(Path::new("examples/asterisk"), &etc);
    let before = fs::read(etc.join("pjsip.conf")).unwrap();
    let pbx = format!("asterisk+ssh://{}@127.0.0.1:{}{}", me(), server.port, etc.display());
    let add = ["--pbx", &pbx, "ext", "add", "1500", "--offline", "-o", "json"];
    let mut run = Running::start(program(&server, &add));
    wait_for("the disk that hangs", || started.exists());
    // The first one waits for the host; each of the next ones is the second.
    wait_for("its end", || {
        kill_process(Pid::from_child(&run.0), Signal::INT).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        run.0.try_wait().unwrap().is_some()
    });
    let answer = run.end(b"").fails(8, "left at the second interrupt").fails(8, "sipctl recover");
    let document = answer.json();
    assert_eq!(document["results"][0]["changed"], true, "what is not known is not reported as not done: {document}");
    assert_eq!(fs::read(etc.join("pjsip.conf")).unwrap(), before);
    fs::remove_file(stuck).unwrap();
    let (code, _, said) = sipctl(&server, &add);
    assert_eq!(code, 0, "{said}");
    assert!(!etc.join(".sipctl").exists());
}

#[test]
fn a_folder_that_is_named_in_two_ways_is_worked_on_once_or_said() {
    let Some((server, etc, before)) = served() else { return };
    let far = format!("asterisk+ssh://{}@127.0.0.1:{}{}", me(), server.port, etc.display());
    let local = format!("asterisk:{}", etc.display());
    let add = ["--pbx", &local, "--pbx", &far, "ext", "add", "1500", "--offline"];
    let (code, _, said) = sipctl(&server, &[&add[..], &["--atomic", "--wait", "1s"]].concat());
    assert!(code == 10 && said.contains(&format!("perhaps {far} is the same folder")), "{code} {said}");
    assert_eq!(fs::read(etc.join("pjsip.conf")).unwrap(), before);
    let (code, _, said) = sipctl(&server, &add);
    assert!(code == 9 && said.contains("1500 exists already"), "{code} {said}");
    assert_eq!(fs::read_to_string(etc.join("pjsip.conf")).unwrap().matches("\n[1500-auth]").count(), 1);
}
