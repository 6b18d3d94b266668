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

/// Whether a row is the last of its instance is asked only of those that may be named.
const ROWS: &str = "SELECT r.position, r.at, \
    CASE WHEN i.purged = 0 AND r.at < ?2 THEN NOT EXISTS \
      (SELECT 1 FROM records l WHERE l.instance = r.instance AND l.position > r.position) ELSE 0 END, \
    i.number, i.id, i.start, i.purged, i.count, i.sum \
    FROM records r LEFT JOIN instances i ON i.number = r.instance \
    WHERE r.position > ?1 ORDER BY r.position";

/// The instances whose last record stands behind a position and is older than `before`; see the trait. `tail` is the
/// end of the partition's log as it was before.
pub(crate) async fn last_records(
    readers: &SqlitePool,
    (partition, partitions): (Partition, u32),
    tail: Position,
    after: Position,
    before: Stamp,
    most: usize,
) -> Result<LastRecords, ReadError> {
    let failed = |error: sqlx::Error| failed(partition, after, &error);
    let mut found = sqlx::query(ROWS).bind(after.0.cast_signed()).bind(before.0).fetch(readers);
    let (mut instances, mut next, mut walked): (Vec<(InstanceId, Position)>, _, _) = (Vec::new(), after, 0);
    while let Some(row) = found.try_next().await.map_err(failed)? {
        if walked == WALK || instances.len() >= most {
            return Ok(LastRecords { instances, next, ahead: Ahead::More });
        }
        walked += 1;
        let position = Position(row.try_get::<i64, _>(0).unwrap_or_default().max(0).cast_unsigned());
        if position <= next {
            // Damaged pages can lead back to where the walk was: it would never end.
            return Err(corrupt(partition, next.next(), None, "the records do not stand in their order"));
        }
        let owner = InstanceRow::read(&row, 3).filter(|owner| !owner.purged);
        if let Some(owner) = owner.filter(|owner| partition_of(&owner.id, partitions) == partition) {
            let at = Stamp(row.try_get(1).unwrap_or(i64::MAX));
            if at >= before {
                return Ok(LastRecords { instances, next, ahead: Ahead::Young(at) });
            }
            if row.try_get::<i64, _>(2).is_ok_and(|is_last| is_last == 1) {
                instances.push((owner.id, position));
            }
        }
        next = position;
    }
    // A purge may have taken what stood at the end.
    Ok(LastRecords { instances, next: next.max(tail), ahead: Ahead::Nothing })
}
