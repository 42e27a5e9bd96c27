//! What the running engine is: version, folder, options; and what it can be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::super::options::Version;
use super::answers::{labelled, no_such_command, table};
use super::link::Link;
use crate::cx::Cx;
use crate::engine::Live;
use crate::error::Result;

/// Object types with the module their options belong to.
const TYPES: [(&str, &str); 4] = [
    ("endpoint", "res_pjsip"),
    ("auth", "res_pjsip"),
    ("aor", "res_pjsip"),
    ("identify", "res_pjsip_endpoint_identifier_ip"),
];

/// The question for version and folders.
pub const SETTINGS: &str = "core show settings";

/// What this engine can be asked. `dialplan eval function` came with 16.26, 18.12 and 19.4; the
/// functions are modules of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ability {
    /// The running version, bare.
    pub version: String,
    /// AST_SORCERY, MD5, PASSTHRU and LEN can be evaluated.
    pub fields: bool,
    /// DIALPLAN_EXISTS and PASSTHRU can be evaluated.
    pub exists: bool,
    /// `pjsip show` is there.
    pub show: bool,
}

impl Ability {
    /// What that is found out by.
    pub fn questions() -> [String; 7] {
        let function = |name: &str| format!("core show function {name}");
        [
            "core show version".to_owned(),
            "core show help dialplan eval function".to_owned(),
            function("AST_SORCERY"),
            function("MD5"),
            function("PASSTHRU"),
            function("DIALPLAN_EXISTS"),
            "core show help pjsip show endpoint".to_owned(),
        ]
    }

    fn of(answers: &[String]) -> Self {
        let there = |n: usize| answers.get(n).is_some_and(|a| !a.starts_with("No "));
        let eval = there(1) && there(4);
        let said = answers.first().and_then(|a| a.trim_start().strip_prefix("Asterisk ")?.split(' ').next());
        Self {
            version: said.map(bare).unwrap_or_default(),
            fields: eval && there(2) && there(3),
            exists: eval && there(5),
            show: there(6),
        }
    }

    /// Finds out.
    pub fn ask(link: &mut Link, cx: &Cx) -> Result<Self> {
        Ok(Self::of(&link.ask(cx, &Self::questions())?))
    }
}

/// Where the engine may write a file that we can read, from what it says of its settings.
pub fn folders(settings: &str) -> Vec<PathBuf> {
    let folder = |label| labelled(settings, label).filter(|f| !f.contains(' ')).map(PathBuf::from);
    let spool = folder("Spool directory:").map(|spool| spool.join("tmp"));
    folder("Log directory:").into_iter().chain(spool).collect()
}

/// What [`live`] asks.
pub fn questions() -> Vec<String> {
    let mut questions: Vec<String> = Ability::questions().into();
    questions.extend([SETTINGS, "core show uptime seconds", "pjsip show settings"].map(str::to_owned));
    questions.extend(TYPES.map(|(object, module)| format!("config show help {module} {object}")));
    questions
}

/// Everything a plan wants to know, in one batch; with it, what can be asked, and [`folders`].
pub fn live(link: &mut Link, cx: &Cx) -> Result<(Live, Ability, Vec<PathBuf>)> {
    let answers = link.ask(cx, &questions())?;
    let ability = Ability::of(&answers);
    let mut rest = answers[Ability::questions().len()..].iter();
    let mut next = || rest.next().map_or("", String::as_str);

    let version = ability.version.clone();
    let settings = next();
    let folder = labelled(settings, "Configuration directory:").unwrap_or_default();
    let uptime = next();
    let seconds = |label| labelled(uptime, label).and_then(|s| s.parse().ok()).map(Duration::from_secs);
    let since_reload = seconds("Last reload:").or_else(|| seconds("System uptime:"));
    let realm = table(next()).find(|(name, _)| *name == "default_realm").map(|(_, v)| v.to_owned());
    let options =
        TYPES.iter().map(|(object, _)| ((*object).to_owned(), option_names(next()))).collect::<BTreeMap<_, _>>();

    let mut cannot = Vec::new();
    if !ability.fields && !ability.show {
        cannot.push("what its endpoints, auths and AORs hold (res_pjsip is not loaded)".to_owned());
    }
    if !ability.exists {
        cannot.push(
            "at which times a number can be dialled (func_dialplan, func_strings or the command is missing)".to_owned(),
        );
    }
    let folder = PathBuf::from(folder);
    let risk = risk(&version);
    Ok((Live { version, folder, since_reload, options, realm, risk, cannot }, ability, folders(settings)))
}

/// Releases of which deadlocks at a reload were reported (issues 1855, 1868 and 2081 of the
/// Asterisk project).
fn risk(version: &str) -> Option<String> {
    let Version { major, minor, .. } = Version::parse(version)?;
    let known = matches!((major, minor), (20, 18..=20) | (22, 9));
    known.then(|| format!("Asterisk {version} is known to hang at a reload now and then; a newer release mends it"))
}

/// `22.10.1` of `22.10.1+dfsg+~cs6`, `18.9` of `certified/18.9-cert5`; a version from a
/// development tree stays as it is.
fn bare(version: &str) -> String {
    let digits = version.trim_start_matches("certified/").trim_start_matches("certified-");
    let end = digits.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(digits.len());
    match digits[..end].trim_end_matches('.') {
        "" => version.to_owned(),
        number => number.to_owned(),
    }
}

/// The names in the list of options that ends `config show help`; empty where there is no help.
fn option_names(answer: &str) -> BTreeSet<String> {
    if no_such_command(answer) {
        return BTreeSet::new();
    }
    let name = |line: &str| {
        let (name, _) = line.split_once(" -- ")?;
        let name = name.trim_end();
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        plain.then(|| name.to_owned())
    };
    answer.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_may_hang_are_known() {
        assert!(risk("20.19.0").is_some() && risk("22.9.0").is_some());
        assert!(risk("20.17.0").is_none() && risk("22.10.1").is_none() && risk("16.28.0").is_none());
    }

    #[test]
    fn versions_are_bare() {
        assert_eq!(bare("22.10.1+dfsg+~cs6.17.60671434-1"), "22.10.1");
        assert_eq!(bare("16.28.0~dfsg-0+deb11u4"), "16.28.0");
        assert_eq!(bare("certified/18.9-cert5"), "18.9");
        assert_eq!(bare("certified-20.7-cert2"), "20.7");
        assert_eq!(bare("GIT-master-1a2b"), "GIT-master-1a2b");
    }

    #[test]
    fn options_are_the_names_of_the_list() {
        let help = "auth: [category !~ /.?/]\n\nAuthentication type\n\nA dash -- in prose\n\nauth_type   -- Type  \n100rel  -- x\n";
        assert_eq!(option_names(help).into_iter().collect::<Vec<_>>(), ["100rel", "auth_type"]);
        assert!(option_names("Unknown configuration type nope\n").is_empty());
    }
}
