//! Bytes and texts nobody wished for: refused with an error and its code, or done right, and never
//! a panic.

use proptest::prelude::*;
use sipctl::engine::PlanOptions;
use sipctl::extension::{Edit, Fields, Setting, Want};

use crate::home::{Home, Tree, create, ext, passwd, renumber, set};

/// Pieces of configuration text, whole and broken.
fn snippet() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(vec![
        "[1001]",
        "[1002](t)",
        "[t](!)",
        "[1001](+)",
        "[x](+type=aor)",
        "(",
        ")",
        "[",
        "]",
        "\n",
        "\r\n",
        "\n\n",
        " ",
        "type=endpoint\n",
        "type=auth\n",
        "type=aor\n",
        "auth=1001\n",
        "aors=1001\n",
        "aors=1001,1002\n",
        "password=",
        "username=1001\n",
        "max_contacts=1\n",
        "match=192.0.2.1\n",
        "endpoint=1001\n",
        "type=identify\n",
        "allow=!all,ulaw\n",
        "callerid=\"A\" <1001>\n",
        "=",
        "=>",
        "+=",
        "k = v\n",
        ";",
        ";--",
        "--;",
        "; 1001\n",
        "\\;",
        "\\",
        "#include a.conf\n",
        "#tryinclude phones/*.conf\n",
        "#include pjsip.conf\n",
        "#exec x\n",
        "\u{feff}",
        "\0",
        "\t",
        "deny=0.0.0.0/0.0.0.0\n",
        "deny=::/0\n",
        "@sipctl_disabled=yes\n",
        "type=",
        "[1001]\ntype=endpoint\nauth=1001\naors=1001\n",
        "[1001]\ntype=auth\nusername=1001\npassword=x\n",
        "[1001]\ntype=aor\nmax_contacts=1\n",
        "접수",
        "<",
        ">",
        "\"",
    ]);
    prop_oneof![8 => known.prop_map(|text| text.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..6)]
}

fn strange_file() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(snippet(), 0..40).prop_map(|parts| parts.concat())
}

/// Texts that bite.
fn strange_text() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "",
        " ",
        "\n",
        "\0",
        "]",
        "[",
        ";",
        "--;",
        ";--",
        "\\",
        "\\;",
        "a]b",
        "a\nb",
        "#include x",
        "=",
        ">x",
        "../../x",
        "/",
        "(!)",
        "1001",
        "1001 ",
        "a,b",
        "<1>",
        "\"",
        "접수",
        "%n",
        "{number}",
        "type",
        "endpoint",
        "all",
        "!all",
        "-1",
        "@x",
    ]);
    let long = (78..82usize).prop_map(|n| "9".repeat(n));
    prop_oneof![4 => known.prop_map(str::to_owned), 2 => "\\PC{0,8}", 1 => any::<String>(), 1 => long, 1 => Just("x".repeat(9000))]
}

fn every_verb(number: &str, other: &str, text: &str) -> Vec<Edit> {
    let some = || Some(text.to_owned());
    let settings = ["endpoint", "auth", "aor", "identify", text].into_iter().flat_map(|object| {
        [("context", Want::Set(text.into())), ("match", Want::Add(text.into())), (text, Want::Unset(some()))]
            .map(|(option, want)| Setting { object: object.into(), option: option.into(), want })
    });
    let by_settings =
        settings.map(|setting| Edit::Set { ext: ext(number), fields: Box::default(), settings: vec![setting] });
    let fields = [
        Fields { cid_name: some(), ..Fields::default() },
        Fields { cid_number: some(), ..Fields::default() },
        Fields { context: some(), mailbox: some(), description: some(), ..Fields::default() },
        Fields { codecs: Some(vec![text.to_owned()]), max_contacts: some(), ..Fields::default() },
        Fields { ip: some(), ..Fields::default() },
        Fields { permit: some(), ..Fields::default() },
        Fields { webrtc: Some(true), ..Fields::default() },
    ];
    let by_fields = fields.into_iter().flat_map(|fields| [set(number, fields.clone()), create(other, fields)]);
    let plain = [
        create(number, Fields::default()),
        create(other, Fields::default()),
        passwd(number, text.as_bytes()),
        renumber(number, other),
        renumber(other, text),
        Edit::Delete(ext(number)),
        Edit::Disable(ext(number)),
        Edit::Enable(ext(number)),
    ];
    plain.into_iter().chain(by_fields).chain(by_settings).collect()
}

/// Plans every verb; what is done must leave files that still can be read.
fn nothing_panics(tree: &Tree, number: &str, other: &str, text: &str) {
    let home = Home::new(tree);
    let Ok(estate) = home.load() else { return };
    for number in [number, other] {
        estate.find(&ext(number));
        estate.settings(&ext(number), false);
        estate.registers_as(&ext(number), None);
        estate.password(&ext(number));
    }
    estate.warnings();
    estate.proofs(None);
    for no_validate in [false, true] {
        for edit in every_verb(number, other, text) {
            let options = PlanOptions { no_validate, ..PlanOptions::default() };
            if let Err(error) = estate.plan(None, std::slice::from_ref(&edit), &options) {
                assert!(error.code as i32 > 0 && !error.line().is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_and_refused_or_changed(main in strange_file(), more in strange_file()) {
        let tree: Tree = [("pjsip.conf", main.clone()), ("a.conf", more.clone()), ("phones/1002.conf", more), ("pjsip_wizard.conf", main)]
            .map(|(name, bytes)| (name.to_owned(), bytes)).into();
        nothing_panics(&tree, "1001", "1002", "x");
    }

    #[test]
    fn any_text_is_refused_or_read_back(number in strange_text(), text in strange_text(), house in crate::house()) {
        nothing_panics(&house.tree(), "1001", &number, &text);
        nothing_panics(&house.tree(), &number, "1002", &text);
    }

    #[test]
    fn a_strange_password_is_refused_or_counts(secret in prop_oneof![prop::collection::vec(any::<u8>(), 0..12), strange_text().prop_map(String::into_bytes)]) {
        let tree: Tree = [("pjsip.conf".to_owned(), b"[1001]\ntype=endpoint\nauth=1001\naors=1001\n[1001]\ntype=auth\nusername=1001\npassword=x ; 1\n[1001]\ntype=aor\nmax_contacts=1\n".to_vec())].into();
        let home = Home::new(&tree);
        if home.change(&[passwd("1001", &secret)], &[]).is_ok() {
            let estate = home.load().unwrap();
            let have = estate.password(&ext("1001")).unwrap();
            prop_assert_eq!(have.reveal(), &secret[..]);
        }
    }

    #[test]
    fn a_strange_number_is_refused_or_added(number in strange_text(), house in crate::house()) {
        let home = Home::new(&house.tree());
        if home.change(&[create(&number, Fields::default())], &[]).is_ok() {
            prop_assert!(home.load().unwrap().find(&ext(&number)).is_some());
            home.change(&[Edit::Delete(ext(&number))], &[]).unwrap();
            prop_assert_eq!(home.tree(), house.tree());
        }
    }
}
