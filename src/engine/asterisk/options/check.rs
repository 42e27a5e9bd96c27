//! Whether an option and a value may be written.
//!
//! Refused is what the engine refuses, because it would reject the whole object and keep the old
//! one (or none, at its next start). Refused is also what the engine takes and silently reads as
//! something else than it says: `direct_media=maybe` is no, `call_group=1 - 3` is 1, `match=10/8`
//! is 0.0.0.0/8. Everything else passes.

use std::collections::BTreeSet;

use super::read;
use super::table::{CODECS, NEWER_WORDS};
use super::{Kind, OptionInfo, Version, find, table};

/// The outcome of [`check()`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// It may be written.
    Fine,
    /// Only the engine knows whether it is right: write it and say so.
    UnknownToUs,
    /// There is no such option.
    NoSuchOption {
        /// Options whose names are near.
        near: Vec<String>,
    },
    /// Other releases have the option, or know this word of it.
    NotInVersion {
        /// Which: `20.12, 21.7 or 22.2`.
        since: String,
    },
    /// It has no such value.
    BadValue {
        /// What it takes. Never contains the value itself.
        why: String,
    },
}

/// The newest release series the table speaks of.
const NEWEST: u32 = 22;

/// Mechanisms `security_mechanisms` keeps.
pub(super) const MECHANISMS: [&str; 3] = ["dtls-srtp", "msrp-tls", "sdes-srtp"];

/// Algorithms of digests in the engine's order, and how long their digests are.
pub(super) const DIGESTS: [(&str, usize); 4] = [("MD5", 32), ("SHA-256", 64), ("SHA-512-256", 64), ("AKAv1-MD5", 32)];

/// Judges a line before it is written. `known`: the names the running engine lists for this object
/// type, none when it was not asked; they count more than the version.
pub fn check(object: &str, name: &str, value: &str, version: Option<&Version>, known: &BTreeSet<String>) -> Check {
    if name.starts_with('@') {
        return Check::Fine;
    }
    if name.eq_ignore_ascii_case("type") {
        return bad("the type of a section cannot be changed");
    }
    let listed = known.iter().any(|other| other.eq_ignore_ascii_case(name));
    let Some(option) = find(object, name) else {
        let ours = table().any(|option| option.object == object);
        let newer = known.is_empty() && version.is_some_and(|version| version.major > NEWEST);
        return match listed || newer || !ours {
            true => Check::UnknownToUs,
            false => Check::NoSuchOption { near: near(name, names_of(object, known)) },
        };
    };
    let has = |since: super::Since| version.is_none_or(|version| since.has(version));
    if !known.is_empty() && !listed || known.is_empty() && !has(option.since) {
        return Check::NotInVersion { since: option.since.to_string() };
    }
    let value = value.trim_matches(|c: char| c <= ' ');
    let newer_word = |word: &str| {
        let mut newer = NEWER_WORDS.iter().filter(|newer| newer.0 == option.name);
        newer.find(|newer| newer.1.eq_ignore_ascii_case(word)).map(|newer| newer.2)
    };
    if let Some(since) = read::names(value).filter_map(newer_word).find(|since| !has(*since)) {
        return Check::NotInVersion { since: since.to_string() };
    }
    check_value(option, value)
}

fn bad(why: impl Into<String>) -> Check {
    Check::BadValue { why: why.into() }
}

fn fine_if(fine: bool, why: impl Into<String>) -> Check {
    if fine { Check::Fine } else { bad(why) }
}

fn check_value(option: &OptionInfo, value: &str) -> Check {
    let is_in = |words: &[&str], value: &str| words.iter().any(|word| word.eq_ignore_ascii_case(value));
    match option.kind {
        Kind::Bool => fine_if(read::is_yes(value) || read::is_no(value), "yes or no"),
        Kind::BoolOr(words) => fine_if(
            read::is_yes(value) || read::is_no(value) || is_in(words, value),
            format!("yes, no, {}", words.join(", ")),
        ),
        Kind::Word(words) => fine_if(is_in(words, value), one_of(words)),
        Kind::ExactWord(words) => fine_if(words.contains(&value), format!("{}, in this case", one_of(words))),
        Kind::Words { words, gaps } => {
            let fits = |piece: &str| (gaps && piece.is_empty()) || is_in(words, piece);
            fine_if(value.is_empty() || read::pieces(value).all(fits), format!("a comma list of {}", words.join(", ")))
        }
        Kind::Mechanisms => fine_if(
            read::names(value).all(|piece| is_in(&MECHANISMS, piece.split(';').next().unwrap_or_default().trim())),
            format!("a comma list of {}", MECHANISMS.join(", ")),
        ),
        Kind::Int { min, max } => {
            fine_if(read::number(value).is_some_and(|n| (min..=max).contains(&n)), range(min, max))
        }
        Kind::Decimal => fine_if(digits(value) && value.parse::<u32>().is_ok(), range(0, u32::MAX)),
        Kind::Port => fine_if(
            read::number(value).is_some_and(|port| port == 0 || (1024..=65535).contains(&port)),
            "0 or a port from 1024 to 65535",
        ),
        Kind::Seconds => fine_if(
            value.parse::<f64>().is_ok_and(|seconds| seconds.is_finite() && seconds >= 0.0),
            "a number of seconds, such as 3.0",
        ),
        Kind::Codecs => check_codecs(option, value),
        Kind::CodecPrefs => {
            let fits = |piece: &str| {
                let words: Vec<_> = piece.split([':', ' ']).filter(|word| !word.is_empty()).collect();
                matches!(words[..], [name, _] if read::codec_pref(name).is_some())
            };
            let fits = value.split(',').filter(|piece| !piece.is_empty()).all(fits);
            let union = if option.name == "codec_prefs_incoming_offer" { "" } else { "union, " };
            fine_if(
                fits && read::codec_prefs(option.name, value).is_some(),
                format!(
                    "prefer: (pending, configured), operation: (intersect, {union}only_preferred, \
                     only_nonpreferred), keep: (all, first), transcode: (allow, prevent)"
                ),
            )
        }
        Kind::Groups => {
            let group = |text: &str| text.parse::<u32>().ok().filter(|group| *group < 64 && digits(text));
            let fits = |piece: &str| match piece.split_once('-') {
                Some((first, last)) => group(first).is_some_and(|first| group(last) >= Some(first)),
                None => group(piece).is_some(),
            };
            let mut pieces = read::pieces(value);
            let fine = pieces.next().is_some_and(fits) && pieces.all(|piece| piece.is_empty() || fits(piece));
            fine_if(value.is_empty() || fine, "groups from 0 to 63, such as 1-3,5")
        }
        Kind::NamedGroups => {
            fine_if(value.is_empty() || read::names(value).next().is_some(), "names of groups, such as sales,support")
        }
        Kind::CallerId => {
            let (name, number) = read::caller_id(value);
            fine_if(name.len() < 80 && number.len() < 80, "a name and a number of at most 79 bytes each")
        }
        Kind::Presentation => {
            let number = value.parse().ok().filter(|_| digits(value));
            let named = read::presentation_name(value).or_else(|| read::presentation(number?));
            fine_if(
                named.is_some(),
                "allowed or prohib, alone or with _not_screened, _passed_screen or _failed_screen; or unavailable",
            )
        }
        Kind::Tos => {
            let number = read::number(value).map(|tos| tos < 256);
            let name = value.starts_with(|c: char| c.is_ascii_alphabetic()) && read::tos(value).is_some();
            fine_if(number.unwrap_or(name), "0 to 255, ef, cs0 to cs7 or af11 to af43")
        }
        Kind::Networks => {
            let fits = |piece: &str| read::network(piece.strip_prefix('!').unwrap_or(piece), false).is_some();
            fine_if(
                value.is_empty() || value.split(',').map(str::trim_end).all(fits),
                "networks such as 192.0.2.0/24, separated by commas without a blank after them",
            )
        }
        Kind::Acls => {
            let mut seen = BTreeSet::new();
            let once = value.split(',').all(|list| seen.insert(list.trim_start().to_ascii_lowercase()));
            fine_if(once, "names of access lists, each once")
        }
        Kind::Matches => check_matches(value),
        Kind::Header => match value.split_once(':') {
            Some((header, text)) if !header.trim().is_empty() => check_pattern(text.trim()),
            _ => bad("the name of a header, a colon and its value"),
        },
        Kind::Pattern => check_pattern(value),
        Kind::Contacts => fine_if(read::names(value).all(is_sip_uri), "SIP URIs, each starting with sip: or sips:"),
        Kind::User => fine_if(
            value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:".contains(&b)),
            "letters, digits and the marks - . _ ~ % ! $ & ' ( ) * + , ; = :",
        ),
        Kind::Variable => fine_if(value.is_empty() || value.contains('='), "NAME=value"),
        Kind::Digest => fine_if(hex(value, 32), "32 lower-case hexadecimal digits"),
        Kind::Digests => {
            let fits = |piece: &str| match piece.split_once(':') {
                Some((name, digest)) => {
                    DIGESTS.iter().any(|known| known.0.eq_ignore_ascii_case(name) && hex(digest, known.1))
                }
                None => hex(piece, 32),
            };
            fine_if(
                read::names(value).all(fits),
                "MD5:, SHA-256: or SHA-512-256: and a digest in lower-case hexadecimal, comma list",
            )
        }
        Kind::Short => fine_if(value.len() < 80, "at most 79 bytes"),
        Kind::Filled => fine_if(!value.is_empty(), "something"),
        Kind::Address | Kind::Names | Kind::Sdp { .. } | Kind::Text => Check::Fine,
    }
}

fn one_of(words: &[&str]) -> String {
    match words {
        [only] => format!("only {only}"),
        _ => format!("one of {}", words.join(", ")),
    }
}

fn range(min: u32, max: u32) -> String {
    match max {
        u32::MAX if min == 0 => "a whole number".to_owned(),
        u32::MAX => format!("a whole number, at least {min}"),
        _ => format!("a whole number from {min} to {max}"),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn check_codecs(option: &OptionInfo, value: &str) -> Check {
    if value.is_empty() {
        return fine_if(option.name == "disallow", "codecs such as ulaw,alaw, or !all for none");
    }
    let inner = value.strip_prefix('(').and_then(|value| value.strip_suffix(')')).unwrap_or(value);
    for piece in inner.split([',', '|']).map(str::trim) {
        let piece = piece.strip_prefix('!').unwrap_or(piece);
        let (codec, framing) = piece.rsplit_once(':').map_or((piece, "0"), |(codec, framing)| (codec, framing));
        if !digits(framing) {
            return bad("after the colon a number of milliseconds, such as ulaw:20");
        }
        if !codec.eq_ignore_ascii_case("all") && !CODECS.iter().any(|known| known.eq_ignore_ascii_case(codec)) {
            let near = near(codec, CODECS.iter().map(|codec| codec.to_string()));
            return match near.first() {
                Some(near) => bad(format!("codecs the engine knows (did you mean {near}?)")),
                None => bad("codecs the engine knows, such as ulaw,alaw,g722,opus"),
            };
        }
    }
    Check::Fine
}

fn check_matches(value: &str) -> Check {
    let mut outcome = bad("addresses, networks such as 192.0.2.0/24, or host names, comma list");
    for piece in read::names(value) {
        let host = piece.split_once(':').map_or(piece, |(host, _)| host);
        let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
            && host.bytes().any(|b| b.is_ascii_alphabetic());
        let network = match piece.strip_prefix('!') {
            Some(network) => read::network(network, true).filter(|_| network.contains('/')),
            None => read::network(piece, true),
        };
        match network {
            Some(_) if outcome != Check::UnknownToUs => outcome = Check::Fine,
            Some(_) => {}
            None if named => outcome = Check::UnknownToUs,
            None => return bad("addresses, networks such as 192.0.2.0/24, or host names, comma list"),
        }
    }
    outcome
}

/// The engine compiles what stands between slashes; only it knows whether it can.
fn check_pattern(text: &str) -> Check {
    match text.len() > 2 && text.starts_with('/') && text.ends_with('/') {
        true => Check::UnknownToUs,
        false => Check::Fine,
    }
}

/// What `ast_sip_validate_uri_length` lets pass, lengths aside: they depend on the build.
fn is_sip_uri(uri: &str) -> bool {
    let uri = uri.strip_prefix('<').and_then(|uri| uri.strip_suffix('>')).unwrap_or(uri);
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    (scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips"))
        && (!host.starts_with('[') || host.contains(']'))
}

fn names_of(object: &str, known: &BTreeSet<String>) -> impl Iterator<Item = String> {
    let ours = table().filter(move |option| option.object == object && known.is_empty());
    ours.map(|option| option.name.to_owned()).chain(known.iter().cloned())
}

/// The nearest of these names, best first: dashes are underscores, case is none, and a letter in
/// six may be wrong.
fn near(name: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let wanted = name.to_ascii_lowercase().replace('-', "_");
    let most = 1 + wanted.len() / 6;
    let mut near: Vec<_> = names
        .map(|name| (strsim::osa_distance(&wanted, &name.to_ascii_lowercase()), name))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_unstable();
    near.truncate(3);
    near.into_iter().map(|(_, name)| name).collect()
}
