//! Registrations and calls, as `sofia` and `show` tell of them.

use std::fmt::Write;

#[derive(Default)]
pub struct Registrar {
    /// Profile, user@host and contact.
    held: Vec<(String, String, String)>,
    /// The table of the core: a flush does not clean it.
    core: Vec<String>,
    /// user@host and uuid.
    calls: Vec<(String, String)>,
}

pub const PROFILES: [&str; 2] = ["external", "internal"];

impl Registrar {
    /// `sofia ...`
    pub fn sofia(&mut self, words: &[&str]) -> Option<String> {
        Some(match words {
            ["status"] => self.status(),
            ["xmlstatus", "profile", profile, "reg"] if PROFILES.contains(profile) => self.xml(profile),
            ["xmlstatus" | "status", "profile", ..] => "Invalid Profile!\n".to_owned(),
            ["profile", profile, ..] if !PROFILES.contains(profile) => format!("Invalid Profile [{profile}]\n"),
            ["profile", profile, "flush_inbound_reg", rest @ ..] => {
                let arguments = (rest.first().copied(), rest.get(1) == Some(&"reboot"));
                self.held.retain(|(on, id, _)| {
                    let host = id.split_once('@').map_or("", |(_, host)| host);
                    // Without an @ it is a host, without anything everybody is meant.
                    let meant = match arguments.0 {
                        None => true,
                        Some(one) if one.contains('@') => id == one,
                        Some(one) => host == one,
                    };
                    !(on == profile && meant)
                });
                let what = if arguments.1 { "rebooting" } else { "flushing" };
                format!("+OK {what} all registrations matching specified call_id\n")
            }
            ["profile", _, "check_sync", ..] => "+OK syncing all registrations matching specified call_id\n".to_owned(),
            _ => return None,
        })
    }

    fn status(&self) -> String {
        let rule = "=".repeat(97);
        let mut out = format!("{:>25}\t{:>7}\t{:>42}\t{}\n{rule}\n", "Name", "Type", "Data", "State");
        for (profile, port) in PROFILES.iter().zip([26080, 26060]) {
            let held = self.held.iter().filter(|(on, ..)| on == profile).count();
            let _ = writeln!(
                out,
                "{profile:>25}\t{:>7}\t{:>42}\tRUNNING ({held})",
                "profile",
                format!("sip:mod_sofia@127.0.0.1:{port}")
            );
        }
        let _ = writeln!(out, "{rule}\n2 profiles 0 aliases");
        out
    }

    fn xml(&self, profile: &str) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profile>\n  <registrations>\n".to_owned();
        for (_, id, uri) in self.held.iter().filter(|(on, ..)| on == profile) {
            let (user, host) = id.split_once('@').unwrap_or((id, ""));
            let _ = write!(
                out,
                "    <registration>\n        <call-id>b2103187@t</call-id>\n        <user>{id}</user>\n        \
                 <contact>&quot;&quot; &lt;{uri}&gt;</contact>\n        <agent>sipctl-probe/1</agent>\n        \
                 <status>Registered(UDP)(unknown) exp(2026-11-21 01:38:48) expsecs(330)</status>\n        \
                 <host>vm</host>\n        <network-ip>127.0.0.1</network-ip>\n        <network-port>47369</network-port>\n        \
                 <sip-auth-user>{user}</sip-auth-user>\n        <sip-auth-realm>{host}</sip-auth-realm>\n        \
                 <mwi-account>{id}</mwi-account>\n    </registration>\n"
            );
        }
        out + "  </registrations>\n</profile>\n"
    }

    /// `show ... as json`: without rows there is no `rows`.
    pub fn show(&self, what: &str) -> Option<String> {
        let rows: Vec<String> = match what {
            "channels" => (self.calls.iter())
                .map(|(id, uuid)| {
                    format!("{{\"uuid\":\"{uuid}\",\"name\":\"sofia/internal/{id}\",\"presence_id\":\"{id}\"}}")
                })
                .collect(),
            "registrations" => {
                let users = self.core.iter().map(|id| id.split_once('@').map_or(id.as_str(), |(user, _)| user));
                users.map(|user| format!("{{\"reg_user\":\"{user}\"}}")).collect()
            }
            _ => return None,
        };
        Some(match rows.len() {
            0 => "{\"row_count\": 0}\n".to_owned(),
            n => format!("{{\"row_count\":{n},\"rows\":[{}]}}\n", rows.join(",")),
        })
    }

    pub fn kill(&mut self, uuid: &str) -> String {
        let before = self.calls.len();
        self.calls.retain(|(_, one)| one != uuid);
        if self.calls.len() < before { "+OK\n" } else { "-ERR No such channel!\n" }.to_owned()
    }

    /// Whom a call would reach.
    pub fn contact(&self, id: &str) -> String {
        let found = self.held.iter().find(|(_, one, _)| one == id);
        found.map_or("error/user_not_registered".to_owned(), |(profile, _, uri)| format!("sofia/{profile}/{uri}"))
    }

    /// The stand-in's own commands.
    pub fn act(&mut self, words: &[&str]) -> Option<String> {
        match words {
            ["register", profile, id, uri] => {
                self.held.push(((*profile).to_owned(), (*id).to_owned(), (*uri).to_owned()));
                self.core.push((*id).to_owned());
            }
            ["call", id, uuid] => self.calls.push(((*id).to_owned(), (*uuid).to_owned())),
            _ => return None,
        }
        Some("+OK\n".to_owned())
    }
}
