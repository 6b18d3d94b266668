//! Reading: pages of the log, instances, snapshots and blobs, each row tested.

use bytes::Bytes;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Row};
use wfl_journal::{BlobHash, ReadError, Snapshot, Snapshots};
use wfl_record::{InstanceId, Partition, Position, Record, partition_of};

use crate::rows::{InstanceRow, RecordRow, corrupt, log_sum, snapshot_sum};

/// Rows per page.
const PAGE: i64 = 512;

pub(crate) fn unavailable(error: &sqlx::Error) -> ReadError {
    ReadError::Unavailable(error.to_string())
}

/// The next rows behind a position, of all partitions. A position below zero begins before everything.
pub(crate) async fn page(
    readers: &SqlitePool,
    after: i64,
    partitions: u32,
) -> Result<Vec<(i64, RecordRow)>, ReadError> {
    let columns = RecordRow::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM records r LEFT JOIN instances i ON i.number = r.instance \
         WHERE r.position > ? ORDER BY r.position LIMIT {PAGE}"
    );
    let rows = sqlx::query(AssertSqlSafe(query)).bind(after).fetch_all(readers).await;
    let rows = rows.map_err(|error| unavailable(&error))?;
    let read = |row: &SqliteRow| (row.try_get(0).unwrap_or_default(), RecordRow::read(row, partitions));
    Ok(rows.iter().map(read).collect())
}

/// Tail and watermark of a partition as they are in the file.
pub(crate) async fn log(
    readers: &SqlitePool,
    partition: Partition,
) -> Result<(Position, Position), ReadError> {
    let row = sqlx::query("SELECT tail, watermark, sum FROM logs WHERE partition = ?")
        .bind(i64::from(partition.0))
        .fetch_optional(readers)
        .await
        .map_err(|error| unavailable(&error))?;
    let read = |row: SqliteRow| -> Option<(Position, Position)> {
        let (tail, watermark, sum): (i64, i64, i64) =
            (row.try_get(0).ok()?, row.try_get(1).ok()?, row.try_get(2).ok()?);
        let sound = log_sum(i64::from(partition.0), tail, watermark) == sum;
        sound.then(|| (Position(tail.cast_unsigned()), Position(watermark.cast_unsigned())))
    };
    row.and_then(read)
        .ok_or_else(|| corrupt(partition, Position::ZERO, None, "the row of the partition's log is damaged"))
}

/// All records of an instance.
pub(crate) async fn instance(
    readers: &SqlitePool,
    id: &InstanceId,
    partitions: u32,
) -> Result<Vec<Record>, ReadError> {
    let partition = partition_of(id, partitions);
    let damaged = |position, reason: &str| corrupt(partition, position, Some(*id), reason);
    let row = sqlx::query("SELECT number, id, start, purged, count, sum FROM instances WHERE id = ?")
        .bind(&id.0[..])
        .fetch_optional(readers)
        .await
        .map_err(|error| unavailable(&error))?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let owner = InstanceRow::read(&row, 0).ok_or_else(|| damaged(Position::ZERO, "its row is damaged"))?;
    let columns = RecordRow::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM records r JOIN instances i ON i.number = r.instance \
         WHERE r.instance = ? ORDER BY r.position"
    );
    let rows = sqlx::query(AssertSqlSafe(query)).bind(owner.number).fetch_all(readers).await;
    let rows = rows.map_err(|error| unavailable(&error))?;
    if rows.len() as i64 != owner.count {
        return Err(damaged(Position::ZERO, "it does not have as many records as were written"));
    }
    let read = |row| match RecordRow::read(row, partitions) {
        RecordRow::Sound(sound) => Ok(sound.0),
        RecordRow::Damaged { position, reason, .. } => Err(damaged(position, &reason)),
    };
    rows.iter().map(read).collect()
}

/// Watermark and snapshots of a partition.
pub(crate) async fn snapshots(
    readers: &SqlitePool,
    partition: Partition,
    partitions: u32,
) -> Result<Snapshots, ReadError> {
    let (_, watermark) = log(readers, partition).await?;
    let keys = sqlx::query("SELECT partition, id FROM snapshots ORDER BY id").fetch_all(readers).await;
    let mut snapshots = Vec::new();
    for key in keys.map_err(|error| unavailable(&error))? {
        let claimed: i64 = key.try_get(0).unwrap_or(-1);
        let id: Vec<u8> = key.try_get(1).unwrap_or_default();
        let instance = <[u8; 16]>::try_from(&id[..]).ok().map(InstanceId);
        // A damaged key must not hide a snapshot: both of its halves say where it belongs.
        let home = instance.map(|id| partition_of(&id, partitions));
        if claimed != i64::from(partition.0) && home != Some(partition) {
            continue;
        }
        let row = sqlx::query("SELECT position, bytes, sum FROM snapshots WHERE partition = ? AND id = ?")
            .bind(claimed)
            .bind(&id)
            .fetch_optional(readers)
            .await
            .map_err(|error| unavailable(&error))?;
        let Some(row) = row else { continue };
        let read = || -> Option<Snapshot> {
            let (position, sum): (i64, i64) = (row.try_get(0).ok()?, row.try_get(2).ok()?);
            let bytes: &[u8] = row.try_get(1).ok()?;
            let sound = snapshot_sum(claimed, &id, position, bytes) == sum && home == Some(partition);
            let position = Position(position.cast_unsigned());
            sound.then(|| {
                Some(Snapshot { instance: instance?, position, bytes: Bytes::copy_from_slice(bytes) })
            })?
        };
        let trusted = instance.filter(|_| home == Some(partition) && claimed == i64::from(partition.0));
        snapshots
            .push(read().ok_or_else(|| corrupt(partition, Position::ZERO, trusted, "a snapshot is damaged")));
    }
    Ok(Snapshots { watermark, snapshots })
}

/// Bytes by their hash.
pub(crate) async fn blob(readers: &SqlitePool, hash: &BlobHash) -> Result<Option<Bytes>, ReadError> {
    let rows = sqlx::query("SELECT hash, again, bytes FROM blobs WHERE hash = ?1 OR again = ?1")
        .bind(&hash.0[..])
        .fetch_all(readers)
        .await
        .map_err(|error| unavailable(&error))?;
    let Some(row) = rows.first() else { return Ok(None) };
    let part = |column| row.try_get::<&[u8], _>(column).unwrap_or_default();
    let sound = rows.len() == 1 && part(0) == hash.0 && part(1) == hash.0 && BlobHash::of(part(2)) == *hash;
    if sound { Ok(Some(Bytes::copy_from_slice(part(2)))) } else { Err(ReadError::CorruptBlob(*hash)) }
}
