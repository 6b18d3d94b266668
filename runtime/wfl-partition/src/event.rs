//! What goes into a partition and what comes out of it.

use std::sync::Arc;

use wfl_ir::{Plan, PlanHash, Timestamp};
use wfl_machine::{CallEffect, Fact, Outcome, Start, Status};
use wfl_record::{
    AppendError, Appended, InstanceId, LastRecords, MessageId, NewRecord, Position, Record, Stamp,
};

/// A call under way in this process. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// Whether this node dispatches for the partition. It decides who dispatches, never what is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Folds the log, appends and calls nothing.
    Standby,
    /// Does what is outstanding.
    Owner,
}

/// Something that happened outside.
#[derive(Debug)]
pub enum Event {
    /// The role changed. An owner begins with everything that is outstanding.
    Role(Role),
    /// The next record of the log.
    Record(Record),
    /// Records behind the last one were removed before they could be read.
    Removed,
    /// What is stored of an instance is not what was written.
    Damaged(InstanceId, String),
    /// Where the log is to be read from on, and the snapshots of what came before. Only before the first record.
    Snapshots(Position, Vec<(InstanceId, Position, Vec<u8>)>),
    /// The answer to [`Action::NeedInstance`].
    Stored(InstanceId, Result<Stored, String>),
    /// The answer to [`Action::SaveSnapshot`].
    Saved(InstanceId, Position, Result<(), AppendError>),
    /// The answer to [`Action::NeedExpired`], with where the walk began.
    Expired(Position, Result<LastRecords, String>),
    /// The answer to [`Action::Purge`].
    Purged(InstanceId, Result<(), AppendError>),
    /// Somebody wants to see an instance: it is brought back if it rests.
    Look(InstanceId),
    /// The answer to [`Action::NeedPlan`]: the plan, whose hash was tested, or why there is none.
    Plan(PlanHash, Result<Arc<Plan>, String>),
    /// The answer to [`Action::NeedBlob`].
    Blob(InstanceId, Result<Vec<u8>, String>),
    /// The answer to [`Action::NeedStart`]: the start of an instance, if there is one.
    Start(InstanceId, Result<Option<Box<Start>>, String>),
    /// So many calls of an operation with limits may be sent.
    Permits(Arc<str>, u32),
    /// Whoever carries out a call is still at it.
    Beat(CallId),
    /// A call ended.
    Answer(CallId, Outcome),
    /// An append was answered.
    Appended(InstanceId, MessageId, Result<Appended, AppendError>),
    /// The time that [`crate::Partition::next_wake`] named has come.
    Wake,
}

/// Something to be done outside.
#[derive(Debug)]
pub enum Action {
    /// Append a record; the answer comes back as [`Event::Appended`]. A failed one is asked for again under the
    /// same message id.
    Append(NewRecord),
    /// Carry out a call; its end comes back as [`Event::Answer`].
    Call(CallId, Box<Call>),
    /// Give up a call: close its connection, drop its answer.
    CancelCall(CallId),
    /// So many calls of an operation with limits want to be sent; the answer is [`Event::Permits`], in parts or late.
    NeedPermits(Arc<str>, u32),
    /// So many permits are not used any more.
    ReturnPermits(Arc<str>, u32),
    /// Fetch a plan from its blob.
    NeedPlan(PlanHash),
    /// Fetch the arguments of the start of an instance, by their hash.
    NeedBlob(InstanceId, [u8; 32]),
    /// Read the start of an instance, of whichever partition.
    NeedStart(InstanceId),
    /// Read what is stored of an instance: its snapshot, unless only its records are wanted, and the records behind it.
    NeedInstance {
        /// Which.
        instance: InstanceId,
        /// Whether its snapshot is of no use.
        records_only: bool,
    },
    /// Keep the state of an instance as of a position; the answer comes back as [`Event::Saved`].
    SaveSnapshot(InstanceId, Position, Vec<u8>),
    /// The snapshot of an instance is of no use any more.
    DropSnapshot(InstanceId),
    /// Records of a turnstile up to a position are not needed any more, but for its first one.
    Trim(InstanceId, Position),
    /// Records up to here are not needed when the partition begins again.
    SetWatermark(Position),
    /// Find instances whose last record stands behind a position and is older than a stamp.
    NeedExpired {
        /// Where the walk goes on.
        after: Position,
        /// What is not older is left for later.
        before: Stamp,
        /// So many at most.
        most: usize,
    },
    /// Remove all of an instance but its start, unless a record of it stands behind a position. It may be asked for again.
    Purge(InstanceId, Position),
    /// Tell whoever is interested what a record came to.
    Update(Box<Update>),
    /// Tell a person.
    Alarm(Alarm),
}

/// What a journal holds of an instance.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Its snapshot and the position as of which it is.
    pub snapshot: Option<(Position, Vec<u8>)>,
    /// Its records behind the snapshot, in order.
    pub records: Vec<Record>,
}

/// A call to be carried out.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whose call.
    pub instance: InstanceId,
    /// The plan that the operation's number belongs to.
    pub plan: Arc<Plan>,
    /// What to call and with what.
    pub effect: CallEffect,
    /// When this attempt is over.
    pub deadline: Timestamp,
}

/// What a record came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Whose record.
    pub instance: InstanceId,
    /// Where it stands.
    pub position: Position,
    /// The log's time stamp.
    pub at: Stamp,
    /// What happened, in order.
    pub facts: Vec<Fact>,
    /// The state after it.
    pub status: Status,
}

/// What a person must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// An instance takes nothing more: its log or a payload is not sound.
    Quarantined {
        /// Which.
        instance: InstanceId,
        /// Why.
        reason: String,
    },
    /// A plan that an instance runs is not there or not sound. It is asked for again.
    PlanMissing {
        /// Which plan.
        plan: PlanHash,
        /// Why.
        reason: String,
    },
    /// The journal does not take records. They are offered again.
    JournalRefuses {
        /// Why.
        reason: String,
    },
}
