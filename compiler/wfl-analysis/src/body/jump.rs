//! Statements that leave, or settle debts.

use wfl_ir::{Expr, Name, Value};
use wfl_source::{Applicability, Code, Diagnostic, Edit, Fix, Span};
use wfl_syntax::ast::{self, ExprKind, Jump, JumpKind, Path};

use crate::body::flow::{Debt, Flow};
use crate::body::state::{Body, Frame, Taken};
use crate::hir::{Block, Leaving, Statement};
use crate::signature::find_error;
use crate::ty::Ty;

impl Body<'_, '_> {
    /// Checks a jump. `whole_action` says that it stands behind `->` without braces.
    pub(crate) fn jump(&mut self, jump: &Jump, whole_action: bool, block: &mut Block) {
        match &jump.kind {
            JumpKind::Rollback => {
                self.check_own_scope("rollback", jump.span);
                self.flow.roll_back(self.depth());
                block.push(Statement::Rollback(jump.span));
            }
            JumpKind::Commit => {
                self.check_own_scope("commit", jump.span);
                self.flow.commit(self.depth());
                block.push(Statement::Commit(jump.span));
            }
            JumpKind::Restart(arguments) => self.restart(arguments, jump.span, block),
            JumpKind::Return(value) => {
                self.check_way_out("return", jump.span);
                let result = self.result.clone();
                let typed = match value {
                    Some(value) => {
                        let typed = self.operand(value, Some(&result), block);
                        self.cx.check_flow(
                            typed.label,
                            self.result_label,
                            "the workflow's result",
                            value.span(),
                        );
                        typed.expr
                    }
                    None => self.return_nothing(jump.span),
                };
                self.check_debts("return", jump.span, whole_action, None);
                block.push(Statement::Return { value: typed, span: jump.span });
                self.flow = Flow::dead();
            }
            JumpKind::Fail(error) => {
                let (failure, taken) = self.failure(error);
                let around = if let Taken::By(depth) = taken { Some(depth) } else { None };
                self.check_debts("fail", jump.span, whole_action, around);
                block.extend(failure);
                self.flow = Flow::dead();
            }
            JumpKind::Yield(value) => {
                if !self.recoveries.is_empty() {
                    // What is owed around the construct that is left stays owed there.
                    let around = self.targets.last().map(|open| open.depth);
                    self.check_debts("yield", jump.span, whole_action, around);
                }
                self.yield_value(value.as_ref(), jump.span, block);
            }
            JumpKind::Use(value) => self.use_value(value, jump.span, block),
        }
    }

    /// `restart(…)`: the instance begins anew, with nothing of what it did.
    fn restart(&mut self, arguments: &ast::Arguments, span: Span, block: &mut Block) {
        self.check_way_out("restart", span);
        let (owner, params) = (self.name.clone(), self.params);
        let args = self.cx.fields(&owner, params, arguments, wfl_ir::Label::Public);
        if let Some(debt) = self.flow.debts.first().filter(|_| !self.flow.settled) {
            let title = format!("`restart` would forget that `{}` can be undone", debt.step);
            let diagnostic = Diagnostic::new(Code::E0313, title, span, "begins anew");
            let diagnostic = diagnostic.label(debt.span, "done, and not settled");
            self.report(
                diagnostic
                    .note("what was done before a restart cannot be undone after it")
                    .help("write `commit` before it to keep the steps, or `rollback` to undo them"),
            );
        }
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
        self.cx.check_flow(typed.label, label, "the step's result", value.span);
        block.push(Statement::Leave { target, set: Some((slot, typed.expr)), by: Leaving::Use, span });
        let flow = std::mem::replace(&mut self.flow, Flow::dead());
        if let Some(recovery) = self.recoveries.last_mut() {
            recovery.exits.push(flow);
        }
    }

    fn failure(&mut self, expr: &ast::Expr) -> (Option<Statement>, Taken) {
        let (path, arguments) = match &expr.kind {
            ExprKind::Call { callee, arguments } => (path_of(callee), Some(arguments)),
            ExprKind::Missing => return (None, Taken::Nobody),
            _ => (path_of(expr), None),
        };
        let Some(path) = path else {
            let diagnostic = Diagnostic::new(Code::E0221, "`fail` needs an error", expr.span, "not an error");
            self.report(diagnostic.help("write `fail Error(field: value)`"));
            return (None, Taken::Nobody);
        };
        let Some(error) = find_error(self.cx.session, self.cx.tables, self.cx.module, &path) else {
            return (None, Taken::Nobody);
        };
        let taken = self.raise_or_report(error, path.span);
        let none = ast::Arguments { list: Vec::new(), span: expr.span.after() };
        let tables = self.cx.tables;
        let owner = format!("`{}`", tables.type_name(error));
        let known = tables.fields(error).unwrap_or_default();
        let fields: Vec<(Name, Expr)> =
            self.cx.fields(&owner, known, arguments.unwrap_or(&none), wfl_ir::Label::Public);
        (Some(Statement::Fail { error, fields, span: expr.span }), taken)
    }

    fn raise_or_report(&mut self, error: u32, span: Span) -> Taken {
        let taken = self.raise(error);
        if taken != Taken::Nobody {
            return taken;
        }
        let name = self.cx.tables.type_name(error).clone();
        let title = format!("the workflow does not say that it raises `{name}`");
        let diagnostic = Diagnostic::new(Code::E0406, title, span, "not listed");
        let diagnostic = diagnostic
            .note("callers must know every error with which a workflow may fail")
            .help(format!("add `raises {name}` to the head of the workflow"));
        self.report(self.list_in_head(diagnostic, &[name]));
        Taken::Nobody
    }

    /// Reports an exit that leaves open whether what was done is to be kept. An exit that stays within the scope
    /// `around` leaves the debts of that scope where they are.
    fn check_debts(&mut self, word: &str, span: Span, whole_action: bool, around: Option<usize>) {
        let inside = self.depth() > 0 || !self.recoveries.is_empty();
        let left = |debt: &&Debt| around.is_none_or(|around| debt.depth > around);
        let debts = self.flow.debts.iter().filter(left).cloned().collect::<Vec<_>>();
        if !self.flow.live || self.flow.settled || debts.is_empty() || !inside {
            return;
        }
        let title = format!("`{word}` leaves open what becomes of the steps before it");
        let mut diagnostic = Diagnostic::new(Code::E0312, title, span, "kept or undone?");
        let path = debts.iter().map(|debt| format!("`{}` done", debt.step)).collect::<Vec<_>>().join(" → ");
        for debt in &debts {
            diagnostic =
                diagnostic.label(debt.span, format!("`{}` can be undone, and has not been", debt.step));
        }
        diagnostic = diagnostic
            .note(format!("on this path: {path} → `{word}`"))
            .note("money must not be left on hold because nobody decided about it")
            .help(format!("write `rollback` before `{word}` to undo them, or `commit` to keep them"));
        let (open, close) = if whole_action { ("{ rollback ", " }") } else { ("rollback ", "") };
        let edits = vec![
            Edit { span: Span { end: span.start, ..span }, replacement: open.to_owned() },
            Edit { span: span.after(), replacement: close.to_owned() },
        ];
        let edits = edits.into_iter().filter(|edit| !edit.replacement.is_empty()).collect();
        let title = "undo them first".to_owned();
        diagnostic.fixes.push(Fix { title, edits, applicability: Applicability::Maybe });
        self.report(diagnostic);
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
