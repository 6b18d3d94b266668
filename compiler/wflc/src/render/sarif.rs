//! A SARIF 2.1.0 log: what code scanning and most review tools read.

use std::collections::BTreeMap;
use std::io::{Result, Write};

use serde_json::{Value as Json, json};
use wfl_source::{Code, Diagnostic, Fix, Label, Severity};

use crate::pages::{self, Page};
use crate::render::sources::{Place, Reports};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes one log with one run over all projects.
pub(crate) fn write(projects: &[Reports<'_>], out: &mut dyn Write) -> Result<()> {
    let mut rules: BTreeMap<Code, usize> = BTreeMap::new();
    for report in projects.iter().flat_map(|project| &project.list) {
        rules.insert(report.code, 0);
    }
    rules.values_mut().enumerate().for_each(|(at, index)| *index = at);
    let results = projects.iter().flat_map(|project| {
        let rules = &rules;
        project.list.iter().map(move |report| result(project, report, rules[&report.code]))
    });
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wflc",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.keys().copied().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn rule(code: Code) -> Json {
    let mut rule = json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.title() },
        "helpUri": pages::address(code),
        "defaultConfiguration": { "level": level(code.severity()) },
    });
    if let Some(page) = Page::of(code) {
        rule["help"] = json!({ "text": page.markdown(), "markdown": page.markdown() });
        rule["properties"] = json!({ "tags": page.tags() });
    }
    rule
}

fn result(project: &Reports<'_>, report: &Diagnostic, rule: usize) -> Json {
    let primary = report.primary();
    let mut result = json!({
        "ruleId": report.code.as_str(),
        "ruleIndex": rule,
        "level": level(report.severity),
        "message": { "text": message(report) },
        "locations": primary.and_then(|label| location(project, label)).into_iter().collect::<Vec<_>>(),
    });
    let others =
        report.labels.iter().filter(|label| !primary.is_some_and(|first| std::ptr::eq(*label, first)));
    let related: Vec<Json> =
        others.filter_map(|label| location(project, label)).enumerate().map(numbered).collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    let fixes: Vec<Json> = report.fixes.iter().map(|it| fix(project, it)).collect();
    if !fixes.is_empty() {
        result["fixes"] = fixes.into();
    }
    result
}

fn numbered((at, mut location): (usize, Json)) -> Json {
    location["id"] = (at + 1).into();
    location
}

/// The whole report as one text: viewers show little else.
fn message(report: &Diagnostic) -> String {
    let mut text = report.title.clone();
    if let Some(label) = report.primary().filter(|label| !label.message.is_empty()) {
        text.push_str(": ");
        text.push_str(&label.message);
    }
    for note in &report.notes {
        text.push('\n');
        text.push_str(note);
    }
    if let Some(help) = &report.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    text
}

fn location(project: &Reports<'_>, label: &Label) -> Option<Json> {
    let place = project.place(label.span)?;
    let mut location = json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(place.path) }, "region": region(&place) },
    });
    if !label.message.is_empty() {
        location["message"] = json!({ "text": label.message });
    }
    Some(location)
}

fn region(place: &Place<'_>) -> Json {
    json!({
        "startLine": place.start.line,
        "startColumn": place.start.utf16_column,
        "endLine": place.end.line,
        "endColumn": place.end.utf16_column,
    })
}

fn fix(project: &Reports<'_>, fix: &Fix) -> Json {
    let mut by_file: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for edit in &fix.edits {
        if let Some(place) = project.place(edit.span) {
            by_file.entry(uri(place.path)).or_default().push(json!({
                "deletedRegion": region(&place),
                "insertedContent": { "text": edit.replacement },
            }));
        }
    }
    let changes = by_file.into_iter().map(
        |(uri, replacements)| json!({ "artifactLocation": { "uri": uri }, "replacements": replacements }),
    );
    json!({
        "description": { "text": fix.title },
        "artifactChanges": changes.collect::<Vec<_>>(),
        "properties": { "applicability": fix.applicability },
    })
}

/// A path as a URI reference: relative paths stay relative, the library's own have a scheme of their own.
fn uri(path: &str) -> String {
    let (scheme, path) = match path.strip_prefix("<std>/") {
        Some(module) => ("wfl-std:", module),
        None if path.starts_with('/') => ("file://", path),
        None => ("", path),
    };
    let mut uri = scheme.to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
