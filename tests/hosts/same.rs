//! Every kind of Want and Step, here and there, on the same folders.

use std::fs;
use std::path::Path;

use sipctl::cx::{Cx, Silent};
use sipctl::host::local::Local;
use sipctl::host::{Command, Content, File, Host, Want};

use crate::shells::{all, far, noisy};

fn told(files: &[Vec<File>]) -> String {
    let mut out = String::new();
    for file in files.iter().flatten() {
        let content = match &file.content {
            Content::There { bytes, meta } if bytes.len() > 1000 => {
                format!("{} bytes, sum {} {meta:?}", bytes.len(), bytes.iter().map(|b| u64::from(*b)).sum::<u64>())
            }
            Content::There { bytes, meta } => format!("{:?} {meta:?}", bytes.escape_ascii().to_string()),
            other => format!("{other:?}"),
        };
        out += &format!("{:?}: {content}\n", file.path);
    }
    out
}

fn strange(folder: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let all: Vec<u8> = (0..=255).collect();
    for (name, bytes) in [
        (&b"plain.conf"[..], &b"x"[..]),
        (b"a b.conf", &all),
        (b"empty.conf", b""),
        (b"no newline", b"text"),
        (b"new\nline.conf", b"\n"),
        (b"quote'\"$`\\.conf", b"q"),
        (b"-rf", b"dash"),
        (b".hidden.conf", b"h"),
        (b"caf\xe9\xff.conf", b"e"),
        (b"\x01\x7f\x81\x82.conf", b"c"),
        (b"gr\xc3\xbc\xc3\x9f.conf", b"u"),
        (b"[x]{y}*?.conf", b"g"),
    ] {
        fs::write(folder.join(std::ffi::OsStr::from_bytes(name)), bytes).unwrap();
    }
    fs::create_dir_all(folder.join("sub/deep")).unwrap();
    fs::write(folder.join("sub/deep/1.conf"), "1").unwrap();
    fs::write(folder.join("sub/2.conf"), "2").unwrap();
    fs::write(folder.join("big"), vec![0; 300_000]).unwrap();
    std::os::unix::fs::symlink("plain.conf", folder.join("link.conf")).unwrap();
    std::os::unix::fs::symlink("gone", folder.join("dangling.conf")).unwrap();
    std::os::unix::fs::symlink("sub", folder.join("subby")).unwrap();
    fs::hard_link(folder.join("plain.conf"), folder.join("twin")).unwrap();
}

#[test]
fn what_is_read_there_is_what_is_read_here() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    strange(&folder);
    let cx = Cx::new(&Silent);
    let at = |name: &str| folder.join(name);
    let mut wants: Vec<Want> = fs::read_dir(&folder).unwrap().map(|e| Want::File(e.unwrap().path())).collect();
    for name in ["missing", "plain.conf/below", "subby/2.conf", "sub/../plain.conf", "dangling.conf"] {
        wants.extend([Want::File(at(name)), Want::Meta(at(name))]);
    }
    for pattern in [
        "*.conf",
        ".*",
        "*",
        "[a-p]*.conf",
        "?????.conf",
        "{a b,plain}.conf",
        "s*/*.conf",
        "*/*/*",
        "none*",
        "\\[x\\]*",
        "[!a]*",
        "caf*",
        "gr??.conf",
        "{a,",
        "plain.conf",
        "sub*",
        "**.conf",
        "[.]h*",
        "[",
        "*[",
        "x[]]*",
    ] {
        wants.push(Want::Glob(at(pattern)));
    }
    wants.extend([
        Want::Folder(folder.clone()),
        Want::Folder(at("none")),
        Want::Folder(at("big")),
        Want::Folder(at("sub/deep")),
    ]);
    wants.extend([Want::Meta("/".into()), Want::File("/etc/passwd".into()), Want::Meta("/sys".into())]);
    let here = Local.read(&cx, &wants).unwrap();
    for (name, shell) in all().into_iter().chain([("noisy".to_owned(), noisy())]) {
        let far = far(&shell);
        let there = far.read(&cx, &wants).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        for (want, (here, there)) in wants.iter().zip(here.iter().zip(&there)) {
            let (here, there) = (told(std::slice::from_ref(here)), told(std::slice::from_ref(there)));
            assert_eq!(here, there, "{name}: {want:?}");
        }
    }
}

#[test]
fn programs_run_there_as_here() {
    let cx = Cx::new(&Silent);
    let all_bytes: Vec<u8> = (0..=255).collect();
    let hostile = ["a b", "", "'", "\"$(id)`id`", "\\n\n", "!x", "-n", "\u{1}\u{7f}\u{81}", "*", "~", "%s"];
    let run = |program: &str, args: &[&str], stdin: &[u8]| Command {
        program: program.into(),
        args: args.iter().map(|a| (*a).to_owned()).collect(),
        stdin: stdin.to_vec(),
    };
    let commands = [
        run("cat", &[], &all_bytes),
        run("printf", &["%s|"].iter().chain(&hostile).copied().collect::<Vec<_>>(), b""),
        run("sh", &["-c", "echo out; echo err >&2; exit 3"], b""),
        run("true", &[], &[b'x'; 300_000]),
        run("sh", &["-c", "kill -9 $$"], b""),
        run("sh", &["-c", "cat; printf '\\n\\n' >&2"], b"no newline"),
        run("sh", &["-c", "cat >&2; echo out"], &all_bytes.repeat(3000)),
    ];
    let here = Local.run(&cx, &commands).unwrap();
    for (name, shell) in all() {
        let there = far(&shell).run(&cx, &commands).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        for (command, (here, there)) in commands.iter().zip(here.iter().zip(&there)) {
            assert_eq!(format!("{here:?}"), format!("{there:?}"), "{name}: {command:?}");
        }
        let missing = [run("sipctl-no-such-program", &[], b"")];
        let (here, there) = (Local.run(&cx, &missing).unwrap_err(), far(&shell).run(&cx, &missing).unwrap_err());
        assert_eq!((here.code, here.line()), (there.code, there.line()), "{name}");
    }
}
