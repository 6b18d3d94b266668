//! Functions on lists (and the length of text).

use wfl_ir::Value;

use crate::arithmetic::kind;
use crate::fault::Fault;

/// Items of a list, or characters (Unicode scalar values) of a text.
pub(super) fn length(value: &Value) -> Result<i64, Fault> {
    match value {
        Value::String(text) => Ok(text.chars().count() as i64),
        Value::List(items) => Ok(items.len() as i64),
        other => Err(Fault::ill_formed(format!("{} has no length", kind(other)))),
    }
}
