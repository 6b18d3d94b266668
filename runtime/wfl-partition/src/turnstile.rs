//! The turnstiles of a partition: their records are folded, and whoever may run is told so.
//!
//! Invariant: one that somebody is at stays in memory, and its last summary holds the watermark back. One that is empty
//! needs no memory: what the journal still has of it comes to nothing.

use wfl_ir::Timestamp;
use wfl_machine::{AtTurnstile, Input, News, Turnstile};
use wfl_record::{AppendError, Appended, InstanceId, MessageId, NewRecord, Position, Record};

use crate::event::{Action, Alarm, Role, Stored};
use crate::gate::Gate;
use crate::outbox::PostPurpose;
use crate::partition::{Partition, Repeat};

/// Whether a record is of somebody who wants to run.
pub(crate) fn enters(record: &NewRecord) -> bool {
    let envelope = &record.envelope;
    let said = AtTurnstile::decode(envelope.kind, envelope.version, &envelope.payload);
    matches!(said, Ok(AtTurnstile::Entered { .. }))
}

impl Partition {
    /// A record of a turnstile.
    pub(crate) fn at_turnstile(&mut self, now: Timestamp, record: Record, out: &mut Vec<Action>) {
        let (id, position) = (record.envelope.instance, record.position);
        if !self.turnstiles.contains_key(&id) {
            // The journal takes a first record once: there is nothing before it.
            let opens = decode(&record).is_ok_and(|said| matches!(said, AtTurnstile::Opened { .. }));
            self.turnstiles.insert(id, Gate::new(record.envelope.namespace.clone(), self.gap));
            if !opens {
                self.needs_from(id, Some(position));
                self.read_turnstile(id, out);
            }
        } else if self.turnstiles.get(&id).is_some_and(|gate| gate.whole_to < self.gap) {
            self.read_turnstile(id, out);
        }
        let Some(gate) = self.turnstiles.get_mut(&id) else { return };
        if gate.returning {
            gate.parked.push_back(record);
        } else {
            self.fold_turnstile(now, id, &record, out);
        }
    }

    /// Reads all that the journal has of a turnstile. Its records wait until then.
    fn read_turnstile(&mut self, id: InstanceId, out: &mut Vec<Action>) {
        let gap = self.gap;
        if let Some(gate) = self.turnstiles.get_mut(&id).filter(|gate| !gate.returning) {
            (gate.returning, gate.whole_to) = (true, gap);
            out.push(Action::NeedInstance { instance: id, records_only: true });
        }
    }

    /// What the journal has of a turnstile was read.
    pub(crate) fn turnstile_stored(
        &mut self,
        now: Timestamp,
        id: InstanceId,
        stored: Result<Stored, String>,
        out: &mut Vec<Action>,
    ) {
        let Some(gate) = self.turnstiles.get_mut(&id).filter(|gate| gate.returning) else { return };
        let records = match stored {
            Ok(stored) => stored.records,
            Err(reason) => {
                out.push(Action::Alarm(Alarm::JournalRefuses { reason }));
                self.repeats.insert((now.plus(self.options.repeat_after), Repeat::Stored(id)));
                return;
            }
        };
        // They may be ahead of this process: a summary among them stands for records that are gone.
        let said = |record: &Record| Some((record.position, decode(record).ok()?));
        let said: Vec<(Position, AtTurnstile)> = records.iter().filter_map(said).collect();
        gate.turnstile = Turnstile::of(&said);
        gate.folded = said.last().map_or(Position::ZERO, |(position, _)| *position);
        gate.since = said.len() as u32;
        gate.returning = false;
        if gate.turnstile.is_empty() {
            self.needs_from(id, None);
            self.is_empty_since(id, Some(now));
        }
        let parked = self.turnstiles.get_mut(&id).map(|gate| std::mem::take(&mut gate.parked));
        for record in parked.unwrap_or_default() {
            self.fold_turnstile(now, id, &record, out);
        }
        self.call_up_all(id, out);
    }

    fn fold_turnstile(&mut self, now: Timestamp, id: InstanceId, record: &Record, out: &mut Vec<Action>) {
        let Some(gate) = self.turnstiles.get_mut(&id).filter(|gate| record.position > gate.folded) else {
            return;
        };
        gate.folded = record.position;
        gate.since += 1;
        let said = match decode(record) {
            Ok(said) => said,
            Err(reason) => {
                let reason = format!("record {} of turnstile {id}: {reason}", record.position);
                return out.push(Action::Alarm(Alarm::Quarantined { instance: id, reason }));
            }
        };
        let let_in = gate.turnstile.fold(record.position, &said);
        let empty = gate.turnstile.is_empty();
        if let AtTurnstile::Stood { behind, .. } = said {
            (gate.summing_up, gate.since) = (false, 0);
            if !empty {
                self.needs_from(id, Some(record.position));
            }
            self.trim(id, behind, out);
        } else if empty {
            self.needs_from(id, None);
        } else if gate.needed_from.is_none() {
            self.needs_from(id, Some(record.position));
        }
        self.is_empty_since(id, empty.then_some(now));
        for instance in let_in {
            self.call_up(id, instance, out);
        }
        let often = self.options.rest.map_or(u32::MAX, |rest| rest.snapshot_every);
        if self.turnstiles.get(&id).is_some_and(|gate| gate.since >= often) {
            self.sum_up(id, out);
        }
    }

    /// From which record on a turnstile has to be read when the partition begins again.
    fn needs_from(&mut self, id: InstanceId, from: Option<Position>) {
        let Some(gate) = self.turnstiles.get_mut(&id) else { return };
        if let Some(before) = std::mem::replace(&mut gate.needed_from, from) {
            self.unsaved.remove(&(before, id));
        }
        self.unsaved.extend(from.map(|from| (from, id)));
    }

    fn is_empty_since(&mut self, id: InstanceId, since: Option<Timestamp>) {
        let (Some(gate), Some(rest)) = (self.turnstiles.get_mut(&id), self.options.rest) else { return };
        if let Some(before) = std::mem::replace(&mut gate.empty_since, since) {
            self.deserted.remove(&(before.plus(rest.after), id));
        }
        self.deserted.extend(since.map(|since| (since.plus(rest.after), id)));
    }

    /// What stands in the log of a turnstile becomes short.
    pub(crate) fn sum_up(&mut self, id: InstanceId, out: &mut Vec<Action>) {
        let Some(gate) = self.turnstiles.get_mut(&id) else { return };
        if self.role != Role::Owner || gate.summing_up || gate.returning {
            return;
        }
        let behind = gate.folded;
        if gate.turnstile.is_empty() {
            gate.since = 0;
            return self.trim(id, behind, out);
        }
        gate.summing_up = true;
        let said = AtTurnstile::Stood { behind, turnstile: gate.turnstile.clone() };
        self.say_at_turnstile(id, &said, out);
    }

    fn trim(&self, id: InstanceId, behind: Position, out: &mut Vec<Action>) {
        if self.role == Role::Owner {
            out.push(Action::Trim(id, behind));
        }
    }

    /// Empty turnstiles leave the memory.
    pub(crate) fn leave_deserted(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        while let Some((at, id)) = self.deserted.first().copied().filter(|(at, _)| *at <= now) {
            self.deserted.remove(&(at, id));
            let Some(gate) = self.turnstiles.get(&id).filter(|gate| gate.turnstile.is_empty()) else {
                continue;
            };
            if gate.since > 0 {
                self.trim(id, gate.folded, out);
            }
            self.turnstiles.remove(&id);
        }
    }

    /// Tells all who may run that they may: nobody knows whether an owner before this one has.
    pub(crate) fn call_up_all(&mut self, id: InstanceId, out: &mut Vec<Action>) {
        let Some(gate) = self.turnstiles.get(&id) else { return };
        let running: Vec<InstanceId> = gate.turnstile.running().map(|(instance, _)| instance).collect();
        for instance in running {
            self.call_up(id, instance, out);
        }
    }

    fn call_up(&mut self, id: InstanceId, instance: InstanceId, out: &mut Vec<Action>) {
        let Some(gate) = self.turnstiles.get(&id).filter(|_| self.role == Role::Owner) else { return };
        let Some(ticket) = gate.turnstile.ticket(&instance) else { return };
        let actor = Some(format!("turnstile:{id}"));
        let envelope = Input::News(News::Turn { ticket }).envelope(&gate.namespace, instance, actor);
        self.post(id, instance, false, envelope, PostPurpose::Turn { ticket }, out);
    }

    /// A turn is of no use: whoever it was for is not there any more.
    pub(crate) fn give_back_turn(
        &mut self,
        id: InstanceId,
        instance: InstanceId,
        ticket: u64,
        out: &mut Vec<Action>,
    ) {
        self.say_at_turnstile(id, &AtTurnstile::Left { instance, ticket: Some(ticket) }, out);
    }

    fn say_at_turnstile(&mut self, id: InstanceId, said: &AtTurnstile, out: &mut Vec<Action>) {
        let Some(gate) = self.turnstiles.get(&id) else { return };
        let envelope = said.envelope(&gate.namespace, id, None);
        let record = NewRecord { partition: self.id, first: false, envelope };
        self.appends.insert(record.clone());
        out.push(Action::Append(record));
    }

    /// The first who enters a turnstile opens it.
    pub(crate) fn open_turnstile(
        &mut self,
        from: InstanceId,
        entry: NewRecord,
        number: u32,
        out: &mut Vec<Action>,
    ) {
        let Some(state) = self.slots.get(&from).and_then(|slot| slot.state.as_ref()) else { return };
        let id = entry.envelope.instance;
        let opened = AtTurnstile::Opened { workflow: state.workflow().clone() };
        let envelope = opened.envelope(state.namespace(), id, entry.envelope.actor.clone());
        self.post(from, id, true, envelope, PostPurpose::Open { entry, number }, out);
    }

    /// A record of this turnstile itself was taken, or not.
    pub(crate) fn turnstile_appended(
        &mut self,
        now: Timestamp,
        id: InstanceId,
        message: MessageId,
        result: Result<Appended, AppendError>,
        out: &mut Vec<Action>,
    ) {
        match result {
            Ok(Appended { position, .. }) => {
                if position <= self.position {
                    self.appends.remove(&id, &message);
                }
            }
            Err(error) => {
                out.push(Action::Alarm(Alarm::JournalRefuses { reason: error.to_string() }));
                if matches!(error, AppendError::Unknown(_) | AppendError::Unavailable(_)) {
                    let repeat = Repeat::Append(id, message);
                    self.repeats.insert((now.plus(self.options.repeat_after), repeat));
                } else {
                    self.appends.remove(&id, &message);
                }
            }
        }
    }
}

fn decode(record: &Record) -> Result<AtTurnstile, String> {
    let envelope = &record.envelope;
    AtTurnstile::decode(envelope.kind, envelope.version, &envelope.payload).map_err(|error| error.to_string())
}
