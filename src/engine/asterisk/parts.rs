//! An extension and the objects it is made of: the endpoint, and by reference its auths, its AORs,
//! its identifies.

use super::objects::{Configs, Dialect, Object, Objects, Type, wizard_says};
use crate::extension::{Kind, SecretKind};

/// The objects of one extension.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Its endpoint; its id is the extension's number.
    pub endpoint: Object,
    /// The auths its phone answers, in the order the endpoint names them.
    pub auths: Vec<Object>,
    /// Its AORs, in order.
    pub aors: Vec<Object>,
    /// The identifies that point to it.
    pub identifies: Vec<Object>,
    /// Whether a registration or an outbound auth belongs to it.
    pub outbound: bool,
}

impl Parts {
    /// Follows the references of an endpoint.
    pub fn of(configs: &Configs, objects: &Objects, endpoint: Object) -> Self {
        let id = configs.id(endpoint);
        let follow = |kind, option| -> Vec<Object> {
            match endpoint.dialect {
                Dialect::Pjsip => {
                    configs.list(endpoint, option).filter_map(|id| objects.find(configs, kind, id)).collect()
                }
                Dialect::Wizard => objects.of(kind).iter().copied().filter(|o| same_section(*o, endpoint)).collect(),
            }
        };
        let belongings = objects.belongings(&id);
        let of = |kind| belongings.iter().copied().filter(|o: &Object| o.kind == kind).collect::<Vec<_>>();
        let outbound = !of(Type::Registration).is_empty()
            || configs.text(endpoint, "outbound_auth").is_some()
            || (endpoint.dialect == Dialect::Wizard
                && ["sends_auth", "sends_registrations"]
                    .iter()
                    .any(|option| wizard_says(configs.of(endpoint), configs.category(endpoint), option)));
        Self {
            endpoint,
            auths: follow(Type::Auth, "auth"),
            aors: follow(Type::Aor, "aors"),
            identifies: of(Type::Identify),
            outbound,
        }
    }

    /// Every object of it, endpoint first.
    pub fn objects(&self) -> impl Iterator<Item = Object> {
        [self.endpoint].into_iter().chain(self.auths.clone()).chain(self.aors.clone()).chain(self.identifies.clone())
    }

    /// Its objects of one type.
    pub fn of_kind(&self, kind: Type) -> &[Object] {
        match kind {
            Type::Endpoint => std::slice::from_ref(&self.endpoint),
            Type::Auth => &self.auths,
            Type::Aor => &self.aors,
            Type::Identify => &self.identifies,
            Type::Registration | Type::Transport | Type::Global | Type::Other => &[],
        }
    }

    /// What kind of thing it is.
    pub fn kind(&self, configs: &Configs) -> Kind {
        let static_contact = self.aors.iter().any(|aor| configs.text(*aor, "contact").is_some());
        if self.outbound || (static_contact && !self.identifies.is_empty()) {
            return Kind::Trunk;
        }
        if !self.auths.is_empty() || names_auth(configs, self.endpoint) {
            return Kind::Phone;
        }
        if !self.identifies.is_empty() {
            return Kind::IpPhone;
        }
        match self.aors.iter().any(|aor| may_register(configs, *aor)) {
            true => Kind::Phone,
            false => Kind::Other,
        }
    }

    /// How its password is stored.
    pub fn secret(&self, configs: &Configs) -> SecretKind {
        let Some(auth) = self.auths.last() else {
            return match self.kind(configs) {
                Kind::Phone if !names_auth(configs, self.endpoint) => SecretKind::Open,
                _ => SecretKind::None,
            };
        };
        let own = |option: &str| {
            let (value, var) = configs.values(*auth, option).last()?;
            (!value.is_empty()).then_some(!var.inherited)
        };
        match (own("md5_cred").or(own("password_digest")), own("password")) {
            (Some(false), _) | (None, Some(false)) => SecretKind::Inherited,
            (Some(true), _) => SecretKind::Digest,
            (None, Some(true)) => SecretKind::Clear,
            (None, None) => SecretKind::None,
        }
    }
}

fn same_section(a: Object, b: Object) -> bool {
    (a.dialect, a.category) == (b.dialect, b.category)
}

fn names_auth(configs: &Configs, endpoint: Object) -> bool {
    endpoint.dialect == Dialect::Pjsip && configs.list(endpoint, "auth").next().is_some()
}

fn may_register(configs: &Configs, aor: Object) -> bool {
    configs.text(aor, "max_contacts").and_then(|n| n.parse::<u32>().ok()).is_some_and(|n| n > 0)
}
