//! Operators.

use wfl_ir::{Binary, Expr, Label, Unary};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, BinaryOp, ExprKind, UnaryOp};

use crate::expr::checker::Checker;
use crate::ty::{Ty, Typed};

impl Checker<'_, '_> {
    pub(crate) fn unary(&mut self, op: UnaryOp, operand: &ast::Expr, hint: Option<&Ty>, span: Span) -> Typed {
        if op == UnaryOp::Not {
            let typed = self.check_as(operand, &Ty::Bool);
            return Typed::new(Expr::Unary(Unary::Not, Box::new(typed.expr)), Ty::Bool, typed.label);
        }
        // The rule of a refined type must be held against the negative number, not against its digits.
        let base = hint.map(|hint| self.tables.base(hint.present()).clone());
        let typed = self.alone(|this| this.check(operand, base.as_ref()));
        let ty = self.tables.base(&typed.ty).clone();
        match ty {
            Ty::Int | Ty::Decimal | Ty::Money(_) | Ty::Duration => {
                let negated = Typed::new(Expr::Unary(Unary::Negate, Box::new(typed.expr)), ty, typed.label);
                let negated = self.fold(negated, span);
                self.refine(negated, hint, span)
            }
            Ty::Unknown => Typed::unknown(),
            _ => {
                let title = format!("`-` does not fit {}", self.tables.show(&typed.ty));
                self.session.error(Code::E0212, title, span, "neither a number nor an amount nor a duration");
                Typed::unknown()
            }
        }
    }

    // A negative literal goes into a refined type like any other literal.
    fn refine(&mut self, typed: Typed, hint: Option<&Ty>, span: Span) -> Typed {
        let (Some(wanted), Some(value)) = (hint.map(Ty::present), typed.value()) else { return typed };
        if !matches!(wanted, Ty::Named(_)) || *self.tables.base(wanted) != typed.ty {
            return typed;
        }
        self.check_rules(wanted, &value.clone(), span);
        Typed { ty: wanted.clone(), ..typed }
    }

    pub(crate) fn binary(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        hint: Option<&Ty>,
    ) -> Typed {
        let span = left.span.to(right.span);
        match op {
            BinaryOp::And | BinaryOp::Or => self.logic(op, left, right),
            BinaryOp::Default => self.default(left, right, hint),
            BinaryOp::In => self.contained(left, right, op_span),
            BinaryOp::Range => {
                let title = "`..` stands only on the right of `in`";
                let diagnostic = Diagnostic::new(Code::E0212, title, op_span, "not a value by itself");
                self.session.report(diagnostic.help("write `value in low..high`"));
                Typed::unknown()
            }
            BinaryOp::Divide => self.quotient(left, right, op_span),
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply => {
                let (left, right) = self.operands(left, right);
                let Some(ty) = self.arithmetic(op, op_span, &left.ty, &right.ty) else {
                    return Typed::unknown();
                };
                let label = left.label.max(right.label);
                let op = ir_operator(op);
                let typed =
                    Typed::new(Expr::Binary(op, Box::new(left.expr), Box::new(right.expr)), ty, label);
                self.fold(typed, span)
            }
            _ => {
                let (left, right) = self.operands(left, right);
                self.comparison(op, op_span, &left.ty, &right.ty);
                let [a, b] = [&left, &right].map(|it| self.tables.label_of_test(it.label, &it.ty));
                let expr = Expr::Binary(ir_operator(op), Box::new(left.expr), Box::new(right.expr));
                Typed::new(expr, Ty::Bool, a.max(b))
            }
        }
    }

    /// Checks two operands; a literal takes the type of the other one.
    fn operands(&mut self, left: &ast::Expr, right: &ast::Expr) -> (Typed, Typed) {
        if adapts(left) && !adapts(right) {
            let right = self.alone(|this| this.check(right, None));
            let left = self.alone(|this| this.check(left, Some(&right.ty)));
            return (left, right);
        }
        let left = self.alone(|this| this.check(left, None));
        let right = self.alone(|this| this.check(right, Some(&left.ty)));
        (left, right)
    }

    fn logic(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr) -> Typed {
        // What `is` binds on the left of `&&` is seen on its right and behind it, as the evaluator has it.
        let operand = |this: &mut Self, expr: &ast::Expr| {
            let typed = match op {
                BinaryOp::And => this.check(expr, Some(&Ty::Bool)),
                _ => this.alone(|this| this.check(expr, Some(&Ty::Bool))),
            };
            this.fit(typed, &Ty::Bool, expr.span)
        };
        let (left, right) = (operand(self, left), operand(self, right));
        let op = if op == BinaryOp::And { Binary::And } else { Binary::Or };
        let label = left.label.max(right.label);
        Typed::new(Expr::Binary(op, Box::new(left.expr), Box::new(right.expr)), Ty::Bool, label)
    }

    fn default(&mut self, left: &ast::Expr, right: &ast::Expr, hint: Option<&Ty>) -> Typed {
        let wanted = hint.map(|hint| hint.clone().optional());
        let value = self.alone(|this| this.check(left, wanted.as_ref()));
        let inner = value.ty.present().clone();
        let known =
            if inner.is_unknown() { hint.map(|hint| hint.present().clone()) } else { Some(inner.clone()) };
        let other = self.alone(|this| this.check(right, known.as_ref()));
        if !matches!(value.ty, Ty::Optional(_) | Ty::Unknown) {
            let title = format!("{} is never missing, so `??` has no use", self.tables.show(&value.ty));
            self.session.error(Code::E0212, title, left.span, "always there");
            return Typed::unknown();
        }
        let ty = match &other.ty {
            Ty::Optional(present) => self.join(&inner, present, right.span).optional(),
            present => self.join(&inner, present, right.span),
        };
        let label = value.label.max(other.label);
        Typed::new(Expr::Binary(Binary::Otherwise, Box::new(value.expr), Box::new(other.expr)), ty, label)
    }

    fn contained(&mut self, left: &ast::Expr, right: &ast::Expr, op_span: Span) -> Typed {
        let (item, op, list, label) = match &right.kind {
            ExprKind::Binary { op: BinaryOp::Range, left: low, right: high, .. } => {
                let item = self.alone(|this| this.check(left, None));
                let mut label = Label::Public;
                let ends = [low, high].map(|end| {
                    let typed = self.alone(|this| this.check(end, Some(&item.ty)));
                    self.comparison(BinaryOp::LessOrEqual, end.span, &item.ty, &typed.ty);
                    label = label.max(self.tables.label_of_test(typed.label, &typed.ty));
                    typed.expr
                });
                (item, Binary::Within, Expr::List(ends.into()), label)
            }
            _ => {
                let list = self.alone(|this| this.check(right, None));
                let wanted = match &list.ty {
                    Ty::List(item) => (**item).clone(),
                    Ty::Unknown => Ty::Unknown,
                    other => {
                        let title = format!("`in` needs a list or a range, not {}", self.tables.show(other));
                        self.session.error(Code::E0212, title, op_span, "cannot contain anything");
                        Ty::Unknown
                    }
                };
                let label = self.tables.label_of_test(list.label, &wanted);
                (self.check_as(left, &wanted), Binary::In, list.expr, label)
            }
        };
        let label = label.max(self.tables.label_of_test(item.label, &item.ty));
        Typed::new(Expr::Binary(op, Box::new(item.expr), Box::new(list)), Ty::Bool, label)
    }

    pub(crate) fn arithmetic(&mut self, op: BinaryOp, span: Span, left: &Ty, right: &Ty) -> Option<Ty> {
        let tables = self.tables;
        let (a, b) = (tables.base(left), tables.base(right));
        let sum = matches!(op, BinaryOp::Add | BinaryOp::Subtract);
        let product = op == BinaryOp::Multiply;
        let ty = match (a, b) {
            (Ty::Unknown, _) | (_, Ty::Unknown) => return None,
            (Ty::Int, Ty::Int) if op != BinaryOp::Divide => Ty::Int,
            (a, b) if a.is_number() && b.is_number() => Ty::Decimal,
            (Ty::Duration, Ty::Duration) if sum => Ty::Duration,
            (Ty::Duration, Ty::Int) | (Ty::Int, Ty::Duration) if product => Ty::Duration,
            (Ty::Timestamp, Ty::Duration) if sum => Ty::Timestamp,
            (Ty::Timestamp, Ty::Timestamp) if op == BinaryOp::Subtract => Ty::Duration,
            (Ty::Money(_), number) if op == BinaryOp::Divide && number.is_number() => {
                self.divided_money(span, left);
                return None;
            }
            (Ty::Money(Some(a)), Ty::Money(Some(b))) if sum && a == b => Ty::Money(Some(*a)),
            (Ty::Money(_), Ty::Money(_)) if sum => {
                self.currency_mix(op, span, left, right);
                return None;
            }
            (Ty::Money(currency), number) | (number, Ty::Money(currency))
                if product && number.is_number() =>
            {
                Ty::Money(*currency)
            }
            _ => {
                self.unfit_operands(op, span, left, right);
                return None;
            }
        };
        Some(ty)
    }

    fn currency_mix(&mut self, op: BinaryOp, span: Span, left: &Ty, right: &Ty) {
        let (a, b) = (self.tables.show(left), self.tables.show(right));
        let title = format!("`{}` mixes {a} and {b}", op.symbol());
        let diagnostic = Diagnostic::new(Code::E0206, title, span, "the currencies must be the same");
        let unnamed = matches!(self.tables.base(left), Ty::Money(None))
            || matches!(self.tables.base(right), Ty::Money(None));
        self.session.report(match unnamed {
            true => diagnostic.help("say the currency in the type: `Money<EUR>`"),
            false => diagnostic.help("exchange one of them by a step first"),
        });
    }

    fn unfit_operands(&mut self, op: BinaryOp, span: Span, left: &Ty, right: &Ty) {
        let (a, b) = (self.tables.show(left), self.tables.show(right));
        let title = format!("`{}` does not fit {a} and {b}", op.symbol());
        let missing = [left, right].into_iter().any(|ty| matches!(ty, Ty::Optional(_)));
        let code = if missing { Code::E0213 } else { Code::E0212 };
        let diagnostic = Diagnostic::new(code, title, span, "no such operation");
        let bases = (self.tables.base(left), self.tables.base(right));
        self.session.report(match bases {
            _ if missing => diagnostic.help("give a default for what may be missing: `(value ?? default)`"),
            (Ty::String, _) | (_, Ty::String) => {
                diagnostic.help("put texts together by interpolation: `\"{a}{b}\"`")
            }
            (Ty::Money(_), number) | (number, Ty::Money(_)) if number.is_number() => {
                diagnostic.help("make the number an amount first, such as `EUR(0.50)`")
            }
            _ => diagnostic,
        });
    }

    fn comparison(&mut self, op: BinaryOp, span: Span, left: &Ty, right: &Ty) {
        if left.is_unknown() || right.is_unknown() {
            return;
        }
        let fits = self.tables.fits(left, right) || self.tables.fits(right, left);
        let (a, b) = (self.tables.base(left), self.tables.base(right));
        let numbers = a.is_number() && b.is_number();
        if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) {
            if !fits && !numbers {
                self.incomparable(op, span, left, right);
            }
            return;
        }
        if let (Ty::Money(x), Ty::Money(y)) = (a, b)
            && (x != y || x.is_none())
        {
            return self.currency_mix(op, span, left, right);
        }
        if !self.ordered(left, right) {
            self.incomparable(op, span, left, right);
        }
    }

    /// Whether two values can be put in order.
    pub(crate) fn ordered(&self, left: &Ty, right: &Ty) -> bool {
        match (self.tables.base(left), self.tables.base(right)) {
            (a, b) if a.is_number() && b.is_number() => true,
            (a, b) if self.tables.is_ordered(a) && self.tables.is_ordered(b) => {
                self.tables.fits(left, right) || self.tables.fits(right, left)
            }
            _ => false,
        }
    }

    fn incomparable(&mut self, op: BinaryOp, span: Span, left: &Ty, right: &Ty) {
        let (a, b) = (self.tables.show(left), self.tables.show(right));
        let missing = [left, right].into_iter().any(|ty| matches!(ty, Ty::Optional(_)));
        let title = format!("`{}` cannot compare {a} with {b}", op.symbol());
        let code = if missing { Code::E0213 } else { Code::E0212 };
        let diagnostic = Diagnostic::new(code, title, span, "not comparable");
        self.session.report(match missing {
            true => diagnostic.help("give a default for what may be missing: `(value ?? default)`"),
            false => diagnostic,
        });
    }
}

/// Whether an expression takes its type from what stands beside it.
fn adapts(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Int(_) | ExprKind::Decimal(_) | ExprKind::Text(_) | ExprKind::None => true,
        ExprKind::Unary { operand, .. } => adapts(operand),
        ExprKind::Name(name) => name.text.starts_with(|first: char| first.is_ascii_uppercase()),
        _ => false,
    }
}

fn ir_operator(op: BinaryOp) -> Binary {
    match op {
        BinaryOp::Add => Binary::Add,
        BinaryOp::Subtract => Binary::Subtract,
        BinaryOp::Multiply => Binary::Multiply,
        BinaryOp::Divide => Binary::Divide,
        BinaryOp::NotEqual => Binary::NotEqual,
        BinaryOp::Less => Binary::Less,
        BinaryOp::LessOrEqual => Binary::LessOrEqual,
        BinaryOp::Greater => Binary::Greater,
        BinaryOp::GreaterOrEqual => Binary::GreaterOrEqual,
        _ => Binary::Equal,
    }
}
