//! Reading: pages of the log, instances, snapshots and blobs, each row tested.

use bytes::Bytes;
use futures::TryStreamExt;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Row};
use wfl_journal::{BlobHash, ReadError, Snapshot, Snapshots};
use wfl_record::{InstanceId, Partition, Position, Record, partition_of};

use crate::rows::{InstanceRow, RecordRow, corrupt, log_sum, purged_sum, snapshot_sum};

/// Rows per page, and the bytes after which a page ends early.
const PAGE_ROWS: i64 = 512;
const PAGE_BYTES: usize = 4 << 20;
/// SQLite's result codes for a file whose pages make no sense.
const DAMAGED: [&str; 2] = ["11", "26"];

/// What SQLite's error says about the log of a partition behind a position.
pub(crate) fn failed(partition: Partition, after: Position, error: &sqlx::Error) -> ReadError {
    // An extended code has the plain one in its lowest byte.
    let plain = |code: &str| code.parse::<u32>().map(|code| (code & 0xff).to_string()).unwrap_or_default();
    let code = error.as_database_error().and_then(|error| error.code()).map(|code| plain(&code));
    if code.is_some_and(|code| DAMAGED.contains(&code.as_str())) {
        return corrupt(partition, after.next(), None, error.to_string());
    }
    ReadError::Unavailable(error.to_string())
}

/// A stretch of the journal.
pub(crate) struct Page {
    /// The rows, each with its position as it stands in the table.
    pub(crate) rows: Vec<(i64, RecordRow)>,
    /// The ranges of positions between and behind the rows whose records were removed.
    pub(crate) gaps: Vec<(i64, i64)>,
    /// The first position behind the rows whose record is neither there nor purged.
    pub(crate) lost: Option<Position>,
    /// Nothing stands behind it now.
    pub(crate) is_last: bool,
}

/// The next rows behind a position, for one partition. A position below zero begins before everything. Nothing up
/// to `end`, the end of the journal as the reader knows it, may be missing.
pub(crate) async fn page(
    readers: &SqlitePool,
    (partition, partitions): (Partition, u32),
    after: i64,
    end: Position,
) -> Result<Page, ReadError> {
    let failed = |error: sqlx::Error| failed(partition, Position(after.max(0).cast_unsigned()), &error);
    let columns = RecordRow::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM records r LEFT JOIN instances i ON i.number = r.instance \
         WHERE r.position > ? ORDER BY r.position LIMIT {PAGE_ROWS}"
    );
    let (mut rows, mut bytes, mut is_last, mut previous) = (Vec::new(), 0, true, after);
    let mut found = sqlx::query(AssertSqlSafe(query)).bind(after).fetch(readers);
    while let Some(row) = found.try_next().await.map_err(failed)? {
        bytes += row.try_get::<&[u8], _>(4).map_or(0, <[u8]>::len);
        let position: i64 = row.try_get(0).unwrap_or_default();
        if position <= previous {
            // Damaged pages can lead back to where the reading was: it would never end.
            let behind = Position(previous.max(0).cast_unsigned());
            return Err(corrupt(partition, behind.next(), None, "the records do not stand in their order"));
        }
        previous = position;
        rows.push((position, RecordRow::read(&row, partition, partitions)));
        if bytes > PAGE_BYTES || rows.len() as i64 == PAGE_ROWS {
            is_last = false;
            break;
        }
    }
    drop(found);
    let mut page = Page { rows, gaps: Vec::new(), lost: None, is_last };
    let gaps = gaps(&page, after.max(0), end.0.cast_signed());
    // Read after the rows: what a purge takes between the two is found in one of them.
    let purged = purged(readers, &gaps).await.map_err(failed)?;
    let is_purged = |gap: &(i64, i64)| purged.iter().any(|(first, last)| *first <= gap.0 && gap.1 <= *last);
    if let Some((first, _)) = gaps.iter().find(|gap| !is_purged(gap)) {
        page.rows.retain(|(position, _)| position < first);
        (page.lost, page.is_last) = (Some(Position(first.cast_unsigned())), true);
        return Ok(page);
    }
    page.gaps = gaps;
    Ok(page)
}

/// The positions that no row has, as ranges: between the rows, and behind them up to the end if they are the last.
fn gaps(page: &Page, after: i64, end: i64) -> Vec<(i64, i64)> {
    let (mut gaps, mut next) = (Vec::new(), after + 1);
    for (position, _) in page.rows.iter().filter(|(position, _)| *position > 0) {
        if *position > next {
            gaps.push((next, position - 1));
        }
        next = position.saturating_add(1);
    }
    if page.is_last && end >= next {
        gaps.push((next, end));
    }
    gaps
}

/// The sound ranges of purged positions that can cover the gaps.
async fn purged(readers: &SqlitePool, gaps: &[(i64, i64)]) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let (Some((from, _)), Some((_, to))) = (gaps.first(), gaps.last()) else { return Ok(Vec::new()) };
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT first, last, sum FROM purged WHERE first <= ?2 \
         AND first >= (SELECT coalesce(max(first), 0) FROM purged WHERE first <= ?1)",
    )
    .bind(from)
    .bind(to)
    .fetch_all(readers)
    .await?;
    let sound =
        |(first, last, sum): (i64, i64, i64)| (purged_sum(first, last) == sum).then_some((first, last));
    Ok(rows.into_iter().filter_map(sound).collect())
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
        .map_err(|error| failed(partition, Position::ZERO, &error))?;
    let read = |row: SqliteRow| -> Option<(Position, Position)> {
        let (tail, watermark, sum): (i64, i64, i64) =
            (row.try_get(0).ok()?, row.try_get(1).ok()?, row.try_get(2).ok()?);
        let sound = log_sum(i64::from(partition.0), tail, watermark) == sum;
        sound.then(|| (Position(tail.cast_unsigned()), Position(watermark.cast_unsigned())))
    };
    row.and_then(read)
        .ok_or_else(|| corrupt(partition, Position::ZERO, None, "the row of the partition's log is damaged"))
}

/// The records of an instance behind a position.
pub(crate) async fn instance(
    readers: &SqlitePool,
    id: &InstanceId,
    partitions: u32,
    after: Position,
) -> Result<Vec<Record>, ReadError> {
    let partition = partition_of(id, partitions);
    let failed = |error: sqlx::Error| failed(partition, Position::ZERO, &error);
    let damaged = |position, reason: &str| corrupt(partition, position, Some(*id), reason);
    // One transaction, so that an append between the two queries does not look like damage.
    let mut both = readers.begin().await.map_err(failed)?;
    let row = sqlx::query("SELECT number, id, start, purged, count, sum FROM instances WHERE id = ?")
        .bind(&id.0[..])
        .fetch_optional(&mut *both)
        .await
        .map_err(failed)?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let owner = InstanceRow::read(&row, 0).ok_or_else(|| damaged(Position::ZERO, "its row is damaged"))?;
    if owner.purged {
        return Ok(Vec::new());
    }
    let columns = RecordRow::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM records r JOIN instances i ON i.number = r.instance \
         WHERE r.instance = ? AND r.position > ? ORDER BY r.position"
    );
    // From the very beginning also rows are looked at that stand where no row can stand.
    let whole = after == Position::ZERO;
    let behind = if whole { i64::MIN } else { after.0.cast_signed() };
    let rows = sqlx::query(AssertSqlSafe(query)).bind(owner.number).bind(behind).fetch_all(&mut *both).await;
    let rows = rows.map_err(failed)?;
    if whole && rows.len() as i64 != owner.count {
        return Err(damaged(Position::ZERO, "it does not have as many records as were written"));
    }
    let read = |row| match RecordRow::read(row, partition, partitions) {
        RecordRow::Sound(sound) => Ok(sound.0),
        RecordRow::Elsewhere => {
            Err(damaged(Position::ZERO, "a record of another partition is among its own"))
        }
        RecordRow::Damaged { position, reason, .. } => Err(damaged(position, &reason)),
    };
    rows.iter().map(read).collect()
}

/// The start record of an instance, also of a purged one.
pub(crate) async fn start(
    readers: &SqlitePool,
    id: &InstanceId,
    partitions: u32,
) -> Result<Option<Record>, ReadError> {
    let partition = partition_of(id, partitions);
    let columns = RecordRow::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM instances i LEFT JOIN records r ON r.instance = i.number AND r.message = i.start \
         WHERE i.id = ?"
    );
    let row = sqlx::query(AssertSqlSafe(query))
        .bind(&id.0[..])
        .fetch_optional(readers)
        .await
        .map_err(|error| failed(partition, Position::ZERO, &error))?;
    match row.map(|row| RecordRow::read(&row, partition, partitions)) {
        None => Ok(None),
        Some(RecordRow::Sound(sound)) => Ok(Some(sound.0)),
        Some(_) => Err(corrupt(partition, Position::ZERO, Some(*id), "its start is damaged")),
    }
}

/// Watermark and snapshots of a partition.
pub(crate) async fn snapshots(
    readers: &SqlitePool,
    partition: Partition,
    partitions: u32,
) -> Result<Snapshots, ReadError> {
    let failed = |error: sqlx::Error| failed(partition, Position::ZERO, &error);
    let (_, watermark) = log(readers, partition).await?;
    let own = sqlx::query("SELECT id, position, bytes, sum FROM snapshots WHERE partition = ? ORDER BY id")
        .bind(i64::from(partition.0))
        .fetch_all(readers)
        .await
        .map_err(failed)?;
    let damaged = |instance| corrupt(partition, Position::ZERO, instance, "a snapshot is damaged");
    let mut snapshots: Vec<Result<Snapshot, ReadError>> = Vec::new();
    for row in &own {
        let id: Option<InstanceId> =
            row.try_get::<&[u8], _>(0).ok().and_then(|id| id.try_into().ok()).map(InstanceId);
        let at_home = id.filter(|id| partition_of(id, partitions) == partition);
        snapshots.push(snapshot(row, partition, at_home).ok_or_else(|| damaged(at_home)));
    }
    // Damage of the other half of the key must not hide a snapshot either: its id says where it belongs.
    let others: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM snapshots WHERE partition <> ?")
        .bind(i64::from(partition.0))
        .fetch_all(readers)
        .await
        .map_err(failed)?;
    let strays = others.iter().filter_map(|id| id.as_slice().try_into().ok()).map(InstanceId);
    let strays = strays.filter(|id| partition_of(id, partitions) == partition);
    snapshots.extend(strays.map(|id| Err(damaged(Some(id)))));
    Ok(Snapshots { watermark, snapshots })
}

/// The snapshot of an instance.
pub(crate) async fn one_snapshot(
    readers: &SqlitePool,
    id: &InstanceId,
    partitions: u32,
) -> Result<Option<Snapshot>, ReadError> {
    let partition = partition_of(id, partitions);
    let row = sqlx::query("SELECT id, position, bytes, sum FROM snapshots WHERE partition = ? AND id = ?")
        .bind(i64::from(partition.0))
        .bind(&id.0[..])
        .fetch_optional(readers)
        .await
        .map_err(|error| failed(partition, Position::ZERO, &error))?;
    let Some(row) = row else { return Ok(None) };
    let damaged = || corrupt(partition, Position::ZERO, Some(*id), "its snapshot is damaged");
    snapshot(&row, partition, Some(*id)).map(Some).ok_or_else(damaged)
}

/// A row `id, position, bytes, sum` of `snapshots`, if it is sound.
fn snapshot(row: &SqliteRow, partition: Partition, instance: Option<InstanceId>) -> Option<Snapshot> {
    let instance = instance?;
    let (position, sum): (i64, i64) = (row.try_get(1).ok()?, row.try_get(3).ok()?);
    let bytes: &[u8] = row.try_get(2).ok()?;
    let sound = snapshot_sum(i64::from(partition.0), &instance.0, position, bytes) == sum;
    let position = Position(position.cast_unsigned());
    sound.then(|| Snapshot { instance, position, bytes: Bytes::copy_from_slice(bytes) })
}

/// Bytes by their hash.
pub(crate) async fn blob(readers: &SqlitePool, hash: &BlobHash) -> Result<Option<Bytes>, ReadError> {
    let rows = sqlx::query("SELECT hash, again, bytes FROM blobs WHERE hash = ?1 OR again = ?1")
        .bind(&hash.0[..])
        .fetch_all(readers)
        .await
        .map_err(|error| match failed(Partition(0), Position::ZERO, &error) {
            ReadError::Corrupt { .. } => ReadError::CorruptBlob(*hash),
            other => other,
        })?;
    let Some(row) = rows.first() else { return Ok(None) };
    let part = |column| row.try_get::<&[u8], _>(column).unwrap_or_default();
    let sound = rows.len() == 1 && part(0) == hash.0 && part(1) == hash.0 && BlobHash::of(part(2)) == *hash;
    if sound { Ok(Some(Bytes::copy_from_slice(part(2)))) } else { Err(ReadError::CorruptBlob(*hash)) }
}
