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
