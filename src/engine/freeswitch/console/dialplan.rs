//! What an XML dialplan does with a number, as far as that can be said without a call.
//!
//! Extensions are tried in order, each condition of one in order (mod_dialplan_xml.c,
//! `parse_exten`). A condition on the dialled number has an answer; one on a channel variable or on
//! the time has none, and makes what hangs on it a "maybe".

use std::collections::BTreeMap;

use super::xml::Element;

/// Whether a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    Yes,
    No,
    /// It depends on this.
    Depends(String),
}

/// How expressions are answered: by subject and expression, with the captured groups.
pub trait Matcher {
    /// The groups (the whole match first) where it matches; `None` inside where nobody knows.
    fn matches(&self, subject: &str, expression: &str) -> Option<Option<Vec<String>>>;
}

/// A call to decide about.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub number: &'a str,
    pub context: &'a str,
}

/// What one extension does with a call.
pub struct Ran {
    /// Whether it is the one that takes the call.
    pub holds: Holds,
    /// Whether that has to do with the number at all.
    pub by_number: bool,
    /// Whether the walk goes on behind it.
    pub goes_on: bool,
    /// Applications with their expanded data.
    pub actions: Vec<(String, String)>,
}

/// Attributes that make a condition one of time.
const TIMES: [&str; 13] = [
    "year",
    "yday",
    "mon",
    "mday",
    "week",
    "mweek",
    "wday",
    "hour",
    "minute",
    "minute-of-day",
    "time-of-day",
    "date-time",
    "dst",
];
/// What runs code of its own, which may ring anybody.
const SCRIPTS: [&str; 6] = ["lua", "javascript", "python", "python3", "perl", "socket"];

/// Every expression a context compares the dialled number with.
pub fn expressions<'e>(context: &'e Element) -> Vec<String> {
    let asks = |one: &&&'e Element| field(one).is_some_and(|field| is_number(&field));
    let conditions = context.below("condition");
    let regexes = context.below("regex");
    let mut all: Vec<String> = conditions.iter().chain(&regexes).filter(asks).map(|one| expression(one)).collect();
    all.sort();
    all.dedup();
    all
}

/// Lets one extension look at a call.
pub fn run(extension: &Element, call: Call, matcher: &dyn Matcher) -> Ran {
    let goes_on = extension.text_of("continue").is_some_and(|value| is_true(&value));
    let mut ran = Ran { holds: Holds::No, by_number: false, goes_on, actions: Vec::new() };
    let mut variables = BTreeMap::from([("destination_number".to_owned(), call.number.to_owned())]);
    let mut depends = None;
    for condition in extension.all("condition") {
        let mut groups = Vec::new();
        let holds = condition_holds(condition, call, matcher, &mut ran.by_number, &mut groups);
        let stop = condition.text_of("break").unwrap_or_default().to_ascii_lowercase();
        if holds == Holds::No {
            let otherwise = actions(condition, "anti-action", &[], &mut variables);
            ran.holds = if otherwise.is_empty() { Holds::No } else { Holds::Yes };
            ran.actions.extend(otherwise);
            if !matches!(stop.as_str(), "never" | "on-true") {
                break;
            }
            continue;
        }
        ran.actions.extend(actions(condition, "action", &groups, &mut variables));
        let nested = condition.first("condition").map(|_| "nested conditions".to_owned());
        if let Holds::Depends(why) = &holds {
            depends.get_or_insert(why.clone());
        }
        depends = depends.or(nested);
        ran.holds = Holds::Yes;
        if matches!(stop.as_str(), "on-true" | "always") && holds == Holds::Yes {
            break;
        }
    }
    if let (Holds::Yes, Some(why)) = (&ran.holds, depends) {
        ran.holds = Holds::Depends(why);
    }
    ran
}

impl Ran {
    /// Whether it rings the user of this number.
    pub fn rings(&self, number: &str) -> bool {
        self.actions.iter().any(|(application, data)| application == "bridge" && names(data, number))
    }

    /// Where it hands the call on to: number and context.
    pub fn transfer(&self) -> Option<(String, String)> {
        let (_, data) = self.actions.iter().find(|(application, _)| application == "transfer")?;
        let words: Vec<&str> = data.split_whitespace().collect();
        match words.as_slice() {
            [number, "XML", context] => Some(((*number).to_owned(), (*context).to_owned())),
            _ => None,
        }
    }

    /// The script it ends in, if there is one.
    pub fn script(&self) -> Option<&str> {
        self.actions.iter().map(|(application, _)| application.as_str()).find(|name| SCRIPTS.contains(name))
    }
}

/// Whether a dial string names the user: `user/1002@d`, `${sofia_contact(1002@d)}`,
/// `sofia/internal/1002%d`; behind a gateway it is somebody else's number.
fn names(data: &str, number: &str) -> bool {
    data.match_indices(number).any(|(at, _)| {
        let before = data[..at].chars().next_back();
        let leg = data[..at].rsplit([',', '|']).next().unwrap_or_default();
        let after = data[at + number.len()..].chars().next();
        !leg.contains("sofia/gateway/")
            && matches!(before, Some('/' | '(' | ':'))
            && matches!(after, None | Some('@' | '%' | ',' | '|' | ')' | ' '))
    })
}

fn condition_holds(
    condition: &Element,
    call: Call,
    matcher: &dyn Matcher,
    by_number: &mut bool,
    groups: &mut Vec<String>,
) -> Holds {
    if let Some(time) = TIMES.iter().find(|name| condition.attribute(name).is_some()) {
        return Holds::Depends(format!("the time ({time})"));
    }
    let Some(kind) = condition.text_of("regex") else {
        return one_holds(condition, call, matcher, by_number, groups);
    };
    let all: Vec<Holds> = condition.all("regex").map(|one| one_holds(one, call, matcher, by_number, groups)).collect();
    let yes = all.iter().filter(|holds| **holds == Holds::Yes).count();
    let depends = all.iter().find(|holds| matches!(holds, Holds::Depends(_))).cloned();
    let decided = match kind.to_ascii_lowercase().as_str() {
        "any" if yes > 0 => return Holds::Yes,
        "all" if all.contains(&Holds::No) => return Holds::No,
        "any" => false,
        "xor" => yes == 1,
        _ => yes == all.len(),
    };
    depends.unwrap_or(if decided { Holds::Yes } else { Holds::No })
}

fn one_holds(
    one: &Element,
    call: Call,
    matcher: &dyn Matcher,
    by_number: &mut bool,
    groups: &mut Vec<String>,
) -> Holds {
    let Some(field) = field(one) else { return Holds::Yes };
    let expression = expression(one);
    let depends = || Holds::Depends(field.clone());
    let subject = match field.as_str() {
        name if is_number(name) => call.number,
        "context" => call.context,
        // The user is there: that was proved.
        name if asks_for_user(name) && expression == "^true$" => {
            *by_number = true;
            return Holds::Yes;
        }
        _ => return depends(),
    };
    *by_number |= is_number(&field);
    match matcher.matches(subject, &expression) {
        Some(Some(found)) => {
            *groups = found;
            Holds::Yes
        }
        Some(None) => Holds::No,
        None => Holds::Depends(format!("{field} =~ {expression}")),
    }
}

fn asks_for_user(field: &str) -> bool {
    field.starts_with("${user_exists(id ${destination_number} ")
}

fn is_number(field: &str) -> bool {
    matches!(field, "destination_number" | "${destination_number}")
}

fn field(one: &Element) -> Option<String> {
    one.text_of("field")
}

/// The expression of a condition: an element of its own, or the attribute.
fn expression(one: &Element) -> String {
    let own = one.first("expression").map(Element::text);
    own.or_else(|| one.text_of("expression")).unwrap_or_default()
}

fn actions(
    condition: &Element,
    kind: &str,
    groups: &[String],
    variables: &mut BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for action in condition.all(kind) {
        let text = action.text();
        let data = if text.trim().is_empty() { action.text_of("data").unwrap_or_default() } else { text };
        let data = expanded(&data, groups, variables);
        let application = action.text_of("application").unwrap_or_default();
        if let ("set" | "export", Some((name, value))) = (application.as_str(), data.split_once('=')) {
            variables.insert(name.to_owned(), value.to_owned());
        }
        out.push((application, data));
    }
    out
}

/// With captured groups and known variables put in.
fn expanded(data: &str, groups: &[String], variables: &BTreeMap<String, String>) -> String {
    let mut out = data.to_owned();
    for (n, group) in groups.iter().enumerate().skip(1) {
        out = out.replace(&format!("${n}"), group);
    }
    for (name, value) in variables {
        out = out.replace(&format!("${{{name}}}"), value);
    }
    out
}

/// switch_utils.c, `switch_true`.
fn is_true(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    matches!(value.as_str(), "yes" | "on" | "true" | "t" | "enabled" | "active" | "allow")
        || value.parse::<i64>().is_ok_and(|number| number != 0)
}
