//! What sipctl reads out of the files is what the engine makes of them: on directories in random
//! house styles, on random heaps of snippets, and on the folders of the tree cases.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sipctl::engine::{Engine, Estate};
use sipctl::extension::{Ext, Kind};
use sipctl::host::local::Local;
use sipctl::host::{Host, Socket};
use sipctl::secret::Secret;
use sipctl::wire::event_socket::{Answer, EventSocket, Login};

use crate::directory::directory;
use crate::engine::{FreeSwitch, cx};

const DOMAIN: &str = "pbx.example.org";

/// An engine whose directory is replaced again and again.
struct Reader {
    engine: FreeSwitch,
    socket: EventSocket,
    base: std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>,
}

impl Reader {
    fn start() -> Self {
        let engine = FreeSwitch::start();
        let socket = Self::connect(&engine);
        let base = crate::files::tree(&engine.conf());
        Self { engine, socket, base }
    }

    fn connect(engine: &FreeSwitch) -> EventSocket {
        let host = engine.host();
        let port = engine.console(&host).name().rsplit(':').next().unwrap().parse().unwrap();
        let login = Login { user: None, password: Secret::new("Console&Pass") };
        let stream = Local.connect(&cx(), &Socket::Tcp("127.0.0.1".to_owned(), port)).unwrap();
        EventSocket::open(&cx(), stream, &login, &[]).unwrap().0
    }

    fn ask(&mut self, questions: &[String]) -> Vec<String> {
        let answers = self.socket.ask(&cx(), questions, Duration::from_secs(20)).unwrap();
        let said = answers.into_iter().map(|answer| match answer {
            Answer::Said(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Answer::Denied => "denied".to_owned(),
        });
        said.collect()
    }

    /// Puts a directory in the place of the one before, and makes the engine read it.
    fn load(&mut self, files: impl Iterator<Item = (String, Vec<u8>)>) -> String {
        let folder = self.engine.conf().join("directory");
        std::fs::remove_dir_all(&folder).unwrap();
        for (name, bytes) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        self.ask(&["reloadxml", "xml_flush_cache"].map(str::to_owned)).remove(0)
    }

    /// Puts a whole configuration in the place of the one before.
    fn load_all(&mut self, from: &Path) -> String {
        let conf = self.engine.conf();
        std::fs::remove_dir_all(&conf).unwrap();
        crate::files::copy(from, &conf);
        self.ask(&["reloadxml", "xml_flush_cache"].map(str::to_owned)).remove(0)
    }

    /// Where the two readings differ; of these names, or of all there are.
    fn differences(&mut self, said: &str, names: Option<&BTreeSet<String>>) -> Vec<String> {
        let conf = self.engine.conf();
        let estate = sipctl::engine::freeswitch::FreeSwitch.load(&cx(), &Local, &conf, false).unwrap();
        let refused = "FreeSWITCH refuses these files: ";
        let ours = estate.warnings().into_iter().find_map(|w| w.message.strip_prefix(refused).map(str::to_owned));
        let theirs = said.trim_end().strip_prefix("+OK [").and_then(|rest| rest.strip_suffix(']')).unwrap_or(said);
        let theirs = theirs.split_once("]: ").map(|(_, why)| why);
        match (&ours, theirs) {
            (None, None) => {}
            (Some(ours), Some(theirs)) if ours.contains(theirs) => return Vec::new(),
            _ => return vec![format!("we say {ours:?}, the engine {said:?}")],
        }
        let mut out = Vec::new();
        match names {
            Some(names) => names.iter().for_each(|name| out.extend(self.user(&*estate, name, DOMAIN))),
            None => {
                let all = estate.extensions().into_iter();
                for (number, domain) in all.filter_map(|e| Some((e.number, e.domain?))).collect::<BTreeSet<_>>() {
                    out.extend(self.user(&*estate, &number, &domain));
                }
            }
        }
        out
    }

    fn user(&mut self, estate: &dyn Estate, name: &str, domain: &str) -> Vec<String> {
        let ext = Ext { number: name.to_owned(), domain: Some(domain.to_owned()) };
        let found = estate.find(&ext);
        let at = format!("{name}@{domain}");
        let basic = [
            format!("user_exists id {name} {domain}"),
            format!("user_data {at} attr id"),
            format!("user_data {at} attr type"),
        ];
        let basic = self.ask(&basic);
        let exists = basic[0] == "true";
        // The engine says that a pointer exists; nobody can register as one.
        if exists != found.is_some() {
            return vec![format!("{name}: ours {found:?}, theirs {basic:?}")];
        }
        let Some(found) = found else { return Vec::new() };
        let none = |text: &str| if text.starts_with("-ERR no reply") { String::new() } else { text.to_owned() };
        let mut out = Vec::new();
        if none(&basic[1]) != found.number || (basic[2] == "pointer") != (found.kind == Kind::Pointer) {
            out.push(format!("{name}: ours {found:?}, theirs {basic:?}"));
        }
        let settings = estate.settings(&ext, true);
        let mut options: BTreeSet<(&str, String)> =
            settings.iter().map(|s| (s.section, s.option.to_ascii_lowercase())).collect();
        for name in ["password", "vm-password", "a1-hash", "auth-acl"] {
            options.insert(("param", name.to_owned()));
        }
        for name in ["user_context", "accountcode"] {
            options.insert(("variable", name.to_owned()));
        }
        let plain =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        options.retain(|(section, name)| plain(name) && *section != "attr");
        let kind = |section: &str| if section == "param" { "param" } else { "var" };
        let questions: Vec<String> =
            options.iter().map(|(section, name)| format!("user_data {at} {} {name}", kind(section))).collect();
        for ((section, name), answer) in options.iter().zip(self.ask(&questions)) {
            let ours = settings.iter().rfind(|s| s.section == *section && s.option.eq_ignore_ascii_case(name));
            let ours = ours.map_or("", |setting| &*setting.value);
            // What is no UTF-8 the engine loses in its copy of a user.
            if none(&answer) != ours && !ours.contains('\u{fffd}') {
                out.push(format!("{at} {section}.{name}: ours {ours:?}, theirs {answer:?}"));
            }
        }
        out
    }
}

/// How many trees of a kind are tried.
fn cases(usual: usize) -> usize {
    std::env::var("SIPCTL_LAB_TREES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

fn shown(folder: &Path) -> String {
    let tree = crate::files::tree(folder).into_iter();
    tree.map(|(path, bytes)| format!("== {}\n{}\n", path.display(), bytes.escape_ascii())).collect()
}

fn each<T>(strategy: &impl Strategy<Value = T>, count: usize, mut check: impl FnMut(T)) {
    let mut runner = match std::env::var_os("SIPCTL_LAB_TREES") {
        Some(_) => TestRunner::default(),
        None => TestRunner::deterministic(),
    };
    for _ in 0..count {
        check(strategy.new_tree(&mut runner).unwrap().current());
    }
}

#[test]
fn directories_are_read_as_the_engine_does() {
    let mut reader = Reader::start();
    each(&directory(), cases(40), |directory| {
        let files = directory.tree().into_iter().filter(|(name, _)| name != "freeswitch.xml");
        let said = reader.load(files);
        let names = directory.phones.iter().map(|phone| phone.number.clone()).chain(directory.free.iter().cloned());
        let names = names
            .flat_map(|name| [format!("9{name}"), name])
            .chain(["7777".to_owned(), "carrier".to_owned()])
            .collect();
        let wrong = reader.differences(&said, Some(&names));
        assert!(wrong.is_empty(), "{said}{wrong:#?}\n{}", shown(&reader.engine.conf().join("directory")));
    });
}

/// Pieces of a user file, whole and broken.
fn snippet() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(vec![
        "<user id=\"1001\">",
        "<user id='1002'/>",
        "<user id=\"1001\" type=\"pointer\"/>",
        "<user id=\"x\" number-alias=\"1002\">",
        "<user id=1002>",
        "<user\tid = \"1002\"\n mailbox=\"1\">",
        "</user>",
        "</user >",
        "</User>",
        "<params>",
        "</params>",
        "<params/>",
        "<variables>",
        "</variables>",
        "<param name=\"password\" value=\"one\"/>",
        "<param name='Password' value='t\"wo'/>",
        "<param value=\"three\" name=\"password\"/>",
        "<param name=\"password\" value=\"fo&ur &amp;&#65;&#x42; &nbsp; &#0;\"/>",
        "<param name=\"password\" value=\"fi<ve>\"/>",
        "<param name=\"password\" value=\"$${p}x$${default_password}$${P}\"/>",
        "<param name=\"password\" value=\"se${v}en$${\"/>",
        "<param name=\"password\" value=\"\"/>",
        "<param name=\"vm-password\" value=\"a\tb\u{b}c\r\nd\"/>",
        "<param name=\"password\" value=\"open",
        "<param name=\"password value=\"x\"/>",
        "<param name=\"vm-password\">text</param>",
        "<variable name=\"user_context\" value=\"default\"/>",
        "<variable name=\"accountcode\" value=\"$${p}\"></variable>",
        "<user id=\"1001\"><params><param name=\"password\" value=\"whole\"/></params></user>",
        "<user id=\"1002\"><params><param name=\"password\" value=\"other\"/></params></user>",
        "<gateways><gateway name=\"g\"><param name=\"password\" value=\"g\"/></gateway></gateways>",
        "<include>",
        "</include>",
        "<include >",
        "<?xml version=\"1.0\"?>",
        "<!-- a comment -->",
        "<!-- a -- b -->",
        "<!--",
        "-->",
        "<!--#comment x -- y -->",
        "<!--#comment x",
        "<!--#set \"p=block\"-->",
        "<!--#set p=bare-->",
        "<!--#include \"one.inc\"--><x/>",
        "<X-PRE-PROCESS cmd=\"set\" data=\"p = set \"/>",
        "<x-pre-process CMD = \"SET\" data=\"P=lower\"/> lost",
        "<X-PRE-PROCESS cmd='set' data='p=single'/>",
        "<X-PRE-PROCESS cmd=\"set\" data=\"p=open/>",
        "<X-PRE-PROCESS cmd=\"set\" data=\"p=a${b}$${p}\"/>",
        "<X-PRE-PROCESS cmd=\"include\" data=\"one.inc\"/>",
        "<X-PRE-PROCESS cmd=\"include\" data=\"*.inc\"/>",
        "lost <X-PRE-PROCESS",
        "X-PRE-PROCESS",
        "<![CDATA[ <user id=\"1001\"> ]]>",
        "<vcard>",
        "</vcard>",
        "</users></group><group name=\"more\"><users>",
        "<users>",
        "</users>",
        "<group name=\"x\">",
        "</group>",
        "junk",
        " ",
        "\t",
        "\u{feff}",
        "$${a{b}c}",
        "é",
    ]);
    prop_oneof![30 => known.prop_map(|text| text.as_bytes().to_vec()), 1 => prop::collection::vec(1u8..255, 0..4)]
}

fn heap() -> impl Strategy<Value = Vec<u8>> {
    let end = proptest::sample::select(vec!["\n", "\n", "\n", "", " ", "\r\n", "\r"]);
    let piece = (snippet(), end).prop_map(|(text, end)| [text, end.as_bytes().to_vec()].concat());
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

/// A heap with the ends it lacks, so that the engine takes more of them.
fn balanced() -> impl Strategy<Value = Vec<u8>> {
    let inside = heap();
    (heap(), inside, any::<bool>()).prop_map(|(before, inside, whole)| match whole {
        true => {
            [before, b"<user id=\"1001\">\n<params>\n".to_vec(), inside, b"\n</params>\n</user>\n".to_vec()].concat()
        }
        false => [before, inside].concat(),
    })
}

#[test]
fn heaps_of_snippets_are_read_as_the_engine_does() {
    let mut reader = Reader::start();
    let names: BTreeSet<String> = ["1001", "1002", "1003", "x"].map(str::to_owned).into();
    // A file that includes itself twice keeps the engine busy for ever.
    let included = heap().prop_filter("no circles", |heap| !heap.windows(4).any(|four| four == b".inc"));
    each(&(balanced(), included), cases(150), |(main, included)| {
        let base: Vec<(String, Vec<u8>)> = reader
            .base
            .iter()
            .filter_map(|(path, bytes)| {
                Some((path.strip_prefix("directory").ok()?.to_str()?.to_owned(), bytes.clone()))
            })
            .filter(|(name, _)| name == "default.xml")
            .collect();
        let last = b"<include>\n<user id=\"1003\"/>\n</include>\n".to_vec();
        // What was set stays until a restart: each tree starts with nothing.
        let first = b"<X-PRE-PROCESS cmd=\"set\" data=\"p=\"/>\n".to_vec();
        let ours =
            [("0.xml", first), ("default/1001.xml", main), ("default/one.inc", included), ("default/zz.xml", last)];
        let files = base.into_iter().chain(ours.map(|(name, bytes)| (name.to_owned(), bytes)));
        let said = reader.load(files);
        let wrong = reader.differences(&said, Some(&names));
        assert!(wrong.is_empty(), "{said}{wrong:#?}\n{}", shown(&reader.engine.conf().join("directory")));
    });
}

#[test]
fn the_trees_of_the_cases_are_read_as_the_engine_does() {
    let mut reader = Reader::start();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = std::fs::read_dir(root.join("tests/trees/cases")).unwrap().map(|entry| entry.unwrap().path());
    let cases = cases.filter(|case| case.file_name().unwrap().to_string_lossy().starts_with("fs_"));
    let own = cases.flat_map(|case| [case.join("in"), case.join("out")]).filter(|folder| folder.is_dir());
    let examples = ["freeswitch", "freeswitch-two-domains"].map(|name| root.join("examples").join(name));
    let mut count = 0;
    for folder in own.chain(examples) {
        let said = reader.load_all(&folder);
        let wrong = reader.differences(&said, None);
        assert!(wrong.is_empty(), "{}: {said}{wrong:#?}", folder.display());
        count += 1;
    }
    assert!(count > 30, "the cases are gone");
}
