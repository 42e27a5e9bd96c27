//! Users as the engine finds and merges them (switch_xml.c, `switch_xml_locate_user`,
//! `switch_xml_merge_user`), out of what it prints: one merged user, or a whole domain unmerged.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::xml::Element;

/// A user with what he inherits.
pub struct User<'a> {
    own: &'a Element<'a>,
    group: Option<&'a Element<'a>>,
    domain: Option<&'a Element<'a>>,
}

impl<'a> User<'a> {
    /// A user the engine has merged itself (`find_user_xml`).
    pub fn merged(element: &'a Element<'a>) -> Self {
        Self { own: element, group: None, domain: None }
    }

    /// An attribute; `domain-name` is what the merge adds.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        match (self.own.attribute(name), self.domain) {
            (None, Some(domain)) if name == "domain-name" => domain.attribute("name"),
            (own, _) => own,
        }
    }

    /// An attribute as text.
    pub fn text_of(&self, name: &str) -> Option<String> {
        self.attribute(name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether he is only the entry of a group, which no phone can register as.
    pub fn is_pointer(&self) -> bool {
        self.text_of("type").is_some_and(|kind| kind.eq_ignore_ascii_case("pointer"))
    }

    /// A `param` or `variable`: the last of its name in the user's own first block, else the first
    /// of the group, else of the domain (a merge adds only names that are not there yet). Names are
    /// compared without case (observed on 1.11).
    pub fn value(&self, kind: &str, name: &str) -> Option<Cow<'a, [u8]>> {
        let block = if kind == "param" { "params" } else { "variables" };
        let all = |from: &'a Element<'a>| {
            let block = from.children.iter().find(|child| child.name == block.as_bytes());
            let named = move |one: &&'a Element<'a>| {
                one.name == kind.as_bytes() && one.text_of("name").is_some_and(|n| n.eq_ignore_ascii_case(name))
            };
            block.into_iter().flat_map(|block| &block.children).filter(named)
        };
        let value = |one: &'a Element<'a>| one.attribute("value").unwrap_or_default();
        let own = all(self.own).rfind(|one| one.attribute("value").is_some());
        own.or_else(|| self.group.and_then(|group| all(group).next()))
            .or_else(|| self.domain.and_then(|domain| all(domain).next()))
            .map(value)
    }
}

/// A domain with its users in the order they are searched.
pub struct Domain<'a> {
    element: &'a Element<'a>,
    users: Vec<(&'a Element<'a>, Option<&'a Element<'a>>)>,
    /// The first user who answers to an id or number-alias.
    named: BTreeMap<String, usize>,
    /// The first user who answers to every name: any `type` but `pointer` does that.
    any: Option<usize>,
}

impl<'a> Domain<'a> {
    /// The domain an answer of `xml_locate directory domain name DOMAIN` holds.
    pub fn of(document: &'a Element<'a>) -> Option<Self> {
        document.first("domain").map(Self::new)
    }

    /// A domain of the tree.
    pub fn new(element: &'a Element<'a>) -> Self {
        let groups = element.first("groups").into_iter().flat_map(|groups| groups.all("group"));
        let mut users: Vec<_> = groups
            .filter_map(|group| Some((group, group.first("users")?)))
            .flat_map(|(group, users)| users.all("user").map(move |user| (user, Some(group))))
            .collect();
        match element.first("users") {
            Some(direct) => users.extend(direct.all("user").map(|user| (user, None))),
            None => users.extend(element.all("user").map(|user| (user, None))),
        }
        let mut named = BTreeMap::new();
        let mut any = None;
        for (n, (user, _)) in users.iter().enumerate() {
            for name in ["id", "number-alias"].iter().filter_map(|attribute| user.text_of(attribute)) {
                named.entry(name.to_ascii_lowercase()).or_insert(n);
            }
            let wild = user.text_of("type").is_some_and(|kind| !kind.eq_ignore_ascii_case("pointer"));
            any = any.or(wild.then_some(n));
        }
        Self { element, users, named, any }
    }

    /// The ids of those who are found by them, pointers apart.
    pub fn ids(&self) -> Vec<String> {
        let found = |(n, (user, _)): (usize, &(&'a Element<'a>, _))| {
            let id = user.text_of("id").filter(|_| !User::merged(user).is_pointer())?;
            let first = self.named.get(&id.to_ascii_lowercase()).copied().into_iter().chain(self.any).min();
            (first == Some(n)).then_some(id)
        };
        self.users.iter().enumerate().filter_map(found).collect()
    }

    /// The user who answers to a name.
    pub fn find(&self, name: &str) -> Option<User<'a>> {
        let named = self.named.get(&name.to_ascii_lowercase()).copied();
        let first = named.into_iter().chain(self.any).min()?;
        let (own, group) = *self.users.get(first)?;
        Some(User { own, group, domain: Some(self.element) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str, check: impl FnOnce(&Domain)) {
        let document = Element::read(text.as_bytes());
        check(&Domain::of(&document).unwrap());
    }

    fn value(domain: &Domain, user: &str, kind: &str, name: &str) -> Option<String> {
        domain.find(user)?.value(kind, name).map(|v| String::from_utf8_lossy(&v).into_owned())
    }

    /// The cases of the directory look-up recorded on 1.11, D01 to D20.
    #[test]
    fn users_are_found_and_merged_as_the_engine_does() {
        let text = "<domain name='PBX.Example'><params><param name='dial-string' value='DOM'/><param name='x' value='1'/>\
            <param name='X' value='2'/></params><groups><group name='g'><params><param name='dial-string' value='GRP'/>\
            <param name='password' value='grouppw'/></params><users><user id='2200'/><user id='2200'><params>\
            <param name='password' value='hidden'/></params></user><user id='boss' number-alias='1000'/>\
            <user id='1000'/><user id='2201'><params><param name='password' value='a'/><param name='Password' value='b'/>\
            </params><params><param name='password' value='no'/></params></user></users><users><user id='2202'/></users>\
            </group></groups><groups><group name='h'><users><user id='2203'/></users></group></groups><users>\
            <user id='2204'><variables><variable name='Dial-String' value='v'/></variables></user></users><user id='2205'/></domain>";
        domain(text, |domain| {
            assert_eq!(value(domain, "2200", "param", "password").unwrap(), "grouppw");
            assert_eq!(value(domain, "2200", "param", "Dial-String").unwrap(), "GRP");
            assert_eq!(value(domain, "2200", "param", "x").unwrap(), "1", "a merge adds a name once");
            assert_eq!(value(domain, "2201", "param", "password").unwrap(), "b", "the last of the first block");
            assert_eq!(domain.find("1000").unwrap().text_of("id").unwrap(), "boss");
            assert_eq!(value(domain, "2204", "param", "dial-string").unwrap(), "DOM");
            assert_eq!(value(domain, "2204", "variable", "dial-string").unwrap(), "v");
            assert_eq!(domain.find("2204").unwrap().text_of("domain-name").unwrap(), "PBX.Example");
            for nobody in ["2202", "2203", "2205", "nosuch"] {
                assert!(domain.find(nobody).is_none(), "{nobody}");
            }
        });
    }

    #[test]
    fn a_pointer_hides_and_any_other_type_answers_to_everything() {
        let text = "<domain name='d'><groups><group><users><user id='1' type='pointer'/><user id='0'/>\
            <user id='weird' type='phone'/><user id='2'/></users></group><group><users><user id='1'/></users></group></groups></domain>";
        domain(text, |domain| {
            assert!(domain.find("1").unwrap().is_pointer());
            for (name, id) in [("0", "0"), ("2", "weird"), ("nosuch", "weird")] {
                assert_eq!(domain.find(name).unwrap().text_of("id").unwrap(), id);
            }
            assert_eq!(domain.ids(), ["0", "weird"], "the others are hidden");
        });
    }
}
