//! What follows a change: registrations, calls, notifications, and whether numbers can be called.

use sipctl::engine::asterisk::console;
use sipctl::engine::{Aftercare, Reload};

use crate::engine::{Asterisk, Lab, append, base, cx, edit};
use crate::phone::Phone;

#[test]
fn kick_drops_the_registrations_of_exactly_this_aor() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let mut phones = ["alice-secret", "alice-secret"].map(|pw| Phone::new(asterisk.port(), "1001", pw));
        let mut bob = Phone::new(asterisk.port(), "1002", "bob;secret");
        assert_eq!(Phone::new(asterisk.port(), "1002", "wrong").register(), 401);
        assert!(phones.iter_mut().all(|phone| phone.register() == 200));
        assert_eq!(bob.register(), 200);
        assert_eq!(bob.options(), 200);

        let all = console.contacts(&cx(), &[]).unwrap();
        assert_eq!(all.len(), 3, "{all:?}");
        let theirs = console.contacts(&cx(), &["1001".to_owned()]).unwrap();
        assert!(theirs.iter().all(|c| c.number == "1001" && (1..=300).contains(&c.expires.unwrap())), "{theirs:?}");
        assert!(phones.iter().all(|phone| theirs.iter().any(|c| c.uri == phone.contact())));
        let hers = &console.contacts(&cx(), &["1002".to_owned()]).unwrap()[0];
        assert_eq!(hers.user_agent.as_deref(), Some("labphone"));
        assert!(hers.address.as_deref().unwrap().starts_with("127.0.0.1:"), "{hers:?}");

        // Nobody registered: nothing done, nothing wrong.
        let kick = |id: &str| Aftercare::Kick { id: id.to_owned() };
        let (done, warnings) = console.aftercare(&cx(), &[kick("100"), kick("1003")]).unwrap();
        assert_eq!((done, warnings.len()), (0, 0));
        let (done, warnings) = console.aftercare(&cx(), &[kick("1001")]).unwrap();
        assert_eq!((done, warnings.len()), (1, 0), "{warnings:?}");
        let left = console.contacts(&cx(), &[]).unwrap();
        assert_eq!(left.iter().map(|c| c.number.as_str()).collect::<Vec<_>>(), ["1002"]);
        assert_eq!(bob.unregister(), 200);
        assert!(console.contacts(&cx(), &[]).unwrap().is_empty());
    }
}

#[test]
fn hangup_ends_the_calls_of_exactly_this_endpoint() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let mut alice = Phone::new(asterisk.port(), "1001", "alice-secret");
        let mut bob = Phone::new(asterisk.port(), "1002", "bob;secret");
        assert_eq!((alice.invite("100"), bob.invite("100")), (200, 200));
        assert_eq!(bob.invite("9999"), 404);

        let hangup = |id: &str| Aftercare::Hangup { id: id.to_owned() };
        let (done, warnings) = console.aftercare(&cx(), &[hangup("1001"), hangup("1")]).unwrap();
        assert_eq!((done, warnings.len()), (1, 0), "{warnings:?}");
        assert!(alice.hears("BYE").is_some());
        assert!(asterisk.ask("core show channels concise").contains("PJSIP/1002-"));
    }
}

#[test]
fn notify_sends_check_sync_or_says_what_is_missing() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let mut bob = Phone::new(asterisk.port(), "1002", "bob;secret");
        let notify = ["1001", "1002"].map(|id| Aftercare::Notify { id: id.to_owned() });
        assert_eq!(console.aftercare(&cx(), &notify).unwrap().0, 0, "nobody is registered");

        assert_eq!(bob.register(), 200);
        let (done, warnings) = console.aftercare(&cx(), &notify).unwrap();
        assert_eq!((done, warnings.len()), (1, 0), "{warnings:?}");
        assert_eq!(bob.hears("NOTIFY").unwrap().header("Event"), Some("check-sync"));

        edit(config.path(), "pjsip_notify.conf", "Event=>check-sync\n", "Event=>report\n");
        let (done, warnings) = console.aftercare(&cx(), &notify).unwrap();
        assert_eq!(done, 0);
        assert!(warnings[0].code == "aftercare" && warnings[0].message.contains("[check-sync]"), "{warnings:?}");

        // Advice that was followed, but not reloaded; then followed to the end.
        append(config.path(), "pjsip_notify.conf", "\n[check-sync]\nEvent=>check-sync\n");
        let (done, warnings) = console.aftercare(&cx(), &notify).unwrap();
        assert!(done == 0 && warnings[0].message.contains("sipctl reload"), "{warnings:?}");
        console.reload(&cx(), &Reload::default()).unwrap();
        assert_eq!(console.aftercare(&cx(), &notify).unwrap().0, 1);
        assert_eq!(bob.hears("NOTIFY").unwrap().header("Event"), Some("check-sync"));
    }
}

#[test]
fn numbers_that_cannot_be_called_are_named_with_the_reason() {
    for release in Lab::engines() {
        let config = base();
        let asterisk = Asterisk::start(&release, config.path());
        let host = asterisk.host();
        let mut console = console::open(&cx(), &host, config.path()).unwrap();
        let cases = [
            ("1001", "internal", "", ""),
            ("3001", "internal", "", ""),
            ("4001", "days", "", ""),
            ("2001", "internal", "not-dialable", "Stasis(nobody)"),
            ("2002", "internal", "not-dialable", "only a hint"),
            ("7777", "internal", "not-dialable", "no match"),
            ("1001", "nowhere", "not-dialable", "not in the dialplan"),
            ("4002", "days", "undecided", "29-31"),
        ];
        let pairs = |cases: &[(&str, &str, &str, &str)]| -> Vec<(String, String)> {
            cases.iter().map(|(number, context, ..)| ((*number).to_owned(), (*context).to_owned())).collect()
        };
        for (number, context, code, words) in cases {
            let warnings = console.dialable(&cx(), &pairs(&[(number, context, code, words)])).unwrap();
            match code {
                "" => assert!(warnings.is_empty(), "{number}@{context}: {warnings:?}"),
                code => {
                    assert_eq!(warnings.len(), 1, "{number}@{context}: {warnings:?}");
                    let warning = &warnings[0];
                    assert_eq!((warning.code.as_str(), warning.number.as_deref()), (code, Some(number)));
                    assert!(warning.message.contains(words), "{}", warning.message);
                }
            }
        }
        assert_eq!(console.dialable(&cx(), &pairs(&cases)).unwrap().len(), 5);
    }
}
