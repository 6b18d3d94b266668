//! One group: all appends that came together, in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use wfl_journal::{AppendError, Appended, Clock};
use wfl_record::{InstanceId, NewRecord, Position, Record, Stamp, partition_of};

use crate::insert::{self, Placed};
use crate::rows::{InstanceRow, record_sum};

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

/// How a group is decided.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Records are taken as new. The table refuses them if one is a repeat: that is rare, and looking each of them
    /// up beforehand is dear.
    Trusts,
    /// Every message id is looked up.
    LooksUp,
}

/// What is to be done with a group.
struct Plan {
    answers: Vec<Result<Appended, AppendError>>,
    placed: Vec<Placed>,
    touched: BTreeMap<i64, InstanceRow>,
    partitions: BTreeSet<u32>,
    /// What the group itself adds, as a repeat in the same group is answered.
    added: HashMap<(InstanceId, String), Appended>,
}

/// Writes a group inside the open transaction. On an error the transaction must be rolled back and the memory is
/// of no use any more.
pub(crate) async fn write(
    db: &mut SqliteConnection,
    memory: &mut Memory,
    group: Vec<NewRecord>,
) -> Result<Done, sqlx::Error> {
    memory.trim();
    let before = (memory.last, memory.next_number, memory.logs.clone());
    let mut plan = decide(db, memory, &group, Care::Trusts).await?;
    match insert::records(db, &plan.placed).await {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            // What was inserted before the repeat was met goes again.
            sqlx::query("DELETE FROM records WHERE position > ?").bind(before.0).execute(&mut *db).await?;
            (memory.last, memory.next_number, memory.logs) = before;
            memory.known.clear();
            plan = decide(db, memory, &group, Care::LooksUp).await?;
            insert::records(db, &plan.placed).await?;
        }
        other => other?,
    }
    insert::instances(db, &plan.touched.into_values().collect::<Vec<_>>()).await?;
    update_logs(db, memory, plan.partitions).await?;
    let added = |(new, answer): (NewRecord, &Result<Appended, AppendError>)| match answer {
        Ok(Appended { position, at, duplicate: false }) => {
            Some(Record { partition: new.partition, position: *position, at: *at, envelope: new.envelope })
        }
        _ => None,
    };
    let records = group.into_iter().zip(&plan.answers).filter_map(added).collect();
    Ok(Done { answers: plan.answers, records })
}

async fn decide(
    db: &mut SqliteConnection,
    memory: &mut Memory,
    group: &[NewRecord],
    care: Care,
) -> Result<Plan, sqlx::Error> {
    let mut plan = Plan {
        answers: Vec::with_capacity(group.len()),
        placed: Vec::with_capacity(group.len()),
        touched: BTreeMap::new(),
        partitions: BTreeSet::new(),
        added: HashMap::new(),
    };
    for new in group {
        let id = new.envelope.instance;
        let message = new.envelope.message_id.to_string();
        if let Some(error) = misplaced(memory, new) {
            plan.answers.push(Err(error));
            continue;
        }
        let owner = match find(db, memory, &id).await? {
            Found::Damaged => {
                plan.answers.push(Err(AppendError::Damaged("its row is damaged".into())));
                continue;
            }
            Found::Known(owner) => Some(owner),
            Found::None => None,
        };
        let answer = match admit(db, owner.as_ref(), new, &message, &plan.added, care).await? {
            Verdict::Answer(answer) => answer,
            Verdict::Add => {
                let owner = owner.unwrap_or_else(|| memory.begin(id, &message));
                Ok(plan.add(memory, owner, new, message))
            }
        };
        plan.answers.push(answer);
    }
    Ok(plan)
}

impl Plan {
    fn add(
        &mut self,
        memory: &mut Memory,
        mut owner: InstanceRow,
        new: &NewRecord,
        message: String,
    ) -> Appended {
        memory.last += 1;
        owner.count += 1;
        let (position, at) = (memory.last, memory.clock.now());
        let (number, bytes) = (owner.number, new.envelope.encode());
        self.placed.push(Placed { position, at: at.0, number, message: message.clone(), bytes });
        memory.logs[new.partition.0 as usize].tail = position;
        self.partitions.insert(new.partition.0);
        let appended = Appended { position: Position(position.cast_unsigned()), at, duplicate: false };
        self.added.insert((owner.id, message), Appended { duplicate: true, ..appended });
        self.touched.insert(number, owner.clone());
        memory.known.insert(owner.id, owner);
        appended
    }
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
    added: &HashMap<(InstanceId, String), Appended>,
    care: Care,
) -> Result<Verdict, sqlx::Error> {
    let Some(owner) = owner else {
        return Ok(if new.first { Verdict::Add } else { Verdict::Answer(Err(AppendError::Conflict)) });
    };
    if new.first && owner.start != message {
        return Ok(Verdict::Answer(Err(AppendError::Conflict)));
    }
    if let Some(there) = added.get(&(owner.id, message.to_owned())) {
        return Ok(Verdict::Answer(Ok(*there)));
    }
    if care == Care::Trusts && !new.first && !owner.purged {
        return Ok(Verdict::Add);
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

/// Writes the tails and watermarks of partitions.
pub(crate) async fn update_logs(
    db: &mut SqliteConnection,
    memory: &Memory,
    partitions: impl IntoIterator<Item = u32>,
) -> Result<(), sqlx::Error> {
    let row = |partition: u32| {
        let Log { tail, watermark, .. } = memory.logs[partition as usize];
        (i64::from(partition), tail, watermark)
    };
    insert::logs(db, &partitions.into_iter().map(row).collect::<Vec<_>>()).await
}
