//! sipctl's own table of the options of `endpoint`, `auth`, `aor` and `identify` in pjsip.conf:
//! which Asterisk has them, which values they take, and how the engine spells them when asked.
//!
//! The engine's own help names options but neither types nor values, and it answers in a spelling
//! of its own (`call_group=1-3` reads back as `1, 2, 3`). So [`check()`] judges a value before it is
//! written and [`same()`] judges an answer afterwards, both from one table. What the table and the
//! rules say was observed on 16.28 and 22.10 (`observed.tsv` holds a spread of it, and the tests
//! hold the rules to it); releases in between come from the sources of every release.
//!
//! Values are effective values: what is left of a line after its comment is gone and `\;` has
//! become `;`. Everything here is pure.

use std::fmt;

mod check;
mod read;
mod same;
mod table;
#[cfg(test)]
mod tests;

pub use check::{Check, check};
pub use read::{caller_id, caller_id_answer};
pub use same::{Sameness, overruled_by, same, spelled};

/// One option of one object type.
#[derive(Debug)]
pub struct OptionInfo {
    /// `endpoint`, `auth`, `aor` or `identify`.
    pub object: &'static str,
    /// Its name, lower case.
    pub name: &'static str,
    /// The releases that have it.
    pub since: Since,
    /// What its values look like.
    pub kind: Kind,
    /// Whether several lines add up; else the last line counts.
    pub repeated: bool,
    /// Whether its value is a secret.
    pub secret: bool,
    /// Whether AST_SORCERY answers with its value. (`set_var` and the networks read back empty;
    /// `direct_media_method` answers with `connected_line_method`, which is another option.)
    pub readback: bool,
    /// What the engine answers when no line sets it; `None` where that depends or is not known.
    pub unset: Option<&'static str>,
}

/// What the values of an option look like. The functions named are the engine's readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no. The engine takes any word and reads all but six as no (`ast_true`).
    Bool,
    /// Yes, no, or one of these words; other words are refused.
    BoolOr(&'static [&'static str]),
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    /// One of these words, in this very case.
    ExactWord(&'static [&'static str]),
    /// A comma list of these words, in any case.
    Words {
        /// The words.
        words: &'static [&'static str],
        /// Whether empty places are let pass (`,ip`).
        gaps: bool,
    },
    /// A comma list of security mechanisms with parameters; words it does not know vanish.
    Mechanisms,
    /// A whole number in C's spelling: `030` is octal, `0x1e` hexadecimal (`ast_parse_arg`).
    Int {
        /// The least allowed.
        min: u32,
        /// The most allowed.
        max: u32,
    },
    /// A decimal number, read up to the first other character (`ast_rtp_dtls_cfg_parse`).
    Decimal,
    /// 0 or a port from 1024 on.
    Port,
    /// Seconds with a fraction.
    Seconds,
    /// Codecs in order (`ast_format_cap_update_by_allow_disallow`).
    Codecs,
    /// `prefer`, `operation`, `keep`, `transcode` (`ast_stream_codec_prefs_parse`).
    CodecPrefs,
    /// Numbers and ranges from 0 to 63 (`ast_get_group`).
    Groups,
    /// Names of groups; their order means nothing.
    NamedGroups,
    /// Names of other objects, comma list.
    Names,
    /// A name, a number or both (`ast_callerid_split`).
    CallerId,
    /// A caller presentation by name or number.
    Presentation,
    /// A type of service: 0 to 255 or a DSCP name (`ast_str2tos`).
    Tos,
    /// An address or a host name.
    Address,
    /// Networks of an access list, comma list without blanks before an item.
    Networks,
    /// Names of access lists of acl.conf; only the first reads back.
    Acls,
    /// Addresses, networks and host names of an identify.
    Matches,
    /// `Header: value` or `Header: /regular expression/`.
    Header,
    /// A text or `/regular expression/`.
    Pattern,
    /// SIP URIs, comma list; registered contacts read back among them.
    Contacts,
    /// The user part of a URI (letters, digits and the marks URIs allow).
    User,
    /// `NAME=value`.
    Variable,
    /// MD5 of `user:realm:password`, 32 lower-case hexadecimal digits.
    Digest,
    /// Digests with their algorithm, `SHA-256:hex`, comma list.
    Digests,
    /// A field of SDP, which 20.19 and 22.9 replace by `-` where RFC 8866 forbids it.
    Sdp {
        /// Whether blanks inside are let pass.
        blanks: bool,
    },
    /// Any text.
    Text,
    /// Any text of which 79 bytes are kept.
    Short,
    /// Any text but none.
    Filled,
}

/// The releases that have something: the first of each release series, later series included.
/// A series that is not named and not later than all that are does not have it. Empty: all have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since(pub &'static [(u32, u32, u32)]);

impl Since {
    /// Whether this version has it. A certified release counts as the newest of its series,
    /// because it takes options from later ones.
    pub fn has(self, version: &Version) -> bool {
        match self.0.iter().find(|first| first.0 == version.major) {
            Some(first) => version.certified || (version.minor, version.patch) >= (first.1, first.2),
            None => self.0.last().is_none_or(|last| version.major > last.0),
        }
    }
}

impl fmt::Display for Since {
    /// `16.25.2, 18.11.2 or 20`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, &(major, minor, patch)) in self.0.iter().enumerate() {
            match at {
                0 => {}
                _ if at + 1 == self.0.len() => f.write_str(" or ")?,
                _ => f.write_str(", ")?,
            }
            match (minor, patch) {
                (0, 0) => write!(f, "{major}")?,
                (_, 0) => write!(f, "{major}.{minor}")?,
                _ => write!(f, "{major}.{minor}.{patch}")?,
            }
        }
        Ok(())
    }
}

/// A release of Asterisk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The release series.
    pub major: u32,
    /// The release.
    pub minor: u32,
    /// The correction.
    pub patch: u32,
    /// Whether it is a certified release.
    pub certified: bool,
}

impl Version {
    /// Reads what an engine calls itself: `22.10.1~dfsg+~cs6`, `18.9-cert4`,
    /// `certified/20.7-cert1`. A build from a branch (`GIT-22-abc`) has no version.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("Asterisk ").unwrap_or(text);
        let bare = text.strip_prefix("certified/").or_else(|| text.strip_prefix("certified-")).unwrap_or(text);
        let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
        let mut parts = bare[..end].split('.').map(str::parse);
        let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
        let patch = parts.next().and_then(Result::ok).unwrap_or(0);
        Some(Self { major, minor, patch, certified: text.contains("cert") })
    }
}

/// Every option of the table, by object type and name.
pub fn table() -> impl Iterator<Item = &'static OptionInfo> {
    table::TABLES.iter().flat_map(|rows| rows.iter())
}

/// The option of that name, in any case (the engine does not distinguish case in names).
pub fn find(object: &str, name: &str) -> Option<&'static OptionInfo> {
    // One table an object: ten thousand extensions ask this many times each.
    let table = table::TABLES.iter().find(|rows| rows.first().is_some_and(|row| row.object == object))?;
    table.iter().find(|option| option.name.eq_ignore_ascii_case(name))
}

/// What the engine answers for an option that no line sets, where that is known. Mind
/// [`overruled_by`].
pub fn default_answer(object: &str, name: &str, version: Option<&Version>) -> Option<&'static str> {
    let option = find(object, name)?;
    let known = version.is_none_or(|version| option.since.has(version));
    option.unset.filter(|_| known && option.readback)
}
