//! What must hold after a run, and what came of each instance.

use std::collections::BTreeMap;

use wfl_ir::{Effect, NodeKind, Timestamp};
use wfl_machine::{CallRef, Ending, Fact, Input, Instance, Purpose, Settlement, Source, apply};
use wfl_record::{InstanceId, Record};

use crate::books::{EffectState, Entry};
use crate::observed::Observed;
use crate::people::UNDONE;
use crate::rules;
use crate::shields;
use crate::sim::{BEGIN, Sim};

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    /// What should never happen, and did.
    pub violations: Vec<String>,
    /// Each instance that began.
    pub observed: BTreeMap<InstanceId, Observed>,
    /// The virtual time that passed, in microseconds.
    pub elapsed: i64,
    /// How many records were written.
    pub records: usize,
}

impl Sim {
    /// Looks at everything once the run is over.
    pub fn report(&mut self) -> Report {
        let mut violations = std::mem::take(&mut self.violations);
        violations.append(&mut self.books.violations);
        let mut observed = BTreeMap::new();
        for id in self.instances() {
            match self.refold(&id) {
                Ok(seen) => {
                    violations.extend(self.settled(&id, &seen));
                    violations.extend(self.same_everywhere(&id, &seen.state));
                    observed.insert(id, seen);
                }
                Err(why) => violations.push(format!("{id} cannot be folded anew: {why}")),
            }
        }
        for entry in self.books.entries() {
            violations.extend(self.promised(entry, &observed));
        }
        for (id, seen) in &observed {
            violations.extend(rules::of_facts(id, seen));
            violations.extend(self.of_effects(id, seen));
            let plan = self.plan(seen.state.plan());
            violations.extend(plan.into_iter().flat_map(|plan| shields::of_shields(id, plan, seen)));
            violations.extend(plan.into_iter().flat_map(|plan| rules::of_late(id, plan, seen)));
        }
        violations.extend(self.turns.left_over());
        for alarm in &self.alarms {
            if let wfl_partition::Alarm::Quarantined { instance, reason } = alarm {
                violations.push(format!("{instance} is in quarantine: {reason}"));
            }
        }
        violations.extend(self.purged_in_the_end());
        Report { violations, observed, elapsed: self.now - BEGIN, records: self.journal.records().count() }
    }

    /// Folds the log of an instance anew.
    fn refold(&self, id: &InstanceId) -> Result<Observed, String> {
        let partition = crate::sim::log_of(id, self.setup.partitions);
        let mine = |record: &&Record| record.envelope.instance == *id;
        let (mut state, mut facts): (Option<Instance>, Vec<Fact>) = (None, Vec::new());
        let mut plan = None;
        for record in self.journal.log(partition.0).iter().filter(mine) {
            let envelope = &record.envelope;
            let input = Input::decode(envelope.kind, envelope.version, &envelope.payload)
                .map_err(|error| error.to_string())?;
            let args = match &input {
                Input::Start(start) => {
                    plan = plan.or_else(|| self.plan(start.plan).map(|plan| (start.plan, plan)));
                    match &start.source {
                        Source::Inline(args) => args.clone(),
                        Source::Blob(_) => Vec::new(),
                    }
                }
                _ => Vec::new(),
            };
            let (hash, plan) = plan.ok_or("its plan is not there")?;
            let applied = apply(plan, hash, &mut state, envelope, &input, &args, record.at)
                .map_err(|error| error.to_string())?;
            facts.extend(applied.facts);
        }
        state.map(|state| Observed { state, facts }).ok_or_else(|| "it did not begin".to_owned())
    }

    /// Every process that lives has folded the same.
    fn same_everywhere(&self, id: &InstanceId, state: &Instance) -> Option<String> {
        let partition = crate::sim::log_of(id, self.setup.partitions).0 as usize;
        self.nodes.iter().filter(|node| node.alive).find_map(|node| {
            let theirs = node.partitions[partition].view(id).and_then(|view| view.state)?;
            let same = theirs.hash() == state.hash();
            (!same && theirs.count() == state.count()).then(|| format!("{id} is folded to another state"))
        })
    }

    /// An instance has come to an end, and owes nothing.
    fn settled(&self, id: &InstanceId, seen: &Observed) -> Vec<String> {
        let mut wrong = Vec::new();
        let state = &seen.state;
        if state.ending().is_none() {
            let waits: Vec<String> =
                state.suspensions().iter().map(|it| format!("{}: {}", it.node, it.why)).collect();
            let last = seen.facts.iter().rev().take(3).collect::<Vec<_>>();
            let held = self.held(id);
            wrong.push(format!("{id} has not ended: {} {waits:?} {last:?} {held:?}", state.status().word()));
        } else if !state.is_closed() && state.ending() != Some(&Ending::Killed) {
            wrong.push(format!("{id} has ended, and something is open: {}", state.status().word()));
        }
        let mut ended: Option<Timestamp> = None;
        for fact in &seen.facts {
            match fact {
                Fact::Ended { at, .. } if ended.is_none() => ended = Some(*at),
                Fact::StepStarted { step, .. } if ended.is_some() => {
                    wrong.push(format!("{id}: {step} began after the end"));
                }
                Fact::Ended { .. } => wrong.push(format!("{id} ended twice")),
                _ => {}
            }
        }
        wrong
    }

    /// What each process holds of an instance.
    fn held(&self, id: &InstanceId) -> Vec<String> {
        let partition = crate::sim::log_of(id, self.setup.partitions).0 as usize;
        let word = |node: &crate::node::Node| {
            let role = if node.owns[partition] { "owner" } else { "standby" };
            let held = match node.partitions[partition].view(id) {
                None if node.partitions[partition].rests(id) => "at rest",
                None => "not in memory",
                Some(view) if view.returning => "being read",
                Some(view) if view.parked => "waits for a plan",
                Some(_) => "in memory",
            };
            format!("{role}: {held}")
        };
        self.nodes.iter().filter(|node| node.alive).map(word).collect()
    }

    /// What is promised of each effect.
    fn promised(&self, entry: &Entry, observed: &BTreeMap<InstanceId, Observed>) -> Vec<String> {
        let mut wrong = Vec::new();
        let place = format!("{} of {} at {}", entry.operation, entry.instance, entry.call.path());
        let Some(seen) = observed.get(&entry.instance) else { return wrong };
        let Some(plan) = self.plan(seen.state.plan()) else { return wrong };
        let operation = plan.operations.iter().find(|operation| operation.qualified() == entry.operation);
        let Some(operation) = operation else { return wrong };
        if entry.call.purpose == Purpose::Do && operation.at_most_once && entry.times > 1 {
            wrong.push(format!("{place}: sent {} times, at most once is promised", entry.times));
        }
        if entry.call.purpose != Purpose::Do {
            return wrong;
        }
        let late =
            |other: &Entry| other.late && other.call.purpose == Purpose::Do && rules::same_step(entry, other);
        if !entry.late && self.books.entries().iter().any(late) {
            // What is said of the step is said of the late one, too.
            return wrong;
        }
        match (&entry.effect, entry.state) {
            (Effect::Irreversible, EffectState::Undone) => wrong.push(format!("{place}: a pivot was undone")),
            (Effect::Compensable { .. }, EffectState::Done) => {
                let step = name(&entry.call);
                let settled = settled_as(&seen.facts, &step);
                if self.undone_in_vain(entry, &seen.facts, &step) && !by_hand(&seen.facts, &step) {
                    wrong.push(format!("{place}: it was settled as undone, and is there"));
                }
                if settled.is_none() && seen.state.is_closed() && seen.state.ending() != Some(&Ending::Killed)
                {
                    wrong.push(format!("{place}: it is there, and nobody settled it"));
                }
                let by_hand = by_hand(&seen.facts, &step);
                if seen.state.ending().is_some_and(must_undo) && !stays(&seen.facts, &step) && !by_hand {
                    wrong.push(format!("{place}: it is there although the instance was undone"));
                }
            }
            (Effect::Compensable { .. }, EffectState::Undone) => {
                let step = name(&entry.call);
                let settled = seen.facts.iter().any(|fact| {
                    matches!(fact, Fact::CompensationSettled { step: of, how: Settlement::Undone, .. } if of.as_str() == step)
                });
                let killed = seen.state.ending() == Some(&Ending::Killed);
                if !settled && !killed {
                    wrong.push(format!("{place}: it was undone, and nobody settled it"));
                }
            }
            _ => {}
        }
        wrong
    }

    /// Whether a step's debts, in all lives of its instance, were settled as undone more often than what it did was.
    fn undone_in_vain(&self, entry: &Entry, facts: &[Fact], step: &str) -> bool {
        let undone = |other: &&Entry| {
            let there = (other.instance, &other.call.step, &other.call.item);
            other.state == EffectState::Undone
                && there == (entry.instance, &entry.call.step, &entry.call.item)
        };
        let settled = |fact: &&Fact| matches!(fact, Fact::CompensationSettled { step: of, how: Settlement::Undone, .. } if of.as_str() == step);
        facts.iter().filter(settled).count() > self.books.entries().iter().filter(undone).count()
    }

    /// What must hold between the effects of an instance.
    fn of_effects(&self, id: &InstanceId, seen: &Observed) -> Vec<String> {
        let mine = |entry: &&Entry| entry.instance == *id && entry.call.purpose == Purpose::Do;
        let acted = |entry: &&Entry| entry.state != EffectState::Nothing;
        let effects: Vec<&Entry> = self.books.entries().iter().filter(mine).filter(acted).collect();
        let plan = self.plan(seen.state.plan()).map(|plan| &**plan);
        let alone = |entry: &Entry| effects.iter().filter(|it| rules::same_step(entry, it)).count() == 1;
        let alone: Vec<bool> = effects.iter().map(|entry| alone(entry)).collect();
        effects.iter().enumerate().fold(Vec::new(), |mut wrong, (at, first)| {
            let step = name(&first.call);
            let decided = by_hand(&seen.facts, &step) || waived(&seen.facts, &step);
            for (other, second) in effects.iter().enumerate().skip(at + 1) {
                if rules::same_step(first, second) {
                    wrong.extend(rules::of_twins(first, second).filter(|_| !decided));
                } else if alone[at] && alone[other] {
                    // Of several effects of a step, which look alike, nobody knows which one was undone when.
                    wrong.extend(rules::of_two(plan, first, second));
                }
            }
            wrong
        })
    }

    /// How many steps the plan of an instance has.
    pub fn steps(&self, id: &InstanceId) -> usize {
        let plan = self.state(id).and_then(|state| self.plan(state.plan()));
        plan.map_or(0, |plan| plan.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Call(_))).count())
    }
}

/// The name of a call's step, as facts have it.
fn name(call: &CallRef) -> String {
    match &call.item {
        Some(item) => format!("{}[{item}]", call.step),
        None => call.step.to_string(),
    }
}

/// How a step's debt was settled at last.
fn settled_as(facts: &[Fact], step: &str) -> Option<Settlement> {
    facts.iter().rev().find_map(|fact| match fact {
        Fact::CompensationSettled { step: of, how, .. } if of.as_str() == step => Some(*how),
        _ => None,
    })
}

/// Endings that leave nothing behind but what was committed.
fn must_undo(ending: &Ending) -> bool {
    matches!(ending, Ending::Failed(..) | Ending::TimedOut | Ending::Cancelled)
}

/// Whether a person has undone what a step did.
fn by_hand(facts: &[Fact], step: &str) -> bool {
    facts.iter().any(|fact| {
        matches!(fact, Fact::ByHand { step: of, reason, .. } if of.as_str() == step && reason == UNDONE)
    })
}

/// Whether what a step did stays although it should have been undone.
fn waived(facts: &[Fact], step: &str) -> bool {
    facts.iter().any(|fact| {
        matches!(fact, Fact::CompensationSettled { step: of, how: Settlement::Waived, .. } if of.as_str() == step)
    })
}

/// Whether somebody decided that what a step did stays.
fn stays(facts: &[Fact], step: &str) -> bool {
    facts.iter().any(|fact| {
        matches!(fact, Fact::CompensationSettled { step: of, how, .. }
            if of.as_str() == step && *how != Settlement::Undone)
    })
}
