//! The same extension under another number: its sections, what refers to them, its caller id
//! number, its account code, its own comment line and file name.

use std::collections::BTreeMap;

use super::super::draft::{Draft, FileId};
use super::super::fields;
use super::super::layout;
use super::super::objects::{Dialect, Object, Type};
use super::super::parts::Parts;
use super::Room;
use super::password::{Challenge, digests};
use crate::engine::Aftercare;
use crate::engine::number::replace;
use crate::error::{Error, Result};
use crate::secret::{Algorithm, Secret};
use crate::text::asterisk_conf::{Content, escape_name};
use crate::text::splice::Splice;

/// Objects by type and old id: their new id, and the new number they belong to.
type Renamed = BTreeMap<(Type, Vec<u8>), (Vec<u8>, String)>;

/// Plans `renumber` of several numbers at once: old and new ids of every object, then every
/// section name and reference that has to follow.
pub fn renumber(room: &Room, draft: &mut Draft, pairs: &[(String, String)]) -> Result<()> {
    let mut names = Renamed::new();
    let mut headers: BTreeMap<(Dialect, u32), (String, String)> = BTreeMap::new();
    for (old, new) in pairs {
        let parts = room.extension(old)?;
        one_extension(room, draft, &parts, old, new, &mut names, &mut headers)?;
    }
    for ((dialect, category), (old, new)) in &headers {
        rename_section(room, draft, (*dialect, *category), old, new)?;
    }
    references(room, draft, &names)
}

fn one_extension(
    room: &Room,
    draft: &mut Draft,
    parts: &Parts,
    old: &str,
    new: &str,
    names: &mut Renamed,
    headers: &mut BTreeMap<(Dialect, u32), (String, String)>,
) -> Result<()> {
    let configs = &room.estate.configs;
    for object in super::remove::own(room, parts) {
        let same = |o: &Object| (o.dialect, o.category) == (object.dialect, object.category);
        for object in parts.objects().filter(same) {
            let id = configs.id(object).into_owned();
            let renamed = replace(&id, old.as_bytes(), new.as_bytes());
            draft.allow(object.kind, id.clone(), new);
            draft.allow(object.kind, renamed.clone(), new);
            if renamed != id {
                headers.insert((object.dialect, object.category), (old.to_owned(), new.to_owned()));
                names.insert((object.kind, id), (renamed, new.to_owned()));
            }
        }
    }
    for auth in &parts.auths {
        user_name(room, draft, *auth, old, new)?;
    }
    let own_line = |draft: &mut Draft, option: &str, value: &str| -> Result<()> {
        match configs.values(parts.endpoint, option).last() {
            Some((_, var)) if !var.inherited => {
                draft.set_value((parts.endpoint.dialect, var.at.file), var.at.line, value.as_bytes())
            }
            Some(_) => super::set::append(draft, parts.endpoint, option, value.as_bytes()),
            None => Ok(()),
        }
    };
    if let Some(callerid) = configs.text(parts.endpoint, "callerid") {
        let (_, number) = fields::caller_id(&callerid);
        // The engine leaves dashes and dots out of both.
        if number.is_some() && number == fields::caller_id(&format!("<{old}>")).1 {
            // Only the number, so that the name keeps its writing.
            let at = callerid.rfind('<').map_or(0, |at| at + 1);
            let tail = String::from_utf8_lossy(&replace(&callerid.as_bytes()[at..], old.as_bytes(), new.as_bytes()))
                .into_owned();
            own_line(draft, "callerid", &format!("{}{tail}", &callerid[..at]))?;
        }
    }
    if configs.text(parts.endpoint, "accountcode").as_deref() == Some(old) {
        own_line(draft, "accountcode", new)?;
    }
    for aor in &parts.aors {
        draft.aftercare.push(Aftercare::Kick { id: configs.id_text(*aor) });
    }
    if let Some(mentions) = &room.estate.mentions {
        draft.warnings.extend(mentions.of(old));
    }
    Ok(())
}

/// The digest username follows the number; digests are hashes of it and are made anew from the
/// clear password, or the change is refused.
fn user_name(room: &Room, draft: &mut Draft, auth: Object, old: &str, new: &str) -> Result<()> {
    let configs = &room.estate.configs;
    if configs.text(auth, "username").as_deref() != Some(old) {
        return Ok(());
    }
    let Some((_, var)) = configs.values(auth, "username").last() else { return Ok(()) };
    if var.inherited {
        super::set::append(draft, auth, "username", new.as_bytes())?;
    } else {
        draft.set_value((auth.dialect, var.at.file), var.at.line, new.as_bytes())?;
    }
    let clear = configs.last(auth, "password").filter(|value| !value.is_empty()).map(Secret::new);
    let realm = Challenge::of(room, configs, auth).realm;
    for option in ["md5_cred", "password_digest"] {
        let Some((value, var)) = configs.values(auth, option).last().filter(|(value, _)| !value.is_empty()) else {
            continue;
        };
        let Some(clear) = &clear else {
            return Err(Error::usage(format!("the digest of {old} cannot be made for {new} without its password"))
                .at(configs.of(auth).place(var.at))
                .hint(format!("give it a new password first: sipctl ext passwd {}", crate::error::shell_word(old))));
        };
        let anew = match option {
            "md5_cred" => clear.ha1(Algorithm::Md5, new, &realm)?,
            _ => {
                let names = String::from_utf8_lossy(value).into_owned();
                let algorithms = names.split(',').filter_map(|part| Algorithm::by_name(part.split(':').next()?.trim()));
                digests(clear, &algorithms.collect::<Vec<_>>(), new, &realm)?
            }
        };
        draft.set_value((auth.dialect, var.at.file), var.at.line, anew.as_bytes())?;
    }
    Ok(())
}

/// Renames every header of a section, its own comment line and a file named after it.
fn rename_section(room: &Room, draft: &mut Draft, section: (Dialect, u32), old: &str, new: &str) -> Result<()> {
    let configs = &room.estate.configs;
    let object = Object { kind: Type::Other, dialect: section.0, category: section.1 };
    let (pieces, _) = layout::pieces(configs, object);
    for piece in &pieces {
        let file: FileId = (section.0, piece.file);
        let doc = draft.doc(file);
        let Content::Section(header) = &doc.lines()[piece.header as usize].content else { continue };
        let renamed = replace(doc.text(&header.name), old.as_bytes(), new.as_bytes());
        let text = escape_name(&renamed).map_err(|why| Error::usage(format!("{new} is no section name: {why}")))?;
        draft.splice(file, Splice::replace(doc.raw(&header.name), text));
        if let Some(comment) = layout::own_comment(doc, piece.header, old) {
            let span = doc.line(comment as usize);
            let text = replace(&doc.bytes()[span.clone()], old.as_bytes(), new.as_bytes());
            draft.splice(file, Splice::replace(span, text));
        }
        if super::remove::holds_only(draft, file, old) {
            let path = draft.config(file.0).files[file.1 as usize].path.clone();
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            let name = replace(name, old.as_bytes(), new.as_bytes());
            draft.moves.rename(&path, &path.with_file_name(String::from_utf8_lossy(&name).as_ref()));
        }
    }
    Ok(())
}

/// Lets every option that names a renamed object name it by its new id.
fn references(room: &Room, draft: &mut Draft, names: &Renamed) -> Result<()> {
    const OPTIONS: [(Type, &str, Type); 5] = [
        (Type::Endpoint, "auth", Type::Auth),
        (Type::Endpoint, "aors", Type::Aor),
        (Type::Endpoint, "outbound_auth", Type::Auth),
        (Type::Identify, "endpoint", Type::Endpoint),
        (Type::Registration, "endpoint", Type::Endpoint),
    ];
    if names.is_empty() {
        return Ok(());
    }
    let configs = &room.estate.configs;
    for (kind, option, to) in OPTIONS {
        for object in room.estate.objects.of(kind) {
            for (value, var) in configs.values(*object, option) {
                let items = value.split(|b| *b == b',').map(<[u8]>::trim_ascii);
                let hits: Vec<_> = items.filter_map(|item| Some((item, names.get(&(to, item.to_vec()))?))).collect();
                let Some((_, (_, number))) = hits.first() else { continue };
                if var.inherited {
                    return Err(Error::usage(format!(
                        "{option} of {} comes from a template",
                        configs.id_text(*object)
                    ))
                    .at(configs.of(*object).place(var.at))
                    .hint("renumbering would change the template; write the option into the section itself first"));
                }
                draft.allow(kind, configs.id(*object).into_owned(), number);
                let mut parts: Vec<Vec<u8>> = Vec::new();
                for item in value.split(|b| *b == b',') {
                    let hit = names.get(&(to, item.trim_ascii().to_vec()));
                    parts.push(match hit {
                        Some((new, _)) => {
                            let at = item.len() - item.trim_ascii_start().len();
                            let tail = item.len() - item.trim_ascii_end().len();
                            [&item[..at], new, &item[item.len() - tail..]].concat()
                        }
                        None => item.to_vec(),
                    });
                }
                draft.set_value((object.dialect, var.at.file), var.at.line, &parts.join(&b','))?;
            }
        }
    }
    Ok(())
}
