//! What every long call is handed: when to give up, whether to stop, whom to tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::error::{Code, Error, Result};
use crate::secret::Secret;

/// How the rooms below speak: nothing but `output/` prints.
pub trait Events: Sync {
    /// A file read, a question asked, an exchange made; shown with `-v`, already masked.
    fn detail(&self, text: &str);
    /// What is being waited for; shown on a terminal while work takes over a second.
    fn progress(&self, text: &str);
    /// Nothing is waited for any more.
    fn done(&self) {}
    /// Asks a person for a secret; nothing where nobody is there to ask, [`Code::Interrupted`] where
    /// the person wants to stop.
    fn secret(&self, _cancel: &Cancel, _prompt: &str) -> Result<Option<Secret>> {
        Ok(None)
    }
}

/// Events for nobody.
pub struct Silent;

impl Events for Silent {
    fn detail(&self, _: &str) {}
    fn progress(&self, _: &str) {}
}

/// The signals by which others than the person at the terminal ask to stop. One started by nohup is to
/// outlive its terminal: what it was told to ignore stays ignored.
pub fn ends() -> impl Iterator<Item = i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    let hears = move |signal: &i32| ignored.unwrap_or(0) & (1 << (signal - 1)) == 0;
    [SIGHUP].into_iter().filter(hears).chain([SIGTERM])
}

/// Set by a signal; asked between and inside blocking calls.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    stop: Arc<AtomicBool>,
    /// How often somebody pressed Ctrl-C.
    interrupts: Arc<AtomicUsize>,
}

impl Cancel {
    /// Whether somebody asked to stop.
    pub fn is_set(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// The flag itself, for a signal handler to set.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Whether somebody asked twice: then even what must run to its end is left, where it waits for
    /// another machine.
    pub fn is_urgent(&self) -> bool {
        self.interrupts.load(Ordering::SeqCst) >= 2
    }

    /// Counts an interrupt.
    pub fn interrupted(&self) {
        self.interrupts.fetch_add(1, Ordering::SeqCst);
    }

    /// Forgets the interrupts so far: they were meant for another program. `stop` says whether somebody
    /// asked to stop all the same.
    pub fn resume(&self, stop: bool) {
        self.stop.store(stop, Ordering::SeqCst);
        self.interrupts.store(0, Ordering::SeqCst);
    }
}

/// How long the kinds of calls may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Opening a console.
    pub connect: Duration,
    /// One question, or one pipelined batch that makes no progress.
    pub question: Duration,
    /// A reload.
    pub reload: Duration,
    /// Waiting for the lock, and for a reload of somebody else's.
    pub wait: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            question: Duration::from_secs(10),
            reload: Duration::from_secs(60),
            wait: Duration::from_secs(30),
        }
    }
}

/// Handed to every call that waits.
#[derive(Clone)]
pub struct Cx<'a> {
    /// Set when a signal asked to stop.
    pub cancel: Cancel,
    /// How long calls may take.
    pub timeouts: Timeouts,
    /// Whom to tell.
    pub events: &'a dyn Events,
}

impl<'a> Cx<'a> {
    /// A context with the default timeouts that nobody cancels.
    pub fn new(events: &'a dyn Events) -> Self {
        Self { cancel: Cancel::default(), timeouts: Timeouts::default(), events }
    }

    /// The same context for work that must run to its end although a signal came (putting back).
    #[must_use]
    pub fn uncancellable(&self) -> Self {
        let interrupts = Arc::clone(&self.cancel.interrupts);
        Self { cancel: Cancel { stop: Arc::default(), interrupts }, ..self.clone() }
    }

    /// An error with [`Code::Interrupted`] once a signal came.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_set() {
            return Err(Error::new(Code::Interrupted, "interrupted"));
        }
        Ok(())
    }

    /// The moment a call that starts now must be done by.
    pub fn deadline(&self, after: Duration) -> Instant {
        Instant::now() + after
    }
}
