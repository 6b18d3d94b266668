//! Patterns: what they must fit, and what they bind.

use wfl_ir::{Expr, Label, Name, Pattern, Value};
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, PatternKind};

use crate::expr::checker::Checker;
use crate::tables::FieldInfo;
use crate::ty::Ty;

/// Where a pattern puts what it binds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Binds {
    /// Locals of an expression.
    Locals,
    /// Slots of the instance.
    Slots,
}

impl Checker<'_, '_> {
    /// Checks a pattern against the type of what it looks at; its names come into sight.
    pub(crate) fn pattern(&mut self, pattern: &ast::Pattern, ty: &Ty, label: Label, binds: Binds) -> Pattern {
        match &pattern.kind {
            PatternKind::Missing | PatternKind::Wildcard => Pattern::Any,
            PatternKind::Binding(name) => self.binding(name, ty, label, binds),
            PatternKind::Literal(literal) => self.literal_pattern(literal, ty),
            PatternKind::Tuple(items) => self.tuple_pattern(items, pattern.span, ty, label, binds),
            PatternKind::Variant { path, fields } => {
                self.variant_pattern(pattern.span, path, fields.as_deref(), ty, label, binds)
            }
        }
    }

    fn binding(&mut self, name: &ast::Name, ty: &Ty, label: Label, binds: Binds) -> Pattern {
        let (index, place) = match binds {
            Binds::Locals => {
                self.locals += 1;
                (self.locals - 1, Expr::Local(self.locals - 1))
            }
            Binds::Slots => {
                let slot = self.new_slot();
                (slot, Expr::Slot(slot))
            }
        };
        self.bind(name, place, ty.clone(), label, None);
        Pattern::Bind(index)
    }

    fn literal_pattern(&mut self, literal: &ast::Expr, ty: &Ty) -> Pattern {
        let Some(typed) = self.literal(literal, Some(ty)) else { return Pattern::Any };
        let Some(value) = typed.value().cloned() else {
            let title = "patterns take plain constants";
            self.session.error(Code::E0220, title, literal.span, "not a constant");
            return Pattern::Any;
        };
        if !self.tables.fits(&typed.ty, ty) {
            self.unfit_pattern(&self.tables.show(&typed.ty), ty, literal.span);
            return Pattern::Any;
        }
        match (value, ty) {
            (Value::None, _) => Pattern::Absent,
            (value, Ty::Optional(_)) => Pattern::Present(Box::new(Pattern::Literal(value))),
            (value, _) => Pattern::Literal(value),
        }
    }

    fn tuple_pattern(
        &mut self,
        items: &[ast::Pattern],
        span: Span,
        ty: &Ty,
        label: Label,
        binds: Binds,
    ) -> Pattern {
        let types = match ty {
            Ty::Tuple(types) if types.len() == items.len() => types.clone(),
            _ => {
                if !ty.is_unknown() {
                    self.unfit_pattern(&format!("a pattern of {} values", items.len()), ty, span);
                }
                vec![Ty::Unknown; items.len()]
            }
        };
        let fits = matches!(ty, Ty::Tuple(types) if types.len() == items.len());
        let patterns = items.iter().zip(&types).map(|(item, ty)| self.pattern(item, ty, label, binds));
        let patterns = patterns.collect();
        if fits { Pattern::Tuple(patterns) } else { Pattern::Any }
    }

    /// `Ok(value: …)` and `Err(error: …)`.
    fn outcome_pattern(
        &mut self,
        name: &ast::Name,
        fields: &[ast::FieldPattern],
        parts: (&Ty, &Ty),
        label: Label,
        binds: Binds,
    ) -> Option<Pattern> {
        let (field, ty) = match name.text.as_str() {
            "Ok" => ("value", parts.0),
            "Err" => ("error", parts.1),
            _ => return None,
        };
        let info = FieldInfo { name: Name::from(field), ty: ty.clone(), label, rule: None, span: name.span };
        let patterns = self.field_patterns(&name.text, &[info], fields, label, binds);
        Some(Pattern::Variant(Name::from(name.text.as_str()), patterns))
    }

    fn variant_pattern(
        &mut self,
        span: Span,
        path: &ast::Path,
        fields: Option<&[ast::FieldPattern]>,
        ty: &Ty,
        label: Label,
        binds: Binds,
    ) -> Pattern {
        let Some(name) = path.last() else { return Pattern::Any };
        if let Ty::Optional(inner) = ty {
            let inner_pattern = match (name.text.as_str(), fields) {
                ("Some", Some([only])) => self.pattern(&only.pattern, inner, label, binds),
                ("Some", _) => {
                    let title = "`Some` takes one pattern";
                    self.session.error(Code::E0220, title, span, "write `Some(name)`");
                    Pattern::Any
                }
                // A pattern of the inner type says by itself that the value is there.
                _ => self.variant_pattern(span, path, fields, inner, label, binds),
            };
            return Pattern::Present(Box::new(inner_pattern));
        }
        let tables = self.tables;
        if let Ty::Result(ok, error) = ty
            && let Some(pattern) =
                self.outcome_pattern(name, fields.unwrap_or_default(), (ok, error), label, binds)
        {
            return pattern;
        }
        let Some(variants) = tables.variants(ty) else {
            if !ty.is_unknown() {
                self.unfit_pattern(&format!("`{}`", name.text), ty, span);
            }
            self.bind_all(fields.unwrap_or_default(), binds);
            return Pattern::Any;
        };
        let Some(variant) = variants.iter().find(|variant| variant.name == name.text.as_str()) else {
            self.no_variant(name, ty);
            self.bind_all(fields.unwrap_or_default(), binds);
            return Pattern::Any;
        };
        let patterns =
            self.field_patterns(&name.text, &variant.fields, fields.unwrap_or_default(), label, binds);
        Pattern::Variant(variant.name.clone(), patterns)
    }

    fn field_patterns(
        &mut self,
        owner: &str,
        known: &[FieldInfo],
        fields: &[ast::FieldPattern],
        label: Label,
        binds: Binds,
    ) -> Vec<(Name, Pattern)> {
        let mut patterns: Vec<(Name, Pattern)> = Vec::new();
        for field in fields {
            let Some(name) = &field.name else {
                let title = format!("the fields of `{owner}` are matched by name");
                let diagnostic = Diagnostic::new(Code::E0210, title, field.pattern.span, "of which field?");
                self.session.report(diagnostic.help("write `field: pattern`"));
                self.pattern(&field.pattern, &Ty::Unknown, label, binds);
                continue;
            };
            let Some(info) = known.iter().find(|info| info.name == name.text.as_str()) else {
                let title = format!("`{owner}` has no `{}`", name.text);
                let diagnostic = Diagnostic::new(Code::E0208, title, name.span, "unknown");
                let names = known.iter().map(|info| info.name.as_str());
                self.session.report(match closest(&name.text, names.clone()) {
                    Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
                    None if known.is_empty() => diagnostic.help("it has no fields at all"),
                    None => diagnostic.help(format!(
                        "it has {}",
                        names.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
                    )),
                });
                self.pattern(&field.pattern, &Ty::Unknown, label, binds);
                continue;
            };
            if patterns.iter().any(|(earlier, _)| *earlier == info.name) {
                self.given_twice(&format!("`{}`", info.name), name.span);
                continue;
            }
            let pattern = self.pattern(&field.pattern, &info.ty, label.max(info.label), binds);
            patterns.push((info.name.clone(), pattern));
        }
        patterns
    }

    // Names of a pattern that does not fit are bound all the same, so that their uses are not reported too.
    fn bind_all(&mut self, fields: &[ast::FieldPattern], binds: Binds) {
        for field in fields {
            self.pattern(&field.pattern, &Ty::Unknown, Label::Public, binds);
        }
    }

    fn unfit_pattern(&mut self, what: &str, ty: &Ty, span: Span) {
        let title = format!("{what} is no pattern for {}", self.tables.show(ty));
        let diagnostic = Diagnostic::new(Code::E0220, title, span, "can never fit");
        self.session.report(match ty {
            Ty::Optional(_) => diagnostic.help("what may be missing is matched by `Some(v)` and `none`"),
            Ty::Bool => diagnostic.help("matched by `true` and `false`"),
            Ty::Result(..) => diagnostic.help("matched by `Ok(value)` and `Err(error: e)`"),
            Ty::Tuple(_) => diagnostic.help("matched by as many patterns in parentheses"),
            _ => diagnostic.help("`_` fits everything"),
        });
    }

    fn no_variant(&mut self, name: &ast::Name, ty: &Ty) {
        let title = format!("{} has no variant `{}`", self.tables.show(ty), name.text);
        let diagnostic = Diagnostic::new(Code::E0220, title, name.span, "can never fit");
        let variants = self.tables.variants(ty).unwrap_or_default();
        let names = variants.iter().map(|variant| variant.name.as_str());
        self.session.report(match closest(&name.text, names.clone()) {
            Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
            None => diagnostic
                .help(format!("it has {}", names.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "))),
        });
    }
}
