//! Debts: recorded before an effect is dispatched, bound when its result is known, moved outwards, given up.

use wfl_ir::{Effect, Fields, Operation, Value};
use wfl_record::InstanceId;

use crate::call::Purpose;
use crate::fact::{Fact, Settlement};
use crate::fold::Fold;
use crate::ledger::{Debt, DebtState, Entry, Group, Letter, Mail, Owed, Suspension, Undo, weight};
use crate::planted::{Bug, planted};
use crate::strand::{BODY, Branch, Doing, Step};

impl Fold<'_> {
    /// The step may have an effect from now on: if it can be undone, it is owed.
    pub(crate) fn record_debt(&mut self, node: u32, operation: &Operation, epoch: u32) {
        let Effect::Compensable { undo, .. } = &operation.effect else { return };
        let (scope, path) = (self.node(node).scope, self.path());
        let debt = Debt { node, epoch, path, undo: *undo, state: DebtState::Pending, late: None };
        self.strand().ledger.push(Entry { scope, owed: Owed::Debt(Box::new(debt)) });
    }

    /// The debt of a step that is under way.
    pub(crate) fn pending_debt(&mut self, node: u32) -> Option<usize> {
        let pending = |entry: &Entry| {
            entry.debt().is_some_and(|debt| debt.node == node && debt.state == DebtState::Pending)
        };
        self.strand().ledger.iter().rposition(pending)
    }

    /// The step's effect is proved absent: it owes nothing.
    pub(crate) fn void_debt(&mut self, node: u32) {
        if let Some(index) = self.pending_debt(node) {
            self.strand().ledger.remove(index);
        }
    }

    /// The step's effect is there: binds the arguments that undo it.
    pub(crate) fn owe(&mut self, node: u32, step: &Step, result: &Value) -> Result<(), Suspension> {
        let Some(call) = self.call(node) else { return Ok(()) };
        let late = step.twin_of.map(|_| step.attempt);
        let undo = self.bind_undo(self.operation(call.operation), &step.args, result, step.epoch, late)?;
        let Some((undo, index)) = undo.zip(self.pending_debt(node)) else { return Ok(()) };
        if let Some(debt) = self.strand().ledger[index].debt_mut() {
            debt.state = DebtState::Owed(Box::new(undo));
        }
        Ok(())
    }

    /// The call that undoes an effect; none for operations that nothing undoes.
    pub(crate) fn bind_undo(
        &self,
        operation: &Operation,
        args: &Fields,
        result: &Value,
        epoch: u32,
        late: Option<u32>,
    ) -> Result<Option<Undo>, Suspension> {
        let Effect::Compensable { undo, args: bound } = &operation.effect else { return Ok(None) };
        let fault = |fault: wfl_eval::Fault| Suspension::Fault(format!("what undoes the step: {fault}"));
        let args = self.eval_over(operation, args, Some(result), bound).map_err(fault)?;
        let key = self.key_for(self.operation(*undo), &args, epoch, Purpose::Undo).map_err(fault)?;
        // Without a key each attempt has its own effect, and each of these its own undo.
        let late = late.filter(|_| operation.idempotent.is_none());
        let key = key.map(|key| late.map_or(key.clone(), |late| format!("{key}-{late}")));
        Ok(Some(Undo { args, key, attempt: 0, since: None }))
    }

    /// A scope ended well, or was left: what it owes now belongs to the one around it. What may be undone side by side
    /// still may.
    pub(crate) fn pass_outward(&mut self, scope: u32) {
        if planted(Bug::ScopeOwesNothing) {
            self.strand().ledger.retain(|entry| entry.scope != scope);
        }
        let parent = self.plan.scopes[scope as usize].parent.unwrap_or(0);
        self.lay_side_by_side(scope, 0);
        self.keep_order(scope, parent);
        let inside = self.strand().ledger.iter_mut().rev().take_while(|entry| entry.scope == scope);
        inside.for_each(|entry| entry.scope = parent);
    }

    /// What is undone one after the other stays so inside of a scope that undoes side by side: it becomes one entry.
    fn keep_order(&mut self, scope: u32, parent: u32) {
        let parallel = |scope: u32| self.plan.scopes[scope as usize].parallel_undo;
        if parallel(scope) || !parallel(parent) {
            return;
        }
        let strand = self.strand();
        let (region, path) = (strand.region, strand.path.clone());
        let first = strand.ledger.iter().rposition(|entry| entry.scope != scope).map_or(0, |at| at + 1);
        if strand.ledger.len() - first < 2 {
            return;
        }
        let group = Group { region, path, scope, ledger: strand.ledger.split_off(first) };
        strand.ledger.push(Entry { scope, owed: Owed::Beside(vec![group], None) });
    }

    /// The entries of a scope that are undone side by side become one entry.
    pub(crate) fn lay_side_by_side(&mut self, scope: u32, floor: usize) {
        if !self.plan.scopes[scope as usize].parallel_undo {
            return;
        }
        let strand = self.strand();
        let (region, path) = (strand.region, strand.path.clone());
        let above = strand.ledger.iter().rposition(|entry| entry.scope != scope).map_or(0, |at| at + 1);
        let first = above.max(floor.min(strand.ledger.len()));
        if strand.ledger.len() - first < 2 {
            return;
        }
        let group = |entry| Group { region, path: path.clone(), scope, ledger: vec![entry] };
        let groups = strand.ledger.split_off(first).into_iter().map(group).collect();
        strand.ledger.push(Entry { scope, owed: Owed::Beside(groups, None) });
    }

    /// The path goes on in a scope: those that it leaves pass on what they owe.
    pub(crate) fn leave_scopes(&mut self, now: u32) {
        let mut left = self.strand().scope;
        while !self.scope_in(now, left) {
            self.pass_outward(left);
            left = self.plan.scopes[left as usize].parent.unwrap_or(0);
        }
        self.strand().scope = now;
    }

    /// Gives up the debts of a scope and of those inside it. Returns how many.
    pub(crate) fn commit(&mut self, scope: u32) -> u32 {
        let ledger = std::mem::take(&mut self.strand().ledger);
        let (given, mut kept): (Vec<Entry>, Vec<Entry>) =
            ledger.into_iter().partition(|entry| self.scope_in(entry.scope, scope));
        let count = weight(&given);
        self.give_up(given, Settlement::Committed, &mut kept);
        self.strand().ledger = kept;
        count
    }

    /// Gives up debts. What lost is undone all the same, and stays.
    pub(crate) fn give_up(&mut self, entries: Vec<Entry>, how: Settlement, kept: &mut Vec<Entry>) {
        for entry in entries.into_iter().rev() {
            match entry.owed {
                Owed::Debt(debt) => self.settled(&debt, how),
                Owed::Beside(groups, _) => {
                    for group in groups.into_iter().rev() {
                        self.give_up(group.ledger, how, kept);
                    }
                }
                Owed::Losers(_) => kept.push(entry),
                Owed::Child(debt) => {
                    self.count_settled(how);
                    let step = self.name_at(debt.node, debt.call.item.as_ref());
                    self.facts.push(Fact::CompensationSettled { step, operation: self.runs(debt.node), how });
                    if !planted(Bug::ChildNotCommitted) {
                        self.post(debt.child, Mail::Commit);
                    }
                }
            }
        }
    }

    /// A debt is settled.
    pub(crate) fn settled(&mut self, debt: &Debt, how: Settlement) {
        self.count_settled(how);
        let operation = self.operation(debt.undo).qualified();
        let step = self.name_at(debt.node, debt.path.as_ref());
        self.facts.push(Fact::CompensationSettled { step, operation, how });
    }

    pub(crate) fn count_settled(&mut self, how: Settlement) {
        match how {
            Settlement::Undone => self.state.undone += 1,
            Settlement::Committed => self.state.committed += 1,
            Settlement::Waived => self.state.waived += 1,
            Settlement::Void => {}
        }
    }

    /// Takes an entry of the current strand's ledger away.
    pub(crate) fn settle(&mut self, index: usize, how: Settlement) {
        let entry = self.strand().ledger.remove(index);
        if let Owed::Debt(debt) = &entry.owed {
            self.settled(debt, how);
        }
    }

    /// The workflow that a node runs, as facts name it.
    pub(crate) fn runs(&self, node: u32) -> String {
        match &self.node(node).kind {
            wfl_ir::NodeKind::SubWorkflow(run) => format!("run {}", run.workflow),
            _ => String::new(),
        }
    }

    /// Passing the point of no return commits every scope around it.
    pub(crate) fn pass_pivot(&mut self) -> u32 {
        self.state.past_pivot = true;
        self.state.deferred = None;
        let here = self.current;
        let mut committed = 0;
        let mut at = Some(here);
        while let Some(id) = at {
            self.switch(id);
            let base = self.strand().base;
            committed += self.commit(base);
            at = self.strand().parent.map(|(parent, _)| parent);
        }
        self.switch(here);
        committed
    }

    /// Sends a letter.
    pub(crate) fn post(&mut self, to: InstanceId, news: Mail) {
        let number = self.state.next_letter;
        self.state.next_letter += 1;
        self.state.letters.push(Letter { number, to, news });
    }

    /// How many effects the current strand, and those that it waits for, owe in a scope.
    pub(crate) fn owed_in(&self, scope: u32) -> u32 {
        let Some(strand) = self.state.strands.get(&self.current) else { return 0 };
        let own: u32 =
            strand.ledger.iter().filter(|entry| self.scope_in(entry.scope, scope)).map(Entry::weight).sum();
        own + self.owed_by(&strand.activity().strands())
            + match strand.activity() {
                Doing::Fork(_, forked) => {
                    let done = |branch: &Branch| match branch {
                        Branch::Done(ledger) => weight(ledger),
                        _ => 0,
                    };
                    forked.branches.iter().map(done).sum()
                }
                Doing::Map(_, mapped) => mapped.owed.values().map(|owed| weight(owed)).sum(),
                _ => 0,
            }
    }

    fn owed_by(&self, strands: &[u32]) -> u32 {
        let all = strands.iter().filter_map(|id| self.state.strands.get(id));
        all.map(|strand| weight(&strand.ledger) + self.owed_by(&strand.activity().strands())).sum()
    }

    /// Whether the current strand is the body.
    pub(crate) fn is_body(&self) -> bool {
        self.current == BODY
    }
}
