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
    for raw in all.split(['\n', '\r']) {
        // The test for whole lines sees only what stands before the first expansion.
        let head = raw.split_once("$${").map_or(raw, |(head, _)| head);
        if ["<include>", "</include>", "<?"].iter().any(|word| head.contains(word)) {
            continue;
        }
        let mut line = expand(raw, variables);
        if in_comment {
            let Some((_, after)) = line.split_once("-->") else { continue };
            line = after.to_owned();
            in_comment = false;
        }
        if let Some(at) = line.to_ascii_uppercase().find("X-PRE-PROCESS") {
            if line[..at].ends_with('<')
                && let (Some(command), Some(data)) = (quoted(&line, "cmd=\""), quoted(&line, "data=\""))
            {
                act(&command, &data, folder, variables, out, depth);
            }
            continue;
        }
        if let Some((before, rest)) = line.split_once("<!--#") {
            let (inner, after) = rest.split_once("-->").map_or((rest, None), |(inner, after)| (inner, Some(after)));
            out.text.push_str(before);
            let (command, data) = inner.split_once(' ').unwrap_or((inner, ""));
            if after.is_some() {
                act(command, data.trim().trim_matches('"'), folder, variables, out, depth);
            }
            in_comment = after.is_none();
            out.text.push_str(after.unwrap_or_default());
        } else {
            out.text.push_str(&line);
        }
        out.text.push('\n');
    }
}

/// `exec`, `env-set` and `stun-set` are not acted on: nothing runs here.
fn act(command: &str, data: &str, folder: &Path, variables: &mut Variables, out: &mut Out, depth: usize) {
    match (command, data.split_once('=')) {
        ("set", Some((name, value))) => {
            variables.insert(name.trim().to_owned(), value.trim().to_owned());
        }
        ("include", _) => {
            let pattern = folder.join(data);
            let mut found: Vec<_> =
                glob::glob(&pattern.to_string_lossy()).into_iter().flatten().filter_map(Result::ok).collect();
            found.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
            found.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
            found.iter().for_each(|path| file(path, variables, out, depth + 1));
        }
        _ => {}
    }
}

fn quoted(line: &str, key: &str) -> Option<String> {
    let (_, rest) = line.split_once(key)?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

fn expand(line: &str, variables: &Variables) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("$${") {
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(variables.get(name).map_or("", String::as_str));
        rest = after;
    }
    out + rest
}
