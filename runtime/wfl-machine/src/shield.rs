//! Shields: what is in one is done as a whole, or not begun. What stops a strand from outside waits for its end.

use wfl_ir::{EdgeKind, RegionKind};

use crate::fold::{Fold, Ready};
use crate::planted::{Bug, planted};
use crate::strand::{Doing, Strand, StrandId, Then};

impl Fold<'_> {
    /// The outermost shield around a node that begins inside of a strand. A shield around all that the strand is a part
    /// of holds the whole, and not the strand against its siblings.
    fn shield_of(&self, strand: &Strand, node: u32) -> Option<u32> {
        let parent = |region: &u32| self.plan.regions.get(*region as usize).and_then(|region| region.parent);
        let mut found = None;
        for region in std::iter::successors(Some(self.node(node).region), parent) {
            if region == strand.region {
                return found;
            }
            if self.plan.regions[region as usize].kind == RegionKind::Shield {
                found = Some(region);
            }
        }
        // The node lies outside of what the strand is: it is where the strand ends.
        None
    }

    /// The current strand goes on with a node: it may enter a shield.
    pub(crate) fn enter_shield(&mut self, node: u32) {
        let shield = self.state.strands.get(&self.current).and_then(|strand| self.shield_of(strand, node));
        self.strand().shield = shield;
    }

    /// The current strand goes on with a node: whether it leaves its shield by that.
    pub(crate) fn leaves_shield(&mut self, node: u32) -> bool {
        let Some(strand) = self.state.strands.get(&self.current) else { return false };
        let leaves = strand.shield.is_some() && strand.shield != self.shield_of(strand, node);
        if leaves {
            self.strand().shield = None;
            self.ready.push_back(Ready::ShieldOver);
        }
        leaves
    }

    /// Whether a strand is in a shield, and stays in it. `at` is the node that it is about to go on with.
    pub(crate) fn is_in_shield(&self, strand: &Strand, at: Option<u32>) -> bool {
        let Some(shield) = strand.shield.filter(|_| !planted(Bug::ShieldOpen)) else { return false };
        let next = match &strand.doing {
            Doing::Unwind(unwind) => match self.goes_on_with(&unwind.then) {
                Some(node) => node,
                None => return false,
            },
            _ => match at {
                Some(node) => node,
                None => return true,
            },
        };
        self.region_in(self.node(next).region, shield)
    }

    /// The node that follows once debts are undone; none if the strand ends then.
    fn goes_on_with(&self, then: &Then) -> Option<u32> {
        match then {
            Then::Continue(node) => self.plan.target(*node, EdgeKind::Order),
            Then::Catch(node, handler, _) => self.plan.target(*node, EdgeKind::Error(*handler)),
            Then::Go(node) | Then::Raise(node, _) | Then::Rewind(node, ..) => Some(*node),
            Then::End(_) | Then::Leave(_) | Then::Undone => None,
        }
    }

    /// Whether one of these strands, or of those that they wait for, is in a shield.
    pub(crate) fn is_one_in_shield(&self, strands: &[StrandId]) -> bool {
        let mut strands = strands.iter().filter_map(|id| self.state.strands.get(id));
        strands.any(|strand| {
            self.is_in_shield(strand, None) || self.is_one_in_shield(&strand.activity().strands())
        })
    }

    /// A strand has left its shield: a join that is won may have waited for that.
    pub(crate) fn shield_over(&mut self) {
        let joins = |strand: &Strand| matches!(strand.doing, Doing::Fork(..));
        let waiting: Vec<StrandId> =
            self.state.strands.iter().filter(|(_, strand)| joins(strand)).map(|(id, _)| *id).collect();
        for id in waiting {
            self.switch(id);
            let next = self.fork_on();
            self.ready.extend(next.map(|node| Ready::Go(id, node)));
        }
    }
}
