//! Aftercare: dropping registrations, ending calls, telling phones to fetch their settings.

use std::collections::BTreeSet;

use super::answers::{no_such_command, word};
use super::contacts::{RECORDS, Record, records};
use super::link::Link;
use super::settings;
use crate::cx::Cx;
use crate::engine::{Aftercare, Warning};
use crate::error::Result;
use crate::host::{Content, Want};

const CHANNELS: &str = "core show channels concise";

/// What is asked first for this.
pub fn questions(acts: &[Aftercare]) -> Vec<String> {
    let hangs_up = |act: &Aftercare| matches!(act, Aftercare::Hangup { .. });
    let records = acts.iter().any(|act| !hangs_up(act)).then(|| RECORDS.to_owned());
    records.into_iter().chain(acts.iter().any(hangs_up).then(|| CHANNELS.to_owned())).collect()
}

/// Carries out what is wanted, in order of kinds; how many acts did something, and what failed.
pub fn aftercare(link: &mut Link, cx: &Cx, acts: &[Aftercare]) -> Result<(usize, Vec<Warning>)> {
    let ids = |pick: fn(&Aftercare) -> Option<&String>| acts.iter().filter_map(pick).map(String::as_str).collect();
    let kick: BTreeSet<&str> = ids(|act| if let Aftercare::Kick { id } = act { Some(id) } else { None });
    let hangup: BTreeSet<&str> = ids(|act| if let Aftercare::Hangup { id } = act { Some(id) } else { None });
    let notify: BTreeSet<&str> = ids(|act| if let Aftercare::Notify { id } = act { Some(id) } else { None });

    let mut done = 0;
    let mut warnings = Vec::new();
    let registered = if kick.is_empty() && notify.is_empty() { Vec::new() } else { records(link, cx)? };
    // Phones are told before they are dropped, or they could not be reached.
    if !notify.is_empty() {
        done += tell(link, cx, &notify, &registered, &mut warnings)?;
    }
    done += drop_registrations(link, cx, &kick, &registered, &mut warnings)?;
    if !hangup.is_empty() {
        done += hang_up(link, cx, &hangup, &mut warnings)?;
    }
    Ok((done, warnings))
}

fn drop_registrations(
    link: &mut Link,
    cx: &Cx,
    ids: &BTreeSet<&str>,
    all: &[Record],
    warnings: &mut Vec<Warning>,
) -> Result<usize> {
    let theirs: Vec<&Record> = all.iter().filter(|r| ids.contains(r.aor.as_str())).collect();
    let questions: Vec<String> = theirs.iter().map(|r| format!("database del registrar {}", word(&r.key))).collect();
    let answers = link.ask(cx, &questions)?;
    let mut done = BTreeSet::new();
    for (record, answer) in theirs.iter().zip(&answers) {
        // One that expired meanwhile "could not be removed", and is as gone as it should be.
        if answer.contains("entry removed") {
            done.insert(record.aor.as_str());
        } else if !answer.contains("could not be removed") {
            warnings.push(warning(&record.aor, format!("a registration of {} was not dropped", record.aor), answer));
        }
    }
    Ok(done.len())
}

fn hang_up(link: &mut Link, cx: &Cx, ids: &BTreeSet<&str>, warnings: &mut Vec<Warning>) -> Result<usize> {
    let listed = link.one(cx, CHANNELS, cx.timeouts.question)?;
    let theirs: Vec<(&str, &str)> = listed
        .lines()
        .filter_map(|line| line.split('!').next())
        .filter_map(|channel| Some((endpoint(channel)?, channel)))
        .filter(|(id, _)| ids.contains(id))
        .collect();
    let questions: Vec<String> =
        theirs.iter().map(|(_, channel)| format!("channel request hangup {}", word(channel))).collect();
    let answers = link.ask(cx, &questions)?;
    let mut done = BTreeSet::new();
    for ((id, channel), answer) in theirs.iter().zip(&answers) {
        if answer.contains("Requested Hangup") {
            done.insert(*id);
        } else if !answer.contains("is not a known channel") {
            warnings.push(warning(id, format!("the call {channel} was not ended"), answer));
        }
    }
    Ok(done.len())
}

/// The endpoint of a channel `PJSIP/ENDPOINT-0000a1b2`.
fn endpoint(channel: &str) -> Option<&str> {
    let (id, serial) = channel.strip_prefix("PJSIP/")?.rsplit_once('-')?;
    (serial.len() == 8 && serial.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
}

fn tell(link: &mut Link, cx: &Cx, ids: &BTreeSet<&str>, all: &[Record], warnings: &mut Vec<Warning>) -> Result<usize> {
    let registered: BTreeSet<&str> = all.iter().map(|r| r.aor.as_str()).collect();
    let ids: Vec<&str> = ids.iter().copied().filter(|id| registered.contains(id)).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    let file = link.folder().join("pjsip_notify.conf");
    let found = link.host().read(cx, &[Want::File(file.clone())])?.into_iter().flatten().next();
    let text = match found.map(|f| f.content) {
        Some(Content::There { bytes, .. }) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    };
    let advice =
        format!("put into {}: [check-sync] and below it Event=>check-sync, then: sipctl reload", file.display());
    let Some(kind) = check_sync(&text) else {
        let message = format!("no phone was told: Asterisk knows no NOTIFY of Event check-sync; {advice}");
        warnings.push(Warning::new("aftercare", message));
        return Ok(0);
    };
    let questions: Vec<String> =
        ids.iter().map(|id| format!("pjsip send notify {} endpoint {}", word(&kind), word(id))).collect();
    let answers = link.ask(cx, &questions)?;
    let mut done = 0;
    for (id, answer) in ids.iter().zip(&answers) {
        if no_such_command(answer) {
            warnings.push(Warning::new("aftercare", "no phone was told: res_pjsip_notify.so is not loaded"));
            break;
        }
        if answer.contains("Unable to find notify type") {
            let message =
                format!("no phone was told: the engine has not read [{kind}] of {} yet; sipctl reload", file.display());
            warnings.push(Warning::new("aftercare", message));
            break;
        }
        match answer.contains("Sending NOTIFY") && !answer.contains("Unable to") {
            true => done += 1,
            false => warnings.push(warning(id, format!("{id} was not told"), answer)),
        }
    }
    Ok(done)
}

/// The notify type that sends Event: check-sync without a restart of the phone: a plain one, else
/// one that says `reboot=false` (stock pjsip_notify.conf of 16 and 22 has both).
fn check_sync(text: &str) -> Option<String> {
    let sections = settings::sections(text);
    let event = |section: &settings::Section| {
        let (_, value) = section.settings.iter().find(|(key, _)| key.eq_ignore_ascii_case("Event"))?;
        Some(value.split_whitespace().collect::<String>().to_ascii_lowercase())
    };
    ["check-sync", "check-sync;reboot=false"]
        .iter()
        .find_map(|wanted| sections.iter().find(|s| event(s).as_deref() == Some(wanted)))
        .map(|section| section.name.clone())
}

fn warning(number: &str, what: String, answer: &str) -> Warning {
    let said = answer.lines().find(|l| !l.trim().is_empty()).unwrap_or("nothing");
    Warning::new("aftercare", format!("{what}; the engine says: {}", said.trim())).number(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_names_its_endpoint_exactly() {
        assert_eq!(endpoint("PJSIP/1001-0000a1b2"), Some("1001"));
        assert_eq!(endpoint("PJSIP/1001-mobile-0000a1b2"), Some("1001-mobile"));
        assert_eq!(endpoint("PJSIP/1001-mobile"), None);
        assert_eq!(endpoint("Local/1001@internal-0000a1b2;1"), None);
    }

    #[test]
    fn check_sync_never_reboots_a_phone() {
        let stock = "[clear-mwi]\nEvent=>message-summary\n[snom-reboot]\nEvent=>check-sync\\;reboot=true\n";
        assert_eq!(check_sync(stock), None);
        let snom = format!("{stock}[snom-check-cfg]\nEvent=>check-sync\\;reboot=false\n");
        assert_eq!(check_sync(&snom).as_deref(), Some("snom-check-cfg"));
        let more = format!("{snom}[polycom-check-cfg]\nEvent=>check-sync\n");
        assert_eq!(check_sync(&more).as_deref(), Some("polycom-check-cfg"));
    }
}
