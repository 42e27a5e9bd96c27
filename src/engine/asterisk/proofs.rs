//! From two readings of a configuration to the questions for the engine: whatever an object's
//! effective options were before and are after is what is asked, and nothing else may differ.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::mask::is_secret;
use super::objects::{Configs, Object, Objects, Type};
use super::options;
use crate::engine::{Expect, Live, Proof};
use crate::error::Result;
use crate::secret::{Secret, salt};

/// One option of an object with the values that count.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Effective {
    name: String,
    values: Vec<Vec<u8>>,
}

/// The options of an object as the engine keeps them: of one that does not accumulate only the
/// last value, `allow` and `disallow` as one sequence under `allow`.
fn effective(configs: &Configs, object: Object) -> Vec<Effective> {
    let mut out: Vec<Effective> = Vec::new();
    for (name, value, _) in configs.options(object) {
        let mut name = String::from_utf8_lossy(name).into_owned();
        if !name.starts_with('@') {
            name.make_ascii_lowercase();
        }
        let mut value = value.to_vec();
        if object.kind == Type::Endpoint && (name == "allow" || name == "disallow") {
            value = [name.as_bytes(), b"=", &value].concat();
            "allow".clone_into(&mut name);
        }
        let repeated = name == "allow" || options::find(object.kind.name(), &name).is_some_and(|info| info.repeated);
        match out.iter_mut().find(|option| option.name == name) {
            Some(option) if repeated => option.values.push(value),
            Some(option) => option.values = vec![value],
            None => out.push(Effective { name, values: vec![value] }),
        }
    }
    if object.dialect == super::objects::Dialect::Wizard {
        // The other options of a wizard's section decide what it makes; any change counts.
        let config = configs.of(object);
        let own = configs.category(object).vars.iter().filter(|var| !config.key(var).contains(&b'/'));
        let values = own.map(|var| [config.key(var), b"=", config.value(var)].concat()).collect();
        out.push(Effective { name: WIZARD.to_owned(), values });
    }
    out
}

/// Not an option the engine could be asked for.
const WIZARD: &str = "(wizard)";

/// Whose object it is, for the report.
type Owner<'a> = &'a dyn Fn(Type, &[u8]) -> Option<&'a str>;

/// What differs between two readings.
#[derive(Debug, Default)]
pub struct Difference {
    /// The differing objects: type and id, the line they start at in the old or new reading.
    pub objects: Vec<(Type, Vec<u8>)>,
    /// What must be true afterwards.
    pub new: Vec<Proof>,
    /// What must be true when the old files are back.
    pub old: Vec<Proof>,
}

/// Compares two readings object by object.
pub fn difference(before: (&Configs, &Objects), after: (&Configs, &Objects), owner: Owner) -> Result<Difference> {
    let mut out = Difference::default();
    let (old, new) = (before.1.all(), after.1.all());
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let side = match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) => (a.kind, before.0.id(*a), a.dialect).cmp(&(b.kind, after.0.id(*b), b.dialect)),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let a = (side != Ordering::Greater).then(|| old[i]);
        let b = (side != Ordering::Less).then(|| new[j]);
        i += usize::from(a.is_some());
        j += usize::from(b.is_some());
        if let (Some(a), Some(b)) = (a, b)
            && same_options(before.0, a, after.0, b)
        {
            continue;
        }
        let (configs, object) = match (a, b) {
            (Some(a), _) => (before.0, a),
            (_, b) => (after.0, b.expect("one of the two is there")),
        };
        let id = configs.id(object).into_owned();
        let number = owner(object.kind, &id).map_or_else(|| String::from_utf8_lossy(&id), Cow::Borrowed);
        prove_change(before.0, a, after.0, b, &id, &number, &mut out)?;
        out.objects.push((object.kind, id));
    }
    Ok(out)
}

/// Whether two objects say the same; the common case costs no allocation.
fn same_options(before: &Configs, a: Object, after: &Configs, b: Object) -> bool {
    let (x, y) = (before.category(a), after.category(b));
    let (cx, cy) = (before.of(a), after.of(b));
    let equal = x.vars.iter().len() == y.vars.iter().len()
        && x.vars.iter().zip(y.vars.iter()).all(|(v, w)| cx.key(v) == cy.key(w) && cx.value(v) == cy.value(w));
    equal || effective(before, a) == effective(after, b)
}

fn prove_change(
    before: &Configs,
    a: Option<Object>,
    after: &Configs,
    b: Option<Object>,
    id: &[u8],
    number: &str,
    out: &mut Difference,
) -> Result<()> {
    let kind = a.or(b).expect("one of the two is there").kind;
    if kind == Type::Other {
        return Ok(());
    }
    let x = a.map(|a| effective(before, a));
    let y = b.map(|b| effective(after, b));
    let (id, number): (Arc<str>, Arc<str>) = (String::from_utf8_lossy(id).into(), number.into());
    let proof = |expect| Proof { object: kind.name().into(), id: id.clone(), number: number.clone(), expect };
    for (own, other, to) in [(&y, &x, &mut out.new), (&x, &y, &mut out.old)] {
        let Some(own) = own else {
            to.push(proof(Expect::Absent));
            continue;
        };
        to.push(proof(Expect::Present));
        for option in own {
            let same = other.as_ref().is_some_and(|other| other.contains(option));
            if !same && can_be_asked(kind, &option.name, own) {
                to.push(proof(expect(kind, option)?));
            }
        }
        let names = |options: &Vec<Effective>, name: &str| options.iter().any(|o| o.name == name);
        let gone = |option: &&Effective| !names(own, &option.name) && can_be_asked(kind, &option.name, own);
        for option in other.iter().flatten().filter(gone) {
            to.push(proof(unset(&option.name)));
        }
    }
    Ok(())
}

/// Whether the engine keeps an option as it is written: `webrtc=yes`, for one, decides others.
fn can_be_asked(kind: Type, name: &str, options: &[Effective]) -> bool {
    let yes = |option: &Effective| option.values.last().is_some_and(|value| super::objects::is_yes(value));
    let overruled = |by: &&str| options.iter().any(|option| option.name == **by && yes(option));
    name != WIZARD && !options::overruled_by(kind.name(), name).iter().any(overruled)
}

fn expect(object: Type, option: &Effective) -> Result<Expect> {
    let name = option.name.clone();
    if !is_secret(name.as_bytes()) {
        let values = option.values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        return Ok(Expect::Field { name, values });
    }
    let values: Option<Vec<String>> = option.values.iter().map(|value| String::from_utf8(value.clone()).ok()).collect();
    let spelled = values.and_then(|values| options::spelled(object.name(), &name, &values)).map(String::into_bytes);
    let value = spelled.unwrap_or_else(|| option.values.last().cloned().unwrap_or_default());
    let salt = salt()?;
    let md5 = (!value.is_empty()).then(|| Secret::new(value).salted(&salt));
    Ok(Expect::Secret { name, salt, md5 })
}

fn unset(name: &str) -> Expect {
    let name = name.to_owned();
    match is_secret(name.as_bytes()) {
        true => Expect::Secret { name, salt: String::new(), md5: None },
        false => Expect::Field { name, values: Vec::new() },
    }
}

/// Everything the files say of some objects.
pub fn of_objects(
    configs: &Configs,
    objects: impl Iterator<Item = (String, Object)>,
    _live: Option<&Live>,
) -> Vec<Proof> {
    let mut out = Vec::new();
    for (number, object) in objects {
        let (id, number): (Arc<str>, Arc<str>) = (configs.id_text(object).into(), number.into());
        let mut push = |expect| {
            out.push(Proof { object: object.kind.name().into(), id: id.clone(), number: number.clone(), expect })
        };
        push(Expect::Present);
        let options = effective(configs, object);
        for option in options.iter().filter(|option| can_be_asked(object.kind, &option.name, &options)) {
            match expect(object.kind, option) {
                Ok(expect) => push(expect),
                Err(_) => continue,
            }
        }
    }
    out
}
