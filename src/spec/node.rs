//! A text as a tree that knows where everything stands. It may hold passwords, so it cannot be
//! printed.

use super::{Form, Problem};

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// Something with its place.
#[derive(Clone)]
pub struct Node {
    /// Where it starts.
    pub at: At,
    /// What it is.
    pub value: Value,
}

/// What stands there.
#[derive(Clone)]
pub enum Value {
    /// One word or text; `plain` without quotes.
    Text {
        /// As it is written, without quotes and escapes.
        text: String,
        /// Whether a reader may take it for a number, a truth or nothing.
        plain: bool,
    },
    /// Several.
    List(Vec<Node>),
    /// Names with what they stand for, in order; keys may repeat.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// A text.
    pub fn text(at: At, text: impl Into<String>, plain: bool) -> Self {
        Self { at, value: Value::Text { text: text.into(), plain } }
    }

    /// Its text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it is written as nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Text { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// Reads a text into a tree.
pub fn read(text: &str, form: Form) -> Result<Node, Vec<Problem>> {
    match form {
        Form::Yaml => super::yaml::read(text),
        Form::Json => {
            // YAML reads JSON too, but not as strictly.
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
                let at = At { line: error.line() as u32, column: error.column() as u32 };
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default().to_owned();
                return Err(vec![Problem::new(at, message)]);
            }
            super::yaml::read(text)
        }
        Form::Csv => super::table::read(text),
    }
}
