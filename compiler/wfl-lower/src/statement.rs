//! Statements to nodes, as the table in `wfl_ir`'s `node` says.

use std::collections::BTreeMap;

use wfl_analysis::hir::{Block, Choice, Leaving, Program, Saga, Statement, Step};
use wfl_ir::{Arm, Bind, Call, EdgeKind, NodeKind, PlanHash};

use crate::graph::Graph;
use crate::link::Link;
use crate::names::names_in;
use crate::origin::Origin;
use crate::walk::Numbers;

/// Lowers statements into a graph.
pub(crate) struct Lowering<'l, 'p> {
    pub(crate) graph: Graph,
    pub(crate) link: &'l Link<'p>,
    pub(crate) program: &'l Program,
    /// The plans of workflows that were lowered before.
    pub(crate) children: &'l BTreeMap<u32, PlanHash>,
    /// Workflows whose plans are not there.
    pub(crate) orphans: Vec<String>,
}

impl Lowering<'_, '_> {
    /// Lowers a block behind the loose ends; afterwards the loose ends are those of the block.
    pub(crate) fn block(&mut self, block: &Block) {
        for statement in block {
            self.statement(statement);
        }
    }

    // Names of an inner block are not seen behind it, so its last `let`s have no reader.
    pub(crate) fn inner(&mut self, block: &Block) {
        self.block(block);
        self.graph.binds.clear();
    }

    fn statement(&mut self, statement: &Statement) {
        let outside = self.graph.origin;
        self.graph.origin = Origin::of(statement, outside.in_handler).unwrap_or(outside);
        self.lower(statement);
        self.graph.origin = outside;
    }

    fn lower(&mut self, statement: &Statement) {
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
            Statement::Parallel(parallel) => self.parallel(parallel),
            Statement::Foreach(foreach) => self.foreach(foreach),
            Statement::Repeat(repeat) => self.repeat(repeat),
            Statement::Await(awaited) => self.awaited(awaited),
            Statement::Run(run) => self.run(run),
            Statement::Shield(body) => self.shield(body),
            Statement::Wait { until, time, .. } => {
                let time = self.link.expr(time);
                self.graph.add("wait", NodeKind::Timer { until: *until, time });
            }
            Statement::Restart { args, .. } => {
                let args = self.link.args(args);
                self.graph.add("restart", NodeKind::Restart { args });
                self.graph.ends.clear();
            }
            Statement::Emit { event, fields, .. } => {
                let (event, fields) = (self.link.type_number(*event), self.link.args(fields));
                self.graph.add("emit", NodeKind::Emit { event, fields });
            }
            Statement::Ensure { condition, text, otherwise, .. } => {
                let kind = NodeKind::Ensure { condition: self.link.expr(condition), text: text.clone() };
                let node = self.graph.add("ensure", kind);
                if let Some(otherwise) = otherwise {
                    self.graph.ends = vec![(node, EdgeKind::Else)];
                    self.inner(otherwise);
                }
                self.graph.ends = vec![(node, EdgeKind::Order)];
            }
            Statement::Rollback(_) => {
                self.graph.add("rollback", NodeKind::Rollback);
            }
            Statement::Commit(_) => {
                self.graph.add("commit", NodeKind::Commit);
            }
            Statement::Return { value, .. } => {
                let value = self.link.expr(value);
                self.graph.add("return", NodeKind::Return { value });
                self.graph.ends.clear();
            }
            Statement::Fail { error, fields, .. } => {
                let (error, fields) = (self.link.type_number(*error), self.link.args(fields));
                self.graph.add("fail", NodeKind::Fail { error, fields });
                self.graph.ends.clear();
            }
            Statement::Leave { target, set, by, span } => {
                if let Some((slot, value)) = set {
                    let value = self.link.expr(value);
                    self.graph.add("set", NodeKind::Set { slot: self.link.slot_number(*slot), value });
                }
                if *by == Leaving::Yield {
                    self.graph.way_out(*target, *span);
                }
                let ends = std::mem::take(&mut self.graph.ends);
                self.graph.left.entry(*target).or_default().extend(ends);
            }
        }
    }

    fn step(&mut self, step: &Step) {
        let call = Call {
            operation: self.link.operation_number(step.operation),
            args: self.link.args(&step.args),
            result: self.result(step.slot),
            pivot: step.pivot.is_some(),
            timeout: step.timeout,
            total: step.total,
            queue: step.queue,
            heartbeat: step.heartbeat,
            retry: step.retry,
            handlers: self.handlers(&step.handlers),
        };
        let node = self.graph.add_named(&step.name, NodeKind::Call(Box::new(call)));
        let mut ends = vec![(node, EdgeKind::Order)];
        ends.append(&mut self.handler_blocks(node, &step.handlers));
        ends.append(&mut self.graph.take_left(step.target));
        self.graph.meet(ends);
    }

    fn choice(&mut self, choice: &Choice) {
        choice.target.into_iter().for_each(|target| self.graph.can_leave(target));
        let arm = |arm: &wfl_analysis::hir::Arm| Arm {
            pattern: self.link.pattern(&arm.pattern),
            guard: arm.guard.as_ref().map(|guard| self.link.expr(guard)),
        };
        let kind = NodeKind::Choice {
            subject: self.link.expr(&choice.subject),
            arms: choice.arms.iter().map(arm).collect(),
        };
        let node = self.graph.add("choice", kind);
        let spans = choice.arms.iter().map(|arm| arm.span).collect();
        self.graph.arms.insert(node.index() as u32, spans);
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
        self.graph.can_leave(saga.target);
        let (names, handlers) = (names_in(&saga.body), self.handlers(&saga.handlers));
        let enter = self.graph.enter(saga.name.as_ref(), names, saga.parallel_undo, handlers);
        self.inner(&saga.body);
        let mut ends = std::mem::take(&mut self.graph.ends);
        // A handler that gives a value stands outside: what it handles has been undone.
        ends.append(&mut self.graph.take_left(saga.target));
        self.graph.exit(ends);
        if saga.handlers.is_empty() {
            return;
        }
        let mut ends = std::mem::take(&mut self.graph.ends);
        ends.append(&mut self.handler_blocks(enter, &saga.handlers));
        ends.append(&mut self.graph.take_left(saga.target));
        self.graph.meet(ends);
    }
}
