//! Tests of the analysis: small programs and the reports about them.

mod cases;
mod robust;

use std::fmt::Write as _;
use std::sync::LazyLock;

use wfl_source::{Diagnostic, FileId, Files};
use wfl_syntax::{Parsed, parse};

use crate::{Analysis, Module, analyze};

/// The modules of `std`, parsed once; their files come behind that of the tested module.
static STD: LazyLock<Vec<(&str, FileId, Parsed)>> = LazyLock::new(|| {
    let numbered = wfl_stdlib::modules().iter().zip(1..);
    numbered.map(|(it, number)| (it.path, FileId(number), parse(FileId(number), it.text))).collect()
});

/// Parses and analyses one module together with `std`.
fn check(text: &str) -> (Files, Vec<Diagnostic>, Analysis) {
    let mut files = Files::default();
    let main = files.add("test/main.wfl", text);
    for module in wfl_stdlib::modules() {
        files.add(format!("{}.wfl", module.path.replace('.', "/")), module.text);
    }
    let parsed = parse(main, text);
    let own = Module { path: "test.main", file: main, items: &parsed.file.items, own: true };
    let std = STD.iter().map(|(path, file, parsed)| Module {
        path,
        file: *file,
        items: &parsed.file.items,
        own: false,
    });
    let analysis = analyze(&[own].into_iter().chain(std).collect::<Vec<_>>(), &files, &Default::default());
    let syntax = STD.iter().flat_map(|(.., parsed)| parsed.diagnostics.iter().cloned());
    let syntax = parsed.diagnostics.iter().cloned().chain(syntax).collect();
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
