//! What holds of every run of a workflow, told from its graph: that nobody forgets what was done, that behind the point of no
//! return there is a way forward, that nothing is done twice under one key.
//!
//! Each finding has a path through the graph that leads to what is wrong, and tells it as a story.

mod ways;
mod bits;
mod bounds;
mod count;
mod frames;
mod levels;
mod summary;
mod subject;
mod errors;
mod facts;
mod sources;
mod assumed;
mod clock;
mod timing;
mod cost;
mod path;
mod approvals;
mod finding;
mod debts;
mod pivot;
mod losers;
mod keys;
mod twins;
mod forever;
mod late;
mod policies;
mod hazards;
mod prove;

pub use bounds::{Bounds, Open, Worst};
pub use cost::Cost;
pub use count::Count;
pub use finding::Finding;
pub use path::Path;
pub use prove::{Proof, prove};
pub use subject::Claim;
pub use summary::{Lapse, Summary};
pub use timing::Timing;
pub use ways::{By, Way};
