//! Operators on values: exact, checked, never mixing currencies.

use std::cmp::Ordering;

use wfl_ir::{Binary, Decimal, Duration, Money, Timestamp, Unary, Value};

use crate::fault::Fault;

/// The value of an operator over two values. `And`, `Or` and `Otherwise` decide on their operands as given.
pub fn binary(op: Binary, a: &Value, b: &Value) -> Result<Value, Fault> {
    Ok(match op {
        Binary::Add | Binary::Subtract => sum(op, a, b)?,
        Binary::Multiply => product(a, b)?,
        Binary::Divide => Value::Decimal(quotient(a, b)?.ok_or(Fault::DivisionByZero)?),
        Binary::Equal => Value::Bool(equal(a, b)),
        Binary::NotEqual => Value::Bool(!equal(a, b)),
        Binary::Less => Value::Bool(compare(a, b)?.is_lt()),
        Binary::LessOrEqual => Value::Bool(compare(a, b)?.is_le()),
        Binary::Greater => Value::Bool(compare(a, b)?.is_gt()),
        Binary::GreaterOrEqual => Value::Bool(compare(a, b)?.is_ge()),
        Binary::And => Value::Bool(truth(a)? && truth(b)?),
        Binary::Or => Value::Bool(truth(a)? || truth(b)?),
        Binary::Otherwise => {
            if *a == Value::None {
                b.clone()
            } else {
                a.clone()
            }
        }
        Binary::In => match b {
            Value::List(items) => Value::Bool(items.iter().any(|item| equal(item, a))),
            Value::Set(items) => Value::Bool(items.contains(a)),
            Value::Map(entries) => Value::Bool(entries.get(a).is_some()),
            _ => return Err(unfit("in", a, b)),
        },
        Binary::Within => match b {
            Value::List(ends) if ends.len() == 2 => {
                Value::Bool(compare(a, &ends[0])?.is_ge() && compare(a, &ends[1])?.is_le())
            }
            _ => return Err(unfit("in", a, b)),
        },
    })
}

/// The value of an operator over one value.
pub(crate) fn unary(op: Unary, a: &Value) -> Result<Value, Fault> {
    Ok(match (op, a) {
        (Unary::Not, value) => Value::Bool(!truth(value)?),
        (Unary::Negate, Value::Int(n)) => Value::Int(n.checked_neg().ok_or(Fault::NumberTooBig)?),
        (Unary::Negate, Value::Decimal(d)) => Value::Decimal(-*d),
        (Unary::Negate, Value::Money(m)) => Value::Money(Money { amount: -m.amount, ..*m }),
        (Unary::Negate, Value::Duration(d)) => {
            Value::Duration(Duration(d.0.checked_neg().ok_or(Fault::NumberTooBig)?))
        }
        (Unary::Negate, other) => return Err(unfit("-", other, other)),
    })
}

/// True or false; anything else is ill-formed.
pub(crate) fn truth(value: &Value) -> Result<bool, Fault> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        other => Err(Fault::ill_formed(format!("{} is not a truth value", kind(other)))),
    }
}

/// The order of two values of one ordered type.
pub(crate) fn compare(a: &Value, b: &Value) -> Result<Ordering, Fault> {
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Money(a), Value::Money(b)) => {
            same_currency(a, b)?;
            a.amount.cmp(&b.amount)
        }
        _ => match (decimal(a), decimal(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => return Err(unfit("<", a, b)),
        },
    })
}

/// True for equal values; an Int may equal a Decimal.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(_), Value::Decimal(_)) | (Value::Decimal(_), Value::Int(_)) => decimal(a) == decimal(b),
        _ => a == b,
    }
}

fn sum(op: Binary, a: &Value, b: &Value) -> Result<Value, Fault> {
    let minus = op == Binary::Subtract;
    let ints =
        |a: i64, b: i64| if minus { a.checked_sub(b) } else { a.checked_add(b) }.ok_or(Fault::NumberTooBig);
    let decimals = |a: Decimal, b: Decimal| if minus { a.checked_sub(b) } else { a.checked_add(b) };
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Value::Int(ints(*a, *b)?),
        (Value::Money(a), Value::Money(b)) => {
            same_currency(a, b)?;
            Value::Money(Money { amount: decimals(a.amount, b.amount)?, currency: a.currency })
        }
        (Value::Duration(a), Value::Duration(b)) => Value::Duration(Duration(ints(a.0, b.0)?)),
        (Value::Timestamp(a), Value::Duration(b)) => {
            Value::Timestamp(Timestamp::from_micros(ints(a.0, b.0)?).ok_or(Fault::NumberTooBig)?)
        }
        (Value::Timestamp(a), Value::Timestamp(b)) if minus => Value::Duration(Duration(ints(a.0, b.0)?)),
        _ => match (decimal(a), decimal(b)) {
            (Some(a), Some(b)) => Value::Decimal(decimals(a, b)?),
            _ => return Err(unfit(if minus { "-" } else { "+" }, a, b)),
        },
    })
}

/// The quotient of two numbers; none for the divisor zero.
pub(crate) fn quotient(a: &Value, b: &Value) -> Result<Option<Decimal>, Fault> {
    match (decimal(a), decimal(b)) {
        (Some(dividend), Some(divisor)) => Ok(dividend.checked_div(divisor).transpose()?),
        _ => Err(unfit("/", a, b)),
    }
}

fn product(a: &Value, b: &Value) -> Result<Value, Fault> {
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_mul(*b).ok_or(Fault::NumberTooBig)?),
        (Value::Duration(d), Value::Int(n)) | (Value::Int(n), Value::Duration(d)) => {
            Value::Duration(Duration(d.0.checked_mul(*n).ok_or(Fault::NumberTooBig)?))
        }
        (Value::Money(m), number) | (number, Value::Money(m)) => {
            let factor = decimal(number).ok_or_else(|| unfit("*", a, b))?;
            let amount = m.amount.checked_mul(factor)?.round_half_even(m.currency.places());
            Value::Money(Money { amount, currency: m.currency })
        }
        _ => match (decimal(a), decimal(b)) {
            (Some(a), Some(b)) => Value::Decimal(a.checked_mul(b)?),
            _ => return Err(unfit("*", a, b)),
        },
    })
}

/// A fault for amounts of two currencies.
pub(crate) fn same_currency(a: &Money, b: &Money) -> Result<(), Fault> {
    if a.currency == b.currency {
        return Ok(());
    }
    Err(Fault::CurrencyMix(a.currency.to_string(), b.currency.to_string()))
}

/// A number as a decimal.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(n) => Some(Decimal::from(*n)),
        Value::Decimal(d) => Some(*d),
        _ => None,
    }
}

/// The kind of a value, for messages. Never the value: it may be sensitive.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::None => "none",
        Value::Unit => "unit",
        Value::Bool(_) => "a Bool",
        Value::Int(_) => "an Int",
        Value::Decimal(_) => "a Decimal",
        Value::String(_) => "a String",
        Value::Uuid(_) => "a Uuid",
        Value::Timestamp(_) => "a Timestamp",
        Value::Duration(_) => "a Duration",
        Value::Money(_) => "Money",
        Value::List(_) => "a List",
        Value::Record(_) => "a record",
        Value::Variant(..) => "a variant",
        Value::Json(_) => "Json",
        Value::Set(_) => "a Set",
        Value::Map(_) => "a Map",
        Value::Bytes(_) => "Bytes",
        Value::Date(_) => "a Date",
    }
}

fn unfit(op: &str, a: &Value, b: &Value) -> Fault {
    Fault::ill_formed(format!("`{op}` does not take {} and {}", kind(a), kind(b)))
}
