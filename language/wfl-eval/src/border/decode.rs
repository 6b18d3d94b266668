//! JSON becomes values that fulfil their types and rules.

use serde_json::{Map as Object, Value as Json};
use wfl_ir::{
    Currency, Decimal, DecimalError, Duration, Field, Fields, Library, MAX_DIGITS, Map, Money, Name, Rule,
    Type, TypeDef, TypeKind, Value, Variant,
};

use crate::border::place::{InvalidData, Path};
use crate::builtin;
use crate::evaluator::fits;
use crate::limit::MAX_DEPTH;

/// Reads a value of a type. Errors name the first place that does not fit.
pub fn decode(library: Library<'_>, ty: &Type, json: &Json) -> Result<Value, InvalidData> {
    Decoder { library }.value(Path::Root, ty, json)
}

/// Reads an object of named fields: a workflow's input by parameter names, the data of an error.
pub fn decode_fields(library: Library<'_>, fields: &[Field], json: &Json) -> Result<Fields, InvalidData> {
    Decoder { library }.object(Path::Root, fields, json)
}

struct Decoder<'a> {
    library: Library<'a>,
}

impl Decoder<'_> {
    fn value(&self, at: Path<'_>, ty: &Type, json: &Json) -> Result<Value, InvalidData> {
        if at.depth() > MAX_DEPTH as usize {
            return at.refuse(format!("is nested deeper than {MAX_DEPTH} levels"));
        }
        match (ty, json) {
            (Type::Optional(_), Json::Null) => Ok(Value::None),
            // `null` is none here, so that what is there must be something else.
            (Type::Optional(inner), Json::Object(_)) if self.library.is_unit(inner) => {
                self.value(at, inner, &Json::Null)
            }
            (Type::Optional(inner), json) if self.library.is_unit(inner) => {
                at.refuse(format!("must be an object or null, not {}", found(json)))
            }
            (Type::Optional(inner), json) => self.value(at, inner, json),
            (Type::Unit, Json::Null) => Ok(Value::Unit),
            (Type::Bool, Json::Bool(truth)) => Ok(Value::Bool(*truth)),
            (Type::Int, Json::Number(number)) => match number.as_i64() {
                Some(n) => Ok(Value::Int(n)),
                None => at.refuse("is not a whole number of 64 bits, written without a point"),
            },
            (Type::Json, json) => Ok(Value::Json(json.to_string().into())),
            (Type::Money(currency), Json::Object(members)) => self.money(at, *currency, members),
            (Type::List(inner), Json::Array(items)) => {
                let item = |(i, json)| self.value(Path::Item(&at, i), inner, json);
                Ok(Value::List(items.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>()?.into()))
            }
            (Type::Set(inner), Json::Array(items)) => self.set(at, inner, items),
            (Type::Map(key, inner), json) => self.map(at, key, inner, json),
            (Type::Result(value, error), Json::Object(members)) => self.result(at, value, error, members),
            (Type::Record(fields), Json::Object(members)) => {
                let member = |(name, ty): &(Name, Type)| {
                    let at = Path::Member(&at, name);
                    Ok((name.clone(), self.member(at, ty, members.get(name.as_str()))?))
                };
                Ok(Value::record(fields.iter().map(member).collect::<Result<Vec<_>, InvalidData>>()?))
            }
            (Type::Named(index), json) => self.named(at, *index, json),
            (ty, Json::String(text)) => self.text(at, ty, text),
            (ty, json) => at.refuse(format!("must be {}, not {}", expected(self.library, ty), found(json))),
        }
    }

    /// A member that may be missing if its type is optional, or a new type of an optional one.
    fn member(&self, at: Path<'_>, ty: &Type, json: Option<&Json>) -> Result<Value, InvalidData> {
        match json {
            Some(json) => self.value(at, ty, json),
            // No rule speaks of none.
            None if self.library.may_be_absent(ty) => Ok(Value::None),
            None => at.refuse("is missing"),
        }
    }

    fn text(&self, at: Path<'_>, ty: &Type, text: &str) -> Result<Value, InvalidData> {
        let value = match ty {
            Type::String => Some(Value::text(text)),
            Type::Decimal => Some(Value::Decimal(self.decimal(at, text)?)),
            Type::Uuid => builtin::parse_uuid(text).map(Value::Uuid),
            Type::Timestamp => text.parse().ok().map(Value::Timestamp),
            Type::Duration => Duration::from_iso(text).map(Value::Duration),
            Type::Date => text.parse().ok().map(Value::Date),
            Type::Bytes => builtin::parse_base64(text).map(|bytes| Value::Bytes(bytes.into())),
            ty => return at.refuse(format!("must be {}, not text", expected(self.library, ty))),
        };
        match value {
            Some(value) => Ok(value),
            None => at.refuse(format!("is not {}", expected(self.library, ty))),
        }
    }

    fn decimal(&self, at: Path<'_>, text: &str) -> Result<Decimal, InvalidData> {
        text.parse().or_else(|error| match error {
            DecimalError::TooBig => at.refuse(format!("has more than {MAX_DIGITS} digits")),
            DecimalError::Malformed => {
                at.refuse(format!("is not {}", expected(self.library, &Type::Decimal)))
            }
        })
    }

    fn set(&self, at: Path<'_>, inner: &Type, items: &[Json]) -> Result<Value, InvalidData> {
        let mut seen: Vec<(Value, usize)> = Vec::new();
        for (i, json) in items.iter().enumerate() {
            seen.push((self.value(Path::Item(&at, i), inner, json)?, i));
        }
        seen.sort_by(|a, b| a.0.order(&b.0).then(a.1.cmp(&b.1)));
        match seen.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Path::Item(&at, pair[1].1).refuse("is in the set already"),
            None => Ok(Value::set(seen.into_iter().map(|(item, _)| item))),
        }
    }

    fn map(&self, at: Path<'_>, key: &Type, inner: &Type, json: &Json) -> Result<Value, InvalidData> {
        let mut entries: Vec<(Value, Value)> = Vec::new();
        match (json, self.library.is_textual(key)) {
            (Json::Object(members), true) => {
                // An entry is named by its place: its key may be sensitive.
                for (i, (name, json)) in members.iter().enumerate() {
                    let at = Path::Item(&at, i);
                    entries.push((self.key(at, key, name)?, self.value(at, inner, json)?));
                }
            }
            (Json::Array(items), false) => {
                for (i, item) in items.iter().enumerate() {
                    let at = Path::Item(&at, i);
                    if !item.is_object() {
                        return at.refuse(format!("must be an object, not {}", found(item)));
                    }
                    let part = |name: &str, ty| self.member(Path::Member(&at, name), ty, item.get(name));
                    entries.push((part("key", key)?, part("value", inner)?));
                }
            }
            _ => {
                let expected =
                    expected(self.library, &Type::Map(Box::new(key.clone()), Box::new(Type::Unit)));
                return at.refuse(format!("must be {expected}, not {}", found(json)));
            }
        }
        let count = entries.len();
        let map = Map::new(entries);
        if map.len() == count { Ok(Value::Map(map)) } else { at.refuse("has two entries with one key") }
    }

    /// A key that is the name of a member. There is one text for each key.
    fn key(&self, at: Path<'_>, ty: &Type, text: &str) -> Result<Value, InvalidData> {
        let json = match ty {
            Type::Named(index) => match self.library.def(*index).map(|def| (def, &def.kind)) {
                Some((def, TypeKind::Refined { base, rule })) => {
                    let value = self.key(at, base, text)?;
                    return self.rule(at, rule.as_ref(), Some(def), value);
                }
                Some((_, TypeKind::Enum(variants))) => {
                    let name = &variant_named(at, variants, text)?.name;
                    return Ok(Value::Variant(name.clone(), Fields::default()));
                }
                _ => Json::from(text),
            },
            // One text for each: no `+7` and no `07`.
            Type::Int => {
                return match text.parse::<i64>() {
                    Ok(number) if number.to_string() == text => Ok(Value::Int(number)),
                    _ => at.refuse("is not a whole number of 64 bits as a key"),
                };
            }
            _ => Json::from(text),
        };
        self.value(at, ty, &json)
    }

    fn result(
        &self,
        at: Path<'_>,
        value: &Type,
        error: &Type,
        members: &Object<String, Json>,
    ) -> Result<Value, InvalidData> {
        let part = |name: &str, ty| self.member(Path::Member(&at, name), ty, members.get(name));
        match members.get("kind").and_then(Json::as_str) {
            Some("Ok") => part("value", value).map(Value::ok),
            Some("Err") => part("error", error).map(Value::err),
            _ => Path::Member(&at, "kind").refuse("must be one of Ok, Err"),
        }
    }

    fn money(
        &self,
        at: Path<'_>,
        currency: Option<Currency>,
        json: &Object<String, Json>,
    ) -> Result<Value, InvalidData> {
        let code = Path::Member(&at, "currency");
        let amount = Path::Member(&at, "amount");
        let given: Currency = match json.get("currency").and_then(Json::as_str).map(str::parse) {
            Some(Ok(given)) => given,
            _ => return code.refuse("must be the code of an active ISO 4217 currency"),
        };
        if let Some(expected) = currency.filter(|c| *c != given) {
            return code.refuse(format!("must be {expected}, not {given}"));
        }
        let Some(text) = json.get("amount").and_then(Json::as_str) else {
            return amount.refuse("must be a decimal number as text, such as \"12.50\"");
        };
        let number = self.decimal(amount, text)?;
        if number.scale() > given.places() {
            return amount.refuse(format!(
                "has more than the {} places after the point that {given} has",
                given.places()
            ));
        }
        Ok(Value::Money(Money { amount: number, currency: given }))
    }

    fn named(&self, at: Path<'_>, index: u32, json: &Json) -> Result<Value, InvalidData> {
        let Some(def) = self.library.def(index) else {
            return at.refuse("has a type that is not in the plan");
        };
        match &def.kind {
            TypeKind::Record(fields) => Ok(Value::Record(self.object(at, fields, json)?)),
            TypeKind::Error(fields) | TypeKind::Event(fields) => {
                Ok(Value::Variant(def.short_name().into(), self.object(at, fields, json)?))
            }
            TypeKind::Enum(variants) => self.variant(at, def, variants, json),
            TypeKind::Refined { base, rule } => {
                let value = self.value(at, base, json)?;
                self.rule(at, rule.as_ref(), Some(def), value)
            }
        }
    }

    fn object(&self, at: Path<'_>, fields: &[Field], json: &Json) -> Result<Fields, InvalidData> {
        let Json::Object(members) = json else {
            return at.refuse(format!("must be an object, not {}", found(json)));
        };
        let member = |field: &Field| {
            let at = Path::Member(&at, &field.name);
            let value = self.member(at, &field.ty, members.get(field.name.as_str()))?;
            Ok((field.name.clone(), self.rule(at, field.rule.as_ref(), None, value)?))
        };
        Ok(Fields::new(fields.iter().map(member).collect::<Result<Vec<_>, InvalidData>>()?))
    }

    fn variant(
        &self,
        at: Path<'_>,
        def: &TypeDef,
        variants: &[Variant],
        json: &Json,
    ) -> Result<Value, InvalidData> {
        let Some(kind) = json.get("kind").and_then(Json::as_str) else {
            return at.refuse(format!("must be an object whose `kind` is a variant of {}", def.short_name()));
        };
        let variant = variant_named(Path::Member(&at, "kind"), variants, kind)?;
        Ok(Value::Variant(variant.name.clone(), self.object(at, &variant.fields, json)?))
    }

    fn rule(
        &self,
        at: Path<'_>,
        rule: Option<&Rule>,
        of: Option<&TypeDef>,
        value: Value,
    ) -> Result<Value, InvalidData> {
        let Some(rule) = rule.filter(|_| value != Value::None) else {
            return Ok(value);
        };
        let owner = of.map(|def| format!(" of {}", def.short_name())).unwrap_or_default();
        match fits(self.library, &rule.holds, &value) {
            Ok(true) => Ok(value),
            Ok(false) => at.refuse(format!("breaks the rule `{}`{owner}", rule.text)),
            Err(fault) => {
                at.refuse(format!("cannot be held against the rule `{}`{owner}: {fault}", rule.text))
            }
        }
    }
}

fn variant_named<'v>(at: Path<'_>, variants: &'v [Variant], name: &str) -> Result<&'v Variant, InvalidData> {
    match variants.iter().find(|variant| variant.name == name) {
        Some(variant) => Ok(variant),
        None => {
            let names: Vec<_> = variants.iter().map(|variant| variant.name.as_str()).collect();
            at.refuse(format!("must be one of {}", names.join(", ")))
        }
    }
}

fn expected(library: Library<'_>, ty: &Type) -> String {
    match ty {
        Type::Unit => "null".into(),
        Type::Bool => "true or false".into(),
        Type::Int => "a whole number".into(),
        Type::Decimal => "a decimal number as text, such as \"12.5\"".into(),
        Type::String => "text".into(),
        Type::Uuid => "a UUID as text, such as \"018f6b1e-0000-7000-8000-000000000001\"".into(),
        Type::Timestamp => "an RFC 3339 time stamp as text, such as \"2026-11-24T08:00:00Z\"".into(),
        Type::Duration => "an ISO 8601 duration as text, such as \"PT15M\"".into(),
        Type::Json => "JSON".into(),
        Type::Money(_) => "an object with `amount` and `currency`".into(),
        Type::List(_) => "an array".into(),
        Type::Record(_) => "an object".into(),
        Type::Date => "a day as text, such as \"2026-11-24\"".into(),
        Type::Bytes => "base64 text with padding".into(),
        Type::Set(_) => "an array".into(),
        Type::Map(key, _) if library.is_textual(key) => "an object".into(),
        Type::Map(..) => "an array of objects with `key` and `value`".into(),
        Type::Result(..) => "an object whose `kind` is Ok or Err".into(),
        Type::Optional(inner) => expected(library, inner),
        Type::Named(index) => library.def(*index).map_or("a value", |def| def.short_name()).to_owned(),
    }
}

fn found(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
