//! The inventory and the choice of PBXes.

use crate::program::Program;

const TWO: &str = "[pbx seoul]\naddress = asterisk:/nowhere/a\ngroups = korea\nprotected = yes\n\
                   [pbx busan]\naddress = asterisk:/nowhere/b\ngroups = korea\n";

#[test]
fn a_mistake_is_shown_with_its_line() {
    let program = Program::with_inventory("[pbx a]\naddress = asterisk:/a\ncontxt = internal\n");
    let answer = program.run(&["ext", "list", "-o", "json"]).fails(2, "sipctl.ini:3");
    assert!(answer.stderr.contains("3 | contxt = internal"), "{}", answer.stderr);
    assert!(answer.stderr.contains("did you mean context?"), "{}", answer.stderr);
    let document = answer.json();
    assert_eq!(document["results"], serde_json::json!([]));
    assert_eq!(document["errors"][0]["line"], 3);
    assert!(document["errors"][0].get("pbx").is_none());
}

#[test]
fn the_first_that_exists_is_read() {
    let program = Program::with_inventory(TWO);
    let other = program.home().join("other.ini");
    std::fs::write(&other, "[pbx tokyo]\naddress = asterisk:/nowhere/c\n").unwrap();
    let other = other.to_str().unwrap();
    assert_eq!(program.run(&["pbx", "list", "-o", "name"]).stdout, "seoul\nbusan\n");
    assert_eq!(program.run(&["pbx", "list", "-o", "name", "--config", other]).stdout, "tokyo\n");
    let program = program.env("SIPCTL_CONFIG", other);
    assert_eq!(program.run(&["pbx", "list", "-o", "name"]).stdout, "tokyo\n");
    program.run(&["pbx", "list", "--config", "/nowhere/x.ini"]).fails(3, "/nowhere/x.ini");
    program.run(&["pbx", "list", "--config", ""]).fails(2, "without a file");
    let program = Program::with_inventory(TWO).env("SIPCTL_CONFIG", "");
    assert_eq!(program.run(&["pbx", "list", "-o", "name"]).fails(0, "").stdout, "seoul\nbusan\n");
}

#[test]
fn pbxes_are_listed_in_every_format() {
    let program = Program::with_inventory(TWO);
    let document = program.run(&["pbx", "list", "-o", "json"]).json();
    assert_eq!(document["results"][0]["pbx"], "seoul");
    assert_eq!(document["results"][0]["protected"], true);
    assert_eq!(document["results"][1]["address"], "asterisk:/nowhere/b");
    let csv = program.run(&["pbx", "list", "-o", "csv"]).stdout;
    assert_eq!(csv.lines().nth(1), Some("seoul,asterisk,asterisk:/nowhere/a,korea,yes"));
    let yaml = program.run(&["pbx", "list", "-o", "yaml"]).stdout;
    assert!(yaml.contains("schema: 1") && yaml.contains("pbx: seoul"), "{yaml}");
    let table = program.run(&["pbx", "list"]).stdout;
    assert!(table.lines().nth(1).unwrap().contains("asterisk:/nowhere/a"), "{table}");
}

#[test]
fn several_pbxes_ask_for_a_choice_and_protected_ones_for_their_name() {
    let program = Program::with_inventory(TWO);
    program.run(&["ext", "list"]).fails(2, "seoul, busan");
    program.run(&["ext", "list", "--pbx", "soul"]).fails(3, "did you mean seoul?");
    program.run(&["ext", "list", "--group", "japan"]).fails(3, "japan");
    program.run(&["ext", "add", "1002", "--all"]).fails(2, "protected");
    let program = program.env("SIPCTL_PBX", "seoul");
    program.run(&["ext", "add", "1002"]).fails(2, "protected");
}

#[test]
fn every_chosen_pbx_has_one_entry_and_each_counts_once() {
    let program = Program::with_inventory(TWO);
    let args = ["ext", "list", "--pbx", "busan", "--pbx", "asterisk:/nowhere/b/pjsip.conf", "--all", "-o", "json"];
    let document = program.run(&args).json();
    let names: Vec<&str> = document["results"].as_array().unwrap().iter().map(|r| r["pbx"].as_str().unwrap()).collect();
    assert_eq!(names, ["busan", "seoul"]);
    assert_eq!(document["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn sudo_is_the_same_in_the_inventory_and_in_the_address() {
    let list = |text: &str| Program::with_inventory(text).run(&["pbx", "list", "-o", "csv"]);
    let csv = list("[pbx a]\naddress = asterisk:/nowhere\nsudo = asterisk\n").fails(0, "").stdout;
    assert!(csv.contains(",asterisk:/nowhere?sudo=asterisk,"), "{csv}");
    let csv =
        list("[defaults]\nsudo=yes\n[pbx a]\naddress = asterisk:/nowhere\n[pbx b]\naddress=asterisk:/b\nsudo=no\n");
    assert!(csv.stdout.contains(",asterisk:/nowhere?sudo,") && csv.stdout.contains(",asterisk:/b,"), "{}", csv.stdout);
    list("[pbx a]\naddress = asterisk:/nowhere?sudo\nsudo = asterisk\n").fails(2, "sipctl.ini:3");
    list("[pbx a]\naddress = asterisk:/nowhere\nsudo = a b\n").fails(2, "the name of a user");
    // One PBX, however it is named.
    let program = Program::with_inventory("[pbx a]\naddress = asterisk:/nowhere\nsudo = asterisk\n");
    let listed = program.run(&["pbx", "list", "--pbx", "asterisk:/nowhere", "-o", "name"]);
    assert_eq!(listed.fails(0, "").stdout, "a\n");
}

#[test]
fn keys_of_the_way_to_a_host_are_read_and_shown() {
    let program = Program::with_inventory(
        "[pbx a]\naddress = asterisk:/nowhere\nconsole = asterisk+podman://pbx/etc/asterisk\nssh-client = system\n\
         ssh-password-file = /nowhere/password\n",
    );
    let answer = program.run(&["pbx", "show", "--offline", "-o", "json"]);
    let document = answer.json();
    let defaults = &document["results"][0]["defaults"];
    assert_eq!(document["results"][0]["console"], "asterisk+podman://pbx/etc/asterisk");
    assert!(program.run(&["pbx", "list"]).stdout.contains("asterisk+podman://pbx/etc/asterisk"));
    assert_eq!(
        (&defaults["ssh-client"], &defaults["ssh-password-file"]),
        (&"system".into(), &"/nowhere/password".into())
    );
    let odd = |line: &str| {
        Program::with_inventory(&format!("[pbx a]\naddress = asterisk:/a\n{line}\n")).run(&["pbx", "list"])
    };
    odd("console = freeswitch:/etc/freeswitch").fails(2, "sipctl.ini:3");
    odd("console = nowhere").fails(2, "sipctl.ini:3");
    odd("ssh-client = putty").fails(2, "builtin or system");
    odd("ssh-password-file = password").fails(2, "absolute");
}

#[test]
fn the_history_of_an_image_is_not_put_into_the_image() {
    let image = tempfile::tempdir().unwrap();
    let folder = image.path().join("etc/asterisk");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("pjsip.conf"),
        "[1000]\ntype=endpoint\nauth=1000\naors=1000\n[1000]\ntype=auth\nusername=1000\npassword=x\n[1000]\ntype=aor\n",
    )
    .unwrap();
    let (at, root) = (folder.display(), image.path().display());
    let program = Program::with_inventory(&format!("[pbx image]\naddress = asterisk:{at}\nroot = {root}\n"));
    let state = program.home().join("state");
    let program = program.env("SIPCTL_STATE", state.to_str().unwrap());
    program.run(&["ext", "set", "1000", "--name", "x", "--offline"]).fails(0, "");
    assert!(state.join("image/1/meta.json").exists());
    assert_eq!(std::fs::read_dir(image.path()).unwrap().count(), 1);
}
