//! Values of a type, by chance: what a service that nobody has written answers.

use wfl_eval::{check_rule, decode_fields, encode_fields, fits};
use wfl_ir::{
    Bytes, Currency, Date, Decimal, Duration, Field, Fields, Library, List, Map, Money, Name, Plan, Set,
    Timestamp, Type, TypeKind, Value,
};

use crate::pattern::{pattern_of, text_of};
use crate::random::Random;

/// How often a value that breaks its rule is drawn anew.
const TRIES: u32 = 200;

/// A value of a type that fulfils its rules; none if no such value was found.
pub fn sample(library: Library<'_>, ty: &Type, random: &mut Random) -> Option<Value> {
    draw(library, ty, random, 0)
}

/// Arguments that a plan takes; none if no such arguments were found.
pub fn arguments(plan: &Plan, random: &mut Random) -> Option<Fields> {
    let fields = sample_fields(plan.library(), &plan.params, random, 0)?;
    // As they come out of JSON: an absent optional is none.
    let json = encode_fields(plan.library(), &plan.params, &fields);
    decode_fields(plan.library(), &plan.params, &json).ok()
}

/// Fields of a record, an error or a list of parameters.
pub(crate) fn sample_fields(
    library: Library<'_>,
    fields: &[Field],
    random: &mut Random,
    depth: u32,
) -> Option<Fields> {
    let mut drawn = Vec::new();
    for field in fields {
        drawn.push((field.name.clone(), field_value(library, field, random, depth)?));
    }
    Some(Fields::new(drawn))
}

fn field_value(library: Library<'_>, field: &Field, random: &mut Random, depth: u32) -> Option<Value> {
    for _ in 0..TRIES {
        let value = draw(library, &field.ty, random, depth + 1)?;
        match &field.rule {
            Some(rule) if !fits(library, &rule.holds, &value).unwrap_or(false) => {}
            _ => return Some(value),
        }
    }
    None
}

fn draw(library: Library<'_>, ty: &Type, random: &mut Random, depth: u32) -> Option<Value> {
    let many = if depth > 3 { 0 } else { random.below(3) };
    Some(match ty {
        Type::Unit => Value::Unit,
        Type::Bool => Value::Bool(random.below(2) == 1),
        Type::Int => Value::Int(magnitude(random) as i64),
        Type::Decimal => Value::Decimal(Decimal::new(i128::from(magnitude(random)), 2).ok()?),
        Type::String => text(random),
        Type::Uuid => {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&random.number().to_le_bytes());
            bytes[8..].copy_from_slice(&random.number().to_le_bytes());
            Value::Uuid(bytes)
        }
        Type::Timestamp => {
            // From soon to far away, as seen from the beginning of a run.
            let bound = [1_000_000, 3_600_000_000, 86_400_000_000, 1 << 40][random.below(4) as usize];
            Value::Timestamp(Timestamp(1_800_000_000_000_000 + random.below(bound) as i64))
        }
        Type::Duration => Value::Duration(Duration::from_secs(1 + random.below(1_000) as i64)),
        Type::Json => Value::Json(Name::from("{\"answer\":42}")),
        Type::Money(currency) => {
            let currency = currency.or_else(|| "EUR".parse::<Currency>().ok())?;
            let amount = Decimal::new(i128::from(1 + magnitude(random)), currency.places()).ok()?;
            Value::Money(Money { amount, currency })
        }
        Type::Optional(_) if random.below(4) == 0 || depth > 4 => Value::None,
        Type::Optional(inner) => draw(library, inner, random, depth + 1)?,
        Type::List(inner) => {
            let items = (0..many).map(|_| draw(library, inner, random, depth + 1));
            Value::List(items.collect::<Option<Vec<_>>>()?.into_iter().collect::<List>())
        }
        Type::Set(inner) => {
            let items = (0..many).map(|_| draw(library, inner, random, depth + 1));
            Value::Set(Set::new(items.collect::<Option<Vec<_>>>()?))
        }
        Type::Map(key, value) => {
            let mut entries = Vec::new();
            for _ in 0..many {
                entries
                    .push((draw(library, key, random, depth + 1)?, draw(library, value, random, depth + 1)?));
            }
            Value::Map(Map::new(entries))
        }
        Type::Bytes => Value::Bytes(Bytes::from(random.number().to_le_bytes().to_vec())),
        Type::Date => Value::Date(Date::from_days(random.below(30_000) as i64)?),
        Type::Record(fields) => {
            let mut drawn = Vec::new();
            for (name, ty) in fields {
                drawn.push((name.clone(), draw(library, ty, random, depth + 1)?));
            }
            Value::Record(Fields::new(drawn))
        }
        Type::Result(ok, _) => {
            let value = draw(library, ok, random, depth + 1)?;
            Value::Variant(Name::from("Ok"), Fields::new([(Name::from("value"), value)]))
        }
        Type::Named(index) => return named(library, *index, ty, random, depth),
    })
}

fn named(library: Library<'_>, index: u32, ty: &Type, random: &mut Random, depth: u32) -> Option<Value> {
    let def = library.def(index)?;
    match &def.kind {
        TypeKind::Record(fields) => Some(Value::Record(sample_fields(library, fields, random, depth)?)),
        TypeKind::Error(fields) | TypeKind::Event(fields) => {
            Some(Value::Variant(def.short_name().into(), sample_fields(library, fields, random, depth)?))
        }
        TypeKind::Enum(variants) => {
            let variant = random.pick(variants)?;
            Some(Value::Variant(
                variant.name.clone(),
                sample_fields(library, &variant.fields, random, depth)?,
            ))
        }
        TypeKind::Refined { base, rule } => {
            let pattern = rule.as_ref().and_then(|rule| pattern_of(&rule.holds));
            for _ in 0..TRIES {
                let value = match pattern {
                    Some(pattern) => Value::String(Name::from(text_of(pattern, random)?)),
                    None => draw(library, base, random, depth + 1)?,
                };
                if check_rule(library, ty, &value).is_ok_and(|broken| broken.is_none()) {
                    return Some(value);
                }
            }
            None
        }
    }
}

/// A number of one of several sizes.
fn magnitude(random: &mut Random) -> u64 {
    let bound = [10, 100, 1_000, 1_000_000, 100_000_000][random.below(5) as usize];
    random.below(bound)
}

/// Texts that rules ask for.
const KNOWN: [&str; 5] = ["DE89370400440532013000", "GB82WEST12345698765432", "DEUTDEFF", "EUR", "DE"];

fn text(random: &mut Random) -> Value {
    if random.below(8) == 0
        && let Some(known) = random.pick(&KNOWN)
    {
        return Value::String(Name::from(*known));
    }
    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let text: String = (0..8).map(|_| letters[random.below(36) as usize] as char).collect();
    Value::String(Name::from(text))
}
