//! Second pass: the types of fields, parameters and results.

use wfl_ir::{Label, Name};
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, EffectKind, ItemKind, TypeKind};

use crate::alias;
use crate::names::Space;
use crate::nesting;
use crate::pass::Passes;
use crate::session::Session;
use crate::tables::{
    AliasWorth, Body, Bound, EffectClass, FieldInfo, FunctionInfo, OperationInfo, Shape, Tables, Thing,
    VariantInfo, currency, label,
};
use crate::ty::Ty;

const SCALARS: [(&str, Ty); 12] = [
    ("Unit", Ty::Unit),
    ("Bool", Ty::Bool),
    ("Int", Ty::Int),
    ("Decimal", Ty::Decimal),
    ("String", Ty::String),
    ("Uuid", Ty::Uuid),
    ("Timestamp", Ty::Timestamp),
    ("Duration", Ty::Duration),
    ("Json", Ty::Json),
    ("Bytes", Ty::Bytes),
    ("Date", Ty::Date),
    ("Money", Ty::Money(None)),
];
/// Types that are made of other types.
const MADE_OF: [(&str, &[&str]); 5] = [
    ("List", &["Item"]),
    ("Set", &["Item"]),
    ("Batch", &["Item"]),
    ("Map", &["Key", "Value"]),
    ("Result", &["Value", "Error"]),
];

/// The member by which JSON names the variant, beside its fields.
const DISCRIMINATOR: &str = "kind";

/// Resolves signatures. Aliases are judged when all declarations are looked at.
pub(crate) fn resolve(passes: &mut Passes<'_>, tables: &mut Tables) {
    if passes.is_whole() {
        passes.general(|session| alias::judge(session, tables));
    }
    label_types(&mut passes.given.session(), tables);
    for index in 0..tables.types.len() {
        passes.item(tables.types[index].number, |session| {
            let info = &tables.types[index];
            let shape = Resolver::new(session, tables, info.module).shape(&info.item.kind);
            if let Some(shape) = shape {
                tables.types[index].shape = shape;
            }
        });
    }
    passes.general(|session| nesting::check(session, tables));
    for index in 0..tables.operations.len() {
        passes.item(tables.operations[index].number, |session| operation(session, tables, index));
    }
    for index in 0..tables.workflows.len() {
        passes.item(tables.workflows[index].number, |session| workflow(session, tables, index));
    }
    for index in 0..tables.declared_functions.len() {
        passes.item(tables.declared_functions[index].number, |session| function(session, tables, index));
    }
    // An alias that nothing uses is checked as well.
    for index in 0..tables.aliases.len() {
        passes.item(tables.aliases[index].number, |session| {
            if !alias::report(session, tables, index) {
                let alias = &tables.aliases[index];
                Resolver::new(session, tables, alias.module).typ(&alias.source.ty);
            }
        });
    }
}

/// Fills [`TypeInfo::label`](crate::tables::TypeInfo::label): how sensitive a type is says [`Resolver::typ`] of what it
/// is made of, where other types of the kind may stand. What is wrong there is reported when shapes are resolved.
fn label_types(session: &mut Session<'_>, tables: &mut Tables) {
    let made = |tables: &Tables, index: &usize| matches!(tables.types[*index].item.kind, ItemKind::Type(_));
    let mut order = (0..tables.types.len()).filter(|index| made(tables, index)).collect::<Vec<_>>();
    order.iter().for_each(|index| tables.types[*index].label = Label::Public);
    // Labels only rise, so this comes to an end. Declared from top to bottom or the other way round, types are done
    // in three rounds.
    let mut rising = true;
    while rising {
        rising = false;
        for index in &order {
            let info = &tables.types[*index];
            let ItemKind::Type(source) = &info.item.kind else { continue };
            let (_, label) = Resolver::new(session, tables, info.module).typ(&source.base);
            rising |= label > info.label;
            tables.types[*index].label = label;
        }
        order.reverse();
    }
    session.truncate(0);
}

fn operation(session: &mut Session<'_>, tables: &mut Tables, index: usize) {
    let OperationInfo { module, source, .. } = &tables.operations[index];
    let mut resolver = Resolver::new(session, tables, *module);
    let params = resolver.fields(&source.head.parameters, "parameter");
    let (result, result_label) = resolver.typ(&source.head.result);
    let raises = resolver.raises(&source.head.raises);
    let effect = class(source);
    let operation = &mut tables.operations[index];
    (operation.params, operation.result, operation.result_label) = (params, result, result_label);
    (operation.raises, operation.effect) = (raises, effect);
}

fn workflow(session: &mut Session<'_>, tables: &mut Tables, index: usize) {
    let (module, head) = (tables.workflows[index].module, &tables.workflows[index].source.head);
    let mut resolver = Resolver::new(session, tables, module);
    let params = resolver.fields(&head.parameters, "parameter");
    let (result, result_label) = resolver.typ(&head.result);
    let raises = resolver.raises(&head.raises);
    let workflow = &mut tables.workflows[index];
    (workflow.params, workflow.result, workflow.result_label) = (params, result, result_label);
    workflow.raises = raises;
}

fn function(session: &mut Session<'_>, tables: &mut Tables, index: usize) {
    let FunctionInfo { module, source, .. } = &tables.declared_functions[index];
    let standard = tables.modules[*module].path.starts_with("std.");
    let mut resolver = Resolver::new(session, tables, *module);
    resolver.standard = standard;
    let bounds = resolver.type_parameters(&source.type_parameters);
    let params = resolver.fields(&source.parameters, "parameter");
    let (result, result_label) = match tables.declared_functions[index].body {
        // A policy is no value and has no type.
        Body::Policy => (Ty::Unknown, Label::Public),
        _ => resolver.typ(&source.result),
    };
    let function = &mut tables.declared_functions[index];
    (function.bounds, function.params) = (bounds, params);
    (function.result, function.result_label) = (result, result_label);
}

fn class(operation: &ast::Operation) -> EffectClass {
    match operation.effect.as_ref().map(|effect| &effect.kind) {
        None | Some(EffectKind::Missing) => EffectClass::Unknown,
        Some(EffectKind::Read) => EffectClass::Read,
        Some(EffectKind::Write) => EffectClass::Write,
        Some(EffectKind::Irreversible) => EffectClass::Irreversible,
        Some(EffectKind::Compensable(_)) => EffectClass::Compensable,
    }
}

/// Resolves type expressions of one module.
pub(crate) struct Resolver<'s, 'f> {
    pub(crate) session: &'s mut Session<'f>,
    pub(crate) tables: &'s Tables,
    pub(crate) module: usize,
    /// Whether functions of `std` are resolved, which take types and functions.
    standard: bool,
    type_parameters: Vec<String>,
}

impl<'s, 'f> Resolver<'s, 'f> {
    pub(crate) fn new(session: &'s mut Session<'f>, tables: &'s Tables, module: usize) -> Self {
        Self { session, tables, module, standard: false, type_parameters: Vec::new() }
    }

    fn type_parameters(&mut self, parameters: &[ast::TypeParameter]) -> Vec<Bound> {
        if let (Some(first), false) = (parameters.first(), self.standard) {
            let title = "only functions of `std` have type parameters";
            let diagnostic = Diagnostic::new(Code::E0204, title, first.name.span, "not here");
            self.session.report(diagnostic.help("write a function for each type that is needed"));
        }
        self.type_parameters = parameters.iter().map(|parameter| parameter.name.text.clone()).collect();
        let bound = |bound: &Option<ast::Name>| match bound.as_ref().map(|name| name.text.as_str()) {
            Some("Ordered") => Bound::Ordered,
            Some("Key") => Bound::Key,
            Some("Number") => Bound::Number,
            _ => Bound::Free,
        };
        parameters.iter().map(|parameter| bound(&parameter.bound)).collect()
    }

    fn shape(&mut self, source: &ItemKind) -> Option<Shape> {
        Some(match source {
            ItemKind::Record(it) => Shape::Record(self.fields(&it.fields, "field")),
            ItemKind::Error(it) => Shape::Error(self.fields(&it.fields, "field")),
            ItemKind::Event(it) => Shape::Event(self.fields(&it.fields, "field")),
            ItemKind::Enum(it) => Shape::Enum(self.variants(&it.variants)),
            ItemKind::Type(it) => {
                let (base, _) = self.typ(&it.base);
                let base = self.always_there(it, base);
                Shape::Refined { base, rule: None }
            }
            _ => return None,
        })
    }

    /// A type has values of its own; that there is none belongs to the place where one is wanted.
    fn always_there(&mut self, source: &ast::TypeDecl, base: Ty) -> Ty {
        let Ty::Optional(inner) = base else { return base };
        let (name, shown) = (&source.name.text, self.tables.show(&inner));
        let title = format!("`{name}` is made of something that may be missing");
        let diagnostic = Diagnostic::new(Code::E0213, title, source.base.span, "may be `none`");
        let help = format!("write `type {name} = {shown}`, and `{name}?` where it may be missing");
        self.session.report(diagnostic.help(help));
        *inner
    }

    fn variants(&mut self, variants: &[ast::Variant]) -> Vec<VariantInfo> {
        let mut known: Vec<VariantInfo> = Vec::new();
        for variant in variants {
            if known.iter().any(|earlier| earlier.name == variant.name.text.as_str()) {
                let title = format!("the variant `{}` is declared twice", variant.name.text);
                self.session.error(Code::E0202, title, variant.name.span, "the second one");
                continue;
            }
            let fields = self.fields(&variant.fields, "field");
            self.check_discriminator(variant, &fields);
            known.push(VariantInfo { name: Name::from(variant.name.text.as_str()), fields });
        }
        known
    }

    fn check_discriminator(&mut self, variant: &ast::Variant, fields: &[FieldInfo]) {
        let Some(field) = fields.iter().find(|field| field.name == DISCRIMINATOR) else { return };
        let title = format!("the name `kind` is taken in the variant `{}`", variant.name.text);
        let message = "JSON says by `kind` which variant it is";
        let diagnostic = Diagnostic::new(Code::E0202, title, field.span, message);
        self.session.report(
            diagnostic
                .note("as JSON, a variant is one object with `kind` and its fields")
                .help("call the field otherwise, or move it into a record of its own"),
        );
    }

    fn fields(&mut self, fields: &[ast::Field], what: &str) -> Vec<FieldInfo> {
        let mut known: Vec<FieldInfo> = Vec::new();
        for field in fields {
            let (ty, label) = self.typ(&field.ty);
            if let Some(earlier) = known.iter().find(|earlier| earlier.name == field.name.text.as_str()) {
                let title = format!("the {what} `{}` is declared twice", field.name.text);
                let diagnostic = Diagnostic::new(Code::E0202, title, field.name.span, "the second one");
                self.session.report(diagnostic.label(earlier.span, "the first one"));
                continue;
            }
            let name = Name::from(field.name.text.as_str());
            known.push(FieldInfo { name, ty, label, rule: None, span: field.name.span });
        }
        known
    }

    /// A type and the label that its values carry.
    pub(crate) fn typ(&mut self, typ: &ast::TypeExpr) -> (Ty, Label) {
        if let TypeKind::Function { parameters, result } = &typ.kind {
            return (self.function_type(parameters, result, typ.span), Label::Public);
        }
        let TypeKind::Named { path, arguments } = &typ.kind else { return (Ty::Unknown, Label::Public) };
        if path.is_missing() {
            return (Ty::Unknown, Label::Public);
        }
        let (ty, inner) = self.named(path, arguments, typ.span);
        let ty = if typ.optional { ty.optional() } else { ty };
        (ty, label(typ.label).max(inner))
    }

    fn named(&mut self, path: &ast::Path, arguments: &[ast::TypeExpr], span: Span) -> (Ty, Label) {
        let dotted;
        let name = match path.segments.as_slice() {
            [name] => name.text.as_str(),
            _ => {
                dotted = path.dotted();
                dotted.as_str()
            }
        };
        if name == "Money" && arguments.len() == 1 {
            return (self.money(&arguments[0]), Label::Public);
        }
        if let Some(number) = self.type_parameters.iter().position(|parameter| *parameter == name) {
            return (Ty::Param(number as u32), Label::Public);
        }
        if let Some((_, parts)) = MADE_OF.iter().find(|(made, _)| *made == name) {
            return self.made_of(name, parts, arguments, span);
        }
        let found = match SCALARS.iter().find(|(scalar, _)| *scalar == name) {
            Some((_, ty)) => Some((ty.clone(), Label::Public)),
            None => self.declared(path),
        };
        let Some(found) = found else {
            self.unknown(path, name);
            return (Ty::Unknown, Label::Public);
        };
        if !arguments.is_empty() {
            let (title, message) = match name {
                "Money" => ("`Money` takes one currency".to_owned(), "write `Money<EUR>`"),
                name => (format!("`{name}` takes no types"), "remove `<…>`"),
            };
            self.session.error(Code::E0204, title, span, message);
        }
        found
    }

    fn declared(&mut self, path: &ast::Path) -> Option<(Ty, Label)> {
        match self.tables.find_path(self.session, self.module, Space::Type, path)? {
            Thing::Type(index) => Some((Ty::Named(index), self.tables.types[index as usize].label)),
            Thing::Alias(index) => Some(self.alias(index)),
            _ => None,
        }
    }

    fn alias(&mut self, index: u32) -> (Ty, Label) {
        let alias = &self.tables.aliases[index as usize];
        if alias.worth != AliasWorth::Type {
            return (Ty::Unknown, Label::Public);
        }
        let mut resolver = Resolver::new(self.session, self.tables, alias.module);
        // What is wrong with the alias itself is reported where it is declared, once.
        let before = resolver.session.count();
        let resolved = resolver.typ(&alias.source.ty);
        self.session.truncate(before);
        resolved
    }

    fn made_of(
        &mut self,
        name: &str,
        parts: &[&str],
        arguments: &[ast::TypeExpr],
        span: Span,
    ) -> (Ty, Label) {
        if arguments.len() != parts.len() {
            let count = if parts.len() == 1 { "one type" } else { "two types" };
            let title = format!("`{name}` takes {count}");
            let message = format!("write `{name}<{}>`", parts.join(", "));
            self.session.error(Code::E0204, title, span, message);
            return (Ty::Unknown, Label::Public);
        }
        let mut label = Label::Public;
        let mut types = Vec::new();
        for argument in arguments {
            let (ty, inner) = match name {
                "Result" => self.value_or_error(argument),
                _ => self.typ(argument),
            };
            label = label.max(inner);
            types.push(Box::new(ty));
        }
        let mut types = types.into_iter();
        let ty = match (name, types.next(), types.next()) {
            ("Set", Some(item), _) => Ty::Set(self.key_type(item, &arguments[0])),
            ("Batch", Some(item), _) => Ty::Batch(item, Label::Public),
            ("Map", Some(key), Some(value)) => Ty::Map(self.key_type(key, &arguments[0]), value),
            ("Result", Some(ok), Some(error)) => Ty::Result(ok, error),
            (_, Some(item), _) => Ty::List(item),
            _ => Ty::Unknown,
        };
        (ty, label)
    }

    // Only what has one canonical form can tell items apart.
    fn key_type(&mut self, ty: Box<Ty>, source: &ast::TypeExpr) -> Box<Ty> {
        if matches!(*ty, Ty::Param(_)) || self.tables.is_key(&ty) {
            return ty;
        }
        let title = format!("{} cannot tell items apart", self.tables.show(&ty));
        let diagnostic = Diagnostic::new(Code::E0204, title, source.span, "as an item of a set or as a key");
        self.session.report(
            diagnostic.help("use a text, a number, a Uuid, a date, an instant or an enum without fields"),
        );
        Box::new(Ty::Unknown)
    }

    /// A type, or an error, which `Result<Value, Error>` may name too.
    fn value_or_error(&mut self, typ: &ast::TypeExpr) -> (Ty, Label) {
        if let TypeKind::Named { path, arguments } = &typ.kind
            && arguments.is_empty()
            && let Some(Thing::Type(error)) =
                self.tables.find_path(self.session, self.module, Space::Error, path)
        {
            return (Ty::Named(error), label(typ.label));
        }
        self.typ(typ)
    }

    fn function_type(&mut self, parameters: &[ast::TypeExpr], result: &ast::TypeExpr, span: Span) -> Ty {
        if !self.standard {
            let title = "only functions of `std` take functions";
            self.session.error(Code::E0204, title, span, "values are never functions");
            return Ty::Unknown;
        }
        let parameters = parameters.iter().map(|parameter| self.typ(parameter).0).collect();
        Ty::Function(parameters, Box::new(self.typ(result).0))
    }

    fn money(&mut self, argument: &ast::TypeExpr) -> Ty {
        let TypeKind::Named { path, .. } = &argument.kind else { return Ty::Unknown };
        let word = path.dotted();
        if let Some(number) = self.type_parameters.iter().position(|parameter| *parameter == word) {
            return Ty::MoneyOf(number as u32);
        }
        match currency(&word) {
            Some(currency) => Ty::Money(Some(currency)),
            None => {
                let title = format!("`{word}` is not a currency");
                let help = "currencies are the active codes of ISO 4217, such as `EUR`";
                self.session.report(Diagnostic::new(Code::E0203, title, argument.span, "unknown").help(help));
                Ty::Unknown
            }
        }
    }

    fn unknown(&mut self, path: &ast::Path, name: &str) {
        let other = self.tables.find_path(self.session, self.module, Space::Type, path);
        if let Some(other) = other {
            let kind = if matches!(other, Thing::Service(_)) { "service" } else { "workflow" };
            let title = format!("`{name}` is a {kind}, not a type");
            self.session.error(Code::E0218, title, path.span, "a type is needed here");
            return;
        }
        let diagnostic =
            Diagnostic::new(Code::E0203, format!("there is no type `{name}`"), path.span, "unknown");
        let declared = self.tables.visible(self.module, Space::Type);
        let names = declared.filter(|(_, thing)| matches!(thing, Thing::Type(_))).map(|(name, _)| name);
        let scalars = SCALARS.iter().map(|(name, _)| *name).chain(MADE_OF.iter().map(|(name, _)| *name));
        let help = match (other_language(name), closest(name, names.chain(scalars))) {
            (Some(ours), _) | (None, Some(ours)) => format!("did you mean `{ours}`?"),
            (None, None) => "declare it by `record`, `enum` or `type`, or import it".to_owned(),
        };
        self.session.report(diagnostic.help(help));
    }

    fn raises(&mut self, paths: &[ast::Path]) -> Vec<(u32, Span)> {
        let mut raises: Vec<(u32, Span)> = Vec::new();
        for path in paths.iter().filter(|path| !path.is_missing()) {
            let Some(error) = find_error(self.session, self.tables, self.module, path) else { continue };
            if raises.iter().any(|(earlier, _)| *earlier == error) {
                let title = format!("`{}` is listed twice", path.dotted());
                self.session.error(Code::E0209, title, path.span, "the second one");
                continue;
            }
            raises.push((error, path.span));
        }
        raises
    }
}

fn other_language(name: &str) -> Option<&'static str> {
    Some(match name {
        "string" | "str" | "Text" | "text" => "String",
        "int" | "Integer" | "integer" | "i64" | "long" | "Long" | "number" | "Number" => "Int",
        "float" | "Float" | "double" | "Double" | "BigDecimal" => "Decimal",
        "bool" | "boolean" | "Boolean" => "Bool",
        "void" | "Void" | "unit" => "Unit",
        "DateTime" | "Instant" | "datetime" => "Timestamp",
        "UUID" | "Guid" => "Uuid",
        "Array" | "array" | "list" | "Vec" => "List",
        "JSON" | "Any" | "any" | "object" | "Object" => "Json",
        _ => return None,
    })
}

/// The error that a path names; reports when there is none.
pub(crate) fn find_error(
    session: &mut Session<'_>,
    tables: &Tables,
    module: usize,
    path: &ast::Path,
) -> Option<u32> {
    if path.is_missing() {
        return None;
    }
    if let Some(Thing::Type(index)) = tables.find_path(session, module, Space::Error, path) {
        return Some(index);
    }
    let name = path.dotted();
    let diagnostic =
        Diagnostic::new(Code::E0201, format!("there is no error `{name}`"), path.span, "unknown");
    let meant = closest(&name, tables.visible(module, Space::Error).map(|(name, _)| name)).map(str::to_owned);
    let is_type = tables.find_path(session, module, Space::Type, path).is_some();
    session.report(match meant {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None if is_type => {
            diagnostic.note("there is a type of this name, but errors are declared by `error`")
        }
        None => diagnostic.help(format!("declare it: `error {name}`")),
    });
    None
}
