//! Puts the files together line by line, as `process_text_line` does.

use std::collections::HashMap;
use std::path::Path;

use super::matching::Filter;
use super::read::{Found, Sources, is_glob, resolve};
use super::{At, Category, Cause, Config, Header, Joined, Problem, Severity, SourceFile, Strip, Var};
use crate::cx::{Cx, Silent};
use crate::error::{Error, Place, Result};
use crate::text::asterisk_conf::{Content, Directive, DirectiveKind, Document, Key, Op, Section, Why};

/// The main file is level 1, and ten more may nest (`MAX_INCLUDE_LEVEL`).
const MAX_LEVEL: u32 = 11;

/// Files that include each other several times grow without measure; no estate has this many.
const MAX_FILES: usize = 20_000;

/// What became of one include (`ast_config_internal_load`).
#[derive(PartialEq)]
enum Outcome {
    Loaded,
    Nothing,
    Invalid,
}

/// A category and which of its headers settings go under.
#[derive(Clone, Copy)]
struct Current {
    category: u32,
    piece: u32,
}

struct Merger<'a> {
    cx: &'a Cx<'a>,
    folder: &'a Path,
    sources: &'a Sources,
    config: Config,
    names: Names,
    level: u32,
    /// `config->current`: where an included file starts.
    current: Option<Current>,
}

pub(super) fn merge(cx: &Cx, folder: &Path, main: &str, sources: &Sources) -> Result<Option<Config>> {
    let mut merger =
        Merger { cx, folder, sources, config: Config::default(), names: Names::default(), level: 0, current: None };
    let outcome = merger.include(&resolve(folder, main.as_bytes()), None, false)?;
    Ok((outcome != Outcome::Nothing).then_some(merger.config))
}

/// Reads the last file of a configuration on top of its categories; none if the engine would give
/// it up. It must include nothing.
pub(super) fn append(config: Config) -> Option<Config> {
    let cx = Cx::new(&Silent);
    let sources = Sources::default();
    let file = config.files.len() as u32 - 1;
    let doc = config.files.last()?.doc.clone();
    let mut merger = Merger {
        cx: &cx,
        folder: Path::new(""),
        sources: &sources,
        config,
        names: Names::default(),
        level: 0,
        current: None,
    };
    let read = merger.file(file, &doc, &mut None);
    matches!(read, Ok(Ok(()))).then_some(merger.config)
}

impl Merger<'_> {
    fn problem(&mut self, severity: Severity, at: At, cause: Cause) {
        let place = self.config.place(at);
        self.config.problems.push(Problem { severity, place, cause });
    }

    /// Reads the files of one path or pattern.
    fn include(&mut self, path: &Path, by: Option<At>, glob: bool) -> Result<Outcome> {
        if self.level == MAX_LEVEL {
            if let Some(by) = by {
                self.problem(Severity::Warned, by, Cause::TooDeep);
            }
            return Ok(Outcome::Nothing);
        }
        self.level += 1;
        let mut outcome = Outcome::Nothing;
        let mut current = self.current;
        for found in self.sources.found(path) {
            self.cx.check()?;
            let (path, doc, meta) = match found {
                Found::File { path, doc, meta } => (path, doc, meta),
                Found::Unreadable { path, why } => {
                    let error = Error::unreadable(path, why);
                    return Err(match by {
                        Some(by) => error.at(self.config.place(by)),
                        None => error,
                    });
                }
            };
            if self.config.files.len() == MAX_FILES {
                return Err(Error::failed(format!("more than {MAX_FILES} files are included")).at(Place::new(path, 0)));
            }
            if let Some(by) = by
                && self.config.files.iter().any(|file| file.meta.real == meta.real)
            {
                self.problem(Severity::Warned, by, Cause::Twice(path.clone()));
            }
            outcome = Outcome::Loaded;
            let file = self.config.files.len() as u32;
            let glob = by.filter(|_| glob);
            let (doc, meta) = (doc.clone(), meta.clone());
            self.config.files.push(SourceFile {
                path: path.clone(),
                doc: doc.clone(),
                meta,
                included_by: by,
                glob,
                stopped: None,
            });
            if let Err((line, cause)) = self.file(file, &doc, &mut current)? {
                let severity = if by.is_none() { Severity::Rejected } else { Severity::Lost };
                self.problem(severity, At { file, line }, cause);
                self.config.files[file as usize].stopped = Some(line);
                // the engine forgets to count the level down again
                return Ok(Outcome::Invalid);
            }
            if doc.end_depth() != 0 {
                let cause = if doc.end_depth() > 0 { Cause::OpenComment } else { Cause::StrayCloser };
                let line = doc.left_open_at().unwrap_or(0) as u32;
                self.problem(Severity::Lost, At { file, line }, cause);
            }
        }
        self.level -= 1;
        Ok(outcome)
    }

    /// Reads one file; the inner error is where and why the engine gives it up.
    fn file(&mut self, file: u32, doc: &Document, current: &mut Option<Current>) -> Result<Result<(), (u32, Cause)>> {
        for (line, content) in doc.lines().iter().map(|line| line.content).enumerate() {
            let line = line as u32;
            let at = At { file, line };
            let done = match content {
                Content::Blank | Content::Comment | Content::Dead => Ok(()),
                Content::Ignored(Why::NoEquals | Why::NoName | Why::LateMark) if current.is_none() => {
                    Err(Cause::NoSection)
                }
                Content::Ignored(why) => {
                    self.problem(Severity::Warned, at, Cause::Line(why));
                    Ok(())
                }
                Content::Fatal(why) => Err(Cause::Line(why)),
                Content::Section(section) => self.section(at, doc, &section).map(|opened| *current = Some(opened)),
                Content::Key(key) => match *current {
                    None => Err(Cause::NoSection),
                    Some(current) => {
                        self.key(at, doc, &key, current);
                        Ok(())
                    }
                },
                Content::Directive(directive) => self.directive(at, doc, &directive)?,
            };
            if let Err(cause) = done {
                return Ok(Err((line, cause)));
            }
        }
        Ok(Ok(()))
    }

    fn directive(&mut self, at: At, doc: &Document, directive: &Directive) -> Result<Result<(), Cause>> {
        if directive.kind == DirectiveKind::Exec {
            self.problem(Severity::Warned, at, Cause::Exec);
            return Ok(Ok(()));
        }
        let argument = doc.text(&directive.argument);
        let outcome = self.include(&resolve(self.folder, argument), Some(at), is_glob(argument))?;
        Ok(match (outcome, directive.kind) {
            (Outcome::Nothing, DirectiveKind::Include) => {
                Err(Cause::NothingToInclude(String::from_utf8_lossy(argument).into_owned()))
            }
            _ => Ok(()),
        })
    }

    /// Opens a section, or goes back to one with `(+)`.
    fn section(&mut self, at: At, doc: &Document, section: &Section) -> Result<Current, Cause> {
        let name = doc.text(&section.name);
        let behind = &doc.lines()[at.line as usize + 1..];
        let own = behind.iter().take_while(|line| !matches!(line.content, Content::Section(_)));
        let vars = Vec::with_capacity(own.filter(|line| matches!(line.content, Content::Key(_))).count());
        let mut fresh = Some(Category { template: false, header: at, additions: Vec::new(), bases: Vec::new(), vars });
        let mut target = Current { category: self.config.categories.len() as u32, piece: 0 };
        for option in doc.options(section) {
            let option = doc.text(option);
            let existing = target.category as usize;
            if option == b"!" {
                match &mut fresh {
                    Some(fresh) => fresh.template = true,
                    None => self.config.categories[existing].template = true,
                }
            } else if let [b'+', filter @ ..] = option {
                let filter = Filter::new(filter, b'&');
                let found = self.find(name, &filter).ok_or_else(|| Cause::NoTarget(lossy(name)))?;
                let category = &mut self.config.categories[found as usize];
                category.additions.push(at);
                target = Current { category: found, piece: category.additions.len() as u32 };
                if let Some(fresh) = fresh.take() {
                    category.template |= fresh.template;
                    category.bases.extend(fresh.bases);
                    category.vars.extend(fresh.vars.iter().map(|var| Var { piece: target.piece, ..*var }));
                    self.current = Some(target);
                }
            } else {
                let base = self.find(option, &Filter::any()).ok_or_else(|| Cause::NoBase(lossy(option)))?;
                let vars = &self.config.categories[base as usize].vars;
                if fresh.is_none() && base == target.category && !vars.is_empty() {
                    return Err(Cause::Endless(lossy(name)));
                }
                let copies: Vec<Var> =
                    vars.iter().map(|var| Var { inherited: true, piece: target.piece, ..*var }).collect();
                let category = fresh.as_mut().unwrap_or_else(|| &mut self.config.categories[existing]);
                category.bases.push(base);
                category.vars.extend(copies);
            }
        }
        if let Some(fresh) = fresh {
            self.config.categories.push(fresh);
            self.current = Some(target);
        }
        self.config.headers.push(Header { at, category: target.category, piece: target.piece });
        Ok(target)
    }

    /// The first category of a name that a filter lets through (`category_get_sep`). An empty name
    /// fits every category.
    fn find(&mut self, name: &[u8], filter: &Filter) -> Option<u32> {
        for category in &self.config.categories[self.names.next.len()..] {
            self.names.add(self.config.name(category));
        }
        let fits = |category: &u32| {
            let category = &self.config.categories[*category as usize];
            let named = name.is_empty() || self.config.name(category).eq_ignore_ascii_case(name);
            named && filter.fits(&self.config, category)
        };
        if name.is_empty() {
            return (0..self.config.categories.len() as u32).find(fits);
        }
        self.names.of(name).find(fits)
    }

    fn key(&mut self, at: At, doc: &Document, key: &Key, current: Current) {
        if key.op != Op::Append || !self.join(at, doc, key, current.category as usize) {
            let var = Var { at, piece: current.piece, inherited: false, joined: 0 };
            self.config.categories[current.category as usize].vars.push(var);
        }
    }

    /// `+=`: joins to the last setting of this very name, and gives the outcome to the first one
    /// of that name (case aside) which has the value of that last one (`ast_variable_update`).
    fn join(&mut self, at: At, doc: &Document, key: &Key, category: usize) -> bool {
        let config = &self.config;
        let vars = &config.categories[category].vars;
        let name = doc.text(&key.name);
        let Some(last) = vars.iter().rfind(|var| config.key(var) == name) else {
            return false;
        };
        let old = config.value(last);
        let value = [old, doc.text(&key.value)].concat().strip().to_vec();
        let parts = [config.parts(last), &[at]].concat();
        let name_at = config.joining(last).map_or(last.at, |joined| joined.name);
        let heir = vars.iter().position(|var| {
            config.key(var).eq_ignore_ascii_case(name)
                && (old.is_empty() || config.value(var).eq_ignore_ascii_case(old))
        });
        let Some(heir) = heir else {
            return false;
        };
        self.config.joined.push(Joined { value, name: name_at, parts });
        self.config.categories[category].vars[heir].joined = self.config.joined.len() as u32;
        true
    }
}

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// Categories by name, case aside, without a copy of the names: a hash leads to the first category
/// and each one to the next; whoever asks compares. Filled
/// when first asked, for many files inherit nothing.
#[derive(Default)]
struct Names {
    /// First and last category of a hash.
    ends: HashMap<u64, (u32, u32)>,
    /// For each category the next one of its hash.
    next: Vec<Option<u32>>,
}

impl Names {
    /// FNV-1a.
    fn hash(name: &[u8]) -> u64 {
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x100_0000_01b3);
        name.iter().fold(0xcbf2_9ce4_8422_2325, mix)
    }

    /// Adds the next category.
    fn add(&mut self, name: &[u8]) {
        let category = self.next.len() as u32;
        self.next.push(None);
        let ends = self.ends.entry(Self::hash(name)).or_insert((category, category));
        if ends.1 != category {
            self.next[ends.1 as usize] = Some(category);
            ends.1 = category;
        }
    }

    fn of(&self, name: &[u8]) -> impl Iterator<Item = u32> {
        let first = self.ends.get(&Self::hash(name)).map(|ends| ends.0);
        std::iter::successors(first, |category| self.next[*category as usize])
    }
}
