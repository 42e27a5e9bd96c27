//! The built program on a running FreeSWITCH, as a person uses it.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::engine::{FreeSwitch, is_stand_in, user};

/// A folder for one person's inventory, history and secrets.
pub struct Desk(tempfile::TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file nobody else can read.
    fn private(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// An inventory with this PBX, asked as `op`.
    fn logs_in_as_op(&self, conf: &Path) {
        self.private("seoul.esl", "op-s3cret\n");
        let inventory = format!(
            "[pbx seoul]\naddress = freeswitch:{}\nevent-socket-user = op@pbx.example.org\n\
             event-socket-password-file = {}\n",
            conf.display(),
            self.path("seoul.esl").display()
        );
        std::fs::create_dir_all(self.path(".config/sipctl")).unwrap();
        std::fs::write(self.path(".config/sipctl/sipctl.ini"), &inventory).unwrap();
    }

    /// Runs sipctl with what stands in `input`; words are split at blanks.
    pub fn feed(&self, words: &str, input: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sipctl"))
            .args(words.split(' '))
            .env_clear()
            .env("PATH", format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap()))
            .env("HOME", self.0.path())
            .env("SIPCTL_STATE", self.path("state"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // It may end before it reads.
        let _ = stdin.write_all(input);
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    /// Runs sipctl; exit code, and both outputs together.
    pub fn run(&self, words: &str) -> (i32, String) {
        let output = self.feed(words, b"");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }
}

/// Every file of a folder with its bytes.
pub fn tree(folder: &Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.is_dir() {
            true => out.extend(tree(&entry)),
            false => _ = out.insert(entry.clone(), std::fs::read(&entry).unwrap()),
        }
    }
    out
}

#[test]
fn a_login_of_the_inventory_is_used_and_what_it_lacks_is_named_before_anything_is_written() {
    let engine = FreeSwitch::start();
    let conf = engine.conf();
    let desk = Desk::new();
    let user = |may: &str| {
        let text = format!(
            "<include>\n<user id=\"op\">\n<params>\n<param name=\"sip-forbid-register\" value=\"true\"/>\n\
             <param name=\"esl-password\" value=\"op-s3cret\"/>\n\
             <param name=\"esl-allowed-api\" value=\"{may}\"/>\n</params>\n</user>\n</include>\n"
        );
        engine.write("directory/default/op.xml", &text);
        assert_eq!(engine.ask("reloadxml"), "+OK [Success]\n");
    };
    desk.logs_in_as_op(&conf);

    user("version,global_getvar,find_user_xml,user_exists");
    let before = tree(&conf);
    for verb in ["ext add 1010", "ext add 1010 --dry-run", "ext set 1000 --name X", "reload"] {
        let (exit, said) = desk.run(verb);
        assert_eq!(exit, 7, "{verb}: {said}");
        assert!(said.contains("api command reloadxml") && said.contains("esl-allowed-api"), "{verb}: {said}");
        assert_eq!(tree(&conf), before, "{verb}");
    }
    user("version,global_getvar,reloadxml,user_exists");
    let (exit, said) = desk.run("ext add 1010 -o json");
    assert!(exit == 0 && said.contains("\"unproved\"") && said.contains("api command find_user_xml"), "{said}");
    let before = tree(&conf);
    let (exit, said) = desk.run("ext set 1010 --name Strict --strict");
    assert!(exit == 6 && tree(&conf) == before, "{said}");

    // All that is named in the hint is all it takes.
    let hint = said_rights(&desk.run("ext kick 1010").1);
    user(&hint);
    let (exit, said) = desk.run("ext add 1011 --strict -o json");
    assert!(exit == 0 && said.contains("\"proved\"") && said.contains("\"warnings\":[]"), "{said}");
    let (exit, said) = desk.run("ext rm 1010 1011 --yes --hangup --strict -o json");
    assert!(exit == 0 && said.contains("\"warnings\":[]"), "{said}");

    // Nothing of it is seen, and nothing is tried with a password that others can read.
    assert!(!said.contains("op-s3cret"));
    std::fs::set_permissions(desk.path("seoul.esl"), PermissionsExt::from_mode(0o644)).unwrap();
    let (exit, said) = desk.run("ext add 1012");
    assert!(exit == 2 && said.contains("sipctl.ini:4") && said.contains("chmod 600"), "{said}");
    assert_eq!(desk.run("ext add 1012 --offline").0, 0);
    desk.private("seoul.esl", "another\n");
    let (exit, said) = desk.run("ext rm 1012 --yes");
    assert!(exit == 7 && said.contains("event-socket-user") && !said.contains("another"), "{said}");
}

#[test]
fn by_fs_cli_a_right_that_only_trying_shows_is_tried_before_anything_is_written() {
    let engine = FreeSwitch::start();
    let conf = engine.conf();
    let desk = Desk::new();
    let rights = |may: &str| {
        let text = format!(
            "<include>\n<user id=\"op\">\n<params>\n<param name=\"esl-password\" value=\"op-s3cret\"/>\n\
             <param name=\"esl-allowed-api\" value=\"{may}\"/>\n</params>\n</user>\n</include>\n"
        );
        engine.write("directory/default/op.xml", &text);
        assert_eq!(engine.ask("reloadxml"), "+OK [Success]\n");
    };
    desk.logs_in_as_op(&conf);
    // Nothing listens where its configuration says, but its fs_cli finds it.
    let file = "autoload_configs/event_socket.conf.xml";
    let text = std::fs::read_to_string(conf.join(file)).unwrap();
    let (head, rest) = text.split_once("\"listen-port\" value=\"").unwrap();
    let (port, tail) = rest.split_once('"').unwrap();
    let elsewhere = format!("{head}\"listen-port\" value=\"1\"{tail}");
    std::fs::create_dir(desk.path("bin")).unwrap();
    let fs_cli = conf.parent().unwrap().join("bin/fs_cli");
    let script = format!("#!/bin/sh\nexec '{}' -P {port} \"$@\"\n", fs_cli.display());
    std::fs::write(desk.path("bin/fs_cli"), script).unwrap();
    std::fs::set_permissions(desk.path("bin/fs_cli"), PermissionsExt::from_mode(0o755)).unwrap();

    rights("version,global_getvar,find_user_xml,user_exists");
    engine.write(file, &elsewhere);
    let before = tree(&conf);
    for verb in ["ext add 1010", "ext set 1000 --name X", "ext rm 1000 --yes"] {
        let (exit, said) = desk.run(verb);
        assert_eq!(exit, 7, "{verb}: {said}");
        assert!(said.contains("api command reloadxml") && !said.contains("back"), "{verb}: {said}");
        assert_eq!(tree(&conf), before, "{verb}");
    }
    // A dry run changes nothing, so it does not reload either.
    let (exit, said) = desk.run("ext set 1000 --name X --dry-run");
    assert!(exit == 0 && tree(&conf) == before, "{said}");
    engine.write(file, &text);
    rights("version,global_getvar,reloadxml,find_user_xml,user_exists");
    engine.write(file, &elsewhere);
    let (exit, said) = desk.run("ext add 1010 -o json");
    assert!(exit == 0 && said.contains("\"proved\""), "{said}");
}

/// The list after `all that sipctl uses: `.
fn said_rights(said: &str) -> String {
    let (_, rest) = said.split_once("all that sipctl uses: ").unwrap_or_else(|| panic!("{said}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn each_engine_judges_for_itself_which_passwords_it_can_hold() {
    let engine = FreeSwitch::start();
    let desk = Desk::new();
    let asterisk = desk.path("asterisk");
    std::fs::create_dir(&asterisk).unwrap();
    let phone = "[1000]\ntype=endpoint\nauth=1000\naors=1000\n[1000]\ntype=auth\nusername=1000\npassword=x\n\
                 [1000]\ntype=aor\nmax_contacts=1\n";
    std::fs::write(asterisk.join("pjsip.conf"), phone).unwrap();
    let both = format!("--pbx asterisk:{} --pbx freeswitch:{}", asterisk.display(), engine.conf().display());
    let before = tree(&asterisk);
    let long = [b'x'; 901];
    for secret in [&b" edge blanks\t"[..], &long, "  \u{1f511} <&>\"' ".as_bytes()] {
        let words = format!("ext passwd 1000 --password-stdin --yes --offline -o json {both}");
        let output = desk.feed(&words, &[secret, b"\n"].concat());
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(9), "{said}");
        assert!(said.contains("Asterisk") && said.contains("\"exit\":2"), "{said}");
        assert_eq!(tree(&asterisk), before);
        // Live, the running engine proves that it holds just these bytes.
        let words =
            format!("ext passwd 1001 --password-stdin --yes -o json --pbx freeswitch:{}", engine.conf().display());
        let output = desk.feed(&words, secret);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && said.contains("\"proved\""), "{said}");
        let words = format!("ext show 1001 --reveal -o json --pbx freeswitch:{}", engine.conf().display());
        let shown: serde_json::Value = serde_json::from_slice(&desk.feed(&words, b"").stdout).unwrap();
        assert_eq!(shown["results"][0]["extensions"][0]["password"].as_str().unwrap().as_bytes(), secret);
    }
}

#[test]
fn a_second_name_is_dropped_and_forgotten_too() {
    if !is_stand_in() {
        return;
    }
    let engine = FreeSwitch::start();
    let desk = Desk::new();
    let pbx = format!("--pbx freeswitch:{}", engine.conf().display());
    let more = " number-alias=\"2900\" cacheable=\"true\"";
    engine.write("directory/default/1010.xml", &user("1010", "old", more));
    let register = |id: &str| assert_eq!(engine.ask(&format!("standin register internal {id} sip:{id}:5060")), "+OK\n");
    engine.ask("reloadxml");
    // The daemon keeps him under each name he was asked for.
    let holds = |name: &str| engine.ask(&format!("user_data {name}@pbx.example.org param password"));
    assert_eq!((holds("1010"), holds("2900")), ("old".to_owned(), "old".to_owned()));
    register("2900@pbx.example.org");
    register("2900@other.example");
    let (_, said) = desk.run(&format!("ext show 1010 -o json {pbx}"));
    assert!(said.contains("sip:2900@pbx.example.org") && !said.contains("other.example"), "{said}");
    let output = desk.feed(&format!("ext passwd 1010 --password-stdin --yes --kick {pbx}"), b"new");
    assert!(output.status.success());
    assert_eq!((holds("1010"), holds("2900")), ("new".to_owned(), "new".to_owned()));
    let (_, said) = desk.run(&format!("ext show 1010 -o json {pbx}"));
    assert!(said.contains("\"contacts\":[]"), "{said}");
    register("2900@pbx.example.org");
    let (exit, said) = desk.run(&format!("ext kick 1010 {pbx}"));
    assert!(exit == 0 && said.contains("1010 unregistered"), "{said}");
    register("2900@pbx.example.org");
    assert_eq!(desk.run(&format!("ext rm 1010 --yes {pbx}")).0, 0);
    assert_eq!(engine.ask("user_exists id 2900 pbx.example.org"), "false");
    let left = engine.ask("sofia xmlstatus profile internal reg");
    assert!(left.contains("2900@other.example") && !left.contains("2900@pbx.example.org"), "{left}");
}

#[test]
fn the_domain_only_the_daemon_knows_is_asked_of_it() {
    if !is_stand_in() {
        return;
    }
    // As in the vanilla configuration, whose domain is the address of the machine.
    let engine = FreeSwitch::start_with(|conf| {
        let path = conf.join("vars.xml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("domain=pbx.example.org"), "{text}");
        std::fs::write(&path, text.replace("domain=pbx.example.org", "domain=$${local_ip_v4}")).unwrap();
    });
    let desk = Desk::new();
    let pbx = format!("--pbx freeswitch:{}", engine.conf().display());
    for id in ["1000@127.0.0.1", "1001@127.0.0.1", "1000@other.example"] {
        assert_eq!(engine.ask(&format!("standin register internal {id} sip:{id}:5060")), "+OK\n");
    }
    let (exit, said) = desk.run(&format!("ext kick 1000 -o json {pbx}"));
    assert!(exit == 0 && said.contains("\"changed\":true") && said.contains("\"warnings\":[]"), "{said}");
    let left = engine.ask("sofia xmlstatus profile internal reg");
    assert!(left.contains("1000@other.example") && !left.contains("1000@127.0.0.1"), "{left}");
    let (exit, said) = desk.run(&format!("ext kick 1000 {pbx}"));
    assert!(exit == 0 && said.contains("nothing to do"), "{said}");
    let (exit, said) = desk.run(&format!("ext passwd 1000 --digest --passwords - --yes -o json {pbx}"));
    assert!(exit == 0 && said.contains("\"proved\"") && said.contains("exactly 127.0.0.1"), "{said}");
    let (exit, said) = desk.run(&format!("ext rm 1001 --yes -o json {pbx}"));
    assert!(exit == 0 && said.contains("\"proved\""), "{said}");
    assert!(!engine.ask("sofia xmlstatus profile internal reg").contains("1001@"));
}

#[test]
fn what_a_colleague_has_not_reloaded_yet_is_said() {
    let engine = FreeSwitch::start();
    let desk = Desk::new();
    let pbx = format!("--pbx freeswitch:{}", engine.conf().display());
    let (exit, said) = desk.run(&format!("ext set 1001 --name Now --strict -o json {pbx}"));
    assert!(exit == 0 && said.contains("\"warnings\":[]"), "{said}");
    // Half a minute after the daemon has read everything.
    let theirs = std::fs::File::options().append(true).open(engine.conf().join("dialplan/default.xml")).unwrap();
    theirs.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(30)).unwrap();
    let (exit, said) = desk.run(&format!("ext set 1001 --name Strict --strict {pbx}"));
    assert!(exit == 1 && said.contains("pending-edits") && said.contains("dialplan/default.xml"), "{said}");
    let (exit, said) = desk.run(&format!("reload {pbx}"));
    assert!(exit == 2 && said.contains("dialplan/default.xml") && said.contains("--yes"), "{said}");
    let (exit, said) = desk.run(&format!("ext set 1001 --name Later -o json {pbx}"));
    assert!(exit == 0 && said.contains("\"pending-edits\"") && said.contains("\"proved\""), "{said}");
}

#[test]
fn a_device_known_by_its_address_is_let_in_from_there() {
    let engine = FreeSwitch::start();
    let desk = Desk::new();
    let pbx = format!("--pbx freeswitch:{}", engine.conf().display());
    let (exit, said) = desk.run(&format!("ext add 1012 --ip 10.9.9.9 -o json {pbx}"));
    assert!(exit == 0 && said.contains("reloadacl") && said.contains("\"warnings\":[]"), "{said}");
    assert_eq!(engine.ask("user_data 1012@pbx.example.org attr cidr"), "10.9.9.9/32");
    // The stand-in has no access lists.
    if !is_stand_in() {
        assert_eq!([engine.ask("acl 10.9.9.9 domains"), engine.ask("acl 10.9.9.8 domains")], ["true", "false"]);
    }
    let shown: serde_json::Value =
        serde_json::from_slice(&desk.feed(&format!("ext show 1012 -o json {pbx}"), b"").stdout).unwrap();
    assert_eq!(shown["results"][0]["extensions"][0]["ip"], "10.9.9.9");
}
