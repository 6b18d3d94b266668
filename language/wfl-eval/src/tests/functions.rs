//! Lambdas, functions of the program, and the limits that hold all of it.

use wfl_ir::{
    Builtin, Expr, Field, Function, Label, Library, MAX_LEVELS, Rule, Type, TypeDef, TypeKind, Value,
};

use super::notation::{Scope, read};
use crate::{Env, Fault, check_rule, evaluate, evaluate_in};

fn function(name: &str, params: &[&str], body: &str, before: &Scope) -> Function {
    let field = |name: &&str| Field { name: (*name).into(), ty: Type::Int, rule: None, label: Label::Public };
    let scope = Scope {
        functions: before.functions.clone(),
        locals: params.iter().map(|param| (*param).to_owned()).collect(),
        ..Scope::default()
    };
    Function {
        name: name.into(),
        params: params.iter().map(field).collect(),
        result: Type::Int,
        body: read(body, &scope),
    }
}

fn shown(functions: &[Function], expr: &Expr) -> String {
    let env = Env::constant(Library { types: &[], functions });
    evaluate(env, expr).map_or_else(|fault| format!("fault: {fault}"), |value| value.to_string())
}

#[test]
fn a_lambda_sees_the_locals_of_its_place() {
    let scope = Scope { locals: vec!["limit".into()], ..Scope::default() };
    for (text, expected) in [
        ("[1, 2, 3].filter(x => x < limit)", "[1, 2]"),
        ("[1, 2].map(x => [x, 10].map(y => x * y + limit))", "[[4, 13], [7, 23]]"),
        ("match some { Some(x) -> [1].map(y => x + y)  none -> [] }", "[6]"),
        ("if some is Some(x) && [x].any(y => y == x) then [limit].map(z => z + x) else []", "[8]"),
        ("[[1, 2], [3]].map(xs => xs.fold(limit, (sum, x) => sum + x))", "[6, 6]"),
    ] {
        let scope =
            Scope { locals: [scope.locals.as_slice(), &["some".to_owned()]].concat(), ..Scope::default() };
        let env = Env::constant(Library::default());
        let value = evaluate_in(env, vec![Value::Int(3), Value::Int(5)], &read(text, &scope));
        assert_eq!(value.unwrap().to_string(), expected, "{text}");
    }
    let loose = Expr::Lambda { params: 0, body: Box::new(Expr::Const(Value::Unit)) };
    assert!(shown(&[], &loose).contains("a lambda stands outside of a call"));
}

#[test]
fn functions_see_their_parameters_and_nothing_else() {
    let mut scope = Scope::default();
    let mut functions = vec![function("square", &["x"], "x * x", &scope)];
    scope.functions.push(("square".into(), 1));
    functions.push(function("sum_of_squares", &["a", "b"], "square(a) + square(b)", &scope));
    scope.functions.push(("sum_of_squares".into(), 2));
    assert_eq!(shown(&functions, &read("[3].map(x => sum_of_squares(x, x + 1))", &scope)), "[25]");

    let outside = Function { body: Expr::Local(1), ..functions[0].clone() };
    let call = Expr::Apply(0, vec![Expr::Const(Value::Int(1))]);
    let nested = Expr::Call(
        Builtin::Map,
        vec![
            Expr::List(vec![Expr::Const(Value::Int(7)); 2]),
            Expr::Lambda { params: 1, body: Box::new(call.clone()) },
        ],
    );
    assert_eq!(shown(&[outside], &nested), "fault: the expression is ill-formed: local 1 is not there");
    assert_eq!(shown(&[], &call), "fault: the expression is ill-formed: function 0 is not there");
    let more = Expr::Apply(0, vec![]);
    assert_eq!(
        shown(&functions, &more),
        "fault: the expression is ill-formed: square is given other arguments"
    );
    let slot = Function { body: Expr::Slot(0), ..functions[0].clone() };
    let library = Library { types: &[], functions: &[slot] };
    let env = Env { library, slots: &[Some(Value::Int(1))], facts: None };
    assert!(matches!(evaluate(env, &call), Err(Fault::IllFormed(_))), "a function saw a slot");
}

#[test]
fn the_rule_of_a_parameter_holds_at_every_call() {
    let mut positive = function("half", &["x"], "x", &Scope::default());
    let holds = read("value > 0", &Scope::default());
    positive.params[0].rule = Some(Rule { holds, text: "value > 0".into() });
    let functions = [positive];
    let of = |n: i64| Expr::Apply(0, vec![Expr::Const(Value::Int(n))]);
    assert_eq!(shown(&functions, &of(1)), "1");
    assert_eq!(shown(&functions, &of(0)), "fault: a value breaks the rule `value > 0` of x of half");
}

#[test]
fn nothing_recurs_without_end() {
    // No plan has them, but whoever evaluates without a plan is safe too.
    let call = |argument| Expr::Apply(0, vec![argument]);
    let forever = Function { body: call(Expr::Local(0)), ..function("f", &["x"], "x", &Scope::default()) };
    assert_eq!(shown(&[forever], &call(Expr::Const(Value::Unit))), "fault: the expression nests too deep");

    let itself = Expr::Checked(Type::Named(0), Box::new(Expr::Subject));
    let rule = Rule { holds: itself, text: "itself".into() };
    let types =
        [TypeDef { name: "m.T".into(), kind: TypeKind::Refined { base: Type::Int, rule: Some(rule) } }];
    let checked = check_rule(Library::of_types(&types), &Type::Named(0), &Value::Int(1));
    assert_eq!(checked, Err(Fault::TooDeep));

    let nested = |levels: u32| {
        let one = || Expr::Const(Value::Int(1));
        (1..levels)
            .fold(one(), |inner, _| Expr::Binary(wfl_ir::Binary::Add, Box::new(inner), Box::new(one())))
    };
    assert_eq!(shown(&[], &nested(MAX_LEVELS)), MAX_LEVELS.to_string());
    assert_eq!(shown(&[], &nested(MAX_LEVELS + 1)), "fault: the expression nests too deep");
}

#[test]
fn the_deepest_evaluation_fits_the_stack_of_a_thread() {
    // The heaviest level there is: a lambda whose body is the call of the next one.
    let one = || Expr::List(vec![Expr::Const(Value::Int(1))]);
    let call = |body| Expr::Call(Builtin::Any, vec![one(), Expr::Lambda { params: 1, body: Box::new(body) }]);
    let expr = (2..MAX_LEVELS).fold(Expr::Const(Value::Bool(true)), |body, _| call(body));
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    assert_eq!(thread.spawn(move || shown(&[], &expr)).unwrap().join().unwrap(), "true");
}

#[test]
fn sharing_does_not_hide_how_large_a_value_is() {
    for text in [
        // Twice as heavy each round, without ever allocating more than two places.
        "range(1, 60).fold([\"x\"], (so_far, n) => [(l: so_far, r: so_far)])",
        // Deeper each round.
        "range(1, 1000).fold([], (so_far, n) => [so_far])",
    ] {
        assert_eq!(shown(&[], &read(text, &Scope::default())), "fault: a value became too large", "{text}");
    }
    let slow = "range(1, 3000).map(a => range(1, 3000).count(b => a == b))";
    assert_eq!(shown(&[], &read(slow, &Scope::default())), "fault: the expression takes too long");
    let patterns = "range(1, 1000).count(n => matches(\"a\", \"{n}[a-z]*\"))";
    assert_eq!(shown(&[], &read(patterns, &Scope::default())), "fault: the expression takes too long");
    let one_pattern = "range(1, 50000).count(n => matches(\"a\", r\"[a-z]*\"))";
    assert_eq!(shown(&[], &read(one_pattern, &Scope::default())), "50000");
    let shared = "range(1, 2000).map(i => range(1, 10)[2]).count()";
    assert_eq!(shown(&[], &read(shared, &Scope::default())), "2000");
}
