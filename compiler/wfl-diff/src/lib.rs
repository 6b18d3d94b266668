//! What differs between two versions of a project, and what it means: for those who use the interface, for the version
//! number, and for each instance that runs on an old plan.
//!
//! [`diff`] takes two compiled projects and gives data; it reads and prints nothing. The rules stand in `docs/diff.md`.

mod model;
mod types;
mod slots;
mod texts;
mod rules;
mod compat;
mod ways;
mod matching;
mod facets;
mod graph;
mod interface;
mod operations;
mod limits;
mod workflows;
mod olds;
mod past;
mod made;
mod held;
mod positions;
mod diff;

pub use diff::diff;
pub use model::{
    Bump, Debt, Diff, FORMAT, Finding, Grade, Impact, Migration, Needed, NodeChange, Position, Presence,
    Sides, Sign, Verdict, WorkflowDiff,
};
pub use olds::old_versions;
