//! Other fields and options: only what was named changes, and a value that comes from a template
//! is overridden in the extension's own section.

use super::super::config::Var;
use super::super::draft::Draft;
use super::super::fields::{self, Wanted};
use super::super::layout;
use super::super::objects::{Object, Type};
use super::super::options::{self, Kind};
use super::super::parts::Parts;
use super::Room;
use crate::error::{Error, Place, Result};
use crate::extension::{Fields, Setting, Want};

/// Plans `set`.
pub fn set(room: &Room, draft: &mut Draft, number: &str, fields: &Fields, settings: &[Setting]) -> Result<()> {
    let parts = room.extension(number)?;
    if fields.enabled.is_some() {
        return Err(
            Error::usage("an extension is not enabled or disabled by set").hint("use sipctl ext enable or disable")
        );
    }
    let had = fields::read(&room.estate.configs, &parts);
    let mut wanted = fields::wanted(fields, number, &had)?;
    wanted.extend(fields::settings(settings)?);
    if let Some(context) = &fields.context {
        room.check_context(context)?;
    }
    room.check(&wanted, number, &mut draft.warnings)?;
    options_of(room, draft, &parts, number, &wanted)
}

/// Makes the options of an existing extension what is wanted.
pub fn options_of(room: &Room, draft: &mut Draft, parts: &Parts, number: &str, wanted: &[Wanted]) -> Result<()> {
    let mut seen: Vec<(Type, &str)> = Vec::new();
    for want in wanted {
        if seen.iter().any(|(object, option)| *object == want.object && option.eq_ignore_ascii_case(&want.option)) {
            continue;
        }
        seen.push((want.object, &want.option));
        let all: Vec<&Want> = wanted
            .iter()
            .filter(|w| w.object == want.object && w.option.eq_ignore_ascii_case(&want.option))
            .map(|w| &w.want)
            .collect();
        if want.object == Type::Endpoint && want.option == "disallow" && wanted.iter().any(|w| w.option == "allow") {
            // Goes with `allow`, which knows whether the line is needed.
            continue;
        }
        let Some(object) = target(room, draft, parts, number, want, &all)? else { continue };
        draft.allow(object.kind, room.estate.configs.id(object).into_owned(), number);
        let codecs = want.object == Type::Endpoint && want.option.eq_ignore_ascii_case("allow");
        match all.as_slice() {
            [Want::Set(value)] if codecs => set_codecs(room, draft, object, value)?,
            _ => one_option(room, draft, object, &want.option, &all)?,
        }
    }
    Ok(())
}

/// The object an option belongs to; `None` when making or removing a whole section did it.
fn target(
    room: &Room,
    draft: &mut Draft,
    parts: &Parts,
    number: &str,
    want: &Wanted,
    all: &[&Want],
) -> Result<Option<Object>> {
    let objects = parts.of_kind(want.object);
    if want.object == Type::Identify {
        let addresses: Vec<&str> = all
            .iter()
            .filter_map(|want| match want {
                Want::Set(value) | Want::Add(value) => Some(value.as_str()),
                Want::Unset(_) => None,
            })
            .collect();
        match objects {
            [] if addresses.is_empty() => return Ok(None),
            [] => return super::create::identify(room, draft, parts, number, &addresses).map(|()| None),
            [one] if addresses.is_empty() && want.option == "match" && matches!(all, [Want::Unset(None)]) => {
                return super::remove::object(draft, *one, number).map(|()| None);
            }
            _ => {}
        }
    }
    let configs = &room.estate.configs;
    let object = match objects {
        [] => {
            return Err(Error::usage(format!("{number} has no {} to set {} on", want.object.name(), want.option)));
        }
        [one] => *one,
        several => match several.iter().find(|o| *configs.id(**o) == *number.as_bytes()) {
            Some(own) => *own,
            None => return Err(Error::usage(format!("{number} has several sections of type {}", want.object.name()))),
        },
    };
    let id = configs.id(object);
    let users = room.estate.objects.users(&room.estate.configs, object.kind, &id);
    if users > 1 {
        let message = format!("{} {} serves {users} extensions", object.kind.name(), configs.id_text(object));
        return Err(Error::usage(message)
            .at(room.header(object))
            .hint("changing it would change them all; edit that section by hand if you want that"));
    }
    Ok(Some(object))
}

/// Where a value came from that an extension inherits.
fn inherited_from(room: &Room, object: Object, var: &Var) -> Place {
    room.estate.configs.of(object).place(var.at)
}

fn one_option(room: &Room, draft: &mut Draft, object: Object, option: &str, all: &[&Want]) -> Result<()> {
    let configs = &room.estate.configs;
    let present: Vec<(&[u8], &Var)> = configs.values(object, option).collect();
    let repeated = options::find(object.kind.name(), option).is_some_and(|info| info.repeated);
    let mut target: Vec<Vec<u8>> = present.iter().map(|(value, _)| value.to_vec()).collect();
    if !repeated {
        target = target.pop().into_iter().collect();
    }
    for want in all {
        match want {
            Want::Set(value) => target = vec![value.clone().into_bytes()],
            Want::Add(value) if !repeated => {
                return Err(Error::usage(format!("{option} takes one value; --add is for options that repeat"))
                    .hint(format!("use --set {}.{option}={value}", object.kind.name())));
            }
            Want::Add(value) if target.iter().any(|have| have == value.as_bytes()) => {}
            Want::Add(value) => target.push(value.clone().into_bytes()),
            Want::Unset(None) => target.clear(),
            Want::Unset(Some(value)) => target.retain(|have| have != value.as_bytes()),
        }
    }
    match repeated {
        true => repeated_option(room, draft, object, option, &present, target),
        false => single_option(room, draft, object, option, &present, target.pop()),
    }
}

/// Sets an option that takes one value.
pub fn single(room: &Room, draft: &mut Draft, object: Object, option: &str, value: &str) -> Result<()> {
    one_option(room, draft, object, option, &[&Want::Set(value.to_owned())])
}

fn single_option(
    room: &Room,
    draft: &mut Draft,
    object: Object,
    option: &str,
    present: &[(&[u8], &Var)],
    target: Option<Vec<u8>>,
) -> Result<()> {
    let file = |var: &Var| ((object.dialect, var.at.file), var.at.line);
    let Some(value) = target else {
        for (_, var) in present.iter().filter(|(_, var)| !var.inherited) {
            let (file, line) = file(var);
            draft.remove_lines(file, line..=line);
        }
        let left = present.iter().rfind(|(value, var)| var.inherited && !value.is_empty());
        let Some((_, var)) = left else { return Ok(()) };
        let nothing = nothing(object.kind, option).map_err(|error| error.at(inherited_from(room, object, var)))?;
        return append(draft, object, option, nothing.as_bytes());
    };
    match present.last() {
        Some((have, _)) if *have == value => Ok(()),
        Some((_, var)) if !var.inherited => {
            let (file, line) = file(var);
            draft.set_value(file, line, &value)
        }
        _ => append(draft, object, option, &value),
    }
}

/// What an option that a template sets is cleared with.
pub fn nothing(kind: Type, option: &str) -> Result<&'static str> {
    match options::find(kind.name(), option).map(|info| info.kind) {
        Some(Kind::Bool) => Ok("no"),
        Some(Kind::Text | Kind::Short | Kind::CallerId | Kind::NamedGroups | Kind::Names | Kind::Groups) => Ok(""),
        _ if option.starts_with('@') => Ok(""),
        _ => Err(Error::usage(format!("{option} comes from a template and has no empty value"))
            .hint(format!("set another value: --set {}.{option}=VALUE", kind.name()))),
    }
}

fn repeated_option(
    room: &Room,
    draft: &mut Draft,
    object: Object,
    option: &str,
    present: &[(&[u8], &Var)],
    mut target: Vec<Vec<u8>>,
) -> Result<()> {
    for (value, var) in present.iter().filter(|(_, var)| var.inherited) {
        match target.iter().position(|want| want == value) {
            Some(at) => drop(target.remove(at)),
            None => {
                return Err(Error::usage(format!(
                    "a value of {option} comes from a template and cannot be taken away"
                ))
                .at(inherited_from(room, object, var))
                .hint("take it out of the template, or give the extension another one"));
            }
        }
    }
    let own: Vec<_> = present.iter().filter(|(_, var)| !var.inherited).collect();
    let mut spare = Vec::new();
    for (value, var) in &own {
        match target.iter().position(|want| want == value) {
            Some(at) => drop(target.remove(at)),
            None => spare.push(((object.dialect, var.at.file), var.at.line)),
        }
    }
    let mut target = target.into_iter();
    for (file, line) in spare {
        match target.next() {
            Some(value) => draft.set_value(file, line, &value)?,
            None => draft.remove_lines(file, line..=line),
        }
    }
    for value in target {
        append(draft, object, option, &value)?;
    }
    Ok(())
}

/// Replaces the codecs: the first own `allow` line gets the list, the other own ones go; whatever
/// is inherited is cancelled by `disallow=all`, or by `!all` where that is how the line was written.
fn set_codecs(room: &Room, draft: &mut Draft, object: Object, value: &str) -> Result<()> {
    let configs = &room.estate.configs;
    let want = fields::codecs([(b"allow".as_slice(), value.as_bytes())].into_iter());
    let lines: Vec<(&[u8], &[u8], &Var)> = configs
        .options(object)
        .filter(|(name, _, _)| name.eq_ignore_ascii_case(b"allow") || name.eq_ignore_ascii_case(b"disallow"))
        .collect();
    if fields::codecs(lines.iter().map(|(name, value, _)| (*name, *value))) == want {
        return Ok(());
    }
    let own: Vec<_> = lines.iter().filter(|(_, _, var)| !var.inherited).collect();
    let allow: Vec<_> = own.iter().filter(|(name, _, _)| name.eq_ignore_ascii_case(b"allow")).collect();
    let clears = |(name, value, _): &&&(&[u8], &[u8], &Var)| {
        name.eq_ignore_ascii_case(b"disallow") && value.eq_ignore_ascii_case(b"all")
    };
    let clear = own.iter().find(clears);
    let inherits = lines.iter().any(|(_, _, var)| var.inherited);
    let Some((_, first, var)) = allow.first() else {
        if inherits && clear.is_none() {
            append(draft, object, "disallow", b"all")?;
        }
        return append(draft, object, "allow", value.as_bytes());
    };
    let bang = first.trim_ascii_start().starts_with(b"!all");
    let new = match bang || (inherits && clear.is_none()) {
        true => format!("!all,{value}"),
        false => value.to_owned(),
    };
    draft.set_value((object.dialect, var.at.file), var.at.line, new.as_bytes())?;
    let kept = [Some(var.at), clear.map(|(_, _, var)| var.at)];
    for (_, _, var) in own.iter().filter(|(_, _, var)| !kept.contains(&Some(var.at))) {
        draft.remove_lines((object.dialect, var.at.file), var.at.line..=var.at.line);
    }
    Ok(())
}

/// Appends a setting to the last piece of an object.
pub fn append(draft: &mut Draft, object: Object, option: &str, value: &[u8]) -> Result<()> {
    let piece = draft.last_piece(object)?;
    draft.append(object.dialect, &piece, &format!("{}{option}", object.prefix()), value)
}

/// Plans `disable`: the endpoint's last lines let nobody in, and say who wrote them.
pub fn disable(room: &Room, draft: &mut Draft, number: &str) -> Result<()> {
    let parts = room.extension(number)?;
    if fields::is_disabled(&room.estate.configs, &parts) {
        return Ok(());
    }
    draft.allow(Type::Endpoint, number, number);
    let mut lines = fields::STOPPED.into_iter();
    lines.try_for_each(|(option, value)| append(draft, parts.endpoint, option, value.as_bytes()))
}

/// Plans `enable`: takes out exactly what `disable` wrote.
pub fn enable(room: &Room, draft: &mut Draft, number: &str) -> Result<()> {
    let parts = room.extension(number)?;
    let configs = &room.estate.configs;
    let endpoint = parts.endpoint;
    let denied =
        |(value, var): &(&[u8], &Var)| !var.inherited && fields::EVERYBODY.iter().any(|e| e.as_bytes() == *value);
    if !fields::is_disabled(configs, &parts) {
        return match configs.values(endpoint, "deny").find(denied) {
            Some((_, var)) => Err(Error::usage(format!("{number} was denied by hand, not by sipctl"))
                .at(configs.of(endpoint).place(var.at))
                .hint("take that line out by hand if it is not wanted")),
            None => Ok(()),
        };
    }
    let marks: Vec<&Var> = configs.values(endpoint, fields::DISABLED).map(|(_, var)| var).collect();
    let Some(mark) = marks.iter().find(|var| !var.inherited) else {
        return Err(
            Error::usage(format!("{number} is disabled by a template")).at(inherited_from(room, endpoint, marks[0]))
        );
    };
    draft.allow(Type::Endpoint, number, number);
    let file = (endpoint.dialect, mark.at.file);
    let mut first = mark.at.line;
    // The two lines above the mark are the ones `disable` wrote.
    for everybody in fields::EVERYBODY.iter().rev() {
        let above = first.checked_sub(1).and_then(|line| layout::var_at(configs, endpoint, mark.at.file, line));
        let ours = above.is_some_and(|var| configs.of(endpoint).value(var) == everybody.as_bytes());
        if !ours {
            return Err(Error::usage(format!("the lines that disable {number} were changed by hand"))
                .at(configs.of(endpoint).place(mark.at))
                .hint("take the deny lines and @sipctl_disabled out by hand"));
        }
        first -= 1;
    }
    draft.remove_lines(file, first..=mark.at.line);
    Ok(())
}
