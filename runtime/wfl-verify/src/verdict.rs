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
    let mut level = |(faults, disturbances): (u8, u8), before: Option<&Verdict>| {
        let (states, transitions) = before.map_or((0, 0), |before| (before.states, before.transitions));
        let left = bounds.states.saturating_sub(states).max(1);
        let bounds = Bounds { faults, disturbances, states: left, ..bounds.clone() };
        let mut tell = |now: Progress| {
            let (states, transitions) = (states + now.states, transitions + now.transitions);
            tell(Progress { states, transitions, ..now })
        };
        let exploration = explore(program, hash, &bounds, &mut tell);
        let now = exploration.complete.then_some((faults, disturbances));
        let full = now.or(before.and_then(|before| before.full));
        let (states, transitions) = (states + exploration.states, transitions + exploration.transitions);
        Verdict { bounds, full, exploration, states, transitions }
    };
    let mut verdict = level((0, 0), None);
    for next in levels(bounds) {
        if !verdict.exploration.complete || !verdict.exploration.violations.is_empty() {
            break;
        }
        verdict = level(next, Some(&verdict));
    }
    verdict
}

/// What follows on runs without faults, step by step: a fault more, then a disturbance more.
fn levels(bounds: &Bounds) -> Vec<(u8, u8)> {
    let mut levels = Vec::new();
    let mut last = (0, 0);
    for step in 1..=bounds.faults.max(bounds.disturbances) {
        for disturbances in [step - 1, step] {
            let level = (bounds.faults.min(step), bounds.disturbances.min(disturbances));
            if level != last {
                levels.push(level);
                last = level;
            }
        }
    }
    levels
}
