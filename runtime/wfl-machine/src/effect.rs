//! Effects: what should be running for an instance, derived from its state.

use wfl_ir::{Duration, Fields, Timestamp};

use crate::input::{CallRef, TimerRef};

/// Something that the world should be doing for the instance right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A call under way.
    Call(CallEffect),
    /// A timer that runs.
    Timer(TimerEffect),
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
    /// The time for this attempt, from its dispatch.
    pub timeout: Duration,
    /// When the budget of the step or the workflow ends, if one applies.
    pub budget: Option<Timestamp>,
}

/// A timer that runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerEffect {
    /// When it is due.
    pub due: Timestamp,
    /// Which.
    pub timer: TimerRef,
}
