//! Values as JSON by their own kind, without a type.

use serde_json::{Value as Json, json};
use wfl_ir::{Duration, Map, Value};

/// A value by its own kind.
pub(crate) fn plain(value: &Value) -> Json {
    match value {
        Value::None | Value::Unit => Json::Null,
        Value::Bool(truth) => Json::from(*truth),
        Value::Int(n) => Json::from(*n),
        Value::Money(money) => json!({
            "amount": money.amount.to_places(money.currency.places()),
            "currency": money.currency.code(),
        }),
        Value::Duration(length) => Json::from(duration_text(*length)),
        Value::Json(text) => serde_json::from_str(text).unwrap_or(Json::Null),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Set(items) => items.iter().map(plain).collect(),
        Value::Map(entries) => {
            let textual = entries.iter().all(|(key, _)| has_text_form(key));
            map(entries, textual, plain, plain)
        }
        Value::Record(fields) => {
            Json::Object(fields.iter().map(|(n, v)| (n.to_string(), plain(v))).collect())
        }
        Value::Variant(name, fields) => {
            let kind = ("kind".to_owned(), Json::from(name.as_str()));
            Json::Object(
                std::iter::once(kind).chain(fields.iter().map(|(n, v)| (n.to_string(), plain(v)))).collect(),
            )
        }
        Value::Decimal(_)
        | Value::String(_)
        | Value::Uuid(_)
        | Value::Timestamp(_)
        | Value::Date(_)
        | Value::Bytes(_) => Json::from(value.to_string()),
    }
}

/// A map: an object when its keys have a text form, else an array of its entries.
pub(crate) fn map(
    entries: &Map,
    textual: bool,
    key: impl Fn(&Value) -> Json,
    value: impl Fn(&Value) -> Json,
) -> Json {
    if textual {
        Json::Object(entries.iter().map(|(k, v)| (k.to_string(), value(v))).collect())
    } else {
        entries.iter().map(|(k, v)| json!({ "key": key(k), "value": value(v) })).collect()
    }
}

/// True for a key that may be the name of a member.
fn has_text_form(key: &Value) -> bool {
    match key {
        Value::String(_) | Value::Uuid(_) | Value::Int(_) | Value::Date(_) => true,
        Value::Variant(_, fields) => fields.is_empty(),
        _ => false,
    }
}

/// ISO 8601, as in `PT2H30M`.
fn duration_text(length: Duration) -> String {
    jiff::SignedDuration::from_micros(length.0).to_string()
}
