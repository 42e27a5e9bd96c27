//! Under FreePBX: options of an endpoint go into the file it includes for that purpose and never
//! rewrites.

use super::super::draft::{Draft, escape};
use super::super::fields;
use super::super::layout;
use super::super::objects::{Dialect, Type};
use super::Room;
use crate::error::{Code, Error, Result};
use crate::extension::{Edit, Fields, Want};
use crate::text::asterisk_conf::escape_name;
use crate::text::splice::Splice;

/// The file FreePBX includes behind its own endpoints.
const FILE: &str = "pjsip.endpoint_custom_post.conf";

/// Plans `set` of endpoint options under FreePBX; `None` when this is not that case.
pub fn plan<'e>(room: &Room<'e>, edits: &[Edit]) -> Result<Option<Draft<'e>>> {
    let Some((generator, _)) = &room.estate.stores.generator else { return Ok(None) };
    let Some(config) = room.estate.configs.get(Dialect::Pjsip) else { return Ok(None) };
    let Some(file) = config.files.iter().position(|f| f.path.file_name().is_some_and(|name| name == FILE)) else {
        return Ok(None);
    };
    let file = (Dialect::Pjsip, file as u32);
    let mut draft = Draft::new(room.estate);
    for edit in edits {
        let Edit::Set { ext, fields, settings } = edit else { return Ok(None) };
        if **fields != Fields::default() {
            return Err(Error::new(
                Code::Elsewhere,
                format!("{generator} keeps this field of {ext} in its own database"),
            )
            .hint(format!(
                "change it there; options go by: sipctl ext set {} --set endpoint.OPTION=VALUE",
                ext.word()
            )));
        }
        let number = &ext.number;
        let parts = room.extension(number)?;
        let wanted = fields::settings(settings)?;
        room.check(&wanted, number, &mut draft.warnings)?;
        let doc = draft.doc(file);
        let end = if doc.lines().is_empty() { b"\n".as_slice() } else { layout::line_end(doc, 0) };
        let mut lines = Vec::new();
        for want in wanted {
            let Want::Set(value) = &want.want else {
                return Err(Error::new(Code::Elsewhere, format!("only --set works on what {generator} manages")));
            };
            if want.object != Type::Endpoint {
                return Err(Error::new(
                    Code::Elsewhere,
                    format!("{generator} manages the {} of {ext}", want.object.name()),
                ));
            }
            let own = room.estate.configs.values(parts.endpoint, &want.option).last();
            match own {
                Some((have, _)) if have == value.as_bytes() => {}
                Some((_, var)) if var.at.file == file.1 => draft.set_value(file, var.at.line, value.as_bytes())?,
                _ => lines.push([want.option.as_bytes(), b"=", &escape(value.as_bytes(), &want.option)?, end].concat()),
            }
        }
        draft.allow(Type::Endpoint, number.as_str(), number);
        if lines.is_empty() {
            continue;
        }
        let name = escape_name(number.as_bytes()).map_err(|why| Error::usage(format!("{number}: {why}")))?;
        let mut text = Vec::new();
        let len = doc.bytes().len();
        if layout::lacks_last_newline(doc) {
            text.extend_from_slice(end);
        }
        if len > 0 {
            text.extend_from_slice(end);
        }
        text.extend_from_slice(&[b"[".as_slice(), &name, b"](+)", end].concat());
        text.extend(lines.concat());
        draft.splice(file, Splice::insert(len, text));
    }
    Ok(Some(draft))
}
