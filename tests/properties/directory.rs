//! User directories in house styles nobody planned, as [`crate::house`] makes configurations of
//! the other engine: every choice is a byte, so that a failing one shrinks to a plain one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

/// A configuration folder FreeSWITCH would take, with who owns which line of it.
#[derive(Clone)]
pub struct Directory {
    files: BTreeMap<String, Vec<Line>>,
    style: Style,
    /// Its phones.
    pub phones: Vec<Phone>,
    /// Numbers nobody has.
    pub free: Vec<String>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tree().iter().try_for_each(|(name, bytes)| writeln!(f, "\n== {name}\n{}", bytes.escape_ascii()))
    }
}

/// A line and the number it belongs to.
#[derive(Clone)]
struct Line {
    owner: Option<String>,
    text: String,
}

/// A phone of a directory.
#[derive(Clone, Debug)]
pub struct Phone {
    pub number: String,
    /// Its own password; none where it is everybody's.
    pub password: Option<String>,
    traits: u8,
}

/// How a directory is kept.
#[derive(Clone, Copy)]
struct Style {
    place: Place,
    wrapper: u8,
    quote: char,
    value_first: bool,
    indent: &'static str,
    end: &'static str,
    mark: bool,
    last_newline: bool,
    own_comment: u8,
    blanks: bool,
    groups: u8,
    domain: u8,
    inside: u8,
    gateway: bool,
    joined: u8,
    bytes: u8,
    closing: u8,
    equals: &'static str,
    head: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    FileEach,
    OddlyNamed,
    OneFile,
    Inline,
    Pairs,
}

const NUMBERS: [&str; 12] =
    ["1001", "1002", "1003", "1004", "1005", "1010", "100", "2001", "10010", "bob", "bob-2", "reception.1"];

/// A directory with some phones.
pub fn directory() -> impl Strategy<Value = Directory> {
    let numbers = proptest::sample::subsequence(NUMBERS.to_vec(), 0..6);
    (prop::array::uniform20(0..60u8), numbers, prop::collection::vec(any::<u8>(), 6))
        .prop_map(|(choices, numbers, traits)| Directory::build(Style::new(choices), &numbers, &traits))
}

impl Style {
    fn new(c: [u8; 20]) -> Self {
        let places = [Place::FileEach, Place::OddlyNamed, Place::OneFile, Place::Inline, Place::Pairs];
        Self {
            place: places[usize::from(c[0] % 5)],
            wrapper: c[1] % 4,
            quote: if c[2] % 3 == 1 { '\'' } else { '"' },
            value_first: c[3] % 4 == 1,
            indent: ["  ", "\t", "", "    "][usize::from(c[4] % 4)],
            end: ["\n", "\r\n", "\n", "\r"][usize::from(c[5] % 4)],
            mark: c[6] % 4 == 1,
            last_newline: c[7] % 3 != 1,
            own_comment: c[8] % 4,
            blanks: c[9] % 3 == 1,
            groups: c[10] % 3,
            domain: c[11] % 4,
            inside: c[12] % 6,
            gateway: c[13] % 3 == 1,
            joined: c[14] % 5,
            bytes: c[15] % 4,
            closing: c[16] % 3,
            equals: ["=", " = ", "= "][usize::from(c[17] % 3)],
            head: c[18] % 5,
        }
    }

    fn attribute(self, name: &str, value: &str) -> String {
        let Self { equals, quote, .. } = self;
        format!("{name}{equals}{quote}{value}{quote}")
    }

    fn element(self, kind: &str, name: &str, value: &str) -> String {
        let (name, value) = (self.attribute("name", name), self.attribute("value", value));
        let both = if self.value_first { [value, name] } else { [name, value] }.join(" ");
        match self.closing {
            0 => format!("<{kind} {both}/>"),
            1 => format!("<{kind} {both} />"),
            _ => format!("<{kind} {both}></{kind}>"),
        }
    }
}

impl Directory {
    fn build(style: Style, numbers: &[&str], traits: &[u8]) -> Self {
        let phone = |(number, traits): (&&str, &u8)| Phone {
            number: (*number).to_owned(),
            password: (traits % 5 != 1).then(|| format!("Geheim-{number}-{traits}")),
            traits: *traits,
        };
        let phones: Vec<Phone> = numbers.iter().zip(traits).map(phone).collect();
        let free = NUMBERS.iter().filter(|n| !numbers.contains(n)).map(|n| (*n).to_owned()).collect();
        let mut out = Self { files: BTreeMap::new(), style, phones: phones.clone(), free };
        out.main();
        out.domain(&phones);
        for (at, phone) in phones.iter().enumerate().filter(|_| style.place != Place::Inline) {
            let file = match style.place {
                Place::OddlyNamed => format!("default/u_{}_desk.xml", phone.number),
                Place::OneFile => "default/all.xml".to_owned(),
                Place::Pairs => format!("default/{}.xml", at / 2),
                _ => format!("default/{}.xml", phone.number),
            };
            let started = out.files.contains_key(&file);
            let owner =
                (style.place == Place::FileEach || style.place == Place::OddlyNamed).then(|| phone.number.clone());
            if !started {
                out.open(&file, owner.as_deref());
            }
            out.phone(&file, phone, started);
        }
        let opened: Vec<String> = out.files.keys().filter(|name| is_users(name)).cloned().collect();
        for file in opened.iter().filter(|_| style.wrapper < 3) {
            let owner = out.files[file].first().and_then(|line| line.owner.clone());
            out.put(file, owner.as_deref(), if style.wrapper == 2 { "</include> <!-- end -->" } else { "</include>" });
        }
        if style.gateway {
            out.trunk();
        }
        out
    }

    fn put(&mut self, file: &str, owner: Option<&str>, text: impl Into<String>) {
        let line = Line { owner: owner.map(str::to_owned), text: text.into() };
        self.files.entry(file.to_owned()).or_default().push(line);
    }

    fn main(&mut self) {
        for line in [
            "<?xml version=\"1.0\"?>",
            "<document type=\"freeswitch/xml\">",
            "  <X-PRE-PROCESS cmd=\"set\" data=\"default_password=Geheim-alle\"/>",
            "  <section name=\"dialplan\">",
            "    <context name=\"default\"/>",
            "    <context name=\"guests\"/>",
            "  </section>",
            "  <section name=\"directory\">",
            "    <X-PRE-PROCESS cmd=\"include\" data=\"directory.xml\"/>",
            "  </section>",
            "</document>",
        ] {
            self.put("freeswitch.xml", None, line);
        }
        self.put("default/.fragment.inc", None, self.style.element("param", "vm-attach-file", "true"));
    }

    /// How a file starts.
    fn open(&mut self, file: &str, owner: Option<&str>) {
        let style = self.style;
        match style.wrapper {
            0 => self.put(file, owner, "<include>"),
            1 => {
                self.put(file, owner, "<?xml version='1.0' encoding='utf-8'?>");
                self.put(file, owner, "<include>");
            }
            2 => self.put(file, owner, "<include> <!-- phones -->"),
            _ => {}
        }
        match style.head {
            1 => self.put(file, owner, "<!-- see the plan of the floor -->"),
            2 => self.put(file, owner, "<X-PRE-PROCESS cmd=\"set\" data=\"floor=third\"/>"),
            3 => self.put(file, owner, "<!--#comment kept -- by hand"),
            _ => {}
        }
        if style.head == 3 {
            self.put(file, owner, "  since 1998 -->");
        }
    }

    fn domain(&mut self, phones: &[Phone]) {
        let style = self.style;
        let file = "directory.xml";
        self.put(file, None, "<include>");
        self.put(file, None, "  <domain name=\"pbx.example.org\">");
        if style.domain % 2 == 1 {
            self.put(file, None, "    <params>");
            self.put(
                file,
                None,
                "      <param name=\"dial-string\" value=\"${sofia_contact(*/${dialed_user}@${dialed_domain})}\"/>",
            );
            self.put(file, None, "    </params>");
        }
        if style.domain > 1 {
            self.put(file, None, "    <variables><variable name='record_stereo' value='true'/></variables>");
        }
        self.put(file, None, "    <groups>");
        self.put(file, None, "      <group name=\"default\">");
        self.put(file, None, "        <users>");
        match style.place {
            Place::Inline => {
                for (at, phone) in phones.iter().enumerate() {
                    self.phone(file, phone, at > 0);
                }
            }
            _ => self.put(file, None, "          <X-PRE-PROCESS cmd=\"include\" data=\"default/*.xml\"/>"),
        }
        self.put(file, None, "        </users>");
        self.put(file, None, "      </group>");
        if style.groups > 0 {
            self.put(file, None, "      <group name=\"sales\">");
            self.put(file, None, "        <users>");
            for phone in phones.iter().filter(|phone| phone.traits % 3 == 1) {
                let id = style.attribute("id", &phone.number);
                self.put(file, Some(&phone.number), format!("          <user {id} type=\"pointer\"/>"));
            }
            if style.groups > 1 {
                self.put(file, None, "          <user id=\"7777\" type=\"pointer\"/>");
            }
            self.put(file, None, "        </users>");
            self.put(file, None, "      </group>");
        }
        self.put(file, None, "    </groups>");
        self.put(file, None, "  </domain>");
        self.put(file, None, "</include>");
    }

    /// A user, in the lines of his file.
    fn phone(&mut self, file: &str, phone: &Phone, apart: bool) {
        let style = self.style;
        let (number, traits) = (phone.number.as_str(), phone.traits);
        let base = style.indent;
        if style.blanks && apart {
            self.put(file, None, "");
        }
        match style.own_comment {
            1 => self.put(file, Some(number), format!("{base}<!-- {number} -->")),
            2 => self.put(file, Some(number), format!("{base}<!-- ===== extension {number} ===== -->")),
            3 => self.put(file, None, format!("{base}<!-- nobody in particular -->")),
            _ => {}
        }
        let mut open = format!("<user {}", style.attribute("id", number));
        if traits % 6 == 1 {
            open += &format!(" {}", style.attribute("mailbox", number));
        }
        if traits % 7 == 1 {
            open += &format!("\t{}", style.attribute("cacheable", "60000"));
        }
        if traits % 11 == 1 {
            open += &format!(" {}", style.attribute("number-alias", &format!("9{number}")));
        }
        open.push('>');
        let (params, variables) = self.settings(phone);
        let mut lines = vec![open];
        if style.inside == 1 {
            lines.push(format!("{base}<!-- {} -->", style.element("param", "password", "Geheim-alt")));
        }
        for (block, mut inner) in [("params", params), ("variables", variables)] {
            if style.inside == 2 && block == "params" && traits % 2 == 1 {
                let at = if traits % 4 == 1 { inner.len() } else { inner.len() / 2 };
                inner.insert(at, "<X-PRE-PROCESS cmd=\"include\" data=\".fragment.inc\"/>".to_owned());
            }
            let directive = inner.iter().any(|line| line.contains("PRE-PROCESS"));
            if style.joined > 2 && !directive {
                lines.push(format!("{base}<{block}>{}</{block}>", inner.concat()));
            } else {
                lines.push(format!("{base}<{block}>"));
                lines.extend(inner.iter().map(|line| format!("{base}{base}{line}")));
                lines.push(format!("{base}</{block}>"));
            }
        }
        match style.inside {
            3 => lines.push(format!("{base}<vcard><![CDATA[<b> & so on]]></vcard>")),
            4 => lines.push(format!("{base}<params>{}</params>", style.element("param", "password", "Geheim-zweite"))),
            _ => {}
        }
        lines.push("</user>".to_owned());
        if style.joined == 4 && !lines.iter().any(|line| line.contains("PRE-PROCESS")) {
            let one: String = lines.iter().map(|line| line.trim_start_matches(base)).collect();
            lines = vec![one];
        }
        for line in lines {
            self.put(file, Some(number), format!("{base}{line}"));
        }
    }

    fn settings(&self, phone: &Phone) -> (Vec<String>, Vec<String>) {
        let style = self.style;
        let (number, traits) = (phone.number.as_str(), phone.traits);
        let param = |name: &str, value: &str| style.element("param", name, value);
        let variable = |name: &str, value: &str| style.element("variable", name, value);
        let mut params = Vec::new();
        if traits % 10 == 3 {
            params.push(param("password", "Geheim-frueher"));
        }
        params.push(param("password", phone.password.as_deref().unwrap_or("$${default_password}")));
        if traits % 4 != 1 {
            params.push(param("vm-password", number));
        }
        if style.inside == 5 {
            params.push("<!-- in the middle -->".to_owned());
            params.push(param("vm-enabled", "true"));
        }
        let mut variables = vec![
            variable("user_context", if traits % 9 == 1 { "guests" } else { "default" }),
            variable("accountcode", if traits % 8 == 2 { "4711" } else { number }),
        ];
        match traits % 4 {
            1 => variables.push(variable("effective_caller_id_name", &format!("Phone {number}"))),
            2 => variables.push(variable("effective_caller_id_number", number)),
            _ => {}
        }
        variables.extend(match style.bytes {
            1 => Some(variable("toll_allow", "local & more > less")),
            2 => Some(variable("toll_allow", "caf\u{e9}")),
            3 => Some(variable("outbound_caller_id_name", "$${outbound_caller_name}")),
            _ => None,
        });
        (params, variables)
    }

    /// Somebody who holds a gateway, in a file behind the phones.
    fn trunk(&mut self) {
        let file = match self.style.place {
            Place::Inline => return,
            _ => "default/zz_carrier.xml",
        };
        for line in [
            "<include>",
            "<user id=\"carrier\">",
            "<gateways><gateway name=\"carrier\"><param name=\"username\" value=\"us\"/><param name=\"password\" value=\"Geheim-carrier\"/></gateway></gateways>",
            "<params><param name=\"password\" value=\"Geheim-carrier-2\"/></params>",
            "</user>",
            "</include>",
        ] {
            self.put(file, None, line);
        }
    }

    /// The bytes of every file; é is one byte, as in Latin-1.
    pub fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let tree = self.files.iter().map(|(name, lines)| {
            let (end, last) = match is_users(name) {
                true => (self.style.end, self.style.last_newline),
                false => ("\n", true),
            };
            let mut text: String = lines.iter().map(|line| format!("{}{end}", line.text)).collect();
            if !last {
                text.truncate(text.len() - end.len());
            }
            let mark: &[u8] = if self.style.mark && is_users(name) { b"\xef\xbb\xbf" } else { b"" };
            let bytes = text.chars().flat_map(|c| match c {
                '\u{e9}' => vec![0xe9],
                c => c.to_string().into_bytes(),
            });
            (name.clone(), mark.iter().copied().chain(bytes).collect())
        });
        tree.collect()
    }

    /// The lines of every file that are nobody's of these, blank ones left out.
    pub fn lines_of_others(&self, numbers: &BTreeSet<&str>) -> BTreeMap<&str, Vec<&str>> {
        let others = |line: &&Line| {
            !line.text.trim().is_empty() && !line.owner.as_ref().is_some_and(|owner| numbers.contains(owner.as_str()))
        };
        let files = self.files.iter();
        files
            .map(|(name, lines)| (name.as_str(), lines.iter().filter(others).map(|l| l.text.as_str()).collect()))
            .collect()
    }

    /// Every secret in it.
    pub fn secrets(&self) -> Vec<String> {
        let own = self.phones.iter().filter_map(|phone| phone.password.clone());
        let others = ["alle", "carrier", "alt", "zweite", "frueher"].map(|word| format!("Geheim-{word}"));
        own.chain(others).collect()
    }
}

/// Whether a file holds users.
fn is_users(name: &str) -> bool {
    name.starts_with("default/") && name.ends_with(".xml")
}
