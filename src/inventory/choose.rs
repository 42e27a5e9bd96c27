//! Which PBXes of the inventory, or of this machine, a command works on.

use std::path::Path;

use super::{Inventory, Pbx};
use crate::address::{Address, Kind};
use crate::error::{Code, Error, Result};

/// What the person chose.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `--pbx`.
    pub pbx: Vec<String>,
    /// `--group`.
    pub groups: Vec<String>,
    /// `--all`.
    pub all: bool,
    /// `SIPCTL_PBX`.
    pub usual: Option<String>,
}

impl Inventory {
    /// The PBXes to work on, each once. `changing` guards the protected ones.
    pub fn choose(&self, choice: &Choice, changing: bool) -> Result<Vec<Pbx>> {
        let mut chosen: Vec<Pbx> = Vec::new();
        let mut add = |pbx: Pbx| {
            if !chosen.iter().any(|other| other.address == pbx.address) {
                chosen.push(pbx);
            }
        };
        for name in &choice.pbx {
            add(self.named(name)?);
        }
        let mut wide: Vec<&Pbx> = Vec::new();
        for group in &choice.groups {
            let members = self.pbxes.iter().filter(|pbx| pbx.groups.contains(group));
            let before = wide.len();
            wide.extend(members);
            if wide.len() == before {
                return Err(Error::new(Code::NotFound, format!("no PBX is in the group {group}"))
                    .hint("list PBXes and groups with: sipctl pbx list"));
            }
        }
        if choice.all {
            if self.pbxes.is_empty() {
                return Err(Error::new(Code::NotFound, "the inventory names no PBX").hint("see: sipctl help inventory"));
            }
            wide.extend(&self.pbxes);
        }
        if choice.pbx.is_empty() && !choice.all && choice.groups.is_empty() {
            let pbx = match &choice.usual {
                Some(name) => self.named(name)?,
                None => self.only()?,
            };
            guard(&pbx, changing)?;
            return Ok(vec![pbx]);
        }
        for pbx in wide {
            if !choice.pbx.iter().any(|name| self.named(name).is_ok_and(|named| named.address == pbx.address)) {
                guard(pbx, changing)?;
            }
            add(pbx.clone());
        }
        Ok(chosen)
    }

    /// By inventory name or address.
    fn named(&self, name: &str) -> Result<Pbx> {
        if Address::looks_like(name) {
            let address = Address::parse(name)?;
            // Who works there is of no account where it is not said.
            let same = |pbx: &&Pbx| {
                pbx.address == address
                    || address.sudo.is_none() && Address { sudo: None, ..pbx.address.clone() } == address
            };
            return match self.pbxes.iter().find(same) {
                Some(pbx) => Ok(pbx.clone()),
                None => Pbx::unnamed(address, &self.defaults),
            };
        }
        if let Some(pbx) = self.pbxes.iter().find(|pbx| pbx.name == name) {
            return Ok(pbx.clone());
        }
        let error = Error::new(Code::NotFound, format!("no PBX is called `{name}`"));
        if name.starts_with(['/', '.', '~']) {
            return Err(error.hint(format!("an address names the engine too: asterisk:{name} or freeswitch:{name}")));
        }
        let near = self.pbxes.iter().find(|pbx| strsim::osa_distance(&pbx.name, name) <= 2);
        Err(match (near, &self.path) {
            (Some(pbx), _) => error.hint(format!("did you mean {}?", pbx.name)),
            (None, Some(path)) => error.hint(format!("the PBXes of {} are listed by: sipctl pbx list", path.display())),
            (None, None) => {
                error.hint("there is no inventory; name a PBX by its address: --pbx asterisk:/etc/asterisk")
            }
        })
    }

    /// The only PBX there is: of the inventory, else on this machine.
    fn only(&self) -> Result<Pbx> {
        let several = |names: Vec<String>| {
            Error::usage(format!("which PBX? there are: {}", names.join(", ")))
                .hint(format!("choose with --pbx {}, or set SIPCTL_PBX", names[0]))
        };
        match &self.pbxes[..] {
            [pbx] => return Ok(pbx.clone()),
            [] => {}
            many => return Err(several(many.iter().map(|pbx| pbx.name.clone()).collect())),
        }
        let found = on_this_machine();
        match &found[..] {
            [] => {
                let folders: Vec<&str> = Kind::ALL.iter().flat_map(|kind| kind.usual_folders()).copied().collect();
                Err(Error::usage(format!("no PBX is named, and none is found in {}", folders.join(", ")))
                    .hint("name one: --pbx asterisk:/path/to/folder, or write an inventory: sipctl help inventory"))
            }
            [address] => Pbx::unnamed(address.clone(), &self.defaults),
            many => Err(several(many.iter().map(Address::to_string).collect())),
        }
    }
}

/// What stands in the usual folders of this machine.
pub fn on_this_machine() -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    for kind in Kind::ALL {
        for folder in kind.usual_folders().iter().map(Path::new) {
            if folder.join(kind.main_file()).exists() {
                let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
                let address = Address::local(kind, &folder);
                if !found.contains(&address) {
                    found.push(address);
                }
            }
        }
    }
    found
}

fn guard(pbx: &Pbx, changing: bool) -> Result<()> {
    if !(changing && pbx.protected) {
        return Ok(());
    }
    let error = Error::usage(format!("{} is protected: a change must name it", pbx.name))
        .hint(format!("if you mean it, say --pbx {}", pbx.name));
    Err(Error { place: pbx.place.clone(), ..error })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "[defaults]\npassword-length = 30 ; long\n\n[pbx seoul]\naddress = asterisk:/nowhere/a\n\
                       groups = korea, production\nprotected = yes\n[pbx busan]\naddress=asterisk:/nowhere/b\n\
                       groups=korea\ncontext = internal\npassword-length=12\ntimeout-reload = 2min\n";

    fn parse(text: &str) -> Result<Inventory> {
        Inventory::parse(Path::new("/i.ini"), text)
    }

    fn choose(choice: Choice) -> Result<Vec<String>> {
        Ok(parse(TWO)?.choose(&choice, true)?.into_iter().map(|pbx| pbx.name).collect())
    }

    #[test]
    fn pbxes_are_chosen_once_and_protected_ones_by_name_only() {
        let pbx = |names: &[&str]| Choice { pbx: names.iter().map(|n| (*n).to_owned()).collect(), ..Choice::default() };
        assert_eq!(choose(pbx(&["seoul", "asterisk:/nowhere/a/", "busan"])).unwrap(), ["seoul", "busan"]);
        let korea = Choice { groups: vec!["korea".to_owned()], ..Choice::default() };
        assert_eq!(choose(korea.clone()).unwrap_err().code, Code::Usage);
        assert_eq!(choose(Choice { pbx: vec!["seoul".to_owned()], ..korea }).unwrap(), ["seoul", "busan"]);
        assert_eq!(choose(pbx(&["soul"])).unwrap_err().hints, ["did you mean seoul?"]);
        let error = choose(Choice::default()).unwrap_err();
        assert!(error.message.contains("seoul, busan"), "{error}");
        let usual = Choice { usual: Some("busan".to_owned()), ..Choice::default() };
        assert_eq!(choose(usual).unwrap(), ["busan"]);
    }
}
