//! The same small house on either engine: 1001 and 1003, dressed alike.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::files::tree;
use crate::program::{Answer, Program};

/// What only one of the engines has, or what says where things stand.
const OWN: [&str; 7] = ["domain", "codecs", "transport", "webrtc", "source", "settings", "contacts"];

/// A configuration folder and the program for it.
pub struct House {
    engine: &'static str,
    folder: TempDir,
    program: Program,
}

impl House {
    /// One of each engine.
    pub fn both() -> [Self; 2] {
        [Self::new("asterisk", asterisk), Self::new("freeswitch", freeswitch)]
    }

    fn new(engine: &'static str, build: impl Fn(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        build(folder.path());
        let program = Program::new();
        let state = program.home().join("state").display().to_string();
        Self { engine, folder, program: program.env("SIPCTL_STATE", &state) }
    }

    /// Runs words offline, as JSON, with a password at hand.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Answer {
        let pbx = self.address();
        let all = [words, &["--offline", "-o", "json", "--pbx", &pbx]].concat();
        self.program.run_with(&all, b"One-Password")
    }

    /// What it exports.
    #[track_caller]
    pub fn export(&self, words: &[&str]) -> String {
        self.program.run(&[&["export", "--pbx", &self.address()], words].concat()).fails(0, "").stdout
    }

    /// How it differs from another one.
    pub fn against(&self, other: &Self) -> Value {
        let words = ["diff", "-o", "json", "--pbx", &self.address(), "--against", &other.address()];
        self.program.run(&words).json()
    }

    fn address(&self) -> String {
        format!("{}:{}", self.engine, self.folder.path().display())
    }

    /// Where other files may lie.
    pub fn home(&self) -> &Path {
        self.program.home()
    }

    /// Its engine.
    pub fn kind(&self) -> sipctl::address::Kind {
        match self.engine {
            "asterisk" => sipctl::address::Kind::Asterisk,
            _ => sipctl::address::Kind::FreeSwitch,
        }
    }

    /// Every file's bytes.
    pub fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        tree(self.folder.path())
    }

    /// What both engines should say of every extension.
    pub fn extensions(&self) -> Value {
        let listed = self.run(&["ext", "list"]).fails(0, "").json();
        shared(&listed["results"][0]["extensions"])
    }

    /// What both engines should say of one.
    #[track_caller]
    pub fn show(&self, number: &str) -> Value {
        let shown = self.run(&["ext", "show", number, "--reveal"]).fails(0, "").json();
        shared(&shown["results"][0]["extensions"])[0].clone()
    }
}

/// Extensions without what is an engine's own.
pub fn shared(extensions: &Value) -> Value {
    let mut extensions = extensions.clone();
    for extension in extensions.as_array_mut().unwrap() {
        extension.as_object_mut().unwrap().retain(|key, _| !OWN.contains(&key.as_str()));
    }
    extensions
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn asterisk(folder: &Path) {
    let phone = |number: &str| {
        format!(
            "[{number}]\ntype=endpoint\ncontext=internal\ndisallow=all\nallow=ulaw\nauth={number}\naors={number}\n\n\
             [{number}]\ntype=auth\nauth_type=userpass\nusername={number}\npassword=first-{number}\n\n\
             [{number}]\ntype=aor\nmax_contacts=1\nremove_existing=yes\n\n"
        )
    };
    write(folder, "pjsip.conf", &(phone("1001") + &phone("1003")));
    write(folder, "extensions.conf", "[internal]\nexten => _10XX,1,Dial(PJSIP/${EXTEN})\n[guests]\n");
}

fn freeswitch(folder: &Path) {
    write(
        folder,
        "freeswitch.xml",
        "<document type=\"freeswitch/xml\">\n  <section name=\"dialplan\">\n    <context name=\"internal\"/>\n    \
         <context name=\"guests\"/>\n  </section>\n  <section name=\"directory\">\n    \
         <X-PRE-PROCESS cmd=\"include\" data=\"directory/*.xml\"/>\n  </section>\n</document>\n",
    );
    write(
        folder,
        "directory/default.xml",
        "<include>\n  <domain name=\"pbx.example.org\">\n    <groups>\n      <group name=\"default\">\n        <users>\n\
         <X-PRE-PROCESS cmd=\"include\" data=\"default/*.xml\"/>\n        </users>\n      </group>\n    </groups>\n  \
         </domain>\n</include>\n",
    );
    for number in ["1001", "1003"] {
        write(folder, &format!("directory/default/{number}.xml"), &user(number, &format!("first-{number}")));
    }
}

/// A user like the phones of the other engine.
pub fn user(number: &str, password: &str) -> String {
    format!(
        "<include>\n  <user id=\"{number}\">\n    <params>\n      <param name=\"password\" value=\"{password}\"/>\n      \
         <param name=\"max-registrations-per-extension\" value=\"1\"/>\n    </params>\n    <variables>\n      \
         <variable name=\"user_context\" value=\"internal\"/>\n    </variables>\n  </user>\n</include>\n"
    )
}
