//! The tests of the tests: each mistake that is planted in the machine, one for each rule of how workflows run, is found
//! by the simulation.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wfl_machine::{Bug, plant};
use wfl_tests::worlds::{Programs, run};

/// So many seeds must be enough to find a mistake.
const SEEDS: u64 = 6_000;

/// The first seed that finds a mistake.
fn found(programs: &Programs, bug: Bug) -> Option<u64> {
    plant(Some(bug));
    let found = (1..=SEEDS).find(|seed| {
        let run = catch_unwind(AssertUnwindSafe(|| run(programs, *seed).1.violations));
        run.map_or(true, |violations| !violations.is_empty())
    });
    plant(None);
    found
}

#[test]
fn each_planted_mistake_is_found() {
    let programs = Programs::load();
    // A mistake may lead to a panic, which is noticed too; its message is not wanted here.
    std::panic::set_hook(Box::new(|_| {}));
    let half = Bug::ALL.len() / 2;
    let search = |bugs: &[Bug]| -> Vec<(Bug, Option<u64>)> {
        bugs.iter().map(|bug| (*bug, found(&programs, *bug))).collect()
    };
    let all = std::thread::scope(|scope| {
        let first = scope.spawn(|| search(&Bug::ALL[..half]));
        let second = search(&Bug::ALL[half..]);
        [first.join().unwrap_or_default(), second].concat()
    });
    let _ = std::panic::take_hook();
    for (bug, seed) in &all {
        println!("{bug:?}: {}", seed.map_or("not found".to_owned(), |seed| format!("found by seed {seed}")));
    }
    let missed: Vec<Bug> = all.iter().filter(|(_, seed)| seed.is_none()).map(|(bug, _)| *bug).collect();
    assert_eq!(all.len(), Bug::ALL.len());
    assert!(missed.is_empty(), "no seed up to {SEEDS} finds {missed:?}");
}
