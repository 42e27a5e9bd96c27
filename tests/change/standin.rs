//! A stand-in for an engine: its configuration is lines `NUMBER=VALUE` in `*.conf`, what it "runs"
//! is a copy of them in a folder of its own, and its moods are those of real engines on bad days.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sipctl::change::{Gate, Options, Outcome, ReloadPolicy, Seen, Target, run, undo};
use sipctl::cx::{Cx, Silent};
use sipctl::engine::{
    Aftercare, ByHand, Console, Contact, Done, Engine, Estate, Expect, FileChange, Live, Opening, Plan, PlanOptions,
    Proof, Reader, Reload, Reloaded, Verdict, Warning,
};
use sipctl::error::{Code, Error, Place, Result};
use sipctl::extension::{Edit, Ext, Extension, Fields, ShownSetting};
use sipctl::host::local::Local;
use sipctl::host::{Command, Content, Host, Meta, Want};
use sipctl::secret::Secret;
use sipctl::wire::event_socket::Login;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Good,
    /// Reloads, and keeps what it had.
    Refuses,
    /// Goes away in the middle of a reload.
    Dies,
    /// Goes silent in the middle of a reload.
    Hangs,
    /// Fails one reload, then works again.
    Stumbles,
    /// Reloads, and answers nothing.
    Mute,
    /// After a reload it holds something nobody wrote.
    Disagrees,
    /// Is not there from the start.
    Down,
}

/// Moments at which a test may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Loaded,
    Reloading,
    Proving,
    Aftercare,
}

type Hook = Box<dyn FnMut(Moment) + Send>;

pub struct StandIn {
    /// Where it keeps what it runs.
    pub state: PathBuf,
    pub mood: Mutex<Mood>,
    pub hook: Mutex<Option<Hook>>,
    pub reads: Mutex<PathBuf>,
    pub pending: Mutex<Vec<PathBuf>>,
    pub since_reload: Mutex<Option<Duration>>,
    pub reloads: AtomicUsize,
    pub narrow: AtomicUsize,
    pub kicks: AtomicUsize,
}

impl StandIn {
    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    fn at(&self, moment: Moment) {
        if let Some(hook) = &mut *self.hook.lock().unwrap() {
            hook(moment);
        }
    }

    /// What it runs.
    pub fn running(&self) -> BTreeMap<String, String> {
        values(&fs::read(self.state.join("live")).unwrap_or_default())
    }

    /// Runs what the folder says now.
    pub fn start(&self, folder: &Path) {
        let mut all = Vec::new();
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths.iter().filter(|p| shown(p)) {
            all.extend(fs::read(path).unwrap());
        }
        let new = self.state.join(format!("live.{}", std::process::id()));
        fs::write(&new, all).unwrap();
        fs::rename(new, self.state.join("live")).unwrap();
    }
}

fn shown(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.ends_with(".conf") && !name.starts_with('.')
}

/// What a text says.
pub fn values(bytes: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().filter_map(|l| l.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

struct Files {
    folder: PathBuf,
    /// In the order of their paths.
    files: Vec<(PathBuf, Arc<[u8]>, Meta)>,
    values: BTreeMap<String, String>,
}

impl Files {
    fn value(&self, number: &str) -> Option<String> {
        self.values.get(number).cloned()
    }

    fn file(&self, path: &Path) -> Option<(&Arc<[u8]>, &Meta)> {
        let at = self.files.binary_search_by(|(other, ..)| other.as_os_str().cmp(path.as_os_str())).ok()?;
        Some((&self.files[at].1, &self.files[at].2))
    }

    /// An extension 9... has a file of its own; every other stands in `main.conf`.
    fn home(&self, number: &str) -> PathBuf {
        let name = if number.starts_with('9') { number } else { "main" };
        self.folder.join(format!("{name}.conf"))
    }
}

impl Estate for Files {
    fn files(&self) -> Vec<(&Path, &Arc<[u8]>, &Meta)> {
        self.files.iter().map(|(path, bytes, meta)| (path.as_path(), bytes, meta)).collect()
    }
    fn extensions(&self) -> Vec<Extension> {
        Vec::new()
    }
    fn find(&self, _: &Ext) -> Option<Extension> {
        None
    }
    fn has(&self, ext: &Ext) -> bool {
        self.value(&ext.number).is_some()
    }
    fn settings(&self, _: &Ext, _: bool) -> Vec<ShownSetting<'_>> {
        Vec::new()
    }
    fn password(&self, _: &Ext) -> Option<Secret> {
        None
    }
    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }

    fn plan(&self, _: Option<&Live>, edits: &[Edit], _: &PlanOptions) -> Result<Plan> {
        let mut plan = Plan { reload: Reload { narrow: vec!["narrow".into()], only_narrow: false }, ..Plan::default() };
        let mut texts: BTreeMap<PathBuf, Option<String>> = BTreeMap::new();
        for edit in edits {
            let number = &edit.ext().number;
            let wanted = match edit {
                Edit::Delete(_) => None,
                Edit::Set { fields, .. } => fields.description.clone(),
                _ => Some("new".to_owned()),
            };
            let had = self.value(number);
            plan.prove_old.push(proof(number, had.as_deref()));
            plan.prove_new.push(proof(number, wanted.as_deref()));
            if had == wanted {
                continue;
            }
            let home = self.home(number);
            let text = texts
                .entry(home.clone())
                .or_insert_with(|| self.file(&home).map(|(bytes, _)| String::from_utf8(bytes.to_vec()).unwrap()));
            let lines = text.as_deref().unwrap_or_default().lines();
            let mut lines: Vec<String> =
                lines.filter(|l| !l.starts_with(&format!("{number}="))).map(str::to_owned).collect();
            lines.extend(wanted.as_ref().map(|value| format!("{number}={value}")));
            *text = (!lines.is_empty()).then(|| lines.join("\n") + "\n");
            let action = if wanted.is_none() { "delete" } else { "update" };
            plan.done.push(Done { action: action.into(), number: number.clone(), domain: None, was: None });
            plan.aftercare.push(Aftercare::Kick { id: number.clone() });
            plan.dial.push((number.clone(), "internal".into()));
        }
        for (path, text) in texts {
            let before = self.file(&path).map(|(bytes, meta)| (bytes.clone(), meta.clone()));
            plan.files.push(FileChange {
                path,
                before,
                after: text.map(|text| text.into_bytes().into()),
                secrets_before: Vec::new(),
                secrets_after: Vec::new(),
                like: self.files.first().map(|(path, ..)| path.clone()),
                owner: None,
            });
        }
        Ok(plan)
    }

    fn plan_files(&self, _: Option<&Live>, files: &[FileChange], _: &[Done], _: &[Vec<FileChange>]) -> Result<Plan> {
        let mut plan = Plan { reload: Reload { narrow: vec!["narrow".into()], only_narrow: false }, ..Plan::default() };
        let all = |pick: fn(&FileChange) -> Option<&Arc<[u8]>>| -> BTreeMap<String, String> {
            files.iter().filter_map(pick).flat_map(|bytes| values(bytes)).collect()
        };
        let old = all(|file| file.before.as_ref().map(|(bytes, _)| bytes));
        let new = all(|file| file.after.as_ref());
        for number in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            plan.prove_old.push(proof(number, old.get(number).map(String::as_str)));
            plan.prove_new.push(proof(number, new.get(number).map(String::as_str)));
        }
        Ok(plan)
    }

    fn proofs(&self, _: Option<&Live>) -> Vec<Proof> {
        Vec::new()
    }
}

fn proof(number: &str, value: Option<&str>) -> Proof {
    let expect = match value {
        Some(value) => Expect::Field { name: "value".into(), values: vec![value.into()] },
        None => Expect::Absent,
    };
    Proof { object: "user".into(), id: number.into(), number: number.into(), expect }
}

struct Line<'h> {
    engine: Arc<StandIn>,
    host: &'h dyn Host,
    folder: PathBuf,
}

fn silence() -> Error {
    let cause = io::Error::from(io::ErrorKind::TimedOut);
    Error::new(Code::Unreachable, "the stand-in gives no answer").because(cause)
}

impl Console for Line<'_> {
    fn name(&self) -> String {
        "the stand-in".into()
    }

    fn live(&mut self, _: &Cx) -> Result<Live> {
        let folder = self.engine.reads.lock().unwrap().clone();
        Ok(Live { folder, since_reload: *self.engine.since_reload.lock().unwrap(), ..Live::default() })
    }

    fn prove(&mut self, cx: &Cx, proofs: &[Proof], _: &[String]) -> Result<Vec<Verdict>> {
        self.engine.at(Moment::Proving);
        cx.check()?;
        let running = self.engine.running();
        let one = |proof: &Proof| {
            let holds = running.get(&*proof.id).cloned();
            let wanted = match &proof.expect {
                Expect::Field { values, .. } => values.first().cloned(),
                _ => None,
            };
            match self.engine.mood() {
                Mood::Mute => Verdict::Unproved { why: "cannot say".into() },
                _ if holds == wanted => Verdict::Proved,
                _ => Verdict::failed(format!("holds {holds:?}")),
            }
        };
        Ok(proofs.iter().map(one).collect())
    }

    fn reload(&mut self, cx: &Cx, reload: &Reload) -> Result<Reloaded> {
        let mut mood = self.engine.mood.lock().unwrap();
        self.engine.reloads.fetch_add(1, Ordering::SeqCst);
        self.engine.narrow.fetch_add(usize::from(reload.only_narrow), Ordering::SeqCst);
        match *mood {
            Mood::Refuses | Mood::Mute | Mood::Good => {}
            Mood::Dies => {
                *mood = Mood::Down;
                return Err(Error::new(Code::Unreachable, "the stand-in went away"));
            }
            Mood::Hangs => return Err(silence()),
            Mood::Stumbles => {
                *mood = Mood::Good;
                return Err(silence());
            }
            Mood::Disagrees => fs::write(self.engine.state.join("live"), "1001=strange\n").unwrap(),
            Mood::Down => return Err(Error::new(Code::Unreachable, "down")),
        }
        let mood = *mood;
        if matches!(mood, Mood::Good | Mood::Mute) {
            let wants = [Want::Glob(self.folder.join("*.conf"))];
            let found = self.host.read(&Cx::new(&Silent), &wants)?;
            let mut all = Vec::new();
            for file in found.into_iter().flatten() {
                let Content::There { bytes, .. } = file.content else { continue };
                all.extend_from_slice(&bytes);
            }
            let new = self.engine.state.join(format!("live.{}", std::process::id()));
            fs::write(&new, all).unwrap();
            fs::rename(new, self.engine.state.join("live")).unwrap();
        }
        self.engine.at(Moment::Reloading);
        cx.check()?;
        let log = if mood == Mood::Refuses { vec!["ERROR: no".into()] } else { vec![] };
        Ok(Reloaded { command: "reload".into(), took: Duration::ZERO, log })
    }

    fn by_hand(&mut self, _: &Cx, _: &Reload, _: &Path) -> Result<ByHand> {
        // What the folder says becomes what it runs.
        let script = "cat \"$0\"/*.conf >\"$1/live.new\" && mv \"$1/live.new\" \"$1/live\"";
        let state = self.engine.state.display().to_string();
        let args = vec!["-c".into(), script.into(), self.folder.display().to_string(), state];
        let command = Command { program: "sh".into(), args, stdin: Vec::new() };
        Ok(ByHand { commands: vec![command], busy: Vec::new() })
    }

    fn contacts(&mut self, _: &Cx, numbers: &[String]) -> Result<Vec<Contact>> {
        let contact = |n: &String| Contact {
            id: n.clone(),
            number: n.clone(),
            uri: format!("sip:{n}@192.0.2.1"),
            user_agent: None,
            expires: None,
            address: None,
        };
        Ok(numbers.iter().map(contact).collect())
    }

    fn aftercare(&mut self, _: &Cx, acts: &[Aftercare]) -> Result<(usize, Vec<Warning>)> {
        self.engine.at(Moment::Aftercare);
        self.engine.kicks.fetch_add(acts.len(), Ordering::SeqCst);
        Ok((acts.len(), Vec::new()))
    }

    fn held(&mut self, _: &Cx) -> Result<Vec<Ext>> {
        Ok(self.engine.running().into_keys().map(|number| Ext { number, domain: None }).collect())
    }

    fn dialable(&mut self, _: &Cx, numbers: &[(String, String)]) -> Result<Vec<Warning>> {
        Ok(numbers.iter().map(|(n, _)| Warning::new("not-dialable", "nobody can dial it").number(n)).collect())
    }
}

/// The engine as the change sees it.
pub struct Handle(pub Arc<StandIn>);

impl Engine for Handle {
    fn name(&self) -> &'static str {
        "standin"
    }
    fn object(&self) -> &'static str {
        "line"
    }
    fn usual_folder(&self) -> &'static Path {
        Path::new("/nowhere")
    }

    fn load(&self, cx: &Cx, host: &dyn Host, folder: &Path, _: bool) -> Result<Box<dyn Estate>> {
        let found = host.read(cx, &[Want::Glob(folder.join("*.conf"))])?;
        let files = found.into_iter().flatten().filter_map(|file| match file.content {
            Content::There { bytes, meta } => Some((file.path, bytes, meta)),
            _ => None,
        });
        let files: Vec<_> = files.collect();
        self.0.at(Moment::Loaded);
        // The first to say something counts.
        let values = files.iter().rev().flat_map(|(_, bytes, _)| values(bytes)).collect();
        Ok(Box::new(Files { folder: folder.to_owned(), files, values }))
    }

    fn reads(&self, folder: &Path, reader: Reader) -> Vec<Want> {
        match reader {
            Reader::Load { .. } => vec![Want::Glob(folder.join("*.conf"))],
            Reader::Console | Reader::Live | Reader::Pending => Vec::new(),
        }
    }

    fn opening<'h>(&self, _: &Cx, host: &'h dyn Host, folder: &Path, _: Option<&Login>) -> Result<Opening<'h>> {
        let (engine, folder) = (self.0.clone(), folder.to_owned());
        Ok(Box::new(move |_| match engine.mood() {
            Mood::Down => Err(Error::new(Code::Unreachable, "no stand-in runs here")),
            Mood::Hangs if engine.reloads.load(Ordering::SeqCst) > 0 => Err(silence()),
            _ => Ok(Box::new(Line { engine, host, folder })),
        }))
    }

    fn secrets(&self, _: &Arc<[u8]>) -> Vec<std::ops::Range<usize>> {
        Vec::new()
    }

    fn pending(&self, _: &Cx, _: &dyn Host, _: &Path, _: i64, _: &[PathBuf]) -> Result<Vec<Place>> {
        Ok(self.0.pending.lock().unwrap().iter().map(|path| Place::new(path, 0)).collect())
    }
}

/// The command around a change.
#[derive(Default)]
pub struct Person {
    pub edits: Vec<Edit>,
    /// Takes back the newest change instead.
    pub undo: bool,
    pub preview: bool,
    pub refuses: bool,
    pub asked: Vec<Vec<String>>,
    pub writes: usize,
    pub backs: usize,
}

impl Gate for Person {
    fn edits(&mut self, _: &dyn Estate) -> Result<Vec<Edit>> {
        Ok(self.edits.clone())
    }
    fn plan(&mut self, ground: &Seen) -> Result<Plan> {
        let Seen { cx, target, estate, live, options } = *ground;
        match self.undo {
            true => undo::plan(cx, target, estate, live, &undo::Wanted::Newest).map_err(|clash| clash.error),
            false => estate.plan(live, &self.edits, options),
        }
    }
    fn wants_preview(&self) -> bool {
        self.preview
    }
    fn confirm(&mut self, _: &Plan, _: &dyn Estate, contacts: &[Contact]) -> Result<()> {
        self.asked.push(contacts.iter().map(|c| c.uri.clone()).collect());
        if self.refuses { Err(Error::failed("no")) } else { Ok(()) }
    }
    fn before_write(&mut self, _: &Plan) -> Result<()> {
        self.writes += 1;
        Ok(())
    }
    fn put_back(&mut self) {
        self.backs += 1;
    }
}

pub fn set(number: &str, value: &str) -> Edit {
    let fields = Box::new(Fields { description: Some(value.into()), ..Fields::default() });
    Edit::Set { ext: ext(number), fields, settings: Vec::new() }
}

pub fn delete(number: &str) -> Edit {
    Edit::Delete(ext(number))
}

fn ext(number: &str) -> Ext {
    Ext { number: number.into(), domain: None }
}

/// A PBX in a temporary folder.
pub struct Lab {
    pub root: PathBuf,
    pub engine: Arc<StandIn>,
    pub options: Options,
    pub reload: ReloadPolicy,
    pub history: Vec<PathBuf>,
    pub host: Box<dyn Host>,
    /// Whether the history is on this machine, however far the host is.
    pub near: bool,
    _temp: Option<tempfile::TempDir>,
}

impl Lab {
    /// `main.conf` and `other.conf`, both live.
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// [`Lab::new`] in a folder of choice.
    pub fn below(folder: &Path) -> Self {
        let temp = tempfile::tempdir_in(folder).unwrap();
        let root = temp.path().to_owned();
        fs::create_dir(root.join("etc")).unwrap();
        fs::create_dir(root.join("state")).unwrap();
        fs::write(root.join("etc/main.conf"), "1001=old\n").unwrap();
        fs::write(root.join("etc/9001.conf"), "9001=old\n").unwrap();
        let mut lab = Self::at(root);
        lab.engine.start(&lab.folder());
        lab._temp = Some(temp);
        lab
    }

    /// The PBX that another process made.
    pub fn at(root: PathBuf) -> Self {
        let engine = StandIn {
            state: root.join("state"),
            mood: Mutex::new(Mood::Good),
            hook: Mutex::new(None),
            reads: Mutex::new(root.join("etc")),
            pending: Mutex::new(Vec::new()),
            since_reload: Mutex::new(None),
            reloads: AtomicUsize::new(0),
            narrow: AtomicUsize::new(0),
            kicks: AtomicUsize::new(0),
        };
        let history = vec![root.join("history")];
        let engine = Arc::new(engine);
        let options = Options::default();
        Self {
            root,
            engine,
            options,
            reload: ReloadPolicy::Full,
            history,
            host: Box::new(Local),
            near: false,
            _temp: None,
        }
    }

    pub fn folder(&self) -> PathBuf {
        self.root.join("etc")
    }

    pub fn mood(&self, mood: Mood) {
        *self.engine.mood.lock().unwrap() = mood;
    }

    pub fn hook(&self, hook: impl FnMut(Moment) + Send + 'static) {
        *self.engine.hook.lock().unwrap() = Some(Box::new(hook));
    }

    pub fn change(&self, edits: Vec<Edit>) -> Outcome {
        self.change_by(&Cx::new(&Silent), &mut Person { edits, ..Person::default() })
    }

    pub fn change_by(&self, cx: &Cx, person: &mut Person) -> Outcome {
        let engine = Handle(self.engine.clone());
        run(cx, &self.target(&engine), &self.options, person)
    }

    /// Takes back the newest change.
    pub fn undo(&self) -> Outcome {
        self.change_by(&Cx::new(&Silent), &mut Person { undo: true, ..Person::default() })
    }

    pub fn target<'a>(&'a self, engine: &'a Handle) -> Target<'a> {
        Target {
            name: "lab".into(),
            host: &*self.host,
            engine,
            folder: self.folder(),
            login: None,
            reload: self.reload,
            history: self.history.clone(),
            machine: "here".into(),
            keeper: if self.near { &Local } else { &*self.host },
            together: self.host.is_far() && !self.near,
            near: self.history.first().filter(|_| self.near).cloned(),
            who: "tester@here".into(),
        }
    }

    /// Every file and folder of the configuration folder, with its bytes.
    pub fn tree(&self) -> BTreeMap<String, String> {
        let mut tree = BTreeMap::new();
        for entry in fs::read_dir(self.folder()).unwrap() {
            let entry = entry.unwrap();
            let text = fs::read(entry.path()).map_or("(folder)".into(), |b| String::from_utf8(b).unwrap());
            tree.insert(entry.file_name().into_string().unwrap(), text);
        }
        tree
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder().join(name)).unwrap()
    }
}

pub fn code(outcome: &Outcome) -> u8 {
    outcome.error.as_ref().map_or(0, |error| error.code as u8)
}

pub fn codes(outcome: &Outcome) -> BTreeSet<&str> {
    outcome.warnings.iter().map(|w| w.code.as_str()).collect()
}
