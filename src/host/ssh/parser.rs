//! A small reader of ssh_config for machines without ssh: Host, Include and plain settings.
//! `Match` is refused: taking half of its meaning would be worse than none.

use std::path::{Path, PathBuf};

use super::pattern;
use crate::error::{Error, Place, Result};

/// Files that include each other for ever are cut off here, as ssh does.
const DEPTH: usize = 16;

/// Reads what the files say of a host: `(key in lower case, value)` in the order of the files. Of
/// keys that stand there several times the first counts, but for IdentityFile.
pub fn read(files: &[PathBuf], home: &Path, host: &str) -> Result<Vec<(String, String)>> {
    let mut reader = Reader { home, host, settings: Vec::new() };
    for (file, number) in files.iter().zip(0..) {
        // The first is the user's own; includes of the others are looked up in /etc/ssh.
        let folder = if number == 0 { home.join(".ssh") } else { PathBuf::from("/etc/ssh") };
        match std::fs::read(file) {
            Ok(bytes) => reader.file(file, &bytes, &folder, true, 0)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("read", file, error)),
        }
    }
    Ok(reader.settings)
}

struct Reader<'a> {
    home: &'a Path,
    host: &'a str,
    settings: Vec<(String, String)>,
}

impl Reader<'_> {
    fn file(&mut self, file: &Path, bytes: &[u8], folder: &Path, outer: bool, depth: usize) -> Result<()> {
        let mut active = outer;
        for (line, number) in String::from_utf8_lossy(bytes).lines().zip(1..) {
            let place = || Place::new(file, number);
            let Some((key, words)) = split(line) else { continue };
            if words.is_empty() {
                return Err(Error::usage(format!("`{key}` has no value")).at(place()));
            }
            match key.as_str() {
                "host" => active = outer && pattern::any(words.iter().map(String::as_str), self.host),
                "match" => {
                    return Err(Error::usage("sipctl reads no Match of an ssh_config")
                        .at(place())
                        .hint("install ssh (openssh-client): it is asked what its configuration means"));
                }
                "include" if active => self.include(&words, folder, depth)?,
                "include" => {}
                _ if active => self.settings.push((key, words.join(" "))),
                _ => {}
            }
        }
        Ok(())
    }

    fn include(&mut self, words: &[String], folder: &Path, depth: usize) -> Result<()> {
        if depth >= DEPTH {
            return Err(Error::usage("the Include lines of the ssh_config go round in a circle"));
        }
        for word in words {
            let path = match word.strip_prefix("~/") {
                Some(rest) => self.home.join(rest),
                None => folder.join(word),
            };
            let Ok(found) = glob::glob(&path.to_string_lossy()) else { continue };
            for file in found.flatten() {
                let bytes = std::fs::read(&file).map_err(|error| Error::io("read", &file, error))?;
                self.file(&file, &bytes, folder, true, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// The keyword and the words after it, which may be quoted; nothing for blanks and comments.
fn split(line: &str) -> Option<(String, Vec<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let rest = line[end..].trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    let key = line[..end].trim_matches('"').to_ascii_lowercase();
    // A command is handed to the shell as it stands.
    if key == "proxycommand" {
        let rest = rest.trim();
        return Some((key, if rest.is_empty() { Vec::new() } else { vec![rest.to_owned()] }));
    }
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    for c in rest.chars() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            '#' if !quoted && !begun => break,
            c if c.is_whitespace() && !quoted => {
                if std::mem::take(&mut begun) {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                begun = true;
                word.push(c);
            }
        }
    }
    if begun {
        words.push(word);
    }
    Some((key, words))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str, host: &str) -> Result<Vec<(String, String)>> {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        let file = home.path().join(".ssh/config");
        std::fs::write(&file, text).unwrap();
        std::fs::write(home.path().join(".ssh/more.conf"), "User more\nHost other\nUser wrong\n").unwrap();
        read(&[file, home.path().join("missing")], home.path(), host)
    }

    fn first(text: &str, host: &str, key: &str) -> Option<String> {
        of(text, host).unwrap().into_iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    #[test]
    fn blocks_patterns_negation_and_the_first_value() {
        let text = "Port 22\nHost pbx* !pbx2\n  User=admin\n\tIdentityFile \"~/my key\"\nHost *\nUser other\nPort 23\n";
        assert_eq!(first(text, "pbx1", "user").as_deref(), Some("admin"));
        assert_eq!(first(text, "pbx2", "user").as_deref(), Some("other"));
        assert_eq!(first(text, "pbx1", "port").as_deref(), Some("22"));
        assert_eq!(first(text, "pbx1", "identityfile").as_deref(), Some("~/my key"));
        assert_eq!(first(text, "pbx2", "identityfile"), None);
    }

    #[test]
    fn included_files_count_where_they_stand() {
        assert_eq!(first("Host a\nInclude more.*\nUser late\n", "a", "user").as_deref(), Some("more"));
        // A Host inside ends with the file.
        assert_eq!(first("Include more.conf\nPort 5\n", "a", "port").as_deref(), Some("5"));
        assert_eq!(first("Host b\nInclude more.conf\nHost *\nUser late\n", "a", "user").as_deref(), Some("late"));
        assert_eq!(first("Include ~/.ssh/more.conf\n", "a", "user").as_deref(), Some("more"));
        assert!(of("Include config\n", "a").unwrap_err().message.contains("circle"));
    }

    #[test]
    fn match_is_refused_with_its_line() {
        let error = of("Host a\n User x\nMatch exec true\n User y\n", "a").unwrap_err();
        assert_eq!(error.place.map(|place| place.line), Some(3));
    }

    #[test]
    fn lists_comments_and_commands() {
        assert_eq!(first("UserKnownHostsFile ~/a ~/b # mine\n", "a", "userknownhostsfile").as_deref(), Some("~/a ~/b"));
        let command = "ProxyCommand nc -X \"a b\" %h %p # x\n";
        assert_eq!(first(command, "a", "proxycommand").as_deref(), Some("nc -X \"a b\" %h %p # x"));
        assert!(of("User\n", "a").unwrap_err().message.contains("no value"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\"#=!*?~ a-zA-Z\t\r\n\u{e9}]{0,120}") {
            let mut reader = Reader { home: Path::new("/nowhere"), host: "pbx", settings: Vec::new() };
            let _ = reader.file(Path::new("/f"), text.as_bytes(), Path::new("/nowhere"), true, 0);
        }
    }
}
