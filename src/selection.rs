//! EXT on the command line: an id, a range, `id@domain`, or something pasted from a log.

use std::collections::BTreeSet;

use crate::engine::Estate;
use crate::engine::refuse::{must_be_extension, no_such_extension, several_domains};
use crate::error::{Code, Error, Result};
use crate::extension::{Ext, Extension, order};

/// No range may be longer.
const LONGEST_RANGE: u64 = 100_000;
/// Asterisk cuts longer ids off.
const LONGEST_ID: usize = 79;

/// One EXT of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// A single extension.
    One(Ext),
    /// Every number from the first to the last.
    Range {
        /// The first number.
        first: u64,
        /// The last number.
        last: u64,
        /// How many digits each has.
        width: usize,
    },
}

impl Selection {
    /// Reads an EXT.
    pub fn parse(text: &str) -> Result<Self> {
        let pasted = unwrap_pasted(text);
        if pasted == text
            && let Some((a, b)) = text.split_once('-')
            && is_number(a)
            && is_number(b)
        {
            return Self::range(text, a, b);
        }
        let (number, domain) = match pasted.split_once('@') {
            Some((number, domain)) if pasted == text => (number, Some(domain)),
            Some((number, _)) => (number, None),
            None => (pasted, None),
        };
        check_id(text, number)?;
        if let Some(domain) = domain {
            check_id(text, domain)?;
        }
        Ok(Self::One(Ext { number: number.to_owned(), domain: domain.map(str::to_owned) }))
    }

    fn range(text: &str, a: &str, b: &str) -> Result<Self> {
        let refuse = |why: String| Err(Error::usage(format!("`{text}` is no range: {why}")));
        if a.len() != b.len() {
            return match refuse("both numbers need the same number of digits, as in 0100-0199".to_owned()) {
                Err(error) => Err(error.hint(format!("an extension that is called so is named by: sip:{text}"))),
                ok => ok,
            };
        }
        let (Ok(first), Ok(last)) = (a.parse::<u64>(), b.parse::<u64>()) else {
            return refuse("its numbers have too many digits".to_owned());
        };
        match last.checked_sub(first) {
            None => refuse(format!("{b} comes before {a}")),
            Some(n) if n >= LONGEST_RANGE => refuse(format!("it is longer than {LONGEST_RANGE} numbers")),
            Some(_) => Ok(Self::Range { first, last, width: a.len() }),
        }
    }

    /// Everything it names, in order.
    pub fn members(&self) -> Vec<Ext> {
        match self {
            Self::One(ext) => vec![ext.clone()],
            Self::Range { first, last, width } => {
                (*first..=*last).map(|n| Ext { number: format!("{n:0width$}"), domain: None }).collect()
            }
        }
    }

    /// Whether it names this number.
    pub fn contains(&self, number: &str) -> bool {
        match self {
            Self::One(ext) => ext.number == number,
            Self::Range { first, last, width } => {
                number.len() == *width
                    && is_number(number)
                    && number.parse::<u64>().is_ok_and(|n| (*first..=*last).contains(&n))
            }
        }
    }

    /// Whether it is an id that was meant as a range, as in `1000-`, `1000..1009` or with a long dash.
    pub fn is_half_a_range(&self) -> bool {
        let Self::One(Ext { number, .. }) = self else { return false };
        let digits = |c: char| c.is_ascii_digit();
        let dashes = number.trim_matches(digits);
        let plain = dashes == "." && !number.ends_with('.');
        number.starts_with(digits)
            && !dashes.is_empty()
            && !plain
            && dashes.chars().all(|c| "-.\u{2013}\u{2014}".contains(c))
    }

    /// What exists of it among the extensions: a single one must be there, and of a range at least
    /// one member.
    pub fn existing(&self, estate: &dyn Estate) -> Result<Vec<Ext>> {
        match self {
            Self::One(ext) => match single(ext, estate)? {
                Some(found) => must_be_extension(ext, found.kind, || found.source).map(|()| vec![ext.clone()]),
                None => Err(match estate.elsewhere() {
                    Some((store, place)) => Error::new(
                        Code::Elsewhere,
                        format!("{ext} is not in these files; extensions also live in {store}"),
                    )
                    .at(place)
                    .hint(format!("change {ext} there; sipctl lists what the engine holds of it: sipctl ext list")),
                    None => no_such_extension(ext, near(ext, estate).as_deref()),
                }),
            },
            Self::Range { .. } => {
                let found: Vec<Ext> = self
                    .members()
                    .into_iter()
                    .filter(|ext| estate.find(ext).is_some_and(|found| found.kind.is_extension()))
                    .collect();
                found.iter().try_for_each(|ext| one_domain(ext, estate))?;
                match found.is_empty() {
                    true => Err(Error::new(Code::NotFound, format!("no extension in {self}"))
                        .hint("list what there is with: sipctl ext list")),
                    false => Ok(found),
                }
            }
        }
    }
}

impl std::fmt::Display for Selection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(ext) => ext.fmt(f),
            Self::Range { first, last, width } => write!(f, "{first:0width$}-{last:0width$}"),
        }
    }
}

impl std::str::FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| [vec![error.to_string()], error.hints].concat().join("; "))
    }
}

/// Everything several EXT name, in order; a number named twice is refused, and every such number
/// is in the error.
pub fn members(selections: &[Selection]) -> Result<Vec<Ext>> {
    let mut seen = BTreeSet::new();
    let mut twice = Vec::new();
    let mut out = Vec::new();
    for ext in selections.iter().flat_map(Selection::members) {
        match seen.insert(ext.clone()) {
            true => out.push(ext),
            false => twice.push(ext.number),
        }
    }
    match twice.is_empty() {
        true => Ok(out),
        false => Err(Error::usage(format!("named twice: {}; nothing is done", collapse(&twice)))
            .hint("name each extension once; ranges may not overlap")),
    }
}

/// The one extension an EXT means.
pub fn single(ext: &Ext, estate: &dyn Estate) -> Result<Option<Extension>> {
    has_domain(ext, estate)?;
    one_domain(ext, estate)?;
    Ok(estate.find(ext))
}

fn one_domain(ext: &Ext, estate: &dyn Estate) -> Result<()> {
    match estate.domains(ext) {
        Some(several) if several.len() > 1 => Err(several_domains(ext, &several)),
        _ => Ok(()),
    }
}

/// Refuses `id@domain` where the engine knows no domains. (Of a SIP URI out of a log the host is not
/// taken at all.)
pub fn has_domain(ext: &Ext, estate: &dyn Estate) -> Result<()> {
    match &ext.domain {
        Some(domain) if estate.domains(ext).is_none() => {
            Err(Error::usage(format!("{ext}: Asterisk has no domains, so nothing in {domain}"))
                .hint(format!("name it by its id alone: {}", ext.number)))
        }
        _ => Ok(()),
    }
}

/// What exists of several EXT; with `if_present` a single one may be missing too.
pub fn existing(selections: &[Selection], estate: &dyn Estate, if_present: bool) -> Result<Vec<Ext>> {
    let mut out = Vec::new();
    for selection in selections {
        match selection.existing(estate) {
            Ok(found) => out.extend(found),
            Err(error) if if_present && error.code == Code::NotFound && error.place.is_none() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(out)
}

/// The existing id that looks most like the wanted one.
fn near(ext: &Ext, estate: &dyn Estate) -> Option<String> {
    let mut best = None;
    for known in estate.extensions() {
        if known.kind.is_extension() {
            let distance = strsim::osa_distance(&known.number, &ext.number);
            if distance <= 1 && best.as_ref().is_none_or(|(least, _)| distance < *least) {
                best = Some((distance, known.number));
            }
        }
    }
    best.map(|(_, number)| number)
}

/// Numbers for people: runs are written as ranges.
pub fn collapse(numbers: &[String]) -> String {
    let mut sorted: Vec<&str> = numbers.iter().map(String::as_str).collect();
    sorted.sort_by(|a, b| order(a, b));
    sorted.dedup();
    let follows = |a: &str, b: &str| {
        a.len() == b.len()
            && is_number(a)
            && is_number(b)
            && a.parse::<u64>().is_ok_and(|a| b.parse::<u64>().is_ok_and(|b| a.checked_add(1) == Some(b)))
    };
    let mut out = Vec::new();
    let mut at = 0;
    while at < sorted.len() {
        let mut end = at;
        while end + 1 < sorted.len() && follows(sorted[end], sorted[end + 1]) {
            end += 1;
        }
        match end - at {
            0 => out.push(sorted[at].to_owned()),
            1 => out.extend([sorted[at].to_owned(), sorted[end].to_owned()]),
            _ => out.push(format!("{}-{}", sorted[at], sorted[end])),
        }
        at = end + 1;
    }
    out.join(", ")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The part of a pasted thing that names the extension: of `sip:1004@dom;tag=x`,
/// `<sip:1004@domain>` and `PJSIP/1004-0000a1`. Anything else comes back as it is.
fn unwrap_pasted(text: &str) -> &str {
    let inner = match (text.find('<'), text.rfind('>')) {
        (Some(start), Some(end)) if start < end => &text[start + 1..end],
        _ => text,
    };
    if let Some(uri) = ["sip:", "sips:"].iter().find_map(|scheme| inner.strip_prefix(scheme)) {
        return uri.split([';', '?', '@']).next().unwrap_or(uri);
    }
    let channel = ["PJSIP/", "SIP/"]
        .iter()
        .find_map(|technology| text.strip_prefix(technology))
        .or_else(|| text.strip_prefix("sofia/").and_then(|rest| rest.split_once('/')).map(|(_, id)| id));
    match channel {
        Some(channel) => match channel.rsplit_once('-') {
            Some((id, suffix)) if suffix.len() >= 6 && suffix.bytes().all(|b| b.is_ascii_hexdigit()) => id,
            _ => channel,
        },
        None => text,
    }
}

fn check_id(text: &str, id: &str) -> Result<()> {
    let why = if id.is_empty() {
        "it is empty"
    } else if id.len() > LONGEST_ID {
        "it is longer than 79 bytes"
    } else if id.contains(|c: char| c.is_whitespace() || c.is_control()) {
        "it holds a blank or a control character"
    } else if id.contains(['[', ']', ';', ',', '/', '<', '>', '"', '@']) {
        "it holds one of [ ] ; , / < > \" @"
    } else if id.starts_with('-') {
        "it starts with `-`"
    } else {
        return Ok(());
    };
    Err(Error::usage(format!("{text:?} cannot be an extension: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(number: &str, domain: Option<&str>) -> Selection {
        Selection::One(Ext { number: number.to_owned(), domain: domain.map(str::to_owned) })
    }

    #[test]
    fn ids_ranges_and_pasted_things() {
        for (text, wanted) in [
            ("1001", one("1001", None)),
            ("1001-mobile", one("1001-mobile", None)),
            ("1001@a.example", one("1001", Some("a.example"))),
            ("sip:1004@dom;tag=x", one("1004", None)),
            ("\"Bob\" <sip:1004@10.0.0.1:5060>;tag=1", one("1004", None)),
            ("PJSIP/1004-0000a1", one("1004", None)),
            ("PJSIP/1001-mobile-0000a1b2", one("1001-mobile", None)),
            ("sofia/internal/1004@dom", one("1004", None)),
            ("0100-0199", Selection::Range { first: 100, last: 199, width: 4 }),
        ] {
            assert_eq!(Selection::parse(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(Selection::parse("0099-0101").unwrap().members()[1].number, "0100");
        assert!(Selection::parse("0099-0101").unwrap().contains("0100"));
        assert!(!Selection::parse("0099-0101").unwrap().contains("100"));
    }

    #[test]
    fn what_cannot_be_an_extension_is_refused() {
        let long = "1".repeat(80);
        for text in [
            "",
            "a]b",
            "a;b",
            "a b",
            "a\nb",
            "-x",
            &long,
            "100-99",
            "1-100001",
            "000000-999999",
            "2-1",
            "a/b",
            "@x",
            "x@",
        ] {
            assert_eq!(Selection::parse(text).unwrap_err().code, Code::Usage, "{text:?}");
        }
    }

    #[test]
    fn every_number_named_twice_is_in_the_error() {
        let parse = |text: &str| Selection::parse(text).unwrap();
        let error = members(&[parse("1000-1004"), parse("1003-1006"), parse("1000")]).unwrap_err();
        assert!(error.message.contains("1000, 1003, 1004"), "{error}");
        assert_eq!(members(&[parse("1000-1001"), parse("1002")]).unwrap().len(), 3);
    }

    #[test]
    fn runs_are_written_as_ranges() {
        let numbers: Vec<String> = ["1002", "1000", "1001", "1005", "1006", "bob"].map(str::to_owned).into();
        assert_eq!(collapse(&numbers), "1000-1002, 1005, 1006, bob");
    }
}
