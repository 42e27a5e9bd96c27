//! Writing commands and reading answers of the FreeSWITCH API.

use std::borrow::Cow;

use crate::wire::event_socket::Answer;

/// The text of an answer.
pub fn text(answer: &Answer) -> Cow<'_, str> {
    match answer {
        Answer::Said(bytes) => String::from_utf8_lossy(bytes),
        Answer::Denied => Cow::Borrowed("-ERR permission denied"),
    }
}

/// The value an answer is; `-ERR no reply` is what an empty one looks like.
pub fn value(answer: &Answer) -> Option<&[u8]> {
    match answer {
        Answer::Said(bytes) if bytes.starts_with(b"-ERR") => None,
        Answer::Said(bytes) => Some(bytes.strip_suffix(b"\n").unwrap_or(bytes)),
        Answer::Denied => None,
    }
}

/// Whether the command does not exist: its module is not loaded.
pub fn no_such_command(answer: &Answer) -> bool {
    let text = text(answer);
    text.starts_with("-ERR ") && text.trim_end().ends_with("Command not found!")
}

/// The first line that says something, for a message.
pub fn line(answer: &Answer) -> String {
    let text = text(answer);
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("nothing").to_owned()
}

/// Whether this is one word of a command: commands are split on blanks, and some know quotes.
pub fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "'\"\\;|".contains(c))
}

/// `user@domain`, where each is one word.
pub fn user_at(id: &str) -> Option<(&str, &str)> {
    let (user, domain) = id.rsplit_once('@')?;
    (is_word(user) && is_word(domain)).then_some((user, domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Answer {
        Answer::Said(text.as_bytes().to_vec())
    }

    #[test]
    fn an_empty_answer_has_no_value() {
        assert_eq!(value(&said("-ERR no reply\n")), None);
        assert_eq!(value(&said("domestic,local")), Some(b"domestic,local".as_slice()));
        assert_eq!(value(&Answer::Denied), None);
        assert!(no_such_command(&said("-ERR sofia Command not found!\n")));
    }

    #[test]
    fn ids_that_a_command_would_split_are_no_ids() {
        assert_eq!(user_at("1002@pbx.example.org"), Some(("1002", "pbx.example.org")));
        for bad in ["1002", "@example.org", "1002@", "10 02@d", "1002@d;x", "a'b@d"] {
            assert_eq!(user_at(bad), None, "{bad}");
        }
    }
}
