//! The verbs one after the other: codes, changes and what is then there are the same on both.

use serde_json::{Value, json};

use crate::house::House;

/// A line, the code it ends with, and who was changed how.
type Step = (&'static str, i32, &'static [(&'static str, &'static str)]);

const DAY: &[Step] = &[
    ("ext add 1002 --password-stdin", 0, &[("create", "1002")]),
    ("ext add 1002 --password-stdin", 4, &[]),
    ("ext add 1001-1004 --passwords -", 4, &[]),
    ("ext add 1001-1004 --if-absent --passwords -", 0, &[("create", "1004")]),
    ("ext add 1001-1004 --if-absent --passwords -", 0, &[]),
    ("ext add 1005 --context guets --password-stdin", 2, &[]),
    ("ext add 1005 --digest", 2, &[]),
    ("ext add 1005 --set bogus.x=y --password-stdin", 2, &[]),
    ("ext add 1005 --set auth.password=x", 2, &[]),
    ("ext add 1005-1003 --password-stdin", 2, &[]),
    ("ext add 1005 --like 1999 --password-stdin", 3, &[]),
    ("ext add 1005 --like 1003 --password-stdin", 0, &[("create", "1005")]),
    ("ext set 1999 --name x", 3, &[]),
    ("ext set 1002 --name Reception --cid-number 1002", 0, &[("update", "1002")]),
    ("ext set 1002 --name Reception --cid-number 1002", 0, &[]),
    (
        "ext set 1001-1005 --accountcode {number}",
        0,
        &[("update", "1001"), ("update", "1002"), ("update", "1003"), ("update", "1004"), ("update", "1005")],
    ),
    ("ext set 1002 --accountcode 1002 --dry-run", 0, &[]),
    ("ext passwd 1002 --password-stdin", 2, &[]),
    ("ext passwd 1002 --password-stdin --yes", 0, &[]),
    ("ext passwd 1003 --password-stdin --yes", 0, &[("passwd", "1003")]),
    ("ext passwd 1999 --password-stdin --yes", 3, &[]),
    ("ext disable 1002", 2, &[]),
    ("ext disable 1002-1003 --yes", 0, &[("disable", "1002"), ("disable", "1003")]),
    ("ext disable 1002-1003 --yes", 0, &[]),
    ("ext list enabled=no", 0, &[]),
    ("ext enable 1002-1003", 0, &[("enable", "1002"), ("enable", "1003")]),
    ("ext enable 1002", 0, &[]),
    ("ext renumber 1002 1003 --yes", 4, &[]),
    ("ext renumber 1999 1998 --yes", 3, &[]),
    ("ext renumber 1002 1012", 2, &[]),
    ("ext renumber 1002 1012 --yes", 0, &[("renumber", "1012")]),
    ("ext renumber 1003-1005 1004-1006 --yes", 0, &[("renumber", "1004"), ("renumber", "1005"), ("renumber", "1006")]),
    ("ext renumber 1003-1005 1004-1007 --yes", 2, &[]),
    ("ext show 1999", 3, &[]),
    ("ext rm 1999 --yes", 3, &[]),
    ("ext rm 1999 --if-present --yes", 0, &[]),
    ("ext rm 1990-1999 --yes", 3, &[]),
    ("ext rm 1012 1004", 2, &[]),
    ("ext rm 1012 1004 --yes --dry-run", 0, &[("delete", "1004"), ("delete", "1012")]),
    ("ext rm 1012 1004 --yes", 0, &[("delete", "1004"), ("delete", "1012")]),
    ("ext add 1020-1039 --passwords -", 0, &[]),
    ("ext rm 1020-1039 --yes", 2, &[]),
    ("ext rm 1020-1039 --yes --max-change 20", 0, &[]),
];

/// What a run says that both engines should say: whether and what was changed, and whose passwords.
fn said(result: &Value) -> Value {
    let mut changes = result["changes"].clone();
    if let Some(list) = changes.as_array_mut() {
        list.iter_mut().for_each(|change| _ = change.as_object_mut().unwrap().remove("domain"));
        list.sort_by_key(|change| change["number"].to_string());
    }
    let passwords = result["passwords"].as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    json!([result["exit"], result["changed"], changes, passwords, result["dry_run"]])
}

#[test]
fn a_day_goes_the_same_way() {
    let houses = House::both();
    for (line, code, changes) in DAY {
        let words: Vec<&str> = line.split(' ').collect();
        let run = houses.each_ref().map(|house| {
            let before = house.tree();
            let answer = house.run(&words);
            assert_eq!(answer.code, *code, "{line}\n{}{}", answer.stdout, answer.stderr);
            if *code != 0 || words.contains(&"--dry-run") {
                assert_eq!(house.tree(), before, "{line}");
            }
            let document: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
            (said(&document["results"][0]), document["errors"][0]["exit"].clone(), house.extensions())
        });
        assert_eq!(run[0], run[1], "{line}");
        let listed = run[0].0[2].as_array().cloned().unwrap_or_default();
        if !changes.is_empty() {
            let wanted: Vec<Value> =
                changes.iter().map(|(action, number)| json!({"action": action, "number": number})).collect();
            assert_eq!(without_from(listed), wanted, "{line}");
        }
    }
    let numbers = houses[0].extensions();
    let numbers: Vec<&str> = numbers.as_array().unwrap().iter().map(|e| e["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["1001", "1005", "1006"]);
}

/// Changes with their action and number only.
fn without_from(changes: Vec<Value>) -> Vec<Value> {
    changes.into_iter().map(|c| json!({"action": c["action"], "number": c["number"]})).collect()
}

#[test]
fn what_is_undone_leaves_every_byte() {
    for house in House::both() {
        let before = house.tree();
        for pair in [
            ["ext add 1000-1002 1004-1009 --if-absent --passwords -", "ext rm 1000 1002 1004-1009 --yes"],
            ["ext disable 1001-1003 --yes", "ext enable 1001-1003"],
            ["ext renumber 1001 1007 --yes", "ext renumber 1007 1001 --yes"],
            ["ext renumber 1001-1003 1002-1004 --yes", "ext renumber 1002-1004 1001-1003 --yes"],
            ["ext set 1001 --mailbox 7 --description x", "ext set 1001 --mailbox= --description="],
        ] {
            for line in pair {
                let words: Vec<&str> = line.split(' ').collect();
                house.run(&words).fails(0, "");
            }
            assert_eq!(house.tree(), before, "{pair:?}");
        }
    }
}
