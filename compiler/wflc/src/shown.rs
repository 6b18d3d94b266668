//! Values as people may see them: what a label marks as sensitive is masked.

use serde_json::{Value as Json, json};
use wfl_eval::encode;
use wfl_ir::{Field, Fields, Label, Plan, Type, TypeKind, Value};

/// A value as JSON of its type, with the fields that are `pii` or above replaced by `<label>`.
pub(crate) fn value(plan: &Plan, ty: &Type, value: &Value) -> Json {
    let mut json = encode(plan.library(), ty, value);
    mask(plan, ty, &mut json);
    json
}

/// The fields of an error or an event, masked.
pub(crate) fn fields(plan: &Plan, declared: &[Field], values: &Fields) -> Json {
    let mut json = wfl_eval::encode_fields(plan.library(), declared, values);
    mask_fields(plan, declared, &mut json);
    json
}

fn mask_member(plan: &Plan, ty: &Type, json: &mut Json, name: &str) {
    if let Some(member) = json.get_mut(name) {
        mask(plan, ty, member);
    }
}

fn mask(plan: &Plan, ty: &Type, json: &mut Json) {
    match (ty, json) {
        (Type::Optional(inner), json) => mask(plan, inner, json),
        (Type::List(inner) | Type::Set(inner), Json::Array(items)) => {
            items.iter_mut().for_each(|item| mask(plan, inner, item));
        }
        (Type::Map(_, inner), Json::Object(members)) => {
            members.values_mut().for_each(|item| mask(plan, inner, item));
        }
        (Type::Map(key, inner), Json::Array(entries)) => {
            for entry in entries {
                mask_member(plan, key, entry, "key");
                mask_member(plan, inner, entry, "value");
            }
        }
        (Type::Result(value, error), json) => {
            mask_member(plan, value, json, "value");
            mask_member(plan, error, json, "error");
        }
        (Type::Record(fields), Json::Object(members)) => {
            for (name, ty) in fields {
                if let Some(member) = members.get_mut(name.as_str()) {
                    mask(plan, ty, member);
                }
            }
        }
        (Type::Named(index), json) => match plan.types.get(*index as usize).map(|def| &def.kind) {
            Some(TypeKind::Record(fields) | TypeKind::Error(fields) | TypeKind::Event(fields)) => {
                mask_fields(plan, fields, json);
            }
            Some(TypeKind::Enum(variants)) => {
                let kind = json.get("kind").and_then(Json::as_str).unwrap_or_default().to_owned();
                if let Some(variant) = variants.iter().find(|variant| variant.name == kind.as_str()) {
                    mask_fields(plan, &variant.fields, json);
                }
            }
            Some(TypeKind::Refined { base, .. }) => mask(plan, base, json),
            None => {}
        },
        _ => {}
    }
}

fn mask_fields(plan: &Plan, declared: &[Field], json: &mut Json) {
    for field in declared {
        let Some(member) = json.get_mut(field.name.as_str()) else { continue };
        match field.label {
            Label::Public | Label::Internal => mask(plan, &field.ty, member),
            Label::Pii => *member = json!("<pii>"),
            Label::Pci => *member = json!("<pci>"),
            Label::Secret => *member = json!("<secret>"),
        }
    }
}
