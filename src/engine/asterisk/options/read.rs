//! Values as the engine reads them: small readers, each after one function of the engine.
//!
//! They say what the engine makes of a text, also of one that sipctl would refuse to write, because
//! files hold such texts and are to be compared with the engine's answers.

use std::net::IpAddr;

/// Whether the engine reads this word as yes (`ast_true`).
pub fn is_yes(word: &str) -> bool {
    ["yes", "true", "y", "t", "1", "on"].iter().any(|yes| yes.eq_ignore_ascii_case(word))
}

/// Whether the engine reads this word as no where it distinguishes no from nonsense (`ast_false`).
pub fn is_no(word: &str) -> bool {
    ["no", "false", "n", "f", "0", "off"].iter().any(|no| no.eq_ignore_ascii_case(word))
}

/// The pieces of a comma list, trimmed.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

/// The pieces of a comma list that are not empty, trimmed.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter(|piece| !piece.is_empty())
}

/// A whole number in C's spelling, nothing after it (`strtoul` with base 0).
pub fn number(text: &str) -> Option<u32> {
    let (value, rest) = leading_number(text.trim_start())?;
    (rest.is_empty() && !text.trim_start().starts_with('-')).then_some(value)?.try_into().ok()
}

/// A number in C's spelling at the head of a text, and what follows it (`%i`).
pub fn leading_number(text: &str) -> Option<(i64, &str)> {
    let (negative, digits) = sign(text);
    let (base, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => (16, hex),
        None if digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    take(digits, base, negative)
}

/// A decimal number at the head of a text, and what follows it (`%d`).
pub fn leading_decimal(text: &str) -> Option<(i64, &str)> {
    let (negative, digits) = sign(text.trim_start());
    take(digits, 10, negative)
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn take(text: &str, base: u32, negative: bool) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_digit(base)).unwrap_or(text.len());
    let value = i64::from_str_radix(&text[..end], base).ok()?;
    Some((if negative { -value } else { value }, &text[end..]))
}

/// The groups of a list, bit by bit (`ast_get_group`). A piece without a number repeats the one
/// before it where it is empty and is ignored otherwise, as there.
pub fn groups(text: &str) -> u64 {
    let (mut set, mut start) = (0, 0);
    if text.is_empty() {
        return set;
    }
    for piece in text.split(',') {
        let mut finish = start;
        match leading_decimal(piece) {
            Some((first, rest)) => {
                let last = rest.strip_prefix('-').and_then(leading_decimal);
                (start, finish) = (first, last.map_or(first, |(last, _)| last));
            }
            None if !piece.trim_start().is_empty() => continue,
            None => {}
        }
        for group in start.max(0)..=finish.min(63) {
            set |= 1 << group;
        }
    }
    set
}

/// What a number with this value is called as a caller presentation (`ast_named_caller_presentation`).
pub fn presentation(number: i64) -> Option<&'static str> {
    const NAMES: [&str; 8] = [
        "allowed_not_screened",
        "allowed_passed_screen",
        "allowed_failed_screen",
        "allowed",
        "prohib_not_screened",
        "prohib_passed_screen",
        "prohib_failed_screen",
        "prohib",
    ];
    match number {
        0..=3 => Some(NAMES[number as usize]),
        32..=35 => Some(NAMES[number as usize - 28]),
        64..=67 => Some("unavailable"),
        _ => None,
    }
}

/// Whether this is the name of a caller presentation, in any case; the name.
pub fn presentation_name(word: &str) -> Option<&'static str> {
    (0..68).filter_map(presentation).find(|name| name.eq_ignore_ascii_case(word))
}

/// A type of service: the low eight bits of a number, or a DSCP name (`ast_str2tos`).
pub fn tos(text: &str) -> Option<u32> {
    if let Some((value, _)) = leading_number(text) {
        return Some((value & 0xff) as u32);
    }
    let name = text.to_ascii_lowercase();
    let digits = name.get(2..).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    match (name.get(..2)?, digits?.as_bytes()) {
        ("ef", []) => Some(0xb8),
        ("cs", &[class @ b'0'..=b'7']) => Some(u32::from(class - b'0') << 5),
        ("af", &[class @ b'1'..=b'4', drop @ b'1'..=b'3']) => {
            Some(u32::from(class - b'0') << 5 | u32::from(drop - b'0') << 3)
        }
        _ => None,
    }
}

/// The codecs left after these lines, in order; `None` where `all` is among them, because what
/// that means depends on the modules loaded (`ast_format_cap_update_by_allow_disallow`).
pub fn codecs<'a>(lines: impl Iterator<Item = (bool, &'a str)>) -> Option<Vec<String>> {
    let (mut every, mut list) = (false, Vec::<String>::new());
    for (allowing, text) in lines {
        let mut text = text;
        if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
            (text, every) = (inner, !allowing);
            list.clear();
        }
        for piece in text.split([',', '|']).map(str::trim).filter(|piece| !piece.is_empty()) {
            let (allow, codec) = match piece.strip_prefix('!') {
                Some(codec) => (!allowing, codec),
                None => (allowing, piece),
            };
            let codec = codec.rsplit_once(':').map_or(codec, |(codec, _)| codec).to_ascii_lowercase();
            match (allow, codec == "all") {
                (true, true) => every = true,
                (false, true) => {
                    every = false;
                    list.clear();
                }
                (true, false) if !list.contains(&codec) => list.push(codec),
                (true, false) => {}
                (false, false) => list.retain(|other| *other != codec),
            }
        }
    }
    (!every).then_some(list)
}

/// `prefer`, `operation`, `keep` and `transcode` with what is not said filled in; `None` where the
/// engine refuses it (`ast_stream_codec_prefs_parse`). Names it does not know are ignored.
pub fn codec_prefs(option: &str, text: &str) -> Option<[String; 4]> {
    let operation = if option == "codec_prefs_outgoing_offer" { "union" } else { "intersect" };
    let mut prefs = ["pending", operation, "all", "allow"].map(str::to_owned);
    for piece in text.split(',').filter(|piece| !piece.is_empty()) {
        let mut words = piece.split([':', ' ']).filter(|word| !word.is_empty());
        let (name, value) = (words.next()?, words.next()?);
        if let Some((at, _, values)) = codec_pref(name) {
            prefs[at] = values.iter().find(|known| **known == value)?.to_string();
        }
    }
    (option != "codec_prefs_incoming_offer" || prefs[1] != "union").then_some(prefs)
}

/// Place, name and values of one codec preference.
pub fn codec_pref(name: &str) -> Option<(usize, &'static str, &'static [&'static str])> {
    const PREFS: [(usize, &str, &[&str]); 4] = [
        (0, "prefer", &["pending", "configured"]),
        (1, "operation", &["intersect", "union", "only_preferred", "only_nonpreferred"]),
        (2, "keep", &["all", "first"]),
        (3, "transcode", &["allow", "prevent"]),
    ];
    PREFS.into_iter().find(|pref| pref.1 == name)
}

/// An address with port and mask, masked; `None` for what is none and for the short forms of
/// IPv4 addresses (`10/8`), which the engine fills up in a way nobody means.
pub fn network(text: &str, ports: bool) -> Option<(IpAddr, u16, IpAddr)> {
    let (host, mask) = match text.rsplit_once('/') {
        Some((host, mask)) => (host, Some(mask)),
        None => (text, None),
    };
    let (addr, port) = address(host)?;
    if port != 0 && !ports {
        return None;
    }
    Some(match addr {
        IpAddr::V4(addr) => {
            let mask = match mask {
                None => u32::MAX,
                Some(mask) if mask.contains('.') => mask.parse::<std::net::Ipv4Addr>().ok()?.to_bits(),
                Some(mask) => u32::MAX.checked_shl(32 - bits(mask, 32)?).unwrap_or(0),
            };
            (IpAddr::V4((addr.to_bits() & mask).into()), port, IpAddr::V4(mask.into()))
        }
        IpAddr::V6(addr) => {
            let mask = match mask {
                None => u128::MAX,
                Some(mask) if mask.contains(':') => mask.parse::<std::net::Ipv6Addr>().ok()?.to_bits(),
                Some(mask) => u128::MAX.checked_shl(128 - bits(mask, 128)?).unwrap_or(0),
            };
            (IpAddr::V6((addr.to_bits() & mask).into()), port, IpAddr::V6(mask.into()))
        }
    })
}

fn bits(mask: &str, most: u32) -> Option<u32> {
    mask.parse().ok().filter(|bits| *bits <= most && mask.bytes().all(|b| b.is_ascii_digit()))
}

/// An address with or without a port (0), brackets or not, zone left out; `0` is every address
/// (`ast_sockaddr_parse`).
pub fn address(text: &str) -> Option<(IpAddr, u16)> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let bare = if bare == "0" { "0.0.0.0" } else { bare };
    let bare = bare.split_once('%').filter(|(addr, _)| addr.contains(':')).map_or(bare, |(addr, _)| addr);
    let (addr, port) = match bare.parse::<IpAddr>() {
        Ok(addr) => (addr, 0),
        Err(_) => text.parse::<std::net::SocketAddr>().map(|socket| (socket.ip(), socket.port())).ok()?,
    };
    Some((addr.to_canonical(), port))
}

/// Name and number of a caller id (`ast_callerid_split`); both may be empty.
pub fn caller_id(text: &str) -> (String, String) {
    let text = strip(text);
    let whole = unquote(text);
    if let Some((name, number)) = whole.rsplit_once('<') {
        let number = number.rsplit_once('>').map_or(number, |(number, _)| number);
        return (unescape(unquote(name)), shrink(number));
    }
    let number = shrink(whole);
    let dialable = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b"*#+".contains(&b));
    match whole.len() == text.len() && dialable {
        true => (String::new(), number),
        false => (unescape(unquote(whole)), String::new()),
    }
}

fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

fn unquote(text: &str) -> &str {
    let text = strip(text);
    match text {
        "\"" => "",
        _ => text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text),
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

/// A number without blanks, parentheses, dots and dashes (`ast_shrink_phone_number`).
fn shrink(text: &str) -> String {
    let (mut out, mut brackets) = (String::new(), 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' => brackets += 1,
            ']' => brackets -= 1,
            '-' if brackets == 0 => continue,
            '.' if at + 1 < text.len() => continue,
            '(' | ' ' | ')' => continue,
            _ => {}
        }
        out.push(c);
    }
    out
}

/// How the engine spells a caller id (`ast_callerid_merge`).
pub fn caller_id_answer(name: &str, number: &str) -> String {
    match (name.is_empty(), number.is_empty()) {
        (true, true) => "<unknown>".to_owned(),
        (true, false) => number.to_owned(),
        (false, true) => name.to_owned(),
        (false, false) => {
            let mut out = String::from("\"");
            for c in name.chars() {
                if matches!(c, '"' | '\\' | '\x7f') || (c < ' ' && !matches!(c, '\t' | '\x0b')) {
                    out.push('\\');
                }
                out.push(c);
            }
            format!("{out}\" <{number}>")
        }
    }
}
