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

impl Observed {
    /// What happened since it began anew for the last time.
    pub(crate) fn last_life(&self) -> &[Fact] {
        let begun_anew = |fact: &Fact| matches!(fact, Fact::Restarted { .. } | Fact::Rewound { .. });
        &self.facts[self.facts.iter().rposition(begun_anew).unwrap_or(0)..]
    }
}
