//! What operators do with what is suspended: try again, with other arguments too, decide it by hand, go back.

use wfl_ir::{Name, NodeKind, Type, Value};

use crate::fact::{Fact, Settlement};
use crate::fold::{Fold, Ready};
use crate::json::{read, read_fields};
use crate::ledger::{DebtState, Entry, UndoPhase};
use crate::state::Cancelling;
use crate::strand::{Doing, Phase, Raised, Step, Strand, StrandId, Then, place};
use crate::wish::{CancelMode, Control, Place};

/// Something suspended.
enum Stuck {
    /// A step, or a node without a step, of this strand.
    Node(StrandId, u32),
    /// An undo: the place in this strand's ledger.
    Undo(StrandId, usize),
}

impl Fold<'_> {
    /// An operator's wish.
    pub(crate) fn control(&mut self, control: &Control) -> Option<u32> {
        match control {
            Control::Retry { step, item, .. } => self.retry_suspended(step.as_ref(), item.as_ref()),
            Control::Cancel { mode, reason, grace, .. } => {
                let stop = *mode == CancelMode::Stop;
                self.cancel(Cancelling { stop, reason: reason.clone(), grace: *grace })
            }
            Control::Kill { reason, .. } => self.kill(reason),
            Control::Pause { undo, reason, .. } => self.pause(*undo, reason),
            Control::Resume { .. } => self.resume(),
            Control::Edit { place, args, absent, .. } => self.edit(place, args, *absent),
            Control::Complete { place, value, reason, .. } => self.complete(place, value, reason),
            Control::Fail { place, error, data, reason, .. } => self.fail_by_hand(place, error, data, reason),
            Control::Skip { place, reason, .. } => self.skip(place, reason),
            Control::Rewind { to, keep, reason, .. } => self.rewind(to, keep, reason),
        }
    }

    /// All that is suspended, as its name and where it is say.
    fn stuck(&self, wanted: impl Fn(u32, Option<&Name>) -> bool) -> Vec<Stuck> {
        let mut found = Vec::new();
        for (id, strand) in &self.state.strands {
            let at = place(strand);
            let node = match strand.activity() {
                Doing::Stuck(node, _) => Some(*node),
                Doing::Step(node, step) if matches!(step.phase, Phase::Suspended(_)) => Some(*node),
                _ => None,
            };
            found.extend(node.filter(|node| wanted(*node, at.as_ref())).map(|node| Stuck::Node(*id, node)));
            for (index, debt) in
                strand.ledger.iter().enumerate().filter_map(|(index, entry)| Some((index, entry.debt()?)))
            {
                let stuck = matches!(debt.state, DebtState::Undoing(_, UndoPhase::Stuck(_)));
                if stuck && wanted(debt.node, debt.path.as_ref()) {
                    found.push(Stuck::Undo(*id, index));
                }
            }
        }
        found
    }

    fn stuck_at(&mut self, place: &Place) -> Option<Stuck> {
        let found = self
            .stuck(|node, at| self.plan.nodes[node as usize].id == place.step && at == place.item.as_ref())
            .pop();
        match &found {
            Some(Stuck::Node(id, _) | Stuck::Undo(id, _)) => self.switch(*id),
            None => {
                self.reject("nothing that is suspended has this name");
            }
        }
        found
    }

    /// Suspended work is tried again under the same key.
    fn retry_suspended(&mut self, step: Option<&Name>, item: Option<&Name>) -> Option<u32> {
        let plan = self.plan;
        let wanted = |node: u32, at: Option<&Name>| {
            step.is_none_or(|step| plan.nodes[node as usize].id == *step)
                && item.is_none_or(|item| at == Some(item))
        };
        let found = self.stuck(wanted);
        if found.is_empty() {
            return self.reject("nothing that is suspended has this name");
        }
        if self.state.paused.is_some() && found.iter().all(|stuck| !self.may_go_on(stuck)) {
            return self.reject("it is paused: nothing begins before it is resumed");
        }
        for stuck in found.into_iter().filter(|stuck| self.may_go_on(stuck)).collect::<Vec<_>>() {
            let next = match stuck {
                Stuck::Undo(id, index) => {
                    self.switch(id);
                    let step = self.debt_name(index);
                    self.facts.push(Fact::Resumed { step });
                    self.undo_attempt(index);
                    None
                }
                Stuck::Node(id, index) => {
                    self.switch(id);
                    self.retry_node(index)
                }
            };
            self.ready.extend(next.map(|node| Ready::Go(self.current, node)));
        }
        None
    }

    /// Whether no pause holds what is suspended.
    fn may_go_on(&self, stuck: &Stuck) -> bool {
        let (id, undoes) = match stuck {
            Stuck::Undo(id, _) => (id, true),
            Stuck::Node(id, _) => (id, self.state.strands.get(id).is_some_and(Strand::unwinds)),
        };
        self.state.strands.contains_key(id)
            && self.state.paused.as_ref().is_none_or(|paused| undoes && !paused.undo)
    }

    fn retry_node(&mut self, index: u32) -> Option<u32> {
        if let Some((index, step)) = self.take_step() {
            return self.resume_step(index, step);
        }
        self.facts.push(Fact::Resumed { step: self.name(index) });
        *self.strand().activity_mut() = Doing::Idle;
        if self.unwinding() { self.unwind_on() } else { Some(index) }
    }

    /// By hand a step gets a fresh total time. An unknown outcome is asked for first where that is possible; an
    /// expired key is not sent by hand either.
    fn resume_step(&mut self, index: u32, mut step: Box<Step>) -> Option<u32> {
        let call = self.call(index)?;
        let operation = self.operation(call.operation);
        let asks = operation.confirm.is_some() && step.twin_of.is_none();
        if step.doubt && !asks && operation.idempotent.is_none() {
            self.put_step(index, step);
            return self.reject(
                "it may have had its effect, and nothing makes a second call harmless: decide it by hand",
            );
        }
        self.facts.push(Fact::Resumed { step: self.name(index) });
        step.overdue = false;
        step.total_due = self.total(call).map(|total| self.now().plus(total));
        if step.doubt && operation.confirm.is_some() {
            return self.resolve(index, step, "an operator wants to know".into());
        }
        self.next_attempt(index, step)
    }

    /// A suspended step begins anew, under a new key.
    fn edit(&mut self, place: &Place, args: &[u8], absent: bool) -> Option<u32> {
        let Some(Stuck::Node(_, index)) = self.stuck_at(place) else { return None };
        let Some(call) = self.call(index) else {
            return self.reject("only the arguments of a step can be edited");
        };
        if !self.may_go_on(&Stuck::Node(self.current, index)) {
            return self.reject("it is paused: nothing begins before it is resumed");
        }
        let old = match self.strand().activity() {
            Doing::Step(_, step) => Some(step.clone()),
            _ => None,
        };
        if old.as_ref().is_some_and(|step| step.doubt) && !absent {
            return self.reject("it may have had its effect: what became of it has to be found out first");
        }
        if self.unwinding() {
            let Some(old) = old.filter(|_| absent) else { return self.reject("it is being undone") };
            // It had no effect, so there is nothing to undo.
            self.remember_absent(index, &old);
            self.facts.push(Fact::FoundAbsent { step: self.name(index) });
            self.void_debt(index);
            self.forget_step();
            return self.unwind_on();
        }
        let operation = self.operation(call.operation);
        let args = match (&old, args) {
            (Some(old), []) => old.args.clone(),
            (_, args) => match read_fields(self.plan.library(), &operation.params, args) {
                Ok(args) => args,
                Err(why) => return self.reject(format!("the arguments: {why}")),
            },
        };
        if let Some(old) = old.filter(|old| old.doubt) {
            self.remember_absent(index, &old);
        }
        self.void_debt(index);
        self.state.epoch += 1;
        self.facts.push(Fact::Edited { step: self.name(index) });
        if let Err(why) = self.begin_step(index, call, args) {
            self.stick(index, why);
        }
        None
    }

    /// A person knows the result of a suspended step, or has carried out a stuck undo.
    fn complete(&mut self, place: &Place, value: &[u8], reason: &str) -> Option<u32> {
        match self.stuck_at(place)? {
            Stuck::Undo(_, index) => {
                self.by_hand("undone", index, reason);
                self.settle(index, Settlement::Undone);
                self.unwind_on()
            }
            Stuck::Node(_, index) => {
                let Some(ty) = self.gives(index) else {
                    return self.reject("the node has no result");
                };
                let value = match read(self.plan.library(), &ty, value) {
                    Ok(value) => value,
                    Err(why) => return self.reject(format!("the result: {why}")),
                };
                self.facts.push(Fact::ByHand {
                    step: self.name(index),
                    what: "completed",
                    reason: reason.to_owned(),
                });
                match self.take_step() {
                    Some((index, step)) if step.twin_of.is_some() => self.twin_is_there(index, step, &value),
                    Some((index, step)) => {
                        if step.doubt {
                            self.found_effect(index, &step, &value);
                        }
                        self.succeed(index, step, value, false)
                    }
                    None => self.stands(index, value),
                }
            }
        }
    }

    fn by_hand(&mut self, what: &'static str, index: usize, reason: &str) {
        let step = self.debt_name(index);
        self.facts.push(Fact::ByHand { step, what, reason: reason.to_owned() });
    }

    /// The type of what a node gives.
    fn gives(&self, index: u32) -> Option<Type> {
        match &self.node(index).kind {
            NodeKind::Call(call) => Some(self.operation(call.operation).result.clone()),
            NodeKind::SubWorkflow(run) => Some(run.gives.clone().unwrap_or(Type::Json)),
            NodeKind::Await(awaited) => Some(awaited.ty.clone()),
            _ => None,
        }
    }

    /// A node without a step has a value.
    fn stands(&mut self, index: u32, value: Value) -> Option<u32> {
        *self.strand().activity_mut() = Doing::Idle;
        if self.unwinding() {
            return self.unwind_on();
        }
        let slot = match &self.node(index).kind {
            NodeKind::Call(call) => call.result,
            NodeKind::SubWorkflow(run) => run.result,
            NodeKind::Await(awaited) => awaited.result,
            _ => None,
        };
        if let Some(slot) = slot {
            self.set_slot(slot, value);
        }
        self.plan.target(index, wfl_ir::EdgeKind::Order)
    }

    /// A person knows that a suspended step failed, and left no effect.
    fn fail_by_hand(&mut self, place: &Place, error: &Name, data: &[u8], reason: &str) -> Option<u32> {
        let Some(Stuck::Node(_, index)) = self.stuck_at(place) else { return None };
        let Some(call) = self.call(index) else {
            return self.reject("only a step of an operation can be failed");
        };
        let operation = self.operation(call.operation);
        let raised = match error.as_str() {
            "Timeout" => Raised::Timeout,
            "Unavailable" => Raised::Unavailable,
            _ => match self.read_error(operation, error, data) {
                Some((error, fields)) => Raised::Declared(error, fields),
                None => return self.reject(format!("{} declares no such error", operation.qualified())),
            },
        };
        let system = matches!(raised, Raised::Timeout | Raised::Unavailable);
        if system && crate::raise::handler_of(&call.handlers, &raised).is_none() && !self.unwinding() {
            return self.reject(format!("nothing handles {error} at the step"));
        }
        self.facts.push(Fact::ByHand { step: self.name(index), what: "failed", reason: reason.to_owned() });
        if self.is_twin() {
            return self.twin_is_absent(index);
        }
        *self.strand().activity_mut() = Doing::Idle;
        self.fail_step(index, raised)
    }

    /// Goes on without a suspended step whose result nobody needs; leaves undone what cannot be undone.
    fn skip(&mut self, place: &Place, reason: &str) -> Option<u32> {
        match self.stuck_at(place)? {
            Stuck::Undo(_, index) => {
                self.by_hand("skipped", index, reason);
                self.settle(index, Settlement::Waived);
                self.unwind_on()
            }
            Stuck::Node(_, index) if self.is_twin() => {
                // Whether it is there or not, it stays so.
                self.facts.push(Fact::ByHand {
                    step: self.name(index),
                    what: "skipped",
                    reason: reason.to_owned(),
                });
                if let Some(debt) = self.pending_debt(index) {
                    self.settle(debt, Settlement::Waived);
                }
                self.stands(index, Value::None)
            }
            Stuck::Node(_, index) => {
                let (used, ty) = match &self.node(index).kind {
                    NodeKind::Call(call) => (call.result.is_some(), self.gives(index)),
                    NodeKind::SubWorkflow(run) => (run.result.is_some(), run.gives.clone()),
                    NodeKind::Ensure { .. } => {
                        return self.reject("a condition cannot be skipped: what it guards relies on it");
                    }
                    _ => return self.reject("only a step can be skipped"),
                };
                let optional = ty.as_ref().is_some_and(|ty| self.plan.library().may_be_absent(ty));
                if used && !optional {
                    return self.reject("its result is used: complete it with one instead");
                }
                let doubt = matches!(self.strand().activity(), Doing::Step(_, step) if step.doubt);
                if doubt {
                    return self
                        .reject("it may have had its effect: what became of it has to be found out first");
                }
                self.facts.push(Fact::ByHand {
                    step: self.name(index),
                    what: "skipped",
                    reason: reason.to_owned(),
                });
                self.void_debt(index);
                self.stands(index, Value::None)
            }
        }
    }

    /// Goes back to a step that was done.
    fn rewind(&mut self, to: &Place, keep: &[Name], reason: &str) -> Option<u32> {
        let Some(node) = self.plan.node_by_id(&to.step) else {
            return self.reject("there is no such step");
        };
        let found = self.state.strands.iter().find(|(_, strand)| {
            place(strand) == to.item && strand.trail.iter().any(|passed| passed.node == node)
        });
        let Some((id, _)) = found else {
            return self.reject("the step was not done, or not in what still goes on");
        };
        let id = *id;
        self.switch(id);
        if self.unwinding() {
            return self.reject("it is being undone");
        }
        if !matches!(self.node(node).kind, NodeKind::Call(_) | NodeKind::SubWorkflow(_)) {
            return self.reject("only a step can be gone back to");
        }
        let mut kept = Vec::new();
        for name in keep {
            match self.plan.node_by_id(name) {
                Some(node) => kept.push(node),
                None => return self.reject(format!("there is no step {name}")),
            }
        }
        let strand = self.strand();
        let from = strand.trail.iter().position(|passed| passed.node == node).unwrap_or(0);
        let since = strand.trail[from..].to_vec();
        let floor = since.first().map_or(0, |passed| passed.owed);
        if let Some(stays) = since.iter().find(|passed| passed.stays && !kept.contains(&passed.node)) {
            let step = self.name(stays.node);
            return self.reject(format!("what {step} did cannot be undone: it has to be kept"));
        }
        if kept.contains(&node) {
            return self.reject("the step that is gone back to is not kept");
        }
        let (base, ledger) = (self.strand().base, self.take_kept(&kept, floor as usize));
        self.facts.push(Fact::Rewound { step: self.name(node), reason: reason.to_owned() });
        self.unwind_above(base, floor, Then::Rewind(node, kept, ledger), "rewind".into())
    }

    /// Takes what kept steps owe out of the ledger, to be put back once the rest is undone.
    fn take_kept(&mut self, kept: &[u32], floor: usize) -> Vec<Entry> {
        let ledger = &mut self.strand().ledger;
        let floor = floor.min(ledger.len());
        let (stays, rest): (Vec<Entry>, Vec<Entry>) = ledger
            .split_off(floor)
            .into_iter()
            .partition(|entry| entry.owner().is_some_and(|node| kept.contains(&node)));
        ledger.extend(rest);
        stays
    }
}
