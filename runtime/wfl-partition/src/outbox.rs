//! Records on their way to other instances.

use wfl_ir::Timestamp;
use wfl_machine::{CallRef, Start};
use wfl_record::{InstanceId, NewRecord, Position};

/// A record for another instance.
#[derive(Debug)]
pub(crate) struct Post {
    /// The instance that sends it.
    pub(crate) from: InstanceId,
    pub(crate) record: NewRecord,
    pub(crate) purpose: PostPurpose,
}

/// What becomes of the answer.
#[derive(Debug)]
pub(crate) enum PostPurpose {
    /// A child begins.
    Start { call: CallRef, detached: bool, start: Box<Start> },
    /// A child is told to stop: its end is the answer.
    Cancel,
    /// A letter, and whether the sender wants to be told that it came.
    Letter { number: u32, receipt: bool },
    /// A turnstile is opened for the first who enters it, by this record.
    Open { entry: NewRecord, number: u32 },
    /// The instance of a schedule's occasion begins.
    Occasion { due: Timestamp, by: Position, start: Box<Start> },
    /// An instance is told that it is its turn.
    Turn { ticket: u64 },
}
