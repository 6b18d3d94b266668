//! Programs without steps, from text to value: what expressions, patterns and blocks come to, through the whole
//! front end, the plan and the machine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use serde_json::json;
use wfl_compiler::{Memory, compile};
use wfl_machine::{Ending, Input, Source, Start, apply, input_digest, instance_key};
use wfl_record::{InstanceId, Namespace, Stamp};

const PRELUDE: &str = r#"module probe

import std.money (percent)

record Pair { left: Int, right: String? }
enum Shape { Dot  Line(length: Int)  Box(width: Int, name: String) }
type Code = String where matches(value, r"[a-z]{2} [0-9]{2}")
error Bad(why: String)

workflow Probe(n: Int, text: String, shape: Shape, maybe: Int?) -> "#;

/// Compiles a body, runs it with n = 5, text = "a b ", shape = Line(3), maybe absent, and gives the result.
fn result(ty: &str, body: &str) -> String {
    let text = format!("{PRELUDE}{ty}\n  version 1\n  key n\n  raises Bad\n{{\n{body}\n}}\n");
    let world = Memory::new([("wfl.toml", "[project]\nname = \"probe\"\n"), ("probe.wfl", &text)]);
    let compilation = compile(&world);
    if compilation.has_errors() {
        return compilation
            .diagnostics
            .iter()
            .filter(|d| d.is_error())
            .map(|d| format!("{} ", d.code.as_str()))
            .collect();
    }
    let workflow = compilation.workflow("Probe").unwrap();
    let plan = &workflow.plan;
    let args = json!({ "n": 5, "text": "a b ", "shape": { "kind": "Line", "length": 3 } });
    let fields = wfl_eval::decode_fields(plan.library(), &plan.params, &args).unwrap();
    let key = instance_key(plan, &fields).unwrap();
    let namespace = Namespace::default();
    let id = InstanceId::derive(&namespace, &plan.workflow, &key.canonical_bytes());
    let args = args.to_string().into_bytes();
    let start = Input::Start(Start {
        workflow: plan.workflow.clone(),
        version: 1,
        plan: workflow.hash,
        source: Source::Inline(args.clone()),
        digest: input_digest(&fields),
        starter: "test".into(),
        parent: None,
        deadline: None,
        parent_epoch: None,
        not_before: None,
        occasion: None,
    });
    let mut state = None;
    let envelope = start.envelope(&namespace, id, None);
    apply(plan, workflow.hash, &mut state, &envelope, &start, &args, Stamp(0)).unwrap();
    let state = state.unwrap();
    match state.ending() {
        Some(Ending::Completed(value)) => value.to_string(),
        Some(Ending::Failed(error, fields)) => {
            format!("{}({fields:?})", plan.types[*error as usize].short_name())
        }
        Some(other) => format!("{other:?}"),
        None => state.suspensions().iter().map(|it| it.why.to_string()).collect(),
    }
}

#[test]
fn expressions_come_to_what_they_say() {
    for (ty, expression, expected) in [
        ("String", r#""{n} {text}|{n}""#, "5 a b |5"),
        ("String", r#""  kept  ""#, "  kept  "),
        ("String", r#""{n}  {n} ""#, "5  5 "),
        ("String", r#""a\"b\\c""#, "a\"b\\c"),
        ("String", r#""{text} // no comment ""#, "a b  // no comment "),
        ("Bool", r#"matches("a ", r"a ")"#, "true"),
        ("Bool", r#"matches("a", r"a ")"#, "false"),
        ("Bool", r#"text == "a b ""#, "true"),
        ("Bool", r#"text == "a b""#, "false"),
        ("Code", r#""ab 12""#, "ab 12"),
        ("Int", "1 + 2 * 3 - 4", "3"),
        ("Int", "(1 + 2) * 3", "9"),
        ("Int", "-n + 7", "2"),
        ("Int", "10 - 3 - 2", "5"),
        ("Bool", "n > 3 && n < 5 || n == 5", "true"),
        ("Bool", "!(n > 3) || false", "false"),
        ("Bool", "n in 1..5", "true"),
        ("Bool", "n in 6..9", "false"),
        ("Decimal", "0.1 + 0.2", "0.3"),
        ("Money<EUR>", "EUR(0.10) + EUR(0.20)", "EUR 0.30"),
        ("Money<EUR>", "percent(EUR(250.00), 0.2).at_least(EUR(0.75))", "EUR 0.75"),
        ("Money<EUR>", "EUR(0.05) * 0.5", "EUR 0.02"),
        ("Int", "maybe ?? n + 1", "6"),
        ("Int", "if n > 4 then 1 else 2", "1"),
        ("Int", "match shape { Dot -> 0, Line(length) -> length * 2, Box(width: w) -> w }", "6"),
        ("Int", "match shape { Line(length) if length > 3 -> 1, Line(length: l) -> l, _ -> 9 }", "3"),
        ("Bool", "shape is Line", "true"),
        ("Bool", "shape == Line(length: 3)", "true"),
        ("Pair", r#"Pair(left: n, right: none)"#, "(left: 5)"),
        ("Duration", "1h + 90s", "1h1m30s"),
        ("Int", "9223372036854775807 + n", "an expression has no value: a number became too big"),
    ] {
        assert_eq!(result(ty, &format!("  return {expression}")), expected, "{expression}");
    }
}

#[test]
fn blocks_come_to_what_they_yield() {
    for (body, expected) in [
        ("  let a = n + 1\n  let b = a * 2\n  return \"{a} {b}\"", "6 12"),
        ("  if n > 4 { return \"big\" }\n  return \"small\"", "big"),
        (
            "  if n > 9 { return \"big\" } else if n > 4 { return \"middle\" } else { return \"small\" }",
            "middle",
        ),
        ("  let v = if n > 4 { yield \"x \" } else { yield \"y\" }\n  return \"{v}z\"", "x z"),
        (
            "  match shape {\n    Dot -> return \"dot\"\n    Line(length) -> return \"line {length}\"\n    _ -> return \"box\"\n  }",
            "line 3",
        ),
        ("  let v = saga { yield (a: n, b: \"q\") }\n  return \"{v.a} {v.b}\"", "5 q"),
        ("  let v = saga outer { let w = saga inner { yield n } yield w + 1 }\n  return \"{v}\"", "6"),
        ("  ensure n > 9 else fail Bad(why: \"n is {n} \")\n  return \"\"", "Bad({\"why\": \"n is 5 \"})"),
        ("  ensure n > 9\n  return \"\"", "`ensure n > 9` does not hold"),
        ("  ensure n > 4\n  return \"good\"", "good"),
    ] {
        assert_eq!(result("String", body), expected, "{body}");
    }
}

#[test]
fn a_wrong_program_has_no_value() {
    for (body, code) in
        [("  return n", "E0205 "), ("  return nope", "E0201 "), ("  return EUR(1.00)", "E0205 ")]
    {
        assert_eq!(result("String", body), code, "{body}");
    }
}
