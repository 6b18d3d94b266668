//! How often operations are called at most, and how many records the history of an instance has at most.
//!
//! Over all paths at once, operation by operation: no run calls an operation more often, though no single run may do so for
//! all of them.

use std::collections::BTreeMap;

use wfl_ir::flow::{AwaitKind, Map, Remind};
use wfl_ir::{Duration, EdgeKind, Effect, Expr, NodeKind};

use crate::clock::{Attempts, constant};
use crate::count::Count;
use crate::sources::Sources;
use crate::subject::Subject;

/// What a run of a workflow costs at most.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cost {
    /// The operations that it calls, also by the workflows that it starts and waits for, by name.
    pub calls: BTreeMap<String, Count>,
    /// The records of its history, but for what comes uninvited: repeated messages, and what operators wish.
    pub records: Count,
}

/// Numbers of everything that is counted: operations, then started workflows, then records.
type Tally = Vec<Count>;

fn combine(into: &mut Tally, other: &[Count], how: fn(Count, Count) -> Count) {
    into.iter_mut().zip(other).for_each(|(one, other)| *one = how(*one, *other));
}

/// Counts along the paths of each region.
struct Ledger<'a> {
    subject: &'a Subject<'a>,
    sources: &'a Sources<'a>,
    width: usize,
    callees: Vec<u32>,
    /// By node: all that was done when it has ended.
    done: Vec<Tally>,
    /// By region and by scope: the most that was done when something in it ends.
    regions: Vec<Tally>,
    scopes: Vec<Tally>,
    entered: Vec<Option<u32>>,
}

/// What a workflow costs at most. Linear in the edges, times the number of operations.
pub(crate) fn cost(subject: &Subject<'_>, sources: &Sources<'_>) -> Cost {
    let plan = subject.plan;
    let mut callees = subject
        .nodes()
        .filter_map(|(node, _)| subject.attached(node).and(subject.origin(node).callee))
        .collect::<Vec<_>>();
    callees.sort_unstable();
    callees.dedup();
    let width = plan.operations.len() + callees.len() + 1;
    let empty = vec![Count::default(); width];
    let mut ledger = Ledger {
        subject,
        sources,
        width,
        callees,
        done: Vec::new(),
        regions: vec![empty.clone(); plan.regions.len().max(1)],
        scopes: vec![empty; plan.scopes.len()],
        entered: vec![None; plan.scopes.len()],
    };
    ledger.run()
}

impl Ledger<'_> {
    fn run(&mut self) -> Cost {
        let plan = self.subject.plan;
        self.entered.first_mut().into_iter().for_each(|body| *body = Some(0));
        for node in 0..plan.nodes.len() as u32 {
            let mut tally = self.before(node);
            if let NodeKind::Enter { scope, .. } = plan.nodes[node as usize].kind {
                self.entered[scope as usize] = Some(self.subject.level(node));
            }
            self.add(node, &mut tally);
            self.done.push(tally);
        }
        self.finish()
    }

    fn empty(&self) -> Tally {
        vec![Count::default(); self.width]
    }

    /// The most that was done when a node begins, in its region.
    fn before(&self, node: u32) -> Tally {
        let mut tally = self.empty();
        if let NodeKind::Join(join) = &self.subject.node(node).kind {
            return self.done[join.fork as usize].clone();
        }
        for (from, kind) in self.subject.levels.edges_to(node).iter().copied() {
            if matches!(kind, EdgeKind::Branch(_) | EdgeKind::Body) {
                continue;
            }
            let mut departs = self.done[from as usize].clone();
            match &self.subject.node(from).kind {
                NodeKind::Map(_) | NodeKind::Loop(_) => {
                    combine(&mut departs, &self.repeated(from), Count::then)
                }
                NodeKind::Enter { scope, .. } if matches!(kind, EdgeKind::Error(_)) => {
                    combine(&mut departs, &self.scopes[*scope as usize], Count::or);
                }
                _ => {}
            }
            combine(&mut tally, &departs, Count::or);
        }
        tally
    }

    /// What a map or loop does in all.
    fn repeated(&self, node: u32) -> Tally {
        let (region, count, more) = match &self.subject.node(node).kind {
            NodeKind::Map(map) => {
                let (_, most) = self.sources.length(&map.list);
                (map.region, most.unwrap_or(1), most.is_none())
            }
            NodeKind::Loop(rounds) => (rounds.region, u64::from(rounds.times), false),
            _ => return self.empty(),
        };
        self.regions[region as usize].iter().map(|body| body.many(count, more)).collect()
    }

    /// Adds what a node does itself, and lets the parts around it know.
    fn add(&mut self, node: u32, tally: &mut Tally) {
        let (plan, records) = (self.subject.plan, self.width - 1);
        let own = self.records(node);
        tally[records] = tally[records].then(own);
        match &plan.nodes[node as usize].kind {
            NodeKind::Call(call) => self.call(node, call.operation, tally),
            NodeKind::SubWorkflow(_) => {
                let callee = self.subject.attached(node).and(self.subject.origin(node).callee);
                if let Some(at) = callee.and_then(|callee| self.callees.binary_search(&callee).ok()) {
                    let at = plan.operations.len() + at;
                    tally[at] = tally[at].then(Count::once(1));
                }
            }
            NodeKind::Join(join) => {
                if let NodeKind::Fork(fork) = &plan.nodes[join.fork as usize].kind {
                    for branch in &fork.branches {
                        combine(tally, &self.regions[*branch as usize], Count::then);
                    }
                }
            }
            NodeKind::Await(awaited) => {
                if let Some(Remind { every, using: Some((operation, _)) }) = &awaited.remind {
                    let count = self.reminders(every, awaited.timeout.as_ref());
                    let at = *operation as usize;
                    tally[at] = tally[at].then(count);
                }
            }
            _ => {}
        }
        // The body of what repeats comes later, and is added then.
        let repeats = matches!(plan.nodes[node as usize].kind, NodeKind::Map(_) | NodeKind::Loop(_));
        let ends = if repeats { self.empty() } else { tally.clone() };
        self.note(node, &ends);
        self.close(node);
    }

    /// The parts around a node know what was done when it ends.
    fn note(&mut self, node: u32, ends: &[Count]) {
        let region = self.subject.level(node);
        combine(&mut self.regions[region as usize], ends, Count::or);
        let plan = self.subject.plan;
        for scope in plan.scopes_outward(plan.nodes[node as usize].scope) {
            if self.entered[scope as usize] != Some(region) {
                break;
            }
            combine(&mut self.scopes[scope as usize], ends, Count::or);
        }
    }

    /// The end of a body: what goes wrong in the last item or round has all of them behind it.
    fn close(&mut self, node: u32) {
        let ends = matches!(self.subject.node(node).kind, NodeKind::End { .. } | NodeKind::Fail { .. });
        let repeats =
            |owner: &u32| matches!(self.subject.node(*owner).kind, NodeKind::Map(_) | NodeKind::Loop(_));
        let owner = self.subject.frames.owner(self.subject.level(node)).filter(repeats);
        let Some(owner) = owner.filter(|_| ends) else { return };
        let mut ends = self.done[owner as usize].clone();
        combine(&mut ends, &self.repeated(owner), Count::then);
        self.note(owner, &ends);
    }

    fn call(&self, node: u32, operation: u32, tally: &mut Tally) {
        let Some(attempts) = Attempts::of(self.subject, node) else { return };
        let count = Count { more: attempts.is_endless(), ..Count::once(attempts.most()) };
        let at = operation as usize;
        tally[at] = tally[at].then(count);
        let known = &self.subject.plan.operations[at];
        if let Some(confirm) = known.confirm.as_ref().filter(|_| known.effect != Effect::Read) {
            let at = confirm.operation as usize;
            let asked = Count { times: attempts.most(), attempts: attempts.most(), more: count.more };
            tally[at] = tally[at].then(asked);
        }
        if let Effect::Compensable { undo, .. } = &known.effect {
            let at = *undo as usize;
            tally[at] = tally[at].then(Count::once(1));
        }
    }

    fn reminders(&self, every: &Expr, timeout: Option<&Expr>) -> Count {
        let known = |time: &Expr| constant(self.sources, time).filter(|time| time.0 > 0);
        match (known(every), timeout.and_then(known)) {
            (Some(every), Some(timeout)) => {
                let count = (timeout.0 / every.0).unsigned_abs();
                Count { times: count, attempts: count, more: false }
            }
            _ => Count { more: true, ..Count::once(1) },
        }
    }

    /// The records that a node makes itself.
    fn records(&self, node: u32) -> Count {
        let records = |count: u64| Count { times: count, attempts: count, more: false };
        match &self.subject.node(node).kind {
            NodeKind::Call(_) => self.records_of_call(node),
            // A child begins, ends, and is committed or undone.
            NodeKind::SubWorkflow(run) => records(if run.detached { 1 } else { 3 }),
            NodeKind::Timer { .. } => records(1),
            NodeKind::Await(awaited) => {
                let answers = match &awaited.kind {
                    AwaitKind::Signal { .. } => 1,
                    AwaitKind::Human(task) => u64::from(task.most) + task.escalations.len() as u64,
                };
                let time = u64::from(awaited.timeout.is_some());
                let reminders = awaited.remind.as_ref().map(|remind| {
                    let count = self.reminders(&remind.every, awaited.timeout.as_ref());
                    let each = if remind.using.is_some() { 2 } else { 1 };
                    count.many(each, false)
                });
                records(answers + time).then(reminders.unwrap_or_default())
            }
            NodeKind::Loop(rounds) if rounds.every.is_some() => {
                records(u64::from(rounds.times).saturating_sub(1))
            }
            NodeKind::Map(map) => self.paces(map),
            _ => Count::default(),
        }
    }

    fn paces(&self, map: &Map) -> Count {
        let Some((count, _)) = map.rate else { return Count::default() };
        let (_, most) = self.sources.length(&map.list);
        let paces = most.unwrap_or(1).div_ceil(u64::from(count.max(1)));
        Count { times: paces, attempts: paces, more: most.is_none() }
    }

    fn records_of_call(&self, node: u32) -> Count {
        let Some((attempts, operation)) = Attempts::of(self.subject, node).zip(self.subject.operation(node))
        else {
            return Count::default();
        };
        // Each attempt has an answer; a claim or questions may belong to it; between two there is a timer.
        let most = attempts.most();
        let asks = operation.confirm.is_some() && operation.effect != Effect::Read;
        let each = 1 + u64::from(operation.at_most_once) + if asks { 2 } else { 0 };
        let total = u64::from(attempts.total.is_some());
        let undo = u64::from(matches!(operation.effect, Effect::Compensable { .. }));
        let count = most.saturating_mul(each).saturating_add(most - 1).saturating_add(total + undo);
        Count { times: count, attempts: count, more: attempts.is_endless() }
    }

    fn finish(&self) -> Cost {
        let plan = self.subject.plan;
        let whole = &self.regions[0];
        let mut cost = Cost { calls: BTreeMap::new(), records: whole[self.width - 1] };
        let start = 1 + u64::from(plan.deadline.is_some()) + u64::from(plan.compensation_deadline.is_some());
        cost.records = cost.records.then(Count { times: start, attempts: start, more: false });
        let mut add = |name: String, count: Count| {
            if count != Count::default() {
                let known = cost.calls.entry(name).or_default();
                *known = known.then(count);
            }
        };
        for (operation, count) in plan.operations.iter().zip(whole) {
            add(operation.qualified(), *count);
        }
        for (callee, count) in self.callees.iter().zip(&whole[plan.operations.len()..]) {
            let Some(known) = self.subject.claim.callees.get(callee) else { continue };
            for (name, each) in &known.cost {
                add(name.clone(), each.many(count.times, count.more));
            }
        }
        cost
    }
}

impl Attempts {
    /// How many attempts there are at most; where only the time limits them, as many as fit into it with pauses of the
    /// mean length. Without a limit at all: one.
    fn most(&self) -> u64 {
        self.count.or_else(|| self.by_time()).unwrap_or(1)
    }

    fn is_endless(&self) -> bool {
        self.count.is_none() && self.total.is_none()
    }

    fn by_time(&self) -> Option<u64> {
        let total = self.total?;
        let (mut spent, mut count, (mut pause, cap)) = (0_i64, 1_u64, self.growing);
        while spent < total.0 && pause.0 > 0 {
            let mean = (pause.0 / 2).max(1);
            if pause >= cap {
                return Some(count.saturating_add(((total.0 - spent) / mean).unsigned_abs()));
            }
            spent = spent.saturating_add(mean);
            count += 1;
            pause = Duration(pause.0.saturating_mul(2)).min(cap);
        }
        Some(count)
    }
}
