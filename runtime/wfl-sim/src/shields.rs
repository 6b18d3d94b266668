//! What a shield promises: once its first step is done, a cancellation waits until its last one is begun.

use std::collections::BTreeSet;

use wfl_ir::{Node, NodeKind, Plan, RegionKind};
use wfl_machine::{Ending, Fact};
use wfl_record::InstanceId;

use crate::observed::Observed;

/// What must hold of the shields of an instance that was cancelled, or had no time left.
pub(crate) fn of_shields(id: &InstanceId, plan: &Plan, seen: &Observed) -> Vec<String> {
    let mut wrong = Vec::new();
    if !matches!(seen.state.ending(), Some(Ending::Cancelled | Ending::TimedOut)) {
        return wrong;
    }
    let facts = seen.last_life();
    // An error in a shield leaves it.
    if facts.iter().any(|fact| matches!(fact, Fact::StepFailed { .. })) {
        return wrong;
    }
    for (region, _) in plan.regions.iter().enumerate().filter(|(_, it)| it.kind == RegionKind::Shield) {
        let inside = |node: &&Node| node.region as usize == region && matches!(node.kind, NodeKind::Call(_));
        let steps: Vec<&Node> = plan.nodes.iter().filter(inside).collect();
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { continue };
        let done = |fact: &Fact| matches!(fact, Fact::StepSucceeded { step, .. } if *step == first.id);
        let begun = |fact: &Fact| matches!(fact, Fact::StepStarted { step, .. } if *step == last.id);
        let broken = facts.iter().any(done) && !facts.iter().any(begun);
        if broken && !may_leave(plan, region as u32, first, last) {
            wrong
                .push(format!("{id}: a cancellation did not wait for the end of the shield at {}", first.id));
        }
    }
    wrong
}

/// Whether some path from a step leads out of a region and not over another step.
fn may_leave(plan: &Plan, shield: u32, from: &Node, over: &Node) -> bool {
    let within = |node: &Node| {
        let outward = |region: &u32| plan.regions[*region as usize].parent;
        std::iter::successors(Some(node.region), outward).any(|region| region == shield)
    };
    let mut open: Vec<u32> = plan.node_by_id(&from.id).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        let node = &plan.nodes[at as usize];
        if !within(node) {
            return true;
        }
        if node.id != over.id && seen.insert(at) {
            open.extend(plan.successors(at).iter().map(|edge| edge.to));
        }
    }
    false
}
