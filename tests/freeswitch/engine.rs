//! An engine a test: the stand-in, or a real FreeSWITCH; started, hung and killed at will.

use std::io::{ErrorKind, Read, Result as IoResult};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sipctl::cx::{Cx, Silent};
use sipctl::engine::freeswitch::console;
use sipctl::engine::{Console, Expect, Proof, Verdict};
use sipctl::error::Result;
use sipctl::host::local::Local;
use sipctl::host::{self, File, Guard, Host, Output, Socket, Step, Stopped, Stream, Want};
use sipctl::secret::Secret;
use tempfile::TempDir;

/// A running daemon with folders of its own; it is killed when dropped.
pub struct FreeSwitch {
    home: TempDir,
    child: Child,
    ip: &'static str,
    /// The user and group it runs as, where that is not ours.
    other: Option<u32>,
}

/// The prefix of a real installation, if there is one to test with.
fn real() -> Option<PathBuf> {
    std::env::var_os("SIPCTL_LAB_FREESWITCH").map(PathBuf::from)
}

/// Whether this is the stand-in: it can be told to have phones.
pub fn is_stand_in() -> bool {
    real().is_none()
}

/// The program of the stand-in, built when it is not what its source says.
fn stand_in() -> PathBuf {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", "freeswitch-standin"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the stand-in does not build");
    });
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples/freeswitch-standin")
}

impl FreeSwitch {
    /// Starts one on a copy of the base configuration.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Starts one on a copy that was changed first.
    pub fn start_with(change: impl FnOnce(&Path)) -> Self {
        Self::start_at("127.0.0.1", change)
    }

    /// Starts one whose Event Socket listens on this address.
    pub fn start_at(ip: &'static str, change: impl FnOnce(&Path)) -> Self {
        Self::start_so(ip, None, change)
    }

    /// Starts one as another user; only root can do that.
    pub fn start_as(other: u32, change: impl FnOnce(&Path)) -> Self {
        Self::start_so("127.0.0.1", Some(other), change)
    }

    fn start_so(ip: &'static str, other: Option<u32>, change: impl FnOnce(&Path)) -> Self {
        let home = tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp").unwrap();
        let at = |name: &str| home.path().join(name);
        for name in ["log", "db", "run", "bin"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/freeswitch/base");
        copy(&base, &at("conf"), &[("@PORT@", port()), ("@SIP@", port())]);
        change(&at("conf"));
        let fs_cli = match real() {
            Some(prefix) => format!("#!/bin/sh\nexec '{}' \"$@\"\n", prefix.join("bin/fs_cli").display()),
            None => format!("#!/bin/sh\nexec '{}' fs_cli \"$@\"\n", stand_in().display()),
        };
        std::fs::write(at("bin/fs_cli"), fs_cli).unwrap();
        std::fs::set_permissions(at("bin/fs_cli"), PermissionsExt::from_mode(0o755)).unwrap();
        if let Some(id) = other {
            for name in ["", "log", "db", "run"] {
                std::os::unix::fs::chown(at(name), Some(id), Some(id)).unwrap();
            }
        }
        let child = spawn(home.path(), ip, other);
        let mut started = Self { home, child, ip, other };
        started.wait();
        started
    }

    fn wait(&mut self) {
        let until = Instant::now() + Duration::from_secs(30);
        let port: u16 = self.port();
        let ip = self.ip;
        let greets = || {
            let Ok(mut stream) = TcpStream::connect((ip, port)) else { return false };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
            matches!(stream.read(&mut [0; 16]), Ok(1..))
        };
        while !greets() {
            assert!(Instant::now() < until, "FreeSWITCH does not start");
            assert!(self.child.try_wait().unwrap().is_none(), "FreeSWITCH ended");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn port(&self) -> u16 {
        let text = std::fs::read_to_string(self.conf().join("autoload_configs/event_socket.conf.xml")).unwrap();
        let (_, rest) = text.split_once("\"listen-port\" value=\"").unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    }

    /// The configuration folder.
    pub fn conf(&self) -> PathBuf {
        self.home.path().join("conf")
    }

    /// This machine, with the `fs_cli` of this engine.
    pub fn host(&self) -> LabHost {
        LabHost { bin: self.home.path().join("bin"), refuse: None }
    }

    /// Opens its console.
    pub fn console<'h>(&self, host: &'h LabHost) -> Box<dyn Console + 'h> {
        console::open(&cx(), host, &self.conf(), None).unwrap()
    }

    /// A raw question, past what is tested.
    pub fn ask(&self, question: &str) -> String {
        let home = self.home.path();
        let text = format!("[default]\nhost => 127.0.0.1\nport => {}\npassword => Console&Pass\n", self.port());
        std::fs::write(home.join(".fs_cli_conf"), text).unwrap();
        let run = Command::new(home.join("bin/fs_cli")).env("HOME", home).args(["-x", question]).output().unwrap();
        let out = String::from_utf8_lossy(&run.stdout).into_owned();
        out.strip_suffix('\n').unwrap_or(&out).to_owned()
    }

    /// Writes a file of the configuration.
    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.conf().join(file), text).unwrap();
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.home.path(), self.ip, self.other);
        self.wait();
    }

    /// Hangs it: it keeps its sockets and does nothing.
    pub fn hang(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).unwrap();
    }

    pub fn go_on(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).unwrap();
    }
}

impl Drop for FreeSwitch {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(home: &Path, ip: &str, other: Option<u32>) -> Child {
    let at = |name: &str| home.join(name);
    let mut command = Command::new("setpriv");
    if let Some(id) = other {
        command.args([format!("--reuid={id}"), format!("--regid={id}"), "--clear-groups".to_owned()]);
    }
    command.args(["--pdeathsig", "KILL"]);
    match real() {
        Some(prefix) => {
            command.arg(prefix.join("bin/freeswitch")).args(["-nonat", "-nc", "-nf"]);
            for (option, folder) in [("-conf", "conf"), ("-log", "log"), ("-db", "db"), ("-run", "run")] {
                command.arg(option).arg(at(folder));
            }
        }
        // What it calls `local_ip_v4` is where it is to listen.
        None => _ = command.env("STANDIN_IP", ip).arg(stand_in()).arg("serve").arg(at("conf")).arg(at("log")),
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn copy(from: &Path, to: &Path, words: &[(&str, u16)]) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|e| e.unwrap()) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target, words);
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let text = words.iter().fold(text, |text, (word, port)| text.replace(word, &port.to_string()));
        std::fs::write(target, text).unwrap();
    }
}

/// This machine as a host, with the `fs_cli` of one engine, and ways to spoil it.
pub struct LabHost {
    bin: PathBuf,
    /// What connecting to a socket fails with.
    pub refuse: Option<ErrorKind>,
}

impl Host for LabHost {
    fn read(&self, cx: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        Local.read(cx, wants)
    }

    fn act(&self, cx: &Cx, steps: &[Step]) -> Result<(), Stopped> {
        Local.act(cx, steps)
    }

    fn run(&self, cx: &Cx, commands: &[host::Command]) -> Result<Vec<Output>> {
        let ours = |word: &String| match word.as_str() {
            "fs_cli" => self.bin.join("fs_cli").display().to_string(),
            _ => word.clone(),
        };
        let commands: Vec<host::Command> = commands
            .iter()
            .map(|c| {
                assert!(!c.args.iter().any(|arg| arg == "-p" || arg.contains("Pass") || arg.contains(";;")), "{c:?}");
                let args = c.args.iter().map(ours).collect();
                host::Command { program: ours(&c.program), args, stdin: c.stdin.clone() }
            })
            .collect();
        Local.run(cx, &commands)
    }

    fn connect(&self, cx: &Cx, socket: &Socket) -> IoResult<Box<dyn Stream>> {
        match self.refuse {
            Some(kind) => Err(kind.into()),
            None => Local.connect(cx, socket),
        }
    }

    fn lock(&self, cx: &Cx, folder: &Path) -> Result<Box<dyn Guard>> {
        Local.lock(cx, folder)
    }

    fn clock(&self) -> (i64, u32) {
        Local.clock()
    }
}

/// A context that nobody hears and cancels.
pub fn cx() -> Cx<'static> {
    Cx::new(&Silent)
}

/// A proof about a user of the only domain.
pub fn proof(number: &str, expect: Expect) -> Proof {
    Proof { object: "user".into(), id: format!("{number}@pbx.example.org").into(), number: number.into(), expect }
}

/// A proof about a field.
pub fn field(number: &str, name: &str, values: &[&str]) -> Proof {
    let values = values.iter().map(|v| (*v).to_owned()).collect();
    proof(number, Expect::Field { name: name.to_owned(), values })
}

/// A proof about a secret.
pub fn secret(number: &str, name: &str, secret: Option<&str>) -> Proof {
    let salt = sipctl::secret::salt().unwrap();
    let md5 = secret.map(|s| Secret::new(s).salted(&salt));
    proof(number, Expect::Secret { name: name.to_owned(), salt, md5 })
}

/// Which of the verdicts are good ones.
pub fn good(verdicts: &[Verdict]) -> Vec<usize> {
    (0..verdicts.len()).filter(|n| verdicts[*n] == Verdict::Proved).collect()
}

/// Why a verdict is not a good one.
pub fn why(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Unproved { why } | Verdict::Failed { why, .. } => why,
        Verdict::Proved | Verdict::Indirect => "",
    }
}

/// A user file with a password.
pub fn user(number: &str, password: &str, more: &str) -> String {
    format!(
        "<include>\n  <user id=\"{number}\"{more}>\n    <params>\n      <param name=\"password\" value=\"{password}\"/>\n    \
         </params>\n  </user>\n</include>\n"
    )
}
