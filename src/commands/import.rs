//! `import`.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use encoding_rs::Encoding;

use super::{App, files, lists};
use crate::engine::Warning;
use crate::error::{Code, Error, Place, Result};
use crate::output::Format;
use crate::spec::{Form, Problem, import};

/// Turn what another program exports into a list; no PBX is touched
///
/// Knows the files of FreePBX's bulk handler, FusionPBX, Wazo, 3CX and Yeastar, and tables such as
/// number,name,password, by their header. Commas, semicolons and tabs, quoted line breaks, UTF-8,
/// UTF-16 and CP949 are understood. Every row that cannot be taken is told with line and column.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE", value_parser = lists::file_arg, value_hint = lists::HINT)]
    file: PathBuf,
    /// Which column holds what, as in number=Ext (repeatable)
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = pair)]
    map: Vec<(String, String)>,
    /// Write the list to this file; an existing one is replaced
    #[arg(long, value_name = "FILE", value_parser = lists::file_arg, value_hint = lists::HINT)]
    to: Option<PathBuf>,
    /// Put the passwords that are found into this file (new, 0600, CSV), to which the list points
    #[arg(long, value_name = "FILE", value_parser = lists::file_arg, value_hint = lists::HINT)]
    passwords: Option<PathBuf>,
    /// A name for the list
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How the file is encoded, where that is guessed wrongly
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
}

fn pair(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((field, column)) if !field.is_empty() && !column.is_empty() => Ok((field.to_owned(), column.to_owned())),
        _ => Err("write FIELD=COLUMN, as in number=Ext".to_owned()),
    }
}

/// Runs it.
pub fn run(app: &App, args: &ImportArgs) -> Result<u8> {
    let form = match app.global.output {
        Format::Table | Format::Yaml => Form::Yaml,
        Format::Json => Form::Json,
        Format::Csv => Form::Csv,
        Format::Name => return Err(Error::usage("a list is more than names").hint("leave -o name out")),
    };
    let encoding = match &args.encoding {
        None => None,
        Some(name) if name.eq_ignore_ascii_case("cp949") => Some(encoding_rs::EUC_KR),
        Some(name) => Some(Encoding::for_label(name.as_bytes()).ok_or_else(|| {
            Error::usage(format!("there is no encoding called {name}")).hint("for instance utf-16le, cp949")
        })?),
    };
    if let Some(path) = args.passwords.as_ref().filter(|path| path.symlink_metadata().is_ok()) {
        return Err(Error::new(Code::Exists, format!("{} exists already", path.display()))
            .hint("--passwords makes a new file; name another one"));
    }
    if args.to.is_some() && args.to == args.passwords {
        return Err(
            Error::usage("the list and the passwords go into two files").hint("name another one with --passwords")
        );
    }
    let bytes = files::read(&app.cancel, &args.file, lists::LARGEST)?;
    let wrong = |text: &str, problems: &[Problem]| lists::tell(app, &args.file, Form::Csv, text, problems);
    let (text, encoding) = import::decode(&bytes, encoding).map_err(|problem| wrong("", &[problem]))?;
    let text = zeroize::Zeroizing::new(text);
    let mut imported = import::import(&text, &args.map).map_err(|problems| wrong(&text, &problems))?;
    imported.file.name.clone_from(&args.name);
    let mut warnings: Vec<Warning> = imported
        .warnings
        .iter()
        .map(|problem| Warning::new("import", problem.message.clone()).at(&Place::new(&args.file, problem.line)))
        .collect();
    let found = imported.passwords.len();
    match &args.passwords {
        Some(path) if found > 0 => {
            let entries = imported.file.extensions.iter_mut();
            let owned =
                entries.filter(|entry| entry.number.as_ref().is_some_and(|n| imported.passwords.contains_key(n)));
            let pointer = format!("file:{}", seen_from(path, args.to.as_deref()).display());
            owned.for_each(|entry| entry.password = Some(pointer.clone()));
            keep(path, &imported.passwords)?;
        }
        _ if found > 0 => {
            let message =
                format!("{found} passwords are left out, and new ones would be generated; --passwords FILE keeps them");
            warnings.push(Warning::new("import", message));
            imported.file.extensions.iter_mut().for_each(|entry| entry.password = Some("generate".to_owned()));
        }
        _ => {}
    }
    if form != Form::Csv {
        imported.file.share();
    }
    let count = imported.file.extensions.len();
    warnings.push(Warning::new(
        "import",
        format!("{count} extensions, read as a file of the form {} in {encoding}", imported.vendor),
    ));
    app.out.warnings(None, &warnings);
    let text = imported.file.text(form).map_err(|why| Error::failed(format!("cannot write the list: {why}")));
    let written = text.and_then(|text| match args.to.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => files::write(&app.cancel, path, text.as_bytes(), 0o666),
        None => app.out.text(&text),
    });
    // Without the list that points to it it would only be in the way of the next run.
    if let (Err(_), Some(path), true) = (&written, &args.passwords, found > 0) {
        let _ = std::fs::remove_file(path);
    }
    written.map(|()| 0)
}

/// The path as the list is to name it: beside it, or in full.
fn seen_from(path: &Path, list: Option<&Path>) -> PathBuf {
    let folder = |path: &Path| {
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).map(Path::to_owned).unwrap_or_default()
    };
    match list {
        Some(list) if folder(list) == folder(path) => path.file_name().map(PathBuf::from).unwrap_or_default(),
        None if path.is_relative() => path.to_owned(),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

/// A new file only its owner can read.
fn keep(path: &Path, passwords: &std::collections::BTreeMap<String, crate::secret::Secret>) -> Result<()> {
    let failed = |error: std::io::Error| Error::failed(format!("cannot write {}", path.display())).because(error);
    let file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let mut csv = csv::Writer::from_writer(&file);
    let written = csv.write_record(["number", "password"]).and_then(|()| {
        passwords.iter().try_for_each(|(number, secret)| csv.write_record([number.as_bytes(), secret.reveal()]))
    });
    let written = written.map_err(std::io::Error::from).and_then(|()| csv.flush()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = std::fs::remove_file(path);
        failed(error)
    })
}
