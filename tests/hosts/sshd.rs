//! A real sshd on a loopback port with host keys of its own, and a client's home to reach it from.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sipctl::address::Ssh as Location;
use sipctl::cx::{Cx, Silent};
use sipctl::error::Error;
use sipctl::host::Access;
use sipctl::host::link::{Link, Transport};
use sipctl::host::ssh::Ssh;
use sipctl::host::ssh::config::Machine;
use tempfile::TempDir;

const SERVER: &str = "/usr/sbin/sshd";

/// Whether there is an sshd; without one a test passes, but not where the lab is required.
pub fn here() -> bool {
    let here = Path::new(SERVER).exists();
    here || skip(&format!("no {SERVER}: install openssh-server"))
}

/// Whether the tests may make users.
pub fn root() -> bool {
    here() && (me() == "root" || skip("only root can make a user to log in as"))
}

#[allow(clippy::print_stderr, reason = "what a test left out is worth knowing")]
fn skip(why: &str) -> bool {
    assert!(std::env::var_os("SIPCTL_REQUIRE_LAB").is_none(), "{why}");
    eprintln!("skipped: {why}");
    false
}

/// Runs a program to its end.
pub fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A new key pair at `path`.
pub fn keygen(path: &Path, kind: &str, passphrase: &str, more: &[&str]) {
    let mut args = vec!["-q", "-t", kind, "-N", passphrase, "-C", kind, "-f", path.to_str().unwrap()];
    args.extend(more);
    run("ssh-keygen", &args);
}

/// Makes a file that only its owner reads.
pub fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// A server and a home from which it can be reached.
pub struct Sshd {
    child: Child,
    pub folder: TempDir,
    pub port: u16,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sshd {
    /// A server with the usual settings.
    pub fn start() -> Self {
        Self::with("", &["ed25519", "ecdsa", "rsa"])
    }

    /// A server with these settings before the usual ones, and host keys of these types.
    pub fn with(settings: &str, host_keys: &[&str]) -> Self {
        Self::below(&[], settings, host_keys)
    }

    /// The same; what it runs sees a /var/lib of its own, in which nothing is. That takes root.
    pub fn with_own_state(settings: &str) -> Self {
        let apart = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /var/lib && exec \"$0\" \"$@\""];
        Self::below(&apart, settings, &["ed25519"])
    }

    fn below(within: &[&str], settings: &str, host_keys: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let _ = fs::create_dir("/run/sshd");
        fs::create_dir_all(at("home/.ssh")).unwrap();
        fs::set_permissions(at("home/.ssh"), Permissions::from_mode(0o700)).unwrap();
        let mut config = format!("{settings}\n");
        for kind in host_keys {
            keygen(&at(&format!("host_{kind}")), kind, "", &[]);
            config += &format!("HostKey {}\n", at(&format!("host_{kind}")).display());
        }
        keygen(&at("home/.ssh/id_ed25519"), "ed25519", "", &[]);
        fs::copy(at("home/.ssh/id_ed25519.pub"), at("authorized_keys")).unwrap();
        config += &format!(
            "ListenAddress 127.0.0.1\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
             AuthorizedKeysFile {}\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel VERBOSE\n\
             MaxStartups 100\nUseDNS no\nPrintMotd no\n",
            at("authorized_keys").display()
        );
        fs::write(at("sshd_config"), config).unwrap();
        // ssh takes its home from the list of users: it is told where its files are.
        let ssh = run("sh", &["-c", "command -v ssh"]);
        let wrapper = format!("#!/bin/sh\nexec {ssh} -F {} \"$@\"\n", at("home/.ssh/config").display());
        fs::write(at("ssh"), wrapper).unwrap();
        fs::set_permissions(at("ssh"), Permissions::from_mode(0o755)).unwrap();
        let (child, port) = serve(within, folder.path());
        let out = Self { child, folder, port };
        out.config("");
        out.know(&out.host_key(host_keys[0]));
        out
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the server logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.at("log")).unwrap_or_default()
    }

    /// `TYPE KEY` of one of its host keys.
    pub fn host_key(&self, kind: &str) -> String {
        let text = fs::read_to_string(self.at(&format!("host_{kind}.pub"))).unwrap();
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// Makes this the only key the client knows of the server.
    pub fn know(&self, key: &str) {
        self.known(&format!("[127.0.0.1]:{} {key}\n", self.port));
    }

    /// Sets the client's known_hosts.
    pub fn known(&self, text: &str) {
        fs::write(self.at("home/.ssh/known_hosts"), text).unwrap();
    }

    /// Sets the client's configuration.
    pub fn config(&self, text: &str) {
        let home = self.at("home/.ssh");
        let home = home.display();
        let mut text = format!("{text}\nHost *\nUserKnownHostsFile {home}/known_hosts {home}/more_known\n");
        text += &format!("GlobalKnownHostsFile {home}/global_known\n");
        if !text.contains("IdentityFile") {
            text += &format!("IdentityFile {home}/id_ed25519\n");
        }
        fs::write(self.at("home/.ssh/config"), text).unwrap();
    }

    /// Lets a public key in.
    pub fn authorize(&self, public: &Path) {
        fs::copy(public, self.at("authorized_keys")).unwrap();
    }

    /// The client's PATH: its ssh comes first.
    pub fn path(&self) -> String {
        format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap())
    }

    /// The client's machine.
    pub fn machine(&self) -> Machine {
        Machine { ssh: Some(self.at("ssh")), home: self.at("home"), agent: None, user: Some(me()) }
    }

    /// The server's place.
    pub fn location(&self) -> Location {
        Location { user: Some(me()), host: "127.0.0.1".into(), port: Some(self.port) }
    }

    /// The way to it.
    pub fn transport(&self) -> Ssh {
        self.transport_with(&Access::default())
    }

    pub fn transport_with(&self, access: &Access) -> Ssh {
        Ssh::new(&self.location(), access, self.machine())
    }

    /// The exit code, message and hints of a login that fails.
    pub fn refused(&self, access: &Access) -> String {
        refused(&self.transport_with(access))
    }
}

/// Starts sshd on a port that is free, from the folder's `sshd_config`.
fn serve(within: &[&str], folder: &Path) -> (Child, u16) {
    let words = [within, &[SERVER]].concat();
    for _ in 0..10 {
        let port = free_port();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .arg("-D")
            .arg("-f")
            .arg(folder.join("sshd_config"))
            .arg("-E")
            .arg(folder.join("log"))
            .args(["-p", &port.to_string()])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            // Its own word counts: somebody else may have taken the port meanwhile.
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            if log.contains(&format!("Server listening on 127.0.0.1 port {port}.")) {
                return (child, port);
            }
            if child.try_wait().unwrap().is_some() {
                break;
            }
            assert!(Instant::now() < deadline, "{}", fs::read_to_string(folder.join("log")).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    panic!("sshd does not start: {}", fs::read_to_string(folder.join("log")).unwrap_or_default());
}

/// A loopback port nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The user that runs the tests.
pub fn me() -> String {
    run("id", &["-un"])
}

/// The code, message and hints of a shell that does not start.
pub fn refused(transport: &dyn Transport) -> String {
    refused_by(transport, &cx())
}

/// The same in a context of the test's own.
pub fn refused_by(transport: &dyn Transport, cx: &Cx) -> String {
    match transport.shell(cx) {
        Ok(_) => panic!("{} was let in", transport.name()),
        Err(error) => told(&error),
    }
}

/// An error as a person reads it.
pub fn told(error: &Error) -> String {
    format!("{} {error}\n{}", error.code as u8, error.hints.join("\n"))
}

/// A context for nobody.
pub fn cx() -> Cx<'static> {
    Cx::new(&Silent)
}

/// Sends a script to a shell and collects what it prints until it ends.
pub fn talk(link: &mut dyn Link, script: &str) -> Vec<u8> {
    let (mut out, mut into) = (script.as_bytes().to_vec(), Vec::new());
    let deadline = Instant::now() + Duration::from_secs(60);
    while link.pump(&mut out, &mut into, Duration::from_millis(500)).unwrap() {
        assert!(Instant::now() < deadline, "{:?}", String::from_utf8_lossy(&into));
    }
    into
}

/// Whether a shell comes up and answers.
pub fn answers(transport: &dyn Transport) {
    let mut link = transport.shell(&cx()).map_err(|error| told(&error)).unwrap();
    let said = talk(&mut *link, "echo works; exit\n");
    assert!(String::from_utf8_lossy(&said).ends_with("works\n"), "{said:?} {}", link.complaint());
}
