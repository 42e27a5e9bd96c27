//! FreeSWITCH's directory out of any bytes: read, then changed in every way. A change is refused, or
//! it is what was asked for, nobody else differs, and what is taken back leaves every byte.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sipctl::cx::{Cx, Silent};
use sipctl::engine::freeswitch::FreeSwitch;
use sipctl::engine::{Engine, Estate, PlanOptions};
use sipctl::error::{Error, Result};
use sipctl::extension::{Edit, Ext, Fields, NewExtension, Setting, Want as Wanted};
use sipctl::host::{Command, Content, File, Guard, Host, Meta, Output, Socket, Step, Stopped, Stream, Want};
use sipctl::secret::Secret;

const MAIN: &str = "<document>\n<section name=\"directory\">\n<domain name=\"pbx\"><groups><group name=\"all\"><users>\n\
    <X-PRE-PROCESS cmd=\"include\" data=\"default/*.xml\"/>\n</users></group></groups></domain>\n</section>\n</document>\n";

/// A configuration in memory.
#[derive(Clone, PartialEq, Eq)]
struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl Memory {
    fn file(&self, path: &Path) -> File {
        let content = self.0.get(path).map_or(Content::Missing, |bytes| Content::There {
            bytes: bytes.as_slice().into(),
            meta: Meta {
                real: path.to_owned(),
                id: (0, 0),
                uid: 0,
                gid: 0,
                mode: 0o644,
                links: 1,
                size: bytes.len() as u64,
                mtime: (0, 0),
                folder: false,
                mounted: false,
            },
        });
        File { path: path.to_owned(), content }
    }

    /// One star in the name is all the patterns that can be made here.
    fn matches(&self, pattern: &Path) -> Vec<File> {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let wanted = name(pattern);
        let fits = |path: &&PathBuf| match wanted.split_once('*') {
            _ if path.parent() != pattern.parent() => false,
            Some((head, tail)) => {
                let name = name(path);
                name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
            }
            None => *path == pattern,
        };
        self.0.keys().filter(fits).map(|path| self.file(path)).collect()
    }
}

impl Host for Memory {
    fn read(&self, _: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
        let read = wants.iter().map(|want| match want {
            Want::Glob(pattern) => self.matches(pattern),
            Want::File(path) | Want::Meta(path) | Want::Folder(path) => vec![self.file(path)],
        });
        Ok(read.collect())
    }

    fn act(&self, _: &Cx, _: &[Step]) -> Result<(), Stopped> {
        unreachable!("a plan writes nothing")
    }

    fn run(&self, _: &Cx, _: &[Command]) -> Result<Vec<Output>> {
        Err(Error::failed("no programs here"))
    }

    fn connect(&self, _: &Cx, _: &Socket) -> std::io::Result<Box<dyn Stream>> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn lock(&self, _: &Cx, _: &Path) -> Result<Box<dyn Guard>> {
        Err(Error::failed("no locks here"))
    }

    fn clock(&self) -> (i64, u32) {
        (0, 0)
    }
}

fn load(memory: &Memory) -> Result<Box<dyn Estate>> {
    FreeSwitch.load(&Cx::new(&Silent), memory, Path::new("/pbx"), false)
}

fn ext(number: &str) -> Ext {
    Ext { number: number.to_owned(), domain: None }
}

/// Everybody but some, with all that holds for them.
fn others(estate: &dyn Estate, numbers: &[&str]) -> Vec<String> {
    let all = estate.extensions().into_iter().filter(|one| !numbers.contains(&one.number.to_lowercase().as_str()));
    all.map(|one| {
        let settings = estate.settings(&ext(&one.number), true).into_iter();
        let settings: Vec<String> = settings.map(|s| format!("{}.{}={}", s.section, s.option, s.value)).collect();
        format!("{} {:?} {:?} {settings:?}", one.number, one.kind, one.fields)
    })
    .collect()
}

/// What a change makes, where it is not refused.
fn changed(memory: &Memory, edit: Edit, numbers: &[&str]) -> Option<Memory> {
    let estate = load(memory).expect("what was read before is read again");
    let plan = match estate.plan(None, std::slice::from_ref(&edit), &PlanOptions::default()) {
        Ok(plan) => plan,
        Err(error) => {
            assert!(error.code as i32 > 0 && !error.line().is_empty());
            return None;
        }
    };
    let mut after = memory.clone();
    for file in &plan.files {
        match &file.after {
            Some(bytes) => _ = after.0.insert(file.path.clone(), bytes.to_vec()),
            None => _ = after.0.remove(&file.path).expect("what goes was there"),
        }
        for (spans, bytes) in [
            (&file.secrets_before, file.before.as_ref().map(|(bytes, _)| &bytes[..])),
            (&file.secrets_after, file.after.as_deref()),
        ] {
            let len = bytes.map_or(0, <[u8]>::len);
            assert!(spans.iter().all(|span| span.start <= span.end && span.end <= len), "spans are inside");
        }
    }
    let again = load(&after).expect("what is written is read");
    assert_eq!(others(&*estate, numbers), others(&*again, numbers), "nobody else differs");
    Some(after)
}

fn set(number: &str, value: &str) -> Edit {
    let fields = Fields { accountcode: Some(value.to_owned()), mailbox: Some(value.to_owned()), ..Fields::default() };
    Edit::Set { ext: ext(number), fields: Box::new(fields), settings: Vec::new() }
}

/// Takes any bytes as up to three files: two of users, and one that they may include.
pub fn freeswitch(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0x1e);
    let mut memory = Memory(BTreeMap::from([("/pbx/freeswitch.xml".into(), MAIN.into())]));
    for name in ["1001.xml", "1002.xml", "one.inc"] {
        if let Some(bytes) = parts.next() {
            memory.0.insert(Path::new("/pbx/default").join(name), bytes.to_vec());
        }
    }
    let Ok(estate) = load(&memory) else { return };
    for warning in estate.warnings() {
        assert!(!warning.message.is_empty());
    }
    estate.proofs(None);
    for one in estate.extensions() {
        assert!(one.source.line > 0);
        estate.password(&ext(&one.number));
    }
    let value = String::from_utf8_lossy(&data[data.len().saturating_sub(12)..]).into_owned();
    for number in ["1001", "1002"] {
        every_change(&memory, number, &value);
    }
}

fn every_change(memory: &Memory, number: &str, value: &str) {
    let read = |memory: &Memory| load(memory).expect("read");
    if let Some(after) = changed(memory, set(number, value), &[number]) {
        let fields = read(&after).find(&ext(number)).expect("he is there").fields;
        let wanted = Some(value.to_owned()).filter(|value| !value.is_empty());
        assert!(fields.accountcode == wanted && fields.mailbox == wanted);
    }
    let secret = Some(Secret::new(value.as_bytes()));
    let passwd = Edit::Password { ext: ext(number), secret, digest: false, shared: false };
    if let Some(after) = changed(memory, passwd, &[number]) {
        assert!(read(&after).password(&ext(number)).expect("a password").reveal() == value.as_bytes());
    }
    let by_hand = Setting { object: "variable".into(), option: "x".into(), want: Wanted::Set(value.to_owned()) };
    let settings = vec![by_hand];
    changed(memory, Edit::Set { ext: ext(number), fields: Box::default(), settings }, &[number]);
    // Who is disabled already may have been so in another way than sipctl's.
    let disabled = changed(memory, Edit::Disable(ext(number)), &[number]);
    if let Some(after) = disabled.filter(|after| after != memory) {
        assert!(read(&after).find(&ext(number)).expect("he is there").fields.enabled == Some(false));
        let back = changed(&after, Edit::Enable(ext(number)), &[number]).expect("what was disabled can be enabled");
        assert!(back == *memory, "enabling gives the bytes back");
    }
    if let Some(after) = changed(memory, Edit::Delete(ext(number)), &[number]) {
        assert!(read(&after).find(&ext(number)).is_none());
    }
    let renumber = |old: &str, new: &str| Edit::Renumber { old: ext(old), new: ext(new) };
    if let Some(after) = changed(memory, renumber(number, "1008"), &[number, "1008"]) {
        assert!(read(&after).find(&ext("1008")).is_some());
        changed(&after, renumber("1008", number), &[number, "1008"]);
    }
    let new = NewExtension { password: Some(Secret::new(value.as_bytes())), ..NewExtension::default() };
    if let Some(after) = changed(memory, Edit::Create(ext("1009"), Box::new(new)), &["1009"]) {
        assert!(read(&after).find(&ext("1009")).is_some());
        let back = changed(&after, Edit::Delete(ext("1009")), &["1009"]).expect("what was added can be removed");
        assert!(back == *memory, "add then rm is the identity");
    }
}
