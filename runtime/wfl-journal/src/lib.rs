//! The journal: ordered partition logs of inputs, snapshots and blobs, behind one small trait.

mod clock;
mod journal;

pub use clock::Clock;
pub use journal::{
    AppendError, Appended, BlobHash, Durability, Followed, Journal, NewRecord, ReadError, Record, Snapshot,
    Snapshots,
};
