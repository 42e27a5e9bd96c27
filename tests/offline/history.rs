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
    std::fs::write(house.folder.join(".sipctl"), "").unwrap();
    house.run("recover --offline").fails(8, "it is no folder");
}

#[test]
fn what_was_taken_back_is_not_taken_back_twice() {
    let house = House::new();
    let before = house.text();
    house.done("ext set 1001 --name Bob --offline");
    let named = house.text();
    house.done("undo --yes --offline");
    house.done("undo 2 --yes --offline");
    assert_eq!(house.text(), named);
    let again = house.done("undo 2 --yes --offline");
    assert_eq!((&again["changed"], &again["warnings"][0]["code"]), (&false.into(), &"history".into()));
    assert!(again["warnings"][0]["message"].as_str().unwrap().contains("by change 3"), "{again:#}");
    assert_eq!(house.text(), named);
    house.done("undo --yes --offline");
    assert_eq!(house.text(), before);
    house.run("undo --yes --offline").fails(3, "see what there is: sipctl history");
}

#[test]
fn lines_that_came_back_beside_other_edits_do_not_come_twice() {
    let house = House::new();
    house.done("ext set 1001 --unset endpoint.direct_media --offline");
    let edited = |from: &str, to: &str| {
        let text = house.text();
        assert_eq!(text.matches(from).count(), 1, "{text}");
        std::fs::write(house.folder.join("pjsip.conf"), text.replace(from, to)).unwrap();
    };
    edited("bind = 0.0.0.0", "bind = 127.0.0.1");
    house.done("undo 1 --yes --offline");
    edited("aors=1001\ndirect_media=no\n", "aors=1001 ; the desk\ndirect_media=no\n");
    let before = house.text();
    house.done("undo 1 --yes --offline");
    assert_eq!(house.text(), before);
}

#[test]
fn undo_says_why_there_is_nothing_to_do() {
    let house = House::new();
    let before = house.text();
    house.done("ext add 1002 --offline");
    std::fs::write(house.folder.join("pjsip.conf"), &before).unwrap();
    let result = house.done("undo --yes --offline");
    assert!(result["warnings"][0]["message"].as_str().unwrap().contains("nothing is left of change 1"), "{result:#}");
    std::fs::remove_dir_all(house.kept(1)).unwrap();
    let result = house.done("undo --since 1h --yes --offline");
    assert!(result["warnings"][0]["message"].as_str().unwrap().contains("no change that stands"), "{result:#}");

    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        house.done(&format!("ext set 1001 --name {name} --offline"));
    }
    assert!(house.run("undo --since 1h --yes --offline").stdout.contains("undo of   1-7\n"));
    assert!(house.run("history").stdout.contains("undo of 1-7; "));
    assert_eq!(house.text(), before);
}

#[test]
fn a_time_that_is_still_to_come_is_a_slip() {
    let house = House::new();
    house.done("ext add 1002 --offline");
    house.run("undo --since 2999-01-01T00:00 --yes --offline").fails(2, "is still to come");
}

#[test]
fn who_was_created_anew_since_does_not_come_back_beside_himself() {
    let house = House::new();
    house.done("ext rm 1001 --yes --offline");
    let templates = house.folder.join("pjsip_templates.conf");
    let text = std::fs::read_to_string(&templates).unwrap();
    let new = "\n[1001]\ntype=endpoint\ncontext=internal\naors=1001\n[1001]\ntype=aor\nmax_contacts=2\n";
    std::fs::write(&templates, text + new).unwrap();
    let tree = house.text();
    house.run("undo --yes --with-secrets --offline").fails(1, "two sections 1001");
    assert_eq!(house.text(), tree);

    let house = House::of("freeswitch");
    let users = house.folder.join("directory/default");
    house.done("ext rm 1001 --yes --offline");
    let other = std::fs::read_to_string(users.join("1000.xml")).unwrap().replace("1000", "1001");
    std::fs::write(users.join("new.xml"), other).unwrap();
    house.run("undo --yes --with-secrets --offline").fails(4, "new.xml:2");
    assert!(!users.join("1001.xml").exists());
}

#[test]
fn a_user_who_came_was_edited_by_hand_and_went_is_no_obstacle() {
    let house = House::of("freeswitch");
    let user = house.folder.join("directory/default/1006.xml");
    house.done("ext add 1006 --offline");
    let text = std::fs::read_to_string(&user).unwrap();
    std::fs::write(&user, text.replace("</user>", "<!-- by hand --></user>")).unwrap();
    house.done("ext rm 1006 --offline --yes");
    house.done("ext set 1001 --cid-name Other --offline");
    let result = house.done("undo --since 1h --yes --with-secrets --offline");
    assert_eq!((&result["changed"], result["undo"].as_array().unwrap().len()), (&true.into(), 3), "{result:#}");
    assert!(!user.exists());
    let (now, was) =
        (house.folder.join("directory/default/1001.xml"), "examples/freeswitch/directory/default/1001.xml");
    assert_eq!(std::fs::read(now).unwrap(), std::fs::read(was).unwrap());
    // Where his edit is still there it is told how to go on without.
    house.done("ext add 1007 --offline");
    let user = house.folder.join("directory/default/1007.xml");
    std::fs::write(&user, text.replace("</user>", "<!-- by hand --></user>")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    house.done("ext set 1001 --cid-name Other --offline");
    let refused = house.run("undo --since 1h --yes --with-secrets --offline").fails(1, "somebody has changed since");
    let command = refused.stderr.split_once("without it: sipctl ").unwrap().1.lines().next().unwrap();
    let command = command.split(" --pbx").next().unwrap();
    let result = house.done(&format!("{command} --yes --with-secrets --offline"));
    assert_eq!((&result["undo"], user.exists()), (&serde_json::json!(["6"]), true), "{result:#}");
}

#[test]
fn merged_lines_that_would_land_with_somebody_else_are_refused() {
    let house = House::new();
    house.done("ext set 1001 --name Bob --offline");
    house.done("ext set 1001 --unset endpoint.callerid --offline");
    let path = house.folder.join("pjsip.conf");
    let last = "aors=1001\ndirect_media=no\n";
    let more = "aors=1001\ndirect_media=yes\n\n[1003]\ntype=endpoint\ncontext=internal\n";
    std::fs::write(&path, house.text().replace(last, more)).unwrap();
    let text = house.text();
    house.run("undo --yes --offline").fails(1, "endpoint 1003, which it did not touch");
    assert_eq!(house.text(), text);
    // In the same place nothing else is in the way.
    std::fs::write(&path, text.replace("[1003]\ntype=endpoint\ncontext=internal\n", "")).unwrap();
    house.done("undo --yes --offline");
    assert!(house.text().contains("callerid=\"Bob\" <1001>"), "{}", house.text());

    let house = House::of("freeswitch");
    let users = house.folder.join("directory/default");
    let both = |name: &str| std::fs::read_to_string(users.join(name)).unwrap();
    let two = both("1000.xml").replace("</include>\n", "") + &both("1001.xml").replace("<include>\n", "");
    std::fs::write(users.join("1000.xml"), &two).unwrap();
    std::fs::remove_file(users.join("1001.xml")).unwrap();
    house.done("ext set 1000 --set variable.last=1 --offline");
    house.done("ext set 1000 --unset variable.last --offline");
    let text = both("1000.xml");
    let last = "      <variable name=\"callgroup\" value=\"office\"/>\n";
    assert!(text.contains(last), "{text}");
    let new = format!(
        "{}    </variables>\n  </user>\n  <user id=\"1009\">\n    <variables>\n{}",
        last.replace("office", "sales"),
        last.replace("office", "other")
    );
    std::fs::write(users.join("1000.xml"), text.replacen(last, &new, 1)).unwrap();
    let text = both("1000.xml");
    house.run("undo --yes --offline").fails(1, "which it did not touch");
    assert_eq!(both("1000.xml"), text);
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
    house.run("ext rm 1005 --dry-run --offline").fails(1, "only a symbolic link");
    std::fs::rename(&target, &link).unwrap();
    // A whole folder that is one is another matter.
    let folder = house.folder.join("directory");
    std::fs::rename(&folder, house.program.home().join("users")).unwrap();
    std::os::unix::fs::symlink("../users", &folder).unwrap();
    let before = std::fs::read(&link).unwrap();
    assert_eq!(house.done("ext rm 1005 --dry-run --offline")["changed"], true);
    house.done("ext rm 1005 --yes --offline");
    assert!(!link.exists());
    house.done("undo --yes --with-secrets --offline");
    assert_eq!(std::fs::read(&link).unwrap(), before);
}

/// The words that choose a PBX by its name in an inventory.
fn called(house: &House, name: &str) -> String {
    let inventory = house.program.home().join(format!("{name}.ini"));
    std::fs::write(&inventory, format!("[pbx {name}]\naddress = asterisk:{}\n", house.folder.display())).unwrap();
    format!("--config {} --pbx {name} ", inventory.display())
}

#[test]
fn two_of_one_name_do_not_take_back_each_other() {
    let (house, other) = (House::new(), House::new());
    let (here, there) = (called(&house, "office"), called(&other, "office"));
    // The state folder of the first is that of both.
    house.done(&format!("{here}ext add 1002 --offline"));
    house.done(&format!("{there}ext add 1003 --offline"));
    let text = house.text();
    let result = house.done(&format!("{here}undo --yes --offline"));
    assert_eq!(result["changes"][0]["number"], "1002", "{result:#}");
    assert_ne!(house.text(), text);
    assert!(other.text().contains("1003"));
    house.run(&format!("{here}undo 2 --yes --offline")).fails(3, &other.folder.display().to_string());
    let past = house.done(&format!("{there}history"));
    assert_eq!((past["history"].as_array().unwrap().len(), &past["warnings"][0]["code"]), (1, &"history".into()));
}

#[test]
fn two_of_one_name_and_folder_on_two_machines_do_not_take_back_each_other() {
    let house = House::new();
    house.done("ext add 1002 --offline");
    house.done("ext add 1003 --offline");
    let meta = house.kept(2).join("meta.json");
    let text = std::fs::read_to_string(&meta).unwrap();
    assert!(text.contains("\"machine\": \"localhost\""), "{text}");
    // As if another machine's had been changed from here.
    std::fs::write(&meta, text.replace("\"localhost\"", "\"pbx1:2222\"")).unwrap();
    house.run("undo 2 --yes --offline").fails(3, "etc on pbx1:2222, a PBX of the same name");
    let past = house.done("history");
    assert_eq!(past["history"].as_array().unwrap().len(), 2, "{past:#}");
    assert_eq!((&past["history"][0]["id"], &past["history"][1]["outside"]), (&"1".into(), &true.into()));
    assert!(past["warnings"][0]["message"].as_str().unwrap().contains("on pbx1:2222"), "{past:#}");
    // An older version did not write it down: what it kept is still this one's.
    let old: String =
        text.lines().filter(|line| !line.contains("\"machine\"")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&meta, old).unwrap();
    let result = house.done("undo --yes --offline");
    assert_eq!((&result["changes"][0]["number"], &result["id"]), (&"1003".into(), &"3".into()), "{result:#}");
}

#[test]
fn one_that_was_given_another_name_is_told_where_its_past_is() {
    let house = House::new();
    let before = house.text();
    house.done(&format!("{}ext add 1002 --offline", called(&house, "old's")));
    let new = called(&house, "new");
    house.run(&format!("{new}undo --yes --offline")).fails(3, "under old's; if that is this PBX: mv ");
    let past = house.done(&format!("{new}history"));
    let command = past["warnings"][0]["message"].as_str().unwrap().split_once("this PBX: ").unwrap().1;
    assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success());
    house.done(&format!("{new}undo --yes --offline"));
    assert_eq!(house.text(), before);
}

#[test]
fn a_change_whose_meta_is_gone_is_said() {
    let house = House::new();
    house.done("ext add 1002 --offline");
    house.done("ext add 1003 --offline");
    std::fs::remove_file(house.kept(2).join("meta.json")).unwrap();
    let past = house.done("history");
    assert!(past["warnings"][0]["message"].as_str().unwrap().contains("change 2 is not shown"), "{past:#}");
    house.run("undo --yes --offline").fails(8, "change 2 cannot be read");
}

#[test]
fn a_file_that_is_read_no_more_is_left_alone() {
    let house = House::new();
    house.done("ext set 2001 --name Front --offline");
    let before = house.text();
    let templates = house.folder.join("pjsip_templates.conf");
    let left = std::fs::read(&templates).unwrap();
    let moved = before.replace("pjsip_templates.conf", "moved.conf");
    std::fs::write(house.folder.join("pjsip.conf"), moved).unwrap();
    std::fs::copy(&templates, house.folder.join("moved.conf")).unwrap();
    house.run("undo --yes --offline").fails(1, "pjsip_templates.conf is no part of the configuration");
    assert_eq!(std::fs::read(&templates).unwrap(), left);
    std::fs::remove_file(&templates).unwrap();
    house.run("undo --yes --offline").fails(1, "pjsip_templates.conf");
    assert!(!templates.exists());

    let house = House::of("freeswitch");
    let user = house.folder.join("directory/default/1001.xml");
    house.done("ext set 1001 --name Front --offline");
    std::fs::rename(&user, user.with_extension("old")).unwrap();
    std::fs::create_dir(house.folder.join("directory/other")).unwrap();
    house.run("undo --yes --offline").fails(1, "1001.xml");
    assert!(!user.exists());
    // Whoever writes to the history writes no further than the engine reads.
    std::fs::rename(user.with_extension("old"), &user).unwrap();
    let meta = house.kept(1).join("meta.json");
    let victim = house.program.home().join("victim");
    std::fs::copy(&user, &victim).unwrap();
    let text = std::fs::read_to_string(&meta).unwrap();
    std::fs::write(&meta, text.replace(user.to_str().unwrap(), victim.to_str().unwrap())).unwrap();
    let left = std::fs::read(&victim).unwrap();
    house.run("undo --yes --offline").fails(1, "victim is no part of the configuration");
    assert_eq!(std::fs::read(&victim).unwrap(), left);
}
