//! What other programs export, as a list. Nobody's passwords are in the list: they come back beside
//! it. Every row that cannot be taken is told with its row and column, and what a spreadsheet did to
//! the file.

use std::collections::BTreeMap;

use super::Problem;
use super::node::At;
use super::write::{Entry, File};
use crate::extension::by_name::{Slot, slot};
use crate::secret::Secret;
use crate::selection::Selection;

mod text;
mod vendor;

pub use text::decode;
pub use vendor::{Column, Vendor, columns};

/// As many mistakes are told.
const MOST: usize = super::MOST_PROBLEMS;

/// What became of a file.
pub struct Imported {
    /// The list.
    pub file: File,
    /// Whose file it looks like.
    pub vendor: &'static str,
    /// Passwords by number.
    pub passwords: BTreeMap<String, Secret>,
    /// What is worth saying.
    pub warnings: Vec<Problem>,
}

/// Reads a table; `map` names columns by hand.
pub fn import(text: &str, map: &[(String, String)]) -> Result<Imported, Vec<Problem>> {
    let delimiter = text::delimiter(text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut plan: Option<(Vendor, Vec<Option<Column>>)> = None;
    let mut width = 0;
    let mut file = File::default();
    let mut passwords = BTreeMap::new();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    while problems.len() < MOST {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => {
                problems.push(Problem::new(At { line: 0, column: 1 }, "the table cannot be read"));
                break;
            }
        }
        let line = record.position().map_or(0, |position| position.line()) as u32;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let Some((_, meant)) = &plan else {
            let found = columns(&record, map).map_err(|problem| vec![Problem { line, ..problem }])?;
            width = record.len();
            warnings.extend(found.2.into_iter().map(|problem| Problem { line, ..problem }));
            plan = Some((found.0, found.1));
            continue;
        };
        if record.len() != width {
            let message = format!("this row has {} cells, the header {width}", record.len());
            problems.push(Problem::new(At { line, column: record.len().min(width) as u32 }, message));
            continue;
        }
        let mut row = RowReader {
            line,
            entry: Entry::default(),
            names: Default::default(),
            secret: None,
            problems: &mut problems,
        };
        let before = row.problems.len();
        for (nth, (cell, column)) in record.iter().zip(meant).enumerate() {
            if let Some(column) = column {
                row.take(*column, cell.trim(), nth as u32 + 1);
            }
        }
        let (Some(mut entry), secret) = row.end() else { continue };
        if problems.len() > before {
            continue;
        }
        let number = entry.number.clone().unwrap_or_default();
        if let Some(first) = seen.insert(number.clone(), line) {
            problems.push(Problem::new(At { line, column: 1 }, format!("{number} stands on line {first} already")));
            continue;
        }
        if number.bytes().all(|byte| byte.is_ascii_digit()) {
            *widths.entry(number.len()).or_default() += 1;
        }
        match secret {
            Some(secret) => {
                passwords.insert(number, secret);
            }
            None => entry.password = Some("generate".to_owned()),
        }
        file.extensions.push(entry);
    }
    let Some((vendor, _)) = plan else {
        return Err(vec![Problem::new(At { line: 1, column: 1 }, "the file is empty")]);
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    warnings.extend(lost_zeros(&file, &widths, &seen));
    file.extensions.sort_by(|a, b| {
        let number = |entry: &Entry| entry.number.clone().unwrap_or_default();
        crate::extension::order(&number(a), &number(b))
    });
    Ok(Imported { file, vendor: vendor.name, passwords, warnings })
}

/// Numbers that are one digit shorter than nearly all others, and would follow a zero: a spreadsheet
/// took the zero.
fn lost_zeros(file: &File, widths: &BTreeMap<usize, usize>, seen: &BTreeMap<String, u32>) -> Vec<Problem> {
    let total: usize = widths.values().sum();
    let Some((usual, count)) = widths.iter().max_by_key(|(_, count)| **count) else { return Vec::new() };
    if *count * 10 < total * 6 || total < 3 {
        return Vec::new();
    }
    let numbers = file.extensions.iter().filter_map(|entry| entry.number.as_deref());
    let short = numbers.filter(|number| number.len() < *usual && number.bytes().all(|byte| byte.is_ascii_digit()));
    short
        .map(|number| {
            let line = seen.get(number).copied().unwrap_or_default();
            let message =
                format!("{number} is shorter than the others: did a spreadsheet cut zeros off ({number:0>usual$})?");
            Problem::new(At { line, column: 1 }, message)
        })
        .collect()
}

/// One row.
struct RowReader<'p> {
    line: u32,
    entry: Entry,
    /// First and last name.
    names: [String; 2],
    secret: Option<Secret>,
    problems: &'p mut Vec<Problem>,
}

impl RowReader<'_> {
    fn wrong(&mut self, column: u32, message: String, hint: &str) {
        let problem = Problem::new(At { line: self.line, column }, message);
        self.problems.push(if hint.is_empty() { problem } else { problem.hint(hint) });
    }

    fn take(&mut self, column: Column, cell: &str, nth: u32) {
        match column {
            Column::Number => self.number(cell, nth),
            Column::Secret => {
                if !cell.is_empty() && !cell.eq_ignore_ascii_case("REGEN") {
                    self.secret = Some(Secret::new(cell));
                }
            }
            Column::FirstName => self.names[0] = cell.to_owned(),
            Column::LastName => self.names[1] = cell.to_owned(),
            Column::Domain => self.entry.domain = Some(cell.to_owned()).filter(|cell| !cell.is_empty()),
            Column::Enabled => {
                let no = ["0", "no", "false", "off", "disabled"].contains(&cell.to_ascii_lowercase().as_str());
                self.entry.fields.enabled = no.then_some(false);
            }
            Column::Field(name) => self.field(name, cell, nth),
        }
    }

    fn number(&mut self, cell: &str, nth: u32) {
        if let Some(damage) = text::damage(cell) {
            let hint = "format the column as text and export again";
            return self.wrong(nth, format!("{cell:?} was a number once: a spreadsheet made {damage} of it"), hint);
        }
        match Selection::parse(cell) {
            Ok(Selection::One(ext)) if ext.domain.is_none() && ext.number == cell => {
                self.entry.number = Some(cell.to_owned())
            }
            Ok(_) => self.wrong(nth, format!("{cell:?} is not one extension"), ""),
            Err(error) => self.wrong(nth, error.message, ""),
        }
    }

    fn field(&mut self, name: &'static str, cell: &str, nth: u32) {
        if cell.is_empty() {
            return;
        }
        let numeric = matches!(name, "cid_number" | "outbound_cid_number" | "accountcode" | "mailbox" | "max_contacts");
        if let Some(damage) = text::damage(cell).filter(|_| numeric) {
            let hint = "format the column as text and export again";
            return self.wrong(nth, format!("{name} {cell:?}: a spreadsheet made {damage} of it"), hint);
        }
        if name == "outbound_cid_number" {
            // "Name" <number> is one cell in some programs.
            if let Some((who, number)) = cell.strip_suffix('>').and_then(|cell| cell.split_once('<')) {
                let who = who.trim().trim_matches('"').trim();
                self.entry.fields.outbound_cid_name = Some(who.to_owned()).filter(|who| !who.is_empty());
                self.entry.fields.outbound_cid_number = Some(number.trim().to_owned());
                return;
            }
        }
        // A line break inside quotes is one line in a list.
        let line =
            cell.split(['\r', '\n']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        if line.chars().any(char::is_control) {
            return self.wrong(nth, format!("{name} holds a control character"), "");
        }
        let words =
            |text: &str| text.split([',', ' ', '&', ';']).filter(|w| !w.is_empty()).map(str::to_owned).collect();
        match slot(&mut self.entry.fields, name) {
            Some(Slot::Text(slot)) => *slot = Some(line),
            Some(Slot::Codecs(slot)) => *slot = Some(words(&line)),
            Some(Slot::Flag(slot)) => {
                *slot = Some(matches!(line.to_ascii_lowercase().as_str(), "1" | "yes" | "true" | "on"))
            }
            None => {}
        }
    }

    fn end(mut self) -> (Option<Entry>, Option<Secret>) {
        let name = self.names.join(" ").trim().to_owned();
        if !name.is_empty() && self.entry.fields.cid_name.is_none() {
            self.field("cid_name", &name, 1);
        }
        (self.entry.number.is_some().then_some(self.entry), self.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Imported {
        import(text, &[]).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    #[test]
    fn what_programs_export_is_known_by_its_header() {
        let freepbx = "extension,password,name,voicemail,outboundcid,cid_masquerade,tech,secret,context,namedcallgroup\n\
                       1001,,Front Desk,novm,\"\"\"Example\"\" <5551000>\",,pjsip,s3cret,from-internal,office\n";
        let fusion = "extension_uuid,extension,password,accountcode,effective_caller_id_name,toll_allow,user_context,enabled\n\
                      x,1001,s3cret,1001,Front Desk,local,example.net,false\n";
        let wazo =
            "firstname,lastname,exten,context,sip_username,sip_secret,enabled\nFront,Desk,1001,default,abc,s3cret,1\n";
        let cx =
            "Number,FirstName,LastName,EmailAddress,MobileNumber,AuthID,AuthPassword\n1001,Front,Desk,a@b,,x,s3cret\n";
        let yeastar = "First Name,Last Name,Extension Number,Caller ID Number,Registration Name,Registration Password,Concurrent Registrations\n\
                       Front,Desk,1001,1001,x,s3cret,1\n";
        let plain = "number,name,password\n1001,Front Desk,s3cret\n";
        let named = [
            ("FreePBX", freepbx),
            ("FusionPBX", fusion),
            ("Wazo", wazo),
            ("3CX", cx),
            ("Yeastar", yeastar),
            ("plain", plain),
        ];
        for (vendor, text) in named {
            let imported = one(text);
            assert_eq!(imported.vendor, vendor);
            let entry = &imported.file.extensions[0];
            assert_eq!(entry.fields.cid_name.as_deref(), Some("Front Desk"), "{vendor}");
            assert_eq!(imported.passwords["1001"].reveal(), b"s3cret", "{vendor}");
            assert!(entry.password.is_none(), "{vendor}");
        }
        let entry = one(freepbx).file.extensions.remove(0);
        assert_eq!(entry.fields.outbound_cid_name.as_deref(), Some("Example"));
        assert_eq!(one(fusion).file.extensions[0].fields.enabled, Some(false));
    }

    #[test]
    fn a_map_names_columns_by_hand() {
        let map = [("number".to_owned(), "Ext".to_owned()), ("cid_name".to_owned(), "Who".to_owned())];
        let imported = import("Ext;Who\r\n1001;\"Front\r\nDesk\"\r\n", &map).unwrap_or_else(|p| panic!("{p:?}"));
        assert_eq!(imported.file.extensions[0].fields.cid_name.as_deref(), Some("Front Desk"));
        assert_eq!(imported.file.extensions[0].password.as_deref(), Some("generate"));
        let unknown = import("Ext;Who\n1;x\n", &[("number".into(), "Nr".into())]).err().map(|p| p[0].message.clone());
        assert!(unknown.is_some_and(|message| message.contains("no column `Nr`")));
    }

    #[test]
    fn every_bad_row_is_told_with_row_and_column() {
        let text = "number,name\n1001,a\n1E+03,b\n1001,c\n03-Mar,d\n1 2,e\nx\n\"10\n04\",f\n1007.0,g\n";
        let problems = import(text, &[]).err().expect("mistakes");
        let at: Vec<(u32, u32)> = problems.iter().map(|problem| (problem.line, problem.column)).collect();
        assert_eq!(at, [(3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (10, 1)], "{problems:?}");
        assert!(problems[0].message.contains("spreadsheet") && problems[2].message.contains("date"));
    }

    #[test]
    fn lost_zeros_are_said() {
        let imported = one("number,name\n0100,a\n0101,b\n0102,c\n103,d\n");
        assert!(imported.warnings[0].message.contains("(0103)"), "{:?}", imported.warnings);
        assert_eq!(imported.warnings[0].line, 5);
        assert!(one("number,name\n100,a\n101,b\n1002,c\n").warnings.is_empty());
    }
}
