//! The ways through a plan, and what holds on them: the edges, with those that the plan leaves to the machine.

use std::collections::BTreeSet;

use wfl_ir::{EdgeKind, NodeKind, Plan, RegionKind};

/// A way from a node to one that may come next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Way {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// The node that decides for it.
    pub(crate) at: u32,
    pub(crate) kind: EdgeKind,
    /// Whether it leads to the next round or item.
    pub(crate) again: Again,
}

/// What of a construct comes once more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Again {
    No,
    /// The next round, in which what the last one did is known.
    Round,
    /// Another item, which knows nothing of this one.
    Item,
}

/// All ways of a plan, by where they begin and where they end.
pub(crate) struct Ways {
    pub(crate) out: Vec<Vec<Way>>,
    into: Vec<Vec<Way>>,
}

impl Ways {
    pub(crate) fn of(plan: &Plan) -> Ways {
        let count = plan.nodes.len();
        let mut ways = Ways { out: vec![Vec::new(); count], into: vec![Vec::new(); count] };
        let mut owners = vec![None; plan.regions.len()];
        for (at, node) in (0..).zip(&plan.nodes) {
            match &node.kind {
                NodeKind::Map(map) => owners[map.region as usize] = Some((at, Again::Item)),
                NodeKind::Loop(rounds) => owners[rounds.region as usize] = Some((at, Again::Round)),
                NodeKind::End { region } => {
                    owners[*region as usize].into_iter().for_each(|owner| ways.end(plan, at, owner));
                }
                _ => {}
            }
            for edge in plan.successors(at) {
                let way = Way { from: at, to: edge.to, at, kind: edge.kind, again: Again::No };
                match (&node.kind, edge.kind) {
                    // A fork goes on by its branches, a loop by its rounds.
                    (NodeKind::Fork(_) | NodeKind::Loop(_), EdgeKind::Order) => {}
                    // What the branches did is undone before an error of theirs is handled.
                    (NodeKind::Join(join), EdgeKind::Error(_)) => ways.add(Way { from: join.fork, ..way }),
                    _ => ways.add(way),
                }
            }
        }
        ways
    }

    fn end(&mut self, plan: &Plan, end: u32, (owner, again): (u32, Again)) {
        for edge in plan.successors(owner) {
            let way = Way { from: end, to: edge.to, at: owner, kind: edge.kind, again: Again::No };
            match edge.kind {
                EdgeKind::Order => self.add(way),
                EdgeKind::Body => self.add(Way { again, ..way }),
                _ => {}
            }
        }
    }

    fn add(&mut self, way: Way) {
        self.out[way.from as usize].push(way);
        self.into[way.to as usize].push(way);
    }

    /// The nodes that may come behind a node.
    pub(crate) fn ahead(&self, node: u32) -> BTreeSet<u32> {
        let (mut found, mut open) = (BTreeSet::new(), vec![node]);
        while let Some(at) = open.pop() {
            for way in self.out[at as usize].iter().filter(|way| way.again != Again::Item) {
                if found.insert(way.to) {
                    open.push(way.to);
                }
            }
        }
        found
    }
}

/// Sets of small numbers, one for each node.
pub(crate) type Sets = Vec<Option<BTreeSet<u32>>>;

/// How sets come together where ways meet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meet {
    /// What holds on some way.
    Some,
    /// What holds on every way. Where branches end, what holds in each of them holds.
    Every,
}

/// What holds before each node: nothing before the first one, and what `after` makes of it on each way.
pub(crate) fn forward(
    plan: &Plan,
    ways: &Ways,
    meet: Meet,
    after: &dyn Fn(&Way, &BTreeSet<u32>) -> BTreeSet<u32>,
) -> Sets {
    let mut sets: Sets = vec![None; plan.nodes.len()];
    if let Some(first) = sets.first_mut() {
        *first = Some(BTreeSet::new());
    }
    let mut changed = true;
    while changed {
        changed = false;
        for node in 1..plan.nodes.len() {
            let known = ways.into[node].iter().filter(|way| way.again != Again::Item);
            let known = known.filter_map(|way| {
                let before = sets[way.from as usize].as_ref()?;
                Some((branch(plan, way), after(way, before)))
            });
            let new = met(known.collect(), meet, matches!(plan.nodes[node].kind, NodeKind::Join(_)));
            if new.is_some() && new != sets[node] {
                sets[node] = new;
                changed = true;
            }
        }
    }
    sets
}

/// The outermost branch of the way's construct, to tell the ends of one branch from those of others.
fn branch(plan: &Plan, way: &Way) -> u32 {
    let NodeKind::Join(join) = &plan.nodes[way.to as usize].kind else { return 0 };
    let around = plan.nodes[join.fork as usize].region;
    let mut region = plan.nodes[way.from as usize].region;
    while let Some(parent) = plan.regions.get(region as usize).and_then(|it| it.parent) {
        if parent == around && plan.regions[region as usize].kind == RegionKind::Branch {
            return region;
        }
        region = parent;
    }
    region
}

fn met(known: Vec<(u32, BTreeSet<u32>)>, meet: Meet, join: bool) -> Option<BTreeSet<u32>> {
    let mut groups: Vec<(u32, BTreeSet<u32>)> = Vec::new();
    for (branch, set) in known {
        match groups.iter_mut().find(|(known, _)| !join || *known == branch) {
            None => groups.push((branch, set)),
            Some((_, group)) => match meet {
                Meet::Some => group.extend(set),
                Meet::Every => group.retain(|it| set.contains(it)),
            },
        }
    }
    groups.into_iter().map(|(_, set)| set).reduce(|mut all, set| {
        all.extend(set);
        all
    })
}
