//! `SqliteJournal`: the trait over the writer, the readers and the followers.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use futures::stream::BoxStream;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use wfl_journal::{
    AppendError, Appended, BlobHash, Durability, Followed, Journal, LastRecords, Limits, NewRecord,
    ReadError, Record, Snapshot, Snapshots,
};
use wfl_record::{InstanceId, Partition, Position, Stamp};

use crate::follower::{Follower, Phase};
use crate::group::{Log, Memory};
use crate::open::{self, OpenError, Options};
use crate::payload;
use crate::purge::Taken;
use crate::read;
use crate::rows::log_sum;
use crate::shared::Shared;
use crate::walk;
use crate::writer::{Command, Failure, GROUP, Writer};

/// The embedded journal. One process at a time has it open. Closing it gives it free; after a mere drop that happens
/// a moment later, once its writer has written what it took.
pub struct SqliteJournal {
    partitions: u32,
    limits: Limits,
    readers: SqlitePool,
    shared: Arc<Shared>,
    news: watch::Receiver<()>,
    failed: watch::Receiver<Option<Failure>>,
    /// Taken when the journal is closed: the writer ends when nobody can send any more.
    commands: Mutex<Option<mpsc::Sender<Command>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteJournal {
    /// Opens the journal in a file, or creates it. Errors: see [`OpenError`].
    pub async fn open(path: &Path, options: Options) -> Result<SqliteJournal, OpenError> {
        let mut opened = open::open(path, &options).await?;
        let loaded = load(&mut opened.writer, &options).await;
        let memory = loaded
            .map_err(|error| OpenError::Unusable { path: path.to_owned(), reason: error.to_string() })?;
        let tails: Vec<Position> = memory.logs.iter().map(|log| Position(log.tail.cast_unsigned())).collect();
        let shared = Arc::new(Shared::new(&tails, Position(memory.last.cast_unsigned())));
        let (sender, commands) = mpsc::channel(2 * GROUP);
        let (news, hear) = watch::channel(());
        let (failing, failed) = watch::channel(None);
        let partitions = memory.partitions;
        let (db, lock) = (opened.writer, opened.lock);
        let writer = Writer { db, lock, memory, shared: Arc::clone(&shared), news, commands };
        let writer = tokio::spawn(writer.run(failing));
        Ok(SqliteJournal {
            partitions,
            limits: options.limits,
            readers: opened.readers,
            shared,
            news: hear,
            failed,
            commands: Mutex::new(Some(sender)),
            writer: Mutex::new(Some(writer)),
        })
    }

    /// Takes nothing more, waits until all that was taken is written, and gives the file free.
    pub async fn close(&self) {
        let commands = locked(&self.commands).take();
        // Readers first: the last connection to go copies the write-ahead log into the file, and only the writer can.
        self.readers.close().await;
        drop(commands);
        let writer = locked(&self.writer).take();
        if let Some(writer) = writer {
            // A writer that panicked has nothing left to write.
            let _ = writer.await;
        }
    }

    /// Sends a command, now if there is room, and waits for its answer. Commands are carried out in the order of the
    /// calls as long as there is room.
    fn ask<T: Send + 'static>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, AppendError>>) -> Command,
    ) -> BoxFuture<'_, Result<T, AppendError>> {
        let (reply, answer) = oneshot::channel();
        let closed = || AppendError::Unavailable("it is closed".into());
        let Some(commands) = locked(&self.commands).clone() else { return ready(Err(closed())).boxed() };
        let waiting = match commands.try_send(command(reply)) {
            Ok(()) => None,
            Err(TrySendError::Full(command)) => Some((commands, command)),
            Err(TrySendError::Closed(_)) => return ready(Err(closed())).boxed(),
        };
        async move {
            if let Some((commands, command)) = waiting {
                commands.send(command).await.map_err(|_| closed())?;
            }
            match answer.await {
                Ok(answer) => answer,
                Err(_) => Err(self.unanswered().await),
            }
        }
        .boxed()
    }

    /// What became of a command whose reply the writer dropped: it says so a moment later, unless it is gone.
    async fn unanswered(&self) -> AppendError {
        let mut failed = self.failed.clone();
        let failure = failed.wait_for(Option::is_some).await.ok().and_then(|failure| failure.clone());
        match failure {
            Some(Failure { reason, in_doubt: false }) => AppendError::Unavailable(reason),
            Some(Failure { reason, in_doubt: true }) => AppendError::Unknown(reason),
            None => AppendError::Unknown("the writer ended".into()),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the writer has to know of the file.
async fn load(db: &mut SqliteConnection, options: &Options) -> Result<Memory, sqlx::Error> {
    let mut logs = Vec::new();
    for partition in 0..options.partitions.max(1) {
        let row: Option<(i64, i64, i64)> =
            sqlx::query_as("SELECT tail, watermark, sum FROM logs WHERE partition = ?")
                .bind(partition)
                .fetch_optional(&mut *db)
                .await?;
        let sound = row.filter(|(tail, watermark, sum)| log_sum(partition.into(), *tail, *watermark) == *sum);
        let (tail, watermark, _) = sound.unwrap_or_default();
        logs.push(Log { tail, watermark, is_damaged: sound.is_none() });
    }
    let mut last = logs.iter().map(|log| log.tail).max().unwrap_or_default();
    // No position is used twice, also where the row of the last one's log is damaged.
    for query in ["SELECT max(position) FROM records", "SELECT max(last) FROM purged"] {
        let found: Option<i64> = sqlx::query_scalar(query).fetch_one(&mut *db).await?;
        last = last.max(found.unwrap_or_default());
    }
    let numbers: Option<i64> =
        sqlx::query_scalar("SELECT max(number) FROM instances").fetch_one(&mut *db).await?;
    Ok(Memory {
        partitions: logs.len() as u32,
        clock: options.clock.clone(),
        last,
        next_number: numbers.unwrap_or_default(),
        known: HashMap::new(),
        logs,
    })
}

impl Journal for SqliteJournal {
    fn partitions(&self) -> u32 {
        self.partitions
    }

    fn append(&self, record: NewRecord) -> BoxFuture<'_, Result<Appended, AppendError>> {
        if let Err(error) = self.limits.admit_payload(&record.envelope.payload) {
            return ready(Err(error)).boxed();
        }
        self.ask(|reply| Command::Append(record, reply))
    }

    fn follow(
        &self,
        partition: Partition,
        after: Position,
    ) -> BoxStream<'static, Result<Followed, ReadError>> {
        Follower {
            readers: self.readers.clone(),
            shared: Arc::clone(&self.shared),
            news: self.news.clone(),
            partition,
            partitions: self.partitions,
            cursor: after,
            phase: Phase::Begins,
            ready: VecDeque::new(),
        }
        .stream()
    }

    fn tail(&self, partition: Partition) -> BoxFuture<'_, Result<Position, ReadError>> {
        let missing = move || ReadError::Unavailable(format!("there is no partition {partition}"));
        ready(self.shared.tail(partition).ok_or_else(missing)).boxed()
    }

    fn read_instance<'a>(
        &'a self,
        instance: &'a InstanceId,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Record>, ReadError>> {
        read::instance(&self.readers, instance, self.partitions, after).boxed()
    }

    fn read_start<'a>(
        &'a self,
        instance: &'a InstanceId,
    ) -> BoxFuture<'a, Result<Option<Record>, ReadError>> {
        read::start(&self.readers, instance, self.partitions).boxed()
    }

    fn last_records(
        &self,
        partition: Partition,
        after: Position,
        before: Stamp,
        most: usize,
    ) -> BoxFuture<'_, Result<LastRecords, ReadError>> {
        let Some(tail) = self.shared.tail(partition) else {
            let missing = format!("there is no partition {partition}");
            return ready(Err(ReadError::Unavailable(missing))).boxed();
        };
        walk::last_records(&self.readers, (partition, self.partitions), tail, after, before, most).boxed()
    }

    fn save_snapshot(
        &self,
        partition: Partition,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), AppendError>> {
        if let Err(error) = self.limits.admit_blob(&snapshot.bytes) {
            return ready(Err(error)).boxed();
        }
        self.ask(|reply| Command::Snapshot(partition, snapshot, reply))
    }

    fn load_snapshots(&self, partition: Partition) -> BoxFuture<'_, Result<Snapshots, ReadError>> {
        read::snapshots(&self.readers, partition, self.partitions).boxed()
    }

    fn load_snapshot<'a>(
        &'a self,
        instance: &'a InstanceId,
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>> {
        read::one_snapshot(&self.readers, instance, self.partitions).boxed()
    }

    fn drop_snapshot<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<(), AppendError>> {
        self.ask(|reply| Command::DropSnapshot(*instance, reply))
    }

    fn set_watermark(
        &self,
        partition: Partition,
        position: Position,
    ) -> BoxFuture<'_, Result<(), AppendError>> {
        self.ask(move |reply| Command::Watermark(partition, position, reply))
    }

    fn put_blob(&self, bytes: Bytes) -> BoxFuture<'_, Result<BlobHash, AppendError>> {
        if let Err(error) = self.limits.admit_blob(&bytes) {
            return ready(Err(error)).boxed();
        }
        self.ask(|reply| Command::Blob(bytes, reply))
    }

    fn get_blob<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<Option<Bytes>, ReadError>> {
        read::blob(&self.readers, hash).boxed()
    }

    fn trim<'a>(
        &'a self,
        instance: &'a InstanceId,
        up_to: Position,
    ) -> BoxFuture<'a, Result<(), AppendError>> {
        self.ask(move |reply| Command::Take(*instance, Taken::UpTo(up_to), reply))
    }

    fn put_payload<'a>(
        &'a self,
        instance: &'a InstanceId,
        bytes: Bytes,
    ) -> BoxFuture<'a, Result<BlobHash, AppendError>> {
        if let Err(error) = self.limits.admit_blob(&bytes) {
            return ready(Err(error)).boxed();
        }
        self.ask(|reply| Command::Payload(*instance, bytes, reply))
    }

    fn get_payload<'a>(
        &'a self,
        instance: &'a InstanceId,
        hash: &'a BlobHash,
    ) -> BoxFuture<'a, Result<Option<Bytes>, ReadError>> {
        payload::get(&self.readers, self.partitions, instance, hash).boxed()
    }

    fn purge<'a>(
        &'a self,
        instance: &'a InstanceId,
        last: Position,
    ) -> BoxFuture<'a, Result<(), AppendError>> {
        self.ask(move |reply| Command::Take(*instance, Taken::All { last }, reply))
    }

    fn durability(&self) -> Durability {
        Durability::Fsync
    }
}
