//! Lint levels: what becomes of a warning.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use wfl_source::{Code, Diagnostic, Severity, closest};

/// What becomes of a warning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is not reported.
    Allow,
    /// It is reported; this is where every warning starts.
    Warn,
    /// It is reported as an error.
    Deny,
}

/// Which warnings a level is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lint {
    /// Each of them: `all`.
    All,
    /// The one with this code.
    One(Code),
}

/// Why a text is no lint: a sentence, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownLint {
    /// What is wrong.
    pub problem: String,
    /// What was probably meant.
    pub help: Option<String>,
}

impl fmt::Display for UnknownLint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

impl std::error::Error for UnknownLint {}

impl FromStr for Lint {
    type Err = UnknownLint;

    fn from_str(text: &str) -> Result<Lint, UnknownLint> {
        if text == "all" {
            return Ok(Lint::All);
        }
        let lints = Code::ALL.iter().filter(|code| code.severity() == Severity::Warning);
        match Code::parse(text) {
            Some(code) if code.severity() == Severity::Warning => Ok(Lint::One(code)),
            Some(_) => Err(UnknownLint {
                problem: format!("`{text}` is an error, not a warning"),
                help: Some("only codes that begin with `W` have a level".to_owned()),
            }),
            None => Err(UnknownLint {
                problem: format!("there is no warning `{text}`"),
                help: closest(text, lints.map(|code| code.as_str()).chain(["all"]))
                    .map(|meant| format!("did you mean `{meant}`?")),
            }),
        }
    }
}

/// Levels in the order in which they were given; the last that fits a code decides.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Levels(Vec<(Lint, Level)>);

impl Levels {
    /// Gives a level, which takes precedence over those before it.
    pub fn set(&mut self, lint: Lint, level: Level) {
        self.0.push((lint, level));
    }

    /// These levels, and then `others` over them.
    #[must_use]
    pub fn then(&self, others: &Levels) -> Levels {
        Levels(self.0.iter().chain(&others.0).copied().collect())
    }

    /// The level of a warning.
    pub fn of(&self, code: Code) -> Level {
        let fits = |(lint, _): &&(Lint, Level)| *lint == Lint::All || *lint == Lint::One(code);
        self.0.iter().rfind(fits).map_or(Level::Warn, |(_, level)| *level)
    }

    /// Drops the warnings that are allowed and makes errors of those that are denied.
    pub(crate) fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        let is_warning = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Warning;
        diagnostics.retain(|it| !is_warning(it) || self.of(it.code) != Level::Allow);
        for diagnostic in
            diagnostics.iter_mut().filter(|it| is_warning(it) && self.of(it.code) == Level::Deny)
        {
            diagnostic.severity = Severity::Error;
            diagnostic.notes.push(format!("an error here, because `{}` is denied", diagnostic.code));
        }
    }
}
