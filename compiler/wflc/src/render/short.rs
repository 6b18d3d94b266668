//! One line per report, for editors and `grep`: `path:line:column: error[E0205]: title`.

use std::io::{Result, Write};

use wfl_source::Severity;

use crate::colour::paint;
use crate::render::sources::Reports;

/// Writes the lines; a report without a place begins with its severity.
pub(crate) fn write(projects: &[Reports<'_>], colour: bool, out: &mut dyn Write) -> Result<()> {
    for project in projects {
        for report in &project.list {
            if let Some(place) = report.primary().and_then(|label| project.place(label.span)) {
                write!(out, "{}:{}:{}: ", place.path, place.start.line, place.start.column)?;
            }
            let (word, style) = match report.severity {
                Severity::Error => ("error", "1;31"),
                Severity::Warning => ("warning", "1;33"),
            };
            let severity = paint(colour, style, &format!("{word}[{}]", report.code));
            writeln!(out, "{severity}: {}", report.title)?;
        }
    }
    Ok(())
}
