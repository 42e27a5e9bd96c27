//! The address: one string that names a PBX wholly.
//!
//! `ENGINE:PATH`, `ENGINE+ssh://[USER@]HOST[:PORT][/PATH]`, `ENGINE+docker://NAME[/PATH]` (or
//! podman), `ENGINE+docker+ssh://[USER@]HOST[:PORT]/NAME[/PATH]`, each with `?sudo` or `?sudo=USER`.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::error::{Error, Result};

/// The kinds of telephony engine an address can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Asterisk.
    Asterisk,
    /// FreeSWITCH.
    FreeSwitch,
}

impl Kind {
    /// Every kind, in the order they are looked for on this machine.
    pub const ALL: [Self; 2] = [Self::Asterisk, Self::FreeSwitch];

    /// The word that starts an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asterisk => "asterisk",
            Self::FreeSwitch => "freeswitch",
        }
    }

    /// The folder used where an address names none.
    pub fn usual_folder(self) -> &'static Path {
        Path::new(self.usual_folders()[0])
    }

    /// The folders looked at when no PBX is named.
    pub fn usual_folders(self) -> &'static [&'static str] {
        match self {
            Self::Asterisk => &["/etc/asterisk", "/usr/local/etc/asterisk"],
            Self::FreeSwitch => {
                &["/etc/freeswitch", "/usr/local/freeswitch/conf", "/usr/local/freeswitch/conf/vanilla"]
            }
        }
    }

    /// The file that shows that a folder is this engine's; an address may name it too.
    pub fn main_file(self) -> &'static str {
        match self {
            Self::Asterisk => "pjsip.conf",
            Self::FreeSwitch => "freeswitch.xml",
        }
    }
}

/// A machine reached over SSH.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ssh {
    /// The user, if not the one of ~/.ssh/config.
    pub user: Option<String>,
    /// Name or address; without the brackets of an IPv6 address.
    pub host: String,
    /// The port, if not the one of ~/.ssh/config.
    pub port: Option<u16>,
}

/// Programs that run containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// docker.
    Docker,
    /// podman.
    Podman,
}

impl Runtime {
    /// The program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

/// Where the PBX is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// This machine.
    Local,
    /// Another machine.
    Ssh(Ssh),
    /// A container.
    Container {
        /// What runs it.
        runtime: Runtime,
        /// Its name.
        name: String,
        /// The machine it is on, if not this one.
        on: Option<Ssh>,
    },
}

/// A PBX: engine, machine or container, folder. Two addresses of the same PBX are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The engine.
    pub kind: Kind,
    /// The machine or container.
    pub location: Location,
    /// Its configuration folder.
    pub folder: PathBuf,
    /// Through sudo, as this user.
    pub sudo: Option<String>,
}

impl Address {
    /// The machine or container alone, whoever logs in there.
    pub fn machine(&self) -> String {
        let bare = |ssh: &Ssh| Ssh { user: None, ..ssh.clone() }.to_string();
        match &self.location {
            Location::Local => "localhost".to_owned(),
            Location::Ssh(ssh) => bare(ssh),
            Location::Container { runtime, name, on: None } => format!("{} {name}", runtime.name()),
            Location::Container { runtime, name, on: Some(ssh) } => {
                format!("{} {name} on {}", runtime.name(), bare(ssh))
            }
        }
    }

    /// Whether a text is meant as an address and not as a name of the inventory.
    pub fn looks_like(text: &str) -> bool {
        text.contains(':')
    }

    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Error::usage(format!("`{text}` is no address of a PBX: {why}"))
                .hint("an address looks like asterisk:/etc/asterisk; see: sipctl help addresses")
        };
        let (scheme, rest) = text.split_once(':').ok_or_else(|| refuse("it has no `:`"))?;
        let mut words = scheme.split('+');
        let engine = words.next().unwrap_or_default();
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == engine)
            .ok_or_else(|| refuse(&format!("`{engine}` is neither asterisk nor freeswitch")))?;
        let ways: Vec<&str> = words.collect();
        let (rest, sudo) = match rest.split_once('?') {
            None => (rest, None),
            Some((rest, "sudo")) => (rest, Some("root".to_owned())),
            Some((rest, query)) => match query.strip_prefix("sudo=") {
                Some(user) if !user.is_empty() => {
                    let user = decode(user).map_err(&refuse)?;
                    if !is_sudo_user(&user) {
                        return Err(refuse("after `sudo=` comes the name of a user"));
                    }
                    (rest, Some(user))
                }
                _ => return Err(refuse("after `?` only sudo or sudo=USER may stand")),
            },
        };
        if ways.is_empty() {
            let folder = local_folder(kind, rest).map_err(&refuse)?;
            return Ok(Self { kind, location: Location::Local, folder, sudo });
        }
        let rest = rest.strip_prefix("//").ok_or_else(|| refuse("`//` is missing after the scheme"))?;
        let (authority, path) = match rest.find('/') {
            Some(at) => (&rest[..at], &rest[at..]),
            None => (rest, ""),
        };
        let (location, path) = match ways[..] {
            ["ssh"] => (Location::Ssh(ssh(authority).map_err(&refuse)?), path),
            [way] => (container(way, authority, None).map_err(&refuse)?, path),
            [way, "ssh"] => {
                let on = ssh(authority).map_err(&refuse)?;
                let inside = path.trim_start_matches('/');
                let (name, path) = match inside.find('/') {
                    Some(at) => (&inside[..at], &inside[at..]),
                    None => (inside, ""),
                };
                (container(way, name, Some(on)).map_err(&refuse)?, path)
            }
            _ => return Err(refuse("after the engine comes +ssh, +docker, +podman, +docker+ssh or +podman+ssh")),
        };
        let folder = match path.trim_end_matches('/') {
            "" => kind.usual_folder().to_owned(),
            path => folder_of(kind, Path::new(&decode(path).map_err(&refuse)?)),
        };
        Ok(Self { kind, location, folder, sudo })
    }

    /// A folder of this machine.
    pub fn local(kind: Kind, folder: &Path) -> Self {
        Self { kind, location: Location::Local, folder: folder_of(kind, folder), sudo: None }
    }

    /// Whether sipctl needs nobody else to reach it.
    pub fn is_plain_local(&self) -> bool {
        self.location == Location::Local && self.sudo.is_none()
    }
}

/// `PATH` of `ENGINE:PATH`: absolute, or from `./`, `../` or `~/`.
fn local_folder(kind: Kind, text: &str) -> Result<PathBuf, &'static str> {
    let text = decode(text)?;
    let path = if text.is_empty() {
        kind.usual_folder().to_owned()
    } else if text.starts_with('/') {
        PathBuf::from(text)
    } else if let Some(rest) = text.strip_prefix("~/").or((text == "~").then_some("")) {
        Path::new(&std::env::var_os("HOME").ok_or("HOME is not set")?).join(rest)
    } else if text == "." || text == ".." || text.starts_with("./") || text.starts_with("../") {
        std::env::current_dir().map_err(|_| "the current folder is gone")?.join(text)
    } else {
        return Err("the path must be absolute or start with ./ or ~/");
    };
    let folder = folder_of(kind, &path);
    Ok(folder.canonicalize().unwrap_or(folder))
}

/// The folder an engine reads: the path itself, or the parent of its main file; without `.`, `..`
/// and doubled slashes.
fn folder_of(kind: Kind, path: &Path) -> PathBuf {
    let path = if path.file_name().is_some_and(|name| name == kind.main_file()) {
        path.parent().unwrap_or(path)
    } else {
        path
    };
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

fn container(way: &str, name: &str, on: Option<Ssh>) -> Result<Location, &'static str> {
    let runtime = match way {
        "docker" => Runtime::Docker,
        "podman" => Runtime::Podman,
        _ => return Err("after the engine comes +ssh, +docker, +podman, +docker+ssh or +podman+ssh"),
    };
    let name = decode(name)?;
    match name.as_str() {
        "" => Err("the container has no name"),
        // It is told to people as a word of a command.
        _ if name.starts_with(['-', '.']) || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) => {
            Err("a container is named with letters, digits, `_`, `.` and `-`")
        }
        _ => Ok(Location::Container { runtime, name, on }),
    }
}

/// What a shell would take for more than a letter of a word. Older ssh programs hand names to the
/// user's ProxyCommand as they are.
const SHELL: &str = "'`\"$;&<>|(){}";

fn login(user: String) -> Result<String, &'static str> {
    let odd = |c: char| c.is_whitespace() || SHELL.contains(c);
    if user.starts_with('-') || user.ends_with('\\') || user.contains(odd) {
        return Err("the name of the user is odd");
    }
    Ok(user)
}

/// Whether sudo, and the line for sudoers that is told where it refuses, can take a name as it is.
pub fn is_sudo_user(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "_.-@$\\".contains(c);
    !name.is_empty() && !name.starts_with('-') && name.chars().all(plain)
}

fn ssh(authority: &str) -> Result<Ssh, &'static str> {
    let (user, host) = match authority.rsplit_once('@') {
        Some(("", _)) => return Err("the user before `@` is empty"),
        Some((user, _)) if user.contains(':') => return Err("a password has no place in an address"),
        Some((user, host)) => (Some(login(decode(user)?)?), host),
        None => (None, authority),
    };
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or("the bracket of the IPv6 address is not closed")?;
            let (number, zone) = host.split_once('%').unwrap_or((host, "eth0"));
            let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            if number.parse::<std::net::Ipv6Addr>().is_err() || zone.is_empty() || !zone.chars().all(plain) {
                return Err("in brackets stands an IPv6 address");
            }
            (host.to_owned(), rest.strip_prefix(':').or(rest.is_empty().then_some("")).ok_or("after `]` comes :PORT")?)
        }
        None => match host.split_once(':') {
            Some((_, port)) if port.contains(':') => return Err("an IPv6 address stands in brackets"),
            Some((_, "")) => return Err("the port is empty"),
            Some((host, port)) => (host.to_ascii_lowercase(), port),
            None => (host.to_ascii_lowercase(), ""),
        },
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\' || c == ',' || SHELL.contains(c);
    if host.is_empty() || host.starts_with('-') || host.contains(odd) {
        return Err("the host name is missing or odd");
    }
    let port = match port {
        "" => None,
        port => Some(port.parse().ok().filter(|port| *port > 0).ok_or("the port is no number from 1 to 65535")?),
    };
    Ok(Ssh { user, host, port })
}

fn decode(text: &str) -> Result<String, &'static str> {
    let bytes = text.as_bytes();
    let broken = |at: usize| !bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if (0..bytes.len()).any(|at| bytes[at] == b'%' && broken(at)) {
        return Err("after `%` come two hex digits (a `%` itself is %25)");
    }
    let text = percent_decode_str(text).decode_utf8().map_err(|_| "what is percent-encoded is no UTF-8")?;
    if text.chars().any(char::is_control) {
        return Err("it holds a control character");
    }
    Ok(text.into_owned())
}

/// What must be encoded in every part.
const ODD: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#').add(b'"').add(b'<').add(b'>');
/// What must be encoded in a user or container name too.
const NAME: &AsciiSet = &ODD.add(b'/').add(b'@').add(b':').add(b'[').add(b']').add(b'+');

impl fmt::Display for Ssh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{}@", utf8_percent_encode(user, NAME))?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        match &self.location {
            Location::Local => f.write_str(":")?,
            Location::Ssh(ssh) => write!(f, "+ssh://{ssh}")?,
            Location::Container { runtime, name, on } => {
                write!(f, "+{}", runtime.name())?;
                let name = utf8_percent_encode(name, NAME);
                match on {
                    Some(ssh) => write!(f, "+ssh://{ssh}/{name}")?,
                    None => write!(f, "://{name}")?,
                }
            }
        }
        write!(f, "{}", utf8_percent_encode(&self.folder.to_string_lossy(), ODD))?;
        match self.sudo.as_deref() {
            None => Ok(()),
            Some("root") => f.write_str("?sudo"),
            Some(user) => write!(f, "?sudo={}", utf8_percent_encode(user, NAME)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_printed_back() {
        for text in [
            "asterisk:/nowhere/asterisk",
            "freeswitch:/nowhere/conf/vanilla",
            "asterisk+ssh://admin@pbx1:2222/etc/asterisk",
            "asterisk+ssh://[fe80::1]:2222/etc/asterisk?sudo",
            "asterisk+ssh://a%40b@pbx1/etc/my%20asterisk?sudo=asterisk",
            "asterisk+docker://asterisk-server/etc/asterisk",
            "freeswitch+podman+ssh://admin@host/name/conf",
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_same_pbx_under_two_names_is_equal() {
        let same = |a: &str, b: &str| assert_eq!(Address::parse(a).unwrap(), Address::parse(b).unwrap());
        same("asterisk:/nowhere/a", "asterisk:/nowhere//b/../a/pjsip.conf");
        same("asterisk+ssh://PBX1", "asterisk+ssh://pbx1/etc/asterisk/");
        same("asterisk+docker://a%62c", "asterisk+docker://abc/etc/asterisk");
        assert_ne!(Address::parse("asterisk+ssh://a").unwrap(), Address::parse("asterisk+ssh://root@a").unwrap());
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for (text, why) in [
            ("kamailio:/etc", "neither asterisk nor freeswitch"),
            ("asterisk:etc/asterisk", "absolute"),
            ("asterisk+ssh:/etc", "`//` is missing"),
            ("asterisk+ssh://fe80::1/etc", "brackets"),
            ("asterisk+ssh://a:b@host/", "password"),
            ("asterisk+ssh://host:99999/", "port"),
            ("asterisk+docker:///etc", "no name"),
            ("asterisk+lxc://a", "+ssh"),
            ("asterisk:/etc?root", "sudo"),
            ("asterisk:/etc/%zz", "hex digits"),
            ("asterisk+ssh://-oProxyCommand=x/", "odd"),
            ("asterisk+ssh://a;id/", "odd"),
            ("asterisk+ssh://$(id)/", "odd"),
            ("asterisk+ssh://a\nb/", "odd"),
            ("asterisk+ssh://[x;id%eth0]/", "IPv6"),
            ("asterisk+ssh://[fe80::1%$(id)]/", "IPv6"),
            ("asterisk+ssh://$(id)@a/", "user is odd"),
            ("asterisk+ssh://a%20-oX=y@a/", "user is odd"),
            ("asterisk+ssh://-lroot@a/", "user is odd"),
            ("asterisk+ssh://a%0Ab@a/", "control"),
            ("asterisk+podman://--privileged/etc", "container is named"),
            ("asterisk+podman://a%20b/etc", "container is named"),
            ("asterisk+docker+ssh://a/$(id)/etc", "container is named"),
            ("asterisk:/etc?sudo=-s", "name of a user"),
            ("asterisk:/etc?sudo=x)%20NOPASSWD:ALL", "name of a user"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
