//! No secret leaves the files it belongs to, over the socket and over `asterisk -rx`, which gives
//! the same results.

use std::path::Path;

use serde_json::{Value, json};

use crate::files::tree;
use crate::office::{Office, codes};

const GIVEN: &str = "Hush4Hush4Hush4";

/// What must be the same whichever way the engine is asked.
fn gist(result: &Value) -> Value {
    let proof = &result["proof"];
    let proof = json!([proof["status"], proof["checks"], proof["indirect"]]);
    json!([result["changes"], result["files"], result["reload"]["command"], proof, codes(result)])
}

const COMMANDS: [&[&str]; 8] = [
    &["ext", "add", "1002", "--name", "Reception", "--password-stdin"],
    &["ext", "passwd", "1001", "--password-stdin", "--yes", "--kick"],
    &["ext", "set", "1002", "--name", "Desk", "--set", "endpoint.device_state_busy_at=2"],
    &["ext", "renumber", "1002", "1003", "--yes"],
    &["ext", "disable", "1003", "--yes"],
    &["ext", "enable", "1003"],
    &["ext", "rm", "1003", "--yes"],
    &["reload"],
];

#[test]
fn the_program_gives_the_same_results_as_the_socket() {
    Office::each(|office| {
        let original = office.tree();
        let run = |args: &&[&str]| gist(&office.proved_with(args, GIVEN.as_bytes()));
        let over_socket: Vec<Value> = COMMANDS.iter().map(run).collect();
        std::fs::write(office.folder().join("pjsip.conf"), original_text(&original)).unwrap();
        office.ask("core reload");
        office.hide_the_socket();
        let said = office.run(&["ext", "kick", "1001", "-v"]).fails(0, "").stderr;
        assert!(!said.contains("control socket"), "{said}");
        for (args, wanted) in COMMANDS.iter().zip(over_socket) {
            assert_eq!(run(args), wanted, "{args:?}");
        }
    });
}

fn original_text(tree: &std::collections::BTreeMap<std::path::PathBuf, String>) -> String {
    tree[Path::new("pjsip.conf")].replace("\\n", "\n")
}

/// What strace saw, without writing to the files that hold passwords by right.
fn seen(trace: &Path) -> String {
    let text = std::fs::read_to_string(trace).unwrap();
    let by_right = |line: &&str| {
        let file = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap_or_default().0;
        !line.contains("execve(") && (file.contains("pjsip.conf") || file.ends_with("pw.csv"))
    };
    text.lines().filter(|line| !by_right(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_password_is_said_logged_kept_or_given_to_a_program() {
    Office::each(|office| {
        for hidden in [false, true] {
            if hidden {
                office.hide_the_socket();
            }
            let trace = office.home().join("trace");
            let strace = [
                "strace",
                "-f",
                "--seccomp-bpf",
                "-y",
                "-s",
                "65536",
                "-e",
                "trace=execve,write,pwrite64,writev,sendto,sendmsg",
            ];
            let strace = [&strace[..], &["-o", trace.to_str().unwrap()]].concat();
            let mut secrets = vec![GIVEN.to_owned(), "change-me".to_owned()];
            let mut said = String::new();
            let generated: &[&str] = &["ext", "add", "1004-1005", "--passwords", "pw.csv"];
            let bad: &[&str] =
                &["ext", "add", "1009", "--password-stdin", "--set", "endpoint.dtmf_mode=foo", "--no-validate"];
            let others: [(&[&str], i32); 4] =
                [(generated, 0), (bad, 6), (&["ext", "show", "1001"], 0), (&["ext", "rm", "1004-1005", "--yes"], 0)];
            for (args, code) in COMMANDS.iter().take(if hidden { 2 } else { 8 }).map(|args| (*args, 0)).chain(others) {
                let answer = office.below(&strace, &[args, &["-v"]].concat()).end(GIVEN.as_bytes());
                let answer = answer.fails(code, "");
                if args == generated {
                    let rows = std::fs::read_to_string(office.home().join("pw.csv")).unwrap();
                    secrets.extend(rows.lines().skip(1).map(|row| row.split_once(',').unwrap().1.to_owned()));
                    std::fs::remove_file(office.home().join("pw.csv")).unwrap();
                }
                said += &format!("{args:?}\n{}{}{}\n", answer.stdout, answer.stderr, seen(&trace));
            }
            assert_eq!(secrets.len(), 4);
            let files = [".sipctl/journal>", "meta.json>", "execve("];
            assert!(files.iter().all(|name| said.contains(name)), "strace saw too little");
            for (path, bytes) in tree(&office.home().join("state")) {
                if path.ends_with("meta.json") {
                    said += &String::from_utf8(bytes).unwrap();
                }
            }
            said += &office.asterisk.borrow().log();
            for secret in &secrets {
                let at = said.find(secret.as_str());
                assert!(at.is_none(), "hidden {hidden}: {}", &said[at.unwrap().saturating_sub(900)..at.unwrap() + 20]);
            }
        }
    });
}
