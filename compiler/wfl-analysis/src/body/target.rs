//! Constructs that give a value by `yield`: sagas, and `if` and `match` behind `=`.

use wfl_ir::{Expr, Label};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, Operand};

use crate::body::flow::Flow;
use crate::body::state::{Body, Open};
use crate::hir::{Block, Statement, Target};
use crate::ty::{Ty, Typed};

impl Body<'_, '_, '_> {
    /// Checks a value in a statement. Constructs become statements of `block`, and their value is read from a slot.
    pub(crate) fn operand(&mut self, operand: &Operand, hint: Option<&Ty>, block: &mut Block) -> Typed {
        match operand {
            Operand::Expr(expr) => match hint {
                Some(hint) => self.cx.check_as(expr, hint),
                None => self.cx.alone(|cx| cx.check(expr, None)),
            },
            Operand::Unsupported(_) => Typed::unknown(),
            _ => {
                let slot = self.cx.new_slot();
                let (ty, label) = self.construct(operand, slot, hint, block);
                Typed::new(Expr::Slot(slot), ty, label)
            }
        }
    }

    /// Checks a construct whose value goes into `slot`.
    pub(crate) fn construct(
        &mut self,
        operand: &Operand,
        slot: u32,
        hint: Option<&Ty>,
        block: &mut Block,
    ) -> (Ty, Label) {
        let target = self.open(Some(slot), hint);
        let (statement, keyword, word) = match operand {
            Operand::Saga(saga) => (Statement::Saga(self.saga_body(saga, target)), saga.keyword, "saga"),
            Operand::If(parts) => (self.if_statement(parts, Some(target)), parts.keyword, "if"),
            Operand::Match(parts) => (self.match_statement(parts, Some(target)), parts.keyword, "match"),
            Operand::Expr(_) | Operand::Unsupported(_) => return (Ty::Unknown, Label::Public),
        };
        block.push(statement);
        self.close(word, keyword)
    }

    pub(crate) fn open(&mut self, slot: Option<u32>, hint: Option<&Ty>) -> Target {
        let target = self.new_target();
        self.targets.push(Open { target, slot, hint: hint.cloned(), found: None, exits: Vec::new() });
        target
    }

    /// Ends the innermost construct: the paths that left it by `yield` go on behind it.
    pub(crate) fn close(&mut self, word: &str, keyword: Span) -> (Ty, Label) {
        let Some(open) = self.targets.pop() else { return (Ty::Unknown, Label::Public) };
        let wanted = open.slot.is_some();
        if self.flow.live && wanted {
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
        let hint = open.hint.clone().or(open.found.as_ref().map(|(ty, _)| ty.clone()));
        let typed = match value {
            Some(value) => self.operand(value, hint.as_ref(), block),
            None => Typed::constant(wfl_ir::Value::Unit, Ty::Unit),
        };
        let set = slot.map(|slot| (slot, typed.expr));
        block.push(Statement::Leave { target, set });
        let flow = std::mem::replace(&mut self.flow, Flow::dead());
        let Some(open) = self.targets.iter_mut().rev().find(|open| open.target == target) else { return };
        open.exits.push(flow);
        let (ty, label) = match open.found.take() {
            Some((ty, label)) if ty.is_unknown() => (typed.ty, label.max(typed.label)),
            Some((ty, label)) => (ty, label.max(typed.label)),
            None => (open.hint.clone().unwrap_or(typed.ty), typed.label),
        };
        open.found = Some((ty, label));
    }

    /// Checks a saga's body; its construct must be open.
    pub(crate) fn saga_body(&mut self, saga: &ast::Saga, target: Target) -> crate::hir::Saga {
        let name = saga.name.as_ref().map(|name| wfl_ir::Name::from(name.text.as_str()));
        if let (Some(name), Some(written)) = (&name, &saga.name) {
            self.take_name(name, written.span);
        }
        self.step_names.push(Default::default());
        let body = self.block(&saga.body);
        let depth = self.depth();
        self.step_names.pop();
        // Debts pass outwards on every way by which the saga ends well.
        self.flow.leave_scope(depth);
        if let Some(open) = self.targets.last_mut() {
            open.exits.iter_mut().for_each(|flow| flow.leave_scope(depth));
        }
        crate::hir::Saga { name, target, body }
    }
}
