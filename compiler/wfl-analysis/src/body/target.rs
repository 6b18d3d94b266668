//! Constructs that give a value by `yield`, and where it goes.

use wfl_ir::{Expr, Label, Name};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, Operand};

use crate::body::catch::Outcomes;
use crate::body::construct::Place;
use crate::body::flow::Flow;
use crate::body::state::{Body, Catcher, Frame, Open, Recovery};
use crate::hir::{Block, Leaving, Statement, Target};
use crate::ty::{Ty, Typed};

impl Body<'_, '_> {
    /// Checks a value in a statement. Constructs become statements of `block`, and their value is read from a slot.
    pub(crate) fn operand(&mut self, operand: &Operand, hint: Option<&Ty>, block: &mut Block) -> Typed {
        match operand {
            Operand::Expr(expr) => match hint {
                Some(hint) => self.cx.check_as(expr, hint),
                None => self.cx.alone(|cx| cx.check(expr, None)),
            },
            _ => {
                let slot = self.cx.new_slot();
                let (ty, label) = self.construct(operand, slot, hint, None, block);
                let typed = Typed::new(Expr::Slot(slot), ty, label);
                match hint {
                    Some(hint) => self.cx.fit(typed, hint, operand.span()),
                    None => typed,
                }
            }
        }
    }

    /// Checks a construct whose value goes into `slot`.
    pub(crate) fn construct(
        &mut self,
        operand: &Operand,
        slot: u32,
        hint: Option<&Ty>,
        name: Option<&str>,
        block: &mut Block,
    ) -> (Ty, Label) {
        let place = |target| Place { slot, target, wanted: true, name };
        let (statement, worth) = match operand {
            Operand::Expr(_) => return (Ty::Unknown, Label::Public),
            Operand::Await(it) => {
                let target = self.next_target();
                self.await_for(it, place(target))
            }
            Operand::Repeat(it) => {
                let target = self.next_target();
                self.repeat(it, place(target))
            }
            Operand::Parallel(it) => {
                let target = self.open(Some(slot), hint);
                let (parallel, worth) = self.parallel(it, place(target));
                let handled = self.close_as("parallel", it.keyword, false);
                (parallel, as_sensitive(worth, handled))
            }
            Operand::Foreach(it) => {
                let target = self.open(Some(slot), hint);
                let (foreach, worth) = self.foreach(it, place(target));
                let handled = self.close_as("foreach", it.keyword, false);
                (foreach, as_sensitive(worth, handled))
            }
            Operand::Saga(it) => {
                let target = self.open(Some(slot), hint);
                let saga = self.saga(it, place(target));
                (saga, self.close("saga", it.keyword))
            }
            Operand::If(it) => {
                let target = self.open(Some(slot), hint);
                (self.if_statement(it, Some(target)), self.close("if", it.keyword))
            }
            Operand::Match(it) => {
                let target = self.open(Some(slot), hint);
                (self.match_statement(it, Some(target)), self.close("match", it.keyword))
            }
        };
        block.push(statement);
        worth
    }

    pub(crate) fn open(&mut self, slot: Option<u32>, hint: Option<&Ty>) -> Target {
        let target = self.next_target();
        self.targets.push(Open { target, slot, hint: hint.cloned(), found: None, exits: Vec::new() });
        target
    }

    /// Ends the innermost construct, all of whose paths must give a value if it has a slot for one.
    pub(crate) fn close(&mut self, word: &str, keyword: Span) -> (Ty, Label) {
        let wanted = self.targets.last().is_some_and(|open| open.slot.is_some());
        self.close_as(word, keyword, wanted)
    }

    /// Ends the innermost construct: the paths that left it by `yield` go on behind it.
    pub(crate) fn close_as(&mut self, word: &str, keyword: Span, needs_value: bool) -> (Ty, Label) {
        let Some(open) = self.targets.pop() else { return (Ty::Unknown, Label::Public) };
        if self.flow.live && needs_value {
            let title = format!("this `{word}` may end without a value");
            let diagnostic = Diagnostic::new(Code::E0302, title, keyword, "some path ends without `yield`");
            self.report(diagnostic.help(match word {
                "if" => "end each branch with `yield …`, and write the `else` branch too",
                _ => "end each path with `yield …`",
            }));
        }
        let ended = std::mem::replace(&mut self.flow, Flow::dead());
        self.flow = open.exits.into_iter().fold(ended, Flow::join);
        open.found.unwrap_or((Ty::Unknown, Label::Public))
    }

    /// `yield value` in the innermost construct.
    pub(crate) fn yield_value(&mut self, value: Option<&Operand>, span: Span, block: &mut Block) {
        let Some(open) = self.targets.last() else {
            let diagnostic = Diagnostic::new(
                Code::E0303,
                "`yield` has no block to end here",
                span,
                "not in a block with a value",
            );
            self.report(diagnostic.help("end the workflow by `return`"));
            return;
        };
        let (target, slot) = (open.target, open.slot);
        let (wanted, found) = (open.hint.clone(), open.found.as_ref().map(|(ty, _)| ty.clone()));
        let typed = match (value, &wanted, &found) {
            (None, ..) => Typed::constant(wfl_ir::Value::Unit, Ty::Unit),
            (Some(value), Some(wanted), _) => self.operand(value, Some(wanted), block),
            (Some(Operand::Expr(expr)), None, Some(found)) => self.cx.alone(|cx| cx.check(expr, Some(found))),
            (Some(value), None, _) => self.operand(value, None, block),
        };
        // Values of several paths are of the one type that holds them all.
        let ty = match (wanted, found) {
            (Some(wanted), found) => {
                let wanted = wanted.marked_like(&typed.ty);
                found.map_or(wanted.clone(), |found| wanted.marked_like(&found))
            }
            (None, Some(found)) => self.cx.join(&found, &typed.ty, value.map_or(span, Operand::span)),
            (None, None) => typed.ty.clone(),
        };
        let set = slot.map(|slot| (slot, typed.expr));
        block.push(Statement::Leave { target, set, by: Leaving::Yield, span });
        let flow = std::mem::replace(&mut self.flow, Flow::dead());
        let Some(open) = self.targets.iter_mut().rev().find(|open| open.target == target) else { return };
        open.exits.push(flow);
        let label = open.found.take().map_or(typed.label, |(_, label)| label.max(typed.label));
        open.found = Some((ty, label));
    }

    /// Checks a saga. If it gives a value, its construct must be open.
    pub(crate) fn saga(&mut self, saga: &ast::Saga, place: Place<'_>) -> Statement {
        let name = saga.name.as_ref().map(|name| self.take_name(&Name::from(name.text.as_str()), name.span));
        let before = self.flow;
        let mut caught = self.headers(&saga.handlers, &[]);
        let handles = caught.iter().flatten().copied().collect();
        self.catchers.push(Catcher { handles, ..Catcher::default() });
        self.frames.push(Frame::Saga);
        let body = self.scope(|this| this.block(&saga.body));
        self.frames.pop();
        let catcher = self.catchers.pop().unwrap_or_default();
        let outcomes = Outcomes {
            owner: "this saga".to_owned(),
            errors: catcher.happened.iter().map(|error| (*error, None)).collect(),
            others: [wfl_ir::Caught::Cancelled, wfl_ir::Caught::Timeout].into(),
        };
        self.check_possible(&saga.handlers, &mut caught, &outcomes);
        let after_body = std::mem::replace(&mut self.flow, Flow::dead());
        let (ty, label) = match self.targets.last().filter(|open| place.wanted && open.target == place.target)
        {
            Some(open) => {
                open.found.clone().unwrap_or((open.hint.clone().unwrap_or(Ty::Unknown), Label::Public))
            }
            None => (Ty::Unit, Label::Public),
        };
        self.recoveries.push(Recovery::new(place.target, place.slot, ty, label));
        let handled = self.handler_bodies(&saga.handlers, &caught, &before);
        let exits = self.recoveries.pop().map(|recovery| recovery.exits).unwrap_or_default();
        self.check_falling(&handled.falling, place.wanted, "saga");
        self.flow = after_body;
        match self.targets.last_mut().filter(|open| place.wanted && open.target == place.target) {
            // `use` gives the whole its value, as `yield` does.
            Some(open) => open.exits.extend(exits),
            None => self.go_on(handled.after, exits),
        }
        let parallel_undo = saga.compensating == Some(ast::Order::Parallel);
        let (handlers, span, target) = (handled.handlers, saga.keyword, place.target);
        Statement::Saga(crate::hir::Saga { name, target, parallel_undo, body, handlers, span })
    }
}

/// What a construct gives, as sensitive as what its handlers give instead.
fn as_sensitive((ty, label): (Ty, Label), handled: (Ty, Label)) -> (Ty, Label) {
    (ty.marked_like(&handled.0), label.max(handled.1))
}
