//! Proof: the running engine is asked for every user a change touched.
//!
//! A few users are asked for one by one, merged by the engine (`find_user_xml`). Many are one
//! question a domain (`xml_locate`), merged here by its rules; because those rules could be wrong,
//! the first and the last of them are also asked field by field (`user_data`), and whoever may be
//! cached is asked for alone: the tree does not show what a cache holds. Its answers have every
//! password in clear, so they stay in this file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::answers::{no_such_command, text, user_at, value};
use super::directory::{Domain, User};
use super::link::Link;
use super::xml::Element;
use crate::cx::Cx;
use crate::engine::{Expect, Proof, Verdict};
use crate::error::Result;
use crate::secret::Secret;
use crate::wire::event_socket::Answer;

/// Up to here users are asked for one by one.
const FEW: usize = 20;

/// One user with the proofs about him.
struct Target<'p> {
    user: &'p str,
    domain: &'p str,
    proofs: Vec<(usize, &'p Expect)>,
}

impl Target<'_> {
    fn id(&self) -> String {
        format!("{}@{}", self.user, self.domain)
    }

    /// The question whether he is there.
    fn exists(&self) -> String {
        format!("user_exists id {} {}", self.user, self.domain)
    }

    /// The question for all of him.
    fn merged(&self) -> String {
        format!("find_user_xml id {} {}", self.user, self.domain)
    }

    /// Whether he only has to be gone.
    fn is_gone(&self) -> bool {
        self.proofs.iter().all(|(_, expect)| matches!(expect, Expect::Absent))
    }
}

/// One verdict for each proof. `log` is what the reload before it logged.
pub fn prove(link: &mut Link, cx: &Cx, proofs: &[Proof], log: &[String]) -> Result<Vec<Verdict>> {
    let mut verdicts = vec![unproved("the engine cannot be asked about this object"); proofs.len()];
    let (gone, here) = targets(proofs);
    absent(link, cx, &gone, &mut verdicts)?;
    let few = here.len() <= FEW;
    let mut alone: Vec<&Target> = here.iter().collect();
    if !few {
        alone = many(link, cx, &here, log, &mut verdicts)?;
    }
    one_by_one(link, cx, &alone, log, &mut verdicts)?;
    if !few {
        let ends: Vec<&Target> = here.first().into_iter().chain(here.last()).collect();
        cross_check(link, cx, &ends, &mut verdicts)?;
    }
    Ok(verdicts)
}

/// What is asked first of these proofs, if they are few.
pub fn questions(proofs: &[Proof]) -> Vec<String> {
    let (gone, here) = targets(proofs);
    let here = here.iter().filter(|_| here.len() <= FEW).map(Target::merged);
    gone.iter().map(Target::exists).chain(here).collect()
}

/// The users who must be gone, and the others.
fn targets(proofs: &[Proof]) -> (Vec<Target<'_>>, Vec<Target<'_>>) {
    let mut by_user: BTreeMap<(&str, &str), Vec<(usize, &Expect)>> = BTreeMap::new();
    for (n, proof) in proofs.iter().enumerate().filter(|(_, proof)| proof.object == "user") {
        if let Some((user, domain)) = user_at(&proof.id) {
            by_user.entry((domain, user)).or_default().push((n, &proof.expect));
        }
    }
    let target = |((domain, user), proofs)| Target { user, domain, proofs };
    by_user.into_iter().map(target).partition(Target::is_gone)
}

/// Users who must be gone: a left-over pointer in a group, or somebody who answers in their place,
/// keeps `user_exists` true, and is said as such.
fn absent(link: &mut Link, cx: &Cx, targets: &[Target], verdicts: &mut [Verdict]) -> Result<()> {
    let questions: Vec<String> = targets.iter().map(Target::exists).collect();
    let answers = link.ask(cx, &questions)?;
    for (target, answer) in targets.iter().zip(&answers) {
        let verdict = match text(answer).trim() {
            "false" => Verdict::Proved,
            "true" => {
                let ask = |name: &str| format!("user_data {} attr {name}", target.id());
                let who = link.ask(cx, &[ask("type"), ask("id")])?;
                let who: Vec<_> = who.iter().map(|a| value(a).map(String::from_utf8_lossy)).collect();
                Verdict::failed(still_there(target, who[0].as_deref(), who[1].as_deref()))
            }
            _ => cannot("user_exists", answer),
        };
        for (n, _) in &target.proofs {
            verdicts[*n] = verdict.clone();
        }
    }
    Ok(())
}

fn still_there(target: &Target, kind: Option<&str>, id: Option<&str>) -> String {
    let name = target.id();
    match (kind, id) {
        (Some(kind), Some(id)) if kind.eq_ignore_ascii_case("pointer") && id.eq_ignore_ascii_case(target.user) => {
            format!("a group still has a pointer to {name} (type=\"pointer\")")
        }
        (_, Some(id)) if !id.eq_ignore_ascii_case(target.user) => {
            format!("user {id} answers for {name} (its number-alias or type)")
        }
        _ => format!("the engine still has user {name}"),
    }
}

/// Users who must be there, each merged by the engine.
fn one_by_one(link: &mut Link, cx: &Cx, targets: &[&Target], log: &[String], verdicts: &mut [Verdict]) -> Result<()> {
    let questions: Vec<String> = targets.iter().map(|target| target.merged()).collect();
    let answers = link.ask(cx, &questions)?;
    for (target, answer) in targets.iter().zip(&answers) {
        let document = Element::read(if let Answer::Said(bytes) = answer { bytes } else { b"" });
        let found = document.first("user").map(User::merged);
        let missing = text(answer).starts_with("-ERR can't find user");
        for (n, expect) in &target.proofs {
            verdicts[*n] = match (&found, missing) {
                (None, false) => cannot("find_user_xml", answer),
                _ => judge(target, expect, found.as_ref(), log),
            };
        }
    }
    Ok(())
}

/// Users who must be there, by the tree of each domain; the ones who may be cached are handed back.
fn many<'t, 'p>(
    link: &mut Link,
    cx: &Cx,
    targets: &'t [Target<'p>],
    log: &[String],
    verdicts: &mut [Verdict],
) -> Result<Vec<&'t Target<'p>>> {
    let mut alone = Vec::new();
    // They are sorted by domain.
    for targets in targets.chunk_by(|a, b| a.domain == b.domain) {
        let answer = link.one(cx, &format!("xml_locate directory domain name {}", targets[0].domain))?;
        let document = Element::read(if let Answer::Said(bytes) = &answer { bytes } else { b"" });
        let domain = Domain::of(&document);
        let missing = text(&answer).starts_with("can't find anything");
        for target in targets {
            let found = domain.as_ref().and_then(|domain| domain.find(target.user));
            if found.as_ref().is_some_and(|user| user.attribute("cacheable").is_some()) {
                alone.push(target);
                continue;
            }
            for (n, expect) in &target.proofs {
                verdicts[*n] = match (&domain, missing) {
                    (None, false) => cannot("xml_locate", &answer),
                    _ => judge(target, expect, found.as_ref(), log),
                };
            }
        }
    }
    Ok(alone)
}

/// Whether `user_data` says the same of what is proved.
fn cross_check(link: &mut Link, cx: &Cx, targets: &[&Target], verdicts: &mut [Verdict]) -> Result<()> {
    let mut places = Vec::new();
    let mut questions = Vec::new();
    for target in targets {
        for (n, expect) in target.proofs.iter().filter(|(n, _)| verdicts[*n] == Verdict::Proved) {
            let name = match expect {
                Expect::Field { name, .. } | Expect::Secret { name, .. } => name.as_str(),
                Expect::Present | Expect::Absent => continue,
            };
            let (kind, name) = field(name);
            let kind = if kind == "variable" { "var" } else { kind };
            places.push((*target, *n, *expect));
            questions.push(format!("user_data {} {kind} {name}", target.id()));
        }
    }
    let answers = link.ask(cx, &questions)?;
    for ((target, n, expect), answer) in places.into_iter().zip(&answers) {
        if *answer == Answer::Denied || no_such_command(answer) {
            continue;
        }
        let said = value(answer).map(Cow::Borrowed);
        if !holds(expect, said) {
            verdicts[n] = Verdict::failed(format!("user_data says otherwise of {}", target.id()));
        }
    }
    Ok(())
}

/// `param:password`, `var:toll_allow`, `attr:mailbox`; a bare name is a param.
fn field(name: &str) -> (&'static str, &str) {
    match name.split_once(':') {
        Some(("var", name)) => ("variable", name),
        Some(("attr", name)) => ("attr", name),
        Some(("param", name)) => ("param", name),
        _ => ("param", name),
    }
}

fn judge(target: &Target, expect: &Expect, found: Option<&User>, log: &[String]) -> Verdict {
    let failed = Verdict::failed;
    let id = target.id();
    let Some(user) = found else {
        return match (expect, unreadable(target, log)) {
            (Expect::Absent, _) => Verdict::Proved,
            (_, Some(line)) => failed(format!("the engine has no user {id}; it logged: {line}")),
            (_, None) => failed(format!("the engine has no user {id}")),
        };
    };
    let said_id = user.text_of("id").unwrap_or_default();
    if matches!(expect, Expect::Absent) || user.is_pointer() || !said_id.eq_ignore_ascii_case(target.user) {
        return failed(still_there(target, user.text_of("type").as_deref(), Some(&said_id)));
    }
    let (Expect::Field { name, .. } | Expect::Secret { name, .. }) = expect else { return Verdict::Proved };
    let (kind, bare) = field(name);
    let have = if kind == "attr" { user.attribute(bare) } else { user.value(kind, bare) };
    if holds(expect, have.clone()) {
        return Verdict::Proved;
    }
    match expect {
        Expect::Secret { md5: None, .. } => failed(format!("{bare} of {id} is not empty")),
        Expect::Secret { .. } => failed(format!("{id} holds another {bare}")),
        _ if is_secret(bare) => failed(format!("{bare} of {id} is another one")),
        _ => {
            let holds = have.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let want = if let Expect::Field { values, .. } = expect { values.join(",") } else { String::new() };
            let why = match &holds {
                Some(have) => format!("{bare} of {id} is \"{have}\", not \"{want}\""),
                None => format!("{bare} of {id} is not there, and should be \"{want}\""),
            };
            Verdict::Failed { why, holds: Some(holds.unwrap_or_default()) }
        }
    }
}

/// Whether a field holds what it should; the engine makes no difference between none and empty.
fn holds(expect: &Expect, have: Option<Cow<[u8]>>) -> bool {
    let have = have.unwrap_or_default();
    match expect {
        Expect::Field { values, .. } => values.join(",").as_bytes() == &*have,
        Expect::Secret { salt, md5: Some(md5), .. } => Secret::new(have.into_owned()).salted(salt) == *md5,
        Expect::Secret { md5: None, .. } => have.is_empty(),
        Expect::Present => true,
        Expect::Absent => false,
    }
}

/// Params whose values are never shown.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "pass", "hash", "secret", "pin"].iter().any(|word| name.contains(word))
}

/// The line that says that his file was skipped: a reload with such a file succeeds (switch_xml.c,
/// `preprocess`; observed on 1.11).
fn unreadable(target: &Target, log: &[String]) -> Option<String> {
    let skipped = |line: &&String| line.starts_with("Error including ") || line.contains(target.user);
    log.iter().find(skipped).cloned()
}

fn cannot(command: &str, answer: &Answer) -> Verdict {
    unproved(&match answer {
        Answer::Denied => {
            format!("this login may not use the api command {command}; its user's esl-allowed-api must name it")
        }
        answer if no_such_command(answer) => {
            "the engine does not know the question (mod_commands is not loaded)".to_owned()
        }
        Answer::Said(_) => "the engine's answer makes no sense".to_owned(),
    })
}

fn unproved(why: &str) -> Verdict {
    Verdict::Unproved { why: why.to_owned() }
}
