//! Whose file it is, by its header, and what its columns are here.

use super::super::Problem;
use super::super::node::At;
use crate::extension::by_name::FIELDS;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The extension.
    Number,
    /// Its password.
    Secret,
    /// The first part of a name.
    FirstName,
    /// The second part.
    LastName,
    /// The domain.
    Domain,
    /// Whether it may register: `0`, `no`, `false` say no.
    Enabled,
    /// The other way round.
    Disabled,
    /// The name phones log in with.
    Login,
    /// What kind of device it is: only a SIP phone is an extension here.
    Technology,
    /// The context of its voicemail box, or that it has none.
    Voicemail,
    /// The context of a box that is named by another column.
    BoxContext,
    /// A field.
    Field(&'static str),
}

use Column::{BoxContext, Disabled, Enabled, Field, FirstName, LastName, Login, Number, Secret, Technology, Voicemail};

/// A column that would be taken for the field of its name, and is something else.
const NOT_OURS: Column = Field("");

/// A program whose files are known.
#[derive(Clone, Copy)]
pub struct Vendor {
    /// Its name.
    pub name: &'static str,
    /// Columns by which its files are known: all of one of these.
    signs: &'static [&'static [&'static str]],
    /// What its columns are.
    columns: &'static [(&'static str, Column)],
}

/// What a table is called that nobody's program wrote.
pub const PLAIN: &str = "plain";

/// Names of columns are compared in lower case, without blanks, dashes and underscores.
const VENDORS: [Vendor; 6] = [
    Vendor {
        name: "FusionPBX",
        signs: &[&["extension", "effectivecalleridname"], &["extension", "usercontext"]],
        columns: &[
            ("extension", Number),
            ("password", Secret),
            ("accountcode", Field("accountcode")),
            ("effectivecalleridname", Field("cid_name")),
            ("effectivecalleridnumber", Field("cid_number")),
            ("outboundcalleridname", Field("outbound_cid_name")),
            ("outboundcalleridnumber", Field("outbound_cid_number")),
            ("tollallow", Field("toll_allow")),
            ("callgroup", Field("call_group")),
            ("usercontext", Field("context")),
            ("maxregistrations", Field("max_contacts")),
            ("cidr", Field("ip")),
            ("authacl", Field("permit")),
            ("absolutecodecstring", Field("codecs")),
            ("directoryfirstname", FirstName),
            ("directorylastname", LastName),
            ("enabled", Enabled),
            ("description", Field("description")),
        ],
    },
    Vendor {
        name: "Wazo",
        signs: &[&["exten", "firstname"]],
        columns: &[
            ("exten", Number),
            ("firstname", FirstName),
            ("lastname", LastName),
            ("language", Field("language")),
            ("outgoingcallerid", Field("outbound_cid_number")),
            ("enabled", Enabled),
            ("context", Field("context")),
            ("lineprotocol", Technology),
            ("sipusername", Login),
            ("sipsecret", Secret),
            ("voicemailnumber", Field("mailbox")),
            ("voicemailcontext", BoxContext),
        ],
    },
    Vendor {
        name: "3CX",
        signs: &[&["number", "firstname", "authid"]],
        columns: &[
            ("number", Number),
            ("firstname", FirstName),
            ("lastname", LastName),
            ("authid", Login),
            ("authpassword", Secret),
            ("outboundcallerid", Field("outbound_cid_number")),
            ("disabled", Disabled),
        ],
    },
    Vendor {
        name: "Yeastar",
        // The P series, and the older ones.
        signs: &[&["registrationname", "registrationpassword"], &["registername", "registerpassword"]],
        columns: &[
            ("extensionnumber", Number),
            ("username", Number),
            ("type", Technology),
            ("firstname", FirstName),
            ("lastname", LastName),
            ("fullname", Field("cid_name")),
            ("callerid", Field("cid_number")),
            ("registrationname", Login),
            ("registername", Login),
            ("registrationpassword", Secret),
            ("registerpassword", Secret),
            ("ipphoneconcurrentregistrations", Field("max_contacts")),
            ("concurrentregistrations", Field("max_contacts")),
            ("maxregistrations", Field("max_contacts")),
        ],
    },
    Vendor {
        name: "FreePBX",
        signs: &[&["extension", "secret"], &["extension", "tech", "outboundcid"]],
        columns: &[
            ("extension", Number),
            ("name", Field("cid_name")),
            ("tech", Technology),
            ("defaultuser", Login),
            ("secret", Secret),
            ("outboundcid", Field("outbound_cid_number")),
            ("cidmasquerade", Field("cid_number")),
            ("accountcode", Field("accountcode")),
            ("context", Field("context")),
            ("maxcontacts", Field("max_contacts")),
            ("namedcallgroup", Field("call_group")),
            ("namedpickupgroup", Field("pickup_group")),
            ("mailbox", Field("mailbox")),
            ("voicemail", Voicemail),
            ("allow", Field("codecs")),
            ("languageslanguage", Field("language")),
            ("description", Field("description")),
            // Its transports have names of their own.
            ("transport", NOT_OURS),
        ],
    },
    Vendor {
        name: PLAIN,
        signs: &[],
        columns: &[
            ("number", Number),
            ("extension", Number),
            ("ext", Number),
            ("exten", Number),
            ("내선", Number),
            ("내선번호", Number),
            ("번호", Number),
            ("name", Field("cid_name")),
            ("displayname", Field("cid_name")),
            ("이름", Field("cid_name")),
            ("firstname", FirstName),
            ("lastname", LastName),
            ("password", Secret),
            ("secret", Secret),
            ("비밀번호", Secret),
            ("callerid", Field("cid_number")),
            ("domain", Column::Domain),
            ("enabled", Enabled),
        ],
    },
];

/// The program, what each column holds, and what is worth saying of the header.
pub type Known = (Vendor, Vec<Option<Column>>, Vec<Problem>);

/// Reads a header; `map` names columns by hand, as (what it is, what it is called).
pub fn columns(header: &csv::StringRecord, map: &[(String, String)]) -> Result<Known, Problem> {
    let names: Vec<String> = header.iter().map(plain).collect();
    let has = |name: &&str| names.iter().any(|own| own == name);
    let known = |vendor: &&Vendor| vendor.signs.iter().any(|signs| signs.iter().all(&has));
    let vendor = VENDORS.iter().find(known);
    let vendor = vendor.copied().unwrap_or(VENDORS[VENDORS.len() - 1]);
    let wrong = |message: String, hint: String| Err(Problem::new(At { line: 1, column: 1 }, message).hint(hint));
    let mut columns: Vec<Option<Column>> = Vec::with_capacity(names.len());
    let mut warnings = Vec::new();
    for (nth, name) in names.iter().enumerate() {
        let own = vendor.columns.iter().find(|(column, _)| column == name).map(|(_, column)| *column);
        // Fields by their own names are understood everywhere.
        let field = FIELDS.into_iter().find(|field| plain(field) == *name).map(|field| match field {
            "enabled" => Enabled,
            field => Field(field),
        });
        let found = own.or(field).filter(|column| *column != NOT_OURS);
        // Of two columns for one thing the first counts.
        let again = found.is_some_and(|column| columns.contains(&Some(column)));
        if again {
            let at = At { line: 1, column: nth as u32 + 1 };
            warnings.push(Problem::new(
                at,
                format!("the column {} is left out: there is another one for this", &header[nth]),
            ));
        }
        columns.push(found.filter(|_| !again));
    }
    for (what, called) in map {
        let Some(nth) = header.iter().position(|name| name.trim().trim_start_matches('\u{feff}') == called) else {
            let there = header.iter().map(str::trim).collect::<Vec<_>>().join(", ");
            return wrong(format!("there is no column `{called}`"), format!("there are: {there}"));
        };
        let column = match what.replace('-', "_").as_str() {
            "number" => Number,
            "password" => Secret,
            "domain" => Column::Domain,
            "enabled" => Enabled,
            "name" => Field("cid_name"),
            other => match FIELDS.into_iter().find(|field| *field == other) {
                Some(field) => Field(field),
                None => return wrong(format!("there is no field `{what}`"), "see: sipctl help fields".to_owned()),
            },
        };
        columns.iter_mut().filter(|known| **known == Some(column)).for_each(|known| *known = None);
        columns[nth] = Some(column);
    }
    if !columns.contains(&Some(Number)) {
        let there = header.iter().map(str::trim).collect::<Vec<_>>().join(", ");
        return wrong(
            format!("no column of the header holds the extensions: {there}"),
            "name it: --map number=COLUMN".to_owned(),
        );
    }
    let unread: Vec<&str> =
        header.iter().zip(&columns).filter(|(_, column)| column.is_none()).map(|(name, _)| name.trim()).collect();
    if !unread.is_empty() {
        let message = format!("columns a list has no place for: {}", unread.join(", "));
        warnings.push(Problem::new(At { line: 1, column: 1 }, message));
    }
    Ok((vendor, columns, warnings))
}

fn plain(name: &str) -> String {
    let name = name.trim().trim_start_matches('\u{feff}').to_lowercase();
    name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).collect()
}
