//! The login: keys of the agent, key files, then passwords, as ssh does it.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ssh2::{Agent, KeyboardInteractivePrompt, Prompt, PublicKey};

use super::config::Settings;
use super::key::{self, Key};
use super::live::{Live, Stop, code, code_of};
use super::password;
use crate::cx::Cx;
use crate::error::{Code, Error, Result};
use crate::host::process::waits;
use crate::host::{Socket, local};
use crate::secret::Secret;

/// How often a passphrase is asked for.
const TRIES: usize = 3;

/// How often a wait for the agent looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);

/// How long an agent may take to sign: it may ask a person, or want a token touched.
const SIGNATURE: Duration = Duration::from_secs(60);

/// Passphrases that were right, for the other hosts of this run.
static PASSPHRASES: Mutex<BTreeMap<PathBuf, Secret>> = Mutex::new(BTreeMap::new());

/// Held while a passphrase is asked for.
static ASKING: Mutex<()> = Mutex::new(());

/// Logs in, or says what was tried and what would do.
pub(super) fn login(cx: &Cx, live: &Live, settings: &Settings, password: Option<&Path>) -> Result<()> {
    let password = password.map(password::read).transpose()?;
    let mut login = Login { cx, live, settings, tried: Vec::new() };
    let mut methods = match login.methods() {
        Ok(methods) => methods,
        // A server that wants nothing lets everybody in at once.
        Err(_) if live.session.authenticated() => return Ok(()),
        Err(stop) => return Err(login.stopped(stop)),
    };
    if live.session.authenticated() {
        return Ok(());
    }
    let offers = |methods: &str, method: &str| methods.split(',').any(|offered| offered == method);
    let wants_password = |methods: &str| ["password", "keyboard-interactive"].iter().any(|way| offers(methods, way));
    if settings.with_keys && offers(&methods, "publickey") {
        if login.by_keys()? {
            return Ok(());
        }
        // A server that wants a key and a password offers the second only after the first.
        if !wants_password(&methods)
            && let Ok(now) = login.methods()
        {
            methods = now;
        }
    }
    if settings.with_passwords && wants_password(&methods) {
        let given = password.is_some();
        let password = match password {
            Some(password) => Some(password),
            None if settings.batch => None,
            None => ask(cx, &format!("Password of {}@{}", settings.user, settings.name))?,
        };
        if let Some(password) = password {
            for method in ["password", "keyboard-interactive"].into_iter().filter(|method| offers(&methods, method)) {
                if login.by_password(method, &password)? {
                    return Ok(());
                }
            }
            login
                .tried
                .push(if given { "the password of --ssh-password-file" } else { "the password typed" }.to_owned());
        }
    }
    Err(login.refused(&methods))
}

/// Asks a person; nothing typed is no answer, and a signal meanwhile ends the login.
fn ask(cx: &Cx, prompt: &str) -> Result<Option<Secret>> {
    cx.check()?;
    let typed = cx.events.secret(&cx.cancel, prompt)?;
    cx.check()?;
    Ok(typed.filter(|typed| !typed.reveal().is_empty()))
}

/// Has an agent list its keys (draft-miller-ssh-agent 4.4): libssh2 would wait without end for one that hangs.
fn agent_answers(cx: &Cx, socket: &Path) -> io::Result<()> {
    const LIST: [u8; 5] = [0, 0, 0, 1, 11];
    let mut stream = local::connect::open(cx, &Socket::Unix(socket.to_owned()))?;
    let deadline = cx.deadline(cx.timeouts.connect);
    stream.set_timeout(LOOK)?;
    stream.write_all(&LIST)?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 1 << 12]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) if !waits(&error) => return Err(error),
            Err(_) if cx.cancel.is_set() => return Err(ErrorKind::Interrupted.into()),
            Err(_) if Instant::now() >= deadline => return Err(ErrorKind::TimedOut.into()),
            Err(_) => {}
        }
        // One that is left in the middle of its answer complains.
        if answer.first_chunk().is_some_and(|size| answer.len() - 4 >= u32::from_be_bytes(*size) as usize) {
            return Ok(());
        }
    }
}

struct Login<'a> {
    cx: &'a Cx<'a>,
    live: &'a Live,
    settings: &'a Settings,
    tried: Vec<String>,
}

impl Login<'_> {
    /// One exchange, with a time of its own: a person may have thought about a passphrase before.
    fn exchange<T>(&self, call: impl FnMut() -> Result<T, ssh2::Error>) -> Result<T, Stop> {
        self.live.until(self.cx, self.cx.deadline(self.cx.timeouts.connect), call)
    }

    /// The methods the server offers now.
    fn methods(&self) -> Result<String, Stop> {
        self.exchange(|| self.live.session.auth_methods(&self.settings.user).map(str::to_owned))
    }

    /// What an attempt came to: in, refused, or an error that ends the login.
    fn came_to(&self, result: Result<(), Stop>) -> Result<bool> {
        match result {
            Ok(()) => Ok(self.live.session.authenticated()),
            Err(Stop::Ssh(error)) if code_of(&error) == code::REFUSED => Ok(false),
            // libssh2 has the same code for a connection that is gone and for a server that wants more.
            Err(Stop::Ssh(error)) if code_of(&error) == code::UNVERIFIED && !error.message().contains("Waiting") => {
                Ok(false)
            }
            Err(stop) => Err(self.stopped(stop)),
        }
    }

    fn by_keys(&mut self) -> Result<bool> {
        let keys: Vec<(&Path, Key)> = self.settings.keys.iter().map(|file| (file.as_path(), key::look(file))).collect();
        let listed: Vec<Vec<u8>> = keys
            .iter()
            .filter_map(|(file, key)| match key {
                Key::Usable { public, .. } => public.clone(),
                _ => key::beside(file),
            })
            .collect();
        let mut held = Vec::new();
        if let Some(socket) = &self.settings.agent
            && self.by_agent(socket, &listed, &mut held)?
        {
            return Ok(true);
        }
        for (file, key) in keys {
            let by_agent = |public: &Option<Vec<u8>>| public.as_ref().is_some_and(|public| held.contains(public));
            match key {
                Key::Missing => {}
                Key::Unusable(_) if by_agent(&key::beside(file)) => {}
                Key::Unusable(why) => self.tried.push(format!("{} (not used: {why})", file.display())),
                Key::Usable { ref public, .. } if by_agent(public) => {}
                Key::Usable { encrypted: false, .. } => {
                    if self.by_file(file)? {
                        return Ok(true);
                    }
                }
                Key::Usable { encrypted: true, .. } => {
                    if self.by_encrypted(file)? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Keys of the agent, those of the configuration first. An agent that cannot be asked is as good
    /// as none.
    fn by_agent(&mut self, socket: &Path, listed: &[Vec<u8>], held: &mut Vec<Vec<u8>>) -> Result<bool> {
        let silent = |why: &dyn std::fmt::Display| {
            self.cx.events.detail(&format!("the ssh agent at {} does not answer: {why}", socket.display()));
            Ok(false)
        };
        if let Err(error) = agent_answers(self.cx, socket) {
            self.cx.check()?;
            return silent(&error);
        }
        let Ok(mut agent) = self.live.session.agent() else { return Ok(false) };
        let identities = agent
            .set_identity_path(socket)
            .and_then(|()| agent.connect())
            .and_then(|()| agent.list_identities())
            .and_then(|()| agent.identities());
        let mut identities = match identities {
            Ok(identities) => identities,
            Err(error) => return silent(&error),
        };
        let place = |key: &PublicKey| listed.iter().position(|listed| listed == key.blob());
        if self.settings.only_these {
            identities.retain(|key| place(key).is_some());
        }
        identities.sort_by_key(|key| place(key).unwrap_or(listed.len()));
        let agent = Arc::new(agent);
        for identity in identities {
            self.cx.events.detail(&format!("ssh: trying the key {} of the agent", identity.comment()));
            held.push(identity.blob().to_vec());
            self.tried.push(format!("{} of the agent", identity.comment()));
            match self.by_identity(&agent, identity) {
                Err(Stop::Late) => {
                    return Err(Error::new(Code::Unreachable, "the ssh agent gave no signature in time")
                        .hint("does it ask somebody, or want a token touched? `IdentityAgent none` in ~/.ssh/config does without it"));
                }
                // An agent may hold what it cannot sign with.
                Err(Stop::Ssh(error)) if self.is_of_the_key(&error) => {}
                result => {
                    if self.came_to(result)? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// A key of the agent, which may ask a person first; nothing can stop that call, so it is made aside.
    fn by_identity(&self, agent: &Arc<Agent>, identity: PublicKey) -> Result<(), Stop> {
        let identity = Arc::new(identity);
        let deadline = self.cx.deadline(self.cx.timeouts.connect.max(SIGNATURE));
        loop {
            let (sender, answer) = channel();
            let (agent, identity, user) = (Arc::clone(agent), Arc::clone(&identity), self.settings.user.clone());
            std::thread::spawn(move || sender.send(agent.userauth(&user, &identity)));
            let tried = loop {
                match answer.recv_timeout(LOOK) {
                    Ok(tried) => break tried,
                    Err(_) if self.cx.cancel.is_set() => return Err(self.live.abandoned(Stop::Interrupted)),
                    Err(_) if Instant::now() >= deadline => return Err(self.live.abandoned(Stop::Late)),
                    Err(_) => {}
                }
            };
            match tried {
                Err(error) if code_of(&error) == code::AGAIN => {
                    self.live.wait(deadline.saturating_duration_since(Instant::now()));
                }
                other => return other.map_err(Stop::Ssh),
            }
        }
    }

    /// Whether an error is about the key and the next one can be tried.
    fn is_of_the_key(&self, error: &ssh2::Error) -> bool {
        const OF_THE_KEY: [i32; 5] =
            [code::FILE, code::UNSUPPORTED, code::ALGO_UNSUPPORTED, code::AGENT, code::KEYFILE];
        OF_THE_KEY.contains(&code_of(error))
    }

    fn by_file(&mut self, file: &Path) -> Result<bool> {
        self.cx.events.detail(&format!("ssh: trying the key {}", file.display()));
        let session = &self.live.session;
        let result = self.exchange(|| session.userauth_pubkey_file(&self.settings.user, None, file, None));
        match result {
            Err(Stop::Ssh(error)) if self.is_of_the_key(&error) => {
                self.tried.push(format!("{} (not used: {})", file.display(), error.message()));
                Ok(false)
            }
            result => {
                self.tried.push(file.display().to_string());
                self.came_to(result)
            }
        }
    }

    fn by_encrypted(&mut self, file: &Path) -> Result<bool> {
        if let Some(came_to) = self.by_known_passphrase(file)? {
            return Ok(came_to);
        }
        // Several hosts may want the same key at once: one of them asks, the others wait.
        let _one = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(came_to) = self.by_known_passphrase(file)? {
            return Ok(came_to);
        }
        let mut why = "it has a passphrase: ssh-add it";
        let mut again = "";
        for _ in 0..TRIES {
            let prompt = format!("{again}Passphrase of {}", file.display());
            let typed = if self.settings.batch { None } else { ask(self.cx, &prompt)? };
            let Some(typed) = typed else { break };
            if let Some(came_to) = self.by_passphrase(file, &typed)? {
                PASSPHRASES.lock().unwrap_or_else(PoisonError::into_inner).insert(file.to_owned(), typed);
                return Ok(came_to);
            }
            (why, again) = ("wrong passphrase", "That was not it. ");
        }
        self.tried.push(format!("{} (not used: {why})", file.display()));
        Ok(false)
    }

    fn by_known_passphrase(&mut self, file: &Path) -> Result<Option<bool>> {
        let known = PASSPHRASES.lock().unwrap_or_else(PoisonError::into_inner).get(file).cloned();
        known.map_or(Ok(None), |known| self.by_passphrase(file, &known))
    }

    /// What it came to; nothing where the passphrase is not the key's.
    fn by_passphrase(&mut self, file: &Path, passphrase: &Secret) -> Result<Option<bool>> {
        let Ok(passphrase) = std::str::from_utf8(passphrase.reveal()) else { return Ok(None) };
        let (session, user) = (&self.live.session, &self.settings.user);
        match self.exchange(|| session.userauth_pubkey_file(user, None, file, Some(passphrase))) {
            // libssh2 calls a wrong passphrase an unsupported format.
            Err(Stop::Ssh(error)) if self.is_of_the_key(&error) => Ok(None),
            result => {
                self.tried.push(file.display().to_string());
                self.came_to(result).map(Some)
            }
        }
    }

    fn by_password(&self, method: &str, password: &Secret) -> Result<bool> {
        let (session, user) = (&self.live.session, &self.settings.user);
        let Ok(password) = std::str::from_utf8(password.reveal()) else {
            return Err(Error::usage("a password for ssh must be UTF-8"));
        };
        let result = match method {
            "password" => self.exchange(|| session.userauth_password(user, password)),
            _ => {
                let mut answers = Answers { password, asked: 0 };
                self.exchange(|| session.userauth_keyboard_interactive(user, &mut answers))
            }
        };
        self.came_to(result)
    }

    fn stopped(&self, stop: Stop) -> Error {
        let name = &self.settings.name;
        match stop {
            Stop::Interrupted => Error::new(Code::Interrupted, "interrupted"),
            Stop::Late => Error::new(Code::Unreachable, format!("{name} does not answer the login"))
                .hint("allow more time with: --timeout"),
            Stop::Ssh(error) => {
                let mut broke = Error::new(Code::Unreachable, format!("{name} broke off the login"));
                if code_of(&error) != code::UNVERIFIED {
                    broke = broke.because(anyhow::anyhow!("{}", error.message()));
                }
                if !self.tried.is_empty() {
                    broke = broke.hint(format!("tried: {}", self.tried.join(", "))).hint(
                        "a server allows few tries: IdentityFile and IdentitiesOnly in ~/.ssh/config choose the key",
                    );
                }
                broke.hint(format!("see what it says: {}", self.settings.by_hand()))
            }
        }
    }

    fn refused(&self, methods: &str) -> Error {
        let Settings { name, user, .. } = self.settings;
        let tried = match self.tried[..] {
            [] => "no key or password is at hand".to_owned(),
            _ => format!("tried {}", self.tried.join(", ")),
        };
        let offered = if methods.is_empty() { "nothing" } else { methods };
        let mut error = Error::new(
            Code::Unreachable,
            format!("{name} refuses the login of {user}: {tried}; it offers {}", offered.replace(',', ", ")),
        )
        .hint(format!("see what it says: {}", self.settings.by_hand()));
        if methods.contains("gssapi") || self.tried.iter().any(|key| key.contains("security key")) {
            error = error.hint("the machine's ssh can do more: write `ssh-client = system` for it in the inventory");
        }
        error
    }
}

/// Answers hidden questions with the password, once: a second round means that it was wrong.
struct Answers<'a> {
    password: &'a str,
    asked: usize,
}

impl KeyboardInteractivePrompt for Answers<'_> {
    fn prompt<'a>(&mut self, _: &str, _: &str, prompts: &[Prompt<'a>]) -> Vec<String> {
        if !prompts.is_empty() {
            self.asked += 1;
        }
        let answer = |prompt: &Prompt| match prompt.echo || self.asked > 1 {
            true => String::new(),
            false => self.password.to_owned(),
        };
        prompts.iter().map(answer).collect()
    }
}
