//! What becomes of many changes: each alone, behind a canary, up to a number of failures, or all as one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sipctl::change::fleet::{Job, Rules, Task, run};
use sipctl::change::{Gate, Options, Outcome, ReloadPolicy, Target};
use sipctl::cx::{Cancel, Cx, Silent};
use sipctl::engine::{Contact, Estate, Plan};
use sipctl::error::Result;
use sipctl::extension::Edit;
use sipctl::host::Host;
use sipctl::host::local::Local;

use crate::standin::{Handle, Lab, Moment, Mood, Person, code, set};

const EACH: Rules = Rules { jobs: 4, canary: None, max_fail: None, atomic: false };
const ATOMIC: Rules = Rules { atomic: true, ..EACH };

/// Several PBXes, and what the person said about each.
struct Fleet {
    labs: Vec<Lab>,
    people: Vec<Person>,
    cancel: Cancel,
    /// How long to wait for a lock.
    wait: Duration,
    options: Options,
}

/// The change of one of them.
fn job<'a, 't>(
    target: &'a Target<'a>,
    gate: &'t mut (dyn Gate + Send),
    cx: &'a Cx,
    options: &'a Options,
) -> Job<'a, 't> {
    let name = target.name.clone();
    Job { order: name.clone(), name, cx, options, open: Box::new(move || Ok(target)), task: Task::Change(gate) }
}

impl Fleet {
    fn new(count: usize) -> Self {
        let people = (0..count).map(|_| Person { edits: vec![set("1001", "new")], ..Person::default() }).collect();
        Self {
            labs: (0..count).map(|_| Lab::new()).collect(),
            people,
            cancel: Cancel::default(),
            wait: Duration::from_millis(200),
            options: Options::default(),
        }
    }

    fn run(&mut self, rules: Rules) -> Vec<Outcome> {
        let (labs, options) = (&self.labs, &self.options);
        let cancel = self.cancel.clone();
        let mut cx = Cx { cancel: cancel.clone(), ..Cx::new(&Silent) };
        cx.timeouts.wait = self.wait;
        let engines: Vec<Handle> = labs.iter().map(|lab| Handle(lab.engine.clone())).collect();
        let targets = targets(labs, &engines);
        let cx = &cx;
        let jobs = targets.iter().zip(&mut self.people).map(|(target, person)| Job {
            // Against the order of the inventory.
            order: format!("{:03}", 999 - target.name[1..].parse::<u32>().unwrap()),
            ..job(target, person, cx, options)
        });
        run(jobs.collect(), &rules, &cancel)
    }

    /// Which of them hold the new state, in files and engine alike.
    #[track_caller]
    fn new_ones(&self) -> Vec<usize> {
        let is_new = |lab: &Lab| {
            let (file, running) = (lab.text("main.conf"), lab.engine.running());
            assert_eq!(file, format!("1001={}\n", running["1001"]), "files and engine agree");
            assert_eq!(lab.tree().keys().collect::<Vec<_>>(), ["9001.conf", "main.conf"], "nothing is left");
            running["1001"] == "new"
        };
        (0..self.labs.len()).filter(|at| is_new(&self.labs[*at])).collect()
    }
}

fn targets<'t>(labs: &'t [Lab], engines: &'t [Handle]) -> Vec<Target<'t>> {
    let target = |(at, (lab, engine)): (usize, (&'t Lab, &'t Handle))| Target {
        name: name(at),
        host: &Local,
        engine,
        folder: lab.folder(),
        login: None,
        reload: ReloadPolicy::Full,
        history: lab.history.clone(),
        machine: "here".into(),
        keeper: &Local,
        together: false,
        near: None,
        who: "tester@here".into(),
    };
    labs.iter().zip(engines).enumerate().map(target).collect()
}

fn name(at: usize) -> String {
    format!("p{at}")
}

fn codes(outcomes: &[Outcome]) -> Vec<u8> {
    outcomes.iter().map(code).collect()
}

fn message(outcome: &Outcome) -> &str {
    outcome.error.as_ref().map_or("", |error| &error.message)
}

#[test]
fn each_ends_as_it_would_alone() {
    let mut fleet = Fleet::new(5);
    fleet.labs[1].mood(Mood::Refuses);
    fleet.labs[2].mood(Mood::Down);
    let guard = Local.lock(&Cx::new(&Silent), &fleet.labs[3].folder()).unwrap();
    let outcomes = fleet.run(EACH);
    drop(guard);
    assert_eq!(codes(&outcomes), [0, 6, 7, 10, 0]);
    assert_eq!(fleet.new_ones(), [0, 4]);
    assert!(message(&outcomes[1]).contains("the old files are back and live"), "{}", message(&outcomes[1]));
    let told: Vec<_> = fleet.people.iter().map(|person| (person.writes, person.backs)).collect();
    assert_eq!(told, [(1, 0), (1, 1), (0, 0), (0, 0), (1, 0)]);
}

#[test]
fn twenty_at_four_at_a_time_keep_their_order() {
    let mut fleet = Fleet::new(20);
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for lab in &fleet.labs {
        let (under_way, most) = (under_way.clone(), most.clone());
        let mut loads = 0;
        lab.hook(move |moment| match moment {
            Moment::Loaded if loads == 0 => {
                loads += 1;
                most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
            }
            Moment::Aftercare => {
                under_way.fetch_sub(1, Ordering::SeqCst);
            }
            _ => {}
        });
    }
    fleet.people[7].edits = vec![set("1001", "old")];
    fleet.labs[7].hook(|_| {});
    let outcomes = fleet.run(EACH);
    assert_eq!(codes(&outcomes), [0; 20]);
    assert_eq!(outcomes.iter().map(|outcome| outcome.changed).filter(|changed| !changed).count(), 1);
    assert!(!outcomes[7].changed);
    assert!((1..=4).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

#[test]
fn nobody_follows_a_canary_that_was_not_proved() {
    for (mood, exit) in [(Mood::Refuses, 6), (Mood::Mute, 0)] {
        let mut fleet = Fleet::new(5);
        fleet.labs[1].mood(mood);
        let outcomes = fleet.run(Rules { canary: Some(2), ..EACH });
        assert_eq!(codes(&outcomes), [0, exit, 1, 1, 1]);
        assert!(message(&outcomes[3]).starts_with("not started: p1 was not proved"), "{}", message(&outcomes[3]));
        assert!(fleet.labs[2..].iter().all(|lab| lab.engine.running()["1001"] == "old"));
        assert!(fleet.people[2..].iter().all(|person| person.writes == 0));
    }
    let mut fleet = Fleet::new(5);
    assert_eq!(codes(&fleet.run(Rules { canary: Some(2), ..EACH })), [0; 5]);
    let mut fleet = Fleet::new(2);
    assert_eq!(codes(&fleet.run(Rules { canary: Some(7), ..EACH })), [0; 2]);
}

#[test]
fn the_rest_begins_only_after_the_canary() {
    let mut fleet = Fleet::new(4);
    let order = Arc::new(Mutex::new(Vec::new()));
    for (at, lab) in fleet.labs.iter().enumerate() {
        let order = order.clone();
        lab.hook(move |moment| order.lock().unwrap().push((at, moment)));
    }
    fleet.run(Rules { canary: Some(1), ..EACH });
    let order = order.lock().unwrap();
    let canary_ends = order.iter().rposition(|(at, _)| *at == 0).unwrap();
    assert!(order[..canary_ends].iter().all(|(at, _)| *at == 0), "{order:?}");
}

#[test]
fn after_so_many_failures_no_other_begins() {
    let mut fleet = Fleet::new(6);
    fleet.labs[0].mood(Mood::Refuses);
    fleet.labs[2].mood(Mood::Down);
    let outcomes = fleet.run(Rules { jobs: 1, max_fail: Some(2), ..EACH });
    assert_eq!(codes(&outcomes), [6, 0, 7, 1, 1, 1]);
    assert!(message(&outcomes[3]).starts_with("not started: --max-fail 2"), "{}", message(&outcomes[3]));
    assert_eq!(fleet.new_ones(), [1]);
}

#[test]
fn all_or_none() {
    let mut fleet = Fleet::new(6);
    let outcomes = fleet.run(ATOMIC);
    assert_eq!(codes(&outcomes), [0; 6]);
    assert_eq!(fleet.new_ones().len(), 6);
    assert!(outcomes.iter().all(|outcome| outcome.id.is_some()));

    for (mood, exit) in [(Mood::Refuses, 6), (Mood::Down, 7), (Mood::Stumbles, 6)] {
        let mut fleet = Fleet::new(6);
        fleet.labs[4].mood(mood);
        let before: Vec<_> = fleet.labs.iter().map(Lab::tree).collect();
        let outcomes = fleet.run(ATOMIC);
        assert_eq!(codes(&outcomes), [exit; 6], "{mood:?}");
        assert_eq!(fleet.labs.iter().map(Lab::tree).collect::<Vec<_>>(), before, "{mood:?}");
        assert_eq!(fleet.new_ones(), [0usize; 0]);
        assert!(message(&outcomes[0]).contains("p4 failed (--atomic)"), "{}", message(&outcomes[0]));
        assert!(outcomes.iter().all(|outcome| !outcome.changed && outcome.id.is_none()));
        assert!(fleet.people.iter().all(|person| person.writes == person.backs));
        assert!(fleet.labs.iter().all(|lab| lab.engine.kicks.load(Ordering::SeqCst) == 0));
    }
}

#[test]
fn one_that_is_locked_stops_all_before_anything_is_written() {
    let mut fleet = Fleet::new(3);
    let guard = Local.lock(&Cx::new(&Silent), &fleet.labs[1].folder()).unwrap();
    let outcomes = fleet.run(ATOMIC);
    assert_eq!(codes(&outcomes), [10; 3]);
    assert!(fleet.people.iter().all(|person| person.writes == 0));
    drop(guard);
    assert_eq!(codes(&fleet.run(ATOMIC)), [0; 3], "every lock was given back");
}

#[test]
fn two_fleets_that_want_the_same_never_wait_for_each_other_in_a_ring() {
    let mut fleet = Fleet::new(6);
    fleet.wait = Duration::from_secs(60);
    let mut other = Fleet::new(0);
    other.wait = fleet.wait;
    for lab in &fleet.labs {
        let mut same = Lab::at(lab.root.clone());
        same.engine = lab.engine.clone();
        other.labs.push(same);
        other.people.push(Person { edits: vec![set("1001", "newer")], ..Person::default() });
    }
    std::thread::scope(|scope| {
        let first = scope.spawn(|| codes(&fleet.run(ATOMIC)));
        let second = scope.spawn(|| codes(&other.run(ATOMIC)));
        assert_eq!((first.join().unwrap(), second.join().unwrap()), (vec![0; 6], vec![0; 6]));
    });
    // Whoever was second, it was second everywhere.
    let last: Vec<String> = fleet.labs.iter().map(|lab| lab.engine.running()["1001"].clone()).collect();
    assert!(last.iter().all(|value| *value == last[0]), "{last:?}");
}

#[test]
fn one_that_cannot_go_back_is_8_and_the_others_are_back() {
    let mut fleet = Fleet::new(3);
    fleet.labs[1].mood(Mood::Disagrees);
    let outcomes = fleet.run(ATOMIC);
    assert_eq!(codes(&outcomes), [6, 8, 6]);
    assert_eq!(fleet.labs[0].engine.running()["1001"], "old");
    assert_eq!(fleet.labs[2].text("main.conf"), "1001=old\n");
}

#[test]
fn a_signal_lets_none_begin_and_puts_back_what_is_not_proved() {
    let mut fleet = Fleet::new(6);
    let flag = fleet.cancel.flag();
    // The third has just read its files again, in its reload.
    fleet.labs[2].hook(move |moment| {
        if moment == Moment::Reloading {
            flag.store(true, Ordering::SeqCst);
        }
    });
    let outcomes = fleet.run(Rules { jobs: 1, ..EACH });
    assert_eq!(codes(&outcomes), [0, 0, 130, 130, 130, 130]);
    assert!(message(&outcomes[2]).contains("the old files are back and live"), "{}", message(&outcomes[2]));
    assert_eq!(message(&outcomes[3]), "not started: interrupted");
    assert_eq!(fleet.new_ones(), [0, 1]);

    let mut fleet = Fleet::new(6);
    let flag = fleet.cancel.flag();
    fleet.labs[2].hook(move |moment| {
        if moment == Moment::Reloading {
            flag.store(true, Ordering::SeqCst);
        }
    });
    let outcomes = fleet.run(ATOMIC);
    assert_eq!(codes(&outcomes), [130; 6]);
    assert_eq!(fleet.new_ones(), [0usize; 0]);
}

#[test]
fn after_proof_everywhere_a_signal_changes_nothing() {
    let mut fleet = Fleet::new(3);
    let flag = fleet.cancel.flag();
    fleet.labs[1].hook(move |moment| {
        if moment == Moment::Aftercare {
            flag.store(true, Ordering::SeqCst);
        }
    });
    assert_eq!(codes(&fleet.run(ATOMIC)), [0; 3]);
    assert_eq!(fleet.new_ones().len(), 3);
}

/// A person who notes when he was asked.
struct Asked<'a> {
    at: usize,
    said: &'a Mutex<Vec<(usize, &'static str)>>,
    no: bool,
}

impl Gate for Asked<'_> {
    fn edits(&mut self, _: &dyn Estate) -> Result<Vec<Edit>> {
        Ok(vec![set("1001", "new")])
    }
    fn wants_preview(&self) -> bool {
        true
    }
    fn confirm(&mut self, _: &Plan, _: &dyn Estate, _: &[Contact]) -> Result<()> {
        self.said.lock().unwrap().push((self.at, "asked"));
        if self.no { Err(sipctl::error::Error::failed("no")) } else { Ok(()) }
    }
    fn before_write(&mut self, _: &Plan) -> Result<()> {
        self.said.lock().unwrap().push((self.at, "writes"));
        Ok(())
    }
    fn put_back(&mut self) {}
}

#[test]
fn everything_is_asked_in_order_before_anything_is_written() {
    for (rules, no, wanted) in [
        (EACH, None, vec![0; 4]),
        (EACH, Some(2), vec![0, 0, 1, 0]),
        (ATOMIC, Some(2), vec![1; 4]),
        (Rules { canary: Some(1), ..EACH }, Some(0), vec![1; 4]),
    ] {
        let labs: Vec<Lab> = (0..4).map(|_| Lab::new()).collect();
        let said = Mutex::new(Vec::new());
        let engines: Vec<Handle> = labs.iter().map(|lab| Handle(lab.engine.clone())).collect();
        let targets = targets(&labs, &engines);
        let (cx, options) = (Cx::new(&Silent), Options::default());
        let mut gates: Vec<Asked> = (0..4).map(|at| Asked { at, said: &said, no: no == Some(at) }).collect();
        let jobs = targets.iter().zip(&mut gates).map(|(target, gate)| job(target, gate, &cx, &options));
        let outcomes = run(jobs.collect(), &rules, &cx.cancel);
        assert_eq!(codes(&outcomes), wanted);
        let said = said.into_inner().unwrap();
        assert_eq!(said[..4], [(0, "asked"), (1, "asked"), (2, "asked"), (3, "asked")], "{said:?}");
        let written = said[4..].iter().filter(|(_, what)| *what == "writes").count();
        assert_eq!(written, wanted.iter().filter(|code| **code == 0).count());
    }
}

#[test]
fn where_one_cannot_write_that_it_is_proved_the_others_go_back_from_there() {
    let mut fleet = Fleet::new(3);
    let (journal, engine) = (fleet.labs[1].folder().join(".sipctl/journal"), fleet.labs[1].engine.clone());
    fleet.labs[1].hook(move |moment| {
        if moment == Moment::Proving && engine.reloads.load(Ordering::SeqCst) == 1 && journal.is_file() {
            std::fs::remove_file(&journal).unwrap();
            std::fs::create_dir(&journal).unwrap();
        }
    });
    let outcomes = fleet.run(ATOMIC);
    assert_eq!(codes(&outcomes), [1; 3], "{:?}", outcomes.iter().map(message).collect::<Vec<_>>());
    for lab in &fleet.labs {
        assert_eq!((lab.text("main.conf").as_str(), lab.engine.running()["1001"].as_str()), ("1001=old\n", "old"));
    }
    assert!(!fleet.labs[0].folder().join(".sipctl").exists() && !fleet.labs[2].folder().join(".sipctl").exists());
}

#[test]
fn a_proof_that_was_taken_back_is_not_finished_by_the_next_run() {
    for (taken_back, wanted) in [(false, "1001=new\n"), (true, "1001=old\n")] {
        // What a run leaves that is killed after it was proved.
        let lab = Lab::new();
        let (folder, kept, engine) = (lab.folder(), lab.root.join("kept"), lab.engine.clone());
        let (from, to) = (folder.clone(), kept.clone());
        lab.hook(move |moment| {
            if moment == Moment::Proving && engine.reloads.load(Ordering::SeqCst) == 1 {
                assert!(std::process::Command::new("cp").arg("-al").args([&from, &to]).status().unwrap().success());
            }
        });
        lab.change(vec![set("1001", "new")]);
        lab.hook(|_| {});
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::rename(&kept, &folder).unwrap();
        let journal = folder.join(".sipctl/journal");
        let text = std::fs::read_to_string(&journal).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 3 && lines[1].contains("switching") && lines[2].contains("proved"), "{text}");
        if taken_back {
            std::fs::write(&journal, format!("{text}{}\n", lines[1])).unwrap();
        }
        let outcome = lab.change(vec![set("9005", "new")]);
        assert_eq!(code(&outcome), 0, "{:?}", outcome.error);
        assert_eq!(lab.text("main.conf"), wanted);
        assert!(!folder.join(".sipctl").exists());
    }
}

/// A person who breaks off at his second question.
struct BreaksOff<'a>(usize, &'a AtomicUsize);

impl Gate for BreaksOff<'_> {
    fn edits(&mut self, _: &dyn Estate) -> Result<Vec<Edit>> {
        Ok(vec![set("1001", "new")])
    }
    fn wants_preview(&self) -> bool {
        true
    }
    fn confirm(&mut self, _: &Plan, _: &dyn Estate, _: &[Contact]) -> Result<()> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let interrupted = sipctl::error::Error::new(sipctl::error::Code::Interrupted, "interrupted");
        if self.0 == 1 { Err(interrupted) } else { Ok(()) }
    }
    fn before_write(&mut self, _: &Plan) -> Result<()> {
        panic!("nothing is written")
    }
    fn put_back(&mut self) {}
}

#[test]
fn who_breaks_off_a_question_is_asked_no_more_and_nothing_begins() {
    for rules in [EACH, ATOMIC] {
        let labs: Vec<Lab> = (0..4).map(|_| Lab::new()).collect();
        let engines: Vec<Handle> = labs.iter().map(|lab| Handle(lab.engine.clone())).collect();
        let targets = targets(&labs, &engines);
        let (cx, options, asked) = (Cx::new(&Silent), Options::default(), AtomicUsize::new(0));
        let mut gates: Vec<BreaksOff> = (0..4).map(|at| BreaksOff(at, &asked)).collect();
        let jobs = targets.iter().zip(&mut gates).map(|(target, gate)| job(target, gate, &cx, &options));
        let outcomes = run(jobs.collect(), &rules, &cx.cancel);
        assert_eq!((codes(&outcomes), asked.load(Ordering::SeqCst)), (vec![130; 4], 2));
    }
}
