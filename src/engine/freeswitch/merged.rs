//! The one text FreeSWITCH parses: freeswitch.xml with every include in its place, lines dropped
//! and variables filled in as its preprocessor does, and for each byte where it came from.
//!
//! Line based, also inside XML comments (switch_xml.c preprocess(); observed on 1.11). Programs
//! and network look-ups are never run: what they would give is marked as unknown.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::line::{self, Line};
use crate::cx::Cx;
use crate::error::{Code, Error, Place, Result};
use crate::host::{Content, Host, Meta, Want};

/// Includes may nest this deep (switch_xml.c preprocess()).
const DEEPEST: usize = 100;
/// Longer lines lose a byte (switch_utils.c switch_fd_read_dline, about 1 MiB).
const LONGEST_LINE: usize = 1024 * 1024;

/// Set by the engine itself before it reads anything (switch_core.c); what they hold, only the
/// running engine knows.
const ENGINES: [&str; 33] = [
    "hostname",
    "local_ip_v4",
    "local_mask_v4",
    "local_ip_v6",
    "base_dir",
    "recordings_dir",
    "sounds_dir",
    "log_dir",
    "run_dir",
    "db_dir",
    "mod_dir",
    "htdocs_dir",
    "script_dir",
    "temp_dir",
    "grammar_dir",
    "fonts_dir",
    "images_dir",
    "data_dir",
    "localstate_dir",
    "certs_dir",
    "storage_dir",
    "cache_dir",
    "core_uuid",
    "switch_serial",
    "switchname",
    "switch_version",
    "zrtp_enabled",
    "nat_type",
    "nat_public_addr",
    "nat_private_addr",
    "bind_server_ip",
    "api_on_startup",
    "lua_dir",
];

/// A file of the estate.
pub struct Source {
    /// Its path.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// What it is besides.
    pub meta: Meta,
    /// How many includes lead to it.
    pub depth: usize,
    lines: OnceCell<Vec<u32>>,
}

impl Source {
    /// The line of an offset, counted from 1. A line ends at LF, or at a CR no LF follows.
    pub fn line(&self, offset: usize) -> u32 {
        let starts = self.lines.get_or_init(|| {
            let ends = |(at, byte): (usize, &u8)| match byte {
                b'\n' => Some(at as u32 + 1),
                b'\r' if self.bytes.get(at + 1) != Some(&b'\n') => Some(at as u32 + 1),
                _ => None,
            };
            self.bytes.iter().enumerate().filter_map(ends).collect()
        });
        starts.partition_point(|start| *start as usize <= offset) as u32 + 1
    }

    /// Where an offset is, for people.
    pub fn place(&self, offset: usize) -> Place {
        Place::new(&self.path, self.line(offset))
    }
}

/// How a stretch of the merged text came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The same bytes stand in the file.
    Verbatim,
    /// A variable stands in the file.
    Filled,
    /// A variable stands in the file whose value only the engine knows; its name is shown.
    Unknown,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it starts in the merged text.
    at: u32,
    file: u32,
    /// Where it starts in the file.
    offset: u32,
    /// How many bytes of the file it stands for.
    len: u32,
    origin: Origin,
}

/// An include directive.
pub struct Include {
    /// Where in the merged text its files come.
    pub at: usize,
    /// The pattern, absolute.
    pub pattern: PathBuf,
    /// The file it stands in.
    pub file: u32,
}

/// Something about the files that people should know.
pub struct Problem {
    /// What.
    pub message: String,
    /// Where.
    pub place: Place,
    /// Whether nothing sure can be said about the directory because of it.
    pub blind: bool,
}

/// The merged text.
#[derive(Default)]
pub struct Merged {
    /// Its bytes.
    pub text: Vec<u8>,
    pieces: Vec<Piece>,
    /// Every file, in the order they were first read.
    pub files: Vec<Source>,
    /// Every include directive, in order.
    pub includes: Vec<Include>,
    /// What went wrong.
    pub problems: Vec<Problem>,
}

/// The file all others are included from.
pub const MAIN: &str = "freeswitch.xml";

impl Merged {
    /// Reads `folder`/freeswitch.xml and all it includes.
    pub fn load(cx: &Cx, host: &dyn Host, folder: &Path) -> Result<Self> {
        let path = folder.join(MAIN);
        let mut reader = Reader {
            cx,
            host,
            out: Self::default(),
            known: HashMap::new(),
            open: Vec::new(),
            variables: HashMap::new(),
        };
        let text = folder.as_os_str().as_encoded_bytes().to_vec();
        reader.variables.insert(b"conf_dir".to_vec(), Value { text, known: true });
        let found = host.read(cx, &[Want::File(path.clone())])?.into_iter().flatten().next();
        match found.map(|file| file.content) {
            Some(Content::There { bytes, meta }) if !meta.folder => {
                let file = reader.source(path, bytes, meta, 0);
                reader.file(file, 0)?;
                Ok(reader.out)
            }
            Some(Content::Unreadable(why)) => Err(Error::unreadable(&path, &why)),
            _ => Err(Error::new(Code::NotFound, "no freeswitch.xml here")
                .at(Place::new(path, 0))
                .hint("name the folder FreeSWITCH reads: --pbx freeswitch:/FOLDER")),
        }
    }

    fn piece(&self, at: usize) -> Option<&Piece> {
        self.pieces.get(self.pieces.partition_point(|piece| piece.at as usize <= at).checked_sub(1)?)
    }

    /// The file and the offset in it a byte came from (of a variable's value: where the variable is).
    pub fn origin(&self, at: usize) -> Option<(u32, usize)> {
        let piece = self.piece(at)?;
        let into = match piece.origin {
            Origin::Verbatim => (at - piece.at as usize).min(piece.len as usize),
            _ => 0,
        };
        Some((piece.file, piece.offset as usize + into))
    }

    /// Where a byte came from, for people.
    pub fn place(&self, at: usize) -> Place {
        match self.origin(at) {
            Some((file, offset)) => self.files[file as usize].place(offset),
            None => Place::new("freeswitch.xml", 0),
        }
    }

    /// Where the line came from that the engine names in an error: it counts the lines of the merged
    /// text, but for line breaks in attribute values (observed on 1.11).
    pub fn place_of_line(&self, wanted: u32) -> Option<Place> {
        let (mut line, mut at, mut tag, mut quote) = (1, 0, false, None);
        while let Some(byte) = self.text.get(at) {
            if line == wanted {
                return Some(self.place(at));
            }
            if !tag && self.text[at..].starts_with(b"<!--") {
                let rest = &self.text[at..];
                let end = rest.windows(3).position(|three| three == b"-->").map_or(rest.len(), |end| end + 3);
                let breaks = rest[..end].iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at);
                for inside in breaks {
                    line += 1;
                    if line == wanted {
                        return Some(self.place((at + inside + 1).min(self.text.len() - 1)));
                    }
                }
                at += end;
                continue;
            }
            match (byte, quote) {
                (byte, Some(open)) if *byte == open => quote = None,
                (_, Some(_)) => {}
                (b'\n', None) => line += 1,
                (b'"' | b'\'', None) if tag => quote = Some(*byte),
                (b'<', None) => tag = true,
                (b'>', None) => tag = false,
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// The bytes of one file a stretch stands for, first and last byte included, where both are
    /// verbatim. What lies between may be directives.
    pub fn ends(&self, range: Range<usize>) -> Option<(u32, Range<usize>)> {
        let last = range.end.checked_sub(1).filter(|last| *last >= range.start)?;
        let (first, end) = (self.piece(range.start)?, self.piece(last)?);
        if first.file != end.file || first.origin != Origin::Verbatim || end.origin != Origin::Verbatim {
            return None;
        }
        let start = first.offset as usize + (range.start - first.at as usize);
        let end = end.offset as usize + (last - end.at as usize) + 1;
        (start < end).then_some((first.file, start..end))
    }

    /// The same, where nothing but these bytes and variables made the stretch.
    pub fn source(&self, range: Range<usize>) -> Option<(u32, Range<usize>)> {
        let ends = self.ends(range.clone())?;
        let first = self.pieces.partition_point(|piece| piece.at as usize <= range.start) - 1;
        let last = self.pieces.partition_point(|piece| (piece.at as usize) < range.end) - 1;
        let joined = self.pieces[first..=last]
            .windows(2)
            .all(|pair| pair[0].file == pair[1].file && pair[0].offset + pair[0].len == pair[1].offset);
        joined.then_some(ends)
    }

    /// The bytes of one file between two verbatim bytes: what stands in quotes.
    pub fn between(&self, range: Range<usize>) -> Option<(u32, Range<usize>)> {
        let (file, span) = self.source(range.start.checked_sub(1)?..range.end + 1)?;
        Some((file, span.start + 1..span.end - 1))
    }

    /// Whether a stretch (with the byte before it) is the file's own, no variable in it.
    pub fn is_verbatim(&self, range: Range<usize>) -> bool {
        self.origins(range).all(|origin| origin == Origin::Verbatim)
    }

    /// Whether the value of every variable in a stretch is known.
    pub fn is_known(&self, range: Range<usize>) -> bool {
        self.origins(range).all(|origin| origin != Origin::Unknown)
    }

    fn origins(&self, range: Range<usize>) -> impl Iterator<Item = Origin> {
        let first = self.pieces.partition_point(|piece| (piece.at as usize) < range.start).saturating_sub(1);
        let last = self.pieces.partition_point(|piece| (piece.at as usize) < range.end.max(range.start + 1));
        self.pieces[first..last.max(first)].iter().map(|piece| piece.origin)
    }

    fn push(&mut self, text: &[u8], piece: Piece) {
        if let Some(last) = self.pieces.last_mut()
            && (last.origin, piece.origin) == (Origin::Verbatim, Origin::Verbatim)
            && last.file == piece.file
            && last.offset + last.len == piece.offset
        {
            last.len += piece.len;
        } else {
            self.pieces.push(piece);
        }
        self.text.extend_from_slice(text);
    }
}

struct Value {
    text: Vec<u8>,
    known: bool,
}

struct Reader<'a> {
    cx: &'a Cx<'a>,
    host: &'a dyn Host,
    out: Merged,
    known: HashMap<OsString, u32>,
    /// The files that are being read, each included by the one before.
    open: Vec<u32>,
    variables: HashMap<Vec<u8>, Value>,
}

/// A stretch of a line after variables were filled in.
struct Stretch {
    /// Where it starts in the filled line.
    at: usize,
    offset: usize,
    len: usize,
    origin: Origin,
}

/// A line with its variables filled in.
struct Filled {
    text: Vec<u8>,
    stretches: Vec<Stretch>,
    known: bool,
    /// Whether a variable lacks its closing brace.
    unclosed: bool,
}

impl Filled {
    /// Bytes in which nothing is filled in.
    fn verbatim(raw: &[u8], offset: usize) -> Self {
        let stretch = Stretch { at: 0, offset, len: raw.len(), origin: Origin::Verbatim };
        let stretches = if raw.is_empty() { Vec::new() } else { vec![stretch] };
        Self { text: raw.to_vec(), stretches, known: true, unclosed: false }
    }
}

impl Reader<'_> {
    fn source(&mut self, path: PathBuf, bytes: Arc<[u8]>, meta: Meta, depth: usize) -> u32 {
        let next = self.out.files.len() as u32;
        let file = *self.known.entry(path.clone().into_os_string()).or_insert(next);
        if file == next {
            self.out.files.push(Source { path, bytes, meta, depth, lines: OnceCell::new() });
        }
        file
    }

    fn problem(&mut self, file: u32, offset: usize, blind: bool, message: impl Into<String>) {
        let place = self.out.files[file as usize].place(offset);
        self.out.problems.push(Problem { message: message.into(), place, blind });
    }

    fn file(&mut self, file: u32, depth: usize) -> Result<()> {
        let bytes = Arc::clone(&self.out.files[file as usize].bytes);
        self.open.push(file);
        if bytes.len() > LONGEST_LINE {
            self.long_lines(file, &bytes);
        }
        let mut in_block = false;
        let mut at = 0;
        while at < bytes.len() {
            // Nearly every line is only copied: as many at once as there are.
            let plain = if in_block { at } else { line::plain(&bytes, at) };
            if plain > at {
                self.verbatim(file, &bytes, at..plain);
                at = plain;
                continue;
            }
            let line = Line::at(&bytes, at);
            self.special(file, &bytes, &line, &mut in_block, depth)?;
            at = line.end;
        }
        self.open.pop();
        Ok(())
    }

    fn long_lines(&mut self, file: u32, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let line = Line::at(bytes, at);
            if line.end - at > LONGEST_LINE {
                self.problem(file, at, true, "a line longer than FreeSWITCH can read");
            }
            at = line.end;
        }
    }

    fn verbatim(&mut self, file: u32, bytes: &[u8], range: Range<usize>) {
        let (at, offset, len) = (self.out.text.len() as u32, range.start as u32, range.len() as u32);
        self.out.push(&bytes[range], Piece { at, file, offset, len, origin: Origin::Verbatim });
    }

    /// A line that holds a variable, a directive, or a text that drops it; in this order.
    fn special(&mut self, file: u32, bytes: &[u8], line: &Line, in_block: &mut bool, depth: usize) -> Result<()> {
        let raw = &bytes[line.start..line.content_end(bytes)];
        if line.start + raw.len() < line.end {
            self.problem(file, line.start, true, "FreeSWITCH loses what follows a NUL byte on its line");
        }
        let seen = line::seen(raw);
        if line::drops(seen) {
            return Ok(());
        }
        let mut filled = self.fill(raw, line.start);
        if filled.unclosed {
            self.problem(file, line.start, false, "a variable without its closing brace is left as it is");
        }
        if *in_block {
            // The rest of such a line is taken as it stood before variables were filled in.
            let Some(end) = line::find(seen, b"-->", 0) else { return Ok(()) };
            *in_block = false;
            filled = Filled::verbatim(&seen[end + 3..], line.start + end + 3);
        }
        let text = &filled.text;
        if let Some(directive) = line::directive(text) {
            if let Some((command, data)) = directive {
                self.command(file, line, command, data, filled.known, depth)?;
            }
            return Ok(());
        }
        let Some(block) = line::find(text, b"<!--#", 0) else {
            self.copy(file, &filled, 0..filled.text.len());
            return Ok(());
        };
        self.copy(file, &filled, 0..block);
        let body = &text[block + 5..];
        let end = line::find(body, b"-->", 0);
        // What follows on the line is written before the command is carried out.
        match end {
            Some(end) => self.copy(file, &filled, block + 5 + end + 3..filled.text.len()),
            None => *in_block = true,
        }
        match line::block(&body[..end.unwrap_or(body.len())]) {
            (word, Some(data)) if !word.eq_ignore_ascii_case(b"env-set") => {
                self.command(file, line, word, data, filled.known, depth)
            }
            _ => Ok(()),
        }
    }

    fn fill(&self, raw: &[u8], start: usize) -> Filled {
        let mut out = Filled { known: true, ..Filled::verbatim(&[], start) };
        let (mut at, mut from) = (0, 0);
        let verbatim = |out: &mut Filled, range: Range<usize>| {
            if !range.is_empty() {
                let (at, offset, len) = (out.text.len(), start + range.start, range.len());
                out.stretches.push(Stretch { at, offset, len, origin: Origin::Verbatim });
                out.text.extend_from_slice(&raw[range]);
            }
        };
        while let Some(open) = line::find(raw, b"$${", from) {
            let Some(close) = line::closing_brace(raw, open + 2) else {
                out.unclosed = true;
                from = open + 1;
                continue;
            };
            verbatim(&mut out, at..open);
            let name = raw[open + 3..close].to_ascii_lowercase();
            let whole = &raw[open..=close];
            let engines = || std::str::from_utf8(&name).is_ok_and(|name| ENGINES.contains(&name));
            let (value, known) = match self.variables.get(&name) {
                Some(value) => (value.text.as_slice(), value.known),
                None if engines() => (whole, false),
                None => (&b""[..], true),
            };
            let origin = if known { Origin::Filled } else { Origin::Unknown };
            out.stretches.push(Stretch { at: out.text.len(), offset: start + open, len: whole.len(), origin });
            out.text.extend_from_slice(value);
            out.known &= known;
            at = close + 1;
            from = at;
        }
        verbatim(&mut out, at..raw.len());
        out
    }

    fn copy(&mut self, file: u32, filled: &Filled, range: Range<usize>) {
        for (index, stretch) in filled.stretches.iter().enumerate() {
            let end = filled.stretches.get(index + 1).map_or(filled.text.len(), |next| next.at);
            let (start, end) = (stretch.at.max(range.start), end.min(range.end));
            if start > end || (start == end && stretch.at < end && stretch.origin == Origin::Verbatim) {
                continue;
            }
            let at = self.out.text.len() as u32;
            let (offset, len) = match stretch.origin {
                Origin::Verbatim => (stretch.offset + (start - stretch.at), end - start),
                _ => (stretch.offset, stretch.len),
            };
            let piece = Piece { at, file, offset: offset as u32, len: len as u32, origin: stretch.origin };
            self.out.push(&filled.text[start..end], piece);
        }
    }

    fn command(
        &mut self,
        file: u32,
        line: &Line,
        command: &[u8],
        data: &[u8],
        known: bool,
        depth: usize,
    ) -> Result<()> {
        let command = command.to_ascii_lowercase();
        match (command.as_slice(), line::assignment(data)) {
            (b"set", Some((name, value))) => {
                self.variables.insert(name.to_ascii_lowercase(), Value { text: kept(value), known });
            }
            (b"exec-set" | b"env-set" | b"stun-set", Some((name, _))) => {
                let text = [b"$${", name, b"}"].concat();
                self.variables.insert(name.to_ascii_lowercase(), Value { text, known: false });
            }
            (b"exec", _) => {
                let message = "FreeSWITCH inserts the output of a program here; sipctl does not run it";
                self.problem(file, line.start, false, message);
            }
            (b"include", _) if !known => {
                let message = "what is included here depends on a value only the running engine knows";
                self.problem(file, line.start, true, message);
            }
            (b"include", _) => self.include(file, line, data, depth)?,
            _ => {}
        }
        Ok(())
    }

    fn include(&mut self, file: u32, line: &Line, data: &[u8], depth: usize) -> Result<()> {
        let here = self.out.files[file as usize].path.clone();
        let pattern = here.parent().unwrap_or(Path::new("/")).join(String::from_utf8_lossy(data).as_ref());
        self.out.includes.push(Include { at: self.out.text.len(), pattern: pattern.clone(), file });
        if depth == DEEPEST {
            self.problem(file, line.start, false, "includes nest too deep; FreeSWITCH stops here");
            return Ok(());
        }
        for found in self.host.read(self.cx, &[Want::Glob(pattern)])?.into_iter().flatten() {
            match found.content {
                Content::There { meta, .. } if meta.folder => {}
                Content::There { .. }
                    if self.open.iter().any(|open| self.out.files[*open as usize].path == found.path) =>
                {
                    self.problem(
                        file,
                        line.start,
                        true,
                        "files include each other here; FreeSWITCH stops only 100 deep",
                    );
                }
                Content::There { bytes, meta } => {
                    let next = self.source(found.path, bytes, meta, depth + 1);
                    self.file(next, depth + 1)?;
                }
                Content::Missing => {}
                Content::Unreadable(why) => {
                    let message = format!("cannot read {}: {why}", found.path.display());
                    self.problem(file, line.start, true, message);
                }
            }
        }
        Ok(())
    }
}

/// A value as a global variable keeps it: `${` becomes `%{` (switch_utils.h switch_string_var_check).
fn kept(value: &[u8]) -> Vec<u8> {
    let mut out = value.to_vec();
    let mut dollar = None;
    for at in 0..out.len() {
        match (out[at], dollar) {
            (b'$', _) => dollar = Some(at),
            (b'{', Some(open)) => {
                out[open] = b'%';
                dollar = None;
            }
            (b'\\', _) => {}
            _ => dollar = None,
        }
    }
    out
}
