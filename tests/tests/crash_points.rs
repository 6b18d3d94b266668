//! Every workflow of the examples, ended at every point: before each thing that its process does, before each effect and
//! between each effect and its answer; each step failed with each error that it declares, lost, repeated, late and
//! garbled; each undo the same; and each run in which something is undone ended at every point again.
//!
//! `WFL_LONG` ends the runs with a lost or late answer at every point too.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]
#![expect(clippy::print_stdout, reason = "what was tried is there to be read")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wfl_compiler::{Disk, compile};
use wfl_ir::flow::JoinPolicy;
use wfl_ir::{Duration, Fields, NodeKind, Plan, PlanHash};
use wfl_machine::{Fact, Purpose};
use wfl_sim::{EffectState, Entry, Fate, Random, Report, Setup, Sim, Twist, arguments};
use wfl_tests::project::root;

/// A project's plans.
type Plans = BTreeMap<PlanHash, Arc<Plan>>;

/// What came of a run: the ends of its instances, and what is there in the world.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    ended: BTreeMap<String, String>,
    effects: BTreeSet<String>,
}

struct Case<'p> {
    plans: &'p Plans,
    hash: PlanHash,
    args: Fields,
    seed: u64,
    /// For how long what has ended is kept.
    retention: Option<Duration>,
}

impl Case<'_> {
    /// Runs the case, and checks every promise.
    fn run(&self, twists: &[Twist], crash_point: Option<u64>) -> (Sim, Report) {
        let (twists_of, retention) = (twists.to_vec(), self.retention);
        let setup = Setup { twists: twists_of, crash_point, retention, ..Setup::plain(self.seed) };
        let mut sim = Sim::new(setup, self.plans.clone());
        sim.books_mut().errors = 0;
        sim.start(self.hash, &self.args, "starter", 0).unwrap();
        sim.run();
        let report = sim.report();
        let place = format!(
            "{}, seed {}, {twists:?}, crash point {crash_point:?}",
            self.plans[&self.hash].workflow, self.seed
        );
        assert!(report.violations.is_empty(), "{place}: {:#?}", report.violations);
        (sim, report)
    }

    /// Runs the case ended at every point. How many points there are.
    fn at_every_point(&self, twists: &[Twist]) -> u64 {
        let (sim, report) = self.run(twists, None);
        let (points, wanted) = (sim.crash_points(), outcome(&sim, &report));
        for point in 1..=points {
            let (sim, report) = self.run(twists, Some(point));
            let found = outcome(&sim, &report);
            // Where time decides, a crash may decide otherwise; and a bad answer that a crash takes away is asked for
            // anew, so that nobody has to be looked for.
            let garbled = twists.iter().any(|twist| twist.fate == Fate::Garbled);
            if !timing_decides(self.plans) && !garbled {
                assert_eq!(
                    found, wanted,
                    "{} {twists:?}: crash point {point}",
                    self.plans[&self.hash].workflow
                );
            }
        }
        points
    }
}

/// Whether the first of several, or what comes in time, decides what comes of a run.
fn timing_decides(plans: &Plans) -> bool {
    plans.values().flat_map(|plan| &plan.nodes).any(|node| match &node.kind {
        NodeKind::Fork(fork) => fork.policy != JoinPolicy::All,
        NodeKind::Await(awaited) => awaited.timeout.is_some(),
        _ => false,
    })
}

fn outcome(sim: &Sim, report: &Report) -> Outcome {
    let ended =
        report.observed.iter().map(|(id, seen)| (id.to_string(), seen.state.status().word().to_owned()));
    let effect = |entry: &Entry| {
        (entry.state != EffectState::Nothing)
            .then(|| format!("{} {:?} {:?}", entry.operation, entry.args, entry.state))
    };
    Outcome { ended: ended.collect(), effects: sim.books().entries().iter().filter_map(effect).collect() }
}

/// Something to do with the first call like that of an entry.
fn twist(entry: &Entry, fate: Fate) -> Twist {
    let (operation, purpose, args) = (entry.operation.clone(), entry.call.purpose, entry.args.clone());
    Twist { operation, purpose, args, nth: 1, fate }
}

const LOST: [Fate; 6] =
    [Fate::RequestLost, Fate::AnswerLost, Fate::Repeated, Fate::Unavailable, Fate::TooLate, Fate::Garbled];

/// What can be done with the calls of a run, one after the other.
fn twists(sim: &Sim, plans: &Plans) -> Vec<(Twist, bool)> {
    let mut all = Vec::new();
    for entry in sim.books().entries() {
        all.extend(LOST.map(|fate| (twist(entry, fate), false)));
        let mut operations = plans.values().flat_map(|plan| &plan.operations);
        let operation = operations.find(|operation| operation.qualified() == entry.operation);
        let errors = operation.map_or(0, |operation| operation.raises.len() as u32);
        all.extend((0..errors).map(|error| (twist(entry, Fate::Declared(error)), true)));
    }
    all
}

/// Each thing done with each call, and with each undo that it leads to.
fn check(case: &Case<'_>) -> (u64, u64) {
    let mut points = case.at_every_point(&[]);
    let mut runs = 0;
    let (plain, _) = case.run(&[], None);
    for (first, undoes) in twists(&plain, case.plans) {
        runs += 1;
        let alone = [first.clone()];
        if undoes || std::env::var_os("WFL_LONG").is_some() {
            points += case.at_every_point(&alone);
        }
        let (sim, _) = case.run(&alone, None);
        for undo in sim.books().entries().iter().filter(|entry| entry.call.purpose == Purpose::Undo) {
            for fate in LOST {
                case.run(&[first.clone(), twist(undo, fate)], None);
                runs += 1;
            }
        }
    }
    (points, runs)
}

fn project(name: &str) -> Plans {
    let compilation = compile(&Disk::new(root().join(name)));
    assert!(!compilation.has_errors(), "{name}: {:#?}", compilation.diagnostics);
    compilation.workflows.iter().map(|it| (it.hash, Arc::new(it.plan.clone()))).collect()
}

fn examples_survive(name: &str, seeds: u64) {
    let plans = project(name);
    let (mut points, mut runs, mut reached) = (0, 0, BTreeSet::new());
    for (hash, plan) in &plans {
        for seed in 1..=seeds {
            let case = Case {
                plans: &plans,
                hash: *hash,
                args: arguments(plan, &mut Random::new(seed)).unwrap(),
                seed,
                retention: None,
            };
            let (_, report) = case.run(&[], None);
            for fact in report.observed.values().flat_map(|seen| &seen.facts) {
                if let Fact::StepStarted { step, .. } = fact {
                    reached.insert(step.split('[').next().unwrap_or(step).to_owned());
                }
            }
            let (p, r) = check(&case);
            points += p;
            runs += r;
        }
    }
    println!("{name}: {points} crash points, {runs} failed and repeated calls");
    let steps =
        plans.values().flat_map(|plan| &plan.nodes).filter(|node| matches!(node.kind, NodeKind::Call(_)));
    let missed: Vec<&str> = steps.map(|node| node.id.as_str()).filter(|id| !reached.contains(*id)).collect();
    assert!(missed.is_empty(), "{name}: no run without faults comes to {missed:?}");
}

/// A purge that is cut off at any point is done later, and changes nothing else: the verdict asks that all is purged in the
/// end, and that nothing acts after it.
#[test]
fn a_purge_survives() {
    let (mut points, mut reached) = (0, 0);
    for name in ["examples/transfer", "examples/loan"] {
        let plans = project(name);
        for (hash, plan) in &plans {
            for seed in 1..=12 {
                let args = arguments(plan, &mut Random::new(seed)).unwrap();
                let retention = Some(Duration::from_secs(7 * 24 * 3_600));
                let case = Case { plans: &plans, hash: *hash, args, seed, retention };
                points += case.at_every_point(&[]);
                reached += case.run(&[], None).0.purged();
            }
        }
    }
    println!("{points} crash points, {reached} instances purged");
    assert!(reached > 20);
}

#[test]
fn a_transfer_survives() {
    examples_survive("examples/transfer", 10);
}

#[test]
fn a_loan_survives() {
    examples_survive("examples/loan", 60);
}

#[test]
fn a_payout_survives() {
    examples_survive("examples/payout", 30);
}
