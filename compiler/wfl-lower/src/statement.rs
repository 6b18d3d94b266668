//! Statements to nodes, as the table in `wfl_ir`'s `node` says.

use std::collections::BTreeSet;

use wfl_analysis::hir::{Block, Choice, Saga, Statement, Step};
use wfl_ir::{Arm, Bind, Call, EdgeKind, Handler, Name, NodeKind};

use crate::graph::Graph;
use crate::link::Link;
use crate::walk::Numbers;

/// Lowers statements into a graph.
pub(crate) struct Lowering<'l, 'p> {
    pub(crate) graph: Graph,
    pub(crate) link: &'l Link<'p>,
}

impl Lowering<'_, '_> {
    /// Lowers a block behind the loose ends; afterwards the loose ends are those of the block.
    pub(crate) fn block(&mut self, block: &Block) {
        for statement in block {
            self.statement(statement);
        }
    }

    // Names of an inner block are not seen behind it, so its last `let`s have no reader.
    fn inner(&mut self, block: &Block) {
        self.block(block);
        self.graph.binds.clear();
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let { slot, value } => {
                if self.link.is_read(*slot) {
                    let slot = self.link.slot_number(*slot);
                    self.graph.binds.push(Bind { slot, value: self.link.expr(value) });
                }
            }
            Statement::Step(step) => self.step(step),
            Statement::Choice(choice) => self.choice(choice),
            Statement::Saga(saga) => self.saga(saga),
            Statement::Emit { event, fields } => {
                let (event, fields) = (self.link.type_number(*event), self.link.args(fields));
                self.graph.add("emit", NodeKind::Emit { event, fields });
            }
            Statement::Ensure { condition, text, otherwise } => {
                let kind = NodeKind::Ensure { condition: self.link.expr(condition), text: text.clone() };
                let node = self.graph.add("ensure", kind);
                if let Some(otherwise) = otherwise {
                    self.graph.ends = vec![(node, EdgeKind::Else)];
                    self.inner(otherwise);
                }
                self.graph.ends = vec![(node, EdgeKind::Order)];
            }
            Statement::Rollback => {
                self.graph.add("rollback", NodeKind::Rollback);
            }
            Statement::Commit => {
                self.graph.add("commit", NodeKind::Commit);
            }
            Statement::Return(value) => {
                let value = self.link.expr(value);
                self.graph.add("return", NodeKind::Return { value });
                self.graph.ends.clear();
            }
            Statement::Fail { error, fields } => {
                let (error, fields) = (self.link.type_number(*error), self.link.args(fields));
                self.graph.add("fail", NodeKind::Fail { error, fields });
                self.graph.ends.clear();
            }
            Statement::Leave { target, set } => {
                if let Some((slot, value)) = set {
                    let value = self.link.expr(value);
                    self.graph.add("set", NodeKind::Set { slot: self.link.slot_number(*slot), value });
                }
                let ends = std::mem::take(&mut self.graph.ends);
                self.graph.left.entry(*target).or_default().extend(ends);
            }
        }
    }

    fn step(&mut self, step: &Step) {
        let handler = |handler: &wfl_analysis::hir::Handler| Handler {
            on: self.link.caught(&handler.on),
            bind: handler.bind.map(|slot| self.link.slot_number(slot)),
        };
        let call = Call {
            operation: self.link.operation_number(step.operation),
            args: self.link.args(&step.args),
            result: self.link.is_read(step.slot).then(|| self.link.slot_number(step.slot)),
            pivot: step.pivot,
            timeout: step.timeout,
            total: step.total,
            retry: step.retry,
            handlers: step.handlers.iter().map(handler).collect(),
        };
        let node = self.graph.add_named(&step.name, NodeKind::Call(Box::new(call)));
        let mut ends = vec![(node, EdgeKind::Order)];
        for (number, handler) in step.handlers.iter().enumerate() {
            self.graph.ends = vec![(node, EdgeKind::Error(number as u32))];
            self.inner(&handler.body);
            ends.append(&mut self.graph.ends);
        }
        ends.append(&mut self.graph.take_left(step.target));
        self.graph.meet(ends);
    }

    fn choice(&mut self, choice: &Choice) {
        let arm = |arm: &wfl_analysis::hir::Arm| Arm {
            pattern: self.link.pattern(&arm.pattern),
            guard: arm.guard.as_ref().map(|guard| self.link.expr(guard)),
        };
        let kind = NodeKind::Choice {
            subject: self.link.expr(&choice.subject),
            arms: choice.arms.iter().map(arm).collect(),
        };
        let node = self.graph.add("choice", kind);
        let mut ends = Vec::new();
        for (number, arm) in choice.arms.iter().enumerate() {
            self.graph.ends = vec![(node, EdgeKind::Arm(number as u32))];
            self.inner(&arm.body);
            ends.append(&mut self.graph.ends);
        }
        if let Some(target) = choice.target {
            ends.append(&mut self.graph.take_left(target));
        }
        self.graph.meet(ends);
    }

    fn saga(&mut self, saga: &Saga) {
        self.graph.enter(saga.name.as_ref(), names_in(&saga.body));
        self.inner(&saga.body);
        let mut ends = std::mem::take(&mut self.graph.ends);
        ends.append(&mut self.graph.take_left(saga.target));
        self.graph.exit(ends);
    }
}

/// The names of the steps and sagas of a scope, without those of sagas inside.
pub(crate) fn names_in(block: &Block) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    collect(block, &mut names);
    names
}

fn collect(block: &Block, names: &mut BTreeSet<Name>) {
    for statement in block {
        match statement {
            Statement::Step(step) => {
                names.insert(step.name.clone());
                step.handlers.iter().for_each(|handler| collect(&handler.body, names));
            }
            Statement::Choice(choice) => choice.arms.iter().for_each(|arm| collect(&arm.body, names)),
            Statement::Saga(saga) => names.extend(saga.name.clone()),
            Statement::Ensure { otherwise: Some(block), .. } => collect(block, names),
            _ => {}
        }
    }
}
