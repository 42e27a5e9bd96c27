//! What is read before it is asked for: an exchange takes along what will be asked next.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::{File, Want};
use crate::error::{Error, Result};

/// What of one host is foreseen, and what was found of it. An answer is handed out once, and none is
/// older than the last step, lock or foresight.
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

    /// The next exchange takes these along. What was foreseen before and nobody asked for is old by now.
    pub fn foresee(&self, wants: &[Want]) {
        let mut book = self.book();
        book.found.clear();
        book.wanted.extend_from_slice(wants);
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

#[cfg(test)]
mod tests {
    use super::super::super::Content;
    use super::*;

    /// A file that says how often something was read before.
    fn read(ahead: &Ahead, name: &str, times: &mut usize) -> String {
        let read = |wants: &[Want]| {
            *times += 1;
            let file = |want: &Want| File {
                path: want.path().to_owned(),
                content: Content::Unreadable(format!("{} {times}", want.path().display())),
            };
            Ok(wants.iter().map(|want| vec![file(want)]).collect())
        };
        let found = ahead.read(&[Want::File(name.into())], read).unwrap().remove(0).remove(0).content;
        let Content::Unreadable(said) = found else { panic!("{found:?}") };
        said
    }

    #[test]
    fn what_was_foreseen_for_one_command_is_old_for_the_next() {
        let (ahead, mut times) = (Ahead::default(), 0);
        ahead.foresee(&[Want::File("a".into()), Want::File("b".into())]);
        assert_eq!(read(&ahead, "c", &mut times), "c 1");
        assert_eq!(read(&ahead, "a", &mut times), "a 1");
        assert_eq!(times, 1);
        assert_eq!(read(&ahead, "a", &mut times), "a 2", "each is handed out once");
        ahead.foresee(&[Want::File("d".into())]);
        assert_eq!(read(&ahead, "b", &mut times), "b 3", "somebody sat in an editor meanwhile");
        assert_eq!(read(&ahead, "d", &mut times), "d 3");
    }
}
