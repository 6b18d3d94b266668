//! The tokio shell around the partitions: clock, journal, calls, plan cache.
//!
//! Invariant: no decision about an instance is taken here. The shell carries events in and actions out; what they
//! mean is the partition's business, and what is true is the log's.

mod observer;
mod carry;
mod inspection;
mod calendar;
mod arguments;
mod shard;
mod desk;
mod engine;
mod schedules;

pub use engine::{Engine, EngineError, EngineOptions, SendError, StartError, Started};
pub use inspection::Inspection;
pub use observer::Observer;
pub use schedules::{ScheduleError, ScheduleOptions};
pub use wfl_partition::{Limit, Limits};

#[cfg(test)]
mod tests;
