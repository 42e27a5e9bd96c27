//! Properties of every change, on configuration trees in random house styles: nothing is lost,
//! nobody else is touched, and what was written is what is read back.

mod directory;
#[path = "../trees/files.rs"]
#[allow(dead_code, reason = "folders are read here, not copied")]
mod files;
mod freeswitch;
mod home;
mod house;
mod lists;
mod strange;

use std::collections::BTreeSet;

use proptest::prelude::*;
use sipctl::engine::Estate;
use sipctl::error::Code;
use sipctl::extension::{Edit, Fields};

use home::{Home, Tree, create, ext, new_password, passwd, renumber, set};
use house::{House, house, house_of_equals};

/// A house, some of its free numbers in any order, and the same in another order.
fn with_free() -> impl Strategy<Value = (House, Vec<String>, Vec<String>)> {
    house().prop_flat_map(|house| {
        let free = house.free.clone();
        let some = proptest::sample::subsequence(free, 1..4).prop_shuffle();
        let twice = some.prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle()));
        (Just(house), twice).prop_map(|(house, (some, other))| (house, some, other))
    })
}

fn is_digits(number: &str) -> bool {
    number.bytes().all(|b| b.is_ascii_digit())
}

fn secrets(house: &House, new: &[String]) -> Vec<String> {
    house.secrets().into_iter().chain(new.iter().map(|number| new_password(number))).collect()
}

/// A tree as text, for messages.
fn text(tree: &Tree) -> String {
    tree.iter()
        .map(|(name, bytes)| {
            format!(
                "== {name}\n{}\n",
                String::from_utf8_lossy(bytes).replace('\r', "\\r").replace('\u{feff}', "(mark)")
            )
        })
        .collect()
}

/// Everything that is nobody's of `numbers` still stands there, in order, byte for byte.
fn others_are_untouched(house: &House, home: &Home, numbers: &[&str]) {
    let numbers: BTreeSet<&str> = numbers.iter().copied().collect();
    let tree = home.tree();
    let all = |bytes: &Vec<u8>, lines: &[&str]| {
        let now = String::from_utf8_lossy(bytes).into_owned();
        let mut now = now.trim_start_matches('\u{feff}').lines();
        lines.iter().all(|line| now.any(|have| have == *line))
    };
    for (name, lines) in house.lines_of_others(&numbers) {
        let there = match tree.get(name) {
            Some(bytes) => all(bytes, &lines),
            // A file named by a number goes with it.
            None => lines.is_empty() || tree.values().any(|bytes| all(bytes, &lines)),
        };
        assert!(there, "{name} lost one of {lines:?}:\n{}", text(&tree));
    }
}

/// A number with its effective options: section, name, value.
type View = (String, Vec<(&'static str, String, String)>);

/// The effective options of everybody but `numbers`.
fn views(estate: &dyn Estate, numbers: &[&str]) -> Vec<View> {
    let others = estate.extensions().into_iter().filter(|extension| !numbers.contains(&extension.number.as_str()));
    others
        .map(|extension| {
            let settings = estate.settings(&ext(&extension.number), true).into_iter();
            (extension.number, settings.map(|s| (s.section, s.option.into_owned(), s.value.into_owned())).collect())
        })
        .collect()
}

/// Carries out edits of `numbers` on a house and holds the rest of it to what it was.
fn change(house: &House, home: &Home, edits: &[Edit], numbers: &[&str]) {
    let new: Vec<String> = numbers.iter().map(|n| (*n).to_owned()).collect();
    let before = views(&*home.load().unwrap(), numbers);
    let tree = home.tree();
    if let Err(error) = home.change(edits, &secrets(house, &new)) {
        panic!("{error}\n{}", text(&tree));
    }
    others_are_untouched(house, home, numbers);
    assert_eq!(before, views(&*home.load().unwrap(), numbers), "{}", text(&home.tree()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn add_then_rm_is_the_identity((house, numbers, other_order) in with_free(), at_once: bool) {
        let tree = house.tree();
        let home = Home::new(&tree);
        let adds: Vec<Edit> = numbers.iter().map(|n| create(n, Fields::default())).collect();
        let removes: Vec<Edit> = other_order.iter().map(|n| Edit::Delete(ext(n))).collect();
        for edits in [adds, removes] {
            let size = if at_once { edits.len() } else { 1 };
            for edits in edits.chunks(size) {
                let touched: Vec<&str> = edits.iter().map(|edit| edit.ext().number.as_str()).collect();
                change(&house, &home, edits, &touched);
            }
        }
        prop_assert_eq!(text(&home.tree()), text(&tree));
    }

    #[test]
    fn a_range_is_the_same_adds_one_by_one(house in house_of_equals(), some in prop::collection::vec(any::<bool>(), 12)) {
        let mut numbers: Vec<&String> = house.free.iter().filter(|n| is_digits(n)).zip(some).filter(|(_, some)| *some).map(|(n, _)| n).collect();
        numbers.sort_by(|a, b| sipctl::extension::order(a, b));
        let edits: Vec<Edit> = numbers.iter().map(|n| create(n, Fields::default())).collect();
        let (at_once, one_by_one) = (Home::new(&house.tree()), Home::new(&house.tree()));
        at_once.change(&edits, &[]).unwrap();
        for edit in &edits {
            one_by_one.change(std::slice::from_ref(edit), &[]).unwrap();
        }
        prop_assert_eq!(text(&at_once.tree()), text(&one_by_one.tree()));
    }

    #[test]
    fn disable_then_enable_is_the_identity(house in house()) {
        let home = Home::new(&house.tree());
        let numbers: Vec<&str> = house.phones.iter().filter(|p| !p.disabled).map(|p| p.number.as_str()).collect();
        for step in [Edit::Disable, Edit::Enable] {
            let edits: Vec<Edit> = numbers.iter().map(|number| step(ext(number))).collect();
            change(&house, &home, &edits, &numbers);
            let enabled = Some(matches!(edits.first(), Some(Edit::Enable(_))));
            for number in &numbers {
                prop_assert_eq!(home.load().unwrap().find(&ext(number)).unwrap().fields.enabled, enabled);
            }
        }
        prop_assert_eq!(text(&home.tree()), text(&house.tree()));
    }

    #[test]
    fn renumbering_there_and_back_is_the_identity(house in house()) {
        let home = Home::new(&house.tree());
        // A word in place of digits would be a name in a caller id, and a part of a longer word.
        let old = house.phones.iter().map(|phone| phone.number.as_str()).find(|n| is_digits(n));
        let new = house.free.iter().map(String::as_str).find(|n| is_digits(n));
        let (Some(old), Some(new)) = (old, new) else { return Ok(()) };
        change(&house, &home, &[renumber(old, new)], &[old, new]);
        prop_assert!(home.load().unwrap().find(&ext(old)).is_none());
        change(&house, &home, &[renumber(new, old)], &[old, new]);
        prop_assert_eq!(text(&home.tree()), text(&house.tree()));
    }

    #[test]
    fn a_new_password_is_the_one_that_counts(house in house(), secret in "[!-~][ -~]{0,30}[!-~]") {
        for phone in &house.phones {
            let home = Home::new(&house.tree());
            let number = phone.number.as_str();
            let edit = passwd(number, secret.as_bytes());
            if phone.shared {
                prop_assert_eq!(home.change(&[edit], &[]).unwrap_err().code, Code::Usage);
                continue;
            }
            change(&house, &home, &[edit], &[number]);
            let password = home.load().unwrap().password(&ext(number)).unwrap();
            prop_assert_eq!(password.reveal(), secret.as_bytes());
        }
    }

    #[test]
    fn what_is_set_is_read_back_and_set_back(house in house(), wish in wish()) {
        for phone in &house.phones {
            let home = Home::new(&house.tree());
            let number = phone.number.as_str();
            let wish = named(&wish, number);
            let had = home.load().unwrap().find(&ext(number)).unwrap().fields;
            change(&house, &home, &[set(number, wish.clone())], &[number]);
            let have = home.load().unwrap().find(&ext(number)).unwrap().fields;
            prop_assert_eq!(&have, &after(&had, &wish, number));
            change(&house, &home, &[set(number, back(&had, &wish))], &[number]);
            let back = home.load().unwrap().find(&ext(number)).unwrap().fields;
            prop_assert_eq!(&back, &had, "{}", text(&home.tree()));
        }
    }

    #[test]
    fn what_is_added_is_read_back((house, free, _) in with_free(), wish in wish()) {
        let home = Home::new(&house.tree());
        let number = free[0].as_str();
        let wish = named(&wish, number);
        change(&house, &home, &[create(number, wish.clone())], &[number]);
        let estate = home.load().unwrap();
        let have = estate.find(&ext(number)).unwrap().fields;
        prop_assert_eq!(&have, &after(&have, &wish, number));
        let password = estate.password(&ext(number)).unwrap();
        prop_assert!(password.reveal() == new_password(number).as_bytes());
        prop_assert_eq!(have.enabled, Some(true));
    }
}

/// Fields a person may name.
fn wish() -> impl Strategy<Value = Fields> {
    let word = || prop::option::of("[a-z][a-z0-9_-]{0,11}");
    let name = prop::option::of("[A-Za-z가-힣;\\\\'.,][A-Za-z가-힣;\\\\'., -]{0,20}[A-Za-z가-힣;'.]");
    let codecs = prop::option::of(proptest::sample::subsequence(vec!["ulaw", "alaw", "g722", "opus"], 1..4));
    (word(), word(), word(), name, codecs, prop::option::of(1..9u8)).prop_map(
        |(context, account, mailbox, name, codecs, contacts)| Fields {
            context,
            accountcode: account,
            mailbox: mailbox.map(|mailbox| format!("{mailbox}@default")),
            cid_name: name,
            codecs: codecs.map(|codecs| codecs.into_iter().map(str::to_owned).collect()),
            max_contacts: contacts.map(|n| n.to_string()),
            ..Fields::default()
        },
    )
}

/// The wish without a caller id where Asterisk would read another number out of it.
fn named(wish: &Fields, number: &str) -> Fields {
    let plain = !number.contains(['-', '.']);
    Fields { cid_name: wish.cid_name.clone().filter(|_| plain), ..wish.clone() }
}

/// What the fields are once a wish is fulfilled.
fn after(had: &Fields, wish: &Fields, number: &str) -> Fields {
    let or = |wish: &Option<String>, had: &Option<String>| wish.clone().or_else(|| had.clone());
    Fields {
        context: or(&wish.context, &had.context),
        accountcode: or(&wish.accountcode, &had.accountcode),
        mailbox: or(&wish.mailbox, &had.mailbox),
        cid_name: or(&wish.cid_name, &had.cid_name),
        cid_number: had.cid_number.clone().or_else(|| wish.cid_name.is_some().then(|| number.to_owned())),
        codecs: wish.codecs.clone().or_else(|| had.codecs.clone()),
        max_contacts: or(&wish.max_contacts, &had.max_contacts),
        ..had.clone()
    }
}

/// The wish that makes the fields what they were.
fn back(had: &Fields, wish: &Fields) -> Fields {
    let clear = |wish: &Option<String>, had: &Option<String>| wish.as_ref().map(|_| had.clone().unwrap_or_default());
    let named = wish.cid_name.is_some();
    Fields {
        context: clear(&wish.context, &had.context),
        accountcode: clear(&wish.accountcode, &had.accountcode),
        mailbox: clear(&wish.mailbox, &had.mailbox),
        cid_name: clear(&wish.cid_name, &had.cid_name),
        cid_number: named.then(|| had.cid_number.clone().unwrap_or_default()),
        codecs: wish.codecs.as_ref().and(had.codecs.clone()),
        max_contacts: clear(&wish.max_contacts, &had.max_contacts),
        ..Fields::default()
    }
}
