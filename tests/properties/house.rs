//! Configuration trees in house styles nobody planned: every choice is a byte, so that a failing
//! house shrinks to a plain one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

/// A configuration tree that Asterisk would take, with who owns which line of it.
#[derive(Clone)]
pub struct House {
    /// Lines of each file with their owners, without line ends.
    files: BTreeMap<String, Vec<Line>>,
    style: Style,
    /// Its phones.
    pub phones: Vec<Phone>,
    /// Numbers nobody has.
    pub free: Vec<String>,
}

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tree().iter().try_for_each(|(name, bytes)| writeln!(f, "\n== {name}\n{}", String::from_utf8_lossy(bytes)))
    }
}

/// A line and the number it belongs to.
#[derive(Clone, Debug)]
struct Line {
    owner: Option<String>,
    text: String,
}

/// A phone of a house.
#[derive(Clone, Debug)]
pub struct Phone {
    pub number: String,
    pub password: String,
    /// Whether its auth serves others too.
    pub shared: bool,
    /// Whether it is disabled by sipctl.
    pub disabled: bool,
}

/// How a house is kept.
#[derive(Clone, Copy, Debug)]
struct Style {
    order: [Part; 3],
    names: u8,
    templates: u8,
    place: Place,
    crlf: bool,
    last_newline: bool,
    mark: bool,
    indent: &'static str,
    equals: u8,
    own_comment: u8,
    blanks: bool,
    codecs: u8,
    head: u8,
    trunk: bool,
    tail_comment: u8,
    separators: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Endpoint,
    Auth,
    Aor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Together,
    FileEach,
    AuthsApart,
    AuthsInTheirFile,
    Wizard,
}

const NUMBERS: [&str; 12] =
    ["1001", "1002", "1003", "1004", "1005", "1010", "100", "2001", "10010", "bob", "bob-2", "reception.1"];

/// A house with some phones.
pub fn house() -> impl Strategy<Value = House> {
    kept(&NUMBERS, prop::collection::vec(any::<u8>(), 6))
}

/// A house whose phones have digits and nothing of their own: whoever is the neighbour, a new one
/// gets the same.
pub fn house_of_equals() -> impl Strategy<Value = House> {
    kept(&NUMBERS[..9], Just(vec![0; 6]))
}

fn kept(numbers: &[&'static str], traits: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = House> {
    let numbers = proptest::sample::subsequence(numbers.to_vec(), 0..6);
    (prop::array::uniform16(0..60u8), numbers, traits)
        .prop_map(|(choices, numbers, traits)| House::build(Style::new(choices), &numbers, &traits))
}

impl Style {
    fn new(c: [u8; 16]) -> Self {
        use Part::{Aor, Auth, Endpoint};
        let orders = [
            [Endpoint, Auth, Aor],
            [Endpoint, Aor, Auth],
            [Auth, Endpoint, Aor],
            [Auth, Aor, Endpoint],
            [Aor, Endpoint, Auth],
            [Aor, Auth, Endpoint],
        ];
        let places = [Place::Together, Place::FileEach, Place::AuthsApart, Place::AuthsInTheirFile, Place::Wizard];
        Self {
            order: orders[usize::from(c[0] % 6)],
            names: c[1] % 3,
            templates: c[2] % 3,
            place: places[usize::from(c[3] % 5)],
            crlf: c[4] % 3 == 1,
            last_newline: c[5] % 3 != 1,
            mark: c[6] % 4 == 1,
            indent: ["", "", "  ", "\t"][usize::from(c[7] % 4)],
            equals: c[8] % 5,
            own_comment: c[9] % 4,
            blanks: c[10] % 3 != 1,
            codecs: c[11] % 4,
            head: c[12] % 6,
            trunk: c[13] % 2 == 1,
            tail_comment: c[14] % 5,
            separators: c[15] % 3 == 1,
        }
    }

    fn key(self, name: &str, value: &str) -> String {
        let Self { indent, equals, .. } = self;
        match equals {
            0 => format!("{indent}{name}={value}"),
            1 => format!("{indent}{name} = {value}"),
            2 => format!("{indent}{name}=>{value}"),
            3 => format!("{indent}{name} => {value}"),
            _ => format!("{indent}{name:<20} = {value}"),
        }
    }

    fn auth(self, number: &str) -> String {
        match self.names {
            0 => number.to_owned(),
            1 => format!("{number}-auth"),
            _ => format!("auth{number}"),
        }
    }
}

impl House {
    fn build(style: Style, numbers: &[&str], traits: &[u8]) -> Self {
        let shares = |traits: &&u8| **traits % 7 == 1 && style.place != Place::Wizard;
        let sharing = traits[..numbers.len()].iter().filter(shares).count() > 1;
        let phones: Vec<Phone> = numbers
            .iter()
            .zip(traits)
            .map(|(number, traits)| Phone {
                number: (*number).to_owned(),
                password: format!("Geheim-{number}-{traits}"),
                shared: sharing && shares(&traits),
                disabled: traits % 5 == 1,
            })
            .collect();
        let free = NUMBERS.iter().filter(|n| !numbers.contains(n)).map(|n| (*n).to_owned()).collect();
        let mut house = Self { files: BTreeMap::new(), style, phones: phones.clone(), free };
        house.head();
        for (phone, traits) in phones.iter().zip(traits) {
            house.phone(phone, *traits);
        }
        house.tail(&phones, traits);
        house
    }

    fn main(&self) -> &'static str {
        if self.style.place == Place::Wizard { "pjsip_wizard.conf" } else { "pjsip.conf" }
    }

    fn put(&mut self, file: &str, owner: Option<&str>, text: impl Into<String>) {
        let line = Line { owner: owner.map(str::to_owned), text: text.into() };
        self.files.entry(file.to_owned()).or_default().push(line);
    }

    fn put_all(&mut self, file: &str, owner: Option<&str>, lines: &[&str]) {
        for line in lines {
            self.put(file, owner, *line);
        }
    }

    fn head(&mut self) {
        let style = self.style;
        let main = self.main();
        self.files.insert(main.to_owned(), Vec::new());
        match style.head {
            1 => self.put_all(main, None, &["; our phones", ""]),
            2 => self.put_all(main, None, &[";-- old", "[1999]", "type=endpoint", "--;", ""]),
            3 => self.put_all(main, None, &["", ""]),
            4 => self.put_all(main, None, &["[global]", "type=global", "user_agent=Haus ; password=none", ""]),
            5 => self.put_all(main, None, &[";------ phones ------;", ";-- x --;"]),
            _ => {}
        }
        if main != "pjsip.conf" {
            self.put_all("pjsip.conf", None, &["; see the wizard"]);
            let lines = [
                "[user](!)",
                "type=wizard",
                "accepts_auth=yes",
                "accepts_registrations=yes",
                "endpoint/allow=ulaw",
                "",
            ];
            self.put_all(main, None, &lines);
        } else if style.templates > 0 {
            let lines = ["[phone](!)", "type=endpoint", "context=internal", "disallow=all", "allow=ulaw,alaw", ""];
            self.put_all(main, None, &lines);
        }
        if main == "pjsip.conf" && style.templates > 1 {
            let lines =
                ["[secret](!)", "type=auth", "auth_type=userpass", "", "[line](!)", "type=aor", "max_contacts=2", ""];
            self.put_all(main, None, &lines);
        }
        if style.place == Place::FileEach {
            self.put(main, None, "#tryinclude phones/*.conf");
        }
        if style.place == Place::AuthsInTheirFile {
            self.put(main, None, "#tryinclude auths.conf");
        }
    }

    fn phone(&mut self, phone: &Phone, traits: u8) {
        let number = phone.number.as_str();
        let owner = Some(number);
        let file = match self.style.place {
            Place::FileEach => format!("phones/{number}.conf"),
            _ => self.main().to_owned(),
        };
        if self.style.separators && self.files.get(&file).is_some_and(|lines| !lines.is_empty()) {
            self.put(&file, None, "");
            self.put(&file, None, "; ----");
        }
        self.blank(&file);
        match self.style.own_comment {
            1 => self.put(&file, owner, format!("; {number}")),
            2 => self.put(&file, owner, format!("; ---------- {number} ----------")),
            3 => self.put(&file, owner, format!(";---- {number} desk")),
            _ => {}
        }
        if self.style.place == Place::Wizard {
            return self.wizard(&file, phone, traits);
        }
        let mut first = true;
        for part in self.style.order {
            let apart = match (part, self.style.place) {
                (Part::Auth, Place::AuthsApart) => continue,
                (Part::Auth, Place::AuthsInTheirFile) => Some("auths.conf"),
                _ => None,
            };
            if part == Part::Auth && phone.shared {
                continue;
            }
            if !first || apart.is_some() {
                self.blank(apart.unwrap_or(&file));
            }
            first &= apart.is_some();
            self.section(apart.unwrap_or(&file), part, phone, traits);
        }
    }

    fn blank(&mut self, file: &str) {
        if self.style.blanks && self.files.get(file).is_some_and(|lines| !lines.is_empty()) {
            self.put(file, None, "");
        }
    }

    fn wizard(&mut self, file: &str, phone: &Phone, traits: u8) {
        let number = phone.number.as_str();
        self.put(file, Some(number), format!("[{number}](user)"));
        let mut lines = vec![
            ("endpoint/context", "internal".to_owned()),
            ("inbound_auth/username", number.to_owned()),
            ("inbound_auth/password", phone.password.clone()),
            ("aor/max_contacts", "1".to_owned()),
        ];
        if traits % 3 == 1 {
            lines.insert(1, ("endpoint/callerid", format!("\"Phone {traits}\" <{number}>")));
        }
        if phone.disabled {
            lines.extend(disabled().map(|(name, value)| {
                (["endpoint/deny", "endpoint/@sipctl_disabled"][usize::from(name != "deny")], value)
            }));
        }
        for (name, value) in lines {
            self.put(file, Some(number), self.style.key(name, &value));
        }
    }

    fn section(&mut self, file: &str, part: Part, phone: &Phone, traits: u8) {
        let style = self.style;
        let number = phone.number.as_str();
        let auth = if phone.shared { "team".to_owned() } else { style.auth(number) };
        let (name, template) = match part {
            Part::Endpoint => (number.to_owned(), (style.templates > 0).then_some("phone")),
            Part::Auth => (auth.clone(), (style.templates > 1).then_some("secret")),
            Part::Aor => (number.to_owned(), (style.templates > 1).then_some("line")),
        };
        let header = match template {
            Some(template) => format!("[{name}]({template})"),
            None => format!("[{name}]"),
        };
        let comment = if traits % 11 == 1 { " ; a desk" } else { "" };
        self.put(file, Some(number), format!("{header}{comment}"));
        let mut lines: Vec<(&str, String)> = Vec::new();
        if template.is_none() {
            let kind = match part {
                Part::Endpoint => "endpoint",
                Part::Auth => "auth",
                Part::Aor => "aor",
            };
            lines.push(("type", kind.to_owned()));
        }
        match part {
            Part::Endpoint => {
                if template.is_none() || traits % 4 == 1 {
                    lines.push(("context", if traits % 9 == 1 { "guests" } else { "internal" }.to_owned()));
                    lines.extend(codecs(style.codecs));
                }
                lines.push(("auth", auth));
                lines.push(("aors", number.to_owned()));
                match traits % 5 {
                    0 => {}
                    1 => lines.push(("callerid", format!("\"Phone {traits}\" <{number}>"))),
                    2 => lines.push(("callerid", format!("<{number}>"))),
                    3 => lines.push(("callerid", number.to_owned())),
                    _ => lines.push(("accountcode", number.to_owned())),
                }
                if traits % 6 == 1 {
                    lines.push(("set_var", format!("DESK={traits}")));
                }
                if traits % 6 == 2 {
                    lines.push(("mailboxes", format!("{number}@default")));
                }
                if phone.disabled {
                    lines.extend(disabled());
                }
            }
            Part::Auth => {
                if template.is_none() {
                    lines.push(("auth_type", "userpass".to_owned()));
                }
                lines.push(("username", number.to_owned()));
                let was = if traits % 8 == 1 { format!(" ; was {}-old", phone.password) } else { String::new() };
                lines.push(("password", format!("{}{was}", phone.password)));
            }
            Part::Aor => {
                lines.push(("max_contacts", "1".to_owned()));
                lines.push(("remove_existing", "yes".to_owned()));
            }
        }
        for (at, (name, value)) in lines.into_iter().enumerate() {
            if at == 2 && traits % 10 == 3 {
                self.put(file, Some(number), "; in the middle");
            }
            self.put(file, Some(number), style.key(name, &value));
        }
        if part == Part::Endpoint && style.tail_comment == 4 {
            self.put(file, None, "; hangs on it");
        }
    }

    fn tail(&mut self, phones: &[Phone], traits: &[u8]) {
        let main = self.main();
        if self.style.place == Place::AuthsApart {
            self.put_all(main, None, &["", "; the auths"]);
            for (phone, traits) in phones.iter().zip(traits).filter(|(phone, _)| !phone.shared) {
                self.blank(main);
                self.section(main, Part::Auth, phone, *traits);
            }
        }
        if self.style.place == Place::AuthsInTheirFile {
            self.files.entry("auths.conf".to_owned()).or_default();
        }
        if phones.iter().any(|phone| phone.shared) {
            self.put_all(main, None, &["", "[team]", "type=auth", "username=team", "password=Geheim-team"]);
        }
        if main == "pjsip.conf" && self.style.trunk {
            let trunk = [
                "",
                "[carrier]",
                "type=endpoint",
                "outbound_auth=carrier",
                "aors=carrier",
                "allow=ulaw",
                "[carrier]",
                "type=auth",
                "username=us",
                "password=Geheim-carrier",
                "[carrier]",
                "type=aor",
                "contact=sip:192.0.2.1",
            ];
            self.put_all(main, None, &trunk);
        }
        if main == "pjsip.conf" {
            for (phone, _) in phones.iter().zip(traits).filter(|(_, traits)| **traits % 12 == 7) {
                let number = phone.number.as_str();
                self.blank(main);
                self.put(main, Some(number), format!("[{number}](+type=endpoint)"));
                self.put(main, Some(number), self.style.key("language", "ko"));
            }
        }
        match self.style.tail_comment {
            1 => self.put(main, None, "; end"),
            2 => self.put_all(main, None, &["", "; end", ""]),
            3 => self.put_all(main, None, &["", ";-- old", "--;"]),
            _ => {}
        }
    }

    fn bytes(&self, lines: &[Line]) -> Vec<u8> {
        let end = if self.style.crlf { "\r\n" } else { "\n" };
        let mut text: String = lines.iter().map(|line| format!("{}{end}", line.text)).collect();
        if !self.style.last_newline && !text.trim_end().is_empty() {
            text.truncate(text.len() - end.len());
        }
        text.into_bytes()
    }

    /// The bytes of every file.
    pub fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let tree = self.files.iter().map(|(name, lines)| {
            let mark: &[u8] = if self.style.mark && name == "pjsip.conf" { b"\xef\xbb\xbf" } else { b"" };
            (name.clone(), [mark, &self.bytes(lines)].concat())
        });
        tree.collect()
    }

    /// The lines of every file that are nobody's of these, blank ones left out.
    pub fn lines_of_others(&self, numbers: &BTreeSet<&str>) -> BTreeMap<&str, Vec<&str>> {
        let others = |line: &&Line| {
            !line.text.is_empty() && !line.owner.as_ref().is_some_and(|owner| numbers.contains(owner.as_str()))
        };
        let files = self.files.iter();
        files
            .map(|(name, lines)| (name.as_str(), lines.iter().filter(others).map(|l| l.text.as_str()).collect()))
            .collect()
    }

    /// Every secret in it.
    pub fn secrets(&self) -> Vec<String> {
        let own = self.phones.iter().map(|phone| phone.password.clone());
        own.chain(["Geheim-team".to_owned(), "Geheim-carrier".to_owned()]).collect()
    }
}

fn codecs(choice: u8) -> Vec<(&'static str, String)> {
    let own = |name, value: &str| (name, value.to_owned());
    match choice {
        0 => vec![own("disallow", "all"), own("allow", "ulaw,alaw")],
        1 => vec![own("allow", "!all,ulaw,alaw")],
        2 => vec![own("disallow", "all"), own("allow", "ulaw"), own("allow", "alaw")],
        _ => vec![own("allow", "ulaw")],
    }
}

fn disabled() -> [(&'static str, String); 3] {
    [("deny", "0.0.0.0/0.0.0.0"), ("deny", "::/0"), ("@sipctl_disabled", "yes")].map(|(n, v)| (n, v.to_owned()))
}
