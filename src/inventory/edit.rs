//! Edits of the inventory file: what is not asked for stays the same byte for byte, and removing what
//! was added gives back the bytes from before.

use std::path::Path;

use super::{Inventory, KEYS};
use crate::error::{Code, Error, Result};
use crate::text::splice::{Splice, apply};

/// Refuses what cannot be the name of a PBX in the file.
fn valid_name(name: &str) -> Result<()> {
    let odd = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, ':' | ',' | '[' | ']' | ';' | '#' | '=' | '"' | '\'')
    };
    match name.is_empty() || name.starts_with('-') || name.contains(odd) {
        false => Ok(()),
        true => Err(Error::usage(format!("`{}` cannot be the name of a PBX", name.escape_debug()))
            .hint("a name has no blank and none of : , ; # = [ ] and quotes, and does not start with -")),
    }
}

/// The text with a new PBX at its end. `keys` are in the order they are to be written in.
pub fn add(path: &Path, text: &str, name: &str, keys: &[(String, String)]) -> Result<String> {
    valid_name(name)?;
    let before = Inventory::parse(path, text)?;
    if let Some(known) = before.pbxes.iter().find(|pbx| pbx.name == name) {
        let error = Error::new(Code::Exists, format!("there is a PBX called {name} already"));
        return Err(
            Error { place: known.place.clone(), ..error }.hint(format!("remove it first: sipctl pbx rm {name}"))
        );
    }
    for (key, value) in keys {
        if !KEYS.contains(&key.as_str()) {
            return Err(
                Error::usage(format!("unknown key `{key}`")).hint("the keys are listed by: sipctl help inventory")
            );
        }
        if value.is_empty() || value.contains(|c: char| c.is_control()) {
            let why = if value.is_empty() { "is empty" } else { "holds a control character" };
            return Err(Error::usage(format!("the value of `{key}` {why}")));
        }
    }
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let end = line_end(body);
    let width = keys.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let mut section = format!("[pbx {name}]");
    for (key, value) in keys {
        section.push_str(&format!("{end}{key:<width$} = {value}"));
    }
    // A missing last line end stays missing: it says where the file ended when the section goes again.
    let insert = match (body.is_empty(), body.ends_with('\n')) {
        (true, _) => format!("{section}{end}"),
        (false, true) => format!("{end}{section}{end}"),
        (false, false) => format!("{end}{end}{section}"),
    };
    let after = splice(text, Splice::insert(text.len(), insert));
    check(path, &before, &after, name, Some(keys))?;
    Ok(after)
}

/// The text without a PBX.
pub fn remove(path: &Path, text: &str, name: &str) -> Result<String> {
    let before = Inventory::parse(path, text)?;
    let Some(line) = before.pbxes.iter().find(|pbx| pbx.name == name).and_then(|pbx| pbx.place.as_ref()) else {
        let error = Error::new(Code::NotFound, format!("no PBX is called {name} in {}", path.display()));
        return Err(error.hint("the PBXes of the inventory are listed by: sipctl pbx list"));
    };
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut at = start;
    let lines: Vec<(usize, &str)> = text[start..]
        .split_inclusive('\n')
        .map(|line| {
            at += line.len();
            (at - line.len(), line)
        })
        .collect();
    let header = (line.line as usize).saturating_sub(1);
    let content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with([';', '#']);
    let next = lines.iter().skip(header + 1).position(|(_, line)| line.trim_start().starts_with('['));
    let next = next.map_or(lines.len(), |more| header + 1 + more);
    let last = (header..next).rev().find(|at| content(lines[*at].1)).unwrap_or(header);
    // Its own comment goes with it: the line above that names it.
    let names = |line: &str| {
        line.trim_start().starts_with([';', '#'])
            && line.split(|c: char| c.is_whitespace() || ";#:,".contains(c)).any(|word| word == name)
    };
    let mut first = header;
    if first > 0 && names(lines[first - 1].1) {
        first -= 1;
    }
    let blank = |at: usize| matches!(lines[at].1, "\n" | "\r\n");
    if first > 0 && blank(first - 1) {
        first -= 1;
    }
    let (mut from, to) = (lines[first].0, lines[last].0 + lines[last].1.len());
    if !lines[last].1.ends_with('\n') {
        // The line end before it came with it.
        let kept = &text[..from];
        from -= kept.len() - kept.strip_suffix('\n').map_or(kept, |kept| kept.strip_suffix('\r').unwrap_or(kept)).len();
    }
    let after = splice(text, Splice::remove(from..to));
    check(path, &before, &after, name, None)?;
    Ok(after)
}

/// The line end of the last line that has one.
fn line_end(text: &str) -> &'static str {
    let lone = text.ends_with('\r');
    match text.rfind('\n') {
        Some(at) if text[..at].ends_with('\r') || lone => "\r\n",
        None if lone => "\r\n",
        _ => "\n",
    }
}

fn splice(text: &str, splice: Splice) -> String {
    String::from_utf8_lossy(&apply(text.as_bytes(), vec![splice])).into_owned()
}

/// Refuses a new text that does not read as it should: every other PBX as before, and this one with
/// exactly the wanted keys, or gone.
fn check(path: &Path, before: &Inventory, after: &str, name: &str, keys: Option<&[(String, String)]>) -> Result<()> {
    let now = Inventory::parse(path, after).map_err(|error| match (keys, error.place.is_some()) {
        // Its line is not in the file.
        (Some(_), true) => Error { place: None, ..error },
        _ => error,
    })?;
    let others = |inventory: &Inventory| -> Vec<_> {
        inventory
            .sections
            .iter()
            .filter(|(other, _)| other != name)
            .map(|(name, keys)| (name.clone(), values(keys)))
            .collect()
    };
    let same = others(before) == others(&now) && values(&before.defaults) == values(&now.defaults);
    let found = now.sections.iter().find(|(other, _)| other == name).map(|(_, keys)| values(keys));
    let mut wanted = keys.map(<[(String, String)]>::to_vec);
    wanted.iter_mut().for_each(|keys| keys.sort());
    if same && found == wanted {
        return Ok(());
    }
    let odd = found
        .iter()
        .flatten()
        .zip(wanted.iter().flatten())
        .find(|(a, b)| a != b)
        .map(|(_, (key, value))| (key.clone(), value.clone()));
    Err(match odd {
        Some((key, value)) => {
            Error::usage(format!("`{key} = {value}` cannot be written: it would be read as something else"))
                .hint("a ; after a blank starts a comment; quotes and blanks at the ends are lost")
        }
        None => {
            Error::failed(format!("{} would not read as before around [pbx {name}]; it is left alone", path.display()))
                .hint("edit it by hand: sipctl help inventory")
        }
    })
}

fn values(section: &super::Section) -> Vec<(String, String)> {
    section.0.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn added(text: &str) -> String {
        add(Path::new("/i.ini"), text, "new", &keys(&[("address", "asterisk:/n"), ("groups", "a, b")])).unwrap()
    }

    #[test]
    fn add_then_remove_gives_the_same_bytes() {
        for text in [
            "",
            "\u{feff}",
            "\n",
            "  ",
            "; only a comment",
            "; only a comment\r",
            "[pbx a]\naddress = asterisk:/a\n",
            "[pbx a]\naddress = asterisk:/a",
            "\u{feff}[pbx a]\r\naddress = asterisk:/a\r\n\r\n\r\n",
            "[pbx a]\r\naddress = asterisk:/a\r\n; end",
            "[defaults]\npassword-length=30 ; long\n\n\n[pbx a]\naddress=asterisk:/a\n# new is coming\n",
            "[pbx a]\naddress = asterisk:/a\n\n; new: soon\n",
        ] {
            let with = added(text);
            assert!(with.starts_with(text), "{text:?}");
            assert_eq!(remove(Path::new("/i.ini"), &with, "new").unwrap(), text, "{with:?}");
        }
        assert!(
            added("[pbx a]\r\naddress = asterisk:/a\r\n")
                .ends_with("\r\n[pbx new]\r\naddress = asterisk:/n\r\ngroups  = a, b\r\n")
        );
    }

    #[test]
    fn a_section_goes_with_its_comment_and_nothing_else() {
        let text = "; all\n[pbx a]\naddress = asterisk:/a\n\n; b, in Busan\n[pbx b]\n; where\naddress = asterisk:/b\n\n; the rest\n[pbx c]\naddress = asterisk:/c\n";
        let without = remove(Path::new("/i.ini"), text, "b").unwrap();
        assert_eq!(without, "; all\n[pbx a]\naddress = asterisk:/a\n\n; the rest\n[pbx c]\naddress = asterisk:/c\n");
        assert_eq!(remove(Path::new("/i.ini"), text, "x").unwrap_err().code, Code::NotFound);
    }

    #[test]
    fn what_would_read_as_something_else_is_refused() {
        let add = |name: &str, list: &[(&str, &str)]| {
            add(Path::new("/i.ini"), "[pbx a]\naddress = asterisk:/a\n", name, &keys(list))
        };
        assert_eq!(add("a", &[("address", "asterisk:/n")]).unwrap_err().code, Code::Exists);
        for (name, list) in [
            ("a b", &[("address", "asterisk:/n")][..]),
            ("x]", &[("address", "asterisk:/n")]),
            ("x\n[pbx y", &[("address", "asterisk:/n")]),
            ("x", &[("address", "asterisk:/n"), ("context", "a ; b")]),
            ("x", &[("address", "asterisk:/n"), ("context", " a")]),
            ("x", &[("address", "asterisk:/n"), ("context", "\"a\"")]),
            ("x", &[("address", "asterisk:/n"), ("context", "\"a")]),
            ("x", &[("address", "asterisk:/n"), ("context", "a\nprotected = yes")]),
            ("x", &[("address", "asterisk:/n"), ("context", "")]),
            ("x", &[("address", "asterisk:/n"), ("reload", "sometimes")]),
            ("x", &[("address", "asterisk:/n"), ("colour", "red")]),
            ("x", &[("context", "a")]),
        ] {
            let error = add(name, list).unwrap_err();
            assert_eq!(error.code, Code::Usage, "{name:?} {list:?}: {error}");
        }
    }
}
