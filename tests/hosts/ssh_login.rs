//! Keys of every kind, agents, passwords, and what is said of a login that fails.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sipctl::address::Ssh as Location;
use sipctl::cx::{Cx, Events};
use sipctl::host::Access;
use sipctl::host::link::Transport;
use sipctl::host::ssh::Ssh;
use sipctl::host::ssh::config::Machine;
use sipctl::secret::Secret;

use crate::office::{script_at, wait_for};
use crate::program::Running;
use crate::sshd::{Sshd, answers, cx, here, keygen, me, private, refused, refused_by, root, run, talk, told};

/// Somebody who types these, one after the other.
struct Typist(Mutex<Vec<&'static str>>, Mutex<Vec<String>>);

impl Typist {
    fn new(answers: &[&'static str]) -> Self {
        Self(Mutex::new(answers.to_vec()), Mutex::default())
    }
}

impl Events for Typist {
    fn detail(&self, _: &str) {}
    fn progress(&self, _: &str) {}
    fn secret(&self, _: &sipctl::cx::Cancel, prompt: &str) -> sipctl::error::Result<Option<Secret>> {
        self.1.lock().unwrap().push(prompt.to_owned());
        let mut left = self.0.lock().unwrap();
        Ok((!left.is_empty()).then(|| Secret::new(left.remove(0))))
    }
}

fn try_with(server: &Sshd, typist: &Typist) -> Result<(), String> {
    server.transport().shell(&Cx::new(typist)).map(drop).map_err(|error| told(&error))
}

#[test]
fn keys_of_every_kind_log_in() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    for (name, kind, more) in [
        ("ed25519", "ed25519", &[][..]),
        ("p256", "ecdsa", &["-b", "256"]),
        ("p521", "ecdsa", &["-b", "521"]),
        ("rsa", "rsa", &["-b", "2048"]),
        ("pem_rsa", "rsa", &["-b", "2048", "-m", "PEM"]),
        ("pem_ecdsa", "ecdsa", &["-m", "PEM"]),
        ("pkcs8_rsa", "rsa", &["-m", "PKCS8"]),
    ] {
        let file = server.at(name);
        keygen(&file, kind, "", more);
        server.authorize(&file.with_extension("pub"));
        server.config(&format!("IdentityFile {}", file.display()));
        answers(&server.transport());
        // The public half beside it is not needed.
        fs::remove_file(file.with_extension("pub")).unwrap();
        answers(&server.transport());
    }
}

#[test]
fn a_passphrase_is_asked_for_and_may_be_mistyped() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    for (name, kind, more) in
        [("new", "ed25519", &[][..]), ("pem", "rsa", &["-b", "2048", "-m", "PEM"]), ("pkcs8", "rsa", &["-m", "PKCS8"])]
    {
        let file = server.at(name);
        keygen(&file, kind, "open sesame", more);
        server.authorize(&file.with_extension("pub"));
        server.config(&format!("IdentityFile {}", file.display()));
        let nobody = refused(&server.transport());
        assert!(nobody.contains("it has a passphrase: ssh-add it"), "{nobody}");
        let wrong = try_with(&server, &Typist::new(&["a", "b", "c", "open sesame"])).unwrap_err();
        assert!(wrong.starts_with("7 ") && wrong.contains("wrong passphrase"), "{wrong}");
        let typist = Typist::new(&["wrong", "open sesame"]);
        try_with(&server, &typist).unwrap();
        assert!(typist.1.lock().unwrap()[1].contains(&file.display().to_string()));
        // The next host of the same run does not ask again.
        try_with(&server, &Typist::new(&[])).unwrap();
        assert!(!format!("{wrong}{nobody}").contains("sesame"));
    }
}

#[test]
fn a_refused_login_says_what_was_tried_and_what_is_offered() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    fs::write(server.at("authorized_keys"), "").unwrap();
    let open = server.at("open");
    keygen(&open, "ed25519", "", &[]);
    fs::set_permissions(&open, Permissions::from_mode(0o644)).unwrap();
    private(&server.at("junk"), "junk\n");
    let named = format!(
        "IdentityFile {}\nIdentityFile {}\nIdentityFile /nowhere/key\nIdentityFile {}",
        server.at("home/.ssh/id_ed25519").display(),
        open.display(),
        server.at("junk").display()
    );
    server.config(&named);
    let error = refused(&server.transport());
    for part in [
        "7 127.0.0.1 refuses the login of",
        "id_ed25519, ",
        "open (not used: others can read or change it (chmod 600))",
        "junk (not used: it is no private key)",
        "it offers publickey",
        &format!("ssh -v -p {}", server.port),
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert!(!error.contains("/nowhere"), "{error}");
    server.config("IdentityFile /nowhere/key");
    assert!(refused(&server.transport()).contains("no key or password is at hand"));
}

struct Agent(Child, PathBuf);

impl Agent {
    fn start(folder: &Path) -> Self {
        let socket = folder.join("agent");
        let mut agent = Command::new("ssh-agent");
        // What it asks a person with, who never answers.
        agent.env("SSH_ASKPASS", folder.join("ask")).env("SSH_ASKPASS_REQUIRE", "force");
        let at = folder.display();
        script_at(&folder.join("ask"), &format!("#!/bin/sh\n: >{at}/asked\nwhile [ -d {at} ]; do sleep 0.1; done\n"));
        let child = agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !socket.exists() {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(5));
        }
        Self(child, socket)
    }

    fn add(&self, key: &Path) {
        let added = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.1).status().unwrap();
        assert!(added.success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_keys_of_an_agent_log_in() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let agent = Agent::start(server.folder.path());
    let with = |agent: Option<PathBuf>| {
        Ssh::new(&server.location(), &Access::default(), Machine { agent, ..server.machine() })
    };
    for (kind, other) in [("ed25519", "rsa"), ("ecdsa", "ed25519"), ("rsa", "ecdsa")] {
        let (key, wrong) = (server.at(&format!("agent_{kind}")), server.at(&format!("wrong_{other}")));
        keygen(&key, kind, "", &[]);
        keygen(&wrong, other, "", &[]);
        agent.add(&wrong);
        agent.add(&key);
        server.authorize(&key.with_extension("pub"));
        fs::remove_file(&key).unwrap();
        server.config("IdentityFile /nowhere/key");
        answers(&with(Some(agent.1.clone())));
        // The configuration may name it, and may forbid it.
        server.config(&format!("IdentityFile /nowhere/key\nIdentityAgent {}", agent.1.display()));
        answers(&with(None));
        server.config("IdentityFile /nowhere/key\nIdentityAgent none");
        refused(&with(Some(agent.1.clone())));
        // Only what the configuration lists: by its public half.
        server.config("IdentityFile /nowhere/key\nIdentitiesOnly yes");
        refused(&with(Some(agent.1.clone())));
        server.config(&format!("IdentityFile {}\nIdentitiesOnly yes", key.display()));
        answers(&with(Some(agent.1.clone())));
    }
    // An agent that is gone is as good as none.
    server.config("IdentityFile /nowhere/key");
    refused(&with(Some(server.at("no-agent"))));
}

/// A user of the test's own.
struct User(String);

impl User {
    fn new(name: &str, password: &str, shell: &str) -> Self {
        let name = format!("sipctl-{name}-{}", std::process::id());
        let hash = run("openssl", &["passwd", "-6", password]);
        run("useradd", &["-M", "-d", "/", "-s", shell, "-p", &hash, &name]);
        Self(name)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = Command::new("userdel").arg("-f").arg(&self.0).stderr(Stdio::null()).status();
    }
}

fn by_password(server: &Sshd, user: &User, password: Option<&str>) -> Ssh {
    let file = server.at("password");
    if let Some(password) = password {
        private(&file, &format!("{password}\n"));
    }
    let access = Access { password_file: password.is_some().then_some(file), ..Access::default() };
    Ssh::new(&Location { user: Some(user.0.clone()), ..server.location() }, &access, server.machine())
}

#[test]
fn a_password_logs_in_either_way() {
    if !root() {
        return;
    }
    let user = User::new("pw", "hunter2 hunter", "/bin/sh");
    for settings in ["PasswordAuthentication yes", "UsePAM yes\nKbdInteractiveAuthentication yes"] {
        let server = Sshd::with(settings, &["ed25519"]);
        server.config("IdentityFile /nowhere/key");
        answers(&by_password(&server, &user, Some("hunter2 hunter")));
        let wrong = refused(&by_password(&server, &user, Some("hunter3 hunter")));
        assert!(wrong.starts_with("7 ") && wrong.contains("the password of --ssh-password-file"), "{wrong}");
        assert!(!wrong.contains("hunter"), "{wrong}");
        // A person who is there is asked.
        let typist = Typist::new(&["hunter2 hunter"]);
        let asked = by_password(&server, &user, None).shell(&Cx::new(&typist));
        assert!(asked.is_ok(), "{:?}", asked.err());
        // Others must not read the file.
        let transport = by_password(&server, &user, Some("hunter2 hunter"));
        fs::set_permissions(server.at("password"), Permissions::from_mode(0o644)).unwrap();
        let error = refused(&transport);
        assert!(error.starts_with("2 ") && error.contains("chmod 600"), "{error}");
    }
}

#[test]
fn a_key_and_a_password_may_both_be_wanted() {
    if !root() {
        return;
    }
    let server = Sshd::with("PasswordAuthentication yes\nAuthenticationMethods publickey,password", &["ed25519"]);
    let user = User::new("both", "hunter2", "/bin/sh");
    answers(&by_password(&server, &user, Some("hunter2")));
    let error = refused(&by_password(&server, &user, None));
    assert!(error.contains("id_ed25519; it offers password"), "{error}");
}

#[test]
fn an_agent_that_hangs_is_as_good_as_none() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let agent = Agent::start(server.folder.path());
    kill_process(Pid::from_child(&agent.0), Signal::STOP).unwrap();
    let machine = Machine { agent: Some(agent.1.clone()), ..server.machine() };
    let way = Ssh::new(&server.location(), &Access::default(), machine);
    let (sender, done) = std::sync::mpsc::channel();
    let mut cx = cx();
    cx.timeouts.connect = Duration::from_secs(5);
    std::thread::spawn(move || sender.send(way.shell(&cx).map(drop).map_err(|error| told(&error))));
    done.recv_timeout(Duration::from_secs(40)).expect("it waits for the agent").unwrap();
}

#[test]
fn an_agent_that_asks_a_person_can_be_left() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let agent = Agent::start(server.folder.path());
    let key = server.at("confirmed");
    keygen(&key, "ed25519", "", &[]);
    server.authorize(&key.with_extension("pub"));
    let added = Command::new("ssh-add").args(["-q", "-c"]).arg(&key).env("SSH_AUTH_SOCK", &agent.1).status();
    assert!(added.unwrap().success());
    let machine = Machine { agent: Some(agent.1.clone()), ..server.machine() };
    let way = Ssh::new(&server.location(), &Access::default(), machine);
    let cx = cx();
    let stop = cx.cancel.flag();
    let (sender, done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let refused = refused_by(&way, &cx);
        drop(way);
        sender.send(refused)
    });
    wait_for("the question", || server.at("asked").exists());
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    let refused = done.recv_timeout(Duration::from_secs(40)).expect("it waits for the agent");
    assert!(refused.starts_with("130 "), "{refused}");
}

#[test]
fn an_agent_with_too_many_keys_is_named() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let agent = Agent::start(server.folder.path());
    for number in 0..8 {
        let key = server.at(&format!("agent_{number}"));
        keygen(&key, "ed25519", "", &[]);
        agent.add(&key);
    }
    let machine = Machine { agent: Some(agent.1.clone()), ..server.machine() };
    let transport = Ssh::new(&server.location(), &Access::default(), machine);
    server.config("IdentityFile /nowhere/key");
    let error = refused(&transport);
    assert!(error.starts_with("7 127.0.0.1 broke off the login") && error.contains("IdentitiesOnly"), "{error}");
    // The key of the configuration comes first.
    server.authorize(&server.at("agent_7.pub"));
    server.config(&format!("IdentityFile {}", server.at("agent_7").display()));
    answers(&transport);
}

#[test]
fn a_login_shell_may_make_noise() {
    if !root() {
        return;
    }
    let server = Sshd::start();
    fs::set_permissions(server.folder.path(), Permissions::from_mode(0o755)).unwrap();
    let shell = server.at("noisy");
    fs::write(&shell, "#!/bin/sh\necho welcome\necho to you >&2\nexec /bin/sh \"$@\"\n").unwrap();
    fs::set_permissions(&shell, Permissions::from_mode(0o755)).unwrap();
    let user = User::new("noise", "x", shell.to_str().unwrap());
    let transport = by_password(&server, &user, None);
    let mut link = transport.shell(&Cx::new(&Typist::new(&[]))).map_err(|error| told(&error)).unwrap();
    let said = String::from_utf8(talk(&mut *link, "echo works; exit\n")).unwrap();
    assert_eq!(said, "welcome\nworks\n");
    assert!(link.complaint().ends_with("to you"), "{}", link.complaint());
}

#[test]
fn a_passphrase_is_typed_unseen_and_ctrl_c_ends_the_question_at_once() {
    if !here() {
        return;
    }
    let server = Sshd::start();
    let file = server.at("home/.ssh/id_ed25519");
    fs::remove_file(&file).unwrap();
    keygen(&file, "ed25519", "open sesame", &[]);
    server.authorize(&file.with_extension("pub"));
    let etc = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/asterisk");
    let list = format!("ext list -o name --pbx asterisk+ssh://{}@127.0.0.1:{}{etc}", me(), server.port);
    // script gives it a terminal; what is typed there comes from its own standard input.
    let shown = server.at("shown");
    let typing = |keys: &[&str]| {
        let _ = fs::remove_file(&shown);
        let mut command = Command::new("script");
        command.args(["-qefc", &format!("{} {list}", env!("CARGO_BIN_EXE_sipctl"))]).arg(&shown);
        command.env("HOME", server.at("home")).env("PATH", server.path());
        let mut run = Running::start(command);
        let read = || fs::read_to_string(&shown).unwrap_or_default();
        for (asked, keys) in keys.iter().enumerate() {
            wait_for("the question", || read().matches("Passphrase of").count() > asked);
            run.0.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
        }
        wait_for("its end", || run.0.try_wait().unwrap().is_some());
        (run.end(b"").code, read())
    };
    let (code, said) = typing(&["half a passph\u{3}"]);
    assert!(code == 130 && said.contains("interrupted"), "{code} {said}");
    let (code, said) = typing(&["wrong\n", "open sesame\n"]);
    assert!(code == 0 && said.contains("1000"), "{code} {said}");
    assert!(!said.contains("sesame") && !said.contains("wrong\r"), "{said}");
}
