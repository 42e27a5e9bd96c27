//! Lists of houses: what is written is what is read back, and makes the same extensions elsewhere.

use std::path::Path;

use proptest::prelude::*;
use sipctl::engine::asterisk::Asterisk;
use sipctl::engine::{Estate, PlanOptions};
use sipctl::extension::Fields;
use sipctl::inventory::{Choice, Inventory, Pbx};
use sipctl::spec::plan::{Planned, Site, Wish, plan};
use sipctl::spec::write::{File, With, entry};
use sipctl::spec::{Form, import, read::read};

use crate::home::{Home, Tree};
use crate::house::house;

fn pbx() -> Pbx {
    let inventory = Inventory::parse(Path::new("/i"), "[pbx a]\naddress = asterisk:/nowhere\n").unwrap();
    inventory.choose(&Choice { all: true, ..Choice::default() }, false).unwrap().remove(0)
}

fn export(estate: &dyn Estate, secrets: bool) -> File {
    let pbx = pbx();
    let site = Site { pbx: &pbx, engine: &Asterisk };
    let phones = estate.extensions().into_iter().filter(|found| found.kind.is_extension());
    let with = With { secrets, inherited: false };
    let entries = phones.map(|found| entry(site, estate, &found, with, &mut Vec::new()));
    File { extensions: entries.collect(), ..File::default() }
}

fn planned(text: &str, form: Form, estate: &dyn Estate) -> Planned {
    let pbx = pbx();
    let list = read(text, form).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    let site = Site { pbx: &pbx, engine: &Asterisk };
    plan(&list, site, estate, Wish::default(), &mut |_, _| Ok(None))
        .unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

/// The shared fields of every phone.
fn fields(estate: &dyn Estate) -> Vec<(String, Fields)> {
    let phones = estate.extensions().into_iter().filter(|found| found.kind.is_extension());
    phones.map(|found| (found.number, found.fields)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_export_is_no_difference_in_any_form(house in house(), shared: bool) {
        let estate = Home::new(&house.tree()).load().unwrap();
        for form in [Form::Yaml, Form::Json, Form::Csv] {
            let mut file = export(&*estate, true);
            if shared && form != Form::Csv {
                file.share();
            }
            let text = file.text(form).unwrap();
            let planned = planned(&text, form, &*estate);
            prop_assert!(planned.edits.is_empty(), "{:?}\n{text}", planned.differences);
        }
    }

    #[test]
    fn a_list_makes_the_same_phones_in_an_empty_house(house in house()) {
        let estate = Home::new(&house.tree()).load().unwrap();
        let text = export(&*estate, true).text(Form::Yaml).unwrap();
        let empty = Home::new(&Tree::from([("pjsip.conf".to_owned(), Vec::new())]));
        let edits = planned(&text, Form::Yaml, &*empty.load().unwrap()).edits;
        let options = PlanOptions { no_validate: true, ..PlanOptions::default() };
        let plan = empty.load().unwrap().plan(None, &edits, &options).unwrap_or_else(|error| panic!("{error}\n{text}"));
        for change in plan.files {
            std::fs::write(&change.path, change.after.unwrap()).unwrap();
        }
        let made = empty.load().unwrap();
        let again = planned(&text, Form::Yaml, &*made);
        prop_assert!(again.edits.is_empty(), "{:?}\n{text}", again.differences);
        let mut wanted = fields(&*estate);
        let mut have = fields(&*made);
        for (_, fields) in wanted.iter_mut().chain(&mut have) {
            // Where nothing is said the engine's own habit counts, and a new one says more.
            fields.webrtc = fields.webrtc.filter(|webrtc| *webrtc);
        }
        for ((number, wanted), (_, have)) in wanted.iter().zip(&have) {
            for (name, text) in sipctl::extension::by_name::all(wanted) {
                prop_assert_eq!(sipctl::extension::by_name::value(have, name), Some(text), "{} of {}", name, number);
            }
        }
        prop_assert_eq!(wanted.len(), have.len());
    }

    #[test]
    fn no_text_is_too_strange(text in "(?s)[ -~\n\t가-힣é:{}\\[\\],\"'&*!|>%@#]{0,200}", rows in "[\"',;0-9a-zE+\n-]{0,80}") {
        for form in [Form::Yaml, Form::Json, Form::Csv] {
            let _ = read(&text, form);
            let _ = read(&format!("extensions:\n- {text}"), form);
        }
        for text in [text, format!("number,name,password\n{rows}")] {
            let Ok((decoded, _)) = import::decode(text.as_bytes(), None) else { continue };
            if let Ok(imported) = import::import(&decoded, &[]) {
                let list = imported.file.text(Form::Yaml).unwrap();
                prop_assert!(read(&list, Form::Yaml).is_ok(), "{list}");
            }
        }
    }
}
