//! The walk from node to node.

use std::sync::Arc;

use wfl_eval::bind;
use wfl_ir::{EdgeKind, Fields, NodeKind};

use crate::interpret::reference::Reference;
use crate::interpret::until::Until;
use crate::strand::{Debt, Done, Flow, Life, Next, Open, Raised, Strand};

impl Reference<'_> {
    /// Walks on until the path ends.
    pub(crate) fn walk(
        &mut self,
        life: &mut Life,
        strand: &mut Strand,
        from: u32,
        until: Until,
    ) -> Flow<Done> {
        let plan = Arc::clone(&life.plan);
        let mut at = from;
        loop {
            self.spend()?;
            if until.is(&plan, at) {
                return Ok(Done::Reached);
            }
            let node = &plan.nodes[at as usize];
            if Self::shield_of(life, strand, node.region) != strand.shield {
                strand.shield = None;
            }
            for bind in &node.binds {
                let value = self.eval(life, strand, &bind.value)?;
                strand.set(Some(bind.slot), value);
            }
            match self.node(life, strand, at)? {
                Next::To(next) => at = next,
                Next::Ended(done) => return Ok(done),
            }
        }
    }

    fn node(&mut self, life: &mut Life, strand: &mut Strand, at: u32) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        let node = &plan.nodes[at as usize];
        match &node.kind {
            NodeKind::Fork(_) | NodeKind::Map(_) if self.enters_shield(life, strand, node.region) => {
                return Ok(Next::Ended(Done::Stopped));
            }
            NodeKind::Call(_) => return self.call(life, strand, at),
            NodeKind::Fork(_) => return self.fork(life, strand, at),
            NodeKind::Map(_) => return self.map(life, strand, at),
            NodeKind::Loop(_) => return self.repeat(life, strand, at),
            NodeKind::Enter { .. } => return self.enter(life, strand, at),
            NodeKind::Choice { .. } | NodeKind::Set { .. } | NodeKind::Ensure { .. } | NodeKind::Merge => {
                return self.decide(life, strand, at);
            }
            _ => {}
        }
        if self.stops(life, strand) {
            return Ok(Next::Ended(Done::Stopped));
        }
        match &node.kind {
            NodeKind::SubWorkflow(_) => return self.run(life, strand, at),
            NodeKind::Await(_) => {
                strand.shield = Self::shield_of(life, strand, node.region);
                return self.awaited(life, strand, at);
            }
            NodeKind::Timer { .. } => strand.shield = Self::shield_of(life, strand, node.region),
            NodeKind::Emit { event, fields } => {
                let fields = self.args(life, strand, fields)?;
                self.publish(plan.types[*event as usize].short_name(), fields)?;
            }
            NodeKind::Rollback => {
                let debts = strand.scope().take();
                let after = std::mem::take(&mut strand.after);
                strand.after = self.undo_all(&[debts], after)?;
                strand.scope().rolled = true;
            }
            NodeKind::Commit => {
                let debts = strand.scope().take();
                self.keep_all(&[debts])?;
            }
            NodeKind::Return { value } => {
                let value = self.eval(life, strand, value)?;
                return self.returns(life, strand, value);
            }
            NodeKind::Fail { error, fields } => {
                let fields: Fields = self.args(life, strand, fields)?;
                let raised = Raised::new(plan.types[*error as usize].short_name(), fields);
                return Ok(Next::Ended(Done::Raised(raised)));
            }
            NodeKind::Restart { args } => {
                let args = self.args(life, strand, args)?;
                return Ok(Next::Ended(Done::Restarted(args)));
            }
            _ => return self.dead("no node where a path leads", &node.id),
        }
        self.goes_on(life, at)
    }

    /// What takes no time.
    fn decide(&mut self, life: &mut Life, strand: &mut Strand, at: u32) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        match &plan.nodes[at as usize].kind {
            NodeKind::Choice { subject, arms } => {
                let subject = self.eval(life, strand, subject)?;
                for (number, arm) in arms.iter().enumerate() {
                    let mut found = Vec::new();
                    if !bind(&arm.pattern, &subject, &mut |slot, value| found.push((slot, value))) {
                        continue;
                    }
                    found.into_iter().for_each(|(slot, value)| strand.set(Some(slot), value));
                    let guard = arm.guard.as_ref().map(|guard| self.bool(life, strand, guard)).transpose()?;
                    if guard != Some(false) {
                        return Ok(Next::To(self.target(life, at, EdgeKind::Arm(number as u32))?));
                    }
                }
                self.dead("no arm fits", &plan.nodes[at as usize].id)
            }
            NodeKind::Set { slot, value } => {
                let value = self.eval(life, strand, value)?;
                strand.set(Some(*slot), value);
                self.goes_on(life, at)
            }
            NodeKind::Ensure { condition, .. } if !self.bool(life, strand, condition)? => {
                Ok(Next::To(self.target(life, at, EdgeKind::Else)?))
            }
            _ => self.goes_on(life, at),
        }
    }

    /// A saga.
    fn enter(&mut self, life: &mut Life, strand: &mut Strand, at: u32) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        let NodeKind::Enter { scope, handlers } = &plan.nodes[at as usize].kind else {
            return self.dead("no saga", "");
        };
        strand.scopes.push(Open::new(plan.scopes[*scope as usize].parallel_undo));
        let from = self.target(life, at, EdgeKind::Order)?;
        let done = self.walk(life, strand, from, Until::Exit(*scope))?;
        if matches!(done, Done::Returned(_) | Done::Restarted(_)) {
            return Ok(Next::Ended(done));
        }
        let debts = strand.scopes.pop().map_or(Debt::Sequence(Vec::new()), |mut open| open.take());
        match done {
            Done::Reached => {
                strand.owe(debts);
                let is_exit = |node: &wfl_ir::Node| matches!(node.kind, NodeKind::Exit { scope: ends } if ends == *scope);
                match plan.nodes.iter().position(is_exit) {
                    Some(exit) => self.goes_on(life, exit as u32),
                    None => self.dead("a scope without an end", ""),
                }
            }
            // An error that it does not take leaves its debts to the scope around, as one debt.
            Done::Raised(raised) if Self::handler(life, handlers, &raised).is_some() => {
                let after = std::mem::take(&mut strand.after);
                strand.after = self.undo_all(&[debts], after)?;
                self.raise(life, strand, at, handlers, raised)
            }
            done => {
                strand.owe(debts);
                Ok(Next::Ended(done))
            }
        }
    }

    /// `return`: behind a rollback the scopes that are left are undone.
    fn returns(&mut self, life: &Life, strand: &mut Strand, value: wfl_ir::Value) -> Flow<Next> {
        if strand.scopes.iter().any(|open| open.rolled) {
            self.undo_strand(strand)?;
            if self.stops(life, strand) {
                return Ok(Next::Ended(Done::Stopped));
            }
        }
        Ok(Next::Ended(Done::Returned(value)))
    }
}
