//! The inventory: an INI file that names PBXes, and the choice of those to work on.
//!
//! rust-ini reads it; what it lets pass (unknown keys, lines without `=`, sections given twice) is
//! refused here with file and line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ini::Ini;

use crate::address::{Address, Kind};
use crate::change::ReloadPolicy;
use crate::error::{Error, Place, Result};
use crate::extension::Fields;
use crate::host::{Access, Client};

mod choose;
mod edit;
mod file;
mod link;
mod login;

pub use choose::{Choice, on_this_machine};
pub use edit::{add, remove};
pub use file::rewrite;
pub use link::Link;
pub use login::LoginKeys;

/// Every key.
const KEYS: [&str; 19] = [
    "address",
    "sudo",
    "groups",
    "context",
    "template",
    "transport",
    "domain",
    "reload",
    "console",
    "event-socket-user",
    "event-socket-password-file",
    "root",
    "protected",
    "password-length",
    "ssh-client",
    "ssh-password-file",
    "timeout-connect",
    "timeout-question",
    "timeout-reload",
];

/// One PBX, with everything the inventory says about it.
#[derive(Clone, Debug)]
pub struct Pbx {
    /// Its inventory name, else its address.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// The groups it belongs to.
    pub groups: Vec<String>,
    /// Fields for new extensions.
    pub defaults: Fields,
    /// Templates for new extensions: `ENDPOINT[,AUTH,AOR]`.
    pub template: Vec<String>,
    /// The domain of new extensions.
    pub domain: Option<String>,
    /// How it reloads.
    pub reload: ReloadPolicy,
    /// Who to be on FreeSWITCH's Event Socket.
    pub login: Option<LoginKeys>,
    /// Absolute include paths are looked up under this folder.
    pub root: Option<PathBuf>,
    /// Changing it wants an explicit `--pbx`.
    pub protected: bool,
    /// How long generated passwords are.
    pub password_length: usize,
    /// Limits for opening a console, a question and a reload.
    pub timeouts: [Option<Duration>; 3],
    /// Where its engine runs, if not where its files are.
    pub console: Option<Address>,
    /// How its host may be reached.
    pub access: Access,
    /// Its host, once something was asked of it.
    pub link: Link,
    /// Where the inventory describes it.
    pub place: Option<Place>,
}

impl Pbx {
    /// A PBX the inventory does not know.
    fn unnamed(address: Address, defaults: &Section) -> Result<Self> {
        let name = address.to_string();
        Self::build(name, Some(address), None, defaults, &Section::default())
    }

    fn build(
        name: String,
        address: Option<Address>,
        place: Option<Place>,
        defaults: &Section,
        own: &Section,
    ) -> Result<Self> {
        let value = |key: &str| own.0.get(key).or_else(|| defaults.0.get(key));
        let text = |key: &str| value(key).map(|(text, _)| text.clone());
        let list = |key: &str| -> Vec<String> {
            let words = text(key).unwrap_or_default();
            words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let address = match (address, value("address")) {
            (Some(address), _) => address,
            (None, Some((text, place))) => Address::parse(text).map_err(|error| error.at(place.clone()))?,
            (None, None) => {
                return Err(Error { place, ..Error::usage(format!("[pbx {name}] has no address")) }
                    .hint("write for instance: address = asterisk:/etc/asterisk"));
            }
        };
        let bad = |key: &str, wanted: &str, (text, place): &(String, Place)| {
            Err(Error::usage(format!("{key} = {text}: {wanted}")).at(place.clone()))
        };
        let reload = match value("reload") {
            None => ReloadPolicy::Full,
            Some(found) => match found.0.as_str() {
                "core reload" | "reloadxml" | "full" => ReloadPolicy::Full,
                "narrow" => ReloadPolicy::Narrow,
                "none" => ReloadPolicy::None,
                _ => return bad("reload", "write core reload, narrow or none", found),
            },
        };
        let protected = match value("protected") {
            None => false,
            Some(found) => match found.0.as_str() {
                "yes" | "true" | "on" => true,
                "no" | "false" | "off" => false,
                _ => return bad("protected", "write yes or no", found),
            },
        };
        let password_length = match value("password-length") {
            None => 24,
            Some(found) => match found.0.parse() {
                Ok(length @ 8..=128) => length,
                _ => return bad("password-length", "write a number from 8 to 128", found),
            },
        };
        let root = match value("root") {
            None => None,
            Some(found) if found.0.starts_with('/') => Some(PathBuf::from(&found.0)),
            Some(found) => return bad("root", "write an absolute path", found),
        };
        let mut timeouts = [None; 3];
        for (slot, key) in timeouts.iter_mut().zip(["timeout-connect", "timeout-question", "timeout-reload"]) {
            if let Some(found) = value(key) {
                match parse_duration(&found.0) {
                    Some(duration) => *slot = Some(duration),
                    None => return bad(key, "write a time such as 10s or 2min", found),
                }
            }
        }
        let login = ["event-socket-user", "event-socket-password-file"];
        let login = match address.kind {
            Kind::FreeSwitch => LoginKeys::new(value(login[0]), value(login[1]))?,
            Kind::Asterisk => match login.iter().find_map(|key| Some((key, own.0.get(*key)?))) {
                Some((key, (_, place))) => {
                    return Err(Error::usage(format!("`{key}`: only FreeSWITCH has an Event Socket")).at(place.clone()));
                }
                None => None,
            },
        };
        let mut address = address;
        if let Some(found) = value("sudo") {
            let user = match found.0.as_str() {
                "no" | "false" | "off" => None,
                "yes" | "true" | "on" => Some("root".to_owned()),
                user if !crate::address::is_sudo_user(user) => {
                    return bad("sudo", "write yes, no or the name of a user", found);
                }
                user => Some(user.to_owned()),
            };
            match &address.sudo {
                None => address.sudo = user,
                // What the address says is nearer than a default.
                Some(said) if own.0.contains_key("sudo") && user.as_ref() != Some(said) => {
                    return bad("sudo", &format!("the address says {said}: leave one of both out"), found);
                }
                Some(_) => {}
            }
        }
        let console = match value("console") {
            None => None,
            Some((text, place)) => {
                let console = Address::parse(text).map_err(|error| error.at(place.clone()))?;
                if console.kind != address.kind {
                    let message = format!("console = {text}: the files are those of {}", address.kind.name());
                    return Err(Error::usage(message).at(place.clone()));
                }
                Some(console)
            }
        };
        let client = match value("ssh-client") {
            None => Client::Builtin,
            Some(found) => match found.0.as_str() {
                "builtin" => Client::Builtin,
                "system" => Client::System,
                _ => return bad("ssh-client", "write builtin or system", found),
            },
        };
        let password_file = match value("ssh-password-file") {
            None => None,
            Some(found) => match (found.0.strip_prefix("~/"), std::env::var_os("HOME")) {
                (Some(rest), Some(home)) => Some(Path::new(&home).join(rest)),
                _ if found.0.starts_with('/') => Some(PathBuf::from(&found.0)),
                _ => return bad("ssh-password-file", "write an absolute path, or one from ~/", found),
            },
        };
        let access = Access { client, accept_new_host_key: false, password_file };
        Ok(Self {
            name,
            address,
            groups: list("groups"),
            defaults: Fields { context: text("context"), transport: text("transport"), ..Fields::default() },
            template: list("template"),
            domain: text("domain"),
            reload,
            login,
            root,
            protected,
            password_length,
            timeouts,
            console,
            access,
            link: Link::default(),
            place,
        })
    }
}

/// A time such as `30s`, `2min` or plain seconds.
pub fn parse_duration(text: &str) -> Option<Duration> {
    match text.parse::<u32>() {
        Ok(seconds) => Some(Duration::from_secs(seconds.into())),
        Err(_) => humantime::parse_duration(text).ok(),
    }
    .filter(|duration| !duration.is_zero())
}

/// The keys of one section, each with its value and place.
#[derive(Clone, Debug, Default)]
struct Section(BTreeMap<String, (String, Place)>);

/// All PBXes of an inventory file.
#[derive(Debug, Default)]
pub struct Inventory {
    defaults: Section,
    /// What each `[pbx NAME]` itself says.
    sections: Vec<(String, Section)>,
    /// The PBXes, in the order of the file.
    pub pbxes: Vec<Pbx>,
    /// The file, if there is one.
    pub path: Option<PathBuf>,
}

impl Inventory {
    /// Reads the first that exists of `--config`, `$SIPCTL_CONFIG` and the usual places; a file
    /// that was named must exist.
    pub fn load(named: Option<&Path>) -> Result<Self> {
        let path = match named {
            Some(path) => Some(path.to_owned()),
            None => usual_files().into_iter().find(|path| path.exists()),
        };
        let Some(path) = path else { return Ok(Self::default()) };
        let bytes = std::fs::read(&path).map_err(|error| Error::io("read the inventory", &path, error))?;
        Self::parse(&path, text(&path, &bytes)?)
    }

    /// The file to edit: the one that is read, else the first that would be.
    pub fn file(named: Option<&Path>) -> Result<PathBuf> {
        if let Some(path) = named {
            return Ok(path.to_owned());
        }
        let usual = usual_files();
        let found = usual.iter().find(|path| path.exists()).or(usual.first());
        found.cloned().ok_or_else(|| Error::usage("no place is known for an inventory").hint("name one: --config FILE"))
    }

    /// Reads the text of an inventory.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let ini = Ini::load_from_str_noescape(text).map_err(|error| {
            // What the reader says of it is meant for those who know its insides.
            Error::usage("this is no line of an inventory, or the one above does not end")
                .at(Place::new(path, error.line as u32 + u32::from(error.line == 0)))
                .hint("a section is [pbx NAME], a setting is KEY = VALUE")
        })?;
        let lines = Lines::new(path, text);
        let mut out = Self { path: Some(path.to_owned()), ..Self::default() };
        let mut named: Vec<(String, Place, Section)> = Vec::new();
        let mut nth = 0;
        for (name, properties) in ini.iter() {
            let Some(name) = name else {
                if let Some((key, _)) = properties.iter().next() {
                    return Err(Error::usage(format!("`{}` stands before the first section", first_line(key)))
                        .at(lines.key(0, key, 0)));
                }
                continue;
            };
            nth += 1;
            let place = lines.header(nth);
            let section = || read_section(&lines, nth, properties);
            match name.trim().split_once(char::is_whitespace).map(|(a, b)| (a, b.trim())) {
                None if name.trim() == "defaults" && out.defaults.0.is_empty() => out.defaults = section()?,
                None if name.trim() == "defaults" => {
                    return Err(Error::usage("[defaults] stands here a second time").at(place));
                }
                Some(("pbx", pbx)) if pbx.contains([':', ',', ' ']) => {
                    return Err(Error::usage(format!("`{pbx}` cannot be the name of a PBX"))
                        .at(place)
                        .hint("a name has no colon, comma or blank"));
                }
                Some(("pbx", pbx)) if named.iter().any(|(other, ..)| other == pbx) => {
                    return Err(Error::usage(format!("[pbx {pbx}] stands here a second time")).at(place));
                }
                Some(("pbx", pbx)) => named.push((pbx.to_owned(), place, section()?)),
                _ => {
                    return Err(Error::usage(format!("unknown section [{}]", name.trim()))
                        .at(place)
                        .hint("sections are [defaults] and [pbx NAME]"));
                }
            }
        }
        for (name, place, section) in named {
            out.pbxes.push(Pbx::build(name.clone(), None, Some(place), &out.defaults, &section)?);
            out.sections.push((name, section));
        }
        Ok(out)
    }
}

/// The bytes of an inventory as text.
pub fn text<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::usage("the inventory is not UTF-8").at(Place::new(path, line as u32))
    })
}

/// Where an inventory usually is.
fn usual_files() -> Vec<PathBuf> {
    let config = std::env::var_os("XDG_CONFIG_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".config")));
    config
        .map(|folder| folder.join("sipctl/sipctl.ini"))
        .into_iter()
        .chain([PathBuf::from("/etc/sipctl/sipctl.ini")])
        .collect()
}

fn read_section(lines: &Lines, nth: usize, properties: &ini::Properties) -> Result<Section> {
    let mut out = Section::default();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (key, value) in properties.iter() {
        let count = seen.entry(key.to_owned()).or_default();
        let place = lines.key(nth, key, *count);
        *count += 1;
        if key.contains('\n') {
            return Err(Error::usage(format!("`{}` has no `=`", first_line(key))).at(place));
        }
        let Some(known) = KEYS.iter().find(|known| **known == key) else {
            let near = KEYS.iter().find(|known| strsim::osa_distance(known, key) <= 2);
            let error = Error::usage(format!("unknown key `{key}`")).at(place);
            return Err(match near {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error.hint("the keys are listed by: sipctl help inventory"),
            });
        };
        if out.0.contains_key(*known) {
            return Err(Error::usage(format!("`{key}` stands here a second time")).at(place));
        }
        let value = without_comment(value);
        if value.is_empty() {
            return Err(Error::usage(format!("`{key}` has no value")).at(place));
        }
        out.0.insert(key.to_owned(), (value.to_owned(), place));
    }
    Ok(out)
}

/// Cuts a comment off: a `;` after a blank, or at the start.
fn without_comment(value: &str) -> &str {
    let mut before = ' ';
    for (at, c) in value.char_indices() {
        if c == ';' && before.is_whitespace() {
            return value[..at].trim();
        }
        before = c;
    }
    value.trim()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text).trim()
}

/// Finds the line a header or key stands on, which rust-ini does not say.
struct Lines<'a> {
    path: &'a Path,
    /// Line number, number of headers up to it, the text.
    lines: Vec<(u32, usize, &'a str)>,
}

impl<'a> Lines<'a> {
    fn new(path: &'a Path, text: &'a str) -> Self {
        let mut headers = 0;
        let lines = text
            .lines()
            .zip(1..)
            .map(|(line, number)| {
                let line = line.trim();
                headers += usize::from(line.starts_with('['));
                (number, headers, line)
            })
            .collect();
        Self { path, lines }
    }

    fn header(&self, nth: usize) -> Place {
        self.place(self.lines.iter().find(|(_, header, _)| *header == nth))
    }

    /// The line where the key stands in the section for the `count + 1`th time.
    fn key(&self, nth: usize, key: &str, count: usize) -> Place {
        let key = first_line(key);
        let is_key = |line: &str| {
            line.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.trim_start().starts_with(['=', ':']))
                || line == key
        };
        self.place(self.lines.iter().filter(|(_, header, line)| *header == nth && is_key(line)).nth(count))
    }

    fn place(&self, found: Option<&(u32, usize, &str)>) -> Place {
        Place::new(self.path, found.map_or(0, |(number, ..)| *number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn parse(text: &str) -> Result<Inventory> {
        Inventory::parse(Path::new("/i.ini"), text)
    }

    const TWO: &str = "[defaults]\npassword-length = 30 ; long\n\n[pbx seoul]\naddress = asterisk:/nowhere/a\n\
                       groups = korea, production\nprotected = yes\n[pbx busan]\naddress=asterisk:/nowhere/b\n\
                       groups=korea\ncontext = internal\npassword-length=12\ntimeout-reload = 2min\n";

    #[test]
    fn defaults_comments_and_lists_are_read() {
        let inventory = parse(TWO).unwrap();
        let [seoul, busan] = &inventory.pbxes[..] else { panic!("{inventory:?}") };
        assert_eq!((seoul.password_length, busan.password_length), (30, 12));
        assert_eq!(seoul.groups, ["korea", "production"]);
        assert_eq!(busan.defaults.context.as_deref(), Some("internal"));
        assert_eq!(busan.timeouts[2], Some(Duration::from_secs(120)));
        assert_eq!(seoul.place, Some(Place::new("/i.ini", 4)));
    }

    #[test]
    fn every_mistake_has_its_line() {
        for (text, line, word) in [
            ("[pbx a]\naddress = asterisk:/a\npasword-length = 3\n", 3, "unknown key"),
            ("[pbx a]\njunk line\naddress = asterisk:/a\n", 2, "has no `=`"),
            ("[pbx a]\naddress = asterisk:/a\naddress = asterisk:/b\n", 3, "second time"),
            ("[pbx a]\naddress = asterisk:/a\n[pbx a]\naddress = asterisk:/b\n", 3, "second time"),
            ("x = 1\n[pbx a]\naddress = asterisk:/a\n", 1, "before the first section"),
            ("[phones]\na = b\n", 1, "unknown"),
            ("\n[pbx a]\nreload = no\naddress = asterisk:/a\n", 3, "core reload"),
            ("[pbx a]\ngroups = x\n", 1, "no address"),
            ("[pbx a]\naddress = foo:/a\n", 2, "neither asterisk nor freeswitch"),
            ("[pbx a]\naddress = asterisk:/a\nprotected = maybe\n", 3, "yes or no"),
            ("[pbx a]\naddress = asterisk:/a\ntimeout-reload = soon\n", 3, "a time"),
            ("[pbx a]\naddress = asterisk:/a\ncontext = ; none\n", 3, "no value"),
            ("[pbx a]\naddress = asterisk:/a\nevent-socket-user = a@b\n", 3, "only FreeSWITCH"),
            ("[pbx a]\naddress = freeswitch:/a\nevent-socket-user = a@b\n", 3, "no event-socket-password-file"),
            ("[pbx a\n", 2, "no line of an inventory"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code, Code::Usage, "{text}");
            assert_eq!(error.place, Some(Place::new("/i.ini", line)), "{text}: {error}");
            assert!(error.message.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn backslashes_and_semicolons_inside_values_stay() {
        let inventory = parse("[pbx a]\naddress = asterisk:/a\ncontext = a\\b;c\n").unwrap();
        assert_eq!(inventory.pbxes[0].defaults.context.as_deref(), Some("a\\b;c"));
    }
}
