//! The tests of the test: mistakes that are planted in the machine and change what programs come to are found by the
//! reference alone, without the rules of the simulation's own verdict.
//!
//! `WFL_LONG` looks for all of them, and for longer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wfl_machine::{Bug, plant};
use wfl_oracle::{SCHEDULES, Trial};

/// Under how many schedules each program runs.
const EACH: u64 = 3;

/// The mistakes that must be found. Of the others these change no outcome here: `ChildNotCommitted`, `PersonTwice`,
/// `StarterDecides` (people agree), `PauseIgnored`, `FoldByChance`, `EndsTwice` (the first end counts); and these need
/// more luck: `ExpiredKeySent`, `SentWithoutClaim`, `PivotNotAwaited`, `LateSuccessLost`, `SignalTwice`, `StartTwice`.
const FOUND: [Bug; 19] = [
    Bug::IncidentEnds,
    Bug::KeyOfAttempt,
    Bug::AbsentAtOnce,
    Bug::UnknownIsNothing,
    Bug::DebtAfterwards,
    Bug::CancelledBehindPivot,
    Bug::ShieldOpen,
    Bug::LosersForgotten,
    Bug::EndsBeforeLosers,
    Bug::FailedLeavesDebts,
    Bug::ItemsOweNothing,
    Bug::BranchesOweNothing,
    Bug::ScopeOwesNothing,
    Bug::OldestFirst,
    Bug::UndoUnreachedIsDone,
    Bug::UndoUnknownIsDone,
    Bug::ChildOwesNothing,
    Bug::ChildSilent,
    Bug::SignalUntyped,
];

/// The first seed with which the judge does not allow what the machine came to, or the machine fell over.
fn first(trials: &[(u64, Trial)]) -> Option<u64> {
    let mut seeds = trials
        .iter()
        .flat_map(|(number, trial)| (0..EACH).map(move |schedule| (number * SCHEDULES + schedule, trial)));
    let found = seeds.find(|(seed, trial)| {
        let run = catch_unwind(AssertUnwindSafe(|| trial.run(*seed).judgement.allowed));
        run.map_or(true, |allowed| allowed == Some(false))
    });
    found.map(|(seed, _)| seed)
}

/// The first seed that finds a mistake.
fn found(trials: &[(u64, Trial)], bug: Bug) -> Option<u64> {
    plant(Some(bug));
    let found = first(trials);
    plant(None);
    found
}

#[test]
fn planted_mistakes_are_found() {
    let long = std::env::var_os("WFL_LONG").is_some();
    let programs = if long { 5_000 } else { 250 };
    let bugs: &[Bug] = if long { &Bug::ALL } else { &FOUND };
    let trials: Vec<(u64, Trial)> =
        (1..=programs).filter_map(|number| Some((number, Trial::new(number).ok()?))).collect();
    assert_eq!(first(&trials[..50]), None, "without a mistake there is nothing to find");
    // A mistake may lead to a panic, which is noticed too; its message is not wanted here.
    std::panic::set_hook(Box::new(|_| {}));
    let search = |first: usize| {
        let mine = bugs.iter().skip(first).step_by(2);
        mine.map(|bug| (*bug, found(&trials, *bug))).collect::<Vec<_>>()
    };
    let all = std::thread::scope(|scope| {
        let first = scope.spawn(|| search(0));
        let second = search(1);
        [first.join().unwrap_or_default(), second].concat()
    });
    let _ = std::panic::take_hook();
    for (bug, seed) in &all {
        println!("{bug:?}: {}", seed.map_or("not found".to_owned(), |seed| format!("found by seed {seed}")));
    }
    assert_eq!(all.len(), bugs.len());
    let missed: Vec<&Bug> =
        all.iter().filter(|(bug, seed)| seed.is_none() && FOUND.contains(bug)).map(|(bug, _)| bug).collect();
    assert!(missed.is_empty(), "no seed of {programs} programs finds {missed:?}");
}
