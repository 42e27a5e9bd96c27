//! Proof against real engines: every verdict, every refusal of the engine, and its speed.

use std::time::Instant;

use sipctl::engine::asterisk::console;
use sipctl::engine::{Expect, Reload, Verdict};

use crate::engine::{Asterisk, Lab, append, base, cx, edit, field, narrow, proof, prove, secret, why};

#[test]
fn every_verdict() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        append(
            config.path(),
            "pjsip.conf",
            &format!(
                "\n[two words](phone)\nauth=two words\n@sipctl_disabled=yes\ndeny=0.0.0.0/0.0.0.0\n\
                 [two words]\ntype=auth\nusername=two\npassword=x):1\n\
                 [1500]\ntype=auth\nusername=1500\npassword={}\n[long]\ntype=auth\nusername=long\npassword={}\n[odd{{1}}](phone)\nauth=long\n\
                 [odd{{1}}]\ntype=auth\nusername=odd\npassword=odd-secret\n",
                "y".repeat(1500),
                "x".repeat(5000)
            ),
        );
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let right = [
            proof("endpoint", "two words", Expect::Present),
            proof("endpoint", "two", Expect::Absent),
            proof("identify", "two", Expect::Absent),
            field("endpoint", "two words", "context", &["internal"]),
            field("endpoint", "two words", "@sipctl_disabled", &["yes"]),
            field("endpoint", "1001", "@sipctl_disabled", &[]),
            field("endpoint", "1001", "direct_media", &["no"]),
            field("endpoint", "odd{1}", "context", &["internal"]),
            secret("auth", "two words", "password", Some("x):1")),
            secret("auth", "two words", "md5_cred", None),
            secret("auth", "1002-auth", "password", Some("bob;secret")),
            secret("auth", "odd{1}", "password", Some("odd-secret")),
            // Inside a bundle more of a password reaches MD5 than alone.
            secret("auth", "1500", "password", Some(&"y".repeat(1500))),
        ];
        let (reloaded, verdicts) = prove(&mut *console, &Reload::default(), &right);
        assert!(reloaded.log.is_empty(), "{:?}", reloaded.log);
        for (proof, verdict) in right.iter().zip(&verdicts) {
            assert_eq!(*verdict, Verdict::Proved, "{proof:?}");
        }
        let other = [
            (field("endpoint", "two words", "deny", &["0.0.0.0/0.0.0.0"]), "indirect", ""),
            (field("endpoint", "1002", "set_var", &["FLOOR=2"]), "indirect", ""),
            (secret("auth", "long", "password", Some(&"x".repeat(5000))), "unproved", "too long"),
            (field("endpoint", "1002", "nosuch_option", &["x"]), "unproved", "nosuch_option"),
            (proof("endpoint", "1002", Expect::Absent), "failed", "still has"),
            (proof("aor", "two words", Expect::Present), "failed", "no aor two words"),
            (field("endpoint", "1003", "context", &["internal"]), "failed", "no endpoint 1003"),
            (field("endpoint", "1002", "context", &["other"]), "failed", "is \"internal\", not \"other\""),
            (field("endpoint", "1002", "direct_media", &["yes"]), "failed", "direct_media"),
            (secret("auth", "1002-auth", "password", Some("other")), "failed", "another password"),
            (secret("auth", "1002-auth", "password", None), "failed", "not empty"),
            (secret("auth", "odd{1}", "password", Some("other")), "failed", "another password"),
        ];
        let proofs: Vec<_> = other.iter().map(|(proof, ..)| proof.clone()).collect();
        let verdicts = console.prove(&cx(), &proofs, &[]).unwrap();
        for ((proof, kind, words), verdict) in other.iter().zip(&verdicts) {
            let is = match verdict {
                Verdict::Proved => "proved",
                Verdict::Indirect => "indirect",
                Verdict::Unproved { .. } => "unproved",
                Verdict::Failed { .. } => "failed",
            };
            assert!(is == *kind && why(verdict).contains(words), "{proof:?}: {verdict:?}");
            assert!(!why(verdict).contains("secret"), "{verdict:?}");
        }
        // A secret asked as if it were none.
        let careless = [field("auth", "1002-auth", "password", &["other"])];
        let verdicts = console.prove(&cx(), &careless, &[]).unwrap();
        assert!(why(&verdicts[0]).contains("********") && !why(&verdicts[0]).contains("bob"), "{verdicts:?}");
        assert!(!asterisk.log().contains("bob;secret") && !asterisk.log().contains("x):1"));
    }
}

#[test]
fn an_engine_without_functions_shows_its_objects_instead() {
    for release in Lab::engines() {
        let config = base();
        for module in ["func_sorcery", "func_dialplan"] {
            edit(config.path(), "modules.conf", &format!("load={module}.so"), "");
        }
        append(config.path(), "pjsip.conf", "\n[two words](phone)\n@sipctl_disabled=yes\n");
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let live = console.live(&cx()).unwrap();
        assert!(live.cannot.len() == 1 && live.cannot[0].contains("dialled"), "{:?}", live.cannot);
        let cases = [
            (proof("endpoint", "two words", Expect::Present), ""),
            (field("endpoint", "two words", "@sipctl_disabled", &["yes"]), ""),
            (proof("auth", "1003", Expect::Absent), ""),
            (field("endpoint", "1002", "context", &["internal"]), ""),
            (secret("auth", "1002-auth", "password", Some("bob;secret")), ""),
            (secret("auth", "1002-auth", "md5_cred", None), ""),
            (field("endpoint", "1002", "set_var", &["FLOOR=2"]), ""),
            (field("endpoint", "1002", "context", &["other"]), "not \"other\""),
            (secret("auth", "1002-auth", "password", Some("other")), "another password"),
            (secret("auth", "1002-auth", "password", None), "not empty"),
            (proof("auth", "1003", Expect::Present), "no auth 1003"),
            (proof("aor", "1002", Expect::Absent), "still has"),
            (proof("nonsense", "1002", Expect::Present), "cannot show"),
        ];
        let proofs: Vec<_> = cases.iter().map(|(proof, _)| proof.clone()).collect();
        let (_, verdicts) = prove(&mut *console, &Reload::default(), &proofs);
        for ((proof, words), verdict) in cases.iter().zip(&verdicts) {
            assert!(
                why(verdict).contains(words) && why(verdict).is_empty() == words.is_empty(),
                "{proof:?}: {verdict:?}"
            );
            assert!(!why(verdict).contains("secret"), "{verdict:?}");
        }

        // Without DIALPLAN_EXISTS a timed include leaves the question open.
        let pair = |number: &str, context: &str| (number.to_owned(), context.to_owned());
        let warnings = console
            .dialable(&cx(), &[pair("1001", "internal"), pair("4001", "days"), pair("7777", "internal")])
            .unwrap();
        let codes: Vec<&str> = warnings.iter().map(|w| w.code.as_str()).collect();
        assert_eq!(codes, ["undecided", "not-dialable"], "{warnings:?}");
    }
}

#[test]
fn an_identify_is_proved() {
    for release in Lab::engines() {
        let config = base();
        append(config.path(), "pjsip.conf", "\n[gate]\ntype=identify\nendpoint=1001\nmatch=10.0.0.1\n");
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let proofs = [
            proof("identify", "gate", Expect::Present),
            proof("identify", "gate", Expect::Absent),
            field("identify", "gate", "endpoint", &["1001"]),
        ];
        let verdicts = console.prove(&cx(), &proofs, &[]).unwrap();
        assert!(verdicts[0] == Verdict::Proved && verdicts[2] == Verdict::Proved, "{verdicts:?}");
        assert!(matches!(verdicts[1], Verdict::Failed { .. }), "{verdicts:?}");
    }
}

/// An edit of pjsip.conf that the engine refuses, the proof that fails by it, and what it says.
struct Refusal {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    object: &'static str,
    says: &'static str,
}

const fn refusal(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    object: &'static str,
    says: &'static str,
) -> Refusal {
    Refusal { name, from, to, object, says }
}

const ENDPOINT: &str = "auth=1001\naors=1001\n";
const AOR: &str = "max_contacts=2\nremove_existing=yes\n";

#[test]
fn every_refusal_is_seen_and_named() {
    let cases = [
        refusal("no ]", "[1001](phone)", "[1001\n[1001](phone)", "endpoint", "no closing ']'"),
        refusal("no )", "[1001](phone)", "[1001](phone", "auth", "no closing ')'"),
        refusal("no base", "[1001](phone)", "[1001](nope)", "aor", "Inheritance requested"),
        refusal("no target", "[1001](phone)", "[9](+)\n[1001](phone)", "endpoint", "Category addition requested"),
        refusal("preamble", "[transport-udp]", "x=1\n[transport-udp]", "endpoint", "No category context"),
        refusal("escape", ENDPOINT, "auth=1001\naors=1001\n\\\n", "endpoint", "Invalid escape"),
        refusal("include", "[1001](phone)", "#include \"gone.conf\"\n[1001](phone)", "endpoint", "does not exist"),
        refusal("duplicate", "[1002](phone)", "[1001](phone)\n[1002](phone)", "endpoint", "duplicate object: '1001'"),
        refusal("unknown option", ENDPOINT, "auth=1001\naors=1001\nbogus=1\n", "endpoint", "'bogus'"),
        refusal("dashes", ENDPOINT, "auth=1001\naors=1001\nrtp-symmetric=yes\n", "endpoint", "rtp-symmetric"),
        refusal("negative", AOR, "max_contacts=-1\n", "aor", "max_contacts=-1"),
        refusal("no number", AOR, "max_contacts=2\nqualify_frequency=abc\n", "aor", "qualify_frequency=abc"),
        refusal("enum", ENDPOINT, "auth=1001\naors=1001\ndtmf_mode=foo\n", "endpoint", "dtmf_mode=foo"),
        refusal("codec", ENDPOINT, "auth=1001\naors=1001\nallow=ulaw,nosuch\n", "endpoint", "nosuch"),
        refusal(
            "auth_type",
            "auth_type=userpass\nusername=1001",
            "auth_type=plain\nusername=1001",
            "auth",
            "auth_type=plain",
        ),
        refusal("no username", "username=1001\n", "", "auth", "o authentication username"),
        refusal("contact", AOR, "max_contacts=2\ncontact=1.2.3.4\n", "aor", "contact"),
        refusal("type", "[1001](phone)", "[1001]\ntype=endpiont\n", "endpoint", "no endpoint 1001"),
        refusal("no =", ENDPOINT, "auth=1001\naors=1001\naccountcode wanted\n", "endpoint", "accountcode"),
    ];
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let good = std::fs::read_to_string(config.path().join("pjsip.conf")).unwrap();
        let present = ["endpoint", "auth", "aor"].map(|object| proof(object, "1001", Expect::Present));
        for case in &cases {
            edit(config.path(), "pjsip.conf", case.from, case.to);
            let wanted = match case.name {
                "no =" => field("endpoint", "1001", "accountcode", &["wanted"]),
                _ => proof(case.object, "1001", Expect::Present),
            };
            let (reloaded, verdicts) = prove(&mut *console, &narrow(), &[wanted]);
            let what = format!("{} on {}: {verdicts:?} {:#?}", case.name, asterisk.major(), reloaded.log);
            assert!(matches!(verdicts[0], Verdict::Failed { .. }), "{what}");
            assert!(why(&verdicts[0]).contains(case.says), "{what}");

            // The old file comes back, and all is well again.
            std::fs::write(config.path().join("pjsip.conf"), &good).unwrap();
            let (reloaded, verdicts) = prove(&mut *console, &narrow(), &present);
            assert!(verdicts.iter().all(|v| *v == Verdict::Proved), "{}: {verdicts:?} {:?}", case.name, reloaded.log);
        }
    }
}

#[test]
fn an_error_inside_an_included_file_is_named() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        std::fs::write(config.path().join("more.conf"), "[1003\n[1004](phone)\n").unwrap();
        append(config.path(), "pjsip.conf", "\n#include more.conf\n");
        let proofs = [proof("endpoint", "1004", Expect::Present), proof("endpoint", "1002", Expect::Present)];
        let (_, verdicts) = prove(&mut *console, &narrow(), &proofs);
        assert!(why(&verdicts[0]).contains("no closing ']'"), "{verdicts:?}");
        assert_eq!(verdicts[1], Verdict::Proved);
    }
}

#[test]
fn a_secret_that_the_engine_quotes_is_masked() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        edit(config.path(), "pjsip.conf", "password=alice-secret", "#password=hush1\nmd5_cred=hush2\nauth_type=md5");
        append(config.path(), "pjsip.conf", &format!("\n[x]\ntype=auth\npassword=hush3{}\n", "x".repeat(9000)));
        let (reloaded, verdicts) = prove(&mut *console, &narrow(), &[proof("auth", "1001", Expect::Present)]);
        assert!(matches!(verdicts[0], Verdict::Failed { .. }), "{verdicts:?}");
        assert!(!reloaded.log.is_empty() && !format!("{reloaded:?}{verdicts:?}").contains("hush"), "{reloaded:#?}");
    }
}

#[test]
fn a_thousand_extensions_are_proved() {
    for release in Lab::engines() {
        let config = base();
        let mut text = String::new();
        let mut proofs = Vec::new();
        let mut pairs = Vec::new();
        for n in 10_000..11_000 {
            text += &format!(
                "\n[{n}](phone)\nauth={n}\naors={n}\ncallerid=\"User {n}\" <{n}>\naccountcode=a{n}\n\n\
                 [{n}]\ntype=auth\nauth_type=userpass\nusername={n}\npassword=secret-of-{n}\n\n\
                 [{n}]\ntype=aor\nmax_contacts=1\nremove_existing=yes\n"
            );
            let id = n.to_string();
            for object in ["endpoint", "auth", "aor"] {
                proofs.push(proof(object, &id, Expect::Present));
            }
            proofs.push(field("endpoint", &id, "context", &["internal"]));
            proofs.push(field("endpoint", &id, "auth", &[&id]));
            proofs.push(field("endpoint", &id, "aors", &[&id]));
            proofs.push(field("endpoint", &id, "accountcode", &[&format!("a{n}")]));
            proofs.push(field("endpoint", &id, "direct_media", &["no"]));
            proofs.push(field("auth", &id, "username", &[&id]));
            proofs.push(secret("auth", &id, "password", Some(&format!("secret-of-{n}"))));
            proofs.push(secret("auth", &id, "md5_cred", None));
            proofs.push(field("aor", &id, "max_contacts", &["1"]));
            pairs.push((id, "internal".to_owned()));
        }
        append(config.path(), "pjsip.conf", &text);
        append(config.path(), "extensions.conf", "\n[internal](+)\nexten => _10XXX,1,Dial(PJSIP/${EXTEN})\n");
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let start = Instant::now();
        let reloaded = console.reload(&cx(), &Reload::default()).unwrap();
        let reload = start.elapsed();
        let start = Instant::now();
        let verdicts = console.prove(&cx(), &proofs, &reloaded.log).unwrap();
        let proved = start.elapsed();
        assert!(verdicts.iter().all(|v| *v == Verdict::Proved));
        let start = Instant::now();
        let warnings = console.dialable(&cx(), &pairs).unwrap();
        let dialled = start.elapsed();
        assert!(warnings.is_empty(), "{:?}", warnings[0]);
        let figures = format!(
            "Asterisk {}: reload {reload:?}, {} proofs {proved:?}, dialable {dialled:?}\n",
            asterisk.major(),
            proofs.len()
        );
        std::io::Write::write_all(&mut std::io::stderr(), figures.as_bytes()).unwrap();
    }
}
