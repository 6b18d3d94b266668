//! The core of the engine for one partition, without I/O: events in, actions out.
//!
//! Invariant: an answer only becomes an append; state changes only on a record. Only an owner appends and calls.
//! Nothing here reads a clock: `now` comes in with every event. The tokio shell and the simulator drive this code.

mod event;
mod slot;
mod calendar;
mod entity;
mod gates;
mod lanes;
mod flights;
mod snapshot;
mod outbox;
mod pending;
mod janitor;
mod partition;
mod folding;
mod dispatch;
mod kept;
mod turnstile;
mod schedule;
mod appending;
mod post;
mod resting;
mod purging;

pub use calendar::{Calendar, Steps};
pub use event::{Action, Alarm, Call, CallId, Event, Role, Stored, Update};
pub use gates::{Gates, Limit, Limits, Permits};
pub use partition::{Options, Partition, Resting};
pub use slot::View;

#[cfg(test)]
mod tests;
