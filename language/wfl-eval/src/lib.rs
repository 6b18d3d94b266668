//! The evaluator: expressions to values, JSON to values and back. The same code serves compile-time constants,
//! the machine and tests.
//!
//! Invariant: total. No clock, no randomness, no I/O, no recursion of the program's; fuel bounds the cost of every
//! evaluation, and whatever cannot be computed is a [`Fault`], never a panic.

mod fault;
mod limit;
mod arithmetic;
mod plain;
mod builtin;
mod pattern;
mod evaluator;
mod border;

pub use arithmetic::binary;
pub use border::{InvalidData, decode, decode_fields, encode, encode_fields};
pub use builtin::call;
pub use evaluator::{Env, Facts, check_rule, evaluate, evaluate_in, fits, holds};
pub use fault::Fault;
pub use limit::FUEL;
pub use pattern::bind;

#[cfg(test)]
mod tests;
