//! The power goes at every operation of short runs, and at many of longer ones: nothing acknowledged is lost.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::time::Instant;

use wfl_crashfs::{Case, Fault, Lies, Summary, run, run_all};

fn one(seed: u64, steps: usize, fault: Option<Fault>) -> Case {
    Case { seed, steps, fault, lies: Lies::default() }
}

/// What the first process of a case without faults does.
fn changes(seed: u64, steps: usize) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run(folder.path(), one(seed, steps, None));
    assert_eq!(outcome.result, Ok(()), "without any fault: {}", outcome.case);
    outcome.first.changes()
}

#[test]
fn power_cuts_at_every_operation() {
    let begun = Instant::now();
    let mut cases = Vec::new();
    for seed in 1..=3 {
        cases.extend((1..=changes(seed, 8)).map(|at| one(seed, 8, Some(Fault::PowerCut { at }))));
    }
    let summary = run_all(&cases);
    print(&summary, begun);
}

fn print(summary: &Summary, begun: Instant) {
    println!(
        "{} cases, {} records; {}; {:.1} s",
        summary.cases,
        summary.acknowledged,
        summary.counts,
        begun.elapsed().as_secs_f64()
    );
    for (case, what) in summary.broken.iter().take(10) {
        println!("{case}: {what}");
    }
    assert_eq!(summary.broken.len(), 0);
}
