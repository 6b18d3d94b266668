//! The ways through a plan: its edges, with those that the plan leaves to the machine.
//!
//! A way leads from a node to a node that may come next. Besides the edges these are: the end of an item or a round leads to
//! what follows the construct, that of a round also to the next one; an error of a join leads on from where its branches
//! began, because what they did is undone before it is handled.

use wfl_ir::flow::JoinPolicy;
use wfl_ir::{Caught, EdgeKind, NodeKind, Plan};

/// A way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Way {
    /// Where it begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// The node that decides for it.
    pub at: u32,
    /// Why it is taken.
    pub by: By,
}

/// Why a way is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// As the edge says.
    Edge(EdgeKind),
    /// The last item or round has ended.
    Over,
    /// A round has ended, and another one begins.
    Again,
}

/// All ways of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    pub(crate) all: Vec<Way>,
    /// By node: the numbers of the ways that begin there.
    pub(crate) out: Vec<Vec<u32>>,
    /// By node: the numbers of the ways that end there.
    pub(crate) into: Vec<Vec<u32>>,
    /// Whether some lead back.
    pub(crate) rounds: bool,
    /// By region: whether something in it can go wrong.
    pub(crate) fails: Vec<bool>,
}

impl Ways {
    pub(crate) fn of(plan: &Plan) -> Ways {
        let count = plan.nodes.len();
        let mut ways = Ways {
            all: Vec::new(),
            out: vec![Vec::new(); count],
            into: vec![Vec::new(); count],
            rounds: false,
            fails: Vec::new(),
        };
        let mut owners = vec![None; plan.regions.len()];
        let fails = may_fail(plan);
        for (number, node) in plan.nodes.iter().enumerate() {
            let at = number as u32;
            match &node.kind {
                NodeKind::Map(map) => owners[map.region as usize] = Some(at),
                NodeKind::Loop(rounds) => owners[rounds.region as usize] = Some(at),
                NodeKind::End { region } => {
                    owners[*region as usize].into_iter().for_each(|owner| ways.end(plan, at, owner));
                }
                _ => {}
            }
            for edge in plan.successors(at) {
                let (from, to, by) = (at, edge.to, By::Edge(edge.kind));
                match (&node.kind, edge.kind) {
                    // A fork goes on by its branches, a loop by its rounds.
                    (NodeKind::Fork(_) | NodeKind::Loop(_), EdgeKind::Order) => {}
                    (NodeKind::Join(join), EdgeKind::Error(_)) => {
                        if may_fall_short(plan, &fails, join.fork, at, edge.kind) {
                            ways.add(Way { from: join.fork, to, at, by });
                        }
                    }
                    // Of items that cannot fail there are never too many that do; one key may come twice.
                    (NodeKind::Map(map), EdgeKind::Error(_))
                        if map.key.is_none() && !fails[map.region as usize] => {}
                    _ => ways.add(Way { from, to, at, by }),
                }
            }
        }
        ways.fails = fails;
        ways
    }

    /// The ways from the end of an item or a round.
    fn end(&mut self, plan: &Plan, end: u32, owner: u32) {
        for edge in plan.successors(owner).iter().filter(|edge| edge.kind == EdgeKind::Order) {
            self.add(Way { from: end, to: edge.to, at: end, by: By::Over });
        }
        if let NodeKind::Loop(rounds) = &plan.nodes[owner as usize].kind
            && rounds.times > 1
            && let Some(first) = plan.target(owner, EdgeKind::Body)
        {
            self.rounds = true;
            self.add(Way { from: end, to: first, at: end, by: By::Again });
        }
    }

    fn add(&mut self, way: Way) {
        let number = self.all.len() as u32;
        self.out[way.from as usize].push(number);
        self.into[way.to as usize].push(number);
        self.all.push(way);
    }

    /// The ways that begin at a node.
    pub(crate) fn from(&self, node: u32) -> impl Iterator<Item = Way> {
        self.out[node as usize].iter().map(|way| self.all[*way as usize])
    }

    /// The ways that end at a node.
    pub(crate) fn to(&self, node: u32) -> impl Iterator<Item = Way> {
        self.into[node as usize].iter().map(|way| self.all[*way as usize])
    }
}

/// By region: whether something in it can go wrong.
fn may_fail(plan: &Plan) -> Vec<bool> {
    let mut fails = vec![false; plan.regions.len()];
    for node in &plan.nodes {
        let can = matches!(
            node.kind,
            NodeKind::Call(_)
                | NodeKind::SubWorkflow(_)
                | NodeKind::Await(_)
                | NodeKind::Fail { .. }
                | NodeKind::Map(_)
                | NodeKind::Join(_)
        );
        let parent = |region: &u32| plan.regions.get(*region as usize).and_then(|region| region.parent);
        for region in std::iter::successors(Some(node.region).filter(|_| can), parent) {
            // What is around a region that is known is known.
            match fails.get_mut(region as usize) {
                Some(known) if !*known => *known = true,
                _ => break,
            }
        }
    }
    fails
}

/// Whether a join of some branches may get too few of them.
fn may_fall_short(plan: &Plan, fails: &[bool], fork: u32, join: u32, kind: EdgeKind) -> bool {
    let EdgeKind::Error(number) = kind else { return true };
    let on = plan.nodes[join as usize].kind.handlers().get(number as usize).map(|handler| handler.on);
    let NodeKind::Fork(fork) = &plan.nodes[fork as usize].kind else { return true };
    let needed = match fork.policy {
        JoinPolicy::All => return true,
        JoinPolicy::Any => 1,
        JoinPolicy::Quorum(count) => count as usize,
    };
    let good = fork.branches.iter().filter(|branch| !fails[**branch as usize]).count();
    on != Some(Caught::Shortfall) || fork.within.is_some() || good < needed
}
