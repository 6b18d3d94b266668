//! What the rules of the prover forbid, seen in a run: each monitor knows one rule, and follows the machine node by node.

use std::collections::{BTreeMap, BTreeSet};

use wfl_compiler::{Examined, Lowered, Summary};
use wfl_ir::flow::{AwaitKind, JoinPolicy};
use wfl_ir::{Effect, NodeKind, Operation, Plan, PlanHash, RegionKind};
use wfl_machine::{Ending, Fact, Suspension, Tapped};
use wfl_record::InstanceId;

/// A rule that was broken, by its code, and where.
pub type Broken = BTreeSet<(&'static str, String)>;

/// Something that is owed.
struct Owed {
    name: String,
    scope: u32,
}

/// A step whose effect stays, in a part that may be broken off.
struct Lasting {
    name: String,
    /// The part that holds it now, and the regions around that part, its own first.
    strand: u32,
    regions: Vec<u32>,
}

/// Follows one life of one instance.
struct Monitor<'a> {
    plan: &'a Plan,
    lowered: &'a Lowered,
    children: &'a BTreeMap<PlanHash, &'a Summary>,
    owed: Vec<Owed>,
    /// Whether something was done since a pivot that could be undone.
    since_pivot: bool,
    /// The pivot that was passed and still holds, with the scope whose rest goes forward.
    passed: Option<u32>,
    lasting: Vec<Lasting>,
    /// Strands whose part has ended by itself, well or not.
    ended: BTreeSet<u32>,
    /// Which strand came to a step last.
    strands: BTreeMap<String, u32>,
    answers: BTreeMap<String, u32>,
    broken: Broken,
}

/// What was broken in a run.
pub fn broken(
    all: &[Examined],
    heard: &[Tapped],
    plan_of: &dyn Fn(&InstanceId) -> Option<PlanHash>,
) -> Broken {
    let children: BTreeMap<PlanHash, &Summary> = all.iter().map(|it| (it.hash, &it.summary)).collect();
    let mut by_instance: BTreeMap<InstanceId, Vec<&Tapped>> = BTreeMap::new();
    for tapped in heard {
        let (Tapped::Node { instance, .. } | Tapped::Fact { instance, .. }) = tapped;
        by_instance.entry(*instance).or_default().push(tapped);
    }
    let mut broken = Broken::new();
    for (instance, heard) in by_instance {
        let examined = plan_of(&instance).and_then(|hash| all.iter().find(|it| it.hash == hash));
        let Some(examined) = examined else { continue };
        let mut monitor = Monitor {
            plan: &examined.lowered.plan,
            lowered: &examined.lowered,
            children: &children,
            owed: Vec::new(),
            since_pivot: false,
            passed: None,
            lasting: Vec::new(),
            ended: BTreeSet::new(),
            strands: BTreeMap::new(),
            answers: BTreeMap::new(),
            broken: Broken::new(),
        };
        for tapped in heard {
            match tapped {
                Tapped::Node { strand, parent, node, name, .. } => {
                    monitor.node((*strand, *parent), *node, name)
                }
                Tapped::Fact { fact, .. } => monitor.fact(fact),
            }
        }
        broken.append(&mut monitor.broken);
    }
    broken
}

impl Monitor<'_> {
    fn report(&mut self, code: &'static str, name: &str) {
        self.broken.insert((code, name.to_owned()));
    }

    fn operation(&self, node: u32) -> Option<&Operation> {
        match &self.plan.nodes[node as usize].kind {
            NodeKind::Call(call) => self.plan.operations.get(call.operation as usize),
            _ => None,
        }
    }

    /// The node of a name of a step, perhaps of one item.
    fn node_of(&self, step: &str) -> Option<u32> {
        self.plan.node_by_id(step.split('[').next().unwrap_or(step))
    }

    fn regions(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let parent = |region: &u32| self.plan.regions.get(*region as usize).and_then(|it| it.parent);
        std::iter::successors(Some(self.plan.nodes[node as usize].region), parent)
            .filter(|region| *region > 0)
    }

    fn is_in(&self, scope: u32, outer: u32) -> bool {
        self.plan.scopes_outward(scope).any(|scope| scope == outer)
    }

    fn node(&mut self, (strand, parent): (u32, Option<u32>), node: u32, name: &str) {
        let plan = self.plan;
        let it = &plan.nodes[node as usize];
        self.strands.insert(name.to_owned(), strand);
        if !self.owed.is_empty() {
            self.report("open", name);
        }
        let inside = it.scope != 0 || self.lowered.origins[node as usize].in_handler;
        match &it.kind {
            NodeKind::Return { .. } if inside && !self.owed.is_empty() => self.report("E0312", name),
            NodeKind::Restart { .. } if !self.owed.is_empty() || self.since_pivot => {
                self.report("E0313", name);
            }
            NodeKind::Rollback => {
                self.owed.clear();
                self.since_pivot = false;
            }
            NodeKind::Commit => {
                self.owed.clear();
                self.since_pivot = false;
                self.passed = None;
            }
            NodeKind::Exit { scope } => {
                let parent = plan.scopes[*scope as usize].parent.unwrap_or(0);
                for owed in &mut self.owed {
                    if plan.scopes_outward(owed.scope).any(|it| it == *scope) {
                        owed.scope = parent;
                    }
                }
                if self.passed.is_some_and(|reach| self.is_in(reach, *scope)) {
                    self.passed = None;
                }
            }
            NodeKind::Join(_) | NodeKind::End { .. } => {
                self.ended.insert(strand);
                self.pass_outward(strand, parent);
            }
            NodeKind::Fail { .. } => {
                self.ended.insert(strand);
            }
            NodeKind::Call(call) => {
                if call.pivot {
                    self.pivot(node, name);
                }
                let stays = matches!(
                    plan.operations[call.operation as usize].effect,
                    Effect::Write | Effect::Irreversible
                );
                if stays && !call.pivot {
                    let regions = self.regions(node).filter(|region| self.is_part(*region)).collect();
                    self.lasting.push(Lasting { name: name.to_owned(), strand, regions });
                }
                if plan.operations[call.operation as usize].qualified() == "Rail.fax" {
                    self.faxes(name);
                }
            }
            NodeKind::SubWorkflow(run) if !run.detached => {
                let pivot = self.children.get(&run.plan).is_some_and(|child| child.pivot.is_some());
                match (run.pivot, pivot) {
                    (true, _) => self.pivot(node, name),
                    (false, true) if !self.owed.is_empty() => self.report("E0320", name),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// A branch or an item, which is a strand of its own.
    fn is_part(&self, region: u32) -> bool {
        matches!(self.plan.regions[region as usize].kind, RegionKind::Branch | RegionKind::Item { .. })
    }

    /// What a part has done is a part of what is around it, once it has ended well.
    fn pass_outward(&mut self, strand: u32, parent: Option<u32>) {
        let Some(parent) = parent else { return };
        for lasting in self.lasting.iter_mut().filter(|lasting| lasting.strand == strand) {
            lasting.strand = parent;
            if !lasting.regions.is_empty() {
                lasting.regions.remove(0);
            }
        }
    }

    fn pivot(&mut self, node: u32, name: &str) {
        let beside =
            self.regions(node).any(|region| self.plan.regions[region as usize].kind != RegionKind::Shield);
        let child = matches!(self.plan.nodes[node as usize].kind, NodeKind::SubWorkflow(_));
        if beside && (!child || !self.owed.is_empty()) || self.passed.is_some() {
            self.report("E0322", name);
        }
    }

    /// The policy of reckless programs is about this one operation.
    fn faxes(&mut self, name: &str) {
        let tasks = self.plan.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Await(awaited) => match &awaited.kind {
                AwaitKind::Human(task) => Some((node.id.to_string(), task.approvals)),
                AwaitKind::Signal { .. } => None,
            },
            _ => None,
        });
        let tasks = tasks.collect::<Vec<_>>();
        let most = |(id, approvals): &(String, u32)| {
            let given = self.answers.get(id).copied().unwrap_or_default();
            if given >= *approvals { *approvals } else { 0 }
        };
        let approved = tasks.iter().map(most).max().unwrap_or_default();
        if approved < 2 {
            self.report(if approved == 0 { "nobody looked" } else { "one looked" }, name);
        }
    }

    fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::StepSucceeded { step, .. } => {
                let Some(node) = self.node_of(step) else { return };
                let owes =
                    self.operation(node).is_some_and(|it| matches!(it.effect, Effect::Compensable { .. }));
                self.since_pivot |= owes && self.passed.is_some();
                if owes && self.passed.is_none() {
                    let scope = self.plan.nodes[node as usize].scope;
                    self.owed.push(Owed { name: step.to_string(), scope });
                }
            }
            Fact::ChildEnded { step, outcome: "completed", .. } => {
                let Some(node) = self.node_of(step) else { return };
                let NodeKind::SubWorkflow(run) = &self.plan.nodes[node as usize].kind else { return };
                let child = self.children.get(&run.plan);
                let owes = child.is_some_and(|child| child.owes.is_some() && child.pivot.is_none());
                if owes && !run.detached && !run.pivot && self.passed.is_none() {
                    let scope = self.plan.nodes[node as usize].scope;
                    self.owed.push(Owed { name: step.to_string(), scope });
                }
            }
            Fact::StepFailed { step, handled, .. } => {
                // What was declined has no effect.
                self.lasting.retain(|lasting| lasting.name != step.as_str());
                if !handled {
                    self.ended.extend(self.strands.get(step.as_str()));
                }
            }
            Fact::Joined { step, .. } => self.node_of(step).into_iter().for_each(|fork| self.joined(fork)),
            Fact::TimeUp { step } => self.ended.extend(self.strands.get(step.as_str())),
            Fact::CompensationSettled { step, .. } => self.owed.retain(|owed| owed.name != step.as_str()),
            Fact::PivotPassed { step, .. } => {
                let scope = self.node_of(step).map_or(0, |node| self.plan.nodes[node as usize].scope);
                let common = |owed: &Owed| {
                    let mut outward = self.plan.scopes_outward(scope);
                    outward.find(|outer| self.is_in(owed.scope, *outer)).unwrap_or(0)
                };
                let depth = |scope: &u32| self.plan.scopes_outward(*scope).count();
                let reach = self.owed.iter().map(common).chain([scope]).min_by_key(depth);
                self.passed = reach;
                self.since_pivot = false;
                self.owed.clear();
            }
            Fact::Suspended { step, why } => self.suspended(step, why),
            Fact::Answered { step, .. } => {
                let id = step.split('[').next().unwrap_or(step).to_owned();
                *self.answers.entry(id).or_default() += 1;
            }
            Fact::Restarted { .. } => {
                self.since_pivot = false;
                self.owed.clear();
                self.lasting.clear();
                self.answers.clear();
                self.passed = None;
            }
            Fact::Ended { ending, .. } => self.over(ending),
            _ => {}
        }
    }

    fn suspended(&mut self, step: &str, why: &Suspension) {
        let code = match why {
            Suspension::RetriesExhausted(_) => "E0321",
            // Whether it happened has to be found out by a person, whatever is handled.
            Suspension::UnknownOutcome(_) => "unknown",
            _ => return,
        };
        let calls = self.node_of(step).is_some_and(|node| self.operation(node).is_some());
        if calls && self.passed.is_some() {
            self.report(code, step);
        }
    }

    fn over(&mut self, ending: &Ending) {
        if let (Ending::Failed(..), Some(_)) = (ending, self.passed) {
            self.report("E0321", "the end");
        }
        // Whoever is cancelled or out of time is broken off as a whole.
        if !matches!(ending, Ending::Completed(_) | Ending::Failed(..)) {
            return;
        }
        for Lasting { name, strand, regions } in std::mem::take(&mut self.lasting) {
            if strand > 0 && !self.ended.contains(&strand) && self.may_be_lost(&regions) {
                self.report("E0323", &name);
            }
        }
    }

    /// A join is over: branches that have not ended are broken off.
    fn joined(&mut self, fork: u32) {
        let NodeKind::Fork(fork) = &self.plan.nodes[fork as usize].kind else { return };
        let lost = |lasting: &&Lasting| {
            let mine = lasting.regions.first().is_some_and(|region| fork.branches.contains(region));
            mine && !self.ended.contains(&lasting.strand)
        };
        let lost = self.lasting.iter().filter(lost).map(|lasting| lasting.name.clone()).collect::<Vec<_>>();
        if fork.policy != JoinPolicy::All {
            lost.iter().for_each(|name| self.report("E0323", name));
        }
    }

    /// Whether a step stands in a branch or an item that others can break off.
    fn may_be_lost(&self, regions: &[u32]) -> bool {
        regions.iter().copied().any(|region| match self.plan.regions[region as usize].kind {
            RegionKind::Branch => self.plan.nodes.iter().any(|node| {
                matches!(&node.kind, NodeKind::Fork(fork) if fork.branches.contains(&region)
                    && (fork.policy != JoinPolicy::All || !fork.finish || fork.within.is_some()))
            }),
            RegionKind::Item { .. } => self.plan.nodes.iter().any(|node| {
                matches!(&node.kind, NodeKind::Map(map)
                    if map.region == region && map.tolerated.is_none() && map.limit != Some(1))
            }),
            _ => false,
        })
    }
}
