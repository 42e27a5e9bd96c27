//! Asks live engines again what `observed.tsv` says they answered: the table of options rests on it.

use std::fmt::Write;

use crate::engine::{Asterisk, Lab, append, base};

const OBSERVED: &str = include_str!("../../src/engine/asterisk/options/observed.tsv");

/// Lines an object needs besides the one that is looked at.
fn needs(object: &str, name: &str, value: &str) -> &'static [(&'static str, &'static str)] {
    match (object, name) {
        ("endpoint", "rtp_port_start") if value != "!unset" => &[("rtp_port_end", "30000")],
        ("endpoint", "rtp_port_end") if value != "!unset" => &[("rtp_port_start", "20000")],
        ("auth", "md5_cred") if value != "!unset" => &[("auth_type", "md5"), ("username", "u")],
        ("auth", _) => &[("username", "u"), ("password", "p")],
        ("identify", "match_header") if value != "!unset" => &[("endpoint", "e")],
        ("identify", _) => &[("endpoint", "e"), ("match", "192.0.2.77")],
        _ => &[],
    }
}

/// Whether a row hangs on the machine: files there, other configuration files, other lines.
fn elsewhere([_, name, value, _, _, note]: &[&str; 6]) -> bool {
    *note == "host" || value.contains("/srv/tls") || (name.starts_with("geoloc") && *value == "gprof")
}

/// An option of each type that always has a value.
fn probe(object: &str) -> &'static str {
    match object {
        "endpoint" => "direct_media",
        "auth" => "auth_type",
        "aor" => "max_contacts",
        _ => "srv_lookups",
    }
}

fn section(number: usize, object: &str, name: &str, value: &str) -> String {
    let lines: Vec<(&str, &str)> = match value {
        "!unset" => Vec::new(),
        _ if value.contains(" && ") => value.split(" && ").map(|line| line.split_once('=').unwrap()).collect(),
        _ => vec![value.split_once('=').filter(|line| line.0 == "disallow").unwrap_or((name, value))],
    };
    let mut out = format!("\n[r{number}]\ntype={object}\n");
    let more = needs(object, name, value).iter().filter(|(need, _)| !lines.iter().any(|(name, _)| name == need));
    for (name, value) in more.copied().chain(lines.iter().copied()) {
        let value = value.replace(';', "\\;");
        // A `>` directly behind the `=` would be a part of it.
        writeln!(out, "{name}= {value}").unwrap();
    }
    out
}

#[test]
fn engines_answer_as_observed() {
    let rows: Vec<[&str; 6]> = OBSERVED
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>().try_into().unwrap())
        .filter(|row| !elsewhere(row))
        .collect();
    for release in Lab::engines() {
        let column = match release.major {
            16 => 3,
            22 => 4,
            _ => continue,
        };
        let config = base();
        let sections = rows.iter().enumerate().map(|(number, row)| section(number, row[0], row[1], row[2]));
        append(config.path(), "pjsip.conf", &sections.collect::<String>());
        let asterisk = Asterisk::start(&release, config.path());
        let ask = |field: &dyn Fn(&[&str; 6]) -> String| {
            let questions = rows.iter().enumerate().map(|(number, row)| {
                format!("dialplan eval function AST_SORCERY(res_pjsip,{},r{number},{})", row[0], field(row))
            });
            let answers = asterisk.ask_all(&questions.collect::<Vec<_>>()).into_iter();
            let value = |answer: String| {
                let text = answer.strip_prefix("Return Value: Success (0)\nResult: ")?;
                Some(text.strip_suffix('\n').unwrap_or(text).to_owned())
            };
            answers.map(value).collect::<Vec<_>>()
        };
        let there = ask(&|row| probe(row[0]).to_owned());
        let values = ask(&|row| row[1].to_owned());
        let mut wrong = Vec::new();
        for ((row, there), value) in rows.iter().zip(there).zip(values) {
            let answer = match (there, &value) {
                (None, _) => "!refused",
                (_, None) => "!none",
                (_, Some(value)) => value,
            };
            if answer != row[column] {
                wrong.push(format!("{} {}={:?}: {answer:?}, not {:?}", row[0], row[1], row[2], row[column]));
            }
        }
        assert!(wrong.is_empty(), "{} of {}: {} wrong\n{}", release.major, rows.len(), wrong.len(), wrong.join("\n"));
    }
}
