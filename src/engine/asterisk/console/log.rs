//! What the engine logged during a reload, and what it says of an object.
//!
//! Nothing about a bad configuration comes back from the reload itself; it is all in the log, some
//! of it once for each of the 13 object types, and some of it quoting what stands in the file.

use std::collections::BTreeSet;

use crate::wire::control_socket::plain;

/// What a masked value looks like.
pub const MASK: &str = "********";

/// What res_pjsip logs on every reload, in the middle of it (observed on 16.28 and 22.10).
pub const RELOAD_LINE: &str = "Type 'system' is not reloadable";

/// Whether the log file has the line that res_pjsip writes on every reload.
pub fn has_reload_line(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains(RELOAD_LINE)
}

/// The lines of a log file, each once, in order: level, source and text (`ERROR config.c: ...`).
/// Left out are the version the file starts with and what res_pjsip says on every reload.
pub fn lines(bytes: &[u8]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = plain(bytes);
    let wanted = all.lines().filter_map(line).filter(|l| !l.contains(RELOAD_LINE));
    wanted.map(masked).filter(|l| seen.insert(l.clone())).collect()
}

/// `[Nov 21 03:18:07] ERROR[13350][C-00000001] config.c: text` without time, thread and call.
fn line(line: &str) -> Option<String> {
    let (level, rest) = ["ERROR", "WARNING", "NOTICE"]
        .iter()
        .filter_map(|level| {
            let at = line.find(&format!("{level}["))?;
            Some((at, *level, &line[at + level.len()..]))
        })
        .min_by_key(|(at, ..)| *at)
        .map(|(_, level, rest)| (level, rest))?;
    let mut rest = rest;
    while let Some(after) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        rest = after.1;
    }
    Some(format!("{level} {}", rest.trim()))
}

/// Hides what a line may quote of a secret: main/config.c, config_options.c and
/// res_pjsip/config_auth.c repeat values, unknown directives and the head of long lines.
fn masked(line: String) -> String {
    let parsing = line.split_once("Error parsing ").and_then(|(head, rest)| Some((head, rest.split_once('=')?)));
    if let Some((head, (name, value))) = parsing.filter(|(_, (name, _))| is_secret(name)) {
        let tail = value.rfind(" at line ").map_or("", |at| &value[at..]);
        return format!("{head}Error parsing {name}={MASK}{tail}");
    }
    for (words, end) in
        [("It begins with: ", "..."), ("Unknown directive '", "' at line"), ("password_digest algorithm '", "'")]
    {
        let Some(start) = line.find(words).map(|at| at + words.len()) else { continue };
        let stop = line[start..].rfind(end).map_or(line.len(), |at| start + at);
        let known = ["MD5", "SHA-256", "SHA-512-256"].iter().any(|a| a.eq_ignore_ascii_case(&line[start..stop]));
        if !known {
            return format!("{}{MASK}{}", &line[..start], &line[stop..]);
        }
    }
    line
}

/// Whether an option of this name holds a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    ["password", "cred", "secret", "token", "digest", "pin"].iter().any(|word| name.contains(word))
}

/// Why this object, or everything of its type, is not what the file says; the line to show.
pub fn blame(log: &[String], object: &str, id: &str) -> Option<String> {
    let this = format!("of type '{object}' with id '{id}'");
    let refused = log.iter().position(|l| l.contains(&this) && l.contains("Could not create an object"));
    if let Some(at) = refused {
        // The line before it says what is wrong, unless that line was dropped as a repetition.
        let cause = at.checked_sub(1).map(|before| &log[before]).filter(|l| is_cause(l));
        return Some(cause.unwrap_or(&log[at]).clone());
    }
    // One bad object of a type can freeze the whole type at its old state.
    let of_type = format!("of type '{object}'");
    let frozen = |l: &&String| {
        l.contains("could not be loaded") && l.contains(&of_type)
            || (l.contains("'pjsip.conf'")
                && (l.contains("are invalid and cannot be parsed") || l.contains("Unable to load config file")))
    };
    let at = log.iter().position(|l| frozen(&l))?;
    let cause = log.iter().find(|l| is_parse_error(l));
    Some(cause.filter(|_| log[at].contains("are invalid")).unwrap_or(&log[at]).clone())
}

/// Type and id of every object that was refused.
pub fn refused(log: &[String]) -> impl Iterator<Item = (&str, &str)> {
    log.iter().filter_map(|line| {
        let (_, rest) = line.split_once("Could not create an object of type '")?;
        let (kind, rest) = rest.split_once("' with id '")?;
        Some((kind, rest.split_once("' from configuration file")?.0))
    })
}

/// A parse error anywhere: it explains an object that is missing, because the rest of an included
/// file is dropped while the load counts as a success.
pub fn parse_error(log: &[String]) -> Option<&str> {
    log.iter().find(|l| is_parse_error(l)).map(String::as_str)
}

fn is_parse_error(line: &str) -> bool {
    let words = [
        "parse error",
        "Inheritance requested",
        "Category addition requested",
        "listed as a #include",
        "Invalid escape",
        "Unterminated comment",
        "Maximum Include level",
        "No category context",
    ];
    words.iter().any(|word| line.contains(word))
}

fn is_cause(line: &str) -> bool {
    [
        "config_options.c",
        "config_auth.c",
        "location.c",
        "pjsip_configuration.c",
        "config_transport.c",
        "identifier_ip.c",
    ]
    .iter()
    .any(|source| line.contains(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> Vec<String> {
        lines(text.as_bytes())
    }

    const REFUSED: &str = "[Nov 21 03:18:07] Asterisk 22.10.1 built by nobody\n\
        [Nov 21 03:18:07] ERROR[12] config_options.c: Could not find option suitable for category '1002' named 'bogus' at line 8 of \n\
        [Nov 21 03:18:07] ERROR[12] res_sorcery_config.c: Could not create an object of type 'endpoint' with id '1002' from configuration file 'pjsip.conf'\n\
        [Nov 21 03:18:07] NOTICE[12] sorcery.c: Type 'system' is not reloadable, maintaining previous values\n\
        [Nov 21 03:18:07] ERROR[12][C-00000001] res_sorcery_config.c: Could not create an object of type 'endpoint' with id '1002' from configuration file 'pjsip.conf'\n";

    #[test]
    fn lines_come_once_without_time_and_thread() {
        let log = log(REFUSED);
        assert_eq!(log.len(), 2, "{log:?}");
        assert_eq!(
            log[0],
            "ERROR config_options.c: Could not find option suitable for category '1002' named 'bogus' at line 8 of"
        );
    }

    #[test]
    fn a_line_blames_only_its_object() {
        let log = log(REFUSED);
        assert!(blame(&log, "endpoint", "1002").unwrap().contains("'bogus'"));
        assert_eq!(refused(&log).collect::<Vec<_>>(), [("endpoint", "1002")]);
        for (object, id) in [("auth", "1002"), ("endpoint", "100"), ("endpoint", "1003")] {
            assert_eq!(blame(&log, object, id), None);
        }
        // A phone that fails to register meanwhile says nothing about its configuration.
        let noise =
            vec!["NOTICE res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '<sip:1002@x>' failed".to_owned()];
        assert_eq!(blame(&noise, "endpoint", "1002"), None);
    }

    #[test]
    fn a_duplicate_blames_its_type_and_a_bad_file_every_type() {
        let duplicate = "ERROR res_sorcery_config.c: Config file 'pjsip.conf' could not be loaded; configuration contains a duplicate object: '1005' of type 'endpoint'";
        let log = vec![duplicate.to_owned()];
        assert_eq!(blame(&log, "endpoint", "1002").as_deref(), Some(duplicate));
        assert_eq!(blame(&log, "auth", "1002"), None);

        let invalid = [
            "WARNING config.c: parse error: no closing ']', line 21 of /etc/asterisk/pjsip.conf",
            "ERROR res_sorcery_config.c: Contents of config file 'pjsip.conf' are invalid and cannot be parsed",
        ];
        let log: Vec<String> = invalid.map(str::to_owned).into();
        assert_eq!(blame(&log, "aor", "1"), Some(log[0].clone()));
        let other = vec!["ERROR res_sorcery_config.c: Unable to load config file 'pjproject.conf'".to_owned()];
        assert_eq!(blame(&other, "aor", "1"), None);
    }

    #[test]
    fn what_a_line_quotes_of_a_secret_is_hidden() {
        for (line, shown) in [
            (
                "ERROR config_options.c: Error parsing md5_cred=hunter2 at line 31 of ",
                "Error parsing md5_cred=******** at line 31 of",
            ),
            (
                "ERROR config_options.c: Error parsing password= hunter2 at line 3 of x at line 4 of ",
                "password=******** at line 4 of",
            ),
            (
                "WARNING config.c: Line 3 too long, skipping. It begins with: password=hunter2...",
                "It begins with: ********...",
            ),
            (
                "WARNING config.c: Unknown directive '#password=hunter2' at line 3 of f",
                "Unknown directive '********' at line 3 of f",
            ),
            (
                "WARNING res_pjsip/config_auth.c: 1002: Unknown password_digest algorithm 'hunter2' specified",
                "algorithm '********' specified",
            ),
        ] {
            let masked = masked(line.trim_end().to_owned());
            assert!(masked.contains(shown) && !masked.contains("hunter2"), "{masked}");
        }
        let kept = "ERROR config_options.c: Error parsing dtmf_mode=foo at line 5 of";
        assert_eq!(masked(kept.to_owned()), kept);
    }
}
