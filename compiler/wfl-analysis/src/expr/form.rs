//! The forms of expressions, and `if` and `match` among them.

use wfl_ir::{Expr, Label, MatchArm, Pattern};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, ExprKind};

use crate::expr::checker::Checker;
use crate::expr::exhaustive::{is_reached, missing_patterns};
use crate::expr::pattern::Binds;
use crate::ty::{Ty, Typed};

impl Checker<'_, '_, '_> {
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
            ExprKind::Index { .. } => {
                self.later("`[…]` behind a value", expr.span, "take one by `first(list)`")
            }
            ExprKind::Lambda { .. } => {
                let title = "small functions have no place here";
                self.session.error(Code::E0225, title, expr.span, "no function of this version takes one");
                Typed::unknown()
            }
            _ => Typed::unknown(),
        }
    }

    fn later(&mut self, what: &str, span: Span, help: &str) -> Typed {
        let title = format!("{what} is not supported by this version");
        self.session.report(Diagnostic::new(Code::E0190, title, span, "not in this compiler").help(help));
        Typed::unknown()
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
        let constants = exprs.iter().map(|expr| match expr {
            Expr::Const(value) => Some(value.clone()),
            _ => None,
        });
        let expr = match constants.collect::<Option<Vec<_>>>() {
            Some(values) => Expr::Const(wfl_ir::Value::list(values)),
            None => Expr::List(exprs),
        };
        Typed::new(expr, Ty::List(Box::new(ty)), label)
    }

    fn conditional(&mut self, parts: &ast::If, hint: Option<&Ty>) -> Typed {
        let (names, locals) = (self.names.len(), self.locals);
        let condition = self.check(&parts.condition, Some(&Ty::Bool));
        let condition = self.fit(condition, &Ty::Bool, parts.condition.span);
        let then = self.alone(|this| this.check(&parts.then, hint));
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
        let subject = self.alone(|this| this.check(&parts.scrutinee, None));
        let (mut ty, mut label, mut arms) = (Ty::Unknown, Label::Public, Vec::new());
        let mut sound = true;
        for arm in &parts.arms {
            let known = hint.cloned().or((!ty.is_unknown()).then(|| ty.clone()));
            let (arm_ir, typed) = self.alone(|this| {
                let before = this.session.count();
                let pattern = this.pattern(&arm.pattern, &subject.ty, subject.label, Binds::Locals);
                sound &= this.session.count() == before;
                let guard = arm.guard.as_ref().map(|guard| this.check_as(guard, &Ty::Bool).expr);
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
            if !is_reached(self.tables, ty, &earlier.collect::<Vec<_>>(), pattern) {
                let diagnostic = Diagnostic::new(
                    Code::E0405,
                    "this arm is never reached",
                    spans[at],
                    "nothing is left for it",
                );
                self.session.report(diagnostic.note("the arms above it take every value that fits it"));
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

    fn is(&mut self, value: &ast::Expr, pattern: &ast::Pattern) -> Typed {
        let value = self.alone(|this| this.check(value, None));
        let pattern = self.pattern(pattern, &value.ty, value.label, Binds::Locals);
        Typed::new(Expr::Is(Box::new(value.expr), pattern), Ty::Bool, Label::Public)
    }
}
