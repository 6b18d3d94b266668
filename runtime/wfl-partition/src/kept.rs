//! The records of entities: folded, read anew where some were missed, and summed up so that they stay few.
//!
//! Invariant: an entity that is not empty stays in memory, and its last summary holds the watermark back. One that is empty
//! needs no memory: what the journal still has of it comes to nothing. Nothing is removed that no summary in the log stands
//! for: the summary of a process that lags must not count for more than a later one.

use wfl_ir::Timestamp;
use wfl_record::{AppendError, Appended, Envelope, InstanceId, MessageId, NewRecord, Position, Record};

use crate::entity::{Entity, Kept, Said};
use crate::event::{Action, Alarm, Role, Stored};
use crate::partition::{Partition, Repeat};

impl Partition {
    /// A record of an entity.
    pub(crate) fn entity_record(&mut self, now: Timestamp, record: Record, out: &mut Vec<Action>) {
        let (id, position) = (record.envelope.instance, record.position);
        if !self.kept.contains_key(&id) {
            // Somebody may be looking for an instance with this id. What they get to read may be from before.
            let looked_for = self.slots.get(&id).is_some_and(|slot| slot.returning);
            self.forget(id, out);
            // The journal takes a first record once: there is nothing before it.
            let opens = Said::decode(&record.envelope).is_ok_and(|said| said.opens());
            let envelope = &record.envelope;
            self.kept.insert(id, Kept::new(envelope.namespace.clone(), envelope.kind, self.gaps));
            if looked_for {
                self.waits_for_reading(id, position);
                self.gaps += 1;
            } else if !opens {
                self.read_entity(id, position, out);
            }
        } else if self.kept.get(&id).is_some_and(|kept| kept.gaps < self.gaps) {
            self.read_entity(id, position, out);
        }
        let Some(kept) = self.kept.get_mut(&id) else { return };
        if kept.returning {
            kept.parked.push_back(record);
        } else {
            self.fold_entity(now, id, &record, out);
        }
    }

    /// Reads all that the journal has of an entity. Its records wait until then.
    fn read_entity(&mut self, id: InstanceId, position: Position, out: &mut Vec<Action>) {
        if self.kept.get(&id).is_some_and(|kept| !kept.returning) {
            self.waits_for_reading(id, position);
            out.push(Action::NeedInstance { instance: id, records_only: true });
        }
    }

    fn waits_for_reading(&mut self, id: InstanceId, position: Position) {
        let gaps = self.gaps;
        let Some(kept) = self.kept.get_mut(&id) else { return };
        (kept.returning, kept.gaps) = (true, gaps);
        let needed = kept.needed_from.unwrap_or(position);
        self.needs_from(id, Some(needed));
        self.is_empty_since(id, None);
    }

    /// What the journal has of an entity was read.
    pub(crate) fn entity_stored(
        &mut self,
        now: Timestamp,
        id: InstanceId,
        stored: Result<Stored, String>,
        out: &mut Vec<Action>,
    ) {
        let gaps = self.gaps;
        let Some(kept) = self.kept.get_mut(&id).filter(|kept| kept.returning && !kept.quarantined) else {
            return;
        };
        if kept.gaps < gaps {
            // While it was being read, more was removed than those who wait behind it can make up for.
            kept.gaps = gaps;
            return out.push(Action::NeedInstance { instance: id, records_only: true });
        }
        let records = match stored {
            Ok(stored) => stored.records,
            Err(reason) => {
                out.push(Action::Alarm(Alarm::JournalRefuses { reason }));
                self.repeats.insert((now.plus(self.options.repeat_after), Repeat::Stored(id)));
                return;
            }
        };
        // They may be ahead of this process: a summary among them stands for records that are gone.
        let said = |record: &Record| Ok((record.position, Said::decode(&record.envelope)?));
        let said: Vec<(Position, Said)> = match records.iter().map(said).collect::<Result<_, String>>() {
            Ok(said) => said,
            Err(reason) => {
                kept.quarantined = true;
                return out.push(Action::Alarm(Alarm::Quarantined { instance: id, reason }));
            }
        };
        kept.folded = said.last().map_or(Position::ZERO, |(position, _)| *position);
        // Its first record and a summary are as few as there can be.
        kept.since = (said.len() as u32).saturating_sub(2);
        kept.entity.read(said);
        (kept.returning, kept.summing_up) = (false, false);
        let parked = std::mem::take(&mut kept.parked);
        if kept.entity.is_empty() {
            self.needs_from(id, None);
            self.is_empty_since(id, Some(now));
        }
        for record in parked {
            self.fold_entity(now, id, &record, out);
        }
        self.take_up(id, out);
    }

    fn fold_entity(&mut self, now: Timestamp, id: InstanceId, record: &Record, out: &mut Vec<Action>) {
        let Some(kept) =
            self.kept.get_mut(&id).filter(|kept| record.position > kept.folded && !kept.quarantined)
        else {
            return;
        };
        kept.folded = record.position;
        kept.since += 1;
        let said = match Said::decode(&record.envelope) {
            Ok(said) => said,
            Err(reason) => {
                (kept.returning, kept.quarantined) = (true, true);
                let reason = format!("record {} is not to be understood: {reason}", record.position);
                return out.push(Action::Alarm(Alarm::Quarantined { instance: id, reason }));
            }
        };
        let let_in = kept.entity.fold(record.position, &said);
        let empty = kept.entity.is_empty();
        if let Some(behind) = said.sums_up() {
            (kept.summing_up, kept.since) = (false, 0);
            if !empty {
                self.needs_from(id, Some(record.position));
            }
            self.trim(id, behind, out);
        } else if empty {
            self.needs_from(id, None);
        } else if kept.needed_from.is_none() {
            self.needs_from(id, Some(record.position));
        }
        self.is_empty_since(id, empty.then_some(now));
        for instance in let_in {
            self.call_up(id, instance, out);
        }
        self.sync_schedule(id, out);
        let often = self.options.rest.map_or(u32::MAX, |rest| rest.snapshot_every);
        if self.kept.get(&id).is_some_and(|kept| kept.since >= often) {
            self.sum_up(id, out);
        }
    }

    /// Does what an owner before this one may have left undone.
    pub(crate) fn take_up(&mut self, id: InstanceId, out: &mut Vec<Action>) {
        match self.kept.get(&id).map(|kept| &kept.entity) {
            Some(Entity::Turnstile(_)) => self.call_up_all(id, out),
            Some(Entity::Schedule(_)) => self.sync_schedule(id, out),
            None => {}
        }
    }

    /// From which record on an entity has to be read when the partition begins again.
    fn needs_from(&mut self, id: InstanceId, from: Option<Position>) {
        let Some(kept) = self.kept.get_mut(&id) else { return };
        if let Some(before) = std::mem::replace(&mut kept.needed_from, from) {
            self.unsaved.remove(&(before, id));
        }
        self.unsaved.extend(from.map(|from| (from, id)));
    }

    fn is_empty_since(&mut self, id: InstanceId, since: Option<Timestamp>) {
        let (Some(kept), Some(rest)) = (self.kept.get_mut(&id), self.options.rest) else { return };
        if let Some(before) = std::mem::replace(&mut kept.empty_since, since) {
            self.deserted.remove(&(before.plus(rest.after), id));
        }
        self.deserted.extend(since.map(|since| (since.plus(rest.after), id)));
    }

    /// What stands in the log of an entity becomes short.
    pub(crate) fn sum_up(&mut self, id: InstanceId, out: &mut Vec<Action>) {
        let Some(kept) = self.kept.get_mut(&id) else { return };
        if self.role != Role::Owner || kept.summing_up || kept.returning {
            return;
        }
        kept.summing_up = true;
        let envelope = kept.entity.summary(&kept.namespace, id, kept.folded);
        self.append_entity(envelope, out);
    }

    fn trim(&self, id: InstanceId, behind: Position, out: &mut Vec<Action>) {
        if self.role == Role::Owner {
            out.push(Action::Trim(id, behind));
        }
    }

    /// Empty entities leave the memory.
    pub(crate) fn leave_deserted(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let due: Vec<_> = self.deserted.iter().take_while(|(at, _)| *at <= now).copied().collect();
        for (at, id) in due {
            self.deserted.remove(&(at, id));
            let Some(kept) = self.kept.get(&id).filter(|kept| kept.entity.is_empty()) else { continue };
            // What is left is its first record, and a summary that says that it is empty.
            if kept.since > 0 && self.role == Role::Owner {
                self.is_empty_since(id, Some(now.plus(self.options.repeat_after)));
                self.sum_up(id, out);
            } else {
                self.kept.remove(&id);
            }
        }
    }

    /// Appends a record of an entity of this partition.
    pub(crate) fn append_entity(&mut self, envelope: Envelope, out: &mut Vec<Action>) {
        let record = NewRecord { partition: self.id, first: false, envelope };
        self.appends.insert(record.clone());
        out.push(Action::Append(record));
    }

    /// A record of an entity itself was taken, or not.
    pub(crate) fn entity_appended(
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
