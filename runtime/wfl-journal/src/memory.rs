//! The journal in memory, for tests and simulations: the whole contract without a disk.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use futures::stream::{BoxStream, StreamExt, unfold};
use tokio::sync::watch;
use wfl_record::{InstanceId, MessageId, Partition, Position, Reference, Stamp};

use crate::clock::Clock;
use crate::journal::{
    Ahead, AppendError, Appended, BlobHash, Durability, Followed, Journal, LastRecords, NewRecord, ReadError,
    Record, Snapshot, Snapshots,
};
use crate::limits::Limits;

/// How many records a walk over last records looks at.
const WALK: usize = 4_096;

/// A journal that lives as long as the process. Every answer is there at once: no runtime is needed, and one
/// order of calls gives one content.
pub struct MemoryJournal {
    store: Arc<Store>,
    /// Dropped with the journal, which ends its followers.
    news: watch::Sender<()>,
}

struct Store {
    clock: Clock,
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    logs: Vec<Log>,
    instances: HashMap<InstanceId, Known>,
    blobs: HashMap<BlobHash, Bytes>,
    /// Those of an instance go with it.
    payloads: HashMap<InstanceId, HashMap<BlobHash, Bytes>>,
}

#[derive(Default)]
struct Log {
    records: BTreeMap<Position, Record>,
    tail: Position,
    watermark: Position,
    snapshots: BTreeMap<InstanceId, Snapshot>,
}

/// An instance that has begun.
struct Known {
    partition: Partition,
    start: MessageId,
    /// The place of its last record.
    last: Position,
    purged: bool,
    places: HashMap<MessageId, (Position, Stamp)>,
}

impl MemoryJournal {
    /// An empty journal. A `partitions` of 0 is taken as 1.
    pub fn new(partitions: u32, clock: Clock, limits: Limits) -> MemoryJournal {
        let logs = (0..partitions.max(1)).map(|_| Log::default()).collect();
        let state = Mutex::new(State { logs, ..State::default() });
        MemoryJournal { store: Arc::new(Store { clock, limits, state }), news: watch::Sender::new(()) }
    }

    /// The same content as after a restart: followers of the old journal end.
    #[must_use]
    pub fn reopen(self) -> MemoryJournal {
        MemoryJournal { store: Arc::clone(&self.store), news: watch::Sender::new(()) }
    }

    fn append_now(&self, new: NewRecord) -> Result<Appended, AppendError> {
        self.store.limits.admit_payload(&new.envelope.payload)?;
        let at = self.store.clock.now();
        let appended = self.store.state().append(new, at)?;
        self.news.send_replace(());
        Ok(appended)
    }
}

impl Journal for MemoryJournal {
    fn partitions(&self) -> u32 {
        self.store.state().logs.len() as u32
    }

    fn append(&self, record: NewRecord) -> BoxFuture<'_, Result<Appended, AppendError>> {
        ready(self.append_now(record)).boxed()
    }

    fn follow(
        &self,
        partition: Partition,
        after: Position,
    ) -> BoxStream<'static, Result<Followed, ReadError>> {
        let follower = Follower {
            told: false,
            store: Arc::clone(&self.store),
            news: self.news.subscribe(),
            partition,
            cursor: after,
            progress: Progress::Begins,
        };
        unfold(follower, |mut follower| async move { follower.next().await.map(|item| (item, follower)) })
            .boxed()
    }

    fn tail(&self, partition: Partition) -> BoxFuture<'_, Result<Position, ReadError>> {
        ready(self.store.state().log(partition).map(|log| log.tail).map_err(ReadError::Unavailable)).boxed()
    }

    fn read_instance<'a>(
        &'a self,
        instance: &'a InstanceId,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Record>, ReadError>> {
        let mut records = self.store.state().read_instance(instance);
        records.retain(|record| record.position > after);
        ready(Ok(records)).boxed()
    }

    fn read_start<'a>(
        &'a self,
        instance: &'a InstanceId,
    ) -> BoxFuture<'a, Result<Option<Record>, ReadError>> {
        ready(Ok(self.store.state().read_start(instance))).boxed()
    }

    fn last_records(
        &self,
        partition: Partition,
        after: Position,
        before: Stamp,
        most: usize,
    ) -> BoxFuture<'_, Result<LastRecords, ReadError>> {
        let walked = self.store.state().last_records(partition, after, before, most);
        ready(walked.map_err(ReadError::Unavailable)).boxed()
    }

    fn save_snapshot(
        &self,
        partition: Partition,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), AppendError>> {
        let admitted = self.store.limits.admit_blob(&snapshot.bytes);
        ready(admitted.and_then(|()| self.store.state().save_snapshot(partition, snapshot))).boxed()
    }

    fn load_snapshots(&self, partition: Partition) -> BoxFuture<'_, Result<Snapshots, ReadError>> {
        let state = self.store.state();
        let loaded = state.log(partition).map_err(ReadError::Unavailable).map(|log| Snapshots {
            watermark: log.watermark,
            snapshots: log.snapshots.values().cloned().map(Ok).collect(),
        });
        ready(loaded).boxed()
    }

    fn load_snapshot<'a>(
        &'a self,
        instance: &'a InstanceId,
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>> {
        let state = self.store.state();
        let mut all = state.logs.iter().filter_map(|log| log.snapshots.get(instance));
        ready(Ok(all.next().cloned())).boxed()
    }

    fn drop_snapshot<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<(), AppendError>> {
        for log in &mut self.store.state().logs {
            log.snapshots.remove(instance);
        }
        ready(Ok(())).boxed()
    }

    fn set_watermark(
        &self,
        partition: Partition,
        position: Position,
    ) -> BoxFuture<'_, Result<(), AppendError>> {
        let mut state = self.store.state();
        let moved = state.log_mut(partition).map(|log| log.watermark = log.watermark.max(position));
        ready(moved).boxed()
    }

    fn put_blob(&self, bytes: Bytes) -> BoxFuture<'_, Result<BlobHash, AppendError>> {
        let admitted = self.store.limits.admit_blob(&bytes);
        let put = admitted.map(|()| {
            let hash = BlobHash::of(&bytes);
            self.store.state().blobs.insert(hash, bytes);
            hash
        });
        ready(put).boxed()
    }

    fn get_blob<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<Option<Bytes>, ReadError>> {
        ready(Ok(self.store.state().blobs.get(hash).cloned())).boxed()
    }

    fn put_payload<'a>(
        &'a self,
        instance: &'a InstanceId,
        bytes: Bytes,
    ) -> BoxFuture<'a, Result<BlobHash, AppendError>> {
        let admitted = self.store.limits.admit_blob(&bytes);
        ready(admitted.and_then(|()| self.store.state().put_payload(instance, bytes))).boxed()
    }

    fn get_payload<'a>(
        &'a self,
        instance: &'a InstanceId,
        hash: &'a BlobHash,
    ) -> BoxFuture<'a, Result<Option<Bytes>, ReadError>> {
        let state = self.store.state();
        ready(Ok(state.payloads.get(instance).and_then(|own| own.get(hash)).cloned())).boxed()
    }

    fn purge<'a>(
        &'a self,
        instance: &'a InstanceId,
        last: Position,
    ) -> BoxFuture<'a, Result<(), AppendError>> {
        ready(self.store.state().purge(instance, last)).boxed()
    }

    fn trim<'a>(
        &'a self,
        instance: &'a InstanceId,
        up_to: Position,
    ) -> BoxFuture<'a, Result<(), AppendError>> {
        self.store.state().trim(instance, up_to);
        ready(Ok(())).boxed()
    }

    fn durability(&self) -> Durability {
        Durability::Unverified
    }
}

impl Store {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic under the lock leaves no half-made change behind: each is one insertion at its end.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn log(&self, partition: Partition) -> Result<&Log, String> {
        self.logs.get(partition.0 as usize).ok_or_else(|| format!("there is no partition {partition}"))
    }

    fn log_mut(&mut self, partition: Partition) -> Result<&mut Log, AppendError> {
        let missing = || AppendError::Unavailable(format!("there is no partition {partition}"));
        self.logs.get_mut(partition.0 as usize).ok_or_else(missing)
    }

    fn append(&mut self, new: NewRecord, at: Stamp) -> Result<Appended, AppendError> {
        let NewRecord { partition, first, envelope } = new;
        self.log_mut(partition)?;
        match self.instances.get(&envelope.instance) {
            None if !first => return Err(AppendError::Conflict),
            None => {}
            Some(known) => {
                if let Some(there) = known.admit(partition, first, &envelope.message_id)? {
                    return Ok(there);
                }
            }
        }
        let log = self.log_mut(partition)?;
        let position = log.tail.next();
        let known = self.instances.entry(envelope.instance).or_insert_with(|| Known {
            partition,
            start: envelope.message_id.clone(),
            last: position,
            purged: false,
            places: HashMap::new(),
        });
        known.places.insert(envelope.message_id.clone(), (position, at));
        known.last = position;
        let log = self.log_mut(partition)?;
        log.tail = position;
        log.records.insert(position, Record { partition, position, at, envelope });
        Ok(Appended { position, at, duplicate: false })
    }

    fn read_instance(&self, instance: &InstanceId) -> Vec<Record> {
        let known = self.instances.get(instance).filter(|known| !known.purged);
        let Some(known) = known else { return Vec::new() };
        let Ok(log) = self.log(known.partition) else { return Vec::new() };
        let mut places: Vec<Position> = known.places.values().map(|(position, _)| *position).collect();
        places.sort_unstable();
        places.iter().filter_map(|position| log.records.get(position)).cloned().collect()
    }

    fn save_snapshot(&mut self, partition: Partition, snapshot: Snapshot) -> Result<(), AppendError> {
        self.log_mut(partition)?;
        let known = self.instances.get(&snapshot.instance).ok_or(AppendError::Conflict)?;
        if known.purged || known.partition != partition {
            return Err(AppendError::Conflict);
        }
        let log = self.log_mut(partition)?;
        if log.snapshots.get(&snapshot.instance).is_none_or(|there| there.position <= snapshot.position) {
            log.snapshots.insert(snapshot.instance, snapshot);
        }
        Ok(())
    }

    fn read_start(&self, instance: &InstanceId) -> Option<Record> {
        let known = self.instances.get(instance)?;
        let (position, _) = known.places.get(&known.start)?;
        self.log(known.partition).ok()?.records.get(position).cloned()
    }

    fn last_records(
        &self,
        partition: Partition,
        after: Position,
        before: Stamp,
        most: usize,
    ) -> Result<LastRecords, String> {
        let (mut instances, mut next) = (Vec::new(), after);
        let log = self.log(partition)?;
        let rest = log.records.range((Excluded(after), Unbounded));
        for (walked, (position, record)) in rest.enumerate() {
            if walked == WALK || instances.len() >= most {
                return Ok(LastRecords { instances, next, ahead: Ahead::More });
            }
            let instance = record.envelope.instance;
            let owner = self.instances.get(&instance).filter(|owner| !owner.purged);
            if owner.is_some() && record.at >= before {
                return Ok(LastRecords { instances, next, ahead: Ahead::Young(record.at) });
            }
            instances.extend(owner.filter(|owner| owner.last == *position).map(|_| (instance, *position)));
            next = *position;
        }
        // A purge may have taken what stood at the end.
        Ok(LastRecords { instances, next: after.max(log.tail), ahead: Ahead::Nothing })
    }

    fn purge(&mut self, instance: &InstanceId, last: Position) -> Result<(), AppendError> {
        let known = self.instances.get_mut(instance).filter(|known| !known.purged);
        let Some(known) = known else { return Ok(()) };
        if known.last > last {
            return Err(AppendError::Conflict);
        }
        known.purged = true;
        self.payloads.remove(instance);
        let Some(log) = self.logs.get_mut(known.partition.0 as usize) else { return Ok(()) };
        log.snapshots.remove(instance);
        self.trim(instance, Position(u64::MAX));
        Ok(())
    }

    fn trim(&mut self, instance: &InstanceId, up_to: Position) {
        let Some(known) = self.instances.get_mut(instance) else { return };
        let Some(log) = self.logs.get_mut(known.partition.0 as usize) else { return };
        let (start, mut gone) = (&known.start, Vec::new());
        known.places.retain(|message, (position, _)| {
            let stays = message == start || *position > up_to;
            if !stays {
                gone.extend(log.records.remove(position));
            }
            stays
        });
        let refers = |record: &Record| Reference::of(&record.envelope).map(|it| BlobHash(it.hash));
        let there = known.places.values().filter_map(|(position, _)| log.records.get(position));
        let stays: Vec<BlobHash> = there.filter_map(refers).collect();
        if let Some(payloads) = self.payloads.get_mut(instance) {
            for hash in gone.iter().filter_map(refers).filter(|hash| !stays.contains(hash)) {
                payloads.remove(&hash);
            }
        }
    }

    fn put_payload(&mut self, instance: &InstanceId, bytes: Bytes) -> Result<BlobHash, AppendError> {
        if self.is_purged(instance) {
            return Err(AppendError::Conflict);
        }
        let hash = BlobHash::of(&bytes);
        self.payloads.entry(*instance).or_default().insert(hash, bytes);
        Ok(hash)
    }

    fn is_purged(&self, instance: &InstanceId) -> bool {
        self.instances.get(instance).is_some_and(|known| known.purged)
    }
}

impl Known {
    /// The place of the record that is there already, or leave to add it.
    fn admit(
        &self,
        partition: Partition,
        first: bool,
        message: &MessageId,
    ) -> Result<Option<Appended>, AppendError> {
        let is_start = *message == self.start;
        if partition != self.partition || (first && !is_start) {
            return Err(AppendError::Conflict);
        }
        match self.places.get(message) {
            Some((position, at)) => Ok(Some(Appended { position: *position, at: *at, duplicate: true })),
            None if self.purged => Err(AppendError::Conflict),
            None => Ok(None),
        }
    }
}

struct Follower {
    store: Arc<Store>,
    news: watch::Receiver<()>,
    partition: Partition,
    cursor: Position,
    progress: Progress,
    /// Whether it was told that what stood right behind the cursor is gone.
    told: bool,
}

enum Progress {
    Begins,
    /// The end of the log when following began.
    CatchesUp(Position),
    Lives,
    Ended,
}

impl Follower {
    async fn next(&mut self) -> Option<Result<Followed, ReadError>> {
        loop {
            // Marked as seen before looking, so that a record between the look and the wait wakes the wait.
            self.news.borrow_and_update();
            if let Some(item) = self.look()? {
                return Some(item);
            }
            self.news.changed().await.ok()?;
        }
    }

    /// The next item if there is one now; the outer `None` is the end.
    fn look(&mut self) -> Option<Option<Result<Followed, ReadError>>> {
        let store = Arc::clone(&self.store);
        let state = store.state();
        let log = match state.log(self.partition) {
            Ok(log) => log,
            Err(reason) => return self.fail(ReadError::Unavailable(reason)),
        };
        if let Progress::Begins = self.progress {
            if log.tail < self.cursor {
                let (partition, tail, seen) = (self.partition, log.tail, self.cursor);
                return self.fail(ReadError::WentBack { partition, tail, seen });
            }
            self.progress = Progress::CatchesUp(log.tail);
        }
        let begins_purged = |record: &Record| state.is_purged(&record.envelope.instance);
        let mut rest = log.records.range((Excluded(self.cursor), Unbounded));
        let next = rest.find(|(_, record)| !begins_purged(record));
        match (&self.progress, next) {
            (Progress::Ended, _) => None,
            (Progress::CatchesUp(goal), next) if next.is_none_or(|(position, _)| position > goal) => {
                let goal = *goal;
                self.progress = Progress::Lives;
                Some(Some(Ok(Followed::CaughtUp(goal))))
            }
            (_, Some((position, _))) if *position > self.cursor.next() && !self.told => {
                self.told = true;
                Some(Some(Ok(Followed::Removed(Position(position.0 - 1)))))
            }
            (_, Some((position, record))) => {
                (self.cursor, self.told) = (*position, false);
                Some(Some(Ok(Followed::Record(record.clone()))))
            }
            (_, None) => Some(None),
        }
    }

    fn fail(&mut self, error: ReadError) -> Option<Option<Result<Followed, ReadError>>> {
        if let Progress::Ended = self.progress {
            return None;
        }
        self.progress = Progress::Ended;
        Some(Some(Err(error)))
    }
}
