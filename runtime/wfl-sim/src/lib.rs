//! Deterministic simulation: real partitions on a virtual clock, with a journal, workers and a network that fail as a
//! seed says.
//!
//! One thread, no waiting: the same seed gives the same run, record for record. What is simulated is only what lies
//! outside of [`wfl_partition::Partition`]: time, the log, calls, and which process lives.

mod random;
mod fault;
mod pattern;
mod sample;
mod books;
mod journal;
mod node;
mod turns;
mod sim;
mod outside;
mod owners;
mod storage;
mod purging;
mod calls;
mod people;
mod observed;
mod rules;
mod shields;
mod verdict;

pub use books::{Books, EffectState, Entry, Reply, Script, Scripted};
pub use fault::{Fate, Fault, Faults, Rates, Twist};
pub use observed::Observed;
pub use people::spoken;
pub use random::Random;
pub use sample::{arguments, sample};
pub use sim::{Setup, Sim};
pub use verdict::Report;
