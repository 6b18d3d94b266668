//! Schemas while they grow: keywords that may meet others of the same name.

use serde_json::{Map as Object, Value as Json, json};

/// The keywords of a schema.
pub(crate) type Schema = Object<String, Json>;

/// A schema out of a literal.
pub(crate) fn schema(literal: Json) -> Schema {
    match literal {
        Json::Object(members) => members,
        _ => Schema::new(),
    }
}

/// Adds a keyword that must hold besides what is there.
pub(crate) fn restrict(to: &mut Schema, keyword: &str, value: Json) {
    let bounds = [("minimum", i64::MIN), ("maximum", i64::MAX)];
    for (bound, default) in bounds {
        // The bounds of all integers say nothing beside narrower ones.
        let narrower = keyword == bound || keyword.eq_ignore_ascii_case(&format!("exclusive{bound}"));
        if narrower && to.get(bound).and_then(Json::as_i64) == Some(default) {
            to.shift_remove(bound);
        }
    }
    if !to.contains_key(keyword) {
        to.insert(keyword.to_owned(), value);
        return;
    }
    let more = json!({ keyword: value });
    match to.get_mut("allOf") {
        Some(Json::Array(all)) => all.push(more),
        _ => {
            to.insert("allOf".to_owned(), json!([more]));
        }
    }
}

/// Keywords that also speak of values of other types.
const FOR_ALL: [&str; 7] = ["$ref", "const", "enum", "not", "anyOf", "oneOf", "allOf"];

/// The schema, or null.
pub(crate) fn nullable(mut inner: Schema) -> Schema {
    let of_one_type = !FOR_ALL.iter().any(|keyword| inner.contains_key(*keyword));
    match inner.get("type").and_then(Json::as_str) {
        Some("null") => inner,
        Some(kind) if of_one_type => {
            let kinds = json!([kind, "null"]);
            inner.insert("type".to_owned(), kinds);
            inner
        }
        // What takes anything takes null.
        None if inner.is_empty() => inner,
        _ => schema(json!({ "anyOf": [inner, { "type": "null" }] })),
    }
}
