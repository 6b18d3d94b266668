//! What stands around a node: scopes, branches and items, and which of them takes an error.

use wfl_ir::flow::JoinPolicy;
use wfl_ir::{Caught, NodeKind, Plan, RegionKind};

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

    /// The constructs around a node, the innermost first: the nodes that enter its scopes, join its branches and map its
    /// items.
    fn around(&self, node: u32) -> Vec<u32> {
        let at = &self.plan.nodes[node as usize];
        let scopes = self.plan.scopes_outward(at.scope).filter_map(|scope| {
            Some((self.plan.scopes[scope as usize].id.len(), self.enters[scope as usize]?))
        });
        let regions = self.regions(node).filter_map(|number| {
            let region = &self.plan.regions[number as usize];
            let takes = matches!(region.kind, RegionKind::Branch | RegionKind::Item { .. });
            Some((region.id.len(), self.owner(number).filter(|_| takes)?))
        });
        // The path of names of what stands further inside is longer.
        let mut constructs = scopes.chain(regions).collect::<Vec<_>>();
        constructs.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        constructs.into_iter().map(|(_, construct)| construct).collect()
    }

    /// The construct that takes what comes up from a node whose own handlers do not take it: by a handler, or because it
    /// bears failures. None: it leaves the workflow. [`Caught::Any`] stands for an error that the plan does not know.
    pub(crate) fn taken(&self, node: u32, what: Caught) -> Option<u32> {
        self.around(node)
            .into_iter()
            .find(|construct| self.bears(*construct) || self.handles(*construct, what))
    }

    /// Whether a failure inside is no error of the whole.
    fn bears(&self, construct: u32) -> bool {
        match &self.plan.nodes[construct as usize].kind {
            NodeKind::Join(_) => self.policy(construct) != JoinPolicy::All,
            NodeKind::Map(map) => map.tolerated.is_some(),
            _ => false,
        }
    }

    /// Whether a handler of a node takes this.
    pub(crate) fn handles(&self, node: u32, what: Caught) -> bool {
        let takes = |caught: Caught| {
            caught == what
                || caught == Caught::Any && what != Caught::Cancelled
                || caught == Caught::Timeout && self.timeout.is_some_and(|it| what == Caught::Error(it))
        };
        self.plan.nodes[node as usize].kind.handlers().iter().any(|handler| takes(handler.on))
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
}
