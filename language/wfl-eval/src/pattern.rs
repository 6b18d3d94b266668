//! Patterns: does a value fit, and what do the names in the pattern stand for.

use wfl_ir::{Pattern, Value};

/// True when the value fits. Calls `found` for every name of the pattern in the order of its text; when the value
/// does not fit, some calls may have been made already.
pub fn bind(pattern: &Pattern, value: &Value, found: &mut dyn FnMut(u32, Value)) -> bool {
    match (pattern, value) {
        (Pattern::Any, _) => true,
        (Pattern::Bind(number), value) => {
            found(*number, value.clone());
            true
        }
        (Pattern::Literal(literal), value) => literal == value,
        (Pattern::Absent, value) => *value == Value::None,
        (Pattern::Present(inner), value) => *value != Value::None && bind(inner, value, found),
        (Pattern::Variant(name, fields), Value::Variant(variant, values)) => {
            name == variant
                && fields
                    .iter()
                    .all(|(field, pattern)| bind(pattern, values.get(field).unwrap_or(&Value::None), found))
        }
        (Pattern::Tuple(patterns), Value::List(items)) => {
            patterns.len() == items.len()
                && patterns.iter().zip(items.iter()).all(|(pattern, item)| bind(pattern, item, found))
        }
        _ => false,
    }
}
