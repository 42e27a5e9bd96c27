//! A plan in the making: splices against the files as they were read, new files, files that go,
//! and which users may differ afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::directory::{Part, Setting, User};
use super::estate::Reading;
use super::layout::{self, Addition, Options};
use super::mask;
use crate::engine::moves::{Changes, Moves};
use crate::engine::{Aftercare, FileChange, Warning};
use crate::error::{Error, Place, Result};
use crate::text::splice::{self, Splice};

/// A value that must be in force afterwards, else the change is refused.
pub struct Expected {
    /// The domain.
    pub domain: usize,
    /// The user.
    pub number: String,
    /// What it is.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// Its value; `None`, it must have none.
    pub value: Option<Vec<u8>>,
}

/// A plan in the making.
pub struct Draft<'e> {
    /// The files as they are.
    pub reading: &'e Reading,
    splices: BTreeMap<u32, Vec<Splice>>,
    /// Files that come, go or change their name.
    pub moves: Moves,
    /// Files a user was taken out of: they go if nothing is left.
    thinned: BTreeSet<u32>,
    /// New options by user, so that several of one user keep their order.
    options: BTreeMap<u32, BTreeMap<Part, Options>>,
    /// Elements that go.
    gone: Vec<u32>,
    /// Names whose users may differ afterwards (domain and lower-case id), with the number for the
    /// report.
    pub allowed: BTreeMap<(usize, String), String>,
    /// What must be in force afterwards.
    pub expected: Vec<Expected>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// What follows after proof.
    pub aftercare: Vec<Aftercare>,
}

impl<'e> Draft<'e> {
    /// Nothing changed yet.
    pub fn new(reading: &'e Reading) -> Self {
        Self {
            reading,
            splices: BTreeMap::new(),
            moves: Moves::default(),
            thinned: BTreeSet::new(),
            options: BTreeMap::new(),
            gone: Vec::new(),
            allowed: BTreeMap::new(),
            expected: Vec::new(),
            warnings: Vec::new(),
            aftercare: Vec::new(),
        }
    }

    /// Lets the user of a name differ.
    pub fn allow(&mut self, domain: usize, id: &str, number: &str) {
        self.allowed.insert((domain, id.to_ascii_lowercase()), number.to_owned());
    }

    /// Wants a value in force.
    pub fn expect(&mut self, user: &User, part: Part, name: &str, value: Option<&[u8]>) {
        let value = value.map(<[u8]>::to_vec);
        self.expected.push(Expected {
            domain: user.domain,
            number: user.id.clone(),
            part,
            name: name.to_owned(),
            value,
        });
    }

    /// The bytes of a file.
    pub fn bytes(&self, file: u32) -> &'e [u8] {
        &self.reading.doc.merged.files[file as usize].bytes
    }

    /// The path of a file.
    pub fn path(&self, file: u32) -> &'e Path {
        &self.reading.doc.merged.files[file as usize].path
    }

    /// Records a splice.
    pub fn splice(&mut self, file: u32, splice: Splice) {
        let splices = self.splices.entry(file).or_default();
        // A file that is included twice is still changed once.
        if splice.span.is_empty() || !splices.contains(&splice) {
            splices.push(splice);
        }
    }

    /// The file and the bytes of an element: it must open and close in one file.
    pub fn element(&self, node: u32) -> Result<(u32, Range<usize>)> {
        let doc = &self.reading.doc;
        doc.merged.ends(doc.tree.span(node)).ok_or_else(|| {
            Error::failed("this element does not stand whole in one file")
                .at(doc.place(node))
                .hint("change it by hand (nothing was written)")
        })
    }

    /// Puts another value into the quotes of a setting.
    pub fn set_value(&mut self, setting: &Setting, value: &[u8]) -> Result<()> {
        let doc = &self.reading.doc;
        let Some((file, span)) = setting.span.clone().and_then(|span| doc.merged.between(span)) else {
            return Err(not_plain(doc.place(setting.node)));
        };
        self.splice(file, Splice::replace(span, layout::escape(value)));
        Ok(())
    }

    /// Takes an element out with its line.
    pub fn remove(&mut self, node: u32) -> Result<()> {
        let (file, span) = self.element(node)?;
        let span = layout::taken(self.bytes(file), span, false);
        self.gone.push(node);
        self.splice(file, Splice::remove(span));
        Ok(())
    }

    /// Takes a user out: the blank line before him, his own comment, his lines.
    pub fn remove_user(&mut self, user: &User) -> Result<()> {
        let (file, mut span) = self.element(user.node)?;
        let bytes = self.bytes(file);
        if let Some(comment) = layout::own_comment(bytes, span.start, &user.id) {
            span.start = comment.start;
        }
        self.splice(file, Splice::remove(layout::taken(bytes, span, true)));
        self.thinned.insert(file);
        Ok(())
    }

    /// Adds a param or variable behind those a user has.
    pub fn append(&mut self, user: &User, part: Part, name: &str, value: &[u8]) -> Result<()> {
        if part == Part::Attr {
            let text = [b" ", name.as_bytes(), b"=\"", &layout::escape(value), b"\""].concat();
            let (file, at) = self.attributes_end(user)?;
            self.splice(file, Splice::insert(at, text));
            return Ok(());
        }
        self.options.entry(user.node).or_default().entry(part).or_default().push((name.to_owned(), value.to_vec()));
        Ok(())
    }

    /// Where another attribute of a user goes.
    pub fn attributes_end(&self, user: &User) -> Result<(u32, usize)> {
        let doc = &self.reading.doc;
        let last = doc.tree.attributes(user.node).last().filter(|(.., quoted)| *quoted);
        let end = last.and_then(|(_, value, _)| doc.merged.between(value));
        match end {
            // Behind the closing quote.
            Some((file, span)) => Ok((file, span.end + 1)),
            None => Err(not_plain(doc.place(user.node))),
        }
    }

    /// The bytes of an attribute with the blanks before it.
    pub fn attribute(&self, user: &User, name: &str) -> Result<(u32, Range<usize>)> {
        let doc = &self.reading.doc;
        let text = &doc.merged.text;
        let mut attributes = doc.tree.attributes(user.node);
        let found = attributes.find(|(own, _, quoted)| *quoted && text[own.clone()] == *name.as_bytes());
        let span = found.and_then(|(name, value, _)| doc.merged.source(name.start..value.end + 1));
        let Some((file, span)) = span else { return Err(not_plain(doc.place(user.node))) };
        let blanks = self.bytes(file)[..span.start].iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
        Ok((file, span.start - blanks..span.end))
    }

    fn settle(&mut self) -> Result<()> {
        for (user, parts) in std::mem::take(&mut self.options) {
            let additions: Vec<Addition> =
                parts.iter().map(|(part, options)| Addition { part: *part, options, gone: &self.gone }).collect();
            let doc = &self.reading.doc;
            let Some((splices, _)) = layout::add(doc, user, &additions) else { return Err(not_plain(doc.place(user))) };
            let (file, _) = self.element(user)?;
            for splice in splices {
                self.splice(file, splice);
            }
        }
        Ok(())
    }

    /// The new bytes of every file that changes; `None` for one that goes.
    pub fn changes(&mut self) -> Result<Changes> {
        self.settle()?;
        let mut out = self.moves.left();
        for (file, splices) in &self.splices {
            let (path, before) = (self.path(*file), self.bytes(*file));
            if self.moves.is_removed(path) {
                continue;
            }
            let mut splices = splice::merged(splices.clone());
            if let Some(last) = splices.last_mut() {
                layout::keep_unended(before, last);
            }
            if splice::overlap(&splices) {
                return Err(not_plain(self.reading.doc.merged.files[*file as usize].place(splices[0].span.start)));
            }
            let after = splice::apply(before, splices);
            let left = !layout::is_hollow(&after, 0..0) || has_comment(&after);
            if self.thinned.contains(file) && !left && self.reading.doc.merged.files[*file as usize].depth > 0 {
                out.insert(path.to_owned(), None);
            } else {
                self.moves.put(path, before, after.into(), &mut out);
            }
        }
        self.moves.finish(&mut out);
        Ok(out)
    }

    /// The changes as the change room carries them out, secrets marked on both sides.
    pub fn file_changes(&self, changes: &Changes) -> Vec<FileChange> {
        let files: BTreeMap<&Path, _> =
            self.reading.doc.merged.files.iter().map(|file| (file.path.as_path(), file)).collect();
        let change = |change: (&PathBuf, &Option<Arc<[u8]>>)| {
            let before = files.get(change.0.as_path()).map(|file| (Arc::clone(&file.bytes), file.meta.clone()));
            self.moves.change(change, before, |[old, new], [x, y]| [mask::secrets(old, x), mask::secrets(new, y)])
        };
        changes.iter().map(change).collect()
    }
}

fn has_comment(bytes: &[u8]) -> bool {
    super::line::find(bytes, b"<!--", 0).is_some()
}

/// An error about a place that is not written so that it can be changed.
pub fn not_plain(place: Place) -> Error {
    Error::failed("this is not written so that sipctl could change it")
        .at(place)
        .hint("change it by hand (nothing was written)")
}
