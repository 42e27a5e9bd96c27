//! Sections as the objects sorcery makes of them: which section is an endpoint, an auth, an AOR,
//! and where the options of each stand (main/sorcery.c, res/res_sorcery_config.c).

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use super::config::{Category, Config, Var};

/// The object types an extension is made of, and those that decide what kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `type=endpoint`.
    Endpoint,
    /// `type=auth`.
    Auth,
    /// `type=aor`.
    Aor,
    /// `type=identify`.
    Identify,
    /// `type=registration`: outbound.
    Registration,
    /// `type=transport`.
    Transport,
    /// `type=global`, or a section of that name without a type.
    Global,
    /// A section whose type means nothing to sipctl, or that has none.
    Other,
}

/// Every type in order.
const TYPES: [Type; 8] = [
    Type::Endpoint,
    Type::Auth,
    Type::Aor,
    Type::Identify,
    Type::Registration,
    Type::Transport,
    Type::Global,
    Type::Other,
];

impl Type {
    /// As `type=` and AST_SORCERY spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Auth => "auth",
            Self::Aor => "aor",
            Self::Identify => "identify",
            Self::Registration => "registration",
            Self::Transport => "transport",
            Self::Global => "global",
            Self::Other => "other",
        }
    }

    /// By its name; values of `type` are case-sensitive (observed on 16.28 and 22.10).
    pub fn by_name(name: &[u8]) -> Self {
        TYPES.into_iter().find(|t| t.name().as_bytes() == name && *t != Self::Other).unwrap_or(Self::Other)
    }
}

/// Which file an object is written in, and how its options are spelt there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// A section of its own in pjsip.conf.
    Pjsip,
    /// A `type=wizard` section of pjsip_wizard.conf: options as `endpoint/NAME`.
    Wizard,
}

/// One object: a section, or the part of a wizard's section that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// Its type.
    pub kind: Type,
    /// Where it is written.
    pub dialect: Dialect,
    /// Index of its section among the categories of that configuration.
    pub category: u32,
}

impl Object {
    /// What an option name starts with in its section (res_pjsip_config_wizard.c).
    pub fn prefix(self) -> &'static str {
        match (self.dialect, self.kind) {
            (Dialect::Pjsip, _) => "",
            (_, Type::Endpoint) => "endpoint/",
            (_, Type::Auth) => "inbound_auth/",
            (_, Type::Aor) => "aor/",
            (_, Type::Identify) => "identify/",
            (_, _) => "registration/",
        }
    }

    fn suffix(self) -> &'static str {
        match (self.dialect, self.kind) {
            (Dialect::Wizard, Type::Auth) => "-iauth",
            (Dialect::Wizard, Type::Identify) => "-identify",
            _ => "",
        }
    }
}

/// The two configurations objects come from.
#[derive(Default)]
pub struct Configs {
    /// pjsip.conf with what it includes.
    pub pjsip: Option<Config>,
    /// pjsip_wizard.conf with what it includes.
    pub wizard: Option<Config>,
}

impl Configs {
    /// The configuration of a dialect.
    pub fn get(&self, dialect: Dialect) -> Option<&Config> {
        match dialect {
            Dialect::Pjsip => self.pjsip.as_ref(),
            Dialect::Wizard => self.wizard.as_ref(),
        }
    }

    /// The configuration an object is written in.
    pub fn of(&self, object: Object) -> &Config {
        self.get(object.dialect).expect("objects come from a configuration that was read")
    }

    /// The section an object is written in.
    pub fn category(&self, object: Object) -> &Category {
        &self.of(object).categories[object.category as usize]
    }

    /// The id the engine knows an object by.
    pub fn id(&self, object: Object) -> Cow<'_, [u8]> {
        let name = self.of(object).name(self.category(object));
        match object.suffix() {
            "" => Cow::Borrowed(name),
            suffix => Cow::Owned([name, suffix.as_bytes()].concat()),
        }
    }

    /// The id as text.
    pub fn id_text(&self, object: Object) -> String {
        String::from_utf8_lossy(&self.id(object)).into_owned()
    }

    /// The effective options of an object in order, `type` left out: name, value, where.
    pub fn options(&self, object: Object) -> impl DoubleEndedIterator<Item = (&[u8], &[u8], &Var)> {
        let config = self.of(object);
        let prefix = object.prefix().as_bytes();
        let by_wizard = overruled_by_wizard(config, self.category(object), object);
        self.category(object).vars.iter().filter_map(move |var| {
            let name = config.key(var);
            // Comparing with nothing is slow: the C library reads around the address of nothing.
            let name = if prefix.is_empty() { name } else { name.strip_prefix(prefix)? };
            let overruled = by_wizard.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()));
            (!overruled && !name.eq_ignore_ascii_case(b"type")).then(|| (name, config.value(var), var))
        })
    }

    /// The values of one option, in order.
    pub fn values<'a>(
        &'a self,
        object: Object,
        option: &'a str,
    ) -> impl DoubleEndedIterator<Item = (&'a [u8], &'a Var)> {
        self.options(object)
            .filter(move |(name, _, _)| name.eq_ignore_ascii_case(option.as_bytes()))
            .map(|(_, value, var)| (value, var))
    }

    /// The value that counts of an option that does not accumulate: the last.
    pub fn last<'a>(&'a self, object: Object, option: &'a str) -> Option<&'a [u8]> {
        self.values(object, option).next_back().map(|(value, _)| value)
    }

    /// The same as text; an empty value is none.
    pub fn text(&self, object: Object, option: &str) -> Option<String> {
        let value = self.last(object, option).filter(|value| !value.is_empty())?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// The members of a comma-separated option.
    pub fn list<'a>(&'a self, object: Object, option: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let value = self.last(object, option).unwrap_or_default();
        value.split(|b| *b == b',').map(<[u8]>::trim_ascii).filter(|item| !item.is_empty())
    }
}

/// Every object of the configurations.
#[derive(Default)]
pub struct Objects {
    /// Sorted by type, then id; those with one id in reading order.
    all: Vec<Object>,
    /// The first bytes of each one's id, for a quick look.
    heads: Vec<u64>,
    /// Where each type ends in `all`.
    ends: [usize; TYPES.len()],
    /// Identifies and registrations by the endpoint they belong to.
    belongings: HashMap<Vec<u8>, Vec<Object>>,
    /// How many endpoints name an object, by its place in `all`; counted when first asked.
    users: OnceCell<Vec<u32>>,
}

/// The first eight bytes of an id as a number that orders like them.
fn head(id: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = id.len().min(8);
    bytes[..len].copy_from_slice(&id[..len]);
    u64::from_be_bytes(bytes)
}

impl Objects {
    /// Finds the objects of the configurations.
    pub fn new(configs: &Configs) -> Self {
        let mut all = Vec::new();
        for dialect in [Dialect::Pjsip, Dialect::Wizard] {
            let count = configs.get(dialect).map_or(0, |config| config.categories.len() as u32);
            find(configs, dialect, 0..count, &mut all);
        }
        Self::sorted(configs, all)
    }

    /// Those of some categories only.
    pub fn part(configs: &Configs, dialect: Dialect, categories: Range<u32>) -> Self {
        let mut all = Vec::new();
        find(configs, dialect, categories, &mut all);
        Self::sorted(configs, all)
    }

    fn sorted(configs: &Configs, mut all: Vec<Object>) -> Self {
        // Those of one type often stand in the order of their ids: sorting them is looking at them.
        all.sort_by_key(|object| object.kind);
        let mut keyed: Vec<(u64, Object)> = all.iter().map(|object| (head(&configs.id(*object)), *object)).collect();
        for same in keyed.chunk_by_mut(|(_, a), (_, b)| a.kind == b.kind) {
            same.sort_unstable_by(|(head, a), (tail, b)| {
                let place = |o: &Object| (o.dialect, o.category);
                let ids = || configs.id(*a).cmp(&configs.id(*b));
                head.cmp(tail).then_with(ids).then_with(|| place(a).cmp(&place(b)))
            });
        }
        let heads = keyed.iter().map(|(head, _)| *head).collect();
        all.clear();
        all.extend(keyed.iter().map(|(_, object)| *object));
        let ends = TYPES.map(|kind| all.partition_point(|object| object.kind <= kind));
        let mut objects = Self { all, heads, ends, ..Self::default() };
        objects.link(configs);
        objects
    }

    fn link(&mut self, configs: &Configs) {
        for kind in [Type::Identify, Type::Registration] {
            for object in self.of(kind).to_vec() {
                let owner = match object.dialect {
                    Dialect::Wizard => Some(configs.of(object).name(configs.category(object))),
                    Dialect::Pjsip => configs.last(object, "endpoint"),
                };
                if let Some(owner) = owner {
                    self.belongings.entry(owner.to_vec()).or_default().push(object);
                }
            }
        }
    }

    fn range(&self, kind: Type) -> Range<usize> {
        let nth = kind as usize;
        nth.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[nth]
    }

    /// All objects of a type, sorted by id.
    pub fn of(&self, kind: Type) -> &[Object] {
        &self.all[self.range(kind)]
    }

    /// Two of one type, dialect and id.
    pub fn twice(&self, configs: &Configs) -> Option<[Object; 2]> {
        let same = |a: Object, b: Object| {
            (a.kind, a.dialect) == (b.kind, b.dialect) && a.kind != Type::Other && configs.id(a) == configs.id(b)
        };
        let heads = self.heads.windows(2).map(|heads| heads[0] == heads[1]);
        let alike = self.all.windows(2).zip(heads).filter(|(_, alike)| *alike).map(|(pair, _)| [pair[0], pair[1]]);
        alike.into_iter().find(|pair| same(pair[0], pair[1]))
    }

    /// Every object, sorted by type and id.
    pub fn all(&self) -> &[Object] {
        &self.all
    }

    fn range_of_id(&self, configs: &Configs, kind: Type, id: &[u8]) -> Range<usize> {
        let of = self.range(kind);
        let wanted = head(id);
        let heads = &self.heads[of.clone()];
        let (low, high) = (heads.partition_point(|h| *h < wanted), heads.partition_point(|h| *h <= wanted));
        let same = &self.all[of.start + low..of.start + high];
        let start = same.partition_point(|o| *configs.id(*o) < *id);
        let end = start + same[start..].partition_point(|o| *configs.id(*o) == *id);
        of.start + low + start..of.start + low + end
    }

    /// All objects of a type with an id; more than one freezes the whole type (observed on 16.28
    /// and 22.10), unless the second comes from the wizard.
    pub fn with_id(&self, configs: &Configs, kind: Type, id: &[u8]) -> &[Object] {
        &self.all[self.range_of_id(configs, kind, id)]
    }

    /// The object of a type with an id.
    pub fn find(&self, configs: &Configs, kind: Type, id: &[u8]) -> Option<Object> {
        self.with_id(configs, kind, id).first().copied()
    }

    /// Identifies and registrations of an endpoint.
    pub fn belongings(&self, endpoint: &[u8]) -> &[Object] {
        self.belongings.get(endpoint).map_or(&[], Vec::as_slice)
    }

    /// How many endpoints use an auth or AOR.
    pub fn users(&self, configs: &Configs, kind: Type, id: &[u8]) -> u32 {
        let counts = self.users.get_or_init(|| self.count_users(configs));
        self.range_of_id(configs, kind, id).next().map_or(0, |place| counts[place])
    }

    fn count_users(&self, configs: &Configs) -> Vec<u32> {
        let mut counts = vec![0; self.all.len()];
        for endpoint in self.of(Type::Endpoint) {
            if endpoint.dialect == Dialect::Wizard {
                continue;
            }
            for (kind, option) in [(Type::Auth, "auth"), (Type::Aor, "aors")] {
                for id in configs.list(*endpoint, option) {
                    if let Some(place) = self.range_of_id(configs, kind, id).next() {
                        counts[place] += 1;
                    }
                }
            }
        }
        counts
    }
}

/// The objects that some categories make.
fn find(configs: &Configs, dialect: Dialect, categories: Range<u32>, all: &mut Vec<Object>) {
    let Some(config) = configs.get(dialect) else { return };
    all.reserve(categories.len());
    for index in categories {
        let category = &config.categories[index as usize];
        match dialect {
            _ if category.template => {}
            Dialect::Pjsip => all.push(Object { kind: kind(config, category), dialect, category: index }),
            Dialect::Wizard => wizard_objects(config, category, index, all),
        }
    }
}

/// What a section of pjsip.conf is: its first `type` decides.
fn kind(config: &Config, category: &Category) -> Type {
    let mut vars = category.vars.iter();
    match vars.find(|var| config.key(var).eq_ignore_ascii_case(b"type")) {
        Some(var) => Type::by_name(config.value(var)),
        None if config.name(category) == b"global" => Type::Global,
        None => Type::Other,
    }
}

/// What a wizard section makes (res_pjsip_config_wizard.c): `type` is looked for in any setting with
/// that in its name and with regard to case, the wizard's own options are not.
fn wizard_objects(config: &Config, category: &Category, index: u32, all: &mut Vec<Object>) {
    let is_wizard =
        |var: &Var| config.value(var) == b"wizard" && config.key(var).windows(4).any(|part| part == b"type");
    if !category.vars.iter().any(is_wizard) {
        return;
    }
    let mut push = |kind| all.push(Object { kind, dialect: Dialect::Wizard, category: index });
    push(Type::Endpoint);
    push(Type::Aor);
    if wizard_says(config, category, "accepts_auth") {
        push(Type::Auth);
    }
    if wizard_option(config, category, "remote_hosts").is_some_and(|hosts| !hosts.is_empty()) {
        push(Type::Identify);
    }
    if wizard_says(config, category, "sends_registrations") {
        push(Type::Registration);
    }
}

/// The value that counts of a wizard's own option, one without a prefix.
fn wizard_option<'a>(config: &'a Config, category: &Category, option: &str) -> Option<&'a [u8]> {
    let mut vars = category.vars.iter().rev();
    vars.find(|var| config.key(var).eq_ignore_ascii_case(option.as_bytes())).map(|var| config.value(var))
}

/// Whether a wizard's own option is yes.
pub fn wizard_says(config: &Config, category: &Category, option: &str) -> bool {
    wizard_option(config, category, option).is_some_and(is_yes)
}

/// Options a wizard sets itself, whatever its section says of them (observed on 16.28 and 22.10).
fn overruled_by_wizard(config: &Config, category: &Category, object: Object) -> &'static [&'static str] {
    match (object.dialect, object.kind) {
        (Dialect::Wizard, Type::Endpoint) if wizard_says(config, category, "accepts_auth") => &["aors", "auth"],
        (Dialect::Wizard, Type::Endpoint) => &["aors"],
        _ => &[],
    }
}

/// What the engine takes for yes; everything else is no (main/utils.c ast_true).
pub fn is_yes(value: &[u8]) -> bool {
    [b"yes".as_slice(), b"true", b"y", b"t", b"1", b"on"].iter().any(|word| value.eq_ignore_ascii_case(word))
}
