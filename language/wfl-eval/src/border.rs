//! The border: JSON from outside becomes values that fulfil their types and rules, and values become JSON.
//!
//! Encoding: Decimal is text; Money is `{"amount": text, "currency": code}`; Timestamp is RFC 3339 in UTC; Duration
//! is ISO 8601; an enum is an object whose `kind` is the variant; an absent optional is left out (`null` is taken
//! for it); Unit is `null`. Unknown members are ignored on the way in.

use serde_json::{Map, Value as Json};
use wfl_ir::{
    Currency, Decimal, Duration, Field, Fields, Money, Name, Rule, Type, TypeDef, TypeKind, Value, Variant,
};

use crate::builtin;
use crate::evaluator::fits;

/// How deep JSON may nest.
const MAX_DEPTH: usize = 64;

/// Why JSON is not a value of a type. Names the place and the rule, never the value: it may be sensitive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} {problem}")]
pub struct InvalidData {
    /// The place as a JSON path: `$.req.amount`.
    pub path: String,
    /// What is wrong there, as the end of a sentence that begins with the path.
    pub problem: String,
}

/// Where in the JSON a decoder stands.
#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn depth(&self) -> usize {
        match self {
            Path::Root => 0,
            Path::Member(parent, _) | Path::Item(parent, _) => parent.depth() + 1,
        }
    }

    fn text(&self) -> String {
        match self {
            Path::Root => "$".to_owned(),
            Path::Member(parent, name) => format!("{}.{name}", parent.text()),
            Path::Item(parent, index) => format!("{}[{index}]", parent.text()),
        }
    }

    fn refuse<T>(&self, problem: impl Into<String>) -> Result<T, InvalidData> {
        Err(InvalidData { path: self.text(), problem: problem.into() })
    }
}

/// Reads a value of a type. Errors name the first place that does not fit.
pub fn decode(types: &[TypeDef], ty: &Type, json: &Json) -> Result<Value, InvalidData> {
    Decoder { types }.value(Path::Root, ty, json)
}

/// Reads an object of named fields: a workflow's input by parameter names, the data of an error.
pub fn decode_fields(types: &[TypeDef], fields: &[Field], json: &Json) -> Result<Fields, InvalidData> {
    Decoder { types }.object(Path::Root, fields, json)
}

struct Decoder<'a> {
    types: &'a [TypeDef],
}

impl Decoder<'_> {
    fn value(&self, at: Path<'_>, ty: &Type, json: &Json) -> Result<Value, InvalidData> {
        if at.depth() > MAX_DEPTH {
            return at.refuse(format!("is nested deeper than {MAX_DEPTH} levels"));
        }
        match (ty, json) {
            (Type::Optional(_), Json::Null) => Ok(Value::None),
            (Type::Optional(inner), json) => self.value(at, inner, json),
            (Type::Unit, Json::Null) => Ok(Value::Unit),
            (Type::Bool, Json::Bool(truth)) => Ok(Value::Bool(*truth)),
            (Type::Int, Json::Number(number)) => match number.as_i64() {
                Some(n) => Ok(Value::Int(n)),
                None => at.refuse("is not a whole number of 64 bits"),
            },
            (Type::Json, json) => Ok(Value::Json(json.to_string().into())),
            (Type::Money(currency), Json::Object(members)) => self.money(at, *currency, members),
            (Type::List(inner), Json::Array(items)) => {
                let item = |(i, json)| self.value(Path::Item(&at, i), inner, json);
                Ok(Value::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?))
            }
            (Type::Record(fields), Json::Object(members)) => {
                let member = |(name, ty): &(Name, Type)| {
                    let at = Path::Member(&at, name);
                    Ok((name.clone(), self.member(at, ty, members.get(name.as_str()))?))
                };
                Ok(Value::record(fields.iter().map(member).collect::<Result<Vec<_>, InvalidData>>()?))
            }
            (Type::Named(index), json) => self.named(at, *index, json),
            (ty, Json::String(text)) => self.text(at, ty, text),
            (ty, json) => at.refuse(format!("must be {}, not {}", expected(self.types, ty), found(json))),
        }
    }

    /// A member that may be missing if its type is optional.
    fn member(&self, at: Path<'_>, ty: &Type, json: Option<&Json>) -> Result<Value, InvalidData> {
        match (ty, json) {
            (Type::Optional(_), None) => Ok(Value::None),
            (_, None) => at.refuse("is missing"),
            (ty, Some(json)) => self.value(at, ty, json),
        }
    }

    fn text(&self, at: Path<'_>, ty: &Type, text: &str) -> Result<Value, InvalidData> {
        let value = match ty {
            Type::String => Some(Value::text(text)),
            Type::Decimal => text.parse().ok().map(Value::Decimal),
            Type::Uuid => builtin::parse_uuid(text).map(Value::Uuid),
            Type::Timestamp => text.parse().ok().map(Value::Timestamp),
            Type::Duration => parse_duration(text).map(Value::Duration),
            _ => None,
        };
        match value {
            Some(value) => Ok(value),
            None => at.refuse(format!("is not {}", expected(self.types, ty))),
        }
    }

    fn money(
        &self,
        at: Path<'_>,
        currency: Option<Currency>,
        json: &Map<String, Json>,
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
        let Some(Ok(number)) = json.get("amount").and_then(Json::as_str).map(str::parse::<Decimal>) else {
            return amount.refuse("must be a decimal number as text, such as \"12.50\"");
        };
        if number.scale() > given.places() {
            return amount.refuse(format!(
                "has more than the {} places after the point that {given} has",
                given.places()
            ));
        }
        Ok(Value::Money(Money { amount: number, currency: given }))
    }

    fn named(&self, at: Path<'_>, index: u32, json: &Json) -> Result<Value, InvalidData> {
        let Some(def) = self.types.get(index as usize) else {
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
        let Some(variant) = variants.iter().find(|variant| variant.name == kind) else {
            let names: Vec<_> = variants.iter().map(|variant| variant.name.as_str()).collect();
            return Path::Member(&at, "kind").refuse(format!("must be one of {}", names.join(", ")));
        };
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
        match fits(self.types, &rule.holds, &value) {
            Ok(true) => Ok(value),
            Ok(false) => at.refuse(format!("breaks the rule `{}`{owner}", rule.text)),
            Err(fault) => {
                at.refuse(format!("cannot be held against the rule `{}`{owner}: {fault}", rule.text))
            }
        }
    }
}

/// Writes a value as JSON of its type. What does not fit its type is written by its own kind.
pub fn encode(types: &[TypeDef], ty: &Type, value: &Value) -> Json {
    match (ty, value) {
        (Type::Optional(inner), value) if *value != Value::None => encode(types, inner, value),
        (Type::List(inner), Value::List(items)) => {
            items.iter().map(|item| encode(types, inner, item)).collect()
        }
        (Type::Record(fields), Value::Record(values)) => {
            let member = |(name, ty): &(Name, Type)| {
                values.get(name).map(|value| (name.to_string(), encode(types, ty, value)))
            };
            Json::Object(fields.iter().filter_map(member).collect())
        }
        (Type::Named(index), value) => match types.get(*index as usize).map(|def| &def.kind) {
            Some(TypeKind::Refined { base, .. }) => encode(types, base, value),
            Some(TypeKind::Record(fields)) => encode_fields(types, fields, members(value)),
            Some(TypeKind::Error(fields) | TypeKind::Event(fields)) => {
                encode_fields(types, fields, members(value))
            }
            Some(TypeKind::Enum(variants)) => variant_json(types, variants, value),
            None => plain(value),
        },
        (_, value) => plain(value),
    }
}

/// Writes named fields as a JSON object in the order of their declaration.
pub fn encode_fields(types: &[TypeDef], fields: &[Field], values: &Fields) -> Json {
    let member = |field: &Field| {
        values.get(&field.name).map(|value| (field.name.to_string(), encode(types, &field.ty, value)))
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

fn variant_json(types: &[TypeDef], variants: &[Variant], value: &Value) -> Json {
    let Value::Variant(name, values) = value else {
        return plain(value);
    };
    let mut json = Map::from_iter([("kind".to_owned(), Json::from(name.as_str()))]);
    if let Some(variant) = variants.iter().find(|variant| variant.name == *name)
        && let Json::Object(fields) = encode_fields(types, &variant.fields, values)
    {
        json.extend(fields);
    }
    Json::Object(json)
}

/// A value by its own kind.
fn plain(value: &Value) -> Json {
    match value {
        Value::None | Value::Unit => Json::Null,
        Value::Bool(truth) => Json::from(*truth),
        Value::Int(n) => Json::from(*n),
        Value::Money(money) => serde_json::json!({
            "amount": money.amount.to_places(money.currency.places()),
            "currency": money.currency.code(),
        }),
        Value::Duration(length) => Json::from(duration_text(*length)),
        Value::Json(text) => serde_json::from_str(text).unwrap_or(Json::Null),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Record(fields) => {
            Json::Object(fields.iter().map(|(n, v)| (n.to_string(), plain(v))).collect())
        }
        Value::Variant(name, fields) => {
            let kind = ("kind".to_owned(), Json::from(name.as_str()));
            Json::Object(
                std::iter::once(kind).chain(fields.iter().map(|(n, v)| (n.to_string(), plain(v)))).collect(),
            )
        }
        Value::Decimal(_) | Value::String(_) | Value::Uuid(_) | Value::Timestamp(_) => {
            Json::from(value.to_string())
        }
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let parsed: jiff::SignedDuration = text.starts_with(['P', '-']).then(|| text.parse().ok()).flatten()?;
    i64::try_from(parsed.as_micros()).ok().map(Duration)
}

/// ISO 8601, as in `PT2H30M`.
fn duration_text(length: Duration) -> String {
    jiff::SignedDuration::from_micros(length.0).to_string()
}

fn expected(types: &[TypeDef], ty: &Type) -> String {
    match ty {
        Type::Unit => "null".into(),
        Type::Bool => "true or false".into(),
        Type::Int => "a whole number".into(),
        Type::Decimal => "a decimal number as text, such as \"12.5\"".into(),
        Type::String => "text".into(),
        Type::Uuid => "a UUID as text".into(),
        Type::Timestamp => "an RFC 3339 time stamp as text".into(),
        Type::Duration => "an ISO 8601 duration as text, such as \"PT15M\"".into(),
        Type::Json => "JSON".into(),
        Type::Money(_) => "an object with `amount` and `currency`".into(),
        Type::List(_) => "an array".into(),
        Type::Record(_) => "an object".into(),
        Type::Optional(inner) => expected(types, inner),
        Type::Named(index) => types.get(*index as usize).map_or("a value", |def| def.short_name()).to_owned(),
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
