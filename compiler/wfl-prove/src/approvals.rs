//! Where people have certainly been asked: rules of policies, and the ways on which they are not kept.

use std::collections::BTreeMap;

use wfl_analysis::hir::PolicyRule;
use wfl_ir::flow::{AwaitKind, JoinPolicy, Task};
use wfl_ir::{EdgeKind, Expr, NodeKind, Value};

use crate::assumed::Assumed;
use crate::path::Path;
use crate::subject::Subject;
use crate::ways::{By, Way};

/// How many ways are tried to find one that can be gone.
const TRIED: usize = 800;

/// A rule, by the numbers of its policy and of itself.
pub(crate) type RuleNumber = (u32, u32);

/// Whether only people of this role decide a task, and so many of them.
pub(crate) fn asks(task: &Task, rule: &PolicyRule) -> bool {
    let is_role = |role: &Expr| matches!(role, Expr::Const(Value::String(name)) if *name == rule.role);
    is_role(&task.role)
        && task.approvals >= rule.approvals
        && task.escalations.iter().all(|(_, to)| is_role(to))
}

/// Whether a rule is kept once a way has been gone.
pub(crate) fn approves(subject: &Subject<'_>, way: Way, rule: &PolicyRule, number: RuleNumber) -> bool {
    if way.by != By::Edge(EdgeKind::Order) {
        return false;
    }
    match &subject.node(way.from).kind {
        NodeKind::Await(awaited) => matches!(&awaited.kind, AwaitKind::Human(task) if asks(task, rule)),
        NodeKind::SubWorkflow(_) => {
            subject.attached(way.from).is_some_and(|callee| callee.keeps.contains(&number))
        }
        _ => false,
    }
}

/// Assumes what a way says about values. False: it cannot be gone.
pub(crate) fn assume(subject: &Subject<'_>, way: Way, assumed: &mut Assumed<'_>) -> bool {
    match (&subject.node(way.at).kind, way.by) {
        (NodeKind::Set { slot, value }, _) => {
            assumed.set(*slot, value);
            true
        }
        (NodeKind::Ensure { condition, .. }, By::Edge(EdgeKind::Order)) => assumed.assume(condition, true),
        (NodeKind::Ensure { condition, .. }, By::Edge(EdgeKind::Else)) => assumed.assume(condition, false),
        (NodeKind::Choice { subject, arms }, By::Edge(EdgeKind::Arm(taken))) => {
            let taken = taken as usize;
            let earlier = arms.iter().take(taken).all(|arm| match &arm.guard {
                None => assumed.assume_fit(subject, &arm.pattern, false),
                Some(guard) => match arm.pattern {
                    wfl_ir::Pattern::Any | wfl_ir::Pattern::Bind(_) => assumed.assume(guard, false),
                    _ => true,
                },
            });
            let Some(arm) = arms.get(taken) else { return earlier };
            let guard = arm.guard.as_ref();
            earlier
                && assumed.assume_fit(subject, &arm.pattern, true)
                && guard.is_none_or(|guard| assumed.assume(guard, true))
        }
        _ => true,
    }
}

/// Where a rule is certainly kept, under some assumption.
pub(crate) struct Kept<'a> {
    subject: &'a Subject<'a>,
    rule: &'a PolicyRule,
    number: RuleNumber,
    assumed: Assumed<'a>,
    at: Vec<bool>,
}

impl<'a> Kept<'a> {
    /// Forward over the nodes, whose order is topological: what rounds lead back to is kept there if it was before.
    pub(crate) fn of(
        subject: &'a Subject<'a>,
        (rule, number): (&'a PolicyRule, RuleNumber),
        assumed: Assumed<'a>,
    ) -> Kept<'a> {
        let mut kept = Kept { subject, rule, number, assumed, at: Vec::new() };
        for node in 0..subject.plan.nodes.len() as u32 {
            let at = kept.before(node);
            kept.at.push(at);
        }
        kept
    }

    pub(crate) fn holds(&self, node: u32) -> bool {
        self.at[node as usize]
    }

    /// Whether it is kept on every return.
    pub(crate) fn at_every_return(&self) -> bool {
        let mut returns =
            self.subject.nodes().filter(|(_, node)| matches!(node.kind, NodeKind::Return { .. }));
        returns.all(|(node, _)| self.holds(node))
    }

    fn on(&self, way: Way) -> bool {
        self.at.get(way.from as usize).copied().unwrap_or_default()
            || approves(self.subject, way, self.rule, self.number)
    }

    fn can_be_gone(&self, way: Way) -> bool {
        assume(self.subject, way, &mut self.assumed.clone())
    }

    fn before(&self, node: u32) -> bool {
        let into = self.subject.ways.to(node).filter(|way| way.from < node && self.can_be_gone(*way));
        match &self.subject.node(node).kind {
            NodeKind::Join(join) => self.joined(join.fork, into),
            _ => node > 0 && { into }.all(|way| self.on(way)),
        }
    }

    /// Behind a join of all branches it is kept if one of them keeps it.
    fn joined(&self, fork: u32, into: impl Iterator<Item = Way>) -> bool {
        let NodeKind::Fork(it) = &self.subject.node(fork).kind else { return false };
        let mut branches: BTreeMap<u32, bool> = BTreeMap::new();
        for way in into {
            let empty = |kind| match kind {
                By::Edge(EdgeKind::Branch(branch)) => it.branches.get(branch as usize).copied(),
                _ => None,
            };
            let inside = || self.subject.frames.regions(way.from).find(|region| it.branches.contains(region));
            let Some(branch) = empty(way.by).or_else(inside) else { return false };
            let known = branches.entry(branch).or_insert(true);
            *known &= self.on(way);
        }
        // A branch that never ends well never lets the join be over by itself.
        let kept = it.branches.iter().filter(|branch| branches.get(branch).copied().unwrap_or(true)).count();
        let needed = match it.policy {
            JoinPolicy::All => it.branches.len(),
            JoinPolicy::Any => 1,
            JoinPolicy::Quorum(count) => count as usize,
        };
        kept + needed > it.branches.len()
    }

    /// A path to a node on which it is not kept, and that can be gone; none if no path can be gone, as far as they were tried.
    pub(crate) fn broken(&self, node: u32) -> Option<Path> {
        let open = |way: Way| !self.on(way) && self.can_be_gone(way);
        let shortest = self.subject.search(node, open, |at| at == 0)?;
        let mut walk = Walk { kept: self, to: node, ahead: self.ahead(node), path: Vec::new(), tried: TRIED };
        let found = walk.from(0, &self.assumed);
        let mut all = self.assumed.clone();
        match (found, walk.tried) {
            // What was not tried may be possible.
            (false, 0) => Some(shortest),
            (false, _) => None,
            (true, _) if shortest.iter().all(|way| assume(self.subject, *way, &mut all)) => Some(shortest),
            (true, _) => Some(walk.path),
        }
    }

    /// From where a node can be reached by ways on which it is not kept.
    fn ahead(&self, node: u32) -> Vec<bool> {
        let mut ahead = vec![false; self.at.len()];
        ahead[node as usize] = true;
        let mut open = vec![node];
        while let Some(at) = open.pop() {
            for way in self.subject.ways.to(at).filter(|way| !self.on(*way)) {
                if !std::mem::replace(&mut ahead[way.from as usize], true) {
                    open.push(way.from);
                }
            }
        }
        ahead
    }
}

/// A search for a path that can be gone. Ways back to another round are left out: of a path that takes one, the part before
/// the first round and that in the last are a path, too, and what the last round says about values is all that it says.
struct Walk<'k, 'a> {
    kept: &'k Kept<'a>,
    to: u32,
    ahead: Vec<bool>,
    path: Path,
    tried: usize,
}

impl<'a> Walk<'_, 'a> {
    fn from(&mut self, at: u32, assumed: &Assumed<'a>) -> bool {
        if at == self.to {
            return true;
        }
        let subject = self.kept.subject;
        let open = |way: &Way| self.ahead[way.to as usize] && !self.kept.on(*way) && way.by != By::Again;
        let ways = subject.ways.from(at).filter(open).collect::<Vec<_>>();
        if let NodeKind::Fork(fork) = &subject.node(at).kind
            && fork.policy == JoinPolicy::All
            && !subject.frames.regions(self.to).any(|region| fork.branches.contains(&region))
        {
            // All branches are gone through, so each of them must have a way; one of them is told.
            let before = self.path.len();
            return ways.len() >= fork.branches.len()
                && ways.into_iter().all(|way| {
                    self.path.truncate(before);
                    self.along(way, assumed)
                });
        }
        ways.into_iter().any(|way| self.along(way, assumed))
    }

    fn along(&mut self, way: Way, assumed: &Assumed<'a>) -> bool {
        let Some(left) = self.tried.checked_sub(1) else { return false };
        self.tried = left;
        let mut assumed = assumed.clone();
        let before = self.path.len();
        self.path.push(way);
        let found = assume(self.kept.subject, way, &mut assumed) && self.from(way.to, &assumed);
        if !found {
            self.path.truncate(before);
        }
        found
    }
}
