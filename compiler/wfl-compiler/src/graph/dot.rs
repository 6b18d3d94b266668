//! Plans for Graphviz.

use std::fmt::Write as _;

use wfl_ir::Plan;

use crate::graph::picture::{Look, Picture, Stroke};

/// The plan in the DOT language. Undos are dashed, errors are red, the pivot has a double border.
pub fn dot(plan: &Plan) -> String {
    let picture = Picture::of(plan);
    let mut out = format!("digraph {} {{\n", quote(&picture.title));
    out.push_str("  rankdir=TB;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    out.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    group(&picture, 0, 1, &mut out);
    for line in &picture.lines {
        let style = match line.stroke {
            Stroke::Order => "",
            Stroke::Branch => ", color=\"#2e6da4\"",
            Stroke::Error => ", color=\"#c0392b\", fontcolor=\"#c0392b\"",
            Stroke::Undo => ", style=dashed, constraint=false",
        };
        let _ = writeln!(out, "  n{} -> n{} [label={}{style}];", line.from, line.to, quote(&line.label));
    }
    for (at, item) in picture.items.iter().enumerate() {
        if let Some(step) = item.undoes {
            let _ = writeln!(
                out,
                "  n{step} -> n{at} [style=dashed, dir=none, label=\"undo\", constraint=false];"
            );
        }
    }
    out.push_str("}\n");
    out
}

fn group(picture: &Picture, index: usize, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for (at, item) in picture.items.iter().enumerate().filter(|(_, item)| item.group == index) {
        let label = match (item.title.as_str(), item.detail.as_str()) {
            (title, "") => title.to_owned(),
            (title, detail) => format!("{title}\n{detail}"),
        };
        let style = match item.look {
            Look::Dot => ", shape=point",
            Look::Choice | Look::Guard => ", shape=diamond, style=solid",
            Look::Pivot => ", peripheries=2, color=\"#b9770e\"",
            Look::Undo => ", style=\"rounded,dashed\"",
            Look::Rollback | Look::Fail => ", color=\"#c0392b\"",
            Look::Event => ", shape=cds, style=solid",
            Look::Fork => ", shape=parallelogram, style=solid",
            Look::Loop => ", shape=hexagon, style=solid",
            Look::Wait => ", shape=ellipse",
            Look::Run => ", shape=component",
            Look::Step | Look::Read | Look::Value | Look::Commit | Look::Return => "",
        };
        let _ = writeln!(out, "{indent}n{at} [label={}{style}];", quote(&label));
    }
    for (number, inner) in picture.groups.iter().enumerate() {
        if inner.parent == Some(index) {
            let title = quote(&inner.title);
            let _ = writeln!(out, "{indent}subgraph cluster_{number} {{\n{indent}  label={title};");
            group(picture, number, depth + 1, out);
            let _ = writeln!(out, "{indent}}}");
        }
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
