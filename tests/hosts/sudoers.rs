//! Real sudo, with a user and a rule of the test's own.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use sipctl::cx::{Cx, Silent};
use sipctl::error::Code;
use sipctl::host::far::Far;
use sipctl::host::sudo::Sudo;
use sipctl::host::{Command as Run, Host, Step};

use crate::shells::{missing, shell};

/// Users that are removed again, with what sudo lets the first one do.
pub struct Users {
    pub login: String,
    pub other: String,
}

fn root(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

impl Users {
    /// A rule that names them as LOGIN and OTHER; none, said on standard error, where sudo cannot be tested.
    pub fn new(tag: &str, rule: &str) -> Option<Self> {
        let why = match () {
            () if !rustix::process::geteuid().is_root() => "sudo needs root to be tested",
            () if !Path::new("/usr/bin/sudo").exists() => "no sudo",
            () => "",
        };
        if !why.is_empty() {
            missing(why);
            return None;
        }
        let name = |kind: &str| format!("sipctl-{kind}{tag}-{}", std::process::id());
        let users = Self { login: name("l"), other: name("o") };
        for user in [&users.login, &users.other] {
            assert!(root("useradd", &["--no-create-home", "--home-dir", "/nonexistent", user]));
        }
        let rule = rule.replace("LOGIN", &users.login).replace("OTHER", &users.other);
        std::fs::write(users.file(), rule).unwrap();
        std::fs::set_permissions(users.file(), std::fs::Permissions::from_mode(0o440)).unwrap();
        assert!(root("visudo", &["-cf", &users.file()]));
        Some(users)
    }

    fn file(&self) -> String {
        format!("/etc/sudoers.d/{}", self.login)
    }

    /// The host as it is for whoever logs in as the first user.
    fn far(&self, become_: &str) -> Far {
        let login =
            shell(&["setpriv", &format!("--reuid={}", self.login), "--regid=nogroup", "--clear-groups", "/bin/sh"]);
        Far::new(Box::new(Sudo::new(Box::new(login), become_)))
    }
}

impl Drop for Users {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.file());
        for user in [&self.login, &self.other] {
            // The last sleep of an agent may still be theirs.
            root("userdel", &["-f", user]);
        }
    }
}

fn whoami() -> Run {
    Run { program: "id".into(), args: vec!["-un".into()], stdin: Vec::new() }
}

#[test]
fn files_and_programs_are_those_of_the_other_user() {
    let Some(users) = Users::new("a", "LOGIN ALL=(OTHER) NOPASSWD: /bin/sh\n") else { return };
    let cx = Cx::new(&Silent);
    let far = users.far(&users.other);
    let said = far.run(&cx, &[whoami()]).unwrap();
    assert_eq!(String::from_utf8_lossy(&said[0].stdout).trim(), users.other);
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    assert!(root("chown", &[&users.other, &folder.path().display().to_string()]));
    let path = folder.path().join("new");
    let step = Step::Create { path: path.clone(), bytes: b"x".as_slice().into(), like: None, mode: 0o600 };
    far.act(&cx, &[step]).unwrap();
    let made = path.metadata().unwrap();
    assert_eq!((made.uid(), made.mode() & 0o777), (far.user(), 0o600));
    // What is another's cannot be written, and says what would help.
    let step = Step::Append { path: "/etc/passwd".into(), bytes: b"x".to_vec() };
    let error = far.act(&cx, &[step]).unwrap_err().error;
    assert!(error.line().contains("Permission denied"), "{error:?}");
}

#[test]
fn a_sudo_that_refuses_is_7_with_the_line_that_would_do() {
    for rule in ["", "LOGIN ALL=(OTHER) /bin/sh\n", "LOGIN ALL=(OTHER) NOPASSWD: /bin/true\n"] {
        let Some(users) = Users::new("b", rule) else { return };
        let cx = Cx::new(&Silent);
        let error = users.far(&users.other).run(&cx, &[whoami()]).unwrap_err();
        assert_eq!(error.code, Code::Unreachable, "{rule:?}: {error:?}");
        let hints = error.hints.join("\n");
        assert!(hints.contains(&format!("ALL=({}) NOPASSWD: /bin/sh", users.other)), "{hints}");
        assert!(hints.contains(&format!("everything {} may do", users.other)), "{hints}");
        let error = users.far("sipctl-nobody").run(&cx, &[whoami()]).unwrap_err();
        assert_eq!(error.code, Code::Unreachable, "{error:?}");
    }
}

#[test]
fn a_user_name_is_data() {
    let Some(users) = Users::new("c", "") else { return };
    let marker = std::env::temp_dir().join(format!("sipctl-marker-{}", std::process::id()));
    for name in [format!("x; touch {}", marker.display()), format!("$(touch {})", marker.display()), "'".into()] {
        let error = users.far(&name).run(&Cx::new(&Silent), &[whoami()]).unwrap_err();
        assert_eq!(error.code, Code::Unreachable);
    }
    assert!(!marker.exists());
}
