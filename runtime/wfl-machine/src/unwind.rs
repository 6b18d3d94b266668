//! Compensation: debts are undone in the reverse of the order of their steps, each until it is settled. What ran side
//! by side is undone side by side, and before what was done earlier.

use wfl_ir::{Duration, EdgeKind, Retry, Value};

use crate::call::{CallRef, Purpose};
use crate::fact::{Fact, Settlement};
use crate::fold::{Fold, Ready};
use crate::input::Outcome;
use crate::ledger::{DebtState, Entry, Group, Mail, Owed, Suspension, Undo, UndoPhase};
use crate::planted::{Bug, planted};
use crate::schedule::pause;
use crate::strand::{Beside, Doing, Ending, Left, Phase, Strand, Then, Unwind};

/// What the last thing owed comes to next.
enum Next {
    /// Nothing is owed any more.
    Nothing,
    /// It has to be waited for.
    Wait,
    /// Look again.
    Again,
}

impl Fold<'_> {
    /// The current strand starts undoing the debts of a scope and of those inside it. Returns the node to go on with if
    /// there is nothing to wait for.
    pub(crate) fn unwind(&mut self, scope: u32, then: Then, reason: String) -> Option<u32> {
        self.unwind_above(scope, 0, then, reason)
    }

    /// As [`Fold::unwind`], leaving the first entries of the ledger alone.
    pub(crate) fn unwind_above(&mut self, scope: u32, floor: u32, then: Then, reason: String) -> Option<u32> {
        // What undoes itself as a part of something greater has been told of with that.
        let debts = if self.is_undone_from_around() { 0 } else { self.owed_in(scope) };
        if debts > 0 {
            let scope = self.plan.scopes[scope as usize].id.clone();
            self.facts.push(Fact::CompensationStarted { scope, debts, reason });
        }
        let now = self.state.at;
        self.state.unwinding_since.get_or_insert(now);
        if self.strand().shield.is_some() {
            // An error may leave it.
            self.ready.push_back(Ready::ShieldOver);
        }
        let strand = self.strand();
        strand.tidying = None;
        let rest = match std::mem::replace(&mut strand.doing, Doing::Idle) {
            Doing::Unwind(unwind) => unwind.rest,
            doing => doing,
        };
        strand.doing = Doing::Unwind(Box::new(Unwind { scope, then, debts, rest, floor }));
        self.wind_down();
        self.unwind_on()
    }

    fn is_undone_from_around(&self) -> bool {
        let strand = |id: u32| self.state.strands.get(&id);
        let parent = strand(self.current).and_then(|strand| strand.parent);
        parent.and_then(|(parent, _)| strand(parent)).is_some_and(Strand::unwinds)
    }

    /// Stops a strand, behind the shield that it is in: it undoes what it did, and is gone then.
    pub(crate) fn stop(&mut self, id: u32, reason: &str) {
        let here = self.current;
        self.switch(id);
        let shielded = self.state.strands.get(&id).is_some_and(|strand| self.is_in_shield(strand, None));
        let strand = self.strand();
        let leaves = matches!(&strand.doing, Doing::Unwind(unwind) if matches!(unwind.then, Then::Leave(_)));
        if shielded {
            strand.stopped.get_or_insert_with(|| reason.to_owned());
        } else if !leaves {
            let base = strand.base;
            // A strand that leaves leads to no node to go on with.
            let _ = self.unwind(base, Then::Leave(Left::Stopped), reason.to_owned());
        }
        self.switch(here);
    }

    /// The next undo, or the end of undoing. Called after every change while the current strand undoes.
    pub(crate) fn unwind_on(&mut self) -> Option<u32> {
        loop {
            let Doing::Unwind(unwind) = &self.strand().doing else { return None };
            let (scope, floor) = (unwind.scope, unwind.floor as usize);
            // A call without a debt (a `write`) may still be under way: only the end waits for its answer.
            let harmless = matches!(&unwind.rest, Doing::Step(..));
            let idle = unwind.rest == Doing::Idle;
            if !idle && !harmless {
                return None;
            }
            if self.undo_paused() {
                return None;
            }
            if idle {
                self.leave_scopes(scope);
                self.lay_side_by_side(scope, floor);
            }
            match self.undo_last(scope, floor) {
                Next::Again => {}
                Next::Wait => return None,
                Next::Nothing if idle => return self.unwound(),
                Next::Nothing => return None,
            }
        }
    }

    pub(crate) fn undo_paused(&self) -> bool {
        self.state.paused.as_ref().is_some_and(|paused| paused.undo)
    }

    /// Begins to undo the last entry of the ledger.
    fn undo_last(&mut self, scope: u32, floor: usize) -> Next {
        let inside = |plan: &wfl_ir::Plan, of: u32| plan.scopes_outward(of).any(|outer| outer == scope);
        if planted(Bug::OldestFirst) {
            let ledger = &mut self.strand().ledger;
            let still =
                |entry: &Entry| entry.debt().is_none_or(|debt| matches!(debt.state, DebtState::Owed(_)));
            if ledger.iter().all(still) {
                ledger.reverse();
            }
        }
        let (plan, now, waive) = (self.plan, self.state.at, self.state.waive_all);
        let lives = |state: &crate::state::Instance, id: &u32| state.strands.contains_key(id);
        let ledger = &self.strand().ledger;
        let at = ledger.len().wrapping_sub(1);
        let Some(last) = ledger.last().filter(|last| at >= floor && inside(plan, last.scope)) else {
            return Next::Nothing;
        };
        match last.owed.clone() {
            Owed::Debt(debt) => match debt.state {
                DebtState::Owed(_) if waive => {
                    self.settle(at, Settlement::Waived);
                    Next::Again
                }
                DebtState::Owed(undo) => {
                    let undo = Box::new(Undo { attempt: 1, since: Some(now), ..*undo });
                    if let Some(debt) = self.strand().ledger[at].debt_mut() {
                        debt.state = DebtState::Undoing(undo, UndoPhase::Calling);
                    }
                    let operation = self.operation(debt.undo).qualified();
                    let step = self.name_at(debt.node, debt.path.as_ref());
                    self.facts.push(Fact::UndoStarted { step, operation });
                    Next::Wait
                }
                DebtState::Pending | DebtState::Undoing(..) => Next::Wait,
            },
            Owed::Beside(groups, limit) => {
                self.strand().ledger.pop();
                self.undo_beside(groups, limit);
                Next::Again
            }
            Owed::Losers(ids) if ids.iter().any(|id| lives(self.state, id)) => Next::Wait,
            Owed::Losers(_) => {
                self.strand().ledger.pop();
                Next::Again
            }
            Owed::Child(debt) if waive && !debt.undoing => {
                self.strand().ledger.pop();
                self.give_up(
                    vec![Entry { scope, owed: Owed::Child(debt) }],
                    Settlement::Waived,
                    &mut Vec::new(),
                );
                Next::Again
            }
            Owed::Child(mut debt) => {
                if !debt.undoing {
                    debt.undoing = true;
                    self.post(debt.child, Mail::Undo);
                    let step = self.name_at(debt.node, debt.call.item.as_ref());
                    self.facts.push(Fact::UndoStarted { step, operation: self.runs(debt.node) });
                    self.strand().ledger[at].owed = Owed::Child(debt);
                }
                Next::Wait
            }
        }
    }

    /// Strands undo what ran side by side, so many at once.
    fn undo_beside(&mut self, groups: Vec<Group>, limit: Option<u32>) {
        let beside = Beside { live: Vec::new(), waiting: groups };
        *self.strand().activity_mut() = Doing::Beside(Box::new(beside));
        for _ in 0..limit.unwrap_or(u32::MAX) {
            if !self.undo_next_group() {
                break;
            }
        }
        self.beside_on();
    }

    /// Starts the strand that undoes the next group. False when none is left.
    fn undo_next_group(&mut self) -> bool {
        let here = self.current;
        let Doing::Beside(beside) = self.strand().activity_mut() else { return false };
        let Some(group) = beside.waiting.pop() else { return false };
        let id = self.revive(group, Some((here, 0)), 0);
        if let Doing::Beside(beside) = self.strand().activity_mut() {
            beside.live.push(id);
        }
        self.stop(id, "undoing");
        true
    }

    /// A strand for what a finished one owes.
    pub(crate) fn revive(&mut self, group: Group, parent: Option<(u32, u32)>, index: u32) -> u32 {
        let strand = Strand {
            path: group.path,
            ledger: group.ledger,
            ..Strand::new(group.region, parent, index, group.scope)
        };
        self.start_strand(strand, None)
    }

    /// One of the strands that undo side by side is done.
    pub(crate) fn beside_left(&mut self, id: u32) -> Option<u32> {
        if let Doing::Beside(beside) = self.strand().activity_mut() {
            beside.live.retain(|live| *live != id);
        }
        self.undo_next_group();
        if self.beside_on() { self.unwind_on() } else { None }
    }

    /// True when nothing of what ran side by side is left.
    fn beside_on(&mut self) -> bool {
        let activity = self.strand().activity_mut();
        let done =
            matches!(activity, Doing::Beside(beside) if beside.live.is_empty() && beside.waiting.is_empty());
        if done {
            *activity = Doing::Idle;
        }
        done
    }

    fn unwound(&mut self) -> Option<u32> {
        let here = self.current;
        // The end waits for what lost and still undoes itself.
        let others = self.state.strands.len() > 1;
        let strand = self.strand();
        if let Doing::Unwind(unwind) = &strand.doing
            && matches!(unwind.then, Then::End(_) | Then::Undone)
            && others
        {
            return None;
        }
        let Doing::Unwind(unwind) = std::mem::replace(&mut strand.doing, Doing::Idle) else { return None };
        let Unwind { scope, then, debts, .. } = *unwind;
        if !self.state.strands.iter().any(|(id, strand)| *id != here && strand.unwinds()) {
            self.state.unwinding_since = None;
            self.state.compensation_overdue = false;
        }
        if debts > 0 {
            self.facts.push(Fact::CompensationEnded { scope: self.plan.scopes[scope as usize].id.clone() });
        }
        match then {
            Then::Continue(node) => self.plan.target(node, EdgeKind::Order),
            Then::Go(node) => Some(node),
            Then::Raise(node, raised) => self.raise_at(node, raised),
            Then::Catch(node, handler, fields) => self.catch(node, handler, fields),
            Then::Leave(left) => {
                self.leave(left);
                None
            }
            Then::End(ending) => {
                self.end(ending);
                None
            }
            Then::Undone => {
                self.undone_for_parent();
                None
            }
            Then::Rewind(node, keep, kept) => self.rewound(node, keep, kept),
        }
    }

    /// A handler of a node takes an error.
    pub(crate) fn catch(&mut self, node: u32, handler: u32, fields: wfl_ir::Fields) -> Option<u32> {
        if let Some(slot) = self.node(node).kind.handlers()[handler as usize].bind {
            self.set_slot(slot, Value::Record(fields));
        }
        self.plan.target(node, EdgeKind::Error(handler))
    }

    /// What the strand was about is over before anything is undone: steps are awaited, resolved or given up; what it
    /// waits for is stopped.
    fn wind_down(&mut self) {
        let Doing::Unwind(unwind) = &self.strand().doing else { return };
        match &unwind.rest {
            Doing::Step(..) => self.wind_down_step(),
            Doing::Fork(..) => self.wind_down_fork(),
            Doing::Map(..) => self.wind_down_map(),
            Doing::Run(..) => self.wind_down_run(),
            Doing::Beside(_) | Doing::Idle => {}
            Doing::Stuck(..)
            | Doing::Await(..)
            | Doing::Wait(..)
            | Doing::Delayed(..)
            | Doing::Queued(_)
            | Doing::Pause(..)
            | Doing::Held(_)
            | Doing::Unwind(_) => *self.strand().activity_mut() = Doing::Idle,
        }
    }

    /// While undoing, a step starts nothing new: it is awaited, resolved or given up.
    fn wind_down_step(&mut self) {
        let Some((index, step)) = self.take_step() else { return };
        let Some(call) = self.call(index) else { return };
        let read = self.is_read(call);
        match &step.phase {
            Phase::Calling | Phase::Confirming | Phase::ConfirmAt(_) if !read => self.put_step(index, step),
            Phase::Suspended(Suspension::BadAnswer(..) | Suspension::KeyExpired) if !read => {
                self.put_step(index, step)
            }
            _ if step.twin_of.is_some() => self.put_step(index, step),
            _ if step.doubt && !self.is_harmless(call) => {
                // While undoing, resolution leads to no node to go on with.
                let _ = self.resolve(index, step, "undoing needs to know".into());
            }
            _ => self.void_debt(index),
        }
    }

    /// Finds the debt that an answer to an undo is about, and goes on in its strand.
    pub(crate) fn find_debt(&mut self, call: &CallRef) -> Option<usize> {
        let node = self.plan.node_by_id(&call.step)?;
        let mine = |entry: &Entry| {
            entry.debt().is_some_and(|debt| {
                debt.node == node
                    && debt.epoch == call.epoch
                    && debt.path == call.item
                    && debt.late == call.late
                    && matches!(debt.state, DebtState::Undoing(..))
            })
        };
        self.find_entry(mine)
    }

    /// Finds an entry of a ledger, from the latest on, and goes on in its strand.
    pub(crate) fn find_entry(&mut self, mine: impl Fn(&Entry) -> bool) -> Option<usize> {
        let strands = self.state.strands.iter();
        let mut found =
            strands.filter_map(|(id, strand)| Some((*id, strand.ledger.iter().rposition(&mine)?)));
        let (id, index) = found.next()?;
        self.switch(id);
        Some(index)
    }

    /// The undo of an entry of the current strand's ledger.
    pub(crate) fn undo_of(&mut self, index: usize) -> Option<(u32, u32, Box<Undo>)> {
        let debt = self.strand().ledger.get(index)?.debt()?;
        let DebtState::Undoing(undo, _) = &debt.state else { return None };
        Some((debt.node, debt.undo, undo.clone()))
    }

    pub(crate) fn set_undo(&mut self, index: usize, undo: Box<Undo>, phase: UndoPhase) {
        if let Some(debt) = self.strand().ledger.get_mut(index).and_then(Entry::debt_mut) {
            debt.state = DebtState::Undoing(undo, phase);
        }
    }

    /// An attempt to undo ended.
    pub(crate) fn undo_answered(&mut self, index: usize, outcome: &Outcome) -> Option<u32> {
        let (node, operation, undo) = self.undo_of(index)?;
        let operation = self.operation(operation);
        match outcome {
            Outcome::Returned(json) => match self.read_result(&operation.result, json) {
                Ok(_) => {
                    self.settle(index, Settlement::Undone);
                    return self.unwind_on();
                }
                Err(why) => self.undo_stuck(index, undo, why),
            },
            Outcome::Unavailable { .. } if planted(Bug::UndoUnreachedIsDone) => {
                self.settle(index, Settlement::Undone);
                return self.unwind_on();
            }
            Outcome::Unknown { .. } | Outcome::TimedOut { .. } if planted(Bug::UndoUnknownIsDone) => {
                self.settle(index, Settlement::Undone);
                return self.unwind_on();
            }
            Outcome::Unavailable { reason, retry_after } => {
                self.undo_again(index, undo, reason.clone(), *retry_after);
            }
            Outcome::Unknown { reason } if operation.idempotent.is_some() => {
                self.undo_again(index, undo, reason.clone(), None)
            }
            Outcome::TimedOut { started } if !started || operation.idempotent.is_some() => {
                self.undo_again(index, undo, "no answer in time".into(), None);
            }
            Outcome::Unknown { .. } | Outcome::TimedOut { .. } => {
                let why = Suspension::UnknownOutcome("an undo without a key is not repeated".into());
                self.undo_stuck(index, undo, why);
            }
            Outcome::Declared(error, data) => {
                let why = format!("undoing `{}` answered with the error {error}", self.name(node));
                self.undo_stuck(index, undo, Suspension::BadAnswer(why, data.clone()));
            }
            Outcome::Refused { reason, raw } => {
                self.undo_stuck(index, undo, Suspension::BadAnswer(reason.clone(), raw.clone()));
            }
        }
        None
    }

    /// Undoing is retried by its own policy, under one key, for as long as the other side remembers the key.
    fn undo_again(&mut self, index: usize, undo: Box<Undo>, reason: String, retry_after: Option<Duration>) {
        let Some((node, operation, _)) = self.undo_of(index) else { return };
        let operation = self.operation(operation);
        let step = self.debt_name(index);
        let seed = format!("{step}/undo/{}", undo.attempt);
        // The step's operation says how its undo is tried again; without a word it never gives up.
        let own = self.call(node).and_then(|call| self.operation(call.operation).undo_retry);
        let retry =
            own.unwrap_or(if operation.retry == Retry::Never { Retry::DEFAULT } else { operation.retry });
        let Some(pause) = pause(retry, undo.attempt, own.is_none(), self.state.id, &seed) else {
            return self.undo_stuck(index, undo, Suspension::RetriesExhausted(reason));
        };
        let pause = pause.max(retry_after.unwrap_or_default());
        self.facts.push(Fact::Retrying {
            step,
            purpose: Purpose::Undo,
            attempt: undo.attempt,
            reason,
            pause,
        });
        let due = self.state.at.plus(pause);
        self.set_undo(index, undo, UndoPhase::Backoff(due));
    }

    /// The name of the step that owes an entry of the current strand's ledger.
    pub(crate) fn debt_name(&mut self, index: usize) -> wfl_ir::Name {
        let debt = self.strand().ledger[index].debt().map(|debt| (debt.node, debt.path.clone()));
        debt.map_or_else(|| "".into(), |(node, path)| self.name_at(node, path.as_ref()))
    }

    fn undo_stuck(&mut self, index: usize, undo: Box<Undo>, why: Suspension) {
        let step = self.debt_name(index);
        self.facts.push(Fact::Suspended { step, why: why.clone() });
        self.set_undo(index, undo, UndoPhase::Stuck(why));
    }

    /// The pause before the next attempt to undo is over, or an operator wants it.
    pub(crate) fn undo_attempt(&mut self, index: usize) {
        let Some((_, operation, mut undo)) = self.undo_of(index) else { return };
        let window = self.operation(operation).idempotent.as_ref().map(|idempotency| idempotency.window);
        let expired = window.zip(undo.since).is_some_and(|(window, since)| self.now() > since.plus(window));
        if expired {
            self.undo_stuck(index, undo, Suspension::KeyExpired);
            return;
        }
        undo.attempt += 1;
        self.set_undo(index, undo, UndoPhase::Calling);
    }

    /// The instance is over: what is still owed stays as it is, by the meaning of the way it ended. What a child did
    /// well is kept open for its parent, unless it has passed its point of no return.
    pub(crate) fn end(&mut self, ending: Ending) {
        let held = self.state.parent.is_some()
            && !self.state.released
            && !self.state.past_pivot
            && matches!(ending, Ending::Completed(_))
            && !self.strand().ledger.is_empty();
        if !held {
            self.commit(0);
        }
        if self.state.strands.len() > 1 && planted(Bug::EndsBeforeLosers) {
            self.state.strands.retain(|id, _| *id == crate::strand::BODY);
        }
        if self.state.strands.len() > 1 {
            // What lost undoes itself first.
            let unwind =
                Unwind { scope: 0, then: Then::End(ending), debts: 0, rest: Doing::Idle, floor: u32::MAX };
            self.strand().doing = Doing::Unwind(Box::new(unwind));
            return;
        }
        if !held {
            self.state.strands.clear();
        }
        self.close(ending);
    }

    /// The instance has ended: whoever waits for it learns how.
    pub(crate) fn close(&mut self, ending: Ending) {
        self.state.ending = Some(ending.clone());
        self.state.ended_at = Some(self.state.at);
        self.state.mail.clear();
        self.state.grace_due = None;
        self.facts.push(Fact::Ended { ending, at: self.state.at, undone: self.state.undone });
        if let Some(parent) = self.state.parent.clone().filter(|_| !self.state.released) {
            self.post(parent.instance, Mail::Ended);
        }
        if let Some(occasion) = self.state.occasion.clone().filter(|_| !planted(Bug::OccasionSilent)) {
            self.post(occasion.schedule, Mail::Over);
        }
        if let Some(turnstile) = self.state.turnstile.filter(|_| !planted(Bug::TurnKept)) {
            // Whoever is ended before its turn leaves, too.
            self.state.letters.retain(|letter| letter.news != Mail::Enter);
            self.post(turnstile, Mail::Leave(None));
        }
    }
}
