//! The properties of every change on directories of FreeSWITCH.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sipctl::engine::Estate;
use sipctl::engine::freeswitch::FreeSwitch;
use sipctl::extension::{Edit, Fields};

use crate::directory::{Directory, directory};
use crate::home::{Home, Tree, create, ext, new_password, passwd, renumber, set};
use crate::{is_digits, views};

/// A directory, some of its free numbers in any order, and the same in another order.
fn with_free() -> impl Strategy<Value = (Directory, Vec<String>, Vec<String>)> {
    directory().prop_flat_map(|directory| {
        let free = directory.free.clone();
        let some = proptest::sample::subsequence(free, 1..4).prop_shuffle();
        let twice = some.prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle()));
        (Just(directory), twice).prop_map(|(directory, (some, other))| (directory, some, other))
    })
}

fn home(tree: &Tree) -> Home {
    Home::of(&FreeSwitch, tree)
}

/// A tree as text, for messages.
fn text(tree: &Tree) -> String {
    tree.iter()
        .map(|(name, bytes)| format!("== {name}\n{}\n", bytes.escape_ascii().to_string().replace("\\n", "\\n\n")))
        .collect()
}

/// Everything that is nobody's of `numbers` still stands there, in order, byte for byte.
fn others_are_untouched(directory: &Directory, home: &Home, numbers: &[&str]) {
    let numbers: BTreeSet<&str> = numbers.iter().copied().collect();
    let tree = home.tree();
    let latin = |bytes: &[u8]| bytes.iter().map(|b| char::from(*b)).collect::<String>();
    for (name, lines) in directory.lines_of_others(&numbers) {
        let now = tree.get(name).map(|bytes| latin(bytes)).unwrap_or_default();
        let mut now = now.split(['\r', '\n']).map(|line| line.trim_start_matches("\u{ef}\u{bb}\u{bf}"));
        let there = lines.iter().all(|line| now.any(|have| have == *line));
        // A comment that is nobody's goes with the file of the only user in it.
        let gone = !tree.contains_key(name) && lines.iter().all(|line| line.contains("nobody in particular"));
        assert!(there || gone, "{name} lost one of {lines:?}:\n{}", text(&tree));
    }
}

/// Carries out edits of `numbers` and holds the rest of the directory to what it was.
fn change(directory: &Directory, home: &Home, edits: &[Edit], numbers: &[&str]) {
    let secrets: Vec<String> =
        directory.secrets().into_iter().chain(numbers.iter().map(|number| new_password(number))).collect();
    let before = views(&*home.load().unwrap(), numbers);
    let tree = home.tree();
    if let Err(error) = home.change(edits, &secrets) {
        panic!("{error}\n{}", text(&tree));
    }
    others_are_untouched(directory, home, numbers);
    assert_eq!(before, views(&*home.load().unwrap(), numbers), "{}", text(&home.tree()));
}

fn numbers(directory: &Directory) -> impl Iterator<Item = &str> {
    directory.phones.iter().map(|phone| phone.number.as_str())
}

fn fields(estate: &dyn Estate, number: &str) -> Fields {
    estate.find(&ext(number)).unwrap().fields
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn add_then_rm_is_the_identity((directory, numbers, other_order) in with_free(), at_once: bool) {
        let tree = directory.tree();
        let home = home(&tree);
        let adds: Vec<Edit> = numbers.iter().map(|n| create(n, Fields::default())).collect();
        let removes: Vec<Edit> = other_order.iter().map(|n| Edit::Delete(ext(n))).collect();
        for edits in [adds, removes] {
            let size = if at_once { edits.len() } else { 1 };
            for edits in edits.chunks(size) {
                let touched: Vec<&str> = edits.iter().map(|edit| edit.ext().number.as_str()).collect();
                change(&directory, &home, edits, &touched);
            }
        }
        prop_assert_eq!(text(&home.tree()), text(&tree));
    }

    #[test]
    fn disable_then_enable_is_the_identity(directory in directory()) {
        let home = home(&directory.tree());
        let numbers: Vec<&str> = numbers(&directory).collect();
        for (step, enabled) in [(Edit::Disable as fn(_) -> _, false), (Edit::Enable, true)] {
            let edits: Vec<Edit> = numbers.iter().map(|number| step(ext(number))).collect();
            change(&directory, &home, &edits, &numbers);
            let estate = home.load().unwrap();
            for number in &numbers {
                prop_assert_eq!(fields(&*estate, number).enabled, Some(enabled));
            }
        }
        prop_assert_eq!(text(&home.tree()), text(&directory.tree()));
    }

    #[test]
    fn renumbering_there_and_back_is_the_identity(directory in directory()) {
        let home = home(&directory.tree());
        let old = numbers(&directory).find(|n| is_digits(n));
        let new = directory.free.iter().map(String::as_str).find(|n| is_digits(n));
        let (Some(old), Some(new)) = (old, new) else { return Ok(()) };
        change(&directory, &home, &[renumber(old, new)], &[old, new]);
        prop_assert!(home.load().unwrap().find(&ext(old)).is_none());
        change(&directory, &home, &[renumber(new, old)], &[old, new]);
        prop_assert_eq!(text(&home.tree()), text(&directory.tree()));
    }

    #[test]
    fn a_new_password_is_the_one_that_counts(directory in directory(), secret in "[ -~]{1,30}") {
        for number in numbers(&directory) {
            let home = home(&directory.tree());
            let before = views(&*home.load().unwrap(), &[number]);
            if home.change(&[passwd(number, secret.as_bytes())], &[]).is_err() {
                // Only what FreeSWITCH itself would lose is refused.
                prop_assert!(secret.contains("<!"), "{}", secret);
                continue;
            }
            others_are_untouched(&directory, &home, &[number]);
            let estate = home.load().unwrap();
            let password = estate.password(&ext(number)).unwrap();
            prop_assert_eq!(password.reveal(), secret.as_bytes());
            prop_assert_eq!(views(&*estate, &[number]), before);
        }
    }

    #[test]
    fn what_is_set_is_read_back_and_set_back(directory in directory(), wish in wish()) {
        for number in numbers(&directory) {
            let home = home(&directory.tree());
            let had = fields(&*home.load().unwrap(), number);
            change(&directory, &home, &[set(number, wish.clone())], &[number]);
            prop_assert_eq!(fields(&*home.load().unwrap(), number), after(&had, &wish));
            change(&directory, &home, &[set(number, back(&had, &wish))], &[number]);
            prop_assert_eq!(fields(&*home.load().unwrap(), number), had, "{}", text(&home.tree()));
        }
    }

    #[test]
    fn what_is_added_is_read_back((directory, free, _) in with_free(), wish in wish()) {
        let home = home(&directory.tree());
        let number = free[0].as_str();
        change(&directory, &home, &[create(number, wish.clone())], &[number]);
        let estate = home.load().unwrap();
        let have = fields(&*estate, number);
        prop_assert_eq!(&have, &after(&have, &wish));
        prop_assert!(estate.password(&ext(number)).unwrap().reveal() == new_password(number).as_bytes());
        prop_assert_eq!(have.enabled, Some(true));
    }
}

/// Fields a person may name.
fn wish() -> impl Strategy<Value = Fields> {
    let word = || prop::option::of("[ -~가-힣]{1,12}");
    let context = prop::option::of(proptest::sample::select(vec!["default".to_owned(), "guests".to_owned()]));
    let network = prop::option::of(proptest::sample::select(vec!["10.0.0.0/8".to_owned(), "10.1.2.3".to_owned()]));
    (context, word(), word(), word(), word(), prop::option::of(1..9u8), network).prop_map(
        |(context, accountcode, mailbox, cid_name, description, contacts, permit)| Fields {
            context,
            accountcode: accountcode.filter(|text| !text.contains("<!")),
            mailbox: mailbox.filter(|text| !text.contains("<!")),
            cid_name: cid_name.filter(|text| !text.contains("<!")),
            description: description.filter(|text| !text.contains("<!")),
            max_contacts: contacts.map(|n| n.to_string()),
            permit,
            ..Fields::default()
        },
    )
}

/// Each field that was wished for, of two sets of fields.
fn each(wish: &Fields, had: &Fields, which: impl Fn(&Option<String>, &Option<String>) -> Option<String>) -> Fields {
    Fields {
        context: which(&wish.context, &had.context),
        accountcode: which(&wish.accountcode, &had.accountcode),
        mailbox: which(&wish.mailbox, &had.mailbox),
        cid_name: which(&wish.cid_name, &had.cid_name),
        description: which(&wish.description, &had.description),
        max_contacts: which(&wish.max_contacts, &had.max_contacts),
        permit: which(&wish.permit, &had.permit),
        ..Fields::default()
    }
}

/// What the fields are once a wish is fulfilled.
fn after(had: &Fields, wish: &Fields) -> Fields {
    let Fields { context, accountcode, mailbox, cid_name, description, max_contacts, permit, .. } =
        each(wish, had, |wish, had| wish.clone().or_else(|| had.clone()));
    Fields { context, accountcode, mailbox, cid_name, description, max_contacts, permit, ..had.clone() }
}

/// The wish that makes the fields what they were.
fn back(had: &Fields, wish: &Fields) -> Fields {
    each(wish, had, |wish, had| wish.as_ref().map(|_| had.clone().unwrap_or_default()))
}

/// What fuzzing found, kept: users as they stood in one file, and what did not give their bytes back.
#[test]
fn what_is_taken_back_leaves_every_byte() {
    const MAIN: &str = "<document>\n<section name=\"directory\">\n<domain name=\"pbx\"><groups><group name=\"all\"><users>\n\
        <X-PRE-PROCESS cmd=\"include\" data=\"users.xml\"/>\n</users></group></groups></domain>\n</section>\n</document>\n";
    let user = |number: u32| {
        format!(
            "<!-- {number} -->\n<user id=\"{number}\"><params><param name=\"password\" value=\"x\"/></params></user>"
        )
    };
    let (one, two) = (user(1001), user(1008));
    let added = |number| (create(number, Fields::default()), Edit::Delete(ext(number)));
    for (users, (there, back)) in [
        // Line ends that differ before and behind, and a blank line that is not empty.
        (format!("{one}\n\n{two}\r"), added("1009")),
        // The comment of one who shares his last line.
        (format!("{one}\n\n{two}<variables/>"), added("1009")),
        // A line inside his tag that the preprocessor drops.
        (
            "<user id=\"1001\"\n<?dropped?>\n cacheable=\"true\"/>\n".into(),
            (Edit::Disable(ext("1001")), Edit::Enable(ext("1001"))),
        ),
        // An element before his new params that begins here and ends in another file.
        (
            "<user id=\"1001\">\n<params>\n<x a\n<X-PRE-PROCESS cmd=\"include\" data=\"end.inc\"/>\n</params>\n</user>\n".into(),
            (Edit::Disable(ext("1001")), Edit::Enable(ext("1001"))),
        ),
        // A comment that ends a block.
        (format!("{one}\n<!--#note\n\n{two}"), added("1009")),
        // No comment begins inside a tag.
        (format!("{}\n\n{two}", one.replace(" value", "<!-- value")), added("1009")),
        (format!("\n \t\r\n{two}\r\n"), added("1000")),
        (format!("\r\r{two}\n"), added("1000")),
        // Blanks at the end of the line of the one before him.
        (format!("{one}\n{two} \t\n"), added("1009")),
        (format!("{one}\n\n{two} "), added("1009")),
        // A comment that begins in a line FreeSWITCH drops.
        (format!("{}\n\n{two}\n", one.replace("<params>", "<params>\n<?x <!--\n")), added("1009")),
    ] {
        let tree: Tree = [("freeswitch.xml", MAIN.to_owned()), ("users.xml", users), ("end.inc", "/>\n".into())]
            .map(|(name, text)| (name.to_owned(), text.into_bytes()))
            .into();
        let home = home(&tree);
        home.change(&[there], &[]).unwrap();
        assert_ne!(text(&home.tree()), text(&tree));
        home.change(&[back], &[]).unwrap();
        assert_eq!(text(&home.tree()), text(&tree));
    }
}

/// What fuzzing found, kept: elements so broken that what is to change touches itself.
#[test]
fn what_would_be_changed_twice_is_refused() {
    const MAIN: &str = "<document>\n<section name=\"directory\">\n<domain name=\"pbx\"><groups><group name=\"all\"><users>\n\
        <X-PRE-PROCESS cmd=\"include\" data=\"users.xml\"/>\n</users></group></groups></domain>\n</section>\n</document>\n";
    let broken = [
        "<user id=\"1001\">\n<param<S cmd=\"include\" data=\"onealue=\"1001\"/>\n  arams>\n</user>\n",
        "<user id=\"1001<params/>\">\n<param\u{e9}RO\u{9e} cmd=\"include\" data=\"one.inc\"/>\n</pa</include>ams>\n</user>\n",
        "<user id=\"1001\">\n<params\"/>\n<useX cmd=\"inc sipctl-disabled=\"params\"=\"one.<user id=\"\
         <param name=\"password\" value=\"x\"/>ms>\n</user>\n",
    ];
    for users in broken {
        let tree: Tree = [("freeswitch.xml", MAIN), ("users.xml", users)]
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .into();
        let home = home(&tree);
        let wish = Fields { accountcode: Some("x".into()), mailbox: Some("x".into()), ..Fields::default() };
        let edits = [
            set("1001", wish),
            passwd("1001", b"new"),
            Edit::Disable(ext("1001")),
            Edit::Enable(ext("1001")),
            Edit::Delete(ext("1001")),
            renumber("1001", "1008"),
            create("1009", Fields::default()),
        ];
        for edit in edits {
            // Whatever of it can be done is; the rest is an error with its place, not a panic.
            if let Err(error) = home.change(&[edit], &[]) {
                assert!(!error.message.is_empty());
                assert_eq!(text(&home.tree()), text(&tree));
            }
        }
    }
}

#[test]
fn a_mark_without_what_stops_him_is_no_disabled_user() {
    const MAIN: &str = "<document><section name=\"directory\"><domain name=\"pbx\"><users>\
        <user id=\"1001\" sipctl-disabled=\"params\"/></users></domain></section></document>\n";
    let home = home(&[("freeswitch.xml".to_owned(), MAIN.into())].into());
    assert_eq!(fields(&*home.load().unwrap(), "1001").enabled, Some(true));
    let error = home.change(&[Edit::Disable(ext("1001"))], &[]).unwrap_err();
    assert!(error.message.contains("changed by hand"), "{error}");
}
