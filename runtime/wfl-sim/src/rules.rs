//! Rules that single facts and pairs of effects keep.

use std::collections::BTreeSet;

use wfl_ir::flow::JoinPolicy;
use wfl_ir::{Effect, Node, NodeKind, Plan};
use wfl_machine::{Ending, Fact};
use wfl_record::InstanceId;

use crate::books::{EffectState, Entry};
use crate::observed::Observed;

/// What must hold of the story of an instance.
pub(crate) fn of_facts(id: &InstanceId, seen: &Observed) -> Vec<String> {
    let mut wrong = Vec::new();
    let asked = |wanted: fn(&Fact) -> bool| seen.facts.iter().any(wanted);
    match seen.state.ending() {
        Some(Ending::TimedOut) if !asked(|fact| matches!(fact, Fact::DeadlinePassed { .. })) => {
            wrong.push(format!("{id} timed out before its deadline"));
        }
        Some(Ending::Cancelled) if !asked(|fact| matches!(fact, Fact::CancelAsked { .. })) => {
            wrong.push(format!("{id} was cancelled by nobody"));
        }
        _ => {}
    }
    let passed = seen.last_life().iter().any(|fact| matches!(fact, Fact::PivotPassed { .. }));
    if let Some(Ending::TimedOut | Ending::Cancelled) = seen.state.ending()
        && passed
    {
        wrong.push(format!("{id} turned back behind the point of no return"));
    }
    let (mut signals, mut answers, mut paused) = (BTreeSet::new(), BTreeSet::new(), false);
    for fact in &seen.facts {
        match fact {
            Fact::SignalReceived { channel, id: signal } => {
                if !signals.insert((channel, signal)) {
                    wrong.push(format!("{id} took the signal {signal} twice"));
                }
                if signal.starts_with("bad") {
                    wrong.push(format!("{id} took the signal {signal}, which has another type"));
                }
            }
            Fact::Asked { step, .. } => answers.retain(|(asked, _)| asked != &step),
            Fact::Answered { step, person, .. } => {
                if !answers.insert((step, person)) {
                    wrong.push(format!("{id}: {person} answered {step} twice"));
                }
                if person.as_str() == seen.state.starter() {
                    wrong.push(format!("{id}: {person} decided about what they started"));
                }
            }
            Fact::Paused { .. } => paused = true,
            Fact::Unpaused | Fact::Ended { .. } => paused = false,
            Fact::StepStarted { step, .. } if paused => wrong.push(format!("{id}: {step} began in a pause")),
            _ => {}
        }
    }
    wrong
}

/// Under its key a step has one effect: once the step goes on with it, it is not late.
pub(crate) fn of_late(id: &InstanceId, plan: &Plan, seen: &Observed) -> Vec<String> {
    let (mut wrong, mut succeeded) = (Vec::new(), BTreeSet::new());
    if seen.state.epoch() > 0 {
        return wrong;
    }
    let keyed =
        |name: &str| plan.operations.iter().any(|it| it.qualified() == name && it.idempotent.is_some());
    for fact in &seen.facts {
        match fact {
            Fact::StepSucceeded { step, operation, .. } if keyed(operation) => {
                succeeded.insert(step);
            }
            Fact::Reopened { step } if succeeded.contains(step) => {
                wrong.push(format!("{id}: the effect of {step} was undone as if it were another one"));
            }
            _ => {}
        }
    }
    wrong
}

/// Whether two effects are those of one step.
pub(crate) fn same_step(first: &Entry, second: &Entry) -> bool {
    let (one, two) = (&first.call, &second.call);
    first.instance == second.instance
        && one.step == two.step
        && one.item == two.item
        && one.epoch == two.epoch
}

/// Whether a step is in a branch that its join may not need: what such a branch did is undone whatever comes.
fn may_lose(plan: &Plan, entry: &Entry) -> bool {
    let mut at = plan.node_by_id(&entry.call.step).map(|node| plan.nodes[node as usize].region);
    while let Some(region) = at {
        let loses = |node: &Node| match &node.kind {
            NodeKind::Fork(fork) => fork.policy != JoinPolicy::All && fork.branches.contains(&region),
            _ => false,
        };
        if plan.nodes.iter().any(loses) {
            return true;
        }
        at = plan.regions.get(region as usize).and_then(|known| known.parent);
    }
    false
}

/// A step has one effect. What was taken never to have happened, and did, is undone once it is known; of the two, which
/// look alike, either may be.
pub(crate) fn of_twins(first: &Entry, second: &Entry) -> Option<String> {
    let is_undone = first.state == EffectState::Undone || second.state == EffectState::Undone;
    let late = (first.late || second.late) && is_undone;
    (!late).then(|| format!("{} of {} was done twice", first.call.path(), first.instance))
}

/// What must hold of the effects of two steps of one instance, the first of which was done first.
pub(crate) fn of_two(plan: Option<&Plan>, first: &Entry, second: &Entry) -> Vec<String> {
    let mut wrong = Vec::new();
    let (one, two) = (&first.call, &second.call);
    let undone = |entry: &Entry| (entry.state == EffectState::Undone).then_some(entry.undone_at).flatten();
    if second.effect == Effect::Irreversible
        && !first.late
        && !plan.is_some_and(|plan| may_lose(plan, first))
        && one.epoch == two.epoch
        && undone(first).is_some_and(|at| at > second.done_at)
    {
        wrong.push(format!("{} was undone behind the point of no return at {}", one.path(), two.path()));
    }
    let in_order = plan.is_some_and(|plan| {
        let beside = |node: &Node| {
            matches!(node.kind, NodeKind::Fork(_) | NodeKind::Map(_) | NodeKind::SubWorkflow(_))
        };
        !plan.nodes.iter().any(beside) && !plan.scopes.iter().any(|scope| scope.parallel_undo)
    });
    if let (true, Some(a), Some(b)) = (in_order, undone(first), undone(second))
        && a > second.done_at
        && a < b
    {
        wrong.push(format!("{} was undone before {}, which was done later", one.path(), two.path()));
    }
    wrong
}
