//! The bodies of workflows: statements, and what is open, settled or past return at each of them.

mod flow;
mod state;
mod target;
mod jump;
mod choice;
mod step;
mod statement;

pub(crate) use state::Body;
