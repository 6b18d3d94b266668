//! Lowers a checked workflow to the graph of its [`wfl_ir::Plan`].
//!
//! petgraph is used while the graph grows and for checking it; the plan holds plain vectors. The order in which
//! nodes are made is a topological order, because an edge always leads to a node that is made later.

mod walk;
mod link;
mod origin;
mod graph;
mod names;
mod statement;
mod flow;
mod plan;
mod invariant;

pub use invariant::lower_invariant;
pub use origin::{Lowered, Origin, WayOut};
pub use plan::{LowerError, lower};
pub use walk::{substitute, visit};

#[cfg(test)]
mod tests;
