//! Tests of the analysis: small programs and the reports about them.

mod cases;
mod robust;

use std::fmt::Write as _;

use wfl_source::{Diagnostic, Files};
use wfl_syntax::parse;

use crate::{Analysis, Module, analyze};

/// Parses and analyses one module together with `std`.
fn check(text: &str) -> (Files, Vec<Diagnostic>, Analysis) {
    let mut files = Files::default();
    let std = wfl_stdlib::modules().iter().map(|module| (module.path, module.text));
    let sources = [("test.main", text)].into_iter().chain(std).collect::<Vec<_>>();
    let parsed = sources.iter().map(|(path, text)| {
        let id = files.add(format!("{}.wfl", path.replace('.', "/")), *text);
        (*path, id, parse(id, text))
    });
    let parsed = parsed.collect::<Vec<_>>();
    let modules = parsed.iter().map(|(path, file, parsed)| Module {
        path,
        file: *file,
        tree: &parsed.file,
        own: !path.starts_with("std."),
    });
    let analysis = analyze(&modules.collect::<Vec<_>>(), &files);
    let syntax = parsed.into_iter().flat_map(|(_, _, parsed)| parsed.diagnostics).collect();
    (files, syntax, analysis)
}

/// Reports as plain text.
fn render(files: &Files, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let _ = writeln!(out, "{}: {}", diagnostic.code, diagnostic.title);
        for label in &diagnostic.labels {
            let Some(file) = files.get(label.span.file) else { continue };
            let at = file.utf8_position(label.span.start);
            let mark = if label.primary { '^' } else { '-' };
            let quoted = files.text_of(label.span).lines().next().unwrap_or_default();
            let _ = writeln!(out, "  {mark} {}:{} `{quoted}` {}", at.line + 1, at.column + 1, label.message);
        }
        for note in &diagnostic.notes {
            let _ = writeln!(out, "  = {note}");
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(out, "  help: {help}");
        }
        for fix in &diagnostic.fixes {
            let _ = writeln!(out, "  fix: {}", fix.title);
        }
    }
    out
}

#[test]
fn transfer_has_no_errors() {
    let text = include_str!("../../../../examples/transfer/payments/transfer.wfl");
    let (files, syntax, analysis) = check(&text.replace("payments.transfer", "test.main"));
    assert_eq!(render(&files, &syntax), "");
    assert_eq!(render(&files, &analysis.diagnostics), "");
    insta::assert_debug_snapshot!(analysis.program.workflows);
}

#[test]
fn std_has_no_errors() {
    let (files, syntax, analysis) = check("module test.main\n");
    assert_eq!(render(&files, &syntax), "");
    assert_eq!(render(&files, &analysis.diagnostics), "");
}
