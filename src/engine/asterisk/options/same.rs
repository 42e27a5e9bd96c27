//! Whether an answer of the engine is what a file means.
//!
//! The engine answers in its own spelling, so both sides are brought to one form. What cannot be
//! decided is said to be so: an unknown spelling is never taken for a difference.

use super::read;
use super::table::{MEDIA_ADDRESS, SDP_DASH};
use super::{Kind, OptionInfo, Version, default_answer, find};

/// What an answer says about the values of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// It is what they mean.
    Same,
    /// It is something else.
    Different,
    /// It is spelled in a way sipctl does not know, or says only a part.
    Unknown,
    /// The engine does not answer with the value of this option.
    Unreadable,
}

use Sameness::{Different, Same, Unknown, Unreadable};

/// Longest answer of an option the engine spells into a fixed room (`MAX_OBJECT_FIELD`).
const ROOM: usize = 127;

/// From this length on an answer may be cut: `dialplan eval function` has room for 1,023 bytes, of
/// which a console may use some itself.
const WHOLE: usize = 1000;

/// Whether the engine's answer (`AST_SORCERY(res_pjsip,TYPE,ID,NAME)`, empty where that fails) is
/// what these values mean: the effective values of all lines of that name in order, none when no
/// line sets it.
///
/// For `allow` of an endpoint, lines of `disallow` count too: each value is then written as
/// `allow=VALUE` or `disallow=VALUE`, in the order of the file; without either it is an `allow`.
///
/// Options of the same object that overrule this one are not known here: see [`overruled_by`].
pub fn same(object: &str, name: &str, values: &[String], answer: &str, version: Option<&Version>) -> Sameness {
    let Some(option) = find(object, name) else {
        return match values.last() {
            Some(value) if value == answer => Same,
            Some(_) if name.starts_with('@') => Different,
            None if name.starts_with('@') => decide(answer.is_empty()),
            _ => Unknown,
        };
    };
    if !option.readback || (answer.is_empty() && never_empty(option.kind)) {
        return Unreadable;
    }
    let Some(last) = values.last() else {
        return match default_answer(object, name, version) {
            Some(unset) => decide(unset == answer),
            None => Unknown,
        };
    };
    if answer.len() >= WHOLE {
        return Unknown;
    }
    let text = if option.repeated { values.join(",") } else { last.clone() };
    match option.kind {
        Kind::Bool if !read::is_yes(answer) && !read::is_no(answer) => Unknown,
        Kind::Codecs if answer == "(nothing)" => decide(codecs(values).is_some_and(|list| list.is_empty())),
        Kind::Codecs => equal(codecs(values), codecs(&[answer.to_owned()])),
        Kind::CallerId => caller_id(&text, answer),
        Kind::Acls => access_lists(&text, answer),
        Kind::Contacts => contacts(&text, answer),
        Kind::Sdp { blanks } if answer == "-" && version.is_none_or(|version| SDP_DASH.has(version)) => {
            decide(text == "-" || text.is_empty() || (!blanks && text.contains(' ')))
        }
        Kind::Address if version.is_some_and(|version| !MEDIA_ADDRESS.has(version)) => decide(text == answer),
        Kind::Groups | Kind::Names if answer.len() >= ROOM => Unknown,
        // What the engine fills in is a matter of its global section.
        Kind::Words { .. } if option.unset.is_none() && read::names(&text).next().is_none() => Unknown,
        // Up to 20.19 and 22.9 the engine answers yes for both.
        Kind::Word(_) if option.name == "dtls_verify" && answer == "Yes" && !text.eq_ignore_ascii_case("no") => {
            if text.eq_ignore_ascii_case("yes") { Same } else { Unknown }
        }
        _ => equal(normal(option, &text), normal(option, answer)),
    }
}

/// The engine's own spelling of a secret, where it differs from the file's only in form. (Secrets
/// are compared as hashes, so that both sides need one spelling.) `None` for other options.
pub fn spelled(object: &str, name: &str, values: &[String]) -> Option<String> {
    let option = find(object, name).filter(|option| option.secret)?;
    match option.repeated {
        true => normal(option, &values.join(",")),
        false => normal(option, values.last()?),
    }
}

/// Options which, when yes on the same endpoint, decide this one whatever its own lines say:
/// its answer then proves nothing. (`sip_endpoint_apply_handler`; observed on 16.28 and 22.10.)
pub fn overruled_by(object: &str, name: &str) -> &'static [&'static str] {
    if object != "endpoint" {
        return &[];
    }
    match name.to_ascii_lowercase().as_str() {
        "rtcp_mux" => &["webrtc", "bundle"],
        "bundle" | "ice_support" | "media_encryption" | "media_use_received_transport" | "use_avpf" => &["webrtc"],
        "dtls_auto_generate_cert" | "dtls_rekey" | "dtls_setup" | "dtls_verify" => &["webrtc"],
        "incoming_call_offer_pref" => &["preferred_codec_only"],
        _ => &[],
    }
}

fn decide(same: bool) -> Sameness {
    if same { Same } else { Different }
}

fn equal<T: PartialEq>(file: Option<T>, engine: Option<T>) -> Sameness {
    match (file, engine) {
        (Some(file), Some(engine)) => decide(file == engine),
        _ => Unknown,
    }
}

/// Kinds that always read back as something: an empty answer is no answer (`redirect_method`
/// before 20.13 and 22.3, or an engine that does not have the option).
fn never_empty(kind: Kind) -> bool {
    use Kind::*;
    matches!(kind, Bool | BoolOr(_) | Word(_) | ExactWord(_) | Int { .. } | Decimal | Port | Seconds)
        || matches!(kind, Codecs | CodecPrefs | CallerId | Presentation | Tos)
}

/// One form for a value of a file and an answer of the engine; `None` where it is not known what
/// the engine makes of it.
fn normal(option: &OptionInfo, text: &str) -> Option<String> {
    Some(match option.kind {
        Kind::Bool => if read::is_yes(text) { "yes" } else { "no" }.to_owned(),
        Kind::BoolOr(_) if read::is_yes(text) => "yes".to_owned(),
        Kind::BoolOr(_) if read::is_no(text) => "no".to_owned(),
        Kind::BoolOr(words) | Kind::Word(words) | Kind::ExactWord(words) => {
            match *words.iter().find(|word| word.eq_ignore_ascii_case(text))? {
                "forced" => "always",
                "reinvite" => "invite",
                word => word,
            }
            .to_owned()
        }
        Kind::Words { words, .. } => {
            let mut known = Vec::new();
            for name in read::names(text) {
                let word = *words.iter().find(|word| word.eq_ignore_ascii_case(name))?;
                if option.repeated || !known.contains(&word) {
                    known.push(word);
                }
            }
            known.join(",")
        }
        Kind::Mechanisms => {
            let known: Vec<_> = read::names(text).filter_map(mechanism).collect();
            known.join(",")
        }
        Kind::Int { .. } | Kind::Port => read::number(text)?.to_string(),
        Kind::Decimal => (read::leading_decimal(text)?.0 as u32).to_string(),
        Kind::Seconds => format!("{:.6}", text.parse::<f64>().ok()?),
        Kind::CodecPrefs => read::codec_prefs(option.name, text)?.join(","),
        Kind::Groups => read::groups(text).to_string(),
        Kind::NamedGroups => {
            let mut names: Vec<_> = read::names(text).collect();
            names.sort_unstable();
            names.dedup();
            names.join(",")
        }
        Kind::Names => read::names(text).collect::<Vec<_>>().join(","),
        Kind::Presentation => match read::presentation_name(text) {
            Some(name) => name.to_owned(),
            None => read::presentation(read::leading_decimal(text)?.0)?.to_owned(),
        },
        Kind::Tos => read::tos(text)?.to_string(),
        Kind::Address => match read::address(text) {
            Some((addr, _)) => addr.to_string(),
            None if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !text.is_empty() => return None,
            None => text.to_owned(),
        },
        Kind::Matches => {
            let mut networks = Vec::new();
            for piece in read::names(text) {
                let (outside, piece) = piece.strip_prefix('!').map_or((false, piece), |piece| (true, piece));
                networks.push((read::network(piece, true)?, outside));
            }
            format!("{networks:?}")
        }
        Kind::Digest => text.strip_prefix("MD5:").unwrap_or(text).to_owned(),
        Kind::Digests => digests(text)?,
        Kind::Short => text.get(..79.min(text.len()))?.to_owned(),
        Kind::Sdp { .. } | Kind::Header | Kind::Pattern | Kind::User | Kind::Text | Kind::Filled => text.to_owned(),
        Kind::Codecs | Kind::CallerId | Kind::Acls | Kind::Contacts | Kind::Networks | Kind::Variable => return None,
    })
}

/// A security mechanism the engine knows, without its weight, which the engine drops.
fn mechanism(piece: &str) -> Option<String> {
    let lower = piece.to_ascii_lowercase();
    let parts: Vec<_> = lower.split(';').map(str::trim).filter(|part| !part.starts_with("q=")).collect();
    super::check::MECHANISMS.contains(parts.first()?).then(|| parts.join(";"))
}

/// Digests in the order of the engine: by algorithm, the last of each.
fn digests(text: &str) -> Option<String> {
    let mut found: [Option<&str>; 4] = [None; 4];
    for piece in read::names(text) {
        let (algorithm, digest) = piece.split_once(':').unwrap_or(("MD5", piece));
        let at = super::check::DIGESTS.iter().position(|known| known.0.eq_ignore_ascii_case(algorithm.trim()))?;
        found[at] = Some(digest);
    }
    let spelled = found.iter().zip(super::check::DIGESTS).filter_map(|(digest, (name, _))| Some((name, (*digest)?)));
    Some(spelled.map(|(name, digest)| format!("{name}:{digest}")).collect::<Vec<_>>().join(","))
}

fn codecs(lines: &[String]) -> Option<Vec<String>> {
    read::codecs(lines.iter().map(|line| match line.split_once('=') {
        Some(("disallow", text)) => (false, text),
        Some((_, text)) => (true, text),
        None => (true, line.as_str()),
    }))
}

fn caller_id(text: &str, answer: &str) -> Sameness {
    let (name, number) = read::caller_id(text);
    let expected = read::caller_id_answer(&name, &number);
    match name.len() > 79 || number.len() > 79 || expected.len() - number.len() > 127 {
        true => Unknown,
        false => decide(expected == answer),
    }
}

/// The engine answers with the first name only, and with `deny/permit` where a network is given.
fn access_lists(text: &str, answer: &str) -> Sameness {
    let mut lists = text.split(',').map(str::trim_start);
    match (lists.next(), lists.next()) {
        _ if answer == "deny/permit" => Unknown,
        (Some(first), _) if first != answer => Different,
        (_, Some(_)) => Unreadable,
        _ => Same,
    }
}

/// The engine answers with static and registered contacts, in an order of its own.
fn contacts(text: &str, answer: &str) -> Sameness {
    let held: Vec<_> = answer.split(',').filter(|uri| !uri.is_empty()).collect();
    let mut file: Vec<_> = read::names(text).collect();
    file.sort_unstable();
    file.dedup();
    match file.iter().all(|uri| held.contains(uri)) {
        true if held.len() == file.len() => Same,
        true => Unknown,
        false => Different,
    }
}
