//! Tests of numbers, durations, values and plan loading.

use super::*;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn decimals_are_exact() {
    for (a, b, sum, product) in [
        ("0.1", "0.2", "0.3", "0.02"),
        ("1.50", "1.5", "3", "2.25"),
        ("-0.05", "0.05", "0", "-0.0025"),
        (
            "9999999999999999999999999999999999",
            "-1",
            "9999999999999999999999999999999998",
            "-9999999999999999999999999999999999",
        ),
        ("20000000000000000000", "0.0000000000000000005", "20000000000000000000.0000000000000000005", "10"),
    ] {
        let show = |r: Result<Decimal, DecimalError>| r.map_or_else(|e| e.to_string(), |d| d.to_string());
        let sum = if sum.len() > 35 { DecimalError::TooBig.to_string() } else { sum.to_owned() };
        assert_eq!(show(d(a).checked_add(d(b))), sum, "{a} + {b}");
        assert_eq!(show(d(a).checked_mul(d(b))), product, "{a} * {b}");
    }
    assert_eq!(
        d("1e34".replace("e34", &"0".repeat(33)).as_str()).checked_mul(d("10")),
        Err(DecimalError::TooBig)
    );
}

#[test]
fn decimals_round_half_to_even() {
    for (text, places, rounded) in [
        ("0.125", 2, "0.12"),
        ("0.135", 2, "0.14"),
        ("-0.125", 2, "-0.12"),
        ("2.5", 0, "2"),
        ("3.5", 0, "4"),
        ("0.1251", 2, "0.13"),
        ("7", 2, "7"),
    ] {
        assert_eq!(d(text).round_half_even(places), d(rounded), "{text}");
    }
}

#[test]
fn decimals_compare_over_scales() {
    let huge = d("9999999999999999999999999999999999");
    let tiny = d("0.0000000000000000000000000000000001");
    assert!(huge > tiny && tiny > d("0") && -huge < tiny && d("1.10") == d("1.1") && d("2") > d("1.99"));
}

#[test]
fn bad_decimals_are_refused() {
    for bad in ["", "-", ".5", "5.", "1.2.3", "1e5", "+1", " 1", "0x1", "12345678901234567890123456789012345"]
    {
        assert!(bad.parse::<Decimal>().is_err(), "{bad:?}");
    }
    assert_eq!(d("007.10").to_string(), "7.1");
    assert_eq!(d("12.5").to_places(2), "12.50");
    assert_eq!(d("12").to_places(2), "12.00");
    assert_eq!(d("-0.05").to_string(), "-0.05");
}

#[test]
fn durations_read_and_show() {
    for (text, shown) in [
        ("200ms", "200ms"),
        ("90s", "1m30s"),
        ("2h30m", "2h30m"),
        ("45d", "45d"),
        ("1w", "7d"),
        ("1s500ms", "1s500ms"),
    ] {
        assert_eq!(text.parse::<Duration>().unwrap().to_string(), shown);
    }
    for bad in ["", "5", "s", "5x", "-5s", "99999999999999999999d", "5 s"] {
        assert!(bad.parse::<Duration>().is_err(), "{bad:?}");
    }
}

#[test]
fn fields_are_canonical() {
    let a =
        Value::record([("b".into(), Value::Int(2)), ("a".into(), Value::Int(1)), ("c".into(), Value::None)]);
    let b = Value::record([("a".into(), Value::Int(1)), ("b".into(), Value::Int(2))]);
    assert_eq!(a.canonical_bytes(), b.canonical_bytes());
    let twice = Value::record([("a".into(), Value::Int(1)), ("a".into(), Value::Int(9))]);
    assert_eq!(twice.to_string(), "(a: 9)");
}

#[test]
fn values_survive_their_bytes() {
    let money = Money { amount: d("12.50"), currency: "EUR".parse().unwrap() };
    let value = Value::record([
        ("none".into(), Value::None),
        ("money".into(), Value::Money(money)),
        ("id".into(), Value::Uuid([7; 16])),
        ("at".into(), Value::Timestamp("2026-11-24T08:00:00Z".parse().unwrap())),
        ("list".into(), Value::list([Value::Bool(true), Value::Unit, Value::text("ä")])),
        ("v".into(), Value::Variant("Rejected".into(), Fields::new([("reason".into(), Value::text("x"))]))),
    ]);
    assert_eq!(minicbor::decode::<Value>(&value.canonical_bytes()).unwrap(), value);
    assert_eq!(serde_json::from_str::<Value>(&serde_json::to_string(&value).unwrap()).unwrap(), value);
    insta_like(
        "(at: 2026-11-24T08:00:00Z, id: 07070707-0707-0707-0707-070707070707, list: [true, unit, ä], money: EUR 12.50, v: Rejected(reason: x))",
        &value,
    );
}

fn insta_like(expected: &str, value: &Value) {
    assert_eq!(value.to_string(), expected);
}

fn smallest_plan() -> Plan {
    Plan {
        format: FORMAT,
        semantics: SEMANTICS,
        workflow: "m.W".into(),
        version: 1,
        types: vec![],
        functions: vec![],
        operations: vec![],
        params: vec![],
        result: Type::Unit,
        raises: vec![],
        key: Expr::Const(Value::text("k")),
        deadline: None,
        compensation_deadline: None,
        slots: 0,
        scopes: vec![Scope { id: "W".into(), parent: None, parallel_undo: false }],
        regions: vec![],
        attributes: vec![],
        limit: None,
        priority: None,
        nodes: vec![
            Node { id: "W/merge1".into(), scope: 0, region: 0, binds: vec![], kind: NodeKind::Merge },
            Node {
                id: "W/return1".into(),
                scope: 0,
                region: 0,
                binds: vec![],
                kind: NodeKind::Return { value: Expr::Const(Value::Unit) },
            },
        ],
        succ_off: vec![0, 1, 1],
        succ: vec![Edge { to: 1, kind: EdgeKind::Order }],
    }
}

#[test]
fn a_plan_reads_back_under_its_hash() {
    let plan = smallest_plan();
    let (bytes, hash) = plan.encode();
    assert_eq!(Plan::decode_as(hash, &bytes), Ok(plan));
    assert!(matches!(Plan::decode_as(PlanHash([0; 32]), &bytes), Err(PlanError::Hash { .. })));
    assert!(matches!(Plan::decode(b"{"), Err(PlanError::Malformed(_))));
}

#[test]
fn a_plan_that_points_nowhere_is_refused() {
    type Break = fn(&mut Plan);
    let broken: [(&str, Break); 9] = [
        ("back edge", |p| p.succ[0].to = 0),
        ("edge out of bounds", |p| p.succ[0].to = 9),
        ("missing edge", |p| {
            p.succ.clear();
            p.succ_off = vec![0, 0, 0];
        }),
        ("offsets", |p| p.succ_off = vec![0, 1]),
        ("scope", |p| p.nodes[0].scope = 3),
        ("two ids", |p| p.nodes[1].id = p.nodes[0].id.clone()),
        ("slot", |p| p.nodes[0].binds.push(Bind { slot: 4, value: Expr::Subject })),
        ("type", |p| p.result = Type::Named(0)),
        ("error", |p| p.raises.push(0)),
    ];
    for (what, break_it) in broken {
        let mut plan = smallest_plan();
        break_it(&mut plan);
        assert!(matches!(plan.check(), Err(PlanError::Inconsistent(_))), "{what} was taken");
    }
    let mut later = smallest_plan();
    later.semantics = 99;
    assert!(matches!(Plan::decode(&later.encode().0), Err(PlanError::Unsupported { semantics: 99, .. })));
}

#[test]
fn a_plan_may_nest_as_deep_as_the_compiler_lets_it_and_no_deeper() {
    let nested = |levels: usize| {
        let mut value = Expr::Const(Value::Int(1));
        for _ in 0..levels {
            value = Expr::Binary(Binary::Add, Box::new(value), Box::new(Expr::Const(Value::Int(1))));
        }
        let mut plan = smallest_plan();
        plan.nodes[1].kind = NodeKind::Return { value };
        plan.encode().0
    };
    assert!(Plan::decode(&nested(128)).is_ok());
    assert!(
        matches!(Plan::decode(&nested(300)), Err(PlanError::Malformed(why)) if why.contains("nests deeper"))
    );
    assert!(matches!(Plan::decode("[".repeat(1_000_000).as_bytes()), Err(PlanError::Malformed(_))));
}

#[test]
fn quotients_have_34_digits_and_round_half_to_even() {
    let divide = |a: &str, b: &str| match d(a).checked_div(d(b)) {
        None => "none".to_owned(),
        Some(Err(error)) => error.to_string(),
        Some(Ok(quotient)) => quotient.to_string(),
    };
    for (a, b, quotient) in [
        ("1", "3", "0.3333333333333333333333333333333333"),
        ("2", "3", "0.6666666666666666666666666666666667"),
        ("200", "3", "66.66666666666666666666666666666667"),
        ("-1", "8", "-0.125"),
        ("1", "-0.0001", "-10000"),
        ("0", "7", "0"),
        ("7", "0", "none"),
        ("10000000000000000000000000000000005", "2", "the number needs more than 34 digits"),
        ("5", "0.00000000000000000000000000000000001", "the number needs more than 34 digits"),
        ("0.0000000000000000000000000000000001", "2", "0"),
        ("0.0000000000000000000000000000000003", "2", "0.0000000000000000000000000000000002"),
        ("9999999999999999999999999999999999", "9999999999999999999999999999999999", "1"),
        ("9999999999999999999999999999999999", "2", "5000000000000000000000000000000000"),
        ("9999999999999999999999999999999997", "2", "4999999999999999999999999999999998"),
        ("1", "0.0000000000000000000000000000000003", "3333333333333333333333333333333333"),
        ("1", "9999999999999999999999999999999999", "0.0000000000000000000000000000000001"),
    ] {
        // Numbers of over 34 digits are no numbers to begin with.
        let is_number = |text: &str| text.parse::<Decimal>().is_ok();
        if is_number(a) && is_number(b) {
            assert_eq!(divide(a, b), quotient, "{a} / {b}");
        }
    }
    for (text, floor) in [("2.9", "2"), ("-2.1", "-3"), ("-2", "-2"), ("0.5", "0"), ("-0.5", "-1")] {
        assert_eq!(d(text).floor(), d(floor), "{text}");
    }
    assert_eq!((d("12.5").units(2), d("12.505").units(2), d("-3").units(0)), (Some(1250), None, Some(-3)));
    assert_eq!((d("1").units(35), d("9999999999999999999999999999999999").units(34)), (None, None));
}

#[test]
fn days_are_those_of_the_calendar() {
    for (text, days) in [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2000-02-29", 11_016),
        ("0001-01-01", Date::MIN.days()),
        ("9999-12-31", Date::MAX.days()),
    ] {
        let date: Date = text.parse().unwrap();
        assert_eq!((date.days(), date.to_string()), (days, text.to_owned()));
    }
    let bad =
        ["", "2026-02-29", "2026-13-01", "0000-12-31", "20261124", "2026-1-1", "2026-11-24 ", "-026-11-24"];
    for bad in bad {
        assert!(bad.parse::<Date>().is_err(), "{bad:?}");
    }
    let beyond = i64::from(Date::MAX.days()) + 1;
    assert_eq!(Date::from_days(beyond), None);
    assert!(serde_json::from_str::<Date>(&beyond.to_string()).is_err());
    let mut bytes = Vec::new();
    minicbor::encode(beyond, &mut bytes).unwrap();
    assert!(minicbor::decode::<Date>(&bytes).is_err());
}

#[test]
fn sets_and_maps_are_canonical() {
    let int = Value::Int;
    let set = Value::set([int(3), int(1), int(3)]);
    assert_eq!(set.to_string(), "{1, 3}");
    assert_eq!(set.canonical_bytes(), Value::set([int(1), int(3)]).canonical_bytes());
    let map = Value::map([(int(2), int(1)), (int(1), int(1)), (int(2), int(9))]);
    assert_eq!(map.to_string(), "{1: 1, 2: 9}");
    let (Value::Set(set), Value::Map(map)) = (set, map) else { unreachable!() };
    assert!(set.contains(&int(3)) && !set.contains(&int(2)));
    assert_eq!((map.get(&int(2)), map.get(&int(3))), (Some(&int(9)), None));
    let more = map.with(int(0), int(5)).with(int(2), int(7)).without(&int(1)).without(&int(4));
    assert_eq!(Value::Map(more.clone()), Value::map([(int(0), int(5)), (int(2), int(7))]));
    assert_eq!(Value::Map(more).weight(), 5);

    // What was written in another order is read in the right one.
    let mut bytes = Vec::new();
    minicbor::encode([int(3), int(1), int(3)], &mut bytes).unwrap();
    assert_eq!(minicbor::decode::<Set>(&bytes).unwrap(), set);
    assert_eq!(serde_json::from_str::<Set>(r#"[{"Int":3},{"Int":1}]"#).unwrap(), set);
}

#[test]
fn new_kinds_of_values_have_their_own_bytes() {
    for (value, bytes, shown) in [
        (Value::set([Value::Int(1)]), "820e8181820381 01", "{1}"),
        (Value::map([(Value::Int(1), Value::Unit)]), "820f81a182038101820180", "{1: unit}"),
        (Value::Bytes(vec![1, 2, 255].into()), "8210814301 02ff", "AQL/"),
        (Value::Date("2026-11-24".parse().unwrap()), "82118119512d", "2026-11-24"),
        (Value::ok(Value::Int(1)), "820c82624f6ba16576616c756582038101", "Ok(value: 1)"),
        (Value::err(Value::Unit), "820c8263457272a1656572726f72820180", "Err(error: unit)"),
    ] {
        assert_eq!(
            data_encoding::HEXLOWER.encode(&value.canonical_bytes()),
            bytes.replace(' ', ""),
            "{shown}"
        );
        assert_eq!(minicbor::decode::<Value>(&value.canonical_bytes()).unwrap(), value);
        assert_eq!(serde_json::from_str::<Value>(&serde_json::to_string(&value).unwrap()).unwrap(), value);
        assert_eq!(value.to_string(), shown);
    }
}

#[test]
fn weights_count_what_is_shared_each_time() {
    let mut value = Value::text("a".repeat(160));
    assert_eq!((value.weight(), value.depth()), (11, 0));
    for _ in 0..100 {
        value = Value::list([value.clone(), value]);
    }
    assert_eq!((value.weight(), value.depth()), (u64::MAX, 100));
}

/// A plan whose value calls `second`, which calls `first`.
fn plan_with_functions() -> Plan {
    let function = |name: &str, body| Function {
        name: name.into(),
        params: vec![Field { name: "x".into(), ty: Type::Int, rule: None, label: Label::Public }],
        result: Type::Int,
        body,
    };
    let call = |index, argument| Expr::Apply(index, vec![argument]);
    let mut plan = smallest_plan();
    plan.functions = vec![function("m.first", Expr::Local(0)), function("m.second", call(0, Expr::Local(0)))];
    plan.nodes[1].kind = NodeKind::Return { value: call(1, Expr::Const(Value::Int(1))) };
    plan
}

fn returns(plan: &mut Plan, value: Expr) {
    plan.nodes[1].kind = NodeKind::Return { value };
}

#[test]
fn a_plan_keeps_its_functions_and_one_without_has_no_trace_of_them() {
    let plan = plan_with_functions();
    let (bytes, hash) = plan.encode();
    assert_eq!(Plan::decode_as(hash, &bytes), Ok(plan.clone()));
    assert_eq!(plan.library().functions.len(), 2);
    assert!(!String::from_utf8(smallest_plan().encode().0).unwrap().contains("functions"));
}

#[test]
fn an_expression_that_points_nowhere_is_refused() {
    type Break = fn(&mut Plan);
    let list = || Expr::List(vec![]);
    let broken: [(&str, Break); 14] = [
        ("recursion", |p| p.functions[0].body = Expr::Apply(0, vec![Expr::Local(0)])),
        ("a later function", |p| p.functions[0].body = Expr::Apply(1, vec![Expr::Local(0)])),
        ("no such function", |p| returns(p, Expr::Apply(2, vec![Expr::Const(Value::Unit)]))),
        ("another number of arguments", |p| returns(p, Expr::Apply(0, vec![]))),
        ("a slot in a function", |p| p.functions[0].body = Expr::Slot(0)),
        ("no such parameter", |p| p.functions[0].body = Expr::Local(1)),
        ("no such type", |p| p.functions[0].result = Type::Set(Box::new(Type::Named(0)))),
        ("no such type of a key", |p| {
            p.result = Type::Map(Box::new(Type::Named(7)), Box::new(Type::Unit));
        }),
        ("no such type in an expression", |p| {
            returns(p, Expr::Checked(Type::Named(0), Box::new(Expr::Const(Value::Unit))));
        }),
        ("no such slot", |p| returns(p, Expr::Slot(0))),
        ("no such slot in the key", |p| p.key = Expr::Slot(0)),
        ("no such local", |p| returns(p, Expr::Local(0))),
        ("a loose lambda", |p| {
            returns(p, Expr::Lambda { params: 0, body: Box::new(Expr::Const(Value::Unit)) });
        }),
        ("a type that stands for itself", |p| {
            let base = Type::Optional(Box::new(Type::Named(0)));
            p.types = vec![TypeDef { name: "m.T".into(), kind: TypeKind::Refined { base, rule: None } }];
        }),
    ];
    for (what, break_it) in broken {
        let mut plan = plan_with_functions();
        break_it(&mut plan);
        assert!(matches!(plan.check(), Err(PlanError::Inconsistent(_))), "{what} was taken");
    }
    let lambda = |params, body| Expr::Lambda { params, body: Box::new(body) };
    let call = |body| Expr::Call(Builtin::Map, vec![list(), body]);
    let bound = |pattern| Expr::Is(Box::new(list()), pattern);
    let both = |a, b| Expr::Binary(Binary::And, Box::new(a), Box::new(b));
    let one = Pattern::Present(Box::new(Pattern::Bind(0)));
    for (value, sound) in [
        (call(lambda(2, Expr::Local(1))), true),
        (call(lambda(2, Expr::Local(2))), false),
        (call(lambda(1, call(lambda(1, Expr::Local(1))))), true),
        (Expr::List(vec![call(lambda(1, Expr::Local(0))), Expr::Local(0)]), false),
        (both(bound(one.clone()), Expr::Local(0)), true),
        (Expr::Binary(Binary::Or, Box::new(bound(one.clone())), Box::new(Expr::Local(0))), false),
        (Expr::If(Box::new(bound(one.clone())), Box::new(Expr::Local(0)), Box::new(list())), true),
        (Expr::If(Box::new(bound(one.clone())), Box::new(list()), Box::new(Expr::Local(0))), false),
        (
            Expr::Match(
                Box::new(list()),
                vec![MatchArm {
                    pattern: Pattern::Tuple(vec![one.clone(), Pattern::Any, Pattern::Bind(1)]),
                    guard: Some(Expr::Local(1)),
                    value: Expr::Local(1),
                }],
            ),
            true,
        ),
    ] {
        let mut plan = smallest_plan();
        let shown = format!("{value:?}");
        returns(&mut plan, value);
        assert_eq!(plan.check().is_ok(), sound, "{shown}");
    }
}

#[test]
fn functions_do_not_nest_without_end() {
    let mut plan = plan_with_functions();
    for index in 2..200 {
        let body = Expr::Apply(index - 1, vec![Expr::Local(0)]);
        plan.functions.push(Function { body, ..plan.functions[0].clone() });
    }
    assert_eq!(plan.check(), Ok(()));
    for index in 200..300 {
        let body = Expr::Apply(index - 1, vec![Expr::Local(0)]);
        plan.functions.push(Function { body, ..plan.functions[0].clone() });
    }
    assert!(matches!(plan.check(), Err(PlanError::Inconsistent(why)) if why.contains("nests deeper")));
}
