//! Random operations, restarts among them: the file says what the in-memory journal says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a fixture that fails is a failed test")]

use std::collections::HashMap;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use wfl_journal::conformance::{LIMITS, PARTITIONS, TestClock};
use wfl_journal::{AppendError, Appended, BlobHash, Followed, Journal, MemoryJournal, Record, Snapshot};
use wfl_journal_sqlite::{Options, SqliteJournal};
use wfl_record::{
    Envelope, InstanceId, Kind, MessageId, Namespace, NewRecord, Partition, Position, Stamp, partition_of,
};

/// Few instances and few message ids, so that repeats and conflicts are frequent.
const KEYS: u8 = 6;
const MESSAGES: u8 = 5;

#[derive(Clone, Debug)]
enum Step {
    /// Appends under way at once: key, message, is it a start.
    Appends(Vec<(u8, u8, bool)>),
    Purge(u8),
    Snapshot(u8, u8),
    Watermark(u8, u8),
    Blob(u8),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let append = || (0..KEYS, 0..MESSAGES, proptest::bool::weighted(0.3));
    prop_oneof![
        8 => proptest::collection::vec(append(), 1..12).prop_map(Step::Appends),
        2 => (0..KEYS).prop_map(Step::Purge),
        2 => (0..KEYS, any::<u8>()).prop_map(|(key, position)| Step::Snapshot(key, position)),
        1 => (0..PARTITIONS as u8 + 1, any::<u8>()).prop_map(|(p, position)| Step::Watermark(p, position)),
        1 => any::<u8>().prop_map(Step::Blob),
        2 => Just(Step::Restart),
    ]
}

fn instance(key: u8) -> InstanceId {
    InstanceId::derive(&Namespace::default(), "memory.Test", &[key])
}

fn record((key, message, first): (u8, u8, bool)) -> NewRecord {
    let instance = instance(key);
    let envelope = Envelope {
        namespace: Namespace::default(),
        tenant: None,
        instance,
        message_id: MessageId::new(format!("m{message}")),
        kind: Kind::ANSWER,
        version: 1,
        actor: None,
        key_id: None,
        trace: None,
        payload: vec![key, message],
    };
    NewRecord { partition: partition_of(&instance, PARTITIONS), first, envelope }
}

/// Both journals, and which position of the file is which one in memory: the file counts over all partitions.
struct Pair {
    folder: tempfile::TempDir,
    clock: TestClock,
    file: SqliteJournal,
    memory: MemoryJournal,
    same: HashMap<(Partition, Position), Position>,
}

impl Pair {
    async fn new() -> Pair {
        let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
        let file = open(&folder, &clock).await;
        let memory = MemoryJournal::new(PARTITIONS, clock.clock(), LIMITS);
        Pair { folder, clock, file, memory, same: HashMap::new() }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Appends(appends) => self.append(appends).await,
            Step::Purge(key) => {
                let id = instance(key);
                let end = Position(u64::MAX);
                assert_eq!(self.file.purge(&id, end).await, self.memory.purge(&id, end).await);
            }
            Step::Snapshot(key, position) => {
                let id = instance(key);
                let partition = partition_of(&id, PARTITIONS);
                let (place, bytes) = (Position(position.into()), vec![position].into());
                let state = Snapshot { instance: id, position: place, bytes };
                let file = self.file.save_snapshot(partition, state.clone()).await;
                assert_eq!(file, self.memory.save_snapshot(partition, state).await);
            }
            Step::Watermark(partition, position) => {
                let (partition, position) = (Partition(partition.into()), Position(position.into()));
                let file = self.file.set_watermark(partition, position).await;
                assert_eq!(file, self.memory.set_watermark(partition, position).await);
            }
            Step::Blob(byte) => {
                let bytes = Bytes::from(vec![byte; byte.into()]);
                assert_eq!(
                    self.file.put_blob(bytes.clone()).await,
                    self.memory.put_blob(bytes.clone()).await
                );
                let hash = BlobHash::of(&bytes);
                assert_eq!(self.file.get_blob(&hash).await, self.memory.get_blob(&hash).await);
            }
            Step::Restart => self.restart().await,
        }
    }

    async fn append(&mut self, appends: Vec<(u8, u8, bool)>) {
        let file = join_all(appends.iter().map(|append| self.file.append(record(*append)))).await;
        let memory = join_all(appends.iter().map(|append| self.memory.append(record(*append)))).await;
        for ((append, file), memory) in appends.into_iter().zip(file).zip(memory) {
            let partition = record(append).partition;
            if let (Ok(file), Ok(memory)) = (&file, &memory)
                && !file.duplicate
            {
                self.same.insert((partition, file.position), memory.position);
            }
            let file: Result<Appended, AppendError> =
                file.map(|file| Appended { position: self.in_memory(partition, file.position), ..file });
            assert_eq!(file, memory, "{append:?}");
        }
    }

    fn in_memory(&self, partition: Partition, position: Position) -> Position {
        if position == Position::ZERO { position } else { self.same[&(partition, position)] }
    }

    async fn restart(&mut self) {
        self.file.close().await;
        self.file = open(&self.folder, &self.clock).await;
    }

    /// All that can be read is equal, from every place.
    async fn compare(&self) {
        for partition in (0..PARTITIONS).map(Partition) {
            let tail = self.file.tail(partition).await.unwrap();
            assert_eq!(Ok(self.in_memory(partition, tail)), self.memory.tail(partition).await);
            let places = self.same.iter().filter(|((home, _), _)| *home == partition);
            let mut places: Vec<_> = places.map(|((_, file), memory)| (*file, *memory)).collect();
            places.push((Position::ZERO, Position::ZERO));
            for (file, memory) in places {
                let mut there = read(&self.file, partition, file).await;
                for record in &mut there {
                    record.position = self.in_memory(partition, record.position);
                }
                assert_eq!(there, read(&self.memory, partition, memory).await);
            }
            let (first, all) = (Position::ZERO, Stamp(i64::MAX));
            let mut lasts = self.file.last_records(partition, first, all, 1_000).await.unwrap().instances;
            for (_, position) in &mut lasts {
                *position = self.in_memory(partition, *position);
            }
            let wanted = self.memory.last_records(partition, first, all, 1_000).await;
            assert_eq!(Ok(lasts), wanted.map(|found| found.instances));
            let snapshots = self.file.load_snapshots(partition).await;
            assert_eq!(snapshots, self.memory.load_snapshots(partition).await);
        }
        for key in 0..KEYS {
            let mut file = self.file.read_instance(&instance(key), Position::ZERO).await.unwrap();
            for record in &mut file {
                record.position = self.in_memory(record.partition, record.position);
            }
            assert_eq!(Ok(file), self.memory.read_instance(&instance(key), Position::ZERO).await);
            let mut start = self.file.read_start(&instance(key)).await.unwrap();
            if let Some(record) = &mut start {
                record.position = self.in_memory(record.partition, record.position);
            }
            assert_eq!(Ok(start), self.memory.read_start(&instance(key)).await);
        }
    }
}

async fn open(folder: &tempfile::TempDir, clock: &TestClock) -> SqliteJournal {
    let options =
        Options { partitions: PARTITIONS, clock: clock.clock(), limits: LIMITS, ..Options::default() };
    SqliteJournal::open(&folder.path().join("journal.db"), options).await.unwrap()
}

async fn read(journal: &impl Journal, partition: Partition, after: Position) -> Vec<Record> {
    let (mut items, mut records) = (journal.follow(partition, after), Vec::new());
    loop {
        match items.next().await {
            Some(Ok(Followed::Record(record))) => records.push(record),
            Some(Ok(Followed::Removed(_))) => {}
            Some(Ok(Followed::CaughtUp(_))) => return records,
            other => panic!("{other:?}"),
        }
    }
}

async fn run(steps: Vec<Step>) {
    let mut pair = Pair::new().await;
    for (n, step) in steps.into_iter().enumerate() {
        pair.clock.set(n as i64);
        pair.take(step).await;
    }
    pair.compare().await;
    pair.restart().await;
    pair.compare().await;
}

/// `WFL_SEED` repeats a run, `WFL_LONG` makes it long.
#[test]
fn the_file_says_what_memory_says() {
    let seed = std::env::var("WFL_SEED").map_or(20_261_124, |seed| seed.parse().unwrap());
    let cases = if std::env::var_os("WFL_LONG").is_some() { 1_000 } else { 40 };
    println!("replay with: WFL_SEED={seed} cargo test -p wfl-journal-sqlite --test against_memory");
    let rng_seed = RngSeed::Fixed(seed);
    let config = ProptestConfig { cases, failure_persistence: None, rng_seed, ..Default::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let steps = proptest::collection::vec(step(), 1..60);
    let held = TestRunner::new(config).run(&steps, |steps| {
        runtime.block_on(run(steps));
        Ok(())
    });
    held.unwrap_or_else(|failure| panic!("WFL_SEED={seed}: {failure}"));
}
