//! The power goes, or the process ends, at every operation of short runs and at many of longer ones: nothing that was
//! acknowledged is lost, and nothing that was read.

#![expect(clippy::print_stdout, reason = "what was tried is there to be read")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use wfl_crashfs::{Case, Fault, Plan, Summary, run, run_all};

/// Each point of a run of each seed. The run without faults says how many there are.
fn at_every_point(seeds: std::ops::RangeInclusive<u64>, steps: usize, fault: fn(u64) -> Fault) -> Vec<Case> {
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    for seed in seeds {
        let outcome = run(folder.path(), Case::new(seed, steps, Plan::Sound));
        assert_eq!(outcome.result, Ok(()), "without any fault: {}", outcome.case);
        let points = 1..=outcome.first.changes();
        cases.extend(points.map(|at| Case::new(seed, steps, Plan::Single(fault(at)))));
    }
    cases
}

fn is_long() -> bool {
    std::env::var_os("WFL_LONG").is_some()
}

fn holds(summary: &Summary) {
    println!("{summary}");
    assert!(summary.broken.is_empty(), "\n{summary}");
}

#[test]
fn a_power_cut_at_every_operation() {
    let cases = at_every_point(1..=if is_long() { 20 } else { 3 }, 9, |at| Fault::PowerCut { at });
    let summary = run_all(("power", "a_power_cut_at_every_operation"), &cases);
    holds(&summary);
    // The cut that each case is about, and another one while it recovers or soon after.
    assert!(summary.counts.power_cuts >= 2 * summary.cases as u64, "the power went each time: {summary}");
    assert!(summary.cases == 1 || summary.counts.lost > 100 && summary.counts.torn > 20, "{summary}");
}

#[test]
fn a_power_cut_somewhere_in_a_longer_run() {
    let seeds = 1_000..if is_long() { 2_000 } else { 1_040 };
    let cut = |seed: u64| Plan::Single(Fault::PowerCut { at: 1 + seed.wrapping_mul(7_919) % 400 });
    let summary = run_all(
        ("power", "a_power_cut_somewhere_in_a_longer_run"),
        &seeds.map(|seed| Case::new(seed, 50, cut(seed))).collect::<Vec<_>>(),
    );
    holds(&summary);
    assert!(summary.acknowledged > 10 * summary.cases || summary.cases == 1, "{summary}");
}

#[test]
fn the_end_of_the_process_at_every_operation_and_a_power_cut_behind_it() {
    let cases = at_every_point(1..=if is_long() { 20 } else { 1 }, 9, |at| Fault::Kill { at });
    let summary =
        run_all(("power", "the_end_of_the_process_at_every_operation_and_a_power_cut_behind_it"), &cases);
    holds(&summary);
    assert_eq!(summary.counts.kills, summary.cases as u64, "the process ended each time: {summary}");
}

/// `WFL_SEED` is the first of the seeds.
#[test]
fn one_fault_after_the_other() {
    let first = std::env::var("WFL_SEED").map_or(1, |seed| seed.parse().unwrap());
    let seeds = first..first + if is_long() { 1_000 } else { 20 };
    let summary = run_all(
        ("power", "one_fault_after_the_other"),
        &seeds.map(|seed| Case::new(seed, 15, Plan::Chain)).collect::<Vec<_>>(),
    );
    holds(&summary);
    let counts = summary.counts;
    assert!(summary.cases == 1 || counts.kills > 0 && counts.full > 0 && counts.power_cuts > 0, "{summary}");
}
