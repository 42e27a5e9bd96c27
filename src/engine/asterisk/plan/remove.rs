//! Taking an extension out: what serves only it, and not a byte more.

use super::super::draft::{Draft, FileId};
use super::super::layout::{self, Piece};
use super::super::objects::{Dialect, Object, Type};
use super::super::parts::Parts;
use super::Room;
use crate::engine::{Aftercare, Warning};
use crate::error::{Error, Result};
use crate::text::asterisk_conf::Content;

/// Plans `rm`.
pub fn remove(room: &Room, draft: &mut Draft, number: &str) -> Result<()> {
    let parts = room.extension(number)?;
    for object in own(room, &parts) {
        self::object(draft, object, number)?;
    }
    for aor in &parts.aors {
        if room.estate.objects.users(&room.estate.configs, Type::Aor, &room.estate.configs.id(*aor)) <= 1 {
            draft.aftercare.push(Aftercare::Kick { id: room.estate.configs.id_text(*aor) });
        }
    }
    if let Some(mentions) = &room.estate.mentions {
        draft.warnings.extend(mentions.of(number));
    }
    Ok(())
}

/// The objects that serve only this extension, those of one section once.
pub fn own(room: &Room, parts: &Parts) -> Vec<Object> {
    let configs = &room.estate.configs;
    let mut out: Vec<Object> = Vec::new();
    for object in parts.objects() {
        let shared = room.estate.objects.users(&room.estate.configs, object.kind, &configs.id(object)) > 1
            || room.is_outbound_auth(object);
        let same = out.iter().any(|o| o.dialect == object.dialect && o.category == object.category);
        if !shared && !same {
            out.push(object);
        }
    }
    out
}

/// Takes all pieces of an object out.
pub fn object(draft: &mut Draft, object: Object, number: &str) -> Result<()> {
    let configs = &draft.estate.configs;
    for kind in [Type::Endpoint, Type::Auth, Type::Aor, Type::Identify, Type::Registration] {
        let same = draft
            .estate
            .objects
            .of(kind)
            .iter()
            .filter(|o| o.dialect == object.dialect && o.category == object.category);
        for same in same.copied().collect::<Vec<_>>() {
            draft.allow(same.kind, configs.id(same).into_owned(), number);
        }
    }
    let (pieces, loose) = layout::pieces(configs, object);
    for (file, line) in loose {
        draft.remove_lines((object.dialect, file), line..=line);
    }
    for piece in &pieces {
        take(draft, object.dialect, piece, number)?;
    }
    Ok(())
}

/// Takes one piece out: the blank line before it, its own comment line, its header through its
/// last setting.
fn take(draft: &mut Draft, dialect: Dialect, piece: &Piece, number: &str) -> Result<()> {
    let file = (dialect, piece.file);
    let doc = draft.doc(file);
    let block = |line: u32| {
        let message = "a block comment begins or ends on a line of this section";
        Error::failed(message).at(draft.place(file, line)).hint("move it to a line of its own; nothing was written")
    };
    if doc.depth(piece.header as usize) != 0 {
        return Err(block(piece.header));
    }
    let behind = piece.last as usize + 1;
    let depth_behind = if behind < doc.lines().len() { doc.depth(behind) } else { doc.end_depth() };
    if depth_behind != 0 {
        return Err(block(piece.last));
    }
    if holds_only(draft, file, number) {
        return whole_file(draft, file, number);
    }
    let mut first = layout::own_comment(doc, piece.header, number).unwrap_or(piece.header);
    match first.checked_sub(1) {
        Some(above) if layout::is_blank(doc, above) && doc.depth(above as usize) == 0 => first = above,
        _ => {}
    }
    let mut from = first;
    for line in first..=piece.last {
        // An include in the middle of a section is not of the section.
        if matches!(doc.lines()[line as usize].content, Content::Directive(_)) {
            if from < line {
                draft.remove_lines(file, from..=line - 1);
            }
            from = line + 1;
        }
    }
    if from <= piece.last {
        draft.remove_lines(file, from..=piece.last);
    }
    Ok(())
}

/// Whether a file is named by a number and holds nothing but this extension.
pub fn holds_only(draft: &Draft, file: FileId, number: &str) -> bool {
    let config = draft.config(file.0);
    let source = &config.files[file.1 as usize];
    let named = source
        .path
        .file_stem()
        .is_some_and(|stem| crate::engine::number::find(stem.as_encoded_bytes(), number.as_bytes(), 0).is_some());
    named && source.glob.is_some() && only_own_headers(draft, file, number)
}

fn only_own_headers(draft: &Draft, file: FileId, number: &str) -> bool {
    let configs = &draft.estate.configs;
    let Some(parts) = draft.estate.parts(number) else { return false };
    let mut own = Vec::new();
    for object in parts.objects().filter(|object| object.dialect == file.0) {
        own.extend(layout::pieces(configs, object).0.into_iter().filter(|p| p.file == file.1).map(|p| p.header));
    }
    let lines = draft.doc(file).lines().iter().enumerate();
    lines
        .filter(|(_, line)| matches!(line.content, Content::Section(_)))
        .all(|(index, _)| own.contains(&(index as u32)))
}

/// Removes the file of an extension, but for the last match of a glob include: an include that
/// matches nothing makes Asterisk reject the file it stands in.
fn whole_file(draft: &mut Draft, file: FileId, number: &str) -> Result<()> {
    let config = draft.config(file.0);
    let source = &config.files[file.1 as usize];
    let path = source.path.clone();
    let others = config.files.iter().filter(|other| other.glob == source.glob && other.path != path);
    let left = others.filter(|other| !draft.moves.is_removed(&other.path)).count();
    if left > 0 {
        draft.moves.remove(&path);
        return Ok(());
    }
    let lines = draft.doc(file).lines().len() as u32;
    if lines > 0 {
        draft.remove_lines(file, 0..=lines - 1);
    }
    let place = draft.place(file, 0);
    let message = "this was the last file its include matches; it stays as an empty file, because Asterisk rejects an include that matches nothing";
    if !draft.warnings.iter().any(|w| w.code == "empty-include" && w.file.as_ref() == Some(&place.file)) {
        draft.warnings.push(Warning::new("empty-include", message).number(number).at(&place));
    }
    Ok(())
}
