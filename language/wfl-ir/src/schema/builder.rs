//! Schemas of types, with definitions for what has a name.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::declared::{Field, Rule, TypeDef, TypeKind, Variant};
use crate::function::Library;
use crate::money::Currency;
use crate::name::Name;
use crate::schema::keywords::{Schema, nullable, restrict, schema};
use crate::schema::notes::{Guide, Notes};
use crate::schema::rule;
use crate::schema::scalar::{decimal, key, money, money_name, reference, scalar};
use crate::types::{Label, Type};

/// Builds one document.
pub(crate) struct Builder<'a> {
    library: Library<'a>,
    guide: &'a Guide,
    /// Whether members that nobody declared are refused.
    closed: bool,
    /// The definitions so far; none for those that are being made.
    defs: BTreeMap<String, Option<Schema>>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(library: Library<'a>, guide: &'a Guide, closed: bool) -> Builder<'a> {
        Builder { library, guide, closed, defs: BTreeMap::new() }
    }

    /// The document about a schema: its definitions, and what it is called.
    pub(crate) fn document(self, id: &str, body: Schema) -> Json {
        let mut document = schema(json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": id,
        }));
        document.extend(body);
        let defs = self.defs.into_iter().filter_map(|(name, def)| Some((name, Json::Object(def?))));
        let defs: Schema = defs.collect();
        if !defs.is_empty() {
            document.insert("$defs".to_owned(), Json::Object(defs));
        }
        Json::Object(document)
    }

    /// The schema of a type at the top of a document: what has a name is written out.
    pub(crate) fn top(&mut self, ty: &Type) -> Schema {
        match ty {
            Type::Named(index) => match self.library.def(*index) {
                Some(def) => self.definition(*index, def),
                None => rule::nothing(),
            },
            ty => self.of(ty),
        }
    }

    /// The schema of a type, which refers to the definition of what has a name.
    pub(crate) fn of(&mut self, ty: &Type) -> Schema {
        match ty {
            Type::Decimal => self.number(),
            Type::Money(currency) => self.money(*currency),
            Type::Named(index) => self.named(*index),
            Type::Optional(inner) => {
                let present = self.present(inner);
                nullable(present)
            }
            Type::List(inner) => schema(json!({ "type": "array", "items": self.of(inner) })),
            Type::Set(inner) => {
                schema(json!({ "type": "array", "items": self.of(inner), "uniqueItems": true }))
            }
            Type::Map(key, value) => self.map(key, value),
            Type::Result(value, error) => {
                let ok = self.alternative("Ok", "value", value);
                let err = self.alternative("Err", "error", error);
                schema(json!({ "type": "object", "oneOf": [ok, err] }))
            }
            Type::Record(members) => {
                let properties =
                    members.iter().map(|(name, ty)| (name.to_string(), Json::Object(self.of(ty))));
                let properties = properties.collect();
                self.object(properties, members.iter().map(|(name, ty)| (name, ty)))
            }
            ty => scalar(ty).unwrap_or_default(),
        }
    }

    fn number(&mut self) -> Schema {
        self.defs.entry("Decimal".to_owned()).or_insert_with(|| Some(decimal()));
        reference("Decimal")
    }

    fn money(&mut self, currency: Option<Currency>) -> Schema {
        self.number();
        let (name, closed) = (money_name(currency), self.closed);
        self.defs.entry(name.clone()).or_insert_with(|| Some(money(currency, closed)));
        reference(&name)
    }

    fn named(&mut self, index: u32) -> Schema {
        let Some(def) = self.library.def(index) else { return rule::nothing() };
        let name = unique_name(self.library, index, def);
        if !self.defs.contains_key(&name) {
            self.defs.insert(name.clone(), None);
            let definition = self.definition(index, def);
            self.defs.insert(name.clone(), Some(definition));
        }
        reference(&name)
    }

    fn definition(&mut self, index: u32, def: &TypeDef) -> Schema {
        let notes = self.guide.about(index);
        let mut definition = schema(json!({ "title": def.short_name() }));
        describe(&mut definition, notes);
        definition.extend(match &def.kind {
            TypeKind::Record(fields) | TypeKind::Error(fields) | TypeKind::Event(fields) => {
                self.fields(Schema::new(), fields, notes)
            }
            TypeKind::Enum(variants) if variants.is_empty() => rule::nothing(),
            TypeKind::Enum(variants) => {
                let all = variants.iter().map(|it| Json::Object(self.variant(it, notes.part(&it.name))));
                let all: Vec<Json> = all.collect();
                schema(json!({ "type": "object", "oneOf": all }))
            }
            TypeKind::Refined { base, rule } => self.ruled(base, rule.as_ref()),
        });
        definition
    }

    /// An object of fields, with what a field besides them is.
    pub(crate) fn fields(&mut self, mut properties: Schema, fields: &[Field], notes: &Notes) -> Schema {
        for field in fields {
            let mut member = self.ruled(&field.ty, field.rule.as_ref());
            label(&mut member, field.label);
            describe(&mut member, notes.part(&field.name));
            match properties.get_mut(field.name.as_str()) {
                // A field that is called as the name of the variant is.
                Some(Json::Object(taken)) => restrict(taken, "allOf", json!([member])),
                _ => {
                    properties.insert(field.name.to_string(), Json::Object(member));
                }
            }
        }
        self.object(properties, fields.iter().map(|field| (&field.name, &field.ty)))
    }

    fn object<'n>(&self, properties: Schema, fields: impl Iterator<Item = (&'n Name, &'n Type)>) -> Schema {
        let needed = fields.filter(|(_, ty)| !self.library.may_be_absent(ty));
        let needed: Vec<Json> = needed.map(|(name, _)| json!(name.as_str())).collect();
        let mut object = schema(json!({ "type": "object", "properties": properties }));
        if !needed.is_empty() {
            object.insert("required".to_owned(), json!(needed));
        }
        if self.closed {
            object.insert("additionalProperties".to_owned(), json!(false));
        }
        object
    }

    /// What an optional value is when it is there.
    fn present(&mut self, inner: &Type) -> Schema {
        if self.library.is_unit(inner) {
            self.object(Schema::new(), std::iter::empty())
        } else {
            self.of(inner)
        }
    }

    fn variant(&mut self, variant: &Variant, notes: &Notes) -> Schema {
        let kind = schema(json!({ "kind": { "const": variant.name.as_str() } }));
        let mut schema = schema(json!({ "title": variant.name.as_str() }));
        describe(&mut schema, notes);
        schema.extend(with_kind(self.fields(kind, &variant.fields, notes)));
        schema
    }

    fn alternative(&mut self, kind: &str, member: &str, ty: &Type) -> Json {
        let properties = schema(json!({ "kind": { "const": kind }, member: self.of(ty) }));
        Json::Object(with_kind(self.object(properties, [(&Name::from(member), ty)].into_iter())))
    }

    fn map(&mut self, key: &Type, value: &Type) -> Schema {
        if self.library.is_textual(key) {
            let mut map = schema(json!({ "type": "object" }));
            let names = self.key(key);
            if names.len() > 1 {
                map.insert("propertyNames".to_owned(), Json::Object(names));
            }
            map.insert("additionalProperties".to_owned(), Json::Object(self.of(value)));
            return map;
        }
        let properties = schema(json!({ "key": self.of(key), "value": self.of(value) }));
        let parts = [(Name::from("key"), key), (Name::from("value"), value)];
        let entry = self.object(properties, parts.iter().map(|(name, ty)| (name, *ty)));
        schema(json!({ "type": "array", "items": entry }))
    }

    /// The schema of a key that is the name of a member.
    fn key(&mut self, ty: &Type) -> Schema {
        let text = || schema(json!({ "type": "string" }));
        let Type::Named(index) = ty else { return key(ty).unwrap_or_else(text) };
        match self.library.def(*index).map(|def| &def.kind) {
            Some(TypeKind::Refined { base, rule }) => {
                let mut names = self.key(base);
                if let Some(rule) = rule {
                    rule::apply_to_key(self.library, base, &rule.holds, &mut names);
                    restrict_text(&mut names, rule);
                }
                names
            }
            Some(TypeKind::Enum(variants)) => {
                let names: Vec<Json> = variants.iter().map(|it| json!(it.name.as_str())).collect();
                schema(json!({ "type": "string", "enum": names }))
            }
            _ => text(),
        }
    }

    /// The schema of a type whose values fulfil a rule, if they are there.
    fn ruled(&mut self, ty: &Type, rule: Option<&Rule>) -> Schema {
        let Some(rule) = rule else { return self.of(ty) };
        let (present, mut ruled) = match ty {
            Type::Optional(inner) => (&**inner, self.present(inner)),
            ty => (ty, self.of(ty)),
        };
        rule::apply(self.library, present, &rule.holds, &mut ruled);
        if self.library.may_be_absent(ty) {
            ruled = nullable(ruled);
        }
        restrict_text(&mut ruled, rule);
        ruled
    }
}

/// The name of a type, apart from errors and events of the same name.
pub(crate) fn unique_name(library: Library<'_>, index: u32, def: &TypeDef) -> String {
    let taken = library.types.iter().enumerate().any(|(at, it)| at != index as usize && it.name == def.name);
    let what = match def.kind {
        TypeKind::Error(_) if taken => ".error",
        TypeKind::Event(_) if taken => ".event",
        _ => "",
    };
    format!("{}{what}", def.name)
}

/// `kind` is needed before all else.
fn with_kind(mut object: Schema) -> Schema {
    let mut required = vec![json!("kind")];
    if let Some(Json::Array(others)) = object.get("required") {
        required.extend(others.iter().filter(|name| **name != "kind").cloned());
    }
    object.insert("required".to_owned(), Json::Array(required));
    object
}

fn restrict_text(to: &mut Schema, rule: &Rule) {
    restrict(to, "x-wfl-where", json!(rule.text.as_str()));
}

fn label(to: &mut Schema, label: Label) {
    if !label.is_public() {
        to.insert("x-wfl-label".to_owned(), json!(label));
    }
    if label == Label::Secret {
        to.insert("writeOnly".to_owned(), json!(true));
    }
}

/// Adds the documentation, and whether it is out of use.
pub(crate) fn describe(to: &mut Schema, notes: &Notes) {
    let mut text = notes.docs.trim().to_owned();
    if let Some(deprecated) = &notes.deprecated {
        let gap = if text.is_empty() { "" } else { "\n\n" };
        text = format!("{text}{gap}{}", deprecated.sentence());
        to.insert("deprecated".to_owned(), json!(true));
    }
    if !text.is_empty() {
        to.insert("description".to_owned(), json!(text));
    }
}
