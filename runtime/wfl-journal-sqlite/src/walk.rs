//! The walk over last records: which instances have nothing behind a stretch of the log.

use futures::TryStreamExt;
use sqlx::Row;
use sqlx::sqlite::SqlitePool;
use wfl_journal::{Ahead, LastRecords, ReadError};
use wfl_record::{InstanceId, Partition, Position, Stamp, partition_of};

use crate::read::failed;
use crate::rows::{InstanceRow, corrupt};

/// How many rows one walk looks at. It leaves out their bytes, so that they are cheap.
const WALK: usize = 4_096;

/// The rows of a stretch.
const ROWS: &str = "SELECT r.position, r.at, i.number, i.id, i.start, i.purged, i.count, i.sum \
    FROM records r LEFT JOIN instances i ON i.number = r.instance WHERE r.position > ? ORDER BY r.position";

/// Of each instance its last row in a stretch, unless there is one behind. That is looked for once per instance, not per
/// row: it may mean to look at all rows of the instance.
const LASTS: &str = "SELECT p.last, i.number, i.id, i.start, i.purged, i.count, i.sum \
    FROM (SELECT instance, max(position) AS last FROM records WHERE position > ?1 AND position <= ?2 \
      GROUP BY instance) p \
    JOIN instances i ON i.number = p.instance WHERE i.purged = 0 AND NOT EXISTS \
      (SELECT 1 FROM records l WHERE l.instance = p.instance AND l.position > p.last) ORDER BY p.last";

/// The instances whose last record stands behind a position and is older than `before`; see the trait. `tail` is the
/// end of the partition's log as it was before.
pub(crate) async fn last_records(
    readers: &SqlitePool,
    home: (Partition, u32),
    tail: Position,
    after: Position,
    before: Stamp,
    most: usize,
) -> Result<LastRecords, ReadError> {
    let (end, ahead) = stretch(readers, home, tail, after, before).await?;
    let failed = |error: sqlx::Error| failed(home.0, after, &error);
    let (from, to) = (after.0.cast_signed(), end.0.cast_signed());
    let mut found = sqlx::query(LASTS).bind(from).bind(to).fetch(readers);
    let mut instances: Vec<(InstanceId, Position)> = Vec::new();
    while let Some(row) = found.try_next().await.map_err(failed)? {
        let owner = InstanceRow::read(&row, 1).filter(|owner| partition_of(&owner.id, home.1) == home.0);
        let Some(owner) = owner else { continue };
        instances.push((owner.id, Position(row.try_get::<i64, _>(0).unwrap_or(to).cast_unsigned())));
        if let Some((_, last)) = instances.last().filter(|_| instances.len() >= most) {
            // Whoever else stands in the stretch has a later last record in it.
            let next = *last;
            return Ok(LastRecords { instances, next, ahead: Ahead::More });
        }
    }
    Ok(LastRecords { instances, next: end, ahead })
}

/// How far the walk comes at once: up to a record that is too young, the end, or so many rows.
async fn stretch(
    readers: &SqlitePool,
    (partition, partitions): (Partition, u32),
    tail: Position,
    after: Position,
    before: Stamp,
) -> Result<(Position, Ahead), ReadError> {
    let failed = |error: sqlx::Error| failed(partition, after, &error);
    let mut found = sqlx::query(ROWS).bind(after.0.cast_signed()).fetch(readers);
    let (mut next, mut walked) = (after, 0);
    while let Some(row) = found.try_next().await.map_err(failed)? {
        if walked == WALK {
            return Ok((next, Ahead::More));
        }
        walked += 1;
        let position = Position(row.try_get::<i64, _>(0).unwrap_or_default().max(0).cast_unsigned());
        if position <= next {
            // Damaged pages can lead back to where the walk was: it would never end.
            return Err(corrupt(partition, next.next(), None, "the records do not stand in their order"));
        }
        let owner = InstanceRow::read(&row, 2).filter(|owner| !owner.purged);
        if owner.is_some_and(|owner| partition_of(&owner.id, partitions) == partition) {
            let at = Stamp(row.try_get(1).unwrap_or(i64::MAX));
            if at >= before {
                return Ok((next, Ahead::Young(at)));
            }
        }
        next = position;
    }
    // A purge may have taken what stood at the end.
    Ok((next.max(tail), Ahead::Nothing))
}
