//! Records on their way into a log and out of it.

use crate::envelope::Envelope;
use crate::identity::{InstanceId, Partition, Position, Stamp};

/// What is appended: one input of one instance.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// The log that the instance lives in.
    pub partition: Partition,
    /// True for a start: the append succeeds only if the instance has no record yet, or this very one.
    pub first: bool,
    /// The record itself.
    pub envelope: Envelope,
}

/// What is read: a record with the place and the time that the log gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The log that it stands in.
    pub partition: Partition,
    /// Its place there. Positions grow; they need not be without gaps.
    pub position: Position,
    /// The log's clock at the append. It may go backwards from one record to the next.
    pub at: Stamp,
    /// The record itself, its checksum tested.
    pub envelope: Envelope,
}

/// The answer to an append that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Where the record stands.
    pub position: Position,
    /// The log's time stamp of it.
    pub at: Stamp,
    /// True when a record with this message id was there already: nothing was added, and place and stamp are
    /// those of the record that is there.
    pub duplicate: bool,
}

/// A stretch of a log: the instances whose last record stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRecords {
    /// Each with the place of its last record, in the order of places. Purged ones are not among them.
    pub instances: Vec<(InstanceId, Position)>,
    /// Up to here all was looked at: where the next stretch begins.
    pub next: Position,
    /// What stands behind it.
    pub ahead: Ahead,
}

/// What stands behind a stretch of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// There may be more to look at.
    More,
    /// A record with this stamp, which is not old enough yet.
    Young(Stamp),
    /// Nothing.
    Nothing,
}

/// Why an append was not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A first record was offered for an instance that has begun with another one (also after a purge); or a
    /// later record or a snapshot for an instance that never began here or is purged. Of a purge: a record stands
    /// behind the one that was to be the last.
    #[error("the instance has begun with another record, has not begun in this partition, or is purged")]
    Conflict,
    /// The record is larger than the backend takes.
    #[error("the record is larger than {limit} bytes")]
    TooLarge {
        /// The largest payload, in bytes.
        limit: usize,
    },
    /// The record may or may not be there. Repeat it under the same message id.
    #[error("it is not known whether the record was written: {0}")]
    Unknown(String),
    /// What is stored of the instance is damaged, so that it cannot be said whether the record is there. The
    /// instance is to be quarantined; others go on.
    #[error("what is stored of the instance is damaged: {0}")]
    Damaged(String),
    /// The record is not there, and the journal takes none now (disk full, closed, read-only).
    #[error("the journal takes no records: {0}")]
    Unavailable(String),
}
