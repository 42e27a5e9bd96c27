//! Lists of extensions: the schema for editors, the parser, the documents and the example agree, and
//! every mistake is told.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use sipctl::extension::by_name::FIELDS;
use sipctl::spec::read::{BLOCK_KEYS, LIST_KEYS, LISTS, ROW_KEYS, read};
use sipctl::spec::{ASTERISK, FREESWITCH, Form};

use crate::program::Program;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../examples/extensions.schema.json")).unwrap()
}

fn keys(of: &Value) -> BTreeSet<&str> {
    of.as_object().unwrap().keys().map(String::as_str).collect()
}

fn set<'s>(parts: &[&[&'s str]]) -> BTreeSet<&'s str> {
    parts.iter().copied().flatten().copied().collect()
}

#[test]
fn the_schema_has_the_keys_of_the_parser() {
    let schema = schema();
    assert_eq!(keys(&schema["properties"]), set(&[&LIST_KEYS]));
    assert_eq!(keys(&schema["$defs"]["extension"]["properties"]), set(&[&ROW_KEYS, &FIELDS]));
    assert_eq!(keys(&schema["$defs"]["fields"]), set(&[&FIELDS]));
    assert_eq!(keys(&schema["$defs"]["asterisk"]["properties"]), set(&[&BLOCK_KEYS, &FIELDS]));
    assert_eq!(keys(&schema["$defs"]["freeswitch"]["properties"]), set(&[&BLOCK_KEYS[..4], &FIELDS]));
    for (engine, objects) in [("asterisk", &ASTERISK[..]), ("freeswitch", &FREESWITCH[..])] {
        let pattern = &schema["$defs"][engine]["properties"]["set"]["propertyNames"]["pattern"];
        assert_eq!(pattern, &format!("^({})\\..", objects.join("|")), "{engine}");
    }
    let lists = FIELDS.into_iter().filter(|name| !schema["$defs"]["fields"][name]["anyOf"][1]["items"].is_null());
    assert_eq!(lists.collect::<BTreeSet<_>>(), set(&[&LISTS]));
}

/// A value of the form the schema asks for.
fn sample(schema: &Value) -> String {
    match schema["anyOf"][0]["type"].as_str() {
        Some("boolean") => "yes".to_owned(),
        _ => "x".to_owned(),
    }
}

#[test]
fn what_the_schema_takes_the_parser_takes_and_nothing_else() {
    let schema = schema();
    for name in FIELDS {
        let value = sample(&schema["$defs"]["fields"][name]);
        let text = format!("extensions: [{{number: 1001, {name}: {value}}}]");
        assert!(read(&text, Form::Yaml).is_ok(), "{name}");
        let list = format!("extensions: [{{number: 1001, {name}: [{value}, {value}]}}]");
        let takes_lists = !schema["$defs"]["fields"][name]["anyOf"][1]["items"].is_null();
        assert_eq!(read(&list, Form::Yaml).is_ok(), takes_lists, "{name}");
        let other = format!("extensions: [{{number: 1001, {name}_: {value}}}]");
        assert!(read(&other, Form::Yaml).is_err(), "{name}_");
    }
}

#[test]
fn the_documents_name_every_key() {
    let topic = include_str!("../../src/commands/topics/lists.txt");
    for name in LIST_KEYS.iter().chain(&ROW_KEYS).chain(&BLOCK_KEYS) {
        assert!(topic.contains(name), "sipctl help lists says nothing of {name}");
    }
    let fields = include_str!("../../src/commands/topics/fields.txt");
    for name in FIELDS {
        assert!(fields.contains(name), "sipctl help fields says nothing of {name}");
    }
}

#[test]
fn the_example_is_a_list_for_both_engines() {
    let text = include_str!("../../examples/extensions.yaml");
    assert!(text.starts_with("# yaml-language-server: $schema=extensions.schema.json\n"));
    let list = read(text, Form::Yaml).unwrap();
    assert_eq!(list.rows.len(), 12);
    assert!(list.warnings.is_empty(), "{:?}", list.warnings);
}

#[test]
fn every_mistake_is_told_and_no_password_with_them() {
    let program = Program::new();
    let list = program.home().join("list.yaml");
    std::fs::write(
        &list,
        "extensions:\n  - number: 1001\n    cid_nmae: Bob\n    password: hunter2\n  - number: 1001\n    enabled: maybe\n",
    )
    .unwrap();
    let answer = program.run(&["apply", "-f", list.to_str().unwrap(), "-o", "json"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (2, ""));
    for text in ["list.yaml:3", "did you mean cid_name?", "list.yaml:5", "list.yaml:6", "column 14", "3 mistakes"] {
        assert!(answer.stderr.contains(text), "{text}: {}", answer.stderr);
    }
    assert!(!answer.stderr.contains("hunter2"), "{}", answer.stderr);
    let csv = Path::new(&list).with_extension("csv");
    std::fs::write(&csv, "number,password,cid_nam\n1001,hunter2,Bob\n").unwrap();
    let answer = program.run(&["diff", "-f", csv.to_str().unwrap()]);
    assert!(answer.code == 2 && answer.stderr.contains("list.csv:2"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("hunter2"), "{}", answer.stderr);
}

#[test]
fn an_import_keeps_passwords_beside_the_list_which_is_then_a_list() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    let at = |name: &str| program.home().join(name).display().to_string();
    let table =
        "extension;name;secret;context\r\n0100;\"Front\r\nDesk\";hunter2;internal\r\n0101;접수;hunter3;internal\r\n";
    std::fs::write(at("freepbx.csv"), encoding_rs::EUC_KR.encode(table).0).unwrap();
    let answer = program.run(&["import", &at("freepbx.csv"), "--to", &at("list.yaml"), "--passwords", &at("keys.csv")]);
    assert_eq!((answer.code, answer.stdout.as_str()), (0, ""), "{}", answer.stderr);
    assert!(answer.stderr.contains("FreePBX in CP949"), "{}", answer.stderr);
    let text = std::fs::read_to_string(at("list.yaml")).unwrap();
    let list = read(&text, Form::Yaml).unwrap();
    assert_eq!(list.rows.len(), 2);
    assert_eq!(list.rows[0].fields[0].cid_name.as_deref(), Some("Front Desk"));
    assert_eq!(list.rows[1].fields[0].cid_name.as_deref(), Some("접수"));
    assert!(text.contains("file:keys.csv") && list.warnings.is_empty(), "{text}");
    let keys = Path::new(&at("keys.csv")).metadata().unwrap();
    assert_eq!(keys.permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(at("keys.csv")).unwrap(), "number,password\n0100,hunter2\n0101,hunter3\n");
    assert!(!(text + &answer.stderr).contains("hunter"));
    // The passwords reach the files of a PBX, and no one else.
    let etc = at("etc");
    std::fs::create_dir(&etc).unwrap();
    std::fs::write(format!("{etc}/pjsip.conf"), "").unwrap();
    let pbx = format!("asterisk:{etc}");
    let applied = program.run(&["apply", "-f", &at("list.yaml"), "--pbx", &pbx, "--offline", "-o", "json", "--diff"]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    assert!(!(applied.stdout + &applied.stderr).contains("hunter"));
    assert!(std::fs::read_to_string(format!("{etc}/pjsip.conf")).unwrap().contains("password=hunter3\n"));
    let again = program.run(&["import", &at("freepbx.csv"), "--passwords", &at("keys.csv")]);
    assert_eq!(again.code, 4, "{}", again.stderr);
    let without = program.run(&["import", &at("freepbx.csv"), "-o", "csv"]);
    assert!(without.stdout.contains("generate") && without.stderr.contains("2 passwords are left out"));
}

#[test]
fn no_mistake_shows_a_password_that_stands_beside_it() {
    let program = Program::new();
    let etc = program.home().join("etc");
    std::fs::create_dir(&etc).unwrap();
    let trunk =
        "[trunk]\ntype=endpoint\noutbound_auth=trunk\naors=trunk\n[trunk]\ntype=auth\nusername=u\n[trunk]\ntype=aor\n";
    std::fs::write(etc.join("pjsip.conf"), trunk).unwrap();
    let pbx = format!("asterisk:{}", etc.display());
    let lists: [(&str, &[u8], &str); 6] = [
        ("a.csv", b"number,password\ntrunk,hunter2\n", "a.csv:2: trunk is no extension"),
        ("b.csv", b"number,cid_name,password\n1001,caf\xe9,hunter2\n", "b.csv:2"),
        ("c.yaml", b"extensions:\n- number: 1\n  password:\n    a: hunter2\n", "c.yaml:3"),
        ("d.yaml", b"extensions:\n- {number: trunk, password: hunter2}\n", "d.yaml:2"),
        ("e.json", b"{\"extensions\": [{\"number\": \"trunk\", \"password\": \"hunter2\"}]}", "e.json:1"),
        ("f.yaml", b"extensions:\n- number: 1\n  password:\n  - hunter2\n", "f.yaml:3"),
    ];
    for (name, text, place) in lists {
        std::fs::write(program.home().join(name), text).unwrap();
        for args in
            [&["diff", "-f", name, "--pbx", &pbx][..], &["apply", "-f", name, "--pbx", &pbx, "--offline", "--yes"]]
        {
            let answer = program.run(args).fails(2, place);
            assert!(!(answer.stdout + &answer.stderr).contains("hunter2"), "{name} {}", args[0]);
        }
    }
}

#[test]
fn what_is_exported_is_no_difference_however_odd() {
    let program = Program::new();
    let etc = program.home().join("etc");
    std::fs::create_dir(&etc).unwrap();
    let one = |id: &str| {
        format!(
            "[{id}]\ntype=endpoint\ncontext=internal\nauth={id}\naors={id}\naccountcode={{number}}\nset_var=A={{{{number}}}}\n\
             callerid=\"{{number}} {id}\" <0100>\n[{id}]\ntype=auth\nusername={id}\npassword=x\n[{id}]\ntype=aor\n"
        )
    };
    let ids = ["1e3", "0x3E8", "0o17", "1_000", "true", "No", ".inf", "+1001", "0100", "null", "12:30", "2024-01-01"];
    std::fs::write(etc.join("pjsip.conf"), ids.map(one).concat()).unwrap();
    let pbx = format!("asterisk:{}", etc.display());
    for form in ["yaml", "json", "csv"] {
        let to = program.home().join(format!("list.{form}")).display().to_string();
        program.run(&["export", "-o", form, "--to", &to, "--pbx", &pbx]).fails(0, "");
        program.run(&["diff", "-f", &to, "--pbx", &pbx]).fails(0, "");
    }
}

#[test]
fn an_import_that_cannot_be_written_leaves_nothing() {
    let program = Program::new();
    let at = |name: &str| program.home().join(name).display().to_string();
    std::fs::write(at("x.csv"), "number,password\n1001,hunter2\n").unwrap();
    let import =
        |to: &str, keys: &str| program.run(&["import", &at("x.csv"), "--to", &at(to), "--passwords", &at(keys)]);
    import("nowhere/list.yaml", "keys.csv").fails(3, "list.yaml");
    import("keys.csv", "keys.csv").fails(2, "two files");
    assert!(!Path::new(&at("keys.csv")).exists());
    // Half a character could be part of a password.
    std::fs::write(at("x.csv"), b"\xef\xbb\xbfnumber,password\n1001,hunter\xff\n").unwrap();
    let refused = import("list.yaml", "keys.csv").fails(2, "no UTF-8");
    assert!(refused.stderr.contains("x.csv:2") && !refused.stderr.contains("hunter"), "{}", refused.stderr);
    import("list.yaml", "keys.csv").fails(2, "--encoding");
}

#[test]
fn a_pipe_is_written_to_and_a_link_stays_one() {
    let program = Program::new();
    let at = |name: &str| program.home().join(name).display().to_string();
    let pbx = concat!("asterisk:", env!("CARGO_MANIFEST_DIR"), "/examples/asterisk");
    let export = |to: &str, more: &[&str]| program.run(&[&["export", "--pbx", pbx, "--to", &at(to)], more].concat());
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    export("pipe", &["--with-secrets"]).fails(2, "is no file");
    let mut reader = std::process::Command::new("timeout");
    reader.args(["60", "cat", &at("pipe")]).stdout(std::process::Stdio::piped());
    let reader = reader.spawn().unwrap();
    export("pipe", &[]).fails(0, "");
    let read = reader.wait_with_output().unwrap().stdout;
    assert_eq!(String::from_utf8(read).unwrap(), program.run(&["export", "--pbx", pbx]).stdout);
    std::fs::write(at("list.yaml"), "old").unwrap();
    std::os::unix::fs::symlink("list.yaml", at("link")).unwrap();
    export("link", &[]).fails(0, "");
    assert!(Path::new(&at("link")).is_symlink() && std::fs::read_to_string(at("list.yaml")).unwrap().contains("1001"));
}

#[test]
fn an_import_with_bad_rows_writes_nothing_and_shows_no_row() {
    let program = Program::new();
    let file = program.home().join("x.csv");
    std::fs::write(&file, "number,name,password\n1E+03,a,hunter2\n1001,b,hunter2\n1001,c,hunter2\n").unwrap();
    let list = program.home().join("list.yaml");
    let answer = program.run(&["import", file.to_str().unwrap(), "--to", list.to_str().unwrap()]);
    assert_eq!(answer.code, 2);
    for text in ["x.csv:2", "power of ten", "x.csv:4", "2 mistakes"] {
        assert!(answer.stderr.contains(text), "{text}: {}", answer.stderr);
    }
    assert!(!answer.stderr.contains("hunter2") && !list.exists());
}

#[test]
fn an_export_with_secrets_needs_a_file_that_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    let pbx = concat!("asterisk:", env!("CARGO_MANIFEST_DIR"), "/examples/asterisk");
    program.run(&["export", "--pbx", pbx, "--with-secrets"]).fails(2, "--to FILE");
    let file = program.home().join("all.yaml");
    let to = file.to_str().unwrap();
    assert_eq!(program.run(&["export", "--pbx", pbx, "--with-secrets", "--to", to]).code, 0);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&file).unwrap().contains("password: clear:change-me-1001"));
    program.run(&["diff", "-f", to, "--pbx", pbx]).fails(0, "stands in this list");
    let open = program.run(&["export", "--pbx", pbx]);
    assert!(open.code == 0 && !open.stdout.contains("change-me") && !open.stdout.contains("password"));
}
