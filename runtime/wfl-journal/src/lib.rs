//! The journal: ordered partition logs of inputs, snapshots and blobs, behind one small trait.

mod journal;

pub use journal::{
    AppendError, Appended, BlobHash, Durability, Journal, NewRecord, ReadError, Record, Snapshot,
};
