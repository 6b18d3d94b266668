//! Instances that wait are written down and leave the memory; they come back when something happens to them.
//!
//! Invariant: what is not in memory has nothing to be done but to wait. A snapshot is only a short cut: what comes back
//! is always brought up to the records behind it, and without one the records alone give the same state.

use wfl_ir::Timestamp;
use wfl_machine::Input;
use wfl_record::{AppendError, InstanceId, Namespace, Position, Record};

use crate::entity::Said;
use crate::event::{Action, Alarm, Role, Stored};
use crate::partition::{Partition, Repeat};
use crate::slot::{Parked, Rest, RunState};
use crate::snapshot;

/// How many snapshots are on their way at once. They do not crowd out what makes progress.
const SAVING: usize = 32;

/// How many they are when there are more instances in memory than there should be. They go into the log's groups, so
/// that a thousand take hardly longer than one; with few at once those that come would outrun those that leave.
const SAVING_FULL: usize = 1_024;

/// The watermark moves so often at most.
const WATERMARK_EVERY: wfl_ir::Duration = wfl_ir::Duration::from_secs(10);

impl Partition {
    /// The partition begins with snapshots, behind which the log is read.
    pub(crate) fn restore(
        &mut self,
        now: Timestamp,
        watermark: Position,
        snapshots: Vec<(InstanceId, Position, Vec<u8>)>,
        out: &mut Vec<Action>,
    ) {
        self.position = self.position.max(watermark);
        self.watermark = (watermark, now);
        for (instance, position, bytes) in snapshots {
            let head = snapshot::head(&bytes).filter(|head| head.rests);
            let known = head.and_then(|head| Some((head.namespace.parse::<Namespace>().ok()?, head.timers)));
            if let Some((namespace, timers)) = known {
                self.wheel.extend(timers.iter().map(|timer| (timer.clone(), instance)));
                let timers = timers.into_boxed_slice();
                let rest = Rest { folded: position, namespace, timers, unsaved_from: None };
                self.resting.insert(instance, rest);
                continue;
            }
            self.bring_back(instance, position, out);
            if let Some(slot) = self.slots.get_mut(&instance) {
                slot.sent_before = true;
            }
        }
    }

    /// Whether a record is one to fold. Its instance is brought back if it is not in memory.
    pub(crate) fn admit(
        &mut self,
        instance: InstanceId,
        position: Position,
        begins: bool,
        out: &mut Vec<Action>,
    ) -> bool {
        if let Some(slot) = self.slots.get(&instance) {
            return slot.quarantine.is_none() && position > slot.folded;
        }
        match self.resting.get(&instance) {
            Some(rest) if position <= rest.folded => return false,
            // The journal takes a start once: there is nothing before it.
            None if begins => return true,
            _ => {}
        }
        self.bring_back(instance, Position(position.0.saturating_sub(1)), out);
        true
    }

    /// A record came that no snapshot has.
    pub(crate) fn is_unsaved_from(&mut self, instance: InstanceId, position: Position) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        if slot.unsaved_from.is_none() {
            slot.unsaved_from = Some(position);
            self.unsaved.insert((position, instance));
        }
    }

    /// Reads what is stored of an instance. What happened up to `told` is not told of again.
    pub(crate) fn bring_back(&mut self, instance: InstanceId, told: Position, out: &mut Vec<Action>) {
        // What an owner reads of the log as it grows was asked for by nobody before.
        let replays = self.role != Role::Owner;
        let slot = self.slots.entry(instance).or_default();
        (slot.returning, slot.told) = (true, told);
        slot.sent_before |= replays;
        if let Some(rest) = self.resting.remove(&instance) {
            // Its timers run on, and what they append has to say where it belongs.
            slot.timers = rest.timers.into_vec();
            slot.namespace = Some(rest.namespace);
            slot.unsaved_from = rest.unsaved_from;
        }
        out.push(Action::NeedInstance { instance, records_only: false });
    }

    /// Somebody wants to see an instance.
    pub(crate) fn look(&mut self, instance: InstanceId, out: &mut Vec<Action>) {
        // A turnstile or a schedule is no instance.
        if !self.slots.contains_key(&instance) && !self.kept.contains_key(&instance) {
            self.bring_back(instance, self.position, out);
        }
    }

    /// What is stored of an instance was read.
    pub(crate) fn stored(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        stored: Result<Stored, String>,
        out: &mut Vec<Action>,
    ) {
        if self.kept.contains_key(&instance) {
            return self.entity_stored(now, instance, stored, out);
        }
        let seen = self.position;
        let Some(slot) = self.slots.get_mut(&instance).filter(|slot| slot.returning) else { return };
        let Stored { snapshot, records } = match stored {
            Ok(stored) => stored,
            Err(reason) => {
                out.push(Action::Alarm(Alarm::JournalRefuses { reason }));
                self.repeats.insert((now.plus(self.options.repeat_after), Repeat::Stored(instance)));
                return;
            }
        };
        let first = slot.parked.front().map(|parked| (parked.position, parked.at));
        if snapshot.is_none() && records.is_empty() && first.is_none_or(|(_, at)| self.is_old(now, at)) {
            // It never began, or it is purged, maybe just now.
            return self.forget(instance, out);
        }
        if records.first().is_some_and(|record| Said::is_of(record.envelope.kind)) {
            // A turnstile or a schedule that is empty: it is no instance, and stays.
            return self.forget(instance, out);
        }
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        let first = first.map(|(position, _)| position);
        if let Some((position, bytes)) = snapshot {
            let state = snapshot::state(&bytes).filter(|state| state.id() == instance);
            // One that is ahead of this process would hide what has to be told.
            let Some(state) = state.filter(|_| first.is_none_or(|first| position < first)) else {
                return out.push(Action::NeedInstance { instance, records_only: true });
            };
            (slot.state, slot.folded, slot.saved) = (Some(state), position, position);
        }
        let before =
            |record: &Record| record.position <= seen && first.is_none_or(|first| record.position < first);
        let folded = slot.folded;
        for record in records.into_iter().rev().filter(|it| it.position > folded && before(it)) {
            let envelope = &record.envelope;
            match Input::decode(envelope.kind, envelope.version, &envelope.payload) {
                Ok(input) => slot.parked.push_front(Parked::new(record, input)),
                Err(error) => return self.quarantine(instance, error.to_string(), out),
            }
        }
        slot.returning = false;
        if slot.state.is_none() && slot.parked.is_empty() {
            // All of it is still to come.
            return self.forget(instance, out);
        }
        self.fold_parked(now, instance, None, out);
    }

    /// After anything that happened to an instance: when it may leave the memory, and whether it is time to write it down.
    pub(crate) fn grown(&mut self, now: Timestamp, instance: InstanceId, out: &mut Vec<Action>) {
        let Some(resting) = self.options.rest else { return };
        let idle = self.is_idle(instance);
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        if let Some(at) = slot.rests_at.take() {
            self.idle.remove(&(at, instance));
        }
        if idle {
            let at = now.plus(resting.after);
            slot.rests_at = Some(at);
            self.idle.insert((at, instance));
        }
        let due = slot.unsaved >= resting.snapshot_every && slot.saving.is_none() && slot.parked.is_empty();
        // What has ended has no snapshot.
        let due = due && slot.state.as_ref().is_some_and(|state| !state.is_closed());
        if due && self.role == Role::Owner && self.saving < SAVING {
            self.save(instance, out);
        }
    }

    /// Whether there is nothing to be done for an instance before something happens to it.
    pub(crate) fn is_idle(&self, instance: InstanceId) -> bool {
        let Some(slot) = self.slots.get(&instance) else { return false };
        let under_way = |run: &RunState| matches!(run, RunState::Starting(_) | RunState::Comparing(_));
        slot.state.is_some()
            && slot.quiet
            && !slot.returning
            && slot.quarantine.is_none()
            && slot.parked.is_empty()
            && slot.flights.is_empty()
            && slot.claims.is_empty()
            && slot.letters.values().all(|came| *came)
            && !slot.runs.values().any(under_way)
            && !self.appends.any_of(&instance)
    }

    /// When somebody leaves the memory next, if nothing happens.
    pub(crate) fn next_rest(&self) -> Option<Timestamp> {
        self.idle.first().filter(|_| self.saving < SAVING).map(|(at, _)| *at)
    }

    /// Whoever has been idle for long enough leaves the memory.
    pub(crate) fn rest_idle(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        while self.saving < SAVING
            && let Some((at, instance)) = self.idle.first().copied()
            && at <= now
        {
            self.lay_down((at, instance), out);
        }
    }

    /// Keeps the number of instances in memory bounded, and moves the watermark.
    pub(crate) fn make_room(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let Some(resting) = self.options.rest else { return };
        while self.slots.len() > resting.most
            && self.saving < SAVING_FULL
            && let Some(first) = self.idle.first().copied()
        {
            self.lay_down(first, out);
        }
        let (watermark, moved) = self.watermark;
        if self.role != Role::Owner || now < moved.plus(WATERMARK_EVERY) {
            return;
        }
        self.write_down_laggards(resting.lag, out);
        let needed = self.unsaved.first().map(|(position, _)| Position(position.0.saturating_sub(1)));
        let reached = needed.unwrap_or(self.position).min(self.position);
        self.watermark = (watermark.max(reached), now);
        if reached > watermark {
            out.push(Action::SetWatermark(reached));
        }
    }

    /// What holds back the watermark for too long is written down.
    fn write_down_laggards(&mut self, lag: u64, out: &mut Vec<Action>) {
        let behind = self.position.0.saturating_sub(lag);
        let late = self.unsaved.iter().take_while(|(position, _)| position.0 <= behind);
        let late: Vec<(Position, InstanceId)> = late.copied().take(SAVING).collect();
        // A summary is a record itself: those of all entities together must not make them late again.
        let far = lag.max(16).max(4 * self.kept.len() as u64);
        for (from, instance) in late {
            if self.kept.contains_key(&instance) {
                if from.0 + far <= self.position.0 {
                    self.sum_up(instance, out);
                }
                continue;
            }
            match self.slots.get_mut(&instance) {
                // Nothing waits in what has ended: if it is asked for, its records say what became of it.
                Some(slot) if slot.state.as_ref().is_some_and(|state| state.is_closed()) => {
                    if let Some(from) = slot.unsaved_from.take() {
                        self.unsaved.remove(&(from, instance));
                    }
                }
                Some(slot) if slot.state.is_some() && slot.saving.is_none() && slot.quarantine.is_none() => {
                    self.save(instance, out);
                }
                Some(_) => {}
                None => self.look(instance, out),
            }
        }
    }

    /// An idle instance leaves the memory, at once or when it is written down.
    fn lay_down(&mut self, entry: (Timestamp, InstanceId), out: &mut Vec<Action>) {
        self.idle.remove(&entry);
        let instance = entry.1;
        let idle = self.is_idle(instance);
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        slot.rests_at = None;
        let Some(state) = slot.state.as_ref().filter(|_| idle && slot.saving.is_none()) else { return };
        if state.is_closed() {
            if slot.saved > Position::ZERO && self.role == Role::Owner {
                out.push(Action::DropSnapshot(instance));
            }
            if let Some(from) = slot.unsaved_from {
                self.unsaved.remove(&(from, instance));
            }
            self.slots.remove(&instance);
        } else if slot.saved == slot.folded || self.role != Role::Owner {
            self.put_to_rest(instance);
        } else {
            self.save(instance, out);
        }
    }

    fn put_to_rest(&mut self, instance: InstanceId) {
        let Some(slot) = self.slots.remove(&instance) else { return };
        let Some(state) = slot.state else { return };
        let rest = Rest {
            folded: slot.folded,
            namespace: state.namespace().clone(),
            timers: slot.timers.into_boxed_slice(),
            unsaved_from: slot.unsaved_from,
        };
        self.resting.insert(instance, rest);
    }

    /// Writes the state down.
    fn save(&mut self, instance: InstanceId, out: &mut Vec<Action>) {
        let rests = self.is_idle(instance);
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        let Some(state) = &slot.state else { return };
        let bytes = snapshot::encode(state, rests, &slot.timers);
        (slot.saving, slot.unsaved) = (Some(slot.folded), 0);
        self.saving += 1;
        out.push(Action::SaveSnapshot(instance, slot.folded, bytes));
    }

    /// A state was written down, or could not be.
    pub(crate) fn saved(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        position: Position,
        result: Result<(), AppendError>,
        out: &mut Vec<Action>,
    ) {
        self.saving = self.saving.saturating_sub(1);
        let failed = result.is_err();
        if let Err(error) = result {
            out.push(Action::Alarm(Alarm::JournalRefuses { reason: error.to_string() }));
        }
        let Some(slot) = self.slots.get_mut(&instance).filter(|slot| slot.saving == Some(position)) else {
            return;
        };
        slot.saving = None;
        if !failed {
            slot.saved = position;
            if let Some(from) = slot.unsaved_from.take() {
                self.unsaved.remove(&(from, instance));
            }
            let last = slot.parked.back().map_or(slot.folded, |parked| parked.position);
            if last > position {
                self.is_unsaved_from(instance, position.next());
            }
        }
        let open = self.slots.get(&instance).and_then(|slot| slot.state.as_ref());
        let (waits, closed) =
            (open.is_some_and(|state| !state.is_closed()), open.is_some_and(|it| it.is_closed()));
        let slot_rests = self
            .slots
            .get(&instance)
            .is_some_and(|slot| slot.rests_at.is_none() && slot.saved == slot.folded);
        if waits && slot_rests && self.is_idle(instance) {
            self.put_to_rest(instance);
        } else if failed || closed {
            // It may have been time to leave the memory while the state was on its way.
            self.grown(now, instance, out);
        }
    }
}
