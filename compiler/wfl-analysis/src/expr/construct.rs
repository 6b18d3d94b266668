//! Records, variants, errors and events: values that are put together from named fields.

use wfl_ir::{Expr, Label, Name, Value};
use wfl_source::{Applicability, Code, Diagnostic, Span, closest};
use wfl_syntax::ast;

use crate::expr::checker::Checker;
use crate::tables::FieldInfo;
use crate::ty::{Member, Ty, Typed};

impl Checker<'_, '_> {
    /// `Name(fields)` of a record.
    pub(crate) fn record(&mut self, index: u32, arguments: &ast::Arguments) -> Typed {
        let tables = self.tables;
        let owner = format!("`{}`", tables.type_name(index));
        let fields = self.fields(&owner, tables.fields(index).unwrap_or_default(), arguments, Label::Public);
        Typed::new(constant_record(fields, Expr::Record, Value::record), Ty::Named(index), Label::Public)
    }

    /// `Variant` or `Variant(fields)` of an enum.
    pub(crate) fn variant(
        &mut self,
        owner: u32,
        name: &str,
        arguments: Option<&ast::Arguments>,
        span: Span,
    ) -> Typed {
        let tables = self.tables;
        let variants = tables.variants(&Ty::Named(owner)).unwrap_or_default();
        let Some(variant) = variants.iter().find(|variant| variant.name == name) else {
            let title = format!("`{}` has no variant `{name}`", tables.type_name(owner));
            let diagnostic = Diagnostic::new(Code::E0201, title, span, "unknown");
            let names = variants.iter().map(|variant| variant.name.as_str());
            self.session.report(match closest(name, names.clone()) {
                Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
                None => diagnostic.help(format!(
                    "it has {}",
                    names.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
                )),
            });
            return Typed::unknown();
        };
        let none = ast::Arguments { list: Vec::new(), span: span.after() };
        let fields =
            self.fields(&format!("`{name}`"), &variant.fields, arguments.unwrap_or(&none), Label::Public);
        let name = Name::from(name);
        let make = |fields| Expr::Variant(name.clone(), fields);
        let expr =
            constant_record(fields, make, |fields| Value::Variant(name.clone(), wfl_ir::Fields::new(fields)));
        Typed::new(expr, Ty::Named(owner), Label::Public)
    }

    /// `Ok(value: v)` and `Err(error: e)`.
    pub(crate) fn outcome(&mut self, name: &str, arguments: &ast::Arguments, hint: Option<&Ty>) -> Typed {
        let (field, ok) = if name == "Ok" { ("value", true) } else { ("error", false) };
        let wanted = match hint.map(Ty::present) {
            Some(Ty::Result(value, error)) => Some(if ok { (**value).clone() } else { (**error).clone() }),
            _ => None,
        };
        let argument = match arguments.list.as_slice() {
            [argument] if argument.name.as_ref().is_some_and(|name| name.text == field) => argument,
            _ => {
                let title = format!("`{name}` has the field `{field}`");
                let diagnostic = Diagnostic::new(Code::E0207, title, arguments.span, "does not fit");
                self.session.report(diagnostic.help(format!("write `{name}({field}: …)`")));
                return Typed::unknown();
            }
        };
        let value = match &wanted {
            Some(wanted) => self.check_as(&argument.value, wanted),
            None => self.alone(|this| this.check(&argument.value, None)),
        };
        let ty = Box::new(match wanted {
            Some(wanted) => wanted.marked_like(&value.ty),
            None => value.ty,
        });
        let (other, variant) = (Box::new(Ty::Unknown), Name::from(name));
        let ty = match (hint.map(Ty::present), ok) {
            (Some(Ty::Result(_, error)), true) => Ty::Result(ty, error.clone()),
            (Some(Ty::Result(value, _)), false) => Ty::Result(value.clone(), ty),
            (_, true) => Ty::Result(ty, other),
            (_, false) => Ty::Result(other, ty),
        };
        Typed::new(Expr::Variant(variant, vec![(Name::from(field), value.expr)]), ty, value.label)
    }

    /// `(a: 1, b: 2)`.
    pub(crate) fn anonymous(&mut self, arguments: &ast::Arguments, hint: Option<&Ty>) -> Typed {
        let wanted = match hint.map(Ty::present) {
            Some(Ty::Record(members)) => members.clone(),
            _ => Vec::new(),
        };
        let mut members: Vec<Member> = Vec::new();
        let mut fields = Vec::new();
        for argument in &arguments.list {
            let Some(name) = &argument.name else {
                let title = "the fields of a record need names";
                self.session.error(Code::E0210, title, argument.span, "write `name: value`");
                return Typed::unknown();
            };
            let name = Name::from(name.text.as_str());
            if members.iter().any(|member| member.name == name) {
                self.given_twice(&format!("the field `{name}`"), argument.span);
                continue;
            }
            let hint = wanted.iter().find(|member| member.name == name).map(|member| &member.ty);
            let value = self.alone(|this| this.check(&argument.value, hint));
            members.push(Member { name: name.clone(), ty: value.ty, label: value.label });
            fields.push((name, value.expr));
        }
        let ty = self.of_bounded_size(Ty::Record(members), arguments.span);
        Typed::new(constant_record(fields, Expr::Record, Value::record), ty, Label::Public)
    }

    /// Checks named arguments against the fields that `owner` has. Values may be as sensitive as their field, or
    /// as `accepted`.
    pub(crate) fn fields(
        &mut self,
        owner: &str,
        known: &[FieldInfo],
        arguments: &ast::Arguments,
        accepted: Label,
    ) -> Vec<(Name, Expr)> {
        let mut given: Vec<(Name, Expr)> = Vec::new();
        // Fields that a misspelt argument was probably meant for.
        let mut excused: Vec<Name> = Vec::new();
        let positional = arguments.list.iter().any(|argument| argument.name.is_none());
        if positional {
            self.need_names(owner, known, arguments);
        }
        for argument in &arguments.list {
            let Some(name) = &argument.name else { continue };
            let Some(field) = known.iter().find(|field| field.name == name.text.as_str()) else {
                excused.extend(self.unknown_field(owner, known, name));
                self.alone(|this| this.check(&argument.value, None));
                continue;
            };
            if given.iter().any(|(earlier, _)| *earlier == field.name) {
                self.given_twice(&format!("`{}`", field.name), argument.span);
                continue;
            }
            let value = self.field_value(field, &argument.value, accepted);
            given.push((field.name.clone(), value));
        }
        if !positional {
            excused.extend(given.iter().map(|(name, _)| name.clone()));
            self.check_complete(owner, known, &excused, arguments.span);
        }
        // In the order of the declaration, so that the order of arguments does not change the plan.
        given.sort_by_key(|(name, _)| known.iter().position(|field| field.name == *name));
        given
    }

    fn field_value(&mut self, field: &FieldInfo, value: &ast::Expr, accepted: Label) -> Expr {
        let typed = self.check_as(value, &field.ty);
        if !typed.ty.is_unknown() {
            let allowed = (&field.ty, field.label.max(accepted));
            self.check_flow_into(&typed, allowed, &format!("`{}`", field.name), value.span);
        }
        if let (Some(rule), Some(constant)) = (&field.rule, typed.value())
            && *constant != Value::None
            && !typed.ty.is_unknown()
            && self.session.rules_hold
            && wfl_eval::fits(self.tables.library(), &rule.holds, constant) == Ok(false)
        {
            self.rule_broken(&format!("`{}`", field.name), &rule.text, value.span);
        }
        typed.expr
    }

    fn check_complete(&mut self, owner: &str, known: &[FieldInfo], given: &[Name], span: Span) {
        let needed = known.iter().filter(|field| !matches!(field.ty, Ty::Optional(_)));
        let missing = needed.filter(|field| !given.contains(&field.name));
        let missing = missing.map(|field| format!("`{}`", field.name)).collect::<Vec<_>>();
        if missing.is_empty() {
            return;
        }
        let list = missing.join(", ");
        let title = format!("{owner} lacks {list}");
        let example = missing.iter().map(|name| format!("{}: …", name.trim_matches('`')));
        let diagnostic = Diagnostic::new(Code::E0207, title, span, format!("missing: {list}"));
        self.session.report(diagnostic.help(format!("add `{}`", example.collect::<Vec<_>>().join(", "))));
    }

    fn need_names(&mut self, owner: &str, known: &[FieldInfo], arguments: &ast::Arguments) {
        let place =
            arguments.list.iter().find(|argument| argument.name.is_none()).map(|argument| argument.span);
        let place = place.unwrap_or(arguments.span);
        let title = format!("the arguments of {owner} need names");
        let mut diagnostic = Diagnostic::new(Code::E0210, title, place, "which one is this?");
        let none_named = arguments.list.iter().all(|argument| argument.name.is_none());
        if none_named && arguments.list.len() == known.len() {
            for (field, argument) in known.iter().zip(&arguments.list) {
                let start = Span { end: argument.span.start, ..argument.span };
                let name = format!("{}: ", field.name);
                diagnostic =
                    diagnostic.fix(format!("name it `{}`", field.name), start, name, Applicability::Maybe);
            }
        }
        let names = known.iter().map(|field| format!("{}: …", field.name)).collect::<Vec<_>>().join(", ");
        self.session.report(diagnostic.help(format!("write `({names})`")));
        // Those with names are checked against their fields.
        for argument in arguments.list.iter().filter(|argument| argument.name.is_none()) {
            self.alone(|this| this.check(&argument.value, None));
        }
    }

    /// Reports an argument that there is no field for; gives the field that it was probably meant for.
    fn unknown_field(&mut self, owner: &str, known: &[FieldInfo], name: &ast::Name) -> Option<Name> {
        let title = format!("{owner} has no `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::E0208, title, name.span, "unknown");
        let names = known.iter().map(|field| field.name.as_str());
        let Some(meant) = closest(&name.text, names.clone()) else {
            self.session.report(match known {
                [] => diagnostic.help("it has no fields at all"),
                _ => diagnostic.help(format!(
                    "it has {}",
                    names.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
                )),
            });
            return None;
        };
        let (help, fix) = (format!("did you mean `{meant}`?"), format!("write `{meant}`"));
        self.session.report(diagnostic.help(help).fix(fix, name.span, meant, Applicability::Maybe));
        Some(Name::from(meant))
    }

    pub(crate) fn given_twice(&mut self, what: &str, span: Span) {
        self.session.error(Code::E0209, format!("{what} is given twice"), span, "the second one");
    }
}

/// A record or variant of constants is a constant itself.
fn constant_record(
    fields: Vec<(Name, Expr)>,
    make: impl FnOnce(Vec<(Name, Expr)>) -> Expr,
    value: impl FnOnce(Vec<(Name, Value)>) -> Value,
) -> Expr {
    let constants = fields.iter().map(|(name, expr)| match expr {
        Expr::Const(value) => Some((name.clone(), value.clone())),
        _ => None,
    });
    match constants.collect::<Option<Vec<_>>>() {
        Some(constants) => Expr::Const(value(constants)),
        None => make(fields),
    }
}
