//! What can happen next.

use wfl_ir::{Duration, Fields, Name, Timestamp, Value};
use wfl_machine::{CallRef, Control, Decision, Signal, TimerEffect};
use wfl_record::InstanceId;

/// What becomes of an attempt of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It succeeds.
    Returns(Value),
    /// It is answered with a declared error: its index in the plan's types, and its fields.
    Declares(u32, Fields),
    /// It is not begun.
    Unavailable,
    /// It is lost on its way, and nobody knows.
    LostBefore,
    /// It succeeds, and the answer is lost.
    LostAfter(Value),
    /// It is lost on its way, as it seems; it arrives before anybody may take it never to have been.
    Delayed(Value),
    /// It arrives after it was taken never to have been, and its answer does too.
    Overdue(Value),
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// An attempt of a call ends.
    Answer(InstanceId, CallRef, Fate),
    /// The one attempt of an `at most once` operation is claimed.
    Claim(InstanceId, CallRef),
    /// A call that seemed lost arrives.
    Land(String),
    /// Time passes to a timer, which fires.
    Timer(InstanceId, TimerEffect),
    /// A child is started, or its key is found to be somebody else's.
    Start {
        /// The parent.
        parent: InstanceId,
        /// Its step.
        call: CallRef,
        /// Whether the key is somebody else's.
        in_use: bool,
    },
    /// A child is told what its parent wants.
    Tell(InstanceId, CallRef),
    /// A letter of an instance is delivered.
    Letter(InstanceId, u32),
    /// A message comes.
    Signal(InstanceId, Signal),
    /// A person decides.
    Decide(InstanceId, Decision),
    /// An operator does something about what is suspended; true when they undo by hand what a step did.
    Remedy(InstanceId, Control, Remedied),
    /// Somebody wants the workflow cancelled, paused, or to go on.
    Wish(InstanceId, Control),
    /// The engine ends, and begins again after so long.
    Crash(Duration),
}

/// What an operator has done in the world, besides what they tell the instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedied {
    /// Nothing.
    Nothing,
    /// What a step did is undone.
    Undone(CallRef),
    /// What a step should have done is done.
    Done(CallRef, Value),
}

/// What a move takes of the bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cost {
    pub(crate) faults: u8,
    pub(crate) disturbances: u8,
}

impl Cost {
    /// Whether this is no more than another one.
    pub(crate) fn within(&self, other: &Cost) -> bool {
        self.faults <= other.faults && self.disturbances <= other.disturbances
    }
}

/// A move with its cost.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) step: Move,
    pub(crate) cost: Cost,
}

impl Choice {
    pub(crate) fn free(step: Move) -> Choice {
        Choice { step, cost: Cost::default() }
    }

    pub(crate) fn fault(step: Move) -> Choice {
        Choice { step, cost: Cost { faults: 1, disturbances: 0 } }
    }

    pub(crate) fn disturbance(step: Move) -> Choice {
        Choice { step, cost: Cost { faults: 0, disturbances: 1 } }
    }
}

impl Move {
    /// Whether it is an answer, or something like it, to what one strand waits for: whose, and for what.
    pub(crate) fn answers(&self) -> Option<(InstanceId, &CallRef)> {
        match self {
            Move::Answer(instance, call, _) | Move::Claim(instance, call) => Some((*instance, call)),
            Move::Start { parent, call, .. } => Some((*parent, call)),
            _ => None,
        }
    }
}

/// The name of a step in facts: with the item that it is in.
pub(crate) fn step_name(call: &CallRef) -> Name {
    match &call.item {
        Some(item) => Name::from(format!("{}[{item}]", call.step)),
        None => call.step.clone(),
    }
}

/// When a timer fires that is looked at now.
pub(crate) fn due(timer: &TimerEffect, now: Timestamp) -> Timestamp {
    timer.due.max(now)
}
