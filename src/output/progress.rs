//! Progress on a terminal while work takes over a second, and details with `-v`.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::cx::Events;

/// Nothing is shown before this.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is drawn again.
const TICK: Duration = Duration::from_millis(250);

#[derive(Default)]
struct State {
    text: String,
    since: Option<Instant>,
    shown: bool,
    over: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows what is being waited for.
pub struct Progress {
    verbose: bool,
    shared: Arc<Shared>,
    drawer: Mutex<Option<JoinHandle<()>>>,
}

impl Progress {
    /// Shows details as well if `verbose`.
    pub fn new(verbose: bool) -> Self {
        Self { verbose, shared: Arc::default(), drawer: Mutex::new(None) }
    }

    /// The same, for another run.
    pub fn again(&self) -> Self {
        Self::new(self.verbose)
    }

    /// Does something that writes to standard error or asks a person, with the line out of the way.
    pub fn pause<T>(&self, act: impl FnOnce() -> T) -> T {
        let mut state = self.shared.lock();
        wipe(&mut state);
        act()
    }

    /// Takes the line away until there is progress again.
    pub fn clear(&self) {
        let mut state = self.shared.lock();
        wipe(&mut state);
        state.since = None;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
        self.shared.lock().over = true;
        self.shared.wake.notify_all();
        let drawer = self.drawer.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(drawer) = drawer.take() {
            let _ = drawer.join();
        }
    }
}

impl Events for Progress {
    fn detail(&self, text: &str) {
        if self.verbose {
            self.pause(|| {
                let _ = writeln!(io::stderr().lock(), "{}", super::diff::printable(text));
            });
        }
    }

    fn progress(&self, text: &str) {
        if !io::stderr().is_terminal() {
            return;
        }
        let mut state = self.shared.lock();
        state.text = super::diff::printable(text);
        state.since.get_or_insert_with(Instant::now);
        drop(state);
        let mut drawer = self.drawer.lock().unwrap_or_else(PoisonError::into_inner);
        if drawer.is_none() {
            let shared = Arc::clone(&self.shared);
            *drawer = Some(std::thread::spawn(move || draw(&shared)));
        }
    }
}

fn wipe(state: &mut State) {
    if std::mem::take(&mut state.shown) {
        let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
    }
}

fn draw(shared: &Shared) {
    let mut state = shared.lock();
    while !state.over {
        if let Some(waited) = state.since.map(|since| since.elapsed()).filter(|waited| *waited >= PATIENCE) {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K{} ({} s)", state.text, waited.as_secs());
            state.shown = true;
        }
        state = shared.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
    }
}
