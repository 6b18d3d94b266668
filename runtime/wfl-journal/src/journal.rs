//! `trait Journal` and the types that cross it. Small on purpose: every backend runs one conformance suite.

use std::fmt;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use wfl_record::{InstanceId, Partition, Position, Stamp};

pub use wfl_record::{Ahead, AppendError, Appended, LastRecords, NewRecord, Record};

/// What a follower gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The next record of the partition.
    Record(Record),
    /// Said once: all records that were there when following began have been given. The position is the end of
    /// the log up to which that holds. The last record alone could not say so: a purge may have taken it.
    CaughtUp(Position),
    /// Records that stood up to here, behind the one given before, are gone: they were purged or trimmed. They may have
    /// been another partition's.
    Removed(Position),
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Stored bytes are not what was written. The instance is to be quarantined; with no instance, the log.
    #[error("the journal is damaged at partition {partition}, position {position}: {reason}")]
    Corrupt {
        /// The log with the damage.
        partition: Partition,
        /// The place of the damage.
        position: Position,
        /// Whose record it is, if that can be said for sure enough to point at it.
        instance: Option<InstanceId>,
        /// What does not hold.
        reason: String,
    },
    /// The bytes of a blob, or of a payload, are not what was put. Putting them again heals it.
    #[error("the blob {0} is damaged")]
    CorruptBlob(BlobHash),
    /// The log is shorter than a reader has already seen it: a restore from an old copy.
    #[error("the log of partition {partition} went back: it ends at {tail}, position {seen} was seen before")]
    WentBack {
        /// The log that went back.
        partition: Partition,
        /// The end of the log now.
        tail: Position,
        /// What the reader had seen.
        seen: Position,
    },
    /// The backend cannot be reached or read.
    #[error("the journal cannot be read: {0}")]
    Unavailable(String),
}

/// How sure an acknowledgement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// On this machine's disk, synced.
    Fsync,
    /// On a majority of machines, each synced.
    ReplicatedFsync,
    /// On a majority of machines, in memory at least.
    Replicated,
    /// Nothing is promised (memory, or no evidence).
    Unverified,
}

/// The BLAKE3-256 of a blob's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobHash(pub [u8; 32]);

impl BlobHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> BlobHash {
        BlobHash(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The state of an instance as of a position, opaque to the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose state.
    pub instance: InstanceId,
    /// The last record folded into it.
    pub position: Position,
    /// The state.
    pub bytes: Bytes,
}

/// What a partition starts from: its watermark and its snapshots, in the order of instance ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshots {
    /// Records up to here are in the snapshots.
    pub watermark: Position,
    /// One entry per instance; the error of a damaged one names the instance.
    pub snapshots: Vec<Result<Snapshot, ReadError>>,
}

/// Ordered, durable partition logs with snapshots and blobs.
///
/// # Contract
/// * An append is acknowledged only when it is as durable as [`Journal::durability`] says.
/// * Per instance a message id is kept once, for ever (over a purge and a trim: that of the start record). The first record
///   under an id stays; what a repeat carries is not looked at.
/// * A follower gets every record of its partition in the order of positions, first what is there, then what
///   comes; it ends only with an error or with the journal.
/// * Positions belong to their partition and are never used twice, not even after a purge.
/// * After a failed sync the journal takes nothing more: it is never retried.
/// * Dropping a future of an append does not take the append back.
pub trait Journal: Send + Sync + 'static {
    /// How many partition logs there are. Written at creation, the same for ever.
    fn partitions(&self) -> u32;

    /// Adds a record. Many may be under way at once; they are committed in groups.
    fn append(&self, record: NewRecord) -> BoxFuture<'_, Result<Appended, AppendError>>;

    /// The records of a partition after a position, and then those to come. Ends with an error at damage, but
    /// damage that names its instance does not end it. The start record of a purged instance is left out: it
    /// must not begin again. Where a trim has taken records that the follower was not given, it is told so before it gets
    /// the next one.
    fn follow(
        &self,
        partition: Partition,
        after: Position,
    ) -> BoxStream<'static, Result<Followed, ReadError>>;

    /// The last position that a record of the partition was given; `Position::ZERO` when there was none. A purge
    /// does not take it back.
    fn tail(&self, partition: Partition) -> BoxFuture<'_, Result<Position, ReadError>>;

    /// The records of an instance behind a position, in order: all of them, or none once it is purged. What begins
    /// from records alone could not tell a start that is left over from one that was just made.
    fn read_instance<'a>(
        &'a self,
        instance: &'a InstanceId,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Record>, ReadError>>;

    /// The start record of an instance, if it ever began: also of a purged one.
    fn read_start<'a>(&'a self, instance: &'a InstanceId)
    -> BoxFuture<'a, Result<Option<Record>, ReadError>>;

    /// Walks the log of a partition behind a position and names each instance whose last record it meets, `most` of
    /// them, and none that is purged. It stops before a record whose stamp is not before `before`, at the end of the
    /// log, and after so much as the backend reads at once. An instance with a later record is not named: the walk
    /// comes to that record, so one walk that only goes on names every instance once nothing more comes. At the end
    /// of the log it has come to the tail at least.
    ///
    /// It says where to look, no more: of damage that hides an instance it need not tell, and whoever acts on what is
    /// named reads it before.
    fn last_records(
        &self,
        partition: Partition,
        after: Position,
        before: Stamp,
        most: usize,
    ) -> BoxFuture<'_, Result<LastRecords, ReadError>>;

    /// Keeps the state of an instance as of a position, in place of an older one. A newer one that is there stays.
    fn save_snapshot(
        &self,
        partition: Partition,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), AppendError>>;

    /// All snapshots of a partition, and its watermark: records up to there are in the snapshots. A damaged
    /// snapshot does not hide the others; its instance can be folded anew from [`Journal::read_instance`].
    fn load_snapshots(&self, partition: Partition) -> BoxFuture<'_, Result<Snapshots, ReadError>>;

    /// The snapshot of one instance, if there is one.
    fn load_snapshot<'a>(
        &'a self,
        instance: &'a InstanceId,
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>>;

    /// Removes the snapshot of an instance. Nothing happens when there is none.
    fn drop_snapshot<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<(), AppendError>>;

    /// Moves the watermark forward; a smaller one than is there changes nothing.
    fn set_watermark(
        &self,
        partition: Partition,
        position: Position,
    ) -> BoxFuture<'_, Result<(), AppendError>>;

    /// Keeps bytes under their hash. Repeating it changes nothing, except that it heals damaged bytes.
    fn put_blob(&self, bytes: Bytes) -> BoxFuture<'_, Result<BlobHash, AppendError>>;

    /// Bytes by their hash, which is tested; `None` when they were never put.
    fn get_blob<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<Option<Bytes>, ReadError>>;

    /// Keeps bytes under their hash as a payload of an instance, whose records may refer to them. Repeating it changes
    /// nothing, except that it heals damaged bytes. It may come before the start; refused with
    /// [`AppendError::Conflict`] when the instance is purged.
    fn put_payload<'a>(
        &'a self,
        instance: &'a InstanceId,
        bytes: Bytes,
    ) -> BoxFuture<'a, Result<BlobHash, AppendError>>;

    /// A payload of an instance by its hash, which is tested; `None` when it was never put, or the instance is purged.
    fn get_payload<'a>(
        &'a self,
        instance: &'a InstanceId,
        hash: &'a BlobHash,
    ) -> BoxFuture<'a, Result<Option<Bytes>, ReadError>>;

    /// Removes all records, the payloads and the snapshot of an instance except its start record, which goes on refusing
    /// another start: all at once, or nothing. Refused with [`AppendError::Conflict`] when a record of it stands
    /// behind `last`, which whoever decided has not seen. Nothing happens when the instance never began or is purged
    /// already.
    fn purge<'a>(
        &'a self,
        instance: &'a InstanceId,
        last: Position,
    ) -> BoxFuture<'a, Result<(), AppendError>>;

    /// Removes the records of an instance up to a position, except its start record; their message ids may be taken
    /// again. It goes on taking records. Nothing happens when the instance never began or is purged.
    fn trim<'a>(
        &'a self,
        instance: &'a InstanceId,
        up_to: Position,
    ) -> BoxFuture<'a, Result<(), AppendError>>;

    /// How sure an acknowledgement is. Tells the truth.
    fn durability(&self) -> Durability;
}
