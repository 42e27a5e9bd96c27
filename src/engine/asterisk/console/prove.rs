//! Proof: the running engine is asked for everything a change touched.
//!
//! Fields come from AST_SORCERY, as many as fit into one question; a secret leaves the engine only
//! as MD5(`salt:secret`). What does not come out right in such a bundle is asked once more on its
//! own: inside a bundle the text of a password may look like the syntax around it (observed on 16.28
//! and 22.10: `x):1` hashes wrongly there and rightly alone). Engines without `dialplan eval
//! function` show their objects instead, and the comparison happens here in memory.

use std::collections::BTreeMap;

use super::super::options::{self, Sameness, Version, same};
use super::answers::{eval, has_failed, no_such_command, result, table, word};
use super::link::Link;
use super::live::Ability;
use super::log::{self, MASK};
use crate::cx::Cx;
use crate::engine::{Expect, Proof, Verdict};
use crate::error::Result;
use crate::secret::{Algorithm, Secret};
use crate::wire::control_socket::LONGEST;

/// Stands between the answers of a bundle; no value of a configuration file holds it.
const BETWEEN: char = '\u{1f}';
/// Ends a bundle: `dialplan eval function` cuts what does not fit into 1,024 bytes.
const END: &str = ".";
/// Longer secrets do not wholly reach MD5 inside the engine (observed on 22.10).
const LONGEST_SECRET: usize = 900;

/// `asterisk -rx` may lose a line of its answer on a busy machine (observed on 22.10).
const GARBLED: &str = "the engine's answer makes no sense";

/// One object of the engine with the proofs about it.
struct Target<'p> {
    object: &'p str,
    id: &'p str,
    /// An option of this type that is never empty: it tells an object without a value from none.
    probe: &'static str,
    proofs: Vec<(usize, &'p Expect)>,
}

/// What the engine said about one proof.
#[derive(Clone, Debug)]
enum Said {
    /// The value of the field, or the hash of the secret.
    Value(String),
    /// The secret is longer than what can be proved.
    TooLong,
    /// It could not be asked; why.
    Not(&'static str),
}

/// What the engine said about one object.
struct Heard {
    /// Unknown where the answer made no sense.
    there: Option<bool>,
    said: BTreeMap<usize, Said>,
}

/// One verdict for each proof. `blind` says why the log of the reload is not known.
pub fn prove(
    link: &mut Link,
    cx: &Cx,
    ability: &Ability,
    proofs: &[Proof],
    log: &[String],
    blind: Option<&str>,
) -> Result<Vec<Verdict>> {
    let (asked, shown) = targets(ability, proofs);
    let version = Version::parse(&ability.version);
    let mut verdicts = vec![Verdict::Proved; proofs.len()];
    let heard = by_functions(link, cx, &asked)?;
    let seen = by_show(link, cx, ability, &shown)?;
    for (target, heard) in asked.iter().zip(&heard).chain(shown.iter().zip(&seen)) {
        for (n, expect) in &target.proofs {
            verdicts[*n] = match log::blame(log, target.object, target.id) {
                Some(line) => Verdict::failed(line),
                None => judge(target, expect, heard, *n, version.as_ref(), log, blind),
            };
        }
    }
    Ok(verdicts)
}

/// What is asked first of these proofs, of those whose answers hold no secret.
pub fn questions(ability: &Ability, proofs: &[Proof]) -> Vec<String> {
    bundled(&targets(ability, proofs).0).1
}

/// The objects that functions tell of, and those that are shown.
fn targets<'p>(ability: &Ability, proofs: &'p [Proof]) -> (Vec<Target<'p>>, Vec<Target<'p>>) {
    let mut by_object: BTreeMap<(&str, &str), Vec<(usize, &Expect)>> = BTreeMap::new();
    for (n, proof) in proofs.iter().enumerate() {
        by_object.entry((&proof.object, &proof.id)).or_default().push((n, &proof.expect));
    }
    let (mut asked, mut shown) = (Vec::new(), Vec::new());
    for ((object, id), proofs) in by_object {
        let probe = probe(object);
        let plain = plain_argument(id) && proofs.iter().all(|(_, e)| field(e).is_none_or(plain_argument));
        let target = Target { object, id, probe: probe.unwrap_or_default(), proofs };
        match ability.fields && probe.is_some() && plain {
            true => asked.push(target),
            false => shown.push(target),
        }
    }
    (asked, shown)
}

/// Whether the engine shows an option at all.
fn reads_back(object: &str, name: &str) -> bool {
    options::find(object, name).is_none_or(|option| option.readback)
}

fn judge(
    target: &Target,
    expect: &Expect,
    heard: &Heard,
    n: usize,
    version: Option<&Version>,
    log: &[String],
    blind: Option<&str>,
) -> Verdict {
    let what = format!("{} {}", target.object, target.id);
    let failed = Verdict::failed;
    let unproved = |why: String| Verdict::Unproved { why };
    let said = match heard.said.get(&n) {
        Some(Said::Not(why)) if heard.there != Some(false) => return unproved((*why).to_owned()),
        Some(Said::Value(value)) => Some(value.as_str()),
        Some(Said::Not(_) | Said::TooLong) | None => None,
    };
    let Some(there) = heard.there else { return unproved(GARBLED.to_owned()) };
    match (expect, there, said) {
        (Expect::Absent, false, _) | (Expect::Present, true, _) => Verdict::Proved,
        (Expect::Absent, true, _) => failed(format!("the engine still has the {what}")),
        (_, false, _) => failed(match log::parse_error(log) {
            Some(line) => format!("the engine has no {what}; it logged: {line}"),
            None => format!("the engine has no {what}"),
        }),
        (Expect::Field { name, .. } | Expect::Secret { name, .. }, true, None) => {
            unproved(format!("{name} of the {what} is too long to be proved"))
        }
        (Expect::Secret { name, salt, md5 }, true, Some(hash)) => match md5 {
            _ if right_hash(hash, salt, md5.as_deref()) => Verdict::Proved,
            None => failed(format!("{name} of the {what} is not empty")),
            Some(_) => failed(format!("the {what} holds another {name}")),
        },
        (Expect::Field { name, values }, true, Some(answer)) => {
            let masked = |text: &str| if log::is_secret(name) { MASK.to_owned() } else { text.to_owned() };
            let (have, want) = (masked(answer), masked(&values.join(", ")));
            match same(target.object, name, values, answer, version) {
                Sameness::Same => Verdict::Proved,
                Sameness::Different => {
                    let why = format!("{name} of the {what} is \"{have}\", not \"{want}\"");
                    Verdict::Failed { why, holds: Some(have) }
                }
                Sameness::Unknown => unproved(format!("the engine says \"{have}\" for {name}={want} of the {what}")),
                Sameness::Unreadable => match blind {
                    None => Verdict::Indirect,
                    Some(why) => unproved(format!("{name} of the {what} cannot be read back, and {why}")),
                },
            }
        }
    }
}

/// Whether this is the hash of the secret, or of none.
fn right_hash(hash: &str, salt: &str, md5: Option<&str>) -> bool {
    match md5 {
        Some(md5) => hash == md5,
        None => hash == nothing(salt),
    }
}

/// The hash of no secret at all.
fn nothing(salt: &str) -> String {
    Secret::new("").salted(salt)
}

/// An option the engine always gives a value for (observed on 16.28 and 22.10).
fn probe(object: &str) -> Option<&'static str> {
    match object {
        "endpoint" => Some("direct_media"),
        "auth" => Some("auth_type"),
        "aor" => Some("max_contacts"),
        "identify" => Some("srv_lookups"),
        _ => None,
    }
}

fn field(expect: &Expect) -> Option<&str> {
    match expect {
        Expect::Field { name, .. } | Expect::Secret { name, .. } => Some(name),
        Expect::Present | Expect::Absent => None,
    }
}

/// Whether it means itself as an argument of a dialplan function.
fn plain_argument(text: &str) -> bool {
    (1..=120).contains(&text.len())
        && text.trim() == text
        && !text.contains(|c: char| c.is_control() || "$,(){}[]\"\\|".contains(c))
}

/// A question to a function that answers with one thing.
fn sorcery(object: &str, id: &str, name: &str) -> String {
    // Fields are registered in lower case and found case-sensitively; `@extended` ones keep theirs.
    let name = if name.starts_with('@') { name.to_owned() } else { name.to_ascii_lowercase() };
    format!("AST_SORCERY(res_pjsip,{object},{id},{name})")
}

fn expression(target: &Target, expect: &Expect) -> Option<String> {
    Some(match expect {
        Expect::Present | Expect::Absent => return None,
        Expect::Field { name, .. } => sorcery(target.object, target.id, name),
        Expect::Secret { name, salt, .. } => format!("MD5({salt}:${{{}}})", sorcery(target.object, target.id, name)),
    })
}

/// Questions that hold several expressions each, with the place of every answer.
fn bundles<T>(parts: impl Iterator<Item = (T, String)>) -> Vec<(Vec<T>, String)> {
    let mut out: Vec<(Vec<T>, String)> = Vec::new();
    for (what, expression) in parts {
        let part = format!("${{{expression}}}{BETWEEN}");
        let room = LONGEST - eval("PASSTHRU( )").len() - END.len();
        match out.last_mut() {
            Some((whats, text)) if text.len() + part.len() <= room => {
                whats.push(what);
                text.push_str(&part);
            }
            _ => out.push((vec![what], part)),
        }
    }
    for (_, text) in &mut out {
        *text = eval(&format!("PASSTHRU({text}{END})"));
    }
    out
}

/// The answers of a bundle, unless it does not hold exactly one for each expression.
fn unbundle(answer: &str, count: usize) -> Option<Vec<&str>> {
    let parts: Vec<&str> = result(answer)?.split(BETWEEN).collect();
    let (last, parts) = parts.split_last()?;
    (*last == END && parts.len() == count).then(|| parts.to_vec())
}

/// What a bundle holds: the object, and of it its probe (none) or a proof.
type Bundle<'p> = (usize, Vec<Option<(usize, &'p Expect)>>);

/// Every question about these objects, bundled by object, its probe first.
fn bundled<'p>(targets: &[Target<'p>]) -> (Vec<Bundle<'p>>, Vec<String>) {
    let mut questions = Vec::new();
    let mut places = Vec::new();
    for (t, target) in targets.iter().enumerate() {
        let probe = (None, sorcery(target.object, target.id, target.probe));
        let fields = target.proofs.iter().filter_map(|(n, e)| Some((Some((*n, *e)), expression(target, e)?)));
        for (whats, question) in bundles(std::iter::once(probe).chain(fields)) {
            places.push((t, whats));
            questions.push(question);
        }
    }
    (places, questions)
}

fn by_functions(link: &mut Link, cx: &Cx, targets: &[Target]) -> Result<Vec<Heard>> {
    // First round: everything.
    let (places, questions) = bundled(targets);
    let answers = link.ask(cx, &questions)?;
    let mut heard: Vec<Heard> = targets.iter().map(|_| Heard { there: None, said: BTreeMap::new() }).collect();
    let mut again = Vec::new();
    for ((t, whats), answer) in places.into_iter().zip(&answers) {
        let parts = unbundle(answer, whats.len());
        for (k, what) in whats.into_iter().enumerate() {
            match (what, parts.as_ref().map(|p| p[k])) {
                (None, Some(probe)) => heard[t].there = Some(!probe.is_empty()),
                (Some((n, expect)), Some(value)) if is_right(expect, value) => {
                    heard[t].said.insert(n, Said::Value(value.to_owned()));
                }
                (what, _) => again.push((t, what)),
            }
        }
    }
    // Second round: what did not come out right, alone.
    let mut questions = Vec::new();
    for (t, what) in &again {
        let target = &targets[*t];
        match what {
            None => questions.push(eval(&sorcery(target.object, target.id, target.probe))),
            Some((_, expect)) => {
                questions.extend(expression(target, expect).map(|e| eval(&e)));
                if let Expect::Secret { name, .. } = expect {
                    questions.push(eval(&format!("LEN(${{{}}})", sorcery(target.object, target.id, name))));
                }
            }
        }
    }
    let answers = link.ask(cx, &questions)?;
    let mut answers = answers.iter().map(String::as_str);
    for (t, what) in again {
        let answer = answers.next().unwrap_or_default();
        let value = result(answer);
        let Some((n, expect)) = what else {
            heard[t].there = if value.is_some() || has_failed(answer) { Some(value.is_some()) } else { None };
            continue;
        };
        let secret = matches!(expect, Expect::Secret { .. });
        let length = if secret { answers.next().and_then(result).and_then(|l| l.parse().ok()) } else { None };
        let said = match value {
            _ if length.unwrap_or(0) > LONGEST_SECRET => Said::TooLong,
            Some(value) if value.len() < 1000 => Said::Value(value.to_owned()),
            Some(_) => Said::TooLong,
            // An option this version does not have, or an `@extended` one that is not there.
            None if has_failed(answer) => absent_field(expect),
            None => Said::Not(GARBLED),
        };
        heard[t].said.insert(n, said);
    }
    Ok(heard)
}

/// An option that is not there reads as an empty one.
fn absent_field(expect: &Expect) -> Said {
    match expect {
        Expect::Secret { salt, .. } => Said::Value(nothing(salt)),
        _ => Said::Value(String::new()),
    }
}

/// Whether an answer out of a bundle can be taken as it is: fields read the same there, secrets may
/// not, and one that matches its hash cannot be wrong.
fn is_right(expect: &Expect, value: &str) -> bool {
    match expect {
        Expect::Secret { salt, md5, .. } => right_hash(value, salt, md5.as_deref()),
        _ => true,
    }
}

/// For engines without functions, and for ids that no function takes: `pjsip show`. It prints
/// passwords in clear, so its answers stay in this function.
fn by_show(link: &mut Link, cx: &Cx, ability: &Ability, targets: &[Target]) -> Result<Vec<Heard>> {
    let question = |t: &Target| format!("pjsip show {} {}", t.object, word(t.id));
    let can = |t: &Target| ability.show && question(t).len() <= LONGEST;
    let questions: Vec<String> = targets.iter().filter(|t| can(t)).map(question).collect();
    let answers = link.ask(cx, &questions)?;
    let mut answers = answers.into_iter();
    let mut out = Vec::new();
    for target in targets {
        let answer = if can(target) { answers.next() } else { None };
        let mut heard = Heard { there: None, said: BTreeMap::new() };
        let not = match &answer {
            None => Some("the engine cannot be asked about this object"),
            Some(answer) if no_such_command(answer) => Some("the engine cannot show objects of this type"),
            Some(_) => None,
        };
        let mut rows: BTreeMap<&str, String> = BTreeMap::new();
        for (name, value) in answer.as_deref().map(table).into_iter().flatten() {
            // An option with several values has several lines here, and commas in AST_SORCERY.
            rows.entry(name).and_modify(|all| *all = format!("{all},{value}")).or_insert_with(|| value.to_owned());
        }
        let missing = answer.as_deref().is_some_and(|a| a.contains("Unable to find object"));
        heard.there = if rows.is_empty() && !missing { None } else { Some(!missing) };
        for (n, expect) in &target.proofs {
            let value = field(expect).and_then(|name| rows.get(name).map(String::as_str));
            let said = match (not, expect, value) {
                (Some(why), ..) => Said::Not(why),
                (None, Expect::Present | Expect::Absent, _) => continue,
                (None, _, Some(value)) if value.contains(char::REPLACEMENT_CHARACTER) => {
                    Said::Not("the engine holds bytes that are no UTF-8")
                }
                (None, Expect::Secret { salt, .. }, Some(value)) => {
                    Said::Value(Algorithm::Md5.hex(&[salt.as_bytes(), b":", value.as_bytes()]))
                }
                (None, _, Some(value)) => Said::Value(value.to_owned()),
                (None, Expect::Field { name, values }, None)
                    if !name.starts_with('@') && !values.is_empty() && reads_back(target.object, name) =>
                {
                    Said::Not("the engine does not show this option")
                }
                (None, _, None) => absent_field(expect),
            };
            heard.said.insert(*n, said);
        }
        out.push(heard);
    }
    Ok(out)
}
