//! What sipctl needs of a telephony engine: to read its configuration as it does, to plan a change,
//! to make it reload, and to prove from its own answers that the change is live.
//!
//! An engine opens nothing itself: files come through a [`Host`], answers through the console it
//! makes from one. Planning is pure.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::address::Kind;
use crate::cx::Cx;
use crate::error::{Error, Place, Result};
use crate::extension::{Edit, Ext, Extension, ShownSetting};
use crate::host::{Host, Meta, Want};
use crate::secret::{Credential, Secret};
use crate::wire::event_socket::Login;

mod ahead;
pub mod asterisk;
pub mod freeswitch;
mod mentions;
mod moves;
mod number;
pub mod refuse;
mod snapshot;
mod suggest;

/// Something worth saying that stops nothing (unless `--strict`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Warning {
    /// The stable code scripts look at, for instance `not-dialable`.
    pub code: String,
    /// The extension it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub number: Option<String>,
    /// What to say.
    pub message: String,
    /// The file it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<PathBuf>,
    /// The line it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
}

impl Warning {
    /// A warning without number or place.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), number: None, message: message.into(), file: None, line: None }
    }

    /// Says which extension.
    #[must_use]
    pub fn number(mut self, number: impl Into<String>) -> Self {
        self.number = Some(number.into());
        self
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.file = Some(place.file.clone());
        self.line = (place.line > 0).then_some(place.line);
        self
    }
}

/// One file a plan changes. Its bytes leave this process only through the masker (`output::diff`).
#[derive(Clone, Debug)]
pub struct FileChange {
    /// The path people know it by.
    pub path: PathBuf,
    /// The bytes and meta data that were read; `None` for a new file.
    pub before: Option<(Arc<[u8]>, Meta)>,
    /// The bytes it gets; `None` for a file that goes.
    pub after: Option<Arc<[u8]>>,
    /// Where secrets stand in `before` (byte offsets, sorted).
    pub secrets_before: Vec<std::ops::Range<usize>>,
    /// Where secrets stand in `after` (byte offsets, sorted).
    pub secrets_after: Vec<std::ops::Range<usize>>,
    /// For a new file: takes owner, mode, ACL and label of this one.
    pub like: Option<PathBuf>,
    /// For a file that comes back: the owner, group and permission bits it had.
    pub owner: Option<(u32, u32, u32)>,
}

impl FileChange {
    /// What these files were, and what they become.
    pub fn sides(files: &[Self]) -> [moves::Changes; 2] {
        let before = files.iter().map(|file| (file.path.clone(), file.before.as_ref().map(|(bytes, _)| bytes.clone())));
        [before.collect(), files.iter().map(|file| (file.path.clone(), file.after.clone())).collect()]
    }
}

/// What a plan did for one extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// `create`, `update`, `passwd`, `renumber`, `delete`, `enable`, `disable`, `kick`, `notify`.
    pub action: String,
    /// The extension (its new number after a renumbering).
    pub number: String,
    /// Its domain.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub domain: Option<String>,
    /// The old number of a renumbering.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub was: Option<String>,
}

impl Done {
    /// What an edit does, in this domain.
    pub fn of(edit: &Edit, domain: Option<String>) -> Self {
        let (action, ext, was) = match edit {
            Edit::Create(ext, _) => ("create", ext, None),
            Edit::Password { ext, .. } => ("passwd", ext, None),
            Edit::Set { ext, .. } => ("update", ext, None),
            Edit::Renumber { old, new } => ("renumber", new, Some(old.number.clone())),
            Edit::Delete(ext) => ("delete", ext, None),
            Edit::Disable(ext) => ("disable", ext, None),
            Edit::Enable(ext) => ("enable", ext, None),
        };
        Self { action: action.to_owned(), number: ext.number.clone(), domain, was }
    }
}

/// A question to the running engine with the one right answer. Serialisable without showing a
/// secret, so that recovery needs no re-planning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The engine's object type: `endpoint`, `auth`, `aor`, `identify`, `user`.
    pub object: Cow<'static, str>,
    /// Its id.
    pub id: Arc<str>,
    /// The extension it belongs to.
    pub number: Arc<str>,
    /// The right answer.
    pub expect: Expect,
}

/// The right answer to a [`Proof`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// The object is there.
    Present,
    /// The object is not there.
    Absent,
    /// The field has this value, in the form of the configuration file (the engine compares
    /// canonical forms); several values for an option that accumulates.
    Field {
        /// The option's name.
        name: String,
        /// Its values in order; none when it must be unset.
        values: Vec<String>,
    },
    /// The field holds this secret: lower-case hex of MD5(`salt:secret`); `None`, it is empty.
    Secret {
        /// The option's name.
        name: String,
        /// The salt.
        salt: String,
        /// The hash, lower-case hex.
        md5: Option<String>,
    },
}

/// How one proof came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The engine gave the right answer.
    Proved,
    /// The engine cannot read this field back; the object is there and the log has no line about it.
    Indirect,
    /// The engine spells the value in a way sipctl does not know, or cannot be asked this.
    Unproved {
        /// Why, without secrets.
        why: String,
    },
    /// The engine holds something else, or logged an error that names the object.
    Failed {
        /// What it holds or said, without secrets.
        why: String,
        /// What it holds in place of the value, where it can be shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        holds: Option<String>,
    },
}

impl Verdict {
    /// [`Verdict::Failed`] without a value.
    pub fn failed(why: String) -> Self {
        Self::Failed { why, holds: None }
    }
}

/// What must be reloaded to make a plan live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reload {
    /// Commands of the narrowest reload, in order (`module reload res_pjsip.so`); on FreeSWITCH what
    /// follows `reloadxml` (`reloadacl`, `xml_flush_cache id 1002 DOMAIN`).
    pub narrow: Vec<String>,
    /// Whether only the narrow ones may run (pending edits of others, or the inventory says so).
    pub only_narrow: bool,
}

/// What to do after the change is proved. Failing, it is a warning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aftercare {
    /// Drop every registration of this AOR or user.
    Kick {
        /// The AOR, or user@domain.
        id: String,
    },
    /// End the calls of this extension.
    Hangup {
        /// The endpoint or user.
        id: String,
    },
    /// Ask the phones of this extension to fetch their settings (Event: check-sync).
    Notify {
        /// The endpoint or user.
        id: String,
    },
}

/// Everything a change will do. Pure data.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// File changes, sorted by path; empty when there is nothing to do.
    pub files: Vec<FileChange>,
    /// What is done for which extension.
    pub done: Vec<Done>,
    /// How to make it live.
    pub reload: Reload,
    /// What must be true of the running engine afterwards.
    pub prove_new: Vec<Proof>,
    /// What must be true of it once the old files are back (and should be before the change).
    pub prove_old: Vec<Proof>,
    /// What follows after proof.
    pub aftercare: Vec<Aftercare>,
    /// Number and context of the extensions it creates: whether they can be dialled is asked after proof.
    pub dial: Vec<(String, String)>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// The changes of the history that it takes back.
    pub undo: Vec<u64>,
}

/// What a plan needs to know of the running engine.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Version as the engine says it, for instance `22.10.1`.
    pub version: String,
    /// The configuration folder it reads.
    pub folder: PathBuf,
    /// How long ago it last read its configuration; `None` when it does not say.
    pub since_reload: Option<Duration>,
    /// Option names the running engine knows, by object type; empty where it cannot be asked.
    pub options: std::collections::BTreeMap<String, std::collections::BTreeSet<String>>,
    /// The realm it challenges with where nothing else is configured, or the domain.
    pub realm: Option<String>,
    /// What is known against reloading this very version.
    pub risk: Option<String>,
    /// Questions it cannot answer at all, in words, for the `unproved` warning.
    pub cannot: Vec<String>,
}

impl Live {
    /// The second, by the clock of the host its files are on, in which it last read them; `asked` is
    /// when it said how long ago that was.
    pub fn last_read(&self, host: &dyn Host, asked: Instant) -> Option<i64> {
        let since = self.since_reload?;
        let (seconds, nanos) = host.clock();
        let now = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        let asked = now - i128::try_from(asked.elapsed().as_nanos()).unwrap_or(0);
        let asked = i64::try_from(asked.div_euclid(1_000_000_000)).unwrap_or(seconds);
        Some(asked.saturating_sub_unsigned(since.as_secs()))
    }
}

/// What a reload said.
#[derive(Clone, Debug, Default)]
pub struct Reloaded {
    /// The command people know, for the report (`core reload`).
    pub command: String,
    /// How long it took.
    pub took: Duration,
    /// Errors and warnings the engine logged meanwhile, each once, in order, secrets masked.
    pub log: Vec<String>,
}

/// How a shell reloads an engine.
#[derive(Clone, Debug, Default)]
pub struct ByHand {
    /// In this order; none has a secret among its arguments.
    pub commands: Vec<crate::host::Command>,
    /// What the answer holds when somebody else's reload is under way.
    pub busy: Vec<String>,
}

/// The file beside a journal from which a shell logs in.
pub const LEFT_LOGIN: &str = ".fs_cli_conf";

/// Who is registered as an extension now.
#[derive(Clone, Debug, Serialize)]
pub struct Contact {
    /// What it registered as: the AOR, or user@domain.
    #[serde(skip)]
    pub id: String,
    /// The extension.
    pub number: String,
    /// Contact URI.
    pub uri: String,
    /// User agent, if it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Seconds until it expires, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Where it registered from, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Contact {
    /// Whether it is one of these: ids, or numbers where no domain is known.
    pub fn is_of(&self, ids: &[String]) -> bool {
        ids.iter().any(|id| id.eq_ignore_ascii_case(&self.id) || *id == self.number)
    }
}

/// How planning is to treat things.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// `--no-validate`: do not check option names and values.
    pub no_validate: bool,
    /// `--kick`: drop registrations of every extension touched.
    pub kick: bool,
    /// `--hangup`: end calls of every extension touched.
    pub hangup: bool,
}

/// The configuration files of one PBX that matter, read at one moment, with their meaning.
pub trait Estate: Send {
    /// Every file that was read, with its bytes and meta data (the history keeps their hashes).
    fn files(&self) -> Vec<(&Path, &Arc<[u8]>, &Meta)>;

    /// What is there, in number order; every kind.
    fn extensions(&self) -> Vec<Extension>;

    /// One of them.
    fn find(&self, ext: &Ext) -> Option<Extension>;

    /// The domains an id stands in; `None` where the engine knows no domains.
    fn domains(&self, _ext: &Ext) -> Option<Vec<String>> {
        None
    }

    /// Whether the number is taken as an id by anything at all (phone, trunk, template name is not).
    fn has(&self, ext: &Ext) -> bool;

    /// Its effective options with file and line; secrets masked unless `reveal`.
    fn settings(&self, ext: &Ext, reveal: bool) -> Vec<ShownSetting<'_>>;

    /// Where extensions live besides these files, and the line that says so.
    fn elsewhere(&self) -> Option<(String, Place)> {
        None
    }

    /// The ids its phones register under, as [`Contact::id`] has them.
    fn registers_as(&self, ext: &Ext, _live: Option<&Live>) -> Vec<String> {
        vec![ext.to_string()]
    }

    /// Its password where it is stored in clear.
    fn password(&self, ext: &Ext) -> Option<Secret>;

    /// Its credential, in clear or as a digest.
    fn credential(&self, _ext: &Ext, _live: Option<&Live>) -> Option<Credential> {
        None
    }

    /// Warnings about the files as they are (broken elsewhere, chan_sip, unterminated comment).
    fn warnings(&self) -> Vec<Warning>;

    /// What else the engine refused at a reload: objects no proof is about, with their places.
    fn broken(&self, _log: &[String], _proofs: &[Proof]) -> Vec<Warning> {
        Vec::new()
    }

    /// Where the engine says these files are wrong, if its refusal names a place in its own terms.
    fn locate(&self, _refusal: &Error) -> Option<Place> {
        None
    }

    /// What the engine would lose at its next reading of the files as they are, phones above all.
    fn loses(&self) -> Option<Error> {
        None
    }

    /// Turns edits into a plan: no file, no socket. All or nothing; every edit that cannot be done
    /// is named in the error.
    fn plan(&self, live: Option<&Live>, edits: &[Edit], options: &PlanOptions) -> Result<Plan>;

    /// What files with other bytes come to, whoever wrote them: the reload and the questions, without
    /// the files themselves. `done` says whom they are about. Where lines were merged, `undone` holds
    /// the changes whose lines go: what none of these touches may not differ.
    fn plan_files(
        &self,
        live: Option<&Live>,
        files: &[FileChange],
        done: &[Done],
        undone: &[Vec<FileChange>],
    ) -> Result<Plan>;

    /// Proofs of everything the files say of all extensions (`sipctl reload`).
    fn proofs(&self, live: Option<&Live>) -> Vec<Proof>;
}

/// The running engine, opened for questions. Everything it returns is free of secrets unless said.
pub trait Console: Send {
    /// How it is reached, for people (`the control socket /run/asterisk/asterisk.ctl`).
    fn name(&self) -> String;

    /// Version, folder, options, realm.
    fn live(&mut self, cx: &Cx) -> Result<Live>;

    /// Asks; one verdict for each proof. `log` is what the reload before it logged.
    fn prove(&mut self, cx: &Cx, proofs: &[Proof], log: &[String]) -> Result<Vec<Verdict>>;

    /// Refuses a reload this login may not ask for, as far as that is known before it is tried.
    fn may_reload(&self, _reload: &Reload) -> Result<()> {
        Ok(())
    }

    /// Where only trying shows whether this login may ask for a reload: asks for it while the files
    /// are as they were.
    fn try_reload(&mut self, _cx: &Cx, _reload: &Reload) -> Result<()> {
        Ok(())
    }

    /// Says what the next reload is for: what is asked after it goes along with it where the way there
    /// is long.
    fn foresee(&mut self, _plan: &Plan) {}

    /// Reloads and waits until it is over, repeating while somebody else's reload is under way
    /// (up to `cx.timeouts.wait`).
    fn reload(&mut self, cx: &Cx, reload: &Reload) -> Result<Reloaded>;

    /// How a shell on the host reloads it once we are gone, tried before it is said. What that needs
    /// to log in is written into `folder`, which only we can read, as [`LEFT_LOGIN`].
    fn by_hand(&mut self, cx: &Cx, reload: &Reload, folder: &Path) -> Result<ByHand>;

    /// Who is registered under these ids (all when empty), see [`Estate::registers_as`].
    fn contacts(&mut self, cx: &Cx, ids: &[String]) -> Result<Vec<Contact>>;

    /// Who is registered under one of these ids; nobody is under none.
    fn registered(&mut self, cx: &Cx, ids: &[String]) -> Result<Vec<Contact>> {
        match ids.is_empty() {
            true => Ok(Vec::new()),
            false => self.contacts(cx, ids),
        }
    }

    /// Carries out aftercare; a warning for each one that failed, and how many did something.
    fn aftercare(&mut self, cx: &Cx, acts: &[Aftercare]) -> Result<(usize, Vec<Warning>)>;

    /// Everybody the engine holds, of any kind, whatever the files say by now.
    fn held(&mut self, cx: &Cx) -> Result<Vec<Ext>>;

    /// The extensions the engine holds besides `known`, where `store` (named at `place`) is another
    /// source than the files.
    fn elsewhere(&mut self, _cx: &Cx, _known: &[String], _store: &str, _place: &Place) -> Result<Vec<Extension>> {
        Ok(Vec::new())
    }

    /// Warnings `not-dialable`, `taken`, `undecided` for (number, context) pairs.
    fn dialable(&mut self, cx: &Cx, numbers: &[(String, String)]) -> Result<Vec<Warning>>;
}

/// Opens a console.
pub type Opening<'h> = Box<dyn FnOnce(&Cx) -> Result<Box<dyn Console + 'h>> + Send + 'h>;

/// What reads files, see [`Engine::reads`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// [`Engine::load`], with mentions or without.
    Load {
        /// Whether it is asked for them.
        mentions: bool,
    },
    /// [`Engine::console`].
    Console,
    /// [`Console::live`].
    Live,
    /// [`Engine::pending`].
    Pending,
}

/// A kind of telephony engine.
pub trait Engine: Send + Sync {
    /// `asterisk` or `freeswitch`.
    fn name(&self) -> &'static str;

    /// The shared fields (and `domain`) it has nothing for.
    fn lacks(&self) -> &'static [&'static str] {
        &[]
    }

    /// The option that says which list an extension came from: its object and name.
    fn mark(&self) -> (&'static str, &'static str) {
        ("endpoint", asterisk::LIST)
    }

    /// What it calls an extension, as the objects of proofs are called.
    fn object(&self) -> &'static str;

    /// The folder it usually reads.
    fn usual_folder(&self) -> &'static Path;

    /// What is read first, for [`Host::foresee`].
    fn reads(&self, folder: &Path, reader: Reader) -> Vec<Want>;

    /// Reads the configuration in `folder`. With `mentions`, also the files where a number may be
    /// mentioned (dialplan, hints, queues, voicemail), for [`Estate::plan`] to warn about.
    fn load(&self, cx: &Cx, host: &dyn Host, folder: &Path, mentions: bool) -> Result<Box<dyn Estate>>;

    /// The way to the console of the engine that reads `folder`, as `login` where somebody else than
    /// its own configuration says who we are: what is read for it is read now, and what it returns
    /// opens it; [`Code::Unreachable`] when it cannot.
    ///
    /// [`Code::Unreachable`]: crate::error::Code::Unreachable
    fn opening<'h>(&self, cx: &Cx, host: &'h dyn Host, folder: &Path, login: Option<&Login>) -> Result<Opening<'h>>;

    /// The console, opened at once.
    fn console<'h>(
        &self,
        cx: &Cx,
        host: &'h dyn Host,
        folder: &Path,
        login: Option<&Login>,
    ) -> Result<Box<dyn Console + 'h>> {
        self.opening(cx, host, folder, login)?(cx)
    }

    /// Where secrets stand in the bytes of a configuration file (byte offsets, sorted).
    fn secrets(&self, bytes: &Arc<[u8]>) -> Vec<std::ops::Range<usize>>;

    /// Configuration files outside the estate (of other modules) modified since the last reload, at
    /// `read` by the clock of the host, that are not among `ours`: what a full reload would also make live.
    fn pending(&self, cx: &Cx, host: &dyn Host, folder: &Path, read: i64, ours: &[PathBuf]) -> Result<Vec<Place>>;
}

/// The engine of a kind.
pub fn of(kind: Kind) -> Result<&'static dyn Engine> {
    let known: [&'static dyn Engine; 2] = [&asterisk::Asterisk, &freeswitch::FreeSwitch];
    match known.iter().find(|engine| engine.name() == kind.name()) {
        Some(engine) => Ok(*engine),
        None => Err(Error::not_yet(kind.name())),
    }
}
