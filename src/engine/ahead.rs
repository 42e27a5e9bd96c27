//! Questions that go along with others because they come next, where every exchange takes its time.

use std::collections::HashMap;

use crate::error::Result;

/// What is asked next of one engine, and the answers that came before they were asked for. Each is
/// handed out once.
pub struct Ahead<A> {
    next: Vec<String>,
    answers: HashMap<String, A>,
}

impl<A> Default for Ahead<A> {
    fn default() -> Self {
        Self { next: Vec::new(), answers: HashMap::new() }
    }
}

impl<A: Default> Ahead<A> {
    /// Answers there are already.
    pub fn with(questions: Vec<String>, answers: Vec<A>) -> Self {
        Self { next: Vec::new(), answers: questions.into_iter().zip(answers).collect() }
    }

    /// These go along with the next questions; what was answered so far is forgotten.
    pub fn foresee(&mut self, questions: Vec<String>) {
        self.answers.clear();
        self.next = questions;
    }

    /// Asks what is not known yet, and with it what is foreseen.
    pub fn ask(&mut self, questions: &[String], exchange: impl FnOnce(&[String]) -> Result<Vec<A>>) -> Result<Vec<A>> {
        let known: Vec<Option<A>> = questions.iter().map(|question| self.answers.remove(question)).collect();
        let unknown = questions.iter().zip(&known).filter(|(_, known)| known.is_none());
        let mut asked: Vec<String> = unknown.map(|(question, _)| question.clone()).collect();
        if asked.is_empty() {
            return Ok(known.into_iter().flatten().collect());
        }
        let count = asked.len();
        asked.append(&mut self.next);
        let mut answers = exchange(&asked)?;
        let more = answers.split_off(count.min(answers.len()));
        self.answers.extend(asked.into_iter().skip(count).zip(more));
        let mut answers = answers.into_iter();
        Ok(known.into_iter().map(|known| known.or_else(|| answers.next()).unwrap_or_default()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_foreseen_is_asked_once_and_handed_out_once() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let mut ahead = Ahead::with(words("a"), vec![1]);
        let mut asked = Vec::new();
        let mut ask = |ahead: &mut Ahead<usize>, text: &str| {
            let exchange = |questions: &[String]| {
                asked.push(questions.join(" "));
                Ok(questions.iter().map(|question| question.len() * 10).collect())
            };
            ahead.ask(&words(text), exchange).unwrap()
        };
        assert_eq!(ask(&mut ahead, "a"), [1]);
        assert_eq!(ask(&mut ahead, "a"), [10]);
        ahead.foresee(words("bb ccc"));
        assert_eq!(ask(&mut ahead, "dddd a"), [40, 10]);
        assert_eq!(ask(&mut ahead, "ccc e bb"), [30, 10, 20]);
        assert_eq!(asked, ["a", "dddd a bb ccc", "e"]);
    }
}
