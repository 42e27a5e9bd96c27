//! The preprocessor: line based, it expands, drops, sets and includes (switch_xml.c, `preprocess`).

use std::collections::BTreeMap;
use std::path::Path;

pub type Variables = BTreeMap<String, String>;

/// One merged text of the main file and all it includes; none where that cannot be read.
pub fn merge(main: &Path, variables: &mut Variables, log: &mut Vec<String>) -> Option<String> {
    let mut out = Out { text: String::new(), log };
    std::fs::metadata(main).ok().filter(|meta| meta.is_file())?;
    file(main, variables, &mut out, 0);
    Some(out.text)
}

/// The merged text, and what was logged on the way.
struct Out<'l> {
    text: String,
    log: &'l mut Vec<String>,
}

/// A file that cannot be read is skipped, and that is a success: only the log tells.
fn file(path: &Path, variables: &mut Variables, out: &mut Out, depth: usize) {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        // A folder that is named like a file is skipped without a word.
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => return,
        Err(error) => {
            let why = error.to_string();
            let why = why.split(" (os error").next().unwrap_or_default();
            out.log.push(format!("[ERR] switch_xml.c:1477 Couldn't open {} ({why})", path.display()));
            return;
        }
    };
    if depth > 100 {
        return;
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    let all = crate::text(&bytes);
    let mut in_comment = false;
    for raw in all.split_inclusive(['\n', '\r']) {
        // A NUL ends the line, its line break included.
        let raw = raw.split('\0').next().unwrap_or_default();
        let (mut line, seen) = expand(raw, variables);
        // Filling in cuts the line at its first variable; what is looked for below is looked for there.
        if ["<include>", "</include>", "<?"].iter().any(|word| seen.contains(word)) {
            continue;
        }
        if in_comment {
            let Some((_, after)) = seen.split_once("-->") else { continue };
            line = after.to_owned();
            in_comment = false;
        }
        if let Some(at) = line.to_ascii_uppercase().find("X-PRE-PROCESS") {
            let directive = &line[at..];
            let directive = directive.find("/>").map_or(directive, |end| &directive[..end + 2]);
            if line[..at].ends_with('<')
                && let Some((command, Some(rest))) = quoted(directive, "CMD")
                && let Some((data, _)) = quoted(rest, "DATA")
            {
                act(command, data, folder, variables, out, depth);
            }
            continue;
        }
        let Some((before, rest)) = line.split_once("<!--#") else {
            out.text.push_str(&line);
            continue;
        };
        let (inner, after) = rest.split_once("-->").map_or((rest, None), |(inner, after)| (inner, Some(after)));
        out.text.push_str(before);
        out.text.push_str(after.unwrap_or_default());
        in_comment = after.is_none();
        let inner = inner.split(['\r', '\n']).next().unwrap_or_default();
        if let Some((command, data)) = inner.split_once(' ') {
            let in_quotes = data.split_once('"').and_then(|(_, rest)| Some(rest.split_once('"')?.0));
            act(command, in_quotes.unwrap_or(data), folder, variables, out, depth);
        }
    }
}

/// No program is run; the one that is known is `cat FILE`. `env-set` and `stun-set` do nothing.
fn act(command: &str, data: &str, folder: &Path, variables: &mut Variables, out: &mut Out, depth: usize) {
    match (command.to_ascii_lowercase().as_str(), data.split_once('=')) {
        ("set", Some((name, value))) => {
            let value = value.trim_start_matches(' ').replace("${", "%{");
            variables.insert(name.trim_end_matches(' ').to_ascii_lowercase(), value);
        }
        ("include", _) => {
            let pattern = folder.join(data);
            let mut found: Vec<_> =
                glob::glob(&pattern.to_string_lossy()).into_iter().flatten().filter_map(Result::ok).collect();
            let dot = data.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
            found.retain(|path| dot || !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
            found.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
            found.iter().for_each(|path| file(path, variables, out, depth + 1));
        }
        ("exec", _) => {
            let bytes = data.strip_prefix("cat ").and_then(|file| std::fs::read(file).ok());
            out.text.push_str(&crate::text(&bytes.unwrap_or_default()));
        }
        _ => {}
    }
}

/// What stands between the next double quotes behind the next `=` behind a key, and what follows
/// them; all the rest where they are not closed.
fn quoted<'l>(line: &'l str, key: &str) -> Option<(&'l str, Option<&'l str>)> {
    let rest = &line[line.to_ascii_uppercase().find(key)?..];
    let (_, rest) = rest.split_once('=')?;
    let (_, rest) = rest.split_once('"')?;
    Some(rest.split_once('"').map_or((rest, None), |(value, rest)| (value, Some(rest))))
}

/// The line with its variables, and what is left of it as it was: the part before the first closing
/// brace.
fn expand<'l>(line: &'l str, variables: &Variables) -> (String, &'l str) {
    let (mut out, mut at, mut seen) = (String::new(), 0, line);
    while at < line.len() {
        let rest = &line[at..];
        if let Some(name) = rest.strip_prefix("$${")
            && let Some(end) = closing(name)
        {
            out.push_str(variables.get(&name[..end].to_ascii_lowercase()).map_or("", String::as_str));
            at += 3 + end + 1;
            if seen.len() == line.len() {
                seen = &line[..at - 1];
            }
            continue;
        }
        let c = rest.chars().next().unwrap_or_default();
        out.push(c);
        at += c.len_utf8();
    }
    (out, seen)
}

/// Where the brace that is open at the start is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(at, c)| {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        (depth == 0).then_some(at)
    })
}
