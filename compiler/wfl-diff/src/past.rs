//! What lies behind each node of a plan, and what is still read from there on.

use std::collections::BTreeSet;

use wfl_compiler::Compilation;
use wfl_ir::flow::{Await, AwaitKind};
use wfl_ir::{EdgeKind, Effect, Expr, NodeKind, Plan};

use crate::slots::{bound, reads, result};
use crate::ways::{Meet, Sets, Way, Ways, forward};

/// What lies behind each node.
pub(crate) struct Past {
    /// The nodes that may have begun.
    pub(crate) ran: Sets,
    /// The points of no return that may have been passed.
    pub(crate) passed: Sets,
    /// The slots that are filled for sure.
    pub(crate) filled: Sets,
    /// The steps that may still have to be undone.
    pub(crate) owed: Sets,
}

impl Past {
    /// `project` has the plans of children, which may owe something too.
    pub(crate) fn of(plan: &Plan, ways: &Ways, project: Option<&Compilation>) -> Past {
        let with = |before: &BTreeSet<u32>, more: Vec<u32>| {
            let mut after = before.clone();
            after.extend(more);
            after
        };
        let ran = forward(plan, ways, Meet::Some, &|way, before| with(before, vec![way.from]));
        let passed = forward(plan, ways, Meet::Some, &|way, before| {
            with(before, succeeded(way).filter(|node| is_pivot(plan, *node)).into_iter().collect())
        });
        let filled = forward(plan, ways, Meet::Every, &|way, before| {
            let binds = plan.nodes[way.from as usize].binds.iter().map(|bind| bind.slot);
            with(before, binds.chain(fills(plan, way)).collect())
        });
        let owed = forward(plan, ways, Meet::Some, &|way, before| owed(plan, project, way, before));
        Past { ran, passed, filled, owed }
    }
}

/// A set where a node begins.
pub(crate) fn at(sets: &Sets, node: u32) -> BTreeSet<u32> {
    sets.get(node as usize).cloned().flatten().unwrap_or_default()
}

/// The step that has ended well on a way.
fn succeeded(way: &Way) -> Option<u32> {
    (way.kind == EdgeKind::Order && way.at == way.from).then_some(way.from)
}

/// Whether a node is a point of no return.
pub(crate) fn is_pivot(plan: &Plan, node: u32) -> bool {
    match &plan.nodes[node as usize].kind {
        NodeKind::Call(call) => call.pivot,
        NodeKind::SubWorkflow(run) => run.pivot && !run.detached,
        _ => false,
    }
}

/// What undoes a step: an operation, or its child.
pub(crate) fn undo(plan: &Plan, project: Option<&Compilation>, node: u32) -> Option<String> {
    match &plan.nodes[node as usize].kind {
        NodeKind::Call(call) if !call.pivot => match &plan.operations.get(call.operation as usize)?.effect {
            Effect::Compensable { undo, .. } => plan.operations.get(*undo as usize).map(|it| it.qualified()),
            _ => None,
        },
        NodeKind::SubWorkflow(run) if !run.detached && !run.pivot => {
            let child = project?.workflows.iter().find(|it| it.hash == run.plan)?;
            let nodes = 0..child.plan.nodes.len() as u32;
            let pivots = nodes.clone().any(|node| is_pivot(&child.plan, node));
            let owes = nodes.into_iter().any(|node| undo(&child.plan, project, node).is_some());
            (owes && !pivots).then(|| child.short_name.clone())
        }
        _ => None,
    }
}

fn owed(plan: &Plan, project: Option<&Compilation>, way: &Way, before: &BTreeSet<u32>) -> BTreeSet<u32> {
    let node = &plan.nodes[way.from as usize];
    let mut after = before.clone();
    match &node.kind {
        NodeKind::Rollback | NodeKind::Commit => {
            let inside =
                |step: &u32| plan.scopes_outward(plan.nodes[*step as usize].scope).any(|it| it == node.scope);
            after.retain(|step| !inside(step));
        }
        _ => match succeeded(way) {
            // Passing it commits every scope around.
            Some(step) if is_pivot(plan, step) => after.clear(),
            Some(step) if undo(plan, project, step).is_some() => {
                after.insert(step);
            }
            _ => {}
        },
    }
    after
}

/// The slots that are filled on a way.
fn fills(plan: &Plan, way: &Way) -> Vec<u32> {
    let (from, at) = (&plan.nodes[way.from as usize].kind, &plan.nodes[way.at as usize].kind);
    let mut found = Vec::new();
    if let NodeKind::Set { slot, .. } = from {
        found.push(*slot);
    }
    match way.kind {
        EdgeKind::Order => found.extend(result(at)),
        EdgeKind::Error(number) => {
            found.extend(at.handlers().get(number as usize).and_then(|handler| handler.bind));
        }
        EdgeKind::Arm(number) => {
            if let NodeKind::Choice { arms, .. } = at
                && let Some(arm) = arms.get(number as usize)
            {
                found.extend(bound(&arm.pattern).into_iter().map(|(slot, _)| slot));
            }
        }
        EdgeKind::Body => match at {
            NodeKind::Map(map) => found.push(map.item),
            NodeKind::Loop(rounds) => found.extend(rounds.round),
            _ => {}
        },
        EdgeKind::Else | EdgeKind::Branch(_) | EdgeKind::Timeout => {}
    }
    found
}

/// The slots that are read from a node on that has begun already.
pub(crate) fn read_from(plan: &Plan, ways: &Ways) -> Vec<BTreeSet<u32>> {
    let count = plan.nodes.len();
    let mut begins: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); count];
    let mut rests = begins.clone();
    let mut changed = true;
    while changed {
        changed = false;
        for node in (0..count).rev() {
            let mut rest = BTreeSet::new();
            for way in &ways.out[node] {
                let filled = fills(plan, way);
                rest.extend(begins[way.to as usize].iter().filter(|slot| !filled.contains(slot)));
            }
            let kind = &plan.nodes[node].kind;
            // A join reads what all of its branches gave, whichever of them leads to it.
            if let NodeKind::Fork(fork) = kind {
                for slot in ends(plan, &plan.nodes[fork.join as usize].kind) {
                    rest.remove(&slot);
                }
            }
            let mut begin = rest.clone();
            read(&still(kind), &mut rest);
            read(&expressions(kind), &mut begin);
            begin.extend(ends(plan, kind));
            for bind in plan.nodes[node].binds.iter().rev() {
                begin.remove(&bind.slot);
                read(&[&bind.value], &mut begin);
            }
            changed |= begin != begins[node] || rest != rests[node];
            (begins[node], rests[node]) = (begin, rest);
        }
    }
    rests
}

fn read(exprs: &[&Expr], into: &mut BTreeSet<u32>) {
    exprs.iter().for_each(|expr| reads(expr, &mut |slot| into.extend([slot])));
}

/// The slots that the end of a branch, an item or a round reads.
fn ends(plan: &Plan, kind: &NodeKind) -> Vec<u32> {
    match kind {
        NodeKind::Join(join) => join.values.iter().filter_map(|(_, slot)| *slot).collect(),
        NodeKind::End { region } => {
            let mut found = BTreeSet::new();
            for node in &plan.nodes {
                match &node.kind {
                    NodeKind::Map(map) if map.region == *region => found.extend(map.value),
                    NodeKind::Loop(rounds) if rounds.region == *region => {
                        let both: Vec<&Expr> = rounds.every.iter().chain(&rounds.until).collect();
                        read(&both, &mut found);
                    }
                    _ => {}
                }
            }
            found.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What a node evaluates again while it waits. Arguments of calls are kept as they were when the call began.
fn still(kind: &NodeKind) -> Vec<&Expr> {
    match kind {
        NodeKind::Await(_) => expressions(kind),
        NodeKind::Map(map) => map.key.iter().collect(),
        _ => Vec::new(),
    }
}

/// What a node evaluates.
fn expressions(kind: &NodeKind) -> Vec<&Expr> {
    match kind {
        NodeKind::Call(call) => call.args.iter().map(|(_, value)| value).collect(),
        NodeKind::SubWorkflow(run) => run.args.iter().map(|(_, value)| value).collect(),
        NodeKind::Restart { args } => args.iter().map(|(_, value)| value).collect(),
        NodeKind::Emit { fields, .. } | NodeKind::Fail { fields, .. } => {
            fields.iter().map(|(_, value)| value).collect()
        }
        NodeKind::Choice { subject, arms } => {
            arms.iter().filter_map(|arm| arm.guard.as_ref()).chain([subject]).collect()
        }
        NodeKind::Set { value, .. } | NodeKind::Return { value } => vec![value],
        NodeKind::Ensure { condition, .. } => vec![condition],
        NodeKind::Timer { time, .. } => vec![time],
        NodeKind::Fork(fork) => fork.within.iter().collect(),
        NodeKind::Map(map) => map.key.iter().chain([&map.list]).collect(),
        NodeKind::Await(awaited) => of_await(awaited),
        NodeKind::Loop(_)
        | NodeKind::Join(_)
        | NodeKind::Merge
        | NodeKind::Enter { .. }
        | NodeKind::End { .. }
        | NodeKind::Exit { .. }
        | NodeKind::Rollback
        | NodeKind::Commit => Vec::new(),
    }
}

fn of_await(awaited: &Await) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = awaited.timeout.iter().collect();
    if let Some(remind) = &awaited.remind {
        found.push(&remind.every);
        found.extend(remind.using.iter().flat_map(|(_, args)| args.iter().map(|(_, value)| value)));
    }
    match &awaited.kind {
        AwaitKind::Signal { condition, .. } => found.extend(condition),
        AwaitKind::Human(task) => {
            found.push(&task.role);
            found.extend(&task.title);
            found.extend(task.show.iter().map(|(shown, _)| shown));
            found.extend(task.escalations.iter().flat_map(|(after, to)| [after, to]));
        }
    }
    found
}
