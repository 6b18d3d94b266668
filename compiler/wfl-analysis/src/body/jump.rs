//! Statements that leave, or settle debts.

use wfl_ir::{Expr, Name, Value};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, ExprKind, Jump, JumpKind, Path};

use crate::body::flow::Flow;
use crate::body::state::{Body, Frame};
use crate::hir::{Block, Leaving, Statement};
use crate::signature::find_error;
use crate::ty::Ty;

impl Body<'_, '_> {
    pub(crate) fn jump(&mut self, jump: &Jump, block: &mut Block) {
        match &jump.kind {
            JumpKind::Rollback => {
                self.check_own_scope("rollback", jump.span);
                block.push(Statement::Rollback(jump.span));
            }
            JumpKind::Commit => {
                self.check_own_scope("commit", jump.span);
                block.push(Statement::Commit(jump.span));
            }
            JumpKind::Restart(arguments) => self.restart(arguments, jump.span, block),
            JumpKind::Return(value) => {
                self.check_way_out("return", jump.span);
                let result = self.result.clone();
                let typed = match value {
                    Some(value) => {
                        let typed = self.operand(value, Some(&result), block);
                        let allowed = (&result, self.result_label);
                        self.cx.check_flow_into(&typed, allowed, "the workflow's result", value.span());
                        typed.expr
                    }
                    None => self.return_nothing(jump.span),
                };
                block.push(Statement::Return { value: typed, span: jump.span });
                self.flow = Flow::dead();
            }
            JumpKind::Fail(error) => {
                block.extend(self.failure(error, jump.span));
                self.flow = Flow::dead();
            }
            JumpKind::Yield(value) => self.yield_value(value.as_ref(), jump.span, block),
            JumpKind::Use(value) => self.use_value(value, jump.span, block),
        }
    }

    /// `restart(…)`: the instance begins anew, with nothing of what it did.
    fn restart(&mut self, arguments: &ast::Arguments, span: Span, block: &mut Block) {
        self.check_way_out("restart", span);
        let (owner, params) = (self.name.clone(), self.params);
        let args = self.cx.fields(&owner, params, arguments, wfl_ir::Label::Public);
        block.push(Statement::Restart { args, span });
        self.flow = Flow::dead();
    }

    // Others are still under way, or still to come.
    fn check_way_out(&mut self, word: &str, span: Span) {
        let inside = self.frames.iter().find(|frame| matches!(frame, Frame::Branch | Frame::Item));
        let place = match inside {
            Some(Frame::Branch) => "a branch",
            Some(_) => "the body of a `foreach`",
            None => return,
        };
        let title = format!("`{word}` cannot leave {place}");
        let diagnostic = Diagnostic::new(Code::E0303, title, span, "others are still under way");
        self.report(diagnostic.help("give a value by `yield`, or let it fail by `fail Error(…)`"));
    }

    // In a branch the nearest scope is shared with its siblings.
    fn check_own_scope(&mut self, word: &str, span: Span) {
        let nearest = self.frames.iter().rev().find(|frame| **frame != Frame::Round);
        if nearest == Some(&Frame::Branch) {
            let title = format!("`{word}` in a branch would touch what lies outside of it");
            let diagnostic =
                Diagnostic::new(Code::E0303, title, span, "the scope is that around the `parallel`");
            self.report(diagnostic.help("put `saga { … }` around the steps of the branch that it is about"));
        }
    }

    fn return_nothing(&mut self, span: Span) -> Expr {
        let result = self.result.clone();
        if !self.cx.tables.fits(&Ty::Unit, &result) {
            let title = format!("`return` needs a value of {}", self.cx.tables.show(&result));
            self.report(Diagnostic::new(Code::E0205, title, span, "returns nothing"));
        }
        Expr::Const(Value::Unit)
    }

    fn use_value(&mut self, value: &ast::Expr, span: Span, block: &mut Block) {
        let Some(recovery) = self.recoveries.last() else {
            let diagnostic = Diagnostic::new(
                Code::E0303,
                "`use` stands only in a handler",
                span,
                "no step has failed here",
            );
            self.report(
                diagnostic.help("`on Error -> use value` makes `value` the result of the step that failed"),
            );
            return;
        };
        let (target, slot, ty, label) = (recovery.target, recovery.slot, recovery.ty.clone(), recovery.label);
        let typed = self.cx.check_as(value, &ty);
        self.cx.check_flow_into(&typed, (&ty, label), "the step's result", value.span);
        block.push(Statement::Leave { target, set: Some((slot, typed.expr)), by: Leaving::Use, span });
        let flow = std::mem::replace(&mut self.flow, Flow::dead());
        if let Some(recovery) = self.recoveries.last_mut() {
            recovery.exits.push(flow);
        }
    }

    fn failure(&mut self, expr: &ast::Expr, span: Span) -> Option<Statement> {
        let (path, arguments) = match &expr.kind {
            ExprKind::Call { callee, arguments } => (path_of(callee), Some(arguments)),
            ExprKind::Missing => return None,
            _ => (path_of(expr), None),
        };
        let Some(path) = path else {
            let diagnostic = Diagnostic::new(Code::E0221, "`fail` needs an error", expr.span, "not an error");
            self.report(diagnostic.help("write `fail Error(field: value)`"));
            return None;
        };
        let error = find_error(self.cx.session, self.cx.tables, self.cx.module, &path)?;
        self.raise_or_report(error, path.span);
        let none = ast::Arguments { list: Vec::new(), span: expr.span.after() };
        let tables = self.cx.tables;
        let owner = format!("`{}`", tables.type_name(error));
        let known = tables.fields(error).unwrap_or_default();
        let fields: Vec<(Name, Expr)> =
            self.cx.fields(&owner, known, arguments.unwrap_or(&none), wfl_ir::Label::Public);
        Some(Statement::Fail { error, fields, span })
    }

    fn raise_or_report(&mut self, error: u32, span: Span) {
        if self.raise(error) {
            return;
        }
        let name = self.cx.tables.type_name(error).clone();
        let title = format!("the workflow does not say that it raises `{name}`");
        let diagnostic = Diagnostic::new(Code::E0406, title, span, "not listed");
        let diagnostic = diagnostic
            .note("callers must know every error with which a workflow may fail")
            .help(format!("add `raises {name}` to the head of the workflow"));
        self.report(self.list_in_head(diagnostic, &[name]));
    }
}

fn path_of(expr: &ast::Expr) -> Option<Path> {
    match &expr.kind {
        ExprKind::Name(name) => Some(Path { segments: vec![name.clone()], span: name.span }),
        ExprKind::Member { base, name, optional: false } => {
            let mut path = path_of(base)?;
            path.segments.push(name.clone());
            path.span = path.span.to(name.span);
            Some(path)
        }
        _ => None,
    }
}
