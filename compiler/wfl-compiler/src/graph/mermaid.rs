//! Plans as Mermaid flow charts.

use std::fmt::Write as _;

use wfl_ir::Plan;

use crate::graph::picture::{Look, Picture, Stroke};

/// The plan as the text of a Mermaid flow chart. Undos are dashed, errors are red, the pivot is a double circle.
pub fn mermaid(plan: &Plan) -> String {
    let picture = Picture::of(plan);
    let mut out = format!("---\ntitle: {}\n---\nflowchart TD\n", picture.title);
    group(&picture, 0, 1, &mut out);
    let mut errors = Vec::new();
    for (number, line) in picture.lines.iter().enumerate() {
        let arrow = match line.stroke {
            Stroke::Undo => "-.->",
            _ => "-->",
        };
        let label =
            if line.label.is_empty() { String::new() } else { format!("|\"{}\"|", escape(&line.label)) };
        let _ = writeln!(out, "  n{} {arrow}{label} n{}", line.from, line.to);
        if line.stroke == Stroke::Error {
            errors.push(number.to_string());
        }
    }
    for (at, item) in picture.items.iter().enumerate() {
        if let Some(step) = item.undoes {
            let _ = writeln!(out, "  n{step} -.-|undo| n{at}");
        }
    }
    if !errors.is_empty() {
        let _ = writeln!(out, "  linkStyle {} stroke:#c0392b,color:#c0392b", errors.join(","));
    }
    out.push_str("  classDef pivot stroke-width:4px,stroke:#b9770e\n");
    out.push_str("  classDef undo stroke-dasharray:5 4\n");
    out.push_str("  classDef bad stroke:#c0392b\n");
    out
}

fn group(picture: &Picture, index: usize, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for (at, item) in picture.items.iter().enumerate().filter(|(_, item)| item.group == index) {
        let text = match (item.title.as_str(), item.detail.as_str()) {
            (title, "") => escape(title),
            (title, detail) => format!("{}<br/><small>{}</small>", escape(title), escape(detail)),
        };
        let (open, close, class) = match item.look {
            Look::Dot => ("((", "))", ""),
            Look::Choice | Look::Guard => ("{{\"", "\"}}", ""),
            Look::Return => ("([\"", "\"])", ""),
            Look::Fail => ("([\"", "\"])", ":::bad"),
            Look::Rollback => ("[\"", "\"]", ":::bad"),
            Look::Pivot => ("[[\"", "\"]]", ":::pivot"),
            Look::Undo => ("[\"", "\"]", ":::undo"),
            Look::Event => (">\"", "\"]", ""),
            Look::Fork => ("[/\"", "\"/]", ""),
            Look::Loop => ("{{\"", "\"}}", ""),
            Look::Wait => ("(\"", "\")", ""),
            Look::Run => ("[[\"", "\"]]", ""),
            Look::Step | Look::Read | Look::Value | Look::Commit => ("[\"", "\"]", ""),
        };
        let text = if item.look == Look::Dot { " ".to_owned() } else { text };
        let _ = writeln!(out, "{indent}n{at}{open}{text}{close}{class}");
    }
    for (number, inner) in picture.groups.iter().enumerate() {
        if inner.parent == Some(index) {
            let _ = writeln!(out, "{indent}subgraph s{number} [\"{}\"]", escape(&inner.title));
            group(picture, number, depth + 1, out);
            let _ = writeln!(out, "{indent}end");
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
