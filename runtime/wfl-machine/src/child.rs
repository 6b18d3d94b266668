//! `run`: other workflows, which are started, waited for, stopped, undone and let go.

use wfl_ir::flow::{ParentCancel, SubWorkflow};
use wfl_ir::{EdgeKind, TypeKind, Value};
use wfl_record::InstanceId;

use crate::call::CallRef;
use crate::fact::{Fact, Settlement};
use crate::fold::Fold;
use crate::input::{ChildOutcome, News, Refusal};
use crate::json::{read, read_fields};
use crate::ledger::{ChildDebt, Entry, Mail, Owed, Suspension};
use crate::planted::{Bug, planted};
use crate::raise::handler_of;
use crate::state::{Cancelling, Orphan};
use crate::strand::{BODY, Doing, Ending, Raised, Running, Strand, Then, place};
use crate::wish::CancelMode;

impl Fold<'_> {
    /// A child is to be started.
    pub(crate) fn run_child(&mut self, index: u32, run: &SubWorkflow) -> Result<(), Suspension> {
        let args = self.eval_fields(&run.args)?;
        let due = run.timeout.map(|timeout| self.now().plus(timeout));
        self.facts.push(Fact::ChildAsked { step: self.name(index), workflow: run.workflow.clone() });
        let running =
            Running { epoch: self.state.epoch, args, due, overdue: false, cancel: None, stays: false };
        self.strand().doing = Doing::Run(index, Box::new(running));
        Ok(())
    }

    fn running(&mut self) -> Option<(u32, &mut Running)> {
        match self.strand().activity_mut() {
            Doing::Run(index, running) => Some((*index, running)),
            _ => None,
        }
    }

    /// News from a parent or a child.
    pub(crate) fn news(&mut self, news: &News) -> Option<u32> {
        match news {
            News::Ended { call, child, outcome, has_debts, past_pivot } => {
                if !self.find_run(call) {
                    return self.child_without_parent(call, *child, *has_debts);
                }
                self.child_ended(call, *child, outcome, *has_debts, *past_pivot)
            }
            News::Refused { call, why } => {
                if self.find_run(call) {
                    return self.child_refused(why);
                }
                self.state.orphans.retain(|orphan| !orphan.is(self.plan, call));
                None
            }
            News::Begun { call, child } => {
                if self.find_run(call) {
                    self.child_begun(*child)
                } else {
                    None
                }
            }
            News::Undone { call } => self.child_undone(call),
            News::Undo => self.undo_for_parent(),
            News::Commit | News::Release => self.let_go(),
            News::Cancel { reason, mode } => {
                let stop = *mode == Some(CancelMode::Stop);
                self.cancel(Cancelling { stop, reason: reason.clone(), grace: None })
            }
            News::Turn { ticket } => self.turn_came(*ticket),
            News::Told { letter } => {
                self.state.letters.retain(|open| open.number != *letter);
                self.state.orphans.retain(|orphan| orphan.letter != *letter);
                None
            }
        }
    }

    /// The turnstile lets the instance in. A turn that it does not wait for is given back.
    fn turn_came(&mut self, ticket: u64) -> Option<u32> {
        let body = self.state.strands.get(&BODY).map(Strand::activity);
        let (Some(Doing::Queued(node)), Some(turnstile)) = (body, self.state.turnstile) else {
            if self.state.ticket != Some(ticket)
                && let Some(turnstile) = self.state.turnstile
            {
                self.post(turnstile, Mail::Leave(Some(ticket)));
            }
            return None;
        };
        let first = *node;
        self.switch(BODY);
        self.state.ticket = Some(ticket);
        self.state.letters.retain(|letter| letter.to != turnstile);
        self.facts.push(Fact::TurnCame);
        *self.strand().activity_mut() = Doing::Idle;
        Some(first)
    }

    /// Goes to the strand that waits for a child.
    fn find_run(&mut self, call: &CallRef) -> bool {
        let Some(node) = self.plan.node_by_id(&call.step) else { return false };
        let found = self.state.strands.iter().find_map(|(id, strand)| match strand.activity() {
            Doing::Run(index, running)
                if *index == node && running.epoch == call.epoch && place(strand) == call.item =>
            {
                Some(*id)
            }
            _ => None,
        });
        found.map(|id| self.switch(id)).is_some()
    }

    /// Nobody waits any more for a child that ended: what it holds is given up.
    fn child_without_parent(&mut self, call: &CallRef, child: InstanceId, has_debts: bool) -> Option<u32> {
        let killed = self.state.ending == Some(Ending::Killed);
        self.state.orphans.retain(|orphan| !orphan.is(self.plan, call));
        self.facts.push(Fact::Late { call: call.clone() });
        // What a killed parent would have undone waits for a person, in the child.
        if has_debts && !killed {
            self.post(child, Mail::Commit);
        }
        None
    }

    fn child_begun(&mut self, child: InstanceId) -> Option<u32> {
        let (index, _) = self.running()?;
        self.facts.push(Fact::ChildStarted { step: self.name(index), child });
        *self.strand().activity_mut() = Doing::Idle;
        if self.unwinding() {
            return self.unwind_on();
        }
        if let Some(slot) = self.run_kind(index)?.result {
            self.set_slot(slot, Value::Unit);
        }
        self.pass(index, true);
        self.plan.target(index, EdgeKind::Order)
    }

    fn child_refused(&mut self, why: &Refusal) -> Option<u32> {
        let (index, _) = self.running()?;
        *self.strand().activity_mut() = Doing::Idle;
        if self.unwinding() {
            return self.unwind_on();
        }
        match why {
            Refusal::KeyInUse => {
                let raised = self.system_error("KeyInUse", Default::default());
                self.raise_at(index, raised)
            }
            Refusal::Invalid(why) => {
                self.stick(index, Suspension::Fault(format!("the child cannot start: {why}")));
                None
            }
        }
    }

    fn child_ended(
        &mut self,
        call: &CallRef,
        child: InstanceId,
        outcome: &ChildOutcome,
        has_debts: bool,
        past_pivot: bool,
    ) -> Option<u32> {
        let (index, running) = self.running()?;
        let overdue = running.overdue;
        *self.strand().activity_mut() = Doing::Idle;
        let step = self.name(index);
        self.facts.push(Fact::ChildEnded { step: step.clone(), child, outcome: outcome_word(outcome) });
        if has_debts && !planted(Bug::ChildOwesNothing) {
            let scope = self.node(index).scope;
            let debt = ChildDebt { call: call.clone(), node: index, child, undoing: false };
            self.strand().ledger.push(Entry { scope, owed: Owed::Child(Box::new(debt)) });
        }
        let pivot = self.run_kind(index).is_some_and(|run| run.pivot);
        if past_pivot && pivot {
            let committed = self.pass_pivot();
            self.facts.push(Fact::PivotPassed { step, committed });
        }
        if self.unwinding() {
            return self.unwind_on();
        }
        match outcome {
            ChildOutcome::Completed(json) => self.child_completed(index, json, past_pivot),
            ChildOutcome::Failed(error, data) => {
                let raised = self.child_error(error, data);
                self.raise_at(index, raised)
            }
            ChildOutcome::Cancelled | ChildOutcome::TimedOut | ChildOutcome::Killed => {
                let handled =
                    handler_of(self.node(index).kind.handlers(), &Raised::Timeout).is_some() || overdue;
                if handled && *outcome != ChildOutcome::Killed {
                    return self.raise_at(index, Raised::Timeout);
                }
                self.stick(index, Suspension::ChildEnded(format!("was {}", outcome_word(outcome))));
                None
            }
        }
    }

    fn child_completed(&mut self, index: u32, json: &[u8], stays: bool) -> Option<u32> {
        let run = self.run_kind(index)?;
        if let (Some(slot), Some(ty)) = (run.result, &run.gives) {
            match read(self.plan.library(), ty, json) {
                Ok(value) => self.set_slot(slot, value),
                Err(why) => {
                    self.stick(index, Suspension::BadAnswer(why, json.to_vec()));
                    return None;
                }
            }
        }
        self.pass(index, stays);
        self.plan.target(index, EdgeKind::Order)
    }

    /// The error of a child, by its full name.
    fn child_error(&self, error: &wfl_ir::Name, data: &[u8]) -> Raised {
        let known = self.plan.types.iter().position(|def| def.name == *error);
        let fields = known.and_then(|index| match &self.plan.types[index].kind {
            TypeKind::Error(fields) => read_fields(self.plan.library(), fields, data).ok(),
            _ => None,
        });
        match (known, fields, error.rsplit('.').next().unwrap_or(error)) {
            (Some(index), Some(fields), _) => self.declared(index as u32, fields),
            (.., "Timeout") => Raised::Timeout,
            (.., "Unavailable") => Raised::Unavailable,
            (.., short) => Raised::Foreign(wfl_ir::Name::from(short), Default::default()),
        }
    }

    /// The time of a child is up: it is told to stop, and its end is awaited.
    pub(crate) fn child_overdue(&mut self) -> Option<u32> {
        let (index, running) = self.running()?;
        running.overdue = true;
        running.cancel.get_or_insert_with(|| "its time is up".to_owned());
        self.facts.push(Fact::TimeUp { step: self.name(index) });
        None
    }

    /// What is around a child is undone: by its policy it is stopped, awaited, or let go.
    pub(crate) fn wind_down_run(&mut self) {
        let Some((index, _)) = self.running() else { return };
        let Some(run) = self.run_kind(index) else { return };
        let (policy, detached) = (run.when_cancelled, run.detached);
        if detached || policy == ParentCancel::Abandon {
            let path = self.path();
            let Doing::Run(_, running) = std::mem::replace(self.strand().activity_mut(), Doing::Idle) else {
                return;
            };
            if !detached {
                self.orphan(index, path, Running { cancel: None, ..*running });
            }
            return;
        }
        let stays = self.state.waive_all;
        if let Some((_, running)) = self.running().filter(|_| policy == ParentCancel::Cancel)
            && running.cancel.is_none()
        {
            let why = if stays { "its parent is stopped" } else { "its parent is undone" };
            (running.cancel, running.stays) = (Some(why.to_owned()), stays);
        }
    }

    /// A child is let go, or told to stop, by a parent that does not wait for it.
    pub(crate) fn orphan(&mut self, node: u32, path: Option<wfl_ir::Name>, running: Running) {
        let letter = self.state.next_letter;
        self.state.next_letter += 1;
        self.state.orphans.push(Orphan { node, path, running, letter });
    }

    /// What a child did is undone.
    fn child_undone(&mut self, call: &CallRef) -> Option<u32> {
        let mine = |entry: &Entry| matches!(&entry.owed, Owed::Child(debt) if debt.call == *call);
        let index = self.find_entry(mine)?;
        let entry = self.strand().ledger.remove(index);
        if let Owed::Child(debt) = entry.owed {
            self.state.letters.retain(|letter| letter.to != debt.child || letter.news != Mail::Undo);
            self.count_settled(Settlement::Undone);
            let (step, operation) = (self.name_at(debt.node, debt.call.item.as_ref()), self.runs(debt.node));
            self.facts.push(Fact::CompensationSettled { step, operation, how: Settlement::Undone });
        }
        self.unwind_on()
    }

    /// The parent has what this instance did undone.
    fn undo_for_parent(&mut self) -> Option<u32> {
        if self.state.ending.is_none() {
            return self.reject("the instance has not ended: it is cancelled, not undone");
        }
        if !self.state.strands.contains_key(&BODY) {
            // There is nothing to undo, or it has been undone before.
            self.undone_for_parent();
            return None;
        }
        self.switch(BODY);
        self.unwind(0, Then::Undone, "the parent is undone".into())
    }

    /// What this instance did is undone; its parent learns of it.
    pub(crate) fn undone_for_parent(&mut self) {
        self.state.strands.remove(&BODY);
        if let Some(parent) = self.state.parent.clone() {
            self.post(parent.instance, Mail::Undone);
        }
    }

    /// Nobody will have this instance undone.
    fn let_go(&mut self) -> Option<u32> {
        self.state.released = true;
        // What is being undone is undone to the end.
        let undoes = self.state.strands.get(&BODY).is_some_and(Strand::unwinds);
        if undoes {
            return None;
        }
        if self.state.ending.is_some()
            && let Some(mut body) = self.state.strands.remove(&BODY)
        {
            let ledger = std::mem::take(&mut body.ledger);
            self.give_up(ledger, Settlement::Committed, &mut Vec::new());
        }
        None
    }
}

impl Orphan {
    fn is(&self, plan: &wfl_ir::Plan, call: &CallRef) -> bool {
        plan.nodes[self.node as usize].id == call.step
            && self.path == call.item
            && self.running.epoch == call.epoch
    }
}

fn outcome_word(outcome: &ChildOutcome) -> &'static str {
    match outcome {
        ChildOutcome::Completed(_) => "completed",
        ChildOutcome::Failed(..) => "failed",
        ChildOutcome::Cancelled => "cancelled",
        ChildOutcome::TimedOut => "timed out",
        ChildOutcome::Killed => "killed",
    }
}
