//! What runs side by side and should not, and what could and does not: rules W0620 and W0621.

use std::collections::{BTreeSet, HashMap};

use wfl_ir::{Duration, EdgeKind, Effect, Expr, Name, NodeKind, RegionKind};
use wfl_lower::substitute;
use wfl_source::Code;

use crate::bounds::sum;
use crate::clock::Attempts;
use crate::finding::Finding;
use crate::path::Path;
use crate::sources::{Sources, reads};
use crate::subject::Subject;

/// A call that touches something.
#[derive(Clone, Copy, Debug)]
struct Touch {
    node: u32,
    /// The branch, or the item's region.
    part: u32,
    writes: bool,
}

/// Checks all that runs side by side, and all that could.
pub(crate) fn check(subject: &Subject<'_>, sources: &Sources<'_>, found: &mut Vec<Finding>) {
    races(subject, sources, found);
    independent(subject, found);
}

/// Two calls in different branches, or for different items, one of which writes what the other one touches.
fn races(subject: &Subject<'_>, sources: &Sources<'_>, found: &mut Vec<Finding>) {
    let mut met: BTreeSet<(u32, u32)> = BTreeSet::new();
    // By what holds the parts, and by what is touched, which belongs to a service.
    let mut known: HashMap<(u32, Name, Expr), Vec<Touch>> = HashMap::new();
    for (node, _) in subject.nodes() {
        let Some(operation) = subject.operation(node) else { continue };
        for (key, writes) in touched(subject, sources, node) {
            for region in subject.frames.regions(node) {
                let Some(owner) =
                    subject.frames.owner(region).filter(|_| side_by_side(subject, region, &key))
                else {
                    continue;
                };
                let touch = Touch { node, part: region, writes };
                let others = known.entry((owner, operation.service.clone(), key.clone())).or_default();
                let first = others.iter().find(|other| collide(subject, **other, touch)).copied();
                let alone = first.or(Some(touch).filter(|touch| touch.writes && is_item(subject, region)));
                if let Some(first) = alone.filter(|first| met.insert((first.node, node))) {
                    found.extend(race(subject, first, touch, &key));
                }
                // One reader and one writer of each part are enough to find out.
                if !others.iter().any(|other| other.part == region && other.writes == writes) {
                    others.push(touch);
                }
            }
        }
    }
}

fn is_item(subject: &Subject<'_>, region: u32) -> bool {
    matches!(subject.plan.regions[region as usize].kind, RegionKind::Item { .. })
}

fn collide(subject: &Subject<'_>, one: Touch, other: Touch) -> bool {
    (one.writes || other.writes) && (one.part != other.part || is_item(subject, other.part))
}

/// Whether a region runs beside others of its kind in which a key means the same.
fn side_by_side(subject: &Subject<'_>, region: u32, key: &Expr) -> bool {
    match subject.plan.regions[region as usize].kind {
        RegionKind::Branch => true,
        RegionKind::Item { first, end } => {
            let told = reads(key, |slot| (first..end).contains(&slot));
            let owner = subject.frames.owner(region).map(|owner| &subject.node(owner).kind);
            let one_by_one = matches!(owner, Some(NodeKind::Map(map)) if map.limit == Some(1));
            !told && !one_by_one
        }
        _ => false,
    }
}

/// What a call touches, over the slots of the workflow, and whether it writes it.
fn touched(subject: &Subject<'_>, sources: &Sources<'_>, node: u32) -> Vec<(Expr, bool)> {
    let NodeKind::Call(call) = &subject.node(node).kind else { return Vec::new() };
    let number = subject.claim.lowered.operations.get(call.operation as usize);
    let Some(touches) = number.and_then(|number| subject.claim.program.touches.get(*number as usize)) else {
        return Vec::new();
    };
    let params = &subject.plan.operations[call.operation as usize].params;
    let argument = |leaf: &Expr| {
        let Expr::Local(number) = leaf else { return None };
        let name = &params.get(*number as usize)?.name;
        call.args.iter().find(|(given, _)| given == name).map(|(_, value)| sources.expand(value))
    };
    let over = |keys: &[Expr], writes: bool| {
        keys.iter().map(|key| (substitute(key, &argument), writes)).collect::<Vec<_>>()
    };
    let mut touched = over(&touches.writes, true);
    touched.extend(over(&touches.reads, false));
    touched
}

fn race(subject: &Subject<'_>, first: Touch, second: Touch, key: &Expr) -> Option<Finding> {
    let path: Path = subject.path(second.node)?;
    let (one, other) = (subject.name(first.node), subject.name(second.node));
    let items = first.node == second.node || is_item(subject, second.part);
    let what = described(key);
    let title = match items {
        true => format!("`{other}` of one item and `{one}` of another touch the same {what}"),
        false => format!("`{one}` and `{other}` touch the same {what} side by side"),
    };
    let does = |touch: Touch| if touch.writes { "writes it" } else { "reads it" };
    let report = (Code::W0621, title, subject.origin(second.node).span, does(second).to_owned());
    let end = format!("`{one}` and `{other}` side by side → what comes out depends on which is first");
    let finding = Finding::new(subject, path, &end, report);
    let finding = match first.node == second.node {
        true => finding,
        false => finding.label(subject.origin(first.node).span, does(first)),
    };
    Some(finding.help(match items {
        true => "do it one item after the other (`limit 1 concurrent`), or behind the `foreach`",
        false => "do one behind the other, before or behind the `parallel`",
    }))
}

/// A key in words.
fn described(key: &Expr) -> String {
    match key {
        Expr::Const(wfl_ir::Value::String(text)) => format!("`{text}`"),
        Expr::Field(_, name) => format!("`{name}`"),
        _ => "thing".to_owned(),
    }
}

/// Reads that stand one behind the other, and of which none needs what another has found out.
fn independent(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for (node, _) in subject.nodes() {
        if seen.contains(&node) || !is_plain_read(subject, node) {
            continue;
        }
        let mut row = vec![node];
        while let Some(next) = next_read(subject, &row) {
            row.push(next);
        }
        seen.extend(row.iter().copied());
        if row.len() > 1 {
            found.extend(could_be_parallel(subject, &row));
        }
    }
}

fn is_plain_read(subject: &Subject<'_>, node: u32) -> bool {
    let reads = subject.operation(node).is_some_and(|it| it.effect == Effect::Read);
    reads && subject.node(node).kind.handlers().is_empty()
}

/// The read that follows a row of them, and needs none of what they have found out.
fn next_read(subject: &Subject<'_>, row: &[u32]) -> Option<u32> {
    let last = *row.last()?;
    let next = subject.plan.target(last, EdgeKind::Order)?;
    let (here, there) = (subject.node(last), subject.node(next));
    let together = here.region == there.region && here.scope == there.scope && is_plain_read(subject, next);
    let alone = subject.ways.into[next as usize].len() == 1;
    let NodeKind::Call(call) = &there.kind else { return None };
    let mut told = row.iter().filter_map(|node| match &subject.node(*node).kind {
        NodeKind::Call(call) => call.result,
        _ => None,
    });
    let mut told = told.by_ref().collect::<BTreeSet<_>>();
    // What is named between them belongs to what needs it.
    for bind in row.iter().skip(1).chain([&next]).flat_map(|node| &subject.node(*node).binds) {
        if reads(&bind.value, |slot| told.contains(&slot)) {
            told.insert(bind.slot);
        }
    }
    let needs = call.args.iter().any(|(_, value)| reads(value, |slot| told.contains(&slot)));
    (together && alone && !needs).then_some(next)
}

fn could_be_parallel(subject: &Subject<'_>, row: &[u32]) -> Option<Finding> {
    let (first, rest) = row.split_first()?;
    let each = row.iter().filter_map(|node| Some(Attempts::of(subject, *node)?.each)).collect::<Vec<_>>();
    let all = each.iter().copied().fold(Duration(0), sum);
    let saved = Duration(all.0 - each.iter().map(|time| time.0).max().unwrap_or_default());
    let names = row.iter().map(|node| format!("`{}`", subject.name(*node))).collect::<Vec<_>>();
    let (last, others) = names.split_last()?;
    let title = format!("{} and {last} do not need each other", others.join(", "));
    let message = format!("waits for {}", others.join(" and "));
    let what = (Code::W0620, title, subject.origin(*rest.last()?).span, message);
    let path = subject.path(*first)?;
    let told = row.iter().map(|node| format!("`{}` ok", subject.name(*node))).collect::<Vec<_>>();
    let end = format!("{} → {saved} later than need be, if each takes its time", told.join(" → "));
    let finding = Finding::new(subject, path, &end, what);
    let finding = finding.label(subject.origin(*first).span, "could run at the same time");
    let branch =
        |node: &u32| format!("branch {0} {{ step it = … yield it }}", subject.name(*node).replace('.', "_"));
    let branches = row.iter().map(branch).collect::<Vec<_>>().join(" ");
    Some(finding.help(format!("let them run side by side: `let found = parallel {{ {branches} }}`")))
}
