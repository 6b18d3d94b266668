//! Literals, and constants that are computed while compiling.

use wfl_eval::{Env, Fault};
use wfl_ir::{Decimal, Duration, Expr, Name, Part, Value};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, ExprKind, TextPart};

use crate::expr::checker::Checker;
use crate::ty::{Ty, Typed};

impl Checker<'_, '_> {
    /// A literal; `None` for other expressions.
    pub(crate) fn literal(&mut self, expr: &ast::Expr, hint: Option<&Ty>) -> Option<Typed> {
        let (value, natural) = match &expr.kind {
            ExprKind::Int(number) => (Value::Int(*number), Ty::Int),
            ExprKind::Decimal(digits) => match digits.parse::<Decimal>() {
                Ok(decimal) => (Value::Decimal(decimal), Ty::Decimal),
                Err(_) => return Some(Typed::unknown()),
            },
            ExprKind::Duration(milliseconds) => {
                (Value::Duration(Duration::from_millis(*milliseconds)), Ty::Duration)
            }
            ExprKind::Bool(truth) => (Value::Bool(*truth), Ty::Bool),
            ExprKind::Unit => (Value::Unit, Ty::Unit),
            ExprKind::None => return Some(Typed::constant(Value::None, Ty::Optional(Box::new(Ty::Unknown)))),
            ExprKind::Text(parts) => match parts.as_slice() {
                [] => (Value::text(""), Ty::String),
                [TextPart::Literal(text)] => (Value::text(text.as_str()), Ty::String),
                parts => return Some(self.interpolation(parts)),
            },
            _ => return None,
        };
        Some(self.adapted(value, natural, hint, expr.span))
    }

    // A literal goes into the type that is wanted, if it is one of its values.
    fn adapted(&mut self, value: Value, natural: Ty, hint: Option<&Ty>, span: Span) -> Typed {
        let Some(wanted) = hint.map(Ty::present) else { return Typed::constant(value, natural) };
        let base = self.tables.base(wanted);
        let value = match (&value, base) {
            (Value::Int(number), Ty::Decimal) => Value::Decimal(Decimal::from(*number)),
            (_, base) if *base == natural => value,
            _ => return Typed::constant(value, natural),
        };
        self.check_rules(wanted, &value, span);
        Typed::constant(value, wanted.clone())
    }

    /// Holds a constant against the rules of a refined type.
    pub(crate) fn check_rules(&mut self, ty: &Ty, value: &Value, span: Span) {
        let (Ty::Named(_), true) = (ty, self.session.rules_hold) else { return };
        if let Ok(Some((name, rule))) = wfl_eval::check_rule(self.tables.library(), &ty.to_ir(), value) {
            let short = name.rsplit('.').next().unwrap_or(&name).to_owned();
            self.rule_broken(&format!("`{short}`"), &rule, span);
        }
    }

    pub(crate) fn rule_broken(&mut self, owner: &str, rule: &str, span: Span) {
        let title = format!("this breaks the rule of {owner}");
        let diagnostic = Diagnostic::new(Code::E0214, title, span, "not allowed here");
        self.session.report(diagnostic.note(format!("the rule is `{rule}`")));
    }

    fn interpolation(&mut self, parts: &[TextPart]) -> Typed {
        let mut label = wfl_ir::Label::Public;
        let mut pieces = Vec::new();
        for part in parts {
            match part {
                TextPart::Literal(text) => pieces.push(Part::Text(Name::from(text.as_str()))),
                TextPart::Interpolation(expr) => {
                    let shown = self.alone(|this| this.check(expr, None));
                    if !self.is_shown(&shown.ty) {
                        let title = format!("{} cannot be shown in a text", self.tables.show(&shown.ty));
                        let diagnostic =
                            Diagnostic::new(Code::E0212, title, expr.span, "has no one way to be written");
                        self.session.report(diagnostic.help("show a field of it, or give a default by `??`"));
                    }
                    label = label.max(shown.label);
                    pieces.push(Part::Show(shown.expr));
                }
            }
        }
        Typed::new(Expr::Interpolate(pieces), Ty::String, label)
    }

    /// Whether there is one way to write a value in a text.
    fn is_shown(&self, ty: &Ty) -> bool {
        match self.tables.base(ty) {
            Ty::Optional(_) | Ty::List(_) | Ty::Set(_) | Ty::Map(..) | Ty::Result(..) => false,
            Ty::Batch(..) | Ty::Bytes | Ty::Record(_) => false,
            base @ Ty::Named(_) => {
                let variants = self.tables.variants(base);
                variants.is_some_and(|all| all.iter().all(|variant| variant.fields.is_empty()))
            }
            _ => true,
        }
    }

    /// Computes an expression whose operands are all constant; reports when it has no value.
    pub(crate) fn fold(&mut self, typed: Typed, span: Span) -> Typed {
        let operands_constant = match &typed.expr {
            Expr::Unary(_, operand) | Expr::Money(_, operand) => is_constant(operand),
            Expr::Binary(_, left, right) => is_constant(left) && is_constant(right),
            Expr::Call(_, arguments) => arguments.iter().all(is_constant),
            _ => false,
        };
        if !operands_constant || typed.ty.is_unknown() {
            return typed;
        }
        match wfl_eval::evaluate(Env::constant(self.tables.library()), &typed.expr) {
            Ok(value) => Typed::constant(value, typed.ty),
            Err(fault) => {
                self.fault(&fault, span);
                Typed::unknown()
            }
        }
    }

    fn fault(&mut self, fault: &Fault, span: Span) {
        let (code, title) = match fault {
            Fault::NumberTooBig => (Code::E0219, "this number is too big".to_owned()),
            other => (Code::E0214, format!("this has no value: {other}")),
        };
        self.session.error(code, title, span, "computed while compiling");
    }

    /// The value of an expression that must be constant.
    pub(crate) fn constant(&mut self, expr: &ast::Expr, ty: &Ty, what: &str) -> Option<Value> {
        let typed = self.check_as(expr, ty);
        if typed.ty.is_unknown() {
            return None;
        }
        let value = typed.value().cloned();
        if value.is_none() {
            let title = format!("{what} must be constant");
            self.session.error(Code::E0217, title, expr.span, "depends on values that are known later");
        }
        value
    }

    /// The value of a duration that must be constant and longer than nothing.
    pub(crate) fn constant_duration(&mut self, expr: &ast::Expr, what: &str) -> Option<Duration> {
        match self.constant(expr, &Ty::Duration, what)? {
            Value::Duration(duration) if duration.0 > 0 => Some(duration),
            _ => {
                let title = format!("{what} must be longer than nothing");
                self.session.error(Code::E0214, title, expr.span, "no time at all");
                None
            }
        }
    }
}

fn is_constant(expr: &Expr) -> bool {
    matches!(expr, Expr::Const(_))
}
