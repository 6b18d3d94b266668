//! Compensation: debts are undone in the reverse of the order of their steps, each until it is settled.

use wfl_ir::{EdgeKind, Effect, Fields, Retry, Value};

use crate::fact::{Fact, Settlement};
use crate::fold::Fold;
use crate::input::{Outcome, Purpose};
use crate::schedule::pause;
use crate::state::{
    Active, DebtState, Ending, Flow, Phase, Suspension, Then, Trigger, Undo, UndoPhase, Unwind,
};

impl Fold<'_> {
    /// Starts undoing the debts of a scope and of those inside it. Returns the node to go on with if there is
    /// nothing to wait for.
    pub(crate) fn unwind(&mut self, scope: u32, then: Then, reason: String) -> Option<u32> {
        let debts = self.debts_in(scope).count() as u32;
        if debts > 0 {
            let scope = self.plan.scopes[scope as usize].id.clone();
            self.facts.push(Fact::CompensationStarted { scope, debts, reason });
        }
        self.state.rolled_back.insert(scope);
        self.state.unwinding_since.get_or_insert(self.state.at);
        self.state.flow = Flow::Unwinding(Unwind { scope, then, debts });
        let active: Vec<u32> = self.state.active.keys().copied().collect();
        for index in active {
            self.wind_down(index);
        }
        self.unwind_on()
    }

    /// The next undo, or the end of undoing. Called after every change while undoing.
    pub(crate) fn unwind_on(&mut self) -> Option<u32> {
        let Flow::Unwinding(Unwind { scope, then, debts }) = self.state.flow.clone() else {
            return None;
        };
        let Some(last) = self.debts_in(scope).last() else {
            // A call without a debt (a `write`) may still be under way: the end waits for its answer.
            return if self.state.active.is_empty() { self.unwound(scope, then, debts) } else { None };
        };
        if let DebtState::Owed(undo) = &self.state.debts[last].state {
            let undo = Box::new(Undo { attempt: 1, since: Some(self.state.at), ..(**undo).clone() });
            self.state.debts[last].state = DebtState::Undoing(undo, UndoPhase::Calling);
            let (node, operation) = (self.state.debts[last].node, self.state.debts[last].undo);
            let operation = self.operation(operation).qualified();
            self.facts.push(Fact::UndoStarted { step: self.name(node), operation });
        }
        None
    }

    fn unwound(&mut self, scope: u32, then: Then, debts: u32) -> Option<u32> {
        self.state.unwinding_since = None;
        self.state.compensation_overdue = false;
        if debts > 0 {
            self.facts.push(Fact::CompensationEnded { scope: self.plan.scopes[scope as usize].id.clone() });
        }
        match then {
            Then::Continue(node) => {
                self.state.flow = Flow::Forward;
                self.plan.target(node, EdgeKind::Order)
            }
            Then::End(ending) => {
                self.end(ending);
                None
            }
        }
    }

    /// The instance is over: what is still owed stays as it is, by the meaning of the way it ended.
    pub(crate) fn end(&mut self, ending: Ending) {
        self.commit(0);
        self.state.active.clear();
        self.state.flow = Flow::Ended(ending.clone());
        self.facts.push(Fact::Ended { ending, at: self.state.at, undone: self.state.undone });
    }

    /// Gives up the debts of a scope and of those inside it. Returns how many.
    pub(crate) fn commit(&mut self, scope: u32) -> u32 {
        let inside: Vec<usize> = self.debts_in(scope).collect();
        for index in inside.iter().rev() {
            self.settle(*index, Settlement::Committed);
        }
        inside.len() as u32
    }

    /// The indices of the debts in a scope and in those inside it, in the order of their steps.
    fn debts_in(&self, scope: u32) -> impl Iterator<Item = usize> {
        let plan = self.plan;
        let inside = move |of: u32| plan.scopes_outward(of).any(|outer| outer == scope);
        self.state
            .debts
            .iter()
            .enumerate()
            .filter(move |(_, debt)| inside(debt.scope))
            .map(|(index, _)| index)
    }

    /// A scope ended well: its debts now belong to the one around it.
    pub(crate) fn pass_outward(&mut self, scope: u32) {
        let parent = self.plan.scopes[scope as usize].parent.unwrap_or(0);
        for debt in self.state.debts.iter_mut().filter(|debt| debt.scope == scope) {
            debt.scope = parent;
        }
    }

    fn settle(&mut self, index: usize, how: Settlement) {
        let debt = self.state.debts.remove(index);
        if how == Settlement::Undone {
            self.state.undone += 1;
        }
        let operation = self.operation(debt.undo).qualified();
        self.facts.push(Fact::CompensationSettled { step: self.name(debt.node), operation, how });
    }

    /// The step's effect is proved absent: it owes nothing.
    pub(crate) fn void_debt(&mut self, node: u32) {
        let pending = |debt: &crate::state::Debt| debt.node == node && debt.state == DebtState::Pending;
        if let Some(index) = self.state.debts.iter().position(pending) {
            self.state.debts.remove(index);
        }
    }

    /// The step's effect is there: binds the arguments that undo it.
    pub(crate) fn owe(
        &mut self,
        node: u32,
        epoch: u32,
        args: &Fields,
        result: &Value,
    ) -> Result<(), Suspension> {
        let Some(call) = self.call(node) else { return Ok(()) };
        let operation = self.operation(call.operation);
        let Effect::Compensable { undo, args: bound } = &operation.effect else { return Ok(()) };
        let fault = |fault: wfl_eval::Fault| Suspension::Fault(format!("what undoes the step: {fault}"));
        let args = self.eval_over(operation, args, Some(result), bound).map_err(fault)?;
        let key = self.key_for(self.operation(*undo), &args, epoch, Purpose::Undo).map_err(fault)?;
        let pending = self.state.debts.iter_mut().find(|d| d.node == node && d.state == DebtState::Pending);
        if let Some(debt) = pending {
            debt.state = DebtState::Owed(Box::new(Undo { args, key, attempt: 0, since: None }));
        }
        Ok(())
    }

    /// While undoing, an active step starts nothing new: it is awaited, resolved or given up.
    pub(crate) fn wind_down(&mut self, index: u32) {
        let Some(call) = self.call(index) else {
            self.state.active.remove(&index);
            return;
        };
        let Some(step) = self.take_step(index) else {
            self.state.active.remove(&index);
            return;
        };
        let read = self.is_read(call);
        match &step.phase {
            Phase::Calling | Phase::Confirming | Phase::ConfirmAt(_) if !read => self.put_step(index, step),
            Phase::Suspended(Suspension::BadAnswer(..) | Suspension::KeyExpired) if !read => {
                self.put_step(index, step)
            }
            _ if step.doubt && !self.is_harmless(call) => {
                // While undoing, resolution leads to no node to go on with.
                let _ = self.resolve(index, step, "undoing needs to know".into());
            }
            _ => self.void_debt(index),
        }
    }

    /// An attempt to undo ended.
    pub(crate) fn undo_answered(&mut self, index: usize, outcome: &Outcome) -> Option<u32> {
        let debt = &self.state.debts[index];
        let (node, operation) = (debt.node, self.operation(debt.undo));
        let DebtState::Undoing(undo, _) = &debt.state else { return None };
        let undo = undo.clone();
        match outcome {
            Outcome::Returned(json) => match self.read_result(&operation.result, json) {
                Ok(_) => {
                    self.settle(index, Settlement::Undone);
                    return self.unwind_on();
                }
                Err(why) => self.undo_stuck(index, undo, why),
            },
            Outcome::Unavailable { reason, retry_after } => {
                self.undo_again(index, undo, reason.clone(), *retry_after);
            }
            Outcome::Unknown { reason } if operation.idempotent.is_some() => {
                self.undo_again(index, undo, reason.clone(), None)
            }
            Outcome::TimedOut { started } if !started || operation.idempotent.is_some() => {
                self.undo_again(index, undo, "no answer in time".into(), None);
            }
            Outcome::Unknown { .. } | Outcome::TimedOut { .. } => {
                let why = Suspension::UnknownOutcome("an undo without a key is not repeated".into());
                self.undo_stuck(index, undo, why);
            }
            Outcome::Declared(error, data) => {
                let why = format!("undoing `{}` answered with the error {error}", self.name(node));
                self.undo_stuck(index, undo, Suspension::BadAnswer(why, data.clone()));
            }
            Outcome::Refused { reason, raw } => {
                self.undo_stuck(index, undo, Suspension::BadAnswer(reason.clone(), raw.clone()));
            }
        }
        None
    }

    /// Undoing is retried without end, under one key, for as long as the other side remembers the key.
    fn undo_again(
        &mut self,
        index: usize,
        undo: Box<Undo>,
        reason: String,
        retry_after: Option<wfl_ir::Duration>,
    ) {
        let node = self.state.debts[index].node;
        let step = self.name(node);
        let operation = self.operation(self.state.debts[index].undo);
        let seed = format!("{step}/undo/{}", undo.attempt);
        let retry = if operation.retry == Retry::Never { Retry::DEFAULT } else { operation.retry };
        let pause = pause(retry, undo.attempt, true, self.state.id, &seed).unwrap_or_default();
        let pause = pause.max(retry_after.unwrap_or_default());
        self.facts.push(Fact::Retrying {
            step,
            purpose: Purpose::Undo,
            attempt: undo.attempt,
            reason,
            pause,
        });
        let due = self.state.at.plus(pause);
        self.state.debts[index].state = DebtState::Undoing(undo, UndoPhase::Backoff(due));
    }

    fn undo_stuck(&mut self, index: usize, undo: Box<Undo>, why: Suspension) {
        let step = self.name(self.state.debts[index].node);
        self.facts.push(Fact::Suspended { step, why: why.clone() });
        self.state.debts[index].state = DebtState::Undoing(undo, UndoPhase::Stuck(why));
    }

    /// The pause before the next attempt to undo is over, or an operator wants it.
    pub(crate) fn undo_attempt(&mut self, index: usize) {
        let debt = &self.state.debts[index];
        let DebtState::Undoing(undo, _) = &debt.state else { return };
        let mut undo = undo.clone();
        let window = self.operation(debt.undo).idempotent.as_ref().map(|idempotency| idempotency.window);
        let expired = window.zip(undo.since).is_some_and(|(window, since)| self.now() > since.plus(window));
        if expired {
            self.undo_stuck(index, undo, Suspension::KeyExpired);
            return;
        }
        undo.attempt += 1;
        self.state.debts[index].state = DebtState::Undoing(undo, UndoPhase::Calling);
    }

    /// The workflow's deadline passed.
    pub(crate) fn deadline(&mut self) -> Option<u32> {
        self.state.deadline_fired = true;
        let doubt = self.pivot_in_doubt();
        let alarm_only = self.unwinding() || self.state.past_pivot || doubt;
        self.facts.push(Fact::DeadlinePassed { alarm_only });
        if doubt {
            self.state.deferred = Some(Trigger::Deadline);
        }
        if alarm_only {
            return None;
        }
        self.unwind(0, Then::End(Ending::TimedOut), "the deadline passed".into())
    }

    /// A pivot that may be happening: nothing is undone before its outcome is known.
    fn pivot_in_doubt(&self) -> bool {
        self.state.active.iter().any(|(index, active)| match active {
            Active::Step(step) => {
                self.call(*index).is_some_and(|call| call.pivot)
                    && (step.doubt || matches!(step.phase, Phase::Calling | Phase::Confirming))
            }
            Active::Stuck(_) => false,
        })
    }

    /// A deadline that waited for a pivot takes effect once the pivot is known not to have happened.
    pub(crate) fn take_deferred(&mut self) -> Option<Option<u32>> {
        if self.unwinding() || self.pivot_in_doubt() {
            return None;
        }
        let Trigger::Deadline = self.state.deferred.take()?;
        Some(self.unwind(
            0,
            Then::End(Ending::TimedOut),
            "the deadline passed while the outcome was in doubt".into(),
        ))
    }
}
