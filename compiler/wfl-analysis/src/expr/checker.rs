//! The checker's state: the names in sight, and how values are fitted into types.

use std::collections::BTreeSet;

use wfl_eval::Env;
use wfl_ir::{Binary, Expr, Label, Unary, Value};
use wfl_source::{Applicability, Code, Diagnostic, Span};
use wfl_syntax::ast;

use crate::session::Session;
use crate::tables::{Tables, label_word};
use crate::ty::{Ty, Typed};

/// A name in sight.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub(crate) name: String,
    /// How its value is read.
    pub(crate) place: Expr,
    pub(crate) ty: Ty,
    pub(crate) label: Label,
    pub(crate) span: Span,
    pub(crate) used: bool,
    /// The warning that not using it deserves.
    pub(crate) unused: Option<Code>,
}

/// Why it matters that nobody looks at the answer of a read.
pub(crate) fn of_unused_read(diagnostic: Diagnostic) -> Diagnostic {
    diagnostic
        .note("a read changes nothing: without its answer the step does nothing")
        .help("remove the step, or use what it finds out")
}

/// What `workflow.` offers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Facts {
    /// Constants, rules and tests: nothing.
    None,
    /// Operations: all but the key, whose type depends on the caller.
    Operation,
    /// `idempotent by`: the key stands for the instance.
    IdempotencyKey,
    /// A workflow's body, with the type and the label of its key.
    Workflow(Ty, Label),
}

/// Checks expressions of one module.
pub(crate) struct Checker<'s, 'f> {
    pub(crate) session: &'s mut Session<'f>,
    pub(crate) tables: &'s Tables,
    pub(crate) module: usize,
    pub(crate) names: Vec<Binding>,
    /// How many locals the evaluator has at this point.
    pub(crate) locals: u32,
    /// How many slots have been given away.
    pub(crate) slots: u32,
    pub(crate) facts: Facts,
    /// The functions of the program that have been called.
    pub(crate) called: BTreeSet<u32>,
    /// Values that are known not to be zero, as they are written.
    pub(crate) nonzero: Vec<String>,
}

impl<'s, 'f> Checker<'s, 'f> {
    pub(crate) fn new(session: &'s mut Session<'f>, tables: &'s Tables, module: usize) -> Self {
        let (names, called) = (Vec::new(), BTreeSet::new());
        let nonzero = Vec::new();
        Self { session, tables, module, names, locals: 0, slots: 0, facts: Facts::None, called, nonzero }
    }

    /// The type, unless it is too big to go on with, which is reported.
    pub(crate) fn of_bounded_size(&mut self, ty: Ty, place: Span) -> Ty {
        if !ty.is_huge() {
            return ty;
        }
        let title = "the type of this value has too many parts";
        let diagnostic =
            Diagnostic::new(Code::E0199, title, place, "made of values that are made of values …");
        self.session.report(diagnostic.help("declare a `record`, which is one part wherever it is used"));
        Ty::Unknown
    }

    /// A slot that nothing else uses.
    pub(crate) fn new_slot(&mut self) -> u32 {
        self.slots += 1;
        self.slots - 1
    }

    /// Brings a name into sight. Names are never given a second meaning while they are.
    pub(crate) fn bind(&mut self, name: &ast::Name, place: Expr, ty: Ty, label: Label, unused: Option<Code>) {
        if name.is_missing() {
            return;
        }
        if let Some(earlier) = self.names.iter().find(|binding| binding.name == name.text) {
            let title = format!("`{}` already has a meaning here", name.text);
            let diagnostic = Diagnostic::new(Code::E0202, title, name.span, "a second meaning");
            let earlier = earlier.span;
            self.session.report(
                diagnostic.label(earlier, "the first one").note("names are given once and never change"),
            );
        }
        let (name, span) = (name.text.clone(), name.span);
        self.names.push(Binding { name, place, ty, label, span, used: false, unused });
    }

    /// Takes names out of sight again, down to the first `count`.
    pub(crate) fn release(&mut self, count: usize) {
        for binding in self.names.drain(count..) {
            let expected = binding.used || binding.ty.is_unknown() || binding.name.starts_with('_');
            let Some(code) = binding.unused.filter(|_| !expected) else { continue };
            let title = format!("`{}` is not used", binding.name);
            let diagnostic = Diagnostic::new(code, title, binding.span, "never read");
            self.session.report(match code {
                Code::W0203 => of_unused_read(diagnostic),
                _ => diagnostic.help("remove it, or begin its name with `_`").fix(
                    format!("write `_{}`", binding.name),
                    Span { end: binding.span.start, ..binding.span },
                    "_",
                    Applicability::Maybe,
                ),
            });
        }
    }

    /// Runs `check` as the evaluator runs an operand: what patterns bind inside does not get out.
    pub(crate) fn alone<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        let (names, locals) = (self.names.len(), self.locals);
        let checked = check(self);
        self.release(names);
        self.locals = locals;
        checked
    }

    /// Checks an expression that must have this type.
    pub(crate) fn check_as(&mut self, expr: &ast::Expr, ty: &Ty) -> Typed {
        let typed = self.alone(|this| this.check(expr, Some(ty)));
        self.fit(typed, ty, expr.span)
    }

    /// Checks what decides where a program goes on. That is rarely meant to be the same each time.
    pub(crate) fn check_condition(&mut self, expr: &ast::Expr) -> Typed {
        let typed = self.check_as(expr, &Ty::Bool);
        if let Some(value) = self.always(&typed.expr) {
            let title = format!("this condition is always `{value}`");
            self.session.error(Code::W0206, title, expr.span, "decided by constants");
        }
        typed
    }

    /// What a condition comes to whatever the program is started with.
    fn always(&self, condition: &Expr) -> Option<bool> {
        let constant = |expr: &Expr| matches!(expr, Expr::Const(_));
        match condition {
            Expr::Const(Value::Bool(value)) => Some(*value),
            Expr::Unary(Unary::Not, inner) => self.always(inner).map(|value| !value),
            Expr::Binary(op @ (Binary::And | Binary::Or), left, right) => {
                // `false` decides about `&&`, `true` about `||`.
                let deciding = *op == Binary::Or;
                match (self.always(left), self.always(right)) {
                    (Some(one), _) | (_, Some(one)) if one == deciding => Some(deciding),
                    (Some(_), Some(_)) => Some(!deciding),
                    _ => None,
                }
            }
            Expr::Binary(_, left, right) if constant(left) && constant(right) => {
                wfl_eval::holds(Env::constant(self.tables.library()), condition).ok()
            }
            _ => None,
        }
    }

    /// Fits a value into a type, or reports why it does not.
    pub(crate) fn fit(&mut self, typed: Typed, ty: &Ty, span: Span) -> Typed {
        if self.tables.fits(&typed.ty, ty) {
            // The wanted type is at least as precise, except where it only adds `?` or drops a rule.
            return typed;
        }
        self.misfit(&typed.ty, ty, span);
        Typed { ty: Ty::Unknown, ..typed }
    }

    pub(crate) fn misfit(&mut self, found: &Ty, wanted: &Ty, span: Span) {
        let (found_text, wanted_text) = (self.tables.show(found), self.tables.show(wanted));
        let message = format!("this is {found_text}");
        if let (Ty::Money(a), Ty::Money(b)) = (found.present(), wanted.present())
            && a != b
        {
            let title = format!("{found_text} does not fit into {wanted_text}");
            let diagnostic = Diagnostic::new(Code::E0206, title, span, message);
            self.session.report(
                diagnostic.note("amounts of different currencies never mix; exchange them by a step"),
            );
            return;
        }
        if let Ty::Optional(inner) = found
            && self.tables.fits(inner, wanted)
        {
            let title = format!("this may be `none`, but {wanted_text} is needed");
            let diagnostic = Diagnostic::new(Code::E0213, title, span, message);
            self.session.report(diagnostic.help(
                "give a default: `value ?? default`, or look: `match value { Some(v) -> … none -> … }`",
            ));
            return;
        }
        let title = format!("expected {wanted_text}, found {found_text}");
        let diagnostic = Diagnostic::new(Code::E0205, title, span, message);
        let diagnostic = match wanted.present() {
            Ty::Named(index) if self.tables.fits(found, self.tables.base(wanted.present())) => {
                let name = self.tables.type_name(*index);
                diagnostic.help(format!("`{name}(…)` makes one, and checks its rule"))
            }
            Ty::Decimal if *found == Ty::Int => match self.session.text(span) {
                number if number.parse::<i64>().is_ok() => {
                    diagnostic.fix(format!("write `{number}.0`"), span.after(), ".0", Applicability::Safe)
                }
                _ => diagnostic.help("a product is one: `value * 1.0`"),
            },
            _ => diagnostic,
        };
        self.session.report(diagnostic);
    }

    /// The type that holds the values of both, and is as sensitive; reports when there is none.
    pub(crate) fn join(&mut self, left: &Ty, right: &Ty, span: Span) -> Ty {
        let nothing = |ty: &Ty| matches!(ty, Ty::Optional(inner) if inner.is_unknown());
        let (wide_left, wide_right) = (left.clone().optional(), right.clone().optional());
        let (kept, other) = if nothing(left) {
            (wide_right, left)
        } else if nothing(right) {
            (wide_left, right)
        } else if self.tables.fits(left, right) {
            if right.is_unknown() { (left.clone(), right) } else { (right.clone(), left) }
        } else if self.tables.fits(right, left) {
            (left.clone(), right)
        } else if self.tables.fits(&wide_left, &wide_right) {
            (wide_right, left)
        } else if self.tables.fits(&wide_right, &wide_left) {
            (wide_left, right)
        } else {
            self.misfit(right, left, span);
            return Ty::Unknown;
        };
        kept.marked_like(other)
    }

    /// Reports a value that is more sensitive than the people may see who are asked; true if it is.
    pub(crate) fn check_shown(&mut self, value: Label, clearance: Label, span: Span) -> bool {
        if value <= clearance {
            return false;
        }
        let (word, allowed) = (label_word(value), label_word(clearance));
        let title = format!("`{word}` data is shown to the people who are asked");
        let message = format!("`{word}`, but their role may see `{allowed}` data at most");
        let diagnostic = Diagnostic::new(Code::E0501, title, span, message);
        self.session.report(diagnostic.note("a task list is seen by everybody who has the role").help(
            "hide it by `mask_last4` of `std.redact`, or raise the `clearance` of the role in `wfl.toml`",
        ));
        true
    }

    /// Reports people who are asked later and would see values that are more sensitive than they may see. The values
    /// are given with the places where they are shown.
    pub(crate) fn check_shown_later(&mut self, shown: &[(Label, Span)], clearance: Label, span: Span) {
        let hidden = shown.iter().filter(|(label, _)| *label > clearance).copied().collect::<Vec<_>>();
        let Some(most) = hidden.iter().map(|(label, _)| *label).max() else { return };
        let (word, allowed) = (label_word(most), label_word(clearance));
        let title = format!("`{word}` data is shown to the people who are asked later");
        let message = format!("this role may see `{allowed}` data at most");
        let mut diagnostic = Diagnostic::new(Code::E0501, title, span, message);
        for (label, span) in hidden {
            diagnostic = diagnostic.label(span, format!("`{}`", label_word(label)));
        }
        self.session.report(diagnostic.note("whoever a task is escalated to sees all that it shows").help(
            "hide it by `mask_last4` of `std.redact`, or raise the `clearance` of the role in `wfl.toml`",
        ));
    }

    /// Reports a value that, in a part of it or as a whole, is more sensitive than a place of this type allows.
    pub(crate) fn check_flow_into(
        &mut self,
        value: &Typed,
        (ty, allowed): (&Ty, Label),
        place: &str,
        span: Span,
    ) {
        self.check_flow(value.label.max(value.ty.above(ty)), allowed, place, span);
    }

    /// Reports a value that is more sensitive than the place it goes to allows.
    pub(crate) fn check_flow(&mut self, value: Label, allowed: Label, place: &str, span: Span) {
        if value <= allowed {
            return;
        }
        let word = label_word(value);
        let title = format!("`{word}` data flows to {place}");
        let marked = if allowed == Label::Public {
            "not marked".to_owned()
        } else {
            format!("only `{}`", label_word(allowed))
        };
        let diagnostic =
            Diagnostic::new(Code::E0501, title, span, format!("`{word}`, but {place} is {marked}"));
        self.session.report(
            diagnostic
                .note("marked data may only go where the receiver says that it takes it")
                .help(format!("mark the place: `{word} Type`, or let the operation say `accepts {word}`")),
        );
    }
}
