//! Turning back: deadlines, cancellations, and what makes them wait. Killing, pausing, beginning anew.

use wfl_ir::{Caught, EdgeKind, Expr, Name, NodeKind};

use crate::fact::Fact;
use crate::fold::{Fold, Ready};
use crate::ledger::Suspension;
use crate::planted::{Bug, planted};
use crate::schedule::slots_of;
use crate::state::{Cancelling, Paused, Trigger, Turned};
use crate::strand::{BODY, Doing, Ending, Phase, Strand, Then, Tidying, place};

impl Fold<'_> {
    /// The workflow's deadline passed.
    pub(crate) fn deadline(&mut self) -> Option<u32> {
        self.state.deadline_fired = true;
        let waits = self.must_wait(None);
        let undoes = self.state.strands.get(&BODY).is_some_and(Strand::unwinds);
        let alarm_only = undoes || self.ends_already() || self.state.past_pivot || waits;
        self.facts.push(Fact::DeadlinePassed { alarm_only });
        if waits && !undoes && !self.ends_already() && !self.state.past_pivot {
            self.state.deferred.get_or_insert(Trigger::Deadline);
        }
        if alarm_only {
            return None;
        }
        self.turn(&Trigger::Deadline, "the deadline passed")
    }

    /// Somebody wants the instance cancelled.
    pub(crate) fn cancel(&mut self, cancelling: Cancelling) -> Option<u32> {
        if self.state.ending.is_some() && !planted(Bug::EndsTwice) {
            return self.reject("the instance has ended");
        }
        if self.state.past_pivot && !planted(Bug::CancelledBehindPivot) {
            return self.reject("the point of no return is passed: it can only go forward");
        }
        if self.ends_already() {
            return self.reject("it is on its way to its end already");
        }
        self.facts.push(Fact::CancelAsked { reason: cancelling.reason.clone(), stop: cancelling.stop });
        let trigger = Trigger::Cancel(cancelling);
        if self.must_wait(None) {
            self.state.deferred = Some(trigger);
            return None;
        }
        let reason = cancel_reason(&trigger);
        self.turn(&trigger, &reason)
    }

    /// Whether the body is being undone, to end then.
    fn ends_already(&self) -> bool {
        self.state.strands.get(&BODY).is_some_and(|body| match &body.doing {
            Doing::Unwind(unwind) => matches!(unwind.then, Then::End(_) | Then::Undone),
            _ => body.tidying.is_some(),
        })
    }

    /// Everything is undone, then the instance ends.
    fn turn(&mut self, trigger: &Trigger, reason: &str) -> Option<u32> {
        let (turned, ending) = match trigger {
            Trigger::Deadline => (Turned::Deadline, Ending::TimedOut),
            Trigger::Cancel(cancelling) => {
                self.state.waive_all = cancelling.stop;
                self.state.grace_due = cancelling.grace.map(|grace| self.now().plus(grace));
                (Turned::Cancel, Ending::Cancelled)
            }
        };
        self.state.deferred = None;
        self.state.turned = Some(turned);
        self.switch(BODY);
        let then = Then::End(ending);
        if turned == Turned::Cancel
            && let Some(next) = self.tidy(then.clone())
        {
            return next;
        }
        self.unwind(0, then, reason.to_owned())
    }

    /// Whether a turn has to wait: a pivot may be happening, or somebody is in a `shield`. `at` is the node that the
    /// current strand is about to go on with.
    fn must_wait(&self, at: Option<u32>) -> bool {
        self.state.strands.iter().any(|(id, strand)| {
            let at = at.filter(|_| *id == self.current);
            pivot_in_doubt(self, strand) && !planted(Bug::PivotNotAwaited) || self.is_in_shield(strand, at)
        })
    }

    /// What waited takes effect as soon as nothing makes it wait. `Some` when the path does not go on to `at`.
    pub(crate) fn take_deferred(&mut self, at: Option<u32>) -> Option<Option<u32>> {
        if self.state.ending.is_some() {
            // An error ended it first.
            self.state.deferred = None;
        }
        if self.state.deferred.is_none() || self.ends_already() || self.must_wait(at) {
            return None;
        }
        let trigger = self.state.deferred.take()?;
        let here = self.current;
        let reason = match &trigger {
            Trigger::Deadline => "the deadline passed while the outcome was in doubt".to_owned(),
            cancel => cancel_reason(cancel),
        };
        let next = self.turn(&trigger, &reason);
        if here == BODY {
            return Some(next);
        }
        self.ready.extend(next.map(|node| Ready::Go(BODY, node)));
        Some(None)
    }

    /// Handlers of a cancellation come before anything is undone. `Some` when the body has one where it is.
    fn tidy(&mut self, then: Then) -> Option<Option<u32>> {
        let index = match &self.strand().doing {
            Doing::Await(node, _) | Doing::Wait(node, _) | Doing::Stuck(node, _) | Doing::Held(node) => *node,
            Doing::Step(node, step)
                if matches!(step.phase, Phase::Backoff(_) | Phase::Suspended(_)) && !step.doubt =>
            {
                *node
            }
            _ => return None,
        };
        let handlers = self.node(index).kind.handlers();
        let handler = handlers.iter().position(|handler| handler.on == Caught::Cancelled)? as u32;
        self.void_debt(index);
        let strand = self.strand();
        strand.doing = Doing::Idle;
        strand.tidying = Some(Box::new(Tidying { node: index, then }));
        Some(self.plan.target(index, EdgeKind::Error(handler)))
    }

    /// A handler of a cancellation ends where the path behind what it handles begins, or where it would leave.
    pub(crate) fn tidied(&mut self, index: u32) -> Option<Option<u32>> {
        let tidying = self.strand().tidying.clone()?;
        let leaves = matches!(
            self.node(index).kind,
            NodeKind::Return { .. } | NodeKind::Fail { .. } | NodeKind::Restart { .. }
        );
        let behind = self.plan.target(tidying.node, EdgeKind::Order);
        if !leaves && !behind.is_some_and(|behind| reaches(self.plan, behind, index)) {
            return None;
        }
        self.strand().tidying = None;
        let base = self.strand().base;
        Some(self.unwind(base, tidying.then, "it was cancelled".into()))
    }

    /// The instance ends at once.
    pub(crate) fn kill(&mut self, reason: &str) -> Option<u32> {
        self.switch(BODY);
        let running: Vec<_> = self
            .state
            .strands
            .values()
            .filter_map(|strand| match strand.activity() {
                Doing::Run(node, running) => Some((*node, place(strand), (**running).clone())),
                _ => None,
            })
            .collect();
        let owed: u32 = self.state.strands.values().map(|strand| crate::ledger::weight(&strand.ledger)).sum();
        self.state.waived += owed;
        for (node, path, mut running) in running {
            running.cancel = Some("its parent was killed".to_owned());
            self.orphan(node, path, running);
        }
        self.facts.push(Fact::Killed { reason: reason.to_owned(), owed });
        self.state.strands.clear();
        self.ready.clear();
        self.state.paused = None;
        self.close(Ending::Killed);
        None
    }

    /// Nothing new begins until it is resumed.
    pub(crate) fn pause(&mut self, undo: bool, reason: &str) -> Option<u32> {
        if self.state.paused.is_some() {
            return self.reject("it is paused already");
        }
        self.state.paused = Some(Paused { undo, since: self.state.at });
        self.facts.push(Fact::Paused { reason: reason.to_owned() });
        None
    }

    /// What was held goes on.
    pub(crate) fn resume(&mut self) -> Option<u32> {
        if self.state.paused.take().is_none() {
            return self.reject("it is not paused");
        }
        self.facts.push(Fact::Unpaused);
        let held: Vec<(u32, u32)> = self
            .state
            .strands
            .iter_mut()
            .filter_map(|(id, strand)| match strand.doing {
                Doing::Held(node) => {
                    strand.doing = Doing::Idle;
                    Some((*id, node))
                }
                _ => None,
            })
            .collect();
        self.ready.extend(held.into_iter().map(|(id, node)| Ready::Go(id, node)));
        let undoing: Vec<u32> =
            self.state.strands.iter().filter(|(_, strand)| strand.unwinds()).map(|(id, _)| *id).collect();
        for id in undoing {
            self.switch(id);
            let next = self.unwind_on();
            self.ready.extend(next.map(|node| Ready::Go(id, node)));
        }
        self.deliver();
        None
    }

    /// Calls under way are not waited for any longer: what became of them has to be found out.
    pub(crate) fn grace_over(&mut self) -> Option<u32> {
        self.state.grace_due = None;
        let calling: Vec<u32> = self
            .state
            .strands
            .iter()
            .filter(|(_, strand)| {
                matches!(strand.activity(), Doing::Step(_, step) if step.phase == Phase::Calling)
            })
            .map(|(id, _)| *id)
            .collect();
        for id in calling {
            self.switch(id);
            if let Some((index, step)) = self.take_step() {
                let next = self.unknown(index, step, "it was given up after the grace of a cancellation");
                self.ready.extend(next.map(|node| Ready::Go(self.current, node)));
            }
        }
        None
    }

    /// `restart`: a new life with other arguments.
    pub(crate) fn restart(&mut self, index: u32, args: &[(Name, Expr)]) -> Result<Option<u32>, Suspension> {
        let args = self.eval_fields(args)?;
        self.check_params(&self.plan.params, &args, &self.plan.workflow)?;
        let state = &mut *self.state;
        state.epoch += 1;
        state.slots = slots_of(self.plan, &args);
        state.started_at = state.at;
        state.deadline_fired = false;
        state.past_pivot = false;
        state.rolled_back.clear();
        state.kept.clear();
        state.strands.insert(BODY, Strand::new(0, None, 0, 0));
        self.about = state.workflow_facts();
        let (epoch, step) = (state.epoch, self.name(index));
        self.facts.push(Fact::Restarted { step, epoch });
        Ok(Some(0))
    }

    /// Goes back to a node: what was done since has been undone, it begins anew.
    pub(crate) fn rewound(
        &mut self,
        node: u32,
        keep: Vec<u32>,
        kept: Vec<crate::ledger::Entry>,
    ) -> Option<u32> {
        self.state.epoch += 1;
        self.state.kept = keep.into_iter().collect();
        self.state.rolled_back.clear();
        let strand = self.strand();
        strand.ledger.extend(kept);
        let at = strand.trail.iter().position(|passed| passed.node == node).unwrap_or(strand.trail.len());
        strand.trail.truncate(at);
        Some(node)
    }
}

fn cancel_reason(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Cancel(cancelling) => format!("cancelled: {}", cancelling.reason),
        Trigger::Deadline => "the deadline passed".to_owned(),
    }
}

/// A pivot that may be happening: nothing is undone before its outcome is known.
fn pivot_in_doubt(fold: &Fold<'_>, strand: &Strand) -> bool {
    match strand.activity() {
        Doing::Step(index, step) => {
            fold.call(*index).is_some_and(|call| call.pivot)
                && step.twin_of.is_none()
                && (step.doubt || matches!(step.phase, Phase::Calling | Phase::Confirming))
        }
        Doing::Run(index, _) => match &fold.node(*index).kind {
            NodeKind::SubWorkflow(run) => run.pivot && !run.detached,
            _ => false,
        },
        _ => false,
    }
}

/// Whether a path leads from one node to another. The graph is acyclic, and edges lead to greater numbers.
fn reaches(plan: &wfl_ir::Plan, from: u32, to: u32) -> bool {
    let mut open = vec![from];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if at < to && seen.insert(at) {
            open.extend(plan.successors(at).iter().map(|edge| edge.to));
        }
    }
    false
}
