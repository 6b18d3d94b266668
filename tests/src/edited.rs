//! Random edits of types, as people make them from one version to the next.

use wfl_ir::{Field, Rule, Type, TypeDef, TypeKind, Variant};

use crate::typed::{self, Random, any_rule, field, resolved};

/// The same types after one edit: of a field, a variant, a rule, or a type.
pub fn edited(random: &mut Random, types: &[TypeDef]) -> Vec<TypeDef> {
    let mut all = types.to_vec();
    let at = 2 + random.below(all.len() - 2);
    let mut kind = all[at].kind.clone();
    match &mut kind {
        TypeKind::Record(fields) | TypeKind::Error(fields) | TypeKind::Event(fields) => {
            edit_fields(random, &all, fields, at as u32);
        }
        TypeKind::Enum(variants) => match random.below(3) {
            0 => variants.push(Variant { name: "More".into(), fields: vec![] }),
            1 if variants.len() > 1 => drop(variants.remove(0)),
            _ => edit_fields(random, &all, &mut variants[0].fields, at as u32),
        },
        TypeKind::Refined { base, rule } => match random.below(3) {
            0 => *rule = None,
            1 => *rule = any_rule(random, &resolved(&all, base)),
            _ => {
                *rule = None;
                edit_type(random, base, at as u32);
            }
        },
    }
    all[at].kind = kind;
    let after = all.clone();
    all.iter_mut().for_each(|def| forget_rules(types, &after, def));
    all
}

/// A rule fits the type that it was made for, and no other.
fn forget_rules(before: &[TypeDef], after: &[TypeDef], def: &mut TypeDef) {
    let forget = |ty: &Type, rule: &mut Option<Rule>| {
        if resolved(before, ty) != resolved(after, ty) {
            *rule = None;
        }
    };
    match &mut def.kind {
        TypeKind::Record(fields) | TypeKind::Error(fields) | TypeKind::Event(fields) => {
            fields.iter_mut().for_each(|field| forget(&field.ty, &mut field.rule));
        }
        TypeKind::Enum(variants) => {
            let fields = variants.iter_mut().flat_map(|variant| &mut variant.fields);
            fields.for_each(|field| forget(&field.ty, &mut field.rule));
        }
        TypeKind::Refined { base, rule } => forget(base, rule),
    }
}

fn edit_fields(random: &mut Random, types: &[TypeDef], fields: &mut Vec<Field>, at: u32) {
    let place = random.below(fields.len());
    match random.below(5) {
        0 if fields.len() > 1 => drop(fields.remove(place)),
        1 => {
            let ty = typed::ty(random, 1, at);
            fields.push(field(random, "more", ty));
        }
        2 => fields.push(field(random, "perhaps", Type::Optional(Box::new(Type::Int)))),
        3 => {
            if let Some(field) = fields.get_mut(place) {
                field.rule = any_rule(random, &resolved(types, &field.ty));
            }
        }
        _ => {
            if let Some(field) = fields.get_mut(place) {
                field.rule = None;
                edit_type(random, &mut field.ty, at);
            }
        }
    }
}

fn edit_type(random: &mut Random, ty: &mut Type, named: u32) {
    *ty = match (&*ty, random.below(3)) {
        (Type::Optional(inner), 0 | 1) if **inner != Type::Named(named) => (**inner).clone(),
        (Type::Optional(_), _) => return,
        (_, 0) => Type::Optional(Box::new(ty.clone())),
        (Type::Money(Some(_)), 1) => Type::Money(None),
        (Type::Uuid | Type::Date | Type::Duration, 1) => Type::String,
        (Type::Set(inner), 1) => Type::List(inner.clone()),
        _ => typed::ty(random, 1, named),
    };
}
