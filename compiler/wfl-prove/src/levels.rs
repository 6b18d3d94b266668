//! The regions of a plan as times and counts see them: what a shield holds belongs to what is around it, and each node knows
//! the edges that lead to it.

use wfl_ir::{EdgeKind, Plan, RegionKind};

/// The regions and edges of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Levels {
    /// By region: the one around it that is no shield, or itself.
    solid: Vec<u32>,
    /// By node: where its edges come from.
    into: Vec<Vec<(u32, EdgeKind)>>,
}

impl Levels {
    pub(crate) fn of(plan: &Plan) -> Levels {
        let mut solid: Vec<u32> = Vec::new();
        for (number, region) in plan.regions.iter().enumerate() {
            let around = region.parent.filter(|_| region.kind == RegionKind::Shield);
            let own = around.and_then(|parent| solid.get(parent as usize)).copied();
            solid.push(own.unwrap_or(number as u32));
        }
        let mut into = vec![Vec::new(); plan.nodes.len()];
        for node in 0..plan.nodes.len() as u32 {
            for edge in plan.successors(node) {
                into[edge.to as usize].push((node, edge.kind));
            }
        }
        Levels { solid, into }
    }

    /// A region as times see it.
    pub(crate) fn solid(&self, region: u32) -> u32 {
        self.solid.get(region as usize).copied().unwrap_or_default()
    }

    /// The edges that lead to a node.
    pub(crate) fn edges_to(&self, node: u32) -> &[(u32, EdgeKind)] {
        &self.into[node as usize]
    }
}
