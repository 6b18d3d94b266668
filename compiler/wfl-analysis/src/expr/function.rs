//! The functions of the standard library that the evaluator computes.

use wfl_ir::{Builtin, Expr, Label, Value};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast;

use crate::expr::checker::Checker;
use crate::ty::{Ty, Typed};

/// A function being called.
pub(crate) struct Callee<'n> {
    pub(crate) function: Builtin,
    pub(crate) name: &'n str,
    /// The value in front of the dot and where it stands.
    pub(crate) receiver: Option<(Typed, Span)>,
    pub(crate) span: Span,
}

impl Checker<'_, '_, '_> {
    /// Calls a function; a receiver is its first argument.
    pub(crate) fn function(&mut self, callee: Callee<'_>, arguments: &ast::Arguments) -> Typed {
        let Some(values) = self.values(&callee, arguments) else { return Typed::unknown() };
        if values.iter().any(|(value, _)| value.ty.is_unknown()) {
            return Typed::unknown();
        }
        let Some(ty) = self.result(&callee, &values) else { return Typed::unknown() };
        // What a test says about a value does not give the value away.
        let label = match ty {
            Ty::Bool | Ty::Int => Label::Public,
            _ => values.iter().map(|(value, _)| value.label).max().unwrap_or_default(),
        };
        let exprs = values.into_iter().map(|(value, _)| value.expr).collect();
        let typed = Typed::new(Expr::Call(callee.function, exprs), ty, label);
        self.fold(typed, callee.span)
    }

    fn values(&mut self, callee: &Callee<'_>, arguments: &ast::Arguments) -> Option<Vec<(Typed, Span)>> {
        let wanted = match callee.function {
            Builtin::Length | Builtin::IsEmpty | Builtin::First | Builtin::Uuid | Builtin::IsIban => 1,
            Builtin::Matches | Builtin::Contains | Builtin::Percent | Builtin::AtLeast | Builtin::AtMost => 2,
            // No module names another one yet.
            _ => return None,
        };
        let mut values: Vec<(Typed, Span)> = callee.receiver.iter().cloned().collect();
        if let Some(named) = arguments.list.iter().find_map(|argument| argument.name.as_ref()) {
            let title = format!("the arguments of `{}` have no names", callee.name);
            self.session.error(Code::E0208, title, named.span, "give only the value");
        }
        for argument in &arguments.list {
            let hint = self.argument_hint(callee.function, &values);
            let value = self.alone(|this| this.check(&argument.value, hint.as_ref()));
            values.push((value, argument.value.span));
        }
        if values.len() != wanted {
            let given = values.len() - usize::from(callee.receiver.is_some());
            let needed = wanted - usize::from(callee.receiver.is_some());
            let title = format!("`{}` takes {needed} arguments, not {given}", callee.name);
            self.session.error(Code::E0207, title, arguments.span, "does not fit");
            return None;
        }
        Some(values)
    }

    fn argument_hint(&self, function: Builtin, before: &[(Typed, Span)]) -> Option<Ty> {
        let first = before.first().map(|(value, _)| &value.ty);
        match (function, first) {
            (Builtin::Percent, Some(_)) => Some(Ty::Decimal),
            (Builtin::Contains, Some(Ty::List(item))) => Some((**item).clone()),
            (Builtin::AtLeast | Builtin::AtMost, Some(ty)) => Some(ty.clone()),
            _ => None,
        }
    }

    fn result(&mut self, callee: &Callee<'_>, values: &[(Typed, Span)]) -> Option<Ty> {
        let tables = self.tables;
        let (first, span) = &values[0];
        let base = tables.base(&first.ty).clone();
        match callee.function {
            Builtin::Uuid => self.need(values, 0, &Ty::String).then_some(Ty::Uuid),
            Builtin::IsIban => self.need(values, 0, &Ty::String).then_some(Ty::Bool),
            Builtin::Matches => {
                let texts = self.need(values, 0, &Ty::String) && self.need(values, 1, &Ty::String);
                (texts && self.check_pattern_text(&values[1])).then_some(Ty::Bool)
            }
            Builtin::Length | Builtin::IsEmpty => match base {
                Ty::String | Ty::List(_) if callee.function == Builtin::Length => Some(Ty::Int),
                Ty::String | Ty::List(_) => Some(Ty::Bool),
                _ => self.unfit(callee, &first.ty, *span, "a text or a list"),
            },
            Builtin::First => match base {
                Ty::List(item) => Some(item.optional()),
                _ => self.unfit(callee, &first.ty, *span, "a list"),
            },
            Builtin::Contains => match base {
                Ty::List(item) => self.need(values, 1, &item).then_some(Ty::Bool),
                Ty::String => self.need(values, 1, &Ty::String).then_some(Ty::Bool),
                _ => self.unfit(callee, &first.ty, *span, "a text or a list"),
            },
            Builtin::Percent => match base {
                Ty::Money(_) if tables.base(&values[1].0.ty).is_number() => Some(base),
                Ty::Money(_) => {
                    self.need(values, 1, &Ty::Decimal);
                    None
                }
                _ => self.unfit(callee, &first.ty, *span, "an amount of money"),
            },
            Builtin::AtLeast | Builtin::AtMost => {
                let ordered = self.ordered(&first.ty, &values[1].0.ty);
                match ordered {
                    true => Some(first.ty.clone()),
                    false if base == *tables.base(&values[1].0.ty) => {
                        self.unfit(callee, &first.ty, *span, "a value that has an order")
                    }
                    false => {
                        self.misfit(&values[1].0.ty, &first.ty, values[1].1);
                        None
                    }
                }
            }
            _ => None,
        }
    }

    fn need(&mut self, values: &[(Typed, Span)], at: usize, ty: &Ty) -> bool {
        let (value, span) = &values[at];
        let fits = self.tables.fits(&value.ty, ty);
        if !fits {
            self.misfit(&value.ty, ty, *span);
        }
        fits
    }

    fn unfit(&mut self, callee: &Callee<'_>, found: &Ty, span: Span, wanted: &str) -> Option<Ty> {
        let title = format!("`{}` needs {wanted}", callee.name);
        let diagnostic =
            Diagnostic::new(Code::E0205, title, span, format!("this is {}", self.tables.show(found)));
        self.session.report(match found {
            Ty::Optional(_) => diagnostic.help("give a default first: `(value ?? default)`"),
            _ => diagnostic,
        });
        None
    }

    // A regular expression that is a constant, as nearly all are, is compiled right away.
    fn check_pattern_text(&mut self, (pattern, span): &(Typed, Span)) -> bool {
        let Some(pattern) = pattern.value() else { return true };
        match wfl_eval::call(Builtin::Matches, &[Value::text(""), pattern.clone()]) {
            Ok(_) => true,
            Err(fault) => {
                let title = "this is not a regular expression";
                let diagnostic = Diagnostic::new(Code::E0214, title, *span, "cannot be read");
                self.session.report(diagnostic.note(fault.to_string()));
                false
            }
        }
    }
}
