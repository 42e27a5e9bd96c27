//! A day of an administrator, on a live engine and the example configuration as it is.

use crate::engine::Lab;
use crate::office::{Office, codes, example};

const ODD: &str = "s3cret;with--;odd \"chars\"";

#[test]
fn a_day_leaves_every_byte_where_it_was() {
    for release in Lab::engines() {
        let office = Office::start(&release, example());
        let original = office.tree();

        let answer = office.run(&["ext", "add", "1002", "--name", "접수 데스크"]).fails(0, "");
        assert!(answer.stdout.contains("proved") && answer.stdout.contains("접수 데스크"), "{}", answer.stdout);
        let changed = answer.stdout.lines().filter(|l| l.starts_with(['+', '-']) && !l.starts_with("+++"));
        let changed: Vec<_> = changed.filter(|l| !l.starts_with("---")).collect();
        assert!(
            changed.iter().all(|l| l.starts_with('+') && !l.contains("1000") && !l.contains("1001")),
            "{changed:?}"
        );

        let result = office.proved(&["ext", "add", "1010-1019", "--passwords", "-"]);
        let passwords = result["passwords"].as_object().unwrap();
        assert_eq!((passwords.len(), result["files"].as_array().unwrap().len()), (10, 1));
        assert_eq!(result["reload"]["command"], "core reload");
        for (number, password) in passwords {
            assert_eq!(office.phone(number, password.as_str().unwrap()).register(), 200, "{number}");
        }

        let set = ["ext", "passwd", "1002", "--password-stdin", "--yes"];
        let result = office.proved_with(&set, ODD.as_bytes());
        assert_eq!(result["changes"][0]["action"], "passwd");
        let mut phone = office.phone("1002", ODD);
        assert_eq!(phone.register(), 200);

        let before = office.tree();
        let wish = ["ext", "set", "1002", "--name", "Reception", "--set", "endpoint.direct_media=yes", "--dry-run"];
        let result = office.done(&wish);
        assert_eq!((&result["dry_run"], result["diff"].as_str().unwrap().contains("Reception")), (&true.into(), true));
        assert_eq!(office.tree(), before);

        office.proved(&["ext", "disable", "1002", "--kick", "--yes"]);
        assert_eq!(office.done(&["ext", "show", "1002"])["extensions"][0]["contacts"], serde_json::json!([]));
        assert_ne!(phone.register(), 200);
        office.proved(&["ext", "enable", "1002"]);
        assert_eq!(office.tree(), before);
        assert_eq!(phone.register(), 200);

        office.proved(&["ext", "rm", "1002", "1010-1019", "--yes", "--max-change", "20"]);
        assert_eq!(office.tree(), original);
        assert!(!office.has("endpoint", "1002") && !office.has("endpoint", "1015") && office.has("endpoint", "1001"));

        let bad = ["ext", "add", "1003", "--set", "endpoint.dtmf_mode=foo", "--no-validate"];
        let answer = office.refused(&bad, 6, "dtmf_mode=foo");
        assert!(answer.stderr.contains("the old files are back and live"), "{}", answer.stderr);
        assert!(!office.has("endpoint", "1003") && office.has("endpoint", "1001"));
        assert_eq!(office.tree(), original);
    }
}

#[test]
fn list_and_show_say_what_files_and_engine_hold() {
    Office::each(|office| {
        let phone = office.registered("1001");
        let listed = office.done(&["ext", "list"]);
        let numbers: Vec<_> = listed["extensions"].as_array().unwrap().iter().map(|e| &e["number"]).collect();
        assert_eq!(numbers, ["1000", "1001", "2001", "2002"]);
        assert_eq!(listed["extensions"][3]["cid_name"], "회의실");

        let shown = office.done(&["ext", "show", "1001"]);
        let extension = &shown["extensions"][0];
        assert_eq!(extension["contacts"][0]["uri"], phone.contact());
        assert_eq!(extension["contacts"][0]["user_agent"], "labphone");
        assert!(!extension.to_string().contains("change-me"), "{extension:#}");
        assert_eq!(office.done(&["ext", "show", "1001", "--reveal"])["extensions"][0]["password"], "change-me-1001");
        let table = office.run(&["ext", "show", "1001"]).fails(0, "");
        assert!(table.stdout.contains(&phone.contact()) && !table.stdout.contains("change-me"), "{}", table.stdout);

        office.asterisk.borrow_mut().kill();
        let silent = office.done(&["ext", "show", "1001"]);
        assert_eq!((codes(&silent), silent["extensions"][0].get("contacts")), (vec!["engine-silent"], None));
        assert_eq!(office.done(&["ext", "list"]), listed);
    });
}

#[test]
fn a_thousand_are_added_by_one_write_and_one_reload() {
    Office::each(|office| {
        let original = office.tree();
        let result = office.proved(&["ext", "add", "10000-10999"]);
        assert_eq!(result["changes"].as_array().unwrap().len(), 1000);
        assert_eq!(result["files"].as_array().unwrap().len(), 1);
        let figures = format!("Asterisk {}: {}\n", office.asterisk.borrow().major(), result["reload"]);
        std::io::Write::write_all(&mut std::io::stderr(), figures.as_bytes()).unwrap();
        office.proved(&["ext", "rm", "10000-10999", "--yes", "--max-change", "1000"]);
        assert_eq!(office.tree(), original);
    });
}
