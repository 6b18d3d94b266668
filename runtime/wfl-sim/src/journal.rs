//! The log of a simulation: what was appended, and when. It forgets nothing: what is purged is kept for the verdict, and
//! no process gets it.

use std::collections::{BTreeMap, BTreeSet};

use wfl_partition::Stored;
use wfl_record::{
    Ahead, AppendError, Appended, InstanceId, Kind, LastRecords, MessageId, NewRecord, Position, Record,
    Stamp, partition_of,
};

#[derive(Clone, Debug, Default)]
pub(crate) struct SimJournal {
    logs: Vec<Vec<Record>>,
    places: BTreeMap<(InstanceId, MessageId), (Position, Stamp)>,
    starts: BTreeMap<InstanceId, MessageId>,
    snapshots: BTreeMap<InstanceId, (Position, Vec<u8>)>,
    watermarks: BTreeMap<u32, Position>,
    /// Up to where the records of an instance are gone, but for its first one.
    trimmed: BTreeMap<InstanceId, Position>,
    purged: BTreeSet<InstanceId>,
}

impl SimJournal {
    pub(crate) fn new(partitions: u32) -> SimJournal {
        SimJournal { logs: vec![Vec::new(); partitions as usize], ..SimJournal::default() }
    }

    /// All that was ever written to a log, also of purged instances.
    pub(crate) fn log(&self, partition: u32) -> &[Record] {
        &self.logs[partition as usize]
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.logs.iter().flatten()
    }

    /// Adds a record, as the contract of journals says.
    pub(crate) fn append(&mut self, record: NewRecord, at: Stamp) -> Result<Appended, AppendError> {
        let key = (record.envelope.instance, record.envelope.message_id.clone());
        if self.is_purged(&key.0) && self.starts.get(&key.0) != Some(&key.1) {
            return Err(AppendError::Conflict);
        }
        if let Some((position, at)) = self.places.get(&key) {
            return Ok(Appended { position: *position, at: *at, duplicate: true });
        }
        match (record.first, self.starts.contains_key(&key.0)) {
            (true, true) | (false, false) => return Err(AppendError::Conflict),
            (true, false) => {
                self.starts.insert(key.0, key.1.clone());
            }
            (false, true) => {}
        }
        let log = &mut self.logs[record.partition.0 as usize];
        // The stamps of a log never go back.
        let at = Stamp(at.0.max(log.last().map_or(0, |last| last.at.0)));
        let position = Position(log.len() as u64 + 1);
        log.push(Record { partition: record.partition, position, at, envelope: record.envelope });
        self.places.insert(key, (position, at));
        Ok(Appended { position, at, duplicate: false })
    }

    /// The last record of a log once more, as a journal would that has forgotten its message id. Whether it may forget that
    /// an instance has begun is asked for: who forgets instances relies on it.
    pub(crate) fn repeat_last(&mut self, partition: u32, also_starts: bool) -> Option<Record> {
        let log = &mut self.logs[partition as usize];
        let last = log.last().filter(|last| also_starts || last.envelope.kind != Kind::START);
        let last = last.filter(|last| !self.purged.contains(&last.envelope.instance)).cloned()?;
        let again = Record { position: Position(log.len() as u64 + 1), ..last };
        log.push(again.clone());
        Some(again)
    }

    /// Keeps the state of an instance, unless a newer one is there.
    pub(crate) fn save_snapshot(&mut self, instance: InstanceId, position: Position, bytes: Vec<u8>) {
        if self.is_purged(&instance) {
            return;
        }
        if self.snapshots.get(&instance).is_none_or(|(there, _)| *there <= position) {
            self.snapshots.insert(instance, (position, bytes));
        }
    }

    /// Records up to a position are not there any more, but for the first one.
    pub(crate) fn trim(&mut self, instance: InstanceId, up_to: Position) {
        let there = self.trimmed.entry(instance).or_default();
        *there = up_to.max(*there);
        let start = self.starts.get(&instance);
        self.places.retain(|(of, message), (position, _)| {
            *of != instance || *position > up_to || Some(message) == start
        });
    }

    /// Whether a reader still gets a record.
    pub(crate) fn is_there(&self, record: &Record) -> bool {
        let envelope = &record.envelope;
        self.trimmed.get(&envelope.instance).is_none_or(|up_to| record.position > *up_to)
            || self.starts.get(&envelope.instance) == Some(&envelope.message_id)
    }

    pub(crate) fn drop_snapshot(&mut self, instance: InstanceId) {
        self.snapshots.remove(&instance);
    }

    /// The states that were kept of the instances of a log.
    pub(crate) fn snapshots(&self, partition: u32) -> Vec<(InstanceId, Position, Vec<u8>)> {
        let count = self.logs.len() as u32;
        let here = |id: &InstanceId| partition_of(id, count).0 == partition;
        let own = self.snapshots.iter().filter(|(id, _)| here(id));
        own.map(|(id, (position, bytes))| (*id, *position, bytes.clone())).collect()
    }

    /// What is there of an instance, with its snapshot if that is wanted.
    pub(crate) fn stored(&self, instance: InstanceId, records_only: bool) -> Stored {
        if self.is_purged(&instance) {
            return Stored::default();
        }
        let snapshot = self.snapshots.get(&instance).filter(|_| !records_only).cloned();
        let after = snapshot.as_ref().map_or(Position::ZERO, |(position, _)| *position);
        let partition = partition_of(&instance, self.logs.len() as u32);
        let mine = |record: &&Record| record.envelope.instance == instance && record.position > after;
        let there = self.log(partition.0).iter().filter(mine).filter(|record| self.is_there(record));
        Stored { snapshot, records: there.cloned().collect() }
    }

    pub(crate) fn set_watermark(&mut self, partition: u32, position: Position) {
        let there = self.watermarks.entry(partition).or_default();
        *there = position.max(*there);
    }

    /// From where on a log has to be read.
    pub(crate) fn watermark(&self, partition: u32) -> Position {
        self.watermarks.get(&partition).copied().unwrap_or_default()
    }

    /// The first record of an instance.
    pub(crate) fn start(&self, instance: InstanceId) -> Option<&Record> {
        self.records().find(|record| record.envelope.instance == instance)
    }

    /// Whether an instance was purged.
    pub(crate) fn is_purged(&self, instance: &InstanceId) -> bool {
        self.purged.contains(instance)
    }

    /// The place of an instance's last record.
    pub(crate) fn last(&self, instance: &InstanceId) -> Option<Position> {
        let log = self.log(partition_of(instance, self.logs.len() as u32).0);
        log.iter().rev().find(|record| record.envelope.instance == *instance).map(|record| record.position)
    }

    /// From now on nobody gets records of an instance, unless one stands behind the one that was to be the last.
    pub(crate) fn purge(&mut self, instance: InstanceId, last: Position) -> Result<(), AppendError> {
        let Some(position) = self.last(&instance) else { return Ok(()) };
        if position > last && !self.is_purged(&instance) {
            return Err(AppendError::Conflict);
        }
        self.snapshots.remove(&instance);
        self.purged.insert(instance);
        Ok(())
    }

    /// A walk over the last records of instances, as the contract of journals says.
    pub(crate) fn last_records(
        &self,
        partition: u32,
        after: Position,
        before: Stamp,
        most: usize,
    ) -> LastRecords {
        let (mut instances, mut next) = (Vec::new(), after);
        let log = self.log(partition);
        let first = log.partition_point(|record| record.position <= after);
        for record in &log[first..] {
            let instance = record.envelope.instance;
            if instances.len() >= most {
                return LastRecords { instances, next, ahead: Ahead::More };
            }
            if !self.is_purged(&instance) {
                if record.at >= before {
                    return LastRecords { instances, next, ahead: Ahead::Young(record.at) };
                }
                if self.last(&instance) == Some(record.position) {
                    instances.push((instance, record.position));
                }
            }
            next = record.position;
        }
        LastRecords { instances, next, ahead: Ahead::Nothing }
    }
}
