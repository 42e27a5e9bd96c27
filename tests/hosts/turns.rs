//! What a command costs where the way is long: how often the direction turns after the login.

use std::path::Path;
use std::time::Duration;

use crate::engine::Lab;
use crate::freeswitch::FreeSwitch;
use crate::office::{Office, example};
use crate::program::Program;
use crate::proxy::{Cut, Proxy};
use crate::ssh_cut::{server, server_with_own_state};
use crate::sshd::{Sshd, here, me, root};

/// Long enough for what is sent at once to be sent before anything comes back.
const DELAY: Duration = Duration::from_millis(25);

/// A PBX behind an sshd and the proxy.
struct Far {
    program: Program,
    proxy: Proxy,
    server: Sshd,
}

impl Far {
    /// With its history on this side, or there.
    fn new(kind: &str, folder: &Path, near: bool) -> Self {
        let server = if near { server() } else { server_with_own_state() };
        let proxy = Proxy::to(server.port, DELAY);
        let address = format!("{kind}+ssh://{}@127.0.0.1:{}{}", me(), proxy.port, folder.display());
        let program = Program::with_inventory(&format!("[pbx far]\naddress = {address}\n"));
        let state = program.home().join("state").display().to_string();
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", server.folder.path().display());
        let program = program.env("SIPCTL_STATE", if near { &state } else { "" }).env("PATH", &path);
        Self { program, proxy, server }
    }

    /// How often the direction turns.
    fn turns(&self, args: &[&str]) -> usize {
        self.proxy.cut(Cut::Never, false);
        let answer = self.program.run(args);
        assert_eq!(answer.code, 0, "{args:?}: {}", answer.stderr);
        self.proxy.counts().turns
    }

    /// The turns of some commands, counted from the end of the login, are at most so many. What is sent
    /// at once by two threads may be sent one after the other where the machine is busy: the least of some
    /// rounds counts.
    fn cost(&self, commands: &[&[&str]], most: usize) {
        // A login and one question.
        let list = self.turns(&["ext", "list", "--offline"]);
        let mut least = vec![usize::MAX; commands.len()];
        for _ in 0..10 {
            for (least, args) in least.iter_mut().zip(commands) {
                *least = (self.turns(args) + 1 - list).min(*least);
            }
            if least.iter().all(|turns| *turns <= most) {
                return;
            }
        }
        panic!("{least:?}");
    }
}

const ADD: &[&str] = &["ext", "add", "1700"];
const SET: &[&str] = &["ext", "set", "1700", "--name", "Door"];
const REMOVE: &[&str] = &["ext", "rm", "1700", "--yes"];

/// The files that say where the engine is; the socket and everything under the lock; what the engine
/// is; the switch; two reloads and between them the log; the end.
#[test]
fn a_change_of_asterisk_takes_few_turns() {
    let Some(release) = Lab::engines().into_iter().next().filter(|_| here()) else { return };
    let office = Office::start(&release, example());
    for near in [true, false].into_iter().filter(|near| *near || root()) {
        let far = Far::new("asterisk", office.folder(), near);
        far.cost(&[ADD, SET, REMOVE], 8);
        let kept = far.program.home().join("state").join("far/3").exists();
        assert_eq!(kept, near);
        let there = Path::new("/proc").join(far.server.pid().to_string()).join("root/var/lib/sipctl/far/3");
        assert_eq!(there.exists(), !near);
    }
}

/// Without the log.
#[test]
fn a_change_of_freeswitch_takes_few_turns() {
    if !here() {
        return;
    }
    let engine = FreeSwitch::start();
    Far::new("freeswitch", &engine.conf(), true).cost(&[ADD, SET, REMOVE], 7);
}
