//! The few settings the console needs of a file (asterisk.conf, pjsip_notify.conf): sections of
//! keys and values, nothing of includes and inheritance.

/// One section: its name and its settings in order. Templates (`[name](!)`) are left out, as the
/// engine leaves them out (observed on 16.28 and 22.10: Debian's `[directories](!)` has no effect).
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The name between the brackets.
    pub name: String,
    /// Keys and values.
    pub settings: Vec<(String, String)>,
}

/// The sections of a file.
pub fn sections(text: &str) -> Vec<Section> {
    let mut out: Vec<Section> = Vec::new();
    let mut skip = true;
    for line in text.lines() {
        let line = without_comment(line);
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let Some((name, rest)) = header.split_once(']') else { continue };
            skip = rest.strip_prefix('(').is_some_and(|r| r.split([',', ')']).any(|o| o == "!"));
            if !skip {
                out.push(Section { name: name.to_owned(), settings: Vec::new() });
            }
        } else if let (false, Some(section), Some((key, value))) = (skip, out.last_mut(), line.split_once('=')) {
            let value = value.strip_prefix('>').unwrap_or(value);
            section.settings.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    out
}

/// The line up to its comment; `\;` is a semicolon.
fn without_comment(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.peek() == Some(&';') => out.extend(rest.next()),
            ';' => break,
            c => out.push(c),
        }
    }
    out
}

/// The last value of a key in the sections of this name.
pub fn value<'s>(sections: &'s [Section], name: &str, key: &str) -> Option<&'s str> {
    sections
        .iter()
        .filter(|s| s.name.eq_ignore_ascii_case(name))
        .flat_map(|s| &s.settings)
        .rfind(|(k, _)| k.eq_ignore_ascii_case(key))
        .map(|(_, v)| v.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_of_directories_says_nothing() {
        let stock = sections("[directories](!)\nastrundir => /nowhere\n[options]\nverbose = 3 ; three\n");
        assert_eq!(value(&stock, "directories", "astrundir"), None);
        assert_eq!(value(&stock, "options", "verbose"), Some("3"));

        let own = sections("[directories]\nastrundir => /a\nastrundir = /b ; here\n;[directories]\n;astrundir = /c\n");
        assert_eq!(value(&own, "directories", "astrundir"), Some("/b"));
    }

    #[test]
    fn an_escaped_semicolon_is_part_of_the_value() {
        let notify = sections("[snom]\nEvent=>check-sync\\;reboot=false\n");
        assert_eq!(value(&notify, "snom", "Event"), Some("check-sync;reboot=false"));
    }
}
