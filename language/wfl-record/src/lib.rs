//! The journal's envelope: who a record is for, what kind it is, and how its bytes are framed and checked.
//!
//! Invariant: this crate knows nothing of workflows. A payload is bytes with a kind and a version; only the
//! machine reads it.

mod identity;
mod kind;
mod envelope;
mod reference;
mod entry;

pub use entry::{Ahead, AppendError, Appended, LastRecords, NewRecord, Record};
pub use envelope::{DecodeError, Envelope, FORMAT};
pub use identity::{
    IdentityError, InstanceId, MAX_MESSAGE_ID_BYTES, MessageId, Namespace, Partition, Position, Stamp,
    partition_of,
};
pub use kind::Kind;
pub use reference::Reference;

#[cfg(test)]
mod tests;
