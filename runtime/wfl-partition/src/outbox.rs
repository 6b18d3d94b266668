//! Records on their way to other instances.

use wfl_machine::{CallRef, Start};
use wfl_record::{InstanceId, NewRecord};

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
    /// News; the letter's number, if the sender wants to be told.
    News(Option<u32>),
}
