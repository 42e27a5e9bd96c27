//! A fleet of every kind in one run: an Asterisk here, one by SSH and sudo, one in a container, and
//! a FreeSWITCH by SSH.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::containers::{Container, booted, podman};
use crate::engine::{Lab, Release};
use crate::files::tree;
use crate::freeswitch::FreeSwitch;
use crate::office::{Gate, Office, example};
use crate::program::{Answer, Program, Running};
use crate::proxy::{Cut, Proxy};
use crate::ssh_cut::server_with;
use crate::sshd::{self, Sshd, me, run};
use crate::sudoers::Users;

const NAMES: [&str; 4] = ["here", "sudo", "box", "fs"];

/// The fleet; what is left of it goes when dropped.
pub struct Fleet {
    local: Office,
    /// Reached as one user, worked on as another, whose it is.
    pub far: Office,
    pub container: Container,
    pub freeswitch: FreeSwitch,
    pub proxy: Proxy,
    pub program: Program,
    _server: Sshd,
    _users: Users,
    /// What enters the engine's root folder for the other user.
    _enter: TempDir,
}

/// An example with what the engine boots quickly with, which waits in its reload when told to.
fn configuration() -> TempDir {
    let config = example();
    let lab = crate::engine::base();
    for name in ["modules.conf", "logger.conf"] {
        std::fs::copy(lab.path().join(name), config.path().join(name)).unwrap();
    }
    Gate::build(config.path());
    config
}

impl Fleet {
    /// None where one of them is not to be had.
    pub fn start(tag: &str) -> Option<Self> {
        let release = Lab::engines().into_iter().next()?;
        let root = crate::containers::root()?;
        if !sshd::root() {
            return None;
        }
        let enter = crate::engine::folder();
        let at = enter.path().display();
        let rule = format!(
            "Defaults:LOGIN secure_path={at}:/usr/sbin:/usr/bin:/sbin:/bin\n\
             LOGIN ALL=(OTHER) NOPASSWD: /bin/sh\nOTHER ALL=(root) NOPASSWD: {at}/lab\n"
        );
        let users = Users::new(tag, &rule)?;
        Some(Self::with(&release, &root, users, enter))
    }

    fn with(release: &Release, root: &Path, users: Users, enter: TempDir) -> Self {
        // A locked login is refused by sshd.
        run("usermod", &["-p", "*", "-s", "/bin/sh", &users.login]);
        let id = run("id", &["-u", &users.other]).parse().unwrap();
        let local = Office::start(release, configuration());
        let far = Office::start_as(release, configuration(), Some(id));
        let container = Container::start(root, &["asterisk", "-f", "-C", "/etc/pbx/asterisk.conf"]);
        booted(&container);
        let freeswitch = FreeSwitch::start();

        // The engine's program for that user: it takes root to enter the engine's root folder.
        std::fs::set_permissions(enter.path(), Permissions::from_mode(0o755)).unwrap();
        let real = far.asterisk.borrow().bin().join("asterisk");
        std::fs::copy(&real, enter.path().join("lab")).unwrap();
        let script = format!("#!/bin/sh\nexec sudo -n {}/lab \"$@\"\n", enter.path().display());
        crate::office::script_at(&enter.path().join("asterisk"), &script);

        let bin = freeswitch.conf().parent().unwrap().join("bin");
        let server = server_with(&format!("SetEnv PATH={}:/usr/sbin:/usr/bin:/sbin:/bin", bin.display()));
        for name in ["", "authorized_keys"] {
            std::fs::set_permissions(server.at(name), Permissions::from_mode(0o755)).unwrap();
        }
        let proxy = Proxy::to(server.port, Duration::ZERO);
        let inventory = format!(
            "[defaults]\ngroups = lab\ntimeout-connect = 60s\ntimeout-question = 60s\n\n[pbx here]\naddress = asterisk:{}\n\n\
             [pbx sudo]\naddress = asterisk+ssh://{}@127.0.0.1:{}{}\nsudo = {}\n\n\
             [pbx box]\naddress = {}\n\n[pbx fs]\naddress = freeswitch+ssh://{}@127.0.0.1:{}{}\n",
            local.folder().display(),
            users.login,
            proxy.port,
            far.folder().display(),
            users.other,
            container.address("/etc/pbx"),
            me(),
            server.port,
            freeswitch.conf().display(),
        );
        let program = Program::with_inventory(&inventory);
        let state = program.home().join("state").display().to_string();
        let path = format!(
            "{}:{}:/usr/sbin:/usr/bin:/sbin:/bin",
            server.folder.path().display(),
            local.asterisk.borrow().bin().display()
        );
        let program = program.env("SIPCTL_STATE", &state).env("PATH", &path);
        Self { local, far, container, freeswitch, proxy, program, _server: server, _users: users, _enter: enter }
    }

    pub fn run(&self, args: &[&str]) -> Answer {
        self.program.run(args)
    }

    pub fn trees(&self) -> [BTreeMap<PathBuf, Vec<u8>>; 4] {
        [self.local.folder(), self.far.folder(), self.container.config.path(), &self.freeswitch.conf()].map(tree)
    }

    /// Which of them hold an extension that runs, asked past sipctl.
    pub fn live(&self, number: &str) -> [bool; 4] {
        let show = format!("pjsip show endpoint {number}");
        let asterisk = ["exec", &self.container.name, "asterisk", "-C", "/etc/pbx/asterisk.conf", "-rx", &show];
        let said = String::from_utf8(podman(&asterisk).stdout).unwrap();
        [
            self.local.has("endpoint", number),
            self.far.has("endpoint", number),
            said.contains("Endpoint:") && !said.contains("Unable to find object"),
            self.freeswitch.ask(&format!("user_exists id {number} pbx.example.org")) == "true",
        ]
    }
}

/// A value of each result.
pub fn each(document: &Value, pointer: &str) -> Vec<Value> {
    let results = document["results"].as_array().unwrap().iter();
    results.map(|result| result.pointer(pointer).cloned().unwrap_or_default()).collect()
}

#[test]
fn every_kind_of_host_and_engine_in_one_run() {
    let Some(fleet) = Fleet::start("f") else { return };
    let before = fleet.trees();
    let document = fleet.run(&["--all", "ext", "add", "1500", "-o", "json", "--passwords", "-"]).fails(0, "").json();
    assert_eq!(each(&document, "/pbx"), NAMES, "{document:#}");
    assert_eq!(each(&document, "/proof/status"), ["proved"; 4], "{document:#}");
    let passwords = each(&document, "/passwords/1500");
    assert!(passwords.iter().all(|password| password.as_str().is_some_and(|p| p.len() == 24)), "{document:#}");
    assert!((1..4).all(|n| !passwords[..n].contains(&passwords[n])), "each has its own");
    assert_eq!(document["errors"].as_array().map_or(0, Vec::len), 0, "{document:#}");
    assert_eq!(fleet.live("1500"), [true; 4]);

    let list = fleet.run(&["--group", "lab", "ext", "list", "-o", "csv"]).fails(0, "").stdout;
    let with: Vec<&str> = list.lines().filter(|l| l.contains(",1500,")).map(|l| l.split(',').next().unwrap()).collect();
    assert_eq!(with, NAMES, "{list}");
    let table = fleet.run(&["--group", "lab", "ext", "list"]).fails(0, "").stdout;
    assert!(NAMES.iter().all(|name| table.contains(name)), "{table}");

    let document = fleet.run(&["--all", "ext", "rm", "1500", "--yes", "-o", "json"]).fails(0, "").json();
    assert_eq!(each(&document, "/proof/status"), ["proved"; 4], "{document:#}");
    assert_eq!(fleet.live("1500"), [false; 4]);
    assert_eq!(fleet.trees(), before);
}

#[test]
fn one_that_loses_its_link_midway_is_told_from_the_others_and_recovers() {
    let Some(fleet) = Fleet::start("p") else { return };
    let before = fleet.trees();
    // Its files are switched, its reload is under way.
    let gate = Gate::close(&fleet.far);
    let run = Running::start(fleet.program.command(&["--all", "ext", "add", "1500", "-o", "json"]));
    gate.wait();
    fleet.proxy.cut(Cut::Packets(0), false);
    let answer = run.end(b"").fails(9, "sudo");
    gate.open();
    let document = answer.json();
    assert_eq!(each(&document, "/exit"), [0, 7, 0, 0], "{document:#}");
    assert_eq!(each(&document, "/proof/status")[0], "proved", "{document:#}");
    let errors = document["errors"].as_array().unwrap();
    assert_eq!((errors.len(), &errors[0]["pbx"]), (1, &Value::from("sudo")), "{document:#}");
    let told = format!("{}\n{}", errors[0]["message"], errors[0]["hint"]);
    for part in ["closed the connection", "the old files could not be put back", "sipctl reload --pbx sudo"] {
        assert!(told.contains(part), "{part:?} is not in: {told}");
    }
    assert!(fleet.far.text("pjsip.conf").contains("1500"));

    // The next run there finds what is open, and takes it back before its own change.
    fleet.proxy.cut(Cut::Never, false);
    let again = fleet.run(&["--pbx", "sudo", "ext", "add", "1500", "--wait", "60s"]).fails(0, "has been taken back");
    assert!(again.stdout.contains("proved"), "{}", again.stdout);
    assert_eq!(fleet.live("1500"), [true; 4]);
    fleet.run(&["--all", "ext", "rm", "1500", "--yes"]).fails(0, "");
    assert_eq!(fleet.live("1500"), [false; 4]);
    assert_eq!(fleet.trees(), before);
}

#[test]
fn a_freeswitch_over_ssh_is_asked_through_its_socket_or_its_program() {
    if !sshd::here() {
        return;
    }
    let engine = FreeSwitch::start();
    let before = tree(&engine.conf());
    let bin = engine.conf().parent().unwrap().join("bin");
    for (forwards, said) in [("yes", "Event Socket"), ("no", "fs_cli")] {
        let path = format!("SetEnv PATH={}:/usr/bin:/bin\nAllowTcpForwarding {forwards}", bin.display());
        let server = Sshd::with(&path, &["ed25519"]);
        let address = format!("freeswitch+ssh://{}@127.0.0.1:{}{}", me(), server.port, engine.conf().display());
        let program = Program::with_inventory(&format!("[pbx fs]\naddress = {address}\n"));
        let path = format!("{}:/usr/bin:/bin", server.folder.path().display());
        let state = program.home().join("state").display().to_string();
        let program = program.env("PATH", &path).env("SIPCTL_STATE", &state);
        let checked = program.run(&["pbx", "check", "fs"]).fails(0, "").stdout;
        assert!(checked.contains(said), "{forwards}: {checked}");
        for change in [&["ext", "add", "1500"][..], &["ext", "rm", "1500", "--yes"]] {
            let document = program.run(&[change, &["-o", "json"]].concat()).fails(0, "").json();
            assert_eq!(each(&document, "/proof/status"), ["proved"], "{forwards}: {document:#}");
        }
        assert_eq!(tree(&engine.conf()), before);
    }
}
