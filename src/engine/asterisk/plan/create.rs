//! A new extension in the style of the house: the sections of its neighbour, with another number,
//! without what is personal, and with what was asked for.

use std::path::PathBuf;

use super::super::draft::{Draft, FileId};
use super::super::dress::{self, Filter, Neighbours, Run};
use super::super::fields::{self, Wanted};
use super::super::layout::{self, Piece};
use super::super::objects::{Dialect, Object, Type};
use super::super::parts::Parts;
use super::password::{Challenge, DigestForm};
use super::section::{self, Names};
use super::{Room, password};
use crate::engine::Aftercare;
use crate::engine::number::{find, replace};
use crate::error::{Code, Error, Result};
use crate::extension::{Fields, NewExtension, Want};
use crate::secret::{Algorithm, Secret};
use crate::text::splice::Splice;

/// What is wanted of the new extension, worked out before a place is chosen.
pub struct Wish<'a> {
    /// Its number.
    pub number: &'a str,
    /// How it was asked for.
    pub new: &'a NewExtension,
    /// The options that were named: by flag, else by the inventory.
    pub wanted: Vec<Wanted>,
    /// The context it is to be in, if one was named.
    pub context: Option<String>,
    /// The credential options it gets, by name.
    pub credentials: Vec<(String, Vec<u8>)>,
    /// Whether it is known by its address.
    pub by_address: bool,
    /// Whether it starts disabled.
    pub disabled: bool,
}

impl<'a> Wish<'a> {
    fn new(room: &Room, number: &'a str, new: &'a NewExtension) -> Result<Self> {
        let mut fields = new.fields.clone();
        // The inventory speaks where no flag, --like or --template does.
        if new.like.is_none() && new.template.is_empty() {
            fields.context = fields.context.or_else(|| new.defaults.context.clone());
            fields.transport = fields.transport.or_else(|| new.defaults.transport.clone());
        }
        let context = fields.context.clone().filter(|context| !context.is_empty());
        if let Some(context) = &context {
            room.check_context(context)?;
        }
        if new.domain.is_some() {
            return Err(Error::usage("Asterisk has nothing for --domain"));
        }
        let by_address = fields.ip.as_ref().is_some_and(|ip| !ip.is_empty());
        let mut wanted = fields::wanted(&fields, number, &Fields::default())?;
        wanted.extend(fields::settings(&new.settings)?);
        if let Some(lost) = wanted.iter().find(|want| by_address && want.object == Type::Auth) {
            let message = format!("a device known by its address (--ip) has no auth to set auth.{} in", lost.option);
            return Err(Error::usage(message));
        }
        let credentials = match (by_address, &new.password) {
            (true, _) => Vec::new(),
            (false, Some(secret)) => credentials(room, number, new.digest, secret)?,
            // A dry run shows where the password will stand; this one is thrown away.
            (false, None) => credentials(room, number, new.digest, &Secret::generate(24)?)?,
        };
        let disabled = fields.enabled == Some(false);
        Ok(Self { number, new, wanted, context, credentials, by_address, disabled })
    }

    /// The values an option was asked to have; `None` where nobody asked.
    pub fn asked(&self, object: Type, option: &str) -> Option<Vec<&str>> {
        let mut asked = None;
        let same = |want: &&Wanted| want.object == object && want.option.eq_ignore_ascii_case(option);
        for want in self.wanted.iter().filter(same) {
            let values: &mut Vec<&str> = asked.get_or_insert_default();
            match &want.want {
                Want::Set(value) => *values = vec![value],
                Want::Add(value) => values.push(value),
                Want::Unset(None) => values.clear(),
                Want::Unset(Some(value)) => values.retain(|have| have != value),
            }
        }
        asked
    }

    /// The options of one object that were asked for, each once, in the order they were named.
    pub fn options(&self, object: Type) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for want in self.wanted.iter().filter(|want| want.object == object) {
            if !out.iter().any(|option| option.eq_ignore_ascii_case(&want.option)) {
                out.push(&want.option);
            }
        }
        out
    }

    /// Whether it gets an identify section.
    pub fn identifies(&self) -> bool {
        self.by_address || !self.options(Type::Identify).is_empty()
    }

    /// The template named for a type of object: `--template ENDPOINT[,AUTH,AOR]`.
    pub fn template(&self, kind: Type) -> Option<&str> {
        let nth = match kind {
            Type::Endpoint => 0,
            Type::Auth => 1,
            Type::Aor => 2,
            _ => return None,
        };
        self.new.template.get(nth).map(String::as_str).filter(|name| !name.is_empty())
    }
}

fn credentials(room: &Room, number: &str, digest: bool, secret: &Secret) -> Result<Vec<(String, Vec<u8>)>> {
    password::check(secret)?;
    if !digest {
        return Ok(vec![("password".to_owned(), secret.reveal().to_vec())]);
    }
    let Challenge { realm, algorithms } = room.challenge(number, secret);
    Ok(match room.digest_form(&algorithms) {
        DigestForm::PasswordDigest => {
            vec![("password_digest".to_owned(), password::digests(secret, &algorithms, number, &realm)?.into_bytes())]
        }
        DigestForm::Md5Cred => vec![
            ("auth_type".to_owned(), b"md5".to_vec()),
            ("md5_cred".to_owned(), password::digest(secret, Algorithm::Md5, number, &realm)?.into_bytes()),
        ],
    })
}

/// Plans `add`.
pub fn create(room: &Room, draft: &mut Draft, number: &str, new: &NewExtension) -> Result<()> {
    let wish = Wish::new(room, number, new)?;
    room.check(&wish.wanted, number, &mut draft.warnings)?;
    for name in &new.template {
        room.check_template(name)?;
    }
    // A contact left over from a former owner of the number would ring his phone.
    draft.aftercare.push(Aftercare::Kick { id: number.to_owned() });
    let file = new.file.as_ref().map(|file| room.estate.folder.join(file));
    match neighbours(room, &wish, file.as_ref())? {
        Some(neighbours) => beside(room, draft, &wish, &neighbours, file.as_ref())?,
        None => alone(room, draft, &wish, file.as_ref())?,
    }
    if let (Some(like), Some(mentions)) = (&new.like, &room.estate.mentions) {
        draft.warnings.extend(mentions.of(&like.number));
    }
    Ok(())
}

/// Whom the new one is dressed after.
fn neighbours(room: &Room, wish: &Wish, file: Option<&PathBuf>) -> Result<Option<Neighbours>> {
    let estate = room.estate;
    if let Some(like) = &wish.new.like {
        let parts = room.extension(&like.number)?;
        debug_assert!(parts.kind(&estate.configs).is_extension());
        return Ok(estate.like(&like.number, wish.number));
    }
    let filter = Filter {
        context: wish.context.clone(),
        file: file.cloned(),
        template: wish.template(Type::Endpoint).map(str::to_owned),
        by_address: wish.by_address,
    };
    if filter.template.is_some() {
        return Ok(estate.neighbours(room.endpoints(), wish.number, &filter));
    }
    // Nobody in that file, or in that context, or of that kind: then anybody shows how it is done.
    let wider = [
        filter.clone(),
        Filter { file: None, ..filter.clone() },
        Filter { context: None, ..filter.clone() },
        Filter { context: None, file: None, ..filter.clone() },
        Filter { by_address: false, ..filter.clone() },
        Filter { context: None, file: None, by_address: false, ..filter },
    ];
    Ok(wider.iter().find_map(|filter| estate.neighbours(room.endpoints(), wish.number, filter)))
}

/// Writes the sections of the neighbour again, for another number.
fn beside(room: &Room, draft: &mut Draft, wish: &Wish, neighbours: &Neighbours, file: Option<&PathBuf>) -> Result<()> {
    let model = &neighbours.first;
    let objects = own_objects(room, &model.parts, wish);
    let names = Names::new(room, model, &objects, wish)?;
    for (kind, id) in names.new_ids() {
        draft.allow(kind, id, wish.number);
    }
    let mut runs = dress::runs(room.estate, &objects);
    let elsewhere = file.filter(|file| runs.iter().any(|run| path_of(room, run) != **file));
    let mut texts = Vec::new();
    for run in &mut runs {
        texts.push(run_text(room, wish, neighbours, &names, run)?);
    }
    let missing = section::missing(room, wish, neighbours, &names, &runs)?;
    let endpoint_run =
        runs.iter().position(|run| run.pieces.iter().any(|(o, _)| o.kind == Type::Endpoint)).unwrap_or(0);
    if let Some(text) = texts.get_mut(endpoint_run) {
        text.extend_from_slice(&missing);
    }
    if let Some(file) = elsewhere {
        return at_end(room, draft, file, texts.concat(), wish);
    }
    for (run, text) in runs.iter().zip(texts) {
        place(room, draft, wish, neighbours, run, text)?;
    }
    Ok(())
}

/// The objects of a model that are written again: what serves only it, without an auth for a
/// device known by its address.
fn own_objects(room: &Room, parts: &Parts, wish: &Wish) -> Vec<Object> {
    let mut objects = super::remove::own(room, parts);
    if wish.by_address {
        objects.retain(|object| object.kind != Type::Auth || object.dialect == Dialect::Wizard);
    } else {
        objects.retain(|object| object.kind != Type::Identify || object.dialect == Dialect::Wizard);
    }
    objects
}

fn path_of(room: &Room, run: &Run) -> PathBuf {
    let config = room.estate.configs.get(run.dialect).expect("a run comes from a configuration");
    config.files[run.file as usize].path.clone()
}

fn run_text(room: &Room, wish: &Wish, neighbours: &Neighbours, names: &Names, run: &Run) -> Result<Vec<u8>> {
    let config = room.estate.configs.get(run.dialect).expect("a run comes from a configuration");
    let doc = layout::doc(config, run.file);
    let end = layout::line_end(doc, run.pieces[0].1.header);
    let mut out = Vec::new();
    for (nth, (object, piece)) in run.pieces.iter().enumerate() {
        let Some(text) = section::again(room, wish, neighbours, names, *object, piece)? else { continue };
        let blank = dress::blank_before(room.estate, run.dialect, piece, &neighbours.first.number);
        let blank = blank.or_else(|| second_blank(room, neighbours, *object)).unwrap_or(true);
        if blank {
            out.extend_from_slice(end);
        }
        if nth == 0
            && let Some(comment) = own_comment(room, wish, neighbours, *object, piece)
        {
            out.extend_from_slice(&comment);
            out.extend_from_slice(end);
        }
        out.extend_from_slice(&text);
    }
    Ok(out)
}

fn second_blank(room: &Room, neighbours: &Neighbours, object: Object) -> Option<bool> {
    let second = neighbours.second.as_ref()?;
    let same = second.parts.of_kind(object.kind).first()?;
    let piece = layout::pieces(&room.estate.configs, *same).0.into_iter().next()?;
    dress::blank_before(room.estate, same.dialect, &piece, &second.number)
}

/// The comment line above the first section, where the neighbours have one: words the two do not
/// share are personal and left out.
fn own_comment(room: &Room, wish: &Wish, neighbours: &Neighbours, object: Object, piece: &Piece) -> Option<Vec<u8>> {
    let configs = &room.estate.configs;
    let line_of = |object: Object, piece: &Piece, number: &str| {
        let doc = layout::doc(configs.of(object), piece.file);
        let line = layout::own_comment(doc, piece.header, number)?;
        let text = doc.bytes()[doc.line(line as usize)].trim_ascii_end().to_vec();
        Some(replace(&text, number.as_bytes(), wish.number.as_bytes()))
    };
    let first = line_of(object, piece, &neighbours.first.number)?;
    let Some(second) = &neighbours.second else {
        // A name that is the number has gone with it.
        let name = fields::read(configs, &neighbours.first.parts).cid_name;
        let name = name.filter(|name| find(name.as_bytes(), neighbours.first.number.as_bytes(), 0).is_none());
        return Some(without(&first, name.as_deref()));
    };
    let other = dress::runs(room.estate, &super::remove::own(room, &second.parts)).into_iter().find_map(|run| {
        let (object, piece) = run.pieces.first()?.clone();
        line_of(object, &piece, &second.number)
    })?;
    if first == other {
        return Some(first);
    }
    let words: Vec<&[u8]> = other.split(|b| *b == b' ').collect();
    let kept = first.split(|b| *b == b' ').filter(|word| words.contains(word)).collect::<Vec<_>>().join(&b' ');
    find(&kept, wish.number.as_bytes(), 0).map(|_| kept)
}

/// A comment without the name of the neighbour.
fn without(comment: &[u8], name: Option<&str>) -> Vec<u8> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return comment.to_vec() };
    let text = String::from_utf8_lossy(comment);
    match text.contains(name) {
        true => text.replace(name, "").split_whitespace().collect::<Vec<_>>().join(" ").into_bytes(),
        false => comment.to_vec(),
    }
}

/// Puts the text of a run where the run of the neighbour stands.
fn place(room: &Room, draft: &mut Draft, wish: &Wish, neighbours: &Neighbours, run: &Run, text: Vec<u8>) -> Result<()> {
    let file: FileId = (run.dialect, run.file);
    let number = &neighbours.first.number;
    if super::remove::holds_only(draft, file, number) {
        let path = path_of(room, run);
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let name = replace(name, number.as_bytes(), wish.number.as_bytes());
        let new = path.with_file_name(String::from_utf8_lossy(&name).as_ref());
        if new.exists_in(room) {
            return Err(Error::new(Code::Exists, format!("{} is there already", new.display())));
        }
        draft.moves.create(new, text.trim_ascii_start().to_vec(), &path);
        return Ok(());
    }
    let doc = draft.doc(file);
    let (_, first) = run.pieces.first().expect("a run has a piece");
    let (_, last) = run.pieces.last().expect("a run has a piece");
    if neighbours.behind {
        return insert(draft, file, layout::end_of(doc, last), text);
    }
    let head = layout::own_comment(doc, first.header, number).unwrap_or(first.header);
    match head.checked_sub(1) {
        Some(above) if layout::is_blank(doc, above) => insert(draft, file, doc.line(above as usize).start, text),
        Some(_) => insert(draft, file, doc.line(head as usize).start, text),
        None => {
            // At the head of a file the blank line that parts the two stands behind the new one.
            let end = layout::line_end(doc, first.header);
            let text = match text.strip_prefix(end) {
                Some(body) => [body, end].concat(),
                None => text,
            };
            insert(draft, file, doc.line(head as usize).start, text)
        }
    }
}

/// Inserts sections at an offset where a line begins, or at the end of the file.
fn insert(draft: &mut Draft, file: FileId, at: usize, mut text: Vec<u8>) -> Result<()> {
    let doc = draft.doc(file);
    let len = doc.bytes().len();
    let line = if at < len { doc.line_of(at) } else { doc.lines().len() };
    let depth = if at < len { doc.depth(line) } else { doc.end_depth() };
    if depth != 0 {
        let message = "the new section would stand inside a block comment, where Asterisk does not read it";
        return Err(Error::failed(message)
            .at(draft.place(file, line.saturating_sub(1) as u32))
            .hint("close the comment, or choose another file with --file (nothing was written)"));
    }
    let first = !draft.inserts_at(file, at);
    if first && at == len && layout::lacks_last_newline(doc) {
        text = [layout::line_end(doc, 0), &text].concat();
    }
    if first && len == 0 {
        text = text.trim_ascii_start().to_vec();
    }
    draft.splice(file, Splice::insert(at, text));
    Ok(())
}

/// Puts sections at the end of a file, or into a new one that an include matches.
fn at_end(room: &Room, draft: &mut Draft, path: &PathBuf, text: Vec<u8>, wish: &Wish) -> Result<()> {
    for dialect in super::super::estate::DIALECTS {
        let Some(config) = room.estate.configs.get(dialect) else { continue };
        if let Some(index) = config.files.iter().position(|file| &file.path == path) {
            let file = (dialect, index as u32);
            return insert(draft, file, draft.doc(file).bytes().len(), text);
        }
    }
    if !room.estate.snapshot.is_included(path) {
        return Err(Error::usage(format!("{} is no file that pjsip.conf includes", path.display()))
            .hint("name one of those it includes, or a new one that its include matches"));
    }
    let like =
        room.main_file().ok_or_else(|| Error::failed(format!("no file to take the owner of {} from", wish.number)))?;
    draft.moves.create(path.clone(), text.trim_ascii_start().to_vec(), &like);
    Ok(())
}

/// Writes the sections without a neighbour: what a phone behind NAT needs.
fn alone(room: &Room, draft: &mut Draft, wish: &Wish, file: Option<&PathBuf>) -> Result<()> {
    let path = match file {
        Some(file) => file.clone(),
        None => room.main_file().ok_or_else(|| Error::new(Code::NotFound, "there is no pjsip.conf to add to"))?,
    };
    let end = room.line_end_of(&path);
    let text = section::from_nothing(room, wish, end)?;
    for kind in [Type::Endpoint, Type::Auth, Type::Aor, Type::Identify] {
        draft.allow(kind, wish.number, wish.number);
    }
    at_end(room, draft, &path, text, wish)
}

/// Gives an existing extension an identify section, behind its endpoint.
pub fn identify(room: &Room, draft: &mut Draft, parts: &Parts, number: &str, addresses: &[&str]) -> Result<()> {
    if parts.endpoint.dialect == Dialect::Wizard {
        return Err(Error::usage(format!("{number} is made by the wizard; set its remote_hosts by hand"))
            .at(room.header(parts.endpoint)));
    }
    let piece = draft.last_piece(parts.endpoint)?;
    let file: FileId = (parts.endpoint.dialect, piece.file);
    let doc = draft.doc(file);
    let end = layout::line_end(doc, piece.header);
    let style = layout::KeyStyle::of(doc, &piece);
    let mut lines = vec![
        format!("[{number}]").into_bytes(),
        style.line("type", b"identify"),
        style.line("endpoint", number.as_bytes()),
    ];
    for address in addresses {
        lines.push(style.line("match", &super::super::draft::escape(address.as_bytes(), "match")?));
    }
    let mut text = end.to_vec();
    for line in lines {
        text.extend_from_slice(&[&line, end].concat());
    }
    draft.allow(Type::Identify, number, number);
    let at = layout::end_of(doc, &piece);
    insert(draft, file, at, text)
}

/// Whether a path is a file of the estate.
trait InEstate {
    fn exists_in(&self, room: &Room) -> bool;
}

impl InEstate for PathBuf {
    fn exists_in(&self, room: &Room) -> bool {
        let configs = [&room.estate.configs.pjsip, &room.estate.configs.wizard].into_iter().flatten();
        configs.flat_map(|config| &config.files).any(|file| &file.path == self)
    }
}
