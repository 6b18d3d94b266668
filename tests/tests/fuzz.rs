//! Properties of the front end on texts made by chance: a short run of what the example `fuzz` of `wfl-edits` runs for hours.
//!
//! `WFL_SEED` repeats a run, `WFL_LONG` makes it long.

#![expect(clippy::print_stdout, reason = "the figures are there to be read")]

use std::time::Duration;

use wfl_edits::campaign::{Amount, Target, run};

fn seed() -> u64 {
    std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

fn holds(target: Target, cases: u64) {
    let long = std::env::var_os("WFL_LONG").is_some();
    let (seed, cases) = (seed(), if long { 100 * cases } else { cases });
    let outcome = run(target, seed, Amount { cases, time: Duration::MAX, threads: 2 });
    println!("{target:?}, WFL_SEED={seed}: {outcome}");
    assert_eq!(outcome.cases, cases);
    assert_eq!(outcome.failed, 0, "WFL_SEED={seed}: {outcome}");
}

#[test]
fn the_parser_loses_nothing_and_never_stops() {
    holds(Target::Parse, 4_000);
}

#[test]
fn the_compiler_always_ends_and_says_the_same() {
    holds(Target::Check, 100);
}

#[test]
fn the_layout_changes_nothing_but_the_layout() {
    holds(Target::Format, 2_000);
}
