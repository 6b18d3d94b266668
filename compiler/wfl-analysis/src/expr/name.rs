//! Bare names and `.name`.

use wfl_ir::{Expr, WorkflowField};
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, ExprKind};

use crate::expr::checker::{Checker, Facts};
use crate::names::Space;
use crate::tables::{Shape, Thing};
use crate::ty::{Ty, Typed};

impl Checker<'_, '_> {
    /// A name by itself: a value in sight, or a variant without fields.
    pub(crate) fn name(&mut self, name: &ast::Name, hint: Option<&Ty>) -> Typed {
        if name.is_missing() {
            return Typed::unknown();
        }
        if let Some(variant) = self.bare_variant(name, hint) {
            return variant;
        }
        if let Some(binding) = self.names.iter_mut().rev().find(|binding| binding.name == name.text) {
            binding.used = true;
            return Typed::new(binding.place.clone(), binding.ty.clone(), binding.label);
        }
        if let Some(owner) = self.sole_variant_owner(&name.text) {
            return self.variant(owner, &name.text, None, name.span);
        }
        self.no_value(name);
        Typed::unknown()
    }

    /// A variant of the wanted type comes before anything else of that name.
    fn bare_variant(&mut self, name: &ast::Name, hint: Option<&Ty>) -> Option<Typed> {
        let wanted = hint?.present();
        let variants = self.tables.variants(wanted)?;
        let known = variants.iter().any(|variant| variant.name == name.text.as_str());
        let Ty::Named(owner) = wanted else { return None };
        known.then(|| self.variant(*owner, &name.text, None, name.span))
    }

    /// The one enum in sight that has a variant of this name.
    pub(crate) fn sole_variant_owner(&mut self, name: &str) -> Option<u32> {
        match self.variant_owners(name).as_slice() {
            [(owner, index)] => {
                self.tables.find(self.session, self.module, Space::Type, owner);
                Some(*index)
            }
            _ => None,
        }
    }

    fn variant_owners(&self, name: &str) -> Vec<(String, u32)> {
        let owners = self.tables.visible(self.module, Space::Type).filter_map(|(owner, thing)| match thing {
            Thing::Type(index) => match &self.tables.types[index as usize].shape {
                Shape::Enum(variants) => {
                    variants.iter().any(|variant| variant.name == name).then(|| (owner.to_owned(), index))
                }
                _ => None,
            },
            _ => None,
        });
        owners.collect()
    }

    fn no_value(&mut self, name: &ast::Name) {
        let word = &name.text;
        let found = |space| self.tables.visible(self.module, space).find(|(known, _)| known == word);
        let other =
            match (found(Space::Type), found(Space::Error), found(Space::Event), found(Space::Function)) {
                (Some((_, Thing::Type(_))), ..) => {
                    Some(("a type", format!("write `{word}(…)` to make a value of it")))
                }
                (Some((_, Thing::Service(_))), ..) => Some((
                    "a service",
                    format!("operations are called by steps: `step x = {word}.operation(…)`"),
                )),
                (Some((_, Thing::Workflow(_))), ..) => {
                    Some(("a workflow", format!("start it by a step: `step x = run {word}(…)`")))
                }
                (Some(_), ..) => Some(("a type", format!("write `{word}(…)` to make a value of it"))),
                (None, Some(_), ..) => Some(("an error", format!("raise it by `fail {word}`"))),
                (None, None, Some(_), _) => Some(("an event", format!("publish it by `emit {word}(…)`"))),
                (None, None, None, Some(_)) => Some(("a function", format!("call it: `{word}(…)`"))),
                _ => None,
            };
        if let Some((kind, help)) = other {
            let title = format!("`{word}` is {kind}, not a value");
            self.session
                .report(Diagnostic::new(Code::E0221, title, name.span, "a value is needed here").help(help));
            return;
        }
        self.unknown_name(name, &format!("there is no value `{word}` here"));
    }

    /// Reports an unknown name and what it may have been meant to be.
    pub(crate) fn unknown_name(&mut self, name: &ast::Name, title: &str) {
        if let [(owner, _), _, ..] = self.variant_owners(&name.text).as_slice() {
            let title = format!("several enums have a variant `{}`", name.text);
            let diagnostic = Diagnostic::new(Code::E0201, title, name.span, "which one?");
            let help = format!("write the enum too: `{owner}.{}`", name.text);
            return self.session.report(diagnostic.help(help));
        }
        let diagnostic = Diagnostic::new(Code::E0201, title, name.span, "unknown");
        let variants = self.tables.types.iter().filter_map(|info| match &info.shape {
            Shape::Enum(variants) if info.module == self.module => Some(variants),
            _ => None,
        });
        let mut candidates: Vec<&str> = self.names.iter().map(|binding| binding.name.as_str()).collect();
        candidates.extend(self.tables.visible(self.module, Space::Type).map(|(name, _)| name));
        candidates.extend(self.tables.visible(self.module, Space::Function).map(|(name, _)| name));
        candidates.extend(variants.flatten().map(|variant| variant.name.as_str()));
        let meant = closest(&name.text, candidates).map(str::to_owned);
        // What was meant is used: one mistake, one report.
        for binding in self.names.iter_mut().filter(|binding| Some(&binding.name) == meant.as_ref()) {
            binding.used = true;
        }
        let diagnostic = match (meant, self.tables.home(&name.text)) {
            (_, Some(home)) => diagnostic.help(format!("import it: `import {home} ({})`", name.text)),
            (Some(meant), _) => diagnostic.help(format!("did you mean `{meant}`?")).fix(
                format!("write `{meant}`"),
                name.span,
                meant,
                wfl_source::Applicability::Maybe,
            ),
            (None, None) => diagnostic,
        };
        self.session.report(diagnostic);
    }

    /// `base.name`.
    pub(crate) fn member(&mut self, base: &ast::Expr, name: &ast::Name, optional: bool, span: Span) -> Typed {
        if let ExprKind::Name(owner) = &base.kind
            && let Some(typed) = self.qualified(owner, name, span)
        {
            return typed;
        }
        let base = self.alone(|this| this.check(base, None));
        if name.is_missing() || base.ty.is_unknown() {
            return Typed::unknown();
        }
        self.field(base, name, optional)
    }

    /// `workflow.key`, `Enum.Variant`; `None` when the first word is a value.
    fn qualified(&mut self, owner: &ast::Name, name: &ast::Name, span: Span) -> Option<Typed> {
        if self.names.iter().any(|binding| binding.name == owner.text) {
            return None;
        }
        if owner.text == "workflow" {
            return Some(self.workflow_fact(name, span));
        }
        match self.tables.find(self.session, self.module, Space::Type, &owner.text)? {
            Thing::Type(index) if self.tables.variants(&Ty::Named(index)).is_some() => {
                Some(self.variant(index, &name.text, None, name.span))
            }
            _ => None,
        }
    }

    fn workflow_fact(&mut self, name: &ast::Name, span: Span) -> Typed {
        let public = wfl_ir::Label::Public;
        let (field, ty, label) = match (name.text.as_str(), self.facts.clone()) {
            (_, Facts::None) => {
                let title = "`workflow` is known only in workflows and operations";
                self.session.error(Code::E0221, title, span, "there is no running workflow here");
                return Typed::unknown();
            }
            ("id", _) => (WorkflowField::Id, Ty::String, public),
            ("started_at", _) => (WorkflowField::StartedAt, Ty::Timestamp, public),
            ("key", Facts::Workflow(ty, label)) => (WorkflowField::Key, ty, label),
            ("key", Facts::IdempotencyKey) => (WorkflowField::Key, Ty::String, public),
            // The type of the key depends on the caller; what names the call is the instance.
            ("key", Facts::Operation) => (WorkflowField::Id, Ty::String, public),
            _ => {
                let title = format!("`workflow` has no `{}`", name.text);
                let diagnostic = Diagnostic::new(Code::E0208, title, name.span, "unknown");
                self.session.report(diagnostic.help("it has `key`, `id` and `started_at`"));
                return Typed::unknown();
            }
        };
        Typed::new(Expr::Workflow(field), ty, label)
    }

    fn field(&mut self, base: Typed, name: &ast::Name, optional: bool) -> Typed {
        if let Ty::Optional(inner) = &base.ty
            && !optional
        {
            let title = format!("this may be `none`, so it has no `{}` by itself", name.text);
            let message = format!("`{}` of what may be missing", name.text);
            let diagnostic = Diagnostic::new(Code::E0213, title, name.span, message);
            self.session.report(diagnostic.help(format!(
                "write `?.{0}`, which gives {1}?",
                name.text,
                self.tables.show(inner)
            )));
            return Typed::unknown();
        }
        if name.text == "date" && *self.tables.base(&base.ty) == Ty::Timestamp {
            return self.day_of(base);
        }
        let Some((ty, label)) = self.field_type(base.ty.present(), name) else { return Typed::unknown() };
        let label = label.max(base.label);
        let field = wfl_ir::Name::from(name.text.as_str());
        match base.ty {
            Ty::Optional(_) => {
                Typed::new(Expr::OptionalField(Box::new(base.expr), field), ty.optional(), label)
            }
            _ => Typed::new(Expr::Field(Box::new(base.expr), field), ty, label),
        }
    }

    /// `instant.date`: the day in UTC.
    fn day_of(&mut self, base: Typed) -> Typed {
        let label = base.label;
        Typed::new(Expr::Call(wfl_ir::Builtin::DateOf, vec![base.expr]), Ty::Date, label)
    }

    fn field_type(&mut self, ty: &Ty, name: &ast::Name) -> Option<(Ty, wfl_ir::Label)> {
        let public = wfl_ir::Label::Public;
        let known: Vec<(&str, Ty, wfl_ir::Label)> = match self.tables.base(ty) {
            Ty::Named(index) => {
                let fields = self.tables.fields(*index).unwrap_or_default();
                fields.iter().map(|field| (field.name.as_str(), field.ty.clone(), field.label)).collect()
            }
            Ty::Record(members) => {
                members.iter().map(|member| (member.name.as_str(), member.ty.clone(), member.label)).collect()
            }
            Ty::Batch(item, keys) => {
                let members = crate::ty::batch_members(item, *keys);
                let found = members.into_iter().find(|member| member.name == name.text.as_str());
                if let Some(member) = found {
                    return Some((member.ty, public));
                }
                vec![("ok", Ty::Unknown, public), ("errors", Ty::Unknown, public)]
            }
            Ty::Money(_) | Ty::MoneyOf(_) => {
                vec![("amount", Ty::Decimal, public), ("currency", Ty::String, public)]
            }
            Ty::Unknown => return None,
            _ => Vec::new(),
        };
        if let Some((_, ty, label)) = known.iter().find(|(known, ..)| *known == name.text) {
            return Some((ty.clone(), *label));
        }
        let title = format!("{} has no field `{}`", self.tables.show(ty), name.text);
        let diagnostic = Diagnostic::new(Code::E0208, title, name.span, "unknown");
        let names = known.iter().map(|(name, ..)| *name);
        let diagnostic = match closest(&name.text, names.clone()) {
            Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
            None if self.tables.variants(ty).is_some() => {
                diagnostic.help("a choice has fields only once it is known which variant it is: use `match`")
            }
            None if known.is_empty() => diagnostic,
            None => diagnostic
                .help(format!("it has {}", names.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "))),
        };
        self.session.report(diagnostic);
        None
    }
}
