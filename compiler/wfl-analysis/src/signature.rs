//! Second pass: the types of fields, parameters and results.

use wfl_ir::{Label, Name};
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, EffectKind, ItemKind, TypeKind};

use crate::session::Session;
use crate::tables::{EffectClass, FieldInfo, Shape, Space, Tables, Thing, VariantInfo, currency, label};
use crate::ty::Ty;

const SCALARS: [(&str, Ty); 10] = [
    ("Unit", Ty::Unit),
    ("Bool", Ty::Bool),
    ("Int", Ty::Int),
    ("Decimal", Ty::Decimal),
    ("String", Ty::String),
    ("Uuid", Ty::Uuid),
    ("Timestamp", Ty::Timestamp),
    ("Duration", Ty::Duration),
    ("Json", Ty::Json),
    ("Money", Ty::Money(None)),
];
/// Types of the language that this version does not know yet.
const LATER: [&str; 7] = ["Bytes", "Date", "Map", "Set", "Result", "Batch", "Task"];

/// Resolves all signatures.
pub(crate) fn resolve(session: &mut Session<'_>, tables: &mut Tables<'_>) {
    for index in 0..tables.types.len() {
        let (module, source) = (tables.types[index].module, tables.types[index].source);
        let shape = Resolver { session, tables, module }.shape(source);
        if let Some(shape) = shape {
            tables.types[index].shape = shape;
        }
    }
    check_rings(session, tables);
    for index in 0..tables.operations.len() {
        let (module, source) = (tables.operations[index].module, tables.operations[index].source);
        let mut resolver = Resolver { session, tables, module };
        let params = resolver.fields(&source.head.parameters, "parameter");
        let (result, result_label) = resolver.typ(&source.head.result);
        let raises = resolver.raises(&source.head.raises);
        let operation = &mut tables.operations[index];
        (operation.params, operation.result, operation.result_label) = (params, result, result_label);
        (operation.raises, operation.effect) = (raises, class(source));
    }
    for index in 0..tables.workflows.len() {
        let (module, head) = (tables.workflows[index].module, &tables.workflows[index].source.head);
        let mut resolver = Resolver { session, tables, module };
        let params = resolver.fields(&head.parameters, "parameter");
        let (result, result_label) = resolver.typ(&head.result);
        let raises = resolver.raises(&head.raises);
        let workflow = &mut tables.workflows[index];
        (workflow.params, workflow.result, workflow.result_label) = (params, result, result_label);
        workflow.raises = raises;
    }
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
pub(crate) struct Resolver<'s, 'f, 'a> {
    pub(crate) session: &'s mut Session<'f>,
    pub(crate) tables: &'s Tables<'a>,
    pub(crate) module: usize,
}

impl Resolver<'_, '_, '_> {
    fn shape(&mut self, source: &ItemKind) -> Option<Shape> {
        Some(match source {
            ItemKind::Record(it) => Shape::Record(self.fields(&it.fields, "field")),
            ItemKind::Error(it) => Shape::Error(self.fields(&it.fields, "field")),
            ItemKind::Event(it) => Shape::Event(self.fields(&it.fields, "field")),
            ItemKind::Enum(it) => Shape::Enum(self.variants(&it.variants)),
            ItemKind::Type(it) => {
                let (base, _) = self.typ(&it.base);
                Shape::Refined { base, rule: None }
            }
            _ => return None,
        })
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
            known.push(VariantInfo { name: Name::from(variant.name.text.as_str()), fields });
        }
        known
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
        let TypeKind::Named { path, arguments } = &typ.kind else { return (Ty::Unknown, Label::Public) };
        if path.is_missing() {
            return (Ty::Unknown, Label::Public);
        }
        let (ty, inner) = self.named(path, arguments, typ.span);
        let ty = if typ.optional { ty.optional() } else { ty };
        (ty, label(typ.label).max(inner))
    }

    fn named(&mut self, path: &ast::Path, arguments: &[ast::TypeExpr], span: Span) -> (Ty, Label) {
        let name = path.dotted();
        if name == "Money" && arguments.len() == 1 {
            return (self.money(&arguments[0]), Label::Public);
        }
        if name == "List" {
            return match arguments {
                [item] => {
                    let (item, label) = self.typ(item);
                    (Ty::List(Box::new(item)), label)
                }
                _ => {
                    self.session.error(Code::E0204, "`List` takes one type", span, "write `List<Item>`");
                    (Ty::Unknown, Label::Public)
                }
            };
        }
        let found = match SCALARS.iter().find(|(scalar, _)| *scalar == name) {
            Some((_, ty)) => Some((ty.clone(), Label::Public)),
            None => self.declared(path),
        };
        let Some(found) = found else {
            self.unknown(path, &name);
            return (Ty::Unknown, Label::Public);
        };
        if !arguments.is_empty() {
            self.session.error(Code::E0204, format!("`{name}` takes no types"), span, "remove `<…>`");
        }
        found
    }

    fn declared(&mut self, path: &ast::Path) -> Option<(Ty, Label)> {
        let thing = self.tables.find_path(self.session, self.module, Space::Type, path)?;
        let Thing::Type(index) = thing else { return None };
        let label = self.label_of(index, 8);
        Some((Ty::Named(index), label))
    }

    /// The label that a refined type carries by itself, or by what it is made of.
    fn label_of(&mut self, index: u32, depth: u32) -> Label {
        let info = &self.tables.types[index as usize];
        let ItemKind::Type(declaration) = info.source else { return Label::Public };
        let own = label(declaration.base.label);
        let TypeKind::Named { path, .. } = &declaration.base.kind else { return own };
        match self.tables.find_path(self.session, info.module, Space::Type, path) {
            Some(Thing::Type(base)) if depth > 0 => own.max(self.label_of(base, depth - 1)),
            _ => own,
        }
    }

    fn money(&mut self, argument: &ast::TypeExpr) -> Ty {
        let TypeKind::Named { path, .. } = &argument.kind else { return Ty::Unknown };
        let word = path.dotted();
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
        if LATER.contains(&name) {
            let title = format!("the type `{name}` is not supported by this version");
            self.session.error(
                Code::E0190,
                title,
                path.span,
                "belongs to the language, but not to this compiler",
            );
            return;
        }
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
        let scalars = SCALARS.iter().map(|(name, _)| *name).chain(["List"]);
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
    tables: &Tables<'_>,
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

/// Reports types that contain themselves without an optional or a list between: they would have no end.
fn check_rings(session: &mut Session<'_>, tables: &mut Tables<'_>) {
    for index in 0..tables.types.len() as u32 {
        if contains(tables, index, index, &mut vec![false; tables.types.len()]) {
            let info = &tables.types[index as usize];
            let title = format!("`{}` contains itself", info.name);
            let diagnostic = Diagnostic::new(Code::E0216, title, info.span, "a value of it would never end");
            session.report(diagnostic.help("put `?` or `List<…>` around the inner one"));
            if let Shape::Refined { base, .. } = &mut tables.types[index as usize].shape {
                *base = Ty::Unknown;
            }
        }
    }
}

fn contains(tables: &Tables<'_>, index: u32, wanted: u32, seen: &mut Vec<bool>) -> bool {
    if std::mem::replace(&mut seen[index as usize], true) {
        return false;
    }
    let inside = |ty: &Ty, seen: &mut Vec<bool>| match ty {
        Ty::Named(inner) => *inner == wanted || contains(tables, *inner, wanted, seen),
        _ => false,
    };
    match &tables.types[index as usize].shape {
        Shape::Record(fields) | Shape::Error(fields) | Shape::Event(fields) => {
            fields.iter().any(|field| inside(&field.ty, seen))
        }
        Shape::Refined { base, .. } => inside(base, seen),
        // A choice ends as soon as one of its variants does.
        Shape::Enum(variants) => {
            !variants.is_empty()
                && variants
                    .iter()
                    .all(|variant| variant.fields.iter().any(|field| inside(&field.ty, &mut seen.clone())))
        }
    }
}
