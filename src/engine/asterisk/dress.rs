//! The style of the house: which extension a new one is dressed after, and where its sections
//! stand.

use super::estate::Estate;
use super::layout::{self, Piece};
use super::objects::{Dialect, Object, Type};
use super::parts::Parts;
use crate::extension::{Kind, order};
use crate::text::asterisk_conf::Content;

/// An extension somebody is dressed after.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its number.
    pub number: String,
    /// Its objects.
    pub parts: Parts,
}

/// The neighbours a new extension is dressed after.
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// The first one: its sections are written again.
    pub first: Model,
    /// The second one: what the two do not share is personal. None with `--like`.
    pub second: Option<Model>,
    /// Whether the new sections stand behind the first one's (he has the lower number).
    pub behind: bool,
}

/// What a neighbour must be like.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In this context.
    pub context: Option<String>,
    /// With his first section in this file.
    pub file: Option<std::path::PathBuf>,
    /// With this template.
    pub template: Option<String>,
    /// Known by address instead of a password.
    pub by_address: bool,
}

impl Estate {
    fn model(&self, endpoint: Object) -> Model {
        let parts = Parts::of(&self.configs, &self.objects, endpoint);
        Model { number: self.configs.id_text(endpoint), parts }
    }

    fn fits(&self, model: &Model, filter: &Filter) -> bool {
        let kind = if filter.by_address { Kind::IpPhone } else { Kind::Phone };
        let endpoint = model.parts.endpoint;
        let context = || self.configs.text(endpoint, "context");
        let file = || &self.configs.of(endpoint).files[self.configs.category(endpoint).header.file as usize].path;
        let template = |name: &String| {
            let config = self.configs.of(endpoint);
            let bases = &self.configs.category(endpoint).bases;
            bases
                .iter()
                .any(|base| config.name(&config.categories[*base as usize]).eq_ignore_ascii_case(name.as_bytes()))
        };
        model.parts.kind(&self.configs) == kind
            && filter.context.as_ref().is_none_or(|wanted| context().as_ref() == Some(wanted))
            && filter.file.as_ref().is_none_or(|wanted| file() == wanted)
            && filter.template.as_ref().is_none_or(template)
    }

    /// The neighbours of a number among `endpoints` (in number order): the nearest lower ones that
    /// fit, else the nearest higher.
    pub fn neighbours(&self, endpoints: &[Object], number: &str, filter: &Filter) -> Option<Neighbours> {
        let at = endpoints.partition_point(|endpoint| order(&self.configs.id_text(*endpoint), number).is_lt());
        let mut fitting = endpoints[..at]
            .iter()
            .rev()
            .map(|endpoint| (*endpoint, true))
            .chain(endpoints[at..].iter().map(|endpoint| (*endpoint, false)))
            .map(|(endpoint, behind)| (self.model(endpoint), behind))
            .filter(|(model, _)| self.fits(model, filter));
        let (first, behind) = fitting.next()?;
        let second = fitting.next().map(|(model, _)| model);
        Some(Neighbours { first, second, behind })
    }

    /// The one named by `--like`.
    pub fn like(&self, like: &str, number: &str) -> Option<Neighbours> {
        let endpoint = self.objects.find(&self.configs, Type::Endpoint, like.as_bytes())?;
        Some(Neighbours { first: self.model(endpoint), second: None, behind: order(like, number).is_lt() })
    }
}

/// Sections of a model that stand together in one file.
#[derive(Clone, Debug)]
pub struct Run {
    /// Which configuration.
    pub dialect: Dialect,
    /// Which file of it.
    pub file: u32,
    /// The sections in order, each with the object it makes.
    pub pieces: Vec<(Object, Piece)>,
}

/// The sections of some objects, in reading order, by where they stand together: in one file with
/// no header of anybody else between.
pub fn runs(estate: &Estate, objects: &[Object]) -> Vec<Run> {
    let mut all: Vec<(Object, Piece)> = Vec::new();
    for object in objects {
        let same = |(o, _): &(Object, Piece)| (o.dialect, o.category) == (object.dialect, object.category);
        if !all.iter().any(same) {
            all.extend(layout::pieces(&estate.configs, *object).0.into_iter().map(|piece| (*object, piece)));
        }
    }
    all.sort_by_key(|(object, piece)| (object.dialect, piece.file, piece.header));
    let mut out: Vec<Run> = Vec::new();
    for (object, piece) in all {
        let joins = out.last().is_some_and(|run| {
            let (_, last) = run.pieces.last().expect("a run has a piece");
            let doc = layout::doc(estate.configs.of(object), piece.file);
            let header = |line: &u32| matches!(doc.lines()[*line as usize].content, Content::Section(_));
            (run.dialect, run.file) == (object.dialect, piece.file)
                && !(last.last + 1..piece.header).any(|line| header(&line))
        });
        match out.last_mut() {
            Some(run) if joins => run.pieces.push((object, piece)),
            _ => out.push(Run { dialect: object.dialect, file: piece.file, pieces: vec![(object, piece)] }),
        }
    }
    out
}

/// Whether a blank line stands before a section and its own comment line.
pub fn blank_before(estate: &Estate, dialect: Dialect, piece: &Piece, number: &str) -> Option<bool> {
    let config = estate.configs.get(dialect)?;
    let doc = layout::doc(config, piece.file);
    let first = layout::own_comment(doc, piece.header, number).unwrap_or(piece.header);
    first.checked_sub(1).map(|above| layout::is_blank(doc, above))
}
