//! The writer: one task, one connection, one transaction per group. It acknowledges after COMMIT and stops at the
//! first failure: after a failed sync nobody knows what the disk holds.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};
use tokio::sync::{mpsc, oneshot, watch};
use wfl_journal::{AppendError, Appended, BlobHash, Snapshot};
use wfl_record::{InstanceId, NewRecord, Partition, Position, Record};

use crate::group::{self, Found, Memory};
use crate::payload;
use crate::purge::{self, Taken};
use crate::rows::snapshot_sum;
use crate::shared::Shared;

/// How many commands one transaction takes at most.
pub(crate) const GROUP: usize = 512;
/// After so long without work the write-ahead log is copied into the file.
const IDLE: Duration = Duration::from_millis(500);

/// Something to write, and where the answer goes.
pub(crate) enum Command {
    Append(NewRecord, oneshot::Sender<Result<Appended, AppendError>>),
    Snapshot(Partition, Snapshot, oneshot::Sender<Result<(), AppendError>>),
    DropSnapshot(InstanceId, oneshot::Sender<Result<(), AppendError>>),
    Watermark(Partition, Position, oneshot::Sender<Result<(), AppendError>>),
    Blob(Bytes, oneshot::Sender<Result<BlobHash, AppendError>>),
    Payload(InstanceId, Bytes, oneshot::Sender<Result<BlobHash, AppendError>>),
    Take(InstanceId, Taken, oneshot::Sender<Result<(), AppendError>>),
}

/// Why nothing more is taken.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    /// COMMIT failed: nobody knows whether the last group is in the file.
    pub(crate) in_doubt: bool,
}

pub(crate) struct Writer {
    pub(crate) db: SqliteConnection,
    /// Held until the last group is written, also when the journal was only dropped.
    pub(crate) lock: File,
    pub(crate) memory: Memory,
    pub(crate) shared: Arc<Shared>,
    pub(crate) news: watch::Sender<()>,
    pub(crate) commands: mpsc::Receiver<Command>,
}

/// What goes out once the transaction is committed.
#[derive(Default)]
struct Effects {
    answers: Vec<Box<dyn FnOnce() + Send>>,
    records: Vec<Record>,
    forget: Vec<InstanceId>,
}

impl Writer {
    /// Runs until the journal is dropped. `failed` tells why nothing more is taken.
    pub(crate) async fn run(mut self, failed: watch::Sender<Option<Failure>>) {
        let mut dirty = false;
        loop {
            let mut commands = Vec::new();
            let received = self.commands.recv_many(&mut commands, GROUP);
            let count = if dirty {
                match tokio::time::timeout(IDLE, received).await {
                    Ok(count) => count,
                    Err(_) => {
                        // What cannot be copied now is copied later.
                        let _ = self.db.execute("PRAGMA wal_checkpoint(PASSIVE)").await;
                        dirty = false;
                        continue;
                    }
                }
            } else {
                received.await
            };
            if count == 0 {
                break;
            }
            dirty = true;
            let failure = failed.borrow().clone();
            if let Some(failure) = failure {
                commands.into_iter().for_each(|command| refuse(command, &failure.reason));
            } else if let Err((error, in_doubt)) = self.transact(commands).await {
                let reason = format!("a write failed ({error}); reopen the journal once this is mended");
                failed.send_replace(Some(Failure { reason, in_doubt }));
            }
        }
        // The end of the task closes the file; nothing that was acknowledged depends on it.
        let _ = self.db.close().await;
        drop(self.lock);
    }

    /// One transaction for all commands. On failure none of them is answered here, and it is said whether what
    /// they wrote may be in the file nevertheless.
    async fn transact(&mut self, commands: Vec<Command>) -> Result<(), (sqlx::Error, bool)> {
        self.db.execute("BEGIN IMMEDIATE").await.map_err(|error| (error, false))?;
        let mut effects = Effects::default();
        if let Err(error) = self.write(commands, &mut effects).await {
            // Some errors have rolled it back already.
            let _ = self.db.execute("ROLLBACK").await;
            return Err((error, false));
        }
        self.db.execute("COMMIT").await.map_err(|error| (error, true))?;
        for instance in &effects.forget {
            self.shared.forget(instance);
        }
        self.shared.publish(effects.records, &self.news);
        effects.answers.into_iter().for_each(|answer| answer());
        Ok(())
    }

    /// Writes the commands in their order: runs of appends as groups, the rest one by one.
    async fn write(&mut self, commands: Vec<Command>, effects: &mut Effects) -> Result<(), sqlx::Error> {
        let (mut group, mut replies) = (Vec::new(), Vec::new());
        for command in commands {
            match command {
                Command::Append(record, reply) => {
                    group.push(record);
                    replies.push(reply);
                }
                other => {
                    self.flush(&mut group, &mut replies, effects).await?;
                    self.single(other, effects).await?;
                }
            }
        }
        self.flush(&mut group, &mut replies, effects).await
    }

    async fn flush(
        &mut self,
        group: &mut Vec<NewRecord>,
        replies: &mut Vec<oneshot::Sender<Result<Appended, AppendError>>>,
        effects: &mut Effects,
    ) -> Result<(), sqlx::Error> {
        if group.is_empty() {
            return Ok(());
        }
        let done = group::write(&mut self.db, &mut self.memory, std::mem::take(group)).await?;
        effects.records.extend(done.records);
        for (reply, answer) in replies.drain(..).zip(done.answers) {
            effects.answers.push(Box::new(move || drop(reply.send(answer))));
        }
        Ok(())
    }

    async fn single(&mut self, command: Command, effects: &mut Effects) -> Result<(), sqlx::Error> {
        match command {
            Command::Append(..) => {}
            Command::Snapshot(partition, snapshot, reply) => {
                let answer = self.snapshot(partition, snapshot).await?;
                effects.answers.push(Box::new(move || drop(reply.send(answer))));
            }
            Command::DropSnapshot(instance, reply) => {
                let home = wfl_record::partition_of(&instance, self.memory.partitions);
                sqlx::query("DELETE FROM snapshots WHERE partition = ? AND id = ?")
                    .bind(i64::from(home.0))
                    .bind(&instance.0[..])
                    .execute(&mut self.db)
                    .await?;
                effects.answers.push(Box::new(move || drop(reply.send(Ok(())))));
            }
            Command::Watermark(partition, position, reply) => {
                let answer = self.watermark(partition, position).await?;
                effects.answers.push(Box::new(move || drop(reply.send(answer))));
            }
            Command::Blob(bytes, reply) => {
                let hash = self.blob(&bytes).await?;
                effects.answers.push(Box::new(move || drop(reply.send(Ok(hash)))));
            }
            Command::Payload(instance, bytes, reply) => {
                let answer = payload::put(&mut self.db, &mut self.memory, &instance, &bytes).await?;
                effects.answers.push(Box::new(move || drop(reply.send(answer))));
            }
            Command::Take(instance, what, reply) => {
                let answer = purge::take(&mut self.db, &mut self.memory, &instance, what).await?;
                let all = matches!(what, Taken::All { .. }) && answer.is_ok();
                effects.forget.extend(all.then_some(instance));
                effects.answers.push(Box::new(move || drop(reply.send(answer))));
            }
        }
        Ok(())
    }

    async fn watermark(
        &mut self,
        partition: Partition,
        position: Position,
    ) -> Result<Result<(), AppendError>, sqlx::Error> {
        match self.memory.logs.get_mut(partition.0 as usize) {
            None => Ok(Err(AppendError::Unavailable(format!("there is no partition {partition}")))),
            Some(log) if log.is_damaged => Ok(Err(group::damaged_log())),
            Some(log) => {
                log.watermark = log.watermark.max(position.0.cast_signed());
                group::update_logs(&mut self.db, &self.memory, [partition.0]).await?;
                Ok(Ok(()))
            }
        }
    }

    /// Puts a blob, unless it is there and sound.
    async fn blob(&mut self, bytes: &Bytes) -> Result<BlobHash, sqlx::Error> {
        let hash = BlobHash::of(bytes);
        let there: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> =
            sqlx::query_as("SELECT hash, again, bytes FROM blobs WHERE hash = ?1 OR again = ?1")
                .bind(&hash.0[..])
                .fetch_all(&mut self.db)
                .await?;
        if let [(one, two, stored)] = &there[..]
            && (one.as_slice(), two.as_slice()) == (&hash.0[..], &hash.0[..])
            && stored == bytes
        {
            return Ok(hash);
        }
        sqlx::query("DELETE FROM blobs WHERE hash = ?1 OR again = ?1")
            .bind(&hash.0[..])
            .execute(&mut self.db)
            .await?;
        sqlx::query("INSERT INTO blobs (hash, again, bytes) VALUES (?1, ?1, ?2)")
            .bind(&hash.0[..])
            .bind(&bytes[..])
            .execute(&mut self.db)
            .await?;
        Ok(hash)
    }

    async fn snapshot(
        &mut self,
        partition: Partition,
        snapshot: Snapshot,
    ) -> Result<Result<(), AppendError>, sqlx::Error> {
        let home = wfl_record::partition_of(&snapshot.instance, self.memory.partitions);
        match group::find(&mut self.db, &mut self.memory, &snapshot.instance).await? {
            Found::Known(owner) if !owner.purged && home == partition => {}
            Found::Damaged => return Ok(Err(AppendError::Damaged("its row is damaged".into()))),
            _ => return Ok(Err(AppendError::Conflict)),
        }
        let (id, position) = (&snapshot.instance.0[..], snapshot.position.0.cast_signed());
        let partition = i64::from(partition.0);
        sqlx::query(
            "INSERT INTO snapshots (partition, id, position, bytes, sum) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (partition, id) DO UPDATE SET position = excluded.position, bytes = excluded.bytes, \
             sum = excluded.sum WHERE snapshots.position <= excluded.position",
        )
        .bind(partition)
        .bind(id)
        .bind(position)
        .bind(&snapshot.bytes[..])
        .bind(snapshot_sum(partition, id, position, &snapshot.bytes))
        .execute(&mut self.db)
        .await?;
        Ok(Ok(()))
    }
}

/// Answers a command that is not carried out. An asker that is gone needs no answer.
fn refuse(command: Command, reason: &str) {
    let error = AppendError::Unavailable(reason.to_owned());
    match command {
        Command::Append(_, reply) => drop(reply.send(Err(error))),
        Command::Snapshot(_, _, reply)
        | Command::Watermark(_, _, reply)
        | Command::DropSnapshot(_, reply)
        | Command::Take(_, _, reply) => drop(reply.send(Err(error))),
        Command::Blob(_, reply) | Command::Payload(_, _, reply) => drop(reply.send(Err(error))),
    }
}
