//! The engine: a tree in memory, and the commands that ask about it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::directory::{data, locate, section, user};
use crate::merge::{Variables, merge};
use crate::registrar::Registrar;
use crate::tree::{Element, parse};

pub const VERSION: &str =
    "FreeSWITCH Version 1.11.3-dev+git~20260821T141014Z~cc93a683ca~64bit (git cc93a68 2026-08-21 14:10:14Z 64bit)\n";

/// What a user may on the Event Socket; everything where nothing is said (mod_event_socket.c,
/// `parse_command`).
pub struct Rights {
    pub events: Option<String>,
    pub api: Option<String>,
    pub log: bool,
}

pub struct Engine {
    conf: PathBuf,
    logs: PathBuf,
    variables: Variables,
    pub root: Element,
    /// Cacheable users, as they were first looked up: a reload does not clear them.
    cache: BTreeMap<(String, String), Element>,
    registrar: Registrar,
    /// What was logged as an error.
    pub log: Vec<String>,
}

impl Engine {
    /// Starts, or says why not.
    pub fn start(conf: &Path, logs: &Path) -> Result<Self, String> {
        let folder = |path: &Path| std::fs::canonicalize(path).unwrap_or(path.to_owned());
        let (conf, logs) = (folder(conf), folder(logs));
        let variables = BTreeMap::from([
            ("conf_dir".to_owned(), crate::text(conf.as_os_str().as_encoded_bytes())),
            ("log_dir".to_owned(), crate::text(logs.as_os_str().as_encoded_bytes())),
            ("local_ip_v4".to_owned(), std::env::var("STANDIN_IP").unwrap_or_else(|_| "127.0.0.1".to_owned())),
            ("hostname".to_owned(), "vm".to_owned()),
        ]);
        let root = Element::default();
        let mut engine = Self {
            conf,
            logs,
            variables,
            root,
            cache: BTreeMap::new(),
            registrar: Registrar::default(),
            log: Vec::new(),
        };
        engine.reload().map(|()| engine)
    }

    /// Variables count even where the tree then does not; the merged text is written before it is
    /// parsed.
    fn reload(&mut self) -> Result<(), String> {
        let cannot = || "Cannot Open log directory or XML Root!".to_owned();
        let merged = merge(&self.conf.join("freeswitch.xml"), &mut self.variables, &mut self.log).ok_or_else(cannot)?;
        std::fs::write(self.logs.join("freeswitch.xml.fsxml"), crate::bytes(&merged)).map_err(|_| cannot())?;
        self.root = parse(&merged)?;
        Ok(())
    }

    fn find(&mut self, id: &str, domain: &str) -> Option<Element> {
        let key = (id.to_ascii_lowercase(), domain.to_ascii_lowercase());
        if let Some(cached) = self.cache.get(&key) {
            return Some(cached.clone());
        }
        let found = user(&self.root, id, domain)?;
        if found.get("cacheable").is_some_and(|value| value == "true" || value.parse::<u64>().is_ok()) {
            self.cache.insert(key, found.clone());
        }
        Some(found)
    }

    /// A configuration of a module.
    pub fn configuration(&self, name: &str) -> Option<&Element> {
        locate(&self.root, "configuration", "configuration", "name", name)
    }

    /// The user behind `userauth`.
    pub fn login(&mut self, name: &str, password: &str) -> Option<Rights> {
        let (id, domain) = name.split_once('@')?;
        let user = self.find(id, domain)?;
        let param = |name: &str| data(&user, "param", name);
        (!password.is_empty() && param("esl-password")? == password).then(|| Rights {
            events: param("esl-allowed-events"),
            api: param("esl-allowed-api"),
            log: param("esl-allowed-log").is_none_or(|value| ["true", "yes", "on", "1"].contains(&value.as_str())),
        })
    }

    /// One command; an empty answer is what the socket makes `-ERR no reply` of.
    pub fn api(&mut self, command: &str) -> String {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        let unknown = || format!("-ERR {command} Command not found!\n");
        let yes = |yes: bool| if yes { "true" } else { "false" }.to_owned();
        match (name, words.as_slice()) {
            ("reloadxml", _) => match self.reload() {
                Ok(()) => "+OK [Success]\n".to_owned(),
                Err(why) => format!("+OK [{why}]\n"),
            },
            ("reloadacl", _) => match self.reload() {
                Ok(()) => "+OK acl reloaded\n".to_owned(),
                Err(why) => format!("-ERR [{why}]\n"),
            },
            ("version", _) => VERSION.to_owned(),
            ("hostname" | "switchname", _) => "vm".to_owned(),
            ("global_getvar", [name]) => self.variables.get(*name).cloned().unwrap_or_default(),
            ("global_getvar", []) => self.variables.iter().map(|(k, v)| format!("{k}={v}\n")).collect(),
            ("module_exists", _) => yes(false),
            ("domain_exists", [domain]) => yes(locate(&self.root, "directory", "domain", "name", domain).is_some()),
            ("user_exists", ["id", id, domain]) => yes(self.find(id, domain).is_some()),
            ("user_exists", _) => yes(false),
            ("user_data", [id, kind, name]) => {
                let own = self.variables.get("domain").cloned().unwrap_or_default();
                let (id, domain) = id.split_once('@').unwrap_or((id, &own));
                self.find(id, domain).and_then(|user| data(&user, kind, name)).unwrap_or_default()
            }
            ("find_user_xml", ["id", id, domain]) => {
                self.find(id, domain).map_or("-ERR can't find user\n".to_owned(), |user| user.print())
            }
            ("xml_locate", words) => {
                let found = match words {
                    ["root"] => Some(&self.root),
                    [name] => section(&self.root, name),
                    [name, tag, key, value] => locate(&self.root, name, tag, key, value),
                    _ => None,
                };
                found.map_or("can't find anything\n".to_owned(), Element::print)
            }
            ("xml_flush_cache", words) => {
                let before = self.cache.len();
                match words {
                    ["id", id, domain] => {
                        _ = self.cache.remove(&(id.to_ascii_lowercase(), domain.to_ascii_lowercase()));
                    }
                    _ => self.cache.clear(),
                }
                match before - self.cache.len() {
                    1 => "+OK cleared 1 entry\n".to_owned(),
                    n => format!("+OK cleared {n} entries\n"),
                }
            }
            ("sofia", ["profile", profile, "rescan"]) if crate::registrar::PROFILES.contains(profile) => {
                let said = self.reload().map_or_else(|why| why, |()| "Success".to_owned());
                let said = if said == "Success" { "[Success]".to_owned() } else { format!("[{said}]") };
                format!("Reload XML {said}\n+OK scan complete\n")
            }
            ("sofia", words) => self.registrar.sofia(words).unwrap_or_else(|| "-ERR Unknown command!\n".to_owned()),
            ("sofia_contact", [id]) => self.registrar.contact(id),
            ("show", [what, "as", "json"]) => self.registrar.show(what).unwrap_or_else(unknown),
            ("uuid_kill", [uuid]) => self.registrar.kill(uuid),
            ("regex", _) => regex(rest),
            ("standin", words) => self.registrar.act(words).unwrap_or_else(unknown),
            _ => unknown(),
        }
    }
}

/// `N|EXPR`, `N|EXPR|%1`, `m:~N~EXPR`; an expression it cannot read matches nothing. Look-ahead is
/// one of those here.
fn regex(rest: &str) -> String {
    let (delimiter, rest) = match rest.strip_prefix("m:").and_then(|r| Some((r.chars().next()?, r.get(1..)?))) {
        Some(named) => named,
        None => ('|', rest),
    };
    let parts: Vec<&str> = rest.split(delimiter).collect();
    let (Some(subject), Some(pattern)) = (parts.first(), parts.get(1)) else { return "-ERR\n".to_owned() };
    let found = regex_lite::Regex::new(pattern).ok().and_then(|compiled| compiled.captures(subject));
    let flag = parts.get(3).copied().unwrap_or_default();
    match (parts.get(2), found) {
        (None, found) => if found.is_some() { "true" } else { "false" }.to_owned(),
        (Some(with), Some(found)) => {
            let group = |n: usize| found.get(n).map_or("", |g| g.as_str());
            (0..10).fold((*with).to_owned(), |text, n| text.replace(&format!("%{n}"), group(n)))
        }
        (Some(_), None) if flag.contains('n') => String::new(),
        (Some(_), None) if flag.contains('b') => "false".to_owned(),
        // Misleading, and so it is.
        (Some(_), None) => (*subject).to_owned(),
    }
}
