//! No two effects under one key: rule E0331. The other side would take the second one for a repetition of the first, and do
//! nothing.

use std::collections::BTreeMap;

use wfl_ir::{EdgeKind, Effect, Expr, NodeKind, Part, RegionKind, Value, WorkflowField};
use wfl_lower::{substitute, visit};
use wfl_source::Code;

use crate::finding::Finding;
use crate::path::Path;
use crate::sources::{Sources, reads};
use crate::subject::Subject;
use crate::ways::{By, Way};

/// Checks the keys of all calls.
pub(crate) fn check(subject: &Subject<'_>, sources: &Sources<'_>, found: &mut Vec<Finding>) {
    let mut calls: BTreeMap<u32, Vec<(u32, Expr)>> = BTreeMap::new();
    for (node, it) in subject.nodes() {
        let (NodeKind::Call(call), Some(key)) = (&it.kind, key(subject, sources, node)) else { continue };
        found.extend(
            same_for_all(subject, node, &key).or_else(|| same_each_round(subject, sources, node, &key)),
        );
        calls.entry(call.operation).or_default().push((node, key));
    }
    for calls in calls.into_values() {
        for (at, (second, key)) in calls.iter().enumerate() {
            let earlier = calls[..at].iter().filter(|(_, other)| other == key).map(|(node, _)| *node);
            let met = earlier.into_iter().find_map(|first| Some((first, meet(subject, first, *second)?)));
            let Some((first, path)) = met else { continue };
            found.push(twice(subject, first, *second, path));
        }
    }
}

/// The key of a call, over the slots of its workflow without names that stand for others; none for what has no key, or
/// changes nothing.
fn key(subject: &Subject<'_>, sources: &Sources<'_>, node: u32) -> Option<Expr> {
    let operation = subject.operation(node).filter(|it| it.effect != Effect::Read)?;
    let NodeKind::Call(call) = &subject.node(node).kind else { return None };
    let key = &operation.idempotent.as_ref()?.key;
    let argument = |leaf: &Expr| {
        let Expr::Local(number) = leaf else { return None };
        let name = &operation.params.get(*number as usize)?.name;
        call.args.iter().find(|(given, _)| given == name).map(|(_, value)| sources.expand(value))
    };
    Some(flat(substitute(key, &argument)))
}

/// A text that is put together, without the places where it is known what is put in.
fn flat(key: Expr) -> Expr {
    fn put(parts: Vec<Part>, flat: &mut Vec<Part>) {
        for part in parts {
            let part = match part {
                Part::Show(Expr::Const(Value::String(text))) => Part::Text(text.as_str().into()),
                Part::Show(Expr::Const(Value::Int(number))) => Part::Text(number.to_string().into()),
                Part::Show(Expr::Interpolate(inner)) => {
                    put(inner, flat);
                    continue;
                }
                other => other,
            };
            match (flat.last_mut(), part) {
                (Some(Part::Text(before)), Part::Text(text)) => *before = format!("{before}{text}").into(),
                (_, part) => flat.push(part),
            }
        }
    }
    let Expr::Interpolate(parts) = key else { return key };
    let mut flat = Vec::new();
    put(parts, &mut flat);
    Expr::Interpolate(flat)
}

/// A path on which both are done.
pub(crate) fn meet(subject: &Subject<'_>, first: u32, second: u32) -> Option<Path> {
    let success = |way: &Way| way.by == By::Edge(EdgeKind::Order);
    let start = subject.ways.from(first).find(success)?;
    if let Some(between) = subject.search(second, |_| true, |node| node == start.to) {
        let mut path = subject.path(first)?;
        path.push(start);
        path.extend(between);
        return Some(path);
    }
    // Side by side both are done.
    let mut path = subject.path(first).filter(|_| beside(subject, first, second))?;
    path.push(start);
    Some(path)
}

fn beside(subject: &Subject<'_>, first: u32, second: u32) -> bool {
    let branch = |node: u32| {
        let regions = subject.frames.regions(node);
        let regions = regions.filter(|it| subject.plan.regions[*it as usize].kind == RegionKind::Branch);
        regions.filter_map(|region| Some((subject.frames.owner(region)?, region))).collect::<Vec<_>>()
    };
    let others = branch(second);
    branch(first).iter().any(|(join, region)| others.iter().any(|(at, other)| at == join && other != region))
}

fn twice(subject: &Subject<'_>, first: u32, second: u32, path: Path) -> Finding {
    let operation = subject.operation(second).map(|it| it.qualified()).unwrap_or_default();
    let title =
        format!("`{}` and `{}` call `{operation}` under one key", subject.name(first), subject.name(second));
    let what = (Code::E0331, title, subject.origin(second).span, "the same key again".to_owned());
    let end = format!("`{}` does nothing: its key is known", subject.name(second));
    let finding = Finding::new(subject, path, &end, what);
    let finding = finding.label(subject.origin(first).span, "the first call with it");
    let finding = finding.note("the other side takes the second call for a repetition of the first one");
    finding.help("let the key tell them apart: `idempotent by \"{workflow.key}/{purpose}\"`, with a parameter that differs")
}

/// A key must tell instances apart.
fn same_for_all(subject: &Subject<'_>, node: u32, key: &Expr) -> Option<Finding> {
    let mut told = false;
    visit(key, &mut |part| {
        told |= matches!(part, Expr::Slot(_) | Expr::Workflow(WorkflowField::Key | WorkflowField::Id));
    });
    if told {
        return None;
    }
    let path = subject.path(node)?;
    let name = subject.name(node);
    let title = format!("`{name}` has the same key in all instances");
    let what = (Code::E0331, title, subject.origin(node).span, "the same key each time".to_owned());
    let end = format!("`{name}` ok → in the next instance `{name}` does nothing: its key is known");
    let finding = Finding::new(subject, path, &end, what);
    let finding = finding.note("the other side takes the second call for a repetition of the first one");
    Some(finding.help("let the key name the instance: give it something of the input, or use `workflow.key`"))
}

/// In a loop a key must tell its rounds or items apart.
fn same_each_round(subject: &Subject<'_>, sources: &Sources<'_>, node: u32, key: &Expr) -> Option<Finding> {
    let regions = subject.frames.regions(node).filter(|region| comes_again(subject, sources, *region));
    let regions = regions.map(|region| &subject.plan.regions[region as usize]);
    let (place, help) = regions.into_iter().find_map(|region| {
        let told = |first: u32, end: u32| reads(key, |slot| (first..end).contains(&slot));
        match region.kind {
            RegionKind::Item { first, end } if !told(first, end) => {
                Some(("for every item", "let the key name the item, by a parameter that is part of it"))
            }
            RegionKind::Round { first, end } if !told(first, end) => Some((
                "in every round",
                "let the key name the round: give `round` to a parameter that is part of it",
            )),
            _ => None,
        }
    })?;
    let path = subject.path(node)?;
    let title = format!("`{}` has the same key {place}", subject.name(node));
    let what = (Code::E0331, title, subject.origin(node).span, "the same key again".to_owned());
    let end =
        format!("`{}` ok → `{}` does nothing: its key is known", subject.name(node), subject.name(node));
    let finding = Finding::new(subject, path, &end, what);
    let finding = finding.note("the other side takes the second call for a repetition of the first one");
    Some(finding.help(help))
}

/// Whether there may be more than one item or round.
pub(crate) fn comes_again(subject: &Subject<'_>, sources: &Sources<'_>, region: u32) -> bool {
    match subject.frames.owner(region).map(|owner| &subject.node(owner).kind) {
        Some(NodeKind::Map(map)) => sources.length(&map.list).1.is_none_or(|most| most > 1),
        Some(NodeKind::Loop(rounds)) => rounds.times > 1,
        _ => false,
    }
}
