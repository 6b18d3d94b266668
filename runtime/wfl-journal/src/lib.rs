//! The journal: ordered partition logs of inputs, snapshots and blobs, behind one small trait.

mod clock;
mod journal;
mod limits;
mod memory;
mod large;
// The suite comes last: it drives any backend through the trait alone.
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use clock::Clock;
pub use journal::{
    Ahead, AppendError, Appended, BlobHash, Durability, Followed, Journal, LastRecords, NewRecord, ReadError,
    Record, Snapshot, Snapshots,
};
pub use large::LargePayloads;
pub use limits::Limits;
pub use memory::MemoryJournal;

#[cfg(test)]
mod tests;
