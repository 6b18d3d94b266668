//! `/`: only where the divisor is known not to be zero.

use wfl_ir::{Binary, Decimal, Expr, Value};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, BinaryOp, ExprKind};

use crate::expr::checker::Checker;
use crate::tables::Shape;
use crate::ty::{Ty, Typed};

impl Checker<'_, '_> {
    /// `left / right`, a Decimal.
    pub(crate) fn quotient(&mut self, left: &ast::Expr, right: &ast::Expr, op_span: Span) -> Typed {
        let dividend = self.alone(|this| this.check(left, None));
        let divisor = self.alone(|this| this.check(right, None));
        if self.arithmetic(BinaryOp::Divide, op_span, &dividend.ty, &divisor.ty).is_none() {
            return Typed::unknown();
        }
        if !self.is_never_zero(&divisor, right) {
            let title = "this divisor may be zero";
            let diagnostic = Diagnostic::new(Code::E0226, title, right.span, "nothing says that it is not");
            self.session.report(
                diagnostic
                    .note("a quotient by zero has no value, and there is no null to stand for it")
                    .help("write `div(a, b) ?? …`, which gives `none` for zero, or give the divisor a type `where value > 0`"),
            );
            return Typed::unknown();
        }
        let label = dividend.label.max(divisor.label);
        let expr = Expr::Binary(Binary::Divide, Box::new(dividend.expr), Box::new(divisor.expr));
        self.fold(Typed::new(expr, Ty::Decimal, label), left.span.to(right.span))
    }

    pub(crate) fn divided_money(&mut self, span: Span, money: &Ty) {
        let title = format!("{} cannot be divided", self.tables.show(money));
        let diagnostic = Diagnostic::new(Code::E0212, title, span, "who would get the cent that is left?");
        self.session.report(
            diagnostic.help("`allocate(amount, parts)` of `std.money` splits it and loses no cent; a share is `percent(amount, rate)`"),
        );
    }

    /// How many values are known not to be zero.
    pub(crate) fn known(&self) -> usize {
        self.nonzero.len()
    }

    /// Learns from a condition that holds which values are not zero; gives how many were known before.
    pub(crate) fn learn(&mut self, condition: &ast::Expr) -> usize {
        let before = self.known();
        self.learn_from(condition);
        before
    }

    /// Forgets what was learnt since so many values were known.
    pub(crate) fn forget(&mut self, known: usize) {
        self.nonzero.truncate(known);
    }

    fn learn_from(&mut self, condition: &ast::Expr) {
        let ExprKind::Binary { op, left, right, .. } = &condition.kind else { return };
        if *op == BinaryOp::And {
            self.learn_from(left);
            self.learn_from(right);
            return;
        }
        // `0 < n` says the same as `n > 0`.
        let (op, value, bound) = match (literal(left), literal(right)) {
            (None, Some(bound)) => (*op, left, bound),
            (Some(bound), None) => (turned(*op), right, bound),
            _ => return,
        };
        let zero = Decimal::ZERO;
        let excluded = match op {
            BinaryOp::Greater => bound >= zero,
            BinaryOp::GreaterOrEqual => bound > zero,
            BinaryOp::Less => bound <= zero,
            BinaryOp::LessOrEqual => bound < zero,
            BinaryOp::NotEqual => bound == zero,
            BinaryOp::Equal => bound != zero,
            _ => false,
        };
        if excluded {
            self.nonzero.extend(written(value));
        }
    }

    fn is_never_zero(&self, divisor: &Typed, source: &ast::Expr) -> bool {
        match divisor.value() {
            Some(Value::Int(number)) => *number != 0,
            Some(Value::Decimal(number)) => *number != Decimal::ZERO,
            _ => {
                let known = written(source).is_some_and(|source| self.nonzero.contains(&source));
                known || self.type_excludes_zero(&divisor.ty) || self.field_excludes_zero(source)
            }
        }
    }

    fn type_excludes_zero(&self, ty: &Ty) -> bool {
        let Ty::Named(index) = ty else { return false };
        match &self.tables.types[*index as usize].shape {
            Shape::Refined { base, rule } => {
                rule.as_ref().is_some_and(|rule| excludes_zero(&rule.holds)) || self.type_excludes_zero(base)
            }
            _ => false,
        }
    }

    /// `value.field` whose field has a rule.
    fn field_excludes_zero(&self, source: &ast::Expr) -> bool {
        let ExprKind::Member { base, name, optional: false } = &source.kind else { return false };
        let ExprKind::Name(owner) = &base.kind else { return false };
        let Some(binding) = self.names.iter().rev().find(|binding| binding.name == owner.text) else {
            return false;
        };
        let Ty::Named(index) = binding.ty else { return false };
        let fields = self.tables.fields(index).unwrap_or_default();
        let field = fields.iter().find(|field| field.name == name.text.as_str());
        field.and_then(|field| field.rule.as_ref()).is_some_and(|rule| excludes_zero(&rule.holds))
    }
}

/// Whether a rule over `value` is false for zero.
fn excludes_zero(rule: &Expr) -> bool {
    let Expr::Binary(op, left, right) = rule else { return false };
    let number = |expr: &Expr| match expr {
        Expr::Const(Value::Int(number)) => Some(Decimal::from(*number)),
        Expr::Const(Value::Decimal(number)) => Some(*number),
        _ => None,
    };
    let zero = Decimal::ZERO;
    match (op, &**left, &**right) {
        (Binary::And, a, b) => excludes_zero(a) || excludes_zero(b),
        (Binary::Or, a, b) => excludes_zero(a) && excludes_zero(b),
        (Binary::Greater, Expr::Subject, bound) => number(bound).is_some_and(|bound| bound >= zero),
        (Binary::GreaterOrEqual, Expr::Subject, bound) => number(bound).is_some_and(|bound| bound > zero),
        (Binary::Less, Expr::Subject, bound) => number(bound).is_some_and(|bound| bound <= zero),
        (Binary::LessOrEqual, Expr::Subject, bound) => number(bound).is_some_and(|bound| bound < zero),
        (Binary::NotEqual, Expr::Subject, bound) => number(bound).is_some_and(|bound| bound == zero),
        (Binary::Within, Expr::Subject, Expr::Const(Value::List(ends))) => match &ends[..] {
            [low, high] => {
                let end = |value: &Value| number(&Expr::Const(value.clone()));
                end(low).is_some_and(|low| low > zero) || end(high).is_some_and(|high| high < zero)
            }
            _ => false,
        },
        (Binary::Within, Expr::Subject, Expr::List(ends)) => match ends.as_slice() {
            [low, high] => {
                number(low).is_some_and(|low| low > zero) || number(high).is_some_and(|high| high < zero)
            }
            _ => false,
        },
        _ => false,
    }
}

/// A number as it is written.
fn literal(expr: &ast::Expr) -> Option<Decimal> {
    match &expr.kind {
        ExprKind::Int(number) => Some(Decimal::from(*number)),
        ExprKind::Decimal(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// A name or a path of names, which always stands for the same value.
fn written(expr: &ast::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Member { base, name, optional: false } => Some(format!("{}.{}", written(base)?, name.text)),
        _ => None,
    }
}

/// The comparison with its sides exchanged.
fn turned(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        other => other,
    }
}
