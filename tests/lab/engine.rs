//! Real engines, one daemon a test: started, stopped, hung and killed at will.

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sipctl::cx::{Cx, Silent};
use sipctl::engine::{Console, Expect, Proof, Reload, Reloaded, Verdict};
use sipctl::host::{Host, Socket};
use sipctl::secret::Secret;
use sipctl::wire::control_socket::ControlSocket;
use tempfile::TempDir;

use crate::host::LabHost;

/// An engine that can be started.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its major version.
    pub major: u32,
    /// The root folder it lives in; none for this machine's own.
    pub root: Option<PathBuf>,
}

/// What engines there are.
pub struct Lab;

impl Lab {
    /// The engines of the lab; none, said on standard error, where there is no lab.
    pub fn engines() -> Vec<Release> {
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
        let folder = |major: u32| cache.join(format!("sipctl-lab/asterisk-{major}"));
        let mut found: Vec<Release> = [22, 16]
            .into_iter()
            .map(|major| Release { major, root: Some(folder(major)) })
            .filter(|release| release.root.as_ref().is_some_and(|root| root.join("usr/sbin/asterisk").exists()))
            .collect();
        if found.is_empty() {
            found.extend(own());
        }
        let why = match () {
            () if found.is_empty() => "no engine; run tests/lab/prepare as root",
            () if !rustix::process::geteuid().is_root() => "it needs root",
            () => return found,
        };
        assert!(std::env::var_os("SIPCTL_REQUIRE_LAB").is_none_or(|v| v != "1"), "no lab ({why})");
        // Past the capture of the test harness: nobody should take a skipped test for a passed one.
        let _ = writeln!(std::io::stderr(), "skipped: no lab ({why})");
        Vec::new()
    }
}

/// This machine's own Asterisk.
fn own() -> Option<Release> {
    let said = Command::new("/usr/sbin/asterisk").arg("-V").output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let major = said.trim().strip_prefix("Asterisk ")?.split('.').next()?.parse().ok()?;
    Some(Release { major, root: None })
}

/// A running daemon with folders of its own; it is killed when dropped.
pub struct Asterisk {
    release: Release,
    config: PathBuf,
    home: TempDir,
    child: Child,
    /// The user and group it runs as, where that is not ours.
    user: Option<u32>,
}

/// A folder below /tmp, which the engine sees at the same path.
pub fn folder() -> TempDir {
    tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp").unwrap()
}

/// The lab's own configuration in a new folder, with a free port.
pub fn base() -> TempDir {
    let folder = folder();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/base");
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap().replace("@PORT@", &port.to_string());
        std::fs::write(folder.path().join(entry.file_name()), text).unwrap();
    }
    folder
}

impl Asterisk {
    /// Starts the engine on a configuration folder below /tmp and waits until it has booted. An
    /// asterisk.conf is written where there is none.
    pub fn start(release: &Release, config: &Path) -> Self {
        Self::start_as(release, config, None)
    }

    /// The same as another user, whose the configuration is from then on.
    pub fn start_as(release: &Release, config: &Path, user: Option<u32>) -> Self {
        let home = folder();
        let at = |name: &str| home.path().join(name);
        for name in ["run", "log", "spool/tmp", "lib", "bin"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        let conf = config.join("asterisk.conf");
        if !conf.exists() {
            let home = home.path().display();
            let text = format!(
                "[directories]\nastetcdir => {}\nastvarlibdir => {home}/lib\nastdbdir => {home}/lib\n\
                 astkeydir => {home}/lib\nastdatadir => /usr/share/asterisk\nastspooldir => {home}/spool\n\
                 astrundir => {home}/run\nastlogdir => {home}/log\n\n[options]\nsystemname = lab\nexecincludes = yes\n",
                config.display()
            );
            std::fs::write(conf, text).unwrap();
        }
        let enter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/asterisk");
        let root = release.root.clone().unwrap_or_default();
        let script = format!("#!/bin/sh\nSIPCTL_LAB_ROOT='{}' exec '{}' \"$@\"\n", root.display(), enter.display());
        crate::office::script_at(&at("bin/asterisk"), &script);
        if let Some(id) = user {
            for folder in [home.path(), config] {
                let args = ["-R", &format!("{id}:{id}"), &folder.display().to_string()];
                assert!(Command::new("chown").args(args).status().unwrap().success());
            }
        }

        let child = spawn(&at("bin/asterisk"), config, user);
        let mut asterisk = Self { release: release.clone(), config: config.to_owned(), home, child, user };
        asterisk.wait_booted();
        asterisk
    }

    fn wait_booted(&mut self) {
        let until = Instant::now() + Duration::from_secs(30);
        let (cx, host) = (Cx::new(&Silent), self.host());
        let path = self.socket();
        // Commands of the core come last, after it says that it has booted.
        let ready = ["core waitfullybooted", "core show version"].map(str::to_owned);
        // One connection is kept until then: a daemon that early dies of SIGPIPE when its client has left.
        let mut open: Option<ControlSocket> = None;
        let mut booted = || {
            if open.is_none() {
                let stream = host.connect(&cx, &Socket::Unix(path.clone())).ok()?;
                open = Some(ControlSocket::open(&cx, stream).ok()?);
            }
            let Ok(answers) = open.as_mut()?.ask(&cx, &ready, cx.timeouts.question) else {
                open = None;
                return None;
            };
            Some(answers.iter().all(|answer| !answer.starts_with("No such command")))
        };
        while booted() != Some(true) {
            assert!(Instant::now() < until, "Asterisk does not start:\n{}", self.log());
            assert!(self.child.try_wait().unwrap().is_none(), "Asterisk ended:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the daemon logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log/messages")).unwrap_or_default()
    }

    /// This machine, with the program of this engine.
    pub fn host(&self) -> LabHost {
        LabHost::new(&self.bin())
    }

    /// The folder with an `asterisk` program for PATH.
    pub fn bin(&self) -> PathBuf {
        self.home.path().join("bin")
    }

    /// Where it logs.
    pub fn logs(&self) -> PathBuf {
        self.home.path().join("log")
    }

    /// Its major version.
    pub fn major(&self) -> u32 {
        self.release.major
    }

    /// The UDP port of its transport.
    pub fn port(&self) -> u16 {
        let text = std::fs::read_to_string(self.config.join("pjsip.conf")).unwrap();
        let (_, rest) = text.split_once("127.0.0.1:").unwrap();
        rest.lines().next().unwrap().trim().parse().unwrap()
    }

    /// Kills it and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A new daemon on the same folders, as soon as it listens: it has not booted yet.
    pub fn restart(&mut self) {
        self.kill();
        let path = self.socket();
        let _ = std::fs::remove_file(&path);
        self.child = spawn(&self.bin().join("asterisk"), &self.config, self.user);
        let until = Instant::now() + Duration::from_secs(30);
        // The banner has to be read: a daemon that early dies of SIGPIPE when its client has left.
        let greets = || UnixStream::connect(&path)?.read(&mut [0; 200]);
        while greets().is_err() {
            assert!(Instant::now() < until, "Asterisk does not start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Hangs it: it keeps its sockets and does nothing.
    pub fn hang(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Its control socket.
    pub fn socket(&self) -> PathBuf {
        self.home.path().join("run/asterisk.ctl")
    }

    /// A raw question, past what is tested.
    pub fn ask(&self, question: &str) -> String {
        self.ask_all(&[question.to_owned()]).remove(0)
    }

    /// Raw questions over one connection.
    pub fn ask_all(&self, questions: &[String]) -> Vec<String> {
        let cx = Cx::new(&Silent);
        let stream = self.host().connect(&cx, &Socket::Unix(self.socket())).unwrap();
        let mut socket = ControlSocket::open(&cx, stream).unwrap();
        socket.ask(&cx, questions, cx.timeouts.question).unwrap()
    }
}

/// A raw question to the engine with this socket.
pub fn ask(host: &LabHost, socket: &Path, question: &str) -> String {
    let cx = Cx::new(&Silent);
    let stream = host.connect(&cx, &Socket::Unix(socket.to_owned())).unwrap();
    let mut socket = ControlSocket::open(&cx, stream).unwrap();
    socket.ask(&cx, &[question.to_owned()], Duration::from_secs(60)).unwrap().remove(0)
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The wrapper becomes the daemon by exec, so its process id is the daemon's; it dies with this test.
fn spawn(program: &Path, config: &Path, user: Option<u32>) -> Child {
    let conf = config.join("asterisk.conf");
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL"])
        .arg(program)
        .args(["-f", "-C"])
        .arg(conf)
        .env("TERM", "dumb")
        .env("SIPCTL_LAB_USER", user.map(|id| format!("{id}:{id}")).unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Replaces one text in a file of the configuration; it must be there.
pub fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} holds no {from:?}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Appends to a file of the configuration.
pub fn append(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    let before = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, before + text).unwrap();
}

/// A context that nobody hears and cancels.
pub fn cx() -> Cx<'static> {
    Cx::new(&Silent)
}

/// A proof about an object; its number is its id.
pub fn proof(object: &str, id: &str, expect: Expect) -> Proof {
    Proof { object: object.to_owned().into(), id: id.into(), number: id.into(), expect }
}

/// A proof about a field.
pub fn field(object: &str, id: &str, name: &str, values: &[&str]) -> Proof {
    let values = values.iter().map(|v| (*v).to_owned()).collect();
    proof(object, id, Expect::Field { name: name.to_owned(), values })
}

/// A proof about a secret.
pub fn secret(object: &str, id: &str, name: &str, secret: Option<&str>) -> Proof {
    let salt = sipctl::secret::salt().unwrap();
    let md5 = secret.map(|s| Secret::new(s).salted(&salt));
    proof(object, id, Expect::Secret { name: name.to_owned(), salt, md5 })
}

/// Only `module reload res_pjsip.so`.
pub fn narrow() -> Reload {
    Reload { narrow: vec!["module reload res_pjsip.so".to_owned()], only_narrow: true }
}

/// Reloads and proves.
pub fn prove(console: &mut dyn Console, reload: &Reload, proofs: &[Proof]) -> (Reloaded, Vec<Verdict>) {
    let reloaded = console.reload(&cx(), reload).unwrap();
    let verdicts = console.prove(&cx(), proofs, &reloaded.log).unwrap();
    assert_eq!(verdicts.len(), proofs.len());
    (reloaded, verdicts)
}

/// Why a verdict is not a good one.
pub fn why(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Unproved { why } | Verdict::Failed { why, .. } => why,
        Verdict::Proved | Verdict::Indirect => "",
    }
}
