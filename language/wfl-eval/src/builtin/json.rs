//! Functions on opaque JSON. Numbers are read as they are written: nothing passes through a binary fraction.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use wfl_ir::{Builtin, Decimal, Value};

use crate::builtin::argument::{Answer, Context};
use crate::fault::Fault;
use crate::limit::{self, MAX_DEPTH};
use crate::plain::plain;

/// How many places an exponent may move the point; more never fits 34 digits.
const MAX_EXPONENT: i32 = 100;

pub(crate) fn call(function: Builtin, arguments: &[Value], context: &mut dyn Context) -> Answer {
    use Value::Json;
    let optional = |value: Option<Value>| value.unwrap_or_default();
    Some(match (function, arguments) {
        (Builtin::Parse, [Value::String(text)]) => Ok(optional(parse(text))),
        (Builtin::At, [Json(json), Value::String(pointer)]) => {
            // Each token of the pointer looks at what is left of the text.
            let tokens = pointer.matches('/').count() as u64;
            context.spend(tokens.saturating_mul(json.len() as u64 / 16)).map(|()| optional(at(json, pointer)))
        }
        (Builtin::AsText, [Json(json)]) => {
            Ok(serde_json::from_str::<String>(json).map_or(Value::None, Value::text))
        }
        (Builtin::AsBool, [Json(json)]) => Ok(serde_json::from_str(json).map_or(Value::None, Value::Bool)),
        (Builtin::AsInt, [Json(json)]) => {
            Ok(optional(number(json).and_then(Decimal::to_i64).map(Value::Int)))
        }
        (Builtin::AsDecimal, [Json(json)]) => Ok(optional(number(json).map(Value::Decimal))),
        (Builtin::AsList, [Json(json)]) => Ok(optional(items(json).map(Value::list))),
        (Builtin::AsMap, [Json(json)]) => Ok(optional(members(json).map(|members| {
            Value::map(members.into_iter().map(|(name, json)| (Value::text(name), raw(json))))
        }))),
        (Builtin::IsNull, [Json(json)]) => Ok(Value::Bool(&**json == "null")),
        (Builtin::Render, [Json(json)]) => Ok(Value::String(json.clone())),
        (Builtin::ToJson, [Json(json)]) => Ok(Json(json.clone())),
        (Builtin::ToJson, [value]) => to_json(value),
        _ => return None,
    })
}

fn raw(json: &RawValue) -> Value {
    Value::Json(json.get().into())
}

/// Well-formed JSON as compact text; none for other text and for what nests too deep.
fn parse(text: &str) -> Option<Value> {
    let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
    let mut compact = String::with_capacity(text.len());
    for c in text.chars() {
        match (in_text, c) {
            (true, _) if escaped => escaped = false,
            (true, '\\') => escaped = true,
            (_, '"') => in_text = !in_text,
            (false, '[' | '{') => depth += 1,
            (false, ']' | '}') => depth = depth.saturating_sub(1),
            (false, ' ' | '\t' | '\n' | '\r') => continue,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return None;
        }
        compact.push(c);
    }
    // The text itself is tested: blanks may stand where they separate what must not touch.
    serde_json::from_str::<IgnoredAny>(text).ok().map(|_| Value::Json(compact.into()))
}

fn members(json: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(json).ok()
}

fn items(json: &str) -> Option<Vec<Value>> {
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(items.into_iter().map(raw).collect())
}

/// RFC 6901.
fn at(json: &str, pointer: &str) -> Option<Value> {
    let mut here = json;
    if !pointer.is_empty() {
        for token in pointer.strip_prefix('/')?.split('/') {
            here = if here.starts_with('[') {
                let items: Vec<&RawValue> = serde_json::from_str(here).ok()?;
                items.get(index(token)?)?.get()
            } else {
                members(here)?.get(&token.replace("~1", "/").replace("~0", "~"))?.get()
            };
        }
    }
    Some(Value::Json(here.into()))
}

/// The place that a token names: digits without a leading zero.
fn index(token: &str) -> Option<usize> {
    let digits = token == "0" || (!token.starts_with('0') && token.bytes().all(|b| b.is_ascii_digit()));
    digits.then(|| token.parse().ok()).flatten()
}

/// The exact value of a JSON number, where it has one of 34 digits.
fn number(json: &str) -> Option<Decimal> {
    if !json.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return None;
    }
    let (digits, exponent) = match json.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (json, 0),
    };
    let mut number: Decimal = digits.parse().ok()?;
    if number.is_zero() {
        return Some(number);
    }
    if exponent.abs() > MAX_EXPONENT {
        return None;
    }
    let ten = if exponent < 0 { Decimal::new(1, 1).ok()? } else { Decimal::from(10) };
    for _ in 0..exponent.abs() {
        number = number.checked_mul(ten).ok()?;
    }
    Some(number)
}

fn to_json(value: &Value) -> Result<Value, Fault> {
    let text = plain(value).to_string();
    limit::text_of(text.len())?;
    Ok(Value::Json(text.into()))
}
