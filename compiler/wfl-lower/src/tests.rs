//! Tests of the lowering: the shape of plans, written as one line per node.

use std::fmt::Write as _;

use wfl_analysis::{Module, analyze};
use wfl_ir::{EdgeKind, NodeKind, Plan};
use wfl_source::Files;
use wfl_syntax::parse;

use crate::lower;

const SERVICES: &str = "
error Gone(why: String)
service Bank {
  operation look(id: String) -> Int? { effect read raises Gone }
  operation hold(id: String) -> Int { effect compensable by undo(id: id) idempotent by workflow.key }
  operation undo(id: String) -> Unit { effect write idempotent by id }
}
";

fn plan(path: &str, text: &str) -> Plan {
    let mut files = Files::default();
    let std = wfl_stdlib::modules().iter().map(|module| (module.path, module.text));
    let sources = [(path, text)].into_iter().chain(std).collect::<Vec<_>>();
    let parsed = sources.iter().map(|(path, text)| {
        let file = files.add(*path, *text);
        (*path, file, parse(file, text))
    });
    let parsed = parsed.collect::<Vec<_>>();
    for (path, _, parsed) in &parsed {
        assert_eq!(parsed.diagnostics, [], "{path}");
    }
    let modules = parsed.iter().map(|(path, file, parsed)| Module {
        path,
        file: *file,
        items: &parsed.file.items,
        own: true,
    });
    let analysis = analyze(&modules.collect::<Vec<_>>(), &files, &Default::default());
    assert!(!analysis.has_errors(), "{:#?}", analysis.diagnostics);
    let Some(workflow) = analysis.program.workflows.first() else { panic!("no workflow") };
    match lower(&analysis.program, workflow, &Default::default()) {
        Ok(lowered) => lowered.plan,
        Err(error) => panic!("{error}"),
    }
}

/// One line per node: index, id, scope, what it is, and its edges.
fn draw(plan: &Plan) -> String {
    let mut out = String::new();
    for (index, node) in plan.nodes.iter().enumerate() {
        let kind = match &node.kind {
            NodeKind::Call(call) => {
                let operation = plan.operations[call.operation as usize].qualified();
                let result = call.result.map(|slot| format!(" = s{slot}")).unwrap_or_default();
                format!("{}{operation}{result}", if call.pivot { "pivot " } else { "" })
            }
            NodeKind::Set { slot, .. } => format!("set s{slot}"),
            NodeKind::Fork(fork) => format!("fork {:?} to {}", fork.policy, fork.join),
            NodeKind::Join(join) => format!("join {:?} {:?}", join.values, join.result),
            NodeKind::Map(map) => {
                format!("map s{} of region {} {:?} {:?}", map.item, map.region, map.value, map.result)
            }
            NodeKind::Loop(rounds) => format!("loop {} region {}", rounds.times, rounds.region),
            NodeKind::Await(awaited) => format!("await {:?}", awaited.result),
            _ => String::new(),
        };
        let edges = plan.successors(index as u32).iter().map(|edge| {
            let kind = match edge.kind {
                EdgeKind::Order => String::new(),
                other => format!("{other:?} "),
            };
            format!("{kind}→{}", edge.to)
        });
        let binds = node.binds.iter().map(|bind| format!(" let s{}", bind.slot)).collect::<String>();
        let edges = edges.collect::<Vec<_>>().join(", ");
        let region = if node.region == 0 { String::new() } else { format!(" r{}", node.region) };
        let _ = writeln!(out, "{index:2} {} [{}{region}]{binds} {kind} {edges}", node.id, node.scope);
    }
    for (number, region) in plan.regions.iter().enumerate().skip(1) {
        let _ = writeln!(out, "   r{number} {} in {:?}: {:?}", region.id, region.parent, region.kind);
    }
    out
}

fn body(body: &str) -> Plan {
    let text = format!(
        "{SERVICES}\nrecord R {{ id: String, n: Int? }}\nworkflow W(r: R) -> Int version 1 key r.id raises Gone {{\n{body}\n}}\n"
    );
    plan("test.main", &text)
}

#[test]
fn transfer() {
    let text = include_str!("../../../examples/transfer/payments/transfer.wfl");
    let plan = plan("payments.transfer", text);
    insta::assert_snapshot!("transfer_graph", draw(&plan));
    let (bytes, hash) = plan.encode();
    assert_eq!(Plan::decode_as(hash, &bytes).as_ref(), Ok(&plan));
    let json = serde_json::to_string_pretty(&plan).unwrap_or_default();
    insta::assert_snapshot!("transfer_plan", json);
}

#[test]
fn every_statement() {
    let cases = [
        "return 1",
        "let a = 1 let b = a + 1 return b",
        "step x = Bank.look(id: r.id) return x ?? 0",
        "step x = Bank.look(id: r.id) { on Gone as e -> use length(e.why) on Timeout -> return 2 } return x ?? 0",
        "step _ = Bank.look(id: r.id) { on Gone -> {} } return 1",
        "if r.id == \"a\" { return 1 } return 2",
        "if r.n is Some(n) && n > 3 { return n } else if r.id == \"b\" { let z = 1 } return 2",
        "let x = if r.id == \"a\" { yield 1 } else { yield 2 } return x",
        "let x = match r.n { Some(n) if n > 3 -> n Some(n) -> { step y = Bank.hold(id: r.id) commit yield y + n } none -> 0 } return x",
        "let x = saga pay { step h = Bank.hold(id: r.id) if h > 3 { rollback fail Gone(why: \"{h}\") } yield h } return x",
        "saga { step h = Bank.hold(id: r.id) rollback } saga { saga { step h = Bank.hold(id: r.id) } } return 1",
        "ensure r.id != \"\" else fail Gone(why: \"empty\") ensure length(r.id) < 9 return 1",
        "return saga s { yield match r.n { Some(n) -> { yield n } none -> { yield 1 } } }",
        "let x = saga s { step h = Bank.hold(id: r.id) if h > 1 { rollback fail Gone(why: \"no\") } yield h on Gone as e -> yield length(e.why) } return x",
        "let x = parallel join all { branch a { step s = Bank.hold(id: r.id) yield s } branch b { yield 1 } branch c { } } return x.a + x.b",
        "let x = parallel join any within 5s { branch a { yield 1 } branch b { wait 1s yield 2 } on shortfall as s -> use s.count } return x",
        "parallel join 1 of 2 on failure finish { branch a { wait 1s } branch b { } on shortfall -> fail Gone(why: \"all\") } return 1",
        "let x = foreach i in [1, 2] { if i > 1 { yield 0 } step h = Bank.hold(id: r.id) yield h } return x.sum()",
        "foreach i in [1] tolerate 5% { step end = Bank.hold(id: \"{i}\") on TooManyFailures as e -> return e.failed } return 1",
        "let x = repeat up to 3 every 1s until value > round { step h = Bank.hold(id: r.id) yield h } return x",
        "let x = await signal paid(Int) { where signal > 1 remind every 1d timeout 2d -> use 0 } return x",
        "await human Check(Bool) { role \"r\" approvals 2 on Disagreed -> return 2 } wait until workflow.started_at + 1h return 1",
        "shield { step h = Bank.hold(id: r.id) } commit if r.id == \"a\" { restart(r: r) } return 1",
        "parallel { branch a { parallel { branch b { step s = Bank.hold(id: r.id) } branch c { } } } branch d { saga { step s = Bank.hold(id: r.id) rollback } } } return 1",
    ];
    let mut out = String::new();
    for case in cases {
        let _ = writeln!(out, "{case}\n{}", draw(&body(case)));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn the_hash_depends_on_the_meaning_only() {
    let one = body("step x = Bank.look(id: r.id) return x ?? 0");
    let same =
        body("  // said differently\n  step x = Bank.look(\n id: r.id)\n let y = x ?? 0\n return x ?? 0");
    let other = body("step x = Bank.look(id: r.id) return x ?? 1");
    assert_eq!(one.encode().1, same.encode().1);
    assert_ne!(one.encode().1, other.encode().1);
}
