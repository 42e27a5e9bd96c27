//! The built program, killed before each system call that alters the world while it changes three
//! files of either engine, or takes that back: `recover` finds it wholly old or wholly new.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::files::tree;
use crate::program::Program;

const CALLS: [&str; 10] = [
    "openat",
    "mkdir",
    "rename",
    "link,linkat",
    "unlink,unlinkat",
    "rmdir",
    "write",
    "fsync",
    "fdatasync",
    "fchmod,chmod,fchmodat",
];

struct House {
    program: Program,
    pbx: String,
    folder: PathBuf,
}

/// Three extensions, each in a file of its own.
fn house(engine: &str) -> House {
    let program = Program::new();
    let folder = program.home().join("etc");
    let users = if engine == "asterisk" { "users" } else { "directory/default" };
    std::fs::create_dir_all(folder.join(users)).unwrap();
    let write = |name: String, text: &str| std::fs::write(folder.join(name), text).unwrap();
    match engine {
        "asterisk" => write("pjsip.conf".into(), "[transport]\ntype=transport\nprotocol=udp\n#include users/*.conf\n"),
        _ => {
            write(
                "freeswitch.xml".into(),
                "<document type=\"freeswitch/xml\">\n<section name=\"directory\">\n<domain name=\"d.example\">\n\
                 <X-PRE-PROCESS cmd=\"include\" data=\"directory/default/*.xml\"/>\n</domain>\n</section>\n</document>\n",
            );
        }
    }
    for number in 1001..=1003 {
        match engine {
            "asterisk" => write(
                format!("{users}/{number}.conf"),
                &format!(
                    "[{number}]\ntype=endpoint\ncontext=internal\nauth={number}\naors={number}\n\
                     [{number}]\ntype=auth\nusername={number}\npassword=first-{number}\n\
                     [{number}]\ntype=aor\nmax_contacts=1\n"
                ),
            ),
            _ => write(
                format!("{users}/{number}.xml"),
                &format!(
                    "<include>\n<user id=\"{number}\">\n<params>\n<param name=\"password\" value=\"first-{number}\"/>\n\
                     </params>\n<variables>\n<variable name=\"user_context\" value=\"internal\"/>\n</variables>\n\
                     </user>\n</include>\n"
                ),
            ),
        }
    }
    let pbx = format!("{engine}:{}", folder.display());
    let state = program.home().join("state").display().to_string();
    House { program: program.env("SIPCTL_STATE", &state), pbx, folder }
}

impl House {
    fn words<'a>(&'a self, words: &'a str) -> Vec<&'a str> {
        words.split(' ').chain(["--offline", "--pbx", &self.pbx]).collect()
    }

    #[track_caller]
    fn done(&self, words: &str) {
        self.program.run(&self.words(words)).fails(0, "");
    }

    /// Every file by its name below the folder.
    fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        tree(&self.folder)
    }

    /// Kills a run before the `nth` call of `call`; whether it was killed.
    fn killed(&self, words: &str, call: &str, nth: usize) -> bool {
        !self.injected(words, call, &format!("signal=KILL:when={nth}")).0.status.success()
    }

    /// Runs it with something injected into a system call; what it said, and whether that happened.
    fn injected(&self, words: &str, call: &str, what: &str) -> (Output, bool) {
        let inner = self.program.command(&self.words(words));
        let log = self.program.home().join("strace");
        let output = Command::new("strace")
            .args(["-f", "-qq", "-o", log.to_str().unwrap(), "-e", &format!("trace={call}")])
            .args(["-e", &format!("inject={call}:{what}")])
            .arg(inner.get_program())
            .args(inner.get_args())
            .env_clear()
            .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .output()
            .expect("strace is installed");
        (output, std::fs::read_to_string(log).unwrap().contains("(INJECTED)"))
    }
}

fn sweep(engine: &str, before: &str, words: &str) {
    let prepared = || {
        let house = house(engine);
        if !before.is_empty() {
            house.done(before);
        }
        house
    };
    let (old, new) = {
        let house = prepared();
        let old = house.tree();
        house.done(words);
        (old, house.tree())
    };
    let differing = old.keys().chain(new.keys()).filter(|path| old.get(*path) != new.get(*path));
    assert!(differing.count() >= 2, "several files change");
    let (mut back, mut on) = (0, 0);
    for call in CALLS {
        for nth in 1.. {
            let house = prepared();
            if !house.killed(words, call, nth) {
                assert_eq!(house.tree(), new, "{call} {nth}");
                break;
            }
            // Every third time the run that recovers is killed as well.
            if (back + on) % 3 == 2 {
                house.killed("recover", "rename,unlink,unlinkat", 1 + (back + on) / 3 % 4);
            }
            house.done("recover");
            let now = house.tree();
            assert!(now == old || now == new, "{engine}, {words}: killed before {call} number {nth}: {:?}", now.keys());
            back += usize::from(now == old);
            on += usize::from(now == new);
        }
    }
    assert!(back > 15 && on > 3, "{engine}, {words}: {back} back, {on} on");
}

const ASTERISK: &str = "ext set 1001-1003 --name Other";
const UNDO: &str = "undo --yes --with-secrets";

#[test]
fn three_files_of_asterisk_are_wholly_old_or_new() {
    sweep("asterisk", "", ASTERISK);
}

#[test]
fn three_files_of_freeswitch_are_wholly_old_or_new() {
    sweep("freeswitch", "", "ext renumber 1001-1003 1002-1004 --yes");
}

#[test]
fn an_undo_of_three_files_is_wholly_done_or_not_at_all() {
    sweep("asterisk", ASTERISK, UNDO);
    sweep("freeswitch", "ext rm 1001-1002 --yes", UNDO);
}

#[test]
fn with_no_room_at_any_write_nothing_is_half_done_and_nothing_left() {
    for (engine, words) in [("asterisk", ASTERISK), ("freeswitch", "ext renumber 1001-1003 1002-1004 --yes")] {
        let (old, new) = {
            let house = house(engine);
            let old = house.tree();
            house.done(words);
            (old, house.tree())
        };
        let (mut failed, mut done) = (0, 0);
        for call in ["write", "fsync", "fdatasync", "mkdir", "link,linkat", "rename"] {
            for nth in 1.. {
                let house = house(engine);
                let (output, injected) = house.injected(words, call, &format!("error=ENOSPC:when={nth}"));
                if !injected {
                    break;
                }
                let said = String::from_utf8_lossy(&output.stderr);
                let at = format!("{engine}: no room at {call} number {nth}: {:?} {said}", output.status.code());
                // Once it is done, only the history and the report can still lack room.
                match house.tree() {
                    tree if tree == old => {
                        assert_eq!(output.status.code(), Some(1), "{at}");
                        failed += 1;
                    }
                    tree => {
                        assert_eq!(tree, new, "{at}");
                        let told = output.status.success() && (said.is_empty() || said.contains("no-history"));
                        assert!(told || output.status.code() == Some(8), "{at}");
                        done += 1;
                    }
                }
            }
        }
        assert!(failed > 10 && done > 3, "{engine}: {failed} failed, {done} done");
    }
}
