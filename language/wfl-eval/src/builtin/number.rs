//! Functions on numbers and on all ordered values.

use wfl_ir::{Builtin, Decimal, Duration, MAX_DIGITS, Money, Value};

use crate::arithmetic::{compare, decimal, quotient};
use crate::builtin::argument::Answer;
use crate::fault::Fault;

pub(crate) fn call(function: Builtin, arguments: &[Value]) -> Answer {
    Some(match (function, arguments) {
        (Builtin::Div, [a, b]) => quotient(a, b).map(|found| found.map_or(Value::None, Value::Decimal)),
        (Builtin::Quotient, [Value::Int(a), Value::Int(b)]) => whole(*a, *b, i64::checked_div, Value::Int),
        (Builtin::Quotient, [Value::Duration(a), Value::Duration(b)]) => {
            whole(a.0, b.0, i64::checked_div, Value::Int)
        }
        (Builtin::Remainder, [Value::Int(a), Value::Int(b)]) => whole(*a, *b, i64::checked_rem, Value::Int),
        (Builtin::Remainder, [Value::Duration(a), Value::Duration(b)]) => {
            whole(a.0, b.0, i64::checked_rem, |n| Value::Duration(Duration(n)))
        }
        (Builtin::Abs, [number]) => abs(number)?,
        (Builtin::Round, [number, places]) => round(decimal(number)?, places)?,
        (Builtin::Floor, [number]) => int(decimal(number)?.floor()),
        (Builtin::Ceiling, [number]) => int(-(-decimal(number)?).floor()),
        (Builtin::AtLeast, [a, b]) => compare(a, b).map(|order| if order.is_ge() { a } else { b }.clone()),
        (Builtin::AtMost, [a, b]) => compare(a, b).map(|order| if order.is_le() { a } else { b }.clone()),
        _ => return None,
    })
}

fn whole(
    a: i64,
    b: i64,
    divide: impl Fn(i64, i64) -> Option<i64>,
    make: impl Fn(i64) -> Value,
) -> Result<Value, Fault> {
    if b == 0 {
        return Ok(Value::None);
    }
    divide(a, b).map(make).ok_or(Fault::NumberTooBig)
}

fn abs(number: &Value) -> Answer {
    let size = |n: i64| n.checked_abs().ok_or(Fault::NumberTooBig);
    let positive = |d: Decimal| if d.is_negative() { -d } else { d };
    Some(match number {
        Value::Int(n) => size(*n).map(Value::Int),
        Value::Duration(d) => size(d.0).map(|n| Value::Duration(Duration(n))),
        Value::Decimal(d) => Ok(Value::Decimal(positive(*d))),
        Value::Money(m) => Ok(Value::Money(Money { amount: positive(m.amount), ..*m })),
        _ => return None,
    })
}

fn round(number: Decimal, places: &Value) -> Answer {
    let places = match places {
        Value::None => 0,
        Value::Int(places) => *places,
        _ => return None,
    };
    Some(match u32::try_from(places) {
        Ok(places) if places <= MAX_DIGITS => Ok(Value::Decimal(number.round_half_even(places))),
        _ => Err(Fault::Text(format!("a number is rounded to 0 to {MAX_DIGITS} places, not to {places}"))),
    })
}

fn int(number: Decimal) -> Result<Value, Fault> {
    number.to_i64().map(Value::Int).ok_or(Fault::NumberTooBig)
}
