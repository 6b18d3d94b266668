//! Calls: constructors, functions and methods, told apart by what the name means.

use wfl_ir::Expr;
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, ExprKind};

use crate::expr::checker::Checker;
use crate::expr::declassify::DECLASSIFY;
use crate::expr::function::Callee;
use crate::names::Space;
use crate::tables::{Shape, Thing, currency};
use crate::ty::{Ty, Typed};

impl Checker<'_, '_> {
    /// `callee(arguments)`.
    pub(crate) fn call(
        &mut self,
        callee: &ast::Expr,
        arguments: &ast::Arguments,
        hint: Option<&Ty>,
        span: Span,
    ) -> Typed {
        match &callee.kind {
            ExprKind::Name(name) => self.call_name(name, arguments, hint, span),
            ExprKind::Member { base, name, optional: false } => self.call_member(base, name, arguments, span),
            ExprKind::Missing => Typed::unknown(),
            _ => {
                let title = "this cannot be called";
                let message = "not the name of anything that is called";
                let diagnostic = Diagnostic::new(Code::E0211, title, callee.span, message);
                self.session
                    .report(diagnostic.help("functions, types and variants are called by their names"));
                self.alone(|this| this.check(callee, None));
                self.look_at(arguments);
                Typed::unknown()
            }
        }
    }

    fn call_name(
        &mut self,
        name: &ast::Name,
        arguments: &ast::Arguments,
        hint: Option<&Ty>,
        span: Span,
    ) -> Typed {
        let word = name.text.as_str();
        if let Some(wanted) = hint.map(Ty::present)
            && let (Ty::Named(owner), Some(variants)) = (wanted, self.tables.variants(wanted))
            && variants.iter().any(|variant| variant.name == word)
        {
            return self.variant(*owner, word, Some(arguments), name.span);
        }
        // What is wanted comes before anything else of that name, and needs no import.
        if let Some(Ty::Named(wanted)) = hint.map(Ty::present)
            && *self.tables.type_name(*wanted) == word
            && self.tables.variants(&Ty::Named(*wanted)).is_none()
        {
            self.tables.find(self.session, self.module, Space::Type, word);
            return self.construct(Thing::Type(*wanted), name, arguments, span);
        }
        if let (Some(Ty::Result(..)), "Ok" | "Err") = (hint.map(Ty::present), word) {
            return self.outcome(word, arguments, hint);
        }
        if let Some(binding) = self.names.iter_mut().find(|binding| binding.name == word) {
            binding.used = true;
            let (named, ty) = (binding.span, binding.ty.clone());
            let title = format!("`{word}` is a value and cannot be called");
            let diagnostic = Diagnostic::new(Code::E0211, title, name.span, "a value");
            let diagnostic = diagnostic.label(named, "named here");
            self.session.report(match self.tables.base(&ty) {
                Ty::List(_) | Ty::Map(..) => {
                    diagnostic.help(format!("an item is taken by brackets: `{word}[…]`"))
                }
                _ => diagnostic.help("a value is read by its name alone"),
            });
            self.look_at(arguments);
            return Typed::unknown();
        }
        if let Some(thing) = self.tables.find(self.session, self.module, Space::Type, word) {
            return self.construct(thing, name, arguments, span);
        }
        match self.tables.find(self.session, self.module, Space::Function, word) {
            Some(Thing::Function(function)) if !self.only_method(function) => {
                return self.function(Callee { function, name: word, receiver: None, span }, arguments);
            }
            _ => {}
        }
        if let Some(currency) = currency(word) {
            return self.money(currency, arguments, span);
        }
        if word == DECLASSIFY {
            return self.declassify(arguments, span);
        }
        if let Some(owner) = self.sole_variant_owner(word) {
            return self.variant(owner, word, Some(arguments), name.span);
        }
        if matches!(word, "Ok" | "Err") {
            return self.outcome(word, arguments, hint);
        }
        self.not_callable(name, arguments);
        Typed::unknown()
    }

    fn construct(&mut self, thing: Thing, name: &ast::Name, arguments: &ast::Arguments, span: Span) -> Typed {
        let Thing::Type(index) = thing else {
            let title = format!("`{}` cannot be called in an expression", name.text);
            let diagnostic = Diagnostic::new(Code::E0221, title, name.span, "not a value");
            self.session
                .report(diagnostic.help("operations are called by steps: `step x = Service.operation(…)`"));
            return Typed::unknown();
        };
        match &self.tables.types[index as usize].shape {
            Shape::Record(_) => self.record(index, arguments),
            Shape::Refined { .. } => self.checked(index, arguments, span),
            _ => {
                let title = format!("`{}` has variants; choose one of them", name.text);
                self.session.error(Code::E0211, title, name.span, "not a variant");
                Typed::unknown()
            }
        }
    }

    /// `AccountId(text)`.
    fn checked(&mut self, index: u32, arguments: &ast::Arguments, span: Span) -> Typed {
        let ty = Ty::Named(index);
        let [argument] = arguments.list.as_slice() else {
            let title = format!("`{}` is made of one value", self.tables.type_name(index));
            self.session.error(Code::E0207, title, arguments.span, "does not fit");
            return Typed::unknown();
        };
        let base = self.tables.base(&ty).clone();
        let value = self.check_as(&argument.value, &base);
        if let Some(constant) = value.value() {
            self.check_rules(&ty, &constant.clone(), span);
            return Typed { ty, ..value };
        }
        Typed::new(Expr::Checked(ty.to_ir(), Box::new(value.expr)), ty, value.label)
    }

    /// `EUR(12.50)`.
    fn money(&mut self, currency: wfl_ir::Currency, arguments: &ast::Arguments, span: Span) -> Typed {
        let ty = Ty::Money(Some(currency));
        let [argument] = arguments.list.as_slice() else {
            let title = format!("`{currency}` takes one number");
            self.session.error(Code::E0207, title, arguments.span, "does not fit");
            return Typed { ty, ..Typed::unknown() };
        };
        let amount = self.alone(|this| this.check(&argument.value, Some(&Ty::Decimal)));
        if !amount.ty.is_unknown() && !self.tables.base(&amount.ty).is_number() {
            self.misfit(&amount.ty, &Ty::Decimal, argument.value.span);
            return Typed { ty, ..Typed::unknown() };
        }
        if let Some(wfl_ir::Value::Decimal(number)) = amount.value()
            && number.scale() > currency.places()
        {
            let title = format!("{currency} has {} places after the point", currency.places());
            let diagnostic = Diagnostic::new(Code::E0214, title, argument.value.span, "has more");
            self.session.report(diagnostic.note("an amount that cannot be paid out must be rounded first"));
            return Typed { ty, ..Typed::unknown() };
        }
        let typed = Typed::new(Expr::Money(currency, Box::new(amount.expr)), ty, amount.label);
        if amount.ty.is_unknown() { typed } else { self.fold(typed, span) }
    }

    fn call_member(
        &mut self,
        base: &ast::Expr,
        name: &ast::Name,
        arguments: &ast::Arguments,
        span: Span,
    ) -> Typed {
        if name.is_missing() {
            return Typed::unknown();
        }
        if let ExprKind::Name(owner) = &base.kind
            && self.names.iter().all(|binding| binding.name != owner.text)
            && let Some(typed) = self.call_qualified(owner, name, arguments, span)
        {
            return typed;
        }
        let receiver = self.alone(|this| this.check(base, None));
        let found = self.tables.find(self.session, self.module, Space::Function, &name.text);
        let Some(Thing::Function(function)) = found else {
            if !receiver.ty.is_unknown() {
                self.no_method(&receiver.ty, name);
            }
            return Typed::unknown();
        };
        let receiver = Some((receiver, base.span));
        self.function(Callee { function, name: &name.text, receiver, span }, arguments)
    }

    fn call_qualified(
        &mut self,
        owner: &ast::Name,
        name: &ast::Name,
        arguments: &ast::Arguments,
        span: Span,
    ) -> Option<Typed> {
        if let Some(module) = self.tables.find_alias(self.session, self.module, &owner.text) {
            let own = &self.tables.modules[module].own;
            let thing = own.get(Space::Type, &name.text).or_else(|| own.get(Space::Function, &name.text));
            return Some(match thing {
                Some(Thing::Function(function)) => {
                    self.function(Callee { function, name: &name.text, receiver: None, span }, arguments)
                }
                Some(thing) => self.construct(thing, name, arguments, span),
                None => {
                    let title = format!("`{}` has no `{}`", self.tables.modules[module].path, name.text);
                    self.session.error(Code::E0804, title, name.span, "not declared there");
                    Typed::unknown()
                }
            });
        }
        match self.tables.find(self.session, self.module, Space::Type, &owner.text)? {
            Thing::Type(index) if self.tables.variants(&Ty::Named(index)).is_some() => {
                Some(self.variant(index, &name.text, Some(arguments), name.span))
            }
            Thing::Service(_) => {
                let title = format!("`{}.{}` is called by a step", owner.text, name.text);
                let diagnostic = Diagnostic::new(Code::E0221, title, owner.span.to(name.span), "not a value");
                let help = format!("write `step x = {}.{}(…)` and use `x`", owner.text, name.text);
                self.session.report(
                    diagnostic.note("a call of the outside world is always a step of its own").help(help),
                );
                Some(Typed::unknown())
            }
            _ => None,
        }
    }

    fn no_method(&mut self, ty: &Ty, name: &ast::Name) {
        let title = format!("{} has no method `{}`", self.tables.show(ty), name.text);
        let diagnostic = Diagnostic::new(Code::E0208, title, name.span, "unknown");
        let known = self.tables.visible(self.module, Space::Function).map(|(name, _)| name);
        let meant = closest(&name.text, known).map(str::to_owned);
        self.session.report(match (self.tables.home(&name.text), meant) {
            (Some(home), _) => diagnostic.help(format!("import it: `import {home} ({})`", name.text)),
            (None, Some(meant)) => diagnostic.help(format!("did you mean `{meant}`?")),
            (None, None) => diagnostic,
        });
    }

    /// Whether a function is called behind a dot only.
    fn only_method(&self, function: u32) -> bool {
        self.tables.overloads(function).all(|at| self.tables.declared_functions[at as usize].method)
    }

    fn not_callable(&mut self, name: &ast::Name, arguments: &ast::Arguments) {
        let word = name.text.as_str();
        let found = |space| self.tables.visible(self.module, space).any(|(known, _)| known == word);
        let other = match (found(Space::Error), found(Space::Event)) {
            (true, _) => Some(("an error", format!("raise it by `fail {word}(…)`"))),
            (_, true) => Some(("an event", format!("publish it by `emit {word}(…)`"))),
            _ => None,
        };
        match other {
            Some((kind, help)) => {
                let title = format!("`{word}` is {kind}, not a value");
                let diagnostic = Diagnostic::new(Code::E0221, title, name.span, "a value is needed here");
                self.session.report(diagnostic.help(help));
            }
            None => self.unknown_name(name, &format!("there is nothing called `{word}`")),
        }
        self.look_at(arguments);
    }

    /// Checks arguments that have no place, so that what they name counts as used.
    fn look_at(&mut self, arguments: &ast::Arguments) {
        for argument in arguments.list.iter().filter(|it| !matches!(it.value.kind, ExprKind::Lambda { .. })) {
            self.alone(|this| this.check(&argument.value, None));
        }
    }
}
