//! `ext copy`, `ext move` and `edit`, files only.

use std::path::{Path, PathBuf};

use crate::program::{Answer, Program};

/// A program with copies of the two examples.
struct Two {
    program: Program,
}

impl Two {
    fn new() -> Self {
        let program = Program::new();
        for engine in ["asterisk", "freeswitch"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(engine);
            let status = std::process::Command::new("cp").arg("-r").arg(from).arg(program.home()).status();
            assert!(status.unwrap().success());
        }
        let state = program.home().join("state").display().to_string();
        Self { program: program.env("SIPCTL_STATE", &state) }
    }

    fn pbx(&self, engine: &str) -> String {
        format!("{engine}:{}", self.program.home().join(engine).display())
    }

    fn run(&self, from: &str, args: &[&str]) -> Answer {
        self.program.run(&[args, &["--pbx", &self.pbx(from), "--offline"]].concat())
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.program.home().join(file)).unwrap()
    }

    /// An editor that does this to its file.
    fn editor(self, script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let path = self.program.home().join("editor");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        let (path, folder) = (path.display().to_string(), self.program.home().display().to_string());
        let program = self.program.env("EDITOR", &path).env("PATH", "/usr/bin:/bin").env("TMPDIR", &folder);
        Self { program }
    }

    fn left_over(&self) -> Vec<PathBuf> {
        let names = self.program.home().read_dir().unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("sipctl-")).collect()
    }
}

#[test]
fn a_move_carries_the_password_unseen_and_deletes_here() {
    let two = Two::new();
    let to = two.pbx("freeswitch");
    let args = ["ext", "move", "2001", "--to", &to, "--map", "context=internal:default"];
    let refused = two.run("asterisk", &args).fails(2, "--yes");
    assert!(!refused.stdout.contains("proof"), "{}", refused.stdout);
    let taken = two.run("asterisk", &["ext", "add", "2001"]).fails(4, "");
    assert!(taken.stdout.contains("nothing is changed") && !taken.stdout.contains("proof"), "{}", taken.stdout);
    let answer = two.run("asterisk", &[&args[..], &["--yes", "--diff"]].concat()).fails(0, "");
    assert!(!(answer.stdout + &answer.stderr).contains("change-me"));
    assert!(two.text("freeswitch/directory/default/2001.xml").contains("name=\"password\" value=\"change-me-2001\""));
    assert!(!two.text("asterisk/pjsip_templates.conf").contains("[2001"));
}

#[test]
fn what_exists_there_is_not_copied_and_nothing_is_deleted_here() {
    let two = Two::new();
    let before = two.text("asterisk/pjsip.conf");
    let to = two.pbx("freeswitch");
    let args = ["ext", "move", "1000-1001", "--to", &to, "--map", "context=internal:default", "--yes"];
    two.run("asterisk", &args).fails(4, "there is already: 1000, 1001");
    assert_eq!(two.text("asterisk/pjsip.conf"), before);
    two.run("asterisk", &["ext", "copy", "1000", "--to", &two.pbx("asterisk")]).fails(2, "both where they are");
}

#[test]
fn a_digest_goes_only_where_its_realm_is() {
    let two = Two::new();
    let digest = ["ext", "passwd", "2001", "--password-stdin", "--digest", "--yes"];
    let asterisk = two.pbx("asterisk");
    let all = [&digest[..], &["--pbx", &asterisk, "--offline"]].concat();
    two.program.run_with(&all, b"hunter2\n").fails(0, "");
    let (to, map) = (two.pbx("freeswitch"), ["--map", "context=internal:default"]);
    let refused = two.run("asterisk", &[&["ext", "copy", "2001", "--to", &to][..], &map].concat());
    refused.fails(2, "realm is \"asterisk\", and there it is \"pbx.example.net\"");
    // Another Asterisk challenges with the same realm.
    let other = two.program.home().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("pjsip.conf"), "[global]\ntype=global\ndefault_realm=asterisk\n").unwrap();
    let to = format!("asterisk:{}", other.display());
    let dry = two.run("asterisk", &["ext", "copy", "2001", "--to", &to]);
    dry.fails(2, "and there it is unknown");
    std::fs::write(
        other.join("pjsip.conf"),
        "[1]\ntype=endpoint\ncontext=internal\nauth=1\naors=1\n[1]\ntype=auth\nusername=1\npassword=x\n[1]\ntype=aor\n",
    )
    .unwrap();
    two.run("asterisk", &["ext", "copy", "2001", "--to", &to]).fails(0, "");
    let hash = |text: &str| text.split("md5_cred=").nth(1).map(|rest| rest.trim()[..32].to_owned());
    let ours = two.text("asterisk/pjsip_templates.conf").replace("md5_cred = ", "md5_cred=");
    assert_eq!(hash(&two.text("other/pjsip.conf")), hash(&ours));
    assert!(hash(&ours).is_some());
}

#[test]
fn an_edit_changes_what_was_changed_and_clears_what_was_taken_out() {
    let two = Two::new().editor("cat $1 > $HOME/seen; sed -i 's/Front Desk/Desk/; /description/d' $1");
    two.run("asterisk", &["ext", "set", "2001", "--description", "by the door"]).fails(0, "");
    let answer = two.run("asterisk", &["edit", "2001"]).fails(0, "");
    assert!(answer.stdout.contains("2001 changed"), "{}", answer.stdout);
    let seen = two.text("seen");
    assert!(seen.contains("cid_name: Front Desk") && !seen.contains("change-me"), "{seen}");
    let text = two.text("asterisk/pjsip_templates.conf");
    assert!(!text.contains("by the door"), "{text}");
    assert!(text.contains("callerid = \"Desk\" <2001>") && text.contains("password = change-me-2001"), "{text}");
    assert_eq!(two.left_over(), Vec::<PathBuf>::new());
}

#[test]
fn an_edit_without_a_change_or_with_a_mistake_changes_nothing() {
    let two = Two::new().editor("exit 0");
    let before = two.text("asterisk/pjsip.conf");
    let answer = two.run("asterisk", &["edit", "1000"]).fails(0, "");
    assert!(answer.stdout.contains("nothing to do"), "{}", answer.stdout);
    let two = two.editor("sed -i 's/context/contxet/' $1");
    two.run("asterisk", &["edit", "1000"]).fails(2, "did you mean context?");
    let two = two.editor("sed -i \"s/'1000'/'1009'/\" $1");
    two.run("asterisk", &["edit", "1000"]).fails(2, "sipctl ext renumber");
    let two = two.editor("exit 3");
    two.run("asterisk", &["edit", "1000"]).fails(1, "the editor");
    assert_eq!(two.text("asterisk/pjsip.conf"), before);
    assert_eq!(two.left_over(), Vec::<PathBuf>::new());
}

/// Phones of a house with templates, one of them with more than they say.
const TEMPLATES: &str = "[phone](!)\ntype=endpoint\ncontext=internal\ndisallow=all\nallow=alaw\nrtp_timeout=30\n\
                         set_var=A=1\n\n[aor](!)\ntype=aor\nmax_contacts=3\nauthenticate_qualify=yes\n\n\
                         [1001](phone)\nauth=1001\naors=1001\ndtmf_mode=info\nset_var=B=2\n\n\
                         [1001]\ntype=auth\nusername=1001\npassword=x\n\n[1001](aor)\n";

#[test]
fn what_templates_say_goes_along_to_where_they_are_not() {
    let program = Program::new();
    let at = |name: &str| program.home().join(name);
    for (folder, text) in [("house", TEMPLATES), ("bare", ""), ("copied", ""), ("twin", TEMPLATES)] {
        std::fs::create_dir(at(folder)).unwrap();
        std::fs::write(at(folder).join("pjsip.conf"), text).unwrap();
    }
    let pbx = |name: &str| format!("asterisk:{}", at(name).display());
    let text = program.run(&["export", "--inherited", "--pbx", &pbx("house")]).fails(0, "").stdout;
    let list = at("list.yaml").display().to_string();
    std::fs::write(&list, &text).unwrap();
    program.run(&["diff", "-f", &list, "--pbx", &pbx("house")]).fails(0, "");
    program.run(&["apply", "-f", &list, "--pbx", &pbx("bare"), "--offline"]).fails(0, "");
    let copy = ["ext", "copy", "1001", "--pbx", &pbx("house"), "--offline", "--to"];
    program.run(&[&copy[..], &[&pbx("copied")]].concat()).fails(0, "");
    for there in ["bare", "copied"] {
        program.run(&["diff", "-f", &list, "--pbx", &pbx(there)]).fails(0, "");
        let conf = std::fs::read_to_string(at(there).join("pjsip.conf")).unwrap();
        for option in ["rtp_timeout=30", "authenticate_qualify=yes", "dtmf_mode=info", "set_var=A=1", "set_var=B=2"] {
            assert!(conf.contains(option), "{option}: {conf}");
        }
    }
    // Where the templates are, what they say is not written again.
    program.run(&["ext", "renumber", "1001", "1002", "--pbx", &pbx("twin"), "--offline", "--yes"]).fails(0, "");
    program.run(&["apply", "-f", &list, "--pbx", &pbx("twin"), "--offline"]).fails(0, "");
    program.run(&["diff", "-f", &list, "--pbx", &pbx("twin")]).fails(0, "");
    let conf = std::fs::read_to_string(at("twin").join("pjsip.conf")).unwrap();
    let own = conf.split("[1001]").nth(1).unwrap();
    assert!(own.starts_with("(phone)") && !own.contains("rtp_timeout") && !own.contains("A=1"), "{conf}");
    assert!(own.contains("set_var=B=2"), "{conf}");
}

#[test]
fn a_digest_is_not_hashed_again_for_another_algorithm() {
    let program = Program::new();
    let etc = program.home().join("etc");
    std::fs::create_dir(&etc).unwrap();
    let conf = |algorithms: &str| {
        format!(
            "[1001]\ntype=endpoint\ncontext=internal\nauth=1001\naors=1001\n\n[1001]\ntype=auth\nauth_type=digest\n\
             username=1001\nsupported_algorithms_uas={algorithms}\npassword_digest=SHA-256:{:064},MD5:{:032}\n\n\
             [1001]\ntype=aor\nmax_contacts=1\n",
            7, 7
        )
    };
    let pbx = format!("asterisk:{}", etc.display());
    let list = program.home().join("list.yaml").display().to_string();
    std::fs::write(&list, format!("extensions:\n- number: 1001\n  password: 'digest:{:032}'\n", 8)).unwrap();
    let apply = ["apply", "-f", &list, "--pbx", &pbx, "--offline", "--yes"];
    std::fs::write(etc.join("pjsip.conf"), conf("SHA-256,MD5")).unwrap();
    program.run(&apply).fails(2, "SHA-256");
    assert_eq!(std::fs::read_to_string(etc.join("pjsip.conf")).unwrap(), conf("SHA-256,MD5"));
    std::fs::write(etc.join("pjsip.conf"), conf("MD5")).unwrap();
    program.run(&apply).fails(0, "");
    let text = std::fs::read_to_string(etc.join("pjsip.conf")).unwrap();
    assert!(text.contains(&format!("{:032}", 8)) && !text.contains("SHA-256"), "{text}");
    // Nor does it hold for another realm.
    let set = |realm: &str| {
        let set = format!("auth.realm={realm}");
        program.run(&["ext", "set", "1001", "--set", &set, "--pbx", &pbx, "--offline"])
    };
    set("office.example").fails(2, "holds for the realm asterisk");
    assert_eq!(std::fs::read_to_string(etc.join("pjsip.conf")).unwrap(), text);
    set("asterisk").fails(0, "");
    // Of two digests both go into a list.
    std::fs::write(etc.join("pjsip.conf"), conf("MD5")).unwrap();
    let to = program.home().join("all.yaml");
    program.run(&["export", "--pbx", &pbx, "--with-secrets", "--to", to.to_str().unwrap()]).fails(0, "");
    assert!(std::fs::read_to_string(&to).unwrap().contains(&format!("digest:SHA-256:{:064},MD5:{:032}", 7, 7)));
}

#[test]
fn digests_go_to_who_has_a_use_for_them() {
    let two = Two::new();
    let etc = two.program.home().join("etc");
    std::fs::create_dir(&etc).unwrap();
    let conf = |algorithms: &str, realm: &str| {
        let digests =
            algorithms.replace("SHA-256", &format!("SHA-256:{:064}", 7)).replace("MD5", &format!("MD5:{:032}", 7));
        let auth = format!(
            "supported_algorithms_uas={algorithms}\nsupported_algorithms_uac={algorithms}\nrealm={realm}\npassword_digest={digests}\npassword=not-this-one"
        );
        let text = format!(
            "[1007]\ntype=endpoint\ncontext=internal\nauth=1007\naors=1007\n\n[1007]\ntype=auth\nusername=1007\n\
             {auth}\n\n[1007]\ntype=aor\nmax_contacts=1\n"
        );
        std::fs::write(etc.join("pjsip.conf"), text).unwrap();
    };
    let from = format!("asterisk:{}", etc.display());
    let copy = |to: &str, context: &str| {
        let (to, map) = (two.pbx(to), format!("context=internal:{context}"));
        two.program.run(&["ext", "copy", "1007", "--pbx", &from, "--to", &to, "--map", &map, "--offline"])
    };
    conf("SHA-256", "pbx.example.net");
    copy("freeswitch", "default").fails(2, "FreeSWITCH stores MD5 ones");
    conf("SHA-256,MD5", "pbx.example.net");
    copy("freeswitch", "default").fails(0, "");
    assert!(two.text("freeswitch/directory/default/1007.xml").contains(&format!("\"a1-hash\" value=\"{:032}\"", 7)));
    conf("SHA-256", "office.example");
    copy("asterisk", "internal").fails(0, "");
    let text = two.text("asterisk/pjsip.conf");
    assert!(text.contains(&format!("SHA-256:{:064}", 7)) && text.contains("realm=office.example"), "{text}");
    assert!(!text.contains("not-this-one"), "{text}");
}
