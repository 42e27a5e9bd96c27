//! A small office: the example configuration, a daemon that runs on it, and the built program.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

use crate::engine::{Asterisk, Lab, Release, append, base, edit, folder};
use crate::files::{copy, tree};
use crate::phone::Phone;
use crate::program::{Answer, Program, Running};

/// What the example has as password of a number.
pub fn example_password(number: &str) -> String {
    format!("change-me-{number}")
}

/// The office; its engine is gone when it is dropped.
pub struct Office {
    pub asterisk: RefCell<Asterisk>,
    program: Program,
    config: TempDir,
}

impl Deref for Office {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl Office {
    /// One office an engine, one after the other.
    pub fn each(act: impl Fn(&Self)) {
        Self::each_with(|_| {}, act);
    }

    /// The same; `prepare` may change the configuration before the engine starts.
    #[expect(clippy::print_stdout, reason = "shown where the test fails")]
    pub fn each_with(prepare: impl Fn(&Path), act: impl Fn(&Self)) {
        for release in Lab::engines() {
            println!("Asterisk {}", release.major);
            let config = example();
            // The engine boots faster with what it needs only.
            let lab = base();
            for name in ["modules.conf", "pjsip_notify.conf", "logger.conf"] {
                std::fs::copy(lab.path().join(name), config.path().join(name)).unwrap();
            }
            prepare(config.path());
            act(&Self::start(&release, config));
        }
    }

    /// An engine on this configuration, and the program for it.
    pub fn start(release: &Release, config: TempDir) -> Self {
        Self::start_as(release, config, None)
    }

    /// The same with an engine that runs as another user.
    pub fn start_as(release: &Release, config: TempDir, user: Option<u32>) -> Self {
        // Written long before the engine read it: what is as new as that may seem to be pending where the
        // machine is slow.
        for path in tree(config.path()).into_keys() {
            let file = std::fs::File::options().append(true).open(config.path().join(path)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
        }
        let asterisk = Asterisk::start_as(release, config.path(), user);
        let program = program(config.path(), &asterisk.bin());
        Self { asterisk: RefCell::new(asterisk), program, config }
    }

    /// The configuration folder.
    pub fn folder(&self) -> &Path {
        self.config.path()
    }

    /// A file of the configuration.
    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder().join(name)).unwrap()
    }

    /// The files of the configuration folder.
    pub fn tree(&self) -> BTreeMap<PathBuf, String> {
        let files = tree(self.folder()).into_iter();
        files.map(|(path, bytes)| (path, bytes.escape_ascii().to_string())).collect()
    }

    /// Makes a file newer than the last reload.
    pub fn make_newer(&self, name: &str) {
        let file = std::fs::File::options().append(true).open(self.folder().join(name)).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    }

    /// Starts the program on this PBX.
    pub fn begin(&self, args: &[&str]) -> Running {
        Running::start(self.command(args))
    }

    /// Runs what must end with 0; its result for this PBX.
    #[track_caller]
    pub fn done(&self, args: &[&str]) -> Value {
        self.done_with(args, b"")
    }

    /// The same with something on standard input.
    #[track_caller]
    pub fn done_with(&self, args: &[&str], stdin: &[u8]) -> Value {
        let answer = self.run_with(&[args, &["-o", "json"]].concat(), stdin).fails(0, "");
        answer.json()["results"][0].clone()
    }

    /// Runs what must be proved on the engine; its result.
    #[track_caller]
    pub fn proved(&self, args: &[&str]) -> Value {
        self.proved_with(args, b"")
    }

    /// The same with something on standard input.
    #[track_caller]
    pub fn proved_with(&self, args: &[&str], stdin: &[u8]) -> Value {
        let result = self.done_with(args, stdin);
        assert_eq!(result["proof"]["status"], "proved", "{result:#}");
        result
    }

    /// Runs what must fail with nothing changed.
    #[track_caller]
    pub fn refused(&self, args: &[&str], code: i32, part: &str) -> Answer {
        self.refused_with(args, b"", code, part)
    }

    /// The same with something on standard input.
    #[track_caller]
    pub fn refused_with(&self, args: &[&str], stdin: &[u8], code: i32, part: &str) -> Answer {
        let before = self.tree();
        let answer = self.run_with(args, stdin).fails(code, part);
        assert_eq!(self.tree(), before, "{}", answer.stderr);
        answer
    }

    /// The program below another one, such as strace.
    pub fn below(&self, wrapper: &[&str], args: &[&str]) -> Running {
        let inner = self.command(args);
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(inner.get_program()).args(inner.get_args());
        command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(self.home());
        Running::start(command)
    }

    /// From now on the control socket is not where sipctl looks: only `asterisk -rx` is left.
    pub fn hide_the_socket(&self) {
        let (conf, kept) = (self.folder().join("asterisk.conf"), self.home().join("asterisk.conf"));
        let when = std::fs::metadata(&conf).unwrap().modified().unwrap();
        std::fs::copy(&conf, &kept).unwrap();
        let text = self.text("asterisk.conf").replace("astrundir => ", "astrundir => /nowhere");
        std::fs::write(&conf, text).unwrap();
        std::fs::File::options().append(true).open(conf).unwrap().set_modified(when).unwrap();
        let real = self.asterisk.borrow().bin().join("asterisk");
        // Its first two arguments are -C and the configuration without a socket.
        let script = format!("#!/bin/sh\nshift 2\nexec {} -C {} \"$@\"\n", real.display(), kept.display());
        script_at(&self.home().join("bin/asterisk"), &script);
    }

    /// A phone for a number.
    pub fn phone(&self, number: &str, password: &str) -> Phone {
        Phone::new(self.asterisk.borrow().port(), number, password)
    }

    /// A phone of the example that has registered.
    pub fn registered(&self, number: &str) -> Phone {
        let mut phone = self.phone(number, &example_password(number));
        assert_eq!(phone.register(), 200, "{number}");
        phone
    }

    /// A new daemon, once it has booted.
    pub fn restart(&self) {
        self.asterisk.borrow_mut().restart();
        self.ask("core waitfullybooted");
    }

    /// A raw question to the engine.
    pub fn ask(&self, question: &str) -> String {
        self.asterisk.borrow().ask(question)
    }

    /// Whether the running engine has this object.
    pub fn has(&self, object: &str, id: &str) -> bool {
        !self.ask(&format!("pjsip show {object} {id}")).contains("Unable to find object")
    }
}

/// The example's configuration in a new folder, with a free port.
pub fn example() -> TempDir {
    let config = folder();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/asterisk"), config.path());
    edit(config.path(), "pjsip.conf", "0.0.0.0:5060", "127.0.0.1:@PORT@");
    let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    edit(config.path(), "pjsip.conf", "@PORT@", &port.to_string());
    config
}

/// The program for the PBX in this folder, with this folder of programs.
fn program(config: &Path, bin: &Path) -> Program {
    let program = Program::with_inventory(&format!("[pbx lab]\naddress = asterisk:{}\n", config.display()));
    let own = program.home().join("bin");
    std::fs::create_dir(&own).unwrap();
    let path =
        format!("{}:{}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", own.display(), bin.display());
    let state = program.home().join("state").display().to_string();
    program.env("PATH", &path).env("SIPCTL_STATE", &state)
}

/// The codes of a result's warnings.
pub fn codes(result: &Value) -> Vec<&str> {
    result["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

/// Holds a full reload of the engine at its dialplan for as long as wanted.
pub struct Gate<'o>(&'o Office);

impl<'o> Gate<'o> {
    /// Prepares the configuration for it: an #exec that waits while a file is there.
    pub fn build(folder: &Path) {
        let at = folder.display();
        let script =
            format!("#!/bin/sh\n[ -e {at}/hold ] && : >{at}/held\nwhile [ -e {at}/hold ]; do sleep 0.02; done\n");
        script_at(&folder.join("gate"), &script);
        append(folder, "extensions.conf", &format!("\n#exec {at}/gate\n"));
    }

    /// From now on a reload stops there.
    pub fn close(office: &'o Office) -> Self {
        std::fs::write(office.folder().join("hold"), "").unwrap();
        Self(office)
    }

    /// Waits until one has come.
    pub fn wait(&self) {
        wait_for("the reload", || self.0.folder().join("held").exists());
    }

    /// Lets it go on.
    pub fn open(self) {
        // One more that comes meanwhile does not stop.
        for name in ["hold", "held"] {
            std::fs::remove_file(self.0.folder().join(name)).unwrap();
        }
    }
}

/// Waits until something is so.
#[track_caller]
pub fn wait_for(what: &str, mut so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < until, "waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Writes a program.
pub fn script_at(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}
