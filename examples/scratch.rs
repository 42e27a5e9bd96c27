use sipctl::cx::*;
use sipctl::engine::asterisk::estate::Estate as E;
use sipctl::engine::*;
use sipctl::extension::*;
use sipctl::secret::Secret;
use std::path::Path;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let silent = Silent;
    let cx = Cx::new(&silent);
    let e = E::load(&cx, &sipctl::host::local::Local, Path::new(&a[1]), true).unwrap();
    let t = std::time::Instant::now();
    let ext = |n: &str| Ext { number: n.into(), domain: None };
    let edits: Vec<Edit> = match a[2].as_str() {
        "list" => {
            for x in e.extensions() {
                println!("{}", serde_json::to_string(&x).unwrap());
            }
            return;
        }
        "add" => a[3..]
            .iter()
            .map(|n| {
                Edit::Create(
                    ext(n),
                    Box::new(NewExtension {
                        password: Some(Secret::new("s3cret;x")),
                        fields: Fields { cid_name: Some("접수 데스크".into()), ..Default::default() },
                        ..Default::default()
                    }),
                )
            })
            .collect(),
        "rm" => a[3..].iter().map(|n| Edit::Delete(ext(n))).collect(),
        "disable" => a[3..].iter().map(|n| Edit::Disable(ext(n))).collect(),
        "enable" => a[3..].iter().map(|n| Edit::Enable(ext(n))).collect(),
        "passwd" => a[3..]
            .iter()
            .map(|n| Edit::Password { ext: ext(n), secret: Some(Secret::new("n3w")), digest: false, shared: false })
            .collect(),
        "digest" => a[3..]
            .iter()
            .map(|n| Edit::Password { ext: ext(n), secret: Some(Secret::new("n3w")), digest: true, shared: false })
            .collect(),
        "renumber" => vec![Edit::Renumber { old: ext(&a[3]), new: ext(&a[4]) }],
        "set" => vec![Edit::Set {
            ext: ext(&a[3]),
            fields: Box::new(Fields {
                cid_name: Some(a[4].clone()),
                codecs: Some(vec!["alaw".into()]),
                max_contacts: Some("3".into()),
                ..Default::default()
            }),
            settings: vec![Setting {
                object: "endpoint".into(),
                option: "direct_media".into(),
                want: Want::Set("yes".into()),
            }],
        }],
        _ => panic!(),
    };
    match Estate::plan(&e, None, &edits, &PlanOptions::default()) {
        Err(e) => println!("ERR {:?} {e} {:?}", e.code, e.hints),
        Ok(p) => {
            eprintln!("planned in {:?}", t.elapsed());
            for f in &p.files {
                println!("FILE {} secrets {:?}", f.path.display(), f.secrets_after);
                if let Some(a) = &f.after {
                    std::fs::write(&f.path, a).unwrap()
                } else {
                    std::fs::remove_file(&f.path).unwrap()
                }
            }
            for d in &p.done {
                println!("done {d:?}");
            }
            for w in &p.warnings {
                println!("warn {w:?}");
            }
            println!("{} new proofs {} old", p.prove_new.len(), p.prove_old.len());
            for x in p.prove_new.iter().take(30) {
                println!("  {} {} {:?}", x.object, x.id, x.expect);
            }
        }
    }
}
