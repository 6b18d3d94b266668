//! A second opinion about the engine: what a program may come to at all.
//!
//! The reference interpreter walks over a plan, naively and by recursion. It has no log, no clock and no events: where
//! the world decides, it tries every answer. The judge looks whether what a simulation really came to is among them.
//!
//! Invariant: nothing here knows how the machine works. They share the plan, the evaluator and the world's answers.

mod choice;
mod world;
mod story;
mod witness;
mod strand;
mod interpret;
mod judge;
pub mod program;
mod observe;
mod schedule;
mod trial;

pub use choice::Choice;
pub use interpret::{Allowed, Messages, Outcomes, outcomes};
pub use judge::{Judgement, judge};
pub use observe::observe;
pub use story::{EffectSeen, Ending, Outcome};
pub use trial::{Counts, SCHEDULES, Simulated, Trial, Verdict};
pub use witness::{ByHand, Seen, Witness};
pub use world::World;

#[cfg(test)]
mod tests;
