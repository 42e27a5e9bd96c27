//! The directory section: domains, groups, users; who is found under a name, and what he gets from
//! his group and domain (switch_xml.c switch_xml_locate_user_merged; observed on 1.11).

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::merged::Merged;
use super::tree::Tree;
use crate::error::Place;

/// The merged text with its elements.
pub struct Document {
    /// The text.
    pub merged: Merged,
    /// Its elements.
    pub tree: Tree,
}

impl Document {
    /// Parses a merged text.
    pub fn new(merged: Merged) -> Self {
        let tree = Tree::parse(&merged.text);
        Self { merged, tree }
    }

    /// The first child of a name.
    pub fn child(&self, node: u32, name: &str) -> Option<u32> {
        self.tree.child(&self.merged.text, node, name)
    }

    /// The children of a name.
    pub fn named<'d>(&'d self, node: u32, name: &'d str) -> impl Iterator<Item = u32> + 'd {
        self.tree.named(&self.merged.text, node, name)
    }

    /// The name of an element.
    pub fn name(&self, node: u32) -> &[u8] {
        &self.merged.text[self.tree.name(node)]
    }

    /// An attribute's value.
    pub fn value(&self, node: u32, name: &str) -> Cow<'_, [u8]> {
        self.tree.value(&self.merged.text, node, name)
    }

    /// The same as text.
    pub fn text(&self, node: u32, name: &str) -> String {
        String::from_utf8_lossy(&self.value(node, name)).into_owned()
    }

    /// The first section of a name: no other one is looked at.
    pub fn section(&self, name: &str) -> Option<u32> {
        let mut sections = self.named(self.tree.root()?, "section");
        sections.find(|section| self.value(*section, "name").eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Where an element starts.
    pub fn place(&self, node: u32) -> Place {
        self.merged.place(self.tree.open(node).start)
    }
}

/// The kinds of things a user is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// `<param>` in `<params>`.
    Param,
    /// `<variable>` in `<variables>`.
    Variable,
    /// An attribute of `<user>`.
    Attr,
}

impl Part {
    /// As `--set` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Param => "param",
            Self::Variable => "variable",
            Self::Attr => "attr",
        }
    }

    /// By its name.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Param, Self::Variable, Self::Attr].into_iter().find(|part| part.name() == name)
    }

    /// The block its elements stand in, and what they are called.
    pub fn block(self) -> (&'static str, &'static str) {
        match self {
            Self::Variable => ("variables", "variable"),
            _ => ("params", "param"),
        }
    }
}

/// One value of a user.
#[derive(Clone, Debug)]
pub struct Setting<'d> {
    /// What it is.
    pub part: Part,
    /// Its name.
    pub name: Cow<'d, [u8]>,
    /// Its value.
    pub value: Cow<'d, [u8]>,
    /// The element; of an attribute the user.
    pub node: u32,
    /// Its value in the merged text; none where the attribute is not written in quotes.
    pub span: Option<Range<usize>>,
    /// Whether it is the user's own, not his group's or domain's.
    pub own: bool,
}

/// A user, or a pointer to one.
#[derive(Clone, Debug)]
pub struct User {
    /// The element.
    pub node: u32,
    /// The domain he stands in.
    pub domain: usize,
    /// His group.
    pub group: Option<u32>,
    /// His id.
    pub id: String,
    /// His second name.
    pub alias: Option<String>,
    /// His `type` attribute.
    pub kind: Option<String>,
}

impl User {
    /// Whether he only points to a user elsewhere.
    pub fn is_pointer(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("pointer"))
    }
}

/// A domain.
pub struct Domain {
    /// The element.
    pub node: u32,
    /// Its name.
    pub name: String,
    /// Whether the name can be known from the files.
    pub known: bool,
    /// Users by the names they are found under, in lower case: the first one counts.
    index: HashMap<String, usize>,
    /// The first user that every look-up finds that comes so far.
    barrier: Option<usize>,
}

/// The directory.
#[derive(Default)]
pub struct Directory {
    /// Its domains, those look-ups reach.
    pub domains: Vec<Domain>,
    /// Every user look-ups reach, in the order they do.
    pub users: Vec<User>,
}

impl Directory {
    /// Finds the users of a document.
    pub fn new(doc: &Document) -> Self {
        let mut out = Self::default();
        let Some(section) = doc.section("directory") else { return out };
        for node in doc.named(section, "domain") {
            let name = doc.text(node, "name");
            if out.domains.iter().any(|domain| domain.name.eq_ignore_ascii_case(&name)) {
                continue;
            }
            let span = doc.tree.attribute(&doc.merged.text, node, "name");
            let known = span.is_some_and(|span| doc.merged.is_known(span));
            out.domains.push(Domain { node, name, known, index: HashMap::new(), barrier: None });
            out.domain(doc, node);
        }
        out
    }

    fn domain(&mut self, doc: &Document, node: u32) {
        if let Some(groups) = doc.child(node, "groups") {
            for group in doc.named(groups, "group") {
                if let Some(users) = doc.child(group, "users") {
                    self.users_in(doc, users, Some(group));
                }
            }
        }
        self.users_in(doc, doc.child(node, "users").unwrap_or(node), None);
    }

    fn users_in(&mut self, doc: &Document, around: u32, group: Option<u32>) {
        for node in doc.named(around, "user") {
            let domain = self.domains.len() - 1;
            let some = |name: &str| Some(doc.text(node, name)).filter(|text| !text.is_empty());
            let user =
                User { node, domain, group, id: doc.text(node, "id"), alias: some("number-alias"), kind: some("type") };
            let at = self.users.len();
            let Domain { index, barrier, .. } = &mut self.domains[domain];
            for name in [Some(&user.id), user.alias.as_ref()].into_iter().flatten() {
                index.entry(name.to_ascii_lowercase()).or_insert(at);
            }
            if user.kind.is_some() && !user.is_pointer() && barrier.is_none() {
                *barrier = Some(at);
            }
            self.users.push(user);
        }
    }

    /// Who is found under a name in a domain: the first whose id or alias it is, unless somebody
    /// before him is found under every name.
    pub fn find(&self, domain: usize, name: &str) -> Option<usize> {
        let Domain { index, barrier, .. } = &self.domains[domain];
        match (index.get(&name.to_ascii_lowercase()).copied(), *barrier) {
            (Some(at), Some(barrier)) => Some(at.min(barrier)),
            (at, barrier) => at.or(barrier),
        }
    }

    /// Whether a user is the one found under his own id.
    pub fn is_found(&self, at: usize) -> bool {
        let user = &self.users[at];
        self.find(user.domain, &user.id) == Some(at)
    }

    /// The domain of a name.
    pub fn domain_named(&self, name: &str) -> Option<usize> {
        self.domains.iter().position(|domain| domain.name.eq_ignore_ascii_case(name))
    }

    /// What a user has of one part: his own, of several of one name the last counts; then what his
    /// group and his domain add under other names, of several the first.
    pub fn settings<'d>(&self, doc: &'d Document, user: &User, part: Part) -> Vec<Setting<'d>> {
        let text = &doc.merged.text;
        if part == Part::Attr {
            let mut out: Vec<Setting> = Vec::new();
            for (name, value, quoted) in doc.tree.attributes(user.node) {
                let name = &text[name];
                if out.iter().all(|setting| *setting.name != *name) {
                    let (name, decoded) = (Cow::Borrowed(name), doc.tree.decoded(&text[value.clone()]));
                    let span = quoted.then_some(value);
                    out.push(Setting { part, name, value: decoded, node: user.node, span, own: true });
                }
            }
            return out;
        }
        self.inherited(doc, user, part, own(doc, user.node, part, true))
    }

    /// His params, without the last of his own.
    pub fn params_without_last<'d>(&'d self, doc: &'d Document, user: &User, last: usize) -> Vec<Setting<'d>> {
        let mut params = own(doc, user.node, Part::Param, true);
        params.truncate(params.len().saturating_sub(last));
        self.inherited(doc, user, Part::Param, params)
    }

    fn inherited<'d>(&self, doc: &'d Document, user: &User, part: Part, mut out: Vec<Setting<'d>>) -> Vec<Setting<'d>> {
        let domain = Some(self.domains[user.domain].node);
        for around in [user.group, domain].into_iter().flatten() {
            for setting in own(doc, around, part, false) {
                if !out.iter().any(|have| have.name.eq_ignore_ascii_case(&setting.name)) {
                    out.push(setting);
                }
            }
        }
        out
    }

    /// The value that counts.
    pub fn setting<'d>(&self, doc: &'d Document, user: &User, part: Part, name: &str) -> Option<Setting<'d>> {
        last(&self.settings(doc, user, part), name).cloned()
    }
}

/// The setting of a name that counts. Values are compared without case, attributes with it.
pub fn last<'s, 'd>(settings: &'s [Setting<'d>], name: &str) -> Option<&'s Setting<'d>> {
    settings.iter().rfind(|setting| match setting.part {
        Part::Attr => *setting.name == *name.as_bytes(),
        _ => setting.name.eq_ignore_ascii_case(name.as_bytes()),
    })
}

/// The params or variables of the first such block of an element.
pub fn own(doc: &Document, node: u32, part: Part, own: bool) -> Vec<Setting<'_>> {
    let (block, element) = part.block();
    let Some(block) = doc.child(node, block) else { return Vec::new() };
    let setting = |node| Setting {
        part,
        name: doc.value(node, "name"),
        value: doc.value(node, "value"),
        node,
        span: doc.tree.attribute(&doc.merged.text, node, "value"),
        own,
    };
    doc.named(block, element).map(setting).collect()
}
