//! Effects: what should be running for an instance, derived from its state.

use wfl_ir::{Duration, Fields, Name, PlanHash, Timestamp};
use wfl_record::InstanceId;

use crate::call::{CallRef, TimerRef};
use crate::input::News;
use crate::recurring::AtSchedule;
use crate::turnstile::AtTurnstile;
use crate::wish::CancelMode;

/// Something that the world should be doing for the instance right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A call under way.
    Call(CallEffect),
    /// A timer that runs.
    Timer(TimerEffect),
    /// A child that is started, waited for, or told something.
    Run(RunEffect),
    /// News that go to another instance.
    Letter(LetterEffect),
}

/// A call under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEffect {
    /// Which attempt of which step.
    pub call: CallRef,
    /// The operation: an index into the plan's operations.
    pub operation: u32,
    /// Its arguments by parameter name.
    pub args: Fields,
    /// The idempotency key on the wire; none for operations without one.
    pub key: Option<String>,
    /// Until when the other side is sure to remember the key.
    pub key_until: Option<Timestamp>,
    /// The time for this attempt, from its dispatch.
    pub timeout: Duration,
    /// The time until somebody takes it up, from when it became outstanding.
    pub queue: Option<Duration>,
    /// How long whoever carries it out may be silent.
    pub heartbeat: Option<Duration>,
    /// When the budget of the step or the workflow ends, if one applies.
    pub budget: Option<Timestamp>,
    /// For an operation that is sent once at most: who claimed the attempt.
    pub once: Option<Claim>,
}

/// Whether the one attempt of an `at most once` operation is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody may send it yet: a [`crate::Dispatch`] has to be in the log first.
    Open,
    /// Only whoever has this number may send it, and only once.
    By(u64),
}

/// A timer that runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerEffect {
    /// When it is due.
    pub due: Timestamp,
    /// Which.
    pub timer: TimerRef,
}

/// A child that is started, waited for, or told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEffect {
    /// The parent's step.
    pub call: CallRef,
    /// The workflow.
    pub workflow: Name,
    /// The plan that it runs on.
    pub plan: PlanHash,
    /// Its arguments by parameter name.
    pub args: Fields,
    /// Whether its parent does not wait for it.
    pub detached: bool,
    /// When its time is over at the latest.
    pub deadline: Option<Timestamp>,
    /// What else it is told.
    pub wish: ChildWish,
}

/// What a child is told besides its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildWish {
    /// Nothing.
    Wait,
    /// To stop, and why; and whether what it did stays.
    Cancel(String, Option<CancelMode>),
    /// To stop, by a parent that is no more; with the number of the letter.
    CancelOrphan(String, u32),
    /// That nobody waits for it; with the number of the letter.
    Release(u32),
}

/// What stands in a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// News for a workflow.
    News(News),
    /// Something for the turnstile of this instance.
    Turnstile(AtTurnstile),
    /// Something for the schedule that this instance was started by.
    Schedule(Box<AtSchedule>),
}

/// News that go to another instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterEffect {
    /// Its number, for [`News::Told`].
    pub number: u32,
    /// To whom.
    pub to: InstanceId,
    /// What.
    pub note: Note,
    /// Whether the sender wants to be told once it is delivered. Otherwise an answer ends it.
    pub receipt: bool,
}
