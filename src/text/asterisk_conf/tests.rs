//! What the engine was seen to make of each line: the cases were run on 16.28 and 22.10.

use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::text::splice::apply;

fn parse(text: &[u8]) -> Document {
    Document::parse(text.into(), Carry::default()).0
}

/// One word for each line: `[name](options)`, `key=value`, `#kind argument`, or its kind.
fn seen(text: &[u8]) -> Vec<String> {
    show(&parse(text))
}

fn show(doc: &Document) -> Vec<String> {
    let text = |text: &Text| doc.text(text).escape_ascii().to_string().replace("\\\\", "\\").replace("\\\"", "\"");
    let show = |line: &Line| match line.content {
        Content::Section(section) => {
            let options: Vec<_> = doc.options(&section).iter().map(text).collect();
            let options = if options.is_empty() { String::new() } else { format!("({})", options.join("|")) };
            format!("[{}]{options}", text(&section.name))
        }
        Content::Key(key) => {
            let op = match key.op {
                Op::Equals => "=",
                Op::Arrow => "=>",
                Op::Append => "+=",
            };
            format!("{}{op}{}", text(&key.name), text(&key.value))
        }
        Content::Directive(directive) => format!("{:?} {}", directive.kind, text(&directive.argument)),
        Content::Ignored(why) => format!("ignored {why:?}"),
        Content::Fatal(why) => format!("fatal {why:?}"),
        other => format!("{other:?}"),
    };
    doc.lines().iter().map(show).collect()
}

#[track_caller]
fn check(text: &[u8], expected: &[&str]) {
    assert_eq!(seen(text), expected, "{}", text.escape_ascii());
}

#[test]
fn line_comments() {
    check(b"[a] ; c\nk=v;c\nk=v ;c\n;k=x\n   ; k=y\n\n", &["[a]", "k=v", "k=v", "Comment", "Comment", "Blank"]);
    check(b"k=\"v ; w\"\n", &["k=\"v"]);
    check(b"k=1 ; see ;-- here\nk=2\n", &["k=1", "k=2"]);
    check(b"; ---- x ----;\nk=2 ; --;\nk=3 -- ;x\nk=4\n", &["Comment", "k=2", "k=3 --", "k=4"]);
}

#[test]
fn escaped_semicolons() {
    check(b"k=v\\;w\nk=v\\\\;w\nk=v\\;\\;w;c\nk=v\\;;c\nk=\\;\n", &["k=v;w", "k=v\\;w", "k=v;;w", "k=v;", "k=;"]);
    check(b"[a\\;b](c\\;d)\n", &["[a;b](c;d)"]);
    check(b"k=ab\\;--cd\nk=2\nk=ab--\\;cd\nk=3\n", &["k=ab;--cd", "k=2", "k=ab--;cd", "k=3"]);
    check(b"k=v\\\nj=w\\ ;c\n", &["k=v\\", "j=w\\"]);
    check(b"k=1 \\\n  2\n", &["k=1 \\", "ignored NoEquals"]);
}

#[test]
fn block_comments() {
    check(b"k=1\n;--\nk=2\n;k=3\n\n--;\nk=4\n", &["k=1", "Comment", "Comment", "Comment", "Comment", "Comment", "k=4"]);
    check(b"k=va;-- x --;lue\nj=1 ;-- start\nq=9\nend --; z=5\n", &["k=value", "j=1", "Comment", "z=5"]);
    check(b";-- x ;-- y --; k=1 --;k=2\n", &["k=2"]);
    check(b";--- x\nk=1\n;---- y ----;\nk=2\n", &["Comment", "k=1", "Comment", "k=2"]);
    check(b";--;\nk=1\n--;\nk=2\n", &["Comment", "Comment", "Comment", "k=2"]);
    check(b";-- c --; k=1\n", &["k=1"]);
    check(b";-- a --\\; k=1\n--;k=2\n", &["Comment", "k=2"]);
    check(b"k=ab;--cd\nk=2\n", &["k=ab", "Comment"]);
    check(b";--\n[b]\n#include x\n--;\nk=3\n", &["Comment", "Comment", "Comment", "Comment", "k=3"]);
}

#[test]
fn a_block_comment_without_end_is_known_by_its_opener() {
    let doc = parse(b"k=1\n;-- a\n--;\nk=2 ;-- oops\n;-- deeper\nk=3\n");
    assert_eq!((doc.end_depth(), doc.left_open_at()), (2, Some(3)));
    let doc = parse(b";-- a\n--;\n");
    assert_eq!((doc.end_depth(), doc.left_open_at()), (0, None));
    let doc = parse(b";-- a\n--; k ;-- b\n");
    assert_eq!((doc.end_depth(), doc.left_open_at()), (1, Some(1)));
}

#[test]
fn a_stray_closer_kills_what_follows() {
    let text = b"k=1\nsecret=ab--;cd\nk=2\n\n[b]\n";
    check(text, &["k=1", "secret=ab--;cd", "Dead", "Dead", "Dead"]);
    assert_eq!((parse(text).end_depth(), parse(text).left_open_at()), (-1, Some(1)));
    check(b"k=1\n--;\nk=2\n", &["k=1", "ignored NoEquals", "Dead"]);
    check(b"k=1 ;x--;\nk=2\n", &["k=1", "k=2"]);
    // an opener brings the depth back to zero
    check(b"--;\nk=2\nk=3 ;-- x\nk=4\n", &["ignored NoEquals", "Dead", "Dead", "k=4"]);
}

#[test]
fn the_129th_comment_within_another_never_ends() {
    let deep = b";-- ".repeat(128);
    assert_eq!(seen(&deep), ["Comment"]);
    assert_eq!(seen(&[&deep[..], b";-- "].concat()), ["fatal TooManyComments"]);
}

#[test]
fn line_ends_marks_and_odd_bytes() {
    check(b"[a]\r\nk=v\r\n[b](!)\r\n", &["[a]", "k=v", "[b](!)"]);
    check(b"[a]\rk=v\r[b]\r", &["[a]"]);
    check(b"\xef\xbb\xbf[a]\nk=v", &["[a]", "k=v"]);
    check(b"[a]\n\xef\xbb\xbf[b]\n", &["[a]", "ignored LateMark"]);
    check(b"\xff\xfe[\0a\0]\0\n\0", &["ignored NoEquals", "Blank"]);
    check(b"callerid=Jos\xe9\n", &["callerid=Jos\\xe9"]);
    check(b"k=\xc2\xa0v\xc2\xa0\n", &["k=\\xc2\\xa0v\\xc2\\xa0"]);
    check(b"k=v\0w\nj=1\n", &["k=v", "j=1"]);
    check(b"k=v\x01\n\x01j=1\n", &["k=v", "j=1"]);
    check(b"\0k=v\n", &["Blank"]);
}

#[test]
fn the_mark_of_a_later_file_of_a_glob_stays() {
    let later = Carry { depth: 0, later: true };
    assert_eq!(show(&Document::parse(b"\xef\xbb\xbf[a]\n"[..].into(), later).0), ["ignored LateMark"]);
    let (_, carry) = Document::parse(b""[..].into(), Carry::default());
    assert_eq!(carry, later);
}

#[test]
fn comments_run_from_one_file_of_a_glob_to_the_next() {
    let (_, carry) = Document::parse(b"k=1\n;-- x\n"[..].into(), Carry::default());
    let (doc, carry) = Document::parse(b"k=2\n--; k=3\n"[..].into(), carry);
    assert_eq!(show(&doc), ["Comment", "k=3"]);
    assert_eq!(carry.depth, 0);
    let doc = Document::parse(b"k=2\n"[..].into(), Carry { depth: 1, later: true }).0;
    assert_eq!((doc.end_depth(), doc.left_open_at()), (1, None));
}

#[test]
fn over_long_lines() {
    let line = |n: usize| [b"k=", &b"x".repeat(n - 2)[..]].concat();
    let kinds = |text: &[u8]| seen(text).iter().map(|s| s.chars().take(15).collect()).collect::<Vec<String>>();
    let fits = [&line(8190)[..], b"\nj=1\n"].concat();
    assert_eq!(kinds(&fits), ["k=xxxxxxxxxxxxx", "j=1"]);
    for n in [8191, 8192, 16381, 16382, 16383, 20000] {
        assert_eq!(kinds(&[&line(n)[..], b"\nj=1\n"].concat()), ["ignored TooLong", "j=1"], "{n}");
    }
    assert_eq!(kinds(&line(8190)), ["k=xxxxxxxxxxxxx"]);
    assert_eq!(kinds(&line(8191)), ["ignored TooLong"]);
    // also a comment, and one that would close a block
    assert_eq!(kinds(&[b";", &line(9000)[..], b"\n"].concat()), ["ignored TooLong"]);
    assert_eq!(kinds(&[b";--\n", &line(9000)[..], b"--;\nk=1\n"].concat()), ["Comment", "Comment", "Comment"]);
    // with a NUL it is read in pieces of 8191
    let mut nul = line(9000);
    nul[10] = 0;
    nul[8191..8194].copy_from_slice(b"j=2");
    assert_eq!(kinds(&nul), ["k=xxxxxxxx", "j=2xxxxxxxxxxxx"]);
}

#[test]
fn sections() {
    check(b"[ a ]\n[a]b]\n[]\n  [a]junk\n", &["[ a ]", "[a]", "[]", "[a]"]);
    check(
        b"[a](!)\n[a](t1,t2)junk\n[a](t, u)\n[a]()\n[a](t,)\n",
        &["[a](!)", "[a](t1|t2)", "[a](t| u)", "[a]()", "[a](t|)"],
    );
    check(b"[a] (!)\n[a]\t(t)\n[a](t)(u)\n", &["[a]", "[a]", "[a](t)"]);
    check(b"[a\n[a](!\n[a=b;c]\n", &["fatal NoBracket", "fatal NoParenthesis", "fatal NoBracket"]);
}

#[test]
fn settings() {
    check(b"k=v\nk2 => v2\n \t k \t=\t v v \t\n", &["k=v", "k2=>v2", "k=v v"]);
    check(b"k=\nk2=>\n=v\n+=v\nhello\n", &["k=", "k2=>", "ignored NoName", "ignored NoName", "ignored NoEquals"]);
    check(b"k=>v\nk= >v\nk=>>v\n", &["k=>v", "k=>v", "k=>>v"]);
    check(b"k+=2\nk += 3\nk+ =2\nk +=> 2\n", &["k+=2", "k+= 3", "k+=2", "k+=> 2"]);
    assert!(matches!(parse(b"k+ =2").lines()[0].content, Content::Key(Key { op: Op::Equals, .. })));
    assert!(matches!(parse(b"\\+=2").lines()[0].content, Content::Key(Key { op: Op::Equals, .. })));
    check(b"set_var=X=1=2\n", &["set_var=X=1=2"]);
    check(b"\\[x]=1\n\\#include=2\n\\=y=3\n\\;z=4\n", &["[x]=1", "#include=2", "=y=3", ";z=4"]);
    check(b"\\\n\\ x=1\n\\\xc3\xa9=1\n", &["fatal BadEscape", "fatal BadEscape", "fatal BadEscape"]);
}

#[test]
fn directives() {
    check(
        b"#include t.conf\n#include \"t 2.conf\" ; c\n#include <t3>\n#INCLUDE t4\n  #tryinclude x\n#exec /bin/x y\n",
        &["Include t.conf", "Include t 2.conf", "Include t3", "Include t4", "TryInclude x", "Exec /bin/x y"],
    );
    check(
        b"#include => x\n#include \"x\" junk\n#include \"\"\n#include \"\n#include <\n",
        &["Include => x", "Include \"x\" junk", "Include ", "Include ", "Include <"],
    );
    check(
        b"#foo bar\n# include x\n#include\"x\"\n#\n",
        &[
            "ignored UnknownDirective",
            "ignored UnknownDirective",
            "ignored UnknownDirective",
            "ignored UnknownDirective",
        ],
    );
    check(b"#include\n#include ;x\n#exec \n", &["ignored NoArgument", "ignored NoArgument", "ignored NoArgument"]);
    // where char is signed, a byte over 127 ends the word
    check(b"#include\xa0x\n", &["Include x"]);
}

#[test]
fn spans() {
    let text = b"\xef\xbb\xbf  [a;-- --;b](t) junk ; c \r\nk = v;-- x --;w\nk=\\;\nk =  ; no\n# x";
    let doc = parse(text);
    let slice = |range: Range<usize>| text[range].escape_ascii().to_string();
    let Content::Section(section) = doc.lines()[0].content else { panic!() };
    assert_eq!((slice(doc.raw(&section.name)), section.name.is_verbatim()), ("a;-- --;b".into(), false));
    assert_eq!(slice(0..section.bracket as usize), "\\xef\\xbb\\xbf  [a;-- --;b](t)");
    assert_eq!(slice(doc.raw(&doc.options(&section)[0])), "t");
    assert_eq!(doc.comment(0).map(slice), Some("; c".into()));
    let key = |line: usize| match doc.lines()[line].content {
        Content::Key(key) => key,
        _ => panic!(),
    };
    assert_eq!(slice(doc.raw(&key(1).name)), "k");
    assert_eq!(slice(doc.raw(&key(1).value)), "v;-- x --;w");
    assert_eq!(doc.comment(1), None);
    assert_eq!(slice(doc.raw(&key(2).value)), "\\\\;");
    assert_eq!(doc.raw(&key(3).value), doc.span(3).start + 3..doc.span(3).start + 3);
    assert_eq!(doc.comment(3).map(slice), Some("; no".into()));
    assert_eq!([0, 1, 4].map(|line| doc.line_end(line)), [LineEnd::CrLf, LineEnd::Lf, LineEnd::None]);
    assert_eq!(slice(doc.body(0)), "\\xef\\xbb\\xbf  [a;-- --;b](t) junk ; c ");
    assert_eq!(slice(doc.body(4)), "# x");
    for line in 0..5 {
        assert!(doc.span(line).all(|offset| doc.line_of(offset) == line));
    }
    assert_eq!(doc.line_of(text.len()), 4);
}

#[test]
fn comment_spans() {
    let comment = |text: &[u8]| parse(text).comment(0).map(|span| text[span].escape_ascii().to_string());
    assert_eq!(comment(b"  ; x \n").as_deref(), Some("; x"));
    assert_eq!(comment(b"k=1 ;-- open \n").as_deref(), Some(";-- open"));
    assert_eq!(comment(b"[a]x\\;y;c\n").as_deref(), Some(";c"));
    assert_eq!(comment(b"#include \"x\" ;c\n").as_deref(), Some(";c"));
    assert_eq!(comment(b"k=1\n"), None);
    assert_eq!(comment(b"k=a--;b\n"), None);
    assert_eq!(comment(b"[a]--;b\n"), None);
    assert_eq!(comment(b"\n"), None);
}

#[test]
fn values_are_written_so_that_they_are_read_back() {
    let write = |value: &[u8]| escape_value(value).map(|v| v.escape_ascii().to_string().replace("\\\\", "\\"));
    assert_eq!(write(b"plain \"x\" $[1+1] \\n"), Ok("plain \\\"x\\\" $[1+1] \\n".into()));
    assert_eq!(write(b"a;b"), Ok("a\\;b".into()));
    assert_eq!(write(b"a\\;b--;c;--d"), Ok("a\\\\;b--\\;c\\;--d".into()));
    assert_eq!(write(b">x"), Ok(" >x".into()));
    assert_eq!(write(b""), Ok("".into()));
    assert_eq!([&b"a\0"[..], b"a\nb", b"a\rb"].map(write), [const { Err(Why::Control) }; 3]);
    assert_eq!([&b" a"[..], b"a\t", b"a\x01"].map(write), [const { Err(Why::EdgeBlank) }; 3]);
    assert_eq!(write(&b"x".repeat(8188)).map(|v| v.len()), Ok(8188));
    assert_eq!(write(&b"x".repeat(8189)), Err(Why::TooLong));
}

#[test]
fn a_new_value_leaves_the_comment_alone() {
    let set = |text: &[u8], value: &[u8]| {
        let doc = parse(text);
        let Content::Key(key) = doc.lines()[0].content else { panic!() };
        let after = apply(text, vec![doc.set_value(&key, value)?]);
        let shown = seen(&after);
        Ok(format!("{} -> {}", after.escape_ascii().to_string().replace("\\\\", "\\"), shown.join(" ")))
    };
    assert_eq!(set(b"k = a ; c", b"b;"), Ok("k = b\\; ; c -> k=b;".into()));
    assert_eq!(set(b"k=a;c\nj=1", b"b\\"), Ok("k=b\\ ;c\\nj=1 -> k=b\\ j=1".into()));
    assert_eq!(set(b"k=a;c\nj=1", b"b--"), Ok("k=b-- ;c\\nj=1 -> k=b-- j=1".into()));
    assert_eq!(set(b"k=\\;a", b"b"), Ok("k=b -> k=b".into()));
    assert_eq!(set(b"k=", b">b"), Ok("k= >b -> k=>b".into()));
    assert_eq!(set(b"k+=1", b">b"), Ok("k+=>b -> k+=>b".into()));
    // what opens or closes a block for the lines below has to stay
    assert_eq!(set(b"k=a--;b\nj=1", b"b"), Err(Why::Comment));
    assert_eq!(set(b"--; k=va;--;-- x --;lue\nj=1", b"b"), Err(Why::Comment));
    assert_eq!(set(b"k=;c", b""), Ok("k=;c -> k=".into()));
    assert_eq!(set(b"name=x\r\n", &b"x".repeat(8185)), Err(Why::TooLong));
    assert!(set(b"name=x\n", &b"x".repeat(8185)).is_ok());
    // behind the end of a block comment, `;--` would open one
    assert_eq!(set(b"k=;--c--;a", b"--b"), Ok("k=;--c--; --b -> k=--b".into()));
    assert_eq!(set(b"k+=;--c--;a", b"--b"), Err(Why::EdgeBlank));
    // a piece of a line that is read in pieces: what is taken from one falls to the next
    let pieces = [&b"k=v;\0"[..], &b"x".repeat(9000), b"\n"].concat();
    assert_eq!(set(&pieces, b""), Err(Why::TooLong));
}

#[test]
fn names_are_written_so_that_they_are_read_back() {
    assert_eq!(escape_name(b"a;b c"), Ok(b"a\\;b c".to_vec()));
    assert_eq!(escape_name(b""), Err(Why::Empty));
    assert_eq!(escape_name(b"a]"), Err(Why::Bracket));
    assert_eq!(escape_name(b" a"), Err(Why::EdgeBlank));
    assert_eq!(escape_name(b"a "), Err(Why::EdgeBlank));
    assert_eq!(escape_name(b"a\nb"), Err(Why::Control));
    assert_eq!(escape_name(&b"n".repeat(79)).map(|n| n.len()), Ok(79));
    assert_eq!(escape_name(&b"n".repeat(80)), Err(Why::TooLong));
}

#[test]
fn it_stays_small() {
    assert_eq!(size_of::<Text>(), 6);
    assert_eq!(size_of::<Line>(), 22);
    let mut text = Vec::new();
    for n in 10_000..20_000 {
        let lines = [
            format!("[{n}](phone)\nauth={n}\naors={n}\ncallerid=\"Somebody Else\" <{n}>\nmailboxes={n}@default\n\n"),
            format!("; ---- auth of {n} ----\n[{n}](auth)\nusername={n}\npassword=kei9Ohs7\\;aiY{n} ; changed\n"),
            format!("realm=pbx.example.com\n\n[{n}](aor)\nqualify_frequency=30\nmax_contacts=2 ; two\n\n"),
        ];
        text.extend(lines.concat().bytes());
    }
    let start = Instant::now();
    let doc = parse(&text);
    let took = start.elapsed();
    let tables = &doc.tables;
    let memory = text.len()
        + tables.lines.capacity() * size_of::<Line>()
        + tables.options.capacity() * size_of::<Text>()
        + tables.decoded.capacity()
        + tables.decoded_at.capacity() * 8;
    assert!(memory < text.len() * 3, "{memory} bytes for {}", text.len());
    assert!(took.as_secs() < 2, "{took:?} for {} bytes", text.len());
}

/// Pieces that mean something to the grammar, so that random texts hit its corners.
fn grammar() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"\n"[..],
        b"\r\n",
        b"[",
        b"]",
        b"(",
        b")",
        b"!",
        b",",
        b"+",
        b"=",
        b"=>",
        b"+=",
        b";",
        b";--",
        b"--;",
        b"-",
        b"\\",
        b"\\;",
        b"#",
        b"#include ",
        b"#tryinclude \"",
        b"\"",
        b"<",
        b">",
        b" ",
        b"\t",
        b"\0",
        b"k",
        b"name",
        b"\xef\xbb\xbf",
        b"\xe9",
        b"\n[a]\n",
        b"\nk=v\n",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn anything() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![grammar(), prop::collection::vec(any::<u8>(), 0..300)]
}

fn tiles(text: &[u8], carry: Carry) {
    let (doc, _) = Document::parse(text.into(), carry);
    let mut at = 0;
    for (n, line) in doc.lines().iter().enumerate() {
        let span = doc.span(n);
        assert_eq!(span.start, at);
        assert!(span.end > span.start);
        at = span.end;
        doc.comment(n);
        let texts: Vec<Text> = match line.content {
            Content::Section(section) => [&[section.name], doc.options(&section)].concat(),
            Content::Key(key) => vec![key.name, key.value],
            Content::Directive(directive) => vec![directive.argument],
            _ => Vec::new(),
        };
        let mut from = span.start;
        for text in texts {
            let raw = doc.raw(&text);
            assert!(raw.start >= from && raw.end <= span.end, "texts stand in order on their line");
            from = raw.end;
            assert_eq!(text.is_verbatim(), doc.bytes()[raw.clone()] == *doc.text(&text));
        }
    }
    assert_eq!(at, text.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn lines_tile_the_file(text in anything(), depth in -2..3i32, later: bool) {
        tiles(&text, Carry { depth, later });
    }

    #[test]
    fn a_file_in_two_halves_is_one_file(text in grammar(), cut in any::<prop::sample::Index>()) {
        let lines = parse(&text);
        prop_assume!(!lines.lines().is_empty());
        let at = lines.span(cut.index(lines.lines().len())).start;
        let (head, carry) = Document::parse(text[..at].into(), Carry::default());
        let carry = Carry { later: at > 0, ..carry };
        let (tail, _) = Document::parse(text[at..].into(), carry);
        prop_assert_eq!([show(&head), show(&tail)].concat(), show(&lines));
    }

    #[test]
    fn any_legal_value_is_read_back(value in anything(), delimiter in prop::sample::select(vec!["=", " = ", "=>", " => "])) {
        if let Ok(written) = escape_value(&value) {
            let line = [b"k", delimiter.as_bytes(), &written, b" ; c\nj=1\n"].concat();
            let doc = parse(&line);
            let Content::Key(key) = doc.lines()[0].content else { panic!() };
            prop_assert_eq!(doc.text(&key.value), &value[..]);
            prop_assert_eq!(&show(&doc)[1], "j=1");
        } else {
            let blank = |byte: Option<&u8>| byte.is_some_and(|byte| *byte < 33);
            let control = value.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r'));
            prop_assert!(control || blank(value.first()) || blank(value.last()));
        }
    }

    #[test]
    fn any_legal_name_is_read_back(name in anything()) {
        if let Ok(written) = escape_name(&name) {
            let doc = parse(&[b"[", &written[..], b"](t) ; c\nj=1\n"].concat());
            let Content::Section(section) = doc.lines()[0].content else { panic!() };
            prop_assert_eq!(doc.text(&section.name), &name[..]);
            prop_assert_eq!(&show(&doc)[1], "j=1");
        }
    }
}
