//! `ext list`, `ext show` and `pbx show` on the configuration of examples/asterisk.

use crate::program::{Answer, Program};

fn run(args: &[&str]) -> Answer {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/asterisk");
    Program::new().env("SIPCTL_PBX", &format!("asterisk:{folder}")).run(args)
}

#[test]
fn a_list_is_the_same_in_every_format() {
    assert_eq!(run(&["ext", "list", "-o", "name"]).stdout, "1000\n1001\n2001\n2002\n");
    let document = run(&["ext", "list", "-o", "json"]).json();
    let extensions = document["results"][0]["extensions"].as_array().unwrap();
    assert_eq!(extensions.len(), 4);
    assert_eq!(extensions[0]["codecs"], serde_json::json!(["ulaw"]));
    assert_eq!(extensions[3]["cid_name"], "회의실");
    let csv = run(&["ext", "list", "-o", "csv"]).stdout;
    assert_eq!(csv.lines().count(), 5);
    assert!(csv.starts_with("pbx,number,domain,kind,cid_name"), "{csv}");
    let yaml = run(&["ext", "list", "-o", "yaml"]).stdout;
    assert!(yaml.contains("number: '1000'"), "{yaml}");
}

#[test]
fn columns_line_up_behind_wide_characters_and_nothing_is_cut_in_a_pipe() {
    let table = run(&["ext", "list"]).stdout;
    let column = |line: &str| {
        let before = &line[..line.find("phone").unwrap_or_else(|| line.find("KIND").unwrap())];
        before.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>()
    };
    let columns: Vec<usize> = table.lines().map(column).collect();
    assert!(columns.iter().all(|at| *at == columns[0]), "{table}");
    assert!(table.contains("examples/asterisk/pjsip_templates.conf:"), "{table}");
}

#[test]
fn filters_choose() {
    assert_eq!(run(&["ext", "list", "1001-2001", "-o", "name"]).stdout, "1001\n2001\n");
    assert_eq!(run(&["ext", "list", "codecs=g722*", "-o", "name"]).stdout, "2001\n2002\n");
    assert_eq!(run(&["ext", "list", "front", "-o", "name"]).stdout, "2001\n");
    assert_eq!(run(&["ext", "list", "--kind", "trunk", "-o", "name"]).stdout, "");
}

#[test]
fn passwords_are_shown_only_when_asked_for() {
    for args in [
        &["ext", "list", "-o", "json"][..],
        &["ext", "show", "2001", "--offline"],
        &["ext", "show", "2001", "--offline", "-o", "json"],
    ] {
        let answer = run(args);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        assert!(!answer.stdout.contains("change-me"), "{}", answer.stdout);
    }
    let shown = run(&["ext", "show", "2001", "--offline", "--reveal", "-o", "json"]).json();
    let extension = &shown["results"][0]["extensions"][0];
    assert_eq!(extension["password"], "change-me-2001");
    let setting = extension["settings"].as_array().unwrap().iter().find(|setting| setting["option"] == "callerid");
    assert_eq!(setting.unwrap()["value"], "\"Front Desk\" <2001>");
}

#[test]
fn what_is_not_there_is_3() {
    let answer = run(&["ext", "show", "1009", "--offline", "-o", "json"]).fails(3, "no extension 1009");
    assert_eq!(answer.json()["results"][0]["exit"], 3);
    run(&["ext", "list", "--pbx", "asterisk:/nowhere"]).fails(3, "/nowhere");
}

#[test]
fn a_pbx_is_shown_without_its_engine() {
    let document = run(&["pbx", "show", "--offline", "-o", "json"]).json();
    assert_eq!(document["results"][0]["extension_count"], 4);
    assert_eq!(document["results"][0]["defaults"]["password-length"], "24");
}

#[test]
fn a_domain_is_one_of_freeswitch_and_a_number_that_several_have_is_not_guessed_at() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/freeswitch-two-domains");
    let two = |args: &str| {
        let args: Vec<&str> = args.split(' ').collect();
        Program::new().env("SIPCTL_PBX", &format!("freeswitch:{folder}")).run(&args)
    };
    for verb in
        ["show 1000 --offline", "passwd 1000 --yes --dry-run --offline", "rm 1000-1001 --yes --dry-run --offline"]
    {
        let answer = two(&format!("ext {verb}")).fails(2, "1000 stands in several domains");
        assert!(answer.stderr.contains("1000@north.example.net, 1000@south.example.net"), "{}", answer.stderr);
    }
    two("ext show 1000@nosuch.example.net --offline").fails(3, "no extension 1000@nosuch");
    let south = two("ext show 1000@South.example.net --offline -o json").json();
    assert_eq!(south["results"][0]["extensions"][0]["context"], "south");

    for verb in [
        "show 1000@dom --offline",
        "set 1000@dom --name x --dry-run --offline",
        "add 1005@dom --dry-run --offline",
        "renumber 1000 1005@dom --yes --dry-run --offline",
        "rm 1000@dom --if-present --yes --dry-run --offline",
    ] {
        let args: Vec<&str> = ["ext"].into_iter().chain(verb.split(' ')).collect();
        run(&args).fails(2, "Asterisk has no domains");
    }
    // Whatever host stands in a log is not looked at.
    assert_eq!(run(&["ext", "show", "sip:1000@dom;tag=x", "--offline"]).code, 0);
}
