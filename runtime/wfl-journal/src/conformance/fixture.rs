//! Records to append and ways to read, shared by the promises.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use wfl_record::{
    Ahead, Envelope, InstanceId, Kind, MessageId, Namespace, Partition, Position, Stamp, partition_of,
};

use crate::conformance::harness::PARTITIONS;
use crate::journal::{AppendError, Appended, Followed, Journal, NewRecord, ReadError, Record};

/// What a follower of the trait is.
pub(crate) type Items = BoxStream<'static, Result<Followed, ReadError>>;

/// Long enough for any machine: a wait that takes longer hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Behind every record.
pub(crate) const END: Position = Position(i64::MAX.cast_unsigned());

pub(crate) fn instance(key: u32) -> InstanceId {
    InstanceId::derive(&Namespace::default(), "conformance.Suite", &key.to_le_bytes())
}

pub(crate) fn home(key: u32) -> Partition {
    partition_of(&instance(key), PARTITIONS)
}

/// The `n`th key, from 0, whose instance lives in the partition.
pub(crate) fn key_in(partition: Partition, n: usize) -> u32 {
    (0..).filter(|key| home(*key) == partition).nth(n).unwrap_or_default()
}

pub(crate) fn start(key: u32) -> NewRecord {
    record(key, "start/1", Kind::START, true)
}

pub(crate) fn later(key: u32, message: &str) -> NewRecord {
    record(key, message, Kind::ANSWER, false)
}

pub(crate) fn record(key: u32, message: &str, kind: Kind, first: bool) -> NewRecord {
    let envelope = Envelope {
        namespace: Namespace::default(),
        tenant: None,
        instance: instance(key),
        message_id: MessageId::new(message),
        kind,
        version: 1,
        actor: Some("suite".into()),
        key_id: None,
        trace: None,
        payload: format!("{key}:{message}").into_bytes(),
    };
    NewRecord { partition: home(key), first, envelope }
}

/// Appends a record that is new.
pub(crate) async fn add(journal: &impl Journal, record: NewRecord) -> Appended {
    let appended = journal.append(record).await.expect("the append is taken");
    assert!(!appended.duplicate, "the record was new");
    appended
}

pub(crate) async fn refused(journal: &impl Journal, record: NewRecord) -> AppendError {
    journal.append(record).await.expect_err("the append is refused")
}

/// The next item; `None` when the stream ended.
pub(crate) async fn next(items: &mut Items) -> Option<Result<Followed, ReadError>> {
    tokio::time::timeout(HANGS, items.next()).await.expect("the follower gets something or ends")
}

/// The next `count` records, whatever else is said between them.
pub(crate) async fn records(items: &mut Items, count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    while records.len() < count {
        match next(items).await {
            Some(Ok(Followed::Record(record))) => records.push(record),
            Some(Ok(Followed::CaughtUp(_) | Followed::Removed(_))) => {}
            other => panic!("a record was expected, not {other:?}"),
        }
    }
    records
}

/// All that a log says now: records, damage, and where it was caught up (`None`: it ended before).
pub(crate) struct Heard {
    /// How often it was told that records are gone.
    pub(crate) removed: u32,
    pub records: Vec<Record>,
    pub errors: Vec<ReadError>,
    pub caught_up: Option<Position>,
}

pub(crate) async fn hear(journal: &impl Journal, partition: Partition, after: Position) -> Heard {
    let mut items = journal.follow(partition, after);
    let mut heard = Heard { records: Vec::new(), removed: 0, errors: Vec::new(), caught_up: None };
    while let Some(item) = next(&mut items).await {
        match item {
            Ok(Followed::Record(record)) => heard.records.push(record),
            Ok(Followed::Removed(_)) => heard.removed += 1,
            Ok(Followed::CaughtUp(position)) => {
                heard.caught_up = Some(position);
                break;
            }
            Err(error) => heard.errors.push(error),
        }
    }
    heard
}

/// The records of a log that is sound.
pub(crate) async fn read(journal: &impl Journal, partition: Partition, after: Position) -> Vec<Record> {
    let heard = hear(journal, partition, after).await;
    assert_eq!(heard.errors, [], "the log of partition {partition} is sound");
    assert!(heard.caught_up.is_some(), "the log of partition {partition} was read to its end");
    heard.records
}

/// All that a walk over last records names, so many at once.
pub(crate) async fn walk(
    journal: &impl Journal,
    partition: Partition,
    before: Stamp,
    most: usize,
) -> Result<Vec<(InstanceId, Position)>, ReadError> {
    let (mut named, mut after) = (Vec::new(), Position::ZERO);
    loop {
        let found = journal.last_records(partition, after, before, most).await?;
        assert!(found.instances.len() <= most, "no more than were asked for");
        assert!(found.next >= after, "the walk never goes back");
        assert!(found.ahead != Ahead::More || found.next > after, "the walk goes on");
        named.extend(found.instances);
        after = found.next;
        if found.ahead != Ahead::More {
            return Ok(named);
        }
    }
}

/// The message ids of records, in order.
pub(crate) fn messages(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.envelope.message_id.as_str()).collect()
}
