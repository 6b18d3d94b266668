//! Purging: the records, the payloads and the snapshot of an instance go, its start stays, and its positions are remembered.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};
use wfl_journal::AppendError;
use wfl_record::{InstanceId, Position, partition_of};

use crate::group::{Found, Memory, find};
use crate::insert;
use crate::payload;
use crate::rows::{RecordRow, purged_sum};

/// Takes away all records of an instance but its start, and its snapshot, inside the open transaction, unless one
/// stands behind `last`. What is
/// damaged is left alone and said: it can no longer be told what belongs to the instance.
pub(crate) async fn purge(
    db: &mut SqliteConnection,
    memory: &mut Memory,
    id: &InstanceId,
    last: Position,
) -> Result<Result<(), AppendError>, sqlx::Error> {
    let damaged = |what: &str| Ok(Err(AppendError::Damaged(what.to_owned())));
    let mut owner = match find(db, memory, id).await? {
        Found::None => return Ok(Ok(())),
        Found::Damaged => return damaged("its row is damaged"),
        Found::Known(owner) if owner.purged => return Ok(Ok(())),
        Found::Known(owner) => owner,
    };
    let columns = RecordRow::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM records r JOIN instances i ON i.number = r.instance \
         WHERE r.instance = ? ORDER BY r.position"
    );
    let rows = sqlx::query(AssertSqlSafe(query)).bind(owner.number).fetch_all(&mut *db).await?;
    let home = partition_of(id, memory.partitions);
    let sound = |row| matches!(RecordRow::read(row, home, memory.partitions), RecordRow::Sound(_));
    if rows.len() as i64 != owner.count || !rows.iter().all(sound) {
        return damaged("its records are damaged");
    }
    if rows.last().is_some_and(|row| row.try_get::<i64, _>(0).is_ok_and(|at| at.cast_unsigned() > last.0)) {
        return Ok(Err(AppendError::Conflict));
    }
    let mut gone = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<&str, _>(2)? != owner.start {
            gone.push(row.try_get::<i64, _>(0)?);
        }
    }
    let gone = ranges(&gone);
    // All are looked at before anything is written: a refused purge leaves all as it was.
    for range in &gone {
        if touching(db, *range).await?.is_none() {
            return damaged("what is remembered of purged positions is damaged");
        }
    }
    for range in gone {
        remember(db, range).await?;
    }
    sqlx::query("DELETE FROM records WHERE instance = ? AND message <> ?")
        .bind(owner.number)
        .bind(&owner.start)
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM snapshots WHERE id = ?").bind(&id.0[..]).execute(&mut *db).await?;
    payload::remove(db, id).await?;
    (owner.purged, owner.count) = (true, 1);
    memory.known.insert(*id, owner.clone());
    insert::instances(db, &[owner]).await?;
    Ok(Ok(()))
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
