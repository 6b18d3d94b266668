//! The tables, their rows and the checksums over them.
//!
//! * `records`: the logs of all partitions in one sequence of positions; a record's partition is that of its
//!   instance. `instance` is the number of its row in `instances`, which keeps the unique index local.
//! * `purged`: which positions a purge took, as ranges that do not touch. Positions are given without gaps, so a
//!   position that stands neither there nor in `records` is a record that was lost.
//! * `instances`: one row per instance that ever began. `count` is how many records it has, so that a record that
//!   is lost from its instance is noticed.
//! * `logs`: one row per partition with its tail and its watermark.
//! * `payloads`: what records refer to, by instance and hash. Of a row that is damaged nothing is found, or not what its
//!   hash says; who refers to it notices both.
//! * `snapshots`, `blobs`. A blob is found by either of two copies of its hash: damage to one of them is noticed.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use wfl_journal::ReadError;
use wfl_record::{Envelope, InstanceId, Partition, Position, Record, Stamp, partition_of};
use xxhash_rust::xxh3::Xxh3;

/// The layout that this build reads and writes.
pub(crate) const SCHEMA_VERSION: i64 = 2;
/// `WFLJ`, kept in the file's header.
pub(crate) const APPLICATION_ID: i64 = 0x5746_4c4a;

/// The tables of version 1.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE instances (
      number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, start TEXT NOT NULL, purged INTEGER NOT NULL,
      count INTEGER NOT NULL, sum INTEGER NOT NULL
    );
    CREATE TABLE records (
      position INTEGER PRIMARY KEY, instance INTEGER NOT NULL, message TEXT NOT NULL, at INTEGER NOT NULL,
      bytes BLOB NOT NULL, sum INTEGER NOT NULL, UNIQUE (instance, message)
    );
    CREATE TABLE purged (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, sum INTEGER NOT NULL);
    CREATE TABLE logs (
      partition INTEGER PRIMARY KEY, tail INTEGER NOT NULL, watermark INTEGER NOT NULL, sum INTEGER NOT NULL
    );
    CREATE TABLE snapshots (
      partition INTEGER NOT NULL, id BLOB NOT NULL, position INTEGER NOT NULL, bytes BLOB NOT NULL,
      sum INTEGER NOT NULL, PRIMARY KEY (partition, id)
    ) WITHOUT ROWID;
    CREATE TABLE blobs (hash BLOB PRIMARY KEY, again BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL) WITHOUT ROWID;
";

/// What version 2 adds.
pub(crate) const PAYLOADS: &str = "
    CREATE TABLE payloads (id BLOB NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (id, hash)) WITHOUT ROWID;
";

/// A column's value on its way into a checksum.
pub(crate) enum Part<'a> {
    Int(i64),
    Bytes(&'a [u8]),
}

/// The checksum of a row: xxh3-64 over its table's name and its columns, each with its length.
pub(crate) fn sum(table: &str, parts: &[Part<'_>]) -> i64 {
    let mut hasher = Xxh3::new();
    hasher.update(table.as_bytes());
    for part in parts {
        let int;
        let bytes = match part {
            Part::Int(n) => {
                int = n.to_le_bytes();
                &int[..]
            }
            Part::Bytes(bytes) => bytes,
        };
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.digest().cast_signed()
}

/// A row of `instances`.
#[derive(Clone, Debug)]
pub(crate) struct InstanceRow {
    pub(crate) number: i64,
    pub(crate) id: InstanceId,
    pub(crate) start: String,
    pub(crate) purged: bool,
    pub(crate) count: i64,
}

impl InstanceRow {
    pub(crate) fn sum(&self) -> i64 {
        let (start, purged) = (self.start.as_bytes(), i64::from(self.purged));
        let id = &self.id.0;
        sum(
            "instances",
            &[
                Part::Int(self.number),
                Part::Bytes(id),
                Part::Bytes(start),
                Part::Int(purged),
                Part::Int(self.count),
            ],
        )
    }

    /// Reads `number, id, start, purged, count, sum` beginning at a column; none when a part is missing, or the
    /// checksum does not hold.
    pub(crate) fn read(row: &SqliteRow, from: usize) -> Option<InstanceRow> {
        let id: &[u8] = row.try_get(from + 1).ok()?;
        let purged: i64 = row.try_get(from + 3).ok()?;
        let found = InstanceRow {
            number: row.try_get(from).ok()?,
            id: InstanceId(id.try_into().ok()?),
            start: row.try_get(from + 2).ok()?,
            purged: purged == 1,
            count: row.try_get(from + 4).ok()?,
        };
        let sum: i64 = row.try_get(from + 5).ok()?;
        (found.sum() == sum && (0..=1).contains(&purged)).then_some(found)
    }
}

/// The checksum of a row of `records`.
pub(crate) fn record_sum(position: i64, instance: i64, message: &str, at: i64, bytes: &[u8]) -> i64 {
    let parts = [
        Part::Int(position),
        Part::Int(instance),
        Part::Bytes(message.as_bytes()),
        Part::Int(at),
        Part::Bytes(bytes),
    ];
    sum("records", &parts)
}

/// The checksum of a row of `purged`.
pub(crate) fn purged_sum(first: i64, last: i64) -> i64 {
    sum("purged", &[Part::Int(first), Part::Int(last)])
}

/// The checksum of a row of `logs`.
pub(crate) fn log_sum(partition: i64, tail: i64, watermark: i64) -> i64 {
    sum("logs", &[Part::Int(partition), Part::Int(tail), Part::Int(watermark)])
}

/// The checksum of a row of `snapshots`.
pub(crate) fn snapshot_sum(partition: i64, id: &[u8], position: i64, bytes: &[u8]) -> i64 {
    sum("snapshots", &[Part::Int(partition), Part::Bytes(id), Part::Int(position), Part::Bytes(bytes)])
}

/// A row of `records` joined with its instance: `position, instance, message, at, bytes, sum`, then the instance's
/// columns.
pub(crate) enum RecordRow {
    /// All checksums hold.
    Sound(Box<(Record, InstanceRow)>),
    /// All checksums hold, and it belongs to another partition than the one that is read.
    Elsewhere,
    /// Damage; with the instance if it can be told for sure.
    Damaged { position: Position, instance: Option<InstanceId>, reason: String },
}

impl RecordRow {
    pub(crate) const COLUMNS: &'static str = "r.position, r.instance, r.message, r.at, r.bytes, r.sum, \
        i.number, i.id, i.start, i.purged, i.count, i.sum";

    /// Reads a row on behalf of one partition; those of others are tested but not decoded.
    pub(crate) fn read(row: &SqliteRow, partition: Partition, partitions: u32) -> RecordRow {
        let position = row.try_get::<i64, _>(0).unwrap_or_default();
        let owner = InstanceRow::read(row, 6);
        let bytes: &[u8] = row.try_get(4).unwrap_or_default();
        let at = sound(row, position, bytes);
        let home = owner.as_ref().map(|owner| partition_of(&owner.id, partitions));
        if at.is_some() && home.is_some_and(|home| home != partition) {
            return RecordRow::Elsewhere;
        }
        let place = Position(position.max(0).cast_unsigned());
        match (at, Envelope::decode(bytes), owner) {
            (Some(at), Ok(envelope), Some(owner)) if envelope.instance == owner.id => {
                RecordRow::Sound(Box::new((Record { partition, position: place, at, envelope }, owner)))
            }
            // The envelope has a checksum of its own: what it says of its instance is true.
            (_, Ok(envelope), _) => {
                let reason = "a checksum of the record or of its instance does not hold".to_owned();
                RecordRow::Damaged { position: place, instance: Some(envelope.instance), reason }
            }
            (_, Err(error), owner) => RecordRow::Damaged {
                position: place,
                instance: owner.map(|owner| owner.id),
                reason: error.to_string(),
            },
        }
    }
}

/// The time stamp of a record's row, if its checksum holds.
fn sound(row: &SqliteRow, position: i64, bytes: &[u8]) -> Option<Stamp> {
    let (instance, at): (i64, i64) = (row.try_get(1).ok()?, row.try_get(3).ok()?);
    let (message, sum): (&str, i64) = (row.try_get(2).ok()?, row.try_get(5).ok()?);
    (record_sum(position, instance, message, at, bytes) == sum && position > 0).then_some(Stamp(at))
}

/// Damage as the trait tells of it.
pub(crate) fn corrupt(
    partition: Partition,
    position: Position,
    instance: Option<InstanceId>,
    reason: impl Into<String>,
) -> ReadError {
    ReadError::Corrupt { partition, position, instance, reason: reason.into() }
}
