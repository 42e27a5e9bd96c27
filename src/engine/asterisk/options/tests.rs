//! Holds the table and the rules to what engines did: `observed.tsv`.
//!
//! Each row is object, option, value, what 16.28 answered, what 22.10 answered, and a note. Several
//! lines are written `name=value && name=value`; `!unset` is no line at all. Answers: `!refused`,
//! the engine rejected the object; `!none`, AST_SORCERY failed for this field. Notes: `strict`,
//! sipctl refuses what the engine takes and reads as something else; `host`, the engine refused it
//! for other lines or for the machine it ran on; `unknown` (in one release: `unknown22`) and
//! `unreadable`, what [`same`] says of the answer.

use std::collections::BTreeSet;

use super::*;

const OBSERVED: &str = include_str!("observed.tsv");

struct Row {
    option: &'static OptionInfo,
    lines: Option<Vec<(&'static str, &'static str)>>,
    answers: [&'static str; 2],
    note: &'static str,
}

impl Row {
    /// The values as [`same`] wants them.
    fn values(&self) -> Vec<String> {
        let lines = self.lines.iter().flatten();
        if self.option.kind == Kind::Codecs {
            return lines.map(|(name, value)| format!("{name}={value}")).collect();
        }
        let own = lines.filter(|(name, _)| *name == self.option.name);
        own.map(|(_, value)| (*value).to_owned()).collect()
    }

    fn same(&self, answer: &str, version: &Version) -> Sameness {
        let answer = if answer == "!none" { "" } else { answer };
        same(self.option.object, self.option.name, &self.values(), answer, Some(version))
    }
}

fn versions() -> [Version; 2] {
    ["16.28.0~dfsg-0+deb11u4", "22.10.1+dfsg"].map(|text| Version::parse(text).unwrap())
}

fn rows() -> Vec<Row> {
    let row = |line: &'static str| {
        let [object, name, value, a16, a22, note] = line.split('\t').collect::<Vec<_>>().try_into().expect(line);
        let option = find(object, name).expect(line);
        let lines = match value {
            "!unset" => None,
            _ if value.contains(" && ") => Some(value.split(" && ").map(|l| l.split_once('=').unwrap()).collect()),
            _ => Some(vec![value.split_once('=').filter(|l| l.0 == "disallow").unwrap_or((option.name, value))]),
        };
        Row { option, lines, answers: [a16, a22], note }
    };
    OBSERVED.lines().map(row).collect()
}

/// Runs `judge` on every row and version and fails with all it complains about.
fn every(judge: impl Fn(&Row, usize, &Version) -> Option<String>) {
    let mut wrong = Vec::new();
    for row in rows() {
        for (at, version) in versions().iter().enumerate() {
            if let Some(why) = judge(&row, at, version) {
                let (object, name) = (row.option.object, row.option.name);
                wrong.push(format!("{object} {name} {:?} {}: {why}", row.lines, version.major));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn passes(outcome: &Check) -> bool {
    matches!(outcome, Check::Fine | Check::UnknownToUs)
}

#[test]
fn what_the_engine_refuses_is_refused_and_nothing_else() {
    every(|row, at, version| {
        let lines = row.lines.as_ref()?;
        let outcomes = lines.iter().map(|l| check(row.option.object, l.0, l.1, Some(version), &BTreeSet::new()));
        let outcomes: Vec<_> = outcomes.collect();
        let expected = match row.note {
            "host" if row.option.since.has(version) => return None,
            note => row.answers[at] != "!refused" && !note.contains("strict"),
        };
        (outcomes.iter().all(passes) != expected).then(|| format!("{} -> {outcomes:?}", row.answers[at]))
    });
}

#[test]
fn what_the_engine_answers_is_the_same() {
    every(|row, at, version| {
        let answer = row.answers[at];
        if answer == "!refused" || !row.option.since.has(version) {
            return None;
        }
        let noted = |word: &str| row.note.split(' ').any(|note| note == word);
        let silent = answer == "!none" && matches!(row.option.kind, Kind::Word(_));
        let expected = match row.lines {
            _ if !row.option.readback || silent || noted("unreadable") => Sameness::Unreadable,
            None if row.option.unset.is_none() => Sameness::Unknown,
            _ if noted("unknown") || noted(&format!("unknown{}", version.major)) => Sameness::Unknown,
            _ => Sameness::Same,
        };
        let found = row.same(answer, version);
        (found != expected).then(|| format!("{answer:?} is {found:?}, not {expected:?}"))
    });
}

#[test]
fn another_answer_is_never_the_same() {
    let rows = rows();
    every(|row, at, version| {
        let text = |answer: &'static str| if answer == "!none" { "" } else { answer };
        let own = text(row.answers[at]);
        let others = rows.iter().filter(|other| std::ptr::eq(other.option, row.option));
        let others = others.map(|other| text(other.answers[at])).filter(|other| *other != own && *other != "!refused");
        let wrong =
            |other: &&str| row.same(other, version) == Sameness::Same && row.same(own, version) == Sameness::Same;
        (own != "!refused").then(|| others.into_iter().find(wrong))?.map(|other| format!("takes {other:?} for {own:?}"))
    });
}

#[test]
fn every_option_was_observed_where_it_exists_and_refused_where_not() {
    let rows = rows();
    for option in table() {
        let mine: Vec<_> = rows.iter().filter(|row| std::ptr::eq(row.option, option) && row.lines.is_some()).collect();
        for (at, version) in versions().iter().enumerate() {
            let taken = mine.iter().any(|row| row.answers[at] != "!refused");
            assert_eq!(taken, option.since.has(version), "{} {} in {}", option.object, option.name, version.major);
        }
    }
}

#[test]
fn an_option_left_out_reads_back_as_recorded() {
    every(|row, at, version| {
        let expected = default_answer(row.option.object, row.option.name, Some(version));
        let observed = if row.answers[at] == "!none" { "" } else { row.answers[at] };
        let silent = row.option.name == "redirect_method" && version.major == 16;
        let known = expected.filter(|_| row.lines.is_none() && !silent)?;
        (known != observed).then(|| format!("{observed:?}, not {known:?}"))
    });
    let old = Version::parse("16.28.0").unwrap();
    assert_eq!(default_answer("endpoint", "Force_Rport", Some(&old)), Some("true"));
    assert_eq!(default_answer("endpoint", "tenantid", Some(&old)), None);
}

#[test]
fn answers_that_decide_nothing() {
    let same = |object, name, values: &[&str], answer: &str| {
        same(object, name, &values.iter().map(|v| v.to_string()).collect::<Vec<_>>(), answer, None)
    };
    assert_eq!(same("endpoint", "direct_media", &["no"], "disabled"), Sameness::Unknown);
    assert_eq!(same("endpoint", "direct_media", &["no"], "true"), Sameness::Different);
    assert_eq!(same("endpoint", "direct_media", &[], "true"), Sameness::Same);
    assert_eq!(same("endpoint", "direct_media", &[], "false"), Sameness::Different);
    assert_eq!(same("endpoint", "direct_media", &["no"], ""), Sameness::Unreadable);
    assert_eq!(same("endpoint", "direct_media_method", &["update"], "invite"), Sameness::Unreadable);
    assert_eq!(same("endpoint", "allow", &["all"], "(ulaw|alaw)"), Sameness::Unknown);
    assert_eq!(same("endpoint", "call_group", &["0-63"], &"0, 1".repeat(32)[..127]), Sameness::Unknown);
    assert_eq!(same("endpoint", "aors", &["x"], &"y".repeat(1000)), Sameness::Unknown);
    assert_eq!(same("endpoint", "aors", &["x"], &"y".repeat(999)), Sameness::Different);
    // A registered phone is no difference, a missing static contact is.
    assert_eq!(same("aor", "contact", &["sip:a@b"], "sip:a@b,sip:c@192.0.2.1:5060"), Sameness::Unknown);
    assert_eq!(same("aor", "contact", &["sip:a@b"], "sip:c@192.0.2.1:5060"), Sameness::Different);
    assert_eq!(same("identify", "match", &["pbx.example"], "192.0.2.1/255.255.255.255"), Sameness::Unknown);
    assert_eq!(same("endpoint", "@note", &["a"], "b"), Sameness::Different);
    assert_eq!(same("endpoint", "@note", &[], ""), Sameness::Same);
    assert_eq!(same("endpoint", "@note", &[], "b"), Sameness::Different);
    assert_eq!(same("endpoint", "brand_new", &["a"], "b"), Sameness::Unknown);
}

#[test]
fn releases() {
    let version = |text| Version::parse(text).unwrap();
    assert_eq!(version("22.10.1~dfsg+~cs6.17"), Version { major: 22, minor: 10, patch: 1, certified: false });
    assert_eq!(version("certified/18.9-cert4"), Version { major: 18, minor: 9, patch: 0, certified: true });
    assert_eq!(version("20.7-cert1"), Version { major: 20, minor: 7, patch: 0, certified: true });
    assert_eq!(version("Asterisk 23.0.0-rc1").major, 23);
    assert_eq!(Version::parse("GIT-22-0a1b2c3"), None);
    assert_eq!(Version::parse(""), None);
    let digest = find("auth", "password_digest").unwrap().since;
    for (text, has) in [("20.11.9", false), ("20.12.0", true), ("21.6.1", false), ("22.1.1", false), ("22.2.0", true)] {
        assert_eq!(digest.has(&version(text)), has, "{text}");
    }
    assert!(digest.has(&version("23.0.0")) && !digest.has(&version("19.8.0")) && !digest.has(&version("16.28.0")));
    assert_eq!(digest.to_string(), "20.12, 21.7 or 22.2");
    assert!(!find("endpoint", "follow_redirect_methods").unwrap().since.has(&version("21.12.0")));
    assert_eq!(find("endpoint", "stir_shaken_profile").unwrap().since.to_string(), "16.25.2, 18.11.2 or 20");
}

#[test]
fn names_that_do_not_exist() {
    let none = BTreeSet::new();
    let near = |object, name| match check(object, name, "x", None, &none) {
        Check::NoSuchOption { near } => near,
        other => panic!("{other:?}"),
    };
    assert_eq!(near("endpoint", "rtp-symmetric"), ["rtp_symmetric"]);
    assert_eq!(near("endpoint", "aor"), ["aors"]);
    assert_eq!(near("endpoint", "Direct-Medai"), ["direct_media"]);
    assert_eq!(near("auth", "pasword"), ["password"]);
    assert!(near("aor", "bogus").is_empty());
    assert_eq!(check("endpoint", "@note", "x", None, &none), Check::Fine);
    assert_eq!(check("registration", "anything", "x", None, &none), Check::UnknownToUs);
    assert!(matches!(check("aor", "Type", "aor", None, &none), Check::BadValue { .. }));
    assert_eq!(check("endpoint", "RTP_Symmetric", "Yes", None, &none), Check::Fine);
}

#[test]
fn what_the_running_engine_knows_counts_more() {
    let known: BTreeSet<String> = ["max_contacts", "brand_new"].map(str::to_owned).into();
    let old = Version::parse("16.28.0").unwrap();
    assert_eq!(check("aor", "brand_new", "x", Some(&old), &known), Check::UnknownToUs);
    assert_eq!(
        check("aor", "brand-new", "x", None, &known),
        Check::NoSuchOption { near: vec!["brand_new".to_owned()] }
    );
    let since = "20.12, 21.7 or 22.2".to_owned();
    assert_eq!(check("aor", "qualify_2xx_only", "yes", None, &known), Check::NotInVersion { since: since.clone() });
    assert_eq!(check("auth", "auth_type", "digest", Some(&old), &BTreeSet::new()), Check::NotInVersion { since });
    let newer = Version::parse("24.0.0").unwrap();
    assert_eq!(check("aor", "brand_new", "x", Some(&newer), &BTreeSet::new()), Check::UnknownToUs);
}

#[test]
fn reasons_do_not_show_values() {
    for option in table().filter(|option| option.secret) {
        let Check::BadValue { why } = check(option.object, option.name, "", None, &BTreeSet::new()) else { continue };
        assert!(!why.is_empty());
    }
    for name in ["md5_cred", "password_digest"] {
        let outcome = check("auth", name, "hunter2", None, &BTreeSet::new());
        assert!(matches!(outcome, Check::BadValue { .. }) && !format!("{outcome:?}").contains("hunter2"));
    }
    let outcome = check("endpoint", "allow", "ulw", None, &BTreeSet::new());
    assert!(format!("{outcome:?}").contains("did you mean ulaw?"), "{outcome:?}");
}

#[test]
fn secrets_in_the_engines_spelling() {
    let spelled =
        |name, values: &[&str]| spelled("auth", name, &values.iter().map(|v| v.to_string()).collect::<Vec<_>>());
    let (md5, sha) = ("0".repeat(32), "1".repeat(64));
    assert_eq!(spelled("password", &["old", "a b"]).as_deref(), Some("a b"));
    assert_eq!(
        spelled("password_digest", &[&format!("sha-256:{sha}, md5:{md5}")]),
        Some(format!("MD5:{md5},SHA-256:{sha}"))
    );
    assert_eq!(spelled("md5_cred", &[&format!("MD5:{md5}")]), Some(md5));
    assert_eq!(spelled("realm", &["x"]), None);
}

#[test]
fn other_lines_that_decide() {
    assert_eq!(overruled_by("endpoint", "rtcp_mux"), ["webrtc", "bundle"]);
    assert_eq!(overruled_by("endpoint", "dtls_setup"), ["webrtc"]);
    assert!(overruled_by("endpoint", "allow").is_empty() && overruled_by("aor", "bundle").is_empty());
    for option in table() {
        for other in overruled_by(option.object, option.name) {
            assert_eq!(find(option.object, other).map(|other| other.kind), Some(Kind::Bool));
        }
    }
}
