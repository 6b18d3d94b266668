//! The reference interpreter: one recursive walk over a plan, in which the world's choices are tried one after another.

mod reference;
mod debts;
mod call;
mod wait;
mod child;
mod until;
mod fork;
mod items;
mod walk;
mod life;
mod outcomes;

pub(crate) use outcomes::Walked;
pub use outcomes::{Outcomes, outcomes};
pub use reference::{Allowed, Messages};
