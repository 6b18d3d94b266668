//! What JSON Schema can say of `where` rules.
//!
//! The keywords are never stricter than the rule. What they cannot say is left to the border, so that a schema may take
//! what is refused there.

use serde_json::{Value as Json, json};

use crate::builtin::Builtin;
use crate::expr::{Binary, Expr, Unary};
use crate::function::Library;
use crate::schema::keywords::{Schema, restrict, schema};
use crate::schema::portable;
use crate::types::Type;
use crate::value::Value;

/// Numbers as text: above zero, not below it, and so on. They are known to be numbers.
const POSITIVE: &str = "^[0-9.]*[1-9]";
const NOT_NEGATIVE: &str = "^([0-9]|-[0.]+$)";
const NEGATIVE: &str = "^-.*[1-9]";
const NOT_POSITIVE: &str = "^(-|[0.]+$)";
const ZERO: &str = "^-?[0.]+$";
const NOT_ZERO: &str = "[1-9]";

/// Adds to the schema of a type what a rule about its values says.
pub(crate) fn apply(library: Library<'_>, ty: &Type, rule: &Expr, to: &mut Schema) {
    for (keyword, value) in said(library, base(library, ty), rule) {
        restrict(to, keyword, value);
    }
}

/// Adds to the schema of the name of a member what a rule about the key says.
pub(crate) fn apply_to_key(library: Library<'_>, ty: &Type, rule: &Expr, to: &mut Schema) {
    if *base(library, ty) == Type::String {
        apply(library, ty, rule, to);
    }
}

/// The type without names and without `?`: a rule holds for values that are there.
fn base<'a>(library: Library<'a>, ty: &'a Type) -> &'a Type {
    use crate::declared::TypeKind;
    let mut at = ty;
    // A chain of types is no longer than the table.
    for _ in 0..=library.types.len() * 2 {
        at = match at {
            Type::Optional(inner) => inner,
            Type::Named(index) => match library.def(*index).map(|def| &def.kind) {
                Some(TypeKind::Refined { base, .. }) => base,
                _ => return at,
            },
            _ => return at,
        };
    }
    at
}

type Said = Vec<(&'static str, Json)>;

fn said(library: Library<'_>, ty: &Type, rule: &Expr) -> Said {
    match rule {
        Expr::Binary(Binary::And, left, right) => {
            let mut both = said(library, ty, left);
            both.extend(said(library, ty, right));
            both
        }
        Expr::Binary(Binary::Or, left, right) => {
            let parts = [said(library, ty, left), said(library, ty, right)];
            // If one side can be anything, so can the whole.
            let open = parts.iter().any(Vec::is_empty);
            if open { Said::new() } else { vec![("anyOf", json!(parts.map(together)))] }
        }
        Expr::Binary(Binary::Within, subject, ends) => match ends_of(ends) {
            Some((low, high)) => {
                let mut both = compared(library, ty, Binary::GreaterOrEqual, subject, &low);
                both.extend(compared(library, ty, Binary::LessOrEqual, subject, &high));
                both
            }
            None => Said::new(),
        },
        Expr::Binary(Binary::In, subject, list) if **subject == Expr::Subject => one_of(ty, list),
        Expr::Binary(op, left, right) => match (constant(left), constant(right)) {
            (None, Some(value)) => compared(library, ty, *op, left, &value),
            (Some(value), None) => {
                turned(*op).map_or(Said::new(), |op| compared(library, ty, op, right, &value))
            }
            _ => Said::new(),
        },
        Expr::Unary(Unary::Not, inner) => match &**inner {
            Expr::Call(Builtin::IsEmpty, arguments) if arguments[..] == [Expr::Subject] => {
                size(library, ty, Binary::GreaterOrEqual, 1)
            }
            _ => Said::new(),
        },
        Expr::Call(function, arguments) => called(library, ty, *function, arguments),
        _ => Said::new(),
    }
}

fn together(said: Said) -> Schema {
    let mut all = Schema::new();
    said.into_iter().for_each(|(keyword, value)| restrict(&mut all, keyword, value));
    all
}

fn called(library: Library<'_>, ty: &Type, function: Builtin, arguments: &[Expr]) -> Said {
    let pattern =
        |pattern: Option<String>| pattern.map(|it| vec![("pattern", json!(it))]).unwrap_or_default();
    match (function, arguments, ty) {
        (Builtin::Matches, [Expr::Subject, Expr::Const(Value::String(text))], Type::String) => {
            pattern(portable::whole(text))
        }
        (Builtin::StartsWith, [Expr::Subject, Expr::Const(Value::String(text))], Type::String) => {
            pattern(Some(portable::prefix(text)))
        }
        (Builtin::IsDigits, [Expr::Subject], Type::String) => pattern(Some("^[0-9]+$".to_owned())),
        (Builtin::IsEmpty, [Expr::Subject], _) => size(library, ty, Binary::LessOrEqual, 0),
        _ => Said::new(),
    }
}

/// A literal, or one behind a minus sign.
fn constant(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Const(value) => Some(value.clone()),
        Expr::Unary(Unary::Negate, inner) => match constant(inner)? {
            Value::Int(number) => number.checked_neg().map(Value::Int),
            Value::Decimal(number) => Some(Value::Decimal(-number)),
            _ => None,
        },
        _ => None,
    }
}

fn ends_of(ends: &Expr) -> Option<(Value, Value)> {
    match ends {
        Expr::List(ends) => match ends.as_slice() {
            [low, high] => Some((constant(low)?, constant(high)?)),
            _ => None,
        },
        Expr::Const(Value::List(ends)) => match &ends[..] {
            [low, high] => Some((low.clone(), high.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// The same comparison, seen from the other side.
fn turned(op: Binary) -> Option<Binary> {
    Some(match op {
        Binary::Less => Binary::Greater,
        Binary::LessOrEqual => Binary::GreaterOrEqual,
        Binary::Greater => Binary::Less,
        Binary::GreaterOrEqual => Binary::LessOrEqual,
        Binary::Equal | Binary::NotEqual => op,
        _ => return None,
    })
}

/// `measured op value`, where what is measured is the subject, its amount or its length.
fn compared(library: Library<'_>, ty: &Type, op: Binary, measured: &Expr, value: &Value) -> Said {
    match (measured, ty) {
        (Expr::Call(Builtin::Length, arguments), _) if arguments[..] == [Expr::Subject] => match value {
            Value::Int(length) => size(library, ty, op, *length),
            _ => Said::new(),
        },
        (Expr::Subject, Type::Int) => match value {
            Value::Int(number) => bound(op, *number),
            Value::Decimal(number) => number.to_i64().map(|number| bound(op, number)).unwrap_or_default(),
            _ => Said::new(),
        },
        (Expr::Subject, Type::String) => match (op, value) {
            (Binary::Equal, Value::String(text)) => vec![("const", json!(text.as_str()))],
            (Binary::NotEqual, Value::String(text)) => vec![("not", json!({ "const": text.as_str() }))],
            _ => Said::new(),
        },
        (Expr::Subject, Type::Decimal) => sign(op, value),
        (Expr::Subject, Type::Money(Some(currency))) => match value {
            Value::Money(money) if money.currency == *currency => {
                of_amount(sign(op, &Value::Decimal(money.amount)))
            }
            _ => Said::new(),
        },
        (Expr::Field(of, part), Type::Money(_)) if **of == Expr::Subject && *part == "amount" => {
            of_amount(sign(op, value))
        }
        _ => Said::new(),
    }
}

fn bound(op: Binary, number: i64) -> Said {
    if !is_exact(number) {
        // Rounding keeps the order, but may make two numbers one: only bounds that are met are never too strict.
        return match op {
            Binary::Less | Binary::LessOrEqual => vec![("maximum", json!(number))],
            Binary::Greater | Binary::GreaterOrEqual => vec![("minimum", json!(number))],
            Binary::Equal => vec![("minimum", json!(number)), ("maximum", json!(number))],
            _ => Said::new(),
        };
    }
    match op {
        Binary::Less => vec![("exclusiveMaximum", json!(number))],
        Binary::LessOrEqual => vec![("maximum", json!(number))],
        Binary::Greater => vec![("exclusiveMinimum", json!(number))],
        Binary::GreaterOrEqual => vec![("minimum", json!(number))],
        Binary::Equal => vec![("const", json!(number))],
        Binary::NotEqual => vec![("not", json!({ "const": number }))],
        _ => Said::new(),
    }
}

/// Whether a validator that calculates in binary floating point sees the number itself.
fn is_exact(number: i64) -> bool {
    number.unsigned_abs() < 1 << 53
}

/// Where a decimal number lies from zero. Other bounds cannot be said of text.
fn sign(op: Binary, value: &Value) -> Said {
    let is_zero = match value {
        Value::Int(number) => *number == 0,
        Value::Decimal(number) => number.is_zero(),
        _ => false,
    };
    let pattern = match op {
        Binary::Greater => POSITIVE,
        Binary::GreaterOrEqual => NOT_NEGATIVE,
        Binary::Less => NEGATIVE,
        Binary::LessOrEqual => NOT_POSITIVE,
        Binary::Equal => ZERO,
        Binary::NotEqual => NOT_ZERO,
        _ => return Said::new(),
    };
    if is_zero { vec![("pattern", json!(pattern))] } else { Said::new() }
}

fn of_amount(said: Said) -> Said {
    if said.is_empty() { said } else { vec![("properties", json!({ "amount": together(said) }))] }
}

/// `length op count`, in the words that the type's JSON has for its length.
fn size(library: Library<'_>, ty: &Type, op: Binary, count: i64) -> Said {
    let (least, most) = match ty {
        Type::String => ("minLength", "maxLength"),
        Type::List(_) | Type::Set(_) => ("minItems", "maxItems"),
        Type::Map(key, _) if library.is_textual(key) => ("minProperties", "maxProperties"),
        Type::Map(..) => ("minItems", "maxItems"),
        _ => return Said::new(),
    };
    let at_least = |count: i64| (count > 0).then(|| (least, json!(count)));
    // No length is below zero.
    let at_most = |count: i64| if count < 0 { ("not", json!({})) } else { (most, json!(count)) };
    match op {
        Binary::Less => vec![at_most(count.saturating_sub(1))],
        Binary::LessOrEqual => vec![at_most(count)],
        Binary::Greater => at_least(count.saturating_add(1)).into_iter().collect(),
        Binary::GreaterOrEqual => at_least(count).into_iter().collect(),
        Binary::Equal => at_least(count).into_iter().chain([at_most(count)]).collect(),
        _ => Said::new(),
    }
}

/// `value in ["a", "b"]`.
fn one_of(ty: &Type, list: &Expr) -> Said {
    let values = match list {
        Expr::List(items) => items.iter().map(constant).collect::<Option<Vec<_>>>(),
        Expr::Const(Value::List(items)) => Some(items.to_vec()),
        _ => None,
    };
    let choice = |value: &Value| match (ty, value) {
        (Type::String, Value::String(text)) => Some(json!(text.as_str())),
        (Type::Int, Value::Int(number)) if is_exact(*number) => Some(json!(number)),
        _ => None,
    };
    let choices = values.and_then(|values| values.iter().map(choice).collect::<Option<Vec<_>>>());
    match choices {
        Some(choices) if !choices.is_empty() => {
            let mut known: Vec<Json> = Vec::new();
            for choice in choices {
                if !known.contains(&choice) {
                    known.push(choice);
                }
            }
            vec![("enum", json!(known))]
        }
        Some(_) => vec![("not", json!({}))],
        None => Said::new(),
    }
}

/// A schema that nothing fits.
pub(crate) fn nothing() -> Schema {
    schema(json!({ "not": {} }))
}
