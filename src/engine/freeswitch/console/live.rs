//! What the running engine is: version, folder, domain, and when it last read its files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::answers::{text, value};
use super::link::Link;
use crate::cx::Cx;
use crate::engine::Live;
use crate::error::Result;
use crate::host::{Content, Want};

/// What it read last, beside its log.
const MERGED: &str = "freeswitch.xml.fsxml";

/// What proof asks, with what cannot be proved without it.
const NEEDED: [(&str, &str); 5] = [
    ("global_getvar", "which folder it reads"),
    ("find_user_xml", "what its users hold"),
    ("xml_locate", "what many users hold, and which numbers can be dialled"),
    ("user_exists", "which users are gone"),
    ("user_data", "what the first and last of many users hold"),
];

/// What [`live`] asks.
pub fn questions() -> Vec<String> {
    ["version", "global_getvar conf_dir", "global_getvar domain", "global_getvar log_dir"].map(str::to_owned).to_vec()
}

/// Where the file of [`since`] most probably is: the log folders of packages, and of a build in a
/// folder of its own.
pub fn wants(folder: &Path) -> Vec<Want> {
    let above = folder.ancestors().skip(1).take(2).map(|above| above.join("log"));
    let logs = std::iter::once(PathBuf::from("/var/log/freeswitch")).chain(above);
    logs.map(|logs| Want::Meta(logs.join(MERGED))).collect()
}

/// Everything a plan wants to know, in one batch.
pub fn live(link: &mut Link, cx: &Cx) -> Result<Live> {
    let answers = link.ask(cx, &questions())?;
    let variable = |n: usize| answers.get(n).and_then(value).map(|v| String::from_utf8_lossy(v).into_owned());
    let version = answers.first().map(|answer| version(&text(answer))).unwrap_or_default();
    let folder = variable(1).map(PathBuf::from).unwrap_or_default();
    let since_reload = match variable(3) {
        Some(logs) => since(link, cx, Path::new(&logs))?,
        None => None,
    };
    let not = NEEDED.iter().filter(|(command, _)| !link.may(command));
    let cannot = not.map(|(command, what)| format!("{what} (this login may not use {command})")).collect();
    Ok(Live { version, folder, since_reload, realm: variable(2), cannot, ..Live::default() })
}

/// How long ago it read its files. It does not say; but each time it writes what it read beside its
/// log before it parses that, also where the parse then fails (switch_xml.c,
/// `switch_xml_parse_file`; observed on 1.11). None where that file cannot be seen.
fn since(link: &Link, cx: &Cx, logs: &Path) -> Result<Option<Duration>> {
    let found = link.host().read(cx, &[Want::Meta(logs.join(MERGED))])?;
    let Some(Content::There { meta, .. }) = found.into_iter().flatten().next().map(|file| file.content) else {
        return Ok(None);
    };
    let nanos = |(seconds, nanos): (i64, u32)| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let ago = nanos(link.host().clock()) - nanos(meta.mtime);
    Ok(Some(Duration::from_nanos(u64::try_from(ago).unwrap_or(0))))
}

/// `1.11.3-dev` of `FreeSWITCH Version 1.11.3-dev+git~20260821T141014Z~cc93a683ca~64bit (git ...)`.
fn version(answer: &str) -> String {
    let said = answer.trim().strip_prefix("FreeSWITCH Version ").unwrap_or_default();
    said.split(['+', '~', ' ', '(']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_bare() {
        let git = "FreeSWITCH Version 1.11.3-dev+git~20260821T141014Z~cc93a683ca~64bit (git cc93a68 2026-08-21 14:10:14Z 64bit)\n";
        assert_eq!(version(git), "1.11.3-dev");
        assert_eq!(version("FreeSWITCH Version 1.10.12-release~64bit (-release 64bit)\n"), "1.10.12-release");
        assert_eq!(version("-ERR permission denied"), "");
    }
}
