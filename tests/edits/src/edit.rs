//! Every small edit that a person could just have made to a program.

use std::fmt;

use crate::program::Program;
use crate::token::tokens;

/// What people have typed when their next word is still to come.
pub const UNFINISHED: [&str; 32] = [
    "step zz = Ledger.",
    "let zz =",
    "let zz = req.",
    "step zz = A.b(x: ",
    "on Foo ->",
    "let zz = \"open",
    "record Foo {",
    "enum Foo {",
    "service Foo {",
    "parallel join",
    "branch zz {",
    "foreach zz in",
    "await human",
    "await signal x(",
    "match x {",
    "if a {",
    "saga {",
    "@own",
    "fn zz(",
    "/// doc",
    "workflow",
    "workflow Foo(",
    "import a.",
    "test \"x\" for",
    "type X =",
    "repeat up to",
    "wait until",
    "step zz = run",
    "step zz = A.b(x: 1) {",
    "operation zz(",
    "emit",
    "return",
];

/// The kinds of edits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// One token is gone.
    Delete,
    /// One token stands twice.
    Duplicate,
    /// A sign that does not belong there, in front of a token.
    Stray(&'static str),
    /// The text ends in front of a token.
    Truncate,
    /// A line with an unfinished construct in front of a line, as far to the right as that.
    Typed(&'static str),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Delete => f.write_str("delete a token"),
            Kind::Duplicate => f.write_str("duplicate a token"),
            Kind::Stray(sign) => write!(f, "stray `{sign}`"),
            Kind::Truncate => f.write_str("truncate"),
            Kind::Typed(line) => write!(f, "type `{line}`"),
        }
    }
}

/// One edit: `start..end` of the text is replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// Of which kind it is.
    pub kind: Kind,
    /// First byte that is replaced.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
    /// What stands there instead.
    pub insert: String,
}

impl Edit {
    /// The text after the edit.
    pub fn apply(&self, text: &str) -> String {
        [&text[..self.start], &self.insert, &text[self.end..]].concat()
    }
}

/// All edits of a program.
pub fn edits(program: &Program) -> Vec<Edit> {
    let text = &program.text;
    let mut edits = Vec::new();
    let mut add =
        |kind, start, end, insert: &str| edits.push(Edit { kind, start, end, insert: insert.to_owned() });
    for (start, end) in tokens(text) {
        let token = &text[start..end];
        let is_word =
            token.starts_with(|first: char| first.is_alphanumeric() || first == '_' || first == '"');
        add(Kind::Delete, start, end, "");
        match is_word {
            true => add(Kind::Duplicate, start, start, &format!("{token} ")),
            false => add(Kind::Duplicate, start, start, token),
        }
        for sign in ["(", ")", "{", "}", "\""] {
            add(Kind::Stray(sign), start, start, sign);
        }
        add(Kind::Truncate, start, text.len(), "");
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        for typed in UNFINISHED {
            add(Kind::Typed(typed), at, at, &format!("{indent}{typed}\n"));
        }
        at += line.len();
    }
    edits
}
