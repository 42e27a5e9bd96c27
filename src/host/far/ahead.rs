//! What is read before it is asked for: an exchange takes along what will be asked next.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::{File, Want};
use crate::error::{Error, Result};

/// What of one host is foreseen, and what was found of it. An answer is handed out once, and none is
/// older than the last step or lock.
#[derive(Default)]
pub(super) struct Ahead {
    book: Mutex<Book>,
    /// Held while something is read: whoever asks meanwhile may find it there.
    reading: Mutex<()>,
}

#[derive(Default)]
struct Book {
    wanted: Vec<Want>,
    found: Vec<(Want, Vec<File>)>,
}

impl Ahead {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next exchange takes these along.
    pub fn foresee(&self, wants: &[Want]) {
        self.book().wanted.extend_from_slice(wants);
    }

    /// What was found so far may not be so any more.
    pub fn forget(&self) {
        self.book().found.clear();
    }

    fn reading(&self) -> MutexGuard<'_, ()> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads these and what is foreseen after a step or a lock, so that nothing counts that was found
    /// before; what came with it, and the answers to these.
    pub fn with<T, E>(
        &self,
        wants: &[Want],
        read: impl FnOnce(&[Want]) -> Result<(T, Vec<Vec<File>>), E>,
    ) -> Result<(T, Vec<Vec<File>>), E> {
        let _one = self.reading();
        self.forget();
        self.exchange(wants, read)
    }

    fn exchange<T, E>(
        &self,
        wants: &[Want],
        read: impl FnOnce(&[Want]) -> Result<(T, Vec<Vec<File>>), E>,
    ) -> Result<(T, Vec<Vec<File>>), E> {
        let wanted = std::mem::take(&mut self.book().wanted);
        let (with, mut found) = read(&[wants, &wanted[..]].concat())?;
        let more = found.split_off(wants.len().min(found.len()));
        self.book().found.extend(wanted.into_iter().zip(more));
        Ok((with, found))
    }

    /// Reads what is not known yet.
    pub fn read(&self, wants: &[Want], read: impl FnOnce(&[Want]) -> Result<Vec<Vec<File>>>) -> Result<Vec<Vec<File>>> {
        let _one = self.reading();
        let mut book = self.book();
        let mut take = |want: &Want| {
            let at = book.found.iter().position(|(known, _)| known == want)?;
            Some(book.found.swap_remove(at).1)
        };
        let known: Vec<Option<Vec<File>>> = wants.iter().map(&mut take).collect();
        drop(book);
        let unknown: Vec<Want> =
            wants.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(want, _)| want.clone()).collect();
        let mut read = match unknown[..] {
            [] => Vec::new(),
            _ => self.exchange(&unknown, |wants| Ok::<_, Error>(((), read(wants)?)))?.1,
        }
        .into_iter();
        Ok(known.into_iter().map(|known| known.or_else(|| read.next()).unwrap_or_default()).collect())
    }
}
