//! The effective view against engines freshly started on it: for every tree of `collection/` the
//! engine has the objects sipctl reads, each with the options sipctl reads, and rejects what sipctl
//! says it rejects.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sipctl::engine::asterisk::config::Cause;
use sipctl::engine::asterisk::console;
use sipctl::engine::asterisk::estate::{DIALECTS, Estate};
use sipctl::engine::asterisk::objects::{Dialect, Object, Type};
use sipctl::engine::{self, Proof, Verdict};
use sipctl::host::local::Local;
use sipctl::text::asterisk_conf::Why;

use crate::engine::{Asterisk, Lab, Release, base, cx};
use crate::files::copy;

const TYPES: [Type; 4] = [Type::Endpoint, Type::Auth, Type::Aor, Type::Identify];

/// Objects the engine refuses for their options, which is no matter of reading: tree, type, id and
/// the versions that refuse it.
const REFUSED: [(&str, Type, &str, &[u32]); 14] = [
    ("codecs_in_order", Type::Endpoint, "1014", &[16, 22]),
    ("codecs_in_order", Type::Endpoint, "1015", &[16, 22]),
    ("objects_with_bad_options", Type::Endpoint, "1002", &[16, 22]),
    ("objects_with_bad_options", Type::Endpoint, "1003", &[16, 22]),
    ("objects_with_bad_options", Type::Endpoint, "1004", &[16, 22]),
    ("objects_with_bad_options", Type::Endpoint, "1005", &[16, 22]),
    ("objects_with_bad_options", Type::Aor, "1006", &[16, 22]),
    ("objects_with_bad_options", Type::Aor, "1007", &[16, 22]),
    ("objects_with_bad_options", Type::Aor, "1008", &[16, 22]),
    ("objects_with_bad_options", Type::Auth, "1009", &[16, 22]),
    ("objects_with_bad_options", Type::Auth, "1010", &[16, 22]),
    ("objects_with_bad_options", Type::Auth, "1011", &[22]),
    ("objects_with_bad_options", Type::Auth, "1012", &[16]),
    ("wizards_in_their_own_ways", Type::Auth, "2023-iauth", &[16, 22]),
];

/// What cannot be asked, and why: tree, type, id, option, the reason.
const UNPROVED: [(&str, &str, &str, &str, &str); 4] = [
    ("codecs_in_order", "endpoint", "1004", "allow", ALL),
    ("codecs_in_order", "endpoint", "1012", "allow", ALL),
    ("codecs_in_order", "endpoint", "1013", "allow", ALL),
    ("codecs_in_order", "endpoint", "1019", "allow", ALL),
];

const ALL: &str = "`all` are the codecs the engine was built with";

/// What a wizard answers others with, which sipctl does not read.
const OUTBOUND: &str = "peer-oauth";

fn collection() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/collection");
    let mut trees: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    trees.sort();
    trees
}

#[test]
fn the_effective_view_is_what_a_started_engine_holds() {
    let trees = collection();
    assert!(trees.len() > 50, "the collection is gone");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let trees = &trees;
        let threads: Vec<_> = Lab::engines()
            .into_iter()
            .map(|release| {
                scope.spawn(move || trees.iter().flat_map(|tree| differences(&release, tree)).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Everything in which one engine and sipctl do not agree about a tree.
fn differences(release: &Release, tree: &Path) -> Vec<String> {
    let folder = base();
    std::fs::remove_file(folder.path().join("pjsip.conf")).unwrap();
    let mut modules = std::fs::OpenOptions::new().append(true).open(folder.path().join("modules.conf")).unwrap();
    writeln!(modules, "load=res_pjsip_config_wizard.so\nload=res_pjsip_outbound_registration.so").unwrap();
    copy(tree, folder.path());
    let name = tree.file_name().unwrap().to_str().unwrap();
    let expected = |estate: &Estate, kind| expected(estate, name, release.major, kind);
    let asterisk = Asterisk::start(release, folder.path());
    let estate = Estate::load(&cx(), &Local, folder.path(), false).unwrap();
    let mut wrong = Vec::new();
    let host = asterisk.host();
    let mut console = console::open(&cx(), &host, folder.path()).unwrap();
    for kind in TYPES {
        let held = completions(&asterisk, kind);
        let read = expected(&estate, kind);
        let read: BTreeSet<String> = read.iter().flat_map(|id| id.split_whitespace()).map(str::to_lowercase).collect();
        if read != held {
            wrong.push(format!("has the {}s {held:?}, sipctl reads {read:?}", kind.name()));
        }
    }
    let broken = DIALECTS
        .into_iter()
        .any(|dialect| rejected(&estate, dialect) || TYPES.iter().any(|kind| frozen(&estate, dialect, *kind)));
    if estate.rejected().is_some() != broken {
        wrong.push(format!("sipctl says {:?}", estate.rejected()));
    }
    for problem in DIALECTS.iter().filter_map(|dialect| estate.configs.get(*dialect)).flat_map(|c| &c.problems) {
        if said(&problem.cause).is_some_and(|text| !logs(&asterisk, text)) {
            wrong.push(format!("does not complain: {problem}"));
        }
    }
    let proofs = engine::Estate::proofs(&estate, None);
    let verdicts = console.prove(&cx(), &proofs, &[]).unwrap();
    for (proof, verdict) in proofs.iter().zip(&verdicts) {
        let kind = Type::by_name(proof.object.as_bytes());
        let there = expected(&estate, kind).contains(&*proof.id);
        let right = match verdict {
            Verdict::Proved | Verdict::Indirect => there,
            Verdict::Failed { .. } => !there,
            Verdict::Unproved { .. } => explained(name, proof),
        };
        if !right {
            wrong.push(format!("{verdict:?} for {proof:?}"));
        }
    }
    wrong.into_iter().map(|what| format!("{name} {}: {what}", release.major)).collect()
}

fn explained(tree: &str, proof: &Proof) -> bool {
    let option = match &proof.expect {
        engine::Expect::Field { name, .. } | engine::Expect::Secret { name, .. } => name.as_str(),
        _ => "",
    };
    UNPROVED.iter().any(|row| (row.0, row.1, row.2, row.3) == (tree, &proof.object, &proof.id, option))
}

/// Whether two objects of a type have one id, which keeps the engine from taking any of them.
fn frozen(estate: &Estate, dialect: Dialect, kind: Type) -> bool {
    let mut seen = BTreeSet::new();
    estate.objects.of(kind).iter().filter(|o| o.dialect == dialect).any(|o| !seen.insert(estate.configs.id(*o)))
}

fn rejected(estate: &Estate, dialect: Dialect) -> bool {
    estate.configs.get(dialect).is_some_and(|config| config.rejected().is_some())
}

/// The ids of a type the engine should hold by what sipctl reads.
fn expected(estate: &Estate, tree: &str, major: u32, kind: Type) -> BTreeSet<String> {
    let refused = |id: &String| {
        REFUSED.iter().any(|row| (row.0, row.1, row.2) == (tree, kind, id.as_str()) && row.3.contains(&major))
    };
    let taken = |o: &&Object| !rejected(estate, o.dialect) && !frozen(estate, o.dialect, kind);
    let objects = estate.objects.of(kind).iter().filter(taken);
    objects.map(|object| estate.configs.id_text(*object)).filter(|id| !refused(id)).collect()
}

/// The words the engine completes to where an object of this type is to be named: all ids, none cut
/// short, in lower case as it does not complete to two that differ in case only. The first word
/// is what all of them start with.
fn completions(asterisk: &Asterisk, kind: Type) -> BTreeSet<String> {
    let answer = asterisk.ask(&format!("_command matchesarray \"pjsip show {} \" \"\"", kind.name()));
    answer
        .trim_end()
        .split(' ')
        .skip(1)
        .filter(|word| !["", "_EOF_", OUTBOUND].contains(word))
        .map(str::to_lowercase)
        .collect()
}

/// Whether the engine logs a text; a thread of its own writes the file, a little later.
fn logs(asterisk: &Asterisk, text: &str) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while !asterisk.log().contains(text) {
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// What the engine logs about a problem; none where it says nothing.
fn said(cause: &Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::Line(Why::NoEquals) => "No '=' (equal sign)",
        Cause::Line(Why::NoName) => "No variable name",
        Cause::Line(Why::UnknownDirective) => "Unknown directive",
        Cause::Line(Why::NoArgument) => "needs an argument",
        Cause::Line(Why::TooLong) => "too long, skipping",
        Cause::Line(Why::NoBracket) => "no closing ']'",
        Cause::Line(Why::NoParenthesis) => "no closing ')'",
        Cause::Line(Why::BadEscape) => "Invalid escape",
        Cause::NoSection => "No category context",
        Cause::NoBase(_) => "Inheritance requested",
        Cause::NoTarget(_) => "Category addition requested",
        Cause::NothingToInclude(_) => "listed as a #include but it does not exist",
        Cause::TooDeep => "Maximum Include level",
        Cause::Twice(_) => "Same File included more than once",
        Cause::OpenComment | Cause::StrayCloser => "Unterminated comment",
        Cause::Line(_) | Cause::Exec | Cause::Endless(_) => return None,
    })
}
