//! What is remembered of an instance's story besides its state, and what each fact must not do.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::{Name, NodeKind};
use wfl_machine::{CallRef, Ending, Fact, Settlement};
use wfl_record::InstanceId;

use crate::program::Loaded;
use crate::violation::{Rule, Violation};

/// How the debts of one step were settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Settled {
    pub(crate) undone: u32,
    pub(crate) committed: u32,
    pub(crate) waived: u32,
}

/// How far a child is, as its parent knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Child {
    Started(InstanceId),
    Told(InstanceId),
    Refused,
}

/// What was seen of an instance so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watch {
    pub(crate) ended: bool,
    pub(crate) killed: bool,
    deadline_passed: bool,
    deadline_alarmed: bool,
    pivot_passed: bool,
    cancel_asked: bool,
    /// Whoever cancelled it wanted that everything stays.
    stop: bool,
    pub(crate) paused: bool,
    pub(crate) settled: BTreeMap<Name, Settled>,
    /// Shields whose first step is done, and those whose last step has begun.
    shields_open: BTreeSet<u32>,
    shields_over: BTreeSet<u32>,
    answered: BTreeSet<(Name, Name)>,
    /// What was sent to the instance: messages by channel, and wishes.
    pub(crate) signals: BTreeMap<Name, u32>,
    pub(crate) requests: u32,
    /// How often somebody was reminded, by node.
    pub(crate) reminders: BTreeMap<Name, u32>,
    /// Letters of the instance that were delivered, by their numbers.
    pub(crate) sent: BTreeSet<u32>,
    pub(crate) children: BTreeMap<CallRef, Child>,
}

impl Watch {
    /// Follows the facts of one input.
    pub(crate) fn follow(
        &mut self,
        loaded: &Loaded,
        instance: InstanceId,
        facts: &[Fact],
        found: &mut Vec<Violation>,
    ) {
        let mut wrong = |rule, what: String| found.push(Violation::new(rule, instance, what));
        let may_commit = facts.iter().any(|fact| matches!(fact, Fact::PivotPassed { .. }))
            || loaded.plan.nodes.iter().any(|node| matches!(node.kind, NodeKind::Commit));
        let mut committed = None;
        for fact in facts {
            match fact {
                Fact::StepStarted { step, .. } => {
                    self.step_started(step, &mut wrong);
                    self.shield(loaded, step, false);
                }
                Fact::StepSucceeded { step, .. } => self.shield(loaded, step, true),
                Fact::CompensationSettled { step, operation, how } => {
                    let of_child = operation.starts_with("run ");
                    if *how == Settlement::Committed && !of_child {
                        committed = Some(step.clone());
                    }
                    if !of_child {
                        self.settle(step, *how);
                    }
                }
                Fact::PivotPassed { .. } => self.pivot_passed = true,
                Fact::DeadlinePassed { alarm_only } => {
                    self.deadline_alarmed = true;
                    self.deadline_passed |= !alarm_only;
                }
                Fact::CancelAsked { stop, .. } => {
                    self.cancel_asked = true;
                    self.stop |= stop;
                }
                Fact::Killed { .. } => self.killed = true,
                Fact::Paused { .. } => self.paused = true,
                Fact::Unpaused => self.paused = false,
                Fact::Restarted { .. } => {
                    (self.deadline_passed, self.deadline_alarmed, self.pivot_passed) = (false, false, false);
                    self.shields_open.clear();
                    self.shields_over.clear();
                }
                Fact::Asked { step, .. } => self.answered.retain(|(asked, _)| asked != step),
                Fact::Answered { step, person, .. } => {
                    let first = self.answered.insert((step.clone(), person.clone()));
                    let what = || format!("{person} answered {step} twice");
                    (!first).then(|| wrong(Rule::PeopleMayDecide, what()));
                }
                Fact::Ended { ending, .. } => {
                    if self.ended {
                        wrong(Rule::EndIsFinal, "it ended twice".to_owned());
                    }
                    self.ended = true;
                    let unsuccessful =
                        matches!(ending, Ending::Failed(..) | Ending::TimedOut | Ending::Cancelled);
                    if let Some(step) =
                        committed.as_ref().filter(|_| unsuccessful && !may_commit && !self.stop)
                    {
                        let what = format!("it did not succeed, and what {step} did stays");
                        wrong(Rule::NothingKept, what);
                    }
                    self.ended_as(loaded, ending, &mut wrong);
                }
                _ => {}
            }
        }
    }

    fn step_started(&self, step: &Name, wrong: &mut dyn FnMut(Rule, String)) {
        if self.ended {
            wrong(Rule::EndIsFinal, format!("{step} began after the end"));
        }
        if self.deadline_passed {
            wrong(Rule::DeadlineKept, format!("{step} began after the deadline"));
        }
        if self.paused {
            wrong(Rule::PauseHolds, format!("{step} began in a pause"));
        }
    }

    fn settle(&mut self, step: &Name, how: Settlement) {
        let settled = self.settled.entry(step.clone()).or_default();
        match how {
            Settlement::Undone => settled.undone += 1,
            Settlement::Committed => settled.committed += 1,
            Settlement::Waived => settled.waived += 1,
            Settlement::Void => {}
        }
    }

    fn shield(&mut self, loaded: &Loaded, step: &Name, done: bool) {
        for (region, first, last) in &loaded.shields {
            if done && step == first {
                self.shields_open.insert(*region);
            }
            if !done && step == last {
                self.shields_over.insert(*region);
            }
        }
    }

    fn ended_as(&self, loaded: &Loaded, ending: &Ending, wrong: &mut dyn FnMut(Rule, String)) {
        match ending {
            Ending::TimedOut if !self.deadline_alarmed => {
                wrong(Rule::DeadlineKept, "it timed out before its deadline".to_owned());
            }
            Ending::Cancelled if !self.cancel_asked => {
                wrong(Rule::EndIsFinal, "it was cancelled by nobody".to_owned());
            }
            _ => {}
        }
        if matches!(ending, Ending::TimedOut | Ending::Cancelled) && self.pivot_passed {
            wrong(Rule::PivotIsFinal, "it turned back behind the point of no return".to_owned());
        }
        if *ending == Ending::Killed {
            return;
        }
        for (region, first, last) in &loaded.shields {
            if self.shields_open.contains(region) && !self.shields_over.contains(region) {
                let what = format!("it was left between {first} and {last}, which a shield holds together");
                wrong(Rule::ShieldCloses, what);
            }
        }
    }
}
