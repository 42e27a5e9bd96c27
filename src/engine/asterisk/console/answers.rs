//! Writing commands and reading answers of the Asterisk command line.

/// One word of a command: quoted, because words are split on blanks and `"` and `\` quote
/// (main/cli.c, `parse_args`).
pub fn word(text: &str) -> String {
    if !text.is_empty() && !text.contains([' ', '\t', '"', '\\']) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The command that evaluates a function.
pub fn eval(function: &str) -> String {
    format!("dialplan eval function {}", word(function))
}

/// What a function came to; `None` where it failed, or there is no such command.
pub fn result(answer: &str) -> Option<&str> {
    let rest = answer.strip_prefix("Return Value: Success (0)\nResult: ")?;
    Some(rest.strip_suffix('\n').unwrap_or(rest))
}

/// Whether the function itself failed: no such object, no such field.
pub fn has_failed(answer: &str) -> bool {
    answer.starts_with("Return Value: Failure")
}

/// Whether the command does not exist in this version, or its module is not loaded.
pub fn no_such_command(answer: &str) -> bool {
    answer.starts_with("No such command '")
}

/// The value after `label` on the first line that begins with it (blanks before it do not count).
pub fn labelled<'a>(answer: &'a str, label: &str) -> Option<&'a str> {
    answer.lines().find_map(|line| line.trim_start().strip_prefix(label)).map(str::trim)
}

/// The lines `name : value` of `pjsip show`, below its ruler; value blanks at the ends are padding.
pub fn table(answer: &str) -> impl Iterator<Item = (&str, &str)> {
    let body = answer.lines().skip_while(|line| !line.trim_start().starts_with("ParameterName")).skip(2);
    body.filter_map(|line| line.split_once(" :")).map(|(name, value)| (name.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_blanks_and_quotes_stay_one_word() {
        assert_eq!(word("1002"), "1002");
        assert_eq!(word("two words"), "\"two words\"");
        assert_eq!(word("a\"b\\"), "\"a\\\"b\\\\\"");
    }

    #[test]
    fn the_table_of_pjsip_show_is_read() {
        let answer = "\n  Aor:  1002   1\n\n ParameterName : ParameterValue\n ======\n contact : sip:1002@127.0.0.1:5\n \
                      max_contacts : 1\n mailboxes : \n\n";
        let all: Vec<_> = table(answer).collect();
        assert_eq!(all, [("contact", "sip:1002@127.0.0.1:5"), ("max_contacts", "1"), ("mailboxes", "")]);
    }

    #[test]
    fn a_failed_function_has_no_result() {
        assert_eq!(result("Return Value: Success (0)\nResult: a:b\n"), Some("a:b"));
        assert_eq!(result("Return Value: Success (0)\nResult: \n"), Some(""));
        let failed = "Return Value: Failure (-1)\nResult: \n";
        assert!(result(failed).is_none() && has_failed(failed));
    }
}
