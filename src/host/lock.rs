//! What every way of locking a configuration folder shares: flock(2) on the folder itself, and,
//! where the file system has none, an exclusive folder `.sipctl.lock/` in it that every run honours.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::cx::Cx;
use crate::error::{Code, Error, Result};

/// The stand-in for flock.
pub(super) const STAND_IN: &str = ".sipctl.lock";
/// The longest pause between two tries: a crowd waits, so it must be short.
const PAUSE: Duration = Duration::from_millis(10);

/// Who made an exclusive folder: enough to know, on the same machine, that he is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    /// His process.
    pub pid: u32,
    /// The boot of the machine.
    pub boot: String,
    /// The namespace the pid counts in.
    pub space: String,
    /// The machine's name.
    pub host: String,
}

impl Holder {
    /// Reads what is in an exclusive folder. What cannot be understood comes from a newer version,
    /// which may be alive.
    pub(super) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Whether he is gone, as far as `me` can tell; `there` says whether a process is.
    pub(super) fn dead(&self, me: &Self, there: impl FnOnce(u32) -> bool) -> bool {
        let rebooted = self.boot != me.boot;
        let gone = || rebooted || (self.space == me.space && !there(self.pid));
        self.host == me.host && !self.boot.is_empty() && gone()
    }
}

/// Waits with growing pauses, says so once, and gives up in time.
pub(super) struct Wait<'a> {
    cx: &'a Cx<'a>,
    folder: &'a Path,
    until: Instant,
    pause: Duration,
}

impl<'a> Wait<'a> {
    /// From now on.
    pub(super) fn new(cx: &'a Cx<'a>, folder: &'a Path) -> Self {
        Self { cx, folder, until: cx.deadline(cx.timeouts.wait), pause: Duration::ZERO }
    }

    /// How long there is still to wait.
    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// One pause; an error once the time is over.
    pub(super) fn pause(&mut self, holder: Option<&Holder>) -> Result<()> {
        self.cx.check()?;
        let folder = self.folder.display();
        if Instant::now() >= self.until {
            let limit = humantime::format_duration(self.cx.timeouts.wait);
            let error = Error::new(Code::Retry, format!("somebody else has been changing {folder} for {limit}"));
            return Err(match holder {
                Some(holder) => error.hint(format!(
                    "process {} on {} holds it; if that is gone: rm -r {folder}/{STAND_IN}",
                    holder.pid, holder.host
                )),
                None => error.hint(format!("see who: fuser -v {folder}")).hint("wait longer with: --wait 2m"),
            });
        }
        if self.pause.is_zero() {
            self.cx.events.progress(&format!("waiting: somebody else is changing {folder}"));
        }
        self.pause = (self.pause * 2).clamp(Duration::from_millis(1), PAUSE);
        std::thread::sleep(self.pause);
        Ok(())
    }
}
