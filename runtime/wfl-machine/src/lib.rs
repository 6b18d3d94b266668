//! The pure state machine of one workflow instance: fold an input, say what happened and what should be running.
//!
//! Invariant: no clock, no randomness, no hash maps, no async, no I/O. The same plan and the same log give the same
//! state, byte for byte, on any machine. What should be running is derived from state alone ([`outstanding`]), so
//! that recovery and normal running are one loop.

mod planted;
mod call;
mod wish;
mod input;
mod turnstile;
mod recurring;
mod effect;
mod ledger;
mod strand;
mod status;
mod state;
mod essence;
mod fact;
mod json;
mod schedule;
mod tap;
mod fold;
mod shield;
mod debts;
mod raise;
mod unwind;
mod walk;
mod step;
mod resolve;
mod doubt;
mod fork;
mod items;
mod wait;
mod turn;
mod child;
mod control;
mod outstanding;
mod apply;

pub use apply::{Applied, Quarantine, apply};
pub use call::{CallRef, Fired, Purpose, TimerKind, TimerRef};
pub use effect::{CallEffect, ChildWish, Claim, Effect, LetterEffect, Note, RunEffect, TimerEffect};
pub use essence::Lineage;
pub use fact::{Fact, Settlement};
pub use input::{
    Answer, ChildOutcome, Decision, Dispatch, Input, News, OccasionRef, Outcome, Parent, PayloadError,
    Refusal, Signal, Source, Start,
};
pub use ledger::Suspension;
pub use outstanding::outstanding;
#[cfg(feature = "planted")]
pub use planted::plant;
pub use planted::{Bug, planted};
pub use recurring::{AtSchedule, Cadence, Occasion, Over, Overlap, Recurrence, Schedule, Under};
pub use schedule::{check_recurrence, child_start, input_digest, instance_id, instance_key, occasion_start};
pub use state::{Instance, OpenTask, STATE_FORMAT, StateError, Suspended};
pub use status::{Compensation, Status};
pub use strand::Ending;
#[cfg(feature = "planted")]
pub use tap::{Tapped, heard, listen};
pub use turnstile::{AtTurnstile, Turnstile};
pub use wish::{CancelMode, Control, Place};

#[cfg(test)]
mod tests;
