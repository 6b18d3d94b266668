//! Resolution: what became of a call whose outcome is not known.

use wfl_ir::{Duration, Retry, Type, Value};

use crate::call::{CallRef, Purpose};
use crate::fact::Fact;
use crate::fold::Fold;
use crate::input::Outcome;
use crate::ledger::{Absent, Suspension};
use crate::planted::{Bug, planted};
use crate::schedule::pause;
use crate::strand::{Phase, Raised, Step};

impl Fold<'_> {
    /// Finds out by the operation's `confirm`, else by calling again under the same key, else leaves it to a person.
    pub(crate) fn resolve(&mut self, index: u32, mut step: Box<Step>, reason: String) -> Option<u32> {
        let call = self.call(index)?;
        let operation = self.operation(call.operation);
        if let Some(confirm) = &operation.confirm {
            let asks = self.operation(confirm.operation).qualified();
            self.facts.push(Fact::Confirming { step: self.name(index), operation: asks, reason });
            step.confirm_attempt += 1;
            step.asked_at = self.state.stamp;
            step.phase = Phase::Confirming;
            self.put_step(index, step);
            None
        } else if operation.idempotent.is_some() && !operation.at_most_once {
            self.try_again(index, step, Raised::Timeout, &reason, None)
        } else {
            self.suspend(index, step, Suspension::UnknownOutcome(reason))
        }
    }

    /// The asking operation answered, or did not.
    pub(crate) fn confirm_answered(
        &mut self,
        index: u32,
        mut step: Box<Step>,
        outcome: &Outcome,
    ) -> Option<u32> {
        let call = self.call(index)?;
        let operation = self.operation(call.operation);
        let confirm = operation.confirm.as_ref()?;
        let asks = self.operation(confirm.operation);
        match outcome {
            Outcome::Returned(json) => {
                let optional = Type::Optional(Box::new(operation.result.clone()));
                match self.read_result(&optional, json) {
                    Ok(Value::None) => self.found_none(index, step, confirm.after.unwrap_or_default()),
                    Ok(value) => self.succeed(index, step, value, true),
                    Err(why) => self.suspend(index, step, why),
                }
            }
            Outcome::Declared(error, data) => {
                let why = format!("{} answered with the error {error}", asks.qualified());
                self.suspend(index, step, Suspension::BadAnswer(why, data.clone()))
            }
            Outcome::Refused { reason, raw } => {
                self.suspend(index, step, Suspension::BadAnswer(reason.clone(), raw.clone()))
            }
            Outcome::Unavailable { .. } | Outcome::Unknown { .. } | Outcome::TimedOut { .. } => {
                let (reason, wanted) = match outcome {
                    Outcome::Unavailable { reason, retry_after } => {
                        (reason.clone(), retry_after.unwrap_or_default())
                    }
                    Outcome::Unknown { reason } => (reason.clone(), Duration::default()),
                    _ => ("no answer in time".to_owned(), Duration::default()),
                };
                let seed = format!("{}/confirm/{}", self.name(index), step.confirm_attempt);
                let pause = pause(asks.retry, step.confirm_attempt, true, self.state.id, &seed);
                let pause = pause.unwrap_or_default().max(wanted);
                self.facts.push(Fact::Retrying {
                    step: self.name(index),
                    purpose: Purpose::Confirm,
                    attempt: step.confirm_attempt,
                    reason,
                    pause,
                });
                step.phase = Phase::ConfirmAt(self.now().plus(pause));
                self.put_step(index, step);
                None
            }
        }
    }

    /// The other side knows nothing of the call: it did not happen, if enough time has passed.
    fn found_none(&mut self, index: u32, mut step: Box<Step>, after: Duration) -> Option<u32> {
        let call = self.call(index)?;
        let certain_at = step.dispatched_at.plus(after);
        // What counts is when it was asked: the answer may have been on its way for long.
        if step.asked_at >= certain_at || planted(Bug::AbsentAtOnce) {
            step.doubt = false;
            self.facts.push(Fact::FoundAbsent { step: self.name(index) });
            self.remember_absent(index, &step);
            return self.try_again(index, step, Raised::Timeout, "it did not happen", None);
        }
        // A key that is forgotten is not sent again, so there is nothing to do but to wait.
        let window = self.operation(call.operation).idempotent.as_ref().map(|it| it.window);
        let idempotent = window.is_some_and(|window| self.now() <= step.started_at.plus(window));
        let policy = self.retry(call);
        let seed = format!("{}/do/{}", self.name(index), step.attempt);
        let again = pause(policy, step.attempt, false, self.state.id, &seed);
        let room = again.filter(|pause| step.total_due.is_none_or(|total| self.now().plus(*pause) < total));
        if idempotent && room.is_some() && !step.overdue && !self.unwinding() {
            return self.try_again(index, step, Raised::Timeout, "nothing is known of it yet", None);
        }
        // A clock that is wrong must not ask again and again.
        let seed = format!("{}/confirm/{}", self.name(index), step.confirm_attempt);
        let pause = pause(Retry::DEFAULT, step.confirm_attempt, true, self.state.id, &seed);
        let at_least = if certain_at > self.now() { Duration::default() } else { pause.unwrap_or_default() };
        step.phase = Phase::ConfirmAt(certain_at.max(self.now().plus(at_least)));
        self.put_step(index, step);
        None
    }

    /// Should the call turn out to have had its effect after all, the effect is owed.
    pub(crate) fn remember_absent(&mut self, index: u32, step: &Step) {
        let harmless = self.call(index).is_none_or(|call| self.is_harmless(call));
        if harmless {
            return;
        }
        let call = self.attempt_of(index, step);
        let before = self.forget_absent(&call);
        let (known, found) = before.map(|absent| (absent.known, absent.found)).unwrap_or_default();
        self.state.absent.push(Absent { call, node: index, args: step.args.clone(), known, found });
    }

    /// The name of the latest attempt of a step.
    fn attempt_of(&self, index: u32, step: &Step) -> CallRef {
        CallRef {
            step: self.node(index).id.clone(),
            item: self.path(),
            epoch: step.epoch,
            purpose: Purpose::Do,
            attempt: step.attempt,
            late: None,
        }
    }

    /// The step goes on with the effect of an attempt. Under a key there is no other; without one, each attempt that was
    /// sent may have had its own.
    pub(crate) fn account_for(&mut self, index: u32, step: &Step, attempt: u32) {
        if planted(Bug::SuccessTakenForLate) {
            return;
        }
        let call = CallRef { attempt, ..self.attempt_of(index, step) };
        if step.key.is_some() {
            self.forget_absent(&call);
            return;
        }
        if attempt < step.attempt {
            self.remember_absent(index, step);
        }
        if let Some(absent) = self.state.absent.iter_mut().find(|absent| absent.is_of(&call)) {
            absent.known.push(attempt);
        }
    }

    /// What was found by asking is the effect of whichever attempt. Under a key, or of a single attempt, it is the only
    /// one; else another attempt may have had one besides.
    pub(crate) fn found_effect(&mut self, index: u32, step: &Step, value: &Value) {
        if planted(Bug::SuccessTakenForLate) {
            return;
        }
        let call = self.attempt_of(index, step);
        if step.key.is_some() || step.attempt == 1 {
            self.forget_absent(&call);
            return;
        }
        self.remember_absent(index, step);
        if let Some(absent) = self.state.absent.iter_mut().find(|absent| absent.is_of(&call)) {
            absent.found = Some(value.clone());
        }
    }

    fn forget_absent(&mut self, call: &CallRef) -> Option<Absent> {
        let at = self.state.absent.iter().position(|absent| absent.is_of(call))?;
        Some(self.state.absent.remove(at))
    }

    /// The pause before the next attempt is over.
    pub(crate) fn next_attempt(&mut self, index: u32, mut step: Box<Step>) -> Option<u32> {
        let call = self.call(index)?;
        let operation = self.operation(call.operation);
        let window = operation.idempotent.as_ref().map(|idempotency| idempotency.window);
        let expired = window.is_some_and(|window| self.now() > step.started_at.plus(window));
        if step.doubt && expired && !planted(Bug::ExpiredKeySent) {
            if operation.confirm.is_none() {
                return self.suspend(index, step, Suspension::KeyExpired);
            }
            return self.resolve(index, step, "the key has expired".into());
        }
        step.attempt += 1;
        if planted(Bug::KeyOfAttempt) {
            step.key = step.key.map(|key| format!("{key}{}", step.attempt));
        }
        step.claim = None;
        step.dispatched_at = self.state.stamp;
        step.phase = Phase::Calling;
        self.put_step(index, step);
        None
    }

    /// The pause before asking again is over.
    pub(crate) fn next_confirm(&mut self, index: u32, mut step: Box<Step>) {
        step.confirm_attempt += 1;
        step.asked_at = self.state.stamp;
        step.phase = Phase::Confirming;
        self.put_step(index, step);
    }

    /// The time for all attempts has passed. What is under way may still end; nothing new begins.
    pub(crate) fn total_passed(&mut self, index: u32, mut step: Box<Step>) -> Option<u32> {
        step.overdue = true;
        match step.phase {
            // While undoing, the outcome is sought without limit.
            Phase::Backoff(_) if !self.unwinding() => {
                self.exhausted(index, step, Raised::Timeout, "the total time has passed")
            }
            _ => {
                self.put_step(index, step);
                None
            }
        }
    }
}
