//! `ext list`.

use clap::{Args, ValueEnum};

use crate::commands::{App, Limits, Open};
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::extension::{Extension, Kind};
use crate::inventory::Pbx;
use crate::output::document::{Body, Listed, Shown};
use crate::output::field;
use crate::selection::Selection;

/// What to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Kinds {
    /// Phones and devices known by their address.
    #[default]
    Extensions,
    /// Everything.
    All,
    /// Phones.
    Phone,
    /// Devices known by their address.
    IpPhone,
    /// Trunks.
    Trunk,
    /// Pointers to users elsewhere.
    Pointer,
    /// The rest.
    Other,
}

impl Kinds {
    fn holds(self, kind: Kind) -> bool {
        match self {
            Self::Extensions => kind.is_extension(),
            Self::All => true,
            Self::Phone => kind == Kind::Phone,
            Self::IpPhone => kind == Kind::IpPhone,
            Self::Trunk => kind == Kind::Trunk,
            Self::Pointer => kind == Kind::Pointer,
            Self::Other => kind == Kind::Other,
        }
    }
}

/// List extensions, as the engine reads them from the files
///
/// Reads files only, so it works with the engine stopped. Passwords are never shown.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// An EXT, a range, FIELD=GLOB (context=int*), or text found in number or name
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
    /// What to list
    #[arg(long, value_enum, default_value_t)]
    kind: Kinds,
    #[arg(long, hide = true)]
    offline: bool,
}

/// What a listed extension must fulfil.
enum Filter {
    Everything,
    Range(Selection),
    Field(String, glob::Pattern),
    Text(String),
}

impl Filter {
    fn parse(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else { return Ok(Self::Everything) };
        if let Some((name, pattern)) = text.split_once('=') {
            let name = name.trim().replace('-', "_");
            if !field::is_known(&name) {
                return Err(
                    Error::usage(format!("there is no field `{name}` to filter by")).hint("see: sipctl help fields")
                );
            }
            let pattern = glob::Pattern::new(pattern.trim())
                .map_err(|error| Error::usage(format!("`{pattern}` is no pattern: {}", error.msg)))?;
            return Ok(Self::Field(name, pattern));
        }
        match Selection::parse(text) {
            Ok(range @ Selection::Range { .. }) => Ok(Self::Range(range)),
            Ok(Selection::One(ext)) if ext.to_string() != text => Ok(Self::Text(ext.number)),
            _ => Ok(Self::Text(text.to_owned())),
        }
    }

    /// Keeps what fits. A text that is the id of an extension means this one alone.
    fn keep(&self, extensions: &mut Vec<Extension>) {
        match self {
            Self::Everything => {}
            Self::Range(range) => extensions.retain(|extension| range.contains(&extension.number)),
            Self::Field(name, pattern) => {
                extensions.retain(|extension| field::of(extension, name).is_some_and(|text| pattern.matches(&text)));
            }
            Self::Text(text) => {
                let id = |extension: &Extension| match &extension.domain {
                    Some(domain) => extension.number == *text || format!("{}@{domain}", extension.number) == *text,
                    None => extension.number == *text,
                };
                if extensions.iter().any(id) {
                    extensions.retain(id);
                    return;
                }
                let text = text.to_lowercase();
                extensions.retain(|extension| {
                    let name = extension.fields.cid_name.as_deref().unwrap_or_default();
                    extension.number.to_lowercase().contains(&text) || name.to_lowercase().contains(&text)
                });
            }
        }
    }
}

/// Runs it.
pub fn run(app: &App, args: &ListArgs) -> Result<u8> {
    let filter = Filter::parse(args.filter.as_deref())?;
    app.each(false, |pbx| {
        let cx = app.cx(pbx, Limits::default());
        match on(&cx, pbx, args.kind, &filter, args.offline) {
            Ok(listed) => (Body::Extensions(listed), None),
            Err(error) => (Body::Extensions(Listed::default()), Some(error)),
        }
    })
}

fn on(cx: &Cx, pbx: &Pbx, kinds: Kinds, filter: &Filter, offline: bool) -> Result<Listed> {
    let open = Open::to_read(cx, pbx)?;
    let estate = open.engine.load(cx, open.host.as_ref(), &open.folder, false)?;
    let mut warnings = open.warnings(cx, estate.as_ref());
    let mut extensions = open.extensions(cx, estate.as_ref(), !offline, &mut warnings);
    drop(estate); // it is large, and so is what follows
    extensions.retain(|extension| kinds.holds(extension.kind));
    filter.keep(&mut extensions);
    let shown = |extension| Shown { extension, password: None, settings: None, contacts: None };
    Ok(Listed { extensions: extensions.into_iter().map(shown).collect(), warnings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;
    use crate::extension::{Fields, SecretKind};

    fn kept(filter: &str) -> Vec<String> {
        let extension = |number: &str, name: &str| Extension {
            number: number.to_owned(),
            domain: None,
            kind: Kind::Phone,
            fields: Fields {
                cid_name: Some(name.to_owned()),
                context: Some("internal".to_owned()),
                ..Fields::default()
            },
            secret: SecretKind::Clear,
            source: Place::new("/p", 1),
            managed: None,
            list: None,
        };
        let mut all = vec![extension("10", "Door"), extension("1002", "Reception"), extension("1003", "Bob")];
        Filter::parse(Some(filter)).unwrap().keep(&mut all);
        all.into_iter().map(|extension| extension.number).collect()
    }

    #[test]
    fn a_filter_is_an_id_a_range_a_field_or_text() {
        assert_eq!(kept("10"), ["10"]);
        assert_eq!(kept("100"), ["1002", "1003"]);
        assert_eq!(kept("1000-1002"), ["1002"]);
        assert_eq!(kept("cid-name=R*"), ["1002"]);
        assert_eq!(kept("context=inter?al"), ["10", "1002", "1003"]);
        assert_eq!(kept("bob"), ["1003"]);
        assert_eq!(kept("PJSIP/1003-0000a1"), ["1003"]);
        assert!(Filter::parse(Some("colour=red")).is_err());
    }
}
