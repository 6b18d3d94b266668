//! Workflow commands, which a build on GitHub turns into marks beside the lines of a pull request.

use std::io::{Result, Write};

use wfl_source::{Diagnostic, Severity};

use crate::render::sources::Reports;

/// Writes one command per report.
pub(crate) fn write(projects: &[Reports<'_>], out: &mut dyn Write) -> Result<()> {
    for project in projects {
        for report in &project.list {
            let word = match report.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            write!(out, "::{word} ")?;
            if let Some(place) = report.primary().and_then(|label| project.place(label.span)) {
                let (start, end) = (place.start, place.end);
                write!(out, "file={},line={},", property(place.path), start.line)?;
                // Columns of a place over several lines are not taken.
                if start.line == end.line {
                    write!(out, "col={},endLine={},", start.column, end.line)?;
                    write!(out, "endColumn={},", end.column.max(start.column + 1))?;
                } else {
                    write!(out, "endLine={},", end.line)?;
                }
            }
            let title = format!("{}: {}", report.code, report.title);
            writeln!(out, "title={}::{}", property(&title), data(&message(report)))?;
        }
    }
    Ok(())
}

/// What is said below the title.
fn message(report: &Diagnostic) -> String {
    let label = report.primary().map(|label| label.message.clone()).filter(|message| !message.is_empty());
    let help = report.help.iter().map(|help| format!("help: {help}"));
    let lines: Vec<String> = label.into_iter().chain(report.notes.iter().cloned()).chain(help).collect();
    if lines.is_empty() { report.title.clone() } else { lines.join("\n") }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
