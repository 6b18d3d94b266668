//! The embedded journal: one SQLite file, group commit, fsync.
//!
//! Invariant: an append is acknowledged only after COMMIT with `synchronous=FULL`; after the first failure of the
//! disk nothing more is taken. What an earlier process left in the write-ahead log is written anew and synced before it
//! is read. Every row carries a checksum over all of its columns, and positions are given without gaps: damage and loss
//! are noticed when they are read.

mod rows;
mod open;
mod shared;
mod read;
mod walk;
mod insert;
mod group;
mod payload;
mod purge;
mod writer;
mod follower;
mod journal;

pub use journal::SqliteJournal;
pub use open::{OpenError, Options, Vfs};
