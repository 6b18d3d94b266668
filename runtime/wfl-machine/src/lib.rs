//! The pure state machine of one workflow instance: fold an input, say what happened and what should be running.
//!
//! Invariant: no clock, no randomness, no hash maps, no async, no I/O. The same plan and the same log give the same
//! state, byte for byte, on any machine. What should be running is derived from state alone ([`outstanding`]), so
//! that recovery and normal running are one loop.

mod input;
mod effect;
mod state;
mod fact;
mod schedule;
mod fold;
mod unwind;
mod walk;
mod step;
mod resolve;
mod outstanding;
mod runnable;
mod apply;

pub use apply::{Applied, Quarantine, apply};
pub use effect::{CallEffect, Effect, TimerEffect};
pub use fact::{Fact, Settlement};
pub use input::{
    Answer, CallRef, Control, Fired, Input, Outcome, PayloadError, Purpose, Source, Start, TimerKind,
    TimerRef,
};
pub use outstanding::outstanding;
pub use runnable::runnable;
pub use schedule::{input_digest, instance_key};
pub use state::{Ending, Instance, StateError, Status, Suspension};
