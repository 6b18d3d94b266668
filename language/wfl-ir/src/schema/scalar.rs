//! Schemas of scalars and of money, as the border between JSON and values reads them.

use serde_json::{Value as Json, json};

use crate::money::Currency;
use crate::schema::keywords::{Schema, schema};
use crate::types::Type;

/// A number, with at most 34 digits where it has no places after the point. Digits in front that are zero do not
/// count.
const NUMBER: &str = r"^-?(0*[0-9]{1,34}|[0-9]+\.[0-9]+)$";
/// At most 34 digits and the point; neither zeros in front count, nor zeros at the end of the places.
const DIGITS: &str = r"^-?0*[0-9.]{1,35}0*$";
const UUID: &str = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";
const DAY: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
/// An instant with its offset; whether the day is one is what the format says.
const INSTANT: &str = concat!(
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
    r"(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
);
/// Blocks of four, of which the last one may be filled up; unused bits are zero.
const BASE64: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$";
/// An integer as the name of a member: there is one text for each.
const INTEGER: &str = "^(0|-?[1-9][0-9]{0,18})$";
/// Weeks, or days and a time of which any part is there. The format `duration` knows neither signs nor fractions.
const LENGTH_OF_TIME: &str = concat!(
    r"^-?P([0-9]+W|[0-9]+D|([0-9]+D)?T([0-9]+H([0-9]+M)?([0-9]+(\.[0-9]{1,9})?S)?",
    r"|[0-9]+M([0-9]+(\.[0-9]{1,9})?S)?|[0-9]+(\.[0-9]{1,9})?S))$",
);

/// Where the shared schemas of numbers and money lie.
pub(crate) fn reference(name: &str) -> Schema {
    schema(json!({ "$ref": format!("#/$defs/{name}") }))
}

/// The schema of decimal numbers.
pub(crate) fn decimal() -> Schema {
    schema(json!({
        "title": "Decimal",
        "description": "An exact decimal number of up to 34 digits, as text.",
        "type": "string",
        "format": "decimal",
        "pattern": NUMBER,
        "allOf": [{ "pattern": DIGITS }],
        "examples": ["12.50"],
    }))
}

/// The name under which the schema of money lies.
pub(crate) fn money_name(currency: Option<Currency>) -> String {
    format!("Money{}", currency.map(|currency| currency.to_string()).unwrap_or_default())
}

/// The schema of money of one currency, or of any.
pub(crate) fn money(currency: Option<Currency>, closed: bool) -> Schema {
    let title = currency.map(|currency| format!("Money<{currency}>")).unwrap_or_else(|| "Money".to_owned());
    let (amount, code) = match currency {
        Some(currency) => (amount(currency.places()), json!({ "const": currency.code() })),
        None => (json!({ "$ref": "#/$defs/Decimal" }), json!({ "type": "string" })),
    };
    let mut money = schema(json!({
        "title": title,
        "description": "An amount of money in an active currency of ISO 4217.",
        "type": "object",
        "properties": { "amount": amount, "currency": code },
        "required": ["amount", "currency"],
    }));
    if closed {
        money.insert("additionalProperties".to_owned(), json!(false));
    }
    if currency.is_none() {
        let by_places = [2, 0, 3].map(of_places);
        money.insert("oneOf".to_owned(), json!(by_places));
    }
    money
}

fn amount(places: u32) -> Json {
    json!({ "$ref": "#/$defs/Decimal", "pattern": places_pattern(places) })
}

fn places_pattern(places: u32) -> String {
    match places {
        0 => r"^[^.]+(\.0+)?$".to_owned(),
        places => format!(r"^[^.]+(\.[0-9]{{1,{places}}}0*)?$"),
    }
}

/// The currencies with so many places, and what their amounts look like.
fn of_places(places: u32) -> Json {
    let codes = Currency::all().filter(|code| code.parse().is_ok_and(|it: Currency| it.places() == places));
    let codes: Vec<&str> = codes.collect();
    json!({ "properties": { "currency": { "enum": codes }, "amount": { "pattern": places_pattern(places) } } })
}

/// The schema of a type that has no parts and needs no definition; none for all others.
pub(crate) fn scalar(ty: &Type) -> Option<Schema> {
    Some(schema(match ty {
        Type::Unit => json!({ "type": "null" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Int => {
            json!({ "type": "integer", "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX })
        }
        Type::String => json!({ "type": "string" }),
        Type::Uuid => json!({ "type": "string", "format": "uuid", "pattern": UUID }),
        Type::Timestamp => json!({ "type": "string", "format": "date-time", "pattern": INSTANT }),
        Type::Duration => json!({
            "type": "string",
            "pattern": LENGTH_OF_TIME,
            "examples": ["PT15M"],
        }),
        Type::Date => json!({ "type": "string", "format": "date", "pattern": DAY }),
        Type::Bytes => json!({ "type": "string", "contentEncoding": "base64", "pattern": BASE64 }),
        Type::Json => json!({}),
        _ => return None,
    }))
}

/// The schema of a scalar as the name of a member; none for what no member is named by.
pub(crate) fn key(ty: &Type) -> Option<Schema> {
    match ty {
        Type::Int => Some(schema(json!({ "type": "string", "pattern": INTEGER }))),
        Type::String | Type::Uuid | Type::Date => scalar(ty),
        _ => None,
    }
}
