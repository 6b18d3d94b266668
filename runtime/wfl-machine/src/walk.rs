//! The walk over the graph: from node to node until something has to be waited for.

use wfl_eval::bind;
use wfl_ir::{Arm, EdgeKind, Expr, NodeKind, Pattern, Value};

use crate::fact::Fact;
use crate::fold::Fold;
use crate::state::{Ending, Suspension, Then};

impl Fold<'_> {
    /// Goes on from a node for as long as nothing has to be waited for. The graph is acyclic, so this ends.
    pub(crate) fn go(&mut self, from: Option<u32>) {
        let mut at = from;
        while let Some(index) = at {
            at = self.visit(index).unwrap_or_else(|why| {
                self.stick(index, why);
                None
            });
        }
    }

    fn visit(&mut self, index: u32) -> Result<Option<u32>, Suspension> {
        let node = self.node(index);
        let fault = |fault: wfl_eval::Fault| Suspension::Fault(fault.to_string());
        for bind in &node.binds {
            let value = self.eval(&bind.value).map_err(fault)?;
            self.set_slot(bind.slot, value);
        }
        let next = self.plan.target(index, EdgeKind::Order);
        match &node.kind {
            NodeKind::Call(call) => {
                self.start_step(index, call)?;
                Ok(None)
            }
            NodeKind::Choice { subject, arms } => {
                let arm = self.choose(subject, arms)?;
                Ok(self.plan.target(index, EdgeKind::Arm(arm)))
            }
            NodeKind::Merge | NodeKind::Enter { .. } => Ok(next),
            NodeKind::Set { slot, value } => {
                let value = self.eval(value).map_err(fault)?;
                self.set_slot(*slot, value);
                Ok(next)
            }
            NodeKind::Emit { event, fields } => {
                let fields = self.eval_fields(fields).map_err(fault)?;
                let event = self.plan.types[*event as usize].short_name().into();
                self.facts.push(Fact::Emitted { event, fields });
                Ok(next)
            }
            NodeKind::Ensure { condition, text } => match self.eval(condition).map_err(fault)? {
                Value::Bool(true) => Ok(next),
                _ => match self.plan.target(index, EdgeKind::Else) {
                    Some(other) => Ok(Some(other)),
                    None => Err(Suspension::EnsureFailed(text.clone())),
                },
            },
            NodeKind::Exit { scope } => {
                self.pass_outward(*scope);
                Ok(next)
            }
            NodeKind::Rollback => Ok(self.unwind(node.scope, Then::Continue(index), "rollback".into())),
            NodeKind::Commit => {
                self.commit(node.scope);
                Ok(next)
            }
            NodeKind::Return { value } => {
                let value = self.eval(value).map_err(fault)?;
                Ok(self.leave(node.scope, value))
            }
            NodeKind::Fail { error, fields } => {
                let fields = self.eval_fields(fields).map_err(fault)?;
                let name = self.plan.types[*error as usize].short_name();
                let reason = format!("fail {name}");
                Ok(self.unwind(0, Then::End(Ending::Failed(*error, fields)), reason))
            }
            // [`runnable`] keeps such plans from being started.
            NodeKind::Fork(_)
            | NodeKind::Join(_)
            | NodeKind::Map(_)
            | NodeKind::Loop(_)
            | NodeKind::End { .. }
            | NodeKind::Await(_)
            | NodeKind::Timer { .. }
            | NodeKind::SubWorkflow(_)
            | NodeKind::Restart { .. } => {
                Err(Suspension::Fault(format!("this machine does not run the node {}", node.id)))
            }
        }
    }

    /// `return`: commits what is owed, unless a scope that it leaves was rolled back.
    fn leave(&mut self, scope: u32, value: Value) -> Option<u32> {
        let ending = Ending::Completed(value);
        if self.plan.scopes_outward(scope).any(|s| self.state.rolled_back.contains(&s)) {
            return self.unwind(0, Then::End(ending), "return after rollback".into());
        }
        self.end(ending);
        None
    }

    fn choose(&mut self, subject: &Expr, arms: &[Arm]) -> Result<u32, Suspension> {
        let fault = |fault: wfl_eval::Fault| Suspension::Fault(fault.to_string());
        let subject = self.eval(subject).map_err(fault)?;
        for (index, arm) in arms.iter().enumerate() {
            if !self.fits(&arm.pattern, &subject) {
                continue;
            }
            let open = match &arm.guard {
                Some(guard) => self.eval(guard).map_err(fault)? == Value::Bool(true),
                None => true,
            };
            if open {
                return Ok(index as u32);
            }
        }
        Err(Suspension::Fault("no arm of a match fits".into()))
    }

    /// Fits the value and puts what the pattern binds into slots.
    fn fits(&mut self, pattern: &Pattern, value: &Value) -> bool {
        let mut found = Vec::new();
        let fits = bind(pattern, value, &mut |slot, value| found.push((slot, value)));
        if fits {
            found.into_iter().for_each(|(slot, value)| self.set_slot(slot, value));
        }
        fits
    }
}
