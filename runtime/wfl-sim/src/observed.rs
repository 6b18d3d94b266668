//! What is seen of an instance once a run is over.

use wfl_machine::{Fact, Instance};

/// What came of an instance.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The last state.
    pub state: Instance,
    /// All that happened, in order.
    pub facts: Vec<Fact>,
}
