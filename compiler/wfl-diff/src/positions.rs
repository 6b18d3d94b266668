//! For each place where an instance of the old version may rest: whether the new version can carry it on.

use std::collections::{BTreeMap, BTreeSet};

use wfl_compiler::{Compilation, Migration as Said};
use wfl_ir::flow::AwaitKind;
use wfl_ir::{Effect, Node, NodeKind, Plan, Type, TypeKind};

use crate::compat::{Compare, Direction, carries};
use crate::facets::{branches, chain};
use crate::graph::{Pair, what};
use crate::held::{Held, Slot, regions};
use crate::made::result_type;
use crate::matching::{is_called, is_named, target};
use crate::model::{Debt, Impact, Migration, Needed, Position, Verdict};
use crate::operations::goes_on;
use crate::past::{Past, at, is_pivot, read_from, undo};
use crate::texts::{last, relative};
use crate::ways::Ways;

/// What would become of the instances. `said` is the `migrate` block, `project` the old one.
pub(crate) fn migration(pair: &Pair<'_>, said: Option<&Said>, project: &Compilation) -> Migration {
    let (old, new) = (pair.old.plan, pair.new.plan);
    let (old_ways, new_ways) = (Ways::of(old), Ways::of(new));
    let rest = Rest {
        pair,
        said,
        project,
        old: Past::of(old, &old_ways, Some(project)),
        new: Past::of(new, &new_ways, None),
        old_ways,
        reads: read_from(new, &new_ways),
        new_ways,
        inputs: inputs(old, new, said),
        candidates: candidates(pair),
        keys: (0..old.slots).map(|slot| (pair.old.slot(slot).key, slot)).collect(),
    };
    let positions = (0..).zip(&old.nodes).filter_map(|(at, node)| rest.position(at, node));
    let positions = positions.collect();
    Migration { declared: said.is_some(), from: old.version, inputs: rest.inputs, positions }
}

/// What the new input needs that the old one does not have, and no `input` gives.
fn inputs(old: &Plan, new: &Plan, said: Option<&Said>) -> Vec<Needed> {
    let mut compare = Compare::new(old.library(), new.library(), Direction::In);
    compare.fields("", &old.params, &new.params);
    let record = match new.params.as_slice() {
        [only] => match &only.ty {
            Type::Named(ty) => {
                new.types.get(*ty as usize).filter(|it| matches!(it.kind, TypeKind::Record(_)))
            }
            _ => None,
        },
        _ => None,
    };
    let given: Vec<&str> = said.iter().flat_map(|it| &it.inputs).map(|name| name.as_str()).collect();
    let mut found: Vec<Needed> = Vec::new();
    for finding in compare.findings.iter().filter(|it| it.impact == Impact::Breaking) {
        let mut parts = finding.path.split(['.', '[']);
        let (param, field) = (parts.next().unwrap_or_default(), parts.next());
        // Of a single record its fields are named.
        let name = match (record, field) {
            (Some(_), Some(field)) => field,
            _ => param,
        };
        let entry = format!("input {name} = …");
        let known = found.iter().any(|it| it.entry == entry);
        if !known && !given.contains(&name) && !given.contains(&param) {
            found.push(Needed { entry, why: format!("`{}` {}", finding.path, finding.change) });
        }
    }
    found
}

struct Rest<'r, 'a> {
    pair: &'r Pair<'a>,
    said: Option<&'r Said>,
    project: &'r Compilation,
    old: Past,
    new: Past,
    old_ways: Ways,
    new_ways: Ways,
    /// By node of the new plan: what is read from there on.
    reads: Vec<BTreeSet<u32>>,
    inputs: Vec<Needed>,
    /// The new steps that old ones may only have to be renamed to.
    candidates: BTreeMap<u32, u32>,
    /// The slots of the old plan by what they hold.
    keys: BTreeMap<String, u32>,
}

/// For each old step that is gone: the only new one at the same place that does the same, and that no old one became.
fn candidates(pair: &Pair<'_>) -> BTreeMap<u32, u32> {
    let (old, new) = (pair.old.plan, pair.new.plan);
    let sort = |plan: &Plan, node: &Node| (target(plan, node), chain(plan, node));
    let mut fresh: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    let is_new = |at: &u32| pair.matching.to_old(*at).is_none();
    for (at, node) in (0..).zip(&new.nodes).filter(|(at, node)| is_step(node) && is_new(at)) {
        fresh.entry(sort(new, node)).or_default().push(at);
    }
    let is_gone = |at: &u32| pair.matching.to_new(*at).is_none();
    let gone = (0..).zip(&old.nodes).filter(|(at, node)| is_step(node) && is_gone(at));
    let found = gone.filter_map(|(at, node)| match fresh.get(&sort(old, node)).map(Vec::as_slice) {
        Some([only]) => Some((at, *only)),
        _ => None,
    });
    found.collect()
}

/// What was found about a position.
#[derive(Default)]
struct Found {
    blocked: Vec<String>,
    needed: Vec<String>,
    notes: Vec<String>,
}

/// What is waited for at a node; none where nobody rests.
fn waits_for(node: &Node) -> Option<&'static str> {
    match &node.kind {
        NodeKind::Call(_) => Some("call"),
        NodeKind::SubWorkflow(run) if !run.detached => Some("child"),
        NodeKind::Timer { .. } => Some("timer"),
        NodeKind::Await(awaited) => Some(match awaited.kind {
            AwaitKind::Signal { .. } => "signal",
            AwaitKind::Human(_) => "human",
        }),
        NodeKind::Map(_) => Some("items"),
        NodeKind::Loop(rounds) if rounds.every.is_some() => Some("round"),
        _ => None,
    }
}

impl Rest<'_, '_> {
    fn position(&self, node: u32, it: &Node) -> Option<Position> {
        let waits_for = waits_for(it)?;
        // Nobody comes to what has no way to it.
        self.old.ran.get(node as usize)?.as_ref()?;
        let mut found = Found::default();
        self.pinned(node, &mut found);
        let to = self.pair.matching.to_new(node);
        match to {
            None => self.gone(node, it, &mut found),
            Some(to) => {
                self.kind(it, &self.pair.new.plan.nodes[to as usize], &mut found);
                self.place(node, to, &mut found);
                self.values(node, to, &mut found);
                self.steps(node, to, &mut found);
                self.pivots(node, to, &mut found);
            }
        }
        let debts = self.debts(node);
        for (_, debt) in debts.iter().filter(|(renamed, debt)| !debt.known && !renamed) {
            let Debt { step, undo, .. } = debt;
            found.notes.push(format!("the debt of `{step}` stays, and is undone by {undo} of the old plan"));
        }
        // What the input lacks is told once for all positions.
        let verdict = match (found.blocked.is_empty(), found.needed.is_empty() && self.inputs.is_empty()) {
            (false, _) => Verdict::Blocked,
            (true, false) => Verdict::NeedsMapping,
            (true, true) => Verdict::Auto,
        };
        let mut reasons = found.blocked;
        reasons.append(&mut found.needed);
        Some(Position {
            node: relative(&it.id).to_owned(),
            to: to.map(|to| relative(&self.pair.new.plan.nodes[to as usize].id).to_owned()),
            waits_for,
            verdict,
            reasons,
            notes: found.notes,
            debts: debts.into_iter().map(|(_, debt)| debt).collect(),
            until_resolved: waits_for == "call",
        })
    }

    /// `pin before step s` holds from the step on, `pin after step s` behind it.
    fn pinned(&self, node: u32, found: &mut Found) {
        let old = self.pair.old.plan;
        let behind = at(&self.old.ran, node);
        for (after, step) in self.said.iter().flat_map(|it| &it.pins) {
            let is_it = |at: &u32| is_called(&old.nodes[*at as usize].id, step);
            if behind.iter().any(is_it) || !after && is_it(&node) {
                let word = if *after { "after" } else { "before" };
                found.blocked.push(format!("pinned by `pin {word} step {step}`: stays on the old version"));
            }
        }
    }

    /// The position is not in the new version.
    fn gone(&self, node: u32, it: &Node, found: &mut Found) {
        let name = last(&it.id);
        if self.is_dropped(&it.id) {
            found.blocked.push(format!("`{name}` is dropped, so there is no place to wait"));
            return;
        }
        match self.candidate(node) {
            Some(other) => found.needed.push(format!("needs `rename step {} -> {other}`", dotted(&it.id))),
            None if is_named(it) => {
                found.blocked.push(format!("`{name}` is gone, so there is no place to wait"))
            }
            None => found.blocked.push("this wait is gone".to_owned()),
        }
    }

    fn is_dropped(&self, id: &str) -> bool {
        self.said.iter().flat_map(|it| &it.drops).any(|path| is_called(id, path))
    }

    /// The step that an old one may only have to be renamed to.
    fn candidate(&self, node: u32) -> Option<String> {
        let to = self.candidates.get(&node)?;
        Some(dotted(&self.pair.new.plan.nodes[*to as usize].id))
    }

    /// Whether what is waited for is still what the new version waits for.
    fn kind(&self, old: &Node, new: &Node, found: &mut Found) {
        let (from, to) = (self.pair.old.plan, self.pair.new.plan);
        let mut differs = |was: &str, is: &str| {
            if was != is {
                found.blocked.push(format!("rests at `{was}`, which is `{is}` in the new version"));
            }
            was == is
        };
        let fits = |was: &Type, is: &Type| carries(from.library(), was, to.library(), is);
        match (&old.kind, &new.kind) {
            (NodeKind::Call(_), NodeKind::Call(_)) | (NodeKind::SubWorkflow(_), NodeKind::SubWorkflow(_)) => {
                let same = differs(&target(from, old), &target(to, new));
                let results = result_type(from, old).zip(result_type(to, new));
                if same && results.is_some_and(|(was, is)| !fits(&was, &is)) {
                    found.blocked.push("its answer has another type in the new version".to_owned());
                }
                if same && !self.goes_on(old, new) {
                    found.blocked.push("a call that was begun keeps its old contract".to_owned());
                }
            }
            (NodeKind::Await(was), NodeKind::Await(is)) => {
                if differs(&target(from, old), &target(to, new)) && !fits(&was.ty, &is.ty) {
                    found.blocked.push("what came already may not be of the new type".to_owned());
                }
            }
            (NodeKind::Timer { .. }, NodeKind::Timer { .. })
            | (NodeKind::Map(_), NodeKind::Map(_))
            | (NodeKind::Loop(_), NodeKind::Loop(_)) => {}
            _ => found.blocked.push("it is something else in the new version".to_owned()),
        }
    }

    /// Whether a call that was begun has a contract by which it can go on.
    fn goes_on(&self, old: &Node, new: &Node) -> bool {
        let (NodeKind::Call(was), NodeKind::Call(is)) = (&old.kind, &new.kind) else { return true };
        let was = self.pair.old.plan.operations.get(was.operation as usize);
        let is = self.pair.new.plan.operations.get(is.operation as usize);
        was.zip(is).is_none_or(|(was, is)| goes_on(self.pair, was, is))
    }

    /// Whether the constructs around are the same.
    fn place(&self, node: u32, to: u32, found: &mut Found) {
        let (old, new) = (self.pair.old.plan, self.pair.new.plan);
        let words =
            |chain: Vec<String>| if chain.is_empty() { "the body".to_owned() } else { chain.join(", ") };
        let was = words(chain(old, &old.nodes[node as usize]));
        let is = words(chain(new, &new.nodes[to as usize]));
        if was != is {
            found.blocked.push(format!("stands in {was}, in the new version in {is}"));
            return;
        }
        for fork in &old.nodes {
            let NodeKind::Fork(it) = &fork.kind else { continue };
            if !regions(old, node).iter().any(|region| it.branches.contains(region)) {
                continue;
            }
            let number = old.node_by_id(&fork.id).and_then(|at| self.pair.matching.to_new(at));
            let now = number.map(|at| branches(new, &new.nodes[at as usize]));
            if now.is_none_or(|now| now != branches(old, fork)) {
                found.blocked.push(format!("the branches of `{}` are others", last(&fork.id)));
            }
            // A branch may have failed, or been given up, by the old rule.
            let policy = number.map(|at| &new.nodes[at as usize].kind);
            if matches!(policy, Some(NodeKind::Fork(now)) if now.policy != it.policy) {
                found.blocked.push(format!("`{}` is joined otherwise", last(&fork.id)));
            }
        }
    }

    /// Whether all is there that is read from here on.
    fn values(&self, node: u32, to: u32, found: &mut Found) {
        let filled = at(&self.old.filled, node);
        // What stands in front of the node itself has been computed.
        let binds = self.pair.old.plan.nodes[node as usize].binds.iter().map(|bind| bind.slot);
        let filled: BTreeSet<u32> = filled.into_iter().chain(binds).collect();
        let (old, new) = (self.pair.old.plan, self.pair.new.plan);
        for (at, map) in (0..).zip(&old.nodes) {
            let NodeKind::Map(it) = &map.kind else { continue };
            let inside = at == node || regions(old, node).contains(&it.region);
            let now = self.pair.matching.to_new(at).filter(|_| inside);
            if now.is_some_and(|now| !self.pair.same_yields(map, &new.nodes[now as usize])) {
                push(&mut found.blocked, format!("items of `{}` gave something else before", last(&map.id)));
            }
        }
        let held = Held { pair: self.pair, at: node, filled: &filled, keys: &self.keys };
        for slot in &self.reads[to as usize] {
            match held.slot(*slot) {
                Slot::There => {}
                Slot::Computed(note) => push(&mut found.notes, note),
                Slot::Missing(reason) => push(&mut found.blocked, reason),
            }
        }
    }

    /// Steps that old instances have behind them and new ones have not, and the other way round.
    fn steps(&self, node: u32, to: u32, found: &mut Found) {
        let (old, new) = (self.pair.old.plan, self.pair.new.plan);
        let (behind, before) = (at(&self.old.ran, node), at(&self.new.ran, to));
        let (ahead_old, ahead) = (self.old_ways.ahead(node), self.new_ways.ahead(to));
        for step in before.iter().filter(|step| is_noticed(&new.nodes[**step as usize])) {
            let was = self.pair.matching.to_old(*step);
            let ran = was.is_some_and(|was| behind.contains(&was) || was == node);
            if !ran && !ahead.contains(step) && self.candidates.values().all(|it| it != step) {
                let it = &new.nodes[*step as usize];
                let word = if is_step(it) { "runs" } else { "waits for" };
                found.notes.push(format!("never {word} `{}`", last(&it.id)));
            }
        }
        for event in behind.iter().filter(|it| matches!(old.nodes[**it as usize].kind, NodeKind::Emit { .. }))
        {
            let now = self.pair.matching.to_new(*event).filter(|now| ahead.contains(now));
            if now.is_some() && !ahead_old.contains(event) {
                let what = what(&self.pair.old, &old.nodes[*event as usize]);
                found.notes.push(format!("comes to `{what}` again"));
            }
        }
        for step in behind.iter().filter(|step| is_step(&old.nodes[**step as usize])) {
            let it = &old.nodes[*step as usize];
            let name = last(&it.id);
            match self.pair.matching.to_new(*step) {
                None if self.is_dropped(&it.id) => {}
                None => found.needed.push(match self.candidate(*step) {
                    Some(other) => format!("needs `rename step {} -> {other}`", dotted(&it.id)),
                    None => format!("needs `drop step {}`", dotted(&it.id)),
                }),
                Some(now) if now != to && ahead.contains(&now) && !ahead_old.contains(step) => {
                    match is_read(old, it) {
                        true => found.notes.push(format!("runs `{name}` again")),
                        false => found.blocked.push(format!("`{name}` has run, and would run again")),
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Whether both versions agree on what lies behind the point of no return.
    fn pivots(&self, node: u32, to: u32, found: &mut Found) {
        let (old, new) = (self.pair.old.plan, self.pair.new.plan);
        let name = |plan: &Plan, at: u32| last(&plan.nodes[at as usize].id).to_owned();
        let (passed, passed_new) = (at(&self.old.passed, node), at(&self.new.passed, to));
        let mut ahead_old = self.old_ways.ahead(node);
        let mut ahead = self.new_ways.ahead(to);
        ahead_old.insert(node);
        ahead.insert(to);
        let comes = |pivot: &&u32| {
            let was = self.pair.matching.to_old(**pivot);
            is_pivot(new, **pivot) && !was.is_some_and(|was| ahead_old.contains(&was) && is_pivot(old, was))
        };
        if let (Some(was), Some(is)) = (passed.iter().next(), ahead.iter().find(comes)) {
            found.blocked.push(format!(
                "has passed the point of no return `{}`, and would stand before `{}`",
                name(old, *was),
                name(new, *is)
            ));
        }
        let never = |pivot: &&u32| {
            let was = self.pair.matching.to_old(**pivot);
            !was.is_some_and(|was| passed.contains(&was)) && !ahead.contains(*pivot)
        };
        if let Some(is) = passed_new.iter().find(never) {
            found.blocked.push(format!(
                "would stand behind the point of no return `{}`, which it never passed",
                name(new, *is)
            ));
        }
    }

    /// The open debts, each with whether its step would only have to be renamed.
    fn debts(&self, node: u32) -> Vec<(bool, Debt)> {
        let (old, new) = (self.pair.old.plan, self.pair.new.plan);
        let debt = |step: u32| {
            let by = undo(old, Some(self.project), step)?;
            let now = self.pair.matching.to_new(step);
            let known = match (&old.nodes[step as usize].kind, now) {
                (NodeKind::SubWorkflow(_), now) => now.is_some(),
                (_, now) => now.and_then(|now| undo(new, None, now)).is_some_and(|it| it == by),
            };
            let renamed = now.is_none() && self.candidate(step).is_some();
            Some((renamed, Debt { step: last(&old.nodes[step as usize].id).to_owned(), undo: by, known }))
        };
        at(&self.old.owed, node).into_iter().filter_map(debt).collect()
    }
}

fn push(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}

/// A path of names as `migrate` writes it.
fn dotted(id: &str) -> String {
    relative(id).replace('/', ".")
}

/// Whether a node does something in the world, or starts a workflow.
fn is_step(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Call(_) | NodeKind::SubWorkflow(_))
}

/// Whether it matters that an instance never came to a node: a step, or an answer that is waited for.
fn is_noticed(node: &Node) -> bool {
    is_step(node) || matches!(node.kind, NodeKind::Await(_))
}

fn is_read(plan: &Plan, node: &Node) -> bool {
    match &node.kind {
        NodeKind::Call(call) => {
            plan.operations.get(call.operation as usize).is_some_and(|it| it.effect == Effect::Read)
        }
        _ => false,
    }
}
