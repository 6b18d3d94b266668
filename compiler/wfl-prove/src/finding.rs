//! What is found: a report, and a path that shows how it comes about.

use wfl_source::{Code, Diagnostic, Span};

use crate::path::{Path, story};
use crate::subject::Subject;

/// Something that is wrong with a workflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What is told.
    pub report: Diagnostic,
    /// How it comes about.
    pub path: Path,
}

impl Finding {
    /// A report whose story is told in one line.
    pub(crate) fn new(
        subject: &Subject<'_>,
        path: Path,
        end: &str,
        (code, title, span, message): (Code, String, Span, String),
    ) -> Finding {
        let report = Diagnostic::new(code, title, span, message);
        let report = report.note(format!("failing run: {}", story(subject, &path, end)));
        Finding { report, path }
    }

    /// With another place.
    pub(crate) fn label(self, span: Span, message: impl Into<String>) -> Finding {
        Finding { report: self.report.label(span, message), ..self }
    }

    pub(crate) fn note(self, note: impl Into<String>) -> Finding {
        Finding { report: self.report.note(note), ..self }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Finding {
        Finding { report: self.report.help(help), ..self }
    }
}
