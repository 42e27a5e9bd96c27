//! Real containers, run by podman on the root folder of the lab's Asterisk.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use sipctl::address::{Address, Kind, Location, Runtime};
use sipctl::cx::{Cx, Silent};
use sipctl::error::Code;
use sipctl::host::{Access, Content, Want, open};

use crate::files::{copy, tree};
use crate::program::Program;
use crate::shells::missing;

/// A container with an Asterisk in it; it goes when dropped.
pub struct Container {
    pub name: String,
    pub config: tempfile::TempDir,
}

/// Runs podman.
pub fn podman(args: &[&str]) -> Output {
    Command::new("podman").args(["--runtime", "runc"]).args(args).output().unwrap()
}

/// The root folder of an engine, and podman; none, said on standard error, where one is missing.
pub fn root() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
    let root = cache.join("sipctl-lab/asterisk-22");
    let why = match () {
        () if !root.join("usr/sbin/asterisk").exists() => "no engine; run tests/lab/prepare as root",
        () if !rustix::process::geteuid().is_root() => "containers of the lab need root",
        () if Command::new("podman").arg("--version").output().is_err() => "no podman",
        () if Command::new("runc").arg("--version").output().is_err() => "no runc",
        () => return Some(root),
    };
    missing(why);
    None
}

impl Container {
    /// Runs a command in a new container; /etc/pbx in it is a volume with the example.
    pub fn start(root: &Path, command: &[&str]) -> Self {
        let config = tempfile::tempdir().unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&examples.join("examples/asterisk"), config.path());
        for name in ["modules.conf", "logger.conf"] {
            std::fs::copy(examples.join("tests/lab/base").join(name), config.path().join(name)).unwrap();
        }
        let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let pjsip = config.path().join("pjsip.conf");
        let text = std::fs::read_to_string(&pjsip).unwrap().replace("0.0.0.0:5060", &format!("127.0.0.1:{port}"));
        std::fs::write(&pjsip, text).unwrap();
        let conf = "[directories]\nastetcdir => /etc/pbx\n\n[options]\nsystemname = lab\n";
        std::fs::write(config.path().join("asterisk.conf"), conf).unwrap();

        let name = format!("sipctl-lab-{}-{port}", std::process::id());
        let volume = format!("{}:/etc/pbx", config.path().display());
        // What the lab's own machine needs: it may be a container itself.
        let flags = ["--cgroups=no-conmon", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--network=host"];
        let layered = format!("{}:O", root.display());
        let run = ["run", "-d", "--stop-timeout=1", "--name", &name, "-v", &volume];
        let output = podman(&[&run[..], &flags, &["--rootfs", &layered], command].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { name, config }
    }

    pub fn address(&self, path: &str) -> String {
        format!("asterisk+podman://{}{path}", self.name)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        podman(&["rm", "-f", "-t", "0", &self.name]);
    }
}

/// Waits until the engine in it answers.
pub fn booted(container: &Container) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let asked =
            ["exec", &container.name, "asterisk", "-C", "/etc/pbx/asterisk.conf", "-rx", "core waitfullybooted"];
        let output = podman(&asked);
        if output.status.success() && output.stdout.starts_with(b"Asterisk has fully booted") {
            return;
        }
        assert!(Instant::now() < until, "{output:?} {:?}", podman(&["logs", &container.name]));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn an_extension_is_added_reloaded_proved_and_removed_in_a_container() {
    let Some(root) = root() else { return };
    let container = Container::start(&root, &["asterisk", "-f", "-C", "/etc/pbx/asterisk.conf"]);
    booted(&container);
    let program = Program::new().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let address = container.address("/etc/pbx");
    let before = tree(container.config.path());
    let run = |args: &[&str]| {
        let answer = program.run(&[args, &["--pbx", &address, "-o", "json"]].concat()).fails(0, "");
        answer.json()["results"][0].clone()
    };
    let added = run(&["ext", "add", "1050", "--passwords", "-"]);
    assert_eq!(added["proof"]["status"], "proved", "{added:#}");
    assert_eq!(added["warnings"].as_array().map_or(0, Vec::len), 0, "{added:#}");
    let shown = run(&["ext", "show", "1050"]);
    assert_eq!(shown["extensions"][0]["number"], "1050", "{shown:#}");
    let removed = run(&["ext", "rm", "1050", "--yes"]);
    assert_eq!(removed["proof"]["status"], "proved", "{removed:#}");
    assert_eq!(tree(container.config.path()), before);
}

#[test]
fn what_is_on_no_volume_is_said_to_go_with_the_container() {
    let Some(root) = root() else { return };
    let container = Container::start(&root, &["sleep", "600"]);
    podman(&["exec", &container.name, "cp", "-r", "/etc/pbx", "/srv/pbx"]);
    let program = Program::new().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    for (path, said) in [("/srv/pbx", true), ("/etc/pbx", false)] {
        let address = container.address(path);
        let answer = program.run(&["ext", "add", "1050", "--offline", "--pbx", &address]).fails(0, "");
        assert_eq!(answer.stderr.contains("on no volume"), said, "{path}: {}", answer.stderr);
    }
}

#[test]
fn a_container_that_cannot_be_entered_is_7_with_the_remedy() {
    let Some(root) = root() else { return };
    let container = Container::start(&root, &["sleep", "600"]);
    let program = Program::with_inventory("").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let list = |address: &str| program.run(&["ext", "list", "--pbx", address]);
    list("asterisk+podman://sipctl-none").fails(7, "no container sipctl-none").fails(7, "podman ps -a");
    podman(&["kill", &container.name]);
    list(&container.address("")).fails(7, "is not running").fails(7, &format!("podman start {}", container.name));
    let bare = Program::new().env("PATH", "/nowhere");
    bare.run(&["ext", "list", "--pbx", &container.address("")]).fails(7, "has no podman");
}

#[test]
fn what_is_asked_of_docker_is_what_podman_knows_as_well() {
    let Some(root) = root() else { return };
    let container = Container::start(&root, &["sleep", "600"]);
    // No docker, but the program that takes its command lines: enough to see that they are right.
    let bin = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/usr/bin/podman", bin.path().join("docker")).unwrap();
    let program = Program::new().env("PATH", &format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", bin.path().display()));
    let address = container.address("/etc/pbx").replace("+podman", "+docker");
    let before = tree(container.config.path());
    program.run(&["ext", "add", "1050", "--offline", "--pbx", &address]).fails(0, "");
    let list = program.run(&["ext", "list", "-o", "name", "--pbx", &address]).fails(0, "").stdout;
    assert!(list.contains("1050\n"), "{list}");
    program.run(&["ext", "rm", "1050", "--offline", "--yes", "--pbx", &address]).fails(0, "");
    assert_eq!(tree(container.config.path()), before);
    let gone = address.replace(&container.name, "sipctl-none");
    program.run(&["ext", "list", "--pbx", &gone]).fails(7, "docker ps -a");
}

#[test]
fn a_container_that_was_restarted_is_entered_again() {
    let Some(root) = root() else { return };
    let container = Container::start(&root, &["sleep", "600"]);
    let location = Location::Container { runtime: Runtime::Podman, name: container.name.clone(), on: None };
    let address = Address { kind: Kind::Asterisk, location, folder: "/etc/pbx".into(), sudo: None };
    let host = open(&address, &Access::default()).unwrap();
    let cx = Cx::new(&Silent);
    let read = || host.read(&cx, &[Want::File("/etc/pbx/pjsip.conf".into())]).map(|found| found[0][0].content.clone());
    assert!(matches!(read().unwrap(), Content::There { .. }));
    let guard = host.lock(&cx, Path::new("/etc/pbx")).unwrap();
    podman(&["kill", &container.name]);
    podman(&["start", &container.name]);
    // With the lock gone it must be said once.
    assert_eq!(read().unwrap_err().code, Code::Unreachable);
    assert!(matches!(read().unwrap(), Content::There { .. }));
    drop(guard);
    podman(&["kill", &container.name]);
    podman(&["start", &container.name]);
    assert!(matches!(read().unwrap(), Content::There { .. }));
}
