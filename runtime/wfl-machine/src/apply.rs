//! The entry: one record in, new state and facts out.

use std::collections::{BTreeMap, BTreeSet};

use wfl_eval::decode_fields;
use wfl_ir::{EdgeKind, Fields, NodeKind, Plan, PlanHash, Timestamp, Value};
use wfl_record::{Envelope, InstanceId, Stamp};

use crate::call::{CallRef, Fired, Purpose, TimerKind};
use crate::fact::Fact;
use crate::fold::Fold;
use crate::input::{Answer, Dispatch, Input, Outcome, PayloadError, Start};
use crate::json::read;
use crate::ledger::{Debt, DebtState, Entry, Mail, Owed, Suspension, UndoPhase};
use crate::planted::{Bug, chance, planted};
use crate::schedule::{input_digest, instance_id, instance_key, instance_priority, slots_of};
use crate::state::Instance;
use crate::strand::{Asked, Awaiting, BODY, Doing, Phase, ReminderPhase, Strand, place};
use crate::tap;
use crate::turnstile::Turnstile;

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
    tap::begin();
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
    instance.stamp = instance.stamp.max(Timestamp(at.0));
    if planted(Bug::FoldByChance) {
        instance.committed += chance() as u32;
    }
    instance.count += 1;
    instance.chain = link(&instance.chain, envelope);
    let mut fold = Fold::new(plan, instance, facts);
    let next = fold.input(input, envelope);
    fold.run(next);
    // What waited for the outcome of a pivot, or for the end of a shield, may act now.
    while let Some(next) = fold.take_deferred(None) {
        fold.run(next);
    }
    fold.switch(BODY);
    let facts = fold.facts;
    tap::tell(instance.id, &facts);
    debug_assert!(
        instance.strands.values().all(|strand| strand.doing != Doing::Idle || instance.ending.is_some()),
        "a strand does nothing"
    );
    Ok(Applied { facts })
}

/// The arguments of a start, and the key and the id that they give.
fn arguments(
    plan: &Plan,
    hash: PlanHash,
    envelope: &Envelope,
    start: &Start,
    args: &[u8],
) -> Result<(Fields, Value, InstanceId), Quarantine> {
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
    let id = instance_id(&envelope.namespace, plan, &key, start.parent_epoch.unwrap_or(0));
    if id != envelope.instance {
        return Err(bad("the arguments' key does not give the instance's id".into()));
    }
    Ok((fields, key, id))
}

fn begin(
    plan: &Plan,
    hash: PlanHash,
    envelope: &Envelope,
    start: &Start,
    args: &[u8],
    at: Stamp,
) -> Result<Instance, Quarantine> {
    let (fields, key, id) = arguments(plan, hash, envelope, start, args)?;
    Ok(Instance {
        namespace: envelope.namespace.clone(),
        id,
        workflow: plan.workflow.clone(),
        plan: hash,
        input_digest: start.digest,
        started_at: Timestamp(at.0).max(start.not_before.unwrap_or(Timestamp(at.0))),
        at: Timestamp(at.0),
        stamp: Timestamp(at.0),
        ended_at: None,
        count: 0,
        chain: [0; 32],
        key,
        epoch: 0,
        slots: slots_of(plan, &fields),
        strands: BTreeMap::from([(BODY, Strand::new(0, None, 0, 0))]),
        next_strand: BODY + 1,
        rolled_back: BTreeSet::new(),
        past_pivot: false,
        ending: None,
        deferred: None,
        turned: None,
        deadline_fired: false,
        latest: start.deadline,
        unwinding_since: None,
        compensation_overdue: false,
        undone: 0,
        committed: 0,
        waived: 0,
        paused: None,
        starter: start.starter.clone(),
        parent: start.parent.clone(),
        mail: BTreeMap::new(),
        seen: BTreeSet::new(),
        letters: Vec::new(),
        next_letter: 0,
        absent: Vec::new(),
        grace_due: None,
        kept: BTreeSet::new(),
        released: false,
        waive_all: false,
        orphans: Vec::new(),
        priority: instance_priority(plan, &fields),
        occasion: start.occasion.clone(),
        turnstile: None,
        ticket: None,
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
    fn input(&mut self, input: &Input, envelope: &Envelope) -> Option<u32> {
        // What comes from outside may be sent twice, and a journal that forgets would let it in again.
        let once =
            matches!(input, Input::Control(_) | Input::Signal(_) | Input::Decision(_) | Input::News(_));
        let again = once && !self.state.seen.insert(digest_of(envelope.message_id.as_str()));
        if again && !planted(Bug::SignalTwice) {
            return self.reject("it was sent before");
        }
        match input {
            Input::Start(_) if planted(Bug::StartTwice) && self.state.count > 1 => {
                self.state.strands.insert(BODY, Strand::new(0, None, 0, 0));
                return Some(0);
            }
            Input::Start(start) if self.state.count == 1 => return self.begins(start),
            Input::Start(_) => return self.reject("the instance has begun already"),
            Input::News(news) => return self.news(news),
            Input::Answer(Answer { call, outcome }) if call.purpose == Purpose::Undo => {
                return self.undo_answer(call, outcome);
            }
            Input::Answer(answer) => return self.answer(answer),
            Input::Timer(Fired { timer, due }) if timer.kind == TimerKind::Undo => {
                return self.undo_timer(timer, *due);
            }
            _ if self.state.ending.is_some() => return self.ended_already(input),
            _ => {}
        }
        match input {
            Input::Timer(fired) => self.timer_fired(fired),
            Input::Control(control) => self.control(control),
            Input::Signal(signal) => self.signalled(signal),
            Input::Decision(decision) => self.decided(decision),
            Input::Dispatch(dispatch) => self.claimed(dispatch),
            Input::Start(_) | Input::News(_) | Input::Answer(_) => None,
        }
    }

    /// The first node, unless it is to begin later.
    fn begins(&mut self, start: &Start) -> Option<u32> {
        let Some(due) = start.not_before.filter(|due| *due > self.state.at) else { return self.queue_up(0) };
        self.facts.push(Fact::Delayed { until: due });
        self.strand().doing = Doing::Delayed(0, due);
        None
    }

    /// It begins with a node, when it is its turn if its workflow has a limit.
    fn queue_up(&mut self, node: u32) -> Option<u32> {
        let Some((_, per)) = &self.plan.limit else { return Some(node) };
        // What has no value counts together with what has none.
        let value = per.as_ref().and_then(|per| self.eval(per).ok()).unwrap_or(Value::Unit);
        let turnstile = Turnstile::id(&self.state.namespace, &self.plan.workflow, &value);
        self.state.turnstile = Some(turnstile);
        self.facts.push(Fact::Queued);
        self.strand().doing = Doing::Queued(node);
        self.post(turnstile, Mail::Enter);
        None
    }

    /// Something for an instance that has ended.
    fn ended_already(&mut self, input: &Input) -> Option<u32> {
        match input {
            Input::Control(
                control @ (crate::wish::Control::Retry { .. }
                | crate::wish::Control::Complete { .. }
                | crate::wish::Control::Fail { .. }
                | crate::wish::Control::Edit { .. }
                | crate::wish::Control::Skip { .. }),
            ) if !self.state.strands.is_empty() => self.control(control),
            Input::Control(_) | Input::Signal(_) | Input::Decision(_) => {
                self.reject("the instance has ended")
            }
            _ => None,
        }
    }

    fn undo_answer(&mut self, call: &CallRef, outcome: &Outcome) -> Option<u32> {
        let Some(index) = self.find_debt(call) else { return self.late(call) };
        let current = self.undo_of(index).is_some_and(|(_, _, undo)| undo.attempt == call.attempt);
        let earlier = matches!(outcome, Outcome::Returned(_));
        let calling = self
            .strand()
            .ledger
            .get(index)
            .and_then(Entry::debt)
            .is_some_and(|debt| matches!(&debt.state, DebtState::Undoing(_, UndoPhase::Calling)));
        if current && calling || earlier && call.attempt <= self.undo_attempts(index) {
            self.undo_answered(index, outcome)
        } else {
            self.late(call)
        }
    }

    fn undo_attempts(&mut self, index: usize) -> u32 {
        self.undo_of(index).map_or(0, |(_, _, undo)| undo.attempt)
    }

    fn undo_timer(&mut self, timer: &crate::call::TimerRef, due: Timestamp) -> Option<u32> {
        let call = CallRef {
            step: timer.step.clone(),
            item: timer.item.clone(),
            epoch: timer.epoch,
            purpose: Purpose::Undo,
            attempt: timer.attempt,
            late: timer.late,
        };
        let index = self.find_debt(&call)?;
        let waits = |debt: &Debt| matches!(&debt.state, DebtState::Undoing(undo, UndoPhase::Backoff(at)) if *at == due && undo.attempt + 1 == timer.attempt);
        if self.strand().ledger.get(index).and_then(Entry::debt).is_some_and(waits) {
            self.undo_attempt(index);
        }
        None
    }

    /// Goes to the strand whose step, wait or pause has this name and place.
    /// What lost in an earlier life may be at the same place.
    fn find(&mut self, step: &str, item: Option<&wfl_ir::Name>, epoch: u32) -> Option<u32> {
        let node = self.plan.node_by_id(step)?;
        let here = |strand: &Strand| strand.activity().node() == Some(node) && place(strand).as_ref() == item;
        let there = || self.state.strands.iter().filter(|(_, strand)| here(strand)).map(|(id, _)| *id);
        let of_epoch = |id: &u32| {
            let activity = self.state.strands.get(id).map(Strand::activity);
            activity.is_some_and(|activity| activity.epoch().is_none_or(|of| of == epoch))
        };
        let found = there().find(of_epoch).or_else(|| there().next());
        self.switch(found?);
        Some(node)
    }

    /// A call ended. What the state does not wait for any more changes nothing.
    fn answer(&mut self, answer: &Answer) -> Option<u32> {
        let Answer { call, outcome } = answer;
        if let Some(index) = self.find_twin(answer)
            && let Some((_, step)) = self.take_step()
        {
            return self.twin_answered(index, step, outcome);
        }
        let Some(index) = self.find(&call.step, call.item.as_ref(), call.epoch) else {
            return self.too_late(answer);
        };
        if call.purpose == Purpose::Remind {
            let mine = |awaiting: &Awaiting| {
                awaiting.epoch == call.epoch
                    && awaiting.reminder.as_ref().is_some_and(|reminder| {
                        reminder.attempt == call.attempt && reminder.phase == ReminderPhase::Calling
                    })
            };
            let waits = self.awaiting().is_some_and(|(_, awaiting)| mine(awaiting));
            return if waits { self.reminder_answered(outcome) } else { self.late(call) };
        }
        let Some((_, step)) = self.take_step() else { return self.too_late(answer) };
        if step.twin_of.is_some() {
            self.put_step(index, step);
            return self.too_late(answer);
        }
        let current = match call.purpose {
            Purpose::Do => step.phase == Phase::Calling && step.attempt == call.attempt,
            _ => step.phase == Phase::Confirming && step.confirm_attempt == call.attempt,
        };
        // The first valid completion wins, whichever attempt under the key it answers.
        let earlier = call.purpose == Purpose::Do
            && call.attempt <= step.attempt
            && matches!(outcome, Outcome::Returned(_))
            && !matches!(step.phase, Phase::Suspended(Suspension::BadAnswer(..)));
        match (call.purpose, step.epoch == call.epoch && (current || earlier)) {
            (Purpose::Do, true) => {
                if matches!(outcome, Outcome::Returned(_)) {
                    self.account_for(index, &step, call.attempt);
                    self.doubt_later(index, &step, call.attempt);
                }
                self.do_answered(index, step, outcome)
            }
            (_, true) => self.confirm_answered(index, step, outcome),
            (_, false) => {
                self.put_step(index, step);
                self.too_late(answer)
            }
        }
    }

    fn late(&mut self, call: &CallRef) -> Option<u32> {
        self.facts.push(Fact::Late { call: call.clone() });
        None
    }

    /// An answer that nobody waits for. A success of a call that was taken to have had no effect is owed.
    fn too_late(&mut self, answer: &Answer) -> Option<u32> {
        let Answer { call, outcome } = answer;
        self.late(call);
        let Outcome::Returned(json) = outcome else { return None };
        if planted(Bug::LateSuccessLost) {
            return None;
        }
        let absent = self.state.absent.iter_mut().find(|absent| absent.is_of(call))?;
        let counts = call.attempt <= absent.call.attempt && !absent.known.contains(&call.attempt);
        if call.purpose != Purpose::Do || !counts {
            return None;
        }
        absent.known.push(call.attempt);
        let mut absent = absent.clone();
        let kind = self.call(absent.node)?;
        let operation = self.operation(kind.operation);
        let step = self.name_at(absent.node, call.item.as_ref());
        if operation.idempotent.is_some() {
            // Whichever attempt it was, there is one effect.
            self.state.absent.retain(|absent| !absent.is_of(call));
        }
        let value = read(self.plan.library(), &operation.result, json).ok();
        if absent.found.is_some() && absent.found == value {
            // It is what was found, as far as anybody can tell.
            absent.found = None;
            self.state.absent.iter_mut().filter(|it| it.is_of(call)).for_each(|it| it.found = None);
            // By the word of `confirm with` an attempt that it did not find had no effect: only the latest is in doubt.
            if call.attempt < absent.call.attempt {
                self.doubt_found(&absent, call.attempt);
            }
            return None;
        }
        let undo = value.and_then(|value| {
            self.bind_undo(operation, &absent.args, &value, call.epoch, Some(call.attempt)).ok().flatten()
        });
        let (Some(undo), wfl_ir::Effect::Compensable { undo: by, .. }) = (undo, &operation.effect) else {
            self.facts.push(Fact::LateEffect { step });
            return None;
        };
        self.facts.push(Fact::Reopened { step });
        let debt = Debt {
            node: absent.node,
            epoch: call.epoch,
            path: call.item.clone(),
            undo: *by,
            state: DebtState::Owed(Box::new(undo)),
            late: Some(call.attempt),
        };
        self.undo_apart(Entry { scope: 0, owed: Owed::Debt(Box::new(debt)) });
        None
    }

    /// A strand of its own undoes something, whatever else goes on; also in an instance that has ended.
    fn undo_apart(&mut self, entry: Entry) {
        let mut strand = Strand::new(0, None, 0, 0);
        strand.ledger.push(entry);
        let id = self.start_strand(strand, None);
        self.stop(id, "it happened after all");
    }

    /// The one attempt of an `at most once` operation is claimed. The first claim holds.
    fn claimed(&mut self, dispatch: &Dispatch) -> Option<u32> {
        let call = &dispatch.call;
        let Some(index) = self.find(&call.step, call.item.as_ref(), call.epoch) else {
            return self.late(call);
        };
        if let Some((_, mut step)) = self.take_step() {
            if step.epoch == call.epoch && step.attempt == call.attempt && step.claim.is_none() {
                step.claim = Some(dispatch.nonce);
            }
            self.put_step(index, step);
        }
        None
    }

    /// A timer that the state no longer waits for changes nothing.
    fn timer_fired(&mut self, Fired { timer, due }: &Fired) -> Option<u32> {
        let own_epoch = timer.epoch == self.state.epoch;
        match timer.kind {
            TimerKind::Deadline => {
                let runs = !self.state.deadline_fired && own_epoch;
                return if runs { self.deadline() } else { None };
            }
            TimerKind::CompensationDeadline => {
                if self.state.strands.values().any(Strand::unwinds) && own_epoch {
                    self.state.compensation_overdue = true;
                    self.facts.push(Fact::CompensationOverdue);
                }
                return None;
            }
            TimerKind::Grace if self.state.grace_due == Some(*due) => return self.grace_over(),
            TimerKind::Grace => return None,
            _ => {}
        }
        let index = self.find(&timer.step, timer.item.as_ref(), timer.epoch)?;
        match self.strand().activity() {
            Doing::Step(..) => self.step_timer(index, timer, *due),
            Doing::Wait(_, at) if at == due => {
                *self.strand().activity_mut() = Doing::Idle;
                self.plan.target(index, EdgeKind::Order)
            }
            Doing::Delayed(node, at) if at == due => {
                let first = *node;
                *self.strand().activity_mut() = Doing::Idle;
                self.queue_up(first)
            }
            Doing::Pause(_, at) if at == due => self.next_round(index),
            Doing::Fork(_, forked) if forked.due == Some(*due) => self.join_timed_out(),
            Doing::Map(_, mapped) if mapped.more_at == Some(*due) => self.rate_allows(),
            Doing::Run(_, running) if running.due == Some(*due) && !running.overdue => self.child_overdue(),
            Doing::Await(_, awaiting) if awaiting.epoch == timer.epoch => {
                let escalates = |asked: &Asked| asked.escalated + 1 == timer.attempt;
                match timer.kind {
                    TimerKind::Await if awaiting.due == Some(*due) => self.await_timed_out(),
                    TimerKind::Remind if awaiting.remind_at == Some(*due) => self.remind(),
                    TimerKind::Escalate if awaiting.task.as_deref().is_some_and(escalates) => self.escalate(),
                    TimerKind::Backoff
                        if awaiting
                            .reminder
                            .as_ref()
                            .is_some_and(|it| it.phase == ReminderPhase::Backoff(*due)) =>
                    {
                        self.remind_again()
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn next_round(&mut self, index: u32) -> Option<u32> {
        let plan = self.plan;
        let NodeKind::Loop(kind) = &plan.nodes[index as usize].kind else { return None };
        let round = self.strand().rounds.last().map_or(0, |(_, round)| round + 1);
        self.strand().doing = Doing::Idle;
        self.begin_round(index, kind, round).ok().flatten()
    }

    fn step_timer(&mut self, index: u32, timer: &crate::call::TimerRef, due: Timestamp) -> Option<u32> {
        let (_, step) = self.take_step()?;
        let same = step.epoch == timer.epoch;
        match (timer.kind, &step.phase) {
            (TimerKind::Backoff, Phase::Backoff(at)) if same && *at == due => self.next_attempt(index, step),
            (TimerKind::Confirm, Phase::ConfirmAt(at)) if same && *at == due => {
                self.next_confirm(index, step);
                None
            }
            (TimerKind::Total, _) if same && step.total_due == Some(due) && !step.overdue => {
                self.total_passed(index, step)
            }
            _ => {
                self.put_step(index, step);
                None
            }
        }
    }
}

fn digest_of(text: &str) -> (u64, u64) {
    let hash = blake3::hash(text.as_bytes());
    let half = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[at..at + 8]);
        u64::from_le_bytes(bytes)
    };
    (half(0), half(8))
}
