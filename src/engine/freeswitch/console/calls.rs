//! Aftercare: dropping registrations, ending calls, telling phones to fetch their settings.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::answers::{line, text, user_at};
use super::contacts::{PROFILES, Registration, profiles, registrations};
use super::link::{Link, refused};
use crate::cx::Cx;
use crate::engine::{Aftercare, Warning};
use crate::error::Result;
use crate::wire::event_socket::Answer;

/// What is asked first for this.
pub fn questions(acts: &[Aftercare]) -> Option<String> {
    acts.iter().any(|act| !matches!(act, Aftercare::Hangup { .. })).then(|| PROFILES.to_owned())
}

/// Carries out what is wanted, in order of kinds; how many acts did something, and what failed.
pub fn aftercare(link: &mut Link, cx: &Cx, acts: &[Aftercare]) -> Result<(usize, Vec<Warning>)> {
    let mut warnings = Vec::new();
    let mut kinds = [const { BTreeSet::new() }; 3];
    for act in acts {
        let (kind, id) = match act {
            Aftercare::Notify { id } => (0, id),
            Aftercare::Kick { id } => (1, id),
            Aftercare::Hangup { id } => (2, id),
        };
        // Without a domain, flush_inbound_reg would take the user for one, and drop everybody in it.
        match user_at(id) {
            Some(_) => _ = kinds[kind].insert(id.to_ascii_lowercase()),
            None => warnings.push(Warning::new("aftercare", format!("{id} is no user@domain: left alone")).number(id)),
        }
    }
    let [notify, kick, hangup] = kinds;
    let mut done = 0;
    // Phones are told before they are dropped, or they could not be reached.
    if !notify.is_empty() || !kick.is_empty() {
        let profiles = profiles(link, cx)?;
        let all = registrations(link, cx, &profiles)?;
        done += tell(link, cx, &notify, &all, &mut warnings)?;
        done += drop_registrations(link, cx, &kick, &profiles, &all, &mut warnings)?;
    }
    if !hangup.is_empty() {
        done += hang_up(link, cx, &hangup, &mut warnings)?;
    }
    Ok((done, warnings))
}

/// The profile and spelling of every registration of these ids: they are found without regard to
/// case, but kept, and dropped, as the phone spelt them (observed on 1.11).
fn of<'r>(ids: &BTreeSet<String>, all: &'r [Registration]) -> BTreeSet<(&'r str, &'r str)> {
    let theirs = all.iter().filter(|one| ids.contains(&one.id.to_ascii_lowercase()));
    theirs.map(|one| (one.profile.as_str(), one.id.as_str())).filter(|(_, id)| user_at(id).is_some()).collect()
}

/// `flush_inbound_reg` is a success whatever it matched, so the profiles are asked afterwards.
fn drop_registrations(
    link: &mut Link,
    cx: &Cx,
    ids: &BTreeSet<String>,
    profiles: &[String],
    all: &[Registration],
    warnings: &mut Vec<Warning>,
) -> Result<usize> {
    let theirs = of(ids, all);
    if theirs.is_empty() {
        return Ok(0);
    }
    let flush = |(profile, id): &(&str, &str)| format!("sofia profile {profile} flush_inbound_reg {id}");
    let questions: Vec<String> = theirs.iter().map(flush).collect();
    let answers = link.ask(cx, &questions)?;
    let after = registrations(link, cx, profiles)?;
    let left = of(ids, &after);
    let mut done = BTreeSet::new();
    for (one, answer) in theirs.iter().zip(&answers) {
        match left.contains(one) {
            true => {
                let what = format!("a registration of {} was not dropped from {}", one.1, one.0);
                warnings.push(warning(one.1, what, answer));
            }
            false => _ = done.insert(one.1.to_ascii_lowercase()),
        }
    }
    Ok(done.len())
}

/// `check_sync` sends Event: check-sync and keeps the registration.
fn tell(
    link: &mut Link,
    cx: &Cx,
    ids: &BTreeSet<String>,
    all: &[Registration],
    warnings: &mut Vec<Warning>,
) -> Result<usize> {
    let theirs = of(ids, all);
    let sync = |(profile, id): &(&str, &str)| format!("sofia profile {profile} check_sync {id}");
    let questions: Vec<String> = theirs.iter().map(sync).collect();
    let answers = link.ask(cx, &questions)?;
    let mut done = BTreeSet::new();
    for ((_, id), answer) in theirs.iter().zip(&answers) {
        match text(answer).starts_with("+OK") {
            true => _ = done.insert(id.to_ascii_lowercase()),
            false => warnings.push(warning(id, format!("{id} was not told"), answer)),
        }
    }
    Ok(done.len())
}

/// One leg of a call; an empty list has no `rows` at all (observed on 1.11).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Channels {
    rows: Vec<Channel>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Channel {
    uuid: String,
    /// `sofia/internal/1002@127.0.0.1`, with a port on the called side.
    name: String,
    /// The user, unless a variable of his says otherwise.
    presence_id: String,
}

impl Channel {
    fn is_of(&self, ids: &BTreeSet<String>) -> Option<String> {
        let named = self.name.rsplit('/').next().unwrap_or_default();
        [self.presence_id.as_str(), named].map(str::to_ascii_lowercase).into_iter().find(|name| ids.contains(name))
    }
}

fn hang_up(link: &mut Link, cx: &Cx, ids: &BTreeSet<String>, warnings: &mut Vec<Warning>) -> Result<usize> {
    let question = "show channels as json";
    let answer = link.one(cx, question)?;
    let Answer::Said(bytes) = &answer else { return Err(refused(question, &answer)) };
    let Ok(listed) = serde_json::from_slice::<Channels>(bytes) else {
        warnings.push(warning("", "no call was ended".to_owned(), &answer));
        return Ok(0);
    };
    let is_uuid = |uuid: &str| !uuid.is_empty() && uuid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let theirs: Vec<(String, &str)> = listed
        .rows
        .iter()
        .filter_map(|channel| Some((channel.is_of(ids)?, channel.uuid.as_str())))
        .filter(|(_, uuid)| is_uuid(uuid))
        .collect();
    let questions: Vec<String> = theirs.iter().map(|(_, uuid)| format!("uuid_kill {uuid}")).collect();
    let answers = link.ask(cx, &questions)?;
    let mut done = BTreeSet::new();
    for ((id, uuid), answer) in theirs.into_iter().zip(&answers) {
        let said = text(answer);
        if said.starts_with("+OK") {
            done.insert(id);
        } else if !said.starts_with("-ERR No such channel") {
            warnings.push(warning(&id, format!("the call {uuid} was not ended"), answer));
        }
    }
    Ok(done.len())
}

fn warning(id: &str, what: String, answer: &Answer) -> Warning {
    let warning = Warning::new("aftercare", format!("{what}; the engine says: {}", line(answer)));
    match id {
        "" => warning,
        id => warning.number(id.rsplit_once('@').map_or(id, |(user, _)| user)),
    }
}
