//! What a journal was given and what it answered: what must be there after a reopening, what may be, what must not.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use wfl_journal::{AppendError, Appended, BlobHash, Snapshot};
use wfl_record::{InstanceId, NewRecord, Partition, Position, Record, Stamp};

/// The record of an instance under a message id.
pub(crate) type Key = (InstanceId, String);

/// The key of a record.
pub(crate) fn key(new: &NewRecord) -> Key {
    (new.envelope.instance, new.envelope.message_id.to_string())
}

/// What is known of a record that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It was refused, or it was not there when somebody looked.
    Absent,
    /// Nobody knows.
    InDoubt,
    /// It was acknowledged, or read.
    There(Position, Stamp),
}

/// A record that was offered.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) new: NewRecord,
    pub(crate) known: Known,
    /// The first and the last step in which it may have been taken.
    pub(crate) steps: (u64, u64),
}

/// What is known of something that has one value at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Value<T> {
    pub(crate) sure: T,
    /// Values that were offered since, of which nobody knows.
    pub(crate) in_doubt: Vec<T>,
}

/// Everything that is known.
#[derive(Default)]
pub struct Ledger {
    pub(crate) step: u64,
    pub(crate) offers: BTreeMap<Key, Offer>,
    /// Purged instances; true for those where it is known.
    pub(crate) purged: BTreeMap<InstanceId, bool>,
    pub(crate) snapshots: BTreeMap<InstanceId, Value<Option<Snapshot>>>,
    pub(crate) watermarks: BTreeMap<Partition, Value<Position>>,
    /// Blobs; true for those that are known to be there.
    pub(crate) blobs: BTreeMap<BlobHash, (Bytes, bool)>,
    /// Payloads of instances; true for those that are known to be there.
    pub(crate) payloads: BTreeMap<(InstanceId, BlobHash), (Bytes, bool)>,
    /// Whose each position is, also of records that a purge took.
    pub(crate) places: BTreeMap<Position, Key>,
}

/// An answer that says nothing about what is stored, only that nothing is taken now.
pub(crate) fn is_failure(error: &AppendError) -> bool {
    matches!(error, AppendError::Unavailable(_) | AppendError::Unknown(_))
}

impl Ledger {
    /// How many records are known to be there.
    pub fn acknowledged(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn begin_step(&mut self) {
        self.step += 1;
    }

    /// A record is about to be offered.
    pub(crate) fn offer(&mut self, new: &NewRecord) {
        let step = self.step;
        let fresh = || Offer { new: new.clone(), known: Known::Absent, steps: (step, step) };
        let offer = self.offers.entry(key(new)).or_insert_with(fresh);
        match offer.known {
            Known::Absent => offer.steps = (step, step),
            Known::InDoubt => offer.steps.1 = step,
            Known::There(..) => {}
        }
    }

    /// Takes down what an append was answered; an error if it contradicts what is known.
    pub(crate) fn answered(
        &mut self,
        key: &Key,
        answer: &Result<Appended, AppendError>,
    ) -> Result<(), String> {
        let purge = self.purged.get(&key.0).copied();
        let offer = self.offers.get_mut(key).ok_or("it was not offered")?;
        let wrong = |what: &str| Err(format!("{} of {}: {what}: {answer:?}", key.1, key.0));
        match (answer, offer.known) {
            (Ok(again), Known::There(position, at)) => {
                if (again.position, again.at, again.duplicate) != (position, at, true) {
                    return wrong(&format!("it stands at {position}, {at:?}"));
                }
            }
            (Ok(first), known) => {
                if first.duplicate && known == Known::Absent {
                    return wrong("it was said not to be there");
                }
                if !first.duplicate {
                    offer.steps = (self.step, self.step);
                }
                offer.known = Known::There(first.position, first.at);
                return self.placed(key, first.position);
            }
            (Err(AppendError::Unknown(_)), Known::Absent) => offer.known = Known::InDoubt,
            (Err(AppendError::Conflict), Known::There(..)) if purge.is_none() => {
                return wrong("it is there");
            }
            (Err(AppendError::Conflict), Known::InDoubt) if purge.is_none() => offer.known = Known::Absent,
            (Err(AppendError::Damaged(_) | AppendError::TooLarge { .. }), _) => return wrong("why?"),
            (Err(_), _) => {}
        }
        Ok(())
    }

    /// A position was seen to be a record's.
    pub(crate) fn placed(&mut self, key: &Key, position: Position) -> Result<(), String> {
        match self.places.insert(position, key.clone()) {
            Some(other) if other != *key => {
                Err(format!("position {position} is used twice: {} of {}", other.1, other.0))
            }
            _ => Ok(()),
        }
    }

    /// What was purged was answered.
    pub(crate) fn answered_purge(
        &mut self,
        id: InstanceId,
        answer: &Result<(), AppendError>,
    ) -> Result<(), String> {
        let begun = |state: fn(&Known) -> bool| {
            self.offers.iter().any(|(key, offer)| key.0 == id && offer.new.first && state(&offer.known))
        };
        match answer {
            // Nothing happens to an instance that never began.
            Ok(()) if begun(|known| matches!(known, Known::There(..))) => {
                self.purged.insert(id, true);
                self.snapshots.remove(&id);
            }
            // Of a start in doubt nobody knows whether there was something to purge.
            Ok(()) | Err(AppendError::Unknown(_)) if begun(|known| *known != Known::Absent) => {
                self.purged.entry(id).or_insert(false);
            }
            Err(error) if !is_failure(error) => return Err(format!("a purge of {id}: {error}")),
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn answered_snapshot(
        &mut self,
        snapshot: Snapshot,
        answer: &Result<(), AppendError>,
    ) -> Result<(), String> {
        let value = self.snapshots.entry(snapshot.instance).or_default();
        let is_newer = value.sure.as_ref().is_none_or(|there| there.position <= snapshot.position);
        match answer {
            Ok(()) if is_newer => *value = Value { sure: Some(snapshot), in_doubt: Vec::new() },
            Err(AppendError::Unknown(_)) if is_newer => value.in_doubt.push(Some(snapshot)),
            Err(AppendError::Conflict) | Ok(()) => {}
            Err(error) if is_failure(error) => {}
            Err(error) => return Err(format!("a snapshot of {}: {error}", snapshot.instance)),
        }
        Ok(())
    }

    pub(crate) fn answered_watermark(
        &mut self,
        partition: Partition,
        position: Position,
        answer: &Result<(), AppendError>,
    ) -> Result<(), String> {
        let value = self.watermarks.entry(partition).or_default();
        match answer {
            Ok(()) => *value = Value { sure: value.sure.max(position), in_doubt: Vec::new() },
            Err(AppendError::Unknown(_)) => value.in_doubt.push(value.sure.max(position)),
            Err(error) if is_failure(error) => {}
            Err(error) => return Err(format!("a watermark of {partition}: {error}")),
        }
        Ok(())
    }

    pub(crate) fn answered_blob(
        &mut self,
        bytes: Bytes,
        answer: &Result<BlobHash, AppendError>,
    ) -> Result<(), String> {
        let hash = BlobHash::of(&bytes);
        match answer {
            Ok(found) if *found == hash => {
                self.blobs.insert(hash, (bytes, true));
            }
            Err(AppendError::Unknown(_)) => {
                self.blobs.entry(hash).or_insert((bytes, false));
            }
            Err(error) if is_failure(error) => {}
            other => return Err(format!("a blob: {other:?}")),
        }
        Ok(())
    }

    pub(crate) fn answered_payload(
        &mut self,
        id: InstanceId,
        bytes: Bytes,
        answer: &Result<BlobHash, AppendError>,
    ) -> Result<(), String> {
        let key = (id, BlobHash::of(&bytes));
        match answer {
            Ok(found) if *found == key.1 && self.purged.get(&id) != Some(&true) => {
                self.payloads.insert(key, (bytes, true));
            }
            Err(AppendError::Unknown(_)) => {
                self.payloads.entry(key).or_insert((bytes, false));
            }
            Err(AppendError::Conflict) if self.purged.contains_key(&id) => {}
            Err(error) if is_failure(error) => {}
            other => return Err(format!("a payload of {id}: {other:?}")),
        }
        Ok(())
    }

    /// The last position that is known to be used in a partition.
    pub(crate) fn tail(&self, partition: Partition) -> Position {
        let own = |key: &&Key| self.offers.get(key).is_some_and(|offer| offer.new.partition == partition);
        let last = self.places.iter().rev().find(|(_, key)| own(key));
        last.map_or(Position::ZERO, |(position, _)| *position)
    }

    /// The instances that anything was offered for.
    pub(crate) fn instances(&self) -> BTreeSet<InstanceId> {
        self.offers.keys().map(|key| key.0).collect()
    }

    /// Records that are there and can be repeated.
    pub(crate) fn repeatable(&self) -> Vec<NewRecord> {
        let is_repeatable = |(key, offer): &(&Key, &Offer)| {
            matches!(offer.known, Known::There(..)) && (offer.new.first || !self.purged.contains_key(&key.0))
        };
        self.offers.iter().filter(is_repeatable).map(|(_, offer)| offer.new.clone()).collect()
    }

    /// Takes down a record that was read.
    pub(crate) fn read(&mut self, record: &Record) -> Result<(), String> {
        let key = (record.envelope.instance, record.envelope.message_id.to_string());
        let wrong = |what: String| Err(format!("{} of {} at {}: {what}", key.1, key.0, record.position));
        let Some(offer) = self.offers.get_mut(&key) else { return wrong("it was never offered".into()) };
        if offer.new.envelope != record.envelope || offer.new.partition != record.partition {
            return wrong(format!("it was offered as {:?}", offer.new));
        }
        match offer.known {
            Known::Absent => return wrong("it was said not to be there".into()),
            Known::There(position, at) if (position, at) != (record.position, record.at) => {
                return wrong(format!("it stood at {position}, {at:?}"));
            }
            _ => offer.known = Known::There(record.position, record.at),
        }
        self.placed(&key, record.position)
    }
}
