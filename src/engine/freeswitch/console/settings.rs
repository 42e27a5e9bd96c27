//! Where the Event Socket listens and what its password is, out of the configuration itself.
//!
//! Only as much of the preprocessor as that takes: `set` lines of freeswitch.xml and vars.xml, in
//! the order they are read, and `$${name}`. A value that needs more is left unknown, never guessed;
//! an address such as `$${local_ip_v4}` is looked up among those that listen on the port.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::xml::Element;
use crate::cx::Cx;
use crate::error::Result;
use crate::host::{Content, Host, Socket, Want};
use crate::secret::Secret;

/// What mod_event_socket uses where nothing is configured (mod_event_socket.c, `config`).
const IP: &str = "127.0.0.1";
const PORT: u16 = 8021;
const PASSWORD: &str = "ClueCon";

/// The Event Socket as the files configure it.
pub struct Settings {
    /// Where it listens, as seen from its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its password; none where the files do not tell.
    pub password: Option<Secret>,
}

/// What they are read from.
pub fn wants(folder: &Path) -> Vec<Want> {
    let names = ["freeswitch.xml", "vars.xml", "autoload_configs/event_socket.conf.xml"];
    names.map(|name| Want::File(folder.join(name))).to_vec()
}

impl Settings {
    /// Reads them.
    pub fn read(cx: &Cx, host: &dyn Host, folder: &Path) -> Result<Self> {
        let mut found =
            host.read(cx, &wants(folder))?.into_iter().map(|files| files.into_iter().next().map(|f| f.content));
        let mut next = || found.next().flatten();
        let (main, vars, own) = (next(), next(), next());
        let mut variables = BTreeMap::new();
        for content in [&main, &vars] {
            if let Some(Content::There { bytes, .. }) = content {
                sets(&String::from_utf8_lossy(bytes), &mut variables);
            }
        }
        let (mut settings, known) = match own {
            Some(Content::There { bytes, .. }) => Self::of(&bytes, &variables),
            Some(Content::Unreadable(_)) => {
                let (settings, known) = Self::of(b"", &variables);
                (Self { password: None, ..settings }, known)
            }
            Some(Content::Missing) | None => Self::of(b"", &variables),
        };
        if !known && let Some(ip) = listening(cx, host, settings.port)? {
            settings.host = ip.to_string();
        }
        Ok(settings)
    }

    /// With whether the file tells the address.
    fn of(file: &[u8], variables: &BTreeMap<String, String>) -> (Self, bool) {
        let file = expanded_bytes(file, variables);
        let document = Element::read(&file);
        let settings = document.below("settings");
        // Each param overwrites the one before it (mod_event_socket.c, `config`).
        let value = |name: &str| {
            let params = settings.first().into_iter().flat_map(|all| all.all("param"));
            params.filter(|p| p.text_of("name").as_deref() == Some(name)).last().and_then(|p| p.attribute("value"))
        };
        let text = |name: &str| value(name).map(|v| String::from_utf8_lossy(&v).into_owned());
        let (host, known) = match text("listen-ip").as_deref() {
            None | Some("" | "::" | "0.0.0.0" | "*") => (IP.to_owned(), true),
            Some(unknown) if unknown.contains("$${") => (IP.to_owned(), false),
            Some(ip) => (ip.to_owned(), true),
        };
        let password = match value("password") {
            None => Some(Secret::new(PASSWORD)),
            Some(bytes) if bytes.is_empty() => Some(Secret::new(PASSWORD)),
            Some(bytes) if bytes.windows(3).any(|w| w == b"$${") => None,
            Some(bytes) => Some(Secret::new(bytes.into_owned())),
        };
        let port = text("listen-port").and_then(|port| port.trim().parse().ok()).unwrap_or(PORT);
        (Self { host, port, password }, known)
    }

    /// The socket to connect to.
    pub fn socket(&self) -> Socket {
        Socket::Tcp(self.host.clone(), self.port)
    }

    /// Address and port, for people.
    pub fn place(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// The address of this machine that somebody listens on at this port, if it is a single one; loopback
/// is where whoever listens on every address is reached.
fn listening(cx: &Cx, host: &dyn Host, port: u16) -> Result<Option<IpAddr>> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| Want::File(table.into()));
    let mut found: Vec<IpAddr> = Vec::new();
    for file in host.read(cx, &tables)?.into_iter().flatten() {
        if let Content::There { bytes, .. } = file.content {
            found.extend(String::from_utf8_lossy(&bytes).lines().filter_map(|line| listener(line, port)));
        }
    }
    found.dedup();
    Ok(match found[..] {
        [ip] if !ip.is_unspecified() => Some(ip),
        _ => None,
    })
}

/// `   0: 0100007F:1F55 00000000:0000 0A ...`: words of an address as this machine keeps them.
fn listener(line: &str, port: u16) -> Option<IpAddr> {
    let mut columns = line.split_whitespace().skip(1);
    let (ip, its) = columns.next()?.split_once(':')?;
    if columns.nth(1)? != "0A" || u16::from_str_radix(its, 16).ok()? != port {
        return None;
    }
    let words: Option<Vec<[u8; 4]>> = ip
        .as_bytes()
        .chunks(8)
        .map(|w| Some(u32::from_str_radix(std::str::from_utf8(w).ok()?, 16).ok()?.to_ne_bytes()))
        .collect();
    match words?.as_slice() {
        [word] => Some(Ipv4Addr::from(*word).into()),
        words => Some(IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(words.concat()).ok()?)).to_canonical()),
    }
}

/// The `set` lines of a file, also those in comments: directives act there too (switch_xml.c,
/// `preprocess`; observed on 1.11).
fn sets(text: &str, variables: &mut BTreeMap<String, String>) {
    for line in text.split(['\n', '\r']) {
        let line = expanded(line, variables);
        let Some(at) = line.find("X-PRE-PROCESS") else { continue };
        let quoted = |name: &str| line[at..].split_once(&format!("{name}=\""))?.1.split_once('"').map(|(v, _)| v);
        if let (true, Some("set"), Some(data)) = (line[..at].ends_with('<'), quoted("cmd"), quoted("data"))
            && let Some((name, value)) = data.split_once('=')
        {
            variables.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

/// With every known `$${name}` put in; an unknown one stays, so that it can be seen.
fn expanded(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("$${") {
        out.push_str(before);
        let known = after.split_once('}').and_then(|(name, after)| Some((variables.get(name)?, after)));
        match known {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push_str("$${");
                rest = after;
            }
        }
    }
    out + rest
}

/// The same for a file, of which a password may be no UTF-8.
fn expanded_bytes(file: &[u8], variables: &BTreeMap<String, String>) -> Vec<u8> {
    match std::str::from_utf8(file) {
        Ok(text) => expanded(text, variables).into_bytes(),
        Err(_) => file.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(params: &str, vars: &str) -> Settings {
        let mut variables = BTreeMap::new();
        sets(vars, &mut variables);
        let file = format!(
            "<configuration name=\"event_socket.conf\">\n <settings>\n{params}\n </settings>\n</configuration>\n"
        );
        Settings::of(file.as_bytes(), &variables).0
    }

    fn password(settings: &Settings) -> Option<&str> {
        settings.password.as_ref().map(|p| std::str::from_utf8(p.reveal()).unwrap())
    }

    #[test]
    fn the_vanilla_file_is_read_without_its_comments() {
        let vanilla = "<param name=\"listen-ip\" value=\"::\"/>\n<param name=\"listen-port\" value=\"8021\"/>\n\
                       <param name=\"password\" value=\"ClueCon\"/>\n<!--<param name=\"password\" value=\"no\"/>-->";
        let settings = of(vanilla, "");
        assert_eq!((settings.place().as_str(), password(&settings)), ("127.0.0.1:8021", Some("ClueCon")));
        let nothing = of("", "");
        assert_eq!((nothing.place().as_str(), password(&nothing)), ("127.0.0.1:8021", Some("ClueCon")));
    }

    #[test]
    fn the_last_of_two_counts_and_variables_are_put_in() {
        let vars = "<!-- <X-PRE-PROCESS cmd=\"set\" data=\"pw = s3cret\"/> -->\n\
                    <X-PRE-PROCESS cmd=\"set\" data=\"esl=$${pw}-x\"/>\n<X-NO-PRE-PROCESS cmd=\"set\" data=\"esl=no\"/>";
        let two = "<param name=\"password\" value=\"a\"/><param value='$${esl}' name='password'/>\
                   <param name=\"listen-ip\" value=\"::1\"/><param name=\"listen-port\" value=\"9021\"/>";
        let settings = of(two, vars);
        assert_eq!((settings.place().as_str(), password(&settings)), ("[::1]:9021", Some("s3cret-x")));
    }

    #[test]
    fn what_the_files_do_not_tell_is_unknown() {
        assert_eq!(password(&of("<param name=\"password\" value=\"$${from_env}\"/>", "")), None);
        assert_eq!(of("<param name=\"listen-ip\" value=\"$${local_ip_v4}\"/>", "").host, "127.0.0.1");
    }

    #[test]
    fn whoever_listens_on_the_port_is_found_in_the_tables_of_the_kernel() {
        let word = |ip: &[u8; 4]| format!("{:08X}", u32::from_ne_bytes(*ip));
        let line =
            |ip: &str, port: u16, state: &str| format!("   0: {ip}:{port:04X} 00000000:0000 {state} 0:0 00:0 0 0");
        let lan = word(&[192, 168, 7, 9]);
        assert_eq!(listener(&line(&lan, 8021, "0A"), 8021), Some("192.168.7.9".parse().unwrap()));
        assert_eq!(listener(&line(&lan, 8021, "01"), 8021), None);
        assert_eq!(listener(&line(&lan, 8022, "0A"), 8021), None);
        let six: Vec<String> = "2001:db8::7"
            .parse::<Ipv6Addr>()
            .unwrap()
            .octets()
            .chunks(4)
            .map(|w| word(w.try_into().unwrap()))
            .collect();
        assert_eq!(listener(&line(&six.concat(), 8021, "0A"), 8021), Some("2001:db8::7".parse().unwrap()));
        assert_eq!(listener("  sl  local_address rem_address   st", 8021), None);
    }
}
