//! Registrations and calls: who is there, and who is dropped. Only the stand-in can be told to have
//! phones.

use sipctl::engine::Aftercare;

use crate::engine::{FreeSwitch, cx, is_stand_in};

fn with_phones() -> Option<FreeSwitch> {
    if !is_stand_in() {
        return None;
    }
    let engine = FreeSwitch::start();
    for (profile, id) in [
        ("internal", "1000@pbx.example.org"),
        ("internal", "BOB@pbx.example.org"),
        ("external", "1000@pbx.example.org"),
        ("internal", "1002@pbx.example.org"),
        ("internal", "1000@other.example"),
    ] {
        assert_eq!(engine.ask(&format!("standin register {profile} {id} sip:{id}:5060")), "+OK\n");
    }
    for (id, uuid) in [("1000@pbx.example.org", "aa-1"), ("1002@pbx.example.org", "bb-2")] {
        engine.ask(&format!("standin call {id} {uuid}"));
    }
    Some(engine)
}

#[test]
fn everybody_who_is_registered_is_listed() {
    let Some(engine) = with_phones() else { return };
    let host = engine.host();
    let mut console = engine.console(&host);
    let count = |console: &mut dyn sipctl::engine::Console, numbers: &[&str]| {
        let numbers: Vec<String> = numbers.iter().map(|n| (*n).to_owned()).collect();
        console.contacts(&cx(), &numbers).unwrap().len()
    };
    assert_eq!(count(console.as_mut(), &[]), 5);
    assert_eq!(count(console.as_mut(), &["1000"]), 3);
    assert_eq!(count(console.as_mut(), &["1000@pbx.example.org", "bob"]), 3);
    assert_eq!(count(console.as_mut(), &["1009"]), 0);
    let one = console.contacts(&cx(), &["1002".to_owned()]).unwrap().remove(0);
    assert_eq!((one.number.as_str(), one.uri.as_str()), ("1002", "sip:1002@pbx.example.org:5060"));
    assert_eq!((one.expires, one.user_agent.as_deref()), (Some(330), Some("sipctl-probe/1")));
    assert_eq!(one.address.as_deref(), Some("127.0.0.1:47369"));
}

#[test]
fn kick_drops_one_user_from_every_profile_and_nobody_else() {
    let Some(engine) = with_phones() else { return };
    let host = engine.host();
    let mut console = engine.console(&host);
    let kick = |id: &str| Aftercare::Kick { id: id.to_owned() };
    // A bare domain, or a user without one, would drop everybody.
    let (done, warnings) =
        console.aftercare(&cx(), &[kick("pbx.example.org"), kick("1002"), kick("1009@pbx.example.org")]).unwrap();
    assert_eq!((done, warnings.len()), (0, 2), "{warnings:?}");
    assert_eq!(console.contacts(&cx(), &[]).unwrap().len(), 5);

    let (done, warnings) =
        console.aftercare(&cx(), &[kick("1000@pbx.example.org"), kick("bob@pbx.example.org")]).unwrap();
    assert_eq!((done, warnings.len()), (2, 0), "{warnings:?}");
    let left: Vec<_> = console.contacts(&cx(), &[]).unwrap().into_iter().map(|c| c.uri).collect();
    assert_eq!(left, ["sip:1002@pbx.example.org:5060", "sip:1000@other.example:5060"]);
}

#[test]
fn hangup_ends_the_calls_of_one_user_and_notify_tells_who_is_there() {
    let Some(engine) = with_phones() else { return };
    let host = engine.host();
    let mut console = engine.console(&host);
    let acts = [
        Aftercare::Hangup { id: "1000@pbx.example.org".to_owned() },
        Aftercare::Notify { id: "1002@pbx.example.org".to_owned() },
        Aftercare::Notify { id: "1009@pbx.example.org".to_owned() },
    ];
    assert_eq!(console.aftercare(&cx(), &acts).unwrap(), (2, Vec::new()));
    let left = engine.ask("show channels as json");
    assert!(!left.contains("aa-1") && left.contains("bb-2"), "{left}");
    engine.ask("uuid_kill bb-2");
    assert_eq!(console.aftercare(&cx(), &acts[..1]).unwrap(), (0, Vec::new()), "no rows at all");
}
