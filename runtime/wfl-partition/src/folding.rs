//! Records into states: folding, parking while a plan is missing, quarantine.

use std::sync::Arc;

use wfl_ir::{Plan, PlanHash, Timestamp};
use wfl_machine::{Input, Source, Status, apply};
use wfl_record::{InstanceId, Kind, Record};

use crate::entity::Said;
use crate::event::{Action, Alarm, Update};
use crate::partition::{Partition, Repeat};
use crate::slot::Parked;

impl Partition {
    /// The next record of the log.
    pub(crate) fn record(&mut self, now: Timestamp, record: Record, out: &mut Vec<Action>) {
        if record.position <= self.position {
            // A follower that began again: what was folded stays folded.
            return;
        }
        self.position = record.position;
        self.expires_later(now, record.at);
        let instance = record.envelope.instance;
        self.appends.remove(&instance, &record.envelope.message_id);
        if Said::is_of(record.envelope.kind) {
            return self.entity_record(now, record, out);
        }
        let begins = record.envelope.kind == Kind::START;
        if !self.admit(instance, record.position, begins, out) {
            return;
        }
        let envelope = &record.envelope;
        match Input::decode(envelope.kind, envelope.version, &envelope.payload) {
            Ok(input) => {
                let slot = self.slots.entry(instance).or_default();
                let position = record.position;
                slot.parked.push_back(Parked::new(record, input));
                self.is_unsaved_from(instance, position);
                self.fold_parked(now, instance, None, out);
            }
            Err(error) => self.quarantine(instance, error.to_string(), out),
        }
    }

    /// Folds what waits, for as long as everything that it needs is there. `blob` is the argument blob of the
    /// first waiting record, if it was waited for.
    pub(crate) fn fold_parked(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        blob: Option<&[u8]>,
        out: &mut Vec<Action>,
    ) {
        let mut blob = blob;
        while let Some(slot) = self.slots.get_mut(&instance).filter(|slot| !slot.returning) {
            let hash = match (&slot.state, slot.parked.front().map(|first| &first.input)) {
                (Some(state), _) => state.plan(),
                (None, Some(Input::Start(start))) => start.plan,
                (None, Some(_)) => {
                    return self.quarantine(instance, "its log does not begin with a start".into(), out);
                }
                (None, None) => break,
            };
            let Some(plan) = slot.plan.clone().or_else(|| self.plans.get(&hash).cloned()) else {
                return self.want_plan(hash, instance, out);
            };
            slot.plan = Some(Arc::clone(&plan));
            let Some(first) = slot.parked.front() else { break };
            let args = match &first.input {
                Input::Start(start) => match (&start.source, blob.take()) {
                    (Source::Inline(bytes), _) => bytes.clone(),
                    (Source::Blob(_), Some(bytes)) => bytes.to_vec(),
                    (Source::Blob(hash), None) => {
                        let hash = *hash;
                        return self.want_blob(hash, instance, out);
                    }
                },
                _ => Vec::new(),
            };
            let Some(parked) = slot.parked.pop_front() else { break };
            let folded =
                apply(&plan, hash, &mut slot.state, &parked.envelope, &parked.input, &args, parked.at);
            match folded {
                Ok(applied) => {
                    let status = slot.state.as_ref().map_or(Status::Running, |state| state.status());
                    let (position, at) = (parked.position, parked.at);
                    slot.folded = position;
                    slot.unsaved += 1;
                    if position > slot.told {
                        slot.told = position;
                        let update = Update { instance, position, at, facts: applied.facts, status };
                        out.push(Action::Update(Box::new(update)));
                    }
                }
                Err(error) => return self.quarantine(instance, error.to_string(), out),
            }
        }
        let again = self.slots.get_mut(&instance).is_some_and(|slot| {
            let ready = slot.parked.is_empty() && slot.plan.is_some();
            ready && std::mem::take(&mut slot.sent_before)
        });
        self.sync_as(now, instance, again, out);
    }

    pub(crate) fn want_plan(&mut self, hash: PlanHash, instance: InstanceId, out: &mut Vec<Action>) {
        let waiting = self.wanted_plans.entry(hash).or_default();
        if waiting.is_empty() {
            out.push(Action::NeedPlan(hash));
        }
        waiting.insert(instance);
    }

    fn want_blob(&mut self, hash: [u8; 32], instance: InstanceId, out: &mut Vec<Action>) {
        if self.wanted_blobs.insert(instance, hash).is_none() {
            out.push(Action::NeedBlob(instance, hash));
        }
    }

    pub(crate) fn plan_came(
        &mut self,
        now: Timestamp,
        hash: PlanHash,
        plan: Result<Arc<Plan>, String>,
        out: &mut Vec<Action>,
    ) {
        match plan {
            Ok(plan) => {
                self.plans.insert(hash, plan);
                for instance in self.wanted_plans.remove(&hash).unwrap_or_default() {
                    self.fold_parked(now, instance, None, out);
                    self.sync_schedule(instance, out);
                }
            }
            Err(reason) => {
                out.push(Action::Alarm(Alarm::PlanMissing { plan: hash, reason }));
                self.repeats.insert((now.plus(self.options.repeat_after), Repeat::Plan(hash)));
            }
        }
    }

    pub(crate) fn blob_came(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        bytes: Result<Vec<u8>, String>,
        out: &mut Vec<Action>,
    ) {
        match bytes {
            Ok(bytes) => {
                if self.wanted_blobs.remove(&instance).is_some() {
                    self.fold_parked(now, instance, Some(&bytes), out);
                }
            }
            Err(reason) => {
                out.push(Action::Alarm(Alarm::JournalRefuses { reason }));
                self.repeats.insert((now.plus(self.options.repeat_after), Repeat::Blob(instance)));
            }
        }
    }

    /// The instance takes nothing more, and nothing more is done for it.
    pub(crate) fn quarantine(&mut self, instance: InstanceId, reason: String, out: &mut Vec<Action>) {
        self.give_up_calls(instance, out);
        if let Some(rest) = self.resting.remove(&instance) {
            self.slots.entry(instance).or_default().timers = rest.timers.into_vec();
        }
        let slot = self.slots.entry(instance).or_default();
        slot.returning = false;
        slot.parked.clear();
        self.wanted_blobs.remove(&instance);
        for timer in slot.timers.drain(..) {
            self.wheel.remove(&(timer, instance));
        }
        if slot.quarantine.is_none() {
            slot.quarantine = Some(reason.clone());
            out.push(Action::Alarm(Alarm::Quarantined { instance, reason }));
        }
    }
}
