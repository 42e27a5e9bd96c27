//! Whether an extension can be called: its number in its own context.
//!
//! `dialplan show NUM@CTX` never follows timed includes and takes a hint for a match; only
//! DIALPLAN_EXISTS is right, for this moment (observed on 16.28 and 22.10). So it decides, and the
//! listing only says why.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{eval, no_such_command, result, word};
use super::link::Link;
use super::live::Ability;
use crate::cx::Cx;
use crate::engine::Warning;
use crate::error::Result;
use crate::wire::control_socket::{LONGEST, can_be_asked};

const APPLICATIONS: &str = "ari show apps";

/// What is asked first about these pairs.
pub fn questions(ability: &Ability, pairs: &[(String, String)]) -> Vec<String> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let exists = bundles(ability, pairs).into_iter().map(|(_, question)| question);
    let numbers = pairs.iter().map(|(number, context)| show(&format!("{number}@{context}")));
    let contexts: BTreeSet<&str> = pairs.iter().map(|(_, context)| context.as_str()).collect();
    let contexts = contexts.into_iter().map(show);
    exists.chain(numbers).chain([APPLICATIONS.to_owned()]).chain(contexts).collect()
}

/// Warnings for pairs of a number and the context its calls start in.
pub fn dialable(link: &mut Link, cx: &Cx, ability: &Ability, pairs: &[(String, String)]) -> Result<Vec<Warning>> {
    let exists = exists(link, cx, ability, pairs)?;
    let show: Vec<String> = pairs.iter().map(|(number, context)| show(&format!("{number}@{context}"))).collect();
    // What no command line can hold is not asked.
    let ask: Vec<usize> = (0..pairs.len()).filter(|n| can_be_asked(&show[*n])).collect();
    let questions: Vec<String> = ask.iter().map(|n| show[*n].clone()).collect();
    let listed = link.ask(cx, &questions)?;
    let apps = applications(link, cx)?;
    let mut includes = Includes::default();

    let mut warnings = Vec::new();
    for (n, listing) in ask.into_iter().zip(&listed) {
        let (number, context) = &pairs[n];
        let listing = Listing::of(listing);
        let there = exists[n].unwrap_or_else(|| listing.first.is_some());
        let warning = match there {
            true => listing.deaf_application(&apps).map(|app| {
                (
                    "not-dialable",
                    format!("calls to {number} end in Stasis({app}), and no application of that name is connected"),
                )
            }),
            false if listing.no_context => Some((
                "not-dialable",
                format!("nobody can call {number}: its context {context} is not in the dialplan"),
            )),
            false => match includes.open_at_times(link, cx, ability, number, context)? {
                Some(window) if exists[n].is_some() => {
                    Some(("undecided", format!("{number} can be called from {context} only at times ({window})")))
                }
                Some(window) => {
                    Some(("undecided", format!("whether {number} can be called from {context} depends on {window}")))
                }
                None if listing.hint => Some((
                    "not-dialable",
                    format!("nobody can call {number}: context {context} has only a hint for it"),
                )),
                None => {
                    Some(("not-dialable", format!("nobody can call {number}: context {context} has no match for it")))
                }
            },
        };
        warnings.extend(warning.map(|(code, message)| Warning::new(code, message).number(number)));
    }
    Ok(warnings)
}

fn show(what: &str) -> String {
    format!("dialplan show {}", word(what))
}

/// The pairs that DIALPLAN_EXISTS is asked about, several in one question.
fn bundles(ability: &Ability, pairs: &[(String, String)]) -> Vec<(Vec<usize>, String)> {
    let mut bundles: Vec<(Vec<usize>, String)> = Vec::new();
    if !ability.exists {
        return bundles;
    }
    let plain =
        |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_control() || " $,(){}[]\"\\|".contains(c));
    for (n, (number, context)) in pairs.iter().enumerate().filter(|(_, (n, c))| plain(n) && plain(c)) {
        let part = format!("${{DIALPLAN_EXISTS({context},{number},1)}}");
        match bundles.last_mut() {
            Some((all, text)) if text.len() + part.len() + 40 <= LONGEST => {
                all.push(n);
                text.push_str(&part);
            }
            _ => bundles.push((vec![n], part)),
        }
    }
    bundles.retain(|(_, text)| text.len() + 40 <= LONGEST);
    for (_, text) in &mut bundles {
        *text = eval(&format!("PASSTHRU({text})"));
    }
    bundles
}

/// What DIALPLAN_EXISTS says of each pair, several in one question; nothing where it cannot be asked.
fn exists(link: &mut Link, cx: &Cx, ability: &Ability, pairs: &[(String, String)]) -> Result<Vec<Option<bool>>> {
    let mut out = vec![None; pairs.len()];
    let bundles = bundles(ability, pairs);
    let questions: Vec<String> = bundles.iter().map(|(_, question)| question.clone()).collect();
    let answers = link.ask(cx, &questions)?;
    for ((all, _), answer) in bundles.iter().zip(&answers) {
        // One digit each, without anything between.
        let digits = result(answer).unwrap_or_default();
        if digits.len() == all.len() {
            for (n, digit) in all.iter().zip(digits.chars()) {
                out[*n] = Some(digit == '1');
            }
        }
    }
    Ok(out)
}

/// Names of connected applications; none where there is no Stasis at all.
fn applications(link: &mut Link, cx: &Cx) -> Result<BTreeSet<String>> {
    let answer = link.one(cx, APPLICATIONS, cx.timeouts.question)?;
    if no_such_command(&answer) {
        return Ok(BTreeSet::new());
    }
    let names = answer
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with("Application Name") && !l.starts_with('='));
    Ok(names.map(str::to_owned).collect())
}

/// What `dialplan show NUM@CTX` lists.
#[derive(Default)]
struct Listing<'a> {
    no_context: bool,
    /// Some match is a hint.
    hint: bool,
    /// The steps of the first match that has a priority 1: the one that runs.
    first: Option<Vec<&'a str>>,
}

impl<'a> Listing<'a> {
    fn of(answer: &'a str) -> Self {
        let no_context = answer.starts_with("There is no existence of") && answer.contains("' context");
        let mut listing = Self { no_context, ..Self::default() };
        let mut open = false;
        for line in answer.lines() {
            let (head, step) = match line.split_once("=>") {
                Some((head, step)) if head.trim_start().starts_with('\'') => (true, step),
                _ => (false, line),
            };
            let step = step.trim();
            listing.hint |= head && step.starts_with("hint:");
            let (priority, what) = step.split_once(". ").unwrap_or_default();
            // A label stands before the number: `[start] 1. NoOp()`.
            let number = priority.rsplit(' ').next().unwrap_or_default();
            if head {
                open = listing.first.is_none() && number == "1";
                if open {
                    listing.first = Some(Vec::new());
                }
            }
            if let (true, true, Some(steps)) = (open, number.parse::<u32>().is_ok(), &mut listing.first) {
                steps.push(what);
            }
        }
        listing
    }

    /// The application the calls are handed to, if nobody is there to take them.
    fn deaf_application(&self, connected: &BTreeSet<String>) -> Option<&'a str> {
        let steps = self.first.as_ref()?;
        let names = steps.iter().filter_map(|step| {
            let args = step.strip_prefix("Stasis(")?;
            args.split([',', ')']).next()
        });
        // The list cuts names after 25 bytes (observed on 16.28 and 22.10).
        let known = |name: &str| connected.contains(name) || name.get(..25).is_some_and(|cut| connected.contains(cut));
        names.map(str::trim).find(|name| !name.is_empty() && !name.contains('$') && !known(name))
    }
}

/// Included contexts with their times, asked once each.
#[derive(Default)]
struct Includes {
    /// Context to what it includes: (context, times).
    known: BTreeMap<String, Vec<(String, Option<String>)>>,
}

impl Includes {
    /// The timed include behind which the number is found, if there is one.
    fn open_at_times(
        &mut self,
        link: &mut Link,
        cx: &Cx,
        ability: &Ability,
        number: &str,
        context: &str,
    ) -> Result<Option<String>> {
        let mut seen = BTreeSet::from([context.to_owned()]);
        let mut queue: Vec<(String, Option<String>)> = vec![(context.to_owned(), None)];
        while let Some((context, window)) = queue.pop() {
            for (included, times) in self.of(link, cx, &context)? {
                let window = window.clone().or_else(|| times.map(|times| format!("include => {included},{times}")));
                if let Some(window) = &window {
                    let pair = (number.to_owned(), included.clone());
                    let found = match exists(link, cx, ability, std::slice::from_ref(&pair))?.pop().flatten() {
                        Some(found) => found,
                        None => {
                            Listing::of(&link.one(cx, &show(&format!("{number}@{included}")), cx.timeouts.question)?)
                                .first
                                .is_some()
                        }
                    };
                    if found {
                        return Ok(Some(window.clone()));
                    }
                }
                if seen.insert(included.clone()) {
                    queue.push((included, window));
                }
            }
        }
        Ok(None)
    }

    fn of(&mut self, link: &mut Link, cx: &Cx, context: &str) -> Result<Vec<(String, Option<String>)>> {
        if let Some(known) = self.known.get(context) {
            return Ok(known.clone());
        }
        let question = show(context);
        let answer =
            if can_be_asked(&question) { link.one(cx, &question, cx.timeouts.question)? } else { String::new() };
        let includes: Vec<_> = answer.lines().filter_map(include).collect();
        self.known.insert(context.to_owned(), includes.clone());
        Ok(includes)
    }
}

/// `  Include =>        'internal,09:00-17:00,mon-fri,*,*'            [pbx_config]`
fn include(line: &str) -> Option<(String, Option<String>)> {
    let text = line.trim_start().strip_prefix("Include =>")?.trim_start().strip_prefix('\'')?;
    let (text, _) = text.rsplit_once('\'')?;
    Some(match text.split_once([',', '|']) {
        Some((context, times)) => (context.to_owned(), Some(times.to_owned())),
        None => (text.to_owned(), None),
    })
}
