//! Tests of the syntax crate.

mod broken;
mod transfer;

use std::fmt::Write as _;

use wfl_source::{Diagnostic, FileId, Files};

use crate::tree::Tree;

/// The program that this version is built for.
const TRANSFER: &str = include_str!("../../../../examples/transfer/payments/transfer.wfl");

/// Reports as plain text: position, code, title, labels and help.
fn render(text: &str, diagnostics: &[Diagnostic]) -> String {
    let mut files = Files::default();
    let id = files.add("test.wfl", text);
    let Some(file) = files.get(id) else { return String::new() };
    let mut out = String::new();
    for diagnostic in diagnostics {
        let place = diagnostic.primary().map(|label| file.utf8_position(label.span.start));
        let place = place.map(|at| format!("{}:{}", at.line + 1, at.column + 1)).unwrap_or_default();
        let _ = writeln!(out, "{place} {}: {}", diagnostic.code, diagnostic.title);
        for label in &diagnostic.labels {
            let at = file.utf8_position(label.span.start);
            let mark = if label.primary { '^' } else { '-' };
            let quoted = files.text_of(label.span);
            let _ =
                writeln!(out, "    {mark} {}:{} {quoted:?} {}", at.line + 1, at.column + 1, label.message);
        }
        for fix in &diagnostic.fixes {
            let _ = writeln!(out, "    fix: {}", fix.title);
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(out, "    help: {help}");
        }
    }
    out
}

/// The flat tree, indented, with the text of its leaves.
fn dump(tree: &Tree, text: &str) -> String {
    let mut out = String::new();
    let mut ends: Vec<u32> = Vec::new();
    for (at, node) in tree.nodes().iter().enumerate() {
        while ends.last().is_some_and(|end| *end as usize <= at) {
            ends.pop();
        }
        let leaf = node.next as usize == at + 1;
        let content = if leaf { &text[node.start as usize..node.end as usize] } else { "" };
        let shown = if leaf && node.start < node.end { format!(" {content:?}") } else { String::new() };
        let _ = writeln!(out, "{}{:?}{shown}", "  ".repeat(ends.len()), node.rule);
        ends.push(node.next);
    }
    out
}

const FILE: FileId = FileId(0);
