//! The history for people.

use std::io::{self, Write};

use comfy_table::Row;

use super::diff::printable;
use super::document::{Entry, PastChange, PastShown};
use super::table;
use crate::selection::collapse;

/// As many files are named in a table.
const NAMED: usize = 3;

/// Writes the history of every PBX; one change with everything known of it.
pub fn write(out: &mut impl Write, all: &[(&Entry, &PastShown)], width: Option<u16>, colour: bool) -> io::Result<()> {
    let entries = || all.iter().flat_map(|(entry, past)| past.history.iter().map(move |one| (entry, one)));
    if entries().any(|(_, one)| one.copies.is_some()) {
        return entries().try_for_each(|(entry, one)| show(out, entry, one, colour));
    }
    let mut none = all.iter().filter(|(entry, past)| past.history.is_empty() && entry.exit == 0);
    none.try_for_each(|(entry, _)| writeln!(out, "{}: no change is kept", entry.pbx))?;
    if entries().next().is_none() {
        return Ok(());
    }
    let several = all.len() > 1;
    let mut header = Vec::new();
    header.extend(several.then_some("PBX"));
    header.extend(["ID", "WHEN", "WHO", "WHAT", "WHY", "FILES"]);
    let mut table = table::table(&header, width);
    for (entry, one) in entries() {
        let names: Vec<String> =
            one.files.iter().map(|file| file.file_name().unwrap_or_default().to_string_lossy().into_owned()).collect();
        let mut row = Vec::new();
        row.extend(several.then(|| entry.pbx.clone()));
        row.push(one.id.clone().unwrap_or_else(|| "-".to_owned()));
        row.push(one.local.clone());
        row.push(one.who.clone().unwrap_or_else(|| "outside sipctl".to_owned()));
        row.push(what(one));
        row.push(one.message.clone().unwrap_or_default());
        row.push(shortened(&names, NAMED));
        table.add_row(Row::from(row.into_iter().map(|cell| printable(&cell)).collect::<Vec<_>>()));
    }
    write!(out, "{}", table::lines(&table, colour))
}

/// What was done, in a few words.
pub fn what(one: &PastChange) -> String {
    let mut parts: Vec<String> =
        table::doings(&one.changes).into_iter().map(|(names, action)| format!("{names} {action}")).collect();
    if !one.undo.is_empty() {
        parts.insert(0, format!("undo of {}", collapse(&one.undo)));
    }
    if one.live == Some(false) {
        parts.push("not live".to_owned());
    }
    if one.outside {
        parts.push("changed by somebody else".to_owned());
    }
    parts.join("; ")
}

fn show(out: &mut impl Write, entry: &Entry, one: &PastChange, colour: bool) -> io::Result<()> {
    writeln!(out, "change {} on {}", one.id.as_deref().unwrap_or_default(), entry.pbx)?;
    let mut pair = |name: &str, text: &str| writeln!(out, "  {name:<9} {}", printable(text));
    pair("when", &format!("{} ({})", one.local, one.when))?;
    pair("who", one.who.as_deref().unwrap_or_default())?;
    if let Some(message) = &one.message {
        pair("why", message)?;
    }
    pair("what", &what(one))?;
    for copy in one.copies.iter().flatten() {
        pair("file", &copy.path.display().to_string())?;
        for (name, at) in [("before", &copy.before), ("after", &copy.after)] {
            pair(name, &at.as_ref().map_or_else(|| "no file".to_owned(), |at| at.display().to_string()))?;
        }
        if let Some((at, length)) = copy.part {
            pair("", &format!("{length} bytes of it, from byte {at} on"))?;
        }
    }
    write!(out, "{}", table::paint(one.diff.as_deref().unwrap_or_default(), colour))
}

/// The first of some names, and how many more there are.
pub fn shortened(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
