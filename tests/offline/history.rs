//! `history`, `undo` and `recover` on files alone.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{Answer, Program};

/// A copy of an example, and the program for it.
struct House {
    program: Program,
    folder: PathBuf,
}

impl House {
    fn new() -> Self {
        Self::of("asterisk")
    }

    fn of(engine: &str) -> Self {
        let program = Program::new();
        let folder = program.home().join("etc");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(engine), &folder);
        let state = program.home().join("state").display().to_string();
        let pbx = format!("{engine}:{}", folder.display());
        Self { program: program.env("SIPCTL_STATE", &state).env("SIPCTL_PBX", &pbx), folder }
    }

    fn run(&self, words: &str) -> Answer {
        self.program.run(&words.split(' ').collect::<Vec<_>>())
    }

    fn done(&self, words: &str) -> Value {
        self.run(&format!("{words} -o json")).fails(0, "").json()["results"][0].clone()
    }

    fn append(&self, text: &str) {
        let path = self.folder.join("pjsip.conf");
        std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + text).unwrap();
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.folder.join("pjsip.conf")).unwrap()
    }

    /// The folder of a change.
    fn kept(&self, id: u64) -> PathBuf {
        let homes = self.program.home().join("state").read_dir().unwrap();
        homes.map(|home| home.unwrap().path().join(id.to_string())).find(|path| path.exists()).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in from.read_dir().unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => _ = std::fs::copy(entry.path(), to).unwrap(),
        }
    }
}

#[test]
fn the_history_says_who_what_why_and_what_happened_outside() {
    let house = House::new();
    assert_eq!(house.run("history").fails(0, "").stdout.lines().count(), 1);
    house.done("ext add 1002 --offline -m asked");
    house.append("; by hand\n");
    house.done("ext passwd 1001 --offline --yes");
    let history = house.done("history")["history"].clone();
    assert_eq!(history.as_array().unwrap().len(), 3, "{history:#}");
    assert_eq!(
        (&history[0]["id"], &history[0]["message"], &history[0]["live"]),
        (&"1".into(), &"asked".into(), &false.into())
    );
    assert_eq!(history[0]["changes"][0]["action"], "create");
    assert_eq!((&history[1]["outside"], history[1].get("id")), (&true.into(), None), "between two changes");
    assert!(history[1]["files"][0].as_str().unwrap().ends_with("/pjsip.conf"));
    assert_eq!(history[2]["changes"][0]["action"], "passwd");

    house.append("; again\n");
    let templates = house.folder.join("pjsip_templates.conf");
    std::fs::write(&templates, std::fs::read_to_string(&templates).unwrap() + "; and here\n").unwrap();
    let history = house.done("history")["history"].clone();
    let names: Vec<&str> = history[3]["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    assert!(names.len() == 2 && names[0].ends_with("pjsip.conf") && names[1].ends_with("templates.conf"), "{names:?}");
    assert_eq!(house.run("history -o name").stdout, "1\n2\n");
    let table = house.run("history").stdout;
    assert!(table.contains("1002 created; not live") && table.contains("outside sipctl"), "{table}");
}

#[test]
fn one_change_is_shown_masked_and_its_copies_put_it_right_by_hand() {
    let house = House::new();
    let before = house.text();
    house.done("ext passwd 1001 --offline --yes");
    let shown = house.done("history show 1")["history"][0].clone();
    let diff = shown["diff"].as_str().unwrap();
    assert!(diff.contains("-password=********\n+password=********\n"), "{diff}");
    let (old, new) = (shown["copies"][0]["before"].as_str().unwrap(), shown["copies"][0]["after"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(old).unwrap(), before);
    assert_eq!(std::fs::read_to_string(new).unwrap(), house.text());
    assert_eq!(std::fs::metadata(old).unwrap().mode() & 0o077, 0);
    house.run("history show 7").fails(3, "no change 7");
    let pbx = format!("asterisk:{}", house.folder.display());
    house.run(&format!("history show 7 --pbx {pbx}")).fails(3, &format!("sipctl history --pbx {pbx}"));
}

#[test]
fn what_a_newer_version_kept_is_said_and_not_guessed_at() {
    let house = House::new();
    house.done("ext add 1002 --offline");
    let meta = house.kept(1).join("meta.json");
    let text = std::fs::read_to_string(&meta).unwrap().replace("\"v\": 1", "\"v\": 9");
    std::fs::write(&meta, text).unwrap();
    let result = house.done("history");
    assert_eq!((&result["history"], &result["warnings"][0]["code"]), (&serde_json::json!([]), &"history".into()));
    for words in ["history show 1", "undo 1 --yes --offline", "undo --yes --offline", "undo --since 1h --yes --offline"]
    {
        house.run(words).fails(8, "version 9");
    }
}

#[test]
fn a_file_that_comes_back_has_its_owner_and_mode() {
    let house = House::new();
    let folder = house.folder.join("users");
    std::fs::create_dir(&folder).unwrap();
    let number = |number: &str| {
        format!("[{number}]\ntype=endpoint\ncontext=internal\naors={number}\n[{number}]\ntype=aor\nmax_contacts=1\n")
    };
    for name in ["3001", "3002"] {
        std::fs::write(folder.join(format!("{name}.conf")), number(name)).unwrap();
    }
    house.append("#include users/*.conf\n");
    let file = folder.join("3001.conf");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o604)).unwrap();
    let root = rustix::process::getuid().is_root();
    if root {
        std::os::unix::fs::chown(&file, Some(65534), Some(3)).unwrap();
    }
    let owner = |meta: std::fs::Metadata| (meta.uid(), meta.gid(), meta.mode());
    let before = (owner(std::fs::metadata(&file).unwrap()), std::fs::read(&file).unwrap());
    house.done("ext rm 3001 --yes --offline");
    assert!(!file.exists());
    house.done("undo --yes --offline");
    assert_eq!((owner(std::fs::metadata(&file).unwrap()), std::fs::read(&file).unwrap()), before);
    assert!(!house.folder.join(".sipctl").exists());
}

#[test]
fn with_nothing_open_recover_has_nothing_to_do() {
    let house = House::new();
    let result = house.done("recover --offline");
    assert_eq!(result["changed"], false);
    std::fs::create_dir(house.folder.join(".sipctl")).unwrap();
    let result = house.done("recover --offline");
    assert_eq!((&result["changed"], &result["warnings"][0]["code"]), (&true.into(), &"recovered".into()));
    assert!(!house.folder.join(".sipctl").exists());
}

#[test]
fn a_link_is_not_left_dangling() {
    let house = House::of("freeswitch");
    let link = house.folder.join("directory/default/1005.xml");
    let target = house.program.home().join("1005.xml");
    std::fs::rename(&link, &target).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    house
        .run("ext rm 1005 --yes --offline")
        .fails(1, &format!("make it a file of its own first: mv {}", target.display()));
    assert!(link.exists() && !house.folder.join(".sipctl").exists());
    std::fs::rename(&target, &link).unwrap();
    // A whole folder that is one is another matter.
    let folder = house.folder.join("directory");
    std::fs::rename(&folder, house.program.home().join("users")).unwrap();
    std::os::unix::fs::symlink("../users", &folder).unwrap();
    let before = std::fs::read(&link).unwrap();
    house.done("ext rm 1005 --yes --offline");
    assert!(!link.exists());
    house.done("undo --yes --with-secrets --offline");
    assert_eq!(std::fs::read(&link).unwrap(), before);
}
