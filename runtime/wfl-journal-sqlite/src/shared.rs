//! What the writer and the followers share: the latest records in memory, and the news that there are more.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use wfl_record::{InstanceId, Partition, Position, Record};

/// How many of the latest records of a partition are kept for followers, and how many bytes of payload they have at
/// most. Slower followers read the table.
const KEPT: usize = 8192;
const KEPT_BYTES: usize = 8 << 20;

/// The latest records of all partitions.
pub(crate) struct Shared {
    state: Mutex<State>,
}

struct State {
    /// The last position of the whole journal.
    last: Position,
    logs: Vec<Recent>,
}

struct Recent {
    /// The last position that a record of the partition was given.
    tail: Position,
    /// Every record behind this position is in `records`.
    floor: Position,
    records: VecDeque<Record>,
    /// Of their payloads together.
    bytes: usize,
}

impl Shared {
    /// With the tails of the partitions as they are in the file.
    pub(crate) fn new(tails: &[Position], last: Position) -> Shared {
        let recent =
            |tail: &Position| Recent { tail: *tail, floor: last, records: VecDeque::new(), bytes: 0 };
        Shared { state: Mutex::new(State { last, logs: tails.iter().map(recent).collect() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic under the lock leaves no half-made change behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn last(&self) -> Position {
        self.state().last
    }

    pub(crate) fn tail(&self, partition: Partition) -> Option<Position> {
        self.state().logs.get(partition.0 as usize).map(|log| log.tail)
    }

    /// Records that are committed now, in the order of positions.
    pub(crate) fn publish(&self, records: Vec<Record>, news: &watch::Sender<()>) {
        let mut state = self.state();
        for record in records {
            state.last = state.last.max(record.position);
            let Some(log) = state.logs.get_mut(record.partition.0 as usize) else { continue };
            log.tail = record.position;
            log.bytes += record.envelope.payload.len();
            log.records.push_back(record);
            while (log.records.len() > KEPT || log.bytes > KEPT_BYTES)
                && let Some(dropped) = log.records.pop_front()
            {
                log.bytes -= dropped.envelope.payload.len();
                log.floor = dropped.position;
            }
        }
        drop(state);
        news.send_replace(());
    }

    /// A purged instance is not followed any more.
    pub(crate) fn forget(&self, instance: &InstanceId) {
        for log in &mut self.state().logs {
            log.records.retain(|record| record.envelope.instance != *instance);
            log.bytes = log.records.iter().map(|record| record.envelope.payload.len()).sum();
        }
    }

    /// The next records behind a position, some of them; `Err` when they have to be read from the table.
    pub(crate) fn behind(&self, partition: Partition, position: Position) -> Result<Vec<Record>, ()> {
        const AT_ONCE: usize = 256;
        let state = self.state();
        let log = state.logs.get(partition.0 as usize).ok_or(())?;
        if position < log.floor {
            return Err(());
        }
        let first = log.records.partition_point(|record| record.position <= position);
        Ok(log.records.range(first..).take(AT_ONCE).cloned().collect())
    }
}
