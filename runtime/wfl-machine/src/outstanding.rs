//! What should be running for an instance, from its state alone.

use wfl_ir::{Name, NodeKind, Plan, Timestamp};

use crate::effect::{CallEffect, Effect, TimerEffect};
use crate::input::{CallRef, Purpose, TimerKind, TimerRef};
use crate::schedule::eval_over;
use crate::state::{Active, DebtState, Flow, Instance, Phase, Step, UndoPhase};

/// The calls and timers that should be under way, in a fixed order. Empty for an instance that has ended.
pub fn outstanding(plan: &Plan, state: &Instance) -> Vec<Effect> {
    if matches!(state.flow, Flow::Ended(_)) {
        return Vec::new();
    }
    let view = View { plan, state };
    let mut effects = Vec::new();
    for (index, active) in &state.active {
        if let Active::Step(step) = active {
            view.step_effects(*index, step, &mut effects);
        }
    }
    view.debt_effects(&mut effects);
    view.deadline_effects(&mut effects);
    effects
}

struct View<'a> {
    plan: &'a Plan,
    state: &'a Instance,
}

impl View<'_> {
    fn step_effects(&self, index: u32, step: &Step, effects: &mut Vec<Effect>) {
        let NodeKind::Call(call) = &self.plan.nodes[index as usize].kind else { return };
        let operation = &self.plan.operations[call.operation as usize];
        let timer = |kind, attempt, due| self.timer(kind, self.name(index), step.epoch, attempt, due);
        match &step.phase {
            Phase::Calling => effects.push(Effect::Call(CallEffect {
                call: self.call_ref(index, step.epoch, Purpose::Do, step.attempt),
                operation: call.operation,
                args: step.args.clone(),
                key: step.key.clone(),
                timeout: call.timeout.unwrap_or(operation.timeout),
                budget: self.budget(step),
            })),
            Phase::Confirming => {
                let Some(confirm) = &operation.confirm else { return };
                // Its arguments were evaluated before: they cannot fail on the same values.
                let args = eval_over(
                    self.plan,
                    &self.state.workflow_facts(),
                    operation,
                    &step.args,
                    None,
                    &confirm.args,
                );
                let args = args.unwrap_or_default();
                effects.push(Effect::Call(CallEffect {
                    call: self.call_ref(index, step.epoch, Purpose::Confirm, step.confirm_attempt),
                    operation: confirm.operation,
                    args,
                    key: None,
                    timeout: self.plan.operations[confirm.operation as usize].timeout,
                    budget: None,
                }));
            }
            Phase::Backoff(due) => effects.push(timer(TimerKind::Backoff, step.attempt + 1, *due)),
            Phase::ConfirmAt(due) => effects.push(timer(TimerKind::Confirm, step.confirm_attempt + 1, *due)),
            Phase::Suspended(_) => return,
        }
        if let Some(due) = step.total_due.filter(|_| !step.overdue) {
            effects.push(timer(TimerKind::Total, 0, due));
        }
    }

    fn debt_effects(&self, effects: &mut Vec<Effect>) {
        for debt in &self.state.debts {
            let DebtState::Undoing(undo, phase) = &debt.state else { continue };
            match phase {
                UndoPhase::Calling => effects.push(Effect::Call(CallEffect {
                    call: self.call_ref(debt.node, debt.epoch, Purpose::Undo, undo.attempt),
                    operation: debt.undo,
                    args: undo.args.clone(),
                    key: undo.key.clone(),
                    timeout: self.plan.operations[debt.undo as usize].timeout,
                    budget: None,
                })),
                UndoPhase::Backoff(due) => {
                    effects.push(self.timer(
                        TimerKind::Undo,
                        self.name(debt.node),
                        debt.epoch,
                        undo.attempt + 1,
                        *due,
                    ));
                }
                UndoPhase::Stuck(_) => {}
            }
        }
    }

    fn deadline_effects(&self, effects: &mut Vec<Effect>) {
        let state = &self.state;
        let own = |kind, due| self.timer(kind, Name::from(""), state.epoch, 0, due);
        if let Some(deadline) = self.plan.deadline.filter(|_| !state.deadline_fired) {
            effects.push(own(TimerKind::Deadline, state.started_at.plus(deadline)));
        }
        let undoing = state.unwinding_since.filter(|_| self.unwinding() && !state.compensation_overdue);
        if let Some((limit, since)) = self.plan.compensation_deadline.zip(undoing) {
            effects.push(own(TimerKind::CompensationDeadline, since.plus(limit)));
        }
    }

    /// When the time of the step, or of the workflow while it can still turn back, is over.
    fn budget(&self, step: &Step) -> Option<Timestamp> {
        let forward = !self.state.past_pivot && !self.unwinding();
        let deadline = self.plan.deadline.filter(|_| forward).map(|d| self.state.started_at.plus(d));
        match (step.total_due, deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn unwinding(&self) -> bool {
        matches!(self.state.flow, Flow::Unwinding(_))
    }

    fn name(&self, index: u32) -> Name {
        self.plan.nodes[index as usize].id.clone()
    }

    fn call_ref(&self, index: u32, epoch: u32, purpose: Purpose, attempt: u32) -> CallRef {
        CallRef { step: self.name(index), item: None, epoch, purpose, attempt }
    }

    fn timer(&self, kind: TimerKind, step: Name, epoch: u32, attempt: u32, due: Timestamp) -> Effect {
        Effect::Timer(TimerEffect { due, timer: TimerRef { kind, step, item: None, epoch, attempt } })
    }
}
