//! The pure state machine of one workflow instance: fold an input, say what happened and what should be running.
//!
//! Invariant: no clock, no randomness, no hash maps, no async, no I/O. The same plan and the same log give the same
//! state, byte for byte, on any machine. What should be running is derived from state alone ([`outstanding`]), so
//! that recovery and normal running are one loop.

mod planted;
mod call;
mod wish;
mod input;
mod effect;
mod ledger;
mod strand;
mod state;
mod essence;
mod fact;
mod json;
mod schedule;
mod fold;
mod debts;
mod raise;
mod unwind;
mod walk;
mod step;
mod resolve;
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
pub use effect::{CallEffect, ChildWish, Claim, Effect, LetterEffect, RunEffect, TimerEffect};
pub use essence::Lineage;
pub use fact::{Fact, Settlement};
pub use input::{
    Answer, ChildOutcome, Decision, Dispatch, Input, News, Outcome, Parent, PayloadError, Refusal, Signal,
    Source, Start,
};
pub use ledger::Suspension;
pub use outstanding::outstanding;
#[cfg(feature = "planted")]
pub use planted::plant;
pub use planted::{Bug, planted};
pub use schedule::{child_start, input_digest, instance_id, instance_key};
pub use state::{Compensation, Instance, OpenTask, STATE_FORMAT, StateError, Status, Suspended};
pub use strand::Ending;
pub use wish::{CancelMode, Control, Place};
