//! What the engine was seen to make of sections, templates and includes: the cases were run on
//! 16.28 and 22.10, and compared with `GetConfig` there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::cx::Silent;
use crate::error::Code;
use crate::host::{self, Command, Guard, Output, Socket, Step, Stopped, Stream, Want};

const FOLDER: &str = "/etc/asterisk";

/// Files in memory; `*` and `?` in the last part of a pattern.
#[derive(Default)]
struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
    exchanges: AtomicUsize,
}

impl Memory {
    fn file(&self, path: &Path) -> host::File {
        let meta = |folder| Meta {
            real: path.to_owned(),
            id: (0, 0),
            uid: 0,
            gid: 0,
            mode: 0o640,
            links: 1,
            size: 0,
            mtime: (0, 0),
            folder,
            mounted: false,
        };
        let content = match self.files.get(path) {
            Some(bytes) if bytes == b"unreadable" => host::Content::Unreadable("Permission denied".into()),
            Some(bytes) => host::Content::There { bytes: bytes[..].into(), meta: meta(false) },
            None if self.files.keys().any(|file| file.starts_with(path)) => {
                host::Content::There { bytes: b""[..].into(), meta: meta(true) }
            }
            None => host::Content::Missing,
        };
        host::File { path: path.to_owned(), content }
    }
}

fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => fits(rest, name) || !name.is_empty() && fits(pattern, &name[1..]),
        ([b'?', rest @ ..], [_, name @ ..]) => fits(rest, name),
        ([a, rest @ ..], [b, name @ ..]) => a == b && fits(rest, name),
        _ => false,
    }
}

impl Host for Memory {
    fn read(&self, _: &Cx, wants: &[Want]) -> Result<Vec<Vec<host::File>>> {
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        let read = |want: &Want| match want {
            Want::Glob(pattern) => {
                let part = |path: &Path| path.file_name().unwrap().as_encoded_bytes().to_vec();
                let same = |path: &Path| path.parent() == pattern.parent() && fits(&part(pattern), &part(path));
                self.files.keys().filter(|path| same(path)).map(|path| self.file(path)).collect()
            }
            Want::File(path) => vec![self.file(path)],
            other => unreachable!("{other:?}"),
        };
        Ok(wants.iter().map(read).collect())
    }
    fn act(&self, _: &Cx, _: &[Step]) -> Result<(), Stopped> {
        unreachable!()
    }
    fn run(&self, _: &Cx, _: &[Command]) -> Result<Vec<Output>> {
        unreachable!()
    }
    fn connect(&self, _: &Cx, _: &Socket) -> std::io::Result<Box<dyn Stream>> {
        unreachable!()
    }
    fn lock(&self, _: &Cx, _: &Path) -> Result<Box<dyn Guard>> {
        unreachable!()
    }
    fn clock(&self) -> (i64, u32) {
        unreachable!()
    }
}

fn memory(files: &[(&str, &str)]) -> Memory {
    let files = files.iter().map(|(path, text)| (Path::new(FOLDER).join(path), text.as_bytes().to_vec())).collect();
    Memory { files, exchanges: AtomicUsize::new(0) }
}

fn load_from(host: &Memory) -> Result<Option<Config>> {
    Config::load(&Cx::new(&Silent), host, Path::new(FOLDER), "t.conf")
}

/// Loads `t.conf`, the first text, with others beside it.
#[track_caller]
fn load(main: &str, others: &[(&str, &str)]) -> Config {
    load_from(&memory(&[&[("t.conf", main)], others].concat())).unwrap().unwrap()
}

/// `[name] k=v k=v`, with a `!` before a template.
fn view(config: &Config) -> Vec<String> {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let show = |category: &Category| {
        let mark = if category.template { "!" } else { "" };
        let vars = category.vars.iter().map(|var| format!(" {}={}", lossy(config.key(var)), lossy(config.value(var))));
        format!("{mark}[{}]{}", lossy(config.name(category)), vars.collect::<String>())
    };
    config.categories.iter().map(show).collect()
}

/// `Severity file:line cause`.
fn problems(config: &Config) -> Vec<String> {
    let show = |problem: &Problem| {
        let file = problem.place.file.strip_prefix(FOLDER).unwrap().display();
        format!("{:?} {file}:{} {:?}", problem.severity, problem.place.line, problem.cause)
    };
    config.problems.iter().map(show).collect()
}

/// One file that is fine.
#[track_caller]
fn fine(text: &str, expected: &[&str]) {
    let config = load(text, &[]);
    assert_eq!(
        (view(&config), problems(&config)),
        (expected.iter().map(|s| s.to_string()).collect(), vec![]),
        "{text}"
    );
}

/// One file the engine rejects.
#[track_caller]
fn rejected(text: &str, expected: &str) {
    let config = load(text, &[]);
    assert_eq!(problems(&config).last().map(String::as_str), Some(format!("Rejected t.conf:{expected}").as_str()));
    assert!(config.rejected().is_some());
}

#[test]
fn plain_sections_stay_apart() {
    fine("[a]\nk=1\n[a]\nk=2\n[A]\nk=3\n", &["[a] k=1", "[a] k=2", "[A] k=3"]);
    fine("", &[]);
    fine("; x\n", &[]);
    fine("[]\nk=1\n[a]\n", &["[] k=1", "[a]"]);
    fine("[a] (!)\nk=v\n[b](a)\n", &["[a] k=v", "[b] k=v"]);
    let long = "n".repeat(85);
    fine(&format!("[{long}]\n"), &[&format!("[{}]", &long[..79])]);
    // looked for by its whole name, a section that was cut is never found
    rejected(&format!("[{long}]\n[{long}](+)\n"), &format!("2 NoTarget(\"{long}\")"));
    fine(&format!("[{long}]\n[{}](+)\nk=1\n", &long[..79]), &[&format!("[{}] k=1", &long[..79])]);
}

#[test]
fn templates_copy_what_they_have_at_that_point() {
    fine("[t](!)\nk=1\nj=1\n[a](t)\nk=2\n", &["![t] k=1 j=1", "[a] k=1 j=1 k=2"]);
    fine("[t](!)\nk=1\n[u](!)\nk=2\n[a](t,u)\nk=3\n", &["![t] k=1", "![u] k=2", "[a] k=1 k=2 k=3"]);
    fine("[t](!)\nk=1\n[u](!,t)\nj=1\n[v](t,!)\n[a](u)\n", &["![t] k=1", "![u] k=1 j=1", "![v] k=1", "[a] k=1 j=1"]);
    fine("[b]\nk=1\n[a](b)\nj=1\n", &["[b] k=1", "[a] k=1 j=1"]);
    fine("[Tmpl](!)\nk=1\n[a](tMPL)\n", &["![Tmpl] k=1", "[a] k=1"]);
    fine("[t](!)\nk=1\n[t](!)\nk=2\n[a](t)\n", &["![t] k=1", "![t] k=2", "[a] k=1"]);
    fine("[z](!)\nq=1\n[a]()\nk=1\n", &["![z] q=1", "[a] q=1 k=1"]);
    fine("[t](!)\nk=1\n[a](t)\n[t](+TEMPLATES=include)\nj=1\n[b](t)\n", &["![t] k=1 j=1", "[a] k=1", "[b] k=1 j=1"]);
}

#[test]
fn additions_go_to_the_first_that_fits() {
    fine("[a]\nk=1\n[b]\nz=1\n[A](+)\nk=2\n", &["[a] k=1 k=2", "[b] z=1"]);
    let two = "[a]\ntype=endpoint\n[a]\ntype=aor\n";
    fine(&format!("{two}[a](+)\nx=1\n"), &["[a] type=endpoint x=1", "[a] type=aor"]);
    fine(&format!("{two}[a](+type=aor)\nx=1\n"), &["[a] type=endpoint", "[a] type=aor x=1"]);
    fine(&format!("{two}[a](+type=a)\nx=1\n"), &["[a] type=endpoint", "[a] type=aor x=1"]);
    fine(&format!("{two}[a](+t.p=^a)\nx=1\n"), &["[a] type=endpoint", "[a] type=aor x=1"]);
    fine(&format!("{two}[a](+ type = 'aor' )\nx=1\n"), &["[a] type=endpoint", "[a] type=aor x=1"]);
    fine(&format!("{two}[a](+type=)\nx=1\n"), &["[a] type=endpoint x=1", "[a] type=aor"]);
    let keyed = "[a]\ntype=auth\nk=1\n[a]\ntype=auth\nk=2\n";
    fine(&format!("{keyed}[a](+type=auth&k=2)\nx=1\n"), &["[a] type=auth k=1", "[a] type=auth k=2 x=1"]);
    fine(&format!("{keyed}[a](+k=[13],+k=[^1])\nx=1\n"), &["[a] type=auth k=1", "[a] type=auth k=2 x=1"]);
    fine("[t](!)\nj=1\n[a]\ntype=auth\n[a](+,t)\nx=1\n", &["![t] j=1", "[a] type=auth j=1 x=1"]);
    fine("[t](!)\nj=1\n[a]\ntype=auth\n[a](t,+)\nx=1\n", &["![t] j=1", "[a] type=auth j=1 x=1"]);
    fine("[a]\ntype=auth\n[a](+,!)\nx=1\n", &["![a] type=auth x=1"]);
    fine("[a]\ntype=auth\n[a](!,+)\nx=1\n", &["![a] type=auth x=1"]);
    fine("[t]\nz=1\n[t](!)\nk=1\n[t](+TEMPLATES=restrict)\nj=1\n", &["[t] z=1", "![t] k=1 j=1"]);
}

#[test]
fn headers_the_engine_rejects() {
    rejected("[a](nope)\n", "1 NoBase(\"nope\")");
    rejected("[t](!)\n[u](!)\n[a](t, u)\n", "3 NoBase(\" u\")");
    rejected("[t]( ! )\n", "1 NoBase(\" ! \")");
    rejected("[a]()\n", "1 NoBase(\"\")");
    rejected("[b]\n[a](+)\n", "2 NoTarget(\"a\")");
    rejected("[t](!)\n[t](+)\n", "2 NoTarget(\"t\")");
    rejected("[a]\ntype=auth\n[a](+type=aor)\n", "3 NoTarget(\"a\")");
    rejected("[a]\ntype=auth\n[a](+type)\n", "3 NoTarget(\"a\")");
    rejected("[a]\ntype=auth\n[a](+type=auth&)\n", "3 NoTarget(\"a\")");
    rejected("[a]\ntype=auth\n[a](+type=[)\n", "3 NoTarget(\"a\")");
    rejected("[a]\ntype=auth\n[a](+type=auth&TEMPLATES=restrict)\n", "3 NoTarget(\"a\")");
    rejected("[1002\n", "1 Line(NoBracket)");
    rejected("[1002](tmpl\n", "1 Line(NoParenthesis)");
    rejected("[a]\n\\\n", "2 Line(BadEscape)");
    // seen to eat all memory on 22.10
    rejected("[a]\nk=1\n[a](+,a)\n", "3 Endless(\"a\")");
    fine("[a]\n[a](+,a)\n", &["[a]"]);
}

#[test]
fn filters_are_extended_expressions_of_posix() {
    let adds = |value: &str, filter: &str| {
        let config = load(&format!("[a]\ntype={value}\n[a](+type={filter})\nx=1\n"), &[]);
        config.rejected().is_none()
    };
    for (value, filter) in [
        ("aor", "^a.r$"),
        ("aor", "a{1}"),
        ("aor", "\\w{3}"),
        ("aor", "x|o"),
        ("a.b", "a\\.b"),
        ("a.b", "[[:alpha:]]\\."),
        ("a-b", "a[+--]b"),
        ("a-b", "a[x-]b"),
        ("a]b\\c", "[]x]"),
        ("a\\d", "[\\]d"),
        ("ad5", "\\d"),
        ("a b", "\\<b\\>"),
        ("x~b&c", "[~][b]&type=."),
    ] {
        assert!(adds(value, filter), "{value} {filter}");
    }
    for (value, filter) in
        [("aor", "^o"), ("aor", "*a"), ("a+b", "+"), ("aor", "x|*a"), ("a5", "\\d"), ("a-b", "a[^x-]b")]
    {
        assert!(!adds(value, filter), "{value} {filter}");
    }
}

#[test]
fn settings_need_a_section() {
    rejected("x=1\n[a]\n", "1 NoSection");
    rejected("hello\n[a]\n", "1 NoSection");
    rejected("=1\n", "1 NoSection");
    let config = load("[a]\nhello\n=1\n#foo\n#include\nk=v\n", &[]);
    assert_eq!(view(&config), ["[a] k=v"]);
    let warned = ["2 Line(NoEquals)", "3 Line(NoName)", "4 Line(UnknownDirective)", "5 Line(NoArgument)"];
    assert_eq!(problems(&config), warned.map(|s| format!("Warned t.conf:{s}")));
    assert!(config.rejected().is_none());
}

#[test]
fn values_are_joined() {
    fine("[a]\nk=1\nk+=2\nk += 3\nz+= 9\n", &["[a] k=12 3 z=9"]);
    fine("[a]\nk=1\nk=2\nk+=3\n", &["[a] k=1 k=23"]);
    fine("[t](!)\nk=1\n[a](t)\nk+=,2\n[b](t)\n", &["![t] k=1", "[a] k=1,2", "[b] k=1"]);
    fine("[a]\nK=1\nk+=2\n", &["[a] K=1 k=2"]);
    fine("[a]\nk=1\nk +=> 2\n", &["[a] k=1> 2"]);
    // the first of equal ones gets it, or the very first where the last is empty
    fine("[a]\nk=x\nk=X\nk+=2\n", &["[a] k=X2 k=X"]);
    fine("[a]\nK=x\nk=\nk+=2\n", &["[a] k=2 k="]);
    let config = load("[a]\nk=1\nj=0\nk+=2\nk+=3\n", &[]);
    let vars = &config.categories[0].vars;
    let lines = |var| config.parts(var).iter().map(|at| at.line).collect::<Vec<_>>();
    assert_eq!((lines(&vars[0]), lines(&vars[1])), (vec![1, 3, 4], vec![2]));
}

#[test]
fn settings_after_an_include_belong_to_the_section_before_it() {
    let files = [("i.conf", "[i]\nk=1\n"), ("kv.conf", "k=fromfile\n")];
    let config = load("[a]\n#include i.conf\nj=1\n#include kv.conf\nz=1\n", &files);
    assert_eq!(view(&config), ["[a] j=1 z=1", "[i] k=1 k=fromfile"]);
    let config = load("[a]\n#include kv.conf\nj=1\n", &files);
    assert_eq!(view(&config), ["[a] k=fromfile j=1"]);
    let var = config.categories[0].vars[0];
    assert_eq!((config.place(var.at), var.piece), (Place::new("/etc/asterisk/kv.conf", 1), 0));
    assert_eq!(config.files[1].included_by, Some(At { file: 0, line: 1 }));
    assert_eq!(config.files[1].glob, None);
}

#[test]
fn a_broken_include_loses_its_rest_only() {
    let broken = [("b.conf", "[x]\nk=1\n[oops\nk=2\n"), ("kv.conf", "k=1\n")];
    let config = load("[a]\n#include b.conf\nj=1\n[b]\nk=2\n", &broken);
    assert_eq!(view(&config), ["[a] j=1", "[x] k=1", "[b] k=2"]);
    assert_eq!(problems(&config), ["Lost b.conf:3 Line(NoBracket)"]);
    assert_eq!((config.files[0].stopped, config.files[1].stopped), (None, Some(2)));
    let config = load("#include kv.conf\n[a]\n", &broken);
    assert_eq!((view(&config), problems(&config)), (vec!["[a]".into()], vec!["Lost kv.conf:1 NoSection".into()]));
}

#[test]
fn the_files_of_a_glob_go_on_from_each_other() {
    let files = [("d/1.conf", "[x1]\nk=1\n"), ("d/2.conf", "k=2\n[x2]\n[bad\n"), ("d/3.conf", "[x3]\n")];
    let config = load("#include d/*.conf\n[z]\n", &files);
    assert_eq!(view(&config), ["[x1] k=1 k=2", "[x2]", "[z]"]);
    assert_eq!(problems(&config), ["Lost d/2.conf:3 Line(NoBracket)"]);
    assert!(config.files[1..].iter().all(|file| file.glob == Some(At { file: 0, line: 0 })));

    let files = [("d/1.conf", "[x1]\nk=1\n"), ("d/2.conf", "\u{feff}[x2]\nk=2\n")];
    let config = load("#include d/*.conf\n", &files);
    assert_eq!(view(&config), ["[x1] k=1 k=2"]);
    assert_eq!(problems(&config), ["Warned d/2.conf:1 Line(LateMark)"]);

    let files = [("d/1.conf", "[x1]\n;-- oops\n"), ("d/2.conf", "[x2]\n")];
    let config = load("#include d/*.conf\n[z]\n", &files);
    assert_eq!(view(&config), ["[x1]", "[z]"]);
    assert_eq!(problems(&config), ["Lost d/1.conf:2 OpenComment", "Lost d/2.conf:1 OpenComment"]);
}

#[test]
fn nothing_to_include() {
    for path in ["gone.conf", "d/*.x", "d", "/gone"] {
        rejected(&format!("[a]\n#include \"{path}\"\n"), &format!("2 NothingToInclude(\"{path}\")"));
        fine(&format!("[a]\n#tryinclude \"{path}\"\nk=1\n"), &["[a] k=1"]);
    }
    rejected("#include \"x\" junk\n", "1 NothingToInclude(\"\\\"x\\\" junk\")");
    // relative to the folder, never to the including file
    let config = load("#include d/x.conf\n", &[("d/x.conf", "[x]\n#include y.conf\n[y]\n"), ("d/y.conf", "[no]\n")]);
    assert_eq!(
        (view(&config).len(), problems(&config)[0].as_str()),
        (1, "Lost d/x.conf:2 NothingToInclude(\"y.conf\")")
    );
    let config = load("#include /etc/asterisk/d/x.conf\n", &[("d/x.conf", "[x]\n")]);
    assert_eq!(view(&config), ["[x]"]);
}

#[test]
fn a_file_that_includes_itself_is_read_eleven_times() {
    let host = memory(&[("t.conf", "[a]\nk=1\n#include t.conf\nj=2\n")]);
    let config = load_from(&host).unwrap().unwrap();
    assert_eq!((config.files.len(), config.categories.len()), (11, 11));
    assert_eq!(view(&config)[9..], ["[a] k=1 j=2", "[a] k=1"]);
    let tail = ["Warned t.conf:3 TooDeep", "Lost t.conf:3 NothingToInclude(\"t.conf\")"];
    assert_eq!(problems(&config)[10..], tail);
    assert_eq!(problems(&config)[0], "Warned t.conf:3 Twice(\"/etc/asterisk/t.conf\")");
    assert_eq!(host.exchanges.load(Ordering::Relaxed), 1);
    // without measure
    let error = load_from(&memory(&[("t.conf", &"#tryinclude t.conf\n".repeat(9))])).unwrap_err();
    assert_eq!(error.code, Code::Failed);
}

#[test]
fn a_broken_include_costs_a_level_for_good() {
    let main = format!("{}#include ok.conf\n", "#include bad.conf\n".repeat(10));
    let config = load(&main, &[("bad.conf", "[x\n"), ("ok.conf", "[ok]\n")]);
    assert_eq!(problems(&config).last().unwrap(), "Rejected t.conf:11 NothingToInclude(\"ok.conf\")");
}

#[test]
fn each_level_of_includes_is_one_exchange() {
    let files =
        [("t.conf", "#include a\n#include b\n"), ("a", "#include c\n"), ("b", "#include d\n"), ("c", ""), ("d", "")];
    let host = memory(&files);
    let config = load_from(&host).unwrap().unwrap();
    let order: Vec<_> = config.files.iter().map(|file| file.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(order, ["t.conf", "a", "c", "b", "d"]);
    assert_eq!(host.exchanges.load(Ordering::Relaxed), 3);
}

#[test]
fn missing_and_unreadable_files() {
    assert!(load_from(&memory(&[])).unwrap().is_none());
    let error = load_from(&memory(&[("t.conf", "\n#tryinclude x.conf\n"), ("x.conf", "unreadable")])).unwrap_err();
    assert_eq!(error.line(), "/etc/asterisk/t.conf:2: cannot read /etc/asterisk/x.conf: Permission denied");
}

#[test]
fn programs_are_not_run() {
    let config = load("[a]\n#exec /bin/echo k=1\nj=1\n", &[]);
    assert_eq!((view(&config), problems(&config)), (vec!["[a] j=1".into()], vec!["Warned t.conf:2 Exec".into()]));
}

#[test]
fn comments_left_open() {
    let config = load("[a]\nk=1\n;-- oops\n[b]\n", &[]);
    assert_eq!((view(&config), problems(&config)), (vec!["[a] k=1".into()], vec!["Lost t.conf:3 OpenComment".into()]));
    let config = load("[a]\nk=a--;b\n[b]\n", &[]);
    assert_eq!(
        (view(&config), problems(&config)),
        (vec!["[a] k=a--;b".into()], vec!["Lost t.conf:2 StrayCloser".into()])
    );
    let sentence =
        "'--;' stands here outside a block comment; Asterisk reads everything below as comment, to the end of the file";
    assert_eq!(config.problems[0].to_string(), sentence);
    // it does not leak to the including file
    let config = load("#include c.conf\n[z]\n", &[("c.conf", "[a]\n--;\n")]);
    assert_eq!(view(&config), ["[a]", "[z]"]);
}

#[test]
fn own_lines_and_reading_order() {
    let text = "[t](!)\n\n[a](t)\n; about k\nk=1\n; tail\n\n[b]\n[a](+)\nj=1\n#include x.conf\ni=1\n";
    let config = load(text, &[("x.conf", "h=1\n[c]\n")]);
    assert_eq!(view(&config), ["![t]", "[a] k=1 j=1 h=1 i=1", "[b]", "[c]"]);
    let a = &config.categories[1];
    assert_eq!(config.own_lines(a, 0), OwnLines { file: 0, lines: 2..5, end: 7 });
    assert_eq!(config.own_lines(a, 1), OwnLines { file: 0, lines: 8..12, end: 12 });
    assert_eq!(config.own_lines(&config.categories[0], 0), OwnLines { file: 0, lines: 0..1, end: 2 });
    assert_eq!(a.bases, [0]);
    assert_eq!(a.vars.iter().map(|var| var.piece).collect::<Vec<_>>(), [0, 1, 1, 1]);
    let order: Vec<_> = config.reading_order().iter().map(|h| (h.at.file, h.at.line, h.category, h.piece)).collect();
    assert_eq!(order, [(0, 0, 0, 0), (0, 2, 1, 0), (0, 7, 2, 0), (0, 8, 1, 1), (1, 1, 3, 0)]);
}

#[test]
fn inherited_settings_know_their_line() {
    let config = load("[t](!)\ntype=endpoint\n[1001](t)\nauth=1001\n", &[]);
    let vars = &config.categories[1].vars;
    assert_eq!((vars[0].inherited, vars[0].at.line), (true, 1));
    assert_eq!((vars[1].inherited, vars[1].at.line), (false, 3));
}

proptest! {
    /// Whatever stands in the files, every setting can be asked for and every header has its lines.
    #[test]
    fn it_never_fails(pieces in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![
        "[a]", "[b]", "[t](!)", "[a](t)", "[a](+)", "[a](+,t)", "[b](t,+k=1)", "k=1", "k+=2", "k=", "\\", "[", ";--", "--;",
        "#include b", "#tryinclude *", "#include t.conf", "hello", "; c", "",
    ]), 0..12), 3)) {
        let text = |n: usize| pieces[n].join("\n");
        let host = memory(&[("t.conf", &text(0)), ("b", &text(1)), ("c", &text(2))]);
        let Ok(Some(config)) = load_from(&host) else { return Ok(()) };
        for category in &config.categories {
            config.name(category);
            for var in &category.vars {
                config.value(var);
                prop_assert!(!config.key(var).is_empty());
                prop_assert!(var.piece as usize <= category.additions.len());
                prop_assert!(config.parts(var).iter().all(|at| config.place(*at).line > 0));
            }
            for piece in 0..=category.additions.len() as u32 {
                let own = config.own_lines(category, piece);
                prop_assert!(own.lines.start < own.lines.end && own.lines.end <= own.end);
            }
        }
        for header in config.reading_order() {
            prop_assert_eq!(config.categories[header.category as usize].piece(header.piece), header.at);
        }
        prop_assert!(config.problems.iter().all(|problem| problem.place.line > 0));
    }
}

const LINES: [&str; 26] = [
    "[a]",
    "[b]",
    "[c]",
    "[d]",
    "[t](!)",
    "[a](t)",
    "[d](t)",
    "[c](a,t)",
    "[a](+)",
    "[](+)",
    "[d]()",
    "k=1",
    "k=2",
    "j=1",
    "k+=2",
    "k=",
    "",
    "",
    "; c",
    "[",
    ";--",
    "--;",
    "x ;-- y --; = z",
    "#include b",
    "#tryinclude c",
    "hello",
];

/// Lines that mostly are sections with settings.
fn lines(most: usize) -> impl Strategy<Value = String> {
    let line = prop_oneof![4 => prop::sample::select(&LINES[..18]), 1 => prop::sample::select(&LINES[..])];
    prop::collection::vec(line, 0..most).prop_map(|lines| lines.iter().map(|line| format!("{line}\n")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    /// Where a part of a file is read again, the whole read again is the same everywhere else.
    #[test]
    fn a_part_says_what_the_whole_says(
        texts in [lines(14), lines(6), lines(6)], which in 0..5usize, from in 0..120usize, len in 0..30usize, new in lines(5), cut in 0..6usize,
    ) {
        const NAMES: [&str; 3] = ["t.conf", "b", "c"];
        let host = |texts: &[String; 3]| {
            let files: Vec<_> = NAMES.into_iter().zip(texts.iter().map(String::as_str)).collect();
            memory(&files)
        };
        let which = which.saturating_sub(2);
        let mut after = texts.clone();
        let text = &mut after[which];
        let new = match cut {
            0 => new.trim_end(),
            1 => new.get(1..).unwrap_or_default(),
            _ => &new,
        };
        // Mostly whole lines.
        let whole = |at: usize| if cut == 2 { at } else { text[..at].rfind('\n').map_or(0, |lf| lf + 1) };
        let (from, to) = (from.min(text.len()), (from + len).min(text.len()));
        text.replace_range(whole(from)..whole(to), new);
        let (Ok(Some(old)), all) = (load_from(&host(&texts)), load_from(&host(&after))) else { return Ok(()) };
        let path = Path::new(FOLDER).join(NAMES[which]);
        let mut files = (0..old.files.len()).filter(|file| old.files[*file].path == path);
        let (Some(file), None) = (files.next(), files.next()) else { return Ok(()) };
        let Some(part) = old.part(file as u32, after[which].as_bytes()) else { return Ok(()) };
        let all = all.unwrap().unwrap();
        let own = part.after.reading_order().first().map_or(part.after.categories.len(), |header| header.category as usize);
        let old_view = view(&old);
        let (head, tail) = (&old_view[..part.before.start as usize], &old_view[part.before.end as usize..]);
        prop_assert_eq!(view(&all), [head, &view(&part.after)[own..], tail].concat());
        prop_assert!(part.after.categories[..own].iter().all(|category| category.template));
        let causes = |config: &Config| config.problems.iter().map(|problem| problem.cause.clone()).collect::<Vec<_>>();
        prop_assert_eq!(causes(&all), causes(&old));
    }
}
