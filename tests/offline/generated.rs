//! Manual pages and completions are kept in the tree; here they are made again and compared.

use std::collections::BTreeSet;
use std::path::Path;

use crate::program::Program;

/// Files a person wrote.
const BY_HAND: [&str; 1] = ["sipctl-json.schema.json"];

fn fresh(what: &str) {
    let program = Program::new();
    let made = program.home().join(what);
    std::fs::create_dir(&made).unwrap();
    assert_eq!(program.run(&["generate", what, made.to_str().unwrap()]).code, 0);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(what);
    let names = |folder: &Path| -> BTreeSet<String> {
        let names = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !BY_HAND.contains(&name.as_str())).collect()
    };
    assert_eq!(names(&kept), names(&made), "make them again: sipctl generate {what} {what}");
    for name in names(&made) {
        let same = std::fs::read(kept.join(&name)).unwrap() == std::fs::read(made.join(&name)).unwrap();
        assert!(same, "{what}/{name} is stale; make it again: sipctl generate {what} {what}");
    }
}

#[test]
fn manual_pages_are_current() {
    fresh("man");
}

#[test]
fn completions_are_current() {
    fresh("completions");
}

#[test]
fn every_command_has_a_page() {
    let man = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    for page in ["sipctl.1", "sipctl-ext-add.1", "sipctl-reload.1", "sipctl.ini.5", "sipctl-json.7", "sipctl-fields.7"]
    {
        assert!(man.join(page).exists(), "{page}");
    }
    let main = std::fs::read_to_string(man.join("sipctl.1")).unwrap();
    assert!(main.contains(".SH EXIT STATUS") && main.contains(".SH ENVIRONMENT"));
}

#[test]
fn completions_offer_no_command_that_is_hidden() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = Program::new().run(&["completions", shell]).stdout;
        for word in ["audit", "probe", "not built yet"] {
            assert!(!script.contains(word), "{shell} offers {word}");
        }
        assert!(script.contains("max-fail") && script.contains("accept-new-host-key"), "{shell}");
    }
}
