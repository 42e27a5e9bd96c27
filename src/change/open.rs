//! An open change on disk: staged, switched, put back, closed. Every step is made so that a run
//! killed at any moment leaves what recovery can take wholly back or wholly on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::journal::{self, Entry, How, Opened, Record, Stamp};
use super::watchdog;
use crate::cx::Cx;
use crate::engine::{FileChange, LEFT_LOGIN, Plan, Proof};
use crate::error::{Code, Error, Place, Result, shell_word};
use crate::host::{Command, Content, File, Host, Meta, Step, Stopped, Want};
use crate::secret::salt;

/// As many files are given to one program.
const AT_ONCE: usize = 200;

/// Where an open change lives inside a configuration folder.
pub(super) fn private(folder: &Path) -> PathBuf {
    folder.join(".sipctl")
}

/// A change whose journal is open.
pub(super) struct Open<'a> {
    pub(super) host: &'a dyn Host,
    pub(super) folder: &'a Path,
    pub(super) opened: Opened,
    /// What the new files are; none before the switch.
    pub(super) new: Option<Vec<Option<Stamp>>>,
    /// Whether some of our own may be in place already.
    pub(super) switching: bool,
    /// Whether nothing waits beside its file any more.
    pub(super) renamed: bool,
}

/// What its journal says of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes back, or never began.
    Open,
    /// It stays.
    Proved,
    /// It is closed: what is there now is somebody else's.
    Elsewhere,
}

impl<'a> Open<'a> {
    /// The change, and the steps that write journal, old links and temporaries.
    pub(super) fn begin(
        cx: &Cx,
        (host, folder): (&'a dyn Host, &'a Path),
        who: &str,
        plan: &Plan,
        prove_old: Vec<Proof>,
        confirm: bool,
    ) -> Result<(Self, Vec<Step>)> {
        let opened = Opened {
            who: who.to_owned(),
            files: entries(cx, host, folder, &plan.files)?,
            reload: plan.reload.clone(),
            prove_old,
            confirm: confirm.then(salt).transpose()?,
        };
        let private = private(folder);
        let mut steps = vec![
            // Where the lock went with the link and came back with it, another run may have left one.
            Step::Expect { path: private.join("journal"), was: None, bytes: [].into() },
            Step::MakeFolder { path: private.clone(), mode: 0o700 },
            Step::Append { path: private.join("journal"), bytes: journal::first(&opened)? },
            Step::Append { path: private.join(".gitignore"), bytes: b"*\n".to_vec() },
        ];
        let mut temps = Vec::new();
        let mut folders = BTreeSet::from([folder.to_owned(), private]);
        for (entry, change) in opened.files.iter().zip(&plan.files) {
            if let (Some(old), Some((bytes, _))) = (&entry.old, &change.before) {
                steps.push(match entry.how {
                    How::InPlace => Step::Create { path: old.clone(), bytes: bytes.clone(), like: None, mode: 0o600 },
                    _ => Step::Link { from: entry.path.clone(), to: old.clone() },
                });
                folders.extend(old.parent().map(Path::to_owned));
            }
            if let (Some(temp), Some(bytes)) = (&entry.temp, &change.after) {
                let like = if entry.how == How::Create { change.like.clone() } else { Some(entry.path.clone()) };
                temps.push(Step::Create { path: temp.clone(), bytes: bytes.clone(), like, mode: 0o640 });
            }
        }
        steps.append(&mut temps);
        steps.extend(folders.into_iter().map(|path| Step::SyncFolder { path }));
        Ok((Self { host, folder, opened, new: None, switching: false, renamed: false }, steps))
    }

    /// Carries these out; nothing is left when it fails.
    pub(super) fn stage(&self, cx: &Cx, steps: &[Step], files: &[FileChange]) -> Result<()> {
        let staged = self.host.act(cx, steps).map_err(|stopped| stopped.error);
        staged.and_then(|()| self.give_back(cx, files)).inspect_err(|_| self.drop_staged(cx))
    }

    /// The first error is the one to tell; what stays is found by recovery.
    fn drop_staged(&self, cx: &Cx) {
        let calm = cx.uncancellable();
        if self.fate(&calm).is_ok_and(|fate| fate == Fate::Open) {
            let _ = self.close(&calm);
        }
    }

    /// Gives what comes back to whom it belonged.
    fn give_back(&self, cx: &Cx, files: &[FileChange]) -> Result<()> {
        let mut owned: BTreeMap<(u32, u32, u32), Vec<&PathBuf>> = BTreeMap::new();
        for (entry, file) in self.opened.files.iter().zip(files) {
            if let (Some(temp), Some(owner)) = (&entry.temp, file.owner) {
                owned.entry(owner).or_default().push(temp);
            }
        }
        let mut commands = Vec::new();
        for ((uid, gid, mode), temps) in &owned {
            for temps in temps.chunks(AT_ONCE) {
                let command = |program: &str, what: String| Command {
                    program: program.to_owned(),
                    args: ["--".to_owned(), what]
                        .into_iter()
                        .chain(temps.iter().map(|temp| temp.display().to_string()))
                        .collect(),
                    stdin: Vec::new(),
                };
                commands.push(command("chown", format!("{uid}:{gid}")));
                commands.push(command("chmod", format!("{:o}", mode & 0o7777)));
            }
        }
        if commands.is_empty() {
            return Ok(());
        }
        let outputs = self.host.run(cx, &commands)?;
        match commands.iter().zip(outputs).find(|(_, output)| output.status != Some(0)) {
            None => Ok(()),
            Some((command, output)) => {
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                let message =
                    format!("the owner and mode of before cannot be kept ({} {})", command.program, command.args[1]);
                Err(Error::failed(message)
                    .because(anyhow::anyhow!(said))
                    .hint("run this as root, or as the user the engine runs as"))
            }
        }
    }

    /// Makes the new files the files, if the old ones still are what was read; with `before` it,
    /// what [`Open::begin`] wrote down, in the same exchange. Where these fail nothing is left.
    pub(super) fn switch(&mut self, cx: &Cx, before: Vec<Step>, files: &[FileChange]) -> Result<()> {
        let staged = before.len();
        let mut steps = before;
        let (before, after) = journal::switching()?;
        let stamps = |of: &dyn Fn(&Entry) -> Option<PathBuf>| Step::Stamps {
            path: private(self.folder).join("journal"),
            before: before.clone(),
            of: self.opened.files.iter().map(of).collect(),
            after: after.clone(),
        };
        steps.push(stamps(&|entry| entry.temp.clone()));
        steps.extend(files.iter().map(|file| match &file.before {
            Some((bytes, meta)) => {
                Step::Expect { path: file.path.clone(), was: Some(meta.clone()), bytes: bytes.clone() }
            }
            None => Step::Expect { path: file.path.clone(), was: None, bytes: [].into() },
        }));
        for (entry, file) in self.opened.files.iter().zip(files) {
            steps.push(match (&entry.temp, &file.after) {
                (Some(temp), _) => Step::Rename { from: temp.clone(), to: entry.path.clone() },
                (None, Some(bytes)) => Step::InPlace { path: entry.path.clone(), bytes: bytes.clone() },
                (None, None) => Step::Remove { path: entry.path.clone() },
            });
        }
        if self.written_in_place().next().is_some() {
            // What these became nobody could tell before.
            steps.push(stamps(&|entry| Some(entry.path.clone()).filter(|_| entry.how != How::Delete)));
        }
        steps.extend(self.folders().map(|path| Step::SyncFolder { path }));
        self.switching = true;
        let made = self.opened.files.iter().filter(|entry| entry.how != How::Delete);
        let made: Vec<Want> = made.map(|entry| Want::Meta(entry.path.clone())).collect();
        let found = self.host.act_and_read(cx, &steps, &made).map_err(|Stopped { done, error }| {
            // Where somebody else was at a file none of them is switched. Of a link that was lost, or a host
            // that was left, nobody knows how far it came.
            let known = !matches!(error.code, Code::Unreachable | Code::NeedsPerson);
            if error.code == Code::Retry || (done < staged && known) {
                self.switching = false;
                self.drop_staged(cx);
            }
            error
        })?;
        let mut found = found.into_iter();
        // Of another size it is somebody else's already.
        let whole = |stamp: &Stamp, file: &FileChange| file.after.as_ref().map(|b| b.len() as u64) == Some(stamp.size);
        let new = self.opened.files.iter().zip(files).map(|(entry, file)| {
            let found = if entry.how == How::Delete { None } else { found.next() };
            stamp(&found?).filter(|stamp| whole(stamp, file))
        });
        self.new = Some(new.collect());
        self.renamed = true;
        Ok(())
    }

    /// What the new files are, if need be as the journal says; none before the switch.
    fn switched(&self, cx: &Cx) -> Result<Option<Vec<Option<Stamp>>>> {
        if self.new.is_some() || !self.switching {
            return Ok(self.new.clone());
        }
        let records = self.journal(cx)?.transpose()?;
        Ok(records.and_then(|records| journal::switched(&records).cloned()))
    }

    /// What the journal that is there now says, or why that makes no sense.
    fn journal(&self, cx: &Cx) -> Result<Option<Result<Vec<Record>>>> {
        let journal = private(self.folder).join("journal");
        match self.host.read(cx, &[Want::File(journal.clone())])?.into_iter().flatten().next().map(|file| file.content)
        {
            Some(Content::There { bytes, .. }) => Ok(Some(journal::parse(&bytes))),
            Some(Content::Unreadable(why)) => Err(Error::unreadable(&journal, &why)),
            Some(Content::Missing) | None => Ok(None),
        }
    }

    /// How far it came, as its journal says: where the link was lost, so was the lock, and another run
    /// may have put right what it found.
    pub(super) fn fate(&self, cx: &Cx) -> Result<Fate> {
        let ours = |record: Option<&Record>| match record {
            Some(Record::Open(opened)) => opened.files == self.opened.files,
            _ => true,
        };
        Ok(match self.journal(cx)? {
            None if self.new.is_some() => Fate::Elsewhere,
            Some(Ok(records)) if ours(records.first()) => match records.last() {
                Some(Record::Proved) => Fate::Proved,
                _ => Fate::Open,
            },
            None => Fate::Open,
            Some(_) => Fate::Elsewhere,
        })
    }

    /// The commit point.
    pub(super) fn proved(&self, cx: &Cx) -> Result<()> {
        self.note(cx, Record::Proved)
    }

    /// Adds a line to the journal.
    pub(super) fn note(&self, cx: &Cx, record: Record) -> Result<()> {
        self.host.act(cx, &[self.noting(record)?]).map_err(|stopped| stopped.error)
    }

    /// The step of that.
    pub(super) fn noting(&self, record: Record) -> Result<Step> {
        Ok(Step::Append { path: private(self.folder).join("journal"), bytes: journal::line(record)? })
    }

    /// What its temporaries are.
    pub(super) fn staged(&self, cx: &Cx) -> Result<Vec<Option<Stamp>>> {
        let temps = self.opened.files.iter().filter_map(|entry| entry.temp.clone()).map(Want::Meta);
        let mut found = self.host.read(cx, &temps.collect::<Vec<_>>())?.into_iter();
        let mut stamp = |entry: &Entry| entry.temp.as_ref().and_then(|_| stamp(&found.next()?));
        Ok(self.opened.files.iter().map(&mut stamp).collect())
    }

    /// Takes the commit point back.
    pub(super) fn unproved(&self, cx: &Cx) -> Result<()> {
        match self.switched(cx)? {
            Some(new) => self.note(cx, Record::Switching(new)),
            None => Ok(()),
        }
    }

    /// Makes the old files the files again. A file that somebody else has edited since is left
    /// alone: then it needs a person.
    pub(super) fn put_back(&self, cx: &Cx) -> Result<()> {
        let Some(new) = self.switched(cx)? else { return Ok(()) };
        // The file, and what tells how far it came: the old one and the temporary.
        let looks = |entry: &Entry| {
            let look = if entry.how == How::InPlace { Want::File } else { Want::Meta };
            [Some(look(entry.path.clone())), entry.old.clone().map(look), entry.temp.clone().map(Want::Meta)]
        };
        let wants: Vec<Want> = self.opened.files.iter().flat_map(looks).flatten().collect();
        let mut found = self.host.read(cx, &wants)?.into_iter();
        let (mut steps, mut edited, mut half) = (Vec::new(), Vec::new(), new.clone());
        for ((entry, new), half) in self.opened.files.iter().zip(&new).zip(&mut half) {
            let found = looks(entry).map(|look| look.and_then(|_| found.next()).unwrap_or_default());
            match back(entry, *new, found.each_ref().map(Vec::as_slice)) {
                Some(more) => {
                    *half = half.filter(|_| entry.how != How::InPlace);
                    steps.extend(more);
                }
                None => edited.push(entry),
            }
        }
        let in_place = half != new;
        if in_place {
            // Whoever finds one of them half written must not take it for somebody else's.
            steps.insert(0, self.noting(Record::Switching(half))?);
        }
        steps.extend(self.folders().map(|path| Step::SyncFolder { path }));
        self.host.act(cx, &steps).map_err(|stopped| self.stuck(&self.opened.files).because(stopped.error))?;
        if edited.is_empty() {
            return Ok(());
        }
        let error = self.stuck(edited.iter().copied());
        if in_place {
            // From now on an edit of those that are back counts as well.
            let _ = self.note(cx, Record::Switching(new));
        }
        Err(error.because(anyhow::anyhow!("somebody else has changed it since")))
    }

    /// Removes everything that is beside the files, the journal last.
    pub(super) fn close(&self, cx: &Cx) -> Result<()> {
        self.host.act(cx, &self.closing()).map_err(|stopped| stopped.error)
    }

    /// The steps of that.
    pub(super) fn closing(&self) -> Vec<Step> {
        let temp = |entry: &Entry| entry.temp.clone().filter(|_| !self.renamed);
        let beside = self.opened.files.iter().flat_map(|entry| [temp(entry), entry.old.clone()]).flatten();
        let private = private(self.folder);
        let mut steps: Vec<Step> = beside.map(|path| Step::Remove { path }).collect();
        if let Some(token) = &self.opened.confirm {
            let names = [watchdog::marker, watchdog::expired, watchdog::confirmed, watchdog::script_at];
            steps.extend(names.map(|name| Step::Remove { path: name(self.folder, token) }));
            steps.push(Step::Remove { path: private.join(LEFT_LOGIN) });
        }
        steps.extend([".gitignore", "journal"].map(|name| Step::Remove { path: private.join(name) }));
        steps.push(Step::RemoveFolder { path: private });
        steps
    }

    /// The files that keep their inode.
    pub(super) fn written_in_place(&self) -> impl Iterator<Item = &Path> {
        self.opened.files.iter().filter(|entry| entry.how == How::InPlace).map(|entry| entry.path.as_path())
    }

    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let parents = self.opened.files.iter().filter_map(|entry| entry.path.parent());
        parents.map(Path::to_owned).collect::<BTreeSet<_>>().into_iter()
    }

    /// The error of files that are not back, with the commands that do it by hand.
    fn stuck<'e>(&self, entries: impl IntoIterator<Item = &'e Entry>) -> Error {
        let word = |path: &Path| shell_word(&path.to_string_lossy());
        let (mut names, mut commands) = (Vec::new(), Vec::new());
        for entry in entries {
            let typed = word(&entry.path);
            names.push(entry.path.display().to_string());
            commands.push(match (entry.how, &entry.old) {
                (How::InPlace, Some(old)) => format!("cp {} {typed}", word(old)),
                (_, Some(old)) => format!("mv {} {typed}", word(old)),
                (_, None) => format!("rm {typed}"),
            });
        }
        let message = format!("the old state of {} could not be put back", names.join(", "));
        let private = private(self.folder);
        Error::new(Code::NeedsPerson, message)
            .hint(format!("to go back by hand: {}", commands.join("; ")))
            .hint(format!("when the files are as you want them: rm -r {}", word(&private)))
    }
}

/// The steps that bring one file back; none where it is neither what it was nor what we made of it.
fn back(entry: &Entry, new: Option<Stamp>, [now, old, temp]: [&[File]; 3]) -> Option<Vec<Step>> {
    let path = entry.path.clone();
    let kept = content(old);
    if entry.how == How::InPlace {
        // Without its copy it was put back before, by a run that was killed while cleaning up.
        let Some((old, _)) = kept else { return Some(Vec::new()) };
        let foreign = new.is_some() && stamp(now) != new && content(now).is_none_or(|(bytes, _)| bytes != old);
        return (!foreign).then(|| vec![Step::InPlace { path, bytes: old.clone() }]);
    }
    if stamp(temp).is_some() {
        // It was never renamed: what is there is what was there, or what somebody else has made of it.
        return Some(Vec::new());
    }
    let now = stamp(now);
    let ours = now.is_some() && now == new;
    let untouched = now.zip(entry.was).is_some_and(|(now, was)| now.inode == was.inode);
    match (&entry.old, now) {
        (None, None) => Some(Vec::new()),
        (None, _) => ours.then(|| vec![Step::Remove { path }]),
        (Some(_), _) if untouched || (kept.is_none() && !ours) => Some(Vec::new()),
        (Some(from), _) if ours || now.is_none() => {
            let mut steps = vec![Step::Rename { from: from.clone(), to: path.clone() }];
            // An engine that looks at size and time only would take it for the new one still.
            if now.zip(entry.was).is_some_and(|(now, was)| (now.size, now.mtime) == (was.size, was.mtime)) {
                steps.push(Step::Touch { path });
            }
            Some(steps)
        }
        (Some(_), _) => None,
    }
}

fn content(found: &[File]) -> Option<(&Arc<[u8]>, &Meta)> {
    match found {
        [File { content: Content::There { bytes, meta }, .. }] => Some((bytes, meta)),
        _ => None,
    }
}

fn stamp(found: &[File]) -> Option<Stamp> {
    content(found).map(|(_, meta)| Stamp::from(meta))
}

/// Refuses to delete a file whose name is a symbolic link: its target would go, and the name stay.
/// With what the folder itself is, where that is known, most need no look of their own.
pub(super) fn no_links(
    cx: &Cx,
    (host, folder): (&dyn Host, &Path),
    home: Option<&Meta>,
    files: &[FileChange],
) -> Result<()> {
    let goes = files.iter().filter(|file| file.after.is_none());
    let goes = goes.filter_map(|file| Some((&file.path, &file.before.as_ref()?.1.real)));
    // Where the path below the folder is as it is written no link is on it.
    let plain = |path: &Path, real: &Path| {
        home.zip(path.strip_prefix(folder).ok()).is_some_and(|(home, rest)| home.real.join(rest) == real)
    };
    let odd: Vec<(&PathBuf, &PathBuf)> = goes.filter(|(path, real)| !plain(path, real)).collect();
    if odd.is_empty() {
        return Ok(());
    }
    let parents: Vec<Want> = odd.iter().map(|(path, _)| Want::Meta(path.parent().unwrap_or(path).to_owned())).collect();
    for ((path, real), parent) in odd.into_iter().zip(host.read(cx, &parents)?) {
        let parent = content(&parent).map(|(_, meta)| &meta.real);
        if parent.zip(path.file_name()).is_some_and(|(parent, name)| parent.join(name) == *real) {
            continue;
        }
        let word = |path: &Path| shell_word(&path.to_string_lossy());
        return Err(Error::failed(format!(
            "this would delete {}, which is only a symbolic link to {}; nothing is changed",
            path.display(),
            real.display()
        ))
        .at(Place::new(path, 0))
        .hint(format!("make it a file of its own first: mv {} {}", word(real), word(path))));
    }
    Ok(())
}

/// How each file of a plan will be changed, and what lies beside it meanwhile.
fn entries(cx: &Cx, host: &dyn Host, folder: &Path, files: &[FileChange]) -> Result<Vec<Entry>> {
    // Keeps the temporaries of one change apart from whatever else lies there.
    let tag = salt()?;
    let mut wants = vec![Want::Meta(folder.to_owned())];
    // Only a look at this moment knows of other mounts, where reading the bytes did not tell.
    let looked = |file: &&FileChange| file.before.is_some() && !host.is_far();
    wants.extend(files.iter().filter(looked).map(|file| Want::Meta(file.path.clone())));
    let mut found = host.read(cx, &wants)?.into_iter().map(|found| content(&found).map(|(_, meta)| meta.clone()));
    let home = found.next().flatten();
    no_links(cx, (host, folder), home.as_ref(), files)?;
    let near = |meta: &Meta| home.as_ref().is_some_and(|h| h.id.0 == meta.id.0 && meta.real.starts_with(&h.real));
    Ok(files
        .iter()
        .enumerate()
        .map(|(number, file)| {
            let now = Some(file).filter(looked).and_then(|_| found.next().flatten());
            let was = file.before.as_ref().map(|(_, meta)| meta);
            let path = was.map_or_else(|| file.path.clone(), |meta| meta.real.clone());
            let shared = was.is_some_and(|m| m.links > 1 || m.mounted) || now.is_some_and(|m| m.mounted);
            // Of what nobody there sees, a new inode would keep nothing.
            let stays = shared || !host.sees_lists();
            let how = match (was, &file.after) {
                (None, _) => How::Create,
                (Some(_), None) => How::Delete,
                (Some(_), Some(_)) if stays => How::InPlace,
                (Some(_), Some(_)) => How::Replace,
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let temp = matches!(how, How::Create | How::Replace)
                .then(|| path.with_file_name(format!(".{name}.sipctl-{tag}.new")));
            let old = was.map(|meta| match how {
                How::InPlace => private(folder).join(format!("{number}.old")),
                _ if near(meta) => private(folder).join(format!("{number}.old")),
                _ => path.with_file_name(format!(".{name}.sipctl-{tag}")),
            });
            Entry { path, how, temp, old, was: was.map(Stamp::from) }
        })
        .collect())
}
