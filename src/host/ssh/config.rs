//! What `ssh host` would do: the settings of a host, asked of the machine's ssh where there is one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::parser;
use crate::address::Ssh;
use crate::cx::Cx;
use crate::error::{Code, Error, Result};
use crate::host::local::Local;
use crate::host::{Command, Host};

/// What of this machine decides how a host is reached.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The ssh program, if there is one.
    pub ssh: Option<PathBuf>,
    /// The home folder.
    pub home: PathBuf,
    /// The socket of the user's agent.
    pub agent: Option<PathBuf>,
    /// The user's name.
    pub user: Option<String>,
}

impl Machine {
    /// This machine, as the environment describes it.
    pub fn this() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let text = |key: &str| std::env::var(key).ok().filter(|text| !text.is_empty());
        Self {
            ssh: std::env::split_paths(&path).map(|folder| folder.join("ssh")).find(|program| program.is_file()),
            home: std::env::home_dir().unwrap_or_else(|| PathBuf::from("/")),
            agent: std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from),
            user: text("USER").or_else(|| text("LOGNAME")),
        }
    }
}

/// What a shell would take for more than a letter of a word; ssh refuses them in names as well.
const SHELL: &str = "'`\"$\\;&<>|(){}";

/// Which addresses a name may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// All.
    Any,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// How to get to the host's port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// Straight.
    None,
    /// By these hosts, `[user@]host[:port]` each, separated by commas.
    Jump(String),
    /// By what this command of the user's own configuration connects to.
    Command(String),
}

/// Everything that is set for a host.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host as the address names it.
    pub name: String,
    /// The name or address to connect to.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whom to log in as.
    pub user: String,
    /// The names its keys are known under; the first is the one new keys are kept under.
    pub known_as: Vec<String>,
    /// Private keys to try; those that are missing do not matter.
    pub keys: Vec<PathBuf>,
    /// Use no keys of the agent but these.
    pub only_these: bool,
    /// The agent's socket.
    pub agent: Option<PathBuf>,
    /// The user's known_hosts files; new keys go to the first.
    pub user_known: Vec<PathBuf>,
    /// The machine's.
    pub global_known: Vec<PathBuf>,
    /// Keys of hosts that are revoked.
    pub revoked: Option<PathBuf>,
    /// Hide names in known_hosts.
    pub hash_known: bool,
    /// How long connecting may take, if set.
    pub connect: Option<Duration>,
    /// How to get there.
    pub proxy: Proxy,
    /// Which addresses to use.
    pub family: Family,
    /// Ask nobody.
    pub batch: bool,
    /// Use keys at all.
    pub with_keys: bool,
    /// Use passwords at all.
    pub with_passwords: bool,
}

impl Settings {
    /// Asks ssh, else reads its configuration.
    pub fn of(cx: &Cx, machine: &Machine, to: &Ssh) -> Result<Self> {
        let pairs = match &machine.ssh {
            Some(program) => ask(cx, program, to)?,
            None => {
                let files = [machine.home.join(".ssh/config"), PathBuf::from("/etc/ssh/ssh_config")];
                parser::read(&files, &machine.home, &to.host)?
            }
        };
        Self::build(machine, to, &pairs)
    }

    fn build(machine: &Machine, to: &Ssh, pairs: &[(String, String)]) -> Result<Self> {
        let all = |key: &'static str| pairs.iter().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str());
        let get = |key: &'static str| all(key).next().filter(|value| !value.eq_ignore_ascii_case("none"));
        let on = |key: &'static str| get(key).is_some_and(|value| matches!(value, "yes" | "true" | "1"));
        let off = |key: &'static str| get(key).is_some_and(|value| matches!(value, "no" | "false" | "0"));
        let port = match (to.port, get("port")) {
            (Some(port), _) => port,
            (None, None) => 22,
            (None, Some(text)) => text
                .parse()
                .map_err(|_| Error::usage(format!("port `{text}` of {} in the ssh_config is no port", to.host)))?,
        };
        let user = to.user.clone().or_else(|| get("user").map(str::to_owned)).or_else(|| machine.user.clone());
        let user = user.ok_or_else(|| {
            Error::usage(format!("nobody says whom to log in to {} as", to.host))
                .hint("write the user into the address: asterisk+ssh://USER@HOST")
        })?;
        let mut tokens = Tokens::new(machine, &to.host, port, &user);
        let host = match get("hostname") {
            Some(name) => tokens.expand(name).to_ascii_lowercase(),
            None => to.host.clone(),
        };
        // It becomes an argument of ssh, a line of known_hosts and a word of a ProxyCommand.
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == ',' || SHELL.contains(c);
        if host.is_empty() || host.starts_with('-') || host.contains(odd) {
            return Err(Error::usage(format!("the ssh_config gives {} an odd host name: {host:?}", to.host)));
        }
        tokens.set('h', &host);
        let known_as = match (get("hostkeyalias"), port) {
            (Some(alias), _) => vec![tokens.expand(alias)],
            (None, 22) => vec![host.clone()],
            (None, port) => vec![format!("[{host}]:{port}"), host.clone()],
        };
        let files = |key: &'static str, usual: &str| -> Vec<PathBuf> {
            let text = match all(key).next() {
                Some(text) if text.eq_ignore_ascii_case("none") => "",
                Some(text) => text,
                None => usual,
            };
            text.split_ascii_whitespace().map(|path| tokens.path(path)).collect()
        };
        let mut keys: Vec<PathBuf> =
            all("identityfile").filter(|key| !key.eq_ignore_ascii_case("none")).map(|key| tokens.path(key)).collect();
        if all("identityfile").next().is_none() {
            keys.extend(["id_rsa", "id_ecdsa", "id_ed25519"].map(|name| machine.home.join(".ssh").join(name)));
        }
        let agent = match all("identityagent").next() {
            None | Some("SSH_AUTH_SOCK") => machine.agent.clone(),
            Some(none) if none.eq_ignore_ascii_case("none") => None,
            Some(variable) if variable.starts_with('$') && !variable.starts_with("${") => {
                std::env::var_os(&variable[1..]).map(PathBuf::from)
            }
            Some(path) => Some(tokens.path(path)),
        };
        let proxy = match (get("proxyjump"), get("proxycommand")) {
            (Some(jump), _) => Proxy::Jump(tokens.expand(jump)),
            (None, Some(_)) if on("proxyusefdpass") => {
                return Err(Error::usage(format!("sipctl cannot use the ProxyUseFdpass of {}", to.host))
                    .hint("the machine's ssh can: write `ssh-client = system` for it in the inventory"));
            }
            (None, Some(command)) => Proxy::Command(tokens.expand(command)),
            (None, None) => Proxy::None,
        };
        if user.starts_with('-') || matches!(proxy, Proxy::Command(_)) && user.contains(|c: char| SHELL.contains(c)) {
            return Err(Error::usage(format!("`{user}` is an odd name of a user")));
        }
        let family = match get("addressfamily") {
            Some("inet") => Family::V4,
            Some("inet6") => Family::V6,
            _ => Family::Any,
        };
        Ok(Self {
            name: to.host.clone(),
            port,
            known_as,
            keys,
            only_these: on("identitiesonly"),
            agent,
            user_known: files("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2"),
            global_known: files("globalknownhostsfile", "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"),
            revoked: get("revokedhostkeys").map(|path| tokens.path(path)),
            hash_known: on("hashknownhosts"),
            connect: get("connecttimeout").and_then(|text| text.parse().ok()).map(Duration::from_secs),
            proxy,
            family,
            batch: on("batchmode"),
            with_keys: !off("pubkeyauthentication"),
            with_passwords: !off("passwordauthentication") || !off("kbdinteractiveauthentication"),
            host,
            user,
        })
    }

    /// What a person would type to see more.
    pub fn by_hand(&self) -> String {
        let port = if self.port == 22 { String::new() } else { format!("-p {} ", self.port) };
        format!("ssh -v {port}{}@{}", self.user, self.name)
    }
}

/// The arguments that name a host to ssh.
pub fn destination(to: &Ssh) -> Vec<String> {
    let mut args = Vec::new();
    if let Some(port) = to.port {
        args.extend(["-p".to_owned(), port.to_string()]);
    }
    if let Some(user) = &to.user {
        args.extend(["-l".to_owned(), user.clone()]);
    }
    args.extend(["--".to_owned(), to.host.clone()]);
    args
}

fn ask(cx: &Cx, program: &Path, to: &Ssh) -> Result<Vec<(String, String)>> {
    let mut args = vec!["-G".to_owned()];
    args.extend(destination(to));
    let command = Command { program: program.to_string_lossy().into_owned(), args, stdin: Vec::new() };
    let output = Local.run(cx, &[command])?.remove(0);
    if output.status != Some(0) {
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.trim().chars().filter(|c| !c.is_control()).collect();
        return Err(Error::new(
            Code::Usage,
            format!("ssh does not understand its configuration of {}: {said}", to.host),
        )
        .hint(format!("see: ssh -G {}", to.host)));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(key, value)| (key.to_ascii_lowercase(), value.trim().to_owned()))
        .collect())
}

/// `%h` and its like, `~/` and `${NAME}`.
struct Tokens {
    home: PathBuf,
    values: HashMap<char, String>,
}

impl Tokens {
    fn new(machine: &Machine, name: &str, port: u16, user: &str) -> Self {
        let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let short = node.split('.').next().unwrap_or_default().to_owned();
        let values = HashMap::from([
            ('%', "%".to_owned()),
            ('h', name.to_owned()),
            ('n', name.to_owned()),
            ('k', name.to_owned()),
            ('p', port.to_string()),
            ('r', user.to_owned()),
            ('u', machine.user.clone().unwrap_or_default()),
            ('d', machine.home.to_string_lossy().into_owned()),
            ('i', rustix::process::getuid().as_raw().to_string()),
            ('l', node),
            ('L', short),
        ]);
        Self { home: machine.home.clone(), values }
    }

    fn set(&mut self, token: char, value: &str) {
        self.values.insert(token, value.to_owned());
    }

    /// Fills tokens in; those ssh has and this has not stay as they are.
    fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some(token) => match self.values.get(&token) {
                    Some(value) => out.push_str(value),
                    None => out.extend(['%', token]),
                },
                None => out.push('%'),
            }
        }
        out
    }

    fn path(&self, text: &str) -> PathBuf {
        let text = variables(&self.expand(text.trim_matches('"')));
        match text.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None => PathBuf::from(text),
        }
    }
}

/// Fills `${NAME}` in.
fn variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&std::env::var(name).unwrap_or_default());
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine { ssh: None, home: "/home/me".into(), agent: Some("/agent".into()), user: Some("me".into()) }
    }

    fn build(port: Option<u16>, text: &str) -> Result<Settings> {
        let pairs: Vec<_> =
            text.lines().filter_map(|line| line.split_once(' ')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Settings::build(&machine(), &Ssh { user: None, host: "pbx".into(), port }, &pairs)
    }

    #[test]
    fn nothing_set_is_what_ssh_does() {
        let settings = build(None, "").unwrap();
        assert_eq!((settings.host.as_str(), settings.port, settings.user.as_str()), ("pbx", 22, "me"));
        assert_eq!(settings.user_known[0], Path::new("/home/me/.ssh/known_hosts"));
        assert_eq!(settings.keys.len(), 3);
        assert_eq!(settings.agent.as_deref(), Some(Path::new("/agent")));
        assert_eq!(settings.proxy, Proxy::None);
    }

    #[test]
    fn everything_set_counts() {
        let settings = build(
            None,
            "hostname %h.lab\nuser admin\nport 2222\nidentityfile ~/.ssh/%h_%r\nidentityfile /k%%\nidentitiesonly yes\n\
             identityagent none\nuserknownhostsfile ~/a /b\nglobalknownhostsfile none\nconnecttimeout 3\n\
             proxycommand nc %h %p %n\naddressfamily inet6\nhashknownhosts yes\nbatchmode yes\n",
        )
        .unwrap();
        assert_eq!((settings.host.as_str(), settings.user.as_str(), settings.port), ("pbx.lab", "admin", 2222));
        assert_eq!(settings.keys, [Path::new("/home/me/.ssh/pbx.lab_admin"), Path::new("/k%")]);
        assert!(settings.only_these && settings.batch && settings.hash_known);
        assert_eq!(settings.agent, None);
        assert_eq!(settings.user_known, [Path::new("/home/me/a"), Path::new("/b")]);
        assert!(settings.global_known.is_empty());
        assert_eq!(settings.connect, Some(Duration::from_secs(3)));
        assert_eq!(settings.proxy, Proxy::Command("nc pbx.lab 2222 pbx".into()));
        assert_eq!(settings.known_as, ["[pbx.lab]:2222", "pbx.lab"]);
        assert_eq!(settings.family, Family::V6);
        assert_eq!(settings.by_hand(), "ssh -v -p 2222 admin@pbx");
    }

    #[test]
    fn the_address_beats_the_configuration_and_an_alias_has_no_port() {
        let settings = build(Some(99), "port 2222\nhostkeyalias mine\nproxyjump none\n").unwrap();
        assert_eq!((settings.port, settings.known_as), (99, vec!["mine".to_owned()]));
        assert_eq!(settings.proxy, Proxy::None);
    }

    #[test]
    fn a_host_name_that_is_an_option_is_refused() {
        for name in ["-oProxyCommand=x", "a b", "a,b", "$(id)", "a;b"] {
            assert!(build(None, &format!("hostname {name}\n")).unwrap_err().message.contains("odd"), "{name}");
        }
        assert!(build(None, "port many\n").unwrap_err().message.contains("no port"));
        assert!(build(None, "user a;b\nproxycommand nc %r\n").unwrap_err().message.contains("odd"));
        assert!(build(None, "proxycommand x\nproxyusefdpass yes\n").is_err());
        assert!(build(None, "user -x\n").is_err() && build(None, "user LAB\\me\n").is_ok());
    }
}
