//! How an effect is carried out: bindings say where an operation lives, a client carries the call there.
//!
//! Invariant: an answer is classified here once, by what it proves about the effect. Nothing here retries.

mod call;
mod filter;
mod bindings;
mod answer;
mod http;

pub use answer::classify;
pub use bindings::{BindingError, Bindings, Route};
pub use call::{Operations, Reply, Request};
pub use http::{HttpOperations, MAX_ANSWER_BYTES};

#[cfg(test)]
mod tests;
