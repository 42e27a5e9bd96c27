//! Tables and reports for people.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Row, Table, TableStyle};

use super::diff::printable;
use super::document::{Body, Changed, Checked, Differing, Document, Entry, Listed, PbxShown, ProofShown, Shown};
use super::field::{self, yes};
use crate::change::Status;
use crate::engine::Done;
use crate::selection::collapse;

/// Writes a document. `width` is that of the terminal; in a pipe nothing is ever cut.
pub fn write(out: &mut impl Write, document: &Document, width: Option<u16>, colour: bool) -> io::Result<()> {
    let several = document.results.len() > 1;
    let mut pbxes = Vec::new();
    let mut lists = Vec::new();
    let mut checks = Vec::new();
    let mut pasts = Vec::new();
    for entry in &document.results {
        match &entry.body {
            Body::Extensions(listed) if entry.exit == 0 => lists.push((entry, listed)),
            Body::Extensions(_) => {}
            Body::Change(change) => report(out, entry, change, colour)?,
            Body::Differences(differing) if entry.exit == 0 || !differing.differences.is_empty() => {
                differences(out, entry, differing, width, colour)?;
            }
            Body::Differences(_) => {}
            Body::Pbx(pbx) => pbxes.push((entry, pbx.as_ref())),
            Body::Past(past) => pasts.push((entry, past.as_ref())),
            Body::Check(checked) => checks.push((entry, checked)),
        }
    }
    if !pasts.is_empty() {
        return super::past::write(out, &pasts, width, colour);
    }
    if !checks.is_empty() {
        return write!(out, "{}", check_table(&checks, width, colour));
    }
    if lists.iter().any(|(_, listed)| listed.extensions.iter().any(|shown| shown.settings.is_some())) {
        for (entry, shown) in lists.iter().flat_map(|(entry, l)| l.extensions.iter().map(move |shown| (entry, shown))) {
            show(out, entry, shown, width)?;
        }
        return Ok(());
    }
    if !lists.is_empty() {
        write!(out, "{}", extensions(&lists, several, width, colour))?;
    }
    match &pbxes[..] {
        [] => Ok(()),
        [(entry, pbx)] if pbx.defaults.is_some() => show_pbx(out, entry, pbx),
        many => write!(out, "{}", pbx_table(many, width, colour)),
    }
}

pub(super) fn table(header: &[&str], width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    match width {
        Some(width) => table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.set_header(header.to_vec());
    table
}

/// The lines of a table, without blanks at their ends; the header is bold with colour.
pub(super) fn lines(table: &Table, colour: bool) -> String {
    let mut out = String::new();
    for (at, line) in table.lines().enumerate() {
        let line = line.strip_prefix(' ').unwrap_or(&line).trim_end();
        match at == 0 && colour {
            true => out.push_str(&format!("\u{1b}[1m{line}\u{1b}[0m\n")),
            false => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

fn extensions(lists: &[(&Entry, &Listed)], several: bool, width: Option<u16>, colour: bool) -> String {
    let all = || lists.iter().flat_map(|(entry, listed)| listed.extensions.iter().map(move |shown| (entry, shown)));
    if all().next().is_none() {
        return "no extensions\n".to_owned();
    }
    let domains = all().any(|(_, shown)| shown.extension.domain.is_some());
    let mut header = Vec::new();
    header.extend(several.then_some("PBX"));
    header.push("NUMBER");
    header.extend(domains.then_some("DOMAIN"));
    header.extend(["NAME", "KIND", "CONTEXT", "SECRET", "ENABLED", "SOURCE"]);
    let mut table = table(&header, width);
    for (entry, Shown { extension, .. }) in all() {
        let mut row = Vec::new();
        row.extend(several.then(|| entry.pbx.clone()));
        row.push(extension.number.clone());
        row.extend(domains.then(|| extension.domain.clone().unwrap_or_default()));
        row.push(extension.fields.cid_name.clone().unwrap_or_default());
        row.push(extension.kind.name().to_owned());
        row.push(extension.fields.context.clone().unwrap_or_default());
        row.push(extension.secret.name().to_owned());
        row.push(extension.fields.enabled.map_or("", yes).to_owned());
        row.push(extension.managed.clone().unwrap_or_else(|| extension.source.to_string()));
        table.add_row(Row::from(row.iter().map(|cell| printable(cell)).collect::<Vec<_>>()));
    }
    lines(&table, colour)
}

fn show(out: &mut impl Write, entry: &Entry, shown: &Shown, width: Option<u16>) -> io::Result<()> {
    let extension = &shown.extension;
    writeln!(out, "{} on {}", printable(&extension.number), entry.pbx)?;
    let mut pair = |name: &str, text: &str| writeln!(out, "  {name:<20} {}", printable(text));
    if let Some(domain) = &extension.domain {
        pair("domain", domain)?;
    }
    pair("kind", extension.kind.name())?;
    for (name, text) in field::all(&extension.fields) {
        pair(name, &text)?;
    }
    pair("secret", extension.secret.name())?;
    if let Some(password) = &shown.password {
        pair("password", password)?;
    }
    pair("source", &extension.source.to_string())?;
    if let Some(managed) = &extension.managed {
        pair("managed by", managed)?;
    }
    if let Some(list) = &extension.list {
        pair("list", list)?;
    }
    if let Some(settings) = shown.settings.as_ref().filter(|settings| !settings.is_empty()) {
        let mut table = table(&["SECTION", "OPTION", "VALUE", "WHERE"], width);
        for setting in settings {
            let place = format!("{}:{}", setting.file.display(), setting.line);
            let cells = [setting.section, &setting.option, &setting.value, &place];
            table.add_row(Row::from(cells.map(printable)));
        }
        write!(out, "\n{}", lines(&table, false))?;
    }
    match shown.contacts.as_deref() {
        None => Ok(()),
        Some([]) => writeln!(out, "\nnot registered"),
        Some(contacts) => {
            let mut table = table(&["CONTACT", "FROM", "USER AGENT", "EXPIRES"], width);
            for contact in contacts {
                let expires = contact.expires.map(|seconds| format!("{seconds} s")).unwrap_or_default();
                let text = |text: &Option<String>| printable(text.as_deref().unwrap_or_default());
                table.add_row([printable(&contact.uri), text(&contact.address), text(&contact.user_agent), expires]);
            }
            write!(out, "\n{}", lines(&table, false))
        }
    }
}

fn pbx_table(pbxes: &[(&Entry, &PbxShown)], width: Option<u16>, colour: bool) -> String {
    let consoles = pbxes.iter().any(|(_, pbx)| pbx.console.is_some());
    let mut header = vec!["PBX", "ENGINE", "ADDRESS"];
    header.extend(consoles.then_some("CONSOLE"));
    header.extend(["GROUPS", "PROTECTED"]);
    let mut table = table(&header, width);
    for (entry, pbx) in pbxes {
        let groups = pbx.groups.join(", ");
        let mut row = vec![entry.pbx.as_str(), pbx.engine, &pbx.address];
        row.extend(consoles.then(|| pbx.console.as_deref().unwrap_or_default()));
        row.extend([groups.as_str(), yes(pbx.protected)]);
        table.add_row(Row::from(row));
    }
    lines(&table, colour)
}

fn check_table(all: &[(&Entry, &Checked)], width: Option<u16>, colour: bool) -> String {
    let mut table = table(&["PBX", "CHECK", "STATUS", "WHAT"], width);
    for (entry, check) in all.iter().flat_map(|(entry, one)| one.checks.iter().map(move |check| (entry, check))) {
        let what = match &check.hint {
            Some(hint) => format!("{}; help: {hint}", check.message),
            None => check.message.clone(),
        };
        table.add_row([&entry.pbx, check.check, check.status.name(), &printable(&what)]);
    }
    lines(&table, colour)
}

fn show_pbx(out: &mut impl Write, entry: &Entry, pbx: &PbxShown) -> io::Result<()> {
    writeln!(out, "{}", entry.pbx)?;
    let mut pair = |name: &str, text: &str| writeln!(out, "  {name:<20} {}", printable(text));
    pair("engine", pbx.engine)?;
    pair("address", &pbx.address)?;
    if let Some(console) = &pbx.console {
        pair("console", console)?;
    }
    if !pbx.groups.is_empty() {
        pair("groups", &pbx.groups.join(", "))?;
    }
    pair("protected", yes(pbx.protected))?;
    for (name, text) in pbx.defaults.iter().flatten() {
        pair(name, text)?;
    }
    if let Some(source) = &pbx.source {
        pair("source", &source.to_string())?;
    }
    if let Some(version) = &pbx.version {
        pair("version", version)?;
    }
    match pbx.extension_count {
        Some(count) => pair("extensions", &count.to_string()),
        None => Ok(()),
    }
}

fn differences(
    out: &mut impl Write,
    entry: &Entry,
    differing: &Differing,
    width: Option<u16>,
    colour: bool,
) -> io::Result<()> {
    if differing.differences.is_empty() {
        return writeln!(out, "{}: no differences", entry.pbx);
    }
    let domains = differing.differences.iter().any(|one| one.domain.is_some());
    let mut header = vec!["NUMBER"];
    header.extend(domains.then_some("DOMAIN"));
    let [have, want] = &differing.sides;
    header.extend(["ACTION", "FIELD", have.as_str(), want.as_str()]);
    let mut table = table(&header, width);
    for one in &differing.differences {
        let mut row = |field: &str, have: &str, want: &str| {
            let mut cells = vec![printable(&one.number)];
            cells.extend(domains.then(|| printable(one.domain.as_deref().unwrap_or_default())));
            cells.extend([&one.action, field, have, want].map(printable));
            table.add_row(Row::from(cells));
        };
        if one.fields.is_empty() {
            row("", "", "");
        }
        for changed in &one.fields {
            let side = |text: &Option<String>| text.as_deref().unwrap_or("-").to_owned();
            match changed.field == "password" && changed.have.is_none() {
                true => row("password", "differs", ""),
                false => row(&changed.field, &side(&changed.have), &side(&changed.want)),
            }
        }
    }
    let many = differing.differences.len();
    writeln!(out, "{}: {many} {}", entry.pbx, if many == 1 { "differs" } else { "differ" })?;
    write!(out, "{}", lines(&table, colour))?;
    match &differing.diff {
        Some(diff) => write!(out, "{diff}"),
        None => Ok(()),
    }
}

fn report(out: &mut impl Write, entry: &Entry, change: &Changed, colour: bool) -> io::Result<()> {
    if entry.exit != 0 && !change.changed {
        writeln!(out, "{}: nothing is changed", entry.pbx)?;
    } else if change.changes.is_empty() && !change.changed && change.reload.is_none() {
        writeln!(out, "{}: nothing to do", entry.pbx)?;
    } else {
        let would = if change.dry_run == Some(true) { "would be " } else { "" };
        for (names, action) in doings(&change.changes) {
            writeln!(out, "{}: {} {would}{action}", entry.pbx, printable(&names))?;
        }
        if change.changes.is_empty() {
            let done = if change.changed { "changed" } else { "reloaded" };
            writeln!(out, "{}: {would}{done}", entry.pbx)?;
        }
    }
    let mut pair = |name: &str, text: String| writeln!(out, "  {name:<9} {}", printable(&text));
    for file in &change.files {
        pair("file", format!("{} +{} -{}", file.path.display(), file.added, file.removed))?;
    }
    if change.dry_run != Some(true) {
        if let Some(reload) = &change.reload {
            pair("reload", format!("{}, {:.2} s", reload.command, reload.seconds))?;
        }
        // Where nothing was written there was nothing to prove.
        if change.proof.status != Status::Skipped || !change.files.is_empty() {
            pair("proof", proof(&change.proof))?;
        }
        // One cause often fails all questions about an object.
        let mut said = std::collections::BTreeSet::new();
        for failed in &change.proof.failed {
            let field = failed.field.as_deref().unwrap_or_default();
            let why = failed.why.as_deref().unwrap_or_default();
            if said.insert((&failed.object, &failed.object_id, why)) {
                pair("", format!("{} {} {field}: {}: {why}", failed.object, failed.object_id, failed.verdict))?;
            }
        }
    }
    if let Some(until) = &change.confirm_until {
        pair("confirm", format!("until {until}, or it goes back by itself: sipctl confirm --pbx {}", entry.pbx))?;
    }
    if !change.undo.is_empty() {
        pair("undo of", collapse(&change.undo))?;
    }
    if let Some(id) = &change.id {
        pair("id", id.clone())?;
    }
    for (number, password) in change.passwords.iter().flatten() {
        pair("password", format!("{number}  {password}"))?;
    }
    if let Some(note) = &change.password_note {
        pair("password", note.clone())?;
    }
    write!(out, "{}", paint(&change.human_diff, colour))
}

/// For each action the extensions and the word: `1002, 1010-1019`, `created`.
pub(super) fn doings(done: &[Done]) -> Vec<(String, &'static str)> {
    let mut out: Vec<(&str, Vec<String>)> = Vec::new();
    for done in done {
        let name = match (&done.was, &done.domain) {
            (Some(was), _) => format!("{was} -> {}", done.number),
            (None, Some(domain)) => format!("{}@{domain}", done.number),
            (None, None) => done.number.clone(),
        };
        match out.iter_mut().find(|(action, _)| *action == done.action) {
            Some((_, names)) => names.push(name),
            None => out.push((&done.action, vec![name])),
        }
    }
    let word = |action: &str| match action {
        "create" => "created",
        "update" => "changed",
        "passwd" => "given a new password",
        "renumber" => "renumbered",
        "delete" => "deleted",
        "enable" => "enabled",
        "disable" => "disabled",
        "kick" => "unregistered",
        "notify" => "asked to fetch settings",
        _ => "touched",
    };
    out.into_iter().map(|(action, names)| (collapse(&names), word(action))).collect()
}

/// The word for a proof's status.
pub fn status(proof: &ProofShown) -> &'static str {
    match proof.status {
        Status::Proved => "proved",
        Status::Failed => "failed",
        Status::Unproved => "unproved",
        Status::Skipped => "skipped",
    }
}

fn proof(proof: &ProofShown) -> String {
    let checks = if proof.checks == 1 { "check" } else { "checks" };
    match (proof.status, proof.indirect) {
        (Status::Skipped, _) => "skipped".to_owned(),
        (_, 0) => format!("{}, {} {checks}", status(proof), proof.checks),
        (_, indirect) => format!("{}, {} {checks}, {indirect} of them indirect", status(proof), proof.checks),
    }
}

pub(super) fn paint(diff: &str, colour: bool) -> String {
    if !colour {
        return diff.to_owned();
    }
    let line = |line: &str| {
        let code = match line.as_bytes().first() {
            Some(b'+') => "32",
            Some(b'-') => "31",
            Some(b'@') => "36",
            _ => return format!("{line}\n"),
        };
        format!("\u{1b}[{code}m{line}\u{1b}[0m\n")
    };
    diff.lines().map(line).collect()
}
