//! Whether the arms of a `match` cover every value.
//!
//! The usual matrix of patterns: rows are arms, columns are what is still to be looked at. A column whose type has
//! finitely many forms is split by form; of any other type only rows that take everything remain.

use std::collections::BTreeMap;

use wfl_ir::{Name, Pattern, Value};

use crate::tables::Tables;
use crate::ty::Ty;

/// A value that no pattern fits, as a pattern to be added; `None` if all are covered.
pub(crate) fn missing_patterns(tables: &Tables, ty: &Ty, patterns: &[&Pattern]) -> Option<String> {
    let rows = patterns.iter().map(|pattern| vec![(*pattern).clone()]).collect::<Vec<_>>();
    missing(tables, &rows, std::slice::from_ref(ty)).and_then(|mut witness| witness.pop())
}

/// One form that values of a type have.
struct Form {
    head: Head,
    types: Vec<(Name, Ty)>,
}

#[derive(Clone, PartialEq, Eq)]
enum Head {
    Literal(Value),
    Absent,
    Present,
    Variant(Name),
    Tuple,
}

/// All forms, or of an enum only that of the variant that a pattern names.
fn forms(tables: &Tables, ty: &Ty, pattern: Option<&Pattern>) -> Option<Vec<Form>> {
    let named = pattern.and_then(variant_of);
    Some(match ty {
        Ty::Bool => [true, false]
            .map(|truth| Form { head: Head::Literal(Value::Bool(truth)), types: Vec::new() })
            .into(),
        Ty::Optional(inner) => vec![
            Form { head: Head::Present, types: vec![(Name::from(""), (**inner).clone())] },
            Form { head: Head::Absent, types: Vec::new() },
        ],
        Ty::Tuple(types) => {
            let types = types.iter().map(|ty| (Name::from(""), ty.clone())).collect();
            vec![Form { head: Head::Tuple, types }]
        }
        Ty::Result(ok, error) => [("Ok", "value", ok), ("Err", "error", error)]
            .map(|(variant, field, ty)| Form {
                head: Head::Variant(Name::from(variant)),
                types: vec![(Name::from(field), (**ty).clone())],
            })
            .into(),
        other => {
            let variants = tables.variants(other)?;
            let form = |fields: &[crate::tables::FieldInfo]| {
                fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect()
            };
            variants
                .iter()
                .filter(|variant| named.is_none_or(|name| *name == variant.name))
                .map(|variant| Form {
                    head: Head::Variant(variant.name.clone()),
                    types: form(&variant.fields),
                })
                .collect()
        }
    })
}

fn missing(tables: &Tables, rows: &[Vec<Pattern>], types: &[Ty]) -> Option<Vec<String>> {
    let Some((first, rest)) = types.split_first() else { return rows.is_empty().then(Vec::new) };
    if first.is_unknown() {
        return None;
    }
    let any = rows.iter().all(|row| matches!(row[0], Pattern::Any | Pattern::Bind(_)));
    let split = forms(tables, first, None).filter(|_| !any || rows.is_empty());
    let Some(forms) = split else {
        let taking_all = rows.iter().filter(|row| matches!(row[0], Pattern::Any | Pattern::Bind(_)));
        let rows = taking_all.map(|row| row[1..].to_vec()).collect::<Vec<_>>();
        let mut witness = missing(tables, &rows, rest)?;
        witness.push("_".to_owned());
        return Some(witness);
    };
    // Rows by the variant that they name: an enum may have thousands.
    let mut by_variant: BTreeMap<Option<&Name>, Vec<(usize, &Vec<Pattern>)>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        by_variant.entry(variant_of(&row[0])).or_default().push((at, row));
    }
    let fitting = |form: &Form| {
        let named = match &form.head {
            Head::Variant(name) => Some(name),
            _ => None,
        };
        let groups = [None, named].into_iter().take(1 + usize::from(named.is_some()));
        let mut rows: Vec<_> = groups.filter_map(|group| by_variant.get(&group)).flatten().copied().collect();
        rows.sort_by_key(|(at, _)| *at);
        rows.into_iter().map(|(_, row)| row)
    };
    for form in forms {
        let inner =
            form.types.iter().map(|(_, ty)| ty.clone()).chain(rest.iter().cloned()).collect::<Vec<_>>();
        let rows = fitting(&form).filter_map(|row| specialised(row, &form)).collect::<Vec<_>>();
        // With no row left, the fields need not be looked into.
        let witness = match rows.is_empty() {
            true => Some(vec!["_".to_owned(); inner.len()]),
            false => missing(tables, &rows, &inner),
        };
        if let Some(mut witness) = witness {
            let fields = witness.split_off(witness.len() - form.types.len());
            witness.push(write(&form, fields));
            return Some(witness);
        }
    }
    None
}

fn variant_of(pattern: &Pattern) -> Option<&Name> {
    match pattern {
        Pattern::Variant(name, _) => Some(name),
        _ => None,
    }
}

/// The row without its first pattern but with that pattern's inner ones; `None` if it does not fit the form.
fn specialised(row: &[Pattern], form: &Form) -> Option<Vec<Pattern>> {
    let inner: Vec<Pattern> = match (&row[0], &form.head) {
        (Pattern::Any | Pattern::Bind(_), _) => vec![Pattern::Any; form.types.len()],
        (Pattern::Literal(value), Head::Literal(head)) if value == head => Vec::new(),
        (Pattern::Absent, Head::Absent) => Vec::new(),
        (Pattern::Present(inner), Head::Present) => vec![(**inner).clone()],
        (Pattern::Tuple(items), Head::Tuple) if items.len() == form.types.len() => items.clone(),
        (Pattern::Variant(name, fields), Head::Variant(head)) if name == head => {
            let field = |name: &Name| {
                fields.iter().find(|(field, _)| field == name).map(|(_, pattern)| pattern.clone())
            };
            form.types.iter().map(|(name, _)| field(name).unwrap_or(Pattern::Any)).collect()
        }
        _ => return None,
    };
    Some(inner.into_iter().chain(row[1..].iter().cloned()).collect())
}

// Witnesses are collected from the last column to the first.
fn write(form: &Form, fields: Vec<String>) -> String {
    let fields = fields.into_iter().rev();
    match &form.head {
        Head::Literal(value) => value.to_string(),
        Head::Absent => "none".to_owned(),
        Head::Tuple => format!("({})", fields.collect::<Vec<_>>().join(", ")),
        Head::Present => format!("Some({})", fields.collect::<Vec<_>>().join(", ")),
        Head::Variant(name) => {
            let named = form.types.iter().zip(fields).filter(|(_, pattern)| pattern != "_");
            let named = named.map(|((field, _), pattern)| format!("{field}: {pattern}")).collect::<Vec<_>>();
            if named.is_empty() { name.to_string() } else { format!("{name}({})", named.join(", ")) }
        }
    }
}

/// Whether some value fits `pattern` and none of the earlier ones.
pub(crate) fn is_reached(tables: &Tables, ty: &Ty, earlier: &[&Pattern], pattern: &Pattern) -> bool {
    let rows = earlier.iter().map(|pattern| vec![(*pattern).clone()]).collect::<Vec<_>>();
    useful(tables, &rows, std::slice::from_ref(pattern), std::slice::from_ref(ty))
}

fn useful(tables: &Tables, rows: &[Vec<Pattern>], row: &[Pattern], types: &[Ty]) -> bool {
    let Some((first, rest)) = types.split_first() else { return rows.is_empty() };
    if rows.is_empty() {
        return true;
    }
    let inside = |form: &Form| {
        let Some(row) = specialised(row, form) else { return false };
        let rows = rows.iter().filter_map(|row| specialised(row, form)).collect::<Vec<_>>();
        let types =
            form.types.iter().map(|(_, ty)| ty.clone()).chain(rest.iter().cloned()).collect::<Vec<_>>();
        useful(tables, &rows, &row, &types)
    };
    match (&row[0], forms(tables, first, Some(&row[0]))) {
        (_, Some(forms)) => forms.iter().any(inside),
        (Pattern::Literal(value), None) => {
            inside(&Form { head: Head::Literal(value.clone()), types: Vec::new() })
        }
        (_, None) => {
            let taking_all = rows.iter().filter(|row| matches!(row[0], Pattern::Any | Pattern::Bind(_)));
            let rows = taking_all.map(|row| row[1..].to_vec()).collect::<Vec<_>>();
            useful(tables, &rows, &row[1..], rest)
        }
    }
}
