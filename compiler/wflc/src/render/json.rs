//! One JSON object per line and report, complete: every label and edit with its resolved place.

use std::io::{Result, Write};

use serde::Serialize;
use wfl_source::{Applicability, Code, Diagnostic, Edit, Fix, Severity};

use crate::render::sources::{Place, Reports};

#[derive(Serialize)]
struct Report<'c> {
    code: Code,
    severity: Severity,
    title: &'c str,
    /// The primary place, as a shortcut.
    place: Option<Place<'c>>,
    labels: Vec<Label<'c>>,
    notes: &'c [String],
    help: Option<&'c str>,
    fixes: Vec<Repair<'c>>,
    /// The command that explains the code.
    explain: String,
}

#[derive(Serialize)]
struct Label<'c> {
    primary: bool,
    message: &'c str,
    #[serde(flatten)]
    place: Option<Place<'c>>,
}

#[derive(Serialize)]
struct Repair<'c> {
    title: &'c str,
    applicability: Applicability,
    edits: Vec<Change<'c>>,
}

#[derive(Serialize)]
struct Change<'c> {
    #[serde(flatten)]
    place: Option<Place<'c>>,
    replacement: &'c str,
}

/// Writes the objects.
pub(crate) fn write(projects: &[Reports<'_>], out: &mut dyn Write) -> Result<()> {
    for project in projects {
        for diagnostic in &project.list {
            serde_json::to_writer(&mut *out, &report(project, diagnostic))?;
            writeln!(out)?;
        }
    }
    Ok(())
}

fn report<'c>(project: &'c Reports<'_>, diagnostic: &'c Diagnostic) -> Report<'c> {
    let labels = diagnostic.labels.iter().map(|label| Label {
        primary: label.primary,
        message: &label.message,
        place: project.place(label.span),
    });
    Report {
        code: diagnostic.code,
        severity: diagnostic.severity,
        title: &diagnostic.title,
        place: diagnostic.primary().and_then(|label| project.place(label.span)),
        labels: labels.collect(),
        notes: &diagnostic.notes,
        help: diagnostic.help.as_deref(),
        fixes: diagnostic.fixes.iter().map(|fix| repair(project, fix)).collect(),
        explain: format!("wflc explain {}", diagnostic.code),
    }
}

fn repair<'c>(project: &'c Reports<'_>, fix: &'c Fix) -> Repair<'c> {
    let change = |edit: &'c Edit| Change { place: project.place(edit.span), replacement: &edit.replacement };
    Repair {
        title: &fix.title,
        applicability: fix.applicability,
        edits: fix.edits.iter().map(change).collect(),
    }
}
