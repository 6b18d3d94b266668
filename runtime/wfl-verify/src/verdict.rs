//! A workflow is verified: explored with few faults first, then with more, so that what is wrong is shown in its simplest
//! form, and what was looked at in full is known when the time for more is not there.

use wfl_ir::PlanHash;

use crate::bounds::Bounds;
use crate::explore::{Exploration, Progress, explore};
use crate::program::Program;

/// What came of a workflow.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The bounds of the last exploration.
    pub bounds: Bounds,
    /// The greatest number of faults, and of disturbances, with which everything was looked at.
    pub full: Option<(u8, u8)>,
    /// The last exploration.
    pub exploration: Exploration,
    /// States of all explorations.
    pub states: usize,
    /// Moves of all explorations.
    pub transitions: usize,
}

/// Verifies a workflow within bounds.
pub fn verify(
    program: &Program,
    hash: PlanHash,
    bounds: &Bounds,
    tell: &mut dyn FnMut(Progress) -> bool,
) -> Verdict {
    let (mut full, mut states, mut transitions) = (None, 0, 0);
    let steps = bounds.faults.max(bounds.disturbances);
    let mut step = 0;
    loop {
        let faults = bounds.faults.min(step);
        let disturbances = bounds.disturbances.min(step);
        let left = bounds.states.saturating_sub(states).max(1);
        let bounds_now = Bounds { faults, disturbances, states: left, ..bounds.clone() };
        let before = (states, transitions);
        let mut tell = |now: Progress| {
            let (states, transitions) = (before.0 + now.states, before.1 + now.transitions);
            tell(Progress { states, transitions, ..now })
        };
        let exploration = explore(program, hash, &bounds_now, &mut tell);
        states += exploration.states;
        transitions += exploration.transitions;
        if exploration.complete {
            full = Some((faults, disturbances));
        }
        let over = !exploration.complete || !exploration.violations.is_empty() || step >= steps;
        if over {
            return Verdict { bounds: bounds_now, full, exploration, states, transitions };
        }
        step += 1;
    }
}
