//! A small check against the committed JSON schema: the keywords it uses, and no undocumented key.

use std::path::Path;

use serde_json::{Value, json};
use sipctl::change::{Outcome, ProofReport, Status};
use sipctl::engine::{Done, Expect, Proof, Reloaded, Verdict, Warning};
use sipctl::error::{Code, Error, Place};
use sipctl::extension::{Extension, Fields, Kind, SecretKind, ShownSetting};
use sipctl::output::document::{Body, Changed, Document, Listed, Shown};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../man/sipctl-json.schema.json")).unwrap()
}

/// Panics where a document is not what the schema says.
pub fn check(document: &Value) {
    if let Err(why) = fits(&schema(), &schema(), document) {
        panic!("{why}\n{document:#}");
    }
}

fn fits(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    for (keyword, wanted) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$ref" => fits(root, root.pointer(&wanted.as_str().unwrap()[1..]).unwrap(), value)?,
            "const" if value != wanted => return Err(format!("{value} is not {wanted}")),
            "enum" if !wanted.as_array().unwrap().contains(value) => return Err(format!("{value} is not in {wanted}")),
            "type" if !is_a(value, wanted.as_str().unwrap()) => return Err(format!("{value} is no {wanted}")),
            "anyOf" => {
                let mut why = String::new();
                let fitting = wanted.as_array().unwrap().iter().any(|one| match fits(root, one, value) {
                    Ok(()) => true,
                    Err(reason) => {
                        why.push_str(&format!(" {reason};"));
                        false
                    }
                });
                if !fitting {
                    return Err(format!("nothing fits:{why}"));
                }
            }
            "required" => {
                for key in wanted.as_array().unwrap() {
                    value.get(key.as_str().unwrap()).ok_or(format!("{key} is missing"))?;
                }
            }
            "properties" => {
                for (key, part) in value.as_object().into_iter().flatten() {
                    let known = wanted.get(key).ok_or(format!("{key} is not in the schema"))?;
                    fits(root, known, part).map_err(|why| format!("{key}: {why}"))?;
                }
            }
            "additionalProperties" => {
                for part in value.as_object().into_iter().flatten().map(|(_, part)| part) {
                    fits(root, wanted, part)?;
                }
            }
            "items" => {
                for part in value.as_array().into_iter().flatten() {
                    fits(root, wanted, part)?;
                }
            }
            "$schema" | "$defs" | "title" | "const" | "enum" | "type" => {}
            other => panic!("the check does not know the keyword {other}"),
        }
    }
    Ok(())
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the check does not know the type {other}"),
    }
}

#[test]
fn the_check_can_fail() {
    let fails = |value: Value| fits(&schema(), &schema(), &value).is_err();
    assert!(fails(json!({"schema": 1, "results": []})));
    assert!(fails(json!({"schema": 2, "results": [], "errors": []})));
    assert!(fails(json!({"schema": 1, "results": [], "errors": [{"exit": 9, "message": "x"}]})));
    assert!(fails(json!({"schema": 1, "results": [], "errors": [], "more": 1})));
}

#[test]
fn a_list_with_everything_fits_the_schema() {
    let text = || Some("x".to_owned());
    let fields = Fields {
        cid_name: text(),
        codecs: Some(vec!["ulaw".to_owned()]),
        webrtc: Some(true),
        enabled: Some(false),
        permit: text(),
        ..Fields::default()
    };
    let extension = Extension {
        number: "0100".to_owned(),
        domain: None,
        kind: Kind::IpPhone,
        fields,
        secret: SecretKind::None,
        source: Place::new("/p", 3),
        managed: text(),
        list: text(),
    };
    let setting = ShownSetting {
        section: "aor",
        option: "a".into(),
        value: "1".into(),
        file: Path::new("/p").into(),
        line: 4,
        inherited: false,
    };
    let shown = Shown { extension, password: text(), settings: Some(vec![setting]), contacts: Some(Vec::new()) };
    let warning = Warning::new("taken", "x").number("0100").at(&Place::new("/p", 1));
    let mut document = Document::default();
    document.add("a", Body::Extensions(Listed { extensions: vec![shown], warnings: vec![warning] }), None);
    let value = serde_json::to_value(&document).unwrap();
    check(&value);
    assert_eq!(value["results"][0]["extensions"][0]["number"], "0100");
    assert_eq!(value["results"][0]["extensions"][0]["source"]["line"], 3);
    assert!(value["results"][0]["extensions"][0].get("context").is_none(), "unset keys are absent");
}

fn outcome(error: Option<Error>) -> Outcome {
    let mut outcome = Outcome { changed: true, id: Some("1".into()), error, ..Outcome::default() };
    let done = Done { action: "passwd".into(), number: "1002".into(), domain: None, was: None };
    outcome.plan.done.push(done);
    outcome.reload = Some(Reloaded { command: "core reload".into(), ..Reloaded::default() });
    let expect = Expect::Secret { name: "password".into(), salt: "5a17".into(), md5: Some("0dec0de0".into()) };
    let proof = Proof { object: "auth".into(), id: "1002".into(), number: "1002".into(), expect };
    let failed = vec![(proof, Verdict::failed("another value".into()))];
    outcome.proof = ProofReport { status: Status::Failed, checks: 6, indirect: 1, failed };
    outcome
}

#[test]
fn a_change_fits_the_schema_and_shows_no_hash() {
    let mut document = Document::default();
    let mut changed = Changed::new(&outcome(None), true, true);
    changed.passwords = Some([("1002".to_owned(), "x".to_owned())].into());
    document.add("a", Body::Change(Box::new(changed)), None);
    let value = serde_json::to_value(&document).unwrap();
    check(&value);
    let text = value.to_string();
    assert!(!text.contains("5a17") && !text.contains("0dec0de0"), "{text}");
    assert_eq!(value["results"][0]["proof"]["failed"][0]["field"], "password");
}

#[test]
fn what_was_put_back_is_not_reported_as_done_and_the_codes_are_summed_up() {
    let error = |code| Error::new(code, "x").hint("y");
    let mut document = Document::default();
    let put_back = outcome(Some(error(Code::Refused)));
    document.add("a", Body::Change(Box::new(Changed::new(&put_back, false, false))), put_back.error.as_ref());
    assert_eq!(document.exit(), 6);
    let value = serde_json::to_value(&document).unwrap();
    check(&value);
    assert_eq!(value["results"][0]["changed"], false);
    assert_eq!(value["results"][0]["changes"], json!([]));
    assert_eq!(value["results"][0]["exit"], 6);
    assert_eq!(value["errors"], json!([{"pbx": "a", "exit": 6, "message": "x", "hint": "y"}]));
    document.add("b", Body::Change(Box::default()), None);
    assert_eq!(document.exit(), 9, "one failed, one did not");
}
