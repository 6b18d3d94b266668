//! Programs that hold every construct, in worlds that fail as a seed says.

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_compiler::{Compilation, Disk, compile};
use wfl_ir::{Fields, Plan, PlanHash, Timestamp, Value};
use wfl_machine::{AtSchedule, Cadence, CancelMode, Control, Input, Overlap, Recurrence, Signal};
use wfl_partition::{Calendar, Limit, Limits, Steps};
use wfl_record::InstanceId;
use wfl_sim::{Random, Report, Setup, Sim, arguments};

use crate::project::root;

/// What runs, and how often it is drawn.
const ROOTS: &[&str] =
    &["Straight", "Money", "Branches", "Items", "Rounds", "Waits", "Parent", "Again", "Turns"];

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

/// Others of the kind, so that not all may run at once.
fn crowd(sim: &mut Sim, hash: PlanHash, plan: &Plan, args: &Fields, random: &mut Random) {
    for other in 0..random.below(6) {
        let drawn = arguments(plan, random).unwrap_or_default();
        let name = |value: &Value| Value::String(format!("{value:?}{other}").into());
        let named = drawn.iter().map(|(field, value)| {
            let own = args.get("id").filter(|_| field.as_str() == "id").map(name);
            (field.clone(), own.unwrap_or_else(|| value.clone()))
        });
        let after = random.below(2_000_000) as i64;
        sim.start(hash, &Fields::new(named), "starter", after);
    }
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
        if plan.limit.is_some() {
            crowd(&mut sim, hash, &plan, &args, &mut random);
        }
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
    let timetable = (random.below(6) == 0).then(|| Timetable::draw(programs, &mut sim, &mut random));
    sim.run();
    let mut report = sim.report();
    if let Some(timetable) = timetable {
        report.violations.extend(timetable.violations(&sim));
        story.push_str(&format!("{timetable:?}\n"));
    }
    (sim, report, story)
}

/// A schedule, and what must come of it.
#[derive(Debug)]
struct Timetable {
    id: InstanceId,
    recurrence: Recurrence,
    /// How many times there are.
    times: u64,
    disturbed: bool,
}

impl Timetable {
    fn draw(programs: &Programs, sim: &mut Sim, random: &mut Random) -> Timetable {
        let found = programs.plans.iter().find(|(_, plan)| plan.workflow.ends_with("Straight"));
        let (hash, plan) = found.unwrap_or_else(|| unreachable!("it is there"));
        let every = wfl_ir::Duration::from_millis(5_000 + random.below(120_000) as i64);
        let times = 1 + random.below(6);
        let from = sim.now().plus(every);
        let until = Timestamp(from.0 + every.0 * (times as i64 - 1));
        let overlaps =
            [Overlap::Skip, Overlap::QueueOne, Overlap::QueueAll, Overlap::CancelOther, Overlap::Allow];
        let recurrence = Recurrence {
            workflow: plan.workflow.clone(),
            plan: *hash,
            args: br#"{"id":"at ${due}"}"#.to_vec(),
            cadence: Cadence::Every { every, from },
            overlap: *random.pick(&overlaps).unwrap_or_else(|| unreachable!("there are some")),
            catch_up: wfl_ir::Duration::from_secs(1_000_000_000),
            until: Some(until),
        };
        let id = sim.set_schedule("timetable", recurrence.clone(), 0);
        let disturbed = random.below(3) == 0;
        if disturbed {
            let at = every.0 + random.below(every.0 as u64 * times) as i64;
            let (pause, resume) =
                (sim.now().plus(wfl_ir::Duration(at)), at + random.below(200_000_000) as i64);
            let paused = AtSchedule::Paused { reason: "wait".into(), request: format!("pause {}", pause.0) };
            sim.wish("timetable", &paused, at);
            let after = sim.now().plus(wfl_ir::Duration(resume));
            let next = Steps.next(&recurrence.cadence, after).filter(|next| *next <= until);
            sim.wish("timetable", &AtSchedule::Resumed { next, request: "resume".into() }, resume);
        }
        Timetable { id, recurrence, times, disturbed }
    }

    fn violations(&self, sim: &Sim) -> Vec<String> {
        let Some(schedule) = sim.schedule(&self.id) else { return vec!["the schedule is not there".into()] };
        let mut wrong = Vec::new();
        let came = schedule.begun + schedule.skipped;
        if came > self.times || (came < self.times && !self.disturbed) {
            wrong.push(format!("{came} of {} times came: {schedule:?}", self.times));
        }
        let all = matches!(self.recurrence.overlap, Overlap::QueueAll | Overlap::Allow);
        if all && schedule.skipped > 0 && !self.disturbed {
            wrong.push(format!("{} occasions were left out", schedule.skipped));
        }
        let of_schedule = |id: &InstanceId| {
            let occasion = sim.state(id).and_then(|state| state.occasion().cloned());
            occasion.is_some_and(|occasion| occasion.schedule == self.id)
        };
        let began = sim.instances().into_iter().filter(of_schedule).count() as u64;
        if began != schedule.begun {
            wrong.push(format!("{began} instances for {} occasions", schedule.begun));
        }
        wrong
    }
}
