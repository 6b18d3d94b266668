//! The functions of the standard library, one file per group.

mod ids;
mod list;
mod money;
mod text;

pub(crate) use ids::parse_uuid;

use wfl_ir::{Builtin, Value};

use crate::arithmetic;
use crate::fault::Fault;

/// Calls a function with its arguments in order.
pub fn call(function: Builtin, args: &[Value]) -> Result<Value, Fault> {
    match (function, args) {
        (Builtin::Matches, [Value::String(text), Value::String(pattern)]) => text::matches(text, pattern),
        (Builtin::Length, [value]) => list::length(value).map(Value::Int),
        (Builtin::IsEmpty, [value]) => Ok(Value::Bool(list::length(value)? == 0)),
        (Builtin::First, [Value::List(items)]) => Ok(items.first().cloned().unwrap_or_default()),
        (Builtin::Contains, [Value::String(text), Value::String(part)]) => {
            Ok(Value::Bool(text.contains(part.as_str())))
        }
        (Builtin::Contains, [Value::List(items), item]) => Ok(Value::Bool(items.contains(item))),
        (Builtin::Uuid, [Value::String(text)]) => ids::uuid(text),
        (Builtin::IsIban, [Value::String(text)]) => Ok(Value::Bool(ids::is_iban(text))),
        (Builtin::Percent, [Value::Money(money), rate]) => {
            let rate =
                arithmetic::decimal(rate).ok_or_else(|| Fault::ill_formed("percent takes a number"))?;
            money::percent(*money, rate)
        }
        (Builtin::AtLeast, [a, b]) => Ok(if arithmetic::compare(a, b)?.is_ge() { a } else { b }.clone()),
        (Builtin::AtMost, [a, b]) => Ok(if arithmetic::compare(a, b)?.is_le() { a } else { b }.clone()),
        _ => {
            let kinds: Vec<_> = args.iter().map(arithmetic::kind).collect();
            Err(Fault::ill_formed(format!("{function:?} does not take ({})", kinds.join(", "))))
        }
    }
}
