//! The snippets an editor may meet, each with the outcome observed on a live 1.11: what is found,
//! what is hidden, what is refused.

use std::path::Path;

use super::directory::Part;
use super::estate::Estate;
use crate::cx::{Cx, Silent};
use crate::engine::Estate as _;
use crate::extension::{Ext, SecretKind};
use crate::host::local::Local;

const ROOT: &str = "<document>\n<section name=\"directory\">\n\
    <X-PRE-PROCESS cmd=\"set\" data=\"default_password=1234\"/>\n\
    <X-PRE-PROCESS cmd=\"include\" data=\"directory/*.xml\"/>\n</section>\n</document>\n";
const DOMAIN: &str = "<include>\n<domain name=\"pbx\">\n<groups><group name=\"g\"><users>\n\
    <X-PRE-PROCESS cmd=\"include\" data=\"default/*.xml\"/>\n</users></group>\n\
    <group name=\"sales\"><users>\n<user id=\"2999\" type=\"pointer\"/>\n</users></group></groups>\n</domain>\n</include>\n";
const BODY: &str = "<params>\n<param name=\"password\" value=\"s3cret\"/>\n</params>";

/// What comes of 2200 with these files in directory/default, or another directory/default.xml.
fn outcome(files: &[(&str, &[u8])]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("freeswitch.xml", ROOT.as_bytes());
    write("directory/default.xml", DOMAIN.as_bytes());
    write("directory/default/1019.xml", b"<user id=\"1019\"/>\n");
    for (name, bytes) in files {
        write(&format!("directory/{name}"), bytes);
    }
    described(folder.path())
}

fn described(folder: &Path) -> String {
    let estate = Estate::load(&Cx::new(&Silent), &Local, folder, false).unwrap();
    let reading = &estate.reading;
    if let Some(broken) = &reading.doc.tree.broken {
        return broken.message.clone();
    }
    let Some(user) = estate.user(&Ext { number: "2200".into(), domain: None }) else { return "absent".into() };
    match reading.value(user, Part::Param, "password") {
        _ if user.is_pointer() => "pointer".into(),
        Some(password) => String::from_utf8_lossy(&password).into_owned(),
        None => reading.secret(user).name().to_owned(),
    }
}

fn one(text: &str) -> String {
    outcome(&[("default/zz_t.xml", text.as_bytes())])
}

#[test]
fn legal_snippets_are_read_as_observed() {
    let user = format!("<user id=\"2200\">\n{BODY}\n</user>\n");
    let plain = format!("<include>\n{user}</include>\n");
    for (text, wanted) in [
        (plain.clone(), "s3cret"),
        (user.clone(), "s3cret"),
        (user.replace('\n', ""), "s3cret"),
        (plain.replace('\n', "\r\n"), "s3cret"),
        (plain.replace('\n', "\r"), "s3cret"),
        (format!("\u{feff}{plain}"), "s3cret"),
        (format!("<?xml version=\"1.0\"?>\n{plain}"), "s3cret"),
        (format!("<include> <!-- Bob -->\n{user}</include> <!-- end -->\n"), "s3cret"),
        (format!("<!-- see the\n  <include> line\n below -->\n{plain}"), "s3cret"),
        (plain.trim_end().to_owned(), "s3cret"),
        (format!("<include>\n<!-- <user id=\"2200\"/> -->\n{user}</include>\n"), "s3cret"),
        (format!("<include>\nhello\n{user}junk\n</include>\n"), "s3cret"),
        (user.replace("s3cret", "$${default_password}"), "1234"),
        (user.replace("s3cret", "x$${default_password}y$${none}"), "x1234y"),
        (user.replace("s3cret", "${x}"), "${x}"),
        (user.replace("s3cret", "$&#36;{x}"), "$${x}"),
        (user.replace("s3cret", "$${abc"), "$${abc"),
        (user.replace("2200", "&#x32;200"), "s3cret"),
        (user.replace("id=\"2200\"", "id=\"bob\" number-alias=\"2200\""), "s3cret"),
        (user.replace("<params>", "<!--#comment a -- b\n more -- text\n--><params>"), "s3cret"),
        (user.replace("<params>", "<?foo bar?>\n<params>"), "s3cret"),
        (user.replace("<params>", "<?foo bar\n<params>"), "s3cret"),
        (
            user.replace(
                "<params>",
                "<gateways><gateway name=\"a\"><param name=\"password\" value=\"GW\"/></gateway></gateways><params>",
            ),
            "s3cret",
        ),
        (format!("<X-PRE-PROCESS cmd=\"set\" data=\"p=viaset\"/>\n{}", user.replace("s3cret", "$${p}")), "viaset"),
        (
            format!(
                "<!-- <X-PRE-PROCESS cmd=\"set\" data=\"p=fromcomment\"/> -->\n{}",
                user.replace("s3cret", "$${p}")
            ),
            "fromcomment",
        ),
        (format!("<!--#set \"p=hashset\"-->\n{}", user.replace("s3cret", "$${p}")), "hashset"),
        (
            format!(
                "<x-pre-process  cmd = \"set\"  data = \"p = spaced value\" />\n{}",
                user.replace("s3cret", "$${p}")
            ),
            "spaced value",
        ),
        (format!("<X-PRE-PROCESS\n cmd=\"set\"\n data=\"p=x\"/>\n{user}"), "s3cret"),
        (format!("</users>\n</group>\n<group name=\"mine\">\n<users>\n{user}"), "s3cret"),
        (format!("{plain}<!-- tail\n comment -->\n"), "s3cret"),
        (format!("<!DOCTYPE user [\n<!ENTITY pw \"entpw\">\n]>\n{}", user.replace("s3cret", "&pw;")), "entpw"),
        (user.replace("<params>", "<vcard><![CDATA[<user id=\"2200\"> & ]]></vcard>\n<params>"), "s3cret"),
        (
            user.replace(
                "<params>",
                "<!-- a > b \"q' -->\n<skinny><buttons><button type=\"Line\"/></buttons></skinny>\n<params>",
            ),
            "s3cret",
        ),
        (
            user.replace(BODY, &format!("{BODY}\n<params>\n<param name=\"password\" value=\"second\"/>\n</params>")),
            "s3cret",
        ),
        (user.replace("</params>", "<param name=\"Password\" value=\"last\"/>\n</params>"), "last"),
        (user.replace("\"s3cret\"/>", "'a\"b'></param>"), "a\"b"),
        (user.replace("name=\"password\" value=\"s3cret\"", "value = \"turned\"\n\tname\n=\n\"password\""), "turned"),
        (user.replace("s3cret", "a&b<c"), "a&b<c"),
        (format!("{}{user}", user.replace("2200", "2201").replace("s3cret", "other")), "s3cret"),
        (user.replace("<user ", "<user cidr=\"10.0.0.0/8\" mailbox=\"2200\" own=\"x\" cacheable=\"true\" "), "s3cret"),
        (user.replace("\n", "\n\t"), "s3cret"),
        (user.replace("<param ", "<param NAME=\"x\" ").replace(" name=\"password\"", ""), "open"),
        (user.replace("params>", "Params>"), "open"),
        (user.replace(" value=\"s3cret\"/>", ">s3cret</param>"), "open"),
        ("<user id=\"2200\">\n<X-PRE-PROCESS cmd=\"include\" data=\"zz_t.xml\"/>\n</user>\n".to_owned(), "open"),
    ] {
        assert_eq!(one(&text), wanted, "{text}");
    }
}

#[test]
fn harmful_snippets_are_read_as_observed() {
    let user = format!("<user id=\"2200\">\n{BODY}\n</user>\n");
    let joined = user.replace('\n', "");
    for (text, wanted) in [
        (format!("<include>{joined}</include>\n"), "absent"),
        (format!("<include>{user}</include>\n"), "unexpected closing tag </user>"),
        (format!("<?xml version=\"1.0\"?>{user}"), "unexpected closing tag </user>"),
        (
            format!("{}</include>\n", joined.replace("s3cret", "$${default_password}")),
            "unexpected closing tag </include>",
        ),
        (format!("<include x=\"1\">\n{user}</include>\n"), "unexpected closing tag </users>"),
        (format!("<INCLUDE>\n{user}</INCLUDE>\n"), "absent"),
        (format!("<include >\n{user}</include >\n"), "absent"),
        (format!("{user}<!-- old:\n</include> -->\n"), "unclosed <!--"),
        (user.replace("<params>", "<!-- do not use\n X-PRE-PROCESS here -->\n<params>"), "unclosed <!--"),
        (user.replace("<params>", "<!-- desk -- third -->\n<params>"), "unclosed <!--"),
        (user.replace("s3cret", "what<?"), "open"),
        (user.replace("s3cret", "X-PRE-PROCESS"), "open"),
        (user.replace("s3cret", "$${undefined}"), "open"),
        (user.replace("id=\"2200\"", "id=2200"), "absent"),
        (user.replace("id=\"2200\"", "id=\"2299\" id=\"2200\""), "absent"),
        (user.replace("id=\"2200\"", "id=\" 2200 \""), "absent"),
        (format!("<group name=\"x\"><users>\n{user}</users></group>\n"), "absent"),
        (format!("<users>\n{user}</users>\n"), "absent"),
        (format!("<domain name=\"x\">\n{user}</domain>\n"), "absent"),
        ("<X-PRE-PROCESS cmd=\"set\" data=\"a=b\"/><user id=\"2200\"/>\n".to_owned(), "absent"),
        (user.replace("s3cret", "a\0b"), "unexpected closing tag </group>"),
        (user.replace("s3cret", "a<!--#b"), "unexpected closing tag </group>"),
        (user.replace("</params>", ""), "unexpected closing tag </user>"),
        (user.replace("</user>", "</User>"), "unexpected closing tag </User>"),
        (user.replace("<params>", "<!-- never closed\n<params>"), "unclosed <!--"),
        (user.replace("<params>", "<![CDATA[ never closed\n<params>"), "unclosed <![CDATA["),
        (user.replace("<params>", "< params>"), "unexpected <"),
        (user.replace("<params>", "<9x/>\n<params>"), "unexpected <"),
        (
            user.replace("s3cret\"", "s3cret").replace("</params>", "<param name=\"x\" value=\"y\"/>\n</params>"),
            "s3cret/> <param name=",
        ),
        (user.replace("s3cret", "a\tb"), "a b"),
        (user.replace("</user>\n", ""), "unexpected closing tag </users>"),
        (format!("{user}</user>\n"), "unexpected closing tag </user>"),
        (user.replace("/>", ">"), "unexpected closing tag </params>"),
        (String::new(), "absent"),
        ("hello\n".to_owned(), "absent"),
    ] {
        assert_eq!(one(&text), wanted, "{text}");
    }
}

#[test]
fn odd_encodings_are_read_as_observed() {
    let user = format!("<user id=\"2200\">\n{BODY}\n</user>\n");
    let utf16: Vec<u8> = user.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for mark in [b"".as_slice(), b"\xff\xfe"] {
        assert_eq!(outcome(&[("default/zz_t.xml", &[mark, &utf16].concat())]), "unexpected <");
    }
    let latin = user.replace("<params>", "<!-- X --><params>").replace('X', "\u{1}");
    let latin: Vec<u8> = latin.bytes().map(|b| if b == 1 { 0xe9 } else { b }).collect();
    assert_eq!(outcome(&[("default/zz_t.xml", &latin)]), "s3cret");
}

#[test]
fn a_fragment_of_params_and_files_that_cannot_be_opened() {
    let with = "<user id=\"2200\">\n<params>\n<X-PRE-PROCESS cmd=\"include\" data=\"p.inc\"/>\n</params>\n</user>\n";
    let fragment = b"<param name=\"password\" value=\"fragment\"/>\n".as_slice();
    assert_eq!(outcome(&[("default/zz_t.xml", with.as_bytes()), ("default/p.inc", fragment)]), "fragment");
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("directory/default");
    std::fs::create_dir_all(inside.join("2201.xml")).unwrap();
    std::fs::write(folder.path().join("freeswitch.xml"), ROOT).unwrap();
    std::fs::write(folder.path().join("directory/default.xml"), DOMAIN).unwrap();
    std::os::unix::fs::symlink("nowhere", inside.join("2200.xml")).unwrap();
    assert_eq!(described(folder.path()), "absent");
}

#[test]
fn variables_and_blocks_are_read_to_the_letter() {
    let user = format!("<user id=\"2200\">\n{BODY}\n</user>\n");
    let set = |data: &str, value: &str| {
        format!("<X-PRE-PROCESS cmd=\"set\" data=\"{data}\"/>\n{}", user.replace("s3cret", value))
    };
    for (text, wanted) in [
        (set("P=any case", "$${p}"), "any case"),
        (set("p  =  blank ", "$${p}."), "blank ."),
        (set("p=a${b}", "$${p}"), "a%{b}"),
        (set("a{b}c=nested", "$${a{b}c}"), "nested"),
        (set("p=x", "$${a{b} $${p}"), "$${a{b} x"),
        (format!("<X-PRE-PROCESS cmd=\"set\" data=\"p=x/>\n{}", user.replace("s3cret", "$${p}")), "x/>"),
        (format!("<!--#set \"p=x\" y-->\n{}", user.replace("s3cret", "$${p}")), "x"),
        (format!("<!--#set \"p=x\" y\n-->\n{}", user.replace("s3cret", "$${p}")), "x"),
        // The rest of the line stands before what is included.
        (format!("<!--#include \"first.inc\"--> {}", user.replace('\n', "")), "s3cret"),
        (user.replace("s3cret", "a\u{b}b\u{c}c"), "a b c"),
    ] {
        let first = user.replace("s3cret", "included");
        let files = [("default/zz_t.xml", text.as_bytes()), ("default/first.inc", first.as_bytes())];
        assert_eq!(outcome(&files), wanted, "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("directory")).unwrap();
    std::fs::write(folder.path().join("freeswitch.xml"), ROOT).unwrap();
    let typed = "<!DOCTYPE a [\n<!ATTLIST user id CDATA \"2200\">\n]>\n<domain name=\"a\"><user/></domain>\n";
    std::fs::write(folder.path().join("directory/default.xml"), typed).unwrap();
    let estate = Estate::load(&Cx::new(&Silent), &Local, folder.path(), false).unwrap();
    assert!(estate.rejected().unwrap().message.contains("document type"));
}

#[test]
fn the_first_user_in_byte_order_is_found() {
    let user = |id: &str, pw: &str| {
        format!("<user id=\"{id}\"><params><param name=\"password\" value=\"{pw}\"/></params></user>\n")
    };
    let files = ["zz", "ZZ", "_zz", "zz10", "zz9"].map(|name| (format!("default/{name}.xml"), user("2200", name)));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(outcome(&files), "ZZ");
    let weird = user("weird", "weirdpw").replace("id=", "type=\"phone\" id=");
    let real = user("2200", "real");
    assert_eq!(outcome(&[("default/0000.xml", weird.as_bytes()), ("default/2200.xml", real.as_bytes())]), "weirdpw");
    for name in [".hidden.xml", "zz.XML", "zz.xml.bak", "zz.xml~", ".#zz.xml"] {
        assert_eq!(outcome(&[(&format!("default/{name}"), real.as_bytes())]), "absent", "{name}");
    }
    assert_eq!(outcome(&[("default/zz~.xml", real.as_bytes())]), "real");
}

#[test]
fn users_are_looked_for_where_the_engine_looks() {
    let user =
        |pw: &str| format!("<user id=\"2200\"><params><param name=\"password\" value=\"{pw}\"/></params></user>\n");
    let (real, other) = (user("real"), "<user id=\"2201\"/>\n");
    let group = |users: &str| format!("<group name=\"g\"><users>\n{users}</users></group>\n");
    let pointer = "<user id=\"2200\" type=\"pointer\"/>\n";
    for (domain, wanted) in [
        (format!("<groups>\n{}{}</groups>\n", group(pointer), group(&real)), "pointer"),
        (format!("<groups>\n{}{}</groups>\n", group(&real), group(pointer)), "real"),
        (format!("<users>\n{real}</users>\n"), "real"),
        (real.clone(), "real"),
        (format!("<groups>\n{}</groups>\n<users>\n{real}</users>\n", group(other)), "real"),
        (format!("<users>\n{other}</users>\n<users>\n{real}</users>\n"), "absent"),
        (format!("<groups>\n{}</groups>\n<groups>\n{}</groups>\n", group(other), group(&real)), "absent"),
        (format!("<users>\n{other}</users>\n{real}"), "absent"),
        (
            "<params><param name=\"password\" value=\"domain\"/></params><users><user id=\"2200\"/></users>\n"
                .to_owned(),
            "domain",
        ),
        (
            "<params><param name=\"password\" value=\"first\"/><param name=\"Password\" value=\"second\"/></params>\n\
             <users><user id=\"2200\"/></users>\n"
                .to_owned(),
            "first",
        ),
    ] {
        let text = format!("<include>\n<domain name=\"PBX.example\">\n{domain}</domain>\n</include>\n");
        assert_eq!(outcome(&[("default.xml", text.as_bytes())]), wanted, "{text}");
    }
    let twice = format!(
        "<domain name=\"a\"><users>{other}</users></domain><domain name=\"A\"><users>{real}</users></domain>\n"
    );
    assert_eq!(outcome(&[("default.xml", twice.as_bytes())]), "absent");
}

#[test]
fn what_only_the_engine_knows_is_not_guessed() {
    let domain = DOMAIN.replace("\"pbx\"", "\"$${local_ip_v4}\"");
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("directory/default")).unwrap();
    std::fs::write(folder.path().join("freeswitch.xml"), ROOT).unwrap();
    std::fs::write(folder.path().join("directory/default.xml"), domain).unwrap();
    std::fs::write(folder.path().join("directory/default/2200.xml"), "<user id=\"2200\"/>\n").unwrap();
    let estate = Estate::load(&Cx::new(&Silent), &Local, folder.path(), false).unwrap();
    let found = estate.find(&Ext { number: "2200".into(), domain: Some("10.0.0.1".into()) }).unwrap();
    assert_eq!((found.domain, found.secret), (None, SecretKind::Open));
    let user = estate.user(&Ext { number: "2200".into(), domain: None }).unwrap();
    let live = crate::engine::Live { realm: Some("10.0.0.1".into()), ..Default::default() };
    assert_eq!(estate.reading.address(user, Some(&live)), "2200@10.0.0.1");
    assert_eq!(estate.reading.address(user, None), "2200");
}

#[test]
fn a_line_the_engine_names_is_found_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("directory")).unwrap();
    std::fs::write(folder.path().join("freeswitch.xml"), ROOT).unwrap();
    // The apostrophe opens nothing, and the line break in the value is not counted.
    let text =
        "<domain name=\"pbx\">\n<!-- don't\nworry -->\n<user id=\"1\" note=\"a\nb\">\n</params>\n</user>\n</domain>\n";
    std::fs::write(folder.path().join("directory/a.xml"), text).unwrap();
    let estate = Estate::load(&Cx::new(&Silent), &Local, folder.path(), false).unwrap();
    let merged = &estate.reading.doc.merged;
    let physical = |what: &str| {
        let text = String::from_utf8_lossy(&merged.text).into_owned();
        text[..text.find(what).unwrap()].matches('\n').count() as u32 + 1
    };
    let place = |line: u32| merged.place_of_line(line).map(|place| (place.file.ends_with("a.xml"), place.line));
    assert_eq!(place(physical("worry")), Some((true, 3)));
    assert_eq!(place(physical("</params>") - 1), Some((true, 6)));
    assert_eq!(place(9999), None);
}
