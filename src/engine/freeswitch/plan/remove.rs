//! Taking a user out: him, the pointers to him in groups, his own file.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::directory::User;
use super::super::draft::Draft;
use super::super::estate::Reading;
use super::super::layout;
use super::{Changes, Room};
use crate::engine::number::find;
use crate::engine::{Aftercare, Warning};
use crate::error::Result;
use crate::extension::Ext;

/// Plans `rm`.
pub fn remove(room: &Room, draft: &mut Draft, ext: &Ext) -> Result<()> {
    let user = room.user(ext)?;
    draft.allow(user.domain, &user.id, &ext.number);
    match own_file(draft, user)? {
        Some(path) => draft.moves.remove(&path),
        None => draft.remove_user(user)?,
    }
    for pointer in pointers(room, user) {
        draft.remove(pointer.node)?;
    }
    let names = room.reading().addresses(user, room.live);
    draft.aftercare.extend(names.into_iter().map(|id| Aftercare::Kick { id }));
    if let Some(mentions) = &room.estate.mentions {
        draft.warnings.extend(mentions.of(&user.id));
    }
    Ok(())
}

/// The pointers to a user in the groups of his domain.
pub fn pointers<'e>(room: &Room<'e>, user: &User) -> Vec<&'e User> {
    let users = room.reading().directory.users.iter();
    let same =
        |other: &&User| other.domain == user.domain && other.is_pointer() && other.id.eq_ignore_ascii_case(&user.id);
    users.filter(same).collect()
}

/// The file of a user that is named by his number and holds only him.
pub fn own_file(draft: &Draft, user: &User) -> Result<Option<std::path::PathBuf>> {
    let (file, span) = draft.element(user.node)?;
    let path = draft.path(file);
    let named = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default().as_encoded_bytes();
        find(stem, user.id.as_bytes(), 0).is_some()
    };
    Ok((named(path) && layout::is_hollow(draft.bytes(file), span)).then(|| path.to_owned()))
}

/// Says which includes find no file any more: FreeSWITCH goes on without a word.
pub fn say_empty_includes(before: &Reading, after: &Reading, changes: &Changes, warnings: &mut Vec<Warning>) {
    let gone = |path: &Path| changes.get(path).is_some_and(Option::is_none);
    let mut folders: BTreeMap<&Path, bool> = BTreeMap::new();
    for file in before.doc.merged.files.iter().filter(|file| gone(&file.path)) {
        folders.insert(file.path.parent().unwrap_or(Path::new("/")), true);
    }
    for folder in folders.into_keys() {
        let left = after.doc.merged.files.iter().any(|file| file.path.parent() == Some(folder));
        if !left {
            let message = format!("{} holds no file any more that is included", folder.display());
            warnings.push(Warning::new("empty-include", message));
        }
    }
}
