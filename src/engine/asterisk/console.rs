//! The running Asterisk, opened for questions.
//!
//! Nobody is believed: `asterisk -rx` exits 0 whatever happened, and a reload reports success when
//! it dropped half of the file. So what counts is what the engine holds afterwards, asked object by
//! object, and what it logged meanwhile, caught in a log channel of our own.

use std::path::{Path, PathBuf};

use crate::cx::Cx;
use crate::engine::{
    Aftercare, ByHand, Console, Contact, Live, Opening, Plan, Proof, Reload, Reloaded, Verdict, Warning,
};
use crate::error::{Place, Result};
use crate::extension::{Ext, Extension};
use crate::host::Host;

mod answers;
mod calls;
mod contacts;
mod dialable;
mod elsewhere;
mod link;
mod live;
pub(super) mod log;
mod prove;
mod reload;
mod settings;

use link::{Link, Sockets};
use live::Ability;

/// The file that says where an Asterisk is reached.
pub const CONFIG: &str = "asterisk.conf";

/// Opens the console of the Asterisk that reads `folder`: over its control socket, else through
/// `asterisk -rx`.
///
/// # Errors
/// [`Code::Unreachable`](crate::error::Code::Unreachable) when nothing answers, saying whether it
/// is not running, not ours to talk to, or silent.
pub fn open<'h>(cx: &Cx, host: &'h dyn Host, folder: &Path) -> Result<Box<dyn Console + 'h>> {
    opening(cx, host, folder)?(cx)
}

/// The same, as far as files tell the way; what it returns does the rest.
pub fn opening<'h>(cx: &Cx, host: &'h dyn Host, folder: &Path) -> Result<Opening<'h>> {
    let sockets = Sockets::read(cx, host, folder)?;
    Ok(Box::new(move |cx| {
        // Where the way is long it is asked at once what it is.
        let first = if host.is_far() { live::questions() } else { Vec::new() };
        let link = Link::open(cx, host, sockets, first)?;
        Ok(Box::new(Asterisk { link, ability: None, folders: None, blind: None, next: Vec::new(), reloaded: false }))
    }))
}

struct Asterisk<'h> {
    link: Link<'h>,
    /// What this engine can be asked, once it is known; forgotten with the connection.
    ability: Option<Ability>,
    /// Where it may write a file that we can read, once that is known.
    folders: Option<Vec<PathBuf>>,
    /// What is asked after a reload.
    next: Vec<String>,
    /// Why the log of the last reload could not be read.
    blind: Option<String>,
    /// Whether it was made to reload: with ten thousand new objects it works on that for long after its
    /// answer, and is silent meanwhile (observed on 22.10).
    reloaded: bool,
}

impl Asterisk<'_> {
    fn ability(&mut self, cx: &Cx) -> Result<Ability> {
        if let Some(known) = &self.ability {
            return Ok(known.clone());
        }
        let ability = Ability::ask(&mut self.link, cx)?;
        self.ability = Some(ability.clone());
        Ok(ability)
    }

    /// What `work` says; after a lost connection the next call finds out anew what there is.
    fn forgetting<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.ability = None;
        }
        result
    }
}

impl Console for Asterisk<'_> {
    fn name(&self) -> String {
        self.link.name()
    }

    fn live(&mut self, cx: &Cx) -> Result<Live> {
        let result = live::live(&mut self.link, cx);
        let (live, ability, folders) = self.forgetting(result)?;
        (self.ability, self.folders) = (Some(ability), Some(folders));
        Ok(live)
    }

    fn foresee(&mut self, plan: &Plan) {
        if let Some(folders) = &self.folders {
            self.link.host().foresee(&reload::left_behind(folders));
        }
        let Some(ability) = &self.ability else { return };
        self.next = Ability::questions().into();
        self.next.extend(prove::questions(ability, &plan.prove_new));
        self.next.extend(dialable::questions(ability, &plan.dial));
        self.next.extend(calls::questions(&plan.aftercare));
    }

    fn prove(&mut self, cx: &Cx, proofs: &[Proof], log: &[String]) -> Result<Vec<Verdict>> {
        if proofs.is_empty() {
            return Ok(Vec::new());
        }
        let mut cx = cx.clone();
        if self.reloaded {
            cx.timeouts.question = cx.timeouts.question.max(cx.timeouts.reload);
        }
        let ability = self.ability(&cx)?;
        let result = prove::prove(&mut self.link, &cx, &ability, proofs, log, self.blind.as_deref());
        self.forgetting(result)
    }

    fn reload(&mut self, cx: &Cx, reload: &Reload) -> Result<Reloaded> {
        self.reloaded = true;
        let result = reload::reload(&mut self.link, cx, reload, self.folders.as_deref(), &self.next);
        self.next.clear();
        // A reload may load or unload what answers questions.
        self.ability = None;
        let (reloaded, blind) = result?;
        self.blind = blind;
        Ok(reloaded)
    }

    fn by_hand(&mut self, cx: &Cx, wanted: &Reload, _: &Path) -> Result<ByHand> {
        let commands = self.link.by_hand(cx, &reload::commands(wanted))?;
        Ok(ByHand { commands, busy: reload::BUSY.map(str::to_owned).to_vec() })
    }

    fn contacts(&mut self, cx: &Cx, numbers: &[String]) -> Result<Vec<Contact>> {
        contacts::contacts(&mut self.link, cx, numbers)
    }

    fn aftercare(&mut self, cx: &Cx, acts: &[Aftercare]) -> Result<(usize, Vec<Warning>)> {
        calls::aftercare(&mut self.link, cx, acts)
    }

    fn held(&mut self, cx: &Cx) -> Result<Vec<Ext>> {
        elsewhere::held(&mut self.link, cx)
    }

    fn elsewhere(&mut self, cx: &Cx, known: &[String], store: &str, place: &Place) -> Result<Vec<Extension>> {
        elsewhere::endpoints(&mut self.link, cx, known, store, place)
    }

    fn dialable(&mut self, cx: &Cx, numbers: &[(String, String)]) -> Result<Vec<Warning>> {
        let ability = self.ability(cx)?;
        let result = dialable::dialable(&mut self.link, cx, &ability, numbers);
        self.forgetting(result)
    }
}
