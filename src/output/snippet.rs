//! Errors for people: what, where with the line itself, why, and what to type next.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::diff::{MASK, printable};
use crate::error::Error;

/// Words of options whose value is a secret, or may be.
const SECRET_WORDS: [&str; 8] = ["pass", "secret", "md5_cred", "digest", "a1-hash", "pin", "token", "credential"];

/// Renders an error; `line` is the text of the line it is about, if it could be read.
pub fn render(pbx: Option<&str>, error: &Error, line: Option<&str>, colour: bool) -> String {
    let mut title = match pbx {
        Some(pbx) => format!("{pbx}: {}", error.message),
        None => error.message.clone(),
    };
    if let Some(cause) = &error.cause {
        title.push_str(&format!(": {cause:#}"));
    }
    let title = printable(&title.replace('\n', " "));
    let hints: Vec<String> = error.hints.iter().map(|hint| printable(hint)).collect();
    if error.place.is_none() {
        return plain(&title, &hints, colour);
    }
    let line = line.map(mask_line);
    let path = error.place.as_ref().map(|place| printable(&place.file.display().to_string()));
    let mut group = Group::with_title(Level::ERROR.primary_title(&title));
    match (&error.place, &path, &line) {
        (Some(place), Some(path), Some(line)) => {
            let start = line.len() - line.trim_start().len();
            let span = start..line.trim_end().len().max(start);
            group = group.element(
                Snippet::source(line.as_str())
                    .line_start(place.line as usize)
                    .path(path.as_str())
                    .annotation(AnnotationKind::Primary.span(span)),
            );
        }
        (Some(place), Some(path), None) => {
            let origin = annotate_snippets::Origin::path(path.as_str());
            group = group.element(match place.line {
                0 => origin,
                line => origin.line(line as usize),
            });
        }
        _ => {}
    }
    for hint in &hints {
        group = group.element(Level::HELP.message(hint));
    }
    let renderer = match colour {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    renderer.render(&[group])
}

/// An error that is about no file.
fn plain(title: &str, hints: &[String], colour: bool) -> String {
    let (error, help) = match colour {
        true => ("\u{1b}[1;31merror\u{1b}[0m", "\u{1b}[1;36mhelp\u{1b}[0m"),
        false => ("error", "help"),
    };
    let hints = hints.iter().map(|hint| format!("\n{help}: {hint}"));
    format!("{error}: {title}{}", hints.collect::<String>())
}

/// A line of a configuration file without what may be a secret in it: where a word smells of one,
/// nothing after the first `=` or `:` is shown.
pub fn mask_line(line: &str) -> String {
    let line = printable(line.trim_end_matches(['\r', '\n']));
    let lower = line.to_ascii_lowercase();
    if !SECRET_WORDS.iter().any(|word| lower.contains(word)) {
        return line;
    }
    match line.find(['=', ':']) {
        Some(at) => format!("{}{MASK}", &line[..=at]),
        None => MASK.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;

    #[test]
    fn an_error_says_what_where_and_what_next() {
        let error = Error::usage("unknown key `contxt`").at(Place::new("/i.ini", 7)).hint("did you mean context?");
        let text = render(Some("seoul"), &error, Some("contxt = internal"), false);
        for part in
            ["error: seoul: unknown key `contxt`", "--> /i.ini:7", "7 | contxt = internal", "did you mean context?"]
        {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
    }

    #[test]
    fn a_line_with_a_password_is_cut_before_it() {
        for line in [
            "password=hunter2",
            "  ; old secret: hunter2",
            "<param name=\"password\" value=\"hunter2\"/>",
            "md5_cred => hunter2",
            "a=hunter2 ; the password",
        ] {
            assert!(!mask_line(line).contains("hunter2"), "{line}");
        }
        assert_eq!(mask_line("context = internal"), "context = internal");
    }
}
