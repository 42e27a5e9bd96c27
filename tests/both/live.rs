//! The shorter list with running engines: everything is proved, and shown alike.

use serde_json::{Value, json};

use crate::fields::FIELDS;
use crate::freeswitch::FreeSwitch;
use crate::house::{shared, user};
use crate::office::Office;
use crate::program::Program;

/// A running engine and the program for it.
trait Running {
    fn program(&self) -> &Program;
    fn tree(&self) -> Value;

    /// Runs what must be done and, where it changes something, proved.
    #[track_caller]
    fn done(&self, words: &[&str]) -> Value {
        let words = [words, &["-o", "json"]].concat();
        let result = self.program().run_with(&words, b"Live-Password").fails(0, "").json()["results"][0].clone();
        if result["changed"] == true {
            assert_eq!(result["proof"]["status"], "proved", "{result:#}");
        }
        result
    }

    #[track_caller]
    fn show(&self, number: &str) -> Value {
        shared(&self.done(&["ext", "show", number, "--reveal"])["extensions"])[0].clone()
    }
}

impl Running for Office {
    fn program(&self) -> &Program {
        self
    }

    fn tree(&self) -> Value {
        json!(self.tree())
    }
}

/// FreeSWITCH with two users like the phones of the other engine's example.
struct Desk {
    engine: FreeSwitch,
    program: Program,
}

impl Desk {
    fn start() -> Self {
        let engine = FreeSwitch::start_with(|conf| {
            let users = conf.join("directory/default");
            for number in ["1000", "1001"] {
                let text = user(number, &format!("change-me-{number}"));
                std::fs::write(users.join(format!("{number}.xml")), text).unwrap();
            }
            std::fs::remove_file(users.join("1002.xml")).unwrap();
            let dialplan = conf.join("dialplan/default.xml");
            let text = std::fs::read_to_string(&dialplan).unwrap();
            let contexts = "<context name=\"internal\">\n</context>\n<context name=\"guests\">\n</context>\n";
            let (head, tail) = text.split_at(text.find("<context").unwrap());
            std::fs::write(&dialplan, [head, contexts, tail].concat()).unwrap();
        });
        let program =
            Program::with_inventory(&format!("[pbx lab]\naddress = freeswitch:{}\n", engine.conf().display()));
        let state = program.home().join("state").display().to_string();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", engine.conf().with_file_name("bin").display());
        Self { engine, program: program.env("SIPCTL_STATE", &state).env("PATH", &path) }
    }
}

impl Running for Desk {
    fn program(&self) -> &Program {
        &self.program
    }

    fn tree(&self) -> Value {
        let files = crate::files::tree(&self.engine.conf()).into_iter();
        json!(
            files
                .map(|(path, bytes)| (path.display().to_string(), bytes.escape_ascii().to_string()))
                .collect::<std::collections::BTreeMap<_, _>>()
        )
    }
}

/// The same hour with any engine; what was shown on the way.
fn hour(engine: &dyn Running) -> Vec<Value> {
    let before = engine.tree();
    let mut seen = Vec::new();
    let mut add = vec!["ext", "add", "1002", "--password-stdin"];
    let fields = || FIELDS.iter().filter(|(flag, ..)| *flag != "--context");
    add.extend(fields().flat_map(|(flag, _, value, _)| [*flag, *value]));
    engine.done(&add);
    seen.push(engine.show("1002"));
    let mut set = vec!["ext", "set", "1002"];
    set.extend(fields().flat_map(|(flag, _, _, value)| [*flag, *value]));
    engine.done(&set);
    seen.push(engine.show("1002"));
    engine.done(&["ext", "passwd", "1001", "--password-stdin", "--yes"]);
    seen.push(engine.show("1001"));
    engine.done(&["ext", "passwd", "1001", "--password-stdin", "--digest", "--yes"]);
    let digest = engine.show("1001");
    assert_eq!(digest["secret"], "digest");
    engine.done(&["ext", "disable", "1002", "--yes"]);
    seen.push(engine.show("1002"));
    engine.done(&["ext", "enable", "1002"]);
    engine.done(&["ext", "renumber", "1002", "1012", "--yes"]);
    seen.push(engine.show("1012"));
    engine.done(&["ext", "add", "1001-1005", "--if-absent", "--passwords", "-"]);
    engine.done(&["ext", "rm", "1002-1005", "1012", "--yes"]);
    let mut after = engine.tree();
    let mut before = before;
    // The password of 1001 is another one now, and its file with it.
    for tree in [&mut before, &mut after] {
        tree.as_object_mut().unwrap().retain(|path, _| !path.ends_with("1001.xml") && path != "pjsip.conf");
    }
    assert_eq!(after, before);
    seen
}

#[test]
fn an_hour_is_proved_and_shown_alike_on_running_engines() {
    let of_freeswitch = hour(&Desk::start());
    assert_eq!(of_freeswitch[0]["cid_name"], FIELDS[0].2);
    assert_eq!((&of_freeswitch[1]["permit"], &of_freeswitch[3]["enabled"]), (&json!("10.1.2.3"), &json!(false)));
    Office::each(|office| assert_eq!(hour(office), of_freeswitch));
}

/// Waits until nothing is open in a folder any more.
fn settled(folder: &std::path::Path) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while folder.join(".sipctl").exists() {
        assert!(std::time::Instant::now() < until, "{} stays open", folder.display());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Changes are taken back to the byte and proved; one that waits to be confirmed goes back or stays.
fn taken_back(engine: &dyn Running, folder: &std::path::Path) {
    let before = engine.tree();
    engine.done(&["ext", "add", "1002", "--password-stdin", "-m", "for the desk"]);
    let added = engine.tree();
    engine.done(&["ext", "passwd", "1001", "--password-stdin", "--yes"]);
    engine.done(&["ext", "rm", "1002", "--yes"]);
    let history = engine.done(&["history"])["history"].clone();
    assert_eq!((&history[0]["message"], &history[2]["live"]), (&json!("for the desk"), &json!(true)), "{history:#}");
    assert_eq!(engine.done(&["undo", "--yes", "--with-secrets"])["undo"], json!(["3"]));
    engine.done(&["undo", "--yes", "--with-secrets"]);
    assert_eq!(engine.tree(), added);
    assert_eq!(engine.done(&["undo", "--yes"])["changes"][0]["action"], "delete");
    assert_eq!(engine.tree(), before);

    let result = engine.done(&["ext", "add", "1002", "--password-stdin", "--confirm", "2s"]);
    assert!(result["confirm_until"].is_string() && result.get("id").is_none(), "{result:#}");
    engine.program().run(&["ext", "set", "1001", "--name", "X", "--wait", "1s"]).fails(10, "sipctl confirm");
    settled(folder);
    assert_eq!(engine.tree(), before);
    engine.done(&["ext", "set", "1001", "--name", "X", "--strict"]);
    engine.done(&["undo", "--yes"]);
    engine.program().run(&["confirm"]).fails(3, "no change waits");

    engine.done(&["ext", "add", "1002", "--password-stdin", "--confirm", "60s"]);
    // It was proved before; now it is kept.
    let kept = engine.program().run(&["confirm", "-o", "json"]).fails(0, "").json()["results"][0].clone();
    assert!(kept["id"].is_string() && kept["changed"] == true, "{kept:#}");
    assert_eq!(engine.tree(), added);
    engine.done(&["undo", "--yes"]);
    assert_eq!(engine.tree(), before);
}

#[test]
fn changes_are_taken_back_and_confirmed_on_running_engines() {
    let desk = Desk::start();
    taken_back(&desk, &desk.engine.conf());
    Office::each(|office| taken_back(office, office.folder()));
}
