//! A new user in the style of the house: his neighbour, with another number, without what is
//! personal, and with what was asked for.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::directory::{Part, User};
use super::super::draft::{Draft, not_plain};
use super::super::fields::{self, Wanted};
use super::super::layout::{self, Options};
use super::Room;
use super::dress::{self, Neighbours};
use super::password;
use super::remove::own_file;
use crate::engine::number::replace;
use crate::error::{Code, Error, Result};
use crate::extension::{Ext, NewExtension, Want, order};
use crate::secret::{Algorithm, Secret};
use crate::text::splice::{self, Splice};

/// What is wanted of the new user.
pub struct Wish<'a> {
    /// His number.
    pub number: &'a str,
    /// The options that were named, each once; an empty value: it is not wanted.
    options: Vec<(Part, String, Vec<u8>)>,
    /// The context he is to be in, if one was named.
    pub context: Option<String>,
    /// The file he is to stand in, if one was named.
    pub file: Option<PathBuf>,
    /// Whether he is known by his address.
    pub by_address: bool,
    /// Whether he starts disabled.
    disabled: bool,
}

impl<'a> Wish<'a> {
    fn new(room: &Room, draft: &mut Draft, domain: usize, number: &'a str, new: &NewExtension) -> Result<Self> {
        if !new.template.is_empty() {
            return Err(
                Error::usage("FreeSWITCH has no templates for users").hint("--like EXT takes another user's settings")
            );
        }
        let mut fields = new.fields.clone();
        // The inventory speaks where no flag and no --like does.
        if new.like.is_none() {
            fields.context = fields.context.or_else(|| new.defaults.context.clone());
        }
        let by_address = fields.ip.as_ref().is_some_and(|ip| !ip.is_empty());
        let mut wanted = fields::wanted(&fields)?;
        wanted.extend(fields::settings(&new.settings)?);
        room.check(&wanted, number, &mut draft.warnings)?;
        let mut out = Self {
            number,
            options: Vec::new(),
            context: fields.context.filter(|context| !context.is_empty()),
            file: new.file.clone(),
            by_address,
            disabled: fields.enabled == Some(false),
        };
        if by_address {
            // Without a password any would do.
            out.put(Part::Param, "allow-empty-password", b"false");
        } else {
            // A dry run shows where the password will stand; this one is thrown away.
            let secret = new.password.clone().map_or_else(|| Secret::generate(24), Ok)?;
            password::check(&secret)?;
            if new.digest {
                let realm = room.realm(domain)?;
                draft.warnings.push(password::digest_warning(number, realm));
                out.put(Part::Param, "a1-hash", secret.ha1(Algorithm::Md5, number, realm)?.as_bytes());
            } else {
                out.put(Part::Param, "password", secret.reveal());
            }
        }
        for Wanted { part, option, want } in &wanted {
            match want {
                Want::Set(value) | Want::Add(value) => out.put(*part, option, value.as_bytes()),
                Want::Unset(_) => out.put(*part, option, b""),
            }
        }
        if out.disabled {
            out.put(Part::Attr, fields::DISABLED, b"params");
        }
        Ok(out)
    }

    fn put(&mut self, part: Part, name: &str, value: &[u8]) {
        self.options.retain(|(p, n, _)| *p != part || !n.eq_ignore_ascii_case(name));
        self.options.push((part, name.to_owned(), value.to_vec()));
    }

    /// The options of one part, in the order they were named.
    pub fn options(&self, part: Part) -> Options {
        let own = self.options.iter().filter(|(p, _, value)| *p == part && !value.is_empty());
        own.map(|(_, name, value)| (name.clone(), value.clone())).collect()
    }

    /// What goes behind all other options of a part, as `disable` writes it, so that it counts and `enable`
    /// takes it out again.
    pub fn behind(&self, part: Part) -> Options {
        let stopped = fields::STOPPED.iter().filter(|_| self.disabled && part == Part::Param);
        stopped.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
    }

    /// The options of one part that he is not to have.
    pub fn cleared(&self, part: Part) -> impl Iterator<Item = &str> {
        let own = self.options.iter().filter(move |(p, _, value)| *p == part && value.is_empty());
        own.map(|(_, name, _)| name.as_str())
    }

    /// Whether he is to stand in the file of this user.
    fn is_in(&self, draft: &Draft, user: &User) -> Result<bool> {
        let (file, _) = draft.element(user.node)?;
        Ok(self.file.as_ref().is_none_or(|path| path == draft.path(file)))
    }

    /// Whether something was said about an option.
    pub fn has(&self, part: Part, name: &[u8]) -> bool {
        self.options.iter().any(|(p, n, _)| *p == part && name.eq_ignore_ascii_case(n.as_bytes()))
    }
}

/// Plans `add`.
pub fn create<'e>(room: &Room<'e>, draft: &mut Draft<'e>, ext: &Ext, new: &NewExtension) -> Result<()> {
    let domain = room.domain(ext)?;
    let mut wish = Wish::new(room, draft, domain, &ext.number, new)?;
    wish.file = wish.file.map(|file| room.estate.folder().join(file));
    draft.allow(domain, &ext.number, &ext.number);
    let neighbours = match &new.like {
        Some(like) => {
            let first = room.user(like)?;
            if first.domain != domain {
                return Err(Error::usage(format!("{like} stands in another domain")));
            }
            Some(Neighbours { first, second: None, behind: order(&first.id, &ext.number).is_lt() })
        }
        None => dress::neighbours(room, draft, domain, &wish),
    };
    match neighbours {
        Some(neighbours) if !wish.is_in(draft, neighbours.first)? => elsewhere(room, draft, domain, &neighbours, &wish),
        Some(neighbours) => beside(room, draft, &neighbours, &wish),
        None => alone(room, draft, domain, wish),
    }
}

/// The element of a user as the splices in its file make it.
fn moved(bytes: &[u8], element: &Range<usize>, splices: Vec<Splice>) -> Vec<u8> {
    let inside = |splice: &Splice| splice.span.start >= element.start && splice.span.end <= element.end;
    let at = |at: usize| at - element.start;
    let moved = splices.into_iter().filter(inside);
    let moved = moved.map(|splice| Splice { span: at(splice.span.start)..at(splice.span.end), text: splice.text });
    splice::apply(&bytes[element.clone()], splice::merged(moved.collect()))
}

/// A user like his neighbour, in a file where that one is not.
fn elsewhere<'e>(
    room: &Room<'e>,
    draft: &mut Draft<'e>,
    domain: usize,
    neighbours: &Neighbours<'e>,
    wish: &Wish,
) -> Result<()> {
    let model = neighbours.first;
    let splices = dress::dressed(room, draft, neighbours, wish)?;
    let (file, element) = draft.element(model.node)?;
    let bytes = draft.bytes(file);
    if splice::overlap(&splice::merged(splices.clone())) {
        return Err(not_plain(room.reading().doc.place(model.node)));
    }
    let own = layout::indent(bytes, element.start);
    let user = [own, &moved(bytes, &element, splices.clone())].concat();
    let whole = own_file(draft, model)?.map(|like| (splice::apply(bytes, splice::merged(splices)), like));
    // Where he comes to stand his lines begin as those there do.
    let lines = |end: &[u8], indent: &[u8]| {
        let line = |line: &[u8]| match line.strip_suffix(b"\r").unwrap_or(line).strip_prefix(own) {
            Some(bare) => [indent, bare].concat(),
            None => line.to_vec(),
        };
        user.split(|byte| *byte == b'\n').map(line).collect::<Vec<_>>().join(end)
    };
    put(room, draft, domain, wish, &lines, whole)
}

/// A user like his neighbour: in a file of his own where the neighbour has one that would be read,
/// else next to him.
fn beside<'e>(room: &Room<'e>, draft: &mut Draft<'e>, neighbours: &Neighbours<'e>, wish: &Wish) -> Result<()> {
    let model = neighbours.first;
    let mut splices = dress::dressed(room, draft, neighbours, wish)?;
    let (file, element) = draft.element(model.node)?;
    let bytes = draft.bytes(file);
    // Params and attributes written into one another are nothing to copy.
    if splice::overlap(&splice::merged(splices.clone())) {
        return Err(not_plain(room.reading().doc.place(model.node)));
    }
    if let Some(like) = own_file(draft, model)?.filter(|_| wish.file.is_none()) {
        let name = like.file_name().unwrap_or_default().as_encoded_bytes();
        let name = replace(name, model.id.as_bytes(), wish.number.as_bytes());
        let path = like.with_file_name(String::from_utf8_lossy(&name).as_ref());
        if usable(wish.number) && room.is_included(&path) {
            return new_file(room, draft, path, splice::apply(bytes, splice::merged(splices)), &like);
        }
    }
    // Behind somebody who shares his last line the new one does too, so that he can go alone.
    let shares = neighbours.behind && !layout::ends_line(bytes, element.end);
    let comment = layout::own_comment(bytes, element.start, &model.id).filter(|_| !shares);
    // One that began further up, in a line FreeSWITCH drops, is not his alone.
    let comment = comment.filter(|c| splices.iter().all(|s| s.span.end <= c.start || c.start <= s.span.start));
    let start = comment.as_ref().map_or(element.start, |comment| comment.start);
    // One in a block that `<!--#` opens is seen as part of that.
    if let Some(comment) = comment.filter(|c| splices.iter().all(|s| s.span.end <= c.start || c.end <= s.span.start)) {
        let text = replace(&bytes[comment.clone()], model.id.as_bytes(), wish.number.as_bytes());
        splices.push(Splice::replace(comment, text));
    }
    let whole = !shares && layout::starts_line(bytes, start);
    let user = moved(bytes, &(start..element.end), splices);
    let indent = layout::indent(bytes, start);
    let line = layout::line_start(bytes, start);
    let blank = layout::line_above(bytes, line).map(|above| &bytes[above..line]);
    let blank = blank.filter(|blank| blank.trim_ascii().is_empty());
    // What goes again with the new one leaves the line ends there were.
    let end = match (neighbours.behind, blank) {
        (true, _) => layout::line_end(bytes, element.end),
        (false, Some(blank)) => layout::line_end(blank, 0),
        (false, None) => layout::line_end(bytes, element.start),
    };
    let between = match (whole, blank) {
        (true, Some(_)) if neighbours.behind => [end, end, indent].concat(),
        (true, blank) => [end, blank.unwrap_or_default(), indent].concat(),
        (false, _) => Vec::new(),
    };
    let splice = match neighbours.behind {
        // The blanks at the end of a line stay on it.
        true if whole => Splice::insert(layout::blanks_end(bytes, element.end), [between, user].concat()),
        true => Splice::insert(element.end, [between, user].concat()),
        false => Splice::insert(start, [user, between].concat()),
    };
    draft.splice(file, splice);
    Ok(())
}

/// Whether a number can be the name of a file that an include would find.
fn usable(number: &str) -> bool {
    !number.starts_with('.') && !number.contains(['/', '\0', '\n', '\r'])
}

fn new_file(room: &Room, draft: &mut Draft, path: PathBuf, bytes: Vec<u8>, like: &Path) -> Result<()> {
    if room.is_there(&path) {
        return Err(Error::new(Code::Exists, format!("{} exists already and holds somebody else", path.display()))
            .hint("name another file with --file, or move that one away"));
    }
    draft.moves.create(path, bytes, like);
    Ok(())
}

/// The first user of a domain, or of a file: where his users would be looked for.
fn alone(room: &Room, draft: &mut Draft, domain: usize, mut wish: Wish) -> Result<()> {
    if !wish.has(Part::Variable, b"user_context") {
        let context = usual_context(room, wish.number)?;
        wish.put(Part::Variable, "user_context", context.as_bytes());
    }
    for name in ["effective_caller_id_number", "accountcode"] {
        if !wish.has(Part::Variable, name.as_bytes()) {
            wish.put(Part::Variable, name, wish.number.as_bytes());
        }
    }
    put(room, draft, domain, &wish, &|end, indent| user_text(&wish, end, indent), None)
}

/// The text of a user for a line end and an indentation.
type Text<'t> = &'t dyn Fn(&[u8], &[u8]) -> Vec<u8>;

/// Puts the text of a user, which takes a line end and an indentation, where users of the domain are looked
/// for; `whole` is what a file of his own would hold, and the file that is like.
fn put(
    room: &Room,
    draft: &mut Draft,
    domain: usize,
    wish: &Wish,
    user: Text,
    whole: Option<(Vec<u8>, PathBuf)>,
) -> Result<()> {
    let reading = room.reading();
    let doc = &reading.doc;
    let node = reading.directory.domains[domain].node;
    let groups = doc.child(node, "groups");
    let in_groups = groups.into_iter().flat_map(|groups| doc.named(groups, "group").collect::<Vec<_>>());
    let users: Vec<u32> = in_groups.chain([node]).filter_map(|around| doc.child(around, "users")).collect();
    let named = |path: &Path| wish.file.as_ref().is_none_or(|file| file == path);
    for include in &doc.merged.includes {
        let inside = users.iter().any(|users| doc.tree.span(*users).contains(&include.at));
        let path = match &wish.file {
            Some(file) => file.clone(),
            None => include.pattern.with_file_name(format!("{}.xml", wish.number)),
        };
        let fits = include.pattern.parent() == path.parent() && usable(wish.number) && room.is_included(&path);
        if inside && fits && !room.is_there(&path) {
            let (text, like) = whole.unwrap_or_else(|| {
                let like = doc.merged.files[include.file as usize].path.clone();
                ([b"<include>\n", user(b"\n", b"  ").as_slice(), b"\n</include>\n"].concat(), like)
            });
            draft.moves.create(path, text, &like);
            return Ok(());
        }
    }
    for users in users {
        let Some((file, span)) = doc.merged.ends(doc.tree.span(users)) else { continue };
        if named(draft.path(file)) && !doc.tree.is_closed_at_once(users) {
            let bytes = draft.bytes(file);
            let close = bytes[..span.end].windows(2).rposition(|w| w == b"</").unwrap_or(span.end);
            let end = layout::line_end(bytes, span.start);
            let indent = [layout::indent(bytes, span.start), b"  "].concat();
            let user = user(end, &indent);
            let splice = match layout::starts_line(bytes, close) {
                true => Splice::insert(layout::line_start(bytes, close), [&user, end].concat()),
                false => Splice::insert(close, [end, &user, end].concat()),
            };
            draft.splice(file, splice);
            return Ok(());
        }
    }
    Err(Error::usage(match &wish.file {
        Some(file) => format!("{} is no file that FreeSWITCH would look for users in", file.display()),
        None => "there is no <users> in this domain to put a user into".to_owned(),
    })
    .hint("users stand in <users> of a <group> of the domain, or in a file included there"))
}

/// A user who has no model.
fn user_text(wish: &Wish, end: &[u8], indent: &[u8]) -> Vec<u8> {
    let mut out = [indent, b"<user id=\"", &layout::escape(wish.number.as_bytes()), b"\""].concat();
    for (name, value) in wish.options(Part::Attr) {
        out.extend([b" ", name.as_bytes(), b"=\"", &layout::escape(&value), b"\""].concat());
    }
    out.push(b'>');
    for part in [Part::Param, Part::Variable] {
        let (block, _) = part.block();
        out.extend([end, indent, b"  <", block.as_bytes(), b">"].concat());
        for (name, value) in wish.options(part).into_iter().chain(wish.behind(part)) {
            out.extend([end, indent, b"    ", &layout::plain(part, &name, &value)].concat());
        }
        out.extend([end, indent, b"  </", block.as_bytes(), b">"].concat());
    }
    out.extend([end, indent, b"</user>"].concat());
    out
}

/// The context of a user without neighbours: `default` where the dialplan has it, else its only
/// one. Without any he would be in the profile's, which is for strangers.
fn usual_context(room: &Room, number: &str) -> Result<String> {
    match room.contexts() {
        Some(contexts) if contexts.len() == 1 => Ok(contexts.iter().next().cloned().unwrap_or_default()),
        Some(contexts) if !contexts.contains("default") => {
            Err(Error::usage(format!("no neighbour shows which context {number} belongs to")).hint(format!(
                "name it with --context; there are: {}",
                contexts.iter().cloned().collect::<Vec<_>>().join(", ")
            )))
        }
        _ => Ok("default".to_owned()),
    }
}
