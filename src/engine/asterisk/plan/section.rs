//! The text of one new section: a neighbour's written again, or one of our own.

use std::collections::BTreeMap;

use super::super::draft::escape;
use super::super::dress::{Model, Neighbours, Run};
use super::super::fields;
use super::super::layout::{self, KeyStyle, Piece};
use super::super::objects::{Configs, Dialect, Object, Type};
use super::super::options;
use super::create::Wish;
use super::{Room, set};
use crate::engine::number::replace;
use crate::error::{Code, Error, Result};
use crate::text::asterisk_conf::{Content, Document, Op, escape_name};

/// What a phone behind NAT needs, where no neighbour shows how it is done here.
const ENDPOINT: [(&str, &str); 6] = [
    ("disallow", "all"),
    ("allow", "ulaw,alaw"),
    ("direct_media", "no"),
    ("rtp_symmetric", "yes"),
    ("force_rport", "yes"),
    ("rewrite_contact", "yes"),
];

/// One phone, which replaces its own registration; asked every minute whether it is there.
const AOR: [(&str, &str); 3] = [("max_contacts", "1"), ("remove_existing", "yes"), ("qualify_frequency", "60")];

/// Options that are one extension's own and never copied.
const PERSONAL: [&str; 6] = ["contact", "match", "set_var", "outbound_auth", "from_user", fields::DESCRIPTION];

/// The two options that make the list of codecs.
const CODECS: [&str; 2] = ["disallow", "allow"];

const CREDENTIALS: [&str; 3] = ["password", "md5_cred", "password_digest"];

/// The ids the objects of a neighbour get when they are written again.
pub struct Names {
    new: BTreeMap<(Type, Vec<u8>), Vec<u8>>,
    /// The id of an auth or AOR made beside the neighbour's, which serve others too.
    number: Vec<u8>,
}

impl Names {
    /// Replaces the number in every id; an AOR must be named like the extension, for REGISTER is
    /// looked up by it.
    pub fn new(room: &Room, model: &Model, objects: &[Object], wish: &Wish) -> Result<Self> {
        let configs = &room.estate.configs;
        let mut new = BTreeMap::new();
        for object in objects {
            let id = configs.id(*object).into_owned();
            let renamed = replace(&id, model.number.as_bytes(), wish.number.as_bytes());
            let renamed = match renamed == id {
                true => wish.number.as_bytes().to_vec(),
                false => renamed,
            };
            if let Some(taken) = room.estate.objects.find(configs, object.kind, &renamed) {
                let message = format!("{} {} is there already", object.kind.name(), configs.id_text(taken));
                return Err(Error::new(Code::Exists, message).at(room.header(taken)));
            }
            new.insert((object.kind, id), renamed);
        }
        Ok(Self { new, number: wish.number.as_bytes().to_vec() })
    }

    /// Every object that will be there.
    pub fn new_ids(&self) -> Vec<(Type, Vec<u8>)> {
        let mut out: Vec<_> = self.new.iter().map(|((kind, _), id)| (*kind, id.clone())).collect();
        out.extend([Type::Auth, Type::Aor, Type::Identify].map(|kind| (kind, self.number.clone())));
        // A wizard makes objects of its own from the section's name.
        out.extend([b"-iauth".as_slice(), b"-identify"].map(|tail| {
            let kind = if tail == b"-iauth" { Type::Auth } else { Type::Identify };
            (kind, [&self.number, tail].concat())
        }));
        out
    }

    fn of(&self, kind: Type, id: &[u8]) -> Option<&Vec<u8>> {
        self.new.get(&(kind, id.to_vec()))
    }

    /// A list of ids with every object that is written again under its new one.
    fn list(&self, kind: Type, value: &[u8]) -> Vec<u8> {
        let mut out: Vec<Vec<u8>> = Vec::new();
        for item in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            let id = self.of(kind, item).cloned().unwrap_or_else(|| self.number.clone());
            if !out.contains(&id) {
                out.push(id);
            }
        }
        out.join(&b',')
    }
}

/// The object type and option a setting's name means in a section.
fn meaning(object: Object, name: &[u8]) -> (Type, String) {
    let text = String::from_utf8_lossy(name).into_owned();
    if object.dialect == Dialect::Pjsip {
        return (object.kind, text);
    }
    let kinds = [
        ("endpoint/", Type::Endpoint),
        ("aor/", Type::Aor),
        ("inbound_auth/", Type::Auth),
        ("identify/", Type::Identify),
    ];
    match kinds.iter().find_map(|(prefix, kind)| Some((*kind, text.strip_prefix(prefix)?))) {
        Some((kind, option)) => (kind, option.to_owned()),
        None => (Type::Other, text),
    }
}

/// A section of the neighbour written again; `None` for one that would hold nothing (the personal
/// part that a `(+)` header adds).
pub fn again(
    room: &Room,
    wish: &Wish,
    neighbours: &Neighbours,
    names: &Names,
    object: Object,
    piece: &Piece,
) -> Result<Option<Vec<u8>>> {
    let configs = &room.estate.configs;
    let doc = layout::doc(configs.of(object), piece.file);
    let end = layout::line_end(doc, piece.header);
    let style = KeyStyle::of(doc, piece);
    let (pieces, _) = layout::pieces(configs, object);
    let is_last = pieces.last() == Some(piece);
    let mut writer = Writer { room, wish, neighbours, names, object, done: Vec::new(), style, lines: Vec::new() };
    for line in &piece.keys {
        writer.line(doc, piece.file, *line)?;
    }
    // What an earlier piece of the same section has written already is not written again.
    for earlier in pieces.iter().take_while(|p| *p != piece) {
        for line in &earlier.keys {
            if let Content::Key(key) = &layout::doc(configs.of(object), earlier.file).lines()[*line as usize].content {
                let doc = layout::doc(configs.of(object), earlier.file);
                let (kind, option) = meaning(object, doc.text(&key.name));
                let option = option.to_ascii_lowercase();
                if option == "allow" {
                    // What clears the codecs was written in front of them.
                    writer.done.push((kind, "disallow".to_owned()));
                }
                writer.done.push((kind, option));
            }
        }
    }
    if is_last {
        writer.rest()?;
    }
    let addition = pieces.first() != Some(piece);
    if addition && writer.lines.is_empty() {
        return Ok(None);
    }
    let mut out = header(room, wish, neighbours, names, object, doc, piece)?;
    out.extend_from_slice(end);
    for line in writer.lines {
        out.extend_from_slice(&line);
        out.extend_from_slice(end);
    }
    Ok(Some(out))
}

/// The header with another name and, where one was named, another template.
fn header(
    room: &Room,
    wish: &Wish,
    neighbours: &Neighbours,
    names: &Names,
    object: Object,
    doc: &Document,
    piece: &Piece,
) -> Result<Vec<u8>> {
    let configs = &room.estate.configs;
    let span = doc.line(piece.header as usize);
    let Content::Section(section) = &doc.lines()[piece.header as usize].content else {
        return Err(Error::failed("no section stands here").at(room.header(object)));
    };
    let raw = doc.raw(&section.name);
    let bytes = doc.bytes();
    let id = match object.dialect {
        Dialect::Pjsip => names.of(object.kind, &configs.id(object)).cloned(),
        Dialect::Wizard => None,
    };
    let id = id.unwrap_or_else(|| wish.number.as_bytes().to_vec());
    let name = escape_name(&id).map_err(|why| Error::usage(format!("{} is no section name: {why}", wish.number)))?;
    let mut out = [&bytes[span.start..raw.start], &name].concat();
    let tail = &bytes[raw.end..section.bracket as usize];
    match wish.template(object.kind).filter(|_| object.dialect == Dialect::Pjsip && !tail.contains(&b'+')) {
        Some(template) => out.extend_from_slice(format!("]({template})").as_bytes()),
        None => out.extend_from_slice(&replace(tail, neighbours.first.number.as_bytes(), wish.number.as_bytes())),
    }
    Ok(out)
}

struct Writer<'a, 'e> {
    room: &'a Room<'e>,
    wish: &'a Wish<'a>,
    neighbours: &'a Neighbours,
    names: &'a Names,
    object: Object,
    /// Options that need no line any more.
    done: Vec<(Type, String)>,
    style: KeyStyle,
    lines: Vec<Vec<u8>>,
}

impl Writer<'_, '_> {
    fn configs(&self) -> &Configs {
        &self.room.estate.configs
    }

    /// Whether an option needs no more line; marks it.
    fn finish(&mut self, kind: Type, option: &str) -> bool {
        let option = option.to_ascii_lowercase();
        let known = self.done.iter().any(|(k, o)| *k == kind && *o == option);
        if !known {
            self.done.push((kind, option));
        }
        known
    }

    fn full_name(&self, kind: Type, option: &str) -> String {
        let object = Object { kind, ..self.object };
        match kind {
            Type::Other => option.to_owned(),
            _ => format!("{}{option}", object.prefix()),
        }
    }

    fn push(&mut self, kind: Type, option: &str, value: &[u8]) -> Result<()> {
        let line = self.style.line(&self.full_name(kind, option), &escape(value, option)?);
        self.lines.push(line);
        Ok(())
    }

    /// One setting line of the neighbour: written again, with another value, or left out.
    fn line(&mut self, doc: &Document, file: u32, line: u32) -> Result<()> {
        let Content::Key(key) = &doc.lines()[line as usize].content else { return Ok(()) };
        let (kind, option) = meaning(self.object, doc.text(&key.name));
        let lower = option.to_ascii_lowercase();
        let value = doc.text(&key.value).to_vec();
        let again = |value: &[u8]| -> Result<Vec<u8>> { Ok(layout::with_value(doc, line, &escape(value, &option)?)) };
        if let Some(asked) = self.wish.asked(kind, &option) {
            let clears = kind == Type::Endpoint && lower == "allow" && self.wish.asked(kind, "disallow").is_some();
            if clears && !self.finish(kind, "disallow") {
                // The codecs asked for are all there are to be, whatever comes from above.
                if value.starts_with(b"!all") {
                    self.finish(kind, &option);
                    self.lines.push(again(format!("!all,{}", asked.join(",")).as_bytes())?);
                    return Ok(());
                }
                self.push(kind, "disallow", b"all")?;
            }
            if !self.finish(kind, &option) {
                let mut asked = asked;
                self.without_inherited(kind, &option, &mut asked);
                for value in asked {
                    self.lines.push(again(value.as_bytes())?);
                }
            }
            return Ok(());
        }
        if kind == Type::Auth && CREDENTIALS.contains(&lower.as_str()) {
            return self.credentials(&lower, &again);
        }
        if let Some(value) = self.wish.credentials.iter().find(|(name, _)| kind == Type::Auth && *name == lower) {
            self.finish(kind, &option);
            self.lines.push(again(&value.1)?);
            return Ok(());
        }
        let Some(new) = self.copied(kind, &lower, &value, key.op, file, line) else { return Ok(()) };
        self.finish(kind, &option);
        self.lines.push(again(&new)?);
        Ok(())
    }

    /// Writes the new credentials where the neighbour has his.
    fn credentials(&mut self, name: &str, again: &dyn Fn(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
        for (option, value) in &self.wish.credentials {
            if self.finish(Type::Auth, option) {
                continue;
            }
            match option == name {
                true => self.lines.push(again(value)?),
                false => self.push(Type::Auth, option, value)?,
            }
        }
        Ok(())
    }

    /// What becomes of a neighbour's setting that nobody asked about; `None`: it is his own.
    fn copied(&self, kind: Type, option: &str, value: &[u8], op: Op, file: u32, line: u32) -> Option<Vec<u8>> {
        let first = &self.neighbours.first;
        let (old, new) = (first.number.as_bytes(), self.wish.number.as_bytes());
        let renumbered = replace(value, old, new);
        if PERSONAL.contains(&option) || option.starts_with("@sipctl_") {
            return None;
        }
        match (kind, option) {
            (_, "type") | (Type::Other, _) => return Some(renumbered),
            (Type::Endpoint, "auth") if self.wish.by_address => return None,
            (Type::Endpoint, "auth") => return Some(self.names.list(Type::Auth, value)),
            (Type::Endpoint, "aors") => return Some(self.names.list(Type::Aor, value)),
            (Type::Identify, "endpoint") => return Some(new.to_vec()),
            (Type::Auth, "username") => return Some(new.to_vec()),
            (Type::Auth, "auth_type") if value.eq_ignore_ascii_case(b"md5") => return Some(b"userpass".to_vec()),
            (Type::Endpoint, "accountcode") => return (value == old).then_some(renumbered),
            (Type::Endpoint, "callerid") => {
                let (name, _) = fields::caller_id(&String::from_utf8_lossy(value));
                return (name.is_none() && renumbered != value).then_some(renumbered);
            }
            (Type::Endpoint, "deny") if self.stops((file, line)) => return None,
            _ => {}
        }
        if self.template_gives(kind, option) {
            return None;
        }
        let carried = self.needed(kind, option) || self.shared(kind, option, &renumbered, op, (file, line));
        carried.then_some(renumbered)
    }

    /// Whether `disable` wrote this line: one of those above its mark.
    fn stops(&self, (file, line): (u32, u32)) -> bool {
        let endpoint = Object { kind: Type::Endpoint, ..self.object };
        let marks = self.configs().values(endpoint, fields::DISABLED);
        let own = marks.map(|(_, var)| var).rfind(|var| !var.inherited && var.at.file == file);
        let above = fields::STOPPED.len() as u32 - 1;
        own.is_some_and(|mark| (mark.at.line.saturating_sub(above)..mark.at.line).contains(&line))
    }

    /// Whether a phone cannot do without: no registration, or no codec after `disallow=all`, unless
    /// a template says it. Then the neighbour's counts, however personal.
    fn needed(&self, kind: Type, option: &str) -> bool {
        let object = Object { kind, ..self.object };
        matches!((kind, option), (Type::Aor, "max_contacts") | (Type::Endpoint, "allow"))
            && !self.configs().values(object, option).any(|(_, var)| var.inherited)
    }

    /// Whether the second neighbour has the same, his number apart.
    fn shared(&self, kind: Type, option: &str, renumbered: &[u8], op: Op, (file, line): (u32, u32)) -> bool {
        let Some(second) = &self.neighbours.second else { return true };
        let configs = self.configs();
        let (old, new) = (second.number.as_bytes(), self.wish.number.as_bytes());
        let joined = layout::var_at(configs, self.object, file, line).map(|var| configs.of(self.object).value(var));
        let wanted = match (op, joined) {
            (Op::Append, Some(joined)) => replace(joined, self.neighbours.first.number.as_bytes(), new),
            _ => renumbered.to_vec(),
        };
        let his = second.parts.of_kind(kind).iter();
        let mut values = his.flat_map(|object| configs.values(*object, option));
        values.any(|(value, _)| replace(value, old, new) == wanted)
    }

    /// Whether the template that was named already says something about an option.
    fn template_gives(&self, kind: Type, option: &str) -> bool {
        let template = self.wish.template(kind).and_then(|name| self.room.template_value(name, option));
        template.is_some()
    }

    /// What is still to be said when all lines of the neighbour are through.
    fn rest(&mut self) -> Result<()> {
        let kinds = match self.object.dialect {
            Dialect::Pjsip => vec![self.object.kind],
            Dialect::Wizard => vec![Type::Endpoint, Type::Auth, Type::Aor, Type::Identify],
        };
        for kind in &kinds {
            for option in self.wish.options(*kind).into_iter().map(str::to_owned).collect::<Vec<_>>() {
                let mut asked = self.wish.asked(*kind, &option).unwrap_or_default();
                self.without_inherited(*kind, &option, &mut asked);
                if self.finish(*kind, &option) || self.inherits(*kind, &option, &asked) {
                    continue;
                }
                if asked.is_empty() && self.inherited(*kind, &option).is_some_and(|value| !value.is_empty()) {
                    self.push(*kind, &option, set::nothing(*kind, &option)?.as_bytes())?;
                }
                for value in asked {
                    self.push(*kind, &option, value.as_bytes())?;
                }
            }
            if *kind == Type::Auth && !self.wish.by_address {
                let user = self.wish.number.as_bytes();
                if !self.finish(Type::Auth, "username") {
                    self.push(Type::Auth, "username", user)?;
                }
                for (option, value) in &self.wish.credentials {
                    if !self.finish(Type::Auth, option) {
                        self.push(Type::Auth, option, value)?;
                    }
                }
            }
        }
        if self.wish.disabled && kinds.contains(&Type::Endpoint) {
            // Behind all others, so that they count and `enable` finds them.
            for (option, value) in fields::STOPPED {
                self.push(Type::Endpoint, option, value.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Whether the template of the section says just what was asked for. The two lines of the codecs
    /// are inherited together or not at all.
    fn inherits(&self, kind: Type, option: &str, asked: &[&str]) -> bool {
        match CODECS.contains(&option) && self.wish.asked(kind, "disallow").is_some() {
            true => CODECS.iter().all(|o| self.inherits_one(kind, o, &self.wish.asked(kind, o).unwrap_or_default())),
            false => self.inherits_one(kind, option, asked),
        }
    }

    fn inherits_one(&self, kind: Type, option: &str, asked: &[&str]) -> bool {
        let [wanted] = asked else { return false };
        self.inherited(kind, option).as_deref() == Some(wanted.as_bytes())
    }

    /// Of an option that accumulates the template's values are there already.
    fn without_inherited(&self, kind: Type, option: &str, asked: &mut Vec<&str>) {
        let repeats = options::find(kind.name(), option).is_some_and(|info| info.repeated);
        if repeats && asked.len() > 1 && self.wish.template(kind).is_none() {
            let object = Object { kind, ..self.object };
            let inherited = self.configs().values(object, option).filter(|(_, var)| var.inherited);
            let given: Vec<&[u8]> = inherited.map(|(value, _)| value).collect();
            asked.retain(|value| !given.contains(&value.as_bytes()));
        }
    }

    /// What the template of the section says about an option.
    fn inherited(&self, kind: Type, option: &str) -> Option<Vec<u8>> {
        if let Some(template) = self.wish.template(kind) {
            return self.room.template_value(template, option);
        }
        let object = Object { kind, ..self.object };
        let inherited = self.configs().values(object, option).rfind(|(_, var)| var.inherited);
        inherited.map(|(value, _)| value.to_vec())
    }
}

/// Sections of our own for what the neighbour's serve others too, or do not have: an auth, an AOR,
/// an identify.
pub fn missing(room: &Room, wish: &Wish, neighbours: &Neighbours, names: &Names, runs: &[Run]) -> Result<Vec<u8>> {
    let wizard = neighbours.first.parts.endpoint.dialect == Dialect::Wizard;
    let there = |kind| wizard || names.new.keys().any(|(k, _)| *k == kind);
    let Some((object, piece)) = runs.iter().flat_map(|run| &run.pieces).find(|(o, _)| o.kind == Type::Endpoint) else {
        return Ok(Vec::new());
    };
    let doc = layout::doc(room.estate.configs.of(*object), piece.file);
    let end = layout::line_end(doc, piece.header);
    let style = KeyStyle::of(doc, piece);
    let mut out = Vec::new();
    for kind in [Type::Auth, Type::Aor, Type::Identify] {
        let needed = match kind {
            Type::Auth => !wish.by_address,
            Type::Identify => wish.identifies(),
            _ => true,
        };
        if needed && !there(kind) {
            out.extend_from_slice(&own_section(room, wish, kind, &style, end)?);
        }
    }
    Ok(out)
}

/// The three sections without a neighbour.
pub fn from_nothing(room: &Room, wish: &Wish, end: &[u8]) -> Result<Vec<u8>> {
    let style = KeyStyle::default();
    let mut out = own_section(room, wish, Type::Endpoint, &style, end)?;
    let needed = [(Type::Identify, wish.identifies()), (Type::Auth, !wish.by_address), (Type::Aor, true)];
    for (kind, _) in needed.iter().filter(|(_, needed)| *needed) {
        out.extend_from_slice(&own_section(room, wish, *kind, &style, end)?);
    }
    Ok(out)
}

/// A section of our own, a blank line before it.
fn own_section(room: &Room, wish: &Wish, kind: Type, style: &KeyStyle, end: &[u8]) -> Result<Vec<u8>> {
    let number = wish.number;
    let mut settings: Vec<(String, Vec<u8>)> = Vec::new();
    let mut say = |option: &str, value: &[u8]| settings.push((option.to_owned(), value.to_vec()));
    match kind {
        Type::Endpoint => {
            say("context", room.usual_context(wish)?.as_bytes());
            ENDPOINT.iter().for_each(|(option, value)| say(option, value.as_bytes()));
            if !wish.by_address {
                say("auth", number.as_bytes());
            }
            say("aors", number.as_bytes());
        }
        Type::Auth => {
            say("auth_type", b"userpass");
            say("username", number.as_bytes());
            for (option, value) in &wish.credentials {
                say(option, value);
            }
        }
        Type::Identify => say("endpoint", number.as_bytes()),
        _ => AOR.iter().for_each(|(option, value)| say(option, value.as_bytes())),
    }
    if kind == Type::Auth && wish.credentials.iter().any(|(option, _)| option == "auth_type") {
        settings.remove(0);
    }
    for option in wish.options(kind) {
        let asked = wish.asked(kind, option).unwrap_or_default();
        let at = settings.iter().position(|(have, _)| have.eq_ignore_ascii_case(option));
        settings.retain(|(have, _)| !have.eq_ignore_ascii_case(option));
        let at = at.unwrap_or(settings.len());
        let values = asked.iter().map(|value| (option.to_owned(), value.as_bytes().to_vec()));
        settings.splice(at..at, values);
    }
    let template = wish.template(kind);
    if let Some(template) = template {
        let asked = |option: &str| wish.asked(kind, option).is_some();
        let differs = |(option, value): &(String, Vec<u8>)| match room.template_value(template, option) {
            Some(given) => asked(option) && given != *value,
            None => true,
        };
        let codec = |(option, _): &&(String, Vec<u8>)| CODECS.contains(&option.as_str()) && asked(option);
        let codecs = settings.iter().filter(codec).any(differs);
        settings.retain(|setting| if codec(&setting) { codecs } else { differs(setting) });
    }
    let name =
        escape_name(number.as_bytes()).map_err(|why| Error::usage(format!("{number} is no section name: {why}")))?;
    if kind == Type::Endpoint && wish.disabled {
        settings.extend(fields::STOPPED.map(|(option, value)| (option.to_owned(), value.as_bytes().to_vec())));
    }
    let mut out = end.to_vec();
    out.extend_from_slice(&[b"[".as_slice(), &name, b"]"].concat());
    if let Some(template) = template {
        out.extend_from_slice(format!("({template})").as_bytes());
    }
    out.extend_from_slice(end);
    let typed = template.is_some_and(|template| room.template_value(template, "type").is_some());
    if !typed {
        out.extend_from_slice(&style.line("type", kind.name().as_bytes()));
        out.extend_from_slice(end);
    }
    for (option, value) in settings {
        out.extend_from_slice(&style.line(&option, &escape(&value, &option)?));
        out.extend_from_slice(end);
    }
    Ok(out)
}
