//! One report about source text, as plain data.

use serde::{Deserialize, Serialize};

use crate::code::{Code, Severity};
use crate::span::Span;

/// Longest title in characters; longer ones are cut so that a report's first line stays one line.
pub const TITLE_LIMIT: usize = 70;

/// A finding: what is wrong, where, why it matters, and how to put it right.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable code.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// One line that starts in lower case and names the thing.
    pub title: String,
    /// Places that matter; at least one is primary unless the report is about no file at all.
    pub labels: Vec<Label>,
    /// Reasons, one sentence each.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Edits that put it right.
    pub fixes: Vec<Fix>,
}

/// A marked place with what is to be said about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is the matter here; may be empty for a primary label whose title says it all.
    pub message: String,
    /// Whether this is where the mistake is (as against where it comes from).
    pub primary: bool,
}

/// How sure a fix is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applicability {
    /// Keeps the meaning that was evidently intended; may be applied without asking.
    Safe,
    /// A likely repair that a person should look at.
    Maybe,
}

/// A set of edits that belong together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fix {
    /// What the fix does, in the imperative.
    pub title: String,
    /// Non-overlapping edits.
    pub edits: Vec<Edit>,
    /// How sure it is.
    pub applicability: Applicability,
}

/// Replaces the text under `span`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Edit {
    /// The text to replace; empty for an insertion.
    pub span: Span,
    /// The new text; empty for a deletion.
    pub replacement: String,
}

impl Diagnostic {
    /// A report with one primary place.
    pub fn new(code: Code, title: impl Into<String>, span: Span, message: impl Into<String>) -> Self {
        let label = Label { span, message: message.into(), primary: true };
        Self { labels: vec![label], ..Self::without_place(code, title) }
    }

    /// A report about no place in a file, for example about a missing project manifest.
    pub fn without_place(code: Code, title: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            title: cut(title.into()),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Adds a secondary place.
    #[must_use]
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into(), primary: false });
        self
    }

    /// Adds a reason.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a fix of one edit.
    #[must_use]
    pub fn fix(
        mut self,
        title: impl Into<String>,
        span: Span,
        replacement: impl Into<String>,
        applicability: Applicability,
    ) -> Self {
        let edits = vec![Edit { span, replacement: replacement.into() }];
        self.fixes.push(Fix { title: title.into(), edits, applicability });
        self
    }

    /// Where the mistake is: the first primary label.
    pub fn primary(&self) -> Option<&Label> {
        self.labels.iter().find(|label| label.primary)
    }

    /// Whether this keeps the program from running.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

fn cut(title: String) -> String {
    if title.chars().count() <= TITLE_LIMIT {
        return title;
    }
    title.chars().take(TITLE_LIMIT - 1).chain(['…']).collect()
}
