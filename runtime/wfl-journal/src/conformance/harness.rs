//! What a backend gives to the suite: ways to open it, to set its clock, and to damage what it stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::future::BoxFuture;
use wfl_record::{InstanceId, Partition, Position, Stamp};

use crate::clock::Clock;
use crate::journal::{BlobHash, Journal};
use crate::limits::Limits;

/// The partitions that a harness opens its journal with.
pub const PARTITIONS: u32 = 4;

/// The limits that a harness opens its journal with: small, so that their tests are.
pub const LIMITS: Limits = Limits { payload: 4 << 10, blob: 64 << 10 };

/// One store of one backend.
pub trait Harness: Send + Sync {
    /// The backend.
    type Journal: Journal;

    /// The journal on the store, new and empty at the first call. With [`PARTITIONS`], [`LIMITS`] and the clock.
    fn open(&self) -> BoxFuture<'_, Self::Journal>;

    /// Ends the journal and opens its store again, as after a restart of the process.
    fn reopen(&self, journal: Self::Journal) -> BoxFuture<'_, Self::Journal>;

    /// The clock that the journal was opened with.
    fn clock(&self) -> &TestClock;

    /// The largest payload of a record that is no start.
    fn largest_payload(&self) -> usize {
        LIMITS.payload
    }

    /// How to damage what is stored, if the backend has bytes.
    fn damage(&self) -> Option<&dyn Damage>;
}

/// Damages what is stored, below an open journal.
pub trait Damage: Send + Sync {
    /// Every field of every row that is stored, keys and checksums too.
    fn fields(&self) -> BoxFuture<'_, Vec<Field>>;

    /// Flips a bit of a field; false when this store cannot hold the flipped value (two rows under one key).
    fn flip<'a>(&'a self, field: &'a Field, bit: usize) -> BoxFuture<'a, bool>;

    /// Undoes the flip.
    fn mend(&self) -> BoxFuture<'_, ()>;

    /// Cuts bytes off the end of a record, as a torn write does.
    fn cut(&self, partition: Partition, position: Position, bytes: usize) -> BoxFuture<'_, ()>;
}

/// One stored field.
#[derive(Clone, Debug)]
pub struct Field {
    /// What the row holds.
    pub area: Area,
    /// The column.
    pub name: String,
    /// How many bits can be flipped.
    pub bits: usize,
}

/// What a row holds, as it was before damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// A record.
    Record(Partition, Position),
    /// The state of an instance.
    Snapshot(Partition, InstanceId),
    /// A partition's watermark.
    Watermark(Partition),
    /// What the backend knows of an instance besides its records.
    Instance(InstanceId),
    /// What the backend remembers of purged positions.
    Purged(Partition),
    /// A blob.
    Blob(BlobHash),
    /// A payload of an instance.
    Payload(InstanceId, BlobHash),
}

/// A clock that a test sets.
#[derive(Clone, Default)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// Sets the time, in microseconds since 1970.
    pub fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::SeqCst);
    }

    /// The clock for the journal.
    pub fn clock(&self) -> Clock {
        let time = Arc::clone(&self.0);
        Clock::new(move || Stamp(time.load(Ordering::SeqCst)))
    }
}
