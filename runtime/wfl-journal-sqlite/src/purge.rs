//! Purging and trimming: records of an instance go, with their payloads and at last its snapshot; its start stays, and the
//! positions are remembered.

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;
use wfl_journal::AppendError;
use wfl_record::{InstanceId, Position, Record, Reference, partition_of};

use crate::group::{Found, Memory, find};
use crate::insert;
use crate::payload;
use crate::rows::{RecordRow, purged_sum};

/// What is taken away of an instance. Its start always stays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taken {
    /// All, unless a record stands behind the last one that whoever purges knows of.
    All {
        /// That one.
        last: Position,
    },
    /// The records up to a position; the instance goes on.
    UpTo(Position),
}

/// Takes records of an instance away, with their payloads, and with its snapshot if they are all, inside the open
/// transaction. What is damaged is left alone and said: it can no longer be told what belongs to the instance.
pub(crate) async fn take(
    db: &mut SqliteConnection,
    memory: &mut Memory,
    id: &InstanceId,
    what: Taken,
) -> Result<Result<(), AppendError>, sqlx::Error> {
    let damaged = |what: &str| Ok(Err(AppendError::Damaged(what.to_owned())));
    let mut owner = match find(db, memory, id).await? {
        Found::None => return Ok(Ok(())),
        Found::Damaged => return damaged("its row is damaged"),
        Found::Known(owner) if owner.purged => return Ok(Ok(())),
        Found::Known(owner) => owner,
    };
    let Some(records) = records(db, memory, id, owner.number).await? else {
        return damaged("its records are damaged");
    };
    if records.len() as i64 != owner.count {
        return damaged("its records are damaged");
    }
    let (up_to, all) = match what {
        Taken::All { last } if records.last().is_some_and(|record| record.position > last) => {
            return Ok(Err(AppendError::Conflict));
        }
        Taken::All { last } => (last, true),
        Taken::UpTo(up_to) => (up_to, false),
    };
    let goes =
        |record: &&Record| record.position <= up_to && record.envelope.message_id.as_str() != owner.start;
    let positions: Vec<i64> =
        records.iter().filter(goes).map(|record| record.position.0.cast_signed()).collect();
    let gone = ranges(&positions);
    // All are looked at before anything is written: what is refused leaves all as it was.
    for range in &gone {
        if touching(db, *range).await?.is_none() {
            return damaged("what is remembered of purged positions is damaged");
        }
    }
    for (first, last) in gone {
        sqlx::query("DELETE FROM records WHERE instance = ? AND position BETWEEN ? AND ?")
            .bind(owner.number)
            .bind(first)
            .bind(last)
            .execute(&mut *db)
            .await?;
        remember(db, (first, last)).await?;
    }
    let refers = |record: &Record| Reference::of(&record.envelope).map(|reference| reference.hash);
    if all {
        sqlx::query("DELETE FROM snapshots WHERE id = ?").bind(&id.0[..]).execute(&mut *db).await?;
        payload::remove(db, id).await?;
    } else {
        let stays: Vec<_> = records.iter().filter(|record| !goes(record)).filter_map(refers).collect();
        for hash in records.iter().filter(goes).filter_map(refers).filter(|hash| !stays.contains(hash)) {
            payload::remove_one(db, id, &hash).await?;
        }
    }
    owner.purged = all;
    owner.count -= positions.len() as i64;
    memory.known.insert(*id, owner.clone());
    insert::instances(db, &[owner]).await?;
    Ok(Ok(()))
}

/// The records of an instance, in their order; none when one is damaged.
async fn records(
    db: &mut SqliteConnection,
    memory: &Memory,
    id: &InstanceId,
    number: i64,
) -> Result<Option<Vec<Record>>, sqlx::Error> {
    let columns = RecordRow::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM records r JOIN instances i ON i.number = r.instance \
         WHERE r.instance = ? ORDER BY r.position"
    );
    let rows = sqlx::query(AssertSqlSafe(query)).bind(number).fetch_all(&mut *db).await?;
    let home = partition_of(id, memory.partitions);
    let sound = |row| match RecordRow::read(row, home, memory.partitions) {
        RecordRow::Sound(sound) => Some(sound.0),
        _ => None,
    };
    Ok(rows.iter().map(sound).collect())
}

/// Growing positions as ranges.
fn ranges(positions: &[i64]) -> Vec<(i64, i64)> {
    let follows = |a: &i64, b: &i64| a + 1 == *b;
    positions.chunk_by(follows).filter_map(|run| Some((*run.first()?, *run.last()?))).collect()
}

/// The remembered ranges right before and right behind a range; none when the one or the other is damaged.
async fn touching(
    db: &mut SqliteConnection,
    (first, last): (i64, i64),
) -> Result<Option<Vec<(i64, i64)>>, sqlx::Error> {
    let before = "SELECT first, last, sum FROM purged WHERE first < ? ORDER BY first DESC LIMIT 1";
    let behind = "SELECT first, last, sum FROM purged WHERE first > ? ORDER BY first LIMIT 1";
    let mut ranges = Vec::new();
    for (query, key) in [(before, first), (behind, last)] {
        let range: Option<(i64, i64, i64)> = sqlx::query_as(query).bind(key).fetch_optional(&mut *db).await?;
        let Some((from, to, sum)) = range else { continue };
        if purged_sum(from, to) != sum {
            return Ok(None);
        }
        if to + 1 == first || last + 1 == from {
            ranges.push((from, to));
        }
    }
    Ok(Some(ranges))
}

/// Adds a range to those that are remembered, joined with the ranges that it touches.
async fn remember(db: &mut SqliteConnection, (first, last): (i64, i64)) -> Result<(), sqlx::Error> {
    let joined = touching(db, (first, last)).await?.unwrap_or_default();
    let from = joined.iter().fold(first, |from, range| from.min(range.0));
    let to = joined.iter().fold(last, |to, range| to.max(range.1));
    sqlx::query("DELETE FROM purged WHERE first BETWEEN ? AND ?")
        .bind(from)
        .bind(to)
        .execute(&mut *db)
        .await?;
    sqlx::query("INSERT INTO purged (first, last, sum) VALUES (?, ?, ?)")
        .bind(from)
        .bind(to)
        .bind(purged_sum(from, to))
        .execute(&mut *db)
        .await?;
    Ok(())
}
