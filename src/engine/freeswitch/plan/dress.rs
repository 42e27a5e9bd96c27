//! The style of the house: whom a new user is dressed after, and which of his words are not
//! personal.

use std::ops::Range;
use std::path::Path;

use super::super::directory::{Part, Setting, User, last, own};
use super::super::draft::{Draft, not_plain};
use super::super::fields::{DISABLED, LIST, STOPPED};
use super::super::layout::{self, Addition, Options};
use super::super::mask::is_secret;
use super::create::Wish;
use super::{Room, set};
use crate::engine::number::{find, replace};
use crate::error::Result;
use crate::extension::Kind;
use crate::text::splice::Splice;

/// The neighbours a new user is dressed after.
pub struct Neighbours<'e> {
    /// The first one: he is written again.
    pub first: &'e User,
    /// The second one: what the two do not share is personal. None with `--like`.
    pub second: Option<&'e User>,
    /// Whether the new one stands behind him.
    pub behind: bool,
}

/// The raw text of a value in its file.
fn raw<'e>(draft: &Draft<'e>, setting: &Setting) -> Option<&'e [u8]> {
    let (file, span) = draft.reading.doc.merged.between(setting.span.clone()?)?;
    Some(&draft.bytes(file)[span])
}

/// What becomes of a value of the first neighbour.
enum Fate {
    Stays,
    Becomes(Vec<u8>),
    Goes,
}

/// Numbers that are meant to be the user's own and nobody else's text.
const CALLER_IDS: [&str; 4] =
    ["effective_caller_id_name", "effective_caller_id_number", "outbound_caller_id_name", "outbound_caller_id_number"];
/// Personal whatever it holds.
const PERSONAL: [&str; 9] =
    ["number-alias", "cidr", "ip", DISABLED, LIST, "description", "vm-mailto", "email-addr", "vm-notify-mailto"];

/// Whether `disable` wrote this.
fn stops(draft: &Draft, user: &User, setting: &Setting) -> bool {
    let same = |(name, value): (&str, &str)| {
        setting.name.eq_ignore_ascii_case(name.as_bytes()) && *setting.value == *value.as_bytes()
    };
    setting.part == Part::Param && draft.reading.is_disabled(user) && STOPPED.into_iter().any(same)
}

impl<'e> Neighbours<'e> {
    /// What the model's value becomes for the new number.
    fn fate(&self, draft: &Draft<'e>, setting: &Setting, number: &str) -> Fate {
        let Some(text) = raw(draft, setting) else { return Fate::Goes };
        let name = String::from_utf8_lossy(&setting.name).to_ascii_lowercase();
        let ours = replace(text, self.first.id.as_bytes(), number.as_bytes());
        let numbered = find(text, self.first.id.as_bytes(), 0).is_some();
        let becomes = |ours: Vec<u8>| if ours == text { Fate::Stays } else { Fate::Becomes(ours) };
        if PERSONAL.contains(&name.as_str()) || stops(draft, self.first, setting) {
            return Fate::Goes;
        }
        if is_secret(name.as_bytes()) {
            // A PIN that is the number is a habit; any other is a secret.
            let habit = name == "vm-password" && text == self.first.id.as_bytes();
            return if habit { becomes(ours) } else { Fate::Goes };
        }
        let shared = self.second.map(|second| {
            let doc = &draft.reading.doc;
            let theirs = draft.reading.directory.settings(doc, second, setting.part);
            let own: Vec<Setting> = theirs.into_iter().filter(|s| s.own && !stops(draft, second, s)).collect();
            let theirs = last(&own, &name).and_then(|setting| raw(draft, setting));
            theirs.is_some_and(|theirs| {
                theirs == text || replace(theirs, second.id.as_bytes(), number.as_bytes()) == ours
            })
        });
        let house = text.windows(3).any(|w| w == b"$${");
        let personal = (CALLER_IDS.contains(&name.as_str()) && !numbered && !house)
            || (name == "accountcode" && text != self.first.id.as_bytes() && !house);
        match shared {
            Some(false) => Fate::Goes,
            _ if personal => Fate::Goes,
            _ => becomes(ours),
        }
    }
}

/// The splices that make the first neighbour's file the new user's, in the whole of that file.
pub fn dressed<'e>(
    room: &Room<'e>,
    draft: &Draft<'e>,
    neighbours: &Neighbours<'e>,
    wish: &Wish,
) -> Result<Vec<Splice>> {
    let (doc, model) = (&room.reading().doc, neighbours.first);
    let (file, _) = draft.element(model.node)?;
    let bytes = draft.bytes(file);
    let mut out = Vec::new();
    let mut gone = Vec::new();
    let mut additions: Vec<(Part, Options)> = Vec::new();
    for part in [Part::Attr, Part::Param, Part::Variable] {
        let settings: Vec<Setting> = match part {
            Part::Attr => room.reading().directory.settings(doc, model, part),
            // What a directive inside him brings from another file comes with that directive.
            _ => {
                let here = |setting: &Setting| draft.element(setting.node).is_ok_and(|(own, _)| own == file);
                own(doc, model.node, part, true).into_iter().filter(here).collect()
            }
        };
        let mut named: Options = wish.options(part);
        for setting in &settings {
            let same = |(name, _): &(String, Vec<u8>)| setting.name.eq_ignore_ascii_case(name.as_bytes());
            let fate = match named.iter().position(same) {
                _ if part == Part::Attr && *setting.name == *b"id" => {
                    Fate::Becomes(layout::escape(wish.number.as_bytes()))
                }
                Some(at) => Fate::Becomes(layout::escape(&named.remove(at).1)),
                None if wish.has(part, &setting.name) => Fate::Goes,
                None => neighbours.fate(draft, setting, wish.number),
            };
            let span = setting.span.clone().and_then(|span| doc.merged.between(span));
            match (fate, span) {
                (Fate::Stays, _) => {}
                (Fate::Becomes(text), Some((_, span))) => out.push(Splice::replace(span, text)),
                (_, None) => return Err(not_plain(doc.place(setting.node))),
                (Fate::Goes, _) if part == Part::Attr => {
                    let name = String::from_utf8_lossy(&setting.name).into_owned();
                    out.push(Splice::remove(draft.attribute(model, &name)?.1));
                }
                (Fate::Goes, _) => {
                    gone.push(setting.node);
                    let (_, span) = draft.element(setting.node)?;
                    out.push(Splice::remove(layout::taken(bytes, span, false)));
                }
            }
        }
        let around = wish.cleared(part).filter(|name| part != Part::Attr && set::inherits(room, model, part, name));
        named.extend(around.map(|name| (name.to_owned(), Vec::new())));
        named.extend(wish.behind(part));
        if part == Part::Attr {
            let (_, at) = draft.attributes_end(model)?;
            let text = named
                .iter()
                .flat_map(|(name, value)| [b" ", name.as_bytes(), b"=\"", &layout::escape(value), b"\""].concat());
            out.push(Splice::insert(at, text.collect::<Vec<u8>>()));
        } else {
            additions.push((part, named));
        }
    }
    for child in doc.tree.children(model.node) {
        let first = |name: &str| doc.child(model.node, name) == Some(child);
        if !first("params") && !first("variables") {
            let (_, span) = draft.element(child)?;
            out.push(Splice::remove(layout::taken(bytes, span, false)));
        }
    }
    let additions: Vec<Addition> =
        additions.iter().map(|(part, options)| Addition { part: *part, options, gone: &gone }).collect();
    let (added, _) = layout::add(doc, model.node, &additions).ok_or_else(|| not_plain(doc.place(model.node)))?;
    out.extend(added);
    comments(bytes, &model.id, wish.number, &mut out);
    Ok(out)
}

/// A neighbour's comments are his own; one that only names the number is renamed.
fn comments(bytes: &[u8], old: &str, new: &str, out: &mut Vec<Splice>) {
    for Range { start, end } in layout::comments(bytes) {
        let text = &bytes[start..end];
        let around = out.iter().any(|splice| splice.span.start < end && start < splice.span.end);
        if around {
            continue;
        }
        let numbered =
            find(text, old.as_bytes(), 0).is_some() && !text.windows(2).any(|w| w[0] == b'<' && w[1] != b'!');
        let secret = super::super::mask::secrets(text, 0..text.len());
        if numbered && secret.is_empty() {
            out.push(Splice::replace(start..end, replace(text, old.as_bytes(), new.as_bytes())));
            continue;
        }
        let mut span = layout::taken(bytes, start..end, false);
        if span == (start..end) {
            span.start -= bytes[..start].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
        }
        out.push(Splice::remove(span));
    }
}

/// Whom a new user is dressed after: the nearest lower number that fits, else the nearest higher.
/// With nobody in that file or context, or who logs in that way, anybody shows how it is done; somebody
/// disabled only where there is nobody else.
pub fn neighbours<'e>(room: &Room<'e>, draft: &Draft<'e>, domain: usize, wish: &Wish) -> Option<Neighbours<'e>> {
    let kind = if wish.by_address { Kind::IpPhone } else { Kind::Phone };
    let all =
        Filter { file: wish.file.as_deref(), context: wish.context.as_deref(), kind: Some(kind), disabled: false };
    let everywhere = Filter { file: None, ..all };
    let filters = [all.wider(), everywhere.wider(), Filter { disabled: true, ..everywhere }.wider()].concat();
    filters.into_iter().find_map(|filter| fitting(room, draft, domain, wish, filter))
}

/// Who is looked for.
#[derive(Clone, Copy)]
struct Filter<'f> {
    file: Option<&'f Path>,
    context: Option<&'f str>,
    kind: Option<Kind>,
    disabled: bool,
}

impl Filter<'_> {
    /// It, and what it widens to.
    fn wider(self) -> [Self; 3] {
        let any = Self { context: None, ..self };
        [self, any, Self { kind: None, ..any }]
    }
}

fn fitting<'e>(
    room: &Room<'e>,
    draft: &Draft<'e>,
    domain: usize,
    wish: &Wish,
    filter: Filter,
) -> Option<Neighbours<'e>> {
    let reading = room.reading();
    let fits = |user: &&&User| {
        let Ok((file, _)) = draft.element(user.node) else { return false };
        let own = reading.kind(user);
        user.domain == domain
            && filter.kind.map_or(own.is_extension(), |kind| own == kind)
            && (filter.disabled || !reading.is_disabled(user))
            && filter.file.is_none_or(|path| draft.path(file) == path)
            && filter.context.is_none_or(|context| {
                reading.value(user, Part::Variable, "user_context").as_deref() == Some(context.as_bytes())
            })
    };
    let sorted = room.sorted();
    let at = sorted.partition_point(|user| crate::extension::order(&user.id, wish.number).is_lt());
    let lower = sorted[..at].iter().rev().filter(fits).map(|user| (*user, true));
    let mut all = lower.chain(sorted[at..].iter().filter(fits).map(|user| (*user, false)));
    let (first, behind) = all.next()?;
    Some(Neighbours { first, second: all.next().map(|(user, _)| user), behind })
}
