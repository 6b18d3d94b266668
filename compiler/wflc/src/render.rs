//! Source reports on the terminal, drawn by codespan-reporting from our own line tables.

use std::io::IsTerminal;
use std::ops::Range;

use codespan_reporting::diagnostic::{Diagnostic as Report, Label, LabelStyle, Severity as Level};
use codespan_reporting::files::{self, Error};
use codespan_reporting::term::termcolor::{ColorChoice, StandardStream};
use codespan_reporting::term::{self, Config};
use wfl_source::{Diagnostic, FileId, Files, Severity, SourceFile};

/// Our files as codespan wants them; nothing is copied.
struct Lines<'a>(&'a Files);

impl<'a> Lines<'a> {
    fn file(&self, id: u32) -> Result<&'a SourceFile, Error> {
        self.0.get(FileId(id)).ok_or(Error::FileMissing)
    }
}

impl<'a> files::Files<'a> for Lines<'a> {
    type FileId = u32;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: u32) -> Result<&'a str, Error> {
        self.file(id).map(SourceFile::name)
    }

    fn source(&'a self, id: u32) -> Result<&'a str, Error> {
        self.file(id).map(SourceFile::text)
    }

    fn line_index(&'a self, id: u32, byte: usize) -> Result<usize, Error> {
        Ok(self.file(id)?.utf8_position(byte as u32).line as usize)
    }

    fn line_range(&'a self, id: u32, line: usize) -> Result<Range<usize>, Error> {
        let file = self.file(id)?;
        let missing = Error::LineTooLarge { given: line, max: file.line_count() };
        let (start, end) = file.line_range(line as u32).ok_or(missing)?;
        Ok(start as usize..end as usize)
    }
}

/// True when colour is wanted: a terminal, and no `NO_COLOR`.
pub(crate) fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints reports to standard error in the order given.
pub(crate) fn print(files: &Files, reports: &[Diagnostic]) {
    let choice = if colour(&std::io::stderr()) { ColorChoice::Always } else { ColorChoice::Never };
    let mut stream = StandardStream::stderr(choice);
    let config = Config { start_context_lines: 0, end_context_lines: 0, ..Config::default() };
    for diagnostic in reports {
        let report = report(diagnostic);
        // Nothing is left to say when standard error itself cannot be written.
        let _ = term::emit_to_write_style(&mut stream, &config, &Lines(files), &report);
    }
}

fn report(diagnostic: &Diagnostic) -> Report<u32> {
    let level = match diagnostic.severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
    };
    let labels = diagnostic.labels.iter().map(|label| {
        let style = if label.primary { LabelStyle::Primary } else { LabelStyle::Secondary };
        let range = label.span.start as usize..label.span.end as usize;
        Label::new(style, label.span.file.0, range).with_message(&label.message)
    });
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    Report::new(level)
        .with_code(diagnostic.code.as_str())
        .with_message(&diagnostic.title)
        .with_labels(labels.collect())
        .with_notes(diagnostic.notes.iter().cloned().chain(help).collect())
}

/// `2 errors and 1 warning`; nothing when there are none.
pub(crate) fn summary(reports: &[Diagnostic]) -> Option<String> {
    let errors = reports.iter().filter(|report| report.is_error()).count();
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match (errors, reports.len() - errors) {
        (0, 0) => None,
        (errors, 0) => Some(count(errors, "error")),
        (0, warnings) => Some(count(warnings, "warning")),
        (errors, warnings) => Some(format!("{} and {}", count(errors, "error"), count(warnings, "warning"))),
    }
}
