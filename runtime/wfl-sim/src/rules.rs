//! Rules that single facts and pairs of effects keep.

use std::collections::BTreeSet;

use wfl_ir::{Effect, NodeKind, Plan, RegionKind};
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
    let begun_anew = |fact: &Fact| matches!(fact, Fact::Restarted { .. } | Fact::Rewound { .. });
    let life = seen.facts.iter().rposition(begun_anew).unwrap_or(0);
    let passed = seen.facts[life..].iter().any(|fact| matches!(fact, Fact::PivotPassed { .. }));
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

/// What must hold of what a shield holds: once its first step is done, its last one is begun.
pub(crate) fn of_shields(id: &InstanceId, plan: &Plan, seen: &Observed) -> Vec<String> {
    let mut wrong = Vec::new();
    if matches!(seen.state.ending(), None | Some(Ending::Killed)) {
        return wrong;
    }
    for (region, _) in plan.regions.iter().enumerate().filter(|(_, it)| it.kind == RegionKind::Shield) {
        let inside =
            |node: &&wfl_ir::Node| node.region as usize == region && matches!(node.kind, NodeKind::Call(_));
        let steps: Vec<&str> = plan.nodes.iter().filter(inside).map(|node| node.id.as_str()).collect();
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { continue };
        let done = |fact: &Fact| matches!(fact, Fact::StepSucceeded { step, .. } if step.as_str() == *first);
        let begun = |fact: &Fact| matches!(fact, Fact::StepStarted { step, .. } if step.as_str() == *last);
        if seen.facts.iter().any(done) && !seen.facts.iter().any(begun) {
            wrong.push(format!("{id}: a cancellation did not wait for the end of the shield at {first}"));
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

/// What must hold of two effects of one instance, the first of which was done first.
pub(crate) fn of_two(plan: Option<&Plan>, first: &Entry, second: &Entry) -> Vec<String> {
    let mut wrong = Vec::new();
    let (one, two) = (&first.call, &second.call);
    // What was taken never to have happened, and did, is undone once it is known.
    let late = |entry: &Entry| entry.late && entry.state == EffectState::Undone;
    if same_step(first, second) && !late(first) && !late(second) {
        wrong.push(format!("{} of {} was done twice", one.path(), first.instance));
    }
    let undone = |entry: &Entry| (entry.state == EffectState::Undone).then_some(entry.undone_at).flatten();
    if second.effect == Effect::Irreversible
        && one.epoch == two.epoch
        && undone(first).is_some_and(|at| at > second.done_at)
    {
        wrong.push(format!("{} was undone behind the point of no return at {}", one.path(), two.path()));
    }
    let in_order = plan.is_some_and(|plan| {
        let beside = |node: &wfl_ir::Node| {
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
