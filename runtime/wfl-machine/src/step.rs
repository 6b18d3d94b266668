//! Steps: the start of a call, and what each outcome of an attempt leads to.

use wfl_eval::{check_rule, fits};
use wfl_ir::{
    Call, Duration, EdgeKind, Effect, Field, Fields, Name, Operation, Retry, Type, TypeKind, Value,
};

use crate::call::Purpose;
use crate::fact::Fact;
use crate::fold::Fold;
use crate::input::Outcome;
use crate::json::{read, read_fields};
use crate::ledger::Suspension;
use crate::planted::{Bug, planted};
use crate::raise::handler_of;
use crate::schedule::pause;
use crate::strand::{Doing, Ending, Phase, Raised, Step, Then};

/// How much of a bad answer is kept.
const MAX_RAW_BYTES: usize = 4096;

impl Fold<'_> {
    /// Fixes arguments and key, records the debt, and makes the first attempt outstanding.
    pub(crate) fn start_step(&mut self, index: u32, call: &Call) -> Result<(), Suspension> {
        let args = self.eval_fields(&call.args)?;
        self.begin_step(index, call, args)
    }

    /// As [`Fold::start_step`], with these arguments.
    pub(crate) fn begin_step(&mut self, index: u32, call: &Call, args: Fields) -> Result<(), Suspension> {
        let operation = self.operation(call.operation);
        self.check_params(&operation.params, &args, &operation.qualified())?;
        let epoch = self.state.epoch;
        let key = self.key_for(operation, &args, epoch, Purpose::Do)?;
        if !planted(Bug::DebtAfterwards) {
            self.record_debt(index, operation, epoch);
        }
        let now = self.now();
        let total = self.total(call);
        let step = Step {
            epoch,
            args,
            key,
            attempt: 1,
            confirm_attempt: 0,
            started_at: now,
            dispatched_at: self.state.stamp,
            total_due: total.map(|total| now.plus(total)),
            doubt: false,
            overdue: false,
            phase: Phase::Calling,
            claim: None,
            asked_at: self.state.stamp,
            twin_of: None,
        };
        self.facts.push(Fact::StepStarted {
            step: self.name(index),
            operation: operation.qualified(),
            pivot: call.pivot,
        });
        self.put_step(index, Box::new(step));
        Ok(())
    }

    /// The time for all attempts of a step; none for one that is retried forever.
    pub(crate) fn total(&self, call: &Call) -> Option<Duration> {
        match self.retry(call) {
            Retry::Forever { .. } => None,
            _ => call.total.or(self.operation(call.operation).total),
        }
    }

    /// Arguments must fulfil the rules of their parameters.
    pub(crate) fn check_params(&self, params: &[Field], args: &Fields, of: &str) -> Result<(), Suspension> {
        for param in params {
            let Some(value) = args.get(&param.name) else { continue };
            let of_type = check_rule(self.plan.library(), &param.ty, value)?.map(|(_, rule)| rule);
            let own = match &param.rule {
                Some(rule) if !fits(self.plan.library(), &rule.holds, value)? => Some(rule.text.to_string()),
                _ => None,
            };
            if let Some(rule) = of_type.or(own) {
                let place = format!("`{}` of {of}", param.name);
                return Err(Suspension::Fault(format!("{place} breaks the rule `{rule}`")));
            }
        }
        Ok(())
    }

    /// Reads an answer as a value of the operation's result.
    pub(crate) fn read_result(&self, ty: &Type, json: &[u8]) -> Result<Value, Suspension> {
        let bad = |why: String| Suspension::BadAnswer(why, json[..json.len().min(MAX_RAW_BYTES)].to_vec());
        read(self.plan.library(), ty, json).map_err(bad)
    }

    /// An attempt of the step itself ended.
    pub(crate) fn do_answered(&mut self, index: u32, step: Box<Step>, outcome: &Outcome) -> Option<u32> {
        let call = self.call(index)?;
        let operation = self.operation(call.operation);
        match outcome {
            Outcome::Returned(json) => match self.read_result(&operation.result, json) {
                Ok(value) => self.succeed(index, step, value, false),
                Err(why) => self.bad_answer(index, step, why),
            },
            Outcome::Declared(error, data) => match self.read_error(operation, error, data) {
                Some((error, fields)) => self.fail_step(index, Raised::Declared(error, fields)),
                None => {
                    let why = format!(
                        "the error {error} with such data is not declared by {}",
                        operation.qualified()
                    );
                    self.bad_answer(index, step, Suspension::BadAnswer(why, data.clone()))
                }
            },
            Outcome::Unavailable { reason, retry_after } => {
                // Two processes may have sent the attempt: what one of them heard does not hold for the other.
                self.remember_absent(index, &step);
                self.try_again(index, step, Raised::Unavailable, reason, *retry_after)
            }
            Outcome::TimedOut { started: false } => {
                self.try_again(index, step, Raised::Unavailable, "it was not sent in time", None)
            }
            Outcome::TimedOut { started: true } => self.unknown(index, step, "no answer in time"),
            Outcome::Unknown { reason } => self.unknown(index, step, reason),
            Outcome::Refused { reason, raw } => {
                self.bad_answer(index, step, Suspension::BadAnswer(reason.clone(), raw.clone()))
            }
        }
    }

    /// Something was answered that proves nothing: the effect may be there, or is there without a usable result.
    fn bad_answer(&mut self, index: u32, mut step: Box<Step>, why: Suspension) -> Option<u32> {
        step.doubt = true;
        self.suspend(index, step, why)
    }

    /// A declared error by its short name, with fields of the right types.
    pub(crate) fn read_error(
        &self,
        operation: &Operation,
        name: &Name,
        data: &[u8],
    ) -> Option<(u32, Fields)> {
        let types = &self.plan.types;
        let index = *operation.raises.iter().find(|i| types[**i as usize].short_name() == name.as_str())?;
        let TypeKind::Error(fields) = &types[index as usize].kind else { return None };
        Some((index, read_fields(self.plan.library(), fields, data).ok()?))
    }

    /// The attempt may have had its effect.
    pub(crate) fn unknown(&mut self, index: u32, mut step: Box<Step>, reason: &str) -> Option<u32> {
        let call = self.call(index)?;
        if step.twin_of.is_some() {
            return self.twin_is_unknown(index, step);
        }
        if self.is_read(call) || planted(Bug::UnknownIsNothing) {
            return self.try_again(index, step, Raised::Timeout, reason, None);
        }
        if self.unwinding() && self.is_harmless(call) {
            self.forget_step();
            return self.unwind_on();
        }
        step.doubt = true;
        // It may have waited for a long time before it was sent.
        step.dispatched_at = self.state.stamp;
        self.resolve(index, step, reason.to_owned())
    }

    /// Another attempt under the same key, if policy and time allow one; else the step has failed or waits.
    pub(crate) fn try_again(
        &mut self,
        index: u32,
        mut step: Box<Step>,
        raised: Raised,
        reason: &str,
        retry_after: Option<Duration>,
    ) -> Option<u32> {
        let call = self.call(index)?;
        let resolving = self.unwinding();
        if resolving && !step.doubt {
            self.void_debt(index);
            self.forget_step();
            return self.unwind_on();
        }
        let seed = format!("{}/do/{}", self.name(index), step.attempt);
        // What may be sent once only is sent once, even if it is known not to have begun.
        let retry = if self.operation(call.operation).at_most_once { Retry::Never } else { self.retry(call) };
        let unlimited = resolving && !self.operation(call.operation).at_most_once;
        let pause = pause(retry, step.attempt, unlimited, self.state.id, &seed);
        let pause = pause.map(|pause| pause.max(retry_after.unwrap_or_default()));
        let in_time = |pause: &Duration| {
            resolving || !step.overdue && step.total_due.is_none_or(|total| self.now().plus(*pause) < total)
        };
        match pause.filter(in_time) {
            Some(pause) => {
                step.phase = Phase::Backoff(self.now().plus(pause));
                self.facts.push(Fact::Retrying {
                    step: self.name(index),
                    purpose: Purpose::Do,
                    attempt: step.attempt,
                    reason: reason.to_owned(),
                    pause,
                });
                self.put_step(index, step);
                None
            }
            None => self.exhausted(index, step, raised, reason),
        }
    }

    /// No attempt is left.
    pub(crate) fn exhausted(
        &mut self,
        index: u32,
        step: Box<Step>,
        raised: Raised,
        reason: &str,
    ) -> Option<u32> {
        let call = self.call(index)?;
        if step.doubt && !self.is_read(call) {
            return self.suspend(index, step, Suspension::UnknownOutcome(reason.to_owned()));
        }
        let counts = self.is_read(call) && self.may_fail();
        if handler_of(&call.handlers, &raised).is_some() || counts {
            return self.fail_step(index, raised);
        }
        if planted(Bug::IncidentEnds) && self.is_body() {
            return self.unwind(0, Then::End(Ending::TimedOut), reason.to_owned());
        }
        self.suspend(index, step, Suspension::RetriesExhausted(reason.to_owned()))
    }

    pub(crate) fn suspend(&mut self, index: u32, mut step: Box<Step>, why: Suspension) -> Option<u32> {
        self.facts.push(Fact::Suspended { step: self.name(index), why: why.clone() });
        step.phase = Phase::Suspended(why);
        self.put_step(index, step);
        None
    }

    /// Nothing is left of the current strand's step.
    pub(crate) fn forget_step(&mut self) {
        *self.strand().activity_mut() = Doing::Idle;
    }

    /// The step has its result.
    pub(crate) fn succeed(
        &mut self,
        index: u32,
        mut step: Box<Step>,
        value: Value,
        confirmed: bool,
    ) -> Option<u32> {
        let call = self.call(index)?;
        if planted(Bug::DebtAfterwards)
            && let Some(call) = self.call(index)
        {
            self.record_debt(index, self.operation(call.operation), step.epoch);
        }
        if let Err(why) = self.owe(index, &step, &value) {
            // The effect is there, but nothing that would undo it: the debt stays open until a person decides.
            step.doubt = true;
            return self.suspend(index, step, why);
        }
        if step.key.is_some() || confirmed {
            // There is one effect: it was not late.
            self.found_effect(index, &step, &value);
        }
        self.facts.push(Fact::StepSucceeded {
            step: self.name(index),
            operation: self.operation(call.operation).qualified(),
            value: value.clone(),
            attempts: step.attempt,
            confirmed,
        });
        self.forget_step();
        if let Some(slot) = call.result.filter(|_| !self.unwinding()) {
            self.set_slot(slot, value);
        }
        if call.pivot {
            let committed = self.pass_pivot();
            self.facts.push(Fact::PivotPassed { step: self.name(index), committed });
        }
        if self.unwinding() {
            return self.unwind_on();
        }
        let stays = matches!(self.operation(call.operation).effect, Effect::Write | Effect::Irreversible);
        self.pass(index, stays);
        self.plan.target(index, EdgeKind::Order)
    }

    /// The step ended with an error that leaves no effect.
    pub(crate) fn fail_step(&mut self, index: u32, raised: Raised) -> Option<u32> {
        let call = self.call(index)?;
        self.void_debt(index);
        self.forget_step();
        let handler = handler_of(&call.handlers, &raised).filter(|_| !self.unwinding());
        let (error, fields) = (raised.name(self), raised.fields());
        let (step, handled) = (self.name(index), handler.is_some());
        self.facts.push(Fact::StepFailed {
            step: step.clone(),
            error: error.clone(),
            fields: fields.clone(),
            handled,
        });
        if self.unwinding() {
            return self.unwind_on();
        }
        if let Some(next) = self.take_deferred(Some(index)) {
            return next;
        }
        match handler {
            Some(number) => self.catch(index, number, fields),
            None => self.raise(index, raised, format!("{step} failed with {error}")),
        }
    }
}
