//! The log of a simulation: what was appended, and when. It forgets nothing by itself.

use std::collections::BTreeMap;

use wfl_record::{AppendError, Appended, InstanceId, MessageId, NewRecord, Position, Record, Stamp};

#[derive(Clone, Debug, Default)]
pub(crate) struct SimJournal {
    logs: Vec<Vec<Record>>,
    places: BTreeMap<(InstanceId, MessageId), (Position, Stamp)>,
    starts: BTreeMap<InstanceId, MessageId>,
}

impl SimJournal {
    pub(crate) fn new(partitions: u32) -> SimJournal {
        SimJournal { logs: vec![Vec::new(); partitions as usize], ..SimJournal::default() }
    }

    pub(crate) fn log(&self, partition: u32) -> &[Record] {
        &self.logs[partition as usize]
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.logs.iter().flatten()
    }

    /// Adds a record, as the contract of journals says.
    pub(crate) fn append(&mut self, record: NewRecord, at: Stamp) -> Result<Appended, AppendError> {
        let key = (record.envelope.instance, record.envelope.message_id.clone());
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

    /// The last record of a log once more, as a journal would that has forgotten its message id.
    pub(crate) fn repeat_last(&mut self, partition: u32) {
        let log = &mut self.logs[partition as usize];
        if let Some(last) = log.last().cloned() {
            log.push(Record { position: Position(log.len() as u64 + 1), ..last });
        }
    }

    /// The first record of an instance.
    pub(crate) fn start(&self, instance: InstanceId) -> Option<&Record> {
        self.records().find(|record| record.envelope.instance == instance)
    }
}
