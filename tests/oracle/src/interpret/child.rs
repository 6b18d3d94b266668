//! A step that runs another workflow.

use std::sync::Arc;

use wfl_ir::flow::{ParentCancel, SubWorkflow};
use wfl_ir::{Fields, Handler, NodeKind, Plan, Value};

use crate::interpret::reference::Reference;
use crate::strand::{Debt, Done, End, Flow, Life, Lived, Next, Raised, Stops, Strand};

impl Reference<'_> {
    pub(crate) fn run(&mut self, life: &mut Life, strand: &mut Strand, at: u32) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        let node = &plan.nodes[at as usize];
        let NodeKind::SubWorkflow(run) = &node.kind else { return self.dead("no run", &node.id) };
        let args = self.args(life, strand, &run.args)?;
        let Some(child) = self.plans.get(&run.plan).cloned() else { return self.dead("no plan", &node.id) };
        strand.shield = Self::shield_of(life, strand, node.region);
        if run.detached {
            // What becomes of it is its own business.
            self.alone(&child, args, strand, Stops::default(), false)?;
            strand.set(run.result, Value::Unit);
            return self.goes_on(life, at);
        }
        let stops = self.around(life, strand);
        let may_be_left = stops != Stops::default();
        let timed = run.timeout.is_some() && self.choice.of(2) == 1;
        // Whatever becomes of the parent, its deadline is the child's too, and its child's.
        let by_itself = Stops { outside: self.allowed.deadline || self.limited, beside: false };
        let limited = self.limited || run.timeout.is_some();
        let (stops, abandoned) = match run.when_cancelled {
            _ if timed => (Stops { beside: true, ..stops }, false),
            ParentCancel::Cancel => (stops, false),
            ParentCancel::Await => (by_itself, false),
            ParentCancel::Abandon => (by_itself, may_be_left && self.choice.of(2) == 1),
        };
        if abandoned {
            let outside = by_itself.outside || run.timeout.is_some();
            self.alone(&child, args, strand, Stops { outside, beside: false }, limited)?;
            return Ok(Next::Ended(Done::Stopped));
        }
        let lived = self.live(&child, args, strand, stops, limited)?;
        // It may have been waited for only because the path was stopped; then how it failed is of no interest.
        let alone = run.when_cancelled != ParentCancel::Cancel && may_be_left;
        if alone && matches!(lived.end, End::Failed(_)) && self.choice.of(2) == 1 {
            strand.after = lived.after;
            return Ok(Next::Ended(Done::Stopped));
        }
        self.child_ended(life, strand, at, run, lived, timed)
    }

    /// A child that nobody waits for.
    fn alone(
        &mut self,
        child: &Arc<Plan>,
        args: Fields,
        strand: &Strand,
        stops: Stops,
        limited: bool,
    ) -> Flow<()> {
        let lived = self.live(child, args, strand, stops, limited)?;
        self.keep_all(&lived.debts)
    }

    /// A child from its start to its end. The messages to its parent are none of its own.
    fn live(
        &mut self,
        child: &Arc<Plan>,
        args: Fields,
        strand: &Strand,
        stops: Stops,
        limited: bool,
    ) -> Flow<Lived> {
        let sent = std::mem::take(&mut self.messages.sent);
        let around = std::mem::replace(&mut self.limited, limited);
        let lived = self.life(child, args, strand.after.clone(), stops);
        self.messages.sent = sent;
        self.limited = around;
        lived
    }

    fn child_ended(
        &mut self,
        life: &mut Life,
        strand: &mut Strand,
        at: u32,
        run: &SubWorkflow,
        lived: Lived,
        timed: bool,
    ) -> Flow<Next> {
        strand.after = lived.after;
        // A child that is no pivot of its parent commits nothing but its own.
        if lived.passed && run.pivot {
            self.keep_strand(strand)?;
            life.passed = true;
        }
        let handlers: &[Handler] = &run.handlers;
        match lived.end {
            End::Completed(value) => {
                strand.set(run.result, value);
                // Behind its point of no return it only goes forward: what it did there stays.
                if lived.passed {
                    self.keep_all(&lived.debts)?;
                } else if !lived.debts.iter().all(Debt::is_nothing) {
                    strand.owe(Debt::Sequence(lived.debts));
                }
                self.goes_on(life, at)
            }
            End::Failed(raised) => self.raise(life, strand, at, handlers, raised),
            End::Stopped if timed => {
                self.raise(life, strand, at, handlers, Raised::new("Timeout", Fields::default()))
            }
            End::Stopped => Ok(Next::Ended(Done::Stopped)),
        }
    }
}
