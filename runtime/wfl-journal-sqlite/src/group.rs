//! One group: all appends that came together, in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};
use wfl_journal::{AppendError, Appended, Clock};
use wfl_record::{InstanceId, NewRecord, Position, Record, Stamp, partition_of};

use crate::rows::{InstanceRow, log_sum, record_sum};

/// The sizes of multi-row inserts: few, so that their statements stay cached.
const SIZES: [usize; 4] = [64, 16, 4, 1];
/// How many rows of instances are kept in memory.
const KNOWN: usize = 65_536;

/// What the writer remembers between groups. All of it can be read again from the file.
pub(crate) struct Memory {
    pub(crate) partitions: u32,
    pub(crate) clock: Clock,
    pub(crate) last: i64,
    pub(crate) next_number: i64,
    pub(crate) known: HashMap<InstanceId, InstanceRow>,
    /// Of each partition.
    pub(crate) logs: Vec<Log>,
}

/// A partition's row.
#[derive(Clone, Copy)]
pub(crate) struct Log {
    pub(crate) tail: i64,
    pub(crate) watermark: i64,
    /// The row in the file does not hold. It is never written over: that would seal the damage.
    pub(crate) is_damaged: bool,
}

/// What is said of a partition whose row is damaged.
pub(crate) fn damaged_log() -> AppendError {
    AppendError::Damaged("the row of the partition's log is damaged".into())
}

/// The answers to a group, and the records that are new.
pub(crate) struct Done {
    pub(crate) answers: Vec<Result<Appended, AppendError>>,
    pub(crate) records: Vec<Record>,
}

/// A record with the place that it gets.
struct Placed {
    position: i64,
    at: i64,
    number: i64,
    message: String,
    bytes: Vec<u8>,
}

/// Writes a group inside the open transaction. On an error the transaction must be rolled back and the memory is
/// of no use any more.
pub(crate) async fn write(
    db: &mut SqliteConnection,
    memory: &mut Memory,
    group: Vec<NewRecord>,
) -> Result<Done, sqlx::Error> {
    memory.trim();
    let mut answers = Vec::with_capacity(group.len());
    let (mut placed, mut records) = (Vec::new(), Vec::new());
    let mut in_group: HashMap<(InstanceId, String), Appended> = HashMap::new();
    let mut touched = BTreeMap::new();
    for new in group {
        let id = new.envelope.instance;
        let message = new.envelope.message_id.to_string();
        if let Some(error) = misplaced(memory, &new) {
            answers.push(Err(error));
            continue;
        }
        let owner = match find(db, memory, &id).await? {
            Found::Damaged => {
                answers.push(Err(AppendError::Damaged("its row is damaged".into())));
                continue;
            }
            Found::Known(owner) => Some(owner),
            Found::None => None,
        };
        match admit(db, owner.as_ref(), &new, &message, &in_group).await? {
            Verdict::Answer(answer) => answers.push(answer),
            Verdict::Add => {
                let mut owner = owner.unwrap_or_else(|| memory.begin(id, &message));
                owner.count += 1;
                memory.last += 1;
                let (position, at) = (memory.last, memory.clock.now());
                let bytes = new.envelope.encode();
                placed.push(Placed {
                    position,
                    at: at.0,
                    number: owner.number,
                    message: message.clone(),
                    bytes,
                });
                memory.logs[new.partition.0 as usize].tail = position;
                touched.insert(owner.number, owner.clone());
                memory.known.insert(id, owner);
                let place = Position(position.cast_unsigned());
                let appended = Appended { position: place, at, duplicate: false };
                in_group.insert((id, message), Appended { duplicate: true, ..appended });
                records.push(Record {
                    partition: new.partition,
                    position: place,
                    at,
                    envelope: new.envelope,
                });
                answers.push(Ok(appended));
            }
        }
    }
    insert_records(db, &placed).await?;
    upsert_instances(db, touched.into_values().collect()).await?;
    let partitions: BTreeSet<u32> = records.iter().map(|record| record.partition.0).collect();
    for partition in partitions {
        update_log(db, memory, partition).await?;
    }
    Ok(Done { answers, records })
}

/// Why nothing can be appended where the record is to go.
fn misplaced(memory: &Memory, new: &NewRecord) -> Option<AppendError> {
    let Some(log) = memory.logs.get(new.partition.0 as usize) else {
        return Some(AppendError::Unavailable(format!("there is no partition {}", new.partition)));
    };
    if new.partition != partition_of(&new.envelope.instance, memory.partitions) {
        return Some(AppendError::Conflict);
    }
    log.is_damaged.then(damaged_log)
}

enum Verdict {
    Add,
    Answer(Result<Appended, AppendError>),
}

/// May the record be added, or is it there, or is it refused?
async fn admit(
    db: &mut SqliteConnection,
    owner: Option<&InstanceRow>,
    new: &NewRecord,
    message: &str,
    in_group: &HashMap<(InstanceId, String), Appended>,
) -> Result<Verdict, sqlx::Error> {
    let Some(owner) = owner else {
        return Ok(if new.first { Verdict::Add } else { Verdict::Answer(Err(AppendError::Conflict)) });
    };
    if new.first && owner.start != message {
        return Ok(Verdict::Answer(Err(AppendError::Conflict)));
    }
    if let Some(there) = in_group.get(&(owner.id, message.to_owned())) {
        return Ok(Verdict::Answer(Ok(*there)));
    }
    let row = sqlx::query("SELECT position, at, bytes, sum FROM records WHERE instance = ? AND message = ?")
        .bind(owner.number)
        .bind(message)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else {
        return Ok(if owner.purged { Verdict::Answer(Err(AppendError::Conflict)) } else { Verdict::Add });
    };
    let (position, at, sum): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(3)?);
    let bytes: &[u8] = row.try_get(2)?;
    if record_sum(position, owner.number, message, at, bytes) != sum {
        return Ok(Verdict::Answer(Err(AppendError::Damaged(
            "the record under this message id is damaged".into(),
        ))));
    }
    let position = Position(position.cast_unsigned());
    Ok(Verdict::Answer(Ok(Appended { position, at: Stamp(at), duplicate: true })))
}

pub(crate) enum Found {
    None,
    Known(InstanceRow),
    Damaged,
}

/// The row of an instance, from memory or from the file.
pub(crate) async fn find(
    db: &mut SqliteConnection,
    memory: &mut Memory,
    id: &InstanceId,
) -> Result<Found, sqlx::Error> {
    if let Some(known) = memory.known.get(id) {
        return Ok(Found::Known(known.clone()));
    }
    let row = sqlx::query("SELECT number, id, start, purged, count, sum FROM instances WHERE id = ?")
        .bind(&id.0[..])
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(Found::None) };
    Ok(InstanceRow::read(&row, 0).map_or(Found::Damaged, Found::Known))
}

impl Memory {
    fn begin(&mut self, id: InstanceId, start: &str) -> InstanceRow {
        self.next_number += 1;
        InstanceRow { number: self.next_number, id, start: start.to_owned(), purged: false, count: 0 }
    }

    fn trim(&mut self) {
        if self.known.len() > KNOWN {
            self.known.clear();
        }
    }
}

/// Splits into the sizes that have a statement.
fn sized<T>(mut rest: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len())?;
        let (now, later) = rest.split_at(size);
        rest = later;
        Some(now)
    })
}

fn insert(head: &str, columns: usize, rows: usize, tail: &str) -> AssertSqlSafe<String> {
    let row = format!("({})", vec!["?"; columns].join(","));
    AssertSqlSafe(format!("{head} VALUES {}{tail}", vec![row; rows].join(",")))
}

async fn insert_records(db: &mut SqliteConnection, placed: &[Placed]) -> Result<(), sqlx::Error> {
    for rows in sized(placed) {
        let head = "INSERT INTO records (position, instance, message, at, bytes, sum)";
        let mut query = sqlx::query::<sqlx::Sqlite>(insert(head, 6, rows.len(), ""));
        for row in rows {
            let sum = record_sum(row.position, row.number, &row.message, row.at, &row.bytes);
            query = query
                .bind(row.position)
                .bind(row.number)
                .bind(&row.message)
                .bind(row.at)
                .bind(&row.bytes[..])
                .bind(sum);
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Writes the rows of instances that are new or changed.
pub(crate) async fn upsert_instances(
    db: &mut SqliteConnection,
    touched: Vec<InstanceRow>,
) -> Result<(), sqlx::Error> {
    for rows in sized(&touched) {
        let head = "INSERT INTO instances (number, id, start, purged, count, sum)";
        let tail = " ON CONFLICT (number) DO UPDATE SET purged = excluded.purged, count = excluded.count, sum = excluded.sum";
        let mut query = sqlx::query::<sqlx::Sqlite>(insert(head, 6, rows.len(), tail));
        for row in rows {
            query = query
                .bind(row.number)
                .bind(&row.id.0[..])
                .bind(&row.start)
                .bind(i64::from(row.purged))
                .bind(row.count)
                .bind(row.sum());
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Writes a partition's tail and watermark.
pub(crate) async fn update_log(
    db: &mut SqliteConnection,
    memory: &Memory,
    partition: u32,
) -> Result<(), sqlx::Error> {
    let Log { tail, watermark, .. } = memory.logs[partition as usize];
    sqlx::query("UPDATE logs SET tail = ?, watermark = ?, sum = ? WHERE partition = ?")
        .bind(tail)
        .bind(watermark)
        .bind(log_sum(i64::from(partition), tail, watermark))
        .bind(i64::from(partition))
        .execute(db)
        .await?;
    Ok(())
}
