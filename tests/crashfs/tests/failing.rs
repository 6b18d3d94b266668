//! The disk fills up or fails at every operation: what fails is not acknowledged, then nothing is taken, and what was
//! acknowledged before is there once the disk is mended.

#![expect(clippy::print_stdout, reason = "what was tried is there to be read")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use wfl_crashfs::{Case, Counts, Fault, KINDS, Kind, Plan, Summary, run, run_all};

const STEPS: usize = 9;

/// What the first process of a case without faults does.
fn without_faults(seed: u64) -> Counts {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run(folder.path(), Case::new(seed, STEPS, Plan::Sound));
    assert_eq!(outcome.result, Ok(()), "without any fault: {}", outcome.case);
    outcome.first
}

fn is_long() -> bool {
    std::env::var_os("WFL_LONG").is_some()
}

fn seeds() -> std::ops::RangeInclusive<u64> {
    1..=if is_long() { 15 } else { 1 }
}

fn holds(summary: &Summary) {
    println!("{summary}");
    assert!(summary.broken.is_empty(), "\n{summary}");
}

#[test]
fn no_room_from_every_write_on() {
    let mut cases = Vec::new();
    for seed in seeds() {
        let writes = 1..=without_faults(seed).operations[Kind::Write.place()];
        cases.extend(writes.map(|at| Case::new(seed, STEPS, Plan::Single(Fault::Full { at }))));
    }
    let summary = run_all(("failing", "no_room_from_every_write_on"), &cases);
    holds(&summary);
    assert!(summary.cases == 1 || summary.counts.full > 50, "{summary}");
    assert!(summary.cases == 1 || summary.counts.part_written > 30, "also in the middle: {summary}");
    assert!(summary.cases == 1 || summary.failed > summary.cases / 2, "the journal told of it: {summary}");
}

#[test]
fn an_error_at_every_operation() {
    let mut total = Summary::default();
    for kind in KINDS {
        let mut cases = Vec::new();
        for seed in seeds() {
            let done = without_faults(seed).operations[kind.place()];
            for is_lasting in [false, true] {
                let error = |at| Plan::Single(Fault::Error { kind, at, is_lasting });
                // Reads are many and change nothing.
                let step = if kind == Kind::Read && !is_long() { 3 } else { 1 };
                cases.extend((1..=done).step_by(step).map(|at| Case::new(seed, STEPS, error(at))));
            }
        }
        let summary = run_all(("failing", "an_error_at_every_operation"), &cases);
        print!("{kind:?}: ");
        holds(&summary);
        // Truncations belong to checkpoints, which are made up for later.
        let tells = summary.cases == 1 || summary.failed > 0 || kind == Kind::Truncate;
        assert!(tells, "the journal told of an error: {summary}");
        total.counts.add(&summary.counts);
        total.cases += summary.cases;
    }
    let errors = total.counts.errors;
    assert!(total.cases == KINDS.len() || errors.iter().all(|count| *count > 0), "each fired: {errors:?}");
}
