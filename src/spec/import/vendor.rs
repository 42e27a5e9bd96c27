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
    /// A field.
    Field(&'static str),
}

use Column::{Enabled, Field, FirstName, LastName, Number, Secret};

/// A program whose files are known.
#[derive(Clone, Copy)]
pub struct Vendor {
    /// Its name.
    pub name: &'static str,
    /// Columns that are in each of its files.
    signs: &'static [&'static str],
    /// What its columns are.
    columns: &'static [(&'static str, Column)],
}

/// Names of columns are compared in lower case, without blanks, dashes and underscores.
const VENDORS: [Vendor; 6] = [
    Vendor {
        name: "FusionPBX",
        signs: &["extension", "effectivecalleridname"],
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
            ("enabled", Enabled),
            ("description", Field("description")),
        ],
    },
    Vendor {
        name: "Wazo",
        signs: &["exten", "firstname"],
        columns: &[
            ("exten", Number),
            ("firstname", FirstName),
            ("lastname", LastName),
            ("language", Field("language")),
            ("enabled", Enabled),
            ("context", Field("context")),
            ("sipsecret", Secret),
            ("voicemailnumber", Field("mailbox")),
        ],
    },
    Vendor {
        name: "3CX",
        signs: &["number", "firstname", "authid"],
        columns: &[
            ("number", Number),
            ("firstname", FirstName),
            ("lastname", LastName),
            ("authpassword", Secret),
            ("outboundcallerid", Field("outbound_cid_number")),
            ("disabled", Field("")),
        ],
    },
    Vendor {
        name: "Yeastar",
        signs: &["registrationname", "registrationpassword"],
        columns: &[
            ("extensionnumber", Number),
            ("extension", Number),
            ("number", Number),
            ("firstname", FirstName),
            ("lastname", LastName),
            ("name", Field("cid_name")),
            ("calleridname", Field("cid_name")),
            ("calleridnumber", Field("cid_number")),
            ("callerid", Field("cid_number")),
            ("registrationpassword", Secret),
            ("concurrentregistrations", Field("max_contacts")),
            ("promptlanguage", Field("language")),
        ],
    },
    Vendor {
        name: "FreePBX",
        signs: &["extension", "secret"],
        columns: &[
            ("extension", Number),
            ("name", Field("cid_name")),
            ("secret", Secret),
            ("outboundcid", Field("outbound_cid_number")),
            ("cidmasquerade", Field("cid_number")),
            ("accountcode", Field("accountcode")),
            ("context", Field("context")),
            ("maxcontacts", Field("max_contacts")),
            ("namedcallgroup", Field("call_group")),
            ("namedpickupgroup", Field("pickup_group")),
            ("mailbox", Field("mailbox")),
            ("allow", Field("codecs")),
            ("language", Field("language")),
            ("description", Field("description")),
        ],
    },
    Vendor {
        name: "plain",
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
    let vendor = VENDORS.iter().find(|vendor| vendor.signs.iter().all(has));
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
        let found = own.or(field).filter(|column| *column != Field(""));
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
