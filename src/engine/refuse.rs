//! What is refused on every engine, in the same words.

use std::path::Path;

use super::{FileChange, suggest};
use crate::error::{Code, Error, Place, Result};
use crate::extension::{Edit, Ext, Kind};

/// An error about an extension that is not there.
pub fn no_such_extension(ext: &Ext, near: Option<&str>) -> Error {
    let error = Error::new(Code::NotFound, format!("no extension {ext}"));
    match near {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("list what there is with: sipctl ext list"),
    }
}

/// An error about a number that several domains have.
pub fn several_domains(ext: &Ext, domains: &[String]) -> Error {
    let named: Vec<String> = domains.iter().map(|domain| format!("{}@{domain}", ext.number)).collect();
    Error::usage(format!("{ext} stands in several domains")).hint(format!("name one: {}", named.join(", ")))
}

/// Refuses what is there but no phone.
pub fn must_be_extension(ext: &Ext, kind: Kind, place: impl FnOnce() -> Place) -> Result<()> {
    if kind.is_extension() {
        return Ok(());
    }
    Err(Error::new(Code::NotFound, format!("{ext} is no extension, its kind is {}", kind.name()))
        .at(place())
        .hint("sipctl changes phones only; list the rest with: sipctl ext list --kind all"))
}

/// Refuses new numbers that are taken; `place` says where the first of them stands.
pub fn taken(numbers: &[Ext], place: impl FnOnce(&Ext) -> Option<Place>) -> Result<()> {
    let error = match numbers {
        [] => return Ok(()),
        [one] => {
            let error = Error::new(Code::Exists, format!("{one} exists already"));
            Error { place: place(one), ..error }.hint(format!("look at it with: sipctl ext show {}", one.word()))
        }
        several => {
            let names: Vec<String> = several.iter().map(Ext::to_string).collect();
            Error::new(Code::Exists, format!("these exist already: {}", names.join(" ")))
                .hint("--if-absent adds only the others")
        }
    };
    Err(error)
}

/// Refuses files that the engine reads neither as they are nor as they would be.
pub fn unread(files: &[FileChange], is_read: impl Fn(&Path) -> bool) -> Result<()> {
    let Some(file) = files.iter().find(|file| !is_read(&file.path)) else { return Ok(()) };
    Err(Error::failed(format!("{} is no part of the configuration any more", file.path.display()))
        .at(Place::new(&file.path, 0))
        .hint(
            "what it held may stand elsewhere now: change that by hand, or with another command (nothing was written)",
        ))
}

/// An error about lines of a change that stand somewhere else by now: taking them back would alter `what`.
pub fn not_theirs(what: &str) -> Error {
    Error::failed(format!("taking its lines back would also change {what}, which it did not touch"))
        .hint("somebody has changed what stands around them since: take them back by hand (nothing was written)")
}

/// An error about a name that is none of those there are; `what` goes before the name, `place`
/// behind it.
pub fn unknown_name(what: &str, name: &str, place: &str, known: impl Iterator<Item = String> + Clone) -> Error {
    let error = Error::usage(format!("there is no {what} {name} in {place}"));
    match suggest::nearest(name, known.clone()) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint(format!("there are: {}", known.collect::<Vec<_>>().join(", "))),
    }
}

/// What one of several edits is refused for says of whom it is.
pub fn one_of(edits: &[Edit], edit: &Edit, error: Error) -> Error {
    let number = &edit.ext().number;
    match edits.len() > 1 && !error.message.contains(number.as_str()) {
        true => Error { message: format!("{number}: {}", error.message), ..error },
        false => error,
    }
}
