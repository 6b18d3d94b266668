//! Programs that hold every construct, in worlds that fail as a seed says.

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_compiler::{Compilation, Disk, compile};
use wfl_ir::{Plan, PlanHash};
use wfl_machine::{CancelMode, Control, Input, Signal};
use wfl_partition::{Limit, Limits};
use wfl_sim::{Random, Report, Setup, Sim, arguments};

use crate::project::root;

/// What runs, and how often it is drawn.
const ROOTS: &[&str] = &["Straight", "Money", "Branches", "Items", "Rounds", "Waits", "Parent", "Again"];

/// The programs of `tests/sim`.
pub struct Programs {
    plans: BTreeMap<PlanHash, Arc<Plan>>,
    roots: Vec<(PlanHash, Arc<Plan>)>,
}

impl Programs {
    /// Compiles them.
    pub fn load() -> Programs {
        let world = Disk::new(root().join("tests/sim"));
        let compilation: Compilation = compile(&world);
        assert!(!compilation.has_errors(), "{:#?}", compilation.diagnostics);
        let plans: BTreeMap<PlanHash, Arc<Plan>> =
            compilation.workflows.iter().map(|it| (it.hash, Arc::new(it.plan.clone()))).collect();
        let roots = ROOTS.iter().map(|name| {
            let found = compilation.workflows.iter().find(|it| it.short_name == *name);
            let found = found.unwrap_or_else(|| unreachable!("it is there"));
            (found.hash, Arc::clone(&plans[&found.hash]))
        });
        Programs { roots: roots.collect(), plans: plans.clone() }
    }
}

/// A run of one or two instances, with messages, cancellations and pauses from outside.
pub fn run(programs: &Programs, seed: u64) -> (Sim, Report, String) {
    run_as(programs, setup(seed))
}

/// Processes, faults, memories and limits as a seed says.
pub fn setup(seed: u64) -> Setup {
    let mut random = Random::new(seed ^ 0x11417);
    let mut limits = Limits::new();
    for operation in ["Ledger.hold", "Ledger.book", "Ledger.release", "Rail.send"] {
        if random.below(3) > 0 {
            continue;
        }
        let concurrent = (random.below(2) == 0).then(|| 1 + random.below(2) as u32);
        let per = wfl_ir::Duration::from_millis(1 + random.below(3_000) as i64);
        let rate = (random.below(2) == 0).then(|| (1 + random.below(5) as u32, per));
        limits.insert(operation.into(), Limit { concurrent, rate });
    }
    Setup { limits: Arc::new(limits), ..Setup::of_seed(seed) }
}

/// As [`run`], with other processes or faults than those of the seed.
pub fn run_as(programs: &Programs, setup: Setup) -> (Sim, Report, String) {
    let mut random = Random::new(setup.seed);
    let (again, mut random_later) = (setup.retention.is_some(), Random::new(setup.seed ^ 0x2E7E));
    let mut sim = Sim::new(setup, programs.plans.clone());
    let mut story = String::new();
    let mut taken = Vec::new();
    for number in 0..1 + random.below(2) {
        let (hash, plan) =
            random.pick(&programs.roots).unwrap_or_else(|| unreachable!("it is there")).clone();
        let args = arguments(&plan, &mut random).unwrap_or_else(|| unreachable!("it takes something"));
        // Two workflows that name their effects alike would have one effect.
        let name = args.get("id").cloned();
        if taken.contains(&name) {
            continue;
        }
        taken.push(name);
        let after = random.below(1_000_000) as i64;
        let Some(id) = sim.start(hash, &args, "starter", after) else { continue };
        story.push_str(&format!("{id} {} {args:?}\n", plan.workflow));
        if again {
            // Long after it ended somebody starts it once more, and somebody else wants to.
            let when = after + random_later.below(120 * 3_600_000_000) as i64;
            sim.start(hash, &args, "starter", when);
            sim.start(hash, &args, "somebody else", when + random_later.below(1_000_000) as i64);
        }
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
        for word in 0..random.below(4) {
            let bad = random.below(4) == 0;
            let payload = if bad { "{\"x\":1}".to_owned() } else { format!("\"w{word}\"") };
            let id_of = format!("{}{number}-{word}", if bad { "bad-" } else { "" });
            let signal = Signal { channel: "word".into(), id: id_of, payload: payload.into_bytes() };
            let when = after + random.below(400_000_000_000) as i64;
            sim.send(id, &Input::Signal(signal), "somebody", when);
        }
    }
    sim.run();
    let report = sim.report();
    (sim, report, story)
}
