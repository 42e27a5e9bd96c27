//! What a command reports, in the shape of the JSON document (sipctl-json(7)). It only gains keys.
//!
//! Everything is written by serde straight from these types: 10,000 extensions make no tree.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::change::{Outcome, ProofReport, Status};
use crate::engine::{Contact, Done, Expect, Verdict, Warning};
use crate::error::{Code, Error};
use crate::extension::{Extension, ShownSetting};
use crate::spec::plan::Difference;

/// The version of the document.
const SCHEMA: u8 = 1;

/// Everything one command line has to report.
#[derive(Serialize)]
pub struct Document {
    schema: u8,
    /// One entry for each chosen PBX.
    pub results: Vec<Entry>,
    /// What failed.
    pub errors: Vec<Failure>,
}

impl Default for Document {
    fn default() -> Self {
        Self { schema: SCHEMA, results: Vec::new(), errors: Vec::new() }
    }
}

impl Document {
    /// Adds the entry of a PBX and, if it failed, its error.
    pub fn add(&mut self, pbx: &str, body: Body, error: Option<&Error>) {
        let exit = error.map_or(body.exit(), |error| error.code as u8);
        self.results.push(Entry { pbx: pbx.to_owned(), body, exit });
        if let Some(error) = error {
            self.errors.push(Failure::new(Some(pbx), error));
        }
    }

    /// Adds an error that is about no single PBX.
    pub fn fail(&mut self, error: &Error) {
        self.errors.push(Failure::new(None, error));
    }

    /// The exit code of the whole: the one they all share, else [`Code::Partly`].
    pub fn exit(&self) -> u8 {
        let mut codes = self.results.iter().map(|entry| entry.exit);
        let Some(first) = codes.next() else {
            return self.errors.first().map_or(0, |failure| failure.exit);
        };
        let found = Code::Findings as u8;
        let mut found_some = first == found;
        let mut same = true;
        let mut only_found = first == 0 || first == found;
        for code in codes {
            same &= code == first;
            found_some |= code == found;
            only_found &= code == 0 || code == found;
        }
        match (same, only_found && found_some) {
            (true, _) => first,
            (false, true) => found,
            (false, false) => Code::Partly as u8,
        }
    }
}

/// What happened on one PBX.
#[derive(Serialize)]
pub struct Entry {
    /// Its inventory name, else its address.
    pub pbx: String,
    /// What the command is about.
    #[serde(flatten)]
    pub body: Body,
    /// The exit code of this PBX.
    pub exit: u8,
}

/// What a command reports of one PBX.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Body {
    /// `ext list` and `ext show`.
    Extensions(Listed),
    /// Every command that changes something, and `reload`.
    Change(Box<Changed>),
    /// `history`.
    Past(Box<PastShown>),
    /// `diff`.
    Differences(Box<Differing>),
    /// `pbx list`, `show`, `add` and `rm`.
    Pbx(Box<PbxShown>),
    /// `pbx check`.
    Check(Checked),
}

impl Body {
    /// What is worth saying.
    pub fn warnings(&self) -> &[Warning] {
        match self {
            Self::Extensions(listed) => &listed.warnings,
            Self::Change(change) => &change.warnings,
            Self::Past(past) => &past.warnings,
            Self::Differences(differing) => &differing.warnings,
            Self::Pbx(pbx) => &pbx.warnings,
            Self::Check(checked) => &checked.warnings,
        }
    }

    /// The exit code it stands for where nothing failed.
    fn exit(&self) -> u8 {
        match self {
            Self::Differences(differing) if !differing.differences.is_empty() => Code::Findings as u8,
            _ => 0,
        }
    }

    /// Whose passwords stand here and nowhere else.
    pub fn password_owners(&self) -> Vec<String> {
        match self {
            Self::Change(change) => change.passwords.iter().flatten().map(|(ext, _)| ext.clone()).collect(),
            _ => Vec::new(),
        }
    }
}

/// Extensions of one PBX.
#[derive(Default, Serialize)]
pub struct Listed {
    /// The extensions, in number order.
    pub extensions: Vec<Shown>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
}

/// One extension; more of it with `ext show`.
#[derive(Serialize)]
pub struct Shown {
    /// What `ext list` shows.
    #[serde(flatten)]
    pub extension: Extension,
    /// Its password, with `--reveal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Its effective options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Vec<ShownSetting<'static>>>,
    /// Who is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<Contact>>,
}

/// What differs on one PBX.
#[derive(Default, Serialize)]
pub struct Differing {
    /// The extensions that differ, in number order.
    pub differences: Vec<Difference>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// Masked unified diff of the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// What the two sides are called.
    #[serde(skip)]
    pub sides: [String; 2],
}

/// A change of one PBX.
#[derive(Default, Serialize)]
pub struct Changed {
    /// Whether anything is different now.
    pub changed: bool,
    /// What was done for which extension.
    pub changes: Vec<Done>,
    /// The files that changed.
    pub files: Vec<FileCount>,
    /// The reload; none when skipped.
    pub reload: Option<ReloadShown>,
    /// The proof.
    pub proof: ProofShown,
    /// Passwords made in this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passwords: Option<BTreeMap<String, String>>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// Its id in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Until when it waits to be confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_until: Option<String>,
    /// The ids of the changes it took back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<String>,
    /// Whether nothing was really done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Masked unified diff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// The diff for people: shown at the end of the table report.
    #[serde(skip)]
    pub human_diff: String,
    /// What to say about passwords that are not shown.
    #[serde(skip)]
    pub password_note: Option<String>,
}

impl Changed {
    /// How a change ended, with its masked diff. What was put back is not reported as done.
    pub fn new(outcome: &Outcome, dry_run: bool, with_diff: bool) -> Self {
        let diffs: Vec<_> = outcome.plan.files.iter().map(super::diff::FileDiff::new).collect();
        let stands = outcome.error.as_ref().is_none_or(|error| error.code == Code::NeedsPerson);
        let text: String = diffs.iter().map(|diff| diff.text.as_str()).collect();
        let files = diffs.into_iter().map(|d| FileCount { path: d.path, added: d.added, removed: d.removed });
        Self {
            changed: outcome.changed && stands,
            changes: if stands { outcome.plan.done.clone() } else { Vec::new() },
            files: files.filter(|_| stands).collect(),
            reload: outcome.reload.as_ref().filter(|_| stands).map(|reload| ReloadShown {
                command: reload.command.clone(),
                seconds: (reload.took.as_secs_f64() * 1000.0).round() / 1000.0,
            }),
            proof: ProofShown::new(&outcome.proof),
            warnings: outcome.warnings.clone(),
            id: outcome.id.clone(),
            confirm_until: outcome.waiting.clone().filter(|_| stands),
            undo: if stands { outcome.plan.undo.iter().map(u64::to_string).collect() } else { Vec::new() },
            dry_run: (dry_run || with_diff).then_some(dry_run),
            diff: (dry_run || with_diff).then(|| text.clone()),
            human_diff: text,
            ..Self::default()
        }
    }
}

/// A file of a change.
#[derive(Serialize)]
pub struct FileCount {
    /// Its path.
    pub path: PathBuf,
    /// Lines that came.
    pub added: usize,
    /// Lines that went.
    pub removed: usize,
}

/// A reload.
#[derive(Serialize)]
pub struct ReloadShown {
    /// The command people know.
    pub command: String,
    /// How long it took.
    pub seconds: f64,
}

/// How proof came out.
#[derive(Default, Serialize)]
pub struct ProofShown {
    /// The sum of it.
    pub status: Status,
    /// How many questions.
    pub checks: usize,
    /// How many were answered indirectly.
    pub indirect: usize,
    /// The ones without the right answer.
    pub failed: Vec<FailedProof>,
}

impl ProofShown {
    /// A proof report without its secrets: of an expected secret only the field's name is shown.
    pub fn new(report: &ProofReport) -> Self {
        let failed = report.failed.iter().map(|(proof, verdict)| {
            let (verdict, why) = match verdict {
                Verdict::Failed { why, .. } => ("failed", Some(why.clone())),
                Verdict::Unproved { why } => ("unproved", Some(why.clone())),
                Verdict::Proved => ("proved", None),
                Verdict::Indirect => ("indirect", None),
            };
            let field = match &proof.expect {
                Expect::Field { name, .. } | Expect::Secret { name, .. } => Some(name.clone()),
                Expect::Present | Expect::Absent => None,
            };
            FailedProof {
                number: proof.number.to_string(),
                object: proof.object.to_string(),
                object_id: proof.id.to_string(),
                field,
                verdict,
                why,
            }
        });
        Self { status: report.status, checks: report.checks, indirect: report.indirect, failed: failed.collect() }
    }
}

/// A question that did not get the right answer.
#[derive(Serialize)]
pub struct FailedProof {
    /// The extension.
    pub number: String,
    /// The object's type.
    pub object: String,
    /// The object's id.
    pub object_id: String,
    /// The field, unless it is about the object itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `failed` or `unproved`.
    pub verdict: &'static str,
    /// What the engine holds or said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The history of one PBX.
#[derive(Default, Serialize)]
pub struct PastShown {
    /// What was changed, oldest first.
    pub history: Vec<PastChange>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
}

/// A change that was kept, or what changed without sipctl.
#[derive(Default, Serialize)]
pub struct PastChange {
    /// Its id; none for what changed without sipctl.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When.
    pub when: String,
    /// The same for people.
    #[serde(skip)]
    pub local: String,
    /// By whom, as `user@client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// What `-m` said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether it happened without sipctl.
    pub outside: bool,
    /// Whether the engine was made to read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
    /// What was done for which extension.
    pub changes: Vec<Done>,
    /// The ids of the changes it took back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<String>,
    /// The files.
    pub files: Vec<PathBuf>,
    /// Where the files lie as they were and became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<Vec<Copy>>,
    /// Masked unified diff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// Where the two states of a file lie.
#[derive(Serialize)]
pub struct Copy {
    /// The file.
    pub path: PathBuf,
    /// As it was; none for a new file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<PathBuf>,
    /// As it became; none for one that went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<PathBuf>,
    /// Where in that, if many new files lie in one: offset and length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<(usize, usize)>,
}

/// A PBX as `pbx list` and `pbx show` report it.
#[derive(Serialize)]
pub struct PbxShown {
    /// The engine.
    pub engine: &'static str,
    /// Its address.
    pub address: String,
    /// The address of its engine, if that runs elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Whether a change must name it.
    pub protected: bool,
    /// Where the inventory describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<crate::error::Place>,
    /// What new extensions get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defaults: Option<BTreeMap<&'static str, String>>,
    /// How many extensions it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension_count: Option<usize>,
    /// The version of the running engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// Whether the inventory is different now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<bool>,
}

/// What `pbx check` tried.
#[derive(Default, Serialize)]
pub struct Checked {
    /// One by one.
    pub checks: Vec<Check>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
}

/// One thing a change would need.
#[derive(Serialize)]
pub struct Check {
    /// Which.
    pub check: &'static str,
    /// How it came out.
    pub status: Grade,
    /// What was found.
    pub message: String,
    /// What would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    Ok,
    /// A change would work, with less than it should have.
    Warn,
    /// A change would not work.
    Fail,
}

impl Grade {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// Why a PBX, or everything, failed.
#[derive(Serialize)]
pub struct Failure {
    /// The PBX.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pbx: Option<String>,
    /// The exit code it stands for.
    pub exit: u8,
    /// What happened and why, in one line.
    pub message: String,
    /// The file to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The line to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Failure {
    fn new(pbx: Option<&str>, error: &Error) -> Self {
        Self {
            pbx: pbx.map(str::to_owned),
            exit: error.code as u8,
            message: error.line(),
            file: error.place.as_ref().map(|place| place.file.clone()),
            line: error.place.as_ref().map(|place| place.line).filter(|line| *line > 0),
            hint: (!error.hints.is_empty()).then(|| error.hints.join("; ")),
        }
    }
}
