//! The reports about a program in plain lines, as snapshots hold them.

use std::fmt::Write as _;

use wfl_compiler::Compilation;

/// All reports: code and title, the labels with their places, then what is said about them. Lines are counted from one
/// behind so many that stand above the program.
pub fn told(compilation: &Compilation, above: u32) -> String {
    let mut out = String::new();
    for report in &compilation.diagnostics {
        let _ = writeln!(out, "{}: {}", report.code, report.title);
        for label in &report.labels {
            let Some(file) = compilation.files.get(label.span.file) else { continue };
            let at = file.utf8_position(label.span.start);
            let line = (at.line + 1).saturating_sub(above);
            let mark = if label.primary { '^' } else { '-' };
            let text = compilation.files.text_of(label.span).lines().next().unwrap_or_default();
            let _ = writeln!(out, "  {mark} {line}:{} `{text}` {}", at.column + 1, label.message);
        }
        let notes = report.notes.iter().map(|note| format!("  = {note}\n"));
        let help = report.help.iter().map(|help| format!("  help: {help}\n"));
        let fixes = report.fixes.iter().map(|fix| format!("  fix: {}\n", fix.title));
        out.extend(notes.chain(help).chain(fixes));
    }
    out
}
