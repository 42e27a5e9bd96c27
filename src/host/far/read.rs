//! Reads there: a few programs for many files, and the same answers as for files here.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::super::glob::{Matcher, braces};
use super::super::local::read::unread;
use super::super::{Content, File, Meta, Want};
use super::quote::{pattern, word};
use super::{Confused, Far, Part, Patience, Request, confused, errno};
use crate::cx::Cx;
use crate::error::{Error, Result};

/// As many paths, and bytes of paths, go into one call of a program.
const MOST: usize = 400;
const LONGEST: usize = 60_000;

/// One call of the agent, and what its answer is for.
enum Call<'w> {
    /// `looks`: these paths; with their bytes or without.
    Paths(Vec<(usize, PathBuf)>, bool),
    /// `globs` for one alternative of a pattern.
    Glob(usize, String),
    /// `folder`.
    Folder(usize, &'w Path),
}

/// How often an answer is asked for that something else was printed into.
const TRIES: usize = 5;

pub(super) fn all(far: &Far, cx: &Cx, wants: &[Want]) -> Result<Vec<Vec<File>>> {
    if wants.is_empty() {
        return Ok(Vec::new());
    }
    let reading = Reading::new(wants);
    let request = Request { script: reading.script(), data: Vec::new() };
    let patience = Patience { silent: cx.timeouts.question, cancel: true, ends: false };
    let once = || {
        let mut parts = far.look(cx, patience, &request)?;
        parts.pop();
        reading.answer(far, cx, parts)
    };
    for _ in 1..TRIES {
        match once() {
            Err(error) if is_confused(&error) => {}
            other => return other,
        }
    }
    once()
}

/// Whether something was printed into an answer: then it is asked for once more.
pub(super) fn is_confused(error: &Error) -> bool {
    error.cause.as_ref().is_some_and(|cause| cause.is::<Confused>())
}

/// What is read in one exchange.
pub(super) struct Reading<'w> {
    wants: &'w [Want],
    calls: Vec<Call<'w>>,
}

impl<'w> Reading<'w> {
    pub(super) fn new(wants: &'w [Want]) -> Self {
        Self { wants, calls: calls(wants) }
    }

    /// What asks for it.
    pub(super) fn script(&self) -> Vec<u8> {
        let calls = self.calls.iter().flat_map(|call| [call.script(), b"\n".to_vec()]);
        calls.chain([b"mounts\n".to_vec()]).flatten().collect()
    }

    /// What the answer to that says.
    pub(super) fn answer(&self, far: &Far, cx: &Cx, mut parts: Vec<Part>) -> Result<Vec<Vec<File>>> {
        let mounts = parts.pop().ok_or_else(confused)?.bytes;
        let mounted = super::mounts::all(&mounts).map(|mount| mount.point).collect();
        let mut answer = Answer { parts: parts.into_iter(), mounted };
        far.state().mounts = mounts;
        let mut found: Vec<Vec<File>> = self.wants.iter().map(|_| Vec::new()).collect();
        // What one stream of bytes did not show for certain is read once more, file by file.
        let mut again = Vec::new();
        let mut add = |found: &mut Vec<Vec<File>>, at: usize, (file, sure): Seen| {
            if !sure {
                again.push((at, found[at].len()));
            }
            found[at].push(file);
        };
        for call in &self.calls {
            match call {
                Call::Paths(paths, bytes) => {
                    let asked: Vec<PathBuf> = paths.iter().map(|(_, path)| path.clone()).collect();
                    let files = answer.looked(Some(&asked), *bytes)?;
                    paths.iter().zip(files).for_each(|((at, _), file)| add(&mut found, *at, file));
                }
                Call::Glob(at, alternative) => {
                    let mut files = answer.matching(alternative)?;
                    files.sort_by(|(a, _), (b, _)| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
                    files.into_iter().for_each(|file| add(&mut found, *at, file));
                }
                Call::Folder(at, path) => found[*at] = answer.folder(path)?,
            }
        }
        slowly(far, cx, &mut found, &again)?;
        Ok(found)
    }
}

fn calls(wants: &[Want]) -> Vec<Call<'_>> {
    let mut calls: Vec<Call> = Vec::new();
    let mut length = 0;
    for (at, want) in wants.iter().enumerate() {
        match want {
            Want::File(path) | Want::Meta(path) => {
                let bytes = matches!(want, Want::File(_));
                length += path.as_os_str().len();
                match calls.last_mut() {
                    Some(Call::Paths(paths, with)) if *with == bytes && paths.len() < MOST && length < LONGEST => {
                        paths.push((at, path.clone()));
                    }
                    _ => {
                        length = path.as_os_str().len();
                        calls.push(Call::Paths(vec![(at, path.clone())], bytes));
                    }
                }
            }
            Want::Glob(path) => {
                let alternatives = path.to_str().map(braces).unwrap_or_default();
                calls.extend(alternatives.into_iter().map(|one| Call::Glob(at, one)));
            }
            Want::Folder(path) => calls.push(Call::Folder(at, path)),
        }
    }
    calls
}

impl Call<'_> {
    fn script(&self) -> Vec<u8> {
        match self {
            Self::Paths(paths, bytes) => {
                let mut script = format!("looks {}", if *bytes { 'b' } else { 'm' }).into_bytes();
                for (_, path) in paths {
                    script.push(b' ');
                    script.extend(word(path.as_os_str().as_bytes()));
                }
                script
            }
            Self::Glob(_, alternative) => [b"globs b ", &pattern(&absolute(alternative))[..]].concat(),
            Self::Folder(_, path) => [b"folder ", &word(path.as_os_str().as_bytes())[..]].concat(),
        }
    }
}

/// The parts of a pattern as the walker here sees them: no doubled slashes.
fn absolute(alternative: &str) -> String {
    let parts = alternative.split('/').filter(|part| !part.is_empty());
    parts.fold(String::new(), |path, part| path + "/" + part)
}

/// A file, and whether its bytes are certain.
type Seen = (File, bool);

/// What of an answer was not looked at yet.
struct Answer {
    parts: std::vec::IntoIter<Part>,
    mounted: Vec<PathBuf>,
}

/// One line of stat.
struct Line {
    meta: Meta,
    regular: bool,
}

/// What the shell saw of one path.
struct Record {
    readable: bool,
    real: Option<PathBuf>,
}

impl Answer {
    fn next(&mut self) -> Result<Part> {
        self.parts.next().ok_or_else(confused)
    }

    /// The files one `looks` tells of, and whether that is certain.
    fn looked(&mut self, asked: Option<&[PathBuf]>, bytes: bool) -> Result<Vec<Seen>> {
        let names: Vec<PathBuf> = zeros(&self.next()?.bytes).map(path).collect();
        if !names.iter().all(|name| name.is_absolute()) || asked.is_some_and(|asked| asked != names) {
            return Err(confused());
        }
        let (lines, errors) = self.sizes(&names)?;
        let records = records(&self.next()?.bytes, &names)?;
        let stream = self.next()?.bytes;
        let steady = !bytes || same(&lines, &self.sizes(&names)?.0);
        let whole = |(line, record): (&Option<Line>, &Record)| match line {
            Some(line) if line.regular && record.readable => line.meta.size,
            _ => 0,
        };
        let total = lines.iter().zip(&records).map(whole).fold(0, u64::saturating_add);
        // The shell and stat looked at different moments.
        let steady = steady && total == stream.len() as u64;
        if lines.iter().filter(|line| line.is_none()).count() != errors.len() {
            return Err(confused());
        }
        let mut from = 0_usize;
        let mut files = Vec::with_capacity(names.len());
        let mut errors = errors.into_iter();
        for ((path, line), record) in names.into_iter().zip(lines).zip(records) {
            let Some(Line { mut meta, regular }) = line else {
                let error = errors.next().unwrap_or(ErrorKind::NotFound.into());
                files.push((File { path, content: unread(&error) }, true));
                continue;
            };
            let Some(real) = record.real else {
                files.push((File { path, content: unread(&ErrorKind::PermissionDenied.into()) }, true));
                continue;
            };
            meta.mounted = self.mounted.contains(&real);
            meta.real = real;
            let (content, sure) = match (bytes, regular) {
                (false, _) => (Content::There { bytes: [].into(), meta }, true),
                (true, false) => (Content::Unreadable("not a regular file".into()), true),
                (true, true) => {
                    let length = usize::try_from(meta.size).unwrap_or(usize::MAX);
                    let sure = steady && record.readable && meta.size > 0;
                    let part =
                        if sure { stream.get(from..from.saturating_add(length)).ok_or_else(confused)? } else { &[] };
                    from += part.len();
                    // What says it is empty may be a file of /proc.
                    let empty = steady && record.readable && meta.size == 0 && !meta.real.starts_with("/proc");
                    (Content::There { bytes: part.into(), meta }, sure || empty)
                }
            };
            files.push((File { path, content }, sure));
        }
        Ok(files)
    }

    /// The lines of stat for each path, and what was said of those it has none for.
    fn sizes(&mut self, names: &[PathBuf]) -> Result<(Vec<Option<Line>>, Vec<io::Error>)> {
        let (found, said) = (self.next()?.bytes, self.next()?.bytes);
        let mut rest = &found[..];
        let lines: Vec<Option<Line>> = names.iter().map(|name| line(&mut rest, name)).collect();
        if !rest.is_empty() {
            return Err(confused());
        }
        let said = String::from_utf8_lossy(&said);
        let errors = said.lines().filter_map(errno::one).map(io::Error::from).collect();
        Ok((lines, errors))
    }

    /// What the shell found, in the parts it was looked at in; and what was said in place of more.
    fn globbed(&mut self, bytes: bool) -> Result<(Vec<Seen>, Vec<u8>)> {
        let mut all = Vec::new();
        loop {
            let Part { bytes: said, words: count } = self.next()?;
            if count == "0" {
                return Ok((all, said));
            }
            let files = self.looked(None, bytes)?;
            if count != files.len().to_string() {
                return Err(confused());
            }
            all.extend(files);
        }
    }

    /// Of what the shell found with a wider pattern, what really matches.
    fn matching(&mut self, alternative: &str) -> Result<Vec<Seen>> {
        let parts: Vec<&str> = alternative.split('/').filter(|part| !part.is_empty()).collect();
        let matchers: Vec<Option<Matcher>> = parts.iter().map(|part| Matcher::new(part)).collect();
        let (mut files, _) = self.globbed(true)?;
        files.retain(|(file, _)| {
            let mut names = file.path.iter().skip(1);
            parts.iter().zip(&matchers).all(|(part, matcher)| {
                let Some(name) = names.next() else { return false };
                match matcher {
                    Some(matcher) => name != ".." && matcher.matches(&name.to_string_lossy()),
                    None => name == OsStr::new(part),
                }
            })
        });
        Ok(files)
    }

    fn folder(&mut self, folder: &Path) -> Result<Vec<File>> {
        let (found, said) = self.globbed(false)?;
        if !said.is_empty() {
            // It may not be looked at.
            return Ok(vec![File { path: folder.to_owned(), content: unread(&errno::of(&said)) }]);
        }
        let mut files: Vec<File> = found.into_iter().map(|(file, _)| file).collect();
        files.sort_by(|a, b| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
        Ok(files)
    }
}

/// Reads single files one by one, with what stands in the way of those that cannot be read.
fn slowly(far: &Far, cx: &Cx, found: &mut [Vec<File>], again: &[(usize, usize)]) -> Result<()> {
    if again.is_empty() {
        return Ok(());
    }
    let mut script = b"slurp".to_vec();
    for (at, number) in again {
        script.push(b' ');
        script.extend(word(found[*at][*number].path.as_os_str().as_bytes()));
    }
    let patience = Patience { silent: cx.timeouts.question, cancel: true, ends: false };
    let parts = far.look(cx, patience, &Request { script, data: Vec::new() })?;
    for ((at, number), parts) in again.iter().zip(parts.chunks(2)) {
        let [bytes, said] = parts else { return Err(confused()) };
        let content = &mut found[*at][*number].content;
        *content = match (said.bytes.is_empty(), &*content) {
            (true, Content::There { meta, .. }) => {
                Content::There { bytes: bytes.bytes.as_slice().into(), meta: meta.clone() }
            }
            _ => unread(&errno::of(&said.bytes)),
        };
    }
    Ok(())
}

/// `DEVICE INODE UID GID RAW-MODE LINKS SIZE SECONDS DATE TIME ZONE NAME`, if the line is this path's.
fn line(rest: &mut &[u8], name: &Path) -> Option<Line> {
    let mut fields = rest.splitn(12, |b| *b == b' ');
    let mut next = || std::str::from_utf8(fields.next()?).ok();
    let [device, inode, uid, gid, mode, links, size, seconds, _, time] = std::array::from_fn(|_| next());
    let _zone = next()?;
    let tail = fields.next()?;
    let after = tail.strip_prefix(name.as_os_str().as_bytes())?.strip_prefix(b"\n")?;
    let mode = u32::from_str_radix(mode?, 16).ok()?;
    let fraction = time?.split_once('.').map_or(Some(0), |(_, fraction)| fraction.parse().ok())?;
    let meta = Meta {
        real: PathBuf::new(),
        id: (device?.parse().ok()?, inode?.parse().ok()?),
        uid: uid?.parse().ok()?,
        gid: gid?.parse().ok()?,
        mode: mode & 0o7777,
        links: links?.parse().ok()?,
        size: size?.parse().ok()?,
        mtime: (seconds?.parse().ok()?, fraction),
        folder: mode & 0o170_000 == 0o040_000,
        mounted: false,
    };
    *rest = after;
    Some(Line { meta, regular: mode & 0o170_000 == 0o100_000 })
}

fn records(bytes: &[u8], names: &[PathBuf]) -> Result<Vec<Record>> {
    let mut folder = None;
    let mut records = Vec::with_capacity(names.len());
    for (record, path) in zeros(bytes).zip(names) {
        let [readable, kind, real @ ..] = record else { return Err(confused()) };
        let name = path.file_name().unwrap_or_default();
        let real = match kind {
            b'l' => Some(self::path(real)).filter(|real| real.is_absolute()),
            b'd' => {
                folder = Some(self::path(real));
                folder.as_ref().map(|folder| folder.join(name))
            }
            b'=' => folder.as_ref().map(|folder| folder.join(name)),
            b'x' => None,
            _ => return Err(confused()),
        };
        if !matches!(readable, b'b' | b'-') {
            return Err(confused());
        }
        records.push(Record { readable: *readable == b'b', real });
    }
    if records.len() == names.len() { Ok(records) } else { Err(confused()) }
}

fn same(a: &[Option<Line>], b: &[Option<Line>]) -> bool {
    let key = |line: &Option<Line>| line.as_ref().map(|line| (line.meta.id, line.meta.size, line.meta.mtime));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| key(a) == key(b))
}

fn zeros(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    bytes.split(|b| *b == 0).take(if bytes.is_empty() { 0 } else { usize::MAX })
}

fn path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}
