//! No two children that are one: rule E0331 for `run`. A workflow that is started again under its key with the same input is
//! the one that is there already.

use std::collections::BTreeMap;

use wfl_ir::{Expr, Name, NodeKind, RegionKind};
use wfl_source::Code;

use crate::finding::Finding;
use crate::keys::{comes_again, meet};
use crate::sources::{Sources, reads};
use crate::subject::Subject;

/// The arguments of a start.
type Args = Vec<(Name, Expr)>;

/// Checks everything that is started.
pub(crate) fn check(subject: &Subject<'_>, sources: &Sources<'_>, found: &mut Vec<Finding>) {
    let mut starts: BTreeMap<u32, Vec<(u32, Args)>> = BTreeMap::new();
    for (node, it) in subject.nodes() {
        let (NodeKind::SubWorkflow(run), Some(callee)) = (&it.kind, subject.origin(node).callee) else {
            continue;
        };
        let args = run.args.iter().map(|(name, value)| (name.clone(), sources.expand(value)));
        let args: Args = args.collect();
        found.extend(same_each_time(subject, sources, node, &args));
        starts.entry(callee).or_default().push((node, args));
    }
    for starts in starts.into_values() {
        for (at, (second, args)) in starts.iter().enumerate() {
            let earlier = starts[..at].iter().filter(|(_, other)| other == args).map(|(node, _)| *node);
            let met = earlier.into_iter().find_map(|first| Some((first, meet(subject, first, *second)?)));
            let Some((first, path)) = met else { continue };
            let (one, other) = (subject.name(first), subject.name(*second));
            let title = format!("`{one}` and `{other}` are one child");
            let what = (Code::E0331, title, subject.origin(*second).span, "the same input again".to_owned());
            let end = format!("`{other}` starts nothing: its instance is there");
            let finding = Finding::new(subject, path, &end, what);
            let finding = finding.label(subject.origin(first).span, "started here");
            found.push(told(
                finding,
                "let the key of the workflow tell them apart, by a parameter that differs",
            ));
        }
    }
}

fn told(finding: Finding, help: &str) -> Finding {
    let note = "a workflow that is started again with the same input is the instance that is there already";
    finding.note(note).help(help)
}

/// For each item or round the same child.
fn same_each_time(
    subject: &Subject<'_>,
    sources: &Sources<'_>,
    node: u32,
    args: &[(Name, Expr)],
) -> Option<Finding> {
    let told_apart = |first: u32, end: u32| {
        args.iter().any(|(_, value)| reads(value, |slot| (first..end).contains(&slot)))
    };
    let mut regions = subject.frames.regions(node).filter(|region| comes_again(subject, sources, *region));
    let place = regions.find_map(|region| match subject.plan.regions[region as usize].kind {
        RegionKind::Item { first, end } if !told_apart(first, end) => Some("for every item"),
        RegionKind::Round { first, end } if !told_apart(first, end) => Some("in every round"),
        _ => None,
    })?;
    let name = subject.name(node);
    let title = format!("`{name}` is one child {place}");
    let what = (Code::E0331, title, subject.origin(node).span, "the same input again".to_owned());
    let end = format!("`{name}` ok → `{name}` starts nothing: its instance is there");
    let finding = Finding::new(subject, subject.path(node)?, &end, what);
    Some(told(finding, "give it what tells it apart: the item, or `round`"))
}
