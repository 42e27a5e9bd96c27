//! The running FreeSWITCH, opened for questions.
//!
//! Nobody is believed: `reloadxml` says `+OK` when it failed, `fs_cli` exits 0 whatever happened, and
//! dropping a registration that is not there is a success. So what counts is the exact text of a
//! reload, and what the engine holds afterwards.

use std::path::Path;

use crate::cx::Cx;
use crate::engine::{
    Aftercare, ByHand, Console, Contact, Live, Opening, Plan, Proof, Reload, Reloaded, Verdict, Warning,
};
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
pub use live::wants as since;
pub use reload::Refusal;
use settings::Settings;
pub use settings::wants;

/// Opens the console of the FreeSWITCH that reads `folder`: over the Event Socket, with the address
/// and password of its own configuration (or as `login`), else through `fs_cli`.
///
/// # Errors
/// [`Code::Unreachable`](crate::error::Code::Unreachable) when nothing answers, saying whether it is
/// not running, refuses the password or our address, or is silent.
pub fn open<'h>(cx: &Cx, host: &'h dyn Host, folder: &Path, login: Option<&Login>) -> Result<Box<dyn Console + 'h>> {
    opening(cx, host, folder, login)?(cx)
}

/// The same, as far as files tell the way; what it returns does the rest.
pub fn opening<'h>(cx: &Cx, host: &'h dyn Host, folder: &Path, login: Option<&Login>) -> Result<Opening<'h>> {
    let (settings, login) = (Settings::read(cx, host, folder)?, login.cloned());
    Ok(Box::new(move |cx| {
        // Where the way is long it is asked at once what it is.
        let first = if host.is_far() { live::questions() } else { Vec::new() };
        let link = Link::open(cx, host, settings, login.as_ref(), first)?;
        Ok(Box::new(FreeSwitch { link, next: Vec::new() }) as Box<dyn Console + 'h>)
    }))
}

struct FreeSwitch<'h> {
    link: Link<'h>,
    /// What is asked after a reload.
    next: Vec<String>,
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

    fn foresee(&mut self, plan: &Plan) {
        self.next = prove::questions(&plan.prove_new);
        self.next.extend(dialable::questions(&plan.dial));
        self.next.extend(calls::questions(&plan.aftercare));
    }

    fn reload(&mut self, cx: &Cx, reload: &Reload) -> Result<Reloaded> {
        self.link.foresee(std::mem::take(&mut self.next));
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
