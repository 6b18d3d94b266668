//! Types as one writes them, and the types below their names.

use wfl_ir::{Library, Rule, Type, TypeKind};

/// A type in words: without the modules of its names.
pub(crate) fn show(library: Library<'_>, ty: &Type) -> String {
    let inner = |ty: &Type| show(library, ty);
    match ty {
        Type::Money(None) => "Money".to_owned(),
        Type::Money(Some(currency)) => format!("Money<{currency}>"),
        Type::Named(index) => library.def(*index).map_or("?", |def| def.short_name()).to_owned(),
        Type::Optional(of) => format!("{}?", inner(of)),
        Type::List(of) => format!("List<{}>", inner(of)),
        Type::Set(of) => format!("Set<{}>", inner(of)),
        Type::Map(key, value) => format!("Map<{}, {}>", inner(key), inner(value)),
        Type::Result(value, error) => format!("Result<{}, {}>", inner(value), inner(error)),
        Type::Record(fields) => {
            let fields = fields.iter().map(|(name, ty)| format!("{name}: {}", inner(ty)));
            format!("({})", fields.collect::<Vec<_>>().join(", "))
        }
        Type::Unit => "Unit".to_owned(),
        Type::Bool => "Bool".to_owned(),
        Type::Int => "Int".to_owned(),
        Type::Decimal => "Decimal".to_owned(),
        Type::String => "String".to_owned(),
        Type::Uuid => "Uuid".to_owned(),
        Type::Timestamp => "Timestamp".to_owned(),
        Type::Duration => "Duration".to_owned(),
        Type::Json => "Json".to_owned(),
        Type::Bytes => "Bytes".to_owned(),
        Type::Date => "Date".to_owned(),
    }
}

/// What values of a type are on the wire: without names, whether they may be absent, and the rules on the way.
pub(crate) struct Plain<'t> {
    pub(crate) ty: &'t Type,
    pub(crate) optional: bool,
    pub(crate) rules: Vec<&'t Rule>,
    /// The types that were gone through.
    pub(crate) names: Vec<u32>,
}

/// Goes through new types and `?`. Rules speak of values that are there, so their order does not matter.
pub(crate) fn plain<'t>(library: Library<'t>, ty: &'t Type, rule: Option<&'t Rule>) -> Plain<'t> {
    let mut found = Plain { ty, optional: false, rules: rule.into_iter().collect(), names: Vec::new() };
    // A chain of types is no longer than the table.
    for _ in 0..=library.types.len() * 2 {
        match found.ty {
            Type::Optional(inner) => {
                found.optional = true;
                found.ty = inner;
            }
            Type::Named(index) => match library.def(*index).map(|def| &def.kind) {
                Some(TypeKind::Refined { base, rule }) => {
                    found.names.push(*index);
                    found.rules.extend(rule);
                    found.ty = base;
                }
                _ => break,
            },
            _ => break,
        }
    }
    found
}
