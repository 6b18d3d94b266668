//! The forms of expressions, and `if` and `match` among them.

use wfl_ir::{Expr, Label, MatchArm, Pattern, Value};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, ExprKind};

use crate::expr::checker::Checker;
use crate::expr::exhaustive::{is_reached, missing_patterns};
use crate::expr::pattern::Binds;
use crate::ty::{Ty, Typed};

impl Checker<'_, '_> {
    /// Checks an expression. The hint says what is wanted; whether the value fits is the caller's business.
    pub(crate) fn check(&mut self, expr: &ast::Expr, hint: Option<&Ty>) -> Typed {
        if let Some(literal) = self.literal(expr, hint) {
            return literal;
        }
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, hint),
            ExprKind::List(items) => self.list(items, hint),
            ExprKind::Record(arguments) => self.anonymous(arguments, hint),
            ExprKind::Call { callee, arguments } => self.call(callee, arguments, hint, expr.span),
            ExprKind::Member { base, name, optional } => self.member(base, name, *optional, expr.span),
            ExprKind::If(parts) => self.conditional(parts, hint),
            ExprKind::Match(parts) => self.choose(parts, hint),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, hint, expr.span),
            ExprKind::Binary { op, op_span, left, right } => self.binary(*op, *op_span, left, right, hint),
            ExprKind::Is { value, pattern } => self.is(value, pattern),
            ExprKind::Index { base, index } => self.index(base, index, expr.span),
            ExprKind::Lambda { .. } => {
                let title = "small functions stand only as arguments";
                let diagnostic = Diagnostic::new(Code::E0225, title, expr.span, "a value is needed here");
                self.session.report(
                    diagnostic.help("as in `items.map(x => x.amount)`; a function with a name is `fn`"),
                );
                Typed::unknown()
            }
            ExprKind::Tuple(items) => {
                let title = "several values in parentheses are only matched";
                let diagnostic = Diagnostic::new(Code::E0221, title, expr.span, "not one value");
                self.session.report(diagnostic.help("give the parts names: `(first: …, second: …)`"));
                items.iter().for_each(|item| {
                    self.alone(|this| this.check(item, None));
                });
                Typed::unknown()
            }
            _ => Typed::unknown(),
        }
    }

    /// What a `match` looks at: a value, or several in parentheses.
    pub(crate) fn scrutinee(&mut self, expr: &ast::Expr) -> Typed {
        let ExprKind::Tuple(items) = &expr.kind else { return self.alone(|this| this.check(expr, None)) };
        let parts = items.iter().map(|item| self.alone(|this| this.check(item, None))).collect::<Vec<_>>();
        let label = parts.iter().map(|part| part.label).max().unwrap_or_default();
        let (exprs, types) = parts.into_iter().map(|part| (part.expr, part.ty)).unzip();
        Typed::new(Expr::List(exprs), Ty::Tuple(types), label)
    }

    fn list(&mut self, items: &[ast::Expr], hint: Option<&Ty>) -> Typed {
        let wanted = match hint.map(Ty::present) {
            Some(Ty::List(item)) => Some((**item).clone()),
            _ => None,
        };
        let (mut ty, mut label, mut exprs) = (Ty::Unknown, Label::Public, Vec::new());
        for item in items {
            let known = wanted.as_ref().or((!ty.is_unknown()).then_some(&ty)).cloned();
            let typed = self.alone(|this| this.check(item, known.as_ref()));
            ty = self.join(&ty, &typed.ty, item.span);
            label = label.max(typed.label);
            exprs.push(typed.expr);
        }
        let ty = match (items, wanted) {
            ([], Some(wanted)) => wanted,
            _ => ty,
        };
        let constants = exprs.iter().map(|expr| match expr {
            Expr::Const(value) => Some(value.clone()),
            _ => None,
        });
        let expr = match constants.collect::<Option<Vec<_>>>() {
            Some(values) => Expr::Const(Value::list(values)),
            None => Expr::List(exprs),
        };
        Typed::new(expr, Ty::List(Box::new(ty)), label)
    }

    fn conditional(&mut self, parts: &ast::If, hint: Option<&Ty>) -> Typed {
        let (names, locals) = (self.names.len(), self.locals);
        let condition = self.check(&parts.condition, Some(&Ty::Bool));
        let condition = self.fit(condition, &Ty::Bool, parts.condition.span);
        let known = self.learn(&parts.condition);
        let then = self.alone(|this| this.check(&parts.then, hint));
        self.forget(known);
        self.release(names);
        self.locals = locals;
        let known = if hint.is_some() { hint.cloned() } else { Some(then.ty.clone()) };
        let otherwise = self.alone(|this| this.check(&parts.otherwise, known.as_ref()));
        let ty = self.join(&then.ty, &otherwise.ty, parts.otherwise.span);
        let label = then.label.max(otherwise.label);
        let expr = Expr::If(Box::new(condition.expr), Box::new(then.expr), Box::new(otherwise.expr));
        Typed::new(expr, ty, label)
    }

    fn choose(&mut self, parts: &ast::Match<ast::Expr>, hint: Option<&Ty>) -> Typed {
        let subject = self.scrutinee(&parts.scrutinee);
        let (mut ty, mut label, mut arms) = (Ty::Unknown, Label::Public, Vec::new());
        let mut sound = true;
        for arm in &parts.arms {
            let known = hint.cloned().or((!ty.is_unknown()).then(|| ty.clone()));
            let (arm_ir, typed) = self.alone(|this| {
                let before = this.session.count();
                let pattern = this.pattern(&arm.pattern, &subject.ty, subject.label, Binds::Locals);
                sound &= this.session.count() == before;
                let guard = arm.guard.as_ref().map(|guard| this.check_condition(guard).expr);
                let typed = this.alone(|this| this.check(&arm.body, known.as_ref()));
                (MatchArm { pattern, guard, value: typed.expr.clone() }, typed)
            });
            ty = self.join(&ty, &typed.ty, arm.body.span);
            label = label.max(typed.label);
            arms.push(arm_ir);
        }
        let patterns = arms.iter().map(|arm| (&arm.pattern, arm.guard.is_some())).collect::<Vec<_>>();
        let spans = parts.arms.iter().map(|arm| arm.pattern.span).collect::<Vec<_>>();
        if sound {
            self.check_arms(&subject.ty, &patterns, &spans, parts.keyword);
        }
        Typed::new(Expr::Match(Box::new(subject.expr), arms), ty, label)
    }

    /// Reports what the arms of a `match` leave out, and arms that are never reached. The flag says whether an arm
    /// has a guard.
    pub(crate) fn check_arms(&mut self, ty: &Ty, arms: &[(&Pattern, bool)], spans: &[Span], keyword: Span) {
        if ty.is_unknown() {
            return;
        }
        for (at, (pattern, _)) in arms.iter().enumerate() {
            let earlier = arms[..at].iter().filter(|(_, guarded)| !guarded).map(|(pattern, _)| *pattern);
            let earlier = earlier.collect::<Vec<_>>();
            if !is_reached(self.tables, ty, &earlier, pattern) {
                self.never_reached(ty, arms, spans, at);
            }
        }
        let open =
            arms.iter().filter(|(_, guarded)| !guarded).map(|(pattern, _)| *pattern).collect::<Vec<_>>();
        if let Some(witness) = missing_patterns(self.tables, ty, &open) {
            let title = format!("no arm for `{witness}`");
            let message = format!("{} has values that no arm takes", self.tables.show(ty));
            let diagnostic = Diagnostic::new(Code::E0404, title, keyword, message);
            self.session.report(diagnostic.help(format!("add `{witness} -> …`")));
        }
    }

    fn never_reached(&mut self, ty: &Ty, arms: &[(&Pattern, bool)], spans: &[Span], at: usize) {
        let title = "this arm is never reached";
        let mut diagnostic = Diagnostic::new(Code::E0405, title, spans[at], "nothing is left for it");
        // The arm by which the last of its values was taken.
        let pattern = arms[at].0;
        let closing = (0..at).find(|last| {
            let open = arms[..=*last].iter().filter(|(_, guarded)| !guarded).map(|(pattern, _)| *pattern);
            !is_reached(self.tables, ty, &open.collect::<Vec<_>>(), pattern)
        });
        if let Some(closing) = closing {
            diagnostic = diagnostic.label(spans[closing], "takes the last value that fits it");
        }
        self.session.report(diagnostic.note("the arms above it take every value that fits it"));
    }

    fn is(&mut self, value: &ast::Expr, pattern: &ast::Pattern) -> Typed {
        let value = self.alone(|this| this.check(value, None));
        let pattern = self.pattern(pattern, &value.ty, value.label, Binds::Locals);
        let label = match asks_for_bool(&pattern) {
            true => self.tables.label_of_test(value.label, &value.ty),
            false => self.tables.label_of_look(value.label, &value.ty),
        };
        Typed::new(Expr::Is(Box::new(value.expr), pattern), Ty::Bool, label)
    }
}

/// Whether a pattern says what a Bool must be.
fn asks_for_bool(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Literal(value) => matches!(value, Value::Bool(_)),
        Pattern::Present(inner) => asks_for_bool(inner),
        Pattern::Tuple(items) => items.iter().any(asks_for_bool),
        Pattern::Variant(_, fields) => fields.iter().any(|(_, inner)| asks_for_bool(inner)),
        Pattern::Any | Pattern::Bind(_) | Pattern::Absent => false,
    }
}
