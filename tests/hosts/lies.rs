//! A host whose answers lie, or never end, is refused: it neither crashes us nor holds us up nor
//! fills the memory.

use std::path::PathBuf;
use std::time::Duration;

use sipctl::cx::{Cx, Silent};
use sipctl::error::{Code, Error};
use sipctl::host::far::Far;
use sipctl::host::{Command, Host, Want};

use crate::shells::{Shell, shell, with};

fn read(shell: &Shell) -> Result<(), Error> {
    let mut cx = Cx::new(&Silent);
    cx.timeouts.connect = Duration::from_secs(2);
    Far::new(Box::new(shell.clone())).read(&cx, &[Want::File(PathBuf::from("/etc/passwd"))]).map(|_| ())
}

#[test]
fn a_login_that_prints_without_end_is_unreachable() {
    for endless in ["exec yes", "exec cat /dev/zero", "while sleep 0.1; do echo x; done", "yes >&2"] {
        let error = read(&shell(&["sh", "-c", endless])).unwrap_err();
        assert_eq!(error.code, Code::Unreachable, "{endless}: {error:?}");
    }
}

#[test]
fn an_answer_that_never_ends_is_given_up() {
    let error = read(&with("cat", "exec /bin/cat /dev/zero")).unwrap_err();
    assert_eq!(error.code, Code::Unreachable, "{error:?}");
    assert!(error.line().contains("without end"), "{error:?}");
}

#[test]
fn an_answer_that_comes_in_drops_is_given_up() {
    let mut cx = Cx::new(&Silent);
    cx.timeouts.question = Duration::from_secs(1);
    let dripping = with("cat", "while sleep 0.1; do echo x; done");
    let wants = [Want::File(PathBuf::from("/etc/passwd"))];
    let error = Far::new(Box::new(dripping)).read(&cx, &wants).unwrap_err();
    assert_eq!(error.code, Code::Unreachable, "{error:?}");
    assert!(error.line().contains("no whole answer"), "{error:?}");
}

#[test]
fn what_a_login_prints_later_is_not_the_answer_of_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let wait = |name: &str| format!("while ! [ -e {} ]; do sleep 0.01; done", at(name));
    let login = format!("({}; echo later; : >{}) & exec /bin/sh", wait("asked"), at("printed"));
    let script = format!("echo one; : >{}; {}; echo two", at("asked"), wait("printed"));
    let command = Command { program: "sh".into(), args: vec!["-c".into(), script], stdin: Vec::new() };
    let error = Far::new(Box::new(shell(&["sh", "-c", &login]))).run(&Cx::new(&Silent), &[command]).unwrap_err();
    assert_eq!(error.code, Code::Unreachable, "{error:?}");
    assert!(error.line().contains("printed into its answers"), "{error:?}");
}

/// An agent of somebody else's: it knows the nonce, and says what it likes.
fn liar(clock: &str, answer: &str) -> Shell {
    let script = format!(
        "read -r l; N=${{l#N=}}; printf '\\n%s hello\\n' $N; printf '0\\0{clock}\\0yes\\0yes\\0yes\\0'; \
         printf '\\n%s ready\\n' $N; printf '\\n%s < 1\\n' $N; {answer}; sleep 1"
    );
    shell(&["sh", "-c", &script])
}

#[test]
fn numbers_of_any_size_are_numbers_or_nonsense() {
    let clocks = ["9".repeat(38) + ".0", "-".to_owned() + &"9".repeat(38) + ".0", "9223372036854775807.9".into()];
    for clock in clocks {
        let error = read(&liar(&clock, "printf '\\n%s > 1 99999999999999999999\\n' $N")).unwrap_err();
        assert_eq!(error.code, Code::Unreachable, "{clock}: {error:?}");
    }
    for size in ["-1", "18446744073709551615", "99999999999999999999", "9223372036854775807"] {
        let stat = format!("exec printf '%s %s\\n' '1 1 0 0 81a4 1 {size} 0 1970-01-01 00:00:00.0 +0000' /etc/passwd");
        let lied = with("stat", &stat);
        // It is read once more by itself, or is nonsense: it is not believed.
        if let Err(error) = read(&lied) {
            assert_eq!(error.code, Code::Unreachable, "{size}: {error:?}");
        }
    }
}

#[test]
fn sizes_that_add_up_to_too_much_are_not_added() {
    let size = "9223372036854775808";
    let lines = ["/etc/passwd", "/etc/group"]
        .map(|name| format!("1 1 0 0 81a4 1 {size} 0 1970-01-01 00:00:00.0 +0000 {name}\n"))
        .concat();
    let lied = with("stat", &format!("/bin/cat <<'E'\n{lines}E"));
    let wants = ["/etc/passwd", "/etc/group"].map(|path| Want::File(PathBuf::from(path)));
    let _ = Far::new(Box::new(lied)).read(&Cx::new(&Silent), &wants);
}
