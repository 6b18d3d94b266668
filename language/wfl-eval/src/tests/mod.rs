//! Tests of the evaluator and the border.

use serde_json::json;
use wfl_ir::{
    Binary, Builtin, Expr, Field, Label, Library, MatchArm, Name, Pattern, Rule, Type, TypeDef, TypeKind,
    Value, Variant,
};

use super::*;

mod notation;
mod vectors;
mod random;
mod groups;
mod functions;

fn eur(amount: &str) -> Value {
    let json = json!({"amount": amount, "currency": "EUR"});
    decode(Library::default(), &Type::Money(None), &json).unwrap()
}

fn int(n: i64) -> Expr {
    Expr::Const(Value::Int(n))
}

fn both(op: Binary, a: Expr, b: Expr) -> Expr {
    Expr::Binary(op, Box::new(a), Box::new(b))
}

fn check(expr: &Expr, expected: &str) {
    let found = match evaluate(Env::constant(Library::default()), expr) {
        Ok(value) => value.to_string(),
        Err(fault) => format!("fault: {fault}"),
    };
    assert_eq!(found, expected, "{expr:?}");
}

#[test]
fn operators() {
    let c = Expr::Const;
    check(&both(Binary::Add, int(2), int(3)), "5");
    check(&both(Binary::Add, int(i64::MAX), int(1)), "fault: a number became too big");
    check(&both(Binary::Add, c(eur("250.00")), c(eur("0.50"))), "EUR 250.50");
    let usd =
        decode(Library::default(), &Type::Money(None), &json!({"amount": "1", "currency": "USD"})).unwrap();
    check(&both(Binary::Add, c(eur("1")), c(usd)), "fault: EUR and USD do not mix");
    check(&both(Binary::Multiply, c(eur("0.05")), c(Value::Decimal("0.5".parse().unwrap()))), "EUR 0.02");
    check(&both(Binary::Otherwise, c(Value::None), int(7)), "7");
    check(&both(Binary::And, c(Value::Bool(false)), c(Value::Unit)), "false");
    check(&both(Binary::Within, int(6), Expr::List(vec![int(6), int(84)])), "true");
    check(
        &both(Binary::Less, c(Value::Bool(true)), int(1)),
        "fault: the expression is ill-formed: `<` does not take a Bool and an Int",
    );
}

#[test]
fn builtins() {
    let text = |t: &str| Expr::Const(Value::text(t));
    let call = |f, args| Expr::Call(f, args);
    check(
        &call(Builtin::Matches, vec![text("acc_00000000000000000001"), text("^acc_[0-9a-z]{20}$")]),
        "true",
    );
    check(&call(Builtin::Matches, vec![text("xacc"), text("acc")]), "false");
    check(&call(Builtin::Matches, vec![text("x"), text("(")]), "fault: `(` is not a regular expression");
    check(&call(Builtin::Length, vec![text("größe")]), "5");
    let rate = Expr::Const(Value::Decimal("0.2".parse().unwrap()));
    check(&call(Builtin::Percent, vec![Expr::Const(eur("250.00")), rate]), "EUR 0.50");
    check(&call(Builtin::AtLeast, vec![Expr::Const(eur("0.10")), Expr::Const(eur("0.50"))]), "EUR 0.50");
    for (iban, good) in [
        ("DE89370400440532013000", "true"),
        ("GB82WEST12345698765432", "true"),
        ("DE88370400440532013000", "false"),
        ("DE8937040044053201300", "false"),
        ("de89370400440532013000", "false"),
        ("", "false"),
    ] {
        check(&call(Builtin::IsIban, vec![text(iban)]), good);
    }
}

#[test]
fn patterns_bind_locals_in_order_and_let_go_of_them() {
    let pair = Expr::List(vec![int(1), int(2)]);
    let arm = |pattern, guard, value| MatchArm { pattern, guard, value };
    let taken = Expr::Match(
        Box::new(pair),
        vec![
            arm(Pattern::Tuple(vec![Pattern::Bind(0), Pattern::Literal(Value::Int(9))]), None, int(0)),
            arm(
                Pattern::Tuple(vec![Pattern::Bind(0), Pattern::Bind(1)]),
                Some(both(Binary::Less, Expr::Local(0), Expr::Local(1))),
                both(Binary::Add, Expr::Local(0), Expr::Local(1)),
            ),
        ],
    );
    check(&taken, "3");
    let is = Expr::Is(Box::new(int(5)), Pattern::Present(Box::new(Pattern::Bind(0))));
    let guarded = both(Binary::And, is.clone(), both(Binary::Greater, Expr::Local(0), int(4)));
    check(&Expr::If(Box::new(guarded), Box::new(Expr::Local(0)), Box::new(int(0))), "5");
    check(&Expr::List(vec![is, Expr::Local(0)]), "fault: the expression is ill-formed: local 0 is not there");
}

#[test]
fn fuel_ends_long_work() {
    let long = Expr::Const(Value::text("a".repeat(1 << 20)));
    let shown = Expr::Interpolate(vec![wfl_ir::Part::Show(long)]);
    let work = Expr::List(vec![Expr::Call(Builtin::Length, vec![shown]); 100]);
    assert_eq!(evaluate(Env::constant(Library::default()), &work), Err(Fault::OutOfFuel));
}

fn field(name: &str, ty: Type, rule: Option<Rule>) -> Field {
    Field { name: name.into(), ty, rule, label: Label::Public }
}

fn types() -> Vec<TypeDef> {
    let rule = |holds, text: &str| Some(Rule { holds, text: text.into() });
    let positive = both(Binary::Greater, Expr::Field(Box::new(Expr::Subject), "amount".into()), int(0));
    let short = both(Binary::LessOrEqual, Expr::Call(Builtin::Length, vec![Expr::Subject]), int(3));
    let account = Expr::Call(Builtin::Matches, vec![Expr::Subject, Expr::Const(Value::text("acc_[0-9]+"))]);
    let def = |name: &str, kind| TypeDef { name: Name::from(name), kind };
    vec![
        def("m.Account", TypeKind::Refined { base: Type::String, rule: rule(account, "matches(value, …)") }),
        def(
            "m.Request",
            TypeKind::Record(vec![
                field("account", Type::Named(0), None),
                field(
                    "amount",
                    Type::Money(Some("EUR".parse().unwrap())),
                    rule(positive, "value.amount > 0"),
                ),
                field("memo", Type::Optional(Box::new(Type::String)), rule(short, "length(value) <= 3")),
                field("tags", Type::Optional(Box::new(Type::List(Box::new(Type::Int)))), None),
            ]),
        ),
        def(
            "m.Reason",
            TypeKind::Enum(vec![
                Variant { name: "Sanctions".into(), fields: vec![] },
                Variant { name: "Declined".into(), fields: vec![field("code", Type::String, None)] },
            ]),
        ),
    ]
}

#[test]
fn good_json_comes_in_and_goes_out_the_same() {
    let types = types();
    for (ty, json) in [
        (
            Type::Named(1),
            json!({"account": "acc_1", "amount": {"amount": "12.50", "currency": "EUR"}, "memo": "abc", "tags": [1, -2]}),
        ),
        (Type::Named(1), json!({"account": "acc_1", "amount": {"amount": "12.00", "currency": "EUR"}})),
        (Type::Named(2), json!({"kind": "Declined", "code": "AM04"})),
        (Type::Named(2), json!({"kind": "Sanctions"})),
        (Type::Duration, json!("PT2H30M")),
        (Type::Timestamp, json!("2026-11-24T08:00:00.25Z")),
        (Type::Uuid, json!("018f6b1e-0000-7000-8000-000000000001")),
        (Type::Unit, json!(null)),
        (Type::Json, json!({"a": [1.5, null]})),
        (Type::Money(None), json!({"amount": "100", "currency": "JPY"})),
    ] {
        let value = decode(Library::of_types(&types), &ty, &json).unwrap_or_else(|e| panic!("{json}: {e}"));
        assert_eq!(encode(Library::of_types(&types), &ty, &value), json);
    }
}

#[test]
fn bad_json_is_refused_by_path_and_rule() {
    let types = types();
    let good = json!({"account": "acc_1", "amount": {"amount": "12.50", "currency": "EUR"}});
    let with = |name: &str, value: serde_json::Value| {
        let mut json = good.clone();
        json[name] = value;
        json
    };
    for (json, expected) in [
        (json!(3), "$ must be an object, not a number"),
        (json!({"account": "acc_1"}), "$.amount is missing"),
        (with("account", json!("acc_x")), "$.account breaks the rule `matches(value, …)` of Account"),
        (with("account", json!(null)), "$.account must be text, not null"),
        (
            with("amount", json!({"amount": "0.00", "currency": "EUR"})),
            "$.amount breaks the rule `value.amount > 0`",
        ),
        (
            with("amount", json!({"amount": 5, "currency": "EUR"})),
            "$.amount.amount must be a decimal number as text, such as \"12.50\"",
        ),
        (
            with("amount", json!({"amount": "5.001", "currency": "EUR"})),
            "$.amount.amount has more than the 2 places after the point that EUR has",
        ),
        (with("amount", json!({"amount": "5", "currency": "USD"})), "$.amount.currency must be EUR, not USD"),
        (
            with("amount", json!({"amount": "5", "currency": "QQQ"})),
            "$.amount.currency must be the code of an active ISO 4217 currency",
        ),
        (with("memo", json!("abcd")), "$.memo breaks the rule `length(value) <= 3`"),
        (
            with("tags", json!([1, 2.5])),
            "$.tags[1] is not a whole number of 64 bits, written without a point",
        ),
    ] {
        assert_eq!(
            decode(Library::of_types(&types), &Type::Named(1), &json).unwrap_err().to_string(),
            expected
        );
    }
    for (json, expected) in [
        (json!("Sanctions"), "$ must be an object whose `kind` is a variant of Reason"),
        (json!({"kind": "Nope"}), "$.kind must be one of Sanctions, Declined"),
        (json!({"kind": "Declined"}), "$.code is missing"),
    ] {
        assert_eq!(
            decode(Library::of_types(&types), &Type::Named(2), &json).unwrap_err().to_string(),
            expected
        );
    }
}

/// A type, JSON of it, and the JSON as it goes out again, or why it is refused.
fn crossing(table: &[(Type, serde_json::Value, Result<(), &str>)]) {
    let types = types();
    let library = Library::of_types(&types);
    for (ty, json, expected) in table {
        match (decode(library, ty, json), expected) {
            (Ok(value), Ok(())) => assert_eq!(encode(library, ty, &value), *json, "{ty:?}"),
            (Err(invalid), Err(why)) => assert_eq!(invalid.to_string(), *why, "{json}"),
            (found, _) => panic!("{ty:?} {json}: {found:?}"),
        }
    }
}

#[test]
fn days_bytes_sets_and_results_cross_the_border() {
    let set = Type::Set(Box::new(Type::Int));
    let result = Type::Result(Box::new(Type::Int), Box::new(Type::Named(2)));
    crossing(&[
        (Type::Date, json!("2026-11-24"), Ok(())),
        (Type::Date, json!("2026-11-31"), Err("$ is not a day as text, such as \"2026-11-24\"")),
        (Type::Date, json!(20781), Err("$ must be a day as text, such as \"2026-11-24\", not a number")),
        (Type::Bytes, json!("YWI="), Ok(())),
        (Type::Bytes, json!("YWI"), Err("$ is not base64 text with padding")),
        (set.clone(), json!([1, 2]), Ok(())),
        (set.clone(), json!([2, 1, 2]), Err("$[2] is in the set already")),
        (set.clone(), json!([1, "2"]), Err("$[1] must be a whole number, not text")),
        (set, json!({}), Err("$ must be an array, not an object")),
        (result.clone(), json!({"kind": "Ok", "value": 7}), Ok(())),
        (result.clone(), json!({"kind": "Err", "error": {"kind": "Declined", "code": "AM04"}}), Ok(())),
        (result.clone(), json!({"kind": "Ok"}), Err("$.value is missing")),
        (result.clone(), json!({"kind": "ok", "value": 7}), Err("$.kind must be one of Ok, Err")),
        (result, json!(7), Err("$ must be an object whose `kind` is Ok or Err, not a number")),
    ]);
}

/// `type M = Int? where …`, `type N = M`, and a record of both.
fn new_types_of_optional_ones() -> Vec<TypeDef> {
    let optional = Type::Optional(Box::new(Type::Int));
    let def = |name: &str, kind| TypeDef { name: name.into(), kind };
    let field = |name: &str, ty| Field { name: name.into(), ty, rule: None, label: Label::Public };
    let holds = Expr::Binary(Binary::Less, Box::new(Expr::Subject), Box::new(Expr::Const(Value::Int(9))));
    let rule = Some(Rule { holds, text: "value < 9".into() });
    vec![
        def("m.M", TypeKind::Refined { base: optional, rule }),
        def("m.N", TypeKind::Refined { base: Type::Named(0), rule: None }),
        def("m.R", TypeKind::Record(vec![field("m", Type::Named(0)), field("n", Type::Named(1))])),
        def("m.Sent", TypeKind::Refined { base: Type::Unit, rule: None }),
    ]
}

#[test]
fn what_may_be_absent_comes_back_as_it_was() {
    let types = new_types_of_optional_ones();
    let library = Library::of_types(&types);
    let optional = |ty| Type::Optional(Box::new(ty));
    let nested = Type::Record(vec![("x".into(), Type::Named(1)), ("y".into(), optional(Type::Unit))]);
    let result = Type::Result(Box::new(Type::Named(1)), Box::new(Type::Unit));
    let map = Type::Map(Box::new(Type::Bool), Box::new(Type::Named(1)));
    for (ty, json, expected) in [
        (Type::Named(0), json!(null), Ok(json!(null))),
        (Type::Named(1), json!(8), Ok(json!(8))),
        (Type::Named(1), json!(9), Err("$ breaks the rule `value < 9` of M")),
        (Type::Named(2), json!({}), Ok(json!({}))),
        (Type::Named(2), json!({"m": null, "n": null}), Ok(json!({}))),
        (Type::Named(2), json!({"n": 1}), Ok(json!({"n": 1}))),
        (Type::Named(2), json!({"n": 9}), Err("$.n breaks the rule `value < 9` of M")),
        (Type::List(Box::new(Type::Named(1))), json!([1, null]), Ok(json!([1, null]))),
        (optional(Type::Named(1)), json!(null), Ok(json!(null))),
        (nested.clone(), json!({}), Ok(json!({}))),
        (nested.clone(), json!({"x": null, "y": null}), Ok(json!({}))),
        (nested, json!({"x": 2, "y": {}}), Ok(json!({"x": 2, "y": {}}))),
        (result, json!({"kind": "Ok"}), Ok(json!({"kind": "Ok"}))),
        (map, json!([{"key": true}]), Ok(json!([{"key": true, "value": null}]))),
        // There is a present `unit`, and there is none.
        (Type::Unit, json!(null), Ok(json!(null))),
        (Type::Unit, json!({}), Err("$ must be null, not an object")),
        (optional(Type::Unit), json!(null), Ok(json!(null))),
        (optional(Type::Unit), json!({}), Ok(json!({}))),
        (optional(Type::Unit), json!({"more": 1}), Ok(json!({}))),
        (optional(Type::Unit), json!(true), Err("$ must be an object or null, not true or false")),
        (optional(Type::Named(3)), json!(null), Ok(json!(null))),
        (optional(Type::Named(3)), json!({}), Ok(json!({}))),
        (
            Type::List(Box::new(optional(Type::Named(3)))),
            json!([{}, null, []]),
            Err("$[2] must be an object or null, not an array"),
        ),
    ] {
        let found = decode(library, &ty, &json).map_err(|it| it.to_string());
        let found = found.map(|value| encode(library, &ty, &value));
        assert_eq!(found, expected.map_err(str::to_owned), "{json}");
    }
    assert_eq!(decode(library, &optional(Type::Unit), &json!({})), Ok(Value::Unit));
    assert_eq!(decode(library, &optional(Type::Unit), &json!(null)), Ok(Value::None));
}

#[test]
fn maps_cross_the_border_as_objects_where_their_keys_have_a_text() {
    let map = |key: Type| Type::Map(Box::new(key), Box::new(Type::Int));
    let plain = TypeKind::Enum(vec![Variant { name: "A".into(), fields: vec![] }]);
    let types = [types(), vec![TypeDef { name: "m.Plain".into(), kind: plain }]].concat();
    let library = Library::of_types(&types);
    for (key, json) in [
        (Type::String, json!({"a": 1, "b": 2})),
        (Type::Int, json!({"-7": 1, "10": 2})),
        (Type::Uuid, json!({"018f6b1e-0000-7000-8000-000000000001": 1})),
        (Type::Date, json!({"2026-11-24": 1})),
        (Type::Named(0), json!({"acc_1": 1})),
        (Type::Named(3), json!({"A": 1})),
        (Type::Bool, json!([{"key": false, "value": 1}, {"key": true, "value": 2}])),
        (Type::Named(2), json!([{"key": {"kind": "Sanctions"}, "value": 1}])),
        (Type::Duration, json!([])),
        (Type::Int, json!({})),
    ] {
        let value = decode(library, &map(key.clone()), &json).unwrap_or_else(|e| panic!("{json}: {e}"));
        assert_eq!(encode(library, &map(key), &value), json);
    }
    for (key, json, why) in [
        (Type::Int, json!({"01": 1}), "$[0] is not a whole number of 64 bits as a key"),
        (Type::Int, json!({"x": 1}), "$[0] is not a whole number of 64 bits as a key"),
        (Type::Int, json!([]), "$ must be an object, not an array"),
        (Type::Bool, json!({}), "$ must be an array of objects with `key` and `value`, not an object"),
        (Type::Bool, json!([{"key": true}]), "$[0].value is missing"),
        (
            Type::Bool,
            json!([{"key": true, "value": 1}, {"key": true, "value": 1}]),
            "$ has two entries with one key",
        ),
        (
            Type::Uuid,
            json!({"018f6b1e-0000-7000-8000-00000000000a": 1, "018f6b1e-0000-7000-8000-00000000000A": 1}),
            "$ has two entries with one key",
        ),
        (Type::Named(0), json!({"b": 1}), "$[0] breaks the rule `matches(value, …)` of Account"),
        (Type::Named(3), json!({"B": 1}), "$[0] must be one of A"),
        (Type::String, json!({"a": "1"}), "$[0] must be a whole number, not text"),
    ] {
        assert_eq!(decode(library, &map(key), &json).unwrap_err().to_string(), why, "{json}");
    }
}
