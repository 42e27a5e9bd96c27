//! Modules that answer the directory before the files do: sipctl reads the files then, and changes
//! nothing (facts of 1.11: every XML binding is asked first).

use std::path::Path;

use super::directory::Document;
use crate::cx::Cx;
use crate::error::{Code, Error, Place, Result};
use crate::host::{Content, Host, Want};

/// FusionPBX keeps its directory in a database and answers through mod_lua.
const FUSIONPBX: &str = "/etc/fusionpbx";

/// Who answers for a section of the configuration.
#[derive(Clone, Debug)]
pub struct Store {
    /// His name, for people.
    pub name: String,
    /// The line that says so.
    pub place: Place,
}

/// Everybody who answers for the directory or the dialplan.
#[derive(Debug, Default)]
pub struct Stores {
    /// For the directory.
    pub directory: Option<Store>,
    /// For the dialplan.
    pub dialplan: Option<Store>,
}

impl Stores {
    /// What is looked for.
    pub fn want() -> Want {
        Want::Meta(FUSIONPBX.into())
    }

    /// Looks at the modules that are loaded and at what they are bound to.
    pub fn read(cx: &Cx, host: &dyn Host, doc: &Document) -> Result<Self> {
        let mut out = Self { directory: binding(doc, "directory"), dialplan: binding(doc, "dialplan") };
        let found = host.read(cx, &[Self::want()])?;
        if found.iter().flatten().any(|file| matches!(file.content, Content::There { .. })) {
            let fusion = || Store { name: "FusionPBX".to_owned(), place: Place::new(Path::new(FUSIONPBX), 0) };
            out.directory.get_or_insert_with(fusion);
            out.dialplan.get_or_insert_with(fusion);
        }
        Ok(out)
    }

    /// Refuses a change that would have no effect.
    pub fn refuse(&self) -> Result<()> {
        let Some(store) = &self.directory else { return Ok(()) };
        Err(Error::new(Code::Elsewhere, format!("{} answers for the directory before these files do", store.name))
            .at(store.place.clone())
            .hint("change extensions there; sipctl lists what the files hold"))
    }
}

/// The module that is bound to a section.
fn binding(doc: &Document, section: &str) -> Option<Store> {
    let configuration = doc.section("configuration")?;
    let file = |name: &str| {
        let mut all = doc.named(configuration, "configuration");
        all.find(|node| doc.value(*node, "name").eq_ignore_ascii_case(name.as_bytes()))
    };
    let modules = doc.child(file("modules.conf")?, "modules")?;
    let loaded = |module: &str| doc.named(modules, "load").any(|load| *doc.value(load, "module") == *module.as_bytes());
    let binds = |sections: &str| {
        let mut sections = sections.split(['|', ',', ' ']);
        sections.any(|one| one.eq_ignore_ascii_case(section) || one.eq_ignore_ascii_case("all"))
    };
    if loaded("mod_xml_curl")
        && let Some(bindings) = file("xml_curl.conf").and_then(|file| doc.child(file, "bindings"))
    {
        let params = doc.named(bindings, "binding").flat_map(|binding| doc.named(binding, "param").collect::<Vec<_>>());
        let mut urls = params.filter(|param| doc.value(*param, "name").eq_ignore_ascii_case(b"gateway-url"));
        // Without a list of sections a URL answers for all.
        let url = urls.find(|url| {
            let sections = doc.text(*url, "bindings");
            sections.is_empty() || binds(&sections)
        });
        if let Some(url) = url {
            return Some(Store { name: "mod_xml_curl".to_owned(), place: doc.place(url) });
        }
    }
    for (module, name) in [("mod_lua", "lua.conf"), ("mod_perl", "perl.conf"), ("mod_python3", "python.conf")] {
        let settings = file(name).filter(|_| loaded(module)).and_then(|file| doc.child(file, "settings"));
        let mut params = settings.into_iter().flat_map(|settings| doc.named(settings, "param"));
        let bound = params.find(|param| {
            doc.value(*param, "name").eq_ignore_ascii_case(b"xml-handler-bindings") && binds(&doc.text(*param, "value"))
        });
        if let Some(param) = bound {
            return Some(Store { name: module.to_owned(), place: doc.place(param) });
        }
    }
    None
}
