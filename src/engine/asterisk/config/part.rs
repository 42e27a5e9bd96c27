//! Reads again only the sections that a change of one file touches. It answers only where it can
//! show that a whole reading would find every other section as it was; where it cannot, the whole
//! is read again.
//!
//! A configuration is read line by line, so what stands before the changed part is read as before.
//! What stands behind it is, too, if nothing of the part reaches there: no block comment is open at
//! its end, no setting there continues its last section, and no header there names one of its
//! sections to inherit from or to add to.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::{At, Category, Config, Header, SourceFile, merge};
use crate::text::asterisk_conf::{Carry, Content, Document, MAX_NAME, Section};
use crate::text::splice::common;

/// More bases than this are looked up by reading everything.
const MOST_BASES: usize = 64;

/// A part of a configuration, as it was and as it would be.
#[derive(Debug)]
pub struct Part {
    /// The categories that stand in it now.
    pub before: Range<u32>,
    /// What a change makes of it: its sections, and as templates copies of those they inherit from.
    /// Lines of the changed file are counted from the start of the part.
    pub after: Config,
}

impl Config {
    /// What `new` in the place of a file makes of the sections it touches; none where that cannot
    /// be told from them alone.
    pub fn part(&self, file: u32, new: &[u8]) -> Option<Part> {
        let source = &self.files[file as usize];
        let (lines, text) = self.window(source, new)?;
        let (doc, _) = Document::parse(Arc::from(text), Carry { depth: 0, later: true });
        if doc.end_depth() != 0 || text.contains(&0) || !plain(&doc, 0..doc.lines().len()) {
            return None;
        }
        let inside = |at: At| at.file == file && lines.contains(&(at.line as usize));
        let first = self.headers.iter().position(|header| inside(header.at))?;
        let count = self.headers[first..].iter().take_while(|header| inside(header.at)).count();
        let (before, behind) = self.headers[first..].split_at(count);
        let before = before.first()?.category..before.last()?.category + 1;
        let categories = &self.categories[before.start as usize..before.end as usize];
        let own = categories.iter().flat_map(|category| &category.vars).filter(|var| !var.inherited);
        if !own.flat_map(|var| self.parts(var)).all(|at| inside(*at)) || self.reaches(behind, categories, &doc) {
            return None;
        }
        let mut after = Config { categories: self.bases(before.start, &doc)?, ..Config::default() };
        after.files.clone_from(&self.files);
        after.files.push(SourceFile { doc, ..source.clone() });
        let after = merge::append(after)?;
        after.problems.is_empty().then_some(Part { before, after })
    }

    /// The lines of a file that differ in `new`, from a header to where another section or an
    /// include begins; and what is in their place.
    fn window<'n>(&self, source: &SourceFile, new: &'n [u8]) -> Option<(Range<usize>, &'n [u8])> {
        let (doc, old) = (&source.doc, source.doc.bytes());
        let (head, tail) = common(old, new);
        let is_header = |line: &usize| matches!(doc.lines()[*line].content, Content::Section(_));
        let first = (0..=doc.line_of(head)).rev().filter(|line| *line < doc.lines().len()).find(is_header)?;
        let start = doc.span(first).start;
        let behind = |offset: usize| offset + new.len() - old.len();
        let mut end = doc.line_of(old.len() - tail);
        let whole = |line: usize| {
            let at = doc.span(line).start;
            at >= old.len() - tail && at >= start && new[..behind(at)].ends_with(b"\n")
        };
        while end < doc.lines().len() && !whole(end) {
            end += 1;
        }
        let ends = |line: usize| matches!(doc.lines()[line].content, Content::Section(_) | Content::Directive(_));
        while end < doc.lines().len() && !ends(end) {
            end += 1;
        }
        let (to, depth) = match end < doc.lines().len() {
            true => (doc.span(end).start, doc.depth(end)),
            false => (old.len(), doc.end_depth()),
        };
        // Behind a line feed a line starts, whatever stands before it.
        let starts = |at: usize| at == old.len() || old[..at].ends_with(b"\n");
        let fits = starts(start) && starts(to) && doc.depth(first) == 0 && depth == 0 && source.stopped.is_none();
        (fits && plain(doc, first..end) && !old[start..to].contains(&0)).then(|| (first..end, &new[start..behind(to)]))
    }

    /// Whether a header behind the part means one of its sections, as they are or as they would be.
    fn reaches(&self, behind: &[Header], before: &[Category], after: &Document) -> bool {
        let lower = |name: &[u8]| name[..name.len().min(MAX_NAME)].to_ascii_lowercase();
        let mut names: HashSet<Vec<u8>> = before.iter().map(|category| lower(self.name(category))).collect();
        names.extend(sections(after).map(|section| lower(after.text(&section.name))));
        let means = |name: &[u8]| name.is_empty() || names.contains(&name.to_ascii_lowercase());
        behind.iter().any(|header| {
            let doc = self.doc(header.at);
            let Content::Section(section) = self.content(header.at) else { return true };
            doc.options(&section).iter().any(|option| match doc.text(option) {
                b"!" => false,
                [b'+', ..] => means(doc.text(&section.name)),
                base => means(base),
            })
        })
    }

    /// Copies of the categories before `first` that sections of `doc` inherit from.
    fn bases(&self, first: u32, doc: &Document) -> Option<Vec<Category>> {
        let options = sections(doc).flat_map(|section| doc.options(section)).map(|option| doc.text(option));
        let mut wanted: Vec<&[u8]> = options.filter(|option| *option != b"!").collect();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Some(Vec::new());
        }
        let before = &self.categories[..first as usize];
        let meant = |category: &&Category| {
            let name = self.name(category);
            wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
        };
        let joined = |category: &Category| category.vars.iter().any(|var| var.joined > 0);
        let bases: Vec<&Category> = before.iter().filter(meant).collect();
        (wanted.len() <= MOST_BASES && !bases.iter().any(|base| joined(base))).then(|| {
            bases.into_iter().map(|base| Category { template: true, bases: Vec::new(), ..base.clone() }).collect()
        })
    }
}

fn sections(doc: &Document) -> impl Iterator<Item = &Section> {
    doc.lines().iter().filter_map(|line| match &line.content {
        Content::Section(section) => Some(section),
        _ => None,
    })
}

/// Whether lines mean nothing but sections of their own and their settings.
fn plain(doc: &Document, lines: Range<usize>) -> bool {
    doc.lines()[lines].iter().all(|line| match &line.content {
        Content::Blank | Content::Comment | Content::Key(_) => true,
        Content::Section(section) => {
            let mut options = doc.options(section).iter().map(|option| doc.text(option));
            options.all(|option| !option.is_empty() && !option.starts_with(b"+"))
        }
        Content::Directive(_) | Content::Ignored(_) | Content::Fatal(_) | Content::Dead => false,
    })
}
