//! Random values, arguments and types: whatever comes in, something definite comes out.

use wfl_ir::{
    Builtin, Date, Decimal, Duration, Expr, Field, Fields, Label, Library, Money, Name, Timestamp, Type,
    TypeDef, TypeKind, Value, Variant,
};

use crate::{Env, binary, call, decode, encode, evaluate};

/// A small generator (SplitMix64, Steele et al. 2014): its seed is all that a replay needs.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

fn random(test: &str) -> (Random, usize) {
    let seed = std::env::var("WFL_SEED").map_or(20_261_124, |seed| seed.parse().unwrap());
    println!("replay with: WFL_SEED={seed} cargo test -p wfl-eval {test}");
    let rounds = if std::env::var_os("WFL_LONG").is_some() { 100 } else { 1 };
    (Random(seed), rounds)
}

const TEXTS: [&str; 26] = [
    "",
    "a",
    "ä€𝄞",
    "DE89370400440532013000",
    "RF18539007547034",
    "DEUTDEFF",
    "4111111111111111",
    "(",
    "[a-z]+",
    "/0/a~1b",
    "{\"a/b\":[1,2.50,-3e2,null]}",
    "[1e400,\"\\ud800\"]",
    "%Y-%m-%d",
    "%",
    "2026-11-24",
    "-0",
    "9999999999999999999",
    "0.1",
    "2026-11-24T08:00:00Z",
    "a@b.c",
    "\u{0}\u{10ffff}",
    "YWI=",
    "6162",
    "  x ",
    "018f6b1e-0000-7000-8000-000000000001",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];
const INTS: [i64; 12] =
    [0, 1, -1, 2, 3, 7, 97, 2026, i64::MAX, i64::MIN, 1_000_000_000_000, -1_000_000_000_000];
const DECIMALS: [&str; 8] = [
    "0",
    "0.5",
    "-0.125",
    "12.50",
    "9999999999999999999999999999999999",
    "-9999999999999999999999999999999999",
    "0.0000000000000000000000000000000001",
    "3.333333333333333333333333333333333",
];

fn decimal(random: &mut Random) -> Decimal {
    random.of(&DECIMALS).parse().unwrap()
}

fn number(random: &mut Random) -> i64 {
    match random.below(3) {
        0 => random.next() as i64,
        1 => random.next() as i64 % 100,
        _ => random.of(&INTS),
    }
}

fn weekdays() -> Value {
    let free = |name: &str| Value::Variant(name.into(), Fields::default());
    Value::set(["Saturday", "Sunday"].map(free))
}

fn scalar(random: &mut Random) -> Value {
    match random.below(15) {
        0 => Value::None,
        1 => Value::Unit,
        2 => Value::Bool(random.below(2) == 0),
        3 | 4 => Value::Int(number(random)),
        5 => Value::Decimal(decimal(random)),
        6 | 7 => Value::text(random.of(&TEXTS)),
        8 => Value::Uuid(std::array::from_fn(|_| random.next() as u8)),
        9 => Value::Timestamp(Timestamp(number(random))),
        10 => Value::Duration(Duration(number(random))),
        11 => {
            let currency = random.of(&["EUR", "JPY", "KWD"]).parse().unwrap();
            Value::Money(Money { amount: decimal(random), currency })
        }
        12 => Value::Bytes(random.of(&TEXTS).as_bytes().to_vec().into()),
        13 => Value::Json(
            random.of(&["null", "7", "-1.5e3", "[1,[2]]", "{\"a\":{\"b\":\"c\"}}", "broken"]).into(),
        ),
        _ => {
            let days = random.of(&[0, 20_781, i64::from(Date::MIN.days()), i64::from(Date::MAX.days())]);
            Value::Date(Date::from_days(days).unwrap())
        }
    }
}

fn value(random: &mut Random, depth: usize) -> Value {
    let many =
        |random: &mut Random| (0..random.below(6)).map(|_| value(random, depth - 1)).collect::<Vec<_>>();
    match random.below(if depth == 0 { 1 } else { 8 }) {
        0..=2 => scalar(random),
        3 => {
            // Items of one kind, as typed lists have them.
            let one = value(random, depth - 1);
            let alike = |random: &mut Random| match &one {
                Value::Int(_) => Value::Int(number(random)),
                Value::String(_) => Value::text(random.of(&TEXTS)),
                other => other.clone(),
            };
            Value::list((0..random.below(6)).map(|_| alike(random)))
        }
        4 => Value::list(many(random)),
        5 => Value::set(many(random)),
        6 => {
            let keys = many(random);
            Value::map(keys.into_iter().map(|key| (key, scalar(random))).collect::<Vec<_>>())
        }
        _ if random.below(2) == 0 => Value::record([
            ("weekend".into(), weekdays()),
            ("holidays".into(), Value::set([Value::Date(Date::MAX)])),
        ]),
        _ => {
            let name = random.of(&["Ok", "Err", "Monday", "X"]);
            Value::Variant(name.into(), Fields::new([("value".into(), scalar(random))]))
        }
    }
}

/// A body that does something with its parameters, whatever they are.
fn lambda(random: &mut Random) -> Expr {
    let local = |random: &mut Random| Expr::Local(random.below(3) as u32);
    let body = match random.below(5) {
        0 => local(random),
        1 => Expr::Const(scalar(random)),
        2 => Expr::List(vec![local(random), local(random)]),
        3 => Expr::Call(random.of(Builtin::ALL), vec![local(random)]),
        _ => Expr::Binary(
            random.of(&[wfl_ir::Binary::Add, wfl_ir::Binary::Less, wfl_ir::Binary::Equal]),
            Box::new(local(random)),
            Box::new(local(random)),
        ),
    };
    Expr::Lambda { params: random.below(3) as u32, body: Box::new(body) }
}

#[test]
fn functions_take_anything() {
    let (mut random, rounds) = random("functions_take_anything");
    let env = Env::constant(Library::default());
    for _ in 0..300 * rounds {
        for function in Builtin::ALL {
            let arity = random.below(5);
            let values: Vec<Value> = (0..arity).map(|_| value(&mut random, 3)).collect();
            let direct = call(*function, &values);
            let mut arguments: Vec<Expr> = values.into_iter().map(Expr::Const).collect();
            let same = evaluate(env, &Expr::Call(*function, arguments.clone()));
            assert_eq!(direct, same, "{function:?} of {arguments:?}");
            if random.below(2) == 0 {
                let at = random.below(arguments.len() + 1);
                arguments.insert(at, lambda(&mut random));
                let _ = evaluate(env, &Expr::Call(*function, arguments));
            }
        }
    }
}

#[test]
fn operators_take_anything() {
    use wfl_ir::Binary as B;
    let all = [
        B::Add,
        B::Subtract,
        B::Multiply,
        B::Divide,
        B::Equal,
        B::NotEqual,
        B::Less,
        B::LessOrEqual,
        B::Greater,
        B::GreaterOrEqual,
        B::And,
        B::Or,
        B::Otherwise,
        B::In,
        B::Within,
    ];
    let (mut random, rounds) = random("operators_take_anything");
    for _ in 0..2_000 * rounds {
        let (a, b) = (value(&mut random, 2), value(&mut random, 2));
        for op in all {
            let _ = binary(op, &a, &b);
        }
    }
}

#[test]
fn values_have_one_order_and_survive_their_bytes() {
    let (mut random, rounds) = random("values_have_one_order_and_survive_their_bytes");
    for _ in 0..2_000 * rounds {
        let all: [Value; 3] = std::array::from_fn(|_| value(&mut random, 3));
        let [a, b, c] = &all;
        assert_eq!(a.order(b), b.order(a).reverse(), "{a:?} {b:?}");
        assert_eq!(a.order(b).is_eq(), a == b, "{a:?} {b:?}");
        assert!(!(a.order(b).is_le() && b.order(c).is_le()) || a.order(c).is_le(), "{a:?} {b:?} {c:?}");
        assert_eq!(a.canonical_bytes() == b.canonical_bytes(), a == b, "{a:?} {b:?}");
        assert_eq!(minicbor::decode::<Value>(&a.canonical_bytes()).unwrap(), *a);
        assert_eq!(serde_json::from_str::<Value>(&serde_json::to_string(a).unwrap()).unwrap(), *a);
    }
}

#[test]
fn allocated_parts_add_up() {
    let (mut random, rounds) = random("allocated_parts_add_up");
    for _ in 0..2_000 * rounds {
        let units = random.next() as i64 >> random.below(40);
        let currency = random.of(&["EUR", "JPY", "KWD"]).parse().unwrap();
        let money = |units: i128| {
            let currency: wfl_ir::Currency = currency;
            let amount = Decimal::new(units, currency.places()).unwrap();
            Value::Money(Money { amount, currency })
        };
        let whole = money(i128::from(units));
        let parts = 1 + random.below(50) as i64;
        let equal = call(Builtin::Allocate, &[whole.clone(), Value::Int(parts)]).unwrap();
        let mut weights: Vec<Value> =
            (0..parts).map(|_| Value::Int(random.next() as i64 >> random.below(60) & i64::MAX)).collect();
        weights.push(Value::Int(1));
        let weighted = call(Builtin::AllocateBy, &[whole.clone(), Value::list(weights)]).unwrap();
        for (allocated, count) in [(&equal, parts), (&weighted, parts + 1)] {
            let Value::List(items) = allocated else { panic!("{allocated:?}") };
            assert_eq!(items.len() as i64, count);
            assert_eq!(call(Builtin::Sum, std::slice::from_ref(allocated)).unwrap(), whole, "{allocated:?}");
        }
        let Value::List(items) = equal else { unreachable!() };
        let difference = binary(wfl_ir::Binary::Subtract, &items[0], &items[items.len() - 1]).unwrap();
        let one = [money(-1), money(0), money(1)];
        assert!(one.contains(&difference), "{items:?}", items = items.to_vec());
    }
}

fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty, rule: None, label: Label::Public }
}

/// Named types to choose from: an enum without fields, one with, a record, an error and a refined text.
fn types() -> Vec<TypeDef> {
    let plain = |name: &str| Variant { name: name.into(), fields: vec![] };
    let with = Variant { name: "With".into(), fields: vec![field("n", Type::Int)] };
    let def = |name: &str, kind| TypeDef { name: Name::from(name), kind };
    vec![
        def("m.Plain", TypeKind::Enum(vec![plain("A"), plain("B"), plain("C")])),
        def("m.Mixed", TypeKind::Enum(vec![plain("Without"), with])),
        def(
            "m.Pair",
            TypeKind::Record(vec![field("a", Type::Date), field("b", Type::Optional(Box::new(Type::Bytes)))]),
        ),
        def("m.Refused", TypeKind::Error(vec![field("code", Type::String)])),
        def("m.Text", TypeKind::Refined { base: Type::String, rule: None }),
    ]
}

fn ty(random: &mut Random, depth: usize) -> Type {
    let inner = |random: &mut Random| Box::new(ty(random, depth - 1));
    match random.below(if depth == 0 { 12 } else { 19 }) {
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
        10 | 11 => Type::Named(random.below(5) as u32),
        12 => Type::List(inner(random)),
        13 => Type::Set(inner(random)),
        14 | 15 => Type::Map(inner(random), inner(random)),
        16 => Type::Result(inner(random), Box::new(Type::Named(3))),
        17 => Type::Record(vec![("x".into(), ty(random, depth - 1)), ("y".into(), Type::Int)]),
        // Never an optional of an optional.
        _ => match ty(random, depth - 1) {
            Type::Optional(inner) => Type::Optional(inner),
            other => Type::Optional(Box::new(other)),
        },
    }
}

/// A value of a type.
fn value_of(random: &mut Random, types: &[TypeDef], ty: &Type) -> Value {
    let many = |random: &mut Random, ty: &Type| -> Vec<Value> {
        (0..random.below(5)).map(|_| value_of(random, types, ty)).collect()
    };
    let fields = |random: &mut Random, fields: &[Field]| {
        let one = |field: &Field| (field.name.clone(), value_of(random, types, &field.ty));
        Fields::new(fields.iter().map(one).collect::<Vec<_>>())
    };
    match ty {
        Type::Optional(_) if random.below(3) == 0 => Value::None,
        Type::Optional(inner) => value_of(random, types, inner),
        Type::List(inner) => Value::list(many(random, inner)),
        Type::Set(inner) => Value::set(many(random, inner)),
        Type::Map(key, inner) => {
            let keys = many(random, key);
            Value::map(keys.into_iter().map(|key| (key, value_of(random, types, inner))).collect::<Vec<_>>())
        }
        Type::Result(value, _) if random.below(2) == 0 => Value::ok(value_of(random, types, value)),
        Type::Result(_, error) => Value::err(value_of(random, types, error)),
        Type::Record(members) => {
            let one = |(name, ty): &(Name, Type)| (name.clone(), value_of(random, types, ty));
            Value::record(members.iter().map(one).collect::<Vec<_>>())
        }
        Type::Named(index) => match &types[*index as usize].kind {
            TypeKind::Record(all) => Value::Record(fields(random, all)),
            TypeKind::Error(all) | TypeKind::Event(all) => {
                Value::Variant(types[*index as usize].short_name().into(), fields(random, all))
            }
            TypeKind::Enum(variants) => {
                let variant = random.of(variants);
                Value::Variant(variant.name.clone(), fields(random, &variant.fields))
            }
            TypeKind::Refined { base, .. } => value_of(random, types, base),
        },
        Type::Money(_) => {
            let amount = Decimal::new(i128::from(random.next() as i64), 2).unwrap();
            Value::Money(Money { amount, currency: "EUR".parse().unwrap() })
        }
        Type::Bool => Value::Bool(random.below(2) == 0),
        Type::Int => Value::Int(number(random)),
        Type::Decimal => Value::Decimal(decimal(random)),
        Type::String => Value::text(random.of(&TEXTS)),
        Type::Uuid => Value::Uuid(std::array::from_fn(|_| random.next() as u8)),
        Type::Timestamp => Value::Timestamp(Timestamp(random.below(1 << 50) as i64)),
        Type::Duration => Value::Duration(Duration(number(random) % (1 << 55))),
        Type::Bytes => Value::Bytes(random.of(&TEXTS).as_bytes().to_vec().into()),
        Type::Date => Value::Date(Date::from_days(random.below(80_000) as i64 - 40_000).unwrap()),
        Type::Unit => Value::Unit,
        Type::Json => Value::Json("{}".into()),
    }
}

#[test]
fn values_cross_the_border_unchanged() {
    let (mut random, rounds) = random("values_cross_the_border_unchanged");
    let types = types();
    let library = Library::of_types(&types);
    for _ in 0..5_000 * rounds {
        let ty = ty(&mut random, 3);
        let value = value_of(&mut random, &types, &ty);
        let json = encode(library, &ty, &value);
        // As it arrives: through text.
        let json: serde_json::Value = serde_json::from_str(&json.to_string()).unwrap();
        match decode(library, &ty, &json) {
            Ok(back) => assert_eq!(back, value, "{ty:?} {json}"),
            Err(invalid) => panic!("{ty:?} {json}: {invalid}"),
        }
    }
}

#[test]
fn types_take_any_json_or_refuse_it() {
    let (mut random, rounds) = random("types_take_any_json_or_refuse_it");
    let types = types();
    let library = Library::of_types(&types);
    for _ in 0..5_000 * rounds {
        let (given, wanted) = (ty(&mut random, 2), ty(&mut random, 2));
        let value = value_of(&mut random, &types, &given);
        if let Ok(taken) = decode(library, &wanted, &encode(library, &given, &value)) {
            let again = encode(library, &wanted, &taken);
            assert_eq!(decode(library, &wanted, &again), Ok(taken), "{wanted:?} {again}");
        }
    }
}
