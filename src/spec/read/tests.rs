//! What a list may say, and what it may not.

use super::*;

fn list(text: &str) -> List {
    read(text, Form::Yaml).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn problems(text: &str) -> Vec<(u32, u32, String)> {
    let found = read(text, Form::Yaml).expect_err("a mistake");
    found.into_iter().map(|p| (p.line, p.column, format!("{} {}", p.message, p.hint.unwrap_or_default()))).collect()
}

#[test]
fn ranges_defaults_and_numbers_are_filled_in() {
    let list = list(
        "name: office\nowns: [1000-1999]\ndefaults: {context: internal, cid_name: 'Agent {number}', \
         asterisk: {set: {endpoint.direct_media: no}}}\nextensions:\n- number: 1000-1002\n\
         - {number: '0100', cid_name: Boss, codecs: [opus, ulaw], enabled: no, password: env:BOSS,\n\
         \x20  asterisk: {set: {endpoint.direct_media: yes}, add: {endpoint.set_var: [A=1, B=2]}}}\n",
    );
    assert_eq!(list.rows.len(), 4);
    assert_eq!(list.rows[1].fields[0].cid_name.as_deref(), Some("Agent 1001"));
    let boss = &list.rows[3];
    assert_eq!((boss.ext.number.as_str(), boss.fields[1].context.as_deref()), ("0100", Some("internal")));
    assert_eq!(boss.key, Key::Env("BOSS".into()));
    assert_eq!(boss.fields[0].enabled, Some(false));
    assert_eq!(boss.settings.len(), 3);
    assert_eq!(boss.settings[0].want, Want::Set("yes".into()));
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let found = problems(
        "nmae: x\nextensions:\n  - number: 1001\n    cid_nmae: Bob\n  - cid_name: nobody\n  - number: 1001\n\
         \x20   webrtc: maybe\n  - number: 1e3\n  - {number: 1005, number: 1006}\n",
    );
    let has = |line, column, text: &str| {
        let fits = |(l, c, m): &(u32, u32, String)| (*l, *c) == (line, column) && m.contains(text);
        assert!(found.iter().any(fits), "{line}:{column} {text}: {found:?}");
    };
    has(1, 1, "did you mean name?");
    has(4, 5, "did you mean cid_name?");
    has(5, 5, "no number");
    has(6, 13, "listed twice; the first stands on line 3");
    has(7, 13, "webrtc is yes or no");
    has(8, 13, "quote it");
    has(9, 20, "named twice");
    assert_eq!(found.len(), 7, "{found:?}");
}

#[test]
fn a_lost_zero_and_a_password_are_warned_about_and_not_shown() {
    let list = list("extensions:\n- {number: 0100, password: hunter2}\n");
    assert_eq!(list.rows[0].ext.number, "0100");
    let warnings: Vec<&str> = list.warnings.iter().map(|w| w.message.as_str()).collect();
    assert!(warnings.iter().any(|w| w.contains("quote it")), "{warnings:?}");
    assert!(warnings.iter().any(|w| w.contains("stands in this list")) && !warnings.concat().contains("hunter2"));
}

#[test]
fn what_other_readers_take_for_a_number_is_no_id() {
    for number in ["1e3", "1001.0", "0x3E8", "0o17", "+1001", ".inf", ".NaN", "true"] {
        let found = problems(&format!("extensions:\n- number: {number}\n"));
        assert!(found.len() == 1 && found[0].2.contains("quote it"), "{number}: {found:?}");
        list(&format!("extensions:\n- number: \"{number}\"\n"));
    }
    for number in ["1e3", "1001.0", "true", "1001E+2"] {
        let text = format!("{{\"extensions\": [{{\"number\": {number}}}]}}");
        let found = read(&text, Form::Json).expect_err(number);
        assert!(found[0].message.contains("no text in JSON"), "{found:?}");
    }
    for number in ["No", "1_000", "1_0.5"] {
        let old = list(&format!("extensions:\n- number: {number}\n"));
        assert!(old.warnings[0].message.contains("quote it"), "{number}");
    }
    for number in ["1001", "1001-1003", "0xyz", "bob", "1001-mobile", "e12", "nan", "Inf", "infinity"] {
        list(&format!("extensions:\n- number: {number}\n"));
    }
    let spread = read("number,cid_name\n1E+03,a\n1000.0,b\n1e3x,c\n", Form::Csv).expect_err("damage");
    assert_eq!(spread.iter().map(|p| p.line).collect::<Vec<_>>(), [2, 3], "{spread:?}");
}

#[test]
fn a_table_with_blank_rows_is_read_and_its_header_judged_once() {
    let rows = |text| read(text, Form::Csv).map(|list| list.rows.len());
    assert_eq!(rows("\u{feff};;\r\nnumber;cid_name\r\n1500;\"B; C\"\r\n;;\r\n1501;D;;\r\n"), Ok(2));
    let twice = rows("number,cid_name,number\n1500,a,1501\n1502,b,1503\n").expect_err("a mistake");
    assert_eq!(twice.iter().map(|p| (p.line, p.column)).collect::<Vec<_>>(), [(1, 3)], "{twice:?}");
    assert_eq!(
        rows("number,cid_name\n1500\n").expect_err("a mistake")[0].message,
        "this row has 1 cells, the header 2"
    );
}

#[test]
fn a_password_for_all_is_a_mistake_and_so_is_a_merge_key() {
    let found = problems("defaults: {password: hunter2}\nextensions:\n- number: 1001\n");
    assert!(found[0].2.starts_with("one password is given") && found[0].0 == 1, "{found:?}");
    let found = problems("extensions:\n- &a {number: 1001}\n- {<<: *a, number: 1002}\n");
    assert!(found[0].2.contains("under defaults"), "{found:?}");
}

#[test]
fn very_many_keys_are_looked_through_once() {
    let keys: String = (0..30_000).map(|n| format!("k{n}: 1\n")).collect();
    assert_eq!(problems(&keys).len(), MOST_PROBLEMS);
}

#[test]
fn options_that_are_secrets_or_structure_or_of_the_other_engine_are_refused() {
    for option in ["auth.password", "endpoint.type", "param.x", "endpoint.a b", "x"] {
        let text = format!("extensions:\n- {{number: 1, asterisk: {{set: {{{option}: v}}}}}}\n");
        assert_eq!(problems(&text).len(), 1, "{option}");
    }
}

#[test]
fn json_is_as_strict_as_json_and_a_column_is_told_once() {
    let json = |text: &str| read(text, Form::Json).expect_err("a mistake").remove(0);
    let broken = json("{\"extensions\": [\n  {\"number\": 0100}]}");
    assert_eq!((broken.line, broken.message.as_str()), (2, "invalid number"));
    let wrong = json("{\"extensions\": [\n  {\"number\": \"1001\", \"nmae\": \"\\ud83d\\ude00\"}]}");
    assert_eq!((wrong.line, wrong.column), (2, 22));
    let rows = "number,nmae\n1001,a\n1002,b\n";
    assert_eq!(read(rows, Form::Csv).expect_err("a mistake").len(), 1);
    for rows in ["number,webrtc\n1001,no\n1002,maybe\n", "number,webrtc\r\n1001,no\r\n1002,maybe\r\n"] {
        assert_eq!(read(rows, Form::Csv).expect_err("a mistake")[0].line, 3, "{rows:?}");
    }
}

#[test]
fn csv_and_json_say_the_same() {
    let csv = "number,cid_name,codecs,endpoint.direct_media,password\n1001,\"A, B\",\"opus,ulaw\",no,\n";
    let json = r#"{"extensions": [{"number": "1001", "cid_name": "A, B", "codecs": ["opus", "ulaw"],
                  "asterisk": {"set": {"endpoint.direct_media": "no"}}}]}"#;
    let [csv, json] = [(csv, Form::Csv), (json, Form::Json)].map(|(text, form)| read(text, form).unwrap());
    assert_eq!((&csv.rows[0].ext, &csv.rows[0].fields), (&json.rows[0].ext, &json.rows[0].fields));
    assert_eq!(csv.rows[0].settings, json.rows[0].settings);
    assert_eq!(csv.rows[0].at, At { line: 2, column: 1 });
}
