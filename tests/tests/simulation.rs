//! Programs that hold every construct run on real partitions in a world that fails as a seed says. Whatever goes wrong,
//! each instance comes to an end that its program allows, and every promise about effects is kept.
//!
//! `WFL_SEED` runs one seed and tells its story; `WFL_LONG` runs many.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_compiler::{Compilation, Disk, compile};
use wfl_ir::{Fields, Plan, PlanHash};
use wfl_machine::{CancelMode, Control, Input, Signal};
use wfl_sim::{Fault, Random, Report, Setup, Sim, sample};
use wfl_tests::project::root;

/// What runs, and how often it is drawn.
const ROOTS: &[&str] = &["Straight", "Money", "Branches", "Items", "Rounds", "Waits", "Parent", "Again"];

struct Programs {
    plans: BTreeMap<PlanHash, Arc<Plan>>,
    roots: Vec<(PlanHash, Arc<Plan>)>,
}

fn programs() -> Programs {
    let world = Disk::new(root().join("tests/sim"));
    let compilation: Compilation = compile(&world);
    assert!(!compilation.has_errors(), "{:#?}", compilation.diagnostics);
    let plans: BTreeMap<PlanHash, Arc<Plan>> =
        compilation.workflows.iter().map(|it| (it.hash, Arc::new(it.plan.clone()))).collect();
    let roots = ROOTS.iter().map(|name| {
        let found = compilation.workflows.iter().find(|it| it.short_name == *name);
        let found = found.unwrap();
        (found.hash, Arc::clone(&plans[&found.hash]))
    });
    Programs { roots: roots.collect(), plans: plans.clone() }
}

/// Arguments that a plan takes.
fn arguments(plan: &Plan, random: &mut Random) -> Fields {
    loop {
        let drawn = plan.params.iter().map(|param| {
            let value = sample(plan.library(), &param.ty, random).unwrap();
            (param.name.clone(), value)
        });
        let fields = Fields::new(drawn.collect::<Vec<_>>());
        let json = wfl_eval::encode_fields(plan.library(), &plan.params, &fields);
        if let Ok(fields) = wfl_eval::decode_fields(plan.library(), &plan.params, &json) {
            return fields;
        }
    }
}

/// A run of one or two instances, with messages, cancellations and pauses from outside.
fn run(programs: &Programs, seed: u64) -> (Sim, Report, String) {
    let mut random = Random::new(seed);
    let mut sim = Sim::new(Setup::of_seed(seed), programs.plans.clone());
    let mut story = String::new();
    for number in 0..1 + random.below(2) {
        let (hash, plan) = random.pick(&programs.roots).unwrap().clone();
        let args = arguments(&plan, &mut random);
        let after = random.below(1_000_000) as i64;
        let Some(id) = sim.start(hash, &args, "starter", after) else { continue };
        story.push_str(&format!("{id} {} {args:?}\n", plan.workflow));
        let request = |what: &str| format!("{what}-{number}");
        if random.below(4) == 0 {
            let mode = if random.below(4) == 0 { CancelMode::Stop } else { CancelMode::Compensate };
            let grace = (random.below(2) == 0).then(|| wfl_ir::Duration::from_secs(20));
            let control =
                Control::Cancel { mode, reason: "enough".into(), grace, request: request("cancel") };
            let when = after + random.below(20_000_000) as i64;
            sim.send(id, &Input::Control(control), "operator", when);
        }
        if random.below(5) == 0 {
            let undo = random.below(2) == 0;
            let pause = Control::Pause { undo, reason: "wait".into(), request: request("pause") };
            let when = after + random.below(10_000_000) as i64;
            sim.send(id, &Input::Control(pause), "operator", when);
            let resume = Control::Resume { request: request("resume") };
            sim.send(id, &Input::Control(resume), "operator", when + random.below(90_000_000) as i64);
        }
        for word in 0..random.below(3) {
            let signal = Signal {
                channel: "word".into(),
                id: format!("{number}-{word}"),
                payload: format!("\"w{word}\"").into_bytes(),
            };
            let when = after + random.below(400_000_000_000) as i64;
            sim.send(id, &Input::Signal(signal), "somebody", when);
        }
    }
    sim.run();
    let report = sim.report();
    (sim, report, story)
}

fn seeds() -> Vec<u64> {
    if let Some(seed) = std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return vec![seed];
    }
    let count = std::env::var("WFL_SEEDS").ok().and_then(|count| count.parse().ok());
    (1..=count.unwrap_or(if std::env::var_os("WFL_LONG").is_some() { 1_000_000 } else { 10_000 })).collect()
}

#[test]
fn every_promise_is_kept_whatever_fails() {
    let programs = programs();
    let seeds = seeds();
    let alone = seeds.len() == 1;
    let mut fired: BTreeMap<Fault, u64> = BTreeMap::new();
    let mut records = 0;
    let mut endings: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in &seeds {
        let (sim, report, story) = run(&programs, *seed);
        if alone {
            println!("{story}");
            for (id, seen) in &report.observed {
                println!("{id}: {}", seen.state.status().word());
                seen.facts.iter().for_each(|fact| println!("    {fact:?}"));
            }
        }
        assert!(
            report.violations.is_empty(),
            "WFL_SEED={seed} cargo test -p wfl-tests --test simulation\n{story}{:#?}",
            report.violations
        );
        if seed.is_multiple_of(100) {
            let (again, ..) = run(&programs, *seed);
            assert_eq!(sim.trace(), again.trace(), "WFL_SEED={seed}: the second time something else happens");
        }
        sim.fired().iter().for_each(|(fault, count)| *fired.entry(*fault).or_default() += count);
        records += report.records;
        for seen in report.observed.values() {
            *endings.entry(seen.state.status().word()).or_default() += 1;
        }
    }
    println!("{} seeds, {records} records, endings {endings:?}", seeds.len());
    println!("{} faults: {fired:?}", fired.values().sum::<u64>());
    if !alone {
        let silent: Vec<&Fault> = Fault::ALL.iter().filter(|fault| !fired.contains_key(fault)).collect();
        assert!(silent.is_empty(), "never happened: {silent:?}");
    }
}
