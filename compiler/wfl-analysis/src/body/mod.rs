//! The bodies of workflows: statements, and what is open, settled or past return at each of them.

mod flow;
mod state;
mod deadline;
mod catch;
mod construct;
mod target;
mod jump;
mod choice;
mod step;
mod run;
mod wait;
mod statement;

pub(crate) use run::find_workflow;
pub(crate) use state::Body;
