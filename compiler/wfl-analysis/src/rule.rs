//! Third pass: the rules behind `where`, and the types in the IR's form.

use std::sync::Arc;

use wfl_ir::{Expr, Field, Label, Name, Rule, TypeDef, TypeKind, Variant};
use wfl_syntax::ast::{self, ItemKind};

use crate::expr::{Binding, Checker};
use crate::pass::Passes;
use crate::session::Session;
use crate::tables::{FieldInfo, Shape, Tables, TypeInfo, VariantInfo};
use crate::ty::Ty;

/// Checks rules and fills [`Tables::defs`]. Within rules constants are held against none: those of other types may not
/// be known yet.
pub(crate) fn check(passes: &mut Passes<'_>, tables: &mut Tables) {
    let count = tables.types.len();
    if tables.defs.len() != count {
        Arc::make_mut(&mut tables.defs)
            .resize_with(count, || TypeDef { name: Name::from(""), kind: TypeKind::Enum(Vec::new()) });
    }
    for index in 0..tables.types.len() {
        passes.item(tables.types[index].number, |session| check_type(session, tables, index));
    }
    for index in 0..tables.operations.len() {
        passes.item(tables.operations[index].number, |session| {
            let operation = &tables.operations[index];
            let (module, sources) = (operation.module, &operation.source.head.parameters);
            let rules = field_rules(session, tables, module, &operation.params, sources);
            set(&mut tables.operations[index].params, rules);
        });
    }
    for index in 0..tables.workflows.len() {
        passes.item(tables.workflows[index].number, |session| {
            let workflow = &tables.workflows[index];
            let (module, sources) = (workflow.module, &workflow.source.head.parameters);
            let rules = field_rules(session, tables, module, &workflow.params, sources);
            set(&mut tables.workflows[index].params, rules);
        });
    }
    for index in 0..tables.types.len() {
        let number = tables.types[index].number;
        let defined = passes.item(number, |_| define(tables, &tables.types[index]));
        defined.into_iter().for_each(|it| Arc::make_mut(&mut tables.defs)[index] = it);
    }
}

fn check_type(session: &mut Session<'_>, tables: &mut Tables, index: usize) {
    let info = &tables.types[index];
    let module = info.module;
    match (&info.item.kind, &info.shape) {
        (ItemKind::Record(ast::Record { fields: sources, .. }), Shape::Record(fields))
        | (ItemKind::Error(ast::ErrorDecl { fields: sources, .. }), Shape::Error(fields))
        | (ItemKind::Event(ast::EventDecl { fields: sources, .. }), Shape::Event(fields)) => {
            let rules = field_rules(session, tables, module, fields, sources);
            if let Shape::Record(fields) | Shape::Error(fields) | Shape::Event(fields) =
                &mut tables.types[index].shape
            {
                set(fields, rules);
            }
        }
        (ItemKind::Enum(source), Shape::Enum(variants)) => {
            let rules = variants.iter().map(|variant| {
                let declared = source.variants.iter().find(|it| variant.name == it.name.text.as_str());
                let sources = declared.map(|it| it.fields.as_slice()).unwrap_or_default();
                field_rules(session, tables, module, &variant.fields, sources)
            });
            let rules = rules.collect::<Vec<_>>();
            if let Shape::Enum(variants) = &mut tables.types[index].shape {
                variants.iter_mut().zip(rules).for_each(|(variant, rules)| set(&mut variant.fields, rules));
            }
        }
        (ItemKind::Type(source), Shape::Refined { base, .. }) => {
            let (base, label) = (base.clone(), Label::Public);
            let checked =
                source.rule.as_ref().and_then(|rule| rule_of(session, tables, module, &base, label, rule));
            if let Shape::Refined { rule, .. } = &mut tables.types[index].shape {
                *rule = checked;
            }
        }
        _ => {}
    }
}

fn field_rules(
    session: &mut Session<'_>,
    tables: &Tables,
    module: usize,
    fields: &[FieldInfo],
    sources: &[ast::Field],
) -> Vec<Option<Rule>> {
    let rule = |field: &FieldInfo| {
        let source = sources.iter().find(|source| field.name == source.name.text.as_str())?;
        rule_of(session, tables, module, &field.ty, field.label, source.rule.as_ref()?)
    };
    fields.iter().map(rule).collect()
}

fn set(fields: &mut [FieldInfo], rules: Vec<Option<Rule>>) {
    fields.iter_mut().zip(rules).for_each(|(field, rule)| field.rule = rule);
}

fn rule_of(
    session: &mut Session<'_>,
    tables: &Tables,
    module: usize,
    ty: &Ty,
    label: Label,
    rule: &ast::Expr,
) -> Option<Rule> {
    let text = Name::from(session.text(rule.span));
    let before = session.count();
    session.rules_hold = false;
    let mut checker = Checker::new(session, tables, module);
    // A rule speaks of values that are there: the subject of `String?` is a `String`.
    checker.names.push(Binding {
        name: "value".to_owned(),
        place: Expr::Subject,
        ty: ty.present().clone(),
        label,
        span: rule.span,
        used: false,
        unused: None,
    });
    let holds = checker.check_as(rule, &Ty::Bool).expr;
    session.rules_hold = true;
    (session.count() == before).then_some(Rule { holds, text })
}

/// A type in the IR's form.
fn define(tables: &Tables, info: &TypeInfo) -> TypeDef {
    TypeDef {
        name: Name::from(format!("{}.{}", tables.modules[info.module].path, info.name)),
        kind: match &info.shape {
            Shape::Record(fields) => TypeKind::Record(ir_fields(fields)),
            Shape::Error(fields) => TypeKind::Error(ir_fields(fields)),
            Shape::Event(fields) => TypeKind::Event(ir_fields(fields)),
            Shape::Enum(variants) => {
                let variant =
                    |it: &VariantInfo| Variant { name: it.name.clone(), fields: ir_fields(&it.fields) };
                TypeKind::Enum(variants.iter().map(variant).collect())
            }
            Shape::Refined { base, rule, .. } => TypeKind::Refined { base: base.to_ir(), rule: rule.clone() },
        },
    }
}

/// Fields in the IR's form.
pub(crate) fn ir_fields(fields: &[FieldInfo]) -> Vec<Field> {
    let field = |field: &FieldInfo| Field {
        name: field.name.clone(),
        ty: field.ty.to_ir(),
        rule: field.rule.clone(),
        label: field.label,
    };
    fields.iter().map(field).collect()
}
