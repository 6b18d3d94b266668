//! Explores the workflows of a folder.
use std::path::Path;
use std::sync::Arc;
use wfl_verify::{Bounds, Program, explore};
fn main() {
    let mut args = std::env::args().skip(1);
    let root = args.next().unwrap();
    let faults: u8 = args.next().map_or(2, |n| n.parse().unwrap());
    let dist: u8 = args.next().map_or(1, |n| n.parse().unwrap());
    let states: usize = args.next().map_or(20000, |n| n.parse().unwrap());
    let only = args.next();
    let compilation = wfl_compiler::compile(&wfl_compiler::Disk::new(Path::new(&root)));
    for d in &compilation.diagnostics { if d.is_error() { println!("{d:?}"); } }
    for w in &compilation.workflows {
        if only.as_ref().is_some_and(|o| !o.is_empty() && o != &w.short_name) { continue; }
        let mut program = Program::default();
        let mut open = vec![w.hash];
        while let Some(hash) = open.pop() {
            if program.plan(hash).is_some() { continue; }
            let w = compilation.workflows.iter().find(|w| w.hash == hash).unwrap();
            program.add(w.hash, Arc::new(w.plan.clone()), w.invariants.clone());
            for n in &w.plan.nodes { if let wfl_ir::NodeKind::SubWorkflow(r) = &n.kind { open.push(r.plan); } }
        }
        for reduction in if std::env::var("BOTH").is_ok() { vec![true, false] } else { vec![true] } {
            let bounds = Bounds { faults, disturbances: dist, states, reduction, items: std::env::var("ITEMS").map_or(2, |n| n.parse().unwrap()), values: std::env::var("VALUES").map_or(3, |n| n.parse().unwrap()), late: std::env::var("LATE").is_ok(), ..Bounds::default() };
            let at = std::time::Instant::now();
            let found = explore(&program, w.hash, &bounds, &mut |_| true);
            println!("{} red={reduction} inputs={} states={} trans={} off={} deep={} complete={} ends={} sigs={} {:?}", w.short_name, found.inputs.len(), found.states, found.transitions, found.put_off, found.deepest, found.complete, found.endings.len(), found.signatures.len(), at.elapsed());
            if std::env::var("INPUTS").is_ok() { for i in &found.inputs { println!("   in {i:?}"); } }
            if reduction { for (o, n) in &found.endings { println!("    {n:6} {o}"); } }
            for v in &found.violations { println!("    !! {:?} x{} len {}: {}", v.violation.rule, v.times, v.path.len(), v.violation.what);
                if reduction && std::env::var("STORY").is_ok() { let story = wfl_verify::tell(&program, w.hash, &bounds, &found, v).unwrap();
                    for l in wfl_verify::picture(&program, &story) { println!("{}", l.text); }
                    println!("{}", wfl_verify::scenario(&program, &story, v, &compilation.services).unwrap().text());
                    println!("       args {:?}", story.args);
                    for c in &story.chapters { println!("       {:>12.3}s {}", (c.at.0 - wfl_verify::START) as f64 / 1e6, format!("{:?}", c.step).chars().take(230).collect::<String>());
                        for (_, f) in &c.facts { println!("                        - {}", format!("{f:?}").chars().take(160).collect::<String>()); } }
                } }
        }
    }
}
