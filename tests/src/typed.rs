//! Random types with rules, values of them, and JSON that is almost of them.

use serde_json::{Value as Json, json};
use wfl_ir::{
    Binary, Builtin, Currency, Date, Decimal, Duration, Expr, Field, Fields, Label, Library, Money, Name,
    Rule, Timestamp, Type, TypeDef, TypeKind, Unary, Value, Variant,
};

/// Random numbers that come again for the same seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit.max(1) as u64) as usize
    }

    /// One of them.
    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

const TEXTS: &[&str] = &[
    "",
    "a",
    "ab",
    "abc",
    "ä€𝄞",
    "acc_42",
    "acc_42x",
    "12",
    "0012",
    "a-b",
    "a\nb",
    " ",
    "x y",
    "A1",
    "zz9",
    "https://a/b",
    "DE89370400440532013000",
    "RF18539007547034",
];
const NUMBERS: &[i64] = &[0, 1, -1, 2, 3, 5, 6, 84, 85, 300, -7, i64::MAX, i64::MIN, 1_000_000_000_000];
const DECIMALS: &[&str] = &[
    "0",
    "0.5",
    "-0.125",
    "12.5",
    "500",
    "-3",
    "9999999999999999999999999999999999",
    "0.0000000000000000000000000000000001",
    "3.333333333333333333333333333333333",
];
const CURRENCIES: &[&str] = &["EUR", "JPY", "KWD"];

fn currency(code: &str) -> Currency {
    code.parse().unwrap_or_else(|e| unreachable!("{e}"))
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|e| unreachable!("{text}: {e}"))
}

fn call(function: Builtin, arguments: Vec<Expr>) -> Expr {
    Expr::Call(function, arguments)
}

fn binary(op: Binary, left: Expr, right: Expr) -> Expr {
    Expr::Binary(op, Box::new(left), Box::new(right))
}

fn int(number: i64) -> Expr {
    Expr::Const(Value::Int(number))
}

fn text(text: &str) -> Expr {
    Expr::Const(Value::text(text))
}

fn rule(holds: Expr, text: &str) -> Rule {
    Rule { holds, text: text.into() }
}

const COMPARISONS: &[Binary] = &[
    Binary::Less,
    Binary::LessOrEqual,
    Binary::Greater,
    Binary::GreaterOrEqual,
    Binary::Equal,
    Binary::NotEqual,
];
/// Patterns that mean the same in both kinds of regular expressions.
pub const PATTERNS: &[&str] = &[
    r"^acc_[0-9]+$",
    r"[a-z]{1,3}",
    r"a|ab|abc",
    r"(?:a|b)*c?",
    r"[^a]*",
    r".*",
    r"\S+(\s\S+)?",
    r"https://[^\s/?#]+[^\s]*",
    r"[a-c\-]+?",
    r"(?P<word>[A-Z])[0-9]",
    r"[[a-b]x]+",
    r"ä€𝄞|\.",
];

/// Numbers that every validator can tell from their neighbours.
fn small(random: &mut Random) -> i64 {
    Some(random.of(NUMBERS)).filter(|number| number.unsigned_abs() < 1 << 53).unwrap_or(7)
}

/// A rule about values of a base type that JSON Schema can say exactly; its text begins with `=`.
fn exact(random: &mut Random, ty: &Type) -> Option<Rule> {
    let op = random.of(COMPARISONS);
    let holds = match ty {
        Type::Int if random.below(3) == 0 => binary(op, int(small(random)), Expr::Subject),
        Type::Int if random.below(3) == 0 => {
            binary(Binary::In, Expr::Subject, Expr::List(vec![int(1), int(-7), int(84)]))
        }
        Type::Int if random.below(2) == 0 => {
            binary(Binary::Within, Expr::Subject, Expr::List(vec![int(-1), int(84)]))
        }
        Type::Int => binary(op, Expr::Subject, int(small(random))),
        Type::Decimal => binary(op, Expr::Subject, Expr::Const(Value::Decimal(Decimal::ZERO))),
        Type::Money(_) => {
            let amount = Expr::Field(Box::new(Expr::Subject), "amount".into());
            binary(op, amount, Expr::Const(Value::Decimal(Decimal::ZERO)))
        }
        Type::String => match random.below(6) {
            0 | 1 => call(Builtin::Matches, vec![Expr::Subject, text(random.of(PATTERNS))]),
            2 => call(Builtin::StartsWith, vec![Expr::Subject, text("a")]),
            3 => call(Builtin::IsDigits, vec![Expr::Subject]),
            4 => binary(Binary::In, Expr::Subject, Expr::List(vec![text("a"), text("12"), text("ä€𝄞")])),
            _ => length(random),
        },
        Type::List(_) | Type::Set(_) | Type::Map(..) => length(random),
        _ => return None,
    };
    Some(rule(holds, "= said"))
}

fn length(random: &mut Random) -> Expr {
    let length = call(Builtin::Length, vec![Expr::Subject]);
    let ops = &COMPARISONS[..5];
    match random.below(3) {
        0 => Expr::Unary(Unary::Not, Box::new(call(Builtin::IsEmpty, vec![Expr::Subject]))),
        1 => binary(Binary::Within, length, Expr::List(vec![int(1), int(3)])),
        _ => binary(random.of(ops), length, int(random.below(4) as i64)),
    }
}

/// A rule that has no words in JSON Schema; its text begins with `~`.
fn unsaid(random: &mut Random, ty: &Type) -> Option<Rule> {
    let holds = match ty {
        Type::String if random.below(2) == 0 => call(Builtin::IsIban, vec![Expr::Subject]),
        Type::String => call(Builtin::Matches, vec![Expr::Subject, text(r"\d*|\w+")]),
        Type::Int if random.below(2) == 0 => {
            let op = random.of(COMPARISONS);
            binary(op, Expr::Subject, int(random.of(&[i64::MAX, i64::MIN, 1 << 53])))
        }
        Type::Int => {
            let rest = call(Builtin::Remainder, vec![Expr::Subject, int(2)]);
            binary(Binary::Equal, rest, int(0))
        }
        Type::Decimal => binary(Binary::Less, Expr::Subject, Expr::Const(Value::Decimal(decimal("12")))),
        Type::Date => {
            let day = Value::Date(Date::from_days(20_000).unwrap_or(Date::MAX));
            binary(Binary::Less, Expr::Subject, Expr::Const(day))
        }
        _ => return None,
    };
    Some(rule(holds, "~ unsaid"))
}

/// A rule: exact, unsaid, or made of both, of which the exact part is said.
pub(crate) fn any_rule(random: &mut Random, ty: &Type) -> Option<Rule> {
    let exactly = exact(random, ty);
    match random.below(6) {
        0 => unsaid(random, ty),
        1 => {
            let (a, b) = (exactly?, exact(random, ty)?);
            Some(rule(binary(Binary::And, a.holds, b.holds), "= both"))
        }
        2 => {
            let (a, b) = (exactly?, exact(random, ty)?);
            Some(rule(binary(Binary::Or, a.holds, b.holds), "= one of two"))
        }
        3 => {
            let (a, b) = (exactly?, unsaid(random, ty)?);
            let op = random.of(&[Binary::And, Binary::Or]);
            Some(rule(binary(op, a.holds, b.holds), "~ partly said"))
        }
        _ => exactly,
    }
}

/// Named types: how many there are is decided first, so that they can name each other, and themselves.
pub fn types(random: &mut Random) -> Vec<TypeDef> {
    let count = 4 + random.below(4) as u32;
    let def = |name: String, kind| TypeDef { name: Name::from(name), kind };
    let plain = |name: &str| Variant { name: name.into(), fields: vec![] };
    let mut all = vec![
        def("m.Plain".into(), TypeKind::Enum(vec![plain("A"), plain("B")])),
        def("m.Refused".into(), TypeKind::Error(vec![field(random, "code", Type::String)])),
    ];
    for index in 2..count {
        let kind = match random.below(4) {
            0 => {
                let base = ty(random, 1, index);
                let rule = any_rule(random, &resolved(&all, &base));
                TypeKind::Refined { base, rule }
            }
            1 => {
                let mut variant = |name: &str| {
                    let ty = ty(random, 1, index);
                    Variant { name: name.into(), fields: vec![field(random, "x", ty)] }
                };
                TypeKind::Enum(vec![variant("With"), variant("Other"), plain("Without")])
            }
            _ => {
                let names = ["a", "b", "c"];
                let mut fields: Vec<Field> = Vec::new();
                for name in names {
                    let ty = ty(random, 2, index);
                    let rule = any_rule(random, &resolved(&all, &ty));
                    fields.push(Field { rule, ..field(random, name, ty) });
                }
                // Types may lead to themselves, if they need not.
                let again = Type::Optional(Box::new(Type::Named(index)));
                fields.push(field(random, "again", again));
                TypeKind::Record(fields)
            }
        };
        all.push(def(format!("m.T{index}"), kind));
    }
    all
}

pub(crate) fn field(random: &mut Random, name: &str, ty: Type) -> Field {
    let label = random.of(&[Label::Public, Label::Public, Label::Pii, Label::Secret]);
    Field { name: name.into(), ty, rule: None, label }
}

/// The type without `?` and without the names of refined types.
pub(crate) fn resolved(types: &[TypeDef], ty: &Type) -> Type {
    match ty {
        Type::Optional(inner) => resolved(types, inner),
        Type::Named(index) => match types.get(*index as usize).map(|def| &def.kind) {
            Some(TypeKind::Refined { base, .. }) => resolved(types, base),
            _ => ty.clone(),
        },
        _ => ty.clone(),
    }
}

/// A type over the named types before `named`.
pub fn ty(random: &mut Random, depth: usize, named: u32) -> Type {
    let inner = |random: &mut Random| Box::new(ty(random, depth - 1, named));
    match random.below(if depth == 0 { 14 } else { 21 }) {
        0 => Type::Bool,
        1 => Type::Int,
        2 => Type::Decimal,
        3 => Type::String,
        4 => Type::Uuid,
        5 => Type::Timestamp,
        6 => Type::Duration,
        7 => Type::Bytes,
        8 => Type::Date,
        9 => Type::Money(None),
        10 => Type::Money(Some(currency(random.of(CURRENCIES)))),
        11 => random.of(&[Type::Unit, Type::Json]),
        12 | 13 => Type::Named(random.below(named as usize) as u32),
        14 => Type::List(inner(random)),
        15 => Type::Set(Box::new(key(random))),
        16 | 17 => Type::Map(Box::new(key(random)), inner(random)),
        18 => Type::Result(inner(random), Box::new(Type::Named(1))),
        19 => Type::Record(vec![("x".into(), ty(random, depth - 1, named)), ("y".into(), Type::Int)]),
        _ => match ty(random, depth - 1, named) {
            Type::Optional(inner) => Type::Optional(inner),
            other => Type::Optional(Box::new(other)),
        },
    }
}

/// What can tell items apart.
fn key(random: &mut Random) -> Type {
    random.of(&[Type::String, Type::Int, Type::Uuid, Type::Date, Type::Timestamp, Type::Bool, Type::Named(0)])
}

/// A value of a type that fulfils its rules; none when none was found.
pub fn value(random: &mut Random, types: &[TypeDef], ty: &Type, depth: usize) -> Option<Value> {
    let many = |random: &mut Random, ty: &Type| -> Option<Vec<Value>> {
        (0..random.below(4)).map(|_| value(random, types, ty, depth + 1)).collect()
    };
    Some(match ty {
        Type::Optional(_) if depth > 4 || random.below(3) == 0 => Value::None,
        Type::Optional(inner) => value(random, types, inner, depth + 1)?,
        Type::List(inner) => Value::list(many(random, inner)?),
        Type::Set(inner) => Value::set(many(random, inner)?),
        Type::Map(key, inner) => {
            let keys = many(random, key)?;
            let entry = |key| Some((key, value(random, types, inner, depth + 1)?));
            Value::map(keys.into_iter().map(entry).collect::<Option<Vec<_>>>()?)
        }
        Type::Result(good, _) if random.below(2) == 0 => Value::ok(value(random, types, good, depth + 1)?),
        Type::Result(_, error) => Value::err(value(random, types, error, depth + 1)?),
        Type::Record(members) => {
            let mut one =
                |(name, ty): &(Name, Type)| Some((name.clone(), value(random, types, ty, depth + 1)?));
            Value::record(members.iter().map(&mut one).collect::<Option<Vec<_>>>()?)
        }
        Type::Named(index) => named(random, types, *index, depth)?,
        scalar => self::scalar(random, scalar),
    })
}

fn named(random: &mut Random, types: &[TypeDef], index: u32, depth: usize) -> Option<Value> {
    let def = &types[index as usize];
    Some(match &def.kind {
        TypeKind::Record(all) => Value::Record(fields(random, types, all, depth)?),
        TypeKind::Error(all) | TypeKind::Event(all) => {
            Value::Variant(def.short_name().into(), fields(random, types, all, depth)?)
        }
        TypeKind::Enum(variants) => {
            let variant = random.of(variants);
            Value::Variant(variant.name.clone(), fields(random, types, &variant.fields, depth)?)
        }
        TypeKind::Refined { base, rule } => ruled(random, types, base, rule.as_ref(), depth)?,
    })
}

fn fields(random: &mut Random, types: &[TypeDef], all: &[Field], depth: usize) -> Option<Fields> {
    let mut one = |field: &Field| {
        Some((field.name.clone(), ruled(random, types, &field.ty, field.rule.as_ref(), depth)?))
    };
    Some(Fields::new(all.iter().map(&mut one).collect::<Option<Vec<_>>>()?))
}

fn ruled(
    random: &mut Random,
    types: &[TypeDef],
    ty: &Type,
    rule: Option<&Rule>,
    depth: usize,
) -> Option<Value> {
    let library = Library::of_types(types);
    let fits = |value: &Value| match rule {
        Some(rule) if *value != Value::None => wfl_eval::fits(library, &rule.holds, value) == Ok(true),
        _ => true,
    };
    (0..40).find_map(|_| value(random, types, ty, depth + 1).filter(fits))
}

fn scalar(random: &mut Random, ty: &Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(random.below(2) == 0),
        Type::Int => Value::Int(random.of(NUMBERS)),
        Type::Decimal => Value::Decimal(decimal(random.of(DECIMALS))),
        Type::String => Value::text(random.of(TEXTS)),
        Type::Uuid => Value::Uuid(std::array::from_fn(|_| random.number() as u8)),
        Type::Timestamp => {
            let near = Timestamp((random.number() % (1 << 50)) as i64);
            Value::Timestamp(random.of(&[near, near, near, Timestamp::MIN, Timestamp::MAX, Timestamp(-1)]))
        }
        Type::Duration => {
            let any = random.number() as i64 >> random.below(64);
            Value::Duration(Duration(random.of(&[any, any, any, i64::MIN, i64::MAX, -1])))
        }
        Type::Bytes => Value::Bytes(random.of(TEXTS).as_bytes().to_vec().into()),
        Type::Date => Value::Date(Date::from_days(random.below(80_000) as i64 - 40_000).unwrap_or(Date::MIN)),
        Type::Money(one) => {
            let currency = one.unwrap_or_else(|| currency(random.of(CURRENCIES)));
            let units = i128::from(random.number() as i64 >> random.below(64));
            let amount = Decimal::new(units, currency.places()).unwrap_or(Decimal::ZERO);
            Value::Money(Money { amount, currency })
        }
        Type::Json => Value::Json(random.of(&["{}", "[1,2.5]", "\"a\"", "7"]).into()),
        _ => Value::Unit,
    }
}

const STRANGE: &[&str] = &[
    "",
    "x",
    "-0",
    "1.",
    ".5",
    "1e3",
    "+1",
    "00012.500",
    "12.505",
    "-12.5000",
    "0.00000000000000000000000000000000010",
    "99999999999999999999999999999999990",
    "9999999999999999999999999999999999.0",
    "999999999999999999999999999999999.99",
    "000000000000000000000000000000000000001.5",
    "0.00000000000000000000000000000000001",
    "2026-02-30",
    "2026-11-24",
    "0000-01-01",
    "2026-13-01",
    "2026-11-24T08:00:00Z",
    "PT15M",
    "P1D",
    "PT1.5S",
    "-PT1S",
    "-2h",
    "YWI=",
    "YWJ=",
    "YQ==YQ==",
    "YQ",
    "YWJj",
    "018F6B1E-0000-7000-8000-000000000001",
    "018f6b1e-0000-7000-8000-00000000000",
    "A",
    "Ok",
    "With",
    "Without",
    "EUR",
    "JPY",
    "KWD",
    "DEM",
    "01",
    "9223372036854775808",
    "acc_42\n",
    "ſ",
];

/// The JSON with one thing changed somewhere.
pub fn mutated(random: &mut Random, json: &Json) -> Json {
    let mut changed = json.clone();
    let mut at = &mut changed;
    // Goes down until chance or the end of the road stops it.
    loop {
        let count = match &*at {
            Json::Array(items) => items.len(),
            Json::Object(members) => members.len(),
            _ => 0,
        };
        if count == 0 || random.below(4) == 0 {
            break;
        }
        let which = random.below(count);
        let next = match at {
            Json::Array(items) => items.get_mut(which),
            Json::Object(members) => members.values_mut().nth(which),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => return changed,
        }
    }
    change(random, at);
    changed
}

fn change(random: &mut Random, at: &mut Json) {
    match at {
        Json::Object(members) if random.below(4) > 0 => {
            let name = members.keys().nth(random.below(members.len())).cloned();
            match (random.below(4), name) {
                (0, Some(name)) => {
                    members.shift_remove(&name);
                }
                (1, Some(name)) => {
                    if let Some(value) = members.shift_remove(&name) {
                        members.insert(random.of(STRANGE).to_owned(), value);
                    }
                }
                _ => {
                    members.insert(random.of(&["extra", "kind", "value", "12"]).to_owned(), strange(random));
                }
            }
        }
        Json::Array(items) if random.below(4) > 0 => match items.first().cloned() {
            Some(first) if random.below(2) == 0 => items.push(first),
            Some(_) if random.below(2) == 0 => {
                items.pop();
            }
            _ => items.push(strange(random)),
        },
        Json::String(text) if random.below(3) == 0 => {
            match random.below(4) {
                0 => text.push(random.of(&['0', 'a', '\n', '.'])),
                1 => {
                    text.pop();
                }
                2 => *text = text.to_uppercase(),
                _ => text.insert(0, random.of(&['0', '-', 'a'])),
            };
        }
        Json::Number(number) if random.below(3) == 0 => {
            let step = random.of(&[1, -1, 100]);
            *at = json!(number.as_i64().unwrap_or_default().wrapping_add(step));
        }
        at => *at = strange(random),
    }
}

fn strange(random: &mut Random) -> Json {
    match random.below(10) {
        0 => Json::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(random.of(NUMBERS)),
        3 => random.of(&[json!(1.0), json!(1.5), json!(-3.0), json!(9_223_372_036_854_775_808_u64)]),
        4 => random.of(&[json!([]), json!({}), json!([1]), json!({ "kind": "A" })]),
        5 => json!({ "amount": random.of(STRANGE), "currency": random.of(CURRENCIES) }),
        6 => json!(random.of(TEXTS)),
        _ => json!(random.of(STRANGE)),
    }
}
