//! What other programs export, as a list. Nobody's passwords are in the list: they come back beside
//! it. Every row that cannot be taken is told with its row and column, and what a spreadsheet did to
//! the file.

use std::collections::BTreeMap;

use super::Problem;
use super::node::At;
use super::table::{filled, line_of};
use super::write::{Entry, File};
use crate::extension::by_name::{Slot, slot};
use crate::secret::Secret;
use crate::selection::Selection;

mod text;
mod vendor;

pub use text::{DECIMAL, POWER, damage, decode};
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
    let (mut left_out, mut renamed) = (Vec::new(), Vec::new());
    while problems.len() < MOST {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => {
                problems.push(Problem::new(At { line: 0, column: 1 }, "the table cannot be read"));
                break;
            }
        }
        let line = line_of(text.as_bytes(), record.position());
        let filled = filled(&record);
        if filled == 0 || (line == 1 && text.starts_with(text::SAYS_DELIMITER)) {
            continue;
        }
        let Some((vendor, meant)) = &plan else {
            record.truncate(filled);
            let found = columns(&record, map).map_err(|problem| vec![Problem { line, ..problem }])?;
            width = filled;
            warnings.extend(found.2.into_iter().map(|problem| Problem { line, ..problem }));
            plan = Some((found.0, found.1));
            continue;
        };
        if record.len() < width || filled > width {
            let cells = record.len().min(filled.max(width));
            let message = format!("this row has {cells} cells, the header {width}");
            problems.push(Problem::new(At { line, column: cells.min(width) as u32 }, message));
            continue;
        }
        let mut row = RowReader {
            line,
            entry: Entry::default(),
            names: Default::default(),
            secret: None,
            login: None,
            kind: None,
            context: None,
            own_box: false,
            may_be_nobody: vendor.name != vendor::PLAIN,
            problems: &mut problems,
        };
        let before = row.problems.len();
        for (nth, (cell, column)) in record.iter().zip(meant).enumerate() {
            if let Some(column) = column {
                row.take(*column, cell, nth as u32 + 1);
            }
        }
        // Users without a line, and devices that are no SIP phones, are in the files of other programs.
        let (nobody, login, kind) = (row.entry.number.is_none(), row.login.take(), row.kind.take());
        let (mut entry, secret) = row.end();
        if problems.len() > before {
            continue;
        }
        let number = entry.number.clone().unwrap_or_default();
        if nobody || kind.is_some() {
            left_out.push((line, kind.map_or("no extension".to_owned(), |kind| format!("{number}, {kind}"))));
            continue;
        }
        if login.is_some_and(|login| login != number) {
            renamed.push(number.clone());
        }
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
    warnings.extend(left_out.into_iter().map(|(line, why)| {
        Problem::new(At { line, column: 1 }, format!("this row is no SIP phone and left out ({why})"))
    }));
    if !renamed.is_empty() {
        let who = crate::selection::collapse(&renamed);
        let message =
            format!("{who} log in under another name there; here the number is the login, and their phones must know");
        warnings.push(Problem::new(At { line: 1, column: 1 }, message));
    }
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
    login: Option<String>,
    /// What it is, where that is no SIP phone.
    kind: Option<String>,
    /// The context of its voicemail box.
    context: Option<String>,
    /// Whether that says that it has one.
    own_box: bool,
    /// Whether a row may be nobody's.
    may_be_nobody: bool,
    problems: &'p mut Vec<Problem>,
}

impl RowReader<'_> {
    fn wrong(&mut self, column: u32, message: String, hint: &str) {
        let problem = Problem::new(At { line: self.line, column }, message);
        self.problems.push(if hint.is_empty() { problem } else { problem.hint(hint) });
    }

    fn take(&mut self, column: Column, cell: &str, nth: u32) {
        let whole = text::bare(cell);
        let cell = text::bare(cell.trim()).trim();
        match column {
            Column::Number if cell.is_empty() && self.may_be_nobody => {}
            Column::Number => self.number(cell, nth),
            Column::Secret => {
                if damage(cell) == Some(POWER) {
                    let message = "this password was a number once: a spreadsheet made a power of ten of it";
                    self.wrong(nth, message.to_owned(), "format the column as text and export again");
                } else if !cell.is_empty() && !cell.eq_ignore_ascii_case("REGEN") {
                    // A blank at its end may be part of it.
                    self.secret = Some(Secret::new(whole));
                }
            }
            Column::FirstName => self.names[0] = cell.to_owned(),
            Column::LastName => self.names[1] = cell.to_owned(),
            Column::Domain => self.entry.domain = Some(cell.to_owned()).filter(|cell| !cell.is_empty()),
            Column::Enabled => {
                let no = ["0", "no", "false", "off", "disabled"].contains(&cell.to_ascii_lowercase().as_str());
                self.entry.fields.enabled = no.then_some(false);
            }
            Column::Disabled => self.entry.fields.enabled = text::is_yes(cell).then_some(false),
            Column::Login => self.login = Some(cell.to_owned()).filter(|cell| !cell.is_empty()),
            Column::Technology => match cell.to_ascii_lowercase().as_str() {
                "" | "sip" | "pjsip" => {}
                "webrtc" => self.entry.fields.webrtc = Some(true),
                _ => self.kind = Some(cell.to_owned()),
            },
            Column::Voicemail | Column::BoxContext => {
                let none = ["", "novm", "disabled"].contains(&cell.to_ascii_lowercase().as_str());
                self.context = (!none).then(|| cell.to_owned());
                if column == Column::Voicemail {
                    self.own_box = true;
                }
            }
            Column::Field(name) => self.field(name, cell, nth),
        }
    }

    fn number(&mut self, cell: &str, nth: u32) {
        if let Some(damage) = damage(cell) {
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
        if let Some(damage) = damage(cell).filter(|_| numeric) {
            let hint = "format the column as text and export again";
            return self.wrong(nth, format!("{name} {cell:?}: a spreadsheet made {damage} of it"), hint);
        }
        // Who may come from anywhere is not said to.
        if name == "permit" && matches!(cell, "0.0.0.0/0.0.0.0" | "0.0.0.0/0") {
            return;
        }
        if name == "outbound_cid_number" {
            // Words of Wazo: the number of the PBX, and none at all.
            if matches!(cell, "default" | "anonymous") {
                return;
            }
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
            Some(Slot::Flag(slot)) => *slot = Some(text::is_yes(&line)),
            None => {}
        }
    }

    fn end(mut self) -> (Entry, Option<Secret>) {
        let name = self.names.join(" ").trim().to_owned();
        if !name.is_empty() && self.entry.fields.cid_name.is_none() {
            self.field("cid_name", &name, 1);
        }
        let fields = &mut self.entry.fields;
        // FreePBX writes NUMBER@device and finds the box by the context of another column.
        let named = fields.mailbox.take().map(|mailbox| match mailbox.strip_suffix("@device") {
            Some(_) => None,
            None => Some(mailbox),
        });
        fields.mailbox = match (named.flatten(), self.context) {
            (Some(mailbox), Some(context)) if !mailbox.contains('@') => Some(format!("{mailbox}@{context}")),
            (None, Some(context)) if self.own_box => {
                self.entry.number.as_ref().map(|number| format!("{number}@{context}"))
            }
            (named, _) => named,
        };
        (self.entry, self.secret)
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
    fn a_header_as_each_program_writes_it_is_understood() {
        let freepbx = "extension,password,name,voicemail,ringtimer,noanswer,outboundcid,sipname,mohclass,cid_masquerade,\
                       devicedata,dial,emergency_cid,tech,accountcode,allow,context,defaultuser,disallow,mailbox,\
                       max_contacts,namedcallgroup,namedpickupgroup,secret,secret_origional,transport,webrtc,\
                       languages_language,voicemail_enable,voicemail_vmpwd,description,permit\n\
                       1001,9876,Front Desk,default,20,,\"\"\"Example\"\" <5551000>\",,default,1001,1001,PJSIP/1001,,pjsip,\
                       42,ulaw&alaw,from-internal,,,1001@device,3,office,office,s3cret,s3cret,0.0.0.0-udp,no,de,yes,1,desk,\
                       0.0.0.0/0.0.0.0\n\
                       1002,,Ghost,novm,20,,,,,1002,1002,,,virtual,,,,,,,,,,,,,,,,,,\n\
                       1003,,Hall,novm,20,,,,,,1003,PJSIP/1003,,pjsip,,,from-internal,hall,,1003@device,1,,,REGEN,,,no,,,,,\n";
        let imported = one(freepbx);
        assert_eq!(imported.file.extensions.len(), 2, "a virtual extension has no phone");
        let (desk, hall) = (&imported.file.extensions[0].fields, &imported.file.extensions[1].fields);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!((desk.mailbox.clone(), hall.mailbox.clone()), (text("1001@default"), None));
        assert_eq!((desk.transport.clone(), desk.permit.clone(), desk.language.clone()), (None, None, text("de")));
        assert_eq!((desk.outbound_cid_name.clone(), desk.accountcode.clone()), (text("Example"), text("42")));
        assert_eq!(desk.codecs, Some(vec!["ulaw".to_owned(), "alaw".to_owned()]));
        assert_eq!((desk.call_group.clone(), desk.pickup_group.clone()), (text("office"), text("office")));
        assert_eq!((imported.passwords.len(), imported.passwords["1001"].reveal()), (1, &b"s3cret"[..]));
        let said = |text: &str| imported.warnings.iter().any(|warning| warning.message.contains(text));
        assert!(said("(1002, virtual)") && said("1003 log in under another name"), "{:?}", imported.warnings);

        let fusion = "extension_uuid,extension,number_alias,password,accountcode,outbound_caller_id_number,\
                      directory_first_name,directory_last_name,user_context,call_group,auth_acl,cidr,enabled,\
                      absolute_codec_string\n\
                      7d1,1001,,s3cret,acme,5551000,Front,Desk,pbx.example.org,office,,,true,\"PCMU,PCMA\"\n";
        let fusion = one(fusion);
        let fields = &fusion.file.extensions[0].fields;
        assert_eq!((fusion.vendor, fields.cid_name.as_deref()), ("FusionPBX", Some("Front Desk")));
        assert_eq!((fields.context.as_deref(), fields.enabled), (Some("pbx.example.org"), None));

        let wazo = "uuid,firstname,lastname,email,language,outgoing_caller_id,username,password,enabled,exten,context,\
                    line_protocol,sip_username,sip_secret,voicemail_name,voicemail_number,voicemail_context\n\
                    a-1,Front,Desk,,de_DE,default,front,portal,1,1001,internal,sip,abcdef,s3cret,Front,1001,boxes\n\
                    a-2,No,Line,,,,no,portal,1,,,,,,,,\n\
                    a-3,Web,Phone,,,\"\"\"Acme\"\" <5551000>\",web,portal,0,1002,internal,webrtc,1002,s3cret,,,\n\
                    a-4,Old,Phone,,,,old,portal,1,1003,internal,sccp,,,,,\n";
        let wazo = one(wazo);
        let numbers: Vec<_> = wazo.file.extensions.iter().filter_map(|entry| entry.number.as_deref()).collect();
        assert_eq!(numbers, ["1001", "1002"]);
        let (desk, web) = (&wazo.file.extensions[0].fields, &wazo.file.extensions[1].fields);
        assert_eq!((desk.mailbox.as_deref(), &desk.outbound_cid_number), (Some("1001@boxes"), &None));
        assert_eq!(
            (web.webrtc, web.enabled, web.outbound_cid_number.as_deref()),
            (Some(true), Some(false), Some("5551000"))
        );
        assert_eq!(wazo.passwords["1001"].reveal(), b"s3cret");

        let cx = "Number,FirstName,LastName,EmailAddress,MobileNumber,AuthID,AuthPassword,EnableVoicemail,PIN,\
                  OutboundCallerID,SIPID,Disabled,DisableExternalCalls,MAC_0,DID\n\
                  1001,Front,Desk,a@b.example,,K3j2,s3cret,1,123,+4930123,,0,0,,\n\
                  1002,Old,Desk,,,1002,s3cret,1,123,,,1,0,,\n";
        let cx = one(cx);
        let enabled: Vec<_> = cx.file.extensions.iter().map(|entry| entry.fields.enabled).collect();
        assert_eq!(enabled, [None, Some(false)]);
        assert!(cx.warnings.iter().any(|warning| warning.message.starts_with("1001 log in under another name")));

        let yeastar = "\u{feff}First Name,Last Name,Email Address,User Password,Extension Number,Caller ID,Registration Name,\
                       Registration Password,IP Phone Concurrent Registrations,Enable Voicemail\n\
                       Front,Desk,,portal,1001,5551001,x7,s3cret,2,1\n";
        let older = "type,username,registerpassword,fullname,callerid,registername,maxregistrations,loginpassword\n\
                     SIP,1001,s3cret,Front Desk,5551001,1001,2,portal\nFXS,1002,,Fax,1002,,1,\n";
        for text in [yeastar, older] {
            let imported = one(text);
            let fields = &imported.file.extensions[0].fields;
            assert_eq!((imported.vendor, imported.file.extensions.len()), ("Yeastar", 1));
            assert_eq!(
                (fields.cid_name.as_deref(), fields.cid_number.as_deref()),
                (Some("Front Desk"), Some("5551001"))
            );
            assert_eq!(
                (fields.max_contacts.as_deref(), imported.passwords["1001"].reveal()),
                (Some("2"), &b"s3cret"[..])
            );
        }
    }

    #[test]
    fn what_spreadsheets_add_around_cells_is_no_part_of_them() {
        let text =
            "sep=;\r\nnumber;name;password;;\r\n=\"0100\";Front\u{a0};\" s3cret \";;\r\n0101;Hall;x;;\r\n;;;;\r\n";
        let imported = one(text);
        assert_eq!(imported.file.extensions[0].number.as_deref(), Some("0100"));
        assert_eq!(imported.file.extensions[0].fields.cid_name.as_deref(), Some("Front"));
        assert_eq!(imported.passwords["0100"].reveal(), b" s3cret ", "a blank of a password is the password's");
        assert_eq!(one("number,name\n0100,a,,\n").file.extensions.len(), 1);
        let problems = import("number,password\n1001,1.23457E+13\n", &[]).err().expect("a mistake");
        assert!(problems[0].message.contains("power of ten") && !problems[0].message.contains("1.2"), "{problems:?}");
        assert_eq!((problems[0].line, problems[0].column), (2, 2));
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
        let problems = import(&text.replace('\n', "\r\n"), &[]).err().expect("mistakes");
        assert!(at.iter().copied().eq(problems.iter().map(|problem| (problem.line, problem.column))), "{problems:?}");
    }

    #[test]
    fn lost_zeros_are_said() {
        let imported = one("number,name\n0100,a\n0101,b\n0102,c\n103,d\n");
        assert!(imported.warnings[0].message.contains("(0103)"), "{:?}", imported.warnings);
        assert_eq!(imported.warnings[0].line, 5);
        assert!(one("number,name\n100,a\n101,b\n1002,c\n").warnings.is_empty());
    }
}
