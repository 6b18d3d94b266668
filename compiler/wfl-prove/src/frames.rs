//! What stands around a node: scopes, branches and items, and which of them takes an error.

use wfl_ir::flow::JoinPolicy;
use wfl_ir::{Caught, NodeKind, Plan, RegionKind};

/// What stands around a node and may take an error that comes up from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Frame {
    /// A compensation scope, by the node that enters it.
    Scope { scope: u32, enter: u32 },
    /// A branch, by the node that joins it.
    Branch { join: u32 },
    /// An item, by its map.
    Item { map: u32 },
}

/// Who takes an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    /// Handler `handler` of a node.
    Handler { node: u32, handler: u32 },
    /// A construct that bears failures: a join that needs not all of its branches, a tolerant map.
    Borne { node: u32 },
    /// Nobody inside: whoever started the workflow.
    Callers,
}

impl Taken {
    /// The construct.
    pub(crate) fn node(self) -> Option<u32> {
        match self {
            Taken::Handler { node, .. } | Taken::Borne { node } => Some(node),
            Taken::Callers => None,
        }
    }
}

/// The frames of a plan.
#[derive(Debug)]
pub(crate) struct Frames<'p> {
    plan: &'p Plan,
    enters: Vec<Option<u32>>,
    /// By region: the join of a branch, the map of an item, the loop of a round.
    owners: Vec<Option<u32>>,
    /// How deep each scope lies.
    depths: Vec<u32>,
    timeout: Option<u32>,
}

impl<'p> Frames<'p> {
    pub(crate) fn of(plan: &'p Plan) -> Frames<'p> {
        let mut enters = vec![None; plan.scopes.len()];
        let mut owners = vec![None; plan.regions.len()];
        for (number, node) in plan.nodes.iter().enumerate() {
            let at = Some(number as u32);
            match &node.kind {
                NodeKind::Enter { scope, .. } => enters[*scope as usize] = at,
                NodeKind::Fork(fork) => {
                    fork.branches.iter().for_each(|branch| owners[*branch as usize] = Some(fork.join));
                }
                NodeKind::Map(map) => owners[map.region as usize] = at,
                NodeKind::Loop(rounds) => owners[rounds.region as usize] = at,
                _ => {}
            }
        }
        let mut depths: Vec<u32> = Vec::new();
        for scope in &plan.scopes {
            depths.push(scope.parent.map_or(0, |parent| depths[parent as usize] + 1));
        }
        let timeout = plan.types.iter().position(|def| def.short_name() == "Timeout").map(|at| at as u32);
        Frames { plan, enters, owners, depths, timeout }
    }

    /// How many scopes lie around a scope.
    pub(crate) fn depth(&self, scope: u32) -> u32 {
        self.depths[scope as usize]
    }

    /// The innermost scope that holds both.
    pub(crate) fn common(&self, one: u32, other: u32) -> u32 {
        let others: Vec<u32> = self.plan.scopes_outward(other).collect();
        self.plan.scopes_outward(one).find(|scope| others.contains(scope)).unwrap_or_default()
    }

    /// Whether a scope is another one or lies in it.
    pub(crate) fn is_inside(&self, scope: u32, outer: u32) -> bool {
        self.plan.scopes_outward(scope).any(|scope| scope == outer)
    }

    /// The node that owns a region: the join of a branch, the map of an item, the loop of a round.
    pub(crate) fn owner(&self, region: u32) -> Option<u32> {
        self.owners.get(region as usize).copied().flatten()
    }

    /// The regions around a node, the innermost first, without the body.
    pub(crate) fn regions(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let parent = |region: &u32| self.plan.regions.get(*region as usize).and_then(|region| region.parent);
        std::iter::successors(Some(self.plan.nodes[node as usize].region), parent)
            .filter(|region| *region > 0)
    }

    /// What stands around a node, the innermost first.
    pub(crate) fn around(&self, node: u32) -> Vec<Frame> {
        let at = &self.plan.nodes[node as usize];
        let scopes = self.plan.scopes_outward(at.scope).filter_map(|scope| {
            let enter = self.enters[scope as usize]?;
            Some((self.plan.scopes[scope as usize].id.len(), Frame::Scope { scope, enter }))
        });
        let regions = self.regions(node).filter_map(|number| {
            let (region, owner) = (&self.plan.regions[number as usize], self.owner(number)?);
            let frame = match region.kind {
                RegionKind::Branch => Frame::Branch { join: owner },
                RegionKind::Item { .. } => Frame::Item { map: owner },
                _ => return None,
            };
            Some((region.id.len(), frame))
        });
        // The path of names of what stands further inside is longer.
        let mut frames = scopes.chain(regions).collect::<Vec<_>>();
        frames.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        frames.into_iter().map(|(_, frame)| frame).collect()
    }

    /// Who takes a declared error that comes up from a node whose own handlers do not take it.
    pub(crate) fn taken(&self, node: u32, error: u32) -> Taken {
        for frame in self.around(node) {
            let (construct, bears) = match frame {
                Frame::Scope { enter, .. } => (enter, false),
                Frame::Branch { join } => (join, self.policy(join) != JoinPolicy::All),
                Frame::Item { map } => (map, self.tolerates(map)),
            };
            if bears {
                return Taken::Borne { node: construct };
            }
            if let Some(handler) = self.handler(construct, Caught::Error(error)) {
                return Taken::Handler { node: construct, handler };
            }
        }
        Taken::Callers
    }

    /// The handler of a node that takes this.
    pub(crate) fn handler(&self, node: u32, what: Caught) -> Option<u32> {
        let takes = |caught: Caught| {
            caught == what
                || caught == Caught::Any && what != Caught::Cancelled
                || caught == Caught::Timeout && self.timeout.is_some_and(|it| what == Caught::Error(it))
        };
        let handlers = self.plan.nodes[node as usize].kind.handlers();
        handlers.iter().position(|handler| takes(handler.on)).map(|at| at as u32)
    }

    /// When a join is over.
    pub(crate) fn policy(&self, join: u32) -> JoinPolicy {
        match &self.plan.nodes[join as usize].kind {
            NodeKind::Join(it) => match &self.plan.nodes[it.fork as usize].kind {
                NodeKind::Fork(fork) => fork.policy,
                _ => JoinPolicy::All,
            },
            _ => JoinPolicy::All,
        }
    }

    fn tolerates(&self, map: u32) -> bool {
        matches!(&self.plan.nodes[map as usize].kind, NodeKind::Map(map) if map.tolerated.is_some())
    }

    /// The predeclared `Timeout`, if the plan knows it.
    pub(crate) fn timeout(&self) -> Option<u32> {
        self.timeout
    }
}
