//! What goes wrong, through the built program: the code, what is said, and that the files and the
//! engine are as before.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::engine::{FreeSwitch, user};
use crate::runner::{Answer, Program};

/// An engine and the program for it.
struct Desk {
    engine: FreeSwitch,
    program: Program,
}

impl Desk {
    fn start() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&Path)) -> Self {
        Self::of(FreeSwitch::start_with(change))
    }

    fn of(engine: FreeSwitch) -> Self {
        let program =
            Program::with_inventory(&format!("[pbx lab]\naddress = freeswitch:{}\n", engine.conf().display()));
        let state = program.home().join("state").display().to_string();
        Self { engine, program: program.env("SIPCTL_STATE", &state).env("PATH", "/usr/bin:/bin") }
    }

    fn run(&self, line: &str, stdin: &str) -> Answer {
        let words: Vec<&str> = line.split(' ').collect();
        self.program.run_with(&words, stdin.as_bytes())
    }

    fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        crate::files::tree(&self.engine.conf())
    }

    /// Runs what must fail and leave everything as it was; the engine still has the old users.
    #[track_caller]
    fn refused(&self, line: &str, stdin: &str, code: i32, part: &str) -> Answer {
        let before = self.tree();
        let answer = self.run(line, stdin).fails(code, part);
        assert_eq!(self.tree(), before, "{}", answer.stderr);
        assert!(!answer.stderr.contains("Console&Pass") && (stdin.is_empty() || !answer.stderr.contains(stdin)));
        answer
    }

    fn has(&self, number: &str) -> bool {
        self.engine.ask(&format!("user_exists id {number} pbx.example.org")) == "true"
    }

    /// Appends to the directory what a program prints that the engine runs.
    fn insert(&self, around: [&str; 2], file: &str) {
        let name = "directory/default/zz_program.xml";
        let [before, behind] = around;
        let file = self.engine.conf().join(file);
        let line = format!("<X-PRE-PROCESS cmd=\"exec\" data=\"cat {}\"/>", file.display());
        self.engine.write(name, &format!("{before}\n{line}\n{behind}\n"));
        assert_eq!(self.engine.ask("reloadxml").trim_end(), "+OK [Success]");
    }
}

const ADD: &str = "ext add 1009 --password-stdin";

#[test]
fn a_fault_only_the_engine_finds_is_6_and_the_old_files_are_back_and_live() {
    let desk = Desk::start();
    // A program prints the new file into a comment; two dashes end the engine's patience there.
    desk.insert(["<!--", "-->"], "directory/default/1009.xml");
    let answer = desk.refused(ADD, "two--dashes", 6, "unclosed <!--");
    assert!(answer.stderr.contains("the old files are back and live"), "{}", answer.stderr);
    assert!(desk.has("1000") && !desk.has("1009"));
    assert_eq!(desk.engine.ask("reloadxml").trim_end(), "+OK [Success]");
    desk.run(ADD, "one-dash").fails(0, "");
    assert!(desk.has("1009"));
    // The same with a change of a user that was there.
    desk.refused("ext passwd 1009 --password-stdin --yes", "two--dashes", 6, "the old files are back and live");
    assert_eq!(desk.engine.ask("user_data 1009@pbx.example.org param password"), "one-dash");
}

#[test]
fn a_pointer_the_files_do_not_show_is_said_and_the_user_stays() {
    let desk = Desk::start();
    let pointer = "directory/pointer.txt";
    desk.engine.write(pointer, "</users></group><group name=\"hidden\"><users><user id=\"1000\" type=\"pointer\"/>\n");
    desk.insert(["", ""], pointer);
    desk.refused("ext rm 1000 --yes", "", 6, "pointer");
    assert_eq!(desk.engine.ask("user_data 1000@pbx.example.org param password"), "Zx81-kq");
}

#[test]
fn a_file_the_daemon_may_not_read_is_said() {
    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let closed = |conf: &Path| {
        let path = conf.join("directory/default/1002.xml");
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    };
    let desk = Desk::of(FreeSwitch::start_as(NOBODY, closed));
    assert!(desk.has("1000") && !desk.has("1002"));
    // The new one takes owner and mode of its neighbour, and nobody else may read that.
    let answer = desk.refused(ADD, "secret", 6, "1009.xml");
    assert!(answer.stderr.contains("Permission denied"), "{}", answer.stderr);
    assert!(!desk.has("1009") && desk.has("1000"));
    desk.run("ext add 1001 --if-absent --password-stdin", "x").fails(0, "");
}

#[test]
fn an_engine_that_cannot_be_asked_is_7_and_nothing_is_written() {
    let mut desk = Desk::start();
    let file = "autoload_configs/event_socket.conf.xml";
    let right = std::fs::read_to_string(desk.engine.conf().join(file)).unwrap();
    desk.engine.write(file, &right.replace("$${esl_password}", "edited-later"));
    for line in [ADD, "ext rm 1000 --yes", "ext kick 1000", "reload --yes"] {
        desk.refused(line, "secret", 7, "refuses the password");
    }
    desk.engine.write(file, &right);
    desk.engine.kill();
    for line in [ADD, "ext rm 1000 --yes", "ext kick 1000", "reload --yes"] {
        let answer = desk.refused(line, "secret", 7, "is not running");
        assert!(answer.stderr.contains("--offline"), "{}", answer.stderr);
    }
    desk.refused("ext add 1009 --password-stdin --dry-run", "secret", 0, "");
    desk.run("ext add 1009 --password-stdin --offline", "secret").fails(0, "");
    desk.engine.restart();
    assert!(desk.has("1009"));
}

#[test]
fn an_access_list_that_refuses_is_7() {
    let closed = |conf: &Path| {
        let path = conf.join("autoload_configs/event_socket.conf.xml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("<!--", "").replace("-->", "")).unwrap();
    };
    let desk = Desk::with(closed);
    desk.refused(ADD, "secret", 7, "apply-inbound-acl");
}

#[test]
fn an_engine_that_hangs_is_7() {
    let desk = Desk::start();
    desk.engine.hang();
    desk.refused("ext add 1009 --password-stdin --timeout 1s", "secret", 7, "no answer");
    desk.engine.go_on();
    assert!(desk.has("1000") && !desk.has("1009"));
}

#[test]
fn an_engine_that_hangs_in_the_reload_is_8_and_says_what_to_do() {
    let desk = Desk::start();
    // The reload runs a program; while nobody writes, it waits.
    let waits = desk.program.home().join("waits");
    std::fs::write(&waits, "").unwrap();
    desk.insert(["", ""], waits.to_str().unwrap());
    std::fs::remove_file(&waits).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &waits, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    let answer = desk.refused("ext add 1009 --password-stdin --timeout 1s", "secret", 8, "no answer");
    assert!(answer.stderr.contains("sipctl reload"), "{}", answer.stderr);
    let fifo = waits.with_extension("fifo");
    std::fs::rename(&waits, &fifo).unwrap();
    std::fs::write(&waits, "").unwrap();
    drop(std::fs::File::options().read(true).write(true).open(&fifo).unwrap());
    desk.run("reload --yes", "").fails(0, "");
    assert!(desk.has("1000") && !desk.has("1009"));
}

#[test]
fn fusionpbx_answers_itself_11() {
    let desk = Desk::with(|conf| {
        let bound = "<configuration name=\"lua.conf\">\n<settings>\n\
                     <param name=\"xml-handler-script\" value=\"app.lua xml_handler\"/>\n\
                     <param name=\"xml-handler-bindings\" value=\"configuration,dialplan,directory,languages\"/>\n\
                     </settings>\n</configuration>\n";
        std::fs::write(conf.join("autoload_configs/lua.conf.xml"), bound).unwrap();
        let modules = conf.join("autoload_configs/modules.conf.xml");
        let text = std::fs::read_to_string(&modules).unwrap();
        std::fs::write(modules, text.replace("</modules>", "<load module=\"mod_lua\"/>\n</modules>")).unwrap();
    });
    for line in [ADD, "ext rm 1000 --yes", "ext passwd 1000 --password-stdin --yes", "ext disable 1000 --yes"] {
        desk.refused(line, "secret", 11, "lua.conf.xml:");
    }
    desk.run("ext list -o name", "").fails(0, "");
    desk.run("ext show 1000", "").fails(0, "");
}

#[test]
fn an_engine_that_reads_another_folder_is_11() {
    let desk = Desk::start();
    let copy = tempfile::tempdir().unwrap();
    crate::files::copy(&desk.engine.conf(), copy.path());
    let before = crate::files::tree(copy.path());
    let line = format!("{ADD} --pbx freeswitch:{}", copy.path().display());
    desk.run(&line, "secret").fails(11, &desk.engine.conf().display().to_string());
    assert_eq!(crate::files::tree(copy.path()), before);
}

#[test]
fn a_broken_neighbour_is_1_with_its_line() {
    let desk = Desk::start();
    desk.engine.write("directory/default/1005.xml", "<include>\n<user id=\"1005\">\n<params>\n</user>\n</include>\n");
    for line in [ADD, "ext rm 1000 --yes", "ext set 1000 --name x"] {
        desk.refused(line, "secret", 1, "1005.xml:4");
    }
    desk.engine.write("directory/default/1005.xml", &user("1005", "x", ""));
    desk.run("ext set 1000 --name x", "").fails(0, "");
}

#[test]
fn odd_passwords_are_proved_and_those_the_engine_would_lose_are_refused() {
    let desk = Desk::start();
    let long = "9".repeat(800);
    for password in [
        "a\"b'c&d<e>f",
        "&amp;&#65;&quot;",
        "$${default_password}",
        "x-pre-PROCESS X-PRE-PROCESS",
        "<include></include><?x?>",
        "--]]><![CDATA[",
        "<!-- no comment -->",
        "a\\b%c,d;e:f",
        "비밀번호🔑",
        "tab\there",
        long.as_str(),
    ] {
        desk.run("ext passwd 1000 --password-stdin --yes", password).fails(0, "");
        assert_eq!(desk.engine.ask("user_data 1000@pbx.example.org param password"), password);
    }
    for password in ["a<!b\"c", "<!&amp;", "a\u{b}b"] {
        desk.refused("ext passwd 1000 --password-stdin --yes", password, 2, "cannot be stored");
    }
    // What they would have come to, had they been written.
    desk.engine.write("directory/default/1000.xml", &user("1000", "a&lt;!b&quot;c", ""));
    desk.engine.ask("reloadxml");
    assert_eq!(desk.engine.ask("user_data 1000@pbx.example.org param password"), "a<!b");
    desk.engine.write("directory/default/1000.xml", &user("1000", "a&#11;b", ""));
    desk.engine.ask("reloadxml");
    assert_eq!(desk.engine.ask("user_data 1000@pbx.example.org param password"), "a b");
}
