//! From two readings of the files to the questions for the engine; and whether anybody differs
//! whom nobody asked to change.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::directory::{Part, User, last};
use super::estate::{PARTS, Reading};
use super::layout::cannot_hold;
use super::mask::is_secret;
use crate::engine::{Expect, Live, Proof};
use crate::error::{Error, Place, Result};
use crate::secret::{Secret, salt};

/// A value the engine can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value {
    part: Part,
    name: String,
    value: Vec<u8>,
}

/// The values of a user as the engine merges them; those only the engine knows are left out.
fn values(reading: &Reading, user: &User) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    for part in PARTS {
        let settings = reading.directory.settings(&reading.doc, user, part);
        for setting in &settings {
            let mut name = String::from_utf8_lossy(&setting.name).into_owned();
            if part != Part::Attr {
                name.make_ascii_lowercase();
            }
            let known = setting.span.clone().is_none_or(|span| reading.doc.merged.is_known(span));
            if !known || name.is_empty() || out.iter().any(|value| value.part == part && value.name == name) {
                continue;
            }
            let value = last(&settings, &name).map(|setting| setting.value.to_vec()).unwrap_or_default();
            out.push(Value { part, name, value });
        }
    }
    out
}

/// Whether the engine has a value as the files do: it spoils some.
fn can_be_asked(value: &Value) -> bool {
    cannot_hold(&value.value).is_none()
}

/// `param:NAME`, `var:NAME`, `attr:NAME`: as `user_data` is asked.
fn asked(part: Part, name: &str) -> String {
    let part = match part {
        Part::Param => "param",
        Part::Variable => "var",
        Part::Attr => "attr",
    };
    format!("{part}:{name}")
}

fn expect(value: &Value) -> Result<Expect> {
    let name = asked(value.part, &value.name);
    // An empty value and none are one answer (observed on 1.11).
    let some = (!value.value.is_empty()).then_some(&value.value);
    if !is_secret(value.name.as_bytes()) {
        let values = some.map(|value| String::from_utf8_lossy(value).into_owned()).into_iter().collect();
        return Ok(Expect::Field { name, values });
    }
    let salt = salt()?;
    let md5 = some.map(|value| Secret::new(value.clone()).salted(&salt));
    Ok(Expect::Secret { name, salt, md5 })
}

/// Makes questions about a user.
fn about(reading: &Reading, user: &User, number: &str, live: Option<&Live>) -> impl Fn(Expect) -> Proof {
    let (id, number): (Arc<str>, Arc<str>) = (reading.address(user, live).into(), number.into());
    move |expect| Proof { object: "user".into(), id: id.clone(), number: number.clone(), expect }
}

/// Everything the files say of a user himself; what he has of his group and domain is theirs.
pub fn of_user(reading: &Reading, user: &User, live: Option<&Live>) -> Vec<Proof> {
    let settings = PARTS.map(|part| reading.directory.settings(&reading.doc, user, part));
    let own = |value: &Value| {
        let setting = settings.iter().flatten().filter(|s| s.part == value.part);
        setting.filter(|s| s.own).any(|s| s.name.eq_ignore_ascii_case(value.name.as_bytes()))
    };
    let values = values(reading, user).into_iter().filter(own);
    let fields = values.filter(can_be_asked).filter_map(|value| expect(&value).ok());
    let all = std::iter::once(Expect::Present).chain(fields);
    all.map(about(reading, user, &user.id, live)).collect()
}

/// What must be true after a change, and when the old files are back.
pub fn of_change(
    before: (&Reading, Option<&User>),
    after: (&Reading, Option<&User>),
    number: &str,
    live: Option<&Live>,
) -> Result<(Vec<Proof>, Vec<Proof>)> {
    let (mut new, mut old) = (Vec::new(), Vec::new());
    for ((reading, own), (reading_b, other), to) in [(after, before, &mut new), (before, after, &mut old)] {
        let (Some(own), other) = (own, other) else {
            if let Some(other) = other {
                to.push(about(reading_b, other, number, live)(Expect::Absent));
            }
            continue;
        };
        let proof = about(reading, own, number, live);
        let mut push = |expect| to.push(proof(expect));
        push(Expect::Present);
        let mine = values(reading, own);
        let theirs = other.map(|other| values(reading_b, other)).unwrap_or_default();
        for value in mine.iter().filter(|value| !theirs.contains(value) && can_be_asked(value)) {
            push(expect(value)?);
        }
        let named = |value: &Value| mine.iter().any(|own| own.part == value.part && own.name == value.name);
        for value in theirs.iter().filter(|value| !named(value)) {
            push(expect(&Value { value: Vec::new(), ..value.clone() })?);
        }
    }
    Ok((new, old))
}

/// Names that may differ: domain and lower-case id.
pub type Allowed = BTreeMap<(usize, String), String>;

/// Every user who is not in both readings, or not the same.
pub fn differing(before: &Reading, after: &Reading) -> Allowed {
    let all = |reading: &Reading| {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (at, user) in reading.directory.users.iter().enumerate() {
            let what = (text_of(reading, user.node).to_vec(), reading.directory.is_found(at), user.id.clone());
            all.entry((user.domain, user.id.to_ascii_lowercase())).or_default().push(what);
        }
        all
    };
    let (old, new) = (all(before), all(after));
    let differ = old.iter().chain(&new).filter(|(key, _)| old.get(*key) != new.get(*key));
    differ.filter_map(|(key, users)| Some((key.clone(), users.first()?.2.clone()))).collect()
}

/// Refuses an outcome in which anything differs that is not allowed to: another user, who is found
/// under his name, or anything that is no user at all.
pub fn nothing_else(before: &Reading, after: &Reading, allowed: &Allowed) -> Result<()> {
    let refuse = |what: String, place: Place| {
        Err(Error::failed(format!("this would also change {what}, which nobody asked for"))
            .at(place)
            .hint("the way these files are put together makes it so; nothing was written"))
    };
    let (mut a, mut b) = (others(before, allowed), others(after, allowed));
    loop {
        let (x, y) = (a.next(), b.next());
        let same = match (&x, &y) {
            (None, None) => break,
            (Some(x), Some(y)) => text_of(before, x.1) == text_of(after, y.1) && x.2 == y.2,
            _ => false,
        };
        if let (false, Some((reading, (user, ..)))) = (same, x.map(|x| (before, x)).or(y.map(|y| (after, y)))) {
            return refuse(format!("the user {}", user.id), reading.doc.place(user.node));
        }
    }
    let (mut a, mut b) = (frame(before), frame(after));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ok(()),
            (Some((x, _)), Some((y, _))) if x == y => {}
            (Some((_, node)), _) => return refuse("something that is no user".to_owned(), before.doc.place(node)),
            (_, Some((_, node))) => return refuse("something that is no user".to_owned(), after.doc.place(node)),
        }
    }
}

/// Every user who must stay as he is, with his element and whether he is found.
fn others<'r>(reading: &'r Reading, allowed: &'r Allowed) -> impl Iterator<Item = (&'r User, u32, bool)> {
    let users = reading.directory.users.iter().enumerate();
    let stays = |user: &User| !allowed.contains_key(&(user.domain, user.id.to_ascii_lowercase()));
    users
        .filter(move |(_, user)| stays(user))
        .map(|(at, user)| (user, user.node, user.is_pointer() || reading.directory.is_found(at)))
}

fn text_of(reading: &Reading, node: u32) -> &[u8] {
    &reading.doc.merged.text[reading.doc.tree.span(node)]
}

/// The opening tags of everything but users, how deep they stand, in order.
fn frame(reading: &Reading) -> impl Iterator<Item = ((&[u8], usize), u32)> {
    let doc = &reading.doc;
    let mut stack: Vec<u32> = doc.tree.root().into_iter().collect();
    let users: std::collections::HashSet<u32> = reading.directory.users.iter().map(|user| user.node).collect();
    std::iter::from_fn(move || {
        let node = stack.pop()?;
        let at = stack.len();
        stack.extend(doc.tree.children(node).filter(|child| !users.contains(child)));
        stack[at..].reverse();
        let depth = std::iter::successors(Some(node), |node| doc.tree.parent(*node)).count();
        Some(((&doc.merged.text[doc.tree.open(node)], depth), node))
    })
}
