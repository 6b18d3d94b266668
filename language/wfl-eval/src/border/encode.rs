//! Values become JSON of their types.

use serde_json::{Map as Object, Value as Json};
use wfl_ir::{Field, Fields, Library, Name, Type, TypeKind, Value, Variant};

use crate::plain::{map, plain};

/// Writes a value as JSON of its type. What does not fit its type is written by its own kind.
pub fn encode(library: Library<'_>, ty: &Type, value: &Value) -> Json {
    match (ty, value) {
        // `null` is none here.
        (Type::Optional(inner), Value::Unit) if library.is_unit(inner) => Json::Object(Object::new()),
        (Type::Optional(inner), value) if *value != Value::None => encode(library, inner, value),
        (Type::List(inner), Value::List(items)) => {
            items.iter().map(|item| encode(library, inner, item)).collect()
        }
        (Type::Set(inner), Value::Set(items)) => {
            items.iter().map(|item| encode(library, inner, item)).collect()
        }
        (Type::Map(key, inner), Value::Map(entries)) => map(
            entries,
            library.is_textual(key),
            |held| encode(library, key, held),
            |held| encode(library, inner, held),
        ),
        (Type::Result(value, error), Value::Variant(name, fields)) => {
            let (part, ty) = if name == "Ok" { ("value", value) } else { ("error", error) };
            let mut json = Object::from_iter([("kind".to_owned(), Json::from(name.as_str()))]);
            json.extend(fields.get(part).map(|held| (part.to_owned(), encode(library, ty, held))));
            Json::Object(json)
        }
        (Type::Record(fields), Value::Record(values)) => {
            let member = |(name, ty): &(Name, Type)| {
                values.get(name).map(|value| (name.to_string(), encode(library, ty, value)))
            };
            Json::Object(fields.iter().filter_map(member).collect())
        }
        (Type::Named(index), value) => match library.def(*index).map(|def| &def.kind) {
            Some(TypeKind::Refined { base, .. }) => encode(library, base, value),
            Some(TypeKind::Record(fields)) => encode_fields(library, fields, members(value)),
            Some(TypeKind::Error(fields) | TypeKind::Event(fields)) => {
                encode_fields(library, fields, members(value))
            }
            Some(TypeKind::Enum(variants)) => variant_json(library, variants, value),
            None => plain(value),
        },
        (_, value) => plain(value),
    }
}

/// Writes named fields as a JSON object in the order of their declaration.
pub fn encode_fields(library: Library<'_>, fields: &[Field], values: &Fields) -> Json {
    let member = |field: &Field| {
        values.get(&field.name).map(|value| (field.name.to_string(), encode(library, &field.ty, value)))
    };
    Json::Object(fields.iter().filter_map(member).collect())
}

fn members(value: &Value) -> &Fields {
    static NONE: std::sync::LazyLock<Fields> = std::sync::LazyLock::new(Fields::default);
    match value {
        Value::Record(fields) | Value::Variant(_, fields) => fields,
        _ => &NONE,
    }
}

fn variant_json(library: Library<'_>, variants: &[Variant], value: &Value) -> Json {
    let Value::Variant(name, values) = value else {
        return plain(value);
    };
    let mut json = Object::from_iter([("kind".to_owned(), Json::from(name.as_str()))]);
    if let Some(variant) = variants.iter().find(|variant| variant.name == *name)
        && let Json::Object(fields) = encode_fields(library, &variant.fields, values)
    {
        json.extend(fields);
    }
    Json::Object(json)
}
