//! Progress on a terminal while work takes over a second, a line for each PBX that is worked on; and
//! details with `-v`. Off a terminal there is no progress.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthChar;

use super::prompt;
use crate::cx::{Cancel, Events};
use crate::error::Result;
use crate::secret::Secret;

/// Nothing is shown before this.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the lines are drawn again.
const TICK: Duration = Duration::from_millis(250);
/// Where the terminal does not say how large it is.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// What one PBX waits for.
#[derive(Default)]
struct Row {
    name: Option<String>,
    text: String,
    since: Option<Instant>,
}

#[derive(Default)]
struct State {
    rows: Vec<Row>,
    /// As many lines are on the terminal.
    shown: usize,
    /// Whether a person is being asked something.
    asking: bool,
    over: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    /// Held by whoever asks a person something.
    turn: Mutex<()>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows what is being waited for.
pub struct Progress {
    all: Lane,
    lanes: OnceLock<BTreeMap<String, Lane>>,
}

/// One line of progress.
struct Lane {
    verbose: bool,
    name: Option<String>,
    row: usize,
    shared: Arc<Shared>,
    drawer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Progress {
    /// Shows details as well if `verbose`.
    pub fn new(verbose: bool) -> Self {
        let shared = Arc::<Shared>::default();
        shared.lock().rows.push(Row::default());
        let all = Lane { verbose, name: None, row: 0, shared, drawer: Arc::default() };
        Self { all, lanes: OnceLock::new() }
    }

    /// The same, for another run.
    pub fn again(&self) -> Self {
        Self::new(self.all.verbose)
    }

    /// From here on several PBXes are worked on: each has a line of its own, and what is said of it
    /// bears its name.
    pub fn several<'n>(&self, names: impl Iterator<Item = &'n str>) {
        let mut state = self.all.shared.lock();
        let mut lanes = BTreeMap::new();
        for name in names {
            let (row, own) = (state.rows.len(), Some(name.to_owned()));
            state.rows.push(Row { name: own.clone(), ..Row::default() });
            let (shared, drawer) = (Arc::clone(&self.all.shared), Arc::clone(&self.all.drawer));
            lanes.insert(name.to_owned(), Lane { verbose: self.all.verbose, name: own, row, shared, drawer });
        }
        drop(state);
        let _ = self.lanes.set(lanes);
    }

    /// Whom to tell about a PBX.
    pub fn of(&self, pbx: &str) -> &dyn Events {
        self.lanes.get().and_then(|lanes| lanes.get(pbx)).unwrap_or(&self.all)
    }

    /// Does something that writes to standard error, with the lines out of the way.
    pub fn pause<T>(&self, act: impl FnOnce() -> T) -> T {
        self.all.pause(act)
    }

    /// Asks a person something.
    pub fn asking<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.all.asking(ask)
    }

    /// Takes the lines away until there is progress again.
    pub fn clear(&self) {
        let mut state = self.all.shared.lock();
        wipe(&mut state);
        for row in &mut state.rows {
            row.since = None;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
        self.all.shared.lock().over = true;
        self.all.shared.wake.notify_all();
        let drawer = self.all.drawer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(drawer) = drawer {
            let _ = drawer.join();
        }
    }
}

impl Events for Progress {
    fn detail(&self, text: &str) {
        self.all.detail(text);
    }

    fn progress(&self, text: &str) {
        self.all.progress(text);
    }

    fn done(&self) {
        self.all.done();
    }

    fn secret(&self, cancel: &Cancel, question: &str) -> Result<Option<Secret>> {
        self.all.secret(cancel, question)
    }
}

impl Lane {
    fn pause<T>(&self, act: impl FnOnce() -> T) -> T {
        let mut state = self.shared.lock();
        wipe(&mut state);
        act()
    }

    /// Asks a person something: one question at a time; the others go on meanwhile, unseen.
    fn asking<T>(&self, ask: impl FnOnce() -> T) -> T {
        let _turn = self.shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let set = |asking| {
            let mut state = self.shared.lock();
            wipe(&mut state);
            state.asking = asking;
        };
        set(true);
        let answer = ask();
        set(false);
        answer
    }
}

impl Events for Lane {
    fn detail(&self, text: &str) {
        if self.verbose {
            let line = match &self.name {
                Some(name) => super::diff::printable(&format!("{name}: {text}")),
                None => super::diff::printable(text),
            };
            self.pause(|| {
                let _ = writeln!(io::stderr().lock(), "{line}");
            });
        }
    }

    fn progress(&self, text: &str) {
        if !io::stderr().is_terminal() {
            return;
        }
        let mut state = self.shared.lock();
        let row = &mut state.rows[self.row];
        row.text = super::diff::printable(text);
        row.since.get_or_insert_with(Instant::now);
        drop(state);
        let mut drawer = self.drawer.lock().unwrap_or_else(PoisonError::into_inner);
        if drawer.is_none() {
            let shared = Arc::clone(&self.shared);
            *drawer = Some(std::thread::spawn(move || draw(&shared)));
        }
    }

    fn secret(&self, cancel: &Cancel, question: &str) -> Result<Option<Secret>> {
        if !prompt::possible() {
            return Ok(None);
        }
        let question = match &self.name {
            Some(name) => format!("{name}: {question}"),
            None => question.to_owned(),
        };
        self.asking(|| prompt::hidden(&question, cancel)).map(Some)
    }

    fn done(&self) {
        self.shared.lock().rows[self.row].since = None;
    }
}

/// Takes the lines off the terminal.
fn wipe(state: &mut State) {
    let _ = match std::mem::take(&mut state.shown) {
        0 => Ok(()),
        1 => write!(io::stderr().lock(), "\r\u{1b}[K"),
        lines => write!(io::stderr().lock(), "\r\u{1b}[{}A\u{1b}[J", lines - 1),
    };
}

fn draw(shared: &Shared) {
    let mut state = shared.lock();
    while !state.over {
        if !state.asking {
            let lines = lines(&state.rows, size());
            if !lines.is_empty() || state.shown > 0 {
                wipe(&mut state);
                let _ = write!(io::stderr().lock(), "{}", lines.join("\r\n"));
                state.shown = lines.len();
            }
        }
        state = shared.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// What is shown on a terminal of this many columns and lines; none is ever wrapped.
fn lines(rows: &[Row], (columns, height): (usize, usize)) -> Vec<String> {
    let waiting = rows.iter().filter_map(|row| Some((row, row.since?.elapsed())));
    let waiting: Vec<_> = waiting.filter(|(_, waited)| *waited >= PATIENCE).collect();
    let room = height.saturating_sub(2).max(1);
    let named = waiting.iter().filter_map(|(row, _)| row.name.as_ref()).map(|name| name.chars().count());
    let wide = named.max().unwrap_or(0).min(columns / 3);
    let line = |(row, waited): &(&Row, Duration)| {
        let mut line = String::new();
        if let Some(name) = &row.name {
            let _ = write!(line, "{name:<wide$}  ");
        }
        let _ = write!(line, "{} ({} s)", row.text, waited.as_secs());
        cut(&line, columns.saturating_sub(1))
    };
    let mut lines: Vec<String> = waiting.iter().map(line).collect();
    if lines.len() > room {
        let more = lines.len() - room + 1;
        lines.truncate(room - 1);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The start of a line that fits.
fn cut(line: &str, columns: usize) -> String {
    let mut left = columns;
    let fits = |c: &char| match left.checked_sub(c.width().unwrap_or(0)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    line.chars().take_while(fits).collect()
}

fn size() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    size.map_or(USUAL_SIZE, |size| (size.ws_col.into(), size.ws_row.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: Option<&str>, text: &str, seconds: u64) -> Row {
        let since = Instant::now().checked_sub(Duration::from_secs(seconds));
        Row { name: name.map(str::to_owned), text: text.to_owned(), since }
    }

    #[test]
    fn a_line_for_each_that_waits_for_long_and_none_is_wrapped() {
        let rows = [row(Some("seoul"), "reloading", 3), row(Some("b"), "reloading", 0), row(Some("회의"), "도", 2)];
        let shown = lines(&rows, (80, 24));
        assert_eq!(shown, ["seoul  reloading (3 s)", "회의     도 (2 s)"]);
        assert!(lines(&rows, (10, 24)).iter().all(|line| line.chars().filter_map(|c| c.width()).sum::<usize>() < 10));
        assert_eq!(lines(&[row(None, "reloading", 2)], (80, 24)), ["reloading (2 s)"]);
        let many: Vec<Row> = (0..40).map(|_| row(Some("a"), "reloading", 2)).collect();
        let shown = lines(&many, (80, 10));
        assert_eq!((shown.len(), shown[7].as_str()), (8, "and 33 more"));
    }
}
