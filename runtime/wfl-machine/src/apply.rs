//! The entry: one record in, new state and facts out.

use std::collections::{BTreeMap, BTreeSet};

use wfl_eval::decode_fields;
use wfl_ir::{Name, Plan, PlanHash, Timestamp};
use wfl_record::{Envelope, InstanceId, Stamp};

use crate::fact::Fact;
use crate::fold::Fold;
use crate::input::{Answer, Control, Fired, Input, PayloadError, Purpose, Start, TimerKind};
use crate::schedule::{input_digest, instance_key, slots_of};
use crate::state::{Active, DebtState, Flow, Instance, Phase, Step, Suspension, UndoPhase};

/// What the fold of one record came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What happened, in order.
    pub facts: Vec<Fact>,
}

/// Why a record cannot be folded. The instance takes nothing more: a wrong answer would be worse than none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Quarantine {
    /// The payload is not of a known kind and version, or malformed.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A record came before the start.
    #[error("the log of the instance does not begin with a start")]
    NotStarted,
    /// The plan is not the one that the instance was started on.
    #[error("the instance runs plan {wanted}, not {given}")]
    WrongPlan {
        /// The plan of its start.
        wanted: PlanHash,
        /// The plan given.
        given: PlanHash,
    },
    /// The start's arguments do not fit the plan, or are not those of the digest or of the id.
    #[error("the start is not sound: {0}")]
    BadStart(String),
}

/// Folds one record into the state. `state` is `None` before the start. `hash` must be the plan's own hash, `args`
/// the JSON of the arguments of a start (from the record or its blob), and is not looked at for other inputs.
///
/// The instance's time is `max(its time so far, the log's stamp, the due time of a timer)`.
pub fn apply(
    plan: &Plan,
    hash: PlanHash,
    state: &mut Option<Instance>,
    envelope: &Envelope,
    input: &Input,
    args: &[u8],
    at: Stamp,
) -> Result<Applied, Quarantine> {
    let mut facts = Vec::new();
    let instance = match (&mut *state, input) {
        (None, Input::Start(start)) => {
            let instance = begin(plan, hash, envelope, start, args, at)?;
            facts.push(Fact::Started {
                workflow: start.workflow.clone(),
                version: start.version,
                plan: hash,
            });
            state.insert(instance)
        }
        (None, _) => return Err(Quarantine::NotStarted),
        (Some(instance), _) if instance.plan != hash => {
            return Err(Quarantine::WrongPlan { wanted: instance.plan, given: hash });
        }
        (Some(instance), _) => instance,
    };
    let due = match input {
        Input::Timer(fired) => fired.due,
        _ => instance.at,
    };
    instance.at = instance.at.max(Timestamp(at.0)).max(due);
    instance.count += 1;
    instance.chain = link(&instance.chain, envelope);
    let mut fold = Fold { plan, state: instance, facts };
    let next = match input {
        Input::Start(_) if fold.state.count == 1 => Some(0),
        Input::Start(_) => fold.reject("the instance has begun already"),
        _ if matches!(fold.state.flow, Flow::Ended(_)) => fold.late(input),
        Input::Answer(answer) => fold.answer(answer),
        Input::Timer(fired) => fold.timer_fired(fired),
        Input::Control(Control::Retry { step, .. }) => fold.retry_suspended(step.as_ref()),
    };
    fold.go(next);
    let facts = fold.facts;
    debug_assert!(
        !matches!(instance.flow, Flow::Ended(_)) || instance.active.is_empty() && instance.debts.is_empty(),
        "an ended instance holds nothing open"
    );
    Ok(Applied { facts })
}

fn begin(
    plan: &Plan,
    hash: PlanHash,
    envelope: &Envelope,
    start: &Start,
    args: &[u8],
    at: Stamp,
) -> Result<Instance, Quarantine> {
    let bad = |why: String| Quarantine::BadStart(why);
    if start.plan != hash {
        return Err(Quarantine::WrongPlan { wanted: start.plan, given: hash });
    }
    let json = serde_json::from_slice(args).map_err(|_| bad("the arguments are not JSON".into()))?;
    let fields = decode_fields(plan.library(), &plan.params, &json).map_err(|e| bad(e.to_string()))?;
    if input_digest(&fields) != start.digest {
        return Err(bad("the arguments do not have the digest of the start".into()));
    }
    let key = instance_key(plan, &fields).map_err(|e| bad(e.to_string()))?;
    let id = InstanceId::derive(&envelope.namespace, &plan.workflow, &key.canonical_bytes());
    if id != envelope.instance {
        return Err(bad("the arguments' key does not give the instance's id".into()));
    }
    Ok(Instance {
        namespace: envelope.namespace.clone(),
        id,
        workflow: plan.workflow.clone(),
        plan: hash,
        input_digest: start.digest,
        started_at: Timestamp(at.0),
        at: Timestamp(at.0),
        count: 0,
        chain: [0; 32],
        key,
        epoch: 0,
        slots: slots_of(plan, &fields),
        active: BTreeMap::new(),
        debts: Vec::new(),
        rolled_back: BTreeSet::new(),
        past_pivot: false,
        flow: Flow::Forward,
        deferred: None,
        deadline_fired: false,
        unwinding_since: None,
        compensation_overdue: false,
        undone: 0,
    })
}

/// The chain over a record: a record that is missing, added or changed changes every later state.
fn link(chain: &[u8; 32], envelope: &Envelope) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("wfl record chain v1");
    hasher.update(chain);
    hasher.update(&envelope.kind.0.to_le_bytes());
    hasher.update(&envelope.version.to_le_bytes());
    hasher.update(&(envelope.message_id.as_str().len() as u64).to_le_bytes());
    hasher.update(envelope.message_id.as_str().as_bytes());
    hasher.update(&envelope.payload);
    *hasher.finalize().as_bytes()
}

impl Fold<'_> {
    fn reject(&mut self, reason: impl Into<String>) -> Option<u32> {
        self.facts.push(Fact::InputRejected { reason: reason.into() });
        None
    }

    fn late(&mut self, input: &Input) -> Option<u32> {
        match input {
            Input::Answer(answer) => {
                self.facts.push(Fact::Late { call: answer.call.clone() });
                None
            }
            Input::Timer(_) => None,
            _ => self.reject("the instance has ended"),
        }
    }

    fn answer(&mut self, Answer { call, outcome }: &Answer) -> Option<u32> {
        let Some(index) = self.plan.node_by_id(&call.step) else {
            return self.reject(format!("there is no step {}", call.step));
        };
        if call.purpose == Purpose::Undo {
            let debt = self.state.debts.iter().position(|debt| {
                let waits = matches!(&debt.state, DebtState::Undoing(undo, UndoPhase::Calling) if undo.attempt == call.attempt);
                debt.node == index && debt.epoch == call.epoch && waits
            });
            return match debt {
                Some(debt) => self.undo_answered(debt, outcome),
                None => self.too_late(call),
            };
        }
        let Some(step) = self.take_step(index) else {
            return self.too_late(call);
        };
        let current = match call.purpose {
            Purpose::Do => step.phase == Phase::Calling && step.attempt == call.attempt,
            _ => step.phase == Phase::Confirming && step.confirm_attempt == call.attempt,
        };
        // The first valid completion wins, whichever attempt under the key it answers.
        let earlier = call.purpose == Purpose::Do
            && call.attempt <= step.attempt
            && matches!(outcome, crate::input::Outcome::Returned(_))
            && !matches!(step.phase, Phase::Suspended(Suspension::BadAnswer(..)));
        match (call.purpose, step.epoch == call.epoch && (current || earlier)) {
            (Purpose::Do, true) => self.do_answered(index, step, outcome),
            (_, true) => self.confirm_answered(index, step, outcome),
            (_, false) => {
                self.put_step(index, step);
                self.too_late(call)
            }
        }
    }

    fn too_late(&mut self, call: &crate::input::CallRef) -> Option<u32> {
        self.facts.push(Fact::Late { call: call.clone() });
        None
    }

    /// A timer that the state no longer waits for changes nothing.
    fn timer_fired(&mut self, Fired { timer, due }: &Fired) -> Option<u32> {
        match timer.kind {
            TimerKind::Deadline if !self.state.deadline_fired && self.plan.deadline.is_some() => {
                return self.deadline();
            }
            TimerKind::CompensationDeadline if self.unwinding() => {
                self.state.compensation_overdue = true;
                self.facts.push(Fact::CompensationOverdue);
                return None;
            }
            TimerKind::Deadline | TimerKind::CompensationDeadline => return None,
            _ => {}
        }
        let index = self.plan.node_by_id(&timer.step)?;
        if timer.kind == TimerKind::Undo {
            let waits = |state: &DebtState| matches!(state, DebtState::Undoing(undo, UndoPhase::Backoff(at)) if at == due && undo.attempt + 1 == timer.attempt);
            let debt = self
                .state
                .debts
                .iter()
                .position(|d| d.node == index && d.epoch == timer.epoch && waits(&d.state))?;
            self.undo_attempt(debt);
            return None;
        }
        let step = self.take_step(index)?;
        let same = step.epoch == timer.epoch;
        match (timer.kind, &step.phase) {
            (TimerKind::Backoff, Phase::Backoff(at)) if same && at == due => self.next_attempt(index, step),
            (TimerKind::Confirm, Phase::ConfirmAt(at)) if same && at == due => {
                self.next_confirm(index, step);
                None
            }
            (TimerKind::Total, _) if same && step.total_due == Some(*due) && !step.overdue => {
                self.total_passed(index, step)
            }
            _ => {
                self.put_step(index, step);
                None
            }
        }
    }

    /// An operator wants suspended work tried again under the same key.
    fn retry_suspended(&mut self, step: Option<&Name>) -> Option<u32> {
        let wanted = |fold: &Self, index: u32| step.is_none_or(|step| fold.node(index).id == *step);
        let waiting: Vec<u32> = self.state.suspensions().iter().map(|(index, _)| *index).collect();
        let waiting: Vec<u32> = waiting.into_iter().filter(|index| wanted(self, *index)).collect();
        if waiting.is_empty() {
            return self.reject("nothing that is suspended has this name");
        }
        let mut next = None;
        for index in waiting {
            self.facts.push(Fact::Resumed { step: self.name(index) });
            let stuck = |debt: &crate::state::Debt| {
                debt.node == index && matches!(debt.state, DebtState::Undoing(_, UndoPhase::Stuck(_)))
            };
            if let Some(debt) = self.state.debts.iter().position(stuck) {
                self.undo_attempt(debt);
            } else if let Some(Active::Stuck(_)) = self.state.active.get(&index) {
                self.state.active.remove(&index);
                next = Some(index);
            } else if let Some(step) = self.take_step(index) {
                next = self.resume_step(index, step);
            }
        }
        next
    }

    /// By hand a step gets a fresh total time. An unknown outcome is asked for first where that is possible; an
    /// expired key is not sent by hand either.
    fn resume_step(&mut self, index: u32, mut step: Box<Step>) -> Option<u32> {
        let call = self.call(index)?;
        let operation = self.operation(call.operation);
        step.overdue = false;
        step.total_due = self.total(call).map(|total| self.now().plus(total));
        if step.doubt && operation.confirm.is_some() {
            return self.resolve(index, step, "an operator wants to know".into());
        }
        self.next_attempt(index, step)
    }
}
