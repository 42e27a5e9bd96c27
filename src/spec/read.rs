//! From the tree to the list: every mistake is told at once, with its place.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::import::{DECIMAL, POWER, damage};
use super::node::{At, Node, Value};
use super::{ASTERISK, FREESWITCH, Form, Key, List, MOST_PROBLEMS, Problem, Row, node};
use crate::extension::by_name::{FIELDS, Slot, slot};
use crate::extension::{Ext, Fields, Setting, Want, fill_in, is_password, is_structure};
use crate::secret::Secret;
use crate::selection::Selection;

#[cfg(test)]
mod tests;

/// Keys of the list itself.
pub const LIST_KEYS: [&str; 5] = ["name", "pbx", "owns", "defaults", "extensions"];
/// Keys of an extension besides its fields.
pub const ROW_KEYS: [&str; 6] = ["number", "domain", "pbx", "password", "asterisk", "freeswitch"];
/// Keys of the block of an engine.
pub const BLOCK_KEYS: [&str; 5] = ["set", "add", "unset", "file", "template"];
/// What the extensions of a list share.
const DEFAULTS: &str = "defaults";
/// Fields that may be written as a list.
pub const LISTS: [&str; 6] = ["codecs", "call_group", "pickup_group", "toll_allow", "ip", "permit"];
/// Fields of other programs' lists, and what they are called here.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("extension", "number"),
    ("id", "number"),
    ("name", "cid_name"),
    ("secret", "password"),
    ("callerid", "cid_name"),
    ("voicemail", "mailbox"),
    ("allow", "codecs"),
    ("disabled", "enabled"),
    ("user_context", "context"),
];
/// So many keys are compared one by one.
const FEW: usize = 32;
/// A list is no larger.
const MOST_ROWS: usize = 1_000_000;

/// Reads a list.
pub fn read(text: &str, form: Form) -> Result<List, Vec<Problem>> {
    let root = node::read(text.strip_prefix('\u{feff}').unwrap_or(text), form)?;
    let mut reader = Reader { problems: Vec::new(), list: List::default(), form };
    reader.list(&root);
    let Reader { mut problems, list, .. } = reader;
    if problems.is_empty() {
        return Ok(list);
    }
    problems.sort();
    problems.dedup();
    problems.truncate(MOST_PROBLEMS);
    Err(problems)
}

/// What an extension says, before its number is filled in.
#[derive(Clone, Default)]
struct Draft<'n> {
    fields: Vec<(&'static str, Field)>,
    own: [Vec<(&'static str, Field)>; 2],
    settings: Vec<Setting>,
    key: Key,
    domain: Option<String>,
    pbx: Vec<String>,
    template: Vec<String>,
    file: [Option<PathBuf>; 2],
    number: Option<&'n Node>,
}

#[derive(Clone)]
enum Field {
    Text(String),
    Flag(bool),
    Codecs(Vec<String>),
}

struct Reader {
    problems: Vec<Problem>,
    list: List,
    form: Form,
}

impl Reader {
    fn wrong(&mut self, at: At, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(at, message));
        self.problems.last_mut().expect("one was just put there")
    }

    fn hinted(&mut self, at: At, message: impl Into<String>, hint: impl Into<String>) {
        self.wrong(at, message).hint = Some(hint.into());
    }

    fn say(&mut self, at: At, message: impl Into<String>) {
        self.list.warnings.push(Problem::new(at, message));
    }

    /// The pairs of a map, each key once.
    fn map<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(&'n str, At, &'n Node)> {
        let Value::Map(pairs) = &node.value else {
            self.wrong(node.at, format!("{what} is written as KEY: VALUE"));
            return Vec::new();
        };
        let mut out: Vec<(&str, At, &Node)> = Vec::with_capacity(pairs.len());
        let mut many = HashSet::new();
        for (key, value) in pairs {
            let mut again = |name| match pairs.len() > FEW {
                true => !many.insert(name),
                false => out.iter().any(|(known, ..)| *known == name),
            };
            match key.as_text() {
                None => {
                    self.wrong(key.at, "a key is one word");
                }
                Some(name) if again(name) => {
                    self.wrong(key.at, format!("{name} is named twice"));
                }
                Some(name) => out.push((name, key.at, value)),
            }
        }
        out
    }

    fn unknown(&mut self, at: At, name: &str, known: &[&str]) {
        let near = known.iter().map(|known| (strsim::osa_distance(known, name), *known)).min();
        let other = OTHER_NAMES.iter().find(|(theirs, ours)| *theirs == name && known.contains(ours));
        let message = format!("there is no key {}", shown(name));
        // A column is told once, not in every row.
        if self.form == Form::Csv && self.problems.iter().any(|problem| problem.message == message) {
            return;
        }
        match (other, near) {
            (Some((_, ours)), _) => self.hinted(at, message, format!("it is called {ours} here")),
            (None, Some((distance, near))) if distance <= 2 && distance < near.len() => {
                self.hinted(at, message, format!("did you mean {near}?"))
            }
            _ if name == "<<" => {
                self.hinted(at, message, "what several share stands under defaults, or is one value with an anchor");
            }
            _ if matches!(name, "voicemail_pin" | "email") => {
                self.hinted(at, message, "voicemail settings: not yet in this version of sipctl");
            }
            _ => self.hinted(at, message, format!("there are: {}", known.join(", "))),
        }
    }

    /// A text, which is not nothing.
    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        self.text_at(node.at, node, what)
    }

    fn text_at(&mut self, at: At, node: &Node, what: &str) -> Option<String> {
        let Some(text) = node.as_text() else {
            self.wrong(at, format!("{what} is one value"));
            return None;
        };
        if node.is_null() {
            self.hinted(at, format!("{what} says nothing"), "write \"\" to clear it, or leave it out");
            return None;
        }
        if text.chars().any(char::is_control) {
            self.wrong(at, format!("{what} holds a line break or another control character"));
            return None;
        }
        Some(text.to_owned())
    }

    /// One or several texts.
    fn texts(&mut self, node: &Node, what: &str) -> Vec<(At, String)> {
        match &node.value {
            Value::List(nodes) => nodes.iter().filter_map(|one| Some((one.at, self.text(one, what)?))).collect(),
            _ => self.text(node, what).map(|text| (node.at, text)).into_iter().collect(),
        }
    }

    fn words(&mut self, node: &Node, what: &str) -> Vec<String> {
        let texts = self.texts(node, what).into_iter();
        let split = |(_, text): (At, String)| {
            text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect::<Vec<_>>()
        };
        texts.flat_map(split).collect()
    }

    fn list(&mut self, root: &Node) {
        let (mut defaults, mut rows) = (None, None);
        let pairs = self.map(root, "a list");
        if !matches!(root.value, Value::Map(_)) {
            return;
        }
        for (name, at, node) in pairs {
            match name {
                "name" => self.list.name = self.name(node),
                "pbx" => self.list.pbx = self.words(node, "pbx"),
                "owns" => self.list.owns = self.owns(node),
                "defaults" => defaults = Some(node),
                "extensions" => rows = Some(node),
                _ => self.unknown(at, name, &LIST_KEYS),
            }
        }
        let mut known: Vec<&str> = ROW_KEYS.iter().chain(&FIELDS).copied().collect();
        let for_defaults: Vec<&str> = known.iter().filter(|name| !["number", "pbx"].contains(*name)).copied().collect();
        let defaults = defaults.map(|node| self.draft(node, DEFAULTS, &for_defaults)).unwrap_or_default();
        known.sort_unstable();
        match rows.map(|node| &node.value) {
            Some(Value::List(nodes)) => {
                let mut seen = HashMap::new();
                for node in nodes {
                    if self.problems.len() >= MOST_PROBLEMS {
                        break;
                    }
                    let own = self.draft(node, "an extension", &known);
                    self.rows(node.at, own, &defaults, &mut seen);
                }
            }
            Some(Value::Text { .. }) if rows.is_some_and(Node::is_null) => {}
            Some(_) => {
                self.wrong(rows.map_or(root.at, |node| node.at), "extensions is a list: - number: 1001");
            }
            None => self.hinted(root.at, "there are no extensions", "write: extensions: [] if none are meant"),
        }
    }

    fn name(&mut self, node: &Node) -> Option<String> {
        let name = self.text(node, "name")?;
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !fits {
            self.wrong(node.at, "the name of a list has up to 64 letters, digits, dots, dashes and underscores");
        }
        fits.then_some(name)
    }

    fn owns(&mut self, node: &Node) -> Vec<Selection> {
        let mut out = Vec::new();
        for (at, text) in self.texts(node, "owns") {
            match Selection::parse(text.trim()) {
                Ok(selection) => out.push(selection),
                Err(error) => {
                    self.wrong(at, error.message);
                }
            }
        }
        out
    }

    fn draft<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Draft<'n> {
        let mut draft = Draft::default();
        for (name, at, node) in self.map(node, what) {
            if !known.contains(&name) {
                self.unknown(at, name, known);
                continue;
            }
            match name {
                "number" => draft.number = Some(node),
                "domain" => draft.domain = self.text(node, name),
                "pbx" => draft.pbx = self.words(node, name),
                "password" => {
                    // At its key: a line that holds that word is not shown.
                    draft.key = self.key(at, node);
                    if what == DEFAULTS && matches!(draft.key, Key::Given(_)) {
                        self.one_for_several(at);
                    }
                }
                "asterisk" => self.block(node, 0, &mut draft),
                "freeswitch" => self.block(node, 1, &mut draft),
                _ => {
                    let name = FIELDS.into_iter().find(|field| *field == name).unwrap_or_default();
                    if let Some(field) = self.field(node, name) {
                        draft.fields.push((name, field));
                    }
                }
            }
        }
        draft
    }

    fn field(&mut self, node: &Node, name: &'static str) -> Option<Field> {
        if LISTS.contains(&name) {
            if let Value::List(_) = node.value {
                let words = self.words(node, name);
                return Some(if name == "codecs" { Field::Codecs(words) } else { Field::Text(words.join(",")) });
            }
            let text = self.text(node, name)?;
            let words = || text.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
            return Some(if name == "codecs" { Field::Codecs(words()) } else { Field::Text(text) });
        }
        let text = self.text(node, name)?;
        if !matches!(name, "webrtc" | "enabled") {
            return Some(Field::Text(text));
        }
        match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" => Some(Field::Flag(true)),
            "no" | "false" | "off" => Some(Field::Flag(false)),
            _ => {
                self.wrong(node.at, format!("{name} is yes or no"));
                None
            }
        }
    }

    fn key(&mut self, at: At, node: &Node) -> Key {
        let Some(text) = self.text_at(at, node, "password") else { return Key::Unsaid };
        let (scheme, rest) = text.split_once(':').unwrap_or((&text, ""));
        match (scheme, rest) {
            ("generate", "") => Key::Generate,
            ("keep", "") => Key::Keep,
            ("file" | "env", "") if text.contains(':') => {
                self.wrong(at, format!("password: {scheme}: what is meant?"));
                Key::Unsaid
            }
            ("file", path) if !path.is_empty() => Key::File(PathBuf::from(path)),
            ("env", name) if !name.is_empty() => Key::Env(name.to_owned()),
            ("digest", digests) => match Secret::of_digests(digests) {
                Some(digests) => Key::Given(digests),
                None => {
                    self.hinted(
                        at,
                        "password: digest: is followed by 32 hex digits",
                        "they are MD5(user:realm:password); others as digest:SHA-256:HEX, several with commas",
                    );
                    Key::Unsaid
                }
            },
            _ => {
                let clear = text.strip_prefix("clear:").unwrap_or(&text);
                if clear.is_empty() {
                    self.hinted(at, "the password is empty", "write generate, keep, file:PATH or env:NAME");
                }
                let message = "a password stands in this list; file:PATH and env:NAME keep it out";
                self.say(at, message);
                Key::Given(Secret::new(clear))
            }
        }
    }

    fn one_for_several(&mut self, at: At) {
        self.hinted(at, "one password is given for several extensions", "use generate, or file: with CSV");
    }

    fn block(&mut self, node: &Node, engine: usize, draft: &mut Draft) {
        let (objects, name) = [(&ASTERISK[..], "asterisk"), (&FREESWITCH[..], "freeswitch")][engine];
        for (key, at, node) in self.map(node, name) {
            match key {
                "set" | "add" => {
                    for (option, at, node) in self.map(node, key) {
                        let Some((object, option)) = self.option(at, option, objects) else { continue };
                        let whole = format!("{object}.{option}");
                        let values = self.texts(node, &whole);
                        if key == "set" && values.len() != 1 && !matches!(node.value, Value::Text { .. }) {
                            self.hinted(node.at, format!("{whole} is set to one value"), "several stand under add");
                            continue;
                        }
                        for (_, value) in values {
                            let want = if key == "set" { Want::Set(value) } else { Want::Add(value) };
                            draft.settings.push(Setting { object: object.clone(), option: option.clone(), want });
                        }
                    }
                }
                "unset" => {
                    for (at, text) in self.texts(node, key) {
                        let (name, value) = match text.split_once('=') {
                            Some((name, value)) => (name, Some(value.to_owned())),
                            None => (text.as_str(), None),
                        };
                        let Some((object, option)) = self.option(at, name, objects) else { continue };
                        draft.settings.push(Setting { object, option, want: Want::Unset(value) });
                    }
                }
                "file" => draft.file[engine] = self.text(node, key).map(PathBuf::from),
                "template" if engine == 0 => draft.template = self.words(node, key),
                _ if FIELDS.contains(&key) => {
                    let name = FIELDS.into_iter().find(|field| *field == key).unwrap_or_default();
                    if let Some(field) = self.field(node, name) {
                        draft.own[engine].push((name, field));
                    }
                }
                _ => self.unknown(at, key, &BLOCK_KEYS[..5 - engine]),
            }
        }
    }

    /// `endpoint.direct_media`, of an object the engine has.
    fn option(&mut self, at: At, name: &str, objects: &[&str]) -> Option<(String, String)> {
        let Some((object, option)) = name.split_once('.').filter(|(object, _)| objects.contains(object)) else {
            let example = format!("write one of {} and a dot in front", objects.join(", "));
            self.hinted(at, format!("{} is no option here", shown(name)), example);
            return None;
        };
        let lower = option.to_ascii_lowercase();
        let odd = |c: char| c.is_whitespace() || c.is_control() || "[];=<>\"&'".contains(c);
        if option.is_empty() || option.contains(odd) {
            self.wrong(at, format!("{} cannot be the name of an option", shown(option)));
        } else if is_password(object, &lower) {
            self.hinted(at, format!("{name} holds a password"), "write it as password: of the extension");
        } else if is_structure(object, &lower) {
            self.wrong(at, format!("{name} holds the extension together and is not set"));
        } else {
            return Some((object.to_owned(), option.to_owned()));
        }
        None
    }

    /// The rows of one entry: as many as its range has numbers.
    fn rows(&mut self, at: At, own: Draft, defaults: &Draft, seen: &mut HashMap<Ext, Vec<(At, Vec<String>)>>) {
        let Some(number) = own.number else {
            self.hinted(at, "this extension has no number", "write: number: \"1001\"");
            return;
        };
        let Some(text) = self.text(number, "number") else { return };
        self.spelling(number, &text);
        let selection = match Selection::parse(text.trim()) {
            Ok(selection) => selection,
            Err(error) => {
                self.wrong(number.at, error.message);
                return;
            }
        };
        let members = selection.members();
        if self.list.rows.len() + members.len() > MOST_ROWS {
            self.wrong(number.at, format!("there are more than {MOST_ROWS} extensions"));
            return;
        }
        if let (Key::Given(_), true) = (&own.key, members.len() > 1) {
            self.one_for_several(number.at);
        }
        // Later ones count: the extension before the defaults, one engine before both.
        let layers = |engine: usize| {
            let layers = [&defaults.fields, &defaults.own[engine], &own.fields, &own.own[engine]];
            layers.into_iter().flatten().collect::<Vec<_>>()
        };
        let differ = [&defaults.own, &own.own].into_iter().flatten().any(|own| !own.is_empty());
        let (asterisks, freeswitchs) = (layers(0), layers(1));
        let same = |setting: &Setting, other: &Setting| {
            setting.object == other.object && setting.option.eq_ignore_ascii_case(&other.option)
        };
        let inherited = defaults.settings.iter().filter(|setting| !own.settings.iter().any(|own| same(own, setting)));
        let settings: Vec<&Setting> = inherited.chain(&own.settings).collect();
        let domain = own.domain.as_ref().or(defaults.domain.as_ref());
        let [asterisk, freeswitch] = own.file;
        let file = [asterisk.or_else(|| defaults.file[0].clone()), freeswitch.or_else(|| defaults.file[1].clone())];
        for member in members {
            let ext = Ext { domain: member.domain.or_else(|| domain.cloned()), number: member.number };
            let before = seen.entry(ext.clone()).or_default();
            let both = |pbx: &[String]| pbx.is_empty() || own.pbx.is_empty() || pbx.iter().any(|p| own.pbx.contains(p));
            if let Some((first, _)) = before.iter().find(|(_, pbx)| both(pbx)) {
                let message = format!("{ext} is listed twice; the first stands on line {}", first.line);
                self.problems.push(Problem::new(number.at, message));
                break;
            }
            before.push((number.at, own.pbx.clone()));
            let last = self.list.rows.last();
            let fields = |layers, engine: usize| {
                shared(filled_fields(layers, &ext.number), last.map(|row: &Row| &row.fields[engine]))
            };
            let asterisk = fields(&asterisks, 0);
            let freeswitch = if differ { fields(&freeswitchs, 1) } else { Arc::clone(&asterisk) };
            let settings = settings.iter().map(|setting| filled(setting, &ext.number)).collect();
            let settings = shared(settings, last.map(|row| &row.settings));
            self.list.rows.push(Row {
                pbx: own.pbx.clone(),
                fields: [asterisk, freeswitch],
                settings,
                key: if own.key == Key::Unsaid { defaults.key.clone() } else { own.key.clone() },
                template: if own.template.is_empty() { defaults.template.clone() } else { own.template.clone() },
                file: file.clone(),
                at: number.at,
                ext,
            });
        }
    }

    /// Numbers that another reader of the same file would take for something else.
    fn spelling(&mut self, node: &Node, text: &str) {
        if self.form == Form::Csv {
            if let Some(damage) = damage(text).filter(|damage| [POWER, DECIMAL].contains(damage)) {
                let message = format!("{text} was a number once: a spreadsheet made {damage} of it");
                self.hinted(node.at, message, "format the column as text and save it again");
            }
            return;
        }
        let Value::Text { plain: true, .. } = node.value else { return };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && text.len() > 1 && text.starts_with('0') {
            let message = format!("quote it: \"{text}\"; other readers of YAML lose the zero in front");
            self.say(node.at, message);
        } else if is_old(text) {
            self.say(node.at, format!("quote it: \"{text}\"; older readers of YAML take it for something else"));
        } else if !digits && is_other(text) {
            let form = if self.form == Form::Json { "JSON" } else { "YAML" };
            let message = format!("without quotes {text} is no text in {form}");
            self.hinted(node.at, message, format!("if it is an id, quote it: \"{text}\""));
        }
    }
}

/// Whether a word without quotes is a number, or a truth, for other readers.
fn is_other(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    let radix =
        |start: &str, radix| bare.strip_prefix(start).is_some_and(|rest| u64::from_str_radix(rest, radix).is_ok());
    // Rust reads `inf` and `nan` as numbers, YAML does so only behind a dot.
    let float = bare.bytes().any(|byte| byte.is_ascii_digit()) && bare.parse::<f64>().is_ok();
    float || [".inf", ".nan", "true", "false"].contains(&bare.as_str()) || radix("0x", 16) || radix("0o", 8)
}

/// The same for readers of YAML 1.1.
fn is_old(text: &str) -> bool {
    let truth = ["yes", "no", "on", "off"].iter().any(|truth| text.eq_ignore_ascii_case(truth));
    truth || (text.contains('_') && is_other(&text.replace('_', "")))
}

/// A value of a row; where the one before has the same, as most have in a long list, that one's.
fn shared<T: PartialEq>(value: T, last: Option<&Arc<T>>) -> Arc<T> {
    match last.filter(|last| ***last == value) {
        Some(last) => Arc::clone(last),
        None => Arc::new(value),
    }
}

fn filled_fields(layers: &[&(&'static str, Field)], number: &str) -> Fields {
    let mut fields = Fields::default();
    for (name, field) in layers {
        match (slot(&mut fields, name), field) {
            (Some(Slot::Text(slot)), Field::Text(text)) => *slot = Some(fill_in(text, number)),
            (Some(Slot::Flag(slot)), Field::Flag(flag)) => *slot = Some(*flag),
            (Some(Slot::Codecs(slot)), Field::Codecs(codecs)) => *slot = Some(codecs.clone()),
            _ => {}
        }
    }
    fields
}

fn filled(setting: &Setting, number: &str) -> Setting {
    let fill = |text: &String| fill_in(text, number);
    let want = match &setting.want {
        Want::Set(text) => Want::Set(fill(text)),
        Want::Add(text) => Want::Add(fill(text)),
        Want::Unset(text) => Want::Unset(text.as_ref().map(fill)),
    };
    Setting { want, ..setting.clone() }
}

/// A word of the file in an error: it may be a password in the wrong place, so only the start.
fn shown(word: &str) -> String {
    match word.char_indices().nth(24) {
        Some((at, _)) => format!("`{}…`", &word[..at]),
        None => format!("`{word}`"),
    }
}
