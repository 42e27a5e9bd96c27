//! The running FreeSWITCH, opened for questions.
//!
//! Nobody is believed: `reloadxml` says `+OK` when it failed, `fs_cli` exits 0 whatever happened, and
//! dropping a registration that is not there is a success. So what counts is the exact text of a
//! reload, and what the engine holds afterwards.

use std::path::Path;

use crate::cx::Cx;
use crate::engine::{Aftercare, ByHand, Console, Contact, Live, Proof, Reload, Reloaded, Verdict, Warning};
use crate::error::Result;
use crate::extension::Ext;
use crate::host::Host;
use crate::wire::event_socket::Login;

mod answers;
mod calls;
mod contacts;
mod dialable;
mod dialplan;
mod directory;
mod held;
mod link;
mod live;
mod prove;
mod reload;
mod settings;
mod xml;

use link::Link;
pub use reload::Refusal;

/// Opens the console of the FreeSWITCH that reads `folder`: over the Event Socket, with the address
/// and password of its own configuration (or as `login`), else through `fs_cli`.
///
/// # Errors
/// [`Code::Unreachable`](crate::error::Code::Unreachable) when nothing answers, saying whether it is
/// not running, refuses the password or our address, or is silent.
pub fn open<'h>(cx: &Cx, host: &'h dyn Host, folder: &Path, login: Option<&Login>) -> Result<Box<dyn Console + 'h>> {
    Ok(Box::new(FreeSwitch { link: Link::open(cx, host, folder, login)? }))
}

struct FreeSwitch<'h> {
    link: Link<'h>,
}

impl Console for FreeSwitch<'_> {
    fn name(&self) -> String {
        self.link.name()
    }

    fn live(&mut self, cx: &Cx) -> Result<Live> {
        live::live(&mut self.link, cx)
    }

    fn prove(&mut self, cx: &Cx, proofs: &[Proof], log: &[String]) -> Result<Vec<Verdict>> {
        prove::prove(&mut self.link, cx, proofs, log)
    }

    fn may_reload(&self, reload: &Reload) -> Result<()> {
        reload::may(&self.link, reload)
    }

    fn try_reload(&mut self, cx: &Cx, reload: &Reload) -> Result<()> {
        match self.link.rights_unknown() {
            true => reload::reload(&mut self.link, cx, reload).map(drop),
            false => Ok(()),
        }
    }

    fn reload(&mut self, cx: &Cx, reload: &Reload) -> Result<Reloaded> {
        reload::reload(&mut self.link, cx, reload)
    }

    fn by_hand(&mut self, cx: &Cx, wanted: &Reload, folder: &Path) -> Result<ByHand> {
        let commands = self.link.by_hand(cx, &reload::commands(wanted), folder)?;
        Ok(ByHand { commands, busy: Vec::new() })
    }

    fn contacts(&mut self, cx: &Cx, numbers: &[String]) -> Result<Vec<Contact>> {
        contacts::contacts(&mut self.link, cx, numbers)
    }

    fn aftercare(&mut self, cx: &Cx, acts: &[Aftercare]) -> Result<(usize, Vec<Warning>)> {
        calls::aftercare(&mut self.link, cx, acts)
    }

    fn held(&mut self, cx: &Cx) -> Result<Vec<Ext>> {
        held::held(&mut self.link, cx)
    }

    fn dialable(&mut self, cx: &Cx, numbers: &[(String, String)]) -> Result<Vec<Warning>> {
        dialable::dialable(&mut self.link, cx, numbers)
    }
}
