//! CSV and names: one line for each extension, change or PBX.

use std::io::{self, Write};

use super::document::{Body, Document};
use super::field::{FIELDS, value, yes};
use crate::extension::{Ext, Extension};

/// Writes CSV with a header line that fits the first result.
pub fn csv(out: &mut impl Write, document: &Document) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    match document.results.first().map(|entry| &entry.body) {
        None => {}
        Some(Body::Extensions(_)) => {
            let ends = ["secret", "file", "line", "managed"];
            csv.write_record(["pbx", "number", "domain", "kind"].iter().chain(&FIELDS).chain(&ends))?;
        }
        Some(Body::Change(_)) => {
            csv.write_record(["pbx", "action", "number", "domain", "was", "changed", "proof", "password", "exit"])?
        }
        Some(Body::Past(_)) => {
            csv.write_record(["pbx", "id", "when", "who", "message", "changes", "files", "live", "outside"])?;
        }
        Some(Body::Check(_)) => csv.write_record(["pbx", "check", "status", "message", "hint"])?,
        Some(Body::Differences(_)) => {
            csv.write_record(["pbx", "number", "domain", "action", "field", "have", "want"])?;
        }
        Some(Body::Pbx(_)) => csv.write_record(["pbx", "engine", "address", "groups", "protected"])?,
    }
    for entry in &document.results {
        match &entry.body {
            Body::Extensions(listed) => {
                for shown in &listed.extensions {
                    extension(&mut csv, &entry.pbx, &shown.extension)?;
                }
            }
            Body::Change(change) => {
                let made = change.passwords.as_ref();
                for done in &change.changes {
                    let ext = Ext { number: done.number.clone(), domain: done.domain.clone() };
                    csv.write_record([
                        &entry.pbx,
                        &done.action,
                        &done.number,
                        done.domain.as_deref().unwrap_or_default(),
                        done.was.as_deref().unwrap_or_default(),
                        yes(change.changed),
                        super::table::status(&change.proof),
                        made.and_then(|made| made.get(&ext.to_string())).map(String::as_str).unwrap_or_default(),
                        &entry.exit.to_string(),
                    ])?;
                }
            }
            Body::Past(past) => {
                for one in &past.history {
                    let files: Vec<String> = one.files.iter().map(|file| file.display().to_string()).collect();
                    csv.write_record([
                        entry.pbx.as_str(),
                        one.id.as_deref().unwrap_or_default(),
                        &one.when,
                        one.who.as_deref().unwrap_or_default(),
                        one.message.as_deref().unwrap_or_default(),
                        super::past::what(one).as_str(),
                        files.join(" ").as_str(),
                        one.live.map(yes).unwrap_or_default(),
                        yes(one.outside),
                    ])?;
                }
            }
            Body::Check(checked) => {
                for check in &checked.checks {
                    let hint = check.hint.as_deref().unwrap_or_default();
                    csv.write_record([&entry.pbx, check.check, check.status.name(), &check.message, hint])?;
                }
            }
            Body::Differences(differing) => {
                for one in &differing.differences {
                    let domain = one.domain.as_deref().unwrap_or_default();
                    let mut row = |field: &str, have: &str, want: &str| {
                        csv.write_record([&entry.pbx, &one.number, domain, &one.action, field, have, want])
                    };
                    if one.fields.is_empty() {
                        row("", "", "")?;
                    }
                    for changed in &one.fields {
                        let text = |text: &Option<String>| text.clone().unwrap_or_default();
                        row(&changed.field, &text(&changed.have), &text(&changed.want))?;
                    }
                }
            }
            Body::Pbx(pbx) => {
                csv.write_record([&entry.pbx, pbx.engine, &pbx.address, &pbx.groups.join(" "), yes(pbx.protected)])?;
            }
        }
    }
    csv.flush()
}

fn extension<W: Write>(csv: &mut csv::Writer<W>, pbx: &str, extension: &Extension) -> io::Result<()> {
    csv.write_field(pbx)?;
    csv.write_field(&extension.number)?;
    csv.write_field(extension.domain.as_deref().unwrap_or_default())?;
    csv.write_field(extension.kind.name())?;
    for field in FIELDS {
        csv.write_field(value(&extension.fields, field).unwrap_or_default())?;
    }
    csv.write_field(extension.secret.name())?;
    csv.write_field(extension.source.file.to_string_lossy().as_bytes())?;
    csv.write_field(extension.source.line.to_string())?;
    csv.write_field(extension.managed.as_deref().unwrap_or_default())?;
    csv.write_record(None::<&[u8]>)?;
    Ok(())
}

/// Writes one EXT (or PBX) a line.
pub fn names(out: &mut impl Write, document: &Document) -> io::Result<()> {
    for entry in &document.results {
        match &entry.body {
            Body::Extensions(listed) => {
                for Extension { number, domain, .. } in listed.extensions.iter().map(|shown| &shown.extension) {
                    match domain {
                        Some(domain) => writeln!(out, "{number}@{domain}")?,
                        None => writeln!(out, "{number}")?,
                    }
                }
            }
            Body::Change(change) => {
                for done in &change.changes {
                    writeln!(out, "{}", Ext { number: done.number.clone(), domain: done.domain.clone() })?;
                }
            }
            Body::Past(past) => {
                for id in past.history.iter().filter_map(|one| one.id.as_ref()) {
                    writeln!(out, "{id}")?;
                }
            }
            Body::Differences(differing) => {
                for one in &differing.differences {
                    writeln!(out, "{}", Ext { number: one.number.clone(), domain: one.domain.clone() })?;
                }
            }
            Body::Pbx(_) | Body::Check(_) => writeln!(out, "{}", entry.pbx)?,
        }
    }
    Ok(())
}
