//! When each node begins and how long everything takes, in the best and in the worst case.
//!
//! One pass over the nodes, whose order is topological: the longest path through the graph of each region, where what holds
//! regions takes as long as they do (the critical path method; Kelley and Walker, "Critical-path planning and scheduling",
//! 1959). Linear in the edges.

use wfl_ir::flow::{Fork, JoinPolicy, Loop, Map};
use wfl_ir::{Duration, EdgeKind, NodeKind, Retry};

use crate::bounds::{Bounds, Open, Worst, sum, times};
use crate::clock::{constant, own, undo};
use crate::facts::{Fact, Facts};
use crate::sources::Sources;
use crate::subject::Subject;

/// The times of a workflow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timing {
    /// By node: how long it takes, with all that it holds. That of a `parallel` is at its join.
    pub takes: Vec<Bounds>,
    /// By scope: from where it begins to its end.
    pub scopes: Vec<Bounds>,
    /// From the start to the end.
    pub whole: Bounds,
    /// How long it takes to undo everything, if each undo succeeds at once.
    pub undo: Worst,
    /// The nodes of the longest path that take time, in order, each with how long.
    pub critical: Vec<(u32, Worst)>,
}

/// What is known of a region, or of a scope within one.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// The earliest good end; none if there is no good end.
    end: Option<Duration>,
    /// The latest moment at which something in it ends, or goes wrong.
    latest: Worst,
    /// The node that ends then.
    last: Option<u32>,
    /// How long it takes to undo all of it.
    undo: Worst,
    /// What in it has no bound.
    open: Open,
}

impl Part {
    fn add(&mut self, node: u32, (begins, takes): (Bounds, Bounds), undo: Worst) {
        let ends = begins.worst.then(takes.worst);
        if self.last.is_none() || ends.known > self.latest.known {
            self.last = Some(node);
        }
        self.latest = self.latest.or(ends);
        self.undo = self.undo.then(undo);
        self.open = self.open | takes.worst.open;
    }

    fn ends(&mut self, at: Duration) {
        self.end = Some(self.end.map_or(at, |end| end.min(at)));
    }
}

struct Pass<'a> {
    subject: &'a Subject<'a>,
    sources: &'a Sources<'a>,
    own: &'a dyn Fn(u32) -> Bounds,
    regions: Vec<Part>,
    scopes: Vec<Part>,
    /// By scope: the region in which it is entered, when, and when it is left.
    entered: Vec<Option<(u32, Bounds, Option<Bounds>)>>,
    begins: Vec<Option<Bounds>>,
    takes: Vec<Bounds>,
    before: Vec<Option<u32>>,
    /// Maps and loops whose bodies are not over, with their regions.
    bodies: Vec<(u32, u32)>,
}

impl<'a> Pass<'a> {
    fn run(mut self) -> Timing {
        let plan = self.subject.plan;
        if let Some(body) = self.entered.first_mut() {
            *body = Some((0, Bounds::default(), None));
        }
        for node in 0..plan.nodes.len() as u32 {
            self.end_bodies(Some(node));
            self.visit(node);
        }
        self.end_bodies(None);
        self.finish()
    }

    /// A map or loop is known when what follows it comes.
    fn end_bodies(&mut self, next: Option<u32>) {
        while let Some((node, region)) = self.bodies.last().copied() {
            if next.is_some_and(|next| self.subject.frames.regions(next).any(|around| around == region)) {
                return;
            }
            self.bodies.pop();
            let body = self.regions[region as usize];
            let (takes, undo) = match &self.subject.node(node).kind {
                NodeKind::Map(map) => (self.items(map, &body), self.many(map, body.undo)),
                NodeKind::Loop(rounds) => {
                    (self.rounds(rounds, &body), body.undo.times(u64::from(rounds.times)))
                }
                _ => continue,
            };
            self.takes[node as usize] = takes;
            self.count(node, undo);
        }
    }

    fn visit(&mut self, node: u32) {
        let Some(begins) = self.begin(node) else { return };
        self.begins[node as usize] = Some(begins);
        let (takes, undo) = match &self.subject.node(node).kind {
            NodeKind::Map(map) => return self.bodies.push((node, map.region)),
            NodeKind::Loop(rounds) => return self.bodies.push((node, rounds.region)),
            NodeKind::Join(join) => match &self.subject.node(join.fork).kind {
                NodeKind::Fork(fork) => self.parallel(fork),
                _ => (Bounds::default(), Worst::NONE),
            },
            NodeKind::Rollback => {
                let scope = self.subject.node(node).scope as usize;
                (Bounds::up_to(self.scopes[scope].undo), Worst::NONE)
            }
            NodeKind::Enter { scope, .. } => {
                self.entered[*scope as usize] = Some((self.subject.level(node), begins, None));
                (Bounds::default(), Worst::NONE)
            }
            NodeKind::Exit { scope } => {
                if let Some((.., exit)) = &mut self.entered[*scope as usize] {
                    *exit = Some(begins);
                }
                (Bounds::default(), Worst::NONE)
            }
            NodeKind::End { region } => {
                self.regions[*region as usize].ends(begins.best);
                (Bounds::default(), Worst::NONE)
            }
            _ => ((self.own)(node), undo(self.subject, node)),
        };
        self.takes[node as usize] = takes;
        self.count(node, undo);
        self.end_branch(node);
    }

    /// The parts around a node have to know of it.
    fn count(&mut self, node: u32, undo: Worst) {
        let Some(begins) = self.begins[node as usize] else { return };
        let (times, region) = ((begins, self.takes[node as usize]), self.subject.level(node));
        self.regions[region as usize].add(node, times, undo);
        let plan = self.subject.plan;
        for scope in plan.scopes_outward(self.subject.node(node).scope) {
            if self.entered[scope as usize].is_none_or(|(of, ..)| of != region) {
                break;
            }
            self.scopes[scope as usize].add(node, times, undo);
        }
    }

    fn end_branch(&mut self, node: u32) {
        let region = self.subject.level(node);
        for edge in self.subject.plan.successors(node) {
            if matches!(self.subject.node(edge.to).kind, NodeKind::Join(_))
                && self.subject.level(edge.to) != region
                && let Some(leaves) = self.departs(node, edge.kind)
            {
                self.regions[region as usize].ends(leaves.best);
            }
        }
    }

    /// When a node begins: not before the first, and not after the last of what leads there.
    fn begin(&mut self, node: u32) -> Option<Bounds> {
        if node == 0 {
            return Some(Bounds::default());
        }
        if let NodeKind::Join(join) = &self.subject.node(node).kind {
            self.before[node as usize] = Some(join.fork);
            return self.begins[join.fork as usize];
        }
        let mut found: Option<Bounds> = None;
        for (from, kind) in self.subject.levels.edges_to(node).iter().copied() {
            let first = matches!(kind, EdgeKind::Branch(_) | EdgeKind::Body);
            let departs = if first { Some(Bounds::default()) } else { self.departs(from, kind) };
            let Some(departs) = departs else { continue };
            if found.is_none_or(|known| known.worst.known < departs.worst.known) {
                self.before[node as usize] = Some(from).filter(|_| !first);
            }
            found = Some(found.map_or(departs, |known| Bounds {
                best: known.best.min(departs.best),
                worst: known.worst.or(departs.worst),
            }));
        }
        found
    }

    /// When an edge is taken.
    fn departs(&self, from: u32, kind: EdgeKind) -> Option<Bounds> {
        let begins = self.begins[from as usize]?;
        let takes = self.takes[from as usize];
        let failing = |worst: Worst| Bounds { best: begins.best, worst };
        Some(match (&self.subject.node(from).kind, kind) {
            // What was done inside is undone first.
            (NodeKind::Enter { scope, .. }, EdgeKind::Error(_)) => {
                let inside = &self.scopes[*scope as usize];
                failing(begins.worst.or(inside.latest).then(inside.undo))
            }
            (NodeKind::Join(join), EdgeKind::Error(_)) => {
                failing(begins.worst.then(takes.worst).then(self.undo_in(join.fork)))
            }
            (NodeKind::Map(map), EdgeKind::Error(_)) => {
                let undo = self.many(map, self.regions[map.region as usize].undo);
                failing(begins.worst.then(takes.worst).then(undo))
            }
            // An answer may be an error at once.
            (_, EdgeKind::Error(_)) => failing(begins.worst.then(takes.worst)),
            (NodeKind::Await(awaited), EdgeKind::Timeout) => {
                let time = awaited.timeout.as_ref().and_then(|time| constant(self.sources, time));
                begins.then(Bounds { best: time.unwrap_or_default(), ..takes })
            }
            _ => begins.then(takes),
        })
    }

    /// Branches are undone side by side, but a bound must not count on it.
    fn undo_in(&self, fork: u32) -> Worst {
        let NodeKind::Fork(it) = &self.subject.node(fork).kind else { return Worst::NONE };
        let undo = it.branches.iter().map(|branch| self.regions[*branch as usize].undo);
        undo.fold(Worst::NONE, Worst::then)
    }

    fn parallel(&self, fork: &Fork) -> (Bounds, Worst) {
        let parts = || fork.branches.iter().map(|branch| &self.regions[*branch as usize]);
        // A branch without a node of its own ends at once; one that never ends well is no help to anybody.
        let ends = parts().filter_map(|part| part.end.or(part.last.is_none().then_some(Duration(0))));
        let mut ends = ends.collect::<Vec<_>>();
        ends.sort();
        let needed = match fork.policy {
            JoinPolicy::All => ends.len(),
            JoinPolicy::Any => 1,
            JoinPolicy::Quorum(count) => count as usize,
        };
        let best = needed.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or_default();
        let worst = parts().map(|part| part.latest).fold(Worst::NONE, Worst::or);
        let worst = match fork.within.as_ref().map(|limit| constant(self.sources, limit)) {
            Some(Some(limit)) => worst.within(limit),
            _ => worst,
        };
        let undo = parts().map(|part| part.undo).fold(Worst::NONE, Worst::then);
        (Bounds { best: best.min(worst.known), worst }, undo)
    }

    /// So many items, some at once.
    fn items(&self, map: &Map, body: &Part) -> Bounds {
        let (least, _) = self.sources.length(&map.list);
        let rounds = least.div_ceil(u64::from(map.at_once().max(1)));
        let end = body.end.unwrap_or_default();
        // The last items begin when all others have had their times.
        let paced = map.rate.map_or(Duration(0), |(count, per)| {
            times(per, least.div_ceil(u64::from(count.max(1))).saturating_sub(1))
        });
        let best = match map.tolerated {
            // What is borne may end an item early.
            Some(_) => paced,
            None if least == 0 => Duration(0),
            None => times(end, rounds).max(sum(paced, end)),
        };
        Bounds { best, worst: self.many(map, body.latest) }
    }

    /// The worst case of something for all items.
    fn many(&self, map: &Map, each: Worst) -> Worst {
        let (_, most) = self.sources.length(&map.list);
        let count = most.unwrap_or(1);
        let rounds = count.div_ceil(u64::from(map.at_once().max(1)));
        let paced = map.rate.map_or(Duration(0), |(most, per)| {
            times(per, count.div_ceil(u64::from(most.max(1))).saturating_sub(1))
        });
        let all = each.times(rounds).then(Worst::of(paced));
        match most {
            None if each != Worst::NONE || map.rate.is_some() => all.then(Worst::DATA),
            _ => all,
        }
    }

    fn rounds(&self, rounds: &Loop, body: &Part) -> Bounds {
        let pause = match rounds.every.as_ref().map(|every| constant(self.sources, every)) {
            None => Worst::NONE,
            Some(Some(pause)) => Worst::of(pause),
            Some(None) => Worst::DATA,
        };
        let count = u64::from(rounds.times.max(1));
        let end = body.end.unwrap_or_default();
        let best = match rounds.until {
            Some(_) => end,
            None => sum(times(end, count), times(pause.known, count - 1)),
        };
        Bounds { best, worst: body.latest.times(count).then(pause.times(count - 1)) }
    }

    fn finish(self) -> Timing {
        let returns = self.subject.nodes().filter(|(_, node)| matches!(node.kind, NodeKind::Return { .. }));
        let best = returns.filter_map(|(node, _)| Some(self.begins[node as usize]?.best)).min();
        let whole = self.regions[0];
        let mut critical = Vec::new();
        whole.last.into_iter().for_each(|last| self.follow(last, &mut critical));
        Timing {
            scopes: (0..self.scopes.len()).map(|scope| self.scope(scope)).collect(),
            whole: Bounds { best: best.unwrap_or_default(), worst: whole.latest },
            undo: whole.undo,
            critical,
            takes: self.takes,
        }
    }

    /// From where a scope is entered to where it is left, or goes wrong.
    fn scope(&self, scope: usize) -> Bounds {
        let Some((_, enter, exit)) = self.entered[scope] else { return Bounds::default() };
        let since = |end: Duration, begin: Duration| Duration((end.0 - begin.0).max(0));
        let Part { latest, open, .. } = self.scopes[scope];
        Bounds {
            best: exit.map_or(Duration(0), |exit| since(exit.best, enter.best)),
            worst: Worst { known: since(latest.known, enter.worst.known), open },
        }
    }

    /// The longest path to a node, without the nodes that take no time.
    fn follow(&self, last: u32, path: &mut Vec<(u32, Worst)>) {
        let mut back = Vec::new();
        let mut at = Some(last);
        while let Some(node) = at {
            back.push(node);
            at = self.before[node as usize];
        }
        for node in back.into_iter().rev() {
            let takes = self.takes[node as usize].worst;
            let slowest = match &self.subject.node(node).kind {
                NodeKind::Join(join) => self.slowest(join.fork, takes),
                _ => None,
            };
            match slowest {
                Some(last) => self.follow(last, path),
                None if takes != Worst::NONE => path.push((node, takes)),
                None => {}
            }
        }
    }

    /// Where the slowest branch ends, if it is not broken off before.
    fn slowest(&self, fork: u32, takes: Worst) -> Option<u32> {
        let NodeKind::Fork(it) = &self.subject.node(fork).kind else { return None };
        let parts = it.branches.iter().map(|branch| &self.regions[*branch as usize]);
        let slowest = parts.filter(|part| part.latest.known == takes.known && takes != Worst::NONE);
        slowest.filter_map(|part| part.last).next()
    }
}

/// The times of a workflow, by what each node takes by itself.
fn pass(subject: &Subject<'_>, sources: &Sources<'_>, own: &dyn Fn(u32) -> Bounds) -> Timing {
    let (count, scopes) = (subject.plan.nodes.len(), subject.plan.scopes.len());
    let pass = Pass {
        subject,
        sources,
        own,
        regions: vec![Part::default(); subject.plan.regions.len().max(1)],
        scopes: vec![Part::default(); scopes],
        entered: vec![None; scopes],
        begins: vec![None; count],
        takes: vec![Bounds::default(); count],
        before: vec![None; count],
        bodies: Vec::new(),
    };
    pass.run()
}

/// The times of a workflow.
pub(crate) fn timing(subject: &Subject<'_>, sources: &Sources<'_>) -> Timing {
    pass(subject, sources, &|node| own(subject, sources, node))
}

/// The times that count for a deadline: without what is tried for ever, and without the point of no return and what comes
/// behind it, when the deadline is an alarm only.
pub(crate) fn until_deadline(subject: &Subject<'_>, sources: &Sources<'_>, facts: &Facts<'_>) -> Timing {
    pass(subject, sources, &|node| {
        // While a point of no return is in doubt, the deadline waits too.
        if !facts.holds(node, Fact::Free) || subject.is_pivot(node) {
            return Bounds::default();
        }
        if let Some(callee) = subject.attached(node) {
            let whole = own(subject, sources, node);
            let until = callee.time.until;
            return if until.known < whole.worst.known { Bounds { worst: until, ..whole } } else { whole };
        }
        match subject.retry(node) {
            Retry::Forever { .. } => Bounds::default(),
            _ => own(subject, sources, node),
        }
    })
}
