//! On a real terminal: `script` gives one, and what is typed there comes from its own standard input.

use rustix::process::{Pid, Signal, kill_process};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{Answer, Program, Running};

/// A program with a copy of the example and an editor.
struct Desk {
    program: Program,
    /// What is added to the address.
    way: &'static str,
}

impl Desk {
    /// With an editor that does this to its file; `$round` counts how often it was opened.
    fn new(script: &str) -> Self {
        let program = Program::new();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/asterisk");
        assert!(Command::new("cp").arg("-r").arg(from).arg(program.home()).status().unwrap().success());
        let editor = program.home().join("my editor");
        let count = "echo >> \"$HOME/rounds\"; round=$(wc -l < \"$HOME/rounds\")";
        std::fs::write(&editor, format!("#!/bin/sh\n{count}\ncp \"$1\" \"$HOME/seen.$round\"\n{script}\n")).unwrap();
        std::fs::set_permissions(&editor, PermissionsExt::from_mode(0o755)).unwrap();
        let [state, folder] = ["state", "tmp"].map(|name| program.home().join(name).display().to_string());
        std::fs::create_dir(&folder).unwrap();
        let program = program.env("EDITOR", &format!("'{}'", editor.display()));
        let program = program.env("SIPCTL_STATE", &state).env("TMPDIR", &folder).env("TERM", "dumb");
        Self { program: program.env("PATH", "/usr/bin:/bin"), way: "" }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.program.home().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Starts words on a terminal, which says at its end how it was left.
    fn start(&self, words: &str) -> Running {
        let pbx = format!("'asterisk:{}{}'", self.path("asterisk").display(), self.way);
        let line =
            format!("trap : INT; {} {words} --pbx {pbx}; code=$?; stty -a; exit $code", env!("CARGO_BIN_EXE_sipctl"));
        // Whoever runs the tests may ignore signals (nohup does), and a shell cannot trap what it was told to ignore.
        let mut command = Command::new("env");
        command
            .args(["--default-signal", "script", "-qefc", &line, "shown"])
            .current_dir(self.program.home())
            .env_clear();
        command.envs(self.program.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
        Running::start(command)
    }

    /// Types when a file has appeared, and waits for the end.
    fn type_at(&self, words: &str, file: &str, keys: &[u8]) -> Answer {
        let mut run = self.start(words);
        self.wait_for(file);
        run.0.stdin.as_mut().unwrap().write_all(keys).unwrap();
        let input = run.0.stdin.take();
        let output = run.0.wait_with_output().unwrap();
        drop(input);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Answer { code: output.status.code().unwrap(), stdout: text, stderr: String::new() }
    }

    fn wait_for(&self, file: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while !self.path(file).exists() {
            assert!(Instant::now() < end, "{file} never came");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types a line at each question, and waits for the end.
    fn answer(&self, words: &str, answers: &[(&str, &str)]) -> Answer {
        let _ = std::fs::remove_file(self.path("shown"));
        let mut run = self.start(words);
        for (question, line) in answers {
            let end = Instant::now() + Duration::from_secs(60);
            while !self.text("shown").contains(question) {
                assert!(Instant::now() < end, "{question} never came: {}", self.text("shown"));
                std::thread::sleep(Duration::from_millis(20));
            }
            run.0.stdin.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
        }
        let input = run.0.stdin.take();
        let output = run.0.wait_with_output().unwrap();
        drop(input);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Answer { code: output.status.code().unwrap(), stdout: text, stderr: String::new() }
    }

    /// Nothing is left of the text, and the terminal echoes as before.
    fn is_clean(&self, answer: &Answer) {
        assert_eq!(self.path("tmp").read_dir().unwrap().count(), 0);
        assert!(answer.stdout.contains(" echo ") && answer.stdout.contains(" icanon "), "{}", answer.stdout);
    }
}

#[test]
fn the_editor_opens_again_on_mistakes_which_stand_in_the_text() {
    let desk = Desk::new(
        "stat -c '%a' \"$1\" \"$(dirname \"$1\")\" > \"$HOME/modes\"\ncase $round in\n\
         1) sed -i 's/^  context:/  contxet:/' \"$1\" ;;\n\
         2) sed -i 's/^  contxet: .*/  context: nowhere/' \"$1\" ;;\n\
         3) sed -i 's/^  context: .*/  context: internal/; s/Front Desk/Desk/' \"$1\" ;;\nesac",
    );
    let answer = desk.type_at("edit 2001 --offline", "seen.3", b"");
    assert!(answer.code == 0 && answer.stdout.contains("2001 changed"), "{}", answer.stdout);
    assert!(desk.text("seen.2").contains("did you mean context?"), "{}", desk.text("seen.2"));
    assert!(desk.text("seen.3").contains("# there is no context nowhere"), "{}", desk.text("seen.3"));
    assert!(!desk.text("seen.3").contains("contxet"), "{}", desk.text("seen.3"));
    assert_eq!(desk.text("modes"), "600\n700\n");
    assert!(desk.text("asterisk/pjsip_templates.conf").contains("\"Desk\" <2001>"));
    desk.is_clean(&answer);
}

#[test]
fn a_mistake_that_is_left_as_it_is_ends_it() {
    let desk = Desk::new("sed -i 's/^  context:/  contxet:/' \"$1\"");
    let before = desk.text("asterisk/pjsip_templates.conf");
    let answer = desk.type_at("edit 2001 --offline", "seen.2", b"");
    assert_eq!((answer.code, desk.path("seen.3").exists()), (2, false), "{}", answer.stdout);
    assert_eq!(desk.text("asterisk/pjsip_templates.conf"), before);
    desk.is_clean(&answer);
}

#[test]
fn ctrl_c_typed_into_the_editor_is_the_editors() {
    let desk = Desk::new(
        "trap ': > \"$HOME/typed\"' INT\n: > \"$HOME/open\"\nuntil [ -e \"$HOME/typed\" ]; do sleep 0.1; done\nsed -i 's/Front Desk/Desk/' \"$1\"",
    );
    let answer = desk.type_at("edit 2001 --offline", "open", b"\x03");
    assert!(answer.code == 0 && answer.stdout.contains("2001 changed"), "{}", answer.stdout);
    desk.is_clean(&answer);
}

#[test]
fn as_often_as_it_is_typed_there_it_leaves_no_host() {
    if !rustix::process::getuid().is_root() {
        let _ = writeln!(std::io::stderr(), "skipped: sudo without a password is root's");
        return;
    }
    let script = "trap 'echo >> \"$HOME/typed\"' INT\n: > \"$HOME/open\"\n\
                  until [ \"$(wc -l < \"$HOME/typed\")\" = 2 ]; do sleep 0.1; done\nsed -i 's/Front Desk/Desk/' \"$1\"";
    let desk = Desk { way: "?sudo", ..Desk::new(script) };
    std::fs::write(desk.path("typed"), "").unwrap();
    let mut run = desk.start("edit 2001 --offline");
    desk.wait_for("open");
    let mut stdin = run.0.stdin.take().unwrap();
    for typed in 1..=2 {
        stdin.write_all(b"\x03").unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while desk.text("typed").lines().count() < typed {
            assert!(Instant::now() < end, "{typed}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let output = run.0.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code() == Some(0) && said.contains("2001 changed"), "{said}");
}

#[test]
fn a_lost_terminal_ends_the_edit_and_leaves_nothing() {
    let desk = Desk::new("trap 'exit 0' HUP TERM\n: > \"$HOME/open\"\nwhile :; do sleep 0.1; done");
    let before = desk.text("asterisk/pjsip_templates.conf");
    let run = desk.start("edit 2001 --offline");
    desk.wait_for("open");
    let pid = i32::try_from(run.0.id()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while desk.path("tmp").read_dir().unwrap().count() > 0 {
        assert!(Instant::now() < end, "the text is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(desk.text("asterisk/pjsip_templates.conf"), before);
}

#[test]
fn no_file_steers_the_terminal() {
    let desk = Desk::new("");
    let path = desk.path("asterisk/pjsip_templates.conf");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("Front Desk", "\u{202e}kseD\u{9b}31m")).unwrap();
    for words in ["ext list", "ext list -o json", "ext list -o yaml", "ext show 2001", "export", "export -o csv"] {
        let answer = desk.type_at(words, "asterisk", b"");
        assert!(answer.code == 0 && answer.stdout.contains("kseD"), "{words}: {}", answer.stdout);
        assert!(!answer.stdout.contains(['\u{202e}', '\u{9b}']), "{words}: {}", answer.stdout);
    }
    let pbx = format!("asterisk:{}", desk.path("asterisk").display());
    let answer = desk.program.run(&["ext", "list", "-o", "json", "--pbx", &pbx]);
    assert!(answer.stdout.contains("\u{202e}kseD"), "programs get every byte: {}", answer.stdout);
}

/// Waits until it catches SIGTERM, which no shell before it does: then it knows what to do at a signal.
pub fn wait_for_handlers(run: &Running) {
    let status = format!("/proc/{}/status", run.0.id());
    let caught = || {
        let text = std::fs::read_to_string(&status).unwrap();
        let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0").trim().to_owned();
        u64::from_str_radix(&mask, 16).unwrap() & (1 << (Signal::TERM.as_raw() - 1)) != 0
    };
    let end = Instant::now() + Duration::from_secs(60);
    while !caught() {
        assert!(Instant::now() < end, "it never caught a signal");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn who_is_started_by_nohup_outlives_the_terminal() {
    let desk = Desk::new("");
    let pbx = format!("asterisk:{}", desk.path("asterisk").display());
    let program = env!("CARGO_BIN_EXE_sipctl");
    for (trap, code) in [("trap '' HUP", 0), ("trap - HUP", 130)] {
        let mut command = Command::new("env");
        let line = format!("{trap}; exec {program} ext passwd 1001 --password-stdin --yes --offline --pbx {pbx}");
        command.args(["--default-signal", "sh", "-c", &line]).env_clear();
        command.envs(desk.program.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
        let run = Running::start(command);
        wait_for_handlers(&run);
        kill_process(Pid::from_child(&run.0), Signal::HUP).unwrap();
        let answer = run.end(b"a-new-password\n");
        assert_eq!(answer.code, code, "{trap}: {}{}", answer.stdout, answer.stderr);
    }
}

#[test]
fn an_editor_that_is_not_there_is_named() {
    let desk = Desk::new("");
    let pbx = format!("asterisk:{}", desk.path("asterisk").display());
    let Desk { program, .. } = desk;
    let program = program.env("EDITOR", "no-such-editor --wait");
    let answer = program.run(&["edit", "2001", "--pbx", &pbx, "--offline"]);
    answer.fails(1, "cannot start the editor no-such-editor --wait");
    // Nor is vi started where nobody sees it.
    let program = Program::new();
    let vi = program.home().join("vi");
    std::fs::write(&vi, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&vi, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", program.home().display());
    let answer = program.env("PATH", &path).run(&["edit", "2001", "--pbx", &pbx, "--offline"]);
    answer.fails(2, "no terminal for vi").fails(2, "sipctl ext set");
}

#[test]
fn only_a_whole_yes_is_a_yes() {
    let desk = Desk::new("");
    let before = desk.text("asterisk/pjsip.conf");
    for typed in ["maybe\n", "\n", "nay\n"] {
        let answer = desk.answer("ext rm 1000 --offline", &[("1000 on", typed)]);
        assert!(answer.code == 1 && answer.stdout.contains("not confirmed"), "{typed:?} {}", answer.stdout);
        assert_eq!(desk.text("asterisk/pjsip.conf"), before);
        desk.is_clean(&answer);
    }
    let answer = desk.answer("ext rm 1000 --offline", &[("1000 on", "Yes\n")]);
    assert!(answer.code == 0 && answer.stdout.contains("1000 deleted"), "{}", answer.stdout);
}

#[test]
fn the_enter_of_one_answer_is_no_answer_to_the_next_question() {
    let desk = Desk::new("");
    let list = "owns: [1000-1001]\nextensions: [{number: \"2001\", password: clear:another-one}]\n";
    std::fs::write(desk.path("office.yaml"), list).unwrap();
    let apply = "apply -f office.yaml --prune --max-change 9 --offline";
    let answer = desk.answer(apply, &[("Delete", "y\ny\n"), ("Reset", "n\n")]);
    assert!(answer.code == 1 && answer.stdout.contains("not confirmed"), "{}", answer.stdout);
    let answer = desk.answer(apply, &[("Delete", "y\n"), ("Reset", "y\n")]);
    assert!(answer.code == 0 && answer.stdout.contains("1000, 1001 deleted"), "{}", answer.stdout);
}
