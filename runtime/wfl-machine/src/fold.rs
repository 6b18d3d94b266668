//! The fold under way: plan, state and the facts so far.

use wfl_eval::{Env, Fault, evaluate};
use wfl_ir::{Call, Effect, Expr, Fields, Name, Node, NodeKind, Operation, Plan, Retry, Timestamp, Value};

use crate::fact::Fact;
use crate::input::Purpose;
use crate::schedule::{KeyOwner, eval_over, wire_key};
use crate::state::{Active, Flow, Instance, Step, Suspension};

pub(crate) struct Fold<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) state: &'a mut Instance,
    pub(crate) facts: Vec<Fact>,
}

impl<'a> Fold<'a> {
    pub(crate) fn now(&self) -> Timestamp {
        self.state.at
    }

    pub(crate) fn unwinding(&self) -> bool {
        matches!(self.state.flow, Flow::Unwinding(_))
    }

    pub(crate) fn node(&self, index: u32) -> &'a Node {
        // Indices in the state come from a checked plan with the state's own hash.
        &self.plan.nodes[index as usize]
    }

    pub(crate) fn name(&self, index: u32) -> Name {
        self.node(index).id.clone()
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

    pub(crate) fn retry(&self, call: &Call) -> Retry {
        call.retry.unwrap_or(self.operation(call.operation).retry)
    }

    pub(crate) fn eval(&self, expr: &Expr) -> Result<Value, Fault> {
        let facts = self.state.workflow_facts();
        evaluate(Env { library: self.plan.library(), slots: &self.state.slots, facts: Some(&facts) }, expr)
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
        eval_over(self.plan, &self.state.workflow_facts(), operation, args, result, fields)
    }

    pub(crate) fn key_for(
        &self,
        operation: &Operation,
        args: &Fields,
        epoch: u32,
        purpose: Purpose,
    ) -> Result<Option<String>, Fault> {
        let facts = self.state.workflow_facts();
        let owner = KeyOwner { namespace: &self.state.namespace, id: self.state.id, facts: &facts };
        wire_key(self.plan, &owner, operation, args, epoch, purpose)
    }

    pub(crate) fn set_slot(&mut self, slot: u32, value: Value) {
        if let Some(place) = self.state.slots.get_mut(slot as usize) {
            *place = Some(value);
        }
    }

    /// Takes a step out of its place, to be put back or to be done with.
    pub(crate) fn take_step(&mut self, index: u32) -> Option<Box<Step>> {
        match self.state.active.remove(&index)? {
            Active::Step(step) => Some(step),
            stuck => {
                self.state.active.insert(index, stuck);
                None
            }
        }
    }

    pub(crate) fn put_step(&mut self, index: u32, step: Box<Step>) {
        self.state.active.insert(index, Active::Step(step));
    }

    /// A node whose expressions have no value keeps its place until a person decides.
    pub(crate) fn stick(&mut self, index: u32, why: Suspension) {
        self.facts.push(Fact::Suspended { step: self.name(index), why: why.clone() });
        self.state.active.insert(index, Active::Stuck(why));
    }

    /// True for operations that may be repeated at will.
    pub(crate) fn is_read(&self, call: &Call) -> bool {
        self.operation(call.operation).effect == Effect::Read
    }

    /// True for operations whose effect may stay when the work around it is undone.
    pub(crate) fn is_harmless(&self, call: &Call) -> bool {
        matches!(self.operation(call.operation).effect, Effect::Read | Effect::Write)
    }
}
