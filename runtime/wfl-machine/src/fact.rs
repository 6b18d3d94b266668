//! Facts: what the fold of an input says happened. They feed views, timelines and traces, and can be computed anew
//! from the log at any time.

use wfl_ir::{Duration, Fields, Name, PlanHash, Timestamp, Value};

use crate::input::{CallRef, Purpose};
use crate::state::{Ending, Suspension};

/// Something that happened to an instance. Steps are named by their path; operations as `Service.operation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The instance began.
    Started {
        /// The workflow's full name.
        workflow: Name,
        /// The version in its header.
        version: u32,
        /// What it executes.
        plan: PlanHash,
    },
    /// A step began; if its effect can be undone, the debt is recorded with this.
    StepStarted {
        /// The step.
        step: Name,
        /// What it calls.
        operation: String,
        /// True for the point of no return.
        pivot: bool,
    },
    /// An attempt ended without a result and another one follows.
    Retrying {
        /// The step.
        step: Name,
        /// For which purpose it calls.
        purpose: Purpose,
        /// The attempt that ended.
        attempt: u32,
        /// Why, for people.
        reason: String,
        /// The pause before the next attempt.
        pause: Duration,
    },
    /// The outcome of an attempt is not known; it is being asked for.
    Confirming {
        /// The step.
        step: Name,
        /// What it asks.
        operation: String,
        /// Why, for people.
        reason: String,
    },
    /// It was found out that a call with an unknown outcome had no effect.
    FoundAbsent {
        /// The step.
        step: Name,
    },
    /// A step ended with a result.
    StepSucceeded {
        /// The step.
        step: Name,
        /// The operation.
        operation: String,
        /// Its result. May be sensitive: show it by its type's labels only.
        value: Value,
        /// How many attempts it took.
        attempts: u32,
        /// True when the result was learnt by asking for it.
        confirmed: bool,
    },
    /// A step ended with an error.
    StepFailed {
        /// The step.
        step: Name,
        /// The error's name.
        error: Name,
        /// Its fields. May be sensitive.
        fields: Fields,
        /// True when a handler takes it from here.
        handled: bool,
    },
    /// A step, an undo or a node waits for a person.
    Suspended {
        /// The step.
        step: Name,
        /// Why.
        why: Suspension,
    },
    /// A suspended step is tried again.
    Resumed {
        /// The step.
        step: Name,
    },
    /// The point of no return was passed; the debts before it are committed.
    PivotPassed {
        /// The step.
        step: Name,
        /// How many debts were given up by this.
        committed: u32,
    },
    /// An event was published.
    Emitted {
        /// The event's name.
        event: Name,
        /// Its fields. May be sensitive.
        fields: Fields,
    },
    /// Undoing begins.
    CompensationStarted {
        /// The scope, by its path.
        scope: Name,
        /// How many effects are to be undone.
        debts: u32,
        /// What set it off, for people.
        reason: String,
    },
    /// An undo call began.
    UndoStarted {
        /// The step that is undone.
        step: Name,
        /// The undoing operation.
        operation: String,
    },
    /// A debt is settled.
    CompensationSettled {
        /// The step.
        step: Name,
        /// The undoing operation.
        operation: String,
        /// How.
        how: Settlement,
    },
    /// Undoing ended.
    CompensationEnded {
        /// The scope, by its path.
        scope: Name,
    },
    /// A deadline passed.
    DeadlinePassed {
        /// True when it only raises an alarm: undoing is under way already, or the point of no return is passed.
        alarm_only: bool,
    },
    /// Undoing takes longer than its deadline. It goes on.
    CompensationOverdue,
    /// An answer came for a call that needs none any more.
    Late {
        /// Which call.
        call: CallRef,
    },
    /// An input that the state does not take changed nothing.
    InputRejected {
        /// Why, for people.
        reason: String,
    },
    /// The instance ended.
    Ended {
        /// How.
        ending: Ending,
        /// When.
        at: Timestamp,
        /// How many effects were undone on the way.
        undone: u32,
    },
}

/// How a debt was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The effect was undone.
    Undone,
    /// There was no effect.
    Void,
    /// The effect stays.
    Committed,
}
