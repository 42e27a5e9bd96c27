//! Finding and merging users (switch_xml.c, `switch_xml_locate_user`, `switch_xml_merge_user`).

use crate::tree::{Element, decoded};

pub fn section<'e>(root: &'e Element, name: &str) -> Option<&'e Element> {
    root.all("section").find(|one| one.get("name").is_some_and(|n| n.eq_ignore_ascii_case(name)))
}

/// Only direct children of a section are looked at.
pub fn locate<'e>(root: &'e Element, name: &str, tag: &str, key: &str, value: &str) -> Option<&'e Element> {
    let section = section(root, name)?;
    section.children.iter().find(|one| one.name == tag && one.get(key).is_some_and(|v| v.eq_ignore_ascii_case(value)))
}

/// The user who answers to `id`, with what he inherits.
pub fn user(root: &Element, id: &str, domain: &str) -> Option<Element> {
    let domain = locate(root, "directory", "domain", "name", domain)?;
    let groups = domain.first("groups").into_iter().flat_map(|groups| groups.all("group"));
    let in_groups = groups
        .filter_map(|group| Some((group, group.first("users")?)))
        .flat_map(|(group, users)| users.all("user").map(move |user| (user, Some(group))));
    let direct = domain.first("users").unwrap_or(domain).all("user").map(|user| (user, None));
    let (user, group) = in_groups.chain(direct).find(|(user, _)| answers(user, id))?;
    let mut merged = copied(user);
    for from in group.into_iter().chain([domain]) {
        inherit(&mut merged, from, "profile-variables", "variable");
        inherit(&mut merged, from, "variables", "variable");
        inherit(&mut merged, from, "params", "param");
    }
    merged.attributes.push(("domain-name".to_owned(), domain.get("name").unwrap_or_default().to_owned()));
    Some(merged)
}

fn answers(user: &Element, id: &str) -> bool {
    let named = |name: &str| user.get(name).is_some_and(|value| value.eq_ignore_ascii_case(id));
    named("id") || named("number-alias") || user.get("type").is_some_and(|kind| !kind.eq_ignore_ascii_case("pointer"))
}

fn inherit(user: &mut Element, from: &Element, block: &str, kind: &str) {
    let at = user.children.iter().position(|child| child.name == block).unwrap_or_else(|| {
        user.children.push(Element { name: block.to_owned(), ..Element::default() });
        user.children.len() - 1
    });
    let own = &mut user.children[at];
    for one in from.first(block).into_iter().flat_map(|block| block.all(kind)) {
        let name = one.get("name").unwrap_or_default();
        if !own.all(kind).any(|have| have.get("name").is_some_and(|n| n.eq_ignore_ascii_case(name))) {
            own.children.push(one.clone());
        }
    }
}

/// `user_data`: the last of a name.
pub fn data(user: &Element, kind: &str, name: &str) -> Option<String> {
    let (block, tag) = match kind {
        "attr" => return user.get(name).map(str::to_owned),
        "param" => ("params", "param"),
        "var" => ("variables", "variable"),
        _ => return None,
    };
    let all = user.first(block)?.all(tag).filter(|one| one.get("name").is_some_and(|n| n.eq_ignore_ascii_case(name)));
    all.last()?.get("value").map(str::to_owned)
}

/// The copy of a user the engine works with: it is printed and parsed again. Nothing is encoded
/// behind `<!`, and bytes that are no UTF-8 are lost with the one that follows.
fn copied(element: &Element) -> Element {
    let value = |text: &str| {
        let bytes = crate::bytes(text);
        let mut out = Vec::new();
        let mut lost = false;
        for chunk in bytes.utf8_chunks() {
            let valid = chunk.valid();
            let skip = if lost { valid.chars().next().map_or(0, char::len_utf8) } else { 0 };
            out.extend_from_slice(&valid.as_bytes()[skip..]);
            lost = !chunk.invalid().is_empty();
        }
        let out = crate::text(&out).replace(['\u{b}', '\u{c}'], " ");
        let Some(open) = out.find("<!") else { return out };
        let (head, tail) = out.split_at(open);
        let tail = tail.split('"').next().unwrap_or_default();
        head.to_owned() + &decoded(&tail.replace(['\t', '\n', '\r'], " "))
    };
    Element {
        name: element.name.clone(),
        attributes: element.attributes.iter().map(|(name, text)| (name.clone(), value(text))).collect(),
        text: element.text.clone(),
        children: element.children.iter().map(copied).collect(),
    }
}
