//! The journal: ordered partition logs of inputs, snapshots and blobs, behind one small trait.

mod journal;

pub use journal::{BlobHash, Durability, Journal, ReadError, Snapshot};
pub use wfl_record::{AppendError, Appended, NewRecord, Record};
