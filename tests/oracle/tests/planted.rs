//! The tests of the test: mistakes that are planted in the machine are found by the reference alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wfl_machine::{Bug, plant};
use wfl_oracle::{SCHEDULES, Trial};

/// So many programs, each under a few schedules, must be enough to find a mistake.
const PROGRAMS: u64 = 500;
const EACH: u64 = 3;

/// The first seed that finds a mistake: the judge does not allow what the machine came to, or it fell over.
fn found(trials: &[(u64, Trial)], bug: Bug) -> Option<u64> {
    plant(Some(bug));
    let seeds = trials
        .iter()
        .flat_map(|(number, trial)| (0..EACH).map(move |schedule| (number * SCHEDULES + schedule, trial)));
    let found = seeds.into_iter().find(|(seed, trial)| {
        let run = catch_unwind(AssertUnwindSafe(|| trial.run(*seed).judgement.allowed));
        run.map_or(true, |allowed| allowed == Some(false))
    });
    plant(None);
    found.map(|(seed, _)| seed)
}

#[test]
fn planted_mistakes_are_found() {
    let trials: Vec<(u64, Trial)> =
        (1..=PROGRAMS).filter_map(|number| Some((number, Trial::new(number).ok()?))).collect();
    std::panic::set_hook(Box::new(|_| {}));
    let (first, second) = Bug::ALL.split_at(Bug::ALL.len() / 2);
    let search = |bugs: &[Bug]| bugs.iter().map(|bug| (*bug, found(&trials, *bug))).collect::<Vec<_>>();
    let all = std::thread::scope(|scope| {
        let first = scope.spawn(|| search(first));
        let second = search(second);
        [first.join().unwrap_or_default(), second].concat()
    });
    let _ = std::panic::take_hook();
    for (bug, seed) in &all {
        println!("{bug:?}: {}", seed.map_or("not found".to_owned(), |seed| format!("found by seed {seed}")));
    }
    println!("{} of {}", all.iter().filter(|(_, seed)| seed.is_some()).count(), all.len());
}
