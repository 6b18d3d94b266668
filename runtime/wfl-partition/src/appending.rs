//! Answers and timers on their way into the log.

use wfl_ir::Timestamp;
use wfl_machine::{Answer, Input, Instance, Outcome};
use wfl_record::{AppendError, Appended, InstanceId, MessageId, NewRecord};

use crate::event::{Action, Alarm, CallId};
use crate::partition::{Partition, Repeat};

impl Partition {
    /// Asks for an append and remembers it until it is folded.
    pub(crate) fn append(&mut self, instance: InstanceId, input: &Input, out: &mut Vec<Action>) {
        let slot = self.slots.get(&instance);
        let known =
            slot.and_then(|slot| slot.state.as_ref().map(Instance::namespace).or(slot.namespace.as_ref()));
        let resting = || self.resting.get(&instance).map(|rest| &rest.namespace);
        let Some(namespace) = known.or_else(resting) else { return };
        let envelope = input.envelope(namespace, instance, None);
        let record = NewRecord { partition: self.id, first: false, envelope };
        self.appends.insert(record.clone());
        out.push(Action::Append(record));
    }

    /// A call ended: its answer goes into the log.
    pub(crate) fn answered(&mut self, id: CallId, outcome: Outcome, out: &mut Vec<Action>) {
        if !self.flights.answered(id) {
            // It was given up, or its time ran out before: the log has its own answer.
            return;
        }
        let Some(flight) = self.flights.get(id) else { return };
        let (instance, call) = (flight.instance, flight.effect.call.clone());
        let outcome = match outcome {
            // It did not begin this time. It may have, before.
            Outcome::Unavailable { reason, .. } if flight.again => Outcome::Unknown { reason },
            Outcome::TimedOut { .. } if flight.again => Outcome::TimedOut { started: true },
            outcome => outcome,
        };
        self.append(instance, &Input::Answer(Answer { call, outcome }), out);
    }

    /// The time of an attempt is over.
    pub(crate) fn attempt_ran_out(&mut self, id: CallId, out: &mut Vec<Action>) {
        out.push(Action::CancelCall(id));
        self.answered(id, Outcome::TimedOut { started: true }, out);
    }

    /// A call waited for room for too long: it did not begin.
    pub(crate) fn gave_up_queueing(&mut self, id: CallId, out: &mut Vec<Action>) {
        if !self.flights.given_up(id) {
            return;
        }
        let Some(flight) = self.flights.get(id) else { return };
        let (instance, call) = (flight.instance, flight.effect.call.clone());
        let outcome = Outcome::TimedOut { started: flight.again };
        self.append(instance, &Input::Answer(Answer { call, outcome }), out);
    }

    /// An append was answered. Only its record in the log changes anything; a failed one is repeated.
    pub(crate) fn appended(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        id: MessageId,
        result: Result<Appended, AppendError>,
        out: &mut Vec<Action>,
    ) {
        let key = (instance, id);
        if self.posts.first(&key).is_some() {
            return self.posted(now, key, result, out);
        }
        if self.kept.contains_key(&instance) {
            return self.entity_appended(now, instance, key.1, result, out);
        }
        match result {
            Ok(Appended { position, .. }) => {
                // If its record was folded before this answer came, there is nothing left to remember. If it was
                // there before this process began (a duplicate), it will not come again.
                if position <= self.position && self.appends.remove(&key.0, &key.1).is_some() {
                    // It may be all that kept the instance in memory.
                    self.grown(now, instance, out);
                }
            }
            Err(AppendError::TooLarge { limit }) => self.shrink(key, limit, out),
            // The answer to what was given up since means nothing.
            Err(AppendError::Damaged(_) | AppendError::Conflict)
                if self.appends.remove(&key.0, &key.1).is_none() => {}
            Err(AppendError::Damaged(reason)) => self.quarantine(instance, reason, out),
            Err(AppendError::Conflict) if self.is_purged(now, &instance) => self.forget(instance, out),
            Err(AppendError::Conflict) => {
                self.quarantine(instance, "the journal knows no start of it".into(), out);
            }
            Err(error @ (AppendError::Unknown(_) | AppendError::Unavailable(_))) => {
                if self.appends.get(&key.0, &key.1).is_some() {
                    let repeat = Repeat::Append(key.0, key.1);
                    self.repeats.insert((now.plus(self.options.repeat_after), repeat));
                    out.push(Action::Alarm(Alarm::JournalRefuses { reason: error.to_string() }));
                }
            }
        }
    }

    /// An answer that the journal does not take becomes an incident that says so.
    fn shrink(&mut self, key: (InstanceId, MessageId), limit: usize, out: &mut Vec<Action>) {
        let Some(record) = self.appends.remove(&key.0, &key.1) else { return };
        let envelope = &record.envelope;
        let Ok(Input::Answer(answer)) = Input::decode(envelope.kind, envelope.version, &envelope.payload)
        else {
            return self.quarantine(key.0, format!("an input is larger than {limit} bytes"), out);
        };
        let reason = format!("the answer is larger than the {limit} bytes that the journal takes");
        let outcome = Outcome::Refused { reason, raw: Vec::new() };
        self.append(key.0, &Input::Answer(Answer { call: answer.call, outcome }), out);
    }
}
