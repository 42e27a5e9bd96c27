//! Whether an extension can be called: which rule of its context takes its number.
//!
//! There is no dry run of a dialplan. So the context is fetched once (`xml_locate`), and the numbers
//! are held against it; what they are compared with is asked of the engine (`regex`), unless the
//! expression is so plain that every engine reads it alike.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::answers::{is_word, text};
use super::dialplan::{Call, Holds, Matcher, expressions, run};
use super::link::{Link, refused};
use super::xml::Element;
use crate::cx::Cx;
use crate::engine::Warning;
use crate::error::Result;
use crate::wire::event_socket::{Answer, can_be_asked};

/// A number nobody has: a rule that takes it takes everything.
const NOBODY: &str = "sipctl-nobody";

/// What is asked first about these pairs.
pub fn questions(pairs: &[(String, String)]) -> Vec<String> {
    let contexts: BTreeSet<&str> = pairs.iter().map(|(_, context)| context.as_str()).collect();
    contexts.into_iter().filter(|context| is_word(context)).map(locate).collect()
}

fn locate(context: &str) -> String {
    format!("xml_locate dialplan context name {context}")
}

/// Warnings for pairs of a number and the context its calls start in.
pub fn dialable(link: &mut Link, cx: &Cx, pairs: &[(String, String)]) -> Result<Vec<Warning>> {
    let mut contexts = Contexts::default();
    for (_, context) in pairs {
        contexts.fetch(link, cx, context)?;
    }
    let trees: BTreeMap<&str, Element> =
        contexts.0.iter().map(|(name, bytes)| (name.as_str(), Element::read(bytes))).collect();
    let numbers: BTreeSet<&str> = pairs.iter().map(|(number, _)| number.as_str()).chain([NOBODY]).collect();
    let matcher = Asked::ask(link, cx, &trees, &numbers)?;
    let judge = |(number, context): &(String, String)| {
        let verdict = walk(&trees, Call { number, context }, &matcher, 0);
        let (code, message) = match verdict {
            Verdict::Rings => return None,
            Verdict::Nobody(why) => ("not-dialable", format!("nobody can call {number}: {why}")),
            Verdict::Taken(by) => {
                ("taken", format!("calls to {number} go to {by} of context {context}, not to its phone"))
            }
            Verdict::Depends(why) => {
                ("undecided", format!("whether {number} can be called from {context} depends on {why}"))
            }
        };
        Some(Warning::new(code, message).number(number))
    };
    Ok(pairs.iter().filter_map(judge).collect())
}

/// The contexts that matter, as the engine prints them; empty for one that is not there.
#[derive(Default)]
struct Contexts(BTreeMap<String, Vec<u8>>);

impl Contexts {
    /// Fetches a context and those it hands calls on to.
    fn fetch(&mut self, link: &mut Link, cx: &Cx, context: &str) -> Result<()> {
        if self.0.contains_key(context) {
            return Ok(());
        }
        let question = locate(context);
        let bytes = match is_word(context) && can_be_asked(&question) {
            true => match link.one(cx, &question)? {
                Answer::Said(bytes) => bytes,
                Answer::Denied => return Err(refused(&question, &Answer::Denied)),
            },
            false => Vec::new(),
        };
        let document = Element::read(&bytes);
        let actions = document.below("action");
        let data = actions.iter().filter(|a| a.text_of("application").as_deref() == Some("transfer"));
        let next: BTreeSet<String> = data
            .filter_map(|action| action.text_of("data")?.rsplit_once(" XML ").map(|(_, context)| context.to_owned()))
            .filter(|context| !context.contains('$'))
            .collect();
        self.0.insert(context.to_owned(), bytes);
        next.iter().try_for_each(|context| self.fetch(link, cx, context))
    }
}

enum Verdict {
    Rings,
    Nobody(String),
    Taken(String),
    Depends(String),
}

/// Goes down a context as the engine would.
fn walk(trees: &BTreeMap<&str, Element>, call: Call, matcher: &dyn Matcher, depth: usize) -> Verdict {
    let Call { number, context } = call;
    let found = trees.get(context).and_then(|document| document.first("context"));
    let Some(found) = found else { return Verdict::Nobody(format!("its context {context} is not in the dialplan")) };
    let extensions: Vec<&Element> = found.all("extension").collect();
    // One that is named like the number is where the walk begins (mod_dialplan_xml.c, `dialplan_hunt`).
    let named = extensions.iter().position(|one| one.text_of("name").as_deref() == Some(number));
    let mut maybe: Option<(bool, String)> = None;
    let settled = |maybe: Option<(bool, String)>, verdict: Verdict| match (maybe, verdict) {
        (Some((false, why)), Verdict::Rings) => Verdict::Depends(why),
        (Some((true, why)), Verdict::Nobody(_) | Verdict::Taken(_)) => Verdict::Depends(why),
        (_, verdict) => verdict,
    };
    for extension in &extensions[named.unwrap_or(0)..] {
        let ran = run(extension, call, matcher);
        let name = extension.text_of("name").unwrap_or_else(|| "a rule without a name".to_owned());
        let rings = ran.rings(number);
        match &ran.holds {
            Holds::No => continue,
            // What has nothing to do with the number does the same to its neighbours.
            Holds::Depends(_) if !ran.by_number && !rings => continue,
            Holds::Depends(why) => {
                let everybody = !rings && run(extension, Call { number: NOBODY, context }, matcher).holds != Holds::No;
                if !everybody && !ran.goes_on && maybe.is_none() {
                    maybe = Some((rings, format!("{why} (rule {name})")));
                }
                continue;
            }
            Holds::Yes if rings => return settled(maybe, Verdict::Rings),
            Holds::Yes if ran.goes_on => continue,
            Holds::Yes => {}
        }
        if let Some(script) = ran.script() {
            return settled(maybe, Verdict::Depends(format!("a script ({script}, rule {name})")));
        }
        if let Some((to, context)) = ran.transfer().filter(|(to, _)| to == number && depth < 5) {
            let call = Call { number: &to, context: &context };
            return settled(maybe, walk(trees, call, matcher, depth + 1));
        }
        let everybody = run(extension, Call { number: NOBODY, context }, matcher).holds == Holds::Yes;
        return settled(
            maybe,
            match everybody {
                true => {
                    Verdict::Nobody(format!("no rule of context {context} takes it but {name}, which takes everything"))
                }
                false => Verdict::Taken(name),
            },
        );
    }
    settled(maybe, Verdict::Nobody(format!("no rule of context {context} takes it")))
}

/// Expressions with their answers: worked out here where they are plain, else as the engine said.
struct Asked {
    plain: RefCell<BTreeMap<String, Option<regex_lite::Regex>>>,
    said: BTreeMap<(String, String), Option<Vec<String>>>,
}

impl Asked {
    /// Asks for every number and every expression that is not plain, in two batches: whether it
    /// matches, and where it does, what the first group holds.
    fn ask(link: &mut Link, cx: &Cx, trees: &BTreeMap<&str, Element>, numbers: &BTreeSet<&str>) -> Result<Self> {
        let all: BTreeSet<String> = trees.values().flat_map(|tree| expressions(tree)).collect();
        let odd: Vec<&String> = all.iter().filter(|expression| !is_plain(expression)).collect();
        let pairs: Vec<(&str, &String)> = numbers.iter().flat_map(|n| odd.iter().map(|e| (*n, *e))).collect();
        let asked: Vec<_> = pairs.into_iter().filter_map(|(n, e)| Some((n, e, question(n, e)?))).collect();
        let questions: Vec<String> = asked.iter().map(|(.., question)| question.plain.clone()).collect();
        let mut said = BTreeMap::new();
        let mut matched = Vec::new();
        for ((number, expression, question), answer) in asked.into_iter().zip(&link.ask(cx, &questions)?) {
            match text(answer).trim() {
                "true" => matched.push((number, expression, question.first_group)),
                "false" => _ = said.insert((number.to_owned(), expression.clone()), None),
                _ => {}
            }
        }
        let questions: Vec<String> = matched.iter().map(|(.., question)| question.clone()).collect();
        for ((number, expression, _), answer) in matched.into_iter().zip(&link.ask(cx, &questions)?) {
            let groups = vec![number.to_owned(), text(answer).trim_end_matches('\n').to_owned()];
            said.insert((number.to_owned(), expression.clone()), Some(groups));
        }
        Ok(Self { plain: RefCell::default(), said })
    }
}

impl Matcher for Asked {
    fn matches(&self, subject: &str, expression: &str) -> Option<Option<Vec<String>>> {
        if !is_plain(expression) {
            return self.said.get(&(subject.to_owned(), expression.to_owned())).cloned();
        }
        let mut plain = self.plain.borrow_mut();
        let compiled = match plain.get(expression) {
            Some(known) => known,
            None => plain.entry(expression.to_owned()).or_insert(regex_lite::Regex::new(expression).ok()),
        };
        let group = |group: Option<regex_lite::Match>| group.map_or(String::new(), |g| g.as_str().to_owned());
        let found = compiled.as_ref()?.captures(subject);
        Some(found.map(|groups| groups.iter().map(group).collect()))
    }
}

struct Question {
    plain: String,
    first_group: String,
}

/// The question whether a number matches. Expressions hold `|`, so another delimiter is named; what
/// the command would unescape or strip on its way cannot be asked (mod_commands.c,
/// `regex_function`; switch_utils.c, `switch_separate_string`).
fn question(number: &str, expression: &str) -> Option<Question> {
    let changed = ["'", "\\n", "\\r", "\\t", "\\s", "\\\"", "\\\\", "${"].iter().any(|odd| expression.contains(odd));
    if changed || expression.trim() != expression || !is_word(number) {
        return None;
    }
    let delimiter = ['~', '!', '#', '%'].into_iter().find(|c| !expression.contains(*c) && !number.contains(*c))?;
    let plain = format!("regex m:{delimiter}{number}{delimiter}{expression}");
    let first_group = format!("{plain}{delimiter}%1");
    can_be_asked(&first_group).then_some(Question { plain, first_group })
}

/// Whether an expression has only what PCRE and every other engine read alike, on a number.
fn is_plain(expression: &str) -> bool {
    let odd = ["(?", "*+", "++", "?+", "}+", "[[", "[]", "[^]", "{,", "--"];
    let mut rest = expression.chars();
    while let Some(c) = rest.next() {
        let fine = match c {
            '\\' => rest.next().is_some_and(|c| c == 'd' || "*+.#()[]$^|?-".contains(c)),
            c => c.is_ascii_alphanumeric() || "^$()|[]-{},?*+.#_".contains(c),
        };
        if !fine {
            return false;
        }
    }
    !odd.iter().any(|odd| expression.contains(odd)) && regex_lite::Regex::new(expression).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_engines_read_differently_are_asked() {
        for plain in ["^(10[01][0-9])$", "^(.*)$", "^\\*98$|^(vmain)$", "^(\\d{2,6})$"] {
            assert!(is_plain(plain), "{plain}");
        }
        for odd in ["^((?!6000)60\\d{2})$", "^\\s+$", "^a++$", "/^10/i", "^(${x})$", "^[[:digit:]]$", "^(", "\\w"] {
            assert!(!is_plain(odd), "{odd}");
        }
    }

    #[test]
    fn a_question_has_a_delimiter_the_expression_has_not() {
        let asked = question("1020", "^(a|b~)(?!c)$").unwrap();
        assert_eq!(asked.plain, "regex m:#1020#^(a|b~)(?!c)$");
        assert!(question("1020", "^\\s+$").is_none() && question("10 20", "^(?!x)$").is_none());
    }

    const CONTEXT: &str = r#"<context name="default">
        <extension name="loop"><condition field="${unroll_loops}" expression="^true$"><action application="deflect" data="x"/></condition></extension>
        <extension name="global" continue="true"><condition><action application="set" data="a=b"/></condition></extension>
        <extension name="open"><condition wday="2-6"/><condition field="destination_number" expression="^30$"><action application="bridge" data="user/30@d"/></condition></extension>
        <extension name="sales"><condition field="destination_number" expression="^2000$"><action application="bridge" data="group/sales@d"/></condition></extension>
        <extension name="Local_Extension"><condition field="destination_number" expression="^(10[01][0-9])$">
            <action application="export" data="dialed_extension=$1"/><action application="bridge" data="user/${dialed_extension}@${domain_name}"/></condition></extension>
        <extension name="prefix"><condition field="destination_number" expression="^8(10[01][0-9])$"><action application="bridge" data="user/$1@d"/></condition></extension>
        <extension name="users"><condition field="destination_number" expression="^(2[12]\d\d)$"/>
            <condition field="${user_exists(id ${destination_number} ${domain_name})}" expression="^true$"><action application="bridge" data="user/${destination_number}@d"/></condition></extension>
        <extension name="far"><condition field="${toll_allow}" expression="local"/><condition field="destination_number" expression="^(\d{7})$"><action application="bridge" data="sofia/gateway/g/$1"/></condition></extension>
        <extension name="hop"><condition field="destination_number" expression="^(40)$"><action application="transfer" data="$1 XML other"/></condition></extension>
        <extension name="script"><condition field="destination_number" expression="^41$"><action application="lua" data="x.lua"/></condition></extension>
        <extension name="catch"><condition field="destination_number" expression="^(.*)$"><action application="answer"/></condition></extension>
        </context>"#;
    const OTHER: &str = r#"<context name="other"><extension name="o"><condition regex="any"><regex field="destination_number" expression="^4"/>
        <regex field="${x}" expression="y"/><action application="bridge" data="user/40@d"/></condition></extension></context>"#;

    fn code(number: &str, context: &str) -> String {
        let trees = BTreeMap::from([
            ("default", Element::read(CONTEXT.as_bytes())),
            ("other", Element::read(OTHER.as_bytes())),
            ("nosuch", Element::read(b"can't find anything\n")),
        ]);
        let matcher = Asked { plain: RefCell::default(), said: BTreeMap::new() };
        match walk(&trees, Call { number, context }, &matcher, 0) {
            Verdict::Rings => "rings".to_owned(),
            Verdict::Nobody(why) => format!("nobody: {why}"),
            Verdict::Taken(by) => format!("taken: {by}"),
            Verdict::Depends(why) => format!("depends: {why}"),
        }
    }

    #[test]
    fn the_rule_that_takes_a_number_decides() {
        for (number, expected) in [
            ("1019", "rings"),
            ("2200", "rings"),
            ("40", "rings"),
            ("2000", "taken: sales"),
            ("81002", "taken: prefix"),
            ("1020", "nobody: no rule of context default takes it but catch, which takes everything"),
            ("30", "depends: the time (wday) (rule open)"),
            ("41", "depends: a script (lua, rule script)"),
        ] {
            assert_eq!(code(number, "default"), expected, "{number}");
        }
        assert_eq!(code("1000", "other"), "nobody: no rule of context other takes it");
        assert_eq!(code("1000", "nosuch"), "nobody: its context nosuch is not in the dialplan");
    }

    #[test]
    fn a_rule_that_hangs_on_a_variable_does_not_hide_the_catch_all() {
        assert!(code("5551234", "default").starts_with("nobody"), "a maybe that never rings changes nothing");
    }
}
