//! The fold under way: plan, state, the strand that goes on, and the facts so far.

use std::collections::VecDeque;

use wfl_eval::{Env, Facts, Fault, evaluate, evaluate_in};
use wfl_ir::flow::{Await, Fork, Join, Map, SubWorkflow};
use wfl_ir::{
    Call, Effect, Expr, Fields, Name, Node, NodeKind, Operation, Plan, RegionKind, Retry, Timestamp, Value,
};

use crate::call::Purpose;
use crate::fact::Fact;
use crate::ledger::Suspension;
use crate::schedule::{KeyOwner, eval_over, wire_key};
use crate::state::Instance;
use crate::strand::{BODY, Doing, Left, Step, Strand, StrandId, place};

pub(crate) struct Fold<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) state: &'a mut Instance,
    pub(crate) facts: Vec<Fact>,
    /// What expressions may ask about the instance.
    pub(crate) about: Facts,
    /// The strand whose slots are in place.
    pub(crate) current: StrandId,
    /// What is to be done next, in this order. Nothing that ends goes on in the middle of something else.
    pub(crate) ready: VecDeque<Ready>,
    /// How many more nodes may be visited before this input is taken to run in circles.
    pub(crate) fuel: u32,
}

/// Something that is to be done in the course of an input.
pub(crate) enum Ready {
    /// A strand goes on from a node.
    Go(StrandId, u32),
    /// A strand is gone: its parent, its own number, its number among its siblings, and how it left.
    Gone(StrandId, StrandId, u32, Left),
    /// A strand that lost is gone.
    LoserGone,
    /// A strand has left its shield.
    ShieldOver,
}

/// How many nodes one input may lead through. A `repeat` without a step in it could go on for hours otherwise.
const FUEL: u32 = 1_000_000;

impl<'a> Fold<'a> {
    pub(crate) fn new(plan: &'a Plan, state: &'a mut Instance, facts: Vec<Fact>) -> Fold<'a> {
        let about = state.workflow_facts();
        Fold { plan, state, facts, about, current: BODY, ready: VecDeque::new(), fuel: FUEL }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.state.at
    }

    pub(crate) fn node(&self, index: u32) -> &'a Node {
        // Indices in the state come from a checked plan with the state's own hash.
        &self.plan.nodes[index as usize]
    }

    /// The strand that goes on. There is one for as long as anything does.
    pub(crate) fn strand(&mut self) -> &mut Strand {
        self.state.strands.entry(self.current).or_insert_with(|| Strand::new(0, None, 0, 0))
    }

    /// Where the current strand is: the keys of items and numbers of rounds around it.
    pub(crate) fn path(&self) -> Option<Name> {
        self.state.strands.get(&self.current).and_then(place)
    }

    /// A node's name, with where it is.
    pub(crate) fn name(&self, index: u32) -> Name {
        self.name_at(index, self.path().as_ref())
    }

    pub(crate) fn name_at(&self, index: u32, path: Option<&Name>) -> Name {
        let id = &self.node(index).id;
        match path {
            Some(path) => Name::from(format!("{id}[{path}]")),
            None => id.clone(),
        }
    }

    pub(crate) fn operation(&self, index: u32) -> &'a Operation {
        &self.plan.operations[index as usize]
    }

    /// The call of a step's node.
    pub(crate) fn call(&self, index: u32) -> Option<&'a Call> {
        match &self.node(index).kind {
            NodeKind::Call(call) => Some(call),
            _ => None,
        }
    }

    /// The `parallel` of a node, with its join.
    pub(crate) fn fork_kind(&self, index: u32) -> Option<(&'a Fork, &'a Join)> {
        let NodeKind::Fork(fork) = &self.node(index).kind else { return None };
        let NodeKind::Join(join) = &self.node(fork.join).kind else { return None };
        Some((fork, join))
    }

    /// The `foreach` of a node.
    pub(crate) fn map_kind(&self, index: u32) -> Option<&'a Map> {
        match &self.node(index).kind {
            NodeKind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The `await` of a node.
    pub(crate) fn await_kind(&self, index: u32) -> Option<&'a Await> {
        match &self.node(index).kind {
            NodeKind::Await(awaited) => Some(awaited),
            _ => None,
        }
    }

    /// The `run` of a node.
    pub(crate) fn run_kind(&self, index: u32) -> Option<&'a SubWorkflow> {
        match &self.node(index).kind {
            NodeKind::SubWorkflow(run) => Some(run),
            _ => None,
        }
    }

    pub(crate) fn retry(&self, call: &Call) -> Retry {
        call.retry.unwrap_or(self.operation(call.operation).retry)
    }

    /// Goes on in another strand: its slots take their place.
    pub(crate) fn switch(&mut self, to: StrandId) {
        if self.current == to {
            return;
        }
        for id in self.items_around(self.current) {
            self.swap(id);
        }
        self.current = to;
        for id in self.items_around(to).into_iter().rev() {
            self.swap(id);
        }
    }

    /// The strands with slots of their own from this one outwards.
    fn items_around(&self, id: StrandId) -> Vec<StrandId> {
        let parent = |id: &StrandId| self.state.strands.get(id).and_then(|strand| strand.parent);
        let all = std::iter::successors(Some(id), |id| parent(id).map(|(parent, _)| parent));
        let own = |id: &StrandId| self.state.strands.get(id).is_some_and(|strand| !strand.slots.is_empty());
        all.filter(own).collect()
    }

    fn swap(&mut self, id: StrandId) {
        let Some(strand) = self.state.strands.get_mut(&id) else { return };
        let RegionKind::Item { first, end } = self.plan.regions[strand.region as usize].kind else { return };
        if let Some(slots) = self.state.slots.get_mut(first as usize..end as usize) {
            slots.swap_with_slice(&mut strand.slots);
        }
    }

    pub(crate) fn eval(&self, expr: &Expr) -> Result<Value, Fault> {
        evaluate(self.env(), expr)
    }

    fn env(&self) -> Env<'_> {
        Env { library: self.plan.library(), slots: &self.state.slots, facts: Some(&self.about) }
    }

    /// Evaluates an expression over a local.
    pub(crate) fn eval_with(&self, local: Value, expr: &Expr) -> Result<Value, Fault> {
        evaluate_in(self.env(), vec![local], expr)
    }

    /// A length of time.
    pub(crate) fn eval_duration(&self, expr: &Expr) -> Result<wfl_ir::Duration, Suspension> {
        match self.eval(expr)? {
            Value::Duration(length) => Ok(length),
            other => Err(Suspension::Fault(format!("{other} is no duration"))),
        }
    }

    pub(crate) fn eval_fields(&self, fields: &[(Name, Expr)]) -> Result<Fields, Fault> {
        let values: Result<Vec<_>, Fault> =
            fields.iter().map(|(name, expr)| Ok((name.clone(), self.eval(expr)?))).collect();
        Ok(Fields::new(values?))
    }

    /// Evaluates an operation's expressions over its parameters and, after success, its result.
    pub(crate) fn eval_over(
        &self,
        operation: &Operation,
        args: &Fields,
        result: Option<&Value>,
        fields: &[(Name, Expr)],
    ) -> Result<Fields, Fault> {
        eval_over(self.plan, &self.about, operation, args, result, fields)
    }

    pub(crate) fn key_for(
        &self,
        operation: &Operation,
        args: &Fields,
        epoch: u32,
        purpose: Purpose,
    ) -> Result<Option<String>, Fault> {
        let owner = KeyOwner { namespace: &self.state.namespace, id: self.state.id, facts: &self.about };
        wire_key(self.plan, &owner, operation, args, epoch, purpose)
    }

    pub(crate) fn set_slot(&mut self, slot: u32, value: Value) {
        if let Some(place) = self.state.slots.get_mut(slot as usize) {
            *place = Some(value);
        }
    }

    pub(crate) fn slot(&self, slot: u32) -> Value {
        self.state.slots.get(slot as usize).cloned().flatten().unwrap_or_default()
    }

    /// Whether the current strand undoes what it did.
    pub(crate) fn unwinding(&self) -> bool {
        self.state.strands.get(&self.current).is_some_and(Strand::unwinds)
    }

    /// Takes the current strand's step out of its place, to be put back or to be done with.
    pub(crate) fn take_step(&mut self) -> Option<(u32, Box<Step>)> {
        let activity = self.strand().activity_mut();
        match std::mem::replace(activity, Doing::Idle) {
            Doing::Step(node, step) => Some((node, step)),
            other => {
                *activity = other;
                None
            }
        }
    }

    pub(crate) fn put_step(&mut self, index: u32, step: Box<Step>) {
        *self.strand().activity_mut() = Doing::Step(index, step);
    }

    /// A node whose expressions have no value keeps its place until a person decides.
    pub(crate) fn stick(&mut self, index: u32, why: Suspension) {
        self.facts.push(Fact::Suspended { step: self.name(index), why: why.clone() });
        *self.strand().activity_mut() = Doing::Stuck(index, why);
    }

    /// An input that the state does not take.
    pub(crate) fn reject(&mut self, reason: impl Into<String>) -> Option<u32> {
        self.facts.push(Fact::InputRejected { reason: reason.into() });
        None
    }

    /// True for operations that may be repeated at will.
    pub(crate) fn is_read(&self, call: &Call) -> bool {
        self.operation(call.operation).effect == Effect::Read
    }

    /// True for operations whose effect may stay when the work around it is undone.
    pub(crate) fn is_harmless(&self, call: &Call) -> bool {
        matches!(self.operation(call.operation).effect, Effect::Read | Effect::Write)
    }

    /// Whether a region is another one, or lies in it.
    pub(crate) fn region_in(&self, region: u32, outer: u32) -> bool {
        let parent = |region: &u32| self.plan.regions.get(*region as usize).and_then(|region| region.parent);
        std::iter::successors(Some(region), parent).any(|region| region == outer)
    }

    /// Whether a scope is another one, or lies in it.
    pub(crate) fn scope_in(&self, scope: u32, outer: u32) -> bool {
        self.plan.scopes_outward(scope).any(|scope| scope == outer)
    }
}
