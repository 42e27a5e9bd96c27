//! The commands: one file a verb, with its arguments and `run`. What they share is here: the chosen
//! PBXes, worked on side by side, and the document they all report in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::{Cli, Command, Global};
use crate::cx::{Cancel, Cx, Timeouts};
use crate::engine::{Console, Engine, Estate, Live, Reader, Warning};
use crate::error::{Code, Error, Result, shell_word};
use crate::extension::Extension;
use crate::host::local::Local;
use crate::host::parted::Grafted;
use crate::host::{Content, Host, Want};
use crate::inventory::{Choice, Inventory, LoginKeys, Pbx};
use crate::output::document::{Body, Document};
use crate::output::{self, Output};
use crate::pool::side_by_side;
use crate::wire::event_socket::Login;

pub mod aftercare;
pub mod apply;
pub mod change;
pub mod completions;
pub mod confirm;
pub mod diff;
pub mod edit;
pub mod export;
pub mod ext;
pub mod fields;
pub mod files;
pub mod fleet;
pub mod generate;
pub mod help;
pub mod history;
pub mod import;
pub mod lists;
pub mod password;
pub mod pbx;
pub mod recover;
pub mod reload;
pub mod undo;

/// What every command is handed.
pub struct App {
    /// The common flags.
    pub global: Global,
    /// Where to print.
    pub out: Output,
    /// Set by a signal.
    pub cancel: Cancel,
}

/// Runs a parsed command line; the exit code.
pub fn run(cli: Cli, cancel: Cancel) -> u8 {
    let out = Output::new(cli.global.output, cli.global.color, cli.global.verbose);
    let app = App { global: cli.global, out, cancel };
    let done = match cli.command {
        Command::Ext(command) => ext::run(&app, *command),
        Command::Reload(args) => reload::run(&app, &args),
        Command::Pbx(command) => pbx::run(&app, command),
        Command::Completions(args) => completions::run(&app, &args),
        Command::Help(args) => help::run(&app, &args),
        Command::Generate(command) => generate::run(&command),
        Command::Check(_) => Err(Error::not_yet("check")),
        Command::Audit(_) => Err(Error::not_yet("audit")),
        Command::Why(_) => Err(Error::not_yet("why")),
        Command::Probe(_) => Err(Error::not_yet("probe")),
        Command::Apply(args) => apply::run(&app, &args),
        Command::Diff(args) => diff::run(&app, &args),
        Command::Export(args) => export::run(&app, &args),
        Command::Import(args) => import::run(&app, &args),
        Command::Edit(args) => edit::run(&app, &args),
        Command::History(args) => history::run(&app, &args),
        Command::Undo(args) => undo::run(&app, &args),
        Command::Confirm(args) => confirm::run(&app, &args),
        Command::Recover(args) => recover::run(&app, &args),
    };
    done.unwrap_or_else(|error| app.fail(&error))
}

impl App {
    /// Reports an error that came before any PBX was touched. Wrong usage prints no document.
    fn fail(&self, error: &Error) -> u8 {
        self.out.error(None, error, own_line(error).as_deref());
        if error.code != Code::Usage {
            let mut document = Document::default();
            document.fail(error);
            let _ = self.out.document(&document);
        }
        error.code as u8
    }

    /// The inventory.
    pub fn inventory(&self) -> Result<Inventory> {
        let named = self.global.config.as_deref();
        let empty = named.is_some_and(|path| path.as_os_str().is_empty());
        match empty {
            // An empty variable is none.
            true if std::env::var_os("SIPCTL_CONFIG").is_some_and(|value| value.is_empty()) => Inventory::load(None),
            true => Err(Error::usage("--config is given without a file")),
            false => Inventory::load(named),
        }
    }

    /// The PBXes to work on.
    fn choose(&self, changing: bool) -> Result<Vec<Pbx>> {
        let choice = Choice {
            pbx: self.global.pbx.clone(),
            groups: self.global.group.clone(),
            all: self.global.all,
            usual: std::env::var("SIPCTL_PBX").ok().filter(|name| !name.is_empty()),
        };
        let mut chosen = self.inventory()?.choose(&choice, changing)?;
        chosen.iter_mut().for_each(|pbx| self.reach(pbx));
        Ok(chosen)
    }

    /// The PBXes of these names or addresses.
    fn named(&self, names: &[String]) -> Result<Vec<Pbx>> {
        let mut chosen = self.inventory()?.choose(&Choice { pbx: names.to_vec(), ..Choice::default() }, false)?;
        chosen.iter_mut().for_each(|pbx| self.reach(pbx));
        Ok(chosen)
    }

    /// How the command line says that a PBX may be reached.
    fn reach(&self, pbx: &mut Pbx) {
        pbx.access.accept_new_host_key |= self.global.accept_new_host_key;
        if let Some(file) = &self.global.ssh_password_file {
            pbx.access.password_file = Some(file.clone());
        }
    }

    /// Works on every chosen PBX, side by side, and prints the document.
    pub fn each(&self, changing: bool, act: impl Fn(&Pbx) -> (Body, Option<Error>) + Sync) -> Result<u8> {
        self.each_of(self.choose(changing), act)
    }

    /// The same for PBXes that were chosen in another way.
    fn each_of(&self, chosen: Result<Vec<Pbx>>, act: impl Fn(&Pbx) -> (Body, Option<Error>) + Sync) -> Result<u8> {
        self.on(chosen, |chosen| {
            let work = |at: usize| {
                let done = act(&chosen[at]);
                self.out.events.of(&chosen[at].name).done();
                done
            };
            let done = side_by_side(self.global.jobs, chosen.len(), |_| true, work);
            done.into_iter().flatten().collect()
        })
    }

    /// Does something to the chosen PBXes, and prints the document of what came out, one for each.
    pub fn on(&self, chosen: Result<Vec<Pbx>>, act: impl FnOnce(&[Pbx]) -> Vec<(Body, Option<Error>)>) -> Result<u8> {
        let mut document = Document::default();
        match chosen {
            Ok(chosen) => {
                let several = chosen.len() > 1;
                if several {
                    self.out.events.several(chosen.iter().map(|pbx| pbx.name.as_str()));
                }
                let done = act(&chosen);
                self.out.events.clear();
                for (pbx, (body, error)) in chosen.iter().zip(done) {
                    let error = error.map(|error| self.at(pbx, error));
                    self.out.warnings(several.then_some(pbx.name.as_str()), body.warnings());
                    if let Some(error) = &error {
                        let line = self.line(pbx, error).or_else(|| own_line(error));
                        self.out.error(several.then_some(pbx.name.as_str()), error, line.as_deref());
                    }
                    document.add(&pbx.name, body, error.as_ref());
                    pbx.release();
                }
            }
            Err(error) => {
                self.out.error(None, &error, own_line(&error).as_deref());
                document.fail(&error);
            }
        }
        Ok(self.print(&document))
    }

    /// What is to be typed next must name this PBX as well, where it was named now.
    fn at(&self, pbx: &Pbx, mut error: Error) -> Error {
        for hint in &mut error.hints {
            *hint = self.command_at(&pbx.name, hint);
        }
        error
    }

    /// A hint that ends with a command, with `--pbx` where that is needed.
    pub fn command_at(&self, pbx: &str, hint: &str) -> String {
        let global = &self.global;
        let named = !global.pbx.is_empty() || !global.group.is_empty() || global.all;
        let command = hint.rsplit_once(": sipctl ").map(|(_, command)| command);
        let verbs = ["ext", "reload", "history", "undo", "confirm", "recover"];
        let about_pbx = |command: &&str| command.split(' ').next().is_some_and(|verb| verbs.contains(&verb));
        let needs = command.filter(about_pbx).is_some_and(|command| !command.contains("--pbx"));
        match named && needs {
            true => format!("{hint} --pbx {}", shell_word(pbx)),
            false => hint.to_owned(),
        }
    }

    /// Prints a document; the exit code, which is 8 where a password that nobody saw is lost.
    pub fn print(&self, document: &Document) -> u8 {
        let exit = document.exit();
        let Err(error) = self.out.document(document) else { return exit };
        let lost = document.results.iter().map(|entry| (&entry.pbx, entry.body.password_owners()));
        let again = lost.filter(|(_, lost)| !lost.is_empty()).map(|(pbx, lost)| {
            let numbers = crate::selection::collapse(&lost.iter().map(|lost| shell_word(lost)).collect::<Vec<_>>());
            self.command_at(pbx, &format!("make new ones: sipctl ext passwd {}", numbers.replace(',', "")))
        });
        let hints: Vec<String> = again.collect();
        if !hints.is_empty() {
            let message = "the change is done, but standard output did not take its new passwords".to_owned();
            self.out.error(None, &Error { code: Code::NeedsPerson, message, hints, ..error }, None);
            return Code::NeedsPerson as u8;
        }
        if error.message.is_empty() {
            return exit;
        }
        let done = document.results.iter().any(|entry| matches!(&entry.body, Body::Change(change) if change.changed));
        if done {
            let message = format!("the change is done, but its report could not be printed: {}", error.message);
            self.out.error(None, &Error { code: Code::NeedsPerson, message, ..error }, None);
            return Code::NeedsPerson as u8;
        }
        self.out.error(None, &error, None);
        if exit == 0 { error.code as u8 } else { exit }
    }

    /// What a call on this PBX is handed; `timeout` is the `--timeout` of the command line.
    pub fn cx(&self, pbx: &Pbx, limits: Limits) -> Cx<'_> {
        let usual = Timeouts::default();
        let [connect, question, reload] = pbx.timeouts.map(|own| limits.timeout.or(own));
        let timeouts = Timeouts {
            connect: connect.unwrap_or(usual.connect),
            question: question.unwrap_or(usual.question),
            reload: reload.unwrap_or(usual.reload),
            wait: limits.wait.unwrap_or(usual.wait),
        };
        Cx { cancel: self.cancel.clone(), timeouts, events: self.out.events.of(&pbx.name) }
    }

    /// The line of a file of the PBX that an error is about.
    fn line(&self, pbx: &Pbx, error: &Error) -> Option<String> {
        let place = error.place.as_ref().filter(|place| place.line > 0)?;
        let cx = self.cx(pbx, Limits::default()).uncancellable();
        let host = pbx.seen(&cx).ok()?;
        let found = host.read(&cx, &[Want::File(place.file.clone())]).ok()?;
        match &found.first()?.first()?.content {
            Content::There { bytes, .. } => output::nth_line(bytes, place.line),
            _ => None,
        }
    }
}

/// `--timeout` and `--wait`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// For opening a console, a question, a reload.
    pub timeout: Option<std::time::Duration>,
    /// For the lock and for a reload under way.
    pub wait: Option<std::time::Duration>,
}

/// The line of a file of sipctl's own (the inventory) that an error is about.
fn own_line(error: &Error) -> Option<String> {
    let place = error.place.as_ref()?;
    output::line_of(&place.file, place.line)
}

/// A PBX with its host and engine at hand.
pub struct Open {
    /// The machine or container, seen as the inventory says.
    pub host: Arc<dyn Host>,
    /// The same as it is: where the history is kept.
    pub keeper: Arc<dyn Host>,
    /// Whether both are seen under the same names.
    plain: bool,
    /// The engine.
    pub engine: &'static dyn Engine,
    /// The configuration folder.
    pub folder: PathBuf,
    /// Who to be on the console, where the inventory says so.
    login: Option<LoginKeys>,
}

impl Open {
    /// Opens a PBX; its folder must be there.
    pub fn new(cx: &Cx, pbx: &Pbx) -> Result<Self> {
        Self::opened(cx, pbx, |_, _| Vec::new())
    }

    /// The same for a change: its console comes next.
    pub fn to_change(cx: &Cx, pbx: &Pbx) -> Result<Self> {
        Self::opened(cx, pbx, |engine, folder| engine.reads(folder, Reader::Console))
    }

    /// The same for who only reads its files.
    pub fn to_read(cx: &Cx, pbx: &Pbx) -> Result<Self> {
        Self::opened(cx, pbx, |engine, folder| {
            let mut wants = engine.reads(folder, Reader::Load { mentions: false });
            wants.extend(crate::change::opens(folder));
            wants
        })
    }

    fn opened(cx: &Cx, pbx: &Pbx, next: impl FnOnce(&dyn Engine, &Path) -> Vec<Want>) -> Result<Self> {
        cx.check()?;
        cx.events.progress("connecting");
        let engine = crate::engine::of(pbx.address.kind)?;
        let (host, keeper) = (pbx.seen(cx)?, keeper(pbx)?);
        let folder = pbx.address.folder.clone();
        host.foresee(&next(engine, &folder));
        let found = host.read(cx, &[Want::Meta(folder.clone())])?;
        match found.first().and_then(|files| files.first()).map(|file| &file.content) {
            Some(Content::There { meta, .. }) if meta.folder => {
                let plain = Arc::ptr_eq(&host, &pbx.host()?);
                Ok(Self { host, keeper, plain, engine, folder, login: pbx.login.clone() })
            }
            Some(Content::Unreadable(why)) => Err(Error::unreadable(&folder, why)),
            _ => Err(Error::new(Code::NotFound, format!("no folder {}", folder.display()))
                .hint(format!("name the folder that holds {}", pbx.address.kind.main_file()))),
        }
    }

    /// What somebody who only reads should know.
    pub fn warnings(&self, cx: &Cx, estate: &dyn Estate) -> Vec<Warning> {
        let mut warnings = estate.warnings();
        warnings.extend(crate::change::open_change(cx, self.host.as_ref(), &self.folder));
        warnings
    }

    /// Every extension: those of the files, and those the engine holds besides where another store
    /// is named.
    pub fn extensions(&self, cx: &Cx, estate: &dyn Estate, ask: bool, warnings: &mut Vec<Warning>) -> Vec<Extension> {
        let mut extensions = estate.extensions();
        let Some((store, place)) = estate.elsewhere().filter(|_| ask) else { return extensions };
        let known: Vec<String> = extensions.iter().map(|extension| extension.number.clone()).collect();
        let asked = self.console(cx).and_then(|(mut console, _)| console.elsewhere(cx, &known, &store, &place));
        match asked {
            Ok(others) => extensions.extend(others),
            Err(error) => warnings.push(engine_silent(&error)),
        }
        extensions.sort_by(|a, b| crate::extension::order(&a.number, &b.number));
        extensions
    }

    /// Who to be on the console; the password is read now.
    pub fn login(&self) -> Result<Option<Login>> {
        self.login.as_ref().map(LoginKeys::read).transpose()
    }

    /// The console of the running engine, which must read our folder.
    pub fn console(&self, cx: &Cx) -> Result<(Box<dyn Console + '_>, Live)> {
        let elsewhere = self.host.engine();
        let (host, folder) = elsewhere.unwrap_or((self.host.as_ref(), &self.folder));
        let mut console = self.engine.console(cx, host, folder, self.login()?.as_ref())?;
        let live = console.live(cx)?;
        if elsewhere.is_none() && !self.is_ours(cx, &live)? {
            let (theirs, ours) = (live.folder.display(), self.folder.display());
            let error = Error::new(Code::Elsewhere, format!("the running engine reads {theirs}, not {ours}"));
            return Err(error.hint(format!("use --pbx {}:{theirs}, or --offline", self.engine.name())));
        }
        Ok((console, live))
    }

    /// Whether the folder the engine reads is ours, under whatever name.
    pub fn is_ours(&self, cx: &Cx, live: &Live) -> Result<bool> {
        if live.folder == self.folder || live.folder.as_os_str().is_empty() {
            return Ok(true);
        }
        let found = self.host.read(cx, &[Want::Meta(self.folder.clone()), Want::Meta(live.folder.clone())])?;
        let metas: Vec<_> = found
            .iter()
            .flatten()
            .filter_map(|file| match &file.content {
                Content::There { meta, .. } => Some(meta),
                _ => None,
            })
            .collect();
        Ok(matches!(metas[..], [a, b] if a.real == b.real || a.id == b.id))
    }
}

/// The host the history of a PBX is on: its own, with this machine's state folder.
fn keeper(pbx: &Pbx) -> Result<Arc<dyn Host>> {
    let host = pbx.host()?;
    let near = change::state_folder().filter(|_| !pbx.address.is_plain_local());
    Ok(match near {
        Some(folder) => Arc::new(Grafted { host, folder, other: Arc::new(Local) }),
        None => host,
    })
}

/// The warning for an engine that does not answer a reading command.
pub fn engine_silent(error: &Error) -> Warning {
    Warning::new("engine-silent", format!("the running engine is not asked: {error}"))
}
