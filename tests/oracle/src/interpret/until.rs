//! Where a path ends.

use wfl_ir::{NodeKind, Plan};

/// Where a path ends well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Nowhere: it leaves in some way.
    Never,
    /// At the join of its branch.
    Join(u32),
    /// At the end of an item or a round.
    End(u32),
    /// At the end of a scope.
    Exit(u32),
}

impl Until {
    pub(crate) fn is(self, plan: &Plan, at: u32) -> bool {
        match (self, &plan.nodes[at as usize].kind) {
            (Until::Join(join), _) => join == at,
            (Until::End(region), NodeKind::End { region: ends }) => region == *ends,
            (Until::Exit(scope), NodeKind::Exit { scope: ends }) => scope == *ends,
            _ => false,
        }
    }
}
