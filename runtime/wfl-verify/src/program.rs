//! The plans that are explored, and what is known of them beforehand: what comes before what, and which parts may fail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wfl_ir::flow::{JoinPolicy, ParentCancel};
use wfl_ir::{Invariant, Name, NodeKind, Plan, PlanHash, RegionKind};
use wfl_machine::Instance;

use crate::constants::Constants;
use crate::visit::reads;

/// A plan, and what follows from it alone.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) plan: Arc<Plan>,
    /// Of all plans of the program.
    pub(crate) constants: Arc<Constants>,
    pub(crate) invariants: Vec<Invariant>,
    /// For each node those that a path leads to from it.
    reach: Vec<BTreeSet<u32>>,
    /// For each node the slots that it or a later one reads.
    reads: Vec<BTreeSet<u32>>,
    /// For each region whether an error may leave it.
    fails: Vec<bool>,
    /// For each shield its first and its last step.
    pub(crate) shields: Vec<(u32, Name, Name)>,
}

/// All plans that a workflow leads to.
#[derive(Debug, Default)]
pub struct Program {
    loaded: BTreeMap<PlanHash, Loaded>,
}

impl Program {
    /// Adds a plan with what its authors say holds of every instance.
    pub fn add(&mut self, hash: PlanHash, plan: Arc<Plan>, invariants: Vec<Invariant>) {
        // What one plan compares may come out of another one that it starts, or that starts it.
        let known = self.loaded.values().next().map(|loaded| Constants::clone(&loaded.constants));
        let constants = Arc::new(known.unwrap_or_default().with(&plan));
        self.loaded.insert(hash, Loaded::new(plan, invariants, &constants));
        self.loaded.values_mut().for_each(|loaded| loaded.constants = Arc::clone(&constants));
    }

    /// A plan by its hash.
    pub fn plan(&self, hash: PlanHash) -> Option<&Arc<Plan>> {
        self.loaded.get(&hash).map(|loaded| &loaded.plan)
    }

    pub(crate) fn get(&self, hash: PlanHash) -> Option<&Loaded> {
        self.loaded.get(&hash)
    }
}

impl Loaded {
    fn new(plan: Arc<Plan>, invariants: Vec<Invariant>, constants: &Arc<Constants>) -> Loaded {
        Loaded {
            constants: Arc::clone(constants),
            reach: reach(&plan),
            reads: reads_from(&plan),
            fails: (0..plan.regions.len().max(1) as u32).map(|region| may_fail(&plan, region)).collect(),
            shields: shields(&plan),
            invariants,
            plan,
        }
    }

    /// The state of an instance without what makes no difference from here on.
    pub(crate) fn essential(&self, instance: &Instance) -> Instance {
        let params = self.plan.params.len() as u32;
        let first = instance.places().into_iter().min();
        let read = first.and_then(|first| self.reads.get(first as usize));
        let is_read = |slot: u32| slot < params || read.is_some_and(|read| read.contains(&slot));
        instance.without_slots(&self.plan, &is_read)
    }

    /// Whether what the first node did has to be undone after what the second one did: a path leads from one to the
    /// other, and nothing lets them be undone side by side or on their own.
    pub(crate) fn before(&self, first: u32, second: u32) -> bool {
        let plan = &self.plan;
        if first == second || !self.reach[first as usize].contains(&second) {
            return false;
        }
        // What ran in a branch that was not needed is undone on its own.
        let apart = self.regions_outward(first).any(|region| {
            let inside = self.regions_outward(second).any(|other| other == region);
            !inside && self.is_optional(region)
        });
        let side_by_side = |scope: u32| {
            plan.scopes[scope as usize].parallel_undo
                && plan.scopes_outward(plan.nodes[second as usize].scope).any(|other| other == scope)
        };
        !apart && !plan.scopes_outward(plan.nodes[first as usize].scope).any(side_by_side)
    }

    fn regions_outward(&self, node: u32) -> impl Iterator<Item = u32> {
        let regions = &self.plan.regions;
        let parent = |region: &u32| regions.get(*region as usize).and_then(|region| region.parent);
        std::iter::successors(Some(self.plan.nodes[node as usize].region), parent)
    }

    /// A branch of which not all are needed.
    fn is_optional(&self, region: u32) -> bool {
        self.plan.nodes.iter().any(|node| match &node.kind {
            NodeKind::Fork(fork) => fork.policy != JoinPolicy::All && fork.branches.contains(&region),
            _ => false,
        })
    }

    /// Whether what a node did may be undone on its own, whatever comes later: it lies in a branch that may lose.
    pub(crate) fn may_lose(&self, node: u32) -> bool {
        self.regions_outward(node).any(|region| self.is_optional(region))
    }

    /// Whether nothing that runs beside one part of this node can stop another part of it.
    pub(crate) fn keeps_apart(&self, node: u32) -> bool {
        let fails = |region: &u32| self.fails.get(*region as usize).copied().unwrap_or(true);
        match &self.plan.nodes[node as usize].kind {
            NodeKind::Fork(fork) => {
                fork.policy == JoinPolicy::All && fork.within.is_none() && !fork.branches.iter().any(fails)
            }
            NodeKind::Map(map) => !fails(&map.region),
            _ => true,
        }
    }

    /// Whether a child that the node starts is let go when its parent turns back.
    pub(crate) fn abandons(&self, node: u32) -> bool {
        match &self.plan.nodes[node as usize].kind {
            NodeKind::SubWorkflow(run) => run.detached || run.when_cancelled == ParentCancel::Abandon,
            _ => false,
        }
    }
}

/// Edges lead to greater numbers: what is read later is read by a node with a greater number.
fn reads_from(plan: &Plan) -> Vec<BTreeSet<u32>> {
    let mut all: Vec<BTreeSet<u32>> = Vec::with_capacity(plan.nodes.len());
    let mut later = BTreeSet::new();
    for node in plan.nodes.iter().rev() {
        later.extend(reads(node));
        all.push(later.clone());
    }
    all.reverse();
    all
}

/// Edges lead to greater numbers, so each node's reach follows from those of later ones.
fn reach(plan: &Plan) -> Vec<BTreeSet<u32>> {
    let mut reach: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); plan.nodes.len()];
    for node in (0..plan.nodes.len() as u32).rev() {
        let mut found = BTreeSet::new();
        for edge in plan.successors(node) {
            found.insert(edge.to);
            found.extend(&reach[edge.to as usize]);
        }
        reach[node as usize] = found;
    }
    reach
}

/// Whether an error may leave a region. Says yes where it is not sure.
fn may_fail(plan: &Plan, region: u32) -> bool {
    let parent = |region: &u32| plan.regions.get(*region as usize).and_then(|region| region.parent);
    let inside = |of: u32| std::iter::successors(Some(of), parent).any(|outer| outer == region);
    plan.nodes.iter().filter(|node| inside(node.region)).any(|node| match &node.kind {
        NodeKind::Call(call) => {
            !plan.operations[call.operation as usize].raises.is_empty() || !call.handlers.is_empty()
        }
        NodeKind::Fail { .. }
        | NodeKind::Return { .. }
        | NodeKind::Restart { .. }
        | NodeKind::Rollback
        | NodeKind::Await(_)
        | NodeKind::SubWorkflow(_)
        | NodeKind::Ensure { .. }
        | NodeKind::Map(_) => true,
        NodeKind::Fork(fork) => fork.policy != JoinPolicy::All || fork.within.is_some(),
        _ => false,
    })
}

fn shields(plan: &Plan) -> Vec<(u32, Name, Name)> {
    let shields = plan.regions.iter().enumerate().filter(|(_, region)| region.kind == RegionKind::Shield);
    shields
        .filter_map(|(region, _)| {
            let inside = |node: &&wfl_ir::Node| {
                node.region as usize == region && matches!(node.kind, NodeKind::Call(_))
            };
            let mut steps = plan.nodes.iter().filter(inside).map(|node| node.id.clone());
            let first = steps.next()?;
            let last = steps.next_back().unwrap_or_else(|| first.clone());
            Some((region as u32, first, last))
        })
        .collect()
}
