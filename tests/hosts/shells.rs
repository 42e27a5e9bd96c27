//! Shells of this machine as far hosts: every kind of /bin/sh, behind every kind of login shell.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use sipctl::cx::Cx;
use sipctl::error::{Error, Result};
use sipctl::host::far::Far;
use sipctl::host::link::{Link, Transport};
use sipctl::host::process::Process;
use sipctl::host::{Socket, Stream};

/// A program that ends in a shell.
#[derive(Clone)]
pub struct Shell(pub Vec<String>);

impl Transport for Shell {
    fn name(&self) -> String {
        self.0.join(" ")
    }

    fn shell(&self, _: &Cx) -> Result<Box<dyn Link>> {
        let args: Vec<&str> = self.0[1..].iter().map(String::as_str).collect();
        match Process::start(&self.0[0], &args) {
            Ok(process) => Ok(Box::new(process)),
            Err(error) => Err(Error::failed("no shell").because(error)),
        }
    }

    fn connect(&self, _: &Cx, _: &Socket) -> io::Result<Box<dyn Stream>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

pub fn shell(words: &[&str]) -> Shell {
    Shell(words.iter().map(|word| (*word).to_owned()).collect())
}

/// What ssh has the login shell run.
const COMMAND: &str = "exec /bin/sh";

/// Every shell of this machine that a host may have.
pub fn all() -> Vec<(String, Shell)> {
    let mut shells: Vec<(String, Shell)> = [
        ("sh", shell(&["/bin/sh"])),
        ("dash", shell(&["dash"])),
        ("bash", shell(&["bash", "--posix"])),
        ("busybox", busybox()),
        ("bash login", shell(&["bash", "-lc", COMMAND])),
        ("fish", shell(&["fish", "-c", COMMAND])),
        ("tcsh", shell(&["tcsh", "-c", COMMAND])),
        ("banner", shell(&["sh", "-c", "echo Welcome; echo 'an error' >&2; printf 'no newline'; exec /bin/sh"])),
    ]
    .into_iter()
    .map(|(name, shell)| (name.to_owned(), shell))
    .collect();
    shells.retain(|(name, shell)| {
        let there = which(if name == "busybox" { "busybox" } else { &shell.0[0] });
        if !there {
            missing(&format!("{name} is not installed"));
        }
        there
    });
    shells
}

/// A login that goes on printing.
pub fn noisy() -> Shell {
    shell(&["sh", "-c", "(for i in 1 2 3 4 5 6 7 8 9; do sleep 0.05; echo later; done) & exec /bin/sh"])
}

/// A shell that finds nothing but the programs of busybox.
pub fn busybox() -> Shell {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let list = Command::new("busybox").arg("--list").output().map(|output| output.stdout).unwrap_or_default();
        for applet in String::from_utf8(list).unwrap().lines() {
            std::os::unix::fs::symlink("/bin/busybox", folder.path().join(applet)).unwrap();
        }
        folder
    });
    shell(&["/usr/bin/env", "-i", &format!("PATH={}", folder.path().display()), "/bin/busybox", "sh"])
}

/// A shell in a root folder of its own with nothing in it but busybox, less some of its programs, and
/// /tmp as it is outside; none where that is not to be had.
pub fn bare(lacking: &[&str]) -> Option<Shell> {
    static FOLDERS: Mutex<Vec<tempfile::TempDir>> = Mutex::new(Vec::new());
    if !which("busybox") || !rustix::process::geteuid().is_root() {
        missing("no busybox, or not root");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    for name in ["bin", "tmp", "proc", "dev"] {
        std::fs::create_dir_all(root.join(name)).unwrap();
    }
    let needs = Command::new("ldd").arg("/bin/busybox").output().map(|output| output.stdout).unwrap_or_default();
    let needs = String::from_utf8(needs).unwrap();
    for file in needs.split_whitespace().filter(|word| word.starts_with('/')).chain(["/bin/busybox"]) {
        let to = root.join(&file[1..]);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(file, to).unwrap();
    }
    let list = Command::new("busybox").arg("--list").output().unwrap().stdout;
    for applet in String::from_utf8(list).unwrap().lines().filter(|applet| !lacking.contains(applet)) {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    let at = root.display();
    let enter = format!(
        "for name in tmp proc dev; do mount --rbind /$name {at}/$name; done; \
         exec chroot {at} /bin/env -i PATH=/bin /bin/sh"
    );
    FOLDERS.lock().unwrap().push(folder);
    Some(shell(&["unshare", "-m", "sh", "-c", &enter]))
}

/// A shell that has a script in place of a program.
pub fn with(program: &str, script: &str) -> Shell {
    shell(&["/usr/bin/env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "/bin/sh"]).and(program, script)
}

/// A shell with a mv as busybox had it before 1.34.
pub fn plain_mv() -> Shell {
    with("mv", "case $* in *-T* | *--help*) echo 'mv: unrecognized option' >&2; exit 1 ;; esac; exec /bin/mv \"$@\"")
}

impl Shell {
    /// The same with one more.
    pub fn and(&self, program: &str, script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        static FOLDERS: Mutex<Vec<tempfile::TempDir>> = Mutex::new(Vec::new());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(program);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut words = self.0.clone();
        words[1] = words[1].replace("PATH=", &format!("PATH={}:", folder.path().display()));
        FOLDERS.lock().unwrap().push(folder);
        Self(words)
    }
}

fn which(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    (program.starts_with('/') && Path::new(program).exists())
        || std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

/// Something that a test needs is not here.
pub fn missing(why: &str) {
    assert!(std::env::var_os("SIPCTL_REQUIRE_LAB").is_none_or(|value| value != "1"), "{why}");
    // Past the capture of the test harness: nobody should take a skipped test for a passed one.
    let _ = writeln!(io::stderr(), "skipped: {why}");
}

pub fn far(shell: &Shell) -> Far {
    Far::new(Box::new(shell.clone()))
}
