//! One trial: a program, an input, a schedule of faults, all by one seed; and what the judge says of it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use wfl_compiler::{Memory, compile};
use wfl_ir::{Fields, Name, NodeKind, Plan, PlanHash, Value};
use wfl_record::InstanceId;
use wfl_sim::{Fault, Report, Setup, Sim};

use crate::interpret::Outcomes;
use crate::judge::{Judgement, judge};
use crate::observe::observe;
use crate::program::{Program, program};
use crate::schedule::Schedule;
use crate::story::EffectSeen;
use crate::story::line;
use crate::witness::Witness;
use crate::world::World;

/// So many schedules may a program have: a seed is the program's number times this, and the schedule's number.
pub const SCHEDULES: u64 = 1_000;

/// So many ways are tried before the judge gives up.
const WAYS: usize = 4_000;

/// A program that compiles.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The program.
    pub program: Program,
    plans: BTreeMap<PlanHash, Arc<Plan>>,
    hash: PlanHash,
    plan: Arc<Plan>,
}

/// What came of one trial.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What the judge says.
    pub judgement: Judgement,
    /// What was seen.
    pub witness: Witness,
    /// What the simulation itself finds wrong.
    pub violations: Vec<String>,
    /// What was done to the run, and what happened in it.
    pub story: String,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<Fault, u64>,
}

/// A run that is over.
pub struct Simulated {
    /// The simulation.
    pub sim: Sim,
    /// What it reports.
    pub report: Report,
    /// The instance that was started.
    pub id: InstanceId,
    /// What it was started with.
    pub args: Fields,
    /// Whether nothing went wrong, and nobody sent anything.
    pub calm: bool,
    schedule: Schedule,
    story: String,
}

/// How often constructs, endings and faults occurred.
pub type Counts = BTreeMap<String, u64>;

impl Simulated {
    /// The plan of an instance.
    pub fn plan_of(&self, id: &InstanceId) -> Option<PlanHash> {
        self.report.observed.get(id).map(|seen| seen.state.plan())
    }
}

impl Trial {
    /// The program with this number; the reports, if it does not compile.
    pub fn new(number: u64) -> Result<Trial, String> {
        Trial::of(program(number))
    }

    /// This program; the reports, if it does not compile.
    pub fn of(program: Program) -> Result<Trial, String> {
        let compilation = compile(&Memory::new([("main.wfl", program.text())]));
        if compilation.has_errors() {
            let reports = compilation.diagnostics.iter().map(|it| format!("{:?} {}\n", it.code, it.title));
            return Err(reports.collect());
        }
        let plans = compilation.workflows.iter().map(|it| (it.hash, Arc::new(it.plan.clone()))).collect();
        let main = compilation.workflows.iter().find(|it| it.short_name == "Main");
        let Some(main) = main else { return Err("no Main".to_owned()) };
        Ok(Trial { program, plans, hash: main.hash, plan: Arc::new(main.plan.clone()) })
    }

    /// A simulation in which it is started.
    pub fn started(&self, setup: Setup, world: World, args: &Fields) -> (Sim, InstanceId) {
        let mut sim = Sim::new(setup, self.plans.clone());
        sim.books_mut().follow(world.script());
        let Some(id) = sim.start(self.hash, args, "starter", 0) else { unreachable!("its key is its id") };
        (sim, id)
    }

    /// Runs it as a seed says, and calls `listen` before the logs of all instances are folded once more.
    pub fn simulate(&self, seed: u64, listen: impl FnOnce()) -> Simulated {
        let schedule = Schedule::new(seed, &self.plan);
        let args = Fields::new([
            (Name::from("id"), Value::text("k")),
            (Name::from("n"), Value::Int(schedule.number)),
        ]);
        let (mut sim, id) = self.started(schedule.setup.clone(), schedule.world, &args);
        let mut story = String::new();
        for (after, input) in &schedule.inputs {
            let _ = writeln!(story, "after {} ms: {input:?}", after / 1_000);
            sim.send(id, input, "operator", *after);
        }
        sim.run();
        listen();
        let report = sim.report();
        let calm = !schedule.allowed.faults && schedule.inputs.is_empty();
        Simulated { sim, report, id, args, calm, schedule, story }
    }

    /// Runs it as a seed says, and asks the judge.
    pub fn run(&self, seed: u64) -> Verdict {
        let Simulated { sim, report, id, args, schedule, mut story, .. } = self.simulate(seed, || ());
        let witness = observe(&sim, &report, &self.plan, &id);
        let of = Outcomes {
            plans: &self.plans,
            plan: &self.plan,
            args: &args,
            world: schedule.world,
            allowed: schedule.allowed,
            messages: &schedule.messages,
        };
        let judgement = judge(&of, &witness, WAYS);
        let _ = writeln!(story, "input {args:?}, {:?}, {:?}", schedule.allowed, schedule.messages);
        tell(&mut story, &witness, &report);
        Verdict { judgement, witness, violations: report.violations, story, faults: sim.fired().clone() }
    }

    /// Counts the constructs of the program.
    pub fn count(&self, counts: &mut Counts) {
        let word = |text: String| text.chars().take_while(|c| c.is_alphabetic()).collect::<String>();
        let mut found = Vec::new();
        for plan in self.plans.values() {
            for node in &plan.nodes {
                found.push(match &node.kind {
                    NodeKind::Fork(fork) => format!("fork{}", word(format!("{:?}", fork.policy))),
                    kind => word(format!("{kind:?}")),
                });
                found.extend(match &node.kind {
                    NodeKind::Call(call) if call.pivot => Some("pivot".to_owned()),
                    NodeKind::Map(map) if map.tolerated.is_some() => Some("tolerant".to_owned()),
                    NodeKind::SubWorkflow(run) if run.detached => Some("detached".to_owned()),
                    _ => None,
                });
            }
            found.extend(plan.regions.iter().map(|it| format!("region{}", word(format!("{:?}", it.kind)))));
        }
        found.into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
    }
}

fn tell(story: &mut String, witness: &Witness, report: &Report) {
    let _ = writeln!(story, "seen: {:?}", witness.ending);
    for call in &witness.calls {
        let effect = EffectSeen {
            step: call.step.clone(),
            operation: call.operation.clone(),
            args: call.args.clone(),
            state: call.state,
        };
        let _ = writeln!(story, "  {:>4} {:?} {}", call.done_at, call.undone_at, line(&effect));
    }
    for (id, seen) in &report.observed {
        let _ = writeln!(story, "{id}: {}", seen.state.status().word());
        seen.facts.iter().for_each(|fact| {
            let _ = writeln!(story, "    {fact:?}");
        });
    }
}
