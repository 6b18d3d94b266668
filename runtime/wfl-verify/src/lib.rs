//! Exhaustive exploration: within bounds, everything that can happen to a workflow does.
//!
//! Invariant: no I/O, no clock, no randomness. A state is all instances of a family, the world outside, virtual time, and
//! what is used up of the bounds; each state is looked at once, and states that only the order of inputs tells apart are
//! one. What is explored is the machine itself, input by input.

mod visit;
mod constants;
mod pattern;
mod values;
mod bounds;
mod violation;
mod program;
mod watch;
mod moves;
mod world;
mod member;
mod state;
mod people;
mod enabled;
mod order;
mod step;
mod reduction;
mod probe;
mod rest;
mod explore;
mod story;
mod verdict;
mod literal;
mod scenario;
mod picture;
mod report;

pub use bounds::Bounds;
pub use explore::{Counterexample, Exploration, Progress, explore};
pub use moves::{Fate, Move, Remedied};
pub use picture::{Line, Tone, picture};
pub use program::Program;
pub use report::Report;
pub use rest::Outcome;
pub use scenario::{Scenario, scenario};
pub use story::{Chapter, Story, tell};
pub use values::START;
pub use verdict::{Verdict, verify};
pub use violation::{Rule, Violation};
