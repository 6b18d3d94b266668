//! Large payloads are kept outside of the log: a record refers to one, and nobody above this sees the difference.
//!
//! Invariant: a payload is acknowledged before the record that refers to it is appended. One that is missing or damaged is
//! damage of its instance, never of the log.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt};
use wfl_record::{InstanceId, Partition, Position, Reference, Stamp};

use crate::journal::{
    AppendError, Appended, BlobHash, Durability, Followed, Journal, LastRecords, NewRecord, ReadError,
    Record, Snapshot, Snapshots,
};

/// A journal whose records are small. Starts are left as they are: a start outlives its instance's payloads.
pub struct LargePayloads {
    journal: Arc<dyn Journal>,
    threshold: usize,
}

impl LargePayloads {
    /// Larger payloads are kept outside.
    pub const THRESHOLD: usize = 256 << 10;

    /// Over a journal; payloads that are larger than so many bytes are kept outside.
    pub fn over(journal: Arc<dyn Journal>, threshold: usize) -> LargePayloads {
        LargePayloads { journal, threshold }
    }
}

/// A record with its payload; none when its instance was purged since it was read.
async fn resolve(journal: &dyn Journal, mut record: Record) -> Result<Option<Record>, ReadError> {
    if !Reference::is_in(&record.envelope) {
        return Ok(Some(record));
    }
    let (partition, position) = (record.partition, record.position);
    let instance = record.envelope.instance;
    let damaged = |reason| ReadError::Corrupt { partition, position, instance: Some(instance), reason };
    let Some(Reference { hash, length }) = Reference::of(&record.envelope) else {
        return Err(damaged("its payload is neither there nor referred to".into()));
    };
    let hash = BlobHash(hash);
    match journal.get_payload(&instance, &hash).await {
        Ok(Some(bytes)) if bytes.len() as u64 == length => {
            Reference::take(&mut record.envelope, bytes.to_vec());
            Ok(Some(record))
        }
        Ok(Some(bytes)) => {
            Err(damaged(format!("its payload {hash} has {} bytes, not {length}", bytes.len())))
        }
        // What is read from the log may be purged or trimmed before its payload is read.
        Ok(None) if !is_there(journal, &instance, position).await? => Ok(None),
        Ok(None) => Err(damaged(format!("its payload {hash} is missing"))),
        Err(ReadError::CorruptBlob(_) | ReadError::Corrupt { .. }) => {
            Err(damaged(format!("its payload {hash} is damaged")))
        }
        Err(other) => Err(other),
    }
}

async fn is_there(
    journal: &dyn Journal,
    instance: &InstanceId,
    position: Position,
) -> Result<bool, ReadError> {
    let before = Position(position.0.saturating_sub(1));
    let records = journal.read_instance(instance, before).await?;
    Ok(records.first().is_some_and(|record| record.position == position))
}

impl Journal for LargePayloads {
    fn partitions(&self) -> u32 {
        self.journal.partitions()
    }

    fn append(&self, mut record: NewRecord) -> BoxFuture<'_, Result<Appended, AppendError>> {
        if record.first || record.envelope.payload.len() <= self.threshold {
            return self.journal.append(record);
        }
        async move {
            if let Ok(None) = self.journal.read_start(&record.envelope.instance).await {
                // Its payload would belong to nobody.
                return Err(AppendError::Conflict);
            }
            let payload = Bytes::from(std::mem::take(&mut record.envelope.payload));
            let length = payload.len() as u64;
            let hash = self.journal.put_payload(&record.envelope.instance, payload).await?.0;
            Reference { hash, length }.put(&mut record.envelope);
            self.journal.append(record).await
        }
        .boxed()
    }

    fn follow(
        &self,
        partition: Partition,
        after: Position,
    ) -> BoxStream<'static, Result<Followed, ReadError>> {
        // A follower does not keep the journal alive: it ends with it.
        let journal = Arc::downgrade(&self.journal);
        let whole = move |followed| {
            let journal = Weak::clone(&journal);
            async move {
                match followed {
                    Ok(Followed::Record(record)) if Reference::is_in(&record.envelope) => {
                        let Some(journal) = journal.upgrade() else {
                            return Some(Err(ReadError::Unavailable("it is closed".into())));
                        };
                        let position = record.position;
                        let record = resolve(&*journal, record).await;
                        Some(record.map(|whole| whole.map_or(Followed::Removed(position), Followed::Record)))
                    }
                    other => Some(other),
                }
            }
        };
        self.journal.follow(partition, after).filter_map(whole).boxed()
    }

    fn tail(&self, partition: Partition) -> BoxFuture<'_, Result<Position, ReadError>> {
        self.journal.tail(partition)
    }

    fn read_instance<'a>(
        &'a self,
        instance: &'a InstanceId,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Record>, ReadError>> {
        async move {
            let mut whole = Vec::new();
            for record in self.journal.read_instance(instance, after).await? {
                match resolve(&*self.journal, record).await? {
                    Some(record) => whole.push(record),
                    // It was taken away since, and perhaps all of them: what is there now is read.
                    None => return self.read_instance(instance, after).await,
                }
            }
            Ok(whole)
        }
        .boxed()
    }

    fn read_start<'a>(
        &'a self,
        instance: &'a InstanceId,
    ) -> BoxFuture<'a, Result<Option<Record>, ReadError>> {
        self.journal.read_start(instance)
    }

    fn last_records(
        &self,
        partition: Partition,
        after: Position,
        before: Stamp,
        most: usize,
    ) -> BoxFuture<'_, Result<LastRecords, ReadError>> {
        self.journal.last_records(partition, after, before, most)
    }

    fn save_snapshot(
        &self,
        partition: Partition,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), AppendError>> {
        self.journal.save_snapshot(partition, snapshot)
    }

    fn load_snapshots(&self, partition: Partition) -> BoxFuture<'_, Result<Snapshots, ReadError>> {
        self.journal.load_snapshots(partition)
    }

    fn load_snapshot<'a>(
        &'a self,
        instance: &'a InstanceId,
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>> {
        self.journal.load_snapshot(instance)
    }

    fn drop_snapshot<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<(), AppendError>> {
        self.journal.drop_snapshot(instance)
    }

    fn set_watermark(
        &self,
        partition: Partition,
        position: Position,
    ) -> BoxFuture<'_, Result<(), AppendError>> {
        self.journal.set_watermark(partition, position)
    }

    fn put_blob(&self, bytes: Bytes) -> BoxFuture<'_, Result<BlobHash, AppendError>> {
        self.journal.put_blob(bytes)
    }

    fn get_blob<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<Option<Bytes>, ReadError>> {
        self.journal.get_blob(hash)
    }

    fn put_payload<'a>(
        &'a self,
        instance: &'a InstanceId,
        bytes: Bytes,
    ) -> BoxFuture<'a, Result<BlobHash, AppendError>> {
        self.journal.put_payload(instance, bytes)
    }

    fn get_payload<'a>(
        &'a self,
        instance: &'a InstanceId,
        hash: &'a BlobHash,
    ) -> BoxFuture<'a, Result<Option<Bytes>, ReadError>> {
        self.journal.get_payload(instance, hash)
    }

    fn purge<'a>(
        &'a self,
        instance: &'a InstanceId,
        last: Position,
    ) -> BoxFuture<'a, Result<(), AppendError>> {
        self.journal.purge(instance, last)
    }

    fn trim<'a>(
        &'a self,
        instance: &'a InstanceId,
        up_to: Position,
    ) -> BoxFuture<'a, Result<(), AppendError>> {
        self.journal.trim(instance, up_to)
    }

    fn durability(&self) -> Durability {
        self.journal.durability()
    }
}
