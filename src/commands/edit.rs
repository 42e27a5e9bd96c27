//! `edit`.

use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use clap::Args;

use super::change::{Change, ChangeArgs, Danger};
use super::lists::{self, Vault};
use super::{App, Limits, Open};
use crate::cx::{self, Cancel};
use crate::engine::{Estate, PlanOptions};
use crate::error::{Code, Error, Result};
use crate::extension::by_name::{self, FIELDS, Slot, slot, value};
use crate::extension::{Edit, Ext, Setting, Want};
use crate::inventory::Pbx;
use crate::output::prompt;
use crate::pool::lock;
use crate::selection::Selection;
use crate::spec::plan::{self, Site, Wish};
use crate::spec::write::{self, File as ListFile, With};
use crate::spec::{Form, List, Problem, Row, read};

/// Edit one extension in $VISUAL or $EDITOR
///
/// Opens its fields and options as a list shows them. What you change is changed, what you take out is
/// cleared, the rest is left alone. Mistakes can be mended. Its password is not shown.
#[derive(Args, Debug)]
pub struct EditArgs {
    /// Its id
    ext: Selection,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Runs it.
pub fn run(app: &App, args: &EditArgs) -> Result<u8> {
    let Selection::One(ext) = &args.ext else {
        return Err(
            Error::usage("edit takes one extension").hint("for several: sipctl export, an editor, sipctl apply")
        );
    };
    let pbx = match app.choose(true)?.as_slice() {
        [one] => one.clone(),
        _ => return Err(Error::usage("one extension is edited on one PBX").hint("name it with --pbx")),
    };
    let (text, found) = shown(app, &pbx, ext)?;
    let head = format!("# {found} on {}. What is taken out is cleared; its password stays.\n", pbx.name);
    let desk = Desk::new(&found)?;
    let before = parse(&text, &found).map_err(|problems| lists::tell(app, &desk.file, Form::Yaml, &text, &problems))?;
    let mut draft = format!("{head}{text}");
    let list = loop {
        let edited = desk.edit(&draft, &app.cancel)?;
        let bare: String =
            edited.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
        if bare.trim().is_empty() || bare == text {
            return Change::new(app, &args.change).run_on(&pbx, &|_, _, _| Ok(Vec::new()));
        }
        let wish = |after| List { rows: vec![difference(before.clone(), after)], ..List::default() };
        let problems = match parse(&edited, &found).map(wish) {
            Ok(list) if !prompt::possible() => break list,
            Ok(list) => match refused(app, &args.change, &pbx, &list) {
                None => break list,
                Some(problem) => vec![problem],
            },
            Err(problems) => problems,
        };
        if !prompt::possible() || edited == draft {
            return Err(lists::tell(app, &desk.file, Form::Yaml, &edited, &problems));
        }
        let said = problems.iter().map(|problem| {
            let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("# {}{hint}\n", problem.message)
        });
        draft = format!("{head}{}{bare}", said.collect::<String>());
    };
    let mut change = Change::new(app, &args.change);
    change.danger = Some(Danger::of_list(None));
    let vault = Mutex::new(Vault::new(&PathBuf::new()));
    change.run_on(&pbx, &|pbx, estate, _| edits(app, pbx, estate, &list, &vault))
}

/// What makes the extension as it was written down.
fn edits(app: &App, pbx: &Pbx, estate: &dyn Estate, list: &List, vault: &Mutex<Vault>) -> Result<Vec<Edit>> {
    let site = Site { pbx, engine: crate::engine::of(pbx.address.kind)? };
    let mut keys = |ext: &Ext, key: &_| lock(vault).get(app, pbx, ext, key, None);
    let planned = plan::plan(list, site, estate, Wish::default(), &mut keys);
    let wrong = |problems: Vec<Problem>| {
        Error::usage(problems.first().map(|problem| problem.message.clone()).unwrap_or_default())
    };
    planned.map(|planned| planned.edits).map_err(wrong)
}

/// What would be refused before anything is written, so that it can be mended: a context that is not
/// there, a value the engine does not know.
fn refused(app: &App, args: &ChangeArgs, pbx: &Pbx, list: &List) -> Option<Problem> {
    let cx = app.cx(pbx, Limits::default());
    let vault = Mutex::new(Vault::new(&PathBuf::new()));
    let planned = Open::new(&cx, pbx).and_then(|open| {
        let estate = open.engine.load(&cx, open.host.as_ref(), &open.folder, false)?;
        let edits = edits(app, pbx, estate.as_ref(), list, &vault)?;
        estate.plan(None, &edits, &PlanOptions { no_validate: args.no_validate, ..PlanOptions::default() })
    });
    // Whatever else is wrong the change itself tells.
    let error = planned.err().filter(|error| error.code == Code::Usage)?;
    let at = list.rows.first().map(|row| row.at).unwrap_or_default();
    Some(Problem { hint: error.hints.into_iter().next(), ..Problem::new(at, error.message) })
}

/// The extension as the text of a list.
fn shown(app: &App, pbx: &Pbx, ext: &Ext) -> Result<(String, Ext)> {
    let cx = app.cx(pbx, Limits::default());
    let open = Open::to_read(&cx, pbx)?;
    let estate = open.engine.load(&cx, open.host.as_ref(), &open.folder, false)?;
    let ext = Selection::One(ext.clone()).existing(estate.as_ref())?.remove(0);
    let found = estate.find(&ext).ok_or_else(|| crate::engine::refuse::no_such_extension(&ext, None))?;
    let mut entry =
        write::entry(Site { pbx, engine: open.engine }, estate.as_ref(), &found, With::default(), &mut Vec::new());
    entry.domain.clone_from(&ext.domain);
    let file = ListFile { extensions: vec![entry], ..ListFile::default() };
    let text = file.text(Form::Yaml).map_err(|why| Error::failed(format!("cannot write it down: {why}")))?;
    let bare = text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    Ok((bare, ext))
}

/// The one extension of a text.
fn parse(text: &str, ext: &Ext) -> std::result::Result<Row, Vec<Problem>> {
    let mut list = read::read(text, Form::Yaml)?;
    let at = list.rows.first().map(|row| row.at).unwrap_or_default();
    match list.rows.pop() {
        Some(row) if list.rows.is_empty() && row.ext == *ext => Ok(row),
        _ => Err(vec![
            Problem::new(at, format!("this is no more the extension {ext}"))
                .hint("another number: sipctl ext renumber"),
        ]),
    }
}

/// What was changed, and what was taken out.
fn difference(before: Row, mut after: Row) -> Row {
    for (before, after) in before.fields.iter().zip(&mut after.fields) {
        let after = Arc::make_mut(after);
        for name in FIELDS {
            let (had, has) = (value(before, name), value(after, name));
            if had == has {
                by_name::forget(name, after);
            } else if has.is_none() {
                match slot(after, name) {
                    Some(Slot::Text(text)) => *text = Some(String::new()),
                    // Nobody is disabled whose line says nothing, and nobody is set up for browsers.
                    Some(Slot::Flag(flag)) => *flag = Some(name == "enabled"),
                    Some(Slot::Codecs(_)) | None => {}
                }
            }
        }
    }
    let same = |a: &Setting, b: &Setting| a.object == b.object && a.option.eq_ignore_ascii_case(&b.option);
    let gone = before.settings.iter().filter(|had| {
        !after.settings.iter().any(|has| match &had.want {
            Want::Add(_) => has == *had,
            _ => same(has, had),
        })
    });
    let unset: Vec<Setting> = gone
        .map(|had| {
            let value = match &had.want {
                Want::Add(value) => Some(value.clone()),
                _ => None,
            };
            Setting { want: Want::Unset(value), ..had.clone() }
        })
        .collect();
    let settings = Arc::make_mut(&mut after.settings);
    settings.retain(|has| !before.settings.contains(has));
    settings.extend(unset);
    after
}

/// A folder of its own for the text; it goes when the work is done.
struct Desk {
    folder: PathBuf,
    file: PathBuf,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Desk {
    fn new(ext: &Ext) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("sipctl-{}", crate::secret::salt()?));
        DirBuilder::new().mode(0o700).create(&folder).map_err(|error| Error::io("make", &folder, error))?;
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let file = folder.join(format!("{}.yaml", ext.number.chars().map(plain).collect::<String>()));
        Ok(Self { folder, file })
    }

    /// Lets the person edit a text.
    fn edit(&self, text: &str, cancel: &Cancel) -> Result<String> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true).mode(0o600);
        let written = options.open(&self.file).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| Error::io("write", &self.file, error))?;
        let named = ["VISUAL", "EDITOR"].iter().filter_map(|name| std::env::var(name).ok());
        let editor = match named.into_iter().find(|name| !name.trim().is_empty()) {
            Some(editor) => editor,
            None if prompt::possible() => "vi".to_owned(),
            None => {
                return Err(Error::usage("no terminal for vi, and neither VISUAL nor EDITOR names an editor")
                    .hint("from a script: sipctl ext set"));
            }
        };
        // By a shell, as git does: it may have arguments, and quotes around them. Ctrl-C does not end the shell.
        let mut command = Command::new("sh");
        command.args(["-c", &format!("trap : INT\n{editor} \"$@\""), &editor]).arg(&self.file);
        let status = status(&mut command, cancel).map_err(|error| Error::failed("cannot start sh").because(error))?;
        match status.code() {
            _ if cancel.is_set() => return Err(Error::new(Code::Interrupted, "interrupted; nothing is changed")),
            Some(0) => {}
            Some(126 | 127) => {
                return Err(Error::failed(format!("cannot start the editor {editor}; nothing is changed"))
                    .hint("set EDITOR to one that is there"));
            }
            _ => return Err(Error::failed(format!("the editor {editor} failed; nothing is changed"))),
        }
        std::fs::read_to_string(&self.file).map_err(|error| Error::io("read", &self.file, error))
    }
}

/// Runs a program that has the terminal. Ctrl-C typed there is for it alone, although it reaches us too.
fn status(command: &mut Command, cancel: &Cancel) -> std::io::Result<ExitStatus> {
    let stopped = Arc::new(AtomicBool::new(cancel.is_set()));
    let ids: Vec<_> = cx::ends().map(|signal| signal_hook::flag::register(signal, Arc::clone(&stopped))).collect();
    let status = command.status();
    cancel.resume(stopped.load(Ordering::SeqCst));
    ids.into_iter().flatten().for_each(|id| _ = signal_hook::low_level::unregister(id));
    status
}
